//! Answers: facts find their feed, faults their panel; then the joins are made anew.

use strum::IntoEnumIterator;

use super::{access, complain, deploying, following, insights, leftovers, logs, looking, older, places, polling, record, say, testimage};
use crate::{
    cloud::{Change, Done, LogRequest, Query},
    core::{
        cause,
        effect::Effect,
        fact::{CLUSTER, Fact, Identity, Millis, Service, Stack, StackEvent, StackEvents, Task},
        fault::{Fault, FaultKind},
        feed::Feed,
        health::Severity,
        leftovers as core_leftovers,
        model::{Model, Others},
        msg::{Asked, Ticket},
        polls::Poll,
        preflight,
        progress::Progress,
        screen::{Panel, ScreenId, deploy::Stage},
        text::SafeText,
    },
};

/// Takes the answer to a read.
pub(super) fn on_told(model: &mut Model, ticket: Ticket, answer: Result<Fact, Fault>) -> Vec<Effect> {
    if ticket.generation != model.guard.generation {
        return Vec::new();
    }
    match ticket.asked {
        Asked::Poll(poll) => on_poll(model, poll, ticket.seq, answer),
        Asked::Validation => looking::on_validation(model, ticket.seq, answer),
        Asked::Model => looking::on_model(model, ticket.seq, answer),
        Asked::Check => looking::on_check(model, ticket.seq, answer),
        Asked::Plan => deploying::on_change_set(model, ticket.seq, answer),
        Asked::Followed => {
            following::on_answer(model, ticket.seq, answer);
            Vec::new()
        }
        Asked::Probe => testimage::on_stage(model, answer),
        Asked::Fall => {
            on_fall_log(model, answer);
            Vec::new()
        }
        Asked::Stacks => places::on_stacks(model, answer),
        Asked::Older => older::on_answer(model, ticket.seq, answer),
        Asked::Leftovers => leftovers::on_answer(model, ticket.seq, answer),
        Asked::LogGroup => insights::on_group(model, ticket.seq, answer),
        Asked::InsightsStart => insights::on_begun(model, ticket.seq, answer),
        Asked::Insights => insights::on_results(model, ticket.seq, answer),
        Asked::InsightsStop => insights::on_stopped(model, answer),
        Asked::Access(wanted) => access::on_answer(model, wanted, ticket.seq, answer),
    }
}

/// Takes what was told unasked, as of its own time.
pub(super) fn on_heard(model: &mut Model, at: Millis, fact: Fact) -> Vec<Effect> {
    let present = std::mem::replace(&mut model.now.wall, at);
    let effects = on_fact(model, fact);
    model.now.wall = present;
    effects
}

fn on_poll(model: &mut Model, poll: Poll, seq: u64, answer: Result<Fact, Fault>) -> Vec<Effect> {
    if polling::with(model, poll, |f| f.awaited()) != Some(seq) {
        return Vec::new();
    }
    polling::with(model, poll, |f| f.end());
    if poll == Poll::Logs {
        return logs::on_answer(model, answer);
    }
    let mut effects = Vec::new();
    match answer {
        Ok(fact) => effects = on_fact(model, fact),
        // That a cluster can not be found is no fault where the stack has none.
        Err(fault) if fault.kind == FaultKind::NotFound && model.is_missing(CLUSTER) => match poll {
            Poll::Services => effects = on_fact(model, Fact::Services(Vec::new())),
            Poll::Tasks => effects = on_fact(model, Fact::Tasks(Vec::new())),
            _ => on_fault(model, poll, fault),
        },
        Err(fault) => on_fault(model, poll, fault),
    }
    polling::plan_next(model, poll);
    effects
}

/// A fault stays with its feed. One of the credentials is everybody's: all other polls rest, and only
/// the identity is asked for again, until it is answered.
fn on_fault(model: &mut Model, poll: Poll, fault: Fault) {
    record(model, fault.clone());
    if fault.is_credentials() && poll != Poll::Identity {
        model.feeds.identity.fail(fault.clone());
        let pause = if fault.kind == FaultKind::OtherAccount {
            0
        } else {
            polling::CREDENTIALS_EVERY
        };
        model.feeds.identity.due = model.now.mono + pause;
    }
    polling::with(model, poll, |f| f.fail(fault));
}

