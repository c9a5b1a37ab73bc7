//! Reads one raw log message: its level, whether it begins an entry or goes on with the one before,
//! the HTTP status and the request it speaks of. It knows the formats of LiteLLM, uvicorn, Open WebUI,
//! alembic, Python's `logging` and tracebacks, and JSON lines.

use std::{borrow::Cow, sync::LazyLock};

use memchr::memmem::Finder;
use regex::Regex;
use serde::Deserialize;

use super::{fact::Millis, text::SafeText};

/// Bytes of a message that are looked at for its level.
const HEAD: usize = 400;
/// Longest JSON line that is parsed for its level.
const MAX_JSON: usize = 64 << 10;
/// A line without a beginning of its own joins the one before when it came this soon after it.
pub const JOIN_WITHIN: Millis = 2_000;

/// First words of what Python says of an exception.
const TRACEBACK: &str = "Traceback (most recent call last)";

/// How grave a line is. `Other` tells nothing and counts as information.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, strum::Display, strum::EnumIter, strum::EnumCount, strum::FromRepr,
)]
#[strum(serialize_all = "lowercase")]
#[repr(u8)]
pub enum Level {
    /// Trace and debug.
    Debug,
    /// No level told.
    #[default]
    Other,
    /// Information.
    Info,
    /// Warning; also an HTTP status of 4xx.
    Warn,
    /// Error; also an HTTP status of 5xx and a traceback.
    Error,
    /// Critical, fatal.
    Critical,
}

impl Level {
    /// A level by one of the names that loggers give it, in any case.
    pub fn named(name: &str) -> Option<Self> {
        let mut lower = [0; 8];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        Some(match &*lower {
            b"trace" | b"debug" => Self::Debug,
            b"info" | b"notice" | b"success" => Self::Info,
            b"warn" | b"warni" | b"warning" => Self::Warn,
            b"err" | b"error" => Self::Error,
            b"crit" | b"criti" | b"critical" | b"fatal" | b"panic" | b"alert" | b"emerg" => Self::Critical,
            _ => return None,
        })
    }

    /// The numbers of Python's `logging` and of pino, which agree from 10 to 50.
    fn numbered(number: i64) -> Self {
        match number {
            ..20 => Self::Debug,
            20..30 => Self::Info,
            30..40 => Self::Warn,
            40..50 => Self::Error,
            50.. => Self::Critical,
        }
    }
}

/// What a line looks like, before its neighbours are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// It has a logger's prefix.
    Start,
    /// The same, and nothing goes on with it: a JSON line, an access line.
    Whole,
    /// `Traceback (most recent call last):`.
    Traceback,
    /// Indented, empty, or a closing bracket.
    Inner,
    /// None of these.
    Plain,
}

/// What one line says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Its level.
    pub level: Level,
    /// Its shape.
    pub shape: Shape,
}

/// What is known of the line before in the same stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// When it was.
    pub at: Millis,
    /// Level of its entry.
    pub level: Level,
    /// Nothing goes on with its entry.
    pub is_whole: bool,
    /// Its entry is an error that has not said yet which.
    pub is_waiting: bool,
}

impl Before {
    /// What a line at `at` is to the one after it; `level` is that of its entry.
    pub fn of(at: Millis, level: Level, line: Reading) -> Self {
        Self {
            at,
            level,
            is_whole: line.shape == Shape::Whole,
            is_waiting: false,
        }
    }
}

/// Reads a message by its first line that is not empty.
pub fn read(raw: &str) -> Reading {
    let clean = strip_sgr(head(raw));
    let line = clean
        .trim_start_matches(['\n', '\r'])
        .split('\n')
        .next()
        .unwrap_or_default()
        .trim_end();
    if let Some(level) = prefix(line, raw) {
        let status = status(line);
        let is_whole = status.is_some() || line.starts_with('{');
        return Reading {
            level: status.map_or(level, |status| level.max(of_status(status))),
            shape: if is_whole { Shape::Whole } else { Shape::Start },
        };
    }
    if line.starts_with(TRACEBACK) {
        return Reading {
            level: Level::Error,
            shape: Shape::Traceback,
        };
    }
    let shape = if line.is_empty() || line.starts_with([' ', '\t', '}', ']', ')']) {
        Shape::Inner
    } else {
        Shape::Plain
    };
    let level = if is_exception(line) { Level::Error } else { Level::Other };
    Reading { level, shape }
}

