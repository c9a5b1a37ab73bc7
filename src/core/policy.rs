//! The operator's IAM policy, made from the tables of reads and of writes: each action with the narrowest
//! resource that AWS knows for it.

use serde_json::{Value, json};

use super::{
    catalogue::{Catalogue, Kind},
    guard::ALLOWED,
    names::{App, Names},
    polls::read_actions,
    region::partition,
};

/// Whose application it is for. What is not known is `*`, which IAM takes as any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Region name.
    pub region: String,
    /// Twelve digits.
    pub account: String,
    /// Stack name.
    pub stack: String,
    /// `ProjectName` of the stack.
    pub project: String,
}

/// What a permission can be narrowed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::Display)]
enum Scope {
    /// The stack, with its change sets.
    Stack,
    /// The two services.
    Services,
    /// Tasks of the cluster.
    Tasks,
    /// The listing of a cluster: it names no resource, but the cluster as a condition.
    Cluster,
    /// The application's log group.
    LogGroup,
    /// The two secrets that the console shows: the LiteLLM key and the administrator's password.
    Secrets,
    /// Any secret of the application, by name: what it is called and whether it waits for deletion, never its value.
    SecretNames,
    /// Users and roles of the account, of whom the caller is one.
    Principals,
    /// Foundation models: that they are listed is no secret.
    Models,
    /// Inference profiles.
    Profiles,
    /// Models of the catalogue that make images, and provisioned ones.
    CatalogueImageModels,
    /// The vault of EFS's automatic backups.
    Vault,
    /// Recovery points: their ids say nothing of what was backed up.
    RecoveryPoints,
    /// Snapshots of the database.
    Snapshots,
    /// Everything in the log group and the one of the image mirror.
    LogGroups,
    /// All secrets of the application; to be deleted, not to be read.
    AllSecrets,
    /// File systems: CloudFormation names them.
    FileSystems,
    /// The application's image repositories.
    Repositories,
    /// Provisioned models.
    ProvisionedModels,
    /// Models that throughput can be bought for: foundation models and the account's own.
    ServableModels,
    /// Certificates.
    Certificates,
    /// Hosted zones; which one holds the application's name is not known here.
    HostedZones,
    /// Changes of hosted zones.
    ZoneChanges,
    /// AWS knows no resource for the action.
    NoResource,
}

