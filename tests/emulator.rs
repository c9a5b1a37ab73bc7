//! The whole story against an AWS emulator that nobody here wrote: the real program, the template as it
//! is shipped, and an operator who has exactly the permissions that `bic-tui policy` prints. What the
//! account holds is read back with AWS's own library for Python. The emulator is found by `BIC_VENV`.

#![allow(
    clippy::print_stderr,
    clippy::too_many_lines,
    reason = "a test says why it is skipped, and a table is as long as it is"
)]
#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "emulator/program.rs"]
mod program;
#[path = "emulator/server.rs"]
mod server;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader},
    process::Stdio,
    time::{Duration, Instant},
};

use program::User;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use server::{Emulator, Keys};

const STACK: &str = "bedrock-image-chat";
const CLUSTER: &str = "bedrock-image-chat-cluster";
const OPENWEBUI: &str = "bedrock-image-chat-openwebui";
const LITELLM: &str = "bedrock-image-chat-litellm";
const GROUP: &str = "/ecs/bedrock-image-chat";
/// The emulator's Bedrock offers older models than the template names, and none that makes images.
const MODELS: &str =
    "--override image-model --param ImageModelId=amazon.nova-pro-v1:0 --param ChatModelId=us.anthropic.claude-3-5-sonnet-20241022-v2:0";

/// What the account itself says, past the program.
impl Emulator {
    fn stack(&self) -> Value {
        self.call("cloudformation", "describe_stacks", json!({ "StackName": STACK }))["Stacks"][0].clone()
    }

    fn parameters(&self) -> BTreeMap<String, String> {
        let text = |it: &Value| it.as_str().expect("text").to_owned();
        let stack = self.stack();
        let all = stack["Parameters"].as_array().expect("parameters");
        all.iter()
            .map(|it| (text(&it["ParameterKey"]), text(&it["ParameterValue"])))
            .collect()
    }

    /// Change sets that wait to be executed.
    fn open_plans(&self) -> usize {
        let answer = self.call("cloudformation", "list_change_sets", json!({ "StackName": STACK }));
        let all = answer["Summaries"].as_array().cloned().unwrap_or_default();
        all.iter().filter(|it| it["ExecutionStatus"] != "EXECUTE_COMPLETE").count()
    }

    fn service(&self, name: &str) -> Value {
        let question = json!({ "cluster": CLUSTER, "services": [name], "include": ["TAGS"] });
        self.call("ecs", "describe_services", question)["services"][0].clone()
    }

    fn counts(&self) -> (Value, Value) {
        let count = |name| self.service(name)["desiredCount"].clone();
        (count(OPENWEBUI), count(LITELLM))
    }

    /// The count that sleep keeps as a tag.
    fn saved_count(&self, name: &str) -> Option<String> {
        let tags = self.service(name)["tags"].clone();
        let tag = tags.as_array()?.iter().find(|it| it["key"] == "bic-tui:desired-count")?.clone();
        Some(tag["value"].as_str()?.to_owned())
    }

    /// Puts lines into a new stream, a second apart.
    fn put_log(&self, stream: &str, begin: i64, lines: &[&str]) {
        let events: Vec<Value> = (0..)
            .zip(lines)
            .map(|(i, line)| json!({ "timestamp": begin + i * 1_000, "message": line }))
            .collect();
        let place = json!({ "logGroupName": GROUP, "logStreamName": stream });
        self.call("logs", "create_log_stream", place.clone());
        let mut all = place;
        all["logEvents"] = events.into();
        let answer = self.call("logs", "put_log_events", all);
        assert_eq!(answer["ResponseMetadata"]["HTTPStatusCode"], 200, "{answer}");
    }

