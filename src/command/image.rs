//! `image`: one paid picture, through the stack or straight from Bedrock, saved as a file.

use std::{io::Write as _, path::Path, time::Duration};

use futures::future::join_all;
use serde::Serialize;
use strum::IntoEnumIterator;

use super::{Answer, Context, Failure, Verdict, capitalised, confirm, reads, text, write};
use crate::{
    cli::ImageArgs,
    cloud::{Change, Done, ImageRoute, LogRequest, ProbeRequest, Query},
    core::{
        catalogue::{Catalogue, Kind, Place, ROLES, Verdict as ModelVerdict},
        cause::{self, Meaning, Reader},
        clear,
        diagnosis::{self, Clues, Diagnosis},
        fact::{Fact, Millis, Picture, ProbeStage, Stack, StageReport},
        fault::{Fault, FaultKind},
        lines::Lines,
        names::Names,
        prices::Prices,
        secret::SecretRef,
        tail::Arrived,
        template::Template,
        text::SafeText,
    },
    keep::{self, Kept},
};

/// Name under which LiteLLM offers the image model.
const ALIAS: &str = "nova-canvas";
/// How often the log is looked at for the reason of a failure, and how long after one look the next is.
const LOOKS: u32 = 4;
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// The JSON of `image`.
#[derive(Debug, Serialize)]
struct Report {
    /// Where it was saved; this and what follows only where a picture came.
    file: Option<String>,
    format: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    /// As it was asked for.
    model: SafeText,
    /// Milliseconds.
    took: Option<u64>,
    /// US dollars, as the price table has it.
    usd: Option<f64>,
    /// The way to it, the image itself last.
    stages: Vec<Stage>,
    /// Why there is none.
    error: Option<String>,
}

/// A stage, or the image itself.
#[derive(Debug, Serialize)]
struct Stage {
    #[serde(rename = "stage")]
    name: String,
    is_well: Option<bool>,
    evidence: SafeText,
    /// Milliseconds.
    took: u64,
}

/// Makes one image and saves it.
pub(super) async fn run(cx: &mut Context, args: &ImageArgs) -> Answer {
    let stack = reads::stack(&*cx.cloud, &cx.settings.stack).await;
    let stack = if args.direct {
        stack.ok().flatten()
    } else {
        Some(stack?.ok_or_else(|| reads::no_such_stack(cx))?)
    };
    let base = base_model(stack.as_ref());
    let route = match &stack {
        Some(stack) if !args.direct => route(cx, stack)?,
        _ => ImageRoute::Bedrock,
    };
    let model: SafeText = match (&args.model, &route) {
        (Some(model), _) => model.as_str().into(),
        (None, ImageRoute::Bedrock) => base.clone(),
        (None, _) => ALIAS.into(),
    };
    let priced = if model == ALIAS { &base } else { &model };
    let usd = Prices::shipped().model(priced).and_then(|m| m.usd_per_image);
    let prompt = args.prompt.as_deref().map_or_else(|| cx.settings.image_prompt.clone(), Into::into);
    let question = question(&route, &model, usd);
    let change = Change::TestImage {
        route: route.clone(),
        model: model.clone(),
        prompt,
    };
    free(cx, args.file.as_deref())?;
    confirm(cx, &question, std::slice::from_ref(&change)).await?;
    let mut attempt = Attempt {
        fired: cx.cloud.now(),
        stages: Vec::new(),
        route,
        model,
        usd,
        asked: None,
        base,
        names: stack.as_ref().map_or_else(|| Names::new(&cx.settings.stack), Names::of),
    };
    match attempt.make(cx, change).await {
        Ok(picture) => {
            let file = save(cx, args.file.as_deref(), &picture);
            attempt.report(cx, &picture, file)
        }
        Err(failure) => {
            let failure = failure.placed(&cx.reach());
            if cx.out.is_json() {
                cx.out.json(&attempt.without(&failure))?;
            }
            Err(failure)
        }
    }
}