/// Bytes at the beginning of a shown line that say only what time and level it is, and for access lines
/// of uvicorn which function wrote them: the gutter has it, and a narrow screen needs the room.
pub fn lead(shown: &str) -> usize {
    static LEAD: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \| [A-Z]+ *\| (?:uvicorn\.[\w.]+:\w+:\d+ - )?",
            // Where LiteLLM noticed the error and the id of the call: what it was stands behind them.
            r"|\d\d:\d\d:\d\d - LiteLLM(?: \w+)?:[A-Z]+: (?:[\w.]+\.py:\d+ - [\w.]+\(\): Exception occured - (?:litellm_call_id=\S+ - )?)?",
            r"|(?:DEBUG|INFO|WARNING|ERROR|CRITICAL): +)",
        ))
        .ok()
    });
    LEAD.as_ref().and_then(|regex| regex.find(shown)).map_or(0, |found| found.end())
}

/// Joins a line to the one before in its stream: gives its level, and whether it goes on with that
/// entry. The lines of an error go on until the next logger's prefix.
pub fn join(before: Option<Before>, line: Reading, at: Millis) -> (Level, bool) {
    let near = before.filter(|before| !before.is_whole && (0..=JOIN_WITHIN).contains(&(at - before.at)));
    let joins = match line.shape {
        Shape::Start | Shape::Whole => None,
        Shape::Inner => near,
        Shape::Traceback | Shape::Plain => near.filter(|before| before.level >= Level::Error),
    };
    (joins.map_or(line.level, |before| before.level), joins.is_some())
}

/// Whether a line says what the error is that its entry is about, and whether the entry still owes that
/// after it. A heading such as `Traceback` leaves it to the first exception that follows: the others of a
/// chain come of that one.
pub fn tells(before: Option<Before>, line: Reading, (level, is_continuation): (Level, bool), raw: &str) -> (bool, bool) {
    if level < Level::Error {
        return (false, false);
    }
    if is_continuation {
        let is_waiting = before.is_some_and(|before| before.is_waiting);
        let is_named = || match line.shape {
            Shape::Plain => line.level >= Level::Error,
            _ => exception(raw).is_some(),
        };
        let tells = is_waiting && is_named();
        return (tells, is_waiting && !tells);
    }
    let is_waiting = is_heading(raw) && exception(raw).is_none();
    (!is_waiting, is_waiting)
}

/// It leaves it to a traceback to say what the error is.
fn is_heading(raw: &str) -> bool {
    let head = head(raw);
    strip_sgr(head).trim_start().starts_with(TRACEBACK) || head.contains("Exception in ASGI application")
}

/// What a heading with its traceback in the same message comes to: the line of the first exception.
pub(crate) fn exception(raw: &str) -> Option<&str> {
    if !is_heading(raw) {
        return None;
    }
    let (_, frames) = head_of(raw, MAX_JSON).split_once(TRACEBACK)?;
    let is_said = |line: &&str| !line.is_empty() && !line.starts_with([' ', '\t', '|']);
    shown_parts(frames).skip(1).find(is_said)
}

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

/// What a screen shows of a message: colour sequences are taken out, since they carry nothing here;
/// everything else that could act on a terminal becomes visible.
pub fn display(raw: &str) -> SafeText {
    SafeText::new(&strip_sgr(raw))
}

/// The same at the end of `out`.
pub fn display_into(raw: &str, out: &mut String) {
    SafeText::append(&strip_sgr(raw), out);
}

/// The lines of a message: it may hold several, and one newline at its end says nothing.
pub fn shown_parts(raw: &str) -> impl Iterator<Item = &str> {
    let raw = raw.strip_suffix('\n').unwrap_or(raw);
    raw.split('\n').map(|part| part.strip_suffix('\r').unwrap_or(part))
}

