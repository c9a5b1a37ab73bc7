//! ACM: a certificate is issued a few minutes after its records stand in a zone of the account.

use super::world::{SECOND, World};
use crate::{
    cloud::{Done, Token},
    core::{
        address,
        fact::{Certificate, CertificateBrief, Fact, Millis, NameProof, ProofRecord},
        text::SafeText,
    },
};

/// From the request until ACM names the records.
const NAMED_AFTER: Millis = 5 * SECOND;
/// From the record in the zone until ACM has seen it.
const SEEN_AFTER: Millis = 3 * 60 * SECOND;
/// ACM gives up.
const PATIENCE: Millis = 72 * 3_600 * SECOND;
/// Days that a certificate is valid.
const VALID: Millis = 395 * 86_400 * SECOND;
/// The same token is the same request for so long.
const SAME: Millis = 3_600 * SECOND;

/// A certificate that was requested.
#[derive(Debug)]
pub(super) struct CertificateState {
    arn: SafeText,
    names: Vec<SafeText>,
    records: Vec<ProofRecord>,
    requested: Millis,
    token: SafeText,
    issued: Option<Millis>,
}

impl World {
    pub(super) fn request_certificate(&mut self, domain: &SafeText, names: &[SafeText], token: &Token) -> Done {
        let is_same = |it: &&CertificateState| it.token == token.0 && self.now - it.requested < SAME;
        if let Some(known) = self.certificates.iter().find(is_same) {
            return Done::Certificate { arn: known.arn.clone() };
        }
        let serial = self.serial();
        let arn: SafeText = self
            .arn(
                "acm",
                &format!("certificate/{}", self.chance(&format!("certificate/{serial}")).uuid()),
            )
            .into();
        let all: Vec<SafeText> = std::iter::once(domain).chain(names).cloned().collect();
        let record = |name: &SafeText| {
            // A name and its wildcard are proven by the same record.
            let bare = name.trim_start_matches("*.");
            let mut chance = self.chance(&format!("proof/{bare}"));
            ProofRecord {
                name: format!("_{}.{bare}", chance.hex(32)).into(),
                value: format!("_{}.{}.acm-validations.aws", chance.hex(32), chance.lower(10)).into(),
            }
        };
        let records = all.iter().map(record).collect();
        self.certificates.push(CertificateState {
            arn: arn.clone(),
            records,
            names: all,
            requested: self.now,
            token: token.0.clone(),
            issued: None,
        });
        Done::Certificate { arn }
    }

    /// Requests a certificate and proves it at once, as a scene has it.
    pub(super) fn certify(&mut self, name: &str, token: &Token) {
        self.request_certificate(&name.into(), &[], token);
        let records = self.certificates.last().map(|it| it.records.clone()).unwrap_or_default();
        let records: Vec<&ProofRecord> = records.iter().collect();
        if let Some((zone, wanted)) = self
            .public_zone(name)
            .map(|zone| (zone.id.clone(), address::proving(&records, zone)))
        {
            drop(self.change_records(&zone, &[], &wanted));
        }
    }

    /// ARN of the certificate that was requested last; empty when there is none.
    pub(super) fn newest_certificate(&self) -> &str {
        self.certificates.last().map_or("", |it| it.arn.as_str())
    }

    /// What the zones have proven until now.
    fn prove(&mut self) {
        for i in 0..self.certificates.len() {
            let it = &self.certificates[i];
            let seen = |record: &ProofRecord| {
                self.stands_since(&record.name, &record.value)
                    .map(|at| at.max(it.requested) + SEEN_AFTER)
            };
            let issued = it.records.iter().map(seen).try_fold(it.requested, |last, at| Some(last.max(at?)));
            let is_in_time = |at: &Millis| *at <= self.now && *at - it.requested < PATIENCE;
            let issued = it.issued.or(issued.filter(is_in_time)).filter(|_| !is_refused(it));
            self.certificates[i].issued = issued;
        }
    }

    pub(super) fn tell_certificate(&mut self, arn: &SafeText) -> Fact {
        self.prove();
        let found = self.certificates.iter().find(|it| it.arn == *arn);
        Fact::Certificate(found.map(|it| self.certificate_told(it)))
    }

    pub(super) fn tell_certificates(&mut self) -> Fact {
        self.prove();
        let all = self.certificates.iter().map(|it| self.certificate_told(it));
        let open = all.filter(|it| it.is_issued() || it.is_pending());
        let brief = |it: Certificate| CertificateBrief {
            arn: it.arn,
            domain: it.domain,
            names: it.names,
            status: it.status,
            kind: it.kind,
            not_after: it.not_after,
            in_use: !it.in_use_by.is_empty(),
        };
        Fact::Certificates(open.map(brief).collect())
    }

    fn certificate_told(&self, it: &CertificateState) -> Certificate {
        let age = self.now - it.requested;
        let status = match it.issued {
            Some(_) => "ISSUED",
            None if is_refused(it) && age >= NAMED_AFTER => "FAILED",
            None if age >= PATIENCE => "VALIDATION_TIMED_OUT",
            None => "PENDING_VALIDATION",
        };
        let proof = |(name, record): (&SafeText, &ProofRecord)| {
            let is_seen = self
                .stands_since(&record.name, &record.value)
                .is_some_and(|at| self.now >= at.max(it.requested) + SEEN_AFTER);
            NameProof {
                domain: name.clone(),
                status: match status {
                    "FAILED" | "VALIDATION_TIMED_OUT" => "FAILED",
                    _ if is_seen || it.issued.is_some() => "SUCCESS",
                    _ => "PENDING_VALIDATION",
                }
                .into(),
                method: "DNS".into(),
                record: (age >= NAMED_AFTER).then(|| record.clone()),
            }
        };
        Certificate {
            arn: it.arn.clone(),
            domain: it.names[0].clone(),
            proofs: it.names.iter().zip(&it.records).map(proof).collect(),
            names: it.names.clone(),
            status: status.into(),
            kind: "AMAZON_ISSUED".into(),
            failure: if status == "FAILED" {
                "ADDITIONAL_VERIFICATION_REQUIRED"
            } else {
                ""
            }
            .into(),
            requested: Some(it.requested),
            not_after: it.issued.map(|at| at + VALID),
            in_use_by: self.users(&it.arn),
        }
    }

    /// The load balancers whose listeners have a certificate.
    fn users(&self, arn: &str) -> Vec<SafeText> {
        let listeners = self.living().filter(|(stack, r)| {
            r.def.kind == "AWS::ElasticLoadBalancingV2::Listener"
                && self.filled(stack, &r.def.properties["Certificates"]).to_string().contains(arn)
        });
        let balancer = |physical: &str| {
            let path = physical.replace(":listener/", ":loadbalancer/");
            path.rsplit_once('/').map_or(path.clone(), |(balancer, _)| balancer.to_owned())
        };
        listeners.map(|(_, r)| balancer(&r.physical).into()).collect()
    }
}

/// A name that ACM gives nobody a certificate for.
fn is_refused(it: &CertificateState) -> bool {
    it.names.iter().any(|name| name.ends_with("amazonaws.com"))
}
