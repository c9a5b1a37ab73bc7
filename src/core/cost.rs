//! What the application costs, computed from the template's own resources and the dated price table.
//! Every priced resource has a line; a type that is neither priced nor known to be free is named.

use std::collections::BTreeMap;

use serde::Serialize;

use self::sheet::{Sheet, number, text};
use super::{
    fact::{StackResource, Task},
    names::{App, Names},
    prices::{HOURS_A_MONTH, Prices},
    template::Resource,
    text::SafeText,
};

mod guide;
pub mod listing;
mod sheet;
mod what_if;

pub use self::{
    guide::{GUIDE_IMAGES, GuideRow, guide_rows},
    what_if::{WhatIf, what_ifs},
};

/// What a month's use is taken to be where the template can not tell. Shown beside every estimate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Assumptions {
    /// GB in the file system.
    pub efs_gb: f64,
    /// GB read from the file system each month.
    pub efs_read_gb: f64,
    /// GB written to it each month.
    pub efs_write_gb: f64,
    /// GB of logs of the application taken in each month.
    pub log_gb: f64,
    /// GB of any other log group of the stack.
    pub other_log_gb: f64,
    /// GB of each image repository.
    pub ecr_gb: f64,
    /// Minutes a month in which CodeBuild copies the images: one deployment.
    pub mirror_minutes: f64,
    /// GB a month through all interface endpoints.
    pub endpoint_gb: f64,
    /// GB a month through the NAT gateway.
    pub nat_gb: f64,
    /// Load balancer capacity units on average.
    pub lcu: f64,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            efs_gb: 10.0,
            efs_read_gb: 3.0,
            efs_write_gb: 1.0,
            log_gb: 5.0,
            other_log_gb: 0.01,
            ecr_gb: 2.0,
            mirror_minutes: 10.0,
            endpoint_gb: 10.0,
            nat_gb: 10.0,
            lcu: 0.1,
        }
    }
}

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::Display, strum::EnumIter)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Group {
    /// The load balancer.
    LoadBalancer,
    /// Tasks of Open WebUI.
    OpenWebui,
    /// Tasks of LiteLLM.
    Litellm,
    /// Tasks that belong to neither service.
    OtherTasks,
    /// Public IPv4 addresses.
    PublicAddresses,
    /// Interface endpoints.
    Endpoints,
    /// The NAT gateway.
    Nat,
    /// The file system.
    Files,
    /// The database.
    Database,
    /// The cache.
    Cache,
    /// Logs.
    Logs,
    /// Secrets.
    Secrets,
    /// Image repositories, what fills them, and the private DNS zone.
    Registry,
    /// Dashboards and alarms.
    Monitoring,
}

/// One line of an estimate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CostLine {
    /// What it is, in words.
    pub label: SafeText,
    /// Logical id of the resource.
    pub resource: SafeText,
    /// What it is for.
    pub group: Group,
    /// How many units.
    pub quantity: f64,
    /// Unit of the quantity.
    pub unit: SafeText,
    /// US dollars an hour.
    pub usd_hour: f64,
    /// US dollars for 730 hours.
    pub usd_month: f64,
    /// It goes away when the services sleep.
    pub is_scalable: bool,
    /// Every price in it was checked.
    pub is_verified: bool,
    /// What the figure rests on.
    pub basis: SafeText,
}

/// An estimate: lines, and what could not be priced.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// Region of the prices.
    pub region: SafeText,
    /// Day of the oldest price in it; empty when there is none.
    pub date: SafeText,
    /// Lines in the order of the template.
    pub lines: Vec<CostLine>,
    /// Resources, as `LogicalId (Type)`, that have no price here though they may cost.
    pub unpriced: Vec<SafeText>,
    /// What was assumed.
    pub assumptions: Assumptions,
}

impl Estimate {
    /// US dollars an hour.
    pub fn usd_hour(&self) -> f64 {
        total(self.lines.iter().map(|l| l.usd_hour))
    }

