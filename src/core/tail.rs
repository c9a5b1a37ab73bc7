//! The log tail as a state machine: pages in, each event out exactly once, in time order, late ones
//! marked. No clock and no I/O: the caller brings the time, carries the requests and sets the cadence.
//!
//! Two passes over the log group go on side by side, one request in flight at a time. The *head* pass
//! reads from shortly before the newest event; it is what makes the tail follow. The *reconcile* pass
//! reads the last two minutes once a minute; it finds what CloudWatch showed late. A pass counts only
//! when all its pages have come, and the next one of its kind begins before the time at which it began:
//! so an outage of any length loses nothing.

use std::collections::{BTreeSet, HashSet};

use super::{
    fact::{LiveUpdate, LogEvent, LogPage, Millis},
    fault::{Fault, FaultKind},
    lines::EventId,
    text::SafeText,
};
use crate::cloud::LogRequest;

mod pace;
#[cfg(test)]
mod tests;
mod twins;

pub use self::pace::Pace;
use self::twins::{Source, Twins};

/// How far the head pass reads back before the newest event.
const HEAD_BACK: Millis = 15_000;
/// How far the reconcile pass reads back.
const RECONCILE_BACK: Millis = 120_000;
/// How often a reconcile pass begins.
const RECONCILE_EVERY: Millis = 60_000;
/// Events that come up to this late are found. It also is what a reconcile pass reads again before
/// the time at which the last one began.
const LATENESS: Millis = 60_000;
/// In a quiet log the newest event says little about AWS's clock; then passes begin this long before
/// ours, so that a clock that is some minutes ahead skips nothing.
const CLOCK_SLACK: Millis = 300_000;
/// Most ids kept; about 100 MB. Past that the oldest part of the window is given up, and said so.
const MAX_IDS: usize = 1_500_000;

/// An event on its way to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// The event.
    pub event: LogEvent,
    /// An event with a later timestamp had been given out before this one came.
    pub late: bool,
}

/// Why an interval has not been fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapReason {
    /// The last request failed.
    Fault,
    /// Its pages are coming in.
    Filling,
    /// There was not the budget to look for late events in it.
    LateUnchecked,
    /// Live Tail left lines out.
    Sampled,
    /// A Live Tail session broke off, and its lines have not been looked for yet.
    BrokenOff,
}

/// An interval that has not been fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// First time of it.
    pub from: Millis,
    /// First time after it.
    pub until: Millis,
    /// Why.
    pub why: GapReason,
}

/// What the tail has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TailStats {
    /// Pages that came.
    pub pages: u64,
    /// Requests that failed.
    pub faults: u64,
    /// Events given out.
    pub events: u64,
    /// Events given out late.
    pub late: u64,
    /// Events that came again and were not given out again.
    pub repeats: u64,
    /// Events before the window that was asked for; not given out, since they may have been.
    pub outside: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Head,
    Reconcile,
}

/// One pass under way.
#[derive(Debug, Clone)]
struct Pass {
    from: Millis,
    begun: Millis,
    /// Page to ask next; the first when `None`.
    token: Option<SafeText>,
    /// Tokens that this pass has been given.
    given: HashSet<SafeText>,
    pages: u32,
    /// When the first page was asked that came near the head of the log. The pages before it, older
    /// than `HEAD_BACK` when they came, hold all that the head pass is there to find.
    near: Option<Millis>,
    /// Newest time of the last page that had events: how far it has come.
    reached: Millis,
}

impl Pass {
    fn new(from: Millis, begun: Millis) -> Self {
        Self {
            from,
            begun,
            token: None,
            given: HashSet::new(),
            pages: 0,
            near: None,
            reached: from,
        }
    }
}

/// A request in flight.
#[derive(Debug, Clone, Copy)]
struct Awaited {
    seq: u64,
    kind: Kind,
    asked: Millis,
}

/// The last complete pass of a kind.
#[derive(Debug, Clone, Copy)]
struct Complete {
    begun: Millis,
    /// A time that AWS's clock had reached before anything was read that the next pass may leave out.
    base: Millis,
}

