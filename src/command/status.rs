//! `status`: stack, services, targets, errors in the log and cost in one answer, all reads side by side.

use futures::future::{join, join3};
use serde::Serialize;

use super::{Answer, Context, Verdict, reads, text};
use crate::{
    cloud::{Cloud, LogRequest, Query},
    core::{
        alarms,
        cause::{self, Cause, Known, Reader},
        cost::CostModel,
        fact::{Alarm, Fact, Millis, Service, Stack, StackEvent, StackResource, TargetGroup, Task},
        fault::{Fault, FaultKind},
        health::{self, Evidence, Severity},
        lines::Lines,
        names::Names,
        progress::Progress,
        sleep,
        tail::Arrived,
        text::SafeText,
        unstick,
    },
};

/// The JSON of `status`.
#[derive(Debug, Serialize)]
struct Status {
    region: SafeText,
    profile: SafeText,
    stack: Stack,
    /// All services are at zero.
    is_asleep: bool,
    /// Tasks that still run though all services are at zero.
    falling_asleep: usize,
    services: Vec<ServiceLine>,
    targets: Vec<TargetGroup>,
    /// The stack's CloudWatch alarms.
    alarms: Vec<Alarm>,
    /// US dollars an hour for what runs now.
    usd_hour: f64,
    /// What is wrong or under way, worst first.
    findings: Vec<Finding>,
    /// What could not be read: one sentence each.
    faults: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ServiceLine {
    name: SafeText,
    status: SafeText,
    desired: i32,
    running: i32,
    pending: i32,
    task_definition: SafeText,
    rollout: SafeText,
}

#[derive(Debug, Serialize)]
struct Finding {
    severity: &'static str,
    text: SafeText,
}

/// What the parallel reads gave.
struct Facts {
    stack: Stack,
    /// Why its operation failed.
    cause: Option<Cause>,
    /// Its update was given up on purpose.
    is_cancelled: bool,
    /// What the stack has, where that could be read.
    held: Option<Vec<StackResource>>,
    services: Vec<Service>,
    tasks: Vec<Task>,
    targets: Vec<TargetGroup>,
    alarms: Vec<Alarm>,
    /// The last minutes of the log.
    log: Lines,
    faults: Vec<String>,
}

impl Facts {
    /// Of a stack of which nothing exists but its record.
    fn of_nothing(stack: Stack, events: &[StackEvent]) -> Self {
        Self {
            cause: known(&stack, events).cause(),
            is_cancelled: false,
            stack,
            held: None,
            services: Vec::new(),
            tasks: Vec::new(),
            targets: Vec::new(),
            alarms: Vec::new(),
            log: Lines::new(0),
            faults: Vec::new(),
        }
    }
}

/// Prints the status; "not well" when something is broken.
pub(super) async fn run(cx: &mut Context) -> Answer {
    let facts = facts(cx).await?;
    reads::tell_if_deleted(cx, &facts.stack);
    let way_out = unstick::next_step(&facts.stack.status).map(|what| cx.placed(&format!("`bic-tui unstick` {what}")));
    let findings = health::findings(Evidence {
        stack: Some(&facts.stack),
        cause: facts.cause.as_ref(),
        way_out: way_out.as_deref(),
        cancelled: facts.is_cancelled.then_some("cancelled"),
        services: Some(&facts.services),
        tasks: Some(&facts.tasks),
        targets: Some(&facts.targets),
        alarms: Some(&facts.alarms),
        logs: Some(&facts.log),
        shows_errors: &cx.placed("`bic-tui logs --level error`"),
        ends_half_sleep: &cx.placed("`bic-tui sleep` puts the rest to sleep, `bic-tui wake` wakes it"),
        now: cx.cloud.now(),
        ..Evidence::default()
    });
    let is_well = findings.iter().all(|f| f.severity != Severity::Bad);
    let model = CostModel::shipped(&cx.cloud.about().region);
    let resources = reads::running_resources(cx, &facts.stack);
    let cost = model.now_estimate(&resources, facts.held.as_deref(), &facts.tasks);
    let about = cx.cloud.about();
    let is_asleep = sleep::is_asleep(&facts.services);
    let status = Status {
        region: about.region,
        profile: about.profile,
        is_asleep,
        falling_asleep: if is_asleep {
            sleep::falling_asleep(&facts.services, &facts.tasks)
        } else {
            0
        },
        services: facts.services.iter().map(service_line).collect(),
        targets: facts.targets,
        alarms: facts.alarms,
        usd_hour: cost.usd_hour(),
        findings: findings
            .into_iter()
            .map(|f| Finding {
                severity: match f.severity {
                    Severity::Note => "note",
                    Severity::Warning => "warning",
                    Severity::Bad => "bad",
                },
                text: f.text,
            })
            .collect(),
        stack: facts.stack,
        faults: facts.faults,
    };
    if cx.out.is_json() {
        cx.out.json(&status)?;
    } else {
        print(cx, &status)?;
    }
    Ok(if is_well { Verdict::Well } else { Verdict::NotWell })
}

/// The stack decides the names of the rest. To spare a round trip the rest is asked by the stack's name
/// at once, and again only where `ProjectName` differs.
async fn facts(cx: &Context) -> Answer<Facts> {
    let cloud = &*cx.cloud;
    let guess = Names::new(&cx.settings.stack);
    let of_resources = of_resources(cx);
    let all = async |names: &Names| {
        let group = cx.settings.log_group.clone().unwrap_or_else(|| names.log_group());
        join3(
            reads::services(cloud, names),
            reads::tasks(cloud, names),
            last_minutes(cloud, group),
        )
        .await
    };
    let (stack, (held, targets, alarms), (mut services, mut tasks, mut log)) =
        join3(reads::stack(cloud, &cx.settings.stack), of_resources, all(&guess)).await;
    let stack = stack?
        .filter(|s| !s.status.is_in_review())
        .ok_or_else(|| reads::no_such_stack(cx))?;
    let events = events(cloud, &stack).await;
    if stack.status.is_rolled_back_creation() {
        return Ok(Facts::of_nothing(stack, &events));
    }
    let names = Names::of(&stack);
    if names != guess {
        (services, tasks, log) = all(&names).await;
    }
    let mut faults = Vec::new();
    let services = or_noted(reads::of_cluster(services, held.as_deref()), &mut faults);
    let tasks = or_noted(reads::of_cluster(tasks, held.as_deref()), &mut faults);
    let targets = or_noted(targets, &mut faults);
    let falls = cause::falls(&tasks).collect();
    let known = known(&stack, &events);
    Ok(Facts {
        cause: Known {
            services: &services,
            falls,
            targets: &targets,
            ..known
        }
        .cause(),
        is_cancelled: Progress::read(&stack, &events).cancelled.is_some(),
        stack,
        services,
        tasks,
        held,
        targets,
        alarms: or_noted(alarms, &mut faults),
        log: log.unwrap_or_else(|fault| {
            faults.push(fault.sentence());
            Lines::new(0)
        }),
        faults,
    })
}

type OfResources = (
    Option<Vec<StackResource>>,
    Result<Vec<TargetGroup>, Fault>,
    Result<Vec<Alarm>, Fault>,
);

/// The resources of the stack, and what hangs on them: target groups and alarms.
async fn of_resources(cx: &Context) -> OfResources {
    let cloud = &*cx.cloud;
    let resources = match reads::resources(cloud, &cx.settings.stack).await {
        Ok(resources) => resources,
        Err(fault) => return (None, Err(fault), Ok(Vec::new())),
    };
    let names = alarms::names(&resources);
    let alarms = async {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        reads::alarms(cloud, names).await
    };
    let (targets, alarms) = join(reads::targets(cloud, reads::target_groups(&resources)), alarms).await;
    (Some(resources), targets, alarms)
}

/// The lines in which errors are looked for: those of the last minutes, of a busy log their first pages. A group that is
/// not there yet has none.
async fn last_minutes(cloud: &dyn Cloud, group: SafeText) -> Result<Lines, Fault> {
    const PAGES: usize = 3;
    let mut lines = Lines::new(usize::MAX);
    let mut request = LogRequest {
        group,
        from: cloud.now() - health::LOG_RECENT,
        until: None,
        token: None,
        stream_prefix: None,
    };
    for _ in 0..PAGES {
        let page = match cloud.ask(Query::LogPage(request.clone())).await {
            Ok(Fact::LogPage(page)) => page,
            Ok(_) => break,
            Err(fault) if fault.kind == FaultKind::NotFound => break,
            Err(fault) => return Err(fault),
        };
        lines.append(page.events.into_iter().map(|event| Arrived { event, late: false }));
        request.token = page.next;
        if request.token.is_none() {
            break;
        }
    }
    lines.mine_all();
    Ok(lines)
}

/// The events of an operation that failed, newest first; its status is the answer also where they can not be read.
async fn events(cloud: &dyn Cloud, stack: &Stack) -> Vec<StackEvent> {
    if !stack.status.is_failure() {
        return Vec::new();
    }
    reads::events(cloud, &stack.id, None)
        .await
        .map(|told| told.events)
        .unwrap_or_default()
}

/// What is known of the stack's operation without its services.
fn known<'a>(stack: &'a Stack, events: &'a [StackEvent]) -> Known<'a> {
    Known {
        stack,
        events,
        services: &[],
        falls: Vec::new(),
        last_lines: Vec::new(),
        targets: &[],
        late: Vec::new(),
        reader: Reader::Script,
    }
}

/// One panel's fault does not take the others' answer away.
fn or_noted<T>(answer: Result<Vec<T>, Fault>, faults: &mut Vec<String>) -> Vec<T> {
    answer.unwrap_or_else(|fault| {
        faults.push(fault.sentence());
        Vec::new()
    })
}

fn service_line(service: &Service) -> ServiceLine {
    ServiceLine {
        name: service.name.clone(),
        status: service.status.clone(),
        desired: service.desired,
        running: service.running,
        pending: service.pending,
        task_definition: service.task_definition.clone(),
        rollout: service.primary().map(|d| d.rollout.clone()).unwrap_or_default(),
    }
}

/// Stack, services and targets, with the numbers below each other.
fn rows(status: &Status, now: Millis) -> Vec<Vec<String>> {
    let row = |word: &str, name: &str, what: String, more: String| vec![format!("{word:<8}"), name.to_owned(), what, more];
    let stack = &status.stack;
    let since = text::age(stack.updated.or(Some(stack.created)), now);
    let mut rows = vec![row("stack", &stack.name, stack.status.0.to_string(), format!("{since} ago"))];
    rows.extend(status.services.iter().map(|s| {
        let pending = if s.pending > 0 {
            format!(", {} starting", s.pending)
        } else {
            String::new()
        };
        let counts = format!("{}/{} running{pending}", s.running, s.desired);
        row("service", &s.name, counts, s.rollout.to_string())
    }));
    rows.extend(status.targets.iter().map(|group| {
        let counts = format!("{}/{} healthy", group.healthy(), group.targets.len());
        row("targets", group.name(), counts, String::new())
    }));
    rows
}

fn print(cx: &mut Context, status: &Status) -> Answer<()> {
    let now = cx.cloud.now();
    let stack = &status.stack;
    for line in text::columns(&rows(status, now)) {
        cx.out.line(line)?;
    }
    if let Some(url) = stack.output("ALBEndpoint") {
        cx.out.line(format!("address   {url}"))?;
    }
    if !status.alarms.is_empty() {
        let of_sleep = status.alarms.iter().filter(|a| a.is_firing() && alarms::is_about_tasks(a)).count();
        let why = if status.is_asleep {
            format!(", {of_sleep} only because the stack sleeps")
        } else {
            String::new()
        };
        let summary = alarms::summary(&status.alarms, &Names::of(stack).project, &why, now);
        cx.out.line(format!("alarms    {summary}"))?;
    }
    let asleep = match (status.is_asleep, status.falling_asleep) {
        (false, _) => String::new(),
        (true, 0) => " (asleep)".to_owned(),
        (true, n) => format!(" (falling asleep: {n} still running)"),
    };
    cx.out.line(format!(
        "cost      {} an hour now{asleep}, an estimate",
        text::rate(status.usd_hour)
    ))?;
    for finding in &status.findings {
        cx.out.line(format!("{:<9} {}", finding.severity, finding.text))?;
    }
    for fault in &status.faults {
        cx.out.line(format!("unread    {fault}"))?;
    }
    Ok(())
}
