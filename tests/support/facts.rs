//! A console in a given condition, built from facts by pure functions.

use std::sync::{Arc, LazyLock};

use bic_tui::{
    cloud::About,
    core::{
        fact::{
            Alarm, Deployment, Identity, Millis, Output, ResourceStatus, Service, ServiceEvent, Stack, StackEvent, StackResource,
            StackStatus, Target, TargetGroup, Task, task::Container,
        },
        fault::{Fault, FaultKind},
        health::Severity,
        keymap::Keymap,
        model::{ErrorEntry, Model, Notice},
        msg::Now,
        progress::Progress,
        settings::Settings,
        template::Template,
    },
};

/// 2026-11-22T19:41:00Z.
pub(crate) const NOW: Now = Now {
    mono: 600_000,
    wall: 1_795_376_460_000,
};

const PROJECT: &str = "bedrock-image-chat";
const LONG: &str = "a-project-name-that-somebody-made-far-too-long-漢字-for-any-screen";

static TEMPLATE: LazyLock<Arc<Template>> = LazyLock::new(|| Arc::new(Template::shipped()));

/// A console that knows nothing yet.
pub(crate) fn blank() -> Model {
    with_stack_name(PROJECT)
}

fn with_stack_name(stack: &str) -> Model {
    let settings = Settings {
        stack: stack.into(),
        utc: true,
        ..Settings::default()
    };
    let about = About {
        region: "us-west-2".into(),
        profile: "default".into(),
        endpoint: None,
        is_endpoint_inherited: false,
        badge: None,
        speed: 1,
    };
    let keymap = Keymap::new(&settings).unwrap();
    let mut model = Model::new(settings, about, keymap, TEMPLATE.clone());
    model.now = NOW;
    model
}

/// Every condition that a screen is looked at in.
pub(crate) fn conditions() -> Vec<(&'static str, Model)> {
    vec![
        ("loading", blank()),
        ("loaded", loaded(PROJECT)),
        ("no-stack", no_stack()),
        ("stale", stale()),
        ("denied", denied()),
        ("long-names", long_names()),
    ]
}

/// All is well.
pub(crate) fn loaded(project: &str) -> Model {
    let mut model = with_stack_name(project);
    let came = Now {
        mono: NOW.mono - 8_000,
        wall: NOW.wall - 8_000,
    };
    model.feeds.stack.set(Some(stack(project, "CREATE_COMPLETE")), came);
    let resources = resources(&model, project);
    let feeds = &mut model.feeds;
    feeds.identity.set(identity(), came);
    feeds.events.set(events(project), came);
    feeds.resources.set(resources, came);
    feeds
        .services
        .set(vec![service(project, "openwebui", 1, 1), service(project, "litellm", 1, 1)], came);
    feeds.tasks.set(
        vec![task(project, "openwebui", "RUNNING"), task(project, "litellm", "RUNNING")],
        came,
    );
    feeds.targets.set(
        vec![group(project, "webui", 8080, "healthy"), group(project, "litellm", 4000, "healthy")],
        came,
    );
    feeds
        .alarms
        .set(vec![alarm(project, "5xx", "OK"), alarm(project, "no-litellm", "OK")], came);
    feeds.logs.set((), came);
    model.stack_id = model.stack().map(|s| s.id.clone());
    model.has_landed = true;
    model.resolve_template();
    if let (Some(stack), Some(events)) = (model.stack(), model.feeds.events.get()) {
        model.progress = Progress::read(stack, events);
    }
    model
}

fn alarm(project: &str, name: &str, state: &str) -> Alarm {
    Alarm {
        name: format!("{project}-{name}").into(),
        state: state.into(),
        since: Some(NOW.wall - 720_000),
        reason: "Threshold Crossed: 1 datapoint [12.0 (22/11/26 19:30:00)] was greater than the threshold (5.0).".into(),
        namespace: "AWS/ApplicationELB".into(),
        metric: "HTTPCode_Target_5XX_Count".into(),
        statistic: "Sum".into(),
        dimensions: Vec::new(),
    }
}

fn no_stack() -> Model {
    let mut model = blank();
    model.feeds.identity.set(identity(), NOW);
    model.feeds.stack.set(None, NOW);
    model.has_landed = true;
    model.resolve_template();
    model
}