    /// Does what ECS does on AWS and the emulator does not: puts a task behind the load balancer.
    fn register_target(&self) {
        let groups = self.call("elbv2", "describe_target_groups", json!({}));
        let group = &groups["TargetGroups"][0]["TargetGroupArn"];
        let target = json!({ "TargetGroupArn": group, "Targets": [{ "Id": "10.0.11.5", "Port": 8080 }] });
        self.call("elbv2", "register_targets", target);
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn texts(list: &Value, key: &str) -> BTreeSet<String> {
    let all = list.as_array().expect("a list");
    all.iter().map(|it| it[key].as_str().expect(key).to_owned()).collect()
}

/// At which columns of their lines the texts begin.
fn columns(said: &str, texts: &[&str]) -> BTreeSet<usize> {
    let found = |text: &&str| said.lines().filter_map(|row| row.find(text)).collect::<Vec<_>>();
    texts.iter().flat_map(found).collect()
}

#[test]
fn the_story_by_subcommands() {
    let Some(aws) = Emulator::start() else { return };
    let dana = User::operator(&aws);
    before_the_first_deploy(&aws, &dana);
    the_first_deploy(&aws, &dana);
    what_is_there(&aws, &dana);
    alarms(&aws, &dana);
    the_log(&aws, &dana);
    an_update_keeps_what_was_not_named(&aws, &dana);
    counts(&aws, &dana);
    tasks(&aws, &dana);
    let secret = secrets(&aws, &dana);
    an_image_that_is_none(&dana);
    a_certificate_that_is_issued_at_once(&aws, &dana);
    a_name_in_route_53(&aws, &dana);
    provisioned_throughput(&aws, &dana);
    the_end(&aws, &dana);
    the_audit_log(&dana);
    assert!(!dana.has_on_disk(&secret), "a secret is on the disk");
}

fn before_the_first_deploy(aws: &Emulator, dana: &User) {
    models(dana);
    the_account(aws, dana);
    let said = dana.well(&format!("check {MODELS}"));
    assert!(
        said.contains(":user/dana in account 111111111111") && said.contains("is free"),
        "{said}"
    );
    assert_eq!(dana.json(&format!("check {MODELS}"))["outcome"], "warning");
    let said = dana.well(&format!("plan {MODELS}"));
    assert!(said.starts_with("Plan to create stack bedrock-image-chat: "), "{said}");
    let plan = dana.json(&format!("plan {MODELS}"));
    assert_eq!((&plan["action"], &plan["losses"]), (&json!("create"), &json!([])));
    assert!(texts(&plan["changes"], "logical_id").contains("OpenWebUIService"), "{plan}");
    let code = &aws.call("cloudformation", "describe_stacks", json!({ "StackName": STACK }))["Error"]["Code"];
    assert_eq!(code, "ValidationError", "a plan leaves no stack behind");
    assert!(dana.fails("status", 4).contains("does not exist"));
}

/// What the account itself would refuse: a name that a deleted secret still has, and what the operator may not do.
fn the_account(aws: &Emulator, dana: &User) {
    let name = "bedrock-image-chat/litellm-api-key";
    let secret = || json!({ "SecretId": name });
    aws.call("secretsmanager", "create_secret", json!({ "Name": name, "SecretString": "old" }));
    let checks = || -> Value { serde_json::from_slice(&dana.run(&format!("check {MODELS} --output json")).stdout).expect("JSON") };
    let check = |name: &str| {
        let report = checks();
        let all = report["checks"].as_array().expect("checks");
        let found = all.iter().find(|it| it["name"] == name).expect(name);
        (found["outcome"].to_string(), format!("{} {}", found["evidence"], found["next"]))
    };
    let (outcome, said) = check("secrets");
    assert!(outcome == "\"blocker\"" && said.contains("not of this stack"), "{outcome} {said}");
    aws.call(
        "secretsmanager",
        "delete_secret",
        json!({ "SecretId": name, "RecoveryWindowInDays": 7 }),
    );
    let (outcome, said) = check("secrets");
    assert!(
        outcome == "\"blocker\"" && said.contains("waits for its deletion (DeletedDate "),
        "{outcome} {said}"
    );
    assert!(
        dana.fails(&format!("deploy --yes {MODELS}"), 1)
            .contains("restore-secret --secret-id bedrock-image-chat/")
    );
    aws.call("secretsmanager", "restore_secret", secret());
    aws.call(
        "secretsmanager",
        "delete_secret",
        json!({ "SecretId": name, "ForceDeleteWithoutRecovery": true }),
    );
    let (outcome, said) = check("secrets");
    assert!(outcome == "\"ok\"" && said.contains("all 3 names are free"), "{outcome} {said}");
    // She has the console's own rights, but none to make what is in the template: on AWS CloudFormation would be refused.
    let (outcome, said) = check("permissions");
    assert!(
        outcome == "\"warning\"" && said.contains("allowed by no policy: "),
        "{outcome} {said}"
    );
    assert!(!said.contains("cloudformation:"), "{said}");
    // This emulator knows no quotas: that is said, and stops nothing.
    for name in ["fargate quota", "vpc quota", "image quota"] {
        let (outcome, said) = check(name);
        assert!(
            outcome == "\"unknown\"" && said.contains("servicequotas:"),
            "{name}: {outcome} {said}"
        );
    }
}

/// The alarms that the template owns, in CloudWatch's own protocol.
fn alarms(aws: &Emulator, dana: &User) {
    let told = dana.json("status");
    let all = told["alarms"].as_array().expect("alarms");
    assert_eq!(all.len(), 7, "{told}");
    assert!(all.iter().all(|it| it["state"] == "INSUFFICIENT_DATA"), "{told}");
    let fire = |state: &str, reason: &str| {
        let alarm = json!({ "AlarmName": "bedrock-image-chat-5xx", "StateValue": state, "StateReason": reason });
        aws.call("cloudwatch", "set_alarm_state", alarm);
    };
    fire("ALARM", "Threshold Crossed: \u{1b}[31m12 > 5");
    let said = dana.well("status");
    for part in [
        "1 of 7 in alarm: 5xx",
        "warning   alarm bedrock-image-chat-5xx for ",
        "the application answers with server errors (5xx): Threshold Crossed: ",
    ] {
        assert!(said.contains(part), "no {part} in {said}");
    }
    assert!(!said.contains('\u{1b}'), "{said}");
    fire("OK", "Threshold Crossed: 0 > 5");
    assert!(dana.well("status").contains("none of 7 in alarm; 6 without data"));
}

/// Bedrock's own answers: a model and a profile that it lists, and those that it does not.
fn models(dana: &User) {
    let told = dana.run("check --output json");
    let report: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    let check = |name: &str| {
        let all = report["checks"].as_array().expect("checks");
        all.iter().find(|it| it["name"] == name).expect(name).clone()
    };
    assert_eq!((told.status, &report["outcome"]), (1, &json!("blocker")));
    for (name, id) in [
        ("image model", "stability.stable-image-core-v1:1"),
        ("chat model", "us.anthropic.claude-sonnet-4-6"),
    ] {
        let evidence = check(name)["evidence"].to_string();
        assert!(evidence.contains(&format!("Bedrock does not list {id} in us-west-2")), "{evidence}");
    }
    let said = dana.well(&format!("check {MODELS}"));
    for part in [
        "nova-canvas → amazon.nova-pro-v1:0 is no image model: Bedrock names TEXT as its output (overridden)",
        "claude-sonnet → us.anthropic.claude-3-5-sonnet-20241022-v2:0 is ACTIVE, access not granted",
        "use-case form",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let told = dana.run("models --output json");
    let report: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    let old = report["catalogue"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|it| it["id"] == "anthropic.claude-3-5-sonnet-20241022-v2:0");
    let old = old.expect("the guide's model");
    assert_eq!(
        (told.status, &old["life"], &old["is_asked"]),
        (1, &json!("active"), &json!(true)),
        "{old}"
    );
}

fn the_first_deploy(aws: &Emulator, dana: &User) {
    let said = dana.well(&format!("deploy --yes --param AllowedCIDR=203.0.113.0/24 {MODELS}"));
    let resources = aws.call("cloudformation", "describe_stack_resources", json!({ "StackName": STACK }));
    let made = texts(&resources["StackResources"], "LogicalResourceId");
    assert!(made.len() > 50, "{made:?}");
    for id in &made {
        let ends = |row: &&str| row.contains("  CREATE_COMPLETE ") && row.ends_with(&format!("  {id}"));
        assert_eq!(said.lines().filter(ends).count(), 1, "{id} is reported once:\n{said}");
    }
    let (_, after) = said
        .split_once("Stack bedrock-image-chat is CREATE_COMPLETE.\n")
        .expect("the verdict");
    assert!(after.contains("ALBEndpoint  ") && !after.contains("CREATE_"), "{after}");
    assert_eq!(columns(after, &["http:", "sqlite", CLUSTER, GROUP]).len(), 1, "{after}");
    let stack = aws.stack();
    assert_eq!(stack["StackStatus"], "CREATE_COMPLETE");
    assert_eq!(aws.parameters()["AllowedCIDR"], "203.0.113.0/24");
    let tags = texts(&stack["Tags"], "Key");
    assert!(
        ["Project", "Environment", "ManagedBy"].iter().all(|it| tags.contains(*it)),
        "{tags:?}"
    );
}

fn what_is_there(aws: &Emulator, dana: &User) {
    let said = dana.well("status");
    assert!(said.contains("CREATE_COMPLETE") && said.contains("1/1 running"), "{said}");
    assert_eq!(
        columns(&said, &["CREATE_COMPLETE", "1/1 running", "0/0 healthy"]).len(),
        1,
        "{said}"
    );
    let status = dana.json("status");
    assert_eq!(status["faults"], json!([]));
    assert_eq!(
        texts(&status["services"], "name"),
        BTreeSet::from([OPENWEBUI.into(), LITELLM.into()])
    );
    assert_eq!(status["stack"]["id"], aws.stack()["StackId"]);

    let theirs = aws.call("cloudformation", "describe_stack_events", json!({ "StackName": STACK }));
    let theirs: Vec<&Value> = theirs["StackEvents"]
        .as_array()
        .expect("events")
        .iter()
        .map(|it| &it["EventId"])
        .collect();
    let events = dana.json("events --limit 0");
    let ours: Vec<&Value> = events.as_array().expect("events").iter().rev().map(|it| &it["id"]).collect();
    assert!(theirs.len() == 100 && ours.len() > 100, "it takes two pages: {}", ours.len());
    assert_eq!(ours[..100], theirs);
    assert_eq!(dana.well("events --limit 3").lines().count(), 3);

    let arns = aws.call("ecs", "list_tasks", json!({ "cluster": CLUSTER }))["taskArns"].clone();
    let theirs: BTreeSet<String> = arns
        .as_array()
        .expect("tasks")
        .iter()
        .map(|it| it.as_str().expect("an ARN").into())
        .collect();
    assert_eq!(texts(&dana.json("tasks"), "arn"), theirs);
    assert!(dana.well("tasks").contains("RUNNING") && theirs.len() == 2);

    assert!(dana.well("targets").contains("no target"));
    aws.register_target();
    assert!(dana.well("targets").contains("10.0.11.5:8080") && dana.well("status").contains("1/1 healthy"));

    let outputs: BTreeMap<_, _> = aws.stack()["Outputs"]
        .as_array()
        .expect("outputs")
        .iter()
        .map(|it| (it["OutputKey"].clone().to_string(), it["OutputValue"].clone()))
        .collect();
    for output in dana.json("outputs").as_array().expect("outputs") {
        assert_eq!(outputs[&output["key"].to_string()], output["value"]);
    }
    let address = outputs["\"ALBEndpoint\""].as_str().expect("an address");
    assert_eq!(dana.well("outputs ALBEndpoint"), format!("{address}\n"));

    assert!(dana.well("cost").contains(" an hour"));
    let cost = dana.json("cost");
    assert_eq!(cost["now_usd_hour"], dana.json("status")["usd_hour"]);
}

fn the_log(aws: &Emulator, dana: &User) {
    let hostile = "INFO:     \u{1b}[31mred\u{1b}[0m \u{202e}\ttab é";
    let task = "0af31c9e0af31c9e0af31c9e0af31c9e";
    let begin = now() - 5_000;
    aws.put_log(
        &format!("openwebui/openwebui/{task}"),
        begin,
        &[hostile, "2026-11-22 | ERROR | the image is lost"],
    );
    aws.put_log(&format!("litellm/litellm/{task}"), begin + 500, &["INFO:     between the two"]);
    let rows = dana.json_lines("logs");
    let said: Vec<&str> = rows.iter().map(|it| it["message"].as_str().expect("text")).collect();
    assert_eq!(
        said,
        [hostile, "INFO:     between the two", "2026-11-22 | ERROR | the image is lost"]
    );
    assert_eq!(rows[0]["stream"], format!("openwebui/openwebui/{task}"));
    let ids: BTreeSet<String> = rows.iter().map(|it| it["id"].as_str().expect("an id").into()).collect();
    assert_eq!(ids.len(), 3);
    let text = dana.well("logs");
    // Colours are taken out, what could act or hide is made visible.
    assert!(
        text.contains("openwebui/0af31c9e  INFO:     red") && text.contains("<U+202E>"),
        "{text}"
    );
    assert!(!text.contains('\u{1b}'), "{text}");
    for (filter, lines) in [
        ("--service litellm", 1),
        ("--stream 0af31c9e", 3),
        ("--stream litellm/litellm/0a", 1),
        ("--stream 0af31c9e --service openwebui", 2),
        ("--stream nobody", 0),
        ("--level error", 1),
        ("--grep the", 2),
        ("--since 1s", 0),
    ] {
        assert_eq!(dana.json_lines(&format!("logs {filter}")).len(), lines, "{filter}");
    }
    by_logs_insights(dana);
    lines_that_come_later(aws, dana, "--follow");
    lines_that_come_later(aws, dana, "--live --yes");

    let policy =
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "logs:FilterLogEvents", "Resource": "*" }] });
    let omar = User::new(aws, aws.user("omar", &policy.to_string()));
    assert_eq!(omar.json_lines("logs").len(), 5, "no other permission is needed");
    assert!(
        omar.fails("status", 4)
            .contains("cloudformation:DescribeStacks on bedrock-image-chat is not allowed")
    );
}

