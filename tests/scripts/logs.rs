//! The Logs screen by keys: errors by shape, the lines of a request, entries as JSON, and the way back.

use bic_tui::core::{
    fact::{LiveUpdate, LogEvent, LogPage},
    msg::{Asked, Now, Ticket},
    polls::Poll,
    screen::Panel,
    text::RawText,
};

use super::{older::crowded, *};

pub(crate) const DENIED: &str = "19:40:58 - LiteLLM Proxy:ERROR: a.py:1 - litellm_call_id=0af3b1c2-77aa - litellm.PermissionDeniedError: \
                      BedrockException - {\"message\": \"You don't have access to the model with the specified model ID.\"}";

pub(crate) fn event(at: i64, n: u64, app: &str, message: &str) -> LogEvent {
    LogEvent {
        id: Some(format!("37{n:054}").into()),
        at,
        ingested: at + 300,
        stream: format!("{app}/{app}/1").into(),
        message: RawText::new(message),
    }
}

/// The ticket of the log page that is asked for.
pub(crate) fn page_ticket(effects: &[Effect]) -> Option<Ticket> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ask(
            ticket @ Ticket {
                asked: Asked::Poll(Poll::Logs),
                ..
            },
            Query::LogPage(_),
        ) => Some(*ticket),
        _ => None,
    })
}

/// On the Logs screen with two refused images, each with its traceback, between lines that are well.
pub(crate) fn with_errors() -> Model {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    let mut effects = press(&mut model, "4");
    effects.extend(wait(&mut model, 1_000));
    let ticket = page_ticket(&effects).expect("a page is asked for");
    let from = model.now.wall - 60_000;
    let mut events = Vec::new();
    for (n, message) in [
        "INFO: fine",
        DENIED,
        "Traceback (most recent call last):",
        "  File \"x.py\", line 1",
        "x.BadError: no",
    ]
    .iter()
    .cycle()
    .take(10)
    .enumerate()
    {
        let id = n as u64;
        events.push(event(
            from + i64::try_from(n / 5).unwrap_or_default() * 10_000 + n as i64,
            id,
            "litellm",
            message,
        ));
    }
    events.push(event(from + 30_000, 30, "openwebui", "INFO: {\"level\": \"info\", \"user\": 7}"));
    let effects = update(&mut model, Msg::Told(ticket, Ok(Fact::LogPage(LogPage { events, next: None }))));
    assert_eq!((model.logs.lines().len(), model.logs.lines().errors().waiting()), (11, 2));
    mine(&mut model, effects);
    update(&mut model, Msg::Drawn);
    model
}

/// Does what other threads would do: finds the shapes of the errors that came.
fn mine(model: &mut Model, effects: Vec<Effect>) {
    let mut effects = std::collections::VecDeque::from(effects);
    while let Some(effect) = effects.pop_front() {
        if let Effect::Mine(mining) = effect {
            effects.extend(update(model, Msg::Mined(mining.run())));
        }
    }
}

fn shown(model: &Model) -> usize {
    model.logs.window(100, 200).total
}

#[test]
fn errors_by_shape_lead_to_their_lines_and_esc_leads_back() {
    let mut model = with_errors();
    let text = model.findings().first().map(|finding| finding.text.to_string());
    assert!(
        text.is_some_and(|text| text.contains("no access to the model")),
        "the strip says it"
    );
    press(&mut model, "#");
    let chosen = |model: &Model| match &model.dialog {
        Some(Dialog::Shapes(chosen)) => chosen.clone().map(|text| text.to_string()),
        other => panic!("{other:?}"),
    };
    assert!(
        chosen(&model).is_some_and(|text| text.contains("PermissionDenied")),
        "the one that is seen"
    );
    press(&mut model, "j k enter");
    assert_eq!(
        (model.dialog.clone(), shown(&model)),
        (None, 8),
        "both errors with their tracebacks"
    );
    press(&mut model, "z");
    assert_eq!(shown(&model), 2, "folded to their first lines");
    press(&mut model, "esc");
    assert_eq!((shown(&model), model.screen, model.logs.is_following()), (11, ScreenId::Logs, true));
}

