//! Name and certificate of the application in rows and in a sentence: what is, and what is to be done.

use serde::Serialize;

use super::{
    address,
    fact::{Certificate, CertificateBrief, DnsRecord},
    feed::Feed,
    keymap::Intent,
    model::Model,
    preflight::Outcome,
    screen::{Panel, access},
    text::SafeText,
    when,
};

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AddressRow {
    /// `address`, `name`, `certificate`, `proof` or `in region`.
    pub what: &'static str,
    /// Its value.
    pub value: String,
    /// How it stands.
    pub state: String,
    /// How that is to be taken.
    pub outcome: Outcome,
    /// What `Y` copies.
    #[serde(skip)]
    pub arn: SafeText,
}

/// The rows of the panel.
pub fn rows(model: &Model) -> Vec<AddressRow> {
    if model.live_stack().is_none() {
        return certificate_rows(model);
    }
    let mut all = vec![address_row(model), name_row(model)];
    all.extend(certificate_rows(model));
    all
}

fn row(what: &'static str, value: impl Into<String>, state: impl Into<String>, outcome: Outcome) -> AddressRow {
    let value = value.into();
    AddressRow {
        arn: value.as_str().into(),
        what,
        value,
        state: state.into(),
        outcome,
    }
}

fn address_row(model: &Model) -> AddressRow {
    let Some(url) = model.app_url() else {
        return row("address", "–", "it comes when the stack is complete", Outcome::Unknown);
    };
    if url.starts_with("https://") {
        row("address", url.as_str(), "HTTPS", Outcome::Ok)
    } else {
        row("address", url.as_str(), "plain HTTP: nothing is encrypted", Outcome::Warning)
    }
}

fn name_row(model: &Model) -> AddressRow {
    let Some(host) = access::host(model) else {
        return row("name", "none", "no name of its own yet", Outcome::Warning);
    };
    let it = &model.access;
    if let Some(way) = it.way.as_ref().filter(|way| way.name == host && !way.is_done()) {
        let state = format!("reaching the name servers, {}", when::span(model.now.wall - way.since));
        return row("name", host.as_str(), state, Outcome::Unknown);
    }
    if let Some(fault) = it.zones.fault.as_ref().or(it.standing.fault.as_ref()) {
        return row("name", host.as_str(), fault.sentence(), Outcome::Unknown);
    }
    let Some(zones) = it.zones.get() else {
        return row("name", host.as_str(), "asking Route 53", Outcome::Unknown);
    };
    if let Err(why) = address::zone_of(zones, &host) {
        return row("name", host.as_str(), why, Outcome::Unknown);
    }
    let Some((_, records)) = it.standing.get().filter(|(name, _)| *name == host) else {
        return row("name", host.as_str(), "asking Route 53", Outcome::Unknown);
    };
    let (state, outcome) = standing(model, records);
    row("name", host.as_str(), state, outcome)
}

/// Where the records of a name lead.
fn standing(model: &Model, records: &[DnsRecord]) -> (String, Outcome) {
    let leading: Vec<&DnsRecord> = records
        .iter()
        .filter(|r| matches!(r.kind.as_str(), "A" | "AAAA" | "CNAME"))
        .collect();
    let words: Vec<String> = leading.iter().map(|r| r.words()).collect();
    let balancer = access::balancer_name(model).unwrap_or_default();
    if leading.is_empty() {
        ("no record yet".into(), Outcome::Warning)
    } else if leading.iter().all(|r| address::leads_to(r, &balancer)) {
        (format!("leads to the load balancer: {}", leading[0].kind), Outcome::Ok)
    } else {
        (format!("leads elsewhere: {}", words.join("; ")), Outcome::Warning)
    }
}

fn certificate_rows(model: &Model) -> Vec<AddressRow> {
    let it = &model.access;
    let Some(certificate) = it.certificate() else {
        let mut all = vec![no_certificate(model)];
        all.extend(others(model));
        return all;
    };
    let names: Vec<&str> = certificate.names.iter().map(SafeText::as_str).collect();
    let (state, outcome) = state(model, certificate);
    let mut all = vec![AddressRow {
        arn: certificate.arn.clone(),
        ..row("certificate", names.join(", "), state, outcome)
    }];
    if certificate.is_pending() {
        all.extend(certificate.open_records().into_iter().map(|record| {
            let value = format!("CNAME {} → {}", record.name, record.value);
            AddressRow {
                // As a zone file has it.
                arn: format!("{} CNAME {}", record.name, record.value).into(),
                ..row("proof", value, "DNS must have this record", Outcome::Warning)
            }
        }));
    }
    all
}

/// The certificates of the region that the stack could have, while it has none.
fn others(model: &Model) -> Vec<AddressRow> {
    let all = model.access.certificates.get().map(Vec::as_slice).unwrap_or_default();
    let is_wanted = access::certificate_of_stack(model).is_none();
    let row_of = |it: &CertificateBrief| {
        let names: Vec<&str> = it.names.iter().map(SafeText::as_str).collect();
        let used = if it.in_use { ", in use" } else { "" };
        AddressRow {
            arn: it.arn.clone(),
            ..row(OTHER, names.join(", "), format!("{}{used}", it.status), Outcome::Unknown)
        }
    };
    all.iter().filter(|_| is_wanted).map(row_of).collect()
}

