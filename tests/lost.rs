//! Lost answers: deploys over the real SDK against a simulated account on this machine, where requests and
//! answers go astray at random. What is asked for happens once or not at all, under one token, and the
//! verdict is what the account says.
#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

#[path = "loopback/server.rs"]
mod loopback;
#[expect(clippy::allow_attributes, reason = "what one test binary leaves unused the other one uses")]
#[allow(dead_code, reason = "shared with the other tests on a pty")]
mod pty;

use std::{
    collections::BTreeSet,
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
    time::Duration,
};

use bic_tui::{
    aws::{Aws, AwsOptions, Limits, connect},
    cli::{Cli, Format},
    cloud::{About, Change, Cloud, Done, LiveStream, Query, Token},
    command::{self, Context, Failure, Interrupt, Out, Prompt, Verdict},
    core::{
        fact::{Fact, Millis},
        fault::Fault,
        secret::{SecretRef, SecretText},
        settings::Settings,
        text::SafeText,
    },
    door,
    journal::Journal,
    sim::{RealClock, Scene, Sim},
};
use clap::Parser;
use futures::{StreamExt, future::BoxFuture};
use loopback::{
    Request, Server,
    account::{Account, Fate, Loss},
};

const STACK: &str = "bedrock-image-chat";

/// The SDK, for people whose time runs twenty times as fast.
struct Fast(Aws);

impl Cloud for Fast {
    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>> {
        self.0.ask(query)
    }
    fn change(&self, change: Change, token: Token) -> BoxFuture<'_, Result<Done, Fault>> {
        self.0.change(change, token)
    }
    fn reveal(&self, secret: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>> {
        self.0.reveal(secret)
    }
    fn live(&self, group: SafeText) -> BoxFuture<'_, Result<LiveStream<'_>, Fault>> {
        self.0.live(group)
    }
    fn now(&self) -> Millis {
        self.0.now()
    }
    fn about(&self) -> About {
        About {
            speed: 20,
            ..self.0.about()
        }
    }
}

/// Numbers that repeat themselves.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn loss(&mut self) -> Loss {
        Loss::ALL[usize::try_from(self.roll(5)).expect("a small number")]
    }
}

fn is_write(request: &Request) -> bool {
    ["CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "DeleteStack"].contains(&request.operation.as_str())
}

/// Half of all writes go astray, before they are heard or after; and one read of ten.
fn astray(seed: u64) -> impl FnMut(&Request) -> Fate + Send + 'static {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    move |request| {
        let (is_lost, is_heard) = if is_write(request) {
            (dice.roll(2) == 0, dice.roll(3) > 0)
        } else {
            (dice.roll(10) == 0, true)
        };
        match (is_lost, is_heard) {
            (false, _) => Fate::Well,
            (true, true) => Fate::Unanswered(dice.loss()),
            (true, false) => Fate::Unheard(dice.loss()),
        }
    }
}

async fn cloud(server: &Server) -> Aws {
    connect(AwsOptions {
        region: Some("us-west-2".into()),
        endpoint_url: Some(server.url.clone()),
        credentials: Some(("AKIDEXAMPLE".into(), "not-a-secret".into())),
        limits: Limits {
            attempt: Duration::from_millis(700),
            operation: Duration::from_secs(5),
            backoff: Duration::from_millis(1),
            ..Limits::default()
        },
        ..AwsOptions::default()
    })
    .await
    .expect("options are whole")
}

fn world(scene: &str, speed: u32) -> Sim {
    Sim::new(&Scene::named(scene).expect("a scene"), speed, Arc::new(RealClock::default()))
}

/// How often somebody has begun an operation on the stack.
fn begun(account: &Account, stack: &str) -> usize {
    let opens = |status: &str| ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"].contains(&status);
    account.events(stack).iter().filter(|e| e.is_stack() && opens(&e.status.0)).count()
}

