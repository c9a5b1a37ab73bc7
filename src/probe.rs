//! The HTTP side of the probe: the stages from here to LiteLLM, and one image through the application.
//! It follows no redirect, so a key is sent nowhere but to the address that it is meant for.

mod image;

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url, redirect::Policy};
use serde_json::Value;

use crate::{
    core::{
        fact::{ProbeStage, StageReport},
        fault::{Fault, FaultKind},
        secret::SecretText,
        text::SafeText,
    },
    picture::MAX_BYTES,
};

/// Longest time to connect.
const CONNECT: Duration = Duration::from_millis(3_100);

/// Largest answer that is read: a picture in base64 and its frame.
const MAX_ANSWER: usize = MAX_BYTES / 3 * 4 + (1 << 20);

/// HTTP to the application.
#[derive(Debug)]
pub struct Probe {
    /// Made when first needed: reading the trusted certificates takes time.
    client: OnceLock<Client>,
    stage: Duration,
    image: Duration,
}

/// An answer, read whole.
struct Answer {
    status: StatusCode,
    is_html: bool,
    to: Option<SafeText>,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// What a stage showed: well, not well, or not to be judged from here; and the evidence.
type Verdict = (Option<bool>, String);

impl Probe {
    /// With time limits for one stage and for one image.
    pub fn new(stage: Duration, image: Duration) -> Self {
        let client = OnceLock::new();
        Self { client, stage, image }
    }

    fn client(&self) -> Result<&Client, Fault> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .user_agent(concat!("bic-tui/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| {
                Fault::new(
                    FaultKind::Internal,
                    "probe",
                    "",
                    "TLS could not be set up: are there trusted certificates?",
                )
            })?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Judges one stage. It never fails: what went wrong is its evidence.
    pub async fn stage(&self, stage: ProbeStage, app_url: &str, key: Option<&SecretText>) -> StageReport {
        // Setting up TLS is no part of the way.
        let _ = self.client();
        let begun = Instant::now();
        let verdict = match url(app_url, "/") {
            Ok(_) => tokio::time::timeout(self.stage, self.verdict(stage, app_url, key)).await,
            Err(fault) => Ok((Some(false), fault.detail.to_string())),
        };
        let is_late = verdict.is_err();
        let late = |_| (Some(false), format!("no answer within {:?}", self.stage));
        let (is_well, evidence) = verdict.unwrap_or_else(late);
        let took = elapsed(begun);
        let evidence = if stage == ProbeStage::Dns || is_late {
            evidence
        } else {
            format!("{evidence} in {took} ms")
        };
        StageReport {
            stage,
            is_well,
            evidence: evidence.into(),
            took,
        }
    }

    async fn verdict(&self, stage: ProbeStage, app_url: &str, key: Option<&SecretText>) -> Verdict {
        let (path, judge): (_, fn(&Answer) -> Verdict) = match stage {
            ProbeStage::Dns => return resolve(app_url).await,
            ProbeStage::LoadBalancer => ("/", load_balancer),
            ProbeStage::OpenWebui => ("/health", open_webui),
            ProbeStage::Litellm => ("/v1/models", litellm),
        };
        match self.get(app_url, path, key).await {
            Ok(answer) => judge(&answer),
            Err(fault) => (Some(false), fault.detail.to_string()),
        }
    }

