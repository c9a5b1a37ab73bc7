//! The loop: wait, update, carry out, draw when something changed. Input goes first; everything that is
//! queued is taken before one frame is drawn.

mod signals;

use std::{
    io::{self, Write},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{FutureExt, Stream, StreamExt, future::poll_immediate};
use ratatui::{
    Terminal,
    backend::Backend,
    layout::{Position, Rect},
};
use tokio::sync::mpsc;

use self::signals::Signal;
pub use self::signals::Signals;

use crate::{
    cloud::About,
    core::{
        awscli,
        effect::Effect,
        fault::{Fault, FaultKind},
        keymap::Keymap,
        model::Model,
        msg::{Msg, Now},
        place::{Arrival, Place},
        screen::ScreenId,
        secret::{SecretRef, SecretText},
        template::Template,
        text::SafeText,
        update::update,
    },
    journal::{AbandonedPlan, Journal},
    pictures::Pictures,
    places::Session,
    runtime::{Runtime, Saves},
    term::{self, Event},
    ui::{self, Side, theme::Theme},
    vault::Vault,
};

/// How often time goes on for the model.
const TICK: Duration = Duration::from_millis(250);

/// When nothing has been pressed for this long, what comes by itself is drawn once a second.
const QUIET: u64 = 3_000;

/// A secret on its way to the clipboard.
type Fetched = (SecretRef, Arc<SecretText>);

/// A session that was asked for under a number.
type Built = (u64, Result<Session, Fault>);

/// How long who leaves waits for what is being written.
const PATIENCE: Duration = Duration::from_secs(3);
/// The same where a signal or a lost terminal ends the console: whoever sent it may not wait.
const HURRY: Duration = Duration::from_secs(1);

/// Longest that the building of a session may take: a helper may have to ask a server for credentials.
const GO_LIMIT: Duration = Duration::from_secs(70);

/// How the console ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The operator left.
    Left,
    /// The operator left an operation that goes on: the exit status, and what to say.
    Detached(u8, String),
    /// A signal ended it: its number, and what to say.
    Signal(i32, Option<String>),
    /// The terminal is gone.
    HungUp,
}

/// The console without its terminal: what the loop and in-process tests drive.
pub struct App {
    /// The model.
    pub model: Model,
    runtime: Runtime,
    answers: mpsc::Receiver<Msg>,
    /// What ends the console from outside.
    ending: Option<End>,
    secrets: (mpsc::Sender<Fetched>, mpsc::Receiver<Fetched>),
    session: Session,
    /// Sessions that were asked for, as they stand.
    arrivals: (mpsc::Sender<Built>, mpsc::Receiver<Built>),
    journal: Arc<Journal>,
    started: Instant,
    paced: Paced,
    theme: Theme,
    pictures: Pictures,
    /// The clipboard holds a secret of ours.
    owns_clipboard: bool,
}

/// When the operator last did something, and when was drawn last, in milliseconds since the start.
#[derive(Debug, Clone, Copy, Default)]
struct Paced {
    touched: u64,
    drawn: u64,
}

impl Paced {
    /// Whether a change may be drawn now: at once for somebody at the keys, else a second after the last frame.
    fn may_draw(self, now: u64) -> bool {
        now.saturating_sub(self.touched) < QUIET || now.saturating_sub(self.drawn) >= 1_000
    }
}

/// What one round left for the terminal to do.
enum Round {
    Go,
    End(End),
}

impl App {
    /// A console over a cloud.
    ///
    /// # Errors
    /// A sentence about a bad key or theme in the settings.
    pub fn new(session: Session, journal: Arc<Journal>) -> Result<Self, String> {
        let (cloud, settings) = (Arc::clone(&session.cloud), session.settings.clone());
        let keymap = Keymap::new(&settings)?;
        let theme = match settings.theme.as_str() {
            _ if settings.no_color => Theme::plain(),
            "auto" => Theme::named("dark")?,
            name => Theme::named(name)?,
        };
        let (sender, answers) = mpsc::channel(256);
        let vault = Arc::new(Vault::default());
        let past = journal.past(&cloud.about(), cloud.now());
        let runtime = Runtime::new(journal.recorded(Arc::clone(&cloud)), vault, Arc::clone(&journal), sender);
        let template = Arc::new(Template::shipped());
        let mut model = Model::new(settings, cloud.about(), keymap, template);
        model.zone = jiff::tz::TimeZone::system();
        model.now.wall = cloud.now();
        model.span = cloud.span();
        if model.span.is_some() {
            model.screen = ScreenId::Deploy;
        }
        model.own_tokens = past.tokens;
        model.abandoned = past.abandoned.iter().map(AbandonedPlan::removal).collect();
        Ok(Self {
            model,
            runtime,
            answers,
            ending: None,
            secrets: mpsc::channel(4),
            session,
            arrivals: mpsc::channel(4),
            journal,
            started: Instant::now(),
            paced: Paced::default(),
            theme,
            pictures: Pictures::default(),
            owns_clipboard: false,
        })
    }

