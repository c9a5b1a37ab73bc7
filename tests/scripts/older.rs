//! Lines from before the tail began, and those that had to make room: fetched where somebody goes, missing and said to be
//! until they have come.

use super::{
    logs::{DENIED, event, page_ticket, save, with_errors},
    *,
};
use bic_tui::core::{
    fact::{LogEvent, LogPage},
    msg::{Asked, Ticket},
    older::Older,
    screen::Panel,
    tail::Arrived,
};
use jiff::{Timestamp, tz::TimeZone};

/// The request for older lines among effects.
fn older(effects: &[Effect]) -> Option<(Ticket, i64, i64, Option<String>)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ask(ticket @ Ticket { asked: Asked::Older, .. }, Query::LogPage(request)) => Some((
            *ticket,
            request.from,
            request.until?,
            request.token.as_ref().map(ToString::to_string),
        )),
        _ => None,
    })
}

fn answer(model: &mut Model, ticket: Ticket, events: Vec<LogEvent>, next: Option<&str>) -> Vec<Effect> {
    let page = LogPage {
        events,
        next: next.map(Into::into),
    };
    let effects = update(model, Msg::Told(ticket, Ok(Fact::LogPage(page))));
    update(model, Msg::Drawn);
    effects
}

#[test]
fn who_scrolls_up_to_the_first_line_gets_older_ones_page_by_page() {
    let mut model = with_errors();
    let (ticket, from, until, _) = older(&press(&mut model, "g")).expect("older lines are asked for");
    assert_eq!(until - from, 15 * 60_000);
    assert!(older(&press(&mut model, "k")).is_none(), "one request at a time");
    let before = model.logs.window(30, 100).rows;
    let first = vec![
        event(from + 5, 100, "litellm", DENIED),
        event(from + 6, 101, "litellm", "Traceback (most recent call last):"),
    ];
    let (ticket, _, _, token) = {
        assert!(
            older(&answer(&mut model, ticket, first, Some("more"))).is_none(),
            "the tail has its share of the quota"
        );
        older(&wait(&mut model, 2_000)).expect("the next page")
    };
    assert_eq!(token.as_deref(), Some("more"));
    answer(&mut model, ticket, vec![event(from + 7, 102, "litellm", "x.BadError: no")], None);
    assert_eq!((model.logs.lines().len(), model.logs.new_lines()), (14, 0));
    assert_eq!(model.logs.window(30, 100).rows[..5], before[..5], "the window stays");
    press(&mut model, "g");
    let rows = model.logs.window(30, 100).rows;
    assert_eq!(
        rows.iter().take(4).map(|row| row.continuation).collect::<Vec<_>>(),
        [false, true, true, false]
    );
    assert_eq!(model.logs.lines().errors().len(), 3);
}

#[test]
fn a_time_before_the_first_line_is_fetched_and_then_gone_to() {
    let mut model = with_errors();
    press(&mut model, "@");
    type_text(&mut model, "-2h");
    let (ticket, from, _, _) = older(&press(&mut model, "enter")).expect("older lines are asked for");
    assert_eq!(from, model.now.wall - 2 * 3_600_000);
    let events = vec![
        event(from + 10, 100, "litellm", "INFO: old"),
        event(from + 900_000, 101, "litellm", "INFO: less old"),
    ];
    answer(&mut model, ticket, events, None);
    assert_eq!(
        model.logs.selected().map(|line| line.raw().to_owned()).as_deref(),
        Some("INFO: old")
    );
    assert!(
        older(&press(&mut model, "k")).is_some_and(|(_, _, until, _)| until == from),
        "and on from there"
    );
    press(&mut model, "esc");
    assert!(model.older.as_ref().is_some_and(|older| older.loading().is_none()), "Esc stops it");
}

