//! A Live Tail as a state machine without I/O: when a session is opened, when it counts as dead, when
//! it is opened again. Lines go through the [`tail`](super::tail), which also looks by polling for what
//! a session that broke off did not bring.

use super::{
    fact::LiveFrame,
    fault::{Fault, FaultKind},
};

/// AWS sends an update every second; a session that is silent for longer than this is dead.
const SILENCE: u64 = 5_000;
/// A session that has not begun after this will not.
const OPENING: u64 = 15_000;
/// At most one session is opened in this time.
const BETWEEN: u64 = 10_000;
/// Wait after the first failure, and the longest.
const FIRST_WAIT: u64 = 1_000;
const LONGEST_WAIT: u64 = 30_000;
/// Wait when the account has as many sessions as it may.
const QUOTA_WAIT: u64 = 300_000;

/// Where a Live Tail is. Times are milliseconds of a clock that only goes forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The next session is opened then.
    Waiting(u64),
    /// Asked for, not begun.
    Opening(u64),
    /// Last heard of then.
    On(u64),
    /// As many sessions as the account may have, until then.
    Quota(u64),
    /// Not possible until somebody asks again.
    Refused,
}

/// A Live Tail that somebody wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    state: State,
    session: u32,
    opened: Option<u64>,
    failures: u32,
    sampled: bool,
    fault: Option<Fault>,
}

impl Live {
    /// One whose first session is due at once. `session` is the number of the last one before it.
    pub fn new(session: u32, now: u64) -> Self {
        Self {
            state: State::Waiting(now),
            session,
            opened: None,
            failures: 0,
            sampled: false,
            fault: None,
        }
    }

    /// The session to open now, if one is due.
    pub fn due(&mut self, now: u64) -> Option<u32> {
        match self.state {
            State::Waiting(at) | State::Quota(at) if now >= at => {
                self.session += 1;
                self.opened = Some(now);
                self.state = State::Opening(now);
                Some(self.session)
            }
            _ => None,
        }
    }

    /// Hears of session `session`; whether it is the one that is wanted.
    pub fn on_frame(&mut self, session: u32, frame: &LiveFrame, now: u64) -> bool {
        let is_wanted = session == self.session && matches!(self.state, State::Opening(_) | State::On(_));
        if is_wanted {
            self.state = State::On(now);
            self.failures = 0;
            self.fault = None;
            self.sampled = matches!(frame, LiveFrame::Update(update) if update.sampled);
        }
        is_wanted
    }

    /// Session `session` has ended, cleanly where there is no fault; whether it is the one that was on.
    pub fn on_end(&mut self, session: u32, fault: Option<Fault>, now: u64) -> bool {
        if session != self.session || !matches!(self.state, State::Opening(_) | State::On(_)) {
            return false;
        }
        let at = self.next_try(now);
        self.sampled = false;
        self.state = match &fault {
            Some(fault) if is_quota(fault) => State::Quota(now + QUOTA_WAIT),
            Some(fault) if matches!(fault.kind, FaultKind::Denied | FaultKind::Guarded | FaultKind::NotFound) => State::Refused,
            _ => State::Waiting(at),
        };
        self.failures += u32::from(fault.is_some());
        self.fault = fault;
        true
    }

    /// Gives up a session that has been silent for too long, and gives its number.
    pub fn on_tick(&mut self, now: u64) -> Option<u32> {
        let why = match self.state {
            State::On(heard) if now > heard + SILENCE => "the session was silent for 5 s",
            State::Opening(since) if now > since + OPENING => "the session did not begin within 15 s",
            _ => return None,
        };
        let fault = Fault::new(FaultKind::TimedOut, "logs:StartLiveTail", "", why);
        self.on_end(self.session, Some(fault), now).then_some(self.session)
    }

    /// Milliseconds until something is due by itself.
    pub fn next(&self, now: u64) -> u64 {
        let at = match self.state {
            State::Waiting(at) | State::Quota(at) => at,
            State::On(heard) => heard + SILENCE + 1,
            State::Opening(since) => since + OPENING + 1,
            State::Refused => now + QUOTA_WAIT,
        };
        at.saturating_sub(now)
    }

