//! ECS services: what is wanted, what runs, rolling deployments with a circuit breaker, and the events
//! that ECS writes about them.

use super::{
    account::refusal,
    service::{DeploymentState, ServiceState},
    task::{Phase, TaskState},
    world::{Due, SECOND, World},
};
use crate::core::{
    fact::{Millis, ServiceEvent},
    fault::{Fault, FaultKind},
    text::SafeText,
};

/// ECS repeats that a service is steady about every six hours.
const CALM: Millis = 6 * 3_600 * SECOND;
/// ECS keeps this many events of a service.
const EVENTS: usize = 100;

impl World {
    pub(super) fn deploy(&mut self, s: usize, definition: String) {
        let serial = self.serial();
        let id = format!("ecs-svc/{}", self.chance(&format!("deployment/{serial}")).digits(19));
        self.make_primary(s, id, definition);
    }

    /// Puts a deployment at the head of a service, a new one or one that was there before.
    fn make_primary(&mut self, s: usize, id: String, definition: String) {
        let now = self.now;
        let service = &mut self.services[s];
        service.deployments.retain(|d| d.id != id);
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
                is_rollback: false,
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
            let why = format!("its desired count is {desired} by now, not {from}; nothing was sent");
            return Err(Fault::new(FaultKind::Refused, "ecs:UpdateService", name, &why));
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
    pub(super) fn stop_task(&mut self, cluster: &str, arn: &str, reason: &str) -> Result<(), Fault> {
        self.need_cluster("ecs:StopTask", cluster)?;
        let id = arn.rsplit('/').next().unwrap_or(arn);
        let Some(t) = self.tasks.iter().position(|t| t.id == id) else {
            let message = "The referenced task was not found.";
            return Err(refusal(
                FaultKind::NotFound,
                "ecs:StopTask",
                id,
                "InvalidParameterException",
                message,
            ));
        };
        if self.tasks[t].is_wanted {
            self.stop_task_in_order(t, "UserInitiated", reason);
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
            return Err(refusal(
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

    pub(super) fn of_service(&self, s: usize) -> impl Iterator<Item = (usize, &TaskState)> {
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
            service.last_good = Some((id.clone(), definition));
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
        let Some(d) = service.deployments.iter_mut().find(|d| d.id == deployment) else {
            return;
        };
        d.rollout = "FAILED";
        "ECS deployment circuit breaker: tasks failed to start.".clone_into(&mut d.reason);
        let can_go_back = service.rolls_back && !d.is_rollback;
        let back = service.last_good.clone().filter(|_| can_go_back);
        let arn = service.arn.clone();
        self.service_event(s, &format!("(deployment {deployment}) deployment failed: tasks failed to start."));
        if let Some((id, definition)) = back {
            self.service_event(s, &format!("rolling back to deployment {id}."));
            self.make_primary(s, id, definition);
            self.services[s].deployments[0].is_rollback = true;
        }
        let reason = self.broken_circuit();
        self.service_settled(&arn, Err(&reason));
    }

    /// What CloudFormation says of a deployment that ECS has given up.
    pub(super) fn broken_circuit(&mut self) -> String {
        let serial = self.serial();
        let token = self.chance(&format!("handler/{serial}")).uuid();
        format!(
            "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\" \
             (RequestToken: {token}, HandlerErrorCode: GeneralServiceException)"
        )
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

    /// The service of a short name, such as `openwebui`: scenes speak so.
    pub(super) fn service_named(&self, short: &str) -> Option<&ServiceState> {
        self.services.iter().find(|s| s.status == "ACTIVE" && s.name.ends_with(short))
    }

    /// Somebody stops a task of a service: scenes do.
    pub(super) fn stop_any_task(&mut self, short: &str) {
        let of = |t: &&TaskState| t.is_active() && self.services[t.service].name.ends_with(short);
        let found = self
            .tasks
            .iter()
            .find(of)
            .map(|t| (self.services[t.service].cluster.clone(), t.id.clone()));
        if let Some((cluster, id)) = found {
            drop(self.stop_task(&cluster, &id, "Task stopped by user"));
        }
    }
}
