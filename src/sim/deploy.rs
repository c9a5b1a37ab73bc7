//! CloudFormation at work: runs of jobs that start as soon as what they wait for is done, with AWS's
//! own events; clean-up, rollback, cancellation and deletion.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    account,
    cfn::ResourceState,
    scene::What,
    world::{Due, Durations, RunId, World},
};
use crate::{
    cloud::Token,
    core::{
        fact::{ChangeAction, Millis, Replacement, ResourceChange},
        template::{Resource, worked_on},
        text::SafeText,
    },
};

/// Parameter values and tags of a stack.
pub(super) type Settings = (BTreeMap<String, String>, Vec<(SafeText, SafeText)>);

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Create,
    Update,
    /// Deletes what an update replaced or removed.
    CleanUp,
    /// Deletes what a failed creation made.
    Rollback,
    /// Puts back what a failed update changed.
    UpdateRollback,
    /// Deletes what a failed update made.
    RollbackCleanUp,
    Delete,
}

/// One run: the part of an operation between two events of the stack.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) token: Option<SafeText>,
    pub(super) jobs: Vec<Job>,
    /// Parameters and tags to go back to.
    pub(super) before: Settings,
    /// What the clean-up after this run deletes.
    pub(super) garbage: Vec<ResourceState>,
    /// Why it is undone.
    pub(super) undo: String,
    /// It is not undone when it fails: somebody says what becomes of it.
    pub(super) keeps: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Create,
    Modify,
    Replace,
    Delete,
}

impl Work {
    /// The first word of its statuses.
    pub(super) fn statuses(self) -> [&'static str; 3] {
        match self {
            Self::Create => ["CREATE_IN_PROGRESS", "CREATE_COMPLETE", "CREATE_FAILED"],
            Self::Modify | Self::Replace => ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "UPDATE_FAILED"],
            Self::Delete => ["DELETE_IN_PROGRESS", "DELETE_COMPLETE", "DELETE_FAILED"],
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Waiting,
    Queued,
    Begun,
    Called,
    Done,
    /// It could not be deleted; what waits for it is not tried.
    Failed,
}

#[derive(Debug)]
pub(super) struct Job {
    pub(super) work: Work,
    /// The definition wanted, or the one that is deleted.
    pub(super) def: Resource,
    /// What is deleted.
    pub(super) physical: String,
    pub(super) after: Vec<usize>,
    pub(super) progress: Progress,
    /// The resource as it was.
    pub(super) before: Option<ResourceState>,
}

impl Job {
    pub(super) fn new(work: Work, def: Resource, physical: &str) -> Self {
        Self {
            work,
            def,
            physical: physical.to_owned(),
            after: Vec::new(),
            progress: Progress::Waiting,
            before: None,
        }
    }

    pub(super) fn is_under_way(&self) -> bool {
        matches!(self.progress, Progress::Begun | Progress::Called)
    }
}

const REPLACEMENT: &str = "Requested update requires the creation of a new physical resource; hence creating one.";

/// Jobs that make wait for what they refer to, be it through resources of `all` that stay as they are.
pub(super) fn forward(mut jobs: Vec<Job>, all: &[Resource]) -> Vec<Job> {
    let ids: Vec<SafeText> = jobs.iter().map(|j| j.def.logical_id.clone()).collect();
    let waiting = worked_on(all, |r| ids.contains(&r.logical_id));
    for job in &mut jobs {
        let of = waiting.iter().find(|r| r.logical_id == job.def.logical_id);
        let needs = of.map_or(&[][..], |r| &r.depends_on);
        job.after = (0..ids.len()).filter(|k| needs.contains(&ids[*k])).collect();
    }
    jobs
}

/// Jobs that delete wait for what refers to them.
pub(super) fn backward(resources: &[ResourceState]) -> Vec<Job> {
    let mut jobs: Vec<Job> = resources
        .iter()
        .rev()
        .map(|r| Job::new(Work::Delete, r.def.clone(), &r.physical))
        .collect();
    let needs: Vec<Vec<SafeText>> = jobs.iter().map(|j| j.def.depends_on.clone()).collect();
    for job in &mut jobs {
        job.after = (0..needs.len()).filter(|k| needs[*k].contains(&job.def.logical_id)).collect();
    }
    jobs
}

impl World {
    pub(super) fn job(&mut self, run: RunId, job: usize) -> Option<&mut Job> {
        let current = self.stacks[run.stack].run.as_mut().filter(|r| r.number == run.number)?;
        current.jobs.get_mut(job)
    }

