//! The state of the Logs screen: which lines are shown, where the window and the cursor are, and what
//! the operator asked for. It moves only when somebody moves it: lines that come in never take a
//! detached window along.

use std::collections::BTreeMap;

use super::{
    fact::Millis,
    lines::{Anchor, Appended, Column, EventId, Filter, Found, Index, Kept, Line, Lines, Mined, Mining, Pattern, Scan, Spot},
    tail::Arrived,
};

mod filter;
mod holes;
mod jump;
mod marks;
mod pan;
mod results;
mod span;
#[cfg(test)]
mod tests;
mod time;
mod tokens;
mod visit;
mod window;

use self::{filter::Layer, jump::Wish, visit::Visit, window::Size};
pub use self::{
    filter::Toggled,
    jump::Jump,
    span::AHEAD,
    time::{moment, parse_time},
    tokens::{Token, tokens},
    window::{Row, Window},
};

/// About what a mark takes in a tree whose nodes are half full.
const A_MARK: usize = 2 * size_of::<(Anchor, Option<EventId>)>();

/// Where the window stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the end, whatever comes.
    Follow,
    /// Detached.
    At {
        /// First line of the window.
        top: Anchor,
        /// Rows of it that are above the window.
        skip: usize,
        /// The selected line.
        cursor: Anchor,
    },
}

/// A row of the screen: a line and the how-manieth of its rows.
type RowSpot = (Spot, usize);

/// The state of the Logs screen.
#[derive(Debug, Clone)]
pub struct LogView {
    lines: Lines,
    place: Place,
    size: Size,
    filter: Filter,
    /// Which lines the filter keeps; none where it keeps all.
    kept: Option<Index>,
    search: Option<(Pattern, Index)>,
    generation: u64,
    scans: Vec<Scan>,
    shows_hidden: bool,
    wrap: bool,
    sideways: usize,
    shows_histogram: bool,
    /// Window of the time axis; that of all lines when none.
    span: Option<(Millis, Millis)>,
    /// The lines that are marked, with what AWS knows each by: one that had to make room comes again with another number.
    marks: BTreeMap<Anchor, Option<EventId>>,
    /// Paused; whether the window followed before.
    paused: Option<bool>,
    /// Number of the line that was to come next when the window was detached.
    seen: Option<u64>,
    /// What Esc takes back, the last one at the end.
    trail: Vec<Visit>,
    /// What it takes back before that: what was asked for since.
    layers: Vec<Layer>,
    /// Jumps that wait until it is known where they lead. A move drops them.
    wishes: Vec<Wish>,
}

impl LogView {
    /// An empty screen that follows; `memory` is the most bytes of lines held.
    pub fn new(memory: usize) -> Self {
        Self {
            lines: Lines::new(memory),
            place: Place::Follow,
            size: Size::new(24, 80),
            filter: Filter::default(),
            kept: None,
            search: None,
            generation: 0,
            scans: Vec::new(),
            shows_hidden: false,
            wrap: false,
            sideways: 0,
            shows_histogram: true,
            span: None,
            marks: BTreeMap::new(),
            paused: None,
            seen: None,
            trail: Vec::new(),
            layers: Vec::new(),
            wishes: Vec::new(),
        }
    }

    /// An empty one that holds as much. What is still being found in the lines of this one is not taken for its own.
    pub fn cleared(&self) -> Self {
        Self {
            lines: self.lines.cleared(),
            generation: self.generation,
            ..Self::new(0)
        }
    }

    /// The lines held.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// What is kept.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// What is searched for.
    pub fn searched(&self) -> Option<&Pattern> {
        self.search.as_ref().map(|(pattern, _)| pattern)
    }

    /// Matches of the search found so far.
    pub fn search_len(&self) -> usize {
        self.search.as_ref().map_or(0, |(_, index)| index.len())
    }

