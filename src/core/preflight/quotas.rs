//! Whether the account's quotas leave room for what a plan adds.

use super::{Answers, Check, Outcome, Proposal, check, told, untold};
use crate::{
    cloud::Query,
    core::{
        fact::{Fact, Quota},
        quota::QuotaRow,
    },
};

/// One check for each quota that the plan counts against, and one for the image model's rate.
pub(super) fn checks(proposal: &Proposal<'_>, answers: &Answers, account: &str) -> Vec<Check> {
    let of = |fact: &Fact| match fact {
        Fact::Quota(quota) => Some(quota.clone()),
        _ => None,
    };
    let room = proposal.needs().into_iter().map(|(quota, need)| {
        let row = quota.row();
        match told(answers, &Query::Quota { quota }, of) {
            Some(Ok(known)) => judged(row, &known, (need, account)),
            other => untold(row.check, other),
        }
    });
    room.chain(rate(proposal, answers)).collect()
}

fn judged(row: QuotaRow, quota: &Quota, (need, account): (f64, &str)) -> Check {
    let QuotaRow { check: name, unit, .. } = row;
    let limit = quota.limit;
    let whose = if quota.is_default { ", AWS's default" } else { "" };
    let used = quota.used.as_ref().and_then(|used| used.as_ref().ok()).copied().unwrap_or_default();
    let more = format!(
        "Ask AWS for more: `aws service-quotas request-service-quota-increase --service-code {} --quota-code {} --desired-value {} {account}`.",
        row.service,
        row.code,
        (used + need).ceil()
    );
    match &quota.used {
        Some(Ok(used)) if used + need > limit => {
            let evidence = format!("{used} of {limit} {unit} are in use{whose}; this needs {need} more");
            check(name, Outcome::Blocker, evidence, &more)
        }
        Some(Ok(used)) => {
            let evidence = format!("{used} of {limit} {unit} are in use{whose}; this adds {need}");
            check(name, Outcome::Ok, evidence, "")
        }
        _ if need > limit => {
            let evidence = format!("{limit} {unit} are allowed{whose}; this needs {need}");
            check(name, Outcome::Blocker, evidence, &more)
        }
        unread => {
            let known = format!("{limit} {unit} are allowed{whose}, this needs {need}");
            match unread {
                Some(Err(fault)) => {
                    let evidence = format!("{known}; how many are in use is not known: {}", fault.sentence());
                    check(name, Outcome::Unknown, evidence, &fault.advice())
                }
                _ => check(
                    name,
                    Outcome::Unknown,
                    format!("{known}; AWS does not measure how many are in use"),
                    "",
                ),
            }
        }
    }
}

/// How often the image model may be called. A new account may have been given none at all.
fn rate(proposal: &Proposal<'_>, answers: &Answers) -> Option<Check> {
    const NAME: &str = "image quota";
    let question = proposal.rate_question()?;
    let of = |fact: &Fact| match fact {
        Fact::ModelQuota(quota) => Some(quota.clone()),
        _ => None,
    };
    Some(match told(answers, &question, of) {
        Some(Ok(None)) => {
            let model = proposal.new_image_model().unwrap_or_default();
            let evidence = format!("Service Quotas lists no requests a minute for {model}");
            check(
                NAME,
                Outcome::Unknown,
                evidence,
                "Bedrock itself says so when it is reached: a test image tells.",
            )
        }
        Some(Ok(Some(quota))) if quota.limit == 0.0 => {
            let evidence = format!("0 requests a minute are allowed ({})", quota.name);
            let outcome = if proposal.is_create() { Outcome::Blocker } else { Outcome::Warning };
            check(
                NAME,
                outcome,
                evidence,
                "No image would be made: ask AWS for more, or take another ImageModelId.",
            )
        }
        Some(Ok(Some(quota))) => {
            let whose = if quota.is_default { ", AWS's default" } else { "" };
            check(
                NAME,
                Outcome::Ok,
                format!("{} requests a minute are allowed{whose}", quota.limit),
                "",
            )
        }
        Some(Err(fault)) => untold::<()>(NAME, Some(Err(fault))),
        None => untold::<()>(NAME, None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{
        fault::{Fault, FaultKind},
        quota::QuotaId,
    };

    #[test]
    fn what_is_in_use_and_what_is_needed_decide_together() {
        let fault = || Fault::new(FaultKind::Denied, "cloudwatch:GetMetricData", "", "");
        for (limit, used, need, want, says) in [
            (6.0, Some(Ok(1.5)), 1.5, Outcome::Ok, "1.5 of 6 vCPU are in use; this adds 1.5"),
            (6.0, Some(Ok(4.5)), 1.5, Outcome::Ok, "this adds 1.5"),
            (
                6.0,
                Some(Ok(5.0)),
                1.5,
                Outcome::Blocker,
                "5 of 6 vCPU are in use; this needs 1.5 more",
            ),
            (
                6.0,
                Some(Err(fault())),
                12.5,
                Outcome::Blocker,
                "6 vCPU are allowed; this needs 12.5",
            ),
            (
                6.0,
                Some(Err(fault())),
                1.5,
                Outcome::Unknown,
                "cloudwatch:GetMetricData is not allowed",
            ),
            (6.0, None, 1.5, Outcome::Unknown, "AWS does not measure"),
        ] {
            let quota = Quota {
                name: "Fargate On-Demand vCPU resource count".into(),
                limit,
                is_default: false,
                used,
            };
            let found = judged(QuotaId::FargateVcpu.row(), &quota, (need, "--region us-west-2"));
            assert_eq!(found.outcome, want, "{}", found.evidence);
            assert!(found.evidence.contains(says), "{}", found.evidence);
            assert_eq!(
                found.next.contains("--service-code fargate --quota-code L-3032A538"),
                want == Outcome::Blocker
            );
            let value = found.next.split("--desired-value ").nth(1);
            let is_whole = |it: &str| it.split(' ').next().is_some_and(|n| n.parse::<u32>().is_ok()) && it.contains("--region us-west-2");
            assert!(value.is_none_or(is_whole), "{}", found.next);
        }
    }
}