/// Each action, and what it can be narrowed to by AWS's service authorization reference.
const SCOPES: &[(&str, Scope)] = &[
    ("backup:DeleteRecoveryPoint", Scope::RecoveryPoints),
    ("backup:ListRecoveryPointsByBackupVault", Scope::Vault),
    // Its resource may be in any vault.
    ("backup:ListRecoveryPointsByResource", Scope::NoResource),
    ("acm:DescribeCertificate", Scope::Certificates),
    // They name no certificate yet.
    ("acm:ListCertificates", Scope::NoResource),
    ("acm:RequestCertificate", Scope::NoResource),
    ("bedrock:CreateProvisionedModelThroughput", Scope::ServableModels),
    ("bedrock:DeleteProvisionedModelThroughput", Scope::ProvisionedModels),
    ("bedrock:GetFoundationModel", Scope::Models),
    // The reference names no resource for it.
    ("bedrock:GetFoundationModelAvailability", Scope::NoResource),
    ("bedrock:GetInferenceProfile", Scope::Profiles),
    ("bedrock:GetProvisionedModelThroughput", Scope::ProvisionedModels),
    ("bedrock:InvokeModel", Scope::CatalogueImageModels),
    ("bedrock:ListCustomModels", Scope::NoResource),
    ("bedrock:ListProvisionedModelThroughputs", Scope::NoResource),
    ("cloudformation:CancelUpdateStack", Scope::Stack),
    ("cloudformation:ContinueUpdateRollback", Scope::Stack),
    ("cloudformation:CreateChangeSet", Scope::Stack),
    ("cloudformation:DeleteChangeSet", Scope::Stack),
    // Cloud Control knows no resource; the services behind it do.
    ("cloudformation:DeleteResource", Scope::NoResource),
    ("cloudformation:DeleteStack", Scope::Stack),
    ("cloudformation:DescribeChangeSet", Scope::Stack),
    ("cloudformation:DescribeStackEvents", Scope::Stack),
    ("cloudformation:DescribeStackResources", Scope::NoResource),
    // Any stack may name the throughput that one left.
    ("cloudformation:DescribeStacks", Scope::NoResource),
    ("cloudformation:ExecuteChangeSet", Scope::Stack),
    ("cloudformation:GetResource", Scope::NoResource),
    ("cloudformation:GetResourceRequestStatus", Scope::NoResource),
    ("cloudformation:ListChangeSets", Scope::Stack),
    // Cloud Control's: it lists what is asked for by type.
    ("cloudformation:ListResources", Scope::NoResource),
    ("cloudformation:ListStackResources", Scope::Stack),
    // It lists what it does not know yet.
    ("cloudformation:ListStacks", Scope::NoResource),
    ("cloudformation:RollbackStack", Scope::Stack),
    ("cloudformation:UpdateTerminationProtection", Scope::Stack),
    // A template is no resource.
    ("cloudformation:ValidateTemplate", Scope::NoResource),
    // It may be narrowed for alarms that are named, but not for the listing that its own pages lead through.
    ("cloudwatch:DescribeAlarms", Scope::NoResource),
    // Metrics are no resources.
    ("cloudwatch:GetMetricData", Scope::NoResource),
    // Cloud Control lists with the caller's own rights.
    ("ec2:DescribeAddresses", Scope::NoResource),
    ("ec2:DescribeVpcs", Scope::NoResource),
    ("ecs:DescribeServices", Scope::Services),
    ("ecs:DescribeTasks", Scope::Tasks),
    ("ecs:ListTasks", Scope::Cluster),
    ("ecs:StopTask", Scope::Tasks),
    ("ecs:TagResource", Scope::Services),
    ("ecs:UntagResource", Scope::Services),
    ("ecs:UpdateService", Scope::Services),
    // No describing action of the load balancer takes a resource.
    ("elasticloadbalancing:DescribeLoadBalancers", Scope::NoResource),
    ("elasticloadbalancing:DescribeTargetHealth", Scope::NoResource),
    ("logs:DeleteLogGroup", Scope::LogGroups),
    // It lists what it does not know yet.
    ("logs:DescribeLogGroups", Scope::NoResource),
    ("logs:FilterLogEvents", Scope::LogGroup),
    // A query is known by its id alone.
    ("logs:GetQueryResults", Scope::NoResource),
    ("logs:StartLiveTail", Scope::LogGroup),
    ("logs:StartQuery", Scope::LogGroup),
    ("logs:StopQuery", Scope::NoResource),
    ("rds:DeleteDBSnapshot", Scope::Snapshots),
    ("rds:DescribeDBSnapshots", Scope::NoResource),
    ("secretsmanager:DeleteSecret", Scope::AllSecrets),
    // Who the caller is, is known only when it is asked.
    ("iam:GetRole", Scope::Principals),
    ("iam:SimulatePrincipalPolicy", Scope::Principals),
    ("secretsmanager:DescribeSecret", Scope::SecretNames),
    ("route53:ChangeResourceRecordSets", Scope::HostedZones),
    ("route53:GetChange", Scope::ZoneChanges),
    ("route53:ListHostedZones", Scope::NoResource),
    ("route53:ListResourceRecordSets", Scope::HostedZones),
    ("secretsmanager:GetSecretValue", Scope::Secrets),
    // A listing takes no resource; it tells names, no values.
    ("secretsmanager:ListSecrets", Scope::NoResource),
    // A quota is a resource for the one who asks for more of it, not for the reader.
    ("servicequotas:GetAWSDefaultServiceQuota", Scope::NoResource),
    ("servicequotas:GetServiceQuota", Scope::NoResource),
    ("servicequotas:ListAWSDefaultServiceQuotas", Scope::NoResource),
    ("servicequotas:ListServiceQuotas", Scope::NoResource),
    // Everybody may ask who they are.
    ("sts:GetCallerIdentity", Scope::NoResource),
];

impl Scope {
    fn of(action: &str) -> Option<Self> {
        SCOPES.iter().find(|(name, _)| *name == action).map(|(_, scope)| *scope)
    }

