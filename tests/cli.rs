//! The real program from outside: exit statuses, and one clear sentence where something is wrong.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

/// The program with nothing in its environment but an empty home.
fn program(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bic-tui"));
    command
        .args(args)
        .env_clear()
        .env("HOME", home)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null());
    command
}

fn run(args: &str, env: &[(&str, &str)]) -> (i32, String, String) {
    let home = tempfile::tempdir().unwrap();
    let args: Vec<&str> = args.split_whitespace().collect();
    told(&program(home.path(), &args).envs(env.iter().copied()).output().unwrap())
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "example")];
const REGION: (&str, &str) = ("AWS_REGION", "us-west-2");

#[test]
fn what_is_wrong_is_said_in_one_sentence_with_its_status() {
    for (args, env, status, wanted) in [
        ("status", vec![], 2, "No region is known"),
        ("--flag", vec![], 2, "unexpected argument '--flag'"),
        ("status --regoin x", vec![], 2, "--region"),
        ("metrics", vec![], 2, "This version does not serve `metrics` yet"),
        ("schedule --yes", vec![], 2, "This version does not serve `schedule` yet"),
        ("--demo cots", vec![], 2, "There is no subcommand \"cots\"; did you mean \"cost\"?"),
        (
            "status --profile nope",
            vec![REGION],
            2,
            "There is no profile \"nope\": neither ~/.aws/config nor ~/.aws/credentials has any",
        ),
        ("frobnicate", vec![], 2, "`bic-tui --help` lists them"),
        (
            "status --region us-wst-2",
            vec![],
            2,
            "There is no region \"us-wst-2\"; did you mean \"us-west-2\"?",
        ),
        (
            "secret litellm-api-key --field nope --demo",
            vec![],
            2,
            "bedrock-image-chat/litellm-api-key has no field \"nope\"; there is api_key",
        ),
        ("status --region a_b --endpoint-url http://x", vec![], 2, "\"a_b\" can be no region"),
        ("status --output yaml", vec![], 2, "possible values: text, json"),
        ("scale openwebui many", vec![], 2, "invalid value 'many'"),
        ("deploy --param DeploymentSize", vec![], 2, "NAME=VALUE"),
        ("status --demo=runing", vec![], 2, "running"),
        (
            "deploy --demo=new --yes --param DeploymentSize=tiny",
            vec![],
            2,
            "small, medium, large",
        ),
        (
            "deploy --demo=new --yes --param Size=small",
            vec![],
            2,
            "unknown parameter \"Size\"",
        ),
        ("status --demo --arm prod", vec![], 2, "default"),
        ("status --demo --config /nonexistent.toml", vec![], 2, "/nonexistent.toml"),
        ("status --demo", vec![("BIC_READ_ONLY", "perhaps")], 2, "BIC_READ_ONLY"),
        ("sleep --demo --read-only --yes", vec![], 2, "read-only"),
        ("sleep --demo", vec![], 2, "--yes"),
        ("", vec![], 2, "needs a terminal"),
        ("status", vec![REGION], 3, "o AWS credentials"),
        ("logs", vec![REGION], 3, "o AWS credentials"),
        ("status --demo=expired", vec![], 3, "expired"),
        ("status --demo=new", vec![], 4, "does not exist"),
        ("status --demo=new --region eu-west-1", vec![], 4, "eu-west-1"),
    ] {
        let (code, stdout, stderr) = run(args, &env);
        assert_eq!((code, stdout.as_str()), (status, ""), "{args}: {stderr}");
        assert!(stderr.contains(wanted) && is_one_sentence(&stderr), "{args}: {stderr}");
    }
}

/// The program's own, or that of its reader of arguments.
fn is_one_sentence(stderr: &str) -> bool {
    stderr.starts_with("error: ") || (stderr.starts_with("bic-tui: ") && stderr.trim().lines().count() == 1)
}

