//! Live Tail: `T` asks with the price first; sessions are opened, heard of and given up; what one that
//! broke off did not bring is looked for by polling.

use super::{complain, dialogs, logs, polling, say};
use crate::core::{
    dialog::{Confirm, Dialog},
    effect::Effect,
    fact::LiveFrame,
    fault::Fault,
    health::Severity,
    keymap::Intent,
    live::Live,
    model::Model,
    polls::Poll,
    screen::ScreenId,
};

/// A session is closed this long after the Logs screen was left, in milliseconds.
const LEFT: u64 = 60_000;

/// `T`: asks before it begins, ends at once.
pub(super) fn toggle(model: &mut Model) -> Vec<Effect> {
    if model.live.is_some() {
        let words = if model.logs.is_paused() {
            "Live Tail is off; p goes on by polling"
        } else {
            "Live Tail is off; polling goes on"
        };
        say(model, Severity::Note, words);
        return end(model);
    }
    if model.insights.is_some() {
        say(
            model,
            Severity::Note,
            "these are the results of a query: Q goes back to the tail first",
        );
        return Vec::new();
    }
    if let Some(why) = model.guard.refusal_to_spend("Live Tail", model.now) {
        say(model, Severity::Warning, why);
        return Vec::new();
    }
    if model.tail.is_none() {
        say(model, Severity::Note, "there is no log group to follow yet");
        return Vec::new();
    }
    let lines = vec![
        format!("Lines come every second, for {} while it is on.", price(model)),
        "Past 500 lines a second AWS leaves some out; that is shown, and they are looked for.".into(),
        "Polling is free and leaves nothing out.".into(),
        "It ends with T, or a minute after this screen is left.".into(),
    ];
    let mut confirm = Confirm::new("Follow with Live Tail?".into(), lines, "Begin", Vec::new());
    confirm.spends = Some(Intent::LiveTail);
    dialogs::open(model, Dialog::Confirm(confirm))
}

/// What Live Tail costs: `$0.01 a minute`, as far as it is known.
pub fn price(model: &Model) -> String {
    let found = model.cost.prices.find(&model.about.region, "live-tail-minute");
    found.map_or_else(
        || "a price that is not known".into(),
        |found| {
            format!(
                "${:.2} a minute{}",
                found.row.usd,
                if found.is_verified() { "" } else { " (unverified)" }
            )
        },
    )
}

/// The operator said yes.
pub(super) fn begin(model: &mut Model) -> Vec<Effect> {
    let now = model.now.mono;
    model.live = Some(Live::new(model.live_session, now));
    model.live_seen = now;
    on_tick(model)
}

/// Opens what is due, and gives up what is silent. During a pause of the tail there is no session: its lines would be paid
/// for and thrown away.
pub(super) fn on_tick(model: &mut Model) -> Vec<Effect> {
    let now = model.now.mono;
    if model.screen == ScreenId::Logs {
        model.live_seen = now;
    }
    let group = model.tail.as_ref().map(|tail| tail.group().clone());
    let (Some(live), Some(group)) = (&mut model.live, group) else {
        return Vec::new();
    };
    if now > model.live_seen + LEFT {
        say(model, Severity::Note, "Live Tail is off, since the logs were left");
        return end(model);
    }
    let mut effects = Vec::new();
    let is_paused = model.logs.is_paused();
    if live.on_tick(now).is_some() || (is_paused && live.on_end(live.session(), None, now)) {
        effects.push(Effect::CloseLive);
        after_session(model);
    }
    let live = model.live.as_mut().filter(|_| !is_paused);
    if let Some(session) = live.and_then(|live| live.due(now)) {
        model.live_session = session;
        if let Some(tail) = &mut model.tail {
            tail.expect_live(model.now.wall);
        }
        effects.push(Effect::OpenLive(session, group));
    }
    effects
}

/// A session said something, or has ended.
pub(super) fn on_news(model: &mut Model, session: u32, news: Result<LiveFrame, Option<Fault>>) -> Vec<Effect> {
    let now = model.now;
    let Some(live) = &mut model.live else { return Vec::new() };
    match news {
        Ok(frame) => {
            let was_on = live.is_on();
            if !live.on_frame(session, &frame, now.mono) {
                return Vec::new();
            }
            if !was_on {
                // What came between the last look and the session's beginning.
                polling::hurry(model, &[Poll::Logs]);
            }
            match frame {
                LiveFrame::Update(update) => logs::on_live(model, session, update),
                LiveFrame::Start => Vec::new(),
            }
        }
        Err(fault) => {
            if live.on_end(session, fault.clone(), now.mono) {
                after_session(model);
                if let Some(fault) = fault {
                    complain(model, fault);
                }
            }
            Vec::new()
        }
    }
}

fn end(model: &mut Model) -> Vec<Effect> {
    model.live = None;
    after_session(model);
    vec![Effect::CloseLive]
}

fn after_session(model: &mut Model) {
    if let Some(tail) = &mut model.tail {
        tail.on_live_end(model.now.wall);
    }
    polling::hurry(model, &[Poll::Logs]);
}