/// The same lines by a query: filter, order and limit are the emulator's own.
fn by_logs_insights(dana: &User) {
    let messages = |line: &str| -> Vec<Value> { dana.json_lines(line).iter().map(|it| it["message"].clone()).collect() };
    for flags in [
        "",
        "--service litellm",
        "--stream 0af31c9e --service openwebui",
        "--level error",
        "--grep the",
        "--grep the --invert",
        "--grep nothing",
    ] {
        let window = format!("--since 1h {flags}");
        let found = messages(&format!("logs --insights --yes {window}"));
        assert_eq!(found, messages(&format!("logs {window}")), "{flags}");
    }
    let told = dana.run("logs --insights --yes --since 1h --grep the");
    for words in ["| filter @message like /the/", "a GB scanned", "2 records matched"] {
        assert!(told.stderr.contains(words), "{}", told.stderr);
    }
    let said = dana.fails("logs --insights", 2);
    assert!(said.contains("needs --yes"), "{said}");
}

/// A tail that goes on gives a line once, and ends by a signal.
fn lines_that_come_later(aws: &Emulator, dana: &User, how: &str) {
    let known = dana.json_lines("logs").len();
    let mut tail = dana
        .command(&format!("logs {how} --output json"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let mut lines = BufReader::new(tail.stdout.take().expect("a pipe")).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().expect("a line").expect("text")).expect("JSON") };
    for _ in 0..known {
        next();
    }
    aws.put_log(
        "litellm/litellm/1bf31c9e1bf31c9e1bf31c9e1bf31c9e",
        now(),
        &["INFO:     a late guest"],
    );
    let line = next();
    assert_eq!(line["message"], "INFO:     a late guest");
    kill_process(Pid::from_child(&tail), Signal::INT).expect("a signal");
    assert_eq!(tail.wait().expect("an end").code(), Some(130));
}

