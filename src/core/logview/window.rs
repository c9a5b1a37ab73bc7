//! What of the lines is in the window, row by row, ready to draw; and the arithmetic of rows. The cost
//! is that of the rows in sight, however many lines are held.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use super::{LogView, Place, RowSpot};
use crate::core::{
    fact::Millis,
    lines::{Anchor, Hole, Line, Pattern, Request, Spot},
    logline::{self, Level},
    names::App,
    text::SafeText,
};

/// Most rows that one line takes in the list; the whole of it is in its detail view.
const MAX_ROWS: usize = 20;
/// Bytes looked at for each column that may be shown: marks and colour sequences take some.
const BYTES_A_COLUMN: usize = 8;

/// One row of the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line it belongs to.
    pub anchor: Anchor,
    /// Which of the line's rows it is; the first has time and level.
    pub part: usize,
    /// Time of the event.
    pub at: Millis,
    /// Level.
    pub level: Level,
    /// Who wrote it.
    pub app: Option<App>,
    /// Log stream.
    pub stream: SafeText,
    /// The text of this row, no wider than the window.
    pub text: SafeText,
    /// Matches of the search, else of the filter; bytes of `text`.
    pub matches: Vec<Range<usize>>,
    /// It came after a line with a later timestamp.
    pub late: bool,
    /// It goes on with the entry before it in its stream.
    pub continuation: bool,
    /// Marked by the operator.
    pub marked: bool,
    /// Under the cursor.
    pub selected: bool,
    /// The filter does not keep it; it is there since hidden lines are shown.
    pub hidden: bool,
    /// On the last row of a line: bytes of it that are not shown for want of room.
    pub more: usize,
    /// Lines of its entry that are folded into it.
    pub folded: usize,
}

impl Row {
    /// What stands at the right of its text where lines are folded into it; there is room for it.
    pub fn fold_label(&self) -> Option<String> {
        (self.folded > 0).then(|| fold_label(self.folded))
    }
}

fn fold_label(lines: usize) -> String {
    let plural = if lines == 1 { "" } else { "s" };
    format!(" +{lines} line{plural} ")
}

/// What is in sight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Rows from the top; fewer than the height at the end of the log.
    pub rows: Vec<Row>,
    /// How many shown lines are above the first.
    pub above: usize,
    /// How many lines are shown in all.
    pub total: usize,
    /// What is not held right before a row, with the place of the row.
    pub holes: Vec<(usize, Hole)>,
}

/// Size of the window, at least one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) height: usize,
    pub(super) width: usize,
    /// Of a few rows on another screen: they are not wrapped, and begin where the lines do.
    is_tail: bool,
}

impl Size {
    pub(super) fn new(height: usize, width: usize) -> Self {
        Self {
            height: height.max(1),
            width: width.max(1),
            is_tail: false,
        }
    }

    /// Most rows of one line.
    fn most(self) -> usize {
        MAX_ROWS.min(self.height)
    }
}

/// A piece of a line: one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: SafeText,
    pub(super) matches: Vec<Range<usize>>,
    pub(super) more: usize,
}

impl LogView {
    /// The newest rows, wherever the window of the screen stands, each a line from its beginning.
    pub fn newest(&self, height: usize, width: usize) -> Vec<Row> {
        let size = Size {
            is_tail: true,
            ..Size::new(height, width)
        };
        let mut rows: Vec<Row> = Vec::new();
        let mut next = self.lines.last();
        while let Some(spot) = next.filter(|_| rows.len() < size.height) {
            let mut above = self.rows_of(spot, size);
            above.append(&mut rows);
            rows = above;
            next = self.lines.prev(spot);
        }
        rows.drain(..rows.len().saturating_sub(size.height));
        rows
    }

    /// The rows of a window of this size.
    pub fn window(&self, height: usize, width: usize) -> Window {
        let size = Size::new(height, width);
        let height = size.height;
        let top = self.top_row(size);
        let mut rows: Vec<Row> = Vec::with_capacity(height);
        let mut next = top.map(|(spot, _)| spot);
        let mut holes = Vec::new();
        while let Some(spot) = next.filter(|_| rows.len() < height) {
            let is_whole = !rows.is_empty() || top.is_none_or(|(_, skip)| skip == 0);
            holes.extend(self.hole_before(spot).filter(|_| is_whole).map(|hole| (rows.len(), hole)));
            rows.extend(self.rows_of(spot, size));
            if Some(spot) == top.map(|(spot, _)| spot) {
                rows.drain(..top.map_or(0, |(_, skip)| skip).min(rows.len()));
            }
            next = self.next(spot);
        }
        rows.truncate(height);
        Window {
            rows,
            above: top.map_or(0, |(spot, _)| self.row_number(spot)),
            total: self.shown_len(),
            holes,
        }
    }

