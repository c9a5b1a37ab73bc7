//! The health strip: facts in, findings out, worst first; nothing when all is well.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::{
    alarms,
    cause::{self, Cause},
    fact::{Alarm, Millis, Service, Stack, TargetGroup, Task},
    lines::{ErrorShape, Lines},
    model::Times,
    names::Names,
    sleep,
    text::SafeText,
    when,
};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Under way or at risk.
    Warning,
    /// Users are hurt, or soon will be.
    Bad,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// What, with the cause.
    pub text: SafeText,
}

/// What the findings rest on; what has not come yet is `None`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    /// The stack.
    pub stack: Option<&'a Stack>,
    /// Why its operation fails or failed, as the cause card has it.
    pub cause: Option<&'a Cause>,
    /// What to do about a stack that waits for somebody, in a few words.
    pub way_out: Option<&'a str>,
    /// When its operation began, in words, where that was not from here.
    pub elsewhere: Option<&'a str>,
    /// `cancelled` where its update was given up on purpose, and by whom as far as that is known.
    pub cancelled: Option<&'a str>,
    /// The services.
    pub services: Option<&'a [Service]>,
    /// Their tasks.
    pub tasks: Option<&'a [Task]>,
    /// Target groups.
    pub targets: Option<&'a [TargetGroup]>,
    /// The stack's alarms.
    pub alarms: Option<&'a [Alarm]>,
    /// The log lines held.
    pub logs: Option<&'a Lines>,
    /// By how much they are behind `now`, in milliseconds.
    pub logs_behind: Millis,
    /// How times are shown.
    pub times: Times,
    /// The operator's time zone; UTC when none.
    pub zone: Option<&'a TimeZone>,
    /// What shows the errors among them: the console's keys when empty.
    pub shows_errors: &'a str,
    /// What puts a stack that is half asleep to sleep, and what wakes it.
    pub ends_half_sleep: &'a str,
    /// The cloud's time.
    pub now: Millis,
}

/// Stopped tasks older than this say nothing about now, in milliseconds. ECS waits longer and longer
/// between two attempts, about half an hour in the end, and lists what has stopped for an hour.
const RECENT: Millis = 60 * 60 * 1000;

/// A task younger than this may still be starting, in milliseconds: its image comes, and the template gives
/// it five minutes before health checks count.
const YOUNG: Millis = 10 * 60 * 1000;

/// Errors in the log older than this say nothing about now, in milliseconds.
pub const LOG_RECENT: Millis = 10 * 60 * 1000;
/// A single error is no trouble yet, since the next try may be well; it is told quietly.
const LOG_TROUBLE: u32 = 2;
/// Of the most frequent shapes of errors, this many at most, the first that is understood gives the reason.
const LOG_SHAPES: usize = 20;
/// Logs that are further behind than this are said to be, in milliseconds.
const LOG_BEHIND: Millis = 60 * 1000;

/// All findings, worst first.
pub fn findings(evidence: Evidence<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    if let Some(stack) = evidence.stack {
        stack_findings(stack, evidence, &mut out);
    }
    // What goes with its stack is no trouble of its own.
    let is_going = evidence.stack.is_some_and(|s| s.status.0 == "DELETE_IN_PROGRESS");
    let evidence = if is_going {
        Evidence {
            services: None,
            targets: None,
            alarms: None,
            ..evidence
        }
    } else {
        evidence
    };
    let services = evidence.services.unwrap_or_default();
    for service in services {
        service_findings(service, evidence, &mut out);
    }
    // While CloudFormation is at work nothing can be done about it.
    if let Some(stack) = evidence.stack.filter(|stack| !stack.status.is_at_work())
        && let Some(half) = sleep::half_asleep(services, &Names::of(stack))
    {
        push(&mut out, Severity::Warning, format!("{half}: {}", evidence.ends_half_sleep));
    }
    let is_asleep = sleep::is_asleep(services);
    // Who waits for tasks has no target yet: that only follows.
    let is_short = services.iter().any(|s| s.running < s.desired);
    for group in evidence.targets.unwrap_or_default() {
        if !is_asleep && !sleep::rests(group, services) {
            group_findings(group, is_short, evidence, &mut out);
        }
    }
    if let Some(lines) = evidence.logs {
        log_findings(lines, evidence, &mut out);
    }
    // Last: what the console sees itself is nearer to the cause, and newer.
    for alarm in evidence.alarms.unwrap_or_default() {
        if alarm.is_firing() && !is_of_sleep(alarm, evidence) {
            push(&mut out, Severity::Warning, alarms::phrase(alarm, evidence.now));
        }
    }
    out.sort_by_key(|f| std::cmp::Reverse(f.severity));
    out
}

