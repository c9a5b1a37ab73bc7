//! Everything that can happen to the console. Plain comparable data, without secret values.

use super::{
    eta::Timing,
    fact::{Fact, LiveFrame, Millis},
    fault::Fault,
    key::Key,
    lines::{Found, Mined},
    place::Arrival,
    polls::Poll,
    screen::access::Wanted,
    secret::SecretRef,
    text::SafeText,
};
use crate::cloud::{Change, Done};

/// The two clocks: one that only goes forward, and the cloud's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Now {
    /// Milliseconds since the start of the console: timers and ages of answers.
    pub mono: u64,
    /// The cloud's time: ages of events, windows of logs.
    pub wall: Millis,
}

/// Size of the terminal in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// Which question an answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asked {
    /// A row of the polls table.
    Poll(Poll),
    /// Whether CloudFormation takes the template.
    Validation,
    /// A model in Bedrock.
    Model,
    /// What only the checks before a plan want to know.
    Check,
    /// The change set of the plan.
    Plan,
    /// The change set of an operation that is followed.
    Followed,
    /// A probe stage.
    Probe,
    /// The last lines of the task that fell last.
    Fall,
    /// The stacks of the account, for the picker.
    Stacks,
    /// A page of lines from before the tail began.
    Older,
    /// What a stack left behind.
    Leftovers,
    /// How much the log group holds.
    LogGroup,
    /// The beginning of a query of Logs Insights.
    InsightsStart,
    /// What it has found.
    Insights,
    /// Its end.
    InsightsStop,
    /// What the Access screen needs.
    Access(Wanted),
}

/// A request and the session it belongs to. An answer of another generation or sequence is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// What was asked.
    pub asked: Asked,
    /// Session generation.
    pub generation: u32,
    /// Number of the request.
    pub seq: u64,
}

/// Something happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted; it goes to text fields only.
    Paste(String),
    /// The left button was pressed at column, row.
    Click(u16, u16),
    /// The wheel was turned: rows, negative is up.
    Wheel(i32),
    /// The terminal has a new size.
    Resize(Size),
    /// The process is told to end, or its terminal is gone.
    Leave,
    /// Time went on.
    Tick(Now),
    /// What the model asked to show has been drawn.
    Drawn,
    /// The terminal lost the focus, or the console is back from suspension: secrets are hidden.
    Hide,
    /// A read was answered.
    Told(Ticket, Result<Fact, Fault>),
    /// A cloud that is not asked has told something, at this time of its own.
    Heard(Millis, Fact),
    /// A write was answered.
    Changed(u32, Change, Result<Done, Fault>),
    /// The names of the profiles in the AWS files.
    Profiles(Result<Vec<SafeText>, Fault>),
    /// The session that was asked for under this number stands, or could not be built.
    Arrived(u64, Result<Box<Arrival>, Fault>),
    /// A secret is in the vault, or is not.
    Revealed(SecretRef, Result<(), Fault>),
    /// Something was copied; the words say what and how sure it is.
    Copied(Result<SafeText, Fault>),
    /// A scan of the log lines found something.
    Found(Found),
    /// The shapes of errors in the log were found.
    Mined(Mined),
    /// The Live Tail session of this number said something, or has ended: by itself where there is no
    /// fault.
    Live(u32, Result<LiveFrame, Option<Fault>>),
    /// How long resources took in operations that this machine has recorded.
    Timed(Vec<Timing>),
    /// Work failed to whose answer no place belongs.
    Failed(Fault),
    /// A file was written.
    Saved(Result<SafeText, Fault>),
    /// Log lines were written to a file; what they lack.
    Exported(Option<SafeText>, Result<SafeText, Fault>),
    /// The text of the file of parameters at this path.
    Loaded(SafeText, Result<String, Fault>),
}
