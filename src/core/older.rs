//! Lines from before the tail began: windows of `FilterLogEvents` that end where what is held begins, each
//! twice as wide as the one before; and windows of lines that had to make room. One request at a time; what has
//! come stands there at once, and what of a window has not come is missing and said to be.

use std::collections::HashSet;

use super::{
    fact::{LogPage, Millis},
    fault::{Fault, FaultKind},
    text::SafeText,
};
use crate::cloud::LogRequest;

#[cfg(test)]
mod tests;

/// Width of the first window, in milliseconds.
const FIRST: Millis = 15 * 60 * 1000;
/// Narrowest window, in milliseconds.
const LEAST: Millis = 10_000;
/// Widest window that is fetched without being asked for by its time.
const WIDEST: Millis = 24 * 60 * 60 * 1000;
/// How far round a time the lines are fetched for who goes there and wants no others, in milliseconds.
const ROUND: Millis = 15 * 60 * 1000;
/// How long is waited after a request that failed, doubled up to the longest, in milliseconds.
const WAIT: u64 = 2_000;
/// Longest wait.
const LONGEST: u64 = 60_000;

/// All lines since a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// The time.
    pub from: Millis,
    /// Where the cursor goes once its lines have come.
    pub goal: Option<Millis>,
}

/// What is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Window {
    from: Millis,
    until: Millis,
    token: Option<SafeText>,
    /// Tokens that came since it was begun.
    given: HashSet<SafeText>,
    /// Number of the request in flight.
    asked: Option<u64>,
    lines: usize,
    /// Where the cursor goes once its lines have come.
    goal: Option<Millis>,
    /// Somebody wants all since a time.
    is_all: bool,
    /// It lies between lines that are held, not before them all.
    is_between: bool,
    /// Only the lines round its goal are wanted.
    is_round: bool,
    /// A page has come.
    has_begun: bool,
    /// Up to here its lines have come.
    came: Millis,
}

impl Window {
    fn new(from: Millis, until: Millis) -> Self {
        Self {
            from,
            until,
            token: None,
            given: HashSet::new(),
            asked: None,
            lines: 0,
            goal: None,
            is_all: false,
            is_between: false,
            is_round: false,
            has_begun: false,
            came: from,
        }
    }
}

/// The way back in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Older {
    /// From here on all lines are held, or known to be missing.
    reach: Millis,
    step: Millis,
    window: Option<Window>,
    /// What is wanted besides, and more than the window brings.
    later: Option<Since>,
    /// The same between lines that are held; its end does not belong to it, and somebody goes to where it begins.
    gap: Option<(Millis, Millis)>,
    /// Nothing is asked before this time of the monotonic clock.
    rests: u64,
    fault: Option<Fault>,
    /// Requests that failed since one was answered.
    failures: u32,
}

impl Older {
    /// Nothing before `reach` has been asked for.
    pub fn new(reach: Millis) -> Self {
        Self {
            reach,
            step: FIRST,
            window: None,
            later: None,
            gap: None,
            rests: 0,
            fault: None,
            failures: 0,
        }
    }

    /// Before this no line has been fetched.
    pub fn reach(&self) -> Millis {
        self.reach
    }

    /// The window that is being fetched: its times and how many lines of it have come.
    pub fn loading(&self) -> Option<(Millis, Millis, usize)> {
        self.window.as_ref().map(|window| (window.from, window.until, window.lines))
    }

    /// Why the last request failed.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// After the fault it is asked again by itself; else only for who wants it again.
    pub fn asks_again(&self) -> bool {
        self.fault.as_ref().is_some_and(|fault| fault.kind.may_pass())
    }

    /// Wants the next window, no wider than `widest`, or all since a time. Whether it is to be asked for now: not while
    /// one is being fetched; what is wanted beyond that comes after it.
    pub fn want(&mut self, since: Option<Since>, widest: Millis) -> bool {
        if self.window.is_some() {
            if let Some(since) = since {
                self.note(since);
            }
            return self.is_stuck();
        }
        let step = self.step.min(widest).max(LEAST);
        let from = since.map_or(self.reach - step, |since| since.from.min(self.reach - 1));
        self.window = Some(Window {
            goal: since.and_then(|since| since.goal),
            is_all: since.is_some(),
            ..Window::new(from.max(0), self.reach)
        });
        true
    }

