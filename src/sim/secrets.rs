//! Secrets: values made as the template says, new ones in each world.

use std::sync::Arc;

use serde_json::Value;

use super::{account::refusal, account::text, cfn::ResourceState, cfn::StackState, scene::What, world::World};
use crate::core::{
    fault::{Fault, FaultKind},
    secret::{SecretRef, SecretText},
};

const OPERATION: &str = "secretsmanager:GetSecretValue";

impl World {
    /// The value of a secret, or of one field of it.
    pub(super) fn reveal(&self, secret: &SecretRef) -> Result<Arc<SecretText>, Fault> {
        let fail = |kind: FaultKind, code: &str, message: &str| refusal(kind, OPERATION, &secret.secret, code, message);
        if self.is_troubled(What::Expired, "", self.now) {
            let message = "The security token included in the request is expired";
            return Err(fail(FaultKind::Expired, "ExpiredTokenException", message));
        }
        let missing = || {
            fail(
                FaultKind::NotFound,
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.",
            )
        };
        let is_it = |(stack, r): &(&StackState, &ResourceState)| {
            r.def.kind == "AWS::SecretsManager::Secret"
                && (r.physical == *secret.secret || text(&self.filled(stack, &r.def.properties), "Name") == *secret.secret)
        };
        let (stack, resource) = self.living().find(is_it).ok_or_else(missing)?;
        let value = self.secret_value(stack, resource);
        let value = match &secret.field {
            None => scalar_or_json(&value),
            Some(field) => value.get(field.as_str()).map(scalar_or_json).ok_or_else(|| {
                let subject = format!("field `{field}` of {}", secret.secret);
                Fault::new(FaultKind::NotFound, OPERATION, &subject, "")
            })?,
        };
        Ok(Arc::new(SecretText::new(value.into_bytes())))
    }

    fn secret_value(&self, stack: &StackState, resource: &ResourceState) -> Value {
        let make = self.filled(stack, &resource.def.properties["GenerateSecretString"]);
        let length = text(&make, "PasswordLength").parse().unwrap_or(32);
        let generated = self.chance(&format!("secret/{}", resource.physical)).alphanumeric(length);
        let key = text(&make, "GenerateStringKey");
        match serde_json::from_str(&text(&make, "SecretStringTemplate")) {
            Ok(Value::Object(mut fields)) if !key.is_empty() => {
                fields.insert(key, generated.into());
                Value::Object(fields)
            }
            _ => generated.into(),
        }
    }
}

fn scalar_or_json(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
