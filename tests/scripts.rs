//! Key scripts over the pure core: what a key does, what it never does.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may stop on what can not be")]

#[path = "scripts/form.rs"]
mod form;
#[path = "scripts/insights.rs"]
mod insights;
#[path = "scripts/live.rs"]
mod live;
#[path = "scripts/logs.rs"]
mod logs;
#[path = "scripts/older.rs"]
mod older;
#[path = "scripts/typing.rs"]
mod typing;
mod world;

use bic_tui::{
    cloud::{Change, Done, Query},
    core::{
        available::has_object,
        dialog::{Dialog, Focus},
        effect::Effect,
        fact::Fact,
        fault::{Fault, FaultKind},
        guard::Guard,
        key::{Code, Key},
        keymap::Intent,
        model::{Feeds, Model},
        msg::{Msg, Now},
        place::{Arrival, Place},
        screen::{ScreenId, deploy::Stage},
        settings::Settings,
        update::update,
    },
};
use proptest::prelude::*;
use world::{fresh, loaded};

/// Presses keys as a person does: each is answered by a frame before the next.
fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for word in keys.split(' ') {
        let key: Key = word.parse().expect("a key");
        effects.extend(update(model, Msg::Key(key)));
        update(model, Msg::Drawn);
    }
    effects
}

fn type_text(model: &mut Model, text: &str) -> Vec<Effect> {
    text.chars()
        .flat_map(|c| {
            let effects = update(model, Msg::Key(Key::char(c)));
            update(model, Msg::Drawn);
            effects
        })
        .collect()
}

fn wait(model: &mut Model, millis: u64) -> Vec<Effect> {
    let now = Now {
        mono: model.now.mono + millis,
        wall: model.now.wall + millis as i64,
    };
    let effects = update(model, Msg::Tick(now));
    update(model, Msg::Drawn);
    effects
}

fn sent(effects: &[Effect]) -> Vec<Change> {
    effects
        .iter()
        .filter_map(|e| {
            if let Effect::Change(approved) = e {
                Some(approved.changes().to_vec())
            } else {
                None
            }
        })
        .flatten()
        .collect()
}

#[test]
fn what_was_said_of_one_screen_is_not_said_of_the_next_and_a_failure_is() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    press(&mut model, "3 e");
    assert!(model.notice.is_some(), "nothing is wrong there, and `e` says so");
    press(&mut model, "6");
    assert!(model.notice.is_none(), "the keys of the screen stand there again");
    let fault = Fault::new(FaultKind::Throttled, "FilterLogEvents", "the export", "");
    update(&mut model, Msg::Saved(Err(fault)));
    press(&mut model, "2");
    assert!(model.notice.is_some(), "a failure is read where one went meanwhile");
}

#[test]
fn digits_and_brackets_walk_the_screens() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    for (keys, want) in [
        ("3", ScreenId::Services),
        ("]", ScreenId::Logs),
        ("[ [", ScreenId::Deploy),
        ("8", ScreenId::Access),
        ("q", ScreenId::Overview),
    ] {
        press(&mut model, keys);
        assert_eq!(model.screen, want, "{keys}");
    }
}

#[test]
fn q_leaves_on_the_second_press_only() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    assert!(!press(&mut model, "q").contains(&Effect::Quit));
    wait(&mut model, 5_000);
    assert!(!press(&mut model, "q").contains(&Effect::Quit), "the first press was forgotten");
    assert!(press(&mut model, "q").contains(&Effect::Quit));
}

#[test]
fn the_focus_of_a_confirmation_starts_on_cancel() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    assert!(sent(&press(&mut model, "r enter")).is_empty());
    assert!(model.dialog.is_none());
    let changes = sent(&press(&mut model, "r tab enter"));
    assert!(matches!(&changes[..], [Change::Restart { service, .. }] if *service == "bedrock-image-chat-openwebui"));
    assert_eq!(sent(&press(&mut model, "r y")).len(), 1);
}

#[test]
fn a_key_pressed_before_the_dialog_was_drawn_does_not_count() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    let mut effects = update(&mut model, Msg::Key(Key::char('r')));
    effects.extend(update(&mut model, Msg::Key(Key::char('y'))));
    assert!(sent(&effects).is_empty() && model.dialog.is_some());
}

#[test]
fn where_nothing_can_be_seen_nothing_is_written() {
    let tiny = bic_tui::core::msg::Size { width: 30, height: 8 };
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    update(&mut model, Msg::Resize(tiny));
    assert!(sent(&press(&mut model, "r y")).is_empty() && model.dialog.is_none());
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    press(&mut model, "Z");
    update(&mut model, Msg::Resize(tiny));
    assert!(sent(&wait(&mut model, 3_000)).is_empty() && model.dialog.is_none());
}

#[test]
fn pasted_text_never_acts() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    press(&mut model, "r");
    assert!(sent(&update(&mut model, Msg::Paste("y\n".into()))).is_empty() && model.dialog.is_some());
}

#[test]
fn scaling_open_webui_on_sqlite_is_refused_with_the_reason() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    assert!(sent(&press(&mut model, "+ y")).is_empty());
    let Some(Dialog::Scale(scale)) = model.dialog.clone() else {
        panic!("the dialog stays open")
    };
    assert!(bic_tui::core::update::scale_refusal(&model, &scale).unwrap().contains("SQLite"));
    press(&mut model, "esc tab j");
    let changes = sent(&press(&mut model, "+ y"));
    assert!(
        matches!(&changes[..], [Change::Scale { from: 1, to: 2, .. }]),
        "LiteLLM may have two: {changes:?}"
    );
}

