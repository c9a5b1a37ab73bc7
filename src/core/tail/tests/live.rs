//! The tail with Live Tail sessions that are cut, end, fall silent and leave lines out.

use std::collections::HashSet;

use super::*;
use crate::core::{fact::LiveFrame, lines::Lines, live::Live};

/// A session on the server's side.
struct Session {
    number: u32,
    /// Everything taken in up to here has been sent.
    sent: Millis,
    /// It breaks at this time.
    until: Millis,
    /// It says nothing more then, and does not end.
    is_silent: bool,
}

/// A tail with Live Tail, asked every 250 ms what is due.
struct LiveRide {
    server: Server,
    by_ingestion: Vec<LogEvent>,
    dice: Dice,
    tail: Tail,
    live: Live,
    pace: Pace,
    session: Option<Session>,
    /// How many sessions are to break, and have.
    breaks: u32,
    broken: u32,
    got: Vec<Arrived>,
    /// Their times.
    known: HashSet<(Millis, Millis)>,
    newest: Millis,
    due: u64,
    now: Millis,
}

impl LiveRide {
    fn new(seed: u64, breaks: u32) -> Self {
        let server = Server::new(&Weather {
            seed,
            events: 20_000,
            span: 1_800_000,
            page: 10_000,
            throttles: 10,
            errors: 2,
            resets: 2,
            refusals: 0,
            empties: 10,
            repeats: 5,
            stale_tokens: 0,
            skew: 0,
            tells_time: false,
        });
        let mut by_ingestion: Vec<LogEvent> = server.events.iter().map(|(_, event)| event.clone()).collect();
        by_ingestion.sort_by_key(|event| event.ingested);
        let tail = Tail::new("/ecs/test".into(), START);
        Self {
            server,
            by_ingestion,
            dice: Dice(seed ^ 0x11fe),
            tail,
            live: Live::new(0, 0),
            pace: Pace::new(0),
            session: None,
            breaks,
            broken: 0,
            got: Vec::new(),
            known: HashSet::new(),
            newest: START,
            due: 0,
            now: START + 1_000,
        }
    }

    fn run(mut self) -> Self {
        let last = self.by_ingestion.last().map_or(START, |event| event.ingested);
        let life = (last - START) / Millis::from(self.breaks) / 2;
        while self.now < last + 300_000 {
            self.server.clean = self.now > last + 20_000;
            self.open(life as u64);
            if self.now % 1_000 == 0 {
                self.second();
            }
            self.poll();
            if self.now % 10_000 == 0 {
                self.check();
            }
            self.now += 250;
        }
        self
    }

    fn mono(&self) -> u64 {
        (self.now - START) as u64
    }

    fn hurry(&mut self) {
        self.due = 0;
        self.pace.hurry(self.mono());
    }

    fn take(&mut self, new: Vec<Arrived>) {
        self.newest = check_order(self.newest, &new);
        self.known
            .extend(new.iter().map(|arrived| (arrived.event.at, arrived.event.ingested)));
        self.got.extend(new);
    }

    fn open(&mut self, life: u64) {
        let mono = self.mono();
        if self.live.on_tick(mono).is_some() {
            self.broke();
        }
        if let Some(number) = self.live.due(mono) {
            let life = 500 + self.dice.roll(life) as Millis;
            self.session = Some(Session {
                number,
                sent: self.now,
                until: if self.broken < self.breaks { self.now + life } else { Millis::MAX },
                is_silent: self.dice.percent(30),
            });
            self.live.on_frame(number, &LiveFrame::Start, mono);
            self.tail.expect_live(self.now);
            self.hurry();
        }
    }

    fn broke(&mut self) {
        self.session = None;
        self.broken += 1;
        self.tail.on_live_end(self.now);
        self.hurry();
    }

    /// What the session says this second.
    fn second(&mut self) {
        let (now, mono) = (self.now, self.mono());
        let Some(session) = &mut self.session else { return };
        let number = session.number;
        match (now > session.until, session.is_silent) {
            (true, true) => {}
            (true, false) => {
                // Half of the ends are clean.
                let fault = self.dice.percent(50).then(|| fault(FaultKind::Unreachable));
                assert!(self.live.on_end(number, fault, mono));
                self.broke();
            }
            (false, _) => {
                let place = |at: Millis| self.by_ingestion.partition_point(|event| event.ingested <= at);
                let mut events = self.by_ingestion[place(session.sent)..place(now)].to_vec();
                session.sent = now;
                let sampled = events.len() > 4 && self.dice.percent(3);
                events.truncate(if sampled { events.len() / 2 } else { events.len() });
                for event in &mut events {
                    event.id = None;
                }
                let update = LiveUpdate { events, sampled };
                assert!(self.live.on_frame(number, &LiveFrame::Update(update.clone()), mono));
                assert_eq!(self.live.word().contains("sampled"), sampled);
                let new = self.tail.on_live(number, update, now);
                self.take(new);
                let says_so = self.tail.gaps(now).iter().any(|gap| gap.why == GapReason::Sampled);
                assert!(says_so || !sampled);
            }
        }
    }

