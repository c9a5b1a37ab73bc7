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
    /// Not yet: the lines on the way are still being looked through.
    Looking,
}

/// A jump that waits for a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish {
    sought: Sought,
    is_back: bool,
}

impl Wish {
    fn new(sought: Sought, is_back: bool) -> Self {
        Self { sought, is_back }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sought {
    Match,
    Error,
}

impl LogView {
    /// Searches for a pattern; all lines stay. An empty one ends the search.
    pub fn search(&mut self, text: &str) {
        self.ask(Part::Search);
        self.search = None;
        self.wishes.clear();
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
        self.wish(Wish::new(Sought::Match, false))
    }

    /// The match before the cursor.
    pub fn prev_match(&mut self) -> Jump {
        self.wish(Wish::new(Sought::Match, true))
    }

    /// The next entry of level error and above, from the last one to the first; for who follows the nearest one above.
    pub fn next_error(&mut self) -> Jump {
        self.wish(Wish::new(Sought::Error, false))
    }

    /// The entry of level error and above before the cursor, from the first one to the last.
    pub fn prev_error(&mut self) -> Jump {
        self.wish(Wish::new(Sought::Error, true))
    }

    /// Makes the jumps that wait, as far as is known now where they lead: call after lines or what a scan found came in.
    /// How the last one of them went, and whether it went to a match; `None` where none was made.
    pub fn resume(&mut self) -> Option<(Jump, bool)> {
        let mut left = std::mem::take(&mut self.wishes).into_iter();
        let mut last = None;
        while let Some(wish) = left.next() {
            match self.step(wish) {
                Jump::Looking => {
                    self.wishes = std::iter::once(wish).chain(left).collect();
                    break;
                }
                jump => last = Some((jump, wish.sought == Sought::Match)),
            }
        }
        last.filter(|_| self.wishes.is_empty())
    }

    /// A jump that comes after those that wait.
    fn wish(&mut self, wish: Wish) -> Jump {
        let jump = if self.wishes.is_empty() { self.step(wish) } else { Jump::Looking };
        if jump == Jump::Looking {
            self.wishes.push(wish);
        }
        jump
    }

    fn step(&mut self, wish: Wish) -> Jump {
        if wish.sought == Sought::Match && self.search.is_none() {
            return Jump::Nowhere;
        }
        let is_back = wish.is_back || self.is_following();
        let (from, round) = if is_back {
            (self.before_cursor(), self.lines.last())
        } else {
            (self.cursor().and_then(|spot| self.lines.next(spot)), self.lines.first())
        };
        let find = |spot| match (wish.sought, is_back) {
            (Sought::Match, false) => self.match_from(spot),
            (Sought::Match, true) => self.match_back_from(spot),
            (Sought::Error, false) => self.error_from(spot),
            (Sought::Error, true) => self.error_back_from(spot),
        };
        let straight = from.and_then(find);
        if !self.has_looked(wish.sought, from.zip(straight)) {
            return Jump::Looking;
        }
        let there = straight.or_else(|| round.and_then(find));
        self.jump(straight, there)
    }

    /// Whether all lines on a way have been looked through; of all that are held where none is given.
    fn has_looked(&self, sought: Sought, way: Option<(Spot, Spot)>) -> bool {
        let places = match way {
            Some((from, to)) => from.segment.min(to.segment)..from.segment.max(to.segment) + 1,
            None => 0..self.lines.segments().len(),
        };
        let search = self.search.as_ref().filter(|_| sought == Sought::Match).map(|(_, index)| index);
        self.index()
            .into_iter()
            .chain(search)
            .all(|index| index.knows(&self.lines, places.clone()))
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
