//! CloudWatch Logs: one page of a log group. A page holds up to ten thousand events, so it is read here
//! straight into facts: the SDK's own reading takes four copies and most of the time of a long fetch.

use std::{
    borrow::Cow,
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_cloudwatchlogs::Client;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeDeserializationInterceptorContextMut, dyn_dispatch_hint},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use serde::Deserialize;

use super::{fault, pages::missing};
use crate::{
    cloud::LogRequest,
    core::{
        fact::{LogEvent, LogPage, Millis, event_times},
        fault::Fault,
        text::{RawText, SafeText},
    },
};

const OPERATION: &str = "logs:FilterLogEvents";

pub(super) async fn page(client: &Client, request: LogRequest) -> Result<LogPage, Fault> {
    let page = Arc::default();
    let reader = Reader {
        until: request.until.unwrap_or(Millis::MAX),
        page: Arc::clone(&page),
    };
    client
        .filter_log_events()
        .log_group_name(request.group.as_str())
        .start_time(request.from)
        .set_end_time(request.until)
        .set_next_token(request.token.as_ref().map(ToString::to_string))
        .set_log_stream_name_prefix(request.stream_prefix.as_ref().map(ToString::to_string))
        .customize()
        .interceptor(reader)
        .send()
        .await
        .map_err(fault::on(OPERATION, &request.group))?;
    let page = page.lock().unwrap_or_else(PoisonError::into_inner).take();
    // Without the list the answer is a failed read, not an empty log.
    page.ok_or_else(|| missing(OPERATION, &request.group, "events"))
}

/// Takes the body before the SDK reads it. What it can not read it leaves to the SDK, which says why.
#[derive(Debug)]
struct Reader {
    until: Millis,
    page: Arc<Mutex<Option<LogPage>>>,
}

#[dyn_dispatch_hint]
impl Intercept for Reader {
    fn name(&self) -> &'static str {
        "LogPageReader"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        if !response.status().is_success() {
            return Ok(());
        }
        let read = response
            .body()
            .bytes()
            .and_then(|body| serde_json::from_slice::<Page<'_>>(body).ok());
        if let Some(page) = read {
            *self.page.lock().unwrap_or_else(PoisonError::into_inner) = page.fact(self.until);
            *response.body_mut() = SdkBody::from("{}");
        }
        Ok(())
    }
}

/// Text that is borrowed where nothing is escaped in it.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    #[serde(borrow)]
    events: Option<Vec<Entry<'a>>>,
    next_token: Option<SafeText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    event_id: Option<SafeText>,
    #[serde(borrow)]
    log_stream_name: Option<Text<'a>>,
    message: Option<RawText>,
    timestamp: Option<Millis>,
    ingestion_time: Option<Millis>,
}

impl Page<'_> {
    /// AWS's own end of a window is inclusive for this operation, ours is not.
    fn fact(self, until: Millis) -> Option<LogPage> {
        // One name for all events of a stream.
        let mut streams: HashSet<SafeText, foldhash::fast::RandomState> = HashSet::default();
        let mut map = |event: Entry<'_>| {
            let name = event.log_stream_name.as_ref().map(|name| &*name.0).unwrap_or_default();
            let stream = streams.get(name).cloned().unwrap_or_else(|| {
                let stream = SafeText::new(name);
                streams.insert(stream.clone());
                stream
            });
            let (at, ingested) = event_times(event.timestamp, event.ingestion_time);
            LogEvent {
                at,
                ingested,
                id: event.event_id,
                stream,
                message: event.message.unwrap_or_default(),
            }
        };
        let events = self.events?.into_iter().map(&mut map).filter(|event| event.at < until).collect();
        Some(LogPage {
            events,
            next: self.next_token.filter(|token| !token.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::core::{keymap::Intent, logview::LogView, model::Times, tail::Tail, when};

    const NOW: Millis = 1_790_000_000_000;

    proptest! {
        /// Whatever times stand in a page, the tail and the screen go on.
        #[test]
        fn no_time_is_too_odd(times in prop::collection::vec((odd(), odd()), 1..6)) {
            let events: Vec<_> = times
                .iter()
                .map(|(at, ingested)| serde_json::json!({"timestamp": at, "ingestionTime": ingested, "message": "x"}))
                .collect();
            let body = serde_json::json!({ "events": events }).to_string();
            let page = serde_json::from_str::<Page<'_>>(&body).unwrap().fact(Millis::MAX).unwrap();
            prop_assert_eq!(page.events.len(), times.len());
            let mut tail = Tail::new("g".into(), NOW - 900_000);
            let mut view = LogView::new(usize::MAX);
            view.append_older(page.events.clone(), true);
            for _ in 0..3 {
                let (seq, _) = tail.due(NOW, true).unwrap();
                view.append(tail.on_page(seq, Ok(page.clone()), NOW));
                prop_assert!(tail.lag(NOW) >= 0 && tail.gaps(NOW).len() < 3);
            }
            view.top();
            for intent in [Intent::Wider, Intent::Earlier, Intent::Narrower, Intent::Later, Intent::Narrower] {
                let (from, until) = view.span(NOW).unwrap();
                prop_assert!(view.histogram(from, until.max(from + 1), 80).len() <= 80);
                prop_assert!(!when::show(until, NOW, Times::Age, &TimeZone::UTC).is_empty() && !when::iso(from).is_empty());
                view.move_span(intent, NOW);
            }
        }
    }

    fn odd() -> impl Strategy<Value = Millis> {
        prop_oneof![
            any::<Millis>(),
            Just(Millis::MAX),
            Just(Millis::MIN),
            NOW - 1_000_000..NOW + 1_000_000
        ]
    }
}