    /// The resources as IAM writes them.
    fn resources(self, subject: &Subject) -> Vec<String> {
        let Subject {
            region, account, stack, ..
        } = subject;
        let names = Names::new(&subject.project);
        let cluster = names.cluster();
        let partition = partition(region);
        let arn = |service: &str, rest: String| format!("arn:{partition}:{service}:{region}:{account}:{rest}");
        match self {
            Self::Stack => vec![arn("cloudformation", format!("stack/{stack}/*"))],
            Self::Services => [App::OpenWebui, App::Litellm]
                .map(|app| arn("ecs", format!("service/{cluster}/{}", names.service(app))))
                .to_vec(),
            Self::Tasks => vec![arn("ecs", format!("task/{cluster}/*"))],
            // Both spellings of its ARN are in use.
            Self::LogGroup => ["", ":*"]
                .map(|end| arn("logs", format!("log-group:{}{end}", names.log_group())))
                .to_vec(),
            // Six characters of Secrets Manager's own end each ARN.
            Self::Secrets => [names.api_key(), names.admin_password()]
                .map(|it| arn("secretsmanager", format!("secret:{}-??????", it.secret)))
                .to_vec(),
            Self::SecretNames => vec![arn("secretsmanager", format!("secret:{}/*", names.project))],
            Self::Principals => ["role", "user"]
                .map(|kind| format!("arn:{partition}:iam::{account}:{kind}/*"))
                .to_vec(),
            Self::Models => vec![format!("arn:{partition}:bedrock:{region}::foundation-model/*")],
            Self::Profiles => vec![
                arn("bedrock", "inference-profile/*".into()),
                arn("bedrock", "application-inference-profile/*".into()),
            ],
            Self::CatalogueImageModels => {
                let catalogue = Catalogue::shipped();
                let usable = catalogue.models.iter().filter(|m| m.kind == Kind::Image && m.state == "active");
                let models = usable.map(|m| format!("arn:{partition}:bedrock:{region}::foundation-model/{}", m.id));
                models.chain([arn("bedrock", "provisioned-model/*".into())]).collect()
            }
            Self::Vault => vec![arn("backup", "backup-vault:aws/efs/automatic-backup-vault".into())],
            Self::RecoveryPoints => vec![arn("backup", "recovery-point:*".into())],
            Self::Snapshots => vec![arn("rds", format!("snapshot:{}-*", stack.to_lowercase()))],
            Self::LogGroups => ["/ecs/", "/mirror/"]
                .iter()
                .flat_map(|head| ["", ":*"].map(|end| arn("logs", format!("log-group:{head}{}{end}", subject.project))))
                .collect(),
            Self::AllSecrets => vec![arn("secretsmanager", format!("secret:{}/*", subject.project))],
            Self::FileSystems => vec![arn("elasticfilesystem", "file-system/*".into())],
            Self::Repositories => vec![arn("ecr", format!("repository/{}/*", subject.project))],
            Self::ProvisionedModels => vec![arn("bedrock", "provisioned-model/*".into())],
            Self::ServableModels => vec![
                format!("arn:{partition}:bedrock:{region}::foundation-model/*"),
                arn("bedrock", "custom-model/*".into()),
                arn("bedrock", "provisioned-model/*".into()),
            ],
            Self::Certificates => vec![arn("acm", "certificate/*".into())],
            // Route 53 knows neither region nor account in its ARNs.
            Self::HostedZones => vec![format!("arn:{partition}:route53:::hostedzone/*")],
            Self::ZoneChanges => vec![format!("arn:{partition}:route53:::change/*")],
            Self::Cluster | Self::NoResource => vec!["*".into()],
        }
    }

    fn condition(self, subject: &Subject) -> Option<Value> {
        let cluster = Names::new(&subject.project).cluster();
        let arn = format!(
            "arn:{}:ecs:{}:{}:cluster/{cluster}",
            partition(&subject.region),
            subject.region,
            subject.account
        );
        (self == Self::Cluster).then(|| json!({ "ArnLike": { "ecs:cluster": arn } }))
    }
}

