//! THE table of polls: what is asked, how often when idle and when an operation runs, and the
//! permission it needs. It feeds the pacer and the README.

use strum::EnumIter;

/// A thing that is asked again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum Poll {
    /// Who am I.
    Identity,
    /// The stack.
    Stack,
    /// Its events.
    Events,
    /// Its resources.
    Resources,
    /// The ECS services.
    Services,
    /// Their tasks.
    Tasks,
    /// Target health.
    Targets,
    /// The log tail.
    Logs,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct PollRow {
    /// What.
    pub poll: Poll,
    /// Seconds between two requests when nothing happens; `None`: only when something changed.
    pub idle: Option<u32>,
    /// Seconds between two requests while an operation runs (Logs: while the Logs screen is open).
    pub busy: u32,
    /// AWS calls that one request makes in the usual case.
    pub calls: u32,
    /// Permissions it needs.
    pub actions: &'static [&'static str],
}

/// All polls. Idle calls a minute with both services and one target group each:
/// stack 2 + services 2 + tasks 3 + targets 4 + logs 7.5 + its second pass 1 = 19.5.
pub const POLLS: &[PollRow] = &[
    PollRow {
        poll: Poll::Identity,
        idle: None,
        busy: 3600,
        calls: 1,
        actions: &["sts:GetCallerIdentity"],
    },
    PollRow {
        poll: Poll::Stack,
        idle: Some(30),
        busy: 7,
        calls: 1,
        actions: &["cloudformation:DescribeStacks"],
    },
    PollRow {
        poll: Poll::Events,
        idle: None,
        busy: 4,
        calls: 1,
        actions: &["cloudformation:DescribeStackEvents"],
    },
    PollRow {
        poll: Poll::Resources,
        idle: None,
        busy: 15,
        calls: 1,
        actions: &["cloudformation:ListStackResources"],
    },
    PollRow {
        poll: Poll::Services,
        idle: Some(30),
        busy: 5,
        calls: 1,
        actions: &["ecs:DescribeServices"],
    },
    PollRow {
        poll: Poll::Tasks,
        idle: Some(60),
        busy: 12,
        calls: 3,
        actions: &["ecs:ListTasks", "ecs:DescribeTasks"],
    },
    PollRow {
        poll: Poll::Targets,
        idle: Some(30),
        busy: 10,
        calls: 2,
        actions: &["elasticloadbalancing:DescribeTargetHealth"],
    },
    PollRow {
        poll: Poll::Logs,
        idle: Some(8),
        busy: 3,
        calls: 1,
        actions: &["logs:FilterLogEvents"],
    },
];

impl Poll {
    /// Its row.
    pub fn row(self) -> &'static PollRow {
        // One row for each, in the order of the enum; a test sees to it.
        &POLLS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn every_poll_has_its_row() {
        assert_eq!(Poll::iter().count(), POLLS.len());
        assert!(Poll::iter().all(|p| p.row().poll == p));
    }

    #[test]
    fn the_pace_fits_the_budget() {
        let a_minute = |every: fn(&PollRow) -> Option<u32>| -> f64 {
            POLLS
                .iter()
                .filter_map(|r| every(r).map(|s| f64::from(r.calls) * 60.0 / f64::from(s)))
                .sum()
        };
        // The second pass of the log tail adds one call a minute.
        assert!(a_minute(|r| r.idle) + 1.0 <= 20.0);
        assert!(a_minute(|r| Some(r.busy)) + 1.0 <= 90.0);
    }
}
