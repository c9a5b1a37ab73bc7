//! Time: what is due is asked, what has run out is put away.

use super::{access, deploying, dialogs, insights, leftovers, live, logs, older, secrets, ticket};
use crate::{
    cloud::Query,
    core::{
        alarms,
        effect::Effect,
        fact::Task,
        fault::{Fault, FaultKind},
        feed::Feed,
        model::Model,
        msg::{Asked, Now},
        names::Names,
        pace,
        polls::{POLLS, Poll},
        screen::ScreenId,
        text::SafeText,
    },
};

/// How often refused credentials are tried again, in milliseconds.
pub(super) const CREDENTIALS_EVERY: u64 = 5_000;

/// Takes the time.
pub(super) fn on_tick(model: &mut Model, now: Now) -> Vec<Effect> {
    // Ages are shown in seconds: one draw a second at most for the passing of time alone.
    model.is_dirty |= model.now.mono / 1000 != now.mono / 1000;
    model.now = now;
    if model.notice.as_ref().is_some_and(|n| n.until <= now.mono) {
        model.notice = None;
        model.is_dirty = true;
    }
    if model.quit_armed.is_some_and(|until| until <= now.mono) {
        model.quit_armed = None;
    }
    let mut effects = secrets::on_tick(model);
    effects.extend(dialogs::on_tick(model));
    effects.extend(deploying::on_tick(model));
    effects.extend(live::on_tick(model));
    effects.extend(older::on_tick(model));
    effects.extend(leftovers::on_tick(model));
    effects.extend(insights::on_tick(model));
    effects.extend(access::on_tick(model));
    for row in POLLS {
        effects.extend(ask_if_due(model, row.poll));
    }
    effects
}

fn ask_if_due(model: &mut Model, poll: Poll) -> Option<Effect> {
    let (due, is_asked) = with(model, poll, |f| (f.due(), f.is_awaiting()));
    if is_asked || model.now.mono < due {
        return None;
    }
    ask(model, poll)
}

/// Asks a poll now, if what it needs is known.
pub(super) fn ask(model: &mut Model, poll: Poll) -> Option<Effect> {
    let query = query(model, poll)?;
    let ticket = ticket(model, Asked::Poll(poll));
    with(model, poll, |f| {
        f.begin(ticket.seq);
        f.set_due(u64::MAX);
    });
    Some(Effect::Ask(ticket, query))
}

/// What a poll asks, or nothing while what it needs is not known or does not exist.
fn query(model: &mut Model, poll: Poll) -> Option<Query> {
    // What a cloud with a span has to tell comes by itself.
    let is_mute = model.credentials_fault().is_some() && poll != Poll::Identity;
    if is_mute || model.span.is_some() {
        return None;
    }
    let stack = model.stack_id.clone().unwrap_or_else(|| model.settings.stack.clone());
    // A creation that was rolled back has left nothing to ask about but itself.
    let lives = model.live_stack().is_some_and(|s| !s.status.is_rolled_back_creation());
    let names = model.names();
    match poll {
        Poll::Identity => Some(Query::Identity),
        Poll::Stack => Some(Query::Stack { stack }),
        // By id: the events of a stack that is gone are still told, its name is not known any more.
        Poll::Events => model.stack().filter(|s| !s.status.is_in_review()).map(|s| Query::StackEvents {
            stack: s.id.clone(),
            known: newest_event(model),
        }),
        Poll::Resources => lives.then_some(Query::StackResources { stack }),
        Poll::Services => lives.then(|| services(&names)),
        Poll::Tasks => lives.then(|| Query::Tasks { cluster: names.cluster() }),
        Poll::Targets => {
            let groups = target_groups(model);
            (lives && !groups.is_empty()).then_some(Query::TargetHealth { groups })
        }
        Poll::Alarms => {
            let names = alarms::names(model.feeds.resources.get().map(Vec::as_slice).unwrap_or_default());
            (lives && !names.is_empty()).then_some(Query::Alarms { names })
        }
        // The group is known by its name: where AWS does not let the stack be asked about, its lines may be all there is.
        Poll::Logs => {
            let is_withheld = model.feeds.stack.get().is_none() && model.feeds.stack.fault.as_ref().is_some_and(is_final);
            logs::query(model, lives || is_withheld)
        }
    }
}

/// AWS answers, but not this.
fn is_final(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Denied | FaultKind::Refused | FaultKind::OddAnswer)
}

fn services(names: &Names) -> Query {
    Query::Services {
        cluster: names.cluster(),
        services: names.services(),
    }
}

fn newest_event(model: &Model) -> Option<SafeText> {
    model.feeds.events.get().and_then(|e| e.first()).map(|e| e.id.clone())
}

fn target_groups(model: &Model) -> Vec<(SafeText, SafeText)> {
    let resources = model.feeds.resources.get().map(Vec::as_slice).unwrap_or_default();
    resources
        .iter()
        .filter(|r| r.resource_type == "AWS::ElasticLoadBalancingV2::TargetGroup" && !r.physical_id.is_empty())
        .filter(|r| !r.status.0.starts_with("DELETE"))
        .map(|r| (r.logical_id.clone(), r.physical_id.clone()))
        .collect()
}

