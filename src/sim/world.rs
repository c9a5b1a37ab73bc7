//! The state of the simulated account and its diary: what is due when. Asking moves the world on to
//! the present first, so that it does not matter how often it is asked.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{
    certificates::CertificateState,
    cfn::{ResourceState, StackState},
    dns::{self, ZoneState},
    insights::Running,
    logs::Line,
    scene::{Action, Scene, Trouble, What},
    service::ServiceState,
    task::{Definition, TaskState},
    throughput::ThroughputState,
    traffic::{DENIED, ELSEWHERE, ENDED, ImageError},
};
use crate::core::{
    catalogue::Kind,
    fact::{Leftover, Millis},
    template::Template,
};

/// Account of the simulation; AWS uses this number in its own examples.
const ACCOUNT: &str = "111122223333";
/// The region whose image models are alive: where scenes play that name no other.
const REGION: &str = "us-west-2";

const DURATIONS: &str = include_str!("../../assets/durations.toml");

/// One second.
pub(super) const SECOND: Millis = 1_000;

/// Seconds that CloudFormation takes for a resource of one type.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Durations {
    pub(super) create: u32,
    pub(super) update: u32,
    pub(super) delete: u32,
}

/// A run of CloudFormation: which stack, and which of its runs, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RunId {
    pub(super) stack: usize,
    pub(super) number: u32,
}

/// Something in the diary.
#[derive(Debug, Clone)]
pub(super) enum Due {
    /// A job's turn comes.
    StartJob(RunId, usize),
    /// The service behind the resource has been called.
    CallJob(RunId, usize),
    /// The resource is as wanted.
    EndJob(RunId, usize),
    /// All jobs are done.
    EndRun(RunId),
    /// The run is given up, and undone.
    UndoRun(RunId),
    /// A task moves on; the number says of which plan.
    Task(usize, u32),
    /// The container of a task passes its own health check.
    TaskHealthy(usize, u32),
    /// The load balancer has seen a task answer.
    TargetHealthy(usize, u32),
    /// The load balancer gives a task up.
    TargetUnhealthy(usize, u32),
    /// ECS gives an unhealthy task up.
    ReplaceUnhealthy(usize, u32),
    /// The scheduler looks at a service.
    Look(usize),
    /// ECS repeats that a service is steady; the number says of which calm.
    StillSteady(usize, u32),
    /// A trouble of the scene begins.
    Trouble(usize),
    /// The program of a task ends by itself; the number says of which plan.
    Exit(usize, u32),
    /// Somebody else does something.
    Step(usize),
}

/// The whole account.
#[derive(Debug)]
pub(super) struct World {
    pub(super) template: Template,
    pub(super) durations: BTreeMap<String, Durations>,
    pub(super) seed: u64,
    pub(super) region: String,
    pub(super) account: String,
    pub(super) now: Millis,
    pub(super) stacks: Vec<StackState>,
    pub(super) definitions: BTreeMap<String, Definition>,
    pub(super) services: Vec<ServiceState>,
    pub(super) tasks: Vec<TaskState>,
    /// Lines that somebody's test image caused, beside the traffic that is always there.
    pub(super) lines: Vec<Line>,
    /// Queries of Logs Insights.
    pub(super) queries: Vec<Running>,
    /// Troubles, each with its beginning and its end.
    pub(super) troubles: Vec<(Millis, Option<Millis>, Trouble)>,
    /// What will be done while the console looks on.
    plans: Vec<Action>,
    /// Properties that an older template has, by logical id, while a stack is made from it.
    pub(super) older: BTreeMap<String, serde_json::Map<String, serde_json::Value>>,
    pub(super) certificates: Vec<CertificateState>,
    pub(super) zones: Vec<ZoneState>,
    /// Changes of zones: id and when.
    pub(super) record_changes: Vec<(crate::core::text::SafeText, Millis)>,
    pub(super) throughputs: Vec<ThroughputState>,
    /// Requests answered, and images made.
    pub(super) requests: u64,
    pub(super) images: u64,
    /// What is in the account beside what stacks made; and what was removed of all that is left, when.
    pub(super) left: Vec<Leftover>,
    pub(super) removed: BTreeMap<String, Millis>,
    /// What updates replaced and did not delete, with its stack.
    pub(super) kept: Vec<(usize, ResourceState)>,
    /// Answers to CloudFormation writes by their token.
    pub(super) answered: BTreeMap<String, crate::cloud::Done>,
    diary: BTreeMap<(Millis, u64), Due>,
    serial: u64,
}

impl World {
    /// An empty account at `at`; troubles begin relative to `start`.
    pub(super) fn new(scene: &Scene, at: Millis, start: Millis) -> Self {
        let span = |t: &Trouble| (start - t.ago.0, t.until.map(|u| start - u.0), t.clone());
        let troubles = scene.trouble.iter().map(span).collect();
        let ahead = scene.step.iter().filter_map(|s| Some((start + s.ahead?.0, s.action.clone())));
        let mut world = Self {
            template: Template::shipped(),
            durations: toml::from_str(DURATIONS).unwrap_or_default(),
            seed: scene.seed,
            region: scene.region.as_deref().unwrap_or(REGION).into(),
            account: ACCOUNT.into(),
            now: at,
            stacks: Vec::new(),
            definitions: BTreeMap::new(),
            services: Vec::new(),
            tasks: Vec::new(),
            lines: Vec::new(),
            queries: Vec::new(),
            troubles,
            plans: Vec::new(),
            older: BTreeMap::new(),
            certificates: Vec::new(),
            zones: dns::zones(at),
            record_changes: Vec::new(),
            throughputs: Vec::new(),
            requests: 0,
            images: 0,
            left: Vec::new(),
            removed: BTreeMap::new(),
            kept: Vec::new(),
            answered: BTreeMap::new(),
            diary: BTreeMap::new(),
            serial: 0,
        };
        for i in 0..world.troubles.len() {
            world.at(world.troubles[i].0, Due::Trouble(i));
        }
        for (at, action) in ahead {
            world.plans.push(action);
            world.at(at, Due::Step(world.plans.len() - 1));
        }
        world
    }

