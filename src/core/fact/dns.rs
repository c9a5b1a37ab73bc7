//! Route 53: hosted zones and their records; and the load balancer that a name is to lead to.

use serde::Serialize;

use super::SafeText;

/// A hosted zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostedZone {
    /// Its id, such as `Z0123456789ABCDEFGHIJ`.
    pub id: SafeText,
    /// Its name without the final stop, such as `example.com`.
    pub name: SafeText,
    /// Only VPCs see it.
    pub is_private: bool,
}

/// A set of records: one name, one type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct DnsRecord {
    /// Its name without the final stop; a wildcard as `*`.
    pub name: SafeText,
    /// `A`, `AAAA`, `CNAME` or another type.
    pub kind: SafeText,
    /// Seconds that resolvers may keep it; none for an alias.
    pub ttl: Option<i64>,
    /// Its values as Route 53 writes them; none for an alias.
    pub values: Vec<SafeText>,
    /// What an alias leads to.
    pub alias: Option<AliasTarget>,
    /// It is one of several under a routing policy, or has a health check: more than this program writes.
    pub is_special: bool,
}

/// The target of an alias.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct AliasTarget {
    /// Hosted zone of the target; for a load balancer, one of AWS's own.
    pub zone: SafeText,
    /// Its name without the final stop.
    pub name: SafeText,
    /// Route 53 asks after the target's health.
    pub evaluates_health: bool,
}

impl DnsRecord {
    /// What it leads to, in words: `CNAME x.elb.amazonaws.com (300 s)`.
    pub fn words(&self) -> String {
        match (&self.alias, self.ttl) {
            (Some(alias), _) => format!("{} alias of {}", self.kind, alias.name),
            (None, ttl) => {
                let values: Vec<&str> = self.values.iter().map(SafeText::as_str).collect();
                let kept = ttl.map(|s| format!(" ({s} s)")).unwrap_or_default();
                format!("{} {}{kept}", self.kind, values.join(", "))
            }
        }
    }
}

/// An application load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Balancer {
    /// Its ARN.
    pub arn: SafeText,
    /// Its own DNS name.
    pub dns_name: SafeText,
    /// Hosted zone that an alias of it names.
    pub zone: SafeText,
    /// It has IPv6 addresses too.
    pub is_dualstack: bool,
}
