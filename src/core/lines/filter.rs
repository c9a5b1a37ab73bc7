//! Which lines match: by source, level and pattern. A pattern is a regular expression; one that is
//! none is searched as text. What matches is what the screen shows.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::{Line, Segment};
use crate::core::{
    logline::{self, Level},
    names::{App, app_of_stream},
    text::SafeText,
};

/// Most memory of one compiled pattern.
const MAX_REGEX: usize = 4 << 20;

/// A pattern as typed.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
    is_literal: bool,
    is_literal_fallback: bool,
    is_inverse: bool,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.is_inverse == other.is_inverse
    }
}

impl Pattern {
    /// A pattern to search for; `None` when empty. Without a capital letter it ignores case.
    pub fn search(text: &str) -> Option<Self> {
        Self::build(text, false)
    }

    /// A pattern to filter by: one that begins with `!` keeps what does not match.
    pub fn filter(text: &str) -> Option<Self> {
        match text.strip_prefix('!') {
            Some(rest) => Self::build(rest, true),
            None => Self::build(text, false),
        }
    }

    /// A pattern that is taken as text, whatever is in it.
    pub fn literal(text: &str) -> Option<Self> {
        let regex = compile(&regex::escape(text), !has_capital(text))?;
        (!text.is_empty()).then(|| Self {
            text: text.to_owned(),
            regex,
            is_literal: true,
            is_literal_fallback: false,
            is_inverse: false,
        })
    }

    fn build(text: &str, is_inverse: bool) -> Option<Self> {
        let is_literal = regex::escape(text) == text;
        let regex = (!is_literal).then(|| compile(text, !has_capital(text))).flatten();
        let pattern = match regex.filter(|_| !text.is_empty()) {
            Some(regex) => Self {
                text: text.to_owned(),
                regex,
                is_literal: false,
                is_literal_fallback: false,
                is_inverse,
            },
            None => Self {
                is_literal_fallback: !is_literal,
                is_inverse,
                ..Self::literal(text)?
            },
        };
        Some(pattern)
    }

    /// The pattern as typed, without the `!`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// It is no regular expression, and is searched as text.
    pub fn is_literal_fallback(&self) -> bool {
        self.is_literal_fallback
    }

    /// It keeps what does not match.
    pub fn is_inverse(&self) -> bool {
        self.is_inverse
    }

    /// Whether the pattern is found in a line, or for an inverse one is not.
    pub fn matches(&self, line: Line<'_>) -> bool {
        self.is_in(line) != self.is_inverse
    }

    /// Where the pattern is found in a text that is shown; bytes.
    pub fn ranges(&self, shown: &str) -> Vec<Range<usize>> {
        self.regex
            .find_iter(shown)
            .map(|found| found.range())
            .filter(|range| !range.is_empty())
            .collect()
    }

    fn is_in(&self, line: Line<'_>) -> bool {
        if line.is_plain() {
            return self.regex.is_match(line.raw());
        }
        logline::shown_parts(line.raw()).any(|part| self.regex.is_match(logline::display(part).as_str()))
    }

    /// Rows of a segment from `from` on in which the pattern is found.
    fn rows(&self, segment: &Segment, from: usize) -> Vec<u32> {
        if self.is_literal && segment.is_plain() {
            return self.literal_rows(segment, from);
        }
        let lines = segment.lines().enumerate().skip(from);
        lines.filter(|(_, line)| self.is_in(*line)).map(|(row, _)| row as u32).collect()
    }

    /// The same for a text, through the whole buffer at once: a find that lies across two lines is
    /// none, and after a find the rest of its line is passed over.
    fn literal_rows(&self, segment: &Segment, from: usize) -> Vec<u32> {
        let text = segment.text();
        let (mut rows, mut next) = (Vec::new(), from);
        let mut at = from.checked_sub(1).and_then(|row| segment.line(row)).map_or(0, |line| line.end());
        while let Some(found) = self.regex.find_at(text, at) {
            let row = segment.line_at_byte(found.start(), next);
            let end = segment.line(row).map_or(text.len(), |line| line.end());
            if found.end() <= end {
                rows.push(row as u32);
                (at, next) = (end, row + 1);
            } else {
                at = found.start() + 1;
                at = text.ceil_char_boundary(at);
            }
        }
        rows
    }
}

fn has_capital(text: &str) -> bool {
    // A class such as `\S` or `\W` is not a capital that somebody looks for.
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            _ if c.is_uppercase() => return true,
            _ => {}
        }
    }
    false
}

fn compile(text: &str, ignores_case: bool) -> Option<Regex> {
    RegexBuilder::new(text)
        .case_insensitive(ignores_case)
        .multi_line(true)
        .size_limit(MAX_REGEX)
        .build()
        .ok()
}

/// Which lines are shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Only this application; both when `None`.
    pub app: Option<App>,
    /// Only this log stream.
    pub stream: Option<SafeText>,
    /// Only this level and graver ones; `Debug` is all.
    pub min_level: Option<Level>,
    /// Only lines that match.
    pub pattern: Option<Pattern>,
    /// Only lines that have this text: the request under the cursor.
    pub request: Option<Pattern>,
    /// Only the first line of each entry.
    pub heads_only: bool,
}

impl Filter {
    /// Whether every line matches.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a line matches.
    pub fn matches(&self, line: Line<'_>) -> bool {
        self.takes_stream(line.stream())
            && self.takes_line(line)
            && [&self.request, &self.pattern]
                .into_iter()
                .flatten()
                .all(|pattern| pattern.matches(line))
    }

    /// Rows of a segment from `from` on that match.
    pub fn rows(&self, segment: &Segment, from: usize) -> Vec<u32> {
        if !self.takes_level(segment.worst()) {
            return Vec::new();
        }
        let streams: Vec<bool> = segment.streams().iter().map(|stream| self.takes_stream(stream)).collect();
        let takes = |line: Line<'_>| streams[line.stream_place()] && self.takes_line(line);
        let sure = [&self.request, &self.pattern]
            .into_iter()
            .flatten()
            .find(|pattern| !pattern.is_inverse);
        let found = sure.map(|pattern| pattern.rows(segment, from));
        let rows: Box<dyn Iterator<Item = u32>> = match found {
            Some(found) => Box::new(found.into_iter()),
            None => Box::new(from as u32..segment.len() as u32),
        };
        let others: Vec<&Pattern> = [&self.request, &self.pattern]
            .into_iter()
            .flatten()
            .filter(|pattern| !sure.is_some_and(|sure| std::ptr::eq(sure, *pattern)))
            .collect();
        rows.filter(|row| {
            segment
                .line(*row as usize)
                .is_some_and(|line| takes(line) && others.iter().all(|pattern| pattern.matches(line)))
        })
        .collect()
    }

    fn takes_stream(&self, stream: &SafeText) -> bool {
        self.app.is_none_or(|app| app_of_stream(stream) == Some(app)) && self.stream.as_ref().is_none_or(|only| only == stream)
    }

    fn takes_line(&self, line: Line<'_>) -> bool {
        self.takes_level(line.level()) && !(self.heads_only && line.is_continuation())
    }

    fn takes_level(&self, level: Level) -> bool {
        self.min_level.is_none_or(|min| level >= min)
    }
}
