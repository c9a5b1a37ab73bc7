//! A test image: judged by the state of the world, drawn here as a real PNG, and taken back out of the
//! same reply that LiteLLM and Bedrock give.

use base64::{Engine, engine::general_purpose::STANDARD};
use image::{ExtendedColorType, ImageEncoder, codecs::png};
use serde_json::{Value, json};

use super::{
    account::refusal,
    chance::Chance,
    elb,
    logs::Line,
    scene::What,
    task::{Phase, TaskState},
    traffic::ImageError,
    world::World,
};
use crate::{
    cloud::ImageRoute,
    core::{
        fact::Picture,
        fault::{Fault, FaultKind},
        names::App,
    },
    picture::{self, Brief},
};

const IMAGE: &str = "the test image";
const INVOKE: &str = "bedrock:InvokeModel";

/// Width and height that the template asks for.
const SIDE: u32 = 1_024;

impl World {
    /// One paid image.
    pub(super) fn test_image(&mut self, route: &ImageRoute, brief: Brief) -> Result<Picture, Fault> {
        match route {
            ImageRoute::Litellm { app_url, .. } => self.need_way(app_url, App::Litellm, &brief)?,
            ImageRoute::OpenWebui { app_url, .. } => self.need_way(app_url, App::OpenWebui, &brief)?,
            ImageRoute::Bedrock => need_model_id(&brief)?,
        }
        let refusal = self.image_refusal(self.now);
        if !matches!(route, ImageRoute::Bedrock) {
            self.note_request(route, refusal);
        }
        if let Some(error) = refusal {
            return Err(refused(route, &brief, error));
        }
        self.images += 1;
        let mut chance = self.chance(&format!("image/{}/{}", self.images, brief.prompt));
        let slow = if self.is_troubled(What::Slow, "", self.now) { 5 } else { 1 };
        let took = chance.between(5_400, 9_800).unsigned_abs() * slow;
        let reply = reply(&mut chance).map_err(|e| Fault::new(FaultKind::Internal, IMAGE, &brief.model, &e))?;
        let coded = reply["data"][0]["b64_json"].as_str().unwrap_or_default();
        picture::from_base64(coded, brief.drawn(took, self.now))
    }

    /// Whether a request would come through to the application that makes images.
    fn need_way(&self, url: &str, app: App, brief: &Brief) -> Result<(), Fault> {
        let fail = |kind: FaultKind, why: &str| Fault::new(kind, IMAGE, &brief.model, why);
        let Some((stack, _)) = self.balancer(url) else {
            return Err(Fault::new(FaultKind::Unreachable, IMAGE, url, "no connection"));
        };
        let answer = |app: App| self.exposed(stack, app).map_or((503, elb::NOBODY), |s| self.http_status(s));
        let is_exposed = app == App::OpenWebui || self.exposed(stack, app).is_some();
        match answer(if is_exposed { app } else { App::OpenWebui }) {
            (200, _) if !is_exposed => return Err(fail(FaultKind::Refused, &format!("{} (200 OK, a page)", elb::NOT_EXPOSED))),
            (200, _) => {}
            (504, _) => return Err(Fault::new(FaultKind::TimedOut, IMAGE, url, "no answer in time")),
            (status, text) => return Err(fail(FaultKind::AwsFailed, &format!("the load balancer answered {status} {text}"))),
        }
        let known = ["nova-canvas", "image-provisioned"];
        let has_provisioned = stack.values.get("ProvisionedModelArn").is_some_and(|arn| !arn.is_empty());
        let is_known = known[..=usize::from(has_provisioned)].contains(&brief.model.as_str());
        if app == App::Litellm && !is_known {
            let why = format!("/image/generations: Invalid model name passed in model={}", brief.model);
            return Err(fail(FaultKind::Refused, &why));
        }
        let is_litellm = |t: &TaskState| t.phase == Phase::Running && self.app_of(t) == App::Litellm;
        if self.tasks.iter().any(is_litellm) {
            Ok(())
        } else {
            Err(fail(FaultKind::Refused, "Open WebUI says: [ERROR: Server Connection Error]"))
        }
    }

    /// Leaves the lines of a request in the logs of those who saw it.
    fn note_request(&mut self, route: &ImageRoute, refusal: Option<ImageError>) {
        let running = |app: App| {
            let is_it = |t: &usize| self.tasks[*t].phase == Phase::Running && self.app_of(&self.tasks[*t]) == app;
            (0..self.tasks.len()).rev().find(is_it)
        };
        let (Some(webui), Some(litellm)) = (running(App::OpenWebui), running(App::Litellm)) else {
            return;
        };
        let at = self.now;
        let mut chance = self.chance(&format!("call/{}/{at}", self.requests));
        let mut lines = Vec::new();
        if let Some(error) = refusal {
            let text = self.image_error_text(litellm, at, error, &chance.uuid());
            lines.extend(text.lines().filter(|line| !line.is_empty()).map(|line| (litellm, line.to_owned())));
        }
        let client = format!("{}:{}", self.tasks[webui].address, chance.between(32_768, 60_999));
        let status = refusal.map_or(200, |error| error.status);
        lines.push((litellm, self.access((litellm, at), &client, "POST /v1/images/generations", status)));
        if matches!(route, ImageRoute::OpenWebui { .. }) {
            let status = if refusal.is_some() { 400 } else { 200 };
            lines.push((
                webui,
                self.access((webui, at), "198.51.100.16:0", "POST /api/v1/images/generations", status),
            ));
        }
        self.lines.extend(lines.into_iter().map(|(task, text)| Line { at, task, text }));
    }
}