fn an_update_keeps_what_was_not_named(aws: &Emulator, dana: &User) {
    let before = aws.parameters();
    // A plan that is only looked at leaves the stack and no change set.
    assert!(dana.well("plan --param LogRetentionDays=7").contains("Plan to update"));
    assert_eq!((aws.open_plans(), aws.parameters()), (0, before.clone()));
    // The emulator says of a log group that it may be replaced, and so the stack's name is asked for.
    let change = "deploy --yes --param LogRetentionDays=7";
    assert!(dana.fails(change, 2).contains("--confirm bedrock-image-chat"));
    assert_eq!((aws.open_plans(), aws.parameters()), (0, before.clone()));
    let said = dana.well(&format!("{change} --confirm {STACK}"));
    assert!(said.contains("LOSES DATA") && said.contains("is UPDATE_COMPLETE."), "{said}");
    assert!(said.contains("tags          Project=BedrockImageChat"), "{said}");
    let mut wanted = before;
    wanted.insert("LogRetentionDays".into(), "7".into());
    assert_eq!(aws.parameters(), wanted);
    assert_eq!(texts(&aws.stack()["Tags"], "Key").len(), 3);
    let groups = aws.call("logs", "describe_log_groups", json!({ "logGroupNamePrefix": GROUP }));
    assert_eq!(groups["logGroups"][0]["retentionInDays"], 7);
    // It was over before anybody could look.
    let recordings = dana.json("replay");
    let newest = &recordings[0];
    assert_eq!(
        (&newest["operation"], &newest["status"]),
        (&json!("update"), &json!("UPDATE_COMPLETE")),
        "{recordings}"
    );

    assert!(dana.well("deploy --yes").contains("nothing would change"));
    assert_eq!(dana.json("plan")["action"], "none");
    assert_eq!(aws.open_plans(), 0, "a plan without changes is removed as well");
}