fn on_fact(model: &mut Model, fact: Fact) -> Vec<Effect> {
    let now = model.now;
    match fact {
        Fact::Identity(identity) => return on_identity(model, identity),
        Fact::Stack(stack) => return on_stack(model, stack),
        Fact::StackEvents(events) => {
            on_events(model, events);
        }
        Fact::StackResources(resources) => {
            let had = model.feeds.resources.get().is_some();
            model.feeds.resources.set(resources, now);
            if !had {
                polling::hurry(model, &[Poll::Targets, Poll::Alarms]);
            }
            on_missing(model);
        }
        Fact::Services(mut services) => {
            let order = model.names().services();
            services.sort_by_key(|s| order.iter().position(|name| *name == s.name));
            let counts = |all: &[Service]| all.iter().map(|s| (s.running, s.pending)).collect::<Vec<_>>();
            let has_moved = model.feeds.services.get().is_some_and(|old| counts(old) != counts(&services));
            model.feeds.services.set(services, now);
            // Other tasks run than those that are known: they and what they cost are asked for now, not in a minute.
            if has_moved {
                polling::hurry(model, &[Poll::Tasks, Poll::Targets]);
            }
        }
        Fact::Tasks(tasks) => return on_tasks(model, tasks),
        Fact::Targets(groups) => model.feeds.targets.set(groups, now),
        Fact::Alarms(alarms) => model.feeds.alarms.set(alarms, now),
        // They are no polls.
        _ => {}
    }
    Vec::new()
}

/// Who asks. Whoever has logged in anew may have done so to another account: then nothing that was known holds.
fn on_identity(model: &mut Model, identity: Identity) -> Vec<Effect> {
    let known = model.feeds.identity.get().map(|it| it.account.clone());
    let mut effects = Vec::new();
    if known.as_ref() != Some(&identity.account) {
        effects.extend(known.into_iter().flat_map(|was| places::moved(model, &was, &identity.account)));
        effects.push(Effect::KeepTo(identity.account.clone()));
    }
    let was_locked_out = model.credentials_fault().is_some();
    model.feeds.identity.set(identity, model.now);
    if was_locked_out {
        polling::hurry(model, &Poll::iter().filter(|p| *p != Poll::Identity).collect::<Vec<_>>());
    }
    // What an open form wants to know of the one who asks.
    effects.extend(looking::look_again(model));
    effects
}

/// What hangs on resources that the stack has not is empty, and known to be. A recording is not asked again when they
/// have come: there only what it holds is known.
fn on_missing(model: &mut Model) {
    if model.span.is_none() && model.is_missing("AWS::ElasticLoadBalancingV2::TargetGroup") {
        model.feeds.targets.set(Vec::new(), model.now);
    }
    let is_unfound = |fault: &Option<Fault>| fault.as_ref().is_some_and(|f| f.kind == FaultKind::NotFound);
    if model.is_missing(CLUSTER) && (is_unfound(&model.feeds.services.fault) || is_unfound(&model.feeds.tasks.fault)) {
        polling::hurry(model, &[Poll::Services, Poll::Tasks]);
    }
}

/// How long before its end the last lines of a task are looked for, in milliseconds.
const LAST_WORDS: i64 = 10 * 60 * 1000;

fn on_tasks(model: &mut Model, tasks: Vec<Task>) -> Vec<Effect> {
    let mut effects = Vec::new();
    if let Some(fall) = cause::falls(&tasks).max_by_key(|t| t.stopped).cloned() {
        let is_new = model.last_fall.as_ref().is_none_or(|old| old.arn != fall.arn);
        effects.extend(is_new.then(|| ask_last_lines(model, &fall)).flatten());
        model.last_fall = Some(fall);
    }
    model.feeds.tasks.set(tasks, model.now);
    effects
}

/// Asks what a task wrote last. One that never started wrote nothing.
fn ask_last_lines(model: &mut Model, task: &Task) -> Option<Effect> {
    let names = model.names();
    let (app, _, stopped) = (names.app(&task.service)?, task.started?, task.stopped?);
    let request = LogRequest {
        group: model.settings.log_group.clone().unwrap_or_else(|| names.log_group()),
        from: stopped - LAST_WORDS,
        until: None,
        token: None,
        stream_prefix: Some(cause::stream(task, app)),
    };
    Some(Effect::Ask(super::ticket(model, Asked::Fall), Query::LogPage(request)))
}

