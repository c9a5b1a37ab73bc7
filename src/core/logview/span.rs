//! The window of the time axis.

use super::LogView;
use crate::core::{
    fact::Millis,
    keymap::Intent,
    lines::{Hole, Spot},
};

/// Narrowest window, in milliseconds.
const LEAST: Millis = 60_000;
/// Widest window, in milliseconds: a year.
const MOST: Millis = 366 * 86_400_000;

/// What is stamped further ahead of now than this, in milliseconds, lies beyond the axis: a clock is wrong.
pub const AHEAD: Millis = 5 * 60_000;

impl LogView {
    /// First and last time of the axis: the window that was asked for, else that of the lines held, as far as their time
    /// can be. Where lines between them were never fetched it is that of the lines on this side of them.
    pub fn span(&self, now: Millis) -> Option<(Millis, Millis)> {
        self.span.or_else(|| {
            let (from, until) = self.lines.histogram().span()?;
            let (from, until) = self.run_here().unwrap_or((from, until));
            let until = until.min(now.saturating_add(AHEAD));
            Some((from.min(until - 1_000), until))
        })
    }

    /// To a second the first time of the lines here and the first after them, where lines on either side were never
    /// fetched.
    fn run_here(&self) -> Option<(Millis, Millis)> {
        let mut gaps = self.lines.holes().iter().filter(|hole| !hole.is_counted).peekable();
        gaps.peek()?;
        let here = self.selected()?.at();
        let (before, after): (Vec<&Hole>, Vec<&Hole>) = gaps.partition(|hole| hole.until < here);
        let first = before
            .last()
            .map_or_else(|| self.lines.first(), |hole| self.lines.at_time(hole.until));
        let end = after.first().and_then(|hole| self.lines.at_time(hole.from + 1));
        let last = end.map_or_else(|| self.lines.last(), |end| self.lines.prev(end));
        let second = |spot: Option<Spot>| Some(self.lines.line(spot?)?.at().div_euclid(1_000));
        Some((second(first)? * 1_000, (second(last)? + 1) * 1_000))
    }

    /// Moves the window by half its width, and goes to its middle where the cursor would be left behind; or halves or
    /// doubles it, and what is under the cursor stays where it is on the axis. Gives the new one; none while there are no
    /// lines. It does not end after `now`, does not begin before 1970, and is no wider than a year.
    pub fn move_span(&mut self, intent: Intent, now: Millis) -> Option<(Millis, Millis)> {
        let (from, until) = self.span(now)?;
        let width = (until - from).clamp(LEAST, MOST);
        let cursor = self.selected().map_or(until, |line| line.at());
        let here = cursor.clamp(from, until);
        let round_cursor = |new: Millis| (here - ((here - from) as f64 * (new as f64 / width as f64)) as Millis, new);
        let (from, width) = match intent {
            Intent::Earlier => (from - width / 2, width),
            Intent::Later => (from + width / 2, width),
            Intent::Narrower => round_cursor((width / 2).max(LEAST)),
            Intent::Wider => round_cursor((width * 2).min(MOST)),
            _ => (from, width),
        };
        let until = (from.max(0) + width).min(now.max(until));
        let span = (until - width, until);
        self.span = Some(span);
        let middle = span.0 + width / 2;
        let is_left_behind = match intent {
            Intent::Earlier => middle < cursor,
            Intent::Later => cursor < middle,
            _ => false,
        };
        if is_left_behind {
            self.jump_to_time(middle);
        }
        Some(span)
    }

    /// The first line shown is the first in sight, or no line is shown.
    pub fn is_at_first(&self) -> bool {
        let is_first = |first| !self.is_following() && self.top_row(self.size).is_some_and(|(spot, _)| spot == first);
        self.first().is_none_or(is_first)
    }
}