    /// Wants an interval that lies between lines that are held; its end does not belong to it. The same answer, and with a
    /// goal the same promise.
    pub fn want_between(&mut self, (from, until): (Millis, Millis), goal: Option<Millis>) -> bool {
        if let Some(window) = &mut self.window {
            if let Some(goal) = goal.filter(|goal| (window.from..window.until).contains(goal)) {
                window.goal = Some(goal);
            } else if let Some(goal) = goal {
                self.gap = Some((goal.max(from), until));
            }
            return self.is_stuck();
        }
        self.window = Some(Window {
            is_between: true,
            goal,
            ..Window::new(from, until)
        });
        true
    }

    /// Wants the lines round a time and no others: of a gap that it lies in, else from before all that are held; what lies
    /// between those and these is missing then. What is being fetched is given up for it. Whether the answer to a request
    /// in flight is of no use now.
    pub fn want_round(&mut self, at: Millis, gap: Option<(Millis, Millis)>) -> bool {
        let was_asked = self.window.as_ref().is_some_and(|window| window.asked.is_some());
        self.stop();
        let (first, end) = gap.unwrap_or((0, self.reach));
        self.window = Some(Window {
            goal: Some(at),
            is_between: gap.is_some(),
            is_round: true,
            ..Window::new((at - ROUND).max(first), (at + ROUND).min(end))
        });
        was_asked
    }

    /// Nothing before `from` is wanted any more: what is being fetched begins there, and what of it has not come is missing.
    /// Whether the answer to a request in flight is of no use now.
    pub fn narrow(&mut self, from: Millis) -> bool {
        if let Some(later) = &mut self.later {
            later.from = later.from.max(from);
            later.goal = later.goal.filter(|goal| from <= *goal);
        }
        self.gap = self.gap.filter(|(begin, _)| from <= *begin);
        let Some(window) = self.window.as_mut().filter(|window| window.came < from) else {
            return false;
        };
        if window.until <= from {
            return self.stop();
        }
        let was_asked = window.asked.is_some();
        *window = Window {
            goal: window.goal.filter(|goal| from <= *goal),
            is_all: window.is_all,
            is_round: window.is_round,
            lines: window.lines,
            // How far back all is held or missing is settled by the first page.
            is_between: window.is_between || window.has_begun,
            ..Window::new(from, window.until)
        };
        was_asked
    }

    /// A request failed, and none is in flight: who scrolls up has it sent again.
    pub fn is_stuck(&self) -> bool {
        self.fault.is_some() && self.window.as_ref().is_some_and(|window| window.asked.is_none())
    }

    /// The cursor has been moved meanwhile: it goes nowhere by itself.
    pub fn stay(&mut self) {
        if let Some(window) = &mut self.window {
            window.goal = None;
        }
        if let Some(later) = &mut self.later {
            later.goal = None;
        }
        self.gap = None;
    }

    /// What the window under way does not bring comes after it.
    fn note(&mut self, since: Since) {
        match &mut self.window {
            Some(window) if !window.is_between && window.from <= since.from => window.goal = since.goal.or(window.goal),
            _ => {
                let before = self.later.unwrap_or(since);
                self.later = Some(Since {
                    from: before.from.min(since.from),
                    goal: since.goal.or(before.goal),
                });
            }
        }
    }

    /// Asks for nothing for so long after `mono`, of the monotonic clock; longer after faults.
    pub fn rest(&mut self, mono: u64, pause: u64) {
        let wait = match self.failures {
            0 => pause,
            n => WAIT.saturating_mul(1 << (n - 1).min(16)).min(LONGEST),
        };
        self.rests = mono + wait;
    }

    /// A further page is wanted and may be asked for.
    pub fn is_due(&self, mono: u64) -> bool {
        let waits = self.window.as_ref().is_some_and(|window| window.asked.is_none());
        waits && (self.fault.is_none() || self.asks_again()) && mono >= self.rests
    }

