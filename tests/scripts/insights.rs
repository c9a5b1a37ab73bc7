//! Logs Insights by keys: query, window and price first, results before the tail, and back to a tail that has lost
//! nothing.

use bic_tui::{
    cloud::InsightsRequest,
    core::{
        dialog::Focus,
        fact::{LogEvent, LogGroup, LogPage, QueryResults, QueryState},
        insights::Insights,
        msg::{Asked, Ticket},
        text::RawText,
    },
};

use super::{
    logs::{DENIED, save, with_errors},
    *,
};

/// The question among effects whose kind is `asked`.
fn question(effects: &[Effect], asked: Asked) -> Option<(Ticket, Query)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ask(ticket, query) if ticket.asked == asked => Some((*ticket, query.clone())),
        _ => None,
    })
}

fn tell(model: &mut Model, ticket: Ticket, answer: Result<Fact, Fault>) -> Vec<Effect> {
    let effects = update(model, Msg::Told(ticket, answer));
    update(model, Msg::Drawn);
    effects
}

fn group() -> Fact {
    Fact::LogGroup(Some(LogGroup {
        stored: Some(10 << 30),
        created: Some(world::NOW - 10 * 86_400_000),
        retention_days: None,
    }))
}

/// The dialog is open and the price is known.
fn asked(model: &mut Model) {
    let effects = press(model, "Q");
    let (ticket, _) = question(&effects, Asked::LogGroup).expect("the size is asked for");
    tell(model, ticket, Ok(group()));
}

/// A query was begun over a week; its request, and the ticket of that.
fn begun(model: &mut Model) -> (Ticket, InsightsRequest) {
    asked(model);
    press(model, "shift-tab ctrl-u");
    type_text(model, "-7d");
    let effects = press(model, "enter y");
    let (ticket, query) = question(&effects, Asked::InsightsStart).expect("a query");
    let Query::InsightsStart(request) = query else {
        panic!("{query:?}")
    };
    (ticket, request)
}

fn running(model: &mut Model) {
    let (ticket, _) = begun(model);
    tell(model, ticket, Ok(Fact::InsightsBegun("q-1".into())));
}

/// Waits until the results are asked for.
fn polled(model: &mut Model) -> Ticket {
    let effects = wait(model, 6_000);
    let (ticket, query) = question(&effects, Asked::Insights).expect("results are asked for");
    assert_eq!(query, Query::InsightsResults { id: "q-1".into() });
    ticket
}

fn results(state: QueryState, messages: &[&str]) -> Fact {
    let event = |(n, message): (i64, &&str)| LogEvent {
        id: None,
        at: world::NOW - 3 * 86_400_000 + n,
        ingested: world::NOW - 3 * 86_400_000 + n,
        stream: "litellm/litellm/1".into(),
        message: RawText::new(message),
    };
    Fact::Insights(QueryResults {
        state,
        events: (0..).zip(messages).map(event).collect(),
        matched: messages.len() as u64,
        scanned: 900,
        bytes: 2 << 30,
    })
}

#[test]
fn a_query_says_its_price_and_stands_on_cancel() {
    let mut model = with_errors();
    let effects = press(&mut model, "Q");
    assert_eq!(effects.len(), 1);
    let Some(Dialog::Insights(dialog)) = model.dialog.clone() else {
        panic!("no dialog")
    };
    assert_eq!((dialog.focus, dialog.window.text()), (Focus::Cancel, "-1m"));
    assert!(
        press(&mut model, "y").is_empty() && model.insights.is_none(),
        "the price is not known yet"
    );
    let (ticket, query) = question(&effects, Asked::LogGroup).expect("the size is asked for");
    assert_eq!(query.actions(), ["logs:DescribeLogGroups"]);
    tell(&mut model, ticket, Ok(group()));
    assert!(press(&mut model, "enter").is_empty() && model.dialog.is_none() && model.insights.is_none());
    asked(&mut model);
    press(&mut model, "shift-tab");
    type_text(&mut model, " to yesterday");
    assert!(press(&mut model, "tab y").is_empty(), "not a window");
    assert!(press(&mut model, "n").is_empty() && model.insights.is_none());
    let (_, request) = begun(&mut model);
    assert_eq!(
        (request.until - request.from, request.group.as_str()),
        (7 * 86_400_000, "/ecs/bedrock-image-chat")
    );
    let read_only = Settings {
        read_only: true,
        ..Settings::default()
    };
    let mut model = loaded(read_only, "CREATE_COMPLETE");
    press(&mut model, "4");
    wait(&mut model, 1_000);
    assert!(press(&mut model, "Q").is_empty() && model.dialog.is_none(), "it costs money");
}

