//! The deployment guide's monthly table beside ours, with the reason for each difference.

use serde::Serialize;

use super::{Estimate, Group};

/// Images a month of the guide's grand total, and what it reckons for them, in US dollars.
pub const GUIDE_IMAGES: (u32, f64, f64) = (1000, 40.0, 80.0);

/// One row of the comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GuideRow {
    /// What it is.
    pub label: &'static str,
    /// US dollars a month in the guide; `None` when it leaves this out.
    pub guide: Option<f64>,
    /// US dollars a month here.
    pub ours: f64,
    /// Why they differ.
    pub reason: &'static str,
}

/// The guide's table for the small size in us-east-1, by our groups.
pub(super) const TABLE: &[(&str, Option<f64>, &[Group], &str)] = &[
    (
        "Load balancer",
        Some(16.20),
        &[Group::LoadBalancer],
        "the guide counts 720 hours and no capacity units",
    ),
    (
        "Open WebUI task, 1 vCPU and 2 GB",
        Some(29.50),
        &[Group::OpenWebui],
        "the guide counts the vCPU only; memory is billed too",
    ),
    (
        "LiteLLM task",
        None,
        &[Group::Litellm, Group::OtherTasks],
        "the guide leaves this task out",
    ),
    (
        "EFS, 10 GB",
        Some(3.00),
        &[Group::Files],
        "the guide counts the bytes that lie there; reads and writes are billed too",
    ),
    (
        "VPC endpoints",
        Some(28.80),
        &[Group::Endpoints],
        "the guide counts four in one zone; the private network has more, each billed in every zone it is in",
    ),
    (
        "NAT gateway",
        None,
        &[Group::Nat],
        "in place of the endpoints when NetworkMode is nat",
    ),
    (
        "Logs",
        Some(5.00),
        &[Group::Logs],
        "the guide names no volume; here by the GB assumed, taken in and kept",
    ),
    (
        "Public IPv4 addresses",
        None,
        &[Group::PublicAddresses],
        "the guide leaves them out; billed since 2024",
    ),
    ("Secrets", None, &[Group::Secrets], "the guide leaves them out"),
    (
        "Image repositories, mirror, private DNS",
        None,
        &[Group::Registry],
        "the guide leaves them out",
    ),
    (
        "Database and cache",
        None,
        &[Group::Database, Group::Cache],
        "the guide runs several tasks on one SQLite file, which loses data; here PostgreSQL from medium up",
    ),
    ("Dashboards and alarms", None, &[Group::Monitoring], "within the free tier"),
];

/// The guide's table beside an estimate. Ours add up to the whole estimate; rows in which both have
/// nothing are left out.
pub fn guide_rows(estimate: &Estimate) -> Vec<GuideRow> {
    TABLE
        .iter()
        .map(|(label, guide, groups, reason)| GuideRow {
            label,
            guide: *guide,
            ours: groups.iter().map(|g| estimate.group_month(*g)).sum(),
            reason,
        })
        .filter(|row| row.guide.is_some() || row.ours > 0.0)
        .collect()
}
