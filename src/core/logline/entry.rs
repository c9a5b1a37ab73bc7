//! Which lines belong together: an error with what follows it, and the line of it that says what it is.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::{MAX_JSON, Reading, Shape, head, head_of, is_exception, is_traceback, level::Level, shown_parts, strip_sgr};
use crate::core::fact::Millis;

/// A line without a beginning of its own joins the one before when it came this soon after it.
pub const JOIN_WITHIN: Millis = 2_000;

/// How far a traceback has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trace {
    /// There is none, or it has ended.
    Out,
    /// A line has said that one follows.
    Announced,
    /// The exception is yet to come.
    Frames,
    /// The same in a group of exceptions, whose lines begin with a bar.
    Group,
}

impl Trace {
    /// After one more line; and what that says of the error, where it does.
    fn after(self, line: &str) -> (Self, Option<&str>) {
        if is_traceback(line) {
            let is_bare = line.starts_with("Traceback");
            return (if is_bare { Self::Frames } else { Self::Group }, None);
        }
        let said = match self {
            Self::Out => None,
            Self::Announced => Some(line).filter(|line| is_exception(line)),
            Self::Frames => Some(line).filter(|line| is_named(line)),
            // What a group is about are the exceptions in it.
            Self::Group => Some(within_bar(line)).filter(|line| is_named(line) && !is_group(line)),
        };
        (if said.is_some() { Self::Out } else { self }, said)
    }

    /// After a message, which may hold several lines.
    fn through(self, raw: &str) -> (Self, Option<String>) {
        let clean = strip_sgr(head_of(raw, MAX_JSON));
        let mut trace = self;
        for line in shown_parts(&clean) {
            let (next, said) = trace.after(line.trim_end());
            if said.is_some() {
                return (next, said.map(str::to_owned));
            }
            trace = next;
        }
        (trace, None)
    }
}

/// `  | KeyError: 'x'` without the bar.
fn within_bar(line: &str) -> &str {
    line.trim_start().strip_prefix("| ").unwrap_or(line)
}

/// `litellm.Timeout: …`, `KeyboardInterrupt`: how Python ends a traceback, with the name of any class.
fn is_named(line: &str) -> bool {
    let (name, rest) = line.split_at(line.find(':').unwrap_or(line.len()));
    let is_name = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '<' | '>'));
    is_name && name.starts_with(|c: char| c.is_alphabetic() || c == '_') && (rest.len() < 2 || rest.starts_with(": "))
}

fn is_group(line: &str) -> bool {
    line.split(':').next().is_some_and(|name| name.ends_with("ExceptionGroup"))
}

/// What is known of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    /// When its last line was.
    at: Millis,
    level: Level,
    trace: Trace,
    /// It leaves it to a line after it to say what the error is.
    owes: bool,
    /// Number of its first line.
    head: u64,
}

impl Entry {
    fn is_near(&self, at: Millis) -> bool {
        (0..=JOIN_WITHIN).contains(&(at - self.at))
    }

    /// Its traceback has not come to its exception.
    fn is_cut(&self) -> bool {
        matches!(self.trace, Trace::Frames | Trace::Group)
    }
}

/// What is known of the lines before in the same stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    entry: Entry,
    /// Nothing goes on with the entry.
    is_whole: bool,
    /// The entry into whose traceback this one broke: another thread wrote it.
    broken: Option<Entry>,
}

impl Before {
    /// Of a line of whose entry no more is known than its level.
    pub fn of(at: Millis, level: Level, is_whole: bool) -> Self {
        let entry = Entry {
            at,
            level,
            trace: Trace::Out,
            owes: false,
            head: 0,
        };
        Self {
            entry,
            is_whole,
            broken: None,
        }
    }

    /// When the line before was.
    pub fn at(&self) -> Millis {
        self.entry.at
    }

    /// The level of its entry.
    pub fn level(&self) -> Level {
        self.entry.level
    }