    /// The request that is due, under the number that its answer brings back.
    pub fn due(&mut self, group: &SafeText, seq: u64) -> Option<LogRequest> {
        let window = self.window.as_mut().filter(|window| window.asked.is_none())?;
        window.asked = Some(seq);
        self.fault = None;
        Some(LogRequest {
            group: group.clone(),
            from: window.from,
            until: Some(window.until),
            token: window.token.clone(),
            stream_prefix: None,
        })
    }

    /// Takes an answer, and gives what it brought. After a fault the same page is asked for again, or where its token is of
    /// no use the window from its beginning.
    pub fn on_page(&mut self, seq: u64, answer: Result<LogPage, Fault>) -> Option<Came> {
        let window = self.window.as_mut().filter(|window| window.asked == Some(seq))?;
        window.asked = None;
        let page = match answer {
            Ok(page) => page,
            Err(fault) => {
                self.fail(fault);
                return None;
            }
        };
        self.failures = 0;
        let (is_first, is_last) = (window.token.is_none(), page.next.is_none());
        let begins = !std::mem::replace(&mut window.has_begun, true);
        let held_from = self.reach;
        if begins && !window.is_between {
            self.reach = window.from;
        }
        window.lines += page.events.len();
        let before = window.came;
        let came = page.events.iter().map(|event| event.at).fold(before, Millis::max);
        window.came = came;
        window.token.clone_from(&page.next);
        let is_again = page.next.as_ref().is_some_and(|token| !window.given.insert(token.clone()));
        let brought = Came {
            is_first,
            is_last,
            begins,
            filled: (before, if is_last { window.until } else { came.min(window.until) }),
            goal: window.goal.take_if(|goal| is_last || *goal < came),
            is_all: window.is_all,
            lines: window.lines,
            leads_on: window.goal.is_some(),
            from: window.from,
            until: window.until,
            is_between: window.is_between,
            is_round: window.is_round,
            skipped: (begins && window.is_round && !window.is_between).then_some((window.until, held_from)),
            page,
        };
        if is_last {
            self.end();
        } else if is_again {
            // A token that comes again would go round for ever.
            let why = "the same page token came twice";
            self.fail(Fault::new(FaultKind::OddAnswer, "logs:FilterLogEvents", "", why));
        }
        Some(brought)
    }

    fn fail(&mut self, fault: Fault) {
        if let Some(window) = self.window.as_mut().filter(|_| !fault.kind.is_unjudged()) {
            (window.token, window.lines) = (None, 0);
            window.given.clear();
        }
        self.failures += 1;
        self.fault = Some(fault);
    }

    /// The window is whole; what is wanted beyond it goes on.
    fn end(&mut self) {
        if self.window.take().is_some_and(|window| !window.is_between) {
            self.step = (self.step * 2).min(WIDEST);
        }
        if let Some((from, until)) = self.gap.take() {
            self.want_between((from, until), Some(from));
        } else if let Some(later) = self.later.take().filter(|later| later.from < self.reach) {
            self.want(Some(later), Millis::MAX);
        }
    }

    /// Gives up what is being fetched, and what was to come after it; whether there was something.
    pub fn stop(&mut self) -> bool {
        (self.fault, self.failures, self.later, self.gap) = (None, 0, None, None);
        self.window.take().is_some()
    }
}

/// What an answer brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    /// The page.
    pub page: LogPage,
    /// It does not go on with the page before.
    pub is_first: bool,
    /// The window is whole.
    pub is_last: bool,
    /// It is the first that came of the window.
    pub begins: bool,
    /// What of the window is there now and was not before; its end does not belong to it.
    pub filled: (Millis, Millis),
    /// Where the cursor is to go.
    pub goal: Option<Millis>,
    /// It is fetched for who wants all since a time.
    pub is_all: bool,
    /// How many lines the window has brought so far.
    pub lines: usize,
    /// The cursor is to go to a line that has not come yet.
    pub leads_on: bool,
    /// The window that it belongs to; its end does not.
    pub from: Millis,
    /// Its end.
    pub until: Millis,
    /// The window lies between lines that are held.
    pub is_between: bool,
    /// Only the lines round a time are wanted.
    pub is_round: bool,
    /// What lies between the window and all that is held, and is not fetched; its end does not belong to it.
    pub skipped: Option<(Millis, Millis)>,
}
