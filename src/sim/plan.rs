//! What a change set says: resources compared before and after, and what a change of a property does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::core::{
    fact::{ChangeAction, Fate, PropertyChange, Replacement, ResourceChange},
    template::Resource,
    text::SafeText,
};

/// Properties whose change needs a new resource, by type; `*` is every one but `Tags`. From the "Update
/// requires" lines of AWS's resource reference; a property not listed is changed in place.
const REPLACING: [(&str, &[&str]); 29] = [
    ("AWS::EC2::VPC", &["CidrBlock"]),
    ("AWS::EC2::Subnet", &["AvailabilityZone", "CidrBlock", "VpcId"]),
    ("AWS::EC2::SecurityGroup", &["GroupDescription", "GroupName", "VpcId"]),
    ("AWS::EC2::VPCEndpoint", &["ServiceName", "VpcEndpointType", "VpcId"]),
    ("AWS::EC2::RouteTable", &["VpcId"]),
    ("AWS::EC2::Route", &["RouteTableId", "DestinationCidrBlock"]),
    ("AWS::EC2::SubnetRouteTableAssociation", &["SubnetId"]),
    ("AWS::EC2::EIP", &["Domain"]),
    ("AWS::EC2::NatGateway", &["AllocationId", "SubnetId"]),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", &["Name", "Scheme", "Type"]),
    (
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        &["Name", "Port", "Protocol", "TargetType", "VpcId"],
    ),
    ("AWS::ElasticLoadBalancingV2::Listener", &["LoadBalancerArn"]),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", &["ListenerArn"]),
    (
        "AWS::EFS::FileSystem",
        &["Encrypted", "KmsKeyId", "PerformanceMode", "AvailabilityZoneName"],
    ),
    ("AWS::EFS::MountTarget", &["FileSystemId", "SubnetId", "IpAddress"]),
    (
        "AWS::EFS::AccessPoint",
        &["FileSystemId", "PosixUser", "RootDirectory", "ClientToken"],
    ),
    ("AWS::SecretsManager::Secret", &["Name"]),
    ("AWS::Logs::LogGroup", &["LogGroupName"]),
    ("AWS::IAM::Role", &["RoleName", "Path"]),
    ("AWS::ECS::Cluster", &["ClusterName"]),
    ("AWS::ECS::TaskDefinition", &["*"]),
    (
        "AWS::ECS::Service",
        &["ServiceName", "Cluster", "LaunchType", "Role", "SchedulingStrategy"],
    ),
    ("AWS::ServiceDiscovery::PrivateDnsNamespace", &["Name", "Vpc"]),
    ("AWS::ServiceDiscovery::Service", &["Name", "NamespaceId"]),
    ("AWS::CloudWatch::Alarm", &["AlarmName"]),
    ("AWS::CloudWatch::Dashboard", &["DashboardName"]),
    ("AWS::CodeBuild::Project", &["Name"]),
    ("AWS::ECR::Repository", &["RepositoryName", "EncryptionConfiguration"]),
    (
        "AWS::RDS::DBInstance",
        &[
            "DBInstanceIdentifier",
            "DBName",
            "Engine",
            "MasterUsername",
            "StorageEncrypted",
            "DBSubnetGroupName",
        ],
    ),
];

/// Types that take no stack tags.
const UNTAGGED: [&str; 8] = [
    "AWS::EC2::Route",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::EC2::VPCEndpoint",
    "AWS::EFS::MountTarget",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::CloudFormation::WaitConditionHandle",
];

/// Whether a change of a property makes a new resource.
fn replaces(kind: &str, property: &str) -> bool {
    REPLACING
        .iter()
        .find(|(k, _)| *k == kind)
        .is_some_and(|(_, list)| list.contains(&property) || (list.contains(&"*") && property != "Tags"))
}

