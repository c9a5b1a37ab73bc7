//! What a recording leaves out: account numbers, e-mail addresses, and whatever looks like a key or a password.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// Longest line of a program's log that is kept, in characters.
const LONGEST: usize = 400;

/// What takes the place of something that looks like a secret.
const HIDDEN: &str = "(hidden)";

/// What is left out wherever it stands, and what stands there instead.
static ANYWHERE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    compiled(&[
        (r"\b\d{12}\b", "000000000000"),
        (r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+", "(e-mail)"),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", HIDDEN),
        (r"\bsk-[A-Za-z0-9_-]{6,}", HIDDEN),
        (r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}", HIDDEN),
        (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", "$1 (hidden)"),
        (r"(://)[^/\s@:]+:[^/\s@]+@", "$1(hidden)@"),
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*", HIDDEN),
    ])
});

/// What is left out of log lines besides: names and ARNs of AWS's own would look like it too.
static IN_LOGS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    compiled(&[
        (
            r#"(?i)([A-Za-z0-9_.-]*(?:password|passwd|secret|token|api[_-]?key|credential|authorization)[A-Za-z0-9_.-]*["']?\s*[=:]\s*)\S.*"#,
            "$1(hidden)",
        ),
        (r"[A-Za-z0-9+_-]{40,}={0,2}", HIDDEN),
    ])
});

fn compiled(patterns: &[(&str, &'static str)]) -> Vec<(Regex, &'static str)> {
    let one = |(pattern, instead): &(&str, &'static str)| Some((Regex::new(pattern).ok()?, *instead));
    patterns.iter().filter_map(one).collect()
}

/// Takes it out of every text of a value; `in_logs` where the texts are a program's own.
pub(super) fn scrub(value: &mut Value, in_logs: bool) {
    match value {
        Value::String(text) => *text = scrubbed(text, in_logs),
        Value::Array(items) => items.iter_mut().for_each(|it| scrub(it, in_logs)),
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match field {
                    // The name of a stream, and the lines.
                    Value::Array(parts) if name == "last-lines" => parts.iter_mut().for_each(|it| scrub(it, it.is_array())),
                    _ => scrub(field, in_logs),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn scrubbed(text: &str, in_logs: bool) -> String {
    let own = if in_logs { IN_LOGS.as_slice() } else { &[] };
    let mut out = text.to_owned();
    for (pattern, instead) in ANYWHERE.iter().chain(own) {
        if let std::borrow::Cow::Owned(changed) = pattern.replace_all(&out, *instead) {
            out = changed;
        }
    }
    if in_logs && out.chars().count() > LONGEST {
        out = out.chars().take(LONGEST).chain("…".chars()).collect();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!((ANYWHERE.len(), IN_LOGS.len()), (8, 2));
    }

    #[test]
    fn accounts_addresses_and_keys_are_left_out_anywhere() {
        for (text, want) in [
            (
                "arn:aws:ecs:us-west-2:123456789012:service/chat-cluster/chat-litellm",
                "arn:aws:ecs:us-west-2:000000000000:service/chat-cluster/chat-litellm",
            ),
            (
                "123456789012.dkr.ecr.us-west-2.amazonaws.com/chat/litellm",
                "000000000000.dkr.ecr.us-west-2.amazonaws.com/chat/litellm",
            ),
            ("0af3123456789012abcd", "0af3123456789012abcd"),
            ("admin@example.com", "(e-mail)"),
            ("key AKIAIOSFODNN7EXAMPLE is wrong", "key (hidden) is wrong"),
            ("sk-1234567890abcdef", "(hidden)"),
            ("postgres://chat:hunter2@db/chat", "postgres://(hidden)@db/chat"),
            (
                "Resource handler returned message: x (RequestToken: 1b2c, HandlerErrorCode: NotFound)",
                "Resource handler returned message: x (RequestToken: 1b2c, HandlerErrorCode: NotFound)",
            ),
            (
                "arn:aws:secretsmanager:us-west-2:123456789012:secret:chat/litellm-api-key-AbCdEf",
                "arn:aws:secretsmanager:us-west-2:000000000000:secret:chat/litellm-api-key-AbCdEf",
            ),
        ] {
            assert_eq!(scrubbed(text, false), want);
            assert_eq!(scrubbed(&scrubbed(text, false), false), want, "twice is as once");
        }
    }

    #[test]
    fn lines_of_programs_say_no_more_than_they_must() {
        let long = "x ".repeat(600);
        for (text, want) in [
            ("LITELLM_MASTER_KEY: nothing", "LITELLM_MASTER_KEY: nothing"),
            ("password=hunter2 and more", "password=(hidden)"),
            ("{\"api_key\": \"abc\"}", "{\"api_key\": (hidden)"),
            ("Authorization: Bearer abcdefghijkl", "Authorization: (hidden)"),
            (
                "Exception: Config file not found: /tmp/config.yaml",
                "Exception: Config file not found: /tmp/config.yaml",
            ),
            ("wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYwJalrX", HIDDEN),
        ] {
            assert_eq!(scrubbed(text, true), want);
        }
        assert_eq!(scrubbed(&long, true).chars().count(), LONGEST + 1);
    }

    #[test]
    fn only_the_lines_of_a_task_are_read_as_log() {
        let mut value = serde_json::json!({"fact": {"last-lines": ["litellm/litellm/0123456789abcdef0123456789abcdef", ["token: abc"]]}, "events": [{"reason": "token: abc"}]});
        scrub(&mut value, false);
        assert_eq!(value["fact"]["last-lines"][1][0], "token: (hidden)");
        assert_eq!(value["fact"]["last-lines"][0], "litellm/litellm/0123456789abcdef0123456789abcdef");
        assert_eq!(value["events"][0]["reason"], "token: abc");
    }
}
