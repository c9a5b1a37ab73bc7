//! What is not held between the lines that are: it had to make room, or was not fetched to its end. A hole can be
//! filled again; lines that are held already at its edges are not taken twice.

use std::ops::Range;

use super::{Appended, EventId, Lines, Segment};
use crate::core::{
    fact::{LogEvent, Millis},
    tail::Arrived,
};

/// An interval of which not all lines are held; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    /// Time of its first line.
    pub from: Millis,
    /// Time of its last line.
    pub until: Millis,
    /// How many lines are known to be missing.
    pub lines: u64,
    /// They are all: lines that had to make room. Else some were never fetched.
    pub is_counted: bool,
}

impl Hole {
    /// Both, as one, and what lies between them.
    pub fn and(self, other: Self) -> Self {
        Self {
            from: self.from.min(other.from),
            until: self.until.max(other.until),
            lines: self.lines + other.lines,
            is_counted: self.is_counted && other.is_counted,
        }
    }
}

/// Lines that had to make room; all are before the first line held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// How many.
    pub lines: u64,
    /// Time of the last of them.
    pub until: Millis,
}

/// All holes, apart and in order of time.
#[derive(Debug, Clone, Default)]
pub(super) struct Holes(Vec<Hole>);

impl Holes {
    /// Adds a hole between two lines that are held, and joins it with those that lie there already.
    fn add(&mut self, hole: Hole, (before, after): (Millis, Millis)) {
        let is_there = |it: &Hole| before <= it.from && it.until <= after;
        let joined = self.0.iter().filter(|it| is_there(it)).fold(hole, |all, it| all.and(*it));
        self.0.retain(|it| !is_there(it));
        let place = self.0.partition_point(|it| it.from < joined.from);
        self.0.insert(place, joined);
    }

    /// Takes an interval out; its end does not belong to it. What is left of a hole keeps its share of the lines, where
    /// they are counted: else nobody knows in which part they are.
    fn cut(&mut self, from: Millis, until: Millis) {
        if from >= until {
            return;
        }
        let part = |hole: Hole, from: Millis, until: Millis| {
            let (width, whole) = ((until - from + 1).max(0), (hole.until - hole.from + 1).max(1));
            let share = (hole.lines as f64 * width as f64 / whole as f64).round() as u64;
            let lines = if hole.is_counted { share } else { 0 };
            (until >= from).then_some(Hole {
                from,
                until,
                lines,
                ..hole
            })
        };
        self.0 = std::mem::take(&mut self.0)
            .into_iter()
            .flat_map(|hole| {
                if hole.until < from || hole.from >= until {
                    return [Some(hole), None];
                }
                [part(hole, hole.from, from - 1), part(hole, until, hole.until)]
            })
            .flatten()
            .collect();
    }
}

impl Lines {
    /// What is not held between and before the lines that are, oldest first.
    pub fn holes(&self) -> &[Hole] {
        &self.holes.0
    }

    /// What had to make room before the first line held.
    pub fn dropped(&self) -> Dropped {
        let first = self.segments.front().and_then(|segment| segment.line(0)).map(|line| line.at());
        let hole = self.holes.0.first().filter(|hole| first.is_none_or(|at| hole.until <= at));
        hole.map_or_else(Dropped::default, |hole| Dropped {
            lines: hole.lines,
            until: hole.until,
        })
    }

    /// Where somebody reads: the lines there and the newest ones are the last to make room. The oldest are the
    /// first when nobody does.
    pub fn read_at(&mut self, at: Option<Millis>) {
        self.reader = at;
    }

    /// The interval is going to be filled; its end does not belong to it.
    pub fn fill(&mut self, from: Millis, until: Millis) {
        self.holes.cut(from, until);
    }

    /// The interval has not been filled after all.
    pub fn leave_out(&mut self, from: Millis, until: Millis) {
        if from < until {
            self.holes.add(
                Hole {
                    from,
                    until: until - 1,
                    lines: 0,
                    is_counted: false,
                },
                (from, until - 1),
            );
        }
    }

    /// Takes lines in that may be held already.
    pub fn append_again(&mut self, arrivals: impl IntoIterator<Item = Arrived>, is_first: bool) -> Appended {
        let new: Vec<Arrived> = arrivals.into_iter().filter(|arrived| !self.holds(&arrived.event)).collect();
        self.append_older(new, is_first)
    }

