//! The lines of a terminal that are rewritten in place: how they are drawn and taken away.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Mutex, PoisonError},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use crate::term;

/// Columns that are left free behind such a line: a terminal writes `^C` there. Where there is no room it begins a new
/// line, and what is taken away then is that one.
pub(super) const ECHO: u16 = 2;

/// stderr, a little narrower than it is. A frame is one write.
#[derive(Debug, Default)]
struct Narrow(Mutex<Vec<u8>>);

impl Narrow {
    fn put(&self, text: &str) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(text.as_bytes())
    }

    fn step(&self, n: usize, to: char) -> io::Result<()> {
        if n == 0 { Ok(()) } else { self.put(&format!("\x1b[{n}{to}")) }
    }
}

impl TermLike for Narrow {
    fn width(&self) -> u16 {
        term::size().width.saturating_sub(ECHO)
    }

    fn height(&self) -> u16 {
        term::size().height
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.step(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.step(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.step(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.step(n, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.put(text)?;
        self.put("\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.put(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.put("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        let frame = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut err = io::stderr();
        err.write_all(&frame)?;
        err.flush()
    }
}

/// A bar that draws to the terminal, if there is one.
pub(super) fn bar() -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::term_like_with_hz(Box::new(Narrow::default()), 20)
    } else {
        ProgressDrawTarget::hidden()
    };
    ProgressBar::with_draw_target(Some(0), target)
}

/// One line of text; what a narrow terminal has no room for is cut.
pub(super) fn text() -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    bar().with_style(style)
}
