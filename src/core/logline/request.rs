//! What a message speaks of: the status of a request, its id, an object of JSON.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use regex::Regex;

use super::{MAX_JSON, head_of, strip_sgr};

/// The status of an access line such as `"GET /x HTTP/1.1" 502`.
pub fn status(line: &str) -> Option<u16> {
    static PROTOCOL: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(" HTTP/"));
    let rest = &line[PROTOCOL.find(line.as_bytes())?..];
    let (_, rest) = rest.split_once("\" ")?;
    let digits = rest.get(..3)?;
    let is_whole = !rest[3..].starts_with(|c: char| c.is_ascii_alphanumeric());
    digits.parse().ok().filter(|status| is_whole && (100..600).contains(status))
}

/// The request that a message speaks of: the value beside a name such as `litellm_call_id`, else beside
/// one such as `x-request-id`, else the first UUID.
pub fn request_id(raw: &str) -> Option<&str> {
    static NAMED: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"(?i)(call|request)[ _-]?id["']?[\s:=]+["']?([a-z0-9_-]{8,})"#).ok());
    let raw = head_of(raw, MAX_JSON);
    let named = NAMED.as_ref()?.captures_iter(raw).filter_map(|found| {
        let (name, id) = (found.get(1)?.as_str(), found.get(2)?.as_str());
        // The proxy's own id is in the lines of both services; AWS's is in one of them.
        let is_second = name.eq_ignore_ascii_case("request");
        id.bytes().any(|b| b.is_ascii_digit()).then_some((is_second, id))
    });
    named
        .min_by_key(|(is_second, _)| *is_second)
        .map(|(_, id)| id)
        .or_else(|| first_uuid(raw))
}

/// The first JSON object in a message.
pub fn json_in(raw: &str) -> Option<serde_json::Value> {
    const MOST_TRIES: usize = 8;
    let clean = strip_sgr(head_of(raw, MAX_JSON));
    let starts = clean.match_indices('{').take(MOST_TRIES);
    starts
        .filter_map(|(at, _)| serde_json::Deserializer::from_str(&clean[at..]).into_iter().next()?.ok())
        .find(|value: &serde_json::Value| value.as_object().is_some_and(|fields| !fields.is_empty()))
}

fn first_uuid(raw: &str) -> Option<&str> {
    let is_uuid = |word: &&str| {
        word.len() == 36
            && word.bytes().enumerate().all(|(i, b)| match i {
                8 | 13 | 18 | 23 => b == b'-',
                _ => b.is_ascii_hexdigit(),
            })
    };
    raw.split(|c: char| !c.is_ascii_hexdigit() && c != '-').find(is_uuid)
}
