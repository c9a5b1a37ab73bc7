//! Models and frames for the tests of the screens.

use std::{collections::BTreeMap, sync::Arc};

use ratatui::{Frame, Terminal, backend::TestBackend, layout::Rect};

use crate::{
    cloud::About,
    core::{
        eta::{Durations, Work},
        fact::{
            ChangeAction, ChangeSet, Container, Deployment, Identity, Millis, Output, Picture, PropertyChange, Replacement, ResourceChange,
            ResourceStatus, Service, ServiceEvent, Stack, StackEvent, StackStatus, Target, TargetGroup, Task,
        },
        keymap::Keymap,
        model::Model,
        msg::{Now, Size},
        progress::Progress,
        screen::{
            Panel, ScreenId,
            deploy::{Form, Plan, Stage},
        },
        secret::{SecretRef, SecretText},
        settings::Settings,
        template::Template,
        text::SafeText,
    },
    ui::{Side, theme::Theme},
};

/// 2026-11-22T19:40:58Z.
pub(in crate::ui) const NOW: Millis = 1_795_376_458_000;
const STACK_ID: &str = "arn:aws:cloudformation:us-west-2:111122223333:stack/bedrock-image-chat/1";

/// A console that knows that there is no stack.
pub(in crate::ui) fn nothing() -> Model {
    let about = About {
        region: "us-west-2".into(),
        profile: "dana".into(),
        endpoint: None,
        is_endpoint_inherited: false,
        badge: None,
        speed: 1,
    };
    let settings = Settings::default();
    let keymap = Keymap::new(&settings).unwrap();
    let mut model = Model::new(settings, about, keymap, Arc::new(Template::shipped()));
    model.now = Now { mono: 600_000, wall: NOW };
    let now = model.now;
    model.feeds.identity.set(
        Identity {
            account: "111122223333".into(),
            arn: "arn:aws:sts::111122223333:assumed-role/dev/dana".into(),
        },
        now,
    );
    model.feeds.stack.set(None, now);
    model.screen = ScreenId::Deploy;
    model.resolve_template();
    model
}

pub(in crate::ui) fn stack(status: &str) -> Stack {
    let output = |key: &str, value: &str, description: &str| Output {
        key: key.into(),
        value: value.into(),
        description: description.into(),
    };
    let template = Template::shipped();
    let mut values = template.values(&BTreeMap::new());
    values.insert("AllowedCIDR".into(), "203.0.113.0/24".into());
    Stack {
        id: STACK_ID.into(),
        name: "bedrock-image-chat".into(),
        status: StackStatus(status.into()),
        reason: SafeText::default(),
        created: NOW - 3 * 86_400_000,
        updated: Some(NOW - 7_200_000),
        deleted: None,
        parameters: template
            .parameters
            .iter()
            .map(|p| (p.name.clone(), values[p.name.as_str()].as_str().into()))
            .collect(),
        outputs: vec![
            output(
                "ALBEndpoint",
                "http://bedrock-image-chat-alb-1234567890.us-west-2.elb.amazonaws.com",
                "Address of the application",
            ),
            output("ClusterName", "bedrock-image-chat-cluster", "ECS cluster"),
            output("LogGroupName", "/ecs/bedrock-image-chat", "Log group of both services"),
        ],
        tags: vec![("Project".into(), "BedrockImageChat".into())],
        termination_protection: false,
        change_set: None,
    }
}

/// A model whose stack has this status.
pub(in crate::ui) fn with_stack(status: &str) -> Model {
    let mut model = nothing();
    let now = model.now;
    model.feeds.stack.set(Some(stack(status)), now);
    model.resolve_template();
    model
}

pub(in crate::ui) fn event(id: &str, kind: &str, status: &str, reason: &str, at: Millis) -> StackEvent {
    let is_stack = kind == "AWS::CloudFormation::Stack";
    StackEvent {
        id: format!("{id}-{status}-{at}").into(),
        at,
        logical_id: id.into(),
        physical_id: if is_stack {
            STACK_ID.into()
        } else {
            format!("arn:aws:ecs:us-west-2:111122223333:service/c/{id}").into()
        },
        resource_type: kind.into(),
        status: ResourceStatus(status.into()),
        reason: reason.into(),
        token: None,
    }
}

