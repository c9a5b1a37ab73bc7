//! Records of Route 53: the dialog, what stands there before, the question, and the way to the name servers.

use super::{access as screen, dialogs, record, say};
use crate::{
    cloud::Query,
    core::{
        address::{self, Kind, Outcome, Put},
        dialog::{Confirm, Dialog},
        effect::Effect,
        fact::{Balancer, DnsRecord, Fact, HostedZone, ProofRecord},
        fault::Fault,
        field::TextField,
        health::Severity,
        key::{Code, Key},
        model::Model,
        screen::{
            Panel,
            access::{self, DnsDialog, Purpose, Wanted, Way},
        },
        text::SafeText,
    },
};

/// How often a change of records is asked after, in milliseconds.
const EVERY: u64 = 5_000;

/// Points a name at the load balancer.
pub(super) fn point(model: &mut Model) -> Vec<Effect> {
    if screen::refused(model) {
        return Vec::new();
    }
    if access::balancer_name(model).is_none() {
        say(
            model,
            Severity::Note,
            "there is no load balancer yet: the stack tells its name when it is complete",
        );
        return Vec::new();
    }
    let mut effects = screen::go_to(model, Panel::Address);
    effects.extend(open(model, Purpose::Lead));
    effects
}

/// Opens the dialog; the zones are asked anew.
pub(super) fn open(model: &mut Model, purpose: Purpose) -> Vec<Effect> {
    let certificate = model.access.certificate().filter(|it| !it.domain.starts_with('*'));
    let name = match &purpose {
        Purpose::Prove(records) => records.first().map(|record| record.name.clone()),
        Purpose::Lead => access::host(model).or_else(|| certificate.map(|it| it.domain.clone())),
    };
    let mut effects = screen::ask(model, Wanted::Zones, Query::HostedZones);
    if let Some(arn) = access::balancer_arn(model) {
        effects.extend(screen::ask(model, Wanted::Balancer, Query::Balancer { arn }));
    }
    let dialog = DnsDialog {
        purpose,
        name: TextField::with(&name.unwrap_or_default()),
        kind: Kind::Cname,
        zone: 0,
        error: None,
        awaiting: None,
    };
    effects.extend(dialogs::open(model, Dialog::Dns(dialog)));
    effects
}

/// A key in the dialog.
pub(super) fn on_key(model: &mut Model, mut dialog: DnsDialog, key: Key) -> Vec<Effect> {
    let zones = model.access.zones.get().map_or(0, Vec::len);
    let is_free = dialog.awaiting.is_none();
    match key.code {
        Code::Esc => return dialogs::cancelled(model),
        _ if !is_free => {}
        Code::Enter => return look(model, dialog),
        Code::Up => dialog.zone = dialog.zone.saturating_sub(1),
        Code::Down => dialog.zone = (dialog.zone + 1).min(zones.saturating_sub(1)),
        Code::Tab | Code::BackTab if dialog.purpose == Purpose::Lead => {
            dialog.kind = if dialog.kind == Kind::Cname { Kind::Alias } else { Kind::Cname };
            dialog.error = None;
        }
        _ if dialog.purpose == Purpose::Lead => {
            if dialog.name.key(key) {
                dialog.zone = 0;
            }
            dialog.error = None;
        }
        _ => {}
    }
    model.dialog = Some(Dialog::Dns(dialog));
    Vec::new()
}

/// Asks what stands there, once the dialog is right.
fn look(model: &mut Model, mut dialog: DnsDialog) -> Vec<Effect> {
    let (zone, wanted) = match wanted(model, &dialog) {
        Ok(wanted) => wanted,
        Err(why) => {
            dialog.error = Some(why.into());
            model.dialog = Some(Dialog::Dns(dialog));
            return Vec::new();
        }
    };
    let mut names: Vec<SafeText> = wanted.into_iter().map(|it| it.name).collect();
    names.dedup();
    let effects = screen::ask(model, Wanted::Before, Query::DnsRecords { zone: zone.id, names });
    dialog.error = None;
    dialog.awaiting = Some(model.seq);
    model.dialog = Some(Dialog::Dns(dialog));
    effects
}

