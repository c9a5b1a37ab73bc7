//! Whether the caller may do what a plan has them do, as IAM's simulator sees it.

use std::collections::BTreeSet;

use super::{Answers, Check, Outcome, Proposal, check, told, untold};
use crate::core::{
    fact::{Decision, Fact, Right},
    fault::FaultKind,
};

const NAME: &str = "permissions";
/// How many actions are named.
const SHOWN: usize = 4;
/// What the simulator does not look at.
const CAVEAT: &str = "not simulated: session policies, and service control policies with conditions";

pub(super) fn checks(proposal: &Proposal<'_>, answers: &Answers) -> Check {
    if let Some(Err(why)) = proposal.principal() {
        let evidence = format!("not simulated: {why}");
        let next = "Deploy with a user or role that IAM can be asked about.";
        return check(NAME, Outcome::Unknown, evidence, next);
    }
    let Some(question) = proposal.rights_question() else {
        return untold::<()>(NAME, None);
    };
    let of = |fact: &Fact| match fact {
        Fact::Rights(rights) => Some(rights.clone()),
        _ => None,
    };
    match told(answers, &question, of) {
        Some(Ok(rights)) => judged(&rights),
        Some(Err(fault)) if fault.kind == FaultKind::Denied => {
            let evidence = format!("not simulated: {}", fault.sentence());
            let next = format!("With the permission {} the check can tell what will be refused.", fault.operation);
            check(NAME, Outcome::Unknown, evidence, &next)
        }
        other => untold(NAME, other),
    }
}

/// What is denied stops a deploy; what no policy allows does so where the very resource was asked for, since for the
/// template's resources only a likely name is known.
fn judged(rights: &[Right]) -> Check {
    let is_bad = |r: &&Right| r.decision != Decision::Allowed || r.is_bounded || r.is_barred;
    let bad: Vec<&Right> = rights.iter().filter(is_bad).collect();
    if bad.is_empty() {
        let actions: BTreeSet<&str> = rights.iter().map(|r| r.action.as_str()).collect();
        return check(
            NAME,
            Outcome::Ok,
            format!("all {} actions of the plan are allowed ({CAVEAT})", actions.len()),
            "",
        );
    }
    let is_sure = |r: &&Right| r.decision == Decision::Denied || r.is_bounded || r.is_barred || r.action.starts_with("cloudformation:");
    let outcome = if bad.iter().any(is_sure) {
        Outcome::Blocker
    } else {
        Outcome::Warning
    };
    let named = |why: &str, of: &dyn Fn(&Right) -> bool| {
        let actions: BTreeSet<&str> = bad.iter().filter(|r| of(r)).map(|r| r.action.as_str()).collect();
        let shown: Vec<&str> = actions.iter().take(SHOWN).copied().collect();
        let more = match actions.len().saturating_sub(SHOWN) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        (!shown.is_empty()).then(|| format!("{why}: {}{more}", shown.join(", ")))
    };
    let is_outside = |r: &Right| r.is_bounded || r.is_barred;
    let parts: Vec<String> = [
        named("denied by a policy", &|r| r.decision == Decision::Denied && !is_outside(r)),
        named("outside the permissions boundary", &|r| r.is_bounded),
        named("barred by the organization", &|r| r.is_barred),
        named("allowed by no policy", &|r| r.decision == Decision::NotAllowed && !is_outside(r)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let next = format!("Ask for them before you deploy ({CAVEAT}).");
    check(NAME, outcome, parts.join("; "), &next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(action: &str, decision: Decision) -> Right {
        Right {
            action: action.into(),
            resource: "*".into(),
            decision,
            is_bounded: false,
            is_barred: false,
        }
    }

    #[test]
    fn a_denial_stops_and_what_is_only_not_allowed_warns() {
        use Decision::{Allowed, Denied, NotAllowed};
        let bounded = Right {
            is_bounded: true,
            ..right("iam:CreateRole", NotAllowed)
        };
        for (rights, want, says) in [
            (
                vec![right("ec2:CreateVpc", Allowed)],
                Outcome::Ok,
                "all 1 actions of the plan are allowed",
            ),
            (
                vec![right("ec2:CreateVpc", NotAllowed), right("ec2:CreateSubnet", Allowed)],
                Outcome::Warning,
                "allowed by no policy: ec2:CreateVpc",
            ),
            (
                vec![right("iam:CreateRole", Denied), right("ec2:CreateVpc", NotAllowed)],
                Outcome::Blocker,
                "denied by a policy: iam:CreateRole; allowed by no policy: ec2:CreateVpc",
            ),
            (
                vec![right("cloudformation:CreateChangeSet", NotAllowed)],
                Outcome::Blocker,
                "allowed by no policy: cloudformation:CreateChangeSet",
            ),
            (vec![bounded], Outcome::Blocker, "outside the permissions boundary: iam:CreateRole"),
            (
                ["a:A", "a:B", "a:C", "a:D", "a:E", "a:E"].map(|a| right(a, NotAllowed)).to_vec(),
                Outcome::Warning,
                "a:A, a:B, a:C, a:D and 1 more",
            ),
        ] {
            let found = judged(&rights);
            assert_eq!(found.outcome, want, "{}", found.evidence);
            assert!(found.evidence.contains(says), "{}", found.evidence);
            let words = format!("{} {}", found.evidence, found.next);
            assert_eq!(words.matches(CAVEAT).count(), 1, "said once: {words}");
        }
    }
}