/// It fires because no task is wanted, or because the first ones after that are still on their way.
pub fn is_of_sleep(alarm: &Alarm, evidence: Evidence<'_>) -> bool {
    let services = evidence.services.unwrap_or_default();
    let is_asleep = sleep::is_asleep(services) || services.iter().any(sleep::sleeps);
    let is_waking = || {
        services
            .iter()
            .any(|s| is_young(s, evidence) && last_stop(&s.name, evidence).is_none())
    };
    alarms::is_about_tasks(alarm) && (is_asleep || is_waking())
}

/// Errors that the applications have logged lately, with what most of them say.
fn log_findings(lines: &Lines, evidence: Evidence<'_>, out: &mut Vec<Finding>) {
    // The newest that is known, where the tail can not keep up.
    let behind = Some(evidence.logs_behind).filter(|behind| *behind >= LOG_BEHIND);
    let until = evidence.now - behind.unwrap_or(0);
    let since = until - LOG_RECENT;
    let count = lines.errors().between(since, evidence.now);
    if count == 0 {
        return;
    }
    let shapes = lines.shapes_since(since);
    let most = shapes.first().map_or(0, |shape| shape.count);
    let mut common = shapes.iter().take_while(|shape| shape.count == most).take(LOG_SHAPES);
    let raw = |shape: &ErrorShape| lines.locate(&shape.newest).and_then(|spot| lines.line(spot)).map(|line| line.raw());
    let known = common.find_map(|shape| cause::of_log(raw(shape)?));
    let says = match (known, shapes.first()) {
        (Some(known), _) => format!(": {}", known.plain),
        (None, Some(shape)) => format!(": {}", shape.text),
        // What they say has not been looked at yet.
        (None, None) => String::new(),
    };
    let shows = if evidence.shows_errors.is_empty() {
        "4 #"
    } else {
        evidence.shows_errors
    };
    let has_dropped = lines.holes().iter().any(|hole| hole.lines > 0 && hole.until >= since);
    let least = if has_dropped { "at least " } else { "" };
    if count < LOG_TROUBLE {
        let ago = match lines
            .errors()
            .newest(since, evidence.now)
            .map_or(0, |at| (evidence.now - at) / 60_000)
        {
            0 => "less than a minute ago".to_owned(),
            minutes => format!("{minutes} min ago"),
        };
        let text = format!("{least}1 error in the log {ago}{says}; {shows} shows it");
        return push(out, Severity::Note, text);
    }
    // Live Tail brings lines that the tail has not come to yet.
    let inside = behind.map_or(count, |_| lines.errors().between(since, until).min(count));
    let end = when::show(until, evidence.now, evidence.times, evidence.zone.unwrap_or(&TimeZone::UTC));
    let counts = match (behind, inside, count - inside) {
        (None, ..) => format!("{count} errors in 10 min"),
        (Some(_), 0, later) => format!("{later} errors since {end}"),
        (Some(_), inside, 0) => format!("{} in the 10 min until {end}", errors(inside)),
        (Some(_), inside, later) => format!("{} in the 10 min until {end} and {later} since", errors(inside)),
    };
    let text = format!("{least}{counts}{says}; {shows} shows them");
    push(out, Severity::Warning, text);
}

fn errors(count: u32) -> String {
    format!("{count} error{}", if count == 1 { "" } else { "s" })
}

fn push(out: &mut Vec<Finding>, severity: Severity, text: String) {
    out.push(Finding {
        severity,
        text: text.into(),
    });
}

