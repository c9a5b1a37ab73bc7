//! Bedrock's control plane: the models of the catalogue, and the account's access to them.

use super::{scene::What, world::World};
use crate::core::{
    catalogue::{Catalogue, Entry, Kind},
    fact::{Fact, ModelAccess, ModelState},
    text::SafeText,
    when,
};

impl World {
    /// The models that have not ended and are offered in this region.
    pub(super) fn offered(&self) -> impl Iterator<Item = &'static Entry> {
        let today: String = when::iso(self.now).chars().take(10).collect();
        let models = Catalogue::shipped().models.iter();
        models.filter(move |m| !m.has_ended(&today) && m.is_in(&self.region))
    }

    /// A model that has not ended and is offered in this region. The image model of a stack can be struck.
    pub(super) fn tell_model(&self, id: &SafeText) -> Fact {
        let Some(entry) = self.offered().find(|m| m.id == *id) else {
            return Fact::Model(None);
        };
        let is_ours = self
            .stacks
            .iter()
            .any(|s| s.values.get("ImageModelId").is_some_and(|m| **m == **id));
        let end = self.struck_at(What::ImageGone).filter(|_| is_ours);
        let is_denied = entry.kind == Kind::Image && self.is_troubled(What::ImageDenied, "", self.now);
        let (_, model) = id.split_once("anthropic.").unwrap_or_default();
        let is_profile = entry.regions.len() > 1;
        Fact::Model(Some(ModelState {
            id: id.clone(),
            name: entry.name.clone(),
            model: if is_profile {
                format!("anthropic.{model}").into()
            } else {
                id.clone()
            },
            regions: if is_profile { entry.regions.clone() } else { Vec::new() },
            outputs: vec![entry.kind.output().into()],
            status: if end.is_some() { "LEGACY" } else { "ACTIVE" }.into(),
            legacy_since: end.map(|at| at - LEGACY_FOR),
            end_of_life: end,
            access: Ok(ModelAccess {
                agreement: if is_denied { "NOT_AVAILABLE" } else { "AVAILABLE" }.into(),
                agreement_error: SafeText::default(),
                authorization: "AUTHORIZED".into(),
                entitlement: if is_denied { "NOT_AVAILABLE" } else { "AVAILABLE" }.into(),
                region: "AVAILABLE".into(),
            }),
        }))
    }
}

/// How long a model is legacy before its end: half a year.
const LEGACY_FOR: i64 = 183 * 86_400_000;
