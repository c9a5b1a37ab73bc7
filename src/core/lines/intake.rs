//! Lines on their way in: read, put where their time says, and room made for them.

use std::{collections::HashSet, sync::Arc};

use super::{
    Appended, EventId, Line, Lines, Segment, Spot, Streams,
    segment::{Flags, Parts},
};
use crate::core::{
    fact::Millis,
    logline::{self, Before, Level, Shape},
    tail::Arrived,
    text::SafeText,
};

/// How many lines back a late line looks for the one before it in its stream.
const LOOK_BACK: usize = 200;
/// Streams whose last line is remembered; more than that are alive only over days.
const MAX_STREAMS: usize = 512;

#[cfg(test)]
impl Lines {
    /// Streams whose last line is remembered.
    pub(super) fn streams_known(&self) -> usize {
        self.before.len() + self.before_older.len()
    }
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

/// What is known while events are taken in.
#[derive(Default)]
struct Intake {
    is_fetched: bool,
    /// Numbers of the headings that left something to a line.
    paid: HashSet<u64>,
    /// Of each stream the newest of the lines that came out of order: they are not in the store yet.
    late: Streams,
}

impl Lines {
    /// Takes events in, each where its time says, and drops the oldest segments where the limit is
    /// passed. An event older than what has been dropped is counted as dropped.
    pub fn append(&mut self, arrivals: impl IntoIterator<Item = Arrived>) -> Appended {
        self.take_in(arrivals, false)
    }

