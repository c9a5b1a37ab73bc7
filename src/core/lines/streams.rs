//! The log streams among the lines held.

use std::collections::HashMap;

use super::{Lines, SafeText};
use crate::core::fact::Millis;

/// Most streams that are told apart; lines of more are not counted.
const MOST: usize = 2_000;

/// How many lines of a log stream are held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamCount {
    /// Its name.
    pub stream: SafeText,
    /// Lines held.
    pub lines: usize,
    /// Time of the newest of them.
    pub newest: Millis,
}

/// Which log streams are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamName {
    /// The one of this name.
    Is(SafeText),
    /// Those whose name begins so, or its last part, which is the task's id. `litellm/0af3` is what begins with
    /// `litellm/` and has a task of `0af3`, as lines are printed.
    Like(SafeText),
}

impl StreamName {
    /// Whether a stream is meant.
    pub fn takes(&self, stream: &str) -> bool {
        match self {
            Self::Is(name) => **name == *stream,
            Self::Like(begin) => {
                let task = stream.rsplit('/').next().unwrap_or_default();
                let is_short = |(first, id): (&str, &str)| task.starts_with(id) && stream.starts_with(&format!("{first}/"));
                stream.starts_with(begin.as_str()) || task.starts_with(begin.as_str()) || begin.split_once('/').is_some_and(is_short)
            }
        }
    }

    /// What the names of all that are meant begin with.
    pub fn prefix(&self) -> &str {
        let text = self.text().as_str();
        match self {
            Self::Is(_) => text,
            Self::Like(_) => text.find('/').map_or("", |slash| &text[..=slash]),
        }
    }

    /// The name, or its beginning.
    pub fn text(&self) -> &SafeText {
        match self {
            Self::Is(text) | Self::Like(text) => text,
        }
    }
}

impl Lines {
    /// The log streams that lines held are of, in no order.
    pub fn streams(&self) -> Vec<StreamCount> {
        let mut all: HashMap<&SafeText, StreamCount> = HashMap::new();
        for (stream, lines, newest) in self.segments.iter().rev().flat_map(|segment| segment.by_stream()) {
            if all.len() >= MOST {
                break;
            }
            let known = all.entry(stream).or_insert_with(|| StreamCount {
                stream: stream.clone(),
                lines: 0,
                newest,
            });
            known.lines += lines as usize;
            known.newest = known.newest.max(newest);
        }
        all.into_values().collect()
    }
}
