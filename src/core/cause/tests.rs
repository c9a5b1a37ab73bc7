//! Each entry of the dictionary with a text as AWS writes it, and the join over whole operations.

use super::{
    words::{CAUSES, Entry, GENERAL, IMAGES, TARGETS},
    *,
};
use crate::core::{
    fact::Container,
    fault::{Fault, FaultKind},
    text::SafeText,
};

/// A text of AWS, and the beginning of the words it must be given.
const TEXTS: [(&str, &str); 41] = [
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret arn:aws:secretsmanager:us-west-2:111122223333:secret:x from secrets manager",
        "a secret could not be read",
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed caused by: Post \"https://api.ecr.us-west-2.amazonaws.com/\": dial tcp 10.42.10.5:443: i/o timeout",
        "no way to the image registry",
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: pull command failed: : signal: killed",
        "secrets or registry could not be reached",
    ),
    (
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1",
        "the log driver could not reach",
    ),
    (
        "ResourceInitializationError: failed to initialize logging driver: failed to create Cloudwatch log stream",
        "the log driver could not start",
    ),
    (
        "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed to resolve \"fs-0123.efs.us-west-2.amazonaws.com\"",
        "the EFS file system could not be mounted",
    ),
    (
        "CannotPullContainerError: inspect image has been retried 5 time(s): httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/x/manifests/1: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit.",
        "the registry limits",
    ),
    (
        "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'",
        "the image does not exist for this processor",
    ),
    (
        "CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: write /var/lib/x: no space left on device",
        "the disk of the task is full",
    ),
    (
        "CannotPullContainerError: pull access denied, repository does not exist or may require authorization",
        "the registry refuses",
    ),
    (
        "CannotPullContainerError: pulling from host ghcr.io failed with status code [manifests v1]: 403 Forbidden",
        "the registry refuses",
    ),
    (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): manifest unknown",
        "there is no such image tag",
    ),
    (
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref ghcr.io/open-webui/open-webui:v9: ghcr.io/open-webui/open-webui:v9: not found",
        "there is no such image or tag",
    ),
    (
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/x/y:1: failed to do request: Head \"https://registry-1.docker.io/v2/x/y/manifests/1\": dial tcp 34.1.2.3:443: i/o timeout",
        "no way out to the registry",
    ),
    (
        "CannotPullContainerError: Error response from daemon",
        "the container image could not be pulled",
    ),
    (
        "(service x) was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run concurrently.",
        "the account's Fargate vCPU quota",
    ),
    (
        "Capacity is unavailable at this time. Please try again later or in a different availability zone",
        "Fargate has no capacity",
    ),
    ("Your Spot Task was interrupted.", "AWS took the Spot capacity back"),
    (
        "Timeout waiting for network interface provisioning to complete.",
        "the network interface did not come",
    ),
    (
        "Resource handler returned message: \"The maximum number of VPCs has been reached. (Service: Ec2, Status Code: 400)\"",
        "the VPC quota",
    ),
    ("The maximum number of addresses has been reached.", "the Elastic IP quota"),
    (
        "AccountLimitExceededException: Cannot have more than 0 builds in queue for the account",
        "a new account may not run CodeBuild",
    ),
    (
        "OutOfMemoryError: Container killed due to memory usage",
        "the container used more memory",
    ),
    (
        "CannotStartContainerError: failed to get container status",
        "the container could not be started",
    ),
    (
        "ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 1m",
        "the container did not start in time",
    ),
    ("Task failed container health checks", "the container's own health check failed"),
    (
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
        "a secret of this name waits",
    ),
    (
        "User: arn:aws:sts::111122223333:assumed-role/dev/dana is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::111122223333:role/x",
        "the deployer is not allowed",
    ),
    ("API: AccessDenied", "the deployer is not allowed"),
    (
        "Resource of type 'AWS::Logs::LogGroup' with identifier '/ecs/x' already exists.",
        "something of this name",
    ),
    (
        "Resource handler returned message: \"null\" (HandlerErrorCode: AlreadyExists)",
        "something of this name",
    ),
    (
        "Resource handler returned message: \"quota\" (HandlerErrorCode: ServiceLimitExceeded)",
        "a quota of this account",
    ),
    (
        "The security token included in the request is expired",
        "the credentials of the deployer",
    ),
    (
        "Certificate 'arn:aws:acm:x' not found (Service: ElasticLoadBalancingV2, Error Code: CertificateNotFound)",
        "the load balancer does not find",
    ),
    (
        "The certificate must have a fully-qualified domain name (Error Code: UnsupportedCertificate)",
        "the load balancer does not take",
    ),
    ("Rate exceeded (Service: AmazonCloudFormation; Status Code: 400)", "AWS throttled"),
    (
        "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\" (HandlerErrorCode: GeneralServiceException)",
        "tasks stopped again and again",
    ),
    (
        "Service arn:aws:ecs:us-west-2:111122223333:service/x did not stabilize.",
        "the tasks never came to rest",
    ),
    (
        "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:us-west-2:111122223333:targetgroup/x/1)",
        "the load balancer got no good answer",
    ),
    ("Essential container in task exited", "the main program ended"),
    ("Task failed to start", "the task did not get as far"),
];

/// Every entry of `table` is the first to match one of `texts`, so that none is hidden by another.
fn is_each_met(table: &[&[Entry]], texts: &[&str]) {
    let all = || table.iter().flat_map(|t| t.iter());
    for (needle, ..) in all() {
        let is_met = texts
            .iter()
            .any(|text| all().find(|e| text.contains(e.0)).is_some_and(|e| e.0 == *needle));
        assert!(
            is_met,
            "no text reaches `{needle}`: it has none, or an entry before it takes them all"
        );
    }
}