/// One deploy from the command line to its verdict.
async fn deploys(seed: u64) -> Result<(), String> {
    // Most are short updates; some are creations, and some of those fail.
    let (scene, line) = match seed % 10 {
        0 => ("new", "bic-tui deploy --yes"),
        1 => ("deploy-fails", "bic-tui deploy --yes"),
        _ => ("running", "bic-tui deploy --yes --param LogRetentionDays=7"),
    };
    let account = Account::new(world(scene, 1_500), astray(seed));
    let before = begun(&account, STACK);
    let server = Server::over(Arc::clone(&account)).await;
    let cli = Cli::try_parse_from(line.split(' ')).expect("a command line");
    let (_, interrupt) = Interrupt::channel();
    let mut cx = Context {
        cloud: Arc::new(Fast(cloud(&server).await)),
        settings: Settings::default(),
        journal: Ok(Arc::new(Journal::memory())),
        same_place: String::new(),
        is_armed: false,
        is_yes: true,
        prompt: Prompt::nobody(),
        out: Out::new(Box::new(std::io::sink()), Box::new(std::io::sink()), Format::Text),
        interrupt,
    };
    let answer = command::run(&mut cx, cli.command.expect("a subcommand")).await;
    let count = begun(&account, STACK) - before;
    let status = account.stack(STACK).map(|s| s.status.0.to_string()).unwrap_or_default();
    let what = format!("seed {seed} {scene}: {status}, begun {count} times, {}", said(&answer));
    let is_right = match &answer {
        Ok(Verdict::Well) => count == 1 && ["CREATE_COMPLETE", "UPDATE_COMPLETE"].contains(&status.as_str()),
        Ok(Verdict::NotWell | Verdict::Partly(_)) => count == 1 && status == "ROLLBACK_COMPLETE",
        // It could not even be begun, and says so.
        Err(_) => count == 0,
    };
    if !is_right {
        return Err(what);
    }
    one_token_each(&server, &cx).map_err(|why| format!("{what}: {why}"))
}

fn said(answer: &Result<Verdict, Failure>) -> String {
    match answer {
        Ok(verdict) => format!("{verdict:?}"),
        Err(failure) => failure.message().unwrap_or_default(),
    }
}

