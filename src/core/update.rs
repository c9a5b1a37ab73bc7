//! `update`: one message in, a changed model and a list of requests out. Dispatch only; each kind of
//! message has its own file below.

mod access;
mod acting;
mod answers;
mod certificate;
mod deploying;
mod dialogs;
mod dns;
mod entry;
mod following;
mod form;
mod insights;
mod keys;
mod lead;
mod leaving;
mod leftovers;
mod live;
mod logs;
mod looking;
mod older;
mod overriding;
mod places;
mod polling;
mod secrets;
mod shapes;
mod sources;
mod steering;
mod testimage;
mod throughput;
mod ways;

pub use self::{
    acting::{scale_cost, scale_refusal},
    dialogs::palette_rows,
    form::key as form_key,
    insights::asked as insights_asked,
    leftovers::chosen as chosen_leftover,
    live::price as live_price,
    shapes::chosen as chosen_shape,
    sources::{chosen as chosen_source, rows as source_rows},
    testimage::image_model,
};

use super::{
    effect::Effect,
    eta::Durations,
    fault::Fault,
    health::Severity,
    key::Key,
    keymap::Intent,
    model::{ErrorEntry, Model, Notice},
    msg::{Asked, Msg, Ticket},
    screen::ScreenId,
    text::SafeText,
};
use crate::layout;

/// Most bytes for the clipboard: some terminals take no more, and say nothing.
const MOST_COPIED: usize = 100_000;
/// How many entries the error log keeps.
const MAX_ERRORS: usize = 200;

/// Takes one message.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    model.is_dirty |= !matches!(msg, Msg::Tick(_) | Msg::Drawn);
    let effects = step(model, msg);
    ways::renew(model);
    if model.screen == ScreenId::Logs {
        // Lines of another day take more room, and any message may bring them into sight.
        logs::fit(model);
    }
    let effects = without_too_long(model, effects);
    insights::before_leaving(model, effects)
}

/// Leaves out what is longer than terminals take for the clipboard, and says so.
fn without_too_long(model: &mut Model, mut effects: Vec<Effect>) -> Vec<Effect> {
    let length = |effect: &Effect| match effect {
        Effect::Copy(text) if text.len() > MOST_COPIED => Some(text.len()),
        _ => None,
    };
    if let Some(bytes) = effects.iter().find_map(length) {
        effects.retain(|effect| length(effect).is_none());
        let (size, save) = (super::insights::size(bytes as u64), model.keymap.label(Intent::Save));
        let text = format!("not copied: {size} are more than terminals take; {save} saves what is shown to a file");
        say(model, Severity::Warning, text);
    }
    effects
}

fn step(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key(key) => answered(model, key),
        Msg::Paste(text) => dialogs::on_paste(model, &text),
        Msg::Click(x, y) => keys::on_click(model, x, y),
        Msg::Wheel(rows) => keys::on_wheel(model, rows),
        Msg::Resize(size) => {
            model.size = size;
            logs::fit(model);
            Vec::new()
        }
        Msg::Leave => vec![Effect::Quit],
        Msg::Tick(now) => polling::on_tick(model, now),
        Msg::Drawn => {
            model.is_dirty = false;
            model.is_dialog_seen = model.dialog.is_some() && !layout::is_too_small(model.size);
            Vec::new()
        }
        Msg::Hide => secrets::hide(model),
        Msg::Told(ticket, answer) => answers::on_told(model, ticket, answer),
        Msg::Heard(at, fact) => answers::on_heard(model, at, fact),
        Msg::Changed(generation, change, answer) => answers::on_changed(model, generation, &change, answer),
        Msg::Profiles(answer) => places::on_profiles(model, answer),
        Msg::Arrived(seq, answer) => places::on_arrived(model, seq, answer),
        Msg::Revealed(secret, answer) => secrets::on_revealed(model, secret, answer),
        Msg::Copied(answer) => {
            say_outcome(model, "copied", answer);
            Vec::new()
        }
        Msg::Found(found) => logs::on_found(model, found),
        Msg::Mined(mined) => logs::on_mined(model, &mined),
        Msg::Failed(fault) => {
            complain(model, fault);
            Vec::new()
        }
        Msg::Live(session, news) => live::on_news(model, session, news),
        Msg::Timed(timings) => {
            model.durations = Durations::shipped().with(&timings);
            Vec::new()
        }
        Msg::Loaded(path, answer) => form::on_loaded(model, &path, answer),
        Msg::Saved(answer) => {
            testimage::on_saved(model, &answer);
            say_outcome(model, "saved", answer);
            Vec::new()
        }
        Msg::Exported(lacks, answer) => {
            match (answer, lacks) {
                // What is wrong with it before a name that may be long.
                (Ok(path), Some(lacks)) => say(model, Severity::Warning, format!("{lacks}: saved {path}")),
                (answer, _) => say_outcome(model, "saved", answer),
            }
            Vec::new()
        }
    }
}

/// Takes a key; what is said then is its answer.
fn answered(model: &mut Model, key: Key) -> Vec<Effect> {
    let before = model.notice.clone();
    let effects = keys::on_key(model, key);
    if model.notice != before
        && let Some(notice) = &mut model.notice
    {
        notice.of_key = true;
    }
    effects
}

fn say_outcome(model: &mut Model, verb: &str, answer: Result<SafeText, Fault>) {
    match answer {
        Ok(what) => say(model, Severity::Note, format!("{verb} {what}")),
        Err(fault) => complain(model, fault),
    }
}

/// Shows a short message for a while.
fn say(model: &mut Model, severity: Severity, text: impl Into<SafeText>) {
    let text = text.into();
    let shown_for = 4_000 + 40 * text.len() as u64;
    model.notice = Some(Notice {
        text,
        severity,
        until: model.now.mono + shown_for,
        of_key: false,
    });
}

/// Shows a fault and puts it into the error log.
fn complain(model: &mut Model, mut fault: Fault) {
    // What can be done about it may stand in there too.
    fault.detail = model.reach().placed(&fault.detail).into();
    say(model, Severity::Bad, format!("{}. {}", fault.sentence(), model.advice(&fault)));
    record(model, fault);
}

/// Puts a fault into the error log; the same one again only counts up.
fn record(model: &mut Model, fault: Fault) {
    let at = model.now.wall;
    let is_same =
        |last: &ErrorEntry| (last.fault.kind, &last.fault.operation, &last.fault.detail) == (fault.kind, &fault.operation, &fault.detail);
    if let Some(last) = model.errors.iter_mut().rev().take(8).find(|e| is_same(e)) {
        last.count += 1;
        return;
    }
    if model.errors.len() == MAX_ERRORS {
        model.errors.remove(0);
    }
    model.errors.push(ErrorEntry { at, count: 1, fault });
}

/// A ticket for a new request.
fn ticket(model: &mut Model, asked: Asked) -> Ticket {
    model.seq += 1;
    Ticket {
        asked,
        generation: model.guard.generation,
        seq: model.seq,
    }
}