#[test]
fn the_window_of_the_axis_moves_and_a_late_answer_of_a_stopped_fetch_changes_nothing() {
    let mut model = with_errors();
    let (from, until) = model.logs.span(model.now.wall).expect("there are lines");
    assert!(older(&press(&mut model, ">")).is_none(), "what it shows is held");
    let (wide, end) = model.logs.span(model.now.wall).expect("a window");
    assert_eq!((end - wide, end >= until), (2 * (until - from).max(60_000), true));
    let mut asked = None;
    for _ in 0..20 {
        asked = asked.or(older(&press(&mut model, "(")));
    }
    let (ticket, ..) = asked.expect("older lines are asked for");
    press(&mut model, "esc");
    let page = vec![event(from - 900_000, 100, "litellm", "INFO: old")];
    answer(&mut model, ticket, page, None);
    assert_eq!(model.logs.lines().len(), 11);
    press(&mut model, "F");
    assert_eq!(model.logs.span(model.now.wall), Some((from, until)), "following shows all again");
}

#[test]
fn a_window_that_stops_half_way_is_a_gap_that_is_told_and_loaded_again() {
    let mut model = with_errors();
    let (ticket, from, until, _) = older(&press(&mut model, "g")).expect("older lines are asked for");
    answer(&mut model, ticket, vec![event(from + 5, 100, "litellm", "INFO: old")], Some("more"));
    let gaps = |model: &Model| {
        let holes = model.logs.lines().holes();
        holes.iter().map(|hole| (hole.from, hole.until)).collect::<Vec<_>>()
    };
    assert_eq!(gaps(&model), [(from + 5, until - 1)], "what has not come is missing from the start");
    let (ticket, ..) = older(&wait(&mut model, 2_000)).expect("the next page");
    let slow = Fault::new(FaultKind::Throttled, "logs:FilterLogEvents", "g", "Rate exceeded");
    update(&mut model, Msg::Told(ticket, Err(slow)));
    assert_eq!(gaps(&model), [(from + 5, until - 1)]);
    let saved = save(&mut model);
    assert!(matches!(&saved[..], [Effect::SaveLines(.., Some(lacks))] if lacks.contains(" missing")));
    // Not only at the first line held.
    let (ticket, _, _, token) = older(&press(&mut model, "j j j k")).expect("a move asks again");
    assert_eq!(token.as_deref(), Some("more"));
    let refused = Fault::new(
        FaultKind::Refused,
        "logs:FilterLogEvents",
        "g",
        "The specified nextToken is invalid.",
    );
    update(&mut model, Msg::Told(ticket, Err(refused)));
    assert!(older(&wait(&mut model, 120_000)).is_none(), "that does not pass by itself");
    let (ticket, _, _, token) = older(&press(&mut model, "k")).expect("k asks again");
    assert_eq!(token, None, "from the beginning");
    let all = vec![
        event(from + 5, 100, "litellm", "INFO: old"),
        event(from + 6, 101, "litellm", "INFO: less old"),
    ];
    answer(&mut model, ticket, all, None);
    assert_eq!((gaps(&model), model.logs.lines().len()), (vec![], 13));
}

#[test]
fn a_page_token_that_comes_twice_ends_no_window() {
    let mut model = with_errors();
    let (mut ticket, from, until, _) = older(&press(&mut model, "g")).expect("older lines are asked for");
    for (n, next) in [(1, "a"), (2, "a")] {
        answer(
            &mut model,
            ticket,
            vec![event(from + n, n as u64 + 100, "litellm", "INFO: old")],
            Some(next),
        );
        let effects = wait(&mut model, 2_000);
        ticket = older(&effects).map_or(ticket, |(ticket, ..)| ticket);
    }
    let told = model.errors.last().map(|entry| entry.fault.sentence()).unwrap_or_default();
    assert!(told.contains("the same page token came twice"), "{told}");
    assert_eq!(
        model.logs.lines().holes().last().map(|hole| hole.until),
        Some(until - 1),
        "it is a gap"
    );
    assert!(older(&press(&mut model, "k")).is_some_and(|(_, begin, _, token)| (begin, token) == (from, None)));
}

