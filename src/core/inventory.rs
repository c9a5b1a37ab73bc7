//! What the deletion of a stack takes, and what it leaves behind: one source for the dialog and for `destroy`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    cost::CostModel,
    fact::{Leftover, LeftoverKind, Millis, StackResource, Stored},
    insights,
    leftovers::{self, Search},
    plan::holds_data,
    template::Resource,
    text::SafeText,
    when,
};

/// What goes with the stack, and what does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Inventory {
    /// Resources that hold data, and go.
    pub lost: Vec<Lost>,
    /// What stays, and may go on costing.
    pub stays: Vec<Stay>,
}

/// Something that goes with the data that it holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lost {
    /// The resource.
    #[serde(flatten)]
    pub resource: StackResource,
    /// Bytes in it, of a file system.
    pub bytes: Option<i64>,
    /// When they were measured.
    pub measured: Option<Millis>,
    /// Why they are not known: one sentence without its stop.
    pub not_known: Option<SafeText>,
    /// The same in words, to be put behind its name: `, 1.4 GB 12 min ago`; empty for what nobody measures.
    #[serde(skip)]
    pub size: String,
}

impl Lost {
    fn new(resource: &StackResource, size: Option<&Size>, now: Millis) -> Self {
        let stored = size.and_then(|it| it.as_ref().ok());
        Self {
            resource: resource.clone(),
            bytes: stored.map(|it| it.bytes),
            measured: stored.map(|it| it.at),
            not_known: size.and_then(|it| it.as_ref().err().cloned()),
            size: words(size, now),
        }
    }
}

/// How much a file system holds, or why that is not known.
type Size = Result<Stored, SafeText>;

fn words(size: Option<&Size>, now: Millis) -> String {
    match size {
        Some(Ok(it)) => format!(", {} {} ago", insights::size(it.bytes.unsigned_abs()), when::span(now - it.at)),
        Some(Err(why)) => format!(", size not known: {why}"),
        None => String::new(),
    }
}

/// Something that stays: one thing, or several alike.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stay {
    /// What it is.
    pub kind: LeftoverKind,
    /// Its id, where it is there already and alone; else empty.
    pub id: SafeText,
    /// What it is and what it costs: one sentence without its stop.
    pub about: SafeText,
    /// US dollars a month for all of it, where that is known.
    pub usd_month: Option<f64>,
}

/// Where the resources of a stack come from, and what things cost there.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// Resources of the stack.
    pub resources: &'a [StackResource],
    /// Its template, resolved for its parameters.
    pub template: &'a [Resource],
    /// Its parameters.
    pub parameters: &'a BTreeMap<String, String>,
    /// Prices.
    pub cost: &'a CostModel,
    /// What was found of what stays, and of how much goes.
    pub search: Option<&'a Search>,
    /// The cloud's time: ages of figures end there.
    pub now: Millis,
}

impl Inventory {
    /// Joins what the template says with what was found.
    pub fn of(it: Sources<'_>) -> Self {
        let of_template = |r: &StackResource| it.template.iter().find(|t| t.logical_id == r.logical_id);
        let is_kept = |r: &StackResource| of_template(r).is_some_and(|t| t.deletion_policy.starts_with("Retain"));
        let is_measured = |r: &StackResource| r.resource_type == "AWS::EFS::FileSystem";
        let size = |r: &StackResource| it.search.filter(|_| is_measured(r)).map(|search| search.size(&r.physical_id));
        let here = it.resources.iter().filter(|r| !r.status.0.starts_with("DELETE_COMPLETE"));
        let found: Vec<&Leftover> = it.search.map(Search::stays).unwrap_or_default();
        let has_backups = found.iter().any(|f| f.kind == LeftoverKind::RecoveryPoint);
        let mut stays: Vec<Stay> = Vec::new();
        let mut lost = Vec::new();
        for resource in here {
            if is_kept(resource) {
                stays.push(kept(it.cost, resource, &words(size(resource).as_ref(), it.now)));
                continue;
            }
            stays.extend(
                of_template(resource)
                    .and_then(|t| left_by(it.cost, resource, t))
                    .filter(|s| s.kind != LeftoverKind::RecoveryPoint || !has_backups),
            );
            if holds_data(&resource.resource_type) {
                lost.push(Lost::new(resource, size(resource).as_ref(), it.now));
            }
        }
        stays.extend(together(it.cost, &found));
        stays.extend(throughput(it.parameters).filter(|t| stays.iter().all(|s| s.id != t.id)));
        Self { lost, stays }
    }
}

/// A resource that the template keeps.
fn kept(cost: &CostModel, resource: &StackResource, size: &str) -> Stay {
    let thing = Leftover {
        resource_type: resource.resource_type.clone(),
        ..Leftover::new(leftovers::kind_of(&resource.resource_type), resource.physical_id.clone())
    };
    let price = leftovers::price(&cost.prices, &cost.region, &thing);
    let (id, kind) = (&resource.physical_id, &resource.resource_type);
    Stay {
        kind: thing.kind,
        id: id.clone(),
        about: format!("{} ({kind}) {id}{size}, {}", resource.logical_id, price.words).into(),
        usd_month: price.usd_month,
    }
}

