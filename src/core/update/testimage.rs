//! The test image: what it costs and where it goes first, then each stage on its own, then the picture.

use strum::IntoEnumIterator;

use super::{dialogs, keys, polling, say, ticket};
use crate::{
    cloud::{Change, Done, ImageRoute, ProbeRequest, Query},
    core::{
        clear,
        dialog::{Dialog, ImageDialog, ImageRun, can_pay},
        effect::Effect,
        fact::{Fact, Picture, ProbeStage},
        fault::Fault,
        field::TextField,
        guard::Consent,
        health::Severity,
        key::{Code, Key},
        keymap::Intent,
        model::Model,
        msg::Asked,
        polls::Poll,
        text::SafeText,
    },
};

/// Alias under which LiteLLM serves the image model.
const ALIAS: &str = "nova-canvas";

/// `I`: opens the dialog.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    if let Some(why) = model.guard.refusal_to_spend("a test image", model.now) {
        say(model, Severity::Warning, why);
        return Vec::new();
    }
    let routes = routes(model);
    let model_id = image_model(model);
    let price = model.cost.prices.model(&model_id).and_then(|p| p.usd_per_image);
    let price = price.map_or_else(|| "not known".to_owned(), |usd| format!("${usd:.3} an image, estimate"));
    let in_clear = model.app_url().and_then(|url| clear::host(&url).map(SafeText::from));
    let image = ImageDialog {
        prompt: TextField::with(&model.settings.image_prompt),
        routes,
        route: 0,
        on_prompt: true,
        on_yes: false,
        price: price.into(),
        base: model_id,
        in_clear,
        run: None,
    };
    dialogs::open(model, Dialog::Image(image))
}

/// Bedrock id of the image model that the stack, or the template's default, names.
pub fn image_model(model: &Model) -> SafeText {
    model
        .parameters()
        .get("ImageModelId")
        .map_or_else(|| "stability.stable-image-core-v1:1".into(), |id| id.as_str().into())
}

/// Ways to an image, the likeliest to work first: through the stack where there is one (LiteLLM only
/// answers from outside when the stack exposes it), and straight to Bedrock always.
fn routes(model: &Model) -> Vec<(SafeText, ImageRoute, SafeText)> {
    let names = model.names();
    let mut routes = Vec::new();
    if let (Some(app_url), true) = (model.app_url(), model.live_stack().is_some()) {
        let litellm = ImageRoute::Litellm {
            app_url: app_url.clone(),
            api_key: names.api_key(),
        };
        let webui = ImageRoute::OpenWebui {
            app_url,
            admin: names.admin_password(),
        };
        routes.push(("through Open WebUI".into(), webui, ALIAS.into()));
        // First where the load balancer passes it on; where it does not, the way can only fail.
        if is_litellm_exposed(model) {
            routes.insert(0, ("through LiteLLM".into(), litellm, ALIAS.into()));
        }
    }
    routes.push(("straight to Bedrock".into(), ImageRoute::Bedrock, image_model(model)));
    routes
}

/// Whether LiteLLM answers under the address of the application: by the stack's parameters, or because the
/// operator gave an address of his own, of which the stack knows nothing.
fn is_litellm_exposed(model: &Model) -> bool {
    let parameters = model.parameters();
    let value = |name: &str| parameters.get(name).map_or("", String::as_str);
    match value("ExposeLiteLLM") {
        "true" => true,
        "auto" => !value("ACMCertificateArn").is_empty() || model.settings.app_url.is_some(),
        _ => model.settings.app_url.is_some(),
    }
}

/// A key in the dialog.
pub(super) fn on_key(model: &mut Model, mut image: ImageDialog, key: Key) -> Vec<Effect> {
    if image.run.is_some() {
        return on_result_key(model, image, key);
    }
    match key.code {
        Code::Esc => return dialogs::cancelled(model),
        Code::Up | Code::Down => {
            let n = image.routes.len();
            image.route = if key.code == Code::Up {
                (image.route + n - 1) % n
            } else {
                (image.route + 1) % n
            };
        }
        // Tab goes round: prompt → Cancel → Fire.
        Code::Tab => (image.on_prompt, image.on_yes) = (image.on_yes, !image.on_prompt && !image.on_yes),
        Code::BackTab => (image.on_prompt, image.on_yes) = (!image.on_prompt && !image.on_yes, image.on_prompt),
        Code::Enter if image.on_prompt => image.on_prompt = false,
        Code::Enter if image.on_yes => return fire(model, image),
        Code::Enter => return dialogs::cancelled(model),
        _ if image.on_prompt => {
            image.prompt.key(key);
        }
        _ => match key.typed() {
            Some('y') => return fire(model, image),
            Some('n' | 'q') => return Vec::new(),
            _ => {}
        },
    }
    model.dialog = Some(Dialog::Image(image));
    Vec::new()
}

