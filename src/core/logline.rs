//! Reads one raw log message: its level, whether it begins an entry or goes on with the one before,
//! the HTTP status and the request it speaks of. It knows the formats of LiteLLM, uvicorn, Open WebUI,
//! alembic, Python's `logging` and tracebacks, and JSON lines.

mod entry;
mod level;
mod message;
mod request;
mod shown;
#[cfg(test)]
mod tests;
mod top;

pub(crate) use self::{
    entry::exception,
    message::{message, outline},
    request::is_uuid,
    shown::head_of,
};
pub use self::{
    entry::{Before, JOIN_WITHIN, Joined, follow},
    level::Level,
    request::{json_in, request_ids, status},
    shown::{display, display_into, lead, shown_parts, strip_sgr},
};

/// Bytes of a message that are looked at for its level.
const HEAD: usize = 400;
/// Longest JSON line that is parsed whole for its level.
const MAX_JSON: usize = 64 << 10;

/// First words of what Python says of an exception.
const TRACEBACK: &str = "Traceback (most recent call last)";

/// What a line looks like, before its neighbours are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// It has a logger's prefix.
    Start,
    /// The same, and nothing goes on with it: a JSON line, an access line.
    Whole,
    /// `Traceback (most recent call last):`, also of a group.
    Traceback,
    /// Indented, empty, or a closing bracket.
    Inner,
    /// None of these.
    Plain,
}

/// What one line says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Its level.
    pub level: Level,
    /// Its shape.
    pub shape: Shape,
}

/// Reads a message by its first line that is not empty.
pub fn read(raw: &str) -> Reading {
    let clean = strip_sgr(head(raw));
    let line = clean
        .trim_start_matches(['\n', '\r'])
        .split('\n')
        .next()
        .unwrap_or_default()
        .trim_end();
    if let Some(level) = level::prefix(line, raw) {
        let status = status(line);
        // What was cut off goes on in the next message.
        let is_whole = status.is_some() || (line.starts_with('{') && raw.trim_ascii_end().ends_with('}'));
        return Reading {
            level: status.map_or(level, |status| level.max(level::of_status(status))),
            shape: if is_whole { Shape::Whole } else { Shape::Start },
        };
    }
    if is_traceback(line) {
        return Reading {
            level: Level::Error,
            shape: Shape::Traceback,
        };
    }
    let shape = if line.is_empty() || line.starts_with([' ', '\t', '}', ']', ')']) {
        Shape::Inner
    } else {
        Shape::Plain
    };
    let level = if is_exception(line) { Level::Error } else { Level::Other };
    Reading { level, shape }
}

/// `Traceback (most recent call last):`; `  + Exception Group Traceback (…`, `    | Traceback (…` where there are several.
fn is_traceback(line: &str) -> bool {
    if !line.starts_with([' ', 'T']) {
        return false;
    }
    let within = line.trim_start();
    let bare = within.trim_start_matches(['|', '+', ' ']);
    let is_bare = within.len() == line.len();
    (is_bare || bare.len() < within.len()) && bare.strip_prefix("Exception Group ").unwrap_or(bare).starts_with(TRACEBACK)
}

/// `litellm.exceptions.RateLimitError: …`, `Error: …`.
pub(crate) fn is_exception(line: &str) -> bool {
    let name = line.split([':', ' ']).next().unwrap_or_default();
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
    let is_end = line[name.len()..].is_empty() || line[name.len()..].starts_with(':');
    is_name && is_end && (name.ends_with("Error") || name.ends_with("Exception") || name == "error")
}

fn head(raw: &str) -> &str {
    head_of(raw, HEAD)
}
