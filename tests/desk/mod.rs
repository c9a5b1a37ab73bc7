//! The console without its process: the real update, the simulated account and a clock in the hand. A story
//! of an hour takes a second, and happens the same way each time.
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of it")]

use std::{
    collections::VecDeque,
    sync::{Arc, LazyLock},
};

use bic_tui::{
    cloud::{Change, Cloud, Query, Token},
    core::{
        effect::Effect,
        fact::{Fact, Millis, StackEvent},
        fault::{Fault, FaultKind},
        key::{Code, Key},
        keymap::Keymap,
        model::Model,
        msg::{Msg, Now, Size},
        settings::Settings,
        template::Template,
        text::SafeText,
        update::update,
    },
    record::{Recorder, Recording, Recordings, Replay},
    sim::{Scene, Sim, StepClock},
    ui::{self, Side, theme::Theme},
};
use futures::FutureExt;
use ratatui::{Terminal, backend::TestBackend};

pub(crate) const START: Millis = 1_795_000_000_000;
pub(crate) const STACK: &str = "bedrock-image-chat";

static THEME: LazyLock<Theme> = LazyLock::new(|| Theme::named("dark").expect("a theme"));

/// Somebody at the console.
pub(crate) struct Desk {
    pub(crate) model: Model,
    pub(crate) sim: Arc<Sim>,
    /// What is asked: the account itself, or something before it.
    cloud: Arc<dyn Cloud>,
    clock: Arc<StepClock>,
    mono: u64,
    tokens: u32,
    /// What was written, in order.
    pub(crate) written: Vec<Change>,
    /// Under which tokens.
    pub(crate) sent: Vec<SafeText>,
    /// What was copied last.
    pub(crate) copied: String,
    /// What was opened last.
    pub(crate) opened: String,
    pub(crate) has_quit: bool,
    /// Which questions are refused, and how.
    pub(crate) refusing: Option<fn(&Query) -> Option<FaultKind>>,
    /// What was asked, in order.
    pub(crate) asked: Vec<String>,
}

impl Desk {
    pub(crate) fn at(scene: &str) -> Self {
        Self::in_scene(&Scene::named(scene).expect("a scene"))
    }

    pub(crate) fn in_scene(scene: &Scene) -> Self {
        let clock = Arc::new(StepClock::new(START));
        let sim = Arc::new(Sim::new(scene, 1, clock.clone()).without_latency());
        Self::over(sim.clone(), (sim, clock))
    }

    /// Somebody whose operations are recorded.
    pub(crate) fn recorded(scene: &Scene, to: &Recordings) -> Self {
        let clock = Arc::new(StepClock::new(START));
        let sim = Arc::new(Sim::new(scene, 1, clock.clone()).without_latency());
        let recorder = Recorder::new(sim.clone(), to.clone());
        Self::over(Arc::new(recorder), (sim, clock))
    }

    /// Somebody who plays a recording.
    pub(crate) fn playing(recording: Recording, speed: u32) -> Self {
        let clock = Arc::new(StepClock::new(START));
        let nothing = Sim::new(&Scene::named("new").expect("a scene"), 1, clock.clone());
        let replay = Replay::new(recording, speed, clock.clone());
        Self::over(Arc::new(replay), (Arc::new(nothing), clock))
    }

    /// Another console over the same account.
    pub(crate) fn beside(other: &Self) -> Self {
        Self::over(
            Arc::clone(&other.sim) as Arc<dyn Cloud>,
            (Arc::clone(&other.sim), Arc::clone(&other.clock)),
        )
    }

    fn over(cloud: Arc<dyn Cloud>, (sim, clock): (Arc<Sim>, Arc<StepClock>)) -> Self {
        let settings = Settings::default();
        let keymap = Keymap::new(&settings).expect("the default keys do not clash");
        let mut model = Model::new(settings, cloud.about(), keymap, Arc::new(Template::shipped()));
        model.span = cloud.span();
        let mut desk = Self {
            model,
            sim,
            cloud,
            clock,
            mono: 1_000,
            tokens: 0,
            written: Vec::new(),
            sent: Vec::new(),
            copied: String::new(),
            opened: String::new(),
            has_quit: false,
            refusing: None,
            asked: Vec::new(),
        };
        desk.take(Msg::Resize(Size { width: 120, height: 40 }));
        desk.wait(3);
        desk
    }

    pub(crate) fn ask(&self, query: Query) -> Fact {
        let answer = self.sim.ask(query).now_or_never().expect("it answers at once");
        answer.expect("an answer")
    }

    pub(crate) fn status(&self) -> String {
        match self.ask(Query::Stack { stack: STACK.into() }) {
            Fact::Stack(Some(stack)) => stack.status.0.to_string(),
            _ => "none".into(),
        }
    }

