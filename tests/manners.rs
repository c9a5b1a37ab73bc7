//! Manners: the terminal is given back whole on every way out, and nothing that it sends stops the console.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

#[expect(clippy::allow_attributes, reason = "what one test binary leaves unused the other one uses")]
#[allow(dead_code, reason = "shared with the other tests on a pty")]
mod pty;

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use pty::Tty;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open},
};

const SIZE: (u16, u16) = (100, 30);

/// A console on the simulated account, with its first facts on the screen.
fn running() -> Tty {
    let tty = Tty::start(&["--demo=running"], SIZE);
    tty.see("all well");
    assert!(
        tty.is_raw() && tty.look(vt100::Screen::alternate_screen),
        "the terminal was never taken"
    );
    tty
}

/// Shows the first secret; gives its value.
fn reveal(tty: &Tty) -> String {
    tty.send("8");
    tty.see("LiteLLM API key");
    tty.send("x");
    let screen = tty.see("40 characters");
    let after = screen.split("40 characters").nth(1).unwrap();
    let value: String = after.lines().nth(1).unwrap().chars().filter(char::is_ascii_alphanumeric).collect();
    assert_eq!(value.len(), 40, "not a key: {value}");
    value
}

/// Whether any six bytes of a secret in a row stand in a text.
fn leaks(text: &[u8], value: &str) -> bool {
    value.as_bytes().windows(6).any(|piece| text.windows(6).any(|w| w == piece))
}

/// The clock in the corner of the screen.
fn clock(screen: &str) -> String {
    screen
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .last()
        .unwrap_or_default()
        .to_owned()
}

/// Waits until the console has painted a later time.
fn ticks_on(tty: &Tty, after: &str) {
    let before = clock(&tty.screen());
    tty.wait(&format!("a later time after {after}"), |s| {
        let now = clock(s);
        now != before && now.matches(':').count() == 2
    });
}

#[test]
fn the_terminal_is_given_back_on_every_way_out() {
    type Way = fn(&Tty);
    let ways: [(&str, Way, u32); 7] = [
        (
            "q q",
            |tty| {
                tty.send("q");
                tty.see("again");
                tty.send("q");
            },
            0,
        ),
        ("Ctrl-C", |tty| tty.send("\x03"), 0),
        ("SIGTERM", |tty| tty.signal(Signal::TERM), 143),
        ("SIGHUP", |tty| tty.signal(Signal::HUP), 129),
        ("SIGINT", |tty| tty.signal(Signal::INT), 130),
        ("SIGQUIT", |tty| tty.signal(Signal::QUIT), 131),
        (
            "SIGTERM with the mouse on",
            |tty| {
                tty.send("M");
                tty.see("mouse on");
                tty.signal(Signal::TERM);
            },
            143,
        ),
    ];
    for (name, way, status) in ways {
        let mut tty = running();
        way(&tty);
        assert_eq!(tty.end(), status, "{name}");
        tty.assert_restored();
        assert_eq!(tty.screen().trim(), "", "{name} leaves something behind");
    }
}

#[test]
fn job_control_stops_and_continues_it_and_hides_a_secret() {
    type Stop = fn(&Tty);
    let ways: [(&str, Stop); 2] = [("SIGTSTP", |tty| tty.signal(Signal::TSTP)), ("Ctrl-Z", |tty| tty.send("\x1a"))];
    for (name, stop) in ways {
        let mut tty = running();
        let value = reveal(&tty);
        stop(&tty);
        tty.until_stopped();
        tty.wait("the shell's screen", |s| s.trim().is_empty());
        tty.assert_restored();
        let shown = tty.raw().len();
        tty.signal(Signal::CONT);
        let screen = tty.see("LiteLLM API key");
        assert!(!screen.contains("40 characters"), "{name}: still shown\n{screen}");
        ticks_on(&tty, name);
        assert!(tty.is_raw());
        tty.signal(Signal::TERM);
        assert_eq!(tty.end(), 143, "{name}");
        assert!(!leaks(&tty.raw()[shown..], &value), "{name}: painted again");
        tty.assert_restored();
    }
}

