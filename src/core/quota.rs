//! Quotas of AWS that a deploy can run into, and how much of each a plan needs beside what the stack has already.

use std::collections::BTreeMap;

use serde_json::Value;
use strum::{EnumIter, IntoEnumIterator};

use super::template::Resource;

/// A quota that the template's resources count against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter)]
pub enum QuotaId {
    /// vCPUs of on-demand Fargate tasks.
    FargateVcpu,
    /// vCPUs of Fargate Spot tasks.
    FargateSpotVcpu,
    /// VPCs.
    Vpcs,
    /// Elastic IP addresses.
    Addresses,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaRow {
    /// Name of its check.
    pub check: &'static str,
    /// Service code of Service Quotas.
    pub service: &'static str,
    /// Quota code.
    pub code: &'static str,
    /// Resource type that is counted; `None` where CloudWatch measures what is in use.
    pub counted: Option<&'static str>,
    /// What it is a number of.
    pub unit: &'static str,
}

impl QuotaId {
    /// Its row. The codes are those of the Service Quotas console, the same in every region.
    pub const fn row(self) -> QuotaRow {
        let (check, service, code, counted, unit) = match self {
            Self::FargateVcpu => ("fargate quota", "fargate", "L-3032A538", None, "vCPU"),
            Self::FargateSpotVcpu => ("spot quota", "fargate", "L-36FBB829", None, "vCPU"),
            Self::Vpcs => ("vpc quota", "vpc", "L-F678F1CE", Some("AWS::EC2::VPC"), "VPCs"),
            Self::Addresses => ("address quota", "ec2", "L-0263D0A3", Some("AWS::EC2::EIP"), "Elastic IP addresses"),
        };
        QuotaRow {
            check,
            service,
            code,
            counted,
            unit,
        }
    }
}

/// What a plan needs of each quota beside what is in use, the most at any moment of a rolling update. What it does
/// not touch is left out.
pub fn needs(before: &[Resource], after: &[Resource]) -> Vec<(QuotaId, f64)> {
    let mut vcpu = BTreeMap::new();
    let old = loads(before);
    for (name, new) in loads(after) {
        *vcpu.entry(new.pool()).or_insert(0.0) += new.beside(old.get(name));
    }
    let count = |all: &[Resource], kind: &str| all.iter().filter(|r| r.kind == *kind).count() as f64;
    let need = |quota: QuotaId| match quota.row().counted {
        Some(kind) => count(after, kind) - count(before, kind),
        None => vcpu.get(&quota).copied().unwrap_or_default(),
    };
    QuotaId::iter()
        .map(|quota| (quota, need(quota)))
        .filter(|(_, n)| *n > 0.0)
        .collect()
}

/// The tasks that a service wants.
struct Load<'a> {
    service: &'a Resource,
    definition: &'a Resource,
    is_spot: bool,
    count: f64,
    /// Of each task.
    vcpu: f64,
    /// Most tasks while a deployment rolls, in percent of the count.
    max_percent: f64,
}

/// They, by logical id of the service.
fn loads(resources: &[Resource]) -> BTreeMap<&str, Load<'_>> {
    let services = resources.iter().filter(|r| r.kind == "AWS::ECS::Service");
    services
        .filter_map(|s| Some((s.logical_id.as_str(), Load::of(s, resources)?)))
        .collect()
}

impl<'a> Load<'a> {
    fn of(service: &'a Resource, resources: &'a [Resource]) -> Option<Self> {
        let p = &service.properties;
        let definition = p.pointer("/TaskDefinition/Ref")?.as_str()?;
        let definition = resources.iter().find(|r| r.logical_id == *definition)?;
        let provider = p.pointer("/CapacityProviderStrategy/0/CapacityProvider").and_then(Value::as_str);
        Some(Self {
            service,
            definition,
            is_spot: provider == Some("FARGATE_SPOT"),
            count: number(&p["DesiredCount"]).unwrap_or(1.0),
            vcpu: number(&definition.properties["Cpu"])? / 1024.0,
            max_percent: number(&p["DeploymentConfiguration"]["MaximumPercent"]).unwrap_or(200.0),
        })
    }

    fn pool(&self) -> QuotaId {
        if self.is_spot {
            QuotaId::FargateSpotVcpu
        } else {
            QuotaId::FargateVcpu
        }
    }

    fn total(&self) -> f64 {
        self.count * self.vcpu
    }

    /// vCPUs that it adds to what runs of it already.
    fn beside(&self, old: Option<&Self>) -> f64 {
        let Some(old) = old.filter(|old| old.is_spot == self.is_spot) else {
            return self.total();
        };
        let lasting = (self.total() - old.total()).max(0.0);
        if !self.is_new_deployment(old) {
            return lasting;
        }
        // New tasks that start before the old ones have stopped.
        let room = (self.count * self.max_percent / 100.0).floor() - old.count;
        lasting.max(room.clamp(0.0, self.count) * self.vcpu)
    }

