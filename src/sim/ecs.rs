//! ECS services: what is wanted, what runs, rolling deployments with a circuit breaker, and the events
//! that ECS writes about them.

use serde_json::Value;

use super::{
    account::text,
    scene::What,
    task::{Phase, TaskState},
    world::{Due, SECOND, World},
};
use crate::core::{
    fact::{Deployment, Fact, Millis, Service, ServiceEvent},
    fault::{Fault, FaultKind},
    text::SafeText,
};

/// ECS repeats that a service is steady about every six hours.
const CALM: Millis = 6 * 3_600 * SECOND;
/// ECS keeps this many events of a service.
const EVENTS: usize = 100;

/// A target group that a service registers its tasks in.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) arn: String,
    pub(super) port: i32,
}

/// One deployment.
#[derive(Debug, Clone)]
pub(super) struct DeploymentState {
    pub(super) id: String,
    rollout: &'static str,
    reason: String,
    failed: i32,
    pub(super) definition: String,
    created: Millis,
    updated: Millis,
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
    desired: i32,
    /// Newest first; the first is PRIMARY.
    pub(super) deployments: Vec<DeploymentState>,
    /// Oldest first.
    events: Vec<ServiceEvent>,
    tags: Vec<(SafeText, SafeText)>,
    pub(super) groups: Vec<Group>,
    /// Range and zone of each of its subnets.
    pub(super) subnets: Vec<(String, String)>,
    pub(super) capacity: String,
    pub(super) grace: Millis,
    min_percent: i32,
    max_percent: i32,
    has_breaker: bool,
    rolls_back: bool,
    /// Definition of the last deployment that was completed.
    last_good: Option<String>,
    is_steady: bool,
    /// How often it became steady.
    calm: u32,
    /// Starts that failed in a row, and when the next may be tried.
    failures: u32,
    next_start: Millis,
}

impl ServiceState {
    pub(super) fn desired(&self) -> i32 {
        self.desired
    }
}

