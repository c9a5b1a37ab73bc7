//! Which lines belong together: an error with what follows it, and the line of it that says what it is.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::{MAX_JSON, Reading, Shape, TRACEBACK, head, head_of, level::Level, shown_parts, strip_sgr};
use crate::core::fact::Millis;

/// A line without a beginning of its own joins the one before when it came this soon after it.
pub const JOIN_WITHIN: Millis = 2_000;

/// What is known of the line before in the same stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// When it was.
    pub at: Millis,
    /// Level of its entry.
    pub level: Level,
    /// Nothing goes on with its entry.
    pub is_whole: bool,
    /// Its entry is an error that has not said yet which.
    pub is_waiting: bool,
}

impl Before {
    /// What a line at `at` is to the one after it; `level` is that of its entry.
    pub fn of(at: Millis, level: Level, line: Reading) -> Self {
        Self {
            at,
            level,
            is_whole: line.shape == Shape::Whole,
            is_waiting: false,
        }
    }
}

/// Joins a line to the one before in its stream: gives its level, and whether it goes on with that
/// entry. The lines of an error go on until the next logger's prefix.
pub fn join(before: Option<Before>, line: Reading, at: Millis) -> (Level, bool) {
    let near = before.filter(|before| !before.is_whole && (0..=JOIN_WITHIN).contains(&(at - before.at)));
    let joins = match line.shape {
        Shape::Start | Shape::Whole => None,
        Shape::Inner => near,
        Shape::Traceback | Shape::Plain => near.filter(|before| before.level >= Level::Error),
    };
    (joins.map_or(line.level, |before| before.level), joins.is_some())
}

/// Whether a line says what the error is that its entry is about, and whether the entry still owes that
/// after it. A heading such as `Traceback` leaves it to the first exception that follows: the others of a
/// chain come of that one.
pub fn tells(before: Option<Before>, line: Reading, (level, is_continuation): (Level, bool), raw: &str) -> (bool, bool) {
    if level < Level::Error {
        return (false, false);
    }
    if is_continuation {
        let is_waiting = before.is_some_and(|before| before.is_waiting);
        let is_named = || match line.shape {
            Shape::Plain => line.level >= Level::Error,
            _ => exception(raw).is_some(),
        };
        let tells = is_waiting && is_named();
        return (tells, is_waiting && !tells);
    }
    let is_waiting = is_heading(raw) && exception(raw).is_none();
    (!is_waiting, is_waiting)
}

/// It leaves it to a traceback to say what the error is.
fn is_heading(raw: &str) -> bool {
    static ASGI: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("Exception in ASGI application"));
    let head = head(raw);
    strip_sgr(head).trim_start().starts_with(TRACEBACK) || ASGI.find(head.as_bytes()).is_some()
}

/// What a heading with its traceback in the same message comes to: the line of the first exception.
pub(crate) fn exception(raw: &str) -> Option<&str> {
    if !is_heading(raw) {
        return None;
    }
    let (_, frames) = head_of(raw, MAX_JSON).split_once(TRACEBACK)?;
    let is_said = |line: &&str| !line.is_empty() && !line.starts_with([' ', '\t', '|']);
    shown_parts(frames).skip(1).find(is_said)
}
