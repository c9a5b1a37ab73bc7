//! `dns`: where the name of the application leads, and leading it to the load balancer.

use std::time::Duration;

use serde::Serialize;

use super::{Answer, Context, Failure, Verdict, cert, confirm, confirm_name, pause, reads, refuse_unless_writable, text, write};
use crate::{
    cli::{DnsArgs, DnsCommand, DnsUpsertArgs},
    cloud::Done,
    core::{
        address::{self, Kind, Outcome, Put},
        fact::{Balancer, DnsRecord, HostedZone, Stack},
        fault::{Fault, FaultKind},
        text::SafeText,
    },
};

/// How often a change is asked after.
const EVERY: Duration = Duration::from_secs(5);
/// Looks until a change is given up: ten minutes.
const LOOKS: usize = 120;

/// The JSON of `dns`.
#[derive(Debug, Serialize)]
struct Report {
    /// The name of the application; none where it has only the load balancer's own.
    name: Option<SafeText>,
    /// The zone that holds it.
    zone: Option<HostedZone>,
    /// What stands there now.
    standing: Vec<DnsRecord>,
    /// What `upsert` would put there.
    wanted: Vec<DnsRecord>,
    leads_to_load_balancer: bool,
    load_balancer: SafeText,
    /// Address of the application under that name.
    url: Option<String>,
    /// What is to be known: one sentence each.
    notes: Vec<String>,
    zones: Vec<HostedZone>,
}

/// What is written, in words, and what it needs.
pub(super) struct Wanted {
    /// The question without its mark.
    pub(super) what: String,
    /// The name, given in place of typing it.
    pub(super) confirm: Option<String>,
    /// The load balancer's name: what leads there is ours.
    pub(super) ours: SafeText,
}

/// Shows or writes.
pub(super) async fn run(cx: &mut Context, args: &DnsArgs) -> Answer {
    let stack = reads::existing_stack(cx).await?;
    match &args.command {
        None => show(cx, &stack, args.name.as_deref()).await,
        Some(DnsCommand::Upsert(args)) => upsert(cx, &stack, args).await,
    }
}

/// The load balancer of a stack.
async fn balancer(cx: &Context, stack: &Stack) -> Answer<Balancer> {
    let resources = reads::resources(&*cx.cloud, &stack.id).await?;
    let kind = "AWS::ElasticLoadBalancingV2::LoadBalancer";
    let found = resources.iter().find(|r| r.resource_type == kind && !r.physical_id.is_empty());
    let none = || {
        let subject = format!("the load balancer of stack {}", stack.name);
        Fault::new(FaultKind::NotFound, "elasticloadbalancing:DescribeLoadBalancers", &subject, "")
    };
    let arn = &found.ok_or_else(none)?.physical_id;
    Ok(reads::balancer(&*cx.cloud, arn).await?.ok_or_else(none)?)
}

/// The name that was asked for, else the stack's, else that of the address in the settings.
fn name(cx: &Context, stack: &Stack, given: Option<&str>) -> Answer<Option<SafeText>> {
    if let Some(given) = given {
        return address::host(given, true).map(Some).map_err(Failure::Usage);
    }
    let domain = stack.parameter("DomainName").filter(|name| !name.is_empty()).cloned();
    let url = cx.settings.app_url.as_deref().map(address::host_of);
    Ok(domain.or_else(|| url.and_then(|host| address::host(host, false).ok())))
}

fn kind_for(name: &str, zone: &HostedZone) -> Kind {
    if zone.name.eq_ignore_ascii_case(name) {
        Kind::Alias
    } else {
        Kind::Cname
    }
}

async fn outcome(cx: &Context, stack: &Stack, name: &str) -> Answer<Outcome> {
    let certificate = match cert::of_stack(stack) {
        Some(arn) => reads::certificate(&*cx.cloud, &arn).await?,
        None => None,
    };
    let domain = stack.parameter("DomainName").map(SafeText::as_str).unwrap_or_default();
    Ok(address::outcome(name, certificate.as_ref(), domain))
}

