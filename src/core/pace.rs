//! When a poll is due again: cadence, jitter and back-off as numbers; nothing sleeps here.

use super::{fault::FaultKind, polls::Poll};

/// Longest pause after failures, in milliseconds.
const LONGEST: u64 = 60_000;

/// Milliseconds until the next request of a poll, or `None` when only an event makes it due.
/// `spread` in 0..=1000 picks a place within ±20 %, so that many consoles do not beat together.
pub fn pause(poll: Poll, is_busy: bool, failures: u32, spread: u64) -> Option<u64> {
    let row = poll.row();
    let seconds = if is_busy { Some(row.busy) } else { row.idle };
    let base = match (seconds, failures) {
        (Some(s), _) => u64::from(s) * 1000,
        // What is asked only on change is asked again soon when it failed.
        (None, 1..) => 5_000,
        (None, 0) => return None,
    };
    let backed_off = base.saturating_mul(1 << failures.min(6)).min(LONGEST.max(base));
    Some(backed_off * (800 + spread.min(1000) * 400 / 1000) / 1000)
}

/// Whether asking again by itself is pointless until the operator does something.
pub fn is_hopeless(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Denied | FaultKind::Guarded)
}

/// Milliseconds between two calls of `FilterLogEvents` for which a person waits: half of the rate that
/// AWS publishes for the region, per account (CloudWatch Logs service quotas, 2026-11).
pub fn page_pause(region: &str) -> u64 {
    let a_second = match region {
        "us-east-1" => 25,
        "ap-northeast-3" | "ap-southeast-3" | "ca-west-1" | "eu-central-1" | "il-central-1" => 5,
        _ => 10,
    };
    2 * 1_000 / a_second
}

/// A cheap spread that differs from request to request (a step of SplitMix64).
pub fn spread(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % 1001
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_double_the_pause_up_to_a_minute() {
        let mid = |failures| pause(Poll::Stack, true, failures, 500);
        assert_eq!(
            [mid(0), mid(1), mid(2), mid(3), mid(9)],
            [Some(7_000), Some(14_000), Some(28_000), Some(56_000), Some(60_000)]
        );
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        for seed in 0..200 {
            let pause = pause(Poll::Stack, false, 0, spread(seed)).unwrap();
            assert!((24_000..=36_000).contains(&pause), "{pause}");
        }
    }

    #[test]
    fn what_is_asked_on_change_waits_for_it() {
        assert_eq!(pause(Poll::Events, false, 0, 0), None);
        assert!(pause(Poll::Events, false, 1, 500).is_some());
    }
}