    fn now(&self) -> Now {
        Now {
            mono: self.started.elapsed().as_millis() as u64,
            wall: self.session.cloud.now(),
        }
    }

    /// Takes one message and carries out what it asks for.
    fn take<B: Backend>(&mut self, msg: Msg, terminal: &mut Terminal<B>) -> io::Result<Round>
    where
        B::Error: Into<io::Error>,
    {
        self.model.ahead = self.session.cloud.ahead();
        for effect in update(&mut self.model, msg) {
            let Some(effect) = self.runtime.run(effect, &self.model.guard, self.model.now) else {
                continue;
            };
            match effect {
                Effect::Quit => return Ok(Round::End(End::Left)),
                Effect::Detach(status) => {
                    return Ok(Round::End(End::Detached(status, self.goes_on())));
                }
                Effect::Copy(text) => {
                    let copied = term::copy(text.as_bytes());
                    self.tell_copied(copied, "copied, where the terminal allows it (OSC 52)");
                }
                Effect::CopySecret(secret) => self.runtime.fetch_secret(secret, self.secrets.0.clone()),
                Effect::ClearClipboard => self.clear_clipboard(),
                Effect::Repaint => repaint(terminal)?,
                Effect::Mouse(on) => term::set_mouse(on)?,
                Effect::Bell => term::bell()?,
                Effect::Suspend => self.suspend(terminal)?,
                Effect::Profiles => self.runtime.list_profiles(self.session.places.profiles()),
                Effect::Go(seq, place) => self.go(seq, place),
                Effect::Ask(..)
                | Effect::Change(_)
                | Effect::Reveal(_)
                | Effect::Scan(_)
                | Effect::Mine(_)
                | Effect::OpenLive(..)
                | Effect::CloseLive
                | Effect::Hide
                | Effect::Save(..)
                | Effect::Load(_)
                | Effect::SaveLines(..)
                | Effect::Steer(_)
                | Effect::KeepTo(_)
                | Effect::Open(_) => {}
            }
        }
        Ok(Round::Go)
    }

    /// Has the session of another place built; nothing waits for it.
    fn go(&self, seq: u64, place: Place) {
        let (work, sender) = (self.session.places.go(place, self.session.clone()), self.arrivals.0.clone());
        tokio::spawn(async move {
            let built = tokio::time::timeout(GO_LIMIT, AssertUnwindSafe(work).catch_unwind()).await;
            let fault = |kind, why| Err(Fault::new(kind, "the session", "", why));
            let built = match built {
                Ok(Ok(built)) => built,
                Ok(Err(_)) => fault(FaultKind::Internal, "a task of the console failed; this is a bug"),
                Err(_) => fault(FaultKind::TimedOut, ""),
            };
            // The loop is gone when the program ends.
            let _ = sender.send((seq, built)).await;
        });
    }

    /// Takes the new session in place of the old one, unless nobody waits for it any more. The old runtime goes
    /// with its vault and its channel: what is still answered there is heard by nobody.
    fn arrive(&mut self, (seq, built): Built) -> Msg {
        let arrived = built.map(|session| {
            let arrival = Arrival {
                about: session.cloud.about(),
                settings: session.settings.clone(),
                wall: session.cloud.now(),
            };
            if self.model.is_going(seq) {
                self.runtime.vault().clear();
                let (sender, answers) = mpsc::channel(256);
                let vault = Arc::new(Vault::default());
                self.runtime = Runtime::new(
                    self.journal.recorded(Arc::clone(&session.cloud)),
                    vault,
                    Arc::clone(&self.journal),
                    sender,
                )
                .after(&self.runtime);
                self.answers = answers;
                self.secrets = mpsc::channel(4);
                self.session = session;
            }
            Box::new(arrival)
        });
        Msg::Arrived(seq, arrived)
    }

