//! Every screen at every size in every condition, as text and, at 80×24, with its styles.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

#[path = "support/access.rs"]
mod access;
#[path = "frames/deploying.rs"]
mod deploying;
mod desk;
#[path = "support/facts.rs"]
mod facts;
#[path = "frames/logs.rs"]
mod logs;

use std::{fmt::Write as _, sync::LazyLock};

use bic_tui::{
    cloud::{Change, ImageRoute, InsightsRequest, Query},
    core::{
        dialog::{
            Act, Confirm, Countdown, Detail, Dialog, Focus, ImageDialog, InsightsDialog, Menu, Offers, Palette, Prompt, Purpose, Scale,
            Scroll, Skip, Way,
        },
        fact::{LogEvent, LogGroup, LogPage, QueryResults, QueryState},
        fault::{Fault, FaultKind},
        field::TextField,
        insights::{Insights, query},
        leftovers::Search,
        lines::{Filter, Pattern},
        logline::Level,
        logview::LogView,
        model::Model,
        msg::{Msg, Size},
        names::App,
        screen::ScreenId,
        secret::SecretText,
        sources::{self, Source},
        tail::{Arrived, Tail},
        text::{RawText, SafeText},
        update::update,
    },
    ui::{self, Side, theme::Theme},
};
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use strum::IntoEnumIterator;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

static DARK: LazyLock<Theme> = LazyLock::new(|| Theme::named("dark").unwrap());

fn draw(model: &Model, (width, height): (u16, u16)) -> Buffer {
    draw_in(model, (width, height), &DARK)
}

