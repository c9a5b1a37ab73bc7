//! Logs Insights as a state machine without I/O: a query that is begun, asked after, and stopped; what it may cost,
//! and what it did cost. Its lines stand in a view of their own, so that the tail goes on untouched behind it.

mod ql;
#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;

pub use self::ql::{MOST, lacks_pattern, query};
use super::{
    fact::{LogEvent, LogGroup, Millis, QueryResults, QueryState},
    fault::{Fault, FaultKind},
    logview::{LogView, parse_time},
    prices::{Found, Prices},
    tail::Arrived,
    text::SafeText,
};
use crate::cloud::{InsightsRequest, Query};

/// Bytes of one GB as AWS bills them.
const GB: f64 = 1_073_741_824.0;
/// Bytes that AWS counts for an event besides its text.
pub const EVENT_OVERHEAD: u64 = 26;
/// Between two questions at first, and at most, in milliseconds.
const FIRST: u64 = 700;
const SLOWEST: u64 = 5_000;
/// The same after faults.
const LONGEST: u64 = 30_000;

/// Where a query is. Times are milliseconds of a clock that only goes forward.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Asked for under this number.
    Beginning(u64),
    /// Asked after at this time.
    Waiting(u64),
    /// Asked after, under this number.
    Asking(u64),
    /// Nothing more comes.
    Over(QueryState),
}

/// A query and its results.
#[derive(Debug, Clone)]
pub struct Insights {
    /// What was asked.
    pub request: InsightsRequest,
    /// The lines found, as the Logs screen shows them.
    pub view: LogView,
    number: u64,
    id: Option<SafeText>,
    state: State,
    pause: u64,
    found: Option<Totals>,
    fault: Option<Fault>,
}

/// What a query has found and scanned so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Rows that came.
    pub rows: usize,
    /// Records that match.
    pub matched: u64,
    /// Bytes looked at.
    pub bytes: u64,
}

impl Insights {
    /// A query that is asked for now. Its number tells its lines' scans from others; it is that of the request.
    pub fn new(number: u64, request: InsightsRequest, view: LogView) -> Self {
        Self {
            request,
            view,
            number,
            id: None,
            state: State::Beginning(number),
            pause: FIRST,
            found: None,
            fault: None,
        }
    }

    /// Number of the request that began it.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// AWS took the query; `false` when it is another.
    pub fn on_begun(&mut self, seq: u64, id: &SafeText, now: u64) -> bool {
        if self.state != State::Beginning(seq) {
            return false;
        }
        self.id = Some(id.clone());
        self.state = State::Waiting(now + self.pause);
        true
    }

    /// Something is to be asked now.
    pub fn is_due(&self, now: u64) -> bool {
        matches!(self.state, State::Waiting(at) if now >= at)
    }

    /// What to ask now, under number `seq`.
    pub fn due(&mut self, seq: u64, now: u64) -> Option<Query> {
        let id = self.id.clone().filter(|_| self.is_due(now))?;
        self.state = State::Asking(seq);
        Some(Query::InsightsResults { id })
    }

    /// Takes an answer. Half results are shown, and replaced by those that come later. Gives the query that is to be
    /// stopped: it goes on at AWS, and is asked after no more.
    pub fn on_results(&mut self, seq: u64, answer: Result<QueryResults, Fault>, now: u64) -> Option<SafeText> {
        if self.state != State::Asking(seq) {
            return None;
        }
        match answer {
            Ok(results) => {
                self.fault = None;
                self.pause = (self.pause * 3 / 2).min(SLOWEST);
                self.state = match results.state {
                    QueryState::Running => State::Waiting(now + self.pause),
                    over => State::Over(over),
                };
                self.take(results);
                None
            }
            Err(fault) => {
                let (kind, is_over) = (fault.kind, is_final(fault.kind));
                self.fault = Some(fault);
                self.pause = (self.pause * 2).min(LONGEST);
                self.state = if is_over {
                    State::Over(QueryState::Failed)
                } else {
                    State::Waiting(now + self.pause)
                };
                self.id.clone().filter(|_| is_over && kind != FaultKind::NotFound)
            }
        }
    }

    fn take(&mut self, results: QueryResults) {
        let rows = results.events.len();
        let is_new = self.found.is_none_or(|before| before.rows != rows) || results.state != QueryState::Running;
        self.found = Some(Totals {
            rows,
            matched: results.matched,
            bytes: results.bytes,
        });
        if is_new && (rows > 0 || !self.view.lines().is_empty()) {
            let (from, until) = (self.request.from, self.request.until);
            self.view.replace(within(results.events, from, until));
        }
    }

    /// Id of the query, where there is one to stop.
    pub fn running(&self) -> Option<&SafeText> {
        self.id.as_ref().filter(|_| self.is_running())
    }

    /// More may come.
    pub fn is_running(&self) -> bool {
        !matches!(self.state, State::Over(_))
    }

    /// How it ended, if it has.
    pub fn end(&self) -> Option<QueryState> {
        match self.state {
            State::Over(end) => Some(end),
            _ => None,
        }
    }

    /// What it has found and scanned so far; none before the first answer.
    pub fn totals(&self) -> Option<Totals> {
        self.found
    }

    /// As many came as a query gives: older ones are missing.
    pub fn is_at_limit(&self) -> bool {
        self.found.is_some_and(|found| found.rows >= MOST)
    }

    /// Why the last answer did not come.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Somebody goes elsewhere: what has come stays.
    pub fn cancel(&mut self) {
        self.state = State::Over(QueryState::Cancelled);
    }
}

