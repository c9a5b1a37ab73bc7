//! Live Tail as the SDK reads it: frames of an event stream, and all the ways in which one ends.

use bic_tui::core::fact::{LiveFrame, LiveUpdate};
use futures::StreamExt;

use super::*;

const GROUP: &str = "/ecs/bedrock-image-chat";

fn start() -> (&'static str, Value) {
    let body = json!({ "requestId": "r", "sessionId": "s", "logGroupIdentifiers": [GROUP], "logStreamNames": [], "logStreamNamePrefixes": [], "logEventFilterPattern": "" });
    ("sessionStart", body)
}

fn update(messages: &[&str], sampled: bool) -> (&'static str, Value) {
    let event = |message: &&str| json!({ "logStreamName": "litellm/litellm/1", "logGroupIdentifier": GROUP, "message": message, "timestamp": 1_500, "ingestionTime": 1_505 });
    let events: Vec<Value> = messages.iter().map(event).collect();
    (
        "sessionUpdate",
        json!({ "sessionMetadata": { "sampled": sampled }, "sessionResults": events }),
    )
}

async fn server(session: Reply) -> Server {
    let server = Server::start().await;
    let identity = "<UserId>U</UserId><Account>123456789012</Account><Arn>arn:aws-cn:sts::123456789012:assumed-role/Ops/ana</Arn>";
    server.on("GetCallerIdentity", [bodies::query("GetCallerIdentity", identity)]);
    server.on("StartLiveTail", [session]);
    server
}

/// All that a session says, until it ends or `count` frames have come.
async fn frames(session: Reply, count: usize) -> (Vec<Result<LiveFrame, Fault>>, Server) {
    let server = server(session).await;
    let cloud = cloud(&server).await;
    let frames = match cloud.live(GROUP.into()).await {
        Ok(stream) => stream.take(count).collect().await,
        Err(fault) => vec![Err(fault)],
    };
    (frames, server)
}

#[tokio::test]
async fn a_session_brings_lines_byte_exact_and_a_clean_end_is_no_fault() {
    let hostile = "\u{1b}[2J \u{202e} tab\t \u{1f600}";
    let body = bodies::event_stream(&[start(), update(&[hostile, "b"], false), update(&[], true)]);
    let (frames, server) = frames(body, 99).await;
    let frames: Vec<LiveFrame> = frames.into_iter().map(|it| it.expect("a frame")).collect();
    let [LiveFrame::Start, LiveFrame::Update(first), LiveFrame::Update(second)] = frames.as_slice() else {
        panic!("{frames:?}")
    };
    let event = &first.events[0];
    assert_eq!(event.message.as_raw(), hostile);
    assert_eq!((event.id.clone(), event.at, event.ingested), (None, 1_500, 1_505));
    assert_eq!((first.events.len(), first.sampled), (2, false));
    let all_left_out = LiveUpdate {
        events: Vec::new(),
        sampled: true,
    };
    assert_eq!(*second, all_left_out);
    let asked = &server.asked("StartLiveTail")[0];
    let arn = format!("arn:aws-cn:logs:us-west-2:123456789012:log-group:{GROUP}");
    assert_eq!(asked.json()["logGroupIdentifiers"], json!([arn]));
    assert!(
        asked.header("host").starts_with("127.0.0.1"),
        "the prefix of the host is for AWS alone"
    );
}

#[tokio::test]
async fn every_broken_session_ends_with_a_fault() {
    let good = bodies::event_stream(&[start(), update(&["one"], false)]);
    let whole = good.body.len();
    let mut damaged = good.clone();
    damaged.body[whole - 20] ^= 1;
    let exception = |name: &'static str| {
        let end = (name, json!({ "message": "the session is over" }));
        bodies::event_stream(&[start(), update(&["one"], false), end])
    };
    for (session, kind, code) in [
        (good.clone().how(How::Cut(whole - 10)), FaultKind::Unreachable, None),
        (damaged, FaultKind::OddAnswer, None),
        (
            exception("SessionStreamingException"),
            FaultKind::AwsFailed,
            Some("SessionStreamingException"),
        ),
    ] {
        let (frames, _) = frames(session, 99).await;
        let Some(Err(fault)) = frames.last() else { panic!("{frames:?}") };
        assert_eq!((fault.kind, fault.code.as_deref()), (kind, code), "{fault:?}");
        assert_eq!(frames.iter().filter(|frame| frame.is_err()).count(), 1);
    }
    let (frames, _) = frames(exception("SessionTimeoutException"), 99).await;
    assert!(
        frames.len() == 2 && frames.iter().all(Result::is_ok),
        "three hours are over: {frames:?}"
    );
}

#[tokio::test]
async fn a_quota_is_told_and_not_asked_again() {
    let quota = bodies::error(Wire::Json, 400, "LimitExceededException", "Too many sessions.");
    let (frames, server) = frames(quota, 1).await;
    let [Err(fault)] = frames.as_slice() else { panic!("{frames:?}") };
    assert_eq!(
        (fault.kind, fault.code.as_deref()),
        (FaultKind::Refused, Some("LimitExceededException"))
    );
    assert_eq!(server.asked("StartLiveTail").len(), 1);
}

#[tokio::test]
async fn lines_come_before_the_stream_ends() {
    let session = bodies::event_stream(&[start(), update(&["one"], false)]).how(How::Held);
    let (frames, _) = frames(session, 2).await;
    assert!(
        matches!(frames.as_slice(), [Ok(LiveFrame::Start), Ok(LiveFrame::Update(_))]),
        "{frames:?}"
    );
}
