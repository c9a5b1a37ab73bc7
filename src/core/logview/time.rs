//! Times as people type them.

use jiff::{
    Timestamp, Zoned,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};

use crate::core::fact::Millis;

/// Reads a [`moment`]. `zone` is that of times that name none.
pub fn parse_time(text: &str, now: Millis, zone: &TimeZone) -> Result<Millis, String> {
    let text = text.trim();
    let parsed = moment(text, now, zone);
    parsed.ok_or_else(|| format!("`{text}` is not a time: write -15m, 03:12, 2026-11-22 or 2026-11-22T03:12:45Z."))
}

/// Reads `15m` or `-15m` (before now; `s m h d w`, also `1h30m`), `03:12` or `03:12:45` (the last one that has been), a
/// date, or an ISO date and time, with a zone of its own or in `zone`. Before 1970 there are no logs: what lies there
/// is 1970.
pub fn moment(text: &str, now: Millis, zone: &TimeZone) -> Option<Millis> {
    let text = text.trim();
    let ago = before(text.strip_prefix('-').unwrap_or(text));
    let at = match ago {
        Some(ago) => now.saturating_sub(ago),
        None => absolute(text, now, zone)?,
    };
    Some(at.max(0))
}

/// Milliseconds of `1h30m`.
fn before(text: &str) -> Option<Millis> {
    let mut sum: Millis = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let unit = rest[digits..].chars().next()?;
        let factor = match unit {
            's' => 1_000,
            'm' => 60_000,
            'h' => 3_600_000,
            'd' => 86_400_000,
            'w' => 604_800_000,
            _ => return None,
        };
        let count: Millis = rest[..digits].parse().ok()?;
        sum = sum.checked_add(count.checked_mul(factor)?)?;
        rest = &rest[digits + unit.len_utf8()..];
    }
    (!text.is_empty()).then_some(sum)
}

fn absolute(text: &str, now: Millis, zone: &TimeZone) -> Option<Millis> {
    // A zone in brackets is read by no other type, and left out by some.
    if text.contains('[') {
        return text.parse::<Zoned>().ok().map(|at| at.timestamp().as_millisecond());
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_millisecond());
    }
    let stamp = |at: DateTime| zone.to_timestamp(at).ok().map(Timestamp::as_millisecond);
    if let Ok(at) = text.parse::<DateTime>() {
        return stamp(at);
    }
    if !text.contains(':') {
        return None;
    }
    let padded = if text.len() == 4 { format!("0{text}") } else { text.to_owned() };
    let time: Time = padded.parse().ok()?;
    let today = Timestamp::from_millisecond(now).ok()?.to_zoned(zone.clone()).date();
    // On the night on which an hour comes twice the second one may have been, or only the first.
    let last_on = |day: Date| {
        let at = zone.to_ambiguous_timestamp(day.to_datetime(time));
        let both = [at.later(), at.compatible()].into_iter().flatten();
        both.map(Timestamp::as_millisecond).find(|at| *at <= now)
    };
    last_on(today).or_else(|| last_on(today.yesterday().ok()?))
}

#[cfg(test)]
mod tests {
    use jiff::tz::Offset;

    use super::*;

    #[test]
    fn times_as_people_type_them() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let now = at("2026-11-22T10:00:00Z");
        for (text, offset, want) in [
            ("-15m", 0, Some(at("2026-11-22T09:45:00Z"))),
            ("-1h30m", 0, Some(at("2026-11-22T08:30:00Z"))),
            ("1h30m", 0, Some(at("2026-11-22T08:30:00Z"))),
            ("-1w", 0, Some(at("2026-11-15T10:00:00Z"))),
            ("9:00", 0, Some(at("2026-11-22T09:00:00Z"))),
            ("2026-11-22T03:12:00[Europe/Berlin]", 0, Some(at("2026-11-22T02:12:00Z"))),
            ("2026-11-22T03:12:00+01:00[Europe/Berlin]", 0, Some(at("2026-11-22T02:12:00Z"))),
            ("2026-11-22T03:12:00[Europe/Nowhere]", 0, None),
            ("99999w", 0, Some(0)),
            ("0001-01-01", 0, Some(0)),
            ("1530", 0, None),
            ("-2d", 0, Some(at("2026-11-20T10:00:00Z"))),
            ("03:12", 0, Some(at("2026-11-22T03:12:00Z"))),
            ("03:12:45", 3_600, Some(at("2026-11-22T02:12:45Z"))),
            ("23:00", 0, Some(at("2026-11-21T23:00:00Z"))),
            ("2026-11-22", 0, Some(at("2026-11-22T00:00:00Z"))),
            ("2026-11-22T03:12", -18_000, Some(at("2026-11-22T08:12:00Z"))),
            ("2026-11-22 03:12:45", 0, Some(at("2026-11-22T03:12:45Z"))),
            ("2026-11-22T03:12:45+02:00", 0, Some(at("2026-11-22T01:12:45Z"))),
            ("-", 0, None),
            ("-15", 0, None),
            ("-15é", 0, None),
            ("-99999999999999d", 0, None),
            ("25:00", 0, None),
            ("yesterday", 0, None),
            ("", 0, None),
        ] {
            let zone = TimeZone::fixed(Offset::from_seconds(offset).unwrap());
            assert_eq!(parse_time(text, now, &zone).ok(), want, "{text}");
        }
        assert!(parse_time("soon", now, &TimeZone::UTC).unwrap_err().contains("-15m"));
    }

    #[test]
    fn a_clock_time_is_the_last_one_that_has_been_on_the_nights_of_the_change_too() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        for (now, text, want) in [
            ("2026-10-25T00:50:00Z", "02:30", "2026-10-25T00:30:00Z"),
            ("2026-10-25T01:10:00Z", "02:30", "2026-10-25T00:30:00Z"),
            ("2026-10-25T01:50:00Z", "02:30", "2026-10-25T01:30:00Z"),
            ("2026-10-25T08:00:00Z", "02:30", "2026-10-25T01:30:00Z"),
            ("2026-10-25T00:10:00Z", "02:30", "2026-10-24T00:30:00Z"),
            // At 03:10, when there has been no 02:30 that day.
            ("2026-03-29T01:10:00Z", "02:30", "2026-03-28T01:30:00Z"),
            // Who names the day has all of that hour.
            ("2026-10-25T08:00:00Z", "2026-10-25T02:30", "2026-10-25T00:30:00Z"),
        ] {
            assert_eq!(moment(text, at(now), &zone), Some(at(want)), "{text} at {now}");
        }
    }
}
