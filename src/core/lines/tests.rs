//! The store and its index against plain lists.

use proptest::prelude::*;

use super::*;
use crate::core::{
    fact::LogEvent,
    logline::{self, Level},
    names::App,
    tail::Arrived,
    text::{RawText, is_hidden},
};

const START: Millis = 1_790_000_000_000;

fn event(at: Millis, id: u64, stream: &str, message: &str) -> LogEvent {
    LogEvent {
        id: Some(format!("37{id:054}").into()),
        at: START + at,
        ingested: START + at + 300,
        stream: stream.into(),
        message: RawText::new(message),
    }
}

fn arrived(at: Millis, id: u64, message: &str) -> Arrived {
    let stream = ["litellm/litellm/a", "openwebui/openwebui/b"][id as usize % 2];
    Arrived {
        event: event(at, id, stream, message),
        late: false,
    }
}

fn all(lines: &Lines) -> Vec<Line<'_>> {
    lines.segments().flat_map(|segment| segment.lines()).collect()
}

fn spots(lines: &Lines) -> Vec<Spot> {
    std::iter::successors(lines.first(), |spot| lines.next(*spot)).collect()
}

fn message() -> impl Strategy<Value = String> {
    prop_oneof![
        24 => "(INFO: +|ERROR: |)[a-z]{0,6} (alpha|Beta|gamma)",
        3 => "[a-z]{3}\u{1b}\\[3[0-9]m(alpha|beta)\u{1b}\\[0m",
        3 => "é(alpha|beta)\n\tsecond (gamma|delta)",
        2 => "(alpha|beta)\n[^\n]{0,3}\n?",
    ]
}

fn batches() -> impl Strategy<Value = Vec<Vec<(Millis, String)>>> {
    let lateness = prop_oneof![6 => Just(0i64), 1 => 0i64..60_000];
    let batch = prop::collection::vec((lateness, message()), 0..40);
    prop::collection::vec(batch, 1..14).prop_map(|batches| {
        let mut clock = 0;
        let of = |batch: Vec<(Millis, String)>| {
            let stamped = batch.into_iter().map(|(late, message)| {
                clock += Millis::try_from(message.len() % 3).unwrap_or_default() * 400;
                (clock - late, message)
            });
            stamped.collect()
        };
        batches.into_iter().map(of).collect()
    })
}

fn filters() -> impl Strategy<Value = Filter> {
    let pattern = prop_oneof![
        Just("alpha"),
        Just("Beta"),
        Just("!gamma"),
        Just("a.p|second"),
        Just("^inf"),
        Just(r"\s*gamma$"),
        Just(r"alpha\W*[^x]E"),
        Just("a*"),
        Just("a("),
        Just("")
    ];
    let level = prop::option::of(prop_oneof![Just(Level::Info), Just(Level::Error)]);
    (pattern, level, prop::option::of(Just(App::Litellm))).prop_map(|(pattern, min_level, app)| Filter {
        app,
        min_level,
        pattern: Pattern::filter(pattern),
        ..Filter::default()
    })
}

/// The slow, plain way to match.
fn is_shown_match(filter: &Filter, plain: Option<&regex::Regex>, line: Line<'_>) -> bool {
    let found = |regex: &regex::Regex| logline::shown_parts(line.raw()).any(|part| regex.is_match(&logline::display(part)));
    let is_inverse = filter.pattern.as_ref().is_some_and(Pattern::is_inverse);
    filter.app.is_none_or(|app| line.app() == Some(app))
        && filter.min_level.is_none_or(|min| line.level() >= min)
        && plain.is_none_or(|regex| found(regex) != is_inverse)
}

