//! Zones, records and names by tables.

use super::*;
use crate::core::fact::NameProof;

const ALB: &str = "Bic-Alb-123.us-west-2.elb.amazonaws.com";

fn zone(name: &str, is_private: bool) -> HostedZone {
    HostedZone {
        id: format!("Z{}", name.len()).into(),
        name: name.into(),
        is_private,
    }
}

fn balancer(is_dualstack: bool) -> Balancer {
    Balancer {
        arn: "arn:alb".into(),
        dns_name: ALB.into(),
        zone: "Z1H1FL5HABSF5".into(),
        is_dualstack,
    }
}

fn record(kind: &str, value: &str) -> DnsRecord {
    DnsRecord {
        name: "chat.example.com".into(),
        kind: kind.into(),
        ttl: Some(60),
        values: vec![value.into()],
        alias: None,
        is_special: false,
    }
}

fn wanted(kind: Kind) -> Vec<DnsRecord> {
    leading(&"chat.example.com".into(), kind, &zone("example.com", false), &balancer(false)).unwrap()
}

fn try_put(kind: Kind, standing: &[DnsRecord]) -> Result<Put, String> {
    put(&zone("example.com", false), wanted(kind), standing, ALB)
}

#[test]
fn what_is_a_host_name() {
    for (text, want) in [
        ("chat.example.com", Ok("chat.example.com")),
        (" Chat.Example.COM. ", Ok("chat.example.com")),
        ("_0af.chat.example.com", Ok("_0af.chat.example.com")),
        ("https://chat.example.com", Err("without http://")),
        ("localhost", Err("such as chat")),
        ("-a.example.com", Err("such as chat")),
        ("a..example.com", Err("such as chat")),
        ("bücher.example.com", Err("xn--")),
        ("*.example.com", Err("such as chat")),
        ("192.0.2.1", Err("such as chat")),
        ("", Err("such as chat")),
        ("a\u{1b}.example.com", Err("such as chat")),
    ] {
        let got = host(text, false);
        match want {
            Ok(name) => assert_eq!(got.as_deref(), Ok(name), "{text}"),
            Err(part) => assert!(got.as_ref().is_err_and(|why| why.contains(part)), "{text}: {got:?}"),
        }
    }
    assert_eq!(host("*.example.com", true).as_deref(), Ok("*.example.com"));
    assert!(host("a.*.com", true).is_err() && host("*.com", true).is_err());
    let (domain, more) = names("chat.example.com, *.example.com chat.example.com").unwrap();
    assert_eq!(
        (domain.as_str(), more.as_slice()),
        ("chat.example.com", &["*.example.com".into()][..])
    );
    assert!(names(" , ").is_err());
    assert_eq!(host_of("https://chat.example.com:8443/x"), "chat.example.com");
    assert!(is_balancer_name(ALB) && !is_balancer_name("chat.example.com"));
}

#[test]
fn the_best_zone_is_the_longest_public_one() {
    let zones = [
        zone("example.com", false),
        zone("chat.example.com", true),
        zone("eu.example.com", false),
        zone("ample.com", false),
    ];
    for (name, want) in [
        ("chat.example.com", Ok("example.com")),
        ("a.eu.example.com", Ok("eu.example.com")),
        ("example.com", Ok("example.com")),
        ("example.org", Err("is not in zone")),
    ] {
        let got = zone_of(&zones, name).map(|zone| zone.name.as_str());
        match want {
            Ok(zone) => assert_eq!(got, Ok(zone), "{name}"),
            Err(part) => assert!(got.as_ref().is_err_and(|why| why.contains(part)), "{name}: {got:?}"),
        }
    }
    assert!(zone_of(&[], "chat.example.com").unwrap_err().contains("no hosted zone"));
    assert!(zone_of(&zones[1..2], "chat.example.com").unwrap_err().contains("private"));
}