/// The tail of one log group.
#[derive(Debug, Clone)]
pub struct Tail {
    group: SafeText,
    /// Nothing before this is asked any more, so ids before it need not be kept.
    floor: Millis,
    seen: BTreeSet<(Millis, EventId)>,
    /// Newest time given out, not counting the part by which a stamp lies in AWS's future.
    newest: Millis,
    head: Option<Pass>,
    reconcile: Option<Pass>,
    head_done: Option<Complete>,
    reconcile_done: Option<Complete>,
    /// The reconcile pass, when wanted, goes before the next head page.
    is_reconcile_turn: bool,
    awaiting: Option<Awaited>,
    was_head: bool,
    seq: u64,
    fault: Option<Fault>,
    unchecked: Vec<Gap>,
    start: Millis,
    stats: TailStats,
    /// While Live Tail is used, and until its last lines have left the window.
    twins: Option<Twins>,
    /// Live Tail says that its lines are whole up to here.
    live_at: Option<Millis>,
    /// What Live Tail left out: filled by a head pass that begins later.
    holes: Vec<Gap>,
}

impl Tail {
    /// A tail of `group`, from `from` on.
    pub fn new(group: SafeText, from: Millis) -> Self {
        Self {
            group,
            floor: from,
            seen: BTreeSet::new(),
            newest: from,
            head: None,
            reconcile: None,
            head_done: None,
            reconcile_done: None,
            is_reconcile_turn: false,
            awaiting: None,
            was_head: true,
            seq: 0,
            fault: None,
            unchecked: Vec::new(),
            start: from,
            stats: TailStats::default(),
            twins: None,
            live_at: None,
            holes: Vec::new(),
        }
    }

    /// The next page to ask, with the number that its answer must bring back; `None` while one is in
    /// flight or nothing is due. `can_poll` is the caller's cadence and back-off: without it no head
    /// pass begins and nothing is asked again after a fault. The further pages of a pass are due at
    /// once.
    pub fn due(&mut self, now: Millis, can_poll: bool) -> Option<(u64, LogRequest)> {
        if self.awaiting.is_some() || (self.fault.is_some() && !can_poll) {
            return None;
        }
        let kind = self.next_kind(now, can_poll)?;
        let from = self.begin_from(kind, now);
        let pass = match kind {
            Kind::Head => &mut self.head,
            Kind::Reconcile => &mut self.reconcile,
        }
        .get_or_insert_with(|| Pass::new(from, now));
        let request = LogRequest {
            group: self.group.clone(),
            from: pass.from,
            // The reconcile pass ends where the head passes after it begin; else it would run after a
            // busy log for ever.
            until: (kind == Kind::Reconcile).then_some(pass.begun),
            token: pass.token.clone(),
            stream_prefix: None,
        };
        self.seq += 1;
        self.awaiting = Some(Awaited {
            seq: self.seq,
            kind,
            asked: now,
        });
        Some((self.seq, request))
    }

    /// Takes the answer to request `seq`, and gives the events that are new, in order of timestamp,
    /// ingestion and id, those without an id as they came. An answer that is not awaited is ignored.
    pub fn on_page(&mut self, seq: u64, answer: Result<LogPage, Fault>, now: Millis) -> Vec<Arrived> {
        let Some(Awaited { kind, asked, .. }) = self.awaiting.take_if(|awaited| awaited.seq == seq) else {
            return Vec::new();
        };
        self.was_head = kind == Kind::Head;
        match answer {
            Ok(page) => {
                self.stats.pages += 1;
                self.fault = None;
                let newest = page.events.iter().map(reached).max();
                let is_near = page.next.is_none() || newest.is_some_and(|at| at >= now - HEAD_BACK);
                if let Some(pass) = self.pass(kind) {
                    pass.reached = newest.unwrap_or(pass.reached);
                    pass.near = pass.near.or(is_near.then_some(asked));
                }
                let events = self.take_new(page.events);
                self.turn(kind, page.next, now);
                events
            }
            Err(fault) => {
                self.fail(kind, fault);
                Vec::new()
            }
        }
    }

