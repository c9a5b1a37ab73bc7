//! Lines from before the tail began: windows of `FilterLogEvents` that end where what is held begins, each
//! twice as wide as the one before; and windows of lines that had to make room. One request at a time; what has
//! come stands there at once.

use super::{
    fact::{LogPage, Millis},
    fault::Fault,
    text::SafeText,
};
use crate::cloud::LogRequest;

/// Width of the first window, in milliseconds.
const FIRST: Millis = 15 * 60 * 1000;
/// Narrowest window, in milliseconds.
const LEAST: Millis = 10_000;
/// Widest window that is fetched without being asked for by its time.
const WIDEST: Millis = 24 * 60 * 60 * 1000;

/// What is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Window {
    from: Millis,
    until: Millis,
    token: Option<SafeText>,
    /// Number of the request in flight.
    asked: Option<u64>,
    lines: usize,
    /// Where the cursor goes when all has come.
    goal: Option<Millis>,
    /// It lies between lines that are held, not before them all.
    is_between: bool,
    /// Up to here its lines have come.
    came: Millis,
}

impl Window {
    fn new(from: Millis, until: Millis, goal: Option<Millis>) -> Self {
        Self {
            from,
            until,
            token: None,
            asked: None,
            lines: 0,
            goal,
            is_between: false,
            came: from,
        }
    }
}

/// The way back in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Older {
    /// From here on all lines are held, or known to have been dropped.
    reach: Millis,
    step: Millis,
    window: Option<Window>,
    /// Nothing is asked before this time of the monotonic clock.
    rests: u64,
    fault: Option<Fault>,
}

impl Older {
    /// Nothing before `reach` has been asked for.
    pub fn new(reach: Millis) -> Self {
        Self {
            reach,
            step: FIRST,
            window: None,
            rests: 0,
            fault: None,
        }
    }

    /// From here on all lines have been fetched.
    pub fn reach(&self) -> Millis {
        self.reach
    }

    /// The window that is being fetched: its times and how many lines of it have come.
    pub fn loading(&self) -> Option<(Millis, Millis, usize)> {
        self.window.as_ref().map(|window| (window.from, window.until, window.lines))
    }

    /// Why the last request failed; going on asks again.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Wants the next window, no wider than `widest`, or that which reaches back to `goal`. `false` while one is being
    /// fetched.
    pub fn want(&mut self, goal: Option<Millis>, widest: Millis) -> bool {
        if let Some(window) = &self.window {
            return window.asked.is_none();
        }
        let step = self.step.min(widest).max(LEAST);
        let from = goal.map_or(self.reach - step, |goal| goal.min(self.reach - 1));
        self.window = Some(Window::new(from.max(0), self.reach, goal));
        true
    }

    /// Wants an interval that lies between lines that are held; its end does not belong to it. The same answer.
    pub fn want_between(&mut self, (from, until): (Millis, Millis), goal: Option<Millis>) -> bool {
        if let Some(window) = &self.window {
            return window.asked.is_none();
        }
        self.window = Some(Window {
            is_between: true,
            ..Window::new(from, until, goal)
        });
        true
    }

    /// Asks for nothing until a time of the monotonic clock.
    pub fn rest(&mut self, until: u64) {
        self.rests = until;
    }

    /// A further page is wanted and may be asked for. After a fault that is for who wants it again.
    pub fn is_due(&self, mono: u64) -> bool {
        let waits = self.window.as_ref().is_some_and(|window| window.asked.is_none());
        waits && self.fault.is_none() && mono >= self.rests
    }

    /// The request that is due, under the number that its answer brings back.
    pub fn due(&mut self, group: &SafeText, seq: u64) -> Option<LogRequest> {
        let window = self.window.as_mut().filter(|window| window.asked.is_none())?;
        window.asked = Some(seq);
        Some(LogRequest {
            group: group.clone(),
            from: window.from,
            until: Some(window.until),
            token: window.token.clone(),
            stream_prefix: None,
        })
    }

    /// Takes an answer. Gives the page, whether it is the first of its window, and once the window is whole
    /// where the cursor is to go. After a fault the window waits to be wanted again.
    pub fn on_page(&mut self, seq: u64, answer: Result<LogPage, Fault>) -> Option<Came> {
        let window = self.window.as_mut().filter(|window| window.asked == Some(seq))?;
        window.asked = None;
        let page = match answer {
            Ok(page) => page,
            Err(fault) => {
                self.fault = Some(fault);
                return None;
            }
        };
        self.fault = None;
        let is_first = window.token.is_none();
        // A token that comes again would go round for ever: the window is given up as if it had failed.
        let is_last = page.next.is_none() || page.next == window.token;
        window.lines += page.events.len();
        window.came = page.events.iter().map(|event| event.at).fold(window.came, Millis::max);
        window.token.clone_from(&page.next);
        let came = Came {
            page,
            is_first,
            is_last,
            goal: window.goal.filter(|_| is_last),
            goal_is_set: window.goal.is_some() && !window.is_between,
            from: window.from,
            until: window.until,
            is_between: window.is_between,
        };
        if is_last {
            if !window.is_between {
                self.reach = window.from;
                self.step = (self.step * 2).min(WIDEST);
            }
            self.window = None;
        }
        Some(came)
    }

