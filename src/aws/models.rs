//! Bedrock's control plane: what a model is today, and whether this account may call it.

use aws_sdk_bedrock::{
    Client,
    operation::{get_foundation_model::GetFoundationModelOutput, get_inference_profile::GetInferenceProfileOutput},
};
use futures::future::join;

use super::{fault, millis, pages::missing, text};
use crate::core::{
    fact::{ModelAccess, ModelState},
    fault::{Fault, FaultKind},
    text::SafeText,
};

const MODEL: &str = "bedrock:GetFoundationModel";
const ACCESS: &str = "bedrock:GetFoundationModelAvailability";
const PROFILE: &str = "bedrock:GetInferenceProfile";

/// What stands before the provider's name in the id of a profile that AWS defines.
const GEOGRAPHIES: [&str; 8] = ["us", "us-gov", "eu", "apac", "jp", "au", "ca", "global"];

/// Whether an id is that of an inference profile.
fn is_profile(id: &str) -> bool {
    let head = id.split('.').next().unwrap_or_default();
    GEOGRAPHIES.contains(&head) || id.contains("inference-profile/")
}

/// A model or a profile; `None` when Bedrock does not know it in this region.
pub(super) async fn state(client: &Client, id: &SafeText) -> Result<Option<ModelState>, Fault> {
    if is_profile(id) {
        return profile(client, id).await;
    }
    let (model, access) = join(foundation(client, id), access(client, id)).await;
    let Some(output) = model? else { return Ok(None) };
    of_model(id, output, access).map(Some)
}

/// A profile lives as long as the model behind it.
async fn profile(client: &Client, id: &SafeText) -> Result<Option<ModelState>, Fault> {
    let sent = client.get_inference_profile().inference_profile_identifier(id.as_str()).send();
    let Some(profile) = known(sent.await.map_err(fault::on(PROFILE, id)))? else {
        return Ok(None);
    };
    let (regions, behind) = destinations(id, &profile)?;
    let (model, access) = join(foundation(client, &behind), access(client, &behind)).await;
    // A profile may hand its calls to a model that its own region does not list.
    let of_model = match model? {
        Some(output) => Some(of_model(&behind, output, access.clone())?),
        None => None,
    };
    let status = if profile.status.as_str() == "ACTIVE" {
        of_model.as_ref().map(|m| m.status.clone())
    } else {
        None
    };
    Ok(Some(ModelState {
        id: id.clone(),
        name: profile.inference_profile_name.into(),
        model: behind,
        regions,
        outputs: of_model.as_ref().map(|m| m.outputs.clone()).unwrap_or_default(),
        status: status.unwrap_or_else(|| profile.status.as_str().into()),
        legacy_since: of_model.as_ref().and_then(|m| m.legacy_since),
        end_of_life: of_model.as_ref().and_then(|m| m.end_of_life),
        // Its regions are the profile's matter.
        access: access.map(|it| ModelAccess {
            region: SafeText::default(),
            ..it
        }),
    }))
}

/// Regions that a profile hands calls to, and the foundation model there.
fn destinations(id: &str, profile: &GetInferenceProfileOutput) -> Result<(Vec<SafeText>, SafeText), Fault> {
    let arns = profile.models.iter().filter_map(|m| m.model_arn.as_deref());
    let parts: Vec<(&str, &str)> = arns
        .filter_map(|arn| Some((arn.split(':').nth(3)?, arn.split_once("foundation-model/")?.1)))
        .collect();
    let Some((_, model)) = parts.first() else {
        return Err(missing(PROFILE, id, "model"));
    };
    let regions = parts
        .iter()
        .filter(|(region, _)| !region.is_empty())
        .map(|(region, _)| (*region).into());
    Ok((regions.collect(), (*model).into()))
}

async fn foundation(client: &Client, id: &SafeText) -> Result<Option<GetFoundationModelOutput>, Fault> {
    let sent = client.get_foundation_model().model_identifier(id.as_str()).send();
    known(sent.await.map_err(fault::on(MODEL, id)))
}

async fn access(client: &Client, id: &SafeText) -> Result<ModelAccess, Fault> {
    let sent = client.get_foundation_model_availability().model_id(id.as_str()).send();
    let output = sent.await.map_err(fault::on(ACCESS, id))?;
    let authorization = word(output.authorization_status.as_str());
    if authorization.is_empty() {
        return Err(missing(ACCESS, id, "authorization"));
    }
    let (agreement, agreement_error) = output
        .agreement_availability
        .map_or_else(Default::default, |it| (word(it.status.as_str()), text(it.error_message)));
    Ok(ModelAccess {
        agreement,
        agreement_error,
        authorization,
        entitlement: word(output.entitlement_availability.as_str()),
        region: word(output.region_availability.as_str()),
    })
}

/// A word of Bedrock's; empty for what the SDK puts where a part was left out.
fn word(value: &str) -> SafeText {
    if value == "no value was set" {
        SafeText::default()
    } else {
        value.into()
    }
}

fn of_model(id: &SafeText, output: GetFoundationModelOutput, access: Result<ModelAccess, Fault>) -> Result<ModelState, Fault> {
    let details = output.model_details.ok_or_else(|| missing(MODEL, id, "model"))?;
    let life = details.model_lifecycle.ok_or_else(|| missing(MODEL, id, "lifecycle"))?;
    let status = word(life.status.as_str());
    if status.is_empty() {
        return Err(missing(MODEL, id, "lifecycle"));
    }
    let outputs = details.output_modalities.unwrap_or_default();
    let outputs = outputs.iter().map(|it| it.as_str().into()).collect();
    Ok(ModelState {
        id: id.clone(),
        name: text(details.model_name),
        model: id.clone(),
        regions: Vec::new(),
        outputs,
        status,
        legacy_since: millis(life.legacy_time),
        end_of_life: millis(life.end_of_life_time),
        access,
    })
}

/// An id that Bedrock does not know here is an answer.
fn known<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(output) => Ok(Some(output)),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
        Err(fault) if fault.code.as_deref() == Some("ValidationException") && fault.detail.contains("identifier is invalid") => Ok(None),
        Err(fault) => Err(fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_told_from_models() {
        for (id, want) in [
            ("us.anthropic.claude-sonnet-4-6", true),
            ("global.anthropic.claude-sonnet-4-6", true),
            ("us-gov.anthropic.claude-x", true),
            ("arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/ab12", true),
            ("anthropic.claude-3-5-sonnet-20241022-v2:0", false),
            ("stability.stable-image-core-v1:1", false),
        ] {
            assert_eq!(is_profile(id), want, "{id}");
        }
    }
}
