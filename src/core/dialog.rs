//! Dialogs: one at a time over the screen; under one nothing else is reached.

use super::screen::{
    Panel,
    access::{BuyDialog, DnsDialog},
};
use super::{
    fact::{LogGroup, Picture, StageReport},
    fault::Fault,
    field::TextField,
    keymap::Intent,
    lines::ExportFormat,
    msg::Size,
    names::App,
    place::Picker,
    sources,
    text::SafeText,
    unstick,
};
use crate::cloud::{Change, ImageRoute};

/// The dialog that is open.
#[derive(Debug, Clone, PartialEq)]
pub enum Dialog {
    /// Yes or no to a write; the focus starts on Cancel.
    Confirm(Confirm),
    /// Acts when its time is over; any key stops it.
    Countdown(Countdown),
    /// A desired count.
    Scale(Scale),
    /// One line of text for a purpose.
    Prompt(Prompt),
    /// Every action.
    Palette(Palette),
    /// Keys of this screen.
    Help(Scroll),
    /// What failed so far.
    Errors(Scroll),
    /// A row in full, a log entry whole.
    Detail(Detail),
    /// A row as JSON.
    Json(Json),
    /// The errors of the log by shape; the shape under the cursor, the first when none.
    Shapes(Option<SafeText>),
    /// Whose lines the log shows.
    Sources(sources::Picker),
    /// Ways out of an operation.
    Menu(Menu),
    /// Resources to leave out of a rollback or a deletion.
    Skip(Skip),
    /// What the stack left behind; the thing under the cursor, by id.
    Leftovers(Option<SafeText>),
    /// Another profile, region or stack.
    Places(Picker),
    /// A query of Logs Insights: window and price first.
    Insights(InsightsDialog),
    /// The test image: what to ask, then how it went.
    Image(ImageDialog),
    /// Records of Route 53: zone, name, kind.
    Dns(DnsDialog),
    /// Provisioned throughput to be bought.
    Buy(BuyDialog),
    /// Every check before the plan, whole.
    Checks(Checks),
}

/// How far a text is scrolled, in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scroll {
    /// First row shown.
    pub top: usize,
}

/// The checks of the form, or of the plan made from it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checks {
    /// How far they are scrolled.
    pub scroll: Scroll,
    /// The question over which they were opened; it comes back.
    pub over: Option<Box<Confirm>>,
}

/// A confirmation.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    /// The question.
    pub title: SafeText,
    /// What it means, one line each.
    pub lines: Vec<SafeText>,
    /// Lines that are shown in the colour of danger: what is lost.
    pub losses: Vec<SafeText>,
    /// The word on the button.
    pub verb: SafeText,
    /// What is sent.
    pub changes: Vec<Change>,
    /// What is begun in place of changes: it costs money while it runs.
    pub spends: Option<Intent>,
    /// The check that is overridden in place of changes.
    pub overrides: Option<&'static str>,
    /// What must be typed first, and what has been.
    pub typed: Option<(SafeText, TextField)>,
    /// Where the focus is; it starts on Cancel, or in the field where something must be typed.
    pub focus: Focus,
    /// What must be typed was pasted, and not taken.
    pub was_pasted: bool,
    /// The way out that it asks about; AWS may take it no longer when yes is said.
    pub way: Option<unstick::Way>,
}

impl Confirm {
    /// A question without typed words.
    pub fn new(title: String, lines: Vec<String>, verb: &str, changes: Vec<Change>) -> Self {
        Self {
            title: title.into(),
            lines: lines.into_iter().map(SafeText::from).collect(),
            losses: Vec::new(),
            verb: verb.into(),
            changes,
            spends: None,
            overrides: None,
            typed: None,
            focus: Focus::Cancel,
            was_pasted: false,
            way: None,
        }
    }

    /// Has this be typed first.
    pub fn must_type(&mut self, want: SafeText) {
        self.typed = Some((want, TextField::default()));
        self.focus = Focus::Field;
    }

    /// Saying yes costs money: it can be said only where the whole question is on the screen.
    pub fn is_paid(&self) -> bool {
        self.spends.is_some() || self.changes.iter().any(|it| matches!(it, Change::BuyThroughput(_)))
    }

    /// What is said of the field: what must be typed, and that it must be typed.
    pub fn demands(&self) -> Vec<String> {
        let Some((want, _)) = &self.typed else { return Vec::new() };
        let pasted = self.was_pasted.then(|| "Pasted text does not count: it must be typed.".to_owned());
        std::iter::once(format!("Type {want} to go on:")).chain(pasted).collect()
    }