    /// Which match the cursor is on, from 1 on.
    pub fn search_place(&self) -> Option<usize> {
        let (_, index) = self.search.as_ref()?;
        let cursor = self.cursor().filter(|_| !self.is_following())?;
        index.contains(&self.lines, cursor).then(|| index.row(&self.lines, cursor) + 1)
    }

    /// How many lines the filter keeps, as far as is known; none where there is no filter.
    pub fn kept_len(&self) -> Option<usize> {
        self.kept.as_ref().map(Index::len)
    }

    /// The window is at the end and stays there.
    pub fn is_following(&self) -> bool {
        self.place == Place::Follow
    }

    /// No new lines are wanted: the caller stops asking for pages. The tail takes up later where it was.
    pub fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Lines shown that have come since the window was detached, wherever their time has put them.
    pub fn new_lines(&self) -> usize {
        let seen = self.seen.filter(|_| !self.is_following());
        seen.map_or(0, |seen| self.lines.news(seen, self.index()))
    }

    /// How many lines are shown, as far as is known.
    fn shown_len(&self) -> usize {
        self.index().map_or(self.lines.len(), Index::len)
    }

    /// Long lines go on in the next row.
    pub fn wraps(&self) -> bool {
        self.wrap
    }

    /// The histogram is wanted.
    pub fn shows_histogram(&self) -> bool {
        self.shows_histogram
    }

    /// Lines that the filter does not keep are shown as well, marked as such.
    pub fn shows_hidden(&self) -> bool {
        self.shows_hidden
    }

    /// Takes the size of the window.
    pub fn resize(&mut self, height: usize, width: usize) {
        if self.size != Size::new(height, width) {
            self.size = Size::new(height, width);
            self.settle();
        }
    }

    /// Takes new events in. A detached window stays where it is.
    pub fn append(&mut self, arrivals: impl IntoIterator<Item = Arrived>) {
        self.take_in(|lines| lines.append(arrivals));
    }

    /// Whether lines had to make room.
    fn take_in(&mut self, add: impl FnOnce(&mut Lines) -> Appended) -> bool {
        self.hold();
        let (row, was_empty) = (self.cursor_row(), self.first().is_none());
        let reader = match &self.place {
            Place::Follow => None,
            Place::At { cursor, .. } => Some(cursor.at),
        };
        self.lines.read_at(reader);
        self.count_beside();
        let seq = self.lines.next_seq();
        let change = add(&mut self.lines);
        if let Some(index) = &mut self.kept {
            index.follow(&self.lines, &change);
        }
        if let Some((_, index)) = &mut self.search {
            index.follow(&self.lines, &change);
        }
        self.join_news(&change, seq);
        self.keep_row(row);
        if was_empty {
            self.settle();
        }
        self.count_beside();
        !change.evicted.is_empty()
    }

    /// Tells the store what is held about its lines.
    fn count_beside(&mut self) {
        let search = self.search.as_ref().map(|(_, index)| index);
        let found: usize = self.kept.iter().chain(search).map(Index::bytes).sum();
        self.lines.holds_beside(found + self.marks.len() * A_MARK);
    }

    /// The same, and lines make room for it.
    pub(super) fn make_room(&mut self) {
        self.count_beside();
        if self.lines.bytes() > self.lines.limit() {
            self.take_in(Lines::make_room);
        }
    }

    /// Work for another thread: call after each action; what it finds comes back through
    /// [`found`](Self::found).
    pub fn take_scans(&mut self) -> Vec<Scan> {
        std::mem::take(&mut self.scans)
    }

    /// Takes what a scan found.
    pub fn found(&mut self, found: Found) {
        let is_kept = self.kept.as_ref().is_some_and(|index| index.generation() == found.generation);
        if is_kept {
            if let Some(index) = &mut self.kept {
                index.found(&self.lines, found);
            }
            self.settle();
        } else if let Some((_, index)) = &mut self.search {
            index.found(&self.lines, found);
        }
        self.make_room();
    }

