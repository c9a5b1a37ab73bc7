//! CloudWatch: alarms, and what AWS itself measures of a quota's use.

use aws_sdk_cloudwatch::{
    Client,
    primitives::DateTime,
    types::{AlarmType, Dimension, Metric, MetricAlarm, MetricDataQuery, MetricStat, ScanBy, StatusCode},
};

use super::{
    fault, millis,
    pages::{self, missing},
    text,
};
use crate::core::{
    fact::{Alarm, Millis},
    fault::{Fault, FaultKind},
    text::SafeText,
};

const ALARMS: &str = "cloudwatch:DescribeAlarms";
const DATA: &str = "cloudwatch:GetMetricData";

/// Most names that one request takes.
const MOST_NAMES: usize = 100;
/// How far back the newest figure of a quota's use is looked for, in milliseconds. AWS writes one every few minutes.
const LOOK_BACK: Millis = 3 * 60 * 60 * 1000;

/// The alarms of these names, in their order, as far as they exist.
pub(super) async fn alarms(client: &Client, names: &[SafeText]) -> Result<Vec<Alarm>, Fault> {
    let mut all = Vec::new();
    for some in names.chunks(MOST_NAMES) {
        let page = |token: Option<String>| {
            let request = client
                .describe_alarms()
                .alarm_types(AlarmType::MetricAlarm)
                .set_alarm_names(Some(some.iter().map(ToString::to_string).collect()))
                .set_next_token(token);
            async move {
                let output = request.send().await.map_err(fault::on(ALARMS, ""))?;
                let alarms = output.metric_alarms.ok_or_else(|| missing(ALARMS, "", "alarms"))?;
                let alarms: Result<Vec<Alarm>, Fault> = alarms.into_iter().map(alarm).collect();
                Ok((alarms?, output.next_token))
            }
        };
        all.extend(pages::all(ALARMS, "", page).await?);
    }
    all.sort_by_key(|alarm: &Alarm| names.iter().position(|name| *name == alarm.name));
    Ok(all)
}

fn alarm(alarm: MetricAlarm) -> Result<Alarm, Fault> {
    let (Some(name), Some(state)) = (alarm.alarm_name, alarm.state_value) else {
        return Err(missing(ALARMS, "", "name or state of an alarm"));
    };
    let dimensions = alarm.dimensions.unwrap_or_default().into_iter();
    Ok(Alarm {
        name: name.into(),
        state: state.as_str().into(),
        since: millis(alarm.state_transitioned_timestamp).or(millis(alarm.state_updated_timestamp)),
        reason: text(alarm.state_reason),
        namespace: text(alarm.namespace),
        metric: text(alarm.metric_name),
        statistic: alarm.statistic.map(|s| s.as_str().into()).unwrap_or_default(),
        dimensions: dimensions.map(|d| (text(d.name), text(d.value))).collect(),
    })
}

/// A metric of AWS's own.
pub(super) struct Measured {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) statistic: String,
    pub(super) dimensions: Vec<(String, String)>,
}

/// Its newest figure. AWS writes none while nothing is in use.
pub(super) async fn newest(client: &Client, metric: Measured, now: Millis) -> Result<f64, Fault> {
    const ID: &str = "used";
    let subject = metric.name.clone();
    let dimension = |(name, value): &(String, String)| Dimension::builder().name(name).value(value).build();
    let stat = MetricStat::builder()
        .metric(
            Metric::builder()
                .namespace(&metric.namespace)
                .metric_name(&metric.name)
                .set_dimensions(Some(metric.dimensions.iter().map(dimension).collect()))
                .build(),
        )
        .period(300)
        .stat(&metric.statistic)
        .build();
    let sent = client
        .get_metric_data()
        .metric_data_queries(MetricDataQuery::builder().id(ID).metric_stat(stat).build())
        .start_time(DateTime::from_millis(now - LOOK_BACK))
        .end_time(DateTime::from_millis(now))
        .scan_by(ScanBy::TimestampDescending)
        .send();
    let output = sent.await.map_err(fault::on(DATA, &subject))?;
    let results = output.metric_data_results.unwrap_or_default();
    let Some(result) = results.into_iter().find(|r| r.id.as_deref() == Some(ID)) else {
        return Err(missing(DATA, &subject, "figures"));
    };
    match result.status_code {
        Some(StatusCode::Forbidden) => Err(Fault::new(FaultKind::Denied, DATA, &subject, "")),
        Some(StatusCode::InternalError) => Err(Fault::new(FaultKind::AwsFailed, DATA, &subject, "")),
        _ => Ok(result.values.unwrap_or_default().first().copied().unwrap_or(0.0)),
    }
}
