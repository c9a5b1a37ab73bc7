//! Route 53: two zones of the account, and the private one of each stack; what is changed reaches the name servers in a minute.

use super::{
    account::{refusal, text},
    world::{SECOND, World},
};
use crate::{
    cloud::Done,
    core::{
        address::{self, Kind},
        fact::{Balancer, DnsRecord, Fact, HostedZone, Millis},
        fault::{Fault, FaultKind},
        text::SafeText,
    },
};

const CHANGE: &str = "route53:ChangeResourceRecordSets";

/// How long a change is on its way.
const ON_ITS_WAY: Millis = 60 * SECOND;

/// The hosted zone of AWS's own that load balancers stand in.
const BALANCERS: &str = "Z1H1FL5HABSF5";

/// A zone with its records, and since when each stands.
#[derive(Debug)]
pub(super) struct ZoneState {
    zone: HostedZone,
    records: Vec<(DnsRecord, Millis)>,
}

/// The zones that the account has had for long.
pub(super) fn zones(at: Millis) -> Vec<ZoneState> {
    let zone = |id: &str, name: &str, is_private| HostedZone {
        id: id.into(),
        name: name.into(),
        is_private,
    };
    let record = |name: &str, kind: &str, value: &str| {
        let record = DnsRecord {
            name: name.into(),
            kind: kind.into(),
            ttl: Some(3_600),
            values: vec![value.into()],
            alias: None,
            is_special: false,
        };
        (record, at)
    };
    vec![
        ZoneState {
            zone: zone("Z0PUBLICEXAMPLE00001", "example.com", false),
            records: vec![
                record("example.com", "NS", "ns-1.awsdns-00.com."),
                record("www.example.com", "CNAME", "pages.example.net"),
            ],
        },
        ZoneState {
            zone: zone("Z0PRIVATEEXAMPLE0001", "corp.example.com", true),
            records: Vec::new(),
        },
    ]
}

impl World {
    pub(super) fn tell_zones(&self) -> Fact {
        let namespaces = self
            .living()
            .filter(|(_, r)| r.def.kind == "AWS::ServiceDiscovery::PrivateDnsNamespace");
        let private = namespaces.map(|(stack, r)| HostedZone {
            id: self.chance(&format!("zone/{}", r.physical)).alphanumeric(20).to_uppercase().into(),
            name: text(&self.filled(stack, &r.def.properties), "Name").into(),
            is_private: true,
        });
        Fact::HostedZones(self.zones.iter().map(|it| it.zone.clone()).chain(private).collect())
    }

    fn zone_at(&self, operation: &str, id: &str) -> Result<usize, Fault> {
        self.zones.iter().position(|it| it.zone.id == *id).ok_or_else(|| {
            let message = format!("No hosted zone found with ID: {id}");
            refusal(FaultKind::NotFound, operation, id, "NoSuchHostedZone", &message)
        })
    }

    pub(super) fn tell_records(&self, zone: &str, names: &[SafeText]) -> Result<Fact, Fault> {
        let i = self.zone_at("route53:ListResourceRecordSets", zone)?;
        let all = self.zones[i].records.iter().map(|(record, _)| record);
        Ok(Fact::DnsRecords(all.filter(|it| names.contains(&it.name)).cloned().collect()))
    }

    /// The zone that holds a name, and that everybody sees.
    pub(super) fn public_zone(&self, name: &str) -> Option<&HostedZone> {
        let mut public = self.zones.iter().map(|it| &it.zone).filter(|zone| !zone.is_private);
        public.find(|zone| address::is_in(name, zone))
    }

    /// Points a name at the first load balancer, as a scene has it.
    pub(super) fn point(&mut self, name: &str) {
        let balancers = self.living_of("AWS::ElasticLoadBalancingV2::LoadBalancer");
        let arn = balancers.first().map(|arn| SafeText::from(*arn)).unwrap_or_default();
        let (Fact::Balancer(Some(balancer)), Some(zone)) = (self.tell_balancer(&arn), self.public_zone(name)) else {
            return;
        };
        let (id, wanted) = (zone.id.clone(), address::leading(&name.into(), Kind::Cname, zone, &balancer));
        drop(self.change_records(&id, &[], &wanted.unwrap_or_default()));
    }

