//! Counts of lines by time and level, kept up as lines come and go.

use std::collections::BTreeMap;

use strum::EnumCount;

use crate::core::{fact::Millis, logline::Level};

/// Finest step, in milliseconds.
const STEP: Millis = 1_000;
/// About what a step takes in a tree whose nodes are half full.
const A_STEP: usize = 2 * size_of::<(Millis, [u32; Level::COUNT])>();

/// Counts of lines by time and level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    steps: BTreeMap<Millis, [u32; Level::COUNT]>,
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
        self.steps.entry(at.div_euclid(STEP)).or_default()[level as usize] += 1;
    }

    /// Takes a line back.
    pub fn remove(&mut self, at: Millis, level: Level) {
        let step = at.div_euclid(STEP);
        if let Some(counts) = self.steps.get_mut(&step) {
            let count = &mut counts[level as usize];
            *count = count.saturating_sub(1);
            if counts.iter().all(|count| *count == 0) {
                self.steps.remove(&step);
            }
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.steps.len() * A_STEP
    }

    /// All that is counted, by level.
    pub fn counts(&self) -> [u64; Level::COUNT] {
        let mut sums = [0; Level::COUNT];
        for counts in self.steps.values() {
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += u64::from(*count));
        }
        sums
    }

    /// First time counted and first time after the last, to a second.
    pub fn span(&self) -> Option<(Millis, Millis)> {
        let (first, _) = self.steps.first_key_value()?;
        let (last, _) = self.steps.last_key_value()?;
        Some((first * STEP, (last + 1) * STEP))
    }

    /// The newest time counted between two times, to a second.
    pub fn newest(&self, from: Millis, until: Millis) -> Option<Millis> {
        let mut steps = self.steps.range(from.div_euclid(STEP)..=until.div_euclid(STEP));
        steps.next_back().map(|(step, _)| step * STEP)
    }

    /// Adds the counts to columns that lie side by side. A step that lies in two of them counts where
    /// it begins.
    pub fn pour(&self, columns: &mut [Column]) {
        let (Some(first), Some(last)) = (columns.first(), columns.last()) else {
            return;
        };
        let (from, until) = (first.from, last.until);
        for (step, counts) in self.steps.range(from.div_euclid(STEP)..=until.div_euclid(STEP)) {
            let at = (step * STEP).max(from);
            let place = columns.partition_point(|column| column.until <= at);
            if let Some(column) = columns.get_mut(place) {
                column.counts.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
        }
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
