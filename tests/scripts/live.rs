//! Live Tail by keys: the price first, then sessions that are opened, lost and opened again.

use bic_tui::core::{
    fact::{LiveFrame, LiveUpdate, LogEvent, LogPage},
    live::Live,
    tail::Tail,
    text::RawText,
    update::live_price,
};

use super::{
    logs::{event, page_ticket},
    *,
};

const GROUP: &str = "/ecs/bedrock-image-chat";

fn on_logs(settings: Settings) -> Model {
    let mut model = loaded(settings, "CREATE_COMPLETE");
    press(&mut model, "4");
    wait(&mut model, 1_000);
    model
}

fn live() -> Model {
    let mut model = on_logs(Settings::default());
    assert_eq!(press(&mut model, "T y"), [Effect::OpenLive(1, GROUP.into())]);
    update(&mut model, Msg::Live(1, Ok(LiveFrame::Start)));
    model
}

fn lines(model: &Model, messages: &[&str], sampled: bool) -> LiveFrame {
    let event = |message: &&str| LogEvent {
        id: None,
        at: model.now.wall,
        ingested: model.now.wall,
        stream: "litellm/litellm/1".into(),
        message: RawText::new(message),
    };
    LiveFrame::Update(LiveUpdate {
        events: messages.iter().map(event).collect(),
        sampled,
    })
}

#[test]
fn live_tail_says_its_price_and_stands_on_cancel() {
    let mut model = on_logs(Settings::default());
    assert!(press(&mut model, "T").is_empty());
    let Some(Dialog::Confirm(confirm)) = &model.dialog else {
        panic!("no dialog")
    };
    assert!(confirm.lines[0].contains("$0.01 a minute"), "{:?}", confirm.lines);
    assert!(press(&mut model, "enter").is_empty() && model.live.is_none());
    assert!(press(&mut model, "T n").is_empty() && model.live.is_none());
    assert_eq!(press(&mut model, "T y"), [Effect::OpenLive(1, GROUP.into())]);
    assert_eq!(press(&mut model, "T"), [Effect::CloseLive], "it ends without a question");
    let read_only = Settings {
        read_only: true,
        ..Settings::default()
    };
    let mut model = on_logs(read_only);
    assert!(press(&mut model, "T y").is_empty() && model.live.is_none(), "it costs money");
}

#[test]
fn lines_of_a_session_come_in_and_one_that_is_lost_is_opened_again() {
    let mut model = live();
    let frame = lines(&model, &["INFO: one", "ERROR: two"], false);
    update(&mut model, Msg::Live(1, Ok(frame)));
    assert_eq!(model.logs.lines().len(), 2);
    let title = |model: &Model| model.live.as_ref().map(Live::word);
    assert_eq!(title(&model), Some("live"));
    let frame = lines(&model, &[], true);
    update(&mut model, Msg::Live(1, Ok(frame)));
    assert_eq!(title(&model), Some("live, sampled"));
    let opened = wait(&mut model, 5_001);
    assert!(opened.contains(&Effect::CloseLive), "five seconds of silence");
    let late = lines(&model, &["INFO: of the old session"], false);
    update(&mut model, Msg::Live(1, Ok(late)));
    assert_eq!(model.logs.lines().len(), 2);
    let opened = wait(&mut model, 5_000);
    assert!(opened.contains(&Effect::OpenLive(2, GROUP.into())), "{opened:?}");
    let quota = Fault {
        code: Some("LimitExceededException".into()),
        ..Fault::new(FaultKind::Refused, "logs:StartLiveTail", GROUP, "Too many sessions.")
    };
    update(&mut model, Msg::Live(2, Err(Some(quota))));
    assert_eq!(title(&model), Some("no live session free, polling"));
    assert!(live_price(&model).starts_with("$0.01 a minute"));
}

#[test]
fn a_session_is_closed_a_minute_after_the_logs_were_left() {
    let mut model = live();
    press(&mut model, "1");
    for _ in 0..14 {
        let effects = wait(&mut model, 4_000);
        assert!(!effects.contains(&Effect::CloseLive));
        let frame = lines(&model, &[], false);
        update(&mut model, Msg::Live(1, Ok(frame)));
    }
    assert!(wait(&mut model, 4_500).contains(&Effect::CloseLive) && model.live.is_none());
}

