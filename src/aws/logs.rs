//! CloudWatch Logs: one page of a log group.

use aws_sdk_cloudwatchlogs::{Client, types::FilteredLogEvent};

use super::{fault, pages::missing, text};
use crate::{
    cloud::LogRequest,
    core::{
        fact::{LogEvent, LogPage, Millis},
        fault::Fault,
        text::{RawText, SafeText},
    },
};

const OPERATION: &str = "logs:FilterLogEvents";

pub(super) async fn page(client: &Client, request: LogRequest) -> Result<LogPage, Fault> {
    let output = client
        .filter_log_events()
        .log_group_name(request.group.as_str())
        .start_time(request.from)
        .set_end_time(request.until)
        .set_next_token(request.token.as_ref().map(ToString::to_string))
        .set_log_stream_name_prefix(request.stream_prefix.as_ref().map(ToString::to_string))
        .send()
        .await
        .map_err(fault::on(OPERATION, &request.group))?;
    // Without the list the answer is a failed read, not an empty log.
    let Some(events) = output.events else {
        return Err(missing(OPERATION, &request.group, "events"));
    };
    let until = request.until.unwrap_or(Millis::MAX);
    Ok(LogPage {
        events: mapped(events, until),
        next: output.next_token.filter(|token| !token.is_empty()).map(SafeText::from),
    })
}

/// AWS's own end of a window is inclusive for this operation, ours is not.
fn mapped(events: Vec<FilteredLogEvent>, until: Millis) -> Vec<LogEvent> {
    let mut stream = SafeText::default();
    let mut map = |event: FilteredLogEvent| {
        // Neighbours mostly share a stream: one name for all of them.
        if event.log_stream_name().unwrap_or_default() != stream.as_str() {
            stream = text(event.log_stream_name);
        }
        LogEvent {
            at: event.timestamp.or(event.ingestion_time).unwrap_or_default(),
            ingested: event.ingestion_time.or(event.timestamp).unwrap_or_default(),
            id: event.event_id.map(SafeText::from),
            stream: stream.clone(),
            message: RawText::new(event.message.as_deref().unwrap_or_default()),
        }
    };
    events.into_iter().map(&mut map).filter(|event| event.at < until).collect()
}
