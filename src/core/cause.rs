//! Why an operation fails, joined while it fails: first error that is not a cancellation → stopped task
//! → its last lines → target reason → one sentence of advice. And what AWS's stop codes and reasons mean in plain words.

mod words;

use std::collections::BTreeMap;

pub use self::words::{Clues, Meaning, Reader, explain, meaning, of_image, of_log, of_target, of_task};
use super::{
    eta::Work,
    fact::{LogEvent, Millis, Service, StackEvent, Target, TargetGroup, Task},
    lines::Lines,
    logline::{self, Level},
    model::Model,
    progress::{Row, newest_operation},
    rollout,
    text::SafeText,
};

/// It was stopped on purpose: by hand, by scaling, by a new deployment.
pub fn is_on_purpose(task: &Task) -> bool {
    match task.stop_code.as_str() {
        "UserInitiated" => true,
        "ServiceSchedulerInitiated" => meaning(&task.stopped_reason).is_none(),
        _ => false,
    }
}

/// Why a stopped task stopped, in one phrase for a list: what it means, and its exit code.
pub fn stop_phrase(task: &Task) -> String {
    let exit = task.containers.iter().filter_map(|c| c.exit_code).find(|c| *c != 0);
    let exit = exit.map(|c| format!(" (exit {c})")).unwrap_or_default();
    let why = if is_on_purpose(task) {
        "on purpose".to_owned()
    } else {
        of_task(task).map_or_else(|| super::health::stop_words(task), |m| m.plain.to_owned())
    };
    format!("{why}{exit}")
}

/// The cause card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What failed.
    pub title: SafeText,
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
        SafeText::of_lines(&format!(
            "{}\n{}\ncause: {}\n{}",
            self.title,
            evidence.join("\n"),
            self.plain,
            self.advice
        ))
    }
}

/// Why the newest operation of the stack fails or has failed; `None` when nothing points to a failure.
pub fn find(model: &Model) -> Option<Cause> {
    let stack = model.stack()?;
    if !stack.status.is_failure() && !stack.status.is_in_progress() {
        return None;
    }
    let events = model.feeds.events.get().map(Vec::as_slice).unwrap_or_default();
    let event = first_error(events);
    let task = stopped_task(model, event);
    let placing = complaint(model).filter(|_| event.is_none_or(is_service));
    let targets = model.feeds.targets.get().map(Vec::as_slice).unwrap_or_default();
    let target = sick_target(targets).filter(|_| event.is_none_or(is_service));
    let awaited = target.and_then(|(group, _)| awaited(model, group));
    if event.is_none() && task.is_none() && placing.is_none() && awaited.is_none() {
        return None;
    }
    let log = task.map_or(&[][..], |t| last_lines(model, t));
    let parameters = stack.parameters.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    let best = explain(&clues((event, placing, task, target), log, parameters));
    let plain = best.map_or_else(|| event.map_or(UNKNOWN, |e| &e.reason), |m| m.plain);
    let advice = best.map_or_else(
        || "Look at the log (L) and at the stopped tasks (3, then x).".to_owned(),
        |m| advice(m, event, Reader::Console),
    );
    Some(Cause {
        title: title((event, placing, task), awaited).into(),
        evidence: evidence(event, placing, (task, log), target),
        plain: plain.into(),
        advice: advice.into(),
    })
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

type Witnesses<'a> = (
    Option<&'a StackEvent>,
    Option<(&'a SafeText, &'a SafeText)>,
    Option<&'a Task>,
    Option<(&'a TargetGroup, &'a Target)>,
);

/// All that is known, from the outside in.
pub fn clues<'a>((event, placing, task, target): Witnesses<'a>, log: &'a [SafeText], parameters: BTreeMap<String, String>) -> Clues<'a> {
    let mut clues = task.map(Clues::of_task).unwrap_or_default();
    let outer = event
        .map(|e| e.reason.as_str())
        .into_iter()
        .chain(placing.map(|(_, text)| text.as_str()));
    clues.texts = outer.chain(clues.texts).collect();
    clues.targets = target
        .map(|(_, t)| vec![t.reason.as_str(), t.description.as_str()])
        .unwrap_or_default();
    clues
        .targets
        .extend(placing.map(|(_, text)| text.as_str()).filter(|text| text.contains(UNHEALTHY)));
    clues.kind = event.map_or("", |e| &e.resource_type);
    clues.log = log.iter().map(SafeText::as_str).collect();
    clues.parameters = parameters;
    clues
}

