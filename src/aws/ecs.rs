//! ECS: services, tasks, and the few writes to them.

use std::collections::HashSet;

use aws_sdk_ecs::{
    Client,
    operation::update_service::builders::UpdateServiceFluentBuilder,
    types::{self, DesiredStatus, ServiceField, Tag},
};
use futures::future::{try_join, try_join_all};

use super::{
    fault, millis,
    pages::{self, missing},
    text,
};
use crate::core::{
    fact::{Container, Deployment, Service, ServiceEvent, Task},
    fault::{Fault, FaultKind},
    text::SafeText,
};

const SERVICES: &str = "ecs:DescribeServices";
const LIST_TASKS: &str = "ecs:ListTasks";
const TASKS: &str = "ecs:DescribeTasks";
const UPDATE: &str = "ecs:UpdateService";

/// Most services of one `DescribeServices`, and tasks of one `DescribeTasks`.
const SERVICES_A_CALL: usize = 10;
const TASKS_A_CALL: usize = 100;

pub(super) async fn services(client: &Client, cluster: &str, names: &[SafeText]) -> Result<Vec<Service>, Fault> {
    let chunks = names.chunks(SERVICES_A_CALL).map(|names| some_services(client, cluster, names));
    Ok(try_join_all(chunks).await?.concat())
}

async fn some_services(client: &Client, cluster: &str, names: &[SafeText]) -> Result<Vec<Service>, Fault> {
    let request = client
        .describe_services()
        .cluster(cluster)
        .set_services(Some(names.iter().map(ToString::to_string).collect()))
        .include(ServiceField::Tags);
    let output = request.send().await.map_err(fault::on(SERVICES, cluster))?;
    let Some(services) = output.services else {
        return Err(missing(SERVICES, cluster, "services"));
    };
    // A service that does not exist is absent from the answer; any other failure is a fault.
    let failures = output.failures.unwrap_or_default();
    if let Some(failure) = failures.iter().find(|it| it.reason() != Some("MISSING")) {
        let why = failure.reason().unwrap_or_default();
        return Err(Fault::new(FaultKind::Refused, SERVICES, failure.arn().unwrap_or(cluster), why));
    }
    Ok(services.into_iter().map(service).collect())
}

fn service(it: types::Service) -> Service {
    Service {
        arn: text(it.service_arn),
        name: text(it.service_name),
        status: text(it.status),
        desired: it.desired_count,
        running: it.running_count,
        pending: it.pending_count,
        task_definition: revision(it.task_definition),
        deployments: it.deployments.unwrap_or_default().into_iter().map(deployment).collect(),
        events: it.events.unwrap_or_default().into_iter().map(event).collect(),
        tags: it
            .tags
            .unwrap_or_default()
            .into_iter()
            .map(|tag| (text(tag.key), text(tag.value)))
            .collect(),
        target_groups: it
            .load_balancers
            .unwrap_or_default()
            .into_iter()
            .filter_map(|balancer| balancer.target_group_arn.map(SafeText::from))
            .collect(),
    }
}

fn deployment(it: types::Deployment) -> Deployment {
    Deployment {
        id: text(it.id),
        status: text(it.status),
        rollout: it.rollout_state.map(|state| state.as_str().into()).unwrap_or_default(),
        reason: text(it.rollout_state_reason),
        desired: it.desired_count,
        running: it.running_count,
        pending: it.pending_count,
        failed: it.failed_tasks,
        task_definition: revision(it.task_definition),
        created: millis(it.created_at),
        updated: millis(it.updated_at),
    }
}

fn event(it: types::ServiceEvent) -> ServiceEvent {
    ServiceEvent {
        id: text(it.id),
        at: millis(it.created_at).unwrap_or_default(),
        message: text(it.message),
    }
}

/// `family:revision` of a task definition's ARN.
fn revision(arn: Option<String>) -> SafeText {
    arn.as_deref().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().into()
}

pub(super) async fn tasks(client: &Client, cluster: &str) -> Result<Vec<Task>, Fault> {
    let running = list_tasks(client, cluster, DesiredStatus::Running);
    let stopped = list_tasks(client, cluster, DesiredStatus::Stopped);
    let (mut arns, stopped) = try_join(running, stopped).await?;
    arns.extend(stopped);
    // A task that stops between the two listings is in both.
    let mut seen = HashSet::new();
    arns.retain(|arn| seen.insert(arn.clone()));
    let chunks = arns.chunks(TASKS_A_CALL).map(|arns| some_tasks(client, cluster, arns));
    Ok(try_join_all(chunks).await?.concat())
}

async fn list_tasks(client: &Client, cluster: &str, desired: DesiredStatus) -> Result<Vec<String>, Fault> {
    pages::all(LIST_TASKS, cluster, |token| {
        let request = client
            .list_tasks()
            .cluster(cluster)
            .desired_status(desired.clone())
            .set_next_token(token);
        async move {
            let output = request.send().await.map_err(fault::on(LIST_TASKS, cluster))?;
            let arns = output.task_arns.ok_or_else(|| missing(LIST_TASKS, cluster, "tasks"))?;
            Ok((arns, output.next_token))
        }
    })
    .await
}

