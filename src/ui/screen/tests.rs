//! Frames of the screens in the sizes that people have.

use super::fixture::{self, frame};
use crate::{
    cloud::{InsightsRequest, PlanRequest},
    core::{
        cause,
        dialog::{ImageDialog, ImageRun},
        fact::{LogEvent, Picture, PictureFormat, ProbeStage, QueryResults, QueryState, StageReport},
        fault::{Fault, FaultKind},
        field::TextField,
        insights::Insights,
        logview::LogView,
        model::{Model, Times},
        msg::{Msg, Size},
        screen::{
            Panel, ScreenId,
            deploy::{Planning, Stage},
        },
        tail::Arrived,
        text::{RawText, SafeText},
        update::update,
    },
    ui::image,
};

const SIZES: [(u16, u16); 3] = [(80, 20), (120, 36), (200, 56)];

fn draw(model: &Model, size: (u16, u16)) -> String {
    frame(model, size, |model, side, area, f| {
        match model.screen {
            ScreenId::Services => super::services::draw(model, side, area, f),
            ScreenId::Cost => super::cost::draw(model, side, area, f),
            ScreenId::Access => super::access::draw(model, side, area, f),
            _ => super::deploy::draw(model, side, area, f),
        }
        if let Some(crate::core::dialog::Dialog::Image(dialog)) = &model.dialog {
            image::draw(model, side, dialog, area, f);
        }
    })
}

fn on(mut model: Model, screen: ScreenId) -> Model {
    model.screen = screen;
    model
}

fn dialog(run: Option<ImageRun>) -> Model {
    let mut model = fixture::running();
    let names = model.names();
    let url = model.app_url().unwrap();
    model.dialog = Some(crate::core::dialog::Dialog::Image(ImageDialog {
        prompt: TextField::with("a lighthouse on a rocky coast at sunset, watercolor"),
        routes: vec![
            (
                "through LiteLLM".into(),
                crate::cloud::ImageRoute::Litellm {
                    app_url: url.clone(),
                    api_key: names.api_key(),
                },
                "nova-canvas".into(),
            ),
            (
                "through Open WebUI".into(),
                crate::cloud::ImageRoute::OpenWebui {
                    app_url: url,
                    admin: names.admin_password(),
                },
                "nova-canvas".into(),
            ),
            (
                "straight to Bedrock".into(),
                crate::cloud::ImageRoute::Bedrock,
                "stability.stable-image-core-v1:1".into(),
            ),
        ],
        route: 0,
        on_prompt: true,
        on_yes: false,
        price: "$0.040 an image, estimate".into(),
        base: "stability.stable-image-core-v1:1".into(),
        in_clear: Some("x.elb.amazonaws.com".into()),
        run,
    }));
    model
}

fn run(end: Option<Result<Picture, Fault>>, is_bad: bool) -> ImageRun {
    let report = |stage, is_well, evidence: &str, took| StageReport {
        stage,
        is_well,
        evidence: evidence.into(),
        took,
    };
    ImageRun {
        fired: 0,
        since: 592_000,
        stages: vec![
            report(ProbeStage::Dns, Some(true), "52.10.20.30, 52.10.20.31", 12),
            report(ProbeStage::LoadBalancer, Some(true), "200 in 41 ms", 41),
            report(
                ProbeStage::OpenWebui,
                Some(!is_bad),
                if is_bad {
                    "503 Service Temporarily Unavailable"
                } else {
                    "200 {\"status\":true}"
                },
                48,
            ),
            report(ProbeStage::Litellm, None, "not exposed: judged through Open WebUI", 0),
        ],
        end,
        saved: Some(Ok("./bic-image-20261122T200738000Z.png".into())),
    }
}

fn picture() -> Picture {
    Picture {
        bytes: vec![0; 500_000].into(),
        format: PictureFormat::Png,
        width: 1024,
        height: 1024,
        model: "nova-canvas".into(),
        prompt: "a lighthouse".into(),
        took: 8_240,
        at: fixture::NOW,
    }
}

