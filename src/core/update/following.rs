//! An operation that was begun elsewhere, or before this console: what it works on is asked of its plan, once.

use super::ticket;
use crate::{
    cloud::Query,
    core::{
        effect::Effect,
        fact::{Fact, NOT_ITS_PLAN, Stack},
        fault::{Fault, FaultKind},
        model::{Followed, Model, Operation},
        msg::Asked,
    },
};

/// The next answer would be the same.
fn is_final(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Denied | FaultKind::NotFound | FaultKind::Refused)
}

/// Asks for the plan of what runs, where it is not known yet. `before` is the stack as it was told before.
pub(super) fn ask(model: &mut Model, before: Option<&Stack>) -> Option<Effect> {
    let runs = |status: &str| matches!(status, "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS");
    let stack = model.stack().filter(|s| runs(&s.status.0) && model.span.is_none())?;
    // The stack goes on naming the last plan that ran: what begins elsewhere may run without one.
    let is_new = before.is_some_and(|b| !b.status.is_in_progress() || b.updated != stack.updated);
    if is_new && !model.has_acted {
        (model.operation, model.followed) = (None, None);
    }
    let stack = model.stack()?;
    let (id, change_set) = (stack.id.clone(), stack.change_set.clone()?);
    let is_known = model.operation.as_ref().is_some_and(|o| o.change_set == change_set);
    if is_known || model.followed.as_ref().is_some_and(|it| it.change_set == change_set) {
        return None;
    }
    let ticket = ticket(model, Asked::Followed);
    model.followed = Some(Followed {
        change_set: change_set.clone(),
        seq: ticket.seq,
        why: None,
    });
    Some(Effect::Ask(ticket, Query::ChangeSet { stack: id, change_set }))
}

/// Takes the plan. Where it can not be read for the moment, it is asked for again with the next look at the stack.
pub(super) fn on_answer(model: &mut Model, seq: u64, answer: Result<Fact, Fault>) {
    let Some(followed) = model.followed.take_if(|it| it.seq == seq) else {
        return;
    };
    let resources = match answer {
        Ok(Fact::ChangeSet(set)) => set.executing().ok_or_else(|| NOT_ITS_PLAN.to_owned()),
        Ok(_) => Err(NOT_ITS_PLAN.to_owned()),
        Err(fault) if !is_final(&fault) => return,
        Err(fault) => Err(fault.sentence()),
    };
    match (resources, model.stack()) {
        (Ok(resources), Some(stack)) => {
            model.operation = Some(Operation {
                stack: stack.id.clone(),
                verb: if stack.status.0.starts_with("CREATE") { "create" } else { "update" },
                change_set: followed.change_set,
                resources,
            });
        }
        (Err(why), _) => {
            let why = Some(why.into());
            model.followed = Some(Followed { why, ..followed });
        }
        (Ok(_), None) => {}
    }
}