#[test]
fn sleep_counts_down_three_seconds_and_any_key_stops_it() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    press(&mut model, "Z");
    assert!(sent(&wait(&mut model, 2_900)).is_empty());
    press(&mut model, "x");
    assert!(sent(&wait(&mut model, 5_000)).is_empty());
    press(&mut model, "Z");
    let effects = wait(&mut model, 3_000);
    let changes = sent(&effects);
    assert!(matches!(changes[1], Change::Scale { from: 1, to: 0, .. }));
    let stack = model.stack().map(|stack| &stack.id);
    let is_bound = |effect: &Effect| matches!(effect, Effect::Change(approved) if approved.at_rest() == stack);
    assert!(effects.iter().any(is_bound), "none is sent once CloudFormation is at work");
    assert!(
        matches!(changes[0], Change::TagService { value: Some(_), .. }),
        "the count is saved before it is changed"
    );
    assert_eq!(changes.len(), 4);
}

#[test]
fn sleep_on_a_production_profile_asks_like_any_write() {
    let mut model = loaded(
        Settings {
            production: true,
            ..Settings::default()
        },
        "CREATE_COMPLETE",
    );
    press(&mut model, "Z");
    assert!(model.dialog.is_none(), "not armed yet");
    press(&mut model, "A");
    type_text(&mut model, "ops");
    press(&mut model, "enter Z");
    assert!(sent(&wait(&mut model, 10_000)).is_empty());
    assert_eq!(sent(&press(&mut model, "y")).len(), 4);
}

/// The stack is told to be in another status by now.
fn becomes(model: &mut Model, status: &str) {
    let now = model.now;
    model.feeds.stack.set(Some(world::stack(status)), now);
}

#[test]
fn no_count_is_changed_while_cloudformation_is_at_work() {
    let said = |model: &Model| model.notice.as_ref().map(|it| it.text.to_string()).unwrap_or_default();
    for (status, is_refused) in [
        ("CREATE_IN_PROGRESS", true),
        ("UPDATE_IN_PROGRESS", true),
        ("UPDATE_ROLLBACK_IN_PROGRESS", true),
        ("DELETE_IN_PROGRESS", true),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", false),
        ("UPDATE_ROLLBACK_FAILED", false),
    ] {
        for key in ["Z", "+"] {
            let mut model = loaded(Settings::default(), status);
            press(&mut model, "tab j");
            press(&mut model, key);
            assert_eq!(model.dialog.is_none(), is_refused, "{status} {key}");
            let text = said(&model);
            let is_said = text.contains("at work on the stack") && text.contains("press R for the ways out");
            assert_eq!(is_said, is_refused, "{status} {key}: {text}");
            let intent = if key == "Z" { Intent::Sleep } else { Intent::Scale };
            assert_ne!(has_object(&model, intent), is_refused, "the footer of {status} offers {key}");
        }
    }
}

#[test]
fn what_was_asked_before_cloudformation_began_is_not_sent_afterwards() {
    let production = Settings {
        production: true,
        ..Settings::default()
    };
    for (settings, open, yes) in [
        (Settings::default(), "Z", None),
        (Settings::default(), "tab j +", Some("y")),
        (production, "Z", Some("y")),
    ] {
        let mut model = loaded(settings, "CREATE_COMPLETE");
        model.guard.armed_until = Some(u64::MAX);
        press(&mut model, open);
        assert!(model.dialog.is_some());
        becomes(&mut model, "UPDATE_IN_PROGRESS");
        let mut effects = yes.map_or_else(Vec::new, |key| press(&mut model, key));
        effects.extend(wait(&mut model, 3_000));
        assert!(sent(&effects).is_empty() && model.dialog.is_none(), "{open}");
        let said = model.notice.as_ref().expect("a notice").text.to_string();
        assert!(said.starts_with("nothing was sent: CloudFormation is at work"), "{said}");
    }
}

#[test]
fn a_restart_while_cloudformation_is_at_work_says_what_it_comes_to() {
    let mut model = loaded(Settings::default(), "UPDATE_IN_PROGRESS");
    press(&mut model, "r");
    let Some(Dialog::Confirm(confirm)) = &model.dialog else {
        panic!("the question is open")
    };
    assert!(
        confirm.lines.iter().any(|line| line.contains("it waits for the new tasks")),
        "{confirm:?}"
    );
}

#[test]
fn destroy_has_no_key_and_wants_the_name() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    press(&mut model, ":");
    type_text(&mut model, "destroy");
    press(&mut model, "enter");
    assert!(matches!(model.dialog, Some(Dialog::Confirm(_))));
    assert!(sent(&press(&mut model, "enter tab tab enter")).is_empty(), "not without the name");
    update(&mut model, Msg::Paste("bedrock-image-chat".into()));
    assert!(sent(&press(&mut model, "enter enter")).is_empty(), "pasted is not typed");
    assert!(matches!(&model.dialog, Some(Dialog::Confirm(c)) if c.was_pasted && c.focus == Focus::Field));
    type_text(&mut model, "bedrock-image-chat");
    let changes = sent(&press(&mut model, "enter enter"));
    assert!(matches!(&changes[..], [Change::DeleteStack { .. }]), "{changes:?}");
    press(&mut model, ":");
    type_text(&mut model, "destroy");
    press(&mut model, "enter");
    type_text(&mut model, "bedrock-image-chat");
    assert!(
        sent(&press(&mut model, "tab enter")).is_empty() && model.dialog.is_none(),
        "Cancel has the focus"
    );
}