/// One image that was asked for.
struct Attempt {
    fired: Millis,
    stages: Vec<StageReport>,
    route: ImageRoute,
    /// As it is asked for.
    model: SafeText,
    /// US dollars, as the price table has it.
    usd: Option<f64>,
    /// When the image itself was asked for.
    asked: Option<Millis>,
    /// The model behind the alias.
    base: SafeText,
    names: Names,
}

impl Attempt {
    async fn make(&mut self, cx: &mut Context, change: Change) -> Answer<Picture> {
        self.look(cx).await?;
        self.asked = Some(cx.cloud.now());
        match write(cx, change).await {
            Ok(Done::Picture(picture)) => Ok(picture),
            Ok(_) => Err(Fault::new(FaultKind::OddAnswer, "image", "", "no picture came back").into()),
            Err(Failure::Fault(fault)) => Err(self.failed(cx, fault).await),
            Err(other) => Err(other),
        }
    }

    fn stages(&self, image: Stage) -> Vec<Stage> {
        let before = self.stages.iter().map(|report| Stage {
            name: report.stage.to_string(),
            is_well: report.is_well,
            evidence: report.evidence.clone(),
            took: report.took,
        });
        before.chain([image]).collect()
    }

    /// The JSON where no picture came.
    fn without(&self, failure: &Failure) -> Report {
        let (is_well, evidence) = match self.asked {
            Some(_) => (Some(false), "none came"),
            None => (None, "not asked for"),
        };
        Report {
            file: None,
            format: None,
            width: None,
            height: None,
            model: self.model.clone(),
            took: None,
            usd: self.usd,
            stages: self.stages(Stage {
                name: "image".into(),
                is_well,
                evidence: evidence.into(),
                took: 0,
            }),
            error: failure.message(),
        }
    }

    /// The picture was paid for: the document tells of it where no file could be written, too.
    fn report(&self, cx: &mut Context, picture: &Picture, file: Answer<Kept>) -> Answer {
        let path = file.as_ref().ok().map(|kept| SafeText::new(&kept.path.display().to_string()));
        let size = format!("{} × {} {}", picture.width, picture.height, picture.format);
        if cx.out.is_json() {
            cx.out.json(&Report {
                file: path.map(|path| path.to_string()),
                format: Some(picture.format.to_string()),
                width: Some(picture.width),
                height: Some(picture.height),
                model: picture.model.clone(),
                took: Some(picture.took),
                usd: self.usd,
                stages: self.stages(Stage {
                    name: "image".into(),
                    is_well: Some(true),
                    evidence: size.into(),
                    took: picture.took,
                }),
                error: file.as_ref().err().and_then(Failure::message),
            })?;
        } else {
            cx.out.note(format!("{size} in {:.1} s", picture.took as f64 / 1000.0));
            if let Some(path) = path {
                cx.out.line(path)?;
            }
        }
        if let Some(because) = file?.because {
            cx.out.note(SafeText::new(&format!("It was saved elsewhere: {because}.")));
        }
        Ok(Verdict::Well)
    }

