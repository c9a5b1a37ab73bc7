use super::*;
use crate::core::plan::{Wish, draft};

/// Bedrock may not be asked of any model of the catalogue.
fn unasked() -> Models {
    let denied = || Fault::new(FaultKind::Denied, "bedrock:GetFoundationModel", "", "");
    let ids = Catalogue::shipped().models.iter().map(|m| m.id.clone());
    ids.map(|id| {
        let mut feed = Feed::default();
        feed.fail(denied());
        (id, feed)
    })
    .collect()
}

fn outcomes(region: &str, pairs: &[(&str, &str)]) -> Vec<(&'static str, Outcome)> {
    found(region, pairs).into_iter().map(|c| (c.name, c.outcome)).collect()
}

/// The checks of a new stack with these parameters, of which Bedrock was not asked.
fn found(region: &str, pairs: &[(&str, &str)]) -> Vec<Check> {
    let pseudo = Pseudo {
        region: region.into(),
        account: "123456789012".into(),
        stack_name: "s".into(),
    };
    let wish = Wish {
        parameters: pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        ..Wish::default()
    };
    let template = Template::shipped();
    let draft = draft(&template, None, &wish, &pseudo);
    checks(Evidence {
        stack_name: "s",
        reach: &Reach {
            stack: "--stack s".into(),
            account: "--region us-west-2".into(),
            login: String::new(),
        },
        region,
        refusal: None,
        identity: None,
        validation: None,
        stack: Some(Ok(&None)),
        services: None,
        models: &unasked(),
        now: 1_795_564_800_000,
        draft: &draft,
        usd_month: None,
        price_date: "2026-09-30",
        template: &template,
        pseudo: &pseudo,
        answers: &Answers::new(),
    })
}

#[test]
fn a_command_that_a_check_names_reaches_the_stack() {
    let found = found("us-east-1", &[("ChatModelId", "anthropic.claude-3-5-sonnet-20241022-v2:0")]);
    let next: Vec<&str> = found.iter().filter(|c| c.name == "chat model").map(|c| c.next.as_str()).collect();
    assert!(next[0].contains("`bic-tui models --stack s`"), "{next:?}");
}

#[test]
fn only_the_named_blocker_is_overridden() {
    let list = || {
        let blocker = |name| check(name, Outcome::Blocker, "bad", "");
        vec![blocker("image model"), blocker("version")]
    };
    let outcomes = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        overridden(list(), &names).map(|checks| checks.iter().map(|c| c.outcome).collect::<Vec<_>>())
    };
    assert_eq!(outcomes(&["image-model"]), Ok(vec![Outcome::Warning, Outcome::Blocker]));
    assert_eq!(outcomes(&[]), Ok(vec![Outcome::Blocker; 2]));
    assert!(outcomes(&["all"]).is_err_and(|why| why.contains("image-model, version")));
    let refused = overridden(vec![check("stack", Outcome::Blocker, "bad", "")], &["stack".to_owned()]);
    assert!(refused.is_err_and(|why| why.contains("AWS itself would refuse: bad")));
}

#[test]
fn parameters_are_judged_one_by_one() {
    let provisioned = "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/abcdef123456";
    let cert = "arn:aws:acm:us-west-2:123456789012:certificate/abc-1";
    for (region, pairs, want) in [
        (
            "us-west-2",
            vec![],
            vec![
                ("encryption", Outcome::Warning),
                ("access", Outcome::Warning),
                ("image model", Outcome::Warning),
            ],
        ),
        (
            "us-west-2",
            vec![("ACMCertificateArn", cert), ("AllowedCIDR", "203.0.113.0/24")],
            vec![("encryption", Outcome::Ok), ("access", Outcome::Ok)],
        ),
        (
            "us-east-1",
            vec![("ACMCertificateArn", cert)],
            vec![("encryption", Outcome::Blocker), ("image model", Outcome::Warning)],
        ),
        (
            "us-east-1",
            vec![("AllowedCIDR", "172.20.0.0/16")],
            vec![("access", Outcome::Warning)],
        ),
        ("us-east-1", vec![("AllowedCIDR", "172.32.0.0/16")], vec![("access", Outcome::Ok)]),
        (
            "us-east-1",
            vec![("ImageModelId", "amazon.nova-canvas-v1:0")],
            vec![("image model", Outcome::Blocker)],
        ),
        (
            "us-west-2",
            vec![("ExposeLiteLLM", "true"), ("ProvisionedModelArn", provisioned)],
            vec![("litellm key", Outcome::Warning), ("throughput", Outcome::Unknown)],
        ),
        (
            "us-east-1",
            vec![("ProvisionedModelArn", provisioned)],
            vec![("throughput", Outcome::Blocker)],
        ),
        (
            "us-east-1",
            vec![("DeploymentSize", "tiny")],
            vec![("parameters", Outcome::Blocker)],
        ),
    ] {
        let got = outcomes(region, &pairs);
        for expected in want {
            assert!(got.contains(&expected), "{region} {pairs:?}: {got:?} lacks {expected:?}");
        }
    }
    let said_of_key = |pairs: &[(&str, &str)]| outcomes("us-west-2", pairs).iter().any(|(name, _)| *name == "litellm key");
    assert!(!said_of_key(&[]) && !said_of_key(&[("ExposeLiteLLM", "true"), ("ACMCertificateArn", cert)]));
}

#[test]
fn a_denied_read_warns_and_bad_credentials_block() {
    for (kind, want) in [(FaultKind::Denied, Outcome::Warning), (FaultKind::Expired, Outcome::Blocker)] {
        let answer = Err::<Identity, _>(Fault::new(kind, "sts:GetCallerIdentity", "", ""));
        assert_eq!(identity(Some(answer.as_ref())).outcome, want);
    }
    let root = Identity {
        account: "123456789012".into(),
        arn: SafeText::new("arn:aws:iam::123456789012:root"),
    };
    assert_eq!(identity(Some(Ok(&root))).outcome, Outcome::Warning);
    // Nobody knows what somebody unknown may write.
    let refused = Fault::new(FaultKind::WrongCredentials, "sts:GetCallerIdentity", "", "");
    assert_eq!(writes(None, Some(Err(&refused))).outcome, Outcome::Unknown);
    assert_eq!(writes(None, Some(Ok(&root))).outcome, Outcome::Ok);
    assert_eq!(stack(("s", "--stack s"), Some(Ok(&None))).outcome, Outcome::Ok);
    assert_eq!(stack(("s", "--stack s"), None).outcome, Outcome::Unknown);
    let refused = Fault::new(FaultKind::Refused, "cloudformation:ValidateTemplate", "", "Template format error");
    let shipped = Template::shipped();
    assert_eq!(template(9, &shipped, Some(Err(&refused))).outcome, Outcome::Blocker);
    assert_eq!(template(MAX_BODY + 1, &shipped, None).outcome, Outcome::Blocker);
    let away = Fault::new(FaultKind::Unreachable, "cloudformation:ValidateTemplate", "", "");
    let judged = template(9, &shipped, Some(Err(&away)));
    assert!(
        judged.outcome == Outcome::Warning && judged.evidence.starts_with("9 bytes, "),
        "{}",
        judged.evidence
    );
}