#[test]
fn what_the_door_says_to_do_leads_to_the_stack_and_a_key_is_the_one_that_is_set() {
    let mut settings = Settings::default();
    settings.keys.push(("ways-out".into(), vec!["W".into()]));
    let mut model = loaded(settings, "UPDATE_IN_PROGRESS");
    press(&mut model, ":");
    type_text(&mut model, "destroy");
    press(&mut model, "enter");
    let said = |model: &Model| model.notice.as_ref().map_or("", |n| &n.text).to_owned();
    assert!(said(&model).contains("cancel the update (W)"), "{}", said(&model));
    let why = "wait, or cancel the update (`bic-tui unstick cancel-update`)";
    let change = Change::DeleteStack { stack: "arn:stack".into() };
    let refused = Err(Fault::new(FaultKind::Guarded, "", "", why));
    update(&mut model, Msg::Changed(1, change, refused));
    let want = "`bic-tui unstick cancel-update --profile ops --region us-west-2 --stack bedrock-image-chat`";
    assert!(said(&model).contains(want), "{}", said(&model));
}

#[test]
fn the_form_makes_a_plan_and_leaving_it_drops_the_plan() {
    let mut model = fresh(Settings::default());
    let now = model.now;
    model.feeds.stack.set(None, now);
    press(&mut model, "D");
    let Stage::Form(form) = &model.deploy else {
        panic!("the form is open")
    };
    let n = form.fields.len();
    assert!(n >= 7);
    press(&mut model, "end");
    let changes = sent(&press(&mut model, "enter"));
    let [Change::CreateChangeSet(request)] = &changes[..] else {
        panic!("one plan")
    };
    assert!(request.is_create && request.parameters.len() == n && request.tags.as_ref().is_some_and(|tags| tags.len() == 3));
    let done = Ok(Done::ChangeSet {
        id: "cs".into(),
        stack_id: "st".into(),
    });
    update(&mut model, Msg::Changed(1, changes[0].clone(), done));
    let changes = sent(&press(&mut model, "q"));
    assert!(
        matches!(&changes[..], [Change::DeleteChangeSet { .. }, Change::DropEmptyStack { .. }]),
        "{changes:?}"
    );
    assert!(matches!(model.deploy, Stage::Form(_)), "the values are kept");
}

/// A plan of an update is on the screen.
fn planned() -> Model {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    press(&mut model, "D");
    let Stage::Form(form) = model.deploy.clone() else {
        panic!("the form is open")
    };
    let change_set = bic_tui::core::fact::ChangeSet {
        id: "arn:set".into(),
        name: "plan".into(),
        stack_id: world::stack("CREATE_COMPLETE").id,
        status: "CREATE_COMPLETE".into(),
        reason: "".into(),
        execution: "AVAILABLE".into(),
        changes: Vec::new(),
        parameters: Vec::new(),
        capabilities: Vec::new(),
        tags: Vec::new(),
    };
    model.deploy = Stage::Plan(bic_tui::core::screen::deploy::Plan {
        form,
        values: std::collections::BTreeMap::new(),
        notes: Vec::new(),
        change_set,
        selected: 0,
        is_create: false,
    });
    model
}

/// The change that runs that plan.
fn execute() -> Change {
    Change::ExecuteChangeSet {
        stack: world::stack("CREATE_COMPLETE").id,
        change_set: "arn:set".into(),
    }
}

/// A plan on the screen whose execution was confirmed, and the answer to it.
fn executed(answer: Result<Done, Fault>) -> (Model, Vec<Change>) {
    let mut model = planned();
    let effects = update(&mut model, Msg::Changed(1, execute(), answer));
    let changes = sent(&effects);
    (model, changes)
}

#[test]
fn a_plan_that_did_not_begin_stays_whatever_the_reason() {
    for kind in <FaultKind as strum::IntoEnumIterator>::iter().filter(|kind| *kind != FaultKind::NotFound) {
        let (model, changes) = executed(Err(Fault::new(kind, "cloudformation:ExecuteChangeSet", "arn:stack", "")));
        let stays = matches!(model.deploy, Stage::Plan(_));
        let has_begun = model.operation.is_some() && model.has_acted;
        assert!(
            changes.is_empty() && stays != has_begun && has_begun == kind.may_have_begun(),
            "{kind}"
        );
    }
    let (model, _) = executed(Err(Fault::new(
        FaultKind::Throttled,
        "cloudformation:ExecuteChangeSet",
        "arn:stack",
        "Rate exceeded",
    )));
    let notice = model.notice.expect("it is said").text;
    assert!(
        notice.ends_with("Rate exceeded. Try again in a minute."),
        "nothing sends it again: {notice}"
    );
}

