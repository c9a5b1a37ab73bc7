//! Whether a stack that lives would get another `ProjectName`.

use super::{Check, Outcome, Proposal, check};
use crate::core::plan::{COMES_TO, renamed};

/// Kinds of what is replaced that people know by name, one and many.
const KINDS: [(&str, [&str; 2]); 4] = [
    ("AWS::SecretsManager::Secret", ["secret", "secrets"]),
    ("AWS::Logs::LogGroup", ["log group", "log groups"]),
    ("AWS::ECS::Service", ["service", "services"]),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", ["load balancer", "load balancers"]),
];

const NEXT: &str = "Keep ProjectName, or make a second stack beside this one. If it must be: put this one to sleep first (Z, or \
                    `bic-tui sleep`), since old and new tasks would work on the same data side by side.";

pub(super) fn checks(proposal: &Proposal<'_>) -> Option<Check> {
    let (from, to) = proposal.renaming()?;
    let renamed = renamed(&proposal.before, &proposal.after);
    let told = KINDS.map(|(kind, [one, many])| match renamed.iter().filter(|r| r.kind == kind).count() {
        0 => String::new(),
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    });
    let told: Vec<String> = told.into_iter().filter(|it| !it.is_empty()).collect();
    let evidence = format!(
        "{from} → {to}: {} resources are replaced that have their names from it, such as {}: {COMES_TO}",
        renamed.len(),
        told.join(", ")
    );
    Some(check("project name", Outcome::Blocker, evidence, NEXT))
}
