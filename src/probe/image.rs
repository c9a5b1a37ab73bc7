//! One image through the application, and what its errors mean. LiteLLM wraps AWS's answer into its own
//! class and words; here it is unwrapped again.

use std::time::Instant;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Answer, Probe, elapsed, line, printable, send, url};
use crate::{
    core::{
        fact::{Millis, Picture},
        fault::{Fault, FaultKind},
        secret::SecretText,
        text::SafeText,
    },
    picture::{self, Brief},
};

/// Pixels asked for. Never `auto`: LiteLLM fails on it.
const SIZE: &str = "1024x1024";

impl Probe {
    /// One image through the load balancer and LiteLLM.
    ///
    /// # Errors
    /// What failed, on which layer; never with the key in it.
    pub async fn litellm_image(&self, app_url: &str, key: &SecretText, brief: Brief, now: impl Fn() -> Millis) -> Result<Picture, Fault> {
        let key = printable(key, "the LiteLLM key")?;
        let asked = json!({
            "model": brief.model.as_str(),
            "prompt": brief.prompt.as_str(),
            "n": 1,
            "size": SIZE,
            "response_format": "b64_json",
        });
        let begun = Instant::now();
        let answer = send(self.post(app_url, "/v1/images/generations")?.bearer_auth(key).json(&asked), app_url).await?;
        let took = elapsed(begun);
        match answer.json() {
            Some(reply) if answer.status == StatusCode::OK => match reply["data"][0]["b64_json"].as_str() {
                Some(coded) => picture::from_base64(coded, brief.drawn(took, now())),
                None => Err(fault(FaultKind::OddAnswer, &brief, "LiteLLM's answer has no image")),
            },
            _ => Err(scrubbed(litellm_fault(&answer, &brief), &[key])),
        }
    }

    /// One image as a user of Open WebUI gets it: sign in, generate, fetch the file.
    ///
    /// # Errors
    /// What failed, on which layer; never with a secret in it.
    pub async fn openwebui_image(
        &self,
        app_url: &str,
        sign_in: (&SecretText, &SecretText),
        brief: Brief,
        now: impl Fn() -> Millis,
    ) -> Result<Picture, Fault> {
        let late = fault(FaultKind::TimedOut, &brief, "no answer in time");
        let image = self.through_openwebui(app_url, sign_in, brief, now);
        tokio::time::timeout(self.image, image).await.unwrap_or(Err(late))
    }

    async fn through_openwebui(
        &self,
        app_url: &str,
        (email, password): (&SecretText, &SecretText),
        brief: Brief,
        now: impl Fn() -> Millis,
    ) -> Result<Picture, Fault> {
        let email = printable(email, "the administrator's e-mail address")?;
        let password = password.expose_str().unwrap_or_default();
        let begun = Instant::now();
        let token = self.sign_in(app_url, email, password, &brief).await?;
        let hidden = [password, token.as_str()];
        let made = self.generate(app_url, &token, brief.clone()).await;
        let bytes = made.map_err(|fault| scrubbed(fault, &hidden))?;
        picture::from_bytes(bytes, brief.drawn(elapsed(begun), now()))
    }

    async fn sign_in(&self, app_url: &str, email: &str, password: &str, brief: &Brief) -> Result<Zeroizing<String>, Fault> {
        let asked = json!({ "email": email, "password": password });
        let answer = send(self.post(app_url, "/api/v1/auths/signin")?.json(&asked), app_url).await?;
        let reply = answer.json().unwrap_or_default();
        match (answer.status.as_u16(), reply["token"].as_str()) {
            (200, Some(token)) => Ok(Zeroizing::new(token.to_owned())),
            (400 | 401 | 403, _) => Err(fault(
                FaultKind::Refused,
                brief,
                "Open WebUI does not accept the administrator's e-mail address and password",
            )),
            _ => Err(scrubbed(openwebui_fault(&answer, brief), &[password])),
        }
    }

    async fn generate(&self, app_url: &str, token: &str, brief: Brief) -> Result<Vec<u8>, Fault> {
        let asked = json!({ "prompt": brief.prompt.as_str(), "size": SIZE });
        let request = self.post(app_url, "/api/v1/images/generations")?.bearer_auth(token).json(&asked);
        let answer = send(request, app_url).await?;
        let reply = answer.json().unwrap_or_default();
        let path = match (answer.status, reply[0]["url"].as_str()) {
            // A path of the application, never another host.
            (StatusCode::OK, Some(path)) if path.starts_with("/api/") => path,
            (StatusCode::OK, _) => return Err(fault(FaultKind::OddAnswer, &brief, "Open WebUI's answer names no file")),
            _ => return Err(openwebui_fault(&answer, &brief)),
        };
        let request = self.client()?.request(Method::GET, url(app_url, path)?).timeout(self.image);
        let file = send(request.bearer_auth(token), app_url).await?;
        match file.status {
            StatusCode::OK => Ok(file.body),
            _ => Err(openwebui_fault(&file, &brief)),
        }
    }

    fn post(&self, app_url: &str, path: &str) -> Result<RequestBuilder, Fault> {
        Ok(self.client()?.request(Method::POST, url(app_url, path)?).timeout(self.image))
    }
}

fn fault(kind: FaultKind, brief: &Brief, why: &str) -> Fault {
    Fault::new(kind, "the test image", &brief.model, why)
}

