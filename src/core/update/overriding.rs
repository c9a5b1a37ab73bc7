//! Blockers that the operator goes on in spite of, each by its typed name.

use super::{deploying, dialogs};
use crate::core::{
    dialog::{Confirm, Dialog},
    effect::Effect,
    model::Model,
    preflight::{self, Check, Outcome},
    screen::deploy::{Form, Stage},
    text::SafeText,
};

/// Names of the checks that the operator goes on in spite of, where they still stand in the way.
pub(super) fn waived(form: &Form, checks: &[Check]) -> Vec<SafeText> {
    let is_waived = |c: &&Check| form.overrides.iter().any(|(name, _)| *name == c.name) && c.evidence.ends_with("(overridden)");
    checks
        .iter()
        .filter(is_waived)
        .map(|c| preflight::override_name(c).into())
        .collect()
}

/// A blocker may be overridden by its typed name, unless AWS itself would refuse what it names.
pub(super) fn offer(model: &mut Model, checks: &[Check]) -> Vec<Effect> {
    let blockers: Vec<&Check> = checks.iter().filter(|c| c.outcome == Outcome::Blocker).collect();
    // What AWS refuses is said on the form: nothing typed helps against it.
    let Some(first) = blockers.first().filter(|_| blockers.iter().all(|c| preflight::can_override(c))) else {
        return Vec::new();
    };
    let title = match blockers.len() {
        1 => format!("{} stands in the way. Make the plan in spite of it?", first.name),
        n => format!(
            "{n} checks stand in the way, each with its own name to type; first {}. Go on in spite of it?",
            first.name
        ),
    };
    let mut confirm = Confirm::new(
        title,
        vec![
            "The plan, its dialog and the audit log say that it was overridden.".into(),
            "Nothing runs before you have seen the plan and said yes to it.".into(),
        ],
        "Override",
        Vec::new(),
    );
    confirm.losses = blockers.iter().map(|c| c.sentence().into()).collect();
    confirm.must_type(preflight::override_name(first).into());
    confirm.overrides = Some(first.name);
    dialogs::open(model, Dialog::Confirm(confirm))
}

/// The operator typed the name of a check: the plan is made in spite of what it found.
pub(super) fn take(model: &mut Model, name: &'static str) -> Vec<Effect> {
    let Stage::Form(form) = model.deploy.clone() else {
        return Vec::new();
    };
    let found = preflight::of_form(model, &form)
        .into_iter()
        .find(|c| c.name == name && preflight::can_override(c));
    if let (Some(check), Stage::Form(form)) = (found, &mut model.deploy) {
        form.overrides.push((check.name, check.evidence));
        form.error = None;
    }
    deploying::ask_plan(model)
}
