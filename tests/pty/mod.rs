//! Runs the real binary in a pty with a terminal emulator as judge of what is on the screen.

use std::{
    io::{Read, Write},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long a test waits for what must come; it goes on at once when it is there.
const PATIENCE: Duration = Duration::from_secs(60);

struct Shared {
    parser: vt100::Parser,
    raw: Vec<u8>,
    is_over: bool,
}

/// A program in a terminal.
pub(crate) struct Tty {
    shared: Arc<(Mutex<Shared>, Condvar)>,
    input: Arc<Mutex<Box<dyn Write + Send>>>,
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    /// Home folder of the program: nothing of the user's is read or written.
    pub(crate) home: tempfile::TempDir,
}

impl Tty {
    /// Starts `bic-tui` with arguments in a terminal of so many columns and rows.
    pub(crate) fn start(args: &[&str], (cols, rows): (u16, u16)) -> Self {
        Self::start_with(args, (cols, rows), &[])
    }

    /// The same with more environment.
    pub(crate) fn start_with(args: &[&str], (cols, rows): (u16, u16), env: &[(&str, &str)]) -> Self {
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        let home = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_bic-tui"));
        command.args(args);
        command.env_clear();
        command.env("HOME", home.path());
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("TZ", "UTC");
        for (key, value) in env {
            command.env(key, value);
        }
        command.cwd(home.path());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let shared = Arc::new((
            Mutex::new(Shared { parser: vt100::Parser::new(rows, cols, 0), raw: Vec::new(), is_over: false }),
            Condvar::new(),
        ));
        let input = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let reader = pair.master.try_clone_reader().unwrap();
        let tty = Self { shared, input, child, master: Some(pair.master), home };
        tty.listen(reader);
        tty
    }

    fn listen(&self, mut reader: Box<dyn Read + Send>) {
        let (shared, input) = (Arc::clone(&self.shared), Arc::clone(&self.input));
        std::thread::spawn(move || {
            let mut buffer = [0u8; 16_384];
            loop {
                let n = reader.read(&mut buffer).unwrap_or(0);
                let (lock, more) = &*shared;
                let mut state = lock.lock().unwrap();
                if n == 0 {
                    state.is_over = true;
                    more.notify_all();
                    return;
                }
                answer(&buffer[..n], &input);
                state.parser.process(&buffer[..n]);
                state.raw.extend_from_slice(&buffer[..n]);
                more.notify_all();
            }
        });
    }

    /// Types text as it is.
    pub(crate) fn send(&self, bytes: &str) {
        let mut input = self.input.lock().unwrap();
        input.write_all(bytes.as_bytes()).unwrap();
        input.flush().unwrap();
    }

    /// The screen as text.
    pub(crate) fn screen(&self) -> String {
        self.shared.0.lock().unwrap().parser.screen().contents()
    }

    /// Every byte that the program wrote.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.shared.0.lock().unwrap().raw.clone()
    }

    /// Waits until the screen satisfies `is_it`; fails with the screen when it never does.
    pub(crate) fn wait(&self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let (lock, more) = &*self.shared;
        let mut state = lock.lock().unwrap();
        loop {
            let text = state.parser.screen().contents();
            if is_it(&text) {
                return text;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !state.is_over, "never saw {what}; the screen is:\n{text}");
            state = more.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits until a text is on the screen.
    pub(crate) fn see(&self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    /// Waits until a text has gone from the screen.
    pub(crate) fn gone(&self, text: &str) -> String {
        self.wait(&format!("no {text}"), |screen| !screen.contains(text))
    }

    /// Process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Whether the terminal is as it was: no alternate screen, cursor shown, no mouse, no paste marks.
    pub(crate) fn is_restored(&self) -> bool {
        let state = self.shared.0.lock().unwrap();
        let screen = state.parser.screen();
        !screen.alternate_screen()
            && !screen.hide_cursor()
            && !screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    }

    /// Closes the terminal under the program.
    pub(crate) fn hang_up(&mut self) {
        self.master = None;
    }

    /// Waits for the end and gives the exit status.
    pub(crate) fn end(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        {
            let (lock, more) = &*self.shared;
            let mut state = lock.lock().unwrap();
            while !state.is_over {
                let left = deadline.saturating_duration_since(Instant::now());
                assert!(!left.is_zero(), "did not end; the screen is:\n{}", state.parser.screen().contents());
                state = more.wait_timeout(state, left).unwrap().0;
            }
        }
        self.child.wait().unwrap().exit_code()
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// Answers as a terminal does: device attributes, and a dark background.
fn answer(bytes: &[u8], input: &Mutex<Box<dyn Write + Send>>) {
    let has = |what: &[u8]| bytes.windows(what.len()).any(|w| w == what);
    let mut reply = Vec::new();
    if has(b"\x1b]11;?") {
        reply.extend_from_slice(b"\x1b]11;rgb:0000/0000/0000\x1b\\");
    }
    if has(b"\x1b[c") {
        reply.extend_from_slice(b"\x1b[?62;22c");
    }
    if !reply.is_empty() {
        let _ = input.lock().unwrap().write_all(&reply);
    }
}
