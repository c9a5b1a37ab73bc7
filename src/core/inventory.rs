//! What the deletion of a stack takes, and what it leaves behind: one source for the dialog and for `destroy`.

use std::collections::BTreeMap;

use super::{fact::StackResource, plan::holds_data, template::Resource, text::SafeText};

/// What goes with the stack, and what does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// Resources that hold data, and go.
    pub lost: Vec<StackResource>,
    /// What stays, and may go on costing: one sentence each, without a final stop.
    pub stays: Vec<SafeText>,
}

impl Inventory {
    /// From the resources of the stack, and from its template resolved for its parameters.
    pub fn of(resources: &[StackResource], template: &[Resource], parameters: &BTreeMap<String, String>) -> Self {
        let of_template = |r: &StackResource| template.iter().find(|t| t.logical_id == r.logical_id);
        let is_kept = |r: &StackResource| of_template(r).is_some_and(|t| t.deletion_policy.starts_with("Retain"));
        let here = resources.iter().filter(|r| !r.status.0.starts_with("DELETE_COMPLETE"));
        let mut stays: Vec<SafeText> = Vec::new();
        let mut lost = Vec::new();
        for resource in here {
            if is_kept(resource) {
                stays.push(format!("{} ({}) {}", resource.logical_id, resource.resource_type, resource.physical_id).into());
                continue;
            }
            stays.extend(of_template(resource).and_then(|t| left_by(resource, t)));
            if holds_data(&resource.resource_type) {
                lost.push(resource.clone());
            }
        }
        stays.extend(throughput(parameters));
        Self { lost, stays }
    }
}

/// What a resource that goes leaves behind.
fn left_by(resource: &StackResource, template: &Resource) -> Option<SafeText> {
    let id = &resource.logical_id;
    let is_backed_up = template.properties["BackupPolicy"]["Status"] == "ENABLED";
    match template.kind.as_str() {
        _ if template.deletion_policy == "Snapshot" => {
            Some(format!("a last snapshot of {id}, billed by its size until it is deleted").into())
        }
        "AWS::EFS::FileSystem" if is_backed_up => {
            Some(format!("recovery points of {id} in AWS Backup, billed until they expire or are deleted").into())
        }
        _ => None,
    }
}

/// Throughput that was bought for the stack is not of the stack.
fn throughput(parameters: &BTreeMap<String, String>) -> Option<SafeText> {
    let arn = parameters.get("ProvisionedModelArn").filter(|arn| !arn.is_empty())?;
    Some(format!("provisioned throughput {arn}, billed by the hour until it is deleted").into())
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
        Inventory::of(&resources, &of_template, &values)
    }

    #[test]
    fn what_stays_follows_from_template_and_parameters() {
        let small = inventory(&[]);
        assert_eq!(
            small.stays,
            ["recovery points of FileSystem in AWS Backup, billed until they expire or are deleted"]
        );
        assert!(small.lost.iter().any(|r| r.logical_id == "FileSystem"), "{:?}", small.lost);
        let arn = "arn:aws:bedrock:us-west-2:1:provisioned-model/x";
        let large = inventory(&[("DeploymentSize", "large"), ("ProvisionedModelArn", arn)]);
        let texts: Vec<&str> = large.stays.iter().map(SafeText::as_str).collect();
        assert_eq!(
            texts,
            [
                "recovery points of FileSystem in AWS Backup, billed until they expire or are deleted",
                "a last snapshot of DatabaseInstance, billed by its size until it is deleted",
                &format!("provisioned throughput {arn}, billed by the hour until it is deleted"),
            ]
        );
        assert!(large.lost.iter().any(|r| r.logical_id == "DatabaseInstance"));
    }
}
