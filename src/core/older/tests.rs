//! The way back in time under faults, odd tokens and wishes that change.

use super::*;
use crate::core::fact::LogEvent;

const HOUR: Millis = 3_600_000;

fn page(next: Option<&str>) -> LogPage {
    holding(&[], next)
}

fn holding(times: &[Millis], next: Option<&str>) -> LogPage {
    let event = |at: &Millis| LogEvent {
        id: None,
        at: *at,
        ingested: 0,
        stream: "s".into(),
        message: crate::core::text::RawText::new("x"),
    };
    LogPage {
        events: times.iter().map(event).collect(),
        next: next.map(SafeText::from),
    }
}

fn fault(kind: FaultKind) -> Fault {
    Fault::new(kind, "x", "g", "why")
}

fn all_since(from: Millis) -> Since {
    Since { from, goal: Some(from) }
}

#[test]
fn windows_lie_side_by_side_and_grow_and_a_fault_leaves_no_hole() {
    let group = "g".into();
    let mut older = Older::new(100 * HOUR);
    assert!(older.due(&group, 1).is_none(), "nobody asked");
    assert!(older.want(None, Millis::MAX));
    let first = older.due(&group, 1).unwrap();
    assert_eq!((first.from, first.until), (100 * HOUR - FIRST, Some(100 * HOUR)));
    assert!(!older.want(None, Millis::MAX) && older.due(&group, 2).is_none(), "one at a time");
    assert!(older.on_page(7, Ok(page(None))).is_none(), "that answer is of another");
    let came = older.on_page(1, Ok(page(Some("a")))).unwrap();
    assert!(came.is_first && came.begins && !came.is_last);
    assert_eq!(older.due(&group, 2).unwrap().token.as_deref(), Some("a"));
    assert!(older.on_page(2, Err(fault(FaultKind::Throttled))).is_none());
    assert!(older.fault().is_some() && older.want(None, Millis::MAX));
    assert_eq!(older.due(&group, 3).unwrap().token.as_deref(), Some("a"), "it goes on where it was");
    assert!(older.on_page(3, Ok(page(None))).is_some_and(|came| came.is_last && !came.begins));
    assert_eq!(older.reach(), 100 * HOUR - FIRST);
    older.want(Some(all_since(90 * HOUR)), Millis::MAX);
    let far = older.due(&group, 4).unwrap();
    assert_eq!((far.from, far.until), (90 * HOUR, Some(100 * HOUR - FIRST)));
    assert_eq!(older.on_page(4, Ok(page(None))).and_then(|came| came.goal), Some(90 * HOUR));
    assert!(older.want(None, 60_000));
    let narrow = older.due(&group, 5).unwrap();
    assert_eq!(narrow.until.unwrap() - narrow.from, 60_000, "no more than fits");
}

#[test]
fn what_lies_between_is_fetched_without_going_further_back_and_what_has_come_is_told() {
    let group = "g".into();
    let mut older = Older::new(100 * HOUR);
    assert!(older.want_between((110 * HOUR, 111 * HOUR), None));
    let asked = older.due(&group, 1).unwrap();
    assert_eq!((asked.from, asked.until), (110 * HOUR, Some(111 * HOUR)));
    assert!(older.on_page(1, Ok(page(None))).is_some_and(|came| came.is_between && came.is_last));
    assert_eq!(older.reach(), 100 * HOUR);
    assert!(older.want_between((110 * HOUR, 111 * HOUR), None));
    assert!(older.stop() && !older.stop());
    assert!(older.want(None, Millis::MAX));
    assert!(older.stop());
    assert_eq!(older.reach(), 100 * HOUR, "nothing had come");
    assert!(older.want(None, Millis::MAX));
    let from = older.due(&group, 2).unwrap().from;
    let came = older.on_page(2, Ok(holding(&[100 * HOUR - 7], Some("more")))).unwrap();
    assert_eq!(came.filled, (from, 100 * HOUR - 7), "up to the last line that came");
    older.due(&group, 3).unwrap();
    let came = older.on_page(3, Ok(page(Some("yet more")))).unwrap();
    assert_eq!(came.filled, (100 * HOUR - 7, 100 * HOUR - 7));
    older.due(&group, 4).unwrap();
    let came = older.on_page(4, Ok(page(None))).unwrap();
    assert_eq!(came.filled, (100 * HOUR - 7, 100 * HOUR));
    assert_eq!(older.reach(), 100 * HOUR - FIRST, "and the next window goes on before it");
}

