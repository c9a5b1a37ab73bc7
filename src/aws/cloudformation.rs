//! CloudFormation: what a stack is, what happened to it, what a change would do, and the writes.

use aws_sdk_cloudformation::{
    Client,
    operation::{describe_change_set::DescribeChangeSetOutput, describe_stacks::DescribeStacksError},
    types::{self, Capability, ChangeSetType, Parameter, Tag},
};

use super::{
    fault, millis,
    pages::{self, missing},
    text,
};
use crate::{
    cloud::{Done, PlanRequest, Token},
    core::{
        fact::{
            ChangeAction, ChangeSet, ChangeSetBrief, Fate, Output, PropertyChange, Replacement, ResourceChange, ResourceStatus, Stack,
            StackBrief, StackEvent, StackEvents, StackResource, StackStatus, Validation,
        },
        fault::{Fault, FaultKind},
        plan, progress,
        template::{TEMPLATE, Template},
        text::SafeText,
    },
};

const VALIDATE: &str = "cloudformation:ValidateTemplate";
const STACKS: &str = "cloudformation:DescribeStacks";
const LIST: &str = "cloudformation:ListStacks";
const EVENTS: &str = "cloudformation:DescribeStackEvents";
const RESOURCES: &str = "cloudformation:ListStackResources";
const CHANGE_SET: &str = "cloudformation:DescribeChangeSet";
const CHANGE_SETS: &str = "cloudformation:ListChangeSets";
const CREATE: &str = "cloudformation:CreateChangeSet";
const DELETE: &str = "cloudformation:DeleteStack";

/// Most pages of events for one answer; a hundred events each. What is older is not fetched.
const MAX_EVENT_PAGES: usize = 20;

pub(super) async fn validate(client: &Client) -> Result<Validation, Fault> {
    let request = client.validate_template().template_body(TEMPLATE);
    let output = request.send().await.map_err(fault::on(VALIDATE, "the template"))?;
    let capabilities = output.capabilities.unwrap_or_default();
    let parameters = output.parameters.unwrap_or_default();
    Ok(Validation {
        capabilities: capabilities.iter().map(|it| it.as_str().into()).collect(),
        parameters: parameters.into_iter().map(|it| text(it.parameter_key)).collect(),
    })
}

