//! CloudWatch Logs events, kept as they came.

use super::Millis;
use crate::core::text::{RawText, SafeText};

/// A time that can be reckoned with and has a date: CloudWatch takes no other, but what answers may be anything.
/// One before 1970 is 1970, one after the year 9000 is that.
pub fn dated(at: Millis) -> Millis {
    const YEAR_9000: Millis = 221_845_392_000_000;
    at.clamp(0, YEAR_9000)
}

/// When an event was and when it was taken in, as far as AWS tells: one stands in for the other.
pub fn event_times(at: Option<Millis>, ingested: Option<Millis>) -> (Millis, Millis) {
    let first = |a: Option<Millis>, b| a.or(b).map(dated).unwrap_or_default();
    (first(at, ingested), first(ingested, at))
}

/// One log event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvent {
    /// `eventId`; `None` for Live Tail, which has none.
    pub id: Option<SafeText>,
    /// Time of the event.
    pub at: Millis,
    /// When CloudWatch took it in.
    pub ingested: Millis,
    /// Log stream, such as `openwebui/openwebui/0af3…`.
    pub stream: SafeText,
    /// The message, byte for byte.
    pub message: RawText,
}

/// One page of `FilterLogEvents`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// Events of the page, in AWS's order.
    pub events: Vec<LogEvent>,
    /// Token of the next page; an empty page may have one.
    pub next: Option<SafeText>,
}

/// What a Live Tail session says, one a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveFrame {
    /// It has begun.
    Start,
    /// New events, or none.
    Update(LiveUpdate),
}

/// New events of a Live Tail session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LiveUpdate {
    /// They have no id.
    pub events: Vec<LogEvent>,
    /// There were more than 500 in the second, and some have been left out.
    pub sampled: bool,
}
