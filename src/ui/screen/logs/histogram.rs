//! Lines by time and level, with what happened to stack and tasks marked on the axis. Where lines are missing the chart
//! is shaded: silence is told from what nobody has looked at.

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
        older::Older,
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

/// Stands where nothing is known.
const SHADE: &str = "░";
/// What it means.
const SHADED: &str = "not loaded";

/// The bars, and the columns of them of which lines are missing.
pub(super) struct Chart {
    columns: Vec<Column>,
    shaded: Vec<bool>,
}

impl Chart {
    /// The chart of the lines shown; none where there are no lines or no room.
    pub(super) fn of(model: &Model, area: Rect) -> Option<Self> {
        if area.height < 2 || area.width <= 20 {
            return None;
        }
        let cells = usize::from(area.width);
        let (from, until) = model.shown_logs().span(model.now.wall)?;
        let columns = model.shown_logs().histogram(from, until.max(from + 1), cells);
        let missing = missing(model);
        // The ends of the axis are rounded outwards: what lies beyond has not been asked for.
        let shaded = columns.iter().map(|column| is_missing(column, from, &missing)).collect();
        Some(Self { columns, shaded })
    }

    /// The column that a cell shows.
    fn at(&self, cell: usize, width: usize) -> Option<(&Column, bool)> {
        let place = cell * self.columns.len() / width.max(1);
        Some((self.columns.get(place)?, *self.shaded.get(place)?))
    }
}

/// Intervals of which not all lines are held, in no order; the end of each does not belong to it.
fn missing(model: &Model) -> Vec<(Millis, Millis)> {
    let holes = model.shown_logs().lines().holes().iter();
    let mut out: Vec<(Millis, Millis)> = holes.map(|hole| (hole.from, hole.until.saturating_add(1))).collect();
    if model.insights.is_some() {
        return out;
    }
    out.extend(model.older.as_ref().map(Older::reach).map(|reach| (Millis::MIN, reach)));
    let gaps = model.tail.iter().flat_map(|tail| tail.missing(model.now.wall));
    out.extend(gaps.map(|gap| (gap.from, gap.until)));
    out
}

/// Half of the column is missing; of one that counts nothing any part is much.
fn is_missing(column: &Column, axis: Millis, missing: &[(Millis, Millis)]) -> bool {
    let begin = column.from.max(axis);
    let part = |(from, until): &(Millis, Millis)| ((*until).min(column.until) - (*from).max(begin)).max(0);
    let sum: Millis = missing.iter().map(part).sum();
    sum > 0 && (total(column) == 0 || 2 * sum >= column.until - column.from)
}

/// Draws bars and axis.
pub(super) fn draw(model: &Model, side: &Side<'_>, chart: &Chart, area: Rect, frame: &mut Frame<'_>) {
    let width = usize::from(area.width);
    let most = chart.columns.iter().map(total).max().unwrap_or(0).max(1);
    let rows = usize::from(area.height) - 1;
    let mut lines: Vec<Line<'_>> = (0..rows).map(|row| bars(side, chart, most, (rows, row), width)).collect();
    if let Some(first) = lines.first_mut() {
        write_in_shade(first);
    }
    lines.push(axis(model, side, &chart.columns, width));
    frame.render_widget(Paragraph::new(lines), area);
}

/// Says what the shade means, in the middle of its longest run of cells, where it is long enough.
fn write_in_shade(line: &mut Line<'_>) {
    let text = format!(" {SHADED} ");
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for cell in (0..line.spans.len()).filter(|cell| line.spans[*cell].content == SHADE) {
        match runs.last_mut() {
            Some((from, cells)) if *from + *cells == cell => *cells += 1,
            _ => runs.push((cell, 1)),
        }
    }
    let longest = runs.into_iter().max_by_key(|(_, cells)| *cells);
    let Some((from, cells)) = longest.filter(|(_, cells)| *cells >= text.len() + 2) else {
        return;
    };
    let start = from + (cells - text.len()) / 2;
    for (span, c) in line.spans.iter_mut().skip(start).zip(text.chars()) {
        span.content = c.to_string().into();
    }
}

/// A sign, how it is drawn, and what it means.
pub(super) type Sign = (&'static str, Role, &'static str);

