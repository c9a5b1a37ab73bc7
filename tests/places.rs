//! From one profile to another by keys: the real program, two profiles of a temporary AWS configuration, each with
//! a loopback server behind it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

#[path = "loopback/server.rs"]
mod loopback;
#[expect(clippy::allow_attributes, reason = "what one test binary leaves unused the other one uses")]
#[allow(dead_code, reason = "shared with the other tests on a pty")]
mod pty;

use loopback::{
    Server,
    bodies::{self, Wire},
};
use pty::Tty;
use serde_json::json;

/// An account without the stack that is looked for, but with others.
async fn account(number: &str) -> Server {
    let server = Server::start().await;
    let who = format!("<Account>{number}</Account><Arn>arn:aws:iam::{number}:user/u</Arn>");
    server.on("GetCallerIdentity", [bodies::query("GetCallerIdentity", &who)]);
    let message = "Stack with id bedrock-image-chat does not exist";
    server.on("DescribeStacks", [bodies::error(Wire::Query, 400, "ValidationError", message)]);
    let stack = |name: &str, what: &str| {
        format!(
            "<member><StackName>{name}</StackName><StackStatus>CREATE_COMPLETE</StackStatus>\
             <TemplateDescription>{what}</TemplateDescription><CreationTime>2026-11-22T10:00:00Z</CreationTime></member>"
        )
    };
    let all = format!(
        "<StackSummaries>{}{}</StackSummaries>",
        stack("billing", "Bills"),
        stack(&format!("chat-{}", &number[..3]), "Bedrock Image Chat: Open WebUI and LiteLLM")
    );
    server.on("ListStacks", [bodies::query("ListStacks", &all)]);
    server
}

/// Credentials and region by the environment.
const KEYS: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "AKID"),
    ("AWS_SECRET_ACCESS_KEY", "x"),
    ("AWS_REGION", "us-west-2"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_without_a_stack_tells_what_the_deleted_one_left() {
    const ID: &str = "arn:aws:cloudformation:us-west-2:111111111111:stack/bedrock-image-chat/1";
    let server = account("111111111111").await;
    let summary = format!(
        "<StackSummaries><member><StackId>{ID}</StackId><StackName>bedrock-image-chat</StackName><StackStatus>DELETE_COMPLETE</StackStatus>\
         <CreationTime>2026-11-22T10:00:00Z</CreationTime><DeletionTime>2026-11-22T11:00:00Z</DeletionTime></member></StackSummaries>"
    );
    server.on("ListStacks", [bodies::query("ListStacks", &summary)]);
    server.answer("DescribeStacks", |request| {
        if request.form()["StackName"] != ID {
            let message = "Stack with id bedrock-image-chat does not exist";
            return bodies::error(Wire::Query, 400, "ValidationError", message);
        }
        let stack = format!(
            "<Stacks><member><StackId>{ID}</StackId><StackName>bedrock-image-chat</StackName><StackStatus>DELETE_COMPLETE</StackStatus>\
             <CreationTime>2026-11-22T10:00:00Z</CreationTime><DeletionTime>2026-11-22T11:00:00Z</DeletionTime></member></Stacks>"
        );
        bodies::query("DescribeStacks", &stack)
    });
    // One that was no more than a plan has none.
    let resources = "<StackResourceSummaries><member><LogicalResourceId>VPC</LogicalResourceId><PhysicalResourceId>vpc-0</PhysicalResourceId>\
         <ResourceType>AWS::EC2::VPC</ResourceType><ResourceStatus>DELETE_COMPLETE</ResourceStatus>\
         <LastUpdatedTimestamp>2026-11-22T11:00:00Z</LastUpdatedTimestamp></member></StackResourceSummaries>";
    server.on("ListStackResources", [bodies::query("ListStackResources", resources)]);
    let group = json!({ "logGroups": [{ "logGroupName": "/ecs/bedrock-image-chat", "storedBytes": 0 }] });
    server.on("DescribeLogGroups", [bodies::json(group)]);
    let free = bodies::error(
        Wire::Query,
        400,
        "ValidationError",
        "Stack for /ecs/bedrock-image-chat does not exist",
    );
    server.on("DescribeStackResources", [free]);
    let mut tty = Tty::start_with(&["--endpoint-url", &server.url], (80, 24), &KEYS);
    let screen = tty.wait("what it left", |s| s.contains("thing is left"));
    for told in [
        "Stack bedrock-image-chat was deleted ",
        "1 thing is left",
        "Press : and type leftovers",
    ] {
        assert!(screen.contains(told), "{told}: {screen}");
    }
    tty.send("\x03");
    assert_eq!(tty.end(), 0);
    // Each place was looked at once.
    assert_eq!(server.asked("DescribeLogGroups").len(), 2, "one for each name");
}

/// The first line of the screen.
fn header(screen: &str) -> &str {
    screen.lines().next().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_profile_is_another_account() {
    let (ops, dana) = (account("111111111111").await, account("222222222222").await);
    let folder = tempfile::tempdir().unwrap();
    let profile = |name: &str, region: &str, url: &str| {
        format!("[profile {name}]\nregion = {region}\nendpoint_url = {url}\naws_access_key_id = AKID\naws_secret_access_key = x\n")
    };
    let config = profile("ops", "us-west-2", &ops.url) + &profile("dana", "eu-west-1", &dana.url);
    std::fs::write(folder.path().join("config"), config).unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (config, credentials) = (path("config"), path("credentials"));
    let env = [
        ("AWS_CONFIG_FILE", config.as_str()),
        ("AWS_SHARED_CREDENTIALS_FILE", &credentials),
        ("AWS_PROFILE", "ops"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    let mut tty = Tty::start_with(&[], (80, 24), &env);
    let screen = tty.see("Stack bedrock-image-chat does not exist yet");
    assert!(header(&screen).contains("us-west-2"), "{screen}");
    // What a deleted stack of that name may have left is looked for once, at the start.
    tty.see("not every place could be looked at");
    tty.send("P");
    let screen = tty.wait("both profiles", |s| s.contains("dana") && s.contains("you are here"));
    assert!(screen.contains("[Profile]"), "{screen}");
    let before = ops.requests().len();
    tty.send("\x1b[B\r");
    let screen = tty.wait("the other account", |s| {
        header(s).contains("eu-west-1") && s.contains("222222222222")
    });
    assert!(screen.contains("profile dana") && !screen.contains("111111111111"), "{screen}");
    // Its stacks, the application's own first; one of them is gone to by name.
    tty.send("P\t\t");
    let screen = tty.wait("its stacks", |s| s.contains("billing") && s.contains("chat-222"));
    let at = |name: &str| screen.find(name).unwrap();
    assert!(at("chat-222") < at("billing"), "{screen}");
    assert!(screen.contains("this application"), "{screen}");
    tty.send("chat-222\r");
    tty.see("Stack chat-222 does not exist yet");
    // A region that can be none is not offered.
    tty.send("P\txx-west-1");
    tty.see("No region has these letters");
    tty.send("\x1b");
    tty.gone("No region has these letters");
    assert!(!dana.asked("ListStacks").is_empty(), "asked on demand");
    assert!(ops.requests().len() <= before + 1, "the old account is asked no more");
    tty.send("\x03");
    assert_eq!(tty.end(), 0);
    tty.assert_restored();
}
