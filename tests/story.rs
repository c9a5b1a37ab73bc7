//! The story of one stack, told by keys to the real program: deploy, look, make pictures, scale, sleep,
//! wake, read a secret, destroy. Then the same keys where nothing may be written, and the guide's troubles.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

#[expect(clippy::allow_attributes, reason = "what one test binary leaves unused the other one uses")]
#[allow(dead_code, reason = "shared with the other tests on a pty")]
mod pty;

use std::path::PathBuf;

use image::{DynamicImage, GenericImageView};
use pty::Tty;

const SIZE: (u16, u16) = (120, 40);
const NOTHING: &str = "cancelled; nothing was sent";

/// Fails unless every text is on the screen.
fn says(screen: &str, texts: &[&str]) {
    for text in texts {
        assert!(screen.contains(text), "\"{text}\" is not on the screen:\n{screen}");
    }
}

/// Waits until every text is on the screen; `a|b` is one of both.
fn see_all(tty: &Tty, texts: &[&str]) -> String {
    let is_there = |screen: &str, text: &str| text.split('|').any(|t| screen.contains(t));
    tty.wait(&texts.join(" + "), |screen| texts.iter().all(|text| is_there(screen, text)))
}

/// The sum of money that stands before a text.
fn dollars(screen: &str, before: &str) -> f64 {
    let (head, _) = screen.split_once(before).unwrap_or_else(|| panic!("no {before}:\n{screen}"));
    let (_, sum) = head.rsplit_once('$').unwrap_or_else(|| panic!("no sum before {before}:\n{screen}"));
    sum.parse().unwrap()
}

/// The line with a text.
fn line<'a>(screen: &'a str, text: &str) -> &'a str {
    screen.lines().find(|l| l.contains(text)).unwrap_or_default()
}

#[test]
fn from_no_stack_to_no_stack() {
    let mut tty = Tty::start(&["--demo", "--speed", "60"], SIZE);
    let month = plans(&tty);
    deploys(&tty);
    let hour = looks_around(&tty, month);
    reads_logs(&tty);
    draws(&tty);
    let hour = scales(&tty, hour);
    sleeps(&tty, hour);
    wakes(&tty, hour);
    reveals(&tty);
    destroys(&tty);
    tty.send("\x03");
    assert_eq!(tty.end(), 0);
    tty.assert_restored();
}

/// Gives what a month costs.
fn plans(tty: &Tty) -> f64 {
    let screen = tty.see("Press D to deploy");
    says(
        &screen,
        &["no stack", "does not exist yet in us-west-2", "it makes 63 resources", "estimate"],
    );
    let month = dollars(&screen, " a month, estimate");
    tty.send("D");
    let form = see_all(tty, &["2 warnings, 16 ok", "✓ identity, writes, template, stack"]);
    says(
        &form,
        &["New stack bedrock-image-chat in us-west-2", "Project name", "! encryption"],
    );
    tty.send("\x1b[F");
    see_all(tty, &["[ Make the plan ]", "0 changed of 22 parameters"]);
    tty.send("\r");
    let plan = tty.see("63 changes");
    says(
        &plan,
        &[
            "Plan to create bedrock-image-chat",
            "+ 63 add   ~ 0 modify   ± 0 replace   − 0 remove",
            &format!("$0.00 → ${month:.2} a month (+${month:.2})"),
            "CAPABILITY_IAM",
            "EC2::VPC",
        ],
    );
    month
}

fn deploys(tty: &Tty) {
    tty.send("\r");
    says(
        &tty.see("▸[ Cancel ]"),
        &["Create stack bedrock-image-chat in us-west-2?", "63 to add"],
    );
    tty.send("\r");
    let screen = see_all(tty, &["cancelled; nothing was executed", "63 changes"]);
    assert!(!screen.contains("[ Create ]") && !screen.contains("CREATE_IN_PROGRESS"));
    tty.send("\r");
    tty.see("▸[ Cancel ]");
    tty.send("y");
    let screen = tty.wait("some of the 63", |s| (1..63).any(|n| s.contains(&format!(" {n} of 63"))));
    says(&screen, &["CREATE_IN_PROGRESS", "elapsed", "creating", "create has begun"]);
    tty.see("reached CREATE_COMPLETE");
    let screen = see_all(tty, &["✓ CREATE_COMPLETE", "63 resources in", "ALBEndpoint"]);
    says(&screen, &["http://bedrock-image-chat-alb-", "OpenWebUIAdminSecretArn"]);
}