/// The words for the shade, where there is any, and for the signs that stand on the axis.
pub(super) fn legend(model: &Model, chart: &Chart) -> (Option<Sign>, Vec<Sign>) {
    let (Some(from), Some(until)) = (chart.columns.first().map(|it| it.from), chart.columns.last().map(|it| it.until)) else {
        return (None, Vec::new());
    };
    let found = marks(model, from, until);
    let is_there = |what| found.iter().any(|mark| mark.what == what);
    let shade = chart.shaded.contains(&true).then_some((SHADE, Role::Dim, SHADED));
    let signs = SIGNS.iter().filter(|(what, ..)| is_there(*what));
    (shade, signs.map(|(_, sign, role, word)| (*sign, *role, *word)).collect())
}

/// Times at the ends, marks between, and the place of a window that does not follow.
fn axis<'a>(model: &Model, side: &Side<'_>, columns: &[Column], width: usize) -> Line<'a> {
    let style = |role| side.theme.style(role);
    let (Some(first), Some(last)) = (columns.first(), columns.last()) else {
        return Line::default();
    };
    let shown = |at: Millis| when::show(at, model.now.wall, model.times, &model.zone);
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
    let logs = model.shown_logs();
    let cursor = logs.selected().filter(|_| !logs.is_following()).map(|line| line.at());
    if let Some(at) = cursor.filter(|at| is_on(columns, *at)) {
        put(at, "┃", Role::BorderFocus);
    }
    let end = |text| Span::styled(text, style(Role::Dim));
    std::iter::once(end(left)).chain(cells).chain(std::iter::once(end(right))).collect()
}

/// Whether a time lies on the axis. Its end belongs to it: the last line may stand there.
fn is_on(columns: &[Column], at: Millis) -> bool {
    let ends = columns.first().zip(columns.last());
    ends.is_some_and(|(first, last)| (first.from..=last.until).contains(&at))
}

fn total(column: &Column) -> u32 {
    column.counts.iter().sum()
}

/// One row of the bars, from the top; eighths of a cell. Where there are fewer columns than cells some take more
/// cells than others; all are as high as they count, and shaded above that where lines are missing.
fn bars<'a>(side: &Side<'_>, chart: &Chart, most: u32, (rows, row): (usize, usize), width: usize) -> Line<'a> {
    const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let cells = (0..width).filter_map(|cell| chart.at(cell, width)).map(|(column, is_shaded)| {
        let filled = (total(column) as usize * rows * 8).div_ceil(most as usize);
        let below = rows - 1 - row;
        if is_shaded && filled <= below * 8 {
            return Span::styled(SHADE, side.theme.style(Role::Dim));
        }
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
    fn what_is_missing_is_no_silence() {
        let mut columns = Column::split(0, 4_000, 4);
        columns[0].counts[0] = 5;
        columns[1].counts[0] = 5;
        let shaded = |missing: &[(Millis, Millis)]| columns.iter().map(|it| is_missing(it, 0, missing)).collect::<Vec<_>>();
        assert_eq!(shaded(&[]), [false; 4]);
        assert!(
            !is_missing(&columns[2], 2_500, &[(Millis::MIN, 2_500)]),
            "that is before the axis begins"
        );
        assert_eq!(shaded(&[(Millis::MIN, 1_300), (2_900, 2_901)]), [true, false, true, false]);
        assert_eq!(
            shaded(&[(1_200, 1_500), (1_600, 1_900), (4_000, Millis::MAX)]),
            [false, true, false, false]
        );
    }

    #[test]
    fn a_cursor_beyond_the_window_is_not_on_the_axis() {
        let columns = Column::split(10_000, 14_000, 4);
        let is_on = [9_999, 10_000, 12_500, 14_000, 14_001].map(|at| is_on(&columns, at));
        assert_eq!(is_on, [false, true, true, true, false]);
        assert!(!super::is_on(&[], 0));
    }

    #[test]
    fn the_shade_says_what_it_means_where_there_is_room() {
        let row = |shades: usize| {
            let mut line = Line::from(vec![Span::raw("█"), Span::raw(SHADE), Span::raw("█")]);
            line.spans.extend(vec![Span::raw(SHADE); shades]);
            write_in_shade(&mut line);
            line.to_string()
        };
        assert_eq!(row(14), "█░█░ not loaded ░");
        assert_eq!(row(13), format!("█░█{}", SHADE.repeat(13)));
    }

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