    /// US dollars for 730 hours.
    pub fn usd_month(&self) -> f64 {
        total(self.lines.iter().map(|l| l.usd_month))
    }

    /// US dollars an hour that sleeping would save.
    pub fn scalable_hour(&self) -> f64 {
        total(self.lines.iter().filter(|l| l.is_scalable).map(|l| l.usd_hour))
    }

    /// US dollars an hour that goes on while asleep.
    pub fn fixed_hour(&self) -> f64 {
        self.usd_hour() - self.scalable_hour()
    }

    /// US dollars a month of one group.
    pub fn group_month(&self, group: Group) -> f64 {
        total(self.lines.iter().filter(|l| l.group == group).map(|l| l.usd_month))
    }

    /// Every price in it was checked.
    pub fn is_verified(&self) -> bool {
        self.unpriced.is_empty() && self.lines.iter().all(|l| l.is_verified)
    }
}

/// The sum from plain zero: that of nothing would be `-0`, and show as such.
fn total(amounts: impl Iterator<Item = f64>) -> f64 {
    amounts.fold(0.0, |sum, usd| sum + usd)
}

/// Prices and assumptions together: what turns resources into an estimate.
#[derive(Debug, Clone, PartialEq)]
pub struct CostModel {
    /// The price table.
    pub prices: Prices,
    /// What is assumed.
    pub assumptions: Assumptions,
    /// Region of the prices.
    pub region: SafeText,
}

impl CostModel {
    /// The shipped prices and the default assumptions.
    pub fn shipped(region: &str) -> Self {
        Self {
            prices: Prices::shipped(),
            assumptions: Assumptions::default(),
            region: region.into(),
        }
    }

    /// What these resources cost at the counts that the template wants.
    pub fn plan_estimate(&self, resources: &[Resource]) -> Estimate {
        self.estimate(resources, None, None)
    }

    /// What runs at this moment: of the fixed resources those that the stack has, all while its list is not known; and
    /// each task that is not stopped, by its own size.
    pub fn now_estimate(&self, resources: &[Resource], held: Option<&[StackResource]>, tasks: &[Task]) -> Estimate {
        self.estimate(resources, held, Some(tasks))
    }

    /// US dollars an hour of `count` tasks of a service, at the size that the template gives them; `None` for one that is
    /// not the application's.
    pub fn tasks_hour(&self, resources: &[Resource], names: &Names, service: &SafeText, count: i32) -> Option<f64> {
        let group = match names.app(service)? {
            App::OpenWebui => Group::OpenWebui,
            App::Litellm => Group::Litellm,
        };
        let planned = template_counts(resources).get(service).copied().unwrap_or(1).max(1);
        let lines = self.plan_estimate(resources).lines;
        let of_app = total(lines.iter().filter(|l| l.group == group).map(|l| l.usd_hour));
        Some(of_app * f64::from(count) / f64::from(planned))
    }

    fn estimate(&self, resources: &[Resource], held: Option<&[StackResource]>, tasks: Option<&[Task]>) -> Estimate {
        let exists = |id: &SafeText| held.is_none_or(|all| all.iter().any(|r| r.logical_id == *id && r.exists()));
        let mut sheet = Sheet::new(self, resources);
        for resource in resources {
            match resource.kind.as_str() {
                "AWS::ECS::Service" => match tasks {
                    None => sheet.wanted(resource),
                    Some(tasks) => sheet.running(resource, tasks),
                },
                _ if exists(&resource.logical_id) => sheet.resource(resource),
                _ => {}
            }
        }
        if let Some(tasks) = tasks {
            sheet.strangers(tasks);
        }
        Estimate {
            region: self.region.clone(),
            date: sheet.date.unwrap_or_default(),
            lines: sheet.lines,
            unpriced: sheet.unpriced,
            assumptions: self.assumptions,
        }
    }
}