/// Events in their own order become the model's feed and progress.
pub(in crate::ui) fn set_events(model: &mut Model, mut events: Vec<StackEvent>) {
    events.sort_by_key(|e| e.at);
    events.reverse();
    model.progress = Progress::read(model.stack().unwrap(), &events);
    let now = model.now;
    model.feeds.events.set(events, now);
}

/// A first creation that has run for so many seconds, each resource taking its typical time.
pub(in crate::ui) fn creating(seconds: i64) -> Model {
    let mut model = with_stack("CREATE_IN_PROGRESS");
    let start = NOW - seconds * 1000;
    let mut events = vec![event(
        "bedrock-image-chat",
        "AWS::CloudFormation::Stack",
        "CREATE_IN_PROGRESS",
        "User Initiated",
        start,
    )];
    let mut ends: BTreeMap<SafeText, Millis> = BTreeMap::new();
    for r in &model.resources {
        let begin = r.depends_on.iter().filter_map(|d| ends.get(d)).copied().max().unwrap_or(start);
        let end = begin + Durations::shipped().typical(&r.kind, Work::Create);
        ends.insert(r.logical_id.clone(), end);
        if begin <= NOW {
            events.push(event(&r.logical_id, &r.kind, "CREATE_IN_PROGRESS", "", begin));
        }
        if end <= NOW {
            events.push(event(&r.logical_id, &r.kind, "CREATE_COMPLETE", "", end));
        }
    }
    set_events(&mut model, events);
    model
}

/// A creation whose Open WebUI service does not come up.
pub(in crate::ui) fn failing() -> Model {
    let mut model = creating(560);
    let mut events = model.feeds.events.get().unwrap().clone();
    events.retain(|e| e.logical_id != "OpenWebUIService");
    let kind = "AWS::ECS::Service";
    let reason = "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\" (RequestToken: 1, HandlerErrorCode: GeneralServiceException)";
    let service = "bedrock-image-chat-openwebui";
    let mut failed = event("OpenWebUIService", kind, "CREATE_FAILED", reason, NOW - 20_000);
    failed.physical_id = format!("arn:aws:ecs:us-west-2:111122223333:service/c/{service}").into();
    events.push(event("OpenWebUIService", kind, "CREATE_IN_PROGRESS", "", NOW - 260_000));
    events.push(event(
        "LiteLLMService",
        kind,
        "CREATE_FAILED",
        "Resource creation cancelled",
        NOW - 21_000,
    ));
    events.push(failed);
    set_events(&mut model, events);
    let mut dead = task("0af3c1d2e4", service, "STOPPED");
    dead.stop_code = "TaskFailedToStart".into();
    dead.stopped = Some(NOW - 60_000);
    dead.stopped_reason = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s)".into();
    let now = model.now;
    model.feeds.tasks.set(vec![dead], now);
    model
}

pub(in crate::ui) fn task(id: &str, service: &str, status: &str) -> Task {
    Task {
        arn: format!("arn:aws:ecs:us-west-2:111122223333:task/bedrock-image-chat-cluster/{id}").into(),
        task_definition: format!("{service}:3").into(),
        desired: "RUNNING".into(),
        health: if status == "RUNNING" { "HEALTHY".into() } else { "UNKNOWN".into() },
        created: Some(NOW - 7_300_000),
        started: Some(NOW - 7_200_000),
        cpu: Some(1024),
        memory: Some(2048),
        zone: "us-west-2a".into(),
        address: "10.42.10.17".into(),
        capacity: "FARGATE".into(),
        architecture: "X86_64".into(),
        containers: vec![Container {
            name: "openwebui".into(),
            status: status.into(),
            exit_code: None,
            reason: SafeText::default(),
            image: "ghcr.io/open-webui/open-webui:v0.12.4".into(),
        }],
        ..Task::known_as(service, status)
    }
}

