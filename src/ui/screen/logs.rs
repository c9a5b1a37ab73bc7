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
        lines::Hole,
        live::Live,
        logline::Level,
        logview::{Row, Token, tokens},
        model::{Model, Times},
        names::App,
        older::Older,
        screen::Panel,
        tail::Tail,
        text::SafeText,
        update::live_price,
        when,
    },
    layout::{self, LOG_GUTTER},
    ui::{
        Side, cut,
        panel::{self, Head},
        theme::{Role, of_app},
    },
};

mod histogram;
mod insights;

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
    if let Some(query) = model.insights.as_ref().filter(|it| it.view.lines().is_empty()) {
        insights::empty(query, side, inner, frame);
    } else if model.shown_logs().lines().is_empty() {
        empty(model, side, inner, frame);
    } else {
        histogram::draw(model, side, bars, frame);
        if let Some(fault) = stopped {
            let says = [format!("No new lines: {}.", fault.plain()), fault.advice()];
            let width = usize::from(notice.width);
            let says = says.map(|text| Line::styled(cut::end(&text, width).into_owned(), side.theme.style(Role::Warn)));
            frame.render_widget(Paragraph::new(says.to_vec()), notice);
        }
        draw_lines(model, side, lines, frame);
    }
    frame.render_widget(Paragraph::new(cut::line(state_line(model, side), usize::from(state.width))), state);
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

/// That Live Tail costs money while it is on. On a narrow screen in fewer words, with nothing beside it.
fn badge(model: &Model, side: &Side<'_>, live: &Live, head: &mut Head<'_>, area: Rect) {
    let (word, price) = (live.word(), live_price(model));
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
        return panel::empty(side, area, frame, &format!("{}.", fault.sentence()), &fault.advice());
    }
    if tail.is_some_and(Tail::is_first_pass) {
        return panel::empty(side, area, frame, "Looking through the last 15 minutes…", "");
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
    let lines: Vec<Line<'_>> = rows.iter().map(|row| row_line(model, side, row, (false, false))).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

fn draw_lines(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let window = model
        .shown_logs()
        .window(usize::from(area.height), usize::from(area.width.saturating_sub(LOG_GUTTER)));
    if window.rows.is_empty() {
        let (why, next) = nothing_kept(model);
        return panel::empty(side, area, frame, why, next);
    }
    let lines = window.rows.iter().enumerate();
    // Who lands in the middle of a traceback sees when it was.
    let lines: Vec<Line<'_>> = lines
        .map(|(i, row)| row_line(model, side, row, (i == 0 || row.selected, true)))
        .collect();
    frame.render_widget(Paragraph::new(lines), area);
    draw_folds(side, &window.rows, area, frame);
    for (row, hole) in &window.holes {
        draw_hole(model, side, *hole, (*row, area), frame);
    }
}

/// On the right of the first row after what is not held: that it is missing, and how to have it.
fn draw_hole(model: &Model, side: &Side<'_>, hole: Hole, (row, area): (usize, Rect), frame: &mut Frame<'_>) {
    let what = match (hole.lines, model.older.as_ref().and_then(Older::loading)) {
        (_, Some((from, until, _))) if from <= hole.until && hole.from < until => "loading".to_owned(),
        (0, _) => "lines before this were not fetched, scroll to load".to_owned(),
        (1, _) => "1 line dropped here, scroll to reload".to_owned(),
        (lines, _) => format!("{lines} lines dropped here, scroll to reload"),
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
    let is_of_task = model.logs.filter().stream.is_some() && model.insights.is_none();
    match (is_of_task, model.shown_logs().is_searching()) {
        (_, true) => ("Looking through the lines…", ""),
        (true, false) => (
            "This task has written no line since what is shown begins: perhaps it never ran.",
            "q goes back; 3 shows why it stopped; @ with a time looks further back.",
        ),
        (false, false) => (
            "No line matches what is asked for.",
            "q clears the filter; v and a reset the level; u chooses whose lines.",
        ),
    }
}

/// Gutter and text of one row, with its time also where it goes on with an entry when `has_time`. A cell of the gutter
/// never holds text from outside.
fn row_line<'a>(model: &Model, side: &Side<'_>, row: &'a Row, (has_time, has_cursor): (bool, bool)) -> Line<'a> {
    let style = |role| side.theme.style(role);
    let level = level_role(row.level);
    let mut spans = vec![
        Span::styled(gutter_time(model, row, has_time), style(Role::Dim)),
        Span::styled(format!(" {} ", if row.part == 0 { letter(row.level) } else { " " }), style(level)),
        Span::styled(
            format!("{:<7}", if row.part == 0 { app_name(row.app) } else { "" }),
            style(of_app(row.app)),
        ),
        Span::styled(mark(row), style(Role::Accent)),
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
    for (row, y) in rows.iter().zip(area.y..).filter(|(row, _)| row.folded > 0) {
        let plural = if row.folded == 1 { "" } else { "s" };
        let text = format!(" +{} line{plural} ", row.folded);
        let width = u16::try_from(cut::width(&text)).unwrap_or(u16::MAX).min(area.width);
        let place = Rect::new(area.right() - width, y, width, 1);
        frame.render_widget(Clear, place);
        let role = if row.selected { Role::Selected } else { Role::Accent };
        frame.render_widget(Paragraph::new(Span::styled(text, side.theme.style(role))), place);
    }
}

fn gutter_time(model: &Model, row: &Row, has_time: bool) -> String {
    if !has_time && (row.part > 0 || row.continuation) {
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

/// What is shown, and how true it is.
fn state_line<'a>(model: &Model, side: &Side<'_>) -> Line<'a> {
    let style = |role| side.theme.style(role);
    let logs = model.shown_logs();
    if let Some(query) = &model.insights {
        let mut spans = insights::state(model, query, side);
        spans.extend(asked_for_spans(model, side));
        return Line::from(spans);
    }
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
    }
    // Before numbers that nobody misses on a narrow screen.
    spans.extend(asked_for_spans(model, side));
    if let Some(tail) = &model.tail {
        let gaps = tail.gaps(model.now.wall);
        if !gaps.is_empty() {
            spans.push(Span::styled(
                format!("  {} not fetched yet", when::span(gaps.iter().map(|g| g.until - g.from).sum())),
                style(Role::Warn),
            ));
        }
        let unchecked = tail.reconcile_lag(model.now.wall);
        if unchecked > 60_000 * i64::from(model.about.speed) {
            let text = format!("  search for late lines {} behind", when::span(unchecked));
            spans.push(Span::styled(text, style(Role::Warn)));
        }
    }
    spans.extend(older(model, side));
    let kept = logs.kept_len().map_or_else(String::new, |kept| format!("{kept} of "));
    spans.push(Span::styled(format!("  {kept}{} lines", logs.lines().len()), style(Role::Dim)));
    let dropped: u64 = logs.lines().holes().iter().map(|hole| hole.lines).sum();
    if dropped > 0 {
        spans.push(Span::styled(format!(", {dropped} dropped"), style(Role::Dim)));
    }
    if logs.shows_histogram() {
        spans.extend(histogram::legend(model, side));
    }
    Line::from(spans)
}

/// That older lines are on their way, or why they are not.
fn older<'a>(model: &Model, side: &Side<'_>) -> Option<Span<'a>> {
    let older = model.older.as_ref()?;
    let shown = |at| when::show(at, model.now.wall, model.times, model.utc_offset);
    let (text, role) = match (older.loading(), older.fault()) {
        (Some(_), Some(fault)) => (format!("  older lines: {}, k asks again", fault.kind), Role::Warn),
        (Some((from, until, lines)), None) => (
            format!("  loading {} to {}: {lines} lines, Esc stops", shown(from), shown(until)),
            Role::Accent,
        ),
        (None, _) => return None,
    };
    Some(Span::styled(text, side.theme.style(role)))
}

