//! What Logs Insights says: how much a log group holds, and how far a query is.

use super::{LogEvent, Millis};

/// A log group, as far as a scan of it is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogGroup {
    /// Bytes stored; AWS counts them anew about once a day.
    pub stored: Option<u64>,
    /// When it was made.
    pub created: Option<Millis>,
    /// Days after which an event is deleted; for ever when `None`.
    pub retention_days: Option<u32>,
}

/// Where a query is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum QueryState {
    /// Not begun, or under way.
    Running,
    /// All that matches has been found.
    Complete,
    /// It failed on AWS's side.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// It took longer than AWS lets a query run.
    #[strum(to_string = "timed out")]
    TimedOut,
}

/// What a query has found so far, and what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryResults {
    /// Where it is.
    pub state: QueryState,
    /// The newest events that match, as many as the query asked for, oldest first. They have no id. While it runs
    /// others may take their place.
    pub events: Vec<LogEvent>,
    /// Records that match.
    pub matched: u64,
    /// Records looked at.
    pub scanned: u64,
    /// Bytes looked at: what is paid for.
    pub bytes: u64,
}
