//! ACM: certificates, what proves them, and the request for one.

use aws_sdk_acm::{
    Client,
    types::{self, CertificateStatus, Filters, KeyAlgorithm, ValidationMethod},
};

use super::{
    fault, millis,
    pages::{self, missing},
    text,
};
use crate::core::{
    fact::{Certificate, CertificateBrief, NameProof, ProofRecord},
    fault::{Fault, FaultKind},
    text::SafeText,
};

const DESCRIBE: &str = "acm:DescribeCertificate";
const LIST: &str = "acm:ListCertificates";
const REQUEST: &str = "acm:RequestCertificate";

/// Kinds of keys: a list that names none leaves out all certificates but those with RSA keys of 2048 bits.
const KEYS: [&str; 7] = [
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
];

/// Longest idempotency token that ACM takes; word characters only.
const TOKEN: usize = 32;

pub(super) async fn certificate(client: &Client, arn: &str) -> Result<Option<Certificate>, Fault> {
    let sent = client.describe_certificate().certificate_arn(arn).send().await;
    let output = match sent.map_err(fault::on(DESCRIBE, arn)) {
        Ok(output) => output,
        Err(fault) if fault.kind == FaultKind::NotFound => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let it = output.certificate.ok_or_else(|| missing(DESCRIBE, arn, "certificate"))?;
    let status = it.status.as_ref().ok_or_else(|| missing(DESCRIBE, arn, "status"))?.as_str().into();
    Ok(Some(Certificate {
        status,
        arn: text(it.certificate_arn),
        domain: text(it.domain_name),
        names: safe(it.subject_alternative_names),
        kind: it.r#type.map(|kind| kind.as_str().into()).unwrap_or_default(),
        proofs: it.domain_validation_options.unwrap_or_default().into_iter().map(proof).collect(),
        failure: it.failure_reason.map(|why| why.as_str().into()).unwrap_or_default(),
        requested: millis(it.created_at),
        not_after: millis(it.not_after),
        in_use_by: safe(it.in_use_by),
    }))
}

fn safe(list: Option<Vec<String>>) -> Vec<SafeText> {
    list.unwrap_or_default().into_iter().map(SafeText::from).collect()
}

fn proof(it: types::DomainValidation) -> NameProof {
    let record = it.resource_record.map(|record| ProofRecord {
        name: record.name.trim_end_matches('.').into(),
        value: record.value.trim_end_matches('.').into(),
    });
    NameProof {
        domain: it.domain_name.into(),
        status: it.validation_status.map(|status| status.as_str().into()).unwrap_or_default(),
        method: it.validation_method.map(|method| method.as_str().into()).unwrap_or_default(),
        record,
    }
}

pub(super) async fn certificates(client: &Client) -> Result<Vec<CertificateBrief>, Fault> {
    let statuses = ["ISSUED", "PENDING_VALIDATION"].map(CertificateStatus::from).to_vec();
    let keys = Filters::builder()
        .set_key_types(Some(KEYS.map(KeyAlgorithm::from).to_vec()))
        .build();
    pages::all(LIST, "", |token| {
        let request = client
            .list_certificates()
            .set_certificate_statuses(Some(statuses.clone()))
            .includes(keys.clone())
            .set_next_token(token);
        async move {
            let output = request.send().await.map_err(fault::on(LIST, ""))?;
            let page = output.certificate_summary_list.ok_or_else(|| missing(LIST, "", "certificates"))?;
            Ok((page.into_iter().map(brief).collect(), output.next_token))
        }
    })
    .await
}

fn brief(it: types::CertificateSummary) -> CertificateBrief {
    let domain = text(it.domain_name);
    let mut names = safe(it.subject_alternative_name_summaries);
    if !names.contains(&domain) {
        names.insert(0, domain.clone());
    }
    CertificateBrief {
        arn: text(it.certificate_arn),
        domain,
        names,
        status: it.status.map(|status| status.as_str().into()).unwrap_or_default(),
        kind: it.r#type.map(|kind| kind.as_str().into()).unwrap_or_default(),
        not_after: millis(it.not_after),
        in_use: it.in_use.unwrap_or_default(),
    }
}

/// Requests a certificate that DNS proves, and gives its ARN.
pub(super) async fn request(client: &Client, domain: &str, names: &[SafeText], token: &str) -> Result<SafeText, Fault> {
    let others = (!names.is_empty()).then(|| names.iter().map(ToString::to_string).collect());
    let output = client
        .request_certificate()
        .domain_name(domain)
        .set_subject_alternative_names(others)
        .validation_method(ValidationMethod::Dns)
        .idempotency_token(idempotency(token))
        .send()
        .await
        .map_err(fault::on(REQUEST, domain))?;
    let arn = output.certificate_arn.filter(|arn| !arn.is_empty());
    arn.map(SafeText::from).ok_or_else(|| missing(REQUEST, domain, "ARN"))
}

/// The end of our token, which is the part that differs.
fn idempotency(token: &str) -> String {
    let kept: Vec<char> = token.chars().filter(char::is_ascii_alphanumeric).collect();
    kept[kept.len().saturating_sub(TOKEN)..].iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_idempotency_token_is_the_part_that_differs() {
        let token = idempotency("bic-tui-7c1b7e6e-0000-4000-8000-00000000000a");
        assert_eq!(token, "7c1b7e6e00004000800000000000000a");
        assert_eq!(idempotency("short-1"), "short1");
    }
}