#[test]
fn a_pause_pays_for_no_session_and_what_comes_meanwhile_is_left_to_polling() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    let mut effects = press(&mut model, "4");
    effects.extend(wait(&mut model, 1_000));
    press(&mut model, "T y");
    update(&mut model, Msg::Live(1, Ok(LiveFrame::Start)));
    let page = |events| Fact::LogPage(LogPage { events, next: None });
    let is_owed = |model: &Model| model.tail.as_ref().is_some_and(Tail::has_holes);
    // Polling has looked at all up to here.
    for _ in 0..3 {
        effects.extend(wait(&mut model, 2_000));
        let frame = lines(&model, &[], false);
        update(&mut model, Msg::Live(1, Ok(frame)));
        if let Some(ticket) = page_ticket(&std::mem::take(&mut effects)) {
            update(&mut model, Msg::Told(ticket, Ok(page(Vec::new()))));
        }
    }
    let frame = lines(&model, &["INFO: before"], false);
    update(&mut model, Msg::Live(1, Ok(frame)));
    assert!(!is_owed(&model));
    assert_eq!(press(&mut model, "p"), [Effect::CloseLive]);
    wait(&mut model, 2_000);
    // Of the session that is being closed.
    let frame = lines(&model, &["INFO: one"], false);
    let at = model.now.wall;
    update(&mut model, Msg::Live(1, Ok(frame)));
    let held = |model: &Model| model.logs.shown().map(|line| line.raw().to_owned()).collect::<Vec<_>>();
    assert_eq!(held(&model), ["INFO: before"]);
    assert!(is_owed(&model), "it is known that something is missing");
    let ask = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Ask(ticket, bic_tui::cloud::Query::LogPage(request)) => Some((*ticket, request.clone())),
            _ => None,
        })
    };
    let effects = wait(&mut model, 70_000);
    assert_eq!(ask(&effects), None, "nothing is asked during a pause");
    let opens = |effects: &[Effect]| effects.contains(&Effect::OpenLive(2, GROUP.into()));
    assert!(!opens(&effects) && model.live.is_some());
    let mut effects = press(&mut model, "p");
    assert!(opens(&effects), "it goes on with the tail: {effects:?}");
    effects.extend(wait(&mut model, 2_000));
    let (ticket, request) = ask(&effects).expect("a page is asked for at once");
    assert!(request.from <= at && request.until.is_none_or(|until| until > at), "{request:?}");
    let event = LogEvent {
        id: Some(format!("37{:054}", 1).into()),
        at,
        ingested: at,
        stream: "litellm/litellm/1".into(),
        message: RawText::new("INFO: one"),
    };
    update(&mut model, Msg::Told(ticket, Ok(page(vec![event]))));
    assert_eq!(held(&model), ["INFO: before", "INFO: one"]);
}

#[test]
fn who_wants_live_tail_during_a_pause_has_it_after_that() {
    let mut model = on_logs(Settings::default());
    assert!(press(&mut model, "p T y").is_empty() && model.live.is_some());
    assert_eq!(press(&mut model, "p"), [Effect::OpenLive(1, GROUP.into())]);
}

#[test]
fn a_clock_that_is_put_back_during_a_session_shows_no_line_twice() {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    let mut effects = press(&mut model, "4");
    effects.extend(wait(&mut model, 1_000));
    let ticket = page_ticket(&effects).expect("a page is asked for");
    press(&mut model, "T y");
    update(&mut model, Msg::Live(1, Ok(LiveFrame::Start)));
    let page = |events| Ok(Fact::LogPage(LogPage { events, next: None }));
    update(&mut model, Msg::Told(ticket, page(Vec::new())));
    // AWS's time is known now.
    model.now.wall -= 600_000;
    let second = |model: &mut Model| {
        let frame = lines(model, &[], false);
        update(model, Msg::Live(1, Ok(frame)));
        page_ticket(&wait(model, 1_000))
    };
    let ticket = (0..70).find_map(|_| second(&mut model)).expect("a page of the new tail");
    let (at, text) = (model.now.wall - 500, "INFO: one");
    let named = event(at, 1, "litellm", text);
    update(&mut model, Msg::Told(ticket, page(vec![named.clone()])));
    assert_eq!(model.logs.lines().len(), 1);
    let events = vec![LogEvent { id: None, ..named }];
    let frame = LiveFrame::Update(LiveUpdate { events, sampled: false });
    update(&mut model, Msg::Live(1, Ok(frame)));
    assert_eq!(model.logs.lines().len(), 1, "the session brings it too");
}