#[test]
fn a_plan_of_which_aws_has_not_said_whether_it_runs_is_not_left() {
    let running = || {
        let mut model = planned();
        assert_eq!(sent(&press(&mut model, "enter y")), [execute()]);
        model
    };
    let said = |model: &Model| model.notice.as_ref().is_some_and(|n| n.text.contains("AWS has not answered yet"));
    let mut model = running();
    assert!(press(&mut model, "q").is_empty() && said(&model) && matches!(model.deploy, Stage::Plan(_)));
    assert!(press(&mut model, "ctrl-c").is_empty() && said(&model) && matches!(model.deploy, Stage::Plan(_)));
    assert_eq!(press(&mut model, "ctrl-c"), [Effect::Detach(130)]);
    // From the root, too.
    let mut model = running();
    assert!(press(&mut model, "1 q").is_empty() && said(&model));
    assert_eq!(press(&mut model, "q"), [Effect::Detach(0)]);
    // Once it has answered, what runs is ours, or the plan can be left.
    update(&mut model, Msg::Changed(1, execute(), Ok(Done::Accepted)));
    assert!(model.executing.is_none() && model.operation.is_some() && matches!(model.deploy, Stage::Rest));
    let mut model = running();
    let fault = Fault::new(FaultKind::Throttled, "cloudformation:ExecuteChangeSet", "arn:stack", "");
    update(&mut model, Msg::Changed(1, execute(), Err(fault)));
    let changes = sent(&press(&mut model, "2 q"));
    assert!(matches!(&changes[..], [Change::DeleteChangeSet { .. }]), "{changes:?}");
    // An answer that comes over an open form takes nothing of it.
    assert!(matches!(model.deploy, Stage::Form(_)));
    update(&mut model, Msg::Changed(1, execute(), Ok(Done::Accepted)));
    assert!(matches!(model.deploy, Stage::Form(_)));
}

#[test]
fn an_answer_that_nobody_got_is_no_failure_and_a_clear_no_drops_the_plan() {
    let fault = |kind| Fault::new(kind, "cloudformation:ExecuteChangeSet", "arn:stack", "");
    let (model, changes) = executed(Err(fault(FaultKind::TimedOut)));
    assert!(matches!(model.deploy, Stage::Rest) && changes.is_empty());
    assert_eq!(
        model.operation.map(|o| o.verb),
        Some("update"),
        "the stack tells whether it has begun"
    );
    let outdated = Fault {
        code: Some("InvalidChangeSetStatus".into()),
        ..fault(FaultKind::Refused)
    };
    let (model, changes) = executed(Err(outdated));
    assert!(matches!(model.deploy, Stage::Rest) && model.operation.is_none());
    assert!(matches!(&changes[..], [Change::DeleteChangeSet { .. }]), "{changes:?}");
    let (model, changes) = executed(Err(fault(FaultKind::Denied)));
    assert!(
        matches!(model.deploy, Stage::Plan(_)) && changes.is_empty(),
        "it can be tried again"
    );
}

#[test]
fn why_a_first_plan_did_not_begin_is_said_longer_than_that_it_was_removed() {
    let mut model = planned();
    if let Stage::Plan(plan) = &mut model.deploy {
        plan.is_create = true;
    }
    let now = model.now;
    model.feeds.stack.set(Some(world::stack("REVIEW_IN_PROGRESS")), now);
    let fault = Fault {
        code: Some("InvalidChangeSetStatus".into()),
        ..Fault::new(
            FaultKind::Refused,
            "cloudformation:ExecuteChangeSet",
            "arn:stack",
            "ChangeSet [arn:set] cannot be executed in its current status of [FAILED]",
        )
    };
    let changes = sent(&update(&mut model, Msg::Changed(1, execute(), Err(fault))));
    let [.., drop @ Change::DropEmptyStack { .. }] = &changes[..] else {
        panic!("{changes:?}")
    };
    update(&mut model, Msg::Changed(1, drop.clone(), Ok(Done::Accepted)));
    assert_eq!(
        model.notice.map(|it| it.text.to_string()).as_deref(),
        Some("AWS says: the plan cannot be executed in its current status of [FAILED]; D makes a new one")
    );
}

#[test]
fn the_question_whether_a_plan_runs_does_not_come_back_without_the_plan() {
    let mut model = planned();
    press(&mut model, "enter ctrl-e");
    assert!(matches!(&model.dialog, Some(Dialog::Checks(checks)) if checks.over.is_some()));
    let mut gone = model.clone();
    press(&mut model, "esc");
    assert!(matches!(model.dialog, Some(Dialog::Confirm(_))));
    if let Stage::Plan(plan) = std::mem::take(&mut gone.deploy) {
        gone.deploy = Stage::Form(plan.form);
    }
    press(&mut gone, "esc");
    assert!(gone.dialog.is_none(), "{:?}", gone.dialog);
}

/// Has the stack told as it is changed.
fn told(model: &mut Model, change: impl FnOnce(&mut bic_tui::core::fact::Stack)) -> Vec<Effect> {
    let mut stack = model.stack().expect("a stack").clone();
    change(&mut stack);
    model.feeds.stack.due = 0;
    let asked = wait(model, 1_000).into_iter().find_map(|effect| match effect {
        Effect::Ask(ticket, Query::Stack { .. }) => Some(ticket),
        _ => None,
    });
    update(model, Msg::Told(asked.expect("it is asked"), Ok(Fact::Stack(Some(stack)))))
}

