//! Name and certificate, on the Access screen: where the application is, what proves it, and what is to be done.

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
    core::{access, model::Model, preflight::Outcome, screen::Panel},
    ui::{
        Side, panel,
        table::{self, Rows},
        theme::Role,
    },
};

/// Draws the panel.
pub(super) fn draw(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let rows = access::rows(model);
    let head = panel::head(model, side, Panel::Address.title(), &model.access.certificate);
    // Where no certificate is asked for there is nothing to be old.
    let head = if model.access.certificate.awaiting.is_none() && model.access.certificate.is_loading() {
        panel::Head { right: Vec::new(), ..head }
    } else {
        head
    };
    let inner = panel::frame(model, side, Panel::Address, area, frame, head);
    let below = said(pen, model, usize::from(inner.width));
    let [list, under] = Layout::vertical([Constraint::Fill(1), Constraint::Length(below.len() as u16)]).areas(inner);
    // Beside a narrow value there would be no room for its state.
    let state = if inner.width >= 110 { 46 } else { inner.width * 2 / 5 };
    let columns = [Constraint::Length(11), Constraint::Fill(1), Constraint::Length(state)];
    let table = Rows {
        heads: &["what", "value", "state"],
        widths: &columns,
        cursor: cursor(model, Panel::Address),
        count: rows.len(),
    };
    table::draw(side, &table, list, frame, |i| {
        let row = &rows[i];
        vec![
            Line::from(pen.title(row.what)),
            Line::from(pen.text(row.value.as_str())),
            Line::from(pen.ink(role(row.outcome), row.state.as_str())),
        ]
    });
    show(below, under, frame);
}

fn said(pen: Pen<'_>, model: &Model, width: usize) -> Vec<Line<'static>> {
    let (next, _) = access::next(model);
    let mut out: Vec<Line<'static>> = wrap_to(&next, width, 2)
        .into_iter()
        .filter(|line| !line.is_empty())
        .map(|line| Line::from(pen.ink(Role::Warn, line)))
        .collect();
    out.push(pen.keys("[Enter] what can be done here · [y] copies the value · [d] shows it whole"));
    out
}

pub(super) fn role(outcome: Outcome) -> Role {
    match outcome {
        Outcome::Ok => Role::Good,
        Outcome::Unknown => Role::Dim,
        Outcome::Warning => Role::Warn,
        Outcome::Blocker => Role::Bad,
    }
}
