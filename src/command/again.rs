//! Asking again after a fault that passes, or until somebody has logged in: what is waited for, since when, and when
//! the next try comes, on one line that is rewritten in place. Without a terminal it is said when the waiting begins
//! and when it ends.

use std::time::Duration;

use super::{Context, at_speed, text};
use crate::core::{
    fact::Millis,
    fault::{Fault, FaultKind},
};

/// Longest pause between two tries.
const MOST: Duration = Duration::from_mins(1);

/// The same while somebody logs in, who then waits for it.
const MOST_OF_LOGIN: Duration = Duration::from_secs(15);

/// Between two looks at the clock.
pub(super) const EVERY: Duration = Duration::from_secs(1);

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

    /// Tries fail, and nobody has answered since.
    pub(super) fn is_waiting(&self) -> bool {
        self.failed.is_some()
    }

    /// A try failed; gives the pause until the next one. Without a terminal that is said once.
    pub(super) fn failed(&mut self, cx: &mut Context, fault: &Fault) -> Duration {
        self.is_login |= fault.is_credentials();
        self.wait = (self.wait * 2).min(if fault.is_credentials() { MOST_OF_LOGIN } else { MOST });
        let last = self.failed;
        self.failed = Some((last.map_or(cx.cloud.now(), |(since, _)| since), fault.kind));
        if !cx.out.is_watched() && last.is_none_or(|(_, kind)| kind != fault.kind) {
            cx.out.note(cx.placed(&format!("{}; asking again.", fault.sentence())));
        }
        self.wait
    }

    /// Rewrites the line of what is waited for; so long it is until the next try.
    pub(super) fn tell(&self, cx: &mut Context, fault: &Fault, left: Duration) {
        let Some((since, _)) = self.failed else { return };
        let what = if fault.is_credentials() {
            cx.placed("a login (`aws sso login`)")
        } else {
            "AWS".to_owned()
        };
        let next = match left.as_millis().div_ceil(1_000) {
            0 => "trying now".to_owned(),
            seconds => format!("next try in {seconds} s"),
        };
        let since = text::clock(since, &cx.settings);
        cx.out
            .stand(format!("waiting for {what} since {since}, {next}: {}", fault.sentence()));
    }

    /// Waits for the next try after one that failed.
    pub(super) async fn after(&mut self, cx: &mut Context, fault: &Fault) {
        let wait = self.failed(cx, fault);
        let mut left = at_speed(cx, wait);
        while !left.is_zero() {
            self.tell(cx, fault, left);
            let step = left.min(EVERY);
            tokio::time::sleep(step).await;
            left -= step;
        }
        self.tell(cx, fault, left);
    }
}

/// The next look may be answered.
pub(super) fn passes(fault: &Fault) -> bool {
    match fault.kind {
        FaultKind::Throttled | FaultKind::Unreachable | FaultKind::TimedOut | FaultKind::AwsFailed | FaultKind::OddAnswer => true,
        FaultKind::NoCredentials
        | FaultKind::Expired
        | FaultKind::WrongCredentials
        | FaultKind::OtherAccount
        | FaultKind::Denied
        | FaultKind::NotFound
        | FaultKind::Refused
        | FaultKind::NoChange
        | FaultKind::Guarded
        | FaultKind::Unnoted
        | FaultKind::Stopped
        | FaultKind::Internal => false,
    }
}
