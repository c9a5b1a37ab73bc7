//! Where a subcommand's answer goes: text or JSON on stdout, remarks on stderr. A reader that has gone
//! (`| head`) ends the command quietly.

use std::{
    fmt::{self, Display},
    io::{self, Write},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::{
    Answer, Failure,
    line::{self, ECHO},
    waiting::Line,
};
use crate::{cli::Format, term};

/// Between two looks at the progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// The two streams and the format.
pub struct Out {
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
    format: Format,
    /// Somebody watches stderr.
    is_watched: bool,
    /// stdout is a terminal.
    is_terminal: bool,
    /// When the progress was written last, and that it stands there.
    progress: Option<Instant>,
    /// The bar under the lines of a watch.
    bar: Option<ProgressBar>,
    /// What stands there is no bar, but a line.
    is_standing: bool,
    /// What is waited for, where neither of the two stands.
    waiting: Line,
}

/// How far an operation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Far {
    /// Resources that are done.
    pub done: usize,
    /// Resources in all.
    pub total: usize,
    /// What else there is to say, the most important first: a narrow terminal cuts it.
    pub about: String,
}

/// Before each part of what is told beside a bar.
const SEPARATOR: &str = " · ";

/// Columns from which on there is room for the bar itself.
const BAR_FROM: u16 = 72;

impl Out {
    /// Writes to these.
    pub fn new(stdout: Box<dyn Write + Send>, stderr: Box<dyn Write + Send>, format: Format) -> Self {
        Self {
            stdout,
            stderr,
            format,
            is_watched: false,
            is_terminal: false,
            progress: None,
            bar: None,
            is_standing: false,
            waiting: Line::default(),
        }
    }

    /// The same with somebody who watches stderr, a terminal: progress is shown there.
    #[must_use]
    pub fn watched(self, is_watched: bool) -> Self {
        Self { is_watched, ..self }
    }

    /// The same with a terminal at stdout: its width counts.
    #[must_use]
    pub fn on_terminal(self, is_terminal: bool) -> Self {
        Self { is_terminal, ..self }
    }

    /// Columns that a line of the answer has; `None` where it goes to no terminal.
    pub fn columns(&self) -> Option<usize> {
        self.is_terminal.then(|| usize::from(term::size().width))
    }

    /// The line that says what is waited for, where somebody watches.
    pub(super) fn waiting(&self) -> Option<Line> {
        self.is_watched.then(|| self.waiting.clone())
    }

    /// How far a long fetch is, on one line that stands until something is written; empty takes it away.
    pub fn progress(&mut self, text: String) {
        if text.is_empty() {
            return self.wipe();
        }
        if !self.is_watched || self.progress.is_some_and(|at| at.elapsed() < PROGRESS_EVERY) {
            return;
        }
        self.progress = Some(Instant::now());
        self.waiting.hush(true);
        let _ = write!(self.stderr, "\r\x1b[K{text}").and_then(|()| self.stderr.flush());
    }

    /// Somebody watches stderr.
    pub fn is_watched(&self) -> bool {
        self.is_watched
    }

