//! CloudWatch Logs: Logs Insights.

use aws_sdk_cloudwatchlogs::{
    Client,
    types::{QueryStatus, ResultField},
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::{fault, pages::missing};
use crate::{
    cloud::InsightsRequest,
    core::{
        fact::{LogEvent, LogGroup, Millis, QueryResults, QueryState, dated},
        fault::{Fault, FaultKind},
        insights::MOST,
        text::{RawText, SafeText},
    },
};

const GROUPS: &str = "logs:DescribeLogGroups";
const START: &str = "logs:StartQuery";
const RESULTS: &str = "logs:GetQueryResults";
const STOP: &str = "logs:StopQuery";

/// The group of exactly this name: of those that begin so it is the first, since AWS sorts them by name.
pub(super) async fn group(client: &Client, name: &SafeText) -> Result<Option<LogGroup>, Fault> {
    let call = client.describe_log_groups().log_group_name_prefix(name.as_str()).limit(1);
    let output = call.send().await.map_err(fault::on(GROUPS, name))?;
    let groups = output.log_groups.ok_or_else(|| missing(GROUPS, name, "logGroups"))?;
    let found = groups.into_iter().find(|it| it.log_group_name.as_deref() == Some(name.as_str()));
    Ok(found.map(|it| LogGroup {
        stored: it.stored_bytes.and_then(|bytes| bytes.try_into().ok()),
        created: it.creation_time,
        retention_days: it.retention_in_days.and_then(|days| days.try_into().ok()),
    }))
}

/// AWS takes whole seconds, both of them inclusive.
pub(super) async fn start(client: &Client, request: InsightsRequest) -> Result<SafeText, Fault> {
    let output = client
        .start_query()
        .log_group_name(request.group.as_str())
        .start_time(request.from.div_euclid(1_000))
        .end_time((request.until - 1).div_euclid(1_000))
        .query_string(request.query)
        .send()
        .await
        .map_err(fault::on(START, &request.group))?;
    let id = output.query_id.filter(|id| !id.is_empty());
    id.map(SafeText::from).ok_or_else(|| missing(START, &request.group, "queryId"))
}

/// All pages of what has been found.
pub(super) async fn results(client: &Client, id: &SafeText) -> Result<QueryResults, Fault> {
    let mut given: Vec<String> = Vec::new();
    let mut events: Vec<LogEvent> = Vec::new();
    loop {
        let call = client
            .get_query_results()
            .query_id(id.as_str())
            .set_next_token(given.last().cloned());
        let page = call.send().await.map_err(fault::on(RESULTS, "the query"))?;
        let status = page.status.ok_or_else(|| missing(RESULTS, "the query", "status"))?;
        events.extend(page.results.unwrap_or_default().iter().filter_map(|fields| event(fields)));
        let token = page.next_token.filter(|token| !token.is_empty() && events.len() < MOST);
        let Some(token) = token else {
            let statistics = page.statistics;
            let count = |of: fn(&aws_sdk_cloudwatchlogs::types::QueryStatistics) -> f64| statistics.as_ref().map_or(0, |it| of(it) as u64);
            // Asked for newest first; those of one millisecond stay as they were written.
            events.reverse();
            events.sort_by_key(|event| event.at);
            return Ok(QueryResults {
                state: state(&status)?,
                events,
                matched: count(|it| it.records_matched),
                scanned: count(|it| it.records_scanned),
                bytes: count(|it| it.bytes_scanned),
            });
        };
        if given.contains(&token) {
            return Err(Fault::new(
                FaultKind::OddAnswer,
                RESULTS,
                "the query",
                "the same page token came twice",
            ));
        }
        given.push(token);
    }
}

pub(super) async fn stop(client: &Client, id: &SafeText) -> Result<(), Fault> {
    let stopped = client.stop_query().query_id(id.as_str()).send().await;
    match stopped.map_err(fault::on(STOP, "the query")) {
        // It has ended meanwhile.
        Err(fault) if matches!(fault.kind, FaultKind::Refused | FaultKind::NotFound) => Ok(()),
        other => other.map(drop),
    }
}

fn state(status: &QueryStatus) -> Result<QueryState, Fault> {
    Ok(match status {
        QueryStatus::Scheduled | QueryStatus::Running | QueryStatus::UnknownValue => QueryState::Running,
        QueryStatus::Complete => QueryState::Complete,
        QueryStatus::Failed => QueryState::Failed,
        QueryStatus::Cancelled => QueryState::Cancelled,
        QueryStatus::Timeout => QueryState::TimedOut,
        other => {
            let why = format!("a query in state {}", SafeText::new(other.as_str()));
            return Err(Fault::new(FaultKind::OddAnswer, RESULTS, "the query", &why));
        }
    })
}

/// A row; none where it has neither time nor message.
fn event(fields: &[ResultField]) -> Option<LogEvent> {
    let value = |name: &str| fields.iter().find(|it| it.field.as_deref() == Some(name))?.value.as_deref();
    let (at, message) = (value("@timestamp").and_then(time), value("@message"));
    let ingested = value("@ingestionTime").and_then(time);
    if at.is_none() && message.is_none() {
        return None;
    }
    let at = at.or(ingested).unwrap_or_default();
    Some(LogEvent {
        id: None,
        at,
        ingested: ingested.unwrap_or(at),
        stream: value("@logStream").unwrap_or_default().into(),
        message: RawText::new(message.unwrap_or_default()),
    })
}

/// `2026-11-22 03:12:00.123`, in UTC; milliseconds since 1970 where a query does not format them.
fn time(text: &str) -> Option<Millis> {
    if let Ok(millis) = text.parse() {
        return Some(dated(millis));
    }
    let civil: DateTime = text.trim_end_matches('Z').parse().ok()?;
    let at: Timestamp = civil.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(dated(at.as_millisecond()))
}