/// The certificate of the row under the cursor, where that is one the stack could have.
pub fn other_chosen(model: &Model) -> Option<&CertificateBrief> {
    if model.panel() != Panel::Address {
        return None;
    }
    let rows = rows(model);
    let row = rows.get(model.cursor(Panel::Address)).filter(|row| row.what == OTHER)?;
    model.access.certificates.get()?.iter().find(|it| it.arn == row.arn)
}

/// What stands before a certificate that the stack could have.
const OTHER: &str = "in region";

fn no_certificate(model: &Model) -> AddressRow {
    let it = &model.access;
    let stacks = access::certificate_of_stack(model);
    if let Some(fault) = &it.certificate.fault {
        return row("certificate", stacks.as_deref().unwrap_or("–"), fault.sentence(), Outcome::Unknown);
    }
    match (stacks, it.certificate.get()) {
        (Some(arn), Some(None)) => row("certificate", arn.as_str(), "ACM does not know it in this region", Outcome::Blocker),
        (Some(arn), _) => row("certificate", arn.as_str(), "asking ACM", Outcome::Unknown),
        (None, _) => match &it.certificates.fault {
            Some(fault) => row("certificate", "none", fault.sentence(), Outcome::Unknown),
            None => row("certificate", "none", "the stack has none", Outcome::Warning),
        },
    }
}

fn state(model: &Model, it: &Certificate) -> (String, Outcome) {
    let day = |at| when::iso(at).chars().take(10).collect::<String>();
    let is_of_stack = access::certificate_of_stack(model).is_some_and(|arn| arn == it.arn);
    let whose = if is_of_stack { "" } else { ", not in the stack" };
    match it.status.as_str() {
        "ISSUED" => {
            let until = it.not_after.map(|at| format!(" until {}", day(at))).unwrap_or_default();
            let host = access::host(model).filter(|host| is_of_stack && !it.covers(host));
            match host {
                Some(host) => (format!("issued{until}, but it does not cover {host}"), Outcome::Blocker),
                None => (
                    format!("issued{until}{whose}"),
                    if is_of_stack { Outcome::Ok } else { Outcome::Warning },
                ),
            }
        }
        "PENDING_VALIDATION" => {
            let since = it
                .requested
                .map(|at| format!(" for {}", when::span(model.now.wall - at)))
                .unwrap_or_default();
            (format!("waits for its proof{since}"), Outcome::Warning)
        }
        status => {
            let why = if it.failure.is_empty() {
                String::new()
            } else {
                format!(": {}", it.failure)
            };
            (format!("{status}{why}{whose}"), Outcome::Blocker)
        }
    }
}

/// What is to be done next: one sentence; and the intent that does it.
pub fn next(model: &Model) -> (String, Option<Intent>) {
    let it = &model.access;
    let is_of_stack = |c: &Certificate| access::certificate_of_stack(model).is_some_and(|arn| arn == c.arn);
    if let Some(way) = it.way.as_ref().filter(|way| !way.is_done()) {
        return (format!("Route 53 tells its name servers of {}: about a minute.", way.name), None);
    }
    match it.certificate() {
        Some(c) if c.is_issued() && !is_of_stack(c) => (
            "The certificate is issued: put it into the stack, for HTTPS.".into(),
            Some(Intent::UseCertificate),
        ),
        Some(c) if c.is_pending() && c.open_records().is_empty() => ("ACM is about to name the record that proves it.".into(), None),
        Some(c) if c.is_pending() && it.way.as_ref().is_some_and(|way| way.is_proof) => (
            "The record stands; ACM looks for it every few minutes, and issues the certificate then.".into(),
            None,
        ),
        Some(c) if c.is_pending() => (
            "Put the record into the zone of the domain; ACM waits 72 hours for it.".into(),
            Some(Intent::ProveCertificate),
        ),
        Some(c) if !c.is_issued() => (
            format!("A certificate that is {} is of no use: request another.", c.status),
            Some(Intent::RequestCertificate),
        ),
        Some(_) => match rows(model).iter().find(|row| row.what == "name").map(|row| row.outcome) {
            Some(Outcome::Warning) => ("Point the name at the load balancer.".into(), Some(Intent::PointName)),
            _ => (String::new(), None),
        },
        None if model.live_stack().is_some() && is_bare(&it.certificate) => (
            "For HTTPS: request a certificate for a name of a domain of yours.".into(),
            Some(Intent::RequestCertificate),
        ),
        None => (String::new(), None),
    }
}

/// Nothing is known, and nothing has failed.
fn is_bare<T>(feed: &Feed<T>) -> bool {
    feed.fault.is_none()
}
