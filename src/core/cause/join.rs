//! The join of the cause card: from the first error of an operation down to the last lines of a task.

use super::{
    super::{
        fact::{Millis, Service, Stack, StackEvent, Target, TargetGroup, Task},
        health::stop_words,
        names::Names,
        progress::{Progress, newest_operation},
        rollout,
        text::SafeText,
    },
    Cause, Clues, Matter, Parameters, Reader, advice, explain, gist,
    words::told_to,
};
use crate::core::awscli;

/// What the card says for a cause where no text tells it.
pub(super) const UNKNOWN: &str = "see the texts above";

/// Label of what the load balancer says of a target.
pub(super) const TARGET: &str = "target";

/// Label of a line that a task wrote.
pub const LOG: &str = "log";

/// What ECS writes of a task that its target group gave up.
const UNHEALTHY: &str = " is unhealthy in (target-group ";

/// What is to be done where no text tells the cause.
const LOOK: &str = "Look at the log (L; `bic-tui logs`) and at the stopped tasks (3, then x; `bic-tui tasks --stopped`).";

/// The same where no task has stopped.
const LOOK_ALIVE: &str = "Look at the log (L; `bic-tui logs`) and at the tasks (3; `bic-tui tasks`).";

/// The same where nothing is left to be looked at.
const GONE: &str =
    "Tasks and log went with the rollback. Delete its record (R; `bic-tui destroy`) and deploy again: the cause is told while it fails.";

/// All that is known of an operation that may go wrong.
#[derive(Debug)]
pub struct Known<'a> {
    /// The stack.
    pub stack: &'a Stack,
    /// Its events, newest first.
    pub events: &'a [StackEvent],
    /// Its services.
    pub services: &'a [Service],
    /// Tasks that stopped against anybody's will.
    pub falls: Vec<&'a Task>,
    /// ARNs of some of them, and the last lines that each wrote.
    pub last_lines: Vec<(&'a SafeText, &'a [SafeText])>,
    /// Its target groups.
    pub targets: &'a [TargetGroup],
    /// Names of the services that the operation waits for longer than usual.
    pub late: Vec<&'a SafeText>,
    /// Who is told what to do.
    pub reader: Reader,
}

/// A stretch of an operation: its events, newest first, and the tasks that belong to it.
#[derive(Debug, Clone, Copy)]
struct Stretch<'a> {
    events: &'a [StackEvent],
    /// When it began: what stopped before is none of it.
    since: Millis,
    /// Its tasks were made from then on, and before then.
    made: (Millis, Millis),
}

/// ECS's word on a service: its name, and the text.
type Word<'a> = (&'a SafeText, &'a SafeText);

/// What tells of a failure, from the outside in.
#[derive(Debug, Clone, Copy, Default)]
struct Witnesses<'a> {
    event: Option<&'a StackEvent>,
    placing: Option<Word<'a>>,
    task: Option<&'a Task>,
    log: &'a [SafeText],
    target: Option<(&'a TargetGroup, &'a Target)>,
    /// The service of that target, where the operation waits for it longer than usual.
    awaited: Option<&'a SafeText>,
}

impl<'a> Known<'a> {
    /// Why the newest operation fails or has failed; `None` when nothing points to a failure.
    pub fn cause(&self) -> Option<Cause> {
        let status = &self.stack.status;
        if !status.is_failure() && !status.is_in_progress() {
            return None;
        }
        if let Some(card) = self.left_out() {
            return Some(card);
        }
        let (stretch, earlier) = self.stretches();
        let it = self.witnesses(stretch);
        if it.event.is_none() && it.task.is_none() && it.placing.is_none() && it.awaited.is_none() {
            return None;
        }
        let best = explain(&it.clues(self.stack.given()));
        let plain = best.map_or_else(|| it.event.map_or(UNKNOWN, |e| gist(&e.reason)), |m| m.plain);
        let is_vague = best.is_none_or(|m| m.is_general) && it.task.is_none();
        let mend = match best {
            _ if is_vague && self.stack.status.is_rolled_back_creation() => told_to(self.reader, GONE),
            Some(meaning) => advice(meaning, it.event, self.reader),
            None if it.task.is_none() => told_to(self.reader, LOOK_ALIVE),
            None => told_to(self.reader, LOOK),
        };
        let mut evidence = it.evidence();
        evidence.extend(earlier.and_then(|e| self.led(e)).map(|text| ("before", text)));
        let advice = match self.way_on(stretch).filter(|_| earlier.is_some()) {
            Some(way) => format!("{way} {mend}"),
            None => mend,
        };
        let suffix = if earlier.is_some() { " while rolling back" } else { "" };
        Some(Cause {
            matter: Matter::Cause,
            title: format!("{}{suffix}", it.title()).into(),
            service: it.service(),
            evidence,
            plain: plain.into(),
            advice: advice.into(),
        })
    }

