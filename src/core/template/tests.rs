use serde_json::json;

use super::*;

fn pseudo() -> Pseudo {
    Pseudo {
        region: "us-west-2".into(),
        account: "111122223333".into(),
        stack_name: "chat".into(),
    }
}

fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

/// Resolves one YAML expression as the only property of a resource beside `Db`.
fn property(expression: &str, values: &[(&str, &str)]) -> Value {
    let text = format!(
        "Parameters:
  Name: {{Type: String, Default: chat}}
  Size: {{Type: String, Default: small}}
  Zones: {{Type: CommaDelimitedList, Default: 'a, b'}}
Mappings:
  Sizes: {{small: {{Cpu: '256', Tasks: 1}}, large: {{Cpu: '4096', Tasks: 3}}}}
Conditions:
  IsLarge: !Equals [!Ref Size, large]
  IsChat: !Not [!Equals [!Ref Name, '']]
  Both: !And [!Condition IsLarge, !Condition IsChat]
  Loop: !Or [!Condition Loop, !Condition IsLarge]
Resources:
  Db: {{Type: 'AWS::RDS::DBInstance'}}
  X:
    Type: 'AWS::X::Y'
    Properties: {{P: {expression}}}
"
    );
    let template = Template::parse(&text).unwrap_or_else(|e| panic!("{expression}: {e}"));
    let values = template.values(&given(values));
    let resources = template.resources(&values, &pseudo());
    resources.into_iter().find(|r| r.logical_id == "X").unwrap().properties["P"].clone()
}