    fn is_new_deployment(&self, old: &Self) -> bool {
        let but_count = |service: &Resource| {
            let mut properties = service.properties.clone();
            properties["DesiredCount"] = Value::Null;
            properties
        };
        self.definition.properties != old.definition.properties || but_count(self.service) != but_count(old.service)
    }
}

/// A number or a numeral, as CloudFormation takes both.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// Whether a quota of Bedrock is how often a model may be called in a minute: each model has some of its own, with its
/// name in theirs. A version at the end of the model's name is not part of that.
pub fn is_rate_of(quota: &str, model: &str) -> bool {
    let quota = quota.to_lowercase();
    let model = model.to_lowercase();
    let bare = match model.rsplit_once(' ') {
        Some((name, version)) if version.trim_start_matches('v').parse::<f64>().is_ok() => name,
        _ => &model,
    };
    let is_its = quota
        .find(bare)
        .is_some_and(|at| !quota[at + bare.len()..].starts_with(char::is_alphanumeric));
    !bare.is_empty() && quota.contains("requests per minute") && !quota.contains("cross-region") && is_its
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::template::{Pseudo, Template};

    fn resources(pairs: &[(&str, &str)]) -> Vec<Resource> {
        let template = Template::shipped();
        let pseudo = Pseudo {
            region: "us-west-2".into(),
            account: "123456789012".into(),
            stack_name: "s".into(),
        };
        let given = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        template.resources(&template.values(&given), &pseudo)
    }

    #[test]
    fn a_plan_needs_what_it_adds_and_the_tasks_that_run_beside_the_old_ones() {
        use QuotaId::{Addresses, FargateSpotVcpu, FargateVcpu, Vpcs};
        let medium: &[(&str, &str)] = &[("DeploymentSize", "medium")];
        for (before, after, want) in [
            (None, &[][..], vec![(FargateVcpu, 1.5), (Vpcs, 1.0)]),
            (
                None,
                &[("NetworkMode", "nat"), ("DeploymentSize", "large")],
                vec![(FargateVcpu, 12.5), (Vpcs, 1.0), (Addresses, 1.0)],
            ),
            (
                None,
                &[("FargateSpot", "true")],
                vec![(FargateVcpu, 1.0), (FargateSpotVcpu, 0.5), (Vpcs, 1.0)],
            ),
            // Nothing that runs is touched.
            (Some(&[][..]), &[("LogRetentionDays", "14")], vec![]),
            // LiteLLM's new task starts beside the old one.
            (Some(&[]), &[("LiteLLMVersion", "v1.107.0")], vec![(FargateVcpu, 0.5)]),
            // On SQLite the old task of Open WebUI stops first.
            (Some(&[]), &[("OpenWebUIVersion", "v0.12.5")], vec![]),
            (
                Some(medium),
                &[("DeploymentSize", "medium"), ("OpenWebUIVersion", "v0.12.5")],
                vec![(FargateVcpu, 4.0)],
            ),
            (
                Some(medium),
                &[("DeploymentSize", "large")],
                // Four of the three new tasks' places are free beside two old ones, so all three.
                vec![(FargateVcpu, 12.0)],
            ),
            (Some(medium), &[], vec![]),
            (Some(&[]), &[("NetworkMode", "nat")], vec![(FargateVcpu, 0.5), (Addresses, 1.0)]),
            (Some(&[]), &[("FargateSpot", "true")], vec![(FargateSpotVcpu, 0.5)]),
        ] {
            let old = before.map(resources).unwrap_or_default();
            assert_eq!(needs(&old, &resources(after)), want, "{before:?} → {after:?}");
        }
    }

    #[test]
    fn the_rate_of_a_model_is_found_by_its_name() {
        for (quota, model, want) in [
            (
                "On-demand model inference requests per minute for Stable Image Core",
                "Stable Image Core 1.1",
                true,
            ),
            (
                "On-demand model inference requests per minute for Stability.ai Stable Image Core 1.0",
                "Stable Image Core 1.1",
                true,
            ),
            (
                "On-demand model inference requests per minute for Stable Image Core",
                "Stable Image Ultra 1.1",
                false,
            ),
            (
                "On-demand InvokeModel requests per minute for Amazon Nova Canvas",
                "Nova Canvas",
                true,
            ),
            (
                "On-demand InvokeModel requests per minute for Amazon Nova Canvas2",
                "Nova Canvas",
                false,
            ),
            (
                "On-demand model inference requests per minute for Stable Diffusion 3.5 Large",
                "Stable Diffusion 3.5 Large",
                true,
            ),
            ("On-demand model inference tokens per minute for Nova Canvas", "Nova Canvas", false),
            (
                "Cross-region model inference requests per minute for Nova Canvas",
                "Nova Canvas",
                false,
            ),
            ("On-demand model inference requests per minute for Nova Canvas", "", false),
        ] {
            assert_eq!(is_rate_of(quota, model), want, "{quota} / {model}");
        }
    }
}
