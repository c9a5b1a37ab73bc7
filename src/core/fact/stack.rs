//! CloudFormation: the stack, its events, resources and change sets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Millis;
use crate::core::text::SafeText;

/// `StackStatus` of CloudFormation, kept as text so that a status unknown to us is shown as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StackStatus(pub SafeText);

impl StackStatus {
    /// An operation is under way.
    pub fn is_in_progress(&self) -> bool {
        self.0.ends_with("_IN_PROGRESS") && !self.is_in_review()
    }

    /// CloudFormation works on what is in use: not when all that is left is to delete what an update replaced.
    pub fn is_at_work(&self) -> bool {
        self.is_in_progress() && !self.0.contains("CLEANUP")
    }

    /// The empty stack that a first change set leaves: nothing exists yet.
    pub fn is_in_review(&self) -> bool {
        self.0 == "REVIEW_IN_PROGRESS"
    }

    /// Something went wrong and was, or could not be, undone.
    pub fn is_failure(&self) -> bool {
        self.0.ends_with("FAILED") || self.0.contains("ROLLBACK")
    }

    /// The last operation ended as it was meant to.
    pub fn is_success(&self) -> bool {
        matches!(
            self.0.as_str(),
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" | "DELETE_COMPLETE"
        )
    }

    /// The stack is gone.
    pub fn is_deleted(&self) -> bool {
        self.0 == "DELETE_COMPLETE"
    }

    /// A first creation that failed and was rolled back, or not wholly: it can only be deleted.
    pub fn is_dead(&self) -> bool {
        matches!(self.0.as_str(), "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED")
    }

    /// A first creation that failed and was undone: nothing of it exists any more.
    pub fn is_rolled_back_creation(&self) -> bool {
        self.0 == "ROLLBACK_COMPLETE"
    }

    /// A change set may be made for it.
    pub fn can_update(&self) -> bool {
        matches!(
            self.0.as_str(),
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "UPDATE_ROLLBACK_COMPLETE" | "IMPORT_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE"
        )
    }
}

/// `ResourceStatus` of a stack event or resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceStatus(pub SafeText);

impl ResourceStatus {
    /// Work on it is under way.
    pub fn is_in_progress(&self) -> bool {
        self.0.ends_with("_IN_PROGRESS")
    }

    /// It failed.
    pub fn is_failure(&self) -> bool {
        self.0.ends_with("_FAILED")
    }

    /// It was let go of and not deleted, as its policy wants.
    pub fn is_skipped(&self) -> bool {
        self.0 == "DELETE_SKIPPED"
    }

    /// It is done.
    pub fn is_complete(&self) -> bool {
        self.0.ends_with("_COMPLETE")
    }
}

/// A stack output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// `OutputKey`.
    pub key: SafeText,
    /// `OutputValue`.
    pub value: SafeText,
    /// Its description in the template; may be empty.
    pub description: SafeText,
}

/// A stack in a list of stacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackBrief {
    /// Its name.
    pub name: SafeText,
    /// Its status.
    pub status: StackStatus,
    /// It was made from a template of this application, by its description.
    pub is_ours: bool,
}

/// One stack, as `DescribeStacks` tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stack {
    /// The stack id (an ARN), which stays valid after deletion.
    pub id: SafeText,
    /// The stack name.
    pub name: SafeText,
    /// Where it stands.
    pub status: StackStatus,
    /// Why; may be empty.
    pub reason: SafeText,
    /// When it was created.
    pub created: Millis,
    /// When it was last updated.
    pub updated: Option<Millis>,
    /// When it was deleted, as AWS still tells it by the id for 90 days; left out where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Millis>,
    /// Parameters and their present values, in AWS's order.
    pub parameters: Vec<(SafeText, SafeText)>,
    /// Outputs.
    pub outputs: Vec<Output>,
    /// Stack tags.
    pub tags: Vec<(SafeText, SafeText)>,
    /// Whether deletion is refused.
    pub termination_protection: bool,
    /// Id of the change set that was executed last, or is being executed; left out where AWS names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_set: Option<SafeText>,
}

