//! A change set on its way: made, waited for, removed.

use std::time::Duration;

use super::Ready;
use crate::{
    cloud::{Change, Done, Query},
    command::{Answer, Context, Failure, pause, write},
    core::{
        awscli,
        fact::{ChangeSet, Fact},
        fault::{Fault, FaultKind},
        text::SafeText,
        when,
    },
};

/// Between two looks at a change set.
const EVERY: Duration = Duration::from_secs(2);

/// Looks at a change set before it is given up: ten minutes at the cloud's own speed.
const LOOKS: u32 = 300;

/// Looks before it is said that a change set takes long: a quarter of a minute.
const LONG: u32 = 8;

/// Looks between two times that this is said where nobody watches: a minute.
const SAID_EVERY: u32 = 30;

/// A change set that exists, and what it is for.
pub(super) struct Made {
    pub(super) stack_id: SafeText,
    pub(super) change_set: SafeText,
    /// The stack did not exist before: without its plan it is empty.
    pub(super) is_new: bool,
}

impl Made {
    /// Name of the change set, which AWS tells by its ARN.
    fn name(&self) -> &str {
        self.change_set.split('/').nth(1).unwrap_or(&self.change_set)
    }
}

/// Has CloudFormation begin to work it out.
pub(super) async fn make(cx: &mut Context, ready: &Ready) -> Answer<Made> {
    let done = write(cx, Change::CreateChangeSet(ready.draft.request.clone())).await?;
    let Done::ChangeSet { id, stack_id } = done else {
        return Err(Fault::new(FaultKind::OddAnswer, "cloudformation:CreateChangeSet", "", "").into());
    };
    Ok(Made {
        stack_id,
        change_set: id,
        is_new: ready.before.is_none(),
    })
}

/// Waits until CloudFormation has worked it out. What changes nothing comes back with no changes.
pub(super) async fn wait(cx: &mut Context, made: &Made) -> Answer<ChangeSet> {
    let since = cx.cloud.now();
    for look in 0..LOOKS {
        if let Some(set) = worked_out(cx, made).await? {
            cx.out.end_standing();
            return Ok(set);
        }
        if look >= LONG {
            let took = when::span(cx.cloud.now() - since);
            let text = format!(
                "CloudFormation has been working the plan out for {took}: change set {}.",
                made.name()
            );
            if cx.out.is_watched() {
                cx.out.stand(text);
            } else if (look - LONG).is_multiple_of(SAID_EVERY) {
                cx.out.note(text);
            }
        }
        pause(cx, EVERY).await;
    }
    let took = when::span(cx.cloud.now() - since);
    let text = format!(
        "CloudFormation has not worked the plan out in {took}: change set {}. Run this again.",
        made.name()
    );
    Err(Failure::Told(4, text))
}

/// The change set, unless CloudFormation still works it out.
async fn worked_out(cx: &Context, made: &Made) -> Answer<Option<ChangeSet>> {
    let operation = "cloudformation:DescribeChangeSet";
    let query = Query::ChangeSet {
        stack: made.stack_id.clone(),
        change_set: made.change_set.clone(),
    };
    let Fact::ChangeSet(set) = cx.cloud.ask(query).await? else {
        return Err(Fault::new(FaultKind::OddAnswer, operation, "", "").into());
    };
    if set.is_ready() || set.is_no_change() {
        return Ok(Some(set));
    }
    if set.is_pending() {
        return Ok(None);
    }
    Err(Fault::new(FaultKind::Refused, operation, &made.change_set, &set.reason).into())
}

/// Removes the plan, and the empty stack that a first plan makes, unless somebody else's plan is in it, or may be. Where
/// that fails, what stays is said, and what removes it.
pub(super) async fn discard(cx: &mut Context, made: &Made) -> Answer<()> {
    let (stack, change_set) = (made.stack_id.clone(), made.change_set.clone());
    let change = Change::DeleteChangeSet {
        stack: stack.clone(),
        change_set: change_set.clone(),
    };
    match write(cx, change).await {
        Err(Failure::Fault(fault)) if fault.kind == FaultKind::NotFound => {}
        Err(failure) => {
            let told = format!(
                "The plan stays as change set {}: `aws cloudformation delete-change-set --change-set-name {}` removes it, and so does the next plan or deploy from here.",
                made.name(),
                awscli::quote(&made.change_set)
            );
            cx.out.note(cx.placed(&told));
            return Err(failure);
        }
        Ok(_) => {}
    }
    if !made.is_new {
        return Ok(());
    }
    match write(cx, Change::DropEmptyStack { stack, change_set }).await {
        Err(Failure::Fault(fault)) if matches!(fault.kind, FaultKind::Guarded | FaultKind::Denied) => {
            cx.out.note(format!("{}.", fault.sentence()));
            Ok(())
        }
        other => other.map(drop),
    }
}