/// The form with a bad value, a changed one, a sentence of refusal, and the cursor on its button.
fn refused_form() -> Model {
    let mut model = fixture::form(fixture::with_stack("CREATE_COMPLETE"));
    if let Stage::Form(form) = &mut model.deploy {
        form.selected = form.button();
        let field = |name: &str| form.fields.iter().position(|f| f.def.name == name).unwrap();
        let (size, range) = (field("DeploymentSize"), field("AllowedCIDR"));
        form.fields[size].cycle(1);
        form.fields[range].value = TextField::with("10.0.0.0/99");
        form.error =
            Some("SQLite cannot be shared by several Open WebUI tasks; take DeploymentSize small, or Database auto or postgres.".into());
    }
    model
}

fn planning() -> Model {
    let mut model = fixture::form(fixture::nothing());
    if let Stage::Form(form) = model.deploy.clone() {
        model.deploy = Stage::Planning(Planning {
            request: PlanRequest {
                stack: "x".into(),
                is_create: true,
                parameters: Vec::new(),
                tags: None,
                overridden: Vec::new(),
            },
            values: form.values(),
            notes: Vec::new(),
            form,
            change_set: None,
            since: 596_000,
            due: 0,
            awaiting: None,
            fault: None,
        });
    }
    model
}

/// Something of a model changed.
fn but(mut model: Model, change: impl FnOnce(&mut Model)) -> Model {
    change(&mut model);
    model
}

fn scenes() -> Vec<(&'static str, Model)> {
    let refused = Fault::new(FaultKind::AwsFailed, "image", "Open WebUI", "503");
    vec![
        ("nothing", fixture::nothing()),
        ("form-new", fixture::form(fixture::nothing())),
        ("form-button", refused_form()),
        ("planning", planning()),
        ("plan", fixture::plan()),
        ("creating", fixture::creating(260)),
        (
            "slow",
            but(fixture::creating(100), |m| {
                m.now.wall += 400_000;
                let (events, now) = (m.feeds.events.get().cloned().unwrap_or_default(), m.now);
                m.feeds.events.set(events, now);
            }),
        ),
        ("failing", fixture::failing()),
        (
            "ended",
            but(fixture::running(), |m| {
                m.progress.ended = Some(fixture::NOW - 5_000);
                m.progress.started = fixture::NOW - 400_000;
            }),
        ),
        ("rest", fixture::running()),
        (
            "services",
            but(on(fixture::running(), ScreenId::Services), |m| m.show_stopped = true),
        ),
        (
            "services-stopped",
            but(on(fixture::running(), ScreenId::Services), |m| {
                m.show_stopped = true;
                m.focus.insert(ScreenId::Services, Panel::Tasks);
                m.cursors.insert(Panel::Tasks, 2);
            }),
        ),
        ("services-none", on(fixture::nothing(), ScreenId::Services)),
        ("cost", on(fixture::running(), ScreenId::Cost)),
        (
            "cost-low",
            but(on(fixture::running(), ScreenId::Cost), |m| {
                m.cursors.insert(Panel::Cost, 31);
            }),
        ),
        ("cost-none", on(fixture::nothing(), ScreenId::Cost)),
        (
            "access",
            but(on(fixture::running(), ScreenId::Access), |m| {
                m.focus.insert(ScreenId::Access, Panel::Secrets);
                m.shown_secret = Some((m.names().api_key(), m.now.mono + 21_300));
            }),
        ),
        ("access-none", on(fixture::nothing(), ScreenId::Access)),
        ("image-ask", dialog(None)),
        ("image-run", dialog(Some(run(None, false)))),
        ("image-done", dialog(Some(run(Some(Ok(picture())), false)))),
        ("image-bad", dialog(Some(run(Some(Err(refused)), true)))),
    ]
}

