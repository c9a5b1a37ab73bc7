//! Marked lines, and going from one to the next. A mark stays where its line had to make room.

use super::{Jump, LogView};
use crate::core::{
    fact::Millis,
    lines::{Anchor, EventId, Spot},
};

impl LogView {
    /// Lines marked.
    pub fn marks(&self) -> usize {
        self.marks.len()
    }

    /// Marks the line under the cursor, or takes its mark away.
    pub fn toggle_mark(&mut self) {
        if let Some((anchor, id)) = self.selected().map(|line| (Anchor::of(line), line.id()))
            && self.marks.remove(&anchor).is_none()
        {
            self.marks.insert(anchor, id);
        }
        self.make_room();
    }

    /// To the next marked line that is shown, from the last one to the first.
    pub fn next_mark(&mut self) -> Jump {
        let next = self
            .marks_from_here()
            .find_map(|(is_after, mark)| Some((is_after, self.marked(mark)?)));
        let straight = next.filter(|(is_after, _)| *is_after);
        self.jump(straight.map(|(_, spot)| spot), next.map(|(_, spot)| spot))
    }

    /// The time of the next mark, where its line had to make room.
    pub fn mark_in_hole(&self) -> Option<Millis> {
        let is_gone = |mark: &Anchor| self.hole_at(mark.at).is_some() && self.held(mark).is_none();
        let mut marks = self.marks_from_here().map(|(_, mark)| mark);
        let next = marks.find(|mark| is_gone(mark) || self.marked(mark).is_some())?;
        is_gone(next).then_some(next.at)
    }

    /// To a time whose lines have come: to the one of them that is marked, else to the first.
    pub fn arrive_at(&mut self, at: Millis) {
        let mut marks = self.marks.keys().filter(|mark| mark.at == at);
        match marks.find(|mark| self.held(mark).is_some()).copied() {
            Some(mark) => self.jump_to(&mark),
            None => self.jump_to_time(at),
        }
    }

    /// Lines that have come again are marked as before.
    pub(super) fn mark_again(&mut self) {
        let gone = self.marks.iter().filter(|(mark, _)| self.held(mark).is_none());
        let again = gone.filter_map(|(mark, id)| Some((*mark, self.come_again(mark, id.as_ref())?)));
        for (mark, now) in again.collect::<Vec<_>>() {
            let id = self.marks.remove(&mark).flatten();
            self.marks.insert(now, id);
        }
    }

    /// The line of a mark under its new number.
    fn come_again(&self, mark: &Anchor, id: Option<&EventId>) -> Option<Anchor> {
        let first = self.lines.at_time(mark.at);
        let there = std::iter::successors(first, |spot| self.lines.next(*spot));
        let mut there = there
            .map_while(|spot| self.lines.line(spot))
            .take_while(|line| line.at() == mark.at);
        // Live Tail gives no ids.
        let is_same = |line_id: Option<EventId>, ingested| match (line_id, id) {
            (Some(line_id), Some(id)) => line_id == *id,
            _ => ingested == mark.ingested,
        };
        there.find(|line| is_same(line.id(), line.ingested())).map(Anchor::of)
    }

    /// The marks after the cursor, and then all; whether each comes after it.
    fn marks_from_here(&self) -> impl Iterator<Item = (bool, &Anchor)> {
        let here = self.selected().map(Anchor::of);
        let after = self.marks.keys().filter(move |mark| here.is_some_and(|here| **mark > here));
        after.map(|mark| (true, mark)).chain(self.marks.keys().map(|mark| (false, mark)))
    }

    /// Where the line of a mark is, if it is held.
    fn held(&self, mark: &Anchor) -> Option<Spot> {
        let is_it = |spot: &Spot| self.lines.line(*spot).map(Anchor::of) == Some(*mark);
        self.lines.locate(mark).filter(is_it)
    }

    /// The same, if it is shown.
    fn marked(&self, mark: &Anchor) -> Option<Spot> {
        self.held(mark).filter(|spot| self.at_or_after(*spot) == Some(*spot))
    }
}
