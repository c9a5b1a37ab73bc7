//! Secrets Manager: the value of a secret, byte for byte. AWS's words never reach a fault from here,
//! and neither does anything of a value.

use aws_sdk_secretsmanager::{Client, operation::get_secret_value::GetSecretValueError};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::future::try_join_all;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{fault, millis, pages::missing};
use crate::core::{
    awscli,
    fact::TakenName,
    fault::{Fault, FaultKind},
    secret::{SecretRef, SecretText},
    text::SafeText,
};

/// The action that reading needs.
pub(super) const READ: &str = "secretsmanager:GetSecretValue";

/// A secret, or one field of its JSON.
pub(super) async fn value(client: &Client, secret: &SecretRef) -> Result<SecretText, Fault> {
    let whole = read(client, &secret.secret).await?;
    match &secret.field {
        None => Ok(SecretText::new(whole.into_bytes())),
        Some(name) => field(&object(&whole, &secret.secret)?, name, &secret.secret),
    }
}

/// The administrator's e-mail address and password, from one read.
pub(super) async fn fields(client: &Client, secret: &str) -> Result<[SecretText; 2], Fault> {
    let whole = object(&read(client, secret).await?, secret)?;
    Ok([field(&whole, "email", secret)?, field(&whole, "password", secret)?])
}

/// What looking at a secret from outside needs.
const DESCRIBE: &str = "secretsmanager:DescribeSecret";

/// Which names are taken. Each is asked for by itself: a listing may be minutes behind.
pub(super) async fn taken(client: &Client, names: Vec<SafeText>) -> Result<Vec<TakenName>, Fault> {
    let asked = names.into_iter().map(async |name| {
        let sent = client.describe_secret().secret_id(name.as_str()).send().await;
        match sent.map_err(fault::on(DESCRIBE, &name)) {
            Ok(output) if output.arn.is_none() => Err(missing(DESCRIBE, &name, "ARN")),
            Ok(output) => Ok(Some(TakenName {
                deleted: millis(output.deleted_date),
                name,
            })),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    });
    Ok(try_join_all(asked).await?.into_iter().flatten().collect())
}

enum Whole {
    Text(Zeroizing<String>),
    Binary(Vec<u8>),
}

impl Whole {
    fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(mut text) => std::mem::take(&mut *text).into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

async fn read(client: &Client, secret: &str) -> Result<Whole, Fault> {
    let output = client
        .get_secret_value()
        .secret_id(secret)
        .send()
        .await
        .map_err(|error| refused(error, secret))?;
    match (output.secret_string, output.secret_binary) {
        (Some(text), _) => Ok(Whole::Text(Zeroizing::new(text))),
        (None, Some(bytes)) => Ok(Whole::Binary(bytes.into_inner())),
        (None, None) => Err(missing(READ, secret, "value")),
    }
}

/// AWS's own message is judged, not kept.
fn refused(error: SdkError<GetSecretValueError, HttpResponse>, secret: &str) -> Fault {
    let message = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default();
    let is_deleted = message.contains("deletion") || message.contains("deleted");
    let is_key = message.contains("KMS") || message.contains("kms");
    let fault = fault::on(READ, secret)(error);
    let code = fault.code.clone().unwrap_or_default();
    let (kind, detail) = match (fault.kind, code.as_str()) {
        (_, "InvalidRequestException") if is_deleted => (
            FaultKind::Refused,
            &*format!(
                "it is scheduled for deletion; `aws secretsmanager restore-secret --secret-id {}` brings it back",
                awscli::quote(secret)
            ),
        ),
        (FaultKind::Denied, _) if is_key => (FaultKind::Denied, "its encryption key may not be used (kms:Decrypt)"),
        (_, "DecryptionFailure") => (FaultKind::Denied, "its encryption key may not be used (kms:Decrypt)"),
        (FaultKind::NotFound, _) => (FaultKind::NotFound, "no such secret, or it has no current version"),
        (kind, _) => return Fault { kind, ..fault },
    };
    Fault {
        kind,
        detail: detail.into(),
        ..fault
    }
}

fn object(whole: &Whole, secret: &str) -> Result<Map<String, Value>, Fault> {
    let no = |why| Err(Fault::new(FaultKind::NotFound, READ, &format!("a field of {secret}"), why));
    match whole {
        Whole::Binary(_) => no("its value is binary; read it whole"),
        Whole::Text(text) => match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Ok(fields),
            Ok(_) | Err(_) => no("its value is not a JSON object; read it whole"),
        },
    }
}

/// Text as it is, anything else as its JSON.
fn field(fields: &Map<String, Value>, name: &str, secret: &str) -> Result<SecretText, Fault> {
    match fields.get(name) {
        Some(Value::String(text)) => Ok(SecretText::new(text.clone().into_bytes())),
        Some(other) => Ok(SecretText::new(other.to_string().into_bytes())),
        None => Err(Fault::new(FaultKind::NotFound, READ, &format!("field `{name}` of {secret}"), "")),
    }
}
