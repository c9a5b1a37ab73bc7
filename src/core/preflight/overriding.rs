//! What stands in the way of a plan, and going on in spite of it.

use super::{Check, Outcome};

/// Checks whose blockers nobody can override: what they name AWS itself would refuse.
const FINAL: [&str; 4] = ["identity", "template", "stack", "parameters"];

/// Whether the operator may go on in spite of this blocker.
pub fn can_override(check: &Check) -> bool {
    check.outcome == Outcome::Blocker && !FINAL.contains(&check.name)
}

/// The name by which a check is overridden: hyphens for spaces.
pub fn override_name(check: &Check) -> String {
    check.name.replace(' ', "-")
}

/// The same check when the operator goes on in spite of it.
pub(super) fn waived(check: &mut Check) {
    check.outcome = Outcome::Warning;
    check.evidence = format!("{} (overridden)", check.evidence).into();
}

/// The checks, in which the blockers that the operator overrides by name, hyphens for spaces, only warn.
///
/// # Errors
/// A name that no check has, with those that there are.
pub fn overridden(mut checks: Vec<Check>, names: &[String]) -> Result<Vec<Check>, String> {
    for name in names {
        let Some(check) = checks.iter_mut().find(|c| override_name(c) == *name) else {
            let all: Vec<String> = checks.iter().map(override_name).collect();
            return Err(format!("--override: no check is called \"{name}\"; there are {}", all.join(", ")));
        };
        if check.outcome == Outcome::Blocker && !can_override(check) {
            return Err(format!(
                "--override: {name} can not be overridden, AWS itself would refuse: {}",
                check.evidence
            ));
        }
        if can_override(check) {
            waived(check);
        }
    }
    Ok(checks)
}

/// All checks that stand in the way.
pub fn blockers(checks: &[Check]) -> impl Iterator<Item = &Check> {
    checks.iter().filter(|c| c.outcome == Outcome::Blocker)
}

/// What stands in the way: how much of it and its names where it is more than one thing, then each in its own sentence.
/// `None` where nothing does.
pub fn obstacles(checks: &[Check]) -> Option<String> {
    let all: Vec<&Check> = blockers(checks).collect();
    let sentences = all.iter().map(|c| c.sentence()).collect::<Vec<_>>().join(" ");
    match all.len() {
        0 => None,
        1 => Some(sentences),
        n => {
            let names: Vec<&str> = all.iter().map(|c| c.name).collect();
            Some(format!("{n} checks stand in the way: {}. {sentences}", names.join(", ")))
        }
    }
}

/// The flags that go on in spite of all that stands in the way; `None` where AWS itself would refuse some of it.
pub fn way_past(checks: &[Check]) -> Option<String> {
    let flags = blockers(checks).map(|c| can_override(c).then(|| format!("--override {}", override_name(c))));
    Some(flags.collect::<Option<Vec<_>>>()?.join(" "))
}
