//! Name, certificate and throughput in a given condition.

use bic_tui::core::{
    address::Kind,
    fact::{Certificate, CustomModel, DnsRecord, HostedZone, NameProof, ProofRecord, Throughput},
    field::TextField,
    model::Model,
    screen::access::{BuyDialog, DnsDialog, Purpose},
};

use crate::facts::NOW;

/// A certificate that waits for its proof, a name that leads elsewhere, and throughput in two states.
pub(crate) fn fill(model: &mut Model) {
    model.settings.app_url = Some("https://chat.example.com".into());
    let it = &mut model.access;
    it.certificate.set(Some(certificate()), NOW);
    it.certificates.set(Vec::new(), NOW);
    let zone = |name: &str, is_private| HostedZone {
        id: format!("Z00000000000000000{}", name.len()).into(),
        name: name.into(),
        is_private,
    };
    it.zones.set(vec![zone("example.com", false), zone("corp.example.com", true)], NOW);
    let elsewhere = DnsRecord {
        name: "chat.example.com".into(),
        kind: "CNAME".into(),
        ttl: Some(300),
        values: vec!["old-chat.example.net".into()],
        alias: None,
        is_special: false,
    };
    it.standing.set(("chat.example.com".into(), vec![elsewhere]), NOW);
    it.throughputs
        .set(vec![throughput("images-1", "InService"), throughput("images-2", "Creating")], NOW);
    let own = CustomModel {
        arn: "arn:aws:bedrock:us-west-2:123456789012:custom-model/amazon.nova-canvas-v1:0/brand".into(),
        name: "brand-images".into(),
        base: "amazon.nova-canvas-v1:0".into(),
        kind: "FINE_TUNING".into(),
        created: Some(NOW.wall),
    };
    it.customs.set(vec![own], NOW);
}

fn certificate() -> Certificate {
    Certificate {
        arn: "arn:aws:acm:us-west-2:123456789012:certificate/7c1b7e6e-0000-4000-8000-000000000001".into(),
        domain: "chat.example.com".into(),
        names: vec!["chat.example.com".into()],
        status: "PENDING_VALIDATION".into(),
        kind: "AMAZON_ISSUED".into(),
        proofs: vec![NameProof {
            domain: "chat.example.com".into(),
            status: "PENDING_VALIDATION".into(),
            method: "DNS".into(),
            record: Some(ProofRecord {
                name: "_0af3c1d2e40af3c1d2e40af3c1d2e4ff.chat.example.com".into(),
                value: "_9b1e77aa019b1e77aa019b1e77aa01ff.abcdefghij.acm-validations.aws".into(),
            }),
        }],
        failure: "".into(),
        requested: Some(NOW.wall - 240_000),
        not_after: None,
        in_use_by: Vec::new(),
    }
}

fn throughput(name: &str, status: &str) -> Throughput {
    Throughput {
        arn: format!("arn:aws:bedrock:us-west-2:123456789012:provisioned-model/{name}").into(),
        name: name.into(),
        model: "arn:aws:bedrock:us-west-2:123456789012:custom-model/amazon.nova-canvas-v1:0/brand".into(),
        base: "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-canvas-v1:0".into(),
        units: 1,
        status: status.into(),
        commitment: "OneMonth".into(),
        commitment_end: Some(NOW.wall + 20 * 86_400_000),
        created: Some(NOW.wall),
        failure: "".into(),
    }
}

/// The dialog of records.
pub(crate) fn records() -> DnsDialog {
    DnsDialog {
        purpose: Purpose::Lead,
        name: TextField::with("chat.example.com"),
        kind: Kind::Cname,
        zone: 0,
        error: None,
        awaiting: None,
    }
}

/// The dialog of a purchase.
pub(crate) fn purchase() -> BuyDialog {
    BuyDialog {
        units: 1,
        name: TextField::with("images-1"),
        ..BuyDialog::default()
    }
}