    /// Moves the focus: field, Cancel, the button that acts once it is unlocked.
    pub fn step(&mut self, is_back: bool) {
        loop {
            let next = self.focus.next();
            self.focus = if is_back { next.next() } else { next };
            let can_stand = match self.focus {
                Focus::Field => self.typed.is_some(),
                Focus::Cancel => true,
                Focus::Yes => self.is_unlocked(),
            };
            if can_stand {
                return;
            }
        }
    }

    /// Whether what had to be typed has been.
    pub fn is_unlocked(&self) -> bool {
        self.typed.as_ref().is_none_or(|(want, got)| *want == *got.text())
    }
}

/// A visible countdown: a confirmation of its own kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Countdown {
    /// What will happen.
    pub title: SafeText,
    /// What is saved, what still costs.
    pub lines: Vec<SafeText>,
    /// Acts at this time of the monotonic clock.
    pub until: u64,
    /// What is sent.
    pub changes: Vec<Change>,
}

/// The scale dialog.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// Which application.
    pub app: App,
    /// Service name.
    pub service: SafeText,
    /// Desired count that the operator sees.
    pub from: i32,
    /// Desired count wanted.
    pub to: i32,
    /// The focus is on the button that acts.
    pub on_yes: bool,
}

/// What a prompt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `/`.
    Search,
    /// `&`.
    Filter,
    /// `@`.
    GotoTime,
    /// `A`: the profile's name.
    Arm,
    /// `/` on lists: keep rows that match.
    Rows,
    /// The names of a certificate.
    Certificate,
    /// The path of a file of parameters.
    Parameters,
}

/// One line of text.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// What for.
    pub purpose: Purpose,
    /// What has been typed.
    pub field: TextField,
    /// What is wrong with it.
    pub error: Option<SafeText>,
    /// How many patterns back the one is that stands there; 0 for what is being typed.
    pub back: usize,
}

/// The palette.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Palette {
    /// Words to look for.
    pub field: TextField,
    /// Row under the cursor.
    pub selected: usize,
}

/// Text in full.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// What it is.
    pub title: SafeText,
    /// Its lines.
    pub lines: Vec<SafeText>,
    /// How far it is scrolled.
    pub scroll: Scroll,
}

/// A row as JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Json {
    /// What it is.
    pub title: SafeText,
    /// The facts that the console holds of it.
    pub value: serde_json::Value,
    /// On one line, else one line a value.
    pub is_one_line: bool,
    /// How far it is scrolled.
    pub scroll: Scroll,
    text: SafeText,
}

impl Json {
    /// A value, pretty and from its top.
    pub fn new(title: SafeText, value: serde_json::Value) -> Self {
        let text = SafeText::of_lines(&serde_json::to_string_pretty(&value).unwrap_or_default());
        Self {
            title,
            value,
            is_one_line: false,
            scroll: Scroll::default(),
            text,
        }
    }

    /// The text as it is shown and copied. It is made once for all frames.
    pub fn text(&self) -> &SafeText {
        &self.text
    }

    /// The other form, from its top.
    pub fn toggle(&mut self) {
        let is_one_line = !self.is_one_line;
        let (title, value) = (self.title.clone(), self.value.take());
        let line = is_one_line.then(|| SafeText::of_lines(&value.to_string()));
        *self = Self::new(title, value);
        if let Some(text) = line {
            (self.is_one_line, self.text) = (true, text);
        }
    }
}

/// A menu of ways to go on.
#[derive(Debug, Clone, PartialEq)]
pub struct Menu {
    /// What it is about.
    pub title: SafeText,
    /// What its ways are made from, again with each message.
    pub of: Offers,
    /// The ways.
    pub ways: Vec<Way>,
    /// Row under the cursor.
    pub selected: usize,
}

/// Which ways a menu offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offers {
    /// Out of an operation of the stack.
    Out,
    /// Of a panel of the Access screen.
    Access(Panel),
    /// To write the log lines that were shown when it was opened.
    Lines,
}

/// One way to go on.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// What it does.
    pub label: SafeText,
    /// When to take it.
    pub help: SafeText,
    /// What taking it means; the way is known by it.
    pub act: Act,
    /// Why it can not be taken now.
    pub closed: Option<SafeText>,
}

