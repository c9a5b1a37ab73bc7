//! The Logs screen under scripts and random use.

use proptest::prelude::*;

use super::*;
use crate::core::{
    fact::LogEvent,
    keymap::Intent,
    lines::{Filter, StreamName},
    logline::Level,
    names::App,
    sources::Source,
    text::RawText,
};

const START: Millis = 1_790_000_000_000;

fn line(at: Millis, id: u64, message: &str) -> Arrived {
    let stream = ["litellm/litellm/a", "openwebui/openwebui/b"][id as usize % 2];
    Arrived {
        event: LogEvent {
            id: Some(format!("37{id:054}").into()),
            at: START + at,
            ingested: START + at + 200,
            stream: stream.into(),
            message: RawText::new(message),
        },
        late: false,
    }
}

/// A view of `count` lines, one a second; each tenth is an error.
fn view(count: u64, height: usize) -> LogView {
    let mut view = LogView::new(usize::MAX);
    view.resize(height, 40);
    view.append((0..count).map(|i| {
        let level = if i % 10 == 3 { "ERROR" } else { "INFO" };
        line(i as Millis * 1_000, i, &format!("{level}:     number {i}."))
    }));
    view
}

fn texts(view: &LogView) -> Vec<String> {
    let window = view.window(view.size.height, view.size.width);
    window.rows.iter().map(|row| row.text.to_string()).collect()
}

fn numbers(view: &LogView) -> Vec<usize> {
    texts(view)
        .iter()
        .map(|text| text.trim_end_matches('.').rsplit(' ').next().unwrap().parse().unwrap())
        .collect()
}

fn cursor(view: &LogView) -> u64 {
    view.selected().unwrap().seq()
}

#[test]
fn each_step_of_the_level_hides_something_or_says_that_it_does_not() {
    let levels = |messages: &[&str]| {
        let mut view = LogView::new(usize::MAX);
        view.append(messages.iter().zip(0..).map(|(message, i)| line(i, i as u64, message)));
        let mut step = || {
            let hides = view.cycle_level();
            view.finish_scans();
            (view.filter().min_level, hides)
        };
        [step(), step(), step(), step()]
    };
    let (debug, warn, error) = (Some(Level::Other), Some(Level::Warn), Some(Level::Error));
    for (messages, want) in [
        (
            &["DEBUG: a", "INFO: b", "WARNING: c", "ERROR: d"][..],
            [(debug, true), (warn, true), (error, true), (None, false)],
        ),
        // No debug line is there to be hidden.
        (
            &["INFO: b", "WARNING: c", "ERROR: d"],
            [(warn, true), (error, true), (None, false), (warn, true)],
        ),
        (
            &["INFO: b", "ERROR: d"],
            [(warn, true), (error, false), (None, false), (warn, true)],
        ),
        (&["ERROR: d"], [(warn, false), (error, false), (None, false), (warn, false)]),
    ] {
        assert_eq!(levels(messages), want, "{messages:?}");
    }
}

#[test]
fn what_filter_search_and_marks_hold_is_part_of_the_memory() {
    let mut view = view(20_000, 20);
    let alone = view.lines().bytes();
    view.search("number");
    view.filter_by("number");
    view.finish_scans();
    let matches = view.search_len() + view.kept_len().unwrap();
    assert_eq!(matches, 40_000);
    let found = view.lines().bytes();
    assert!(found - alone >= matches * size_of::<u32>(), "{alone} to {found}");
    for _ in 0..100 {
        view.toggle_mark();
        view.up(1);
    }
    view.append([]);
    assert!(view.lines().bytes() - found >= 100 * size_of::<Anchor>());
    view.filter_by("");
    view.search("");
    view.toggle_mark();
    assert!(view.lines().bytes() < found, "what is left is given back");

    let mut view = LogView::new(1 << 20);
    view.append((0..20_000).map(|i| line(i as Millis, i, "INFO: n")));
    let held = view.lines().len();
    assert!(view.lines().bytes() <= 1 << 20 && held < 20_000);
    view.search("n");
    view.finish_scans();
    assert!(view.lines().bytes() <= 1 << 20, "lines make room for what is found in them");
    assert!(view.lines().len() < held && view.search_len() == view.lines().len());
    assert!(
        view.lines().len() > held * 8 / 10,
        "and no more than that: {} of {held}",
        view.lines().len()
    );
}

#[test]
fn following_shows_the_end_and_detaching_holds_the_window() {
    let mut view = view(100, 5);
    assert_eq!(numbers(&view), [95, 96, 97, 98, 99]);
    view.append([line(100_000, 100, "INFO: number 100")]);
    assert_eq!(numbers(&view), [96, 97, 98, 99, 100]);
    view.up(1);
    assert_eq!((numbers(&view), cursor(&view)), (vec![96, 97, 98, 99, 100], 99));
    view.append((101..138).map(|i| line(i as Millis * 1_000, i, &format!("INFO: number {i}"))));
    assert_eq!((numbers(&view), view.new_lines()), (vec![96, 97, 98, 99, 100], 37));
    view.up(5);
    assert_eq!((numbers(&view), cursor(&view)), (vec![94, 95, 96, 97, 98], 94));
    view.down(500);
    assert_eq!((numbers(&view), view.is_following()), (vec![133, 134, 135, 136, 137], false));
    view.follow_on();
    assert_eq!((view.new_lines(), view.is_following()), (0, true));
}

#[test]
fn the_newest_rows_for_another_screen_are_not_wrapped_and_begin_where_their_lines_do() {
    let mut view = view(3, 10);
    let newest = |view: &LogView| view.newest(2, 6).iter().map(|row| row.text.to_string()).collect::<Vec<_>>();
    let before = newest(&view);
    assert_eq!(before, ["number", "number"]);
    view.sideways(3);
    assert_eq!(newest(&view), before);
    view.toggle_wrap();
    view.up(1);
    assert_eq!(newest(&view), before);
}

#[test]
fn pages_tops_and_times() {
    let mut view = view(100, 5);
    view.page_up();
    assert_eq!((numbers(&view), cursor(&view)), (vec![91, 92, 93, 94, 95], 95));
    view.half_up();
    assert_eq!(numbers(&view)[0], 89);
    view.page_down();
    view.page_down();
    view.page_down();
    view.page_down();
    assert_eq!((numbers(&view), cursor(&view)), (vec![95, 96, 97, 98, 99], 99));
    view.top();
    assert_eq!((numbers(&view), cursor(&view)), (vec![0, 1, 2, 3, 4], 0));
    view.page_up();
    assert_eq!(cursor(&view), 0);
    view.jump_to_time(START + 49_500);
    assert_eq!((numbers(&view), cursor(&view)), (vec![49, 50, 51, 52, 53], 50));
    view.jump_to_time(START + 9_000_000);
    assert_eq!(cursor(&view), 99);
    let window = view.window(5, 40);
    assert_eq!((window.above, window.total), (95, 100));
}