/// The zone and the records that the dialog asks for.
fn wanted(model: &Model, dialog: &DnsDialog) -> Result<(HostedZone, Vec<DnsRecord>), String> {
    let it = &model.access;
    let zones = match (it.zones.get(), &it.zones.fault) {
        (Some(zones), _) => zones,
        (None, Some(fault)) => return Err(format!("{}. {}", fault.sentence(), model.advice(fault))),
        (None, None) => return Err("The zones have not been listed yet: a moment.".into()),
    };
    match &dialog.purpose {
        Purpose::Prove(records) => {
            let first = records.first().map(|it| it.name.as_str()).unwrap_or_default();
            let zone = zone(zones, dialog, first)?;
            let all: Vec<&ProofRecord> = records.iter().collect();
            Ok((zone.clone(), address::proving(&all, zone)))
        }
        Purpose::Lead => {
            let name = address::host(dialog.name.text(), true)?;
            let zone = zone(zones, dialog, &name)?;
            let balancer = balancer(model, dialog.kind)?;
            Ok((zone.clone(), address::leading(&name, dialog.kind, zone, &balancer)?))
        }
    }
}

fn zone<'a>(zones: &'a [HostedZone], dialog: &DnsDialog, name: &str) -> Result<&'a HostedZone, String> {
    let Some(chosen) = dialog.chosen(zones) else {
        return address::zone_of(zones, name);
    };
    address::check_zone(chosen, name).map(|()| chosen)
}

/// The load balancer; a CNAME needs no more of it than its name.
fn balancer(model: &Model, kind: Kind) -> Result<Balancer, String> {
    let it = &model.access.balancer;
    match (it.get(), &it.fault, kind) {
        (Some(Some(balancer)), ..) => Ok(balancer.clone()),
        (_, _, Kind::Cname) => {
            let dns_name = access::balancer_name(model).ok_or("There is no load balancer yet.")?;
            Ok(Balancer {
                arn: SafeText::default(),
                dns_name,
                zone: SafeText::default(),
                is_dualstack: false,
            })
        }
        (Some(None), ..) => Err("AWS does not know the load balancer of the stack: press ctrl-r on the stack, then try again.".into()),
        (None, Some(fault), _) => Err(format!("{}. {}", fault.sentence(), model.advice(fault))),
        (None, None, _) => Err("The load balancer has not been asked for its zone yet: a moment.".into()),
    }
}

/// What stands there: the question follows.
pub(super) fn on_before(model: &mut Model, seq: u64, answer: Result<Fact, Fault>) -> Vec<Effect> {
    let Some(Dialog::Dns(dialog)) = &model.dialog else {
        return Vec::new();
    };
    if dialog.awaiting != Some(seq) {
        return Vec::new();
    }
    let mut dialog = DnsDialog {
        awaiting: None,
        ..dialog.clone()
    };
    let put = match answer {
        Ok(Fact::DnsRecords(standing)) => wanted(model, &dialog).and_then(|(zone, wanted)| {
            let ours = access::balancer_name(model).unwrap_or_default();
            address::put(&zone, wanted, &standing, &ours).map(|put| (zone, put))
        }),
        Ok(_) => return Vec::new(),
        Err(fault) => {
            let why = format!("{}. {}", fault.sentence(), model.advice(&fault));
            record(model, fault);
            Err(why)
        }
    };
    match put {
        Ok((zone, put)) => confirm(model, &dialog, &zone, put),
        Err(why) => {
            dialog.error = Some(why.into());
            model.dialog = Some(Dialog::Dns(dialog));
            Vec::new()
        }
    }
}