fn counts(aws: &Emulator, dana: &User) {
    let usd_hour = || dana.json("status")["usd_hour"].as_f64().expect("a price");
    let one = usd_hour();
    dana.well("scale litellm 2 --yes");
    assert_eq!(aws.counts(), (json!(1), json!(2)));
    let two = usd_hour();
    assert!(two > one, "one more task costs more: {one} {two}");
    assert!(dana.fails("scale openwebui 2 --yes", 2).contains("SQLite"));
    assert_eq!(aws.counts(), (json!(1), json!(2)));

    let slept = dana.json("sleep --yes");
    assert_eq!((&slept["is_complete"], aws.counts()), (&json!(true), (json!(0), json!(0))));
    assert_eq!(
        (aws.saved_count(OPENWEBUI), aws.saved_count(LITELLM)),
        (Some("1".into()), Some("2".into()))
    );
    assert_eq!(dana.json("status")["is_asleep"], true);
    assert!(usd_hour() < one);
    let woken = dana.json("wake --yes");
    assert_eq!((&woken["is_complete"], aws.counts()), (&json!(true), (json!(1), json!(2))));
    assert_eq!((aws.saved_count(OPENWEBUI), aws.saved_count(LITELLM)), (None, None));
    assert!((usd_hour() - two).abs() < 1e-9);
}

fn tasks(aws: &Emulator, dana: &User) {
    let deployment = || aws.service(OPENWEBUI)["deployments"][0]["id"].clone();
    let before = deployment();
    dana.well("restart openwebui --yes");
    assert_ne!(deployment(), before);

    let arns = aws.call("ecs", "list_tasks", json!({ "cluster": CLUSTER, "serviceName": LITELLM }))["taskArns"].clone();
    let arn = arns[0].as_str().expect("a task");
    let id = arn.rsplit('/').next().expect("an id");
    dana.well(&format!("stop-task {id} --yes"));
    let task = aws.call("ecs", "describe_tasks", json!({ "cluster": CLUSTER, "tasks": [arn] }))["tasks"][0].clone();
    assert_eq!(
        (&task["lastStatus"], &task["stoppedReason"]),
        (&json!("STOPPED"), &json!("Stopped by hand from bic-tui"))
    );
    assert!(dana.well("tasks --stopped").contains(id));
}

/// Gives a value that is nowhere to be found afterwards.
fn secrets(aws: &Emulator, dana: &User) -> String {
    // A value that no terminal and no JSON takes as it is.
    let awkward = "{\"api_key\": \"sk-'\\\"\\\\ é\\u0007\\n %s $HOME\"}\n";
    let name = "bedrock-image-chat/litellm-api-key";
    aws.call(
        "secretsmanager",
        "put_secret_value",
        json!({ "SecretId": name, "SecretString": awkward }),
    );
    for secret in ["litellm-api-key", name, "openwebui-admin"] {
        let full = if secret.contains('/') {
            secret.into()
        } else {
            format!("{STACK}/{secret}")
        };
        let theirs = aws.call("secretsmanager", "get_secret_value", json!({ "SecretId": full }))["SecretString"].clone();
        let told = dana.run(&format!("secret {secret} --reveal"));
        assert_eq!((told.status, told.stderr.as_str()), (0, ""), "{secret}");
        assert_eq!(told.stdout, theirs.as_str().expect("text").as_bytes(), "{secret}");
        let masked = dana.well(&format!("secret {secret}")) + &dana.well(&format!("secret {secret} --output json"));
        assert!(!masked.contains("sk-") && !masked.contains("password"), "{masked}");
    }
    let field = dana.run("secret litellm-api-key --field api_key --reveal");
    assert_eq!(field.stdout, "sk-'\"\\ é\u{7}\n %s $HOME".as_bytes());
    // The policy names the two secrets that the console reads, and no other.
    let said = dana.fails("secret nothing --reveal", 4);
    assert!(said.contains("bedrock-image-chat/nothing is not allowed"), "{said}");
    "%s $HOME".into()
}

/// The emulator answers an image model with a sentence: that is judged, and nothing is saved.
fn an_image_that_is_none(dana: &User) {
    assert!(
        dana.fails("image --direct --yes --model stability.stable-image-core-v1:1", 4)
            .contains("the reply has no image")
    );
    assert!(!dana.has_on_disk("PNG"));
}