    /// A session runs and brings lines.
    pub fn is_on(&self) -> bool {
        matches!(self.state, State::On(_))
    }

    /// There is no session, nor will one be opened soon: polling, which is free, brings the lines.
    pub fn is_polling(&self) -> bool {
        matches!(self.state, State::Quota(_) | State::Refused)
    }

    /// Number of the last session.
    pub fn session(&self) -> u32 {
        self.session
    }

    /// Why there is no session.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// What there is to say of it, in two or three words.
    pub fn word(&self) -> &'static str {
        match self.state {
            State::On(_) if self.sampled => "live, sampled",
            State::On(_) => "live",
            State::Opening(_) => "live tail connecting",
            State::Waiting(_) => "live tail reconnecting",
            State::Quota(_) => "no live session free, polling",
            State::Refused => "no live tail, polling",
        }
    }

    fn next_try(&self, now: u64) -> u64 {
        let wait = (FIRST_WAIT << self.failures.min(6)).min(LONGEST_WAIT);
        (now + wait).max(self.opened.map_or(0, |opened| opened + BETWEEN))
    }
}

fn is_quota(fault: &Fault) -> bool {
    fault.code.as_deref().is_some_and(|code| code.starts_with("LimitExceeded"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fact::LiveUpdate;

    fn update(sampled: bool) -> LiveFrame {
        LiveFrame::Update(LiveUpdate {
            events: Vec::new(),
            sampled,
        })
    }

    fn fault(kind: FaultKind, code: &str) -> Fault {
        Fault {
            code: Some(code.into()),
            ..Fault::new(kind, "logs:StartLiveTail", "", "")
        }
    }

    fn on() -> Live {
        let mut live = Live::new(0, 1_000);
        assert_eq!(live.due(1_000), Some(1));
        assert!(live.on_frame(1, &LiveFrame::Start, 1_500));
        live
    }

    #[test]
    fn a_silent_session_is_dead_after_five_seconds() {
        let mut live = on();
        assert!(live.on_frame(1, &update(true), 2_500) && live.word() == "live, sampled");
        assert_eq!(live.on_tick(7_500), None);
        assert_eq!(live.on_tick(7_501), Some(1));
        assert!(live.fault().is_some_and(|it| it.sentence().contains("silent for 5 s")));
        assert!(!live.is_on() && !live.is_polling());
        assert_eq!(live.due(10_999), None, "one start in ten seconds");
        assert_eq!(live.due(11_000), Some(2));
        assert!(!live.on_frame(1, &update(false), 11_200), "the old session is not listened to");
        assert_eq!(live.on_tick(26_001), Some(2), "nor is one waited for that does not begin");
        assert!(live.fault().is_some_and(|it| it.sentence().contains("did not begin within 15 s")));
    }

    #[test]
    fn a_clean_end_is_not_the_end() {
        let mut live = on();
        assert!(live.on_end(1, None, 100_000));
        assert_eq!(live.fault(), None);
        assert_eq!((live.due(100_500), live.due(101_000)), (None, Some(2)));
    }

    #[test]
    fn failures_wait_longer_and_longer() {
        let mut live = on();
        let mut now = 20_000;
        let mut waits = Vec::new();
        for session in 1..9 {
            live.on_end(session, Some(fault(FaultKind::Unreachable, "")), now);
            let at = now + live.next(now);
            waits.push(at - now);
            assert_eq!(live.due(at), Some(session + 1));
            now = at;
        }
        assert_eq!(waits, [1_000, 10_000, 10_000, 10_000, 16_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn without_a_free_session_it_polls_and_asks_again_in_five_minutes() {
        let mut live = Live::new(7, 0);
        assert_eq!(live.due(0), Some(8));
        live.on_end(8, Some(fault(FaultKind::Refused, "LimitExceededException")), 500);
        assert_eq!((live.word(), live.is_polling()), ("no live session free, polling", true));
        assert!(live.fault().is_some_and(|it| it.advice().contains("polling goes on")));
        assert_eq!((live.due(300_499), live.due(300_500)), (None, Some(9)));
        live.on_end(9, Some(fault(FaultKind::Denied, "AccessDeniedException")), 301_000);
        assert_eq!(live.due(9_000_000), None, "a refusal is not asked again");
    }
}
