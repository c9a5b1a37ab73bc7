//! How the tasks will reach their images: copied into the account's own registry, or over a route to the internet.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Check, Outcome, Proposal, check};
use crate::core::{template::Resource, text::SafeText};

const NAME: &str = "images";

/// Judged from the template alone; a stack that exists adds the digests that it has copied.
pub(super) fn checks(proposal: &Proposal<'_>) -> Check {
    let after = &proposal.after;
    let (mut outside, mut copied) = (BTreeSet::new(), BTreeSet::new());
    for image in proposal.images() {
        match image {
            Value::String(name) => drop(outside.insert(name.as_str())),
            other => copied.extend(repository(after, other)),
        }
    }
    if outside.is_empty() && !copied.is_empty() {
        return mirrored(proposal, &copied.into_iter().collect::<Vec<_>>());
    }
    let names: Vec<&str> = outside.into_iter().collect();
    let names = names.join(", ");
    match route(after) {
        Some(route) => check(NAME, Outcome::Ok, format!("pulled {route}: {names}"), ""),
        None => check(
            NAME,
            Outcome::Blocker,
            format!("no route leads to {names}"),
            "Take NetworkMode private, nat or public.",
        ),
    }
}

fn mirrored(proposal: &Proposal<'_>, repositories: &[&str]) -> Check {
    let list = repositories.join(", ");
    let has_endpoint = proposal.after.iter().any(|r| {
        let service = r.properties["ServiceName"].as_str().unwrap_or_default();
        r.kind == "AWS::EC2::VPCEndpoint" && service.ends_with(".ecr.dkr")
    });
    if !has_endpoint && route(&proposal.after).is_none() {
        let evidence = format!("the tasks have no way to ECR, where {list} are");
        return check(NAME, Outcome::Blocker, evidence, "Take NetworkMode private, nat or public.");
    }
    let digest = |output: &str| proposal.stack.and_then(|s| s.output(output));
    let is_kept = |name: &str| {
        proposal
            .stack
            .and_then(|s| s.parameter(name))
            .is_some_and(|old| **old == *proposal.value(name))
    };
    let are_kept = ["OpenWebUIVersion", "LiteLLMVersion", "CpuArchitecture"].into_iter().all(is_kept);
    match (digest("OpenWebUIImageDigest"), digest("LiteLLMImageDigest")) {
        (Some(webui), Some(litellm)) if are_kept => {
            let short = |digest: &SafeText| digest.chars().take(19).collect::<String>();
            if [webui, litellm].iter().any(|it| !it.starts_with("sha256:")) {
                let evidence = format!("whether they are in ECR is not known: the stack's outputs say {}", short(webui));
                return check(NAME, Outcome::Unknown, evidence, "");
            }
            let evidence = format!("in ECR already: Open WebUI {}…, LiteLLM {}…", short(webui), short(litellm));
            check(NAME, Outcome::Ok, evidence, "")
        }
        _ => {
            let versions = format!(
                "Open WebUI {}, LiteLLM {}",
                proposal.value("OpenWebUIVersion"),
                proposal.value("LiteLLMVersion")
            );
            let evidence = format!("mirrored: the stack's CodeBuild copies {versions} from ghcr.io into ECR ({list})");
            check(NAME, Outcome::Ok, evidence, "")
        }
    }
}

/// The name of the repository that an image reference leads to.
fn repository<'a>(all: &'a [Resource], image: &Value) -> Option<&'a str> {
    let text = image["Fn::Sub"].as_str()?;
    let id = text.strip_prefix("${")?.split(['.', '}']).next()?;
    let repository = all.iter().find(|r| r.logical_id == *id && r.kind == "AWS::ECR::Repository")?;
    repository.properties["RepositoryName"].as_str()
}

/// The way from the tasks to the internet, in words.
fn route(all: &[Resource]) -> Option<&'static str> {
    let is_public =
        |r: &Resource| r.properties.pointer("/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp") == Some(&"ENABLED".into());
    if all.iter().any(|r| r.kind == "AWS::EC2::NatGateway") {
        Some("through the NAT gateway")
    } else if all.iter().any(is_public) {
        Some("over the tasks' public addresses")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{
        fact::{Output, Stack},
        plan::{Wish, draft},
        preflight::{Models, proposal::Proposal},
        template::{Pseudo, Template},
    };

    /// What is said of the images of an update that changes nothing, by the digest in the stack's outputs.
    fn of_update(digest: &str) -> Check {
        let template = Template::shipped();
        let mut stack = Stack::of_test("CREATE_COMPLETE");
        let value = |name: &str| template.parameter(name).and_then(|it| it.default.clone()).unwrap_or_default();
        for name in ["OpenWebUIVersion", "LiteLLMVersion", "CpuArchitecture"] {
            stack.parameters.push((name.into(), value(name)));
        }
        for key in ["OpenWebUIImageDigest", "LiteLLMImageDigest"] {
            stack.outputs.push(Output {
                key: key.into(),
                value: digest.into(),
                description: SafeText::default(),
            });
        }
        let pseudo = Pseudo {
            region: "us-west-2".into(),
            account: "123456789012".into(),
            stack_name: "chat".into(),
        };
        let draft = draft(&template, Some(&stack), &Wish::default(), &pseudo).expect("a draft");
        checks(&Proposal::new(&template, &pseudo, Some(&stack), &draft, &Models::default()))
    }

    #[test]
    fn only_a_digest_says_that_an_image_is_there() {
        let there = of_update(&format!("sha256:{}", "0a".repeat(32)));
        assert_eq!(there.outcome, Outcome::Ok);
        assert!(
            there.evidence.contains("in ECR already: Open WebUI sha256:0a0a"),
            "{}",
            there.evidence
        );
        let unknown = of_update("not known");
        assert_eq!(unknown.outcome, Outcome::Unknown, "{}", unknown.evidence);
        assert!(unknown.evidence.ends_with("say not known"), "{}", unknown.evidence);
    }
}