/// The emulator issues at once; that a certificate waits for its proof is told by the simulated account and the wire.
fn a_certificate_that_is_issued_at_once(aws: &Emulator, dana: &User) {
    assert!(dana.well("cert").contains("has no certificate: plain HTTP"));
    let it = dana.json("cert request chat.example.com --name www.example.com --yes --wait");
    assert_eq!(
        (&it["status"], &it["names"]),
        (&json!("ISSUED"), &json!(["chat.example.com", "www.example.com"]))
    );
    let theirs = aws.call("acm", "describe_certificate", json!({ "CertificateArn": it["arn"] }))["Certificate"].clone();
    assert_eq!(theirs["DomainName"], "chat.example.com");
    let all = dana.json("cert")["certificates"].clone();
    assert!(texts(&all, "arn").contains(it["arn"].as_str().expect("an ARN")), "{all}");
}

fn a_name_in_route_53(aws: &Emulator, dana: &User) {
    // The stack has its own private zone, and the account no other yet.
    assert!(dana.fails("dns upsert chat.example.com --yes", 1).contains("is not in zone"));
    let zone = |name: &str, config: Value| {
        let made = aws.call(
            "route53",
            "create_hosted_zone",
            json!({ "Name": name, "CallerReference": name, "HostedZoneConfig": config }),
        );
        made["HostedZone"]["Id"].as_str().expect("an id").to_owned()
    };
    let id = zone("example.com", json!({}));
    zone("example.org", json!({}));
    let sets = || {
        let answer = aws.call("route53", "list_resource_record_sets", json!({ "HostedZoneId": id }));
        answer["ResourceRecordSets"].as_array().expect("sets").clone()
    };
    let of = |name: &str| sets().into_iter().filter(|it| it["Name"] == name).collect::<Vec<_>>();
    let balancer = aws.call("elbv2", "describe_load_balancers", json!({}))["LoadBalancers"][0].clone();
    let told = dana.run("dns --name chat.example.com --output json");
    let report: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    assert_eq!(
        (told.status, &report["standing"], &report["zone"]["name"]),
        (1, &json!([]), &json!("example.com"))
    );
    let done = dana.json("dns upsert chat.example.com --yes --wait");
    assert_eq!((&done["status"], &done["zone"]["name"]), (&json!("INSYNC"), &json!("example.com")));
    let target = balancer["DNSName"].as_str().expect("a name").to_lowercase();
    let [set] = of("chat.example.com.").try_into().expect("one set");
    assert_eq!((&set["Type"], &set["TTL"]), (&json!("CNAME"), &json!(300)));
    assert_eq!(set["ResourceRecords"][0]["Value"], json!(target));
    assert!(
        dana.well("dns --name chat.example.com")
            .contains("leads to       the load balancer")
    );
    let before = dana.audit().len();
    assert_eq!(dana.json("dns upsert chat.example.com --yes")["status"], "UNCHANGED");
    assert_eq!(dana.audit().len(), before, "what stands there already is not written again");
    dana.well("dns upsert example.com --yes");
    let alias = of("example.com.").into_iter().find(|it| it["Type"] == "A").expect("an alias");
    assert_eq!(alias["AliasTarget"]["HostedZoneId"], balancer["CanonicalHostedZoneId"]);
    // Another one's record is not overwritten without its name.
    let other = json!({ "HostedZoneId": id, "ChangeBatch": { "Changes": [{ "Action": "CREATE", "ResourceRecordSet": {
        "Name": "www.example.com", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{ "Value": "pages.example.net" }] } }] } });
    aws.call("route53", "change_resource_record_sets", other);
    assert!(
        dana.fails("dns upsert www.example.com --yes", 2)
            .contains("--confirm www.example.com")
    );
    assert_eq!(of("www.example.com.")[0]["ResourceRecords"][0]["Value"], "pages.example.net");
    dana.well("dns upsert www.example.com --confirm www.example.com");
    assert_eq!(of("www.example.com.")[0]["ResourceRecords"][0]["Value"], json!(target));
}

/// The emulator has it in service at once.
fn provisioned_throughput(aws: &Emulator, dana: &User) {
    assert!(dana.well("throughput").contains("no provisioned throughput in us-west-2"));
    let said = dana.fails("throughput buy amazon.nova-canvas-v1:0 --name images --confirm images", 2);
    assert!(said.contains("ended on 2026-09-30"), "{said}");
    let buy = "throughput buy amazon.nova-pro-v1:0 --units 2 --name images --confirm images --wait";
    let bought = dana.json(buy);
    assert_eq!((&bought["status"], &bought["units"]), (&json!("InService"), &json!(2)));
    let theirs = aws.call("bedrock", "list_provisioned_model_throughputs", json!({}))["provisionedModelSummaries"].clone();
    assert_eq!(
        (theirs[0]["provisionedModelArn"].clone(), theirs[0]["provisionedModelName"].clone()),
        (bought["arn"].clone(), json!("images"))
    );
    assert!(dana.well("throughput").contains("images"));
    assert!(dana.fails("throughput delete images", 2).contains("--confirm images"));
    dana.well("throughput delete images --confirm images");
    let left = aws.call("bedrock", "list_provisioned_model_throughputs", json!({}))["provisionedModelSummaries"].clone();
    assert_eq!(left, json!([]));
}

