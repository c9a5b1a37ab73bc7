//! Logs Insights as AWS answers it: a query takes some seconds, shows half of what it finds meanwhile, and knows the
//! part of the language that a filter is written in.

use regex::Regex;

use super::{
    account::refusal,
    world::{SECOND, World},
};
use crate::{
    cloud::{InsightsRequest, LogRequest},
    core::{
        fact::{Fact, LogEvent, LogGroup, Millis, QueryResults, QueryState},
        fault::{Fault, FaultKind},
        insights::EVENT_OVERHEAD,
        text::SafeText,
    },
};

/// Events are looked through so much time at once.
const CHUNK: Millis = 3_600 * SECOND;
/// A query takes this long, and a second more for so many bytes.
const AT_LEAST: Millis = 3 * SECOND;
const A_SECOND: u64 = 2 << 20;
/// Queries of an account that may run side by side.
const MOST_RUNNING: usize = 30;

/// A query that was begun.
#[derive(Debug, Clone)]
pub(super) struct Running {
    id: SafeText,
    begun: Millis,
    ends: Millis,
    is_stopped: bool,
    results: QueryResults,
}

/// A condition of a `filter`: a field that has, or has not, something in it.
struct Condition {
    is_message: bool,
    is_not: bool,
    wanted: Regex,
}

impl Condition {
    fn holds(&self, event: &LogEvent) -> bool {
        let text = if self.is_message {
            event.message.as_raw()
        } else {
            event.stream.as_str()
        };
        self.wanted.is_match(text) != self.is_not
    }
}

/// A query as it is understood: each filter with the conditions of which one must hold.
struct Query {
    filters: Vec<Vec<Condition>>,
    limit: usize,
}

impl Query {
    fn read(text: &str) -> Option<Self> {
        let mut query = Self {
            filters: Vec::new(),
            limit: 10_000,
        };
        for stage in text.split("\n| ") {
            let (word, rest) = stage.split_once(' ')?;
            match word {
                "fields" => {}
                "filter" => query.filters.push(conditions(rest)?),
                "sort" if rest == "@timestamp desc" => {}
                "limit" => query.limit = rest.parse().ok()?,
                _ => return None,
            }
        }
        Some(query)
    }

    fn keeps(&self, event: &LogEvent) -> bool {
        self.filters.iter().all(|ways| ways.iter().any(|way| way.holds(event)))
    }
}

/// `@message not like /…/ or @logStream = '…'`.
fn conditions(text: &str) -> Option<Vec<Condition>> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        let (field, after) = rest.split_once(' ')?;
        let is_message = match field {
            "@message" => true,
            "@logStream" => false,
            _ => return None,
        };
        let (is_not, after) = after.strip_prefix("not ").map_or((false, after), |after| (true, after));
        let (wanted, after) = if let Some(after) = after.strip_prefix("like /") {
            let end = end_of_expression(after)?;
            (after[..end].to_owned(), &after[end + 1..])
        } else {
            let (value, after) = after.strip_prefix("= '")?.split_once('\'')?;
            (format!("^{}$", regex::escape(value)), after)
        };
        out.push(Condition {
            is_message,
            is_not,
            wanted: Regex::new(&wanted).ok()?,
        });
        if after.is_empty() {
            return Some(out);
        }
        rest = after.strip_prefix(" or ")?;
    }
}

/// The slash that has no backslash before it.
fn end_of_expression(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|b| {
        let is_end = b == b'/' && !is_escaped;
        is_escaped = b == b'\\' && !is_escaped;
        is_end
    })
}

impl World {
    /// What the listing of log groups says of one: the last hour tells how much it took in.
    pub(super) fn log_group(&self, group: &str) -> Fact {
        let made = self
            .living()
            .find(|(_, r)| r.def.kind == "AWS::Logs::LogGroup" && r.physical == group);
        Fact::LogGroup(made.map(|(_, resource)| {
            let hour = 3_600 * SECOND;
            let last = self.logged(group, self.now - hour, self.now);
            let hours = (self.now - resource.at).max(hour).unsigned_abs() / hour.unsigned_abs();
            LogGroup {
                stored: Some(bytes(&last) * hours),
                created: Some(resource.at),
                retention_days: super::account::text(&resource.def.properties, "RetentionInDays").parse().ok(),
            }
        }))
    }

