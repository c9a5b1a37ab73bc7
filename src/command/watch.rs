//! Following one operation of a stack to its end: events as lines, the verdict by the stack's status.

mod why;

use std::{sync::Arc, time::Duration};

use super::{
    Answer, Context, Failure,
    again::{Again, passes},
    events,
    out::Far,
    pause, reads,
};
use crate::{
    cloud::{LogRequest, Query},
    core::{
        cause,
        eta::{self, Durations, Known, Outlook},
        fact::{Fact, Millis, NOT_ITS_PLAN, Service, Stack, StackEvent, TargetGroup, Task},
        fault::{Fault, FaultKind},
        names::Names,
        progress::{Progress, newest_operation},
        tags::Tag,
        text::SafeText,
        when,
    },
};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(4);

/// How long before its end the last lines of a task are looked for, in milliseconds.
const LAST_WORDS: Millis = 10 * 60 * 1000;

/// How many looks go by between two at the services.
const SERVICES_EVERY: u32 = 3;

/// How many looks go by between two at everything else that a recording holds.
const WHOLE_EVERY: u32 = 6;

/// What is being followed.
pub(super) struct Watch {
    /// The stack's id: it stays valid after a deletion.
    pub(super) stack_id: SafeText,
    /// The stack before the operation; none when it was joined while it ran.
    before: Option<Stack>,
    /// Newest event before the operation.
    known: Option<SafeText>,
    /// When the operation began, by an event of the stack itself: AWS's clock, not ours.
    begun: Option<Millis>,
    /// The stack was seen to have left the state that it was in before.
    has_moved: bool,
    /// A service is being worked on, so tasks tell more than the stack does.
    has_services: bool,
    /// The operation's events, newest first.
    pub(super) events: Vec<StackEvent>,
    /// How many looks there have been.
    looks: u32,
    /// The stack as it was told last.
    stack: Option<Stack>,
    /// Resources that the plan names, where there was one.
    planned: Option<Vec<SafeText>>,
    /// The stack's tags afterwards, where the plan sets them.
    pub(super) tags: Option<Vec<Tag>>,
    /// Why nobody knows how many resources it works on, until that is said.
    no_total: Option<String>,
    durations: Durations,
    /// What ECS says of its services.
    services: Vec<Service>,
    /// What the load balancer says of its targets, once a service takes longer than usual.
    targets: Vec<TargetGroup>,
    /// Tasks that stopped against anyone's wish, oldest first, and what each of them wrote last.
    stopped: Vec<(Task, Vec<SafeText>)>,
}

impl Watch {
    /// Remembers where the stack and its events stand before the operation.
    pub(super) async fn before(cx: &Context, stack_id: SafeText) -> Answer<Self> {
        let known = reads::events(&*cx.cloud, &stack_id, None).await?.events;
        let before = reads::stack(&*cx.cloud, &stack_id).await?;
        Ok(Self {
            known: known.first().map(|e| e.id.clone()),
            ..Self::of(stack_id, before)
        })
    }

    /// Joins the operation that runs, whoever began it: its events are printed from its beginning.
    pub(super) async fn running(cx: &Context, stack_id: SafeText) -> Answer<Self> {
        let events = reads::events(&*cx.cloud, &stack_id, None).await?.events;
        let own = newest_operation(&events);
        // A deletion that is repeated leaves out what was gone before it. Without the list its count is too large.
        let first = own.last().filter(|e| e.status.0.starts_with("DELETE"));
        let planned = match first {
            Some(first) => {
                let all = reads::resources(&*cx.cloud, &stack_id).await;
                all.map(|all| eta::deleted(&all, first.at)).map_err(|fault| fault.sentence())
            }
            None => named_by_plan(cx, &stack_id).await,
        };
        Ok(Self {
            known: events.get(own.len()).map(|e| e.id.clone()),
            has_moved: true,
            no_total: planned.as_ref().err().cloned(),
            planned: planned.ok(),
            ..Self::of(stack_id, None)
        })
    }