#[test]
fn a_wider_window_that_is_asked_for_meanwhile_comes_after() {
    let mut model = with_errors();
    let (mut ticket, mut from, _, _) = older(&press(&mut model, "g")).expect("older lines are asked for");
    press(&mut model, "> > > > > >");
    let (wanted, _) = model.logs.span(model.now.wall).expect("a window");
    assert!(wanted < from);
    let cursor = model.logs.selected().map(|line| line.seq());
    for _ in 0..3 {
        let begin = from;
        answer(&mut model, ticket, vec![event(from + 1, from as u64, "litellm", "INFO: old")], None);
        let Some(next) = older(&wait(&mut model, 2_000)) else { break };
        let until;
        (ticket, from, until, _) = next;
        assert!(until == begin && from == wanted, "{from} to {until}");
    }
    assert_eq!(model.older.as_ref().map(Older::reach), Some(wanted));
    assert_eq!(
        model.logs.selected().map(|line| line.seq()),
        cursor,
        "who makes it wider stays where he is"
    );
}

#[test]
fn a_narrower_window_begins_no_load_and_cuts_the_one_under_way() {
    for has_begun in [false, true] {
        let mut model = with_errors();
        press(&mut model, "@");
        type_text(&mut model, "-2h");
        let (mut ticket, far, until, _) = older(&press(&mut model, "enter")).expect("older lines are asked for");
        press(&mut model, "G");
        while model.logs.span(model.now.wall).is_some_and(|(from, _)| far <= from) {
            press(&mut model, ">");
        }
        if has_begun {
            answer(&mut model, ticket, vec![event(far + 1, 100, "litellm", "INFO: old")], Some("more"));
            (ticket, ..) = older(&wait(&mut model, 2_000)).expect("the next page");
        }
        assert!(older(&press(&mut model, "<")).is_none());
        let (from, _) = model.logs.span(model.now.wall).expect("a window");
        assert!(far < from && from < until);
        answer(
            &mut model,
            ticket,
            vec![event(far + 2, 101, "litellm", "INFO: too old")],
            Some("more"),
        );
        assert_eq!(
            model.logs.lines().len(),
            if has_begun { 12 } else { 11 },
            "that is not wanted any more"
        );
        let (ticket, begin, end, token) = older(&wait(&mut model, 2_000)).expect("what the window shows");
        assert_eq!((begin, token), (from, None));
        answer(&mut model, ticket, vec![event(end - 1, 102, "litellm", "INFO: old")], None);
        assert!(older(&wait(&mut model, 2_000)).is_none(), "and no more");
        let holes = model
            .logs
            .lines()
            .holes()
            .iter()
            .map(|hole| (hole.from, hole.until))
            .collect::<Vec<_>>();
        assert_eq!(holes, if has_begun { vec![(far + 1, from - 1)] } else { vec![] });
        assert_eq!(model.older.as_ref().map(Older::reach), Some(if has_begun { far } else { from }));
    }
    let mut model = with_errors();
    for _ in 0..6 {
        press(&mut model, ">");
    }
    press(&mut model, "esc");
    assert!(older(&press(&mut model, "< )")).is_none());
    assert!(model.older.as_ref().is_some_and(|older| older.loading().is_none()));
}

#[test]
fn a_time_is_gone_to_as_soon_as_its_lines_are_there() {
    let mut model = with_errors();
    press(&mut model, "@");
    type_text(&mut model, "-2h");
    let (ticket, from, ..) = older(&press(&mut model, "enter")).expect("older lines are asked for");
    let page = vec![
        event(from + 10, 100, "litellm", "INFO: old"),
        event(from + 900_000, 101, "litellm", "INFO: less old"),
    ];
    answer(&mut model, ticket, page, Some("more"));
    let at = |model: &Model| model.logs.selected().map(|line| line.raw().to_owned());
    assert_eq!(at(&model).as_deref(), Some("INFO: old"));
    press(&mut model, "esc");
    assert_eq!(at(&model).as_deref(), Some("INFO: old"), "and stays when the rest is given up");
    assert_eq!(model.logs.lines().holes().len(), 1, "which is missing");
}