fn the_end(aws: &Emulator, dana: &User) {
    assert!(dana.fails("destroy", 2).contains("--confirm bedrock-image-chat"));
    assert!(dana.fails("destroy --confirm other", 2).contains("Nothing was sent"));
    let protected = json!({ "StackName": STACK, "EnableTerminationProtection": true });
    aws.call("cloudformation", "update_termination_protection", protected);
    let refused = dana.fails(&format!("destroy --confirm {STACK}"), 2);
    assert!(refused.contains("`bic-tui destroy --unprotect --region us-west-2"), "{refused}");
    assert!(dana.fails("destroy --unprotect", 2).contains("--confirm bedrock-image-chat"));
    assert_eq!(aws.stack()["EnableTerminationProtection"], true);
    dana.run(&format!("destroy --unprotect --confirm {STACK}"));
    assert_eq!(aws.stack()["EnableTerminationProtection"], false);
    assert_eq!(aws.stack()["StackStatus"], "UPDATE_COMPLETE", "nothing was deleted");
    ways_out_of_a_stack_at_rest(dana);
    let id = aws.stack()["StackId"].as_str().expect("an id").to_owned();
    let told = dana.run(&format!("destroy --confirm {STACK}"));
    let said = String::from_utf8(told.stdout).expect("text");
    assert_eq!(told.status, 0, "{said}{}", told.stderr);
    let files = said
        .lines()
        .find(|row| row.starts_with("lost   FileSystem (AWS::EFS::FileSystem) fs-"));
    // The emulator measures nothing.
    assert!(files.is_some_and(|row| row.contains(", size not known: ")), "{said}");
    assert!(said.contains("stays  recovery points of FileSystem in AWS Backup"), "{said}");
    assert!(
        said.lines()
            .last()
            .is_some_and(|row| row.contains("DELETE_COMPLETE") && row.ends_with(STACK)),
        "{said}"
    );
    let gone = aws.call("cloudformation", "describe_stacks", json!({ "StackName": id }))["Stacks"][0].clone();
    assert_eq!(gone["StackStatus"], "DELETE_COMPLETE");
    for line in ["status", "events", "tasks", "outputs", "destroy --yes", "scale litellm 1 --yes"] {
        assert!(dana.fails(line, 4).contains("does not exist"), "{line}");
    }
}

/// What somebody left by hand is listed without a stack, and removed by its name.
#[test]
fn what_is_left_is_listed_and_removed_by_its_name() {
    let Some(aws) = Emulator::start() else { return };
    let dana = User::operator(&aws);
    let group = "/ecs/bedrock-image-chat";
    let secret = "bedrock-image-chat/litellm-api-key";
    aws.call("logs", "create_log_group", json!({ "logGroupName": group }));
    aws.call("secretsmanager", "create_secret", json!({ "Name": secret, "SecretString": "x" }));
    aws.call(
        "secretsmanager",
        "delete_secret",
        json!({ "SecretId": secret, "RecoveryWindowInDays": 7 }),
    );
    // The emulator has no AWS Backup, and a search that could not look everywhere is no whole answer.
    let told = dana.run("leftovers --output json");
    assert_eq!(told.status, 4, "{}", told.stderr);
    let list: Value = serde_json::from_slice(&told.stdout).expect("a document");
    let names = texts(&list["leftovers"], "name");
    assert!(names.contains(group) && names.contains(secret), "{list}");
    for name in [group, secret] {
        let told = dana.run(&format!("leftovers remove {name} --confirm {name}"));
        assert_eq!(told.status, 0, "{}", told.stderr);
        assert!(told.stderr.contains(&format!("{name} is gone.")), "{}", told.stderr);
    }
    let groups = aws.call("logs", "describe_log_groups", json!({ "logGroupNamePrefix": group }));
    assert_eq!(groups["logGroups"], json!([]));
    // Its name is free at once.
    let made = aws.call("secretsmanager", "create_secret", json!({ "Name": secret, "SecretString": "y" }));
    assert_eq!(made["Name"], secret, "{made}");
}

/// A stack at rest has no way out to take, and says why for each.
fn ways_out_of_a_stack_at_rest(dana: &User) {
    let ways = dana.json("unstick");
    assert_eq!(ways["status"], "UPDATE_COMPLETE");
    let open = |it: &Value| it["open"] == true;
    assert!(
        ways["ways"].as_array().is_some_and(|all| all.len() == 6 && !all.iter().any(open)),
        "{ways}"
    );
    assert!(dana.fails("unstick cancel-update --yes", 2).contains("no update runs"));
    assert!(
        dana.fails("unstick roll-back --yes", 2)
            .contains("nothing failed with its rollback switched off")
    );
}

/// Every write is there twice, and every kind of write that the emulator knows was made.
fn the_audit_log(dana: &User) {
    let lines = dana.audit();
    let of = |event: &str| lines.iter().filter(|it| it["event"] == event).cloned().collect::<Vec<_>>();
    let (begun, ended) = (of("begin"), of("end"));
    assert_eq!(begun.len(), ended.len());
    assert_eq!(texts(&json!(begun), "token").len(), begun.len());
    let operations = texts(&json!(ended), "operation");
    let wanted = [
        "acm:RequestCertificate",
        "bedrock:CreateProvisionedModelThroughput",
        "bedrock:DeleteProvisionedModelThroughput",
        "bedrock:InvokeModel",
        "cloudformation:CreateChangeSet",
        "cloudformation:DeleteChangeSet",
        "cloudformation:DeleteStack",
        "cloudformation:ExecuteChangeSet",
        "cloudformation:UpdateTerminationProtection",
        "ecs:StopTask",
        "ecs:TagResource",
        "ecs:UntagResource",
        "ecs:UpdateService",
        "route53:ChangeResourceRecordSets",
    ];
    assert_eq!(operations, wanted.map(str::to_owned).into());
}