#[test]
fn search_goes_from_match_to_match_and_round() {
    let mut view = view(100, 5);
    view.top();
    view.search("number .7");
    assert_eq!(view.search_len(), 9);
    assert_eq!((view.next_match(), cursor(&view)), (Jump::Moved, 17));
    let window = view.window(5, 40);
    let selected = window.rows.iter().find(|row| row.selected).unwrap();
    assert_eq!(&selected.text[selected.matches[0].clone()], "number 17");
    assert_eq!((view.prev_match(), cursor(&view)), (Jump::Wrapped, 97));
    assert_eq!((view.next_match(), cursor(&view)), (Jump::Wrapped, 17));
    view.filter_by("number 5");
    assert_eq!((view.next_match(), cursor(&view)), (Jump::Moved, 57));
    assert_eq!((view.next_match(), cursor(&view)), (Jump::Wrapped, 57));
    view.search("nothing");
    assert_eq!(view.next_match(), Jump::Nowhere);
    view.search("");
    assert_eq!(view.searched(), None);
}

#[test]
fn errors_levels_and_sources() {
    let mut view = view(100, 5);
    assert_eq!((view.prev_error(), cursor(&view)), (Jump::Moved, 93));
    assert_eq!((view.prev_error(), cursor(&view)), (Jump::Moved, 83));
    assert_eq!((view.next_error(), cursor(&view)), (Jump::Moved, 93));
    assert_eq!((view.next_error(), cursor(&view)), (Jump::Wrapped, 3));
    assert_eq!((view.prev_error(), cursor(&view)), (Jump::Wrapped, 93));
    view.attention_only();
    assert_eq!(numbers(&view), [53, 63, 73, 83, 93]);
    view.only(Source::App(App::OpenWebui));
    assert_eq!(numbers(&view), [53, 63, 73, 83, 93], "errors are Open WebUI's here");
    view.only(Source::App(App::Litellm));
    assert_eq!((view.window(5, 40).total, view.selected().is_none()), (0, true));
    view.only(Source::All);
    view.attention_only();
    assert_eq!(cursor(&view), 93, "the cursor's line is still the chosen one");
    assert_eq!(numbers(&view).len(), 5);
}

#[test]
fn a_filter_keeps_the_chosen_line_and_can_show_what_it_hides() {
    let mut view = view(100, 5);
    view.jump_to_time(START + 50_000);
    view.filter_by("!number .?[0-8]\\.");
    assert_eq!(numbers(&view), [49, 59, 69, 79, 89]);
    assert_eq!(cursor(&view), 59);
    assert_eq!(view.toggle_hidden(), Toggled::Shown { detached: false });
    assert_eq!(cursor(&view), 50);
    let hidden: Vec<bool> = view.window(5, 40).rows.iter().map(|row| row.hidden).collect();
    assert_eq!(hidden.iter().filter(|hidden| **hidden).count(), 4);
    view.clear_filter();
    assert_eq!(view.window(5, 40).total, 100);
    view.filter_by("number 42");
    assert_eq!(view.window(5, 40).total, 1, "the next filter hides again");
}

#[test]
fn what_no_filter_hides_is_not_shown_later_unasked() {
    let mut view = view(100, 5);
    view.search("number 42");
    assert_eq!((view.toggle_hidden(), view.is_following()), (Toggled::NothingHidden, true));
    view.filter_by("number 4");
    assert_eq!(view.window(5, 40).total, 11);
}

#[test]
fn who_follows_sees_the_lines_round_the_last_one_kept() {
    let mut view = view(100, 5);
    view.filter_by("number 42");
    assert_eq!(view.toggle_hidden(), Toggled::Shown { detached: true });
    assert_eq!((numbers(&view), cursor(&view)), (vec![40, 41, 42, 43, 44], 42));
    view.follow_on();
    assert_eq!(view.toggle_hidden(), Toggled::Hidden);
    assert_eq!(numbers(&view), [42]);
}

#[test]
fn the_row_under_the_cursor_shows_what_is_searched_for_where_that_lies_beyond_the_edge() {
    let mut view = view(10, 5);
    let long = format!("INFO:     {} needle {}", "hay ".repeat(40), "straw ".repeat(40));
    view.append([
        line(20_000, 20, &long),
        line(21_000, 21, "INFO:     short needle"),
        line(22_000, 22, "INFO:     none"),
    ]);
    let panned = |view: &LogView| {
        let rows = view.window(5, 40).rows;
        let rows = rows.into_iter().filter(|row| row.text.starts_with('…'));
        rows.map(|row| (row.text[row.matches[0].clone()].to_owned(), row.selected, row.more > 0))
            .collect::<Vec<_>>()
    };
    view.search("needle");
    assert_eq!(panned(&view), [], "who follows is shown how lines begin");
    assert_eq!((view.prev_match(), panned(&view)), (Jump::Moved, vec![]), "in sight as it is");
    view.prev_match();
    assert_eq!(panned(&view), [("needle".to_owned(), true, true)]);
    view.sideways(20);
    assert_eq!(panned(&view), [], "who goes sideways chooses what is seen");
    view.sideways(-20);
    view.toggle_wrap();
    assert_eq!(panned(&view), []);
    view.toggle_wrap();
    view.up(1);
    assert_eq!(panned(&view), []);
}

#[test]
fn marks_pause_and_sideways() {
    let mut view = view(100, 5);
    view.jump_to_time(START + 20_000);
    view.toggle_mark();
    view.jump_to_time(START + 60_000);
    view.toggle_mark();
    assert_eq!((view.next_mark(), cursor(&view)), (Jump::Wrapped, 20));
    assert_eq!((view.next_mark(), cursor(&view)), (Jump::Moved, 60));
    view.toggle_mark();
    assert_eq!(view.marks(), 1);
    view.follow_on();
    view.toggle_pause();
    let before = texts(&view);
    view.append([line(100_000, 100, "INFO: number 100")]);
    assert_eq!((texts(&view), view.is_paused()), (before, true));
    view.toggle_pause();
    assert_eq!(numbers(&view)[4], 100);
    assert_eq!(texts(&view)[4], "number 100", "the gutter has the level");
    view.sideways(7);
    assert_eq!(texts(&view)[4], "100");
    view.sideways(-600);
    view.search("INFO");
    assert_eq!(texts(&view)[4], "INFO: number 100", "a match is never hidden");
}

