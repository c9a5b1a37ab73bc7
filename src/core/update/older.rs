//! Lines from before the tail began, and the window of the time axis: who scrolls up to the first line or
//! goes to a time before it has them fetched.

use super::{logs, record, say, ticket};
use crate::{
    cloud::Query,
    core::{
        effect::Effect,
        fact::{Fact, Millis},
        fault::Fault,
        health::Severity,
        keymap::Intent,
        model::Model,
        msg::Asked,
        older::{Older, Since},
        pace, when,
    },
};

/// What lies further back than this is fetched whole only when asked for by its time, in milliseconds.
const FAR: Millis = 6 * 60 * 60 * 1000;

/// After a move: fetches what is missing in sight, or before the first line held. Who moves up has what failed asked for
/// again, wherever he is.
pub(super) fn after_move(model: &mut Model, is_up: bool) -> Vec<Effect> {
    if is_up && model.older.as_ref().is_some_and(Older::is_stuck) {
        return ask(model);
    }
    let wants_older = is_up && model.logs.is_at_first();
    match model.logs.gap_in_sight(wants_older) {
        Some(gap) => fetch_between(model, gap, None),
        None if wants_older => fetch(model, None),
        None => Vec::new(),
    }
}

/// Wants all lines since a time, or the next window of them.
fn fetch(model: &mut Model, since: Option<Since>) -> Vec<Effect> {
    let widest = model.logs.widest();
    let wanted = model.older.as_mut().is_some_and(|older| older.want(since, widest));
    if wanted { ask(model) } else { Vec::new() }
}

/// Wants lines that had to make room, or did not come.
fn fetch_between(model: &mut Model, gap: (Millis, Millis), goal: Option<Millis>) -> Vec<Effect> {
    let wanted = model.older.as_mut().is_some_and(|older| older.want_between(gap, goal));
    if wanted { ask(model) } else { Vec::new() }
}

/// The cursor has been moved: it does not go where it was sent before.
pub(super) fn stay(model: &mut Model) {
    if let Some(older) = &mut model.older {
        older.stay();
    }
}

fn ask(model: &mut Model) -> Vec<Effect> {
    let Some(group) = model.tail.as_ref().map(|tail| tail.group().clone()) else {
        return Vec::new();
    };
    let ticket = ticket(model, Asked::Older);
    let request = model.older.as_mut().and_then(|older| older.due(&group, ticket.seq));
    request
        .map(|request| Effect::Ask(ticket, Query::LogPage(request)))
        .into_iter()
        .collect()
}

/// A page came, or did not.
pub(super) fn on_answer(model: &mut Model, seq: u64, answer: Result<Fact, Fault>) -> Vec<Effect> {
    let page = match answer {
        Ok(Fact::LogPage(page)) => Ok(page),
        Ok(_) => return Vec::new(),
        Err(fault) => {
            record(model, fault.clone());
            Err(fault)
        }
    };
    let came = model.older.as_mut().and_then(|older| older.on_page(seq, page));
    rest(model);
    let Some(came) = came else { return Vec::new() };
    // A page may come and be none that leads on.
    if let Some(fault) = model.older.as_ref().and_then(Older::fault).cloned() {
        record(model, fault);
    }
    if came.begins && !came.is_between && !came.is_last {
        // What has not come yet is missing.
        model.logs.leave_out(came.from, came.until);
    }
    if let Some((from, until)) = came.skipped {
        model.logs.leave_out(from, until);
    }
    model.logs.fill(came.filled.0, came.filled.1);
    let made_room = model.logs.append_older(came.page.events, came.is_first);
    // Who asked for all since a time gets as much as fits, from that time on. Anybody else gets less than he thought
    // where what he reads is fuller than the rest.
    let is_enough = came.is_all || (!came.leads_on && model.logs.is_half(came.lines));
    if came.is_last && came.lines == 0 && (came.is_round || !came.is_between) {
        let shown = |at| when::show(at, model.now.wall, model.times, &model.zone);
        let text = if came.is_round {
            format!("no line from {} to {}; k looks further back", shown(came.from), shown(came.until))
        } else {
            format!("no older line since {}; k looks further back", shown(came.from))
        };
        say(model, Severity::Note, text);
    }
    if let Some(goal) = came.goal {
        model.logs.arrive_at(goal);
    }
    let mut effects = logs::scans(model);
    if made_room && is_enough && give_up(model) {
        say(
            model,
            Severity::Warning,
            "stopped: no more lines fit; logs.memory sets how much is held",
        );
    }
    effects.extend(on_tick(model));
    effects
}

/// The tail has its share of the quota too.
fn rest(model: &mut Model) {
    if let Some(older) = &mut model.older {
        older.rest(model.now.mono, pace::page_pause(&model.about.region));
    }
}

