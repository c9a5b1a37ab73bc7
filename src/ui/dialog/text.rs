//! Long texts with a scroll: the error log, a row in full; and the sheet that help shares with them.

use ratatui::{
    Frame,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{Sheet, inside, sheet, wrapped};
use crate::{
    core::{
        dialog::{Detail, Json, Scroll},
        fault::FaultKind,
        model::{ErrorEntry, Model},
        when,
    },
    layout::TEXT as WIDTH,
    ui::{
        Side, cut, strip,
        theme::{self, Role},
    },
};

/// A text on a sheet, from the row it is scrolled to; it never scrolls past its end.
pub(super) fn scrolled(side: &Side<'_>, title: &str, width: u16, lines: Vec<Line<'_>>, scroll: Scroll, frame: &mut Frame<'_>) {
    let (_, room) = inside(width, frame);
    let rows = lines.len().min(room);
    let top = scroll.top.min(lines.len() - rows);
    let right = if rows < lines.len() {
        format!("{}–{} of {}", top + 1, top + rows, lines.len())
    } else {
        String::new()
    };
    let it = Sheet {
        title,
        right: &right,
        hints: if right.is_empty() {
            "Esc closes"
        } else {
            "j k scroll · PgUp PgDn a page · Esc closes"
        },
    };
    let inner = sheet(side, &it, width, rows, frame);
    let shown: Vec<Line<'_>> = lines.into_iter().skip(top).take(rows).collect();
    frame.render_widget(Paragraph::new(shown), inner);
}

/// What the strip tells, whole; then what failed so far, newest first.
pub(super) fn errors(model: &Model, side: &Side<'_>, scroll: Scroll, frame: &mut Frame<'_>) {
    let (width, _) = inside(WIDTH, frame);
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (severity, phrase) in strip::phrases(model) {
        lines.extend(wrapped(side, &phrase, theme::of_severity(severity), width));
        lines.push(Line::default());
    }
    if !lines.is_empty() {
        lines.push(Line::styled("Requests that failed, newest first", side.theme.style(Role::Title)));
    }
    if model.errors.is_empty() {
        lines.extend(wrapped(side, "No request has failed.", Role::Text, width));
    }
    lines.extend(model.errors.iter().rev().flat_map(|e| entry(model, side, e, width)));
    scrolled(side, "What is wrong, and what failed", WIDTH, lines, scroll, frame);
}

fn entry(model: &Model, side: &Side<'_>, entry: &ErrorEntry, width: usize) -> Vec<Line<'static>> {
    let at = when::show(entry.at, model.now.wall, model.times, &model.zone);
    let times = if entry.count > 1 {
        format!("  {} times", entry.count)
    } else {
        String::new()
    };
    let code = entry.fault.code.as_ref().map(|c| format!("  {c}")).unwrap_or_default();
    let request = entry
        .fault
        .request_id
        .as_ref()
        .map(|id| format!("  request {id}"))
        .unwrap_or_default();
    let head = Line::from(vec![
        Span::styled(at, side.theme.style(Role::Key)),
        Span::styled(times, side.theme.style(Role::Warn)),
        Span::styled(
            format!("  {}{code}{request}", entry.fault.kind.words()),
            side.theme.style(Role::Dim),
        ),
    ]);
    let mut lines = vec![cut::line(head, width)];
    lines.extend(wrapped(side, &format!("{}.", entry.fault.sentence()), Role::Bad, width));
    // This is the error log, to which its advice would lead.
    if entry.fault.kind != FaultKind::Internal {
        lines.extend(wrapped(side, &model.advice(&entry.fault), Role::Text, width));
    }
    lines.push(Line::default());
    lines
}

/// A row in full.
pub(super) fn detail(side: &Side<'_>, detail: &Detail, frame: &mut Frame<'_>) {
    let (width, _) = inside(WIDTH, frame);
    let lines = detail.lines.iter().flat_map(|l| hanging(side, l, width)).collect();
    scrolled(side, &detail.title, WIDTH, lines, detail.scroll, frame);
}

/// Cells of a label and the blank after it.
const LABEL: usize = 17;

/// A line wrapped; what stands behind a label stays in its column.
fn hanging(side: &Side<'_>, line: &str, width: usize) -> Vec<Line<'static>> {
    let is_word = |c: char| c.is_ascii_alphabetic() || c == ' ';
    let split = line
        .split_at_checked(LABEL)
        .filter(|(label, _)| label.ends_with(' ') && label.chars().all(is_word));
    match split.filter(|_| width > 3 * LABEL) {
        None => wrapped(side, line, Role::Text, width),
        Some((label, value)) => {
            let heads = std::iter::once(label.to_owned()).chain(std::iter::repeat(" ".repeat(LABEL)));
            let values = cut::wrap(value, width - LABEL).into_iter().zip(heads);
            let style = side.theme.style(Role::Text);
            values.map(|(value, head)| Line::styled(format!("{head}{value}"), style)).collect()
        }
    }
}

/// A row as JSON.
pub(super) fn json(side: &Side<'_>, json: &Json, frame: &mut Frame<'_>) {
    let (width, _) = inside(WIDTH, frame);
    let text = json.text();
    let lines = text.lines().flat_map(|l| indented(side, l, width)).collect();
    let form = if json.is_one_line { "pretty" } else { "one line" };
    let title = format!("{} as JSON · J {form} · y copies", json.title);
    scrolled(side, &title, WIDTH, lines, json.scroll, frame);
}

/// A line wrapped under its own indent.
fn indented(side: &Side<'_>, line: &str, width: usize) -> Vec<Line<'static>> {
    let bare = line.trim_start();
    let indent = line.len() - bare.len();
    let lines = wrapped(side, bare, Role::Text, width.saturating_sub(indent).max(8));
    let pad = |l: Line<'static>| Line::from([vec![Span::raw(" ".repeat(indent))], l.spans].concat()).style(l.style);
    lines.into_iter().map(pad).collect()
}