/// What Cloud Control asks of other services in the caller's name, to look at a resource and to delete it. The program
/// itself calls none of them.
const BEHIND: [(&str, Scope, &[&str], &[&str]); 2] = [
    (
        "Files",
        Scope::FileSystems,
        &[
            "elasticfilesystem:DescribeBackupPolicy",
            "elasticfilesystem:DescribeFileSystemPolicy",
            "elasticfilesystem:DescribeFileSystems",
            "elasticfilesystem:DescribeLifecycleConfiguration",
            "elasticfilesystem:DescribeReplicationConfigurations",
        ],
        &["elasticfilesystem:DeleteFileSystem"],
    ),
    (
        "Repositories",
        Scope::Repositories,
        &[
            "ecr:DescribeRepositories",
            "ecr:GetLifecyclePolicy",
            "ecr:GetRepositoryPolicy",
            "ecr:ListTagsForResource",
        ],
        &["ecr:DeleteRepository"],
    ),
];

fn behind(verb: &str, is_write: bool, subject: &Subject) -> Vec<Value> {
    let statement = |(what, scope, reads, writes): &(&str, Scope, &[&str], &[&str])| {
        json!({
            "Sid": format!("{verb}{what}ByCloudControl"),
            "Effect": "Allow",
            "Action": if is_write { writes } else { reads },
            "Resource": scope.resources(subject),
        })
    };
    BEHIND.iter().map(statement).collect()
}

/// The resources that an action works on, as IAM writes them.
pub fn resources(action: &str, subject: &Subject) -> Vec<String> {
    Scope::of(action).unwrap_or(Scope::NoResource).resources(subject)
}

/// The policy of a console that only looks.
pub fn reading(subject: &Subject) -> Value {
    let mut all = statements("Read", &read_actions(), subject);
    all.extend(behind("Read", false, subject));
    document(all)
}

/// The policy of a console that acts: all reads, all writes of the allow-list, and the subscription to a model.
pub fn acting(subject: &Subject) -> Value {
    let writes: Vec<&str> = ALLOWED.iter().copied().filter(|name| name.contains(':')).collect();
    let mut all = statements("Read", &read_actions(), subject);
    all.extend(statements("Write", &writes, subject));
    all.extend(behind("Read", false, subject));
    all.extend(behind("Delete", true, subject));
    all.push(subscription());
    document(all)
}

/// Bedrock subscribes the account to a third party's model in the caller's name when it is called for the first time.
/// The program itself calls neither action, and the marketplace knows no resource for them.
fn subscription() -> Value {
    json!({
        "Sid": "BedrockSubscribesOnTheFirstCallOfAModel",
        "Effect": "Allow",
        "Action": ["aws-marketplace:Subscribe", "aws-marketplace:ViewSubscriptions"],
        "Resource": ["*"],
        "Condition": { "StringEquals": { "aws:CalledViaLast": "bedrock.amazonaws.com" } },
    })
}