/// On the Logs screen of an application that has written nothing for a quarter of an hour.
fn silent() -> Model {
    let mut model = loaded(Settings::default(), "CREATE_COMPLETE");
    let mut effects = press(&mut model, "4");
    effects.extend(wait(&mut model, 1_000));
    let ticket = page_ticket(&effects).expect("a page is asked for");
    answer(&mut model, ticket, Vec::new(), None);
    model
}

#[test]
fn who_looks_back_where_no_line_is_has_older_ones_loaded() {
    const QUARTER: i64 = 900_000;
    for key in ["k", "g", "b", "pgup", "ctrl-u", "(", ">"] {
        let mut model = silent();
        let reach = model.older.as_ref().map(Older::reach).expect("a tail");
        let (ticket, from, until, _) = older(&press(&mut model, key)).unwrap_or_else(|| panic!("{key} asks for nothing"));
        assert_eq!((from, until), (reach - QUARTER, reach));
        answer(&mut model, ticket, Vec::new(), None);
        let (ticket, next, end, _) = older(&press(&mut model, key)).unwrap_or_else(|| panic!("{key} asks for nothing more"));
        assert_eq!((next, end), (from - 2 * QUARTER, from));
        answer(&mut model, ticket, vec![event(next + 5, 100, "litellm", "INFO: old")], None);
        assert_eq!(
            model.logs.selected().map(|line| line.raw().to_owned()).as_deref(),
            Some("INFO: old")
        );
    }
    for key in [")", "<", "j"] {
        let mut model = silent();
        assert!(older(&press(&mut model, key)).is_none(), "{key}");
        let says_how = model
            .notice
            .as_ref()
            .is_some_and(|notice| notice.text.contains("k looks further back"));
        assert_eq!(says_how, key != "j", "{key}");
    }
    let mut model = with_errors();
    press(&mut model, "& n o n e enter");
    assert!(older(&press(&mut model, "k")).is_some(), "nor where the filter keeps none");
}

/// A stack event of three days ago under the cursor; the log tail has its quarter of an hour.
fn with_an_old_event() -> (Model, i64) {
    let mut model = with_errors();
    let at = model.now.wall - 3 * 86_400_000;
    let mut old = model.feeds.events.get().expect("events")[0].clone();
    (old.id, old.at) = ("old".into(), at);
    let now = model.now;
    model.feeds.events.set(vec![old], now);
    press(&mut model, "1");
    assert_eq!(model.panel(), Panel::Events);
    (model, at)
}

fn gaps(model: &Model) -> Vec<(i64, i64)> {
    let holes = model.logs.lines().holes();
    holes.iter().map(|hole| (hole.from, hole.until)).collect()
}

#[test]
fn a_row_of_long_ago_leads_to_the_lines_round_it_and_esc_back_to_it() {
    const QUARTER: i64 = 900_000;
    let (mut model, at) = with_an_old_event();
    let reach = model.older.as_ref().map(Older::reach).expect("a tail");
    let axis = model.logs.span(model.now.wall);
    let (ticket, from, until, _) = older(&press(&mut model, "L")).expect("older lines are asked for");
    assert_eq!((from, until), (at - QUARTER, at + QUARTER), "those round it, and not all since");
    let page = vec![
        event(at - 5_000, 100, "litellm", "INFO: before"),
        event(at + 5_000, 101, "litellm", "INFO: there"),
        event(at + 6_000, 102, "litellm", "INFO: after"),
    ];
    answer(&mut model, ticket, page, None);
    let line = |model: &Model| model.logs.selected().map(|line| line.raw().to_owned());
    assert_eq!(line(&model).as_deref(), Some("INFO: there"));
    assert_eq!(gaps(&model), [(until, reach - 1)], "what lies between is missing, and said to be");
    let (first, end) = model.logs.span(model.now.wall).expect("an axis");
    assert!(at - QUARTER < first && end <= at + 7_000, "the axis is of what is read");
    // From here on as from any other line: further back, and on into the gap.
    let (ticket, _, end, _) = older(&press(&mut model, "g")).expect("what is older");
    assert_eq!(end, from);
    answer(&mut model, ticket, Vec::new(), None);
    let mut asked = None;
    for _ in 0..3 {
        asked = asked.or(older(&press(&mut model, "j")));
    }
    let (ticket, from, end, _) = asked.expect("what comes after");
    assert!(from == until && end - from <= 6 * 3_600_000, "not three days at once");
    answer(&mut model, ticket, Vec::new(), None);
    assert_eq!(gaps(&model), [(end, reach - 1)]);
    press(&mut model, "esc");
    assert_eq!((model.screen, model.panel()), (ScreenId::Overview, Panel::Events));
    press(&mut model, "4 F");
    assert_eq!(model.logs.span(model.now.wall), axis, "the tail has its axis again");
    press(&mut model, "1");
    assert!(older(&press(&mut model, "L")).is_none(), "they are held");
    assert_eq!(line(&model).as_deref(), Some("INFO: there"));
}

