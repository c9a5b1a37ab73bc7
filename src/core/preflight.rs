//! The checks before a deploy, each judged from one fact: ok, warning or blocker, with the evidence and
//! the next step.

use serde::Serialize;

use super::{
    fact::{Identity, Stack, Validation},
    fault::{Fault, FaultKind},
    plan::{self, Draft},
    prices::Prices,
    text::SafeText,
};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Outcome {
    /// Nothing to do.
    Ok,
    /// It may go wrong, or is not what one would want.
    Warning,
    /// The deploy would be refused or fail.
    Blocker,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// The real value.
    pub evidence: String,
    /// What to do now; empty when nothing.
    pub next: String,
}

/// Who would deploy.
pub fn identity(answer: &Result<Identity, Fault>) -> Check {
    match answer {
        Ok(identity) => {
            let evidence = format!("{} in account {}", identity.arn, identity.account);
            if identity.arn.ends_with(":root") {
                return check(
                    "identity",
                    Outcome::Warning,
                    evidence,
                    "Deploy with a role, not with the root user.",
                );
            }
            check("identity", Outcome::Ok, evidence, "")
        }
        Err(fault) => failed("identity", fault),
    }
}

/// Whether CloudFormation takes the template, and what it asks to be acknowledged.
pub fn template(answer: &Result<Validation, Fault>) -> Check {
    match answer {
        Ok(validation) => {
            let capabilities: Vec<&str> = validation.capabilities.iter().map(SafeText::as_str).collect();
            let asks = if capabilities.is_empty() {
                "no capability".to_owned()
            } else {
                capabilities.join(", ")
            };
            let evidence = format!("valid, asks for {asks}");
            check("template", Outcome::Ok, evidence, "")
        }
        Err(fault) => failed("template", fault),
    }
}

/// Whether the name is free or the stack can be updated.
pub fn stack(name: &str, answer: &Result<Option<Stack>, Fault>) -> Check {
    match answer {
        Ok(None) => check("stack", Outcome::Ok, format!("the name {name} is free: a deploy creates it"), ""),
        Ok(Some(stack)) if stack.status.is_in_review() => {
            check("stack", Outcome::Ok, format!("{name} is an empty plan: a deploy creates it"), "")
        }
        Ok(Some(stack)) => match plan::refusal(stack) {
            None => check(
                "stack",
                Outcome::Ok,
                format!("{name} is {}: a deploy updates it", stack.status.0),
                "",
            ),
            Some(refusal) => check("stack", Outcome::Blocker, format!("{name} is {}", stack.status.0), &refusal),
        },
        Err(fault) => failed("stack", fault),
    }
}

/// Whether the parameters hold together, and what they mean for the safety of the application.
pub fn parameters(draft: &Result<Draft, String>, region: &str) -> Vec<Check> {
    let draft = match draft {
        Ok(draft) => draft,
        Err(reason) => {
            return vec![check(
                "parameters",
                Outcome::Blocker,
                reason.clone(),
                "Change the parameter and check again.",
            )];
        }
    };
    let value = |name: &str| draft.values.get(name).map_or("", String::as_str);
    let given = format!("{} parameters, size {}", draft.values.len(), value("DeploymentSize"));
    let mut out = vec![check("parameters", Outcome::Ok, given, "")];
    if value("ACMCertificateArn").is_empty() {
        let next = "Give ACMCertificateArn for HTTPS, or keep AllowedCIDR narrow.";
        out.push(check(
            "encryption",
            Outcome::Warning,
            "plain HTTP: passwords travel unencrypted".into(),
            next,
        ));
    } else if !value("ACMCertificateArn").contains(&format!(":acm:{region}:")) {
        let next = "Take a certificate of the region of the stack.";
        out.push(check(
            "encryption",
            Outcome::Blocker,
            format!("the certificate is not in {region}"),
            next,
        ));
    } else {
        out.push(check("encryption", Outcome::Ok, "HTTPS".into(), ""));
    }
    out.push(access(value("AllowedCIDR")));
    out.push(image_model(value("ImageModelId"), region));
    out
}

