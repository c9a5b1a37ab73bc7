//! What happened to stack and tasks, as marks for the time axis of the logs.

use super::{cause, fact::Millis, model::Model};

/// What a mark stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A task was started.
    Started,
    /// A task stopped on purpose.
    Stopped,
    /// The stack went into another status.
    Stack,
    /// A task stopped against anybody's will.
    Fell,
    /// A resource of the stack failed.
    Failed,
}

/// A mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Millis,
    /// What.
    pub what: What,
}

/// Marks between two times; the worse ones last, so that they are drawn over the others.
pub fn marks(model: &Model, from: Millis, until: Millis) -> Vec<Mark> {
    let events = model.feeds.events.get().map(Vec::as_slice).unwrap_or_default();
    let of_stack = events.iter().filter_map(|event| {
        let what = if event.status.is_failure() {
            What::Failed
        } else if event.is_stack() {
            What::Stack
        } else {
            return None;
        };
        Some(Mark { at: event.at, what })
    });
    let tasks = model.feeds.tasks.get().map(Vec::as_slice).unwrap_or_default();
    let of_tasks = tasks.iter().flat_map(|task| {
        let start = task.started.map(|at| Mark { at, what: What::Started });
        let what = if cause::is_on_purpose(task) { What::Stopped } else { What::Fell };
        start.into_iter().chain(task.stopped.map(|at| Mark { at, what }))
    });
    let mut all: Vec<Mark> = of_stack.chain(of_tasks).filter(|mark| (from..=until).contains(&mark.at)).collect();
    all.sort_by_key(|mark| mark.what);
    all
}
