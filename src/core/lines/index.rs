//! Which rows of the store match a filter: found segment by segment, on any thread, and kept up as
//! lines come and go. The rows of segments not looked through yet are not there yet.

use std::{
    collections::{BTreeSet, HashMap},
    ops::{Range, RangeInclusive},
    sync::{Arc, Weak},
};

use strum::EnumCount;

use super::{Appended, Column, Filter, Histogram, Lines, Segment, Spot, walk::news_among};
use crate::core::logline::Level;

/// About what is kept of a segment beside its rows, in a table that is half full.
const A_SEGMENT: usize = 2 * size_of::<(u64, Hits)>();

/// A piece of work for another thread: segments to look through.
#[derive(Debug, Clone)]
pub struct Scan {
    /// Which index asks.
    pub generation: u64,
    /// What is looked for.
    pub filter: Arc<Filter>,
    /// Where.
    pub segments: Vec<Arc<Segment>>,
    /// Alive while the index that asks is.
    wanted: Weak<()>,
}

impl PartialEq for Scan {
    fn eq(&self, other: &Self) -> bool {
        let ids = |scan: &Self| scan.segments.iter().map(|segment| segment.id()).collect::<Vec<_>>();
        self.generation == other.generation && self.filter == other.filter && ids(self) == ids(other)
    }
}

/// What a scan found in one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which index asked.
    pub generation: u64,
    /// Id of the segment.
    pub segment: u64,
    /// How many of its lines were looked at.
    pub scanned: usize,
    /// Rows of the segment that match; where whole entries are kept, that name the request.
    pub rows: Vec<u32>,
    /// Counts of these rows.
    pub histogram: Histogram,
}

impl Scan {
    /// Looks through the segments one after the other and tells what each gave. Asks before each
    /// whether to stop, and stops by itself when the index that asks is no more.
    pub fn run(&self, is_cancelled: impl Fn() -> bool, mut found: impl FnMut(Found)) {
        for segment in &self.segments {
            if is_cancelled() || self.wanted.strong_count() == 0 {
                return;
            }
            let rows = self.filter.rows(segment, 0);
            found(Found {
                generation: self.generation,
                segment: segment.id(),
                scanned: segment.len(),
                histogram: counted(segment, &rows),
                rows,
            });
        }
    }

    /// What is told of the segments after the first `told` where the work failed: they count as looked at, since to look
    /// at them again would fail again.
    pub fn passed_over(&self, told: usize) -> impl Iterator<Item = Found> {
        self.segments.iter().skip(told).map(|segment| Found {
            generation: self.generation,
            segment: segment.id(),
            scanned: segment.len(),
            rows: Vec::new(),
            histogram: Histogram::default(),
        })
    }

    /// The same work in up to `parts` pieces, each with its share of the nearest segments.
    pub fn split(self, parts: usize) -> Vec<Self> {
        (0..parts.clamp(1, self.segments.len().max(1)))
            .map(|part| Self {
                generation: self.generation,
                filter: self.filter.clone(),
                segments: self.segments.iter().skip(part).step_by(parts).cloned().collect(),
                wanted: self.wanted.clone(),
            })
            .collect()
    }
}

fn counted(segment: &Segment, rows: &[u32]) -> Histogram {
    let mut histogram = Histogram::default();
    for line in rows.iter().filter_map(|row| segment.line(*row as usize)) {
        histogram.add(line.at(), line.level());
    }
    histogram
}

#[derive(Debug, Clone, Default)]
struct Hits {
    scanned: usize,
    /// Rows that name the request, where one is asked for.
    named: Vec<u32>,
    rows: Vec<u32>,
    histogram: Histogram,
    /// Rows that came by themselves.
    news: usize,
}

/// Rows that match one filter.
#[derive(Debug, Clone)]
pub struct Index {
    filter: Arc<Filter>,
    generation: u64,
    segments: HashMap<u64, Hits>,
    len: usize,
    alive: Arc<()>,
}

impl Index {
    /// An index that has looked at nothing yet. `generation` tells its scans from those of others.
    pub fn new(filter: Filter, generation: u64) -> Self {
        Self {
            filter: Arc::new(filter),
            generation,
            segments: HashMap::new(),
            len: 0,
            alive: Arc::default(),
        }
    }

    /// What is looked for.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Tells its scans from those of others.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether all lines have been looked at.
    pub fn is_complete(&self, lines: &Lines) -> bool {
        lines.segments().all(|segment| self.segments.contains_key(&segment.id()))
    }

