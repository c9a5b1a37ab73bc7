//! What is asked when the form, or the Access screen, needs it: the template's validation, the models, and what else
//! the checks before a plan want to know.

use super::{record, ticket};
use crate::{
    cloud::Query,
    core::{
        effect::Effect, fact::Fact, fault::Fault, feed::Feed, model::Model, msg::Asked, pace, preflight, screen::deploy::Stage,
        text::SafeText,
    },
};

/// Asks what the checks of the form need and no poll tells.
pub(super) fn look(model: &mut Model) -> Vec<Effect> {
    let ticket = ticket(model, Asked::Validation);
    model.feeds.validation.awaiting = Some(ticket.seq);
    let mut effects = vec![Effect::Ask(ticket, Query::Validate)];
    model.feeds.models.clear();
    model.feeds.answers.clear();
    effects.extend(look_again(model));
    effects
}

/// Asks what the values of the form want to know and nothing is known of.
pub(super) fn look_again(model: &mut Model) -> Vec<Effect> {
    let Stage::Form(form) = &model.deploy else { return Vec::new() };
    let ids = preflight::model_ids(&form.values());
    let questions = preflight::questions_of_form(model, form);
    let mut effects = ask_models(model, ids);
    for query in questions {
        let is_hopeless = |f: &Feed<Fact>| f.fault.as_ref().is_some_and(|fault| pace::is_hopeless(fault.kind));
        let is_settled = |f: &Feed<Fact>| f.awaiting.is_some() || f.get().is_some() || is_hopeless(f);
        if !model.feeds.answers.get(&query).is_some_and(is_settled) {
            let ticket = ticket(model, Asked::Check);
            model.feeds.answers.entry(query.clone()).or_default().awaiting = Some(ticket.seq);
            effects.push(Effect::Ask(ticket, query));
        }
    }
    effects
}

/// What was asked for a check alone. Who may not ask that can still deploy, so that is nothing for the error log.
pub(super) fn on_check(model: &mut Model, seq: u64, answer: Result<Fact, Fault>) -> Vec<Effect> {
    let now = model.now;
    if let Some(feed) = model.feeds.answers.values_mut().find(|f| f.awaiting == Some(seq)) {
        feed.awaiting = None;
        match answer {
            Ok(fact) => feed.set(fact, now),
            Err(fault) => feed.fail(fault),
        }
    }
    Vec::new()
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
