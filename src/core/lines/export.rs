//! Lines for a file or a pipe: JSON Lines, byte-exact after parsing, or text that is safe to look at.

use std::{borrow::Cow, fmt::Write};

use jiff::Timestamp;

use super::Line;
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

/// Writes lines one by one; each text ends with a newline.
pub fn export<'a, L>(lines: impl IntoIterator<Item = L>, format: ExportFormat) -> impl Iterator<Item = String>
where
    L: Into<ExportLine<'a>>,
{
    lines.into_iter().map(move |line| {
        let line = line.into();
        let mut out = String::with_capacity(line.message.len() + 220);
        export_into(line, format, &mut out);
        out
    })
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
