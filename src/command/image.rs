//! `image`: one paid picture, through the stack or straight from Bedrock, saved as a file.

use std::{
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{Answer, Context, Failure, Verdict, confirm, reads, text, write};
use crate::{
    cli::ImageArgs,
    cloud::{Change, Done, ImageRoute},
    core::{
        clear,
        fact::{Picture, Stack},
        fault::{Fault, FaultKind},
        names::Names,
        prices::Prices,
        secret::SecretRef,
        template::Template,
        text::SafeText,
        when,
    },
};

/// Name under which LiteLLM offers the image model.
const ALIAS: &str = "nova-canvas";

/// The JSON of `image`.
#[derive(Debug, Serialize)]
struct Report {
    file: String,
    format: String,
    width: u32,
    height: u32,
    model: SafeText,
    /// Milliseconds.
    took: u64,
    /// US dollars, as the price table has it.
    usd: Option<f64>,
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
    let change = Change::TestImage { route, model, prompt };
    confirm(cx, &question, std::slice::from_ref(&change)).await?;
    let Done::Picture(picture) = write(cx, change).await.map_err(not_well)? else {
        return Err(Fault::new(FaultKind::OddAnswer, "image", "", "no picture came back").into());
    };
    let file = save(cx, args.file.as_deref(), &picture)?;
    report(cx, &picture, &file, usd)
}

/// What the application says no to is an answer, not a fault of the asking: the image does not come.
fn not_well(failure: Failure) -> Failure {
    match failure {
        Failure::Fault(fault) if fault.kind == FaultKind::Refused && !fault.operation.contains(':') => {
            Failure::NotWell(Failure::Fault(fault).message().unwrap_or_default())
        }
        other => other,
    }
}

fn report(cx: &mut Context, picture: &Picture, file: &Path, usd: Option<f64>) -> Answer {
    if cx.out.is_json() {
        cx.out.json(&Report {
            file: file.display().to_string(),
            format: picture.format.to_string(),
            width: picture.width,
            height: picture.height,
            model: picture.model.clone(),
            took: picture.took,
            usd,
        })?;
    } else {
        cx.out.note(format!(
            "{} × {} {} in {:.1} s",
            picture.width,
            picture.height,
            picture.format,
            picture.took as f64 / 1000.0
        ));
        cx.out.line(SafeText::new(&file.display().to_string()))?;
    }
    Ok(Verdict::Well)
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

/// Never over a file that is there.
fn save(cx: &Context, file: Option<&Path>, picture: &Picture) -> Answer<PathBuf> {
    let name = when::iso(picture.at).replace([':', '-'], "");
    let default = || Path::new(cx.settings.save_dir.as_str()).join(format!("bic-tui-{name}.{}", picture.format));
    let path = file.map_or_else(default, Path::to_path_buf);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .and_then(|mut file| file.write_all(&picture.bytes));
    written.map(|()| path.clone()).map_err(|e| {
        let why = format!("{} can not be written: {e}", path.display());
        Fault::new(FaultKind::Internal, "image", "", &why).into()
    })
}
