//! Clocks that drive a simulated world. The real one is the only place of the simulator that knows
//! what time it is.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use crate::core::fact::Millis;

/// Wall time, in milliseconds since 1970-01-01 UTC. It never goes back.
pub trait Clock: Send + Sync + 'static {
    /// The present time.
    fn now(&self) -> Millis;
}

/// The machine's date when it was made, moved on by its monotonic clock.
#[derive(Debug)]
pub struct RealClock {
    began: Millis,
    instant: Instant,
}

impl Default for RealClock {
    fn default() -> Self {
        let date = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            began: Millis::try_from(date.as_millis()).unwrap_or(0),
            instant: Instant::now(),
        }
    }
}

impl Clock for RealClock {
    fn now(&self) -> Millis {
        self.began + Millis::try_from(self.instant.elapsed().as_millis()).unwrap_or(0)
    }
}

/// A clock that stands still until it is moved: stories and tests.
#[derive(Debug)]
pub struct StepClock(AtomicI64);

impl StepClock {
    /// Stands at `at`.
    pub fn new(at: Millis) -> Self {
        Self(AtomicI64::new(at))
    }

    /// Moves on.
    pub fn step(&self, by: Millis) {
        self.0.fetch_add(by.max(0), Ordering::SeqCst);
    }
}

impl Clock for StepClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::SeqCst)
    }
}
