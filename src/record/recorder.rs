//! The recorder: a cloud before the real one, which hands everything on and notes what was told while an operation
//! runs, anyone's. Nobody waits for it: a thread of its own writes.

use std::{
    collections::{HashMap, HashSet},
    mem::{Discriminant, discriminant},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::future::BoxFuture;

use super::{
    Head, Line, Recordings, Told, VERSION,
    folder::{Job, Tape},
    later::{SETTLED, Seen},
};
use crate::{
    cloud::{Change, Cloud, Done, Query, Token},
    core::{
        cause,
        fact::{Fact, Millis, Service, Stack, StackEvent},
        fault::Fault,
        progress::{begins, newest_operation},
        secret::{SecretRef, SecretText},
        text::SafeText,
    },
};

/// For so long after its end an operation is still recorded: services and targets settle, in milliseconds.
const AFTERWARDS: Millis = 30_000;

/// How many of its newest events a service keeps in a recording; AWS tells a hundred each time.
const SERVICE_EVENTS: usize = 20;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A cloud that is recorded.
pub struct Recorder {
    cloud: Arc<dyn Cloud>,
    to: Recordings,
    known: Mutex<Known>,
}

/// What was told last, and the tape that runs.
#[derive(Default)]
struct Known {
    latest: HashMap<Discriminant<Told>, Told>,
    /// Events of the newest operation, newest first.
    events: Vec<StackEvent>,
    /// The newest event of the stack itself that needs no recording any more: it was there when events were told first,
    /// or it is on a tape. Empty where the stack had none.
    past: Option<SafeText>,
    /// Tokens of this process's own writes.
    ours: HashSet<SafeText>,
    running: Option<Running>,
    /// Events as far as they were told first, and whether those are all; until what is recorded has been compared with
    /// them.
    whole: Option<(Vec<StackEvent>, bool)>,
    is_compared: bool,
    /// Nothing new is recorded.
    is_late: bool,
}

struct Running {
    tape: Tape,
    /// Id of the event with which the operation began.
    key: SafeText,
    ended: Option<Millis>,
}

impl Recorder {
    /// Records what `cloud` tells.
    pub fn new(cloud: Arc<dyn Cloud>, to: Recordings) -> Self {
        Self {
            cloud,
            to,
            known: Mutex::default(),
        }
    }

    /// Records nothing new: completes what is recorded already, for somebody who only looks.
    pub fn late(cloud: Arc<dyn Cloud>, to: Recordings) -> Self {
        let known = Known {
            is_late: true,
            ..Known::default()
        };
        Self {
            cloud,
            to,
            known: Mutex::new(known),
        }
    }

    fn note(&self, query: &Query, fact: &Fact) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Query::StackEvents { known: None, .. } | Query::StackHistory { .. }, Fact::StackEvents(told)) = (query, fact) {
            let is_more = matches!(query, Query::StackHistory { .. });
            if is_more || !known.is_compared {
                known.whole = Some((told.events.clone(), told.is_complete || is_more));
            }
        }
        let told = match (query, fact) {
            (Query::Stack { .. }, Fact::Stack(stack)) if !known.is_past(stack.as_ref()) => Told::Stack(stack.clone()),
            (_, Fact::StackEvents(events)) => Told::Events(events.events.clone()),
            (Query::StackResources { stack }, Fact::StackResources(resources)) if known.is_followed(stack) => {
                Told::Resources(resources.clone())
            }
            (_, Fact::Services(services)) => Told::Services(services.iter().map(brief).collect()),
            (_, Fact::Tasks(tasks)) => Told::Tasks(tasks.clone()),
            (_, Fact::Targets(groups)) => Told::Targets(groups.clone()),
            // The last lines of a task that stopped are asked for by its stream; a service's by less than that.
            (Query::LogPage(request), Fact::LogPage(page)) => match &request.stream_prefix {
                Some(stream) if stream.split('/').count() == 3 => Told::LastLines(stream.clone(), cause::last_of(&page.events)),
                _ => return,
            },
            _ => return,
        };
        known.take(told, self.cloud.now(), (&self.to, &self.cloud.about().region));
    }
}