/// That they can not be read takes nothing away from the rest of the card.
fn on_fall_log(model: &mut Model, answer: Result<Fact, Fault>) {
    let Some(fall) = &model.last_fall else { return };
    if let Ok(Fact::LogPage(page)) = answer {
        let id = fall.id().to_owned();
        let own: Vec<_> = page.events.into_iter().filter(|e| e.stream.ends_with(&id)).collect();
        // They may be those of the task that fell before it.
        if own.is_empty() {
            return;
        }
        model.fall_log = Some((fall.arn.clone(), cause::last_of(&own)));
    }
}

/// The empty stack that a plan made is no stack when it is gone again: nothing has ever been in it.
fn without_empty(model: &mut Model, stack: Option<Stack>) -> Option<Stack> {
    let stack = stack?;
    if stack.status.is_in_review() {
        model.empty_stack = Some(stack.id.clone());
    } else if model.empty_stack.as_ref() != Some(&stack.id) || !stack.status.0.starts_with("DELETE_") {
        model.empty_stack = None;
    }
    let is_gone = stack.status.is_deleted() && model.empty_stack.is_some();
    (!is_gone).then_some(stack)
}

/// What may all be otherwise once the stack is.
const ALL_OF_IT: [Poll; 7] = [
    Poll::Events,
    Poll::Resources,
    Poll::Services,
    Poll::Tasks,
    Poll::Targets,
    Poll::Alarms,
    Poll::Logs,
];

fn on_stack(model: &mut Model, stack: Option<Stack>) -> Vec<Effect> {
    let before = model.stack().cloned();
    let stack = without_empty(model, stack);
    let is_empty_gone = stack.is_none() && model.empty_stack.take().is_some();
    let now = model.now;
    // A stack of the same name made anew has another id: what was known of the old one is dropped.
    if let (Some(new), Some(old)) = (&stack, &before)
        && new.id != old.id
    {
        forget(model);
    }
    model.stack_id = stack.as_ref().filter(|s| !s.status.is_deleted()).map(|s| s.id.clone());
    let has_changed = before.as_ref().map(|s| (&s.status, s.updated)) != stack.as_ref().map(|s| (&s.status, s.updated));
    let is_first = !model.has_landed;
    model.feeds.stack.set(stack, now);
    if has_changed || is_first {
        model.resolve_template();
    }
    land(model, is_first);
    if has_changed {
        polling::hurry(model, &ALL_OF_IT);
    }
    let mut effects = if is_first {
        deploying::drop_abandoned(model)
    } else if is_empty_gone {
        Vec::new()
    } else {
        remember_others(model, before.as_ref());
        tell_outcome(model, before.as_ref())
    };
    if let Some(gone) = gone(model, before.as_ref()).filter(|_| !is_empty_gone) {
        effects.extend(leftovers::on_gone(model, &gone));
    }
    // Nothing lives under that name: what an earlier stack left goes on costing. It is looked for once.
    if is_first && model.is_without_stack() && model.span.is_none() {
        effects.extend(leftovers::search(model));
    }
    if is_changed_by_others(model, before.as_ref()) {
        effects.extend(deploying::outdated(model));
    }
    // The stack may name other models than those that were asked for.
    if has_changed && model.screen == ScreenId::Access {
        effects.extend(looking::ask_models(model, preflight::model_ids(&model.parameters())));
    }
    drop_what_is_gone(model);
    refresh_progress(model);
    effects.extend(following::ask(model, before.as_ref()));
    effects
}

/// What a stack that is gone had is there no more.
fn drop_what_is_gone(model: &mut Model) {
    let stack = model.stack();
    if stack.is_some_and(|s| s.status.is_deleted() || s.status.is_rolled_back_creation()) {
        model.feeds.services = Feed::default();
        model.feeds.tasks = Feed::default();
        model.feeds.targets = Feed::default();
        model.feeds.alarms = Feed::default();
        model.feeds.resources = Feed::default();
    }
}

