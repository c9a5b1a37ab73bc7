//! Why a test image did not come: at which layer, what was said, what it means and what to do. The dialog and
//! `image` say the same.

use super::{
    catalogue::Verdict,
    cause::{self, Meaning, Reader},
    fact::{Millis, ProbeStage, StageReport},
    fault::{Fault, FaultKind},
    lines::Lines,
    preflight::Outcome,
    text::SafeText,
};
use crate::cloud::ImageRoute;

/// How far two clocks may be apart, in milliseconds.
pub const CLOCKS: Millis = 2_000;

/// What is known of a test image that failed.
#[derive(Debug, Clone)]
pub struct Clues<'a> {
    /// The way it took.
    pub route: Option<&'a ImageRoute>,
    /// What came in its place.
    pub fault: &'a Fault,
    /// The stages judged so far.
    pub stages: &'a [StageReport],
    /// What the application has logged since then: see [`since`].
    pub told: Option<(Meaning, SafeText)>,
    /// What is to be said of the model behind the alias.
    pub model: Option<&'a Verdict>,
    /// Who is told.
    pub reader: Reader,
}

/// Why there is no image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// The layer, without a final stop.
    pub at: String,
    /// What was said, without a final stop.
    pub said: String,
    /// The line of the log that says more.
    pub log: Option<SafeText>,
    /// What it means, without a final stop.
    pub so: Option<String>,
    /// What to do now.
    pub now: String,
}

