//! What the month would cost if one thing were different: the same estimate over other parameters.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CostModel, Estimate, step};
use crate::core::template::{Pseudo, Template};

/// One row: a change, and what it does to the month.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhatIf {
    /// What would be different.
    pub label: &'static str,
    /// Parameters that a plan would set.
    pub parameters: Vec<(&'static str, &'static str)>,
    /// US dollars a month more (or, below zero, less); `None` when it is so already or can not be.
    pub delta_month: Option<f64>,
    /// What it costs besides money, or why it can not be had.
    pub note: &'static str,
}

/// A change to try: label, parameters that make it, what it costs besides money.
type Trial = (&'static str, &'static [(&'static str, &'static str)], &'static str);

const TRIALS: &[Trial] = &[
    (
        "LiteLLM on Fargate Spot",
        &[("FargateSpot", "true")],
        "up to 70 % off that task; it may be interrupted at two minutes' notice",
    ),
    (
        "ARM64 processors",
        &[("CpuArchitecture", "ARM64")],
        "both images have to exist for ARM64",
    ),
    (
        "Endpoints in one zone",
        &[("NetworkMode", "private"), ("EndpointAzs", "1")],
        "no way to AWS when that zone fails",
    ),
    (
        "NAT gateway in place of endpoints",
        &[("NetworkMode", "nat")],
        "tasks reach the whole internet",
    ),
    (
        "Tasks in public subnets",
        &[("NetworkMode", "public")],
        "each task has a public address; only the load balancer may connect to it",
    ),
    (
        "Size small",
        &[("DeploymentSize", "small")],
        "one task, under 10 users; a change of database starts empty",
    ),
    (
        "Size medium",
        &[("DeploymentSize", "medium")],
        "two tasks, 10 to 30 users, PostgreSQL",
    ),
    (
        "Size large",
        &[("DeploymentSize", "large")],
        "three tasks, 30 to 100 users, PostgreSQL",
    ),
    ("Logs kept for 7 days", &[("LogRetentionDays", "7")], "older lines are gone"),
];

/// Hours of a week in which the off-hours schedule runs the tasks: weekdays, 07:00 to 19:00.
const OFFICE_HOURS: f64 = 60.0 / 168.0;

/// All rows for these parameter values, beside `current`.
pub fn what_ifs(model: &CostModel, template: &Template, values: &BTreeMap<String, String>, pseudo: &Pseudo) -> Vec<WhatIf> {
    let current = model.plan_estimate(&template.resources(values, pseudo));
    let mut rows: Vec<WhatIf> = TRIALS
        .iter()
        .map(|(label, parameters, note)| {
            let mut changed = values.clone();
            changed.extend(parameters.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
            let is_possible = parameters.iter().all(|(name, _)| template.parameter(name).is_some());
            let delta = step(
                current.usd_month(),
                model.plan_estimate(&template.resources(&changed, pseudo)).usd_month(),
            );
            WhatIf {
                label,
                parameters: parameters.to_vec(),
                delta_month: (is_possible && changed != *values).then_some(delta),
                note: if is_possible { note } else { "this template can not do that" },
            }
        })
        .collect();
    rows.push(off_hours(&current));
    rows
}

fn off_hours(current: &Estimate) -> WhatIf {
    let scalable: f64 = current.lines.iter().filter(|l| l.is_scalable).map(|l| l.usd_month).sum();
    WhatIf {
        label: "Asleep outside weekdays 07:00–19:00",
        parameters: Vec::new(),
        delta_month: Some(-scalable * (1.0 - OFFICE_HOURS)),
        note: "nobody can work then; waking takes some minutes",
    }
}
