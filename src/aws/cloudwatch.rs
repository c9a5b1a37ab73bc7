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
    fact::{Alarm, Millis, Stored},
    fault::{Fault, FaultKind},
    text::SafeText,
};

const ALARMS: &str = "cloudwatch:DescribeAlarms";
const DATA: &str = "cloudwatch:GetMetricData";

/// Most names that one request takes.
const MOST_NAMES: usize = 100;
/// How far back the size of a file system is looked for, in milliseconds. AWS measures it every quarter of an hour.
const DAY: Millis = 24 * 60 * 60 * 1000;

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

/// A figure that was measured.
pub(super) struct Figure {
    pub(super) value: f64,
    pub(super) at: Option<Millis>,
}

/// How much a file system holds; `None` where nothing was measured within a day.
pub(super) async fn file_system_size(client: &Client, id: &SafeText, now: Millis) -> Result<Option<Stored>, Fault> {
    let dimension = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let metric = Measured {
        namespace: "AWS/EFS".into(),
        name: "StorageBytes".into(),
        statistic: "Average".into(),
        dimensions: vec![dimension("FileSystemId", id), dimension("StorageClass", "Total")],
    };
    let Some(figure) = newest(client, metric, (now, DAY)).await? else {
        return Ok(None);
    };
    let is_size = figure.value.is_finite() && figure.value >= 0.0;
    let at = figure.at.filter(|_| is_size).ok_or_else(|| missing(DATA, id, "size"))?;
    let bytes = figure.value as i64;
    Ok(Some(Stored { bytes, at }))
}

/// Its newest figure within so many milliseconds.
pub(super) async fn newest(client: &Client, metric: Measured, (now, look_back): (Millis, Millis)) -> Result<Option<Figure>, Fault> {
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
        .start_time(DateTime::from_millis(now - look_back))
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
        _ => {
            let at = result.timestamps.and_then(|all| millis(all.first().copied()));
            let newest = result.values.unwrap_or_default().first().copied();
            Ok(newest.map(|value| Figure { value, at }))
        }
    }
}
