//! `#`: the errors of the log by shape. The list goes on counting while it is open; the cursor stays on
//! its shape.

use super::{dialogs, logs, say};
use crate::core::{
    dialog::Dialog, effect::Effect, health::Severity, key::Key, keymap::Intent, lines::ErrorShape, model::Model, text::SafeText,
};

/// `#`.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let errors = model.shown_logs().lines().errors();
    if errors.is_empty() {
        say(model, Severity::Note, "no error in these lines");
        return Vec::new();
    }
    // In a storm the counts change between the look at the list and the key.
    let first = errors.shapes().first().map(|shape| shape.text.clone());
    dialogs::open(model, Dialog::Shapes(first))
}

/// The row of the chosen shape.
pub fn chosen(shapes: &[ErrorShape], chosen: Option<&SafeText>) -> usize {
    chosen
        .and_then(|chosen| shapes.iter().position(|shape| shape.text == *chosen))
        .unwrap_or(0)
}

fn is_gone(shapes: &[ErrorShape], chosen: Option<&SafeText>) -> bool {
    chosen.is_some_and(|chosen| shapes.iter().all(|shape| shape.text != *chosen))
}

/// A key while the list is open.
pub(super) fn on_key(model: &mut Model, before: Option<SafeText>, key: Key) -> Vec<Effect> {
    let shapes = model.shown_logs().lines().errors().shapes();
    let here = chosen(&shapes, before.as_ref());
    let page = usize::from(model.size.height / 2).max(1);
    let there = match model.keymap.resolve(model.screen, key) {
        Some(Intent::Down) => here + 1,
        Some(Intent::Up) => here.saturating_sub(1),
        Some(Intent::PageDown | Intent::HalfDown | Intent::LogPageDown) => here + page,
        Some(Intent::PageUp | Intent::HalfUp | Intent::LogPageUp) => here.saturating_sub(page),
        Some(Intent::Top) => 0,
        Some(Intent::Bottom) => usize::MAX,
        Some(Intent::Back | Intent::ErrorShapes | Intent::Interrupt) => return dialogs::close(model),
        // What the cursor stood on has made room: what stands there now is not what was chosen.
        Some(Intent::Enter | Intent::Right) if is_gone(&shapes, before.as_ref()) => {
            say(model, Severity::Note, "the lines of that shape are no more held");
            here
        }
        Some(Intent::Enter | Intent::Right) => {
            dialogs::close(model);
            if let Some(shape) = shapes.get(here) {
                model.shown_logs_mut().only_shape(shape);
            }
            return logs::scans(model);
        }
        _ => here,
    };
    let there = shapes.get(there.min(shapes.len().saturating_sub(1)));
    model.dialog = Some(Dialog::Shapes(there.map(|shape| shape.text.clone())));
    Vec::new()
}