#[test]
fn an_endpoint_that_does_not_answer_is_status_4() {
    let env: Vec<_> = KEYS.into_iter().chain([REGION]).collect();
    for args in ["status", "events", "logs", "deploy --yes"] {
        let (code, stdout, stderr) = run(&format!("{args} --endpoint-url http://127.0.0.1:9"), &env);
        assert_eq!((code, stdout.as_str()), (4, ""), "{args}: {stderr}");
        assert!(
            stderr.contains("127.0.0.1:9") && stderr.contains("could not be reached"),
            "{args}: {stderr}"
        );
    }
}

#[test]
fn what_needs_no_aws_is_checked_without_it() {
    let env: Vec<_> = KEYS.into_iter().chain([REGION]).collect();
    let away = "--endpoint-url http://127.0.0.1:9";
    let (code, stdout, stderr) = run(&format!("check --param DeploymentSize=medium {away}"), &env);
    assert_eq!(code, 4, "{stderr}");
    assert!(
        stderr.contains("127.0.0.1:9") && stderr.contains("could not be reached"),
        "{stderr}"
    );
    for part in [
        "bytes, ",
        "22 parameters, size medium",
        "images",
        "CodeBuild copies",
        "the oldest price used is of",
    ] {
        assert!(stdout.contains(part), "no {part} in {stdout}");
    }
    let (code, stdout, _) = run(&format!("check --param DeploymentSize=tiny {away}"), &env);
    assert!(code == 4 && stdout.contains("blocker  parameters"), "{stdout}");
    let (_, stdout, _) = run("check", &[REGION]);
    assert!(stdout.contains("the oldest price used is of"), "no credentials: {stdout}");
}

#[test]
fn a_bad_configuration_names_the_place_and_the_nearest_key() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".config/bic-tui");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), "utc = true\n\n[logs]\nmemori = \"1GiB\"\n").unwrap();
    let (code, _, stderr) = told(&program(home.path(), &["status", "--demo"]).output().unwrap());
    assert_eq!(code, 2);
    assert!(
        stderr.contains("config.toml:4:1: unknown key \"memori\"; did you mean \"memory\"?"),
        "{stderr}"
    );
    fs::write(folder.join("config.toml"), "[keys]\nnope = \"a\"\n").unwrap();
    let (code, _, stderr) = told(&program(home.path(), &["status", "--demo"]).output().unwrap());
    assert_eq!(code, 2);
    assert!(
        stderr.contains("config.toml:2:1: there is no action `nope`; the nearest is `"),
        "{stderr}"
    );
    fs::write(folder.join("config.toml"), "stack = \"other\"\n").unwrap();
    let (code, _, stderr) = told(&program(home.path(), &["status", "--demo"]).output().unwrap());
    assert_eq!(code, 4, "{stderr}");
    assert!(stderr.contains("Stack other"), "{stderr}");
}

#[test]
fn what_needs_no_cloud_needs_nothing() {
    for (args, wanted) in [
        ("--help", "stop-task"),
        ("--version", env!("CARGO_PKG_VERSION")),
        ("deploy --help", "--params-file"),
        ("config", "[profiles.prod]"),
        ("keys", "ctrl-r"),
        ("keys --output json", "\"refresh\""),
        ("policy", "secretsmanager:GetSecretValue"),
        ("completions bash", "stop-task"),
        ("completions fish", "stop-task"),
        ("man", ".TH"),
    ] {
        let (code, stdout, stderr) = run(args, &[]);
        assert_eq!((code, stderr.as_str()), (0, ""), "{args}");
        assert!(stdout.contains(wanted), "{args}: {stdout}");
    }
    assert_eq!(run("config", &[]).1, fs::read_to_string("config.toml").unwrap());
}