/// An update fails, and AWS is hard to reach: what is shown is old and says so.
fn stale() -> Model {
    let mut model = loaded(PROJECT);
    let at = Now {
        mono: NOW.mono - 95_000,
        wall: NOW.wall - 95_000,
    };
    let feeds = &mut model.feeds;
    feeds
        .alarms
        .set(vec![alarm(PROJECT, "5xx", "ALARM"), alarm(PROJECT, "no-litellm", "OK")], at);
    feeds.alarms.fail(fault(FaultKind::Throttled, "cloudwatch:DescribeAlarms"));
    let mut failing = stack(PROJECT, "UPDATE_ROLLBACK_IN_PROGRESS");
    failing.reason = "The following resource(s) failed to update: [OpenWebUIService].".into();
    feeds.stack.set(Some(failing), at);
    let mut down = service(PROJECT, "openwebui", 0, 1);
    down.pending = 1;
    down.deployments.push(deployment("ACTIVE", "IN_PROGRESS"));
    feeds.services.set(vec![down, service(PROJECT, "litellm", 1, 1)], at);
    feeds.services.fail(fault(FaultKind::Throttled, "ecs:DescribeServices"));
    let mut stopped = task(PROJECT, "openwebui", "STOPPED");
    stopped.stopped = Some(NOW.wall - 120_000);
    stopped.stop_code = "EssentialContainerExited".into();
    stopped.stopped_reason = "Essential container in task exited".into();
    stopped.containers[0].exit_code = Some(137);
    stopped.containers[0].reason = "OutOfMemoryError: Container killed due to memory usage".into();
    feeds.tasks.set(vec![stopped, task(PROJECT, "litellm", "RUNNING")], at);
    feeds.targets.set(
        vec![
            group(PROJECT, "webui", 8080, "unhealthy"),
            group(PROJECT, "litellm", 4000, "healthy"),
        ],
        at,
    );
    feeds.logs.fail(fault(FaultKind::TimedOut, "logs:FilterLogEvents"));
    model.show_stopped = true;
    model.about.endpoint = Some("http://10.11.12.13:4566".into());
    model.about.is_endpoint_inherited = true;
    model.guard.production = true;
    model.guard.armed_until = Some(NOW.mono + 252_000);
    model.notice = Some(Notice {
        text: "asking AWS again".into(),
        severity: Severity::Note,
        until: NOW.mono + 4_000,
        of_key: true,
    });
    model.errors = errors();
    model
}

/// The stack may be read, and nothing else.
fn denied() -> Model {
    let mut model = loaded(PROJECT);
    let stack = model.feeds.stack.clone();
    let identity = model.feeds.identity.clone();
    model.feeds = bic_tui::core::model::Feeds {
        stack,
        identity,
        ..Default::default()
    };
    let feeds = &mut model.feeds;
    feeds.events.fail(fault(FaultKind::Denied, "cloudformation:DescribeStackEvents"));
    feeds.resources.fail(fault(FaultKind::Denied, "cloudformation:ListStackResources"));
    feeds.services.fail(fault(FaultKind::Denied, "ecs:DescribeServices"));
    feeds.tasks.fail(fault(FaultKind::Denied, "ecs:ListTasks"));
    feeds
        .targets
        .fail(fault(FaultKind::Denied, "elasticloadbalancing:DescribeTargetHealth"));
    feeds.logs.fail(fault(FaultKind::Denied, "logs:FilterLogEvents"));
    model.progress = Progress::default();
    model.guard.read_only = true;
    model
}

fn long_names() -> Model {
    let mut model = loaded(LONG);
    model.about.profile = "administrator-of-the-production-account-of-the-media-team".into();
    model.about.badge = Some("DEMO".into());
    model.about.speed = 30;
    if let Some(events) = model.feeds.events.get_mut() {
        for event in events {
            event.logical_id = format!("{}OfAStackWhoseResourcesHaveVeryLongNames", event.logical_id).into();
            event.reason = "Resource handler returned message: \"Exceeded attempts to wait\" \
                            (RequestToken: 11111111-2222-3333-4444-555555555555, HandlerErrorCode: NotStabilized)"
                .into();
        }
    }
    if let Some(groups) = model.feeds.targets.get_mut() {
        for target in groups.iter_mut().flat_map(|g| &mut g.targets) {
            target.id = "2600:1f14:abcd:ef01:2345:6789:abcd:ef01".into();
        }
    }
    model
}