fn stack_findings(stack: &Stack, evidence: Evidence<'_>, out: &mut Vec<Finding>) {
    // What somebody wanted is no trouble.
    if let Some(how) = evidence.cancelled {
        return push(out, Severity::Note, format!("update {how}: {}", stack.status.0));
    }
    let severity = match (stack.status.is_in_progress(), stack.status.is_failure()) {
        (_, true) => Severity::Bad,
        // What was begun here is as it should be.
        (true, false) if evidence.elsewhere.is_none() => Severity::Note,
        (true, false) => Severity::Warning,
        (false, false) => return,
    };
    let cause = evidence.cause.filter(|_| stack.status.is_failure()).and_then(Cause::clause);
    // "User Initiated" is no reason, and which resources failed is none either once it is known why.
    let because = match (cause, stack.reason.as_str()) {
        (Some(cause), _) => format!(": {cause}"),
        (None, "" | "User Initiated") => String::new(),
        (None, reason) => format!(": {}", in_words(cause::meaning(reason).map(|m| m.plain), reason)),
    };
    let way_out = evidence.way_out.map(|way| format!(" ({way})")).unwrap_or_default();
    // What is undone is told by its status; of anything else the header has it already.
    let what = match (evidence.elsewhere, stack.status.0.split('_').next()) {
        (Some(_), Some("DELETE")) => "deletion under way".to_owned(),
        (Some(_), Some("UPDATE")) if severity < Severity::Bad => "update under way".to_owned(),
        (Some(_), Some("CREATE")) => "creation under way".to_owned(),
        _ => format!("stack {}", stack.status.0),
    };
    let who = evidence
        .elsewhere
        .map(|at| format!(" since {at}, not started here"))
        .unwrap_or_default();
    push(out, severity, format!("{what}{who}{way_out}{because}"));
}

fn service_findings(service: &Service, evidence: Evidence<'_>, out: &mut Vec<Finding>) {
    let of_card = of_card(service, evidence);
    let stop = last_stop(&service.name, evidence).map(|t| in_words(of_card.or_else(|| of_stop(t, evidence)), &own_words(t)));
    let counts = format!("{} {}/{} running", service.name, service.running, service.desired);
    // One that is being put to sleep has its count kept.
    let rests = !evidence.stack.is_some_and(|stack| stack.status.is_at_work());
    let is_alone = rests && service.desired == 0 && !evidence.services.is_some_and(sleep::is_asleep);
    if is_alone && service.tag(sleep::SAVED_COUNT).is_none() {
        push(out, Severity::Warning, format!("{counts}: no task is wanted; scale it up again"));
    }
    if service.running < service.desired {
        let severity = match service.running {
            _ if stop.is_none() && is_young(service, evidence) => Severity::Note,
            0 => Severity::Bad,
            _ => Severity::Warning,
        };
        push(out, severity, format!("{counts}: {}", stop.as_deref().unwrap_or("starting")));
    } else if let Some(why) = stop.filter(|_| is_unserved(service, evidence)) {
        push(out, Severity::Bad, format!("{counts}, none healthy: {why}"));
    }
    if let Some(deployment) = service.primary().filter(|d| d.rollout == "FAILED") {
        let plain = of_card.or_else(|| cause::meaning(&deployment.reason).map(|m| m.plain));
        let why = in_words(plain, &deployment.reason);
        push(out, Severity::Bad, format!("{} deployment failed: {why}", service.name));
    }
}

/// Plain words first, where there are some; AWS's own text after them.
fn in_words(plain: Option<&str>, text: &str) -> String {
    plain.map_or_else(|| text.to_owned(), |plain| format!("{plain}: {text}"))
}

/// What the cause card says, where it is about this service: whoever reads both is told one cause.
fn of_card<'a>(service: &Service, evidence: Evidence<'a>) -> Option<&'a str> {
    let card = evidence.cause.filter(|card| card.service.as_ref() == Some(&service.name));
    card.and_then(Cause::clause)
}

