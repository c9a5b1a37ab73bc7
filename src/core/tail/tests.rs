//! The tail against a simulated log group that is late, out of order, throttled and repetitive.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::core::{fault::FaultKind, text::RawText};

mod live;

const START: Millis = 1_790_000_000_000;

/// A small generator of its own: the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.roll(100) < chance
    }
}

/// How bad the log group is.
#[derive(Debug, Clone)]
struct Weather {
    seed: u64,
    events: usize,
    span: Millis,
    page: usize,
    /// Percent of requests that are throttled, that AWS fails, and whose connection breaks.
    throttles: u64,
    errors: u64,
    resets: u64,
    /// Percent of requests whose token is refused.
    refusals: u64,
    /// Percent of pages that are empty and have a token.
    empties: u64,
    /// Percent of events of a page that come once more with a later page.
    repeats: u64,
    /// Percent of pages with a token that was given before.
    stale_tokens: u64,
    /// How far the console's clock is ahead of AWS's.
    skew: Millis,
    /// Every answer tells AWS's time; the machine's clock is set now and then.
    tells_time: bool,
}

/// A log group: events sorted by time, each with the time at which it can be seen.
struct Server {
    events: Vec<(Millis, LogEvent)>,
    weather: Weather,
    dice: Dice,
    tokens: HashMap<SafeText, usize>,
    last_page: Vec<LogEvent>,
    clean: bool,
}

fn event(at: Millis, ingested: Millis, id: usize) -> LogEvent {
    LogEvent {
        id: Some(format!("37{id:054}").into()),
        at,
        ingested,
        stream: format!("litellm/litellm/{}", id % 3).into(),
        message: RawText::new("line"),
    }
}

fn history(weather: &Weather) -> Vec<(Millis, LogEvent)> {
    let mut dice = Dice(weather.seed);
    let mut at = START;
    let mut events = Vec::with_capacity(weather.events);
    let step = (2 * weather.span / weather.events as Millis).max(1) as u64;
    for id in 0..weather.events {
        // One in three shares its millisecond with the one before.
        at += if dice.percent(33) { 0 } else { dice.roll(step) as Millis };
        let lateness = if dice.percent(5) { dice.roll(60_000) } else { dice.roll(800) };
        let ingested = at + lateness as Millis;
        events.push((ingested, event(at, ingested, id)));
    }
    events
}

fn fault(kind: FaultKind) -> Fault {
    Fault::new(kind, "logs:FilterLogEvents", "/ecs/test", "")
}

impl Server {
    fn new(weather: &Weather) -> Self {
        Self {
            events: history(weather),
            dice: Dice(weather.seed ^ 0xabcd),
            weather: weather.clone(),
            tokens: HashMap::new(),
            last_page: Vec::new(),
            clean: false,
        }
    }

    /// One call at AWS's time `now`. A token is a place in the group, so what becomes visible before
    /// that place while a pass is under way is missed by the pass, as with AWS.
    fn answer(&mut self, request: &LogRequest, now: Millis) -> Result<LogPage, Fault> {
        let chance = |percent: u64, clean: bool| if clean { 0 } else { percent };
        let Weather {
            throttles, errors, resets, ..
        } = self.weather;
        for (percent, kind) in [
            (throttles, FaultKind::Throttled),
            (errors, FaultKind::AwsFailed),
            (resets, FaultKind::Unreachable),
        ] {
            if self.dice.percent(chance(percent, self.clean)) {
                return Err(fault(kind));
            }
        }
        let place = match &request.token {
            None => self.events.partition_point(|(_, event)| event.at < request.from),
            Some(_) if self.dice.percent(chance(self.weather.refusals, self.clean)) => return Err(fault(FaultKind::Refused)),
            Some(token) => self.tokens[token],
        };
        let is_empty = self.dice.percent(chance(self.weather.empties, self.clean));
        let size = if is_empty { 0 } else { self.weather.page };
        let (mut events, end) = self.visible(place, size, now);
        self.add_repeats(&mut events, request.from);
        let until = request.until.unwrap_or(Millis::MAX);
        events.retain(|event| event.at < until);
        let mut rest = self.events[end..].iter().take_while(|(_, event)| event.at < until);
        let next = rest.any(|(seen, _)| *seen <= now).then(|| self.token(end, request));
        Ok(LogPage { events, next })
    }

