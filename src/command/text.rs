//! Text for people: tables, times, amounts.

use jiff::{Timestamp, tz::TimeZone};
use unicode_width::UnicodeWidthStr;

use crate::core::{fact::Millis, settings::Settings};

/// Columns as wide as their widest cell; the last one is not padded.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let mut all = vec![head.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>()];
    all.extend_from_slice(rows);
    columns(&all)
}

/// The same without a head.
pub(super) fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|i| rows.iter().filter_map(|row| row.get(i)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    rows.iter().map(|row| line(row, &widths)).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).map(|(cell, width)| {
        let space = " ".repeat(width.saturating_sub(cell.width()));
        // Amounts stand with their points below each other.
        let is_amount = cell.trim_start_matches(['+', '-']).starts_with('$');
        if is_amount {
            format!("{space}{cell}")
        } else {
            format!("{cell}{space}")
        }
    });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// `2026-11-22 03:12:04`, in UTC with a `Z` or in local time.
pub(super) fn moment(at: Millis, settings: &Settings) -> String {
    let Ok(stamp) = Timestamp::from_millisecond(at) else {
        return at.to_string();
    };
    if settings.utc {
        stamp.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
    } else {
        stamp.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

/// The same without the date.
pub(super) fn clock(at: Millis, settings: &Settings) -> String {
    let moment = moment(at, settings);
    moment.split(' ').next_back().unwrap_or_default().to_owned()
}

/// How long ago: `42 s`, `7 min`, `3 h`, `5 d`.
pub(super) fn age(at: Option<Millis>, now: Millis) -> String {
    let Some(at) = at else { return "-".into() };
    let seconds = (now - at).max(0) / 1000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// `$12.34`.
pub(super) fn usd(amount: f64) -> String {
    let sign = if amount <= -0.005 { "-" } else { "" };
    format!("{sign}${:.2}", amount.abs())
}

/// `$0.0494`: what an hour costs.
pub(super) fn rate(amount: f64) -> String {
    let sign = if amount <= -0.000_05 { "-" } else { "" };
    format!("{sign}${:.4}", amount.abs())
}

/// `+$12.34` or `-$12.34`.
pub(super) fn delta(amount: f64) -> String {
    let text = usd(amount);
    if text.starts_with('-') { text } else { format!("+{text}") }
}

/// A cell for text that may be empty.
pub(super) fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".into() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_width_and_not_by_bytes() {
        let rows = [vec!["漢字".into(), "1".into()], vec!["a".into(), "2".into()]];
        assert_eq!(table(&["NAME", "N"], &rows), ["NAME  N", "漢字  1", "a     2"]);
        let amounts = [vec!["$14.60".into(), "x".into()], vec!["-$0.02".into()], vec!["$582.03".into()]];
        assert_eq!(columns(&amounts), [" $14.60  x", " -$0.02", "$582.03"]);
    }

    #[test]
    fn amounts_and_ages() {
        for (amount, want) in [
            (0.0, "$0.00"),
            (0.4, "$0.40"),
            (-0.001, "$0.00"),
            (158.974, "$158.97"),
            (-36.5, "-$36.50"),
        ] {
            assert_eq!(usd(amount), want);
        }
        assert_eq!((rate(0.049_37).as_str(), rate(-0.000_01).as_str()), ("$0.0494", "$0.0000"));
        assert_eq!((delta(3.0).as_str(), delta(-3.0).as_str()), ("+$3.00", "-$3.00"));
        for (seconds, want) in [(1, "1 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (172_800, "2 d")] {
            assert_eq!(age(Some(0), seconds * 1000), want);
        }
    }
}
