//! The account: its quotas, names that its secrets have taken, what a caller may do.

use super::Millis;
use crate::core::{fault::Fault, text::SafeText};

/// One quota of the account in this region.
#[derive(Debug, Clone, PartialEq)]
pub struct Quota {
    /// AWS's name of it.
    pub name: SafeText,
    /// The most that is allowed.
    pub limit: f64,
    /// It is AWS's default: the account has no value of its own.
    pub is_default: bool,
    /// How much is in use; `None` where that is not asked for.
    pub used: Option<Result<f64, Fault>>,
}

/// A secret that has a name which a plan would give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenName {
    /// The name.
    pub name: SafeText,
    /// Its `DeletedDate`, where it waits for its deletion; `None` when it is in use.
    pub deleted: Option<Millis>,
}

/// What IAM's simulator decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A policy allows it, and none denies it.
    Allowed,
    /// A policy denies it.
    Denied,
    /// No policy allows it.
    NotAllowed,
}

/// Whether a caller may do one thing to one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// Such as `iam:CreateRole`.
    pub action: SafeText,
    /// The resource, as it was asked for.
    pub resource: SafeText,
    /// By the caller's own policies.
    pub decision: Decision,
    /// The permissions boundary stands in the way.
    pub is_bounded: bool,
    /// A policy of the organization stands in the way.
    pub is_barred: bool,
}
