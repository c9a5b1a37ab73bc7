//! A recorded operation, played again: the same end on the same screen at any speed, and the same verdict.
#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod desk;

use std::sync::Arc;

use bic_tui::{
    cloud::{Change, Cloud, Done, PlanRequest, Query, Token},
    core::{
        fact::{Fact, Millis},
        fault::Fault,
        progress::newest_operation,
        screen::ScreenId,
        secret::{SecretRef, SecretText},
        text::SafeText,
    },
    record::{Recorder, Recording, Recordings, Told},
    sim::{Scene, Sim, StepClock},
};
use desk::{Desk, STACK, START};
use futures::{FutureExt, future::BoxFuture};
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
    let footer = screen.lines().last().expect("a footer");
    let writes = ["Z sleep/wake", "I image", "D deploy", "R ways out"];
    assert!(
        footer.contains("p pause") && writes.iter().all(|key| !footer.contains(key)),
        "{footer}"
    );
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

/// An account whose operations end faster than anybody looks.
struct Fast {
    sim: Arc<Sim>,
    clock: Arc<StepClock>,
}

impl Fast {
    fn at(scene: &str) -> Self {
        let clock = Arc::new(StepClock::new(START));
        let scene = Scene::named(scene).expect("a scene");
        let sim = Arc::new(Sim::new(&scene, 1, clock.clone()).without_latency());
        Self { sim, clock }
    }

    fn recorder(&self, to: &Recordings) -> Recorder {
        Recorder::new(Arc::clone(&self.sim) as Arc<dyn Cloud>, to.clone())
    }

    /// An update, through `cloud`, and an hour in which it ends.
    fn update(&self, cloud: &dyn Cloud, token: &str, days: &str) {
        self.begin(cloud, token, days);
        self.clock.step(3_600_000);
    }

    /// An update, through `cloud`.
    fn begin(&self, cloud: &dyn Cloud, token: &str, days: &str) {
        let change = |change, token: &str| {
            let answer = cloud.change(change, Token(token.into())).now_or_never();
            answer.expect("it answers at once").expect("it is taken")
        };
        let request = PlanRequest {
            stack: self.id(),
            is_create: false,
            parameters: vec![("LogRetentionDays".into(), Some(days.into()))],
            tags: None,
            overridden: Vec::new(),
        };
        let Done::ChangeSet { id, stack_id } = change(Change::CreateChangeSet(request), &format!("{token}-plan")) else {
            panic!("no change set")
        };
        self.clock.step(60_000);
        let (stack, change_set) = (stack_id, id);
        change(Change::ExecuteChangeSet { stack, change_set }, token);
    }

    fn id(&self) -> SafeText {
        match told(&*self.sim, Query::Stack { stack: STACK.into() }) {
            Fact::Stack(Some(stack)) => stack.id,
            other => panic!("{other:?}"),
        }
    }

    /// What everybody who follows a stack asks.
    fn look(&self, cloud: &dyn Cloud) {
        let (stack, known) = (self.id(), None);
        told(cloud, Query::Stack { stack: stack.clone() });
        told(cloud, Query::StackEvents { stack, known });
    }
}

fn told(cloud: &dyn Cloud, query: Query) -> Fact {
    cloud.ask(query).now_or_never().expect("it answers at once").expect("an answer")
}

/// What is recorded: operation, status, and how many events there are between its beginning and its end.
fn recorded(to: &Recordings) -> Vec<String> {
    to.flush();
    let one = |it: &bic_tui::record::Listed| {
        let text = std::fs::read_to_string(to.folder().join(&it.file)).expect("a recording");
        let recording = Recording::parse(&text).expect("a recording");
        assert!(it.took.is_some(), "its end is in it: {it:?}");
        assert!(!recording.progress().expect("its events").rows.is_empty(), "and what was worked on");
        format!("{} {}", it.operation, it.status.as_ref().expect("a status").0)
    };
    to.list().iter().map(one).collect()
}

#[test]
fn an_operation_that_ends_between_two_looks_is_recorded() {
    let dir = tempfile::tempdir().expect("a folder");
    let to = Recordings::new(dir.path().to_owned());
    let account = Fast::at("running");
    let recorder = account.recorder(&to);
    account.look(&recorder);
    assert_eq!(recorded(&to), [""; 0], "what had ended before");
    account.update(&*account.sim, "somebody", "7");
    account.look(&recorder);
    assert_eq!(recorded(&to), ["update UPDATE_COMPLETE"], "anyone's");
    account.look(&recorder);
    told(&recorder, Query::StackHistory { stack: account.id() });
    account.look(&recorder);
    assert_eq!(recorded(&to).len(), 1, "once, and nothing that is older");
    account.update(&recorder, "we", "14");
    account.look(&recorder);
    assert_eq!(recorded(&to).len(), 2);
}

#[test]
fn what_was_begun_here_is_recorded_though_nobody_had_looked_before() {
    let dir = tempfile::tempdir().expect("a folder");
    let to = Recordings::new(dir.path().to_owned());
    let account = Fast::at("running");
    account.update(&*account.sim, "somebody", "7");
    let recorder = account.recorder(&to);
    account.look(&recorder);
    assert_eq!(recorded(&to), [""; 0]);
    let recorder = account.recorder(&to);
    account.update(&recorder, "we", "14");
    account.look(&recorder);
    assert_eq!(recorded(&to), ["update UPDATE_COMPLETE"]);
}