    /// The time of the first line in a window of this size.
    pub fn window_begins(&self, (height, width): (usize, usize)) -> Option<Millis> {
        let (spot, _) = self.top_row(Size::new(height, width))?;
        Some(self.lines.line(spot)?.at())
    }

    /// The first row of a window.
    pub(super) fn top_row(&self, size: Size) -> Option<RowSpot> {
        match &self.place {
            Place::Follow => Some(self.back_from(self.last()?, size)),
            Place::At { top, skip, .. } => {
                let spot = self.near(top)?;
                let is_same = self.lines.line(spot).is_some_and(|line| Anchor::of(line) == *top);
                let last = self.count_rows(spot, size).saturating_sub(1);
                Some((spot, if is_same { last.min(*skip) } else { 0 }))
            }
        }
    }

    /// Leaves the end of the log: the window stays as it is.
    pub(super) fn detach(&mut self) {
        if self.place == Place::Follow
            && let (Some(top), Some(cursor)) = (self.top_row(self.size), self.last())
        {
            self.seen = Some(self.lines.next_seq());
            self.set_place(top, cursor);
        }
    }

    pub(super) fn set_place(&mut self, top: RowSpot, cursor: Spot) {
        if let (Some(first), Some(line)) = (self.lines.line(top.0), self.lines.line(cursor)) {
            self.place = Place::At {
                top: Anchor::of(first),
                skip: top.1,
                cursor: Anchor::of(line),
            };
        }
    }

    pub(super) fn set_cursor(&mut self, cursor: Spot) {
        if let Some(top) = self.top_row(self.size) {
            self.set_place(top, cursor);
        }
    }

    /// Moves the window alone; the cursor's line stays the one that was chosen, shown or not.
    fn set_top(&mut self, (spot, rows): RowSpot) {
        let line = self.lines.line(spot).map(Anchor::of);
        if let (Place::At { top, skip, .. }, Some(line)) = (&mut self.place, line) {
            (*top, *skip) = (line, rows);
        }
    }

    /// Rows of a detached window above the cursor's line; none where the line is not in it from its first row on.
    pub(super) fn cursor_row(&self) -> Option<usize> {
        if self.is_following() {
            return None;
        }
        let (top, cursor) = (self.top_row(self.size)?, self.cursor()?);
        if top > (cursor, 0) {
            return None;
        }
        let (mut here, mut rows) = (top.0, 0);
        while here < cursor {
            rows += self.count_rows(here, self.size);
            if rows >= self.size.height + top.1 {
                return None;
            }
            here = self.next(here)?;
        }
        Some(rows - if rows == 0 { 0 } else { top.1 })
    }

    /// Lines that came between the top of the window and the cursor push the top out, not the cursor.
    pub(super) fn keep_row(&mut self, row: Option<usize>) {
        if let (Some(row), Some(cursor)) = (row, self.cursor()) {
            self.set_top(self.retreat((cursor, 0), row));
        }
    }

    /// Moves the window as little as possible so that the cursor is in it.
    pub(super) fn scroll_to_cursor(&mut self) {
        let (Some(top), Some(cursor)) = (self.top_row(self.size), self.cursor()) else {
            return;
        };
        let lowest = self.back_from(cursor, self.size);
        self.set_top(top.max(lowest).min((cursor, 0)));
    }

    /// Puts the cursor on a line, and the window round it where the line is not in it.
    pub(super) fn show(&mut self, cursor: Spot) {
        let Some(top) = self.top_row(self.size) else { return };
        let is_in_sight = top <= (cursor, 0) && self.back_from(cursor, self.size) <= top;
        let round = || self.retreat((cursor, 0), self.size.height / 3);
        let top = if is_in_sight { top } else { round() };
        self.set_place(top, cursor);
        self.settle();
    }