#[test]
fn a_token_that_comes_again_or_is_refused_begins_the_window_anew_and_never_ends_it() {
    let group = "g".into();
    let mut older = Older::new(100 * HOUR);
    older.want(None, Millis::MAX);
    for (seq, next) in [(1, "a"), (2, "b")] {
        older.due(&group, seq).unwrap();
        assert!(!older.on_page(seq, Ok(page(Some(next)))).unwrap().is_last);
    }
    older.due(&group, 3).unwrap();
    let came = older.on_page(3, Ok(holding(&[99 * HOUR + 1], Some("a")))).unwrap();
    assert!(!came.is_last && came.page.events.len() == 1, "what came with it is taken");
    assert!(older.fault().is_some_and(|fault| fault.kind == FaultKind::OddAnswer));
    assert!(!older.is_due(u64::MAX) && older.is_stuck(), "that is for who wants it again");
    assert!(older.want(None, Millis::MAX));
    assert_eq!(older.due(&group, 4).unwrap().token, None);
    let came = older.on_page(4, Ok(page(Some("a")))).unwrap();
    assert!(
        came.is_first && !came.begins && older.fault().is_none(),
        "the tokens of before count no more"
    );
    older.due(&group, 5).unwrap();
    older.on_page(5, Err(fault(FaultKind::Refused)));
    assert!(older.want(None, Millis::MAX));
    assert_eq!(older.due(&group, 6).unwrap().token, None);
}

#[test]
fn what_aws_throttles_is_asked_again_more_and_more_slowly() {
    let group = "g".into();
    let mut older = Older::new(100 * HOUR);
    older.want(None, Millis::MAX);
    let mut waits = Vec::new();
    for seq in 1..8 {
        older.due(&group, seq).unwrap();
        older.on_page(seq, Err(fault(FaultKind::Throttled)));
        older.rest(1_000, 200);
        waits.push((0..100_000).step_by(1_000).find(|wait| older.is_due(1_000 + wait)).unwrap());
    }
    assert_eq!(waits, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    older.due(&group, 9).unwrap();
    older.on_page(9, Ok(page(Some("a"))));
    older.rest(1_000, 200);
    assert!(older.is_due(1_200));
    older.due(&group, 10).unwrap();
    older.on_page(10, Err(fault(FaultKind::Denied)));
    assert!(!older.is_due(u64::MAX), "what is denied is not asked again by itself");
}

#[test]
fn what_is_wanted_while_a_window_is_fetched_comes_after_it() {
    let group = "g".into();
    let mut older = Older::new(100 * HOUR);
    older.want(None, Millis::MAX);
    older.due(&group, 1).unwrap();
    for back in [99, 98, 97] {
        assert!(!older.want(
            Some(Since {
                from: back * HOUR,
                goal: None
            }),
            Millis::MAX
        ));
    }
    assert!(older.on_page(1, Ok(page(None))).unwrap().is_last);
    assert!(older.is_due(0));
    let next = older.due(&group, 2).unwrap();
    assert_eq!((next.from, next.until), (97 * HOUR, Some(100 * HOUR - FIRST)));
    older.want(Some(all_since(98 * HOUR)), Millis::MAX);
    let came = older.on_page(2, Ok(holding(&[98 * HOUR + 5], Some("a")))).unwrap();
    assert_eq!(came.goal, Some(98 * HOUR), "as soon as its lines are there");
    older.due(&group, 3).unwrap();
    assert_eq!(older.on_page(3, Ok(page(None))).unwrap().goal, None, "once");
    assert!(!older.is_due(u64::MAX), "there is nothing more to come");
    older.want(None, Millis::MAX);
    older.want(Some(all_since(HOUR)), Millis::MAX);
    older.stop();
    assert!(!older.is_due(u64::MAX));
}
