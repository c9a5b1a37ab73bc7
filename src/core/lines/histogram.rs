//! Counts of lines by time and level, kept up as lines come and go.

use std::{collections::BTreeMap, ops::Range};

use strum::EnumCount;

use crate::core::{fact::Millis, logline::Level};

/// Finest step, in milliseconds.
const STEP: Millis = 1_000;
/// Coarser ones, each in steps of the one before: a minute, an hour.
const COARSER: [i64; 2] = [60, 60];
/// About what a step takes in a tree whose nodes are half full.
const A_STEP: usize = 2 * size_of::<(i64, [u32; Level::COUNT])>();

/// Counts by the number of the step since 1970.
type Steps = BTreeMap<i64, [u32; Level::COUNT]>;

/// Counts of lines by time and level: by second, minute and hour, so that many days cost no more to look at than one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    /// The finest first.
    levels: [Steps; COARSER.len() + 1],
}

/// One column: an interval and its counts by level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// First time of it.
    pub from: Millis,
    /// First time after it.
    pub until: Millis,
    /// Lines by level, in the order of [`Level`].
    pub counts: [u32; Level::COUNT],
}

impl Histogram {
    /// Counts a line.
    pub fn add(&mut self, at: Millis, level: Level) {
        for (steps, step) in self.levels.iter_mut().zip(steps_of(at)) {
            steps.entry(step).or_default()[level as usize] += 1;
        }
    }

    /// Takes a line back.
    pub fn remove(&mut self, at: Millis, level: Level) {
        for (steps, step) in self.levels.iter_mut().zip(steps_of(at)) {
            if let Some(counts) = steps.get_mut(&step) {
                let count = &mut counts[level as usize];
                *count = count.saturating_sub(1);
                if counts.iter().all(|count| *count == 0) {
                    steps.remove(&step);
                }
            }
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.levels.iter().map(|steps| steps.len() * A_STEP).sum()
    }

    /// All that is counted, by level.
    pub fn counts(&self) -> [u64; Level::COUNT] {
        let mut sums = [0; Level::COUNT];
        for counts in self.levels.iter().last().into_iter().flat_map(Steps::values) {
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += u64::from(*count));
        }
        sums
    }

    /// First time counted and first time after the last, to a second.
    pub fn span(&self) -> Option<(Millis, Millis)> {
        let (first, _) = self.levels[0].first_key_value()?;
        let (last, _) = self.levels[0].last_key_value()?;
        Some((first * STEP, (last + 1) * STEP))
    }

    /// The newest time counted between two times, to a second.
    pub fn newest(&self, from: Millis, until: Millis) -> Option<Millis> {
        let mut steps = self.levels[0].range(from.div_euclid(STEP)..=until.div_euclid(STEP));
        steps.next_back().map(|(step, _)| step * STEP)
    }

    /// Adds the counts to columns that lie side by side. A step that lies in two of them counts where
    /// it begins; one that begins before them all counts in the first.
    pub fn pour(&self, columns: &mut [Column]) {
        let Some((begin, end)) = self.span() else { return };
        let first = columns.partition_point(|column| column.until <= begin);
        for (place, column) in columns.iter_mut().enumerate().skip(first) {
            if column.from >= end {
                break;
            }
            let from = if place == 0 {
                column.from.div_euclid(STEP)
            } else {
                up(column.from, STEP)
            };
            add_up(&self.levels, &COARSER, from..up(column.until, STEP), &mut column.counts);
        }
    }
}

/// Number of the step that a time lies in, by level.
fn steps_of(at: Millis) -> impl Iterator<Item = i64> {
    std::iter::successors(Some((at.div_euclid(STEP), 0)), |(step, level)| {
        Some((step.div_euclid(*COARSER.get(*level)?), level + 1))
    })
    .map(|(step, _)| step)
}

/// How many wholes of `size` begin before `at`.
fn up(at: i64, size: i64) -> i64 {
    (at + size - 1).div_euclid(size)
}