#[test]
fn entries_requests_and_folding() {
    let mut view = LogView::new(usize::MAX);
    view.resize(10, 60);
    let id = "7d1e4c0a-1111-4222-8333-944455556666";
    view.append([
        line(0, 0, &format!("ERROR:root:litellm_call_id={id} failed")),
        line(1, 1, "INFO:     other"),
        line(2, 2, "Traceback (most recent call last):"),
        line(3, 4, "  File \"x\""),
        line(4, 5, &format!("INFO:     saw {id}")),
        line(5, 6, "INFO:     done"),
    ]);
    view.jump_to_time(START + 3);
    assert_eq!(view.entry().iter().map(Line::seq).collect::<Vec<_>>(), [0, 2, 3]);
    assert!(view.toggle_request());
    assert_eq!(view.window(10, 60).total, 4, "with the whole of each entry");
    assert!(view.toggle_request());
    view.toggle_fold();
    assert_eq!(view.window(10, 60).total, 4);
}

#[test]
fn rows_are_cut_wrapped_and_counted() {
    let mut view = LogView::new(usize::MAX);
    view.resize(4, 10);
    view.append([line(0, 0, "0123456789abcdef\n漢字漢字漢字"), line(1, 1, "\u{1b}[31mend\u{1b}[0m")]);
    let row = |row: &Row| (row.part, row.text.to_string(), row.more);
    let rows: Vec<_> = view.window(4, 10).rows.iter().map(row).collect();
    assert_eq!(
        rows,
        [(0, "0123456789".into(), 6), (1, "漢字漢字漢".into(), 3), (0, "end".into(), 0)]
    );
    view.toggle_wrap();
    let rows: Vec<_> = view.window(5, 10).rows.iter().map(row).collect();
    assert_eq!(rows[..2], [(0, "0123456789".into(), 0), (1, "abcdef".into(), 0)]);
    assert_eq!(rows[2..4], [(2, "漢字漢字漢".into(), 0), (3, "字".into(), 0)]);
    view.search("789abc");
    let found = |row: &Row| {
        row.matches
            .iter()
            .map(|range| row.text[range.clone()].to_owned())
            .collect::<String>()
    };
    let found: Vec<_> = view.window(5, 10).rows.iter().map(found).collect();
    assert_eq!(found[..2], ["789", "abc"]);
    let big = "x".repeat(1 << 20);
    view.append([line(2, 2, &big)]);
    let window = view.window(5, 10);
    assert_eq!((window.rows.len(), window.rows[4].more), (5, (1 << 20) - 50));
}

#[test]
fn the_first_line_stays_when_it_is_no_longer_wrapped() {
    let mut view = LogView::new(usize::MAX);
    view.resize(4, 10);
    view.append([line(0, 0, &"x".repeat(35))]);
    view.append(
        ["a", "b", "c", "d", "e", "f"]
            .into_iter()
            .zip(1..)
            .map(|(text, i)| line(i as Millis, i, text)),
    );
    view.toggle_wrap();
    view.half_up();
    view.half_up();
    assert_eq!(texts(&view), ["xxxxxxxxxx", "xxxxx", "a", "b"], "two of its four rows");
    view.toggle_wrap();
    assert_eq!(texts(&view), ["xxxxxxxxxx", "a", "b", "c"]);
}

#[test]
fn what_made_room_is_told_at_the_top() {
    let mut view = LogView::new(2 << 20);
    for i in 0..40 {
        view.append((0..500).map(|j| line(i * 1_000 + j, (i * 500 + j) as u64, &"x".repeat(200))));
    }
    assert_eq!(view.window(5, 40).holes, []);
    view.top();
    let window = view.window(5, 40);
    let [(0, dropped)] = window.holes.as_slice() else {
        panic!("{:?}", window.holes)
    };
    assert_eq!(dropped.lines as usize + view.lines().len(), 20_000);
}

/// Hands the view what its scans find, one segment after the other, until one makes the jumps that wait.
fn find_until_there(view: &mut LogView) -> Option<(Jump, bool)> {
    let mut all = Vec::new();
    for scan in view.take_scans() {
        scan.run(|| false, |found| all.push(found));
    }
    all.into_iter().find_map(|found| {
        view.found(found);
        view.resume()
    })
}

#[test]
fn a_jump_waits_for_the_scan_that_decides_it() {
    let mut view = view(20_000, 5);
    view.search("number [12]777\\.");
    assert_eq!((view.prev_match(), view.prev_match()), (Jump::Looking, Jump::Looking));
    assert_eq!(view.resume(), None);
    assert!(view.is_following(), "not moved yet");
    assert_eq!(find_until_there(&mut view), Some((Jump::Moved, true)));
    assert_eq!((cursor(&view), view.is_searching()), (1_777, false), "both jumps were made");
    // A match that is known is gone to at once; one further on is no match before all between has been looked through.
    view.search("number (1777|3|9999)\\.");
    assert_eq!(view.next_match(), Jump::Looking);
    view.down(1);
    assert_eq!(find_until_there(&mut view), None, "a move drops the wish");
    assert_eq!(view.next_match(), Jump::Moved);
    assert_eq!(cursor(&view), 9_999);
    view.search("nothing like it");
    assert_eq!(view.next_match(), Jump::Looking);
    assert_eq!(find_until_there(&mut view), Some((Jump::Nowhere, true)));
    // An error that the filter may keep.
    view.filter_by("number [12]3\\.");
    assert_eq!(view.prev_error(), Jump::Looking);
    assert_eq!(find_until_there(&mut view).map(|(_, is_match)| is_match), Some(false));
    assert_eq!(cursor(&view), 13);
    view.filter_by("");
    view.search("nothing like it");
    assert_eq!(view.next_match(), Jump::Looking);
    view.search("");
    assert_eq!((view.resume(), view.next_match()), (None, Jump::Nowhere));
}

#[test]
fn a_scan_in_pieces_fills_the_window_as_it_comes() {
    let mut view = view(20_000, 5);
    view.filter_by("number .*77\\.");
    assert!(view.is_searching());
    let scans = view.take_scans();
    assert!(view.take_scans().is_empty());
    let near = numbers(&view);
    assert_eq!(near, [19_577, 19_677, 19_777, 19_877, 19_977], "what is near is there at once");
    for scan in scans {
        let mut all = Vec::new();
        scan.run(|| false, |found| all.push(found));
        for found in all {
            view.found(found);
        }
    }
    assert!(!view.is_searching());
    assert_eq!(view.window(5, 40).total, 200);
    view.filter_by("number");
    let unwanted = view.take_scans();
    view.filter_by("");
    for scan in unwanted {
        scan.run(|| false, |_| panic!("nobody waits for this any more"));
    }
}