#[test]
fn a_time_before_the_clocks_were_changed_is_read_as_the_clocks_showed_it() {
    let mut model = with_errors();
    model.zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
    let want = |text: &str| text.parse::<Timestamp>().expect("a time").as_millisecond();
    model.now.wall = want("2026-11-26T08:00:00Z");
    press(&mut model, "@");
    type_text(&mut model, "2026-10-20T14:00");
    let (_, from, ..) = older(&press(&mut model, "enter")).expect("older lines are asked for");
    assert_eq!(from, want("2026-10-20T12:00:00Z"));
}

#[test]
fn a_time_in_a_gap_is_gone_to_after_what_is_being_loaded() {
    let (mut model, at) = with_an_old_event();
    let (ticket, ..) = older(&press(&mut model, "L")).expect("older lines are asked for");
    answer(&mut model, ticket, vec![event(at + 5_000, 100, "litellm", "INFO: there")], None);
    let (ticket, ..) = older(&press(&mut model, "g")).expect("what is older");
    press(&mut model, "@");
    type_text(&mut model, "-1d");
    let day = model.now.wall - 86_400_000;
    assert!(older(&press(&mut model, "enter")).is_none(), "one request at a time");
    let said = model.notice.as_ref().map(|notice| notice.text.to_string()).unwrap_or_default();
    assert!(said.ends_with("come after what is being loaded"), "{said}");
    answer(&mut model, ticket, Vec::new(), None);
    let (ticket, from, ..) = older(&wait(&mut model, 2_000)).expect("those of the gap");
    assert_eq!(from, day);
    answer(&mut model, ticket, vec![event(from + 9, 101, "litellm", "INFO: in between")], None);
    let line = model.logs.selected().map(|line| line.raw().to_owned());
    assert_eq!(line.as_deref(), Some("INFO: in between"));
}

#[test]
fn a_row_of_long_ago_without_lines_says_so_and_one_in_the_gap_leads_to_the_lines_round_it() {
    let (mut model, at) = with_an_old_event();
    let (ticket, _, until, _) = older(&press(&mut model, "L")).expect("older lines are asked for");
    answer(&mut model, ticket, Vec::new(), None);
    let told = model.notice.as_ref().map(|it| it.text.to_string()).unwrap_or_default();
    assert!(told.starts_with("no line from "), "{told}");
    let mut second = model.feeds.events.get().expect("events")[0].clone();
    second.at = at + 86_400_000;
    let now = model.now;
    model.feeds.events.set(vec![second], now);
    press(&mut model, "esc");
    assert_eq!(model.screen, ScreenId::Overview);
    let (ticket, from, end, _) = older(&press(&mut model, "L")).expect("those of the gap");
    assert_eq!((from, end), (at + 86_400_000 - 900_000, at + 86_400_000 + 900_000));
    // What was asked for and is not wanted any more is no reason to ask at once.
    press(&mut model, "esc esc");
    answer(&mut model, ticket, vec![event(from + 1, 100, "litellm", "INFO: late")], None);
    assert_eq!(gaps(&model).first().map(|gap| gap.0), Some(until));
    let (ticket, ..) = older(&press(&mut model, "L")).expect("asked again");
    answer(
        &mut model,
        ticket,
        vec![event(from + 1, 100, "litellm", "INFO: there")],
        Some("more"),
    );
    assert_eq!(gaps(&model).len(), 2, "{:?}", gaps(&model));
    let effects = wait(&mut model, 2_000);
    let (ticket, ..) = older(&effects).expect("the next page");
    answer(&mut model, ticket, Vec::new(), None);
    assert_eq!(gaps(&model).iter().map(|gap| gap.0).collect::<Vec<_>>(), [until, end]);
}