#[test]
fn the_deploy_key_says_why_the_stack_is_not_known() {
    let mut model = fixture::nothing();
    model.feeds.stack = crate::core::feed::Feed::default();
    model
        .feeds
        .identity
        .fail(Fault::new(FaultKind::WrongCredentials, "sts:GetCallerIdentity", "", ""));
    crate::core::update::update(&mut model, crate::core::msg::Msg::Key(crate::core::key::Key::char('D')));
    let said = model.notice.map(|notice| notice.text.to_string()).unwrap_or_default();
    assert!(said.contains("AWS does not accept these credentials. Check the profile"), "{said}");
}

#[test]
fn who_follows_and_may_no_longer_read_sees_which_permission_is_missing_and_what_to_do() {
    let mut model = fixture::running();
    model.screen = ScreenId::Logs;
    let line = |n: i64| Arrived {
        event: LogEvent {
            id: None,
            at: fixture::NOW - 100 + n,
            ingested: fixture::NOW,
            stream: "litellm/litellm/a".into(),
            message: RawText::new(&format!("INFO: line {n}")),
        },
        late: false,
    };
    model.logs.append((0..40).map(line));
    model.feeds.logs.set((), model.now);
    let drawn = |model: &Model| frame(model, (80, 20), super::logs::draw);
    assert!(!drawn(&model).contains("No new lines"));
    let denied = Fault::new(FaultKind::Denied, "logs:FilterLogEvents", "/ecs/bedrock-image-chat", "");
    model.feeds.logs.fail(denied);
    let text = drawn(&model);
    for words in [
        "No new lines: logs:FilterLogEvents on /ecs/bedrock-image-chat is not allowed.",
        "Ask for the permission logs:FilterLogEvents; `bic-tui policy` prints",
        "line 39",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_line_of_another_day_has_its_day_and_no_line_of_today_has_one() {
    let mut model = on(fixture::running(), ScreenId::Logs);
    model.zone = jiff::tz::TimeZone::UTC;
    let line = |(hours, text): &(i64, &str)| {
        let mut event = log_event(text);
        event.at = fixture::NOW - hours * 3_600_000;
        Arrived { event, late: false }
    };
    let long = format!("INFO: third {}", "x".repeat(100));
    model
        .logs
        .append([(72, "INFO: first"), (71, "INFO: second"), (0, &long)].iter().map(line));
    model.feeds.logs.set((), model.now);
    let drawn = |model: &mut Model| {
        update(model, Msg::Resize(Size { width: 80, height: 24 }));
        frame(model, (80, 20), super::logs::draw)
    };
    let of = |text: &str, what: &str| text.lines().find(|row| row.contains(what)).expect("a row").to_owned();
    let day = |hours: i64| crate::core::when::iso(fixture::NOW - hours * 3_600_000)[5..19].replace('T', " ");
    let text = drawn(&mut model);
    assert!(of(&text, "first").contains(&format!("{} I", day(72))), "{text}");
    assert!(of(&text, "second").contains(&format!("{} I", day(71))), "{text}");
    assert!(of(&text, "third").contains(&format!("      {} I", &day(0)[6..])), "{text}");
    assert!(of(&text, "third").contains("x…"), "cut where the panel ends: {text}");
    // Wrapped it is all there, in the room that is left.
    model.logs.toggle_wrap();
    let text = drawn(&mut model);
    assert_eq!(text.matches('x').count(), 100, "{text}");
    for times in [Times::Utc, Times::Age] {
        model.times = times;
        assert!(!drawn(&mut model).contains(&day(72)));
    }
    model.times = Times::Local;
    model.logs = model.logs.cleared();
    model.logs.append([line(&(0, "INFO: third"))]);
    let text = drawn(&mut model);
    assert!(of(&text, "third").contains(&format!("┃{} I", &day(0)[6..])), "{text}");
}

#[test]
fn who_stands_within_a_traceback_sees_when_it_was() {
    let mut model = fixture::running();
    model.screen = ScreenId::Logs;
    let frames = (0..40).map(|n| format!("  File \"x.py\", line {n}"));
    let lines = std::iter::once("Traceback (most recent call last):".to_owned()).chain(frames);
    model.logs.append(lines.map(|message| Arrived {
        event: LogEvent {
            id: None,
            at: fixture::NOW,
            ingested: fixture::NOW,
            stream: "litellm/litellm/a".into(),
            message: RawText::new(&message),
        },
        late: false,
    }));
    model.feeds.logs.set((), model.now);
    let text = frame(&model, (80, 20), super::logs::draw);
    let time = crate::core::when::clock(fixture::NOW, model.times, &model.zone);
    let rows: Vec<&str> = text.lines().filter(|row| row.contains("File \"x.py\"")).collect();
    let timed: Vec<bool> = rows.iter().map(|row| row.contains(&time)).collect();
    assert!(
        timed[0] && timed[rows.len() - 1] && timed.iter().filter(|it| **it).count() == 2,
        "{text}"
    );
}

#[test]
fn without_a_stack_nothing_is_being_asked() {
    let mut model = fixture::nothing();
    let now = model.now;
    model.feeds.stack = crate::core::feed::Feed::default();
    let right = |model: &Model| {
        let theme = crate::ui::theme::Theme::plain();
        let side = crate::ui::Side {
            theme: &theme,
            secret: &|_| None,
            picture: &|_, _, _| false,
            picture_protocol: "".into(),
        };
        crate::ui::panel::head(model, &side, "Services", &model.feeds.services).right.len()
    };
    assert_eq!(right(&model), 1);
    model.feeds.stack.set(None, now);
    assert_eq!(right(&model), 0);
}

#[test]
fn a_secret_that_is_shown_is_in_sight_on_a_small_screen() {
    let mut model = on(fixture::running(), ScreenId::Access);
    let secret = model.secrets()[0].clone();
    model.shown_secret = Some((secret, model.now.mono + 30_000));
    for height in [5, 6, 8, 20] {
        let screen = frame(&model, (40, height), |model, side, area, f| {
            super::access::draw_secrets(model, side, area, f);
        });
        assert!(screen.contains("sk-canary"), "{height}:\n{screen}");
    }
}

#[test]
fn a_form_has_its_fields_and_its_button_however_small_it_is() {
    let mut model = on(fixture::form(fixture::with_stack("CREATE_COMPLETE")), ScreenId::Deploy);
    let button = match &model.deploy {
        Stage::Form(form) => form.button(),
        _ => panic!("a form"),
    };
    for error in [
        None,
        Some("SQLite cannot be shared by several Open WebUI tasks; take DeploymentSize small."),
    ] {
        for at in [0, 3, button] {
            if let Stage::Form(form) = &mut model.deploy {
                form.selected = at;
                form.error = error.map(Into::into);
            }
            let screen = frame(&model, (40, 12), |model, side, _, f| crate::ui::view(model, side, f));
            let rule = screen.lines().position(|l| l.contains("more ─")).expect("a rule");
            let top = screen.lines().position(|l| l.contains("Update stack")).expect("a head");
            assert!(rule - top > 3, "{at}:\n{screen}");
            let it = if at == button { "[ Make the plan ]" } else { "▸" };
            let is_listed = screen.lines().skip(top + 1).take(rule - top).any(|l| l.contains(it));
            assert!(is_listed, "{at}:\n{screen}");
            assert!(error.is_none() || screen.contains("✗ SQLite"), "{at}:\n{screen}");
        }
    }
}

/// Whatever the size, down to silly ones: no panic, and the screen says something.
#[test]
fn every_scene_draws_at_every_size() {
    for (name, model) in scenes() {
        for size in SIZES.into_iter().chain([(40, 12), (60, 8), (20, 5), (3, 3), (1, 1)]) {
            for is_zoomed in [false, true] {
                let mut model = model.clone();
                model.is_zoomed = is_zoomed;
                let text = draw(&model, size);
                assert!(size.0 < 20 || text.trim().len() > 10, "{name} {size:?}");
            }
        }
    }
}

#[test]
fn a_resource_that_went_well_does_not_keep_an_old_reason() {
    let service = "AWS::ECS::Service";
    let reason = "Resource update cancelled";
    let stack = |status: &str, at| fixture::event("bedrock-image-chat", "AWS::CloudFormation::Stack", status, "", at);
    let mut events = vec![
        stack("UPDATE_IN_PROGRESS", fixture::NOW - 90_000),
        fixture::event("LiteLLMService", service, "UPDATE_IN_PROGRESS", "", fixture::NOW - 80_000),
        fixture::event("LiteLLMService", service, "UPDATE_FAILED", reason, fixture::NOW - 70_000),
    ];
    let mut model = fixture::with_stack("UPDATE_ROLLBACK_IN_PROGRESS");
    fixture::set_events(&mut model, events.clone());
    assert!(draw(&model, (160, 36)).contains(reason), "why it was cancelled");
    events.push(stack("UPDATE_ROLLBACK_IN_PROGRESS", fixture::NOW - 60_000));
    for status in ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"] {
        events.push(fixture::event("LiteLLMService", service, status, "", fixture::NOW - 50_000));
        fixture::set_events(&mut model, events.clone());
        let screen = draw(&model, (160, 36));
        assert!(screen.contains("LiteLLMService") && !screen.contains(reason), "{status}:\n{screen}");
    }
}

#[test]
fn what_a_creation_that_is_rolled_back_lacks_does_not_come_any_more() {
    for (status, want) in [
        ("CREATE_IN_PROGRESS", "No service yet."),
        ("ROLLBACK_IN_PROGRESS", "No service is left."),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "No service yet."),
    ] {
        let model = but(on(fixture::with_stack(status), ScreenId::Overview), |m| {
            let now = m.now;
            m.feeds.services.set(Vec::new(), now);
            m.feeds.targets.set(Vec::new(), now);
        });
        assert_eq!(super::overview::none_running(&model)[0], want, "{status}");
        let screen = frame(&model, (120, 40), |model, side, _, f| crate::ui::view(model, side, f));
        let is_undone = status == "ROLLBACK_IN_PROGRESS";
        assert_eq!(screen.contains("It comes with the load balancer"), !is_undone, "{screen}");
        assert_eq!(screen.contains("No target group is left"), is_undone, "{screen}");
    }
}

