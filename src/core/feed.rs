//! A feed keeps the last good value of one poll with its age, the request in flight and the last
//! fault: a failed poll never blanks a panel.

use super::{fact::Millis, fault::Fault, msg::Now};

/// One polled value.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed<T> {
    value: Option<(T, Now)>,
    /// Sequence number of the request in flight.
    pub awaiting: Option<u64>,
    /// Why the newest request failed.
    pub fault: Option<Fault>,
    /// When it is to be asked again, in milliseconds of the monotonic clock.
    pub due: u64,
    /// Failures in a row.
    pub failures: u32,
}

impl<T> Default for Feed<T> {
    fn default() -> Self {
        Self {
            value: None,
            awaiting: None,
            fault: None,
            due: 0,
            failures: 0,
        }
    }
}

impl<T> Feed<T> {
    /// The last good value.
    pub fn get(&self) -> Option<&T> {
        self.value.as_ref().map(|(v, _)| v)
    }

    /// The last good value, to be extended in place.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut().map(|(v, _)| v)
    }

    /// Milliseconds since the last good value came.
    pub fn age(&self, now: Now) -> Option<u64> {
        self.value.as_ref().map(|(_, at)| now.mono.saturating_sub(at.mono))
    }

    /// The cloud's time of the last good value.
    pub fn taken_at(&self) -> Option<Millis> {
        self.value.as_ref().map(|(_, at)| at.wall)
    }

    /// Takes a good answer.
    pub fn set(&mut self, value: T, now: Now) {
        self.value = Some((value, now));
        self.fault = None;
        self.failures = 0;
    }

    /// Takes a failure; the value stays.
    pub fn fail(&mut self, fault: Fault) {
        self.fault = Some(fault);
        self.failures = self.failures.saturating_add(1);
    }

    /// Nothing has come yet, and nothing has failed.
    pub fn is_loading(&self) -> bool {
        self.value.is_none() && self.fault.is_none()
    }
}
