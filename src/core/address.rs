//! A name for the application: the zone it belongs to, the records that lead it to the load balancer, what stands
//! there before, and whether the certificate covers it. Facts in, an answer or one sentence out.

use serde::Serialize;

use super::{
    fact::{AliasTarget, Balancer, Certificate, DnsRecord, HostedZone, ProofRecord},
    text::SafeText,
};
use crate::cloud::Change;

/// Seconds that resolvers may keep a record of ours.
const TTL: i64 = 300;

/// Types that say where a name leads.
const LEADING: [&str; 3] = ["A", "AAAA", "CNAME"];

/// How a name leads to the load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::Display, clap::ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Kind {
    /// By a CNAME: for every name but the zone's own.
    #[default]
    Cname,
    /// By an alias, which only Route 53 has: answered at once, free of charge, and right for the zone's own name too.
    Alias,
}

/// A host name as it is written down: lower case, no final stop. A certificate may have `*` as its first label.
///
/// # Errors
/// One sentence with what a name looks like.
pub fn host(text: &str, may_be_wildcard: bool) -> Result<SafeText, String> {
    let name = text.trim().trim_end_matches('.').to_lowercase();
    let wrong = |why: &str| Err(format!("\"{}\" is no host name: {why}.", SafeText::new(text.trim())));
    let bare = name.strip_prefix("*.").filter(|_| may_be_wildcard).unwrap_or(&name);
    if name.contains("://") || name.contains('/') {
        return wrong("give the name alone, such as chat.example.com, without http:// and path");
    }
    if !name.is_ascii() {
        return wrong("write letters beyond a to z in their xn-- form");
    }
    let is_label = |label: &str| {
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !label.is_empty() && label.len() <= 63 && label.chars().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    // An address of IPv4 looks like a name otherwise.
    let is_address = bare.rsplit('.').next().is_some_and(|top| top.bytes().all(|b| b.is_ascii_digit()));
    if is_address || name.len() > 253 || !bare.contains('.') || !bare.split('.').all(is_label) {
        return wrong("it is labels of letters, digits and hyphens with stops between, such as chat.example.com");
    }
    Ok(name.as_str().into())
}

/// The names of one certificate, from words with spaces or commas between.
///
/// # Errors
/// What is wrong with the first that is no name; that there is none.
pub fn names(text: &str) -> Result<(SafeText, Vec<SafeText>), String> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let mut all = words.map(|word| host(word, true)).collect::<Result<Vec<_>, _>>()?;
    if all.is_empty() {
        return Err("Type the name that the certificate is for, such as chat.example.com.".into());
    }
    let domain = all.remove(0);
    all.retain(|name| *name != domain);
    all.dedup();
    Ok((domain, all))
}

/// The host of an address such as `https://chat.example.com/x`.
pub fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', ':', '?']).next().unwrap_or_default()
}

/// A load balancer's own name, which nobody can have a certificate for.
pub fn is_balancer_name(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host.ends_with(".elb.amazonaws.com") || host.ends_with(".elb.amazonaws.com.cn")
}

/// Whether a name belongs to a zone: it is the zone's own, or ends with it.
pub fn is_in(name: &str, zone: &HostedZone) -> bool {
    let (name, zone) = (name.to_ascii_lowercase(), zone.name.to_ascii_lowercase());
    name == zone || name.strip_suffix(&zone).is_some_and(|rest| rest.ends_with('.'))
}

/// The zones, best for a name first: those that hold it, the longest name first, public before private; then the others.
pub fn ranked<'a>(zones: &'a [HostedZone], name: &str) -> Vec<&'a HostedZone> {
    let mut all: Vec<&HostedZone> = zones.iter().collect();
    all.sort_by_key(|zone| {
        let length = if is_in(name, zone) { zone.name.len() } else { 0 };
        (length == 0, zone.is_private, std::cmp::Reverse(length), zone.name.clone())
    });
    all
}

/// The public zone that holds a name.
///
/// # Errors
/// That there is none, or only a private one, with the way on.
pub fn zone_of<'a>(zones: &'a [HostedZone], name: &str) -> Result<&'a HostedZone, String> {
    match ranked(zones, name).first() {
        None => Err(format!(
            "This account has no hosted zone: make the record for {name} where its domain is kept, or move the domain to Route 53."
        )),
        Some(best) => check_zone(best, name).map(|()| *best),
    }
}

