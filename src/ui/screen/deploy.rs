//! The Deploy screen: the form, the plan, the progress of an operation, or the stack at rest.

mod card;
pub(in crate::ui) mod checks;
mod form;
mod plan;
mod progress;
mod rest;

use ratatui::{Frame, layout::Rect};

use crate::{
    core::{
        model::Model,
        screen::{Panel, deploy::Stage},
    },
    ui::{Side, panel},
};

/// For so long after its end an operation is shown in full, in milliseconds.
const JUST_ENDED: i64 = 10 * 60 * 1000;

/// Draws the screen.
pub fn draw(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    match &model.deploy {
        Stage::Form(form) => form::draw(model, side, form, area, frame),
        Stage::Planning(planning) => plan::draw_planning(model, side, planning, area, frame),
        Stage::Plan(plan) => plan::draw(model, side, plan, area, frame),
        Stage::Rest => draw_rest(model, side, area, frame),
    }
}

fn draw_rest(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    if model.feeds.stack.get().is_none() {
        let head = panel::head(model, side, "Deploy", &model.feeds.stack);
        let inner = panel::frame(model, side, Panel::Deploy, area, frame, head);
        panel::empty_feed(model, side, &model.feeds.stack, inner, frame);
        return;
    }
    match model.live_stack() {
        None => rest::draw_nothing(model, side, area, frame),
        Some(_) if is_worth_following(model) => progress::draw(model, side, area, frame),
        Some(stack) => rest::draw_stack(model, side, stack, area, frame),
    }
}

/// An operation runs, has ended just now, or has ended badly.
fn is_worth_following(model: &Model) -> bool {
    let is_bad = model.live_stack().is_some_and(|s| s.status.is_failure());
    let is_fresh = model.progress.ended.is_some_and(|at| model.now.wall - at < JUST_ENDED);
    model.is_busy() || ((is_bad || is_fresh) && !model.progress.rows.is_empty())
}
