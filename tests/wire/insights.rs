//! Logs Insights as the SDK speaks it: what is sent, how rows become lines, and what becomes of a query that fails.

use bic_tui::{
    cloud::InsightsRequest,
    core::fact::{LogGroup, QueryResults, QueryState},
};

use super::*;

const GROUP: &str = "/ecs/bedrock-image-chat";

pub(super) fn group_query() -> Query {
    Query::LogGroup { group: GROUP.into() }
}

pub(super) fn results_query() -> Query {
    Query::InsightsResults { id: "q-1".into() }
}

pub(super) fn results_reply(status: &str) -> Value {
    json!({ "status": status, "results": [], "statistics": { "recordsMatched": 3.0, "recordsScanned": 9.0, "bytesScanned": 4_096.0 } })
}

fn request() -> InsightsRequest {
    InsightsRequest {
        group: GROUP.into(),
        from: 1_795_316_400_500,
        until: 1_795_320_000_000,
        query: "fields @message\n| limit 10000".into(),
    }
}

fn row(fields: &[(&str, &str)]) -> Value {
    fields
        .iter()
        .map(|(field, value)| json!({ "field": field, "value": value }))
        .collect()
}

#[tokio::test]
async fn a_group_is_told_by_its_exact_name() {
    let other = json!({ "logGroupName": format!("{GROUP}-2"), "storedBytes": 1 });
    let ours = json!({ "logGroupName": GROUP, "storedBytes": 5_000, "creationTime": 7, "retentionInDays": 30 });
    for (listed, want) in [
        (
            json!([ours]),
            Some(LogGroup {
                stored: Some(5_000),
                created: Some(7),
                retention_days: Some(30),
            }),
        ),
        (json!([other]), None),
        (
            json!([{ "logGroupName": GROUP }]),
            Some(LogGroup {
                stored: None,
                created: None,
                retention_days: None,
            }),
        ),
    ] {
        let reply = bodies::json(json!({ "logGroups": listed, "nextToken": "more" }));
        let (fact, server) = fact("DescribeLogGroups", [reply], group_query()).await;
        assert_eq!(fact, Fact::LogGroup(want));
        assert_eq!(server.requests()[0].json()["logGroupNamePrefix"], GROUP);
    }
}

#[tokio::test]
async fn a_query_is_sent_once_in_whole_seconds() {
    let good = bodies::json(json!({ "queryId": "q-1" }));
    let (fact, server) = fact("StartQuery", [good], Query::InsightsStart(request())).await;
    assert_eq!(fact, Fact::InsightsBegun("q-1".into()));
    let asked = server.requests()[0].json();
    assert_eq!(
        asked,
        json!({ "logGroupName": GROUP, "startTime": 1_795_316_400, "endTime": 1_795_319_999, "queryString": "fields @message\n| limit 10000" })
    );
    for (status, code, kind) in [
        (400, "MalformedQueryException", FaultKind::Refused),
        (400, "LimitExceededException", FaultKind::Refused),
        (400, "AccessDeniedException", FaultKind::Denied),
        (400, "ResourceNotFoundException", FaultKind::NotFound),
        (400, "ThrottlingException", FaultKind::Throttled),
        (503, "ServiceUnavailableException", FaultKind::AwsFailed),
    ] {
        let server = Server::start().await;
        server.on("StartQuery", [bodies::error(Wire::Json, status, code, "not so")]);
        let fault = cloud(&server).await.ask(Query::InsightsStart(request())).await.expect_err(code);
        assert_eq!((fault.kind, fault.code.as_deref()), (kind, Some(code)));
        assert_eq!(server.asked("StartQuery").len(), 1, "{code}: what is paid for is not sent again");
    }
    let server = Server::start().await;
    for odd in [json!({}), json!({ "queryId": null }), json!({ "queryId": "" })] {
        server.on("StartQuery", [bodies::json(odd)]);
        let fault = cloud(&server).await.ask(Query::InsightsStart(request())).await.expect_err("odd");
        assert_eq!(fault.kind, FaultKind::OddAnswer);
    }
}

