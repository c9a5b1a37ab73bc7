//! Names that AWS gives: physical ids, ARNs and attributes, made from what the template says.

use serde_json::Value;

use super::{
    cfn::{ResourceState, StackState},
    chance::Chance,
    world::World,
};
use crate::core::{
    fault::{Fault, FaultKind},
    template::Resource,
};

/// What a service of AWS calls a resource, as a prefix of a random id.
const PREFIXED: [(&str, &str); 14] = [
    ("AWS::EC2::VPC", "vpc-0"),
    ("AWS::EC2::InternetGateway", "igw-0"),
    ("AWS::EC2::Subnet", "subnet-0"),
    ("AWS::EC2::RouteTable", "rtb-0"),
    ("AWS::EC2::SubnetRouteTableAssociation", "rtbassoc-0"),
    ("AWS::EC2::SecurityGroup", "sg-0"),
    ("AWS::EC2::SecurityGroupIngress", "sgr-0"),
    ("AWS::EC2::VPCEndpoint", "vpce-0"),
    ("AWS::EC2::NatGateway", "nat-0"),
    ("AWS::EFS::FileSystem", "fs-0"),
    ("AWS::EFS::MountTarget", "fsmt-0"),
    ("AWS::EFS::AccessPoint", "fsap-0"),
    ("AWS::ServiceDiscovery::PrivateDnsNamespace", "ns-"),
    ("AWS::ServiceDiscovery::Service", "srv-"),
];

/// A refusal with AWS's own code and words.
pub(super) fn refusal(kind: FaultKind, operation: &str, subject: &str, code: &str, message: &str) -> Fault {
    Fault {
        code: Some(code.into()),
        ..Fault::new(kind, operation, subject, message)
    }
}

/// A property as text; empty when it is none.
pub(super) fn text(properties: &Value, name: &str) -> String {
    scalar(&properties[name])
}

