//! Times and durations in words. Pure: the zone's offset and the present time come in.

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
pub fn show(at: Millis, now: Millis, times: Times, utc_offset: i32) -> String {
    if times == Times::Age {
        return format!("{} ago", span(now - at));
    }
    let offset = if times == Times::Utc { 0 } else { i64::from(utc_offset) * 1000 };
    let shifted = |t: Millis| jiff::Timestamp::from_millisecond(t + offset).unwrap_or_default();
    let day = |t: jiff::Timestamp| t.strftime("%m-%d").to_string();
    let (then, today) = (shifted(at), day(shifted(now)));
    let clock = then.strftime("%H:%M:%S").to_string();
    if day(then) == today {
        clock
    } else {
        format!("{} {}", day(then), then.strftime("%H:%M"))
    }
}

/// A time as somebody types it, in a zone: `2026-11-22T19:40:58`.
pub fn typed(at: Millis, utc_offset: i32) -> String {
    iso(at + i64::from(utc_offset) * 1000).trim_end_matches('Z').to_owned()
}

/// The time of day in eight cells: `19:40:58`.
pub fn clock(at: Millis, times: Times, utc_offset: i32) -> String {
    show(at, at, if times == Times::Utc { Times::Utc } else { Times::Local }, utc_offset)
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
        assert_eq!(show(at, at, Times::Utc, 3600), "19:40:58");
        assert_eq!(show(at, at, Times::Local, 3600), "20:40:58");
        assert_eq!(show(at, at + 86_400_000, Times::Utc, 0), "11-22 19:40");
        assert_eq!(show(at, at + 8_000, Times::Age, 0), "8 s ago");
    }
}