/// Events of the window as the store takes them.
pub fn within(events: Vec<LogEvent>, from: Millis, until: Millis) -> impl Iterator<Item = Arrived> {
    let inside = events.into_iter().filter(move |event| (from..until).contains(&event.at));
    inside.map(|event| Arrived { event, late: false })
}

/// Faults that asking again does not mend.
fn is_final(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::Denied | FaultKind::NotFound | FaultKind::Refused | FaultKind::Guarded | FaultKind::OddAnswer | FaultKind::Internal
    )
}

/// Reads a window as typed: `-7d`, until now, or two times with `to` between them.
///
/// # Errors
/// A sentence that says how to write it.
pub fn window(text: &str, now: Millis, zone: &TimeZone) -> Result<(Millis, Millis), String> {
    let (from, until) = match text.split_once(" to ") {
        Some((from, until)) => (from, parse_time(until, now, zone)?),
        None => (text, now),
    };
    let from = parse_time(from, now, zone)?;
    if from >= until {
        return Err("The window ends before it begins: write -7d, or FROM to UNTIL.".into());
    }
    Ok((from, until))
}

/// About how many bytes a query over a window scans: the window's share of the time for which the group holds lines.
/// No upper bound: AWS bills the lines uncompressed, and what it says is stored may be compressed, and is counted late.
/// None where AWS does not say how much the group holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan {
    /// What AWS says the group stores.
    pub stored: u64,
    /// The window's share, if lines came evenly.
    pub about: u64,
}

/// Estimates a scan.
pub fn scan(group: LogGroup, (from, until): (Millis, Millis), now: Millis) -> Option<Scan> {
    const DAY: Millis = 86_400_000;
    // AWS counts late: a group that has lines may say 0 for hours.
    let stored = group.stored.filter(|bytes| *bytes > 0)?;
    let kept = group.retention_days.map_or(Millis::MIN, |days| now - Millis::from(days) * DAY);
    let first = group.created.unwrap_or(Millis::MIN).max(kept);
    let (age, width) = (
        now.saturating_sub(first).max(1),
        until.min(now).saturating_sub(from.max(first)).max(0),
    );
    let about = if first == Millis::MIN {
        stored
    } else {
        (stored as f64 * (width as f64 / age as f64).min(1.0)) as u64
    };
    Some(Scan { stored, about })
}

/// The price of scanning a GB in a region.
pub fn price<'a>(prices: &'a Prices, region: &str) -> Option<Found<'a>> {
    prices.find(region, "logs-insights-gb")
}

/// What a scan of so many bytes costs.
pub fn usd(bytes: u64, price: Found<'_>) -> f64 {
    bytes as f64 / GB * price.row.usd
}

/// Dollars of a scan, which mostly are parts of a cent: `$0.0012`.
pub fn dollars(usd: f64) -> String {
    match usd {
        ..0.000_05 => "less than $0.0001".to_owned(),
        ..1.0 => format!("${usd:.4}"),
        _ => format!("${usd:.2}"),
    }
}

/// The price in words: `$0.005 a GB scanned`.
pub fn price_words(price: Option<Found<'_>>) -> String {
    price.map_or_else(
        || "a price that is not known".into(),
        |found| {
            let mark = if found.is_verified() { "" } else { " (unverified)" };
            format!("${} a GB scanned{mark}", found.row.usd)
        },
    )
}

/// What a query cost: `1.2 GB scanned, $0.006`.
pub fn cost_words(bytes: u64, price: Option<Found<'_>>) -> String {
    let cost = price.map_or_else(String::new, |found| format!(", {}", dollars(usd(bytes, found))));
    format!("{} scanned{cost}", size(bytes))
}

/// Bytes in a person's words.
pub fn size(bytes: u64) -> String {
    let (number, unit) = match bytes {
        0..1_024 => return format!("{bytes} bytes"),
        1_024..1_048_576 => (bytes as f64 / 1_024.0, "KB"),
        1_048_576..1_073_741_824 => (bytes as f64 / 1_048_576.0, "MB"),
        _ => (bytes as f64 / GB, "GB"),
    };
    if number < 10.0 {
        format!("{number:.1} {unit}")
    } else {
        format!("{number:.0} {unit}")
    }
}

/// The price before a query: about how much it scans, and what that costs; one line each.
pub fn forecast(
    size_of_group: &Result<Option<LogGroup>, Fault>,
    window: (Millis, Millis),
    now: Millis,
    price: Option<Found<'_>>,
) -> Vec<String> {
    let group = match size_of_group {
        Ok(Some(group)) => *group,
        Ok(None) => return vec!["There is no such log group.".into()],
        Err(fault) => {
            let why = format!("How much it scans is not known: {}.", fault.sentence());
            return vec![why, format!("It costs {}.", price_words(price))];
        }
    };
    let Some(scan) = scan(group, window, now) else {
        let why = "How much it scans is not known: AWS has not counted what the group holds.".to_owned();
        return vec![why, format!("It costs {}.", price_words(price))];
    };
    let money = |bytes| price.map_or_else(|| "not known".to_owned(), |found| dollars(usd(bytes, found)));
    vec![
        format!(
            "Estimate: about {} scanned, {}: the window's share of {} stored ({}).",
            size(scan.about),
            money(scan.about),
            size(scan.stored),
            money(scan.stored)
        ),
        format!("More is possible: lines count uncompressed; {}.", price_words(price)),
    ]
}