    async fn get(&self, app_url: &str, path: &str, key: Option<&SecretText>) -> Result<Answer, Fault> {
        let request = self.client()?.request(Method::GET, url(app_url, path)?);
        let request = match key {
            Some(key) => request.bearer_auth(printable(key, "the LiteLLM key")?),
            None => request,
        };
        send(request, app_url).await
    }
}

async fn resolve(app_url: &str) -> Verdict {
    let Ok(url) = url(app_url, "/") else {
        return (Some(false), "not an address".into());
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or(80);
    match tokio::net::lookup_host((host.as_str(), port)).await {
        Ok(found) => {
            let mut addresses: Vec<String> = found.map(|address| address.ip().to_string()).collect();
            addresses.dedup();
            if addresses.is_empty() {
                (Some(false), format!("{host} has no address"))
            } else {
                (Some(true), addresses.join(", "))
            }
        }
        Err(_) => (Some(false), format!("{host} does not resolve")),
    }
}

/// Whatever the status: something speaks HTTP there.
fn load_balancer(answer: &Answer) -> Verdict {
    (Some(true), line(answer))
}

fn open_webui(answer: &Answer) -> Verdict {
    let is_healthy = answer.json().is_some_and(|it| it["status"] == Value::Bool(true));
    match (answer.status, is_healthy) {
        (StatusCode::OK, true) => (Some(true), line(answer)),
        (StatusCode::OK, false) => (Some(false), format!("{}, but not from Open WebUI", line(answer))),
        _ => (Some(false), line(answer)),
    }
}

fn litellm(answer: &Answer) -> Verdict {
    let models = answer.json().and_then(|it| it["data"].as_array().map(Vec::len));
    match (answer.status.as_u16(), models) {
        (200, Some(1)) => (Some(true), format!("{}, 1 model", line(answer))),
        (200, Some(models)) => (Some(true), format!("{}, {models} models", line(answer))),
        // Open WebUI answers every path that it does not know with its page.
        (404 | 405, _) => not_exposed(answer),
        (200, None) if answer.is_html => not_exposed(answer),
        (400 | 401 | 403, _) => (Some(false), format!("{}: the key is not accepted", line(answer))),
        _ => (Some(false), line(answer)),
    }
}

fn not_exposed(answer: &Answer) -> Verdict {
    (None, format!("{}: LiteLLM is not exposed at this address", line(answer)))
}

/// `503 Service Unavailable`, and where to when it sends us elsewhere.
fn line(answer: &Answer) -> String {
    let status = answer.status;
    let line = match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    };
    match &answer.to {
        Some(to) => format!("{line} to {to}"),
        None => line,
    }
}

/// The address of a path of the application.
fn url(app_url: &str, path: &str) -> Result<Url, Fault> {
    let base = Url::parse(app_url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let joined = base.and_then(|base| {
        let prefix = base.path().trim_end_matches('/').to_owned();
        base.join(&format!("{prefix}{path}"))
            .ok()
            .filter(|url| url.origin() == base.origin())
    });
    joined.ok_or_else(|| {
        Fault::new(
            FaultKind::Guarded,
            "probe",
            app_url,
            &format!("{app_url} is not an http or https address"),
        )
    })
}

/// A secret as a header can carry it.
fn printable<'a>(secret: &'a SecretText, what: &str) -> Result<&'a str, Fault> {
    let text = secret
        .expose_str()
        .filter(|text| text.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
    text.ok_or_else(|| Fault::new(FaultKind::Refused, "probe", what, "it has characters that HTTP can not carry"))
}

/// Sends, and reads the answer up to a limit. A fault tells host and kind only.
async fn send(request: RequestBuilder, app_url: &str) -> Result<Answer, Fault> {
    let response = request.send().await.map_err(|error| broken(&error, app_url))?;
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let answer = Answer {
        status: response.status(),
        is_html: header("content-type").is_some_and(|kind| kind.starts_with("text/html")),
        to: header("location").map(SafeText::from),
        body: Vec::new(),
    };
    Ok(Answer {
        body: body(response, app_url).await?,
        ..answer
    })
}

async fn body(mut response: Response, app_url: &str) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error, app_url))? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(Fault::new(FaultKind::OddAnswer, "probe", app_url, "the answer is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn broken(error: &reqwest::Error, app_url: &str) -> Fault {
    let host = Url::parse(app_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let host = host.unwrap_or_else(|| app_url.to_owned());
    let (kind, why) = match () {
        () if error.is_connect() && error.is_timeout() => (FaultKind::Unreachable, "no connection in time"),
        () if error.is_connect() => (FaultKind::Unreachable, "no connection"),
        () if error.is_timeout() => (FaultKind::TimedOut, "no answer in time"),
        () => (FaultKind::Unreachable, "the connection broke off"),
    };
    Fault::new(kind, "the test image", &host, why)
}

fn elapsed(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}
