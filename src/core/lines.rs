//! The line store: log lines in time order, in sealed shared segments and one that is open, bounded by
//! bytes. Lines that come late are put where their time says. Each line has a number of its own, which
//! outlives everything but its eviction.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use super::{
    fact::Millis,
    logline::{self, Before, Level, Shape},
    tail::Arrived,
    text::SafeText,
};

mod export;
mod filter;
mod histogram;
mod holes;
mod id;
mod index;
mod segment;
mod shapes;
#[cfg(test)]
mod tests;

pub use self::{
    export::{ExportFormat, ExportLine, export, export_into, iso},
    filter::{Filter, Pattern},
    histogram::{Column, Histogram},
    holes::{Dropped, Hole},
    id::EventId,
    index::{Found, Index, Scan},
    segment::{Line, Segment},
    shapes::{ErrorShape, Errors, Mined, Mining, shape},
};
use self::{
    holes::Holes,
    segment::{Flags, Parts},
};

/// How many lines back a late line looks for the one before it in its stream.
const LOOK_BACK: usize = 200;
/// Streams whose last line is remembered; more than that are alive only over days.
const MAX_STREAMS: usize = 512;

/// A line that can be found again whatever is added or dropped: its time and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Anchor {
    /// Time of the line.
    pub at: Millis,
    /// When it was taken in.
    pub ingested: Millis,
    /// Its number.
    pub seq: u64,
}

impl Anchor {
    /// Anchor of a line.
    pub fn of(line: Line<'_>) -> Self {
        Self {
            at: line.at(),
            ingested: line.ingested(),
            seq: line.seq(),
        }
    }

    fn time(&self) -> (Millis, Millis) {
        (self.at, self.ingested)
    }
}

/// Where a line is now: good until the next change of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// Place of the segment.
    pub segment: usize,
    /// Place of the line in it.
    pub line: usize,
}

/// What an append did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Appended {
    /// Lines taken in.
    pub lines: usize,
    /// Ids of segments that were made or grew.
    pub touched: Vec<u64>,
    /// Ids of segments whose lines are in others now.
    pub removed: Vec<u64>,
    /// Ids of segments that were dropped.
    pub evicted: Vec<u64>,
}

/// The last line of each stream.
type Streams = HashMap<SafeText, Before, foldhash::fast::RandomState>;

/// Log lines in time order.
#[derive(Debug, Clone)]
pub struct Lines {
    segments: VecDeque<Arc<Segment>>,
    next_segment: u64,
    next_seq: u64,
    limit: usize,
    /// Lines of a full segment.
    per_segment: usize,
    bytes: usize,
    len: usize,
    holes: Holes,
    /// Where somebody reads; none who follows.
    reader: Option<Millis>,
    before: Streams,
    /// The same among lines from before the tail began.
    before_older: Streams,
    histogram: Histogram,
    errors: Errors,
}

/// A line that has to go between others.
struct Between {
    arrived: Arrived,
    id: Option<EventId>,
    seq: u64,
    level: Level,
    flags: Flags,
}

impl Between {
    fn parts(&self) -> Parts<'_> {
        let event = &self.arrived.event;
        Parts {
            seq: self.seq,
            at: event.at,
            ingested: event.ingested,
            id: self.id.clone(),
            stream: &event.stream,
            level: self.level,
            flags: self.flags,
            text: event.message.as_raw(),
        }
    }
}