#[test]
fn the_cursor_of_the_list_of_shapes_stays_on_its_shape_and_enter_opens_no_other() {
    let mut model = with_errors();
    press(&mut model, "#");
    update(&mut model, Msg::Drawn);
    let chosen = |model: &Model| match &model.dialog {
        Some(Dialog::Shapes(Some(text))) => text.to_string(),
        other => panic!("{other:?}"),
    };
    let first = chosen(&model);
    // A shape that is more frequent comes above it while the list is open.
    let at = model.now.wall - 1_000;
    let ticket = page_ticket(&wait(&mut model, 20_000)).expect("a page is asked for");
    let events = (0..5)
        .map(|n| event(at + n, 100 + n as u64, "litellm", "ERROR: pool is empty"))
        .collect();
    let effects = update(&mut model, Msg::Told(ticket, Ok(Fact::LogPage(LogPage { events, next: None }))));
    mine(&mut model, effects);
    let top = model.logs.lines().errors().shapes()[0].text.to_string();
    assert!((top.as_str(), chosen(&model)) == ("pool is empty", first.clone()), "{top}");
    press(&mut model, "k j");
    assert_eq!(chosen(&model), first);
    // Its lines go while the list is open.
    model.logs = model.logs.cleared();
    model.logs.append([bic_tui::core::tail::Arrived {
        event: event(at, 200, "litellm", "ERROR: another"),
        late: false,
    }]);
    model.logs.finish_scans();
    press(&mut model, "enter");
    assert!(model.logs.filter().is_all() && chosen(&model) == "another", "{:?}", model.dialog);
}

#[test]
fn errors_are_listed_before_it_is_known_what_they_say_and_sorted_as_that_is_found() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    let mut effects = press(&mut model, "4");
    effects.extend(wait(&mut model, 1_000));
    let ticket = page_ticket(&effects).expect("a page is asked for");
    let at = model.now.wall - 60_000;
    let events = (0..3).map(|n| event(at + n, n as u64, "litellm", DENIED)).collect();
    let effects = update(&mut model, Msg::Told(ticket, Ok(Fact::LogPage(LogPage { events, next: None }))));
    let told = |model: &Model| model.findings().first().map(|finding| finding.text.to_string()).unwrap_or_default();
    assert!(told(&model).starts_with("3 errors in 10 min; "), "{}", told(&model));
    press(&mut model, "#");
    assert_eq!(model.dialog, Some(Dialog::Shapes(None)));
    press(&mut model, "enter");
    assert!(model.logs.filter().is_all(), "there is none to go to yet");
    mine(&mut model, effects);
    assert!(told(&model).contains("no access to the model"), "{}", told(&model));
}

#[test]
fn x_says_what_it_did_and_how_to_follow_again() {
    let mut model = with_errors();
    let said = |model: &mut Model, keys: &str| {
        model.notice = None;
        press(model, keys);
        model.notice.as_ref().map(|notice| notice.text.to_string()).unwrap_or_default()
    };
    assert!(said(&mut model, "x").contains("no line is hidden; &"));
    press(&mut model, "/");
    type_text(&mut model, "BadError");
    press(&mut model, "enter F");
    assert!(said(&mut model, "x").contains("a search hides no line; &"));
    assert!(model.logs.is_following());
    press(&mut model, "&");
    type_text(&mut model, "BadError");
    press(&mut model, "enter");
    assert!(model.logs.is_following());
    let text = said(&mut model, "x");
    assert!(text.contains("F follows") && text.contains("x back"), "{text}");
    assert!(!model.logs.is_following());
    assert!(said(&mut model, "x").contains("F follows"));
    press(&mut model, "F");
    assert!(model.logs.is_following());
}

#[test]
fn read_only_says_that_a_scan_and_live_tail_spend_money_and_what_to_do() {
    let mut model = with_errors();
    model.guard.read_only = true;
    for (key, what) in [("Q", "an Insights scan"), ("T", "Live Tail"), ("I", "a test image")] {
        model.notice = None;
        press(&mut model, key);
        let text = model.notice.as_ref().map(|notice| notice.text.to_string()).unwrap_or_default();
        assert!(text.contains(&format!("{what} spends money; start without read-only")), "{text}");
    }
}