fn plain_regex(pattern: &Pattern) -> regex::Regex {
    let text = if pattern.is_literal_fallback() {
        regex::escape(pattern.text())
    } else {
        pattern.text().to_owned()
    };
    let flags = if pattern.text().chars().all(|c| !c.is_uppercase()) {
        "(?i)"
    } else {
        ""
    };
    regex::Regex::new(&format!("{flags}{text}")).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn lines_stand_in_time_order_and_keep_their_numbers(batches in batches()) {
        let mut lines = Lines::in_small_segments(usize::MAX);
        let mut reference = Vec::new();
        let mut known: Vec<(Anchor, String)> = Vec::new();
        for (at, message) in batches.iter().flatten() {
            reference.push((*at, reference.len() as u64, message.clone()));
        }
        let mut rest = reference.as_slice();
        for batch in &batches {
            let (now, later) = rest.split_at(batch.len());
            rest = later;
            lines.append(now.iter().map(|(at, id, message)| arrived(*at, *id, message)));
            known.extend(all(&lines).last().map(|line| (Anchor::of(*line), line.raw().to_owned())));
        }
        reference.sort();
        let want: Vec<_> = reference.iter().map(|(at, id, message)| (START + at, format!("37{id:054}"), message.as_str())).collect();
        let got: Vec<_> = all(&lines).iter().map(|line| (line.at(), line.id().unwrap().to_string(), line.raw())).collect();
        prop_assert_eq!(got, want);
        prop_assert_eq!(lines.len(), reference.len());
        for (row, spot) in spots(&lines).into_iter().enumerate() {
            let line = lines.line(spot).unwrap();
            prop_assert_eq!(lines.row(spot), row);
            prop_assert_eq!(lines.locate(&Anchor::of(line)), Some(spot));
            prop_assert!(lines.next(spot).is_none_or(|next| lines.prev(next) == Some(spot)));
            prop_assert_eq!(lines.at_time(line.at()).and_then(|spot| lines.line(spot)).map(|l| l.at()), Some(line.at()));
        }
        for (anchor, raw) in known {
            let spot = lines.locate(&anchor).unwrap();
            prop_assert_eq!(lines.line(spot).unwrap().raw(), raw);
        }
        let counted: u32 = lines.histogram().span().map_or(0, |(from, until)| {
            let mut columns = Column::split(from, until, 7);
            lines.histogram().pour(&mut columns);
            columns.iter().flat_map(|column| column.counts).sum()
        });
        prop_assert_eq!(counted as usize, lines.len());
    }

    #[test]
    fn an_index_has_exactly_the_matching_lines(batches in batches(), filter in filters(), limit in 4_000usize..40_000, eager: bool) {
        let mut lines = Lines::in_small_segments(limit);
        let mut index = Index::new(filter.clone(), 1);
        let mut id = 0;
        let mut waiting = Vec::new();
        for (i, batch) in batches.iter().enumerate() {
            if i == batches.len() / 3 {
                // The filter is set while lines are there, and its scan answers when it will.
                index = Index::new(filter.clone(), 2);
                if let Some(scan) = index.scan(&lines, None) {
                    let pieces = scan.split(2);
                    for piece in pieces {
                        piece.run(|| false, |found| waiting.push(found));
                    }
                }
                if eager {
                    for found in waiting.drain(..) {
                        index.found(&lines, found);
                    }
                }
            }
            let events = batch.iter().map(|(at, message)| { id += 1; arrived(*at, id, message) });
            let change = lines.append(events);
            index.follow(&lines, &change);
        }
        for found in waiting.drain(..) {
                        index.found(&lines, found);
                    }
        prop_assert_eq!(index.scan(&lines, None), None);
        let plain = filter.pattern.as_ref().map(plain_regex);
        let want: Vec<Spot> = spots(&lines).into_iter().filter(|spot| is_shown_match(&filter, plain.as_ref(), lines.line(*spot).unwrap())).collect();
        let first = lines.first().and_then(|spot| index.at_or_after(&lines, spot));
        let got: Vec<Spot> = std::iter::successors(first, |spot| index.at_or_after(&lines, lines.next(*spot)?)).collect();
        let last = lines.last().and_then(|spot| index.at_or_before(&lines, spot));
        let mut back: Vec<Spot> = std::iter::successors(last, |spot| index.at_or_before(&lines, lines.prev(*spot)?)).collect();
        back.reverse();
        prop_assert_eq!(&got, &want);
        prop_assert_eq!(&back, &want);
        prop_assert_eq!(index.len(), want.len());
        let mut columns = Column::split(START - 100_000, START + 10_000_000, 3);
        index.pour(&mut columns);
        prop_assert_eq!(columns.iter().flat_map(|column| column.counts).sum::<u32>() as usize, want.len());
        for (row, spot) in want.into_iter().enumerate() {
            prop_assert_eq!(index.row(&lines, spot), row);
            prop_assert!(index.contains(&lines, spot));
            prop_assert!(filter.matches(lines.line(spot).unwrap()));
        }
    }
}

#[test]
fn memory_stays_within_its_promise() {
    let mut lines = Lines::new(usize::MAX);
    let mut text = 0;
    for i in 0..200u64 {
        lines.append((0..100).map(|j| {
            let message = "m".repeat(((i * 100 + j) * 7919 % 300) as usize);
            text += message.len();
            arrived((i * 100 + j) as Millis, i * 100 + j, &message)
        }));
    }
    let open = 1 << 20;
    assert!(lines.bytes() <= text * 3 / 2 + 48 * lines.len() + open);
    let sealed: usize = lines.segments().take(lines.segments().len() - 1).map(|s| s.bytes()).sum();
    let sealed_lines: usize = lines.segments().take(lines.segments().len() - 1).map(|s| s.len()).sum();
    assert!(sealed <= text + 49 * sealed_lines, "{sealed} bytes for {sealed_lines} lines");
}