fn draw_in(model: &Model, (width, height): (u16, u16), theme: &Theme) -> Buffer {
    let side = Side {
        theme,
        secret: &|_| Some(std::sync::Arc::new(SecretText::new(b"sk-1234567890".to_vec()))),
        picture: &|_, _, _| false,
        picture_protocol: "half-blocks".into(),
    };
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| ui::view(model, &side, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// Rows as text, without the blanks at their ends.
fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let mut out = String::new();
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        let mut hidden = 0;
        for cell in row {
            if hidden == 0 {
                line.push_str(cell.symbol());
                hidden = ui::cut::width(cell.symbol()).saturating_sub(1);
            } else {
                hidden -= 1;
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Styles as runs: `row: from-to style`, nothing for the default.
fn styles(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let mut out = String::new();
    for (y, row) in buffer.content.chunks(width).enumerate() {
        let mut runs = String::new();
        let mut from = 0;
        for run in row.chunk_by(|a, b| style(a) == style(b)) {
            let to = from + run.len();
            let name = style(&run[0]);
            if !name.is_empty() {
                write!(runs, " {from}-{} {name}", to - 1).unwrap();
            }
            from = to;
        }
        if !runs.is_empty() {
            writeln!(out, "{y}:{runs}").unwrap();
        }
    }
    out
}

/// `114`, `16/80b`, `r`: foreground, background after a slash, modifiers by their first letter.
fn style(cell: &Cell) -> String {
    let color = |c: Color| if c == Color::Reset { String::new() } else { c.to_string() };
    let mut out = color(cell.fg);
    if cell.bg != Color::Reset {
        write!(out, "/{}", color(cell.bg)).unwrap();
    }
    for (flag, sign) in [
        (Modifier::BOLD, 'b'),
        (Modifier::DIM, 'd'),
        (Modifier::ITALIC, 'i'),
        (Modifier::UNDERLINED, 'u'),
        (Modifier::REVERSED, 'r'),
    ] {
        if cell.modifier.contains(flag) {
            out.push(sign);
        }
    }
    out
}

fn compare(name: &str, frames: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, frames));
}

fn title(out: &mut String, size: (u16, u16), what: &str) {
    writeln!(out, "════ {}×{} {what}", size.0, size.1).unwrap();
}

/// A model at every size.
fn shoot(name: &str, model: &Model) -> String {
    let mut model = model.clone();
    let mut out = String::new();
    for size in SIZES {
        update(
            &mut model,
            Msg::Resize(Size {
                width: size.0,
                height: size.1,
            }),
        );
        let buffer = draw(&model, size);
        title(&mut out, size, name);
        out.push_str(&text(&buffer));
        if size == SIZES[0] {
            title(&mut out, size, "styles");
            out.push_str(&styles(&buffer));
        }
    }
    out
}

/// Screens walk by themselves: a new one is covered without a new test.
#[test]
fn every_screen_in_every_condition() {
    for screen in ScreenId::iter() {
        for (condition, mut model) in facts::conditions() {
            model.screen = screen;
            compare(&format!("{screen}-{condition}").to_lowercase(), &shoot(condition, &model));
        }
    }
}

/// Screen 8 with a certificate that waits, a name that leads elsewhere, and throughput; each panel in its turn.
#[test]
fn access_with_name_certificate_and_throughput() {
    let mut model = facts::loaded("bedrock-image-chat");
    access::fill(&mut model);
    model.screen = ScreenId::Access;
    let mut out = String::new();
    for panel in ScreenId::Access.panels() {
        model.focus.insert(ScreenId::Access, *panel);
        title(&mut out, SIZES[0], panel.title());
        out.push_str(&text(&draw(&model, SIZES[0])));
    }
    for size in SIZES {
        title(&mut out, size, "all");
        out.push_str(&text(&draw(&model, size)));
    }
    title(&mut out, SIZES[0], "styles");
    out.push_str(&styles(&draw(&model, SIZES[0])));
    compare("access-filled", &out);
}

/// Started without credentials, any screen is the one with the next steps.
#[test]
fn signed_out() {
    let mut out = String::new();
    for size in SIZES {
        title(&mut out, size, "signed-out");
        out.push_str(&text(&draw(&facts::signed_out(), size)));
    }
    compare("signed-out", &out);
}

/// The first screen says why it is empty, and what to do, whatever kept the stack from being read.
#[test]
fn never_told() {
    let mut out = String::new();
    for kind in [FaultKind::Denied, FaultKind::OddAnswer, FaultKind::Throttled, FaultKind::Refused] {
        let model = facts::untold(kind);
        title(&mut out, SIZES[0], &kind.to_string());
        out.push_str(&text(&draw(&model, SIZES[0])));
        for size in SIZES {
            let shown = text(&draw(&model, size));
            assert!(shown.contains("could not be read") && !shown.contains("Asking AWS"), "{shown}");
        }
    }
    compare("never-told", &out);
}

fn confirm(typed: Option<&str>) -> Confirm {
    let mut confirm = Confirm::new(
        "Destroy stack bedrock-image-chat with its 52 resources?".into(),
        vec!["stays: recovery points of FileSystem in AWS Backup, billed until they expire or are deleted".into()],
        "Destroy",
        vec![Change::DeleteStack { stack: "s".into() }],
    );
    if let Some(typed) = typed {
        confirm.losses = vec![
            "lost: FileSystem (AWS::EFS::FileSystem)".into(),
            "lost: Database (AWS::RDS::DBInstance)".into(),
        ];
        confirm.typed = Some(("bedrock-image-chat".into(), TextField::with(typed)));
        confirm.focus = Focus::Field;
    }
    confirm
}

/// Every kind of dialog, with names for the snapshots.
fn dialogs() -> Vec<(&'static str, Dialog)> {
    [questions(), lists()].concat()
}

/// Dialogs that ask.
fn questions() -> Vec<(&'static str, Dialog)> {
    let countdown = Countdown {
        title: "Putting the stack to sleep: all tasks stop".into(),
        lines: vec!["saves about $0.099/h; $0.061/h goes on (network, storage, secrets)".into()],
        until: facts::NOW.mono + 2_400,
        changes: Vec::new(),
    };
    let scale = |app, to| Scale {
        app,
        service: format!("bedrock-image-chat-{app}").into(),
        from: 1,
        to,
        on_yes: false,
    };
    let prompt = |purpose, text, error: Option<&str>| Prompt {
        purpose,
        field: TextField::with(text),
        error: error.map(SafeText::new),
        back: 0,
    };
    let chosen = Confirm {
        focus: Focus::Yes,
        ..confirm(None)
    };
    let mut waive = Confirm::new(
        "encryption stands in the way. Make the plan in spite of it?".into(),
        vec!["The plan, its dialog and the audit log say that it was overridden.".into()],
        "Override",
        Vec::new(),
    );
    waive.losses = vec!["encryption: the certificate is not in us-west-2. Take a certificate of the region of the stack.".into()];
    waive.typed = Some(("encryption".into(), TextField::with("encry")));
    waive.focus = Focus::Field;
    let mistyped = prompt(Purpose::Arm, "defalt", Some("type the profile's name, default, to arm it"));
    vec![
        ("confirm", Dialog::Confirm(confirm(None))),
        ("confirm-yes", Dialog::Confirm(chosen)),
        ("confirm-typed", Dialog::Confirm(confirm(Some("bedrock-ima")))),
        ("confirm-override", Dialog::Confirm(waive)),
        ("countdown", Dialog::Countdown(countdown)),
        ("scale", Dialog::Scale(scale(App::Litellm, 2))),
        ("scale-refused", Dialog::Scale(scale(App::OpenWebui, 2))),
        ("prompt", Dialog::Prompt(prompt(Purpose::Rows, "openwebui", None))),
        ("prompt-error", Dialog::Prompt(mistyped)),
        ("insights", Dialog::Insights(insights())),
    ]
}

/// Dialogs to read in and to choose from.
/// A query for errors that speak of a time-out, over a week of a group that is ten days old.
fn insights() -> InsightsDialog {
    let filter = Filter {
        min_level: Some(Level::Error),
        pattern: Pattern::filter("timed out"),
        ..Filter::default()
    };
    InsightsDialog {
        window: TextField::with("-7d"),
        query: query(&filter, false),
        lacks_pattern: false,
        is_of_request: false,
        group: "/ecs/bedrock-image-chat".into(),
        asked: 1,
        size: Some(Ok(Some(LogGroup {
            stored: Some(5 << 30),
            created: Some(facts::loaded("x").now.wall - 864_000_000),
            retention_days: Some(30),
        }))),
        focus: Focus::Cancel,
    }
}

#[expect(clippy::too_many_lines, reason = "a list of dialogs")]
fn lists() -> Vec<(&'static str, Dialog)> {
    let detail = Detail {
        title: "Stack event".into(),
        lines: (1..40)
            .map(|n| format!("line {n} {}", "of a long text ".repeat(n)).into())
            .collect(),
        scroll: Scroll { top: 3 },
    };
    let way = |label: &str, act| Way {
        closed: None,
        label: label.into(),
        help: "leave the console; the operation goes on in AWS, and a console opened again follows it".into(),
        act,
    };
    let menu = Menu {
        title: "bedrock-image-chat is UPDATE_IN_PROGRESS".into(),
        of: Offers::Out,
        ways: vec![
            way("Stay", Act::Stay),
            way("Detach", Act::Detach),
            way("Cancel the update", Act::Way(bic_tui::core::unstick::Way::CancelUpdate)),
            Way {
                closed: Some("no rollback has failed".into()),
                ..way("Continue the rollback", Act::Stay)
            },
        ],
        selected: 1,
    };
    let skip = Skip {
        way: bic_tui::core::unstick::Way::ContinueRollback,
        rows: vec![
            ("LiteLLMService".into(), "ECS Deployment Circuit Breaker was triggered".into(), true),
            ("OpenWebUIService".into(), "Resource update cancelled".into(), false),
        ],
        selected: 1,
    };
    let retain = Skip {
        way: bic_tui::core::unstick::Way::DeleteRetaining,
        ..skip.clone()
    };
    let image = ImageDialog {
        prompt: TextField::with("a lighthouse"),
        routes: vec![("straight to Bedrock".into(), ImageRoute::Bedrock, "some.model".into())],
        route: 0,
        on_prompt: true,
        on_yes: false,
        price: "$0.040 an image, estimate".into(),
        base: "some.model".into(),
        in_clear: None,
        run: None,
    };
    let palette = Palette {
        field: TextField::with("stack"),
        selected: 1,
    };
    let sources = sources::Picker {
        chosen: Source::App(App::Litellm),
        field: TextField::default(),
        is_typing: false,
    };
    vec![
        ("palette", Dialog::Palette(palette)),
        ("sources", Dialog::Sources(sources)),
        ("help", Dialog::Help(Scroll::default())),
        ("errors", Dialog::Errors(Scroll { top: 9_999 })),
        ("detail", Dialog::Detail(detail)),
        ("menu", Dialog::Menu(menu)),
        ("retain", Dialog::Skip(retain)),
        ("skip", Dialog::Skip(skip)),
        ("leftovers", Dialog::Leftovers(None)),
        ("image", Dialog::Image(image)),
        ("dns", Dialog::Dns(access::records())),
        ("buy", Dialog::Buy(access::purchase())),
    ]
}

/// A search that found some things of a stack that is gone, and could not look at one place.
fn searched() -> Search {
    use bic_tui::core::fact::{Fact, Leftover, LeftoverKind, Look};
    let point = |n: i64| Leftover {
        of: "arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-0a1b2c3d4e5f60718".into(),
        made: Some(facts::NOW.wall - n * 86_400_000),
        bytes: Some(n << 30),
        ..Leftover::new(
            LeftoverKind::RecoveryPoint,
            format!("arn:aws:backup:us-west-2:123456789012:recovery-point:8a92c37{n}-b475"),
        )
    };
    let mut search = Search::new(&"bedrock-image-chat".into(), &"us-west-2".into(), None);
    let mut open = vec![search.begin(None)];
    while let Some(query) = open.pop() {
        let answer = match &query {
            Query::Stack { .. } => Ok(Fact::Stack(None)),
            Query::DeletedStacks { .. } => Ok(Fact::StackIds(Vec::new())),
            Query::Holders { .. } => Ok(Fact::Holders(Vec::new())),
            Query::Left(Look::RecoveryPoints { .. }) => Ok(Fact::Left((1..=9).map(point).collect())),
            Query::Left(Look::Secrets { .. }) => Ok(Fact::Left(vec![Leftover {
                ends: Some(facts::NOW.wall + 86_400_000),
                ..Leftover::new(
                    LeftoverKind::Secret,
                    "arn:aws:secretsmanager:us-west-2:123456789012:secret:bedrock-image-chat/litellm-api-key-AbCdEf",
                )
            }])),
            Query::Left(Look::Snapshots { .. }) => Err(Fault::new(FaultKind::Denied, "rds:DescribeDBSnapshots", "", "")),
            _ => Ok(Fact::Left(Vec::new())),
        };
        open.extend(search.take(&query, answer, facts::NOW));
    }
    search
}

fn with_dialog(mut model: Model, dialog: Dialog) -> Model {
    if dialog == Dialog::Leftovers(None) {
        model.leftovers.last = Some(searched());
    }
    if matches!(dialog, Dialog::Dns(_) | Dialog::Buy(_)) {
        access::fill(&mut model);
    }
    model.errors = facts::errors();
    model.dialog = Some(dialog);
    model
}

#[test]
fn every_dialog() {
    for (name, dialog) in dialogs() {
        let model = with_dialog(facts::loaded("bedrock-image-chat"), dialog);
        let mut out = String::new();
        for size in [(80, 24), (40, 12), (200, 60)] {
            let buffer = draw(&model, size);
            title(&mut out, size, name);
            out.push_str(&text(&buffer));
            if size == (80, 24) {
                title(&mut out, size, "styles");
                out.push_str(&styles(&buffer));
            }
        }
        compare(&format!("dialog-{name}"), &out);
    }
}

/// A busy log: new lines come in time, and the second look at the last minutes never gets through.
fn never_through_with_late_lines() -> Model {
    let mut model = facts::loaded("bedrock-image-chat");
    model.screen = ScreenId::Logs;
    let begun = model.now.wall;
    let mut tail = Tail::new("/ecs/bedrock-image-chat".into(), begun - 900_000);
    for second in 0..300 {
        let now = begun + second * 1_000;
        model.now.wall = now;
        if let Some((seq, request)) = tail.due(now, true) {
            let next = request.until.map(|_| format!("page {second}").into());
            tail.on_page(seq, Ok(LogPage { events: Vec::new(), next }), now);
        }
    }
    model.tail = Some(tail);
    model
}

#[test]
fn who_may_read_the_log_alone_is_told_its_keys_and_how_many_lines_are_kept() {
    let mut model = facts::loaded("bedrock-image-chat");
    model.feeds.stack = bic_tui::core::feed::Feed::default();
    model
        .feeds
        .stack
        .fail(Fault::new(FaultKind::Denied, "cloudformation:DescribeStacks", "", ""));
    model.screen = ScreenId::Logs;
    let at = model.now.wall;
    model.logs.append(
        ["INFO: one", "ERROR: two", "INFO: three"]
            .into_iter()
            .zip(0..)
            .map(|(text, n)| Arrived {
                event: LogEvent {
                    id: Some(format!("37{n:054}").into()),
                    at,
                    ingested: at,
                    stream: "litellm/litellm/1".into(),
                    message: RawText::new(text),
                },
                late: false,
            }),
    );
    model.logs.filter_by("ERROR");
    for size in SIZES {
        let screen = text(&draw(&model, size));
        for words in ["/ search", "& filter", "1 of 3 lines"] {
            assert!(screen.contains(words), "{words}:\n{screen}");
        }
    }
}

#[test]
fn a_search_for_late_lines_that_does_not_keep_up_says_by_how_much() {
    let model = never_through_with_late_lines();
    for (width, height) in SIZES {
        let screen = text(&draw(&model, (width, height)));
        // Begun when the tail began, wanted every minute, and a minute more is given.
        assert!(
            screen.contains("search for late lines 2 min 59 s behind"),
            "{width}×{height}:\n{screen}"
        );
        assert!(!screen.contains("not fetched yet"), "new lines come in time:\n{screen}");
    }
}

/// Results of a query before the tail, in each of its states.
#[test]
fn results_of_logs_insights() {
    let mut out = String::new();
    for (state, rows) in [
        (QueryState::Running, 2),
        (QueryState::Complete, 3),
        (QueryState::Complete, 10_000),
        (QueryState::Complete, 0),
        (QueryState::Failed, 2),
        (QueryState::TimedOut, 0),
    ] {
        let mut model = facts::loaded("bedrock-image-chat");
        model.screen = ScreenId::Logs;
        let now = model.now.wall;
        let request = InsightsRequest {
            group: "/ecs/bedrock-image-chat".into(),
            from: now - 604_800_000,
            until: now,
            query: query(&Filter::default(), false),
        };
        let mut insights = Insights::new(1, request, LogView::apart(usize::MAX, 1));
        insights.on_begun(1, &"q-1".into(), 0);
        insights.due(2, 9_000);
        let event = |n: i64| LogEvent {
            id: None,
            at: now - 86_400_000 + n * 10,
            ingested: now,
            stream: "litellm/litellm/1".into(),
            message: RawText::new(&format!("ERROR: found {n}")),
        };
        let results = QueryResults {
            state,
            events: (0..rows).map(event).collect(),
            matched: rows as u64 * 7,
            scanned: 9_000_000,
            bytes: 3_500_000_000,
        };
        insights.on_results(2, Ok(results), 9_000);
        model.insights = Some(insights);
        for size in [(80, 24), (120, 40)] {
            title(&mut out, size, &format!("{state}, {rows}"));
            out.push_str(&text(&draw(&model, size)));
        }
    }
    compare("logs-insights", &out);
}

/// The smaller and the odd: sizes below 80×24, the focused panel alone, filters, no errors, no colour.
#[test]
fn the_overview_at_its_edges() {
    let mut out = String::new();
    for size in [(80, 17), (64, 20), (60, 24), (40, 12), (39, 12), (12, 3)] {
        title(&mut out, size, "loaded");
        out.push_str(&text(&draw(&facts::loaded("bedrock-image-chat"), size)));
    }
    let mut model = facts::loaded("bedrock-image-chat");
    model.is_zoomed = true;
    model.row_filter = Some("cluster".into());
    title(&mut out, SIZES[0], "zoomed and filtered");
    out.push_str(&text(&draw(&model, SIZES[0])));
    model.row_filter = Some("nothing has this name".into());
    title(&mut out, SIZES[0], "filtered empty");
    out.push_str(&text(&draw(&model, SIZES[0])));
    let plain = draw_in(&facts::loaded("bedrock-image-chat"), SIZES[0], &Theme::plain());
    title(&mut out, SIZES[0], "without colour");
    out.push_str(&styles(&plain));
    compare("overview-edges", &out);
}

/// Small sizes, each fifth one at each step, so that five models in a row see them all; and a large one.
fn odd_sizes(step: u16) -> impl Iterator<Item = (u16, u16)> {
    let small = (0..=40).flat_map(|w| (0..=15).map(move |h| (w, h)));
    small
        .filter(move |(w, h)| (w + 2 * h + step).is_multiple_of(5))
        .chain([(300, 100), (300, 1), (1, 100)])
}

#[test]
fn no_size_and_no_dialog_makes_it_panic() {
    let loaded = facts::loaded("bedrock-image-chat");
    let with_dialogs = dialogs().into_iter().map(|(_, d)| with_dialog(loaded.clone(), d));
    let conditions = facts::conditions().into_iter().map(|(_, m)| m).chain([facts::signed_out()]);
    for (model, step) in with_dialogs.chain(conditions).zip(0..) {
        for size in odd_sizes(step) {
            assert_eq!(draw(&model, size).area.width, size.0);
        }
    }
}

#[test]
fn no_screen_and_no_focus_makes_it_panic() {
    for (_, mut model) in facts::conditions() {
        for screen in ScreenId::iter() {
            model.screen = screen;
            for focus in screen.panels() {
                model.focus.insert(screen, *focus);
                model.cursors.insert(*focus, 10_000);
                for size in [(40, 12), (41, 13), (64, 15), (80, 16)] {
                    model.is_zoomed = !model.is_zoomed;
                    draw(&model, size);
                }
            }
            draw(&model, (300, 100));
        }
    }
}