/// A clock that was put back far would have the tail wait until it has caught up.
#[test]
fn the_tail_begins_anew_where_the_clock_was_put_back_far() {
    for (back, held) in [(50_000, 11), (3_600_000, 0)] {
        let mut model = with_errors();
        let now = Now {
            mono: model.now.mono + 20_000,
            wall: model.now.wall - back,
        };
        let effects = update(&mut model, Msg::Tick(now));
        let ticket = page_ticket(&effects).expect("a page is asked for");
        let of = |effect: &Effect| match effect {
            Effect::Ask(_, Query::LogPage(request)) => Some(request.from),
            _ => None,
        };
        let from = effects.iter().find_map(of).unwrap_or_default();
        assert_eq!(model.logs.lines().len(), held, "{back}");
        assert_eq!(from == now.wall - 15 * 60_000, held == 0, "{back}");
        let events = vec![event(now.wall - 1_000, 77, "litellm", "INFO: by the clock of now")];
        update(&mut model, Msg::Told(ticket, Ok(Fact::LogPage(LogPage { events, next: None }))));
        assert_eq!(model.logs.lines().len(), held + 1, "{back}");
    }
}

#[test]
fn a_request_is_told_from_the_rest_and_left_with_the_same_key() {
    let mut model = with_errors();
    press(&mut model, "E *");
    assert_eq!((shown(&model), model.logs.filter().request.is_some()), (8, true));
    press(&mut model, "*");
    assert_eq!((shown(&model), model.logs.filter().is_all()), (11, true));
    press(&mut model, "G *");
    assert!(model.logs.filter().is_all() && model.notice.is_some(), "that line names none");
}

#[test]
fn an_entry_is_json_with_what_it_holds_read() {
    let mut model = with_errors();
    press(&mut model, "J");
    let Some(Dialog::Json(json)) = &model.dialog else {
        panic!("no dialog")
    };
    assert_eq!(json.value["message.json"]["user"], 7);
    assert_eq!(json.value["service.name"], "openwebui");
}

#[test]
fn a_task_and_an_event_lead_to_their_lines_and_esc_back_to_the_row() {
    let mut model = with_errors();
    press(&mut model, "3 tab");
    assert_eq!(model.panel(), Panel::Tasks);
    press(&mut model, "j enter");
    assert_eq!((model.screen, model.logs.filter().stream.is_some()), (ScreenId::Logs, true));
    press(&mut model, "esc");
    assert_eq!(
        (model.screen, model.panel(), model.cursor(Panel::Tasks)),
        (ScreenId::Services, Panel::Tasks, 1)
    );
    assert!(model.logs.filter().is_all());
    press(&mut model, "enter a esc");
    let filter = model.logs.filter();
    assert_eq!(
        (model.screen, filter.stream.is_some(), filter.min_level),
        (ScreenId::Logs, true, None),
        "what came since first"
    );
    press(&mut model, "esc");
    assert_eq!(model.screen, ScreenId::Services);
    press(&mut model, "1 L");
    assert_eq!(
        (model.screen, model.logs.is_following()),
        (ScreenId::Logs, false),
        "at the time of the event"
    );
    press(&mut model, "esc");
    assert_eq!((model.screen, model.panel()), (ScreenId::Overview, Panel::Events));
}

