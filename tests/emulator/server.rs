//! An AWS emulator that nobody here wrote, as a process of its own on a free port, and a hand that
//! reaches into its account past the program under test.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Mutex,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// A key id and its secret key.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// The root user of the account of the tests: a key id of twelve digits is the account's number.
fn root() -> Keys {
    Keys {
        id: "111111111111".into(),
        secret: "root".into(),
    }
}

/// The running emulator. It checks signatures and permissions as AWS does.
pub(crate) struct Emulator {
    child: Child,
    hand: Mutex<Hand>,
    /// Where it keeps its files.
    _folder: tempfile::TempDir,
    pub(crate) url: String,
}

impl Emulator {
    /// Starts it; `None`, with a word on why, where its programs are not installed.
    pub(crate) fn start() -> Option<Self> {
        let venv = installed()?;
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(venv.join("bin/ministack"))
            .env_clear()
            .envs([
                ("BIND_HOST", "127.0.0.1"),
                ("AUTH", "true"),
                ("SFTP_ENABLED", "0"),
                ("IOT_MTLS_ENABLED", "0"),
            ])
            .env("GATEWAY_PORT", free_port().to_string())
            .env("HOME", folder.path())
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the emulator starts");
        let url = address(BufReader::new(child.stderr.take().expect("its log")));
        let emulator = Self {
            child,
            hand: Mutex::new(Hand::new(&venv, &url)),
            _folder: folder,
            url,
        };
        assert!(emulator.is_well(), "the emulator at {} is not well", emulator.url);
        Some(emulator)
    }

    fn is_well(&self) -> bool {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).expect("a connection");
        write!(
            stream,
            "GET /_ministack/health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )
        .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer.starts_with("HTTP/1.1 200")
    }

    /// What the account says, or takes, in AWS's own words.
    pub(crate) fn call(&self, service: &str, operation: &str, parameters: Value) -> Value {
        let mut hand = self.hand.lock().expect("the hand");
        hand.call(&json!([service, operation, parameters]))
    }

    /// A user who may do what the policy says, and nothing else.
    pub(crate) fn user(&self, name: &str, policy: &str) -> Keys {
        self.call("iam", "create_user", json!({ "UserName": name }));
        let policy = json!({ "UserName": name, "PolicyName": "may", "PolicyDocument": policy });
        self.call("iam", "put_user_policy", policy);
        let answer = self.call("iam", "create_access_key", json!({ "UserName": name }));
        let part = |key: &str| answer["AccessKey"][key].as_str().expect("a key").to_owned();
        Keys {
            id: part("AccessKeyId"),
            secret: part("SecretAccessKey"),
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Asked to end, so that it ends its functions too.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}

/// A Python with AWS's library, for the root user of the account.
struct Hand {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Hand {
    fn new(venv: &Path, url: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulator/calls.py");
        let root = root();
        let mut child = Command::new(venv.join("bin/python"))
            .arg(script)
            .arg(url)
            .env_clear()
            .envs([("AWS_ACCESS_KEY_ID", root.id), ("AWS_SECRET_ACCESS_KEY", root.secret)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python runs");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, answers }
    }

    fn call(&mut self, call: &Value) -> Value {
        let questions = self.child.stdin.as_mut().expect("a pipe");
        writeln!(questions, "{call}").expect("Python listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("text");
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{call}: {answer}"))
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the programs are. The test command sets the variable; a continuous integration without it is an error.
fn installed() -> Option<PathBuf> {
    let venv = env::var_os("BIC_VENV").map(PathBuf::from);
    let is_ci = env::var("CI").is_ok_and(|it| it == "true");
    assert!(
        venv.is_some() || !is_ci,
        "BIC_VENV is not set: the emulator is missing; use tests/run"
    );
    if venv.is_none() {
        eprintln!("SKIPPED: BIC_VENV is not set, so there is no emulator to ask; tests/run installs it.");
    }
    venv
}

/// A port that nobody listens on. It is below those that the system hands out, since between now and the
/// start any other program may get one of those; the process id keeps tests apart that run side by side.
fn free_port() -> u16 {
    let first = 20_000 + std::process::id() % 10_000;
    let ports = (0..100).filter_map(|step| u16::try_from(first + step).ok());
    let mut free = ports.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.next().expect("a free port")
}

/// Reads the log until it names the address, and goes on reading so that the emulator never waits for it.
fn address(mut log: BufReader<impl Read + Send + 'static>) -> String {
    let mut said = String::new();
    let url = loop {
        let from = said.len();
        let is_over = log.read_line(&mut said).expect("text") == 0;
        assert!(!is_over, "the emulator did not start:\n{said}");
        if let Some((_, rest)) = said[from..].split_once("Running on ") {
            break rest.split_whitespace().next().unwrap_or_default().to_owned();
        }
    };
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    url
}
