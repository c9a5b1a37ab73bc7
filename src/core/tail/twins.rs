//! Events told apart by their content: Live Tail gives no ids, so what it brought is matched with what
//! polling brings by time, ingestion, stream and message, as often as each of them has it.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use crate::core::fact::{LogEvent, Millis};

/// Who brought an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// `FilterLogEvents`, once for each id.
    Poll,
    /// The session of this number, once for each event.
    Live(u32),
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    /// Given out.
    given: u32,
    polled: u32,
    /// Brought by the last session that brought one.
    live: u32,
    session: u32,
}

/// Counts of equal events. As many are given out as the source has that has most of them: sources
/// overlap, and each names an event once.
#[derive(Debug, Clone, Default)]
pub(super) struct Twins(BTreeMap<(Millis, Millis, u64), Counts>);

impl Twins {
    /// Whether an event that `source` brings is one more than have been given out; if so it counts as
    /// given out.
    pub(super) fn is_new(&mut self, event: &LogEvent, source: Source) -> bool {
        let counts = self.0.entry(key(event)).or_default();
        let brought = match source {
            Source::Poll => &mut counts.polled,
            Source::Live(session) => {
                if counts.session != session {
                    (counts.session, counts.live) = (session, 0);
                }
                &mut counts.live
            }
        };
        *brought += 1;
        let is_new = *brought > counts.given;
        counts.given += u32::from(is_new);
        is_new
    }

    /// How many kinds of events are counted.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The time before which the oldest ones lie, at least so many.
    pub(super) fn end_of_oldest(&self, count: usize) -> Option<Millis> {
        self.0.keys().nth(count.saturating_sub(1)).map(|(at, ..)| at + 1)
    }

    /// Drops what is before `floor`.
    pub(super) fn forget(&mut self, floor: Millis) {
        if self.0.first_key_value().is_some_and(|((at, ..), _)| *at < floor) {
            self.0 = self.0.split_off(&(floor, Millis::MIN, 0));
        }
    }
}

fn key(event: &LogEvent) -> (Millis, Millis, u64) {
    let mut hasher = DefaultHasher::new();
    event.stream.hash(&mut hasher);
    event.message.as_raw().hash(&mut hasher);
    (event.at, event.ingested, hasher.finish())
}
