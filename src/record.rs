//! Recordings of operations: kept while somebody watches, and played again in the same screens.
//!
//! A recording is the facts that the cloud told, as they came, each with the cloud's time. Facts and not messages
//! or screens: messages carry tickets and keys of one session, and a screen is of one size, while facts are all that
//! the core joins into progress, cause and cost. So the recorder stands behind the port, before whichever cloud
//! there is, and serves the console and the subcommands alike; and the replay is one more cloud, of which nobody
//! else need know.
//!
//! A file is JSON Lines: a [`Head`], then a [`Line`] for each fact that differs from the one before. Two consoles may
//! append to the same file, and one that was ended in the middle may be followed by another, with a head of its own.

mod folder;
mod later;
mod recorder;
mod replay;
mod scrub;

use std::{collections::HashSet, fmt};

use serde::{Deserialize, Serialize};

pub use self::{
    folder::{Listed, Recordings},
    recorder::Recorder,
    replay::Replay,
};
use crate::core::{
    eta::{self, Timing},
    fact::{Millis, Service, Stack, StackEvent, StackResource, TargetGroup, Task},
    progress::Progress,
    text::SafeText,
};

/// The version of the format that is written, and the only one that is read.
const VERSION: u64 = 1;

/// The last millisecond that is a time, and the largest number that a recording may hold: no sum of two overflows.
const LATEST: Millis = 253_402_207_199_999;

/// The first line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Version of the format.
    recording: u64,
    /// Name of the stack.
    pub stack: SafeText,
    /// Region.
    pub region: SafeText,
    /// `create`, `update`, `delete` or `import`.
    pub operation: SafeText,
    /// When the operation began, by CloudFormation's own event.
    pub begun: Millis,
    /// When what stands behind this line was read from CloudFormation's events, since nobody had watched to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caught_up: Option<Millis>,
}

/// What was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// The stack; `None` when there was none.
    Stack(Option<Stack>),
    /// Events that were new, newest first.
    Events(Vec<StackEvent>),
    /// All resources.
    Resources(Vec<StackResource>),
    /// The services, with their newest events.
    Services(Vec<Service>),
    /// The tasks.
    Tasks(Vec<Task>),
    /// The target groups.
    Targets(Vec<TargetGroup>),
    /// The last lines of a task that stopped: name of its stream, and lines as the cause card shows them.
    LastLines(SafeText, Vec<SafeText>),
}

/// One fact with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When it was told, by the cloud's clock.
    pub at: Millis,
    /// What.
    pub fact: Told,
}

/// Why a file is no recording: one sentence without its stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A whole recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// What it is of.
    pub head: Head,
    /// Facts in the order of time; there is at least one.
    pub lines: Vec<Line>,
}

impl Recording {
    /// Reads a file. The last line may be torn, and so may one before another console's head: whoever wrote it was
    /// ended in the middle.
    ///
    /// # Errors
    /// What is wrong, with the number of the line.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let mut head: Option<Head> = None;
        let mut lines: Vec<Line> = Vec::new();
        let mut rows = text.lines().enumerate().filter(|(_, row)| !row.trim().is_empty()).peekable();
        while let Some((n, row)) = rows.next() {
            let is_last = rows.peek().is_none() && !text.ends_with('\n');
            let is_torn = is_last || rows.peek().is_some_and(|(_, next)| is_head(next));
            let read = if head.is_none() || is_head(row) {
                read_head(row).map(|it| {
                    let later = it.caught_up;
                    let first = head.get_or_insert(it);
                    first.caught_up = first.caught_up.or(later);
                })
            } else {
                read_line(row).map(|line| lines.push(line))
            };
            match read {
                Err(_) if is_torn && head.is_some() => {}
                Err(why) => return Err(Unreadable(format!("line {}: {why}", n + 1))),
                Ok(()) => {}
            }
        }
        let head = head.ok_or_else(|| Unreadable("it is empty".into()))?;
        if lines.is_empty() {
            return Err(Unreadable("it was cut off before anything was told".into()));
        }
        lines.sort_by_key(|line| line.at);
        Ok(Self { head, lines })
    }

    /// Time of the first fact, and of the last.
    pub fn span(&self) -> (Millis, Millis) {
        (self.lines[0].at, self.lines[self.lines.len() - 1].at)
    }

    /// Each event that was told until `at`, once, newest first.
    pub fn events(&self, at: Millis) -> Vec<StackEvent> {
        let mut seen = HashSet::new();
        let told = self.lines.iter().take_while(|l| l.at <= at).filter_map(|l| match &l.fact {
            Told::Events(events) => Some(events),
            _ => None,
        });
        let oldest_first = told.flat_map(|events| events.iter().rev());
        let mut events: Vec<StackEvent> = oldest_first.filter(|e| seen.insert(e.id.as_str())).cloned().collect();
        // Two consoles may have told them in turns. A sort that is stable keeps AWS's order within a millisecond.
        events.sort_by_key(|e| e.at);
        events.reverse();
        events
    }

    /// The stack as it was told last; one that is deleted is soon known no more.
    pub fn last_stack(&self) -> Option<&Stack> {
        self.lines.iter().rev().find_map(|l| match &l.fact {
            Told::Stack(stack) => stack.as_ref(),
            _ => None,
        })
    }

    /// How far the operation was at its end, or at the recording's.
    pub fn progress(&self) -> Option<Progress> {
        Some(Progress::read(self.last_stack()?, &self.events(Millis::MAX)))
    }

    /// How long resources took, when all went well; nothing otherwise.
    pub fn timings(&self) -> Vec<Timing> {
        let is_well = self.last_stack().is_some_and(|s| s.status.is_success());
        let whole = self.progress().filter(|p| is_well && p.ended.is_some() && p.undo.is_none());
        whole.map_or_else(Vec::new, |p| eta::timings(&p))
    }
}

fn is_head(row: &str) -> bool {
    row.starts_with("{\"recording\":")
}

fn read_head(row: &str) -> Result<Head, String> {
    let value: serde_json::Value = serde_json::from_str(row).unwrap_or_default();
    match value["recording"].as_u64() {
        Some(VERSION) => refuse_large(&value).and_then(|()| serde_json::from_value(value).map_err(|e| e.to_string())),
        Some(other) => Err(format!(
            "it is a recording of version {other}, and this bic-tui knows version {VERSION}"
        )),
        None => Err("a recording of bic-tui begins with another line than this".into()),
    }
}

fn read_line(row: &str) -> Result<Line, String> {
    let value: serde_json::Value = serde_json::from_str(row).map_err(|e| e.to_string())?;
    refuse_large(&value)?;
    serde_json::from_value(value).map_err(|e| e.to_string())
}

/// Refuses numbers that are no time, wherever they stand: nothing else in a recording is as large.
fn refuse_large(value: &serde_json::Value) -> Result<(), String> {
    use serde_json::Value;
    match value {
        Value::Number(n) if n.as_i64().is_some_and(|n| n.unsigned_abs() > LATEST.unsigned_abs()) => {
            Err(format!("{n} is no time, in milliseconds since 1970"))
        }
        Value::Array(items) => items.iter().try_for_each(refuse_large),
        Value::Object(fields) => fields.values().try_for_each(refuse_large),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