    /// Gives up what is being fetched: the interval of which lines are missing, empty where none had come. Its end does
    /// not belong to it.
    pub fn stop(&mut self) -> Option<(Millis, Millis)> {
        let window = self.window.take()?;
        self.fault = None;
        if window.token.is_none() {
            return Some((window.until, window.until));
        }
        if !window.is_between {
            self.reach = window.from;
        }
        Some((window.came, window.until))
    }
}

/// What an answer brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    /// The page.
    pub page: LogPage,
    /// It is the first of its window.
    pub is_first: bool,
    /// The window is whole.
    pub is_last: bool,
    /// Where the cursor is to go.
    pub goal: Option<Millis>,
    /// It is fetched for a time that somebody goes to.
    pub goal_is_set: bool,
    /// The window that it belongs to; its end does not.
    pub from: Millis,
    /// Its end.
    pub until: Millis,
    /// The window lies between lines that are held.
    pub is_between: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{fact::LogEvent, fault::FaultKind};

    fn page(next: Option<&str>) -> LogPage {
        LogPage {
            events: Vec::new(),
            next: next.map(SafeText::from),
        }
    }

    #[test]
    fn windows_lie_side_by_side_and_grow_and_a_fault_leaves_no_hole() {
        let (group, hour) = ("g".into(), 3_600_000);
        let mut older = Older::new(100 * hour);
        assert!(older.due(&group, 1).is_none(), "nobody asked");
        assert!(older.want(None, Millis::MAX));
        let first = older.due(&group, 1).unwrap();
        assert_eq!((first.from, first.until), (100 * hour - FIRST, Some(100 * hour)));
        assert!(!older.want(None, Millis::MAX) && older.due(&group, 2).is_none(), "one at a time");
        assert!(older.on_page(7, Ok(page(None))).is_none(), "that answer is of another");
        assert!(
            older
                .on_page(1, Ok(page(Some("a"))))
                .is_some_and(|came| came.is_first && !came.is_last)
        );
        assert_eq!(older.due(&group, 2).unwrap().token.as_deref(), Some("a"));
        assert!(older.on_page(2, Err(Fault::new(FaultKind::Throttled, "x", "g", "slow"))).is_none());
        assert!(older.fault().is_some() && older.want(None, Millis::MAX));
        assert_eq!(older.due(&group, 3).unwrap().token.as_deref(), Some("a"), "it goes on where it was");
        assert!(older.on_page(3, Ok(page(None))).is_some_and(|came| came.is_last));
        assert_eq!(older.reach(), 100 * hour - FIRST);
        older.want(Some(90 * hour), Millis::MAX);
        let far = older.due(&group, 4).unwrap();
        assert_eq!((far.from, far.until), (90 * hour, Some(100 * hour - FIRST)));
        assert_eq!(older.on_page(4, Ok(page(None))).and_then(|came| came.goal), Some(90 * hour));
        assert!(older.want(None, 60_000));
        let narrow = older.due(&group, 5).unwrap();
        assert_eq!(narrow.until.unwrap() - narrow.from, 60_000, "no more than fits");
    }

    #[test]
    fn what_lies_between_is_fetched_without_going_further_back_and_what_is_given_up_is_told() {
        let (group, hour) = ("g".into(), 3_600_000);
        let mut older = Older::new(100 * hour);
        assert!(older.want_between((110 * hour, 111 * hour), None));
        let asked = older.due(&group, 1).unwrap();
        assert_eq!((asked.from, asked.until), (110 * hour, Some(111 * hour)));
        assert!(older.on_page(1, Ok(page(None))).is_some_and(|came| came.is_between && came.is_last));
        assert_eq!(older.reach(), 100 * hour);
        assert!(older.want_between((110 * hour, 111 * hour), None));
        assert_eq!(older.stop(), Some((111 * hour, 111 * hour)), "nothing had come");
        assert_eq!(older.stop(), None);
        assert!(older.want(None, Millis::MAX));
        older.due(&group, 2).unwrap();
        let event = LogEvent {
            id: None,
            at: 100 * hour - 7,
            ingested: 0,
            stream: "s".into(),
            message: crate::core::text::RawText::new("x"),
        };
        let half = LogPage {
            events: vec![event],
            next: Some("more".into()),
        };
        assert!(older.on_page(2, Ok(half)).is_some());
        assert_eq!(older.stop(), Some((100 * hour - 7, 100 * hour)), "from the last line that came");
        assert_eq!(older.reach(), 100 * hour - FIRST, "and the next window goes on before it");
    }
}