/// What a resource that goes leaves behind.
fn left_by(cost: &CostModel, resource: &StackResource, template: &Resource) -> Option<Stay> {
    let id = &resource.logical_id;
    let is_backed_up = template.properties["BackupPolicy"]["Status"] == "ENABLED";
    match template.kind.as_str() {
        _ if template.deletion_policy == "Snapshot" => {
            let gb = &template.properties["AllocatedStorage"];
            let gb = gb.as_str().and_then(|text| text.parse().ok()).or(gb.as_i64());
            let snapshot = Leftover {
                bytes: gb.map(|gb: i64| gb << 30),
                ..Leftover::new(LeftoverKind::Snapshot, "")
            };
            let price = leftovers::price(&cost.prices, &cost.region, &snapshot);
            Some(Stay {
                kind: LeftoverKind::Snapshot,
                id: SafeText::default(),
                about: format!("a last snapshot of {id}, at most {}, until it is deleted", price.words).into(),
                usd_month: price.usd_month,
            })
        }
        "AWS::EFS::FileSystem" if is_backed_up => Some(Stay {
            kind: LeftoverKind::RecoveryPoint,
            id: SafeText::default(),
            about: format!("recovery points of {id} in AWS Backup, billed until they expire or are deleted").into(),
            usd_month: None,
        }),
        _ => None,
    }
}

/// What is there already, things alike in one line.
fn together(cost: &CostModel, found: &[&Leftover]) -> Vec<Stay> {
    let mut groups: Vec<(String, Vec<&Leftover>)> = Vec::new();
    for it in found {
        let words = leftovers::words(it);
        match groups.iter_mut().find(|(known, _)| *known == words) {
            Some((_, all)) => all.push(it),
            None => groups.push((words, vec![it])),
        }
    }
    let stay = |(words, all): (String, Vec<&Leftover>)| {
        if let [one] = all[..] {
            let price = leftovers::price(&cost.prices, &cost.region, one);
            return Stay {
                kind: one.kind,
                id: one.id.clone(),
                about: format!("{words} {}, {}", one.name(), price.words).into(),
                usd_month: price.usd_month,
            };
        }
        let (usd, unknown) = leftovers::total(&cost.prices, &cost.region, &all);
        let more = if unknown > 0 { " and what is not known" } else { "" };
        Stay {
            kind: all[0].kind,
            id: SafeText::default(),
            about: format!("{} × {words}, {} a month together{more}", all.len(), leftovers::amount(usd)).into(),
            usd_month: (unknown == 0).then_some(usd),
        }
    };
    groups.into_iter().map(stay).collect()
}

/// Throughput that was bought for the stack is not of the stack.
fn throughput(parameters: &BTreeMap<String, String>) -> Option<Stay> {
    let arn = parameters.get("ProvisionedModelArn").filter(|arn| !arn.is_empty())?;
    Some(Stay {
        kind: LeftoverKind::Throughput,
        id: arn.as_str().into(),
        about: format!("provisioned throughput {arn}, billed by the hour until it is deleted").into(),
        usd_month: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{
        fact::ResourceStatus,
        template::{Pseudo, Template},
    };

    fn inventory(given: &[(&str, &str)]) -> Inventory {
        let template = Template::shipped();
        let values = template.values(&given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
        let pseudo = Pseudo {
            region: "us-west-2".into(),
            account: "1".into(),
            stack_name: "s".into(),
        };
        let of_template = template.resources(&values, &pseudo);
        let resources: Vec<StackResource> = of_template
            .iter()
            .map(|t| StackResource {
                logical_id: t.logical_id.clone(),
                physical_id: "id".into(),
                resource_type: t.kind.clone(),
                status: ResourceStatus("CREATE_COMPLETE".into()),
                reason: "".into(),
                at: 0,
            })
            .collect();
        Inventory::of(Sources {
            resources: &resources,
            template: &of_template,
            parameters: &values,
            cost: &CostModel::shipped("us-east-1"),
            search: None,
            now: 0,
        })
    }

    fn stays(inventory: &Inventory) -> Vec<&str> {
        inventory.stays.iter().map(|s| s.about.as_str()).collect()
    }

    #[test]
    fn what_stays_follows_from_template_and_parameters() {
        let backups = "recovery points of FileSystem in AWS Backup, billed until they expire or are deleted";
        let small = inventory(&[]);
        assert_eq!(stays(&small), [backups]);
        assert!(small.lost.iter().any(|r| r.resource.logical_id == "FileSystem"), "{:?}", small.lost);
        let arn = "arn:aws:bedrock:us-west-2:1:provisioned-model/x";
        let large = inventory(&[("DeploymentSize", "large"), ("ProvisionedModelArn", arn)]);
        assert_eq!(
            stays(&large),
            [
                backups,
                "a last snapshot of DatabaseInstance, at most $1.90 a month, price not verified, until it is deleted",
                &format!("provisioned throughput {arn}, billed by the hour until it is deleted"),
            ]
        );
        assert!(large.lost.iter().any(|r| r.resource.logical_id == "DatabaseInstance"));
    }

    #[test]
    fn a_size_has_its_age_or_the_reason_why_there_is_none() {
        let stored = |bytes| Ok(Stored { bytes, at: 1_000_000 });
        for (size, want) in [
            (None, ""),
            (Some(stored(1_500_000_000)), ", 1.4 GB 12 min 00 s ago"),
            (Some(stored(0)), ", 0 bytes 12 min 00 s ago"),
            (Some(Err("nobody may ask".into())), ", size not known: nobody may ask"),
        ] {
            assert_eq!(words(size.as_ref(), 1_720_000), want);
        }
    }

    #[test]
    fn files_that_are_kept_are_told_with_their_price() {
        let kept = inventory(&[("FileSystemDeletionPolicy", "Retain")]);
        assert_eq!(
            stays(&kept),
            ["KeptFileSystem (AWS::EFS::FileSystem) id, $0.30 a month for each GB"]
        );
    }
}