#[test]
fn who_asks_for_a_request_is_told_that_only_lines_that_name_it_come() {
    let mut model = with_errors();
    for (keys, is_of_request) in [("E", false), ("*", true)] {
        press(&mut model, keys);
        asked(&mut model);
        let Some(Dialog::Insights(dialog)) = &model.dialog else {
            panic!("no dialog")
        };
        assert_eq!(dialog.is_of_request, is_of_request);
        assert_eq!(
            dialog.query.contains("0af3b1c2-77aa") || dialog.query.contains("0af3b1c2.*77aa"),
            is_of_request
        );
        press(&mut model, "n");
    }
}

#[test]
fn what_it_may_cost_is_asked_even_where_the_size_is_denied() {
    let mut model = with_errors();
    let effects = press(&mut model, "Q");
    let (ticket, _) = question(&effects, Asked::LogGroup).expect("the size is asked for");
    let denied = Fault::new(FaultKind::Denied, "logs:DescribeLogGroups", "/ecs/bedrock-image-chat", "");
    tell(&mut model, ticket, Err(denied));
    assert!(question(&press(&mut model, "y"), Asked::InsightsStart).is_some());
}

#[test]
fn esc_peels_what_was_asked_of_the_results_before_it_leaves_what_is_paid_for() {
    let mut model = with_errors();
    press(&mut model, "v v");
    let (ticket, _) = begun(&mut model);
    tell(&mut model, ticket, Ok(Fact::InsightsBegun("q-1".into())));
    let ticket = polled(&mut model);
    tell(&mut model, ticket, Ok(results(QueryState::Complete, &["ERROR: one", "ERROR: two"])));
    let shown = |model: &Model| model.shown_logs().window(30, 100).total;
    press(&mut model, "u u enter");
    assert_eq!((shown(&model), model.insights.is_some()), (0, true), "none is Open WebUI's");
    press(&mut model, "esc");
    assert_eq!((shown(&model), model.insights.is_some()), (2, true), "with the level of the query");
    press(&mut model, "/ t w o enter esc");
    assert_eq!((model.shown_logs().searched(), model.insights.is_some()), (None, true));
    press(&mut model, "esc");
    assert!(
        model.insights.is_none() && !model.logs.filter().is_all(),
        "back to the tail as it was"
    );
}

#[test]
fn the_query_is_the_filter_and_the_results_are_read_as_the_tail_is() {
    let mut model = with_errors();
    press(&mut model, "v v u u u enter / B a d enter");
    press(&mut model, "&");
    type_text(&mut model, "BedRock");
    press(&mut model, "enter");
    let (ticket, request) = begun(&mut model);
    for stage in ["@logStream like /^litellm/", "@message like /BedRock/", "@message not like /^"] {
        assert!(request.query.contains(stage), "{}", request.query);
    }
    tell(&mut model, ticket, Ok(Fact::InsightsBegun("q-1".into())));
    let ticket = polled(&mut model);
    tell(&mut model, ticket, Ok(results(QueryState::Running, &["ERROR: BedRock"])));
    assert_eq!(model.shown_logs().window(30, 100).total, 1, "half results are there");
    let ticket = polled(&mut model);
    let all = ["ERROR: bedrock", "INFO: BedRock", "ERROR: BedRock Bad", "ERROR: BedRock"];
    tell(&mut model, ticket, Ok(results(QueryState::Complete, &all)));
    assert_eq!(model.shown_logs().window(30, 100).total, 2, "case and level are read here");
    assert_eq!(model.shown_logs().search_len(), 1, "the search goes along");
    assert!(question(&wait(&mut model, 60_000), Asked::Insights).is_none(), "it has ended");
    press(&mut model, "x");
    assert_eq!(model.shown_logs().window(30, 100).total, 4, "x shows the others");
    let effects = press(&mut model, "x g y");
    assert!(effects.contains(&Effect::Copy("ERROR: BedRock Bad".into())), "{effects:?}");
    press(&mut model, "enter");
    assert!(matches!(&model.dialog, Some(Dialog::Detail(detail)) if detail.title == "Log entry"));
    press(&mut model, "esc");
    let saved = save(&mut model);
    assert!(matches!(&saved[..], [Effect::SaveLines(_, _, kept, _)] if kept.len() == 2));
    for keys in ["T", "p", "(", ">", "#", "esc", "*", "z", "z", "e", "i", "w"] {
        let effects = press(&mut model, keys);
        assert!(
            question(&effects, Asked::Older).is_none() && model.insights.is_some(),
            "{keys}: {effects:?}"
        );
    }
}