fn service(name: &str, running: i32, desired: i32) -> Service {
    let event = |at: i64, message: &str| ServiceEvent {
        id: format!("{name}{at}").into(),
        at: NOW - at,
        message: format!("(service {name}) {message}").into(),
    };
    Service {
        arn: format!("arn:aws:ecs:us-west-2:111122223333:service/c/{name}").into(),
        name: name.into(),
        status: "ACTIVE".into(),
        desired,
        running,
        pending: 0,
        task_definition: format!("{name}:3").into(),
        deployments: vec![Deployment {
            id: "ecs-svc/1".into(),
            status: "PRIMARY".into(),
            rollout: "COMPLETED".into(),
            reason: "ECS deployment ecs-svc/1 completed.".into(),
            desired,
            running,
            pending: 0,
            failed: desired - running,
            task_definition: format!("{name}:3").into(),
            created: Some(NOW - 7_200_000),
            updated: Some(NOW - 7_000_000),
        }],
        events: vec![
            event(60_000, "has reached a steady state."),
            event(7_000_000, "has started 1 tasks: (task 0af3c1d2e4)."),
            event(
                7_100_000,
                "was unable to place a task. Reason: Capacity is unavailable at this time.",
            ),
        ],
        tags: Vec::new(),
        target_groups: Vec::new(),
    }
}

fn sick_group() -> TargetGroup {
    let target = Target {
        id: "10.42.10.17".into(),
        port: Some(8080),
        zone: "us-west-2a".into(),
        state: "unhealthy".into(),
        reason: "Target.Timeout".into(),
        description: "Request timed out".into(),
    };
    TargetGroup {
        arn: "arn:aws:elasticloadbalancing:us-west-2:111122223333:targetgroup/bic-tg/1".into(),
        logical_id: "TargetGroup".into(),
        targets: vec![target],
    }
}

/// A stack that serves: services, tasks (one stopped badly), targets.
pub(in crate::ui) fn running() -> Model {
    let mut model = with_stack("UPDATE_COMPLETE");
    let names = ["bedrock-image-chat-openwebui", "bedrock-image-chat-litellm"];
    let now = model.now;
    model
        .feeds
        .services
        .set(vec![service(names[0], 0, 1), service(names[1], 1, 1)], now);
    let mut oom = task("9b1e77aa01", names[0], "STOPPED");
    oom.stop_code = "EssentialContainerExited".into();
    oom.stopped = Some(NOW - 90_000);
    oom.stopped_reason = "Essential container in task exited".into();
    oom.containers[0].exit_code = Some(137);
    oom.containers[0].reason = "OutOfMemoryError: Container killed due to memory usage".into();
    model.feeds.tasks.set(
        vec![
            task("0af3c1d2e4", names[0], "PENDING"),
            task("77aa01beef", names[1], "RUNNING"),
            oom,
        ],
        now,
    );
    model.feeds.targets.set(vec![sick_group()], now);
    let start = NOW - 7_200_000;
    let mut events = vec![event(
        "bedrock-image-chat",
        "AWS::CloudFormation::Stack",
        "UPDATE_IN_PROGRESS",
        "User Initiated",
        start,
    )];
    for (i, (id, kind)) in [
        ("OpenWebUITaskDefinition", "AWS::ECS::TaskDefinition"),
        ("OpenWebUIService", "AWS::ECS::Service"),
    ]
    .iter()
    .enumerate()
    {
        let at = start + i as i64 * 20_000;
        events.push(event(id, kind, "UPDATE_IN_PROGRESS", "", at));
        events.push(event(id, kind, "UPDATE_COMPLETE", "", at + 100_000));
    }
    events.push(event(
        "bedrock-image-chat",
        "AWS::CloudFormation::Stack",
        "UPDATE_COMPLETE",
        "",
        start + 200_000,
    ));
    set_events(&mut model, events);
    model
}

