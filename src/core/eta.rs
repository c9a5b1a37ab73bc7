//! How long an operation still takes: typical seconds for each resource type, and the longest way
//! through the template's dependencies. Always a range; the verdict never rests on it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    cause,
    fact::{Millis, ResourceStatus, Stack, StackResource},
    model::{Model, Operation},
    progress::{Progress, Row, Undo},
    template::{Resource, worked_on},
    text::SafeText,
};

/// The shipped table; its head says where the figures are from.
const SHIPPED: &str = include_str!("../../assets/durations.toml");

/// Seconds for a type that the table does not name.
const OTHER: Millis = 5_000;

/// Share of the typical time that the lower and the upper end of the range count.
const RANGE: (f64, f64) = (0.885, 1.22);

/// Share of its typical time that what is nearly done, or a little late, may still take.
const LATE: f64 = 0.3;

/// What lies between the end of one resource and the beginning of the next, in milliseconds: CloudFormation's own time.
const STEP: Millis = 1_500;

/// How long the targets of the old tasks of a service are drained, with what ECS takes to see it, in milliseconds.
const DRAINING: Millis = 40_000;

/// Runs of one kind of work that must have been recorded before their median is believed.
const ENOUGH: usize = 3;

/// How long one piece of work took on this machine's own runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// Resource type.
    pub kind: SafeText,
    /// What was done.
    pub work: Work,
    /// How long it took, in milliseconds.
    pub took: Millis,
}

/// Typical times by resource type, in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durations(BTreeMap<(String, Work), Millis>);

impl Durations {
    /// The shipped table.
    pub fn shipped() -> Self {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Row {
            create: u32,
            update: u32,
            delete: u32,
        }
        let table: BTreeMap<String, Row> = toml::from_str(SHIPPED).unwrap_or_default();
        let times = table.into_iter().flat_map(|(kind, row)| {
            [(Work::Create, row.create), (Work::Update, row.update), (Work::Delete, row.delete)]
                .map(|(work, seconds)| ((kind.clone(), work), Millis::from(seconds) * 1_000))
        });
        Self(times.collect())
    }

    /// The same with the medians of what was recorded, where there is enough of it.
    pub fn with(mut self, recorded: &[Timing]) -> Self {
        let mut by_work: BTreeMap<(String, Work), Vec<Millis>> = BTreeMap::new();
        for timing in recorded {
            let of = by_work.entry((table_name(&timing.kind).to_owned(), timing.work)).or_default();
            of.push(timing.took);
        }
        for (work, mut took) in by_work.into_iter().filter(|(_, took)| took.len() >= ENOUGH) {
            took.sort_unstable();
            self.0.insert(work, took[took.len() / 2]);
        }
        self
    }

    /// Typical time of a resource type, in milliseconds.
    pub fn typical(&self, kind: &str, work: Work) -> Millis {
        self.0.get(&(table_name(kind).to_owned(), work)).copied().unwrap_or(OTHER)
    }

    /// The same of one resource: a service behind no load balancer has no target to drain when its tasks are replaced.
    fn typical_of(&self, it: &Resource, work: Work) -> Millis {
        let is_plain = it.kind == "AWS::ECS::Service" && it.properties["LoadBalancers"].as_array().is_none_or(Vec::is_empty);
        let typical = self.typical(&it.kind, work);
        if is_plain && work == Work::Update {
            (typical - DRAINING).max(typical / 2)
        } else {
            typical
        }
    }

    /// Whether a running resource takes clearly longer than it should.
    pub fn is_slow(&self, row: &Row, now: Millis) -> bool {
        let typical = self.typical(&row.kind, Work::of(&row.status));
        row.ended.is_none() && row.elapsed(now) > patience(typical)
    }
}

/// How long something may take before it is slower than usual: twice the typical time, and half a minute more than it.
fn patience(typical: Millis) -> Millis {
    (2 * typical).max(typical + 30_000)
}

/// All custom resources have one name in the table.
fn table_name(kind: &str) -> &str {
    if kind.starts_with("Custom::") {
        "AWS::CloudFormation::CustomResource"
    } else {
        kind
    }
}

impl Eta {
    /// The range as it is shown: whole minutes, the lower end down and the upper end up; tens of seconds below
    /// two minutes.
    pub fn shown(self) -> (Millis, Millis) {
        let step = if self.high < 120_000 { 10_000 } else { 60_000 };
        (self.low / step * step, (self.high + step - 1) / step * step)
    }

    /// `5 to 9 min`; short ones in seconds.
    pub fn words(self) -> String {
        let (low, high) = self.shown();
        let (unit, step) = if high <= 120_000 { ("s", 1_000) } else { ("min", 60_000) };
        match (low / step, high / step) {
            (0, high) => format!("less than {} {unit}", high.max(1)),
            (low, high) if low >= high => format!("{high} {unit}"),
            (low, high) => format!("{low} to {high} {unit}"),
        }
    }
}

