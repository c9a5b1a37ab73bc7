//! The subcommands in process: over the simulator with paused time, and over scripts where a fault or
//! an odd answer is wanted.

mod access;
mod account;
mod drift;
mod falls;
mod insights;
mod kept;
mod leftovers;
mod models;
mod placed;
mod renaming;
mod together;

use std::{
    io::{self, Cursor, Write},
    sync::Mutex,
};

use clap::Parser;
use futures::{StreamExt, future::BoxFuture, stream};
use serde_json::Value;

use super::*;
use crate::{
    cli::{Cli, Format},
    cloud::{About, LiveStream, Query, Token},
    core::{
        fact::{Fact, LiveFrame, LiveUpdate, LogEvent, LogPage, Millis, Picture, PictureFormat, Stack},
        names::Names,
        secret::{SecretRef, SecretText},
        text::{RawText, SafeText},
    },
    journal::Entry,
    sim::{Clock, Scene, Sim},
};

/// Tokio's clock, so that the world goes on while a command waits, and no test does.
struct Paused(tokio::time::Instant);

impl Clock for Paused {
    fn now(&self) -> Millis {
        1_795_348_800_000 + Millis::try_from(self.0.elapsed().as_millis()).unwrap()
    }
}

fn world(scene: &str) -> Arc<dyn Cloud> {
    let scene = Scene::named(scene).unwrap();
    Arc::new(Sim::new(&scene, 1, Arc::new(Paused(tokio::time::Instant::now()))).without_latency())
}

/// What is answered in the world's place, where something is.
trait Answers: Fn(&Query) -> Option<Result<Fact, Fault>> + Send + Sync + 'static {}

impl<F: Fn(&Query) -> Option<Result<Fact, Fault>> + Send + Sync + 'static> Answers for F {}

/// A simulated account, some of whose reads are answered otherwise.
struct Answering<F>(Arc<dyn Cloud>, F);

impl<F: Answers> Answering<F> {
    fn of(scene: &str, answers: F) -> Arc<dyn Cloud> {
        Arc::new(Self(world(scene), answers))
    }
}

impl<F: Answers> Cloud for Answering<F> {
    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>> {
        match (self.1)(&query) {
            Some(answer) => Box::pin(async move { answer }),
            None => self.0.ask(query),
        }
    }
    fn change(&self, change: Change, token: Token) -> BoxFuture<'_, Result<Done, Fault>> {
        self.0.change(change, token)
    }
    fn reveal(&self, secret: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>> {
        self.0.reveal(secret)
    }
    crate::cloud::pass_on!(0);
}

/// A simulated account that notes to which account its session keeps, and what it is asked to change.
struct Keeping(Arc<dyn Cloud>, Arc<Mutex<Vec<String>>>);

