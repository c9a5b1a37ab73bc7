//! Whether the parameters hold together, and what they mean for the safety of the application.

use super::{Check, Outcome, check};
use crate::core::plan::Draft;

/// One check, or several where the values are some at all.
pub(super) fn checks(draft: &Result<Draft, String>, region: &str) -> Vec<Check> {
    let draft = match draft {
        Ok(draft) => draft,
        Err(reason) => {
            let evidence = reason.trim_end_matches('.');
            let next = "Change the parameter and check again.";
            return vec![check("parameters", Outcome::Blocker, evidence, next)];
        }
    };
    let value = |name: &str| draft.values.get(name).map_or("", String::as_str);
    let given = format!("{} parameters, size {}", draft.values.len(), value("DeploymentSize"));
    let mut out = vec![
        check("parameters", Outcome::Ok, given, ""),
        encryption(value("ACMCertificateArn"), region),
        access(value("AllowedCIDR")),
    ];
    if value("ExposeLiteLLM") == "true" && value("ACMCertificateArn").is_empty() {
        let evidence = "ExposeLiteLLM=true without a certificate: LiteLLM's master key travels unencrypted";
        let next = "Give ACMCertificateArn, or take ExposeLiteLLM=auto.";
        out.push(check("litellm key", Outcome::Warning, evidence, next));
    }
    out
}

fn encryption(certificate: &str, region: &str) -> Check {
    if certificate.is_empty() {
        let next = "Give ACMCertificateArn for HTTPS, or keep AllowedCIDR narrow.";
        check("encryption", Outcome::Warning, "plain HTTP: passwords travel unencrypted", next)
    } else if certificate.contains(&format!(":acm:{region}:")) {
        check("encryption", Outcome::Ok, "HTTPS", "")
    } else {
        let next = "Take a certificate of the region of the stack.";
        check("encryption", Outcome::Blocker, format!("the certificate is not in {region}"), next)
    }
}

fn access(cidr: &str) -> Check {
    let octets: Vec<u8> = cidr.split(['.', '/']).filter_map(|part| part.parse().ok()).collect();
    let is_private = matches!(octets.as_slice(), [10, ..] | [192, 168, ..] | [172, 16..=31, ..]);
    if cidr == "0.0.0.0/0" {
        let next = "Set AllowedCIDR to the public addresses of your users.";
        check("access", Outcome::Warning, "open to the whole internet", next)
    } else if is_private {
        let next = "The load balancer is public and sees public addresses only: nobody would get in.";
        check("access", Outcome::Warning, format!("AllowedCIDR {cidr} is a private range"), next)
    } else {
        check("access", Outcome::Ok, format!("open to {cidr}"), "")
    }
}
