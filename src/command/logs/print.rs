//! Lines on their way out: chosen, then written as text or as JSON Lines.

use super::{Answer, Context, LogEvent, Sieve, logline};
use crate::{
    command::text,
    core::{
        fact::Millis,
        lines::{ExportFormat, export_into},
        text::SafeText,
    },
};

/// Chooses lines and writes them.
pub(super) struct Printer {
    sieve: Sieve,
    is_utc: bool,
    /// Seconds since 1970, and how they are written: neighbours mostly share them.
    second: (Millis, String),
    /// The same for a stream and its short name.
    stream: (SafeText, String),
    line: String,
    /// Lines written.
    pub(super) printed: u64,
}

impl Printer {
    pub(super) fn new(sieve: Sieve, is_utc: bool) -> Self {
        Self {
            sieve,
            is_utc,
            second: (Millis::MIN, String::new()),
            stream: Default::default(),
            line: String::new(),
            printed: 0,
        }
    }

    /// Writes an event, if it is wanted.
    pub(super) fn show(&mut self, cx: &mut Context, event: &LogEvent, late: bool) -> Answer<()> {
        if !self.sieve.keeps(event) {
            return Ok(());
        }
        self.printed += 1;
        if cx.out.is_json() {
            // The console's own export: hidden characters are escaped, and the message is byte-exact once parsed.
            self.line.clear();
            export_into((event, late), ExportFormat::JsonLines, &mut self.line);
            return cx.out.raw(self.line.as_bytes());
        }
        self.write(cx, event, late);
        cx.out.raw(self.line.as_bytes())
    }

    fn write(&mut self, cx: &Context, event: &LogEvent, late: bool) {
        let second = event.at.div_euclid(1_000);
        if self.second.0 != second {
            let stamp = text::moment(event.at, &cx.settings);
            self.second = (second, stamp.trim_end_matches('Z').to_owned());
        }
        if self.stream.0 != event.stream {
            self.stream = (event.stream.clone(), short_stream(&event.stream));
        }
        let Self {
            line,
            second,
            stream,
            is_utc,
            ..
        } = self;
        line.clear();
        let (stamp, zone, mark) = (&second.1, if *is_utc { "Z" } else { "" }, if late { " (late)" } else { "" });
        // By hand: this is written for each of millions of lines.
        let millis = event.at.rem_euclid(1_000) as u32;
        let digits = [millis / 100, millis / 10 % 10, millis % 10].map(|digit| char::from_digit(digit, 10).unwrap_or('0'));
        line.push_str(stamp);
        line.push('.');
        line.extend(digits);
        for part in [zone, "  ", &stream.1, mark, "  "] {
            line.push_str(part);
        }
        let mut parts = logline::shown_parts(event.message.as_raw());
        logline::display_into(parts.next().unwrap_or_default(), line);
        line.push('\n');
        for part in parts.filter(|part| !part.is_empty()) {
            line.push_str("    ");
            logline::display_into(part, line);
            line.push('\n');
        }
    }
}

/// `openwebui/openwebui/0af31c9e…` → `openwebui/0af31c9e`.
fn short_stream(stream: &str) -> String {
    let mut parts = stream.split('/');
    match (parts.next(), parts.next_back()) {
        (Some(prefix), Some(task)) => format!("{prefix}/{}", task.chars().take(8).collect::<String>()),
        _ => stream.to_owned(),
    }
}
