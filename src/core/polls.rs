//! THE tables of reads: what is asked again and again, how often when idle and when an operation runs, what is
//! asked when it is needed, and the permissions of both. They feed the pacer, the README and `bic-tui policy`.

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
    /// The stack's alarms.
    Alarms,
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
/// stack 2 + services 2 + tasks 2.4 + targets 4 + alarms 1 + logs 7.5 + its second pass 1 = 19.9.
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
        // A service that counts other tasks than before has them asked for at once.
        idle: Some(75),
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
        poll: Poll::Alarms,
        idle: Some(60),
        busy: 60,
        calls: 1,
        actions: &["cloudwatch:DescribeAlarms"],
    },
    PollRow {
        poll: Poll::Logs,
        idle: Some(8),
        busy: 3,
        calls: 1,
        actions: &["logs:FilterLogEvents"],
    },
];

/// What is asked when it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum Read {
    /// Whether CloudFormation takes the template.
    Template,
    /// A change set.
    Plan,
    /// Models in Bedrock, and the access to them.
    Models,
    /// Quotas, and what of them is in use.
    Quotas,
    /// Whether the names of the secrets are free.
    SecretNames,
    /// What the caller may do, as IAM simulates it.
    Rights,
    /// The value of a secret.
    Secrets,
    /// The stacks of a region.
    Stacks,
    /// Live Tail.
    LiveTail,
    /// Logs Insights.
    Insights,
    /// Certificates.
    Certificate,
    /// Hosted zones, records, and the load balancer that a name leads to.
    Dns,
    /// Provisioned throughput, and the account's own models.
    Throughput,
    /// What is left of a stack.
    Leftovers,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct ReadRow {
    /// What.
    pub read: Read,
    /// When, in a few words.
    pub when: &'static str,
    /// Permissions it needs.
    pub actions: &'static [&'static str],
}

/// All reads on demand.
pub const READS: &[ReadRow] = &[
    ReadRow {
        read: Read::Template,
        when: "before a plan",
        actions: &["cloudformation:ValidateTemplate"],
    },
    ReadRow {
        read: Read::Plan,
        when: "while a plan is worked out, and before the empty stack of one that is dropped goes",
        actions: &["cloudformation:DescribeChangeSet", "cloudformation:ListChangeSets"],
    },
    ReadRow {
        read: Read::Models,
        when: "before a plan, and for models",
        actions: &[
            "bedrock:GetFoundationModel",
            "bedrock:GetFoundationModelAvailability",
            "bedrock:GetInferenceProfile",
        ],
    },
    ReadRow {
        read: Read::Quotas,
        when: "before a plan",
        actions: &[
            "servicequotas:GetServiceQuota",
            "servicequotas:GetAWSDefaultServiceQuota",
            "servicequotas:ListServiceQuotas",
            "servicequotas:ListAWSDefaultServiceQuotas",
            "cloudwatch:GetMetricData",
            "cloudformation:ListResources",
            "ec2:DescribeVpcs",
            "ec2:DescribeAddresses",
        ],
    },
    ReadRow {
        read: Read::SecretNames,
        when: "before a plan",
        actions: &["secretsmanager:DescribeSecret"],
    },
    ReadRow {
        read: Read::Rights,
        when: "before a plan",
        actions: &["iam:SimulatePrincipalPolicy", "iam:GetRole"],
    },
    ReadRow {
        read: Read::Secrets,
        when: "when you show or copy one, and for a test image",
        actions: &["secretsmanager:GetSecretValue"],
    },
    ReadRow {
        read: Read::Stacks,
        when: "when you go to another stack",
        actions: &["cloudformation:ListStacks"],
    },
    ReadRow {
        read: Read::LiveTail,
        when: "when you turn it on",
        actions: &["logs:StartLiveTail"],
    },
    ReadRow {
        read: Read::Insights,
        when: "when you run a query, after its price",
        actions: &[
            "logs:DescribeLogGroups",
            "logs:StartQuery",
            "logs:GetQueryResults",
            "logs:StopQuery",
        ],
    },
    ReadRow {
        read: Read::Certificate,
        when: "on Access, and while one is being proven",
        actions: &["acm:DescribeCertificate", "acm:ListCertificates"],
    },
    ReadRow {
        read: Read::Dns,
        when: "on Access, and when you point a name at the application",
        actions: &[
            "route53:ListHostedZones",
            "route53:ListResourceRecordSets",
            "route53:GetChange",
            "elasticloadbalancing:DescribeLoadBalancers",
        ],
    },
    ReadRow {
        read: Read::Throughput,
        when: "on Access, and while it is being provided",
        actions: &[
            "bedrock:ListProvisionedModelThroughputs",
            "bedrock:GetProvisionedModelThroughput",
            "bedrock:ListCustomModels",
        ],
    },
    ReadRow {
        read: Read::Leftovers,
        when: "before and after the stack is destroyed, at the start where there is none, and for leftovers",
        actions: &[
            "backup:ListRecoveryPointsByBackupVault",
            "backup:ListRecoveryPointsByResource",
            "cloudformation:DescribeStackResources",
            "cloudformation:GetResource",
            "cloudformation:GetResourceRequestStatus",
            "cloudformation:ListResources",
            "cloudwatch:GetMetricData",
            "logs:DescribeLogGroups",
            "rds:DescribeDBSnapshots",
            "secretsmanager:ListSecrets",
        ],
    },
];

/// The permissions of all reads, each once, sorted.
pub fn read_actions() -> Vec<&'static str> {
    let polled = POLLS.iter().flat_map(|row| row.actions);
    let mut all: Vec<&str> = polled.chain(READS.iter().flat_map(|row| row.actions)).copied().collect();
    all.sort_unstable();
    all.dedup();
    all
}

impl Read {
    /// Its row.
    pub fn row(self) -> &'static ReadRow {
        // One row for each, in the order of the enum; a test sees to it.
        &READS[self as usize]
    }
}

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
        assert_eq!(Read::iter().count(), READS.len());
        assert!(Read::iter().all(|r| r.row().read == r));
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