/// A scalar as text; empty for anything else.
pub(super) fn scalar(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        Value::Number(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

impl World {
    /// Chance for one name of this world.
    pub(super) fn chance(&self, name: &str) -> Chance {
        Chance::new(self.seed, name)
    }

    /// An ARN of this account and region.
    pub(super) fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{rest}", self.region, self.account)
    }

    /// The physical id of a resource about to be made. `properties` are resolved; `serial` tells one
    /// replacement from the next.
    pub(super) fn physical_id(&self, stack: &StackState, def: &Resource, properties: &Value, serial: u64) -> String {
        let mut chance = self.chance(&format!("{}/{}/{serial}", stack.id, def.logical_id));
        let kind = def.kind.as_str();
        if let Some((_, prefix)) = PREFIXED.iter().find(|(k, _)| *k == kind) {
            return format!("{prefix}{}", chance.hex(16));
        }
        let p = |name: &str| text(properties, name);
        let elb = |path: String| self.arn("elasticloadbalancing", &path);
        match kind {
            "AWS::EC2::EIP" => format!("203.0.113.{}", chance.between(10, 250)),
            "AWS::EC2::VPCGatewayAttachment" => format!("IGW|{}", p("VpcId")),
            "AWS::EC2::Route" => format!("{}|{}", p("RouteTableId"), p("DestinationCidrBlock")),
            "AWS::ElasticLoadBalancingV2::LoadBalancer" => elb(format!("loadbalancer/app/{}/{}", p("Name"), chance.hex(16))),
            "AWS::ElasticLoadBalancingV2::TargetGroup" => elb(format!("targetgroup/{}/{}", p("Name"), chance.hex(16))),
            "AWS::ElasticLoadBalancingV2::Listener" => {
                let balancer = p("LoadBalancerArn").replace(":loadbalancer/", ":listener/");
                format!("{balancer}/{}", chance.hex(16))
            }
            "AWS::ElasticLoadBalancingV2::ListenerRule" => {
                let listener = p("ListenerArn").replace(":listener/", ":listener-rule/");
                format!("{listener}/{}", chance.hex(16))
            }
            "AWS::SecretsManager::Secret" => self.arn("secretsmanager", &format!("secret:{}-{}", p("Name"), chance.alphanumeric(6))),
            "AWS::Logs::LogGroup" => p("LogGroupName"),
            "AWS::ECS::Cluster" => p("ClusterName"),
            "AWS::ECS::Service" => self.arn("ecs", &format!("service/{}/{}", p("Cluster"), p("ServiceName"))),
            "AWS::ECS::TaskDefinition" => self.arn("ecs", &format!("task-definition/{}:{serial}", p("Family"))),
            "AWS::CloudFormation::WaitConditionHandle" => {
                let path = stack.id.replace(':', "%3A");
                format!(
                    "https://cloudformation-waitcondition-{0}.s3.{0}.amazonaws.com/{path}/{1}",
                    self.region, def.logical_id
                )
            }
            _ => named(properties).unwrap_or_else(|| format!("{}-{}-{}", stack.name, def.logical_id, chance.alphanumeric(12))),
        }
    }

    /// `Fn::GetAtt` of a resource that exists.
    pub(super) fn attribute(&self, resource: &ResourceState, name: &str) -> String {
        let physical = &resource.physical;
        let mut chance = self.chance(&format!("{physical}/{name}"));
        match (resource.def.kind.as_str(), name) {
            ("AWS::ElasticLoadBalancingV2::LoadBalancer", "DNSName") => {
                let name = physical.split('/').nth(2).unwrap_or_default();
                format!("{name}-{}.{}.elb.amazonaws.com", chance.digits(10), self.region)
            }
            ("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerFullName") => after(physical, "loadbalancer/"),
            ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupFullName") => {
                after(physical, ":").rsplit(':').next().unwrap_or_default().to_owned()
            }
            ("AWS::ECS::Service", "Name") => physical.rsplit('/').next().unwrap_or_default().to_owned(),
            ("AWS::ElastiCache::ReplicationGroup", "PrimaryEndPoint.Address") => {
                format!("master.{}.{}.cache.amazonaws.com", physical.to_lowercase(), chance.lower(6))
            }
            ("AWS::EC2::EIP", "AllocationId") => format!("eipalloc-0{}", chance.hex(16)),
            ("AWS::IAM::Role", "Arn") => format!("arn:aws:iam::{}:role/{physical}", self.account),
            ("AWS::ECS::Cluster", "Arn") => self.arn("ecs", &format!("cluster/{physical}")),
            ("AWS::ServiceDiscovery::Service", "Arn") => self.arn("servicediscovery", &format!("service/{physical}")),
            ("AWS::Logs::LogGroup", "Arn") => self.arn("logs", &format!("log-group:{physical}:*")),
            ("AWS::EFS::FileSystem", "Arn") => self.arn("elasticfilesystem", &format!("file-system/{physical}")),
            ("AWS::ECR::Repository", "Arn") => self.arn("ecr", &format!("repository/{physical}")),
            ("AWS::ECR::Repository", "RepositoryUri") => format!("{}.dkr.ecr.{}.amazonaws.com/{physical}", self.account, self.region),
            ("AWS::Lambda::Function", "Arn") => self.arn("lambda", &format!("function:{physical}")),
            ("AWS::CodeBuild::Project", "Arn") => self.arn("codebuild", &format!("project/{physical}")),
            (_, attribute) if attribute.ends_with(".Address") => {
                format!("{}.{}.{}.rds.amazonaws.com", physical.to_lowercase(), chance.lower(12), self.region)
            }
            (_, attribute) if attribute.ends_with(".Port") => "5432".into(),
            // Another version of an image is another image.
            (_, attribute) if attribute.ends_with("Digest") => {
                let version = text(&resource.def.properties, attribute.trim_end_matches("Digest"));
                format!("sha256:{}", self.chance(&format!("{physical}/{attribute}/{version}")).hex(64))
            }
            _ => physical.clone(),
        }
    }

    /// Fills in references to the resources of a stack.
    pub(super) fn filled(&self, stack: &StackState, value: &Value) -> Value {
        let physical = |id: &str| stack.resource(id).map(|r| r.physical.clone()).unwrap_or_default();
        let attribute = |id: &str, name: &str| stack.resource(id).map(|r| self.attribute(r, name)).unwrap_or_default();
        match value {
            Value::Array(items) => items.iter().map(|v| self.filled(stack, v)).collect(),
            Value::Object(map) => match map.iter().next() {
                Some((key, Value::String(id))) if map.len() == 1 && key == "Ref" => physical(id).into(),
                Some((key, Value::Array(path))) if map.len() == 1 && key == "Fn::GetAtt" => {
                    let part = |i: usize| path.get(i).map(scalar).unwrap_or_default();
                    attribute(&part(0), &part(1)).into()
                }
                Some((key, Value::String(text))) if map.len() == 1 && key == "Fn::Sub" => fill_text(text, &|name| {
                    name.split_once('.').map_or_else(|| physical(name), |(id, a)| attribute(id, a))
                })
                .into(),
                _ => map.iter().map(|(k, v)| (k.clone(), self.filled(stack, v))).collect(),
            },
            _ => value.clone(),
        }
    }
}

/// What follows a part of a text.
fn after(text: &str, part: &str) -> String {
    text.split_once(part).map_or(text, |(_, rest)| rest).to_owned()
}

/// Puts `find(name)` in place of each `${name}`.
fn fill_text(text: &str, find: &dyn Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, tail)) = after.split_once('}') else { break };
        out.push_str(before);
        match name.strip_prefix('!') {
            Some(literal) => out.push_str(&format!("${{{literal}}}")),
            None => out.push_str(&find(name)),
        }
        rest = tail;
    }
    out + rest
}

/// The name that a template gives to a resource, whatever the property is called.
fn named(properties: &Value) -> Option<String> {
    const NAMES: [&str; 8] = [
        "Name",
        "RoleName",
        "RepositoryName",
        "FunctionName",
        "DBInstanceIdentifier",
        "AlarmName",
        "DashboardName",
        "ServerlessCacheName",
    ];
    NAMES.iter().map(|n| text(properties, n)).find(|n| !n.is_empty())
}
