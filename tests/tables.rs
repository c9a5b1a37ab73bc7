//! What is said twice is generated: the README's tables, the page of JSON shapes and the map of the code come from
//! the program's own tables. `BLESS=1 cargo nextest run -E 'binary(tables)'` writes them anew. And what the README
//! and the guide's table promise exists.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop on what can not be"
)]

use std::{env, fmt::Write, fs, path::Path, path::PathBuf, process::Command, sync::Mutex};

use bic_tui::{
    cli::{Cli, Format},
    command::{self, Out},
    core::{
        guard::ALLOWED,
        keymap::{Binding, KEYMAP, Kind},
        polls::{POLLS, READS},
    },
    sim,
};
use clap::{CommandFactory, Parser};
use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

/// Compares a file with what it has to be; with `BLESS=1` it is written.
fn settle(name: &str, wanted: impl Fn(&str) -> String) {
    let found = fs::read_to_string(path(name)).unwrap_or_default();
    let wanted = wanted(&found);
    if env::var_os("BLESS").is_some() {
        fs::write(path(name), wanted).unwrap();
    } else if found != wanted {
        let line = found.lines().zip(wanted.lines()).position(|(a, b)| a != b).unwrap_or_default();
        panic!(
            "{name} is stale from line {}; write it anew with BLESS=1 cargo nextest run -E 'binary(tables)'\nfound:  {}\nwanted: {}",
            line + 1,
            found.lines().nth(line).unwrap_or_default(),
            wanted.lines().nth(line).unwrap_or_default(),
        );
    }
}

/// `text` with a new body between `<!-- name:begin … -->` and `<!-- name:end -->`.
fn with_block(text: &str, name: &str, body: &str) -> String {
    let begin = text
        .find(&format!("<!-- {name}:begin"))
        .unwrap_or_else(|| panic!("no block {name}"));
    let inner = begin + text[begin..].find("-->").unwrap() + 3;
    let end = inner
        + text[inner..]
            .find(&format!("<!-- {name}:end"))
            .unwrap_or_else(|| panic!("block {name} has no end"));
    format!("{}\n{}\n{}", &text[..inner], body.trim_end(), &text[end..])
}

fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = line(head.iter().map(ToString::to_string).collect());
    out += &line(vec!["---".into(); head.len()]);
    for row in rows {
        out += &line(row.iter().map(|cell| cell.replace('|', "\\|")).collect());
    }
    out
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

// The blocks

fn keys() -> String {
    let kind = |b: &Binding| match b.kind {
        Kind::View => "",
        Kind::Read => "reads",
        Kind::Write => "writes",
        Kind::Money => "costs money",
    };
    let rows = KEYMAP.iter().map(|b| {
        let keys: Vec<String> = b.keys.iter().map(|k| code(k)).collect();
        let screens: Vec<String> = b.screens.iter().map(ToString::to_string).collect();
        vec![
            if keys.is_empty() { "palette".into() } else { keys.join(" ") },
            b.help.into(),
            if screens.is_empty() {
                "everywhere".into()
            } else {
                screens.join(", ")
            },
            kind(b).into(),
            code(&b.intent.to_string()),
        ]
    });
    table(&["key", "what it does", "where", "", "name in `config.toml`"], rows)
}

fn config() -> String {
    format!("```toml\n{}```", read("config.toml"))
}