/// The id of the stack that was there a moment ago and is not any more.
fn gone(model: &Model, before: Option<&Stack>) -> Option<SafeText> {
    let was = before.filter(|s| !s.status.is_deleted() && !s.status.is_in_review())?;
    model.stack().is_none_or(|s| s.status.is_deleted()).then(|| was.id.clone())
}

/// A plan is on the screen, and the stack that it was made for has been updated meanwhile: at once, or while one looked on.
fn is_changed_by_others(model: &Model, before: Option<&Stack>) -> bool {
    let has_changed = |old: &Stack, new: &Stack| old.updated != new.updated || old.status.is_in_progress();
    let is_other = |old: &Stack, new: &Stack| old.id == new.id && !old.status.is_in_review() && has_changed(old, new);
    let is_at_rest = model.writes == 0 && !model.is_busy();
    is_at_rest && matches!(model.deploy, Stage::Plan(_)) && before.zip(model.stack()).is_some_and(|(old, new)| is_other(old, new))
}

/// Forgets what belonged to a stack that is no longer followed.
fn forget(model: &mut Model) {
    model.feeds.events = Feed::default();
    model.feeds.resources = Feed::default();
    model.feeds.services = Feed::default();
    model.feeds.tasks = Feed::default();
    model.feeds.targets = Feed::default();
    model.feeds.alarms = Feed::default();
    model.progress = Progress::default();
}

/// Chooses the first screen once: Deploy where there is no stack or an operation runs, else the Overview.
fn land(model: &mut Model, is_first: bool) {
    if is_first {
        model.has_landed = true;
        if model.screen == ScreenId::Overview && model.is_without_stack() {
            model.screen = ScreenId::Deploy;
        }
    }
}

/// Remembers what somebody else did to the stack, once it is done.
fn remember_others(model: &mut Model, before: Option<&Stack>) {
    let Some(was) = before.filter(|s| !s.status.is_deleted() && !s.status.is_in_review()) else {
        return;
    };
    let is_over =
        |s: &Stack| !s.status.is_in_progress() && (was.status.is_in_progress() || was.updated != s.updated || s.status.is_deleted());
    if !model.stack().is_none_or(is_over) {
        return;
    }
    let is_ours = model.is_ours(model.feeds.events.get().map(Vec::as_slice).unwrap_or_default());
    model.has_acted = false;
    // Of a recording all is by somebody else.
    if is_ours || model.span.is_some() {
        return;
    }
    let left = model.stack().filter(|s| !s.status.is_deleted());
    // The event may have come before the status.
    let events = model.feeds.events.get().filter(|_| was.status.is_in_progress());
    model.others = Some(Others {
        seen: model.now.wall,
        at: events.and_then(|all| rests_since(all)),
        is_gone: left.is_none(),
        what: left.map_or_else(|| "was deleted".into(), |s| format!("reached {}", s.status.0).into()),
    });
}

/// When the stack came to rest, by the newest of these events that is its own.
fn rests_since(events: &[StackEvent]) -> Option<Millis> {
    let newest = events.iter().find(|e| e.is_stack())?;
    (!newest.status.is_in_progress()).then_some(newest.at)
}

/// Says how an operation ended. The verdict is the stack's status and nothing else.
fn tell_outcome(model: &mut Model, before: Option<&Stack>) -> Vec<Effect> {
    let Some(was) = before.filter(|s| s.status.is_in_progress()) else {
        return Vec::new();
    };
    let (severity, text) = match model.stack() {
        None => (Severity::Note, format!("stack {} is gone", was.name)),
        Some(s) if s.status.is_in_progress() => return Vec::new(),
        Some(s) if s.status.is_deleted() => (Severity::Note, format!("stack {} is deleted", s.name)),
        Some(s) if model.cancelled().is_some() => (
            Severity::Note,
            format!("the update of {} is cancelled: what ran before it runs again", s.name),
        ),
        Some(s) if s.status.is_success() => {
            let (severity, but) = match model.unwanted() {
                Some(but) => (Severity::Warning, format!(", but {but}")),
                None => (Severity::Note, String::new()),
            };
            (severity, format!("stack {} reached {}{but}", s.name, s.status.0))
        }
        Some(s) => (
            Severity::Bad,
            format!("stack {} ended in {}: see Deploy for the cause", s.name, s.status.0),
        ),
    };
    say(model, severity, text);
    if model.stack().is_none_or(|s| s.status.is_deleted()) {
        model.operation = None;
    }
    vec![Effect::Bell]
}