#[test]
fn what_begins_elsewhere_is_not_taken_for_the_last_plan_that_ran() {
    let asks_plan = |effects: &[Effect]| effects.iter().any(|e| matches!(e, Effect::Ask(_, Query::ChangeSet { .. })));
    let mut model = loaded(Settings::default(), "UPDATE_IN_PROGRESS");
    told(&mut model, |stack| stack.change_set = Some("arn:set".into()));
    let operation = bic_tui::core::model::Operation {
        stack: "s".into(),
        verb: "update",
        change_set: "arn:set".into(),
        resources: Vec::new(),
    };
    (model.operation, model.followed) = (Some(operation.clone()), None);
    assert!(!asks_plan(&told(&mut model, |_| {})), "it is known");
    told(&mut model, |stack| stack.status.0 = "UPDATE_COMPLETE".into());
    assert!(model.operation.is_some(), "what was done is still on the screen");
    let effects = told(&mut model, |stack| stack.status.0 = "UPDATE_IN_PROGRESS".into());
    assert!(asks_plan(&effects) && model.operation.is_none());
    // A late answer to an older question takes nothing of the newer one.
    let old = bic_tui::core::msg::Ticket {
        asked: bic_tui::core::msg::Asked::Followed,
        generation: model.guard.generation,
        seq: 0,
    };
    update(&mut model, Msg::Told(old, Ok(Fact::Stacks(Vec::new()))));
    assert!(model.followed.is_some());
    // One's own is known before the stack tells of it.
    told(&mut model, |stack| stack.status.0 = "UPDATE_COMPLETE".into());
    (model.operation, model.followed, model.has_acted) = (Some(operation), None, true);
    let effects = told(&mut model, |stack| stack.status.0 = "UPDATE_IN_PROGRESS".into());
    assert!(!asks_plan(&effects) && model.operation.is_some());
}

#[test]
fn the_cause_of_the_operation_before_is_not_told_of_this_one() {
    let mut model = loaded(Settings::default(), "UPDATE_FAILED");
    let mut fall = world::task("litellm", "STOPPED");
    (fall.stopped, fall.stop_code) = (Some(world::NOW - 70_000), "EssentialContainerExited".into());
    model.last_fall = Some(fall);
    let mut events = model.feeds.events.get().expect("events").clone();
    events.insert(0, world::event("VPC", "UPDATE_FAILED", 60_000));
    let now = model.now;
    model.feeds.events.set(events, now);
    told(&mut model, |_| {});
    assert!(bic_tui::core::cause::find(&model).is_some());
    // Another update has begun, and its events are not told.
    told(&mut model, |stack| {
        (stack.status.0, stack.updated) = ("UPDATE_IN_PROGRESS".into(), Some(world::NOW - 10_000));
    });
    assert!(!model.progress.is_told);
    assert_eq!(bic_tui::core::cause::find(&model), None);
    // A task that falls in it is a cause all the same.
    if let Some(fall) = &mut model.last_fall {
        fall.stopped = Some(world::NOW);
    }
    assert!(bic_tui::core::cause::find(&model).is_some());
}

#[test]
fn an_update_keeps_what_was_not_touched() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    press(&mut model, "D end enter");
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    press(&mut model, "D");
    if let Stage::Form(form) = &mut model.deploy {
        form.selected = form.fields.iter().position(|f| f.def.name == "LogRetentionDays").unwrap();
    }
    press(&mut model, "right end");
    let changes = sent(&press(&mut model, "enter"));
    let [Change::CreateChangeSet(request)] = &changes[..] else {
        panic!("one plan: {:?}", model.deploy)
    };
    let value = |name: &str| request.parameters.iter().find(|(k, _)| *k == name).unwrap().1.clone();
    assert_eq!(value("LogRetentionDays").as_deref(), Some("60"));
    assert_eq!(value("ProjectName"), None, "UsePreviousValue");
}

#[test]
fn a_failed_poll_keeps_the_value_and_an_old_answer_is_dropped() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    let effects = wait(&mut model, 60_000);
    let asked: Vec<_> = effects
        .iter()
        .filter_map(|e| if let Effect::Ask(t, q) = e { Some((*t, q.clone())) } else { None })
        .collect();
    for (ticket, _) in &asked {
        let fault = Fault::new(FaultKind::Throttled, "x:Y", "", "");
        update(&mut model, Msg::Told(*ticket, Err(fault)));
    }
    assert_eq!(model.feeds.services.get().unwrap().len(), 2);
    assert!(model.feeds.services.fault.is_some());
    let before = model.clone();
    for (ticket, _) in asked {
        let old = bic_tui::core::msg::Ticket { generation: 0, ..ticket };
        update(&mut model, Msg::Told(old, Ok(bic_tui::core::fact::Fact::Services(Vec::new()))));
    }
    assert_eq!(model.feeds, before.feeds);
}