#[test]
fn functions_are_resolved_as_far_as_the_parameters_decide() {
    let large: &[(&str, &str)] = &[("Size", "large")];
    for (expression, values, want) in [
        ("!Ref Name", &[][..], json!("chat")),
        ("!Ref Zones", &[], json!(["a", "b"])),
        ("!Ref Db", &[], json!({"Ref": "Db"})),
        ("!Ref AWS::Region", &[], json!("us-west-2")),
        (
            "!GetAtt Db.Endpoint.Address",
            &[],
            json!({"Fn::GetAtt": ["Db", "Endpoint.Address"]}),
        ),
        ("{'Fn::GetAtt': [Db, Arn]}", &[], json!({"Fn::GetAtt": ["Db", "Arn"]})),
        ("!Sub '${Name}-${AWS::AccountId}'", &[], json!("chat-111122223333")),
        ("!Sub '${Db}:key'", &[], json!({"Fn::Sub": "${Db}:key"})),
        (
            "!Sub ['${S}://${Db.Host}', {S: !If [IsLarge, https, http]}]",
            large,
            json!({"Fn::Sub": "https://${Db.Host}"}),
        ),
        ("!Sub ['x-${V}', {V: !GetAtt Db.Arn}]", &[], json!({"Fn::Sub": "x-${Db.Arn}"})),
        ("!Sub 'echo ${!HOME} ${Name}'", &[], json!("echo ${HOME} chat")),
        ("!Sub 'echo ${!HOME} ${Db}'", &[], json!({"Fn::Sub": "echo ${!HOME} ${Db}"})),
        ("!Join ['-', [a, !Ref Name, 3]]", &[], json!("a-chat-3")),
        ("!Join ['/', [a, !Ref Db]]", &[], json!({"Fn::Sub": "a/${Db}"})),
        ("!Select [1, !Ref Zones]", &[], json!("b")),
        ("!Select [0, !GetAZs '']", &[], json!("us-west-2a")),
        ("!Split [',', 'a,b']", &[], json!(["a", "b"])),
        ("!FindInMap [Sizes, !Ref Size, Tasks]", large, json!(3)),
        ("!Base64 hello", &[], json!("aGVsbG8=")),
        ("!If [IsLarge, yes please, !Ref AWS::NoValue]", &[], Value::Null),
        ("[1, !If [IsLarge, 2, !Ref AWS::NoValue], 3]", &[], json!([1, 3])),
        ("!If [Both, a, b]", large, json!("a")),
        ("!If [Loop, a, b]", large, json!("a")),
        ("!If [Loop, a, b]", &[], json!("b")),
        ("!ImportValue other-stack", &[], json!({"Fn::ImportValue": "other-stack"})),
        (
            "{Effect: Allow, Condition: {Bool: {'aws:SecureTransport': 'true'}}}",
            &[],
            json!({"Effect": "Allow", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
        ),
    ] {
        assert_eq!(property(expression, values), want, "{expression}");
    }
}

#[test]
fn what_is_wrong_with_a_template_is_said_in_a_sentence() {
    for (text, want) in [
        ("", "The template is empty."),
        ("Parameters: {}", "The template has no Resources section."),
        ("Resources: {A: {Properties: {}}}", "The template's resource A has no Type."),
        (
            "Resources: {A: {Type: X, Properties: {P: !Reff B}}}",
            "The template has the unknown tag !Reff.",
        ),
        (
            "Resources: {A: {Type: X, Properties: {P: !GetAtt B}}}",
            "The template's !GetAtt B names no attribute.",
        ),
    ] {
        assert_eq!(Template::parse(text).unwrap_err(), want);
    }
    assert!(Template::parse("a: [").unwrap_err().starts_with("The template is not valid YAML"));
    assert!(
        Template::parse("Resources: {A: {Type: X}}\nResources: {}").is_err(),
        "a section given twice"
    );
}

#[test]
fn dependencies_come_from_every_kind_of_reference() {
    let template = Template::parse(
        "Parameters: {Name: {Type: String, Default: x}}
Conditions: {Never: !Equals [a, b]}
Resources:
  Service: {Type: S, DependsOn: [Listener, Absent], Properties: {A: !Ref Cluster, B: [!GetAtt Role.Arn], C: !Sub '${Bucket}-${Name}-${Never}'}}
  Ready: {Type: H, Metadata: {After: [!If [Never, !Ref Absent, ''], !Ref Service]}}
  Listener: {Type: L, DependsOn: Role}
  Role: {Type: R, DeletionPolicy: Retain}
  Bucket: {Type: B}
  Cluster: {Type: C}
  Absent: {Type: A, Condition: Never}
",
    )
    .unwrap();
    let resources = template.resources(&template.values(&BTreeMap::new()), &pseudo());
    let order: Vec<&str> = resources.iter().map(|r| r.logical_id.as_str()).collect();
    assert_eq!(order, ["Role", "Listener", "Bucket", "Cluster", "Service", "Ready"]);
    let service = &resources[4];
    assert_eq!(service.depends_on, ["Bucket", "Cluster", "Listener", "Role"].map(SafeText::from));
    assert_eq!(resources[5].depends_on, [SafeText::from("Service")]);
    assert_eq!(resources[0].deletion_policy.as_str(), "Retain");
    assert_eq!(service.deletion_policy.as_str(), "Delete");
}

#[test]
fn values_are_checked_as_cloudformation_checks_them() {
    let template = Template::parse(
        "Parameters:
  Size: {Type: String, AllowedValues: [small, large, '']}
  Name: {Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: Lower-case letters.}
  Plain: {Type: String, AllowedPattern: 'a|b'}
  Arn: {Type: String, AllowedPattern: 'arn:.*', ConstraintDescription: ARN of a topic}
  Text: {Type: String, MinLength: 2, MaxLength: 4}
  Days: {Type: Number, MinValue: 1, MaxValue: 365}
  List: {Type: CommaDelimitedList, AllowedValues: [a, b]}
Resources: {A: {Type: X}}
",
    )
    .unwrap();
    for (name, value, want) in [
        ("Size", "small", ""),
        ("Size", "", ""),
        ("Size", "huge", "Size can not be \"huge\": choose one of small, large, \"\"."),
        ("Name", "abc", ""),
        ("Name", "abc1", "Name can not be \"abc1\": it must be lower-case letters."),
        ("Name", "1abc", "Name can not be \"1abc\": it must be lower-case letters."),
        ("Name", "abc\n", "Name can not be \"abc␊\": it must be lower-case letters."),
        ("Plain", "ab", "Plain can not be \"ab\": it must match a|b."),
        ("Arn", "x", "Arn can not be \"x\": it must be ARN of a topic."),
        ("Text", "é", "Text can not be \"é\": it must have at least 2 characters."),
        ("Text", "abcde", "Text can not be \"abcde\": it must have at most 4 characters."),
        ("Days", "0", "Days can not be \"0\": it must be at least 1."),
        ("Days", "366", "Days can not be \"366\": it must be at most 365."),
        ("Days", "many", "Days can not be \"many\": it must be a number."),
        ("Days", "NaN", "Days can not be \"NaN\": it must be a number."),
        ("Days", "30", ""),
        ("List", "a, b", ""),
        ("List", "a,c", "List can not be \"a,c\": choose one of a, b."),
    ] {
        let got = template.parameter(name).unwrap().check(value).err().unwrap_or_default();
        assert_eq!(got, want, "{name}={value}");
    }
}

#[test]
fn parameters_come_in_the_order_of_the_interface() {
    let template = Template::parse(
        "Metadata:
  AWS::CloudFormation::Interface:
    ParameterGroups: [{Label: {default: First}, Parameters: [B, Gone]}]
    ParameterLabels: {B: {default: The B}}
Parameters: {A: {Type: Number, Default: 1}, B: {Type: String}}
Resources: {R: {Type: X}}
",
    )
    .unwrap();
    let shown: Vec<(&str, &str, &str)> = template
        .parameters
        .iter()
        .map(|p| (p.name.as_str(), p.label.as_str(), p.group.as_str()))
        .collect();
    assert_eq!(shown, [("B", "The B", "First"), ("A", "A", "")]);
    assert_eq!(template.values(&given(&[("Other", "x")])), given(&[("A", "1")]));
}

mod shipped {
    use super::*;

    fn resources(values: &[(&str, &str)]) -> Vec<Resource> {
        let template = Template::shipped();
        template.resources(&template.values(&given(values)), &pseudo())
    }

    fn ids(values: &[(&str, &str)]) -> BTreeSet<String> {
        resources(values).iter().map(|r| r.logical_id.to_string()).collect()
    }

    #[test]
    fn it_parses_and_its_defaults_are_allowed() {
        let template = Template::parse(TEMPLATE).unwrap();
        for p in &template.parameters {
            let value = p.default.as_ref().unwrap_or_else(|| panic!("{} has no default", p.name));
            assert_eq!(p.check(value), Ok(()));
            assert!(
                !p.description.is_empty() && !p.label.is_empty() && !p.group.is_empty(),
                "{}",
                p.name
            );
        }
        assert_eq!(
            template.broken_rules(&template.values(&BTreeMap::new()), &pseudo()),
            Vec::<SafeText>::new()
        );
    }

    #[test]
    fn each_resource_comes_after_what_it_waits_for_and_nothing_is_left_unresolved() {
        for values in [
            &[][..],
            &[("NetworkMode", "nat")],
            &[("NetworkMode", "public"), ("DeploymentSize", "large")],
            &[
                ("ACMCertificateArn", "arn:aws:acm:us-west-2:111122223333:certificate/a"),
                ("EnableExec", "true"),
            ],
        ] {
            let all = resources(values);
            let names: BTreeSet<&str> = all.iter().map(|r| r.logical_id.as_str()).collect();
            let mut seen = BTreeSet::new();
            for r in &all {
                for d in &r.depends_on {
                    assert!(seen.contains(d.as_str()), "{} before {d} with {values:?}", r.logical_id);
                }
                seen.insert(r.logical_id.as_str());
                let mut found = BTreeSet::new();
                references(&r.properties, &mut found);
                for name in found {
                    assert!(names.contains(name.as_str()), "{} refers to {name} with {values:?}", r.logical_id);
                }
                let text = r.properties.to_string();
                for left in ["Fn::If", "Fn::FindInMap", "Fn::Join", "Fn::Select", "AWS::"] {
                    assert!(!text.contains(left), "{left} is left in {}", r.logical_id);
                }
            }
        }
    }

    #[test]
    fn conditions_choose_the_network() {
        let private = ids(&[]);
        let nat = ids(&[("NetworkMode", "nat")]);
        assert!(private.contains("BedrockEndpoint") && !private.contains("NatGateway"));
        assert!(nat.contains("NatGateway") && !nat.contains("BedrockEndpoint"));
        let service = |values: &[(&str, &str)]| resources(values).into_iter().find(|r| r.logical_id == "OpenWebUIService").unwrap();
        assert_eq!(service(&[("DeploymentSize", "large")]).properties["DesiredCount"], json!(3));
        let network = |mode: &str| {
            service(&[("NetworkMode", mode)]).properties["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"].clone()
        };
        assert_eq!((network("public"), network("nat")), (json!("ENABLED"), json!("DISABLED")));
    }

    #[test]
    fn rules_forbid_what_can_not_work() {
        let template = Template::shipped();
        for (values, want) in [
            (&[("BedrockRegion", "us-east-1")][..], "BedrockRegion"),
            (&[("Database", "sqlite"), ("DeploymentSize", "medium")], "SQLite"),
        ] {
            let broken = template.broken_rules(&template.values(&given(values)), &pseudo());
            assert_eq!(broken.len(), 1, "{values:?}");
            assert!(broken[0].contains(want), "{broken:?}");
        }
    }

    #[test]
    fn outputs_are_those_the_console_reads() {
        let template = Template::shipped();
        let outputs = template.outputs(&template.values(&BTreeMap::new()), &pseudo());
        let value = |key: &str| outputs.iter().find(|(k, _, _)| *k == key).map(|(_, _, v)| v.clone());
        let endpoint = value("ALBEndpoint").unwrap()["Fn::Sub"].as_str().unwrap().to_owned();
        assert!(endpoint.starts_with("http://${") && endpoint.ends_with(".DNSName}"), "{endpoint}");
        assert_eq!(value("LiteLLMAPIKeySecretArn"), Some(json!({"Ref": "LiteLLMAPIKeySecret"})));
        assert!(value("ALBDNSName").is_some());
    }
}