pub(super) async fn stack(client: &Client, name: &str) -> Result<Option<Stack>, Fault> {
    let request = client.describe_stacks().stack_name(name);
    let output = match request.send().await.map_err(fault::on::<DescribeStacksError>(STACKS, name)) {
        Ok(output) => output,
        Err(fault) if fault.kind == FaultKind::NotFound => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let found = output.stacks.unwrap_or_default().into_iter().next();
    found.map(|it| Some(mapped_stack(it))).ok_or_else(|| missing(STACKS, name, "stack"))
}

/// All stacks that live, of whatever template: the application's own are known by its description.
pub(super) async fn stacks(client: &Client) -> Result<Vec<StackBrief>, Fault> {
    let every = types::StackStatus::values().iter().map(|it| types::StackStatus::from(*it));
    let wanted: Vec<_> = every.filter(|it| *it != types::StackStatus::DeleteComplete).collect();
    let title = Template::shipped().title();
    let brief = |it: types::StackSummary| StackBrief {
        is_ours: it
            .template_description
            .is_some_and(|text| !title.is_empty() && text.starts_with(title.as_str())),
        name: text(it.stack_name),
        status: StackStatus(it.stack_status.map(|status| status.as_str().into()).unwrap_or_default()),
    };
    let all = pages::all(LIST, "", |token| {
        let request = client
            .list_stacks()
            .set_stack_status_filter(Some(wanted.clone()))
            .set_next_token(token);
        async move {
            let output = request.send().await.map_err(fault::on(LIST, ""))?;
            let page = output.stack_summaries.ok_or_else(|| missing(LIST, "", "stacks"))?;
            let whole = page.into_iter().filter(|it| it.parent_id.is_none());
            Ok((whole.collect(), output.next_token))
        }
    });
    Ok(all.await?.into_iter().map(brief).collect())
}

/// Ids of the deleted stacks of a name, the newest deletion first. AWS forgets them after 90 days.
pub(super) async fn deleted(client: &Client, name: &str) -> Result<Vec<SafeText>, Fault> {
    let all = pages::all(LIST, name, |token| {
        let request = client.list_stacks().stack_status_filter(types::StackStatus::DeleteComplete);
        let request = request.set_next_token(token);
        async move {
            let output = request.send().await.map_err(fault::on(LIST, name))?;
            let page = output.stack_summaries.ok_or_else(|| missing(LIST, name, "stacks"))?;
            let ours = page.into_iter().filter(|it| it.stack_name.as_deref() == Some(name));
            let dated = ours.map(|it| (millis(it.deletion_time), text(it.stack_id)));
            Ok((dated.collect::<Vec<_>>(), output.next_token))
        }
    });
    let mut all = all.await?;
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    Ok(all.into_iter().map(|(_, id)| id).filter(|id| !id.is_empty()).collect())
}

fn mapped_stack(it: types::Stack) -> Stack {
    Stack {
        id: text(it.stack_id),
        name: text(it.stack_name),
        status: StackStatus(it.stack_status.map(|status| status.as_str().into()).unwrap_or_default()),
        reason: text(it.stack_status_reason),
        created: millis(it.creation_time).unwrap_or_default(),
        updated: millis(it.last_updated_time),
        deleted: millis(it.deletion_time),
        parameters: parameters(it.parameters),
        outputs: it.outputs.unwrap_or_default().into_iter().map(output).collect(),
        tags: tags(it.tags),
        termination_protection: it.enable_termination_protection.unwrap_or_default(),
        change_set: it.change_set_id.map(|id| id.as_str().into()),
    }
}

fn output(it: types::Output) -> Output {
    Output {
        key: text(it.output_key),
        value: text(it.output_value),
        description: text(it.description),
    }
}

fn parameters(them: Option<Vec<Parameter>>) -> Vec<(SafeText, SafeText)> {
    let pair = |it: Parameter| (text(it.parameter_key), text(it.resolved_value.or(it.parameter_value)));
    them.unwrap_or_default().into_iter().map(pair).collect()
}

fn tags(them: Option<Vec<Tag>>) -> Vec<(SafeText, SafeText)> {
    them.unwrap_or_default()
        .into_iter()
        .map(|it| (text(it.key), text(it.value)))
        .collect()
}

/// Newest first, page by page, until an event that is known already, or else the one that opens the newest
/// operation: a stack may have ten thousand older ones.
pub(super) async fn events(client: &Client, stack: &str, known: Option<&SafeText>) -> Result<StackEvents, Fault> {
    event_pages(client, stack, |event| match known {
        Some(known) if event.id == *known => Stop::Before,
        None if event.is_stack() && progress::begins(&event.status) => Stop::AfterPage,
        _ => Stop::Not,
    })
    .await
}

/// Newest first, all that AWS tells.
pub(super) async fn history(client: &Client, stack: &str) -> Result<StackEvents, Fault> {
    event_pages(client, stack, |_| Stop::Not).await
}

/// Whether a listing ends at an event.
#[derive(PartialEq, Eq)]
enum Stop {
    Not,
    /// It is not wanted any more: there is no gap to what is known.
    Before,
    /// Nothing is wanted behind this page.
    AfterPage,
}

async fn event_pages(client: &Client, stack: &str, stops: impl Fn(&StackEvent) -> Stop) -> Result<StackEvents, Fault> {
    let mut events = Vec::new();
    let mut token = None;
    for _ in 0..MAX_EVENT_PAGES {
        let mut is_last = false;
        let request = client.describe_stack_events().stack_name(stack).set_next_token(token.take());
        let output = request.send().await.map_err(fault::on(EVENTS, stack))?;
        let page = output.stack_events.ok_or_else(|| missing(EVENTS, stack, "events"))?;
        for event in page.into_iter().map(event) {
            let stop = stops(&event);
            if stop == Stop::Before {
                return Ok(StackEvents { events, is_complete: true });
            }
            is_last |= stop != Stop::Not;
            events.push(event);
        }
        token = output.next_token.filter(|next| !next.is_empty());
        if token.is_none() {
            return Ok(StackEvents { events, is_complete: true });
        }
        if is_last {
            break;
        }
    }
    Ok(StackEvents {
        events,
        is_complete: false,
    })
}

fn event(it: types::StackEvent) -> StackEvent {
    StackEvent {
        id: text(it.event_id),
        at: millis(it.timestamp).unwrap_or_default(),
        logical_id: text(it.logical_resource_id),
        physical_id: text(it.physical_resource_id),
        resource_type: text(it.resource_type),
        status: ResourceStatus(it.resource_status.map(|status| status.as_str().into()).unwrap_or_default()),
        reason: text(it.resource_status_reason),
        token: it.client_request_token.map(SafeText::from),
    }
}

pub(super) async fn resources(client: &Client, stack: &str) -> Result<Vec<StackResource>, Fault> {
    pages::all(RESOURCES, stack, |token| {
        let request = client.list_stack_resources().stack_name(stack).set_next_token(token);
        async move {
            let output = request.send().await.map_err(fault::on(RESOURCES, stack))?;
            let page = output
                .stack_resource_summaries
                .ok_or_else(|| missing(RESOURCES, stack, "resources"))?;
            Ok((page.into_iter().map(resource).collect(), output.next_token))
        }
    })
    .await
}

fn resource(it: types::StackResourceSummary) -> StackResource {
    StackResource {
        logical_id: text(it.logical_resource_id),
        physical_id: text(it.physical_resource_id),
        resource_type: text(it.resource_type),
        status: ResourceStatus(it.resource_status.map(|status| status.as_str().into()).unwrap_or_default()),
        reason: text(it.resource_status_reason),
        at: millis(it.last_updated_timestamp).unwrap_or_default(),
    }
}

/// One change set, whole: each page repeats its head, and the changes come in pages.
pub(super) async fn change_set(client: &Client, stack: &str, change_set: &str) -> Result<ChangeSet, Fault> {
    let pages = pages::all(CHANGE_SET, change_set, |token| {
        let request = client.describe_change_set().stack_name(stack).change_set_name(change_set);
        let request = request.include_property_values(true).set_next_token(token);
        async move {
            let output = request.send().await.map_err(fault::on(CHANGE_SET, change_set))?;
            let next = output.next_token.clone();
            Ok((vec![change_set_page(output)], next))
        }
    });
    let whole = pages.await?.into_iter().reduce(|mut whole, page| {
        whole.changes.extend(page.changes);
        whole
    });
    whole
        .filter(|it| !it.status.is_empty())
        .ok_or_else(|| missing(CHANGE_SET, change_set, "status"))
}

fn change_set_page(it: DescribeChangeSetOutput) -> ChangeSet {
    let changes = it.changes.unwrap_or_default();
    ChangeSet {
        id: text(it.change_set_id),
        name: text(it.change_set_name),
        stack_id: text(it.stack_id),
        status: it.status.map(|status| status.as_str().into()).unwrap_or_default(),
        reason: text(it.status_reason),
        execution: it.execution_status.map(|status| status.as_str().into()).unwrap_or_default(),
        changes: changes
            .into_iter()
            .filter_map(|change| change.resource_change)
            .map(change)
            .collect(),
        parameters: parameters(it.parameters),
        capabilities: it.capabilities.unwrap_or_default().iter().map(|it| it.as_str().into()).collect(),
        tags: tags(it.tags),
    }
}

fn change(it: types::ResourceChange) -> ResourceChange {
    let action = action(it.action.as_ref());
    ResourceChange {
        action,
        replacement: replacement(action, it.replacement.as_ref()),
        fate: it.policy_action.as_ref().and_then(fate),
        logical_id: text(it.logical_resource_id),
        physical_id: text(it.physical_resource_id),
        resource_type: text(it.resource_type),
        properties: properties(it.details.unwrap_or_default()),
    }
}

/// An action that this program does not know is one that only the run will show.
fn action(it: Option<&types::ChangeAction>) -> ChangeAction {
    match it {
        Some(types::ChangeAction::Add) => ChangeAction::Add,
        Some(types::ChangeAction::Modify) => ChangeAction::Modify,
        Some(types::ChangeAction::Remove) => ChangeAction::Remove,
        Some(types::ChangeAction::Import) => ChangeAction::Import,
        _ => ChangeAction::Dynamic,
    }
}

fn fate(it: &types::PolicyAction) -> Option<Fate> {
    match it {
        types::PolicyAction::Delete | types::PolicyAction::ReplaceAndDelete => Some(Fate::Deleted),
        types::PolicyAction::Retain | types::PolicyAction::ReplaceAndRetain => Some(Fate::Kept),
        types::PolicyAction::Snapshot | types::PolicyAction::ReplaceAndSnapshot => Some(Fate::Snapshot),
        _ => None,
    }
}

/// What AWS leaves open counts as a possible replacement, since that loses data.
fn replacement(action: ChangeAction, it: Option<&types::Replacement>) -> Replacement {
    let can_replace = matches!(action, ChangeAction::Modify | ChangeAction::Dynamic);
    match it {
        Some(types::Replacement::True) => Replacement::Always,
        Some(types::Replacement::False) => Replacement::Never,
        None if !can_replace => Replacement::Never,
        _ => Replacement::Conditional,
    }
}

/// Each property once: AWS names it again for every parameter that it depends on.
fn properties(details: Vec<types::ResourceChangeDetail>) -> Vec<PropertyChange> {
    let mut properties: Vec<PropertyChange> = Vec::new();
    for property in details.into_iter().filter_map(|detail| detail.target).map(property) {
        match properties.iter_mut().find(|known| known.path == property.path) {
            Some(known) => {
                known.before = known.before.take().or(property.before);
                known.after = known.after.take().or(property.after);
            }
            None => properties.push(property),
        }
    }
    properties
}

fn property(it: types::ResourceTargetDefinition) -> PropertyChange {
    let attribute = it.attribute.as_ref().map_or("", |attribute| attribute.as_str());
    let path = match (&it.path, &it.name) {
        (Some(path), _) => path.trim_matches('/').replace('/', "."),
        (None, Some(name)) => format!("{attribute}.{name}"),
        (None, None) => attribute.to_owned(),
    };
    PropertyChange {
        path: path.into(),
        before: it.before_value.map(SafeText::from),
        after: it.after_value.map(SafeText::from),
    }
}

pub(super) async fn create_change_set(client: &Client, plan: PlanRequest, token: &Token) -> Result<Done, Fault> {
    let kind = if plan.is_create {
        ChangeSetType::Create
    } else {
        ChangeSetType::Update
    };
    let tag = |(key, value): &(SafeText, SafeText)| Tag::builder().key(key.as_str()).value(value.as_str()).build();
    let tags = plan.tags.map(|all| all.iter().map(tag).collect::<Vec<Tag>>());
    let output = client
        .create_change_set()
        .stack_name(plan.stack.as_str())
        .change_set_name(token.change_set_name())
        .change_set_type(kind)
        .client_token(token.0.as_str())
        .template_body(TEMPLATE)
        .capabilities(Capability::CapabilityNamedIam)
        .set_parameters(Some(plan.parameters.iter().map(parameter).collect()))
        // An empty list is sent as `Tags=`, and removes the stack's tags; none is not sent, and keeps them.
        .set_tags(tags)
        .send()
        .await
        .map_err(fault::on(CREATE, &plan.stack))?;
    match (output.id, output.stack_id) {
        (Some(id), Some(stack_id)) => Ok(Done::ChangeSet {
            id: id.into(),
            stack_id: stack_id.into(),
        }),
        _ => Err(missing(CREATE, &plan.stack, "change set")),
    }
}

fn parameter((key, value): &(SafeText, Option<SafeText>)) -> Parameter {
    let parameter = Parameter::builder().parameter_key(key.as_str());
    match value {
        Some(value) => parameter.parameter_value(value.as_str()).build(),
        None => parameter.use_previous_value(true).build(),
    }
}

pub(super) async fn execute_change_set(client: &Client, stack: &str, change_set: &str, token: &str) -> Result<(), Fault> {
    let request = client.execute_change_set().stack_name(stack).change_set_name(change_set);
    let answer = request.client_request_token(token).send().await;
    answer.map(drop).map_err(fault::on("cloudformation:ExecuteChangeSet", stack))
}

pub(super) async fn delete_change_set(client: &Client, stack: &str, change_set: &str) -> Result<(), Fault> {
    let request = client.delete_change_set().stack_name(stack).change_set_name(change_set);
    let answer = request.send().await;
    answer.map(drop).map_err(fault::on("cloudformation:DeleteChangeSet", stack))
}

pub(super) async fn delete_stack(client: &Client, stack: &str, retain: &[SafeText], token: &str) -> Result<(), Fault> {
    let retain: Vec<String> = retain.iter().map(ToString::to_string).collect();
    let request = client.delete_stack().stack_name(stack).client_request_token(token);
    let answer = request.set_retain_resources((!retain.is_empty()).then_some(retain)).send().await;
    answer.map(drop).map_err(fault::on(DELETE, stack))
}

pub(super) async fn cancel_update(client: &Client, stack: &str, token: &str) -> Result<(), Fault> {
    let answer = client
        .cancel_update_stack()
        .stack_name(stack)
        .client_request_token(token)
        .send()
        .await;
    answer.map(drop).map_err(fault::on("cloudformation:CancelUpdateStack", stack))
}

/// Refuses unless the stack is still the empty one of a first plan, and no other plan than `own` is in it. What is made
/// between this look and the removal is not seen: AWS has no removal under a condition.
pub(super) async fn check_empty(client: &Client, id: &str, own: &str) -> Result<(), Fault> {
    let found = match stack(client, id).await? {
        Some(it) if !it.status.is_deleted() => it,
        _ => return Ok(()),
    };
    if !found.status.is_in_review() {
        let why = format!("it is {} by now, no empty plan any more; nothing was sent", found.status.0);
        return Err(Fault::new(FaultKind::Refused, DELETE, id, &why));
    }
    match change_sets(client, id).await {
        Ok(sets) => match sets.iter().find(|set| set.is_beside(own)) {
            Some(other) => Err(Fault::new(FaultKind::Guarded, DELETE, id, &plan::shared(&found.name, other))),
            None => Ok(()),
        },
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(()),
        Err(fault) => Err(Fault {
            detail: format!(
                "the empty stack {} stays, because whether another plan is in it is not known: {}",
                found.name, fault.detail
            )
            .into(),
            ..fault
        }),
    }
}

async fn change_sets(client: &Client, stack: &str) -> Result<Vec<ChangeSetBrief>, Fault> {
    pages::all(CHANGE_SETS, stack, |token| {
        let request = client.list_change_sets().stack_name(stack).set_next_token(token);
        async move {
            let output = request.send().await.map_err(fault::on(CHANGE_SETS, stack))?;
            let page = output.summaries.ok_or_else(|| missing(CHANGE_SETS, stack, "change sets"))?;
            let brief = |it: types::ChangeSetSummary| ChangeSetBrief {
                id: text(it.change_set_id),
                name: text(it.change_set_name),
                status: it.status.map(|status| status.as_str().into()).unwrap_or_default(),
            };
            Ok((page.into_iter().map(brief).collect(), output.next_token))
        }
    })
    .await
}

pub(super) async fn rollback_stack(client: &Client, stack: &str, token: &str) -> Result<(), Fault> {
    let request = client.rollback_stack().stack_name(stack).client_request_token(token);
    let answer = request.send().await;
    answer.map(drop).map_err(fault::on("cloudformation:RollbackStack", stack))
}

pub(super) async fn continue_rollback(client: &Client, stack: &str, skip: &[SafeText], token: &str) -> Result<(), Fault> {
    let skip: Vec<String> = skip.iter().map(ToString::to_string).collect();
    let request = client
        .continue_update_rollback()
        .stack_name(stack)
        .client_request_token(token)
        .set_resources_to_skip((!skip.is_empty()).then_some(skip));
    let answer = request.send().await;
    answer.map(drop).map_err(fault::on("cloudformation:ContinueUpdateRollback", stack))
}

pub(super) async fn protect(client: &Client, stack: &str, on: bool) -> Result<(), Fault> {
    let request = client.update_termination_protection().stack_name(stack);
    let answer = request.enable_termination_protection(on).send().await;
    answer
        .map(drop)
        .map_err(fault::on("cloudformation:UpdateTerminationProtection", stack))
}