    /// Judges the stages on the way, which are free, before anything is paid.
    async fn look(&mut self, cx: &mut Context) -> Answer<()> {
        let (app_url, api_key) = match &self.route {
            ImageRoute::Bedrock => return Ok(()),
            ImageRoute::Litellm { app_url, api_key } => (app_url, api_key.clone()),
            ImageRoute::OpenWebui { app_url, .. } => (app_url, self.names.api_key()),
        };
        // The key is sent on the way that needs it, and on no other.
        let with_key = matches!(self.route, ImageRoute::Litellm { .. });
        let stages = ProbeStage::iter().filter(|stage| with_key || *stage != ProbeStage::Litellm);
        let asked = stages.map(async |stage| {
            let request = ProbeRequest {
                stage,
                app_url: app_url.clone(),
                api_key: api_key.clone(),
            };
            cx.cloud.ask(Query::Probe(request)).await
        });
        for answer in join_all(asked).await {
            // A stage that can not be asked, for want of the key, is not judged; the image shows it.
            if let Ok(Fact::Stage(report)) = answer {
                self.stages.push(report);
            }
        }
        if !with_key {
            self.stages.push(StageReport {
                stage: ProbeStage::Litellm,
                is_well: None,
                evidence: "judged through Open WebUI".into(),
                took: 0,
            });
        }
        for report in &self.stages {
            let mark = match report.is_well {
                Some(true) => "✓",
                Some(false) => "✗",
                None => "?",
            };
            cx.out.note(format!("{mark} {:<14} {}", report.stage.title(), report.evidence));
        }
        let is_down = |report: &StageReport| report.is_well == Some(false) && report.stage <= ProbeStage::LoadBalancer;
        if self.stages.iter().any(is_down) {
            let fault = Fault::new(
                FaultKind::Unreachable,
                "the test image",
                app_url,
                "nothing was asked for, nothing is charged",
            );
            return Err(self.not_well(&fault, None, None));
        }
        Ok(())
    }

    fn not_well(&self, fault: &Fault, told: Option<(Meaning, SafeText)>, model: Option<&ModelVerdict>) -> Failure {
        let why = diagnosis::diagnose(&Clues {
            route: Some(&self.route),
            fault,
            stages: &self.stages,
            told,
            model,
            reader: Reader::Script,
        });
        let said = capitalised(&why.said);
        Failure::NotWell(Diagnosis { said, ..why }.text())
    }

    /// That no image comes through the application is an answer, not a fault of the asking: why, as far as stages, log
    /// and Bedrock tell.
    async fn failed(&self, cx: &Context, fault: Fault) -> Failure {
        let is_direct = matches!(self.route, ImageRoute::Bedrock);
        // Straight from Bedrock only a word about the model or the prompt is an answer: credentials and permissions are
        // one's own.
        let is_ours = fault.is_credentials() || fault.detail.contains("is not authorized to perform");
        let is_answer = !is_ours && cause::of_image(&fault).is_some();
        if fault.kind == FaultKind::Guarded || is_direct && !is_answer {
            return fault.into();
        }
        let (mut told, mut model) = (None, None);
        if diagnosis::is_silent(Some(&self.route), &self.stages) {
            (told, model) = tokio::join!(self.log(cx), self.model(cx));
        }
        self.not_well(&fault, told, model.as_ref())
    }

