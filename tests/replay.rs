//! A recorded operation, played again: the same end on the same screen at any speed, and the same verdict.
#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod desk;

use bic_tui::{
    core::{fact::Millis, screen::ScreenId},
    record::{Recording, Recordings, Told},
    sim::Scene,
};
use desk::Desk;
use regex::Regex;

/// What is done in a scene, and how it ends.
struct Story {
    scene: &'static str,
    changed: &'static [(&'static str, &'static str)],
    ends: &'static str,
}

const STORIES: [Story; 6] = [
    Story {
        scene: "new",
        changed: &[],
        ends: "CREATE_COMPLETE",
    },
    Story {
        scene: "deploy-fails",
        changed: &[],
        ends: "ROLLBACK_COMPLETE",
    },
    Story {
        scene: "program-ends",
        changed: &[],
        ends: "ROLLBACK_COMPLETE",
    },
    Story {
        scene: "quota-exceeded",
        changed: &[],
        ends: "ROLLBACK_COMPLETE",
    },
    Story {
        scene: "running",
        changed: &[("LiteLLMVersion", "v1.107.0")],
        ends: "UPDATE_COMPLETE",
    },
    Story {
        scene: "tasks-not-starting",
        changed: &[("LiteLLMVersion", "v1.107.0")],
        ends: "UPDATE_ROLLBACK_FAILED",
    },
];

/// The Deploy screen without what is the session's own: header, footer, the strip
/// that knows the log too, and the ages of answers.
fn deploy_screen(desk: &mut Desk) -> String {
    desk.model.screen = ScreenId::Deploy;
    let screen = desk.screen();
    let rows: Vec<&str> = screen.lines().collect();
    let own = rows[3..rows.len() - 1].join("\n");
    // Only a live console knows the number of its account.
    let own = own.replace("111122223333", "000000000000");
    Regex::new(r" \w+ old|[─━]+").expect("a pattern").replace_all(&own, "").into_owned()
}

fn record(story: &Story, seed: u64) -> (Desk, Recording) {
    let dir = tempfile::tempdir().expect("a folder");
    let to = Recordings::new(dir.path().join("recordings"));
    let scene = Scene::named(story.scene).expect("a scene").with_seed(seed);
    let mut desk = Desk::recorded(&scene, &to);
    desk.deploy(story.changed);
    desk.until(story.ends);
    desk.wait(60);
    to.flush();
    let all = to.list();
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].status.as_ref().expect("a status").0, story.ends);
    let text = std::fs::read_to_string(to.folder().join(&all[0].file)).expect("a recording");
    assert!(!text.contains("111122223333"), "the account's number is in it");
    (desk, Recording::parse(&text).expect("a recording"))
}

fn play(recording: &Recording, speed: u32) -> Desk {
    let mut desk = Desk::playing(recording.clone(), speed);
    let (begin, end) = recording.span();
    for _ in 0..=(end - begin) / Millis::from(speed) / 1_000 + 2 {
        desk.wait(1);
    }
    desk
}

#[test]
fn an_operation_played_again_ends_as_it_ended_at_any_speed() {
    for (i, story) in STORIES.iter().enumerate() {
        let (mut desk, recording) = record(story, 7 + i as u64);
        let want = deploy_screen(&mut desk);
        for speed in [1, 37, 10_000] {
            let mut replay = play(&recording, speed);
            assert_eq!(replay.model.stack().expect("a stack").status.0, story.ends);
            let shown = deploy_screen(&mut replay);
            assert_eq!(shown, want, "{} at ×{speed}", story.scene);
        }
    }
}