    pub(super) fn run_id(&self, i: usize) -> RunId {
        RunId {
            stack: i,
            number: self.stacks[i].runs,
        }
    }

    /// Executes a change set.
    pub(super) fn begin_change(&mut self, i: usize, (values, tags): Settings, changes: &[ResourceChange], token: &Token) {
        let is_create = self.stacks[i].status == "REVIEW_IN_PROGRESS";
        let mut defs = self.template.resources(&values, &self.pseudo(&self.stacks[i].name));
        for def in &mut defs {
            if let (Some(old), Some(properties)) = (self.older.get(def.logical_id.as_str()), def.properties.as_object_mut()) {
                properties.extend(old.clone());
            }
        }
        let stack = &mut self.stacks[i];
        let before = (
            std::mem::replace(&mut stack.values, values),
            std::mem::replace(&mut stack.tags, tags),
        );
        let mut existing = std::mem::take(&mut stack.resources);
        for def in &defs {
            let at = existing.iter().position(|r| r.def.logical_id == def.logical_id);
            let state = at.map_or_else(|| fresh(def), |at| existing.remove(at));
            stack.resources.push(state);
        }
        stack.resources.extend(existing);
        let jobs = jobs_of(changes, &defs);
        let (kind, status) = if is_create {
            (Kind::Create, "CREATE_IN_PROGRESS")
        } else {
            stack.updated = Some(self.now);
            (Kind::Update, "UPDATE_IN_PROGRESS")
        };
        self.stack_event(i, status, "User Initiated", Some(&token.0));
        self.begin_run(i, kind, forward(jobs, &defs), Some(token.0.clone()));
        if let Some(run) = &mut self.stacks[i].run {
            run.before = before;
        }
    }

    /// The operation that has just begun is not undone when it fails.
    pub(super) fn keep_failures(&mut self, i: usize) {
        if let Some(run) = &mut self.stacks[i].run {
            run.keeps = true;
        }
    }

    /// Deletes a stack with all that exists of it, but for what is to be kept.
    pub(super) fn begin_delete(&mut self, i: usize, retain: &[SafeText], token: &Token) {
        self.stack_event(i, "DELETE_IN_PROGRESS", "User Initiated", Some(&token.0));
        let alive = self.stacks[i]
            .resources
            .iter()
            .filter(|r| r.is_alive() && r.status != "DELETE_SKIPPED");
        let mut jobs = backward(&alive.cloned().collect::<Vec<_>>());
        for job in jobs.iter_mut().filter(|j| retain.contains(&j.def.logical_id)) {
            job.def.deletion_policy = "Retain".into();
        }
        self.begin_run(i, Kind::Delete, jobs, Some(token.0.clone()));
    }

    pub(super) fn begin_run(&mut self, i: usize, kind: Kind, jobs: Vec<Job>, token: Option<SafeText>) {
        let stack = &mut self.stacks[i];
        stack.runs += 1;
        stack.run = Some(Run {
            number: stack.runs,
            kind,
            token,
            jobs,
            before: (BTreeMap::new(), Vec::new()),
            garbage: Vec::new(),
            undo: String::new(),
            keeps: false,
        });
        let run = self.run_id(i);
        self.start_ready_jobs(run);
    }

    /// Starts what no longer waits, or ends the run.
    fn start_ready_jobs(&mut self, run: RunId) {
        let Some(current) = self.stacks[run.stack].run.as_mut().filter(|r| r.number == run.number) else {
            return;
        };
        let done: BTreeSet<usize> = (0..current.jobs.len())
            .filter(|k| current.jobs[*k].progress == Progress::Done)
            .collect();
        let is_ready = |j: &Job| j.progress == Progress::Waiting && j.after.iter().all(|a| done.contains(a));
        let ready: Vec<usize> = (0..current.jobs.len()).filter(|k| is_ready(&current.jobs[*k])).collect();
        for k in &ready {
            current.jobs[*k].progress = Progress::Queued;
        }
        let is_active = |j: &Job| matches!(j.progress, Progress::Queued | Progress::Begun | Progress::Called);
        let is_over = !current.jobs.iter().any(is_active);
        for k in ready {
            let wait = self.chance(&format!("start/{}/{}/{k}", run.stack, run.number)).between(150, 900);
            self.after(wait, Due::StartJob(run, k));
        }
        if is_over {
            self.after(1_100, Due::EndRun(run));
        }
    }