#[test]
fn each_entry_is_met_by_a_text_of_aws() {
    for (text, want) in TEXTS {
        let found = meaning(text).unwrap_or_else(|| panic!("nothing for {text}"));
        assert!(found.plain.starts_with(want), "{text}\n  gave: {}", found.plain);
    }
    is_each_met(&[CAUSES, GENERAL], &TEXTS.map(|(text, _)| text));
    assert_eq!(meaning("something new"), None);
}

#[test]
fn reasons_of_targets() {
    let reasons = [
        "Target.Timeout",
        "Target.ResponseCodeMismatch",
        "Target.FailedHealthChecks",
        "Target.NotInUse",
        "Target.IpUnusable",
        "Elb.InternalError",
    ];
    is_each_met(&[TARGETS], &reasons);
    // A target that is only new is not sick.
    assert_eq!(of_target("Elb.InitialHealthChecking"), None);
}

#[test]
fn answers_to_the_test_image() {
    let texts = [
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
        "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model in the last 15 days.",
        "The provided model identifier is invalid.",
        "Invocation of model ID anthropic.x with on-demand throughput isn’t supported. Retry your request with an inference profile.",
        "Invocation of model ID anthropic.x with on-demand throughput isn't supported. Retry your request with an inference profile.",
        "This request has been blocked by our content filters. Our filters automatically flagged this prompt.",
        "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-west-2::y",
        "You don't have access to the model with the specified model ID.",
        "AccessDeniedException",
        "all_deployments_in_cooldown",
        "LiteLLM does not accept its API key",
        "Invalid model name passed in model=nova-canvas",
        "LiteLLM is not exposed at this address (404 Not Found)",
        "ThrottlingException",
        "UnrecognizedClientException",
        "the load balancer answered 503 Service Temporarily Unavailable",
        "ModelTimeoutException",
        "Model is not ready for inference. Please wait and try again.",
        "ModelErrorException",
        "InternalServerException",
        "ServiceUnavailableException",
    ];
    is_each_met(&[IMAGES], &texts);
    // The words say more than the code, which stands for many cases.
    let fault = Fault {
        code: Some("AccessDeniedException".into()),
        ..Fault::new(FaultKind::Denied, "bedrock:InvokeModel", "m", texts[1])
    };
    assert!(of_image(&fault).unwrap().plain.contains("retired"));
    let fault = Fault {
        code: Some("ThrottlingException".into()),
        ..Fault::new(FaultKind::Throttled, "bedrock:InvokeModel", "m", "Too many requests")
    };
    assert!(of_image(&fault).unwrap().plain.contains("quota"));
}

fn task(code: &str, reason: &str, container: &str, exit: Option<i32>) -> Task {
    Task {
        arn: "arn:aws:ecs:us-west-2:1:task/c/0af3".into(),
        service: "s".into(),
        task_definition: "s:1".into(),
        status: "STOPPED".into(),
        desired: "STOPPED".into(),
        health: "UNKNOWN".into(),
        created: None,
        started: None,
        stopped: Some(0),
        stop_code: code.into(),
        stopped_reason: reason.into(),
        cpu: None,
        memory: None,
        zone: SafeText::default(),
        address: SafeText::default(),
        capacity: SafeText::default(),
        architecture: SafeText::default(),
        containers: vec![Container {
            name: "openwebui".into(),
            status: "STOPPED".into(),
            exit_code: exit,
            reason: container.into(),
            image: SafeText::default(),
        }],
    }
}

#[test]
fn stopped_tasks_in_plain_words() {
    const EXITED: &str = "Essential container in task exited";
    for (code, reason, container, exit, want) in [
        (
            "EssentialContainerExited",
            EXITED,
            "",
            Some(1),
            "the main program ended with an error (exit 1)",
        ),
        ("EssentialContainerExited", EXITED, "", Some(0), "the main program ended by itself"),
        (
            "EssentialContainerExited",
            EXITED,
            "",
            Some(139),
            "the main program crashed (segmentation fault) (exit 139)",
        ),
        ("EssentialContainerExited", EXITED, "", Some(42), "the main program ended (exit 42)"),
        (
            "EssentialContainerExited",
            EXITED,
            "OutOfMemoryError: Container killed due to memory usage",
            Some(137),
            "the container used more memory than it has (exit 137)",
        ),
        ("UserInitiated", "Task stopped by user", "", Some(143), "on purpose (exit 143)"),
        (
            "ServiceSchedulerInitiated",
            "Scaling activity initiated by (deployment ecs-svc/1)",
            "",
            Some(0),
            "on purpose",
        ),
        (
            "ServiceSchedulerInitiated",
            "Task failed ELB health checks in (target-group arn:aws:x)",
            "",
            Some(137),
            "the load balancer got no good answer (exit 137)",
        ),
        (
            "SpotInterruption",
            "Your Spot Task was interrupted.",
            "",
            None,
            "AWS took the Spot capacity back",
        ),
        ("TaskFailedToStart", "Something new", "", None, "Something new"),
    ] {
        assert_eq!(stop_phrase(&task(code, reason, container, exit)), want, "{code} {reason}");
    }
}

#[test]
fn wrapping_is_taken_off() {
    for (text, want) in [
        (
            "Resource handler returned message: \"Error occurred during operation 'X'.\" (RequestToken: 1, HandlerErrorCode: GeneralServiceException)",
            "Error occurred during operation 'X'.",
        ),
        ("plain words", "plain words"),
    ] {
        assert_eq!(gist(text), want);
    }
}
