//! One CloudFormation operation read from its events: what is done, what runs, since when.

use std::collections::BTreeMap;

use super::{
    fact::{Millis, ResourceStatus, Stack, StackEvent},
    text::SafeText,
};

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
    /// First event of the operation.
    pub started: Millis,
    /// When it was done or failed.
    pub ended: Option<Millis>,
}

/// The newest operation of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// Resources in the order in which they began.
    pub rows: Vec<Row>,
    /// When it began.
    pub started: Millis,
    /// When the stack reached a final status.
    pub ended: Option<Millis>,
}

impl Progress {
    /// Reads the newest operation from events, newest first.
    pub fn read(stack: &Stack, events: &[StackEvent]) -> Self {
        let mut newest: Vec<&StackEvent> = Vec::new();
        for event in events {
            newest.push(event);
            if event.is_stack() && begins(&event.status) {
                break;
            }
        }
        newest.reverse();
        let mut progress = Self {
            started: newest.first().map_or(0, |e| e.at),
            ..Self::default()
        };
        let mut index: BTreeMap<&str, usize> = BTreeMap::new();
        for event in newest {
            if event.is_stack() {
                progress.ended = (!stack.status.is_in_progress() && !event.status.is_in_progress()).then_some(event.at);
                continue;
            }
            let at = *index.entry(event.logical_id.as_str()).or_insert_with(|| {
                progress.rows.push(Row {
                    logical_id: event.logical_id.clone(),
                    kind: event.resource_type.clone(),
                    status: event.status.clone(),
                    reason: SafeText::default(),
                    started: event.at,
                    ended: None,
                });
                progress.rows.len() - 1
            });
            progress.rows[at].take(event);
        }
        progress
    }

    /// Resources that reached the end.
    pub fn done(&self) -> usize {
        self.rows.iter().filter(|r| r.status.is_complete()).count()
    }

    /// Resources that failed.
    pub fn failed(&self) -> usize {
        self.rows.iter().filter(|r| r.status.is_failure()).count()
    }

    /// Resources being worked on.
    pub fn running(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|r| r.status.is_in_progress())
    }
}

impl Row {
    fn take(&mut self, event: &StackEvent) {
        self.status = event.status.clone();
        self.ended = (!event.status.is_in_progress()).then_some(event.at);
        if !event.reason.is_empty() && event.reason != "Resource creation Initiated" {
            self.reason = event.reason.clone();
        }
    }
}

/// The stack's own event that opens an operation the operator asked for.
fn begins(status: &ResourceStatus) -> bool {
    matches!(
        status.0.as_str(),
        "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "DELETE_IN_PROGRESS" | "IMPORT_IN_PROGRESS"
    )
}
