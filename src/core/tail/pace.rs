//! How often the tail may ask: half a call a second while it keeps up, one a second while it catches
//! up, a tenth and a fifth of the rate that AWS publishes for its slowest regions. Only the first pass,
//! for which somebody waits, goes as fast as a fetch that was asked for.

use super::Tail;
use crate::core::fact::Millis;

/// A call is paid for by this much time, on average, in milliseconds.
const PAID: u64 = 2_000;
/// Between two pages of a pass that is behind.
const CATCHING_UP: u64 = 1_000;
/// Time that was not used pays for later calls, up to this much; and a debt is forgiven past it, so
/// that a burst that is over does not hold up the next lines.
const MOST: u64 = 10_000;

/// When the tail may ask next, in milliseconds of a clock that only goes forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Between two pages of the first pass.
    first: u64,
    /// Between two pages after that.
    page: u64,
    cost: u64,
    paid: u64,
    asked: u64,
    poll_at: u64,
}

impl Pace {
    /// A tail that has to spare AWS; `first` milliseconds lie between two pages of its first pass.
    pub fn new(first: u64) -> Self {
        Self {
            first,
            page: CATCHING_UP,
            cost: PAID,
            paid: 0,
            asked: 0,
            poll_at: 0,
        }
    }

    /// A tail of an endpoint on this machine, which needs no sparing.
    pub fn unbound() -> Self {
        Self {
            page: 0,
            cost: 0,
            ..Self::new(0)
        }
    }

    /// A request of the tail goes out.
    pub fn sent(&mut self, tail: &Tail, now: u64) {
        self.asked = now;
        let cost = if tail.is_first_pass() { 0 } else { self.cost };
        self.paid = self.paid.clamp(now.saturating_sub(MOST), now + MOST) + cost;
    }

    /// After an answer: the next look for new lines is wanted at `at`, by the cadence or by the back-off
    /// after a fault. A page of the search for late events puts it off no further.
    pub fn poll_at(&mut self, tail: &Tail, at: u64) {
        if tail.was_head() || tail.fault().is_some() {
            self.poll_at = at;
        }
    }

    /// The next look for new lines is wanted now.
    pub fn hurry(&mut self, now: u64) {
        self.poll_at = self.poll_at.min(now);
    }

    /// Whether a new pass may begin.
    pub fn can_poll(&self, now: u64) -> bool {
        now >= self.next_poll()
    }

    /// When the tail has something to ask, as far as it may. `wall` is the time of its lines.
    pub fn due(&self, tail: &Tail, wall: Millis) -> u64 {
        let page = self.asked + if tail.is_first_pass() { self.first } else { self.page };
        let poll = self.next_poll().max(page);
        if tail.fault().is_some() {
            poll
        } else if tail.is_behind(wall) {
            page
        } else if tail.is_reconciling() {
            page.max(self.paid).min(poll)
        } else {
            poll
        }
    }

    fn next_poll(&self) -> u64 {
        self.poll_at.max(self.paid)
    }
}
