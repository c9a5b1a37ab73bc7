//! Whether the certificate that a plan names can be put on the load balancer, and covers the host name.

use super::{Answers, Check, Outcome, Proposal, check, told, untold};
use crate::{
    cloud::Query,
    core::{
        fact::{Certificate, Fact, Millis},
        when,
    },
};

const NAME: &str = "certificate";
/// A certificate that ends sooner than this, in milliseconds, is worth a word: ACM renews its own sixty days before.
const SOON: Millis = 30 * 24 * 60 * 60 * 1000;

pub(super) fn checks(proposal: &Proposal<'_>, answers: &Answers, now: Millis) -> Option<Check> {
    let question = proposal.certificate_question()?;
    let of = |fact: &Fact| match fact {
        Fact::Certificate(certificate) => Some(certificate.clone()),
        _ => None,
    };
    Some(match told(answers, &question, of) {
        Some(Ok(Some(certificate))) => judged(&certificate, proposal.value("DomainName"), now),
        Some(Ok(None)) => {
            let evidence = format!("ACM does not know {} in this region", proposal.value("ACMCertificateArn"));
            check(
                NAME,
                Outcome::Blocker,
                evidence,
                "Take a certificate of this region and account, or leave ACMCertificateArn empty.",
            )
        }
        other => untold(NAME, other),
    })
}

impl Proposal<'_> {
    /// The question after the certificate; one of another region is judged by its ARN alone.
    pub(super) fn certificate_question(&self) -> Option<Query> {
        let arn = self.value("ACMCertificateArn");
        let is_here = arn.contains(&format!(":acm:{}:", self.region()));
        is_here.then(|| Query::Certificate { arn: arn.into() })
    }
}

fn judged(certificate: &Certificate, host: &str, now: Millis) -> Check {
    let domain = &certificate.domain;
    let day = |at: Millis| when::iso(at).chars().take(10).collect::<String>();
    if certificate.is_pending() {
        let evidence = format!("{domain} is PENDING_VALIDATION: the load balancer takes it only once it is ISSUED");
        let next = "Put its CNAME record into DNS (`bic-tui cert` shows it), and deploy once it is issued.";
        return check(NAME, Outcome::Blocker, evidence, next);
    }
    if !certificate.is_issued() {
        let evidence = format!("{domain} is {}", certificate.status);
        return check(
            NAME,
            Outcome::Blocker,
            evidence,
            "Take another certificate: this one can not be used again.",
        );
    }
    if let Some(at) = certificate.not_after.filter(|at| *at <= now) {
        let evidence = format!("{domain} has expired on {}", day(at));
        return check(NAME, Outcome::Blocker, evidence, "Renew it or take another certificate.");
    }
    let until = certificate
        .not_after
        .map(|at| format!(", valid until {}", day(at)))
        .unwrap_or_default();
    if !host.is_empty() && !certificate.covers(host) {
        let evidence = format!("ISSUED for {domain}{until}, which does not cover {host}");
        let next = "Browsers will warn: take a certificate for the host name, or another DomainName.";
        return check(NAME, Outcome::Warning, evidence, next);
    }
    if certificate.not_after.is_some_and(|at| at - now < SOON) {
        let evidence = format!("ISSUED for {domain}{until}, in less than 30 days");
        let next = "See that it is renewed: ACM does so only while its DNS record is there and it is in use.";
        return check(NAME, Outcome::Warning, evidence, next);
    }
    if host.is_empty() {
        let evidence = format!("ISSUED for {domain}{until}");
        let next = "Give DomainName: no certificate covers the load balancer's own name.";
        return check(NAME, Outcome::Warning, evidence, next);
    }
    check(NAME, Outcome::Ok, format!("ISSUED for {domain}{until}, covers {host}"), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_795_564_800_000;

    #[test]
    fn a_certificate_is_judged_by_its_status_its_end_and_its_names() {
        const DAY: Millis = 86_400_000;
        for (status, ends, host, want, says) in [
            ("ISSUED", 300, "chat.example.com", Outcome::Ok, "covers chat.example.com"),
            ("ISSUED", 300, "other.org", Outcome::Warning, "does not cover other.org"),
            ("ISSUED", 300, "", Outcome::Warning, "ISSUED for"),
            ("ISSUED", 9, "chat.example.com", Outcome::Warning, "in less than 30 days"),
            ("ISSUED", -1, "chat.example.com", Outcome::Blocker, "has expired on 2026-11-24"),
            (
                "PENDING_VALIDATION",
                300,
                "chat.example.com",
                Outcome::Blocker,
                "PENDING_VALIDATION",
            ),
            ("REVOKED", 300, "chat.example.com", Outcome::Blocker, "is REVOKED"),
        ] {
            let certificate = Certificate {
                arn: "arn".into(),
                domain: "*.example.com".into(),
                names: vec!["*.example.com".into()],
                status: status.into(),
                kind: "AMAZON_ISSUED".into(),
                proofs: Vec::new(),
                failure: "".into(),
                requested: None,
                not_after: Some(NOW + ends * DAY),
                in_use_by: Vec::new(),
            };
            let found = judged(&certificate, host, NOW);
            assert_eq!(found.outcome, want, "{}", found.evidence);
            assert!(found.evidence.contains(says), "{}", found.evidence);
        }
    }
}
