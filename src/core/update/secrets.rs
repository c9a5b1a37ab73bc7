//! Secrets: shown for 30 seconds, copied without being shown, hidden on every occasion.

use super::{complain, say};
use crate::core::{effect::Effect, fault::Fault, health::Severity, model::Model, screen::Panel, secret::SecretRef};

/// How long a secret is shown, in milliseconds.
const SHOWN_FOR: u64 = 30_000;
/// How long a secret stays in the clipboard, in milliseconds.
const KEPT_FOR: u64 = 45_000;

fn selected(model: &Model) -> Option<SecretRef> {
    model.secrets().get(model.cursor(Panel::Secrets)).cloned()
}

/// Shows the secret under the cursor in place of another one, or hides it.
pub(super) fn toggle(model: &mut Model) -> Vec<Effect> {
    let selected = selected(model);
    let shown = model.shown_secret.as_ref().map(|(secret, _)| secret);
    if shown.is_some() && shown == selected.as_ref() {
        return hide(model);
    }
    let mut effects = hide(model);
    match selected {
        Some(secret) if model.live_stack().is_some() => {
            effects.push(Effect::Reveal(secret));
            effects
        }
        _ => {
            say(
                model,
                Severity::Note,
                "there is no secret until the stack exists: press D to deploy",
            );
            effects
        }
    }
}

/// Copies the secret under the cursor.
pub(super) fn copy(model: &mut Model) -> Vec<Effect> {
    let Some(secret) = selected(model).filter(|_| model.live_stack().is_some()) else {
        say(
            model,
            Severity::Note,
            "there is no secret until the stack exists: press D to deploy",
        );
        return Vec::new();
    };
    model.clipboard_until = Some(model.now.mono + KEPT_FOR);
    vec![Effect::CopySecret(secret)]
}

/// The secret is in the vault, or is not.
pub(super) fn on_revealed(model: &mut Model, secret: SecretRef, answer: Result<(), Fault>) -> Vec<Effect> {
    match answer {
        // Whoever left the screen meanwhile does not want it shown.
        Ok(()) if model.screen == super::super::screen::ScreenId::Access => {
            model.shown_secret = Some((secret, model.now.mono + SHOWN_FOR));
            Vec::new()
        }
        Ok(()) => vec![Effect::Hide],
        Err(fault) => {
            complain(model, fault);
            Vec::new()
        }
    }
}

/// Hides whatever is shown.
pub(super) fn hide(model: &mut Model) -> Vec<Effect> {
    if model.shown_secret.take().is_none() {
        return Vec::new();
    }
    model.is_dirty = true;
    vec![Effect::Hide]
}

/// Hides and clears when the time is over.
pub(super) fn on_tick(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    if model.shown_secret.as_ref().is_some_and(|(_, until)| *until <= model.now.mono) {
        effects.extend(hide(model));
    }
    if model.clipboard_until.is_some_and(|until| until <= model.now.mono) {
        model.clipboard_until = None;
        effects.push(Effect::ClearClipboard);
    }
    effects
}