    /// More work for another thread, as [`take_scans`](Self::take_scans); what it finds comes back through
    /// [`mined`](Self::mined).
    pub fn take_minings(&mut self) -> Vec<Mining> {
        self.lines.minings(Self::number_of(self.generation))
    }

    /// Takes the shapes of errors that were found.
    pub fn mined(&mut self, mined: &Mined) {
        if !self.lines.mined(mined) || self.filter.shape.is_none() {
            return;
        }
        self.hold();
        let (row, was_empty) = (self.cursor_row(), self.first().is_none());
        if let Some(index) = &mut self.kept {
            index.mined(&self.lines, mined.segment);
        }
        self.keep_row(row);
        if was_empty {
            self.settle();
        }
    }

    /// Filter or search have not looked at all lines yet.
    pub fn is_searching(&self) -> bool {
        let search = self.search.as_ref().map(|(_, index)| index);
        self.kept.iter().chain(search).any(|index| !index.is_complete(&self.lines))
    }

    /// Does the waiting scans here and now: for scripts and tests.
    pub fn finish_scans(&mut self) {
        for scan in self.take_scans() {
            let mut all = Vec::new();
            scan.run(|| false, |found| all.push(found));
            for found in all {
                self.found(found);
            }
        }
        loop {
            let minings = self.take_minings();
            if minings.is_empty() {
                return;
            }
            for mining in minings {
                self.mined(&mining.run());
            }
        }
    }

    /// Stops or takes up the intake. A window that followed stands still meanwhile.
    pub fn toggle_pause(&mut self) {
        if let Some(followed) = self.paused.take() {
            if followed {
                self.follow_on();
            }
        } else {
            self.paused = Some(self.is_following());
            self.detach();
        }
    }

    /// Goes to the end and stays there.
    pub fn follow_on(&mut self) {
        self.wishes.clear();
        self.place = Place::Follow;
        self.span = None;
        self.seen = None;
    }

    /// The cursor `count` lines up.
    pub fn up(&mut self, count: usize) {
        self.wishes.clear();
        self.detach();
        let Some(mut cursor) = self.cursor() else { return };
        for _ in 0..count {
            let Some(prev) = self.prev(cursor) else { break };
            cursor = prev;
        }
        self.set_cursor(cursor);
        self.scroll_to_cursor();
    }

    /// The cursor `count` lines down. At the end it stays; only [`follow_on`](Self::follow_on) follows.
    pub fn down(&mut self, count: usize) {
        self.wishes.clear();
        let Some(mut cursor) = self.cursor().filter(|_| !self.is_following()) else {
            return;
        };
        for _ in 0..count {
            let Some(next) = self.next(cursor) else { break };
            cursor = next;
        }
        self.set_cursor(cursor);
        self.scroll_to_cursor();
    }

    /// A page up.
    pub fn page_up(&mut self) {
        self.turn_up(self.size.height.saturating_sub(1).max(1));
    }

    /// A page down.
    pub fn page_down(&mut self) {
        self.turn_down(self.size.height.saturating_sub(1).max(1));
    }

    /// Half a page up.
    pub fn half_up(&mut self) {
        self.turn_up((self.size.height / 2).max(1));
    }

    /// Half a page down.
    pub fn half_down(&mut self) {
        self.turn_down((self.size.height / 2).max(1));
    }

    /// To the first line.
    pub fn top(&mut self) {
        self.wishes.clear();
        self.detach();
        if let Some(first) = self.first() {
            self.set_place((first, 0), first);
        }
    }

    /// To the first line shown at or after a time, or to the last one.
    pub fn jump_to_time(&mut self, at: Millis) {
        self.wishes.clear();
        self.detach();
        let there = self.lines.at_time(at).and_then(|spot| self.at_or_after(spot));
        if let Some(spot) = there.or_else(|| self.last()) {
            self.show(spot);
        }
    }

    /// To a line that is known by its anchor, such as that of an event on another screen.
    pub fn jump_to(&mut self, anchor: &Anchor) {
        self.wishes.clear();
        self.detach();
        let there = self.lines.locate(anchor).and_then(|spot| self.at_or_after(spot));
        if let Some(spot) = there.or_else(|| self.last()) {
            self.show(spot);
        }
    }

