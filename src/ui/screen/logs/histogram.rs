//! Lines by time and level, with what happened to stack and tasks marked on the axis.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

use crate::{
    core::{
        fact::Millis,
        lines::Column,
        logline::Level,
        model::Model,
        timeline::{What, marks},
        when,
    },
    ui::{Side, theme::Role},
};

/// Signs of the axis, with the words of the legend.
const SIGNS: [(What, &str, Role, &str); 5] = [
    (What::Started, "▲", Role::Good, "task started"),
    (What::Stopped, "▽", Role::Info, "stopped"),
    (What::Stack, "◆", Role::Accent, "stack"),
    (What::Fell, "▼", Role::Bad, "task fell"),
    (What::Failed, "✗", Role::Bad, "failed"),
];

/// Draws bars and axis.
pub(super) fn draw(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let Some((from, until)) = model.shown_logs().span().filter(|_| area.height > 1 && area.width > 20) else {
        return;
    };
    let width = usize::from(area.width);
    let columns = model.shown_logs().histogram(from, until.max(from + 1), width);
    let rows = usize::from(area.height) - 1;
    let most = columns.iter().map(total).max().unwrap_or(0).max(1);
    let mut lines: Vec<Line<'_>> = (0..rows).map(|row| bars(side, &columns, most, (rows, row), width)).collect();
    lines.push(axis(model, side, &columns, width));
    frame.render_widget(Paragraph::new(lines), area);
}

/// The words for the signs that stand on the axis.
pub(super) fn legend<'a>(model: &Model, side: &Side<'_>) -> Vec<Span<'a>> {
    let Some((from, until)) = model.shown_logs().span() else {
        return Vec::new();
    };
    let found = marks(model, from, until);
    let is_there = |what| found.iter().any(|mark| mark.what == what);
    SIGNS
        .iter()
        .filter(|(what, ..)| is_there(*what))
        .flat_map(|(_, sign, role, word)| {
            [
                Span::styled(format!("  {sign} "), side.theme.style(*role)),
                Span::styled(*word, side.theme.style(Role::Dim)),
            ]
        })
        .collect()
}

/// Times at the ends, marks between, and the place of a window that does not follow.
fn axis<'a>(model: &Model, side: &Side<'_>, columns: &[Column], width: usize) -> Line<'a> {
    let style = |role| side.theme.style(role);
    let (Some(first), Some(last)) = (columns.first(), columns.last()) else {
        return Line::default();
    };
    let shown = |at: Millis| when::show(at, model.now.wall, model.times, model.utc_offset);
    let (left, right) = (shown(first.from), shown(last.until));
    let free = left.len()..width.saturating_sub(right.len());
    let mut cells = vec![Span::styled("─", style(Role::Dim)); free.len()];
    let mut put = |at: Millis, sign: &'static str, role| {
        // The first cell of its column.
        let column = (columns.partition_point(|column| column.until <= at) * width).div_ceil(columns.len().max(1));
        // Behind a time that stands there the nearest cell has to do.
        let place = column.clamp(free.start, free.end.saturating_sub(1).max(free.start)) - free.start;
        if let Some(cell) = cells.get_mut(place) {
            *cell = Span::styled(sign, style(role));
        }
    };
    for mark in marks(model, first.from, last.until) {
        for (_, sign, role, _) in SIGNS.iter().filter(|(what, ..)| *what == mark.what) {
            put(mark.at, sign, *role);
        }
    }
    if let Some(line) = model.shown_logs().selected().filter(|_| !model.shown_logs().is_following()) {
        put(line.at(), "┃", Role::BorderFocus);
    }
    let end = |text| Span::styled(text, style(Role::Dim));
    std::iter::once(end(left)).chain(cells).chain(std::iter::once(end(right))).collect()
}

fn total(column: &Column) -> u32 {
    column.counts.iter().sum()
}

/// One row of the bars, from the top; eighths of a cell. Where there are fewer columns than cells some take more
/// cells than others; all are as high as they count.
fn bars<'a>(side: &Side<'_>, columns: &[Column], most: u32, (rows, row): (usize, usize), width: usize) -> Line<'a> {
    const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let cells = (0..width)
        .filter_map(|cell| columns.get(cell * columns.len() / width))
        .map(|column| {
            let filled = (total(column) as usize * rows * 8).div_ceil(most as usize);
            let below = rows - 1 - row;
            let role = role_at(column, filled.div_ceil(8), below);
            Span::styled(EIGHTHS[filled.saturating_sub(below * 8).min(8)], side.theme.style(role))
        });
    Line::from(cells.collect::<Vec<_>>())
}

/// Whose share of a bar of so many cells the cell is that has `below` of them under it: errors at the bottom, then
/// warnings. Of errors there is a cell however few they are.
fn role_at(column: &Column, cells: usize, below: usize) -> Role {
    let of = |level: Level| column.counts[level as usize] as usize;
    let all = (total(column) as usize).max(1);
    let share = |part: usize| {
        if part == 0 { 0 } else { ((part * cells + all / 2) / all).max(1) }
    };
    let errors = share(of(Level::Error) + of(Level::Critical));
    match below {
        _ if below < errors => Role::Bad,
        _ if below < errors + share(of(Level::Warn)) => Role::Warn,
        _ => Role::Info,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::Role::{Bad, Info, Warn};

    #[test]
    fn a_bar_is_stacked_by_level_and_one_error_is_one_cell() {
        for ((errors, warnings, rest), cells, want) in [
            ((1, 0, 999), 4, vec![Bad, Info, Info, Info]),
            ((1, 1, 998), 4, vec![Bad, Warn, Info, Info]),
            ((0, 500, 500), 4, vec![Warn, Warn, Info, Info]),
            ((500, 250, 250), 4, vec![Bad, Bad, Warn, Info]),
            ((10, 0, 0), 2, vec![Bad, Bad]),
            ((1, 0, 9), 1, vec![Bad]),
            ((0, 0, 9), 2, vec![Info, Info]),
        ] {
            let mut column = Column::split(0, 1_000, 2)[0];
            column.counts[Level::Error as usize] = errors;
            column.counts[Level::Warn as usize] = warnings;
            column.counts[Level::Info as usize] = rest;
            let got: Vec<Role> = (0..cells).map(|below| role_at(&column, cells, below)).collect();
            assert_eq!(got, want, "{errors} {warnings} {rest}");
        }
    }
}