    /// Since when the name servers say that a name leads to a value.
    pub(super) fn stands_since(&self, name: &str, value: &str) -> Option<Millis> {
        let public = self.zones.iter().filter(|it| !it.zone.is_private).flat_map(|it| &it.records);
        let is_it = |record: &DnsRecord| record.name == *name && record.values.iter().any(|v| v.trim_end_matches('.') == value);
        public.filter(|(record, _)| is_it(record)).map(|(_, at)| *at + ON_ITS_WAY).min()
    }

    /// The host that a name leads to by a record of the account, else the name itself.
    pub(super) fn resolved(&self, host: &str) -> String {
        let public = self.zones.iter().filter(|it| !it.zone.is_private).flat_map(|it| &it.records);
        let mut found = public.filter(|(record, at)| record.name == *host && at + ON_ITS_WAY <= self.now);
        let target = found.find_map(|(record, _)| match &record.alias {
            Some(alias) => Some(alias.name.to_string()),
            None => (record.kind == "CNAME")
                .then(|| record.values.first().map(ToString::to_string))
                .flatten(),
        });
        target.unwrap_or_else(|| host.to_owned())
    }

    pub(super) fn change_records(&mut self, zone: &str, removes: &[DnsRecord], upserts: &[DnsRecord]) -> Result<Done, Fault> {
        let i = self.zone_at(CHANGE, zone)?;
        let refused = |message: String| Err(refusal(FaultKind::Refused, CHANGE, zone, "InvalidChangeBatch", &message));
        let mut records = self.zones[i].records.clone();
        for old in removes {
            let Some(at) = records.iter().position(|(it, _)| it == old) else {
                return refused(format!(
                    "[Tried to delete resource record set [name='{}.', type='{}'] but it was not found]",
                    old.name, old.kind
                ));
            };
            records.remove(at);
        }
        for new in upserts {
            if !address::is_in(&new.name, &self.zones[i].zone) {
                let zone = &self.zones[i].zone.name;
                return refused(format!("[RRSet with DNS name {}. is not permitted in zone {zone}.]", new.name));
            }
            records.retain(|(it, _)| (&it.name, &it.kind) != (&new.name, &new.kind));
            let is_beside = |it: &DnsRecord| it.name == new.name && (it.kind == "CNAME" || new.kind == "CNAME");
            if records.iter().any(|(it, _)| is_beside(it)) {
                return refused(format!(
                    "[RRSet of type {} with DNS name {}. is not permitted because a conflicting RRSet with the same DNS name already exists]",
                    new.kind, new.name
                ));
            }
            records.push((new.clone(), self.now));
        }
        self.zones[i].records = records;
        let serial = self.serial();
        let id: SafeText = format!("C{}", self.chance(&format!("change/{serial}")).alphanumeric(20).to_uppercase()).into();
        self.record_changes.push((id.clone(), self.now));
        Ok(Done::Records { id })
    }

    pub(super) fn tell_record_change(&self, id: &str) -> Result<Fact, Fault> {
        let found = self.record_changes.iter().find(|(known, _)| *known == *id);
        let (_, at) = found.ok_or_else(|| {
            let message = format!("Could not find resource with ID: {id}");
            refusal(FaultKind::NotFound, "route53:GetChange", id, "NoSuchChange", &message)
        })?;
        let status = if self.now - at < ON_ITS_WAY { "PENDING" } else { "INSYNC" };
        Ok(Fact::DnsChange(status.into()))
    }

    pub(super) fn tell_balancer(&self, arn: &SafeText) -> Fact {
        let found = self
            .living()
            .find(|(_, r)| r.def.kind == "AWS::ElasticLoadBalancingV2::LoadBalancer" && r.physical == *arn.as_str());
        Fact::Balancer(found.map(|(_, r)| Balancer {
            arn: arn.clone(),
            dns_name: self.attribute(r, "DNSName").into(),
            zone: BALANCERS.into(),
            is_dualstack: text(&r.def.properties, "IpAddressType") == "dualstack",
        }))
    }
}
