//! The load balancer: targets and their health, and what the way to the application answers.

use super::{
    account::{refusal, text},
    cfn::{ResourceState, StackState},
    scene::What,
    service::ServiceState,
    task::{TargetState, TaskState, address_in},
    world::{Due, SECOND, World},
};
use crate::{
    cloud::ProbeRequest,
    core::{
        fact::{Fact, Millis, ProbeStage, StageReport, Target, TargetGroup},
        fault::{Fault, FaultKind},
        names::App,
        text::SafeText,
    },
};

/// How long the probe waits for one stage, in milliseconds.
const PATIENCE: Millis = 10 * SECOND;
/// What is said of a request to LiteLLM that the load balancer does not pass on.
pub(super) const NOT_EXPOSED: &str = "LiteLLM is not exposed at this address";
/// What a load balancer says when it has no target.
pub(super) const NOBODY: &str = "Service Unavailable";

/// Checks every 15 s; this many in a row, as the template has it.
const INTERVAL: Millis = 15 * SECOND;

impl World {
    pub(super) fn register_target(&mut self, t: usize, boot: Millis) {
        let service = self.tasks[t].service;
        let plan = self.tasks[t].plan();
        self.tasks[t].target = Some((TargetState::Registering, self.now));
        for group in self.services[service].groups.clone() {
            self.service_event(service, &format!("registered 1 targets in (target-group {})", group.arn));
        }
        let first = self.chance(&format!("check/{}", self.tasks[t].id)).between(500, INTERVAL);
        if self.health_trouble(service).is_some() {
            self.after(first + 5 * INTERVAL, Due::TargetUnhealthy(t, plan));
        } else {
            self.after(boot + first + INTERVAL, Due::TargetHealthy(t, plan));
        }
    }

    pub(super) fn deregister_target(&mut self, t: usize) {
        let service = self.tasks[t].service;
        self.tasks[t].target = Some((TargetState::Draining, self.now));
        for group in self.services[service].groups.clone() {
            self.service_event(service, &format!("deregistered 1 targets in (target-group {})", group.arn));
        }
        self.service_event(service, "has begun draining connections on 1 tasks.");
    }

    pub(super) fn target_healthy(&mut self, t: usize, plan: u32) {
        if self.tasks[t].plan() == plan {
            self.tasks[t].target = Some((TargetState::Healthy, self.now));
            self.look_soon(self.tasks[t].service);
        }
    }

    pub(super) fn target_unhealthy(&mut self, t: usize, plan: u32) {
        let service = self.tasks[t].service;
        let Some((_, description)) = self.health_trouble(service).filter(|_| self.tasks[t].plan() == plan) else {
            return;
        };
        self.tasks[t].target = Some((TargetState::Unhealthy, self.now));
        for group in self.services[service].groups.clone() {
            let text = format!(
                "(port {}) is unhealthy in (target-group {}) due to (reason {description})",
                group.port, group.arn
            );
            self.service_event(service, &text);
        }
        // ECS does not act on the load balancer's verdict within the grace period.
        let started = self.tasks[t].started.unwrap_or(self.now);
        let grace = started + self.services[service].grace - self.now;
        self.after(grace.max(10 * SECOND), Due::ReplaceUnhealthy(t, plan));
    }

    pub(super) fn replace_unhealthy(&mut self, t: usize, plan: u32) {
        let is_unhealthy = self.tasks[t].target.is_some_and(|(state, _)| state == TargetState::Unhealthy);
        if self.tasks[t].plan() != plan || !is_unhealthy {
            return;
        }
        let service = self.tasks[t].service;
        let group = self.services[service].groups.first().map(|g| g.arn.clone()).unwrap_or_default();
        let reason = format!("Task failed ELB health checks in (target-group {group})");
        self.stop_and_tell(service, &[t], "ServiceSchedulerInitiated", &reason);
        self.task_failed(t);
    }