/// Gives what an hour costs.
fn looks_around(tty: &Tty, month: f64) -> f64 {
    tty.send("1");
    let screen = see_all(
        tty,
        &[
            "all well",
            "Stack events",
            "healthy",
            "/h now",
            "webui    ",
            "litellm  ",
            "COMPLETED",
        ],
    );
    says(
        &screen,
        &[
            "CREATE ✓ bedrock-image-chat",
            &format!("${month:.2}/month at this rate"),
            "estimate",
        ],
    );
    for app in ["│openwebui ", "│litellm "] {
        let row = screen.lines().find_map(|l| l.find(app).map(|i| &l[i..])).unwrap_or_default();
        assert!(row.contains("1/1") && row.contains("steady"), "{app}: {screen}");
    }
    assert!(log_lines(&screen).len() > 3, "{screen}");
    let hour = dollars(&screen, "/h now");
    assert!((hour * 730.0 - month).abs() < 0.1, "{hour} an hour is not {month} a month");
    hour
}

/// Log lines as they stand on the Logs screen.
fn log_lines(screen: &str) -> Vec<String> {
    let is_line = |l: &&str| l.contains(" litellm  ") || l.contains(" webui    ");
    screen.lines().filter(is_line).map(str::to_owned).collect()
}

fn reads_logs(tty: &Tty) {
    tty.send("4");
    see_all(tty, &["following", "/health/liveliness", "/ecs/bedrock-image-chat"]);
    tty.send("/liveliness\r");
    tty.see(", n N");
    let is_marked = tty.look(|screen| {
        (0..SIZE.1 - 2).any(|row| {
            let text = screen.contents_between(row, 0, row, SIZE.0);
            text.find("/liveliness HTTP").is_some_and(|_| {
                let at = |word: &str| text.chars().collect::<String>().split(word).next().unwrap().chars().count() as u16;
                let (found, other) = (screen.cell(row, at("liveliness")), screen.cell(row, at(" HTTP") + 1));
                found.zip(other).is_some_and(|(f, o)| {
                    (f.bgcolor(), f.inverse(), f.underline(), f.fgcolor()) != (o.bgcolor(), o.inverse(), o.underline(), o.fgcolor())
                })
            })
        })
    });
    assert!(is_marked, "a match is not marked:\n{}", tty.screen());
    // An upward move detaches, and what comes meanwhile is counted and moves nothing.
    tty.send("k");
    let held = log_lines(&tty.see(" new, F follows"));
    let screen = tty.wait("+30 new", |s| s.split_once(" new, F").is_some_and(|(l, _)| number_at_end(l) >= 30));
    // Only a line that came late may have taken a place between those that were there.
    let now = log_lines(&screen);
    let kept: Vec<String> = now.iter().filter(|l| held.contains(l)).cloned().collect();
    assert!(
        now.first() == held.first() && held.starts_with(&kept) && kept.len() + 3 > held.len(),
        "the scroll was stolen: {held:#?} became {now:#?}"
    );
    tty.send("F");
    let screen = tty.see("following");
    assert_ne!(log_lines(&screen), held);
    tty.send("&liveliness\r");
    let is_filtered = |s: &str| {
        let lines = log_lines(s);
        s.contains("matching liveliness") && lines.len() > 3 && lines.iter().all(|l| l.contains("liveliness"))
    };
    tty.wait("only lines that match", is_filtered);
    tty.send("\x1b");
    tty.wait("all lines again", |s| !s.contains("matching") && s.contains(" webui    "));
}

fn number_at_end(text: &str) -> u32 {
    let digits: String = text.chars().rev().take_while(char::is_ascii_digit).collect();
    digits.chars().rev().collect::<String>().parse().unwrap_or_default()
}

/// Pictures in the working folder, oldest first.
fn pictures(tty: &Tty) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(tty.home.path())
        .unwrap()
        .map(|f| f.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "png"))
        .collect();
    files.sort();
    files
}