impl Diagnosis {
    /// All of it, one sentence after the other.
    pub fn text(&self) -> String {
        let log = self.log.iter().map(|line| format!("Its log: {line}."));
        let so = self.so.iter().map(|so| format!("So: {so}."));
        let parts = [format!("{}.", self.at), format!("{}.", self.said)]
            .into_iter()
            .chain(log)
            .chain(so);
        parts
            .chain([self.now.clone()])
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// The newest error whose meaning is known among lines that were logged since `fired`. A request is written down by
/// a clock that is not ours.
pub fn since(lines: &Lines, fired: Millis) -> Option<(Meaning, SafeText)> {
    cause::in_lines(lines, fired - CLOCKS)
}

/// Whether only the log can say more: Open WebUI says next to nothing, and no stage before it is at fault.
pub fn is_silent(route: Option<&ImageRoute>, stages: &[StageReport]) -> bool {
    matches!(route, Some(ImageRoute::OpenWebui { .. })) && first_bad(stages).is_none()
}

/// Joins the clues.
pub fn diagnose(clues: &Clues<'_>) -> Diagnosis {
    let fault = clues.fault;
    let said = fault.sentence();
    let known = cause::of_image(fault);
    let silent = known.is_none() && is_silent(clues.route, clues.stages);
    if let Some((meaning, line)) = clues.told.as_ref().filter(|_| silent) {
        return Diagnosis {
            at: "It fails behind Open WebUI, at LiteLLM or Bedrock: its log says so".into(),
            said,
            log: Some(line.clone()),
            so: Some(meaning.plain.into()),
            now: meaning.advice(clues.reader),
        };
    }
    // Bedrock's own word, not the catalogue's.
    if let Some(model) = clues.model.filter(|m| silent && m.is_asked && m.outcome == Outcome::Blocker) {
        return Diagnosis {
            at: "It fails behind Open WebUI, at Bedrock: the image model can not be called".into(),
            said,
            log: None,
            so: Some(model.evidence.clone()),
            now: model.next.clone(),
        };
    }
    let now = match (known, first_bad(clues.stages).map(|report| report.stage)) {
        (Some(meaning), _) => meaning.advice(clues.reader),
        (None, Some(ProbeStage::Dns | ProbeStage::LoadBalancer)) => {
            "Is AllowedCIDR open to this machine? A tunnel or another address is named with --app-url.".into()
        }
        // A paid request is never sent again by itself.
        _ if matches!(fault.kind, FaultKind::AwsFailed | FaultKind::TimedOut | FaultKind::Throttled) => {
            "Fire again in a moment; the log may say more.".into()
        }
        _ => fault.advice(),
    };
    Diagnosis {
        at: layer(clues),
        said,
        log: None,
        so: known.map(|meaning| meaning.plain.into()),
        now,
    }
}

fn first_bad(stages: &[StageReport]) -> Option<&StageReport> {
    stages.iter().find(|report| report.is_well == Some(false))
}

/// The first layer that is known to be at fault.
fn layer(clues: &Clues<'_>) -> String {
    let fault = clues.fault;
    if fault.kind == FaultKind::Guarded {
        return "Nothing was sent".into();
    }
    if let Some(report) = first_bad(clues.stages) {
        return format!("It fails at {}: {}", report.stage.title(), report.evidence);
    }
    let is_litellm = matches!(
        fault.code.as_deref(),
        Some("auth_error" | "no_db_connection" | "all_deployments_in_cooldown")
    );
    match clues.route {
        Some(ImageRoute::Bedrock) => "It fails at Bedrock, asked with your own credentials".into(),
        _ if fault.operation == "bedrock:InvokeModel" => "It fails at Bedrock, asked by the stack".into(),
        _ if fault.detail.contains("is not exposed") || fault.detail.starts_with("the load balancer answered") => {
            "It fails at the load balancer".into()
        }
        _ if is_litellm => "It fails at LiteLLM".into(),
        Some(ImageRoute::OpenWebui { .. }) => "All stages before it are well: it fails in Open WebUI or behind it".into(),
        _ => "All stages before it are well: it fails between LiteLLM and Bedrock".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::catalogue::{Access, Life};

    fn report(stage: ProbeStage, is_well: Option<bool>) -> StageReport {
        StageReport {
            stage,
            is_well,
            evidence: "503".into(),
            took: 1,
        }
    }

    fn of(route: Option<&ImageRoute>, fault: &Fault, stages: &[StageReport]) -> Diagnosis {
        diagnose(&Clues {
            route,
            fault,
            stages,
            told: None,
            model: None,
            reader: Reader::Console,
        })
    }

    #[test]
    fn the_failing_layer_is_named() {
        let fault = Fault::new(FaultKind::AwsFailed, "image", "", "");
        let well = [report(ProbeStage::Dns, Some(true)), report(ProbeStage::Litellm, None)];
        let ill = [report(ProbeStage::Dns, Some(true)), report(ProbeStage::OpenWebui, Some(false))];
        assert!(of(Some(&ImageRoute::Bedrock), &fault, &[]).at.contains("Bedrock"));
        assert!(of(None, &fault, &well).at.contains("between LiteLLM and Bedrock"));
        let bedrock = Fault::new(FaultKind::Throttled, "bedrock:InvokeModel", "m", "");
        assert!(of(None, &bedrock, &well).at.contains("at Bedrock, asked by the stack"));
        let hidden = Fault::new(FaultKind::Refused, "the test image", "m", "LiteLLM is not exposed at this address");
        assert!(of(None, &hidden, &well).at.contains("at the load balancer"));
        assert!(of(None, &fault, &ill).at.contains("Open WebUI: 503"));
        let unreachable = of(None, &fault, &[report(ProbeStage::LoadBalancer, Some(false))]);
        assert!(unreachable.now.contains("--app-url"), "{unreachable:?}");
    }

    #[test]
    fn a_model_that_is_gone_explains_what_open_webui_does_not() {
        let webui = ImageRoute::OpenWebui {
            app_url: "http://a".into(),
            admin: crate::core::names::Names::new("p").admin_password(),
        };
        let fault = Fault::new(
            FaultKind::Refused,
            "the test image",
            "nova-canvas",
            "Open WebUI says: [ERROR: Not Found]",
        );
        let gone = Verdict {
            life: Life::Ended,
            access: Access::Unknown,
            outcome: Outcome::Blocker,
            evidence: "m has ended".into(),
            next: "Take another.".into(),
            is_asked: true,
        };
        let with = |model, stages| {
            diagnose(&Clues {
                route: Some(&webui),
                fault: &fault,
                stages,
                told: None,
                model: Some(model),
                reader: Reader::Console,
            })
        };
        let said = with(&gone, &[]);
        assert_eq!((said.so.as_deref(), said.now.as_str()), (Some("m has ended"), "Take another."));
        assert!(said.text().ends_with("So: m has ended. Take another."), "{}", said.text());
        // The catalogue alone may be behind, and a stage that fails says more.
        let by_catalogue = Verdict {
            is_asked: false,
            ..gone.clone()
        };
        assert_eq!(with(&by_catalogue, &[]).so, None);
        assert_eq!(with(&gone, &[report(ProbeStage::OpenWebui, Some(false))]).so, None);
    }
}
