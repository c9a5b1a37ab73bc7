//! Whether the names of the secrets that a plan makes are free.

use super::{Answers, Check, Outcome, Proposal, check, told, untold};
use crate::core::{
    fact::{Fact, TakenName},
    when,
};

const NAME: &str = "secrets";

/// A deleted secret keeps its name until it is really gone, and CloudFormation fails on it.
pub(super) fn checks(proposal: &Proposal<'_>, answers: &Answers, account: &str) -> Option<Check> {
    let question = proposal.names_question()?;
    let of = |fact: &Fact| match fact {
        Fact::SecretNames(taken) => Some(taken.clone()),
        _ => None,
    };
    Some(match told(answers, &question, of) {
        Some(Ok(taken)) => judged(&taken, proposal.new_secrets().len(), account),
        other => untold(NAME, other),
    })
}

fn judged(taken: &[TakenName], wanted: usize, account: &str) -> Check {
    let Some(first) = taken.iter().find(|t| t.deleted.is_some()).or(taken.first()) else {
        return check(NAME, Outcome::Ok, format!("all {wanted} names are free"), "");
    };
    let others = match taken.len() {
        1 => String::new(),
        n => format!(", and {} more are taken", n - 1),
    };
    let name = &first.name;
    let Some(at) = first.deleted else {
        let evidence = format!("there is a secret {name} already, which is not of this stack{others}");
        return check(NAME, Outcome::Blocker, evidence, super::names::WAY_ON);
    };
    let day = when::iso(at).chars().take(10).collect::<String>();
    let evidence = format!("{name} waits for its deletion (DeletedDate {day}) and keeps its name until then{others}");
    let next = format!(
        "Take another ProjectName, or delete it at once: `aws secretsmanager restore-secret --secret-id {name} {account} && \
         aws secretsmanager delete-secret --secret-id {name} --force-delete-without-recovery {account}`."
    );
    check(NAME, Outcome::Blocker, evidence, &next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_stops_a_deploy_and_says_how_to_free_it() {
        let taken = |name: &str, deleted| TakenName {
            name: name.into(),
            deleted,
        };
        let free = judged(&[], 3, "--region us-west-2");
        assert_eq!((free.outcome, free.evidence.as_str()), (Outcome::Ok, "all 3 names are free"));
        let doomed = judged(
            &[taken("bic/a", None), taken("bic/b", Some(1_796_083_200_000))],
            3,
            "--region us-west-2",
        );
        assert_eq!(doomed.outcome, Outcome::Blocker);
        assert!(
            doomed.evidence.starts_with("bic/b waits for its deletion (DeletedDate 2026-12-01)"),
            "{}",
            doomed.evidence
        );
        assert!(doomed.evidence.ends_with("and 1 more are taken"), "{}", doomed.evidence);
        for part in ["restore-secret --secret-id bic/b", "force-delete", "another ProjectName"] {
            assert!(doomed.next.contains(part), "{}", doomed.next);
        }
        let living = judged(&[taken("bic/a", None)], 3, "--region us-west-2");
        assert!(
            living.outcome == Outcome::Blocker && living.evidence.contains("not of this stack"),
            "{}",
            living.evidence
        );
        assert!(living.next.contains("`bic-tui leftovers`"), "{}", living.next);
    }
}