/// The JSON of a command line that asks nobody.
fn offline(line: &str) -> Value {
    #[derive(Clone, Default)]
    struct Shared(std::sync::Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let stdout = Shared::default();
    let mut out = Out::new(Box::new(stdout.clone()), Box::new(std::io::sink()), Format::Json);
    command::offline(&parses(line).unwrap(), &mut out).unwrap().unwrap();
    let bytes = stdout.0.lock().unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn permissions() -> String {
    let seconds = |idle: Option<u32>| idle.map_or("when something changed".to_owned(), |s| format!("{s} s"));
    let polls = POLLS.iter().map(|row| {
        let actions: Vec<String> = row.actions.iter().map(|a| code(a)).collect();
        vec![
            row.poll.to_string(),
            actions.join(" "),
            seconds(row.idle),
            format!("{} s", row.busy),
            row.calls.to_string(),
        ]
    });
    let polls = table(
        &[
            "asked again and again",
            "permission",
            "idle",
            "while an operation runs",
            "calls each",
        ],
        polls,
    );
    let reads = READS.iter().map(|row| {
        let actions: Vec<String> = row.actions.iter().map(|a| code(a)).collect();
        vec![row.read.to_string(), actions.join(" "), row.when.into()]
    });
    let reads = table(&["asked when it is needed", "permission", "when"], reads);
    let writes: Vec<String> = ALLOWED.iter().filter(|a| a.contains(':')).map(|a| code(a)).collect();
    format!(
        "{polls}\n{reads}\nThe only writes that the program can send: {}.",
        writes.join(", "),
    )
}

#[derive(Deserialize)]
struct Guide {
    line: Vec<Line>,
}

/// A line of the deployment guide.
#[derive(Deserialize)]
struct Line {
    section: String,
    command: String,
    key: String,
    subcommand: String,
    served: bool,
    note: String,
}

fn guide_lines() -> Vec<Line> {
    toml::from_str::<Guide>(&read("assets/guide.toml")).unwrap().line
}

fn guide() -> String {
    let mut section = String::new();
    let rows = guide_lines().into_iter().map(|line| {
        let head = if section == line.section {
            String::new()
        } else {
            line.section.clone()
        };
        section = line.section;
        let key = if line.key.is_empty() {
            "palette".to_owned()
        } else {
            code(&line.key)
        };
        let (key, subcommand) = if line.served {
            (key, code(&line.subcommand))
        } else {
            (String::new(), format!("*not yet* (`{}`)", line.subcommand))
        };
        vec![head, code(&line.command), key, subcommand, line.note]
    });
    table(&["the guide's section", "the guide's line", "key", "`bic-tui …`", ""], rows)
}

fn commands() -> String {
    let rows = Cli::command()
        .get_subcommands()
        .map(|c| vec![code(c.get_name()), c.get_about().unwrap().to_string()])
        .collect::<Vec<_>>();
    table(&["subcommand", "what it does"], rows)
}

fn scenes() -> String {
    let rows = sim::scenes().into_iter().map(|scene| vec![code(scene.name), scene.title.into()]);
    table(&["scene", "what has happened there"], rows)
}

/// The map of the code, as the crate's documentation draws it.
fn map() -> String {
    let source = read("src/lib.rs");
    let begin = source.find("//! # The map").unwrap();
    let tree = source[begin..].split("//! ```").nth(1).unwrap();
    let lines: Vec<&str> = tree
        .lines()
        .skip(1)
        .map(|l| l.trim_start_matches("//!"))
        .map(|l| l.strip_prefix(' ').unwrap_or(l))
        .collect();
    format!("```text\n{}\n```", lines.join("\n").trim_end())
}

#[test]
fn the_readme_is_fresh() {
    settle("README.md", |text| {
        [
            ("keys", keys()),
            ("config", config()),
            ("permissions", permissions()),
            ("guide", guide()),
            ("commands", commands()),
            ("scenes", scenes()),
            ("map", map()),
        ]
        .iter()
        .fold(text.to_owned(), |text, (name, body)| with_block(&text, name, body))
    });
}

// The page of JSON shapes

/// Subcommands that print JSON, with the scenes that together show all that may stand in it. The writes run fast.
const SHAPES: &[(&str, &[&str])] = &[
    ("status", &["running", "tasks-not-starting", "https"]),
    ("check", &["running"]),
    (
        "plan --size medium --param Database=postgres",
        &["running", "new", "leftovers", "asleep", "replaces-files"],
    ),
    (
        "deploy --size medium --param Database=postgres --confirm bedrock-image-chat --yes --speed 5000",
        &["running"],
    ),
    ("plan --tag A=1 --untag ManagedBy", &["running"]),
    ("deploy --confirm bedrock-image-chat --yes --speed 5000", &["new"]),
    ("deploy --tag A=1 --confirm bedrock-image-chat --yes --speed 5000", &["running"]),
    ("events", &["running"]),
    ("tasks", &["running", "tasks-not-starting"]),
    ("targets", &["running"]),
    ("outputs", &["running"]),
    ("outputs ALBEndpoint", &["running"]),
    ("logs", &["running"]),
    ("models", &["running", "model-gone", "image-fails"]),
    ("cost --what-if", &["running"]),
    ("cost", &["new"]),
    ("scale litellm 2 --yes", &["running"]),
    ("restart litellm --yes", &["running"]),
    ("sleep --yes --speed 5000", &["running"]),
    ("wake --yes --speed 5000", &["asleep"]),
    ("secret litellm-api-key --field api_key", &["running"]),
    ("secret litellm-api-key", &["running"]),
    ("image --yes --file image.png --speed 5000", &["running", "model-gone"]),
    ("destroy --confirm bedrock-image-chat --yes --speed 5000", &["running"]),
    ("destroy --unprotect --confirm bedrock-image-chat --yes", &["running"]),
    ("leftovers", &["leftovers", "running"]),
    (
        "leftovers remove bedrock-image-chat/old-image --confirm bedrock-image-chat/old-image --speed 5000",
        &["leftovers"],
    ),
    ("unstick", &["rollback-failed"]),
    ("unstick continue-rollback --yes", &["rollback-failed"]),
    (
        concat!("replay ", env!("CARGO_MANIFEST_DIR"), "/tests/assets/recording.jsonl"),
        &["running"],
    ),
    (LISTED, &["running"]),
    ("cert", &["https", "running"]),
    ("dashboard", &["running"]),
    ("cert request chat.example.com --yes --speed 5000", &["running"]),
    ("dns", &["running"]),
    ("dns --name chat.example.com", &["https", "running"]),
    ("dns upsert chat.example.com --yes --wait --speed 5000", &["running", "https"]),
    ("throughput", &["https", "running"]),
    (
        "throughput buy brand-images --name images --confirm images --commitment 1-month --wait --speed 10000",
        &["running"],
    ),
    (
        "throughput buy brand-images --name images --confirm images --wait --speed 10000",
        &["running"],
    ),
    ("throughput delete images-1 --confirm images-1", &["https"]),
];

/// The list of recordings: of one that was made before, and of one that is broken.
const LISTED: &str = "replay";

/// What the shape of a command's answers does not say.
const NOTES: &[(&str, &str)] = &[
    ("outputs", "With a name: its value alone."),
    (
        "deploy",
        "`stays` is what leaves the stack with its data and goes on costing, as in `plan`; an event of status `DELETE_SKIPPED` names the \
     one that was kept.",
    ),
    ("unstick", "With a way: what was begun, and the id of the stack."),
    (
        "destroy",
        "Of what is lost, `bytes` is how much a file system holds and `measured` when CloudWatch measured that; `not_known` is why it \
     is not known. All three are `null` for what nobody measures; `usd_month` of what stays is `null` where no price is known. With `--unprotect` only `done` and `subject`, the id of the stack.",
    ),
    (
        "plan",
        "`action` is `create`, `update` or `none`; `blocked` where a check stands in the way: then nothing was asked for, `changes` is \
     empty, and the exit status is 1. `losses` is what is lost; `stays` is what leaves the stack with its data, stays in the account and \
     goes on costing.",
    ),
    (
        "leftovers",
        "A place that could not be looked at, or only in part, stands in `unknown`, an object of `what`, `why` and `next` in words; the exit status is 4 then. `status` is `null` where AWS tells of no stack of that name any more.",
    ),
    (
        "logs",
        "`id` is the id of the event; `null` where Live Tail (`--live`) or Logs Insights (`--insights`) brought it. `stream` is the name of the log stream, \
         SERVICE/CONTAINER/TASK; `--stream` takes the beginning of it or of the task's id. `timestamp` is \
     the time of the event, `ingestion` when CloudWatch took it in. `message` is byte-exact once parsed, but that halves of surrogate pairs and broken UTF-8 have become U+FFFD; control and hidden \
     characters are escaped. With `--follow` and `--live` a line that came after one with a later timestamp has `\"late\": true` \
     besides (a timestamp that lay in the future counts as the time it came); all others have no such field. A window without either comes sorted by time, oldest first; with them each poll is \
     written at once.",
    ),
];

/// The shape of a value: the kinds of its parts in place of the parts.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "bool".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "string".into(),
        Value::Array(items) => {
            let kinds = items.iter().map(shape).reduce(|a, b| joined(&a, &b));
            kinds.map_or(Value::Array(Vec::new()), |kind| Value::Array(vec![kind]))
        }
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

/// What stands behind the name of an object or list that may be null.
const OR_NULL: &str = " (or null)";

fn bare(name: &str) -> &str {
    name.trim_end_matches(OR_NULL)
}

/// What stands for both shapes.
fn joined(a: &Value, b: &Value) -> Value {
    match (a, b) {
        (Value::String(a), Value::String(b)) => {
            let mut kinds: Vec<&str> = a.split(" or ").chain(b.split(" or ")).collect();
            kinds.sort_by_key(|kind| (*kind == "null", *kind));
            kinds.dedup();
            kinds.join(" or ").into()
        }
        (Value::Array(a), Value::Array(b)) => match (a.first(), b.first()) {
            (Some(a), Some(b)) => vec![joined(a, b)].into(),
            (a, b) => Value::Array(a.or(b).cloned().into_iter().collect()),
        },
        (Value::Object(a), Value::Object(b)) => {
            let mut all = Map::new();
            for (name, value) in a {
                let other = b.iter().find(|(other, _)| bare(other) == bare(name));
                let both = other.map_or_else(|| value.clone(), |(_, other)| joined(value, other));
                // An object or a list can not say of itself that it may be null.
                let is_null = |it: &Value| *it == "null";
                let may_be_null = other.is_some_and(|(other, it)| is_null(value) != is_null(it) || other.ends_with(OR_NULL));
                let is_whole = both.is_object() || both.is_array();
                let may_be_null = is_whole && (may_be_null || name.ends_with(OR_NULL));
                all.insert(format!("{}{}", bare(name), if may_be_null { OR_NULL } else { "" }), both);
            }
            for (name, value) in b.iter().filter(|(name, _)| !a.keys().any(|known| bare(known) == bare(name))) {
                all.insert(name.clone(), value.clone());
            }
            all.into()
        }
        // An object or a list that may be null.
        (Value::String(_), other) | (other, _) => other.clone(),
    }
}

/// What one run of the real program printed: one document, or one a line.
fn documents(args: &str, scene: &str) -> (bool, Vec<Value>) {
    let home = tempfile::tempdir().unwrap();
    let run = |args: &str| {
        Command::new(env!("CARGO_BIN_EXE_bic-tui"))
            .args(args.split(' '))
            .args([&format!("--demo={scene}"), "--output", "json"])
            .env_clear()
            .env("HOME", home.path())
            .current_dir(home.path())
            .output()
            .unwrap()
    };
    if args == LISTED {
        run("deploy --size medium --param Database=postgres --confirm bedrock-image-chat --yes --speed 500 --record");
        let folder = home.path().join(".local/state/bic-tui/recordings");
        std::fs::write(folder.join("20261126T000000Z-broken.jsonl"), "{").unwrap();
    }
    let output = run(args);
    let text = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if let Ok(one) = serde_json::from_str::<Value>(&text) {
        return (text.trim().contains('\n') || one.is_string(), vec![one]);
    }
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!lines.is_empty(), "{args} {scene} printed nothing: {said}");
    (false, lines)
}

/// A command: its name, whether it prints one document, and what shapes of it have been seen.
struct Section {
    name: String,
    args: &'static str,
    is_document: bool,
    kinds: Vec<Value>,
}

/// What is printed by each command that the table runs.
fn sections() -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (args, scenes) in SHAPES {
        let words: Vec<&str> = args.split(' ').collect();
        // A command of a command is named by both.
        let is_inner = ["cert", "dns", "throughput", "leftovers"].contains(&words[0]) && words.get(1).is_some_and(|w| !w.starts_with('-'));
        let name = words[..=usize::from(is_inner)].join(" ");
        // Another run of the same command shows more of what it may print.
        let found = sections
            .iter()
            .position(|s| s.name == name && (s.args == LISTED) == (*args == LISTED));
        let found = found.unwrap_or_else(|| {
            sections.push(Section {
                name,
                args,
                is_document: true,
                kinds: Vec::new(),
            });
            sections.len() - 1
        });
        let Section { is_document, kinds, .. } = &mut sections[found];
        for scene in *scenes {
            let (whole, documents) = documents(args, scene);
            *is_document &= whole;
            for document in documents {
                let new = shape(&document);
                let is_like = |old: &Value| match (old.as_object(), new.as_object()) {
                    (Some(a), Some(b)) => a.keys().map(|k| bare(k)).eq(b.keys().map(|k| bare(k))),
                    _ => old.is_array() == new.is_array() && old.is_object() == new.is_object(),
                };
                match kinds.iter_mut().find(|old| is_like(old)) {
                    Some(old) => *old = joined(old, &new),
                    None => kinds.push(new),
                }
            }
        }
    }
    sections
}

