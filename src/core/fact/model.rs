//! What Bedrock says of a model, and of this account's access to it.

use serde::Serialize;

use super::{Millis, SafeText};
use crate::core::fault::Fault;

/// A model or an inference profile, as Bedrock knows it in the region of the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelState {
    /// The id that was asked for.
    pub id: SafeText,
    /// Its name for people; may be empty.
    pub name: SafeText,
    /// The foundation model behind a profile; the id itself for a model.
    pub model: SafeText,
    /// Regions that a profile hands calls to; empty for a model.
    pub regions: Vec<SafeText>,
    /// `IMAGE`, `TEXT` or another kind of output; empty where Bedrock names none.
    pub outputs: Vec<SafeText>,
    /// `ACTIVE`, `LEGACY`, or what Bedrock says.
    pub status: SafeText,
    /// Since when it is legacy.
    pub legacy_since: Option<Millis>,
    /// When calls end.
    pub end_of_life: Option<Millis>,
    /// What the account may do with it, or why that could not be asked.
    pub access: Result<ModelAccess, Fault>,
}

/// Whether the account may call a model. Each value is Bedrock's own word.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ModelAccess {
    /// `AVAILABLE`, `PENDING`, `NOT_AVAILABLE`, `ERROR`: the agreement with the model's provider.
    pub agreement: SafeText,
    /// Why the agreement is in error; may be empty.
    pub agreement_error: SafeText,
    /// `AUTHORIZED` or `NOT_AUTHORIZED`.
    pub authorization: SafeText,
    /// `AVAILABLE` or `NOT_AVAILABLE`: whether the account is entitled to the model.
    pub entitlement: SafeText,
    /// `AVAILABLE` or `NOT_AVAILABLE` in this region.
    pub region: SafeText,
}
