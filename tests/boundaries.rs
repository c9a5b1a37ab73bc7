//! Who may name what. The one package has no crates to fence its parts, so this test does: it reads
//! every line of `src`, comments left out, and is itself shown to catch a line that is planted.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::{fs, path::Path, sync::LazyLock};

use regex::Regex;

/// One fence.
struct Fence {
    /// What must not be named.
    pattern: &'static str,
    /// Only in files that begin so (empty: anywhere).
    within: &'static [&'static str],
    /// Except in files that begin so.
    except: &'static [&'static str],
    /// The words between quotes count too.
    in_strings: bool,
    /// Why.
    reason: &'static str,
}

const PURE: &[&str] = &["core", "ui", "layout.rs"];

const FENCES: &[Fence] = &[
    Fence {
        pattern: r"\baws_[a-z]",
        within: &[],
        except: &["aws.rs", "aws/"],
        in_strings: false,
        reason: "the SDK is named only by the edge",
    },
    Fence {
        pattern: r"\bcrossterm\b",
        within: &[],
        except: &["term.rs", "term/"],
        in_strings: false,
        reason: "the terminal has one owner",
    },
    Fence {
        pattern: r"\bratatui(_image)?\b",
        within: &[],
        except: &["ui.rs", "ui/", "layout.rs", "term.rs", "term/", "app.rs", "picture"],
        in_strings: false,
        reason: "only views, geometry, terminal and loop know of cells",
    },
    Fence {
        pattern: r"\b(tokio|reqwest)\b",
        within: PURE,
        except: &[],
        in_strings: false,
        reason: "the core and the views neither wait nor call",
    },
    Fence {
        pattern: r"\b(Instant|SystemTime|Timestamp|Zoned)::now\b|\bstd::(env|fs|net|process|thread)\b|\bcrate::(aws|sim|term|app)\b",
        within: PURE,
        except: &[],
        in_strings: false,
        reason: "time, environment and files come in as messages",
    },
    Fence {
        pattern: r"\bcrate::ui\b",
        within: &["core"],
        except: &[],
        in_strings: false,
        reason: "the core does not know how it looks",
    },
    Fence {
        pattern: r"\bDisplayErrorContext\b",
        within: &[],
        except: &[],
        in_strings: false,
        reason: "it prints response bodies, secrets included",
    },
    Fence {
        pattern: r":#?\?\}|\bdbg!|[(,]\s*\?[a-z_.]*(err|error|fault|e)\b",
        within: &["aws.rs", "aws/"],
        except: &[],
        in_strings: true,
        reason: "the debug form of an SDK error holds what AWS sent",
    },
    Fence {
        pattern: r"(?i:\b([a-z]+_)*demo(_[a-z]+)*\b)|Demo[A-Z]",
        within: &[],
        except: &["sim.rs", "sim/", "main.rs", "session.rs", "cli.rs", "cli/"],
        in_strings: false,
        reason: "only where the cloud is chosen may it matter which one it is",
    },
];

static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| FENCES.iter().map(|f| Regex::new(f.pattern).unwrap()).collect());

/// Comments and texts of Rust.
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?xs) (?<comment> //[^\n]* | /\*.*?\*/ )
          | (?<text> b?r\#"(?:[^"]|"[^\#])*"\# | b?"(?:\\.|[^"\\])*" | '(?:\\.[^']*|[^'\\\n])' )"#,
    )
    .unwrap()
});

static TESTS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?ms)^#\[cfg\(test\)\]\nmod \w+ \{.*?^\}").unwrap());

fn blank(text: &str) -> String {
    "\n".repeat(text.matches('\n').count())
}

/// A file without its module of tests, which may ask a shell or show a debug form; lines keep their numbers.
fn shipped(source: &str) -> String {
    TESTS
        .replace_all(source, |found: &regex::Captures<'_>| blank(&found[0]))
        .into_owned()
}

/// The code of each line: without comments, and without the words in quotes where `in_strings` is false.
fn code(source: &str, in_strings: bool) -> Vec<String> {
    let kept = TOKEN.replace_all(source, |found: &regex::Captures<'_>| {
        if found.name("text").is_some() && in_strings {
            found[0].to_owned()
        } else {
            blank(&found[0])
        }
    });
    kept.lines().map(str::to_owned).collect()
}