#[test]
fn refused_credentials_rest_all_polls_but_one_and_recover() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    let asks = |effects: &[Effect]| -> Vec<bic_tui::core::msg::Ticket> {
        effects
            .iter()
            .filter_map(|e| if let Effect::Ask(t, _) = e { Some(*t) } else { None })
            .collect()
    };
    for ticket in asks(&wait(&mut model, 60_000)) {
        update(&mut model, Msg::Told(ticket, Err(Fault::new(FaultKind::Expired, "x:Y", "", ""))));
    }
    let mut tries = Vec::new();
    for _ in 0..60 {
        for ticket in asks(&wait(&mut model, 1_000)) {
            tries.push(ticket.asked);
            update(&mut model, Msg::Told(ticket, Err(Fault::new(FaultKind::Expired, "x:Y", "", ""))));
        }
    }
    assert!((10..=12).contains(&tries.len()), "{} tries a minute", tries.len());
    let mut back = Vec::new();
    for _ in 0..8 {
        for ticket in asks(&wait(&mut model, 1_000)) {
            back.push(ticket.asked);
            if ticket.asked == bic_tui::core::msg::Asked::Poll(bic_tui::core::polls::Poll::Identity) {
                let identity = model.feeds.identity.get().unwrap().clone();
                update(&mut model, Msg::Told(ticket, Ok(bic_tui::core::fact::Fact::Identity(identity))));
            }
        }
    }
    assert!(model.credentials_fault().is_none() && back.len() >= 5, "{back:?}");
}

#[test]
fn ctrl_c_leaves_an_operation_of_ours_running_after_a_menu() {
    let mut model = loaded(Settings::default(), "UPDATE_IN_PROGRESS");
    assert_eq!(press(&mut model, "ctrl-c"), [Effect::Quit], "nobody's operation of ours runs");
    model.operation = Some(bic_tui::core::model::Operation {
        stack: "s".into(),
        verb: "update",
        change_set: "plan".into(),
        resources: Vec::new(),
    });
    model.has_acted = true;
    assert!(press(&mut model, "ctrl-c").is_empty() && matches!(model.dialog, Some(Dialog::Menu(_))));
    let effects = press(&mut model, "ctrl-c");
    assert!(sent(&effects).is_empty() && effects.contains(&Effect::Detach(130)));
}

#[test]
fn ctrl_c_leaves_from_the_menu_of_ways_where_nothing_runs() {
    let mut model = loaded(Settings::default(), "UPDATE_ROLLBACK_COMPLETE");
    press(&mut model, "R");
    assert!(matches!(model.dialog, Some(Dialog::Menu(_))));
    update(&mut model, Msg::Drawn);
    assert_eq!(press(&mut model, "ctrl-c"), [Effect::Quit]);
}

#[test]
fn a_secret_is_hidden_by_time_screen_and_focus() {
    for way in ["time", "screen", "focus", "key"] {
        let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
        let effects = press(&mut model, "8 x");
        let Some(Effect::Reveal(secret)) = effects.into_iter().next_back() else {
            panic!("asked for")
        };
        update(&mut model, Msg::Revealed(secret, Ok(())));
        assert!(model.shown_secret.is_some());
        let effects = match way {
            "time" => wait(&mut model, 30_000),
            "screen" => press(&mut model, "1"),
            "focus" => update(&mut model, Msg::Hide),
            _ => press(&mut model, "x"),
        };
        assert!(effects.contains(&Effect::Hide) && model.shown_secret.is_none(), "{way}");
    }
}

#[test]
fn x_on_another_secret_shows_that_one() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    let Some(Effect::Reveal(first)) = press(&mut model, "8 x").into_iter().next_back() else {
        panic!("asked for")
    };
    update(&mut model, Msg::Revealed(first.clone(), Ok(())));
    let effects = press(&mut model, "j x");
    assert!(effects.contains(&Effect::Hide), "one at a time");
    let Some(Effect::Reveal(second)) = effects.into_iter().next_back() else {
        panic!("asked for")
    };
    assert!(second != first && model.shown_secret.is_none());
    update(&mut model, Msg::Revealed(second, Ok(())));
    assert_eq!(press(&mut model, "x"), [Effect::Hide]);
    assert!(model.shown_secret.is_none());
}

/// The picker with its profiles.
fn at_picker(model: &mut Model) -> Vec<Effect> {
    let effects = press(model, "P");
    update(model, Msg::Profiles(Ok(vec!["dana".into(), "ops".into()])));
    effects
}

#[test]
fn the_picker_asks_on_demand_and_goes_where_enter_says() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    let effects = at_picker(&mut model);
    assert!(
        matches!(&effects[..], [Effect::Profiles, Effect::Ask(_, Query::Stacks)]),
        "{effects:?}"
    );
    assert_eq!(press(&mut model, "enter"), [], "here already");
    assert!(model.dialog.is_none());
    at_picker(&mut model);
    let profile = |name: &str| Place {
        profile: Some(name.into()),
        ..Place::default()
    };
    assert!(matches!(&press(&mut model, "down enter")[..], [Effect::Go(_, place)] if *place == profile("dana")));
    assert_eq!(press(&mut model, "down enter x"), [], "one at a time");
    press(&mut model, "esc P tab");
    type_text(&mut model, "eu-central-2");
    assert!(
        matches!(&press(&mut model, "enter")[..], [Effect::Go(_, Place { profile: None, region: Some(r), stack: None })] if *r == "eu-central-2")
    );
    press(&mut model, "esc P tab tab");
    type_text(&mut model, "images");
    assert!(matches!(&press(&mut model, "enter")[..], [Effect::Go(_, Place { stack: Some(s), .. })] if *s == "images"));
}