#[test]
fn a_deletion_that_ends_between_two_looks_is_recorded() {
    let dir = tempfile::tempdir().expect("a folder");
    let to = Recordings::new(dir.path().to_owned());
    let account = Fast::at("running");
    let (recorder, stack) = (account.recorder(&to), account.id());
    account.look(&recorder);
    let deletion = Change::DeleteStack { stack: stack.clone() };
    let sent = recorder.change(deletion, Token("we".into())).now_or_never();
    sent.expect("it answers at once").expect("it is taken");
    account.clock.step(7_200_000);
    let known = None;
    told(
        &recorder,
        Query::StackEvents {
            stack: stack.clone(),
            known,
        },
    );
    assert_eq!(recorded(&to), [""; 0], "its end is not told yet");
    told(&recorder, Query::Stack { stack });
    assert_eq!(recorded(&to), ["delete DELETE_COMPLETE"]);
}

/// Somebody watches the beginning of an update and leaves; it ends.
fn left(account: &Fast, to: &Recordings) {
    let recorder = account.recorder(to);
    account.look(&recorder);
    account.begin(&recorder, "we", "7");
    account.clock.step(5_000);
    account.look(&recorder);
    to.flush();
    assert_eq!(to.list()[0].took, None, "its end is not seen");
    account.clock.step(3_600_000);
}

/// The one recording, its text, and the events in it.
fn only(to: &Recordings) -> (Recording, String) {
    let all = to.list();
    assert_eq!(all.len(), 1, "{all:?}");
    let text = std::fs::read_to_string(to.folder().join(&all[0].file)).expect("a recording");
    (Recording::parse(&text).expect("a recording"), text)
}

#[test]
fn an_operation_whose_watcher_left_is_caught_up_by_the_next_one_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let to = Recordings::new(dir.path().to_owned());
    let account = Fast::at("running");
    left(&account, &to);
    let Fact::StackEvents(known) = told(&*account.sim, Query::StackHistory { stack: account.id() }) else {
        panic!("no events")
    };
    // Who only looks, by another command, does it too.
    let recorder = Recorder::late(Arc::clone(&account.sim) as Arc<dyn Cloud>, to.clone());
    account.look(&recorder);
    assert_eq!(recorded(&to), ["update UPDATE_COMPLETE"]);
    let (recording, text) = only(&to);
    let events = recording.events(Millis::MAX);
    assert_eq!(events.len(), known.events.iter().filter(|e| e.at >= recording.head.begun).count());
    assert!(recording.head.caught_up.is_some() && to.list()[0].caught_up.is_some());
    assert_eq!(recording.span().1, events[0].at, "it is told at its own time, not a day later");
    for _ in 0..2 {
        account.look(&account.recorder(&to));
        to.flush();
        assert_eq!(only(&to).1, text, "never twice");
    }
}

/// AWS's first page of events.
struct FirstPage(Arc<Sim>);

impl Cloud for FirstPage {
    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>> {
        let is_first = matches!(query, Query::StackEvents { known: None, .. });
        let cut = move |answer| match answer {
            Ok(Fact::StackEvents(mut told)) if is_first => {
                let own = newest_operation(&told.events).len();
                told.events.truncate(own);
                told.is_complete = false;
                Ok(Fact::StackEvents(told))
            }
            other => other,
        };
        self.0.ask(query).map(cut).boxed()
    }

    fn change(&self, change: Change, token: Token) -> BoxFuture<'_, Result<Done, Fault>> {
        self.0.change(change, token)
    }

    fn reveal(&self, secret: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>> {
        self.0.reveal(secret)
    }

    bic_tui::cloud::pass_on!(0);
}

#[test]
fn it_is_caught_up_too_when_another_one_has_run_since() {
    let dir = tempfile::tempdir().expect("a folder");
    let to = Recordings::new(dir.path().to_owned());
    let account = Fast::at("running");
    left(&account, &to);
    account.update(&*account.sim, "somebody", "14");
    let recorder = Recorder::new(Arc::new(FirstPage(Arc::clone(&account.sim))), to.clone());
    account.look(&recorder);
    to.flush();
    assert_eq!(to.list()[0].took, None, "the first page does not reach back to it");
    let (stack, newest) = (account.id(), |fact| match fact {
        Fact::StackEvents(told) => told.events,
        other => panic!("{other:?}"),
    });
    let known = newest(told(
        &recorder,
        Query::StackEvents {
            stack: stack.clone(),
            known: None,
        },
    ))[0]
        .id
        .clone();
    let asked = Query::StackEvents { stack, known: Some(known) };
    assert!(newest(told(&recorder, asked)).is_empty(), "who asks is told what is new");
    assert_eq!(recorded(&to), ["update UPDATE_COMPLETE"], "and that other one nobody watched");
    let (recording, _) = only(&to);
    assert_eq!(recording.progress().and_then(|p| p.ended), Some(recording.span().1));
    assert!(recording.span().1 < account.sim.now() - 3_000_000);
}
