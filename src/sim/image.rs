//! A test image: judged by the state of the world, drawn here as a real PNG, and taken back out of the
//! same reply that LiteLLM and Bedrock give.

use base64::{Engine, engine::general_purpose::STANDARD};
use image::{ExtendedColorType, ImageEncoder, codecs::png};

use super::{chance::Chance, elb, logs::Line, scene::What, task::Phase, traffic::DENIED, world::World};
use crate::{
    cloud::ImageRoute,
    core::{
        fact::{Picture, PictureFormat},
        fault::{Fault, FaultKind},
        names::App,
        text::SafeText,
    },
};

/// Width and height that the template asks for.
const SIDE: u32 = 1_024;

impl World {
    /// One paid image.
    pub(super) fn test_image(&mut self, route: &ImageRoute, model: &SafeText, prompt: &SafeText) -> Result<Picture, Fault> {
        let is_through_stack = match route {
            ImageRoute::Litellm { app_url, .. } => Some((app_url, App::Litellm)),
            ImageRoute::OpenWebui { app_url, .. } => Some((app_url, App::OpenWebui)),
            ImageRoute::Bedrock => None,
        };
        let operation = if is_through_stack.is_some() {
            "image"
        } else {
            "bedrock:InvokeModel"
        };
        if let Some((url, app)) = is_through_stack {
            self.need_way(operation, url, app)?;
        }
        let is_denied = self.is_image_denied(self.now);
        if is_through_stack.is_some() {
            self.note_request(is_denied);
        }
        if is_denied {
            return Err(denied(operation, model, route));
        }
        self.images += 1;
        let mut chance = self.chance(&format!("image/{}/{prompt}", self.images));
        let slow = if self.is_troubled(What::Slow, "", self.now) { 5 } else { 1 };
        let took = chance.between(5_400, 9_800).unsigned_abs() * slow;
        let reply = reply(&mut chance).map_err(|e| Fault::new(FaultKind::Internal, operation, model, &e))?;
        self.decoded(operation, &reply, (model, prompt), took)
    }

    /// Whether a request would come through to the application that makes images.
    fn need_way(&self, operation: &str, url: &str, app: App) -> Result<(), Fault> {
        let fail = |kind: FaultKind, why: &str| Fault::new(kind, operation, url, why);
        let Some((stack, _)) = self.balancer(url) else {
            return Err(fail(FaultKind::Unreachable, "the name does not resolve"));
        };
        let Some(service) = self.exposed(stack, app) else {
            return Err(fail(FaultKind::OddAnswer, elb::NOT_EXPOSED));
        };
        match self.http_status(service) {
            (200, _) => {}
            (504, text) => return Err(fail(FaultKind::TimedOut, &format!("504 {text}"))),
            (status, text) => return Err(fail(FaultKind::AwsFailed, &format!("{status} {text}"))),
        }
        let is_litellm = |t: &super::task::TaskState| t.phase == Phase::Running && self.app_of(t) == App::Litellm;
        if self.tasks.iter().any(is_litellm) {
            Ok(())
        } else {
            Err(fail(FaultKind::Refused, "400 [ERROR: Connection error: LiteLLM does not answer]"))
        }
    }

    /// Leaves the lines of a request in LiteLLM's log.
    fn note_request(&mut self, is_denied: bool) {
        let litellm = (0..self.tasks.len())
            .rev()
            .find(|t| self.tasks[*t].phase == Phase::Running && self.app_of(&self.tasks[*t]) == App::Litellm);
        let Some(task) = litellm else { return };
        let serial = self.serial();
        let call = self.chance(&format!("call/{serial}")).uuid();
        let mut text = String::new();
        if is_denied {
            text = self.image_error_text(task, self.now, DENIED, &call) + "\n";
        }
        let status = if is_denied { "403 Forbidden" } else { "200 OK" };
        text.push_str(&format!(
            "INFO:     10.42.0.31:{} - \"POST /v1/images/generations HTTP/1.1\" {status}",
            40_000 + serial % 20_000
        ));
        let at = self.now;
        self.lines.extend(text.lines().map(|line| Line {
            at,
            task,
            text: line.to_owned(),
        }));
    }

    /// Out of the reply's JSON, its base64 and its PNG: nothing is shown that was not decoded.
    fn decoded(&self, operation: &str, reply: &str, asked: (&SafeText, &SafeText), took: u64) -> Result<Picture, Fault> {
        let odd = |why: &str| Fault::new(FaultKind::OddAnswer, operation, asked.0, why);
        let json: serde_json::Value = serde_json::from_str(reply).map_err(|_| odd("not JSON"))?;
        let text = json["data"][0]["b64_json"].as_str().ok_or_else(|| odd("no image in it"))?;
        let bytes = STANDARD.decode(text).map_err(|_| odd("not base64"))?;
        let picture = image::load_from_memory(&bytes).map_err(|_| odd("not a picture"))?;
        Ok(Picture {
            bytes: bytes.into(),
            format: PictureFormat::Png,
            width: picture.width(),
            height: picture.height(),
            model: asked.0.clone(),
            prompt: asked.1.clone(),
            took,
            at: self.now,
        })
    }
}

fn denied(operation: &str, model: &SafeText, route: &ImageRoute) -> Fault {
    let detail = match route {
        ImageRoute::OpenWebui { .. } => "400 [ERROR: Forbidden]".to_owned(),
        ImageRoute::Litellm { .. } => format!("403 litellm.PermissionDeniedError: BedrockException - {}", DENIED.message),
        ImageRoute::Bedrock => DENIED.message.to_owned(),
    };
    Fault {
        code: Some("AccessDeniedException".into()),
        ..Fault::new(FaultKind::Denied, operation, model, &detail)
    }
}

/// LiteLLM's reply with a picture in it.
fn reply(chance: &mut Chance) -> Result<String, String> {
    let pixels = draw(chance);
    let mut bytes = Vec::new();
    let encoder = png::PngEncoder::new_with_quality(&mut bytes, png::CompressionType::Fast, png::FilterType::Sub);
    encoder
        .write_image(&pixels, SIDE, SIDE, ExtendedColorType::Rgb8)
        .map_err(|e| format!("the picture could not be encoded: {e}"))?;
    let body = serde_json::json!({
        "created": 0,
        "data": [{ "b64_json": STANDARD.encode(bytes), "revised_prompt": null, "url": null }],
    });
    Ok(body.to_string())
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
