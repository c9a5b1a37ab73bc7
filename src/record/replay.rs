//! A recording as a cloud: it tells what was told until its present time, takes no write, and its time can be held
//! and moved. To the console it tells every fact by itself, in the order in which they came, so that nothing is left
//! out at any speed; who asks is answered with what stood at the time.

use std::{
    mem::{Discriminant, discriminant},
    sync::{Arc, Mutex, PoisonError},
};

use futures::future::{BoxFuture, FutureExt, ready};

use super::{Recording, Told};
use crate::{
    cloud::{About, Change, Cloud, Done, LiveStream, LogRequest, Query, Span, Steer, Token},
    core::{
        fact::{Fact, Identity, LogEvent, LogPage, Millis, StackEvents},
        fault::{Fault, FaultKind},
        secret::{SecretRef, SecretText},
        text::{RawText, SafeText},
    },
    sim::Clock,
};

/// A recording that is played.
pub struct Replay {
    recording: Recording,
    speed: u32,
    clock: Arc<dyn Clock>,
    place: Mutex<Place>,
}

/// Where the tape stood at a time of the clock.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: Millis,
    since: Millis,
    is_held: bool,
    /// How many lines have been told unasked, and until when.
    told: usize,
    until: Option<Millis>,
}

impl Replay {
    /// Begins to play, `speed` times as fast as the clock.
    pub fn new(recording: Recording, speed: u32, clock: Arc<dyn Clock>) -> Self {
        let place = Place {
            at: recording.span().0,
            since: clock.now(),
            is_held: false,
            told: 0,
            until: None,
        };
        Self {
            recording,
            speed: speed.max(1),
            clock,
            place: Mutex::new(place),
        }
    }

    /// What is played.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    fn present(&self, place: Place) -> Millis {
        let passed = (self.clock.now() - place.since).max(0).saturating_mul(Millis::from(self.speed));
        let (begin, end) = self.recording.span();
        let at = if place.is_held { place.at } else { place.at.saturating_add(passed) };
        at.clamp(begin, end)
    }

    /// The newest fact of a kind at a time.
    fn newest(&self, kind: Discriminant<Told>, now: Millis) -> Option<&Told> {
        let told = self.recording.lines.iter().rev().filter(|l| l.at <= now);
        told.map(|l| &l.fact).find(|fact| discriminant(*fact) == kind)
    }

    fn answer(&self, query: &Query) -> Result<Fact, Fault> {
        let now = self.now();
        let newest = |like: Told| {
            let none = || Fault::new(FaultKind::NotFound, "the recording", "what is asked for", "");
            self.newest(discriminant(&like), now).cloned().ok_or_else(none)
        };
        let told = match query {
            Query::Identity => {
                return Ok(Fact::Identity(Identity {
                    account: "account not kept".into(),
                    arn: SafeText::default(),
                }));
            }
            Query::StackEvents { known, .. } => return Ok(self.events(known.as_ref())),
            Query::StackHistory { .. } => return Ok(self.events(None)),
            Query::LogPage(request) => return self.log_page(request),
            Query::Stack { .. } => newest(Told::Stack(None)),
            Query::StackResources { .. } => newest(Told::Resources(Vec::new())),
            Query::Services { .. } => newest(Told::Services(Vec::new())),
            Query::Tasks { .. } => newest(Told::Tasks(Vec::new())),
            Query::TargetHealth { .. } => newest(Told::Targets(Vec::new())),
            _ => return Err(refused("a recording knows nothing of this")),
        };
        fact(&told?).ok_or_else(|| refused("a recording knows nothing of this"))
    }

    fn events(&self, known: Option<&SafeText>) -> Fact {
        let mut events = self.recording.events(self.now());
        let new = known.and_then(|id| events.iter().position(|e| e.id == *id));
        events.truncate(new.unwrap_or(events.len()));
        Fact::StackEvents(StackEvents { events, is_complete: true })
    }

    fn log_page(&self, request: &LogRequest) -> Result<Fact, Fault> {
        let Some(wanted) = &request.stream_prefix else {
            return Err(refused("a recording holds no log lines but the last ones of a task that stopped"));
        };
        // They were asked for because the task had stopped, and came a moment after that was known.
        let told = self.recording.lines.iter().rev().find_map(|l| match &l.fact {
            Told::LastLines(stream, lines) if stream == wanted => Some((l.at, lines)),
            _ => None,
        });
        let events = told.map_or_else(Vec::new, |(at, lines)| {
            let event = |line: &SafeText| LogEvent {
                id: None,
                at,
                ingested: at,
                stream: wanted.clone(),
                message: RawText::new(line),
            };
            lines.iter().map(event).collect()
        });
        Ok(Fact::LogPage(LogPage { events, next: None }))
    }
}