fn document(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// One statement for all actions that can be narrowed alike.
fn statements(verb: &str, actions: &[&str], subject: &Subject) -> Vec<Value> {
    let scope = |action: &str| Scope::of(action).unwrap_or(Scope::NoResource);
    let mut scopes: Vec<Scope> = actions.iter().map(|a| scope(a)).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let of = |wanted: Scope| {
        let actions: Vec<&&str> = actions.iter().filter(|a| scope(a) == wanted).collect();
        let mut statement = json!({
            "Sid": format!("{verb}{wanted}"),
            "Effect": "Allow",
            "Action": actions,
            "Resource": wanted.resources(subject),
        });
        if let Some(condition) = wanted.condition(subject) {
            statement["Condition"] = condition;
        }
        statement
    };
    scopes.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn subject() -> Subject {
        Subject {
            region: "us-west-2".into(),
            account: "123456789012".into(),
            stack: "chat".into(),
            project: "bic".into(),
        }
    }

    fn actions(policy: &Value) -> Vec<&str> {
        let statements = policy["Statement"].as_array().unwrap();
        let actions = statements.iter().flat_map(|s| s["Action"].as_array().unwrap());
        actions.map(|a| a.as_str().unwrap()).collect()
    }

    #[test]
    fn every_action_of_the_tables_has_its_scope_and_no_scope_is_stale() {
        let used: BTreeSet<&str> = read_actions()
            .into_iter()
            .chain(ALLOWED.into_iter().filter(|a| a.contains(':')))
            .collect();
        let scoped: BTreeSet<&str> = SCOPES.iter().map(|(action, _)| *action).collect();
        assert_eq!(used, scoped);
        assert_eq!(scoped.len(), SCOPES.len(), "an action is there twice");
    }

    #[test]
    fn who_only_looks_can_change_nothing_and_who_acts_can_look() {
        let (reading, acting) = (reading(&subject()), acting(&subject()));
        let behind: [usize; 2] = [false, true].map(|is_write| {
            super::behind("X", is_write, &subject())
                .iter()
                .map(|s| s["Action"].as_array().unwrap().len())
                .sum()
        });
        assert_eq!(actions(&reading).len(), read_actions().len() + behind[0]);
        assert!(actions(&reading).iter().all(|a| !ALLOWED.contains(a)));
        let all = actions(&acting);
        assert_eq!(
            all.len(),
            read_actions().len() + ALLOWED.len() + 1 + behind[0] + behind[1],
            "all but `image`, which is no AWS action, and two of the marketplace"
        );
        assert!(read_actions().iter().all(|a| all.contains(a)));
    }

    #[test]
    fn a_star_stands_only_where_aws_knows_no_resource() {
        for statement in acting(&subject())["Statement"].as_array().unwrap() {
            let sid = statement["Sid"].as_str().unwrap();
            assert!(sid.chars().all(char::is_alphanumeric), "{sid}");
            let is_wide = statement["Resource"] == json!(["*"]);
            let may_be_wide = ["NoResource", "Cluster", "OfAModel"].iter().any(|end| sid.ends_with(end));
            assert_eq!(is_wide, may_be_wide, "{statement}");
            if sid.ends_with("OfAModel") {
                let by = &statement["Condition"]["StringEquals"]["aws:CalledViaLast"];
                assert_eq!(by, "bedrock.amazonaws.com");
            }
            if sid.ends_with("Cluster") {
                let cluster = &statement["Condition"]["ArnLike"]["ecs:cluster"];
                assert_eq!(cluster, "arn:aws:ecs:us-west-2:123456789012:cluster/bic-cluster");
            }
        }
        let text = acting(&subject()).to_string();
        for arn in [
            "arn:aws:cloudformation:us-west-2:123456789012:stack/chat/*",
            "arn:aws:ecs:us-west-2:123456789012:service/bic-cluster/bic-litellm",
            "arn:aws:ecs:us-west-2:123456789012:task/bic-cluster/*",
            "arn:aws:logs:us-west-2:123456789012:log-group:/ecs/bic:*",
            "arn:aws:secretsmanager:us-west-2:123456789012:secret:bic/litellm-api-key-??????",
            "arn:aws:secretsmanager:us-west-2:123456789012:secret:bic/openwebui-admin-??????",
            "arn:aws:bedrock:us-west-2::foundation-model/stability.stable-image-core-v1:1",
        ] {
            assert!(text.contains(&format!("\"{arn}\"")), "{arn}");
        }
        assert!(!text.contains("foundation-model/amazon.nova-canvas"), "what has ended is not named");
    }

    #[test]
    fn only_the_two_secrets_that_are_shown_can_be_read() {
        for policy in [reading(&subject()), acting(&subject())] {
            let readers: Vec<&Value> = policy["Statement"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|s| s["Action"].to_string().contains("GetSecretValue"))
                .collect();
            let text = readers.iter().map(ToString::to_string).collect::<String>();
            assert_eq!((readers.len(), text.matches(":secret:").count()), (1, 2), "{text}");
            assert!(!text.contains("secret:bic/*"), "{text}");
        }
    }

    #[test]
    fn arns_are_of_the_partition_of_the_region() {
        for (region, want) in [
            ("us-gov-west-1", "arn:aws-us-gov:"),
            ("cn-north-1", "arn:aws-cn:"),
            ("*", "arn:aws:"),
        ] {
            let subject = Subject {
                region: region.into(),
                ..subject()
            };
            let text = acting(&subject).to_string();
            assert_eq!(text.matches("arn:").count(), text.matches(want).count(), "{text}");
        }
    }
}
