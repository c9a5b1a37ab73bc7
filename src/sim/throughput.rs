//! Provisioned throughput: it is in service some minutes after it was bought, as long as units are granted.

use super::{
    account::refusal,
    world::{SECOND, World},
};
use crate::{
    cloud::{Commitment, Done, Purchase, Token},
    core::{
        catalogue::Catalogue,
        fact::{CustomModel, Fact, Millis, Throughput},
        fault::{Fault, FaultKind},
        text::SafeText,
        when,
    },
};

const BUY: &str = "bedrock:CreateProvisionedModelThroughput";
const DELETE: &str = "bedrock:DeleteProvisionedModelThroughput";

/// How long it is being created.
const CREATED_AFTER: Millis = 12 * 60 * SECOND;
/// Units that support has granted to the account.
const GRANTED: i32 = 2;
/// A month, as commitments count it.
const MONTH: Millis = 30 * 86_400 * SECOND;

/// Throughput that was bought.
#[derive(Debug)]
pub(super) struct ThroughputState {
    fact: Throughput,
    bought: Millis,
    token: SafeText,
}

impl World {
    /// The model that somebody of the account has tuned.
    fn custom_model(&self) -> CustomModel {
        CustomModel {
            arn: self.arn("bedrock", "custom-model/amazon.nova-canvas-v1:0/br4nd1mages0").into(),
            name: "brand-images".into(),
            base: "amazon.nova-canvas-v1:0".into(),
            kind: "FINE_TUNING".into(),
            created: Some(self.now - 3 * MONTH),
        }
    }

    pub(super) fn tell_custom_models(&self) -> Fact {
        Fact::CustomModels(vec![self.custom_model()])
    }

    fn throughput_told(&self, it: &ThroughputState) -> Throughput {
        let is_ready = self.now - it.bought >= CREATED_AFTER;
        Throughput {
            status: if is_ready { "InService" } else { "Creating" }.into(),
            ..it.fact.clone()
        }
    }

    pub(super) fn tell_throughputs(&self) -> Fact {
        Fact::Throughputs(self.throughputs.iter().map(|it| self.throughput_told(it)).collect())
    }

    pub(super) fn tell_throughput(&self, arn: &str) -> Fact {
        let found = self.throughputs.iter().find(|it| it.fact.arn == *arn);
        Fact::Throughput(found.map(|it| self.throughput_told(it)))
    }

    pub(super) fn buy_throughput(&mut self, wanted: &Purchase, token: &Token) -> Result<Done, Fault> {
        if let Some(known) = self.throughputs.iter().find(|it| it.token == token.0) {
            return Ok(Done::Throughput {
                arn: known.fact.arn.clone(),
            });
        }
        let refused = |code: &str, message: &str| Err(refusal(FaultKind::Refused, BUY, &wanted.model, code, message));
        let custom = self.custom_model();
        let model = |id: &str| format!("arn:aws:bedrock:{}::foundation-model/{id}", self.region);
        let today: String = when::iso(self.now).chars().take(10).collect();
        let (arn, base) = if [&custom.arn, &custom.name].contains(&&wanted.model) {
            (custom.arn.to_string(), model(&custom.base))
        } else {
            match Catalogue::shipped().find(&wanted.model) {
                Some(entry) if entry.has_ended(&today) => {
                    return refused("ValidationException", "This model version has reached the end of its life.");
                }
                Some(entry) if entry.is_in(&self.region) && entry.regions.len() == 1 => (model(&entry.id), model(&entry.id)),
                Some(_) | None => return refused("ValidationException", "The provided model identifier is invalid."),
            }
        };
        if self.throughputs.iter().any(|it| it.fact.name == wanted.name) {
            return refused("ValidationException", "A provisioned model with this name already exists.");
        }
        let used: i32 = self.throughputs.iter().map(|it| it.fact.units).sum();
        if used + wanted.units > GRANTED {
            let message = format!("Your account has {GRANTED} model units for this model, of which {used} are in use.");
            return refused("ServiceQuotaExceededException", &message);
        }
        let serial = self.serial();
        let id = self.chance(&format!("throughput/{serial}")).lower(12);
        let arn_of_it: SafeText = self.arn("bedrock", &format!("provisioned-model/{id}")).into();
        let (commitment, months) = match wanted.commitment {
            Commitment::None => ("", None),
            Commitment::OneMonth => ("OneMonth", Some(1)),
            Commitment::SixMonths => ("SixMonths", Some(6)),
        };
        self.throughputs.push(ThroughputState {
            fact: Throughput {
                arn: arn_of_it.clone(),
                name: wanted.name.clone(),
                model: arn.into(),
                base: base.into(),
                units: wanted.units,
                status: SafeText::default(),
                commitment: commitment.into(),
                commitment_end: months.map(|n| self.now + n * MONTH),
                created: Some(self.now),
                failure: SafeText::default(),
            },
            bought: self.now,
            token: token.0.clone(),
        });
        Ok(Done::Throughput { arn: arn_of_it })
    }

    pub(super) fn delete_throughput(&mut self, arn: &str) -> Result<Done, Fault> {
        let refused = |kind, code: &str, message: &str| Err(refusal(kind, DELETE, arn, code, message));
        let Some(i) = self.throughputs.iter().position(|it| it.fact.arn == *arn) else {
            return refused(
                FaultKind::NotFound,
                "ResourceNotFoundException",
                "Could not find the provisioned model.",
            );
        };
        let it = self.throughput_told(&self.throughputs[i]);
        if it.bound_until(self.now).is_some() {
            return refused(
                FaultKind::Refused,
                "ConflictException",
                "You can't delete a Provisioned Throughput before its commitment term has ended.",
            );
        }
        if it.is_on_its_way() {
            return refused(
                FaultKind::Refused,
                "ConflictException",
                "The provisioned model is being created and can't be deleted yet.",
            );
        }
        self.throughputs.remove(i);
        Ok(Done::Accepted)
    }
}
