//! The Access screen: what it needs is asked when it opens, and what is on its way is followed to its end.

use super::{certificate, complain, dns, keys, polling::AnyFeed, record, say, throughput, ticket, ways};
use crate::{
    cloud::{Change, Done, Query},
    core::{
        access as panel, address,
        dialog::{Act, Offers, Way},
        effect::Effect,
        fact::Fact,
        fault::Fault,
        health::Severity,
        keymap::Intent,
        model::Model,
        msg::Asked,
        screen::{
            Panel, ScreenId,
            access::{self, Access, Wanted},
        },
    },
};

/// How often a certificate that waits for its proof is asked for, in milliseconds.
const CERTIFICATE_EVERY: u64 = 15_000;
/// How often throughput that is being provided is asked for.
const THROUGHPUT_EVERY: u64 = 30_000;

/// The feed of what was asked, where it has one.
fn feed(it: &mut Access, wanted: Wanted) -> Option<&mut dyn AnyFeed> {
    match wanted {
        Wanted::Certificate => Some(&mut it.certificate),
        Wanted::Certificates => Some(&mut it.certificates),
        Wanted::Zones => Some(&mut it.zones),
        Wanted::Balancer => Some(&mut it.balancer),
        Wanted::Standing => Some(&mut it.standing),
        Wanted::Throughputs => Some(&mut it.throughputs),
        Wanted::Customs => Some(&mut it.customs),
        Wanted::Before | Wanted::Change | Wanted::Throughput => None,
    }
}

/// Asks, unless it is being asked already.
pub(super) fn ask(model: &mut Model, wanted: Wanted, query: Query) -> Vec<Effect> {
    if feed(&mut model.access, wanted).is_some_and(|feed| feed.is_awaiting()) {
        return Vec::new();
    }
    let ticket = ticket(model, Asked::Access(wanted));
    if let Some(feed) = feed(&mut model.access, wanted) {
        feed.begin(ticket.seq);
        feed.set_due(u64::MAX);
    }
    vec![Effect::Ask(ticket, query)]
}

/// Asks all that the screen shows beside the models.
pub(super) fn look(model: &mut Model) -> Vec<Effect> {
    if model.credentials_fault().is_some() {
        return Vec::new();
    }
    let mut effects = ask(model, Wanted::Throughputs, Query::Throughputs);
    effects.extend(look_at_address(model));
    effects
}

/// Asks for the certificate, and for where the name leads.
pub(super) fn look_at_address(model: &mut Model) -> Vec<Effect> {
    let mut effects = look_at_certificate(model);
    if access::certificate_of_stack(model).is_none() {
        effects.extend(ask(model, Wanted::Certificates, Query::Certificates));
    }
    if access::host(model).is_some() {
        effects.extend(ask(model, Wanted::Zones, Query::HostedZones));
    }
    effects
}

pub(super) fn look_at_certificate(model: &mut Model) -> Vec<Effect> {
    match access::certificate_in_sight(model) {
        Some(arn) => ask(model, Wanted::Certificate, Query::Certificate { arn }),
        None => Vec::new(),
    }
}

/// Asks what stands under the name, once the zones are known.
pub(super) fn look_at_name(model: &mut Model) -> Vec<Effect> {
    let (Some(host), Some(zones)) = (access::host(model), model.access.zones.get()) else {
        return Vec::new();
    };
    let Ok(zone) = address::zone_of(zones, &host) else {
        return Vec::new();
    };
    let (zone, names) = (zone.id.clone(), vec![host]);
    ask(model, Wanted::Standing, Query::DnsRecords { zone, names })
}