/// What the name resolves to by its zone, and what would be set; "not well" when it does not lead here.
async fn show(cx: &mut Context, stack: &Stack, given: Option<&str>) -> Answer {
    let balancer = balancer(cx, stack).await?;
    let zones = reads::zones(&*cx.cloud).await?;
    let name = name(cx, stack, given)?;
    let mut report = Report {
        zone: None,
        standing: Vec::new(),
        wanted: Vec::new(),
        leads_to_load_balancer: false,
        load_balancer: balancer.dns_name.clone(),
        url: None,
        notes: Vec::new(),
        name: name.clone(),
        zones,
    };
    let mut place = String::new();
    if let Some(name) = &name {
        let it = outcome(cx, stack, name).await?;
        (report.url, report.notes) = (it.url, it.notes);
        place = it.place;
        match address::zone_of(&report.zones, name).cloned() {
            Ok(zone) => {
                report.standing = reads::records(&*cx.cloud, &zone.id, vec![name.clone()]).await?;
                report.wanted = address::leading(name, kind_for(name, &zone), &zone, &balancer).map_err(Failure::Usage)?;
                report.zone = Some(zone);
            }
            Err(why) => report.notes.insert(0, why),
        }
        let mut leading = report
            .standing
            .iter()
            .filter(|it| matches!(it.kind.as_str(), "A" | "AAAA" | "CNAME"))
            .peekable();
        report.leads_to_load_balancer = leading.peek().is_some() && leading.all(|it| address::leads_to(it, &balancer.dns_name));
    }
    let is_bad = report.zone.is_some() && !report.leads_to_load_balancer;
    if cx.out.is_json() {
        cx.out.json(&report)?;
    } else {
        print(cx, &report, place)?;
    }
    Ok(if is_bad { Verdict::NotWell } else { Verdict::Well })
}

fn print(cx: &mut Context, report: &Report, place: String) -> Answer<()> {
    let mut rows = Vec::new();
    let mut row = |what: &str, value: String| rows.push(vec![what.to_owned(), value]);
    match &report.name {
        None => row("name", "none: only the load balancer's own; name one with --name".into()),
        Some(name) => row("name", name.to_string()),
    }
    row("load balancer", report.load_balancer.to_string());
    if let Some(zone) = &report.zone {
        row("zone", format!("{} ({})", zone.name, zone.id));
        if report.standing.is_empty() {
            row("now", "no record".into());
        }
        for it in &report.standing {
            row("now", it.words());
        }
        if report.leads_to_load_balancer {
            row("leads to", "the load balancer".into());
        } else {
            for it in &report.wanted {
                row("would be", it.words());
            }
        }
    }
    if !place.is_empty() {
        row("address", place);
    }
    for line in text::columns(&rows) {
        cx.out.line(line)?;
    }
    for note in &report.notes {
        cx.out.line(note)?;
    }
    if report.zone.is_none() && !report.zones.is_empty() {
        let names: Vec<String> = report
            .zones
            .iter()
            .map(|zone| format!("{}{}", zone.name, if zone.is_private { " (private)" } else { "" }))
            .collect();
        cx.out.line(format!("Zones of this account: {}.", names.join(", ")))?;
    }
    Ok(())
}