/// Adds the counts of a range of steps of the first level; what fills steps of the next one is taken from there.
fn add_up(levels: &[Steps], coarser: &[i64], steps: Range<i64>, sums: &mut [u32; Level::COUNT]) {
    let Some((fine, coarse)) = levels.split_first() else { return };
    let mut add = |range: Range<i64>| {
        for (_, counts) in fine.range(range) {
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
    };
    let whole = coarser
        .first()
        .map(|size| (*size, up(steps.start, *size)..steps.end.div_euclid(*size)));
    match whole.filter(|(_, whole)| whole.start < whole.end) {
        Some((size, whole)) => {
            add(steps.start..whole.start * size);
            add(whole.end * size..steps.end);
            add_up(coarse, &coarser[1..], whole, sums);
        }
        None if steps.start < steps.end => add(steps),
        None => {}
    }
}

impl Column {
    /// A column with nothing counted yet.
    pub(super) fn new(from: Millis, until: Millis) -> Self {
        let counts = [0; Level::COUNT];
        Self { from, until, counts }
    }

    /// At most `most` columns, but two, that cover the interval and have nothing counted yet. All are as wide, a
    /// whole number of steps, so that none has a share of what belongs to its neighbour; and they end at multiples
    /// of it, so that they stay what they are while the interval moves.
    pub fn split(from: Millis, until: Millis, most: usize) -> Vec<Self> {
        let most = most.max(2) as Millis;
        let last = (until - 1).max(from);
        let least = (last - from + 1).div_euclid(most * STEP).max(1);
        let edges = |steps: Millis| (from.div_euclid(steps * STEP), last.div_euclid(steps * STEP) + 1);
        let fits = |steps: &Millis| edges(*steps).1 - edges(*steps).0 <= most;
        // Of long intervals not every width is tried.
        let mut widths = std::iter::successors(Some(least), |steps| Some(steps + 1 + steps / 64));
        let steps = widths.find(fits).unwrap_or(least);
        let width = steps * STEP;
        let (first, end) = edges(steps);
        (first..end).map(|place| Self::new(place * width, (place + 1) * width)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn however_wide_the_columns_are_each_line_counts_where_its_second_begins(
            times in prop::collection::vec((prop_oneof![-20_000..20_000_i64, -9_000_000..9_000_000_i64, -90_000_000..90_000_000_i64], any::<bool>()), 0..60),
            (from, width) in (-50_000_000..50_000_000_i64, prop_oneof![1..5_000_i64, 1..500_000_i64, 1..20_000_000_i64]),
            count in 1..12_i64,
        ) {
            let mut histogram = Histogram::default();
            for (at, _) in &times {
                histogram.add(*at, Level::Info);
            }
            for (at, _) in times.iter().filter(|(_, stays)| !stays) {
                histogram.remove(*at, Level::Info);
            }
            let edge = |place: i64| from + place * width;
            let mut columns: Vec<Column> = (0..count).map(|i| Column::new(edge(i), edge(i + 1))).collect();
            histogram.pour(&mut columns);
            let second = |at: i64| at.div_euclid(STEP) * STEP;
            let stay = || times.iter().filter(|(_, stays)| *stays).map(|(at, _)| second(*at));
            for (place, column) in columns.iter().enumerate() {
                let begins = if place == 0 { second(column.from) } else { column.from };
                let want = stay().filter(|at| (begins..column.until).contains(at)).count();
                prop_assert_eq!(column.counts[Level::Info as usize] as usize, want, "{:?}", column);
            }
            prop_assert_eq!(histogram.counts()[Level::Info as usize] as usize, stay().count());
            prop_assert_eq!(histogram.span(), stay().min().zip(stay().max()).map(|(first, last)| (first, last + STEP)));
            if stay().count() == 0 {
                prop_assert_eq!(histogram.bytes(), 0);
            }
        }
    }
}
