//! Why an operation fails, joined while it fails: first error that is not a cancellation → stopped task
//! → its last lines → target reason → one sentence of advice. And what AWS's stop codes and reasons mean in plain words.

mod join;
mod last;
mod left;
mod words;

use std::collections::BTreeMap;

pub use self::{
    join::{Known, LOG},
    last::{fitting, last_of},
    words::{Clues, Meaning, Reader, explain, meaning, of_image, of_log, of_target, of_task},
};
use super::{
    eta::{Durations, Work},
    fact::{Millis, Service, StackEvent, Task},
    lines::Lines,
    logline::{self, Level},
    model::Model,
    names::Names,
    progress::{Progress, Row},
    rollout,
    text::SafeText,
};

/// Parameters of a stack by name: what the network is, decides what a failure means.
type Parameters = BTreeMap<String, String>;

/// It was stopped on purpose: by hand, by scaling, by a new deployment.
pub fn is_on_purpose(task: &Task) -> bool {
    match task.stop_code.as_str() {
        "UserInitiated" => true,
        "ServiceSchedulerInitiated" => meaning(&task.stopped_reason).is_none(),
        _ => false,
    }
}

/// Why a stopped task stopped, in one phrase for a list: what it means in a stack with these parameters, and its exit code.
pub fn stop_phrase(task: &Task, parameters: &Parameters) -> String {
    let exit = task.containers.iter().filter_map(|c| c.exit_code).find(|c| *c != 0);
    let exit = exit.map(|c| format!(" (exit {c})")).unwrap_or_default();
    let why = if is_on_purpose(task) {
        "on purpose".to_owned()
    } else {
        of_task(task, parameters).map_or_else(|| super::health::stop_words(task), |m| m.plain.to_owned())
    };
    format!("{why}{exit}")
}

/// What a card tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
pub enum Matter {
    /// Why an operation fails or has failed.
    Cause,
    /// What a rollback that is done has left as it was, which is somebody's to mend.
    #[strum(serialize = "Left out")]
    LeftOut,
}

/// The cause card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What it tells.
    pub matter: Matter,
    /// What failed.
    pub title: SafeText,
    /// Name of the service that it is about, where it is one.
    pub service: Option<SafeText>,
    /// AWS's own texts from the outside in: label and text.
    pub evidence: Vec<(&'static str, SafeText)>,
    /// What they come to, in plain words.
    pub plain: SafeText,
    /// What to do now.
    pub advice: SafeText,
}

impl Cause {
    /// The card as text for the clipboard.
    pub fn card(&self) -> SafeText {
        let evidence: Vec<String> = self.evidence.iter().map(|(label, text)| format!("{label}: {text}")).collect();
        let so = match self.matter {
            Matter::Cause => "cause",
            Matter::LeftOut => "so",
        };
        SafeText::of_lines(&format!(
            "{}\n{}\n{so}: {}\n{}",
            self.title,
            evidence.join("\n"),
            self.plain,
            self.advice
        ))
    }

    /// The cause in one clause, for a line of its own; `None` when nothing more than the stack's status is known.
    pub fn clause(&self) -> Option<&str> {
        (self.plain != join::UNKNOWN).then_some(&*self.plain)
    }

    /// What the load balancer says of a target is a part of it.
    pub fn rests_on_target(&self) -> bool {
        self.evidence.iter().any(|(label, _)| *label == join::TARGET)
    }
}

/// Why the newest operation of the stack fails or has failed; `None` when nothing points to a failure.
pub fn find(model: &Model) -> Option<Cause> {
    let services = model.feeds.services.get().map(Vec::as_slice).unwrap_or_default();
    let tasks = model.feeds.tasks.get().map(Vec::as_slice).unwrap_or_default();
    // Until its own events are told, those that are known, and tasks that fell before it, are of the operation before.
    let (is_told, since) = (model.progress.is_told, model.progress.started);
    let events = model.feeds.events.get().filter(|_| is_told);
    let is_of_it = |task: &&Task| is_told || task.stopped.is_some_and(|at| at >= since);
    let known = Known {
        stack: model.stack()?,
        events: events.map(Vec::as_slice).unwrap_or_default(),
        services,
        falls: falls(tasks).chain(&model.last_fall).filter(is_of_it).collect(),
        last_lines: model.fall_log.iter().map(|(arn, lines)| (arn, lines.as_slice())).collect(),
        targets: model.feeds.targets.get().map(Vec::as_slice).unwrap_or_default(),
        late: late(services, &model.names(), (&model.progress, &model.durations), model.events_at()),
        reader: Reader::Console,
    };
    known.cause()
}

/// Names of the services for which the operation that runs waits longer than usual: one that starts has a while to get
/// well.
pub fn late<'a>(services: &'a [Service], names: &Names, (progress, durations): (&Progress, &Durations), now: Millis) -> Vec<&'a SafeText> {
    let is_late = |r: &&Row| r.elapsed(now) > durations.typical(&r.kind, Work::of(&r.status));
    let rows = progress.running().filter(|r| Work::of(&r.status) != Work::Delete);
    let rows: Vec<&Row> = rows.filter(is_late).collect();
    let is_awaited = |s: &&Service| rows.iter().any(|r| rollout::is_of(names, r, s));
    services.iter().filter(is_awaited).map(|s| &s.name).collect()
}

/// What to do about an event, for a reader: with the id of the security group that it is about, if it is one.
pub fn advice(meaning: Meaning, event: Option<&StackEvent>, reader: Reader) -> String {
    let text = meaning.advice(reader);
    // It is put into a command line: nothing but an id.
    let is_id = |id: &str| {
        id.strip_prefix("sg-")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    match event.map(|e| e.physical_id.as_str()).filter(|id| is_id(id)) {
        Some(id) => text.replace("<the group>", id),
        None => text,
    }
}

/// Name of the log stream of a task: the template's prefix, its container, its id.
pub fn stream(task: &Task, app: super::names::App) -> SafeText {
    let container = task.containers.first().map(|c| c.name.as_str()).unwrap_or_default();
    format!("{app}/{container}/{}", task.id()).into()
}

/// The newest error since `from` whose meaning is known, among lines that are held: what it means, and the line.
pub fn in_lines(lines: &Lines, from: Millis) -> Option<(Meaning, SafeText)> {
    std::iter::successors(lines.last(), |spot| lines.prev(*spot))
        .map_while(|spot| lines.line(spot).filter(|line| line.at() >= from))
        .filter(|line| line.level() >= Level::Error)
        .find_map(|line| Some((of_log(line.raw())?, logline::display(line.raw()))))
}

/// A reason of CloudFormation without its wrapping: `Resource handler returned message: "…" (RequestToken: …)`.
pub fn gist(reason: &str) -> &str {
    let text = reason.strip_prefix("Resource handler returned message: ").unwrap_or(reason);
    let text = text.split(" (RequestToken: ").next().unwrap_or(text);
    text.trim_matches('"')
}

/// Tasks that stopped against anybody's will.
pub fn falls(tasks: &[Task]) -> impl Iterator<Item = &Task> {
    tasks.iter().filter(|t| t.is_stopped() && !is_on_purpose(t))
}

#[cfg(test)]
mod tests;