/// What is wrong in one file: `path:line: reason`.
fn breaches(path: &str, source: &str) -> Vec<String> {
    // A module of tests in a file of its own.
    if path.ends_with("tests.rs") {
        return Vec::new();
    }
    let begins = |prefixes: &[&str]| prefixes.iter().any(|p| path.starts_with(p));
    let [without, with] = [false, true].map(|in_strings| code(&shipped(source), in_strings));
    let mut out = Vec::new();
    for (fence, pattern) in FENCES.iter().zip(&*PATTERNS) {
        if !(fence.within.is_empty() || begins(fence.within)) || begins(fence.except) {
            continue;
        }
        let lines = if fence.in_strings { &with } else { &without };
        for (n, line) in lines.iter().enumerate() {
            if pattern.is_match(line) {
                out.push(format!("{path}:{}: {} `{}`", n + 1, fence.reason, line.trim()));
            }
        }
    }
    out
}

fn walk(dir: &Path, visit: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, visit);
        } else if path.extension().is_some_and(|e| e == "rs") {
            visit(&path);
        }
    }
}

#[test]
fn every_fence_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut files = 0;
    walk(&root, &mut |path| {
        files += 1;
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
        found.extend(breaches(name, &fs::read_to_string(path).unwrap()));
    });
    assert!(files > 40, "only {files} files were read");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn planted_lines_are_caught_and_only_they() {
    for (path, line, is_caught) in [
        ("core/update.rs", "let c = aws_sdk_ecs::Client::new(&config);", true),
        ("aws/ecs.rs", "let c = aws_sdk_ecs::Client::new(&config);", false),
        ("ui/header.rs", "use crossterm::event::Event;", true),
        ("ui/header.rs", "use ratatui::crossterm::event::Event;", true),
        ("term.rs", "use crossterm::event::Event;", false),
        ("core/model.rs", "pub area: ratatui::layout::Rect,", true),
        ("cli.rs", "use ratatui::Frame;", true),
        ("ui/table.rs", "use ratatui::Frame;", false),
        ("core/pace.rs", "    tokio::time::sleep(pause).await;", true),
        ("runtime.rs", "    tokio::time::sleep(pause).await;", false),
        ("core/when.rs", "let now = std::time::Instant::now();", true),
        ("core/when.rs", "let now = jiff::Timestamp::now();", true),
        ("ui/strip.rs", "if std::env::var(name).is_ok() {", true),
        ("layout.rs", "let text = std::fs::read(path);", true),
        ("core/update/logs.rs", "use crate::ui::table;", true),
        ("core.rs", "pub use crate::sim::World;", true),
        ("aws/fault.rs", "format!(\"{}\", DisplayErrorContext(&error))", true),
        ("aws/fault.rs", "format!(\"it failed: {error:?}\")", true),
        ("aws/fault.rs", "tracing::warn!(?err, \"failed\");", true),
        ("aws/fault.rs", "tracing::warn!(code = %fault.code, \"failed\");", false),
        ("core/model.rs", "if self.is_demo {", true),
        ("ui/header.rs", "if matches!(cloud, Cloud::Demo(_)) {", true),
        ("ui/header.rs", "let demoted = DemoScene::of(about);", true),
        ("ui/header.rs", "let demoted = section.len();", false),
        ("session.rs", "if args.demo.is_some() {", false),
        ("core/fault.rs", "\"run `bic-tui --demo` instead\".into()", false),
        ("ui/screen/tests.rs", "let text = std::fs::read(path);", false),
        ("core/cost.rs", "#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n", false),
        ("core/cost.rs", "#[cfg(test)]\nmod tests {\n}\nuse std::fs::read;", true),
        ("core/fault.rs", "let x = 1; // as tokio does", false),
        ("core/fault.rs", "/* std::fs and\n tokio */ let x = 1;", false),
        ("core/fault.rs", "let quote = '\"'; tokio::spawn(task); let end = '\"';", true),
        ("core/fault.rs", "let text = \"a \\\" tokio \"; call();", false),
    ] {
        assert_eq!(!breaches(path, line).is_empty(), is_caught, "{path}: {line}");
    }
}
