//! Provisioned throughput, on the Access screen.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
};

use super::{
    access::cursor,
    kit::{Pen, count, show},
};
use crate::{
    core::{fact::Throughput, model::Model, screen::Panel, when},
    ui::{
        Side, panel,
        table::{self, Rows},
        theme::Role,
    },
};

/// Draws the panel.
pub(super) fn draw(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let feed = &model.access.throughputs;
    let head = panel::head(model, side, Panel::Throughput.title(), feed);
    let inner = panel::frame(model, side, Panel::Throughput, area, frame, head);
    let [list, under] = Layout::vertical([Constraint::Fill(1), Constraint::Length(1)]).areas(inner);
    let all = model.access.throughputs();
    match (&feed.fault, feed.get()) {
        (Some(fault), None) => panel::empty(side, list, frame, &format!("{}.", fault.sentence()), &model.advice(fault)),
        (None, None) => panel::empty(side, list, frame, "Asking Bedrock…", ""),
        (_, Some(none)) if none.is_empty() => panel::empty(
            side,
            list,
            frame,
            "None is bought: images are paid for one by one.",
            "It is worth it for a model of your own, or for capacity that must be there.",
        ),
        _ => rows(model, side, all, list, frame),
    }
    show(
        vec![pen.keys("[Enter] buy, put into the stack, delete · [d] shows it whole")],
        under,
        frame,
    );
}

fn rows(model: &Model, side: &Side<'_>, all: &[Throughput], area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let columns = [
        Constraint::Length(14),
        Constraint::Length(10),
        Constraint::Length(7),
        Constraint::Fill(1),
        Constraint::Length(25),
    ];
    let table = Rows {
        heads: &["name", "status", "units", "model", "commitment"],
        widths: &columns,
        cursor: cursor(model, Panel::Throughput),
        count: all.len(),
    };
    let in_stack = model.parameters().remove("ProvisionedModelArn").unwrap_or_default();
    table::draw(side, &table, area, frame, |i| {
        let it = &all[i];
        let role = match it.status.as_str() {
            "InService" => Role::Good,
            "Failed" => Role::Bad,
            _ => Role::Warn,
        };
        let mark = if *it.arn == *in_stack { " (in the stack)" } else { "" };
        vec![
            Line::from(pen.title(it.name.as_str())),
            Line::from(pen.ink(role, it.status.as_str())),
            Line::from(pen.text(count(usize::try_from(it.units).unwrap_or(0), "unit"))),
            Line::from(pen.text(format!("{}{mark}", it.model_name()))),
            Line::from(pen.dim(bound(it))),
        ]
    });
}

fn bound(it: &Throughput) -> String {
    match it.commitment_end {
        Some(end) if !it.commitment.is_empty() => {
            let day: String = when::iso(end).chars().take(10).collect();
            format!("{} until {day}", it.commitment)
        }
        _ => "none: by the hour".into(),
    }
}