impl Lines {
    /// An empty store that holds at most about `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            segments: VecDeque::new(),
            next_segment: 0,
            next_seq: 0,
            limit,
            per_segment: segment::FULL_LINES,
            bytes: 0,
            len: 0,
            holes: Holes::default(),
            reader: None,
            before: Streams::default(),
            before_older: Streams::default(),
            histogram: Histogram::default(),
            errors: Errors::default(),
        }
    }

    /// A store whose segments are so small that little data fills many.
    #[cfg(test)]
    pub(crate) fn in_small_segments(limit: usize) -> Self {
        Self {
            per_segment: 16,
            ..Self::new(limit)
        }
    }

    /// An empty store that holds as much. What is still being found in the lines of this one is not taken for its own.
    pub fn cleared(&self) -> Self {
        Self {
            per_segment: self.per_segment,
            next_segment: self.next_segment,
            ..Self::new(self.limit)
        }
    }

    /// Lines held.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no line is held.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Most bytes held.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Counts of all lines held, by time and level.
    pub fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    /// The errors among them, by shape.
    pub fn errors(&self) -> &Errors {
        &self.errors
    }

    /// The segments, oldest first.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &Arc<Segment>> + ExactSizeIterator {
        self.segments.iter()
    }

    /// One segment.
    pub fn segment(&self, place: usize) -> Option<&Arc<Segment>> {
        self.segments.get(place)
    }

    /// Takes events in, each where its time says, and drops the oldest segments where the limit is
    /// passed. An event older than what has been dropped is counted as dropped.
    pub fn append(&mut self, arrivals: impl IntoIterator<Item = Arrived>) -> Appended {
        let mut change = Appended::default();
        let mut between = Vec::new();
        for arrived in arrivals {
            if !self.holes().is_empty() && self.is_left_out(arrived.event.at) {
                continue;
            }
            let line = self.read(arrived);
            self.histogram.add(line.arrived.event.at, line.level);
            if line.flags.has(Flags::TELLS) {
                self.errors.add(line.arrived.event.at, line.level);
            }
            if self.is_after_all(&line.parts()) {
                self.push(&line, &mut change);
            } else {
                between.push(line);
            }
            change.lines += 1;
        }
        self.len += change.lines;
        self.merge(between, &mut change);
        for id in &change.touched {
            if let Some(segment) = self.segments.iter().rev().find(|segment| segment.id() == *id) {
                self.errors.grown(segment);
            }
        }
        self.bytes = self.segments.iter().map(|segment| segment.bytes()).sum();
        self.evict(&mut change);
        change
    }

    /// The same for lines that are older than those held; `is_first` when they do not go on with those that
    /// came so before.
    pub fn append_older(&mut self, arrivals: impl IntoIterator<Item = Arrived>, is_first: bool) -> Appended {
        if is_first {
            self.before_older.clear();
        }
        std::mem::swap(&mut self.before, &mut self.before_older);
        let change = self.append(arrivals);
        std::mem::swap(&mut self.before, &mut self.before_older);
        change
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

    /// Log streams of the lines held, in order of their first line.
    pub fn streams(&self) -> Vec<SafeText> {
        let mut streams: Vec<SafeText> = Vec::new();
        for stream in self.segments.iter().flat_map(|segment| segment.streams()) {
            if !streams.contains(stream) {
                streams.push(stream.clone());
            }
        }
        streams
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

    /// Gives a line its number, its level and its place in an entry.
    fn read(&mut self, arrived: Arrived) -> Between {
        let event = &arrived.event;
        let reading = logline::read(event.message.as_raw());
        let before = self.before.get(&event.stream).copied();
        let is_in_order = before.is_none_or(|before| before.at <= event.at);
        let before = if is_in_order { before } else { self.before_late(&arrived) };
        let (level, is_continuation) = logline::join(before, reading, event.at);
        let (tells, is_waiting) = logline::tells(before, reading, (level, is_continuation), event.message.as_raw());
        if is_in_order {
            let now = Before {
                is_waiting,
                ..Before::of(event.at, level, reading)
            };
            match self.before.get_mut(&event.stream) {
                Some(known) => *known = now,
                None => self.remember(event.stream.clone(), now),
            }
        }
        let flags = Flags::default()
            .set(Flags::LATE, arrived.late)
            .set(Flags::CONTINUATION, is_continuation)
            .set(Flags::WHOLE, reading.shape == Shape::Whole)
            .set(Flags::TELLS, tells)
            .set(Flags::PLAIN, is_plain(arrived.event.message.as_raw()));
        self.next_seq += 1;
        Between {
            id: arrived.event.id.as_ref().map(EventId::new),
            seq: self.next_seq - 1,
            arrived,
            level,
            flags,
        }
    }

    fn remember(&mut self, stream: SafeText, line: Before) {
        if self.before.len() > MAX_STREAMS {
            self.before.retain(|_, before| line.at - before.at <= logline::JOIN_WITHIN);
        }
        self.before.insert(stream, line);
    }

    /// The line before a late one in its stream.
    fn before_late(&self, arrived: &Arrived) -> Option<Before> {
        let event = &arrived.event;
        let after = self.at_time(event.at + 1);
        let start = after.map_or_else(|| self.last(), |spot| self.prev(spot))?;
        std::iter::successors(Some(start), |spot| self.prev(*spot))
            .take(LOOK_BACK)
            .map_while(|spot| self.line(spot))
            .take_while(|line| event.at - line.at() <= logline::JOIN_WITHIN)
            .find(|line| *line.stream() == event.stream)
            .map(|line| Before {
                at: line.at(),
                level: line.level(),
                is_whole: line.is_whole(),
                is_waiting: false,
            })
    }

    fn is_after_all(&self, line: &Parts<'_>) -> bool {
        let last = self.segments.back().and_then(|segment| segment.last());
        last.is_none_or(|last| last.parts().key() <= line.key())
    }

    /// Adds a line at the end.
    fn push(&mut self, line: &Between, change: &mut Appended) {
        if self.segments.back().is_none_or(|open| open.is_full(self.per_segment)) {
            let id = self.new_segment_id();
            let next = match self.segments.back() {
                Some(full) => full.next(id, line.seq),
                None => Segment::new(id, line.seq),
            };
            self.segments.push_back(Arc::new(next));
        }
        let Some(open) = self.segments.back_mut() else { return };
        if change.touched.last() != Some(&open.id()) {
            change.touched.push(open.id());
        }
        let open = Arc::make_mut(open);
        open.push(&line.parts());
        if open.is_full(self.per_segment) {
            open.seal();
        }
    }

    /// Puts lines between others: each segment that is concerned is written anew, once.
    fn merge(&mut self, mut between: Vec<Between>, change: &mut Appended) {
        between.sort_by(|a, b| a.parts().key().cmp(&b.parts().key()));
        let mut rest = between.as_slice();
        while let Some(first) = rest.first() {
            let key = first.parts();
            let is_before = |segment: &Arc<Segment>| segment.last().is_some_and(|last| last.parts().key() <= key.key());
            let place = self.segments.partition_point(is_before).min(self.segments.len().saturating_sub(1));
            let Some(segment) = self.segments.get(place).cloned() else { return };
            let count = match segment.last().map(|line| line.parts()) {
                Some(last) if place + 1 < self.segments.len() => rest.partition_point(|line| line.parts().key() < last.key()).max(1),
                _ => rest.len(),
            };
            let (now, later) = rest.split_at(count);
            self.rewrite(place, &segment, now, change);
            rest = later;
        }
    }

    /// Replaces the segment at `place` by one or more that hold its lines and those of `between`.
    fn rewrite(&mut self, place: usize, old: &Segment, between: &[Between], change: &mut Appended) {
        let mut all: Vec<Parts<'_>> = old.lines().map(|line| line.parts()).collect();
        all.extend(between.iter().map(Between::parts));
        all.sort_by(|a, b| a.key().cmp(&b.key()));
        let first_seq = all.iter().map(|line| line.seq).min().unwrap_or_default();
        change.removed.push(old.id());
        change.touched.retain(|id| *id != old.id());
        let known = self.errors.moved(old);
        let mut new = Segment::new(self.new_segment_id(), first_seq);
        self.segments.remove(place);
        let mut place = place;
        for line in &all {
            if new.is_full(self.per_segment) {
                let next = Segment::new(self.new_segment_id(), first_seq);
                let full = std::mem::replace(&mut new, next);
                self.errors.made(&full, &known);
                self.put(place, full, change);
                place += 1;
            }
            new.push(line);
        }
        self.errors.made(&new, &known);
        self.put(place, new, change);
    }

    fn put(&mut self, place: usize, mut segment: Segment, change: &mut Appended) {
        segment.seal();
        change.touched.push(segment.id());
        self.segments.insert(place, Arc::new(segment));
    }

    fn evict(&mut self, change: &mut Appended) {
        while self.bytes > self.limit && self.segments.len() > 1 {
            let place = self.victim();
            let Some(gone) = self.segments.remove(place) else { return };
            self.bytes -= gone.bytes();
            self.len -= gone.len();
            for line in gone.lines() {
                self.histogram.remove(line.at(), line.level());
            }
            self.errors.dropped(&gone);
            self.note_dropped(place, &gone);
            change.touched.retain(|id| *id != gone.id());
            change.evicted.push(gone.id());
        }
    }

    fn new_segment_id(&mut self) -> u64 {
        self.next_segment += 1;
        self.next_segment
    }
}

/// Whether the screen shows the message byte for byte.
fn is_plain(raw: &str) -> bool {
    if raw.ends_with('\n') {
        return false;
    }
    // Counting has no early end, so it runs over many bytes at once.
    let is_ascii = raw.bytes().filter(|b| !(0x20..0x7f).contains(b) && *b != b'\n').count() == 0;
    is_ascii || (!raw.contains(['\u{1b}', '\r']) && logline::shown_parts(raw).all(|part| logline::display(part).as_str() == part))
}