fn shapes() -> String {
    let mut page = String::from(
        "# What `--output json` prints\n\nMade from runs of the program. `null` stands for what is not known or does not apply; \
         an object or list that may be `null` says so behind its name. \
         Times are whole milliseconds since 1970, money is US dollars. New fields may be added; none changes its meaning.\n",
    );
    for Section {
        name,
        args,
        is_document,
        kinds,
    } in sections()
    {
        let how = if is_document { "one document" } else { "JSON Lines" };
        let without = if args == LISTED { " without a file" } else { "" };
        write!(page, "\n## `{name}`{without}: {how}\n").unwrap();
        for kind in kinds {
            write!(page, "\n```json\n{}\n```\n", serde_json::to_string_pretty(&kind).unwrap()).unwrap();
        }
        if let Some((_, note)) = NOTES.iter().find(|(of, _)| *of == name) {
            write!(page, "\n{note}\n").unwrap();
        }
    }
    page
}

#[test]
fn the_page_of_json_shapes_is_fresh() {
    settle("assets/docs/json.md", |_| shapes());
}

// What is promised exists

#[test]
fn the_policy_is_that_of_the_tables() {
    let actions = |line: &str| -> Vec<String> {
        let policy = offline(line);
        let statements = policy["Statement"].as_array().unwrap();
        let actions = statements.iter().flat_map(|s| s["Action"].as_array().unwrap().clone());
        actions.map(|a| a.as_str().unwrap().to_owned()).collect()
    };
    let (looks, acts) = (actions("policy --read-only"), actions("policy"));
    for action in POLLS
        .iter()
        .flat_map(|row| row.actions)
        .chain(READS.iter().flat_map(|row| row.actions))
    {
        assert!(looks.iter().any(|r| r == action), "`bic-tui policy --read-only` lacks {action}");
        assert!(acts.iter().any(|r| r == action), "`bic-tui policy` lacks {action}");
    }
    for action in ALLOWED.iter().filter(|a| a.contains(':')) {
        assert!(acts.iter().any(|r| r == action) && !looks.iter().any(|r| r == action), "{action}");
    }
    let line = "policy --region eu-west-1 --account 123456789012 --stack chat --project bic";
    assert!(
        offline(line)
            .to_string()
            .contains("arn:aws:cloudformation:eu-west-1:123456789012:stack/chat/*")
    );
}

