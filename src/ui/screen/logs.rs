//! The Logs screen: histogram, lines with their gutter, and one line that says what is shown and how
//! far behind it is.

use std::ops::Range;

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::{Clear, Paragraph},
};

use crate::{
    core::{
        fact::Millis,
        lines::Hole,
        live::Live,
        logline::Level,
        logview::{AHEAD, Row, Token, Window, tokens},
        model::{Model, Times},
        names::App,
        older::Older,
        screen::{Panel, ScreenId},
        tail::Tail,
        update::live_price,
        when,
    },
    layout::{self, LOG_DAY, LOG_GUTTER},
    ui::{
        Side, cut,
        panel::{self, Head},
        theme::{Role, of_app},
    },
};

mod histogram;
mod insights;
mod state;

use self::histogram::Chart;

/// What lies no further back than this was in the last 15 minutes, in milliseconds.
const LATELY: Millis = 16 * 60_000;

/// Draws the screen.
pub fn draw(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let title = title(model);
    let mut head = panel::head(model, side, &title, &model.feeds.logs);
    if let Some(query) = &model.insights {
        head.right = vec![insights::window(model, query, side)];
    } else if let Some(live) = &model.live {
        badge(model, side, live, &mut head, area);
    }
    // The name of the group gives way to what else is to be said.
    let group = model.tail.as_ref().map_or_else(|| model.names().log_group(), |t| t.group().clone());
    let said = cut::width(head.title) + head.right.iter().map(Span::width).sum::<usize>();
    if said + cut::width(&group) + 8 < usize::from(area.width) {
        let place = head.right.len().min(usize::from(model.live.is_some() || model.insights.is_some()));
        head.right
            .insert(place, Span::styled(format!(" {group} "), side.theme.style(Role::Dim)));
    }
    let inner = panel::frame(model, side, Panel::Logs, area, frame, head);
    let stopped = model.tail_stopped().filter(|_| model.insights.is_none());
    let [bars, notice, lines, state] = layout::log_parts(inner, model.shown_logs().shows_histogram(), stopped.is_some());
    let chart = Chart::of(model, bars);
    if let Some(query) = model.insights.as_ref().filter(|it| it.view.lines().is_empty()) {
        insights::empty(query, side, inner, frame);
    } else if model.shown_logs().lines().is_empty() {
        empty(model, side, inner, frame);
    } else {
        if let Some(chart) = &chart {
            histogram::draw(model, side, chart, bars, frame);
        }
        if let Some(fault) = stopped {
            let width = usize::from(notice.width);
            // On its one row a command without its flags says more than one that is cut.
            let advice = model.advice(fault);
            let advice = if cut::width(&advice) > width { fault.advice() } else { advice };
            let says = [format!("No new lines: {}.", fault.plain()), advice];
            let says = says.map(|text| Line::styled(cut::end(&text, width).into_owned(), side.theme.style(Role::Warn)));
            frame.render_widget(Paragraph::new(says.to_vec()), notice);
        }
    }
    let room = (usize::from(lines.height), usize::from(lines.width.saturating_sub(LOG_GUTTER)));
    let days = layout::log_days(model, model.shown_logs(), room);
    let window = model.shown_logs().window(room.0, room.1.saturating_sub(days.into()));
    if !model.shown_logs().lines().is_empty() {
        draw_lines(model, side, (&window, lines, days), frame);
    }
    let width = usize::from(state.width);
    let says = state::line(model, side, &window.rows, chart.as_ref(), width);
    frame.render_widget(Paragraph::new(cut::line(says, width)), state);
}

/// What the panel is, and whose lines it shows.
fn title(model: &Model) -> String {
    let what = if model.insights.is_some() {
        "Logs Insights results"
    } else {
        "Logs"
    };
    let whose = model.shown_logs().source().title().map(|whose| format!(" · {whose}"));
    format!("{what}{}", whose.unwrap_or_default())
}