    pub(super) fn insights_start(&mut self, request: &InsightsRequest) -> Result<Fact, Fault> {
        const OPERATION: &str = "logs:StartQuery";
        let group = request.group.as_str();
        self.check_group(OPERATION, group)?;
        let refused = |code: &str, message: &str| refusal(FaultKind::Refused, OPERATION, group, code, message);
        let query = Query::read(&request.query).ok_or_else(|| refused("MalformedQueryException", "unexpected symbol found"))?;
        if self.queries.iter().filter(|it| it.ends > self.now && !it.is_stopped).count() >= MOST_RUNNING {
            let message = "Account maximum query concurrency limit of [30] reached.";
            return Err(refused("LimitExceededException", message));
        }
        let results = self.look_through(request, &query);
        let id: SafeText = self.chance(&format!("query/{}", self.queries.len())).uuid().into();
        let takes = AT_LEAST + SECOND * Millis::try_from(results.bytes / A_SECOND).unwrap_or(0);
        self.queries.push(Running {
            id: id.clone(),
            begun: self.now,
            ends: self.now + takes,
            is_stopped: false,
            results,
        });
        Ok(Fact::InsightsBegun(id))
    }

    pub(super) fn insights_results(&self, id: &str) -> Result<Fact, Fault> {
        let query = self.queries.iter().find(|it| *it.id == *id);
        let query = query.ok_or_else(|| no_query("logs:GetQueryResults"))?;
        let mut results = query.results.clone();
        if query.is_stopped {
            results.state = QueryState::Cancelled;
        } else if query.ends > self.now {
            results.state = QueryState::Running;
        }
        if results.state != QueryState::Complete {
            let (gone, all) = ((self.now.min(query.ends) - query.begun).max(0), (query.ends - query.begun).max(1));
            let part = |whole: u64| whole * gone.unsigned_abs() / all.unsigned_abs();
            let rows = usize::try_from(part(results.events.len() as u64)).unwrap_or(0);
            results.events.drain(..results.events.len() - rows.min(results.events.len()));
            (results.matched, results.scanned, results.bytes) = (part(results.matched), part(results.scanned), part(results.bytes));
        }
        Ok(Fact::Insights(results))
    }

    pub(super) fn insights_stop(&mut self, id: &str) -> Result<Fact, Fault> {
        let now = self.now;
        let query = self.queries.iter_mut().find(|it| *it.id == *id);
        let query = query.ok_or_else(|| no_query("logs:StopQuery"))?;
        if query.ends > now {
            (query.is_stopped, query.ends) = (true, now);
        }
        Ok(Fact::InsightsStopped)
    }

    fn look_through(&self, request: &InsightsRequest, query: &Query) -> QueryResults {
        // No task has written before the first one began.
        let first = self.tasks.iter().filter_map(|task| task.started).min().unwrap_or(self.now);
        let (mut from, until) = (request.from.max(first), request.until.min(self.now));
        let mut all = QueryResults {
            state: QueryState::Complete,
            events: Vec::new(),
            matched: 0,
            scanned: 0,
            bytes: 0,
        };
        while from < until {
            let end = (from + CHUNK).min(until);
            let events = self.logged(&request.group, from, end);
            all.scanned += events.len() as u64;
            all.bytes += bytes(&events);
            all.events.extend(events.into_iter().filter(|event| query.keeps(event)));
            from = end;
        }
        all.matched = all.events.len() as u64;
        all.events.drain(..all.events.len().saturating_sub(query.limit));
        for event in &mut all.events {
            event.id = None;
        }
        all
    }

    fn logged(&self, group: &str, from: Millis, until: Millis) -> Vec<LogEvent> {
        let request = LogRequest {
            group: group.into(),
            from,
            until: Some(until),
            token: None,
            stream_prefix: None,
        };
        self.events(&request, from, until)
    }
}

fn bytes(events: &[LogEvent]) -> u64 {
    events
        .iter()
        .map(|event| event.message.as_raw().len() as u64 + EVENT_OVERHEAD)
        .sum()
}

fn no_query(operation: &str) -> Fault {
    let message = "The specified query does not exist.";
    refusal(FaultKind::NotFound, operation, "the query", "ResourceNotFoundException", message)
}