#[derive(Debug, Clone)]
enum Act {
    Append(Vec<(Millis, u8)>),
    Up(usize),
    Down(usize),
    Page(bool),
    Half(bool),
    Top,
    Bottom,
    Filter(&'static str),
    Search(&'static str),
    Match(bool),
    Error(bool),
    Level,
    Source,
    Wrap,
    Hidden,
    Fold,
    Time(Millis),
    Mark,
    NextMark,
    Resize(usize, usize),
    Pause,
    Scans,
}

fn act() -> impl Strategy<Value = Act> {
    let events = prop::collection::vec((prop_oneof![4 => Just(0i64), 1 => 0i64..20_000], any::<u8>()), 0..60);
    prop_oneof![
        6 => events.prop_map(Act::Append),
        2 => (0usize..30).prop_map(Act::Up),
        2 => (0usize..30).prop_map(Act::Down),
        2 => any::<bool>().prop_map(Act::Page),
        1 => any::<bool>().prop_map(Act::Half),
        1 => Just(Act::Top),
        1 => Just(Act::Bottom),
        2 => prop_oneof![Just(""), Just("alpha"), Just("!alpha"), Just("zzz"), Just("b.ta|two")].prop_map(Act::Filter),
        1 => prop_oneof![Just(""), Just("a"), Just("Beta")].prop_map(Act::Search),
        1 => any::<bool>().prop_map(Act::Match),
        1 => any::<bool>().prop_map(Act::Error),
        1 => Just(Act::Level),
        1 => Just(Act::Source),
        1 => Just(Act::Wrap),
        1 => Just(Act::Hidden),
        1 => Just(Act::Fold),
        1 => (0i64..100_000).prop_map(Act::Time),
        1 => Just(Act::Mark),
        1 => Just(Act::NextMark),
        1 => (0usize..30, 0usize..60).prop_map(|(h, w)| Act::Resize(h, w)),
        1 => Just(Act::Pause),
        1 => Just(Act::Scans),
    ]
}

fn drop_jump(_: Jump) {}

struct Run {
    view: LogView,
    clock: Millis,
    count: u64,
}

impl Run {
    fn batch(&mut self, events: &[(Millis, u8)]) -> Vec<Arrived> {
        let made = events.iter().map(|(late, kind)| {
            self.clock += 50;
            self.count += 1;
            let message = match kind % 7 {
                0 => "ERROR: alpha".to_owned(),
                1 => "INFO: beta\n  two\n  three".to_owned(),
                2 => format!("WARNING: {}", "wide 漢字 ".repeat(20)),
                3 => "Traceback (most recent call last):".to_owned(),
                4 => "  indented alpha".to_owned(),
                _ => format!("INFO: alpha {}", self.count),
            };
            line(self.clock - late, self.count, &message)
        });
        made.collect()
    }

    fn act(&mut self, act: Act) {
        let view = &mut self.view;
        match act {
            Act::Append(events) => self.append(&events),
            Act::Up(n) => view.up(n),
            Act::Down(n) => view.down(n),
            Act::Page(true) => view.page_up(),
            Act::Page(false) => view.page_down(),
            Act::Half(true) => view.half_up(),
            Act::Half(false) => view.half_down(),
            Act::Top => view.top(),
            Act::Bottom => view.follow_on(),
            Act::Filter(text) => view.filter_by(text),
            Act::Search(text) => view.search(text),
            Act::Match(true) => drop_jump(view.next_match()),
            Act::Match(false) => drop_jump(view.prev_match()),
            Act::Error(true) => drop_jump(view.next_error()),
            Act::Error(false) => drop_jump(view.prev_error()),
            Act::Level => _ = view.cycle_level(),
            Act::Source => view.only(match view.source() {
                Source::All => Source::App(App::OpenWebui),
                Source::App(App::OpenWebui) => Source::App(App::Litellm),
                Source::App(App::Litellm) => Source::Stream(StreamName::Like("a".into())),
                Source::Stream(_) => Source::All,
            }),
            Act::Wrap => view.toggle_wrap(),
            Act::Hidden => _ = view.toggle_hidden(),
            Act::Fold => view.toggle_fold(),
            Act::Time(at) => view.jump_to_time(START + at),
            Act::Mark => view.toggle_mark(),
            Act::NextMark => drop_jump(view.next_mark()),
            Act::Resize(height, width) => view.resize(height, width),
            Act::Pause => view.toggle_pause(),
            Act::Scans => view.finish_scans(),
        }
    }

    /// What comes in never moves a detached window: the line under the cursor stays in its row, and so does what is below
    /// it up to where lines come in; where only later ones come, all.
    fn append(&mut self, events: &[(Millis, u8)]) {
        let row_of_cursor = |view: &LogView| {
            let window = view.window(view.size.height, view.size.width);
            window.rows.iter().position(|row| row.selected)
        };
        let rows = |view: &LogView| view.window(view.size.height, view.size.width).rows;
        let is_late = events.iter().any(|(late, _)| *late > 0);
        let events = self.batch(events);
        let before = (!self.view.is_following()).then(|| (row_of_cursor(&self.view), self.view.selected().map(Anchor::of)));
        let stood = rows(&self.view);
        self.view.append(events);
        if let Some((before @ Some(_), selected)) = before {
            assert_eq!(row_of_cursor(&self.view), before, "the scroll was stolen");
            assert_eq!(self.view.selected().map(Anchor::of), selected, "the cursor was moved");
            let stands = rows(&self.view);
            let is_same = stood.iter().zip(&stands).all(|(a, b)| (a.anchor, a.part) == (b.anchor, b.part));
            assert!(is_late || is_same, "the scroll was stolen");
        }
    }

    fn check(&self) {
        let view = &self.view;
        let (height, width) = (view.size.height, view.size.width);
        let window = view.window(height, width);
        assert!(window.rows.len() <= height);
        let is_narrow = |row: &Row| unicode_width::UnicodeWidthStr::width(row.text.as_str()) <= width.max(2);
        assert!(window.rows.iter().all(is_narrow));
        assert!(window.above + usize::from(!window.rows.is_empty()) <= window.total.max(1));
        assert_eq!(window.rows.is_empty(), window.total == 0);
        let is_in_sight = window.rows.iter().any(|row| row.selected);
        assert_eq!(is_in_sight, window.total > 0, "the cursor is in sight");
        for row in &window.rows {
            assert!(row.matches.iter().all(|range| row.text.get(range.clone()).is_some()));
        }
        if view.is_following() && window.total > 0 {
            let last = view.shown().last().map(Anchor::of);
            assert_eq!(window.rows.last().map(|row| row.anchor), last);
        }
        if !view.is_searching() {
            let keeps = |filter: &Filter, line: &Line<'_>| view.shows_hidden() || filter.matches(*line);
            let want: Vec<u64> = view
                .lines()
                .segments()
                .flat_map(|s| s.lines())
                .filter(|line| keeps(view.filter(), line))
                .map(|l| l.seq())
                .collect();
            assert_eq!(view.shown().map(|line| line.seq()).collect::<Vec<_>>(), want);
            assert_eq!(window.total, want.len());
        }
    }
}

/// A failed request in both services: heading, traceback, access line; and one that went well.
fn failure(view: &mut LogView) {
    let of = |app: u64, at: Millis, n: u64, message: &str| line(at, 2 * n + app, message);
    view.append([
        of(0, 0, 1, "INFO: 10.0.0.1:1 - \"GET /x HTTP/1.1\" 200 OK"),
        of(
            0,
            1_000,
            2,
            "08:15:30 - LiteLLM Proxy:ERROR: a.py:1 - litellm_call_id=0af3b1c2-77aa - litellm.RateLimitError: slow down",
        ),
        of(0, 1_000, 3, "Traceback (most recent call last):"),
        of(
            1,
            1_000,
            3,
            "2027-02-03 08:15:30.118 | INFO     | a:b:1 - chat for call_id=0af3b1c2-77aa",
        ),
        of(0, 1_000, 4, "  File \"x.py\", line 1, in y"),
        of(0, 1_000, 5, "x.BadError: no"),
        of(0, 1_002, 6, "INFO: 10.0.0.1:1 - \"POST /v1/images HTTP/1.1\" 429"),
        of(1, 3_000, 6, "2027-02-03 08:15:32.118 | INFO     | a:b:1 - another"),
    ]);
}

#[test]
fn a_request_is_shown_with_its_whole_entries_from_both_services_and_left_again() {
    let mut view = LogView::new(usize::MAX);
    view.resize(20, 200);
    failure(&mut view);
    view.top();
    assert!(!view.toggle_request(), "an access line names none");
    view.down(4);
    let before = view.window(20, 200);
    assert!(view.selected().unwrap().is_continuation());
    assert!(view.toggle_request(), "the entry names it, though not this line of it");
    let shown = texts(&view);
    assert_eq!(shown.len(), 5, "{shown:?}");
    assert!(shown[1].contains("Traceback") && shown[4].contains("BadError"), "{shown:?}");
    assert!(view.toggle_request());
    assert_eq!(view.window(20, 200), before);
}

#[test]
fn a_folded_entry_says_how_much_it_holds_and_a_search_opens_it() {
    let mut view = LogView::new(usize::MAX);
    view.resize(20, 200);
    failure(&mut view);
    view.toggle_fold();
    let folds: Vec<usize> = view.window(20, 200).rows.iter().map(|row| row.folded).collect();
    assert_eq!(folds, [0, 3, 0, 0, 0]);
    view.search("BadError");
    assert_eq!(view.next_match(), Jump::Moved);
    assert_eq!(view.selected().unwrap().raw(), "x.BadError: no");
}

#[test]
fn the_errors_of_a_shape_and_back_to_where_one_was() {
    let mut view = view(100, 5);
    view.up(50);
    view.finish_scans();
    let before = (numbers(&view), cursor(&view));
    let shapes = view.lines().errors().shapes();
    let counts: Vec<(&str, u32)> = shapes.iter().map(|shape| (shape.text.as_str(), shape.count)).collect();
    assert_eq!(counts, [("number #.", 10)]);
    view.only_shape(&shapes[0]);
    assert_eq!((numbers(&view), cursor(&view)), (vec![53, 63, 73, 83, 93], 93));
    assert!(view.go_back() && !view.go_back());
    assert_eq!((numbers(&view), cursor(&view)), before);
}

#[test]
fn who_looks_at_the_errors_of_a_shape_sees_new_ones_when_it_is_known_that_they_have_it() {
    let mut view = LogView::new(usize::MAX);
    view.resize(5, 200);
    let error = |i: u64| line(i as Millis, i, &format!("ERROR: pool {i} is empty"));
    view.append([error(0), line(1, 1, "ERROR: another"), error(2)]);
    view.finish_scans();
    let shapes = view.lines().errors().shapes();
    view.only_shape(&shapes[0]);
    view.finish_scans();
    assert_eq!(texts(&view).len(), 2);
    view.append([error(3), error(4), line(5, 5, "ERROR: another")]);
    assert_eq!((texts(&view).len(), view.new_lines()), (2, 0), "nobody has looked at them yet");
    view.finish_scans();
    assert_eq!((texts(&view).len(), view.new_lines()), (4, 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_scroll_is_never_stolen_and_the_cursor_stays_in_sight(acts in prop::collection::vec(act(), 1..60)) {
        let view = LogView { lines: Lines::in_small_segments(usize::MAX), ..LogView::new(0) };
        let mut run = Run { view, clock: 30_000, count: 0 };
        run.view.resize(7, 30);
        for act in acts {
            run.act(act);
            run.check();
        }
    }
}

#[test]
fn an_entry_that_is_one_event_of_many_lines_folds_too() {
    let mut view = LogView::new(usize::MAX);
    view.resize(10, 60);
    view.append([
        line(
            0,
            0,
            "ERROR:    Exception in ASGI application\nTraceback (most recent call last):\nValueError: boom\n",
        ),
        line(1, 0, "  more of it"),
        line(10_000, 2, "INFO: calm"),
    ]);
    assert_eq!(view.window(10, 60).rows.len(), 5);
    view.toggle_fold();
    let rows = view.window(10, 60).rows;
    let got: Vec<(&str, usize, usize)> = rows.iter().map(|row| (row.text.as_str(), row.folded, row.more)).collect();
    assert_eq!(got, [("Exception in ASGI application", 3, 0), ("calm", 0, 0)]);
    view.toggle_fold();
    assert_eq!(view.window(10, 60).rows.len(), 5);
}

#[test]
fn who_follows_goes_to_the_nearest_match_above() {
    for last_matches in [false, true] {
        for goes in [LogView::next_match, LogView::prev_match] {
            let mut view = view(100, 5);
            view.search(if last_matches { "number .9" } else { "number .7" });
            assert!(view.is_following());
            assert_eq!((goes(&mut view), cursor(&view)), (Jump::Moved, if last_matches { 99 } else { 97 }));
            assert!(!view.is_following());
        }
    }
}

#[test]
fn a_window_of_the_axis_is_no_wider_than_a_year_however_often_it_is_widened() {
    let mut view = view(100, 5);
    let now = START + 100_000;
    for intent in [Intent::Wider, Intent::Earlier, Intent::Later, Intent::Wider, Intent::Narrower] {
        for _ in 0..200 {
            let (from, until) = view.move_span(intent, now).unwrap();
            assert!(from >= 0 && until <= now, "{from} to {until}");
            assert!((60_000..=366 * 86_400_000).contains(&(until - from)), "{from} to {until}");
        }
    }
}

#[test]
fn late_lines_above_the_cursor_push_the_top_out_and_not_the_line_that_is_read() {
    let mut view = view(100, 5);
    view.up(1);
    assert_eq!((numbers(&view), cursor(&view)), (vec![95, 96, 97, 98, 99], 98));
    view.append((0..4).map(|i| line(96_500 + i, 200 + i as u64, &format!("INFO: number {}", 200 + i))));
    assert_eq!((numbers(&view), cursor(&view)), (vec![202, 203, 97, 98, 99], 98));
    view.append([line(10_500, 300, "INFO: number 300"), line(98_500, 301, "INFO: number 301")]);
    assert_eq!((numbers(&view), cursor(&view)), (vec![202, 203, 97, 98, 301], 98));
}

#[test]
fn errors_are_gone_to_round_the_end_and_while_following_to_the_nearest_above() {
    let mut view = view(100, 5);
    for goes in [LogView::next_error, LogView::prev_error] {
        view.follow_on();
        assert_eq!((goes(&mut view), cursor(&view)), (Jump::Moved, 93));
    }
    view.jump_to_time(START + 93_000);
    assert_eq!((view.next_error(), cursor(&view)), (Jump::Wrapped, 3));
    assert_eq!((view.prev_error(), cursor(&view)), (Jump::Wrapped, 93));
}

#[test]
fn what_comes_before_a_line_from_the_future_is_new_and_what_somebody_has_fetched_is_not() {
    for small in [false, true] {
        let mut view = view(100, 5);
        if small {
            view.lines = Lines::in_small_segments(usize::MAX);
        }
        view.append([line(86_400_000, 100, "INFO: a clock is wrong")]);
        view.up(1);
        view.append((101..150).map(|i| line(i as Millis * 1_000, i, &format!("INFO: number {i}"))));
        view.append([line(50_500, 150, "INFO: number 150")]);
        view.append_older((0..40).map(|i| line(i - 90_000, 200 + i as u64, "INFO: old").event).collect(), true);
        assert_eq!(view.new_lines(), 50);
        view.filter_by("number 1.5");
        view.finish_scans();
        assert_eq!(view.new_lines(), 5, "105, 115, 125, 135, 145");
        view.append((151..170).map(|i| line(i as Millis * 1_000, i, &format!("INFO: number {i}"))));
        view.append([line(51_500, 175, "INFO: number 175")]);
        assert_eq!(view.new_lines(), 8, "and 155, 165, 175");
        view.follow_on();
        view.up(1);
        assert_eq!(view.new_lines(), 0);
    }
}

#[test]
fn what_is_new_is_still_new_after_a_visit() {
    let mut view = view(100, 5);
    view.up(1);
    let more = |view: &mut LogView, from: u64, until: u64| {
        view.append((from..until).map(|i| line(i as Millis * 1_000, i, &format!("ERROR: number {i} request_id=req-00000001"))));
    };
    more(&mut view, 100, 143);
    view.append([line(90_500, 500, "INFO: a late one lies above")]);
    assert_eq!(view.new_lines(), 44);
    view.finish_scans();
    let shape = view.lines().errors().shapes()[0].clone();
    view.only_shape(&shape);
    more(&mut view, 143, 145);
    view.finish_scans();
    assert!(view.go_back());
    view.finish_scans();
    assert_eq!(view.new_lines(), 46);
    view.follow_on();
    assert_eq!(view.new_lines(), 0);
}

#[test]
fn a_narrower_window_stays_round_the_cursor_and_a_later_one_never_throws_it_back() {
    let mut view = view(1_000, 5);
    let now = START + 1_000_000;
    view.jump_to_time(START + 900_000);
    let (from, until) = view.span(now).unwrap();
    for intent in [Intent::Narrower, Intent::Narrower, Intent::Wider] {
        let (a, b) = view.move_span(intent, now).unwrap();
        let share = (START + 900_000 - a) as f64 / (b - a) as f64;
        let want = (START + 900_000 - from) as f64 / (until - from) as f64;
        assert!((share - want).abs() < 0.01, "{share} {want}");
        assert_eq!(cursor(&view), 900);
    }
    view.move_span(Intent::Later, now).unwrap();
    view.move_span(Intent::Later, now).unwrap();
    let end = view.move_span(Intent::Later, now).unwrap();
    assert_eq!(end.1, now);
    view.jump_to_time(START + 998_000);
    assert_eq!(view.move_span(Intent::Later, now), Some(end));
    assert_eq!(cursor(&view), 998);
    view.move_span(Intent::Earlier, now).unwrap();
    assert!(cursor(&view) < 998);
}

#[test]
fn a_line_of_tomorrow_does_not_stretch_the_axis() {
    let mut view = view(100, 5);
    let now = START + 100_000;
    view.append([line(86_400_000, 100, "INFO: number 100")]);
    assert_eq!(view.span(now), Some((START, now + AHEAD)));
    let mut only = LogView::new(usize::MAX);
    only.append([line(86_400_000, 100, "INFO: number 100")]);
    assert!(only.span(now).is_some_and(|(from, until)| from < until && until <= now + AHEAD));
}

#[test]
fn what_is_folded_is_said_beside_the_text_and_not_over_it() {
    let mut view = LogView::new(usize::MAX);
    view.resize(10, 30);
    let head = format!("ERROR: {}", "words ".repeat(12));
    view.append([line(0, 0, &format!("{head}\nValueError: boom\nand more"))]);
    view.toggle_fold();
    for _ in 0..2 {
        let rows = view.window(10, 30).rows;
        let label = rows[0].fold_label().unwrap();
        assert_eq!(label, " +2 lines ");
        assert!(rows.iter().all(|row| row.text.len() + label.len() <= 30), "{rows:?}");
        assert!(rows.iter().skip(1).all(|row| row.fold_label().is_none()));
        view.toggle_wrap();
    }
}

/// Ten failed requests of 45 lines each, in segments of 16 lines; the other service writes between them.
fn long_entries() -> Vec<Arrived> {
    let mut out = Vec::new();
    for n in 0..10_u64 {
        let mut of = |app: u64, message: String| {
            let i = out.len() as u64;
            out.push(line((n * 1_200 + i % 54) as Millis, 2 * i + app, &message));
        };
        of(0, format!("12:00:01 - LiteLLM:ERROR: a.py:2 - request_id=req-{n:08} failed"));
        of(0, "Traceback (most recent call last):".into());
        for frame in 0..42 {
            of(0, format!("  File \"/x{frame}.py\", line 1, in f"));
            if frame % 5 == 0 {
                of(1, "INFO:     10.0.0.1:1 - \"GET /health HTTP/1.1\" 200 OK".into());
            }
        }
        of(0, format!("ValueError: shape {}", ["a", "b"][n as usize % 2]));
    }
    out
}

#[test]
fn an_entry_is_whole_wherever_segments_end_and_however_its_lines_come() {
    let events = long_entries();
    for step in [7, 1_000] {
        for is_before in [true, false] {
            let mut view = LogView {
                lines: Lines::in_small_segments(usize::MAX),
                ..LogView::new(0)
            };
            view.resize(20, 200);
            let (first, rest) = events.split_at(if is_before { events.len() } else { 70 });
            view.append(first.to_vec());
            view.finish_scans();
            view.search("req-00000001");
            view.finish_scans();
            assert_ne!(view.next_match(), Jump::Nowhere);
            assert!(view.toggle_request());
            view.finish_scans();
            for batch in rest.chunks(step) {
                view.append(batch.to_vec());
            }
            view.finish_scans();
            let shown: Vec<&str> = view.shown().map(|line| line.raw()).collect();
            assert_eq!(shown.len(), 45, "{shown:?}");
            assert!(shown[0].contains("req-00000001") && shown[44] == "ValueError: shape b", "{shown:?}");
        }
    }
    let mut view = LogView {
        lines: Lines::in_small_segments(usize::MAX),
        ..LogView::new(0)
    };
    view.resize(20, 200);
    view.append(events);
    view.finish_scans();
    let shapes = view.lines().errors().shapes();
    assert_eq!(shapes.len(), 1, "the headings say more than their tracebacks");
    view.only_shape(&shapes[0]);
    view.finish_scans();
    assert_eq!(view.shown().count(), 450);
}

/// A line that comes may name a further id, as far as there is room; each makes the store be looked through once more,
/// and lines that name none do not.
#[test]
fn ids_that_come_later_are_joined_and_not_without_end() {
    let lines = crate::core::lines::Lines::in_small_segments(usize::MAX);
    let mut view = LogView {
        lines,
        ..LogView::new(usize::MAX)
    };
    view.resize(20, 200);
    let many: Vec<String> = (0..250).map(|i| format!("request_id=req-{i:08}")).collect();
    view.append([line(0, 0, &format!("INFO: {}", many.join(" ")))]);
    view.top();
    assert!(view.toggle_request());
    let text = |i: u64| format!("INFO: request_id=req-00000000 litellm_call_id=call-{i:08}");
    for (new, ids, is_part) in [(1..4, 253, false), (4..7, 256, false), (7..10, 256, true)] {
        view.append(new.map(|i| line(i as Millis, i, &text(i))));
        view.finish_scans();
        let request = view.filter().request.as_ref().unwrap();
        assert_eq!((request.ids().len(), request.is_part()), (ids, is_part));
    }
    let before = view.generation;
    view.append((400..500).map(|i| line(i as Millis, i, "INFO: request_id=req-00000000 goes on")));
    assert_eq!((view.generation, view.take_scans().len()), (before, 0));
    view.append([line(501, 501, "INFO: later request_id=req-00000000")]);
    assert_eq!(view.generation, before);
}

/// What a request that is asked for from the line that has `at` in it shows.
fn request_of(messages: &[&str], at: &str) -> Vec<String> {
    let mut view = LogView::new(usize::MAX);
    view.resize(50, 300);
    view.append(messages.iter().zip(0..).map(|(message, i)| line(i * 3_000, i as u64, message)));
    view.search(at);
    view.finish_scans();
    view.next_match();
    if !view.toggle_request() {
        return Vec::new();
    }
    view.finish_scans();
    view.shown().map(|line| line.raw().to_owned()).collect()
}

/// One request, each of whose lines leads on to the next, and a line of another.
const CHAIN: [&str; 5] = [
    "{\"level\":\"info\",\"msg\":\"chat\",\"x-request-id\":\"REQ-0001-aaaa\"}",
    "12:00:00 - LiteLLM:INFO: a.py:1 - litellm_call_id=11111111-2222-3333-4444-555555555550 request_id=REQ-0001-aaaa start",
    "12:00:01 - LiteLLM:ERROR: a.py:2 - litellm_call_id=11111111-2222-3333-4444-555555555550 failed",
    "ERROR: upstream said call id 11111111-2222-3333-4444-555555555550",
    "INFO: another request_id=REQ-0001-aaab",
];

#[test]
fn a_request_is_the_same_whenever_it_is_asked_for() {
    let chain = CHAIN;
    for asked in 1..chain.len() as u64 {
        let mut view = LogView::new(usize::MAX);
        view.resize(20, 200);
        for (i, text) in (1..).zip(&chain) {
            view.append([line(i as Millis, i, text)]);
            if i == asked {
                assert!(view.toggle_request());
            }
        }
        view.finish_scans();
        let shown: Vec<&str> = view.shown().map(|line| line.raw()).collect();
        assert_eq!(shown, chain[..4], "asked for at line {asked}");
        view.toggle_request();
        assert_eq!(view.shown().count(), chain.len());
    }
}

#[test]
fn a_request_is_all_lines_that_name_one_of_its_ids_and_no_others() {
    let chain = CHAIN;
    for at in ["chat", "start", "failed", "upstream"] {
        assert_eq!(request_of(&chain, at), chain[..4], "{at}");
    }
    let numbers = [
        "INFO: request_id=12345678 first",
        "INFO: request_id=123456789 a longer one",
        "INFO: request_id=912345678 another",
        "INFO: X-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678",
        "INFO: done 12345678 bare",
    ];
    assert_eq!(request_of(&numbers, "first"), [numbers[0], numbers[4]]);
    let case = ["INFO: request_id=ABCDEF12 upper", "INFO: request_id=abcdef12 lower"];
    assert_eq!(request_of(&case, "upper"), case[..1]);
    let uuid = [
        "INFO: CALL_ID: AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEE3 upper",
        "INFO: call_id: aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeee3 lower",
    ];
    assert_eq!(request_of(&uuid, "upper"), uuid);
    let user = [
        "INFO: user 99999999-2222-3333-4444-555555555555 asks chat_id=11111111-2222-3333-4444-555555555551",
        "INFO: user 99999999-2222-3333-4444-555555555555 again chat_id=11111111-2222-3333-4444-555555555552",
    ];
    assert_eq!(request_of(&user, "asks"), [""; 0]);
    let trace = [
        "INFO: traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 a",
        "INFO: trace_id=4bf92f3577b34da6a3ce929d0e0e4736 b",
    ];
    assert_eq!(request_of(&trace, "traceparent"), trace);
    let root = [
        "INFO: X-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678;Sampled=1 a",
        "INFO: Root=1-67891233-abcdef012345678912345678 b",
    ];
    assert_eq!(request_of(&root, "Root"), root);
    let completion = ["INFO: chatcmpl-9aB3xYz12345 stream", "INFO: chatcmpl-9aB3xYz12345 done"];
    assert_eq!(request_of(&completion, "stream"), completion);
    let written = [
        "INFO: request_id=\"0a1b2c3d4e\" quoted",
        "INFO: {'request_id': '0a1b2c3d4e'} as Python",
        "INFO: request_id\\\": \\\"0a1b2c3d4e\\\" escaped",
        "INFO: x-request-id=0a1b2c3d4e",
        "INFO: \u{1b}[32mrequest_id\u{1b}[0m=\u{1b}[1m0a1b2c3d4e\u{1b}[0m coloured",
    ];
    for at in ["quoted", "Python", "escaped", "x-request", "coloured"] {
        assert_eq!(request_of(&written, at), written, "{at}");
    }
}

/// One trace with many calls, each of which failed in a line that names the call only; and another trace.
#[test]
fn the_calls_of_a_large_request_are_all_shown_and_where_they_are_not_it_is_said() {
    let call = |i: usize| format!("bbbbbbbb-0000-4000-8000-{i:012x}");
    let calls = |count: usize| {
        let begins = (0..count).map(|i| format!("INFO: trace_id=4bf92f3577b34da6a3ce929d0e0e4736 litellm_call_id={} begins", call(i)));
        let fails = (0..count).map(|i| format!("ERROR: litellm_call_id={} failed", call(i)));
        begins.chain(fails).collect::<Vec<String>>()
    };
    for (count, is_part) in [(12, false), (255, false), (600, true)] {
        let mut view = LogView::new(usize::MAX);
        view.resize(50, 300);
        let all = calls(count);
        view.append((0..).zip(&all).map(|(i, text)| line(i, i as u64, text)));
        view.append([line(9_000, 9_000, "INFO: request_id=req-another1")]);
        view.top();
        assert!(view.toggle_request());
        view.finish_scans();
        let (request, shown) = (view.filter().request.clone().unwrap(), view.shown().count());
        assert_eq!((request.is_part(), shown < all.len()), (is_part, is_part), "{count}: {shown}");
        assert!(shown >= count.min(255) * 2, "{count}: {shown}");
    }
}

#[test]
fn a_chain_of_ids_is_followed_and_where_it_is_not_to_its_end_it_is_said() {
    for (length, is_part) in [(6, false), (30, true)] {
        let link = |i: usize| format!("INFO: request_id=req-{i:08} litellm_call_id=req-{:08}", i + 1);
        let mut view = LogView::new(usize::MAX);
        view.resize(50, 300);
        view.append((0..length).map(|i| line(3_000 * i as Millis, i as u64, &link(i))));
        view.top();
        view.toggle_request();
        assert_eq!(view.filter().request.as_ref().unwrap().is_part(), is_part, "{length}");
    }
}

#[test]
fn a_line_that_lists_many_requests_joins_none() {
    let messages = [
        "INFO: request_id=req-000001 begins",
        "INFO: request_id=req-000002 begins",
        "INFO: pending: request_id=req-000001 request_id=req-000002 request_id=req-000003 request_id=req-000004 request_id=req-000005",
    ];
    assert_eq!(request_of(&messages, "req-000002 begins"), messages[1..]);
}

#[test]
fn the_cursor_stays_in_sight_where_most_lines_have_not_been_looked_through() {
    // The kind of each line, and which come late.
    let batch = |kinds: &str, lates: &[(usize, Millis)]| {
        let late = |i| lates.iter().find(|(place, _)| *place == i).map_or(0, |(_, late)| *late);
        kinds
            .bytes()
            .enumerate()
            .map(|(i, kind)| (late(i), kind - b'0'))
            .collect::<Vec<_>>()
    };
    let view = LogView {
        lines: Lines::in_small_segments(usize::MAX),
        ..LogView::new(0)
    };
    let mut run = Run {
        view,
        clock: 30_000,
        count: 0,
    };
    run.view.resize(7, 30);
    let first = batch(
        "0000000001403334624046501212510502563503551634126414",
        &[
            (4, 51),
            (8, 51),
            (10, 17_686),
            (13, 788),
            (20, 18_324),
            (21, 4_171),
            (30, 10_711),
            (32, 16_297),
            (44, 18_692),
            (51, 12_618),
        ],
    );
    let second = batch("325112", &[(0, 4_619)]);
    let third = batch("245205236661364", &[(3, 10_512), (12, 1_247)]);
    for act in [
        Act::Append(first),
        Act::Append(second),
        Act::Filter("!alpha"),
        Act::Up(28),
        Act::Level,
        Act::Source,
        Act::Append(third),
    ] {
        run.act(act);
        run.check();
    }
}

#[test]
fn a_traceback_goes_on_after_what_broke_into_it() {
    let access = "INFO:     10.0.0.1:1 - \"GET /health HTTP/1.1\" 200 OK";
    let logger = "INFO:     Started server process [1]";
    let (trace, frame, source) = (
        "Traceback (most recent call last):",
        "  File \"/app/a.py\", line 3, in f",
        "    g()",
    );
    for (messages, entry) in [
        (&[trace, frame, access, source, "ValueError: broken"][..], &[0, 1, 3, 4][..]),
        (&[trace, access, access, frame, source, "httpx.ReadTimeout"], &[0, 3, 4, 5]),
        (
            &[trace, frame, source, logger, frame, source, "ValueError: broken"],
            &[0, 1, 2, 4, 5, 6],
        ),
        (&[trace, frame, source, logger, "ValueError: broken", access], &[0, 1, 2, 4]),
        // A logger's own lines stay with it, and what comes after the end of a traceback is none of it.
        (&[trace, frame, logger, "  with more of it", source], &[0, 1]),
        (&[trace, "ValueError: whole", access, source], &[0, 1]),
    ] {
        let mut view = LogView::new(usize::MAX);
        view.resize(20, 200);
        view.append((0..).zip(messages).map(|(i, message)| line(i, 2 * i as u64, message)));
        view.top();
        let got: Vec<u64> = view.entry().iter().map(Line::seq).collect();
        assert_eq!(got, entry, "{messages:?}");
        let end = *entry.last().unwrap();
        for _ in 0..end {
            view.down(1);
        }
        let same: Vec<u64> = view.entry().iter().map(Line::seq).collect();
        assert_eq!(same, entry, "from its end: {messages:?}");
        assert_eq!(view.lines().errors().len(), 1, "{messages:?}");
        let shape = {
            view.finish_scans();
            view.lines().errors().shapes()[0].clone()
        };
        view.toggle_fold();
        let folded = view.window(20, 200).rows[0].folded;
        assert_eq!(folded, entry.len() - 1, "{messages:?}");
        view.toggle_fold();
        view.only_shape(&shape);
        view.finish_scans();
        let of_shape: Vec<u64> = view.shown().map(|line| line.seq()).collect();
        assert_eq!(of_shape, entry, "{messages:?}");
    }
}