    /// Long lines go on in the next row, or are cut.
    pub fn toggle_wrap(&mut self) {
        self.wrap = !self.wrap;
        self.settle();
    }

    /// Shows or hides the histogram.
    pub fn toggle_histogram(&mut self) {
        self.shows_histogram = !self.shows_histogram;
    }

    /// Sideways by columns, where lines are not wrapped.
    pub fn sideways(&mut self, columns: isize) {
        self.sideways = self.sideways.saturating_add_signed(columns);
    }

    /// The line under the cursor; while following the last one.
    pub fn selected(&self) -> Option<Line<'_>> {
        self.lines.line(self.cursor()?)
    }

    /// The whole entry under the cursor: its first line, and those of its stream that go on with it.
    pub fn entry(&self) -> Vec<Line<'_>> {
        let entry = self.cursor().map(|cursor| self.lines.entry(cursor));
        let spots = entry.into_iter().flatten();
        spots.filter_map(|spot| self.lines.line(spot)).collect()
    }

    /// All lines shown, oldest first.
    pub fn shown(&self) -> impl Iterator<Item = Line<'_>> {
        std::iter::successors(self.first(), |spot| self.next(*spot)).filter_map(|spot| self.lines.line(spot))
    }

    /// Times of the first and the last of them.
    pub fn ends(&self) -> Option<(Millis, Millis)> {
        let at = |spot| self.lines.line(spot).map(|line| line.at());
        Some((at(self.first()?)?, at(self.last()?)?))
    }

    /// The same for a file.
    pub fn to_write(&self) -> Kept {
        self.lines.to_write(self.index())
    }

    /// Counts of the lines shown by time and level, in at most `columns` equal parts of an interval.
    pub fn histogram(&self, from: Millis, until: Millis, columns: usize) -> Vec<Column> {
        let mut out = Column::split(from, until, columns);
        match self.index() {
            Some(index) => index.pour(&mut out),
            None => self.lines.histogram().pour(&mut out),
        }
        out
    }

    /// Where the filter hides the chosen lines, those shown in their place become the chosen ones; else
    /// a line that comes in between would take the window or the cursor.
    fn hold(&mut self) {
        if let (false, Some(top), Some(cursor)) = (self.is_following(), self.top_row(self.size), self.cursor()) {
            self.set_place(top, cursor);
        }
    }

    /// The index of what is shown; none where all is.
    fn index(&self) -> Option<&Index> {
        self.kept.as_ref().filter(|_| !self.shows_hidden)
    }

    fn at_or_after(&self, spot: Spot) -> Option<Spot> {
        match self.index() {
            Some(index) => index.at_or_after(&self.lines, spot),
            None => Some(spot),
        }
    }

    fn at_or_before(&self, spot: Spot) -> Option<Spot> {
        match self.index() {
            Some(index) => index.at_or_before(&self.lines, spot),
            None => Some(spot),
        }
    }

    fn first(&self) -> Option<Spot> {
        self.at_or_after(self.lines.first()?)
    }

    fn last(&self) -> Option<Spot> {
        self.at_or_before(self.lines.last()?)
    }

    fn next(&self, spot: Spot) -> Option<Spot> {
        self.at_or_after(self.lines.next(spot)?)
    }

    fn prev(&self, spot: Spot) -> Option<Spot> {
        self.at_or_before(self.lines.prev(spot)?)
    }

    /// The shown line nearest to an anchor.
    fn near(&self, anchor: &Anchor) -> Option<Spot> {
        let there = self.lines.locate(anchor).and_then(|spot| self.at_or_after(spot));
        there.or_else(|| self.last())
    }

    fn cursor(&self) -> Option<Spot> {
        match &self.place {
            Place::Follow => self.last(),
            Place::At { cursor, .. } => self.near(cursor),
        }
    }
}