/// What an operation that ended well tells about times: one line for each resource that was done in it.
pub fn timings(progress: &Progress) -> Vec<Timing> {
    let done = progress.rows.iter().filter(|r| r.status.is_complete() && !r.has_failed);
    done.filter_map(|r| {
        Some(Timing {
            kind: r.kind.clone(),
            work: Work::of(&r.status),
            took: r.ended? - r.started,
        })
    })
    .collect()
}

/// What CloudFormation does to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// Makes it.
    Create,
    /// Changes it.
    Update,
    /// Removes it.
    Delete,
}

impl Work {
    /// The work that a status tells of.
    pub fn of(status: &ResourceStatus) -> Self {
        match status.0.split('_').next() {
            Some("DELETE") => Self::Delete,
            Some("UPDATE") => Self::Update,
            _ => Self::Create,
        }
    }
}

/// How much longer: a range in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Eta {
    /// When all goes fast.
    pub low: Millis,
    /// When all goes slowly.
    pub high: Millis,
}

/// How much longer the operation takes. `resources` are those it works on, dependencies before what needs
/// them; `None` when there is nothing to reckon with, when something has failed, or when something is slower than usual:
/// what holds it up may do so for hours.
pub fn remaining(durations: &Durations, resources: &[&Resource], work: Work, progress: &Progress, now: Millis) -> Option<Eta> {
    if resources.is_empty() || progress.failed() > 0 {
        return None;
    }
    left(durations, resources, work, progress, now)
}

/// The same, whatever has failed before: what undoes it takes its time too.
fn left(durations: &Durations, resources: &[&Resource], work: Work, progress: &Progress, now: Millis) -> Option<Eta> {
    let since = progress.undo_since.unwrap_or(Millis::MIN);
    let rows: BTreeMap<&str, &Row> = progress
        .rows
        .iter()
        .filter(|r| r.started >= since)
        .map(|r| (r.logical_id.as_str(), r))
        .collect();
    if rows.values().any(|row| durations.is_slow(row, now)) {
        return None;
    }
    let path = |share: f64, is_high: bool| {
        longest_path(resources, work, |r| {
            let whole = durations.typical_of(r, work);
            let typical = whole as f64;
            // What is late may be as late again, and may go on until no time is told of it any more.
            let late = |row: &Row| {
                let elapsed = row.elapsed(now) as f64;
                let is_late = elapsed > typical * RANGE.1;
                let rest = if is_late { patience(whole) as f64 - elapsed } else { 0.0 };
                (typical * LATE).max(elapsed - typical).max(rest)
            };
            match rows.get(r.logical_id.as_str()) {
                None => typical * share + STEP as f64,
                Some(row) if row.ended.is_some() => 0.0,
                Some(row) => (typical * share - row.elapsed(now) as f64).max(if is_high { late(row) } else { 0.0 }),
            }
        }) as Millis
    };
    // After the last resource comes the stack itself.
    Some(Eta {
        low: path(RANGE.0, false) + STEP,
        high: path(RANGE.1, true) + STEP,
    })
}

/// What is to be expected of the operation that runs, or ran last.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// Resources that are done, or undone.
    pub done: usize,
    /// Resources that it works on in all; as many as have been seen where nobody said.
    pub total: usize,
    /// Somebody said: the plan, or the template for a creation or deletion.
    pub is_total_known: bool,
    /// It is being rolled back.
    pub undo: Option<Undo>,
    /// How much longer; `None` when it has ended or there is no telling.
    pub eta: Option<Eta>,
    /// Tasks keep it from its end.
    pub is_held_up: bool,
}

impl Outlook {
    /// How much longer, or why there is no telling, in a few words.
    pub fn left(&self) -> Option<String> {
        let held_up = || self.is_held_up.then(|| NO_END.to_owned());
        self.eta.map(|eta| format!("still {}", eta.words())).or_else(held_up)
    }
}

/// What is known of the stack's newest operation.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The stack.
    pub stack: &'a Stack,
    /// What its events tell.
    pub progress: &'a Progress,
    /// The template's resources.
    pub resources: &'a [Resource],
    /// Those that the plan named, or that a deletion works on, where that is known.
    pub planned: Option<&'a [SafeText]>,
    /// Typical times.
    pub durations: &'a Durations,
    /// The cloud's time at which the events were told.
    pub now: Millis,
    /// Tasks keep it from its end, so that nobody knows how long it takes now.
    pub is_held_up: bool,
}

/// What a deletion that began at `since` works on, by logical id: what the stack has still, and what has gone since.
/// One that is repeated, because something stood in the way of the first, leaves out what was gone before it.
pub fn deleted(resources: &[StackResource], since: Millis) -> Vec<SafeText> {
    let is_touched = |r: &&StackResource| r.is_held() || r.at >= since;
    resources.iter().filter(is_touched).map(|r| r.logical_id.clone()).collect()
}