fn draws(tty: &Tty) {
    tty.send("I");
    let screen = tty.see("[ Fire ]");
    says(
        &screen,
        &["(•) through Open WebUI", "straight to Bedrock", "$0.040 an image", "plain HTTP"],
    );
    // Out of the prompt, then the button that has the focus: Cancel.
    tty.send("\r\r");
    tty.see(NOTHING);
    assert_eq!(pictures(tty), Vec::<PathBuf>::new());
    let mut seen: Vec<DynamicImage> = Vec::new();
    for n in 1..=2 {
        tty.send("I");
        tty.see("[ Fire ]");
        tty.send("\ry");
        let screen = see_all(tty, &["drawn as", "half-blocks", "bic-image-", "✓ Image"]);
        says(&screen, &["✓ DNS", "✓ Load balancer", "✓ Open WebUI", "1024 × 1024"]);
        assert_eq!(pictures(tty).len(), n, "not saved beside the others");
        let file = pictures(tty).pop().unwrap();
        let picture = image::open(&file).unwrap();
        assert_eq!(picture.dimensions(), (1024, 1024));
        assert_is_on_screen(tty, &picture);
        seen.push(picture);
        tty.send("\x1b");
        tty.gone("drawn as");
    }
    assert_ne!(seen[0].to_rgb8(), seen[1].to_rgb8(), "two pictures, one content");
}

/// The half-blocks on the screen have the colours of the picture, quarter by quarter.
fn assert_is_on_screen(tty: &Tty, picture: &DynamicImage) {
    let mut halves: Vec<(u16, u16, [f64; 3])> = Vec::new();
    tty.look(|screen| {
        for (row, col) in (0..SIZE.1).flat_map(|r| (0..SIZE.0).map(move |c| (r, c))) {
            let Some(cell) = screen.cell(row, col) else { continue };
            let rgb = |color| match color {
                vt100::Color::Rgb(r, g, b) => Some([f64::from(r), f64::from(g), f64::from(b)]),
                _ => None,
            };
            let (fg, bg) = (rgb(cell.fgcolor()), rgb(cell.bgcolor()));
            let (top, bottom) = match cell.contents() {
                "▀" => (fg, bg),
                "▄" => (bg, fg),
                _ => continue,
            };
            halves.extend(top.map(|c| (row * 2, col, c)));
            halves.extend(bottom.map(|c| (row * 2 + 1, col, c)));
        }
    });
    assert!(halves.len() > 1_000, "no picture: {} halves\n{}", halves.len(), tty.screen());
    let span = |of: fn(&(u16, u16, [f64; 3])) -> u16| (halves.iter().map(of).min().unwrap(), halves.iter().map(of).max().unwrap());
    let ((top, bottom), (left, right)) = (span(|h| h.0), span(|h| h.1));
    // Cells of one colour are blanks, and are not counted: so each half is compared with its own place.
    let (high, wide) = (f64::from(bottom - top + 1), f64::from(right - left + 1));
    let rgb = picture.to_rgb8();
    let off: f64 = halves
        .iter()
        .map(|(y, x, color)| {
            let px = (f64::from(x - left) + 0.5) / wide * 1024.0;
            let py = (f64::from(y - top) + 0.5) / high * 1024.0;
            let want = rgb.get_pixel((px as u32).min(1023), (py as u32).min(1023)).0;
            color.iter().zip(want).map(|(c, w)| (c - f64::from(w)).abs()).sum::<f64>() / 3.0
        })
        .sum::<f64>()
        / halves.len() as f64;
    assert!(off < 25.0, "the cells are another picture: {off} off on average");
}

/// Gives what an hour costs with one task more.
fn scales(tty: &Tty, hour: f64) -> f64 {
    tty.send("1");
    tty.see("Stack events");
    tty.send("\ts");
    tty.see("Scale Open WebUI");
    tty.send("+");
    tty.see("Open WebUI stays at one task while its database is SQLite");
    // Neither yes nor the button works.
    tty.send("y\t\r");
    let screen = tty.see(NOTHING);
    assert!(!screen.contains("desired count"));
    tty.send("j+");
    says(&tty.see("[ Scale to 2 ]"), &["Scale LiteLLM", "drift", "▸[ Cancel ]"]);
    tty.send("y");
    tty.see("desired count 1 → 2");
    // One more task costs something, and the sum follows what runs.
    let is_scaled = |s: &str| line(s, "litellm  ").contains("2/2") && s.contains("all well") && dollars(s, "/h now") > hour + 0.01;
    dollars(&tty.wait("two tasks and their price", is_scaled), "/h now")
}

