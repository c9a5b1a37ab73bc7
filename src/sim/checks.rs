//! What an account is asked before a deploy: its quotas, whether names of secrets are free, what the operator may do.

use super::{scene::What, world::World};
use crate::core::{
    catalogue::Kind,
    fact::{Decision, Fact, Quota, Right, TakenName},
    quota::QuotaId,
    rights::Wanted,
    text::SafeText,
};

/// How long a deleted secret keeps its name.
const RECOVERY: i64 = 30 * 86_400_000;
/// The default VPC, and one of another team.
const OTHER_VPCS: f64 = 2.0;
/// Requests a minute for each image model.
const RATE: f64 = 90.0;

impl World {
    /// A quota as AWS gives it to an account that has been in use for a while.
    pub(super) fn tell_quota(&self, quota: QuotaId) -> Fact {
        let (name, limit, is_default) = match quota {
            QuotaId::FargateVcpu => ("Fargate On-Demand vCPU resource count", 64.0, false),
            QuotaId::FargateSpotVcpu => ("Fargate Spot vCPU resource count", 64.0, false),
            QuotaId::Vpcs => ("VPCs per Region", 5.0, true),
            QuotaId::Addresses => ("EC2-VPC Elastic IPs", 5.0, true),
        };
        let is_used_up = self.is_troubled(What::QuotaUsedUp, quota.row().check, self.now);
        let used = match quota {
            _ if is_used_up => limit,
            QuotaId::Vpcs
                if self
                    .trouble(What::ResourceFails, "VPC", self.now)
                    .is_some_and(|t| t.service == "VPC") =>
            {
                self.before_the_last(limit)
            }
            _ => self.in_use(quota),
        };
        Fact::Quota(Quota {
            name: name.into(),
            limit,
            is_default,
            used: Some(Ok(used)),
        })
    }

    /// One is left until a creation begins: then another team takes it.
    fn before_the_last(&self, limit: f64) -> f64 {
        let has_begun = self.stacks.iter().any(|s| !s.status().is_in_review());
        if has_begun { limit } else { limit - 1.0 }
    }

    fn in_use(&self, quota: QuotaId) -> f64 {
        let vcpu = |is_spot: bool| -> f64 {
            let is_its = |t: &&super::task::TaskState| t.is_active() && (self.services[t.service].capacity == "FARGATE_SPOT") == is_spot;
            let of = |t: &super::task::TaskState| self.definitions.get(&t.definition).and_then(super::task::Definition::vcpu);
            self.tasks.iter().filter(is_its).filter_map(of).fold(0.0, |sum, one| sum + one)
        };
        match quota {
            QuotaId::FargateVcpu => vcpu(false),
            QuotaId::FargateSpotVcpu => vcpu(true),
            QuotaId::Vpcs => OTHER_VPCS + self.living_of("AWS::EC2::VPC").len() as f64,
            QuotaId::Addresses => self.living_of("AWS::EC2::EIP").len() as f64,
        }
    }

    /// How often an image model that is offered here may be called.
    pub(super) fn tell_rate(&self, model: &SafeText) -> Fact {
        let is_image = self.offered().any(|m| m.name == *model && m.kind == Kind::Image);
        let name = format!("On-demand model inference requests per minute for {model}");
        Fact::ModelQuota(is_image.then(|| Quota {
            name: name.into(),
            limit: RATE,
            is_default: true,
            used: None,
        }))
    }

    /// Which names of secrets are taken: by a stack, or by what waits for its deletion.
    pub(super) fn tell_names(&self, names: &[SafeText]) -> Fact {
        let is_living = |name: &SafeText| {
            self.living()
                .any(|(stack, r)| r.def.kind == "AWS::SecretsManager::Secret" && self.filled(stack, &r.def.properties)["Name"] == **name)
        };
        let taken = |name: &SafeText| {
            let deleted = self.struck_at(What::SecretDeleted).filter(|_| {
                let is_struck = self.is_troubled(What::SecretDeleted, name, self.now);
                is_struck && !is_living(name)
            });
            let left = self.left_secret(name);
            (deleted.is_some() || is_living(name) || left.is_some()).then(|| TakenName {
                name: name.clone(),
                deleted: deleted.map(|at| at + RECOVERY).or_else(|| left.and_then(|it| it.ends)),
            })
        };
        Fact::SecretNames(names.iter().filter_map(taken).collect())
    }

    /// An operator who may do all but what a trouble of the scene names.
    pub(super) fn tell_rights(&self, wanted: &[Wanted]) -> Fact {
        let missing = self
            .trouble(What::NotPermitted, "", self.now)
            .map(|t| t.says.as_str())
            .unwrap_or_default();
        let right = |wanted: &Wanted, action: &SafeText| Right {
            action: action.clone(),
            resource: wanted.resource.clone(),
            decision: if missing.lines().any(|line| *line == **action) {
                Decision::NotAllowed
            } else {
                Decision::Allowed
            },
            is_bounded: false,
            is_barred: false,
        };
        Fact::Rights(wanted.iter().flat_map(|w| w.actions.iter().map(move |a| right(w, a))).collect())
    }
}