/// A log group of 40,000 lines, four of each time, of which a memory of 3 MB holds a part.
pub(crate) fn crowded() -> (Model, Vec<LogEvent>) {
    let settings = Settings {
        log_memory: 3 << 20,
        ..Settings::default()
    };
    let mut model = loaded(settings, "CREATE_COMPLETE");
    let mut effects = press(&mut model, "4");
    effects.extend(wait(&mut model, 1_000));
    let ticket = page_ticket(&effects).expect("a page is asked for");
    let from = model.now.wall - 600_000;
    let text = |n: u64| format!("INFO: line {n} {}", "x".repeat(200));
    let events: Vec<LogEvent> = (0..40_000)
        .map(|n| event(from + i64::try_from(n / 4).unwrap_or_default() * 50, n, "litellm", &text(n)))
        .collect();
    let page = LogPage {
        events: events.clone(),
        next: None,
    };
    update(&mut model, Msg::Told(ticket, Ok(Fact::LogPage(page))));
    update(&mut model, Msg::Drawn);
    (model, events)
}

/// What the log group has in an interval.
fn served(all: &[LogEvent], (from, until): (i64, i64)) -> Vec<LogEvent> {
    all.iter().filter(|event| (from..until).contains(&event.at)).cloned().collect()
}

/// Ids of the lines held, in their order.
fn held(model: &Model) -> Vec<String> {
    let lines = model.logs.lines().segments().flat_map(|segment| segment.lines());
    lines.map(|line| line.id().expect("an id").to_string()).collect()
}

#[test]
fn lines_that_made_room_are_loaded_again_where_somebody_scrolls_to_them() {
    let (mut model, all) = crowded();
    let (before, dropped) = (held(&model), model.logs.lines().dropped().lines);
    assert_eq!(before.len() as u64 + dropped, 40_000);
    assert!(older(&press(&mut model, "k")).is_none(), "nothing is missing in sight");
    let mut oldest = before.first().cloned().expect("lines");
    for turn in 0..9 {
        let effects = press(&mut model, "g");
        let Some((ticket, from, until, _)) = older(&effects) else {
            panic!("turn {turn}: what is dropped is asked for")
        };
        let first = model
            .logs
            .lines()
            .first()
            .and_then(|spot| model.logs.lines().line(spot))
            .expect("a line")
            .at();
        assert!((first - 50..=first).contains(&(until - 1)), "up to the first line held:");
        let rows = model.logs.window(20, 80).rows;
        answer(&mut model, ticket, served(&all, (from, until)), None);
        assert_eq!(model.logs.window(20, 80).rows, rows, "the window stands");
        let now = held(&model);
        let mut once = now.clone();
        once.dedup();
        assert!(now.is_sorted() && once.len() == now.len(), "in order, none twice");
        assert!(now[0] < oldest, "turn {turn}: older ones are there");
        oldest.clone_from(&now[0]);
        assert!(model.logs.lines().bytes() <= 3 << 20);
        let missing: u64 = model.logs.lines().holes().iter().map(|hole| hole.lines).sum();
        assert!((now.len() as u64 + missing).abs_diff(40_000) < 40, "{} + {missing}", now.len());
        assert_eq!(now.last(), before.last(), "the newest are always held");
    }
    // Following shows the newest at once, and the gap between is told, not hidden.
    press(&mut model, "F");
    assert_eq!(
        model.logs.selected().and_then(|line| line.id()).map(|id| id.to_string()),
        before.last().cloned()
    );
    assert!(model.logs.is_following() && model.logs.new_lines() == 0);
    let holes = model.logs.lines().holes().to_vec();
    assert!(holes.len() > 1 || model.logs.lines().dropped().lines == 0, "{holes:?}");
    assert!(older(&press(&mut model, "k k")).is_none());
}

