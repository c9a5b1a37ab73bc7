//! The last lines of a task, with the heading of an error that is longer than what is kept of it.

use crate::core::{
    fact::{LogEvent, Millis},
    logline::{self, Joined},
    text::SafeText,
};

/// How many of its last lines a task is remembered by.
const LAST_LINES: usize = 6;
const LEFT_OUT: &str = " left out";

/// The last lines of events of one stream, as they are shown. Where they begin in the middle of an error its heading and
/// its exception stand before them, and how many lines are left out in between.
pub fn last_of(events: &[LogEvent]) -> Vec<SafeText> {
    let mut sorted: Vec<&LogEvent> = events.iter().collect();
    sorted.sort_by_key(|e| e.at);
    let parts = sorted
        .iter()
        .flat_map(|event| logline::shown_parts(event.message.as_raw()).map(|part| (event.at, part)));
    let mut lines = joined(parts);
    lines.retain(|(line, _)| !line.trim().is_empty());
    chosen(&lines)
}

/// Of lines that `last_of` gave, as many as `rows` have room for. Of an error its exception and its heading stay, and it is
/// told that something is left out of it.
pub fn fitting(lines: &[&str], rows: usize) -> Vec<SafeText> {
    let count = lines.len();
    let from = count.saturating_sub(rows);
    let known = joined(lines.iter().map(|line| (0, *line)));
    let error = known.iter().rposition(|(line, goes_on)| *goes_on && logline::is_exception(line));
    let head = error.and_then(|error| known[..error].iter().rposition(|(_, goes_on)| !goes_on));
    let (Some(error), Some(head)) = (error.filter(|_| from > 0), head) else {
        return lines[from..].iter().map(|line| (*line).into()).collect();
    };
    let mut kept = vec![head, error];
    kept.extend(
        (0..count)
            .rev()
            .filter(|at| ![head, error].contains(at) && left_out(lines[*at]).is_none()),
    );
    let mut shorter = (2..=kept.len()).rev().map(|most| {
        let mut kept = kept[..most].to_vec();
        kept.sort_unstable();
        with_gaps(lines, &kept)
    });
    shorter.find(|told| told.len() <= rows).unwrap_or_else(|| {
        // No row is left for what is left out: it is a sign before the exception.
        let said = lines[error];
        let said = format!("… {}", &said[logline::lead(said)..]);
        let mut told: Vec<SafeText> = (rows > 1).then(|| lines[head].into()).into_iter().collect();
        told.push(said.into());
        told.extend(lines[error + 1..].iter().map(|line| SafeText::from(*line)));
        told.truncate(rows);
        told
    })
}

/// Lines of one stream with the time of each, and whether it goes on with the entry before it.
fn joined<'a>(parts: impl Iterator<Item = (Millis, &'a str)>) -> Vec<(&'a str, bool)> {
    let mut before = None;
    let follow = |(at, part)| {
        let Joined {
            is_continuation,
            before: next,
            ..
        } = logline::follow(before, logline::read(part), part, at, 0);
        before = Some(next);
        (part, is_continuation)
    };
    parts.map(follow).collect()
}

/// Of lines, each with whether it goes on with the entry before it.
fn chosen(lines: &[(&str, bool)]) -> Vec<SafeText> {
    let count = lines.len();
    let show = |at: usize| logline::display(lines[at].0);
    let from = count.saturating_sub(LAST_LINES);
    let head = lines[..(from + 1).min(count)].iter().rposition(|(_, goes_on)| !goes_on);
    let Some(head) = head.filter(|head| *head < from) else {
        return (from..count).map(show).collect();
    };
    let end = lines[from..].iter().position(|(_, goes_on)| !goes_on).map_or(count, |n| from + n);
    let error = lines[head + 1..end].iter().rposition(|(line, _)| logline::is_exception(line));
    // The heading and what is left out take two lines; two more where the exception is not among the last ones.
    let (error, rest) = match error.map(|n| head + 1 + n) {
        Some(error) if error < count - (LAST_LINES - 2) => (Some(error), count - (LAST_LINES - 4)),
        _ => (None, count - (LAST_LINES - 2)),
    };
    let lines: Vec<&str> = lines.iter().map(|(line, _)| *line).collect();
    let kept: Vec<usize> = [head].into_iter().chain(error).chain(rest..count).collect();
    with_gaps(&lines, &kept)
}