    /// Where the cause is looked for, and what was before that: a rollback that failed has a cause of its own, which is in
    /// what it did last.
    fn stretches(&self) -> (Stretch<'a>, Option<Stretch<'a>>) {
        let events = newest_operation(self.events);
        let whole = Stretch {
            events,
            since: events.last().map_or(0, |e| e.at),
            made: (Millis::MIN, Millis::MAX),
        };
        let is_undo = |e: &StackEvent| e.is_stack() && e.status.0.ends_with("ROLLBACK_IN_PROGRESS");
        let has_failed = self.stack.status.0.ends_with("ROLLBACK_FAILED");
        let Some(at) = events.iter().position(is_undo).filter(|_| has_failed) else {
            return (whole, None);
        };
        let undo = Stretch {
            events: &events[..at],
            since: events[at].at,
            made: (events[at].at, Millis::MAX),
        };
        if first_error(undo.events).is_none() {
            return (whole, None);
        }
        let earlier = Stretch {
            events: &events[at..],
            made: (Millis::MIN, events[at].at),
            ..whole
        };
        (undo, Some(earlier))
    }

    fn witnesses(&self, stretch: Stretch<'a>) -> Witnesses<'a> {
        let event = first_error(stretch.events);
        let is_open = event.is_none_or(is_service);
        let task = self.fall(event, stretch);
        let target = sick_target(self.targets).filter(|_| is_open);
        Witnesses {
            event,
            placing: self.complaint(stretch.since).filter(|_| is_open),
            task,
            log: task.map_or(&[], |t| self.log_of(t)),
            target,
            awaited: target.and_then(|(group, _)| self.awaited(group)),
        }
    }

    /// What went wrong before, in one line: `the update failed on LiteLLMService: …`.
    fn led(&self, earlier: Stretch<'a>) -> Option<SafeText> {
        let event = first_error(earlier.events)?;
        let it = Witnesses {
            event: Some(event),
            task: self.fall(Some(event), earlier),
            ..Witnesses::default()
        };
        let what = match earlier.events.last().map(|e| e.status.0.as_str()) {
            Some("CREATE_IN_PROGRESS") => "creation",
            _ => "update",
        };
        let why = explain(&it.clues(self.stack.given())).map_or_else(|| gist(&event.reason), |m| m.plain);
        Some(format!("the {what} had failed on {}: {why}", event.logical_id).into())
    }

    /// How a rollback that failed goes on: what CloudFormation tries again, or leaves out.
    fn way_on(&self, stretch: Stretch<'a>) -> Option<String> {
        if self.stack.status.0 != "UPDATE_ROLLBACK_FAILED" {
            return None;
        }
        let mut failed: Vec<&str> = errors(stretch.events).map(|e| e.logical_id.as_str()).collect();
        failed.dedup();
        let names = failed.join(" and ");
        let it = if failed.len() == 1 { "it" } else { "them" };
        Some(match self.reader {
            Reader::Console => format!("Continue the rollback (R): try {names} again, or leave {it} out."),
            Reader::Script => {
                let skip: Vec<String> = failed.iter().map(|id| format!("--skip {}", awscli::quote(id))).collect();
                format!(
                    "`bic-tui unstick continue-rollback` tries {names} again; with `{}` it leaves {it} out.",
                    skip.join(" ")
                )
            }
        })
    }

    /// The newest fall of the stretch, of the failed service where it is one; rather one whose lines are known.
    fn fall(&self, event: Option<&StackEvent>, stretch: Stretch<'_>) -> Option<&'a Task> {
        // An event about something else, such as a role, is not explained by a task.
        if event.is_some_and(|e| !is_service(e)) {
            return None;
        }
        let service = event.and_then(|e| e.physical_id.rsplit('/').next());
        let (first, last) = stretch.made;
        let is_of_it = |t: &&Task| t.created.or(t.stopped).is_some_and(|at| first <= at && at < last);
        let is_open = event.is_some() || self.stack.status.is_failure();
        let falls = || self.falls.iter().copied().filter(is_of_it);
        let falls = || falls().filter(|t| is_open || self.is_missed(t));
        let falls = || falls().filter(|t| t.stopped.is_some_and(|at| at >= stretch.since));
        let newest = falls().max_by_key(|t| (service.is_some_and(|s| t.service == *s), t.stopped))?;
        // Its lines may not have come yet; those of an earlier one that fell the same way tell as much.
        let is_same = |t: &&Task| t.service == newest.service && stop_words(t) == stop_words(newest);
        let told = falls().filter(|t| is_same(t) && !self.log_of(t).is_empty());
        Some(told.max_by_key(|t| t.stopped).unwrap_or(newest))
    }

    /// The last lines of a task, as far as they are known.
    fn log_of(&self, task: &Task) -> &'a [SafeText] {
        let mut known = self.last_lines.iter();
        known.find(|(arn, _)| task.arn == **arn).map_or(&[], |(_, lines)| lines)
    }

    /// ECS has not made up for a task that stopped: its service has too few, or is still worked on.
    fn is_missed(&self, task: &Task) -> bool {
        let Some(service) = self.services.iter().find(|s| s.name == task.service) else {
            return true;
        };
        let names = Names::of(self.stack);
        let is_worked_on = || {
            let progress = Progress::read(self.stack, self.events);
            progress.running().any(|row| rollout::is_of(&names, row, service))
        };
        // Without its events it may be.
        service.running < service.desired || self.events.is_empty() || is_worked_on()
    }

    /// ECS's newest word that it can not place a task, or that one does not get well for which the operation waits:
    /// service and text.
    fn complaint(&self, since: Millis) -> Option<Word<'a>> {
        self.services
            .iter()
            .flat_map(|s| s.events.iter().map(move |e| (s, e)))
            .filter(|(_, e)| e.at >= since)
            .filter(|(s, e)| {
                let is_unplaced = s.running < s.desired && e.message.contains("was unable to place a task");
                is_unplaced || (e.message.contains(UNHEALTHY) && self.late.contains(&&s.name))
            })
            .max_by_key(|(_, e)| e.at)
            .map(|(s, e)| (&s.name, &e.message))
    }

