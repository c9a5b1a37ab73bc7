//! The ids of the events that came, by the second of their time: 16 bytes for each, since of a busy log hundreds of
//! thousands are kept.

use std::{
    collections::{BTreeMap, HashSet},
    hash::BuildHasher,
};

use foldhash::{fast, quality};

use crate::core::{fact::Millis, lines::EventId};

/// Milliseconds whose ids are kept together.
const STEP: Millis = 1_000;

/// Ids of events. In their place stand two hashes of 64 bits, seeded by chance: that two events of one second have both in
/// common is not to be expected in the lifetime of a log.
#[derive(Debug, Clone, Default)]
pub(super) struct Ids {
    steps: BTreeMap<Millis, HashSet<u128, fast::RandomState>>,
    len: usize,
    seeds: [quality::RandomState; 2],
}

impl Ids {
    /// Adds an id; whether it was not there.
    pub(super) fn insert(&mut self, at: Millis, id: &EventId) -> bool {
        let [high, low] = &self.seeds;
        let hash = (u128::from(high.hash_one((at, id))) << 64) | u128::from(low.hash_one((at, id)));
        let is_new = self.steps.entry(at.div_euclid(STEP)).or_default().insert(hash);
        self.len += usize::from(is_new);
        is_new
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Drops those before a time, to a second.
    pub(super) fn forget(&mut self, before: Millis) {
        while let Some(first) = self
            .steps
            .first_entry()
            .filter(|first| (*first.key() + 1).saturating_mul(STEP) <= before)
        {
            self.len -= first.remove().len();
        }
    }

    /// The time before which the oldest ones lie, at least so many.
    pub(super) fn end_of_oldest(&self, count: usize) -> Option<Millis> {
        let mut sum = 0;
        let step = self.steps.iter().find(|(_, ids)| {
            sum += ids.len();
            sum >= count
        });
        step.map(|(step, _)| (step + 1).saturating_mul(STEP))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_apart_counted_and_forgotten_by_time() {
        let id = |n: u64| EventId::Number([0, 0, n]);
        let mut ids = Ids::default();
        for at in 0..5_000 {
            assert!(ids.insert(at, &id(1)) && ids.insert(at, &id(2)) && !ids.insert(at, &id(1)));
        }
        assert!(ids.insert(-1, &EventId::Text("1".into())) && !ids.insert(-1, &EventId::Text("1".into())));
        assert_eq!(
            (ids.len(), ids.end_of_oldest(2_001), ids.end_of_oldest(2_002)),
            (10_001, Some(1_000), Some(2_000))
        );
        assert_eq!(ids.end_of_oldest(20_000), None);
        ids.forget(1_999);
        assert_eq!(ids.len(), 8_000);
        assert!(!ids.insert(1_000, &id(1)) && ids.insert(0, &id(1)));
        ids.forget(Millis::MAX);
        assert!(ids.len() <= 1);
    }
}