impl Stack {
    /// The stack `chat` of tests: no parameter, no output, no tag.
    #[cfg(test)]
    pub fn of_test(status: &str) -> Self {
        Self {
            id: "arn:aws:cloudformation:us-west-2:123456789012:stack/chat/1".into(),
            name: "chat".into(),
            status: StackStatus(status.into()),
            reason: SafeText::default(),
            created: 0,
            updated: None,
            deleted: None,
            parameters: Vec::new(),
            outputs: Vec::new(),
            tags: Vec::new(),
            termination_protection: false,
            change_set: None,
        }
    }

    /// The value of an output.
    pub fn output(&self, key: &str) -> Option<&SafeText> {
        self.outputs.iter().find(|o| o.key == key).map(|o| &o.value)
    }

    /// The value of a parameter.
    pub fn parameter(&self, key: &str) -> Option<&SafeText> {
        self.parameters.iter().find(|(k, _)| *k == key).map(|(_, v)| v)
    }

    /// All parameters by name.
    pub fn given(&self) -> BTreeMap<String, String> {
        self.parameters.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()
    }
}

/// One stack event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackEvent {
    /// `EventId`.
    pub id: SafeText,
    /// When.
    pub at: Millis,
    /// Logical id of the resource, or the stack's name for the stack itself.
    pub logical_id: SafeText,
    /// Physical id; may be empty.
    pub physical_id: SafeText,
    /// Such as `AWS::ECS::Service`.
    pub resource_type: SafeText,
    /// Such as `CREATE_IN_PROGRESS`.
    pub status: ResourceStatus,
    /// `ResourceStatusReason`; may be empty.
    pub reason: SafeText,
    /// `ClientRequestToken` of the operation that caused it.
    pub token: Option<SafeText>,
}

impl StackEvent {
    /// An event of the stack itself, not of a resource in it.
    pub fn is_stack(&self) -> bool {
        self.resource_type == "AWS::CloudFormation::Stack" && self.physical_id.contains(":stack/")
    }
}

/// Stack events newer than those already known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StackEvents {
    /// Newest first, as AWS sends them.
    pub events: Vec<StackEvent>,
    /// Whether the listing reached the event that was known already, or the end: no gap.
    pub is_complete: bool,
}

/// One resource of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackResource {
    /// Logical id.
    pub logical_id: SafeText,
    /// Physical id; empty while it does not exist.
    pub physical_id: SafeText,
    /// Such as `AWS::EFS::FileSystem`.
    pub resource_type: SafeText,
    /// Its status.
    pub status: ResourceStatus,
    /// Why; may be empty.
    pub reason: SafeText,
    /// Last change.
    pub at: Millis,
}

impl StackResource {
    /// The stack has it: it was neither deleted nor let go of.
    pub fn is_held(&self) -> bool {
        !matches!(self.status.0.as_str(), "DELETE_COMPLETE" | "DELETE_SKIPPED")
    }

    /// It is there, and costs what its type costs: begun to be made, and not gone.
    pub fn exists(&self) -> bool {
        self.is_held() && !self.physical_id.is_empty()
    }
}

/// Type of the resource without which there is no service and no task.
pub const CLUSTER: &str = "AWS::ECS::Cluster";

/// Among these resources none of a type is there: not yet, or not any more.
pub fn lacks(resources: &[StackResource], kind: &str) -> bool {
    !resources.iter().any(|r| r.resource_type == *kind && r.exists())
}

/// What a change set would do to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeAction {
    /// Create it.
    Add,
    /// Change it.
    Modify,
    /// Delete it.
    Remove,
    /// Take it in.
    Import,
    /// Known only when it runs.
    Dynamic,
}

