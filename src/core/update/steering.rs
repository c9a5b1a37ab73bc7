//! `p` and `@` on the Deploy screen, where the cloud's time can be moved: a replay.

use super::{dialogs, places, say};
use crate::{
    cloud::Steer,
    core::{dialog::Purpose, effect::Effect, fact::Millis, health::Severity, logview::parse_time, model::Model, screen::ScreenId, when},
};

/// A time that is missed by no more than this is the end that it is near to, in milliseconds.
const NEAR: Millis = 60_000;

/// `p`: the time stands still, or goes on.
pub(super) fn pause(model: &mut Model) -> Vec<Effect> {
    let Some(span) = model.span else {
        return live(model, "p pauses a replay");
    };
    if model.now.wall >= span.end && !model.is_held {
        say(model, Severity::Note, "the recording ends here; @ goes to a time before");
        return Vec::new();
    }
    model.is_held = !model.is_held;
    vec![Effect::Steer(if model.is_held { Steer::Hold } else { Steer::Go })]
}

/// `@`: asks for a time.
pub(super) fn ask_time(model: &mut Model) -> Vec<Effect> {
    match model.span {
        Some(_) => dialogs::prompt(model, Purpose::GotoTime, ""),
        None => live(model, "@ goes to a time of a replay"),
    }
}

fn live(model: &mut Model, what: &str) -> Vec<Effect> {
    say(model, Severity::Note, format!("{what}; what is shown here happens now"));
    Vec::new()
}

/// Goes to the time that was typed. What is known of another time is forgotten, as of another account.
pub(super) fn go_to(model: &mut Model, text: &str) -> Result<Vec<Effect>, String> {
    let Some(span) = model.span else { return Ok(Vec::new()) };
    let is_ago = text.trim().starts_with('-');
    let from = if is_ago { model.now.wall } else { span.end + NEAR };
    let at = parse_time(text, from, &model.typing_zone())?;
    if !is_ago && !(span.begin - NEAR..=span.end + NEAR).contains(&at) {
        let show = |at| when::show(at, span.end, model.times, &model.zone);
        return Err(format!("the recording runs from {} to {}", show(span.begin), show(span.end)));
    }
    let at = at.clamp(span.begin, span.end);
    let (about, settings) = (model.about.clone(), model.settings.clone());
    let is_held = model.is_held;
    places::anew(model, about, settings, at);
    model.screen = ScreenId::Deploy;
    (model.span, model.is_held) = (Some(span), is_held);
    Ok(vec![Effect::Steer(Steer::To(at))])
}