/// Why a task stopped, as far as it tells by itself in such a stack.
fn of_stop(task: &Task, evidence: Evidence<'_>) -> Option<&'static str> {
    let parameters = evidence.stack.map_or_else(BTreeMap::new, Stack::given);
    cause::of_task(task, &parameters).map(|m| m.plain)
}

fn last_stop<'a>(service: &str, evidence: Evidence<'a>) -> Option<&'a Task> {
    evidence
        .tasks
        .unwrap_or_default()
        .iter()
        .filter(|t| t.service == *service && t.is_stopped())
        .filter(|t| !cause::is_on_purpose(t))
        .filter(|t| t.stopped.is_some_and(|at| evidence.now - at < RECENT))
        .max_by_key(|t| t.stopped)
}

/// Why a task stopped, in one phrase: the container's reason, the exit code, or ECS's own words.
pub fn stop_words(task: &Task) -> String {
    let container = task
        .containers
        .iter()
        .find(|c| !c.reason.is_empty() || c.exit_code.is_some_and(|code| code != 0));
    match container {
        Some(c) if !c.reason.is_empty() => format!("{}: {}", c.name, c.reason),
        Some(c) => format!("{} exited with code {}", c.name, c.exit_code.unwrap_or_default()),
        None if task.stopped_reason.is_empty() => task.stop_code.to_string(),
        None => task.stopped_reason.to_string(),
    }
}

/// The same behind the service's name, which need not be said twice.
fn own_words(task: &Task) -> String {
    let words = stop_words(task);
    let is_own = |name: &&str| task.service.ends_with(name);
    let own = words
        .split_once(": ")
        .filter(|(name, _)| is_own(name))
        .map(|(_, why)| why.to_owned());
    own.unwrap_or(words)
}

fn group_findings(group: &TargetGroup, is_short: bool, evidence: Evidence<'_>, out: &mut Vec<Finding>) {
    let all = evidence.services.unwrap_or_default();
    let behind = || all.iter().filter(|s| s.target_groups.contains(&group.arn));
    let sick: Vec<_> = group
        .targets
        .iter()
        .filter(|t| t.state == "unhealthy" || t.state == "unavailable")
        .collect();
    if let Some(first) = sick.first() {
        let why = if first.description.is_empty() {
            &first.reason
        } else {
            &first.description
        };
        let rests_on_it = evidence.cause.is_some_and(Cause::rests_on_target);
        let plain = behind().filter(|_| rests_on_it).find_map(|s| of_card(s, evidence));
        let why = in_words(plain.or_else(|| cause::of_target(&first.reason).map(|m| m.plain)), why);
        let severity = if group.healthy() == 0 { Severity::Bad } else { Severity::Warning };
        push(
            out,
            severity,
            format!(
                "{}: {} of {} targets unhealthy: {why}",
                group.name(),
                sick.len(),
                group.targets.len()
            ),
        );
    } else if group.healthy() == 0 && !is_short {
        // A creation makes the group before the service that fills it.
        let is_coming = evidence.stack.is_some_and(|s| s.status.0 == "CREATE_IN_PROGRESS");
        if is_coming && behind().next().is_none() {
            return;
        }
        if behind().any(|s| last_stop(&s.name, evidence).is_some()) {
            return;
        }
        let (severity, yet) = if behind().all(|s| is_young(s, evidence)) {
            (Severity::Warning, " yet")
        } else {
            (Severity::Bad, "")
        };
        let text = if group.targets.is_empty() {
            "no target registered".to_owned()
        } else {
            format!("no target healthy{yet}")
        };
        push(out, severity, format!("{}: {text}", group.name()));
    }
}

/// It wants tasks, and the load balancer finds none of them healthy.
fn is_unserved(service: &Service, evidence: Evidence<'_>) -> bool {
    let its = |g: &&TargetGroup| service.target_groups.contains(&g.arn);
    service.desired > 0 && evidence.targets.unwrap_or_default().iter().filter(its).any(|g| g.healthy() == 0)
}

/// Its tasks run, but nobody is served by them: how bad that is.
pub fn unserved(service: &Service, evidence: Evidence<'_>) -> Option<Severity> {
    let is_new = last_stop(&service.name, evidence).is_none() && is_young(service, evidence);
    let severity = if is_new { Severity::Warning } else { Severity::Bad };
    is_unserved(service, evidence).then_some(severity)
}