#[test]
fn the_oldest_lines_make_room_and_are_counted() {
    let mut lines = Lines::new(4 << 20);
    let message = "m".repeat(200);
    for i in 0..300u64 {
        lines.append((i * 100..(i + 1) * 100).map(|i| arrived(i as Millis, i, &message)));
    }
    let dropped = lines.dropped();
    assert!(lines.bytes() <= 4 << 20);
    assert_eq!(dropped.lines + lines.len() as u64, 30_000);
    let first = lines.line(lines.first().unwrap()).unwrap();
    assert_eq!((dropped.until + 1, first.seq()), (first.at(), dropped.lines));
    let gone = Anchor {
        at: START + 5,
        ingested: START + 305,
        seq: 5,
    };
    assert_eq!(lines.locate(&gone), lines.first());
    assert_eq!(lines.append([arrived(3, 99_999, "late")]).lines, 0, "its place is gone");
    assert_eq!(lines.dropped().lines, dropped.lines + 1);
}

#[test]
fn a_line_of_a_megabyte_is_a_line() {
    let mut lines = Lines::new(16 << 20);
    let big = format!("ERROR: {}needle", "\u{1b}".repeat(1 << 20));
    lines.append([arrived(1, 1, "before"), arrived(2, 2, &big), arrived(3, 3, "after")]);
    let filter = Filter {
        pattern: Pattern::search("needle"),
        ..Filter::default()
    };
    let rows: Vec<_> = lines.segments().flat_map(|segment| filter.rows(segment, 0)).collect();
    assert_eq!(rows, [1]);
    assert_eq!(all(&lines)[1].raw(), big);
    assert_eq!(all(&lines)[1].level(), Level::Error);
}

#[test]
fn a_late_line_of_a_traceback_joins_its_entry() {
    let mut lines = Lines::new(usize::MAX);
    let of = |at, id, message: &str| Arrived {
        event: event(at, id, "litellm/litellm/a", message),
        late: false,
    };
    lines.append([of(1_000, 1, "ERROR:root:bad"), of(9_000, 3, "INFO:     fine")]);
    lines.append([of(1_001, 2, "  File \"x.py\", line 3")]);
    let got: Vec<_> = all(&lines).iter().map(|line| (line.level(), line.is_continuation())).collect();
    assert_eq!(got, [(Level::Error, false), (Level::Error, true), (Level::Info, false)]);
}

/// Whichever lines come late after the beginning of a traceback, in one page or in several, and whatever broke into it:
/// the entry and the count of its error are as if all had come in time.
#[test]
fn an_error_is_told_by_its_exception_though_that_comes_late() {
    let of = |(at, message): &(Millis, &str)| Arrived {
        event: event(*at, *at as u64, "litellm/litellm/a", message),
        late: false,
    };
    for heading in ["ERROR:    Exception in ASGI application", "Traceback (most recent call last):"] {
        let lines = [
            (1_000, heading),
            (1_001, "Traceback (most recent call last):"),
            (1_002, "  File \"x.py\", line 1, in y"),
            (1_003, "INFO:     10.0.0.1:2 - \"GET / HTTP/1.1\" 200 OK"),
            (1_004, "  File \"x.py\", line 2, in z"),
            (1_005, "x.BadError: no"),
            (9_000, "INFO:     fine"),
        ];
        let held = |lines: &mut Lines| {
            lines.mine_all();
            let read: Vec<_> = all(lines).iter().map(|line| (line.level(), line.is_continuation())).collect();
            let entry = lines.entry(Spot { segment: 0, line: 0 }).len();
            (read, entry, shapes_held(lines), lines.errors().between(START, START + 20_000))
        };
        let mut in_time = Lines::new(usize::MAX);
        in_time.append(lines.iter().map(of));
        let want = held(&mut in_time);
        assert_eq!((want.1, &want.2), (5, &vec![("x.BadError: no".to_owned(), 1)]));
        for late in (0..32_u32).filter(|late| late & 0b10001 == 0b10000) {
            let is_late = |place: &usize| (1..=5).contains(place) && late & (1 << (place - 1)) != 0;
            for at_once in [true, false] {
                let mut store = Lines::new(usize::MAX);
                let (second, first): (Vec<usize>, Vec<usize>) = (0..lines.len()).partition(is_late);
                store.append(first.iter().map(|place| of(&lines[*place])));
                let page = if at_once { second.len() } else { 1 };
                for page in second.chunks(page) {
                    store.append(page.iter().map(|place| of(&lines[*place])));
                }
                assert_eq!(held(&mut store), want, "{heading} {late:b} {at_once}");
            }
        }
    }
}

#[test]
fn an_error_that_a_late_exception_precedes_is_counted_once() {
    let of = |at: Millis, message: &str| arrived(at, 2 * at as u64, message);
    let mut lines = Lines::new(usize::MAX);
    lines.append([
        of(1, "Traceback (most recent call last):"),
        of(2, "  File \"x.py\", line 1, in y"),
        of(9, "x.SecondError: no"),
        of(5_000, "INFO: fine"),
    ]);
    lines.append([of(3, "x.FirstError: no")]);
    lines.mine_all();
    assert_eq!(shapes_held(&lines), [("x.SecondError: no".to_owned(), 1)]);
}

