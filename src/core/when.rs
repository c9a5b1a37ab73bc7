//! Times and durations in words. Pure: the time zone and the present time come in.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::{fact::Millis, model::Times};

/// `2026-11-22T19:40:58Z`.
pub fn iso(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |t| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// A time for the name of a file, to the millisecond: `20261122T194058123Z`.
pub fn compact(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |t| t.strftime("%Y%m%dT%H%M%S%3fZ").to_string())
}

/// A time as the operator wants it: `19:40:58`, with the day before it when that is another day; or an age.
pub fn show(at: Millis, now: Millis, times: Times, zone: &TimeZone) -> String {
    if times == Times::Age {
        return format!("{} ago", span(now - at));
    }
    let zone = if times == Times::Utc { &TimeZone::UTC } else { zone };
    let form = if is_same_day(at, now, zone) { "%H:%M:%S" } else { "%m-%d %H:%M" };
    there(at, zone).strftime(form).to_string()
}

/// The same to the second: `19:40:58`, or `11-22 19:40:58` of another day.
pub fn to_the_second(at: Millis, now: Millis, zone: &TimeZone) -> String {
    let form = if is_same_day(at, now, zone) { "%H:%M:%S" } else { "%m-%d %H:%M:%S" };
    there(at, zone).strftime(form).to_string()
}

/// Whether two times are of one day in a zone.
pub fn is_same_day(one: Millis, other: Millis, zone: &TimeZone) -> bool {
    there(one, zone).date() == there(other, zone).date()
}

fn there(at: Millis, zone: &TimeZone) -> DateTime {
    zone.to_datetime(Timestamp::from_millisecond(at).unwrap_or_default())
}

/// A time as somebody types it, in a zone: `2026-11-22T19:40:58`. In an hour that the clocks show twice it has its offset.
pub fn typed(at: Millis, zone: &TimeZone) -> String {
    let Ok(at) = Timestamp::from_millisecond(at) else {
        return at.to_string();
    };
    let is_plain = zone.to_timestamp(zone.to_datetime(at)).is_ok_and(|read| read == at);
    let form = if is_plain { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S%:z" };
    at.to_zoned(zone.clone()).strftime(form).to_string()
}

/// The time of day in eight cells: `19:40:58`.
pub fn clock(at: Millis, times: Times, zone: &TimeZone) -> String {
    show(at, at, if times == Times::Utc { Times::Utc } else { Times::Local }, zone)
}

/// A duration in its largest units: `8 s`, `3 min 05 s`, `2 h 10 min`, `3 d 4 h`; never negative.
pub fn span(millis: Millis) -> String {
    let s = millis.max(0) / 1000;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min {:02} s", s / 60, s % 60),
        3600..86_400 => format!("{} h {:02} min", s / 3600, s % 3600 / 60),
        _ => format!("{} d {} h", s / 86_400, s % 86_400 / 3600),
    }
}

/// Clocks that differ by this much are said to, in milliseconds.
const CLOCKS_DIFFER: Millis = 60_000;

/// That this machine's clock is off by a minute or more; `ahead` is by how much it is ahead of AWS's.
pub fn clock_off(ahead: Millis) -> Option<String> {
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    let by = ahead.saturating_abs();
    (by >= CLOCKS_DIFFER).then(|| format!("this machine's clock is {} {way} AWS's; times here are AWS's", span(by)))
}

/// A duration in at most six cells: `8s`, `3m05s`, `2h10m`, `3d4h`.
pub fn short(millis: Millis) -> String {
    let s = millis.max(0) / 1000;
    match s {
        0..60 => format!("{s}s"),
        60..3600 => format!("{}m{:02}s", s / 60, s % 60),
        3600..86_400 => format!("{}h{:02}m", s / 3600, s % 3600 / 60),
        _ => format!("{}d{}h", s / 86_400, s % 86_400 / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::logview::parse_time;

    #[test]
    fn durations() {
        for (millis, want_span, want_short) in [
            (-5, "0 s", "0s"),
            (59_999, "59 s", "59s"),
            (185_000, "3 min 05 s", "3m05s"),
            (7_800_000, "2 h 10 min", "2h10m"),
            (273_600_000, "3 d 4 h", "3d4h"),
        ] {
            assert_eq!((span(millis).as_str(), short(millis).as_str()), (want_span, want_short));
        }
    }

    #[test]
    fn times_in_a_zone() {
        let at = 1_795_376_458_000; // 2026-11-22T19:40:58Z
        assert_eq!(iso(at), "2026-11-22T19:40:58Z");
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(show(at, at, Times::Utc, &zone), "19:40:58");
        assert_eq!(show(at, at, Times::Local, &zone), "20:40:58");
        assert_eq!(show(at, at + 86_400_000, Times::Utc, &zone), "11-22 19:40");
        assert_eq!(show(at, at + 365 * 86_400_000, Times::Utc, &zone), "11-22 19:40");
        assert_eq!(show(at, at + 8_000, Times::Age, &zone), "8 s ago");
    }

    #[test]
    fn each_time_has_the_offset_of_its_own_day() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let now = 1_795_376_458_000; // 2026-11-22T19:40:58Z
        for (at, typed_as, shown, clock_at) in [
            ("2026-10-20T12:00:00Z", "2026-10-20T14:00:00", "10-20 14:00", "14:00:00"),
            ("2026-10-25T00:30:00Z", "2026-10-25T02:30:00", "10-25 02:30", "02:30:00"),
            ("2026-10-25T01:30:00Z", "2026-10-25T02:30:00+01:00", "10-25 02:30", "02:30:00"),
            ("2026-11-22T12:00:00Z", "2026-11-22T13:00:00", "13:00:00", "13:00:00"),
        ] {
            let at = at.parse::<Timestamp>().unwrap().as_millisecond();
            assert_eq!(typed(at, &zone), typed_as);
            assert_eq!(parse_time(typed_as, now, &zone), Ok(at));
            assert_eq!(show(at, now, Times::Local, &zone), shown);
            assert_eq!(clock(at, Times::Local, &zone), clock_at);
            let day = shown.split_once(' ').map_or(String::new(), |(day, _)| format!("{day} "));
            assert_eq!(to_the_second(at, now, &zone), format!("{day}{clock_at}"));
        }
    }
}