/// The lines of a change set: removed ones last, as AWS orders neither, in dependency order.
pub(super) fn changes(before: &[(&Resource, &str)], after: &[Resource], is_retagged: bool) -> Vec<ResourceChange> {
    let old: BTreeMap<&str, (&Resource, &str)> = before.iter().map(|(r, p)| (r.logical_id.as_str(), (*r, *p))).collect();
    let mut replaced: BTreeSet<&str> = BTreeSet::new();
    let mut out = Vec::new();
    for new in after {
        let Some((was, physical)) = old.get(new.logical_id.as_str()) else {
            out.push(line(ChangeAction::Add, new, "", Replacement::Never, Vec::new()));
            continue;
        };
        let properties = property_changes(was, new, &replaced, is_retagged);
        if properties.is_empty() {
            continue;
        }
        let name = |p: &PropertyChange| p.path.trim_start_matches("Properties.").to_owned();
        let is_new = properties.iter().any(|p| replaces(&new.kind, &name(p)));
        if is_new {
            replaced.insert(&new.logical_id);
        }
        let replacement = if is_new { Replacement::Always } else { Replacement::Never };
        out.push(line(ChangeAction::Modify, new, physical, replacement, properties));
    }
    let is_kept = |r: &Resource| after.iter().any(|a| a.logical_id == r.logical_id);
    let removed = before.iter().rev().filter(|(r, _)| !is_kept(r));
    out.extend(removed.map(|(r, physical)| line(ChangeAction::Remove, r, physical, Replacement::Never, Vec::new())));
    out
}

fn line(action: ChangeAction, r: &Resource, physical: &str, replacement: Replacement, properties: Vec<PropertyChange>) -> ResourceChange {
    ResourceChange {
        action,
        logical_id: r.logical_id.clone(),
        physical_id: physical.into(),
        resource_type: r.kind.clone(),
        replacement,
        fate: fate(action, r, replacement),
        properties,
    }
}

/// What the template says of what goes.
fn fate(action: ChangeAction, r: &Resource, replacement: Replacement) -> Option<Fate> {
    let policy = match (action, replacement) {
        (ChangeAction::Remove, _) => &r.deletion_policy,
        (ChangeAction::Modify, Replacement::Always) => &r.replace_policy,
        _ => return None,
    };
    Some(match policy.as_str() {
        "Retain" | "RetainExceptOnCreate" => Fate::Kept,
        "Snapshot" => Fate::Snapshot,
        _ => Fate::Deleted,
    })
}

/// Properties that differ, and those that refer to a resource that will be a new one.
fn property_changes(was: &Resource, new: &Resource, replaced: &BTreeSet<&str>, is_retagged: bool) -> Vec<PropertyChange> {
    let empty = serde_json::Map::new();
    let (a, b) = (
        was.properties.as_object().unwrap_or(&empty),
        new.properties.as_object().unwrap_or(&empty),
    );
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let mut out: Vec<PropertyChange> = names
        .into_iter()
        .filter(|name| a.get(*name) != b.get(*name) || b.get(*name).is_some_and(|v| mentions(v, replaced)))
        .map(|name| PropertyChange {
            path: format!("Properties.{name}").into(),
            before: a.get(name).map(shown),
            after: b.get(name).map(shown),
        })
        .collect();
    let has_tags = out.iter().any(|p| p.path == "Properties.Tags");
    if is_retagged && !has_tags && !UNTAGGED.contains(&new.kind.as_str()) {
        out.push(PropertyChange {
            path: "Tags".into(),
            before: None,
            after: None,
        });
    }
    out
}

/// Scalars as they are, the rest as JSON, which is how AWS tells them.
fn shown(value: &Value) -> SafeText {
    match value {
        Value::String(text) => text.as_str().into(),
        other => other.to_string().into(),
    }
}

fn mentions(value: &Value, ids: &BTreeSet<&str>) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|v| mentions(v, ids)),
        Value::Object(map) => map.iter().any(|(key, v)| match (key.as_str(), v) {
            ("Ref", Value::String(id)) => ids.contains(id.as_str()),
            ("Fn::GetAtt", Value::Array(path)) => path.first().and_then(Value::as_str).is_some_and(|id| ids.contains(id)),
            ("Fn::Sub", Value::String(text)) => ids
                .iter()
                .any(|id| text.contains(&format!("${{{id}}}")) || text.contains(&format!("${{{id}."))),
            _ => mentions(v, ids),
        }),
        _ => false,
    }
}
