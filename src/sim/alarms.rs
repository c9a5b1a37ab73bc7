//! CloudWatch alarms that follow the world: each watches what its template says, for as long as it says.

use serde_json::Value;

use super::{
    account::text,
    cfn::{ResourceState, StackState},
    service::ServiceState,
    task::{TargetState, TaskState},
    world::{SECOND, World},
};
use crate::core::{
    fact::{Alarm, Fact, Millis},
    names::App,
    text::SafeText,
    when,
};

/// CloudWatch has seen enough of a new alarm's metric after this.
const FIRST_DATA: Millis = 120 * SECOND;

impl World {
    /// The alarms of these names that exist.
    pub(super) fn tell_alarms(&self, names: &[SafeText]) -> Fact {
        let named = |name: &SafeText| {
            self.living()
                .find(|(_, r)| r.def.kind == "AWS::CloudWatch::Alarm" && *r.physical == **name)
        };
        Fact::Alarms(names.iter().filter_map(named).map(|(stack, r)| self.alarm(stack, r)).collect())
    }

    fn alarm(&self, stack: &StackState, resource: &ResourceState) -> Alarm {
        let p = self.filled(stack, &resource.def.properties);
        let number = |name: &str| text(&p, name).parse::<Millis>().unwrap_or(1);
        // A metric is a little behind.
        let patience = number("Period") * number("EvaluationPeriods") * SECOND;
        let made = resource.at;
        let breach = self.breach(stack, &p, made).filter(|from| self.now - from >= patience);
        let (state, since, reason) = match breach {
            Some(from) => ("ALARM", from + patience, self.reason(&p, from + patience)),
            None if self.now - made < FIRST_DATA => ("INSUFFICIENT_DATA", made, "Unchecked: Initial alarm creation".to_owned()),
            None => (
                "OK",
                made + FIRST_DATA,
                "Threshold Crossed: the metric is within its bounds.".to_owned(),
            ),
        };
        let dimensions = p["Dimensions"].as_array().into_iter().flatten();
        Alarm {
            name: resource.physical.as_str().into(),
            state: state.into(),
            since: Some(since),
            reason: reason.into(),
            namespace: text(&p, "Namespace").into(),
            metric: text(&p, "MetricName").into(),
            statistic: text(&p, "Statistic").into(),
            dimensions: dimensions.map(|d| (text(d, "Name").into(), text(d, "Value").into())).collect(),
        }
    }

    /// Since when what it measures is out of bounds, if it is.
    fn breach(&self, stack: &StackState, p: &Value, made: Millis) -> Option<Millis> {
        let webui = self.service_of(stack, App::OpenWebui)?;
        let wanted = text(p, "Threshold").parse::<usize>().unwrap_or(1);
        let since = match (text(p, "MetricName").as_str(), text(p, "Namespace").as_str()) {
            ("HealthyHostCount", _) => webui.since(|seen| seen.healthy < wanted),
            (_, "AWS/ECS") => self.service_of(stack, App::Litellm)?.since(|seen| seen.running < wanted),
            // People go on asking a service that should be there.
            ("HTTPCode_ELB_5XX_Count", _) if webui.desired > 0 && matches!(self.http_status(webui).0, 503 | 504) => {
                webui.since(|seen| seen.healthy == 0)
            }
            ("HTTPCode_Target_5XX_Count", _) if self.http_status(webui).0 == 502 => webui.since(|seen| seen.healthy == 0),
            _ => None,
        };
        since.map(|at| at.max(made))
    }

    fn reason(&self, p: &Value, at: Millis) -> String {
        let threshold = format!("{:.1}", text(p, "Threshold").parse::<f64>().unwrap_or_default());
        let periods = text(p, "EvaluationPeriods");
        if text(p, "TreatMissingData") == "breaching" {
            return format!(
                "Threshold Crossed: no datapoints were received for {periods} periods and {periods} missing datapoints were treated as [Breaching]."
            );
        }
        let (value, side) = if text(p, "ComparisonOperator").starts_with("Less") {
            (0, "less")
        } else {
            (self.chance(&format!("alarm/{at}")).between(9, 40), "greater")
        };
        let stamp = when::iso(at);
        format!("Threshold Crossed: {periods} datapoint(s) [{value}.0 ({stamp})] was {side} than the threshold ({threshold}).")
    }

    fn service_of(&self, stack: &StackState, app: App) -> Option<&ServiceState> {
        let mut of_stack = self.services.iter().filter(|s| s.stack == stack.id && s.status == "ACTIVE");
        of_stack.find(|s| s.name.ends_with(&format!("-{app}")))
    }

    /// Notes how many tasks of each service run, and how many the load balancer reaches, where that has changed.
    pub(super) fn note_counts(&mut self) {
        for s in 0..self.services.len() {
            let its = || self.tasks.iter().filter(|t| t.service == s && t.ended.is_none());
            let is_healthy = |t: &&TaskState| t.target.is_some_and(|(state, _)| state == TargetState::Healthy);
            let seen = Seen {
                at: self.now,
                healthy: its().filter(is_healthy).count(),
                running: its().filter(|t| t.started.is_some()).count(),
            };
            let past = &mut self.services[s].seen;
            if past
                .last()
                .is_none_or(|last| (last.healthy, last.running) != (seen.healthy, seen.running))
            {
                past.push(seen);
            }
        }
    }
}

/// How many tasks of a service there were from a moment on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    at: Millis,
    healthy: usize,
    running: usize,
}

impl ServiceState {
    /// Since when it is so without a break, if it is.
    fn since(&self, is_so: impl Fn(&Seen) -> bool) -> Option<Millis> {
        self.seen.iter().rev().take_while(|seen| is_so(seen)).last().map(|seen| seen.at)
    }
}
