//! Certificates of ACM, and what proves them.

use serde::Serialize;

use super::{Millis, SafeText};

/// A certificate, as `DescribeCertificate` tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// Its ARN.
    pub arn: SafeText,
    /// Its main name, such as `chat.example.com`.
    pub domain: SafeText,
    /// All names that it covers, the main one among them.
    pub names: Vec<SafeText>,
    /// `PENDING_VALIDATION`, `ISSUED`, `INACTIVE`, `EXPIRED`, `VALIDATION_TIMED_OUT`, `REVOKED`, `FAILED`, or what ACM says.
    pub status: SafeText,
    /// `AMAZON_ISSUED`, `IMPORTED` or `PRIVATE`.
    pub kind: SafeText,
    /// What proves each name; empty for one that was imported.
    pub proofs: Vec<NameProof>,
    /// Why it failed, in ACM's word; empty while it has not.
    pub failure: SafeText,
    /// When it was requested.
    pub requested: Option<Millis>,
    /// Until when it is valid.
    pub not_after: Option<Millis>,
    /// ARNs of the load balancers and others that use it.
    pub in_use_by: Vec<SafeText>,
}

/// How one name of a certificate is proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NameProof {
    /// The name.
    pub domain: SafeText,
    /// `PENDING_VALIDATION`, `SUCCESS` or `FAILED`; empty where ACM says nothing.
    pub status: SafeText,
    /// `DNS`, `EMAIL` or `HTTP`.
    pub method: SafeText,
    /// The CNAME that DNS must have. ACM needs some seconds after the request to name it.
    pub record: Option<ProofRecord>,
}

/// A CNAME that proves a name. Without final stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProofRecord {
    /// Its name, such as `_0af3.chat.example.com`.
    pub name: SafeText,
    /// What it leads to, such as `_9b1e.xyz.acm-validations.aws`.
    pub value: SafeText,
}

impl Certificate {
    /// A load balancer takes it.
    pub fn is_issued(&self) -> bool {
        self.status == "ISSUED"
    }

    /// ACM waits for its names to be proven.
    pub fn is_pending(&self) -> bool {
        self.status == "PENDING_VALIDATION"
    }

    /// It covers a host name.
    pub fn covers(&self, host: &str) -> bool {
        covers(&self.names, host)
    }

    /// The records that its unproven names wait for, each once: two names may share one.
    pub fn open_records(&self) -> Vec<&ProofRecord> {
        let mut records: Vec<&ProofRecord> = Vec::new();
        for record in self
            .proofs
            .iter()
            .filter(|p| p.status != "SUCCESS")
            .filter_map(|p| p.record.as_ref())
        {
            if !records.contains(&record) {
                records.push(record);
            }
        }
        records
    }
}

/// A certificate in a list: issued, or waiting for its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertificateBrief {
    /// Its ARN.
    pub arn: SafeText,
    /// Its main name.
    pub domain: SafeText,
    /// Names that it covers, the main one among them; of a hundred and more, the first hundred.
    pub names: Vec<SafeText>,
    /// `ISSUED` or `PENDING_VALIDATION`.
    pub status: SafeText,
    /// `AMAZON_ISSUED`, `IMPORTED` or `PRIVATE`.
    pub kind: SafeText,
    /// Until when it is valid.
    pub not_after: Option<Millis>,
    /// Something uses it.
    pub in_use: bool,
}

/// Whether one of the names is the host, or a wildcard of its domain. `*.example.com` covers `chat.example.com`, but
/// neither `example.com` nor `a.chat.example.com`.
pub fn covers(names: &[SafeText], host: &str) -> bool {
    let is_it = |name: &SafeText| match name.strip_prefix("*.") {
        Some(domain) => host
            .split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(domain)),
        None => name.eq_ignore_ascii_case(host),
    };
    names.iter().any(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_covers_one_label() {
        let names = ["example.com".into(), "*.example.com".into()];
        for (host, want) in [
            ("example.com", true),
            ("Chat.Example.com", true),
            ("a.chat.example.com", false),
            (".example.com", false),
            ("example.org", false),
        ] {
            assert_eq!(covers(&names, host), want, "{host}");
        }
        assert!(!covers(&["*.example.com".into()], "example.com"));
    }
}