    /// What the tail says is there is there, but for what came late.
    fn check(&self) {
        let until = self.now - self.tail.lag(self.now) - 1_000;
        let (gaps, open) = (self.tail.gaps(self.now), self.tail.open(self.now));
        let is_missing = |at: Millis| gaps.iter().chain(&open).any(|gap| at >= gap.from - 1_000 && at < gap.until);
        let first = self.by_ingestion.partition_point(|it| it.ingested < self.now - 300_000);
        let events = self.by_ingestion[first..].iter().take_while(|it| it.ingested <= self.now);
        for event in events.filter(|it| it.at < until && it.ingested < it.at + 800) {
            let is_told = is_missing(event.at) || self.known.contains(&(event.at, event.ingested));
            assert!(is_told, "{} ms ago: {gaps:?} {open:?} at {}", self.now - event.at, self.now);
        }
    }

    fn poll(&mut self) {
        let (now, mono) = (self.now, self.mono());
        if mono < self.due {
            return;
        }
        if let Some((seq, request)) = self.tail.due(now, self.pace.can_poll(mono)) {
            self.pace.sent(&self.tail, mono);
            let answer = self.server.answer(&request, now);
            let new = self.tail.on_page(seq, answer, now);
            self.take(new);
            let is_live = self.live.is_on() && !self.tail.has_holes();
            self.pace.poll_at(&self.tail, mono + if is_live { 60_000 } else { 3_000 });
            self.due = self.pace.due(&self.tail, now);
        }
    }
}

/// Compares by content, as often as it is there: Live Tail gives no ids.
fn assert_same_contents(got: &[Arrived], reference: &[(Millis, LogEvent)]) {
    let content = |event: &LogEvent| (event.at, event.ingested, event.stream.clone());
    let mut got: Vec<_> = got.iter().map(|arrived| content(&arrived.event)).collect();
    let mut want: Vec<_> = reference.iter().map(|(_, event)| content(event)).collect();
    got.sort();
    want.sort();
    assert_eq!(got.len(), want.len(), "events lost or given twice");
    assert!(got == want);
}

#[test]
fn live_tail_through_fifty_broken_sessions_loses_and_repeats_nothing() {
    for seed in 0..4 {
        let ride = LiveRide::new(seed, 50).run();
        assert!(ride.broken >= 50, "{} sessions broke off", ride.broken);
        assert!(!ride.tail.has_holes(), "all has been looked for");
        assert_same_contents(&ride.got, &ride.server.events);
        let live = ride.got.iter().filter(|arrived| arrived.event.id.is_none()).count();
        assert!(live > ride.got.len() / 4, "only {live} lines came live");
    }
}

/// A tail that polling has read up to 100 s, then was throttled for four minutes.
fn throttled() -> Tail {
    let mut tail = Tail::new("/ecs/test".into(), START);
    let (seq, _) = ask(&mut tail, 100_000, true).unwrap();
    tail.on_page(seq, Ok(page(&[(99_000, 1)], None)), START + 100_000);
    let (seq, _) = ask(&mut tail, 330_000, true).unwrap();
    tail.on_page(seq, Err(fault(FaultKind::Throttled)), START + 330_000);
    tail
}

fn quiet() -> LiveUpdate {
    LiveUpdate {
        events: Vec::new(),
        sampled: false,
    }
}

fn gaps(tail: &Tail, now: Millis) -> Vec<(Millis, Millis)> {
    let gaps = tail.gaps(START + now).into_iter().chain(tail.open(START + now));
    gaps.map(|gap| (gap.from - START, gap.until - START)).collect()
}

#[test]
fn a_session_hides_nothing_that_polling_has_not_read() {
    let mut tail = throttled();
    assert_eq!(gaps(&tail, 340_000), [(100_000, 340_000)]);
    tail.on_live(1, quiet(), START + 340_000);
    tail.on_live(1, quiet(), START + 341_000);
    assert_eq!((gaps(&tail, 341_000), tail.lag(START + 341_000)), (vec![(100_000, 340_000)], 0));
    // The next session begins ten seconds after the end of this one.
    tail.on_live_end(START + 342_000);
    tail.on_live(2, quiet(), START + 352_000);
    assert_eq!(gaps(&tail, 352_000), [(100_000, 352_000)]);
    let (seq, _) = ask(&mut tail, 353_000, true).unwrap();
    tail.on_page(seq, Ok(page(&[(200_000, 2)], Some("a"))), START + 353_000);
    let says = [(200_000, 352_000), (352_000, 353_000)];
    assert_eq!(
        gaps(&tail, 353_000),
        says,
        "it shrinks page by page; the session has said nothing since"
    );
    // Both kinds of passes take turns, and one tells nothing of what is later than its beginning.
    for now in (354_000..=372_000).step_by(3_000) {
        let (seq, _) = ask(&mut tail, now, true).unwrap();
        tail.on_page(seq, Ok(page(&[], None)), START + now);
    }
    assert!(gaps(&tail, 372_000).is_empty() && !tail.has_holes());
}

