//! Logs Insights: `Q` asks first, with query, window and price; the results stand before the tail until they are
//! left. Who leaves stops the query.

use super::{complain, dialogs, logs, say, ticket};
use crate::{
    cloud::{InsightsRequest, Query},
    core::{
        dialog::{Dialog, Focus, InsightsDialog, can_pay},
        effect::Effect,
        fact::{Fact, Millis},
        fault::{Fault, FaultKind},
        field::TextField,
        health::Severity,
        insights::{self, Insights},
        key::{Code, Key},
        keymap::Intent,
        logview::LogView,
        model::Model,
        msg::Asked,
        text::SafeText,
        when,
    },
};

/// Leaving waits this long for a query to be stopped, in milliseconds.
const STOPPING: u64 = 1_500;
/// Most bytes of results held, beside the lines of the tail: far more than so many lines mostly are.
const MEMORY: usize = 64 << 20;
/// A window that ends this near the present ends at the present.
const PRESENT: Millis = 60_000;

/// `Q`: asks before a query, ends the results of one at once.
pub(super) fn toggle(model: &mut Model) -> Vec<Effect> {
    if model.insights.is_some() {
        return leave(model);
    }
    if let Some(why) = model.guard.refusal_to_spend("an Insights scan", model.now) {
        say(model, Severity::Warning, why);
        return Vec::new();
    }
    let Some(group) = model.tail.as_ref().map(|tail| tail.group().clone()) else {
        say(model, Severity::Note, "there is no log group to look through yet");
        return Vec::new();
    };
    let ticket = ticket(model, Asked::LogGroup);
    let dialog = InsightsDialog {
        window: TextField::with(&window(model)),
        query: insights::query(model.logs.filter(), false),
        lacks_pattern: insights::lacks_pattern(model.logs.filter(), false),
        is_of_request: model.logs.filter().request.is_some(),
        group: group.clone(),
        asked: ticket.seq,
        size: None,
        focus: Focus::Cancel,
    };
    let mut effects = dialogs::open(model, Dialog::Insights(dialog));
    effects.push(Effect::Ask(ticket, Query::LogGroup { group }));
    effects
}

/// The window of the time axis, as somebody would type it.
fn window(model: &Model) -> String {
    let now = model.now.wall;
    let (from, until) = model.logs.span(now).unwrap_or((now - 15 * 60_000, now));
    if model.logs.is_following() || until >= now - PRESENT {
        // Begun minutes count.
        return format!("-{}m", ((now - from).max(1) + 59_999) / 60_000);
    }
    let zone = model.typing_zone();
    let shown = |at: Millis| when::typed(at, &zone);
    format!("{} to {}", shown(from), shown(until + 1_000))
}

/// The window that stands in the dialog.
///
/// # Errors
/// A sentence that says how to write it.
pub fn asked(model: &Model, dialog: &InsightsDialog) -> Result<(Millis, Millis), String> {
    insights::window(dialog.window.text(), model.now.wall, &model.typing_zone())
}

/// A key in the dialog.
pub(super) fn on_key(model: &mut Model, mut dialog: InsightsDialog, key: Key) -> Vec<Effect> {
    let yes = match (key.code, dialog.focus) {
        (Code::Esc, _) | (Code::Enter, Focus::Cancel) => return dialogs::cancelled(model),
        (Code::Tab | Code::Down, focus) => {
            dialog.focus = focus.next();
            false
        }
        (Code::BackTab | Code::Up, focus) => {
            dialog.focus = focus.next().next();
            false
        }
        (Code::Left | Code::Right, Focus::Cancel | Focus::Yes) => {
            dialog.focus = if dialog.focus == Focus::Yes { Focus::Cancel } else { Focus::Yes };
            false
        }
        (Code::Enter, Focus::Field) => {
            dialog.focus = Focus::Cancel;
            false
        }
        (Code::Enter, Focus::Yes) => true,
        (_, Focus::Field) => {
            dialog.window.key(key);
            false
        }
        _ => match key.typed() {
            Some('n' | 'q') => return dialogs::cancelled(model),
            Some('y') => true,
            _ => false,
        },
    };
    // The dialog says it where its button is.
    if !yes || !can_pay(model.size) {
        model.dialog = Some(Dialog::Insights(dialog));
        return Vec::new();
    }
    match (asked(model, &dialog), &dialog.size) {
        (Ok(window), Some(_)) => begin(model, dialog, window),
        (refused, _) => {
            let why = refused
                .err()
                .unwrap_or_else(|| "one moment: what it costs is being worked out".into());
            say(model, Severity::Warning, why);
            model.dialog = Some(Dialog::Insights(dialog));
            Vec::new()
        }
    }
}

/// The operator said yes to query, window and price.
fn begin(model: &mut Model, dialog: InsightsDialog, (from, until): (Millis, Millis)) -> Vec<Effect> {
    if let Some(why) = model.guard.refusal_to_spend("an Insights scan", model.now) {
        say(model, Severity::Warning, why);
        return Vec::new();
    }
    let ticket = ticket(model, Asked::InsightsStart);
    let request = InsightsRequest {
        group: dialog.group,
        from,
        until,
        query: dialog.query,
    };
    let mut view = LogView::apart(model.settings.log_memory.min(MEMORY), ticket.seq);
    view.take_after(&model.logs);
    model.insights = Some(Insights::new(ticket.seq, request.clone(), view));
    logs::fit(model);
    vec![Effect::Ask(ticket, Query::InsightsStart(request))]
}