/// That Live Tail costs money while it is on, or about to be; polling costs none. On a narrow screen in fewer words,
/// with nothing beside it.
fn badge(model: &Model, side: &Side<'_>, live: &Live, head: &mut Head<'_>, area: Rect) {
    let is_paused = model.logs.is_paused();
    let word = if is_paused { "live tail paused" } else { live.word() };
    let price = if is_paused || live.is_polling() {
        "free".to_owned()
    } else {
        live_price(model)
    };
    let brief = price.replace(" a minute", "/min").replace(" (unverified)", "");
    let age: usize = head.right.iter().map(Span::width).sum();
    // Frame, title, and a cell between.
    let room = usize::from(area.width).saturating_sub(cut::width(head.title) + 5);
    let whole = format!(" {word} · {price} ");
    let fits = |text: &String| cut::width(text) <= room.saturating_sub(age);
    let text = [whole, format!(" {word} {brief} ")].into_iter().find(fits);
    let text = text.unwrap_or_else(|| {
        head.right.clear();
        cut::end(&format!(" {brief} {word} "), room).into_owned()
    });
    let role = if live.is_on() { Role::Badge } else { Role::BadgeWarn };
    head.right.insert(0, Span::styled(text, side.theme.style(role)));
}

/// Why there are no lines, and what to do.
fn empty(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    if panel::empty_logs(model, side, area, frame) {
        return;
    }
    let tail = model.tail.as_ref();
    if let Some(fault) = tail.and_then(Tail::fault) {
        return panel::empty(side, area, frame, &format!("{}.", fault.sentence()), &model.advice(fault));
    }
    if tail.is_some_and(Tail::is_first_pass) {
        return panel::empty(side, area, frame, "Looking through the last 15 minutes…", "");
    }
    let shown = |at| when::show(at, model.now.wall, model.times, &model.zone);
    let reach = model.older.as_ref().map(Older::reach);
    let why = match reach.filter(|reach| model.now.wall - reach > LATELY) {
        Some(reach) => format!("No line since {}.", shown(reach)),
        None => "No line in the last 15 minutes.".to_owned(),
    };
    let next = match (model.is_asleep(), model.screen) {
        (true, ScreenId::Logs) => "The stack is asleep and writes none; Z wakes it. k looks further back, @ goes to a time.",
        (true, _) => "The stack is asleep and writes none; Z wakes it.",
        (false, ScreenId::Logs) => {
            "New lines appear here by themselves; k looks further back, @ goes to a time; 3 shows whether tasks run."
        }
        (false, _) => "New lines appear here by themselves; 3 shows whether tasks run.",
    };
    panel::empty(side, area, frame, &why, next);
}