fn confirm(model: &mut Model, dialog: &DnsDialog, zone: &HostedZone, put: Put) -> Vec<Effect> {
    let name: SafeText = dialog.name.text().trim().trim_end_matches('.').to_lowercase().into();
    let is_proof = dialog.purpose != Purpose::Lead;
    let Some(change) = put.change else {
        let text = if is_proof {
            format!("the record stands in {} already; ACM looks for it every few minutes", zone.name)
        } else {
            format!("{name} leads to the load balancer already")
        };
        dialogs::close(model);
        say(model, Severity::Note, text);
        return screen::look_at_address(model);
    };
    let mut lines: Vec<String> = put.before.iter().map(|it| format!("before: {it}")).collect();
    if lines.is_empty() {
        lines.push("before: no record".into());
    }
    lines.extend(put.after.iter().map(|it| format!("after:  {it}")));
    let title = if is_proof {
        lines.push("ACM issues the certificate some minutes after it has seen this. Leave the record: ACM renews by it.".into());
        format!("Put the record that proves the certificate into zone {}?", zone.name)
    } else {
        let it = outcome(model, &name);
        lines.push(format!("then the application is at {}", it.place));
        lines.extend(it.notes);
        format!("Point {name} at the load balancer, in zone {}?", zone.name)
    };
    let verb = if put.before.is_empty() { "Create" } else { "Overwrite" };
    let mut confirm = Confirm::new(title, lines, verb, vec![change]);
    if put.overwrites {
        confirm.losses = put.before.iter().map(|it| format!("overwritten: {it}").into()).collect();
        confirm.must_type(name);
    }
    dialogs::open(model, Dialog::Confirm(confirm))
}

fn outcome(model: &Model, name: &str) -> Outcome {
    let has_certificate = access::certificate_of_stack(model).is_some();
    let certificate = model.access.certificate().filter(|_| has_certificate);
    let domain = model.parameters().remove("DomainName").unwrap_or_default();
    address::outcome(name, certificate, &domain)
}

/// Route 53 has taken the records; without an id nobody can ask after them, but they stand.
pub(super) fn on_sent(model: &mut Model, upserts: &[DnsRecord], id: Option<SafeText>) -> Vec<Effect> {
    let Some(first) = upserts.first() else { return Vec::new() };
    let is_proof = model.access.certificate().is_some_and(|it| {
        let records = it.open_records();
        records.iter().any(|record| record.name == first.name)
    });
    let text = match id {
        Some(_) => format!("{} is written; Route 53 tells its name servers", first.name),
        None => format!(
            "{} is written; the answer was lost, so its way to the name servers can not be followed",
            first.name
        ),
    };
    say(model, Severity::Note, text);
    model.access.way = id.map(|id| Way {
        id,
        name: first.name.clone(),
        is_proof,
        status: None,
        since: model.now.wall,
        due: model.now.mono + EVERY,
        awaiting: None,
    });
    screen::look_at_address(model)
}

/// Asks after a change that is on its way.
pub(super) fn on_tick(model: &mut Model) -> Vec<Effect> {
    let now = model.now.mono;
    let due = |way: &&mut Way| !way.is_done() && way.awaiting.is_none() && way.due <= now;
    let Some(id) = model.access.way.as_mut().filter(due).map(|way| way.id.clone()) else {
        return Vec::new();
    };
    let effects = screen::ask(model, Wanted::Change, Query::DnsChange { id });
    let seq = model.seq;
    if let Some(way) = &mut model.access.way {
        way.awaiting = Some(seq);
    }
    effects
}

/// How far it has come.
pub(super) fn on_change(model: &mut Model, seq: u64, answer: Result<Fact, Fault>) -> Vec<Effect> {
    let now = model.now.mono;
    let Some(way) = model.access.way.as_mut().filter(|way| way.awaiting == Some(seq)) else {
        return Vec::new();
    };
    way.awaiting = None;
    way.due = now + EVERY;
    match answer {
        Ok(Fact::DnsChange(status)) => way.status = Some(status),
        Ok(_) => {}
        Err(fault) => {
            way.due = now + 4 * EVERY;
            record(model, fault);
            return Vec::new();
        }
    }
    if !way.is_done() {
        return Vec::new();
    }
    let (name, is_proof) = (way.name.clone(), way.is_proof);
    let text = if is_proof {
        format!("{name} stands at all name servers; ACM issues the certificate some minutes after it has seen it")
    } else {
        let it = outcome(model, &name);
        let until = "until the stack has it as DomainName";
        let flag = it.url.map(|url| format!(" (--app-url {url}, {until})")).unwrap_or_default();
        format!("{name} leads to the load balancer: the application is at {}{flag}", it.place)
    };
    say(model, Severity::Note, text);
    let mut effects = vec![Effect::Bell];
    effects.extend(screen::look_at_name(model));
    effects.extend(screen::look_at_certificate(model));
    effects
}
