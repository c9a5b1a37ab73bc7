//! The top of a JSON object that is too long to be parsed whole, or was cut off before its end.

use memchr::{memchr2, memchr3};
use serde::de::IgnoredAny;

/// Longest value, in bytes, that is worth a look.
const LONGEST: usize = 64 << 10;

/// The object that a text begins with, as an object of those of its fields that are wanted by name, which are whole, and
/// no longer than [`LONGEST`]; a longer object in one of them, which may be written as text, gives way to the same of its
/// own. `None` where it has no other fields. Takes a time in proportion to the text.
pub(super) fn of(text: &str, is_wanted: &dyn Fn(&str) -> bool) -> Option<String> {
    fields(text, is_wanted, false)
}

fn fields(text: &str, is_wanted: &dyn Fn(&str) -> bool, is_inner: bool) -> Option<String> {
    let mut fields: Vec<String> = Vec::new();
    each(text, &mut |name, value, length| {
        if is_wanted(name) {
            let kept = kept(value, length).map(str::to_owned);
            let within = || (!is_inner).then(|| within(value, length, is_wanted)).flatten();
            fields.extend(kept.or_else(within).map(|value| format!("{name}:{value}")));
        }
    });
    (!fields.is_empty()).then(|| format!("{{{}}}", fields.join(",")))
}

/// Gives each field of the object that a text begins with: its name in its quotes, the text from its value on, and the
/// bytes of the value, `None` where it does not end. Takes a time in proportion to the text.
pub(super) fn each<'a>(text: &'a str, take: &mut dyn FnMut(&'a str, &'a str, Option<usize>)) {
    let Some(rest) = text.trim_ascii_start().strip_prefix('{') else {
        return;
    };
    let mut rest = rest.trim_ascii_start();
    while let Some(name) = string(rest) {
        let Some(value) = rest[name.len()..].trim_ascii_start().strip_prefix(':') else {
            break;
        };
        let value = value.trim_ascii_start();
        let length = value_length(value);
        take(name, value, length);
        let next = length.and_then(|length| value[length..].trim_ascii_start().strip_prefix(','));
        let Some(next) = next else { break };
        rest = next.trim_ascii_start();
    }
}

/// A value that is whole, not too long, and JSON.
fn kept(value: &str, length: Option<usize>) -> Option<&str> {
    let value = &value[..length.filter(|length| *length <= LONGEST)?];
    serde_json::from_str::<IgnoredAny>(value).is_ok().then_some(value)
}

/// What is wanted of the object that a value is or has in it as text.
fn within(value: &str, length: Option<usize>, is_wanted: &dyn Fn(&str) -> bool) -> Option<String> {
    if value.starts_with('{') {
        return fields(value, is_wanted, true);
    }
    let text: String = serde_json::from_str(&value[..length?]).ok()?;
    fields(&text, is_wanted, true)
}

/// Bytes of the object or list that a text begins with; `None` where it does not end.
pub(super) fn past(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let open = *bytes.first()?;
    let close = if open == b'{' { b'}' } else { b']' };
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        at += memchr3(b'"', open, close, &bytes[at..])?;
        match bytes[at] {
            b'"' => {
                at += string(&text[at..])?.len();
                continue;
            }
            byte if byte == open => depth += 1,
            _ => depth -= 1,
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The string that a text begins with, in its quotes.
fn string(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let mut at = text.starts_with('"').then_some(1)?;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(&text[..=at]);
        }
        at += 2;
    }
}

/// Bytes of the value that a text begins with.
fn value_length(text: &str) -> Option<usize> {
    match text.bytes().next()? {
        b'"' => string(text).map(str::len),
        b'{' | b'[' => past(text),
        // The end of a number or a word is what comes after it.
        _ => text.find(|c: char| matches!(c, ',' | '}' | ']') || c.is_ascii_whitespace()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_in_an_object_within_gives_way_too() {
        let picture = "iVBOR".repeat(20_000);
        for (text, want) in [
            (r#"{"log":{"a":1,"b":"PICTURE"},"t":2}"#, Some(r#"{"log":{"a":1},"t":2}"#)),
            (r#"{"log":{"a":1,"b":"PICTURE"#, Some(r#"{"log":{"a":1}}"#)),
            (r#"{"log":"{\"a\":1,\"b\":\"PICTURE\"}\n","t":2}"#, Some(r#"{"log":{"a":1},"t":2}"#)),
            (r#"{"log":{"a":1},"b":"PICTURE","not":3}"#, Some(r#"{"log":{"a":1}}"#)),
            (r#"{"log":{"log":{"a":1,"b":"PICTURE"}}}"#, None),
            (r#"{"log":["PICTURE"],"b":"PICTURE"#, None),
            (r#"{"log":"PICTURE"}"#, None),
            ("{}", None),
            ("x", None),
        ] {
            let top = of(&text.replace("PICTURE", &picture), &|name| name != "\"not\"");
            assert_eq!(top.as_deref(), want, "{text}");
        }
    }
}