    /// Whether the lines of these segments have been looked at.
    pub fn knows(&self, lines: &Lines, mut places: Range<usize>) -> bool {
        places.all(|place| lines.segment(place).is_none_or(|segment| self.segments.contains_key(&segment.id())))
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let of_hits = |hits: &Hits| A_SEGMENT + (hits.rows.capacity() + hits.named.capacity()) * size_of::<u32>() + hits.histogram.bytes();
        self.segments.values().map(of_hits).sum()
    }

    /// Rows found so far.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing has been found so far.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The work that is left, nearest to `near` first; `None` when all has been looked through.
    pub fn scan(&self, lines: &Lines, near: Option<Spot>) -> Option<Scan> {
        let near = near.map_or(lines.segments().len(), |spot| spot.segment);
        let mut left: Vec<_> = lines
            .segments()
            .enumerate()
            .filter(|(_, segment)| !self.segments.contains_key(&segment.id()))
            .collect();
        left.sort_by_key(|(place, _)| place.abs_diff(near));
        (!left.is_empty()).then(|| Scan {
            generation: self.generation,
            filter: self.filter.clone(),
            segments: left.into_iter().map(|(_, segment)| segment.clone()).collect(),
            wanted: Arc::downgrade(&self.alive),
        })
    }

    /// Takes what a scan found; `false` when it is of another index or of a segment that is no more.
    pub fn found(&mut self, lines: &Lines, found: Found) -> bool {
        if found.generation != self.generation || self.segments.contains_key(&found.segment) {
            return false;
        }
        let place = lines.segments().rposition(|segment| segment.id() == found.segment);
        let Some((place, segment)) = place.and_then(|place| Some((place, lines.segment(place)?))) else {
            return false;
        };
        let mut hits = Hits {
            scanned: found.scanned,
            ..Hits::default()
        };
        if self.filter.is_of_entries() {
            hits.named = found.rows;
        } else {
            self.len += found.rows.len();
            hits.news = news_among(segment, &found.rows, 0);
            (hits.rows, hits.histogram) = (found.rows, found.histogram);
        }
        self.segments.insert(found.segment, hits);
        self.extend(lines, place);
        true
    }

    /// Follows a change of the store: looks at the lines that are new.
    pub fn follow(&mut self, lines: &Lines, change: &Appended) {
        self.forget(&change.evicted);
        self.forget(&change.removed);
        let is_touched = |(_, segment): &(usize, &Arc<Segment>)| change.touched.contains(&segment.id());
        let all = lines.segments().enumerate().rev();
        let touched: Vec<usize> = all.filter(is_touched).take(change.touched.len()).map(|(place, _)| place).collect();
        self.refresh(lines, &touched);
    }

    /// Of the lines that a change has brought, those from number `seq` on, the ones that match or name the request.
    pub fn news(&self, lines: &Lines, change: &Appended, seq: u64) -> Vec<Spot> {
        let all = lines.segments().enumerate().rev();
        let touched = all
            .filter(|(_, segment)| change.touched.contains(&segment.id()))
            .take(change.touched.len());
        let hits = touched.filter_map(|(place, segment)| Some((place, segment, self.segments.get(&segment.id())?)));
        let mut news: Vec<Spot> = Vec::new();
        for (place, segment, hits) in hits {
            let is_new = |row: &u32| segment.line(*row as usize).is_some_and(|line| line.seq() >= seq);
            let rows = hits.rows.iter().chain(&hits.named).copied().filter(is_new);
            news.extend(rows.map(|row| at(place, row)));
        }
        news.sort_unstable();
        news.dedup();
        news
    }

    /// The shapes of a segment's errors have been found.
    pub fn mined(&mut self, lines: &Lines, segment: u64) {
        let there = lines.segments().rposition(|it| it.id() == segment);
        // A segment that has not been looked through yet is left to its scan.
        if let Some(place) = there.filter(|_| self.filter.shape.is_some() && self.segments.contains_key(&segment)) {
            self.refresh(lines, &[place]);
        }
    }

    /// Looks through one segment here and now, the one at a place or the last.
    pub fn look_at(&mut self, lines: &Lines, place: Option<usize>) {
        self.extend(lines, place.unwrap_or_else(|| lines.segments().len().saturating_sub(1)));
    }

    /// Whether the line at a spot matches, as far as is known.
    pub fn contains(&self, lines: &Lines, spot: Spot) -> bool {
        self.rows(lines, spot.segment)
            .is_some_and(|rows| rows.binary_search(&(spot.line as u32)).is_ok())
    }

