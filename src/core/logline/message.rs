//! What a JSON line says: its message, or the exception that it carries.

use super::{
    MAX_JSON,
    entry::{exception, is_heading},
    head_of, top,
};

/// Fields that say it, the best first; of the last ones some loggers and log drivers make a wrapping of the line itself.
const MESSAGES: [&str; 7] = ["message", "msg", "error", "event", "err", "log", "record"];
/// Fields in which loggers put an exception with its stack, the best first.
const STACKS: [&str; 8] = [
    "exc_info",
    "exception",
    "stacktrace",
    "stack_trace",
    "exception.stacktrace",
    "error.stack_trace",
    "traceback",
    "stack",
];
/// Bytes of the longest escape in a JSON text, a pair of surrogates.
const ESCAPE: usize = 12;
/// Bytes of the longest value that an outline has.
const SHORT: usize = 100;

/// The message of the JSON object that a text begins with, which may be cut off anywhere; of one in it where it has only
/// that. Where it is missing or only announces an exception, the exception. Takes a time in proportion to the text.
pub(crate) fn message(text: &str) -> Option<String> {
    told(text, false)
}

fn told(text: &str, is_inner: bool) -> Option<String> {
    let (mut messages, mut stacks) = ([None; MESSAGES.len()], [None; STACKS.len()]);
    top::each(text, &mut |name, value, length| {
        let name = name.trim_matches('"');
        let value = &value[..length.unwrap_or(value.len())];
        if let Some(place) = MESSAGES.iter().position(|it| *it == name) {
            messages[place] = Some(value);
        } else if let Some(place) = STACKS.iter().position(|it| *it == name) {
            stacks[place] = Some(value);
        }
    });
    let message = messages.into_iter().flatten().find_map(|value| said(value, is_inner));
    if message.as_deref().is_some_and(|message| !is_heading(message)) {
        return message;
    }
    let mut stacks = stacks.into_iter().flatten().filter_map(|value| said(value, is_inner));
    stacks.find(|stack| !is_heading(stack)).or(message)
}

/// What the value of a field says: a text, the exception of one with a traceback, the message of an object or of one that
/// is written as text.
fn said(value: &str, is_inner: bool) -> Option<String> {
    let within = |text: &str| {
        (!is_inner && text.trim_ascii_start().starts_with('{'))
            .then(|| told(text, true))
            .flatten()
    };
    if !value.starts_with('"') {
        return within(value);
    }
    let text = decoded(value);
    let said = within(&text).or_else(|| exception(&text)).unwrap_or(text);
    Some(said).filter(|said| !said.trim().is_empty())
}

/// The text that a JSON string stands for: of one that is cut off as much as there is, of one that is no JSON what is
/// written.
fn decoded(value: &str) -> String {
    if let Ok(text) = serde_json::from_str(value) {
        return text;
    }
    let head = head_of(value, MAX_JSON).replace(char::is_control, " ");
    let mut parts = (0..ESCAPE).filter_map(|cut| head.get(..head.len().checked_sub(cut)?));
    let whole = parts.find_map(|part| serde_json::from_str(&format!("{part}\"")).ok());
    whole.unwrap_or_else(|| head.trim_matches('"').to_owned())
}

/// The JSON object that a text begins with, with signs in the place of its long values; `None` where it has no fields.
pub(crate) fn outline(text: &str) -> Option<String> {
    let mut fields: Vec<String> = Vec::new();
    top::each(text, &mut |name, value, length| {
        let short = length.filter(|length| *length <= SHORT).map(|length| &value[..length]);
        let sign = if value.starts_with('"') { "\"…\"" } else { "…" };
        fields.push(format!("{name}:{}", short.unwrap_or(sign)));
    });
    (!fields.is_empty()).then(|| format!("{{{}}}", fields.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_line_says_its_message_or_its_exception_wherever_it_is_cut() {
        let picture = "iVBOR".repeat(20_000);
        let trace = r#"Traceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'x'"#;
        for (line, want) in [
            (r#"{"message":"same","body":"PICTURE"}"#, Some("same")),
            (r#"{"body":"PICTURE","in":[{"msg":"no"}],"message":"same"}"#, Some("same")),
            (r#"{"message":"same","body":"PICTURE"#, Some("same")),
            (r#"{ "msg" : "a \"b\" é" , "x" : NaN , "body" : "PICTURE" }"#, Some("a \"b\" é")),
            (r#"{"event":"e","error":"r","msg":"m"}"#, Some("m")),
            (r#"{"message":"","event":"e"}"#, Some("e")),
            (
                r#"{"message":7,"error":{"code":1,"message":"denied","b":"PICTURE"},"event":"e"}"#,
                Some("denied"),
            ),
            (
                r#"{"log":"{\"b\":\"PICTURE\",\"message\":\"same\"}\n","stream":"stderr"}"#,
                Some("same"),
            ),
            (r#"{"log":{"log":{"message":"deeper"}}}"#, None),
            (r#"{"message":"cut \u00e9 and \ud83d\ude"#, Some("cut é and ")),
            (r#"{"message":"cut \"#, Some("cut ")),
            (r#"{"message":"#, None),
            ("{\"message\":\"a\ttab\"}", Some("a tab")),
            (r#"{"message":"TRACE","body":"PICTURE"}"#, Some("KeyError: 'x'")),
            (r#"{"body":"PICTURE","exc_info":"TRACE"}"#, Some("KeyError: 'x'")),
            (
                r#"{"message":"Exception in ASGI application","exc_info":"TRACE"}"#,
                Some("KeyError: 'x'"),
            ),
            (r#"{"message":"failed","exc_info":"TRACE"}"#, Some("failed")),
            (
                r#"{"message":"Exception in ASGI application","exc_info":true}"#,
                Some("Exception in ASGI application"),
            ),
            (r#"{"stack":"Error: no\n    at f (a.js:1)"}"#, Some("Error: no\n    at f (a.js:1)")),
            (r#"{"body":"PICTURE"}"#, None),
            ("{name} is not set", None),
            ("", None),
        ] {
            let text = line.replace("PICTURE", &picture).replace("TRACE", trace);
            assert_eq!(message(&text).as_deref(), want, "{line}");
        }
    }

    #[test]
    fn an_outline_leaves_out_what_is_long() {
        let picture = "iVBOR".repeat(200);
        for (line, want) in [
            (
                r#"{"body":"PICTURE","status":500,"in":["PICTURE"],"path":"/v1"}"#,
                Some(r#"{"body":"…","status":500,"in":…,"path":"/v1"}"#),
            ),
            (r#"{"status":500,"body":"PICTURE"#, Some(r#"{"status":500,"body":"…"}"#)),
            ("{}", None),
            ("{name} PICTURE", None),
        ] {
            assert_eq!(outline(&line.replace("PICTURE", &picture)).as_deref(), want, "{line}");
        }
    }
}
