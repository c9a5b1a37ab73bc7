//! What AWS's texts mean in plain words: stop codes, reasons, exit codes, answers of Bedrock.

use crate::core::{fact::Task, fault::Fault};

/// What a text of AWS means, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// In plain words, no final stop.
    pub plain: &'static str,
    /// What to do now: one sentence.
    pub advice: &'static str,
    /// It only says that something below went wrong.
    pub(super) is_general: bool,
}

/// One entry: a piece of AWS's text as AWS writes it, plain words, advice.
pub(super) type Entry = (&'static str, &'static str, &'static str);

/// Texts that name the cause themselves; the narrower one first.
pub(super) const CAUSES: &[Entry] = &[
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
pub(super) const GENERAL: &[Entry] = &[
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
pub(super) const TARGETS: &[Entry] = &[
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

/// Answers of Bedrock and LiteLLM to the request for an image.
pub(super) const IMAGES: &[Entry] = &[
    (
        "end of its life",
        "the model is no longer offered",
        "Deploy with another ImageModelId; the Cost screen (6) lists those that are offered.",
    ),
    (
        "marked by provider as Legacy",
        "the model is being retired, and closed to whoever has not used it lately",
        "Deploy with another ImageModelId; the Cost screen (6) lists those that are offered.",
    ),
    (
        "not ready for inference",
        "Bedrock still loads the model",
        "Wait a minute and fire again.",
    ),
    (
        "model identifier is invalid",
        "Bedrock does not know this model in this region",
        "Check ImageModelId and the region.",
    ),
    (
        "on-demand throughput isn’t supported",
        "the model is not sold by the call under this id",
        "Take its inference profile (us., eu., apac.), or provisioned throughput.",
    ),
    (
        "on-demand throughput isn't supported",
        "the model is not sold by the call under this id",
        "Take its inference profile (us., eu., apac.), or provisioned throughput.",
    ),
    (
        "content filters",
        "the model refuses this prompt",
        "Try another prompt; the way is well.",
    ),
    (
        "not authorized to perform",
        "the caller may not invoke this model",
        "Allow bedrock:InvokeModel on it: to the task role for the stack, to your own role for the direct way.",
    ),
    (
        "don't have access to the model",
        "this account has no access to the model",
        "Ask for access to the model in the Bedrock console of this region.",
    ),
    (
        "AccessDeniedException",
        "Bedrock does not let the caller use this model",
        "Ask for access to the model in the Bedrock console, and check bedrock:InvokeModel.",
    ),
    (
        "all_deployments_in_cooldown",
        "LiteLLM rests after an earlier failure",
        "Wait half a minute and fire again; its log (4) has the first error.",
    ),
    (
        "does not accept its API key",
        "the key in the secret is not the one that the tasks have",
        "Force a new deployment of LiteLLM, so that its tasks read the secret again (3, then r).",
    ),
    (
        "Invalid model name",
        "LiteLLM does not serve this model",
        "Update the stack, so that LiteLLM gets its list of models anew.",
    ),
    (
        "is not exposed",
        "the load balancer does not pass /v1 to LiteLLM",
        "Take the way through Open WebUI, or deploy with ExposeLiteLLM=true.",
    ),
    (
        "ThrottlingException",
        "Bedrock's quota for this model is used up for the moment",
        "Wait a minute, and ask for a larger quota when it happens often.",
    ),
    (
        "UnrecognizedClientException",
        "Bedrock does not accept the credentials of the task",
        "Look at the task role, then force a new deployment of LiteLLM (3, then r).",
    ),
    (
        "the load balancer answered 50",
        "no healthy task stands behind the load balancer",
        "Look at Services (3) and at the targets (1).",
    ),
    (
        "ModelTimeoutException",
        "the model took too long",
        "Fire again; AWS Health tells of outages.",
    ),
    (
        "ModelErrorException",
        "the model failed on this request",
        "Fire again, or try another prompt.",
    ),
    (
        "InternalServerException",
        "Bedrock itself failed",
        "Fire again in a minute; AWS Health tells of outages.",
    ),
    (
        "ServiceUnavailableException",
        "Bedrock itself failed",
        "Fire again in a minute; AWS Health tells of outages.",
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

/// What a failed test image means: the code of the fault first, then its words.
pub fn of_image(fault: &Fault) -> Option<Meaning> {
    let code = fault.code.as_deref().unwrap_or_default();
    look_up(IMAGES, &fault.detail, false).or_else(|| look_up(IMAGES, code, false))
}
