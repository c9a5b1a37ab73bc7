//! What a message speaks of: the status of a request, its id, an object of JSON.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use regex::Regex;

use super::{MAX_JSON, head_of, strip_sgr, top};

/// The status of an access line such as `"GET /x HTTP/1.1" 502`.
pub fn status(line: &str) -> Option<u16> {
    static PROTOCOL: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(" HTTP/"));
    let rest = &line[PROTOCOL.find(line.as_bytes())?..];
    let (_, rest) = rest.split_once("\" ")?;
    let digits = rest.get(..3)?;
    let is_whole = !rest[3..].starts_with(|c: char| c.is_ascii_alphanumeric());
    digits.parse().ok().filter(|status| is_whole && (100..600).contains(status))
}

/// The ids of requests that a message names, each with whether it is another one than that of a call: the values beside
/// names such as `litellm_call_id`, `x-request-id` or `trace_id`, and ids that are known by their form. Where there is
/// none, the UUIDs that are not said to be of something else.
pub fn request_ids(raw: &str) -> Vec<(bool, String)> {
    static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r#"(?i)(?P<name>call|request|correlation|trace)[ _-]?id[\\"']*[\s:=]+[\\"']*(?:Root=)?(?P<id>[a-z0-9][a-z0-9_-]{6,}[a-z0-9_])"#,
            r"|\bRoot=(?P<root>1-[0-9a-f]{8}-[0-9a-f]{24})\b",
            r"|\b[0-9a-f]{2}-(?P<parent>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}\b",
            r"|\b(?P<form>(?:chatcmpl|req)[_-][a-z0-9-]{5,}[a-z0-9])\b",
        ))
        .ok()
    });
    let clean = strip_sgr(head_of(raw, MAX_JSON));
    let mut ids: Vec<(bool, String)> = Vec::new();
    for found in NAMED.iter().flat_map(|regex| regex.captures_iter(&clean)) {
        // The proxy's own id is in the lines of both services; AWS's is in one of them.
        let is_second = found.name("name").is_none_or(|name| !name.as_str().eq_ignore_ascii_case("call"));
        let id = ["id", "root", "parent", "form"].into_iter().find_map(|name| found.name(name));
        let id = id.map_or("", |id| id.as_str());
        // A header of a trace has the trace's own id in it.
        let id = id.get(3..35).filter(|_| is_parent(id)).unwrap_or(id);
        if id.bytes().any(|b| b.is_ascii_digit()) && !is_zero(id) {
            ids.push((is_second, id.to_owned()));
        }
    }
    if ids.is_empty() {
        ids.extend(bare_uuids(&clean).map(|id| (true, id.to_owned())));
    }
    ids
}

/// What is written where there is no id: all requests without one have it.
fn is_zero(id: &str) -> bool {
    id.strip_prefix("1-").unwrap_or(id).bytes().all(|b| matches!(b, b'0' | b'-' | b'_'))
}

/// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
fn is_parent(id: &str) -> bool {
    id.len() == 55 && id.split('-').map(str::len).eq([2, 32, 16, 2])
}

/// The first JSON object in a message that holds anything. One within braces that are no JSON, or that are not closed
/// since the rest was cut off, is a part of what it says and not it.
pub fn json_in(raw: &str) -> Option<serde_json::Value> {
    const MOST_TRIES: usize = 8;
    let clean = strip_sgr(raw);
    let mut rest = &clean[..];
    for _ in 0..MOST_TRIES {
        rest = &rest[rest.find('{')?..];
        let value = serde_json::Deserializer::from_str(rest).into_iter().next().and_then(Result::ok);
        let is_full = |value: &serde_json::Value| value.as_object().is_some_and(|fields| !fields.is_empty());
        if let Some(value) = value.filter(is_full) {
            return Some(value);
        }
        let is_open = |rest: &str| rest[1..].trim_ascii_start().starts_with(['"', '\'']);
        rest = match top::past(rest) {
            Some(length) => &rest[length..],
            None if is_open(rest) => return None,
            None => &rest[1..],
        };
    }
    None
}

/// 32 hexadecimal digits in five groups.
pub(crate) fn is_uuid(word: &str) -> bool {
    let is_digit = |(i, b): (usize, u8)| match i {
        8 | 13 | 18 | 23 => b == b'-',
        _ => b.is_ascii_hexdigit(),
    };
    word.len() == 36 && word.bytes().enumerate().all(is_digit)
}

/// The UUIDs of a text before which nothing says that they are of a user, a chat or a file.
fn bare_uuids(text: &str) -> impl Iterator<Item = &str> {
    const OTHERS: [&str; 9] = ["user", "chat", "session", "message", "file", "model", "folder", "key", "team"];
    let is_bare = |word: &&str| {
        let before = &text[..word.as_ptr() as usize - text.as_ptr() as usize];
        let name = before.trim_end_matches([' ', ':', '=', '"', '\'', '\\']);
        let name = name.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').next();
        let name = name.unwrap_or_default().to_ascii_lowercase();
        let is_path = before.ends_with('/');
        !is_path && !name.ends_with("id") && !OTHERS.contains(&name.as_str())
    };
    let words = text.split(|c: char| !c.is_ascii_hexdigit() && c != '-');
    words.filter(|word| is_uuid(word) && !is_zero(word)).filter(is_bare)
}