/// The newest lines, for the Overview.
pub fn tail(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    if model.logs.lines().is_empty() {
        return empty(model, side, area, frame);
    }
    let height = usize::from(area.height);
    let width = usize::from(area.width.saturating_sub(LOG_GUTTER));
    let mut rows = model.logs.newest(height, width);
    let is_today = |row: &Row| when::is_same_day(row.at, model.now.wall, &model.zone);
    let has_days = model.times == Times::Local && !rows.first().is_none_or(is_today);
    let days = if has_days { LOG_DAY } else { 0 };
    if has_days {
        rows = model.logs.newest(height, width.saturating_sub(days.into()));
    }
    let lines: Vec<Line<'_>> = rows.iter().map(|row| row_line(model, side, (row, days), (false, false))).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

fn draw_lines(model: &Model, side: &Side<'_>, (window, area, days): (&Window, Rect, u16), frame: &mut Frame<'_>) {
    if window.rows.is_empty() {
        let (why, next) = nothing_kept(model);
        return panel::empty(side, area, frame, why, next);
    }
    let lines = window.rows.iter().enumerate();
    // Who lands in the middle of a traceback sees when it was.
    let lines: Vec<Line<'_>> = lines
        .map(|(i, row)| row_line(model, side, (row, days), (i == 0 || (row.selected && row.part == 0), true)))
        .collect();
    frame.render_widget(Paragraph::new(lines), area);
    draw_folds(side, &window.rows, area, frame);
    // Of results the last line says it; they can not be loaded again.
    for (row, hole) in window.holes.iter().filter(|_| model.insights.is_none()) {
        draw_hole(model, side, *hole, (*row, area), frame);
    }
}

/// On the right of the first row after what is not held: that it is missing, and how to have it.
fn draw_hole(model: &Model, side: &Side<'_>, hole: Hole, (row, area): (usize, Rect), frame: &mut Frame<'_>) {
    let older = model.older.as_ref().filter(|_| model.insights.is_none());
    let is_here = |(from, until, _): &(_, _, _)| *from <= hole.until && hole.from < *until;
    let what = if older.and_then(Older::loading).as_ref().is_some_and(is_here) {
        match older.and_then(Older::fault) {
            Some(fault) => format!("lines before this not fetched yet: {}", fault.kind.words()),
            None => "loading".to_owned(),
        }
    } else {
        let plural = if hole.lines == 1 { "" } else { "s" };
        match (hole.is_counted, hole.lines) {
            (true, lines) => format!("{lines} line{plural} dropped here, scroll to reload"),
            (false, 0) => "lines before this were not fetched, scroll to load".to_owned(),
            (false, lines) => format!("at least {lines} line{plural} missing here, scroll to load"),
        }
    };
    let text = format!(" ▲ {what} ");
    let width = u16::try_from(cut::width(&text)).unwrap_or(u16::MAX).min(area.width);
    let Some(y) = u16::try_from(row).ok().map(|row| area.y + row).filter(|y| *y < area.bottom()) else {
        return;
    };
    let place = Rect::new(area.right() - width, y, width, 1);
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(Span::styled(text, side.theme.style(Role::BadgeWarn))), place);
}

/// Why the filter keeps nothing, and what to do.
fn nothing_kept(model: &Model) -> (&'static str, &'static str) {
    let is_of_query = model.insights.is_some();
    let is_of_task = model.logs.filter().stream.is_some() && !is_of_query;
    match (is_of_task, model.shown_logs().is_searching()) {
        (_, true) => ("Looking through the lines…", ""),
        (false, false) if is_of_query => (
            "No line that the query found matches what is asked for.",
            "x shows all that it found; v, u and & ask for others; Q goes back to the tail.",
        ),
        (true, false) => (
            "This task has written no line since what is shown begins: perhaps it never ran.",
            "q goes back; 3 shows why it stopped; k, or @ with a time, looks further back.",
        ),
        (false, false) => (
            "No line matches what is asked for.",
            "q clears the filter; v and a reset the level; u chooses whose lines; k looks further back.",
        ),
    }
}

