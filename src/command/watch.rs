//! Following one operation of a stack to its end: events as lines, the verdict by the stack's status.

use std::time::Duration;

use super::{Answer, Context, Failure, events, pause, reads};
use crate::core::{
    fact::{Stack, StackEvent},
    fault::{Fault, FaultKind},
    health::stop_words,
    names::Names,
    text::SafeText,
};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(4);

/// Longest wait after faults.
const MOST: Duration = Duration::from_mins(1);

/// What is being followed.
pub(super) struct Watch {
    /// The stack's id: it stays valid after a deletion.
    pub(super) stack_id: SafeText,
    /// Newest event before the operation.
    known: Option<SafeText>,
    /// An event of the stack itself has shown that the operation began.
    has_begun: bool,
    failures: Vec<StackEvent>,
}

impl Watch {
    /// Remembers where the events stand before the operation.
    pub(super) async fn before(cx: &Context, stack_id: SafeText) -> Answer<Self> {
        let before = reads::events(&*cx.cloud, &stack_id, None).await?.events;
        Ok(Self {
            stack_id,
            known: before.first().map(|e| e.id.clone()),
            has_begun: false,
            failures: Vec::new(),
        })
    }

    /// Prints events until the stack rests. A fault that passes does not end it.
    pub(super) async fn follow(&mut self, cx: &mut Context) -> Answer<Stack> {
        let mut wait = EVERY;
        loop {
            match self.look(cx).await {
                Ok(Some(stack)) => return Ok(stack),
                Ok(None) => wait = EVERY,
                Err(Failure::Fault(fault)) if passes(&fault) => {
                    cx.out.note(format!("{}; asking again.", fault.sentence()));
                    wait = (wait * 2).min(MOST);
                }
                Err(failure) => return Err(failure),
            }
            pause(cx, wait).await;
        }
    }

    /// One look: new events are printed; the stack when it rests. The status is read before the events, so
    /// that no event of the operation is missing once the status is final.
    async fn look(&mut self, cx: &mut Context) -> Answer<Option<Stack>> {
        let stack = reads::stack(&*cx.cloud, &self.stack_id).await?;
        let new = reads::events(&*cx.cloud, &self.stack_id, self.known.clone()).await?.events;
        if let Some(newest) = new.first() {
            self.known = Some(newest.id.clone());
        }
        for event in new.iter().rev() {
            self.has_begun |= event.is_stack() && event.status.is_in_progress() && event.status.0 != "REVIEW_IN_PROGRESS";
            if event.status.is_failure() {
                self.failures.push(event.clone());
            }
            show(cx, event)?;
        }
        cx.out.flush()?;
        let stack = stack.ok_or_else(|| reads::no_such_stack(cx))?;
        let rests = self.has_begun && !stack.status.is_in_progress() && !stack.status.is_in_review();
        Ok(rests.then_some(stack))
    }

    /// The first failure that is not the echo of another, and what the last stopped task says.
    pub(super) async fn cause(&self, cx: &Context, stack: &Stack) -> Vec<String> {
        let mut out = Vec::new();
        let echo = |e: &&StackEvent| !e.reason.to_lowercase().contains("cancelled") && !e.is_stack();
        if let Some(first) = self.failures.iter().find(echo).or(self.failures.first()) {
            out.push(format!("Cause: {} ({}): {}", first.logical_id, first.resource_type, first.reason));
        }
        let tasks = reads::tasks(&*cx.cloud, &Names::of(stack)).await.unwrap_or_default();
        if let Some(task) = tasks
            .iter()
            .filter(|t| t.is_stopped() && t.stop_code != "UserInitiated")
            .max_by_key(|t| t.stopped)
        {
            out.push(format!("Last stopped task of {}: {}", task.service, stop_words(task)));
        }
        out
    }
}

/// An event: a line of text, or of JSON.
fn show(cx: &mut Context, event: &StackEvent) -> Answer<()> {
    if cx.out.is_json() {
        cx.out.json_line(event)
    } else {
        let line = events::line(event, &cx.settings);
        cx.out.line(line)
    }
}

/// The next look may be answered.
pub(super) fn passes(fault: &Fault) -> bool {
    match fault.kind {
        FaultKind::Throttled | FaultKind::Unreachable | FaultKind::TimedOut | FaultKind::AwsFailed | FaultKind::OddAnswer => true,
        FaultKind::NoCredentials
        | FaultKind::Expired
        | FaultKind::WrongCredentials
        | FaultKind::Denied
        | FaultKind::NotFound
        | FaultKind::Refused
        | FaultKind::NoChange
        | FaultKind::Guarded
        | FaultKind::Internal => false,
    }
}