    /// Number that no other call has got.
    pub(super) fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Puts something into the diary.
    pub(super) fn at(&mut self, at: Millis, due: Due) {
        let serial = self.serial();
        self.diary.insert((at.max(self.now), serial), due);
    }

    /// Puts something into the diary for `by` milliseconds from now.
    pub(super) fn after(&mut self, by: Millis, due: Due) {
        self.at(self.now + by, due);
    }

    /// Lives through all that is due up to `to`.
    pub(super) fn advance(&mut self, to: Millis) {
        self.note_counts();
        while let Some(entry) = self.diary.first_entry() {
            let (at, _) = *entry.key();
            if at > to {
                break;
            }
            let due = entry.remove();
            self.now = self.now.max(at);
            self.live(due);
            self.note_counts();
        }
        self.now = self.now.max(to);
    }

    fn live(&mut self, due: Due) {
        match due {
            Due::StartJob(run, job) => self.start_job(run, job),
            Due::CallJob(run, job) => self.call_job(run, job),
            Due::EndJob(run, job) => self.end_job(run, job),
            Due::EndRun(run) => self.end_run(run),
            Due::UndoRun(run) => self.undo_run(run),
            Due::Task(task, plan) => self.move_task(task, plan),
            Due::TaskHealthy(task, plan) => self.container_healthy(task, plan),
            Due::TargetHealthy(task, plan) => self.target_healthy(task, plan),
            Due::TargetUnhealthy(task, plan) => self.target_unhealthy(task, plan),
            Due::ReplaceUnhealthy(task, plan) => self.replace_unhealthy(task, plan),
            Due::Look(service) => self.look(service),
            Due::StillSteady(service, calm) => self.still_steady(service, calm),
            Due::Trouble(which) => self.trouble_begins(which),
            Due::Exit(task, plan) => self.program_ends(task, plan),
            Due::Step(which) => {
                let action = self.plans[which].clone();
                self.act(&action);
            }
        }
    }

    /// Whether something is wrong with a service at a time.
    pub(super) fn is_troubled(&self, what: What, service: &str, at: Millis) -> bool {
        self.trouble(what, service, at).is_some()
    }

    /// What is wrong with a service or a resource at a time.
    pub(super) fn trouble(&self, what: What, subject: &str, at: Millis) -> Option<&Trouble> {
        let strikes = |t: &Trouble| t.what == what && (t.service.is_empty() || subject.ends_with(t.service.as_str()));
        let found = self
            .troubles
            .iter()
            .find(|(from, until, t)| *from <= at && until.is_none_or(|end| at < end) && strikes(t));
        found.map(|(.., t)| t)
    }

    /// What a trouble says, filled in.
    pub(super) fn said(&self, text: &str, image: &str) -> String {
        let id = self.chance(&format!("said/{}", self.serial)).uuid();
        text.replace("{image}", image)
            .replace("{account}", &self.account)
            .replace("{region}", &self.region)
            .replace("{id}", &id)
    }

    /// Since when it is so, if it is.
    pub(super) fn struck_at(&self, what: What) -> Option<Millis> {
        let struck = self.troubles.iter().filter(|(from, _, t)| t.what == what && *from <= self.now);
        struck.map(|(from, ..)| *from).min()
    }

    /// How Bedrock refuses images at a time, if it does.
    pub(super) fn image_refusal(&self, at: Millis) -> Option<ImageError> {
        let is = |what| self.is_troubled(what, "", at);
        let is_offered = || self.offered().any(|m| m.kind == Kind::Image);
        (is(What::ImageDenied).then_some(DENIED))
            .or_else(|| is(What::ImageGone).then_some(ENDED))
            .or_else(|| (!is_offered()).then_some(ELSEWHERE))
    }

    /// All resources that exist, in any stack.
    pub(super) fn living(&self) -> impl Iterator<Item = (&StackState, &ResourceState)> {
        self.stacks
            .iter()
            .flat_map(|s| s.resources.iter().map(move |r| (s, r)))
            .filter(|(_, r)| r.is_alive() && !self.removed.contains_key(&r.physical))
    }

    /// Physical ids of the living resources of a type.
    pub(super) fn living_of(&self, kind: &str) -> BTreeSet<&str> {
        self.living()
            .filter(|(_, r)| r.def.kind == kind)
            .map(|(_, r)| r.physical.as_str())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_template_has_a_duration() {
        let template = Template::shipped();
        let pseudo = crate::core::template::Pseudo {
            region: REGION.into(),
            account: ACCOUNT.into(),
            stack_name: "x".into(),
        };
        let durations: BTreeMap<String, Durations> = toml::from_str(DURATIONS).unwrap();
        for mode in ["private", "nat", "public"] {
            for size in ["small", "large"] {
                let given = [
                    ("NetworkMode", mode),
                    ("DeploymentSize", size),
                    ("ACMCertificateArn", "arn:x"),
                    ("EnableExec", "true"),
                ];
                let given = given.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
                for r in template.resources(&template.values(&given), &pseudo) {
                    let is_known = durations.contains_key(r.kind.as_str()) || r.kind.starts_with("Custom::");
                    assert!(is_known, "{} has no duration", r.kind);
                }
            }
        }
    }
}
