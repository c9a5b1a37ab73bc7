//! An operation watched from a terminal: the bar under its lines, and a recording on the screens.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

#[expect(clippy::allow_attributes, reason = "what one test binary leaves unused the other one uses")]
#[allow(dead_code, reason = "shared with the other tests on a pty")]
mod pty;

use std::process::Command;

use pty::Tty;

const DEPLOY: [&str; 5] = ["deploy", "--demo=new", "--yes", "--speed", "60"];
const RECORDING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/assets/recording.jsonl");

#[test]
fn the_bar_keeps_out_of_the_way_of_the_lines_and_is_gone_at_the_end() {
    let mut tty = Tty::start(&DEPLOY, (100, 20));
    tty.written(0, "/63  ");
    tty.written(0, " · still ");
    tty.written(0, "░");
    // Events stand above it, whole.
    let screen = tty.screen();
    let events = screen.lines().filter(|l| l.contains("CREATE_")).count();
    assert!(events > 3, "{screen}");
    assert!(screen.lines().all(|l| !(l.contains("CREATE_") && l.contains("/63  "))), "{screen}");
    // Where there is no room for it, only its figures are shown.
    tty.resize((44, 20));
    let is_bare = (0..50).any(|_| {
        let from = tty.raw().len();
        tty.written(from, "/63  ");
        !String::from_utf8_lossy(&tty.raw()[from..]).contains('░')
    });
    assert!(is_bare, "{}", tty.screen());
    // By the key, which the terminal itself writes.
    tty.send("\x03");
    assert_eq!(tty.end(), 130);
    let screen = tty.screen();
    assert!(!screen.contains("/63  ") && !screen.contains("^C"), "{screen}");
    let told = screen.lines().skip_while(|l| !l.contains("goes on without this program"));
    assert!(
        screen.contains("goes on without this program") && told.into_iter().all(|l| !l.contains("/63  ")),
        "{screen}"
    );
    tty.assert_restored();
    let raw = String::from_utf8_lossy(&tty.raw()).into_owned();
    let colour = regex::Regex::new("\x1b\\[[0-9;]*m").unwrap();
    assert!(!colour.is_match(&raw), "the bar has no colour");
}

#[test]
fn without_a_terminal_there_are_lines_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_bic-tui"))
            .args(args)
            .env_clear()
            .env("HOME", home.path())
            .output();
        let output = output.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    let args = [
        "deploy",
        "--demo=running",
        "--param",
        "LogRetentionDays=14",
        "--yes",
        "--speed",
        "30",
    ];
    let (status, out, err) = run(&args);
    assert_eq!(status, 0, "{out}{err}");
    assert!(![&out, &err].iter().any(|text| text.contains(['\x1b', '\r', '░'])), "{out}{err}");
    // A demo leaves nothing behind, unless it is asked to.
    assert!(!home.path().join(".local").exists());
    let (status, ..) = run(&[&args[..], &["--record"]].concat());
    assert_eq!(status, 0);
    let (status, list, _) = run(&["replay"]);
    assert!(
        status == 0 && list.contains("UPDATE_COMPLETE") && list.contains("-update.jsonl"),
        "{list}"
    );
    let file = list.split_whitespace().find(|w| w.contains("-update.jsonl")).unwrap();
    let (status, told, _) = run(&["replay", file]);
    assert_eq!(status, 0);
    let of = |text: &str| text.lines().filter(|l| l.starts_with("20")).count();
    assert!(of(&told) > 3 && of(&told) == of(&out), "{told}\n{out}");
    assert!(told.contains("Stack bedrock-image-chat is UPDATE_COMPLETE."), "{told}");
}

#[test]
fn what_can_not_be_played_is_said_in_a_sentence() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("x.jsonl");
    let whole = std::fs::read_to_string(RECORDING).unwrap();
    let head = whole.lines().next().unwrap();
    let without_stack: Vec<&str> = whole.lines().filter(|line| !line.contains("\"stack\":{")).collect();
    for (text, want) in [
        (None, "x.jsonl can not be read: No such file"),
        (
            Some("hello\n".to_owned()),
            "line 1: a recording of bic-tui begins with another line",
        ),
        (
            Some(without_stack.join("\n") + "\n"),
            "does not tell of stack bedrock-image-chat from its beginning: lines are missing, or not in their order",
        ),
        (Some(format!("{head}\n{{\"at\":1}}\n{head}x\n")), "x.jsonl can not be played, line "),
        (
            Some(head.replace(":1,", ":4,") + "\n"),
            "version 4, and this bic-tui knows version 1",
        ),
    ] {
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        let output = Command::new(env!("CARGO_BIN_EXE_bic-tui"))
            .arg("replay")
            .arg(&path)
            .env_clear()
            .env("HOME", home.path())
            .output();
        let output = output.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        assert!(said.contains(want), "{said}\nwanted {want}");
    }
}

#[test]
fn a_recording_is_played_on_the_screens() {
    let mut tty = Tty::start(&["replay", RECORDING, "--speed", "30"], (120, 30));
    let screen = tty.see("REPLAY ended");
    assert!(screen.contains("UPDATE_COMPLETE") && screen.contains("READ-ONLY"), "{screen}");
    tty.send("P");
    tty.see("a replay shows the place where it was recorded");
    tty.send("\x1b");
    tty.gone("a replay shows the place");
    // Read-only, and it stays.
    tty.send("D");
    tty.see("read-only: this session does not write");
    tty.send("@-1h\r");
    tty.see("REPLAY ×30");
    tty.send("\x03");
    assert_eq!(tty.end(), 0);
    tty.assert_restored();
    let state = tty.home.path().join(".local/state/bic-tui");
    let left: Vec<_> = std::fs::read_dir(state)
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.file_name())
        .collect();
    assert!(left.iter().all(|name| name == "bic-tui.log"), "{left:?}");
}