    /// Oldest first.
    pub(crate) fn events(&self) -> Vec<StackEvent> {
        let stack = self.model.stack().expect("a stack").id.clone();
        match self.ask(Query::StackHistory { stack }) {
            Fact::StackEvents(it) => it.events.into_iter().rev().collect(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn take(&mut self, msg: Msg) {
        let mut queue = VecDeque::from(update(&mut self.model, msg));
        while let Some(effect) = queue.pop_front() {
            match effect {
                Effect::Ask(ticket, query) => {
                    self.asked.push(format!("{query:?}"));
                    let answer = match self.refusing.and_then(|refuses| refuses(&query)) {
                        Some(kind) => Err(Fault::new(kind, query.actions()[0], "", "")),
                        None => self.cloud.ask(query).now_or_never().expect("it answers at once"),
                    };
                    queue.extend(update(&mut self.model, Msg::Told(ticket, answer)));
                }
                Effect::Change(approved) => {
                    let mut failed = None;
                    for change in approved.changes().to_vec() {
                        self.tokens += 1;
                        let token = Token(format!("desk-{:p}-{}", self, self.tokens).into());
                        self.sent.push(token.0.clone());
                        let answer = match &failed {
                            None => self.cloud.change(change.clone(), token).now_or_never().expect("it answers at once"),
                            Some(fault) => Err(bic_tui::core::fault::Fault::clone(fault)),
                        };
                        failed = answer.as_ref().err().cloned();
                        self.written.push(change.clone());
                        queue.extend(update(&mut self.model, Msg::Changed(approved.generation(), change, answer)));
                    }
                }
                Effect::Mine(mining) => queue.extend(update(&mut self.model, Msg::Mined(mining.run()))),
                Effect::Copy(text) => self.copied = text.to_string(),
                Effect::Steer(steer) => self.cloud.steer(steer),
                Effect::Open(url) => self.opened = url.to_string(),
                Effect::Quit | Effect::Detach(_) => self.has_quit = true,
                _ => {}
            }
        }
        update(&mut self.model, Msg::Drawn);
    }

    /// Lets so many seconds pass.
    pub(crate) fn wait(&mut self, seconds: u32) {
        for _ in 0..seconds {
            self.clock.step(1_000);
            self.mono += 1_000;
            let now = Now {
                mono: self.mono,
                wall: self.cloud.now(),
            };
            self.take(Msg::Tick(now));
            for (at, fact) in self.cloud.told() {
                self.take(Msg::Heard(at, fact));
            }
        }
    }

    /// Lets a long time pass at once, as when the machine slept.
    pub(crate) fn leap(&mut self, seconds: u32) {
        self.clock.step(i64::from(seconds.saturating_sub(1)) * 1_000);
        self.mono += u64::from(seconds.saturating_sub(1)) * 1_000;
        self.wait(3);
    }

    /// Types: words are keys (`enter`, `end`, `down`, `space`), everything else is typed letter by letter.
    pub(crate) fn press(&mut self, keys: &str) {
        for word in keys.split(' ') {
            let code = match word {
                "enter" => Code::Enter,
                "esc" => Code::Esc,
                "end" => Code::End,
                "down" => Code::Down,
                "tab" => Code::Tab,
                "right" => Code::Right,
                "space" => Code::Char(' '),
                letters => {
                    letters.chars().for_each(|c| self.take(Msg::Key(Key::char(c))));
                    continue;
                }
            };
            self.take(Msg::Key(Key::plain(code)));
        }
    }

    pub(crate) fn screen_at(&self, width: u16, height: u16) -> String {
        let side = Side {
            theme: &THEME,
            secret: &|_| None,
            picture: &|_, _, _| false,
            picture_protocol: "half-blocks".into(),
        };
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
        terminal.draw(|frame| ui::view(&self.model, &side, frame)).expect("a frame");
        let buffer = terminal.backend().buffer().clone();
        let rows = buffer.content.chunks(usize::from(width));
        rows.map(|row| {
            row.iter()
                .map(ratatui::buffer::Cell::symbol)
                .collect::<String>()
                .trim_end()
                .to_owned()
                + "\n"
        })
        .collect()
    }

    pub(crate) fn screen(&self) -> String {
        self.screen_at(120, 40)
    }

    /// Waits until every text is on the screen, for two hours at most.
    pub(crate) fn see(&mut self, texts: &[&str]) -> String {
        for _ in 0..2_400 {
            let screen = self.screen();
            if texts.iter().all(|t| screen.contains(t)) {
                return screen;
            }
            self.wait(3);
        }
        panic!("{texts:?} never came:\n{}", self.screen())
    }

    /// Waits until the stack has a status, for three hours at most.
    pub(crate) fn until(&mut self, status: &str) {
        for _ in 0..10_800 {
            if self.model.stack().is_some_and(|s| s.status.0 == status) {
                return;
            }
            self.wait(1);
        }
        panic!("never {status}:\n{}", self.screen())
    }

    /// `D`, and a parameter of an update set; the plan is on the screen afterwards.
    pub(crate) fn plan(&mut self, changed: &[(&str, &str)]) {
        self.press("D");
        for (name, value) in changed {
            let bic_tui::core::screen::deploy::Stage::Form(form) = &mut self.model.deploy else {
                panic!("the form is open:\n{}", self.screen())
            };
            let field = form.fields.iter_mut().find(|f| f.def.name == *name).expect("a parameter");
            field.value = bic_tui::core::field::TextField::with(value);
        }
        self.press("end enter");
        self.see(&["Plan to "]);
    }

    /// A plan, and yes to it.
    pub(crate) fn deploy(&mut self, changed: &[(&str, &str)]) {
        self.plan(changed);
        self.press("enter y");
        self.wait(2);
    }
}