    fn holds(&self, event: &LogEvent) -> bool {
        let id = event.id.as_ref().map(EventId::new);
        let there = std::iter::successors(self.at_time(event.at), |spot| self.next(*spot));
        let mut same_time = there.map_while(|spot| self.line(spot)).take_while(|line| line.at() == event.at);
        same_time.any(|line| match (line.id(), &id) {
            (Some(held), Some(id)) => held == *id,
            _ => line.stream() == &event.stream && line.raw() == event.message.as_raw(),
        })
    }

    /// A line of this time belongs into a hole: counted, it is taken in when the hole is filled.
    pub(super) fn is_left_out(&mut self, at: Millis) -> bool {
        let dropped = self.dropped();
        let hole = self.holes.0.iter_mut().find(|hole| {
            let is_before_all = dropped.lines > 0 && hole.until == dropped.until;
            at < hole.until && (hole.from < at || is_before_all)
        });
        hole.is_some_and(|hole| {
            hole.lines += 1;
            true
        })
    }

    /// The segment that makes room next.
    pub(super) fn victim(&self) -> usize {
        let Some(at) = self.reader else { return 0 };
        let here = self
            .segments
            .partition_point(|segment| segment.last().is_some_and(|last| last.at() < at));
        // A quarter is kept for the newest lines.
        let (mut newest, mut bytes) = (self.segments.len(), 0);
        while newest > 0 && bytes < self.limit / 4 {
            newest -= 1;
            bytes += self.segments[newest].bytes();
        }
        let far = |places: Range<usize>, least: usize| {
            let there = places.filter(|place| here.abs_diff(*place) >= least);
            there.rev().max_by_key(|place| here.abs_diff(*place))
        };
        // Where there are too few to spare, at least not where somebody reads.
        let all = self.segments.len().saturating_sub(1);
        far(0..newest, 2)
            .or_else(|| far(0..all, 2))
            .or_else(|| far(0..all, 1))
            .or_else(|| far(0..all + 1, 1))
            .unwrap_or(0)
    }