    fn visible(&self, place: usize, size: usize, now: Millis) -> (Vec<LogEvent>, usize) {
        let mut events = Vec::new();
        let mut end = place;
        while end < self.events.len() && events.len() < size {
            let (seen, event) = &self.events[end];
            if *seen <= now {
                events.push(event.clone());
            }
            end += 1;
        }
        (events, end)
    }

    fn add_repeats(&mut self, events: &mut Vec<LogEvent>, from: Millis) {
        let fresh = events.clone();
        for old in std::mem::replace(&mut self.last_page, fresh) {
            if old.at >= from && self.dice.percent(self.weather.repeats) {
                events.push(old);
                let (place, last) = (self.dice.roll(events.len() as u64) as usize, events.len() - 1);
                events.swap(place, last);
            }
        }
        for _ in 0..events.len() / 4 {
            let (a, b) = (self.dice.roll(events.len() as u64), self.dice.roll(events.len() as u64));
            events.swap(a as usize, b as usize);
        }
    }

    fn token(&mut self, place: usize, request: &LogRequest) -> SafeText {
        if let Some(token) = &request.token
            && !self.clean
            && self.dice.percent(self.weather.stale_tokens)
        {
            return token.clone();
        }
        let token: SafeText = format!("t{}-{place}", self.tokens.len()).into();
        self.tokens.insert(token.clone(), place);
        token
    }
}

/// Runs a tail over the whole history, and some minutes more in which all goes well.
fn run(weather: &Weather) -> (Vec<Arrived>, Vec<LogEvent>, Tail) {
    let mut server = Server::new(weather);
    let mut tail = Tail::new("/ecs/test".into(), START);
    let last = server.events.iter().map(|(seen, _)| *seen).max().unwrap_or(START);
    let mut got = Vec::new();
    let (mut now, mut newest, mut skew) = (START + 1_000, START, weather.skew);
    while now < last + 400_000 {
        server.clean = now > last + 100_000;
        let mut can_poll = true;
        while let Some((seq, request)) = tail.due(now + skew, can_poll) {
            can_poll = false;
            let answer = server.answer(&request, now);
            now += 150;
            let is_told = weather.tells_time && answer.as_ref().map_or_else(|fault| fault.kind != FaultKind::Unreachable, |_| true);
            if is_told {
                skew = if server.dice.percent(5) { weather.skew } else { 0 };
            }
            let new = tail.on_page(seq, answer, now + if is_told { 0 } else { skew });
            newest = check_order(newest, &new);
            got.extend(new);
        }
        now += 6_500 + server.dice.roll(1_000) as Millis;
    }
    let reference = server.events.into_iter().map(|(_, event)| event).collect();
    (got, reference, tail)
}

/// Checks one emission, and gives the newest time after it.
fn check_order(newest: Millis, new: &[Arrived]) -> Millis {
    for arrived in new {
        assert_eq!(arrived.late, arrived.event.at < newest, "late means: older than what was given out");
    }
    assert!(new.is_sorted_by_key(|a| (a.event.at, a.event.ingested, a.event.id.clone())));
    new.last().map_or(newest, |last| newest.max(last.event.at))
}

fn assert_exactly_once(got: &[Arrived], reference: &[LogEvent]) {
    let mut got: Vec<_> = got.iter().map(|arrived| arrived.event.clone()).collect();
    let mut want = reference.to_vec();
    for list in [&mut got, &mut want] {
        list.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    }
    assert_eq!(got.len(), want.len(), "events lost or given twice");
    assert!(got == want);
}