#[test]
fn odd_ids_and_times_come_back() {
    let mut lines = Lines::new(usize::MAX);
    let mut odd = arrived(1, 1, "x");
    odd.event.id = Some("not-a-number".into());
    odd.event.ingested = 0;
    let mut none = arrived(2, 2, "y");
    none.event.id = None;
    lines.append([odd, none]);
    let got: Vec<_> = all(&lines)
        .iter()
        .map(|line| (line.id().map(|id| id.to_string()), line.ingested()))
        .collect();
    assert_eq!(got, [(Some("not-a-number".to_owned()), 0), (None, START + 302)]);
}

#[test]
fn what_matches_is_what_one_line_shows() {
    for (text, messages, want) in [
        ("alpha", vec!["x al", "pha x", "alpha"], vec![2]),
        ("alpha", vec!["x al", "pha x", "al\u{1b}[1mpha", "alpha\u{1b}[0m"], vec![2, 3]),
        ("1m", vec!["\u{1b}[1mbold", "1m"], vec![1]),
        ("␛", vec!["\u{1b}]0;title", "plain"], vec![0]),
        ("a b", vec!["a\tb", "a    b", "a b"], vec![2]),
        ("é", vec!["x", "éé", "É"], vec![1, 2]),
    ] {
        let mut lines = Lines::new(usize::MAX);
        lines.append(messages.iter().zip(0..).map(|(message, i)| arrived(i as Millis, i, message)));
        let filter = Filter {
            pattern: Pattern::search(text),
            ..Filter::default()
        };
        assert_eq!(filter.rows(lines.segment(0).unwrap(), 0), want, "{text} in {messages:?}");
    }
}

#[test]
fn patterns_say_how_they_were_read() {
    for (text, hit, miss, fallback) in [
        ("error", "An ERROR", "fine", false),
        ("Error", "An Error", "an error", false),
        (r"\d{3}", "code 404", "code 4", false),
        (r"\S+@\W*x", "a@x", "a x", false),
        ("a(", "f A(b", "ab", true),
        ("[", "x[0]", "x", true),
        ("a.c", "abc", "ac", false),
        ("ÄRGER", "ÄRGER", "ärger", false),
        ("ärger", "Ärger", "x", false),
    ] {
        let pattern = Pattern::search(text).unwrap();
        assert_eq!(pattern.is_literal_fallback(), fallback, "{text}");
        assert!(!pattern.ranges(hit).is_empty() && pattern.ranges(miss).is_empty(), "{text}");
    }
    assert!(Pattern::filter("!x").unwrap().is_inverse());
    assert_eq!(Pattern::search(""), None);
    assert_eq!(Pattern::filter("!"), None);
    assert!(
        Pattern::search(r"(\w{900}){900}").unwrap().is_literal_fallback(),
        "too large to compile"
    );
}

#[test]
fn exports_are_exact_as_json_and_safe_as_text() {
    let message = "a\"\\\n\u{1b}[31mb\u{7f}\u{9b}\u{202e}é漢\u{1f600}\u{e0041}\n";
    let line = event(5, 7, "litellm/litellm/a", message);
    let written = |late, format| {
        let mut text = String::new();
        export_into((&line, late), format, &mut text);
        text
    };
    let json = written(true, ExportFormat::JsonLines);
    assert!(json.ends_with(",\"late\":true}\n"));
    assert!(json.trim_end().chars().all(|c| !c.is_control() && !is_hidden(c)));
    let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(parsed["message"], message);
    assert_eq!(parsed["timestamp"], START + 5);
    let text = written(false, ExportFormat::Text);
    assert_eq!(
        text,
        "2026-09-21T14:13:20.005Z litellm/litellm/a a\"\\\n    b␡<U+009B><U+202E>é漢\u{1f600}<U+E0041>\n"
    );
}

/// As an application writes them that logs the body of a request.
#[test]
fn errors_in_long_json_lines_are_of_the_shape_of_their_message() {
    let mut lines = Lines::new(usize::MAX);
    lines.append((0..12_u64).map(|i| {
        let body = format!("{i:04}").repeat(300);
        let text = match i % 3 {
            0 => format!("{{\"level\":\"error\",\"message\":\"pool {i} is empty\",\"body\":\"{body}\"}}"),
            1 => format!("{{\"body\":\"{body}\",\"level\":50,\"message\":\"pool {i} is empty\"}}"),
            _ => format!("{{\"level\":\"error\",\"message\":\"pool {i} is empty\",\"body\":\"{body}"),
        };
        arrived(i as Millis, i, &text)
    }));
    lines.mine_all();
    lines.append((12..15_u64).map(|i| {
        let text = format!("{{\"body\":\"{}\",\"status\":500}}", format!("{i:04}").repeat(300));
        arrived(i as Millis, i, &text)
    }));
    lines.mine_all();
    let outline = "{\"body\":\"…\",\"status\":#}".to_owned();
    assert_eq!(shapes_held(&lines), [("pool # is empty".to_owned(), 12), (outline, 3)]);
}