    /// Health checks of what runs already begin to fail.
    pub(super) fn trouble_begins(&mut self, which: usize) {
        let (what, name) = (self.troubles[which].2.what, self.troubles[which].2.service.clone());
        if !matches!(what, What::HealthTimeout | What::Health502) {
            return;
        }
        for t in 0..self.tasks.len() {
            let task = &self.tasks[t];
            if task.target.is_some() && task.is_active() && self.services[task.service].name.ends_with(&name) {
                let plan = task.plan();
                self.after(5 * INTERVAL, Due::TargetUnhealthy(t, plan));
            }
        }
    }

    /// What the health checks of a service say at present, when they fail.
    fn health_trouble(&self, service: usize) -> Option<(&'static str, &'static str)> {
        let name = &self.services[service].name;
        if self.is_troubled(What::HealthTimeout, name, self.now) {
            Some(("Target.Timeout", "Request timed out"))
        } else if self.is_troubled(What::Health502, name, self.now) {
            Some(("Target.ResponseCodeMismatch", "Health checks failed with these codes: [502]"))
        } else {
            None
        }
    }

    pub(super) fn tell_targets(&self, groups: &[(SafeText, SafeText)]) -> Result<Fact, Fault> {
        let living = self.living_of("AWS::ElasticLoadBalancingV2::TargetGroup");
        let group = |(logical_id, arn): &(SafeText, SafeText)| {
            if !living.contains(arn.as_str()) {
                return Err(refusal(
                    FaultKind::NotFound,
                    "elasticloadbalancing:DescribeTargetHealth",
                    arn,
                    "TargetGroupNotFound",
                    "One or more target groups not found",
                ));
            }
            Ok(TargetGroup {
                arn: arn.clone(),
                logical_id: logical_id.clone(),
                targets: self.targets(arn),
            })
        };
        Ok(Fact::Targets(groups.iter().map(group).collect::<Result<_, _>>()?))
    }

    fn targets(&self, arn: &str) -> Vec<Target> {
        let of = |t: &TaskState| {
            let service = &self.services[t.service];
            let group = service.groups.iter().find(|g| g.arn == arn)?;
            let (state, since) = t.target?;
            let (state, reason, description) = self.target_words(t.service, state, since);
            Some(Target {
                id: t.address.as_str().into(),
                port: Some(group.port),
                zone: t.zone().into(),
                state: state.into(),
                reason: reason.into(),
                description: description.into(),
            })
        };
        self.tasks.iter().filter_map(of).collect()
    }

