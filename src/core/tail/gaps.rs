//! What has not been fetched, and by how much the tail is behind.

use super::{RECONCILE_EVERY, Tail};
use crate::core::fact::Millis;

/// Why an interval has not been fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapReason {
    /// The last request failed.
    Fault,
    /// Its pages are coming in.
    Filling,
    /// There was not the budget to look for late events in it.
    LateUnchecked,
    /// Live Tail left lines out, or was not there, and too many have come since to tell them apart: nobody looks for its
    /// lines any more.
    GivenUp,
    /// Live Tail left lines out.
    Sampled,
    /// No Live Tail session was there to bring its lines, and they have not been looked for yet.
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

impl Tail {
    /// How far the lines lag behind `now`, in milliseconds: up to there all have come, but for what is in
    /// [`gaps`](Self::gaps).
    pub fn lag(&self, now: Millis) -> Millis {
        let polled = self.polled();
        let reached = polled.max(self.live_at.unwrap_or(polled));
        let by_lines = now - reached.max(self.newest.min(now));
        // What is open at the end begins where the lines stop being whole.
        by_lines.max(self.open(now).map_or(0, |gap| now - gap.from)).max(0)
    }

    /// By how much the search for late events is overdue, in milliseconds; 0 while it keeps up.
    pub fn reconcile_lag(&self, now: Millis) -> Millis {
        self.reconcile_done
            .map_or(0, |done| (now - done.begun - 2 * RECONCILE_EVERY).max(0))
    }

    /// Intervals given up that lie before what [`lag`](Self::lag) tells of, oldest first.
    pub fn gaps(&self, now: Millis) -> Vec<Gap> {
        let end = self.open(now).map_or(now, |gap| gap.from);
        // A pass that is under way fills what a session left from its beginning on.
        let reached = self.head.as_ref().map_or(Millis::MIN, |pass| pass.reached);
        let before = |gap: &Gap| Gap {
            from: match gap.why {
                GapReason::BrokenOff => gap.from.max(reached),
                _ => gap.from,
            },
            until: gap.until.min(end),
            ..*gap
        };
        self.given_up
            .iter()
            .chain(&self.holes)
            .map(before)
            .filter(|gap| gap.until > gap.from)
            .collect()
    }

    /// What has not been fetched yet at the end: since the last request failed, or while its pages come in.
    pub fn open(&self, now: Millis) -> Option<Gap> {
        let done = self.polled();
        let from = self.head.as_ref().map_or(done, |pass| done.max(pass.reached));
        let from = from.max(self.live_at.unwrap_or(from));
        let open = match (&self.fault, &self.head) {
            (Some(_), _) => Some((now, GapReason::Fault)),
            (None, Some(pass)) if pass.pages > 0 => Some((pass.begun, GapReason::Filling)),
            (None, _) => None,
        };
        open.map(|(until, why)| Gap { from, until, why }).filter(|gap| gap.until > gap.from)
    }

    /// All that is not fetched, of the end too; that late lines were not looked for leaves nothing out that is known.
    pub fn missing(&self, now: Millis) -> impl Iterator<Item = Gap> {
        let gaps = self.gaps(now).into_iter().chain(self.open(now));
        gaps.filter(|gap| gap.why != GapReason::LateUnchecked)
    }

    /// Live Tail left something out that has not been looked for yet.
    pub fn has_holes(&self) -> bool {
        !self.holes.is_empty()
    }

    pub(super) fn note_hole(&mut self, from: Millis, until: Millis, why: GapReason) {
        match self.holes.last_mut() {
            Some(hole) if hole.why == why => (hole.from, hole.until) = (hole.from.min(from), until),
            _ => self.holes.push(Gap { from, until, why }),
        }
    }

    /// Up to here polling has read all.
    pub(super) fn polled(&self) -> Millis {
        self.head_done.map_or(self.start, |done| done.begun)
    }

    pub(super) fn give_up(&mut self, from: Millis, until: Millis, why: GapReason) {
        match self.given_up.iter_mut().rfind(|gap| gap.why == why) {
            Some(gap) if gap.until >= from => gap.until = until,
            _ => self.given_up.push(Gap { from, until, why }),
        }
    }

    /// Nothing before `floor` is asked for any more: what is not held of it by then is given up.
    pub(super) fn give_up_holes(&mut self, floor: Millis) {
        // A pass that is under way has filled them up to here.
        let reached = self.head.as_ref().map_or(Millis::MIN, |pass| pass.reached);
        for hole in std::mem::take(&mut self.holes) {
            let (from, until) = (hole.from.max(reached), hole.until.min(floor));
            if from < until {
                self.give_up(from, until, GapReason::GivenUp);
            }
            if floor < hole.until {
                let from = hole.from.max(floor);
                self.holes.push(Gap { from, ..hole });
            }
        }
    }
}