    fn of(stack_id: SafeText, before: Option<Stack>) -> Self {
        Self {
            stack_id,
            before,
            known: None,
            begun: None,
            has_moved: false,
            has_services: false,
            events: Vec::new(),
            looks: 0,
            stack: None,
            planned: None,
            tags: None,
            no_total: None,
            durations: Durations::shipped(),
            services: Vec::new(),
            targets: Vec::new(),
            stopped: Vec::new(),
        }
    }

    /// The same with the resources that a plan names.
    pub(super) fn planned(self, resources: Vec<SafeText>) -> Self {
        Self {
            planned: Some(resources),
            ..self
        }
    }

    /// The same with the stack's tags afterwards.
    pub(super) fn tagged(self, tags: Option<Vec<Tag>>) -> Self {
        Self { tags, ..self }
    }

    /// Prints events until the stack rests, how far it is under them. A fault that passes does not end it.
    pub(super) async fn follow(&mut self, cx: &mut Context) -> Answer<Stack> {
        let mut again = Again::new(EVERY);
        let mut is_renewed = false;
        self.durations = own_durations(cx).await;
        loop {
            let look = self.look(cx).await;
            let has_expired = matches!(&look, Err(Failure::Fault(fault)) if fault.kind == FaultKind::Expired);
            let may_be_new = has_expired && !is_renewed;
            is_renewed = has_expired;
            match look {
                // The next request finds its credentials anew: there may be good ones already.
                Err(_) if may_be_new => {}
                Ok(Some(stack)) => {
                    again.is_answered(cx);
                    return Ok(stack);
                }
                Ok(None) => {
                    again.is_answered(cx);
                    self.show_how_far(cx);
                    self.tell_no_total(cx);
                    pause(cx, EVERY).await;
                }
                Err(Failure::Fault(fault)) if passes(&fault) || waits_for_login(cx, &fault) => {
                    again.after(cx, &fault).await;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// One look: new events are printed; the stack when it rests. The status is read before the events, so
    /// that no event of the operation is missing once the status is final; and it alone is the verdict, so
    /// that events which can not be read change nothing.
    pub(super) async fn look(&mut self, cx: &mut Context) -> Answer<Option<Stack>> {
        let stack = reads::stack(&*cx.cloud, &self.stack_id).await?;
        let stack = stack.ok_or_else(|| reads::no_such_stack(cx))?;
        let standing = |s: &Stack| (s.status.clone(), s.updated);
        self.has_moved |= stack.status.is_in_progress() || self.before.as_ref().is_some_and(|b| standing(b) != standing(&stack));
        match reads::events(&*cx.cloud, &self.stack_id, self.known.clone()).await {
            Ok(new) => self.tell(cx, &new.events)?,
            Err(fault) => cx.out.note(format!("{}; the stack is {}.", fault.sentence(), stack.status.0)),
        }
        if self.has_services {
            self.look_at_tasks(cx, &stack).await;
        }
        if self.has_services && self.looks.is_multiple_of(SERVICES_EVERY) {
            let names = Names::of(&stack);
            renew(&mut self.services, reads::services(&*cx.cloud, &names).await);
            let progress = Progress::read(&stack, &self.events);
            if !self.late(&names, &progress, cx.cloud.now()).is_empty() {
                let told = match reads::resources(&*cx.cloud, &self.stack_id).await {
                    Ok(resources) => reads::targets(&*cx.cloud, reads::target_groups(&resources)).await,
                    Err(fault) => Err(fault),
                };
                renew(&mut self.targets, told);
            }
        }
        let has_begun = self.begun.is_some() || self.has_moved;
        let rests = has_begun && !stack.status.is_in_progress() && !stack.status.is_in_review();
        if rests || self.looks.is_multiple_of(WHOLE_EVERY) {
            self.look_around(cx, &stack, rests).await;
        }
        self.looks += 1;
        self.stack = Some(stack.clone());
        cx.out.flush()?;
        Ok(rests.then_some(stack))
    }

    /// Asks what no line tells, but a recording of the operation shows: the resources, and who is served. Nothing of it
    /// is asked where nothing is recorded; that it can not be read takes nothing away from what is told.
    async fn look_around(&self, cx: &Context, stack: &Stack, is_last: bool) {
        if !cx.journal.as_ref().is_ok_and(|journal| journal.records()) {
            return;
        }
        let resources = reads::resources(&*cx.cloud, &self.stack_id).await.unwrap_or_default();
        let groups = reads::target_groups(&resources);
        if !self.has_services || stack.status.is_deleted() {
            return;
        }
        if !groups.is_empty() {
            let _ = reads::targets(&*cx.cloud, groups).await;
        }
        if is_last {
            let _ = reads::services(&*cx.cloud, &Names::of(stack)).await;
        }
    }

    /// Prints events, which come newest first.
    fn tell(&mut self, cx: &mut Context, new: &[StackEvent]) -> Answer<()> {
        if let Some(newest) = new.first() {
            self.known = Some(newest.id.clone());
        }
        for event in new.iter().rev() {
            if event.is_stack() && event.status.is_in_progress() && event.status.0 != "REVIEW_IN_PROGRESS" {
                self.begun.get_or_insert(event.at);
            }
            show(cx, event)?;
        }
        self.events.splice(0..0, new.iter().cloned());
        self.has_services |= new.iter().any(|e| e.resource_type == "AWS::ECS::Service");
        Ok(())
    }

    /// Says which tasks stopped since the last look, and what they wrote last: what goes wrong, while it goes
    /// wrong. That they can not be read takes nothing away from the events.
    async fn look_at_tasks(&mut self, cx: &mut Context, stack: &Stack) {
        let names = Names::of(stack);
        let mut tasks = reads::tasks(&*cx.cloud, &names).await.unwrap_or_default();
        tasks.retain(|t| t.is_stopped() && t.stopped >= self.begun && !cause::is_on_purpose(t));
        tasks.retain(|t| self.stopped.iter().all(|(known, _)| known.arn != t.arn));
        tasks.sort_by_key(|t| t.stopped);
        let parameters = stack.given();
        for task in tasks {
            let why = cause::stop_phrase(&task, &parameters);
            cx.out.note(format!("task {} of {}: {why}", task.id(), task.service));
            let lines = last_lines(cx, &names, &task).await;
            for line in &lines {
                cx.out.note(format!("  log: {line}"));
            }
            self.stopped.push((task, lines));
        }
    }

    /// The bar for somebody who watches: n of N, elapsed, time left, what is worked on.
    fn show_how_far(&self, cx: &mut Context) {
        if !cx.out.is_watched() || self.events.is_empty() {
            return;
        }
        let Some((progress, outlook)) = self.outlook(cx) else { return };
        let now = cx.cloud.now();
        let (done, verb) = match outlook.undo {
            Some(undo) => (undo.left, Some("undoing".to_owned())),
            None => (outlook.done, None),
        };
        let left = outlook.left();
        let slow = progress.running().any(|r| self.durations.is_slow(r, now));
        let slow = slow.then(|| "slower than usual".to_owned());
        let running = progress
            .running()
            .map(|r| format!("{} {}", r.logical_id, when::short(r.elapsed(now))));
        let services = self.services.iter().filter(|s| s.running < s.desired);
        let services = services.map(|s| format!("{} {}/{} running", s.name, s.running, s.desired));
        let parts = verb.into_iter().chain(left).chain(slow).chain(running).chain(services);
        let far = Far {
            done,
            total: outlook.total,
            about: parts.fold(String::new(), |said, part| said + " · " + &part),
        };
        let cloud = Arc::clone(&cx.cloud);
        cx.out.bar(far, move || when::span(progress.elapsed(cloud.now())));
    }

    /// Says once why there is no total, to somebody who sees a bar without one.
    fn tell_no_total(&mut self, cx: &mut Context) {
        if !cx.out.is_watched() || self.events.is_empty() || self.outlook(cx).is_none_or(|(_, it)| it.is_total_known) {
            return;
        }
        if let Some(why) = self.no_total.take() {
            cx.out.note(format!(
                "How many resources it works on is not known, nor how long it takes: {why}."
            ));
        }
    }

    /// How far the operation is, as far as it has been told; `None` before the first look.
    pub(super) fn outlook(&self, cx: &Context) -> Option<(Progress, Outlook)> {
        let stack = self.stack.as_ref()?;
        let progress = Progress::read(stack, &self.events);
        let known = Known {
            stack,
            progress: &progress,
            resources: &reads::template_resources(cx, stack),
            planned: self.planned.as_deref(),
            durations: &self.durations,
            now: cx.cloud.now(),
            is_held_up: self.is_held_up(stack, &progress, cx.cloud.now()),
        };
        let outlook = known.outlook();
        Some((progress, outlook))
    }
}

/// Where AWS does not answer, what was told last stands; of what is not there there is nothing to tell.
fn renew<T>(held: &mut Vec<T>, told: Result<Vec<T>, Fault>) {
    match told {
        Ok(new) => *held = new,
        Err(fault) if fault.kind == FaultKind::NotFound => held.clear(),
        Err(_) => {}
    }
}

/// The resources that the plan names by which the operation runs, or why there is no telling.
async fn named_by_plan(cx: &Context, stack_id: &SafeText) -> Result<Vec<SafeText>, String> {
    let stack = reads::stack(&*cx.cloud, stack_id).await.map_err(|fault| fault.sentence())?;
    let Some(change_set) = stack.and_then(|s| s.change_set) else {
        return Err("AWS names no plan of it".to_owned());
    };
    let query = Query::ChangeSet {
        stack: stack_id.clone(),
        change_set,
    };
    match cx.cloud.ask(query).await {
        Ok(Fact::ChangeSet(set)) => set.executing().ok_or_else(|| NOT_ITS_PLAN.to_owned()),
        Ok(_) => Err(NOT_ITS_PLAN.to_owned()),
        Err(fault) => Err(fault.sentence()),
    }
}

/// Typical times, with those of operations that were recorded here.
async fn own_durations(cx: &Context) -> Durations {
    let Some(journal) = cx.journal.as_ref().ok().filter(|_| cx.out.is_watched()).cloned() else {
        return Durations::shipped();
    };
    let timings = tokio::task::spawn_blocking(move || journal.timings()).await;
    Durations::shipped().with(&timings.unwrap_or_default())
}

/// What a task wrote last; one that never started wrote nothing.
async fn last_lines(cx: &Context, names: &Names, task: &Task) -> Vec<SafeText> {
    let (Some(app), Some(_), Some(stopped)) = (names.app(&task.service), task.started, task.stopped) else {
        return Vec::new();
    };
    let request = LogRequest {
        group: cx.settings.log_group.clone().unwrap_or_else(|| names.log_group()),
        from: stopped - LAST_WORDS,
        until: None,
        token: None,
        stream_prefix: Some(cause::stream(task, app)),
    };
    match cx.cloud.ask(Query::LogPage(request)).await {
        Ok(Fact::LogPage(page)) => cause::last_of(&page.events),
        _ => Vec::new(),
    }
}

/// An event: a line of text, or of JSON.
fn show(cx: &mut Context, event: &StackEvent) -> Answer<()> {
    if cx.out.is_json() {
        cx.out.json_line(event)
    } else {
        let lines = events::lines(event, &cx.settings, cx.out.columns());
        lines.into_iter().try_for_each(|line| cx.out.line(line))
    }
}

/// Somebody sits there who can log in anew, elsewhere, and what runs is followed on. There were credentials when it began:
/// a helper that has none now may have some again.
fn waits_for_login(cx: &Context, fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Expired | FaultKind::NoCredentials) && cx.out.is_watched()
}
