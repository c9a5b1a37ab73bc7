//! ECS services as they are described: what they are made of, what is wanted of them, and how ECS tells
//! of them. What the scheduler does is in `ecs`.

use serde_json::Value;

use super::{
    account::{refusal, text},
    alarms::Seen,
    task::{Phase, TaskState},
    world::{SECOND, World},
};
use crate::core::{
    fact::{Deployment, Fact, Millis, Service, ServiceEvent},
    fault::{Fault, FaultKind},
    text::SafeText,
};

/// A target group that a service registers its tasks in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) arn: String,
    pub(super) port: i32,
}

/// One deployment.
#[derive(Debug, Clone)]
pub(super) struct DeploymentState {
    pub(super) id: String,
    pub(super) rollout: &'static str,
    pub(super) reason: String,
    pub(super) failed: i32,
    pub(super) definition: String,
    pub(super) created: Millis,
    pub(super) updated: Millis,
    /// The circuit breaker went back to it; there is nothing to go back to from here.
    pub(super) is_rollback: bool,
}

/// One service.
#[derive(Debug)]
pub(super) struct ServiceState {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) cluster: String,
    /// Id of the stack it belongs to.
    pub(super) stack: String,
    pub(super) status: &'static str,
    pub(super) desired: i32,
    /// Newest first; the first is PRIMARY.
    pub(super) deployments: Vec<DeploymentState>,
    /// Oldest first.
    pub(super) events: Vec<ServiceEvent>,
    pub(super) tags: Vec<(SafeText, SafeText)>,
    pub(super) groups: Vec<Group>,
    /// Range and zone of each of its subnets.
    pub(super) subnets: Vec<(String, String)>,
    pub(super) capacity: String,
    pub(super) grace: Millis,
    pub(super) min_percent: i32,
    pub(super) max_percent: i32,
    pub(super) has_breaker: bool,
    pub(super) rolls_back: bool,
    /// Id and definition of the last deployment that was completed.
    pub(super) last_good: Option<(String, String)>,
    pub(super) is_steady: bool,
    /// How often it became steady.
    pub(super) calm: u32,
    /// Starts that failed in a row, and when the next may be tried.
    pub(super) failures: u32,
    pub(super) next_start: Millis,
    /// How many tasks it had, oldest first.
    pub(super) seen: Vec<Seen>,
}

impl World {
    /// Makes a service from its filled-in properties.
    pub(super) fn create_service(&mut self, stack: usize, arn: &str, properties: &Value) {
        self.services.push(ServiceState {
            arn: arn.to_owned(),
            name: text(properties, "ServiceName"),
            cluster: text(properties, "Cluster"),
            stack: self.stacks[stack].id.clone(),
            status: "ACTIVE",
            desired: 0,
            deployments: Vec::new(),
            events: Vec::new(),
            tags: tags(properties),
            groups: Vec::new(),
            subnets: Vec::new(),
            capacity: String::new(),
            grace: 0,
            min_percent: 100,
            max_percent: 200,
            has_breaker: false,
            rolls_back: false,
            last_good: None,
            is_steady: false,
            calm: 0,
            failures: 0,
            next_start: 0,
            seen: Vec::new(),
        });
        self.configure_service(stack, arn, properties);
    }

    /// Brings a service in line with its properties; a new task definition is a new deployment, and so are other target
    /// groups: tasks are put behind a load balancer when they start.
    pub(super) fn configure_service(&mut self, stack: usize, arn: &str, properties: &Value) {
        let Some(s) = self.services.iter().position(|s| s.arn == arn && s.status == "ACTIVE") else {
            return;
        };
        let deployment = &properties["DeploymentConfiguration"];
        let percent = |name: &str, otherwise: i32| text(deployment, name).parse().unwrap_or(otherwise);
        let breaker = &deployment["DeploymentCircuitBreaker"];
        let subnets = self.subnets(stack, &properties["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"]);
        let desired: i32 = text(properties, "DesiredCount").parse().unwrap_or(1);
        let service = &mut self.services[s];
        let groups = groups(properties);
        let is_behind_others = service.groups != groups;
        service.groups = groups;
        service.subnets = subnets;
        service.capacity = capacity(properties);
        service.grace = text(properties, "HealthCheckGracePeriodSeconds").parse::<Millis>().unwrap_or(0) * SECOND;
        service.min_percent = percent("MinimumHealthyPercent", 100);
        service.max_percent = percent("MaximumPercent", 200);
        service.has_breaker = text(breaker, "Enable") == "true";
        service.rolls_back = text(breaker, "Rollback") == "true";
        service.desired = desired;
        service.is_steady = false;
        let arn = text(properties, "TaskDefinition");
        let definition = arn.rsplit('/').next().unwrap_or(&arn).to_owned();
        if is_behind_others || service.deployments.first().is_none_or(|d| d.definition != definition) {
            self.deploy(s, definition);
        }
        self.look_soon(s);
    }

