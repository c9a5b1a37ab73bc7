//! Which keys have something to act on now: the footer offers no others.

use super::{keymap::Intent, model::Model, screen::ScreenId, unstick::next_step};

/// An operation runs, or waits for somebody to say how it goes on.
pub fn is_stuck(model: &Model) -> bool {
    model.is_busy() || model.live_stack().is_some_and(|s| next_step(&s.status).is_some())
}

/// The deletion of the stack has taken its services.
fn is_emptied(model: &Model) -> bool {
    model.is_going_away() && model.feeds.services.get().is_some_and(Vec::is_empty)
}

fn has_services(model: &Model) -> bool {
    // While nothing is known all may be there.
    !(model.is_without_stack() || model.is_hollow() || is_emptied(model))
}

/// CloudFormation works on what is in use; counts are not changed meanwhile.
pub fn is_at_work(model: &Model) -> bool {
    model.live_stack().is_some_and(|s| s.status.is_at_work())
}

/// Whether there is something that the intent could act on. What may not be written is another question.
pub fn has_object(model: &Model, intent: Intent) -> bool {
    match intent {
        Intent::Scale | Intent::ScaleUp | Intent::ScaleDown | Intent::Sleep => has_services(model) && !is_at_work(model),
        Intent::Restart | Intent::StopTask | Intent::LiveTail => has_services(model),
        Intent::WaysOut => is_stuck(model),
        // While something runs, or waits for a hand, no plan can be made.
        // So long as one is on the screen neither.
        Intent::Deploy => {
            let is_here = model.screen == ScreenId::Deploy && model.deploy.form().is_some();
            !is_here && (!is_stuck(model) || model.is_hollow())
        }
        Intent::Image => !is_emptied(model),
        // The form has a line of its own for its keys.
        Intent::Load | Intent::Anew => false,
        Intent::Checks => model.deploy.form().is_some(),
        // On the Logs screen they are the log's own.
        Intent::Pause | Intent::GotoTime => model.screen != ScreenId::Deploy || model.span.is_some(),
        _ => true,
    }
}
