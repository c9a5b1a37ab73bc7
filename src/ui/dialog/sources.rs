//! Whose lines the log shows: each service and each task, with its state, its lines and the age of the last one.

use ratatui::{
    Frame,
    layout::{Constraint, Layout},
    text::Line,
    widgets::Paragraph,
};

use super::{Sheet, inside, search, sheet};
use crate::{
    core::{
        field::TextField,
        model::Model,
        names::app_of_stream,
        sources::{Picker, Row, Source, State},
        update, when,
    },
    ui::{
        Side,
        table::{self, Rows},
        theme::{Role, of_app},
    },
};

/// How wide it wants to be.
const WIDTH: u16 = 84;
/// Rows inside at most, whatever is listed.
const ROWS: usize = 24;

/// The picker.
pub(super) fn draw(model: &Model, side: &Side<'_>, picker: &Picker, frame: &mut Frame<'_>) {
    let rows = update::source_rows(model, picker);
    let here = update::chosen_source(&rows, &picker.chosen);
    let (width, room) = inside(WIDTH, frame);
    let typed = u16::from(picker.is_typing);
    // While something is typed the sheet stays as high as it is, and the rows where they are.
    let all = update::source_rows(
        model,
        &Picker {
            field: TextField::default(),
            ..picker.clone()
        },
    );
    let height = (all.len() + 2).min(ROWS).min(room);
    let it = Sheet {
        title: "Whose lines",
        right: &table::window(here, rows.len(), height.saturating_sub(1 + usize::from(typed))),
        hints: if picker.is_typing {
            "type to narrow · ↑↓ choose · Enter takes · Esc shows all"
        } else {
            "u j k choose · / narrows · Enter takes · Esc leaves"
        },
    };
    let inner = sheet(side, &it, WIDTH, height, frame);
    let [field, list] = Layout::vertical([Constraint::Length(typed), Constraint::Fill(1)]).areas(inner);
    frame.render_widget(Paragraph::new(search(side, &picker.field, width)), field);
    if rows.is_empty() {
        let none = Line::styled("No service, task or stream has these letters.", side.theme.style(Role::Dim));
        frame.render_widget(Paragraph::new(none), list);
        return;
    }
    let table = Rows {
        heads: &["", "service", "task", "state", "  lines", "last line"],
        widths: &[
            Constraint::Length(1),
            Constraint::Fill(1),
            Constraint::Length(8),
            Constraint::Length(22),
            Constraint::Length(9),
            Constraint::Length(15),
        ],
        cursor: Some(here),
        count: rows.len(),
    };
    let shown = model.shown_logs().source();
    table::draw(side, &table, list, frame, |i| cells(model, side, &rows[i], &shown));
}

fn cells(model: &Model, side: &Side<'_>, row: &Row, shown: &Source) -> Vec<Line<'static>> {
    let style = |role| side.theme.style(role);
    let app = match &row.source {
        Source::All => None,
        Source::App(app) => Some(*app),
        Source::Stream(name) => app_of_stream(name.text()),
    };
    let name = match row.source {
        Source::All => style(Role::Text),
        Source::App(_) | Source::Stream(_) => style(of_app(app)),
    };
    let state = match &row.state {
        State::Task(status, Some(at)) => format!("{status} {} ago", when::short(model.now.wall - at)),
        other => other.to_string(),
    };
    let is_running = matches!(&row.state, State::Task(status, None) if *status == "running");
    let newest = row
        .newest
        .map_or_else(|| "none".to_owned(), |at| format!("{} ago", when::short(model.now.wall - at)));
    vec![
        Line::styled(if row.source == *shown { "•" } else { "" }, style(Role::Accent)),
        Line::styled(row.name.to_string(), name),
        Line::styled(row.task.to_string(), style(Role::Text)),
        Line::styled(state, style(if is_running { Role::Good } else { Role::Dim })),
        Line::styled(format!("{:>7}", row.lines), style(Role::Text)),
        Line::styled(newest, style(Role::Dim)),
    ]
}
