//! The line store: log lines in time order, in sealed shared segments and one that is open, bounded by
//! bytes. Lines that come late are put where their time says. Each line has a number of its own, which
//! outlives everything but its eviction.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use super::{fact::Millis, logline::Before, text::SafeText};

mod entry;
mod export;
mod filter;
mod histogram;
mod holes;
mod id;
mod index;
mod intake;
mod request;
mod segment;
mod shape;
mod shapes;
mod streams;
#[cfg(test)]
mod tests;
mod walk;

use self::holes::Holes;
pub use self::{
    export::{ExportFormat, ExportLine, Kept, export_into, iso},
    filter::{Filter, Pattern},
    histogram::{Column, Histogram},
    holes::{Dropped, Hole},
    id::EventId,
    index::{Found, Index, Scan},
    request::Request,
    segment::{Line, Segment},
    shape::shape,
    shapes::{ErrorShape, Errors, Mined, Mining},
    streams::{StreamCount, StreamName},
};

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
    per_segment: segment::Full,
    /// Of the segments.
    bytes: usize,
    /// What somebody else holds about the lines, as far as he has told.
    beside: usize,
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

impl Lines {
    /// An empty store that holds at most about `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            segments: VecDeque::new(),
            next_segment: 0,
            next_seq: 0,
            limit,
            per_segment: segment::Full::of(limit),
            bytes: 0,
            beside: 0,
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
            per_segment: segment::Full {
                lines: 16,
                ..segment::Full::of(usize::MAX)
            },
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

    /// Bytes held: of the lines, and of what is counted and found in them.
    pub fn bytes(&self) -> usize {
        self.bytes + self.beside + self.histogram.bytes() + self.errors.bytes()
    }

    /// So many bytes are held elsewhere about these lines, such as which of them match: part of the limit.
    pub fn holds_beside(&mut self, bytes: usize) {
        self.beside = bytes;
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
}