    /// Shows a bar under the lines, or brings it up to date; `elapsed` is asked for each second.
    pub fn bar(&mut self, far: Far, elapsed: impl Fn() -> String + Send + Sync + Clone + 'static) {
        if !self.is_watched {
            return;
        }
        self.end_standing();
        self.waiting.hush(true);
        let bar = self.bar.get_or_insert_with(|| {
            let bar = line::bar();
            bar.enable_steady_tick(Duration::from_secs(1));
            bar
        });
        let width = term::size().width.saturating_sub(ECHO);
        let bars = if width < BAR_FROM { "" } else { "{bar:20} " };
        let taken = if bars.is_empty() { 0 } else { 21 } + format!("{}/{}  {}", far.done, far.total, elapsed()).len();
        let template = format!("{bars}{{pos}}/{{len}}  {{elapsed_there}}{{wide_msg}}");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            let told = move |_: &ProgressState, out: &mut dyn fmt::Write| {
                let _ = out.write_str(&elapsed());
            };
            bar.set_style(style.progress_chars("█▌░").with_key("elapsed_there", told));
        }
        bar.set_length(far.total as u64);
        bar.set_position(far.done as u64);
        bar.set_message(whole_parts(&far.about, usize::from(width).saturating_sub(taken)));
    }

    /// Has one line stand in place of the bar, until it is rewritten or taken away.
    pub(super) fn stand(&mut self, text: String) {
        if !self.is_watched {
            return;
        }
        if !self.is_standing {
            self.end_bar();
        }
        self.is_standing = true;
        self.waiting.hush(true);
        let bar = self.bar.get_or_insert_with(line::text);
        bar.set_message(text);
        bar.tick();
    }

    /// Takes that line away.
    pub(super) fn end_standing(&mut self) {
        if self.is_standing {
            self.end_bar();
        }
    }

    /// Takes away what stands under the lines.
    pub fn end_bar(&mut self) {
        self.is_standing = false;
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
            self.waiting.hush(false);
        }
    }

    fn wipe(&mut self) {
        if self.progress.take().is_some() {
            let _ = write!(self.stderr, "\r\x1b[K").and_then(|()| self.stderr.flush());
            self.waiting.hush(self.bar.is_some());
        }
    }

    /// JSON was asked for.
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// One line of the answer.
    ///
    /// # Errors
    /// The reader has gone, or the disk is full.
    pub fn line(&mut self, text: impl Display) -> Answer<()> {
        writeln!(self.stdout, "{text}").map_err(failure)
    }

    /// Bytes of the answer, and nothing beside them.
    ///
    /// # Errors
    /// The reader has gone, or the disk is full.
    pub fn raw(&mut self, bytes: &[u8]) -> Answer<()> {
        self.wipe();
        self.stdout.write_all(bytes).map_err(failure)
    }

    /// The whole answer as one JSON document.
    ///
    /// # Errors
    /// The reader has gone, or the disk is full.
    pub fn json(&mut self, value: &impl Serialize) -> Answer<()> {
        serde_json::to_writer_pretty(&mut self.stdout, value).map_err(|e| failure(e.into()))?;
        self.line("")
    }

    /// One line of JSON Lines.
    ///
    /// # Errors
    /// The reader has gone, or the disk is full.
    pub fn json_line(&mut self, value: &impl Serialize) -> Answer<()> {
        serde_json::to_writer(&mut self.stdout, value).map_err(|e| failure(e.into()))?;
        self.line("")
    }

    /// A remark beside the answer. That nobody reads it is no failure.
    pub fn note(&mut self, text: impl Display) {
        self.wipe();
        let stderr = &mut self.stderr;
        let _ = beside((self.bar.as_ref(), &self.waiting), || writeln!(stderr, "{text}"));
    }

    /// A question, without the end of the line.
    pub fn question(&mut self, text: &str) {
        let _ = write!(self.stderr, "{text}").and_then(|()| self.stderr.flush());
    }

    /// Brings all of it out.
    ///
    /// # Errors
    /// The reader has gone, or the disk is full.
    pub fn flush(&mut self) -> Answer<()> {
        let stdout = &mut self.stdout;
        beside((self.bar.as_ref(), &self.waiting), || stdout.flush()).map_err(failure)
    }
}

/// As many whole parts as fit, the most important ones first.
fn whole_parts(about: &str, room: usize) -> String {
    let ends = about.match_indices(SEPARATOR).map(|(at, _)| at).chain([about.len()]);
    let end = ends.take_while(|end| about[..*end].width() <= room).last().unwrap_or(0);
    about[..end].to_owned()
}

/// Writes while the bar, or the line of what is waited for, is out of the way.
fn beside<T>((bar, waiting): (Option<&ProgressBar>, &Line), write: impl FnOnce() -> T) -> T {
    match bar {
        Some(bar) => bar.suspend(write),
        None => waiting.beside(write),
    }
}

fn failure(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        Failure::Closed
    } else {
        Failure::Output(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_stands_beside_a_bar_is_cut_between_its_parts() {
        let about = " · still 2 min · LiteLLMService 12s · RDSInstance 4m02s";
        for (room, want) in [
            (200, about),
            (40, " · still 2 min · LiteLLMService 12s"),
            (20, " · still 2 min"),
            (5, ""),
        ] {
            assert_eq!(whole_parts(about, room), want, "{room}");
        }
    }

    #[test]
    fn what_is_waited_for_is_told_only_to_somebody_who_watches() {
        let out = || Out::new(Box::new(io::sink()), Box::new(io::sink()), Format::Text);
        assert!(out().waiting().is_none() && out().watched(true).waiting().is_some());
    }

    #[test]
    fn a_closed_pipe_is_well_and_a_full_disk_is_not() {
        for (kind, status) in [(io::ErrorKind::BrokenPipe, 0), (io::ErrorKind::StorageFull, 4)] {
            let mut out = Out::new(Box::new(Broken(kind)), Box::new(io::sink()), Format::Json);
            assert_eq!(out.line("x").unwrap_err().status(), status);
            assert_eq!(out.json(&[1]).unwrap_err().status(), status);
            assert_eq!(out.json_line(&[1]).unwrap_err().status(), status);
            assert_eq!(out.raw(b"x").unwrap_err().status(), status);
        }
    }
}
