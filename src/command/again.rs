//! Asking again after a fault that passes, or until somebody has logged in: what is waited for, since when, and when
//! the next try comes, on one line that is rewritten in place. Without a terminal it is said when the waiting begins
//! and when it ends.

use std::time::Duration;

use super::{Context, at_speed, pause, text};
use crate::core::{
    fact::Millis,
    fault::{Fault, FaultKind},
};

/// Longest pause between two tries.
const MOST: Duration = Duration::from_mins(1);

/// The same while somebody logs in, who then waits for it.
const MOST_OF_LOGIN: Duration = Duration::from_secs(15);

/// Between two looks at the clock.
const EVERY: Duration = Duration::from_secs(1);

/// The pauses between tries, and what has been said of them.
pub(super) struct Again {
    /// Between two looks that are answered.
    every: Duration,
    wait: Duration,
    /// When the first try of this row failed, and why the last one did.
    failed: Option<(Millis, FaultKind)>,
    /// Somebody had to log in.
    is_login: bool,
}

impl Again {
    /// Nothing has failed yet; `every` lies between two looks.
    pub(super) fn new(every: Duration) -> Self {
        Self {
            every,
            wait: every,
            failed: None,
            is_login: false,
        }
    }

    /// The try was answered.
    pub(super) fn is_answered(&mut self, cx: &mut Context) {
        if self.failed.is_some() {
            let who = if self.is_login { "Logged in again" } else { "AWS answers again" };
            cx.out.end_standing();
            cx.out.note(format!("{who}, following on."));
            *self = Self::new(self.every);
        }
    }

    /// Waits for the next try after one that failed: until somebody logs in, or for AWS.
    pub(super) async fn after(&mut self, cx: &mut Context, fault: &Fault) {
        let is_login = fault.is_credentials();
        let (what, most) = if is_login {
            ("a login (`aws sso login`)", MOST_OF_LOGIN)
        } else {
            ("AWS", MOST)
        };
        self.is_login |= is_login;
        self.wait = (self.wait * 2).min(most);
        let (since, last) = self.failed.map_or((cx.cloud.now(), None), |(since, kind)| (since, Some(kind)));
        self.failed = Some((since, fault.kind));
        if !cx.out.is_watched() {
            if last != Some(fault.kind) {
                cx.out.note(format!("{}; asking again.", fault.sentence()));
            }
            return pause(cx, self.wait).await;
        }
        let waiting = format!("waiting for {what} since {}", text::clock(since, &cx.settings));
        let mut left = at_speed(cx, self.wait);
        while !left.is_zero() {
            let seconds = left.as_millis().div_ceil(1_000);
            cx.out.stand(format!("{waiting}, next try in {seconds} s: {}", fault.sentence()));
            let step = left.min(EVERY);
            tokio::time::sleep(step).await;
            left -= step;
        }
        cx.out.stand(format!("{waiting}, trying now: {}", fault.sentence()));
    }
}
