//! Menus of ways to go on, and what they lead to. What is offered hangs on facts that move while it is looked at: an open
//! menu or question is made anew with each message, and asked again before anything is sent.

use super::{access, acting, deploying, dialogs, leaving, polling, say};
use crate::{
    cloud::Change,
    core::{
        dialog::{Act, Confirm, Dialog, Menu, Offers, Skip, Way},
        effect::Effect,
        fact::Stack,
        health::Severity,
        keymap::Intent,
        model::Model,
        polls::Poll,
        text::SafeText,
        unstick::{self, Situation},
    },
};

/// `R`, or Ctrl-C while an operation runs: the ways out.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    if model.live_stack().is_none() {
        say(model, Severity::Note, "no operation runs: there is no stack");
        return Vec::new();
    }
    // What a way leads to may list what the stack holds.
    polling::hurry(model, &[Poll::Resources]);
    open_menu(model, Offers::Out, None)
}

/// Opens a menu; what can be done stands first, and of that what is advised.
pub(super) fn open_menu(model: &mut Model, of: Offers, advised: Option<&Act>) -> Vec<Effect> {
    let (title, mut ways) = offered(model, of).unwrap_or_default();
    ways.sort_by_key(|way| (way.closed.is_some(), Some(&way.act) != advised));
    let selected = 0;
    dialogs::open(model, Dialog::Menu(Menu { title, of, ways, selected }))
}

/// What a menu is called and offers by now; `None` where it stays as it was opened.
fn offered(model: &Model, of: Offers) -> Option<(SafeText, Vec<Way>)> {
    match of {
        Offers::Out => Some(out(model)),
        Offers::Access(panel) => Some((panel.title().into(), access::offered(model, panel))),
        Offers::Lines => None,
    }
}

fn out(model: &Model) -> (SafeText, Vec<Way>) {
    let way = |label: &str, help: &str, act| Way {
        label: label.into(),
        help: help.into(),
        act,
        closed: None,
    };
    let stay = if model.is_busy() {
        "what runs goes on, and so does this console"
    } else {
        "nothing runs, and nothing is sent: the stack stays as it is"
    };
    let Some(stack) = model.live_stack() else {
        let help = "nothing runs, and there is nothing to get out of";
        return (
            format!("{} is gone", model.settings.stack).into(),
            vec![way("Stay", help, Act::Stay)],
        );
    };
    let mut ways = vec![way("Stay", stay, Act::Stay)];
    if model.is_busy() {
        let help = "leave the console; the operation goes on in AWS, and a console opened again follows it";
        ways.push(way("Detach", help, Act::Detach));
    }
    let refusal = model.guard.refusal(model.now);
    for offer in unstick::offers(situation(model, stack)) {
        let closed = offer.changes.err().or(refusal.map(str::to_owned));
        ways.push(Way {
            closed: closed.map(SafeText::from),
            ..way(offer.way.label(stack), offer.way.help(stack), Act::Way(offer.way))
        });
    }
    (format!("{} is {}", stack.name, stack.status.0).into(), ways)
}

fn situation<'a>(model: &'a Model, stack: &'a Stack) -> Situation<'a> {
    Situation {
        stack,
        resources: model.feeds.resources.get().map(Vec::as_slice).unwrap_or_default(),
        services: model.feeds.services.get().map(Vec::as_slice).unwrap_or_default(),
    }
}

/// The open dialog says what is known by now; the cursor and what was typed stay.
pub(super) fn renew(model: &mut Model) {
    let renewed = match &model.dialog {
        Some(Dialog::Menu(menu)) => renewed_menu(model, menu).map(Dialog::Menu),
        Some(Dialog::Confirm(confirm)) => renewed_confirm(model, confirm).map(Dialog::Confirm),
        _ => None,
    };
    if renewed.is_some() && renewed != model.dialog {
        model.dialog = renewed;
        model.is_dirty = true;
    }
}

/// Rows keep their places, and the cursor its way.
fn renewed_menu(model: &Model, old: &Menu) -> Option<Menu> {
    let (title, mut ways) = offered(model, old.of)?;
    let place = |way: &Way| old.ways.iter().position(|was| was.act == way.act).unwrap_or(usize::MAX);
    ways.sort_by_key(place);
    let here = old.ways.get(old.selected).map(|way| &way.act);
    let selected = ways.iter().position(|way| Some(&way.act) == here).unwrap_or(0);
    Some(Menu {
        title,
        of: old.of,
        ways,
        selected,
    })
}

fn renewed_confirm(model: &Model, old: &Confirm) -> Option<Confirm> {
    if deploying::is_of_plan(old) {
        return deploying::renewed(model, old);
    }
    let new = match (old.way, &old.changes[..], model.live_stack()) {
        // It goes on to name the stack that was asked about.
        (_, changes, Some(stack)) if is_of_another(stack, changes) => old.clone(),
        (Some(way), changes, Some(stack)) => {
            let fresh = unstick::changes(way, situation(model, stack)).ok().filter(|_| !chooses(way));
            question(model, stack, way, fresh.unwrap_or_else(|| changes.to_vec()))
        }
        (None, [Change::DeleteStack { .. }], Some(stack)) => leaving::destroy_dialog(model, stack),
        (Some(_), ..) | (None, [Change::DeleteStack { .. }], None) => old.clone(),
        _ => return None,
    };
    let closed = closed(model, old.way, &old.changes).map(SafeText::from);
    let losses = closed.map_or(new.losses, |why| vec![why]);
    // A deletion may be asked for something else that comes after it.
    let is_other = matches!(new.changes[..], [Change::DeleteStack { .. }]) && !old.title.starts_with(leaving::DESTROY);
    Some(Confirm {
        title: if is_other { old.title.clone() } else { new.title },
        lines: new.lines,
        losses,
        changes: new.changes,
        ..old.clone()
    })
}