async fn results(replies: impl IntoIterator<Item = Value>) -> (Result<QueryResults, Fault>, Server) {
    let server = Server::start().await;
    server.on("GetQueryResults", replies.into_iter().map(bodies::json));
    let answer = cloud(&server).await.ask(results_query()).await;
    let results = answer.map(|fact| match fact {
        Fact::Insights(results) => results,
        other => panic!("{other:?}"),
    });
    (results, server)
}

#[tokio::test]
async fn rows_become_lines_oldest_first_and_byte_exact() {
    let hostile = "\u{1b}[2J \u{202e} tab\t \u{1f600}";
    let whole = |at: &str, message: &str| {
        row(&[
            ("@timestamp", at),
            ("@ingestionTime", "2026-11-22 03:12:09.000"),
            ("@logStream", "litellm/litellm/1"),
            ("@message", message),
            ("@ptr", "Cp…"),
        ])
    };
    let mut first = results_reply("Complete");
    first["results"] = json!([
        whole("2026-11-22 03:12:01.500", "third"),
        whole("2026-11-22 03:12:01.500", hostile),
        row(&[("@ptr", "only")]),
        row(&[("@message", "no time")]),
    ]);
    first["nextToken"] = "more".into();
    let mut second = results_reply("Complete");
    second["results"] = json!([row(&[("@timestamp", "1795317120000"), ("@ptr", "x")])]);
    let (answer, server) = results([first, second]).await;
    let answer = answer.expect("results");
    assert_eq!(server.asked("GetQueryResults")[1].json()["nextToken"], "more");
    let said: Vec<_> = answer.events.iter().map(|it| (it.at, it.message.as_raw())).collect();
    assert_eq!(
        said,
        [
            (0, "no time"),
            (1_795_317_120_000, ""),
            (1_795_317_121_500, hostile),
            (1_795_317_121_500, "third")
        ]
    );
    let line = &answer.events[2];
    assert_eq!(
        (line.id.clone(), line.ingested, line.stream.as_str()),
        (None, 1_795_317_129_000, "litellm/litellm/1")
    );
    assert_eq!((answer.matched, answer.scanned, answer.bytes), (3, 9, 4_096));
}

#[tokio::test]
async fn every_state_of_a_query_is_told() {
    for (status, want) in [
        ("Scheduled", Some(QueryState::Running)),
        ("Running", Some(QueryState::Running)),
        ("Unknown", Some(QueryState::Running)),
        ("Complete", Some(QueryState::Complete)),
        ("Failed", Some(QueryState::Failed)),
        ("Cancelled", Some(QueryState::Cancelled)),
        ("Timeout", Some(QueryState::TimedOut)),
        ("Sideways", None),
    ] {
        let (answer, _) = results([results_reply(status)]).await;
        assert_eq!(answer.as_ref().ok().map(|it| it.state), want, "{status}: {answer:?}");
    }
    let mut bare = results_reply("Running");
    bare["statistics"] = Value::Null;
    let (answer, _) = results([bare]).await;
    assert_eq!(answer.map(|it| (it.bytes, it.events.len())), Ok((0, 0)));
    let round = || {
        let mut page = results_reply("Complete");
        page["nextToken"] = "again".into();
        page
    };
    let (answer, _) = results([round(), round(), round()]).await;
    assert_eq!(answer.expect_err("it goes round").kind, FaultKind::OddAnswer);
}

#[tokio::test]
async fn a_query_that_has_ended_needs_no_stop() {
    for (reply, want) in [
        (bodies::json(json!({ "success": true })), None),
        (
            bodies::error(Wire::Json, 400, "InvalidParameterException", "The query has already ended."),
            None,
        ),
        (bodies::error(Wire::Json, 400, "ResourceNotFoundException", "No such query."), None),
        (
            bodies::error(Wire::Json, 400, "AccessDeniedException", "no"),
            Some(FaultKind::Denied),
        ),
        (
            bodies::error(Wire::Json, 400, "ThrottlingException", "slow"),
            Some(FaultKind::Throttled),
        ),
    ] {
        let server = Server::start().await;
        server.on("StopQuery", [reply]);
        let answer = cloud(&server).await.ask(Query::InsightsStop { id: "q-1".into() }).await;
        assert_eq!(answer.err().map(|fault| fault.kind), want);
        assert_eq!(server.asked("StopQuery")[0].json()["queryId"], "q-1");
    }
}