/// The lines that are kept, the first one first, and how many are left out behind each.
fn with_gaps(lines: &[&str], kept: &[usize]) -> Vec<SafeText> {
    let mut out = Vec::new();
    for (n, at) in kept.iter().enumerate() {
        out.push(logline::display(lines[*at]));
        let next = kept.get(n + 1).copied().unwrap_or(lines.len());
        match lines[at + 1..next].iter().map(|line| left_out(line).unwrap_or(1)).sum::<usize>() {
            0 => {}
            1 => out.push(format!("… 1 line{LEFT_OUT}").into()),
            n => out.push(format!("… {n} lines{LEFT_OUT}").into()),
        }
    }
    out
}

/// How many lines a line stands for that tells of what is left out.
fn left_out(line: &str) -> Option<usize> {
    let (count, _) = line.strip_prefix("… ")?.strip_suffix(LEFT_OUT)?.split_once(" line")?;
    count.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::text::RawText;

    fn last(text: &str) -> Vec<String> {
        let event = |(n, line): (usize, &str)| LogEvent {
            id: None,
            at: 1_000 + n as i64,
            ingested: 0,
            stream: "litellm/litellm/1".into(),
            message: RawText::new(line),
        };
        let events: Vec<LogEvent> = text.lines().enumerate().map(event).collect();
        last_of(&events).into_iter().map(|line| line.to_string()).collect()
    }

    fn frames(count: usize) -> String {
        (0..count).fold(String::new(), |text, n| {
            text + &format!("  File \"main.py\", line {n}, in f{n}\n    g{n}()\n")
        })
    }

    const HEAD: &str = "03:12:45 - LiteLLM:ERROR: main.py:9 - Exception occured - no such bucket";

    #[test]
    fn what_is_short_is_whole() {
        let text = format!(
            "INFO:     ready\n{HEAD}\nTraceback (most recent call last):\n{}OSError: gone",
            frames(1)
        );
        assert_eq!(last(&text), text.lines().collect::<Vec<_>>());
        assert_eq!(last("a\nb\nc\nd\ne\nf\ng"), ["b", "c", "d", "e", "f", "g"]);
    }

    #[test]
    fn a_longer_error_keeps_its_heading_and_its_exception() {
        let trace = format!("{HEAD}\nTraceback (most recent call last):\n{}OSError: gone", frames(9));
        let end = ["    g7()", "  File \"main.py\", line 8, in f8", "    g8()", "OSError: gone"];
        let want = [&[HEAD, "… 16 lines left out"], &end[..]].concat();
        assert_eq!(last(&format!("INFO:     ready\n{trace}")), want);
        // What is said behind it is no part of it, and pushes the exception away.
        let told = last(&format!("{trace}\nINFO:     a\nINFO:     b\nINFO:     c\nINFO:     d\nINFO:     e"));
        let want = [
            HEAD,
            "… 19 lines left out",
            "OSError: gone",
            "… 3 lines left out",
            "INFO:     d",
            "INFO:     e",
        ];
        assert_eq!(told, want);
    }

    #[test]
    fn a_heading_that_lies_one_line_before_is_kept() {
        let trace = format!("Traceback (most recent call last):\n{}KeyError: 'x'", frames(3));
        let told = last(&trace);
        assert_eq!(
            (told.len(), told[0].as_str(), told[5].as_str()),
            (6, "Traceback (most recent call last):", "KeyError: 'x'")
        );
        assert_eq!(told[1], "… 3 lines left out");
    }

    #[test]
    fn where_room_is_short_the_heading_and_the_exception_stay() {
        let trace = format!("Traceback (most recent call last):\n{}KeyError: 'x'", frames(3));
        let lines = last(&format!("{trace}\nERROR:    Exiting."));
        let fit = |lines: &[String], rows| {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let told = fitting(&lines, rows);
            told.into_iter().map(|line| line.to_string()).collect::<Vec<_>>()
        };
        let (head, end) = ("Traceback (most recent call last):", "ERROR:    Exiting.");
        assert_eq!(lines.len(), 6);
        assert_eq!(fit(&lines, 6), lines);
        assert_eq!(fit(&lines, 5), [head, "… 5 lines left out", "    g2()", "KeyError: 'x'", end]);
        assert_eq!(fit(&lines, 4), [head, "… 6 lines left out", "KeyError: 'x'", end]);
        assert_eq!(fit(&lines, 3), [head, "… KeyError: 'x'", end]);
        assert_eq!(fit(&lines, 2), [head, "… KeyError: 'x'"]);
        assert_eq!(fit(&lines, 1), ["… KeyError: 'x'"]);
        // Of lines that are no error the last ones stay, and what was said before an error goes first.
        let plain = ["a", "b", "c", "d"].map(str::to_owned);
        assert_eq!(fit(&plain, 2), ["c", "d"]);
        let told = last(&format!("INFO:     ready\n{HEAD}\nOSError: gone"));
        assert_eq!(fit(&told, 2), [HEAD, "OSError: gone"]);
    }
}
