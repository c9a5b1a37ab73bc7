//! The models of the stack, on the Access screen: alias, state, access, price, and what is to be done.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
};

use super::{
    access::cursor,
    kit::{Pen, show, wrap_to},
};
use crate::{
    core::{
        catalogue::{self, Access, StackModel},
        feed::Feed,
        model::Model,
        preflight::Outcome,
        screen::Panel,
    },
    ui::{
        Side, panel,
        table::{self, Rows},
        theme::Role,
    },
};

/// Draws the panel.
pub(super) fn draw(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let models = catalogue::of_stack(model);
    let unasked = Feed::default();
    let feed = models.first().and_then(|m| model.feeds.models.get(&m.id)).unwrap_or(&unasked);
    let head = panel::head(model, side, "Models", feed);
    let inner = panel::frame(model, side, Panel::Models, area, frame, head);
    let [list, below] = Layout::vertical([Constraint::Length(models.len() as u16 + 1), Constraint::Fill(1)]).areas(inner);
    let columns = [
        Constraint::Length(13),
        Constraint::Fill(1),
        Constraint::Length(8),
        Constraint::Length(11),
        Constraint::Length(if inner.width >= 110 { 38 } else { 0 }),
    ];
    let rows = Rows {
        heads: &["alias", "model", "state", "access", "price"],
        widths: &columns,
        cursor: cursor(model, Panel::Models),
        count: models.len(),
    };
    table::draw(side, &rows, list, frame, |i| {
        let m = &models[i];
        let role = role(m.verdict.outcome);
        let access = if m.verdict.access == Access::Unknown {
            "–".into()
        } else {
            m.verdict.access.to_string()
        };
        vec![
            Line::from(pen.title(m.role.alias)),
            Line::from(pen.text(m.id.as_str())),
            Line::from(pen.ink(role, m.verdict.life.to_string())),
            Line::from(pen.ink(role, access)),
            Line::from(pen.dim(m.price.as_ref().map(|p| format!("{}, {}", p.words(), p.date)).unwrap_or_default())),
        ]
    });
    show(said(pen, &models, usize::from(inner.width)), below, frame);
}

/// What stands in the way of a model, the worst first; else that all is well.
fn said(pen: Pen<'_>, models: &[StackModel], width: usize) -> Vec<Line<'static>> {
    let mut worst: Vec<&StackModel> = models.iter().filter(|m| m.verdict.outcome != Outcome::Ok).collect();
    worst.sort_by_key(|m| std::cmp::Reverse(m.verdict.outcome));
    if worst.is_empty() {
        return vec![pen.keys("Bedrock offers both here, and this account may call them · [ctrl-r] asks again")];
    }
    worst
        .into_iter()
        .flat_map(|m| {
            let text = format!("{} → {}. {}", m.role.alias, m.verdict.evidence, m.verdict.next);
            wrap_to(text.trim_end(), width, 2)
                .into_iter()
                .map(move |line| Line::from(pen.ink(role(m.verdict.outcome), line)))
        })
        .collect()
}

fn role(outcome: Outcome) -> Role {
    match outcome {
        Outcome::Ok => Role::Good,
        Outcome::Unknown => Role::Dim,
        Outcome::Warning => Role::Warn,
        Outcome::Blocker => Role::Bad,
    }
}