impl Cloud for Keeping {
    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>> {
        self.0.ask(query)
    }
    fn change(&self, change: Change, token: Token) -> BoxFuture<'_, Result<Done, Fault>> {
        self.1.lock().unwrap().push(change.operation().to_owned());
        self.0.change(change, token)
    }
    fn reveal(&self, secret: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>> {
        self.0.reveal(secret)
    }
    fn live(&self, group: SafeText) -> BoxFuture<'_, Result<LiveStream<'_>, Fault>> {
        self.0.live(group)
    }
    fn about(&self) -> About {
        self.0.about()
    }
    fn now(&self) -> Millis {
        self.0.now()
    }
    fn keep_to(&self, account: &SafeText) {
        self.1.lock().unwrap().push(format!("keeps to {account}"));
    }
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One session: the same cloud and audit log over several commands.
struct Case {
    cx: Context,
    stdout: Buffer,
    stderr: Buffer,
    signal: channel::Sender<u8>,
    is_terminal: bool,
    /// Somebody sits before stderr.
    is_watched: bool,
}

impl Case {
    fn new(cloud: Arc<dyn Cloud>) -> Self {
        let (stdout, stderr) = (Buffer::default(), Buffer::default());
        let (signal, interrupt) = Interrupt::channel();
        let settings = Settings {
            utc: true,
            ..Settings::default()
        };
        let cx = Context {
            cloud,
            settings,
            journal: Ok(Arc::new(Journal::memory())),
            is_armed: false,
            is_yes: true,
            same_place: "--region us-west-2 --stack bedrock-image-chat".into(),
            prompt: Prompt::nobody(),
            out: Out::new(Box::new(stdout.clone()), Box::new(stderr.clone()), Format::Text),
            interrupt,
        };
        Self {
            cx,
            stdout,
            stderr,
            signal,
            is_terminal: false,
            is_watched: false,
        }
    }

    fn sim(scene: &str) -> Self {
        Self::new(world(scene))
    }

    /// Runs a command line; gives its exit status and what it printed.
    async fn run(&mut self, line: &str) -> (u8, String, String) {
        let cli = Cli::try_parse_from(format!("bic-tui {line}").split(' ')).unwrap();
        self.cx.out = Out::new(
            Box::new(self.stdout.clone()),
            Box::new(self.stderr.clone()),
            cli.common.output.unwrap_or_default(),
        )
        .on_terminal(self.is_terminal)
        .watched(self.is_watched);
        let answer = run(&mut self.cx, cli.command.unwrap()).await;
        let status = match &answer {
            Ok(Verdict::Well) => 0,
            Ok(Verdict::NotWell) => 1,
            Ok(Verdict::Partly(status)) => *status,
            Err(failure) => {
                self.cx.out.note(failure.message().unwrap_or_default());
                failure.status()
            }
        };
        (status, self.stdout.take(), self.stderr.take())
    }

    fn typing(mut self, lines: &str) -> Self {
        self.cx.is_yes = false;
        self.cx.prompt = Prompt::reading(Cursor::new(lines.to_owned().into_bytes()));
        self
    }

    fn entries(&self) -> Vec<Entry> {
        self.cx.journal.as_ref().unwrap().entries()
    }

    /// The stack, once what was asked of an empty one has been done.
    async fn settled(&self) -> Option<Stack> {
        tokio::time::sleep(Duration::from_mins(1)).await;
        self.stack().await
    }

    async fn stack(&self) -> Option<Stack> {
        reads::stack(&*self.cx.cloud, &self.cx.settings.stack).await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_deletion_left_is_all_that_costs_and_what_it_took_is_no_fault() {
    let mut case = Case::sim("delete-failed");
    let (_, out, _) = case.run("status --output json").await;
    let answer: Value = serde_json::from_str(&out).unwrap();
    let now = answer["usd_hour"].as_f64().unwrap();
    assert!(now < 0.05, "load balancer and endpoints are gone: {now}");
    assert_eq!(answer["faults"], Value::Array(Vec::new()));
    let (status, out, said) = case.run("cost --output json").await;
    assert_eq!(status, 0, "{said}");
    let cost: Value = serde_json::from_str(&out).unwrap();
    assert!(
        (cost["now_usd_hour"].as_f64().unwrap() - now).abs() < 1e-9,
        "{}",
        cost["now_usd_hour"]
    );
    assert!(cost["month_usd"].as_f64().unwrap() > 100.0);
}

#[tokio::test(start_paused = true)]
async fn status_tells_of_errors_in_the_log_as_the_strip_does() {
    let (status, out, err) = Case::sim("image-fails").run("status").await;
    assert_eq!(status, 0, "that images fail is at risk, not down: {out}{err}");
    let line = out.lines().find(|line| line.starts_with("warning")).unwrap_or_default();
    assert!(
        line.contains("errors in 10 min: ")
            && line.contains("access to the model")
            && line.ends_with("`bic-tui logs --level error --region us-west-2 --stack bedrock-image-chat` shows them"),
        "{out}"
    );
    let (_, out, _) = Case::sim("asleep").run("status").await;
    assert!(!out.contains("errors in"), "{out}");
}

#[tokio::test(start_paused = true)]
async fn every_read_answers_in_text_and_in_json() {
    let mut case = Case::sim("running");
    for (line, wanted) in [
        ("status", "bedrock-image-chat-openwebui"),
        ("events", "CREATE_COMPLETE"),
        ("tasks", "RUNNING"),
        ("targets", "healthy"),
        ("outputs", "ALBEndpoint"),
        ("outputs ALBDNSName", "elb.amazonaws.com"),
        ("cost --what-if", "openwebui"),
        ("check", "identity"),
        ("secret litellm-api-key", "litellm-api-key"),
    ] {
        let (status, text, stderr) = case.run(line).await;
        assert_eq!(status, 0, "{line}: {text}{stderr}");
        assert!(text.to_lowercase().contains(&wanted.to_lowercase()), "{line}: {text}");
        let (status, json, _) = case.run(&format!("{line} --output json")).await;
        assert_eq!(status, 0, "{line}");
        let json: Value = serde_json::from_str(&json).unwrap_or_else(|e| panic!("{line}: {e}: {json}"));
        assert!(json.to_string().to_lowercase().contains(&wanted.to_lowercase()), "{line}: {json}");
    }
    assert!(case.entries().is_empty(), "reading writes nothing");
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_is_not_there_is_status_4() {
    let mut case = Case::sim("new");
    for line in [
        "status",
        "events",
        "tasks",
        "outputs",
        "scale litellm 1",
        "sleep",
        "wake",
        "destroy",
        "secret litellm-api-key",
        "image",
    ] {
        let (status, stdout, stderr) = case.run(line).await;
        assert_eq!((status, stdout.as_str()), (4, ""), "{line}: {stderr}");
        assert!(
            stderr.contains("bedrock-image-chat") && stderr.contains("does not exist"),
            "{line}: {stderr}"
        );
    }
    assert_eq!(case.run("check").await.0, 0);
}

#[tokio::test(start_paused = true)]
async fn expired_credentials_are_status_3() {
    let mut case = Case::sim("expired");
    for line in ["status", "deploy", "logs", "logs --follow", "cost", "secret x/y"] {
        let (status, stdout, stderr) = case.run(line).await;
        assert_eq!((status, stdout.as_str()), (3, ""), "{line}: {stderr}");
        assert!(stderr.contains("aws sso login"), "{line}: {stderr}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_expired_credentials_the_checks_that_need_none_are_there() {
    let mut case = Case::sim("expired");
    let (status, stdout, stderr) = case.run("check").await;
    assert_eq!(status, 3, "{stdout}{stderr}");
    assert!(stderr.contains("aws sso login"), "{stderr}");
    assert!(
        stdout.contains("the oldest price used is of") && stdout.contains("parameters, size small"),
        "{stdout}"
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_is_asked_a_question_answers_for_the_account_of_before() {
    let kept = Arc::default();
    let mut case = Case::new(Arc::new(Keeping(world("running"), Arc::clone(&kept)))).typing("y\n");
    let (status, _, stderr) = case.run("restart litellm").await;
    assert_eq!(status, 0, "{stderr}");
    assert_eq!(*kept.lock().unwrap(), ["keeps to 111122223333", "ecs:UpdateService"]);
    let stranger = Fault::new(
        FaultKind::OtherAccount,
        "ecs:UpdateService",
        "",
        "the credentials are of account 2 now",
    );
    let failure = Failure::Fault(stranger);
    assert_eq!(failure.status(), 3);
    assert_eq!(
        failure.message().as_deref(),
        Some("The credentials are of account 2 now. Log in to that account again, then run this again.")
    );
}

#[tokio::test(start_paused = true)]
async fn who_may_look_at_nothing_is_not_told_that_all_is_well() {
    for knows_who in [false, true] {
        // Every read is denied but those for which AWS has no permission.
        let cloud = Answering::of("running", move |query: &Query| {
            let is_free = knows_who && *query == Query::Identity;
            let denied = || Fault::new(FaultKind::Denied, "cloudformation:DescribeStacks", "", "not authorized");
            (!is_free).then(|| Err(denied()))
        });
        let (status, stdout, stderr) = Case::new(cloud).run("check").await;
        assert_eq!(status, 4, "{stdout}{stderr}");
        assert!(stderr.contains("cloudformation:DescribeStacks"), "{stderr}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_not_ready_is_found_out_before_the_plan() {
    let mut case = Case::sim("not-ready");
    let (status, stdout, _) = case.run("check").await;
    assert_eq!(status, 1);
    for part in [
        "blocker  vpc quota",
        "5 of 5 VPCs are in use, AWS's default; this needs 1 more",
        "--service-code vpc --quota-code L-F678F1CE",
        "blocker  secrets",
        "bedrock-image-chat/litellm-api-key waits for its deletion",
        "restore-secret",
        "warning  permissions",
        "allowed by no policy: iam:CreateRole, iam:PassRole",
        "ok       fargate quota  0 of 64 vCPU are in use; this adds 1.5",
    ] {
        assert!(stdout.contains(part), "no {part} in {stdout}");
    }
    let (status, _, stderr) = case.run("deploy").await;
    assert!(status == 1 && stderr.ends_with("Nothing was sent.\n"), "{stderr}");
    assert!(
        stderr.starts_with("2 checks stand in the way: ")
            && stderr.contains("secrets: bedrock-image-chat/litellm-api-key")
            && stderr.contains("vpc quota: 5 of 5 VPCs"),
        "{stderr}"
    );
    let (past, is_blocked) = ("--override secrets --override vpc-quota", |past: &str| stderr.contains(past));
    assert!(
        is_blocked(past) || is_blocked("--override vpc-quota --override secrets"),
        "{stderr}"
    );
    // Whoever knows better says so by name.
    let (status, stdout, stderr) = case.run("plan --override vpc-quota --override secrets").await;
    assert_eq!(status, 0, "{stdout}{stderr}");
    assert!(stdout.contains("(overridden)"), "{stdout}");
}

#[tokio::test(start_paused = true)]
async fn status_tells_the_alarms_and_which_of_them_are_of_sleep() {
    let (status, stdout, _) = Case::sim("running").run("status").await;
    assert!(status == 0 && stdout.contains("none of 7 in alarm"), "{stdout}");
    let (status, stdout, _) = Case::sim("asleep").run("status").await;
    assert_eq!(status, 0, "{stdout}");
    assert!(
        stdout.contains("alarms    3 of 7 in alarm, 3 only because the stack sleeps: no-healthy-host") && !stdout.contains("warning"),
        "{stdout}"
    );
    let (_, stdout, _) = Case::sim("unreachable").run("status").await;
    let at = |text: &str| stdout.find(text).unwrap_or_else(|| panic!("no {text} in {stdout}"));
    let alarm = at("warning   alarm bedrock-image-chat-");
    assert!(
        at("bad       ") < alarm && stdout[alarm..].contains("Threshold Crossed"),
        "{stdout}"
    );
}

#[tokio::test(start_paused = true)]
async fn deploy_creates_updates_and_destroy_deletes() {
    let mut case = Case::sim("new");
    let (status, stdout, stderr) = case.run("deploy --param LogRetentionDays=7").await;
    assert_eq!(status, 0, "{stdout}{stderr}");
    for wanted in [
        "Plan to create",
        "a month, an estimate",
        "CREATE_IN_PROGRESS",
        "is CREATE_COMPLETE",
        "ALBEndpoint",
    ] {
        assert!(stdout.contains(wanted), "no {wanted} in {stdout}");
    }
    assert_eq!(case.stack().await.unwrap().parameter("LogRetentionDays").unwrap(), "7");
    // Again: nothing to do, and no plan is left behind.
    let (status, stdout, _) = case.run("deploy").await;
    assert_eq!(status, 0);
    assert!(stdout.contains("nothing would change"), "{stdout}");
    // An update keeps what was not touched.
    let (status, stdout, stderr) = case.run("deploy --param FargateSpot=true").await;
    assert_eq!(status, 0, "{stdout}{stderr}");
    assert!(
        stdout.contains("Plan to update") && stdout.contains('→') && stdout.contains("is UPDATE_COMPLETE"),
        "{stdout}"
    );
    assert_eq!(case.stack().await.unwrap().parameter("LogRetentionDays").unwrap(), "7");
    let (status, stdout, stderr) = case.run("destroy").await;
    assert_eq!(status, 0, "{stdout}{stderr}");
    assert!(
        stdout.contains("lost   FileSystem") && stderr.contains("is deleted"),
        "{stdout}{stderr}"
    );
    let files = stdout
        .lines()
        .find(|line| line.starts_with("lost   FileSystem"))
        .unwrap_or_default();
    let size =
        regex::Regex::new(r"fs-0\w+, (\d+ MB \d+ min( \d+ s)? ago|size not known: CloudWatch has no figure of the last day)$").unwrap();
    assert!(size.is_match(files), "{files}");
    assert!(case.stack().await.is_none());
    well_kept(&case.entries());
}

#[tokio::test(start_paused = true)]
async fn the_last_tag_of_a_stack_is_removed_too() {
    let mut case = Case::sim("running");
    let keys: Vec<String> = case
        .stack()
        .await
        .unwrap()
        .tags
        .iter()
        .map(|(key, _)| format!(" --untag {key}"))
        .collect();
    assert!(!keys.is_empty());
    let (status, stdout, stderr) = case.run(&format!("deploy --yes{}", keys.concat())).await;
    assert_eq!(status, 0, "{stdout}{stderr}");
    assert!(stdout.contains("tags          -\n") && stdout.contains("is removed"), "{stdout}");
    assert_eq!(case.stack().await.unwrap().tags, []);
}

#[tokio::test(start_paused = true)]
async fn tags_that_cloudformation_leaves_are_told() {
    let no_change = |query: &Query| match query {
        Query::ChangeSet { stack, change_set } => Some(Ok(Fact::ChangeSet(crate::core::fact::ChangeSet {
            id: change_set.clone(),
            name: "plan".into(),
            stack_id: stack.clone(),
            status: "FAILED".into(),
            reason: "The submitted information didn't contain changes.".into(),
            execution: "UNAVAILABLE".into(),
            changes: Vec::new(),
            parameters: Vec::new(),
            capabilities: Vec::new(),
            tags: Vec::new(),
        }))),
        _ => None,
    };
    for (line, status, want) in [
        ("deploy --yes", 0, "nothing would change"),
        (
            "deploy --yes --untag ManagedBy",
            1,
            "CloudFormation sees nothing to change, and stack bedrock-image-chat has the tags",
        ),
        (
            "plan --untag ManagedBy",
            1,
            "Project=BedrockImageChat, which is not what was wanted.",
        ),
    ] {
        let mut case = Case::new(Answering::of("running", no_change));
        let (ended, stdout, stderr) = case.run(line).await;
        assert_eq!(ended, status, "{stdout}{stderr}");
        assert!((stdout + &stderr).contains(want), "{line}: {stderr}");
        let dropped = case.entries().into_iter().any(|e| e.operation == "cloudformation:DeleteChangeSet");
        assert!(dropped, "the plan is removed");
    }
    let mut case = Case::new(Answering::of("running", no_change));
    let (status, json, stderr) = case.run("plan --untag ManagedBy --output json").await;
    let plan: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((status, &plan["action"]), (1, &"none".into()), "{stderr}");
    assert!(stderr.contains("CloudFormation sees nothing to change, and "), "{stderr}");
}

/// Each change is noted before it is sent and after, with one token of its own.
fn well_kept(entries: &[Entry]) {
    assert!(!entries.is_empty());
    let mut tokens = std::collections::HashSet::new();
    for pair in entries.chunks(2) {
        assert_eq!((pair[0].event, pair[1].event), ("begin", "end"));
        assert_eq!(pair[0].token, pair[1].token);
        assert!(tokens.insert(pair[0].token.clone()), "a token was used twice");
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_leaves_nothing_behind() {
    let mut case = Case::sim("new");
    let (status, stdout, stderr) = case.run("plan --size medium --output json").await;
    assert_eq!(status, 0, "{stderr}");
    let plan: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (&plan["action"], plan["changes"].as_array().unwrap().len() > 30),
        (&Value::from("create"), true)
    );
    assert!(case.settled().await.is_none(), "the empty stack is gone");
    let operations: Vec<_> = case.entries().iter().filter(|e| e.event == "begin").map(|e| e.operation).collect();
    assert_eq!(
        operations,
        [
            "cloudformation:CreateChangeSet",
            "cloudformation:DeleteChangeSet",
            "cloudformation:DeleteStack"
        ]
    );
    // Over a stack that exists, the stack stays.
    let mut case = Case::sim("running");
    let (status, stdout, _) = case.run("plan --param LogRetentionDays=7").await;
    assert_eq!(status, 0);
    assert!(stdout.contains("LogGroup") && stdout.contains("Plan to update"), "{stdout}");
    assert_eq!(case.stack().await.unwrap().status.0, "CREATE_COMPLETE");
    assert_eq!(
        case.entries()
            .iter()
            .filter(|e| e.operation == "cloudformation:DeleteStack")
            .count(),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn no_is_no_and_a_loss_wants_the_name() {
    let mut case = Case::sim("new").typing("n\n");
    let (status, _, stderr) = case.run("deploy").await;
    assert_eq!(status, 1);
    let is_removed = |said: &str| said.ends_with("Nothing was executed; the plan made for it is removed.\n") && !said.contains("sent");
    assert!(stderr.contains("[y/N]") && is_removed(&stderr), "{stderr}");
    assert!(case.settled().await.is_none(), "the plan was removed");
    // SQLite to PostgreSQL: --yes is not enough.
    let mut case = Case::sim("running");
    let (status, _, stderr) = case.run("deploy --yes --size medium").await;
    assert_eq!(status, 2);
    assert!(stderr.contains("Database=auto stays SQLite"), "{stderr}");
    let (status, stdout, stderr) = case.run("deploy --size medium --param Database=postgres").await;
    assert_eq!(status, 2, "{stdout}{stderr}");
    assert!(
        stdout.contains("LOSES DATA") && stderr.contains("--confirm bedrock-image-chat") && is_removed(&stderr),
        "{stdout}{stderr}"
    );
    assert_eq!(
        case.run("deploy --size medium --param Database=postgres --confirm other").await.0,
        2
    );
    assert_eq!(case.stack().await.unwrap().status.0, "CREATE_COMPLETE");
    let line = "deploy --size medium --param Database=postgres --confirm bedrock-image-chat";
    let (status, stdout, stderr) = case.run(line).await;
    assert_eq!(status, 0, "{stdout}{stderr}");
    let mut case = Case::sim("running").typing("bedrock-image\n");
    assert_eq!(case.run("destroy").await.0, 2);
    assert!(case.stack().await.is_some() && case.entries().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failed_creation_says_the_cause_and_the_way_on() {
    let mut case = Case::sim("deploy-fails");
    let (status, stdout, stderr) = case.run("deploy").await;
    assert_eq!(status, 1, "{stdout}{stderr}");
    assert!(stdout.contains("is ROLLBACK_COMPLETE"), "{stdout}");
    for wanted in ["Cause: LiteLLMService", "  task: ", "It means: ", "task "] {
        assert!(stderr.contains(wanted), "no {wanted} in {stderr}");
    }
    let (status, _, stderr) = case.run("deploy").await;
    assert_eq!(status, 2);
    assert!(!stderr.contains("AWS") && stderr.ends_with("Nothing was sent.\n"), "{stderr}");
    assert!(
        stderr.contains("bic-tui destroy --region us-west-2 --stack bedrock-image-chat"),
        "{stderr}"
    );
    assert_eq!(case.run("check").await.0, 1, "a blocker");
    assert_eq!(case.run("destroy --confirm bedrock-image-chat").await.0, 0);
    assert!(case.stack().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_update_that_begins_before_the_name_is_typed_refuses_a_deletion() {
    use std::sync::atomic::{AtomicU32, Ordering};
    let cloud = world("running");
    let mut stack = reads::stack(&*cloud, &"bedrock-image-chat".into()).await.unwrap().unwrap();
    stack.status.0 = "UPDATE_IN_PROGRESS".into();
    let looks = AtomicU32::new(0);
    // It is looked at first, and before the watching begins.
    let updated = move |query: &Query| match query {
        Query::Stack { .. } if (2..8).contains(&looks.fetch_add(1, Ordering::Relaxed)) => Some(Ok(Fact::Stack(Some(stack.clone())))),
        _ => None,
    };
    let mut case = Case::new(Arc::new(Answering(cloud, updated)));
    let (status, _, stderr) = case.run("destroy --yes").await;
    assert_eq!(status, 2, "{stderr}");
    assert!(
        stderr.contains(
            "Stack bedrock-image-chat is not deleted: wait, or cancel the update (\
             `bic-tui unstick cancel-update --region us-west-2 --stack bedrock-image-chat`): AWS deletes no stack in UPDATE_IN_PROGRESS."
        ),
        "{stderr}"
    );
    assert!(case.entries().is_empty(), "nothing is sent, nor noted as sent");
}

#[tokio::test(start_paused = true)]
async fn ctrl_c_detaches_from_a_deploy_and_tidies_up_a_plan() {
    let mut case = Case::sim("new");
    let signal = case.signal.clone();
    let later = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_mins(2)).await;
        signal.send(130).unwrap();
    });
    let (status, _, stderr) = case.run("deploy").await;
    later.await.unwrap();
    assert_eq!(status, 130);
    assert!(
        stderr.contains("`bic-tui deploy --watch --region us-west-2 --stack bedrock-image-chat`"),
        "{stderr}"
    );
    assert_eq!(case.stack().await.unwrap().status.0, "CREATE_IN_PROGRESS", "it goes on");
    let mut case = Case::sim("new");
    case.signal.send(143).unwrap();
    let (status, _, _) = case.run("deploy").await;
    assert_eq!(status, 143);
    assert!(case.settled().await.is_none(), "the plan is gone");
}

#[tokio::test(start_paused = true)]
async fn a_deploy_that_somebody_watches_outlives_credentials_that_expire() {
    use std::sync::atomic::{AtomicU32, Ordering};
    for (kind, is_watched, want) in [
        (FaultKind::Expired, true, 0),
        // A helper that has nothing before the next login does not always say so.
        (FaultKind::NoCredentials, true, 0),
        (FaultKind::WrongCredentials, true, 3),
        (FaultKind::Expired, false, 3),
    ] {
        let (looks, failed) = (AtomicU32::new(0), AtomicU32::new(0));
        let for_a_while = move |query: &Query| match query {
            Query::StackEvents { known: Some(_), .. } => {
                looks.fetch_add(1, Ordering::Relaxed);
                None
            }
            Query::Stack { .. } if looks.load(Ordering::Relaxed) > 0 && failed.fetch_add(1, Ordering::Relaxed) < 3 => {
                Some(Err(Fault::new(kind, "cloudformation:DescribeStacks", "", "")))
            }
            _ => None,
        };
        let mut case = Case::new(Answering::of("running", for_a_while));
        case.is_watched = is_watched;
        let (status, stdout, stderr) = case.run("deploy --param LogRetentionDays=7").await;
        assert_eq!(status, want, "{kind:?}: {stdout}{stderr}");
        assert_eq!(stdout.contains("is UPDATE_COMPLETE."), want == 0, "{stdout}");
        assert_eq!(
            stderr.matches("Logged in again, following on.").count(),
            usize::from(want == 0),
            "{stderr}"
        );
        assert!(!stderr.contains("asking again"), "it stands on a line of the terminal: {stderr}");
        assert_eq!(stderr.contains("The deploy goes on without this program"), want != 0, "{stderr}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_terminal_waiting_is_told_when_it_begins_and_when_it_ends() {
    use std::sync::atomic::{AtomicU32, Ordering};
    let (looks, asked) = (AtomicU32::new(0), AtomicU32::new(0));
    let for_a_while = move |query: &Query| match query {
        Query::StackEvents { known: Some(_), .. } => {
            looks.fetch_add(1, Ordering::Relaxed);
            None
        }
        Query::Stack { .. } if looks.load(Ordering::Relaxed) > 0 && asked.fetch_add(1, Ordering::Relaxed) < 3 => Some(Err(Fault::new(
            FaultKind::Throttled,
            "cloudformation:DescribeStacks",
            "",
            "Rate exceeded",
        ))),
        _ => None,
    };
    let mut case = Case::new(Answering::of("running", for_a_while));
    let (status, _, stderr) = case.run("deploy --param LogRetentionDays=7").await;
    assert_eq!(status, 0, "{stderr}");
    let told: Vec<&str> = stderr
        .lines()
        .filter(|l| l.contains("ing again") || l.contains("again, following"))
        .collect();
    let want = |first: &str| first.ends_with("; asking again.");
    assert!(want(told[0]) && told[1..] == ["AWS answers again, following on."], "{stderr}");
}

#[tokio::test(start_paused = true)]
async fn the_verdict_is_the_stacks_even_when_its_events_can_not_be_read() {
    // Where nothing runs yet they are still told.
    let without_events = |query: &Query| {
        let throttled = || Fault::new(FaultKind::Throttled, "cloudformation:DescribeStackEvents", "", "Rate exceeded");
        matches!(query, Query::StackEvents { known: Some(_), .. }).then(|| Err(throttled()))
    };
    let mut case = Case::new(Answering::of("running", without_events));
    let (status, stdout, stderr) = case.run("deploy --param LogRetentionDays=7").await;
    assert_eq!(status, 0, "{stdout}{stderr}");
    assert!(
        stdout.contains("is UPDATE_COMPLETE") && stderr.contains("throttling"),
        "{stdout}{stderr}"
    );
    let mut case = Case::new(Answering::of("deploy-fails", without_events));
    let (status, stdout, _) = case.run("deploy").await;
    assert_eq!(status, 1);
    assert!(stdout.contains("is ROLLBACK_COMPLETE"), "{stdout}");
}

#[tokio::test(start_paused = true)]
async fn what_runs_is_joined_whoever_began_it() {
    // A colleague's update begins in three minutes.
    let mut case = Case::sim("two-operators");
    tokio::time::sleep(Duration::from_secs(182)).await;
    let (status, _, stderr) = case.run("deploy --param FargateSpot=true").await;
    assert_eq!(status, 2);
    assert!(stderr.contains("`bic-tui deploy --watch"), "{stderr}");
    let (status, stdout, stderr) = case.run("deploy --watch").await;
    assert_eq!(status, 0, "{stdout}{stderr}");
    assert!(stderr.contains("nothing new is begun"), "{stderr}");
    assert!(
        stdout.contains("UPDATE_IN_PROGRESS") && stdout.contains("is UPDATE_COMPLETE.") && !stdout.contains("CREATE_COMPLETE  "),
        "{stdout}"
    );
    assert!(case.entries().is_empty(), "nothing was sent");
}

#[tokio::test(start_paused = true)]
async fn ways_out_are_listed_and_taken() {
    let mut case = Case::sim("rollback-failed");
    let (status, stdout, _) = case.run("unstick").await;
    assert_eq!(status, 0);
    let row = |name: &str| stdout.lines().find(|l| l.starts_with(name)).unwrap_or_default().to_owned();
    assert!(
        stdout.starts_with("Stack bedrock-image-chat is UPDATE_ROLLBACK_FAILED."),
        "{stdout}"
    );
    assert!(
        row("continue-rollback").contains("open") && row("cancel-update").contains("closed  no update runs"),
        "{stdout}"
    );
    let (status, _, stderr) = case.run("unstick cancel-update").await;
    assert_eq!(status, 2, "{stderr}");
    assert!(
        stderr.starts_with("Stack bedrock-image-chat is UPDATE_ROLLBACK_FAILED and does not take cancel-update: no update runs.")
            && stderr.ends_with("Nothing was sent.\n"),
        "{stderr}"
    );
    let (status, _, stderr) = case.run("unstick continue-rollback --skip VPC").await;
    assert_eq!(status, 2);
    assert!(stderr.contains("LiteLLMService"), "{stderr}");
    assert!(case.entries().is_empty(), "nothing was sent so far");
    let (status, _, stderr) = case.run("unstick continue-rollback --skip LiteLLMService").await;
    assert_eq!(status, 0, "{stderr}");
    assert!(stderr.contains("Left out: LiteLLMService"), "{stderr}");
    let (status, stdout, stderr) = case.run("deploy --watch").await;
    assert!(stdout.contains("is UPDATE_ROLLBACK_COMPLETE"), "{stdout}{stderr}");
    assert_eq!(status, 1, "rolled back is not deployed");
    // A failure that was kept is undone by hand.
    let mut case = Case::sim("rollback-off");
    assert_eq!(case.run("unstick roll-back").await.0, 0);
    let (_, stdout, _) = case.run("deploy --watch").await;
    assert!(stdout.contains("is ROLLBACK_COMPLETE"), "{stdout}");
    // A first creation is given up by its name.
    let mut case = Case::sim("creation-failed").typing("wrong\n");
    assert_eq!(case.run("unstick delete-creation").await.0, 2);
    let mut case = Case::sim("creation-failed");
    assert_eq!(case.run("unstick delete-creation").await.0, 0);
}

#[tokio::test(start_paused = true)]
async fn of_a_creation_that_was_undone_nothing_costs_and_nothing_is_missed() {
    let (status, out, err) = Case::sim("creation-failed").run("status").await;
    assert_eq!(status, 1, "{out}{err}");
    for words in [
        "$0.0000 an hour",
        "stack ROLLBACK_COMPLETE (`bic-tui unstick --region us-west-2 --stack bedrock-image-chat` deletes it): ",
    ] {
        assert!(out.contains(words), "\"{words}\" is not in:\n{out}");
    }
    assert!(!out.contains("unread") && !out.contains("does not exist"), "{out}");
    let (status, out, err) = Case::sim("creation-failed").run("cost").await;
    assert_eq!(status, 0, "{out}{err}");
    assert!(!err.contains("does not exist"), "{err}");
}

#[tokio::test(start_paused = true)]
async fn protection_goes_by_a_step_of_its_own() {
    let mut case = Case::sim("running");
    let stack = case.stack().await.unwrap().id;
    case.cx
        .cloud
        .change(Change::Protect { stack, on: true }, Token("t".into()))
        .await
        .unwrap();
    let (status, _, stderr) = case.run("destroy --confirm bedrock-image-chat").await;
    assert_eq!(status, 2);
    assert!(!stderr.contains("AWS") && stderr.ends_with("Nothing was sent.\n"), "{stderr}");
    let way = "`bic-tui destroy --unprotect --region us-west-2 --stack bedrock-image-chat`";
    assert!(stderr.contains(way), "{stderr}");
    assert_eq!(case.run("destroy --unprotect --confirm other").await.0, 2);
    assert_eq!(case.run("destroy --unprotect --confirm bedrock-image-chat").await.0, 0);
    assert_eq!(case.stack().await.unwrap().status.0, "CREATE_COMPLETE", "nothing was deleted");
    assert_eq!(case.run("destroy --confirm bedrock-image-chat").await.0, 0);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_ends_shows_its_last_lines_while_it_fails() {
    let mut case = Case::sim("program-ends");
    let (status, _, stderr) = case.run("deploy").await;
    assert_eq!(status, 1);
    // What it wrote before is not in the midst of it; its traceback has its heading.
    let log: Vec<&str> = stderr.lines().filter_map(|l| l.strip_prefix("  log: ")).collect();
    assert!(
        log[0].starts_with("Traceback") && log[1].ends_with("left out") && log[5].starts_with("ERROR: "),
        "{log:?}"
    );
    for wanted in [
        "  log: Exception: Config file not found",
        "It means: LiteLLM does not find its configuration",
    ] {
        assert!(stderr.contains(wanted), "no {wanted} in {stderr}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_said_to_a_script_names_subcommands_and_the_last_lines() {
    let mut case = Case::sim("program-ends");
    let (_, _, stderr) = case.run("deploy").await;
    let cause = stderr.split_once("Cause: ").unwrap().1;
    assert!(cause.contains("\n  log: "), "{stderr}");
    let key = regex::Regex::new(r"\([A-Z0-9](, then [a-z])?[;)]").unwrap();
    assert!(!key.is_match(&stderr), "{stderr}");
    let mut case = Case::sim("health-check-fails");
    let (_, _, stderr) = case.run("deploy").await;
    let cause = stderr.split_once("Cause: ").unwrap().1;
    let commands: Vec<&str> = cause
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| code.starts_with("bic-tui "))
        .collect();
    let is_placed = |command: &&str| command.contains(" --region us-west-2 --stack bedrock-image-chat");
    assert!(!commands.is_empty() && commands.iter().all(is_placed), "{commands:?}: {stderr}");
    let mut case = Case::sim("model-gone");
    let (_, _, stderr) = case.run("image --direct").await;
    assert!(!key.is_match(&stderr) && stderr.contains("(`bic-tui models --region"), "{stderr}");
}

#[tokio::test(start_paused = true)]
async fn a_creation_whose_rollback_is_off_has_all_its_ways_out() {
    let mut case = Case::sim("rollback-off");
    let (status, _, stderr) = case.run("deploy").await;
    assert_eq!(status, 2, "{stderr}");
    assert!(
        stderr.contains("rolled back or deleted") && stderr.contains("`bic-tui unstick"),
        "{stderr}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_failed_is_told_by_its_own_failure_and_the_way_on() {
    let mut case = Case::sim("rollback-failed");
    let (status, stdout, _) = case.run("status").await;
    assert_eq!(status, 1, "{stdout}");
    let want = "stack UPDATE_ROLLBACK_FAILED (`bic-tui unstick --region us-west-2 --stack bedrock-image-chat` continues it): tasks stopped again and again";
    assert!(stdout.contains(want), "{stdout}");
    let (_, stdout, _) = case.run("unstick").await;
    assert!(stdout.contains("--skip LiteLLMService"), "{stdout}");
    // Without its trouble it goes on to the end.
    let line = "unstick continue-rollback --skip LiteLLMService --yes";
    assert_eq!(case.run(line).await.0, 0);
}

#[tokio::test(start_paused = true)]
async fn the_check_and_the_failure_of_a_quota_agree() {
    let mut case = Case::sim("quota-exceeded");
    let (_, stdout, _) = case.run("check").await;
    assert!(stdout.contains("4 of 5 VPCs"), "{stdout}");
    assert_eq!(case.run("deploy").await.0, 1);
    assert_eq!(case.run("destroy --confirm bedrock-image-chat").await.0, 0);
    let (_, stdout, _) = case.run("check").await;
    assert!(stdout.contains("5 of 5 VPCs"), "{stdout}");
}

#[tokio::test(start_paused = true)]
async fn of_two_deploys_the_slower_one_is_told_of_the_other() {
    for line in ["deploy", "deploy --param LogRetentionDays=7"] {
        let cloud = world(if line == "deploy" { "new" } else { "running" });
        let (mut one, mut two) = (Case::new(Arc::clone(&cloud)), Case::new(cloud));
        let (first, second) = tokio::join!(one.run(line), two.run(line));
        let (well, other) = if first.0 == 0 { (first, second) } else { (second, first) };
        assert_eq!(well.0, 0, "{}{}", well.1, well.2);
        assert_eq!(other.0, 1, "{}{}", other.1, other.2);
        assert!(other.2.contains("nother deploy") && !other.2.contains("arn:"), "{}", other.2);
    }
}

/// Every command that writes, as one would type it over the running scene.
const WRITES: [&str; 9] = [
    "deploy --param LogRetentionDays=7",
    "plan --param LogRetentionDays=7",
    "destroy --confirm bedrock-image-chat",
    "scale litellm 2",
    "restart openwebui",
    "sleep",
    "wake",
    "image --direct",
    "image",
];

#[tokio::test(start_paused = true)]
async fn read_only_and_unarmed_production_refuse_every_write() {
    for (read_only, production) in [(true, false), (false, true)] {
        for line in WRITES {
            let mut case = Case::sim(if line == "wake" { "asleep" } else { "running" });
            case.cx.settings.read_only = read_only;
            case.cx.settings.production = production;
            let (status, _, stderr) = case.run(line).await;
            assert_eq!(status, 2, "{line}: {stderr}");
            assert!(stderr.contains(if read_only { "read-only" } else { "--arm" }), "{line}: {stderr}");
            assert!(case.entries().is_empty(), "{line} reached the cloud");
        }
    }
    let mut case = Case::sim("running");
    case.cx.settings.production = true;
    case.cx.is_armed = true;
    assert_eq!(case.run("scale litellm 2").await.0, 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_terminal_a_write_needs_yes() {
    for line in WRITES
        .into_iter()
        .filter(|line| !line.starts_with("plan") && !line.starts_with("destroy"))
    {
        let mut case = Case::sim(if line == "wake" { "asleep" } else { "running" });
        case.cx.is_yes = false;
        let (status, _, stderr) = case.run(line).await;
        assert_eq!(status, 2, "{line}: {stderr}");
        assert!(stderr.contains("--yes"), "{line}: {stderr}");
        let stack = case.stack().await.unwrap();
        assert_eq!(stack.status.0, "CREATE_COMPLETE");
    }
    let mut case = Case::sim("running");
    case.cx.is_yes = false;
    assert_eq!(case.run("destroy").await.0, 2);
    assert!(case.entries().is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_an_audit_log_nothing_is_sent() {
    let mut case = Case::sim("running");
    case.cx.journal = Err(Fault::new(FaultKind::Unnoted, "the audit log", "", "the disk is full"));
    let (status, _, stderr) = case.run("scale litellm 2").await;
    assert_eq!(status, 4);
    assert!(stderr.contains("disk is full. Nothing was sent: make room"), "{stderr}");
    let (_, json, _) = case.run("status --output json").await;
    let status: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(status["services"][1]["desired"], 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_can_not_be_noted_is_not_sent_and_is_not_unknown() {
    let mut case = Case::sim("running");
    case.cx.journal = Ok(Arc::new(Journal::open("/dev/full".as_ref()).unwrap()));
    // Such a file never ends for who reads it: no `deploy`, which looks for plans of before in it.
    let (status, _, stderr) = case.run("scale litellm 2").await;
    assert_eq!(status, 4);
    assert!(
        stderr.contains("/dev/full can not be written") && stderr.contains("Nothing was sent: make room") && !stderr.contains("not known"),
        "{stderr}"
    );
    assert_eq!(case.stack().await.unwrap().status.0, "CREATE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn sleep_and_wake_there_and_back() {
    let mut case = Case::sim("running");
    let (status, json, stderr) = case.run("sleep --output json").await;
    assert_eq!(status, 0, "{stderr}");
    let report: Value = serde_json::from_str(&json).unwrap();
    assert!(report["usd_hour_after"].as_f64().unwrap() < report["usd_hour_before"].as_f64().unwrap());
    assert_eq!(report["is_complete"], true);
    let names = Names::new("bedrock-image-chat");
    let services = reads::services(&*case.cx.cloud, &names).await.unwrap();
    assert!(
        services
            .iter()
            .all(|s| s.desired == 0 && s.tag(crate::core::sleep::SAVED_COUNT).is_some())
    );
    assert!(case.run("sleep").await.2.contains("already sleeps"));
    let (status, json, _) = case.run("sleep --output json").await;
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (status, &report["is_complete"], &report["services"]),
        (0, &true.into(), &Value::Array(vec![]))
    );
    let (status, _, stderr) = case.run("wake").await;
    assert_eq!(status, 0, "{stderr}");
    // What it waits for is said, each line once.
    for line in [
        "15 minutes at most. Ctrl-C is safe",
        "litellm: 0 of 1 running, 1 starting.",
        "openwebui: 1 of 1 running, 0 starting.",
        "1 of 1 target groups healthy.",
    ] {
        assert_eq!(stderr.matches(line).count(), 1, "{line}: {stderr}");
    }
    let services = reads::services(&*case.cx.cloud, &names).await.unwrap();
    assert!(
        services
            .iter()
            .all(|s| s.desired == 1 && s.running == 1 && s.tags.iter().all(|(k, _)| *k != "bic-tui:desired-count"))
    );
    assert_eq!(case.run("targets").await.0, 0);
    let (status, json, stderr) = case.run("wake --output json").await;
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((status, &report["is_complete"]), (0, &true.into()), "{stderr}");
    assert!(stderr.contains("It is already awake: 1 of 1 target groups healthy."), "{stderr}");
    well_kept(&case.entries());
}

#[tokio::test(start_paused = true)]
async fn no_count_is_changed_while_cloudformation_is_at_work() {
    let mut case = Case::sim("rollback-failed");
    assert_eq!(case.run("unstick continue-rollback --skip LiteLLMService").await.0, 0);
    let before = case.entries().len();
    for line in ["sleep", "scale litellm 2", "scale litellm 0"] {
        let (status, stdout, stderr) = case.run(line).await;
        assert_eq!((status, stdout.as_str()), (2, ""), "{line}: {stderr}");
        assert!(
            stderr.starts_with("CloudFormation is at work on the stack (UPDATE_ROLLBACK_IN_PROGRESS), and counts change only when")
                && stderr.contains("`bic-tui deploy --watch")
                && stderr.ends_with("Nothing was sent.\n"),
            "{line}: {stderr}"
        );
    }
    assert_eq!(case.entries().len(), before, "nothing was sent");
    let (status, _, stderr) = case.run("restart litellm").await;
    assert_eq!(status, 0, "{stderr}");
    assert!(stderr.contains("it waits for the new tasks"), "{stderr}");
    let mut case = Case::new(Answering::of("asleep", |query| {
        let mut stack = Stack::of_test("UPDATE_IN_PROGRESS");
        stack.parameters = vec![("ProjectName".into(), "bedrock-image-chat".into())];
        matches!(query, Query::Stack { .. }).then_some(Ok(Fact::Stack(Some(stack))))
    }));
    let (status, _, stderr) = case.run("wake").await;
    assert!(
        status == 2 && stderr.contains("at work on the stack (UPDATE_IN_PROGRESS)"),
        "{stderr}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_begins_while_a_count_is_asked_about_keeps_the_count() {
    let looks = std::sync::atomic::AtomicU32::new(0);
    let cloud = Answering::of("running", move |query| {
        let is_later = matches!(query, Query::Stack { .. }) && looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0;
        is_later.then(|| Ok(Fact::Stack(Some(Stack::of_test("UPDATE_IN_PROGRESS")))))
    });
    let mut case = Case::new(cloud).typing("y\n");
    let (status, _, stderr) = case.run("scale litellm 2").await;
    assert_eq!(status, 2, "{stderr}");
    assert!(stderr.contains("at work on the stack (UPDATE_IN_PROGRESS)"), "{stderr}");
    assert!(case.entries().is_empty(), "nothing was sent");
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_begins_between_two_counts_stops_the_second() {
    use std::sync::atomic::{AtomicU32, Ordering};
    for (scene, line, rests, first, second) in [
        ("running", "sleep", 2, "openwebui 1 → 0", "litellm 1 → 0"),
        ("asleep", "wake", 1, "litellm 0 → 1", "openwebui 0 → 1"),
    ] {
        let cloud = world(scene);
        let mut stack = reads::stack(&*cloud, &"bedrock-image-chat".into()).await.unwrap().unwrap();
        stack.status.0 = "UPDATE_IN_PROGRESS".into();
        let looks = AtomicU32::new(0);
        let late = move |query: &Query| match query {
            // It rests when it is looked at first, and before the first count is sent.
            Query::Stack { .. } if looks.fetch_add(1, Ordering::Relaxed) > rests => Some(Ok(Fact::Stack(Some(stack.clone())))),
            _ => None,
        };
        let mut case = Case::new(Arc::new(Answering(cloud, late)));
        let (status, json, said) = case.run(&format!("{line} --output json")).await;
        assert_eq!(status, 1, "{json}{said}");
        let told = format!("bedrock-image-chat-{first} was sent, bedrock-image-chat-{second} was not. `bic-tui deploy --watch");
        assert!(
            said.contains(&told) && said.contains(&format!("`bic-tui {line} --region")),
            "{said}"
        );
        assert!(said.contains("has begun to work on the stack (UPDATE_IN_PROGRESS)"), "{said}");
        let report: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            (&report["is_complete"], report["services"].as_array().map(Vec::len)),
            (&false.into(), Some(1))
        );
        let scaled = case.entries().iter().filter(|e| e.operation == "ecs:UpdateService").count();
        assert_eq!(scaled, 2, "its beginning and its end");
    }
}

/// A question may stand open for long.
#[tokio::test(start_paused = true)]
async fn a_way_that_is_closed_when_its_question_is_answered_is_not_taken() {
    let asked = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = Arc::clone(&asked);
    let cloud = Answering::of("creation-failed", move |query| {
        if !matches!(query, Query::Stack { .. }) || counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
            return None;
        }
        Some(Ok(Fact::Stack(Some(Stack::of_test("CREATE_COMPLETE")))))
    });
    let mut case = Case::new(cloud).typing("bedrock-image-chat\n");
    let (status, _, stderr) = case.run("unstick delete-creation").await;
    assert_eq!(status, 2, "{stderr}");
    assert!(stderr.contains("is CREATE_COMPLETE and does not take delete-creation"), "{stderr}");
    assert!(case.entries().is_empty(), "nothing was sent");
}

#[tokio::test(start_paused = true)]
async fn scaling_follows_the_rules() {
    let mut case = Case::sim("running");
    let (status, _, stderr) = case.run("scale openwebui 2").await;
    assert_eq!(status, 2);
    assert!(stderr.contains("SQLite"), "{stderr}");
    let (status, _, stderr) = case.run("scale openwebi 1").await;
    assert_eq!(status, 2);
    assert!(stderr.contains("did you mean \"openwebui\""), "{stderr}");
    assert!(case.run("scale litellm 1").await.2.contains("already"));
    let report: Value = serde_json::from_str(&case.run("scale litellm 1 --output json").await.1).unwrap();
    assert_eq!((&report["from"], &report["to"]), (&1.into(), &1.into()));
    assert!(case.entries().is_empty());
    let (status, stdout, _) = case.run("scale bedrock-image-chat-litellm 2").await;
    assert_eq!((status, stdout.contains("1 → 2")), (0, true), "{stdout}");
    assert!(stdout.contains("/h more, $18 a month."), "{stdout}");
    let (_, stdout, _) = case.run("scale litellm 1000").await;
    assert!(stdout.contains("/h more, $17984 a month."), "{stdout}");
    let (_, stdout, _) = case.run("scale litellm 2").await;
    assert!(stdout.contains("/h less, $17984 a month."), "{stdout}");
    assert_eq!(case.run("restart LiteLLM").await.0, 0);
    assert_eq!(case.run("stop-task ffffffffffffffff").await.0, 2);
    let (_, json, _) = case.run("tasks --output json").await;
    let tasks: Value = serde_json::from_str(&json).unwrap();
    let arn = tasks[0]["arn"].as_str().unwrap();
    let id = arn.rsplit('/').next().unwrap();
    assert_eq!(case.run(&format!("stop-task {}", &id[..12])).await.0, 0);
    well_kept(&case.entries());
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_printed_alone_or_not_at_all() {
    let mut case = Case::sim("running");
    let (status, silent, _) = case.run("secret openwebui-admin --field password").await;
    assert_eq!(status, 0);
    let (status, value, stderr) = case.run("secret openwebui-admin --field password --reveal").await;
    assert_eq!((status, stderr.as_str()), (0, ""));
    assert!(
        value.len() > 8 && !value.contains(char::is_whitespace),
        "raw bytes and nothing beside"
    );
    assert!(!silent.contains(&value));
    let (_, whole, _) = case.run("secret openwebui-admin --reveal").await;
    let whole: Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(whole["password"], value.as_str());
    // On a terminal the line ends.
    case.is_terminal = true;
    let (status, line, stderr) = case.run("secret openwebui-admin --field password --reveal").await;
    assert_eq!((status, line, stderr.as_str()), (0, format!("{value}\n"), ""));
    case.is_terminal = false;
    let (status, stdout, stderr) = case.run("secret openwebui-admin --reveal --output json").await;
    assert_eq!((status, stdout.as_str()), (2, ""));
    assert!(!stderr.contains(&value));
}

#[tokio::test(start_paused = true)]
async fn an_image_is_saved_and_never_over_another_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut case = Case::sim("running");
    case.cx.settings.save_dir = dir.path().display().to_string().into();
    for (line, model) in [("image", "nova-canvas"), ("image --direct", "stability.stable-image-core-v1:1")] {
        let (status, json, stderr) = case.run(&format!("{line} --output json")).await;
        assert_eq!(status, 0, "{line}: {stderr}");
        let report: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(report["model"], model);
        let bytes = std::fs::read(report["file"].as_str().unwrap()).unwrap();
        assert!(bytes.starts_with(b"\x89PNG"));
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let taken = dir.path().join("there.png");
    std::fs::write(&taken, "mine").unwrap();
    let (status, _, stderr) = case.run(&format!("image --direct --file {}", taken.display())).await;
    assert_eq!(status, 2, "{stderr}");
    assert!(stderr.contains("is there already"), "{stderr}");
    assert_eq!(std::fs::read(&taken).unwrap(), b"mine");
    // Nothing is paid for where nothing can be saved.
    for line in [
        &format!("image --direct --file {}/a.png", taken.display()),
        "image --direct --output json",
    ] {
        case.cx.settings.save_dir = taken.display().to_string().into();
        let before = case.entries().len();
        let (status, stdout, stderr) = case.run(line).await;
        assert_eq!((status, stdout.as_str()), (2, ""), "{line}: {stderr}");
        assert!(stderr.contains("Nothing can be saved in ") && stderr.contains("--file"), "{stderr}");
        assert_eq!(case.entries().len(), before);
    }
    // What the application refuses is "not well", and is not put on AWS.
    let (status, _, stderr) = Case::sim("image-fails").run("image").await;
    assert_eq!(status, 1, "{stderr}");
    for part in [
        "✓ DNS",
        "✓ Open WebUI",
        "The test image on nova-canvas failed: ",
        "Its log: ",
        "So: ",
    ] {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
    // Open WebUI says next to nothing, and the log may be closed to us: Bedrock says that the model has gone.
    let (status, _, stderr) = Case::sim("model-gone").run("image").await;
    assert_eq!(status, 1, "{stderr}");
    assert!(stderr.contains("So: ") && stderr.contains("end of its life"), "{stderr}");
    // Nothing is paid where the application can not be reached.
    let (status, _, stderr) = Case::sim("unreachable").run("image").await;
    assert_eq!(status, 1, "{stderr}");
    // The question names the price and the clear text.
    let mut case = Case::sim("running").typing("n\n");
    let (status, _, stderr) = case.run("image").await;
    assert_eq!(status, 1);
    assert!(stderr.contains("unencrypted") && stderr.contains("$0.04"), "{stderr}");
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_a_check_stops_is_told_in_json_too() {
    let (status, json, stderr) = Case::sim("leftovers").run("plan --output json").await;
    let plan: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (status, &plan["action"], &plan["changes"]),
        (1, &"blocked".into(), &Value::Array(Vec::new()))
    );
    let checks = plan["checks"].as_array().unwrap();
    assert!(checks.iter().any(|check| check["outcome"] == "blocker"), "{json}");
    assert!(stderr.contains("Nothing was sent."), "{stderr}");
}

#[tokio::test(start_paused = true)]
async fn the_cost_tells_what_goes_on_while_asleep_and_the_guide_beside_it() {
    let (status, text, _) = Case::sim("running").run("cost").await;
    assert_eq!(status, 0);
    assert!(text.contains("\nasleep $") && text.contains("The guide's table"), "{text}");
    for (scene, line) in [("running", "cost"), ("asleep", "cost"), ("new", "cost --size medium")] {
        let (_, json, _) = Case::sim(scene).run(&format!("{line} --output json")).await;
        let report: Value = serde_json::from_str(&json).unwrap();
        let (hour, month) = (
            report["asleep_usd_hour"].as_f64().unwrap(),
            report["asleep_usd_month"].as_f64().unwrap(),
        );
        assert!(hour > 0.0 && (month - hour * 730.0).abs() < 1e-9, "{scene}: {hour} {month}");
        let now = report["now_usd_hour"].as_f64();
        assert!(now.is_none_or(|now| if scene == "asleep" { (now - hour).abs() < 1e-9 } else { now > hour }));
        assert!(report["guide"]["rows"].as_array().unwrap().len() > 5);
    }
}

#[tokio::test(start_paused = true)]
async fn awake_and_not_healthy_is_not_well() {
    let (status, json, stderr) = Case::sim("unreachable").run("wake --output json").await;
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((status, &report["is_complete"]), (1, &false.into()), "{stderr}");
    assert!(
        stderr.contains("0 of 1 target groups healthy; `bic-tui targets --region us-west-2 --stack bedrock-image-chat` says why."),
        "{stderr}"
    );
}

#[tokio::test(start_paused = true)]
async fn two_images_of_one_second_are_both_kept() {
    let dir = tempfile::tempdir().unwrap();
    let picture = Picture {
        bytes: b"new".to_vec().into(),
        format: PictureFormat::Png,
        width: 1,
        height: 1,
        model: "m".into(),
        prompt: "p".into(),
        took: 1,
        at: 1_795_348_800_000,
    };
    let mut case = Case::sim("running");
    case.cx.settings.save_dir = dir.path().display().to_string().into();
    let files: Vec<_> = (0..3).map(|_| image::save(&case.cx, None, &picture).unwrap().path).collect();
    assert!(files[2].to_str().unwrap().ends_with("-3.png"), "{files:?}");
    // Somebody else took the name while the picture was made.
    let taken = dir.path().join("there.png");
    std::fs::write(&taken, "mine").unwrap();
    assert_eq!(
        image::save(&case.cx, Some(&taken), &picture).unwrap().path,
        dir.path().join("there-2.png")
    );
    assert_eq!(std::fs::read(&taken).unwrap(), b"mine");
}

#[tokio::test(start_paused = true)]
async fn where_no_image_comes_the_stages_do_and_what_to_do() {
    for (scene, line, status, stages, said) in [
        ("model-gone", "image", 1, 5, "end of its life"),
        ("unreachable", "image", 1, 5, "`bic-tui targets --region"),
        ("model-gone", "image --direct", 1, 1, "`bic-tui models --region"),
        (
            "image-fails",
            "image --direct",
            1,
            1,
            "Ask for access to the model in the Bedrock console",
        ),
    ] {
        let (is, json, stderr) = Case::sim(scene).run(&format!("{line} --output json")).await;
        assert_eq!(is, status, "{scene} {line}: {stderr}");
        let report: Value = serde_json::from_str(&json).unwrap();
        let all = report["stages"].as_array().unwrap();
        assert_eq!((all.len(), &all[stages - 1]["stage"]), (stages, &"image".into()), "{json}");
        assert!(report["error"].as_str().unwrap().contains(said), "{json}");
        assert!(stderr.contains(said), "{stderr}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_plan_is_refused_before_anything_is_sent() {
    let mut case = Case::sim("new");
    for (line, wanted) in [
        ("deploy --param DeploymentSiz=small", "DeploymentSize"),
        ("deploy --size huge", "small, medium, large"),
        ("plan --param AllowedCIDR=everyone", "AllowedCIDR"),
        ("deploy --tag X=1 --tag X=2", "The tag X is named more than once."),
        ("plan --tag X=a;b", "The value \"a;b\" of the tag X is refused"),
        ("check --tag aws:x=1", "AWS keeps aws: to itself"),
        ("cost --untag X --tag X=1", "more than once"),
        ("plan --params-file /nonexistent", "/nonexistent"),
        ("plan --params-file /dev/zero", "/dev/zero can not be read: it is no regular file."),
        ("logs --since yesterday", "15m"),
        ("logs --level loud", "error"),
        ("logs --service webui", "openwebui"),
        ("logs --since 1m --until 2m", "later"),
        ("logs --grep= --invert", "keeps no line"),
    ] {
        let (status, _, stderr) = case.run(line).await;
        assert_eq!(status, 2, "{line}: {stderr}");
        assert!(stderr.contains(wanted) && stderr.trim().lines().count() == 1, "{line}: {stderr}");
    }
    assert!(case.entries().is_empty());
}

/// A cloud that answers log requests from a list, one after the other.
struct Script {
    answers: Mutex<Vec<Result<LogPage, Fault>>>,
    asked: Mutex<Vec<crate::cloud::LogRequest>>,
    /// Live Tail sessions: what each says, then its end.
    sessions: Mutex<Vec<Vec<Result<LiveFrame, Fault>>>>,
    /// How long a page takes, after the first, and a session to open; with it a session says something each second.
    slow: Option<[Duration; 2]>,
    /// How long the first page takes.
    first: Duration,
    /// By how much this machine's clock is ahead: the first answer tells.
    ahead: Millis,
    is_told: std::sync::atomic::AtomicBool,
}

impl Script {
    fn new(mut answers: Vec<Result<LogPage, Fault>>) -> Arc<Self> {
        answers.reverse();
        Arc::new(Self {
            answers: Mutex::new(answers),
            asked: Mutex::default(),
            sessions: Mutex::default(),
            slow: None,
            first: Duration::ZERO,
            ahead: 0,
            is_told: false.into(),
        })
    }
}

impl Cloud for Script {
    fn live(&self, _: SafeText) -> BoxFuture<'_, Result<LiveStream<'_>, Fault>> {
        let mut sessions = self.sessions.lock().unwrap();
        let session = if sessions.is_empty() { Vec::new() } else { sessions.remove(0) };
        let refused = Fault {
            code: Some("LimitExceededException".into()),
            ..Fault::new(FaultKind::Refused, "logs:StartLiveTail", "", "")
        };
        let is_refused = session.is_empty();
        let slow = self.slow;
        Box::pin(async move {
            if let Some([_, open]) = slow {
                tokio::time::sleep(open).await;
                let every = tokio::time::interval(Duration::from_secs(1));
                let next = |(mut every, mut rest): (tokio::time::Interval, std::vec::IntoIter<_>)| async move {
                    every.tick().await;
                    rest.next().map(|frame| (frame, (every, rest)))
                };
                return Ok(stream::unfold((every, session.into_iter()), next).boxed());
            }
            if is_refused {
                Err(refused)
            } else {
                // As a session of AWS: not to be asked again after its end.
                let next = |mut rest: std::vec::IntoIter<_>| async move { rest.next().map(|frame| (frame, rest)) };
                Ok(stream::unfold(session.into_iter(), next).boxed())
            }
        })
    }

    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>> {
        let request = match query {
            Query::LogPage(request) => request,
            // Before a question is put to somebody.
            Query::Identity => return Box::pin(async { Err(Fault::new(FaultKind::TimedOut, "sts:GetCallerIdentity", "", "")) }),
            _ => panic!("logs asks nothing but pages of logs"),
        };
        let mut asked = self.asked.lock().unwrap();
        let wait = match self.slow {
            _ if asked.is_empty() => self.first,
            Some([page, _]) => page,
            None => Duration::ZERO,
        };
        asked.push(request);
        let answer = self.answers.lock().unwrap().pop();
        Box::pin(async move {
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            self.is_told.store(true, std::sync::atomic::Ordering::Relaxed);
            answer.unwrap_or_else(|| Ok(page(&[], None))).map(Fact::LogPage)
        })
    }
    fn change(&self, _: Change, _: Token) -> BoxFuture<'_, Result<Done, Fault>> {
        panic!("logs changes nothing")
    }
    fn reveal(&self, _: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>> {
        panic!("logs needs no secret")
    }
    fn now(&self) -> Millis {
        1_795_348_800_000 + self.ahead - self.ahead()
    }
    fn ahead(&self) -> Millis {
        let is_told = self.is_told.load(std::sync::atomic::Ordering::Relaxed);
        if is_told { self.ahead } else { 0 }
    }
    fn about(&self) -> About {
        About::of_ops()
    }
}

fn page(events: &[(&str, Millis, &str, &str)], next: Option<&str>) -> LogPage {
    LogPage {
        events: events
            .iter()
            .map(|(id, back, stream, message)| LogEvent {
                id: Some((*id).into()),
                at: 1_795_348_800_000 - back,
                ingested: 1_795_348_800_000 - back + 5,
                stream: (*stream).into(),
                message: RawText::new(message),
            })
            .collect(),
        next: next.map(Into::into),
    }
}

const WEBUI: &str = "openwebui/openwebui/0123456789abcdef0123456789abcdef";
const LITELLM: &str = "litellm/litellm/fedcba9876543210fedcba9876543210";

fn pages() -> Vec<Result<LogPage, Fault>> {
    vec![
        Ok(page(
            &[
                ("2", 2_000, WEBUI, "INFO: two"),
                ("4", 500, WEBUI, "\u{1b}[31mERROR: four\u{1b}[0m\tend\r\n"),
            ],
            Some("t1"),
        )),
        Ok(page(&[], Some("t2"))),
        Ok(page(
            &[
                ("1", 3_000, LITELLM, "DEBUG: one"),
                ("3", 1_000, LITELLM, "WARNING: three \"quoted\""),
            ],
            None,
        )),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_window_is_sorted_over_all_pages_and_byte_exact() {
    let script = Script::new(pages());
    let mut case = Case::new(Arc::clone(&script) as Arc<dyn Cloud>);
    let (status, json, stderr) = case.run("logs --output json").await;
    assert_eq!((status, stderr.as_str()), (0, ""));
    let rows: Vec<Value> = json.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(
        rows.iter().map(|r| r["id"].as_str().unwrap()).collect::<Vec<_>>(),
        ["1", "2", "3", "4"]
    );
    assert_eq!(rows[3]["message"], "\u{1b}[31mERROR: four\u{1b}[0m\tend\r\n");
    assert_eq!(
        (&rows[0]["timestamp"], &rows[0]["ingestion"]),
        (&Value::from(1_795_348_797_000i64), &Value::from(1_795_348_797_005i64))
    );
    assert!(rows[0].get("late").is_none() && rows[0]["stream"] == LITELLM);
    let asked = script.asked.lock().unwrap();
    assert_eq!(asked.len(), 3);
    assert!(
        asked
            .iter()
            .all(|a| a.group == "/ecs/bedrock-image-chat" && a.from == 1_795_348_800_000 - 900_000)
    );
    assert_eq!(asked[2].token.as_deref(), Some("t2"));
}

#[tokio::test(start_paused = true)]
async fn lines_can_be_chosen_and_never_act_on_the_terminal() {
    for (line, wanted) in [
        ("logs", vec!["one", "two", "three", "four"]),
        ("logs --level warning", vec!["three", "four"]),
        ("logs --level error", vec!["four"]),
        ("logs --grep t[wh]", vec!["two", "three"]),
        ("logs --grep t[wh] --invert", vec!["one", "four"]),
        ("logs --since -1h30m --until -1s", vec!["one", "two", "three", "four"]),
        ("logs --service litellm", vec!["one", "three"]),
        ("logs --stream fedc", vec!["one", "three"]),
        ("logs --stream litellm/litellm/f", vec!["one", "three"]),
        ("logs --stream litellm/fedcba98", vec!["one", "three"]),
        ("logs --stream openwebui/fedcba98", vec![]),
        ("logs --stream openweb", vec!["two", "four"]),
        ("logs --stream 0123 --service litellm", vec![]),
        ("logs --stream edcba", vec![]),
        ("logs --grep [", vec![]),
    ] {
        let mut case = Case::new(Script::new(pages()));
        let (status, text, stderr) = case.run(line).await;
        assert_eq!(status, 0, "{line}");
        assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text:?}");
        let found: Vec<_> = ["one", "two", "three", "four"].into_iter().filter(|w| text.contains(w)).collect();
        assert_eq!(found, wanted, "{line}: {text}");
        assert_eq!(stderr.contains("searched as text"), line.ends_with('['), "{line}: {stderr}");
        let lacks = "No line of the window is of a stream or task \"edcba\"; it has litellm/fedcba98, openwebui/01234567.";
        assert_eq!(stderr.contains(lacks), line.ends_with("edcba"), "{line}: {stderr}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pattern_that_spans_lines_is_refused_before_anything_is_asked() {
    for line in ["logs --grep boom\\n", "logs --grep boom\\n --insights --yes"] {
        let mut case = Case::new(Script::new(pages()));
        let (status, text, stderr) = case.run(line).await;
        assert_eq!((status, text.as_str()), (2, ""), "{line}");
        assert!(stderr.contains("--grep spans lines"), "{stderr}");
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_is_waited_for_and_a_repeated_page_is_not_believed() {
    let throttled = || Err(Fault::new(FaultKind::Throttled, "logs:FilterLogEvents", "", ""));
    let mut answers = pages();
    answers.insert(1, throttled());
    answers.insert(1, throttled());
    let mut case = Case::new(Script::new(answers));
    let (status, json, stderr) = case.run("logs --output json").await;
    assert_eq!((status, json.lines().count()), (0, 4), "{stderr}");
    assert!(stderr.contains("throttling"), "{stderr}");
    // A connection that breaks off is no end once a page has come; one that never was is.
    let broken = || {
        Err(Fault::new(
            FaultKind::Unreachable,
            "logs:FilterLogEvents",
            "",
            "the connection broke off",
        ))
    };
    let mut answers = pages();
    answers.insert(1, broken());
    let mut case = Case::new(Script::new(answers));
    let (status, json, stderr) = case.run("logs --output json").await;
    assert_eq!((status, json.lines().count()), (0, 4), "{stderr}");
    let script = Script::new(vec![broken()]);
    assert_eq!(Case::new(Arc::clone(&script) as Arc<dyn Cloud>).run("logs").await.0, 4);
    assert_eq!(script.asked.lock().unwrap().len(), 1);
    let mut case = Case::new(Script::new((0..20).map(|_| throttled()).collect()));
    assert_eq!(case.run("logs").await.0, 4);
    let again = || Ok(page(&[("1", 0, WEBUI, "x")], Some("same")));
    let mut case = Case::new(Script::new(vec![again(), again(), again()]));
    let (status, stdout, _) = case.run("logs").await;
    assert_eq!((status, stdout.as_str()), (4, ""));
}

#[tokio::test(start_paused = true)]
async fn a_window_is_counted_by_the_clock_of_aws() {
    let hour = 3_600_000;
    for (line, ahead, says) in [
        ("logs", hour, "1 h 00 min ahead of AWS's"),
        ("logs", -hour, "1 h 00 min behind AWS's"),
        ("logs --follow", hour, "1 h 00 min ahead of AWS's"),
    ] {
        // The window that the machine's clock tells has other lines, or none.
        let mut answers = vec![Ok(page(&[("0", hour, WEBUI, "ERROR: of another window")], None))];
        answers.extend(pages());
        let mut script = Script::new(answers);
        Arc::get_mut(&mut script).unwrap().ahead = ahead;
        let mut case = Case::new(Arc::clone(&script) as Arc<dyn Cloud>);
        let signal = case.signal.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_mins(1)).await;
            let _ = signal.send(130);
        });
        let (_, lines, stderr) = case.run(&format!("{line} --output json")).await;
        assert_eq!(lines.lines().count(), 4, "{line}: {lines}");
        let from: Vec<Millis> = script.asked.lock().unwrap().iter().take(2).map(|it| it.from).collect();
        assert_eq!(from, [0, ahead].map(|less| 1_795_348_800_000 + ahead - less - 900_000), "{line}");
        assert!(stderr.contains(says) && stderr.trim().lines().count() == 1, "{stderr}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_has_the_zone_of_its_time() {
    let mut case = Case::new(Script::new(pages()));
    let (_, utc, _) = case.run("logs").await;
    assert!(
        utc.lines().count() > 3 && utc.starts_with("2026-11-22 11:59:57.000Z  litellm/"),
        "{utc}"
    );
    let mut case = Case::new(Script::new(pages()));
    case.cx.settings.utc = false;
    let (_, local, _) = case.run("logs").await;
    let zone = local.split("  ").next().unwrap().split_once(".000").unwrap().1;
    assert!(zone.len() == 6 && zone.starts_with(['+', '-']), "{local}");
}

#[tokio::test(start_paused = true)]
async fn following_outlives_faults_and_prints_each_line_once() {
    let fault = |kind| Err(Fault::new(kind, "logs:FilterLogEvents", "/ecs/x", ""));
    let one = || Ok(page(&[("1", 900, WEBUI, "one")], None));
    let both = Ok(page(&[("1", 900, WEBUI, "one"), ("2", 100, LITELLM, "two")], None));
    let late = Ok(page(&[("2", 100, LITELLM, "two"), ("3", 500, LITELLM, "three")], None));
    let script = Script::new(vec![
        one(),
        fault(FaultKind::Expired),
        fault(FaultKind::Expired),
        fault(FaultKind::Throttled),
        one(),
        both,
        late,
    ]);
    let mut case = Case::new(Arc::clone(&script) as Arc<dyn Cloud>);
    let signal = case.signal.clone();
    let watched = Arc::clone(&script);
    tokio::spawn(async move {
        while watched.asked.lock().unwrap().len() < 9 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        signal.send(130).unwrap();
    });
    let (status, json, stderr) = case.run("logs --follow --output json").await;
    assert_eq!(status, 130);
    let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = lines.iter().map(|line| (line["id"].as_str().unwrap(), line.get("late"))).collect();
    assert_eq!(told, [("1", None), ("2", None), ("3", Some(&Value::Bool(true)))], "{stderr}");
    assert!(stderr.contains("expired") && stderr.contains("throttling"), "{stderr}");
    let count = |text: &str| stderr.matches(text).count();
    assert_eq!((count("have expired"), count("Logged in again, following on.")), (1, 1), "{stderr}");
    // A group that is not there is an answer at the start, not a reason to wait.
    let mut case = Case::new(Script::new(vec![fault(FaultKind::NotFound)]));
    assert_eq!(case.run("logs --follow").await.0, 4);
}

#[tokio::test(start_paused = true)]
async fn live_lines_come_once_and_what_a_session_missed_is_polled() {
    let live = |back: Millis, message: &str, sampled| {
        let mut events = page(&[("x", back, WEBUI, message)], None).events;
        events[0].id = None;
        Ok(LiveFrame::Update(LiveUpdate { events, sampled }))
    };
    let broken = Err(Fault::new(FaultKind::Unreachable, "logs:StartLiveTail", "", "the stream broke off"));
    let one = || ("1", 900, WEBUI, "one");
    let two = || ("2", 800, WEBUI, "two");
    let three = || ("3", 700, LITELLM, "three");
    let script = Script::new(vec![
        Ok(page(&[one()], None)),
        Ok(page(&[one(), two()], None)),
        Ok(page(&[one(), two(), three()], None)),
    ]);
    *script.sessions.lock().unwrap() = vec![
        vec![Ok(LiveFrame::Start), live(800, "two", false), broken],
        vec![Ok(LiveFrame::Start), live(500, "four", true)],
    ];
    let mut case = Case::new(Arc::clone(&script) as Arc<dyn Cloud>);
    let signal = case.signal.clone();
    let watched = Arc::clone(&script);
    tokio::spawn(async move {
        while watched.asked.lock().unwrap().len() < 12 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        signal.send(130).unwrap();
    });
    let (status, json, stderr) = case.run("logs --live --output json").await;
    assert_eq!(status, 130);
    let mut lines: Vec<_> = json
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| (line["message"].as_str().unwrap().to_owned(), line["id"].is_null()))
        .collect();
    lines.sort();
    let want = [("four", true), ("one", false), ("three", false), ("two", true)];
    assert_eq!(lines, want.map(|(text, is_live)| (text.to_owned(), is_live)), "{stderr}");
    for said in ["$0.01 a minute", "broke off", "leaves lines out", "no live session free, polling"] {
        assert!(stderr.contains(said), "{said}: {stderr}");
    }
}

/// The first page tells that this machine's clock is off, and the tail begins anew beside a session that has printed lines.
#[tokio::test(start_paused = true)]
async fn a_tail_that_begins_anew_by_the_clock_of_aws_prints_no_live_line_twice() {
    let live = |back: Millis, message: &str| {
        let mut events = page(&[("x", back, WEBUI, message)], None).events;
        events[0].id = None;
        Ok(LiveFrame::Update(LiveUpdate { events, sampled: false }))
    };
    let all = [
        ("1", 90_000, WEBUI, "one"),
        ("2", 3_000, WEBUI, "two"),
        ("3", 2_000, WEBUI, "three"),
        ("4", 1_000, WEBUI, "four"),
    ];
    for ahead in [600_000, -600_000] {
        let mut script = Script::new(vec![Ok(page(&[], None)), Ok(page(&all[..3], None)), Ok(page(&all, None))]);
        let scripted = Arc::get_mut(&mut script).unwrap();
        (scripted.ahead, scripted.first) = (ahead, Duration::from_millis(2_500));
        scripted.slow = Some([Duration::from_secs(1), Duration::from_millis(500)]);
        // The third comes after the page that has it.
        let session = vec![
            Ok(LiveFrame::Start),
            live(3_000, "two"),
            live(9_000, "zero"),
            live(8_000, "zero"),
            live(2_000, "three"),
        ];
        scripted.sessions = Mutex::new(vec![session]);
        let mut case = Case::new(Arc::clone(&script) as Arc<dyn Cloud>);
        let signal = case.signal.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(30)).await;
            let _ = signal.send(130);
        });
        let (_, json, stderr) = case.run("logs --live --since 2m --output json").await;
        let mut lines: Vec<String> = json
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["message"].as_str().unwrap().to_owned())
            .collect();
        lines.sort();
        assert_eq!(lines, ["four", "one", "three", "two", "zero", "zero"], "{ahead}: {stderr}");
        let from = script.asked.lock().unwrap()[1].from;
        assert_eq!(from, 1_795_348_800_000 - 120_000, "{ahead}: it began anew");
    }
}

/// Pages that hang hold up no session, nor does a session that is slow to open hold up the pages.
#[tokio::test(start_paused = true)]
async fn a_hanging_page_kills_no_session() {
    let live = |n: usize| {
        let mut events = page(&[("x", 500, WEBUI, &format!("line {n}"))], None).events;
        events[0].id = None;
        let sampled = n.is_multiple_of(2);
        Ok(LiveFrame::Update(LiveUpdate { events, sampled }))
    };
    let mut script = Script::new(Vec::new());
    let scripted = Arc::get_mut(&mut script).unwrap();
    scripted.slow = Some([Duration::from_secs(12), Duration::from_secs(14)]);
    let session = [Ok(LiveFrame::Start)].into_iter().chain((0..100).map(live)).collect();
    scripted.sessions = Mutex::new(vec![session]);
    let mut case = Case::new(Arc::clone(&script) as Arc<dyn Cloud>);
    let signal = case.signal.clone();
    let watched = Arc::clone(&script);
    let pages = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(13)).await;
        let pages = watched.asked.lock().unwrap().len();
        tokio::time::sleep(Duration::from_secs(67)).await;
        signal.send(130).unwrap();
        pages
    });
    let (status, json, stderr) = case.run("logs --live --output json").await;
    assert_eq!(status, 130);
    assert!(pages.await.unwrap() >= 2, "pages are asked for while the session opens");
    assert!(!stderr.contains("silent"), "{stderr}");
    assert!(json.lines().count() > 60, "{} lines: {stderr}", json.lines().count());
    assert!(
        (1..=2).contains(&stderr.matches("leaves lines out").count()),
        "once a minute: {stderr}"
    );
}

#[tokio::test(start_paused = true)]
async fn live_tail_costs_money_and_is_asked_for() {
    let mut case = Case::new(Script::new(pages()));
    case.cx.settings.read_only = true;
    let (status, _, stderr) = case.run("logs --live").await;
    assert!(
        status == 2 && stderr.contains("Live Tail spends money, and this session is read-only; run it without read-only"),
        "{stderr}"
    );
    let mut case = Case::new(Script::new(pages())).typing("n\n");
    let (status, _, stderr) = case.run("logs --live").await;
    assert!(status == 1 && stderr.contains("Live Tail costs $0.01 a minute"), "{stderr}");
}

/// A session says something every second of ours, however fast the cloud's time runs.
#[tokio::test(start_paused = true)]
async fn a_session_is_not_silent_where_time_runs_fast() {
    let scene = Scene::named("running").unwrap();
    let clock = Arc::new(Paused(tokio::time::Instant::now()));
    let mut case = Case::new(Arc::new(Sim::new(&scene, 30, clock).without_latency()));
    let signal = case.signal.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(15)).await;
        signal.send(130).unwrap();
    });
    let (status, json, stderr) = case.run("logs --live --since 1m --output json").await;
    assert_eq!((status, stderr.trim().lines().count()), (130, 1), "{stderr}");
    let live = json.lines().filter(|line| line.contains("\"id\":null")).count();
    assert!(live > 10, "{live} lines came live");
    let mut lines: Vec<&str> = json.lines().map(|line| line.split_once(",\"timestamp\"").unwrap().1).collect();
    let count = lines.len();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), count, "each line once");
}

/// A log group that answers as AWS does: pages of a few hundred events, by time and token.
struct Busy {
    count: i64,
    asked: Mutex<Vec<crate::cloud::LogRequest>>,
    most: std::sync::atomic::AtomicUsize,
    running: std::sync::atomic::AtomicUsize,
}

impl Busy {
    fn answer(&self, request: &crate::cloud::LogRequest) -> LogPage {
        // One event every 7 ms, until now.
        let first = self.now() - self.count * 7;
        let place: i64 = request
            .token
            .as_ref()
            .map_or_else(|| ((request.from - first).max(0) + 6) / 7, |token| token.parse().unwrap());
        let until = request.until.unwrap_or(Millis::MAX);
        let end = (place + 500).min(self.count);
        let ids: Vec<i64> = (place..end).filter(|i| first + i * 7 < until).collect();
        let is_last = end == self.count || first + end * 7 >= until;
        let event = |i: &i64| {
            let id = i.to_string();
            page(&[(&id, self.count * 7 - i * 7, WEBUI, "line")], None).events.remove(0)
        };
        LogPage {
            events: ids.iter().rev().map(event).collect(),
            next: (!is_last).then(|| end.to_string().into()),
        }
    }
}

impl Cloud for Busy {
    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>> {
        use std::sync::atomic::Ordering::SeqCst;
        let Query::LogPage(request) = query else {
            panic!("logs asks nothing but pages of logs")
        };
        Box::pin(async move {
            let running = self.running.fetch_add(1, SeqCst) + 1;
            self.most.fetch_max(running, SeqCst);
            // Some slices are slower than those after them.
            tokio::time::sleep(Duration::from_millis(1_000 + (request.from % 1_000).unsigned_abs())).await;
            self.running.fetch_sub(1, SeqCst);
            let answer = self.answer(&request);
            self.asked.lock().unwrap().push(request);
            Ok(Fact::LogPage(answer))
        })
    }
    fn live(&self, _: SafeText) -> BoxFuture<'_, Result<LiveStream<'_>, Fault>> {
        panic!("nobody asked for it")
    }
    fn change(&self, _: Change, _: Token) -> BoxFuture<'_, Result<Done, Fault>> {
        panic!("logs changes nothing")
    }
    fn reveal(&self, _: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>> {
        panic!("logs needs no secret")
    }
    fn now(&self) -> Millis {
        1_795_348_800_000
    }
    fn about(&self) -> About {
        Script::new(Vec::new()).about()
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_window_is_fetched_in_slices_and_printed_in_order() {
    let busy = Arc::new(Busy {
        count: 30_000,
        asked: Mutex::default(),
        most: 0.into(),
        running: 0.into(),
    });
    let mut case = Case::new(Arc::clone(&busy) as Arc<dyn Cloud>);
    let (status, json, stderr) = case.run("logs --since 1h --output json").await;
    assert_eq!((status, stderr.as_str()), (0, ""));
    let ids: Vec<i64> = json
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["id"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    assert!(ids == (0..30_000).collect::<Vec<_>>(), "{} lines", ids.len());
    let asked = busy.asked.lock().unwrap().len();
    assert!(asked <= 90, "{asked} pages asked for 60");
    let most = busy.most.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(most, 4, "slices at a time");
}

#[test]
fn a_message_begins_with_a_capital_unless_it_begins_with_a_name() {
    for (subject, begins) in [
        ("stack chat in us-west-2", "Stack chat in us-west-2 does"),
        ("bedrock-image-chat-litellm", "bedrock-image-chat-litellm does"),
        ("chat.example.com", "chat.example.com does"),
        ("project/litellm-api-key", "project/litellm-api-key does"),
        ("", "ecs:UpdateService: not found"),
    ] {
        let message = Failure::Fault(Fault::new(FaultKind::NotFound, "ecs:UpdateService", subject, "")).message();
        assert!(message.is_some_and(|it| it.starts_with(begins)), "{subject}");
    }
}
