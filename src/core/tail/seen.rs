//! Which events are new: their ids are kept as long as a request may bring them again.

use super::{Arrived, Gap, GapReason, Tail, UNCHECKED_FOR, pass::Kind, twins::Source};
use crate::core::{
    fact::{LogEvent, Millis},
    lines::EventId,
};

impl Tail {
    pub(super) fn take_new(&mut self, events: Vec<LogEvent>) -> Vec<Arrived> {
        let mut new = Vec::with_capacity(events.len());
        for event in events {
            let id = identity(&event);
            if event.at < self.floor {
                self.stats.outside += 1;
            } else if self.seen.insert(event.at, &id) && self.is_not_live(&event) {
                new.push((event.id.is_some().then_some(id), event));
            } else {
                self.stats.repeats += 1;
            }
        }
        self.give(new)
    }

    /// Live Tail has not brought this event before.
    fn is_not_live(&mut self, event: &LogEvent) -> bool {
        self.twins.as_mut().is_none_or(|twins| twins.is_new(event, Source::Poll))
    }

    /// Gives events out in order, and says of each whether it is late. Those without an id stay as they came:
    /// nothing else tells the lines of one millisecond apart.
    pub(super) fn give(&mut self, mut new: Vec<(Option<EventId>, LogEvent)>) -> Vec<Arrived> {
        new.sort_by(|(a, x), (b, y)| (x.at, x.ingested, a).cmp(&(y.at, y.ingested, b)));
        let before = self.newest;
        self.stats.events += new.len() as u64;
        new.into_iter()
            .map(|(_, event)| {
                let late = event.at < before;
                self.stats.late += u64::from(late);
                self.newest = self.newest.max(reached(&event));
                Arrived { event, late }
            })
            .collect()
    }

    /// Drops the ids of events that no request will bring again.
    pub(super) fn forget(&mut self, now: Millis) {
        let under_way = [&self.head, &self.reconcile].into_iter().flatten().map(|pass| pass.from);
        let to_come = [Kind::Head, Kind::Reconcile].map(|kind| self.begin_from(kind, now));
        let keep = under_way.chain(to_come).fold(now, Millis::min);
        self.raise_floor(keep);
        let twins = self.twins.as_ref().filter(|twins| twins.len() > self.most);
        let end = if self.seen.len() > self.most {
            self.seen.end_of_oldest(self.most / 10)
        } else {
            twins.and_then(|twins| twins.end_of_oldest(self.most / 10))
        };
        if let Some(until) = end {
            let from = self.floor;
            self.raise_floor(until);
            self.give_up(from, until, GapReason::LateUnchecked);
            self.give_up_holes(until);
        }
        let is_told = |gap: &Gap| gap.why != GapReason::LateUnchecked || gap.until > now - UNCHECKED_FOR;
        self.given_up.retain(is_told);
    }

    fn raise_floor(&mut self, floor: Millis) {
        if floor > self.floor {
            self.floor = floor;
            self.seen.forget(floor);
            if self.live_at.is_none() && self.twins_until < floor {
                self.twins = None;
            }
            if let Some(twins) = &mut self.twins {
                twins.forget(floor);
            }
        }
    }
}

/// What makes an event the same event. Without an id it is its content.
fn identity(event: &LogEvent) -> EventId {
    match &event.id {
        Some(id) => EventId::new(id),
        None => EventId::Text(format!("{} {} {}", event.ingested, event.stream, event.message.as_raw()).into()),
    }
}

/// The time that AWS's clock had surely reached when the event was taken in.
pub(super) fn reached(event: &LogEvent) -> Millis {
    if event.ingested > 0 {
        event.at.min(event.ingested)
    } else {
        event.at
    }
}