    fn tell_copied(&mut self, copied: io::Result<()>, words: &str) {
        let words: SafeText = if copied.is_ok() {
            words.into()
        } else {
            "nothing: the terminal refused".into()
        };
        self.model.notice = Some(crate::core::model::Notice {
            text: words,
            severity: crate::core::health::Severity::Note,
            until: self.model.now.mono + 5_000,
            of_key: true,
        });
        self.model.is_dirty = true;
    }

    fn on_secret(&mut self, value: &SecretText) {
        let copied = term::copy(value.expose());
        self.owns_clipboard = copied.is_ok();
        self.tell_copied(
            copied,
            "secret copied (OSC 52, not verified); cleared after 45 s; clipboard managers may keep it",
        );
    }

    fn clear_clipboard(&mut self) {
        if std::mem::take(&mut self.owns_clipboard) {
            let cleared = term::copy(b"");
            self.tell_copied(cleared, "the clipboard was cleared; clipboard managers may still hold the secret");
        }
    }

    fn suspend<B: Backend>(&mut self, terminal: &mut Terminal<B>) -> io::Result<()>
    where
        B::Error: Into<io::Error>,
    {
        self.runtime.vault().clear();
        term::leave();
        term::stop_process();
        self.resume(terminal)
    }

    /// Takes the terminal again after the process was stopped.
    fn resume<B: Backend>(&mut self, terminal: &mut Terminal<B>) -> io::Result<()>
    where
        B::Error: Into<io::Error>,
    {
        term::enter(self.model.mouse)?;
        repaint(terminal)?;
        self.model.size = term::size();
        self.model.is_dirty = true;
        self.paced.touched = self.now().mono;
        Ok(())
    }

    fn draw<B: Backend>(&mut self, terminal: &mut Terminal<B>) -> io::Result<()>
    where
        B::Error: Into<io::Error>,
    {
        let (model, pictures, vault) = (&self.model, &self.pictures, self.runtime.vault());
        let side = Side {
            theme: &self.theme,
            secret: &|name| vault.get(name),
            picture: &|picture, area, frame| pictures.draw(picture, area, frame),
            picture_protocol: pictures.protocol(),
        };
        terminal.draw(|frame| ui::view(model, &side, frame)).map_err(Into::into)?;
        update(&mut self.model, Msg::Drawn);
        self.paced.drawn = self.now().mono;
        Ok(())
    }

    /// What an event of the terminal means.
    fn touch(&mut self, event: Event) -> Option<Msg> {
        self.paced.touched = self.now().mono;
        term::message(event, self.model.size)
    }
}

/// Has every cell painted anew. `Terminal::clear` would ask the terminal where its cursor is, and the
/// answer never comes while the stream of events reads the input.
fn repaint<B: Backend>(terminal: &mut Terminal<B>) -> io::Result<()>
where
    B::Error: Into<io::Error>,
{
    let size = terminal.size().map_err(Into::into)?;
    terminal.resize(Rect::from((Position::ORIGIN, size))).map_err(Into::into)
}

/// Runs the console on the real terminal.
///
/// # Errors
/// The terminal's own, or a sentence about the settings.
pub async fn run(session: Session, journal: Arc<Journal>) -> anyhow::Result<End> {
    let asks_theme = session.settings.theme == "auto" && !session.settings.no_color;
    let mouse = session.settings.mouse;
    let mut app = App::new(session, journal).map_err(anyhow::Error::msg)?;
    let signals = Signals::new()?;
    term::install_panic_hook(std::thread::current().id());
    term::enter(mouse)?;
    let mut terminal = Terminal::new(ratatui::backend::CrosstermBackend::new(io::stdout()))?;
    app.model.size = term::size();
    let first = async {
        let now = app.now();
        app.take(Msg::Tick(now), &mut terminal)?;
        app.draw(&mut terminal)?;
        app.runtime.learn();
        // Asked after the first frame, so that a terminal that is slow to answer delays nothing that is seen.
        if asks_theme && term::is_light() == Some(true) {
            app.theme = Theme::named("light").map_err(anyhow::Error::msg)?;
            app.model.is_dirty = true;
        }
        app.pictures.ask_terminal();
        let end = app.run(&mut terminal, term::events(), signals).await?;
        anyhow::Ok(end)
    };
    let end = first.await;
    // Our own way out restores all; ratatui's would print to a terminal that may be gone.
    std::mem::forget(terminal);
    app.clear_clipboard();
    app.runtime.vault().clear();
    term::leave();
    let is_left = matches!(end, Ok(End::Left | End::Detached(..)));
    // Whoever waits to say something to the loop ends too.
    app.answers.close();
    finish_saves(app.runtime.saves(), if is_left { PATIENCE } else { HURRY }).await;
    end
}