    /// The entry that a line goes on with.
    fn goes_on(&self, line: Reading, raw: &str, at: Millis) -> Option<Entry> {
        if matches!(line.shape, Shape::Start | Shape::Whole) {
            return None;
        }
        let broken = self
            .broken
            .filter(|broken| broken.is_near(at) && self.gives_way(line, raw, broken.trace));
        let is_joined = !self.is_whole && (line.shape == Shape::Inner || self.entry.level >= Level::Error);
        broken.or_else(|| Some(self.entry).filter(|entry| is_joined && entry.is_near(at)))
    }

    /// A line is of the traceback that was broken into, not of what did.
    fn gives_way(&self, line: Reading, raw: &str, trace: Trace) -> bool {
        match line.shape {
            Shape::Start | Shape::Whole => false,
            Shape::Inner => self.is_whole || raw.starts_with("  File \"") || raw.trim_start().starts_with('|'),
            Shape::Traceback => trace == Trace::Group,
            // A word alone may be anybody's.
            Shape::Plain => raw.contains(['.', ':']) && trace.through(raw).1.is_some(),
        }
    }
}

/// A line among those of its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined {
    /// That of its entry.
    pub level: Level,
    /// It goes on with an entry before it: the last one that has its level and with which anything goes on.
    pub is_continuation: bool,
    /// It says what the error is that its entry is about; a heading does so until another line does.
    pub tells: bool,
    /// Number of the heading that left this to it, and says no more than that there was an error.
    pub pays: Option<u64>,
    /// What the next line is told of this one.
    pub before: Before,
}

/// Joins a line, which has a number, to those before it in its stream. The lines of an error go on until the next
/// logger's prefix; a traceback goes on after it. A heading such as `Traceback` leaves it to the first exception that
/// follows to say what the error is: the others of a chain come of that one.
pub fn follow(before: Option<Before>, line: Reading, raw: &str, at: Millis, number: u64) -> Joined {
    if let Some(entry) = before.and_then(|before| before.goes_on(line, raw, at)) {
        let is_error = entry.level >= Level::Error;
        let (trace, said) = if is_error { entry.trace.through(raw) } else { (Trace::Out, None) };
        let tells = entry.owes && said.is_some();
        let entry = Entry {
            at,
            trace,
            owes: entry.owes && !tells,
            ..entry
        };
        return Joined {
            level: entry.level,
            is_continuation: true,
            tells,
            pays: tells.then_some(entry.head),
            before: Before {
                entry,
                is_whole: false,
                broken: None,
            },
        };
    }
    let tells = line.level >= Level::Error;
    let (trace, said) = if tells && is_heading(raw) {
        Trace::Announced.through(raw)
    } else {
        (Trace::Out, None)
    };
    let entry = Entry {
        at,
        level: line.level,
        trace,
        owes: said.is_none() && trace != Trace::Out,
        head: number,
    };
    let breaks_in = line.shape == Shape::Whole || (line.shape == Shape::Start && !tells);
    let broken = before.filter(|_| breaks_in).and_then(|before| match before.broken {
        None => Some(before.entry).filter(Entry::is_cut),
        broken => broken,
    });
    Joined {
        level: line.level,
        is_continuation: false,
        tells,
        pays: None,
        before: Before {
            entry,
            is_whole: line.shape == Shape::Whole,
            broken: broken.filter(|broken| broken.is_near(at)),
        },
    }
}

/// It leaves it to a traceback to say what the error is.
pub(super) fn is_heading(raw: &str) -> bool {
    static ASGI: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("Exception in ASGI application"));
    let head = head(raw);
    let is_first = |line: &str| is_traceback(line.trim_start_matches(['\n', '\r']));
    is_first(&strip_sgr(head)) || ASGI.find(head.as_bytes()).is_some()
}

/// What a heading with its traceback in the same message comes to: the line of the first exception. The line of one in
/// a group is told without its bar.
pub(crate) fn exception(raw: &str) -> Option<String> {
    if is_heading(raw) {
        return Trace::Announced.through(raw).1;
    }
    let bare = within_bar(raw);
    (bare.len() < raw.len()).then(|| bare.to_owned())
}