fn asked_for_spans<'a>(model: &Model, side: &Side<'_>) -> impl Iterator<Item = Span<'a>> {
    let style = side.theme.style(Role::Accent);
    asked_for(model)
        .into_iter()
        .map(move |text| Span::styled(format!("  {text}"), style))
}

fn asked_for(model: &Model) -> Vec<String> {
    let (logs, filter) = (model.shown_logs(), model.shown_logs().filter());
    let mut out = Vec::new();
    if let Some(level) = filter.min_level {
        out.push(format!("{level} and worse"));
    }
    if let Some(request) = &filter.request {
        out.push(format!("request {}, * goes back", SafeText::new(request.text())));
    }
    if let Some(shape) = &filter.shape {
        out.push(format!("errors like {}, Esc back", cut::end(shape, 20)));
    }
    if filter.heads_only {
        out.push("folded, z opens".to_owned());
    }
    if let Some(pattern) = &filter.pattern {
        let not = if pattern.is_inverse() { "not " } else { "" };
        out.push(format!("{not}matching {}", SafeText::new(pattern.text())));
    }
    if let Some(pattern) = logs.searched() {
        let count = match (logs.search_place(), logs.search_len()) {
            (Some(place), all) => format!("{place} of {all}"),
            (None, 1) => "1 match".to_owned(),
            (None, all) => format!("{all} matches"),
        };
        out.push(format!("/{} {count}, n N", SafeText::new(pattern.text())));
    }
    if logs.is_searching() {
        out.push("looking…".into());
    }
    out
}
