//! How grave a line is, by its logger's prefix.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::Value;

use super::{MAX_JSON, head_of, top};

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

    /// What is shown where this is the lowest level, in words.
    pub fn and_worse(self) -> &'static str {
        match self {
            Self::Debug => "all levels",
            Self::Other => "all but debug lines",
            Self::Info => "info and worse",
            Self::Warn => "warnings and worse",
            Self::Error => "errors and worse",
            Self::Critical => "critical lines only",
        }
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

/// Level by a logger's prefix; `None` without one.
pub(super) fn prefix(line: &str, raw: &str) -> Option<Level> {
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

/// The fields in which a JSON line may tell its level; it may have several of them.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    #[serde(alias = "severity", alias = "levelname", alias = "lvl", alias = "log_level", alias = "loglevel")]
    Level,
    #[serde(alias = "status_code")]
    Status,
    #[serde(other)]
    Other,
}

/// The gravest level that an object tells.
struct Gravest(Option<Level>);

impl<'de> Deserialize<'de> for Gravest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Gravest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Gravest, A::Error> {
        let mut gravest = None;
        while let Some(field) = fields.next_key()? {
            let told = match field {
                Field::Other => {
                    fields.next_value::<IgnoredAny>()?;
                    continue;
                }
                Field::Level => match fields.next_value()? {
                    Value::String(name) => Level::named(&name),
                    other => other.as_i64().map(Level::numbered),
                },
                Field::Status => fields.next_value::<Value>()?.as_u64().map(|status| of_status(status as u16)),
            };
            gravest = gravest.max(told);
        }
        Ok(Gravest(gravest))
    }
}

/// The level of an object; of a long one, and of one that was cut off or is not quite JSON, what its top tells.
fn json_level(raw: &str) -> Option<Level> {
    let is_long = raw.len() > MAX_JSON;
    if !is_long && let Ok(Gravest(level)) = serde_json::from_str(raw) {
        return Some(level.unwrap_or_default());
    }
    let tells = |name: &str| serde_json::from_str(name).is_ok_and(|field| !matches!(field, Field::Other));
    let top = top::of(raw, &tells);
    let told = top.and_then(|top| serde_json::from_str::<Gravest>(&top).ok()?.0);
    told.or(is_long.then_some(Level::Other))
}

pub(super) fn of_status(status: u16) -> Level {
    match status {
        500..=599 => Level::Error,
        400..=499 => Level::Warn,
        _ => Level::Info,
    }
}
