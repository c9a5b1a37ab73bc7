//! What CloudFormation does when an operation fails or is given up: rollbacks, those that fail themselves, and
//! what waits for somebody to say how to go on.

use super::{
    cfn::ResourceState,
    deploy::{Job, Kind, Progress, Run, Work, backward, forward},
    world::{Due, RunId, World},
};
use crate::{
    cloud::Token,
    core::{template::Resource, text::SafeText},
};

/// What stands still until somebody says how to go on.
#[derive(Debug)]
pub(super) enum Held {
    /// An operation that failed with its rollback switched off.
    Operation(Run),
    /// A rollback that failed: what is still to be put back, what failed, and what is to be deleted then.
    Rollback {
        back: Vec<ResourceState>,
        failed: Vec<SafeText>,
        garbage: Vec<ResourceState>,
    },
}

impl World {
    /// Stops what is under way besides `cause`.
    pub(super) fn cancel_jobs(&mut self, run: RunId, cause: Option<usize>) -> Vec<usize> {
        let jobs = self.stacks[run.stack].run.as_ref().map_or(&[][..], |r| &r.jobs);
        let others: Vec<usize> = (0..jobs.len()).filter(|k| Some(*k) != cause && jobs[*k].is_under_way()).collect();
        for k in &others {
            let Some(work) = self.job(run, *k).map(|j| j.work) else { continue };
            let noun = if work == Work::Create { "creation" } else { "update" };
            self.tell_job(run, *k, work.statuses()[2], &format!("Resource {noun} cancelled"));
        }
        others
    }

    /// The definitions of what a stack has, in dependency order.
    fn defs(&self, i: usize) -> Vec<Resource> {
        self.stacks[i].resources.iter().map(|r| r.def.clone()).collect()
    }

    pub(super) fn give_up(&mut self, run: RunId, undo: &str) {
        if let Some(current) = self.stacks[run.stack].run.as_mut() {
            undo.trim().clone_into(&mut current.undo);
        }
        // A new number: nothing of the old plan happens any more.
        self.stacks[run.stack].runs += 1;
        let number = self.stacks[run.stack].runs;
        if let Some(current) = self.stacks[run.stack].run.as_mut() {
            current.number = number;
        }
        self.after(1_300, Due::UndoRun(RunId { number, ..run }));
    }

    /// `CancelUpdateStack`.
    pub(super) fn cancel_run(&mut self, i: usize, token: &Token) {
        if self.stacks[i].run.as_ref().is_none_or(|r| !r.undo.is_empty()) {
            return;
        }
        let run = self.run_id(i);
        if let Some(current) = self.stacks[i].run.as_mut() {
            current.token = Some(token.0.clone());
        }
        self.cancel_jobs(run, None);
        self.give_up(run, "User Initiated");
    }

    pub(super) fn undo_run(&mut self, run: RunId) {
        let Some(old) = self.stacks[run.stack].run.take_if(|r| r.number == run.number) else {
            return;
        };
        let i = run.stack;
        let status = match old.kind {
            Kind::Create if old.keeps => "CREATE_FAILED",
            Kind::Update if old.keeps => "UPDATE_FAILED",
            Kind::Create | Kind::Update => return self.undo(i, old),
            Kind::Delete => "DELETE_FAILED",
            Kind::Rollback => "ROLLBACK_FAILED",
            Kind::CleanUp | Kind::UpdateRollback | Kind::RollbackCleanUp => "UPDATE_ROLLBACK_FAILED",
        };
        self.stack_event(i, status, &old.undo, old.token.as_ref());
        self.stacks[i].held = Some(match old.kind {
            Kind::UpdateRollback => self.unfinished(i, old),
            _ => Held::Operation(old),
        });
    }

    /// What a rollback that failed has not put back.
    fn unfinished(&self, i: usize, old: Run) -> Held {
        let now = |j: &Job| self.stacks[i].resource(&j.def.logical_id);
        let has_failed = |j: &&Job| now(j).is_some_and(|r| r.status == "UPDATE_FAILED");
        let is_open = |j: &&Job| j.progress != Progress::Done;
        let state = |j: &Job| ResourceState {
            def: j.def.clone(),
            physical: now(j).map(|r| r.physical.clone()).unwrap_or_default(),
            status: "UPDATE_COMPLETE",
            reason: String::new(),
            at: self.now,
        };
        Held::Rollback {
            failed: old.jobs.iter().filter(has_failed).map(|j| j.def.logical_id.clone()).collect(),
            back: old.jobs.iter().filter(is_open).map(state).collect(),
            garbage: old.garbage,
        }
    }

