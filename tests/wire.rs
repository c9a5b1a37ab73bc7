//! The SDK side against a scripted server: what each operation sends, how its answers become facts,
//! and what becomes of every answer that goes wrong. Nothing of the user's environment is read.
#![expect(clippy::expect_used, reason = "helpers of tests")]

#[path = "loopback/server.rs"]
mod loopback;

use std::time::Duration;

use bic_tui::{
    aws::{Aws, AwsOptions, Limits, connect},
    cloud::{Change, Cloud, Done, ImageRoute, LogRequest, PlanRequest, Query, Token},
    core::{
        fact::{ChangeAction, Fact, Replacement},
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
    vec![
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
        Read {
            operation: "GetSecretValue",
            wire: Wire::Json,
            ask: Ask::Reveal,
            good: bodies::json(json!({ "SecretString": "{\"api_key\":\"sk-1\"}" })),
            odd: vec![bodies::json(json!({})), bodies::json(json!({ "SecretString": null }))],
        },
    ]
}

async fn server_for(read: &Read, reply: Reply) -> Server {
    let server = Server::start().await;
    if read.operation == "DescribeTasks" {
        server.on(
            "ListTasks",
            [bodies::json(json!({ "taskArns": ["arn:aws:ecs:us-west-2:123456789012:task/c/1"] }))],
        );
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
         <EnableTerminationProtection>true</EnableTerminationProtection></member></Stacks>"
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
    assert_eq!((stack.created, stack.updated), (1_795_341_600_123, None));
    assert_eq!(stack.parameter("ProjectName").expect("a parameter"), &"bic<U+202E>");
    assert_eq!(stack.output("ALBEndpoint").expect("an output"), &"http://alb");
    assert_eq!(stack.tags, [("team".into(), "x".into())]);
    assert!(stack.termination_protection);
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

#[tokio::test]
async fn an_endless_history_is_cut_and_says_so() {
    let page = bodies::query("DescribeStackEvents", &event_xml(5..6, Some("again")));
    let query = Query::StackEvents {
        stack: "bic".into(),
        known: None,
    };
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
    let first = change("A", &format!("<Action>Modify</Action><Replacement>True</Replacement>{detail}"));
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

// ---------------------------------------------------------------------------------------------------
// Writes

struct Write {
    operation: &'static str,
    wire: Wire,
    change: Change,
    good: Reply,
    /// Fields of the request that must be so.
    sent: Vec<(&'static str, Value)>,
}

fn plan(is_create: bool) -> PlanRequest {
    PlanRequest {
        stack: "bic".into(),
        is_create,
        parameters: vec![("DeploymentSize".into(), Some("large".into())), ("AllowedCIDR".into(), None)],
        tags: if is_create { vec![("team".into(), "x".into())] } else { vec![] },
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn writes() -> Vec<Write> {
    let text = |text: &str| Value::String(text.into());
    let uuid = text(&token().0);
    let (stack, change_set) = (SafeText::from("arn:stack"), SafeText::from("arn:cs"));
    let cfn = |operation, change, sent| Write {
        operation,
        wire: Wire::Query,
        change,
        good: bodies::query(operation, "<Id>arn:cs</Id><StackId>arn:stack</StackId>"),
        sent,
    };
    let ecs = |operation, change, sent| Write {
        operation,
        wire: Wire::Json,
        change,
        good: bodies::json(json!({})),
        sent,
    };
    let (cluster, service) = (SafeText::from("bic-cluster"), SafeText::from("bic-openwebui"));
    vec![
        cfn(
            "CreateChangeSet",
            Change::CreateChangeSet(plan(false)),
            vec![
                ("ClientToken", uuid.clone()),
                ("ChangeSetName", text("bic-tui-7c1b7e6e-0000-4000-8000-000000000001")),
                ("ChangeSetType", text("UPDATE")),
                ("TemplateBody", text(TEMPLATE)),
                ("Capabilities.member.1", text("CAPABILITY_NAMED_IAM")),
                ("Parameters.member.1.ParameterKey", text("DeploymentSize")),
                ("Parameters.member.1.ParameterValue", text("large")),
                ("Parameters.member.2.ParameterKey", text("AllowedCIDR")),
                ("Parameters.member.2.UsePreviousValue", text("true")),
                ("Parameters.member.2.ParameterValue", Value::Null),
                ("Tags.member.1.Key", Value::Null),
                ("Tags", Value::Null),
            ],
        ),
        cfn(
            "CreateChangeSet",
            Change::CreateChangeSet(plan(true)),
            vec![
                ("ChangeSetType", text("CREATE")),
                ("Tags.member.1.Key", text("team")),
                ("Tags.member.1.Value", text("x")),
            ],
        ),
        cfn(
            "ExecuteChangeSet",
            Change::ExecuteChangeSet {
                stack: stack.clone(),
                change_set: change_set.clone(),
            },
            vec![
                ("ClientRequestToken", uuid.clone()),
                ("ChangeSetName", text("arn:cs")),
                ("StackName", text("arn:stack")),
            ],
        ),
        cfn(
            "DeleteChangeSet",
            Change::DeleteChangeSet {
                stack: stack.clone(),
                change_set,
            },
            vec![("ChangeSetName", text("arn:cs")), ("StackName", text("arn:stack"))],
        ),
        cfn(
            "DeleteStack",
            Change::DeleteStack { stack: stack.clone() },
            vec![("ClientRequestToken", uuid.clone()), ("StackName", text("arn:stack"))],
        ),
        cfn(
            "CancelUpdateStack",
            Change::CancelUpdate { stack },
            vec![("ClientRequestToken", uuid), ("StackName", text("arn:stack"))],
        ),
        ecs(
            "UpdateService",
            Change::Scale {
                cluster: cluster.clone(),
                service: service.clone(),
                from: 2,
                to: 3,
            },
            vec![
                ("cluster", text("bic-cluster")),
                ("service", text("bic-openwebui")),
                ("desiredCount", json!(3)),
                ("forceNewDeployment", Value::Null),
            ],
        ),
        ecs(
            "UpdateService",
            Change::Restart {
                cluster: cluster.clone(),
                service,
            },
            vec![("forceNewDeployment", json!(true)), ("desiredCount", Value::Null)],
        ),
        ecs(
            "StopTask",
            Change::StopTask {
                cluster,
                task: "arn:task".into(),
            },
            vec![("cluster", text("bic-cluster")), ("task", text("arn:task"))],
        ),
        ecs(
            "TagResource",
            Change::TagService {
                service: "arn:s".into(),
                key: "k".into(),
                value: Some("v".into()),
            },
            vec![("resourceArn", text("arn:s")), ("tags", json!([{ "key": "k", "value": "v" }]))],
        ),
        ecs(
            "UntagResource",
            Change::TagService {
                service: "arn:s".into(),
                key: "k".into(),
                value: None,
            },
            vec![("resourceArn", text("arn:s")), ("tagKeys", json!(["k"]))],
        ),
        Write {
            operation: INVOKE,
            wire: Wire::Rest,
            change: invoke("stability.stable-image-core-v1:1"),
            good: Reply::new(200, "application/json", json!({ "images": [png(1)] }).to_string()),
            sent: vec![("prompt", text("a lighthouse"))],
        },
    ]
}

const INVOKE: &str = "POST /model/stability.stable-image-core-v1%3A1/invoke";

fn invoke(model: &str) -> Change {
    Change::TestImage {
        route: ImageRoute::Bedrock,
        model: model.into(),
        prompt: "a lighthouse".into(),
    }
}

/// A small PNG in base64, another one for each shade.
fn png(shade: u8) -> String {
    use base64::Engine;
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(3, 2, image::Rgb([shade, 0, 0]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("a PNG");
    base64::engine::general_purpose::STANDARD.encode(bytes.into_inner())
}

async fn write_server(write: &Write, reply: Reply) -> Server {
    let server = Server::start().await;
    let counted = json!({ "services": [{ "serviceName": "bic-openwebui", "desiredCount": 2 }] });
    server.on("DescribeServices", [bodies::json(counted)]);
    server.on(write.operation, [reply]);
    server
}

#[tokio::test]
async fn every_write_sends_what_was_asked_once() {
    for write in writes() {
        let server = write_server(&write, write.good.clone()).await;
        let done = cloud(&server).await.change(write.change.clone(), token()).await;
        let done = done.unwrap_or_else(|fault| panic!("{}: {fault:?}", write.operation));
        match &write.change {
            Change::CreateChangeSet(_) => assert_eq!(
                done,
                Done::ChangeSet {
                    id: "arn:cs".into(),
                    stack_id: "arn:stack".into()
                }
            ),
            Change::TestImage { .. } => assert!(matches!(done, Done::Picture(_))),
            _ => assert_eq!(done, Done::Accepted, "{}", write.operation),
        }
        let [request] = server.asked(write.operation).try_into().expect("one request");
        let sent = match write.wire {
            Wire::Query => serde_json::to_value(request.form()).expect("JSON"),
            Wire::Json | Wire::Rest => request.json(),
        };
        for (name, want) in &write.sent {
            assert_eq!(&sent[name], want, "{} {name}", write.operation);
        }
        assert!(
            request.header("user-agent").contains("app/bic-tui"),
            "{}",
            request.header("user-agent")
        );
    }
}

#[tokio::test]
async fn no_write_is_ever_sent_twice() {
    for write in writes() {
        let busy = bodies::error(write.wire, 400, "ThrottlingException", "Rate exceeded");
        for (reply, kind) in [
            (bodies::error(write.wire, 500, "InternalFailure", "oops"), FaultKind::AwsFailed),
            (Reply::new(503, "text/html", "busy"), FaultKind::AwsFailed),
            (busy, FaultKind::Throttled),
            (write.good.clone().how(How::Reset), FaultKind::Unreachable),
            (write.good.clone().how(How::Cut(1)), FaultKind::Unreachable),
            (write.good.clone().how(How::Silent), FaultKind::TimedOut),
            (bodies::html("sign in to the guest network"), FaultKind::OddAnswer),
            (Reply::new(200, "text/plain", ""), FaultKind::OddAnswer),
        ] {
            let what = format!("{} {kind} {:?}", write.operation, reply.how);
            let server = write_server(&write, reply.clone()).await;
            let cloud = if reply.how == How::Silent {
                hasty(&server).await
            } else {
                cloud(&server).await
            };
            let fault = cloud.change(write.change.clone(), token()).await.expect_err(&what);
            assert_eq!(fault.kind, kind, "{what}: {fault:?}");
            assert_eq!(server.asked(write.operation).len(), 1, "{what}");
        }
    }
}

#[tokio::test]
async fn a_count_that_somebody_changed_stops_the_scaling() {
    let server = Server::start().await;
    let counted = json!({ "services": [{ "serviceName": "bic-openwebui", "desiredCount": 4 }] });
    server.on("DescribeServices", [bodies::json(counted), bodies::json(json!({ "services": [] }))]);
    let cloud = cloud(&server).await;
    let scale = Change::Scale {
        cluster: "c".into(),
        service: "bic-openwebui".into(),
        from: 2,
        to: 3,
    };
    let changed = cloud.change(scale.clone(), token()).await.expect_err("it changed");
    assert_eq!(changed.kind, FaultKind::Refused);
    assert!(changed.detail.contains('4') && changed.detail.contains('2'), "{}", changed.detail);
    let gone = cloud.change(scale, token()).await.expect_err("it is gone");
    assert_eq!(gone.kind, FaultKind::NotFound);
    assert!(server.asked("UpdateService").is_empty());
}

#[tokio::test]
async fn words_of_cloudformation_are_understood() {
    for (message, kind) in [
        ("No updates are to be performed.", FaultKind::NoChange),
        ("Stack [bic] does not exist", FaultKind::NotFound),
        (
            "Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated.",
            FaultKind::Refused,
        ),
    ] {
        let server = Server::start().await;
        server.on("CreateChangeSet", [bodies::error(Wire::Query, 400, "ValidationError", message)]);
        let fault = cloud(&server)
            .await
            .change(Change::CreateChangeSet(plan(false)), token())
            .await
            .expect_err(message);
        assert_eq!((fault.kind, fault.detail.as_str()), (kind, message));
    }
}

// ---------------------------------------------------------------------------------------------------
// Bedrock

async fn draw(operation: &str, model: &str, reply: Reply) -> Result<Done, Fault> {
    let server = Server::start().await;
    server.on(operation, [reply]);
    cloud(&server).await.change(invoke(model), token()).await
}

fn rest(body: Value) -> Reply {
    Reply::new(200, "application/json", body.to_string())
}

#[tokio::test]
async fn two_replies_give_two_pictures() {
    let mut drawn = Vec::new();
    for shade in [1, 2] {
        let done = draw(INVOKE, "stability.stable-image-core-v1:1", rest(json!({ "images": [png(shade)] }))).await;
        let Ok(Done::Picture(picture)) = done else { panic!("{done:?}") };
        assert_eq!((picture.width, picture.height, picture.prompt.as_str()), (3, 2, "a lighthouse"));
        let pixels = image::load_from_memory(&picture.bytes).expect("a picture").to_rgb8();
        assert_eq!(pixels.get_pixel(0, 0).0, [shade, 0, 0]);
        drawn.push(picture.bytes);
    }
    assert_ne!(drawn[0], drawn[1]);
}

#[tokio::test]
async fn amazon_models_are_asked_in_their_own_shape() {
    let operation = "POST /model/amazon.nova-canvas-v1%3A0/invoke";
    let server = Server::start().await;
    server.on(operation, [rest(json!({ "images": [png(1)], "error": null }))]);
    let done = cloud(&server).await.change(invoke("amazon.nova-canvas-v1:0"), token()).await;
    assert!(matches!(done, Ok(Done::Picture(_))), "{done:?}");
    assert_eq!(
        server.requests()[0].json(),
        json!({ "taskType": "TEXT_IMAGE", "textToImageParams": { "text": "a lighthouse" },
                "imageGenerationConfig": { "width": 1024, "height": 1024, "numberOfImages": 1 } })
    );
}

#[tokio::test]
async fn what_is_no_picture_is_a_fault() {
    let model = "stability.stable-image-core-v1:1";
    let half = png(1)[..40].to_owned();
    for (reply, kind, want) in [
        (
            rest(json!({ "images": null, "finish_reasons": ["Filter reason: prompt"] })),
            FaultKind::Refused,
            "Filter reason: prompt",
        ),
        (rest(json!({ "images": [], "error": "blocked" })), FaultKind::Refused, "blocked"),
        (rest(json!({ "images": [] })), FaultKind::OddAnswer, "no image"),
        (rest(json!({})), FaultKind::OddAnswer, "no image"),
        (rest(json!("x")), FaultKind::OddAnswer, "not the JSON"),
        (rest(json!({ "images": ["%%%"] })), FaultKind::OddAnswer, "not base64"),
        (
            rest(json!({ "images": ["R0lGODlhAQABAAAAACw="] })),
            FaultKind::OddAnswer,
            "signature",
        ),
        (rest(json!({ "images": [half] })), FaultKind::OddAnswer, "damaged"),
        (
            bodies::error(Wire::Rest, 403, "AccessDeniedException", "You don't have access to the model"),
            FaultKind::Denied,
            "You don't have access",
        ),
        (
            bodies::error(
                Wire::Rest,
                404,
                "ResourceNotFoundException",
                "This model version has reached the end of its life.",
            ),
            FaultKind::NotFound,
            "end of its life",
        ),
        (
            bodies::error(Wire::Rest, 400, "ValidationException", "The provided model identifier is invalid."),
            FaultKind::Refused,
            "identifier",
        ),
        (
            bodies::error(Wire::Rest, 429, "ModelNotReadyException", "wait"),
            FaultKind::Throttled,
            "wait",
        ),
        (
            bodies::error(Wire::Rest, 424, "ModelErrorException", "oops"),
            FaultKind::AwsFailed,
            "oops",
        ),
    ] {
        let what = String::from_utf8_lossy(&reply.body).into_owned();
        let fault = draw(INVOKE, model, reply).await.expect_err(&what);
        assert_eq!(fault.kind, kind, "{what}: {fault:?}");
        assert!(fault.sentence().contains(want), "{what}: {}", fault.sentence());
    }
    let unknown = draw(INVOKE, "acme.painter-v1:0", rest(json!({})))
        .await
        .expect_err("an unknown model");
    assert_eq!(unknown.kind, FaultKind::Guarded);
}

// ---------------------------------------------------------------------------------------------------
// The way in

#[tokio::test]
async fn without_a_region_nothing_is_built() {
    let server = Server::start().await;
    let options = AwsOptions {
        region: None,
        ..options(&server)
    };
    let fault = connect(options).await.expect_err("no region");
    assert_eq!((fault.kind, fault.exit_status()), (FaultKind::Guarded, 2));
    assert!(fault.sentence().contains("--region"), "{}", fault.sentence());
}

#[tokio::test]
async fn an_endpoint_that_is_no_address_is_refused() {
    let server = Server::start().await;
    for url in ["nonsense", "ftp://127.0.0.1", "127.0.0.1:4566"] {
        let options = AwsOptions {
            endpoint_url: Some(url.into()),
            ..options(&server)
        };
        let fault = connect(options).await.expect_err(url);
        assert_eq!(fault.exit_status(), 2, "{url}");
    }
}

#[tokio::test]
async fn a_given_endpoint_is_known_and_not_inherited() {
    let server = Server::start().await;
    let about = cloud(&server).await.about();
    assert_eq!(about.endpoint.as_deref(), Some(server.url.as_str()));
    assert_eq!(
        (about.is_endpoint_inherited, about.region.as_str(), about.profile.as_str()),
        (false, "us-west-2", "default")
    );
}

// ---------------------------------------------------------------------------------------------------
// The application: probe and test image through it

mod application {
    use bic_tui::{
        cloud::ProbeRequest,
        core::fact::{Picture, ProbeStage, StageReport},
    };

    use super::*;

    const KEY: &str = "sk-canary-7f3a";

    /// AWS with the two secrets, and an application on a server of its own.
    struct Stack {
        aws: Server,
        app: Server,
    }

    impl Stack {
        async fn new() -> Self {
            let (aws, app) = (Server::start().await, Server::start().await);
            let fields = json!({ "api_key": KEY, "email": "admin@example.com", "password": "pass-canary-7f3a" });
            aws.on("GetSecretValue", [bodies::json(json!({ "SecretString": fields.to_string() }))]);
            Self { aws, app }
        }

        async fn stage(&self, stage: ProbeStage) -> StageReport {
            let request = ProbeRequest {
                stage,
                app_url: self.app.url.as_str().into(),
                api_key: secret(Some("api_key")),
            };
            match hasty(&self.aws).await.ask(Query::Probe(request)).await {
                Ok(Fact::Stage(report)) => report,
                other => panic!("{other:?}"),
            }
        }

        async fn draw(&self, route: ImageRoute) -> Result<Picture, Fault> {
            let change = Change::TestImage {
                route,
                model: "nova-canvas".into(),
                prompt: "a lighthouse".into(),
            };
            match cloud(&self.aws).await.change(change, token()).await {
                Ok(Done::Picture(picture)) => Ok(picture),
                Ok(other) => panic!("{other:?}"),
                Err(fault) => Err(fault),
            }
        }

        async fn litellm(&self) -> Result<Picture, Fault> {
            self.draw(ImageRoute::Litellm {
                app_url: self.app.url.as_str().into(),
                api_key: secret(Some("api_key")),
            })
            .await
        }

        async fn openwebui(&self) -> Result<Picture, Fault> {
            self.draw(ImageRoute::OpenWebui {
                app_url: format!("{}/", self.app.url).into(),
                admin: secret(None),
            })
            .await
        }
    }

    fn app(status: u16, body: Value) -> Reply {
        Reply::new(status, "application/json", body.to_string())
    }

    fn page(status: u16) -> Reply {
        Reply::new(status, "text/html", "<html>canary-7f3a</html>")
    }

    #[tokio::test]
    async fn stages_are_judged_one_by_one() {
        use ProbeStage::{Litellm, LoadBalancer, OpenWebui};
        let models = json!({ "data": [{ "id": "nova-canvas" }, { "id": "claude-sonnet" }] });
        let healthy = json!({ "status": true });
        let refused = json!({ "error": { "message": "No connected db.", "type": "no_db_connection" } });
        for (stage, path, reply, is_well, evidence) in [
            (LoadBalancer, "/", page(200), Some(true), "200 OK in"),
            (LoadBalancer, "/", page(503), Some(true), "503 Service Unavailable in"),
            (
                LoadBalancer,
                "/",
                page(200).how(How::Reset),
                Some(false),
                "the connection broke off",
            ),
            (LoadBalancer, "/", page(200).how(How::Silent), Some(false), "no answer within"),
            (OpenWebui, "/health", app(200, healthy.clone()), Some(true), "200 OK in"),
            (OpenWebui, "/health", page(200), Some(false), "not from Open WebUI"),
            (OpenWebui, "/health", page(503), Some(false), "503 Service Unavailable in"),
            (
                OpenWebui,
                "/health",
                page(301).header("location", "https://x.example/"),
                Some(false),
                "301 Moved Permanently to https://x.example/",
            ),
            (Litellm, "/v1/models", app(200, models.clone()), Some(true), "200 OK, 2 models"),
            (Litellm, "/v1/models", page(200), None, "not exposed"),
            (Litellm, "/v1/models", page(405), None, "not exposed"),
            (
                Litellm,
                "/v1/models",
                app(400, refused.clone()),
                Some(false),
                "the key is not accepted",
            ),
            (Litellm, "/v1/models", page(502), Some(false), "502 Bad Gateway"),
        ] {
            let stack = Stack::new().await;
            let operation = format!("GET {path}");
            stack.app.on(&operation, [reply]);
            let report = stack.stage(stage).await;
            assert_eq!(report.is_well, is_well, "{stage} {evidence}: {report:?}");
            assert!(report.evidence.contains(evidence), "{stage}: {}", report.evidence);
            assert!(!report.evidence.contains(CANARY), "{}", report.evidence);
            let [request] = stack.app.asked(&operation).try_into().expect("one request");
            let key = if stage == Litellm { format!("Bearer {KEY}") } else { String::new() };
            assert_eq!(request.header("authorization"), key);
        }
    }

    #[tokio::test]
    async fn a_name_resolves_or_not() {
        let stack = Stack::new().await;
        let report = stack.stage(ProbeStage::Dns).await;
        assert_eq!((report.is_well, report.evidence.as_str()), (Some(true), "127.0.0.1"));
        assert!(stack.app.requests().is_empty());
    }

    #[tokio::test]
    async fn litellm_draws_what_was_asked() {
        let stack = Stack::new().await;
        let reply = |shade| app(200, json!({ "created": 1, "data": [{ "b64_json": png(shade) }] }));
        stack.app.on("POST /v1/images/generations", [reply(1), reply(2)]);
        let (first, second) = (stack.litellm().await.expect("a picture"), stack.litellm().await.expect("a picture"));
        assert_ne!(first.bytes, second.bytes);
        let request = &stack.app.requests()[0];
        assert_eq!(
            request.json(),
            json!({ "model": "nova-canvas", "prompt": "a lighthouse", "n": 1, "size": "1024x1024", "response_format": "b64_json" })
        );
        assert_eq!(request.header("authorization"), format!("Bearer {KEY}"));
    }

    #[tokio::test]
    async fn what_litellm_wraps_is_unwrapped() {
        let wrapped = |class: &str, text: &str| {
            let message = format!(
                "litellm.{class}: BedrockException - {{\"message\": \"{text}\"}}\n\nLiteLLM: model group 'nova-canvas' failed with the error above."
            );
            json!({ "error": { "message": message, "type": null, "param": null, "code": "400" } })
        };
        let own = |kind: &str, text: &str| json!({ "error": { "message": text, "type": kind, "code": "400" } });
        let eol = "This model version has reached the end of its life.";
        let denied = "User: arn:aws:sts::1:assumed-role/t is not authorized to perform: bedrock:InvokeModel";
        let invalid = "Invalid model name passed in model=nova-canvas.";
        use FaultKind::{AwsFailed, Denied, NotFound, OddAnswer, Refused, Throttled, TimedOut};
        for (reply, kind, code, want) in [
            (
                app(403, wrapped("PermissionDeniedError", denied)),
                Denied,
                "AccessDeniedException",
                denied,
            ),
            (
                app(500, wrapped("APIConnectionError", denied)),
                Denied,
                "AccessDeniedException",
                denied,
            ),
            (
                app(403, wrapped("AuthenticationError", "bad token")),
                Refused,
                "UnrecognizedClientException",
                "bad token",
            ),
            (
                app(429, wrapped("RateLimitError", "Too many requests")),
                Throttled,
                "ThrottlingException",
                "Too many requests",
            ),
            (app(404, wrapped("NotFoundError", eol)), NotFound, "ResourceNotFoundException", eol),
            (
                app(400, wrapped("BadRequestError", "identifier is invalid")),
                Refused,
                "ValidationException",
                "identifier is invalid",
            ),
            (
                app(424, wrapped("BadRequestError", "model error")),
                AwsFailed,
                "ModelErrorException",
                "model error",
            ),
            (app(408, wrapped("Timeout", "slow")), TimedOut, "ModelTimeoutException", "slow"),
            (
                app(503, wrapped("ServiceUnavailableError", "later")),
                AwsFailed,
                "ServiceUnavailableException",
                "later",
            ),
            (
                app(400, own("no_db_connection", KEY)),
                Refused,
                "no_db_connection",
                "does not accept its API key",
            ),
            (
                app(401, own("auth_error", KEY)),
                Refused,
                "auth_error",
                "does not accept its API key",
            ),
            (
                app(429, own("all_deployments_in_cooldown", KEY)),
                Throttled,
                "all_deployments_in_cooldown",
                "rests",
            ),
            (app(400, own("None", invalid)), Refused, "ValidationException", invalid),
            (
                app(400, own("None", &format!("no {KEY} here"))),
                Refused,
                "ValidationException",
                "no *** here",
            ),
            (page(503), AwsFailed, "", "the load balancer answered 503"),
            (page(405), Refused, "", "not exposed"),
            (page(200), Refused, "", "not exposed"),
            (
                page(301).header("location", "https://x/"),
                Refused,
                "",
                "301 Moved Permanently to https://x/",
            ),
            (app(200, json!({ "data": [] })), OddAnswer, "", "no image"),
            (
                app(200, json!({ "data": [{ "b64_json": "R0lGODlhAQABAAAAACw=" }] })),
                OddAnswer,
                "",
                "signature",
            ),
        ] {
            let stack = Stack::new().await;
            let what = format!("{} {}", reply.status, String::from_utf8_lossy(&reply.body));
            stack.app.on("POST /v1/images/generations", [reply]);
            let fault = stack.litellm().await.expect_err(&what);
            assert_eq!(
                (fault.kind, fault.code.as_deref().unwrap_or_default()),
                (kind, code),
                "{what}: {fault:?}"
            );
            assert!(fault.sentence().contains(want), "{what}: {}", fault.sentence());
            assert!(!all_text(&fault).contains(CANARY), "{what}: {}", all_text(&fault));
            assert!(!fault.is_credentials(), "the operator's own credentials are well: {what}");
            assert_eq!(stack.app.requests().len(), 1, "a paid request is sent once: {what}");
        }
    }

    #[tokio::test]
    async fn open_webui_draws_as_for_a_user() {
        use base64::Engine;
        let bytes = base64::engine::general_purpose::STANDARD.decode(png(7)).expect("a PNG");
        let stack = Stack::new().await;
        stack.app.on(
            "POST /api/v1/auths/signin",
            [app(200, json!({ "token": "jwt-canary-7f3a", "role": "admin" }))],
        );
        let made = json!([{ "id": "1", "url": "/api/v1/files/1/content", "content_type": "image/png" }]);
        stack.app.on("POST /api/v1/images/generations", [app(200, made)]);
        stack
            .app
            .on("GET /api/v1/files/1/content", [Reply::new(200, "image/png", bytes.clone())]);
        let picture = stack.openwebui().await.expect("a picture");
        assert_eq!((&*picture.bytes, picture.width), (bytes.as_slice(), 3));
        let requests = stack.app.requests();
        assert_eq!(
            requests[0].json(),
            json!({ "email": "admin@example.com", "password": "pass-canary-7f3a" })
        );
        assert_eq!(requests[1].header("authorization"), "Bearer jwt-canary-7f3a");
        assert_eq!(requests[2].header("authorization"), "Bearer jwt-canary-7f3a");
        assert_eq!(stack.aws.requests().len(), 1, "the secret is read once");
    }

    #[tokio::test]
    async fn open_webui_fails_without_telling_secrets() {
        let signed_in = || app(200, json!({ "token": "jwt-canary-7f3a" }));
        let said = |text: &str| app(400, json!({ "detail": text }));
        let elsewhere = json!([{ "url": "http://evil.example/canary-7f3a" }]);
        for (sign_in, generate, want) in [
            (
                said("The email or password provided is incorrect."),
                page(500),
                "does not accept the administrator",
            ),
            (page(503), page(500), "the load balancer answered 503"),
            (signed_in(), said("[ERROR: Forbidden]"), "Open WebUI says: [ERROR: Forbidden]"),
            (signed_in(), said("jwt-canary-7f3a pass-canary-7f3a"), "Open WebUI says: *** ***"),
            (signed_in(), app(200, elsewhere), "names no file"),
            (signed_in(), page(504), "the load balancer answered 504"),
        ] {
            let stack = Stack::new().await;
            stack.app.on("POST /api/v1/auths/signin", [sign_in]);
            stack.app.on("POST /api/v1/images/generations", [generate]);
            let fault = stack.openwebui().await.expect_err(want);
            assert!(fault.sentence().contains(want), "{}", fault.sentence());
            assert!(!all_text(&fault).contains(CANARY), "{}", all_text(&fault));
        }
    }
}