    /// What the application has logged since; CloudWatch has it some seconds later. That the log can not be read is no
    /// trouble of the image.
    async fn log(&self, cx: &Context) -> Option<(Meaning, SafeText)> {
        let group = cx.settings.log_group.clone();
        let request = LogRequest {
            group: group.unwrap_or_else(|| self.names.log_group()),
            from: self.fired - diagnosis::CLOCKS,
            until: None,
            token: None,
            stream_prefix: None,
        };
        for _ in 0..LOOKS {
            let Ok(Fact::LogPage(page)) = cx.cloud.ask(Query::LogPage(request.clone())).await else {
                return None;
            };
            let mut lines = Lines::new(usize::MAX);
            lines.append(page.events.into_iter().map(|event| Arrived { event, late: false }));
            let told = diagnosis::since(&lines, self.fired);
            if told.is_some() {
                return told;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        None
    }

    async fn model(&self, cx: &Context) -> Option<ModelVerdict> {
        let state = reads::model(&*cx.cloud, &self.base).await;
        let about = cx.cloud.about();
        let place = Place {
            role: *ROLES.iter().find(|role| role.kind == Kind::Image)?,
            region: &about.region,
            now: cx.cloud.now(),
        };
        Some(Catalogue::shipped().judge(place, &self.base, Some(state.as_ref())))
    }
}

/// Through LiteLLM where the load balancer serves it, else through Open WebUI.
fn route(cx: &Context, stack: &Stack) -> Answer<ImageRoute> {
    let output = stack.output("ALBEndpoint").map(|url| url.trim_end_matches('/').into());
    let app_url: SafeText = cx.settings.app_url.clone().or(output).ok_or_else(|| {
        let why = format!(
            "stack {} has no output ALBEndpoint yet; name the address with --app-url",
            stack.name
        );
        Failure::Fault(Fault::new(FaultKind::Guarded, "", "", &why))
    })?;
    let names = Names::of(stack);
    Ok(if is_litellm_exposed(stack) {
        ImageRoute::Litellm {
            app_url,
            api_key: names.api_key(),
        }
    } else {
        ImageRoute::OpenWebui {
            app_url,
            admin: SecretRef {
                field: None,
                ..names.admin_password()
            },
        }
    })
}

/// `auto` exposes it only behind HTTPS.
fn is_litellm_exposed(stack: &Stack) -> bool {
    let value = |name: &str| stack.parameter(name).map_or("", |v| v.as_str());
    match value("ExposeLiteLLM") {
        "true" => true,
        "auto" => !value("ACMCertificateArn").is_empty(),
        _ => false,
    }
}

/// The model behind the alias: the stack's, else the template's default.
fn base_model(stack: Option<&Stack>) -> SafeText {
    let ours = stack.and_then(|s| s.parameter("ImageModelId")).cloned();
    ours.or_else(|| Template::shipped().parameter("ImageModelId").and_then(|p| p.default.clone()))
        .unwrap_or_default()
}

fn question(route: &ImageRoute, model: &str, usd: Option<f64>) -> String {
    let price = usd.map_or_else(|| "an unknown price".to_owned(), |usd| format!("about {}", text::usd(usd)));
    let (way, warning) = match route {
        ImageRoute::Bedrock => ("straight from Bedrock".to_owned(), String::new()),
        ImageRoute::Litellm { app_url, .. } => (format!("through LiteLLM at {app_url}"), clear_text(app_url, "the LiteLLM key")),
        ImageRoute::OpenWebui { app_url, .. } => {
            let what = "the administrator's password";
            (format!("through Open WebUI at {app_url}"), clear_text(app_url, what))
        }
    };
    format!("{warning}Make one image with {model} {way}, for {price}?")
}

/// The sentence that goes before the question when a secret would travel unencrypted.
fn clear_text(app_url: &str, what: &str) -> String {
    clear::host(app_url).map_or_else(String::new, |host| {
        format!("Attention: {what} would travel unencrypted to {host}. ")
    })
}

/// Nothing is paid for a picture that could not be kept.
fn free(cx: &Context, file: Option<&Path>) -> Answer<()> {
    if let Some(path) = file.filter(|path| path.exists()) {
        return Err(Failure::Usage(format!(
            "{} is there already: name another with --file, or move it away.",
            SafeText::new(&path.display().to_string())
        )));
    }
    let folder = Path::new(cx.settings.save_dir.as_str()).join("picture");
    keep::check(file.unwrap_or(&folder)).map_err(|why| {
        let why = format!(
            "{}. Name another place with --file, or set save_dir; nothing was sent.",
            capitalised(&why)
        );
        Failure::Usage(SafeText::new(&why).to_string())
    })
}

/// Never over a file that is there: what is paid for takes a name with a number then.
pub(super) fn save(cx: &Context, file: Option<&Path>, picture: &Picture) -> Answer<Kept> {
    let default = || Path::new(cx.settings.save_dir.as_str()).join(picture.file_name());
    let wanted = file.map_or_else(default, Path::to_path_buf);
    let kept = keep::keep(&wanted, |path| keep::write_new(path, |file| file.write_all(&picture.bytes)));
    Ok(kept.map_err(|why| Fault::new(FaultKind::Internal, "image", "", &why))?)
}