/// Stops what is being fetched; what is missing of it stays a hole.
fn give_up(model: &mut Model) -> bool {
    model.older.as_mut().is_some_and(Older::stop)
}

/// The next page, when it may be asked for: the tail has its share of the quota too.
pub(super) fn on_tick(model: &mut Model) -> Vec<Effect> {
    let is_due = model.older.as_ref().is_some_and(|older| older.is_due(model.now.mono));
    if is_due { ask(model) } else { Vec::new() }
}

/// To the time of a row on another screen. Of one that is long gone, or lies among lines that are not held, those round
/// it are fetched, and not all since.
pub(super) fn lead_to(model: &mut Model, at: Millis) -> Vec<Effect> {
    let gap = model.logs.gap_round(at);
    let is_far = |older: &Older| at < older.reach() - FAR;
    let Some(older) = model.older.as_mut().filter(|older| gap.is_some() || is_far(older)) else {
        return go_to(model, at);
    };
    let was_asked = older.want_round(at, gap);
    model.logs.jump_to_time(at);
    let shown = when::show(at, model.now.wall, model.times, &model.zone);
    say(
        model,
        Severity::Note,
        format!("the lines round {shown} and no others: scrolling loads more"),
    );
    if was_asked {
        // The next tick asks.
        rest(model);
        return Vec::new();
    }
    ask(model)
}

/// Goes to a time; where that is before the first line held, the lines up to there are fetched first.
pub(super) fn go_to(model: &mut Model, at: Millis) -> Vec<Effect> {
    if let Some(insights) = &mut model.insights {
        insights.view.jump_to_time(at);
        return Vec::new();
    }
    model.logs.jump_to_time(at);
    let is_before = |older: &Older| at < older.reach();
    let effects = if let Some(gap) = model.logs.gap_at(at) {
        fetch_between(model, gap, Some(at))
    } else if model.older.as_ref().is_some_and(is_before) {
        fetch(model, Some(Since { from: at, goal: Some(at) }))
    } else {
        return Vec::new();
    };
    let loading = model.older.as_ref().and_then(Older::loading);
    if loading.is_some_and(|(from, until, _)| !(from..until).contains(&at)) {
        let shown = when::show(at, model.now.wall, model.times, &model.zone);
        say(
            model,
            Severity::Note,
            format!("the lines from {shown} on come after what is being loaded"),
        );
    }
    effects
}

/// Goes to a marked line that had to make room: it is loaded again.
pub(super) fn go_to_mark(model: &mut Model, at: Millis) -> Vec<Effect> {
    stay(model);
    let shown = when::show(at, model.now.wall, model.times, &model.zone);
    say(
        model,
        Severity::Note,
        format!("the marked line of {shown} had to make room, it is loaded again"),
    );
    go_to(model, at)
}

/// `(` `)` `<` `>`: moves or resizes the window of the time axis. Who goes back or makes it wider has the lines fetched
/// that it shows; who makes it narrower wants no more than that of what is being fetched.
pub(super) fn on_window(model: &mut Model, intent: Intent) -> Vec<Effect> {
    let now = model.now.wall;
    let Some((from, until)) = model.shown_logs_mut().move_span(intent, now) else {
        return without_lines(model, intent);
    };
    let shown = |at| when::show(at, now, model.times, &model.zone);
    let words = format!("{} to {} ({})", shown(from), shown(until), when::span(until - from));
    say(model, Severity::Note, words);
    let is_live = model.insights.is_none();
    if intent == Intent::Narrower && is_live && model.older.as_mut().is_some_and(|older| older.narrow(from)) {
        rest(model);
    }
    let is_more = matches!(intent, Intent::Earlier | Intent::Wider);
    let reach = model
        .older
        .as_ref()
        .map(Older::reach)
        .filter(|reach| is_live && is_more && from < *reach);
    let Some(reach) = reach else { return Vec::new() };
    // Who goes back wants to be in the middle of the window, who makes it wider where he is.
    let middle = from + (until - from) / 2;
    let goal = Some(middle).filter(|middle| intent == Intent::Earlier && *middle < reach);
    fetch(model, Some(Since { from, goal }))
}

/// The same where no line is held: whoever wants to see more of the past has it looked through.
fn without_lines(model: &mut Model, intent: Intent) -> Vec<Effect> {
    if model.insights.is_some() {
        say(model, Severity::Note, "there are no lines");
    } else if matches!(intent, Intent::Earlier | Intent::Wider) {
        return fetch(model, None);
    } else {
        say(model, Severity::Note, "there are no lines yet; k looks further back");
    }
    Vec::new()
}

/// Esc: stops what is being fetched.
pub(super) fn stop(model: &mut Model) -> bool {
    let stops = give_up(model);
    if stops {
        say(model, Severity::Note, "stopped; what has come stays");
    }
    stops
}