/// What the edge tells of a session of dana's, a production profile.
fn danas(model: &Model) -> Box<Arrival> {
    let mut about = model.about.clone();
    about.profile = "dana".into();
    let settings = production(false);
    Box::new(Arrival { about, settings, wall: 7 })
}

fn production(armed: bool) -> Settings {
    Settings {
        production: true,
        armed,
        ..Settings::default()
    }
}

#[test]
fn elsewhere_everything_is_new_and_old_answers_are_dropped() {
    let mut model = loaded(production(true), "CREATE_COMPLETE");
    let asked: Vec<_> = wait(&mut model, 60_000);
    let generation = model.guard.generation;
    at_picker(&mut model);
    let Some(Effect::Go(seq, _)) = press(&mut model, "down enter").pop() else {
        panic!("asked for")
    };
    let arrival = danas(&model);
    update(&mut model, Msg::Arrived(seq - 1, Ok(arrival.clone())));
    assert_eq!(
        (model.about.profile.as_str(), model.guard.generation),
        ("ops", generation),
        "another number"
    );
    let effects = update(&mut model, Msg::Arrived(seq, Ok(arrival)));
    assert_eq!(effects, [Effect::Hide]);
    assert_eq!((model.about.profile.as_str(), model.now.wall), ("dana", 7));
    assert_eq!(model.guard.generation, generation + 1);
    assert!(model.guard.refusal(model.now).is_some(), "armed was the old profile");
    assert!(model.dialog.is_none() && model.feeds == Feeds::default() && model.stack_id.is_none() && model.tail.is_none());
    let before = model.clone();
    for effect in asked {
        if let Effect::Ask(ticket, _) = effect {
            update(&mut model, Msg::Told(ticket, Ok(Fact::Services(Vec::new()))));
        }
    }
    assert_eq!(model.feeds, before.feeds, "an answer of the old session came through");
    let old = Guard {
        generation,
        ..Guard::default()
    };
    let change = Change::DeleteStack { stack: "s".into() };
    assert!(
        old.permits(&change, model.guard.generation, model.now).is_err(),
        "the door knows the session"
    );
    let asks = wait(&mut model, 1);
    assert!(
        asks.iter()
            .any(|e| matches!(e, Effect::Ask(t, Query::Identity) if t.generation == generation + 1)),
        "{asks:?}"
    );
}

#[test]
fn credentials_of_another_account_are_another_place() {
    let mut model = loaded(production(false), "CREATE_COMPLETE");
    press(&mut model, "A");
    type_text(&mut model, "ops");
    press(&mut model, "enter r");
    assert!(model.guard.is_armed(model.now) && matches!(model.dialog, Some(Dialog::Confirm(_))));
    let generation = model.guard.generation;
    let who = |model: &mut Model, account: &str| {
        model.feeds.identity.due = 0;
        let asked = wait(model, 1_000).into_iter().find_map(|effect| match effect {
            Effect::Ask(ticket, Query::Identity) => Some(ticket),
            _ => None,
        });
        let identity = bic_tui::core::fact::Identity {
            account: account.into(),
            arn: "arn:x".into(),
        };
        let answer = Ok(Fact::Identity(identity));
        update(model, Msg::Told(asked.expect("it is asked"), answer))
    };
    let effects = who(&mut model, "123456789012");
    assert!(effects.is_empty() && model.guard.generation == generation && model.dialog.is_some());
    // A write that is refused for it has that asked at once.
    let fault = Fault::new(FaultKind::OtherAccount, "ecs:UpdateService", "", "");
    let change = Change::DeleteStack { stack: "s".into() };
    update(&mut model, Msg::Changed(generation, change, Err(fault)));
    assert!(model.feeds.identity.due <= model.now.mono);
    model.deploy = planned().deploy;
    let effects = who(&mut model, "222222222222");
    assert_eq!(effects, [Effect::Hide, Effect::KeepTo("222222222222".into())]);
    assert!(model.dialog.is_none() && !model.guard.is_armed(model.now) && model.guard.generation == generation + 1);
    assert!(model.feeds.stack.get().is_none() && model.feeds.identity.get().is_some_and(|it| it.account == "222222222222"));
    let notice = model.notice.clone().expect("it is said");
    assert!(
        notice.text.contains("222222222222 now, not of 123456789012") && notice.severity == bic_tui::core::health::Severity::Bad,
        "{notice:?}"
    );
    let stays = format!(
        "the plan stays there until somebody removes it: `aws cloudformation delete-change-set --stack-name {} --change-set-name arn:set --region us-west-2`",
        world::stack("CREATE_COMPLETE").id
    );
    assert!(notice.text.contains(&stays), "{notice:?}");
    assert_eq!(model.errors.len(), 2, "{:?}", model.errors);
    // Nothing of before is sent, and the new account is asked.
    assert!(sent(&press(&mut model, "y")).is_empty());
    assert!(
        wait(&mut model, 1_000)
            .iter()
            .any(|e| matches!(e, Effect::Ask(_, Query::Stack { .. })))
    );
}

