//! How long an operation still takes: typical seconds for each resource type, and the longest way
//! through the template's dependencies. Always a range; the verdict never rests on it.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use super::{
    fact::{Millis, ResourceStatus},
    model::Model,
    progress::{Progress, Row},
    template::Resource,
    text::SafeText,
};

/// The shipped table; its head says where the figures are from.
const SHIPPED: &str = include_str!("../../assets/durations.toml");

static TABLE: LazyLock<BTreeMap<String, Typical>> = LazyLock::new(|| toml::from_str(SHIPPED).unwrap_or_default());

/// Seconds for a type that the table does not name.
const OTHER: Typical = Typical {
    create: 5,
    update: 5,
    delete: 5,
};

/// Share of the typical time that the lower and the upper end of the range count.
const RANGE: (f64, f64) = (0.8, 1.5);

/// Typical seconds of one resource type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Typical {
    create: u32,
    update: u32,
    delete: u32,
}

/// What CloudFormation does to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Makes it.
    Create,
    /// Changes it.
    Update,
    /// Removes it.
    Delete,
}

impl Work {
    /// The work that a status tells of.
    pub fn of(status: &ResourceStatus) -> Self {
        match status.0.split('_').next() {
            Some("DELETE") => Self::Delete,
            Some("UPDATE") => Self::Update,
            _ => Self::Create,
        }
    }
}

/// How much longer: a range in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Eta {
    /// When all goes fast.
    pub low: Millis,
    /// When all goes slowly.
    pub high: Millis,
}

/// Typical time of a resource type, in milliseconds.
pub fn typical(kind: &str, work: Work) -> Millis {
    let kind = if kind.starts_with("Custom::") {
        "AWS::CloudFormation::CustomResource"
    } else {
        kind
    };
    let row = TABLE.get(kind).unwrap_or(&OTHER);
    let seconds = match work {
        Work::Create => row.create,
        Work::Update => row.update,
        Work::Delete => row.delete,
    };
    Millis::from(seconds) * 1000
}

/// Whether a running resource takes clearly longer than it should: twice the typical time, and half a
/// minute more than it.
pub fn is_slow(row: &Row, now: Millis) -> bool {
    let typical = typical(&row.kind, Work::of(&row.status));
    let elapsed = row.elapsed(now);
    row.ended.is_none() && elapsed > 2 * typical && elapsed > typical + 30_000
}

/// How much longer the operation takes. `resources` are those it works on, dependencies before what needs
/// them; `None` when there is nothing to reckon with, or when something has failed.
pub fn remaining(resources: &[&Resource], work: Work, progress: &Progress, now: Millis) -> Option<Eta> {
    if resources.is_empty() || progress.failed() > 0 {
        return None;
    }
    let rows: BTreeMap<&str, &Row> = progress.rows.iter().map(|r| (r.logical_id.as_str(), r)).collect();
    let path = |share: f64, is_high: bool| {
        longest_path(resources, work, |r| {
            let typical = typical(&r.kind, work) as f64;
            match rows.get(r.logical_id.as_str()) {
                None => typical * share,
                Some(row) if row.ended.is_some() => 0.0,
                // What is late already may take as long again as a quarter of its typical time.
                Some(row) => (typical * share - row.elapsed(now) as f64).max(if is_high { typical / 4.0 } else { 0.0 }),
            }
        }) as Millis
    };
    Some(Eta {
        low: path(RANGE.0, false),
        high: path(RANGE.1, true),
    })
}

/// What is to be expected of the operation that runs, or ran last.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// Resources that it works on in all; as many as have been seen where nobody said.
    pub total: usize,
    /// Somebody said: the plan, or the template for a creation or deletion.
    pub is_total_known: bool,
    /// How much longer; `None` when it has ended or nothing can be said.
    pub eta: Option<Eta>,
}

/// What is to be expected of the stack's newest operation.
pub fn outlook(model: &Model) -> Outlook {
    let status = model.stack().map(|s| s.status.0.clone()).unwrap_or_default();
    let work = Work::of(&ResourceStatus(status.clone()));
    let planned = model
        .operation
        .as_ref()
        .filter(|o| model.stack().is_some_and(|s| s.id == o.stack) && o.work() == work);
    let involved: Vec<&Resource> = model
        .resources
        .iter()
        .filter(|r| match planned {
            Some(o) => o.resources.contains(&r.logical_id),
            None => work != Work::Update,
        })
        .collect();
    let is_undoing = status.contains("ROLLBACK");
    let known = planned.map_or(involved.len(), |o| o.planned);
    let total = if is_undoing { 0 } else { known };
    let is_running = model.is_busy() && !is_undoing && !status.contains("CLEANUP");
    Outlook {
        total: total.max(model.progress.rows.len()),
        is_total_known: total > 0,
        eta: is_running
            .then(|| remaining(&involved, work, &model.progress, model.events_at()))
            .flatten(),
    }
}