fn on_events(model: &mut Model, new: StackEvents) {
    let now = model.now;
    let added = new.events.len();
    // What stopped, and why, is asked at once: a roll-back soon takes the evidence away.
    if new.events.iter().any(|e| e.status.is_failure()) {
        polling::hurry(model, &[Poll::Tasks, Poll::Services, Poll::Targets]);
    }
    if let Some(others) = model.others.as_mut().filter(|it| it.at.is_none()) {
        others.at = rests_since(&new.events);
    }
    let mut events = new.events;
    if new.is_complete
        && let Some(old) = model.feeds.events.get()
    {
        events.extend(old.iter().cloned());
    }
    events.truncate(5_000);
    model.feeds.events.set(events, now);
    // The cursor stays on its event.
    if let Some(cursor) = model.cursors.get_mut(&Panel::Events)
        && *cursor > 0
    {
        *cursor += added;
    }
    refresh_progress(model);
}

fn refresh_progress(model: &mut Model) {
    let Some(stack) = model.stack() else { return };
    let events = model.feeds.events.get();
    model.progress = events.map_or_else(|| Progress::of_stack(stack), |events| Progress::read(stack, events));
}

/// CloudFormation works on the stack because of it.
fn begins_operation(change: &Change) -> bool {
    matches!(
        change,
        Change::ExecuteChangeSet { .. }
            | Change::DeleteStack { .. }
            | Change::DeleteRetaining { .. }
            | Change::CancelUpdate { .. }
            | Change::RollbackStack { .. }
            | Change::ContinueRollback { .. }
    )
}

/// Takes the answer to a write.
pub(super) fn on_changed(model: &mut Model, generation: u32, change: &Change, answer: Result<Done, Fault>) -> Vec<Effect> {
    model.writes = model.writes.saturating_sub(1);
    model.executing.take_if(|it| change.executed() == Some(it));
    if generation != model.guard.generation {
        return Vec::new();
    }
    if matches!(change, Change::TestImage { .. }) {
        return testimage::on_image(model, answer);
    }
    if core_leftovers::removed(change).is_some_and(|id| model.leftovers.removing.contains_key(id)) {
        return leftovers::on_removed(model, change, answer);
    }
    if access::is_ours(change) {
        return access::on_changed(model, change, answer);
    }
    if begins_operation(change) && answer.as_ref().map_or_else(|fault| fault.kind.may_have_begun(), |_| true) {
        (model.has_acted, model.others) = (true, None);
    }
    polling::hurry(model, &[Poll::Stack, Poll::Events, Poll::Services, Poll::Tasks, Poll::Targets]);
    if answer.as_ref().is_err_and(|fault| fault.kind == FaultKind::OtherAccount) {
        polling::hurry(model, &[Poll::Identity]);
    }
    if let (Change::CreateChangeSet(_), Stage::Planning(_)) = (change, &model.deploy) {
        return deploying::on_planned(model, answer);
    }
    match answer {
        // Its form was left before AWS had answered: nobody will run this plan.
        Ok(Done::ChangeSet { id, stack_id }) => deploying::on_unwanted(model, change, stack_id, id),
        Ok(_) => {
            deploying::on_accepted(model, change);
            Vec::new()
        }
        Err(fault) if fault.kind == FaultKind::NoChange => {
            say(model, Severity::Note, fault.sentence());
            Vec::new()
        }
        // Gone already is what was wanted.
        Err(fault)
            if fault.kind == FaultKind::NotFound && matches!(change, Change::DeleteChangeSet { .. } | Change::DropEmptyStack { .. }) =>
        {
            Vec::new()
        }
        // It has become more than this plan's: nothing failed.
        Err(fault) if fault.kind == FaultKind::Guarded && matches!(change, Change::DropEmptyStack { .. }) => {
            say(model, Severity::Note, fault.sentence());
            Vec::new()
        }
        Err(fault) if matches!(change, Change::ExecuteChangeSet { .. }) => deploying::on_not_executed(model, change, fault),
        Err(fault) => {
            complain(model, fault);
            Vec::new()
        }
    }
}