#[test]
fn a_replay_is_paused_and_moved_and_stays_at_its_end() {
    let (_, recording) = record(&STORIES[1], 3);
    let (begin, end) = recording.span();
    let mut desk = Desk::playing(recording, 10);
    desk.model.screen = ScreenId::Deploy;
    desk.wait(20);
    let screen = desk.screen();
    assert!(screen.contains("REPLAY ×10") && screen.contains("CREATE_IN_PROGRESS"), "{screen}");
    desk.press("p");
    let at = desk.model.now.wall;
    desk.wait(30);
    let held = desk.screen();
    assert!(held.contains("REPLAY paused") && held.contains("p pause"), "{held}");
    assert_eq!(desk.model.now.wall, at, "its time stands still");
    // To the end and back, by the keys; the end of time is clamped, what lies outside is refused.
    desk.press("@1999-01-01 enter");
    assert!(desk.screen().contains("the recording runs from"), "{}", desk.screen());
    desk.press("esc p");
    desk.press("@2999-01-01 enter esc");
    for _ in 0..(end - begin) / 10_000 {
        desk.wait(u32::from(desk.model.now.wall < end));
    }
    let over = desk.screen();
    assert!(over.contains("REPLAY ended") && over.contains("ROLLBACK_COMPLETE"), "{over}");
    desk.press("p");
    assert!(desk.screen().contains("the recording ends here"), "{}", desk.screen());
    assert!(over.contains("CannotPullContainerError"), "the card is whole: {over}");
    desk.wait(120);
    assert_eq!((desk.model.now.wall, desk.has_quit), (end, false));
    desk.press("@-10m enter");
    desk.wait(2);
    let before = desk.screen();
    assert!(before.contains("CREATE_IN_PROGRESS") && !before.contains("Cause"), "{before}");
    assert!(before.contains("REPLAY ×10"), "it goes on from there: {before}");
    // What it did know of the account does not make it write.
    desk.press("D");
    assert!(desk.written.is_empty());
}

#[test]
fn what_a_recording_does_not_hold_is_said_plainly() {
    let (_, mut recording) = record(&STORIES[0], 5);
    recording
        .lines
        .retain(|line| !matches!(line.fact, Told::Targets(_) | Told::LastLines(..)));
    let mut desk = play(&recording, 1_000);
    for (keys, want) in [
        ("1", "Up to here the recording holds nothing of this."),
        ("1", "no trouble in what the recording holds up to here"),
        ("1", "A recording holds no log lines but the last ones of"),
        ("4", "A recording holds no log lines but the last ones of a task that stopped."),
        ("8", "a recording knows nothing of this"),
    ] {
        desk.press(keys);
        let screen = desk.screen();
        assert!(screen.contains(want), "{want}: {screen}");
        assert!(!screen.to_lowercase().contains("asking"), "nobody is asked: {screen}");
    }
}

#[test]
fn what_is_live_is_not_steered() {
    let mut desk = Desk::at("running");
    desk.press("2p");
    assert!(desk.screen().contains("p pauses a replay"), "{}", desk.screen());
    desk.press("@");
    assert!(desk.model.dialog.is_none());
    desk.wait(30);
    assert!(!desk.screen().contains("p pause"), "{}", desk.screen());
}

#[test]
fn only_operations_are_recorded_anyones_and_each_by_itself() {
    let dir = tempfile::tempdir().expect("a folder");
    let to = Recordings::new(dir.path().to_owned());
    let mut desk = Desk::recorded(&Scene::named("two-operators").expect("a scene"), &to);
    desk.wait(120);
    to.flush();
    assert_eq!(to.list(), [], "nothing runs");
    desk.until("UPDATE_IN_PROGRESS");
    desk.until("UPDATE_COMPLETE");
    desk.deploy(&[("FargateSpot", "true")]);
    desk.until("UPDATE_COMPLETE");
    desk.wait(60);
    desk.press(":destroy");
    desk.press("enter");
    desk.press("bedrock-image-chat enter enter");
    desk.see(&["Press D to deploy"]);
    desk.wait(60);
    to.flush();
    let all = to.list();
    let told: Vec<String> = all
        .iter()
        .map(|it| format!("{} {}", it.operation, it.status.as_ref().expect("a status").0))
        .collect();
    assert_eq!(told, ["delete DELETE_COMPLETE", "update UPDATE_COMPLETE", "update UPDATE_COMPLETE"]);
    assert!(all.iter().all(|it| it.took.is_some()), "{all:?}");
    assert!(!to.timings().is_empty(), "and their times are known to the next one");
    // A recording says nothing after its operation, and little before it.
    for it in &all {
        let text = std::fs::read_to_string(dir.path().join(&it.file)).expect("a recording");
        let recording = Recording::parse(&text).expect("a recording");
        let (begin, end) = recording.span();
        let took = it.took.expect("an end");
        assert!(begin >= it.begun && end <= it.begun + took + 120_000, "{it:?}");
    }
}
