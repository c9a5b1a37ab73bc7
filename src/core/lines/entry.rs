//! The lines of an entry, wherever segments end: its first line, and those of its stream that go on with it.

use std::{collections::HashMap, ops::RangeInclusive};

use super::{Filter, Line, Lines, Spot};
use crate::core::{
    fact::Millis,
    logline::{JOIN_WITHIN, Level},
    text::SafeText,
};

/// Most lines that are passed on the way from one line of an entry to its others.
const MOST_PASSED: usize = 20_000;

/// Nothing that is asked of an entry is missing.
const ALL: u8 = NAMED | SHAPED;
/// A line of it names the request.
const NAMED: u8 = 1;
/// It is an error of the shape.
const SHAPED: u8 = 2;

fn is_error(line: Line<'_>) -> bool {
    line.level() >= Level::Error
}

/// What of an entry is known while the lines of a segment are gone through.
struct Part {
    has: u8,
    /// Its last line in the segment.
    last: u32,
}

impl Lines {
    /// The lines of the entry that a line is of, oldest first.
    pub fn entry(&self, spot: Spot) -> Vec<Spot> {
        let mut all = self.before_in_entry(spot);
        all.reverse();
        all.push(spot);
        all.extend(self.after_in_entry(spot, MOST_PASSED));
        all
    }

    /// The lines of its entry before a line, nearest first. A line goes on with the last one of its stream that is an
    /// error as it is, or is none; not with one with which nothing goes on.
    fn before_in_entry(&self, spot: Spot) -> Vec<Spot> {
        let mut found = Vec::new();
        let Some(mut line) = self.line(spot) else { return found };
        let passed = std::iter::successors(self.prev(spot), |spot| self.prev(*spot)).take(MOST_PASSED);
        for there in passed {
            let Some(before) = self.line(there).filter(|_| line.is_continuation()) else {
                break;
            };
            if line.at() - before.at() > JOIN_WITHIN {
                break;
            }
            if before.stream() == line.stream() && is_error(before) == is_error(line) && !before.is_whole() {
                found.push(there);
                line = before;
            }
        }
        found
    }

    /// The lines of its entry after a line, of the next `most` lines of any.
    pub fn after_in_entry(&self, spot: Spot, most: usize) -> Vec<Spot> {
        let mut found = Vec::new();
        let Some(line) = self.line(spot).filter(|line| !line.is_whole()) else {
            return found;
        };
        let mut last = line.at();
        let passed = std::iter::successors(self.next(spot), |spot| self.next(*spot)).take(most);
        for (there, after) in passed.filter_map(|there| Some((there, self.line(there)?))) {
            if after.at() - last > JOIN_WITHIN {
                break;
            }
            if after.stream() != line.stream() {
                continue;
            }
            if ends(after, is_error(line)) {
                break;
            }
            if after.is_continuation() && is_error(after) == is_error(line) {
                found.push(there);
                last = after.at();
            }
        }
        found
    }
}

/// A line of the same stream after which nothing goes on with an entry that is an error, or is none. Others may break
/// into the traceback of an error.
fn ends(line: Line<'_>, of_error: bool) -> bool {
    !line.is_continuation() && (!of_error || (is_error(line) && !line.is_whole()))
}

impl Filter {
    /// It keeps whole entries for what some line of them has.
    pub(super) fn is_of_entries(&self) -> bool {
        self.request.is_some() || self.shape.is_some()
    }