/// Takes complete SGR sequences (`ESC [ … m`) out.
pub fn strip_sgr(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\u{1b}') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(start) = rest.find('\u{1b}') {
        out.push_str(&rest[..start]);
        let after = &rest[start + 1..];
        if let Some(length) = sgr_length(after) {
            rest = &after[length..];
        } else {
            out.push('\u{1b}');
            rest = after;
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Length of `[ … m` at the beginning of `after`.
fn sgr_length(after: &str) -> Option<usize> {
    let parameters = after.strip_prefix('[')?;
    let end = parameters.find(|c: char| !matches!(c, '0'..='9' | ';' | ':'))?;
    parameters[end..].starts_with('m').then_some(end + 2)
}

fn head(raw: &str) -> &str {
    head_of(raw, HEAD)
}

/// At most `length` bytes of `raw`, cut between characters.
pub(crate) fn head_of(raw: &str, length: usize) -> &str {
    &raw[..raw.floor_char_boundary(length)]
}

/// Level by a logger's prefix; `None` without one.
fn prefix(line: &str, raw: &str) -> Option<Level> {
    let first = *line.as_bytes().first()?;
    match first {
        b'{' => json_level(raw),
        b'0'..=b'9' | b'[' => clock_level(line).or_else(|| dated_level(line)),
        b'A'..=b'Z' => leading_level(line),
        b' ' | b'\t' => None,
        _ => logfmt_level(line),
    }
}

/// `19:40:57 - LiteLLM Proxy:WARNING: …`.
fn clock_level(line: &str) -> Option<Level> {
    let rest = line.get(8..)?.strip_prefix(" - ")?;
    let is_clock = line.as_bytes()[..8].iter().enumerate().all(|(i, b)| match i {
        2 | 5 => *b == b':',
        _ => b.is_ascii_digit(),
    });
    let (_, rest) = rest.split_once(':')?;
    let (word, _) = rest.split_once(':')?;
    Level::named(word).filter(|_| is_clock)
}

/// `2026-11-22 19:40:58.134 | INFO     | …`, `2026-11-22 19:40:58,134 - name - ERROR - …`,
/// `[2026-11-22 19:40:58 +0000] [12] [INFO] …`: the first word in capitals that is a level.
fn dated_level(line: &str) -> Option<Level> {
    let date = line.trim_start_matches('[').as_bytes().get(..10)?;
    let is_date = date.iter().enumerate().all(|(i, b)| match i {
        4 | 7 => matches!(b, b'-' | b'/'),
        _ => b.is_ascii_digit(),
    });
    let level = || {
        head_of(line, 160)
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| word.bytes().all(|b| b.is_ascii_uppercase()))
            .find_map(Level::named)
    };
    is_date.then(|| level().or_else(|| logfmt_level(line)).unwrap_or(Level::Other))
}

/// `INFO:     127.0.0.1:…`, `INFO  [alembic…] …`, `ERROR:root:…`.
fn leading_level(line: &str) -> Option<Level> {
    let end = line.find(|c: char| !c.is_ascii_uppercase()).unwrap_or(line.len());
    let rest = &line[end..];
    let is_word = rest.is_empty() || rest.starts_with([':', ' ', '\t', ']', '|']);
    Level::named(&line[..end]).filter(|_| is_word)
}

/// `level=error msg=…`.
fn logfmt_level(line: &str) -> Option<Level> {
    let (before, after) = line.split_once("level=")?;
    let is_key = before.is_empty() || before.ends_with(' ');
    let word = after.trim_start_matches('"').split(|c: char| !c.is_ascii_alphabetic()).next()?;
    Level::named(word).filter(|_| is_key)
}

/// The fields in which a JSON line may tell its level.
#[derive(Deserialize)]
struct JsonLine {
    #[serde(alias = "severity", alias = "levelname", alias = "lvl", alias = "log_level", alias = "loglevel")]
    level: Option<serde_json::Value>,
    #[serde(alias = "status_code")]
    status: Option<serde_json::Value>,
}

fn json_level(raw: &str) -> Option<Level> {
    if raw.len() > MAX_JSON {
        return None;
    }
    let line: JsonLine = serde_json::from_str(raw).ok()?;
    let told = line.level.and_then(|level| match level {
        serde_json::Value::String(name) => Level::named(&name),
        other => other.as_i64().map(Level::numbered),
    });
    let status = line.status.and_then(|status| status.as_u64());
    let by_status = status.map(|status| of_status(status as u16));
    told.max(by_status).or(Some(Level::Other))
}

fn of_status(status: u16) -> Level {
    match status {
        500..=599 => Level::Error,
        400..=499 => Level::Warn,
        _ => Level::Info,
    }
}

/// `litellm.exceptions.RateLimitError: …`, `Error: …`.
fn is_exception(line: &str) -> bool {
    let name = line.split([':', ' ']).next().unwrap_or_default();
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
    let is_end = line[name.len()..].is_empty() || line[name.len()..].starts_with(':');
    is_name && is_end && (name.ends_with("Error") || name.ends_with("Exception") || name == "error")
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Level::*, *};

    const FORMATS: &[(&str, Level, Shape)] = &[
        (
            "08:15:30 - LiteLLM Proxy:WARNING: auth_checks.py:40 - key has no budget",
            Warn,
            Shape::Start,
        ),
        (
            "08:15:30 - LiteLLM Router:ERROR: router.py:9 - no deployment - litellm_call_id=1f",
            Error,
            Shape::Start,
        ),
        (
            "\u{1b}[92m08:15:30 - LiteLLM:DEBUG\u{1b}[0m: utils.py:1 - request",
            Debug,
            Shape::Start,
        ),
        ("INFO:     Started server process [7]", Info, Shape::Start),
        ("\u{1b}[32mINFO\u{1b}[0m:     Application startup complete.", Info, Shape::Start),
        ("INFO:     10.0.1.9:40112 - \"GET /health HTTP/1.1\" 200 OK", Info, Shape::Whole),
        (
            "INFO:     10.0.1.9:40112 - \"POST /v1/images/generations HTTP/1.1\" 429 Too Many Requests",
            Warn,
            Shape::Whole,
        ),
        ("INFO:     10.0.1.9:40112 - \"POST /v1/models HTTP/1.1\" 503", Error, Shape::Whole),
        (
            "2027-02-03 08:15:30.118 | INFO     | open_webui.main:lifespan:20 - ready",
            Info,
            Shape::Start,
        ),
        (
            "2027-02-03 08:15:30.118 | ERROR    | open_webui.routers.images:image:5 - failed",
            Error,
            Shape::Start,
        ),
        (
            "2027-02-03 08:15:30.118 | INFO     | uvicorn.protocols.http:send:4 - 10.0.0.7:3 - \"GET /api HTTP/1.1\" 502",
            Error,
            Shape::Whole,
        ),
        (
            "2027-02-03 08:15:30,118 - sqlalchemy.pool - CRITICAL - pool exhausted",
            Critical,
            Shape::Start,
        ),
        ("[2027-02-03 08:15:30 +0000] [12] [INFO] Booting worker", Info, Shape::Start),
        ("2027-02-03T08:15:30Z something began", Other, Shape::Start),
        ("INFO  [alembic.runtime.migration] Context impl SQLiteImpl.", Info, Shape::Start),
        ("WARNI [open_webui.env] ", Warn, Shape::Start),
        ("WARNING: CORS IS OPEN", Warn, Shape::Start),
        ("ERROR:root:could not connect", Error, Shape::Start),
        (r#"{"message": "slow", "level": "WARNING", "timestamp": "x"}"#, Warn, Shape::Whole),
        (r#"{"msg":"bad","severity":"error"}"#, Error, Shape::Whole),
        (r#"{"msg":"pino","level":50}"#, Critical, Shape::Whole),
        (r#"{"path":"/v1","status":500}"#, Error, Shape::Whole),
        (r#"{"path":"/v1"}"#, Other, Shape::Whole),
        (r#"{"broken": "#, Other, Shape::Plain),
        ("time=2027 level=warning msg=late", Warn, Shape::Start),
        ("Traceback (most recent call last):", Error, Shape::Traceback),
        ("  File \"/app/main.py\", line 3, in f", Other, Shape::Inner),
        ("litellm.exceptions.RateLimitError: too many", Error, Shape::Plain),
        ("Thank you for using it!", Other, Shape::Plain),
        ("INFORMATION is not a level", Other, Shape::Plain),
        ("12345", Other, Shape::Plain),
        ("", Other, Shape::Inner),
        ("\n\nERROR: after empty lines", Error, Shape::Start),
    ];

    #[test]
    fn the_gutter_spares_the_text_its_time_and_level() {
        for (shown, want) in [
            (
                "2026-11-22 19:40:59.971 | INFO     | open_webui.models.auths:signin:336 - hello",
                "open_webui.models.auths:signin:336 - hello",
            ),
            (
                "2026-11-22 19:41:00.194 | INFO     | uvicorn.protocols.http.httptools_impl:send:482 - 10.0.0.1:5 - \"GET / HTTP/1.1\" 200",
                "10.0.0.1:5 - \"GET / HTTP/1.1\" 200",
            ),
            (
                "INFO:     127.0.0.1:1 - \"GET /x HTTP/1.1\" 200 OK",
                "127.0.0.1:1 - \"GET /x HTTP/1.1\" 200 OK",
            ),
            ("19:40:58 - LiteLLM Proxy:ERROR: common.py:1687 - boom", "common.py:1687 - boom"),
            (
                "19:40:58 - LiteLLM Proxy:ERROR: common.py:1687 - litellm.proxy.server.handle(): Exception occured - litellm_call_id=fbd6 - litellm.Timeout: no",
                "litellm.Timeout: no",
            ),
            ("no prefix: INFO:   here", "no prefix: INFO:   here"),
            ("", ""),
        ] {
            assert_eq!(&shown[lead(shown)..], want);
        }
    }

    #[test]
    fn levels_and_shapes_of_real_formats() {
        for (raw, level, shape) in FORMATS.iter().copied() {
            assert_eq!(read(raw), Reading { level, shape }, "{raw:?}");
        }
    }

    #[test]
    fn a_traceback_is_one_entry() {
        let lines = [
            ("08:15:30 - LiteLLM Proxy:ERROR: a.py:1 - failed", 0, Error, false),
            ("", 0, Error, true),
            ("LiteLLM: model group 'nova' failed", 1, Error, true),
            ("Traceback (most recent call last):", 1, Error, true),
            ("  File \"x.py\", line 1, in y", 1, Error, true),
            ("x.BadError: no", 2, Error, true),
            ("INFO:     10.0.0.1:2 - \"GET / HTTP/1.1\" 200 OK", 2, Info, false),
            ("   ██╗ banner", 3, Other, false),
            ("plain print", 3, Other, false),
            ("  indented, but much later", 60_000, Other, false),
            ("Traceback (most recent call last):", 61_000, Error, false),
            ("ValueError: no", 61_001, Error, true),
            (r#"{"level":"error","msg":"no"}"#, 61_002, Error, false),
            ("plain print", 61_003, Other, false),
            ("  indented print", 61_004, Other, true),
            ("INFO:     10.0.0.1:2 - \"GET / HTTP/1.1\" 500", 61_005, Error, false),
            ("plain print", 61_006, Other, false),
            ("INFO:     10.0.0.1:2 - \"GET / HTTP/1.1\" 500", 61_007, Error, false),
            ("Traceback (most recent call last):", 61_008, Error, false),
            ("  File \"x.py\", line 1, in y", 61_009, Error, true),
        ];
        let mut before = None;
        for (raw, at, level, continues) in lines {
            assert_eq!(join(before, read(raw), at), (level, continues), "{raw:?}");
            before = Some(Before::of(at, level, read(raw)));
        }
    }

    /// The proxy's own error as it ran: chained tracebacks, lines that were cut, colours.
    #[test]
    fn a_chained_traceback_of_the_proxy_is_one_entry() {
        let error = include_str!("../../assets/scenes/image-error.log").replace("{hms}", "19:40:58");
        let access = "INFO:     127.0.0.1:52484 - \"POST /v1/images/generations HTTP/1.1\" 403 Forbidden";
        let lines: Vec<&str> = std::iter::once(access).chain(error.lines()).chain([access]).collect();
        let mut before = None;
        let mut entries = Vec::new();
        for (i, raw) in lines.iter().enumerate() {
            let (level, is_continuation) = join(before, read(raw), i as Millis);
            before = Some(Before::of(i as Millis, level, read(raw)));
            match entries.last_mut() {
                Some((_, count)) if is_continuation => *count += 1,
                _ => entries.push((level, 1)),
            }
        }
        assert_eq!(entries, [(Warn, 1), (Error, error.lines().count()), (Warn, 1)]);
    }

    /// Each line of both start-ups has the level that it tells, and none is an error.
    #[test]
    fn the_starts_of_both_programs_are_calm() {
        for log in [
            include_str!("../../assets/scenes/litellm-start.log"),
            include_str!("../../assets/scenes/openwebui-start.log"),
        ] {
            let log = log.replace("{hms}", "19:40:57").replace("{stamp}", "2026-11-22 19:40:58.134");
            let levels: Vec<Level> = log.lines().map(|line| read(line).level).collect();
            assert!(levels.iter().all(|level| *level <= Warn), "{levels:?}");
            assert!(levels.contains(&Info) && levels.contains(&Warn), "{levels:?}");
        }
    }

    #[test]
    fn requests_and_statuses() {
        for (raw, id) in [
            (
                "x - litellm_call_id=0af3b1c2-77aa-4f0e-9c1d-2b6f0a1e5d44 - y",
                Some("0af3b1c2-77aa-4f0e-9c1d-2b6f0a1e5d44"),
            ),
            (r#"{"request_id": "req_12345678"}"#, Some("req_12345678")),
            (
                "(Service: Bedrock, Status: 429, Request ID: 7d1e4c0a-1111-4222-8333-944455556666)",
                Some("7d1e4c0a-1111-4222-8333-944455556666"),
            ),
            (
                "saw 7d1e4c0a-1111-4222-8333-944455556666 twice",
                Some("7d1e4c0a-1111-4222-8333-944455556666"),
            ),
            ("X-Request-Id: 4f5e6d7c8b9a", Some("4f5e6d7c8b9a")),
            ("{'x-litellm-call-id': 'fbd640df-5bae-4e42'}", Some("fbd640df-5bae-4e42")),
            ("RequestId: 7d1e4c0a-1111 of litellm_call_id=0af3b1c2-77aa", Some("0af3b1c2-77aa")),
            ("request_id is required", None),
            ("nothing", None),
        ] {
            assert_eq!(request_id(raw), id, "{raw}");
        }
        for (raw, code) in [
            ("\"GET / HTTP/1.1\" 404 Not Found", Some(404)),
            ("a \"GET / HTTP/2\" 99", None),
            ("\"GET / HTTP/1.1\" 2000", None),
        ] {
            assert_eq!(status(raw), code, "{raw}");
        }
    }

    #[test]
    fn only_whole_colour_sequences_go() {
        for (raw, want) in [
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{1b}[38:5:1mx", "x"),
            ("\u{1b}[2J\u{1b}[1", "␛[2J␛[1"),
            ("\u{1b}]52;c;AA\u{7}", "␛]52;c;AA␇"),
            ("\u{1b}\u{1b}[mx", "␛x"),
            ("\u{1b}[3\u{1b}[0m1m", "␛[31m"),
        ] {
            assert_eq!(display(raw).as_str(), want);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_shown(raw in "(\u{1b}\\[[0-9;]{0,3}m?|[\\PC\\n\\t{}:=\"]){0,60}|.{0,600}") {
            read(&raw);
            request_id(&raw);
            let shown = display(&raw);
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}
