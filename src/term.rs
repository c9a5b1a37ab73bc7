//! The terminal: taken and given back on every way in and out, its events as messages, its clipboard.

mod burst;

use std::{
    io::{self, IsTerminal, Write},
    sync::atomic::{AtomicBool, Ordering},
    thread::ThreadId,
};

pub use crossterm::event::Event;
use crossterm::{
    clipboard::CopyToClipboard,
    cursor,
    event::{
        DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange, EnableMouseCapture,
        EventStream, KeyCode, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
    },
    execute, terminal,
};

use crate::core::{
    key::{Code, Key},
    msg::{Msg, Size},
};

/// The terminal is ours at the moment.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Takes the terminal: raw mode, alternate screen, paste marks, focus reports.
///
/// # Errors
/// The terminal's own.
pub fn enter(mouse: bool) -> io::Result<()> {
    // A shell sets the line for itself when its job is stopped without a word (SIGSTOP), and crossterm
    // would take it to be raw still.
    let _ = terminal::disable_raw_mode();
    terminal::enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(
        io::stdout(),
        terminal::EnterAlternateScreen,
        cursor::Hide,
        EnableBracketedPaste,
        EnableFocusChange
    )?;
    set_mouse(mouse)
}

/// Gives the terminal back as it was. Safe to call from anywhere, more than once.
pub fn leave() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // Cells are blanked first: what was shown must not stay in a scrollback that has no alternate screen.
    let _ = execute!(
        io::stdout(),
        terminal::Clear(terminal::ClearType::All),
        DisableMouseCapture,
        DisableFocusChange,
        DisableBracketedPaste,
        terminal::LeaveAlternateScreen,
        cursor::Show
    );
    let _ = terminal::disable_raw_mode();
    let _ = io::stdout().flush();
}

/// Mouse reporting on or off.
///
/// # Errors
/// The terminal's own.
pub fn set_mouse(on: bool) -> io::Result<()> {
    if on {
        execute!(io::stdout(), EnableMouseCapture)
    } else {
        execute!(io::stdout(), DisableMouseCapture)
    }
}

/// Whether there is a terminal to work on.
pub fn is_there() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// On a panic of the UI thread the terminal is given back and one sentence is printed; a panic of any
/// other thread is a fault of its panel, and the terminal stays ours. The panic's text goes to the log only.
pub fn install_panic_hook(ui: ThreadId) {
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(%place, "panic");
        if std::thread::current().id() == ui {
            leave();
            let _ = writeln!(
                io::stderr(),
                "bic-tui: stopped by a bug at {place}. Nothing in AWS is affected; start it again and it follows what runs."
            );
        }
    }));
}

/// Stops this process as the shell's job control does, and comes back when it is continued.
pub fn stop_process() {
    #[cfg(unix)]
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
}

/// The terminal has hung up: nobody will ever type again.
pub fn has_hung_up() -> bool {
    #[cfg(unix)]
    {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let stdin = io::stdin();
        let mut fds = [PollFd::new(&stdin, PollFlags::empty())];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut fds, Some(&at_once)).is_ok_and(|n| n > 0)
            && fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
    }
    #[cfg(not(unix))]
    false
}

/// What the terminal tells, from now on.
pub fn events() -> burst::Joined<EventStream> {
    burst::Joined::new(EventStream::new())
}

/// Size of the terminal.
pub fn size() -> Size {
    let (width, height) = terminal::size().unwrap_or((80, 24));
    Size { width, height }
}

/// Puts bytes on the clipboard by OSC 52, which works over SSH but can not be verified.
///
/// # Errors
/// The terminal's own.
pub fn copy(bytes: &[u8]) -> io::Result<()> {
    execute!(io::stdout(), CopyToClipboard::to_clipboard_from(bytes))
}

/// Rings the bell.
///
/// # Errors
/// The terminal's own.
pub fn bell() -> io::Result<()> {
    io::stdout().write_all(b"\x07")?;
    io::stdout().flush()
}

/// Whether the background is light, asked of the terminal once; `None` when it does not say.
pub fn is_light() -> Option<bool> {
    let mut options = terminal_colorsaurus::QueryOptions::default();
    options.timeout = std::time::Duration::from_millis(200);
    // The background alone: a terminal that answers several questions out of order still gives a theme.
    terminal_colorsaurus::background_color(options)
        .ok()
        .map(|color| color.perceived_lightness() > 0.5)
}

/// An event as a message; coordinates are clamped to the screen.
pub fn message(event: Event, size: Size) -> Option<Msg> {
    match event {
        Event::Key(key) if key.kind == KeyEventKind::Release => None,
        Event::Key(key) => translate(key.code, key.modifiers).map(Msg::Key),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(width, height) => Some(Msg::Resize(Size { width, height })),
        Event::FocusLost => Some(Msg::Hide),
        Event::FocusGained => None,
        Event::Mouse(mouse) => {
            let (x, y) = (
                mouse.column.min(size.width.saturating_sub(1)),
                mouse.row.min(size.height.saturating_sub(1)),
            );
            match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => Some(Msg::Click(x, y)),
                MouseEventKind::ScrollUp => Some(Msg::Wheel(-3)),
                MouseEventKind::ScrollDown => Some(Msg::Wheel(3)),
                _ => None,
            }
        }
    }
}

fn translate(code: KeyCode, modifiers: KeyModifiers) -> Option<Key> {
    let code = match code {
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(n) => Code::F(n),
        _ => return None,
    };
    // Terminals without the newer protocol send Ctrl-letter in lower case; those with it may not.
    let ctrl = modifiers.contains(KeyModifiers::CONTROL);
    let code = match code {
        Code::Char(c) if ctrl => Code::Char(c.to_ascii_lowercase()),
        other => other,
    };
    Some(Key {
        code,
        ctrl,
        alt: modifiers.contains(KeyModifiers::ALT),
    })
}
