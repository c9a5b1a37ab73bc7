//! Bedrock: one image straight from the model, with the operator's own credentials.

use std::time::Instant;

use aws_sdk_bedrockruntime::Client;
use aws_smithy_types::Blob;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault;
use crate::{
    core::{
        fact::{Millis, Picture},
        fault::{Fault, FaultKind},
    },
    picture::{self, Brief},
};

const OPERATION: &str = "bedrock:InvokeModel";

/// Families of models, told apart by their ids, each with a request of its own shape.
fn request(brief: &Brief) -> Option<Value> {
    let model = brief.model.as_str();
    let is_amazon = ["amazon.nova-canvas", "amazon.titan-image", ":provisioned-model/"];
    if model.contains("stability.") {
        return Some(json!({ "prompt": brief.prompt.as_str() }));
    }
    is_amazon.iter().any(|family| model.contains(family)).then(|| {
        json!({
            "taskType": "TEXT_IMAGE",
            "textToImageParams": { "text": brief.prompt.as_str() },
            "imageGenerationConfig": { "width": 1024, "height": 1024, "numberOfImages": 1 },
        })
    })
}

/// Both families answer with a list of images; the rest says why there is none.
#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    images: Option<Vec<String>>,
    #[serde(default)]
    finish_reasons: Option<Vec<Option<String>>>,
    #[serde(default)]
    error: Option<String>,
}

/// Asks for one image. `now` is asked when it has arrived.
pub(super) async fn image(client: &Client, brief: Brief, now: impl Fn() -> Millis) -> Result<Picture, Fault> {
    let Some(body) = request(&brief) else {
        let why = format!(
            "How to ask {} for an image is not known: name a stability., amazon.nova-canvas or amazon.titan-image model",
            brief.model
        );
        return Err(Fault::new(FaultKind::Guarded, OPERATION, &brief.model, &why));
    };
    let begun = Instant::now();
    let output = client
        .invoke_model()
        .model_id(brief.model.as_str())
        .content_type("application/json")
        .accept("application/json")
        .body(Blob::new(body.to_string()))
        .send()
        .await
        .map_err(fault::on(OPERATION, &brief.model))?;
    let coded = coded_image(output.body.as_ref(), &brief)?;
    let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    picture::from_base64(&coded, brief.drawn(took, now()))
}

fn coded_image(body: &[u8], brief: &Brief) -> Result<String, Fault> {
    let fault = |kind, why: &str| Fault::new(kind, OPERATION, &brief.model, why);
    let Ok(reply) = serde_json::from_slice::<Reply>(body) else {
        return Err(fault(FaultKind::OddAnswer, "the reply is not the JSON of an image model"));
    };
    let reasons = reply.finish_reasons.unwrap_or_default();
    if let Some(why) = reasons.into_iter().flatten().next().or(reply.error) {
        return Err(fault(FaultKind::Refused, &why));
    }
    let first = reply.images.unwrap_or_default().into_iter().next();
    first.ok_or_else(|| fault(FaultKind::OddAnswer, "the reply has no image"))
}
