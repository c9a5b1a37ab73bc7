//! AWS's time: this machine's clock, mended by what AWS's answers say of theirs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::{DateTime, date_time::Format};

use crate::core::fact::Millis;

/// Clocks that differ by less are not mended: AWS's own machines do.
const SLACK: Millis = 2_000;

/// AWS's clock, as far as it is known. All clients share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock(Arc<AtomicI64>);

impl Clock {
    /// AWS's time; this machine's until something has been heard.
    pub(super) fn now(&self) -> Millis {
        local().saturating_sub(self.ahead())
    }

    /// By how much this machine's clock is ahead of AWS's.
    pub(super) fn ahead(&self) -> Millis {
        self.0.load(Ordering::Relaxed)
    }

    /// Hears an answer to what was sent when this machine's clock showed `sent`. One that is not AWS's own, or that
    /// was kept somewhere, says nothing.
    pub(super) fn hear(&self, answer: &HttpResponse, sent: Millis) {
        let header = |name| answer.headers().get(name);
        let is_own = ["x-amzn-requestid", "x-amz-request-id"]
            .into_iter()
            .any(|name| header(name).is_some());
        let date = header("date").filter(|_| is_own && header("age").is_none());
        let date = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok()?.to_millis().ok());
        if let Some(date) = date {
            self.0.store(mended(self.ahead(), date, (sent, local())), Ordering::Relaxed);
        }
    }
}

/// What this machine's clock shows.
pub(super) fn local() -> Millis {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |age| Millis::try_from(age.as_millis()).unwrap_or(Millis::MAX))
}

/// By how much this machine's clock is ahead, where AWS's showed the second from `date` on at some time between
/// `sent` and `come`: what was known before, as far as that may be.
fn mended(ahead: Millis, date: Millis, (sent, come): (Millis, Millis)) -> Millis {
    let (least, most) = (sent.saturating_sub(date).saturating_sub(1_000), come.saturating_sub(date));
    let is_near = ahead >= least.saturating_sub(SLACK) && ahead <= most.saturating_add(SLACK);
    // The wrong way round where the clock was set meanwhile.
    if is_near || least > most { ahead } else { ahead.clamp(least, most) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_clock_that_is_off_is_known_to_the_length_of_a_request(
            at in 1_700_000_000_000i64..1_900_000_000_000,
            skew in -400_000_000_000i64..400_000_000_000,
            before in -400_000_000_000i64..400_000_000_000,
            (there, back) in (0i64..6_000, 0i64..6_000),
        ) {
            let date = (at + there).div_euclid(1_000) * 1_000;
            let ahead = mended(before, date, (at + skew, at + there + back + skew));
            prop_assert!((ahead - skew).abs() <= there.max(back) + 1_000 + SLACK, "{ahead} for {skew}");
        }
    }

    #[test]
    fn a_second_more_or_less_is_none_and_what_is_known_stays() {
        assert_eq!(mended(0, 10_000, (11_500, 11_700)), 0);
        assert_eq!(mended(600_000, 10_000, (610_500, 610_700)), 600_000);
        assert_eq!(mended(700, 10_000, (999_000, 5_000)), 700, "the clock was set meanwhile");
        assert_eq!(mended(0, i64::MAX, (0, 0)), -i64::MAX, "and no date breaks it");
    }
}
