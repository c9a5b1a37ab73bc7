//! One CloudFormation operation read from its events: what is done, what runs, since when.

use std::collections::BTreeMap;

use super::{
    fact::{Millis, ResourceStatus, Stack, StackEvent},
    text::SafeText,
};

/// CloudFormation dates a stack and the event that tells of it within so many milliseconds.
const TOGETHER: Millis = 2_000;

/// One resource in the operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Logical id.
    pub logical_id: SafeText,
    /// Type.
    pub kind: SafeText,
    /// Newest status.
    pub status: ResourceStatus,
    /// Newest reason that says something.
    pub reason: SafeText,
    /// It is of an event before the newest one.
    pub is_reason_old: bool,
    /// When the present work on it began: its creation, update or deletion.
    pub started: Millis,
    /// When it was done or failed.
    pub ended: Option<Millis>,
    /// It failed in this operation, though its roll-back may have gone well since.
    pub has_failed: bool,
    /// A rollback that went on left it as it was.
    pub is_left_out: bool,
    /// It exists, or has been changed, so that a rollback has something to undo.
    pub is_undoable: bool,
    /// Physical id of what CloudFormation let go of and did not delete: the resource, or the one that it replaced.
    pub kept: Option<SafeText>,
}

/// How far a rollback is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undo {
    /// Resources that are still to be undone.
    pub left: usize,
    /// Resources that were to be undone in all.
    pub of: usize,
}

/// The newest operation of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// Running resources first, oldest first; then those that failed; then the others, newest end first.
    pub rows: Vec<Row>,
    /// When it began.
    pub started: Millis,
    /// When the stack reached a final status.
    pub ended: Option<Millis>,
    /// How long the stack rested in between, as a rollback that failed does until somebody has it go on.
    pub idle: Millis,
    /// When the rollback began.
    pub undo_since: Option<Millis>,
    /// How far it is.
    pub undo: Option<Undo>,
    /// Its events are known.
    pub is_told: bool,
    /// Nothing had failed: somebody gave the update up. Token of whoever did, where CloudFormation tells it.
    pub cancelled: Option<Option<SafeText>>,
}

impl Progress {
    /// Of an operation whose events are not known: when it began, as far as the stack itself tells it.
    pub fn of_stack(stack: &Stack) -> Self {
        let began = match verb(&ResourceStatus(stack.status.0.clone())) {
            "DELETE" => stack.deleted,
            "UPDATE" => stack.updated,
            _ => Some(stack.created),
        };
        Self {
            started: began.unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Reads the newest operation from events, newest first.
    pub fn read(stack: &Stack, events: &[StackEvent]) -> Self {
        let newest = newest_operation(events);
        let of_stack = Self::of_stack(stack);
        // Those that are known may be of an operation before this one.
        let is_told = |e: &StackEvent| !stack.status.is_in_progress() || e.at + TOGETHER >= of_stack.started;
        let Some(first) = newest.last().filter(|_| events.first().is_some_and(is_told)) else {
            return of_stack;
        };
        let mut progress = Self {
            started: first.at,
            is_told: true,
            ..Self::default()
        };
        let mut index: BTreeMap<&str, usize> = BTreeMap::new();
        let mut rests_since = None;
        let mut may_leave_out = false;
        for event in newest.iter().rev() {
            if event.is_stack() {
                may_leave_out |= event.status.0 == "UPDATE_ROLLBACK_FAILED";
                if !event.status.is_in_progress() {
                    rests_since = Some(event.at);
                } else if let Some(since) = rests_since.take() {
                    progress.idle += event.at - since;
                }
                progress.ended = (!stack.status.is_in_progress() && !event.status.is_in_progress()).then_some(event.at);
                if event.status.0.ends_with("ROLLBACK_IN_PROGRESS") && progress.undo_since.is_none() {
                    progress.undo_since = Some(event.at);
                    let is_asked_for = event.reason == "User Initiated" && !progress.rows.iter().any(Row::fails);
                    progress.cancelled = is_asked_for.then(|| event.token.clone());
                }
                continue;
            }
            let at = *index.entry(event.logical_id.as_str()).or_insert_with(|| {
                progress.rows.push(Row {
                    logical_id: event.logical_id.clone(),
                    kind: event.resource_type.clone(),
                    status: event.status.clone(),
                    reason: SafeText::default(),
                    is_reason_old: false,
                    started: event.at,
                    ended: None,
                    has_failed: false,
                    is_left_out: false,
                    is_undoable: false,
                    kept: None,
                });
                progress.rows.len() - 1
            });
            progress.rows[at].take(event, may_leave_out);
        }
        if !stack.status.0.starts_with("UPDATE_ROLLBACK_") || stack.status.0.ends_with("_FAILED") {
            progress.cancelled = None;
        }
        progress.rows.sort_by_key(Row::rank);
        progress.undo = progress.undo_since.map(|since| undo(&progress.rows, since));
        progress
    }

    /// How long it has been worked on, in milliseconds, the stack's rest in between left out.
    pub fn elapsed(&self, now: Millis) -> Millis {
        (self.ended.unwrap_or(now) - self.started - self.idle).max(0)
    }

    /// Resources that reached the end.
    pub fn done(&self) -> usize {
        self.rows.iter().filter(|r| r.status.is_complete() || r.status.is_skipped()).count()
    }

    /// What it let go of and did not delete: rows with the physical ids of what stays.
    pub fn kept(&self) -> impl Iterator<Item = (&Row, &SafeText)> {
        self.rows.iter().filter_map(|r| Some((r, r.kept.as_ref()?)))
    }

    /// Resources that failed.
    pub fn failed(&self) -> usize {
        self.rows.iter().filter(|r| r.has_failed).count()
    }

    /// Resources that a rollback which went on left as they were.
    pub fn left_out(&self) -> impl Iterator<Item = &SafeText> {
        self.rows.iter().filter(|r| r.is_left_out).map(|r| &r.logical_id)
    }

    /// Resources being worked on.
    pub fn running(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|r| r.status.is_in_progress())
    }
}

/// Events of the newest operation, newest first, down to the stack's own event that opens it.
pub fn newest_operation(events: &[StackEvent]) -> &[StackEvent] {
    let opens = events.iter().position(|e| e.is_stack() && begins(&e.status));
    &events[..opens.map_or(events.len(), |i| i + 1)]
}

impl Row {
    /// How long the present work on it has taken, in milliseconds.
    pub fn elapsed(&self, now: Millis) -> Millis {
        (self.ended.unwrap_or(now) - self.started).max(0)
    }

