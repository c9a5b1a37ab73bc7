//! Holes between the lines shown: where they are in the window, and what of one is to be filled for who reads there.

use super::LogView;
use crate::core::{
    fact::{LogEvent, Millis},
    lines::{Hole, Spot},
    tail::Arrived,
};

/// Of a hole of unknown size no more than this is filled at once, in milliseconds.
const UNKNOWN: Millis = 6 * 60 * 60 * 1000;
/// Most lines that are filled at once: two pages of CloudWatch.
const AT_ONCE: u64 = 20_000;

impl LogView {
    /// The hole right before a line that is shown; the holes between it and the one before count as one.
    pub(super) fn hole_before(&self, spot: Spot) -> Option<Hole> {
        let holes = self.lines.holes();
        if holes.is_empty() {
            return None;
        }
        let at = self.lines.line(spot)?.at();
        let before = self
            .prev(spot)
            .and_then(|spot| self.lines.line(spot))
            .map_or(Millis::MIN, |line| line.at());
        let between = holes.iter().filter(|hole| before <= hole.from && hole.until <= at);
        between.copied().reduce(Hole::and)
    }

    /// The interval to fill for who reads here: of the hole in sight that is nearest to the cursor the part at it.
    /// None where no hole is in sight; for who wants what is further up, none above the cursor. Its end does not belong
    /// to it.
    pub fn gap_in_sight(&self, is_up: bool) -> Option<(Millis, Millis)> {
        if self.is_following() || self.lines.holes().is_empty() {
            return None;
        }
        let window = self.window(self.size.height, self.size.width);
        let cursor = window.rows.iter().position(|row| row.selected).unwrap_or(0);
        let holes = window.holes.into_iter().filter(|(row, _)| !is_up || *row <= cursor);
        let (row, hole) = holes.min_by_key(|(row, _)| row.abs_diff(cursor))?;
        Some(self.part(hole, row <= cursor))
    }

    /// The interval to fill for who goes to a time that is in a hole.
    pub fn gap_at(&self, at: Millis) -> Option<(Millis, Millis)> {
        let hole = self.hole_at(at)?;
        Some(self.part(Hole { from: at, ..hole }, false))
    }

    /// The hole that a time lies in; its end does not belong to it.
    pub fn gap_round(&self, at: Millis) -> Option<(Millis, Millis)> {
        self.hole_at(at).map(|hole| (hole.from, hole.until + 1))
    }

    pub(super) fn hole_at(&self, at: Millis) -> Option<Hole> {
        let mut holes = self.lines.holes().iter();
        holes.find(|hole| (hole.from..=hole.until).contains(&at)).copied()
    }

    /// As much of a hole as fits into a quarter of the memory, if its lines are as long as those held.
    fn part(&self, hole: Hole, is_end: bool) -> (Millis, Millis) {
        let fits = ((self.lines.limit() / 4 / self.a_line()) as u64).clamp(1, AT_ONCE);
        let end = hole.until + 1;
        let width = if !hole.is_counted {
            (end - hole.from).min(UNKNOWN).min(self.widest())
        } else if hole.lines <= fits {
            end - hole.from
        } else {
            ((end - hole.from) as f64 * (fits as f64 / hole.lines as f64)) as Millis
        };
        let width = width.max(1);
        if is_end {
            ((end - width).max(hole.from), end)
        } else {
            (hole.from, (hole.from + width).min(end))
        }
    }

    /// About the bytes of a line.
    fn a_line(&self) -> usize {
        (self.lines.bytes() / self.lines.len().max(1)).max(1)
    }

    /// Whether so many lines fill half of the memory, if they are as long as those held.
    pub fn is_half(&self, lines: usize) -> bool {
        lines.saturating_mul(self.a_line()) >= self.lines.limit() / 2
    }

    /// Longest window that half of the memory would hold, if it is as full as the time of which lines are held.
    pub fn widest(&self) -> Millis {
        let Some((from, until)) = self.lines.histogram().span() else {
            return Millis::MAX;
        };
        let share = (self.lines.limit() / 2) as f64 / self.lines.bytes().max(1) as f64;
        let holes = self.lines.holes().iter();
        let missing: Millis = holes.map(|hole| (hole.until.min(until) - hole.from.max(from)).max(0)).sum();
        ((until - from - missing).max(60_000) as f64 * share) as Millis
    }

    /// Lines of the interval come now; its end does not belong to it.
    pub fn fill(&mut self, from: Millis, until: Millis) {
        self.lines.fill(from, until);
    }

    /// The interval was not filled to its end.
    pub fn leave_out(&mut self, from: Millis, until: Millis) {
        self.lines.leave_out(from, until);
    }

    /// Takes lines in that are older than those held, or lie between them. The window stays, and they are not new;
    /// `is_first` when they do not go on with the page before. Whether others had to make room.
    pub fn append_older(&mut self, events: Vec<LogEvent>, is_first: bool) -> bool {
        let arrivals = events.into_iter().map(|event| Arrived { event, late: false });
        let has_made_room = self.take_in(|lines| lines.append_again(arrivals, is_first));
        self.mark_again();
        has_made_room
    }
}