/// A form, for a new stack or for the one that is there.
pub(in crate::ui) fn form(mut model: Model) -> Model {
    let form = Form::new(&model.template, model.live_stack());
    model.deploy = Stage::Form(form);
    model
}

fn changes() -> Vec<ResourceChange> {
    let change = |action, id: &str, kind: &str, replacement, properties: &[(&str, &str, &str)]| ResourceChange {
        action,
        logical_id: id.into(),
        physical_id: "x".into(),
        resource_type: kind.into(),
        replacement,
        fate: None,
        properties: properties
            .iter()
            .map(|(path, before, after)| PropertyChange {
                path: format!("Properties.{path}").into(),
                before: Some((*before).into()),
                after: Some((*after).into()),
            })
            .collect(),
    };
    let (add, modify, remove) = (ChangeAction::Add, ChangeAction::Modify, ChangeAction::Remove);
    let (never, maybe, always) = (Replacement::Never, Replacement::Conditional, Replacement::Always);
    let task = [("Cpu", "1024", "2048"), ("Memory", "2048", "4096")];
    vec![
        change(add, "Database", "AWS::RDS::DBInstance", never, &[]),
        change(
            modify,
            "OpenWebUIService",
            "AWS::ECS::Service",
            never,
            &[("DesiredCount", "1", "2")],
        ),
        change(
            modify,
            "FileSystem",
            "AWS::EFS::FileSystem",
            always,
            &[("Encrypted", "false", "true")],
        ),
        change(modify, "OpenWebUITaskDefinition", "AWS::ECS::TaskDefinition", maybe, &task),
        change(remove, "S3Endpoint", "AWS::EC2::VPCEndpoint", never, &[]),
    ]
}

/// A plan that replaces the file system and changes a service.
pub(in crate::ui) fn plan() -> Model {
    let mut model = with_stack("CREATE_COMPLETE");
    let mut form = Form::new(&model.template, model.live_stack());
    form.fields.iter_mut().find(|f| f.def.name == "DeploymentSize").unwrap().cycle(1);
    model.deploy = Stage::Plan(Plan {
        values: form.values(),
        notes: Vec::new(),
        form,
        change_set: ChangeSet {
            id: "cs".into(),
            name: "bic-tui".into(),
            stack_id: STACK_ID.into(),
            status: "CREATE_COMPLETE".into(),
            reason: SafeText::default(),
            execution: "AVAILABLE".into(),
            changes: changes(),
            parameters: vec![],
            capabilities: vec!["CAPABILITY_NAMED_IAM".into()],
            tags: vec![
                ("Project".into(), "BedrockImageChat".into()),
                ("Environment".into(), "Production".into()),
            ],
        },
        selected: 0,
        is_create: false,
    });
    model.cursors.insert(Panel::Deploy, 2);
    model
}

/// One frame as text, right ends trimmed.
pub(in crate::ui) fn frame(model: &Model, size: (u16, u16), draw: impl Fn(&Model, &Side<'_>, Rect, &mut Frame<'_>)) -> String {
    let mut model = model.clone();
    model.size = Size {
        width: size.0,
        height: size.1,
    };
    let theme = Theme::plain();
    let secret = |_: &SecretRef| Some(Arc::new(SecretText::new(b"sk-canary\x1b-value".to_vec())));
    let picture = |_: &Picture, area: Rect, frame: &mut Frame<'_>| {
        for y in area.top()..area.bottom() {
            frame
                .buffer_mut()
                .set_string(area.x, y, "▒".repeat(usize::from(area.width)), ratatui::style::Style::new());
        }
        true
    };
    let side = Side {
        theme: &theme,
        secret: &secret,
        picture: &picture,
        picture_protocol: "half-blocks".into(),
    };
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal.draw(|f| draw(&model, &side, f.area(), f)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let rows = (0..size.1).map(|y| {
        let row: String = (0..size.0).map(|x| buffer[(x, y)].symbol()).collect();
        row.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}
