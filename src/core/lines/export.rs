//! Lines for a file or a pipe: JSON Lines, byte-exact after parsing, or text that is safe to look at.

use std::{borrow::Cow, fmt::Write, sync::Arc};

use jiff::Timestamp;

use super::{Index, Line, Lines, Segment};
use crate::core::{
    fact::{LogEvent, Millis},
    logline,
    text::is_hidden,
};

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::EnumString)]
#[strum(serialize_all = "kebab-case")]
pub enum ExportFormat {
    /// One JSON object a line.
    JsonLines,
    /// UTC time, stream and message.
    Text,
}

/// About what a line takes beside its message, in bytes.
const BESIDE: [(ExportFormat, usize); 2] = [(ExportFormat::JsonLines, 190), (ExportFormat::Text, 75)];
/// Bytes of a piece of a file, at least.
const PIECE: usize = 256 << 10;

/// Lines on their way to a file, as they are now. The segments that hold them are shared, not copied.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Each with the rows that are meant; all when none.
    parts: Vec<(Arc<Segment>, Option<Vec<u32>>)>,
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        let part = |(segment, rows): &(Arc<Segment>, Option<Vec<u32>>)| (segment.id(), segment.len(), rows.clone());
        self.parts.iter().map(part).eq(other.parts.iter().map(part))
    }
}

impl Lines {
    /// The lines of an index, or all.
    pub fn to_write(&self, index: Option<&Index>) -> Kept {
        let rows = |place: usize| index.map(|index| index.rows(self, place).unwrap_or_default().to_vec());
        let parts = self.segments().enumerate().map(|(place, segment)| (segment.clone(), rows(place)));
        Kept {
            parts: parts
                .filter(|(_, rows)| rows.as_ref().is_none_or(|rows| !rows.is_empty()))
                .collect(),
        }
    }
}

impl Kept {
    /// How many lines.
    pub fn len(&self) -> usize {
        self.parts
            .iter()
            .map(|(segment, rows)| rows.as_ref().map_or(segment.len(), Vec::len))
            .sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how many bytes they take in a file.
    pub fn bytes(&self, format: ExportFormat) -> usize {
        let messages = |(segment, rows): &(Arc<Segment>, Option<Vec<u32>>)| match rows {
            None => segment.text().len(),
            Some(rows) => rows
                .iter()
                .filter_map(|row| segment.line(*row as usize))
                .map(|line| line.raw().len())
                .sum(),
        };
        let beside = BESIDE.iter().find(|(it, _)| *it == format).map_or(0, |(_, bytes)| *bytes);
        self.parts.iter().map(messages).sum::<usize>() + self.len() * beside
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.parts.iter().flat_map(|(segment, rows)| {
            let all = if rows.is_none() { segment.len() } else { 0 };
            let chosen = rows.iter().flatten().map(|row| *row as usize);
            (0..all).chain(chosen).filter_map(|row| segment.line(row))
        })
    }

    /// The file in pieces of some hundred kilobytes, each of whole lines.
    pub fn pieces(&self, format: ExportFormat) -> impl Iterator<Item = String> {
        let mut lines = self.lines();
        std::iter::from_fn(move || {
            let mut piece = String::new();
            while piece.len() < PIECE
                && let Some(line) = lines.next()
            {
                export_into(line, format, &mut piece);
            }
            (!piece.is_empty()).then_some(piece)
        })
    }
}

/// A line to write; made from a line of the store or from an event that goes straight through.
#[derive(Debug, Clone)]
pub struct ExportLine<'a> {
    id: Option<Cow<'a, str>>,
    at: Millis,
    ingested: Millis,
    stream: &'a str,
    message: &'a str,
    late: bool,
}

impl<'a> From<Line<'a>> for ExportLine<'a> {
    fn from(line: Line<'a>) -> Self {
        Self {
            id: line.id().map(|id| id.to_string().into()),
            at: line.at(),
            ingested: line.ingested(),
            stream: line.stream(),
            message: line.raw(),
            late: line.is_late(),
        }
    }
}

impl<'a> From<(&'a LogEvent, bool)> for ExportLine<'a> {
    fn from((event, late): (&'a LogEvent, bool)) -> Self {
        Self {
            id: event.id.as_deref().map(Cow::Borrowed),
            at: event.at,
            ingested: event.ingested,
            stream: &event.stream,
            message: event.message.as_raw(),
            late,
        }
    }
}

/// Writes one line, with its newline, at the end of `out`.
pub fn export_into<'a>(line: impl Into<ExportLine<'a>>, format: ExportFormat, out: &mut String) {
    let line = line.into();
    match format {
        ExportFormat::JsonLines => json(&line, out),
        ExportFormat::Text => text(&line, out),
    }
}

/// A time as `2026-11-22T19:40:58.134Z`.
pub fn iso(at: Millis) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |time| format!("{time:.3}"))
}

fn json(line: &ExportLine<'_>, out: &mut String) {
    out.push_str("{\"id\":");
    match &line.id {
        Some(id) => push_json(out, id),
        None => out.push_str("null"),
    }
    // Writing to a string does not fail.
    let _ = write!(out, ",\"timestamp\":{},\"ingestion\":{},\"stream\":", line.at, line.ingested);
    push_json(out, line.stream);
    out.push_str(",\"message\":");
    push_json(out, line.message);
    out.push_str(if line.late { ",\"late\":true}\n" } else { "}\n" });
}

/// A JSON string that can not act on a terminal: what is hidden is written by its number.
fn push_json(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(odd) = first_odd(rest.as_bytes()) {
        // An odd byte is a whole character of ASCII or the beginning of another.
        let (plain, after) = rest.split_at(odd);
        out.push_str(plain);
        let mut chars = after.chars();
        if let Some(c) = chars.next() {
            push_escaped(out, c);
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// Place of the first byte that may need an escape.
fn first_odd(text: &[u8]) -> Option<usize> {
    const AT_ONCE: usize = 32;
    let is_odd = |b: &&u8| !(b' '..=b'~').contains(*b) || matches!(**b, b'"' | b'\\');
    // Counting has no early end, so it runs over many bytes at once.
    let chunk = text.chunks(AT_ONCE).position(|chunk| chunk.iter().filter(is_odd).count() > 0)?;
    let from = chunk * AT_ONCE;
    text[from..].iter().position(|b| is_odd(&b)).map(|place| from + place)
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        _ if c.is_control() || is_hidden(c) => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
        _ => out.push(c),
    }
}

fn text(line: &ExportLine<'_>, out: &mut String) {
    out.push_str(&iso(line.at));
    out.push(' ');
    out.push_str(&logline::display(line.stream));
    out.push_str(if line.late { " (late)" } else { "" });
    for (i, part) in logline::shown_parts(line.message).enumerate() {
        // Further parts stand in, so that a message can not pass itself off as two.
        out.push_str(if i == 0 { " " } else { "    " });
        out.push_str(&logline::display(part));
        out.push('\n');
    }
}
