//! The stack's own CloudWatch alarms in plain words, and which of them fire only because the stack sleeps.

use super::{
    fact::{Alarm, Millis, StackResource},
    text::SafeText,
    when,
};

/// Names of the alarms among the resources of a stack.
pub fn names(resources: &[StackResource]) -> Vec<SafeText> {
    resources
        .iter()
        .filter(|r| r.resource_type == "AWS::CloudWatch::Alarm" && !r.physical_id.is_empty())
        .filter(|r| !r.status.0.starts_with("DELETE"))
        .map(|r| r.physical_id.clone())
        .collect()
}

/// It watches for tasks that run: with none wanted it fires, and nothing is wrong.
pub fn is_about_tasks(alarm: &Alarm) -> bool {
    alarm.namespace == "AWS/ECS" || alarm.metric == "HealthyHostCount"
}

/// What it says, for people: by what it measures, since its name is the template's to choose.
pub fn meaning(alarm: &Alarm) -> String {
    let plain = match (alarm.metric.as_str(), alarm.statistic.as_str()) {
        ("HealthyHostCount", "Maximum") => "no Open WebUI task is healthy",
        ("HealthyHostCount", _) => "Open WebUI tasks are missing",
        ("HTTPCode_Target_5XX_Count", _) => "the application answers with server errors (5xx)",
        ("HTTPCode_ELB_5XX_Count", _) => "the load balancer finds nobody to answer (5xx)",
        ("CPUUtilization", "SampleCount") => "a service runs no task",
        ("InvocationThrottles", _) => {
            let model = alarm.dimension("ModelId").map_or("a model", SafeText::as_str);
            return format!("Bedrock throttles {model}");
        }
        (metric, _) => return format!("{metric} is out of bounds"),
    };
    plain.to_owned()
}

/// Its name without the project's.
pub fn short_name<'a>(alarm: &'a Alarm, project: &str) -> &'a str {
    let rest = alarm.name.strip_prefix(project).and_then(|rest| rest.strip_prefix('-'));
    rest.unwrap_or(&alarm.name)
}

/// One firing alarm in one phrase: name, since when, what it means, and CloudWatch's own reason.
pub fn phrase(alarm: &Alarm, now: Millis) -> String {
    let since = alarm.since.map(|at| format!(" for {}", when::span(now - at))).unwrap_or_default();
    let reason = alarm.reason.trim_end_matches('.');
    let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    format!("alarm {}{since}: {}{reason}", alarm.name, meaning(alarm))
}

/// All of them in one line: `1 of 7 in alarm: 5xx 12m05s; 2 without data`. `why` follows the count, where something is
/// to be said of it.
pub fn summary(alarms: &[Alarm], project: &str, why: &str, now: Millis) -> String {
    let firing: Vec<String> = alarms
        .iter()
        .filter(|a| a.is_firing())
        .map(|a| {
            let since = a.since.map(|at| format!(" {}", when::short(now - at))).unwrap_or_default();
            format!("{}{since}", short_name(a, project))
        })
        .collect();
    let blind = alarms.iter().filter(|a| a.state == "INSUFFICIENT_DATA").count();
    let blind = if blind == 0 {
        String::new()
    } else {
        format!("; {blind} without data")
    };
    match firing.len() {
        0 => format!("none of {} in alarm{blind}", alarms.len()),
        n => format!("{n} of {} in alarm{why}: {}{blind}", alarms.len(), firing.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(namespace: &str, metric: &str, statistic: &str) -> Alarm {
        Alarm {
            name: "bic-5xx".into(),
            state: "ALARM".into(),
            since: Some(1_000),
            reason: "Threshold Crossed.".into(),
            namespace: namespace.into(),
            metric: metric.into(),
            statistic: statistic.into(),
            dimensions: vec![("ModelId".into(), "core".into())],
        }
    }

    #[test]
    fn an_alarm_is_told_by_what_it_measures() {
        for (namespace, metric, statistic, want, is_about_sleep) in [
            (
                "AWS/ApplicationELB",
                "HealthyHostCount",
                "Maximum",
                "no Open WebUI task is healthy",
                true,
            ),
            (
                "AWS/ApplicationELB",
                "HealthyHostCount",
                "Minimum",
                "Open WebUI tasks are missing",
                true,
            ),
            ("AWS/ECS", "CPUUtilization", "SampleCount", "a service runs no task", true),
            ("AWS/Bedrock", "InvocationThrottles", "Sum", "Bedrock throttles core", false),
            ("X", "Y", "", "Y is out of bounds", false),
        ] {
            let alarm = alarm(namespace, metric, statistic);
            assert_eq!((meaning(&alarm).as_str(), is_about_tasks(&alarm)), (want, is_about_sleep));
        }
        let firing = alarm("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum");
        assert_eq!(
            phrase(&firing, 61_000),
            "alarm bic-5xx for 1 min 00 s: the application answers with server errors (5xx): Threshold Crossed"
        );
        let blind = Alarm {
            state: "INSUFFICIENT_DATA".into(),
            ..firing.clone()
        };
        let calm = Alarm {
            state: "OK".into(),
            ..firing.clone()
        };
        assert_eq!(
            summary(&[firing, blind, calm.clone()], "bic", "", 61_000),
            "1 of 3 in alarm: 5xx 1m00s; 1 without data"
        );
        assert_eq!(summary(&[calm], "bic", "", 0), "none of 1 in alarm");
    }
}
