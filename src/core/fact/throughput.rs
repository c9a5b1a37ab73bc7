//! Provisioned throughput of Bedrock, and the account's own models.

use serde::Serialize;

use super::{Millis, SafeText};

/// Throughput that was bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Throughput {
    /// Its ARN: what `ProvisionedModelArn` takes.
    pub arn: SafeText,
    /// Its name.
    pub name: SafeText,
    /// ARN of the model that it serves.
    pub model: SafeText,
    /// ARN of the foundation model behind that.
    pub base: SafeText,
    /// Model units it has.
    pub units: i32,
    /// `Creating`, `InService`, `Updating`, `Failed`, or what Bedrock says.
    pub status: SafeText,
    /// `OneMonth`, `SixMonths`, or empty where there is none.
    pub commitment: SafeText,
    /// When the commitment ends.
    pub commitment_end: Option<Millis>,
    /// When it was bought.
    pub created: Option<Millis>,
    /// Why it failed; empty while it has not, and in lists.
    pub failure: SafeText,
}

impl Throughput {
    /// Requests are served.
    pub fn is_in_service(&self) -> bool {
        self.status == "InService"
    }

    /// Bedrock still works on it.
    pub fn is_on_its_way(&self) -> bool {
        matches!(self.status.as_str(), "Creating" | "Updating")
    }

    /// The end of the commitment, while that forbids to delete it.
    pub fn bound_until(&self, now: Millis) -> Option<Millis> {
        self.commitment_end.filter(|end| !self.commitment.is_empty() && *end > now)
    }

    /// The model's name without the rest of its ARN.
    pub fn model_name(&self) -> &str {
        after_slash(&self.model)
    }

    /// The foundation model's id.
    pub fn base_id(&self) -> &str {
        after_slash(&self.base)
    }
}

/// What stands behind the first slash of an ARN: the id of a foundation model has none itself.
fn after_slash(arn: &str) -> &str {
    arn.split_once('/').map_or(arn, |(_, id)| id)
}

/// A model that the account has made or bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomModel {
    /// Its ARN.
    pub arn: SafeText,
    /// Its name.
    pub name: SafeText,
    /// Id of the foundation model that it was made from.
    pub base: SafeText,
    /// `FINE_TUNING`, `CONTINUED_PRE_TRAINING`, `DISTILLATION`, `IMPORTED`; may be empty.
    pub kind: SafeText,
    /// When it was made.
    pub created: Option<Millis>,
}
