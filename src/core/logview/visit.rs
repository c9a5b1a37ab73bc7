//! Looking at a few lines closer and going back: the request under the cursor, the errors of a shape, one
//! task. And entries folded to their first line.

use super::{LogView, Place, filter::Layer};
use crate::core::{
    lines::{Anchor, Appended, ErrorShape, Filter, Line, Spot, StreamName},
    logline::shown_parts,
    text::SafeText,
};

/// Most steps that are taken back.
const MAX_TRAIL: usize = 16;
/// Most lines that are passed to count those folded into one: this is done for each row of each frame.
const MAX_PASSED: usize = 2_000;

/// Most segments that are looked through at once.
const MOST_LOOKED_AT: usize = 12;

/// Where the window stood, and what was kept.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    place: Place,
    seen: Option<u64>,
    filter: Filter,
    layers: Vec<Layer>,
}

impl LogView {
    /// Only entries of the request under the cursor, from both applications; or where one was before: where that is not
    /// known, as in results of a query for it, all that the rest of the filter keeps. `false` where the entry names no
    /// request.
    pub fn toggle_request(&mut self) -> bool {
        if self.filter.request.is_some() {
            if !self.go_back() {
                self.filter.request = None;
                self.refilter();
            }
            return true;
        }
        let request = self.cursor().and_then(|spot| self.lines.request(spot));
        let Some(request) = request else { return false };
        let cursor = self.selected().map(Anchor::of);
        self.visit(Filter {
            request: Some(request),
            ..Filter::default()
        });
        if let Some(cursor) = cursor {
            self.jump_to(&cursor);
        }
        true
    }

    /// What lines that have come, those from number `seq` on, name beside an id of the request that is looked at is
    /// looked for from now on as well: all lines held are gone through for it once more, those in sight at once.
    pub(super) fn join_news(&mut self, change: &Appended, seq: u64) {
        let (Some(request), Some(index)) = (&mut self.filter.request, &self.kept) else {
            return;
        };
        if !self.lines.join_news(request, &index.news(&self.lines, change, seq)) {
            return;
        }
        let (top, cursor) = (self.top_row(self.size), self.cursor());
        let mut index = self.look_through(self.filter.clone());
        if let (Some((top, _)), Some(cursor)) = (top, cursor) {
            let in_sight = (top.segment..cursor.segment).rev().take(MOST_LOOKED_AT);
            in_sight.for_each(|place| index.look_at(&self.lines, Some(place)));
        }
        self.kept = Some(index);
    }

    /// Only the errors of a shape, from the newest on.
    pub fn only_shape(&mut self, shape: &ErrorShape) {
        self.visit(Filter {
            shape: Some(shape.text.clone()),
            ..Filter::default()
        });
        let there = self.lines.locate(&shape.newest);
        if let (Some(index), Some(spot)) = (&mut self.kept, there) {
            index.look_at(&self.lines, Some(spot.segment));
        }
        self.jump_to(&shape.newest);
    }

    /// Keeps something else; [`go_back`](Self::go_back) leads to what was before.
    pub fn visit(&mut self, filter: Filter) {
        let was = Visit {
            place: self.place,
            seen: self.seen,
            filter: std::mem::replace(&mut self.filter, filter),
            layers: std::mem::take(&mut self.layers),
        };
        self.trail.push(was);
        if self.trail.len() > MAX_TRAIL {
            self.trail.remove(0);
        }
        self.refilter();
    }

    /// Back to where one was before the last visit; `false` when there was none.
    pub fn go_back(&mut self) -> bool {
        let Some(was) = self.trail.pop() else { return false };
        (self.filter, self.layers) = (was.filter, was.layers);
        self.refilter();
        (self.place, self.seen) = (was.place, was.seen);
        self.settle();
        true
    }

    /// How many visits can be taken back.
    pub fn depth(&self) -> usize {
        self.trail.len()
    }

    /// Only the first line of each entry, or all.
    pub fn toggle_fold(&mut self) {
        self.filter.heads_only = !self.filter.heads_only;
        if self.filter.heads_only
            && !self.is_following()
            && let Some(head) = self.entry().first().map(|line| Anchor::of(*line))
        {
            // The cursor is taken to the line that stands for the entry.
            self.refilter();
            self.jump_to(&head);
            return;
        }
        self.refilter();
    }

    /// Opens the entries: what is looked for may lie inside.
    pub(super) fn unfold(&mut self) {
        if self.filter.heads_only {
            self.toggle_fold();
        }
    }

    /// Of each entry only its first line is shown.
    pub(super) fn is_folding(&self) -> bool {
        self.filter.heads_only && !self.shows_hidden
    }

    /// Lines that are folded into the first line of their entry; an event may hold several.
    pub(super) fn folded(&self, spot: Spot) -> usize {
        let head = self.lines.line(spot).filter(|line| self.is_folding() && !line.is_continuation());
        let Some(head) = head else { return 0 };
        let lines_of = |line: Line<'_>| shown_parts(line.raw()).filter(|part| !part.trim().is_empty()).count();
        let after = self.lines.after_in_entry(spot, MAX_PASSED).into_iter();
        let after = after.filter_map(|spot| self.lines.line(spot));
        lines_of(head).saturating_sub(1) + after.map(|line| lines_of(line).max(1)).sum::<usize>()
    }

    /// Only one log stream, of a task that is looked at from another screen.
    pub fn visit_stream(&mut self, stream: SafeText) {
        self.visit(Filter {
            stream: Some(StreamName::Is(stream)),
            ..Filter::default()
        });
    }
}
