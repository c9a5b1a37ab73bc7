//! A model with everything loaded, for key scripts: plain facts, no cloud behind it.

use std::sync::{Arc, LazyLock};

use bic_tui::{
    cloud::About,
    core::{
        fact::{
            Container, Deployment, Identity, Output, ResourceStatus, Service, Stack, StackEvent, StackResource, StackStatus, Target,
            TargetGroup, Task,
        },
        keymap::Keymap,
        model::Model,
        msg::{Msg, Now, Size},
        settings::Settings,
        template::Template,
        update::update,
    },
};

/// Parsed once for all tests of a process.
static TEMPLATE: LazyLock<Arc<Template>> = LazyLock::new(|| Arc::new(Template::shipped()));

/// The cloud's time in these tests: 2026-11-22T03:12:00Z.
pub(crate) const NOW: i64 = 1_795_317_120_000;

/// A console that has not heard of anything yet.
pub(crate) fn fresh(settings: Settings) -> Model {
    let about = About {
        region: "us-west-2".into(),
        profile: "ops".into(),
        endpoint: None,
        is_endpoint_inherited: false,
        badge: None,
        speed: 1,
    };
    let keymap = Keymap::new(&settings).expect("the default keys do not clash");
    let mut model = Model::new(settings, about, keymap, Arc::clone(&TEMPLATE));
    model.now = Now { mono: 1_000, wall: NOW };
    model.size = Size { width: 120, height: 40 };
    model
}

/// A console that shows a stack in a status, with services, tasks and targets.
pub(crate) fn loaded(settings: Settings, status: &str) -> Model {
    let mut model = fresh(settings);
    let now = model.now;
    model.feeds.identity.set(
        Identity {
            account: "123456789012".into(),
            arn: "arn:aws:iam::123456789012:user/ops".into(),
        },
        now,
    );
    let stack = stack(status);
    model.stack_id = Some(stack.id.clone());
    model.feeds.stack.set(Some(stack), now);
    model.feeds.events.set(
        vec![event("VPC", "CREATE_COMPLETE", 60_000), event("VPC", "CREATE_IN_PROGRESS", 90_000)],
        now,
    );
    model.feeds.resources.set(
        vec![resource("FileSystem", "AWS::EFS::FileSystem"), resource("VPC", "AWS::EC2::VPC")],
        now,
    );
    model
        .feeds
        .services
        .set(vec![service("openwebui", 1, 1), service("litellm", 1, 1)], now);
    model.feeds.tasks.set(
        vec![task("openwebui", "RUNNING"), task("litellm", "RUNNING"), task("litellm", "STOPPED")],
        now,
    );
    model.feeds.targets.set(vec![group()], now);
    model.has_landed = true;
    model.resolve_template();
    update(&mut model, Msg::Drawn);
    model
}

/// The stack.
pub(crate) fn stack(status: &str) -> Stack {
    Stack {
        id: "arn:aws:cloudformation:us-west-2:123456789012:stack/bedrock-image-chat/0a1b".into(),
        name: "bedrock-image-chat".into(),
        status: StackStatus(status.into()),
        reason: "".into(),
        created: NOW - 3_600_000,
        updated: None,
        deleted: None,
        parameters: vec![
            ("ProjectName".into(), "bedrock-image-chat".into()),
            ("DeploymentSize".into(), "small".into()),
        ],
        outputs: vec![Output {
            key: "ALBEndpoint".into(),
            value: "http://alb.example".into(),
            description: "".into(),
        }],
        tags: Vec::new(),
        termination_protection: false,
        change_set: None,
    }
}

/// One stack event, so many milliseconds ago.
pub(crate) fn event(logical_id: &str, status: &str, ago: i64) -> StackEvent {
    StackEvent {
        id: format!("{logical_id}-{status}").into(),
        at: NOW - ago,
        logical_id: logical_id.into(),
        physical_id: "vpc-1".into(),
        resource_type: "AWS::EC2::VPC".into(),
        status: ResourceStatus(status.into()),
        reason: "".into(),
        token: None,
    }
}

/// One resource.
pub(crate) fn resource(logical_id: &str, kind: &str) -> StackResource {
    StackResource {
        logical_id: logical_id.into(),
        physical_id: "x-1".into(),
        resource_type: kind.into(),
        status: ResourceStatus("CREATE_COMPLETE".into()),
        reason: "".into(),
        at: NOW,
    }
}

/// One service.
pub(crate) fn service(app: &str, desired: i32, running: i32) -> Service {
    Service {
        arn: format!("arn:aws:ecs:us-west-2:123456789012:service/bedrock-image-chat-cluster/bedrock-image-chat-{app}").into(),
        name: format!("bedrock-image-chat-{app}").into(),
        status: "ACTIVE".into(),
        desired,
        running,
        pending: 0,
        task_definition: format!("bedrock-image-chat-{app}:1").into(),
        deployments: vec![Deployment {
            id: "ecs-svc/1".into(),
            status: "PRIMARY".into(),
            rollout: "COMPLETED".into(),
            reason: "".into(),
            desired,
            running,
            pending: 0,
            failed: 0,
            task_definition: format!("bedrock-image-chat-{app}:1").into(),
            created: Some(NOW - 600_000),
            updated: None,
        }],
        events: Vec::new(),
        tags: Vec::new(),
        target_groups: Vec::new(),
    }
}

/// One task.
pub(crate) fn task(app: &str, status: &str) -> Task {
    Task {
        arn: format!("arn:aws:ecs:us-west-2:123456789012:task/bedrock-image-chat-cluster/{app}{status}").into(),
        service: format!("bedrock-image-chat-{app}").into(),
        task_definition: format!("bedrock-image-chat-{app}:1").into(),
        status: status.into(),
        desired: status.into(),
        health: "HEALTHY".into(),
        created: Some(NOW - 500_000),
        started: Some(NOW - 480_000),
        stopped: None,
        stop_code: "".into(),
        stopped_reason: "".into(),
        cpu: Some(512),
        memory: Some(1024),
        zone: "us-west-2a".into(),
        address: "10.0.10.5".into(),
        capacity: "FARGATE".into(),
        architecture: "X86_64".into(),
        containers: vec![Container {
            name: app.into(),
            status: status.into(),
            exit_code: None,
            reason: "".into(),
            image: "image:1".into(),
        }],
    }
}

/// A target group with one healthy target.
pub(crate) fn group() -> TargetGroup {
    TargetGroup {
        arn: "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/bedrock-image-chat-webui/1".into(),
        logical_id: "TargetGroup".into(),
        targets: vec![Target {
            id: "10.0.10.5".into(),
            port: Some(8080),
            zone: "us-west-2a".into(),
            state: "healthy".into(),
            reason: "".into(),
            description: "".into(),
        }],
    }
}