/// Started without credentials: no question was ever answered.
pub(crate) fn signed_out() -> Model {
    let mut model = blank();
    model.feeds.identity.fail(fault(FaultKind::NoCredentials, "sts:GetCallerIdentity"));
    model
        .feeds
        .stack
        .fail(fault(FaultKind::NoCredentials, "cloudformation:DescribeStacks"));
    model
}

/// Nothing but its refusal has ever been told of the stack.
pub(crate) fn untold(kind: FaultKind) -> Model {
    let mut model = blank();
    model.feeds.identity.set(identity(), NOW);
    model.feeds.stack.fail(fault(kind, "cloudformation:DescribeStacks"));
    model
}

fn identity() -> Identity {
    Identity {
        account: "123456789012".into(),
        arn: "arn:aws:sts::123456789012:assumed-role/Operator/omar".into(),
    }
}

/// A fault with AWS's part.
pub(crate) fn fault(kind: FaultKind, operation: &str) -> Fault {
    Fault {
        code: Some("SomeException".into()),
        request_id: Some("7d3b5c2e-0000-4000-8000-123456789abc".into()),
        ..Fault::new(kind, operation, PROJECT, "")
    }
}

/// Entries of the error log, oldest first.
pub(crate) fn errors() -> Vec<ErrorEntry> {
    let entry = |seconds: Millis, count, fault| ErrorEntry {
        at: NOW.wall - seconds * 1000,
        count,
        fault,
    };
    vec![
        entry(90_000, 1, fault(FaultKind::Unreachable, "cloudformation:DescribeStacks")),
        entry(300, 12, fault(FaultKind::Throttled, "ecs:DescribeServices")),
        entry(12, 1, fault(FaultKind::Denied, "logs:FilterLogEvents")),
    ]
}

fn stack(project: &str, status: &str) -> Stack {
    let output = |key: &str, value: String| Output {
        key: key.into(),
        value: value.into(),
        description: format!("What {key} is for").into(),
    };
    Stack {
        id: format!("arn:aws:cloudformation:us-west-2:123456789012:stack/{project}/0af3").into(),
        name: project.into(),
        status: StackStatus(status.into()),
        reason: "".into(),
        created: NOW.wall - 900_000,
        updated: None,
        deleted: None,
        parameters: vec![("ProjectName".into(), project.into()), ("DeploymentSize".into(), "small".into())],
        outputs: vec![
            output("ALBEndpoint", format!("http://{project}-1234567890.us-west-2.elb.amazonaws.com")),
            output("LogGroup", format!("/ecs/{project}")),
        ],
        tags: vec![("Project".into(), "BedrockImageChat".into())],
        termination_protection: false,
        change_set: None,
    }
}

const RESOURCES: [(&str, &str); 6] = [
    ("VPC", "AWS::EC2::VPC"),
    ("FileSystem", "AWS::EFS::FileSystem"),
    ("ECSCluster", "AWS::ECS::Cluster"),
    ("ApplicationLoadBalancer", "AWS::ElasticLoadBalancingV2::LoadBalancer"),
    ("LiteLLMService", "AWS::ECS::Service"),
    ("OpenWebUIService", "AWS::ECS::Service"),
];

/// Newest first, as AWS tells them.
fn events(project: &str) -> Vec<StackEvent> {
    let id = format!("arn:aws:cloudformation:us-west-2:123456789012:stack/{project}/0af3");
    let event = |n: Millis, logical: &str, physical: &str, kind: &str, status: &str, reason: &str| StackEvent {
        id: format!("event-{n}").into(),
        at: NOW.wall - 900_000 + n * 45_000,
        logical_id: logical.into(),
        physical_id: physical.into(),
        resource_type: kind.into(),
        status: ResourceStatus(status.into()),
        reason: reason.into(),
        token: None,
    };
    let kind = "AWS::CloudFormation::Stack";
    let mut out = vec![event(0, project, &id, kind, "CREATE_IN_PROGRESS", "User Initiated")];
    for (n, (logical, kind)) in (1..).zip(RESOURCES) {
        out.push(event(2 * n, logical, "", kind, "CREATE_IN_PROGRESS", "Resource creation Initiated"));
        let (status, reason) = if logical == "ECSCluster" {
            ("CREATE_FAILED", "AccessDenied when creating the cluster")
        } else {
            ("CREATE_COMPLETE", "")
        };
        out.push(event(2 * n + 1, logical, "", kind, status, reason));
    }
    out.push(event(15, project, &id, kind, "CREATE_COMPLETE", ""));
    out.reverse();
    out
}

