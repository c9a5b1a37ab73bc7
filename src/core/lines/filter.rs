//! Which lines match: by source, level and pattern. A pattern is a regular expression; one that is
//! none is searched as text. What matches is what the screen shows.

use std::{ops::Range, sync::Arc};

use grep_matcher::{LineMatchKind, Matcher};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};

use super::{Line, Request, Segment, StreamName};
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
    matcher: Arc<RegexMatcher>,
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

    /// A regular expression that minds case and has no `!` of its own, as scripts write them.
    pub fn exact(text: &str) -> Option<Self> {
        Self::read(text, false)
    }

    /// Whether what would match spans lines, as with a newline in it: a log line has none. Such a text is no pattern.
    pub fn spans_lines(text: &str) -> bool {
        let is_expression = || builder(false, true).build(text).is_ok();
        text.contains('\n') || (compile(text, false, true).is_none() && is_expression())
    }

    fn of(text: &str, matcher: RegexMatcher) -> Option<Self> {
        (!text.is_empty()).then(|| Self {
            text: text.to_owned(),
            matcher: Arc::new(matcher),
            is_literal_fallback: false,
            is_inverse: false,
        })
    }

    /// The same pattern, keeping what does not match when `is_inverse`.
    pub fn inverted(self, is_inverse: bool) -> Self {
        Self { is_inverse, ..self }
    }

    fn build(text: &str, is_inverse: bool) -> Option<Self> {
        Some(Self::read(text, true)?.inverted(is_inverse))
    }

    fn read(text: &str, is_smart: bool) -> Option<Self> {
        match compile(text, false, is_smart) {
            Some(matcher) => Self::of(text, matcher),
            None => Some(Self {
                is_literal_fallback: true,
                ..Self::of(text, compile(text, true, is_smart)?)?
            }),
        }
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
        let is_in = if line.is_plain() {
            self.finds(line.raw())
        } else {
            self.is_in(line.raw())
        };
        is_in != self.is_inverse
    }

    /// The same for a message that is in no store.
    pub fn matches_message(&self, raw: &str) -> bool {
        self.is_in(raw) != self.is_inverse
    }

    /// Where the pattern is found in a text that is shown; bytes.
    pub fn ranges(&self, shown: &str) -> Vec<Range<usize>> {
        let mut ranges = Vec::new();
        // This matcher knows no errors.
        let _ = self.matcher.find_iter(shown.as_bytes(), |found| {
            ranges.push(found.start()..found.end());
            true
        });
        ranges.retain(|range| !range.is_empty());
        ranges
    }

    fn finds(&self, text: &str) -> bool {
        self.matcher.is_match(text.as_bytes()).unwrap_or(false)
    }

    fn is_in(&self, raw: &str) -> bool {
        logline::shown_parts(raw).any(|part| self.finds(&logline::display(part)))
    }

    /// Rows of a segment from `from` on in which the pattern is found: through the whole text at once.
    /// Where the screen shows something else than the text, that is looked at line by line.
    pub(super) fn rows(&self, segment: &Segment, from: usize) -> Vec<u32> {
        let text = segment.text().as_bytes();
        let (mut rows, mut next) = (Vec::new(), from);
        while let Some(start) = segment.start(next) {
            let Ok(Some(found)) = self.matcher.find_candidate_line(&text[start..]) else {
                break;
            };
            let (LineMatchKind::Confirmed(at) | LineMatchKind::Candidate(at)) = found;
            let row = segment.line_at_byte(start + at, next);
            let is_sure = matches!(found, LineMatchKind::Confirmed(_));
            let line = segment.line(row);
            if line.is_some_and(|line| line.is_plain() && (is_sure || self.finds(line.raw()))) {
                rows.push(row as u32);
            }
            next = row + 1;
        }
        if !segment.is_plain() {
            let odd = segment.lines().enumerate().skip(from).filter(|(_, line)| !line.is_plain());
            rows.extend(odd.filter(|(_, line)| self.is_in(line.raw())).map(|(row, _)| row as u32));
            rows.sort_unstable();
        }
        rows
    }
}

/// Lines are told apart by the engine, so that no find lies across two of them.
fn compile(text: &str, is_literal: bool, is_smart: bool) -> Option<RegexMatcher> {
    builder(is_literal, is_smart).line_terminator(Some(b'\n')).build(text).ok()
}

fn builder(is_literal: bool, is_smart: bool) -> RegexMatcherBuilder {
    let mut builder = RegexMatcherBuilder::new();
    builder
        // A class such as `\S` is not a capital that somebody looks for.
        .case_smart(is_smart)
        .multi_line(true)
        .fixed_strings(is_literal)
        .size_limit(MAX_REGEX);
    builder
}

/// Which lines are shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Only this application; both when `None`.
    pub app: Option<App>,
    /// Only these log streams.
    pub stream: Option<StreamName>,
    /// Only this level and graver ones; `Debug` is all.
    pub min_level: Option<Level>,
    /// Only lines that match.
    pub pattern: Option<Pattern>,
    /// Only entries that name this request.
    pub request: Option<Request>,
    /// Only errors of this shape.
    pub shape: Option<SafeText>,
    /// Only the first line of each entry.
    pub heads_only: bool,
}

impl Filter {
    /// Whether every line matches.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a line by itself matches: what tests compare with.
    #[cfg(test)]
    pub(crate) fn matches(&self, line: Line<'_>) -> bool {
        let request = self.request.as_ref().map(Request::pattern);
        let patterns = [request, self.pattern.as_ref()].into_iter().flatten();
        self.takes_stream(line.stream()) && self.takes_line(line) && patterns.into_iter().all(|pattern| pattern.matches(line))
    }

    /// Rows of a segment from `from` on that match by themselves. Where whole entries are kept, the
    /// rows that name the request: where these end is to be seen only beside other segments.
    pub fn rows(&self, segment: &Segment, from: usize) -> Vec<u32> {
        if self.is_of_entries() {
            let request = self.request.as_ref().map(Request::pattern);
            return request.map_or_else(Vec::new, |pattern| pattern.rows(segment, from));
        }
        if !self.takes_level(segment.worst()) {
            return Vec::new();
        }
        let streams: Vec<bool> = segment.streams().iter().map(|stream| self.takes_stream(stream)).collect();
        let takes = |line: Line<'_>| streams[line.stream_place()] && self.takes_line(line);
        let sure = self.pattern.as_ref().filter(|pattern| !pattern.is_inverse);
        let rows: Box<dyn Iterator<Item = u32>> = match sure {
            Some(pattern) => Box::new(pattern.rows(segment, from).into_iter()),
            None => Box::new(from as u32..segment.len() as u32),
        };
        let inverse = self.pattern.as_ref().filter(|pattern| pattern.is_inverse);
        rows.filter(|row| {
            let line = segment.line(*row as usize);
            line.is_some_and(|line| takes(line) && inverse.is_none_or(|pattern| pattern.matches(line)))
        })
        .collect()
    }

    pub(super) fn takes_stream(&self, stream: &SafeText) -> bool {
        self.app.is_none_or(|app| app_of_stream(stream) == Some(app)) && self.stream.as_ref().is_none_or(|only| only.takes(stream))
    }

    pub(super) fn takes_line(&self, line: Line<'_>) -> bool {
        self.takes_level(line.level()) && !(self.heads_only && line.is_continuation())
    }

    fn takes_level(&self, level: Level) -> bool {
        self.min_level.is_none_or(|min| level >= min)
    }
}