/// All that was sent of one operation carried one token, which the journal has from before.
fn one_token_each(server: &Server, cx: &Context) -> Result<(), String> {
    let journal = cx.journal.as_ref().map_err(Fault::sentence)?;
    for operation in ["CreateChangeSet", "ExecuteChangeSet"] {
        let asked = server.asked(operation);
        let tokens: BTreeSet<String> = asked
            .iter()
            .map(|r| {
                let form = r.form();
                let token = form.get("ClientRequestToken").or_else(|| form.get("ClientToken"));
                token.cloned().unwrap_or_default()
            })
            .collect();
        let noted: BTreeSet<String> = journal
            .entries()
            .iter()
            .filter(|e| e.event == "begin" && e.operation.ends_with(operation))
            .map(|e| e.token.0.to_string())
            .collect();
        if tokens.len() > 1 || tokens.contains("") || !tokens.is_subset(&noted) {
            return Err(format!("{operation} went out under {tokens:?}, noted {noted:?}"));
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_deploys_with_lost_answers_happen_once_and_end_in_the_right_verdict() {
    let results: Vec<Result<(), String>> = futures::stream::iter(0..200).map(deploys).buffer_unordered(16).collect().await;
    let wrong: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{} of 200:\n{}", wrong.len(), wrong.join("\n"));
}

/// Where nobody can say what became of a write, that is what is said; and it went out under one token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_knows_is_not_called_failed() {
    let stack = || "arn:aws:cloudformation:us-west-2:111122223333:stack/bedrock-image-chat/1".into();
    let delete = Change::DeleteStack { stack: stack() };
    let restart = Change::Restart {
        cluster: "bedrock-image-chat-cluster".into(),
        service: "bedrock-image-chat-litellm".into(),
    };
    // A write that AWS knows nothing of goes out again; one that nobody can be asked about does not, nor one without a token.
    for (change, operation, reads_answer, is_sent_again) in [
        (delete.clone(), "DeleteStack", true, true),
        (delete, "DeleteStack", false, false),
        (restart, "UpdateService", true, false),
    ] {
        let account = Account::new(world("running", 1), move |request: &Request| {
            if reads_answer && !is_write(request) && request.operation != "UpdateService" {
                Fate::Well
            } else {
                Fate::Unheard(Loss::Reset)
            }
        });
        let server = Server::over(account).await;
        let journal = Arc::new(Journal::memory());
        let fault = door::send(&Fast(cloud(&server).await), &journal, &change)
            .await
            .expect_err(operation);
        assert!(fault.detail.contains("is not known"), "{operation}: {}", fault.sentence());
        let asked = server.asked(operation);
        assert_eq!(asked.len() > 1, is_sent_again, "{operation}: {} times", asked.len());
        if is_sent_again {
            let tokens: BTreeSet<_> = asked.iter().map(|r| r.form().remove("ClientRequestToken")).collect();
            assert_eq!(tokens.len(), 1, "{tokens:?}");
        }
        assert_eq!(journal.entries().len(), 2, "{operation}: noted before and after");
    }
}

/// The answer to the first sending is lost; what keeps the second one and every look from being answered says nothing of
/// the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_ends_behind_a_lost_answer_does_not_make_the_write_one_that_has_not_begun() {
    const DENIED: Fate = Fate::Refused("AccessDenied");
    let change = &Change::DeleteStack { stack: STACK.into() };
    let tries = [
        ("expired", Fate::Expired, Fate::Expired),
        ("denied", DENIED, DENIED),
        ("denied, but for looks", DENIED, Fate::Well),
        ("in the way of itself", Fate::Refused("ValidationError"), DENIED),
    ];
    let tries = tries.map(|(what, second, looks)| async move {
        let mut sent = 0;
        let account = Account::new(world("running", 1), move |request: &Request| {
            let is_deletion = request.operation == "DeleteStack";
            sent += u32::from(is_deletion);
            match (is_deletion, sent) {
                (true, 1) => Fate::Unheard(Loss::Reset),
                (true, _) => second,
                (false, 0 | 1) => Fate::Well,
                (false, _) => looks,
            }
        });
        let server = Server::over(account).await;
        let journal = Arc::new(Journal::memory());
        let sent = door::send(&Fast(cloud(&server).await), &journal, change).await;
        let fault = sent.expect_err(what);
        assert!(fault.kind.may_have_begun(), "{what}: {}", fault.sentence());
        assert!(fault.detail.contains("is not known"), "{what}: {}", fault.sentence());
    });
    futures::future::join_all(tries).await;
}

/// The real program, as somebody with an empty home.
fn program(home: &std::path::Path, url: &str, line: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_bic-tui"))
        .args(line.split(' '))
        .args(["--endpoint-url", url, "--region", "us-west-2"])
        .env_clear()
        .env("HOME", home)
        .envs([
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
            ("TZ", "UTC"),
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs")
}

/// Killed in the middle, begun again: it follows what runs, and sends nothing a second time.
async fn is_killed(looks: u32, fate: Fate) {
    let (sender, told) = mpsc::channel();
    let mut executed = None;
    let account = Account::new(world("running", 20), move |request: &Request| {
        if request.operation == "ExecuteChangeSet" {
            executed = Some(0);
            let _ = sender.send(0);
            return fate;
        }
        if let Some(n) = executed.as_mut().filter(|_| request.operation == "DescribeStacks") {
            *n += 1;
            let _ = sender.send(*n);
        }
        Fate::Well
    });
    let before = begun(&account, STACK);
    let server = Server::over(Arc::clone(&account)).await;
    let home = tempfile::tempdir().expect("a folder");
    let mut child = program(home.path(), &server.url, "deploy --yes --param LiteLLMVersion=v1.107.0");
    let seen = tokio::task::spawn_blocking(move || while told.recv_timeout(Duration::from_mins(1)).expect("it goes on") < looks {});
    seen.await.expect("it was seen");
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    assert_eq!(account.stack(STACK).expect("a stack").status.0, "UPDATE_IN_PROGRESS");

    let again = program(home.path(), &server.url, "deploy --watch");
    let output = tokio::task::spawn_blocking(move || again.wait_with_output())
        .await
        .expect("it ends")
        .expect("output");
    let text = String::from_utf8_lossy(&output.stdout);
    let notes = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{notes}");
    assert!(notes.contains("following what runs; nothing new is begun"), "{notes}");
    assert!(
        text.contains("UPDATE_IN_PROGRESS") && text.contains("is UPDATE_COMPLETE."),
        "{text}"
    );
    assert_eq!(begun(&account, STACK) - before, 1);
    assert_eq!(server.asked("ExecuteChangeSet").len(), 1);
    let audit = std::fs::read_to_string(home.path().join(".local/state/bic-tui/audit.jsonl")).expect("an audit log");
    let token = server.asked("ExecuteChangeSet")[0]
        .form()
        .remove("ClientRequestToken")
        .expect("a token");
    assert!(audit.contains(&token), "the token was noted before it was sent");
}

/// Whether an operation leaves a recording is for the configuration to say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recordings_are_switched_off_by_the_configuration() {
    for (config, kept) in [("", 1), ("record = false", 0)] {
        let account = Account::new(world("running", 60), |_: &Request| Fate::Well);
        let server = Server::over(Arc::clone(&account)).await;
        let home = tempfile::tempdir().expect("a folder");
        std::fs::write(home.path().join("c.toml"), config).expect("a file");
        let line = format!(
            "deploy --yes --param LiteLLMVersion=v1.107.0 --config {}",
            home.path().join("c.toml").display()
        );
        let child = program(home.path(), &server.url, &line);
        let output = tokio::task::spawn_blocking(move || child.wait_with_output())
            .await
            .expect("it ends")
            .expect("output");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let state = home.path().join(".local/state/bic-tui");
        let files = std::fs::read_dir(state.join("recordings")).map_or(0, Iterator::count);
        assert_eq!(files, kept, "{config}");
        assert!(state.join("audit.jsonl").exists(), "the audit log is always kept");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_the_answer_is_on_its_way_it_follows_on() {
    is_killed(0, Fate::Unanswered(Loss::Silent)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_follows_it_follows_on() {
    is_killed(1, Fate::Well).await;
}

/// The same by keys: the console is killed, opened again, and shows what runs to its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_that_was_killed_shows_what_runs_when_it_is_opened_again() {
    const SIZE: (u16, u16) = (120, 40);
    let account = Account::new(world("new", 30), |_: &Request| Fate::Well);
    let server = Server::over(Arc::clone(&account)).await;
    let url = server.url.clone();
    let story = move || {
        let start = || {
            let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "not-a-secret")];
            pty::Tty::start_with(&["--endpoint-url", &url, "--region", "us-west-2"], SIZE, &keys)
        };
        let tty = start();
        for (seen, keys) in [
            ("Press D to deploy", "D"),
            ("New stack", "\x1b[F\r"),
            ("Plan to create", "\r"),
            ("▸[ Cancel ]", "y"),
        ] {
            tty.see(seen);
            tty.send(keys);
        }
        tty.see("CREATE_IN_PROGRESS");
        tty.signal(rustix::process::Signal::KILL);
        let mut again = start();
        again.see("CREATE_IN_PROGRESS");
        again.send("2");
        again.see("elapsed");
        again.see("reached CREATE_COMPLETE");
        again.send("\x03");
        assert_eq!(again.end(), 0);
    };
    tokio::task::spawn_blocking(story).await.expect("it is told to its end");
    assert_eq!(begun(&account, STACK), 1);
    assert_eq!(server.asked("ExecuteChangeSet").len(), 1);
}

/// Where keys come from in which somebody logs in again.
enum Login {
    /// A helper that has none between the end of the old ones and the login.
    Helper,
    /// A file that a tool writes.
    File,
}

impl Login {
    /// Settings of a profile whose keys are in this folder.
    fn prepare(&self, folder: &std::path::Path) {
        let config = match self {
            Self::Helper => format!("[profile ops]\ncredential_process = /bin/cat {}/keys.json\n", folder.display()),
            Self::File => "[profile ops]\n".to_owned(),
        };
        std::fs::write(folder.join("config"), config).expect("a file");
    }

    /// Gives keys that are valid for so many seconds.
    fn give(&self, folder: &std::path::Path, id: &str, seconds: i64) {
        let text = match self {
            Self::Helper => {
                let end = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
                format!(
                    r#"{{"Version":1,"AccessKeyId":"{id}","SecretAccessKey":"s","SessionToken":"t","Expiration":"{}"}}"#,
                    end.strftime("%Y-%m-%dT%H:%M:%SZ")
                )
            }
            Self::File => format!("[ops]\naws_access_key_id = {id}\naws_secret_access_key = s\naws_session_token = t\n"),
        };
        let name = if matches!(self, Self::Helper) { "keys.json" } else { "credentials" };
        std::fs::write(folder.join(name), text).expect("a file");
    }
}

/// The credentials expire while a deploy runs; somebody logs in elsewhere, and the deploy is followed to its end.
async fn goes_on_after_a_login(login: Login) {
    let mut looks = None;
    let account = Account::new(world("running", 20), move |request: &Request| {
        match (request.operation.as_str(), looks.as_mut()) {
            ("ExecuteChangeSet", _) => looks = Some(0),
            ("DescribeStacks", Some(n)) => *n += 1,
            _ => {}
        }
        let is_old = request.header("authorization").contains("Credential=AKIDOLD/");
        if is_old && looks.is_some_and(|n| n > 1) {
            Fate::Expired
        } else {
            Fate::Well
        }
    });
    let before = begun(&account, STACK);
    let server = Server::over(Arc::clone(&account)).await;
    let url = server.url.clone();
    let story = move || {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name).display().to_string();
        login.prepare(folder.path());
        login.give(folder.path(), "AKIDOLD", 3_600);
        let line = "deploy --yes --param LiteLLMVersion=v1.107.0 --region us-west-2 --profile ops --endpoint-url";
        let args: Vec<&str> = line.split(' ').chain([url.as_str()]).collect();
        let (config, keys) = (file("config"), file("credentials"));
        let env = [("AWS_CONFIG_FILE", config.as_str()), ("AWS_SHARED_CREDENTIALS_FILE", &keys)];
        let mut tty = pty::Tty::start_with(&args, (120, 40), &env);
        tty.written(0, "next try in 8 s: the AWS credentials have expired");
        let screen = tty.screen();
        let last = screen.lines().rfind(|l| !l.is_empty()).unwrap_or_default();
        assert!(last.starts_with("waiting for a login (`aws sso login --profile ops`)"), "{screen}");
        // The next try, and the one after it, rewrite it.
        tty.written(0, "next try in 15 s: the AWS credentials have expired");
        assert_eq!(tty.screen().matches("waiting for a login").count(), 1);
        login.give(folder.path(), "AKIDNEW", 3_600);
        tty.written(0, "Logged in again, following on.");
        tty.written(0, "is UPDATE_COMPLETE.");
        assert_eq!(tty.end(), 0);
        assert!(!tty.screen().contains("waiting for a login"), "{}", tty.screen());
    };
    tokio::task::spawn_blocking(story).await.expect("it is told to its end");
    assert_eq!(begun(&account, STACK) - before, 1);
    assert_eq!(server.asked("ExecuteChangeSet").len(), 1);
}

/// Who does not wait for a login is told how to follow what runs, and nothing stands before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_while_a_login_is_awaited_leaves_no_line() {
    let mut is_over = false;
    let account = Account::new(world("running", 20), move |request: &Request| {
        is_over |= request.operation == "ExecuteChangeSet";
        let is_look = is_over && request.operation == "DescribeStacks";
        if is_look { Fate::Expired } else { Fate::Well }
    });
    let server = Server::over(Arc::clone(&account)).await;
    let url = server.url.clone();
    let story = move || {
        let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "not-a-secret")];
        let line = "deploy --yes --param LiteLLMVersion=v1.107.0 --region us-west-2 --endpoint-url";
        let args: Vec<&str> = line.split(' ').chain([url.as_str()]).collect();
        let mut tty = pty::Tty::start_with(&args, (120, 40), &keys);
        tty.written(0, "next try in 7 s");
        tty.send("\x03");
        assert_eq!(tty.end(), 130);
        let screen = tty.screen();
        assert!(!screen.contains("waiting for") && !screen.contains("^C"), "{screen}");
        assert!(
            screen
                .lines()
                .any(|l| l.starts_with("bic-tui: The deploy goes on without this program;")),
            "{screen}"
        );
        tty.assert_restored();
    };
    tokio::task::spawn_blocking(story).await.expect("it is told to its end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deploy_goes_on_after_a_login_by_a_helper() {
    goes_on_after_a_login(Login::Helper).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deploy_goes_on_after_a_login_into_a_file() {
    goes_on_after_a_login(Login::File).await;
}

/// A plan that somebody looks at is left alone by every other program, however long; once its program is killed the next
/// one removes it.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plan_of_a_killed_program_is_removed_and_that_of_a_living_one_is_not() {
    let account = Account::new(world("running", 20), |_: &Request| Fate::Well);
    let server = Server::over(Arc::clone(&account)).await;
    let url = server.url.clone();
    let story = move || {
        let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "not-a-secret")];
        let line = "deploy --param LogRetentionDays=7 --region us-west-2 --endpoint-url";
        let args: Vec<&str> = line.split(' ').chain([url.as_str()]).collect();
        let mut first = pty::Tty::start_with(&args, (120, 40), &keys);
        first.written(0, "Execute this plan");
        let home = first.home.path().to_owned();
        let log = home.join(".local/state/bic-tui/audit.jsonl");
        // Two hours go by.
        let text = std::fs::read_to_string(&log).expect("an audit log");
        let mut begin: serde_json::Value = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
        begin["at"] = (begin["at"].as_i64().expect("a time") - 7_200_000).into();
        std::fs::write(&log, format!("{begin}\n")).expect("a file");
        let plan = || {
            let child = program(&home, &url, "plan --param LogRetentionDays=14");
            let output = child.wait_with_output().expect("output");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            server.asked("DeleteChangeSet")
        };
        let name = server.asked("CreateChangeSet")[0].form().remove("ChangeSetName").expect("a name");
        let is_its = |request: &Request| request.form()["ChangeSetName"].contains(&name);
        let dropped = plan();
        assert!(dropped.len() == 1 && !is_its(&dropped[0]), "only its own");
        first.signal(rustix::process::Signal::KILL);
        assert_ne!(first.end(), 0);
        let dropped = plan();
        assert!(dropped.len() == 3 && is_its(&dropped[1]), "what the dead one left, and its own");
    };
    tokio::task::spawn_blocking(story).await.expect("it is told to its end");
}