/// Plans the next request of a poll after an answer.
pub(super) fn plan_next(model: &mut Model, poll: Poll) {
    let is_busy = match poll {
        Poll::Logs => model.screen == ScreenId::Logs,
        _ => model.is_busy() || model.writes > 0 || is_settling(model),
    };
    let (failures, kind) = with(model, poll, |f| (f.failures(), f.fault().map(|f| f.kind)));
    let is_hopeless = kind.is_some_and(pace::is_hopeless);
    // While the stack is being made its cluster is not there yet: that is no reason to ask less often.
    let failures = if is_busy && kind == Some(FaultKind::NotFound) {
        0
    } else {
        failures
    };
    let spread = pace::spread(model.seq);
    let pause = if poll == Poll::Identity && model.credentials_fault().is_some() {
        Some(CREDENTIALS_EVERY)
    } else if is_hopeless {
        Some(60_000)
    } else {
        pace::pause(poll, is_busy, failures, spread)
    };
    // Where the world's time runs faster, what is polled is due by that; twice a second is as often as a screen needs.
    let speed = u64::from(model.about.speed.max(1));
    let due = pause.map_or(u64::MAX, |p| model.now.mono + (p / speed).max(p.min(500)));
    // Who was hurried while it was being answered is asked again: the answer may be from before.
    with(model, poll, |f| f.set_due(f.due().min(due)));
}

/// Tasks are on their way to where they are wanted. A service that sleeps counts none at once, while its
/// tasks still stop, and cost.
fn is_settling(model: &Model) -> bool {
    let is_moving = |t: &Task| !t.is_stopped() && t.status != t.desired;
    model.feeds.services.get().is_some_and(|all| all.iter().any(|s| !s.is_steady()))
        || model.feeds.tasks.get().is_some_and(|all| all.iter().any(is_moving))
        || model.falling_asleep() > 0
}

/// Makes polls due at once.
pub(super) fn hurry(model: &mut Model, polls: &[Poll]) {
    let now = model.now.mono;
    for poll in polls {
        with(model, *poll, |f| f.set_due(now));
        if *poll == Poll::Logs {
            model.tail_pace.hurry(now);
        }
    }
}

/// A feed without its type, so that pacing is written once.
pub(super) trait AnyFeed {
    fn due(&self) -> u64;
    fn set_due(&mut self, due: u64);
    fn is_awaiting(&self) -> bool;
    fn awaited(&self) -> Option<u64>;
    fn begin(&mut self, seq: u64);
    fn end(&mut self);
    fn failures(&self) -> u32;
    fn fault(&self) -> Option<&Fault>;
    fn fail(&mut self, fault: Fault);
}

impl<T> AnyFeed for Feed<T> {
    fn due(&self) -> u64 {
        self.due
    }
    fn set_due(&mut self, due: u64) {
        self.due = due;
    }
    fn is_awaiting(&self) -> bool {
        self.awaiting.is_some()
    }
    fn awaited(&self) -> Option<u64> {
        self.awaiting
    }
    fn begin(&mut self, seq: u64) {
        self.awaiting = Some(seq);
    }
    fn end(&mut self) {
        self.awaiting = None;
    }
    fn failures(&self) -> u32 {
        self.failures
    }
    fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }
    fn fail(&mut self, fault: Fault) {
        Self::fail(self, fault);
    }
}

/// Runs something on the feed of a poll.
pub(super) fn with<R>(model: &mut Model, poll: Poll, run: impl FnOnce(&mut dyn AnyFeed) -> R) -> R {
    let feeds = &mut model.feeds;
    match poll {
        Poll::Identity => run(&mut feeds.identity),
        Poll::Stack => run(&mut feeds.stack),
        Poll::Events => run(&mut feeds.events),
        Poll::Resources => run(&mut feeds.resources),
        Poll::Services => run(&mut feeds.services),
        Poll::Tasks => run(&mut feeds.tasks),
        Poll::Targets => run(&mut feeds.targets),
        Poll::Alarms => run(&mut feeds.alarms),
        Poll::Logs => run(&mut feeds.logs),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        cloud::About,
        core::{keymap::Keymap, settings::Settings, template::Template},
    };

    #[test]
    fn a_poll_hurried_while_it_is_answered_is_asked_again() {
        let settings = Settings::default();
        let about = About::of_ops();
        let keymap = Keymap::new(&settings).unwrap();
        let mut model = Model::new(settings, about, keymap, Arc::new(Template::shipped()));
        model.now.mono = 1_000;
        for is_hurried in [false, true] {
            assert!(ask(&mut model, Poll::Stack).is_some());
            if is_hurried {
                hurry(&mut model, &[Poll::Stack]);
            }
            with(&mut model, Poll::Stack, |f| f.end());
            plan_next(&mut model, Poll::Stack);
            let due = with(&mut model, Poll::Stack, |f| f.due());
            assert_eq!(due == 1_000, is_hurried, "due at {due}");
        }
    }
}