/// Points a name at the load balancer.
async fn upsert(cx: &mut Context, stack: &Stack, args: &DnsUpsertArgs) -> Answer {
    let name = address::host(&args.name, true).map_err(Failure::Usage)?;
    let balancer = balancer(cx, stack).await?;
    let zones = reads::zones(&*cx.cloud).await?;
    let zone = match &args.zone {
        None => address::zone_of(&zones, &name).map_err(Failure::NotWell)?,
        Some(id) => {
            let wanted = id.rsplit('/').next().unwrap_or(id);
            let known = || zones.iter().map(|zone| format!("{} ({})", zone.id, zone.name)).collect::<Vec<_>>();
            let zone = zones.iter().find(|zone| *zone.id == *wanted).ok_or_else(|| {
                Failure::Usage(format!(
                    "There is no zone {wanted}; this account has {}.",
                    text::or_dash(&known().join(", "))
                ))
            })?;
            address::check_zone(zone, &name).map_err(Failure::Usage)?;
            zone
        }
    };
    let kind = args.kind.unwrap_or_else(|| kind_for(&name, zone));
    let records = address::leading(&name, kind, zone, &balancer).map_err(Failure::Usage)?;
    let wanted = Wanted {
        what: format!("Point {name} at the load balancer, in zone {}", zone.name),
        confirm: args.confirm.clone(),
        ours: balancer.dns_name.clone(),
    };
    let report = put(cx, zone, records, &wanted, args.wait).await?;
    let Outcome { url, place, notes } = outcome(cx, stack, &name).await?;
    if cx.out.is_json() {
        cx.out.json(&Upserted { url, notes, ..report })?;
        return Ok(Verdict::Well);
    }
    let now = if report.status == "INSYNC" { "is" } else { "will be" };
    let flag = url.map(|url| format!(" (--app-url {url})")).unwrap_or_default();
    cx.out.line(format!("The application {now} at {place}{flag}."))?;
    for note in notes {
        cx.out.line(note)?;
    }
    Ok(Verdict::Well)
}

/// The JSON of `dns upsert`.
#[derive(Debug, Serialize)]
pub(super) struct Upserted {
    zone: HostedZone,
    before: Vec<String>,
    after: Vec<String>,
    /// `INSYNC`, `PENDING`, or `UNCHANGED` where all stood there already.
    status: SafeText,
    /// Address of the application; `null` under a wildcard.
    url: Option<String>,
    notes: Vec<String>,
}

/// Writes records after a question, and waits for the name servers where that is wanted.
pub(super) async fn put(cx: &mut Context, zone: &HostedZone, records: Vec<DnsRecord>, wanted: &Wanted, waits: bool) -> Answer<Upserted> {
    let mut names: Vec<SafeText> = records.iter().map(|it| it.name.clone()).collect();
    names.dedup();
    let name = names.first().cloned().unwrap_or_default();
    let standing = reads::records(&*cx.cloud, &zone.id, names).await?;
    let Put {
        before,
        after,
        overwrites,
        change,
    } = address::put(zone, records, &standing, &wanted.ours).map_err(Failure::NotWell)?;
    let mut report = Upserted {
        zone: zone.clone(),
        before,
        after,
        status: "UNCHANGED".into(),
        url: None,
        notes: Vec::new(),
    };
    let Some(change) = change else {
        cx.out.note(format!("{name} stands in zone {} already.", zone.name));
        return Ok(report);
    };
    for it in &report.before {
        cx.out.note(format!("{name} now: {it}"));
    }
    for it in &report.after {
        cx.out.note(format!("{name} then: {it}"));
    }
    let question = format!("{}?", wanted.what);
    if overwrites {
        refuse_unless_writable(cx, &change)?;
        let question = format!("{question} It overwrites a record that leads elsewhere.");
        confirm_name(cx, &question, &name, wanted.confirm.as_deref()).await?;
    } else {
        confirm(cx, &question, std::slice::from_ref(&change)).await?;
    }
    report.status = match write(cx, change).await? {
        Done::Records { id } if waits => wait(cx, &id, &name).await?,
        Done::Records { .. } => "PENDING".into(),
        _ => {
            cx.out
                .note("The answer of Route 53 was lost: the record stands, but its way to the name servers can not be followed.");
            "PENDING".into()
        }
    };
    cx.out.note(format!("{name} is written: {}.", report.status));
    Ok(report)
}

/// Waits until all name servers have a change.
async fn wait(cx: &mut Context, id: &SafeText, name: &str) -> Answer<SafeText> {
    for _ in 0..LOOKS {
        let status = reads::record_change(&*cx.cloud, id).await?;
        if status == "INSYNC" {
            cx.out.progress(String::new());
            return Ok(status);
        }
        cx.out.progress(format!("{name}: Route 53 tells its name servers"));
        pause(cx, EVERY).await;
    }
    let why = format!("{name} has not reached all name servers in ten minutes; `aws route53 get-change --id {id}` asks again.");
    Err(Failure::NotWell(why))
}