#[test]
fn a_gap_in_the_middle_is_told_and_loaded_from_the_side_that_one_comes_from() {
    let (mut model, all) = crowded();
    for _ in 0..8 {
        let (ticket, from, until, _) = older(&press(&mut model, "g")).expect("a request");
        answer(&mut model, ticket, served(&all, (from, until)), None);
    }
    let gap = *model.logs.lines().holes().last().expect("a gap");
    assert!(gap.from > model.logs.lines().dropped().until, "it lies between");
    let before_it = model.logs.lines().at_time(gap.from - 60).expect("a line");
    let anchor = bic_tui::core::lines::Anchor::of(model.logs.lines().line(before_it).expect("a line"));
    model.logs.jump_to(&anchor);
    let mut asked = None;
    for _ in 0..60 {
        asked = asked.or(older(&press(&mut model, "j")));
    }
    let (ticket, from, until, _) = asked.expect("the gap is in sight");
    assert!(from == gap.from && until <= gap.until + 1, "its beginning, from which one comes");
    let page = served(&all, (from, until));
    let (half, rest) = page.split_at(page.len() / 2);
    answer(&mut model, ticket, half.to_vec(), Some("more"));
    // Given up halfway: what is missing is a gap again.
    press(&mut model, "esc");
    let missing = model
        .logs
        .lines()
        .holes()
        .iter()
        .any(|hole| (hole.from..=hole.until).contains(&(until - 1)));
    assert!(missing && !rest.is_empty(), "{:?}", model.logs.lines().holes());
    let now = held(&model);
    let mut once = now.clone();
    once.dedup();
    assert!(now.is_sorted() && once.len() == now.len(), "in order, none twice");
}

#[test]
fn a_time_that_made_room_is_loaded_and_gone_to() {
    let (mut model, all) = crowded();
    press(&mut model, "@");
    type_text(&mut model, "-9m");
    let at = model.now.wall - 540_000;
    let (ticket, from, until, _) = older(&press(&mut model, "enter")).expect("a request");
    assert!(from == at && until > at);
    answer(&mut model, ticket, served(&all, (from, until)), None);
    let line = model.logs.selected().expect("a line");
    assert!(line.at() >= at && line.at() < at + 100, "{} after", line.at() - at);
}

/// Somebody went 47 hours back in a log that does not fit: what lies between his lines and the newest was never fetched.
fn with_a_day_missing() -> (Model, i64) {
    let (mut model, _) = crowded();
    press(&mut model, "@");
    type_text(&mut model, "-47h");
    let (ticket, from, _, _) = older(&press(&mut model, "enter")).expect("older lines are asked for");
    answer(&mut model, ticket, dense(from, 10_000), Some("more"));
    assert!(model.older.as_ref().is_some_and(|older| older.loading().is_none()), "no more fit");
    press(&mut model, "F");
    (model, from)
}

/// So many lines, a second apart.
fn dense(from: i64, count: u64) -> Vec<LogEvent> {
    let text = |n: u64| format!("INFO: old {n} {}", "x".repeat(200));
    let at = |n: u64| from + i64::try_from(n).unwrap_or_default() * 1_000;
    (0..count)
        .map(|n| {
            event(
                at(n),
                100_000 + n + u64::try_from(from % 86_400_000).unwrap_or_default() * 10,
                "litellm",
                &text(n),
            )
        })
        .collect()
}

