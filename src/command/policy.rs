//! `policy`: what this program calls, as an IAM policy.

use serde_json::{Value, json};

use super::{Answer, Out};
use crate::core::guard::ALLOWED;

/// Reads of this program, as IAM names them.
const READS: &[&str] = &[
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "cloudformation:ListStackResources",
    "cloudformation:ListStacks",
    "cloudformation:ValidateTemplate",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ListTasks",
    "elasticloadbalancing:DescribeTargetHealth",
    "logs:FilterLogEvents",
    "logs:StartLiveTail",
    "secretsmanager:GetSecretValue",
    "sts:GetCallerIdentity",
];

/// Prints the policy: reads and writes apart, so that the second statement can be left out for a console
/// that only looks. What CloudFormation makes needs the rights of the template besides.
pub(super) fn print(out: &mut Out) -> Answer<()> {
    out.json(&policy())
}

fn policy() -> Value {
    let writes: Vec<&str> = ALLOWED.iter().copied().filter(|name| name.contains(':')).collect();
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "BicTuiReads", "Effect": "Allow", "Action": READS, "Resource": "*"},
            {"Sid": "BicTuiWrites", "Effect": "Allow", "Action": writes, "Resource": "*"},
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_write_of_the_allow_list_and_no_read_twice() {
        let policy = policy();
        let actions = |i: usize| policy["Statement"][i]["Action"].as_array().unwrap().clone();
        assert_eq!(actions(1).len(), ALLOWED.len() - 1, "all but `image`, which is no AWS operation");
        let mut sorted = READS.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted, READS);
    }
}