    fn target_words(&self, service: usize, state: TargetState, since: Millis) -> (&'static str, &'static str, &'static str) {
        match state {
            TargetState::Registering if self.now - since < 4 * SECOND => {
                ("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
            }
            TargetState::Registering => ("initial", "Elb.InitialHealthChecking", "Initial health checks in progress"),
            TargetState::Healthy => ("healthy", "", ""),
            TargetState::Unhealthy => {
                let (reason, description) = self
                    .health_trouble(service)
                    .unwrap_or(("Target.FailedHealthChecks", "Health checks failed"));
                ("unhealthy", reason, description)
            }
            TargetState::Draining => (
                "draining",
                "Target.DeregistrationInProgress",
                "Target deregistration is in progress",
            ),
        }
    }

    /// The load balancer that answers to an address.
    pub(super) fn balancer(&self, url: &str) -> Option<(&StackState, &ResourceState)> {
        let host = self.resolved(host_of(url));
        self.living()
            .filter(|(_, r)| r.def.kind == "AWS::ElasticLoadBalancingV2::LoadBalancer" && r.status != "CREATE_IN_PROGRESS")
            .find(|(_, r)| self.attribute(r, "DNSName").eq_ignore_ascii_case(&host))
    }

    /// Private addresses of a load balancer's nodes, from which health checks come.
    pub(super) fn balancer_addresses(&self, stack: &StackState) -> Vec<String> {
        let Some(balancer) = stack
            .resources
            .iter()
            .find(|r| r.def.kind == "AWS::ElasticLoadBalancingV2::LoadBalancer")
        else {
            return Vec::new();
        };
        let subnets = self.filled(stack, &balancer.def.properties["Subnets"]);
        let find = |id: &serde_json::Value| stack.resources.iter().find(|r| Some(r.physical.as_str()) == id.as_str());
        let ids = subnets.as_array().into_iter().flatten().filter_map(find);
        ids.map(|s| address_in(&text(&s.def.properties, "CidrBlock"), self.chance(&s.physical).between(10, 200)))
            .collect()
    }

    /// Services of a stack that run an application and stand behind its load balancer.
    pub(super) fn exposed(&self, stack: &StackState, app: App) -> Option<&ServiceState> {
        self.services
            .iter()
            .find(|s| s.stack == stack.id && s.status == "ACTIVE" && !s.groups.is_empty() && s.name.ends_with(&app.to_string()))
    }

    /// What a request to an application gets: a status, with the load balancer's own way of saying that
    /// nobody is there. With only unhealthy targets it tries them all the same.
    pub(super) fn http_status(&self, service: &ServiceState) -> (u16, &'static str) {
        let is_its = |t: &&TaskState| self.services[t.service].arn == service.arn && t.is_active();
        let states: Vec<TargetState> = self.tasks.iter().filter(is_its).filter_map(|t| t.target.map(|(s, _)| s)).collect();
        if states.contains(&TargetState::Healthy) {
            (200, "OK")
        } else if !states.contains(&TargetState::Unhealthy) {
            (503, NOBODY)
        } else if self.is_troubled(What::Health502, &service.name, self.now) {
            (502, "Bad Gateway")
        } else {
            (504, "Gateway Timeout")
        }
    }

    /// One stage of the way, in the words of the real probe.
    pub(super) fn probe(&self, request: &ProbeRequest) -> Fact {
        let mut chance = self.chance(&format!("probe/{}", self.requests));
        let (is_well, evidence) = self.probe_stage(request);
        let is_dns = request.stage == ProbeStage::Dns;
        let is_slow = !is_dns && self.is_troubled(What::Slow, "", self.now);
        let is_late = evidence.starts_with("no answer");
        let took = match () {
            () if is_late => PATIENCE,
            () if is_slow => chance.between(2_100, 3_900),
            () => chance.between(14, 70),
        };
        let evidence = if is_dns || is_late {
            evidence
        } else {
            format!("{evidence} in {took} ms")
        };
        Fact::Stage(StageReport {
            stage: request.stage,
            is_well,
            evidence: evidence.into(),
            took: took.unsigned_abs(),
        })
    }

    fn probe_stage(&self, request: &ProbeRequest) -> (Option<bool>, String) {
        let is_dns = request.stage == ProbeStage::Dns;
        let Some((stack, balancer)) = self.balancer(&request.app_url) else {
            let host = host_of(&request.app_url);
            return (
                Some(false),
                if is_dns {
                    format!("{host} does not resolve")
                } else {
                    "no connection".into()
                },
            );
        };
        if is_dns {
            let mut chance = self.chance(&balancer.physical);
            let mut address = || format!("203.0.113.{}", chance.between(4, 250));
            return (Some(true), format!("{}, {}", address(), address()));
        }
        let is_litellm = request.stage == ProbeStage::Litellm;
        let exposed = self.exposed(stack, if is_litellm { App::Litellm } else { App::OpenWebui });
        // What LiteLLM is not there for, Open WebUI answers with its page.
        let asked = exposed.or_else(|| self.exposed(stack, App::OpenWebui));
        let (status, text) = asked.map_or((503, NOBODY), |s| self.http_status(s));
        match (request.stage, status) {
            (_, 504) => (Some(false), format!("no answer within {} s", PATIENCE / SECOND)),
            // Any answer proves the load balancer; what it says is about what stands behind.
            (ProbeStage::LoadBalancer, _) => (Some(true), format!("{status} {text}")),
            (ProbeStage::Litellm, 200) if exposed.is_none() => (None, format!("200 OK: {NOT_EXPOSED}")),
            (ProbeStage::Litellm, 200) => (Some(true), "200 OK, 2 models".into()),
            _ => (Some(status == 200), format!("{status} {text}")),
        }
    }
}

/// The host of an address.
fn host_of(url: &str) -> &str {
    url.split("://").last().unwrap_or(url).split(['/', ':']).next().unwrap_or_default()
}
