//! The real program, run from outside as one user with an empty home.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::server::{Emulator, Keys};

/// Somebody at a shell prompt.
pub(crate) struct User {
    keys: Keys,
    endpoint: String,
    pub(crate) home: tempfile::TempDir,
}

/// What the program said.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl User {
    /// Somebody with these keys.
    pub(crate) fn new(emulator: &Emulator, keys: Keys) -> Self {
        Self::at(&emulator.url, keys)
    }

    /// Somebody who asks at another address.
    pub(crate) fn at(endpoint: &str, keys: Keys) -> Self {
        Self {
            keys,
            endpoint: endpoint.into(),
            home: tempfile::tempdir().expect("a folder"),
        }
    }

    /// An operator with exactly the permissions that the program itself lists.
    pub(crate) fn operator(emulator: &Emulator) -> Self {
        let nobody = Keys {
            id: String::new(),
            secret: String::new(),
        };
        let mut policy = serde_json::from_str(&Self::new(emulator, nobody).well("policy")).expect("JSON");
        as_the_emulator_judges(&mut policy);
        Self::new(emulator, emulator.user("dana", &policy.to_string()))
    }

    /// Arguments that every call has.
    pub(crate) fn address(&self) -> [&str; 4] {
        ["--endpoint-url", &self.endpoint, "--region", "us-west-2"]
    }

    /// Environment that every call has.
    pub(crate) fn environment(&self) -> [(&str, &str); 3] {
        [
            ("AWS_ACCESS_KEY_ID", &self.keys.id),
            ("AWS_SECRET_ACCESS_KEY", &self.keys.secret),
            ("TZ", "UTC"),
        ]
    }

    /// The program, not yet started.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bic-tui"));
        command
            .args(line.split_whitespace())
            .args(self.address())
            .env_clear()
            .env("HOME", self.home.path())
            .envs(self.environment())
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end. Whatever it says is fit for a terminal and no panic.
    pub(crate) fn run(&self, line: &str) -> Told {
        let output = self.command(line).output().expect("the program runs");
        let stderr = String::from_utf8(output.stderr).expect("text");
        let told = Told {
            status: output.status.code().expect("a status"),
            stdout: output.stdout,
            stderr,
        };
        assert!(!told.stderr.contains("panicked"), "{line}: {told:?}");
        told
    }

    /// Text of a command that must do well.
    pub(crate) fn well(&self, line: &str) -> String {
        let told = self.run(line);
        let text = String::from_utf8(told.stdout).expect("text");
        assert_eq!(told.status, 0, "{line}: {text}{}", told.stderr);
        for row in text.lines() {
            let is_clean = !row.contains(char::is_control) && row.trim_end() == row;
            assert!(is_clean, "{line}: {row:?}");
        }
        text
    }

    /// The one JSON document of a command that must do well.
    pub(crate) fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.well(&format!("{line} --output json"))).expect(line)
    }

    /// One JSON document for each line.
    pub(crate) fn json_lines(&self, line: &str) -> Vec<Value> {
        let text = self.well(&format!("{line} --output json"));
        text.lines().map(|row| serde_json::from_str(row).expect(row)).collect()
    }

    /// What a command says that must fail so: one sentence, and what to do.
    pub(crate) fn fails(&self, line: &str, status: i32) -> String {
        let told = self.run(line);
        assert_eq!(told.status, status, "{line}: {told:?}");
        let last = told.stderr.lines().last().unwrap_or_default();
        assert!(last.starts_with("bic-tui: ") && last.ends_with('.'), "{line}: {told:?}");
        assert!(!last.contains(".."), "{line}: {told:?}");
        last.to_owned()
    }

    /// The lines of the audit log.
    pub(crate) fn audit(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.home.path().join(".local/state/bic-tui/audit.jsonl")).expect("an audit log");
        text.lines().map(|row| serde_json::from_str(row).expect(row)).collect()
    }

    /// Whether any file of the home has this text.
    pub(crate) fn has_on_disk(&self, text: &str) -> bool {
        has(self.home.path(), text.as_bytes())
    }
}

fn has(folder: &Path, text: &[u8]) -> bool {
    fs::read_dir(folder)
        .expect("a folder")
        .map(|it| it.expect("an entry").path())
        .any(|path| {
            if path.is_dir() {
                return has(&path, text);
            }
            let bytes = fs::read(&path).expect("a file");
            bytes.windows(text.len()).any(|it| it == text)
        })
}

/// AWS judges ECS calls by services and tasks, and the listing of tasks by a condition; the emulator judges all of
/// them by the cluster; tags, IAM's simulator, changes of zones and provisioned throughput by no resource. Nothing else of
/// the policy is touched.
fn as_the_emulator_judges(policy: &mut Value) {
    let cluster = json!(["arn:aws:ecs:*:*:cluster/bedrock-image-chat-cluster"]);
    let statements = policy["Statement"].as_array_mut().expect("statements");
    for statement in statements.iter_mut() {
        let actions = statement["Action"].as_array().expect("actions");
        if actions.iter().any(|it| it.as_str().is_some_and(|name| name.starts_with("ecs:"))) {
            statement["Resource"] = cluster.clone();
            statement.as_object_mut().expect("a statement").remove("Condition");
        }
    }
    let actions = [
        "ecs:TagResource",
        "ecs:UntagResource",
        "iam:SimulatePrincipalPolicy",
        "route53:GetChange",
        "bedrock:CreateProvisionedModelThroughput",
        "bedrock:GetProvisionedModelThroughput",
        "bedrock:DeleteProvisionedModelThroughput",
    ];
    statements.push(json!({ "Effect": "Allow", "Action": actions, "Resource": "*" }));
}