/// Whether a record of a name can stand in a zone, and be seen by everybody.
///
/// # Errors
/// Why not, with the way on.
pub fn check_zone(zone: &HostedZone, name: &str) -> Result<(), String> {
    if !is_in(name, zone) {
        return Err(format!(
            "{name} is not in zone {}: take the zone that holds it, or make the record where its domain is kept.",
            zone.name
        ));
    }
    if zone.is_private {
        return Err(format!(
            "Zone {} is private: only its VPCs see it, neither browsers nor ACM do. Take the public zone of that name.",
            zone.name
        ));
    }
    Ok(())
}

/// The records that lead a name to the load balancer.
///
/// # Errors
/// That the zone's own name takes no CNAME.
pub fn leading(name: &SafeText, kind: Kind, zone: &HostedZone, balancer: &Balancer) -> Result<Vec<DnsRecord>, String> {
    // Route 53 writes the target of an alias in lower case.
    let target = balancer.dns_name.to_ascii_lowercase();
    let record = |kind: &str| DnsRecord {
        name: name.clone(),
        kind: kind.into(),
        ttl: None,
        values: Vec::new(),
        alias: None,
        is_special: false,
    };
    if kind == Kind::Cname {
        if zone.name.eq_ignore_ascii_case(name) {
            return Err(format!("{name} is the zone's own name, where no CNAME can stand: take an alias."));
        }
        return Ok(vec![DnsRecord {
            ttl: Some(TTL),
            values: vec![target.into()],
            ..record("CNAME")
        }]);
    }
    let alias = |kind: &&str| DnsRecord {
        alias: Some(AliasTarget {
            zone: balancer.zone.clone(),
            name: target.as_str().into(),
            evaluates_health: false,
        }),
        ..record(kind)
    };
    let kinds: &[&str] = if balancer.is_dualstack { &["A", "AAAA"] } else { &["A"] };
    Ok(kinds.iter().map(alias).collect())
}

/// The records that prove the names of a certificate, of those that belong to a zone.
pub fn proving(records: &[&ProofRecord], zone: &HostedZone) -> Vec<DnsRecord> {
    let of_zone = records.iter().filter(|record| is_in(&record.name, zone));
    let record = |it: &&ProofRecord| DnsRecord {
        name: it.name.clone(),
        kind: "CNAME".into(),
        ttl: Some(TTL),
        values: vec![it.value.clone()],
        alias: None,
        is_special: false,
    };
    of_zone.map(record).collect()
}

/// What writing some records would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put {
    /// What stands there now, in words; empty when nothing does.
    pub before: Vec<String>,
    /// What would stand there, in words.
    pub after: Vec<String>,
    /// Somebody else's record is taken away.
    pub overwrites: bool,
    /// What is sent; nothing when all stands there already.
    pub change: Option<Change>,
}

/// Compares what is wanted with what stands under its names. `ours` is the load balancer's name: what leads there is ours.
///
/// # Errors
/// Why it can not be written: one sentence with the way on.
pub fn put(zone: &HostedZone, wanted: Vec<DnsRecord>, standing: &[DnsRecord], ours: &str) -> Result<Put, String> {
    for it in &wanted {
        check_zone(zone, &it.name)?;
    }
    let touched: Vec<&DnsRecord> = standing
        .iter()
        .filter(|old| wanted.iter().any(|new| old.name == new.name))
        .collect();
    for new in wanted.iter().filter(|new| new.kind == "CNAME") {
        let beside = touched
            .iter()
            .find(|old| old.name == new.name && !LEADING.contains(&old.kind.as_str()));
        if let Some(old) = beside {
            return Err(format!(
                "{} has a {} record, beside which no CNAME can stand: take an alias.",
                new.name, old.kind
            ));
        }
    }
    let leading: Vec<&DnsRecord> = touched.into_iter().filter(|old| LEADING.contains(&old.kind.as_str())).collect();
    if let Some(special) = leading.iter().find(|old| old.is_special) {
        return Err(format!(
            "{} has {} records under a routing policy or a health check: change them in the Route 53 console.",
            special.name, special.kind
        ));
    }
    let is_taken = |old: &DnsRecord| wanted.iter().any(|new| new.name == old.name && new.kind == old.kind);
    let removes: Vec<DnsRecord> = leading.iter().filter(|old| !is_taken(old)).map(|old| (*old).clone()).collect();
    let is_there = removes.is_empty() && wanted.iter().all(|new| leading.iter().any(|old| is_same(old, new)));
    let is_foreign = |old: &&&DnsRecord| !leads_to(old, ours) && !wanted.iter().any(|new| is_same(old, new));
    Ok(Put {
        before: leading.iter().map(|old| old.words()).collect(),
        after: wanted.iter().map(DnsRecord::words).collect(),
        overwrites: leading.iter().any(|old| is_foreign(&old)),
        change: (!is_there).then(|| Change::ChangeRecords {
            zone: zone.id.clone(),
            removes,
            upserts: wanted,
        }),
    })
}