/// A fault without any of these secrets, should an answer have quoted one.
fn scrubbed(fault: Fault, secrets: &[&str]) -> Fault {
    let hide = |text: String, secret: &&str| if secret.is_empty() { text } else { text.replace(*secret, "***") };
    let detail = secrets.iter().fold(fault.detail.to_string(), hide);
    Fault {
        detail: detail.into(),
        ..fault
    }
}

/// Open WebUI says little: `{"detail": "[ERROR: Forbidden]"}`.
fn openwebui_fault(answer: &Answer, brief: &Brief) -> Fault {
    let said = answer.json().and_then(|it| it["detail"].as_str().map(str::to_owned));
    match said {
        Some(said) if answer.status.is_client_error() => fault(FaultKind::Refused, brief, &format!("Open WebUI says: {said}")),
        _ => balancer_fault(answer, brief),
    }
}

/// An answer that comes from the load balancer, or from nobody we know.
fn balancer_fault(answer: &Answer, brief: &Brief) -> Fault {
    let line = line(answer);
    match answer.status.as_u16() {
        500.. => fault(FaultKind::AwsFailed, brief, &format!("the load balancer answered {line}")),
        404 | 405 => fault(
            FaultKind::Refused,
            brief,
            &format!("LiteLLM is not exposed at this address ({line})"),
        ),
        200 if answer.is_html => fault(
            FaultKind::Refused,
            brief,
            &format!("LiteLLM is not exposed at this address ({line}, a page)"),
        ),
        300..400 => fault(
            FaultKind::Refused,
            brief,
            &format!("the address answers {line}; use that one with --app-url"),
        ),
        _ => fault(FaultKind::OddAnswer, brief, &line),
    }
}

/// Class of LiteLLM, AWS's error that stands behind it, and our kind. A wrong key of the *task* is a
/// refusal here: the operator's own credentials are well.
const CLASSES: [(&str, &str, FaultKind); 9] = [
    ("PermissionDeniedError", "AccessDeniedException", FaultKind::Denied),
    ("AuthenticationError", "UnrecognizedClientException", FaultKind::Refused),
    ("RateLimitError", "ThrottlingException", FaultKind::Throttled),
    ("NotFoundError", "ResourceNotFoundException", FaultKind::NotFound),
    ("Timeout", "ModelTimeoutException", FaultKind::TimedOut),
    ("ServiceUnavailableError", "ServiceUnavailableException", FaultKind::AwsFailed),
    ("InternalServerError", "InternalServerException", FaultKind::AwsFailed),
    ("ContentPolicyViolationError", "ValidationException", FaultKind::Refused),
    ("BadRequestError", "ValidationException", FaultKind::Refused),
];

fn litellm_fault(answer: &Answer, brief: &Brief) -> Fault {
    let Some(error) = answer.json().map(|it| it["error"].clone()).filter(Value::is_object) else {
        return balancer_fault(answer, brief);
    };
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let (message, kind) = (text("message"), text("type"));
    let status = answer.status.as_u16();
    match kind.as_str() {
        "auth_error" | "no_db_connection" => return own_fault(&kind, FaultKind::Refused, brief, "LiteLLM does not accept its API key"),
        "all_deployments_in_cooldown" => {
            return own_fault(
                &kind,
                FaultKind::Throttled,
                brief,
                "LiteLLM rests after an earlier failure and hides it",
            );
        }
        _ => {}
    }
    let class = CLASSES.iter().find(|(class, ..)| message.contains(&format!("litellm.{class}")));
    let detail = wrapped_text(&message);
    // Older versions of LiteLLM give every denial the class of a broken connection.
    let is_denial = detail.contains("not authorized to perform") || detail.contains("AccessDenied");
    let (code, kind) = match (class, status) {
        (_, 424) => ("ModelErrorException", FaultKind::AwsFailed),
        _ if is_denial => ("AccessDeniedException", FaultKind::Denied),
        (Some((_, code, kind)), _) => (*code, *kind),
        (None, 500..) => ("InternalServerException", FaultKind::AwsFailed),
        (None, _) => ("ValidationException", FaultKind::Refused),
    };
    let operation = if class.is_some() || is_denial {
        "bedrock:InvokeModel"
    } else {
        "the test image"
    };
    Fault {
        code: Some(code.into()),
        ..Fault::new(kind, operation, &brief.model, &detail)
    }
}

fn own_fault(code: &str, kind: FaultKind, brief: &Brief, why: &str) -> Fault {
    Fault {
        code: Some(SafeText::from(code)),
        ..fault(kind, brief, why)
    }
}

/// AWS's own words inside LiteLLM's: `litellm.X: BedrockException - {"message": "…"}` and a tail.
fn wrapped_text(message: &str) -> String {
    let head = message.split("\n\nLiteLLM:").next().unwrap_or(message);
    let json = head.find('{').map(|at| &head[at..]);
    let inner = json.and_then(|json| serde_json::Deserializer::from_str(json).into_iter::<Value>().next()?.ok());
    let said = inner.and_then(|it| it["message"].as_str().or(it["Message"].as_str()).map(str::to_owned));
    said.unwrap_or_else(|| head.split_once("Exception - ").map_or(head, |(_, rest)| rest).trim().to_owned())
}