#[test]
fn the_card_spends_its_rows_on_words() {
    let arn = "arn:aws:ecs:us-west-2:111122223333:service/chat-cluster/chat-openwebui";
    let failing = but(fixture::failing(), |m| {
        let fallen = m.feeds.tasks.get().and_then(|t| t.first().cloned()).expect("a task");
        let lines = [
            &format!("2026-11-26 05:51:17.123 | ERROR    | no answer of {arn} in all the time that was given to it, says the proxy"),
            "==========",
            "12:00:01 - LiteLLM Proxy:ERROR: the database is gone",
        ];
        m.fall_log = Some((fallen.arn, lines.map(SafeText::from).to_vec()));
    });
    let screen = draw(&failing, (80, 24));
    assert!(screen.contains("no answer of service/chat-cluster/chat-openwebui"), "{screen}");
    assert!(screen.contains("the database is gone"), "{screen}");
    assert!(!screen.contains("LiteLLM Proxy:ERROR") && !screen.contains("====="), "{screen}");
}

/// A scene, a size, and what its frame must say, whatever else it shows: what somebody came for.
const SAID: &[(&str, (u16, u16), &[&str])] = &[
    ("nothing", (80, 20), &["Press D to deploy", "a month", " resources:"]),
    (
        "form-button",
        (80, 20),
        &["[ Make the plan ]", "SQLite cannot be shared", "→", "10.0.0.0/99"],
    ),
    (
        "form-button",
        (120, 44),
        &["medium ›", "was small", "✗ parameters", "▸ medium", "AllowedCIDR can not be"],
    ),
    ("planning", (80, 20), &["works out the plan… 4 s"]),
    (
        "plan",
        (80, 20),
        &[
            "± 1 replace",
            "what it holds is lost",
            "CAPABILITY_NAMED_IAM",
            "Encrypted: false → true",
            "Enter executes",
        ],
    ),
    ("creating", (80, 20), &["elapsed 4 min 20 s", "still ", "creating"]),
    ("slow", (80, 20), &["slower than usual"]),
    (
        "failing",
        (80, 20),
        &["a secret could not be read", "task     0af3c1d2", "cancelled", "R ways out"],
    ),
    ("ended", (80, 20), &["✓ UPDATE_COMPLETE", "ALBEndpoint", "I test image"]),
    ("rest", (120, 36), &["* AllowedCIDR", "Last operation", "D update"]),
    ("services", (80, 20), &["nothing runs", "x hides", "✗ 9b1e77aa"]),
    (
        "services-stopped",
        (120, 36),
        &["OutOfMemoryError: Container killed", "Deploy with DeploymentSize medium"],
    ),
    ("cost", (80, 20), &["an hour", "ends with the tasks (Z)", "≈", "scalable"]),
    ("cost-low", (120, 36), &["$82.50", "the guide leaves", "Total"]),
    (
        "access",
        (80, 20),
        &["hidden again in 22 s", "sk-canary\\u{1b}-value", "••••", "Plain HTTP"],
    ),
    (
        "image-ask",
        (80, 20),
        &["$0.040 an image", "[ Cancel ]", "[ Fire ]", "API key crosses"],
    ),
    ("image-run", (80, 20), &["✓ DNS", "8 s", "? LiteLLM"]),
    ("image-done", (80, 20), &["saved ./bic-image", "8.2 s", "▒▒▒"]),
    ("image-bad", (80, 20), &["It fails at Open WebUI: 503", "Fire again"]),
];