/// Resources of which some are left out when a rollback goes on, or when a stack is deleted again.
#[derive(Debug, Clone, PartialEq)]
pub struct Skip {
    /// What they are left out of.
    pub way: unstick::Way,
    /// Logical id, why it failed, and whether it is left out.
    pub rows: Vec<(SafeText, SafeText, bool)>,
    /// Row under the cursor.
    pub selected: usize,
}

impl Skip {
    /// What is left out.
    pub fn chosen(&self) -> Vec<SafeText> {
        self.rows.iter().filter(|(.., is_out)| *is_out).map(|(id, ..)| id.clone()).collect()
    }
}

/// What a way does.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Close the menu; the operation goes on.
    Stay,
    /// Leave the console; the operation goes on.
    Detach,
    /// Take a way out: ask, or choose first what it leaves out.
    Way(unstick::Way),
    /// Do as if a key had been pressed.
    Intent(Intent),
    /// Write the log lines shown to a file.
    Save(ExportFormat),
}

/// A query of Logs Insights that may be run.
#[derive(Debug, Clone, PartialEq)]
pub struct InsightsDialog {
    /// The window, as typed.
    pub window: TextField,
    /// The query.
    pub query: String,
    /// The pattern of the filter can not be said in it.
    pub lacks_pattern: bool,
    /// The filter is of a request: of its entries only the lines that name it come.
    pub is_of_request: bool,
    /// Log group.
    pub group: SafeText,
    /// Number of the question how much the group holds.
    pub asked: u64,
    /// The answer.
    pub size: Option<Result<Option<LogGroup>, Fault>>,
    /// What has the focus; it starts on Cancel.
    pub focus: Focus,
}

/// What of a dialog with a field has the focus, in the order of Tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The field.
    Field,
    /// The button that does nothing.
    Cancel,
    /// The button that acts.
    Yes,
}

impl Focus {
    /// What Tab goes to.
    pub fn next(self) -> Self {
        match self {
            Self::Field => Self::Cancel,
            Self::Cancel => Self::Yes,
            Self::Yes => Self::Field,
        }
    }
}

/// From this size of the terminal on a question that costs money stands on the screen with its price, its warnings and
/// its buttons; of a query the text may be cut, with a sign.
pub const PAID: Size = Size { width: 60, height: 16 };

/// What is not wholly shown is not asked, and can not be paid for.
pub fn can_pay(size: Size) -> bool {
    size.width >= PAID.width && size.height >= PAID.height
}

/// The test image.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageDialog {
    /// What to draw.
    pub prompt: TextField,
    /// Ways that can be taken, in the order of Tab.
    pub routes: Vec<(SafeText, ImageRoute, SafeText)>,
    /// Which way.
    pub route: usize,
    /// The prompt has the focus, else the buttons.
    pub on_prompt: bool,
    /// The focus is on the button that acts.
    pub on_yes: bool,
    /// What it costs.
    pub price: SafeText,
    /// The Bedrock model behind the alias.
    pub base: SafeText,
    /// The host that gets key or password over plain HTTP.
    pub in_clear: Option<SafeText>,
    /// How it went.
    pub run: Option<ImageRun>,
}

/// A test image under way or done.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageRun {
    /// When it was sent, on the monotonic clock.
    pub since: u64,
    /// The same on the cloud's clock, which a simulated account lets run faster.
    pub fired: super::fact::Millis,
    /// The stages judged so far.
    pub stages: Vec<StageReport>,
    /// Its end.
    pub end: Option<Result<Picture, Fault>>,
    /// Where it was saved, or why it was not.
    pub saved: Option<Result<SafeText, SafeText>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tab_goes_round_the_field_and_both_buttons() {
        let mut confirm = Confirm::new(String::new(), Vec::new(), "Destroy", Vec::new());
        confirm.must_type("chat".into());
        let mut seen = Vec::new();
        for is_back in [false, false, true] {
            confirm.step(is_back);
            seen.push(confirm.focus);
        }
        assert_eq!(
            seen,
            [Focus::Cancel, Focus::Field, Focus::Cancel],
            "locked: no way to the button that acts"
        );
        confirm.typed = Some(("chat".into(), TextField::with("chat")));
        for want in [Focus::Yes, Focus::Field, Focus::Cancel] {
            confirm.step(false);
            assert_eq!(confirm.focus, want);
        }
    }
}