#[test]
fn esc_takes_back_one_thing_at_a_time_the_newest_first() {
    let mut model = with_errors();
    press(&mut model, "3 tab j enter & h e a l t h enter v v");
    let asked = |model: &Model| {
        let filter = model.logs.filter();
        (
            filter.stream.is_some(),
            filter.app.is_some(),
            filter.pattern.is_some(),
            filter.min_level.is_some(),
            model.logs.searched().is_some(),
        )
    };
    let mut peeled = |keys: &str| {
        press(&mut model, keys);
        (model.screen, asked(&model))
    };
    assert_eq!(peeled("j"), (ScreenId::Logs, (true, false, true, true, false)));
    assert_eq!(peeled("esc"), (ScreenId::Logs, (true, false, true, false, false)));
    assert_eq!(peeled("esc"), (ScreenId::Logs, (true, false, false, false, false)));
    assert_eq!(peeled("esc"), (ScreenId::Services, (false, false, false, false, false)));
    // What is asked for anew is the newest again.
    press(&mut model, "4 & B a d enter u u u enter v v / x enter & B enter");
    let mut peeled = || {
        press(&mut model, "esc");
        asked(&model)
    };
    assert_eq!(peeled(), (false, true, false, true, true));
    assert_eq!(peeled(), (false, true, false, true, false));
    assert_eq!(peeled(), (false, true, false, false, false));
    assert_eq!(peeled(), (false, false, false, false, false));
    assert_eq!(model.screen, ScreenId::Logs);
}

#[test]
fn a_pattern_that_spans_lines_is_refused_and_leaves_the_filter_as_it_was() {
    let mut model = with_errors();
    for (key, text) in [("&", "boom\\n"), ("&", "!boom\\n"), ("/", "a\\nb")] {
        press(&mut model, key);
        type_text(&mut model, text);
        press(&mut model, "enter");
        let Some(Dialog::Prompt(prompt)) = &model.dialog else {
            panic!("{key}{text} was taken")
        };
        assert!(prompt.error.as_ref().is_some_and(|why| why.contains("span lines")), "{prompt:?}");
        press(&mut model, "esc");
        assert!(model.logs.filter().is_all() && model.logs.searched().is_none());
    }
}

#[test]
fn a_filter_is_offered_as_it_was_typed() {
    for (typed, kept) in [("!Traceback", 9), ("BadError", 2)] {
        let mut model = with_errors();
        press(&mut model, "&");
        type_text(&mut model, typed);
        press(&mut model, "enter");
        model.logs.finish_scans();
        assert_eq!(shown(&model), kept, "{typed}");
        press(&mut model, "& enter");
        model.logs.finish_scans();
        assert_eq!(shown(&model), kept, "{typed} is still asked for");
    }
}

#[test]
fn pasted_lines_are_refused_as_a_pattern_and_one_line_with_its_end_is_taken() {
    for key in ["/", "&"] {
        for end in ["\n", "\r", "\r\n"] {
            let mut model = with_errors();
            press(&mut model, key);
            type_text(&mut model, "a");
            update(&mut model, Msg::Paste(format!("b{end}c")));
            let prompt = |model: &Model| match &model.dialog {
                Some(Dialog::Prompt(prompt)) => (prompt.field.text().to_owned(), prompt.error.as_ref().map(ToString::to_string)),
                _ => panic!("the prompt stays"),
            };
            let (text, why) = prompt(&model);
            assert_eq!(text, "a");
            assert!(why.is_some_and(|why| why.starts_with("not pasted: it spans lines") && why.len() < 79));
            update(&mut model, Msg::Paste(format!("b c{end}")));
            assert_eq!(prompt(&model), ("ab c".to_owned(), None));
        }
    }
}

#[test]
fn what_was_said_of_a_key_goes_with_the_next_one() {
    let mut model = with_errors();
    press(&mut model, "'");
    assert!(
        model
            .notice
            .as_ref()
            .is_some_and(|notice| notice.text.contains("no line is marked"))
    );
    press(&mut model, "k");
    assert_eq!(model.notice, None);
    update(&mut model, Msg::Saved(Ok("a file".into())));
    press(&mut model, "k");
    assert!(model.notice.is_some(), "that came by itself");
}

