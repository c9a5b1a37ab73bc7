//! The top of a JSON object that is too long to be parsed whole, or was cut off before its end.

use memchr::{memchr2, memchr3};
use serde::de::IgnoredAny;

/// Longest value, in bytes, that is worth a look.
const LONGEST: usize = 64 << 10;

/// The object that a text begins with, as an object of those of its fields that are wanted by name, which are whole, and
/// no longer than [`LONGEST`]. `None` where it has no other fields; takes a time in proportion to the text.
pub(super) fn of(text: &str, is_wanted: impl Fn(&str) -> bool) -> Option<String> {
    let mut fields: Vec<&str> = Vec::new();
    let mut rest = text.trim_ascii_start().strip_prefix('{')?.trim_ascii_start();
    while let Some(name) = string(rest) {
        let Some(value) = rest[name.len()..].trim_ascii_start().strip_prefix(':') else {
            break;
        };
        let value = value.trim_ascii_start();
        let Some(length) = value_length(value) else { break };
        let field = &rest[..rest.len() - value.len() + length];
        if length <= LONGEST && is_wanted(name) && serde_json::from_str::<IgnoredAny>(&value[..length]).is_ok() {
            fields.push(field);
        }
        let Some(next) = value[length..].trim_ascii_start().strip_prefix(',') else {
            break;
        };
        rest = next.trim_ascii_start();
    }
    (!fields.is_empty()).then(|| format!("{{{}}}", fields.join(",")))
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