    /// Live Tail is used from now on: events are told apart by their content too.
    pub fn expect_live(&mut self) {
        self.twins.get_or_insert_default();
    }

    /// Takes what Live Tail session `session` brought, and gives the events that are new.
    pub fn on_live(&mut self, session: u32, update: LiveUpdate, now: Millis) -> Vec<Arrived> {
        if update.sampled {
            // An update tells of the second before it.
            self.note_hole(self.live_at.unwrap_or(now - 1_000), now, GapReason::Sampled);
        }
        self.live_at = Some(now);
        self.expect_live();
        let new = update
            .events
            .into_iter()
            .filter(|event| self.twins.as_mut().is_none_or(|twins| twins.is_new(event, Source::Live(session))))
            .map(|event| (None, event))
            .collect();
        self.give(new)
    }

    /// The Live Tail session is no more: what it would have brought is to be looked for.
    pub fn on_live_end(&mut self, now: Millis) {
        if let Some(at) = self.live_at.take() {
            self.note_hole(at, now, GapReason::BrokenOff);
        }
    }

    /// Live Tail left something out that has not been looked for yet.
    pub fn has_holes(&self) -> bool {
        !self.holes.is_empty()
    }

    /// Gives up the request in flight, so that its page is asked again.
    pub fn abandon(&mut self) {
        self.awaiting = None;
    }

    /// How far the lines lag behind `now`, in milliseconds.
    pub fn lag(&self, now: Millis) -> Millis {
        let polled = self.head_done.map_or(self.start, |done| done.begun);
        let reached = polled.max(self.live_at.unwrap_or(polled));
        (now - reached.max(self.newest.min(now))).max(0)
    }

    /// By how much the search for late events is overdue, in milliseconds; 0 while it keeps up.
    pub fn reconcile_lag(&self, now: Millis) -> Millis {
        self.reconcile_done
            .map_or(0, |done| (now - done.begun - 2 * RECONCILE_EVERY).max(0))
    }

    /// Intervals not fetched, oldest first: those given up, then what is left of the one being filled.
    pub fn gaps(&self, now: Millis) -> Vec<Gap> {
        let done = self.head_done.map_or(self.start, |done| done.begun);
        let from = self.head.as_ref().map_or(done, |pass| done.max(pass.reached));
        let open = match (&self.fault, &self.head) {
            (Some(_), _) => Some((now, GapReason::Fault)),
            (None, Some(pass)) if pass.pages > 0 => Some((pass.begun, GapReason::Filling)),
            (None, _) => None,
        };
        let open = open.map(|(until, why)| Gap { from, until, why });
        self.unchecked
            .iter()
            .chain(&self.holes)
            .copied()
            .chain(open)
            .filter(|gap| gap.until > gap.from)
            .collect()
    }

    /// Why the last request failed; `None` after a good answer.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// The log group that is followed.
    pub fn group(&self) -> &SafeText {
        &self.group
    }

    /// A request is under way.
    pub fn is_asking(&self) -> bool {
        self.awaiting.is_some()
    }

    /// There is more than one page of new lines, or the search for late events is overdue: the next
    /// page does not wait for the cadence.
    pub fn is_behind(&self, now: Millis) -> bool {
        self.head.is_some() || (self.reconcile.is_some() && self.reconcile_lag(now) > 0)
    }

    /// The last answer was of a look for new lines.
    pub fn was_head(&self) -> bool {
        self.was_head
    }

    /// The search for late events is under way.
    pub fn is_reconciling(&self) -> bool {
        self.reconcile.is_some()
    }

    /// Not everything since the beginning has been read once.
    pub fn is_first_pass(&self) -> bool {
        self.head_done.is_none()
    }

    /// What has been done so far.
    pub fn stats(&self) -> TailStats {
        self.stats
    }

