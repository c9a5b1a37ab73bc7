//! A view beside the tail's: lines that came from elsewhere, all at once.

use super::LogView;
use crate::core::{
    lines::{Filter, Pattern},
    tail::Arrived,
};

/// Scans of view `n` have numbers from `n` times this on.
const APART: u32 = 32;

impl LogView {
    /// An empty view whose scans are not taken for those of another; the tail's is number 0.
    pub fn apart(memory: usize, number: u64) -> Self {
        Self {
            generation: number << APART,
            ..Self::new(memory)
        }
    }

    /// The number of the view that a scan of this generation belongs to.
    pub fn number_of(generation: u64) -> u64 {
        generation >> APART
    }

    /// Keeps, searches and looks like another view; none of that is taken back.
    pub fn take_after(&mut self, other: &Self) {
        self.size = other.size;
        self.wrap = other.wrap;
        self.shows_histogram = other.shows_histogram;
        self.filter.clone_from(&other.filter);
        self.search.clone_from(&other.search);
        self.look_again();
    }

    /// Holds these lines in place of those before. The window stays where it was, as far as its line is still there.
    pub fn replace(&mut self, arrivals: impl IntoIterator<Item = Arrived>) {
        self.lines = self.lines.cleared();
        self.lines.append(arrivals);
        self.marks.clear();
        self.look_again();
    }

    fn look_again(&mut self) {
        self.refilter();
        if let Some((pattern, _)) = self.search.take() {
            let index = self.look_through(Filter {
                pattern: Some(Pattern::clone(&pattern)),
                ..Filter::default()
            });
            self.search = Some((pattern, index));
        }
    }
}