/// The cause in one clause, for a line of its own; `None` when nothing more than the stack's status is known.
pub fn clause(model: &Model) -> Option<String> {
    let plain = find(model)?.plain;
    (plain != UNKNOWN).then(|| gist(&plain).to_owned())
}

/// The cause in one clause as far as the stack's events tell it, newest first.
pub fn of_events(events: &[StackEvent], parameters: BTreeMap<String, String>) -> Option<String> {
    let event = first_error(events)?;
    let best = explain(&clues((Some(event), None, None, None), &[], parameters));
    Some(best.map_or_else(|| gist(&event.reason), |m| m.plain).to_owned())
}

/// What the card says for a cause where no text tells it.
const UNKNOWN: &str = "see the texts above";

/// How many of its last lines a task is remembered by.
pub const LAST_LINES: usize = 6;

/// Name of the log stream of a task: the template's prefix, its container, its id.
pub fn stream(task: &Task, app: super::names::App) -> SafeText {
    let container = task.containers.first().map(|c| c.name.as_str()).unwrap_or_default();
    format!("{app}/{container}/{}", task.id()).into()
}

/// The last lines of events of one stream, as they are shown.
pub fn last_of(events: &[LogEvent]) -> Vec<SafeText> {
    let mut sorted: Vec<&LogEvent> = events.iter().collect();
    sorted.sort_by_key(|e| e.at);
    let parts = sorted.iter().flat_map(|e| logline::shown_parts(e.message.as_raw()));
    let shown: Vec<SafeText> = parts.filter(|p| !p.trim().is_empty()).map(logline::display).collect();
    shown[shown.len().saturating_sub(LAST_LINES)..].to_vec()
}

/// The newest error since `from` whose meaning is known, among lines that are held: what it means, and the line.
pub fn in_lines(lines: &Lines, from: Millis) -> Option<(Meaning, SafeText)> {
    std::iter::successors(lines.last(), |spot| lines.prev(*spot))
        .map_while(|spot| lines.line(spot).filter(|line| line.at() >= from))
        .filter(|line| line.level() >= Level::Error)
        .find_map(|line| Some((of_log(line.raw())?, logline::display(line.raw()))))
}

/// The last lines of a task, where they have been asked for.
fn last_lines<'a>(model: &'a Model, task: &Task) -> &'a [SafeText] {
    model
        .fall_log
        .as_ref()
        .filter(|(arn, _)| *arn == task.arn)
        .map_or(&[], |(_, lines)| lines.as_slice())
}

fn sick(service: &str) -> String {
    format!("{service} does not pass the health check of the load balancer")
}

type Failure<'a> = (Option<&'a StackEvent>, Option<(&'a SafeText, &'a SafeText)>, Option<&'a Task>);

fn title((event, placing, task): Failure<'_>, awaited: Option<&SafeText>) -> String {
    match (event, task, placing) {
        (Some(e), ..) => format!("{} ({}): {}", e.logical_id, e.resource_type, e.status.0),
        (None, Some(t), _) => format!("A task of {} does not stay up", t.service),
        (None, None, Some((service, text))) if text.contains(UNHEALTHY) => sick(service),
        (None, None, Some((service, _))) => format!("{service} can not start a task"),
        (None, None, None) => awaited.map_or_else(String::new, |service| sick(service)),
    }
}

fn evidence(
    event: Option<&StackEvent>,
    placing: Option<(&SafeText, &SafeText)>,
    (task, log): (Option<&Task>, &[SafeText]),
    target: Option<(&TargetGroup, &Target)>,
) -> Vec<(&'static str, SafeText)> {
    let mut out = Vec::new();
    if let Some(e) = event.filter(|e| !e.reason.is_empty()) {
        out.push(("event", gist(&e.reason).into()));
    }
    if let Some((_, text)) = placing {
        out.push(("ECS", rollout::named(text).into()));
    }
    if let Some(t) = task {
        let short: String = t.id().chars().take(8).collect();
        out.push(("task", format!("{short} of {}: {}", t.service, super::health::stop_words(t)).into()));
    }
    out.extend(log.iter().map(|line| ("log", line.clone())));
    if let Some((group, t)) = target {
        let about = if t.description.is_empty() { &t.reason } else { &t.description };
        out.push(("target", format!("{} in {}: {} {about}", t.id, group.name(), t.state).into()));
    }
    out
}