/// ECS's refusal.
fn refused(kind: FaultKind, operation: &str, subject: &str, code: &str, message: &str) -> Fault {
    Fault {
        code: Some(code.into()),
        ..Fault::new(kind, operation, subject, message)
    }
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
        });
        self.configure_service(stack, arn, properties);
    }

    /// Brings a service in line with its properties; a new task definition is a new deployment.
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
        service.groups = groups(properties);
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
        if service.deployments.first().is_none_or(|d| d.definition != definition) {
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

    fn deploy(&mut self, s: usize, definition: String) {
        let serial = self.serial();
        let id = format!("ecs-svc/{}", self.chance(&format!("deployment/{serial}")).digits(19));
        let now = self.now;
        let service = &mut self.services[s];
        let reason = format!("ECS deployment {id} in progress.");
        service.deployments.insert(
            0,
            DeploymentState {
                id,
                rollout: "IN_PROGRESS",
                reason,
                failed: 0,
                definition,
                created: now,
                updated: now,
            },
        );
        service.failures = 0;
        service.next_start = 0;
        service.is_steady = false;
    }

    /// `UpdateService` with a desired count.
    pub(super) fn scale(&mut self, cluster: &str, name: &str, from: i32, to: i32) -> Result<(), Fault> {
        let s = self.need_service("ecs:UpdateService", cluster, name)?;
        let desired = self.services[s].desired;
        if desired != from {
            let why = format!("The desired count of {name} is {desired} by now, not {from} as shown; look again.");
            return Err(Fault::new(FaultKind::Guarded, "ecs:UpdateService", name, &why));
        }
        let now = self.now;
        let service = &mut self.services[s];
        service.desired = to;
        service.is_steady = false;
        service.next_start = 0;
        if let Some(d) = service.deployments.first_mut() {
            d.updated = now;
        }
        self.look_soon(s);
        Ok(())
    }

    /// `UpdateService` with `forceNewDeployment`.
    pub(super) fn restart(&mut self, cluster: &str, name: &str) -> Result<(), Fault> {
        let s = self.need_service("ecs:UpdateService", cluster, name)?;
        if let Some(definition) = self.services[s].deployments.first().map(|d| d.definition.clone()) {
            self.deploy(s, definition);
        }
        self.look_soon(s);
        Ok(())
    }

    /// `StopTask`.
    pub(super) fn stop_task(&mut self, cluster: &str, arn: &str) -> Result<(), Fault> {
        self.need_cluster("ecs:StopTask", cluster)?;
        let id = arn.rsplit('/').next().unwrap_or(arn);
        let Some(t) = self.tasks.iter().position(|t| t.id == id) else {
            let message = "The referenced task was not found.";
            return Err(refused(
                FaultKind::NotFound,
                "ecs:StopTask",
                id,
                "InvalidParameterException",
                message,
            ));
        };
        if self.tasks[t].is_wanted {
            self.stop_task_in_order(t, "UserInitiated", "Task stopped by user");
            let s = self.tasks[t].service;
            self.services[s].is_steady = false;
            self.look_soon(s);
        }
        Ok(())
    }

    /// `TagResource` or `UntagResource`.
    pub(super) fn tag_service(&mut self, arn: &str, key: &SafeText, value: Option<&SafeText>) -> Result<(), Fault> {
        let Some(service) = self.services.iter_mut().find(|s| s.arn == arn && s.status == "ACTIVE") else {
            let message = "The specified service was not found.";
            return Err(refused(
                FaultKind::NotFound,
                "ecs:TagResource",
                arn,
                "ResourceNotFoundException",
                message,
            ));
        };
        service.tags.retain(|(k, _)| k != key);
        service.tags.extend(value.map(|v| (key.clone(), v.clone())));
        Ok(())
    }

    /// CloudFormation deletes a service: its tasks go first.
    pub(super) fn drain_service(&mut self, arn: &str) {
        let Some(s) = self.services.iter().position(|s| s.arn == arn && s.status == "ACTIVE") else {
            return;
        };
        self.services[s].status = "DRAINING";
        self.services[s].desired = 0;
        self.look_soon(s);
    }

    /// The scheduler: starts and stops tasks, completes deployments, says when all is steady.
    pub(super) fn look(&mut self, s: usize) {
        self.stop_surplus(s);
        self.start_missing(s);
        self.drop_finished_deployments(s);
        if self.services[s].status == "DRAINING" {
            if self.of_service(s).all(|(_, t)| t.phase == Phase::Stopped) {
                self.services[s].status = "INACTIVE";
                let arn = self.services[s].arn.clone();
                self.service_settled(&arn, Ok(()));
            }
            return;
        }
        self.settle_if_calm(s);
    }

    fn of_service(&self, s: usize) -> impl Iterator<Item = (usize, &TaskState)> {
        self.tasks.iter().enumerate().filter(move |(_, t)| t.service == s)
    }

    /// Active tasks of the newest deployment, and of those before it.
    fn active(&self, s: usize) -> (Vec<usize>, Vec<usize>) {
        let primary = self.services[s].deployments.first().map(|d| d.id.as_str()).unwrap_or_default();
        self.of_service(s)
            .filter(|(_, t)| t.is_active())
            .map(|(i, _)| i)
            .partition(|i| self.tasks[*i].deployment == primary)
    }

    fn stop_surplus(&mut self, s: usize) {
        let (new, old) = self.active(s);
        let service = &self.services[s];
        let wanted = usize::try_from(service.desired).unwrap_or(0);
        let needed = usize::try_from((service.desired * service.min_percent + 99) / 100).unwrap_or(0);
        let ready = |list: &[usize]| list.iter().filter(|t| self.tasks[**t].is_ready()).count();
        let mut stop: Vec<usize> = new.iter().skip(wanted).copied().collect();
        // An old task that is not ready is no loss; of the others as many as the deployment may miss.
        let spare = (ready(&new).min(wanted) + ready(&old)).saturating_sub(needed);
        let (able, unable): (Vec<usize>, Vec<usize>) = old.iter().partition(|t| self.tasks[**t].is_ready());
        stop.extend(unable);
        stop.extend(able.into_iter().take(spare));
        if stop.is_empty() {
            return;
        }
        let id = service.deployments.first().map(|d| d.id.clone()).unwrap_or_default();
        self.stop_and_tell(
            s,
            &stop,
            "ServiceSchedulerInitiated",
            &format!("Scaling activity initiated by (deployment {id})"),
        );
    }

    /// Stops tasks, with the scheduler's event about it.
    pub(super) fn stop_and_tell(&mut self, s: usize, stop: &[usize], code: &'static str, reason: &str) {
        for t in stop {
            self.stop_task_in_order(*t, code, reason);
        }
        let list: Vec<String> = stop.iter().map(|t| format!("(task {})", self.tasks[*t].id)).collect();
        self.services[s].is_steady = false;
        self.service_event(s, &format!("has stopped {} running tasks: {}.", stop.len(), list.join(" ")));
    }

    fn start_missing(&mut self, s: usize) {
        let (new, old) = self.active(s);
        let service = &self.services[s];
        if service.status != "ACTIVE" || service.deployments.first().is_none_or(|d| d.rollout == "FAILED") {
            return;
        }
        let wanted = usize::try_from(service.desired).unwrap_or(0);
        let most = usize::try_from(service.desired * service.max_percent / 100).unwrap_or(0);
        // With no room above the desired count a task has to be gone before the next may start.
        let leaving = if service.max_percent > 100 {
            0
        } else {
            self.of_service(s)
                .filter(|(_, t)| !t.is_wanted && t.phase < Phase::Deprovisioning)
                .count()
        };
        let count = wanted
            .saturating_sub(new.len())
            .min(most.saturating_sub(new.len() + old.len() + leaving));
        if count == 0 {
            return;
        }
        if service.next_start > self.now {
            let at = service.next_start;
            return self.at(at, Due::Look(s));
        }
        let ids: Vec<String> = (0..count).map(|_| format!("(task {})", self.start_task(s))).collect();
        self.services[s].is_steady = false;
        self.service_event(s, &format!("has started {count} tasks: {}.", ids.join(" ")));
    }

    fn drop_finished_deployments(&mut self, s: usize) {
        let busy: Vec<String> = self
            .of_service(s)
            .filter(|(_, t)| t.phase != Phase::Stopped)
            .map(|(_, t)| t.deployment.clone())
            .collect();
        let mut first = true;
        self.services[s]
            .deployments
            .retain(|d| std::mem::take(&mut first) || busy.contains(&d.id));
    }

    fn settle_if_calm(&mut self, s: usize) {
        let (new, _) = self.active(s);
        let service = &self.services[s];
        let is_whole = usize::try_from(service.desired) == Ok(new.len()) && new.iter().all(|t| self.tasks[*t].is_ready());
        let is_quiet = self.of_service(s).all(|(_, t)| t.phase == Phase::Stopped || t.is_wanted);
        let Some(d) = service
            .deployments
            .first()
            .filter(|d| is_whole && is_quiet && d.rollout != "FAILED")
        else {
            return;
        };
        let (id, definition, was) = (d.id.clone(), d.definition.clone(), d.rollout);
        if was == "IN_PROGRESS" {
            let now = self.now;
            let service = &mut self.services[s];
            service.last_good = Some(definition);
            let d = &mut service.deployments[0];
            d.rollout = "COMPLETED";
            d.reason = format!("ECS deployment {id} completed.");
            d.updated = now;
            self.service_event(s, &format!("(deployment {id}) deployment completed."));
        }
        if !self.services[s].is_steady {
            let service = &mut self.services[s];
            service.is_steady = true;
            service.failures = 0;
            service.calm += 1;
            let calm = service.calm;
            self.service_event(s, "has reached a steady state.");
            self.after(CALM, Due::StillSteady(s, calm));
        }
        let arn = self.services[s].arn.clone();
        self.service_settled(&arn, Ok(()));
    }

    pub(super) fn still_steady(&mut self, s: usize, calm: u32) {
        let service = &self.services[s];
        if service.is_steady && service.calm == calm && service.status == "ACTIVE" {
            self.service_event(s, "has reached a steady state.");
            self.after(CALM, Due::StillSteady(s, calm));
        }
    }

    /// A task could not be started, or never became healthy.
    pub(super) fn task_failed(&mut self, t: usize) {
        let s = self.tasks[t].service;
        let deployment = self.tasks[t].deployment.clone();
        let now = self.now;
        let service = &mut self.services[s];
        service.failures += 1;
        // Waits longer and longer, up to a quarter of an hour.
        let pause = (5_000_i64 << service.failures.min(8)).min(900_000);
        service.next_start = now + if service.failures < 3 { 0 } else { pause };
        let limit = (service.desired / 2).max(3);
        let is_stuck = service.failures.is_multiple_of(3);
        let has_breaker = service.has_breaker;
        let Some(d) = service.deployments.iter_mut().find(|d| d.id == deployment) else {
            return;
        };
        d.failed += 1;
        d.updated = now;
        let is_broken = has_breaker && d.rollout == "IN_PROGRESS" && d.failed >= limit;
        if is_broken {
            self.break_circuit(s, &deployment);
        } else if is_stuck {
            let text = "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the \
                        Amazon ECS Developer Guide.";
            self.service_event(s, text);
        }
        self.look_soon(s);
    }

    fn break_circuit(&mut self, s: usize, deployment: &str) {
        let service = &mut self.services[s];
        if let Some(d) = service.deployments.iter_mut().find(|d| d.id == deployment) {
            d.rollout = "FAILED";
            "ECS deployment circuit breaker: tasks failed to start.".clone_into(&mut d.reason);
        }
        let back = service.last_good.clone().filter(|_| service.rolls_back);
        let arn = service.arn.clone();
        self.service_event(s, &format!("(deployment {deployment}) deployment failed: tasks failed to start."));
        if let Some(definition) = back {
            self.deploy(s, definition);
            let id = self.services[s].deployments[0].id.clone();
            self.service_event(s, &format!("rolling back to deployment {id}."));
        }
        let serial = self.serial();
        let token = self.chance(&format!("handler/{serial}")).uuid();
        let reason = format!(
            "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\" \
             (RequestToken: {token}, HandlerErrorCode: GeneralServiceException)"
        );
        self.service_settled(&arn, Err(&reason));
    }

    /// Writes an event of a service, in ECS's way of naming it.
    pub(super) fn service_event(&mut self, s: usize, text: &str) {
        let serial = self.serial();
        let id = self.chance(&format!("service-event/{serial}")).uuid();
        let now = self.now;
        let service = &mut self.services[s];
        service.events.push(ServiceEvent {
            id: id.into(),
            at: now,
            message: format!("(service {}) {text}", service.name).into(),
        });
        if service.events.len() > EVENTS {
            service.events.remove(0);
        }
    }

    pub(super) fn need_cluster(&self, operation: &str, cluster: &str) -> Result<(), Fault> {
        if self.living_of("AWS::ECS::Cluster").contains(cluster) {
            return Ok(());
        }
        Err(refused(
            FaultKind::NotFound,
            operation,
            cluster,
            "ClusterNotFoundException",
            "Cluster not found.",
        ))
    }

    fn need_service(&self, operation: &str, cluster: &str, name: &str) -> Result<usize, Fault> {
        self.need_cluster(operation, cluster)?;
        let is_it = |s: &ServiceState| s.cluster == cluster && s.name == name && s.status != "INACTIVE";
        let found = self.services.iter().position(is_it);
        let s = found.ok_or_else(|| {
            refused(
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
        Err(refused(
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

    /// The service of a short name, such as `openwebui`: scenes speak so.
    pub(super) fn service_named(&self, short: &str) -> Option<&ServiceState> {
        self.services.iter().find(|s| s.status == "ACTIVE" && s.name.ends_with(short))
    }

    /// An active task of a service, for scenes that stop one.
    pub(super) fn task_arn_of(&self, service: &ServiceState) -> Option<String> {
        let task = self
            .tasks
            .iter()
            .find(|t| t.is_active() && self.services[t.service].arn == service.arn)?;
        Some(self.arn("ecs", &format!("task/{}/{}", service.cluster, task.id)))
    }

    /// Whether Bedrock refuses image models at a time.
    pub(super) fn is_image_denied(&self, at: Millis) -> bool {
        self.is_troubled(What::ImageDenied, "", at)
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
