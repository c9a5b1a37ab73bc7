//! Route 53: hosted zones, what stands in them, and changes of that.

use aws_sdk_route53::{
    Client,
    error::BuildError,
    operation::change_resource_record_sets::ChangeResourceRecordSetsError,
    types::{self, Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType},
};
use futures::future::try_join_all;

use super::{
    fault,
    pages::{self, missing},
};
use crate::core::{
    fact::{AliasTarget, DnsRecord, HostedZone},
    fault::{Fault, FaultKind},
    text::SafeText,
};

const ZONES: &str = "route53:ListHostedZones";
const RECORDS: &str = "route53:ListResourceRecordSets";
const CHANGE: &str = "route53:ChangeResourceRecordSets";
const PROGRESS: &str = "route53:GetChange";

/// Sets of one name that are looked at; a name has one of each type, or some more under a routing policy.
const SETS: i32 = 100;

pub(super) async fn zones(client: &Client) -> Result<Vec<HostedZone>, Fault> {
    pages::all(ZONES, "", |token| {
        let request = client.list_hosted_zones().set_marker(token);
        async move {
            let output = request.send().await.map_err(fault::on(ZONES, ""))?;
            let next = output.next_marker.filter(|_| output.is_truncated);
            Ok((output.hosted_zones.into_iter().map(zone).collect(), next))
        }
    })
    .await
}

fn zone(it: types::HostedZone) -> HostedZone {
    HostedZone {
        id: it.id.rsplit('/').next().unwrap_or_default().into(),
        name: plain(&it.name),
        is_private: it.config.is_some_and(|config| config.private_zone),
    }
}

/// A name as people write it: no final stop, `*` for its code.
fn plain(name: &str) -> SafeText {
    name.trim_end_matches('.').replace("\\052", "*").into()
}

pub(super) async fn records(client: &Client, zone: &str, names: &[SafeText]) -> Result<Vec<DnsRecord>, Fault> {
    let each = names.iter().map(|name| of_name(client, zone, name));
    Ok(try_join_all(each).await?.concat())
}

async fn of_name(client: &Client, zone: &str, name: &SafeText) -> Result<Vec<DnsRecord>, Fault> {
    let request = client
        .list_resource_record_sets()
        .hosted_zone_id(zone)
        .start_record_name(name.as_str())
        .max_items(SETS);
    let output = request.send().await.map_err(fault::on(RECORDS, zone))?;
    // The list begins at the name and goes on to the end of the zone.
    let all = output.resource_record_sets.into_iter().map(record);
    Ok(all.filter(|it| it.name.eq_ignore_ascii_case(name)).collect())
}

fn record(it: ResourceRecordSet) -> DnsRecord {
    let alias = it.alias_target.map(|alias| AliasTarget {
        zone: alias.hosted_zone_id.into(),
        name: plain(&alias.dns_name),
        evaluates_health: alias.evaluate_target_health,
    });
    let is_special = it.set_identifier.is_some() || it.health_check_id.is_some() || it.traffic_policy_instance_id.is_some();
    DnsRecord {
        name: plain(&it.name),
        kind: it.r#type.as_str().into(),
        ttl: it.ttl,
        values: it
            .resource_records
            .unwrap_or_default()
            .into_iter()
            .map(|r| r.value.into())
            .collect(),
        alias,
        is_special,
    }
}

/// Changes records in one batch, and gives the id of the change.
pub(super) async fn change(client: &Client, zone: &str, removes: &[DnsRecord], upserts: &[DnsRecord]) -> Result<SafeText, Fault> {
    let odd = |_| Fault::new(FaultKind::Internal, "", "", "the records could not be put into words for Route 53");
    let batch = batch(removes, upserts).map_err(odd)?;
    let request = client.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch);
    let sent = request.send().await;
    let output = sent.map_err(|error| busy(fault::on::<ChangeResourceRecordSetsError>(CHANGE, zone)(error)))?;
    let id = output.change_info.map(|it| it.id).filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| missing(CHANGE, zone, "change"))?;
    Ok(id.rsplit('/').next().unwrap_or_default().into())
}

/// One change of a zone at a time: the next one is refused until the name servers have it.
fn busy(fault: Fault) -> Fault {
    if fault.code.as_deref() != Some("PriorRequestNotComplete") {
        return fault;
    }
    let why = "Route 53 still works on an earlier change of this zone, and has not taken this one";
    Fault {
        detail: why.into(),
        ..fault
    }
}

fn batch(removes: &[DnsRecord], upserts: &[DnsRecord]) -> Result<ChangeBatch, BuildError> {
    let one = |action: ChangeAction, record: &DnsRecord| Change::builder().action(action).resource_record_set(set(record)?).build();
    let removes = removes.iter().map(|record| one(ChangeAction::Delete, record));
    let upserts = upserts.iter().map(|record| one(ChangeAction::Upsert, record));
    let changes = removes.chain(upserts).collect::<Result<Vec<_>, _>>()?;
    ChangeBatch::builder().comment("bic-tui").set_changes(Some(changes)).build()
}

fn set(record: &DnsRecord) -> Result<ResourceRecordSet, BuildError> {
    let value = |value: &SafeText| ResourceRecord::builder().value(value.as_str()).build();
    let values = record.values.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    let alias = record.alias.as_ref().map(|it| {
        types::AliasTarget::builder()
            .hosted_zone_id(it.zone.as_str())
            .dns_name(it.name.as_str())
            .evaluate_target_health(it.evaluates_health)
            .build()
    });
    ResourceRecordSet::builder()
        .name(record.name.as_str())
        .r#type(RrType::from(record.kind.as_str()))
        .set_ttl(record.ttl)
        .set_resource_records((!values.is_empty()).then_some(values))
        .set_alias_target(alias.transpose()?)
        .build()
}

/// `PENDING` or `INSYNC`.
pub(super) async fn progress(client: &Client, id: &str) -> Result<SafeText, Fault> {
    let output = client.get_change().id(id).send().await.map_err(fault::on(PROGRESS, id))?;
    let status = output.change_info.map(|it| it.status.as_str().to_owned());
    // What the SDK puts where a part was left out.
    let status = status.filter(|it| it != "no value was set");
    status.map(SafeText::from).ok_or_else(|| missing(PROGRESS, id, "status"))
}
