//! CloudFormation as it is asked: stacks, their events and resources, change sets, and what it refuses.
//! What it does when it runs is in `deploy`.

use std::collections::BTreeMap;

use super::{
    account::refusal,
    deploy::{Kind, Run},
    plan,
    undo::Held,
    world::{SECOND, World},
};
use crate::{
    cloud::{Done, PlanRequest, Token},
    core::{
        fact::{
            ChangeSet, ChangeSetBrief, Fact, Millis, Output, ResourceChange, ResourceStatus, Stack, StackBrief, StackEvent, StackEvents,
            StackResource, StackStatus,
        },
        fault::{Fault, FaultKind},
        template::{ParameterDef, Pseudo, Resource, Template},
        text::SafeText,
    },
};

/// One resource of a stack.
#[derive(Debug, Clone)]
pub(super) struct ResourceState {
    pub(super) def: Resource,
    pub(super) physical: String,
    pub(super) status: &'static str,
    pub(super) reason: String,
    pub(super) at: Millis,
}

impl ResourceState {
    /// It exists in the account.
    pub(super) fn is_alive(&self) -> bool {
        !self.physical.is_empty() && self.status != "DELETE_COMPLETE"
    }
}

/// One stack, alive or deleted.
#[derive(Debug)]
pub(super) struct StackState {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: &'static str,
    pub(super) reason: String,
    pub(super) created: Millis,
    pub(super) updated: Option<Millis>,
    pub(super) values: BTreeMap<String, String>,
    pub(super) tags: Vec<(SafeText, SafeText)>,
    /// In dependency order.
    pub(super) resources: Vec<ResourceState>,
    /// Oldest first.
    pub(super) events: Vec<StackEvent>,
    pub(super) sets: Vec<SetState>,
    pub(super) run: Option<Run>,
    /// How many runs there have been.
    pub(super) runs: u32,
    /// What waits for somebody to say how to go on.
    pub(super) held: Option<Held>,
    pub(super) is_protected: bool,
}

impl StackState {
    pub(super) fn resource(&self, id: &str) -> Option<&ResourceState> {
        self.resources.iter().find(|r| r.def.logical_id == *id)
    }

    pub(super) fn resource_mut(&mut self, id: &str) -> Option<&mut ResourceState> {
        self.resources.iter_mut().find(|r| r.def.logical_id == *id)
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.status == "DELETE_COMPLETE"
    }

    pub(super) fn status(&self) -> StackStatus {
        StackStatus(self.status.into())
    }
}

/// The execution status of the change set that the stack was last changed by.
const EXECUTED: &str = "EXECUTE_COMPLETE";

/// One change set: worked out at once, told as AWS tells it, bit by bit.
#[derive(Debug)]
pub(super) struct SetState {
    id: String,
    name: String,
    created: Millis,
    /// When it is worked out.
    ready: Millis,
    failure: Option<String>,
    changes: Vec<ResourceChange>,
    values: BTreeMap<String, String>,
    tags: Vec<(SafeText, SafeText)>,
    execution: &'static str,
}

impl SetState {
    fn brief(&self) -> ChangeSetBrief {
        ChangeSetBrief {
            id: self.id.as_str().into(),
            name: self.name.as_str().into(),
            status: "CREATE_COMPLETE".into(),
        }
    }
}

const NOTHING_TO_DO: &str = "The submitted information didn't contain changes. Submit different information to create a change set.";

/// A refusal in CloudFormation's own words.
fn refused(operation: &str, subject: &str, code: &str, message: &str) -> Fault {
    let kind = match code {
        "ChangeSetNotFound" => FaultKind::NotFound,
        _ if message.contains("does not exist") && message.starts_with("Stack") => FaultKind::NotFound,
        _ => FaultKind::Refused,
    };
    refusal(kind, operation, subject, code, message)
}

fn invalid(operation: &str, subject: &str, message: &str) -> Fault {
    refused(operation, subject, "ValidationError", message)
}