#[test]
fn scenes_say_what_matters() {
    let scenes = scenes();
    for (name, size, words) in SAID {
        let (_, model) = scenes.iter().find(|(n, _)| n == name).unwrap();
        let text = draw(model, *size);
        for word in *words {
            assert!(text.contains(word), "{name} {size:?} does not say `{word}`:\n{text}");
        }
    }
}

/// A masked secret has nothing of the value in its frame.
#[test]
fn secrets_that_are_not_shown_are_nowhere() {
    let mut model = on(fixture::running(), ScreenId::Access);
    model.focus.insert(ScreenId::Access, Panel::Secrets);
    for size in SIZES {
        assert!(!draw(&model, size).contains("canary"));
    }
}

#[test]
fn what_a_terminal_needs_is_said_in_place_of_a_dialog() {
    let model = dialog(None);
    let screen = frame(&model, (39, 11), |model, side, _, f| crate::ui::view(model, side, f));
    let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("bic-tui needs 40×12 cells"), "{screen}");
    assert!(!words.contains("lighthouse"), "{screen}");
}

/// The join of the cause card over whole operations: the deepest text that names a cause decides.
#[test]
fn causes_of_operations() {
    let failing = fixture::failing();
    let cause = cause::find(&failing).unwrap();
    assert!(cause.title.starts_with("OpenWebUIService"), "{}", cause.title);
    assert_eq!(cause.plain, "a secret could not be read before the start");
    let labels: Vec<&str> = cause.evidence.iter().map(|(label, _)| *label).collect();
    assert_eq!(labels, ["event", "task"]);

    // The roll-back takes the list of tasks away; what was seen of it stays.
    let rolled = but(failing.clone(), |m| {
        let now = m.now;
        m.last_fall = m.feeds.tasks.get().and_then(|t| t.first().cloned());
        m.feeds.tasks.set(Vec::new(), now);
    });
    assert_eq!(cause::find(&rolled).unwrap(), cause);

    // A failure of something else is not blamed on a task.
    let role = but(failing.clone(), |m| {
        let mut events = m.feeds.events.get().unwrap().clone();
        let reason = "User: arn:aws:iam::1:user/dana is not authorized to perform: iam:CreateRole";
        events.push(fixture::event(
            "ExecutionRole",
            "AWS::IAM::Role",
            "CREATE_FAILED",
            reason,
            fixture::NOW - 500_000,
        ));
        fixture::set_events(m, events);
    });
    let cause = cause::find(&role).unwrap();
    assert!(
        cause.title.starts_with("ExecutionRole") && cause.plain.contains("not allowed"),
        "{cause:?}"
    );
    assert_eq!(cause.evidence.len(), 1);

    // While nothing has failed yet, a task that does not stay up is told already; and the load balancer's reason.
    let early = but(fixture::creating(300), |m| {
        let now = m.now;
        let mut task = fixture::task("9b1e", "bedrock-image-chat-openwebui", "STOPPED");
        task.stop_code = "ServiceSchedulerInitiated".into();
        task.stopped_reason = "Task failed ELB health checks in (target-group arn:aws:x)".into();
        task.stopped = Some(fixture::NOW - 1_000);
        m.feeds.tasks.set(vec![task], now);
        let groups = fixture::running().feeds.targets.get().unwrap().clone();
        m.feeds.targets.set(groups, now);
    });
    let cause = cause::find(&early).unwrap();
    assert!(cause.title.contains("does not stay up"), "{}", cause.title);
    assert!(cause.plain.contains("does not answer the health check in time"), "{}", cause.plain);
    assert!(cause.card().contains("cause: "));

    assert_eq!(cause::find(&fixture::creating(300)), None);
    assert_eq!(cause::find(&fixture::running()), None);
}

