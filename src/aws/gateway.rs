//! The HTTP client under every SDK client. It reads each answer whole and judges it: the SDK takes an
//! empty `200` for an empty list, XML that was cut off for a shorter list, and one damaged character in
//! a log line for a failed page.

use std::{borrow::Cow, fmt};

use aws_smithy_http_client::{Builder, ConnectorBuilder, proxy::ProxyConfig, tls};
use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use http_body_util::Full;

use super::clock::{Clock, local};

/// An answer with status 2xx that AWS does not give.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Odd(pub(super) String);

/// One client for all services, so that connections are shared. `clock` hears all answers.
pub(super) fn http_client(clock: Clock) -> SharedHttpClient {
    let inner = Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = ConnectorBuilder::default().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    });
    SharedHttpClient::new(Gateway(inner, clock))
}

#[derive(Debug)]
struct Gateway(SharedHttpClient, Clock);

impl HttpClient for Gateway {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Judge(self.0.http_connector(settings, components), self.1.clone()))
    }
}

#[derive(Debug)]
struct Judge(SharedHttpConnector, Clock);

impl HttpConnector for Judge {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = Wire::of(&request);
        let (sent, answer) = (local(), self.0.call(request));
        let clock = self.1.clone();
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            clock.hear(&answer, sent);
            if is_stream(&answer) {
                return Ok(answer);
            }
            judged(answer, &wire).await
        })
    }
}

fn is_stream(answer: &HttpResponse) -> bool {
    answer
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind.starts_with("application/vnd.amazon.eventstream"))
}

/// How a request is coded, and so what its answer must look like.
enum Wire {
    /// `is_void`: the service answers with an empty body when it has done it.
    Json {
        is_log: bool,
        is_void: bool,
    },
    Query {
        action: String,
    },
    Cbor,
    /// XML without a form: Route 53.
    Xml,
    Other,
}

impl Wire {
    fn of(request: &HttpRequest) -> Self {
        let header = |name: &str| request.headers().get(name).unwrap_or_default();
        let kind = header("content-type");
        if kind.starts_with("application/x-amz-json-") {
            let target = header("x-amz-target");
            let (is_log, is_void) = (target.starts_with("Logs_"), target.ends_with(".DeleteLogGroup"));
            return Self::Json { is_log, is_void };
        }
        if header("smithy-protocol") == "rpc-v2-cbor" {
            return Self::Cbor;
        }
        let action = || {
            let form = std::str::from_utf8(request.body().bytes()?).ok()?;
            form.split('&').find_map(|pair| pair.strip_prefix("Action="))
        };
        // Every path of Route 53 begins with the date of its protocol.
        if request.uri().contains("/2013-04-01/") {
            return Self::Xml;
        }
        match action() {
            Some(action) if kind.starts_with("application/x-www-form-urlencoded") => Self::Query { action: action.to_owned() },
            _ => Self::Other,
        }
    }

    /// `kind` is the type that the answer says it has.
    fn accepts(&self, kind: &str, body: &[u8]) -> bool {
        match self {
            Self::Json { is_void: true, .. } if body.is_empty() => kind.starts_with("application/x-amz-json-"),
            Self::Json { .. } => body.trim_ascii_start().starts_with(b"{"),
            // A map, its length said before it or not.
            Self::Cbor => body.first().is_some_and(|first| first >> 5 == 5),
            // The SDK takes XML that was cut off for a shorter list.
            Self::Query { action } => {
                let head = String::from_utf8_lossy(body.get(..512).unwrap_or(body));
                let end = format!("</{action}Response>");
                head.contains(&format!("<{action}Response")) && body.trim_ascii_end().ends_with(end.as_bytes())
            }
            Self::Xml => is_whole(body),
            // A portal that answers in the service's place; where nothing is answered the SDK looks at no body.
            Self::Other => !kind.starts_with("text/html"),
        }
    }
}

/// XML whose root element ends where the text does.
fn is_whole(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let root = text.split('<').skip(1).find(|tag| !tag.starts_with(['?', '!'])).unwrap_or_default();
    let name = root
        .split(|c: char| c.is_whitespace() || c == '>' || c == '/')
        .next()
        .unwrap_or_default();
    !name.is_empty() && text.trim_end().ends_with(&format!("</{name}>"))
}