async fn some_tasks(client: &Client, cluster: &str, arns: &[String]) -> Result<Vec<Task>, Fault> {
    let request = client.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec()));
    let output = request.send().await.map_err(fault::on(TASKS, cluster))?;
    // Tasks that ECS has forgotten since the listing come as failures: they are gone.
    let tasks = output.tasks.ok_or_else(|| missing(TASKS, cluster, "tasks"))?;
    Ok(tasks.into_iter().map(task).collect())
}

fn task(it: types::Task) -> Task {
    let group = it.group.as_deref().and_then(|group| group.strip_prefix("service:"));
    let capacity = it
        .capacity_provider_name
        .as_deref()
        .or(it.launch_type.as_ref().map(types::LaunchType::as_str));
    Task {
        service: group.unwrap_or_default().into(),
        capacity: capacity.unwrap_or_default().into(),
        architecture: attribute(&it, "ecs.cpu-architecture").to_uppercase().into(),
        address: address(&it).into(),
        status: text(it.last_status),
        desired: text(it.desired_status),
        health: it.health_status.as_ref().map_or("UNKNOWN", |it| it.as_str()).into(),
        created: millis(it.created_at),
        started: millis(it.started_at),
        stopped: millis(it.stopped_at),
        stop_code: it.stop_code.map(|code| code.as_str().into()).unwrap_or_default(),
        stopped_reason: text(it.stopped_reason),
        cpu: it.cpu.and_then(|units| units.parse().ok()),
        memory: it.memory.and_then(|mebibytes| mebibytes.parse().ok()),
        zone: text(it.availability_zone),
        containers: it.containers.unwrap_or_default().into_iter().map(container).collect(),
        arn: text(it.task_arn),
        task_definition: revision(it.task_definition_arn),
    }
}

fn container(it: types::Container) -> Container {
    Container {
        name: text(it.name),
        status: text(it.last_status),
        exit_code: it.exit_code,
        reason: text(it.reason),
        image: text(it.image),
    }
}

fn attribute<'a>(task: &'a types::Task, name: &str) -> &'a str {
    let found = task.attributes().iter().find(|attribute| attribute.name() == name);
    found.and_then(types::Attribute::value).unwrap_or_default()
}

/// The private address: of the network interface, or of the first container that knows it.
fn address(task: &types::Task) -> &str {
    let mut details = task.attachments().iter().flat_map(types::Attachment::details);
    let attached = details.find(|it| it.name() == Some("privateIPv4Address")).and_then(|it| it.value());
    let mut interfaces = task.containers().iter().flat_map(types::Container::network_interfaces);
    attached
        .or_else(|| interfaces.find_map(|it| it.private_ipv4_address()))
        .unwrap_or_default()
}

/// Refuses when somebody has changed the desired count since the operator saw it.
pub(super) async fn check_count(client: &Client, cluster: &str, name: &SafeText, from: i32) -> Result<(), Fault> {
    let found = services(client, cluster, std::slice::from_ref(name)).await?;
    match found.first() {
        Some(service) if service.desired == from => Ok(()),
        Some(service) => {
            let why = format!("its desired count is {} by now, not {from}; nothing was sent", service.desired);
            Err(Fault::new(FaultKind::Refused, UPDATE, name, &why))
        }
        None => Err(Fault::new(FaultKind::NotFound, UPDATE, name, "")),
    }
}

pub(super) async fn scale(client: &Client, cluster: &str, service: &str, to: i32) -> Result<(), Fault> {
    update(client.update_service().cluster(cluster).service(service).desired_count(to), service).await
}

pub(super) async fn restart(client: &Client, cluster: &str, service: &str) -> Result<(), Fault> {
    let request = client.update_service().cluster(cluster).service(service);
    update(request.force_new_deployment(true), service).await
}

async fn update(request: UpdateServiceFluentBuilder, service: &str) -> Result<(), Fault> {
    request.send().await.map(drop).map_err(fault::on(UPDATE, service))
}

pub(super) async fn stop_task(client: &Client, cluster: &str, task: &str) -> Result<(), Fault> {
    let request = client
        .stop_task()
        .cluster(cluster)
        .task(task)
        .reason("Stopped by hand from bic-tui");
    request.send().await.map(drop).map_err(fault::on("ecs:StopTask", task))
}

pub(super) async fn tag(client: &Client, service: &str, key: &str, value: Option<&SafeText>) -> Result<(), Fault> {
    if let Some(value) = value {
        let tag = Tag::builder().key(key).value(value.as_str()).build();
        let request = client.tag_resource().resource_arn(service).tags(tag);
        request.send().await.map(drop).map_err(fault::on("ecs:TagResource", service))
    } else {
        let request = client.untag_resource().resource_arn(service).tag_keys(key);
        request.send().await.map(drop).map_err(fault::on("ecs:UntagResource", service))
    }
}