    fn subnets(&self, stack: usize, ids: &Value) -> Vec<(String, String)> {
        let stack = &self.stacks[stack];
        let find = |id: &Value| stack.resources.iter().find(|r| Some(r.physical.as_str()) == id.as_str());
        let pair = |r: &super::cfn::ResourceState| (text(&r.def.properties, "CidrBlock"), text(&r.def.properties, "AvailabilityZone"));
        ids.as_array().into_iter().flatten().filter_map(find).map(pair).collect()
    }

    pub(super) fn need_cluster(&self, operation: &str, cluster: &str) -> Result<(), Fault> {
        if self.living_of("AWS::ECS::Cluster").contains(cluster) {
            return Ok(());
        }
        Err(refusal(
            FaultKind::NotFound,
            operation,
            cluster,
            "ClusterNotFoundException",
            "Cluster not found.",
        ))
    }

    pub(super) fn need_service(&self, operation: &str, cluster: &str, name: &str) -> Result<usize, Fault> {
        self.need_cluster(operation, cluster)?;
        let is_it = |s: &ServiceState| s.cluster == cluster && s.name == name && s.status != "INACTIVE";
        let found = self.services.iter().position(is_it);
        let s = found.ok_or_else(|| {
            refusal(
                FaultKind::NotFound,
                operation,
                name,
                "ServiceNotFoundException",
                "Service not found.",
            )
        })?;
        if self.services[s].status == "ACTIVE" {
            return Ok(s);
        }
        Err(refusal(
            FaultKind::Refused,
            operation,
            name,
            "ServiceNotActiveException",
            "Service was not ACTIVE.",
        ))
    }

    pub(super) fn tell_services(&self, cluster: &str, names: &[SafeText]) -> Result<Fact, Fault> {
        self.need_cluster("ecs:DescribeServices", cluster)?;
        let newest = |name: &SafeText| {
            (0..self.services.len())
                .rev()
                .find(|s| self.services[*s].cluster == cluster && *self.services[*s].name == **name)
        };
        Ok(Fact::Services(
            names.iter().filter_map(newest).map(|s| self.service_fact(s)).collect(),
        ))
    }

    fn service_fact(&self, s: usize) -> Service {
        let service = &self.services[s];
        let (running, pending) = self.counts(s, None);
        let deployments = service
            .deployments
            .iter()
            .enumerate()
            .map(|(i, d)| self.deployment_fact(s, i, d))
            .collect();
        Service {
            arn: service.arn.as_str().into(),
            name: service.name.as_str().into(),
            status: service.status.into(),
            desired: service.desired,
            running,
            pending,
            task_definition: service
                .deployments
                .first()
                .map(|d| d.definition.as_str().into())
                .unwrap_or_default(),
            deployments,
            events: service.events.iter().rev().cloned().collect(),
            tags: service.tags.clone(),
            target_groups: service.groups.iter().map(|g| g.arn.as_str().into()).collect(),
        }
    }

    fn deployment_fact(&self, s: usize, i: usize, d: &DeploymentState) -> Deployment {
        let (running, pending) = self.counts(s, Some(&d.id));
        let is_primary = i == 0;
        Deployment {
            id: d.id.as_str().into(),
            status: if is_primary { "PRIMARY" } else { "ACTIVE" }.into(),
            rollout: d.rollout.into(),
            reason: d.reason.as_str().into(),
            desired: if is_primary { self.services[s].desired } else { 0 },
            running,
            pending,
            failed: d.failed,
            task_definition: d.definition.as_str().into(),
            created: Some(d.created),
            updated: Some(d.updated),
        }
    }

    /// Running and pending tasks of a service, or of one of its deployments.
    fn counts(&self, s: usize, deployment: Option<&str>) -> (i32, i32) {
        let of = |phases: &[Phase]| {
            let is_in = |t: &TaskState| phases.contains(&t.phase) && deployment.is_none_or(|d| t.deployment == d);
            i32::try_from(self.of_service(s).filter(|(_, t)| is_in(t)).count()).unwrap_or(0)
        };
        (of(&[Phase::Running]), of(&[Phase::Provisioning, Phase::Pending, Phase::Activating]))
    }
}

fn tags(properties: &Value) -> Vec<(SafeText, SafeText)> {
    let pair = |t: &Value| (SafeText::from(text(t, "Key")), SafeText::from(text(t, "Value")));
    properties["Tags"].as_array().into_iter().flatten().map(pair).collect()
}

fn groups(properties: &Value) -> Vec<Group> {
    let group = |b: &Value| Group {
        arn: text(b, "TargetGroupArn"),
        port: text(b, "ContainerPort").parse().unwrap_or(80),
    };
    properties["LoadBalancers"].as_array().into_iter().flatten().map(group).collect()
}

fn capacity(properties: &Value) -> String {
    let provider = text(&properties["CapacityProviderStrategy"][0], "CapacityProvider");
    if provider.is_empty() { "FARGATE".into() } else { provider }
}
