//! From line to line, and to a line by its time or its anchor.

use std::sync::Arc;

use super::{Anchor, Index, Line, Lines, Segment, Spot};
use crate::core::fact::Millis;

/// How many of the rows came by themselves from number `seq` on.
pub(super) fn news_among(segment: &Segment, rows: &[u32], seq: u64) -> usize {
    let lines = rows.iter().filter_map(|row| segment.line(*row as usize));
    lines.filter(|line| line.is_news(seq)).count()
}

impl Lines {
    /// The number that the next line will have.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Lines, of those that an index keeps, that came by themselves from number `seq` on, wherever their time has put them.
    /// Only where older lines stand beside them each is looked at: this is asked for in every frame.
    pub fn news(&self, seq: u64, index: Option<&Index>) -> usize {
        let news_of = |(place, segment): (usize, &Arc<Segment>)| match index {
            Some(index) if segment.is_since(seq) => index.news_in(segment.id()),
            Some(index) => news_among(segment, index.rows(self, place).unwrap_or_default(), seq),
            None if segment.is_since(seq) => segment.news(),
            None => segment.lines().filter(|line| line.is_news(seq)).count(),
        };
        let segments = self.segments.iter().enumerate();
        segments.filter(|(_, segment)| !segment.is_known(seq)).map(news_of).sum()
    }

    /// The line at a spot.
    pub fn line(&self, spot: Spot) -> Option<Line<'_>> {
        self.segments.get(spot.segment)?.line(spot.line)
    }

    /// The first line.
    pub fn first(&self) -> Option<Spot> {
        (self.len > 0).then_some(Spot { segment: 0, line: 0 })
    }

    /// The last line.
    pub fn last(&self) -> Option<Spot> {
        let segment = self.segments.len().checked_sub(1)?;
        Some(Spot {
            segment,
            line: self.segments[segment].len().checked_sub(1)?,
        })
    }

    /// The line after.
    pub fn next(&self, spot: Spot) -> Option<Spot> {
        let Spot { segment, line } = spot;
        if line + 1 < self.segments.get(segment)?.len() {
            return Some(Spot { segment, line: line + 1 });
        }
        (segment + 1 < self.segments.len()).then_some(Spot {
            segment: segment + 1,
            line: 0,
        })
    }

    /// The line before.
    pub fn prev(&self, spot: Spot) -> Option<Spot> {
        let Spot { segment, line } = spot;
        match (line.checked_sub(1), segment.checked_sub(1)) {
            (Some(line), _) => Some(Spot { segment, line }),
            (None, Some(segment)) => Some(Spot {
                segment,
                line: self.segments.get(segment)?.len().checked_sub(1)?,
            }),
            (None, None) => None,
        }
    }

    /// How many lines are before a spot.
    pub fn row(&self, spot: Spot) -> usize {
        self.segments.iter().take(spot.segment).map(|segment| segment.len()).sum::<usize>() + spot.line
    }

    /// The first line at or after a time; `None` past the last.
    pub fn at_time(&self, at: Millis) -> Option<Spot> {
        self.first_not_before((at, Millis::MIN))
    }

    /// Where the line of an anchor is; where it has been dropped, the first line after its time.
    pub fn locate(&self, anchor: &Anchor) -> Option<Spot> {
        let first = self.first_not_before(anchor.time())?;
        std::iter::successors(Some(first), |spot| self.next(*spot))
            .map_while(|spot| self.line(spot).map(|line| (spot, Anchor::of(line))))
            .take_while(|(_, there)| there.time() == anchor.time())
            .find_map(|(spot, there)| (there.seq == anchor.seq).then_some(spot))
            .or(Some(first))
    }

    fn first_not_before(&self, time: (Millis, Millis)) -> Option<Spot> {
        let of = |line: Line<'_>| (line.at(), line.ingested());
        let segment = self
            .segments
            .partition_point(|segment| segment.last().is_some_and(|last| of(last) < time));
        let lines = self.segments.get(segment)?;
        let (mut low, mut high) = (0, lines.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            let is_before = lines.line(middle).is_some_and(|line| of(line) < time);
            (low, high) = if is_before { (middle + 1, high) } else { (low, middle) };
        }
        Some(Spot { segment, line: low })
    }
}
