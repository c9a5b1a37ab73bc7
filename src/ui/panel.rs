//! The frame round a panel: title on the left, age or state on the right, and what stands there when
//! there is nothing to show.

use ratatui::{
    Frame,
    layout::{Alignment, Rect},
    style::{Color, Style},
    text::{Line, Span},
    widgets::{Block, BorderType, Paragraph, Wrap},
};

use super::{Side, cut, theme::Role};
use crate::core::{fault::FaultKind, feed::Feed, keymap::Intent, model::Model, screen::Panel, when};

/// Draws the frame of a panel and gives the area inside.
pub fn frame(model: &Model, side: &Side<'_>, panel: Panel, area: Rect, frame: &mut Frame<'_>, head: Head<'_>) -> Rect {
    let is_focused = model.panel() == panel && model.dialog.is_none();
    let (border, kind) = if is_focused {
        (Role::BorderFocus, BorderType::Thick)
    } else {
        (Role::Border, BorderType::Plain)
    };
    let room = usize::from(area.width).saturating_sub(2);
    // Without a colour of its own the title would take that of the border.
    let title_style = Style::new().fg(Color::Reset).patch(side.theme.style(Role::Title));
    let mut title = vec![Span::styled(format!(" {} ", head.title), title_style)];
    title.extend(sieve(model, side, panel));
    if model.is_zoomed && is_focused {
        title.push(Span::styled("full screen ", side.theme.style(Role::Dim)));
    }
    let title = cut::line(Line::from(title), room);
    let left = title.width();
    let right = Line::from(head.right);
    let mut block = Block::bordered()
        .border_type(kind)
        .border_style(side.theme.style(border))
        .title(title);
    // Title and right end never run into each other.
    if left + right.width() < room {
        block = block.title(right.alignment(Alignment::Right));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

/// What keeps rows out of sight, so that a list never seems whole when it is not.
fn sieve(model: &Model, side: &Side<'_>, panel: Panel) -> Vec<Span<'static>> {
    let sifts = !matches!(
        panel,
        Panel::LogTail
            | Panel::Logs
            | Panel::Cost
            | Panel::CostNow
            | Panel::Deploy
            | Panel::Outputs
            | Panel::Secrets
            | Panel::Models
            | Panel::Address
            | Panel::Throughput
    );
    let mut spans = Vec::new();
    if let Some(filter) = model.row_filter.as_ref().filter(|_| sifts) {
        let text = format!("/{} ", cut::end(filter, 24));
        spans.push(Span::styled(text, side.theme.style(Role::Warn)));
    }
    if model.attention && sifts {
        spans.push(Span::styled("only what needs attention ", side.theme.style(Role::Warn)));
    }
    spans
}

/// Title and the words on the right of a panel's top line.
#[derive(Debug, Clone, Default)]
pub struct Head<'a> {
    /// What the panel is.
    pub title: &'a str,
    /// Counts, state, age.
    pub right: Vec<Span<'a>>,
}

/// A head with the age of a feed: ` 8s `; in the colour of warning, with the reason, when the newest poll failed.
pub fn head<'a, T>(model: &Model, side: &Side<'_>, title: &'a str, feed: &Feed<T>) -> Head<'a> {
    let age = feed.age(model.now).map(|ms| when::short(ms as i64));
    let right = match (&feed.fault, age) {
        // Nobody asks where nothing is.
        (None, None) if model.is_hollow() || model.is_without_stack() || model.span.is_some() => Vec::new(),
        (None, None) => vec![Span::styled(" asking… ", side.theme.style(Role::Dim))],
        (None, Some(age)) => vec![Span::styled(format!(" {age} old "), side.theme.style(Role::Dim))],
        (Some(fault), age) => {
            let old = age.map_or_else(|| " ".to_owned(), |a| format!(" {a} old, "));
            vec![Span::styled(format!("{old}{} ", fault.kind), side.theme.style(Role::Warn))]
        }
    };
    Head { title, right }
}

/// Says why a panel is empty and what to do.
pub fn empty(side: &Side<'_>, area: Rect, frame: &mut Frame<'_>, why: &str, next: &str) {
    let lines = vec![
        Line::from(Span::styled(why.to_owned(), side.theme.style(Role::Text))),
        Line::from(Span::styled(next.to_owned(), side.theme.style(Role::Dim))),
    ];
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: true }), area);
}

/// Says why a feed has nothing to show; true when it did.
pub fn empty_feed<T>(model: &Model, side: &Side<'_>, feed: &Feed<T>, area: Rect, frame: &mut Frame<'_>) -> bool {
    if feed.get().is_some() {
        return false;
    }
    match &feed.fault {
        _ if model.is_hollow() => {
            let next = format!("{} deletes the stack's record.", model.keymap.label(Intent::WaysOut));
            empty(side, area, frame, "Nothing of it exists any more.", &next);
        }
        Some(fault) => empty(side, area, frame, &format!("{}.", fault.sentence()), &model.advice(fault)),
        None if model.is_without_stack() => {
            let why = format!("There is no stack {} in {}.", model.settings.stack, model.about.region);
            empty(side, area, frame, &why, "Press D to deploy it.");
        }
        None if model.span.is_some() => empty(side, area, frame, "Up to here the recording holds nothing of this.", ""),
        None => empty(side, area, frame, "Asking AWS…", ""),
    }
    true
}

/// The same of log lines, of which a recording keeps next to none.
pub fn empty_logs(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) -> bool {
    let is_unfound = model.feeds.logs.fault.as_ref().is_some_and(|f| f.kind == FaultKind::NotFound);
    if is_unfound && model.feeds.logs.get().is_none() && model.is_log_group_missing() && !model.is_hollow() {
        let [why, next] = if model.is_going_away() {
            ["There is no log group any more.", "The deletion removed it with its lines."]
        } else if model.is_creation_undone() {
            ["There is no log group any more.", "The creation is rolled back."]
        } else {
            ["There is no log group yet.", "It comes with the stack."]
        };
        empty(side, area, frame, why, next);
        return true;
    }
    if model.span.is_none() || model.feeds.logs.get().is_some() {
        return empty_feed(model, side, &model.feeds.logs, area, frame);
    }
    let why = "A recording holds no log lines but the last ones of a task that stopped.";
    empty(side, area, frame, why, "Those stand in the cause on Deploy.");
    true
}