fn fire(model: &mut Model, mut image: ImageDialog) -> Vec<Effect> {
    // The dialog says it where its button is.
    if !can_pay(model.size) {
        model.dialog = Some(Dialog::Image(image));
        return Vec::new();
    }
    let Some((_, route, name)) = image.routes.get(image.route).cloned() else {
        return Vec::new();
    };
    let prompt: SafeText = image.prompt.text().into();
    let mut effects = dialogs::send(
        model,
        vec![Change::TestImage {
            route: route.clone(),
            model: name,
            prompt,
        }],
        None,
        Consent::given(),
    );
    if effects.is_empty() {
        return effects;
    }
    image.run = Some(ImageRun {
        fired: model.now.wall,
        since: model.now.mono,
        stages: Vec::new(),
        end: None,
        saved: None,
    });
    if let ImageRoute::Litellm { app_url, .. } | ImageRoute::OpenWebui { app_url, .. } = route {
        let api_key = model.names().api_key();
        for stage in ProbeStage::iter() {
            let ticket = ticket(model, Asked::Probe);
            let request = ProbeRequest {
                stage,
                app_url: app_url.clone(),
                api_key: api_key.clone(),
            };
            effects.push(Effect::Ask(ticket, Query::Probe(request)));
        }
    }
    dialogs::open(model, Dialog::Image(image));
    effects
}

fn on_result_key(model: &mut Model, mut image: ImageDialog, key: Key) -> Vec<Effect> {
    let done = image.run.as_ref().and_then(|r| r.end.clone());
    match model.keymap.resolve(model.screen, key) {
        Some(Intent::Back | Intent::Interrupt | Intent::Enter) => Vec::new(),
        Some(Intent::Save) => {
            if let Some(run) = &mut image.run {
                run.saved = None;
            }
            model.dialog = Some(Dialog::Image(image));
            done.and_then(Result::ok).map_or_else(Vec::new, |p| vec![save(model, &p)])
        }
        Some(Intent::Copy) => {
            model.dialog = Some(Dialog::Image(image));
            match done {
                Some(Err(fault)) => vec![Effect::Copy(format!("{}. {}", fault.sentence(), model.advice(&fault)).into())],
                _ => Vec::new(),
            }
        }
        Some(Intent::Image) if done.is_some() => open(model),
        Some(Intent::ShowLogs) => keys::obey(model, Intent::ShowLogs),
        _ => {
            model.dialog = Some(Dialog::Image(image));
            Vec::new()
        }
    }
}

fn save(model: &Model, picture: &Picture) -> Effect {
    let path = format!("{}/{}", model.settings.save_dir, picture.file_name());
    Effect::Save(path.into(), picture.bytes.clone())
}

/// A stage was judged.
pub(super) fn on_stage(model: &mut Model, answer: Result<Fact, Fault>) -> Vec<Effect> {
    if let (Some(Dialog::Image(ImageDialog { run: Some(run), .. })), Ok(Fact::Stage(report))) = (&mut model.dialog, answer) {
        run.stages.push(report);
        run.stages.sort_by_key(|r| r.stage);
    }
    Vec::new()
}

/// The image came, or did not.
pub(super) fn on_image(model: &mut Model, answer: Result<Done, Fault>) -> Vec<Effect> {
    let end = match answer {
        Ok(Done::Picture(picture)) => Ok(picture),
        Ok(_) => return Vec::new(),
        Err(fault) => {
            super::record(model, fault.clone());
            // The log may say why.
            polling::hurry(model, &[Poll::Logs]);
            Err(fault)
        }
    };
    let effects = end.as_ref().ok().map(|p| save(model, p)).into_iter().collect();
    match &mut model.dialog {
        Some(Dialog::Image(ImageDialog { run: Some(run), .. })) => run.end = Some(end),
        _ => say(model, Severity::Note, "the test image is done; it is being saved"),
    }
    effects
}

/// The picture was saved, or could not be.
pub(super) fn on_saved(model: &mut Model, answer: &Result<SafeText, Fault>) {
    if let Some(Dialog::Image(ImageDialog { run: Some(run), .. })) = &mut model.dialog {
        run.saved = Some(answer.clone().map_err(|fault| fault.sentence().into()));
    }
}