#[test]
fn what_can_not_be_done_is_one_sentence_with_its_status() {
    let Some(aws) = Emulator::start() else { return };
    let dana = User::operator(&aws);
    for (line, status, wanted) in [
        // The policy's writes and secrets are for one stack.
        ("status --stack nope", 4, "Stack nope in us-west-2 does not exist"),
        ("tasks", 4, "Stack bedrock-image-chat in us-west-2 does not exist"),
        ("scale litellm 2 --yes", 4, "Stack bedrock-image-chat in us-west-2 does not exist"),
        ("logs", 4, "/ecs/bedrock-image-chat does not exist"),
        ("secret no/such", 4, "no/such is not allowed"),
        ("deploy --yes --param DeploymentSize=tiny", 2, "choose one of small, medium, large"),
        ("deploy --yes --param DeploymentSiz=small", 2, "did you mean \"DeploymentSize\""),
        ("deploy --yes --param LogRetentionDays=2", 2, "LogRetentionDays"),
        ("deploy --yes --param AllowedCIDR=10.0.0.0", 2, "an IPv4 range"),
        ("deploy", 2, "--yes"),
        // The emulator knows no NAT gateway: this is a refusal that CloudFormation words.
        ("deploy --yes --param NetworkMode=nat", 4, "Unrecognized resource types"),
        ("deploy --yes --read-only", 2, "read-only"),
    ] {
        let line = if line.starts_with("deploy") {
            format!("{line} {MODELS}")
        } else {
            line.to_owned()
        };
        let said = dana.fails(&line, status);
        assert!(said.contains(wanted), "{line}: {said}");
    }
    let stacks = aws.call(
        "cloudformation",
        "list_stacks",
        json!({ "StackStatusFilter": ["CREATE_COMPLETE", "REVIEW_IN_PROGRESS"] }),
    );
    assert_eq!(stacks["StackSummaries"], json!([]), "nothing is left of them");

    let omar = aws.user(
        "omar",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#,
    );
    let wrong = Keys {
        secret: "wrong".into(),
        ..omar.clone()
    };
    let unknown = Keys {
        id: "AKIAIOSFODNN7EXAMPLE".into(),
        secret: "unknown".into(),
    };
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    let nobody = format!("http://{free}");
    for (endpoint, keys, status, wanted) in [
        (aws.url.as_str(), wrong, 3, "AWS does not accept these credentials"),
        (aws.url.as_str(), unknown, 3, "AWS does not accept these credentials"),
        (aws.url.as_str(), omar.clone(), 4, "is not allowed"),
        (nobody.as_str(), omar, 4, "could not be reached: connection refused"),
    ] {
        let user = User::at(endpoint, keys);
        for line in [
            "status",
            "events",
            "logs",
            "secret no/such",
            "deploy --yes",
            "plan",
            "image --direct --yes",
        ] {
            let said = user.fails(line, status);
            assert!(said.contains(wanted), "{line}: {said}");
        }
    }
}

#[test]
fn a_creation_that_failed_is_removed_before_the_next() {
    let Some(aws) = Emulator::start() else { return };
    let dana = User::operator(&aws);
    let template = json!({ "Resources": {
        "Handle": { "Type": "AWS::CloudFormation::WaitConditionHandle" },
        "Never": { "Type": "AWS::CloudFormation::WaitCondition", "Properties": { "Handle": { "Ref": "Handle" }, "Timeout": "1" } },
    }});
    aws.call(
        "cloudformation",
        "create_stack",
        json!({ "StackName": STACK, "TemplateBody": template.to_string() }),
    );
    let deadline = Instant::now() + Duration::from_mins(1);
    while aws.stack()["StackStatus"] != "ROLLBACK_COMPLETE" {
        assert!(Instant::now() < deadline, "{}", aws.stack());
    }
    let told = dana.run("check");
    let said = String::from_utf8_lossy(&told.stdout);
    assert!(told.status == 1 && said.contains("blocker  stack"), "{said}");
    assert!(dana.fails("deploy --yes", 2).contains("ROLLBACK_COMPLETE"));
    let said = dana.well("events --failed");
    assert!(said.contains("CREATE_FAILED") && said.contains("Never"), "{said}");
    dana.run(&format!("destroy --confirm {STACK}"));
    let files = format!("deploy --yes {MODELS} --param FileSystemDeletionPolicy=Retain");
    assert!(dana.well(&files).contains("is CREATE_COMPLETE."));
    // What a deletion keeps is there, and is named at its end.
    let told = dana.run(&format!("destroy --confirm {STACK}"));
    assert_eq!(told.status, 0, "{}", told.stderr);
    let kept = aws.call("efs", "describe_file_systems", json!({}))["FileSystems"].clone();
    let id = kept[0]["FileSystemId"].as_str().expect("a file system").to_owned();
    assert!(
        told.stderr
            .contains(&format!("The former KeptFileSystem {id} stays outside the stack")),
        "{}",
        told.stderr
    );
}