/// How much the group holds is known, or is not.
pub(super) fn on_group(model: &mut Model, seq: u64, answer: Result<Fact, Fault>) -> Vec<Effect> {
    if let Some(Dialog::Insights(dialog)) = &mut model.dialog
        && dialog.asked == seq
    {
        dialog.size = match answer {
            Ok(Fact::LogGroup(group)) => Some(Ok(group)),
            Ok(_) => None,
            Err(fault) => Some(Err(fault)),
        };
    }
    Vec::new()
}

/// AWS took the query, or did not. One that nobody waits for any more is stopped.
pub(super) fn on_begun(model: &mut Model, seq: u64, answer: Result<Fact, Fault>) -> Vec<Effect> {
    match answer {
        Ok(Fact::InsightsBegun(id)) => {
            let now = model.now.mono;
            let is_wanted = model.insights.as_mut().is_some_and(|it| it.on_begun(seq, &id, now));
            if is_wanted { Vec::new() } else { vec![stop(model, id)] }
        }
        Ok(_) => Vec::new(),
        Err(fault) => {
            if model.insights.as_ref().is_some_and(|it| it.number() == seq) {
                model.insights = None;
                say_refused(model, fault);
            }
            Vec::new()
        }
    }
}

/// What AWS says of too many queries does not say what to do.
fn say_refused(model: &mut Model, fault: Fault) {
    let is_full = fault.code.as_deref().is_some_and(|code| code.starts_with("LimitExceeded"));
    let text = fault.sentence();
    complain(model, fault);
    if is_full {
        let advice = "as many queries run in this account as may: press Q again when one has ended";
        say(model, Severity::Bad, format!("{text}; {advice}"));
    }
}

/// What has been found so far.
pub(super) fn on_results(model: &mut Model, seq: u64, answer: Result<Fact, Fault>) -> Vec<Effect> {
    let results = match answer {
        Ok(Fact::Insights(results)) => Ok(results),
        Ok(_) => return Vec::new(),
        Err(fault) => Err(fault),
    };
    let Some(insights) = &mut model.insights else { return Vec::new() };
    let before = insights.end();
    let running = insights.on_results(seq, results, model.now.mono);
    let over = insights.end().filter(|_| before.is_none());
    let fault = insights.fault().cloned();
    if let Some(fault) = fault {
        // That AWS throttles is on the screen, and passes.
        if over.is_some() || fault.kind != FaultKind::Throttled {
            complain(model, fault);
        }
    }
    let mut effects = logs::scans(model);
    effects.extend(running.map(|id| stop(model, id)));
    effects
}

/// The query has been stopped: who waited for that leaves.
pub(super) fn on_stopped(model: &mut Model, answer: Result<Fact, Fault>) -> Vec<Effect> {
    if let Err(fault) = answer {
        super::record(model, fault);
    }
    if model.leaves_at.is_some() {
        vec![Effect::Quit]
    } else {
        Vec::new()
    }
}

/// Asks how far the query is.
pub(super) fn on_tick(model: &mut Model) -> Vec<Effect> {
    let now = model.now.mono;
    if model.leaves_at.is_some_and(|at| now >= at) {
        return vec![Effect::Quit];
    }
    if !model.insights.as_ref().is_some_and(|it| it.is_due(now)) {
        return Vec::new();
    }
    let ticket = ticket(model, Asked::Insights);
    let query = model.insights.as_mut().and_then(|it| it.due(ticket.seq, now));
    query.map(|query| Effect::Ask(ticket, query)).into_iter().collect()
}

/// What is different while results are shown; none for what means the same.
pub(super) fn back(model: &mut Model, intent: Intent) -> Option<Vec<Effect>> {
    let insights = model.insights.as_mut()?;
    match intent {
        Intent::Back if insights.view.peel() => Some(logs::scans(model)),
        Intent::Back => Some(leave(model)),
        _ => None,
    }
}

/// Back to the tail; a query that runs is stopped.
pub(super) fn leave(model: &mut Model) -> Vec<Effect> {
    let Some(insights) = model.insights.take() else { return Vec::new() };
    if insights.is_running() {
        say(model, Severity::Note, "stopped; what it had scanned is paid for");
    }
    let id = insights.running().cloned();
    id.map(|id| stop(model, id)).into_iter().collect()
}

/// Before the console leaves, or goes to another account: stops what runs. Leaving waits a moment for that.
pub(super) fn before_leaving(model: &mut Model, mut effects: Vec<Effect>) -> Vec<Effect> {
    let is_leaving = effects.iter().any(|effect| matches!(effect, Effect::Quit | Effect::Detach(_)));
    let is_going = effects.iter().any(|effect| matches!(effect, Effect::Go(..)));
    let is_running = model.insights.as_ref().is_some_and(Insights::is_running);
    if !(is_leaving || is_going) || !is_running || model.leaves_at.is_some() {
        return effects;
    }
    let id = model.insights.as_ref().and_then(|it| it.running().cloned());
    if let Some(insights) = &mut model.insights {
        insights.cancel();
    }
    if is_leaving {
        effects.retain(|effect| !matches!(effect, Effect::Quit | Effect::Detach(_)));
        model.leaves_at = Some(model.now.mono + STOPPING);
        say(model, Severity::Note, "stopping the query; again leaves at once");
    }
    if let Some(id) = id {
        effects.insert(0, stop(model, id));
    }
    effects
}

fn stop(model: &mut Model, id: SafeText) -> Effect {
    Effect::Ask(ticket(model, Asked::InsightsStop), Query::InsightsStop { id })
}