/// CloudFormation's sentence about a parameter value it does not take.
fn parameter_complaint(def: &ParameterDef, value: &str) -> Option<String> {
    def.check(value).err()?;
    Some(if !def.constraint.is_empty() {
        format!("Parameter {} failed to satisfy constraint: {}", def.name, def.constraint)
    } else if !def.allowed.is_empty() {
        format!("Parameter '{}' must be one of AllowedValues", def.name)
    } else if let Some(pattern) = &def.pattern {
        format!("Parameter '{}' must match pattern {pattern}", def.name)
    } else {
        format!("Parameter '{}' must be a number not outside of its limits", def.name)
    })
}

impl World {
    pub(super) fn pseudo(&self, stack_name: &str) -> Pseudo {
        Pseudo {
            region: self.region.clone(),
            account: self.account.clone(),
            stack_name: stack_name.into(),
        }
    }

    /// A stack by id, or by the name of one that is not deleted.
    pub(super) fn find_stack(&self, stack: &str) -> Option<usize> {
        self.stacks
            .iter()
            .position(|s| s.id == stack || (s.name == stack && !s.is_deleted()))
    }

    fn need_stack(&self, operation: &str, stack: &str) -> Result<usize, Fault> {
        self.find_stack(stack)
            .ok_or_else(|| invalid(operation, stack, &format!("Stack [{stack}] does not exist")))
    }

    pub(super) fn tell_stack(&self, stack: &str) -> Fact {
        Fact::Stack(self.find_stack(stack).map(|i| self.stack_fact(&self.stacks[i])))
    }

    /// All stacks of this account, which are all of the one template.
    pub(super) fn tell_stacks(&self) -> Fact {
        let living = self.stacks.iter().filter(|s| !s.status().is_deleted());
        let brief = |s: &StackState| StackBrief {
            name: s.name.as_str().into(),
            status: s.status(),
            is_ours: true,
        };
        Fact::Stacks(living.map(brief).collect())
    }

    fn stack_fact(&self, stack: &StackState) -> Stack {
        let shows_outputs = matches!(stack.status, s if s.starts_with("UPDATE_") || s == "CREATE_COMPLETE");
        let outputs = if shows_outputs { self.outputs(stack) } else { Vec::new() };
        Stack {
            id: stack.id.as_str().into(),
            name: stack.name.as_str().into(),
            status: stack.status(),
            reason: stack.reason.as_str().into(),
            created: stack.created,
            updated: stack.updated,
            deleted: stack.events.last().filter(|_| stack.is_deleted()).map(|e| e.at),
            parameters: in_order(&self.template, &stack.values),
            outputs,
            tags: stack.tags.clone(),
            termination_protection: stack.is_protected,
            change_set: stack.sets.iter().find(|s| s.execution == EXECUTED).map(|s| s.id.as_str().into()),
        }
    }

    fn outputs(&self, stack: &StackState) -> Vec<Output> {
        let outputs = self.template.outputs(&stack.values, &self.pseudo(&stack.name));
        let output = |(key, description, value): (SafeText, SafeText, serde_json::Value)| Output {
            key,
            description,
            value: super::account::scalar(&self.filled(stack, &value)).into(),
        };
        outputs.into_iter().map(output).collect()
    }

    pub(super) fn tell_events(&self, stack: &str, known: Option<&SafeText>) -> Result<Fact, Fault> {
        let i = self.need_stack("cloudformation:DescribeStackEvents", stack)?;
        let newest_first = self.stacks[i].events.iter().rev();
        let events = newest_first.take_while(|e| Some(&e.id) != known).cloned().collect();
        Ok(Fact::StackEvents(StackEvents { events, is_complete: true }))
    }

    pub(super) fn tell_resources(&self, stack: &str) -> Result<Fact, Fault> {
        let i = self.need_stack("cloudformation:DescribeStackResources", stack)?;
        let begun = self.stacks[i].resources.iter().filter(|r| !r.status.is_empty());
        let resource = |r: &ResourceState| StackResource {
            logical_id: r.def.logical_id.clone(),
            physical_id: r.physical.as_str().into(),
            resource_type: r.def.kind.clone(),
            status: ResourceStatus(r.status.into()),
            reason: r.reason.as_str().into(),
            at: r.at,
        };
        Ok(Fact::StackResources(begun.map(resource).collect()))
    }

