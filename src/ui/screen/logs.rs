//! The Logs screen: histogram, lines with their gutter, and one line that says what is shown and how
//! far behind it is.

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
        logview::Row,
        model::{Model, Times},
        names::App,
        screen::Panel,
        update::live_price,
        when,
    },
    layout::{self, LOG_GUTTER},
    ui::{
        Side, cut, panel,
        theme::{Role, of_app},
    },
};

/// Draws the screen.
pub fn draw(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let group = model.tail.as_ref().map_or_else(|| model.names().log_group(), |t| t.group().clone());
    let mut head = panel::head(model, side, "Logs", &model.feeds.logs);
    head.right
        .insert(0, Span::styled(format!(" {group} "), side.theme.style(Role::Dim)));
    if let Some(live) = &model.live {
        let role = if live.is_on() { Role::Badge } else { Role::BadgeWarn };
        let text = format!(" {} · {} ", live.word(), live_price(model));
        head.right.insert(0, Span::styled(text, side.theme.style(role)));
    }
    let inner = panel::frame(model, side, Panel::Logs, area, frame, head);
    let [histogram, lines, state] = layout::log_parts(inner, model.logs.shows_histogram());
    if model.logs.lines().is_empty() {
        empty(model, side, inner, frame);
    } else {
        draw_histogram(model, side, histogram, frame);
        draw_lines(model, side, lines, frame);
    }
    frame.render_widget(Paragraph::new(cut::line(state_line(model, side), usize::from(state.width))), state);
}

/// Why there are no lines, and what to do.
fn empty(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    if panel::empty_feed(model, side, &model.feeds.logs, area, frame) {
        return;
    }
    panel::empty(
        side,
        area,
        frame,
        "No line in the last 15 minutes.",
        if model.is_asleep() {
            "The stack is asleep and writes none; Z wakes it."
        } else {
            "New lines appear here by themselves; 3 shows whether tasks run."
        },
    );
}

/// The newest lines, for the Overview.
pub fn tail(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    if model.logs.lines().is_empty() {
        return empty(model, side, area, frame);
    }
    let height = usize::from(area.height);
    let rows = model.logs.newest(height, usize::from(area.width.saturating_sub(LOG_GUTTER)));
    let lines: Vec<Line<'_>> = rows.iter().map(|row| row_line(model, side, row, false)).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

fn draw_lines(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let window = model
        .logs
        .window(usize::from(area.height), usize::from(area.width.saturating_sub(LOG_GUTTER)));
    if window.rows.is_empty() {
        let next = "q clears the filter; v and a reset the level; u shows both services.";
        return panel::empty(side, area, frame, "No line matches what is asked for.", next);
    }
    let lines: Vec<Line<'_>> = window.rows.iter().map(|row| row_line(model, side, row, true)).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

/// Gutter and text of one row. A cell of the gutter never holds text from outside.
fn row_line<'a>(model: &Model, side: &Side<'_>, row: &'a Row, has_cursor: bool) -> Line<'a> {
    let style = |role| side.theme.style(role);
    let level = level_role(row.level);
    let mut spans = vec![
        Span::styled(gutter_time(model, row), style(Role::Dim)),
        Span::styled(format!(" {} ", if row.part == 0 { letter(row.level) } else { " " }), style(level)),
        Span::styled(
            format!("{:<7}", if row.part == 0 { app_name(row.app) } else { "" }),
            style(of_app(row.app)),
        ),
        Span::styled(mark(row), style(Role::Accent)),
    ];
    let text = if row.hidden { Role::Dim } else { level };
    let mut at = 0;
    for range in &row.matches {
        let (start, end) = (range.start.max(at), range.end.max(at));
        if let (Some(before), Some(found)) = (row.text.get(at..start), row.text.get(start..end)) {
            spans.push(Span::styled(before, style(text)));
            spans.push(Span::styled(found, style(Role::Match)));
            at = end;
        }
    }
    spans.push(Span::styled(row.text.get(at..).unwrap_or_default(), style(text)));
    if row.more > 0 {
        spans.push(Span::styled("…", style(Role::Dim)));
    }
    let line = Line::from(spans);
    if row.selected && has_cursor {
        line.style(style(Role::Selected))
    } else {
        line
    }
}

fn gutter_time(model: &Model, row: &Row) -> String {
    if row.part > 0 || row.continuation {
        return " ".repeat(8);
    }
    let text = match model.times {
        Times::Age => when::short(model.now.wall - row.at),
        Times::Local | Times::Utc => when::clock(row.at, model.times, model.utc_offset),
    };
    format!("{text:>8}")
}

fn letter(level: Level) -> &'static str {
    match level {
        Level::Critical => "C",
        Level::Error => "E",
        Level::Warn => "W",
        Level::Info => "I",
        Level::Debug => "D",
        Level::Other => "·",
    }
}

fn level_role(level: Level) -> Role {
    match level {
        Level::Critical | Level::Error => Role::Bad,
        Level::Warn => Role::Warn,
        Level::Info | Level::Other => Role::Text,
        Level::Debug => Role::Dim,
    }
}

fn app_name(app: Option<App>) -> &'static str {
    match app {
        Some(App::OpenWebui) => "webui",
        Some(App::Litellm) => "litellm",
        None => "other",
    }
}