    /// Writes where a job stands, into the events and, if it is about the stack's present resource, there.
    pub(super) fn tell_job(&mut self, run: RunId, job: usize, status: &'static str, reason: &str) {
        let now = self.now;
        let Some(j) = self.job(run, job) else { return };
        let (def, work, subject) = (j.def.clone(), j.work, j.physical.clone());
        let Some(resource) = self.stacks[run.stack].resource_mut(&def.logical_id) else {
            return;
        };
        let told = if work != Work::Delete || resource.physical == subject {
            resource.status = status;
            reason.clone_into(&mut resource.reason);
            resource.at = now;
            resource.clone()
        } else {
            ResourceState {
                def,
                physical: subject,
                status,
                reason: reason.to_owned(),
                at: now,
            }
        };
        self.resource_event(run.stack, &told);
    }

    pub(super) fn start_job(&mut self, run: RunId, job: usize) {
        let Some(j) = self.job(run, job) else { return };
        j.progress = Progress::Begun;
        let (work, id) = (j.work, j.def.logical_id.clone());
        if work == Work::Delete && self.is_retained(run, job) {
            self.tell_job(run, job, "DELETE_SKIPPED", "");
            self.keep(run, job);
            return self.job_is_done(run, job);
        }
        let before = self.stacks[run.stack].resource(&id).cloned();
        if let Some(j) = self.job(run, job) {
            j.before = before;
        }
        let reason = if work == Work::Replace { REPLACEMENT } else { "" };
        self.tell_job(run, job, work.statuses()[0], reason);
        let wait = self.chance(&format!("call/{}/{}/{job}", run.stack, run.number)).between(600, 1_900);
        self.after(wait, Due::CallJob(run, job));
    }

    fn is_retained(&mut self, run: RunId, job: usize) -> bool {
        let kind = self.stacks[run.stack].run.as_ref().map(|r| r.kind);
        match self.policy(run, job).as_str() {
            "Retain" => true,
            "RetainExceptOnCreate" => kind != Some(Kind::Rollback),
            _ => false,
        }
    }

    /// The policy by which a job deletes: that of a replacement where the stack has another by now.
    fn policy(&mut self, run: RunId, job: usize) -> SafeText {
        let Some(j) = self.job(run, job) else { return SafeText::default() };
        let (def, subject) = (j.def.clone(), j.physical.clone());
        let now = self.stacks[run.stack].resource(&def.logical_id);
        if now.is_some_and(|r| r.physical != subject) {
            def.replace_policy
        } else {
            def.deletion_policy
        }
    }

    /// What the stack has another for by now, and did not delete, belongs to nobody.
    fn keep(&mut self, run: RunId, job: usize) {
        let now = self.now;
        let Some(j) = self.job(run, job) else { return };
        let state = ResourceState {
            def: j.def.clone(),
            physical: j.physical.clone(),
            status: "DELETE_SKIPPED",
            reason: String::new(),
            at: now,
        };
        let current = self.stacks[run.stack].resource(&state.def.logical_id);
        if current.is_some_and(|r| r.physical != state.physical) {
            self.kept.push((run.stack, state));
        }
    }

    pub(super) fn call_job(&mut self, run: RunId, job: usize) {
        let Some(j) = self.job(run, job) else { return };
        j.progress = Progress::Called;
        let (work, def, subject) = (j.work, j.def.clone(), j.physical.clone());
        if let Some(reason) = self.refusal_of(run, &def.logical_id, work) {
            return self.fail_job(run, job, &reason);
        }
        if work == Work::Delete && self.policy(run, job) == "Snapshot" {
            let gb = account::text(&def.properties, "AllocatedStorage").parse().unwrap_or(20);
            let stack = self.stacks[run.stack].name.clone();
            self.snapshot(&stack, &subject, gb);
        }
        match work {
            Work::Create | Work::Replace => {
                if let Err(reason) = self.make(run.stack, &def) {
                    return self.fail_job(run, job, &reason);
                }
                self.tell_job(run, job, work.statuses()[0], "Resource creation Initiated");
            }
            Work::Modify => {
                self.modify(run.stack, &def);
                if let Some(reason) = self.given_up(run.stack, &def) {
                    return self.fail_job(run, job, &reason);
                }
            }
            Work::Delete => self.unmake(&def, &subject),
        }
        if !is_settled_by_ecs(&def) {
            let wait = self.duration(run, &def, work);
            self.after(wait, Due::EndJob(run, job));
        }
    }