#[test]
fn of_what_was_never_fetched_only_so_much_is_known_as_was_counted() {
    let (mut model, from) = with_a_day_missing();
    // What is shown on either side of all that is missing.
    press(&mut model, "&");
    type_text(&mut model, "(old 9|line 399)");
    press(&mut model, "enter");
    model.logs.finish_scans();
    let mut asked = older(&press(&mut model, "F k"));
    for _ in 0..2_000 {
        if asked.is_some() {
            break;
        }
        asked = older(&press(&mut model, "k"));
    }
    let holes = model.logs.window(30, 100).holes;
    assert!(!holes.is_empty() && holes.iter().all(|(_, hole)| !hole.is_counted), "{holes:?}");
    let (_, begin, until, _) = asked.expect("what is missing in sight");
    assert!(from < begin && until - begin <= 6 * 3_600_000, "not two days at once");
}

#[test]
fn what_is_loaded_between_lines_stops_once_it_fills_half_of_the_memory() {
    let (mut model, _) = with_a_day_missing();
    let mut asked = older(&press(&mut model, "k"));
    for _ in 0..20_000 {
        if asked.is_some() {
            break;
        }
        asked = older(&press(&mut model, "k"));
    }
    let (mut ticket, from, ..) = asked.expect("what is missing in sight");
    let mut pages = 0;
    for n in 0..20 {
        // Each with more lines than the ones around it have.
        let page: Vec<LogEvent> = dense(from + n * 2_000, 2_000);
        let page = page
            .into_iter()
            .enumerate()
            .map(|(i, event)| LogEvent {
                at: from + n * 2_000 + i64::try_from(i).unwrap_or_default(),
                ..event
            })
            .collect();
        answer(&mut model, ticket, page, Some(&format!("more {n}")));
        pages += 1;
        let Some(next) = older(&wait(&mut model, 2_000)) else { break };
        ticket = next.0;
    }
    assert!((2..10).contains(&pages), "{pages} pages");
    let said = model.notice.as_ref().map(|notice| notice.text.to_string()).unwrap_or_default();
    assert!(said.starts_with("stopped: "), "{said}");
}

#[test]
fn a_marked_line_that_made_room_is_loaded_again_by_its_key_and_is_marked_as_before() {
    let (mut model, all) = crowded();
    model.logs.top();
    model.logs.down(6);
    press(&mut model, "m");
    let (id, at) = model.logs.selected().map(|line| (line.id(), line.at())).expect("a line");
    press(&mut model, "F");
    let last = all.last().expect("events").at;
    let more = (40_000..80_000).map(|n| event(last + i64::try_from(n - 40_000).unwrap_or_default(), n, "litellm", &"x".repeat(200)));
    model.logs.append(more.map(|event| Arrived { event, late: false }));
    assert!(model.logs.lines().dropped().until > at && model.logs.marks() == 1);
    let (ticket, from, until, _) = older(&press(&mut model, "'")).expect("its lines are asked for");
    assert!((from..until).contains(&at));
    let notice = model.notice.as_ref().map(|notice| notice.text.to_string()).unwrap_or_default();
    assert!(notice.contains("had to make room, it is loaded again"), "{notice}");
    assert!(older(&press(&mut model, "'")).is_none(), "it is the only one, and on its way");
    answer(&mut model, ticket, served(&all, (from, until)), None);
    assert_eq!(
        model.logs.selected().and_then(|line| line.id()),
        id,
        "of the lines of that time the marked one"
    );
    let rows = model.logs.window(20, 80).rows;
    assert!(rows.iter().all(|row| row.marked == row.selected), "it and no other");
    model.logs.up(3);
    assert!(older(&press(&mut model, "'")).is_none());
    assert_eq!(model.logs.selected().and_then(|line| line.id()), id, "it is held");
    press(&mut model, "m");
    assert_eq!(model.logs.marks(), 0);
}
