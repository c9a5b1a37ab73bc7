//! How grave a line is, by its logger's prefix.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
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

    /// The numbers of pino and bunyan, which call theirs `level`: 30 is information, 60 fatal.
    fn numbered(number: i64) -> Self {
        match number {
            ..30 => Self::Debug,
            30..40 => Self::Info,
            40..50 => Self::Warn,
            50..60 => Self::Error,
            60.. => Self::Critical,
        }
    }

    /// OpenTelemetry's number of a severity: <https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber>.
    fn of_severity(number: i64) -> Option<Self> {
        Some(match number {
            1..=8 => Self::Debug,
            9..=12 => Self::Info,
            13..=16 => Self::Warn,
            17..=20 => Self::Error,
            21..=24 => Self::Critical,
            _ => return None,
        })
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
    #[serde(
        alias = "severity",
        alias = "levelname",
        alias = "lvl",
        alias = "log_level",
        alias = "loglevel",
        alias = "log.level"
    )]
    Level,
    /// Python's number of a level: 20 is information, 50 critical.
    #[serde(rename = "levelno")]
    Number,
    /// OpenTelemetry's.
    #[serde(rename = "severity_number", alias = "severityNumber")]
    Severity,
    #[serde(alias = "status_code")]
    Status,
    /// What a log driver or a shipper puts the line itself into, as an object or as text.
    #[serde(alias = "log", alias = "message", alias = "msg", alias = "record")]
    Inner,
    #[serde(other)]
    Other,
}

/// Reads the gravest level that an object tells; where it tells none, that of the object in it, one level deep.
struct Fields {
    is_inner: bool,
}

impl<'de> DeserializeSeed<'de> for Fields {
    type Value = Option<Level>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<Level>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Fields {
    type Value = Option<Level>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Option<Level>, A::Error> {
        let (mut gravest, mut within) = (None, None);
        while let Some(field) = fields.next_key()? {
            let told = match field {
                Field::Inner if !self.is_inner => {
                    within = within.max(fields.next_value_seed(Self { is_inner: true })?);
                    continue;
                }
                Field::Other | Field::Inner => {
                    fields.next_value::<IgnoredAny>()?;
                    continue;
                }
                Field::Level => level_of(&fields.next_value()?),
                Field::Number => number(&fields.next_value()?).map(|number| Level::numbered(number.saturating_add(10))),
                Field::Severity => number(&fields.next_value()?).and_then(Level::of_severity),
                Field::Status => {
                    let status = fields.next_value::<Value>()?.as_u64();
                    status.and_then(|status| u16::try_from(status).ok()).map(of_status)
                }
            };
            gravest = gravest.max(told);
        }
        Ok(gravest.or(within))
    }

    /// The object written as text.
    fn visit_str<E>(self, text: &str) -> Result<Option<Level>, E> {
        let is_object = self.is_inner && text.trim_start().starts_with('{');
        Ok(Some(text).filter(|_| is_object).and_then(|text| object(text, true).ok()?))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<Level>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Option<Level>, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Option<Level>, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Option<Level>, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Option<Level>, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Option<Level>, E> {
        Ok(None)
    }
}

/// A name, a number, or an object with a name.
fn level_of(value: &Value) -> Option<Level> {
    match value {
        Value::String(name) => Level::named(name).or_else(|| number(value).map(Level::numbered)),
        Value::Object(fields) => Level::named(fields.get("name")?.as_str()?),
        other => number(other).map(Level::numbered),
    }
}

/// A number as loggers write it: whole, with a fraction that says nothing, or as text.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64().or_else(|| Some(other.as_f64()? as i64)),
    }
}

/// The level of an object; of a long one, and of one that was cut off or is not quite JSON, what its top tells.
fn json_level(raw: &str) -> Option<Level> {
    let is_long = raw.len() > MAX_JSON;
    if !is_long && let Ok(level) = object(raw, false) {
        return Some(level.unwrap_or_default());
    }
    let tells = |name: &str| serde_json::from_str(name).is_ok_and(|field| !matches!(field, Field::Other));
    let told = top::of(raw, &tells).and_then(|top| object(&top, false).ok()?);
    told.or(is_long.then_some(Level::Other))
}

/// The level that an object tells; an error where it is none.
fn object(text: &str, is_inner: bool) -> serde_json::Result<Option<Level>> {
    let mut from = serde_json::Deserializer::from_str(text);
    let level = Fields { is_inner }.deserialize(&mut from)?;
    from.end().map(|()| level)
}

pub(super) fn of_status(status: u16) -> Level {
    match status {
        500..=599 => Level::Error,
        400..=499 => Level::Warn,
        _ => Level::Info,
    }
}