#[test]
fn what_a_shell_did_to_the_line_while_it_was_stopped_is_undone() {
    let mut tty = running();
    tty.signal(Signal::STOP);
    tty.until_stopped();
    // A shell sets the line for itself when its job stops without saying so.
    let stty = Command::new("stty").arg("-F").arg(tty.device()).arg("sane").status().unwrap();
    assert!(stty.success() && !tty.is_raw());
    let painted = tty.raw().len();
    tty.signal(Signal::CONT);
    tty.written(painted, "events");
    assert!(tty.is_raw());
    tty.send("q");
    tty.see("again");
    tty.send("q");
    assert_eq!(tty.end(), 0);
}

#[test]
fn a_secret_leaves_nothing_behind() {
    let mut tty = running();
    let value = reveal(&tty);
    tty.send("x");
    tty.gone("40 characters");
    let hidden = tty.raw().len();
    assert!(!leaks(tty.screen().as_bytes(), &value));
    // Everything is painted again: what was hidden must not come back.
    tty.send("\x0c");
    tty.resize((120, 40));
    tty.wait("the new size", |s| s.lines().count() == 40);
    tty.send("\x03");
    assert_eq!(tty.end(), 0);
    assert!(!leaks(&tty.raw()[hidden..], &value));
    assert!(!leaks(tty.screen().as_bytes(), &value));
}

#[test]
fn leaving_with_a_secret_shown_wipes_it() {
    for signal in [Signal::TERM, Signal::HUP] {
        let mut tty = running();
        let value = reveal(&tty);
        let shown = tty.raw().len();
        tty.signal(signal);
        tty.end();
        assert!(!leaks(tty.screen().as_bytes(), &value), "in the primary screen");
        let raw = tty.raw();
        assert!(!leaks(&raw[shown..], &value));
        let cleared = raw[shown..].windows(4).any(|w| w == b"\x1b[2J");
        assert!(cleared, "a terminal without an alternate screen keeps it");
    }
}

#[test]
fn input_that_never_ends_does_not_stop_the_clock() {
    for (name, bytes) in [
        ("a lone escape", &b"\x1b"[..]),
        ("half a sequence", b"\x1b["),
        ("half a mouse report", b"\x1b[<0;12"),
        ("half a character", b"\xe2\x82"),
        ("an open paste", b"\x1b[200~half a paste"),
        ("an answer to no question", b"\x1b]11;rgb:00"),
    ] {
        let mut tty = running();
        tty.send_bytes(bytes);
        ticks_on(&tty, name);
        ticks_on(&tty, name);
        tty.signal(Signal::TERM);
        assert_eq!(tty.end(), 143, "{name}");
        tty.assert_restored();
    }
}

/// Bytes that look like nothing; keys that leave, stop or open a browser are taken out.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let pieces: [&[u8]; 8] = [
        b"\x1b[",
        b"\x1b]",
        b"\x1b[200~",
        b"\x1b[201~",
        b"\x1bO",
        b"\x1b[<",
        b"\xf0\x9f",
        b"\x00",
    ];
    let mut out = Vec::new();
    for _ in 0..300 {
        match next() % 4 {
            0 => out.extend_from_slice(pieces[(next() % 8) as usize]),
            _ => out.push((next() >> 24) as u8),
        }
    }
    out.retain(|b| !matches!(b, 0x03 | 0x1a | b'q' | b'o'));
    // What is open is closed, so that the next seed begins anew.
    out.extend_from_slice(b"\x1b[201~");
    out
}

#[test]
fn garbage_does_not_crash_it() {
    let mut tty = running();
    for seed in 1..=12 {
        let sent = tty.raw().len();
        tty.send_bytes(&noise(seed));
        // A dialog may cover the clock; each frame ends by hiding the cursor. Among the noise may be the
        // keys that leave: then it left as it should, and is started anew.
        if !tty.writes_or_ends(sent, "\x1b[?25l") {
            assert_eq!(tty.end(), 0, "seed {seed}");
            tty.assert_restored();
            tty = running();
        }
    }
    tty.signal(Signal::TERM);
    assert_eq!(tty.end(), 143);
    tty.assert_restored();
}