    pub(super) fn tell_change_set(&self, stack: &str, set: &str) -> Result<Fact, Fault> {
        let (i, j) = self.need_set("cloudformation:DescribeChangeSet", stack, set)?;
        let state = &self.stacks[i].sets[j];
        let is_ready = self.now >= state.ready;
        let (status, execution) = match &state.failure {
            _ if self.now < state.created + SECOND => ("CREATE_PENDING", "UNAVAILABLE"),
            _ if !is_ready => ("CREATE_IN_PROGRESS", "UNAVAILABLE"),
            Some(_) => ("FAILED", "UNAVAILABLE"),
            None if state.execution == EXECUTED && self.stacks[i].run.is_some() => ("CREATE_COMPLETE", "EXECUTE_IN_PROGRESS"),
            None => ("CREATE_COMPLETE", state.execution),
        };
        Ok(Fact::ChangeSet(ChangeSet {
            id: state.id.as_str().into(),
            name: state.name.as_str().into(),
            stack_id: self.stacks[i].id.as_str().into(),
            status: status.into(),
            reason: state.failure.as_deref().filter(|_| is_ready).unwrap_or_default().into(),
            execution: execution.into(),
            changes: if is_ready { state.changes.clone() } else { Vec::new() },
            parameters: in_order(&self.template, &state.values),
            capabilities: self.template.capabilities(),
            tags: state.tags.clone(),
        }))
    }

    fn need_set(&self, operation: &str, stack: &str, set: &str) -> Result<(usize, usize), Fault> {
        let i = self.need_stack(operation, stack)?;
        let find = |s: &SetState| s.id == set || s.name == set;
        let missing = || refused(operation, stack, "ChangeSetNotFound", &format!("ChangeSet [{set}] does not exist"));
        Ok((i, self.stacks[i].sets.iter().position(find).ok_or_else(missing)?))
    }

    /// `CreateChangeSet`.
    pub(super) fn create_change_set(&mut self, request: &PlanRequest, token: &Token) -> Result<Done, Fault> {
        let existing = self.updatable(request)?;
        let values = self.plan_values(request, existing)?;
        let tags = match (&request.tags, existing) {
            (None, Some(i)) => self.stacks[i].tags.clone(),
            (tags, _) => tags.clone().unwrap_or_default(),
        };
        let i = existing.unwrap_or_else(|| self.review_stack(&request.stack, &tags, token));
        let changes = self.compare(i, &values, &tags);
        let serial = self.serial();
        let mut chance = self.chance(&format!("set/{serial}"));
        let name = token.change_set_name();
        let id = self.arn("cloudformation", &format!("changeSet/{name}/{}", chance.uuid()));
        let stack_id: SafeText = self.stacks[i].id.as_str().into();
        self.stacks[i].sets.push(SetState {
            id: id.clone(),
            name,
            created: self.now,
            ready: self.now + chance.between(4, 8) * SECOND,
            failure: changes.is_empty().then(|| NOTHING_TO_DO.to_owned()),
            changes,
            values,
            tags,
            execution: "AVAILABLE",
        });
        Ok(Done::ChangeSet { id: id.into(), stack_id })
    }

    /// The stack that a plan is for, unless it is a new one.
    fn updatable(&self, request: &PlanRequest) -> Result<Option<usize>, Fault> {
        const OPERATION: &str = "cloudformation:CreateChangeSet";
        let stack = request.stack.as_str();
        match self.find_stack(stack) {
            None if request.is_create => Ok(None),
            None => Err(invalid(OPERATION, stack, &format!("Stack [{stack}] does not exist"))),
            Some(i) if self.stacks[i].status().is_in_review() && request.is_create => Ok(Some(i)),
            Some(_) if request.is_create => Err(refused(
                OPERATION,
                stack,
                "AlreadyExistsException",
                &format!("Stack [{stack}] already exists and cannot be created again with a change set of type CREATE."),
            )),
            Some(i) if self.stacks[i].status().can_update() => Ok(Some(i)),
            Some(i) => {
                let s = &self.stacks[i];
                Err(invalid(
                    OPERATION,
                    stack,
                    &format!("Stack:{} is in {} state and can not be updated.", s.id, s.status),
                ))
            }
        }
    }

