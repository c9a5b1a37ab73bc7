//! The two passes: which goes on, from where, and what its pages come to.

use std::collections::HashSet;

use super::{CLOCK_SLACK, HEAD_BACK, LATENESS, RECONCILE_BACK, RECONCILE_EVERY, Tail};
use crate::core::{
    fact::Millis,
    fault::{Fault, FaultKind},
    text::SafeText,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Head,
    Reconcile,
}

/// One pass under way.
#[derive(Debug, Clone)]
pub(super) struct Pass {
    pub(super) from: Millis,
    pub(super) begun: Millis,
    /// Page to ask next; the first when `None`.
    pub(super) token: Option<SafeText>,
    /// Tokens that this pass has been given.
    pub(super) given: HashSet<SafeText>,
    pub(super) pages: u32,
    /// When the first page was asked that came near the head of the log. The pages before it, older
    /// than `HEAD_BACK` when they came, hold all that the head pass is there to find.
    pub(super) near: Option<Millis>,
    /// Newest time of the last page that had events: how far it has come.
    pub(super) reached: Millis,
}

impl Pass {
    pub(super) fn new(from: Millis, begun: Millis) -> Self {
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
pub(super) struct Awaited {
    pub(super) seq: u64,
    pub(super) kind: Kind,
    pub(super) asked: Millis,
}

/// The last complete pass of a kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Complete {
    pub(super) begun: Millis,
    /// A time that AWS's clock had reached before anything was read that the next pass may leave out.
    pub(super) base: Millis,
}

impl Tail {
    /// An unfinished head pass first; but the reconcile pass gets a page after each head pass, and
    /// every other page when it is overdue, so that neither starves the other.
    pub(super) fn next_kind(&self, now: Millis, can_poll: bool) -> Option<Kind> {
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
    pub(super) fn begin_from(&self, kind: Kind, now: Millis) -> Millis {
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

    /// Looks at the clock. Where it was put back, since an answer told AWS's time or somebody set it, nothing has been
    /// read that is later than what it shows now.
    pub(super) fn see(&mut self, now: Millis) {
        if now < self.clock {
            for pass in [&mut self.head, &mut self.reconcile].into_iter().flatten() {
                pass.begun = pass.begun.min(now);
                pass.near = pass.near.map(|near| near.min(now));
            }
            for done in [&mut self.head_done, &mut self.reconcile_done].into_iter().flatten() {
                done.begun = done.begun.min(now);
                done.base = done.base.min(now);
            }
            if let Some(awaited) = &mut self.awaiting {
                awaited.asked = awaited.asked.min(now);
            }
            self.live_at = self.live_at.map(|at| at.min(now));
            for hole in &mut self.holes {
                hole.until = hole.until.min(now);
            }
        }
        self.clock = now;
    }

    /// Goes on to the next page of a pass, or ends it.
    pub(super) fn turn(&mut self, kind: Kind, next: Option<SafeText>, now: Millis) {
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
                for hole in &mut self.holes {
                    hole.from = hole.from.max(begun);
                }
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
    pub(super) fn fail(&mut self, kind: Kind, fault: Fault) {
        self.stats.faults += 1;
        self.is_reconcile_turn &= kind == Kind::Head;
        let floor = self.floor;
        if let Some(pass) = self.pass(kind).filter(|_| !fault.kind.is_unjudged()) {
            *pass = Pass::new(pass.from.max(floor), pass.begun);
        }
        self.fault = Some(fault);
    }

    pub(super) fn pass(&mut self, kind: Kind) -> Option<&mut Pass> {
        match kind {
            Kind::Head => self.head.as_mut(),
            Kind::Reconcile => self.reconcile.as_mut(),
        }
    }
}