/// Such changes are of counts, which CloudFormation sets itself while it is at work.
fn is_count(change: &Change) -> bool {
    matches!(change, Change::Scale { .. } | Change::TagService { .. })
}

/// Id of the stack on which CloudFormation must not be at work when these are sent; a way out changes counts on purpose.
pub(super) fn at_rest(model: &Model, way: Option<unstick::Way>, changes: &[Change]) -> Option<SafeText> {
    let is_due = way.is_none() && changes.iter().any(is_count);
    model.live_stack().filter(|_| is_due).map(|stack| stack.id.clone())
}

/// Why what is asked can not be sent any more, by what is known now: a clause with its next step.
pub(super) fn closed(model: &Model, way: Option<unstick::Way>, changes: &[Change]) -> Option<String> {
    let is_deletion = matches!(changes, [Change::DeleteStack { .. }]);
    match way {
        None if changes.iter().any(is_count) => return acting::busy(model),
        None if matches!(changes, [Change::ExecuteChangeSet { .. }]) => return deploying::closed(model),
        None if !is_deletion => return None,
        _ => {}
    }
    let Some(stack) = model.live_stack() else {
        return Some("there is no stack any more".into());
    };
    if is_of_another(stack, changes) {
        return Some("the stack that was asked about is gone, and another one has its name".into());
    }
    let Some(way) = way else {
        return unstick::no_deletion(&stack.status, &model.keymap.label(Intent::WaysOut));
    };
    let why = unstick::changes(way, situation(model, stack)).err()?;
    Some(format!("the stack is {} by now: {why}", stack.status.0))
}

/// A way out of a stack that was deleted and made anew since it was asked about.
fn is_of_another(stack: &Stack, changes: &[Change]) -> bool {
    changes.iter().any(|change| match change {
        Change::DeleteStack { stack: id }
        | Change::DeleteRetaining { stack: id, .. }
        | Change::CancelUpdate { stack: id }
        | Change::RollbackStack { stack: id }
        | Change::ContinueRollback { stack: id, .. } => *id != stack.id,
        _ => false,
    })
}

/// Says why nothing was sent, and closes.
pub(super) fn refuse(model: &mut Model, why: &str) -> Vec<Effect> {
    say(model, Severity::Warning, format!("nothing was sent: {why}"));
    dialogs::close(model)
}

/// What of a way is left out is chosen first.
fn chooses(way: unstick::Way) -> bool {
    matches!(way, unstick::Way::ContinueRollback | unstick::Way::DeleteRetaining)
}

/// Takes a way out: its question, or first a choice.
pub(super) fn take(model: &mut Model, way: unstick::Way) -> Vec<Effect> {
    if chooses(way) {
        let skip = list(model, way);
        return dialogs::open(model, Dialog::Skip(skip));
    }
    ask(model, way, None)
}

/// What a way may leave out. Of a deletion all that failed is kept unless it is taken out of the list.
fn list(model: &Model, way: unstick::Way) -> Skip {
    let resources = model.feeds.resources.get().map(Vec::as_slice).unwrap_or_default();
    let is_deletion = way == unstick::Way::DeleteRetaining;
    let failed = if is_deletion {
        unstick::undeletable(resources)
    } else {
        unstick::skippable(resources)
    };
    Skip {
        way,
        rows: failed.into_iter().map(|(id, reason)| (id, reason, is_deletion)).collect(),
        selected: 0,
    }
}

/// The question of a way out, with what it leaves out where that was chosen.
pub(super) fn ask(model: &mut Model, way: unstick::Way, chosen: Option<Vec<SafeText>>) -> Vec<Effect> {
    let Some(stack) = model.live_stack().cloned() else {
        return refuse(model, "there is no stack any more");
    };
    let mut changes = match unstick::changes(way, situation(model, &stack)) {
        Ok(changes) => changes,
        Err(why) => return refuse(model, &format!("the stack is {} by now: {why}", stack.status.0)),
    };
    if let ([Change::ContinueRollback { skip: out, .. } | Change::DeleteRetaining { retain: out, .. }], Some(chosen)) =
        (changes.as_mut_slice(), chosen)
    {
        *out = chosen;
    }
    let confirm = question(model, &stack, way, changes);
    dialogs::open(model, Dialog::Confirm(confirm))
}

fn question(model: &Model, stack: &Stack, way: unstick::Way, changes: Vec<Change>) -> Confirm {
    let left_out = match &changes[..] {
        [Change::ContinueRollback { skip: out, .. } | Change::DeleteRetaining { retain: out, .. }] => out.clone(),
        _ => Vec::new(),
    };
    let (name, warnings) = (&stack.name, unstick::warnings(way, &left_out));
    let mut confirm = match way {
        unstick::Way::DeleteCreation => leaving::destroy_dialog(model, stack),
        unstick::Way::DeleteRetaining => Confirm::new(format!("Delete stack {name} again?"), warnings, "Delete", changes),
        unstick::Way::ContinueRollback => Confirm::new(format!("Continue the rollback of {name}?"), warnings, "Continue", changes),
        _ => Confirm::new(format!("{} of {name}?", way.label(stack)), warnings, way.label(stack), changes),
    };
    if way == unstick::Way::DeleteRetaining {
        confirm.must_type(name.clone());
    }
    confirm.way = Some(way);
    confirm
}