/// The longest way through the dependencies; a deletion goes it backwards.
fn longest_path(resources: &[&Resource], work: Work, time: impl Fn(&Resource) -> f64) -> f64 {
    let mut end: BTreeMap<&SafeText, f64> = BTreeMap::new();
    let mut longest = 0.0_f64;
    let mut visit = |resource: &Resource, before: f64| {
        let at = before + time(resource);
        longest = longest.max(at);
        at
    };
    if work == Work::Delete {
        for resource in resources.iter().rev() {
            let at = visit(resource, end.get(&resource.logical_id).copied().unwrap_or(0.0));
            for id in &resource.depends_on {
                let begin = end.entry(id).or_insert(0.0);
                *begin = begin.max(at);
            }
        }
    } else {
        for resource in resources {
            let before = resource
                .depends_on
                .iter()
                .filter_map(|id| end.get(id))
                .fold(0.0_f64, |a, b| a.max(*b));
            let at = visit(resource, before);
            end.insert(&resource.logical_id, at);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn resource(id: &str, kind: &str, depends_on: &[&str]) -> Resource {
        Resource {
            logical_id: id.into(),
            kind: kind.into(),
            properties: Value::Null,
            depends_on: depends_on.iter().map(|d| (*d).into()).collect(),
            deletion_policy: "Delete".into(),
            replace_policy: "Delete".into(),
        }
    }

    fn row(id: &str, kind: &str, status: &str, started: Millis, ended: Option<Millis>) -> Row {
        Row {
            logical_id: id.into(),
            kind: kind.into(),
            status: ResourceStatus(status.into()),
            reason: SafeText::default(),
            started,
            ended,
            has_failed: status.ends_with("FAILED"),
        }
    }

    const ALB: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer"; // 116 s
    const SERVICE: &str = "AWS::ECS::Service"; // 119 s
    const ROLE: &str = "AWS::IAM::Role"; // 12 s

    #[test]
    fn the_longest_way_counts_and_shrinks() {
        let all = [
            resource("Role", ROLE, &[]),
            resource("Alb", ALB, &[]),
            resource("Service", SERVICE, &["Alb", "Role"]),
        ];
        let all: Vec<&Resource> = all.iter().collect();
        let low = |seconds: f64| (seconds * 800.0) as Millis;
        let mut progress = Progress::default();
        let eta = remaining(&all, Work::Create, &progress, 0).unwrap();
        assert_eq!((eta.low, eta.high), (low(235.0), 352_500));
        progress.rows = vec![
            row("Role", ROLE, "CREATE_COMPLETE", 0, Some(12_000)),
            row("Alb", ALB, "CREATE_IN_PROGRESS", 0, None),
        ];
        assert_eq!(remaining(&all, Work::Create, &progress, 50_000).unwrap().low, low(235.0) - 50_000);
        // The load balancer is far over its time: the service still counts whole, and the upper end never reaches it.
        let late = remaining(&all, Work::Create, &progress, 900_000).unwrap();
        assert_eq!((late.low, late.high), (low(119.0), 178_500 + 29_000));
        progress.rows[1] = row("Alb", ALB, "CREATE_FAILED", 0, Some(1));
        assert_eq!(remaining(&all, Work::Create, &progress, 2), None);
        assert_eq!(remaining(&[], Work::Create, &Progress::default(), 2), None);
    }

    #[test]
    fn a_deletion_goes_backwards() {
        // The service (75 s) goes before the load balancer (15 s); the role (2 s) does not wait for it.
        let all = [
            resource("Role", ROLE, &[]),
            resource("Alb", ALB, &[]),
            resource("Service", SERVICE, &["Alb"]),
        ];
        let all: Vec<&Resource> = all.iter().collect();
        let eta = remaining(&all, Work::Delete, &Progress::default(), 0).unwrap();
        assert_eq!(eta.low, 72_000);
        let progress = Progress {
            rows: vec![row("Service", SERVICE, "DELETE_COMPLETE", 0, Some(75_000))],
            ..Progress::default()
        };
        assert_eq!(remaining(&all, Work::Delete, &progress, 80_000).unwrap().low, 12_000);
    }

    #[test]
    fn slow_is_clearly_more_than_typical() {
        for (kind, elapsed, want) in [
            (ALB, 116_000, false),
            (ALB, 231_000, false),
            (ALB, 233_000, true),
            (ROLE, 30_000, false),
            (ROLE, 43_000, true),
        ] {
            assert_eq!(
                is_slow(&row("x", kind, "CREATE_IN_PROGRESS", 0, None), elapsed),
                want,
                "{kind} {elapsed}"
            );
        }
        assert!(!is_slow(&row("x", ALB, "CREATE_COMPLETE", 0, Some(900_000)), 1_000_000));
    }

    #[test]
    fn the_shipped_table_reads() {
        assert!(TABLE.len() > 30);
        assert_eq!(typical("Custom::Mirror", Work::Create), 240_000);
        assert_eq!(typical("AWS::No::Such", Work::Create), 5_000);
    }
}