    /// CloudFormation gave it up because something else had failed.
    pub fn is_cancelled(&self) -> bool {
        self.has_failed && self.reason.to_lowercase().contains("cancelled")
    }

    /// The reason that says why it stands as it does: an older one only where it failed by itself.
    pub fn shown_reason(&self) -> &str {
        if self.is_reason_old && !self.fails() { "" } else { &self.reason }
    }

    /// What becomes of what was let go of and not deleted: `former FileSystem fs-0123 stays outside the stack …`.
    pub fn outside(&self, id: &str) -> String {
        format!("former {} {id} stays outside the stack and costs on", self.logical_id)
    }

    /// It failed by itself.
    fn fails(&self) -> bool {
        self.has_failed && !self.is_cancelled()
    }

    fn rank(&self) -> (u8, Millis) {
        match self.ended {
            None => (0, self.started),
            Some(at) if self.is_cancelled() => (2, at),
            Some(at) if self.has_failed => (1, at),
            Some(at) => (3, -at),
        }
    }

    /// Takes its next event. Only a rollback that went on after it had failed leaves out: one that does not fail may also
    /// call complete what failed before it changed.
    fn take(&mut self, event: &StackEvent, may_leave_out: bool) {
        // Told to be complete without another try: it is as it was when it failed.
        self.is_left_out = may_leave_out && self.status.is_failure() && event.status.0 == "UPDATE_COMPLETE";
        let ended = self.ended.filter(|_| self.is_left_out);
        // A rollback of an update updates again what was updated: another piece of work.
        let is_again = event.status.is_in_progress() && self.ended.is_some();
        if verb(&event.status) != verb(&self.status) || is_again {
            self.started = event.at;
        }
        self.has_failed |= event.status.is_failure();
        if event.status.is_skipped() {
            self.kept = Some(event.physical_id.clone());
        }
        // A creation that failed before it had an id leaves nothing to delete.
        self.is_undoable |= !event.physical_id.is_empty();
        self.status = event.status.clone();
        self.ended = ended.or((!event.status.is_in_progress()).then_some(event.at));
        if event.reason.is_empty() {
            self.is_reason_old = true;
        } else if event.reason != "Resource creation Initiated" {
            self.reason = event.reason.clone();
            self.is_reason_old = false;
        }
    }
}

fn undo(rows: &[Row], since: Millis) -> Undo {
    let touched = || rows.iter().filter(|r| r.is_undoable);
    let is_undone = |r: &&Row| r.started >= since && r.ended.is_some() && !r.status.is_failure();
    let of = touched().count();
    Undo {
        left: of - touched().filter(is_undone).count(),
        of,
    }
}

/// `CREATE` of `CREATE_IN_PROGRESS`.
fn verb(status: &ResourceStatus) -> &str {
    status.0.split('_').next().unwrap_or_default()
}

/// The stack's own event that opens an operation the operator asked for.
pub fn begins(status: &ResourceStatus) -> bool {
    matches!(
        status.0.as_str(),
        "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "DELETE_IN_PROGRESS" | "IMPORT_IN_PROGRESS"
    )
}