/// What is still being written is waited for, not long, and what came of it is said.
async fn finish_saves(saves: &Saves, patience: Duration) {
    // The terminal may be gone: nothing can be said then.
    let mut err = io::stderr();
    for path in saves.unfinished() {
        let _ = writeln!(err, "bic-tui: still writing {}", path.display());
    }
    for lost in saves.end(patience).await {
        let _ = writeln!(err, "bic-tui: {} was left unfinished and is not kept", lost.path.display());
        for part in lost.left {
            let _ = writeln!(err, "bic-tui: what was written of it may still be there: remove {}", part.display());
        }
    }
}

impl App {
    /// The loop, over any terminal and any source of events.
    ///
    /// # Errors
    /// The terminal's own.
    pub async fn run<B: Backend>(
        &mut self,
        terminal: &mut Terminal<B>,
        mut events: impl Stream<Item = io::Result<Event>> + Unpin,
        mut signals: Signals,
    ) -> io::Result<End>
    where
        B::Error: Into<io::Error>,
    {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut seconds = 0u32;
        loop {
            if self.model.is_dirty && self.ending.is_none() && (self.model.dialog.is_some() || self.paced.may_draw(self.now().mono)) {
                self.draw(terminal)?;
            }
            let msg = tokio::select! {
                biased;
                signal = signals.next() => match signal {
                    Signal::End(number) => { let told = self.what_goes_on(); Some(self.ends(End::Signal(number, told))) }
                    Signal::Stop => { self.suspend(terminal)?; Some(Msg::Hide) }
                    Signal::Continue => { self.resume(terminal)?; Some(Msg::Hide) }
                },
                event = events.next(), if self.ending.is_none() => match event {
                    Some(Ok(event)) => self.touch(event),
                    Some(Err(_)) | None => Some(self.ends(End::HungUp)),
                },
                Some(answer) = self.answers.recv() => Some(answer),
                Some(built) = self.arrivals.1.recv() => Some(self.arrive(built)),
                Some((_, value)) = self.secrets.1.recv() => { self.on_secret(&value); None }
                _ = ticks.tick() => {
                    seconds = seconds.wrapping_add(1);
                    // Crossterm does not tell of a terminal that is gone; so it is looked at once a second.
                    if self.ending.is_none() && seconds.is_multiple_of(4) && term::has_hung_up() {
                        Some(self.ends(End::HungUp))
                    } else {
                        Some(Msg::Tick(self.now()))
                    }
                }
            };
            let Some(msg) = msg else { continue };
            if let Round::End(end) = self.take(msg, terminal)? {
                return Ok(self.ending.take().unwrap_or(end));
            }
            if let Some(end) = self.drain(terminal, &mut events).await? {
                return Ok(end);
            }
        }
    }

    /// What follows the operation of ours that runs, if one does.
    fn what_goes_on(&self) -> Option<String> {
        let goes_on = self.model.executing.is_some() || self.model.is_operation_ours();
        goes_on.then(|| self.goes_on())
    }

    fn goes_on(&self) -> String {
        let is_known = self.model.executing.is_none() || self.model.is_operation_ours();
        goes_on(&self.model.about, &self.model.settings.stack, is_known)
    }

    /// Something from outside ends the console. What runs and costs is stopped first, as when the operator leaves;
    /// nothing is drawn or read meanwhile, since the terminal may be gone.
    fn ends(&mut self, end: End) -> Msg {
        self.ending.get_or_insert(end);
        Msg::Leave
    }