/// A fact in the words of the port; the last lines of a task are told to who asks for them.
fn fact(told: &Told) -> Option<Fact> {
    Some(match told.clone() {
        Told::Stack(stack) => Fact::Stack(stack),
        Told::Events(events) => Fact::StackEvents(StackEvents { events, is_complete: true }),
        Told::Resources(resources) => Fact::StackResources(resources),
        Told::Services(services) => Fact::Services(services),
        Told::Tasks(tasks) => Fact::Tasks(tasks),
        Told::Targets(groups) => Fact::Targets(groups),
        Told::LastLines(..) => return None,
    })
}

fn refused(why: &str) -> Fault {
    Fault::new(FaultKind::Guarded, "the recording", "", why)
}

impl Cloud for Replay {
    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>> {
        ready(self.answer(&query)).boxed()
    }

    fn change(&self, _: Change, _: Token) -> BoxFuture<'_, Result<Done, Fault>> {
        ready(Err(refused("a recording takes no change"))).boxed()
    }

    fn reveal(&self, _: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>> {
        ready(Err(refused("a recording holds no secrets"))).boxed()
    }

    fn live(&self, _: SafeText) -> BoxFuture<'_, Result<LiveStream<'_>, Fault>> {
        ready(Err(refused("a recording has no Live Tail"))).boxed()
    }

    fn now(&self) -> Millis {
        self.present(*self.place.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn about(&self) -> About {
        About {
            region: self.recording.head.region.clone(),
            profile: "recording".into(),
            endpoint: None,
            is_endpoint_inherited: false,
            badge: Some("REPLAY".into()),
            speed: self.speed,
        }
    }

    fn span(&self) -> Option<Span> {
        let (begin, end) = self.recording.span();
        Some(Span { begin, end })
    }

    fn told(&self) -> Vec<(Millis, Fact)> {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.present(*place);
        if place.until == Some(now) {
            return Vec::new();
        }
        let new = self.recording.lines[place.told..].iter().take_while(|l| l.at <= now);
        let mut out: Vec<(Millis, Option<Fact>)> = new.map(|l| (l.at, fact(&l.fact))).collect();
        place.told += out.len();
        place.until = Some(now);
        // Whoever polled was told the same again and again: it still stands. The stack last: when it is gone, so is the rest.
        let no_event = Told::Events(Vec::new());
        out.push((now, fact(&no_event)));
        for like in [
            Told::Resources(Vec::new()),
            Told::Services(Vec::new()),
            Told::Tasks(Vec::new()),
            Told::Targets(Vec::new()),
            Told::Stack(None),
        ] {
            out.push((now, self.newest(discriminant(&like), now).and_then(fact)));
        }
        out.into_iter().filter_map(|(at, fact)| Some((at, fact?))).collect()
    }

    fn steer(&self, steer: Steer) {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        place.at = self.present(*place);
        place.since = self.clock.now();
        match steer {
            Steer::Hold => place.is_held = true,
            Steer::Go => place.is_held = false,
            Steer::To(at) => (place.at, place.told, place.until) = (at, 0, None),
        }
    }
}