#[test]
fn a_name_leads_by_cname_or_alias() {
    let [cname] = wanted(Kind::Cname).try_into().unwrap();
    assert_eq!(cname.words(), format!("CNAME {} (300 s)", ALB.to_lowercase()));
    let apex = zone("chat.example.com", false);
    let why = leading(&"chat.example.com".into(), Kind::Cname, &apex, &balancer(false)).unwrap_err();
    assert!(why.contains("take an alias"), "{why}");
    let kinds = |is_dualstack| {
        let all = leading(&"chat.example.com".into(), Kind::Alias, &apex, &balancer(is_dualstack)).unwrap();
        all.iter().map(|it| it.kind.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        (kinds(false), kinds(true)),
        (vec!["A".to_owned()], vec!["A".to_owned(), "AAAA".into()])
    );
}

#[test]
fn what_stands_there_is_seen_before_it_is_overwritten() {
    let free = try_put(Kind::Cname, &[]).unwrap();
    assert!(free.before.is_empty() && !free.overwrites && free.change.is_some());

    let other = try_put(Kind::Cname, &[record("CNAME", "web.example.net.")]).unwrap();
    assert_eq!(other.before, ["CNAME web.example.net. (60 s)"]);
    assert!(other.overwrites);

    // What leads to this load balancer is ours, however it does.
    let ours = record("CNAME", &format!("dualstack.{ALB}."));
    let same = try_put(Kind::Cname, std::slice::from_ref(&ours)).unwrap();
    assert_eq!((same.change, same.overwrites), (None, false));
    let turned = try_put(Kind::Alias, std::slice::from_ref(&ours)).unwrap();
    assert!(!turned.overwrites);
    let Some(Change::ChangeRecords { removes, upserts, .. }) = turned.change else {
        panic!()
    };
    assert_eq!((removes.as_slice(), upserts[0].kind.as_str()), (&[ours][..], "A"));

    // An address of IPv6 would go on leading elsewhere.
    let six = record("AAAA", "2001:db8::1");
    let turned = try_put(Kind::Alias, &[record("A", "192.0.2.1"), six.clone()]).unwrap();
    let Some(Change::ChangeRecords { removes, .. }) = turned.change else {
        panic!()
    };
    assert_eq!((removes, turned.overwrites), (vec![six], true));

    // Records of another name are no matter, nor is mail beside an alias.
    let mut www = record("CNAME", "x");
    www.name = "www.example.com".into();
    let mail = record("MX", "10 mail.example.com");
    assert!(!try_put(Kind::Alias, &[www, mail.clone()]).unwrap().overwrites);
    assert!(try_put(Kind::Cname, &[mail]).unwrap_err().contains("MX"));
    let special = DnsRecord {
        is_special: true,
        ..record("A", "192.0.2.1")
    };
    assert!(try_put(Kind::Alias, &[special]).unwrap_err().contains("routing policy"));
}

/// A certificate of three names, none of them proven.
fn certificate() -> Certificate {
    Certificate {
        arn: "arn".into(),
        domain: "example.com".into(),
        names: vec!["example.com".into()],
        status: "PENDING_VALIDATION".into(),
        kind: "AMAZON_ISSUED".into(),
        proofs: ["example.com", "*.example.com", "a.example.org"]
            .map(|domain| NameProof {
                domain: domain.into(),
                status: "PENDING_VALIDATION".into(),
                method: "DNS".into(),
                record: Some(ProofRecord {
                    name: format!("_p.{}", domain.trim_start_matches("*.")).into(),
                    value: "_v.acm-validations.aws".into(),
                }),
            })
            .to_vec(),
        failure: SafeText::default(),
        requested: None,
        not_after: None,
        in_use_by: Vec::new(),
    }
}

#[test]
fn a_certificate_that_does_not_cover_a_name_is_said() {
    let certificate = certificate();
    let it = outcome("chat.example.com", Some(&certificate), "");
    assert_eq!(
        (it.url.as_deref(), it.place.as_str()),
        (Some("https://chat.example.com"), "https://chat.example.com")
    );
    assert!(
        it.notes[0].contains("does not cover") && it.notes[1].contains("DomainName=chat.example.com"),
        "{it:?}"
    );
    let it = outcome("example.com", Some(&certificate), "example.com");
    assert_eq!((it.url.as_deref(), it.notes.len()), (Some("https://example.com"), 0));
    assert!(outcome("example.com", None, "example.com").notes[0].contains("plain HTTP"));
    // A wildcard is no address, and nothing that a stack could be called.
    let it = outcome("*.example.com", None, "");
    assert_eq!(it.url, None);
    assert_eq!(
        it.place,
        "every name under example.com that has no record of its own, such as http://chat.example.com"
    );
    assert!(it.notes[1].contains("DomainName set to the one that people use"), "{it:?}");
}

#[test]
fn records_that_prove_go_to_the_zones_that_hold_them() {
    let certificate = certificate();
    // A name and its wildcard share a record.
    let records = certificate.open_records();
    let way = |names: &[&str]| {
        let zones: Vec<HostedZone> = names.iter().map(|name| zone(name, false)).collect();
        proof_way(&records, &zones, "cert validate")
    };
    assert_eq!(
        way(&["example.com", "example.org"]),
        "`cert validate` puts the record into zone example.com, example.org of this account."
    );
    let none = "No public zone of this account holds _p.example.com, _p.a.example.org: hand the record to whoever runs that DNS";
    assert!(way(&[]).starts_with(none), "{}", way(&[]));
    let some = way(&["example.com"]);
    assert!(
        some.starts_with("`cert validate` puts the record into zone example.com of") && some.contains("holds _p.a.example.org: hand"),
        "{some}"
    );
    assert!(proof_way(&records, &[zone("example.com", true)], "x").starts_with("No public zone"));
    assert!(proof_way(&[], &[], "x").contains("its zone"));
    assert_eq!(records.len(), 2);
    let of_zone = proving(&records, &zone("example.com", false));
    assert_eq!(of_zone.len(), 1);
    assert_eq!(of_zone[0].name, "_p.example.com");
}
