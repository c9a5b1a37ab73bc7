//! The tail end to end: the engine over the real SDK client, against a log group that is throttled,
//! fails, breaks off, repeats, comes late and out of order. Time is the test's own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use bic_tui::core::{
    fact::{LiveUpdate, LogEvent, LogPage, Millis},
    tail::{Pace, Tail},
    text::RawText,
};

use super::*;

const START: Millis = 1_790_000_000_000;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.roll(100) < chance
    }
}

/// An event on the server: when, when taken in, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at: Millis,
    ingested: Millis,
    id: usize,
}

impl Event {
    fn json(self) -> Value {
        let Self { at, ingested, id } = self;
        let stream = format!("litellm/litellm/{}", id % 3);
        json!({ "eventId": format!("37{id:054}"), "timestamp": at, "ingestionTime": ingested, "logStreamName": stream, "message": format!("line {id} \u{1b}[0m\u{e9}") })
    }

    fn live(self) -> LogEvent {
        LogEvent {
            id: None,
            at: self.at,
            ingested: self.ingested,
            stream: format!("litellm/litellm/{}", self.id % 3).into(),
            message: RawText::new(&format!("line {} \u{1b}[0m\u{e9}", self.id)),
        }
    }
}

/// A log group in bad weather.
struct Group {
    events: Vec<Event>,
    dice: Dice,
    now: Millis,
    is_clean: bool,
    tokens: HashMap<String, usize>,
    last: Vec<Event>,
}

impl Group {
    fn new(seed: u64, count: usize, span: Millis) -> Self {
        let mut dice = Dice(seed);
        let mut at = START;
        let step = (3 * span / count as Millis).max(1) as u64;
        let mut event = |id| {
            at += if dice.percent(33) { 0 } else { dice.roll(step) as Millis };
            let late = if dice.percent(5) { dice.roll(60_000) } else { dice.roll(800) };
            let ingested = at + late as Millis;
            Event { at, ingested, id }
        };
        Self {
            events: (0..count).map(&mut event).collect(),
            dice,
            now: START,
            is_clean: false,
            tokens: HashMap::new(),
            last: Vec::new(),
        }
    }

    fn answer(&mut self, request: &Request) -> Reply {
        let asked = request.json();
        for (percent, reply) in [
            (30, bodies::error(Wire::Json, 400, "ThrottlingException", "Rate exceeded")),
            (5, bodies::error(Wire::Json, 500, "InternalFailure", "")),
            (2, bodies::json(json!({})).how(How::Reset)),
        ] {
            if !self.is_clean && self.dice.percent(percent) {
                return reply;
            }
        }
        let from = asked["startTime"].as_i64().expect("a beginning");
        let until = asked["endTime"].as_i64().unwrap_or(Millis::MAX);
        let place = match asked["nextToken"].as_str() {
            Some(token) => self.tokens[token],
            None => self.events.partition_point(|event| event.at < from),
        };
        let size = if self.dice.percent(20) { 0 } else { 2_000 };
        let end = (place + size).min(self.events.len());
        let mut page: Vec<Event> = self.events[place..end]
            .iter()
            .filter(|event| event.ingested <= self.now)
            .copied()
            .collect();
        let again: Vec<Event> = std::mem::replace(&mut self.last, page.clone());
        page.extend(again.into_iter().filter(|event| event.at >= from && self.dice.percent(10)));
        page.retain(|event| event.at <= until);
        for _ in 0..page.len() / 3 {
            let (a, b) = (self.dice.roll(page.len() as u64), self.dice.roll(page.len() as u64));
            page.swap(a as usize, b as usize);
        }
        let has_more = self.events[end..]
            .iter()
            .take_while(|event| event.at <= until)
            .any(|event| event.ingested <= self.now);
        let mut body = json!({ "events": page.into_iter().map(Event::json).collect::<Vec<_>>() });
        if has_more {
            let token = format!("t{}", self.tokens.len());
            self.tokens.insert(token.clone(), end);
            body["nextToken"] = token.into();
        }
        bodies::json(body)
    }
}

async fn page(cloud: &Aws, request: LogRequest) -> Result<LogPage, Fault> {
    match cloud.ask(Query::LogPage(request)).await? {
        Fact::LogPage(page) => Ok(page),
        other => panic!("{other:?}"),
    }
}

