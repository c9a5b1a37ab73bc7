//! ECS tasks, running and stopped.

use serde::{Deserialize, Serialize};

use super::Millis;
use crate::core::text::SafeText;

/// One container of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Its name in the task definition.
    pub name: SafeText,
    /// `PENDING`, `RUNNING`, `STOPPED`.
    pub status: SafeText,
    /// Exit code once stopped.
    pub exit_code: Option<i32>,
    /// Reason such as `CannotPullContainerError: …` or `OutOfMemoryError: …`; may be empty.
    pub reason: SafeText,
    /// Image.
    pub image: SafeText,
}

/// One ECS task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its ARN.
    pub arn: SafeText,
    /// Name of its service, from `group`; empty for a task run by hand.
    pub service: SafeText,
    /// Task definition as `family:revision`.
    pub task_definition: SafeText,
    /// `PROVISIONING`, `PENDING`, `ACTIVATING`, `RUNNING`, `DEACTIVATING`, `STOPPING`, `DEPROVISIONING`, `STOPPED`.
    pub status: SafeText,
    /// `RUNNING` or `STOPPED`.
    pub desired: SafeText,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub health: SafeText,
    /// When it was created.
    pub created: Option<Millis>,
    /// When its containers ran.
    pub started: Option<Millis>,
    /// When it stopped.
    pub stopped: Option<Millis>,
    /// `TaskFailedToStart`, `EssentialContainerExited`, `UserInitiated` …; empty while it runs.
    pub stop_code: SafeText,
    /// `stoppedReason`; may be empty.
    pub stopped_reason: SafeText,
    /// CPU units (1024 = 1 vCPU).
    pub cpu: Option<u32>,
    /// Memory in MiB.
    pub memory: Option<u32>,
    /// Availability zone.
    pub zone: SafeText,
    /// Private address; may be empty.
    pub address: SafeText,
    /// `FARGATE` or `FARGATE_SPOT`; may be empty.
    pub capacity: SafeText,
    /// `X86_64` or `ARM64`; may be empty.
    pub architecture: SafeText,
    /// Containers.
    pub containers: Vec<Container>,
}

impl Task {
    /// The last part of the ARN: 32 hexadecimal digits.
    pub fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    /// It has stopped.
    pub fn is_stopped(&self) -> bool {
        self.status == "STOPPED"
    }
}

#[cfg(test)]
impl Task {
    /// A task of which no more is known: what a test is about it says itself.
    pub(crate) fn known_as(service: &str, status: &str) -> Self {
        Self {
            arn: "arn:aws:ecs:us-west-2:111122223333:task/c/0af31c9e".into(),
            service: service.into(),
            task_definition: "d:1".into(),
            status: status.into(),
            desired: status.into(),
            health: "UNKNOWN".into(),
            created: None,
            started: None,
            stopped: None,
            stop_code: SafeText::default(),
            stopped_reason: SafeText::default(),
            cpu: None,
            memory: None,
            zone: SafeText::default(),
            address: SafeText::default(),
            capacity: SafeText::default(),
            architecture: SafeText::default(),
            containers: Vec::new(),
        }
    }
}
