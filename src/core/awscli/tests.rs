//! One line for each change, as a shell reads it.

use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::core::names::Names;

#[test]
fn one_line_for_each_change() {
    let names = Names::new("p");
    let (cluster, service) = (names.cluster(), names.services()[0].clone());
    for (change, want) in [
        (
            Change::Scale {
                cluster: cluster.clone(),
                service: service.clone(),
                from: 1,
                to: 2,
            },
            "aws ecs update-service --cluster p-cluster --service p-openwebui --desired-count 2 --region us-west-2",
        ),
        (
            Change::Restart {
                cluster: cluster.clone(),
                service,
            },
            "aws ecs update-service --cluster p-cluster --service p-openwebui --force-new-deployment --region us-west-2",
        ),
        (
            Change::StopTask {
                cluster,
                task: "arn:aws:ecs:r:1:task/c/0a".into(),
            },
            "aws ecs stop-task --cluster p-cluster --task arn:aws:ecs:r:1:task/c/0a --region us-west-2",
        ),
        (
            Change::TagService {
                service: "arn:s".into(),
                key: "k".into(),
                value: Some("it's".into()),
            },
            r#"aws ecs tag-resource --resource-arn arn:s --tags '[{"key":"k","value":"it'\''s"}]' --region us-west-2"#,
        ),
        (
            Change::TagService {
                service: "arn:s".into(),
                key: "k".into(),
                value: None,
            },
            "aws ecs untag-resource --resource-arn arn:s --tag-keys k --region us-west-2",
        ),
    ] {
        assert_eq!(command(&change, "us-west-2"), want);
    }
}

#[test]
fn one_line_for_each_way_out() {
    for (change, want) in [
        (
            Change::DeleteStack { stack: "s".into() },
            "aws cloudformation delete-stack --stack-name s --region us-west-2",
        ),
        (
            Change::DeleteRetaining {
                stack: "s".into(),
                retain: vec!["A".into(), "B".into()],
            },
            "aws cloudformation delete-stack --stack-name s --retain-resources A B --region us-west-2",
        ),
        (
            Change::RollbackStack { stack: "s".into() },
            "aws cloudformation rollback-stack --stack-name s --region us-west-2",
        ),
        (
            Change::ContinueRollback {
                stack: "s".into(),
                skip: vec!["A".into(), "B".into()],
            },
            "aws cloudformation continue-update-rollback --stack-name s --resources-to-skip A B --region us-west-2",
        ),
        (
            Change::Protect {
                stack: "s".into(),
                on: false,
            },
            "aws cloudformation update-termination-protection --stack-name s --no-enable-termination-protection --region us-west-2",
        ),
    ] {
        assert_eq!(command(&change, "us-west-2"), want);
    }
}

#[test]
fn one_line_for_each_leftover() {
    for (change, want) in [
        (
            Change::DeleteRecoveryPoint {
                vault: "aws/efs/automatic-backup-vault".into(),
                recovery_point: "arn:rp".into(),
            },
            "aws backup delete-recovery-point --backup-vault-name aws/efs/automatic-backup-vault --recovery-point-arn arn:rp --region r",
        ),
        (
            Change::DeleteSnapshot { snapshot: "s".into() },
            "aws rds delete-db-snapshot --db-snapshot-identifier s --region r",
        ),
        (
            Change::DeleteLogGroup { group: "/ecs/p".into() },
            "aws logs delete-log-group --log-group-name /ecs/p --region r",
        ),
        (
            Change::DeleteSecret { secret: "p/key".into() },
            "aws secretsmanager delete-secret --secret-id p/key --force-delete-without-recovery --region r",
        ),
        (
            Change::DeleteResource {
                resource_type: "AWS::EFS::FileSystem".into(),
                id: "fs-1".into(),
            },
            "aws cloudcontrol delete-resource --type-name AWS::EFS::FileSystem --identifier fs-1 --region r",
        ),
    ] {
        assert_eq!(command(&change, "r"), want);
    }
}