#[test]
fn where_the_stack_may_not_be_asked_about_its_lines_are_asked_for_by_name() {
    for (log_group, want) in [(None, "/ecs/bedrock-image-chat"), (Some("/mine".into()), "/mine")] {
        let mut model = fresh(Settings {
            log_group,
            ..Settings::default()
        });
        let (now, identity) = (model.now, loaded(Settings::default(), "CREATE_COMPLETE").feeds.identity);
        model.feeds.identity.set(identity.get().expect("an identity").clone(), now);
        let effects = press(&mut model, "4");
        assert!(log_pages(&effects).is_empty(), "what the stack is called is not known yet");
        model
            .feeds
            .stack
            .fail(Fault::new(FaultKind::Denied, "cloudformation:DescribeStacks", "", ""));
        let effects = wait(&mut model, 1_000);
        assert_eq!(log_pages(&effects), [want]);
    }
}

/// The groups of the log pages that are asked for.
fn log_pages(effects: &[Effect]) -> Vec<String> {
    let group = |effect: &Effect| match effect {
        Effect::Ask(_, Query::LogPage(request)) => Some(request.group.to_string()),
        _ => None,
    };
    effects.iter().filter_map(group).collect()
}

/// Saves the lines shown as what is offered first.
pub(crate) fn save(model: &mut Model) -> Vec<Effect> {
    press(model, "ctrl-s");
    update(model, Msg::Drawn);
    press(model, "enter")
}

