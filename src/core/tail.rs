//! The log tail as a state machine: pages in, each event out exactly once, in time order, late ones
//! marked. No clock and no I/O: the caller brings the time, carries the requests and sets the cadence.
//!
//! Two passes over the log group go on side by side, one request in flight at a time. The *head* pass
//! reads from shortly before the newest event; it is what makes the tail follow. The *reconcile* pass
//! reads the last two minutes once a minute; it finds what CloudWatch showed late. A pass counts only
//! when all its pages have come, and the next one of its kind begins before the time at which it began:
//! so an outage of any length loses nothing.

use super::{
    fact::{LiveUpdate, LogEvent, LogPage, Millis},
    fault::Fault,
    text::SafeText,
};
use crate::cloud::LogRequest;

mod gaps;
mod ids;
mod pace;
mod pass;
mod seen;
#[cfg(test)]
mod tests;
mod twins;

pub use self::{
    gaps::{Gap, GapReason},
    pace::Pace,
};
use self::{
    ids::Ids,
    pass::{Awaited, Complete, Kind, Pass},
    seen::reached,
    twins::{Source, Twins},
};

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
/// Most ids kept; about 50 MB. Past that the oldest part of the window is given up, and said so.
const MAX_IDS: usize = 1_500_000;
/// That late events were not looked for is said so long: older lines nobody waits for.
const UNCHECKED_FOR: Millis = 900_000;

/// An event on its way to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// The event.
    pub event: LogEvent,
    /// An event with a later timestamp had been given out before this one came.
    pub late: bool,
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

/// The tail of one log group.
#[derive(Debug, Clone)]
pub struct Tail {
    group: SafeText,
    /// Nothing before this is asked any more, so ids before it need not be kept.
    floor: Millis,
    seen: Ids,
    /// Most ids, and most events told apart by their content, that are kept.
    most: usize,
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
    given_up: Vec<Gap>,
    start: Millis,
    /// What the clock showed last.
    clock: Millis,
    stats: TailStats,
    /// While Live Tail is used, and until its last lines have left the window.
    twins: Option<Twins>,
    /// The newest of them.
    twins_until: Millis,
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
            seen: Ids::default(),
            most: MAX_IDS,
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
            given_up: Vec::new(),
            start: from,
            clock: Millis::MIN,
            stats: TailStats::default(),
            twins: None,
            twins_until: from,
            live_at: None,
            holes: Vec::new(),
        }
    }

    /// Another tail of the same group takes its place, since this one began by a clock that was off. What a Live Tail
    /// session has brought is not given out again.
    pub fn begin_anew(&mut self, other: Self, now: Millis) {
        let before = std::mem::replace(self, other);
        if before.twins.is_some() {
            self.twins = before.twins;
            self.expect_live(before.twins_until.max(now));
        }
        // It has been told by lines, not by that clock.
        if before.newest > before.start {
            self.newest = self.newest.max(before.newest);
        }
    }

    /// The next page to ask, with the number that its answer must bring back; `None` while one is in
    /// flight or nothing is due. `can_poll` is the caller's cadence and back-off: without it no head
    /// pass begins and nothing is asked again after a fault. The further pages of a pass are due at
    /// once.
    pub fn due(&mut self, now: Millis, can_poll: bool) -> Option<(u64, LogRequest)> {
        self.see(now);
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
        self.see(now);
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

    /// A Live Tail session is about to begin: events are told apart by their content too.
    pub fn expect_live(&mut self, now: Millis) {
        self.twins.get_or_insert_default();
        self.twins_until = self.twins_until.max(now);
    }

    /// Takes what Live Tail session `session` brought, and gives the events that are new. What polling has not read
    /// before its first update no session will bring.
    pub fn on_live(&mut self, session: u32, update: LiveUpdate, now: Millis) -> Vec<Arrived> {
        self.see(now);
        if self.live_at.is_none() {
            self.note_hole(self.polled(), now, GapReason::BrokenOff);
        }
        if update.sampled {
            // An update tells of the second before it.
            self.note_hole(self.live_at.unwrap_or(now - 1_000), now, GapReason::Sampled);
        }
        self.live_at = Some(now);
        let newest = update.events.iter().map(|event| event.at).max();
        self.expect_live(newest.map_or(now, |at| at.max(now)));
        let new = update
            .events
            .into_iter()
            .filter(|event| self.twins.as_mut().is_none_or(|twins| twins.is_new(event, Source::Live(session))))
            .map(|event| (None, event))
            .collect();
        let given = self.give(new);
        self.forget(now);
        given
    }

    /// The Live Tail session is no more, or is not listened to: what it brings is to be looked for.
    pub fn on_live_end(&mut self, now: Millis) {
        self.see(now);
        if let Some(at) = self.live_at.take() {
            self.note_hole(at, now, GapReason::BrokenOff);
        }
    }

    /// Why the last request failed; `None` after a good answer.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Where it begins.
    pub fn start(&self) -> Millis {
        self.start
    }

    /// The log group that is followed.
    pub fn group(&self) -> &SafeText {
        &self.group
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
}
