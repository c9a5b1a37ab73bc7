//! What is asked when the form, or the Access screen, needs it: the template's validation and the models.

use super::{record, ticket};
use crate::{
    cloud::Query,
    core::{
        effect::Effect, fact::Fact, fault::Fault, feed::Feed, model::Model, msg::Asked, preflight, screen::deploy::Stage, text::SafeText,
    },
};

/// Asks what the checks of the form need and no poll tells.
pub(super) fn look(model: &mut Model) -> Vec<Effect> {
    let ticket = ticket(model, Asked::Validation);
    model.feeds.validation.awaiting = Some(ticket.seq);
    let mut effects = vec![Effect::Ask(ticket, Query::Validate)];
    model.feeds.models.clear();
    effects.extend(look_at_models(model));
    effects
}

/// Asks Bedrock of the models that the form names and nothing is known of.
pub(super) fn look_at_models(model: &mut Model) -> Vec<Effect> {
    let Stage::Form(form) = &model.deploy else { return Vec::new() };
    let ids = preflight::model_ids(&form.values());
    ask_models(model, ids)
}

/// Asks Bedrock of models that it has not answered for.
pub(super) fn ask_models(model: &mut Model, ids: Vec<SafeText>) -> Vec<Effect> {
    let mut effects = Vec::new();
    for id in ids {
        let is_settled = |f: &Feed<_>| f.awaiting.is_some() || f.fault.is_none();
        if !model.feeds.models.get(&id).is_some_and(is_settled) {
            let ticket = ticket(model, Asked::Model);
            model.feeds.models.entry(id.clone()).or_default().awaiting = Some(ticket.seq);
            effects.push(Effect::Ask(ticket, Query::Model { id }));
        }
    }
    effects
}

/// What Bedrock says of a model.
pub(super) fn on_model(model: &mut Model, seq: u64, answer: Result<Fact, Fault>) -> Vec<Effect> {
    let now = model.now;
    let Some(feed) = model.feeds.models.values_mut().find(|f| f.awaiting == Some(seq)) else {
        return Vec::new();
    };
    feed.awaiting = None;
    match answer {
        Ok(Fact::Model(state)) => feed.set(state, now),
        Ok(_) => {}
        Err(fault) => {
            feed.fail(fault.clone());
            record(model, fault);
        }
    }
    Vec::new()
}

/// What CloudFormation says of the template.
pub(super) fn on_validation(model: &mut Model, seq: u64, answer: Result<Fact, Fault>) -> Vec<Effect> {
    let feed = &mut model.feeds.validation;
    if feed.awaiting == Some(seq) {
        feed.awaiting = None;
        match answer {
            Ok(Fact::Validation(validation)) => feed.set(validation, model.now),
            Ok(_) => {}
            Err(fault) => {
                feed.fail(fault.clone());
                record(model, fault);
            }
        }
    }
    Vec::new()
}