/// What is to be expected of the stack's newest operation.
pub fn outlook(model: &Model) -> Option<Outlook> {
    let stack = model.stack()?;
    let work = Work::of(&ResourceStatus(stack.status.0.clone()));
    let is_its_plan = |o: &&Operation| stack.change_set.as_ref().is_none_or(|id| o.change_set == *id);
    let planned = model
        .operation
        .as_ref()
        .filter(|o| stack.id == o.stack && o.work() == work)
        .filter(is_its_plan);
    // The list as it stands: what a creation still makes when its deletion is asked for comes to it.
    let listed = model.feeds.resources.get().filter(|_| work == Work::Delete);
    let touched = listed.map(|all| deleted(all, model.progress.started));
    let planned = planned.map(|o| o.resources.as_slice()).or(touched.as_deref());
    let known = Known {
        stack,
        progress: &model.progress,
        resources: &model.resources,
        planned,
        durations: &model.durations,
        now: model.events_at(),
        is_held_up: is_held_up(model),
    };
    let outlook = known.outlook();
    // How far it is, only its events tell.
    Some(Outlook {
        eta: outlook.eta.filter(|_| model.progress.is_told),
        ..outlook
    })
}

/// What is said in place of a time where tasks keep the operation from its end.
pub const NO_END: &str = "no end while tasks fail";

/// Tasks keep the operation that runs from its end: there is a cause for which a service does not get well.
fn is_held_up(model: &Model) -> bool {
    model.is_busy() && cause::find(model).is_some_and(|it| it.service.is_some())
}

impl Known<'_> {
    /// What is to be expected.
    pub fn outlook(self) -> Outlook {
        let work = Work::of(&ResourceStatus(self.stack.status.0.clone()));
        if let Some(undo) = self.progress.undo {
            return self.undoing(work, undo);
        }
        let is_involved = |r: &&Resource| self.planned.map_or(work != Work::Update, |ids| ids.contains(&r.logical_id));
        let involved = worked_on(self.resources, |r| is_involved(&r));
        let involved: Vec<&Resource> = involved.iter().collect();
        let total = self.planned.map_or(involved.len(), <[SafeText]>::len);
        let is_running = self.is_running() && !self.is_held_up;
        let eta = || remaining(self.durations, &involved, work, self.progress, self.now);
        Outlook {
            done: self.progress.done(),
            total: total.max(self.progress.rows.len()),
            is_total_known: total > 0,
            undo: None,
            eta: is_running.then(eta).flatten(),
            is_held_up: self.is_running() && self.is_held_up,
        }
    }

    fn is_running(self) -> bool {
        self.stack.status.is_at_work()
    }

    /// A rollback counts back what was done.
    fn undoing(self, work: Work, undo: Undo) -> Outlook {
        // A creation is undone by deletions; an update by updates.
        let work = if work == Work::Create { Work::Delete } else { Work::Update };
        let is_touched = |r: &&Resource| {
            let rows = &self.progress.rows;
            rows.iter().any(|row| row.logical_id == r.logical_id && row.is_undoable)
        };
        let touched = worked_on(self.resources, |r| is_touched(&r));
        let touched: Vec<&Resource> = touched.iter().collect();
        let is_running = self.is_running() && !touched.is_empty();
        Outlook {
            done: undo.of - undo.left,
            total: undo.of,
            is_total_known: true,
            undo: Some(undo),
            eta: is_running
                .then(|| left(self.durations, &touched, work, self.progress, self.now))
                .flatten(),
            is_held_up: false,
        }
    }
}

/// The longest way through the dependencies; a deletion goes it backwards.
fn longest_path(resources: &[&Resource], work: Work, time: impl Fn(&Resource) -> f64) -> f64 {
    let mut end: BTreeMap<&SafeText, f64> = BTreeMap::new();
    let mut longest = 0.0_f64;
    let mut visit = |resource: &Resource, before: f64| {
        let at = before + time(resource);
        longest = longest.max(at);
        at
    };
    if work == Work::Delete {
        for resource in resources.iter().rev() {
            let at = visit(resource, end.get(&resource.logical_id).copied().unwrap_or(0.0));
            for id in &resource.depends_on {
                let begin = end.entry(id).or_insert(0.0);
                *begin = begin.max(at);
            }
        }
    } else {
        for resource in resources {
            let before = resource
                .depends_on
                .iter()
                .filter_map(|id| end.get(id))
                .fold(0.0_f64, |a, b| a.max(*b));
            let at = visit(resource, before);
            end.insert(&resource.logical_id, at);
        }
    }
    longest
}

#[cfg(test)]
mod tests;