/// Both lead to the same place; how long resolvers keep them is no matter.
fn is_same(a: &DnsRecord, b: &DnsRecord) -> bool {
    let target = |it: &DnsRecord| it.alias.as_ref().map(|alias| bare(&alias.name));
    let values = |it: &DnsRecord| it.values.iter().map(|v| bare(v)).collect::<Vec<_>>();
    a.name == b.name && a.kind == b.kind && target(a) == target(b) && values(a) == values(b)
}

/// A target without what its writers add: the console's `dualstack.` and the final stop.
fn bare(target: &str) -> String {
    let target = target.trim_end_matches('.').to_ascii_lowercase();
    target.strip_prefix("dualstack.").unwrap_or(&target).to_owned()
}

/// A record that leads to this load balancer.
pub fn leads_to(record: &DnsRecord, balancer: &str) -> bool {
    let alias = record.alias.as_ref().map(|alias| &alias.name);
    let mut targets = record.values.iter().chain(alias).peekable();
    targets.peek().is_some() && targets.all(|target| bare(target) == bare(balancer))
}

/// What has come of leading a name to the load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Address of the application; none under a wildcard, which is no name of its own.
    pub url: Option<String>,
    /// Where it is, in words.
    pub place: String,
    /// What is to be known of it: that the certificate does not cover it, that the stack does not know of it. One
    /// sentence each.
    pub notes: Vec<String>,
}

/// Where the application is under a name, and what is to be known of that.
pub fn outcome(name: &str, certificate: Option<&Certificate>, domain: &str) -> Outcome {
    let scheme = if certificate.is_some() { "https" } else { "http" };
    let mut notes = Vec::new();
    match certificate {
        Some(it) if !it.covers(name) => {
            let covered: Vec<&str> = it.names.iter().map(SafeText::as_str).collect();
            notes.push(format!(
                "The certificate of the stack does not cover {name}, only {}: browsers will warn.",
                covered.join(", ")
            ));
        }
        Some(_) => {}
        None => notes.push("The stack has no certificate: it is plain HTTP, and passwords travel unencrypted.".into()),
    }
    let parent = name.strip_prefix("*.");
    if !domain.eq_ignore_ascii_case(name) {
        let how = match parent {
            Some(_) => "DomainName set to the one that people use".to_owned(),
            None => format!("DomainName={name}"),
        };
        notes.push(format!(
            "The stack's own addresses name {}: deploy with {how} to have them name this.",
            if domain.is_empty() { "the load balancer" } else { domain }
        ));
    }
    let url = format!("{scheme}://{name}");
    match parent {
        None => Outcome {
            place: url.clone(),
            url: Some(url),
            notes,
        },
        Some(parent) => Outcome {
            url: None,
            place: format!("every name under {parent} that has no record of its own, such as {scheme}://chat.{parent}"),
            notes,
        },
    }
}

/// How the records of a certificate come into DNS: by `cert validate`, called `command`, as far as this account has
/// their zones; the others by whoever has. One sentence or two.
pub fn proof_way(records: &[&ProofRecord], zones: &[HostedZone], command: &str) -> String {
    let mut here: Vec<&str> = Vec::new();
    let mut elsewhere: Vec<&str> = Vec::new();
    for record in records {
        match zone_of(zones, &record.name) {
            Ok(zone) => here.push(&zone.name),
            Err(_) => elsewhere.push(&record.name),
        }
    }
    here.dedup();
    let mut out = Vec::new();
    if !here.is_empty() || records.is_empty() {
        let zone = if here.is_empty() {
            "its zone".to_owned()
        } else {
            format!("zone {}", here.join(", "))
        };
        out.push(format!("`{command}` puts the record into {zone} of this account."));
    }
    if !elsewhere.is_empty() {
        out.push(format!(
            "No public zone of this account holds {}: hand the record to whoever runs that DNS. ACM waits 72 hours for it.",
            elsewhere.join(", ")
        ));
    }
    out.join(" ")
}

#[cfg(test)]
mod tests;