/// Resource types that cost nothing by themselves, and why. A type is here or has a line, and a test sees to it.
pub const FREE_TYPES: &[(&str, &str)] = &[
    ("AWS::CloudFormation::CustomResource", "CloudFormation's own"),
    ("AWS::CloudFormation::WaitCondition", "CloudFormation's own"),
    ("AWS::CloudFormation::WaitConditionHandle", "CloudFormation's own"),
    ("AWS::EC2::InternetGateway", "only addresses and data are billed"),
    ("AWS::EC2::Route", "part of the network"),
    ("AWS::EC2::RouteTable", "part of the network"),
    ("AWS::EC2::SecurityGroup", "part of the network"),
    ("AWS::EC2::SecurityGroupEgress", "part of the network"),
    ("AWS::EC2::SecurityGroupIngress", "part of the network"),
    ("AWS::EC2::Subnet", "part of the network"),
    ("AWS::EC2::SubnetRouteTableAssociation", "part of the network"),
    ("AWS::EC2::VPC", "part of the network"),
    ("AWS::EC2::VPCGatewayAttachment", "part of the network"),
    ("AWS::ECS::Cluster", "its tasks are billed"),
    ("AWS::ECS::ClusterCapacityProviderAssociations", "its tasks are billed"),
    ("AWS::ECS::TaskDefinition", "its tasks are billed"),
    ("AWS::EFS::AccessPoint", "the bytes of its file system are billed"),
    ("AWS::EFS::MountTarget", "the bytes of its file system are billed"),
    ("AWS::ElastiCache::ParameterGroup", "its nodes are billed"),
    ("AWS::ElastiCache::SubnetGroup", "its nodes are billed"),
    ("AWS::ElasticLoadBalancingV2::Listener", "its load balancer is billed"),
    (
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "its load balancer's capacity units are billed",
    ),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "its load balancer is billed"),
    ("AWS::IAM::ManagedPolicy", "IAM is free"),
    ("AWS::IAM::Policy", "IAM is free"),
    ("AWS::IAM::Role", "IAM is free"),
    (
        "AWS::Lambda::Function",
        "it works for minutes at a deployment, a thousandth of what is free each month",
    ),
    ("AWS::Lambda::Permission", "IAM is free"),
    ("AWS::RDS::DBParameterGroup", "its instance is billed"),
    ("AWS::RDS::DBSubnetGroup", "its instance is billed"),
    ("AWS::SecretsManager::SecretTargetAttachment", "its secret is billed"),
    ("AWS::ServiceDiscovery::Service", "its zone is billed"),
    ("Custom::ImageMirror", "what it starts is billed: the CodeBuild project"),
];

/// Whether a resource type costs nothing by itself.
pub fn is_free(kind: &str) -> bool {
    FREE_TYPES.iter().any(|(free, _)| *free == kind)
}

/// What lies between two amounts as they are shown, to the cent: what is read can be added up.
pub fn step(before: f64, after: f64) -> f64 {
    let cents = |amount: f64| (amount * 100.0).round();
    (cents(after) - cents(before)) / 100.0
}

/// What another count of tasks adds to the bill, in words: `about $0.0989/h more, $72 a month`.
pub fn difference(usd_hour: f64) -> String {
    let word = if usd_hour < 0.0 { "less" } else { "more" };
    let usd_hour = usd_hour.abs();
    format!("about ${usd_hour:.4}/h {word}, ${:.0} a month", usd_hour * HOURS_A_MONTH)
}

/// The ECS services among resources.
pub fn services(resources: &[Resource]) -> impl Iterator<Item = &Resource> {
    resources.iter().filter(|r| r.kind == "AWS::ECS::Service")
}

/// Counts that the template wants, by service name.
pub fn template_counts(resources: &[Resource]) -> BTreeMap<SafeText, i32> {
    services(resources).filter_map(wanted).collect()
}

/// Name of an ECS service of the template, and the count that it wants.
pub fn wanted(service: &Resource) -> Option<(SafeText, i32)> {
    let name = text(&service.properties, "/ServiceName")?;
    let count = number(service.properties.get("DesiredCount")).unwrap_or(1.0);
    Some((name.into(), count as i32))
}

#[cfg(test)]
mod tests;