fn weather() -> impl Strategy<Value = Weather> {
    (
        any::<u64>(),
        (1usize..600, 1i64..1_800_000, 1usize..80),
        (0u64..40, 0u64..10, 0u64..5),
        (0u64..8, 0u64..30, 0u64..20, 0u64..6),
        -60_000i64..240_000,
    )
        .prop_map(
            |(seed, (events, span, page), (throttles, errors, resets), (refusals, empties, repeats, stale_tokens), skew)| Weather {
                seed,
                events,
                span,
                page,
                throttles,
                errors,
                resets,
                refusals,
                empties,
                repeats,
                stale_tokens,
                skew,
                tells_time: false,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn each_event_comes_exactly_once(weather in weather()) {
        let (got, reference, tail) = run(&weather);
        assert_exactly_once(&got, &reference);
        prop_assert_eq!(tail.fault(), None);
        prop_assert!(tail.gaps(tail.newest).is_empty());
        prop_assert!(tail.seen.len() <= reference.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_clock_that_is_hours_off_loses_nothing_where_answers_tell_the_time(weather in weather(), skew in -7_200_000i64..7_200_000) {
        let weather = Weather { skew, tells_time: true, ..weather };
        let (got, reference, tail) = run(&weather);
        assert_exactly_once(&got, &reference);
        prop_assert!(tail.gaps(tail.newest).is_empty());
    }
}

/// A hundred thousand events in ten minutes of bad weather.
fn bad_weather(seed: u64) {
    let weather = Weather {
        seed,
        events: 100_000,
        span: 600_000,
        page: 10_000,
        throttles: 30,
        errors: 5,
        resets: 2,
        refusals: 1,
        empties: 20,
        repeats: 10,
        stale_tokens: 1,
        skew: 0,
        tells_time: false,
    };
    let (got, reference, tail) = run(&weather);
    assert_exactly_once(&got, &reference);
    let stats = tail.stats();
    assert_eq!(stats.events, 100_000, "seed {seed}");
    assert!(
        stats.late > 1_000 && stats.repeats > 10_000 && stats.faults > 20,
        "seed {seed}: {stats:?}"
    );
    assert_eq!(stats.outside, 0, "seed {seed}");
}

#[test]
fn a_hundred_thousand_events_in_bad_weather() {
    (0..10).for_each(bad_weather);
}

#[test]
fn ten_more_seeds_of_bad_weather() {
    (10..20).for_each(bad_weather);
}

#[test]
#[ignore = "takes minutes; run it on purpose with --run-ignored only"]
fn a_thousand_seeds_of_bad_weather() {
    (20..1_020).for_each(bad_weather);
}

/// What a tail did that went at its own pace, asked every 100 ms whether something is due.
struct Ride {
    calls: Vec<Millis>,
    got: Vec<Arrived>,
    reference: Vec<LogEvent>,
    most_behind: Millis,
    most_unchecked: Millis,
    tail: Tail,
}

/// Rides along a fair-weather log group of `rate` events a second for `seconds`, and a quiet time after
/// it. Pages hold 460 events: with lines of 225 bytes and 10 times the rate AWS's own hold as much.
fn ride(rate: usize, seconds: usize, quiet: Millis) -> Ride {
    let span = seconds as Millis * 1_000;
    let weather = Weather {
        seed: 7,
        events: rate * seconds,
        // A third of the events takes no time of its own.
        span: span * 3 / 2,
        page: 460,
        throttles: 0,
        errors: 0,
        resets: 0,
        refusals: 0,
        empties: 0,
        repeats: 0,
        stale_tokens: 0,
        skew: 0,
        tells_time: false,
    };
    let mut server = Server::new(&weather);
    let mut pace = Pace::new(200);
    let mut ride = Ride {
        calls: Vec::new(),
        got: Vec::new(),
        reference: server.events.iter().map(|(_, event)| event.clone()).collect(),
        most_behind: 0,
        most_unchecked: 0,
        tail: Tail::new("/ecs/test".into(), START),
    };
    let mut now = START + 1_000;
    let mut due = 0;
    while now < START + span + quiet {
        let mono = (now - START) as u64;
        if mono >= due
            && let Some((seq, request)) = ride.tail.due(now, pace.can_poll(mono))
        {
            pace.sent(&ride.tail, mono);
            ride.calls.push(now - START);
            let answer = server.answer(&request, now);
            ride.got.extend(ride.tail.on_page(seq, answer, now));
            pace.poll_at(&ride.tail, mono + 3_000);
            due = pace.due(&ride.tail, now);
        }
        ride.most_behind = ride.most_behind.max(ride.tail.lag(now));
        ride.most_unchecked = ride.most_unchecked.max(ride.tail.reconcile_lag(now));
        now += 100;
    }
    ride
}

#[test]
fn three_hundred_events_a_second_fit_the_budget() {
    let ride = ride(30, 900, 0);
    let most = (0..14).map(|minute| {
        let minute = minute * 60_000..(minute + 1) * 60_000;
        ride.calls.iter().filter(|at| minute.contains(*at)).count()
    });
    let most = most.max().unwrap();
    assert!((20..=34).contains(&most), "{most} calls in a minute");
    assert!(ride.most_behind < 15_000, "{} ms behind", ride.most_behind);
    assert_eq!(ride.most_unchecked, 0);
}

#[test]
fn two_thousand_events_a_second_are_late_and_whole() {
    let ride = ride(200, 600, 900_000);
    assert_exactly_once(&ride.got, &ride.reference);
    assert!(
        ride.calls.windows(2).skip(20).all(|two| two[1] - two[0] >= 1_000),
        "one call a second"
    );
    assert!(
        ride.most_behind > 10_000 && ride.most_unchecked > 10_000,
        "it says that it is behind"
    );
    let end = ride.calls[ride.calls.len() - 1] + START;
    assert!(ride.tail.lag(end) < 10_000 && ride.tail.reconcile_lag(end) == 0, "and catches up");
}

fn page(events: &[(Millis, usize)], next: Option<&str>) -> LogPage {
    LogPage {
        events: events.iter().map(|(at, id)| event(START + at, START + at, *id)).collect(),
        next: next.map(Into::into),
    }
}

fn ask(tail: &mut Tail, now: Millis, can_poll: bool) -> Option<(u64, LogRequest)> {
    tail.due(START + now, can_poll)
}

#[test]
fn one_request_at_a_time_and_pages_at_once() {
    let mut tail = Tail::new("/ecs/test".into(), START);
    let (seq, first) = ask(&mut tail, 1_000, true).unwrap();
    assert_eq!((first.from, first.token), (START, None));
    assert_eq!(ask(&mut tail, 1_100, true), None, "one in flight");
    assert!(
        tail.on_page(seq + 7, Ok(page(&[(5, 1)], None)), START + 1_200).is_empty(),
        "not awaited"
    );
    assert!(tail.on_page(seq, Ok(page(&[], Some("a"))), START + 1_300).is_empty());
    let (seq, second) = ask(&mut tail, 1_300, false).unwrap();
    assert_eq!(second.token, Some("a".into()), "an empty page with a token is followed at once");
    let new = tail.on_page(seq, Ok(page(&[(5, 2), (5, 1)], None)), START + 1_400);
    assert_eq!(new.len(), 2, "both of one millisecond");
    assert_eq!(ask(&mut tail, 1_500, false), None, "the pass is over");
}

#[test]
fn a_fault_waits_for_the_pace_and_asks_the_same_page() {
    let mut tail = Tail::new("/ecs/test".into(), START);
    let (seq, _) = ask(&mut tail, 1_000, true).unwrap();
    tail.on_page(seq, Ok(page(&[(5, 1)], Some("a"))), START + 1_000);
    let (seq, _) = ask(&mut tail, 1_000, false).unwrap();
    tail.on_page(seq, Err(fault(FaultKind::Throttled)), START + 1_000);
    assert_eq!(tail.fault().map(|f| f.kind), Some(FaultKind::Throttled));
    assert_eq!(ask(&mut tail, 2_000, false), None, "no retry of its own");
    assert_eq!(tail.open(START + 2_000).map(|gap| gap.why), Some(GapReason::Fault));
    let (seq, again) = ask(&mut tail, 9_000, true).unwrap();
    assert_eq!(again.token, Some("a".into()));
    tail.on_page(seq, Err(fault(FaultKind::Refused)), START + 9_000);
    let (_, again) = ask(&mut tail, 16_000, true).unwrap();
    assert_eq!((again.from, again.token), (START, None), "a refused token begins the pass again");
}

#[test]
fn a_token_that_comes_twice_is_reported_and_the_pass_begins_again() {
    let mut tail = Tail::new("/ecs/test".into(), START);
    for (now, can_poll, next) in [(1_000, true, "a"), (1_100, false, "b"), (1_200, false, "a")] {
        let (seq, _) = ask(&mut tail, now, can_poll).unwrap();
        tail.on_page(seq, Ok(page(&[(5, 1)], Some(next))), START + now);
    }
    assert_eq!(tail.fault().map(|f| f.kind), Some(FaultKind::OddAnswer));
    assert_eq!(ask(&mut tail, 1_300, false), None);
    let (_, again) = ask(&mut tail, 8_000, true).unwrap();
    assert_eq!(again.token, None);
    assert_eq!(tail.stats().repeats, 2);
}

#[test]
fn an_hour_without_answers_leaves_no_gap() {
    let mut tail = Tail::new("/ecs/test".into(), START);
    let (seq, _) = ask(&mut tail, 100_000, true).unwrap();
    tail.on_page(seq, Ok(page(&[(99_000, 1)], None)), START + 100_000);
    for minute in 2..60 {
        let (seq, _) = ask(&mut tail, minute * 60_000, true).unwrap();
        tail.on_page(seq, Err(fault(FaultKind::Expired)), START + minute * 60_000);
    }
    assert_eq!(tail.lag(START + 3_600_000), 3_500_000);
    let (_, request) = ask(&mut tail, 3_600_000, true).unwrap();
    assert!(request.from <= START + 100_000 - HEAD_BACK);
    assert_eq!(
        tail.open(START + 3_600_000),
        Some(Gap {
            from: START + 100_000,
            until: START + 3_600_000,
            why: GapReason::Fault
        })
    );
    assert!(tail.gaps(START + 3_600_000).is_empty(), "it is said once: as behind");
}

#[test]
fn a_stamp_from_the_future_does_not_drag_the_head_along() {
    let mut tail = Tail::new("/ecs/test".into(), START);
    let (seq, _) = ask(&mut tail, 10_000, true).unwrap();
    let mut from_future = page(&[(9_000, 1)], None);
    from_future.events.push(event(START + 3_600_000, START + 9_500, 2));
    assert_eq!(tail.on_page(seq, Ok(from_future), START + 10_000).len(), 2);
    let (seq, request) = ask(&mut tail, 17_000, true).unwrap();
    assert!(request.from <= START + 9_500);
    let new = tail.on_page(seq, Ok(page(&[(12_000, 3)], None)), START + 17_000);
    assert!(!new[0].late, "only the stamp is ahead, not the log");
}

/// With one call a second and 2,000 events a second neither pass starves the other, and the ids kept
/// stay bounded.
#[test]
fn over_budget_both_passes_go_on() {
    let mut tail = Tail::new("/ecs/test".into(), START);
    let mut heads = 0;
    let mut reconciles = 0;
    for second in 1..3_600 {
        let now = second * 1_000;
        let Some((seq, request)) = ask(&mut tail, now, true) else {
            panic!("a request a second")
        };
        let was_head = tail.awaiting.is_some_and(|awaited| awaited.kind == Kind::Head);
        let page_no: usize = request.token.as_ref().map_or(0, |t| t.trim_start_matches('t').parse().unwrap());
        let until = request.until.unwrap_or(START + now);
        let pages = (((until - request.from) * 2) / 4_600) as usize;
        let next = (page_no < pages).then(|| format!("t{}", page_no + 1));
        if next.is_none() {
            *(if was_head { &mut heads } else { &mut reconciles }) += 1;
        }
        let at = (request.from - START + (page_no as Millis + 1) * 2_300).min(now);
        tail.on_page(seq, Ok(page(&[(at, second as usize)], next.as_deref())), START + now);
    }
    assert!(heads >= 10 && reconciles >= 5, "{heads} head and {reconciles} reconcile passes");
    assert!(tail.lag(START + 3_600_000) < 400_000 && tail.reconcile_lag(START + 3_600_000) < 900_000);
}

#[test]
fn what_is_not_fetched_shrinks_page_by_page() {
    let mut tail = Tail::new("/ecs/test".into(), START);
    let now = 900_000;
    let open = |tail: &Tail| {
        let open = tail.open(START + now).map(|gap| (gap.from - START, gap.until - START));
        assert_eq!(tail.lag(START + now), open.map_or(0, |(from, until)| until - from));
        open
    };
    for (i, reach) in [200_000, 500_000].into_iter().enumerate() {
        let (seq, _) = ask(&mut tail, now, true).unwrap();
        tail.on_page(
            seq,
            Ok(page(&[(reach - 1_000, 2 * i), (reach, 2 * i + 1)], Some(&format!("page {i}")))),
            START + now,
        );
        assert_eq!(open(&tail), Some((reach, 900_000)));
    }
    let (seq, _) = ask(&mut tail, now, true).unwrap();
    tail.on_page(seq, Err(fault(FaultKind::Throttled)), START + now);
    assert_eq!(open(&tail), Some((500_000, 900_000)));
    let (seq, _) = ask(&mut tail, now, true).unwrap();
    tail.on_page(seq, Ok(page(&[(899_000, 9)], None)), START + now);
    assert_eq!(open(&tail), None);
}
