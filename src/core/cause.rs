//! Why an operation fails, joined while it fails: first error that is not a cancellation → stopped task
//! → target reason → one sentence of advice. And what AWS's stop codes and reasons mean in plain words.

use super::{
    fact::{StackEvent, Target, TargetGroup, Task},
    model::Model,
    progress::newest_operation,
    text::SafeText,
};

/// What a text of AWS means, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// In plain words, no final stop.
    pub plain: &'static str,
    /// What to do now: one sentence.
    pub advice: &'static str,
    /// It only says that something below went wrong.
    is_general: bool,
}

/// One entry: a piece of AWS's text as AWS writes it, plain words, advice.
type Entry = (&'static str, &'static str, &'static str);

/// Texts that name the cause themselves; the narrower one first.
const CAUSES: &[Entry] = &[
    // Secrets, images and volumes before the containers run.
    (
        "unable to retrieve secret from asm",
        "a secret could not be read before the start",
        "Check that the secret exists and is not scheduled for deletion, that the execution role may read it, and that the tasks reach Secrets Manager (endpoint or NAT).",
    ),
    (
        "unable to retrieve ecr registry auth",
        "no way to the image registry",
        "Check the route of the private subnets: with NetworkMode private the ECR endpoints and the S3 gateway must exist, else a NAT gateway.",
    ),
    (
        "unable to pull secrets or registry auth",
        "secrets or registry could not be reached before the start",
        "Check the endpoints (or NAT) for Secrets Manager and ECR, and the execution role.",
    ),
    (
        "failed to validate logger args",
        "the log driver could not reach CloudWatch Logs",
        "Check that the log group exists, that the execution role may write to it, and that the logs endpoint (or NAT) is there.",
    ),
    (
        "failed to initialize logging driver",
        "the log driver could not start",
        "Check that the log group exists, that the execution role may write to it, and that the logs endpoint (or NAT) is there.",
    ),
    (
        "failed to invoke EFS utils commands",
        "the EFS file system could not be mounted",
        "Check that each zone has a mount target, and that the file system's security group lets port 2049 in from the tasks.",
    ),
    (
        "toomanyrequests",
        "the registry limits how often images are pulled",
        "Wait and try again, or mirror the image into ECR (NetworkMode private does).",
    ),
    (
        "does not contain descriptor matching platform",
        "the image does not exist for this processor",
        "Deploy with the other CpuArchitecture, or take an image that is built for both.",
    ),
    (
        "no space left on device",
        "the disk of the task is full",
        "Take a smaller image, or give the task more ephemeral storage.",
    ),
    (
        "CannotPullContainerError: pull access denied",
        "the registry refuses the image",
        "Check the image name, and the execution role's permission to pull it.",
    ),
    (
        "403 Forbidden",
        "the registry refuses the image",
        "Check the repository's policy and the execution role's permission to pull.",
    ),
    (
        "manifest unknown",
        "there is no such image tag",
        "Deploy with an image version that exists.",
    ),
    (
        ": not found",
        "there is no such image or tag",
        "Deploy with an image version that exists; in private mode check that the mirror has copied it.",
    ),
    (
        "i/o timeout",
        "no way out to the registry",
        "Check the route of the subnets: endpoints (private), NAT gateway (nat) or a public address (public).",
    ),
    (
        "CannotPullContainerError",
        "the container image could not be pulled",
        "Check the image's name and version, and the way to the registry (endpoints or NAT).",
    ),
    // Capacity and quotas.
    (
        "limit on the number of vCPUs",
        "the account's Fargate vCPU quota is used up",
        "Ask for a larger quota (Fargate On-Demand vCPU), or deploy a smaller size.",
    ),
    (
        "Capacity is unavailable at this time",
        "Fargate has no capacity in this zone now",
        "Wait and try again; with FargateSpot set, switch it off.",
    ),
    (
        "Your Spot Task was interrupted",
        "AWS took the Spot capacity back",
        "ECS starts another by itself; switch FargateSpot off when it happens often.",
    ),
    (
        "Timeout waiting for network interface provisioning",
        "the network interface did not come in time",
        "Try again; ask AWS Health when it stays so.",
    ),
    (
        "maximum number of VPCs has been reached",
        "the VPC quota of this region is used up",
        "Delete a VPC that is not needed, or ask for a larger quota (VPCs per Region).",
    ),
    (
        "maximum number of addresses has been reached",
        "the Elastic IP quota of this region is used up",
        "Release an address that is not needed, or deploy with NetworkMode private.",
    ),
    (
        "Cannot have more than 0 builds in queue",
        "a new account may not run CodeBuild yet",
        "Deploy with NetworkMode nat or public, or ask for the CodeBuild quota.",
    ),
    // While they run.
    (
        "OutOfMemoryError",
        "the container used more memory than it has",
        "Deploy with the next larger DeploymentSize.",
    ),
    (
        "CannotStartContainerError",
        "the container could not be started",
        "Look at its command and entry point, and at its log (L).",
    ),
    (
        "ContainerRuntimeTimeoutError",
        "the container did not start in time",
        "Try again; ask AWS Health when it stays so.",
    ),
    (
        "failed container health checks",
        "the container's own health check failed",
        "Look at the container's log (L): it runs, but does not answer.",
    ),
    // What CloudFormation says of a resource.
    (
        "scheduled for deletion",
        "a secret of this name waits for its deletion",
        "Restore it, then delete it at once without a recovery window; or deploy under another ProjectName.",
    ),
    (
        "is not authorized to perform",
        "the deployer is not allowed to do this",
        "Ask for the permission that the text names, then deploy again.",
    ),
    (
        "AccessDenied",
        "the deployer is not allowed to do this",
        "Ask for the permission that the text names, then deploy again.",
    ),
    (
        "already exists",
        "something of this name is there already",
        "Remove what an earlier deployment has left, or deploy under another ProjectName.",
    ),
    (
        "AlreadyExists",
        "something of this name is there already",
        "Remove what an earlier deployment has left, or deploy under another ProjectName.",
    ),
    (
        "LimitExceeded",
        "a quota of this account is used up",
        "Ask for a larger quota of what the text names, or remove what is not needed.",
    ),
    (
        "security token included in the request is expired",
        "the credentials of the deployer have expired",
        "Log in again (`aws sso login`), then deploy again.",
    ),
    (
        "CertificateNotFound",
        "the load balancer does not find the certificate",
        "Give the ARN of a certificate that is ISSUED in this region.",
    ),
    (
        "UnsupportedCertificate",
        "the load balancer does not take the certificate",
        "Give the ARN of a certificate that is ISSUED in this region.",
    ),
    ("Rate exceeded", "AWS throttled CloudFormation", "Try again in a minute."),
];

/// Texts that say only that tasks do not come up: the task or the target knows more.
const GENERAL: &[Entry] = &[
    (
        "ECS Deployment Circuit Breaker was triggered",
        "tasks stopped again and again, and ECS gave up",
        "Look at the stopped tasks (3, then x) and at their log (L).",
    ),
    (
        "did not stabilize",
        "the tasks never came to rest",
        "Look at the stopped tasks (3, then x) and at their log (L).",
    ),
    (
        "Task failed ELB health checks",
        "the load balancer got no good answer",
        "Look at the target's reason and the log (L): the application starts too slowly, or not at all.",
    ),
    (
        "Essential container in task exited",
        "the main program ended",
        "Look at the last lines of its log (L).",
    ),
    (
        "Task failed to start",
        "the task did not get as far as running",
        "Look at the reason of the stopped task (3, then x).",
    ),
];

/// Reasons of the load balancer's targets.
const TARGETS: &[Entry] = &[
    (
        "Target.Timeout",
        "the application does not answer the health check in time",
        "Check that it runs (L), that it has CPU left, and that the security group lets the load balancer in.",
    ),
    (
        "Target.ResponseCodeMismatch",
        "the application answers the health check with an error",
        "Look at its log (L) for the reason of the error.",
    ),
    (
        "Target.FailedHealthChecks",
        "the load balancer can not connect to the application",
        "Check that it listens on its port (L), and that the security group lets the load balancer in.",
    ),
    (
        "Target.NotInUse",
        "the target group is not used by any listener in this zone",
        "Check the listener and the zones of the load balancer.",
    ),
    (
        "Target.IpUnusable",
        "the address of the task can not be a target",
        "Check the subnets of the service.",
    ),
    (
        "Elb.InternalError",
        "the load balancer itself failed",
        "Ask AWS Health; it is asked again by itself.",
    ),
];

/// What exit codes mean.
const EXITS: &[(i32, &str, &str)] = &[
    (
        0,
        "the main program ended by itself",
        "It should not end: look at the last lines of its log (L).",
    ),
    (1, "the main program ended with an error", "Look at the last lines of its log (L)."),
    (
        2,
        "the main program was called wrongly",
        "Look at its command, and at the last lines of its log (L).",
    ),
    (
        126,
        "the command of the container can not be executed",
        "Check command and entry point of the image version.",
    ),
    (
        127,
        "the command of the container was not found",
        "Check command and entry point of the image version.",
    ),
    (134, "the main program aborted", "Look at the last lines of its log (L)."),
    (
        137,
        "killed: out of memory, or too slow to stop",
        "When it did not stop on purpose, deploy with the next larger DeploymentSize.",
    ),
    (
        139,
        "the main program crashed (segmentation fault)",
        "Look at the last lines of its log (L), and take another image version.",
    ),
    (
        143,
        "asked to stop, and stopped",
        "Nothing to do when it was meant; else look at the service's events.",
    ),
];

fn look_up(table: &'static [Entry], text: &str, is_general: bool) -> Option<Meaning> {
    table
        .iter()
        .find(|(needle, ..)| text.contains(needle))
        .map(|(_, plain, advice)| Meaning { plain, advice, is_general })
}

/// What a reason of AWS means, as far as it is known.
pub fn meaning(text: &str) -> Option<Meaning> {
    look_up(CAUSES, text, false).or_else(|| look_up(GENERAL, text, true))
}

/// What the reason of a target means.
pub fn of_target(reason: &str) -> Option<Meaning> {
    look_up(TARGETS, reason, false)
}

/// Why a task stopped: the container's reason first, then the task's, then the exit code.
pub fn of_task(task: &Task) -> Option<Meaning> {
    let reasons = task.containers.iter().map(|c| &c.reason).chain([&task.stopped_reason]);
    let known = |table, is_general| reasons.clone().find_map(|text| look_up(table, text, is_general));
    known(CAUSES, false).or_else(|| of_exit(task)).or_else(|| known(GENERAL, true))
}

fn of_exit(task: &Task) -> Option<Meaning> {
    let codes = || task.containers.iter().filter_map(|c| c.exit_code);
    let code = codes().find(|c| *c != 0).or_else(|| codes().next())?;
    // A container that obeyed its stop says nothing about why it was told to.
    if task.stop_code == "ServiceSchedulerInitiated" {
        return None;
    }
    EXITS.iter().find(|(known, ..)| *known == code).map(|(_, plain, advice)| Meaning {
        plain,
        advice,
        is_general: false,
    })
}

/// It was stopped on purpose: by hand, by scaling, by a new deployment.
pub fn is_on_purpose(task: &Task) -> bool {
    match task.stop_code.as_str() {
        "UserInitiated" => true,
        "ServiceSchedulerInitiated" => meaning(&task.stopped_reason).is_none(),
        _ => false,
    }
}

/// Why a stopped task stopped, in one phrase for a list.
pub fn stop_phrase(task: &Task) -> String {
    let exit = task.containers.iter().filter_map(|c| c.exit_code).find(|c| *c != 0);
    let exit = exit.map(|c| format!(", exit {c}")).unwrap_or_default();
    let code = if task.stop_code.is_empty() {
        "stopped"
    } else {
        task.stop_code.as_str()
    };
    let why = if is_on_purpose(task) {
        "on purpose".to_owned()
    } else {
        of_task(task).map_or_else(|| super::health::stop_words(task), |m| m.plain.to_owned())
    };
    if why == code {
        format!("{code}{exit}")
    } else {
        format!("{code}{exit}: {why}")
    }
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
    let placing = unplaced(model).filter(|_| event.is_none_or(is_service));
    if event.is_none() && task.is_none() && placing.is_none() {
        return None;
    }
    let target = sick_target(model.feeds.targets.get().map(Vec::as_slice).unwrap_or_default());
    let meanings = [
        event.and_then(|e| meaning(&e.reason)),
        placing.and_then(|(_, text)| meaning(text)),
        task.and_then(of_task),
        target.and_then(|(_, t)| of_target(&t.reason)),
    ];
    let best = meanings
        .iter()
        .flatten()
        .find(|m| !m.is_general)
        .or_else(|| meanings.iter().flatten().next());
    let plain = best.map_or_else(|| event.map_or("see the texts above", |e| &e.reason), |m| m.plain);
    let advice = best.map_or("Look at the log (L) and at the stopped tasks (3, then x).", |m| m.advice);
    Some(Cause {
        title: title(event, task, placing).into(),
        evidence: evidence(event, placing, task, target),
        plain: plain.into(),
        advice: advice.into(),
    })
}

fn title(event: Option<&StackEvent>, task: Option<&Task>, placing: Option<(&SafeText, &SafeText)>) -> String {
    match (event, task, placing) {
        (Some(e), ..) => format!("{} ({}): {}", e.logical_id, e.resource_type, e.status.0),
        (None, Some(t), _) => format!("A task of {} does not stay up", t.service),
        (None, None, Some((service, _))) => format!("{service} can not start a task"),
        (None, None, None) => String::new(),
    }
}

fn evidence(
    event: Option<&StackEvent>,
    placing: Option<(&SafeText, &SafeText)>,
    task: Option<&Task>,
    target: Option<(&TargetGroup, &Target)>,
) -> Vec<(&'static str, SafeText)> {
    let mut out = Vec::new();
    if let Some(e) = event.filter(|e| !e.reason.is_empty()) {
        out.push(("event", e.reason.clone()));
    }
    if let Some((_, text)) = placing {
        out.push(("ECS", text.clone()));
    }
    if let Some(t) = task {
        let short: String = t.id().chars().take(8).collect();
        out.push(("task", format!("{short} of {}: {}", t.service, super::health::stop_words(t)).into()));
    }
    if let Some((group, t)) = target {
        let about = if t.description.is_empty() { &t.reason } else { &t.description };
        out.push(("target", format!("{} in {}: {} {about}", t.id, group.name(), t.state).into()));
    }
    out
}

/// The first resource that failed by itself. What CloudFormation cancels because of it says nothing.
fn first_error(events: &[StackEvent]) -> Option<&StackEvent> {
    let failed = |e: &&StackEvent| !e.is_stack() && e.status.is_failure();
    let own = |e: &&StackEvent| failed(e) && !e.reason.to_lowercase().contains("cancelled");
    newest_operation(events).iter().rev().find(own)
}

/// The newest task that stopped against the will of the operation, of the failed service where it is one.
fn stopped_task<'a>(model: &'a Model, event: Option<&StackEvent>) -> Option<&'a Task> {
    let tasks = model.feeds.tasks.get()?;
    let service = event.filter(|e| is_service(e)).and_then(|e| e.physical_id.rsplit('/').next());
    let failed = || {
        let since = model.progress.started;
        tasks
            .iter()
            .filter(move |t| t.is_stopped() && !is_on_purpose(t) && t.stopped.is_some_and(|at| at >= since))
    };
    // An event about something else, such as a role, is not explained by a task.
    if event.is_some_and(|e| !is_service(e)) {
        return None;
    }
    let of_service = failed()
        .filter(|t| service.is_some_and(|s| t.service == *s))
        .max_by_key(|t| t.stopped);
    of_service.or_else(|| failed().max_by_key(|t| t.stopped))
}

fn is_service(event: &StackEvent) -> bool {
    event.resource_type == "AWS::ECS::Service"
}

/// ECS's newest word that it can not place a task, since the operation began: service and text.
fn unplaced(model: &Model) -> Option<(&SafeText, &SafeText)> {
    let services = model.feeds.services.get()?;
    services
        .iter()
        .filter(|s| s.running < s.desired)
        .flat_map(|s| s.events.iter().map(move |e| (s, e)))
        .filter(|(_, e)| e.at >= model.progress.started && e.message.contains("was unable to place a task"))
        .max_by_key(|(_, e)| e.at)
        .map(|(s, e)| (&s.name, &e.message))
}

fn sick_target(groups: &[TargetGroup]) -> Option<(&TargetGroup, &Target)> {
    groups
        .iter()
        .flat_map(|g| g.targets.iter().map(move |t| (g, t)))
        .find(|(_, t)| t.state == "unhealthy" || t.state == "unavailable")
}

#[cfg(test)]
mod tests;