/// A service without its older events.
fn brief(service: &Service) -> Service {
    let events = service.events.iter().take(SERVICE_EVENTS).cloned().collect();
    Service { events, ..service.clone() }
}

impl Known {
    fn take(&mut self, told: Told, at: Millis, (to, region): (&Recordings, &SafeText)) {
        if self.is_of_another_stack(&told) {
            let (ours, is_late) = (std::mem::take(&mut self.ours), self.is_late);
            let next = Self {
                ours,
                is_late,
                ..Self::default()
            };
            let before = std::mem::replace(self, next);
            if let Some(before) = before.running {
                to.put(before.tape, Job::End);
            }
        }
        let told = match told {
            Told::Events(events) => {
                let new = self.add(events);
                // Of what had ended before anybody looked nothing is recorded, unless it was begun here.
                if self.past.is_none() {
                    let newest = self.newest_of_stack().filter(|_| !self.is_ours());
                    self.past = Some(newest.map(|e| e.id.clone()).unwrap_or_default());
                }
                (!new.is_empty()).then_some(Told::Events(new))
            }
            lines @ Told::LastLines(..) => Some(lines),
            other if self.latest.get(&discriminant(&other)) == Some(&other) => None,
            other => {
                self.latest.insert(discriminant(&other), other.clone());
                Some(other)
            }
        };
        // What runs after the end is the next operation, of which no event has come yet.
        let is_next = self.stack().is_some_and(|s| s.status.is_in_progress());
        if let Some(before) = self.running.take_if(|r| is_next && r.ended.is_some()) {
            to.put(before.tape, Job::End);
        }
        match self.begun() {
            // All that is known stands at the beginning, the present fact in it.
            Some(key) if self.running.as_ref().is_none_or(|r| r.key != key) => self.begin(key, at, (to, region)),
            _ => {
                if let (Some(running), Some(fact)) = (&self.running, told) {
                    to.put(running.tape, Job::Line(Box::new(Line { at, fact })));
                }
            }
        }
        if self.running.is_some() {
            self.past = self.newest_of_stack().map(|e| e.id.clone());
        }
        self.end(at, to);
        self.compare(at, (to, region));
    }

    /// Has recordings completed whose watcher left, once it is told where the stack stands. What has just ended may still
    /// be watched by somebody.
    fn compare(&mut self, now: Millis, (to, region): (&Recordings, &SafeText)) {
        let Some(stack) = self.stack().cloned() else { return };
        let newest = self.newest_of_stack().map_or(0, |e| e.at);
        if !stack.status.is_in_progress() && now - newest < SETTLED {
            return;
        }
        let Some((events, is_complete)) = self.whole.take() else { return };
        self.is_compared = true;
        let region = region.clone();
        to.catch_up(Seen {
            stack,
            region,
            events,
            is_complete,
            now,
        });
    }

    /// The record of a stack that was gone before anybody looked: what it left is searched for, and nothing runs.
    fn is_past(&self, told: Option<&Stack>) -> bool {
        told.is_some_and(|new| new.status.is_deleted() && self.stack().is_none_or(|old| old.id != new.id))
    }

    /// The stack that was told last goes by this name or id.
    fn is_followed(&self, stack: &SafeText) -> bool {
        self.stack().is_some_and(|known| known.id == *stack || known.name == *stack)
    }

    fn is_of_another_stack(&self, told: &Told) -> bool {
        matches!((told, self.stack()), (Told::Stack(Some(new)), Some(old)) if new.id != old.id)
    }

    fn stack(&self) -> Option<&Stack> {
        match self.latest.get(&discriminant(&Told::Stack(None)))? {
            Told::Stack(stack) => stack.as_ref(),
            _ => None,
        }
    }