    /// An unfinished head pass first; but the reconcile pass gets a page after each head pass, and
    /// every other page when it is overdue, so that neither starves the other.
    fn next_kind(&self, now: Millis, can_poll: bool) -> Option<Kind> {
        let reconcile = self.reconcile.is_some() || self.reconcile_done.is_some_and(|done| now - done.begun >= RECONCILE_EVERY);
        if reconcile && self.is_reconcile_turn {
            Some(Kind::Reconcile)
        } else if can_poll || self.head.is_some() {
            Some(Kind::Head)
        } else {
            reconcile.then_some(Kind::Reconcile)
        }
    }

    /// Where a pass that begins now reads from.
    fn begin_from(&self, kind: Kind, now: Millis) -> Millis {
        let from = match kind {
            Kind::Head => self.head_done.map(|done| done.base - HEAD_BACK),
            Kind::Reconcile => self
                .reconcile_done
                .map(|done| (done.base - LATENESS).min(self.base(now, now) - RECONCILE_BACK)),
        };
        from.unwrap_or(self.start).max(self.floor)
    }

    /// A time that AWS's clock had reached at `begun`: by our clock, but not later than what the
    /// newest event says.
    fn base(&self, begun: Millis, now: Millis) -> Millis {
        begun.min(self.newest - (now - begun)).max(begun - CLOCK_SLACK)
    }

    fn take_new(&mut self, events: Vec<LogEvent>) -> Vec<Arrived> {
        let mut new = Vec::with_capacity(events.len());
        for event in events {
            let id = identity(&event);
            if event.at < self.floor {
                self.stats.outside += 1;
            } else if self.seen.insert((event.at, id.clone())) && self.is_not_live(&event) {
                new.push((event.id.is_some().then_some(id), event));
            } else {
                self.stats.repeats += 1;
            }
        }
        self.give(new)
    }

    /// Live Tail has not brought this event before.
    fn is_not_live(&mut self, event: &LogEvent) -> bool {
        self.twins.as_mut().is_none_or(|twins| twins.is_new(event, Source::Poll))
    }

    /// Gives events out in order, and says of each whether it is late. Those without an id stay as they came:
    /// nothing else tells the lines of one millisecond apart.
    fn give(&mut self, mut new: Vec<(Option<EventId>, LogEvent)>) -> Vec<Arrived> {
        new.sort_by(|(a, x), (b, y)| (x.at, x.ingested, a).cmp(&(y.at, y.ingested, b)));
        let before = self.newest;
        self.stats.events += new.len() as u64;
        new.into_iter()
            .map(|(_, event)| {
                let late = event.at < before;
                self.stats.late += u64::from(late);
                self.newest = self.newest.max(reached(&event));
                Arrived { event, late }
            })
            .collect()
    }

    /// Goes on to the next page of a pass, or ends it.
    fn turn(&mut self, kind: Kind, next: Option<SafeText>, now: Millis) {
        let is_overdue = self.reconcile_lag(now) > 0;
        self.is_reconcile_turn = kind == Kind::Head && (next.is_none() || is_overdue);
        let Some(pass) = self.pass(kind) else { return };
        pass.pages += 1;
        match next {
            None => self.complete(kind, now),
            Some(token) if pass.given.insert(token.clone()) => pass.token = Some(token),
            Some(_) => {
                let group = self.group.clone();
                let fault = Fault::new(
                    FaultKind::OddAnswer,
                    "logs:FilterLogEvents",
                    &group,
                    "the same page token came twice",
                );
                self.fail(kind, fault);
            }
        }
        self.forget(now);
    }

    fn complete(&mut self, kind: Kind, now: Millis) {
        let Some(pass) = self.pass(kind) else { return };
        let (begun, near) = (pass.begun, pass.near.unwrap_or(pass.begun));
        let whole = self.complete_from(begun, begun, now, self.reconcile_done);
        match kind {
            Kind::Head => {
                self.head = None;
                self.holes.retain(|hole| hole.until > begun);
                self.head_done = Some(self.complete_from(begun, near, now, self.head_done));
                // The first head pass has looked at everything, as a reconcile pass does.
                self.reconcile_done = self.reconcile_done.or(Some(whole));
            }
            Kind::Reconcile => {
                self.reconcile = None;
                self.reconcile_done = Some(whole);
            }
        }
    }