#[test]
fn the_demo_leaves_no_trace() {
    let home = tempfile::tempdir().unwrap();
    for args in [&["status", "--demo"][..], &["scale", "litellm", "2", "--demo", "--yes"]] {
        let (code, stdout, stderr) = told(&program(home.path(), args).output().unwrap());
        assert_eq!(code, 0, "{args:?}: {stdout}{stderr}");
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_write_is_in_the_audit_log_even_when_it_fails() {
    let home = tempfile::tempdir().unwrap();
    let args = ["image", "--direct", "--yes", "--endpoint-url", "http://127.0.0.1:9"];
    let output = program(home.path(), &args).envs(KEYS).envs([REGION]).output().unwrap();
    assert_eq!(told(&output).0, 4);
    let text = fs::read_to_string(home.path().join(".local/state/bic-tui/audit.jsonl")).unwrap();
    let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert_eq!(
        (&lines[0]["event"], &lines[1]["event"]),
        (&Value::from("begin"), &Value::from("end"))
    );
    assert_eq!(lines[0]["token"], lines[1]["token"]);
    assert!(
        lines[0]["command"]
            .as_str()
            .unwrap()
            .starts_with("aws bedrock-runtime invoke-model"),
        "{text}"
    );
    assert!(lines[1]["result"].as_str().unwrap().contains("could not be reached"), "{text}");
}

#[test]
fn a_time_zone_that_is_not_known_is_told() {
    let home = tempfile::tempdir().unwrap();
    for (zone, is_told) in [("Nowhere/Else", true), ("Europe/Berlin", false), ("", false)] {
        let out = program(home.path(), &["logs", "--demo", "--since", "-1m"])
            .env("TZ", zone)
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success() && !out.stdout.is_empty(), "{stderr}");
        assert_eq!(stderr.contains("not known here: times are UTC"), is_told, "{zone}: {stderr}");
    }
}

/// A tail that goes on, once its first line has come.
fn tail(home: &Path) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = program(home, &["logs", "--demo", "--follow"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert!(line.contains("openwebui/") || line.contains("litellm/"), "{line}");
    (child, reader)
}

#[cfg(unix)]
#[test]
fn signals_end_it_with_their_status() {
    use rustix::process::{Pid, Signal, kill_process};
    let home = tempfile::tempdir().unwrap();
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let (mut child, mut reader) = tail(home.path());
        kill_process(Pid::from_child(&child), signal).unwrap();
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(status));
    }
}

/// A deploy that runs, once its first event has come; `before` says how it is started.
#[cfg(unix)]
fn deploying(home: &Path, before: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let line = format!("{before} exec \"$0\" deploy --yes --demo=new --speed 100");
    let mut child = Command::new("/bin/sh")
        .args(["-c", &line, env!("CARGO_BIN_EXE_bic-tui")])
        .env_clear()
        .env("HOME", home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    read_to(&mut reader, "CREATE_IN_PROGRESS");
    (child, reader)
}

fn read_to(reader: &mut impl BufRead, wanted: &str) {
    let mut line = String::new();
    while !line.contains(wanted) {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "{wanted} never came");
    }
}

fn rest(child: &mut Child) -> (Option<i32>, String) {
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    (child.wait().unwrap().code(), told)
}

#[cfg(unix)]
#[test]
fn a_hangup_leaves_a_deploy_running_and_says_what_follows_it() {
    use rustix::process::{Pid, Signal, kill_process};
    let home = tempfile::tempdir().unwrap();
    let (mut child, _stdout) = deploying(home.path(), "");
    kill_process(Pid::from_child(&child), Signal::HUP).unwrap();
    let (code, told) = rest(&mut child);
    assert_eq!(code, Some(129), "{told}");
    assert!(
        told.contains("The deploy goes on without this program; `bic-tui deploy --watch"),
        "{told}"
    );
    // Who ignores it, as under nohup, goes on until another signal.
    let (mut child, mut stdout) = deploying(home.path(), "trap '' HUP;");
    kill_process(Pid::from_child(&child), Signal::HUP).unwrap();
    read_to(&mut stdout, "CREATE_COMPLETE");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let (code, told) = rest(&mut child);
    assert_eq!(code, Some(143), "{told}");
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let home = tempfile::tempdir().unwrap();
    let (mut child, reader) = tail(home.path());
    drop(reader);
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}