/// Results of a query for what the tail's view asks for.
fn results(model: &mut Model, messages: &[&str]) {
    let request = InsightsRequest {
        group: "/ecs/bedrock-image-chat".into(),
        from: 0,
        until: fixture::NOW + 1,
        query: String::new(),
    };
    let mut view = LogView::apart(usize::MAX, 1);
    view.take_after(&model.logs);
    let mut insights = Insights::new(1, request, view);
    insights.on_begun(1, &"q-1".into(), 0);
    insights.due(2, 9_000);
    let found = QueryResults {
        state: QueryState::Complete,
        events: messages.iter().map(|message| log_event(message)).collect(),
        matched: messages.len() as u64,
        scanned: 9,
        bytes: 9,
    };
    insights.on_results(2, Ok(found), 9_000);
    model.insights = Some(insights);
}

fn log_event(message: &str) -> LogEvent {
    LogEvent {
        id: None,
        at: fixture::NOW,
        ingested: fixture::NOW,
        stream: "litellm/litellm/a".into(),
        message: RawText::new(message),
    }
}

fn on_logs(message: &str) -> Model {
    let mut model = on(fixture::running(), ScreenId::Logs);
    let event = log_event(message);
    model.logs.append([Arrived { event, late: false }]);
    model.feeds.logs.set((), model.now);
    model
}