fn mark(row: &Row) -> &'static str {
    match (row.marked, row.late, row.continuation) {
        (true, ..) => "* ",
        (false, true, _) => "~ ",
        (false, false, true) => "│ ",
        (false, false, false) => "  ",
    }
}

/// Bars of the window by time, with the share of warnings and errors in their colours.
fn draw_histogram(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let Some((from, until)) = model.logs.lines().histogram().span().filter(|_| area.height > 1 && area.width > 20) else {
        return;
    };
    let width = usize::from(area.width);
    let columns = model.logs.histogram(from, until.max(from + 1), width);
    let rows = usize::from(area.height) - 1;
    let most = columns.iter().map(total).max().unwrap_or(0).max(1);
    let mut lines: Vec<Line<'_>> = (0..rows).map(|row| bars(side, &columns, most, rows, row)).collect();
    let shown = |at: Millis| when::show(at, model.now.wall, model.times, model.utc_offset);
    let (left, right) = (shown(from), shown(until));
    let space = width.saturating_sub(left.len() + right.len());
    lines.push(Line::styled(
        format!("{left}{}{right}", "─".repeat(space)),
        side.theme.style(Role::Dim),
    ));
    frame.render_widget(Paragraph::new(lines), area);
}

fn total(column: &Column) -> u32 {
    column.counts.iter().sum()
}

/// One row of the bars, from the top; eighths of a cell.
fn bars<'a>(side: &Side<'_>, columns: &[Column], most: u32, rows: usize, row: usize) -> Line<'a> {
    const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let cells = columns.iter().map(|column| {
        let filled = (total(column) as usize * rows * 8).div_ceil(most as usize);
        let below = (rows - 1 - row) * 8;
        let role = if column.counts[Level::Error as usize] + column.counts[Level::Critical as usize] > 0 {
            Role::Bad
        } else if column.counts[Level::Warn as usize] > 0 {
            Role::Warn
        } else {
            Role::Info
        };
        Span::styled(EIGHTHS[filled.saturating_sub(below).min(8)], side.theme.style(role))
    });
    Line::from(cells.collect::<Vec<_>>())
}

/// What is shown, and how true it is.
fn state_line<'a>(model: &Model, side: &Side<'_>) -> Line<'a> {
    let style = |role| side.theme.style(role);
    let logs = &model.logs;
    let mut spans = vec![match (logs.is_paused(), logs.is_following()) {
        (true, _) => Span::styled(" paused, p goes on ", style(Role::BadgeWarn)),
        (false, true) => Span::styled(" following ", style(Role::Badge)),
        (false, false) => Span::styled(format!(" +{} new, F follows ", logs.new_lines()), style(Role::BadgeWarn)),
    }];
    if let Some(tail) = &model.tail {
        let lag = tail.lag(model.now.wall);
        spans.push(Span::styled(
            format!("  {} behind", when::span(lag)),
            style(if lag > 60_000 * i64::from(model.about.speed) {
                Role::Warn
            } else {
                Role::Dim
            }),
        ));
        let gaps = tail.gaps(model.now.wall);
        if !gaps.is_empty() {
            spans.push(Span::styled(
                format!("  {} not fetched yet", when::span(gaps.iter().map(|g| g.until - g.from).sum())),
                style(Role::Warn),
            ));
        }
    }
    if let Some(tail) = &model.tail {
        let unchecked = tail.reconcile_lag(model.now.wall);
        if unchecked > 60_000 * i64::from(model.about.speed) {
            let text = format!("  late lines not looked for since {}", when::span(unchecked));
            spans.push(Span::styled(text, style(Role::Warn)));
        }
    }
    spans.push(Span::styled(format!("  {} lines", logs.lines().len()), style(Role::Dim)));
    let dropped = logs.lines().dropped();
    if dropped.lines > 0 {
        spans.push(Span::styled(format!(", {} older dropped", dropped.lines), style(Role::Dim)));
    }
    spans.extend(
        asked_for(model)
            .into_iter()
            .map(|text| Span::styled(format!("  {text}"), style(Role::Accent))),
    );
    Line::from(spans)
}

fn asked_for(model: &Model) -> Vec<String> {
    let (logs, filter) = (&model.logs, model.logs.filter());
    let mut out = Vec::new();
    if let Some(app) = filter.app {
        out.push(format!("only {}", app.title()));
    }
    if let Some(stream) = &filter.stream {
        out.push(format!("only task {}", stream.rsplit('/').next().unwrap_or_default()));
    }
    if let Some(level) = filter.min_level {
        out.push(format!("{level} and worse"));
    }
    if let Some(pattern) = &filter.pattern {
        let not = if pattern.is_inverse() { "not " } else { "" };
        out.push(format!("{not}matching {}", crate::core::text::SafeText::new(pattern.text())));
    }
    if let Some(pattern) = logs.searched() {
        out.push(format!("/{} n N", crate::core::text::SafeText::new(pattern.text())));
    }
    if logs.is_searching() {
        out.push("looking…".into());
    }
    out
}