#[test]
fn errors_are_counted_once_each_by_what_they_are_about() {
    let mut lines = Lines::new(usize::MAX);
    let of = |at: Millis, message: &str| arrived(at, 2 * at as u64, message);
    lines.append([
        of(1, "08:15:30 - LiteLLM Proxy:ERROR: a.py:1 - litellm.RateLimitError: slow down"),
        of(2, "Traceback (most recent call last):"),
        of(3, "x.BadError: no"),
        of(4, "ERROR:    Exception in ASGI application"),
        of(5, "Traceback (most recent call last):"),
        of(6, "  File \"x.py\", line 1, in y"),
        of(7, "KeyError: 'model'"),
        of(8, "During handling of the above exception, another exception occurred:"),
        of(9, "x.FollowUpError: no"),
        of(10, "INFO: 10.0.0.1:1 - \"POST /v1/images HTTP/1.1\" 502"),
        of(11, "INFO: 10.0.0.1:2 - \"POST /v1/images HTTP/1.1\" 502"),
    ]);
    lines.mine_all();
    let shapes = lines.errors().shapes();
    let counts: Vec<(&str, u32)> = shapes.iter().map(|shape| (shape.text.as_str(), shape.count)).collect();
    assert_eq!(
        counts,
        [
            ("POST /v1/images → 502", 2),
            ("a.py:# - litellm.RateLimitError: slow down", 1),
            ("KeyError: \"…\"", 1)
        ]
    );
    assert_eq!(
        (
            lines.errors().between(START, START + 5_000),
            lines.errors().between(START + 5_000, START + 9_000)
        ),
        (4, 0)
    );
}

#[test]
fn counts_of_errors_are_of_the_lines_held_whatever_is_dropped_and_of_any_number_of_shapes() {
    let mut lines = Lines::in_small_segments(40_000);
    let words = ["alpha", "beta", "gamma"];
    lines.append((0..6_000_u64).map(|i| {
        let (a, b) = (words[i as usize % 3], "x".repeat(1 + i as usize % 1_400));
        arrived(i as Millis, i, &format!("ERROR: {a} {b}"))
    }));
    assert!(lines.dropped().lines > 0);
    lines.mine_all();
    let counted: u32 = lines.errors().shapes().iter().map(|shape| shape.count).sum();
    assert_eq!((counted + lines.errors().others()) as usize, lines.len());
    assert_eq!(lines.errors().between(START, START + 10_000) as usize, lines.len());
}

#[test]
fn the_newest_error_since_a_time_is_told_with_its_meaning() {
    let mut lines = Lines::new(1 << 20);
    let before = "ERROR: litellm.ServiceUnavailableError: ServiceUnavailableException - gone";
    lines.append([
        arrived(0, 0, before),
        arrived(5_000, 2, "ERROR: litellm.PermissionDeniedError: You don't have access to the model"),
        arrived(
            5_001,
            3,
            "INFO: \"POST /api/v1/images/generations HTTP/1.1\" 400 ThrottlingException",
        ),
        arrived(5_002, 4, "ERROR: nobody knows what this is"),
    ]);
    let told = |from| crate::core::cause::in_lines(&lines, START + from);
    let (meaning, line) = told(4_000).unwrap();
    assert!(meaning.plain.contains("no access") && line.contains("PermissionDenied"), "{line}");
    assert_eq!(told(5_001), None, "what was before is of another request");
}

/// Errors of three shapes and of as many as there may be more, with lines that are none between them; each belongs
/// before the three lines that came before it.
fn many_errors(from: u64, until: u64) -> Vec<Arrived> {
    let line = |i: u64| {
        let text = match i % 5 {
            0 => "ERROR: pool 7 is empty".to_owned(),
            1 => format!("ERROR: pool 'x{i}' is gone"),
            2 => "INFO: all is well".to_owned(),
            3 => format!("ERROR: {}", "x".repeat(1 + i as usize % 1_400)),
            _ => "ERROR: it is late".to_owned(),
        };
        arrived(i as Millis - if i % 5 == 4 { 3 } else { 0 }, i, &text)
    };
    (from..until).map(line).collect()
}

