//! Whether the names of the log groups and image repositories that a plan makes are free: what an older stack left
//! has them still, and CloudFormation fails on it.

use super::{Answers, Check, Outcome, Proposal, check, told, untold};
use crate::{
    cloud::Query,
    core::{
        fact::{Fact, Leftover, Look},
        text::SafeText,
    },
};

pub(super) fn checks(proposal: &Proposal<'_>, answers: &Answers) -> Vec<Check> {
    let of = |fact: &Fact| match fact {
        Fact::Left(found) => Some(found.clone()),
        _ => None,
    };
    let wanted = wanted(proposal).into_iter();
    let judge = |(name, names, question): (&'static str, Vec<SafeText>, Query)| match told(answers, &question, of) {
        Some(Ok(found)) => judged(name, &names, &found),
        other => untold(name, other),
    };
    wanted.map(judge).collect()
}

impl Proposal<'_> {
    /// The questions after those names.
    pub(super) fn places_questions(&self) -> impl Iterator<Item = Query> {
        wanted(self).into_iter().map(|(.., question)| question)
    }
}

/// Each check with the names that it is about and its question.
fn wanted(proposal: &Proposal<'_>) -> Vec<(&'static str, Vec<SafeText>, Query)> {
    let groups = proposal.new_names("AWS::Logs::LogGroup", "LogGroupName");
    let repositories = proposal.new_names("AWS::ECR::Repository", "RepositoryName");
    let prefix = format!("{}/", proposal.value("ProjectName")).into();
    let names = groups.clone();
    let all = [
        ("log groups", groups, Look::LogGroups { names }),
        ("repositories", repositories, Look::Repositories { prefix }),
    ];
    let some = all.into_iter().filter(|(_, names, _)| !names.is_empty());
    some.map(|(check, names, look)| (check, names, Query::Left(look))).collect()
}

fn judged(name: &'static str, wanted: &[SafeText], found: &[Leftover]) -> Check {
    let taken: Vec<&str> = found
        .iter()
        .map(|it| it.id.as_str())
        .filter(|id| wanted.iter().any(|w| w == id))
        .collect();
    let Some(first) = taken.first() else {
        let evidence = match wanted {
            [one] => format!("the name {one} is free"),
            all => format!("all {} names are free", all.len()),
        };
        return check(name, Outcome::Ok, evidence, "");
    };
    let others = match taken.len() {
        1 => String::new(),
        n => format!(", and {} more are taken", n - 1),
    };
    let evidence = format!("there is {first} already, which is not of this stack{others}");
    check(name, Outcome::Blocker, evidence, WAY_ON)
}

/// What to do where a name is taken.
pub(super) const WAY_ON: &str =
    "Take another ProjectName; or look whether an older stack left it: `bic-tui leftovers` lists it, and removes it by its name.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fact::LeftoverKind;

    #[test]
    fn a_name_that_is_taken_stops_a_deploy() {
        let wanted = ["/ecs/bic".into(), "/mirror/bic".into()];
        let found = |id: &str| Leftover::new(LeftoverKind::LogGroup, id);
        let free = judged("log groups", &wanted, &[found("/ecs/other")]);
        assert_eq!((free.outcome, free.evidence.as_str()), (Outcome::Ok, "all 2 names are free"));
        let taken = judged("log groups", &wanted, &[found("/ecs/bic"), found("/mirror/bic")]);
        assert_eq!(taken.outcome, Outcome::Blocker);
        assert_eq!(
            taken.evidence,
            "there is /ecs/bic already, which is not of this stack, and 1 more are taken"
        );
        assert!(taken.next.contains("`bic-tui leftovers`"), "{}", taken.next);
    }
}