fn sleeps(tty: &Tty, hour: f64) {
    tty.send("Z");
    let screen = tty.see("any key stops it");
    says(&screen, &["Putting the stack to sleep", "saves about", "in 3 s"]);
    let (saved, kept) = (dollars(&screen, "/h; "), dollars(&screen, "/h goes on"));
    assert!((saved + kept - hour).abs() < 0.002, "{saved} + {kept} is not {hour}");
    tty.send("x");
    see_all(tty, &["stopped; nothing was sent", "2/2", "all well"]);
    tty.send("Z");
    tty.see("in 3 s");
    tty.see("in 1 s");
    see_all(tty, &["asleep: no task runs; Z wakes the stack|asleep: no task runs (3 alarms"]);
    let is_cheap = |s: &str| s.matches("0/0").count() == 2 && (dollars(s, "/h now") - kept).abs() < 0.001;
    tty.wait("what goes on without tasks", is_cheap);
}

fn wakes(tty: &Tty, hour: f64) {
    tty.send("Z");
    says(
        &tty.see("any key stops it"),
        &[
            "Waking the stack",
            "bedrock-image-chat-openwebui → 1",
            "bedrock-image-chat-litellm → 2",
        ],
    );
    let price = format!("${hour:.4}/h now");
    let is_awake = |s: &str| line(s, "litellm  ").contains("2/2") && ["all well", "healthy", "1/1", &price].iter().all(|t| s.contains(t));
    tty.wait("all that ran before", is_awake);
}

fn reveals(tty: &Tty) {
    tty.send("8");
    says(&tty.see("LiteLLM API key"), &["ALBEndpoint", "sqlite", "•••••••"]);
    tty.send("x");
    let screen = tty.see("40 characters");
    let value = screen.split("40 characters").nth(1).unwrap().lines().nth(1).unwrap();
    let value = value.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned();
    assert_eq!(value.len(), 40, "{screen}");
    tty.send("x");
    let screen = tty.gone(&value);
    assert!(!screen.contains(&value[..8]));
}

fn destroys(tty: &Tty) {
    tty.send(":");
    tty.see("All actions");
    tty.send("destroy\r");
    // The size comes after the question.
    let screen = tty.see("lost: FileSystem (AWS::EFS::FileSystem), ");
    says(
        &screen,
        &[
            "Destroy stack bedrock-image-chat",
            "Type bedrock-image-chat to go on",
            "lost: OpenWebUIAdminSecret",
            "stays: recovery point",
        ],
    );
    // Neither yes nor a wrong name opens the button.
    tty.send("y\r\t\t\r");
    tty.see("▸ y▏");
    tty.send("\x15bedrock-image-chat\r");
    tty.see("▸[ Destroy ]");
    tty.send("\r");
    let screen = tty.see("DELETE_IN_PROGRESS");
    says(&screen, &["deletion has begun"]);
    let screen = see_all(
        tty,
        &[
            "was deleted |is deleted in us-west-2",
            "Press D to deploy",
            "DELETE_COMPLETE|no stack",
        ],
    );
    assert!(!screen.contains("events:"), "what is gone is no trouble:\n{screen}");
}

#[test]
fn a_model_that_is_gone_is_said_and_stops_the_plan() {
    let tty = Tty::start(&["--demo"], SIZE);
    tty.see("Press D to deploy");
    tty.send("D");
    see_all(&tty, &["New stack", "16 ok", "image model, chat model"]);
    tty.send(&"\x1b[B".repeat(3));
    tty.see("ImageModelId  default");
    tty.send(&"\x7f".repeat(40));
    tty.send("amazon.nova-canvas-v1:0\x1b[B");
    see_all(&tty, &["✗ image model", "2026-09-30: Bedrock lists"]);
    tty.send("\x1b[F\r");
    see_all(&tty, &["✗ image model: nova-canvas →"]);
    let tty = Tty::start(&["--demo=model-gone"], SIZE);
    tty.see("the model is no longer offered");
    tty.send("8");
    see_all(
        &tty,
        &[
            "Models",
            "nova-canvas → stability.stable-image-core-v1:1 ended on",
            "ImageModelId=stability.stable-image-ultra",
        ],
    );
}