    /// After a change of place, filter, wrap or size: a detached window has no empty rows below the
    /// last line while there are lines above, and has the cursor in it.
    pub(super) fn settle(&mut self) {
        if self.is_following() {
            return;
        }
        if let (Some(top), Some(last)) = (self.top_row(self.size), self.last()) {
            let lowest = self.back_from(last, self.size);
            self.set_top(top.min(lowest));
            self.scroll_to_cursor();
        }
    }

    pub(super) fn turn_up(&mut self, rows: usize) {
        self.wishes.clear();
        self.detach();
        if let (Some(top), Some(cursor)) = (self.top_row(self.size), self.cursor()) {
            let (there, _) = self.retreat((cursor, 0), rows);
            self.set_place(self.retreat(top, rows), there);
            self.settle();
        }
    }

    pub(super) fn turn_down(&mut self, rows: usize) {
        self.wishes.clear();
        if self.is_following() {
            return;
        }
        if let (Some(top), Some(cursor)) = (self.top_row(self.size), self.cursor()) {
            let (there, _) = self.advance((cursor, 0), rows);
            // A line that is higher than the step would hold the cursor for ever.
            let there = if there == cursor {
                self.next(cursor).unwrap_or(cursor)
            } else {
                there
            };
            self.set_place(self.advance(top, rows), there);
            self.settle();
        }
    }

    /// The first row of a window that ends with the last row of `spot`.
    fn back_from(&self, spot: Spot, size: Size) -> RowSpot {
        let (mut here, mut left) = (spot, size.height);
        loop {
            let rows = self.count_rows(here, size);
            if rows >= left {
                return (here, rows - left);
            }
            left -= rows;
            match self.prev(here) {
                Some(prev) => here = prev,
                None => return (here, 0),
            }
        }
    }

    /// The row `rows` below.
    fn advance(&self, (mut spot, mut skip): RowSpot, rows: usize) -> RowSpot {
        let mut left = rows;
        loop {
            let below = self.count_rows(spot, self.size).saturating_sub(skip);
            if left < below {
                return (spot, skip + left);
            }
            let Some(next) = self.next(spot) else { return (spot, 0) };
            (spot, skip, left) = (next, 0, left - below);
        }
    }

    /// The row `rows` above.
    pub(super) fn retreat(&self, (mut spot, skip): RowSpot, rows: usize) -> RowSpot {
        let Some(mut left) = rows.checked_sub(skip) else {
            return (spot, skip - rows);
        };
        while left > 0 {
            let Some(prev) = self.prev(spot) else { return (spot, 0) };
            let above = self.count_rows(prev, self.size);
            if above >= left {
                return (prev, above - left);
            }
            (spot, left) = (prev, left - above);
        }
        (spot, 0)
    }

    pub(super) fn row_number(&self, spot: Spot) -> usize {
        match self.index() {
            Some(index) => index.row(&self.lines, spot),
            None => self.lines.row(spot),
        }
    }

    /// The size without the columns of what is said of the lines folded into this one.
    fn room(&self, spot: Spot, size: Size) -> Size {
        match self.folded(spot) {
            0 => size,
            lines => Size {
                width: size.width.saturating_sub(fold_label(lines).len()).max(1),
                ..size
            },
        }
    }

    fn count_rows(&self, spot: Spot, size: Size) -> usize {
        match self.lines.line(spot) {
            Some(line) if !self.wrap && (self.is_folding() || !line.raw().contains('\n')) => 1,
            Some(line) => self.pieces(line, self.room(spot, size), false).len(),
            None => 0,
        }
    }

    fn rows_of(&self, spot: Spot, size: Size) -> Vec<Row> {
        let Some(line) = self.lines.line(spot) else { return Vec::new() };
        let anchor = Anchor::of(line);
        let selected = self.cursor() == Some(spot);
        let hidden = self.shows_hidden && self.kept.as_ref().is_some_and(|kept| !kept.contains(&self.lines, spot));
        let folded = self.folded(spot);
        let size = self.room(spot, size);
        let row = |(part, piece): (usize, Piece)| Row {
            folded: if part == 0 { folded } else { 0 },
            anchor,
            part,
            at: line.at(),
            level: line.level(),
            app: line.app(),
            stream: line.stream().clone(),
            text: piece.text,
            matches: piece.matches,
            late: line.is_late(),
            continuation: line.is_continuation(),
            marked: self.marks.contains_key(&anchor),
            selected,
            hidden,
            more: piece.more,
        };
        self.pieces(line, size, selected).into_iter().enumerate().map(row).collect()
    }

