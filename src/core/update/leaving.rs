//! Out of a stack or an operation: destroy, termination protection, and the ways out of what is stuck.

use super::{dialogs, leftovers, polling, say};
use crate::{
    cloud::Change,
    core::{
        dialog::{Act, Confirm, Dialog, Menu, Skip, Way},
        effect::Effect,
        fact::Stack,
        fault::Fault,
        health::Severity,
        inventory::{Inventory, Lost, Sources},
        model::Model,
        polls::Poll,
        unstick::{self, Situation},
    },
};

/// How the question begins that destroys.
const DESTROY: &str = "Destroy stack ";

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
    if let Some(why) = unstick::no_deletion(&stack.status, "R") {
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

/// The open dialog that destroys tells what is known by now; what was typed into it is kept.
pub(super) fn renew(model: &mut Model) {
    if let (Some(Dialog::Confirm(open)), Some(stack)) = (&model.dialog, model.live_stack())
        && matches!(open.changes[..], [Change::DeleteStack { .. }])
    {
        let (new, open) = (destroy_dialog(model, stack), open.clone());
        let title = if open.title.starts_with(DESTROY) { new.title } else { open.title };
        model.dialog = Some(Dialog::Confirm(Confirm {
            title,
            lines: new.lines,
            losses: new.losses,
            ..open
        }));
    }
}

/// An update may have begun while the question stood.
pub(super) fn refuse_deletion(model: &Model, changes: &[Change]) -> Result<(), Fault> {
    let is_deletion = |change: &Change| matches!(change, Change::DeleteStack { .. } | Change::DeleteRetaining { .. });
    match model.live_stack().filter(|_| changes.iter().any(is_deletion)) {
        Some(stack) => unstick::refuse_deletion(stack, "R"),
        None => Ok(()),
    }
}

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
    lines.extend(inventory.stays.iter().map(|what| format!("stays: {}", what.about)));
    lines.extend(leftovers::missing(model));
    let mut confirm = Confirm::new(title, lines, "Destroy", vec![Change::DeleteStack { stack: stack.id.clone() }]);
    let lost = |it: &Lost| format!("lost: {} ({}){}", it.resource.logical_id, it.resource.resource_type, it.size).into();
    confirm.losses = inventory.lost.iter().map(lost).collect();
    confirm.must_type(stack.name.clone());
    confirm
}

/// `R`, or Ctrl-C while an operation runs: the ways out.
pub(super) fn ways_out(model: &mut Model) -> Vec<Effect> {
    let Some(stack) = model.live_stack().cloned() else {
        say(model, Severity::Note, "no operation runs: there is no stack");
        return Vec::new();
    };
    // What a way leads to may list what the stack holds.
    polling::hurry(model, &[Poll::Resources]);
    let detach = "leave the console; the operation goes on in AWS, and a console opened again follows it";
    let stay = if model.is_busy() {
        "what runs goes on, and so does this console"
    } else {
        "nothing runs, and nothing is sent: the stack stays as it is"
    };
    let mut ways = vec![way("Stay", stay, Ok(Act::Stay))];
    if model.is_busy() {
        ways.push(way("Detach", detach, Ok(Act::Detach)));
    }
    let refusal = model.guard.refusal(model.now);
    for offer in unstick::offers(situation(model, &stack)) {
        let act = match (offer.changes, refusal) {
            (Err(why), _) => Err(why),
            (Ok(_), Some(why)) => Err(why.to_owned()),
            (Ok(changes), None) => Ok(take(model, &stack, offer.way, changes)),
        };
        ways.push(way(offer.way.label(&stack), offer.way.help(&stack), act));
    }
    // What can be done stands first.
    ways.sort_by_key(|w| w.closed.is_some());
    let title = format!("{} is {}", stack.name, stack.status.0);
    dialogs::open(
        model,
        Dialog::Menu(Menu {
            title: title.into(),
            ways,
            selected: 0,
        }),
    )
}

fn situation<'a>(model: &'a Model, stack: &'a Stack) -> Situation<'a> {
    Situation {
        stack,
        resources: model.feeds.resources.get().map(Vec::as_slice).unwrap_or_default(),
        services: model.feeds.services.get().map(Vec::as_slice).unwrap_or_default(),
    }
}

/// What choosing an open way leads to: its question, or first a choice.
fn take(model: &Model, stack: &Stack, way: unstick::Way, changes: Vec<Change>) -> Act {
    match way {
        unstick::Way::DeleteCreation => Act::Ask(Box::new(destroy_dialog(model, stack))),
        unstick::Way::ContinueRollback => Act::Skip(Skip {
            way,
            stack: stack.id.clone(),
            rows: unstick::skippable(situation(model, stack).resources)
                .into_iter()
                .map(|(id, reason)| (id, reason, false))
                .collect(),
            selected: 0,
        }),
        // All that failed is kept unless it is taken out of the list.
        unstick::Way::DeleteRetaining => Act::Skip(Skip {
            way,
            stack: stack.id.clone(),
            rows: unstick::undeletable(situation(model, stack).resources)
                .into_iter()
                .map(|(id, reason)| (id, reason, true))
                .collect(),
            selected: 0,
        }),
        _ => Act::Ask(Box::new(Confirm::new(
            format!("{} of {}?", way.label(stack), stack.name),
            unstick::warnings(way, &[]),
            way.label(stack),
            changes,
        ))),
    }
}

/// The question of a rollback that goes on, or of a deletion that leaves something out.
pub(super) fn skip_dialog(model: &Model, skip: &Skip) -> Confirm {
    let chosen = skip.chosen();
    let way = skip.way;
    if way == unstick::Way::DeleteRetaining {
        let mut confirm = Confirm::new(
            format!("Delete stack {} again?", model.settings.stack),
            unstick::warnings(way, &chosen),
            "Delete",
            vec![Change::DeleteRetaining {
                stack: skip.stack.clone(),
                retain: chosen,
            }],
        );
        confirm.must_type(model.settings.stack.clone());
        return confirm;
    }
    Confirm::new(
        format!("Continue the rollback of {}?", model.settings.stack),
        unstick::warnings(way, &chosen),
        "Continue",
        vec![Change::ContinueRollback {
            stack: skip.stack.clone(),
            skip: chosen,
        }],
    )
}

fn way(label: &str, help: &str, act: Result<Act, String>) -> Way {
    let closed = act.as_ref().err().map(|why| why.as_str().into());
    Way {
        label: label.into(),
        help: help.into(),
        act: act.unwrap_or(Act::Stay),
        closed,
    }
}