/// A reason of CloudFormation without its wrapping: `Resource handler returned message: "…" (RequestToken: …)`.
fn gist(reason: &str) -> &str {
    let text = reason.strip_prefix("Resource handler returned message: ").unwrap_or(reason);
    let text = text.split(" (RequestToken: ").next().unwrap_or(text);
    text.trim_matches('"')
}

/// The first resource that failed by itself. What CloudFormation cancels because of it says nothing.
fn first_error(events: &[StackEvent]) -> Option<&StackEvent> {
    let failed = |e: &&StackEvent| !e.is_stack() && e.status.is_failure();
    let own = |e: &&StackEvent| failed(e) && !e.reason.to_lowercase().contains("cancelled");
    newest_operation(events).iter().rev().find(own)
}

/// Tasks that stopped against anybody's will.
pub fn falls(tasks: &[Task]) -> impl Iterator<Item = &Task> {
    tasks.iter().filter(|t| t.is_stopped() && !is_on_purpose(t))
}

/// The newest fall since the operation began, of the failed service where it is one.
fn stopped_task<'a>(model: &'a Model, event: Option<&StackEvent>) -> Option<&'a Task> {
    // An event about something else, such as a role, is not explained by a task.
    if event.is_some_and(|e| !is_service(e)) {
        return None;
    }
    let service = event.and_then(|e| e.physical_id.rsplit('/').next());
    let tasks = model.feeds.tasks.get().map(Vec::as_slice).unwrap_or_default();
    falls(tasks)
        .chain(&model.last_fall)
        .filter(|t| t.stopped.is_some_and(|at| at >= model.progress.started))
        .max_by_key(|t| (service.is_some_and(|s| t.service == *s), t.stopped))
}

fn is_service(event: &StackEvent) -> bool {
    event.resource_type == "AWS::ECS::Service"
}

/// What ECS writes of a task that its target group gave up.
const UNHEALTHY: &str = " is unhealthy in (target-group ";

/// ECS's newest word that it can not place a task, or that one does not get well for which the operation waits, since the operation began:
/// service and text.
fn complaint(model: &Model) -> Option<(&SafeText, &SafeText)> {
    let services = model.feeds.services.get()?;
    services
        .iter()
        .flat_map(|s| s.events.iter().map(move |e| (s, e)))
        .filter(|(_, e)| e.at >= model.progress.started)
        .filter(|(s, e)| {
            let is_unplaced = s.running < s.desired && e.message.contains("was unable to place a task");
            is_unplaced || (e.message.contains(UNHEALTHY) && is_late(model, s))
        })
        .max_by_key(|(_, e)| e.at)
        .map(|(s, e)| (&s.name, &e.message))
}

/// The service of a target group, where the operation that runs waits for it longer than usual.
fn awaited<'a>(model: &'a Model, group: &TargetGroup) -> Option<&'a SafeText> {
    let is_it = |s: &&Service| s.target_groups.contains(&group.arn) && is_late(model, s);
    model.feeds.services.get()?.iter().find(is_it).map(|s| &s.name)
}

/// The operation that runs waits for the service longer than usual: one that starts has a while to get well.
fn is_late(model: &Model, service: &Service) -> bool {
    let is_late = |r: &&Row| r.elapsed(model.events_at()) > model.durations.typical(&r.kind, Work::of(&r.status));
    let rows = model.progress.running().filter(|r| Work::of(&r.status) != Work::Delete);
    rows.filter(is_late).any(|r| rollout::is_of(model, r, service))
}

fn sick_target(groups: &[TargetGroup]) -> Option<(&TargetGroup, &Target)> {
    groups
        .iter()
        .flat_map(|g| g.targets.iter().map(move |t| (g, t)))
        .find(|(_, t)| t.state == "unhealthy" || t.state == "unavailable")
}

#[cfg(test)]
mod tests;
