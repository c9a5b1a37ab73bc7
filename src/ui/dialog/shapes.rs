//! The errors of the log by shape: how often, when last, what; and of the chosen one the newest line with
//! what it means.

use ratatui::{
    Frame,
    layout::{Constraint, Layout},
    text::Line,
    widgets::Paragraph,
};

use super::{Sheet, inside, sheet, wrapped};
use crate::{
    core::{
        cause::{self, Reader},
        lines::{ErrorShape, Lines},
        logline,
        model::Model,
        text::SafeText,
        update, when,
    },
    ui::{
        Side,
        table::{self, Rows},
        theme::Role,
    },
};

/// How wide and how high the list wants to be.
const SIZE: (u16, usize) = (140, 30);
/// Rows for the newest line of the chosen shape and what it means.
const ABOUT: u16 = 6;
/// Of these, most for what it means.
const MEANS: usize = 2;

/// Draws the list.
pub(super) fn draw(model: &Model, side: &Side<'_>, chosen: Option<&SafeText>, frame: &mut Frame<'_>) {
    let errors = model.shown_logs().lines().errors();
    let shapes = errors.shapes();
    let here = update::chosen_shape(&shapes, chosen);
    let (_, room) = inside(SIZE.0, frame);
    let mut right = counts(model.shown_logs().lines(), shapes.len());
    let about = if room > usize::from(ABOUT) + 4 { ABOUT } else { 0 };
    let rows = SIZE.1.min(shapes.len() + usize::from(about) + 2).min(room);
    let window = table::window(here, shapes.len(), rows.saturating_sub(usize::from(about) + 1));
    if !window.is_empty() {
        right = format!("{window} · {right}");
    }
    let it = Sheet {
        title: "Errors by shape",
        right: &right,
        hints: "↑↓ choose · Enter shows its lines · Esc leaves",
    };
    let inner = sheet(side, &it, SIZE.0, rows, frame);
    let [list, below] = Layout::vertical([Constraint::Fill(1), Constraint::Length(about)]).areas(inner);
    let rows = Rows {
        heads: &["count", "newest", "error"],
        widths: &[Constraint::Length(6), Constraint::Length(11), Constraint::Fill(1)],
        cursor: Some(here),
        count: shapes.len(),
    };
    table::draw(side, &rows, list, frame, |i| row(model, side, &shapes[i]));
    if let Some(shape) = shapes.get(here).filter(|_| about > 0) {
        let lines = newest(model, side, shape, usize::from(below.width));
        frame.render_widget(Paragraph::new(lines), below);
    }
}

/// How many errors there are, of how many shapes; they are those of the lines held.
fn counts(lines: &Lines, shapes: usize) -> String {
    let errors = lines.errors();
    let least = if lines.holes().iter().any(|hole| hole.lines > 0) {
        "at least "
    } else {
        ""
    };
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let all = errors.len();
    let mut text = format!("{least}{all} error{}, {shapes} shape{}", plural(all as usize), plural(shapes));
    if errors.others() > 0 {
        text.push_str(&format!(", {} of others", errors.others()));
    }
    if errors.waiting() > 0 {
        text.push_str(&format!(", {} not sorted yet", errors.waiting()));
    }
    text
}

fn row<'a>(model: &Model, side: &Side<'_>, shape: &ErrorShape) -> Vec<Line<'a>> {
    let at = when::show(shape.newest.at, model.now.wall, model.times, &model.zone);
    vec![
        Line::styled(format!("{:>6}", shape.count), side.theme.style(Role::Bad)),
        Line::styled(format!("{at:>11}"), side.theme.style(Role::Dim)),
        Line::raw(shape.text.to_string()),
    ]
}

/// What it means where that is known, then the newest line as far as there is room.
fn newest(model: &Model, side: &Side<'_>, shape: &ErrorShape, width: usize) -> Vec<Line<'static>> {
    let lines = model.shown_logs().lines();
    let line = lines.locate(&shape.newest).and_then(|spot| lines.line(spot));
    let Some(line) = line else { return Vec::new() };
    let mut out = vec![Line::styled("─".repeat(width), side.theme.style(Role::Border))];
    if let Some(meaning) = cause::of_log(line.raw()) {
        let text = format!("{}. {}", meaning.plain, meaning.advice(Reader::Console));
        out.extend(wrapped(side, &text, Role::Accent, width).into_iter().take(MEANS));
    }
    let shown = logline::display(line.raw());
    out.extend(wrapped(side, &shown[logline::lead(&shown)..], Role::Dim, width));
    out.truncate(ABOUT.into());
    out
}