/// Its newest task may still be starting; without a task, the count that it wants is that new. What is not
/// known yet is no trouble.
fn is_young(service: &Service, evidence: Evidence<'_>) -> bool {
    let Some(tasks) = evidence.tasks else {
        return true;
    };
    let newest = tasks
        .iter()
        .filter(|t| t.service == service.name && !t.is_stopped())
        .filter_map(|t| t.created)
        .max();
    let wanted = || service.primary().and_then(|d| d.updated.or(d.created));
    newest.or_else(wanted).is_some_and(|at| evidence.now - at < YOUNG)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{fact::LogEvent, tail::Arrived, text::RawText};

    fn stopped(at: Millis, code: &str) -> Task {
        Task {
            stopped: Some(at),
            stop_code: code.into(),
            stopped_reason: format!("{code} {at}").into(),
            ..Task::known_as("webui", "STOPPED")
        }
    }

    fn service(running: i32) -> Service {
        Service {
            arn: "arn".into(),
            name: "webui".into(),
            status: "ACTIVE".into(),
            desired: 1,
            running,
            pending: 0,
            task_definition: "webui:1".into(),
            deployments: Vec::new(),
            events: Vec::new(),
            tags: Vec::new(),
            target_groups: Vec::new(),
        }
    }

    #[test]
    fn the_container_is_not_named_behind_its_service() {
        let mut task = stopped(0, "TaskFailedToStart");
        task.containers = vec![crate::core::fact::Container {
            name: "webui".into(),
            status: "STOPPED".into(),
            exit_code: None,
            reason: "odd: no way out".into(),
            image: "".into(),
        }];
        assert_eq!(own_words(&task), "odd: no way out");
        task.containers[0].name = "sidecar".into();
        assert_eq!(own_words(&task), "sidecar: odd: no way out");
    }

    #[test]
    fn what_only_follows_is_not_said() {
        let group = TargetGroup {
            logical_id: "TargetGroup".into(),
            arn: "arn:aws:elasticloadbalancing:us-west-2:1:targetgroup/webui/1".into(),
            targets: Vec::new(),
        };
        for (running, want) in [(0, "webui 0/1 running: starting"), (1, "webui: no target registered")] {
            let found = findings(Evidence {
                services: Some(&[service(running)]),
                targets: Some(std::slice::from_ref(&group)),
                ..Evidence::default()
            });
            let texts: Vec<&str> = found.iter().map(|f| f.text.as_str()).collect();
            assert_eq!(texts, [want]);
        }
    }

    #[test]
    fn a_group_waits_for_its_service_while_both_are_created() {
        let (_, mut group, service) = behind_a_group(0, "initial");
        group.targets.clear();
        let under = |status: &str, services: &[Service]| {
            let stack = Stack::of_test(status);
            let found = findings(Evidence {
                stack: Some(&stack),
                services: Some(services),
                targets: Some(std::slice::from_ref(&group)),
                ..Evidence::default()
            });
            found.iter().any(|f| f.text.contains("no target registered"))
        };
        assert!(!under("CREATE_IN_PROGRESS", &[]));
        assert!(under("CREATE_IN_PROGRESS", &[service]));
        assert!(under("CREATE_COMPLETE", &[]));
    }

    /// A task that runs, and a group that knows it as `state`.
    fn behind_a_group(age: Millis, state: &str) -> (Task, TargetGroup, Service) {
        let task = Task {
            status: "RUNNING".into(),
            created: Some(-age),
            stopped: None,
            ..stopped(0, "")
        };
        let group = TargetGroup {
            logical_id: "TargetGroup".into(),
            arn: "arn:aws:elasticloadbalancing:us-west-2:1:targetgroup/webui/1".into(),
            targets: vec![crate::core::fact::Target {
                id: "10.0.0.1".into(),
                port: Some(8080),
                zone: "".into(),
                state: state.into(),
                reason: "".into(),
                description: "".into(),
            }],
        };
        let mut service = service(1);
        service.target_groups = vec![group.arn.clone()];
        (task, group, service)
    }

    #[test]
    fn tasks_that_nobody_is_served_by_are_a_trouble_once_one_fell_or_they_are_no_longer_young() {
        const MINUTE: Millis = 60_000;
        let fell = || Task {
            stopped_reason: "Task failed ELB health checks in (target-group arn)".into(),
            ..stopped(-MINUTE, "ServiceSchedulerInitiated")
        };
        for (age, state, has_fallen, want) in [
            (MINUTE, "healthy", true, None),
            (MINUTE, "initial", false, Some((Severity::Warning, "webui: no target healthy yet"))),
            (11 * MINUTE, "initial", false, Some((Severity::Bad, "webui: no target healthy"))),
            (
                MINUTE,
                "initial",
                true,
                Some((
                    Severity::Bad,
                    "webui 1/1 running, none healthy: the load balancer got no good answer: Task failed ELB health checks in (target-group arn)",
                )),
            ),
        ] {
            let (task, group, service) = behind_a_group(age, state);
            let tasks: Vec<Task> = std::iter::once(task).chain(has_fallen.then(fell)).collect();
            let evidence = Evidence {
                services: Some(std::slice::from_ref(&service)),
                tasks: Some(&tasks),
                targets: Some(std::slice::from_ref(&group)),
                ..Evidence::default()
            };
            let found = findings(evidence);
            let found = found.iter().map(|f| (f.severity, f.text.as_str())).collect::<Vec<_>>();
            assert_eq!(found, want.into_iter().collect::<Vec<_>>());
            assert_eq!(unserved(&service, evidence), want.map(|(severity, _)| severity));
        }
    }

    #[test]
    fn a_service_that_starts_is_calm_for_its_first_minutes() {
        for (age, want) in [(60_000, Severity::Note), (11 * 60_000, Severity::Bad)] {
            let (task, ..) = behind_a_group(age, "initial");
            let found = findings(Evidence {
                services: Some(&[service(0)]),
                tasks: Some(&[task]),
                ..Evidence::default()
            });
            assert_eq!((found[0].severity, found[0].text.as_str()), (want, "webui 0/1 running: starting"));
        }
    }

    #[test]
    fn the_last_stop_is_the_cause_for_as_long_as_ecs_waits() {
        let service = service(0);
        let now = 100 * 60_000;
        for (stops, want) in [
            (vec![stopped(now - 27 * 60_000, "TaskFailedToStart")], "TaskFailedToStart 4380000"),
            (
                vec![stopped(1, "old"), stopped(now - 50 * 60_000, "A"), stopped(now - 40 * 60_000, "B")],
                "B 3600000",
            ),
            (vec![stopped(now - 61 * 60_000, "TaskFailedToStart")], "starting"),
            (vec![stopped(now - 1, "UserInitiated")], "starting"),
            (vec![stopped(now - 1, "ServiceSchedulerInitiated")], "starting"),
            (
                vec![Task {
                    stopped_reason: "Task failed ELB health checks in (target-group arn)".into(),
                    ..stopped(now - 1, "ServiceSchedulerInitiated")
                }],
                "the load balancer got no good answer: Task failed ELB health checks in (target-group arn)",
            ),
            (vec![], "starting"),
        ] {
            let found = findings(Evidence {
                services: Some(std::slice::from_ref(&service)),
                tasks: Some(&stops),
                now,
                ..Evidence::default()
            });
            assert_eq!(found[0].text, *format!("webui 0/1 running: {want}"));
        }
    }

    #[test]
    fn errors_are_counted_as_at_least_so_many_once_lines_of_that_time_made_room() {
        let now = 1_790_000_000_000;
        for (until, want) in [(now - 3_600_000, "20"), (now, "at least")] {
            let mut lines = Lines::in_small_segments(20_000);
            lines.append((0..2_000).map(|i| Arrived {
                event: LogEvent {
                    id: None,
                    at: if i < 1_980 { until - 2_000 + i } else { now - 2_000 + i },
                    ingested: now,
                    stream: "litellm/litellm/a".into(),
                    message: RawText::new("ERROR: pool is empty"),
                },
                late: false,
            }));
            lines.read_at(None);
            assert!(!lines.holes().is_empty());
            let found = findings(Evidence {
                logs: Some(&lines),
                now,
                ..Evidence::default()
            });
            assert_eq!(found[0].text.starts_with("at least"), want == "at least", "{:?}", found[0]);
        }
    }

    const DENIED: &str = "19:40:58 - LiteLLM Proxy:ERROR: a.py:1 - litellm_call_id=1 - litellm.PermissionDeniedError: BedrockException - \
                          {\"message\": \"You don't have access to the model with the specified model ID.\"}";
    const LOG_NOW: Millis = 1_790_000_000_000;

    /// What is told of a log whose lines are so many milliseconds old.
    fn told_of_log(lines_ago: &[(Millis, &str)], logs_behind: Millis) -> Option<(Severity, String)> {
        let mut lines = Lines::new(usize::MAX);
        lines.append(lines_ago.iter().map(|(ago, message)| Arrived {
            event: LogEvent {
                id: None,
                at: LOG_NOW - ago,
                ingested: LOG_NOW - ago,
                stream: "litellm/litellm/a".into(),
                message: RawText::new(message),
            },
            late: false,
        }));
        lines.mine_all();
        let found = findings(Evidence {
            logs: Some(&lines),
            logs_behind,
            now: LOG_NOW,
            ..Evidence::default()
        });
        found.first().map(|finding| (finding.severity, finding.text.to_string()))
    }

    #[test]
    fn errors_of_the_last_minutes_in_the_log_are_told_with_what_they_mean() {
        let denied = DENIED;
        let warning = |text: &str| Some((Severity::Warning, text.to_owned()));
        let means = "this account has no access to the model";
        for (errors, want) in [
            (vec![], None),
            (
                vec![(60_000, denied)],
                Some((Severity::Note, format!("1 error in the log 1 min ago: {means}; 4 # shows it"))),
            ),
            (vec![(3_600_000, denied), (3_500_000, denied)], None),
            (
                vec![(120_000, denied), (60_000, denied)],
                warning(&format!("2 errors in 10 min: {means}; 4 # shows them")),
            ),
            (
                vec![(120_000, denied), (60_000, "ERROR: pool 7 is empty")],
                warning(&format!("2 errors in 10 min: {means}; 4 # shows them")),
            ),
            (
                vec![(120_000, "ERROR: pool 7 is empty"), (60_000, "ERROR: pool 8 is empty")],
                warning("2 errors in 10 min: pool # is empty; 4 # shows them"),
            ),
            (
                vec![
                    (3_600_000, denied),
                    (3_500_000, denied),
                    (120_000, "ERROR: pool 7 is empty"),
                    (90_000, "ERROR: pool 8 is empty"),
                    (60_000, denied),
                ],
                warning("3 errors in 10 min: pool # is empty; 4 # shows them"),
            ),
        ] {
            assert_eq!(told_of_log(&errors, 0), want);
        }
        let long = format!("{{\"body\":\"{}\",\"level\":50,\"msg\":\"pool 7 is empty\"}}", "iVBOR".repeat(300));
        let want = warning("2 errors in 10 min: pool # is empty; 4 # shows them");
        assert_eq!(told_of_log(&[(120_000, &long), (60_000, &long)], 0), want, "a long JSON line");
        let old = [(3_600_000, denied), (3_500_000, denied)];
        let told = told_of_log(&old, 3_400_000).map(|(_, text)| text);
        let until = when::show(LOG_NOW - 3_400_000, LOG_NOW, Times::Local, &TimeZone::UTC);
        let want = format!("2 errors in the 10 min until {until}: {means}; 4 # shows them");
        assert_eq!(told, Some(want), "the tail has come no further");
        // Live Tail brings what polling has not come to yet.
        let later = [(3_600_000, denied), (3_500_000, denied), (60_000, denied)];
        for (lines, counts) in [
            (&later[..], format!("2 errors in the 10 min until {until} and 1 since")),
            (&[(60_000, denied), (30_000, denied)], format!("2 errors since {until}")),
        ] {
            let told = told_of_log(lines, 3_400_000).map(|(_, text)| text);
            assert_eq!(told, Some(format!("{counts}: {means}; 4 # shows them")));
        }
        let fresh = [(620_000, denied), (60_000, denied), (30_000, denied)];
        let told = told_of_log(&fresh, 50_000).map(|(_, text)| text);
        assert_eq!(told, Some(format!("2 errors in 10 min: {means}; 4 # shows them")));
    }
}
