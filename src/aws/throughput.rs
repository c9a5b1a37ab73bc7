//! Bedrock: provisioned throughput, and the account's own models.

use aws_sdk_bedrock::{
    Client,
    types::{self, CommitmentDuration},
};

use super::{
    fault, millis,
    pages::{self, missing},
    text,
};
use crate::{
    cloud::{Commitment, Purchase},
    core::{
        fact::{CustomModel, Throughput},
        fault::{Fault, FaultKind},
        text::SafeText,
    },
};

const LIST: &str = "bedrock:ListProvisionedModelThroughputs";
const GET: &str = "bedrock:GetProvisionedModelThroughput";
const CUSTOM: &str = "bedrock:ListCustomModels";
const BUY: &str = "bedrock:CreateProvisionedModelThroughput";
const DELETE: &str = "bedrock:DeleteProvisionedModelThroughput";

pub(super) async fn all(client: &Client) -> Result<Vec<Throughput>, Fault> {
    pages::all(LIST, "", |token| {
        let request = client.list_provisioned_model_throughputs().set_next_token(token);
        async move {
            let output = request.send().await.map_err(fault::on(LIST, ""))?;
            let page = output
                .provisioned_model_summaries
                .ok_or_else(|| missing(LIST, "", "provisioned models"))?;
            Ok((page.into_iter().map(summary).collect(), output.next_token))
        }
    })
    .await
}

fn commitment(duration: Option<CommitmentDuration>) -> SafeText {
    duration.map(|it| it.as_str().into()).unwrap_or_default()
}

fn summary(it: types::ProvisionedModelSummary) -> Throughput {
    Throughput {
        arn: it.provisioned_model_arn.into(),
        name: it.provisioned_model_name.into(),
        model: it.model_arn.into(),
        base: it.foundation_model_arn.into(),
        units: it.model_units,
        status: it.status.as_str().into(),
        commitment: commitment(it.commitment_duration),
        commitment_end: millis(it.commitment_expiration_time),
        created: millis(Some(it.creation_time)),
        failure: SafeText::default(),
    }
}

pub(super) async fn one(client: &Client, arn: &str) -> Result<Option<Throughput>, Fault> {
    let sent = client.get_provisioned_model_throughput().provisioned_model_id(arn).send().await;
    let it = match sent.map_err(fault::on(GET, arn)) {
        Ok(output) => output,
        Err(fault) if fault.kind == FaultKind::NotFound => return Ok(None),
        Err(fault) => return Err(fault),
    };
    if it.provisioned_model_arn.is_empty() {
        return Err(missing(GET, arn, "ARN"));
    }
    Ok(Some(Throughput {
        arn: it.provisioned_model_arn.into(),
        name: it.provisioned_model_name.into(),
        model: it.model_arn.into(),
        base: it.foundation_model_arn.into(),
        units: it.model_units,
        status: it.status.as_str().into(),
        commitment: commitment(it.commitment_duration),
        commitment_end: millis(it.commitment_expiration_time),
        created: millis(Some(it.creation_time)),
        failure: text(it.failure_message),
    }))
}

pub(super) async fn custom_models(client: &Client) -> Result<Vec<CustomModel>, Fault> {
    pages::all(CUSTOM, "", |token| {
        let request = client.list_custom_models().set_next_token(token);
        async move {
            let output = request.send().await.map_err(fault::on(CUSTOM, ""))?;
            let page = output.model_summaries.ok_or_else(|| missing(CUSTOM, "", "models"))?;
            Ok((page.into_iter().map(custom).collect(), output.next_token))
        }
    })
    .await
}

fn custom(it: types::CustomModelSummary) -> CustomModel {
    let base = it.base_model_arn.split_once('/').map_or(it.base_model_arn.as_str(), |(_, id)| id);
    CustomModel {
        base: base.into(),
        arn: it.model_arn.into(),
        name: it.model_name.into(),
        kind: it.customization_type.map(|kind| kind.as_str().into()).unwrap_or_default(),
        created: millis(Some(it.creation_time)),
    }
}

/// Buys throughput, and gives its ARN. A repeated token buys nothing more.
pub(super) async fn buy(client: &Client, wanted: &Purchase, token: &str) -> Result<SafeText, Fault> {
    let duration = match wanted.commitment {
        Commitment::None => None,
        Commitment::OneMonth => Some(CommitmentDuration::OneMonth),
        Commitment::SixMonths => Some(CommitmentDuration::SixMonths),
    };
    let output = client
        .create_provisioned_model_throughput()
        .client_request_token(token)
        .provisioned_model_name(wanted.name.as_str())
        .model_id(wanted.model.as_str())
        .model_units(wanted.units)
        .set_commitment_duration(duration)
        .send()
        .await
        .map_err(fault::on(BUY, &wanted.model))?;
    if output.provisioned_model_arn.is_empty() {
        return Err(missing(BUY, &wanted.model, "ARN"));
    }
    Ok(output.provisioned_model_arn.into())
}

pub(super) async fn delete(client: &Client, arn: &str) -> Result<(), Fault> {
    let request = client.delete_provisioned_model_throughput().provisioned_model_id(arn);
    request.send().await.map_err(fault::on(DELETE, arn))?;
    Ok(())
}
