//! What went on after the last watcher of an operation had left: read from CloudFormation's events, which it keeps for
//! ninety days, once the operation has ended and somebody sees the stack again.

use std::{collections::HashSet, io, path::Path};

use super::{
    Head, Line, Recording, Told,
    folder::{begin, brief, files_of, name, put},
};
use crate::core::{
    fact::{Millis, Stack, StackEvent},
    progress::begins,
    text::SafeText,
};

/// For so long after its end an operation is left to whoever may still watch it, in milliseconds.
pub(super) const SETTLED: Millis = 60_000;

/// A stack, and the events that were told of it.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) stack: Stack,
    pub(super) region: SafeText,
    /// Newest first.
    pub(super) events: Vec<StackEvent>,
    /// They reach back as far as AWS's do.
    pub(super) is_complete: bool,
    pub(super) now: Millis,
}

/// What there is to do for a recording.
enum Rest {
    /// Nothing: its operation has just ended, or goes on.
    Nothing,
    /// Its events are not among those that were told.
    Untold,
    /// These lines are missing.
    Lines(Vec<Line>),
}

/// Completes the recordings of a stack whose end nobody saw. Whether there is one whose events were not told, though AWS
/// may have them.
pub(super) fn catch_up(folder: &Path, seen: &Seen) -> io::Result<bool> {
    let mut is_lacking = false;
    for path in files_of(folder, &seen.stack.name) {
        let Ok(recording) = brief(&path) else { continue };
        let head = &recording.head;
        let is_its = head.stack == seen.stack.name && head.region == seen.region && path.ends_with(name(head));
        if !is_its || recording.progress().is_some_and(|p| p.ended.is_some()) {
            continue;
        }
        match rest(&recording, seen) {
            Rest::Nothing => {}
            Rest::Untold => is_lacking |= !seen.is_complete,
            Rest::Lines(lines) => {
                let mut file = begin(
                    folder,
                    &Head {
                        caught_up: Some(seen.now),
                        ..head.clone()
                    },
                )?;
                lines.iter().try_for_each(|line| put(&mut file, line))?;
            }
        }
    }
    Ok(is_lacking)
}

fn rest(recording: &Recording, seen: &Seen) -> Rest {
    let opens = |e: &StackEvent| e.is_stack() && begins(&e.status);
    let Some(first) = seen.events.iter().position(|e| opens(e) && e.at == recording.head.begun) else {
        return Rest::Untold;
    };
    let next = seen.events[..first].iter().rposition(opens);
    let own = &seen.events[next.map_or(0, |next| next + 1)..=first];
    let ended = |e: &&StackEvent| !e.status.is_in_progress() && e.at + SETTLED <= seen.now;
    let (Some(end), Some(last)) = (own.iter().find(|e| e.is_stack()).filter(ended), recording.last_stack()) else {
        return Rest::Nothing;
    };
    let stack = if next.is_none() && seen.stack.status.0 == end.status.0 {
        seen.stack.clone()
    } else {
        // It has gone on since; of its end the event tells.
        let (mut stack, status) = (last.clone(), end.status.0.clone());
        (stack.status.0, stack.reason) = (status, end.reason.clone());
        stack
    };
    let told = recording.events(Millis::MAX);
    let told: HashSet<&str> = told.iter().map(|e| e.id.as_str()).collect();
    let missing = own.iter().rev().filter(|e| !told.contains(e.id.as_str()));
    // The clock of whoever watched may have been ahead of AWS's.
    let after = |at: Millis| at.max(recording.span().1);
    let events = missing.map(|event| (event.at, Told::Events(vec![event.clone()])));
    let lines = events.chain([(end.at, Told::Stack(Some(stack)))]);
    Rest::Lines(lines.map(|(at, fact)| Line { at: after(at), fact }).collect())
}
