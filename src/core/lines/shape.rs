//! What an error says without the numbers, ids and names that differ from one time to the next.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::core::{logline, text::SafeText};

/// Bytes of a line that tell its shape.
const HEAD: usize = 600;
/// Most bytes of a shape: signs in the place of what is hidden, or quoted, are longer than it.
const MOST: usize = HEAD;

/// The shape of an error: numbers become `#`, ids `<id>`, quoted words `"…"`. A quoted sentence stays,
/// since it is the message; so does the status of an access line.
pub fn shape(raw: &str) -> SafeText {
    let whole = shape_of_all(raw);
    match logline::head_of(&whole, MOST) {
        head if head.len() == whole.len() => whole,
        head => head.into(),
    }
}

fn shape_of_all(raw: &str) -> SafeText {
    static VALUES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r#"(?P<quoted>"[^"\s]*"|'[^'\s]*')(?P<key>:?)"#,
            r"|(?P<id>\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b0x[0-9a-fA-F]+\b|\b[0-9a-fA-F]{12,}\b",
            r"|\b(?:req|call|chatcmpl|trace|img|resp|msg)[-_][A-Za-z0-9-]{6,})",
            r"|(?P<number>\b\d+(?:[.:,]\d+)*)",
        ))
        .ok()
    });
    // Of a traceback within one message the exception says what it was.
    let text = match logline::exception(raw) {
        Some(exception) => said(logline::head_of(&exception, HEAD)),
        None => said(raw),
    };
    let status = logline::status(&text);
    let put = |found: &Captures<'_>| {
        let value = |name| found.name(name).map(|m| m.as_str());
        match (value("quoted"), value("key")) {
            (Some(quoted), Some(":")) => format!("{quoted}:"),
            (Some(_), _) => "\"…\"".to_owned(),
            (None, _) if value("id").is_some() => "<id>".to_owned(),
            _ => "#".to_owned(),
        }
    };
    let Some(values) = VALUES.as_ref() else {
        return SafeText::new(&text);
    };
    match (status, text.find('"')) {
        // `10.0.0.1:5 - "POST /v1/x HTTP/1.1" 502`: the caller says nothing, the request and the status all.
        (Some(status), Some(quote)) => {
            let request = text[quote..].split(" HTTP/").next().unwrap_or_default().trim_start_matches('"');
            SafeText::new(&format!("{} → {status}", values.replace_all(request, put)))
        }
        _ => SafeText::new(&values.replace_all(&text, put)),
    }
}

/// The first line of a message that says something, without time and level; of a JSON line its message, and of a long one
/// without any its outline.
fn said(raw: &str) -> String {
    let clean = logline::strip_sgr(logline::head_of(raw, HEAD));
    let of_object = || {
        let whole = logline::strip_sgr(raw);
        let outline = || logline::outline(&whole).filter(|_| raw.len() > HEAD);
        logline::message(&whole).or_else(outline)
    };
    let is_object = clean.trim_ascii_start().starts_with('{');
    let told = is_object.then(of_object).flatten();
    let told = told.as_deref().map(|told| logline::strip_sgr(logline::head_of(told, HEAD)));
    let said = told.unwrap_or(clean);
    let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    line[logline::lead(line)..].trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_time_to_time_is_left_out_and_the_message_stays() {
        for (raw, want) in [
            (
                "19:40:58 - LiteLLM Proxy:ERROR: common.py:1687 - no deployment - litellm_call_id=fbd640df-5bae-4e42-a8f3-eb9d892c8f9d - \
                 litellm.PermissionDeniedError: BedrockException - {\"message\": \"You don't have access to the model.\"}",
                "common.py:# - no deployment - litellm_call_id=<id> - litellm.PermissionDeniedError: BedrockException - \
                 {\"message\": \"You don't have access to the model.\"}",
            ),
            (
                "INFO:     10.42.31.1:47173 - \"POST /v1/images/12 HTTP/1.1\" 502 Bad Gateway",
                "POST /v1/images/# → 502",
            ),
            ("ERROR: no user 'dana' in 0x7f3a after 12.5 s", "no user \"…\" in <id> after # s"),
            ("{\"level\":\"error\",\"message\":\"pool 7 is empty\"}", "pool # is empty"),
            ("\n\nERROR: after 3 empty lines", "after # empty lines"),
            ("ValueError: bad id req_0a1b2c3d", "ValueError: bad id <id>"),
            ("", ""),
        ] {
            assert_eq!(shape(raw).as_str(), want);
        }
    }
}