    /// Rows of a segment that match, where whole entries are kept; and the places of the segments that its entries lie
    /// in. `named` are its rows that name the request.
    pub(super) fn entries(&self, lines: &Lines, place: usize, named: &[u32]) -> (Vec<u32>, RangeInclusive<usize>) {
        let Some(segment) = lines.segment(place) else {
            return (Vec::new(), place..=place);
        };
        let shaped = self.shape.as_ref().map(|shape| lines.errors().rows(segment, shape));
        let has = |row: u32| {
            let is_shaped = shaped.as_ref().is_some_and(|rows| rows.contains(&row));
            self.has(named.binary_search(&row).is_ok(), is_shaped)
        };
        let mut parts: Vec<Part> = Vec::new();
        let mut part_of: Vec<usize> = Vec::with_capacity(segment.len());
        // Of each stream the entry that is no error and the one that is.
        let mut open: Vec<Option<usize>> = vec![None; 2 * segment.streams().len()];
        let mut first = place;
        for (line, row) in segment.lines().zip(0_u32..) {
            let slot = &mut open[2 * line.stream_place() + usize::from(is_error(line))];
            let part = slot.filter(|_| line.is_continuation()).unwrap_or(parts.len());
            if part == parts.len() {
                let spot = Spot {
                    segment: place,
                    line: row as usize,
                };
                let before = lines.before_in_entry(spot);
                first = before.last().map_or(first, |spot| first.min(spot.segment));
                let has = before.into_iter().fold(0, |has, spot| has | self.has_there(lines, spot));
                parts.push(Part { has, last: row });
            }
            if !line.is_whole() {
                *slot = Some(part);
            }
            parts[part].has |= has(row);
            parts[part].last = row;
            part_of.push(part);
        }
        let last = self.go_on(lines, place, &open, &mut parts);
        let streams: Vec<bool> = segment.streams().iter().map(|stream| self.takes_stream(stream)).collect();
        let takes = |line: Line<'_>| {
            let pattern = self.pattern.as_ref();
            streams[line.stream_place()] && self.takes_line(line) && pattern.is_none_or(|pattern| pattern.matches(line))
        };
        let kept = segment
            .lines()
            .zip(0_u32..)
            .zip(part_of)
            .filter(|(_, part)| parts[*part].has == ALL);
        let rows = kept.filter(|((line, _), _)| takes(*line)).map(|((_, row), _)| row).collect();
        (rows, first..=last)
    }

    /// Adds what the entries that a segment leaves open have in those after it; gives the place of the last of these.
    fn go_on(&self, lines: &Lines, place: usize, open: &[Option<usize>], parts: &mut [Part]) -> usize {
        let (Some(segment), Some(end)) = (lines.segment(place), lines.segment(place + 1).map(|_| place + 1)) else {
            return place;
        };
        let mut until = Millis::MIN;
        let mut left: HashMap<(&SafeText, bool), (usize, Millis)> = HashMap::new();
        for (slot, part) in open.iter().enumerate().filter_map(|(slot, part)| Some((slot, (*part)?))) {
            if let Some(line) = segment.line(parts[part].last as usize) {
                left.insert((&segment.streams()[slot / 2], slot % 2 == 1), (part, line.at()));
                until = until.max(line.at());
            }
        }
        let mut reached = place;
        let passed = std::iter::successors(Some(Spot { segment: end, line: 0 }), |spot| lines.next(*spot));
        for (spot, line) in passed.take(MOST_PASSED).filter_map(|spot| Some((spot, lines.line(spot)?))) {
            if left.is_empty() || line.at() - until > JOIN_WITHIN {
                break;
            }
            for of_error in [false, true] {
                let key = (line.stream(), of_error);
                let Some((part, last)) = left.get(&key).copied() else { continue };
                if ends(line, of_error) || line.at() - last > JOIN_WITHIN {
                    left.remove(&key);
                } else if line.is_continuation() && is_error(line) == of_error {
                    parts[part].has |= self.has_there(lines, spot);
                    left.insert(key, (part, line.at()));
                    (until, reached) = (line.at(), spot.segment);
                }
            }
        }
        reached
    }

    /// The same of a line of another segment.
    fn has_there(&self, lines: &Lines, spot: Spot) -> u8 {
        let Some((line, segment)) = lines.line(spot).zip(lines.segment(spot.segment)) else {
            return 0;
        };
        let is_named = self.request.as_ref().is_some_and(|request| request.pattern().matches(line));
        let is_shaped = |shape| line.tells() && lines.errors().rows(segment, shape).contains(&(spot.line as u32));
        self.has(is_named, self.shape.as_ref().is_some_and(is_shaped))
    }

    /// What is not asked for is not missing.
    fn has(&self, is_named: bool, is_shaped: bool) -> u8 {
        let named = if self.request.is_none() || is_named { NAMED } else { 0 };
        let shaped = if self.shape.is_none() || is_shaped { SHAPED } else { 0 };
        named | shaped
    }
}
