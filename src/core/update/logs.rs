//! The log tail and its screen: pages in, lines into the view, keys to the view.

use super::say;
use crate::{
    cloud::Query,
    core::{dialog::Purpose, effect::Effect, fact::Fact, fault::Fault, health::Severity, keymap::Intent, model::Model, screen::ScreenId},
};

/// The next page to ask for.
pub(super) fn query(_model: &mut Model, _lives: bool) -> Option<Query> {
    None
}

/// A page came.
pub(super) fn on_answer(_model: &mut Model, _seq: u64, _answer: Result<Fact, Fault>) -> Vec<Effect> {
    Vec::new()
}

/// Intents of the Logs screen.
pub(super) fn obey(_model: &mut Model, _intent: Intent) -> Option<Vec<Effect>> {
    None
}

/// `L`, or Enter on a task.
pub(super) fn open_for_row(model: &mut Model) -> Vec<Effect> {
    super::keys::show(model, ScreenId::Logs)
}

/// Text typed for the log screen.
pub(super) fn take_prompt(_model: &mut Model, _purpose: Purpose, _text: &str) -> Result<(), String> {
    Ok(())
}

#[allow(dead_code, reason = "until the view is in")]
fn note(model: &mut Model) {
    say(model, Severity::Note, "");
}