#[test]
fn a_place_that_can_not_be_reached_is_said_in_the_picker() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    at_picker(&mut model);
    let Some(Effect::Go(seq, _)) = press(&mut model, "down enter").pop() else {
        panic!("asked for")
    };
    update(
        &mut model,
        Msg::Arrived(seq, Err(Fault::new(FaultKind::Guarded, "connect", "", "there is no such profile"))),
    );
    assert!(matches!(&model.dialog, Some(Dialog::Places(p)) if p.going.is_none() && p.error.is_some()));
    assert_eq!(model.about.profile, "ops");
    assert!(model.feeds.stack.get().is_some(), "nothing was lost");
}

#[test]
fn nothing_that_is_under_way_is_left_behind() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    press(&mut model, "r y");
    assert!(press(&mut model, "P").is_empty() && model.dialog.is_none());
    assert!(model.notice.as_ref().is_some_and(|n| n.text.contains("under way")));
    // Under an open confirmation the key is not reached.
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    assert!(press(&mut model, "r P").is_empty() && matches!(model.dialog, Some(Dialog::Confirm(_))));
}

#[test]
fn a_row_is_shown_as_json_and_copied() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    press(&mut model, "3 J");
    let Some(Effect::Copy(pretty)) = press(&mut model, "y").pop() else {
        panic!("copied")
    };
    let Some(Effect::Copy(line)) = press(&mut model, "J y").pop() else {
        panic!("copied")
    };
    assert!(pretty.lines().count() > 5 && line.lines().count() == 1);
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    assert_eq!(value(&pretty), value(&line));
    assert_eq!(value(&line)["name"], "bedrock-image-chat-openwebui");
    press(&mut model, "esc 8 tab J");
    let Some(Effect::Copy(secret)) = press(&mut model, "y").pop() else {
        panic!("copied")
    };
    assert_eq!(value(&secret)["secret"], "bedrock-image-chat/litellm-api-key", "{secret}");
}

fn any_key() -> impl Strategy<Value = Key> {
    prop_oneof![
        6 => prop::sample::select("DZILRsrX+-AxKyneEdaftcYo:?!PJTQ$123468[]/&@ jkgGhl".chars().collect::<Vec<_>>()).prop_map(Key::char),
        4 => prop::sample::select(vec![Code::Enter, Code::Esc, Code::Tab, Code::BackTab, Code::Up, Code::Down, Code::Left, Code::Right, Code::End])
            .prop_map(Key::plain),
        1 => prop::sample::select(vec!['c', 'z', 's', 'r', 'u', 'd']).prop_map(Key::ctrl),
        2 => prop::sample::select("bedrock-image-chat ops".chars().collect::<Vec<_>>()).prop_map(Key::char),
    ]
}

/// Whether the dialog that was open before the key was one that this key accepts.
fn accepts(before: &Model, key: Key) -> bool {
    let says_yes = |on_yes: bool| key == Key::char('y') || (key.code == Code::Enter && on_yes);
    before.is_dialog_seen
        && match &before.dialog {
            Some(Dialog::Confirm(c)) => c.is_unlocked() && says_yes(c.focus == Focus::Yes),
            Some(Dialog::Scale(s)) => s.from != s.to && says_yes(s.on_yes),
            Some(Dialog::Image(i)) => !i.on_prompt && says_yes(i.on_yes),
            _ => false,
        }
}

fn is_plan(change: &Change) -> bool {
    matches!(change, Change::CreateChangeSet(_) | Change::DeleteChangeSet { .. })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// No sequence of keys reaches a write that was not confirmed, in any state of the stack.
    #[test]
    fn no_write_without_a_yes(
        keys in prop::collection::vec((any_key(), 0u64..1500, any::<bool>()), 1..120),
        status in prop::sample::select(vec!["CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "ROLLBACK_COMPLETE", "CREATE_IN_PROGRESS"]),
    ) {
        let mut model = loaded(Settings::default(), status);
        for (key, pause, is_drawn) in keys {
            let (is_yes, before) = (accepts(&model, key), model.dialog.clone());
            let effects = update(&mut model, Msg::Key(key));
            for change in sent(&effects) {
                prop_assert!(is_yes || is_plan(&change), "{change:?} by {key} under {before:?}");
            }
            if is_drawn {
                update(&mut model, Msg::Drawn);
            }
            let (is_seen, before) = (model.is_dialog_seen, model.dialog.clone());
            let now = Now { mono: model.now.mono + pause, wall: model.now.wall + pause as i64 };
            for change in sent(&update(&mut model, Msg::Tick(now))) {
                let ran_out = matches!(&before, Some(Dialog::Countdown(c)) if c.until <= now.mono) && is_seen;
                prop_assert!(ran_out, "{change:?} by time under {before:?}");
            }
        }
    }

    /// Read-only and unarmed production let nothing out, whatever is typed.
    #[test]
    fn nothing_is_written_in_read_only(
        keys in prop::collection::vec((any_key(), 0u64..1500), 1..120),
        production in any::<bool>(),
    ) {
        let mut model = loaded(Settings { read_only: !production, production, ..Settings::default() }, "CREATE_COMPLETE");
        for (key, pause) in keys {
            let mut effects = update(&mut model, Msg::Key(key));
            update(&mut model, Msg::Drawn);
            let now = Now { mono: model.now.mono + pause, wall: model.now.wall + pause as i64 };
            effects.extend(update(&mut model, Msg::Tick(now)));
            let is_open = model.guard.refusal(model.now).is_none();
            prop_assert!(sent(&effects).is_empty() || (production && is_open));
        }
    }
}
