//! Frames of the screens in the sizes that people have.

use super::fixture::{self, frame};
use crate::{
    core::{
        dialog::{ImageDialog, ImageRun},
        fact::{Picture, PictureFormat, ProbeStage, StageReport},
        fault::{Fault, FaultKind},
        field::TextField,
        model::Model,
        screen::{
            Panel, ScreenId,
            deploy::{Planning, Stage},
        },
    },
    ui::image,
};

const SIZES: [(u16, u16); 3] = [(80, 20), (120, 36), (200, 56)];

#[test]
#[ignore = "prints frames to look at"]
fn look() {
    let want = std::env::var("LOOK").unwrap_or_default();
    for (name, model) in scenes() {
        if !name.contains(&want) {
            continue;
        }
        for size in SIZES {
            println!("=== {name} {}x{}", size.0, size.1);
            println!("{}", draw(&model, size));
        }
    }
}

fn draw(model: &Model, size: (u16, u16)) -> String {
    frame(model, size, |model, side, area, f| {
        match model.screen {
            ScreenId::Services => super::services::draw(model, side, area, f),
            ScreenId::Cost => super::cost::draw(model, side, area, f),
            ScreenId::Access => super::access::draw(model, side, area, f),
            _ => super::deploy::draw(model, side, area, f),
        }
        if let Some(crate::core::dialog::Dialog::Image(dialog)) = &model.dialog {
            image::draw(model, side, dialog, area, f);
        }
    })
}

fn on(mut model: Model, screen: ScreenId) -> Model {
    model.screen = screen;
    model
}

fn dialog(run: Option<ImageRun>) -> Model {
    let mut model = fixture::running();
    let names = model.names();
    let url = model.app_url().unwrap();
    model.dialog = Some(crate::core::dialog::Dialog::Image(ImageDialog {
        prompt: TextField::with("a lighthouse on a rocky coast at sunset, watercolor"),
        routes: vec![
            (
                "through LiteLLM".into(),
                crate::cloud::ImageRoute::Litellm {
                    app_url: url.clone(),
                    api_key: names.api_key(),
                },
                "nova-canvas".into(),
            ),
            (
                "through Open WebUI".into(),
                crate::cloud::ImageRoute::OpenWebui {
                    app_url: url,
                    admin: names.admin_password(),
                },
                "nova-canvas".into(),
            ),
            (
                "straight to Bedrock".into(),
                crate::cloud::ImageRoute::Bedrock,
                "stability.stable-image-core-v1:1".into(),
            ),
        ],
        route: 0,
        on_prompt: true,
        on_yes: false,
        price: "$0.040 an image (stability.stable-image-core-v1:1), estimate".into(),
        warning: Some("plain HTTP: the API key crosses the network in clear".into()),
        run,
    }));
    model
}

fn run(end: Option<Result<Picture, Fault>>, is_bad: bool) -> ImageRun {
    let report = |stage, is_well, evidence: &str, took| StageReport {
        stage,
        is_well,
        evidence: evidence.into(),
        took,
    };
    ImageRun {
        since: 592_000,
        stages: vec![
            report(ProbeStage::Dns, Some(true), "52.10.20.30, 52.10.20.31", 12),
            report(ProbeStage::LoadBalancer, Some(true), "200 in 41 ms", 41),
            report(
                ProbeStage::OpenWebui,
                Some(!is_bad),
                if is_bad {
                    "503 Service Temporarily Unavailable"
                } else {
                    "200 {\"status\":true}"
                },
                48,
            ),
            report(ProbeStage::Litellm, None, "not exposed: judged through Open WebUI", 0),
        ],
        end,
        saved: Some("./bic-image-1795376458000.png".into()),
    }
}

fn picture() -> Picture {
    Picture {
        bytes: vec![0; 500_000].into(),
        format: PictureFormat::Png,
        width: 1024,
        height: 1024,
        model: "nova-canvas".into(),
        prompt: "a lighthouse".into(),
        took: 8_240,
        at: fixture::NOW,
    }
}

fn scenes() -> Vec<(&'static str, Model)> {
    let mut form_button = fixture::form(fixture::with_stack("CREATE_COMPLETE"));
    if let Stage::Form(form) = &mut form_button.deploy {
        form.selected = form.fields.len();
        form.fields[2].cycle(1);
        form.fields[8].value = TextField::with("10.0.0.0/99");
        form.error =
            Some("SQLite cannot be shared by several Open WebUI tasks; take DeploymentSize small, or Database auto or postgres.".into());
    }
    let mut planning = fixture::form(fixture::nothing());
    if let Stage::Form(form) = planning.deploy.clone() {
        planning.deploy = Stage::Planning(Planning {
            request: form.request(&"x".into()),
            form,
            change_set: None,
            since: 596_000,
            due: 0,
            awaiting: None,
            fault: None,
        });
    }
    let mut slow = fixture::creating(100);
    slow.now.wall += 400_000;
    let mut ended = fixture::running();
    ended.progress.ended = Some(fixture::NOW - 5_000);
    ended.progress.started = fixture::NOW - 400_000;
    let mut services = on(fixture::running(), ScreenId::Services);
    services.show_stopped = true;
    let mut cost_low = on(fixture::running(), ScreenId::Cost);
    cost_low.cursors.insert(Panel::Cost, 30);
    let mut access = on(fixture::running(), ScreenId::Access);
    access.focus.insert(ScreenId::Access, Panel::Secrets);
    access.shown_secret = Some((access.names().api_key(), access.now.mono + 21_300));
    vec![
        ("nothing", fixture::nothing()),
        ("form-new", fixture::form(fixture::nothing())),
        ("form-button", form_button),
        ("planning", planning),
        ("plan", fixture::plan()),
        ("creating", fixture::creating(260)),
        ("slow", slow),
        ("failing", fixture::failing()),
        ("ended", ended),
        ("rest", fixture::running()),
        ("services", services),
        ("services-none", on(fixture::nothing(), ScreenId::Services)),
        ("cost", on(fixture::running(), ScreenId::Cost)),
        ("cost-low", cost_low),
        ("cost-none", on(fixture::nothing(), ScreenId::Cost)),
        ("access", access),
        ("access-none", on(fixture::nothing(), ScreenId::Access)),
        ("image-ask", dialog(None)),
        ("image-run", dialog(Some(run(None, false)))),
        ("image-done", dialog(Some(run(Some(Ok(picture())), false)))),
        (
            "image-bad",
            dialog(Some(run(
                Some(Err(Fault::new(FaultKind::AwsFailed, "image", "Open WebUI", "503"))),
                true,
            ))),
        ),
    ]
}

/// Whatever the size, down to silly ones: no panic, and the screen says something.
#[test]
fn every_scene_draws_at_every_size() {
    for (name, model) in scenes() {
        for size in SIZES.into_iter().chain([(40, 12), (60, 8), (20, 5), (3, 3), (1, 1)]) {
            for is_zoomed in [false, true] {
                let mut model = model.clone();
                model.is_zoomed = is_zoomed;
                let text = draw(&model, size);
                assert!(size.0 < 20 || text.trim().len() > 10, "{name} {size:?}");
            }
        }
    }
}