#[test]
fn the_tail_goes_on_behind_the_results_and_has_lost_nothing() {
    for back in ["Q", "esc", "q"] {
        let mut model = with_errors();
        press(&mut model, "k k m");
        let (held, before) = (model.logs.lines().len(), model.logs.window(30, 100));
        running(&mut model);
        let effects = wait(&mut model, 6_000);
        let (results_of, _) = question(&effects, Asked::Insights).expect("results are asked for");
        tell(
            &mut model,
            results_of,
            Ok(results(QueryState::Complete, &["INFO: of the query", "INFO: another"])),
        );
        assert_eq!(model.shown_logs().lines().len(), 2);
        let (ticket, _) = question(&effects, Asked::Poll(bic_tui::core::polls::Poll::Logs)).expect("the tail goes on");
        let new = LogEvent {
            id: Some(format!("37{:054}", 500).into()),
            at: model.now.wall - 100,
            ingested: model.now.wall,
            stream: "litellm/litellm/1".into(),
            message: RawText::new("INFO: of the tail"),
        };
        let page = LogPage {
            events: vec![new],
            next: None,
        };
        tell(&mut model, ticket, Ok(Fact::LogPage(page)));
        assert_eq!((model.logs.lines().len(), model.shown_logs().lines().len()), (held + 1, 2));
        let effects = press(&mut model, back);
        assert!(effects.is_empty() && model.insights.is_none(), "{back}: it had ended");
        assert_eq!(
            (model.screen, model.logs.new_lines(), model.logs.marks()),
            (ScreenId::Logs, 1, 1),
            "{back}"
        );
        assert_eq!(
            model.logs.window(30, 100).rows[..before.rows.len()],
            before.rows,
            "{back}: the window stands"
        );
    }
}

#[test]
fn who_leaves_stops_the_query() {
    let stop = |effects: &[Effect]| question(effects, Asked::InsightsStop).map(|(ticket, query)| (ticket, query.actions()[0]));
    let mut model = with_errors();
    running(&mut model);
    assert!(stop(&press(&mut model, "esc")).is_some() && model.insights.is_none());
    // Before AWS has said which query it is.
    let (ticket, _) = begun(&mut model);
    assert!(press(&mut model, "esc").is_empty());
    let effects = tell(&mut model, ticket, Ok(Fact::InsightsBegun("q-2".into())));
    assert!(matches!(question(&effects, Asked::InsightsStop), Some((_, Query::InsightsStop { id })) if id == "q-2"));
    // Another screen leaves it running.
    running(&mut model);
    assert!(stop(&press(&mut model, "1")).is_none() && model.insights.is_some());
    polled(&mut model);
    // The console waits a moment for the stop.
    let effects = press(&mut model, "ctrl-c");
    let (ticket, _) = stop(&effects).expect("it is stopped");
    assert!(!effects.contains(&Effect::Quit));
    assert_eq!(tell(&mut model, ticket, Ok(Fact::InsightsStopped)), [Effect::Quit]);
    running(&mut { with_errors() });
    // So does one that is told to end by a signal.
    let mut model = with_errors();
    running(&mut model);
    let effects = update(&mut model, Msg::Leave);
    assert!(stop(&effects).is_some() && !effects.contains(&Effect::Quit));
    assert!(update(&mut model, Msg::Leave).contains(&Effect::Quit), "a second one does not wait");
    let mut model = with_errors();
    running(&mut model);
    press(&mut model, "ctrl-c");
    assert!(wait(&mut model, 1_500).contains(&Effect::Quit), "but not for ever");
    let mut model = with_errors();
    running(&mut model);
    press(&mut model, "ctrl-c");
    assert!(
        press(&mut model, "ctrl-c").contains(&Effect::Quit),
        "and a second press does not wait"
    );
}

