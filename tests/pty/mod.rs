//! Runs the real binary in a pty with a terminal emulator as judge of what is on the screen.

use std::{
    io::{Read, Write},
    num::NonZeroU16,
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, waitpid};

/// How long a test waits for what must come; it goes on at once when it is there.
const PATIENCE: Duration = Duration::from_secs(30);

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
    master: Box<dyn MasterPty + Send>,
    /// Settings of the line before the program began.
    before: String,
    /// Home folder of the program: nothing of the user's is read or written.
    pub(crate) home: tempfile::TempDir,
}

impl Tty {
    /// Starts `bic-tui` with arguments in a terminal of so many columns and rows.
    pub(crate) fn start(args: &[&str], (cols, rows): (u16, u16)) -> Self {
        Self::start_with(args, (cols, rows), &[])
    }

    /// The same with more environment.
    pub(crate) fn start_with(args: &[&str], size: (u16, u16), env: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_bic-tui"));
        command.args(args);
        Self::spawn(command, size, env)
    }

    /// Runs a shell line in a terminal; `$BIC` in it is the program.
    pub(crate) fn start_shell(line: &str, size: (u16, u16)) -> Self {
        let mut command = CommandBuilder::new("/bin/sh");
        command.args(["-c", line]);
        Self::spawn(command, size, &[("BIC", env!("CARGO_BIN_EXE_bic-tui")), ("PATH", "/usr/bin:/bin")])
    }

    fn spawn(mut command: CommandBuilder, (cols, rows): (u16, u16), env: &[(&str, &str)]) -> Self {
        let pair = native_pty_system().openpty(cells(cols, rows)).unwrap();
        let home = tempfile::tempdir().unwrap();
        command.env_clear();
        command.env("HOME", home.path());
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("TZ", "UTC");
        for (key, value) in env {
            command.env(key, value);
        }
        command.cwd(home.path());
        let before = format!("{:?}", pair.master.get_termios());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let shared = Arc::new((
            Mutex::new(Shared {
                parser: vt100::Parser::new(nonzero(rows), nonzero(cols), 0),
                raw: Vec::new(),
                is_over: false,
            }),
            Condvar::new(),
        ));
        let input = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let reader = pair.master.try_clone_reader().unwrap();
        let tty = Self {
            shared,
            input,
            child,
            master: pair.master,
            before,
            home,
        };
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
    pub(crate) fn send(&self, text: &str) {
        self.send_bytes(text.as_bytes());
    }

    /// Puts bytes into the program's input.
    pub(crate) fn send_bytes(&self, bytes: &[u8]) {
        let mut input = self.input.lock().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&self, (cols, rows): (u16, u16)) {
        // The emulator first: what the program paints at the new size must find it there.
        self.shared
            .0
            .lock()
            .unwrap()
            .parser
            .screen_mut()
            .set_size(nonzero(rows), nonzero(cols));
        self.master.resize(cells(cols, rows)).unwrap();
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
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
        self.wait_for(what, |state| {
            // Half a frame proves nothing: each one ends with a word about the cursor.
            let is_whole = state.is_over || [&b"\x1b[?25l"[..], b"\x1b[?25h"].iter().any(|end| state.raw.ends_with(end));
            let text = state.parser.screen().contents();
            (is_whole && is_it(&text)).then_some(text)
        })
    }

    /// Waits until the program has written a word after what it had written before.
    pub(crate) fn written(&self, from: usize, word: &str) {
        self.wait_for(word, |state| {
            state.raw[from..].windows(word.len()).any(|w| w == word.as_bytes()).then_some(())
        });
    }

    /// Waits until the program wrote `word` after so many bytes, or ended; whether it wrote.
    #[allow(dead_code, reason = "not every test that uses this harness needs it")]
    pub(crate) fn writes_or_ends(&self, from: usize, word: &str) -> bool {
        self.wait_for(word, |state| {
            let is_there = state.raw[from..].windows(word.len()).any(|w| w == word.as_bytes());
            (is_there || state.is_over).then_some(!state.is_over)
        })
    }

    fn wait_for<T>(&self, what: &str, is_it: impl Fn(&Shared) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let (lock, more) = &*self.shared;
        let mut state = lock.lock().unwrap();
        loop {
            if let Some(found) = is_it(&state) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.is_over {
                let text = state.parser.screen().contents();
                drop(state);
                panic!("never saw {what}; the screen is:\n{text}");
            }
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

    /// Looks at the cells of the screen.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.shared.0.lock().unwrap().parser.screen())
    }

    /// Process id.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.process_id().unwrap() as i32).unwrap()
    }

    /// Waits until the program is stopped as by job control.
    pub(crate) fn until_stopped(&self) {
        let status: WaitStatus = waitpid(Some(self.pid()), WaitOptions::UNTRACED).unwrap().unwrap().1;
        assert!(status.stopped(), "it ended instead of stopping");
    }

    /// Device of the terminal.
    pub(crate) fn device(&self) -> std::path::PathBuf {
        self.master.tty_name().unwrap()
    }

    /// Whether the line is in raw mode: no echo, keys come one by one.
    pub(crate) fn is_raw(&self) -> bool {
        let termios = self.master.get_termios().unwrap();
        !format!("{:?}", termios.local_flags).contains("ICANON")
    }

    /// Fails unless the terminal is as it was: every mode that was set is reset, the cursor shows, and the
    /// line has its settings back.
    pub(crate) fn assert_restored(&self) {
        let raw = self.raw();
        for mode in [1049, 2004, 1004, 1000, 1002, 1003, 1006, 1015] {
            assert_ne!(last_of(&raw, mode), Some(b'h'), "mode {mode} is still set");
        }
        assert_ne!(last_of(&raw, 25), Some(b'l'), "the cursor is still hidden");
        assert!(self.look(|s| !s.alternate_screen() && !s.hide_cursor()));
        assert_eq!(format!("{:?}", self.master.get_termios()), self.before, "the line is not as it was");
    }

    /// Waits for the end and gives the exit status.
    pub(crate) fn end(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        {
            let (lock, more) = &*self.shared;
            let mut state = lock.lock().unwrap();
            while !state.is_over {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    let text = state.parser.screen().contents();
                    drop(state);
                    panic!("did not end; the screen is:\n{text}");
                }
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

fn cells(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn nonzero(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}

/// Whether a private mode was set (`h`) or reset (`l`) last.
fn last_of(raw: &[u8], mode: u16) -> Option<u8> {
    let begin = format!("\x1b[?{mode}");
    raw.windows(begin.len() + 1)
        .rfind(|w| w.starts_with(begin.as_bytes()) && matches!(w.last(), Some(b'h' | b'l')))
        .and_then(|w| w.last().copied())
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