    /// What the service behind a resource says when a trouble of the scene strikes it.
    fn refusal_of(&self, run: RunId, id: &SafeText, work: Work) -> Option<String> {
        let kind = self.stacks[run.stack].run.as_ref().map(|r| r.kind)?;
        let what = match (kind, work) {
            (Kind::UpdateRollback, _) => What::RollbackFails,
            (Kind::Delete, Work::Delete) => return self.delete_refusal(run, id),
            (_, Work::Delete) => return None,
            _ => What::ResourceFails,
        };
        self.trouble(what, id, self.now).map(|t| self.said(&t.says, ""))
    }

    /// Why a resource can not be deleted: a trouble of the scene, or something in a network that was kept.
    fn delete_refusal(&self, run: RunId, id: &SafeText) -> Option<String> {
        let stack = &self.stacks[run.stack];
        let resource = stack.resource(id)?;
        if let Some(trouble) = self.trouble(What::DeleteFails, id, self.now) {
            return Some(self.said(&trouble.says, "").replace("{physical}", &resource.physical));
        }
        let is_kept = |r: &ResourceState| r.status == "DELETE_SKIPPED" && r.def.depends_on.contains(id);
        let is_in_use = stack
            .resources
            .iter()
            .any(|r| is_kept(r) && !self.removed.contains_key(&r.physical));
        is_in_use.then(|| {
            let uuid = self.chance(&format!("said/{}/{id}", stack.runs)).uuid();
            let what = match resource.def.kind.as_str() {
                "AWS::EC2::VPC" => format!("The vpc '{}' has dependencies and cannot be deleted.", resource.physical),
                _ => format!("resource {} has a dependent object", resource.physical),
            };
            format!("{what} (Service: Ec2, Status Code: 400, Request ID: {uuid})")
        })
    }

    /// How long the resource itself takes, within a quarter of what is typical.
    fn duration(&self, run: RunId, def: &Resource, work: Work) -> Millis {
        let kind = if def.kind.starts_with("Custom::") {
            "AWS::CloudFormation::CustomResource"
        } else {
            &def.kind
        };
        let typical = self.durations.get(kind).copied().unwrap_or(Durations {
            create: 5,
            update: 4,
            delete: 3,
        });
        let is_gateway = def.properties["VpcEndpointType"] == "Gateway";
        let seconds = match work {
            _ if is_gateway => 14,
            Work::Create | Work::Replace => typical.create,
            Work::Modify => typical.update,
            Work::Delete => typical.delete,
        };
        let mut chance = self.chance(&format!("lasts/{}/{}/{}", run.stack, run.number, def.logical_id));
        Millis::from(seconds) * chance.between(780, 1_250)
    }

    pub(super) fn end_job(&mut self, run: RunId, job: usize) {
        let Some(work) = self.job(run, job).map(|j| j.work) else { return };
        self.tell_job(run, job, work.statuses()[1], "");
        self.job_is_done(run, job);
    }

    fn job_is_done(&mut self, run: RunId, job: usize) {
        if let Some(j) = self.job(run, job) {
            j.progress = Progress::Done;
        }
        self.start_ready_jobs(run);
    }

    /// What CloudFormation is told of a service whose deployment ECS has given up already, and of which an update
    /// makes no other: it would wait for it without end.
    fn given_up(&mut self, i: usize, def: &Resource) -> Option<String> {
        let physical = &self.stacks[i].resource(&def.logical_id)?.physical;
        let service = self.services.iter().find(|s| s.arn == *physical)?;
        let is_broken = service.deployments.first().is_some_and(|d| d.rollout == "FAILED");
        is_broken.then(|| self.broken_circuit())
    }

    /// ECS has brought a service to where it was wanted, or has given up.
    pub(super) fn service_settled(&mut self, arn: &str, outcome: Result<(), &str>) {
        let waiting = (0..self.stacks.len()).find_map(|i| {
            let stack = &self.stacks[i];
            let physical = |j: &Job| match j.work {
                Work::Delete => j.physical.clone(),
                _ => stack.resource(&j.def.logical_id).map(|r| r.physical.clone()).unwrap_or_default(),
            };
            let is_it = |j: &Job| j.progress == Progress::Called && is_settled_by_ecs(&j.def) && physical(j) == arn;
            Some((i, stack.run.as_ref()?.jobs.iter().position(is_it)?))
        });
        let Some((i, job)) = waiting else { return };
        let run = self.run_id(i);
        match outcome {
            Ok(()) => self.end_job(run, job),
            Err(reason) => self.fail_job(run, job, reason),
        }
    }

