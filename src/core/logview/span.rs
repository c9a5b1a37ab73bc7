//! The window of the time axis.

use super::LogView;
use crate::core::{fact::Millis, keymap::Intent};

/// Narrowest window, in milliseconds.
const LEAST: Millis = 60_000;
/// Widest window, in milliseconds: a year.
const MOST: Millis = 366 * 86_400_000;

impl LogView {
    /// First and last time of the axis: the window that was asked for, else that of all lines held.
    pub fn span(&self) -> Option<(Millis, Millis)> {
        self.span.or_else(|| self.lines.histogram().span())
    }

    /// Moves the window by half its width, halves or doubles it round the cursor, and goes there. Gives the
    /// new one; none while there are no lines. It does not end after `now`, does not begin before 1970, and is no
    /// wider than a year.
    pub fn move_span(&mut self, intent: Intent, now: Millis) -> Option<(Millis, Millis)> {
        let (from, until) = self.span()?;
        let width = (until - from).clamp(LEAST, MOST);
        let middle = self.selected().map_or(until, |line| line.at()).clamp(from, until);
        let (from, width) = match intent {
            Intent::Earlier => (from - width / 2, width),
            Intent::Later => (from + width / 2, width),
            Intent::Narrower => (middle - width / 4, (width / 2).max(LEAST)),
            Intent::Wider => (middle - (width * 2).min(MOST) / 2, (width * 2).min(MOST)),
            _ => (from, width),
        };
        let until = (from.max(0) + width).min(now.max(until));
        let span = (until - width, until);
        self.span = Some(span);
        if matches!(intent, Intent::Earlier | Intent::Later) {
            self.jump_to_time(span.0 + width / 2);
        }
        Some(span)
    }

    /// The first line held is the first in sight.
    pub fn is_at_first(&self) -> bool {
        !self.is_following() && self.top_row(self.size).map(|(spot, _)| spot) == self.first()
    }
}