    fn complete_from(&self, begun: Millis, read: Millis, now: Millis, before: Option<Complete>) -> Complete {
        let base = self.base(read, now);
        Complete {
            begun,
            base: before.map_or(base, |done| base.max(done.base)),
        }
    }

    /// Keeps what is needed to ask again: the same page where AWS did not judge the request, else the
    /// pass from its beginning, since its token is of no use.
    fn fail(&mut self, kind: Kind, fault: Fault) {
        self.stats.faults += 1;
        self.is_reconcile_turn &= kind == Kind::Head;
        let floor = self.floor;
        if let Some(pass) = self.pass(kind).filter(|_| !is_same_page_worth(fault.kind)) {
            *pass = Pass::new(pass.from.max(floor), pass.begun);
        }
        self.fault = Some(fault);
    }

    fn pass(&mut self, kind: Kind) -> Option<&mut Pass> {
        match kind {
            Kind::Head => self.head.as_mut(),
            Kind::Reconcile => self.reconcile.as_mut(),
        }
    }

    /// Drops the ids of events that no request will bring again.
    fn forget(&mut self, now: Millis) {
        let under_way = [&self.head, &self.reconcile].into_iter().flatten().map(|pass| pass.from);
        let to_come = [Kind::Head, Kind::Reconcile].map(|kind| self.begin_from(kind, now));
        let keep = under_way.chain(to_come).fold(now, Millis::min);
        self.raise_floor(keep);
        if self.seen.len() > MAX_IDS {
            let from = self.floor;
            let until = self.seen.iter().nth(MAX_IDS / 10).map_or(from, |(at, _)| at + 1);
            self.raise_floor(until);
            self.note_unchecked(from, until);
        }
    }

    fn raise_floor(&mut self, floor: Millis) {
        if floor > self.floor {
            self.floor = floor;
            if self.seen.first().is_some_and(|(at, _)| *at < floor) {
                self.seen = self.seen.split_off(&(floor, EventId::Number([0; 3])));
            }
            if let Some(twins) = &mut self.twins {
                twins.forget(floor);
            }
        }
    }

    fn note_hole(&mut self, from: Millis, until: Millis, why: GapReason) {
        match self.holes.last_mut() {
            Some(hole) if hole.why == why => hole.until = until,
            _ => self.holes.push(Gap { from, until, why }),
        }
    }

    fn note_unchecked(&mut self, from: Millis, until: Millis) {
        match self.unchecked.last_mut() {
            Some(gap) if gap.until >= from => gap.until = until,
            _ => self.unchecked.push(Gap {
                from,
                until,
                why: GapReason::LateUnchecked,
            }),
        }
    }
}

/// What makes an event the same event. Without an id it is its content.
fn identity(event: &LogEvent) -> EventId {
    match &event.id {
        Some(id) => EventId::new(id),
        None => EventId::Text(format!("{} {} {}", event.ingested, event.stream, event.message.as_raw()).into()),
    }
}

/// The time that AWS's clock had surely reached when the event was taken in.
fn reached(event: &LogEvent) -> Millis {
    if event.ingested > 0 {
        event.at.min(event.ingested)
    } else {
        event.at
    }
}

/// Whether AWS left the request unjudged, so that the same page may be asked again.
fn is_same_page_worth(kind: FaultKind) -> bool {
    match kind {
        FaultKind::NoCredentials
        | FaultKind::Expired
        | FaultKind::WrongCredentials
        | FaultKind::Denied
        | FaultKind::Throttled
        | FaultKind::Unreachable
        | FaultKind::TimedOut
        | FaultKind::AwsFailed
        | FaultKind::Guarded => true,
        FaultKind::NotFound | FaultKind::Refused | FaultKind::NoChange | FaultKind::OddAnswer | FaultKind::Internal => false,
    }
}