    /// A segment has made room at `place`.
    pub(super) fn note_dropped(&mut self, place: usize, gone: &Segment) {
        let (Some(first), Some(last)) = (gone.line(0), gone.last()) else {
            return;
        };
        let at = |segment: Option<&std::sync::Arc<Segment>>, is_last: bool| {
            let segment = segment?;
            if is_last { segment.last() } else { segment.line(0) }.map(|line| line.at())
        };
        let before = place.checked_sub(1).and_then(|place| at(self.segments.get(place), true));
        let after = at(self.segments.get(place), false);
        let hole = Hole {
            from: first.at(),
            until: last.at(),
            lines: gone.len() as u64,
            is_counted: true,
        };
        self.holes.add(hole, (before.unwrap_or(Millis::MIN), after.unwrap_or(Millis::MAX)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::text::RawText;

    const START: Millis = 1_790_000_000_000;

    fn event(at: Millis, n: u64) -> Arrived {
        Arrived {
            event: LogEvent {
                id: Some(format!("37{n:054}").into()),
                at: START + at,
                ingested: START + at,
                stream: "litellm/litellm/a".into(),
                message: RawText::new(&format!("INFO: line {n} {}", "x".repeat(100))),
            },
            late: false,
        }
    }

    /// Three lines share each millisecond.
    fn all(from: u64, until: u64) -> Vec<Arrived> {
        (from..until).map(|n| event((n / 3) as Millis, n)).collect()
    }

    fn times(lines: &Lines) -> Vec<Millis> {
        lines
            .segments()
            .flat_map(|segment| segment.lines())
            .map(|line| line.at() - START)
            .collect()
    }

    fn assert_in_order_and_whole(lines: &Lines, up_to: u64) {
        assert!(times(lines).is_sorted());
        let held = lines.len() as u64 + lines.holes().iter().map(|hole| hole.lines).sum::<u64>();
        assert!(held.abs_diff(up_to) <= 3, "{held} of {up_to}: {:?}", lines.holes());
        let apart = lines.holes().windows(2).all(|pair| pair[0].until < pair[1].from);
        assert!(apart && lines.bytes() <= lines.limit, "{:?}", lines.holes());
    }

    #[test]
    fn where_somebody_reads_and_at_the_end_nothing_makes_room() {
        let mut lines = Lines::in_small_segments(60_000);
        lines.append(all(0, 100));
        lines.read_at(Some(START + 10));
        for n in 1..30 {
            lines.append(all(n * 100, n * 100 + 100));
            assert_in_order_and_whole(&lines, n * 100 + 100);
        }
        let held = times(&lines);
        assert!(held.contains(&10) && held.contains(&999), "{held:?}");
        // Those that make room next may leave a hole of their own, until it has grown to the one before.
        let between = lines.holes().len();
        assert!((1..=2).contains(&between) && lines.dropped().lines == 0, "{:?}", lines.holes());
        lines.read_at(None);
        lines.append(all(3_000, 3_600));
        assert_in_order_and_whole(&lines, 3_600);
        assert!(lines.dropped().lines > 2_000 && lines.holes().len() == 1, "{:?}", lines.holes());
    }

    #[test]
    fn with_little_memory_the_place_that_is_read_stays() {
        for (limit, at) in [(1 << 20, 3), (1 << 20, 1_500), (64 << 10, 3), (64 << 10, 100)] {
            let mut lines = Lines::new(limit);
            lines.append(all(0, 300));
            lines.append(all(300, (at as u64 + 1) * 3));
            lines.read_at(Some(START + at));
            for n in 0..200 {
                let from = (at as u64 + 1) * 3 + n * 100;
                lines.append(all(from, from + 100));
                assert!(times(&lines).contains(&at), "{at} has gone from {limit} after {n}");
            }
            assert!(lines.bytes() <= limit && !lines.holes().is_empty());
        }
    }

    #[test]
    fn a_hole_is_filled_without_a_line_twice() {
        let mut lines = Lines::in_small_segments(59_000);
        lines.append(all(0, 2_000));
        let hole = lines.holes()[0];
        assert_eq!(
            lines.dropped(),
            Dropped {
                lines: hole.lines,
                until: hole.until
            }
        );
        let first = START + (times(&lines)[0]);
        lines.read_at(Some(first));
        let from = hole.until - 30;
        let before = lines.len();
        lines.fill(from, hole.until + 1);
        // What AWS gives of the window: all of its lines, of which some are held.
        let window: Vec<Arrived> = all(0, 2_000)
            .into_iter()
            .filter(|it| (from..=hole.until).contains(&it.event.at))
            .collect();
        let given = window.len();
        let change = lines.append_again(window.clone(), true);
        assert!((given - 3..=given).contains(&change.lines), "{} of {given}", change.lines);
        assert_in_order_and_whole(&lines, 2_000);
        assert!(lines.len() > before - 200 && times(&lines).contains(&(hole.until - START - 5)));
        assert_eq!(lines.append_again(window, false).lines, 0, "all are held");
        let gone = lines.holes()[0];
        assert_eq!((gone.from, gone.until), (hole.from, from - 1));
    }

    #[test]
    fn a_late_line_of_a_hole_waits_until_it_is_filled() {
        let mut lines = Lines::in_small_segments(60_000);
        lines.append(all(0, 100));
        lines.read_at(Some(START + 10));
        lines.append(all(100, 2_000));
        let (held, hole) = (lines.len(), lines.holes()[0]);
        let late = event(hole.from - START + 2, 9_999);
        lines.append([late.clone()]);
        assert_eq!((lines.len(), lines.holes()[0].lines), (held, hole.lines + 1));
        lines.fill(hole.from, hole.from + 5);
        lines.append_again([late], true);
        assert!(lines.holes()[0].from == hole.from + 5 && times(&lines).contains(&(hole.from - START + 2)));
    }

    #[test]
    fn a_fill_that_was_given_up_is_a_hole_of_unknown_size() {
        let mut lines = Lines::in_small_segments(60_000);
        lines.append(all(900, 1_000));
        lines.leave_out(START + 100, START + 300);
        assert_eq!(
            lines.holes(),
            [Hole {
                from: START + 100,
                until: START + 299,
                lines: 0,
                is_counted: false,
            }]
        );
        lines.fill(START + 100, START + 300);
        assert!(lines.holes().is_empty());
        lines.leave_out(START + 5, START + 5);
        assert!(lines.holes().is_empty());
    }
}
