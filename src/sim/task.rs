//! The life of a Fargate task: provisioned, pulled, started, healthy, drained, stopped.

use serde_json::Value;

use super::{
    account::text,
    scene::{Trouble, What},
    world::{Due, SECOND, World},
};
use crate::core::{
    fact::{Container, Fact, Millis, Task},
    fault::Fault,
    names::App,
};

/// How long before its end a program that ends by itself begins to say why, in milliseconds.
pub(super) const LAST_WORDS: Millis = 400;

/// How long ECS still tells of a stopped task.
const REMEMBERED: Millis = 3_600 * SECOND;

/// A task definition, as far as its life here needs it.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    /// `family:revision`.
    pub(super) name: String,
    pub(super) container: String,
    pub(super) image: String,
    pub(super) log_group: String,
    pub(super) log_prefix: String,
    cpu: Option<u32>,
    memory: Option<u32>,
    architecture: String,
}

impl Definition {
    pub(super) fn new(arn: &str, properties: &Value) -> Self {
        let container = &properties["ContainerDefinitions"][0];
        let log = &container["LogConfiguration"]["Options"];
        Self {
            name: arn.rsplit('/').next().unwrap_or(arn).to_owned(),
            container: text(container, "Name"),
            image: text(container, "Image"),
            log_group: text(log, "awslogs-group"),
            log_prefix: text(log, "awslogs-stream-prefix"),
            cpu: text(properties, "Cpu").parse().ok(),
            memory: text(properties, "Memory").parse().ok(),
            architecture: text(&properties["RuntimePlatform"], "CpuArchitecture"),
        }
    }

    /// vCPUs of a task.
    pub(super) fn vcpu(&self) -> Option<f64> {
        self.cpu.map(|units| f64::from(units) / 1024.0)
    }
}

/// `lastStatus` of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, strum::Display)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Phase {
    Provisioning,
    Pending,
    Activating,
    Running,
    Deactivating,
    Stopping,
    Deprovisioning,
    Stopped,
}

/// What a load balancer makes of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TargetState {
    Registering,
    Healthy,
    Unhealthy,
    Draining,
}

/// One task.
#[derive(Debug)]
pub(super) struct TaskState {
    pub(super) id: String,
    pub(super) service: usize,
    pub(super) deployment: String,
    pub(super) definition: String,
    pub(super) phase: Phase,
    pub(super) is_wanted: bool,
    pub(super) created: Millis,
    pub(super) started: Option<Millis>,
    /// When its process was told to end.
    pub(super) ended: Option<Millis>,
    pub(super) stopped: Option<Millis>,
    stop_code: &'static str,
    stop_reason: String,
    container_reason: String,
    exit_code: Option<i32>,
    zone: String,
    pub(super) address: String,
    next_address: String,
    pub(super) target: Option<(TargetState, Millis)>,
    pub(super) is_container_healthy: bool,
    /// Raised when the plan for its life changes.
    plan: u32,
    pub(super) log_group: String,
    /// Its log group has not been deleted since.
    pub(super) has_logs: bool,
}

impl TaskState {
    pub(super) fn is_active(&self) -> bool {
        self.is_wanted && self.phase != Phase::Stopped
    }

    /// Running, and healthy as far as anybody checks it.
    pub(super) fn is_ready(&self) -> bool {
        let is_reached = self.target.is_none_or(|(state, _)| state == TargetState::Healthy);
        self.is_active() && self.phase == Phase::Running && self.is_container_healthy && is_reached
    }

    pub(super) fn plan(&self) -> u32 {
        self.plan
    }

    pub(super) fn zone(&self) -> &str {
        &self.zone
    }
}

