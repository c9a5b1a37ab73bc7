//! Going from match to match, and from error to error.

use super::{LogView, filter::Part};
use crate::core::{
    lines::{Filter, Line, Pattern, Spot},
    logline::Level,
};

/// How a jump went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jump {
    /// There.
    Moved,
    /// There, past the end or the beginning.
    Wrapped,
    /// Nothing to go to.
    Nowhere,
}

impl LogView {
    /// Searches for a pattern; all lines stay. An empty one ends the search.
    pub fn search(&mut self, text: &str) {
        self.ask(Part::Search);
        self.search = None;
        if let Some(pattern) = Pattern::search(text) {
            self.unfold();
            let filter = Filter {
                pattern: Some(pattern.clone()),
                ..Filter::default()
            };
            let index = self.look_through(filter);
            self.search = Some((pattern, index));
        }
    }

    /// The next match after the cursor; for who follows the nearest one above.
    pub fn next_match(&mut self) -> Jump {
        if self.is_following() {
            return self.prev_match();
        }
        let after = self.cursor().and_then(|spot| self.lines.next(spot));
        let found = after.and_then(|spot| self.match_from(spot));
        let wrapped = || self.lines.first().and_then(|spot| self.match_from(spot));
        self.jump(found, found.or_else(wrapped))
    }

    /// The match before the cursor.
    pub fn prev_match(&mut self) -> Jump {
        let found = self.before_cursor().and_then(|spot| self.match_back_from(spot));
        let wrapped = || self.lines.last().and_then(|spot| self.match_back_from(spot));
        self.jump(found, found.or_else(wrapped))
    }

    /// The next entry of level error and above, from the last one to the first; for who follows the nearest one above.
    pub fn next_error(&mut self) -> Jump {
        if self.is_following() {
            return self.prev_error();
        }
        let after = self.cursor().and_then(|spot| self.lines.next(spot));
        let found = after.and_then(|spot| self.error_from(spot));
        let wrapped = || self.lines.first().and_then(|spot| self.error_from(spot));
        self.jump(found, found.or_else(wrapped))
    }

    /// The entry of level error and above before the cursor, from the first one to the last.
    pub fn prev_error(&mut self) -> Jump {
        let found = self.before_cursor().and_then(|spot| self.error_back_from(spot));
        let wrapped = || self.lines.last().and_then(|spot| self.error_back_from(spot));
        self.jump(found, found.or_else(wrapped))
    }

    /// The line before that of the cursor; who follows has not chosen the last line.
    fn before_cursor(&self) -> Option<Spot> {
        let cursor = self.cursor()?;
        if self.is_following() {
            Some(cursor)
        } else {
            self.lines.prev(cursor)
        }
    }

    pub(super) fn jump(&mut self, straight: Option<Spot>, there: Option<Spot>) -> Jump {
        let Some(spot) = there else { return Jump::Nowhere };
        self.detach();
        self.show(spot);
        if straight.is_some() { Jump::Moved } else { Jump::Wrapped }
    }

    /// The first match at or after `spot` that is shown.
    fn match_from(&self, mut spot: Spot) -> Option<Spot> {
        let (_, matches) = self.search.as_ref()?;
        loop {
            let found = matches.at_or_after(&self.lines, spot)?;
            spot = self.at_or_after(found)?;
            if spot == found {
                return Some(found);
            }
        }
    }

    fn match_back_from(&self, mut spot: Spot) -> Option<Spot> {
        let (_, matches) = self.search.as_ref()?;
        loop {
            let found = matches.at_or_before(&self.lines, spot)?;
            spot = self.at_or_before(found)?;
            if spot == found {
                return Some(found);
            }
        }
    }

    fn is_error(&self, spot: Spot) -> bool {
        let is_head = |line: Line<'_>| line.level() >= Level::Error && !line.is_continuation();
        self.lines.line(spot).is_some_and(is_head) && self.at_or_after(spot) == Some(spot)
    }

    /// Segments without an error are passed over whole.
    fn error_from(&self, from: Spot) -> Option<Spot> {
        let with_errors = self
            .lines
            .segments()
            .enumerate()
            .skip(from.segment)
            .filter(|(_, segment)| segment.errors() > 0);
        with_errors
            .flat_map(|(place, segment)| (0..segment.len()).map(move |line| Spot { segment: place, line }))
            .find(|spot| *spot >= from && self.is_error(*spot))
    }

    fn error_back_from(&self, from: Spot) -> Option<Spot> {
        let upto = self.lines.segments().enumerate().take(from.segment + 1);
        upto.rev()
            .filter(|(_, segment)| segment.errors() > 0)
            .flat_map(|(place, segment)| (0..segment.len()).rev().map(move |line| Spot { segment: place, line }))
            .find(|spot| *spot <= from && self.is_error(*spot))
    }
}
