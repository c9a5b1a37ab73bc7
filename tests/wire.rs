//! The SDK side against a scripted server: what each operation sends, how its answers become facts,
//! and what becomes of every answer that goes wrong. Nothing of the user's environment is read.
#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "wire/access.rs"]
mod access;
#[path = "wire/application.rs"]
mod application;
#[path = "wire/checks.rs"]
mod checks;
#[path = "wire/environment.rs"]
mod environment;
#[path = "wire/insights.rs"]
mod insights;
#[path = "wire/leftovers.rs"]
mod leftovers;
#[path = "wire/live.rs"]
mod live;
#[path = "loopback/server.rs"]
mod loopback;
#[path = "wire/models.rs"]
mod models;
#[path = "wire/tail.rs"]
mod tail;
#[path = "wire/writes.rs"]
mod writes;

use std::time::Duration;

use bic_tui::{
    aws::{Aws, AwsOptions, Limits, connect},
    cloud::{Change, Cloud, Done, ImageRoute, LogRequest, PlanRequest, Query, Token},
    core::{
        fact::{ChangeAction, Fact, Fate, Replacement},
        fault::{Fault, FaultKind},
        secret::SecretRef,
        template::TEMPLATE,
        text::SafeText,
    },
};
use loopback::{
    How, Reply, Request, Server,
    bodies::{self, Wire},
};
use serde_json::{Value, json};

/// A value that may be in no fault.
const CANARY: &str = "canary-7f3a";

fn options(server: &Server) -> AwsOptions {
    AwsOptions {
        region: Some("us-west-2".into()),
        endpoint_url: Some(server.url.clone()),
        credentials: Some(("AKIDEXAMPLE".into(), "not-a-secret".into())),
        limits: Limits {
            backoff: Duration::from_millis(1),
            ..Limits::default()
        },
        ..AwsOptions::default()
    }
}

async fn cloud(server: &Server) -> Aws {
    connect(options(server)).await.expect("options are whole")
}

/// A cloud that waits for no answer longer than a fifth of a second.
async fn hasty(server: &Server) -> Aws {
    let short = Duration::from_millis(200);
    let limits = Limits {
        attempt: short,
        operation: short * 5,
        image: short,
        stage: short,
        ..options(server).limits
    };
    let options = AwsOptions { limits, ..options(server) };
    connect(options).await.expect("options are whole")
}

fn token() -> Token {
    Token("7c1b7e6e-0000-4000-8000-000000000001".into())
}

fn secret(field: Option<&str>) -> SecretRef {
    SecretRef {
        secret: "bedrock-image-chat/litellm-api-key".into(),
        field: field.map(SafeText::from),
    }
}

/// Everything that a fault can show or record.
fn all_text(fault: &Fault) -> String {
    let recorded = serde_json::to_string(fault).expect("a fault is JSON");
    format!("{fault:?} {} {} {recorded}", fault.sentence(), fault.advice())
}

// ---------------------------------------------------------------------------------------------------
// Reads

#[derive(Debug, Clone)]
enum Ask {
    Query(Query),
    Reveal,
}

impl Ask {
    async fn of(self, cloud: &Aws) -> Result<(), Fault> {
        match self {
            Self::Query(query) => cloud.ask(query).await.map(drop),
            Self::Reveal => cloud.reveal(secret(Some("api_key"))).await.map(drop),
        }
    }
}

/// One operation that reads.
struct Read {
    operation: &'static str,
    wire: Wire,
    ask: Ask,
    good: Reply,
    /// Answers that AWS could word, but does not give: parts left out or null.
    odd: Vec<Reply>,
}

