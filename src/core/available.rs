//! Which keys have something to act on now: the footer offers no others.

use super::{keymap::Intent, model::Model};

/// Whether there is something that the intent could act on. What may not be written is another question.
pub fn has_object(model: &Model, intent: Intent) -> bool {
    match intent {
        Intent::Scale | Intent::ScaleUp | Intent::ScaleDown | Intent::Restart | Intent::StopTask | Intent::Sleep | Intent::LiveTail => {
            // While nothing is known all may be there.
            !(model.is_without_stack() || model.is_hollow())
        }
        Intent::WaysOut => is_held_up(model),
        // A creation that was undone is deleted first: the form says so, and leads there.
        Intent::Deploy => !is_held_up(model) || model.is_hollow(),
        // On the Logs screen they are the log's own.
        Intent::Pause | Intent::GotoTime => model.screen != super::screen::ScreenId::Deploy || model.span.is_some(),
        _ => true,
    }
}

/// An operation runs, or ended so that no update is taken.
fn is_held_up(model: &Model) -> bool {
    let status = model.live_stack().map(|stack| &stack.status);
    status.is_some_and(|it| !it.is_in_review() && !it.can_update())
}