/// Runs the tail over the whole history. With `live`, sessions of some seconds bring lines besides, and
/// end without having brought what was taken in last.
async fn ride(seed: u64, count: usize, is_live: bool) -> (Vec<LogEvent>, Vec<Event>, Tail) {
    let span = count as Millis * 6;
    let group = Arc::new(Mutex::new(Group::new(seed, count, span)));
    let server = Server::start().await;
    let shared = Arc::clone(&group);
    server.answer("FilterLogEvents", move |request| shared.lock().expect("the group").answer(request));
    let cloud = cloud(&server).await;
    let reference = group.lock().expect("the group").events.clone();
    let last = reference.iter().map(|event| event.ingested).max().unwrap_or(START);
    let (mut tail, mut pace) = (Tail::new("/ecs/test".into(), START), Pace::new(0));
    let mut dice = Dice(seed + 1);
    let (mut got, mut now, mut due, mut session) = (Vec::new(), START + 1_000, 0, (0, START));
    while now < last + 400_000 {
        let mono = (now - START) as u64;
        {
            let mut group = group.lock().expect("the group");
            (group.now, group.is_clean) = (now, now > last + 100_000);
        }
        if is_live && dice.percent(20) {
            // A session broke off a while ago: what was taken in meanwhile it has not brought.
            tail.on_live_end(now);
            session = (session.0 + 1, now);
        } else if is_live {
            let new = reference.iter().filter(|event| event.ingested > session.1 && event.ingested <= now);
            let events = new.map(|event| event.live()).collect();
            session.1 = now;
            let update = LiveUpdate { events, sampled: false };
            got.extend(tail.on_live(session.0, update, now));
        }
        if mono >= due
            && let Some((seq, request)) = tail.due(now, pace.can_poll(mono))
        {
            pace.sent(&tail, mono);
            let answer = page(&cloud, request).await;
            got.extend(tail.on_page(seq, answer, now));
            pace.poll_at(&tail, mono + 7_000);
            due = pace.due(&tail, now);
        }
        now += 500;
    }
    (got.into_iter().map(|arrived| arrived.event).collect(), reference, tail)
}

fn assert_whole(got: &[LogEvent], reference: &[Event]) {
    let mut messages: Vec<&str> = got.iter().map(|event| event.message.as_raw()).collect();
    let want: Vec<LogEvent> = reference.iter().map(|event| event.live()).collect();
    let mut want: Vec<&str> = want.iter().map(|event| event.message.as_raw()).collect();
    messages.sort_unstable();
    want.sort_unstable();
    assert_eq!(messages.len(), want.len(), "lost or given twice");
    assert!(messages == want);
}

#[tokio::test]
async fn bad_weather_loses_and_repeats_nothing() {
    let (got, reference, tail) = ride(11, 6_000, false).await;
    assert_whole(&got, &reference);
    let stats = tail.stats();
    assert!(stats.late > 50 && stats.repeats > 1_000, "{stats:?}");
}

#[tokio::test]
async fn live_tail_beside_it_loses_and_repeats_nothing() {
    let (got, reference, _) = ride(12, 4_000, true).await;
    assert_whole(&got, &reference);
    let live = got.iter().filter(|event| event.id.is_none()).count();
    assert!(live > reference.len() / 4, "{live} lines came live");
}

#[tokio::test]
#[ignore = "takes a minute; run it on purpose with --run-ignored only"]
async fn a_hundred_thousand_events_in_bad_weather() {
    for seed in 0..3 {
        let (got, reference, _) = ride(seed, 100_000, false).await;
        assert_whole(&got, &reference);
    }
}

/// AWS's clock is ten minutes behind this machine's, and each answer says so.
fn by_a_slow_clock(body: Value) -> Reply {
    let at = std::time::SystemTime::now() - Duration::from_mins(10);
    let date = aws_smithy_types::DateTime::from(at).fmt(aws_smithy_types::date_time::Format::HttpDate);
    bodies::json(body).header("date", &date.expect("a date"))
}

#[tokio::test]
async fn a_clock_that_is_ahead_is_told_and_no_new_line_is_passed_over() {
    let server = Server::start().await;
    server.answer("FilterLogEvents", |_| by_a_slow_clock(json!({ "events": [] })));
    let cloud = cloud(&server).await;
    let local = cloud.now();
    assert_eq!(cloud.ahead(), 0, "nothing has been heard");
    let mut tail = Tail::new("/ecs/test".into(), local - 3_600_000);
    for _ in 0..2 {
        let (seq, request) = tail.due(cloud.now(), true).expect("a look for new lines");
        let answer = page(&cloud, request).await;
        tail.on_page(seq, answer, cloud.now());
    }
    assert!((595_000..605_000).contains(&cloud.ahead()), "{}", cloud.ahead());
    assert!((local - cloud.now() - 600_000).abs() < 10_000);
    let asked: Vec<Millis> = server
        .asked("FilterLogEvents")
        .iter()
        .filter_map(|it| it.json()["startTime"].as_i64())
        .collect();
    assert!(
        asked[1] < local - 600_000,
        "what is logged now, by AWS's clock, is asked for: {asked:?}"
    );
    // A page that another machine kept tells the time at which it was made.
    server.answer("FilterLogEvents", |_| {
        bodies::json(json!({ "events": [] }))
            .header("date", "Thu, 01 Jan 2015 00:00:00 GMT")
            .header("age", "9")
    });
    let (_, request) = tail.due(cloud.now(), true).expect("a look for new lines");
    page(&cloud, request).await.expect("a page");
    assert!((595_000..605_000).contains(&cloud.ahead()));
}