#[test]
fn a_key_in_one_burst_with_esc_is_no_text() {
    let tty = running();
    tty.send("D");
    tty.see("Prefix of every name");
    // Esc closes what stands over the form, and the key moves in it, down and up.
    let first = "▸ Project name                      bedrock-image-chat▏";
    for (keys, is_first) in [("\x1b\x1b[B", false), ("\x1b\x1bOA", true)] {
        tty.send("\x05");
        tty.see("Checks:");
        tty.send(keys);
        tty.wait("another field", |screen| {
            !screen.contains("Checks:") && screen.contains(first) == is_first
        });
    }
    let screen = tty.screen();
    assert!(!screen.contains("[B") && !screen.contains("OA"), "{screen}");
}

#[test]
fn a_storm_of_sizes_ends_at_the_right_one() {
    let mut tty = running();
    for i in 0..60u16 {
        tty.resize((20 + (i * 37) % 180, 3 + (i * 23) % 60));
    }
    tty.resize((1, 1));
    tty.resize((120, 40));
    let is_whole = |s: &str| {
        let lines: Vec<&str> = s.lines().collect();
        let footer_is_last = lines.len() == 40 && lines[39].contains("help");
        footer_is_last && lines[2].contains("all well") && lines[38].trim_end().chars().count() == 120
    };
    tty.wait("the screen at 120×40", is_whole);
    tty.signal(Signal::TERM);
    assert_eq!(tty.end(), 143);
}

#[test]
fn ctrl_c_twice_leaves_an_operation_and_says_what_becomes_of_it() {
    let mut tty = Tty::start(&["--demo", "--speed", "10"], (120, 40));
    tty.see("Press D to deploy");
    tty.send("D");
    tty.see("2 warnings, 16 ok");
    tty.send("\x1b[F");
    tty.see("[ Make the plan ]");
    tty.send("\r");
    tty.see("63 changes");
    tty.send("\r");
    tty.see("▸[ Cancel ]");
    tty.send("y");
    tty.see("CREATE_IN_PROGRESS");
    tty.send("\x03");
    tty.see("Detach");
    tty.send("\x03");
    assert_eq!(tty.end(), 130);
    let screen = tty.screen();
    assert!(screen.contains("simulated account"), "{screen}");
}

#[test]
fn a_terminal_too_small_says_what_it_needs() {
    let tty = Tty::start(&["--demo"], (39, 11));
    let screen = tty.see("39×11");
    let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words, "bic-tui needs 40×12 cells; this terminal has 39×11.");
    tty.resize((80, 24));
    tty.see("Press D");
}

#[test]
fn without_a_terminal_it_says_so() {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_bic-tui"))
        .arg("--demo")
        .env_clear()
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout, b"");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.lines().count() == 1 && said.contains("needs a terminal"), "{said}");
    // Input from a terminal, output into a pipe: no control sequence goes into it.
    let mut tty = Tty::start_shell("\"$BIC\" --demo | cat", SIZE);
    tty.end();
    let raw = tty.raw();
    assert!(String::from_utf8_lossy(&raw).contains("needs a terminal") && !raw.contains(&0x1b));
}

#[test]
fn who_ends_the_console_is_told_what_goes_on() {
    let mut tty = Tty::start(&["--demo=new", "--speed", "1"], SIZE);
    tty.see("Press D");
    tty.send("D");
    tty.see("Project name");
    tty.send("\x1b[F\r");
    tty.see("Enter executes");
    tty.send("\r");
    tty.see("Create stack");
    tty.send("y");
    tty.see("CREATE_IN_PROGRESS");
    tty.signal(Signal::TERM);
    assert_eq!(tty.end(), 143);
    assert!(
        tty.screen().contains("The operation was one of a simulated account"),
        "{}",
        tty.screen()
    );
    tty.assert_restored();
}