    /// `RollbackStack`: whether there was something to undo.
    pub(super) fn roll_back(&mut self, i: usize, token: &Token) -> bool {
        match self.stacks[i].held.take() {
            Some(Held::Operation(mut run)) if matches!(run.kind, Kind::Create | Kind::Update) => {
                run.token = Some(token.0.clone());
                "User Initiated".clone_into(&mut run.undo);
                self.undo(i, run);
                true
            }
            other => {
                self.stacks[i].held = other;
                false
            }
        }
    }

    /// `ContinueUpdateRollback`.
    ///
    /// # Errors
    /// Names among `skip` that did not fail to be put back; `None` when no rollback stands still.
    pub(super) fn continue_rollback(&mut self, i: usize, skip: &[SafeText], token: &Token) -> Result<(), Option<Vec<SafeText>>> {
        let Some(Held::Rollback { back, failed, garbage }) = self.stacks[i].held.take() else {
            return Err(None);
        };
        let wrong: Vec<SafeText> = skip.iter().filter(|s| !failed.contains(s)).cloned().collect();
        if !wrong.is_empty() {
            self.stacks[i].held = Some(Held::Rollback { back, failed, garbage });
            return Err(Some(wrong));
        }
        self.stack_event(i, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated", Some(&token.0));
        let now = self.now;
        for id in skip {
            if let Some(resource) = self.stacks[i].resource_mut(id) {
                (resource.status, resource.at) = ("UPDATE_COMPLETE", now);
                resource.reason.clear();
                let told = resource.clone();
                self.resource_event(i, &told);
            }
        }
        let open = back.into_iter().filter(|r| !skip.contains(&r.def.logical_id));
        let jobs = open.map(|b| Job::new(Work::Modify, b.def, &b.physical)).collect();
        self.begin_run(i, Kind::UpdateRollback, forward(jobs, &self.defs(i)), Some(token.0.clone()));
        if let Some(current) = &mut self.stacks[i].run {
            current.garbage = garbage;
        }
        Ok(())
    }

    /// Deletes what a creation made, or puts back what an update changed.
    fn undo(&mut self, i: usize, old: Run) {
        if old.kind == Kind::Create {
            self.stack_event(i, "ROLLBACK_IN_PROGRESS", &old.undo, old.token.as_ref());
            let alive: Vec<ResourceState> = self.stacks[i].resources.iter().filter(|r| r.is_alive()).cloned().collect();
            return self.begin_run(i, Kind::Rollback, backward(&alive), old.token);
        }
        self.stack_event(i, "UPDATE_ROLLBACK_IN_PROGRESS", &old.undo, old.token.as_ref());
        let stack = &mut self.stacks[i];
        (stack.values, stack.tags) = old.before;
        let mut garbage = Vec::new();
        let mut back = Vec::new();
        for job in old
            .jobs
            .into_iter()
            .filter(|j| matches!(j.progress, Progress::Called | Progress::Done))
        {
            let now = stack.resource(&job.def.logical_id).cloned();
            match (job.work, job.before, now) {
                (Work::Create, _, Some(made)) => garbage.push(made),
                (Work::Replace, Some(before), Some(made)) => {
                    if made.physical != before.physical {
                        garbage.push(made);
                    }
                    back.push(before);
                }
                (_, Some(before), _) => back.push(before),
                _ => {}
            }
        }
        stack.resources.retain(|r| !r.status.is_empty());
        for before in &back {
            if let Some(r) = stack.resource_mut(&before.def.logical_id) {
                r.physical.clone_from(&before.physical);
            }
        }
        let jobs = back.into_iter().map(|b| Job::new(Work::Modify, b.def, &b.physical)).collect();
        self.begin_run(i, Kind::UpdateRollback, forward(jobs, &self.defs(i)), old.token);
        if let Some(current) = &mut self.stacks[i].run {
            current.garbage = garbage;
        }
    }
}