async fn judged(mut answer: HttpResponse, wire: &Wire) -> Result<HttpResponse, ConnectorError> {
    let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
    let bytes = match ByteStream::new(body).collect().await {
        Ok(bytes) => bytes.into_bytes(),
        Err(broken) => return Err(ConnectorError::io(broken.into())),
    };
    let kind = answer.headers().get("content-type").unwrap_or_default();
    if answer.status().is_success() && !wire.accepts(kind, &bytes) {
        let odd = Odd(description(&answer, bytes.len()));
        return Err(ConnectorError::other(odd.into(), None));
    }
    *answer.body_mut() = match wire {
        Wire::Json { is_log: true, .. } => match repaired(&bytes) {
            Cow::Owned(mended) => mended.into(),
            Cow::Borrowed(_) => bytes.into(),
        },
        // The SDK traces the bytes of a body that is in memory, and of no other: secrets come this way.
        _ => SdkBody::from_body_1_x(Full::new(bytes)),
    };
    Ok(answer)
}

/// Status, type and size of an answer: what may be said of a body that is not to be shown.
pub(super) fn description(answer: &HttpResponse, size: usize) -> String {
    let kind = answer.headers().get("content-type").unwrap_or("no content type");
    Answer(answer.status().as_u16(), kind, size).to_string()
}

struct Answer<'a>(u16, &'a str, usize);

impl fmt::Display for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.2 {
            0 => write!(f, "status {}, empty body", self.0),
            size => write!(f, "status {}, {}, {size} bytes", self.0, self.1),
        }
    }
}

/// JSON in which half surrogate pairs, unknown escapes and broken UTF-8 have become `�`, so that one
/// damaged log line does not lose a page of ten thousand. Sound JSON is borrowed.
fn repaired(body: &[u8]) -> Cow<'_, [u8]> {
    // The check is ten times as fast as the mending, which is hardly ever needed.
    let text = str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed);
    let damage: Vec<(usize, usize)> = escapes(&text)
        .filter(|(_, is_sound, _)| !is_sound)
        .map(|(at, _, size)| (at, size))
        .collect();
    if damage.is_empty() {
        return match text {
            Cow::Borrowed(_) => Cow::Borrowed(body),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, size) in damage {
        out.push_str(&text[from..at]);
        out.push('\u{fffd}');
        from = at + size;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out.into_bytes())
}

/// Place, soundness and length of each escape.
fn escapes(text: &str) -> impl Iterator<Item = (usize, bool, usize)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = from + memchr::memchr(b'\\', &text.as_bytes()[from..])?;
        let (is_sound, size) = escape(&text[at..]);
        from = at + size;
        Some((at, is_sound, size))
    })
}

/// Whether the escape at the start of `text` is sound, and how many bytes it takes.
fn escape(text: &str) -> (bool, usize) {
    match (text.as_bytes().get(1), unit(text)) {
        (Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'), _) => (true, 2),
        (Some(b'u'), Some(0xd800..=0xdbff)) => match unit(&text[6..]) {
            Some(0xdc00..=0xdfff) => (true, 12),
            _ => (false, 6),
        },
        (Some(b'u'), Some(0xdc00..=0xdfff)) => (false, 6),
        (Some(b'u'), Some(_)) => (true, 6),
        _ => (false, 1),
    }
}

/// The code unit of `\uXXXX` at the start of `text`.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn damaged_escapes_become_replacement_characters() {
        for (damaged, want) in [
            (r#"{"a":"\ud83d"}"#, r#"{"a":"�"}"#),
            (r#"{"a":"\ude00x"}"#, r#"{"a":"�x"}"#),
            (r#"{"a":"\ud83dA"}"#, r#"{"a":"�A"}"#),
            (r#"{"a":"\x41"}"#, r#"{"a":"�x41"}"#),
            (r#"{"a":"\u12"}"#, r#"{"a":"�u12"}"#),
            (r#"{"a":"\\ud83d"}"#, r#"{"a":"\\ud83d"}"#),
            (r#"{"a":"\ud83d\ude00 \n é"}"#, r#"{"a":"\ud83d\ude00 \n é"}"#),
        ] {
            assert_eq!(String::from_utf8_lossy(&repaired(damaged.as_bytes())), want, "{damaged}");
        }
        assert_eq!(repaired(b"{\"a\":\"\xff\"}").as_ref(), "{\"a\":\"\u{fffd}\"}".as_bytes());
    }

    proptest! {
        #[test]
        fn whole_json_is_left_alone(text in any::<String>()) {
            let json = serde_json::to_string(&text).expect("a string is JSON");
            let kept = repaired(json.as_bytes());
            prop_assert_eq!(kept.as_ref(), json.as_bytes());
        }

        #[test]
        fn any_damage_is_mended(text in r#"(\\u[0-9a-fA-F]{0,5}|\\[a-z"]|[a-zé]){0,40}"#) {
            let json = format!("\"{}\"", text.replace("\\\"", ""));
            let mended = repaired(json.as_bytes());
            prop_assert!(serde_json::from_slice::<String>(&mended).is_ok());
        }
    }
}
