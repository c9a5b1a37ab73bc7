//! Counts of lines by time and level, kept up as lines come and go.

use std::collections::BTreeMap;

use strum::EnumCount;

use crate::core::{fact::Millis, logline::Level};

/// Finest step, in milliseconds.
const STEP: Millis = 5_000;

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

    /// First time counted and first time after the last, to five seconds.
    pub fn span(&self) -> Option<(Millis, Millis)> {
        let (first, _) = self.steps.first_key_value()?;
        let (last, _) = self.steps.last_key_value()?;
        Some((first * STEP, (last + 1) * STEP))
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
    /// The interval in `count` equal parts, with nothing counted yet.
    pub fn split(from: Millis, until: Millis, count: usize) -> Vec<Self> {
        let width = (until - from).max(1);
        let edge = |i: usize| from + width * i as Millis / count as Millis;
        let column = |i| Self {
            from: edge(i),
            until: edge(i + 1),
            counts: [0; Level::COUNT],
        };
        (0..count).map(column).collect()
    }
}
