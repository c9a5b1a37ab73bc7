//! Load balancer target groups and the health of their targets.

use serde::{Deserialize, Serialize};

use crate::core::text::SafeText;

/// One target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its address.
    pub id: SafeText,
    /// Its port.
    pub port: Option<i32>,
    /// Availability zone; may be empty.
    pub zone: SafeText,
    /// `initial`, `healthy`, `unhealthy`, `unused`, `draining`, `unavailable`.
    pub state: SafeText,
    /// Such as `Target.ResponseCodeMismatch`; empty when healthy.
    pub reason: SafeText,
    /// Such as `Health checks failed with these codes: [502]`; may be empty.
    pub description: SafeText,
}

impl Target {
    /// It takes traffic.
    pub fn is_healthy(&self) -> bool {
        self.state == "healthy"
    }
}

/// One target group with its targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: SafeText,
    /// Logical id in the template, such as `TargetGroup`.
    pub logical_id: SafeText,
    /// Its targets.
    pub targets: Vec<Target>,
}

impl TargetGroup {
    /// The name inside the ARN: `targetgroup/NAME/ID`.
    pub fn name(&self) -> &str {
        self.arn.split('/').nth(1).unwrap_or(&self.arn)
    }

    /// How many targets take traffic.
    pub fn healthy(&self) -> usize {
        self.targets.iter().filter(|t| t.is_healthy()).count()
    }
}