/// A server that takes connections and never says a word.
#[test]
fn what_a_subcommand_waits_for_is_told_on_a_terminal_and_taken_away() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    for (command, what) in [("status", "waiting for cloudformation:DescribeStack"), ("check", "waiting for ")] {
        let args = [command, "--output", "json", "--region", "us-west-2", "--endpoint-url", &url];
        let mut tty = Tty::start_with(&args, SIZE, &keys);
        tty.written(0, what);
        tty.written(0, " more, 1 s; gives up after 12 s");
        tty.written(0, " more, 2 s; gives up after 12 s");
        tty.signal(Signal::INT);
        assert_eq!(tty.end(), 130, "{command}");
        assert_eq!(tty.screen().trim(), "", "{command} leaves something behind");
        tty.assert_restored();
    }
}

#[test]
fn a_dumb_terminal_is_declined_in_words() {
    let mut tty = Tty::start_with(&["--demo"], SIZE, &[("TERM", "dumb")]);
    assert_eq!(tty.end(), 2);
    let raw = tty.raw();
    assert!(String::from_utf8_lossy(&raw).contains("TERM is dumb") && !raw.contains(&0x1b));
}

/// Parameters of every sequence that sets colours or attributes.
fn attributes(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw);
    let sequences = regex::Regex::new("\x1b\\[([0-9;:]*)m").unwrap();
    sequences.captures_iter(&text).map(|c| c[1].to_owned()).collect()
}

#[test]
fn no_color_means_none() {
    let is_colour = |set: &String| {
        let codes: Vec<u16> = set.split([';', ':']).filter_map(|c| c.parse().ok()).collect();
        codes.iter().any(|c| matches!(c, 30..=38 | 40..=48 | 58 | 90..=97 | 100..=107))
    };
    let seen = |args: &[&str], env: &[(&str, &str)]| {
        let tty = Tty::start_with(args, SIZE, env);
        tty.see("all well");
        for key in ["3", "4", "6", "8", "?"] {
            tty.send(key);
        }
        tty.see("Keys on Access");
        attributes(&tty.raw())
    };
    assert!(seen(&["--demo=running"], &[]).iter().any(is_colour), "with colours there are some");
    assert!(!seen(&["--demo=running"], &[("NO_COLOR", "1")]).iter().any(is_colour));
    assert!(!seen(&["--demo=running", "--no-color"], &[]).iter().any(is_colour));
}

/// Runs in a process of its own, which holds the terminal: whoever kills that process closes the terminal.
#[test]
#[ignore = "the holder of the terminal that other tests close"]
fn holder() {
    let line = std::env::var("HELD").unwrap();
    let tty = Tty::start_shell(&line, SIZE);
    tty.see("all well");
    println!("\nheld {}", tty.pid().as_raw_nonzero());
    // Until it is killed.
    let _ = std::io::stdin().read(&mut [0]);
}

/// The process that holds the program on a terminal, and the program.
fn held(line: &str) -> (std::process::Child, Pid) {
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holder", "--ignored", "--nocapture"])
        .env("HELD", line)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(holder.stdout.take().unwrap());
    let pid = out
        .lines()
        .map_while(Result::ok)
        .find_map(|l| l.strip_prefix("held ")?.parse().ok())
        .unwrap();
    (holder, Pid::from_raw(pid).unwrap())
}

/// The one child of a process.
fn child_of(pid: Pid) -> Pid {
    let pid = pid.as_raw_nonzero();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    Pid::from_raw(children.trim().parse().unwrap()).unwrap()
}

#[test]
fn it_ends_when_the_terminal_hangs_up() {
    // The second one never hears of it by a signal: the shell that leads the session ignores the hangup.
    for (line, is_leader) in [
        ("exec \"$BIC\" --demo=running", true),
        ("trap '' HUP; \"$BIC\" --demo=running; :", false),
    ] {
        let (mut holder, leader) = held(line);
        let program = if is_leader { leader } else { child_of(leader) };
        let watched = pidfd_open(program, PidfdFlags::empty()).unwrap();
        holder.kill().unwrap();
        let closed = Instant::now();
        let limit = Timespec { tv_sec: 5, tv_nsec: 0 };
        let ended = poll(&mut [PollFd::new(&watched, PollFlags::IN)], Some(&limit)).unwrap();
        if ended == 0 {
            let _ = kill_process(program, Signal::KILL);
        }
        assert!(ended == 1 && closed.elapsed() < Duration::from_secs(2), "{line}: still there");
        holder.wait().unwrap();
    }
}