#[test]
fn read_only_says_why_and_sends_nothing() {
    let tty = Tty::start(&["--demo=running", "--read-only"], SIZE);
    see_all(&tty, &["all well", "/h now", "READ-ONLY"]);
    // The mouse's notice stands between two refusals, so that each of them is seen.
    let refused = |what: &str| {
        let why = if what == "I" {
            "a test image spends money; start without read-only"
        } else {
            "read-only: this session does not write"
        };
        let screen = tty.see(why);
        assert!(
            !screen.contains("[ Cancel ]") && !screen.contains("any key stops it"),
            "{what}:\n{screen}"
        );
        tty.send("M");
        tty.see("mouse o");
    };
    for key in ["s", "+", "-", "r", "Z", "I", "3X", "D"] {
        tty.send(key);
        refused(key);
    }
    tty.send("1:");
    tty.see("All actions");
    tty.send("destroy\r");
    refused("destroy");
    let screen = tty.see("all well");
    assert_eq!(screen.matches("1/1").count(), 2, "{screen}");
}

/// A scene; what is waited for and pressed then, in turn; what stands on the screen at last.
type Trouble = (&'static str, &'static [&'static str], &'static [&'static str]);

const TROUBLES: [Trouble; 6] = [
    (
        "tasks-not-starting",
        &[],
        &["✗ openwebui 0/1 running: the private network does not reach ECR, where its images are: "],
    ),
    // ECS stops what does not answer, and starts another: both is the cause.
    (
        "unreachable",
        &[],
        &[
            "✗ openwebui ",
            "it ran, but did not answer the load balancer|the load balancer got no good answer",
        ],
    ),
    (
        "expired",
        &[],
        &[
            "✗ the AWS credentials have expired",
            "aws sso login --profile expired",
            "bic-tui --demo",
        ],
    ),
    (
        "asleep",
        &[],
        &["asleep: no task runs; Z wakes the stack|asleep: no task runs (3 alarms", "0/0"],
    ),
    // The log tells of it first; whoever wants a picture is told the layer and its reason.
    (
        "image-fails",
        &[
            "this account has no access to the model; 4 # shows",
            "I",
            "straight to Bedrock",
            "\x1b[B\x1b[B\x1b[B",
            "straight to Bedrock",
            "\ry",
        ],
        &["✗ Image", "It fails at Bedrock", "this account has no access to the model"],
    ),
    (
        "image-fails",
        &["; 4 # shows", "I", "[ Fire ]", "\ry"],
        &[
            "✗ Image",
            "at LiteLLM or Bedrock: its log says so",
            "Log: ",
            "So: this account has no access to the model",
        ],
    ),
];

#[test]
fn each_trouble_is_said_in_words() {
    for (scene, steps, words) in TROUBLES {
        // Whether somebody wants a picture within a quarter of an hour is a matter of chance; within two hours it is not.
        let speed = if scene == "image-fails" { "240" } else { "30" };
        let tty = Tty::start(&[&format!("--demo={scene}"), "--speed", speed], SIZE);
        for step in steps.chunks(2) {
            tty.see(step[0]);
            tty.send(step[1]);
        }
        see_all(&tty, words);
    }
}

#[test]
fn parameters_go_from_a_file_into_the_form_and_into_a_new_file() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("config.toml");
    std::fs::write(&config, format!("save_dir = {:?}\n", dir.path().display().to_string())).unwrap();
    let file = dir.path().join("parameters.json");
    let given = r#"[{"ParameterKey":"LogRetentionDays","ParameterValue":"60"},{"ParameterKey":"LogRetentionDay","ParameterValue":"7"}]"#;
    std::fs::write(&file, given).unwrap();
    let tty = Tty::start(&["--demo", "--config", &config.display().to_string()], SIZE);
    tty.see("Press D to deploy");
    tty.send("D");
    tty.see("^O load");
    tty.send("\x0f");
    tty.see("load parameters from:");
    tty.send("\r");
    says(
        &tty.see("1 not taken"),
        &["1 value taken from", "did you mean \"LogRetentionDays\"?", "1 changed of 22"],
    );
    tty.send("\x1b");
    tty.gone("1 not taken");
    tty.send("\x13");
    tty.see("was there already, and stays");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), given);
    let saved = std::fs::read_to_string(dir.path().join("parameters-2.json")).unwrap();
    assert!(saved.contains("60"), "{saved}");
}