fn access(cidr: &str) -> Check {
    let octets: Vec<u8> = cidr.split(['.', '/']).filter_map(|part| part.parse().ok()).collect();
    let is_private = matches!(octets.as_slice(), [10, ..] | [192, 168, ..] | [172, 16..=31, ..]);
    if cidr == "0.0.0.0/0" {
        let next = "Set AllowedCIDR to the public addresses of your users.";
        check("access", Outcome::Warning, "open to the whole internet".into(), next)
    } else if is_private {
        let next = "The load balancer is public and sees public addresses only: nobody would get in.";
        check("access", Outcome::Warning, format!("AllowedCIDR {cidr} is a private range"), next)
    } else {
        check("access", Outcome::Ok, format!("open to {cidr}"), "")
    }
}

/// Whether the image model is one that Bedrock still offers, as far as the shipped table knows.
fn image_model(model: &str, region: &str) -> Check {
    let prices = Prices::shipped();
    if let Some(ended) = prices.model(model).and_then(|m| m.ended.as_ref()) {
        let next = "Take ImageModelId=stability.stable-image-core-v1:1 in us-west-2.";
        return check("image model", Outcome::Blocker, format!("{model} ended on {ended}"), next);
    }
    if model.starts_with("stability.") && region != "us-west-2" {
        let next = "Deploy in us-west-2, or name an image model that Bedrock offers here.";
        let evidence = format!("{model} is offered in us-west-2 only, as far as known; this is {region}");
        return check("image model", Outcome::Warning, evidence, next);
    }
    check("image model", Outcome::Ok, format!("{model}, not asked of Bedrock"), "")
}

/// What the plan would cost.
pub fn cost(usd_month: f64, is_verified: bool) -> Check {
    let note = if is_verified { "" } else { ", some prices not verified" };
    check(
        "cost",
        Outcome::Ok,
        format!("about ${usd_month:.2} a month without model calls, an estimate{note}"),
        "",
    )
}

/// The worst outcome of a list.
pub fn worst(checks: &[Check]) -> Outcome {
    checks.iter().map(|c| c.outcome).max().unwrap_or(Outcome::Ok)
}

fn check(name: &'static str, outcome: Outcome, evidence: String, next: &str) -> Check {
    Check {
        name,
        outcome,
        evidence,
        next: next.to_owned(),
    }
}

/// A read that the operator may not make is a warning: the deploy itself may still be allowed.
fn failed(name: &'static str, fault: &Fault) -> Check {
    let outcome = if fault.kind == FaultKind::Denied {
        Outcome::Warning
    } else {
        Outcome::Blocker
    };
    check(name, outcome, fault.sentence(), &fault.advice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{
        plan::{Wish, draft},
        template::{Pseudo, Template},
    };

    fn outcomes(region: &str, pairs: &[(&str, &str)]) -> Vec<(&'static str, Outcome)> {
        let pseudo = Pseudo {
            region: region.into(),
            account: "123456789012".into(),
            stack_name: "s".into(),
        };
        let wish = Wish {
            parameters: pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            tags: Vec::new(),
        };
        let draft = draft(&Template::shipped(), None, &wish, &pseudo);
        parameters(&draft, region).into_iter().map(|c| (c.name, c.outcome)).collect()
    }

    #[test]
    fn parameters_are_judged_one_by_one() {
        let cert = "arn:aws:acm:us-west-2:123456789012:certificate/abc-1";
        for (region, pairs, want) in [
            (
                "us-west-2",
                vec![],
                vec![
                    ("encryption", Outcome::Warning),
                    ("access", Outcome::Warning),
                    ("image model", Outcome::Ok),
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
    }

    #[test]
    fn a_denied_read_warns_and_bad_credentials_block() {
        for (kind, want) in [(FaultKind::Denied, Outcome::Warning), (FaultKind::Expired, Outcome::Blocker)] {
            let answer = Err(Fault::new(kind, "sts:GetCallerIdentity", "", ""));
            assert_eq!(identity(&answer).outcome, want);
        }
        let root = Identity {
            account: "123456789012".into(),
            arn: SafeText::new("arn:aws:iam::123456789012:root"),
        };
        assert_eq!(identity(&Ok(root)).outcome, Outcome::Warning);
        assert_eq!(stack("s", &Ok(None)).outcome, Outcome::Ok);
    }
}