/// Time: what is on its way is asked after, here or wherever the operator looks meanwhile.
pub(super) fn on_tick(model: &mut Model) -> Vec<Effect> {
    let now = model.now.mono;
    let mut effects = dns::on_tick(model);
    let is_here = model.screen == ScreenId::Access;
    if model.credentials_fault().is_some() {
        return effects;
    }
    let certificate = &model.access.certificate;
    // The stack has got another certificate, or has come only now.
    let is_other = is_here
        && certificate.awaiting.is_none()
        && certificate.fault.is_none()
        && access::certificate_in_sight(model).is_some_and(|arn| model.access.certificate().is_none_or(|it| it.arn != arn))
        && model.access.certificate.age(model.now).is_none_or(|age| age > CERTIFICATE_EVERY);
    if (is_here || model.access.requested.is_some()) && (is_other || is_due(&model.access.certificate, now)) {
        effects.extend(look_at_certificate(model));
    }
    if (is_here || model.access.bought.is_some()) && is_due(&model.access.throughputs, now) {
        effects.extend(ask(model, Wanted::Throughputs, Query::Throughputs));
    }
    effects
}

/// A feed that was asked at least once, and whose time has come.
fn is_due<T>(feed: &crate::core::feed::Feed<T>, now: u64) -> bool {
    feed.due != 0 && feed.due <= now && feed.awaiting.is_none()
}

/// Takes an answer.
pub(super) fn on_answer(model: &mut Model, wanted: Wanted, seq: u64, answer: Result<Fact, Fault>) -> Vec<Effect> {
    match wanted {
        Wanted::Before => return dns::on_before(model, seq, answer),
        Wanted::Change => return dns::on_change(model, seq, answer),
        Wanted::Throughput => return throughput::on_failed(model, answer),
        _ => {}
    }
    let now = model.now.mono;
    let Some(feed) = feed(&mut model.access, wanted).filter(|feed| feed.awaited() == Some(seq)) else {
        return Vec::new();
    };
    feed.end();
    match answer {
        Ok(fact) => on_fact(model, fact),
        Err(fault) => {
            let has_value = wanted == Wanted::Certificate || wanted == Wanted::Throughputs;
            feed.fail(fault.clone());
            // What is followed is asked again; what is only looked at is asked when somebody looks again.
            feed.set_due(if has_value { now + 2 * THROUGHPUT_EVERY } else { u64::MAX });
            record(model, fault);
            Vec::new()
        }
    }
}

fn on_fact(model: &mut Model, fact: Fact) -> Vec<Effect> {
    let now = model.now;
    match fact {
        Fact::Certificate(it) => {
            let before = model.access.certificate().map(|c| (c.arn.clone(), c.status.clone()));
            let is_pending = it.as_ref().is_some_and(crate::core::fact::Certificate::is_pending);
            model.access.certificate.set(it, now);
            model.access.certificate.due = if is_pending { now.mono + CERTIFICATE_EVERY } else { u64::MAX };
            certificate::on_told(model, before)
        }
        Fact::Certificates(all) => {
            model.access.certificates.set(all, now);
            if model.access.certificate().is_none() {
                look_at_certificate(model)
            } else {
                Vec::new()
            }
        }
        Fact::HostedZones(zones) => {
            model.access.zones.set(zones, now);
            look_at_name(model)
        }
        Fact::DnsRecords(records) => {
            let host = access::host(model).unwrap_or_default();
            model.access.standing.set((host, records), now);
            Vec::new()
        }
        Fact::Balancer(it) => {
            model.access.balancer.set(it, now);
            Vec::new()
        }
        Fact::CustomModels(all) => {
            model.access.customs.set(all, now);
            Vec::new()
        }
        Fact::Throughputs(all) => {
            let is_coming = all.iter().any(crate::core::fact::Throughput::is_on_its_way);
            model.access.throughputs.set(all, now);
            model.access.throughputs.due = if is_coming { now.mono + THROUGHPUT_EVERY } else { u64::MAX };
            throughput::on_told(model)
        }
        _ => Vec::new(),
    }
}

/// Whether a change is one of this screen's.
pub(super) fn is_ours(change: &Change) -> bool {
    matches!(
        change,
        Change::RequestCertificate { .. } | Change::ChangeRecords { .. } | Change::BuyThroughput(_) | Change::DeleteThroughput { .. }
    )
}