/// Gutter and text of one row, with its time also where it goes on with an entry when `has_time`. A cell of the gutter
/// never holds text from outside.
fn row_line<'a>(model: &Model, side: &Side<'_>, (row, days): (&'a Row, u16), (has_time, has_cursor): (bool, bool)) -> Line<'a> {
    let style = |role| side.theme.style(role);
    let level = level_role(row.level);
    let mut spans = vec![
        Span::styled(gutter_time(model, (row, days), has_time), style(Role::Dim)),
        Span::styled(format!(" {} ", if row.part == 0 { letter(row.level) } else { " " }), style(level)),
        Span::styled(
            format!("{:<7}", if row.part == 0 { app_name(row.app) } else { "" }),
            style(of_app(row.app)),
        ),
        Span::styled(mark(row, model.now.wall), style(Role::Accent)),
    ];
    paint(side, row, &mut spans);
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

/// The text of a row with what stands out in it; what is searched for goes before everything else.
fn paint<'a>(side: &Side<'_>, row: &'a Row, spans: &mut Vec<Span<'a>>) {
    let base = base_role(row);
    let mut pieces: Vec<(Range<usize>, Role)> = row.matches.iter().cloned().map(|range| (range, Role::Match)).collect();
    if !row.hidden {
        let is_free = |range: &Range<usize>| row.matches.iter().all(|found| found.end <= range.start || found.start >= range.end);
        let found = tokens(&row.text).into_iter().filter(|(range, _)| is_free(range));
        pieces.extend(found.filter_map(|(range, token)| Some((range, token_role(token, base)?))));
        pieces.sort_by_key(|(range, _)| range.start);
    }
    let mut at = 0;
    for (range, role) in pieces {
        let (start, end) = (range.start.max(at), range.end.max(at));
        if let (Some(before), Some(piece)) = (row.text.get(at..start), row.text.get(start..end)) {
            spans.push(Span::styled(before, side.theme.style(base)));
            spans.push(Span::styled(piece, side.theme.style(role)));
            at = end;
        }
    }
    spans.push(Span::styled(row.text.get(at..).unwrap_or_default(), side.theme.style(base)));
}

/// Of an error its first line and its exceptions are in the colour of errors, the frames between are not.
fn base_role(row: &Row) -> Role {
    let is_frame = row.continuation && (row.text.starts_with(' ') || row.part > 0);
    match (row.hidden, is_frame) {
        (true, _) => Role::Dim,
        (false, true) => Role::Text,
        (false, false) => level_role(row.level),
    }
}

/// In a line that has a colour of its own only few pieces get another.
fn token_role(token: Token, base: Role) -> Option<Role> {
    match token {
        Token::Hidden => Some(Role::BadgeWarn),
        Token::Id => Some(Role::Accent),
        _ if base != Role::Text => None,
        Token::Level(level) => Some(level_role(level)),
        Token::Status(500..) => Some(Role::Bad),
        Token::Status(400..) => Some(Role::Warn),
        Token::Status(_) => Some(Role::Good),
        Token::Address => Some(Role::Dim),
        Token::Number => Some(Role::Number),
        Token::Quoted => Some(Role::Quoted),
        Token::Exception => Some(Role::Bad),
    }
}

/// On the right of a folded entry: how many lines it has besides.
fn draw_folds(side: &Side<'_>, rows: &[Row], area: Rect, frame: &mut Frame<'_>) {
    let labels = rows.iter().zip(area.y..).filter_map(|(row, y)| Some((row, y, row.fold_label()?)));
    for (row, y, text) in labels {
        let width = u16::try_from(cut::width(&text)).unwrap_or(u16::MAX).min(area.width);
        let place = Rect::new(area.right() - width, y, width, 1);
        frame.render_widget(Clear, place);
        let role = if row.selected { Role::Selected } else { Role::Accent };
        frame.render_widget(Paragraph::new(Span::styled(text, side.theme.style(role))), place);
    }
}

fn gutter_time(model: &Model, (row, days): (&Row, u16), has_time: bool) -> String {
    let width = 8 + usize::from(days);
    if !has_time && (row.part > 0 || row.continuation) {
        return " ".repeat(width);
    }
    let text = match model.times {
        Times::Age => when::short(model.now.wall - row.at),
        Times::Local if days > 0 => when::to_the_second(row.at, model.now.wall, &model.zone),
        Times::Local | Times::Utc => when::clock(row.at, model.times, &model.zone),
    };
    format!("{text:>width$}")
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

/// Stands before a line that came late, and before one whose time is not there yet.
const LATE: &str = "~ ";
const FUTURE: &str = "» ";

fn mark(row: &Row, now: Millis) -> &'static str {
    match (row.marked, is_ahead(row, now), row.late, row.continuation) {
        (true, ..) => "* ",
        (false, true, ..) => FUTURE,
        (false, false, true, _) => LATE,
        (false, false, false, true) => "│ ",
        (false, false, false, false) => "  ",
    }
}

fn is_ahead(row: &Row, now: Millis) -> bool {
    row.at > now.saturating_add(AHEAD)
}
