//! Whether the provisioned throughput that a plan names exists and serves.

use super::{Answers, Check, Outcome, Proposal, check, told, untold};
use crate::{
    cloud::Query,
    core::fact::{Fact, Throughput},
};

const NAME: &str = "throughput";
const PARAMETER: &str = "ProvisionedModelArn";
const NEXT: &str = "Take provisioned throughput that serves (`bic-tui throughput` lists it), or leave ProvisionedModelArn empty.";

pub(super) fn checks(proposal: &Proposal<'_>, answers: &Answers) -> Option<Check> {
    let arn = proposal.value(PARAMETER);
    if arn.is_empty() {
        return None;
    }
    let Some(question) = proposal.throughput_question() else {
        let evidence = format!("{PARAMETER} is not in {}", proposal.region());
        let next = "Take provisioned throughput of the region of the stack, or leave ProvisionedModelArn empty.";
        return Some(check(NAME, Outcome::Blocker, evidence, next));
    };
    let of = |fact: &Fact| match fact {
        Fact::Throughput(it) => Some(it.clone()),
        _ => None,
    };
    let found = match told(answers, &question, of) {
        Some(Ok(found)) => judged(arn, found.as_ref()),
        other => untold(NAME, other),
    };
    // The stack has it already: another change of it is not stopped.
    let is_kept = proposal.stack.and_then(|s| s.parameter(PARAMETER)).is_some_and(|old| **old == *arn);
    Some(match found.outcome {
        Outcome::Blocker if is_kept => Check {
            outcome: Outcome::Warning,
            ..found
        },
        _ => found,
    })
}

impl Proposal<'_> {
    /// The question after the throughput; one of another region is judged by its ARN alone.
    pub(super) fn throughput_question(&self) -> Option<Query> {
        let arn = self.value(PARAMETER);
        let is_here = arn.contains(&format!(":bedrock:{}:", self.region()));
        is_here.then(|| Query::Throughput { arn: arn.into() })
    }
}

fn judged(arn: &str, found: Option<&Throughput>) -> Check {
    match found {
        Some(it) if it.is_in_service() => check(NAME, Outcome::Ok, format!("{} is {}", it.name, it.status), ""),
        Some(it) => check(
            NAME,
            Outcome::Blocker,
            format!("{} is {}: it serves no image", it.name, it.status),
            NEXT,
        ),
        None => check(NAME, Outcome::Blocker, format!("Bedrock does not know {arn} in this region"), NEXT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::text::SafeText;

    #[test]
    fn throughput_must_exist_and_serve() {
        let of = |status: &str| Throughput {
            arn: "arn:p".into(),
            name: "images".into(),
            model: SafeText::default(),
            base: SafeText::default(),
            units: 1,
            status: status.into(),
            commitment: SafeText::default(),
            commitment_end: None,
            created: None,
            failure: SafeText::default(),
        };
        assert_eq!(judged("arn:p", Some(&of("InService"))).outcome, Outcome::Ok);
        for found in [None, Some(of("Creating")), Some(of("Failed"))] {
            let check = judged("arn:p", found.as_ref());
            assert!(
                check.outcome == Outcome::Blocker && check.next.contains("bic-tui throughput"),
                "{check:?}"
            );
        }
    }
}
