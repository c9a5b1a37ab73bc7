//! Elastic Load Balancing: health of targets, and where a load balancer is.

use aws_sdk_elasticloadbalancingv2::{
    Client,
    types::{IpAddressType, TargetHealthDescription},
};
use futures::future::try_join_all;

use super::{fault, pages::missing, text};
use crate::core::{
    fact::{Balancer, Target, TargetGroup},
    fault::{Fault, FaultKind},
    text::SafeText,
};

const OPERATION: &str = "elasticloadbalancing:DescribeTargetHealth";
const BALANCERS: &str = "elasticloadbalancing:DescribeLoadBalancers";

pub(super) async fn balancer(client: &Client, arn: &str) -> Result<Option<Balancer>, Fault> {
    let sent = client.describe_load_balancers().load_balancer_arns(arn).send().await;
    let output = match sent.map_err(fault::on(BALANCERS, arn)) {
        Ok(output) => output,
        Err(fault) if fault.kind == FaultKind::NotFound => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let found = output.load_balancers.ok_or_else(|| missing(BALANCERS, arn, "load balancers"))?;
    let balancer = found.into_iter().next().map(|it| Balancer {
        arn: text(it.load_balancer_arn),
        dns_name: text(it.dns_name),
        zone: text(it.canonical_hosted_zone_id),
        is_dualstack: matches!(it.ip_address_type, Some(IpAddressType::Dualstack)),
    });
    Ok(balancer)
}

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