/// The shapes as they would be if each line were looked at now, without those for which there was no room.
fn shapes_now(lines: &Lines) -> Vec<(String, u32)> {
    let mut counts = std::collections::BTreeMap::new();
    for line in lines.segments().flat_map(|segment| segment.lines()).filter(Line::tells) {
        *counts.entry(shape(line.raw()).to_string()).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}

fn shapes_held(lines: &Lines) -> Vec<(String, u32)> {
    let mut held: Vec<(String, u32)> = lines.errors().shapes().iter().map(|it| (it.text.to_string(), it.count)).collect();
    held.sort_unstable();
    held
}

#[test]
fn taking_errors_in_leaves_their_shapes_to_be_found_elsewhere() {
    let mut lines = Lines::new(usize::MAX);
    lines.append(many_errors(0, 1_000));
    let errors = lines.errors();
    assert_eq!(
        (errors.len(), errors.waiting(), errors.shapes()),
        (800, 800, vec![]),
        "counted, but not looked at"
    );
    assert_eq!(errors.between(START, START + 10_000), 800);
    let mut minings = lines.minings(0);
    assert_eq!((minings.len(), lines.minings(0)), (1, vec![]), "none is asked for twice");
    // What comes meanwhile waits for the next time.
    lines.append((1_000..1_008).map(|i| arrived(i as Millis, i, "ERROR: one more")));
    let mined = minings.remove(0).run();
    assert!(lines.mined(&mined));
    assert_eq!((lines.errors().len(), lines.errors().waiting()), (808, 8));
    assert_eq!(lines.minings(0).len(), 1);
    assert!(lines.mined(&mined), "what is known already is not counted again");
    assert_eq!((lines.errors().len(), lines.errors().waiting()), (808, 8));
}

#[test]
fn shapes_are_those_of_the_lines_held_in_whichever_order_they_are_found() {
    for newest_first in [false, true] {
        let mut lines = Lines::in_small_segments(120_000);
        let mut under_way: Vec<Mining> = Vec::new();
        for page in 0..60_u64 {
            lines.append(many_errors(page * 20, page * 20 + 20));
            under_way.extend(lines.minings(0));
            // Only now and then a thread has time for one; segments make room and are written anew meanwhile.
            if page % 3 == 0 && !under_way.is_empty() {
                let place = if newest_first { under_way.len() - 1 } else { 0 };
                let mined = under_way.remove(place).run();
                lines.mined(&mined);
            }
            let errors = lines.errors();
            let known: u32 = errors.shapes().iter().map(|it| it.count).sum();
            let held = lines.segments().flat_map(|segment| segment.lines()).filter(Line::tells).count();
            assert_eq!((known + errors.others() + errors.waiting()) as usize, held);
        }
        assert!(lines.dropped().lines > 0);
        for mining in under_way {
            lines.mined(&mining.run());
        }
        lines.mine_all();
        assert_eq!((lines.errors().waiting(), shapes_held(&lines)), (0, shapes_now(&lines)));
    }
}

#[test]
fn shapes_that_are_as_frequent_keep_their_order_in_a_storm() {
    let mut lines = Lines::new(usize::MAX);
    let words = ["delta", "alpha", "charlie", "bravo"];
    let mut at = 0;
    let mut storm = |lines: &mut Lines, order: [usize; 4]| {
        for word in order {
            at += 1;
            lines.append([arrived(at, at as u64, &format!("ERROR: {} is away", words[word]))]);
            lines.mine_all();
        }
        let shapes = lines.errors().shapes();
        shapes
            .iter()
            .map(|shape| shape.text.split(' ').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        assert_eq!(storm(&mut lines, order), words, "first seen first");
    }
    assert_eq!(storm(&mut lines, [3, 3, 0, 1])[0], "bravo", "the most frequent is above all");
}

#[test]
fn what_is_found_in_lines_that_have_been_cleared_is_not_taken_for_that_of_others() {
    let mut lines = Lines::new(usize::MAX);
    lines.append(many_errors(0, 10));
    let old = lines.minings(0).remove(0).run();
    let mut lines = lines.cleared();
    lines.append([arrived(0, 0, "INFO: calm"), arrived(1, 1, "ERROR: another")]);
    assert!(!lines.mined(&old));
    lines.mine_all();
    assert_eq!(shapes_held(&lines), [("another".to_owned(), 1)]);
}

#[test]
fn an_error_whose_traceback_is_in_the_same_event_is_counted_by_its_exception() {
    let mut lines = Lines::new(usize::MAX);
    let of = |at: Millis, message: &str| arrived(at, 2 * at as u64, message);
    let whole =
        "ERROR:    Exception in ASGI application\nTraceback (most recent call last):\n  File \"x.py\", line 1, in y\nValueError: boom\n";
    lines.append([
        of(1, whole),
        // What follows it in the log is no second one.
        of(2, "x.FollowUpError: no"),
        of(10_001, "ERROR:    Exception in ASGI application"),
        of(
            10_002,
            "Traceback (most recent call last):\n  File \"x.py\", line 1, in y\nfastapi.Timeout: late",
        ),
        of(20_001, "Traceback (most recent call last):\n  File \"x.py\", line 1, in y"),
        of(20_002, "KeyError: 'model'"),
    ]);
    lines.mine_all();
    let shapes = lines.errors().shapes();
    let mut counts: Vec<(&str, u32)> = shapes.iter().map(|shape| (shape.text.as_str(), shape.count)).collect();
    counts.sort_unstable();
    assert_eq!(
        counts,
        [("KeyError: \"…\"", 1), ("ValueError: boom", 1), ("fastapi.Timeout: late", 1)]
    );
}

#[test]
fn an_even_log_has_even_columns_at_every_width() {
    let mut lines = Lines::new(usize::MAX);
    lines.append((0..20 * 600).map(|i| arrived(i * 50, i as u64, "INFO: even")));
    for (from, until) in [(0, 600_000), (123_456, 183_456), (7_001, 591_777)] {
        for most in [2, 21, 60, 97, 118, 400] {
            let mut columns = Column::split(START + from, START + until, most);
            lines.histogram().pour(&mut columns);
            let width = columns[0].until - columns[0].from;
            assert!(columns.len() <= most && columns.iter().all(|it| it.until - it.from == width && width % 1_000 == 0));
            assert!(columns[0].from <= START + from && START + until <= columns[columns.len() - 1].until);
            let inside = columns
                .iter()
                .filter(|it| START <= it.from && it.until <= START + 600_000)
                .map(|it| it.counts.iter().sum::<u32>());
            assert!(
                inside.into_iter().all(|count| Millis::from(count) == width / 50),
                "{from} {until} {most}"
            );
        }
    }
}

/// What the store holds beside the text of its lines, counted one by one.
fn held_beside(lines: &Lines) -> usize {
    let errors = lines.errors();
    let shapes: usize = errors.shapes().iter().map(|shape| shape.text.len()).sum();
    let of_segment = |segment: &std::sync::Arc<Segment>| {
        let told = segment.lines().filter(Line::tells).count() * size_of::<u16>();
        let streams: usize = segment.streams().iter().map(|stream| stream.len()).sum();
        segment.text().len() + segment.len() * 48 + told + streams
    };
    // A second that has a line takes an entry in each of both histograms.
    let seconds: std::collections::BTreeSet<Millis> = lines.segments().flat_map(|it| it.lines()).map(|line| line.at() / 1_000).collect();
    lines.segments().map(of_segment).sum::<usize>() + shapes + seconds.len() * 2 * 32
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn nothing_that_lines_bring_along_is_held_uncounted(
        limit in 1_usize << 16..1 << 18,
        kinds in prop::collection::vec(0_u8..6, 1..4),
        step in prop_oneof![Just(0), Just(1), Just(1_000), Just(90_000)],
    ) {
        let mut lines = Lines::new(limit);
        for page in 0..6_u64 {
            lines.append((page * 100..page * 100 + 100).map(|i| {
                // A word of letters alone is a shape of its own.
                let word: String = i.to_string().bytes().map(|b| char::from(b + 49)).collect();
                let text = match kinds[i as usize % kinds.len()] {
                    0 => format!("ERROR: {word}"),
                    1 => format!("ERROR: {word} {}", "''".repeat(280)),
                    2 => format!("ERROR: {word} {}", "\u{202e}".repeat(190)),
                    3 => "ERROR: the same".to_owned(),
                    4 => format!("ERROR: {}", word.repeat(60)),
                    _ => "INFO: calm".to_owned(),
                };
                let mut line = arrived(i as Millis * step, i, &text);
                if kinds[0] == 4 {
                    line.event.stream = format!("{word}/{}", "s".repeat(400)).into();
                }
                line
            }));
            prop_assert!(lines.bytes() <= limit, "{} of {limit}", lines.bytes());
            lines.mine_all();
            prop_assert!(lines.bytes() >= held_beside(&lines), "{} of {}", lines.bytes(), held_beside(&lines));
            // What shapes take is known only once they have been found: the next page makes room for it.
            prop_assert!(lines.bytes() <= limit + 100 * 1_000, "{} of {limit}", lines.bytes());
        }
        prop_assert!(lines.errors().shapes().iter().all(|shape| shape.text.len() <= 640));
        prop_assert!(lines.streams_known() <= 600);
    }
}

#[test]
fn as_many_streams_as_lines_are_neither_remembered_nor_looked_through_for_ever() {
    let mut lines = Lines::new(64 << 20);
    for page in 0..20_u64 {
        lines.append((page * 1_000..page * 1_000 + 1_000).map(|i| Arrived {
            event: event(0, i, &format!("other/{i}"), "Traceback (most recent call last):"),
            late: false,
        }));
        assert!(lines.streams_known() <= 513, "{}", lines.streams_known());
    }
    assert_eq!(lines.len(), 20_000);
    assert!(lines.segments().all(|segment| segment.streams().len() <= 256));
}

#[test]
fn a_text_that_spans_lines_is_no_pattern() {
    for text in ["a\nb", "boom\\n", "a[\\n]b", "a\\x0Ab"] {
        assert!(Pattern::spans_lines(text), "{text:?}");
    }
    for text in ["", "boom", "a\\sb", "(bad", "[^x]y", "\\\\n", "a.b", "^a$"] {
        assert!(!Pattern::spans_lines(text), "{text:?}");
    }
}

const TRACE: [&str; 3] = [
    "Traceback (most recent call last):",
    "  File \"/app/a.py\", line 3, in f",
    "    g()",
];
const GROUP: [&str; 10] = [
    "ERROR:    Exception in ASGI application",
    "  + Exception Group Traceback (most recent call last):",
    "  |   File \"/x.py\", line 76, in collapse",
    "  |     yield",
    "  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)",
    "  +-+---------------- 1 ----------------",
    "    | Traceback (most recent call last):",
    "    |   File \"/y.py\", line 1, in z",
    "    | KeyError: 'key'",
    "    +------------------------------------",
];

/// Lines of one stream, a millisecond apart.
fn in_one_stream(from: Millis, messages: &[&str]) -> Vec<Arrived> {
    let of = |(at, message): (Millis, &&str)| arrived(at, 2 * at as u64, message);
    (from..).zip(messages).map(of).collect()
}

#[test]
fn an_error_counts_by_whatever_its_traceback_ends_with_and_by_its_heading_where_that_is_missing() {
    let asgi = "ERROR:    Exception in ASGI application";
    let after = |end: &'static str| [&TRACE[..], &[end]].concat();
    let timeout = "litellm.Timeout: Connection timed out after 600 seconds.";
    let whole_group = GROUP.join("\n");
    let cut = TRACE.join("\n");
    for (messages, want) in [
        ([&[asgi], &after("httpx.ReadTimeout")[..]].concat(), "httpx.ReadTimeout"),
        (after(timeout), "litellm.Timeout: Connection timed out after # seconds."),
        (after("KeyboardInterrupt"), "KeyboardInterrupt"),
        (after("SystemExit: 3"), "SystemExit: #"),
        (after("mod.f.<locals>.Odd: no"), "mod.f.<locals>.Odd: no"),
        (GROUP.to_vec(), "KeyError: \"…\""),
        (GROUP[1..].to_vec(), "KeyError: \"…\""),
        (vec![&*whole_group], "KeyError: \"…\""),
        (
            vec![asgi, &whole_group["ERROR:    Exception in ASGI application\n".len()..]],
            "KeyError: \"…\"",
        ),
        (
            [&[asgi][..], &TRACE, &["INFO:     Started server process [1]", "done"]].concat(),
            "Exception in ASGI application",
        ),
        (TRACE.to_vec(), "Traceback (most recent call last):"),
        (vec![&*cut], "Traceback (most recent call last):"),
        (vec![asgi], "Exception in ASGI application"),
        (GROUP[..4].to_vec(), "Exception in ASGI application"),
        (
            [
                &TRACE[..],
                &[
                    "a print of another thread",
                    "KeyError: 'a'",
                    "",
                    "During handling of it, another exception occurred:",
                ],
                &after("x.Late: no"),
            ]
            .concat(),
            "KeyError: \"…\"",
        ),
    ] {
        for step in [1, 2, 100] {
            for is_mined_meanwhile in [false, true] {
                let mut lines = Lines::in_small_segments(usize::MAX);
                for batch in in_one_stream(1, &messages).chunks(step) {
                    lines.append(batch.to_vec());
                    if is_mined_meanwhile {
                        lines.mine_all();
                    }
                }
                lines.mine_all();
                let counted = lines.errors().between(START, START + 10_000);
                assert_eq!(
                    (shapes_held(&lines), lines.errors().len(), counted),
                    (vec![(want.to_owned(), 1)], 1, 1),
                    "{messages:?}"
                );
            }
        }
    }
}

#[test]
fn what_an_error_says_late_is_counted_once_whatever_becomes_of_its_lines() {
    let mut lines = Lines::in_small_segments(30_000);
    for i in 0..200 {
        let at = i * 10_000;
        lines.append(in_one_stream(at, &TRACE));
        let under_way = if i % 3 == 0 { lines.minings(0) } else { Vec::new() };
        // A late line of the other service has the segment written anew.
        lines.append([arrived(at + 1, 2 * at as u64 + 1, "INFO: a late one")]);
        lines.append((0..i % 20).map(|n| arrived(at + 4, (2 * at + 2 * n + 1) as u64, "INFO: between")));
        lines.append([arrived(at + 5, 2 * at as u64 + 1_000, "httpx.ReadTimeout")]);
        for mining in under_way {
            lines.mined(&mining.run());
        }
    }
    assert!(lines.dropped().lines > 0);
    lines.mine_all();
    let held = all(&lines).iter().filter(|line| line.raw() == "httpx.ReadTimeout").count() as u32;
    assert_eq!(shapes_held(&lines), [("httpx.ReadTimeout".to_owned(), held)]);
    assert_eq!(lines.errors().between(START, START + 10_000_000), held);
}