#[test]
fn lines_are_saved_as_json_or_as_text_with_their_number_and_size_before() {
    let mut model = with_errors();
    assert!(press(&mut model, "ctrl-s").is_empty());
    let Some(Dialog::Menu(menu)) = model.dialog.clone() else {
        panic!("{:?}", model.dialog)
    };
    assert_eq!(menu.title.as_str(), "Save 11 lines");
    assert!(menu.ways.iter().all(|way| way.help.starts_with("about ")), "{menu:?}");
    update(&mut model, Msg::Drawn);
    let effects = press(&mut model, "j enter");
    let [Effect::SaveLines(path, format, kept, None)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert!(path.ends_with(".txt"), "{path}");
    let text: String = kept.pieces(*format).collect();
    assert!(text.lines().count() == 11 && text.contains("x.BadError: no"), "{text}");
    press(&mut model, "&");
    type_text(&mut model, "BadError");
    press(&mut model, "enter ctrl-s");
    update(&mut model, Msg::Drawn);
    assert!(
        press(&mut model, "ctrl-c").is_empty() && model.dialog.is_none(),
        "nothing is left behind"
    );
    let effects = save(&mut model);
    assert!(matches!(&effects[..], [Effect::SaveLines(path, _, kept, _)] if path.ends_with(".jsonl") && kept.len() == 2));
    press(&mut model, "&");
    type_text(&mut model, " and nothing");
    press(&mut model, "enter");
    assert!(press(&mut model, "ctrl-s").is_empty() && model.dialog.is_none());
}

#[test]
fn an_export_says_what_it_lacks_and_a_copy_that_is_too_long_what_to_do() {
    let (mut model, _) = crowded();
    press(&mut model, "g");
    let effects = save(&mut model);
    let [Effect::SaveLines(path, ..)] = &effects[..] else {
        panic!("{effects:?}")
    };
    let said = |model: &Model| model.notice.as_ref().map(|notice| notice.text.to_string()).unwrap_or_default();
    update(&mut model, Msg::Exported(None, Ok(path.clone())));
    assert!(
        said(&model).starts_with("saved "),
        "nothing is missing in between: {}",
        said(&model)
    );
    let first = model.logs.selected().expect("a line").at();
    model.logs.leave_out(first + 1, first + 2);
    let effects = save(&mut model);
    let [Effect::SaveLines(path, .., Some(lacks))] = &effects[..] else {
        panic!("{effects:?}")
    };
    update(&mut model, Msg::Saved(Ok("image.png".into())));
    assert_eq!(said(&model), "saved image.png", "nothing is missing in another file");
    update(&mut model, Msg::Exported(Some(lacks.clone()), Ok(path.clone())));
    assert!(said(&model).contains(" missing: saved ./bic-logs"), "{}", said(&model));
    let mut model = with_errors();
    let long = event(world::NOW, 99, "litellm", &"x".repeat(100_001));
    model.logs.append_older(vec![long], true);
    assert!(press(&mut model, "y").is_empty());
    assert!(
        said(&model).contains("98 KB are more than terminals take; ^S saves"),
        "{}",
        said(&model)
    );
}

#[test]
fn an_export_says_what_live_tail_left_out_before_its_last_line() {
    let mut model = with_errors();
    let lacks = |model: &mut Model| match &save(model)[..] {
        [Effect::SaveLines(.., lacks)] => lacks.as_ref().map(ToString::to_string),
        effects => panic!("{effects:?}"),
    };
    wait(&mut model, 5_000);
    let told = |model: &mut Model, at: i64| {
        let update = LiveUpdate {
            events: vec![event(at, 40, "litellm", "INFO: live")],
            sampled: true,
        };
        let new = model.tail.as_mut().expect("a tail").on_live(1, update, model.now.wall);
        model.logs.append(new);
    };
    let early = model.now.wall - 60_001;
    told(&mut model, early);
    assert_eq!(lacks(&mut model), None, "what is left out lies after all lines shown");
    let now = model.now.wall;
    told(&mut model, now);
    let lacks = lacks(&mut model).unwrap_or_default();
    assert!(lacks.starts_with("lines from ") && lacks.ends_with(" missing"), "{lacks}");
}

#[test]
fn a_search_counts_and_what_was_said_of_a_pattern_goes_with_it() {
    let mut model = with_errors();
    press(&mut model, "/");
    type_text(&mut model, "Traceback");
    press(&mut model, "enter");
    model.logs.finish_scans();
    press(&mut model, "N");
    assert_eq!((model.logs.search_place(), model.logs.search_len()), (Some(1), 2));
    press(&mut model, "n");
    assert_eq!(model.logs.search_place(), Some(2));
    press(&mut model, "G");
    assert_eq!(model.logs.search_place(), None, "who follows is on no match");
    press(&mut model, "&");
    type_text(&mut model, "(bad");
    press(&mut model, "enter");
    assert!(model.notice.is_some());
    press(&mut model, "esc");
    assert!(model.notice.is_none());
}

/// Does what other threads would do: looks through the lines.
fn look_through(model: &mut Model, effects: Vec<Effect>) {
    for effect in effects {
        if let Effect::Scan(scan) = effect {
            let mut all = Vec::new();
            scan.run(|| false, |found| all.push(found));
            for found in all {
                update(model, Msg::Found(found));
            }
        }
    }
}

#[test]
fn a_jump_in_one_burst_with_its_search_is_made_when_the_match_is_found() {
    let (mut model, events) = crowded();
    let at = events[30_000].at;
    let said = |model: &Model| model.notice.as_ref().map(|it| it.text.to_string());
    let burst = |model: &mut Model, pattern: &str, key: &str| {
        press(model, "G /");
        type_text(model, pattern);
        let effects = press(model, "enter");
        press(model, key);
        effects
    };
    let effects = burst(&mut model, "line (30000|39000) ", "N");
    assert_eq!(said(&model).as_deref(), Some("looking…"));
    look_through(&mut model, effects);
    assert_eq!((said(&model), model.logs.selected().map(|line| line.at())), (None, Some(at)));
    let effects = burst(&mut model, "line nowhere ", "n");
    assert_eq!(said(&model).as_deref(), Some("looking…"));
    look_through(&mut model, effects);
    assert_eq!(said(&model).as_deref(), Some("no match; / searches"));
    // A move drops the wish.
    let effects = burst(&mut model, "line (30000|39000) ", "N");
    press(&mut model, "G");
    look_through(&mut model, effects);
    assert!(model.logs.is_following() && said(&model).is_none());
}

#[test]
fn a_page_that_leads_nowhere_is_a_failed_poll() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    let mut effects = press(&mut model, "4");
    for n in 0..2 {
        effects.extend(wait(&mut model, 1_000));
        let ticket = page_ticket(&effects).expect("a page is asked for");
        let page = LogPage {
            events: Vec::new(),
            next: Some("same".into()),
        };
        effects = update(&mut model, Msg::Told(ticket, Ok(Fact::LogPage(page))));
        assert_eq!(model.feeds.logs.fault.is_some(), n == 1);
    }
    assert!(model.feeds.logs.fault.is_some_and(|fault| fault.sentence().contains("twice")));
    assert_eq!(model.errors.len(), 1);
}

