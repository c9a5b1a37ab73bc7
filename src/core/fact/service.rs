//! ECS services and their deployments.

use serde::{Deserialize, Serialize};

use super::Millis;
use crate::core::text::SafeText;

/// One deployment of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Its id.
    pub id: SafeText,
    /// `PRIMARY`, `ACTIVE` or `INACTIVE`.
    pub status: SafeText,
    /// `COMPLETED`, `FAILED` or `IN_PROGRESS`; may be empty.
    pub rollout: SafeText,
    /// `rolloutStateReason`; may be empty.
    pub reason: SafeText,
    /// Tasks wanted.
    pub desired: i32,
    /// Tasks running.
    pub running: i32,
    /// Tasks starting.
    pub pending: i32,
    /// Tasks that failed to start or to become healthy.
    pub failed: i32,
    /// Task definition as `family:revision`.
    pub task_definition: SafeText,
    /// When it began.
    pub created: Option<Millis>,
    /// Last change.
    pub updated: Option<Millis>,
}

/// A line of a service's event list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceEvent {
    /// Its id.
    pub id: SafeText,
    /// When.
    pub at: Millis,
    /// ECS's text.
    pub message: SafeText,
}

/// One ECS service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its ARN.
    pub arn: SafeText,
    /// Its name, such as `bedrock-image-chat-openwebui`.
    pub name: SafeText,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: SafeText,
    /// Tasks wanted.
    pub desired: i32,
    /// Tasks running.
    pub running: i32,
    /// Tasks starting.
    pub pending: i32,
    /// Task definition as `family:revision`.
    pub task_definition: SafeText,
    /// Deployments, PRIMARY first.
    pub deployments: Vec<Deployment>,
    /// Events, newest first (AWS keeps 100).
    pub events: Vec<ServiceEvent>,
    /// Tags of the service.
    pub tags: Vec<(SafeText, SafeText)>,
    /// ARNs of its target groups.
    pub target_groups: Vec<SafeText>,
}

#[cfg(test)]
impl Service {
    /// A service of a name at rest at so many tasks, of which nothing else is told.
    pub(crate) fn known_as(name: &str, count: i32) -> Self {
        Self {
            arn: format!("arn:aws:ecs:us-west-2:111122223333:service/c/{name}").into(),
            name: name.into(),
            status: "ACTIVE".into(),
            desired: count,
            running: count,
            pending: 0,
            task_definition: "d:1".into(),
            deployments: Vec::new(),
            events: Vec::new(),
            tags: Vec::new(),
            target_groups: Vec::new(),
        }
    }
}

impl Service {
    /// The value of a tag.
    pub fn tag(&self, key: &str) -> Option<&SafeText> {
        self.tags.iter().find(|(k, _)| *k == key).map(|(_, v)| v)
    }

    /// The deployment that ECS is bringing, or has brought, in.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|d| d.status == "PRIMARY")
    }

    /// Running as wanted, with nothing under way.
    pub fn is_steady(&self) -> bool {
        self.running == self.desired && self.pending == 0 && self.deployments.len() <= 1
    }
}