/// Parses a command line of the program, with or without its name.
fn parses(line: &str) -> Result<Cli, clap::Error> {
    let mut words = vec!["bic-tui"];
    words.extend(line.split_whitespace());
    Cli::try_parse_from(words)
}

#[test]
fn what_the_guide_table_says_is_served_is_there_and_nothing_else() {
    let lines = guide_lines();
    assert!(lines.len() >= 55, "only {} lines of the guide", lines.len());
    let program = Cli::command();
    for line in lines {
        let name = line.subcommand.split_whitespace().next().unwrap();
        if line.served {
            if let Err(error) = parses(&line.subcommand) {
                panic!("{} → {}: {error}", line.command, line.subcommand);
            }
            for key in line.key.split_whitespace() {
                assert!(KEYMAP.iter().any(|b| b.keys.contains(&key)), "{} → {key} is no key", line.command);
            }
        } else if program.find_subcommand(name).is_some() && name != "check" {
            panic!("{} → {name} is there: is the line not served?", line.command);
        }
    }
}

/// The fenced blocks of a page: language and text.
fn fences(text: &str) -> Vec<(String, String)> {
    let fence = Regex::new(r"(?ms)^```(\w*)\n(.*?)^```$").unwrap();
    fence.captures_iter(text).map(|c| (c[1].to_owned(), c[2].to_owned())).collect()
}

