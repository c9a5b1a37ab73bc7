//! Times as people give them: `15m`, `-2h`, `03:12`, `2026-11-22`, `2026-11-22T03:12:00Z`.

use jiff::tz::TimeZone;

use crate::core::{fact::Millis, logview::moment};

/// The moment that `text` means at `now`, in the time zone `zone` where it names none.
///
/// # Errors
/// One sentence with what would be understood.
pub(super) fn parse(text: &str, now: Millis, zone: &TimeZone) -> Result<Millis, String> {
    moment(text, now, zone).ok_or_else(|| format!("\"{text}\" is no time; write it as 15m, 2h, 3d, 03:12 or 2026-11-22T03:12:00Z."))
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
            ("-1h30m", now - 3 * hour / 2),
            ("4294967295w", 0),
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
        for text in ["", "yesterday", "15", "m", "99999999999999d", "25:00", "é"] {
            assert!(parse(text, now, &zone).is_err(), "{text}");
        }
    }
}