/// Whether a modification replaces the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
pub enum Replacement {
    /// No.
    Never,
    /// Known only when it runs.
    Conditional,
    /// Yes: the old one goes.
    Always,
}

/// What CloudFormation does with what a change removes or replaces, by the template's policies (`PolicyAction`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is deleted.
    Deleted,
    /// It stays in the account, and belongs to no stack.
    Kept,
    /// It is deleted after a last snapshot.
    Snapshot,
}

/// One property that a change touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PropertyChange {
    /// Such as `Properties.DesiredCount`.
    pub path: SafeText,
    /// The value before, where AWS tells it.
    pub before: Option<SafeText>,
    /// The value after, where AWS tells it.
    pub after: Option<SafeText>,
}

/// One line of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResourceChange {
    /// Add, modify, remove …
    pub action: ChangeAction,
    /// Logical id.
    pub logical_id: SafeText,
    /// Physical id of what exists; may be empty.
    pub physical_id: SafeText,
    /// Such as `AWS::ECS::TaskDefinition`.
    pub resource_type: SafeText,
    /// Whether it is replaced.
    pub replacement: Replacement,
    /// What becomes of what is removed or replaced; `None` where nothing is, or AWS does not tell.
    pub fate: Option<Fate>,
    /// Properties touched.
    pub properties: Vec<PropertyChange>,
}

/// A change set in the list of those of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSetBrief {
    /// Its ARN.
    pub id: SafeText,
    /// Its name.
    pub name: SafeText,
    /// `CREATE_COMPLETE`, `DELETE_PENDING` …
    pub status: SafeText,
}

impl ChangeSetBrief {
    /// It is another than the one of this name or ARN, and not on its way out.
    pub fn is_beside(&self, own: &str) -> bool {
        self.id != *own && self.name != *own && !self.status.starts_with("DELETE_")
    }
}

/// Why the change set that a stack names does not tell what its operation works on.
pub const NOT_ITS_PLAN: &str = "it was begun without a plan";

/// A change set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeSet {
    /// Its ARN.
    pub id: SafeText,
    /// Its name.
    pub name: SafeText,
    /// Stack id it belongs to.
    pub stack_id: SafeText,
    /// `CREATE_PENDING`, `CREATE_IN_PROGRESS`, `CREATE_COMPLETE`, `FAILED` …
    pub status: SafeText,
    /// Why it failed; may be empty.
    pub reason: SafeText,
    /// `AVAILABLE`, `UNAVAILABLE`, `EXECUTE_IN_PROGRESS` …
    pub execution: SafeText,
    /// All pages of its changes.
    pub changes: Vec<ResourceChange>,
    /// Parameters it would set.
    pub parameters: Vec<(SafeText, SafeText)>,
    /// Capabilities it asks for.
    pub capabilities: Vec<SafeText>,
    /// Tags it would set.
    pub tags: Vec<(SafeText, SafeText)>,
}

impl ChangeSet {
    /// CloudFormation is still working it out.
    pub fn is_pending(&self) -> bool {
        matches!(self.status.as_str(), "CREATE_PENDING" | "CREATE_IN_PROGRESS")
    }

    /// The logical ids that it names, where it is being executed.
    pub fn executing(&self) -> Option<Vec<SafeText>> {
        let ids = || self.changes.iter().map(|c| c.logical_id.clone()).collect();
        (self.execution == "EXECUTE_IN_PROGRESS").then(ids)
    }

    /// It can be executed.
    pub fn is_ready(&self) -> bool {
        self.status == "CREATE_COMPLETE" && (self.execution == "AVAILABLE" || self.execution.is_empty())
    }

    /// It failed because there is nothing to do, which is a success. AWS says so only in words:
    /// "The submitted information didn't contain changes…" or "No updates are to be performed."
    pub fn is_no_change(&self) -> bool {
        self.status == "FAILED"
            && (self.reason.contains("didn't contain changes") || self.reason.contains("No updates are to be performed"))
    }
}