    /// A line in rows. No more of it is looked at than can be shown, however long it is; of the one under the cursor as
    /// much as it takes to show a match.
    fn pieces(&self, line: Line<'_>, size: Size, is_selected: bool) -> Vec<Piece> {
        let wraps = self.wraps_in(size);
        let pans = is_selected && !wraps && !size.is_tail && self.sideways == 0 && !self.is_following();
        let columns = if wraps {
            size.most() * size.width
        } else {
            self.sideways + size.width
        };
        let raw = if self.is_folding() { first_part(line.raw()) } else { line.raw() };
        let mut pieces = Vec::new();
        let mut left = raw.len();
        for part in logline::shown_parts(raw) {
            if pieces.len() >= size.most() {
                break;
            }
            left = left.saturating_sub(part.len() + 1);
            if let Some(piece) = pans.then(|| self.panned(part, size)).flatten() {
                pieces.push(piece);
                continue;
            }
            let head = logline::head_of(part, columns * BYTES_A_COLUMN);
            self.cut_part(head, part.len() - head.len(), size, &mut pieces);
        }
        if let Some(last) = pieces.last_mut() {
            last.more += left;
        }
        pieces
    }

    fn wraps_in(&self, size: Size) -> bool {
        self.wrap && !size.is_tail
    }

    /// One part of a line, without its newline, in rows; `unseen` bytes of it follow.
    fn cut_part(&self, part: &str, unseen: usize, size: Size, pieces: &mut Vec<Piece>) {
        let shown = logline::display(part);
        let matches = self.highlighted().map_or_else(Vec::new, |pattern| pattern.ranges(&shown));
        let wraps = self.wraps_in(size);
        let sideways = if size.is_tail { 0 } else { self.sideways };
        let mut from = if wraps { 0 } else { start(&shown, &matches, sideways) };
        loop {
            let end = from + fitting(&shown[from..], size.width);
            pieces.push(Piece {
                text: SafeText::new(&shown[from..end]),
                matches: clip(&matches, from..end),
                more: shown.len() - end + unseen,
            });
            if !wraps || end >= shown.len() || pieces.len() >= size.most() {
                return;
            }
            if let Some(piece) = pieces.last_mut() {
                piece.more = 0;
            }
            from = end;
        }
    }

    /// What is highlighted: the search, else the filter.
    pub(super) fn highlighted(&self) -> Option<&Pattern> {
        let request = self.filter.request.as_ref().map(Request::pattern);
        let kept = [self.filter.pattern.as_ref(), request].into_iter().flatten();
        self.searched().or_else(|| kept.into_iter().find(|pattern| !pattern.is_inverse()))
    }
}

/// Where an unwrapped row begins: after what the gutter tells already, unless a match lies in it, and `sideways` columns on.
pub(super) fn start(shown: &str, matches: &[Range<usize>], sideways: usize) -> usize {
    let lead = logline::lead(shown);
    let lead = if matches.iter().any(|m| m.start < lead) { 0 } else { lead };
    lead + skip_columns(&shown[lead..], sideways)
}

/// The first line of a message that says something.
fn first_part(raw: &str) -> &str {
    logline::shown_parts(raw).find(|part| !part.trim().is_empty()).unwrap_or_default()
}

pub(super) fn width_of(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// Bytes of `text` in its first `columns` columns, with the marks on the last character.
fn skip_columns(text: &str, columns: usize) -> usize {
    let mut column = 0;
    for (at, c) in text.char_indices() {
        if column >= columns && width_of(c) > 0 {
            return at;
        }
        column += width_of(c);
    }
    if columns == 0 { 0 } else { text.len() }
}

/// Bytes of `text` that fit `width` columns; one character at least.
pub(super) fn fitting(text: &str, width: usize) -> usize {
    let mut column = 0;
    for (at, c) in text.char_indices() {
        column += width_of(c);
        if column > width && at > 0 {
            return at;
        }
    }
    text.len()
}

/// The ranges as far as they lie in `piece`, from its beginning on.
pub(super) fn clip(ranges: &[Range<usize>], piece: Range<usize>) -> Vec<Range<usize>> {
    let inside = |range: &Range<usize>| range.start.max(piece.start)..range.end.min(piece.end);
    let in_piece = ranges.iter().map(inside).filter(|range| !range.is_empty());
    in_piece.map(|range| range.start - piece.start..range.end - piece.start).collect()
}