/// All that the template makes.
fn resources(model: &Model, project: &str) -> Vec<StackResource> {
    model
        .template
        .resources(&model.parameters(), &model.pseudo())
        .into_iter()
        .map(|it| StackResource {
            physical_id: format!("{project}-{}", it.logical_id).into(),
            logical_id: it.logical_id,
            resource_type: it.kind,
            status: ResourceStatus("CREATE_COMPLETE".into()),
            reason: "".into(),
            at: NOW.wall - 300_000,
        })
        .collect()
}

fn deployment(status: &str, rollout: &str) -> Deployment {
    Deployment {
        id: format!("ecs-svc/{status}").into(),
        status: status.into(),
        rollout: rollout.into(),
        reason: "ECS deployment in progress.".into(),
        desired: 1,
        running: 1,
        pending: 0,
        failed: 0,
        task_definition: format!("{PROJECT}:7").into(),
        created: Some(NOW.wall - 600_000),
        updated: Some(NOW.wall - 300_000),
    }
}

fn service(project: &str, app: &str, running: i32, desired: i32) -> Service {
    let name = format!("{project}-{app}");
    let event = |n: Millis, text: &str| ServiceEvent {
        id: format!("{app}-{n}").into(),
        at: NOW.wall - n * 60_000,
        message: format!("(service {name}) {text}").into(),
    };
    Service {
        arn: format!("arn:aws:ecs:us-west-2:123456789012:service/{project}-cluster/{name}").into(),
        status: "ACTIVE".into(),
        desired,
        running,
        pending: 0,
        task_definition: format!("{name}:7").into(),
        deployments: vec![deployment("PRIMARY", "COMPLETED")],
        events: vec![
            event(3, "has reached a steady state."),
            event(9, "has started 1 tasks: (task 0af3)."),
        ],
        tags: Vec::new(),
        target_groups: Vec::new(),
        name: name.into(),
    }
}

fn task(project: &str, app: &str, status: &str) -> Task {
    Task {
        arn: format!("arn:aws:ecs:us-west-2:123456789012:task/{project}-cluster/{:0>32}", app.len()).into(),
        service: format!("{project}-{app}").into(),
        task_definition: format!("{project}-{app}:7").into(),
        status: status.into(),
        desired: status.into(),
        health: if status == "RUNNING" { "HEALTHY" } else { "UNKNOWN" }.into(),
        created: Some(NOW.wall - 500_000),
        started: Some(NOW.wall - 400_000),
        stopped: None,
        stop_code: "".into(),
        stopped_reason: "".into(),
        cpu: Some(1024),
        memory: Some(2048),
        zone: "us-west-2a".into(),
        address: "10.0.1.23".into(),
        capacity: "FARGATE".into(),
        architecture: "X86_64".into(),
        containers: vec![Container {
            name: app.into(),
            status: status.into(),
            exit_code: None,
            reason: "".into(),
            image: format!("123456789012.dkr.ecr.us-west-2.amazonaws.com/{project}/{app}:stable").into(),
        }],
    }
}

fn group(project: &str, name: &str, port: i32, state: &str) -> TargetGroup {
    let is_well = state == "healthy";
    TargetGroup {
        arn: format!("arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/{project}-{name}/0af3").into(),
        logical_id: name.into(),
        targets: vec![Target {
            id: "10.0.1.23".into(),
            port: Some(port),
            zone: "us-west-2a".into(),
            state: state.into(),
            reason: if is_well { "" } else { "Target.ResponseCodeMismatch" }.into(),
            description: if is_well {
                ""
            } else {
                "Health checks failed with these codes: [502]"
            }
            .into(),
        }],
    }
}