/// A page with lines of two LiteLLM tasks and one of Open WebUI.
fn with_tasks() -> Model {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    let mut effects = press(&mut model, "4");
    effects.extend(wait(&mut model, 1_000));
    let ticket = page_ticket(&effects).expect("a page is asked for");
    let from = model.now.wall - 60_000;
    let events = (0..9).map(|n| LogEvent {
        stream: [
            "openwebui/openwebui/cccc0000",
            "litellm/litellm/aaaa0000",
            "litellm/litellm/bbbb0000",
        ][n as usize % 3]
            .into(),
        ..event(from + n, n as u64, "", if n > 5 { "ERROR: one" } else { "INFO: two" })
    });
    let page = LogPage {
        events: events.collect(),
        next: None,
    };
    let effects = update(&mut model, Msg::Told(ticket, Ok(Fact::LogPage(page))));
    mine(&mut model, effects);
    model
}

fn streams(model: &Model) -> Vec<String> {
    let lines = model.shown_logs().shown();
    let all: std::collections::BTreeSet<String> = lines.map(|line| line.stream().to_string()).collect();
    all.into_iter().collect()
}

#[test]
fn u_chooses_a_service_or_a_task_and_esc_peels_it() {
    let mut model = with_tasks();
    // Pressed faster than it is drawn: the second goes on to the next.
    press(&mut model, "u u enter");
    assert_eq!(streams(&model), ["openwebui/openwebui/cccc0000"]);
    press(&mut model, "u u enter");
    assert_eq!(
        streams(&model),
        ["litellm/litellm/aaaa0000", "litellm/litellm/bbbb0000"],
        "on from where one is"
    );
    press(&mut model, "u G enter");
    assert_eq!((streams(&model).len(), shown(&model)), (1, 3));
    press(&mut model, "u u enter");
    assert_eq!(streams(&model).len(), 3, "round the end to both");
    press(&mut model, "u / b b b b enter");
    assert_eq!(streams(&model), ["litellm/litellm/bbbb0000"], "u and j would be letters here");
    press(&mut model, "a");
    assert_eq!(shown(&model), 1, "what else is asked for goes with it");
    press(&mut model, "esc");
    assert_eq!(
        streams(&model),
        ["litellm/litellm/bbbb0000"],
        "and is taken back by itself, the newest first"
    );
    press(&mut model, "esc");
    assert_eq!(
        (shown(&model), model.screen, model.logs.filter().is_all()),
        (9, ScreenId::Logs, true)
    );
    // Esc leaves the field, then the picker, and changes nothing.
    press(&mut model, "u / u");
    assert!(matches!(&model.dialog, Some(Dialog::Sources(it)) if it.field.text() == "u" && it.is_typing));
    press(&mut model, "esc");
    assert!(matches!(&model.dialog, Some(Dialog::Sources(it)) if it.field.text().is_empty() && !it.is_typing));
    press(&mut model, "esc");
    assert_eq!((model.dialog.clone(), shown(&model)), (None, 9));
}

#[test]
fn a_task_that_was_chosen_is_in_the_export_and_in_the_query() {
    let mut model = with_tasks();
    press(&mut model, "u / a a a a enter");
    let saved = save(&mut model);
    let text = saved.iter().find_map(|effect| match effect {
        Effect::SaveLines(_, format, kept, _) => Some(kept.pieces(*format).collect::<String>()),
        _ => None,
    });
    let text = text.expect("lines are saved");
    assert_eq!(
        (text.lines().count(), text.matches("litellm/litellm/aaaa0000").count()),
        (3, 3),
        "{text}"
    );
    press(&mut model, "Q");
    let query = match &model.dialog {
        Some(Dialog::Insights(it)) => it.query.clone(),
        other => panic!("{other:?}"),
    };
    assert!(query.contains("filter @logStream = 'litellm/litellm/aaaa0000'"), "{query}");
}