    fn take_in(&mut self, arrivals: impl IntoIterator<Item = Arrived>, is_fetched: bool) -> Appended {
        let mut change = Appended::default();
        let mut between = Vec::new();
        let mut intake = Intake {
            is_fetched,
            ..Intake::default()
        };
        for arrived in arrivals {
            if !self.holes().is_empty() && self.is_left_out(arrived.event.at) {
                continue;
            }
            let line = self.read(arrived, &mut intake);
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
        self.settle(intake.paid, &mut change);
        self.bytes = self.segments.iter().map(|segment| segment.bytes()).sum();
        self.evict(&mut change);
        change
    }

    /// The same for lines that somebody had fetched, as ones that are older than those held: no news; `is_first` when they do not go on with those that
    /// came so before.
    pub fn append_older(&mut self, arrivals: impl IntoIterator<Item = Arrived>, is_first: bool) -> Appended {
        if is_first {
            self.before_older.clear();
        }
        std::mem::swap(&mut self.before, &mut self.before_older);
        let change = self.take_in(arrivals, true);
        std::mem::swap(&mut self.before, &mut self.before_older);
        change
    }

    /// Headings, by their numbers, after which a line has said what the error is: they count no more. They are mostly
    /// near the end.
    fn settle(&mut self, mut headings: HashSet<u64>, change: &mut Appended) {
        for segment in self.segments.iter().rev() {
            if headings.is_empty() {
                return;
            }
            if self.errors.paid(segment, &mut headings) && !change.touched.contains(&segment.id()) {
                change.touched.push(segment.id());
            }
        }
    }

    /// Gives a line its number, its level and its place in an entry.
    fn read(&mut self, arrived: Arrived, intake: &mut Intake) -> Between {
        let event = &arrived.event;
        let raw = event.message.as_raw();
        let reading = logline::read(raw);
        let before = self.before.get(&event.stream).copied();
        let is_in_order = before.is_none_or(|before| before.at() <= event.at);
        let before = if is_in_order {
            before
        } else {
            self.before_late(&arrived, intake.late.get(&event.stream))
        };
        let mut joined = logline::follow(before, reading, raw, event.at, self.next_seq);
        if !is_in_order {
            // A line after it has said already what the error is.
            if joined.pays.is_some_and(|heading| self.is_paid(event.at, heading)) {
                (joined.tells, joined.pays) = (false, None);
            }
            intake.late.insert(event.stream.clone(), joined.before);
        }
        intake.paid.extend(joined.pays);
        if is_in_order {
            match self.before.get_mut(&event.stream) {
                Some(known) => *known = joined.before,
                None => self.remember(event.stream.clone(), joined.before),
            }
        }
        let flags = Flags::default()
            .set(Flags::LATE, arrived.late)
            .set(Flags::CONTINUATION, joined.is_continuation)
            .set(Flags::WHOLE, reading.shape == Shape::Whole)
            .set(Flags::TELLS, joined.tells)
            .set(Flags::FETCHED, intake.is_fetched)
            .set(Flags::PLAIN, is_plain(raw));
        self.next_seq += 1;
        Between {
            id: arrived.event.id.as_ref().map(EventId::new),
            seq: self.next_seq - 1,
            arrived,
            level: joined.level,
            flags,
        }
    }

    fn remember(&mut self, stream: SafeText, line: Before) {
        if self.before.len() > MAX_STREAMS {
            self.before.retain(|_, before| line.at() - before.at() <= logline::JOIN_WITHIN);
            // So many at once are no application of ours, and looking through them for each line would take for ever.
            if self.before.len() > MAX_STREAMS {
                self.before.clear();
            }
        }
        self.before.insert(stream, line);
    }

    /// What a late line is told of those before it in its stream; `late` is the newest of them that came late as well.
    fn before_late(&self, arrived: &Arrived, late: Option<&Before>) -> Option<Before> {
        let event = &arrived.event;
        let late = late.filter(|late| late.at() <= event.at).copied();
        let after = self.at_time(event.at + 1);
        let start = after.map_or_else(|| self.last(), |spot| self.prev(spot));
        let least = late.map_or(event.at - logline::JOIN_WITHIN, |late| late.at() + 1);
        let passed = std::iter::successors(start, |spot| self.prev(*spot)).take(LOOK_BACK);
        let mut passed = passed.filter_map(|spot| Some((spot, self.line(spot)?)));
        let there = passed
            .by_ref()
            .take_while(|(_, line)| line.at() >= least)
            .find(|(_, line)| *line.stream() == event.stream);
        let Some((spot, line)) = there else { return late };
        let known = Before::of(line.at(), line.level(), line.is_whole());
        let read = self.read_again(spot);
        Some(read.filter(|read| read.level() == line.level()).unwrap_or(known))
    }

    /// What is known of the lines of a stream up to one of them, read again from the beginning of an error on. As far
    /// as it is not far.
    fn read_again(&self, spot: Spot) -> Option<Before> {
        let last = self.line(spot)?;
        let mut lines = vec![last];
        let passed = std::iter::successors(self.prev(spot), |spot| self.prev(*spot)).take(LOOK_BACK);
        for line in passed.filter_map(|spot| self.line(spot)) {
            let begins = |line: &Line<'_>| !line.is_continuation() && !line.is_whole() && line.level() >= Level::Error;
            if lines
                .last()
                .is_some_and(|next| begins(next) || next.at() - line.at() > logline::JOIN_WITHIN)
            {
                break;
            }
            if line.stream() == last.stream() {
                lines.push(line);
            }
        }
        lines.into_iter().rev().fold(None, |before, line| {
            if before.is_none() && line.is_continuation() {
                return Some(Before::of(line.at(), line.level(), false));
            }
            let reading = logline::read(line.raw());
            Some(logline::follow(before, reading, line.raw(), line.at(), line.seq()).before)
        })
    }

    /// A line has said what the error of a heading is that is near before a time.
    fn is_paid(&self, at: Millis, heading: u64) -> bool {
        let Some(near) = self.at_time(at).or_else(|| self.last()) else {
            return false;
        };
        let before = self.segments.range(..=near.segment).rev().take(2);
        before.into_iter().any(|segment| self.errors.is_paid(segment, heading))
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

    /// Drops lines where the limit is passed.
    pub fn make_room(&mut self) -> Appended {
        let mut change = Appended::default();
        self.evict(&mut change);
        change
    }

    fn evict(&mut self, change: &mut Appended) {
        while self.bytes() > self.limit && self.segments.len() > 1 {
            let place = self.victim();
            let Some(gone) = self.segments.remove(place) else { return };
            self.bytes -= gone.bytes();
            // What is held about it goes with it: about its share.
            self.beside -= (self.beside as f64 * gone.len() as f64 / self.len.max(1) as f64) as usize;
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