#[test]
fn one_line_for_each_way_in() {
    let record = |kind: &str, alias| DnsRecord {
        name: "chat.example.com".into(),
        kind: kind.into(),
        ttl: (kind == "CNAME").then_some(300),
        values: if kind == "CNAME" {
            vec!["old.example.net".into()]
        } else {
            Vec::new()
        },
        alias,
        is_special: false,
    };
    let alias = crate::core::fact::AliasTarget {
        zone: "Z2".into(),
        name: "alb".into(),
        evaluates_health: true,
    };
    for (change, want) in [
        (
            Change::RequestCertificate {
                domain: "chat.example.com".into(),
                names: vec!["*.example.com".into()],
            },
            "aws acm request-certificate --domain-name chat.example.com --validation-method DNS \
             --subject-alternative-names '*.example.com' --region r",
        ),
        (
            Change::ChangeRecords {
                zone: "Z1".into(),
                removes: vec![record("CNAME", None)],
                upserts: vec![record("A", Some(alias))],
            },
            r#"aws route53 change-resource-record-sets --hosted-zone-id Z1 --change-batch '{"Changes":[{"Action":"DELETE","ResourceRecordSet":{"Name":"chat.example.com","Type":"CNAME","TTL":300,"ResourceRecords":[{"Value":"old.example.net"}]}},{"Action":"UPSERT","ResourceRecordSet":{"Name":"chat.example.com","Type":"A","AliasTarget":{"HostedZoneId":"Z2","DNSName":"alb","EvaluateTargetHealth":true}}}]}' --region r"#,
        ),
        (
            Change::BuyThroughput(Purchase {
                name: "images".into(),
                model: "amazon.nova-canvas-v1:0".into(),
                units: 2,
                commitment: Commitment::OneMonth,
            }),
            "aws bedrock create-provisioned-model-throughput --provisioned-model-name images \
             --model-id amazon.nova-canvas-v1:0 --model-units 2 --commitment-duration OneMonth --region r",
        ),
        (
            Change::DeleteThroughput { arn: "arn:p".into() },
            "aws bedrock delete-provisioned-model-throughput --provisioned-model-id arn:p --region r",
        ),
    ] {
        assert_eq!(command(&change, "r"), want);
    }
}

#[test]
fn a_plan_keeps_what_was_not_touched() {
    let plan = PlanRequest {
        stack: "s".into(),
        is_create: false,
        parameters: vec![("A".into(), Some("x y".into())), ("B".into(), None)],
        tags: Some(vec![("K".into(), "V".into())]),
        overridden: Vec::new(),
    };
    let line = command(&Change::CreateChangeSet(plan.clone()), "r");
    assert!(line.contains("--change-set-type UPDATE"));
    assert!(
        line.contains(r#"'[{"ParameterKey":"A","ParameterValue":"x y"},{"ParameterKey":"B","UsePreviousValue":true}]'"#),
        "{line}"
    );
    assert!(line.contains(r#"--tags '[{"Key":"K","Value":"V"}]'"#), "{line}");
    let tagged = |tags| command(&Change::CreateChangeSet(PlanRequest { tags, ..plan.clone() }), "r");
    assert!(tagged(Some(Vec::new())).contains("--tags '[]'"));
    assert!(!tagged(None).contains("--tags"));
}

#[test]
fn no_key_is_in_a_command() {
    let names = Names::new("p");
    let route = ImageRoute::Litellm {
        app_url: "http://x".into(),
        api_key: names.api_key(),
    };
    let change = Change::TestImage {
        route,
        model: "nova-canvas".into(),
        prompt: "a $(reboot) `cat`".into(),
    };
    let line = command(&change, "r");
    assert!(
        line.starts_with("curl ") && !line.contains("--region") && line.contains("'%LITELLM_API_KEY'"),
        "{line}"
    );
    assert!(
        line.ends_with(r#"'{"model":"nova-canvas","prompt":"a $(reboot) `cat`","n":1,"response_format":"b64_json"}'"#),
        "{line}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// A real shell takes the word back as it was.
    #[test]
    fn a_shell_reads_back_what_was_quoted(word in "[^\\x00]{0,40}") {
        let out = Command::new("sh").arg("-c").arg(format!("printf %s {}", quote(&word))).output().unwrap();
        prop_assert_eq!(out.stdout, word.as_bytes());
    }
}