impl World {
    /// Lets ECS start a task of a service's newest deployment.
    pub(super) fn start_task(&mut self, service: usize) -> String {
        let serial = self.serial();
        let mut chance = self.chance(&format!("task/{serial}"));
        let s = &self.services[service];
        let (deployment, definition) = (s.deployments[0].id.clone(), s.deployments[0].definition.clone());
        let (cidr, zone) = self.next_subnet(service, serial);
        let id = chance.hex(32);
        let log_group = self.definitions.get(&definition).map(|d| d.log_group.clone()).unwrap_or_default();
        self.tasks.push(TaskState {
            id: id.clone(),
            service,
            deployment,
            definition,
            phase: Phase::Provisioning,
            is_wanted: true,
            created: self.now,
            started: None,
            ended: None,
            stopped: None,
            stop_code: "",
            stop_reason: String::new(),
            container_reason: String::new(),
            exit_code: None,
            zone,
            address: String::new(),
            next_address: address_in(&cidr, chance.between(10, 4_000)),
            target: None,
            is_container_healthy: false,
            plan: 0,
            log_group,
            has_logs: true,
        });
        self.after(chance.between(8_000, 14_000), Due::Task(self.tasks.len() - 1, 0));
        id
    }

    /// Range and zone of the subnet with the fewest tasks of a service's newest deployment, then of the service: what ECS
    /// spreads, and evens out once the old tasks are gone.
    fn next_subnet(&self, service: usize, serial: u64) -> (String, String) {
        let newest = &self.services[service].deployments[0].id;
        let tasks_in = |zone: &str| {
            let there = || self.of_service(service).filter(|(_, t)| t.is_active() && t.zone == zone);
            (there().filter(|(_, t)| t.deployment == *newest).count(), there().count())
        };
        let mut subnets = self.services[service].subnets.clone();
        let turn = usize::try_from(serial).unwrap_or(0) % subnets.len().max(1);
        subnets.rotate_left(turn);
        subnets.into_iter().min_by_key(|(_, zone)| tasks_in(zone)).unwrap_or_default()
    }

    fn app(&self, t: usize) -> App {
        self.app_of(&self.tasks[t])
    }

    /// Which application a task runs.
    pub(super) fn app_of(&self, task: &TaskState) -> App {
        let prefix = self.definitions.get(&task.definition).map(|d| d.log_prefix.as_str());
        prefix.and_then(|p| p.parse().ok()).unwrap_or(App::OpenWebui)
    }

    /// The next step in the life of a task.
    pub(super) fn move_task(&mut self, t: usize, plan: u32) {
        if self.tasks[t].plan != plan {
            return;
        }
        let mut chance = self.chance(&format!("move/{}/{}", self.tasks[t].id, self.tasks[t].phase));
        let service = self.tasks[t].service;
        let name = self.services[service].name.clone();
        let next = match self.tasks[t].phase {
            Phase::Provisioning => {
                let task = &mut self.tasks[t];
                task.phase = Phase::Pending;
                task.address = task.next_address.clone();
                if self.is_troubled(What::CannotPull, &name, self.now) {
                    chance.between(62_000, 95_000)
                } else if self.is_troubled(What::CannotStart, &name, self.now) {
                    chance.between(14_000, 31_000)
                } else if self.app(t) == App::Litellm {
                    chance.between(18_000, 29_000)
                } else {
                    chance.between(31_000, 47_000)
                }
            }
            Phase::Pending if self.is_troubled(What::CannotPull, &name, self.now) => return self.pull_failed(t),
            Phase::Pending if self.is_troubled(What::CannotStart, &name, self.now) => return self.start_failed(t, &name),
            Phase::Pending => {
                self.tasks[t].phase = Phase::Activating;
                chance.between(1_500, 3_500)
            }
            Phase::Activating => return self.task_runs(t),
            Phase::Deactivating => {
                let task = &mut self.tasks[t];
                task.phase = Phase::Stopping;
                task.target = None;
                task.ended = Some(self.now);
                chance.between(2_500, 7_000)
            }
            Phase::Stopping => {
                let task = &mut self.tasks[t];
                task.phase = Phase::Deprovisioning;
                task.exit_code = task.exit_code.or(task.started.map(|_| 0));
                chance.between(7_000, 12_000)
            }
            Phase::Deprovisioning => return self.task_is_gone(t),
            Phase::Running | Phase::Stopped => return,
        };
        self.after(next, Due::Task(t, plan));
    }