#[test]
fn setting_up_is_two_commands() {
    let text = read("README.md");
    let first: Vec<_> = fences(&text).into_iter().take(2).collect();
    let wanted = ["cargo run --release -- --demo\n", "./tests/run\n"].map(|line| ("sh".to_owned(), line.to_owned()));
    assert_eq!(first, wanted);
    let chapter = text.split("\n## ").find(|c| c.starts_with("Set up")).unwrap();
    assert_eq!(fences(chapter).len(), 2, "nothing else has to be typed");
    assert!(parses("--demo").is_ok() && path("tests/run").exists());
}

#[test]
fn command_lines_of_the_pages_parse() {
    let spans = Regex::new(r"(?m)`bic-tui ([^`…|]+)`|^(?:    )?bic-tui ([^#|>\n]+)|cargo run --release -- ([^`\n]+)").unwrap();
    let mut count = 0;
    for page in ["README.md", "assets/docs/litellm.md"] {
        let text = read(page);
        for found in spans.captures_iter(&text) {
            let line = found.iter().skip(1).flatten().next().unwrap().as_str();
            match parses(line) {
                Ok(_) => count += 1,
                Err(e)
                    if matches!(
                        e.kind(),
                        clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion
                    ) =>
                {
                    count += 1;
                }
                Err(error) => panic!("{page}: bic-tui {line}: {error}"),
            }
        }
    }
    assert!(count > 15, "only {count} command lines were found");
}

#[test]
fn links_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)").unwrap();
    for page in ["README.md", "CHANGELOG.md", "assets/docs/json.md", "assets/docs/litellm.md"] {
        for found in link.captures_iter(&read(page)) {
            let target = path(page).parent().unwrap().join(&found[1]);
            assert!(target.exists(), "{page}: {} is not there", &found[1]);
        }
    }
}
