//! What a plan has the caller do: the console's own requests, and what CloudFormation calls in the caller's name for
//! each resource. IAM's simulator is asked of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    policy::{self, Subject},
    region::partition,
    template::Resource,
    text::SafeText,
};

/// What of the console itself a plan sends.
const OWN: [&str; 4] = [
    "cloudformation:CreateChangeSet",
    "cloudformation:DescribeChangeSet",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:DeleteChangeSet",
];

/// What CloudFormation calls for a resource of a type: to make it, and to change it.
struct Row {
    kind: &'static str,
    make: &'static [&'static str],
    change: &'static [&'static str],
}

const fn row(kind: &'static str, make: &'static [&'static str], change: &'static [&'static str]) -> Row {
    Row { kind, make, change }
}

/// From the handlers' own permissions in CloudFormation's resource schemas, the writes among them; a test sees that each
/// type of the template is here.
const ROWS: &[Row] = &[
    row(
        "AWS::CloudWatch::Alarm",
        &["cloudwatch:PutMetricAlarm"],
        &["cloudwatch:PutMetricAlarm"],
    ),
    row(
        "AWS::CloudWatch::Dashboard",
        &["cloudwatch:PutDashboard"],
        &["cloudwatch:PutDashboard"],
    ),
    row(
        "AWS::CodeBuild::Project",
        &["codebuild:CreateProject", "iam:PassRole"],
        &["codebuild:UpdateProject"],
    ),
    row("AWS::EC2::EIP", &["ec2:AllocateAddress"], &[]),
    row("AWS::EC2::InternetGateway", &["ec2:CreateInternetGateway"], &[]),
    row("AWS::EC2::NatGateway", &["ec2:CreateNatGateway"], &[]),
    row("AWS::EC2::Route", &["ec2:CreateRoute"], &["ec2:ReplaceRoute"]),
    row("AWS::EC2::RouteTable", &["ec2:CreateRouteTable"], &[]),
    row(
        "AWS::EC2::SecurityGroup",
        &["ec2:CreateSecurityGroup", "ec2:AuthorizeSecurityGroupIngress"],
        &["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
    ),
    row("AWS::EC2::Subnet", &["ec2:CreateSubnet"], &[]),
    row("AWS::EC2::SubnetRouteTableAssociation", &["ec2:AssociateRouteTable"], &[]),
    row("AWS::EC2::VPC", &["ec2:CreateVpc", "ec2:ModifyVpcAttribute"], &[]),
    row("AWS::EC2::VPCEndpoint", &["ec2:CreateVpcEndpoint"], &["ec2:ModifyVpcEndpoint"]),
    row("AWS::EC2::VPCGatewayAttachment", &["ec2:AttachInternetGateway"], &[]),
    row("AWS::ECR::Repository", &["ecr:CreateRepository"], &[]),
    row("AWS::ECS::Cluster", &["ecs:CreateCluster"], &["ecs:UpdateCluster"]),
    row("AWS::ECS::Service", &["ecs:CreateService"], &["ecs:UpdateService"]),
    row(
        "AWS::ECS::TaskDefinition",
        &["ecs:RegisterTaskDefinition", "iam:PassRole"],
        &["ecs:RegisterTaskDefinition", "iam:PassRole"],
    ),
    row("AWS::EFS::AccessPoint", &["elasticfilesystem:CreateAccessPoint"], &[]),
    row(
        "AWS::EFS::FileSystem",
        &["elasticfilesystem:CreateFileSystem"],
        &["elasticfilesystem:UpdateFileSystem"],
    ),
    row("AWS::EFS::MountTarget", &["elasticfilesystem:CreateMountTarget"], &[]),
    row(
        "AWS::ElastiCache::ReplicationGroup",
        &["elasticache:CreateReplicationGroup"],
        &["elasticache:ModifyReplicationGroup"],
    ),
    row("AWS::ElastiCache::SubnetGroup", &["elasticache:CreateCacheSubnetGroup"], &[]),
    row(
        "AWS::ElasticLoadBalancingV2::Listener",
        &["elasticloadbalancing:CreateListener"],
        &["elasticloadbalancing:ModifyListener"],
    ),
    row(
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        &["elasticloadbalancing:CreateRule"],
        &["elasticloadbalancing:ModifyRule"],
    ),
    row(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        &["elasticloadbalancing:CreateLoadBalancer"],
        &[],
    ),
    row(
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        &["elasticloadbalancing:CreateTargetGroup"],
        &["elasticloadbalancing:ModifyTargetGroup"],
    ),
    row("AWS::IAM::Role", &["iam:CreateRole", "iam:PutRolePolicy"], &["iam:PutRolePolicy"]),
    row(
        "AWS::Lambda::Function",
        &["lambda:CreateFunction", "iam:PassRole"],
        &["lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"],
    ),
    row(
        "AWS::Logs::LogGroup",
        &["logs:CreateLogGroup", "logs:PutRetentionPolicy"],
        &["logs:PutRetentionPolicy"],
    ),
    row("AWS::RDS::DBInstance", &["rds:CreateDBInstance"], &["rds:ModifyDBInstance"]),
    row("AWS::RDS::DBSubnetGroup", &["rds:CreateDBSubnetGroup"], &[]),
    row(
        "AWS::SecretsManager::Secret",
        &["secretsmanager:CreateSecret", "secretsmanager:GetRandomPassword"],
        &["secretsmanager:UpdateSecret"],
    ),
    row(
        "AWS::ServiceDiscovery::PrivateDnsNamespace",
        &["servicediscovery:CreatePrivateDnsNamespace", "route53:CreateHostedZone"],
        &[],
    ),
    row(
        "AWS::ServiceDiscovery::Service",
        &["servicediscovery:CreateService"],
        &["servicediscovery:UpdateService"],
    ),
    row("Custom::ImageMirror", &["lambda:InvokeFunction"], &["lambda:InvokeFunction"]),
];

/// Actions to be simulated on one resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// The resource as IAM names it: what has no name yet has an invented one of its form.
    pub resource: SafeText,
    /// Sorted.
    pub actions: Vec<SafeText>,
    /// CloudFormation calls them, and hands on roles, in the caller's name.
    pub is_forwarded: bool,
}

/// What a plan that turns `before` into `after` has the caller do.
pub fn of_plan(before: &[Resource], after: &[Resource], subject: &Subject) -> Vec<Wanted> {
    let mut own: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for action in OWN {
        for resource in policy::resources(action, subject) {
            own.entry(resource).or_default().insert(action);
        }
    }
    let mut forwarded: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for resource in after {
        let Some(row) = ROWS.iter().find(|r| *resource.kind == *r.kind) else {
            continue;
        };
        let old = before
            .iter()
            .find(|r| r.logical_id == resource.logical_id && r.kind == resource.kind);
        let actions = match old {
            None => row.make,
            Some(old) if old.properties != resource.properties => row.change,
            Some(_) => &[],
        };
        for action in actions {
            forwarded.entry(target(action, resource, subject)).or_default().insert(action);
        }
    }
    let mut all = Vec::new();
    for (group, is_forwarded) in [(own, false), (forwarded, true)] {
        all.extend(group.into_iter().map(|(resource, actions)| Wanted {
            resource: resource.into(),
            actions: actions.into_iter().map(SafeText::from).collect(),
            is_forwarded,
        }));
    }
    all
}

/// What an action works on. One resource of a kind stands for all of them, so that few questions are enough.
fn target(action: &str, resource: &Resource, subject: &Subject) -> String {
    let Subject {
        region,
        account,
        stack,
        project,
    } = subject;
    let partition = partition(region);
    let arn = |service: &str, rest: &str| format!("arn:{partition}:{service}:{region}:{account}:{rest}");
    let service = action.split(':').next().unwrap_or_default();
    match (action, service) {
        // CloudFormation ends a name that it makes with twelve characters of its own.
        (_, "iam") => format!("arn:{partition}:iam::{account}:role/{stack}-ExecutionRole-ABCDEFGHIJKL"),
        (_, "lambda") => arn("lambda", &format!("function:{stack}-MirrorFunction-ABCDEFGHIJKL")),
        ("secretsmanager:GetRandomPassword", _) => "*".into(),
        (_, "secretsmanager") => arn("secretsmanager", &format!("secret:{project}/litellm-api-key-AbCdEf")),
        (_, "ecr") => arn("ecr", &format!("repository/{project}/litellm")),
        (_, "codebuild") => arn("codebuild", &format!("project/{project}-mirror")),
        (_, "logs") => arn("logs", &format!("log-group:{}", log_group(resource, project))),
        ("ecs:CreateService" | "ecs:UpdateService", _) => arn("ecs", &format!("service/{project}-cluster/{project}-openwebui")),
        _ => "*".into(),
    }
}

fn log_group(resource: &Resource, project: &str) -> String {
    let name = resource.properties["LogGroupName"].as_str();
    name.map_or_else(|| format!("/ecs/{project}"), str::to_owned)
}

/// Who can be simulated for a caller: IAM's simulator knows users and roles.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A user, by ARN.
    User(SafeText),
    /// A role that was assumed: its name, and what its ARN is if it has no path.
    Role(SafeText, SafeText),
}

impl Principal {
    /// The principal behind the ARN that STS tells of a caller.
    ///
    /// # Errors
    /// Why there is none: a clause.
    pub fn of_caller(arn: &str) -> Result<Self, &'static str> {
        let mut parts = arn.splitn(6, ':');
        let (partition, service, account) = (parts.nth(1), parts.next(), parts.nth(1));
        let (Some(partition), Some(service), Some(account), Some(rest)) = (partition, service, account, parts.next()) else {
            return Err("its ARN is none that IAM gives");
        };
        match (service, rest.split('/').collect::<Vec<_>>().as_slice()) {
            ("iam", ["root"]) => Err("the root user is bound by no policy of its own"),
            ("iam", ["user", ..]) => Ok(Self::User(arn.into())),
            ("sts", ["assumed-role", name, ..]) => {
                let role = format!("arn:{partition}:iam::{account}:role/{name}");
                Ok(Self::Role((*name).into(), role.into()))
            }
            ("sts", ["federated-user", ..]) => Err("a federated user has no policies that IAM keeps"),
            _ => Err("it is neither a user nor a role"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::template::{Pseudo, Template};

    fn subject() -> Subject {
        Subject {
            region: "us-west-2".into(),
            account: "123456789012".into(),
            stack: "chat".into(),
            project: "bic".into(),
        }
    }

    fn resources(pairs: &[(&str, &str)]) -> Vec<Resource> {
        let template = Template::shipped();
        let pseudo = Pseudo {
            region: "us-west-2".into(),
            account: "123456789012".into(),
            stack_name: "chat".into(),
        };
        let given = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        template.resources(&template.values(&given), &pseudo)
    }

    fn actions(wanted: &[Wanted], is_forwarded: bool) -> Vec<&str> {
        let mut all: Vec<&str> = wanted
            .iter()
            .filter(|w| w.is_forwarded == is_forwarded)
            .flat_map(|w| w.actions.iter().map(SafeText::as_str))
            .collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn every_type_of_the_template_has_its_row_once() {
        let kinds: Vec<&str> = ROWS.iter().map(|r| r.kind).collect();
        assert!(kinds.is_sorted());
        for mode in ["private", "nat", "public"] {
            let cert = "arn:aws:acm:us-west-2:123456789012:certificate/abc-1";
            for r in resources(&[("NetworkMode", mode), ("DeploymentSize", "large"), ("ACMCertificateArn", cert)]) {
                let rows = kinds.iter().filter(|k| r.kind == **k).count();
                assert_eq!(rows, 1, "{}", r.kind);
            }
        }
    }

    #[test]
    fn a_creation_makes_everything_and_an_update_only_what_it_changes() {
        let all = of_plan(&[], &resources(&[]), &subject());
        assert_eq!(actions(&all, false).len(), OWN.len());
        for action in [
            "ec2:CreateVpc",
            "ecs:CreateService",
            "iam:CreateRole",
            "iam:PassRole",
            "lambda:InvokeFunction",
        ] {
            assert_eq!(actions(&all, true).iter().filter(|a| **a == action).count(), 1, "{action}");
        }
        assert!(!actions(&all, true).contains(&"rds:CreateDBInstance"));
        assert!(all.len() <= 12, "few questions: {}", all.len());
        let resource = |action: &str| {
            all.iter()
                .find(|w| w.actions.iter().any(|a| **a == *action))
                .map(|w| w.resource.as_str())
        };
        assert_eq!(
            resource("cloudformation:ExecuteChangeSet"),
            Some("arn:aws:cloudformation:us-west-2:123456789012:stack/chat/*")
        );
        assert_eq!(
            resource("secretsmanager:CreateSecret"),
            Some("arn:aws:secretsmanager:us-west-2:123456789012:secret:bic/litellm-api-key-AbCdEf")
        );
        let few = of_plan(
            &resources(&[]),
            &resources(&[("LiteLLMVersion", "v1.107.0"), ("NetworkMode", "public")]),
            &subject(),
        );
        assert!(actions(&few, true).contains(&"ecs:UpdateService"));
        let more = of_plan(&resources(&[]), &resources(&[("LogRetentionDays", "14")]), &subject());
        assert_eq!(actions(&more, true), ["logs:PutRetentionPolicy"; 2]);
    }

    #[test]
    fn the_caller_is_a_user_a_role_or_nobody_to_be_simulated() {
        let role = |name: &str, arn: &str| Ok(Principal::Role(name.into(), arn.into()));
        let user = "arn:aws-cn:iam::1:user/team/dana";
        for (arn, want) in [
            (
                "arn:aws:sts::1:assumed-role/Operator/demo",
                role("Operator", "arn:aws:iam::1:role/Operator"),
            ),
            (
                "arn:aws-us-gov:sts::1:assumed-role/AWSReservedSSO_Admin_ab12/dana@example.com",
                role("AWSReservedSSO_Admin_ab12", "arn:aws-us-gov:iam::1:role/AWSReservedSSO_Admin_ab12"),
            ),
            (user, Ok(Principal::User(user.into()))),
            ("arn:aws:iam::1:root", Err("the root user is bound by no policy of its own")),
            (
                "arn:aws:sts::1:federated-user/x",
                Err("a federated user has no policies that IAM keeps"),
            ),
            ("arn:aws:sts::1:other/x", Err("it is neither a user nor a role")),
            ("nonsense", Err("its ARN is none that IAM gives")),
        ] {
            assert_eq!(Principal::of_caller(arn), want, "{arn}");
        }
    }
}