    fn fail_job(&mut self, run: RunId, job: usize, reason: &str) {
        let Some(work) = self.job(run, job).map(|j| j.work) else { return };
        self.tell_job(run, job, work.statuses()[2], reason);
        // A deletion goes on with all that does not wait for what failed.
        if self.stacks[run.stack].run.as_ref().is_some_and(|r| r.kind == Kind::Delete) {
            if let Some(j) = self.job(run, job) {
                j.progress = Progress::Failed;
            }
            return self.start_ready_jobs(run);
        }
        let mut failed = vec![job];
        failed.extend(self.cancel_jobs(run, Some(job)));
        let verb = if work == Work::Create { "create" } else { "update" };
        let undoes = |r: &Run| r.kind == Kind::Create && !r.keeps;
        let tail = if self.stacks[run.stack].run.as_ref().is_some_and(undoes) {
            "Rollback requested by user."
        } else {
            ""
        };
        let mut ids: Vec<String> = failed
            .into_iter()
            .filter_map(|k| self.job(run, k).map(|j| j.def.logical_id.to_string()))
            .collect();
        ids.sort_unstable();
        let undo = format!("The following resource(s) failed to {verb}: [{}]. {tail}", ids.join(", "));
        self.give_up(run, &undo);
    }

    pub(super) fn end_run(&mut self, run: RunId) {
        let i = run.stack;
        let Some(old) = self.stacks[i].run.take_if(|r| r.number == run.number) else {
            return;
        };
        let token = old.token.clone();
        let mut failed: Vec<&str> = old
            .jobs
            .iter()
            .filter(|j| j.progress == Progress::Failed)
            .map(|j| j.def.logical_id.as_str())
            .collect();
        if !failed.is_empty() {
            failed.sort_unstable();
            let reason = format!("The following resource(s) failed to delete: [{}]. ", failed.join(", "));
            self.stack_event(i, "DELETE_FAILED", &reason, token.as_ref());
            return;
        }
        let last = match old.kind {
            Kind::Create => "CREATE_COMPLETE",
            Kind::Rollback => "ROLLBACK_COMPLETE",
            Kind::Delete => "DELETE_COMPLETE",
            Kind::CleanUp => "UPDATE_COMPLETE",
            Kind::RollbackCleanUp => "UPDATE_ROLLBACK_COMPLETE",
            Kind::Update => {
                let garbage = self.update_garbage(i, &old);
                self.stack_event(i, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "", token.as_ref());
                return self.begin_run(i, Kind::CleanUp, backward(&garbage), token);
            }
            Kind::UpdateRollback => {
                self.stack_event(i, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "", token.as_ref());
                return self.begin_run(i, Kind::RollbackCleanUp, backward(&old.garbage), token);
            }
        };
        self.stack_event(i, last, "", token.as_ref());
        if matches!(old.kind, Kind::CleanUp | Kind::RollbackCleanUp) {
            self.stacks[i].resources.retain(|r| r.status != "DELETE_COMPLETE");
        }
    }

    /// What an update leaves to be deleted: the old ones of what it replaced, and what it removed.
    fn update_garbage(&self, i: usize, run: &Run) -> Vec<ResourceState> {
        let stack = &self.stacks[i];
        let wanted = self.template.resources(&stack.values, &self.pseudo(&stack.name));
        let is_wanted = |r: &ResourceState| wanted.iter().any(|w| w.logical_id == r.def.logical_id);
        let replaced = run.jobs.iter().filter(|j| j.work == Work::Replace).filter_map(|j| j.before.clone());
        let removed = stack.resources.iter().filter(|r| r.is_alive() && !is_wanted(r)).cloned();
        replaced.chain(removed).collect()
    }
}

/// CloudFormation waits until ECS says that a service is steady.
fn is_settled_by_ecs(def: &Resource) -> bool {
    def.kind == "AWS::ECS::Service"
}

fn fresh(def: &Resource) -> ResourceState {
    ResourceState {
        def: def.clone(),
        physical: String::new(),
        status: "",
        reason: String::new(),
        at: 0,
    }
}

fn jobs_of(changes: &[ResourceChange], defs: &[Resource]) -> Vec<Job> {
    let job = |change: &ResourceChange| {
        let work = match (change.action, change.replacement) {
            (ChangeAction::Add, _) => Work::Create,
            (ChangeAction::Modify, Replacement::Always) => Work::Replace,
            (ChangeAction::Modify, _) => Work::Modify,
            _ => return None,
        };
        let def = defs.iter().find(|d| d.logical_id == change.logical_id)?;
        Some(Job::new(work, def.clone(), ""))
    };
    changes.iter().filter_map(job).collect()
}
