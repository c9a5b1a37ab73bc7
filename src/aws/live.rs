//! CloudWatch Logs: Live Tail, a stream of updates.

use aws_sdk_cloudwatchlogs::{
    Client,
    types::{LiveTailSessionLogEvent, StartLiveTailResponseStream as Frame, error::StartLiveTailResponseStreamError as StreamError},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeTransmitInterceptorContextMut, dyn_dispatch_hint},
        result::SdkError,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{config_bag::ConfigBag, event_stream::RawMessage};
use futures::{StreamExt, stream};

use super::{fault, text};
use crate::{
    cloud::LiveStream,
    core::{
        fact::{Identity, LiveFrame, LiveUpdate, LogEvent, event_times},
        fault::Fault,
        text::{RawText, SafeText},
    },
};

const OPERATION: &str = "logs:StartLiveTail";

/// What a session needs to know.
pub(super) struct Tail<'a> {
    pub(super) client: &'a Client,
    pub(super) identity: Identity,
    pub(super) region: &'a str,
    /// Requests do not go to AWS itself.
    pub(super) is_redirected: bool,
}

impl Tail<'_> {
    pub(super) async fn open(self, group: &SafeText) -> Result<LiveStream<'static>, Fault> {
        // Unlike all other operations this one takes no name, only an ARN.
        let partition = self.identity.arn.split(':').nth(1).unwrap_or("aws");
        let arn = format!("arn:{partition}:logs:{}:{}:log-group:{group}", self.region, self.identity.account);
        let mut call = self.client.start_live_tail().log_group_identifiers(arn).customize();
        if self.is_redirected {
            call = call.interceptor(PlainHost);
        }
        let output = call.send().await.map_err(fault::on(OPERATION, group))?;
        let receiver = Some((output.response_stream, group.clone()));
        let frames = stream::unfold(receiver, async |receiver| {
            let (mut receiver, group) = receiver?;
            match receiver.recv().await {
                Ok(Some(frame)) => Some((Ok(mapped(frame)), Some((receiver, group)))),
                Ok(None) => None,
                Err(error) => broken(&error, &group).map(|fault| (Err(fault), None)),
            }
        });
        Ok(frames.boxed())
    }
}

/// Why a stream broke; none after three hours, when AWS ends each.
fn broken(error: &SdkError<StreamError, RawMessage>, group: &str) -> Option<Fault> {
    let worded = match error.as_service_error() {
        Some(StreamError::SessionTimeoutException(_)) => return None,
        Some(StreamError::SessionStreamingException(it)) => Some(("SessionStreamingException", it.message().unwrap_or_default())),
        _ => None,
    };
    Some(fault::in_stream(error, OPERATION, group, worded))
}

fn mapped(frame: Frame) -> LiveFrame {
    match frame {
        Frame::SessionUpdate(update) => LiveFrame::Update(LiveUpdate {
            sampled: update.session_metadata.is_some_and(|metadata| metadata.sampled),
            events: update.session_results.unwrap_or_default().into_iter().map(event).collect(),
        }),
        // A kind of frame that is not known yet is a sign of life too.
        _ => LiveFrame::Start,
    }
}

fn event(event: LiveTailSessionLogEvent) -> LogEvent {
    let (at, ingested) = event_times(event.timestamp, event.ingestion_time);
    LogEvent {
        id: None,
        at,
        ingested,
        stream: text(event.log_stream_name),
        message: RawText::new(event.message.as_deref().unwrap_or_default()),
    }
}

/// The SDK puts `stream-` before the host of this operation, and no endpoint of somebody's own has a
/// name like that.
#[derive(Debug)]
struct PlainHost;

#[dyn_dispatch_hint]
impl Intercept for PlainHost {
    fn name(&self) -> &'static str {
        "PlainHost"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let plain = request.uri().replacen("://stream-", "://", 1);
        request.set_uri(plain)?;
        Ok(())
    }
}