    fn task_is_gone(&mut self, t: usize) {
        let task = &mut self.tasks[t];
        task.phase = Phase::Stopped;
        task.stopped = Some(self.now);
        let service = task.service;
        self.look_soon(service);
    }

    fn pull_failed(&mut self, t: usize) {
        let image = self
            .definitions
            .get(&self.tasks[t].definition)
            .map(|d| d.image.clone())
            .unwrap_or_default();
        let (registry, path) = image.split_once('/').unwrap_or((&image, ""));
        let (repository, tag) = path.rsplit_once(':').unwrap_or((path, "latest"));
        let address = self.chance(&format!("registry/{registry}")).between(16, 250);
        let reason = format!(
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {image}: failed to do request: \
             Head \"https://{registry}/v2/{repository}/manifests/{tag}\": dial tcp 10.42.16.{address}:443: i/o timeout"
        );
        self.tasks[t].container_reason.clone_from(&reason);
        self.stop_task_now(t, "TaskFailedToStart", &reason);
        self.task_failed(t);
    }

    fn image(&self, t: usize) -> String {
        let definition = self.definitions.get(&self.tasks[t].definition);
        definition.map(|d| d.image.clone()).unwrap_or_default()
    }

    /// The agent gave up before the container was there: the reason is the task's alone.
    fn start_failed(&mut self, t: usize, service: &str) {
        let says = self.trouble(What::CannotStart, service, self.now).map(|t| t.says.clone());
        let reason = self.said(&says.unwrap_or_default(), &self.image(t));
        self.stop_task_now(t, "TaskFailedToStart", &reason);
        self.task_failed(t);
    }

    /// The trouble in which its program ends.
    fn end_of(&self, t: usize) -> Option<&Trouble> {
        let name = &self.services[self.tasks[t].service].name;
        let trouble = self.trouble(What::Exits, name, self.now)?;
        self.image(t).contains(&trouble.tag).then_some(trouble)
    }

    /// Its program writes its last lines and ends.
    pub(super) fn program_ends(&mut self, t: usize, plan: u32) {
        let Some(trouble) = self.end_of(t).cloned() else { return };
        if self.tasks[t].plan != plan {
            return;
        }
        for (i, line) in trouble.says.lines().enumerate() {
            let text = self.said(line, &self.image(t));
            let at = self.now - LAST_WORDS + i64::try_from(i).unwrap_or(0) * 7;
            self.lines.push(super::logs::Line { at, task: t, text });
        }
        self.stop_task_now(t, "EssentialContainerExited", "Essential container in task exited");
        self.tasks[t].exit_code = Some(trouble.code);
        if trouble.code == 137 {
            "OutOfMemoryError: Container killed due to memory usage".clone_into(&mut self.tasks[t].container_reason);
        }
        self.task_failed(t);
    }

    fn task_runs(&mut self, t: usize) {
        let now = self.now;
        let mut chance = self.chance(&format!("healthy/{}", self.tasks[t].id));
        let boot = self.boot(&self.tasks[t].id, &self.services[self.tasks[t].service].name, now);
        let plan = self.tasks[t].plan;
        self.tasks[t].phase = Phase::Running;
        self.tasks[t].started = Some(now);
        if self.end_of(t).is_some() {
            self.after(boot * 3 / 4, Due::Exit(t, plan));
            return;
        }
        self.after(boot + chance.between(2_000, 14_000), Due::TaskHealthy(t, plan));
        if !self.services[self.tasks[t].service].groups.is_empty() {
            self.register_target(t, boot);
        }
    }

    pub(super) fn container_healthy(&mut self, t: usize, plan: u32) {
        if self.tasks[t].plan == plan {
            self.tasks[t].is_container_healthy = true;
            self.look_soon(self.tasks[t].service);
        }
    }