    /// The service of a target group, where the operation that runs waits for it longer than usual.
    fn awaited(&self, group: &TargetGroup) -> Option<&'a SafeText> {
        let is_it = |s: &&Service| s.target_groups.contains(&group.arn) && self.late.contains(&&s.name);
        self.services.iter().find(is_it).map(|s| &s.name)
    }
}

impl Witnesses<'_> {
    fn clues(&self, parameters: Parameters) -> Clues<'_> {
        let mut clues = self.task.map(Clues::of_task).unwrap_or_default();
        let placing = self.placing.map(|(_, text)| text.as_str());
        let outer = self.event.map(|e| e.reason.as_str()).into_iter().chain(placing);
        clues.texts = outer.chain(clues.texts).collect();
        clues.targets = self
            .target
            .map(|(_, t)| vec![t.reason.as_str(), t.description.as_str()])
            .unwrap_or_default();
        clues.targets.extend(placing.filter(|text| text.contains(UNHEALTHY)));
        clues.kind = self.event.map_or("", |e| &e.resource_type);
        clues.log = self.log.iter().map(SafeText::as_str).collect();
        clues.parameters = parameters;
        clues
    }

    /// The service that all this is about.
    fn service(&self) -> Option<SafeText> {
        if let Some(event) = self.event {
            return is_service(event).then(|| event.physical_id.rsplit('/').next().unwrap_or_default().into());
        }
        let named = self.task.map(|t| &t.service).or(self.placing.map(|(service, _)| service));
        named.or(self.awaited).cloned()
    }

    fn title(&self) -> String {
        match (self.event, self.task, self.placing) {
            (Some(e), ..) => format!("{} ({}): {}", e.logical_id, e.resource_type, e.status.0),
            (None, Some(t), _) => format!("A task of {} does not stay up", t.service),
            (None, None, Some((service, text))) if text.contains(UNHEALTHY) => sick(service),
            (None, None, Some((service, _))) => format!("{service} can not start a task"),
            (None, None, None) => self.awaited.map_or_else(String::new, |service| sick(service)),
        }
    }

    fn evidence(&self) -> Vec<(&'static str, SafeText)> {
        let mut out = Vec::new();
        if let Some(e) = self.event.filter(|e| !e.reason.is_empty()) {
            out.push(("event", gist(&e.reason).into()));
        }
        if let Some((service, text)) = self.placing {
            let text = text.strip_prefix(&format!("(service {service}) ")).unwrap_or(text);
            out.push(("ECS", rollout::named(text).into()));
        }
        if let Some(t) = self.task {
            let short: String = t.id().chars().take(8).collect();
            out.push(("task", format!("{short} of {}: {}", t.service, stop_words(t)).into()));
        }
        out.extend(self.log.iter().map(|line| (LOG, line.clone())));
        if let Some((group, t)) = self.target {
            let about = if t.description.is_empty() { &t.reason } else { &t.description };
            out.push((TARGET, format!("{} in {}: {} {about}", t.id, group.name(), t.state).into()));
        }
        out
    }
}

fn sick(service: &str) -> String {
    format!("{service} does not pass the health check of the load balancer")
}

/// The resources that failed by themselves, the first one first. What CloudFormation cancels because of it says nothing.
fn errors(events: &[StackEvent]) -> impl Iterator<Item = &StackEvent> {
    let failed = |e: &&StackEvent| !e.is_stack() && e.status.is_failure();
    let own = move |e: &&StackEvent| failed(e) && !e.reason.to_lowercase().contains("cancelled");
    events.iter().rev().filter(own)
}

fn first_error(events: &[StackEvent]) -> Option<&StackEvent> {
    errors(events).next()
}

fn is_service(event: &StackEvent) -> bool {
    event.resource_type == "AWS::ECS::Service"
}

fn sick_target(groups: &[TargetGroup]) -> Option<(&TargetGroup, &Target)> {
    groups
        .iter()
        .flat_map(|g| g.targets.iter().map(move |t| (g, t)))
        .find(|(_, t)| t.state == "unhealthy" || t.state == "unavailable")
}