#[test]
fn a_session_that_begins_during_the_first_pass_waits_for_no_second_one() {
    let mut tail = Tail::new("/ecs/test".into(), START);
    let (seq, _) = ask(&mut tail, 900_000, true).unwrap();
    tail.on_page(seq, Ok(page(&[(300_000, 1)], Some("a"))), START + 900_000);
    tail.on_live(1, quiet(), START + 903_000);
    assert_eq!(gaps(&tail, 903_000), [(300_000, 903_000)]);
    let (seq, _) = ask(&mut tail, 904_000, true).unwrap();
    tail.on_page(seq, Ok(page(&[(899_000, 2)], None)), START + 904_000);
    assert_eq!(gaps(&tail, 904_000), [(900_000, 903_000)], "what came since that pass began");
}

#[test]
fn what_is_kept_to_tell_lines_apart_is_bounded_and_goes_after_live_tail() {
    let mut tail = throttled();
    tail.most = 1_000;
    for second in 0..100 {
        let events = (0..100)
            .map(|n| unnamed(340_000 + second * 1_000 + n, 1, format!("{second} {n}")))
            .collect();
        let update = LiveUpdate { events, sampled: false };
        assert_eq!(tail.on_live(1, update, START + 341_000 + second * 1_000).len(), 100);
        assert!(tail.twins.as_ref().unwrap().len() <= 1_000);
    }
    let now = 441_000;
    assert_eq!(
        tail.gaps(START + now).first().map(|gap| gap.why),
        Some(GapReason::LateUnchecked),
        "and said to be"
    );
    tail.on_live_end(START + now);
    for now in (now..now + 300_000).step_by(7_000) {
        let (seq, _) = ask(&mut tail, now, true).unwrap();
        tail.on_page(seq, Ok(page(&[(now, now as usize)], None)), START + now);
    }
    assert!(tail.twins.is_none(), "no line is hashed for ever");
    let end = START + 441_000 + UNCHECKED_FOR;
    let (seq, _) = tail.due(end, true).unwrap();
    tail.on_page(seq, Ok(page(&[], None)), end);
    let left = Gap {
        from: START + 100_000,
        until: START + 341_000,
        why: GapReason::GivenUp,
    };
    assert_eq!(
        tail.gaps(end),
        [left],
        "nor is an old search that was left out told of for ever, but what nobody has looked for is"
    );
    assert!(!tail.has_holes(), "and is not waited for");
}

#[test]
fn equal_lines_are_counted_and_no_more_of_them_are_given_than_there_are() {
    let mut tail = Tail::new("/ecs/test".into(), START);
    tail.expect_live(START);
    let twin = |id: Option<usize>| LogEvent {
        id: id.map(|id| format!("37{id:054}").into()),
        ..event(START + 500, START + 600, 0)
    };
    let update = |count: usize| LiveUpdate {
        events: vec![twin(None); count],
        sampled: false,
    };
    let now = START + 1_000;
    assert_eq!(tail.on_live(1, update(1), now).len(), 1);
    let (seq, _) = tail.due(now, true).unwrap();
    let page = LogPage {
        events: vec![twin(Some(1)), twin(Some(2))],
        next: None,
    };
    assert_eq!(tail.on_page(seq, Ok(page), now).len(), 1, "one of the two had come live");
    assert_eq!(tail.on_live(2, update(2), now).len(), 0, "both have been given");
    assert_eq!(tail.on_live(2, update(1), now).len(), 1, "this is a third one");
}

/// Live Tail names no event: what tells lines of one millisecond apart is the order in which they came.
fn unnamed(at: Millis, stream: usize, message: String) -> LogEvent {
    LogEvent {
        id: None,
        at: START + at,
        ingested: START + at,
        stream: format!("litellm/litellm/{stream}").into(),
        message: RawText::new(&message),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn lines_without_an_id_stay_in_the_order_in_which_they_came(
        updates in prop::collection::vec(prop::collection::vec((0i64..3, 0usize..2, "[a-z]{1,3}"), 1..60), 1..6),
        is_small: bool,
    ) {
        let mut tail = Tail::new("/ecs/test".into(), START);
        let mut lines = if is_small { Lines::in_small_segments(usize::MAX) } else { Lines::new(usize::MAX) };
        let mut want = Vec::new();
        let mut number = 0;
        for (round, update) in updates.into_iter().enumerate() {
            let mut events = Vec::new();
            for (at, stream, message) in update {
                number += 1;
                events.push(unnamed(round as Millis + at, stream, format!("{message} {number}")));
            }
            want.extend(events.clone());
            let update = LiveUpdate { events, sampled: false };
            lines.append(tail.on_live(1, update, START + 10_000));
        }
        want.sort_by_key(|event| event.at);
        let want: Vec<&str> = want.iter().map(|event| event.message.as_raw()).collect();
        let got: Vec<&str> = lines.segments().flat_map(|segment| segment.lines()).map(|line| line.raw()).collect();
        prop_assert_eq!(got, want);
    }
}