    /// Stops a task in good order: out of the load balancer first.
    pub(super) fn stop_task_in_order(&mut self, t: usize, code: &'static str, reason: &str) {
        if self.tasks[t].phase != Phase::Running || self.tasks[t].target.is_none() {
            return self.stop_task_now(t, code, reason);
        }
        self.note_stop(t, code, reason);
        self.tasks[t].phase = Phase::Deactivating;
        self.deregister_target(t);
        let plan = self.tasks[t].plan;
        self.after(30 * SECOND, Due::Task(t, plan));
    }

    fn stop_task_now(&mut self, t: usize, code: &'static str, reason: &str) {
        self.note_stop(t, code, reason);
        let task = &mut self.tasks[t];
        task.phase = if task.started.is_some() {
            Phase::Stopping
        } else {
            Phase::Deprovisioning
        };
        task.ended = Some(self.now);
        task.target = None;
        let plan = task.plan;
        let wait = self.chance(&format!("stop/{}", self.tasks[t].id)).between(4_000, 9_000);
        self.after(wait, Due::Task(t, plan));
    }

    fn note_stop(&mut self, t: usize, code: &'static str, reason: &str) {
        let task = &mut self.tasks[t];
        task.is_wanted = false;
        task.plan += 1;
        task.stop_code = code;
        reason.clone_into(&mut task.stop_reason);
    }

    pub(super) fn tell_tasks(&self, cluster: &str) -> Result<Fact, Fault> {
        self.need_cluster("ecs:ListTasks", cluster)?;
        let is_told = |t: &&TaskState| self.services[t.service].cluster == cluster && t.stopped.is_none_or(|at| self.now - at < REMEMBERED);
        Ok(Fact::Tasks(self.tasks.iter().filter(is_told).map(|t| self.task_fact(t)).collect()))
    }

    fn task_fact(&self, task: &TaskState) -> Task {
        let service = &self.services[task.service];
        let definition = self.definitions.get(&task.definition);
        let health = match task.phase {
            _ if task.is_container_healthy => "HEALTHY",
            _ => "UNKNOWN",
        };
        let container = definition.map(|d| Container {
            name: d.container.as_str().into(),
            status: container_status(task.phase).into(),
            exit_code: task.exit_code,
            reason: task.container_reason.as_str().into(),
            image: d.image.as_str().into(),
        });
        Task {
            arn: self.arn("ecs", &format!("task/{}/{}", service.cluster, task.id)).into(),
            service: service.name.as_str().into(),
            task_definition: task.definition.as_str().into(),
            status: task.phase.to_string().into(),
            desired: if task.is_wanted { "RUNNING" } else { "STOPPED" }.into(),
            health: health.into(),
            created: Some(task.created),
            started: task.started,
            stopped: task.stopped,
            stop_code: task.stop_code.into(),
            stopped_reason: task.stop_reason.as_str().into(),
            cpu: definition.and_then(|d| d.cpu),
            memory: definition.and_then(|d| d.memory),
            zone: task.zone.as_str().into(),
            address: task.address.as_str().into(),
            capacity: service.capacity.as_str().into(),
            architecture: definition.map(|d| d.architecture.as_str().into()).unwrap_or_default(),
            containers: container.into_iter().collect(),
        }
    }
}

fn container_status(phase: Phase) -> &'static str {
    match phase {
        Phase::Provisioning | Phase::Pending | Phase::Activating => "PENDING",
        Phase::Running | Phase::Deactivating | Phase::Stopping => "RUNNING",
        Phase::Deprovisioning | Phase::Stopped => "STOPPED",
    }
}

/// The `nth` address of an IPv4 range, within it.
pub(super) fn address_in(cidr: &str, nth: i64) -> String {
    let (base, bits) = cidr.split_once('/').unwrap_or((cidr, "24"));
    let size = 1_u32 << (32 - bits.parse::<u32>().unwrap_or(24).clamp(8, 28));
    let base: u32 = base.parse::<std::net::Ipv4Addr>().map_or(0, u32::from);
    // AWS keeps the first four addresses and the last of each subnet.
    let offset = 4 + u32::try_from(nth).unwrap_or(0) % (size - 5);
    std::net::Ipv4Addr::from(base + offset).to_string()
}
