//! CloudWatch alarms.

use serde::Serialize;

use super::Millis;
use crate::core::text::SafeText;

/// One metric alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// Its name.
    pub name: SafeText,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: SafeText,
    /// Since when.
    pub since: Option<Millis>,
    /// CloudWatch's own words on why; may be empty.
    pub reason: SafeText,
    /// Namespace of the metric, such as `AWS/ECS`; empty for one made by arithmetic.
    pub namespace: SafeText,
    /// Name of the metric.
    pub metric: SafeText,
    /// Such as `Maximum`; empty for a percentile.
    pub statistic: SafeText,
    /// Names and values of its dimensions.
    pub dimensions: Vec<(SafeText, SafeText)>,
}

impl Alarm {
    /// It fires.
    pub fn is_firing(&self) -> bool {
        self.state == "ALARM"
    }

    /// The value of a dimension.
    pub fn dimension(&self, name: &str) -> Option<&SafeText> {
        self.dimensions.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }
}