/// The answer to one of its writes.
pub(super) fn on_changed(model: &mut Model, change: &Change, answer: Result<Done, Fault>) -> Vec<Effect> {
    match answer {
        Err(fault) => {
            complain(model, fault);
            Vec::new()
        }
        Ok(done) => match (change, done) {
            (Change::RequestCertificate { domain, .. }, Done::Certificate { arn }) => certificate::on_requested(model, domain, arn),
            (Change::ChangeRecords { upserts, .. }, Done::Records { id }) => dns::on_sent(model, upserts, Some(id)),
            (Change::ChangeRecords { upserts, .. }, _) => dns::on_sent(model, upserts, None),
            (Change::BuyThroughput(wanted), Done::Throughput { arn }) => throughput::on_bought(model, wanted, arn),
            (Change::DeleteThroughput { arn }, _) => throughput::on_deleted(model, arn),
            _ => Vec::new(),
        },
    }
}

/// Does what the operator wants of this screen; `None` when it is none of its matters.
pub(super) fn obey(model: &mut Model, intent: Intent) -> Option<Vec<Effect>> {
    Some(match intent {
        Intent::RequestCertificate => certificate::request(model),
        Intent::ProveCertificate => certificate::prove(model),
        Intent::UseCertificate => certificate::put_into_stack(model),
        Intent::PointName => dns::point(model),
        Intent::BuyThroughput => throughput::buy(model),
        Intent::UseThroughput => throughput::put_into_stack(model),
        Intent::DeleteThroughput => throughput::delete(model),
        _ => return None,
    })
}

/// Goes to a panel of the screen.
pub(super) fn go_to(model: &mut Model, panel: Panel) -> Vec<Effect> {
    let effects = keys::show(model, ScreenId::Access);
    model.focus.insert(ScreenId::Access, panel);
    effects
}

/// Why nothing may be written now, said; false when it may.
pub(super) fn refused(model: &mut Model) -> bool {
    match model.guard.refusal(model.now) {
        Some(why) => {
            say(model, Severity::Warning, why);
            true
        }
        None => false,
    }
}

/// `Enter` on a panel: what can be done there, what is advised first.
pub(super) fn menu(model: &mut Model, panel: Panel) -> Vec<Effect> {
    let advised = panel::next(model).1.map(Act::Intent);
    ways::open_menu(model, Offers::Access(panel), advised.as_ref())
}

/// What can be done on a panel now, and why not the rest.
pub(super) fn offered(model: &Model, panel: Panel) -> Vec<Way> {
    let mut ways = if panel == Panel::Throughput {
        throughput::ways(model)
    } else {
        ways(model)
    };
    if let Some(why) = model.guard.refusal(model.now) {
        for way in &mut ways {
            way.closed = Some(why.into());
        }
    }
    ways
}

/// A way of a menu that leads to an intent.
pub(super) fn way(label: &str, help: &str, intent: Intent, closed: Option<String>) -> Way {
    Way {
        label: label.into(),
        help: help.into(),
        act: Act::Intent(intent),
        closed: closed.map(Into::into),
    }
}

fn ways(model: &Model) -> Vec<Way> {
    let no_stack = || (model.live_stack().is_none()).then(|| "there is no stack yet: press D to deploy".to_owned());
    vec![
        way(
            "Put the certificate into the stack",
            "the form opens with it; a plan shows what changes before anything does",
            Intent::UseCertificate,
            certificate::unusable(model),
        ),
        way(
            "Put the record that proves it into Route 53",
            "finds the zone, shows what stands there, and follows it until ACM has seen it",
            Intent::ProveCertificate,
            certificate::unprovable(model),
        ),
        way(
            "Point a name at the load balancer",
            "zone, CNAME or alias; shows what stands there before it asks",
            Intent::PointName,
            no_stack(),
        ),
        way(
            "Request a certificate",
            "free of charge; a record of DNS proves that the name is yours",
            Intent::RequestCertificate,
            None,
        ),
    ]
}
