//! Lines on their way out: chosen, then written as text or as JSON Lines.

use std::collections::HashMap;

use super::{Answer, Context, LogEvent, Sieve, logline};
use crate::{
    command::text,
    core::{
        fact::Millis,
        lines::{ExportFormat, export_into},
        text::{SafeText, is_printable},
    },
};

/// Chooses lines and writes them.
pub(super) struct Printer {
    sieve: Sieve,
    /// Seconds since 1970, how they are written, and their zone: neighbours mostly share them.
    second: (Millis, String, String),
    /// Short names of the streams: two services take turns.
    streams: HashMap<SafeText, String, foldhash::fast::RandomState>,
    line: String,
    /// Lines written.
    pub(super) printed: u64,
}

impl Printer {
    pub(super) fn new(sieve: Sieve) -> Self {
        Self {
            sieve,
            second: (Millis::MIN, String::new(), String::new()),
            streams: HashMap::default(),
            line: String::new(),
            printed: 0,
        }
    }

    /// That no line was of the stream that was asked for.
    pub(super) fn lacks_stream(&self) -> Option<String> {
        self.sieve.lacks_stream()
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
            let stamp = stamp.trim_end_matches('Z').to_owned();
            self.second = (second, stamp, text::offset(event.at, &cx.settings));
        }
        if !self.streams.contains_key(&event.stream) {
            self.streams.insert(event.stream.clone(), short_stream(&event.stream));
        }
        let Self { line, second, streams, .. } = self;
        line.clear();
        let ((_, stamp, zone), mark) = (second, if late { " (late)" } else { "" });
        // By hand: this is written for each of millions of lines.
        let millis = event.at.rem_euclid(1_000) as u32;
        let digits = [millis / 100, millis / 10 % 10, millis % 10].map(|digit| char::from_digit(digit, 10).unwrap_or('0'));
        line.push_str(stamp);
        line.push('.');
        line.extend(digits);
        let stream = streams.get(&event.stream).map_or("", String::as_str);
        for part in [zone, "  ", stream, mark, "  "] {
            line.push_str(part);
        }
        let raw = event.message.as_raw();
        // Most lines are one, with nothing hidden in it: one look tells.
        if is_printable(raw) {
            line.push_str(raw);
            line.push('\n');
            return;
        }
        let mut parts = logline::shown_parts(raw);
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
pub(super) fn short_stream(stream: &str) -> String {
    let mut parts = stream.split('/');
    match (parts.next(), parts.next_back()) {
        (Some(prefix), Some(task)) => format!("{prefix}/{}", task.chars().take(8).collect::<String>()),
        _ => stream.to_owned(),
    }
}