    /// Takes all that is queued already.
    async fn drain<B: Backend>(
        &mut self,
        terminal: &mut Terminal<B>,
        events: &mut (impl Stream<Item = io::Result<Event>> + Unpin),
    ) -> io::Result<Option<End>>
    where
        B::Error: Into<io::Error>,
    {
        let now = self.now();
        self.take(Msg::Tick(now), terminal)?;
        for (at, fact) in self.session.cloud.told() {
            self.take(Msg::Heard(at, fact), terminal)?;
        }
        for _ in 0..256 {
            let event = if self.ending.is_none() { at_hand(events).await } else { None };
            let msg = match event {
                Some(Some(Ok(event))) => self.touch(event),
                Some(_) => Some(self.ends(End::HungUp)),
                None => match self.answers.try_recv() {
                    Ok(answer) => Some(answer),
                    Err(_) => break,
                },
            };
            let Some(msg) = msg else { continue };
            if let Round::End(end) = self.take(msg, terminal)? {
                return Ok(Some(self.ending.take().unwrap_or(end)));
            }
        }
        Ok(None)
    }
}

/// What a stream has already; `None` where one would have to wait. It is asked in the name of the task that runs
/// (not by `now_or_never`): crossterm remembers who asked first in vain and wakes nobody else, and where that was
/// nobody the next key would lie until the tick.
async fn at_hand<S: Stream + Unpin>(stream: &mut S) -> Option<Option<S::Item>> {
    poll_immediate(stream.next()).await
}

/// What is said of an operation that is left behind, or of one of which is not known whether it has begun: how it is
/// followed.
fn goes_on(about: &About, stack: &SafeText, is_known: bool) -> String {
    if about.badge.is_some() {
        return "The operation was one of a simulated account, which is gone with this program.".to_owned();
    }
    let place = awscli::place(about, stack);
    let what = if is_known {
        "The operation goes on without this program"
    } else {
        "AWS had not answered yet whether the operation runs"
    };
    format!("{what}; `bic-tui deploy --watch {place}` shows it.")
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        sync::atomic::{AtomicUsize, Ordering},
        task::{Context, Poll, Wake, Waker},
    };

    use super::*;

    /// As crossterm's: whoever asks first in vain is woken, and nobody else.
    #[derive(Default)]
    struct Keys(Option<Waker>);

    impl Stream for Keys {
        type Item = ();

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<()>> {
            self.0.get_or_insert_with(|| cx.waker().clone());
            Poll::Pending
        }
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_key_after_all_that_was_at_hand_wakes_the_loop() {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut keys = Keys::default();
        let found = std::pin::pin!(at_hand(&mut keys)).poll(&mut Context::from_waker(&waker));
        assert_eq!(found, Poll::Ready(None));
        keys.0.expect("somebody to wake").wake();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn what_follows_an_operation_that_is_left_reaches_its_stack() {
        let mut about = About {
            region: "us-west-2".into(),
            profile: "it's ops".into(),
            endpoint: Some("http://127.0.0.1:4566".into()),
            is_endpoint_inherited: false,
            badge: None,
            speed: 1,
        };
        assert_eq!(
            goes_on(&about, &"chat".into(), true),
            "The operation goes on without this program; `bic-tui deploy --watch --profile 'it'\\''s ops' --region us-west-2 --stack chat \
             --endpoint-url http://127.0.0.1:4566` shows it."
        );
        (about.profile, about.is_endpoint_inherited) = ("default".into(), true);
        assert!(goes_on(&about, &"chat".into(), true).contains("`bic-tui deploy --watch --region us-west-2 --stack chat` shows"));
        assert!(goes_on(&about, &"chat".into(), false).starts_with("AWS had not answered yet whether the operation runs; `bic-tui"));
        about.badge = Some("DEMO".into());
        assert!(!goes_on(&about, &"chat".into(), true).contains("--watch"));
    }

    #[test]
    fn nobody_at_the_keys_is_drawn_for_once_a_second() {
        let paced = |touched, drawn| Paced { touched, drawn };
        for (it, now, want) in [
            (paced(0, 0), 10, true),
            (paced(5_000, 5_010), 5_020, true),
            (paced(5_000, 8_100), 8_200, false),
            (paced(5_000, 8_100), 9_100, true),
        ] {
            assert_eq!(it.may_draw(now), want, "{it:?} at {now}");
        }
    }
}
