//! Service Quotas: what the account is allowed, and what of it is in use, from CloudWatch or counted by Cloud Control.

use aws_sdk_servicequotas::{
    Client,
    types::{MetricInfo, ServiceQuota},
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{
    cloudwatch::{self, Measured},
    fault,
    pages::{self, missing},
    text,
};
use crate::core::{
    fact::{Millis, Quota},
    fault::Fault,
    quota::{QuotaId, is_rate_of},
    text::SafeText,
};

const GET: &str = "servicequotas:GetServiceQuota";
const GET_DEFAULT: &str = "servicequotas:GetAWSDefaultServiceQuota";
const LIST: &str = "servicequotas:ListServiceQuotas";
const LIST_DEFAULTS: &str = "servicequotas:ListAWSDefaultServiceQuotas";
/// How far back the newest figure of a quota's use is looked for, in milliseconds. AWS writes one every few minutes.
const LOOK_BACK: Millis = 3 * 60 * 60 * 1000;
/// Cloud Control's actions are CloudFormation's.
const COUNT: &str = "cloudformation:ListResources";

/// Clients of the services that know of quotas and of their use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clients<'a> {
    pub(super) quotas: &'a Client,
    pub(super) cloudwatch: &'a aws_sdk_cloudwatch::Client,
    pub(super) control: &'a aws_sdk_cloudcontrol::Client,
}

/// A quota: the account's own value, else AWS's default.
pub(super) async fn quota(clients: Clients<'_>, quota: QuotaId, now: Millis) -> Result<Quota, Fault> {
    let row = quota.row();
    let subject = format!("{} {}", row.service, row.code);
    let sent = clients
        .quotas
        .get_service_quota()
        .service_code(row.service)
        .quota_code(row.code)
        .send();
    let (found, is_default) = match sent.await {
        Ok(output) => (output.quota, false),
        Err(error) if error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("NoSuchResourceException") => {
            let sent = clients
                .quotas
                .get_aws_default_service_quota()
                .service_code(row.service)
                .quota_code(row.code)
                .send();
            (sent.await.map_err(fault::on(GET_DEFAULT, &subject))?.quota, true)
        }
        Err(error) => return Err(fault::on(GET, &subject)(error)),
    };
    let operation = if is_default { GET_DEFAULT } else { GET };
    let found = found.ok_or_else(|| missing(operation, &subject, "quota"))?;
    let used = match (row.counted, found.usage_metric.clone().and_then(measured)) {
        (Some(kind), _) => Some(count(clients.control, kind).await),
        (None, Some(metric)) => {
            let newest = cloudwatch::newest(clients.cloudwatch, metric, (now, LOOK_BACK)).await;
            // AWS writes none while nothing is in use.
            Some(newest.map(|figure| figure.map_or(0.0, |it| it.value)))
        }
        (None, None) => None,
    };
    of(found, is_default, used).ok_or_else(|| missing(operation, &subject, "value"))
}

/// A value that is less than nothing, or no number, is none.
fn of(quota: ServiceQuota, is_default: bool, used: Option<Result<f64, Fault>>) -> Option<Quota> {
    Some(Quota {
        name: text(quota.quota_name),
        limit: quota.value.filter(|v| v.is_finite() && *v >= 0.0)?,
        is_default,
        used,
    })
}

/// The metric of a quota's use, where AWS names one.
fn measured(info: MetricInfo) -> Option<Measured> {
    Some(Measured {
        namespace: info.metric_namespace?,
        name: info.metric_name?,
        statistic: info.metric_statistic_recommendation.unwrap_or_else(|| "Maximum".into()),
        dimensions: info.metric_dimensions.unwrap_or_default().into_iter().collect(),
    })
}

/// How many resources of a type there are.
async fn count(client: &aws_sdk_cloudcontrol::Client, kind: &str) -> Result<f64, Fault> {
    let page = |token: Option<String>| {
        let request = client.list_resources().type_name(kind).set_next_token(token);
        async move {
            let output = request.send().await.map_err(fault::on(COUNT, kind))?;
            let resources = output.resource_descriptions.ok_or_else(|| missing(COUNT, kind, "resources"))?;
            Ok((resources, output.next_token))
        }
    };
    Ok(pages::all(COUNT, kind, page).await?.len() as f64)
}

/// How often a model may be called in a minute, as the quota that has its name says; `None` where none has.
pub(super) async fn rate(client: &Client, model: &SafeText) -> Result<Option<Quota>, Fault> {
    const BEDROCK: &str = "bedrock";
    let is_its = |quota: &ServiceQuota| quota.quota_name.as_deref().is_some_and(|name| is_rate_of(name, model));
    let own = pages::all(LIST, BEDROCK, |token: Option<String>| {
        let request = client
            .list_service_quotas()
            .service_code(BEDROCK)
            .max_results(100)
            .set_next_token(token);
        async move {
            let output = request.send().await.map_err(fault::on(LIST, BEDROCK))?;
            let quotas = output.quotas.ok_or_else(|| missing(LIST, BEDROCK, "quotas"))?;
            Ok((quotas, output.next_token))
        }
    });
    if let Some(quota) = own.await?.into_iter().find(is_its) {
        return of(quota, false, None).map(Some).ok_or_else(|| missing(LIST, BEDROCK, "value"));
    }
    let defaults = pages::all(LIST_DEFAULTS, BEDROCK, |token: Option<String>| {
        let request = client
            .list_aws_default_service_quotas()
            .service_code(BEDROCK)
            .max_results(100)
            .set_next_token(token);
        async move {
            let output = request.send().await.map_err(fault::on(LIST_DEFAULTS, BEDROCK))?;
            let quotas = output.quotas.ok_or_else(|| missing(LIST_DEFAULTS, BEDROCK, "quotas"))?;
            Ok((quotas, output.next_token))
        }
    });
    match defaults.await?.into_iter().find(is_its) {
        Some(quota) => of(quota, true, None)
            .map(Some)
            .ok_or_else(|| missing(LIST_DEFAULTS, BEDROCK, "value")),
        None => Ok(None),
    }
}