    /// Values after the plan: given, kept, or else the template's defaults, as AWS has it.
    fn plan_values(&self, request: &PlanRequest, existing: Option<usize>) -> Result<BTreeMap<String, String>, Fault> {
        let refuse = |message: String| invalid("cloudformation:CreateChangeSet", &request.stack, &message);
        let unknown: Vec<&str> = request
            .parameters
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| self.template.parameter(name).is_none())
            .collect();
        if !unknown.is_empty() {
            return Err(refuse(format!("Parameters: [{}] do not exist in the template", unknown.join(", "))));
        }
        let previous = |name: &SafeText| existing.and_then(|i| self.stacks[i].values.get(name.as_str()).cloned());
        let given = request
            .parameters
            .iter()
            .filter_map(|(name, value)| {
                Some((
                    name.to_string(),
                    value.as_ref().map(SafeText::to_string).or_else(|| previous(name))?,
                ))
            })
            .collect();
        let values = self.template.values(&given);
        let missing = self.template.parameters.iter().find(|p| !values.contains_key(p.name.as_str()));
        if let Some(p) = missing {
            return Err(refuse(format!("Parameters: [{}] must have values", p.name)));
        }
        let complaint = |p: &ParameterDef| values.get(p.name.as_str()).and_then(|v| parameter_complaint(p, v));
        if let Some(message) = self.template.parameters.iter().find_map(complaint) {
            return Err(refuse(message));
        }
        match self.template.broken_rules(&values, &self.pseudo(&request.stack)).first() {
            Some(rule) => Err(refuse(format!("Template error: rule assertion failed: {rule}"))),
            None => Ok(values),
        }
    }

    /// The empty stack that a first change set makes.
    fn review_stack(&mut self, name: &str, tags: &[(SafeText, SafeText)], token: &Token) -> usize {
        let serial = self.serial();
        let uuid = self.chance(&format!("stack/{name}/{serial}")).uuid();
        self.stacks.push(StackState {
            id: self.arn("cloudformation", &format!("stack/{name}/{uuid}")),
            name: name.to_owned(),
            status: "",
            reason: String::new(),
            created: self.now,
            updated: None,
            values: BTreeMap::new(),
            tags: tags.to_vec(),
            resources: Vec::new(),
            events: Vec::new(),
            sets: Vec::new(),
            run: None,
            runs: 0,
            held: None,
            is_protected: false,
        });
        let i = self.stacks.len() - 1;
        self.stack_event(i, "REVIEW_IN_PROGRESS", "User Initiated", Some(&token.0));
        i
    }

    fn compare(&self, i: usize, values: &BTreeMap<String, String>, tags: &[(SafeText, SafeText)]) -> Vec<ResourceChange> {
        let stack = &self.stacks[i];
        let after = self.template.resources(values, &self.pseudo(&stack.name));
        let before: Vec<(&Resource, &str)> = stack
            .resources
            .iter()
            .filter(|r| r.is_alive())
            .map(|r| (&r.def, r.physical.as_str()))
            .collect();
        let is_retagged = !before.is_empty() && tags != stack.tags;
        plan::changes(&before, &after, is_retagged)
    }

    /// `ExecuteChangeSet`.
    pub(super) fn execute_change_set(&mut self, stack: &str, set: &str, token: &Token) -> Result<Done, Fault> {
        const OPERATION: &str = "cloudformation:ExecuteChangeSet";
        let (i, j) = self.need_set(OPERATION, stack, set)?;
        let state = &self.stacks[i].sets[j];
        let status = match &state.failure {
            _ if self.now < state.ready => Some("CREATE_IN_PROGRESS"),
            Some(_) => Some("FAILED"),
            None => None,
        };
        if let Some(status) = status {
            let message = format!("ChangeSet [{}] cannot be executed in its current status of [{status}]", state.id);
            return Err(refused(OPERATION, stack, "InvalidChangeSetStatus", &message));
        }
        if state.execution != "AVAILABLE" || self.stacks[i].run.is_some() {
            let message = format!(
                "ChangeSet [{}] cannot be executed in its current execution status of [{}]",
                state.id, state.execution
            );
            return Err(refused(OPERATION, stack, "InvalidChangeSetStatus", &message));
        }
        let (values, tags, changes) = (state.values.clone(), state.tags.clone(), state.changes.clone());
        for (k, other) in self.stacks[i].sets.iter_mut().enumerate() {
            other.execution = if k == j { EXECUTED } else { "OBSOLETE" };
        }
        self.begin_change(i, (values, tags), &changes, token);
        Ok(Done::Accepted)
    }

    /// `DeleteChangeSet`: no error when it is gone already, as AWS has it.
    pub(super) fn delete_change_set(&mut self, stack: &str, set: &str) -> Result<Done, Fault> {
        let i = self.need_stack("cloudformation:DeleteChangeSet", stack)?;
        self.stacks[i].sets.retain(|s| s.id != set && s.name != set);
        Ok(Done::Accepted)
    }

    /// `DeleteStack`: no error when there is no such stack, as AWS has it.
    pub(super) fn delete_stack(&mut self, stack: &str, retain: &[SafeText], token: &Token) -> Result<Done, Fault> {
        let Some(i) = self.find_stack(stack).filter(|i| !self.stacks[*i].is_deleted()) else {
            return Ok(Done::Accepted);
        };
        let status = self.stacks[i].status;
        if self.stacks[i].is_protected {
            let message = format!(
                "Stack [{}] cannot be deleted while TerminationProtection is enabled",
                self.stacks[i].name
            );
            return Err(invalid("cloudformation:DeleteStack", stack, &message));
        }
        if status.starts_with("UPDATE_") && status.ends_with("IN_PROGRESS") {
            let message = format!("Stack [{}] cannot be deleted while in status {status}", self.stacks[i].name);
            return Err(invalid("cloudformation:DeleteStack", stack, &message));
        }
        let failed = |id: &SafeText| self.stacks[i].resource(id).is_some_and(|r| r.status == "DELETE_FAILED");
        if let Some(wrong) = retain.iter().find(|id| status != "DELETE_FAILED" || !failed(id)) {
            let message = format!("The following resource(s) cannot be retained because they are not in DELETE_FAILED state: [{wrong}]");
            return Err(invalid("cloudformation:DeleteStack", stack, &message));
        }
        if status != "DELETE_IN_PROGRESS" {
            self.begin_delete(i, retain, token);
        }
        Ok(Done::Accepted)
    }

    /// `CancelUpdateStack`.
    pub(super) fn cancel_update(&mut self, stack: &str, token: &Token) -> Result<Done, Fault> {
        const OPERATION: &str = "cloudformation:CancelUpdateStack";
        let i = self.need_stack(OPERATION, stack)?;
        if self.stacks[i].run.as_ref().is_none_or(|r| r.kind != Kind::Update) {
            return Err(invalid(
                OPERATION,
                stack,
                "CancelUpdateStack cannot be called from current stack status",
            ));
        }
        self.cancel_run(i, token);
        Ok(Done::Accepted)
    }

    /// `DeleteStack` of the empty stack of a plan.
    pub(super) fn drop_empty_stack(&mut self, stack: &str, own: &str, token: &Token) -> Result<Done, Fault> {
        const OPERATION: &str = "cloudformation:DeleteStack";
        let Some(found) = self.find_stack(stack).map(|i| &self.stacks[i]).filter(|s| !s.is_deleted()) else {
            return Ok(Done::Accepted);
        };
        if !found.status().is_in_review() {
            let why = format!("it is {} by now, no empty plan any more; nothing was sent", found.status);
            return Err(Fault::new(FaultKind::Refused, OPERATION, stack, &why));
        }
        let mut sets = found.sets.iter().map(SetState::brief);
        if let Some(other) = sets.find(|set| set.is_beside(own)) {
            let why = crate::core::plan::shared(&found.name, &other);
            return Err(Fault::new(FaultKind::Guarded, OPERATION, stack, &why));
        }
        self.delete_stack(stack, &[], token)
    }

    /// `RollbackStack`.
    pub(super) fn rollback_stack(&mut self, stack: &str, token: &Token) -> Result<Done, Fault> {
        const OPERATION: &str = "cloudformation:RollbackStack";
        let i = self.need_stack(OPERATION, stack)?;
        if self.roll_back(i, token) {
            return Ok(Done::Accepted);
        }
        let s = &self.stacks[i];
        let message = format!(
            "Stack:{} is in {} state. RollbackStack is only supported for stacks in CREATE_FAILED or UPDATE_FAILED state",
            s.id, s.status
        );
        Err(invalid(OPERATION, stack, &message))
    }

    /// `ContinueUpdateRollback`.
    pub(super) fn continue_update_rollback(&mut self, stack: &str, skip: &[SafeText], token: &Token) -> Result<Done, Fault> {
        const OPERATION: &str = "cloudformation:ContinueUpdateRollback";
        let i = self.need_stack(OPERATION, stack)?;
        let s = &self.stacks[i];
        let state = format!("Stack:{} is in {} state and can not continue rollback.", s.id, s.status);
        match self.continue_rollback(i, skip, token) {
            Ok(()) => Ok(Done::Accepted),
            Err(None) => Err(invalid(OPERATION, stack, &state)),
            Err(Some(wrong)) => {
                let names: Vec<&str> = wrong.iter().map(SafeText::as_str).collect();
                let message = format!(
                    "The following resources cannot be skipped because they are not in UPDATE_FAILED state: [{}]",
                    names.join(", ")
                );
                Err(invalid(OPERATION, stack, &message))
            }
        }
    }

    /// `UpdateTerminationProtection`.
    pub(super) fn protect(&mut self, stack: &str, on: bool) -> Result<Done, Fault> {
        let i = self.need_stack("cloudformation:UpdateTerminationProtection", stack)?;
        self.stacks[i].is_protected = on;
        Ok(Done::Accepted)
    }

    /// A plan of a scene needs no time to be worked out.
    pub(super) fn finish_plans(&mut self) {
        let now = self.now;
        for set in self.stacks.iter_mut().flat_map(|s| &mut s.sets) {
            set.ready = set.ready.min(now);
        }
    }

    /// Writes an event of the stack itself, and its new status.
    pub(super) fn stack_event(&mut self, i: usize, status: &'static str, reason: &str, token: Option<&SafeText>) {
        let serial = self.serial();
        let id = self.chance(&format!("event/{serial}")).uuid();
        let now = self.now;
        let stack = &mut self.stacks[i];
        stack.status = status;
        reason.clone_into(&mut stack.reason);
        stack.events.push(StackEvent {
            id: id.into(),
            at: now,
            logical_id: stack.name.as_str().into(),
            physical_id: stack.id.as_str().into(),
            resource_type: "AWS::CloudFormation::Stack".into(),
            status: ResourceStatus(status.into()),
            reason: reason.into(),
            token: token.cloned(),
        });
    }

    /// Writes an event of a resource. `physical` is the one that the event is about, which during a
    /// clean-up is not the one that the stack has.
    pub(super) fn resource_event(&mut self, i: usize, resource: &ResourceState) {
        let serial = self.serial();
        let tail = self.chance(&format!("event/{serial}")).hex(4);
        let stack = &mut self.stacks[i];
        let token = stack.run.as_ref().and_then(|r| r.token.clone());
        let id = &resource.def.logical_id;
        stack.events.push(StackEvent {
            id: format!("{id}-{}-{}-{tail}", resource.status, self.now).into(),
            at: self.now,
            logical_id: id.clone(),
            physical_id: resource.physical.as_str().into(),
            resource_type: resource.def.kind.clone(),
            status: ResourceStatus(resource.status.into()),
            reason: resource.reason.as_str().into(),
            token,
        });
    }
}

fn in_order(template: &Template, values: &BTreeMap<String, String>) -> Vec<(SafeText, SafeText)> {
    let pair = |p: &ParameterDef| Some((p.name.clone(), values.get(p.name.as_str())?.as_str().into()));
    template.parameters.iter().filter_map(pair).collect()
}
