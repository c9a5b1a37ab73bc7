//! The last lines of a task, with the heading of an error that is longer than what is kept of it.

use crate::core::{
    fact::LogEvent,
    logline::{self, Joined},
    text::SafeText,
};

/// How many of its last lines a task is remembered by.
const LAST_LINES: usize = 6;

/// The last lines of events of one stream, as they are shown. Where they begin in the middle of an error its heading and
/// its exception stand before them, and how many lines are left out in between.
pub fn last_of(events: &[LogEvent]) -> Vec<SafeText> {
    let mut sorted: Vec<&LogEvent> = events.iter().collect();
    sorted.sort_by_key(|e| e.at);
    let mut before = None;
    let mut lines: Vec<(&str, bool)> = Vec::new();
    for event in sorted {
        for part in logline::shown_parts(event.message.as_raw()) {
            let Joined {
                is_continuation,
                before: next,
                ..
            } = logline::follow(before, logline::read(part), part, event.at, 0);
            before = Some(next);
            if !part.trim().is_empty() {
                lines.push((part, is_continuation));
            }
        }
    }
    chosen(&lines)
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
    let mut out = vec![show(head)];
    let mut shown = head;
    for at in error.into_iter().chain(rest..count) {
        match at - shown - 1 {
            0 => {}
            1 => out.push("… 1 line left out".into()),
            n => out.push(format!("… {n} lines left out").into()),
        }
        out.push(show(at));
        shown = at;
    }
    out
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
}