fn log_request() -> LogRequest {
    LogRequest {
        group: "/ecs/bedrock-image-chat".into(),
        from: 1_000,
        until: Some(2_000),
        token: None,
        stream_prefix: Some("openwebui".into()),
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn reads() -> Vec<Read> {
    let stack = || SafeText::from("bedrock-image-chat");
    let json = |operation, ask, good, part: &str| Read {
        operation,
        wire: Wire::Json,
        ask: Ask::Query(ask),
        good: bodies::json(good),
        odd: vec![bodies::json(json!({})), bodies::json(json!({ part: null }))],
    };
    let query = |operation, ask, good: &str, odd: &[&str]| Read {
        operation,
        wire: Wire::Query,
        ask: Ask::Query(ask),
        good: bodies::query(operation, good),
        odd: odd.iter().map(|it| bodies::query(operation, it)).collect(),
    };
    let cluster = || SafeText::from("bedrock-image-chat-cluster");
    let services = Query::Services {
        cluster: cluster(),
        services: vec!["bedrock-image-chat-litellm".into()],
    };
    let targets = Query::TargetHealth {
        groups: vec![(
            "TargetGroup".into(),
            "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/tg/1".into(),
        )],
    };
    let change_set = Query::ChangeSet {
        stack: stack(),
        change_set: "plan".into(),
    };
    let events = Query::StackEvents {
        stack: stack(),
        known: None,
    };
    let resources = Query::StackResources { stack: stack() };
    let mut all = leftovers::reads();
    all.extend(vec![
        query(
            "GetCallerIdentity",
            Query::Identity,
            "<Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/dana</Arn>",
            &[""],
        ),
        query("ValidateTemplate", Query::Validate, "<Parameters/>", &[]),
        query(
            "DescribeStacks",
            Query::Stack { stack: stack() },
            &stack_xml("CREATE_COMPLETE"),
            &["", "<Stacks/>"],
        ),
        query("ListStacks", Query::Stacks, "<StackSummaries/>", &[""]),
        query("DescribeStackEvents", events, &event_xml(1..2, None), &[""]),
        query("ListStackResources", resources, "<StackResourceSummaries/>", &[""]),
        query("DescribeChangeSet", change_set, "<Status>CREATE_COMPLETE</Status>", &[""]),
        query("DescribeTargetHealth", targets, "<TargetHealthDescriptions/>", &[""]),
        json("DescribeServices", services, json!({ "services": [] }), "services"),
        json(
            "ListTasks",
            Query::Tasks { cluster: cluster() },
            json!({ "taskArns": [] }),
            "taskArns",
        ),
        json(
            "DescribeTasks",
            Query::Tasks { cluster: cluster() },
            json!({ "tasks": [] }),
            "tasks",
        ),
        json("FilterLogEvents", Query::LogPage(log_request()), json!({ "events": [] }), "events"),
        json(
            "DescribeLogGroups",
            insights::group_query(),
            json!({ "logGroups": [] }),
            "logGroups",
        ),
        json(
            "GetQueryResults",
            insights::results_query(),
            insights::results_reply("Complete"),
            "status",
        ),
        models::read(
            "GetFoundationModel",
            "stability.stable-image-core-v1:1",
            models::foundation("ACTIVE"),
        ),
        models::read("GetInferenceProfile", "us.anthropic.claude-sonnet-4-6", models::profile()),
        checks::alarms(),
        checks::quota(),
        checks::rate(),
        checks::file_system_size(),
        checks::names(),
        checks::rights(),
    ]);
    all.extend(access::reads());
    all.push(Read {
        operation: "GetSecretValue",
        wire: Wire::Json,
        ask: Ask::Reveal,
        good: bodies::json(json!({ "SecretString": "{\"api_key\":\"sk-1\"}" })),
        odd: vec![bodies::json(json!({})), bodies::json(json!({ "SecretString": null }))],
    });
    all
}

async fn server_for(read: &Read, reply: Reply) -> Server {
    let server = Server::start().await;
    if read.operation == "DescribeTasks" {
        server.on(
            "ListTasks",
            [bodies::json(json!({ "taskArns": ["arn:aws:ecs:us-west-2:123456789012:task/c/1"] }))],
        );
    }
    if read.operation == "GetServiceQuota" {
        server.on("ListResources", [bodies::json(json!({ "ResourceDescriptions": [] }))]);
    }
    if read.wire == Wire::Rest {
        server.on("GetFoundationModel", [models::foundation("ACTIVE")]);
        server.on("GetFoundationModelAvailability", [models::access("AVAILABLE")]);
    }
    server.on(read.operation, [reply]);
    server
}

/// A server and a cloud for one operation.
struct Bench {
    read: Read,
    server: Server,
    cloud: Aws,
}

impl Bench {
    async fn new(read: Read) -> Self {
        let server = server_for(&read, read.good.clone()).await;
        let cloud = cloud(&server).await;
        Self { read, server, cloud }
    }

    /// Asks once, and tells the outcome and how many requests of the operation it took.
    async fn outcome(&self, reply: Reply) -> (Result<(), Fault>, usize) {
        self.server.forget();
        self.server.on(self.read.operation, [reply]);
        let outcome = self.read.ask.clone().of(&self.cloud).await;
        let asked = self.server.asked(self.read.operation);
        // Tasks are listed twice at a time, running and stopped; the one that fails last is given up.
        let is_stopped = |request: &Request| request.text().contains("STOPPED");
        let stopped = asked.iter().filter(|it| is_stopped(it)).count();
        (outcome, stopped.max(asked.len() - stopped))
    }
}

#[tokio::test]
async fn every_read_takes_a_good_answer_with_one_request() {
    for read in reads() {
        let bench = Bench::new(read).await;
        let outcome = bench.outcome(bench.read.good.clone()).await;
        assert_eq!(outcome, (Ok(()), 1), "{}", bench.read.operation);
    }
}

#[tokio::test]
async fn every_read_tells_apart_what_aws_refuses() {
    use FaultKind::{AwsFailed, Denied, Expired, Refused, Throttled, WrongCredentials};
    for read in reads() {
        let bench = Bench::new(read).await;
        let read = &bench.read;
        for (status, code, kind, tries) in [
            (400, "AccessDeniedException", Denied, 1),
            (403, "AccessDenied", Denied, 1),
            (400, "ExpiredTokenException", Expired, 1),
            (403, "ExpiredToken", Expired, 1),
            (403, "InvalidClientTokenId", WrongCredentials, 1),
            (400, "UnrecognizedClientException", WrongCredentials, 1),
            (403, "SignatureDoesNotMatch", WrongCredentials, 1),
            (400, "InvalidSignatureException", WrongCredentials, 1),
            (400, "ThrottlingException", Throttled, 3),
            (400, "Throttling", Throttled, 3),
            (500, "InternalFailure", AwsFailed, 3),
            (503, "ServiceUnavailable", AwsFailed, 3),
            (400, "SomethingNewException", Refused, 1),
        ] {
            let what = format!("{} {code}", read.operation);
            let reply = bodies::error(read.wire, status, code, &format!("not so {CANARY}"));
            let (outcome, asked) = bench.outcome(reply).await;
            let fault = outcome.expect_err(&what);
            assert_eq!(fault.kind, kind, "{what}");
            assert!(fault.operation.ends_with(read.operation), "{what}: {}", fault.operation);
            assert_eq!(fault.code.as_deref(), Some(code), "{what}");
            assert_eq!(fault.request_id.as_deref(), Some("request-1"), "{what}");
            assert_eq!(asked, tries, "{what}");
            let is_secret = read.operation == "GetSecretValue";
            assert_eq!(all_text(&fault).contains(CANARY), !is_secret, "{what}: {}", all_text(&fault));
        }
    }
}

#[tokio::test]
async fn no_read_takes_an_odd_answer_for_an_empty_one() {
    for read in reads() {
        let bench = Bench::new(read).await;
        let read = &bench.read;
        let mut cut = read.good.clone();
        if read.wire == Wire::Json {
            cut.body = format!("{{\"SecretString\":\"{CANARY}").into_bytes();
        } else {
            cut.body.truncate(read.good.body.len() - 20);
        }
        let mut odd = vec![
            cut,
            Reply::new(200, "application/x-amz-json-1.1", ""),
            Reply::new(200, "text/xml", ""),
            bodies::html(CANARY),
            Reply::new(200, "application/x-amz-json-1.1", format!("[\"{CANARY}\"]")),
            Reply::new(407, "text/html", CANARY),
        ];
        odd.extend(read.odd.clone());
        for reply in odd {
            let what = format!("{}: {} {}", read.operation, reply.status, String::from_utf8_lossy(&reply.body));
            let (outcome, asked) = bench.outcome(reply).await;
            let fault = outcome.expect_err(&what);
            assert_eq!((fault.kind, asked), (FaultKind::OddAnswer, 1), "{what}: {fault:?}");
            assert!(!all_text(&fault).contains(CANARY), "{what}: {}", all_text(&fault));
        }
    }
}

#[tokio::test]
async fn a_proxy_that_fails_is_no_odd_answer() {
    for read in reads() {
        let bench = Bench::new(read).await;
        let (outcome, asked) = bench.outcome(Reply::new(502, "text/html", CANARY)).await;
        let fault = outcome.expect_err(bench.read.operation);
        assert_eq!((fault.kind, asked), (FaultKind::AwsFailed, 3), "{}", bench.read.operation);
        assert!(!all_text(&fault).contains(CANARY), "{}", all_text(&fault));
    }
}

#[tokio::test]
async fn a_broken_connection_is_tried_again_and_then_named() {
    for read in reads() {
        let bench = Bench::new(read).await;
        for how in [How::Reset, How::Cut(3)] {
            let what = format!("{} {how:?}", bench.read.operation);
            let (outcome, asked) = bench.outcome(bench.read.good.clone().how(how)).await;
            let fault = outcome.expect_err(&what);
            assert_eq!(fault.kind, FaultKind::Unreachable, "{what}: {fault:?}");
            assert_eq!(fault.subject, bench.server.url.as_str(), "{what}");
            assert_eq!((fault.detail.as_str(), asked), ("the connection broke off", 3), "{what}");
        }
    }
}

#[tokio::test]
async fn no_read_waits_for_ever() {
    let slow = async |read: Read, how: How| {
        let what = format!("{} {how:?}", read.operation);
        let server = server_for(&read, read.good.clone().how(how)).await;
        let cloud = hasty(&server).await;
        let fault = read.ask.of(&cloud).await.expect_err(&what);
        assert_eq!(fault.kind, FaultKind::TimedOut, "{what}: {fault:?}");
    };
    let silent = reads().into_iter().map(|read| slow(read, How::Silent));
    futures::future::join_all(silent).await;
    let dripping = reads().into_iter().map(|read| slow(read, How::Drip(1, Duration::from_millis(50))));
    futures::future::join_all(dripping).await;
}

#[tokio::test]
async fn nobody_listens() {
    let server = Server::start().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", port.local_addr().expect("an address"));
    drop(port);
    let options = AwsOptions {
        endpoint_url: Some(url.clone()),
        ..options(&server)
    };
    let cloud = connect(options).await.expect("options are whole");
    let fault = cloud.ask(Query::Identity).await.expect_err("nobody listens");
    assert_eq!(fault.sentence(), format!("{url} could not be reached: connection refused"));
}

#[tokio::test]
async fn nobody_takes_the_connection() {
    let server = Server::start().await;
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let listener = socket.listen(1).expect("it listens");
    let address = listener.local_addr().expect("an address");
    // Fill the queue: from then on nobody answers.
    let mut held = Vec::new();
    let limit = Duration::from_millis(100);
    while let Ok(stream) = tokio::time::timeout(limit, tokio::net::TcpStream::connect(address)).await {
        held.push(stream.expect("a connection"));
    }
    let options = AwsOptions {
        endpoint_url: Some(format!("http://{address}")),
        limits: Limits {
            connect: limit,
            ..options(&server).limits
        },
        ..options(&server)
    };
    let cloud = connect(options).await.expect("options are whole");
    let fault = cloud.ask(Query::Identity).await.expect_err("nobody answers");
    assert_eq!(
        fault.sentence(),
        format!("http://{address} could not be reached: no connection in time")
    );
}

#[tokio::test]
async fn a_read_recovers_when_the_second_try_is_well() {
    for read in reads().into_iter().filter(|it| it.operation != "ListTasks") {
        let server = server_for(&read, read.good.clone()).await;
        let busy = bodies::error(read.wire, 400, "ThrottlingException", "Rate exceeded");
        server.on(read.operation, [busy, read.good.clone()]);
        let cloud = cloud(&server).await;
        assert_eq!(read.ask.clone().of(&cloud).await, Ok(()), "{}", read.operation);
        assert_eq!(server.asked(read.operation).len(), 2, "{}", read.operation);
    }
}

// ---------------------------------------------------------------------------------------------------
// What the facts say

async fn fact(operation: &str, replies: impl IntoIterator<Item = Reply>, query: Query) -> (Fact, Server) {
    let server = Server::start().await;
    server.on(operation, replies);
    let fact = cloud(&server).await.ask(query).await.expect("a good answer");
    (fact, server)
}

fn stack_xml(status: &str) -> String {
    format!(
        "<Stacks><member><StackId>arn:aws:cloudformation:us-west-2:123456789012:stack/bic/1</StackId><StackName>bic</StackName>\
         <StackStatus>{status}</StackStatus><CreationTime>2026-11-22T10:00:00.123Z</CreationTime>\
         <Parameters><member><ParameterKey>ProjectName</ParameterKey><ParameterValue>bic\u{202e}</ParameterValue></member></Parameters>\
         <Outputs><member><OutputKey>ALBEndpoint</OutputKey><OutputValue>http://alb</OutputValue></member></Outputs>\
         <Tags><member><Key>team</Key><Value>x</Value></member></Tags>\
         <ChangeSetId>arn:cs</ChangeSetId><EnableTerminationProtection>true</EnableTerminationProtection></member></Stacks>"
    )
}

fn event_xml(ids: std::ops::Range<u32>, next: Option<&str>) -> String {
    let event = |id: u32| {
        format!(
            "<member><EventId>e{id}</EventId><Timestamp>2026-11-22T10:00:0{}Z</Timestamp><LogicalResourceId>Cluster</LogicalResourceId>\
             <ResourceStatus>CREATE_SOMEHOW</ResourceStatus><ClientRequestToken>t</ClientRequestToken></member>",
            id % 10
        )
    };
    let next = next.map(|next| format!("<NextToken>{next}</NextToken>")).unwrap_or_default();
    format!("<StackEvents>{}</StackEvents>{next}", ids.rev().map(event).collect::<String>())
}

#[tokio::test]
async fn a_stack_is_told_whole_and_safe() {
    let good = bodies::query("DescribeStacks", &stack_xml("UPDATE_SIDEWAYS"));
    let (fact, _) = fact("DescribeStacks", [good], Query::Stack { stack: "bic".into() }).await;
    let Fact::Stack(Some(stack)) = fact else { panic!("{fact:?}") };
    assert_eq!(stack.status.0, "UPDATE_SIDEWAYS", "an unknown status is shown as it is");
    assert_eq!((stack.created, stack.updated, stack.deleted), (1_795_341_600_123, None, None));
    assert_eq!(stack.parameter("ProjectName").expect("a parameter"), &"bic<U+202E>");
    assert_eq!(stack.output("ALBEndpoint").expect("an output"), &"http://alb");
    assert_eq!(stack.tags, [("team".into(), "x".into())]);
    assert!(stack.termination_protection);
    assert_eq!(stack.change_set.expect("its plan"), "arn:cs");
}

#[tokio::test]
async fn a_deleted_stack_tells_when() {
    let dated = stack_xml("DELETE_COMPLETE").replace("<Parameters>", "<DeletionTime>2026-11-22T11:00:00Z</DeletionTime><Parameters>");
    let good = bodies::query("DescribeStacks", &dated);
    match fact("DescribeStacks", [good], Query::Stack { stack: "bic".into() }).await.0 {
        Fact::Stack(Some(stack)) => assert_eq!(stack.deleted, Some(1_795_345_200_000)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn stacks_of_all_pages_without_those_inside_another() {
    let stack =
        |name: &str, more: &str| format!("<member><StackName>{name}</StackName><StackStatus>UPDATE_COMPLETE</StackStatus>{more}</member>");
    let ours = "<TemplateDescription>Bedrock Image Chat: of another version</TemplateDescription>";
    let first = stack("bills", "") + &stack("inner", "<ParentId>arn:x</ParentId>");
    let pages = [
        format!("<StackSummaries>{first}</StackSummaries><NextToken>t</NextToken>"),
        format!("<StackSummaries>{}</StackSummaries>", stack("chat\u{202e}", ours)),
    ];
    let replies = pages.map(|page| bodies::query("ListStacks", &page));
    let (fact, server) = fact("ListStacks", replies, Query::Stacks).await;
    let Fact::Stacks(stacks) = fact else { panic!("{fact:?}") };
    let told: Vec<(&str, bool)> = stacks.iter().map(|s| (s.name.as_str(), s.is_ours)).collect();
    assert_eq!(told, [("bills", false), ("chat<U+202E>", true)]);
    let asked = server.asked("ListStacks")[0].form();
    let wanted: Vec<&String> = asked
        .iter()
        .filter(|(k, _)| k.starts_with("StackStatusFilter"))
        .map(|(_, v)| v)
        .collect();
    assert!(wanted.len() > 20 && !wanted.iter().any(|s| *s == "DELETE_COMPLETE"), "{wanted:?}");
}

#[tokio::test]
async fn a_stack_that_does_not_exist_is_no_fault() {
    let gone = bodies::error(Wire::Query, 400, "ValidationError", "Stack with id bic does not exist");
    let (fact, _) = fact("DescribeStacks", [gone], Query::Stack { stack: "bic".into() }).await;
    assert_eq!(fact, Fact::Stack(None));
}

#[tokio::test]
async fn events_come_down_to_the_known_one_and_no_further() {
    let pages = || {
        [
            bodies::query("DescribeStackEvents", &event_xml(5..8, Some("p2"))),
            bodies::query("DescribeStackEvents", &event_xml(2..5, Some("p3"))),
            bodies::query("DescribeStackEvents", &event_xml(0..2, None)),
        ]
    };
    for (known, want, requests) in [
        (Some("e6"), "e7", 1),
        (Some("e3"), "e7 e6 e5 e4", 2),
        (None, "e7 e6 e5 e4 e3 e2 e1 e0", 3),
    ] {
        let query = Query::StackEvents {
            stack: "bic".into(),
            known: known.map(SafeText::from),
        };
        let (fact, server) = fact("DescribeStackEvents", pages(), query).await;
        let Fact::StackEvents(events) = fact else { panic!("{fact:?}") };
        let ids: Vec<&str> = events.events.iter().map(|it| it.id.as_str()).collect();
        assert_eq!((ids.join(" ").as_str(), events.is_complete), (want, true));
        let tokens: Vec<_> = server.requests().iter().map(|it| it.form().remove("NextToken")).collect();
        assert_eq!(tokens, [None, Some("p2".to_owned()), Some("p3".to_owned())][..requests]);
    }
}

/// Ten thousand old events cost one page: it stops where the newest operation begins.
#[tokio::test]
async fn of_a_long_history_only_the_newest_operation_is_asked() {
    let begins = "<StackEvents><member><EventId>e9</EventId><StackId>arn:stack</StackId><LogicalResourceId>bic</LogicalResourceId>\
                  <PhysicalResourceId>arn:aws:cloudformation:us-west-2:1:stack/bic/1</PhysicalResourceId>\
                  <ResourceType>AWS::CloudFormation::Stack</ResourceType><ResourceStatus>UPDATE_IN_PROGRESS</ResourceStatus></member>\
                  <member><EventId>e8</EventId></member></StackEvents><NextToken>p2</NextToken>";
    let page = bodies::query("DescribeStackEvents", begins);
    let query = Query::StackEvents {
        stack: "bic".into(),
        known: None,
    };
    let (fact, server) = fact("DescribeStackEvents", [page], query).await;
    let Fact::StackEvents(events) = fact else { panic!("{fact:?}") };
    assert_eq!((events.events.len(), events.is_complete, server.requests().len()), (2, false, 1));
}

#[tokio::test]
async fn an_endless_history_is_cut_and_says_so() {
    let page = bodies::query("DescribeStackEvents", &event_xml(5..6, Some("again")));
    let query = Query::StackHistory { stack: "bic".into() };
    let (fact, server) = fact("DescribeStackEvents", [page], query).await;
    let Fact::StackEvents(events) = fact else { panic!("{fact:?}") };
    assert!(!events.is_complete);
    assert_eq!(server.requests().len(), 20);
}

#[tokio::test]
async fn a_listing_that_repeats_its_token_is_a_fault() {
    let server = Server::start().await;
    let page = "<StackResourceSummaries/><NextToken>again</NextToken>";
    server.on("ListStackResources", [bodies::query("ListStackResources", page)]);
    let query = Query::StackResources { stack: "bic".into() };
    let fault = cloud(&server).await.ask(query).await.expect_err("it does not end");
    assert_eq!((fault.kind, server.requests().len()), (FaultKind::OddAnswer, 2));
}

#[tokio::test]
async fn resources_of_all_pages() {
    let resource =
        |id: &str| format!("<member><LogicalResourceId>{id}</LogicalResourceId><ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>");
    let page = |id, next: &str| {
        let xml = format!("<StackResourceSummaries>{}</StackResourceSummaries>{next}", resource(id));
        bodies::query("ListStackResources", &xml)
    };
    let pages = [page("A", "<NextToken>2</NextToken>"), page("B", "")];
    let (fact, _) = fact("ListStackResources", pages, Query::StackResources { stack: "bic".into() }).await;
    let Fact::StackResources(found) = fact else { panic!("{fact:?}") };
    assert_eq!(found.iter().map(|it| it.logical_id.as_str()).collect::<String>(), "AB");
}

#[tokio::test]
async fn a_plan_is_read_with_all_its_pages() {
    let change = |id: &str, inner: &str| {
        format!(
            "<member><Type>Resource</Type><ResourceChange><LogicalResourceId>{id}</LogicalResourceId>\
             <ResourceType>AWS::EFS::FileSystem</ResourceType>{inner}</ResourceChange></member>"
        )
    };
    let detail = "<Details><member><Target><Attribute>Properties</Attribute><Name>Cpu</Name><Path>/Properties/Cpu</Path>\
                  <BeforeValue>256</BeforeValue><AfterValue>512</AfterValue></Target></member>\
                  <member><Target><Attribute>Properties</Attribute><Name>Cpu</Name><Path>/Properties/Cpu</Path></Target></member></Details>";
    let page = |changes: &str, next: &str| {
        let xml = format!(
            "<ChangeSetId>arn:cs</ChangeSetId><Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus>\
             <Capabilities><member>CAPABILITY_NAMED_IAM</member></Capabilities><Changes>{changes}</Changes>{next}"
        );
        bodies::query("DescribeChangeSet", &xml)
    };
    let first = change(
        "A",
        &format!("<Action>Modify</Action><Replacement>True</Replacement><PolicyAction>ReplaceAndRetain</PolicyAction>{detail}"),
    );
    let second = change("B", "<Action>Add</Action>") + &change("C", "<Action>Modify</Action>") + &change("D", "<Action>Twist</Action>");
    let pages = [page(&first, "<NextToken>2</NextToken>"), page(&second, "")];
    let query = Query::ChangeSet {
        stack: "bic".into(),
        change_set: "plan".into(),
    };
    let (fact, server) = fact("DescribeChangeSet", pages, query).await;
    let Fact::ChangeSet(plan) = fact else { panic!("{fact:?}") };
    assert!(plan.is_ready());
    let told: Vec<_> = plan.changes.iter().map(|it| (it.action, it.replacement)).collect();
    assert_eq!(
        told,
        [
            (ChangeAction::Modify, Replacement::Always),
            (ChangeAction::Add, Replacement::Never),
            (ChangeAction::Modify, Replacement::Conditional),
            (ChangeAction::Dynamic, Replacement::Conditional),
        ]
    );
    let fates: Vec<_> = plan.changes.iter().map(|it| it.fate).collect();
    assert_eq!(fates, [Some(Fate::Kept), None, None, None]);
    let [property] = plan.changes[0].properties.as_slice() else {
        panic!("{plan:?}")
    };
    assert_eq!(property.path, "Properties.Cpu");
    assert_eq!((property.before.as_deref(), property.after.as_deref()), (Some("256"), Some("512")));
    assert_eq!(server.requests()[0].form()["IncludePropertyValues"], "true");
}

#[tokio::test]
async fn services_are_asked_ten_at_a_time_with_their_tags() {
    let server = Server::start().await;
    let service = json!({
        "serviceArn": "arn:s", "serviceName": "bic-litellm", "status": "ACTIVE", "desiredCount": 2, "runningCount": 1, "pendingCount": 1,
        "taskDefinition": "arn:aws:ecs:us-west-2:123456789012:task-definition/bic-litellm:7",
        "loadBalancers": [{ "targetGroupArn": "arn:tg" }, { "loadBalancerName": "classic" }],
        "deployments": [{ "id": "d1", "status": "PRIMARY", "rolloutState": "WOBBLING", "failedTasks": 3, "createdAt": 1_700_000_000.5 }],
        "events": [{ "id": "ev", "createdAt": 1_700_000_001, "message": "has started\u{1b}[2J 1 tasks" }],
        "tags": [{ "key": "bic:desired", "value": "2" }],
    });
    server.on(
        "DescribeServices",
        [bodies::json(
            json!({ "services": [service], "failures": [{ "arn": "arn:x", "reason": "MISSING" }] }),
        )],
    );
    let query = Query::Services {
        cluster: "bic-cluster".into(),
        services: (0..11).map(|n| format!("s{n}").into()).collect(),
    };
    let fact = cloud(&server).await.ask(query).await.expect("a good answer");
    let Fact::Services(services) = fact else { panic!("{fact:?}") };
    let requests = server.requests();
    let mut sizes: Vec<_> = requests
        .iter()
        .map(|it| it.json()["services"].as_array().map_or(0, Vec::len))
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 10]);
    assert_eq!(requests[0].json()["include"], json!(["TAGS"]));
    let service = &services[0];
    assert_eq!((service.desired, service.running, service.pending), (2, 1, 1));
    assert_eq!(service.task_definition, "bic-litellm:7");
    assert_eq!(service.target_groups, [SafeText::from("arn:tg")]);
    assert_eq!(service.tag("bic:desired").expect("a tag"), &"2");
    assert_eq!(service.events[0].message, "has started␛[2J 1 tasks");
    let deployment = service.primary().expect("a primary deployment");
    assert_eq!(
        (deployment.rollout.as_str(), deployment.failed, deployment.created),
        ("WOBBLING", 3, Some(1_700_000_000_500))
    );
}

#[tokio::test]
async fn a_service_that_fails_otherwise_than_by_absence_is_a_fault() {
    let server = Server::start().await;
    server.on(
        "DescribeServices",
        [bodies::json(
            json!({ "services": [], "failures": [{ "arn": "arn:x", "reason": "BROKEN" }] }),
        )],
    );
    let query = Query::Services {
        cluster: "bic-cluster".into(),
        services: vec!["s".into()],
    };
    let fault = cloud(&server).await.ask(query).await.expect_err("a failure");
    assert_eq!(
        (fault.kind, fault.subject.as_str(), fault.detail.as_str()),
        (FaultKind::Refused, "arn:x", "BROKEN")
    );
}

#[tokio::test]
async fn tasks_of_both_listings_and_all_pages_once() {
    let server = Server::start().await;
    let arns = |range: std::ops::Range<u32>| range.map(|n| format!("arn:task/{n}")).collect::<Vec<_>>();
    // Four listings: two first pages, of which one goes on, and the two that follow overlap.
    server.on(
        "ListTasks",
        [
            bodies::json(json!({ "taskArns": arns(0..100), "nextToken": "2" })),
            bodies::json(json!({ "taskArns": arns(90..103) })),
        ],
    );
    server.on(
        "DescribeTasks",
        [bodies::json(json!({ "tasks": [{
            "taskArn": "arn:task/1", "group": "service:bic-openwebui", "taskDefinitionArn": "arn:x/bic:3", "lastStatus": "STOPPED",
            "desiredStatus": "STOPPED", "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited",
            "cpu": "1024", "memory": "2048", "launchType": "FARGATE", "createdAt": 1_700_000_000, "availabilityZone": "us-west-2a",
            "attributes": [{ "name": "ecs.cpu-architecture", "value": "arm64" }],
            "attachments": [{ "details": [{ "name": "subnetId", "value": "s" }, { "name": "privateIPv4Address", "value": "10.0.1.5" }] }],
            "containers": [{ "name": "openwebui", "lastStatus": "STOPPED", "exitCode": 137, "reason": "OutOfMemoryError: killed" }],
        }] }))],
    );
    let fact = cloud(&server)
        .await
        .ask(Query::Tasks { cluster: "c".into() })
        .await
        .expect("a good answer");
    let Fact::Tasks(tasks) = fact else { panic!("{fact:?}") };
    let task = &tasks[0];
    assert_eq!((task.service.as_str(), task.task_definition.as_str()), ("bic-openwebui", "bic:3"));
    assert_eq!((task.cpu, task.memory, task.capacity.as_str()), (Some(1024), Some(2048), "FARGATE"));
    assert_eq!(
        (task.architecture.as_str(), task.address.as_str(), task.health.as_str()),
        ("ARM64", "10.0.1.5", "UNKNOWN")
    );
    assert_eq!(
        (task.stop_code.as_str(), task.containers[0].exit_code),
        ("EssentialContainerExited", Some(137))
    );
    let desired: Vec<_> = server
        .asked("ListTasks")
        .iter()
        .map(|it| it.json()["desiredStatus"].clone())
        .collect();
    assert!(desired.contains(&json!("RUNNING")) && desired.contains(&json!("STOPPED")));
    let mut described: Vec<String> = Vec::new();
    for request in server.asked("DescribeTasks") {
        let asked: Vec<String> = serde_json::from_value(request.json()["tasks"].clone()).expect("arns");
        assert!(asked.len() <= 100);
        described.extend(asked);
    }
    described.sort();
    let count = described.len();
    described.dedup();
    assert_eq!((described.len(), count), (103, 103));
}

#[tokio::test]
async fn target_health_of_each_group() {
    let server = Server::start().await;
    let description = "<TargetHealthDescriptions><member><Target><Id>10.0.1.5</Id><Port>8080</Port></Target>\
        <TargetHealth><State>unhealthy</State><Reason>Target.ResponseCodeMismatch</Reason>\
        <Description>Health checks failed with these codes: [502]</Description></TargetHealth></member></TargetHealthDescriptions>";
    server.on("DescribeTargetHealth", [bodies::query("DescribeTargetHealth", description)]);
    let groups = vec![
        ("TargetGroup".into(), "arn:a".into()),
        ("LiteLLMTargetGroup".into(), "arn:b".into()),
    ];
    let fact = cloud(&server)
        .await
        .ask(Query::TargetHealth { groups })
        .await
        .expect("a good answer");
    let Fact::Targets(groups) = fact else { panic!("{fact:?}") };
    assert_eq!(
        groups.iter().map(|it| it.logical_id.as_str()).collect::<Vec<_>>(),
        ["TargetGroup", "LiteLLMTargetGroup"]
    );
    let target = &groups[1].targets[0];
    assert_eq!(
        (target.id.as_str(), target.port, target.state.as_str()),
        ("10.0.1.5", Some(8080), "unhealthy")
    );
    assert_eq!(target.reason, "Target.ResponseCodeMismatch");
}

#[tokio::test]
async fn a_log_page_is_byte_exact_and_ends_where_it_should() {
    let event = |id: &str, at: i64, message: &str| json!({ "eventId": id, "timestamp": at, "ingestionTime": at + 5, "logStreamName": "openwebui/openwebui/1", "message": message });
    let hostile = "\u{1b}[2J \u{202e} tab\t nul\u{0} \u{2028} end";
    let page = json!({ "events": [event("a", 1_500, hostile), event("b", 2_000, "outside")], "nextToken": "more" });
    let (fact, server) = fact("FilterLogEvents", [bodies::json(page)], Query::LogPage(log_request())).await;
    let Fact::LogPage(page) = fact else { panic!("{fact:?}") };
    assert_eq!(page.next.as_deref(), Some("more"));
    let [event] = page.events.as_slice() else { panic!("{page:?}") };
    assert_eq!(event.message.as_raw(), hostile);
    assert_eq!(
        (event.at, event.ingested, event.stream.as_str()),
        (1_500, 1_505, "openwebui/openwebui/1")
    );
    let asked = server.requests()[0].json();
    assert_eq!(
        (&asked["startTime"], &asked["endTime"], &asked["logStreamNamePrefix"]),
        (&json!(1_000), &json!(2_000), &json!("openwebui"))
    );
}

#[tokio::test]
async fn an_empty_log_page_with_a_token_goes_on() {
    let page = bodies::json(json!({ "events": [], "nextToken": "more" }));
    let (fact, _) = fact("FilterLogEvents", [page], Query::LogPage(log_request())).await;
    let Fact::LogPage(page) = fact else { panic!("{fact:?}") };
    assert_eq!((page.events.len(), page.next.as_deref()), (0, Some("more")));
}

#[tokio::test]
async fn one_damaged_line_does_not_lose_the_page() {
    let body =
        r#"{"events":[{"eventId":"a","timestamp":1500,"message":"cut \ud83d here \x"},{"eventId":"b","timestamp":1501,"message":"fine"}]}"#;
    let page = Reply::new(200, "application/x-amz-json-1.1", body);
    let (fact, _) = fact("FilterLogEvents", [page], Query::LogPage(log_request())).await;
    let Fact::LogPage(page) = fact else { panic!("{fact:?}") };
    let messages: Vec<_> = page.events.iter().map(|it| it.message.as_raw()).collect();
    assert_eq!(messages, ["cut \u{fffd} here \u{fffd}x", "fine"]);
}

#[tokio::test]
async fn validation_sends_the_shipped_template() {
    let result = "<Parameters><member><ParameterKey>ProjectName</ParameterKey></member></Parameters>\
                  <Capabilities><member>CAPABILITY_NAMED_IAM</member></Capabilities>";
    let (fact, server) = fact("ValidateTemplate", [bodies::query("ValidateTemplate", result)], Query::Validate).await;
    let Fact::Validation(it) = fact else { panic!("{fact:?}") };
    assert_eq!(
        (it.capabilities, it.parameters),
        (vec!["CAPABILITY_NAMED_IAM".into()], vec!["ProjectName".into()])
    );
    assert_eq!(server.requests()[0].form()["TemplateBody"], TEMPLATE);
}

// ---------------------------------------------------------------------------------------------------
// Secrets

async fn reveal(value: Value, field: Option<&str>) -> Result<Vec<u8>, Fault> {
    let server = Server::start().await;
    server.on("GetSecretValue", [bodies::json(value)]);
    let revealed = cloud(&server).await.reveal(secret(field)).await;
    revealed.map(|it| it.expose().to_vec())
}

#[tokio::test]
async fn a_secret_is_byte_exact() {
    let odd = "a\u{1b}[31m\u{202e}\t\"\\ é\u{0}";
    let object = json!({ "api_key": odd, "count": 7 }).to_string();
    for (value, field, want) in [
        (json!({ "SecretString": object }), Some("api_key"), odd.as_bytes()),
        (json!({ "SecretString": object }), Some("count"), b"7".as_slice()),
        (json!({ "SecretString": object }), None, object.as_bytes()),
        (json!({ "SecretString": "" }), None, b"".as_slice()),
        (json!({ "SecretString": " plain\n" }), None, b" plain\n".as_slice()),
        (json!({ "SecretBinary": "AAH/" }), None, [0, 1, 255].as_slice()),
    ] {
        assert_eq!(reveal(value.clone(), field).await.as_deref(), Ok(want), "{value}");
    }
}

#[tokio::test]
async fn a_secret_without_the_field_says_why_and_nothing_more() {
    let cases = [
        (
            json!({ "SecretString": format!("{{\"other\":\"{CANARY}\"}}") }),
            "field `api_key` of",
        ),
        (json!({ "SecretString": CANARY }), "not a JSON object"),
        (json!({ "SecretString": format!("[\"{CANARY}\"]") }), "not a JSON object"),
        (json!({ "SecretBinary": "AAH/" }), "binary"),
    ];
    for (value, want) in cases {
        let fault = reveal(value.clone(), Some("api_key")).await.expect_err("no such field");
        assert_eq!(fault.kind, FaultKind::NotFound, "{value}");
        assert!(fault.sentence().contains(want), "{}", fault.sentence());
        assert!(!all_text(&fault).contains(CANARY), "{}", all_text(&fault));
    }
}

#[tokio::test]
async fn a_secret_that_aws_keeps_back_has_our_words() {
    for (code, message, kind, want) in [
        (
            "InvalidRequestException",
            "You can't perform this operation because it was marked for deletion.",
            FaultKind::Refused,
            "scheduled for deletion",
        ),
        (
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
            FaultKind::NotFound,
            "no such secret",
        ),
        (
            "AccessDeniedException",
            "Access to KMS is not allowed",
            FaultKind::Denied,
            "kms:Decrypt",
        ),
        ("DecryptionFailure", "", FaultKind::Denied, "kms:Decrypt"),
        (
            "AccessDeniedException",
            "User is not authorized",
            FaultKind::Denied,
            "secretsmanager:GetSecretValue",
        ),
    ] {
        let server = Server::start().await;
        let message = format!("{message} {CANARY}");
        server.on("GetSecretValue", [bodies::error(Wire::Json, 400, code, &message)]);
        let fault = cloud(&server).await.reveal(secret(None)).await.expect_err(code);
        assert_eq!(fault.kind, kind, "{code}");
        assert!(fault.sentence().contains(want), "{code}: {}", fault.sentence());
        assert!(!all_text(&fault).contains(CANARY), "{}", all_text(&fault));
    }
}