/// Bedrock knows model ids, not LiteLLM's names for them.
fn need_model_id(brief: &Brief) -> Result<(), Fault> {
    if brief.model.contains('.') {
        return Ok(());
    }
    Err(Fault {
        code: Some("ValidationException".into()),
        ..Fault::new(
            FaultKind::Refused,
            INVOKE,
            &brief.model,
            "The provided model identifier is invalid.",
        )
    })
}

/// The refusal as each way tells it: Open WebUI says next to nothing.
fn refused(route: &ImageRoute, brief: &Brief, error: ImageError) -> Fault {
    let (kind, code, said) = match error.status {
        403 => (FaultKind::Denied, "AccessDeniedException", "Forbidden"),
        _ => (FaultKind::NotFound, "ResourceNotFoundException", "Not Found"),
    };
    let aws = |operation: &str| refusal(kind, operation, &brief.model, code, error.message);
    match route {
        ImageRoute::OpenWebui { .. } => {
            let why = format!("Open WebUI says: [ERROR: {said}]");
            Fault::new(FaultKind::Refused, IMAGE, &brief.model, &why)
        }
        ImageRoute::Litellm { .. } => aws(IMAGE),
        ImageRoute::Bedrock => aws(INVOKE),
    }
}

/// LiteLLM's reply with a picture in it.
fn reply(chance: &mut Chance) -> Result<Value, String> {
    let pixels = draw(chance);
    let mut bytes = Vec::new();
    let encoder = png::PngEncoder::new_with_quality(&mut bytes, png::CompressionType::Fast, png::FilterType::Sub);
    encoder
        .write_image(&pixels, SIDE, SIDE, ExtendedColorType::Rgb8)
        .map_err(|e| format!("the picture could not be encoded: {e}"))?;
    Ok(json!({
        "created": 0,
        "data": [{ "b64_json": STANDARD.encode(bytes), "revised_prompt": null, "url": null }],
    }))
}

type Color = [u8; 3];

/// A landscape at some hour: sky, sun, three ranges of hills.
fn draw(chance: &mut Chance) -> Vec<u8> {
    let skies: [(Color, Color); 5] = [
        ([32, 40, 92], [250, 150, 90]),
        ([70, 140, 220], [230, 240, 250]),
        ([20, 16, 48], [150, 60, 120]),
        ([90, 60, 110], [255, 200, 130]),
        ([30, 90, 120], [190, 230, 210]),
    ];
    let (top, bottom) = *chance.pick(&skies);
    let side = i64::from(SIDE);
    let sun = (chance.between(120, side - 120), chance.between(140, 520), chance.between(40, 110));
    let ranges: Vec<(Vec<i64>, Color)> = (0..3)
        .map(|k| {
            let shade = u8::try_from(90 - 28 * k).unwrap_or(30);
            let tint = u8::try_from(chance.between(0, 40)).unwrap_or(0);
            (
                heights(chance, 420 + 170 * k),
                [shade / 2 + tint / 2, shade, shade.saturating_add(tint)],
            )
        })
        .collect();
    let mut out = Vec::with_capacity(3 * (SIDE * SIDE) as usize);
    for y in 0..side {
        let sky: Color = std::array::from_fn(|c| blend(top[c], bottom[c], y, side));
        for x in 0..side {
            let column = usize::try_from(x).unwrap_or(0);
            let hill = ranges.iter().rev().find(|(heights, _)| y >= heights[column]);
            let in_sun = (x - sun.0).pow(2) + (y - sun.1).pow(2) < sun.2.pow(2);
            let color = match hill {
                Some((_, color)) => *color,
                None if in_sun => [255, 236, 180],
                None => sky,
            };
            out.extend_from_slice(&color);
        }
    }
    out
}

fn blend(a: u8, b: u8, at: i64, of: i64) -> u8 {
    u8::try_from((i64::from(a) * (of - at) + i64::from(b) * at) / of).unwrap_or(0)
}

/// The upper edge of a range of hills: three waves over each other.
fn heights(chance: &mut Chance, base: i64) -> Vec<i64> {
    let waves: Vec<(f64, f64, f64)> = [(70.0, 2.0), (32.0, 5.0), (12.0, 13.0)]
        .into_iter()
        .map(|(height, count)| (height, count, chance.between(0, 628) as f64 / 100.0))
        .collect();
    (0..SIDE)
        .map(|x| {
            let turn = f64::from(x) / f64::from(SIDE) * std::f64::consts::TAU;
            let sum: f64 = waves
                .iter()
                .map(|(height, count, phase)| height * (turn * count + phase).sin())
                .sum();
            base + sum as i64
        })
        .collect()
}