#[test]
fn a_query_that_aws_refuses_leads_back_to_the_tail_with_the_reason() {
    for (code, kind, words) in [
        ("LimitExceededException", FaultKind::Refused, "when one has ended"),
        ("MalformedQueryException", FaultKind::Refused, "AWS refused logs:StartQuery"),
        ("AccessDeniedException", FaultKind::Denied, "logs:StartQuery"),
        ("ThrottlingException", FaultKind::Throttled, "throttling logs:StartQuery"),
    ] {
        let mut model = with_errors();
        let (ticket, _) = begun(&mut model);
        let fault = Fault {
            code: Some(code.into()),
            ..Fault::new(kind, "logs:StartQuery", "/ecs/bedrock-image-chat", "no")
        };
        tell(&mut model, ticket, Err(fault));
        let said = model.notice.as_ref().map(|it| it.text.to_string()).unwrap_or_default();
        assert!(model.insights.is_none() && said.contains(words), "{code}: {said}");
    }
}

#[test]
fn a_query_that_fails_under_way_keeps_what_came() {
    for state in [QueryState::Failed, QueryState::Cancelled, QueryState::TimedOut] {
        let mut model = with_errors();
        running(&mut model);
        let ticket = polled(&mut model);
        tell(
            &mut model,
            ticket,
            Err(Fault::new(FaultKind::Throttled, "logs:GetQueryResults", "", "")),
        );
        let ticket = polled(&mut model);
        tell(&mut model, ticket, Ok(results(state, &["INFO: one"])));
        let insights = model.insights.as_ref().expect("results");
        assert_eq!((insights.end(), insights.view.lines().len()), (Some(state), 1));
    }
    let mut model = with_errors();
    running(&mut model);
    let ticket = polled(&mut model);
    let effects = tell(
        &mut model,
        ticket,
        Err(Fault::new(FaultKind::Denied, "logs:GetQueryResults", "", "")),
    );
    assert!(
        matches!(question(&effects, Asked::InsightsStop), Some((_, Query::InsightsStop { id })) if id == "q-1"),
        "nobody pays for what nobody will see: {effects:?}"
    );
    let said = model.notice.as_ref().map(|it| it.text.to_string()).unwrap_or_default();
    assert!(said.contains("logs:GetQueryResults"), "{said}");
    assert_eq!(model.insights.as_ref().and_then(Insights::end), Some(QueryState::Failed));
    assert!(question(&press(&mut model, "Q"), Asked::InsightsStop).is_none(), "once");
    for (kind, is_stopped) in [
        (FaultKind::OddAnswer, true),
        (FaultKind::NotFound, false),
        (FaultKind::Throttled, false),
    ] {
        running(&mut model);
        let ticket = polled(&mut model);
        let effects = tell(&mut model, ticket, Err(Fault::new(kind, "logs:GetQueryResults", "", "")));
        assert_eq!(question(&effects, Asked::InsightsStop).is_some(), is_stopped, "{kind:?}");
        press(&mut model, "Q");
    }
}

#[test]
fn a_request_or_a_shape_that_was_asked_for_is_dropped_among_the_results_with_its_key() {
    let mut model = with_errors();
    press(&mut model, "E *");
    let (ticket, _) = begun(&mut model);
    tell(&mut model, ticket, Ok(Fact::InsightsBegun("q-1".into())));
    let ticket = polled(&mut model);
    tell(&mut model, ticket, Ok(results(QueryState::Complete, &[DENIED, "INFO: of another"])));
    let shown = |model: &Model| (model.shown_logs().window(30, 100).total, model.insights.is_some());
    assert_eq!(shown(&model), (1, true));
    press(&mut model, "*");
    assert_eq!(shown(&model), (2, true), "there is nothing to go back to");
    press(&mut model, "E *");
    assert_eq!(shown(&model), (1, true));
    press(&mut model, "*");
    assert_eq!(shown(&model), (2, true), "back");
}

#[test]
fn results_are_held_beside_the_tail_in_a_bounded_room() {
    let mut model = with_errors();
    running(&mut model);
    let ticket = polled(&mut model);
    let long = format!("INFO: {}", "x".repeat(4 << 20));
    let all = [long.as_str(); 20];
    tell(&mut model, ticket, Ok(results(QueryState::Complete, &all)));
    let held = model.insights.as_ref().map_or(0, |it| it.view.lines().len());
    assert!((10..18).contains(&held), "{held} of 4 MB each");
}