    /// The first match after `spot`, or at it.
    pub fn at_or_after(&self, lines: &Lines, spot: Spot) -> Option<Spot> {
        let place = |rows: &[u32]| rows.partition_point(|row| (*row as usize) < spot.line);
        let here = self.rows(lines, spot.segment).and_then(|rows| rows.get(place(rows)));
        here.map(|row| at(spot.segment, *row)).or_else(|| {
            (spot.segment + 1..lines.segments().len()).find_map(|segment| self.rows(lines, segment)?.first().map(|row| at(segment, *row)))
        })
    }

    /// The last match before `spot`, or at it.
    pub fn at_or_before(&self, lines: &Lines, spot: Spot) -> Option<Spot> {
        let place = |rows: &[u32]| rows.partition_point(|row| (*row as usize) <= spot.line);
        let here = self
            .rows(lines, spot.segment)
            .and_then(|rows| rows.get(place(rows).checked_sub(1)?));
        here.map(|row| at(spot.segment, *row)).or_else(|| {
            (0..spot.segment)
                .rev()
                .find_map(|segment| self.rows(lines, segment)?.last().map(|row| at(segment, *row)))
        })
    }

    /// How many matches are before `spot`.
    pub fn row(&self, lines: &Lines, spot: Spot) -> usize {
        let before: usize = (0..spot.segment)
            .filter_map(|segment| self.rows(lines, segment))
            .map(<[u32]>::len)
            .sum();
        let here = self.rows(lines, spot.segment);
        before + here.map_or(0, |rows| rows.partition_point(|row| (*row as usize) < spot.line))
    }

    /// Counts of the rows found so far, by level.
    pub fn counts(&self) -> [u64; Level::COUNT] {
        let mut sums = [0; Level::COUNT];
        for hits in self.segments.values() {
            sums.iter_mut().zip(hits.histogram.counts()).for_each(|(sum, count)| *sum += count);
        }
        sums
    }

    /// Adds the counts of the rows found so far to columns that lie side by side.
    pub fn pour(&self, columns: &mut [Column]) {
        for hits in self.segments.values() {
            hits.histogram.pour(columns);
        }
    }

    fn forget(&mut self, segments: &[u64]) {
        for id in segments {
            self.len -= self.segments.remove(id).map_or(0, |hits| hits.rows.len());
        }
    }

    pub(super) fn rows(&self, lines: &Lines, segment: usize) -> Option<&[u32]> {
        let id = lines.segment(segment)?.id();
        self.segments.get(&id).map(|hits| hits.rows.as_slice())
    }

    /// How many rows of a segment came by themselves.
    pub(super) fn news_in(&self, segment: u64) -> usize {
        self.segments.get(&segment).map_or(0, |hits| hits.news)
    }

    /// Looks at what is new in segments, and again at those beside them that their entries lie in.
    fn refresh(&mut self, lines: &Lines, places: &[usize]) {
        let reached: BTreeSet<usize> = places.iter().flat_map(|place| self.extend(lines, *place)).collect();
        for place in reached.into_iter().filter(|place| !places.contains(place)) {
            let is_known = lines.segment(place).is_some_and(|it| self.segments.contains_key(&it.id()));
            if is_known {
                self.extend(lines, place);
            }
        }
    }

    /// Looks at what is new in a segment. Gives the places of the segments that its entries lie in.
    fn extend(&mut self, lines: &Lines, place: usize) -> RangeInclusive<usize> {
        let Some(segment) = lines.segment(place) else {
            return place..=place;
        };
        let hits = self.segments.entry(segment.id()).or_default();
        let new = if hits.scanned < segment.len() {
            self.filter.rows(segment, hits.scanned)
        } else {
            Vec::new()
        };
        hits.scanned = segment.len();
        if self.filter.is_of_entries() {
            hits.named.extend(new);
            let (rows, places) = self.filter.entries(lines, place, &hits.named);
            self.len = self.len + rows.len() - hits.rows.len();
            hits.news = news_among(segment, &rows, 0);
            (hits.histogram, hits.rows) = (counted(segment, &rows), rows);
            return places;
        }
        self.len += new.len();
        hits.news += news_among(segment, &new, 0);
        for line in new.iter().filter_map(|row| segment.line(*row as usize)) {
            hits.histogram.add(line.at(), line.level());
        }
        hits.rows.extend(new);
        place..=place
    }
}

fn at(segment: usize, row: u32) -> Spot {
    Spot {
        segment,
        line: row as usize,
    }
}
