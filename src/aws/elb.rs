//! Elastic Load Balancing: health of targets.

use aws_sdk_elasticloadbalancingv2::{Client, types::TargetHealthDescription};
use futures::future::try_join_all;

use super::{fault, pages::missing, text};
use crate::core::{
    fact::{Target, TargetGroup},
    fault::Fault,
    text::SafeText,
};

const OPERATION: &str = "elasticloadbalancing:DescribeTargetHealth";

pub(super) async fn target_health(client: &Client, groups: Vec<(SafeText, SafeText)>) -> Result<Vec<TargetGroup>, Fault> {
    let groups = groups.into_iter().map(|(logical_id, arn)| group(client, logical_id, arn));
    try_join_all(groups).await
}

async fn group(client: &Client, logical_id: SafeText, arn: SafeText) -> Result<TargetGroup, Fault> {
    let request = client.describe_target_health().target_group_arn(arn.as_str());
    let output = request.send().await.map_err(fault::on(OPERATION, &logical_id))?;
    let Some(targets) = output.target_health_descriptions else {
        return Err(missing(OPERATION, &logical_id, "targets"));
    };
    Ok(TargetGroup {
        arn,
        logical_id,
        targets: targets.into_iter().map(target).collect(),
    })
}

fn target(description: TargetHealthDescription) -> Target {
    let (target, health) = (description.target, description.target_health);
    let port = target.as_ref().and_then(|target| target.port);
    let (id, zone) = target.map(|target| (target.id, target.availability_zone)).unwrap_or_default();
    Target {
        id: text(id),
        port,
        zone: text(zone),
        state: health
            .as_ref()
            .and_then(|it| it.state())
            .map(|it| it.as_str().into())
            .unwrap_or_default(),
        reason: health
            .as_ref()
            .and_then(|it| it.reason())
            .map(|it| it.as_str().into())
            .unwrap_or_default(),
        description: text(health.and_then(|it| it.description)),
    }
}
