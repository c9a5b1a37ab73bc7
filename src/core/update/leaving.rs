//! Out of a stack: destroy, and termination protection before it.

use super::{dialogs, leftovers, polling, say};
use crate::{
    cloud::Change,
    core::{
        dialog::{Confirm, Dialog},
        effect::Effect,
        fact::Stack,
        health::Severity,
        inventory::{Inventory, Lost, Sources},
        keymap::Intent,
        model::Model,
        polls::Poll,
        unstick,
    },
};

/// How the question begins that destroys and nothing else.
pub(super) const DESTROY: &str = "Destroy stack ";

/// Destroy: the inventory and the typed name.
pub(super) fn destroy(model: &mut Model) -> Vec<Effect> {
    if let Some(why) = model.guard.refusal(model.now) {
        say(model, Severity::Warning, why);
        return Vec::new();
    }
    let Some(stack) = model.live_stack().cloned() else {
        say(model, Severity::Note, "there is no stack to destroy");
        return Vec::new();
    };
    if let Some(why) = unstick::no_deletion(&stack.status, &model.keymap.label(Intent::WaysOut)) {
        say(model, Severity::Warning, why);
        return Vec::new();
    }
    if stack.termination_protection {
        return unprotect(model, &stack);
    }
    // What an earlier look found may be gone, or of another stack.
    model.leftovers.last = None;
    polling::hurry(model, &[Poll::Resources]);
    let confirm = destroy_dialog(model, &stack);
    dialogs::open(model, Dialog::Confirm(confirm));
    // What stays is looked for meanwhile; the dialog tells it when it is known.
    leftovers::search(model)
}

/// A step of its own before a deletion; somebody wanted the stack to be hard to lose.
fn unprotect(model: &mut Model, stack: &Stack) -> Vec<Effect> {
    let mut confirm = Confirm::new(
        format!("Termination protection of {} is on. Switch it off?", stack.name),
        vec![
            "Nothing is deleted by this: choose destroy again afterwards.".into(),
            "Whoever switched it on may have had a reason: ask first.".into(),
        ],
        "Switch off",
        vec![Change::Protect {
            stack: stack.id.clone(),
            on: false,
        }],
    );
    confirm.must_type(stack.name.clone());
    dialogs::open(model, Dialog::Confirm(confirm))
}

/// What a deletion asks, with all that is known by now of what goes and what stays.
pub(super) fn destroy_dialog(model: &Model, stack: &Stack) -> Confirm {
    let listed = model.feeds.resources.get().map(Vec::as_slice);
    let is_listing = model.feeds.resources.due <= model.now.mono || model.feeds.resources.awaiting.is_some();
    let parameters = model.parameters();
    let inventory = Inventory::of(Sources {
        resources: listed.unwrap_or_default(),
        template: &model.resources,
        parameters: &parameters,
        cost: &model.cost,
        search: leftovers::done(model),
        now: model.now.wall,
    });
    let (title, mut lines) = match listed {
        Some(all) => (
            format!(
                "{DESTROY}{} with its {} resources?",
                stack.name,
                all.iter().filter(|r| r.is_held()).count()
            ),
            is_listing
                .then(|| "asking AWS again what it holds…".to_owned())
                .into_iter()
                .collect(),
        ),
        None if model.is_hollow() => (
            format!("{DESTROY}{}, of which nothing is left?", stack.name),
            vec!["its creation was undone: only its record and its events go".to_owned()],
        ),
        None => (
            format!("{DESTROY}{} with all that is in it?", stack.name),
            vec!["its resources have not been listed yet: what it holds is not known here".to_owned()],
        ),
    };
    let account = model.feeds.identity.get().map(|it| format!(" of account {}", it.account));
    lines.insert(0, format!("in {}{}", model.about.region, account.unwrap_or_default()));
    lines.extend(inventory.stays.iter().map(|what| format!("stays: {}", what.about)));
    lines.extend(leftovers::missing(model));
    let mut confirm = Confirm::new(title, lines, "Destroy", vec![Change::DeleteStack { stack: stack.id.clone() }]);
    let lost = |it: &Lost| format!("lost: {} ({}){}", it.resource.logical_id, it.resource.resource_type, it.size).into();
    confirm.losses = inventory.lost.iter().map(lost).collect();
    confirm.must_type(stack.name.clone());
    confirm
}
