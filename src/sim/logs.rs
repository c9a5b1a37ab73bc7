//! `FilterLogEvents` as AWS answers it: pages with tokens, empty pages that have one, events that
//! become visible some seconds after their time. And Live Tail.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    account::refusal,
    chance::Chance,
    traffic::{Draft, Writer},
    world::{SECOND, World},
};
use crate::{
    cloud::LogRequest,
    core::{
        fact::{Fact, LiveUpdate, LogEvent, LogPage, Millis},
        fault::{Fault, FaultKind},
        text::{RawText, SafeText},
    },
};

/// Events after which a page ends. AWS's own limits are 10,000 and 1 MB; smaller pages make paging real.
const PAGE: usize = 500;
/// How much time is looked through at once, and at most for one page.
const CHUNK: Millis = 600 * SECOND;
const MOST: Millis = 6 * 3_600 * SECOND;

/// Longest time between an event and its ingestion.
const MOST_HELD_UP: Millis = 10 * SECOND;
/// Live Tail gives this many events a second at most.
const MOST_LIVE: usize = 500;

/// A line that something else than the traffic wrote.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) at: Millis,
    pub(super) task: usize,
    pub(super) text: String,
}

const OPERATION: &str = "logs:FilterLogEvents";
const LIVE: &str = "logs:StartLiveTail";

impl World {
    /// One page.
    pub(super) fn log_page(&self, request: &LogRequest) -> Result<Fact, Fault> {
        let group = request.group.as_str();
        self.check_group(OPERATION, group)?;
        let invalid = || {
            refusal(
                FaultKind::Refused,
                OPERATION,
                group,
                "InvalidParameterException",
                "The specified nextToken is invalid.",
            )
        };
        let (mut from, turn) = match &request.token {
            Some(token) => read_token(token).ok_or_else(invalid)?,
            None => (request.from, 0),
        };
        let until = request.until.unwrap_or(Millis::MAX).min(self.now + 1);
        // AWS looks through a piece of the group at a time, and may find nothing in it.
        if turn > 0 && Chance::new(self.seed, &format!("page/{from}/{turn}")).one_in(5) && turn % 2 == 1 {
            return Ok(page(Vec::new(), Some((from, turn + 1))));
        }
        let limit = from.saturating_add(MOST);
        let mut events = Vec::new();
        while from < until && from < limit && events.len() < PAGE {
            let end = (from + CHUNK).min(until);
            events.extend(self.events(request, from, end));
            from = end;
        }
        if events.len() > PAGE {
            // A page ends between two milliseconds, so that a token needs to name only a time.
            let last = events[PAGE - 1].at;
            let cut = events.iter().position(|e| e.at > last).unwrap_or(events.len());
            if cut < events.len() {
                from = last + 1;
            }
            events.truncate(cut);
        }
        let next = (from < until).then_some((from, turn + 1));
        Ok(page(events, next))
    }

    pub(super) fn check_group(&self, operation: &str, group: &str) -> Result<(), Fault> {
        if self.living_of("AWS::Logs::LogGroup").contains(group) {
            return Ok(());
        }
        let (code, message) = ("ResourceNotFoundException", "The specified log group does not exist.");
        Err(refusal(FaultKind::NotFound, operation, group, code, message))
    }

    /// A Live Tail session is asked for.
    pub(super) fn live_begin(&self, group: &str) -> Result<(), Fault> {
        self.overall_fault(LIVE).map_or_else(|| self.check_group(LIVE, group), Err)
    }

    /// What was taken in after `from`.
    pub(super) fn live_update(&self, group: &SafeText, from: Millis) -> Result<LiveUpdate, Fault> {
        if let Some(fault) = self.overall_fault(LIVE).filter(|fault| fault.kind == FaultKind::Expired) {
            return Err(fault);
        }
        let request = LogRequest {
            group: group.clone(),
            from: from - MOST_HELD_UP,
            until: None,
            token: None,
            stream_prefix: None,
        };
        let mut events = self.events(&request, request.from, self.now + 1);
        events.retain(|event| event.ingested > from);
        let most = MOST_LIVE * usize::try_from((self.now - from) / SECOND).unwrap_or(0).max(1);
        let sampled = events.len() > most;
        events.truncate(most);
        for event in &mut events {
            event.id = None;
        }
        Ok(LiveUpdate { events, sampled })
    }

    pub(super) fn events(&self, request: &LogRequest, from: Millis, until: Millis) -> Vec<LogEvent> {
        let mut drafts = Writer::new(self, from, until).lines(&request.group);
        let own = self.lines.iter().enumerate().filter(|(_, l)| (from..until).contains(&l.at));
        drafts.extend(
            own.filter(|(_, l)| self.tasks[l.task].has_logs && self.tasks[l.task].log_group == *request.group)
                .map(|(i, l)| Draft {
                    at: l.at,
                    task: l.task,
                    source: "own".into(),
                    index: i,
                    text: l.text.clone(),
                }),
        );
        let prefix = request.stream_prefix.as_deref().unwrap_or_default();
        drafts.sort_by(|a, b| (a.at, a.task, &a.source, a.index).cmp(&(b.at, b.task, &b.source, b.index)));
        drafts
            .into_iter()
            .map(|d| self.event(d))
            .filter(|e| e.ingested <= self.now && e.stream.starts_with(prefix))
            .collect()
    }

    fn event(&self, draft: Draft) -> LogEvent {
        let task = &self.tasks[draft.task];
        let mut record = self.chance(&format!("{}/{}", task.id, draft.source));
        // The agent sends what it has every second or so; now and then it is held up.
        let delay = if record.one_in(40) {
            record.between(4_000, 9_000)
        } else {
            record.between(250, 1_900)
        };
        let definition = self.definitions.get(&task.definition);
        let (prefix, container) = definition
            .map(|d| (d.log_prefix.as_str(), d.container.as_str()))
            .unwrap_or_default();
        LogEvent {
            // 56 digits that grow with time, and within a batch with the place in it, as AWS has them.
            id: Some(format!("{}{:020}{:020}", 3_600_000_000_000_000 + draft.at, record.next(), draft.index).into()),
            at: draft.at,
            ingested: draft.at + delay,
            stream: format!("{prefix}/{container}/{}", task.id).into(),
            message: RawText::new(&draft.text),
        }
    }
}

fn page(events: Vec<LogEvent>, next: Option<(Millis, u32)>) -> Fact {
    Fact::LogPage(LogPage {
        events,
        next: next.map(|(from, turn)| URL_SAFE_NO_PAD.encode(format!("{from}:{turn}")).into()),
    })
}

fn read_token(token: &str) -> Option<(Millis, u32)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (from, turn) = text.split_once(':')?;
    Some((from.parse().ok()?, turn.parse().ok()?))
}
