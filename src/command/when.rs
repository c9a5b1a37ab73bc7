//! Times as people give them: `15m`, `-2h`, `03:12`, `2026-11-22`, `2026-11-22T03:12:00Z`.

use jiff::{
    Timestamp,
    civil::{DateTime, Time},
    tz::TimeZone,
};

use crate::core::fact::Millis;

/// The moment that `text` means at `now`, in the time zone `zone` where it names none.
///
/// # Errors
/// One sentence with what would be understood.
pub(super) fn parse(text: &str, now: Millis, zone: &TimeZone) -> Result<Millis, String> {
    let text = text.trim();
    ago(text)
        .map(|ms| now - ms)
        .or_else(|| text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond))
        .or_else(|| local(text, zone))
        .or_else(|| time_of_day(text, now, zone))
        .ok_or_else(|| format!("\"{text}\" is no time; write it as 15m, 2h, 3d, 03:12 or 2026-11-22T03:12:00Z."))
}

fn ago(text: &str) -> Option<Millis> {
    let text = text.strip_prefix('-').unwrap_or(text);
    let unit = text.chars().last()?;
    let factor = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        'w' => 604_800_000,
        _ => return None,
    };
    text[..text.len() - 1].parse::<u32>().ok().map(|n| i64::from(n) * factor)
}

fn local(text: &str, zone: &TimeZone) -> Option<Millis> {
    let civil: DateTime = text.parse().ok()?;
    zone.to_timestamp(civil).ok().map(Timestamp::as_millisecond)
}

/// The last time that the clock showed it.
fn time_of_day(text: &str, now: Millis, zone: &TimeZone) -> Option<Millis> {
    if !text.contains(':') {
        return None;
    }
    let padded = if text.len() == 4 { format!("0{text}") } else { text.to_owned() };
    let time: Time = padded.parse().ok()?;
    let here = Timestamp::from_millisecond(now).ok()?.to_zoned(zone.clone());
    let today = zone.to_timestamp(here.date().to_datetime(time)).ok()?.as_millisecond();
    if today <= now {
        return Some(today);
    }
    let yesterday = here.date().yesterday().ok()?;
    zone.to_timestamp(yesterday.to_datetime(time)).ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write() {
        // 2026-11-22T12:00:00Z.
        let now = 1_795_348_800_000;
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let hour = 3_600_000;
        for (text, want) in [
            ("15m", now - hour / 4),
            ("-2h", now - 2 * hour),
            ("3d", now - 72 * hour),
            ("1w", now - 168 * hour),
            ("2026-11-22T11:00:00Z", now - hour),
            ("2026-11-22T11:00:00+01:00", now - 2 * hour),
            ("2026-11-22T12:00:00", now - hour),
            ("2026-11-22 12:00", now - hour),
            ("2026-11-22", now - 13 * hour),
            ("12:00", now - hour),
            ("9:00", now - 4 * hour),
            ("13:30", now + hour / 2 - 24 * hour),
        ] {
            assert_eq!(parse(text, now, &zone), Ok(want), "{text}");
        }
        for text in ["", "yesterday", "15", "m", "99999999999d", "25:00", "é"] {
            assert!(parse(text, now, &zone).is_err(), "{text}");
        }
    }
}