#[test]
fn results_name_no_key_that_does_something_else_there() {
    let named = "08:15:30 - LiteLLM:ERROR: a.py:1 - litellm_call_id=0af3b1c2-77aa-4b1c-9d2e-0123456789ab - x.BadError: no";
    let mut model = on_logs(named);
    model.logs.top();
    assert!(model.logs.toggle_request());
    let drawn = |model: &Model| frame(model, (120, 20), super::logs::draw);
    assert!(drawn(&model).contains(", * back"));
    results(&mut model, &[named]);
    let text = drawn(&model);
    assert!(text.contains(", * drops it") && !text.contains("* back"), "{text}");
    let mut model = on_logs(named);
    model.logs.finish_scans();
    let shape = model.logs.lines().errors().shapes().remove(0);
    model.logs.only_shape(&shape);
    assert!(drawn(&model).contains(", Esc back"));
    results(&mut model, &[named]);
    let text = drawn(&model);
    assert!(text.contains("errors like") && !text.contains("Esc back"), "{text}");
}

#[test]
fn results_none_of_which_match_say_what_to_do_there() {
    let mut model = on_logs("INFO: one");
    model.logs.attention_only();
    results(&mut model, &["INFO: one"]);
    let text = frame(&model, (120, 20), super::logs::draw);
    assert!(!text.contains("q clears") && !text.contains("further back"), "{text}");
    assert!(text.contains("Q goes back to the tail") && text.contains("x shows"), "{text}");
}