    /// Takes events, newest first; gives those that are new: what is listed after a known one is older.
    fn add(&mut self, events: Vec<StackEvent>) -> Vec<StackEvent> {
        let known: HashSet<&str> = self.events.iter().map(|e| e.id.as_str()).collect();
        let new: Vec<StackEvent> = events.into_iter().take_while(|e| !known.contains(e.id.as_str())).collect();
        self.events.splice(0..0, new.iter().cloned());
        let own = newest_operation(&self.events).len();
        self.events.truncate(own);
        new
    }

    /// The event that began the operation that runs, or that has ended since anybody looked, by the stack's status and
    /// by its newest event.
    fn begun(&self) -> Option<SafeText> {
        if self.is_late {
            return None;
        }
        let (status, newest) = (&self.stack()?.status, self.newest_of_stack()?);
        let runs = status.is_in_progress() && newest.status.is_in_progress();
        let is_new = self.past.as_ref().is_some_and(|past| *past != newest.id);
        // Until the stack tells the same as its events, its end is not known.
        let has_ended = is_new && !status.is_in_progress() && status.0 == newest.status.0;
        let first = self.events.last().filter(|e| e.is_stack() && begins(&e.status))?;
        (runs || has_ended).then(|| first.id.clone())
    }

    /// The newest operation was begun by a write of this process.
    fn is_ours(&self) -> bool {
        let token = self.newest_of_stack().and_then(|e| e.token.as_ref());
        token.is_some_and(|token| self.ours.contains(token))
    }

    fn newest_of_stack(&self) -> Option<&StackEvent> {
        self.events.iter().find(|e| e.is_stack())
    }

    fn begin(&mut self, key: SafeText, at: Millis, (to, region): (&Recordings, &SafeText)) {
        let (Some(stack), Some(first)) = (self.stack(), self.events.last()) else {
            return;
        };
        let verb = first.status.0.split('_').next().unwrap_or_default().to_lowercase();
        let head = Head {
            recording: VERSION,
            stack: stack.name.clone(),
            region: region.clone(),
            operation: verb.into(),
            begun: first.at,
            caught_up: None,
        };
        let tape = Tape(NEXT.fetch_add(1, Ordering::Relaxed));
        let facts = self.latest.values().cloned().chain([Told::Events(self.events.clone())]);
        to.put(tape, Job::Begin(Box::new(head)));
        for fact in facts {
            to.put(tape, Job::Line(Box::new(Line { at, fact })));
        }
        let ended = None;
        if let Some(before) = self.running.replace(Running { tape, key, ended }) {
            to.put(before.tape, Job::End);
        }
    }

    /// Ends the recording a little after the operation.
    fn end(&mut self, at: Millis, to: &Recordings) {
        let rests = self.stack().is_none_or(|s| !s.status.is_in_progress());
        let is_told = self.newest_of_stack().is_some_and(|e| !e.status.is_in_progress());
        let Some(running) = self.running.as_mut().filter(|_| rests && is_told) else {
            return;
        };
        if at - *running.ended.get_or_insert(at) >= AFTERWARDS {
            to.put(running.tape, Job::End);
            self.running = None;
        }
    }
}

impl Cloud for Recorder {
    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>> {
        Box::pin(async move {
            let (query, until) = match query {
                Query::StackEvents { stack, known: Some(known) } if self.to.wants_history() => (Query::StackHistory { stack }, Some(known)),
                query => (query, None),
            };
            let mut answer = self.cloud.ask(query.clone()).await;
            if let Ok(fact) = &answer {
                self.note(&query, fact);
            }
            // Whoever asked wants what is new.
            if let (Ok(Fact::StackEvents(told)), Some(known)) = (&mut answer, until) {
                let new = told.events.iter().position(|e| e.id == known);
                told.events.truncate(new.unwrap_or(told.events.len()));
            }
            answer
        })
    }

    fn change(&self, change: Change, token: Token) -> BoxFuture<'_, Result<Done, Fault>> {
        // Noted before the answer, which may be lost.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.ours.insert(token.0.clone());
        drop(known);
        self.cloud.change(change, token)
    }

    fn reveal(&self, secret: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>> {
        self.cloud.reveal(secret)
    }

    crate::cloud::pass_on!(cloud);
}
