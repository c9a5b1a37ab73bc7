//! Results of Logs Insights on the Logs screen: that they are that, of which window, and what they cost.

use ratatui::{Frame, layout::Rect, text::Span};

use crate::{
    core::{
        fact::QueryState,
        insights::{self, Insights},
        model::Model,
        when,
    },
    ui::{Side, panel, theme::Role},
};

/// On the frame: these lines are not the tail.
pub(super) fn badge<'a>(model: &Model, side: &Side<'_>) -> Span<'a> {
    let price = insights::price_words(insights::price(&model.cost.prices, &model.about.region));
    Span::styled(format!(" Logs Insights results · {price} "), side.theme.style(Role::Badge))
}

/// Why there are no lines.
pub(super) fn empty(query: &Insights, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let (why, next) = match query.end() {
        None => ("Logs Insights looks through the window…", "Esc stops it and goes back to the tail."),
        Some(QueryState::Complete) => (
            "Logs Insights found no line in this window that matches.",
            "Q goes back to the tail; Q again asks for another window.",
        ),
        Some(_) => (
            "The query ended without a result.",
            "Q goes back to the tail; ! shows what went wrong.",
        ),
    };
    panel::empty(side, area, frame, why, next);
}

/// Where the query is, its window, what it found, scanned and cost.
pub(super) fn state<'a>(model: &Model, query: &Insights, side: &Side<'_>) -> Vec<Span<'a>> {
    let style = |role| side.theme.style(role);
    let (word, role) = match query.end() {
        None if query.fault().is_some() => (" running, AWS does not answer, asking again ", Role::BadgeWarn),
        None => (" running, Esc stops ", Role::BadgeWarn),
        Some(QueryState::Complete) => (" Q back to the tail ", Role::Badge),
        Some(QueryState::Failed) => (" failed on AWS's side, Q back ", Role::BadgeWarn),
        Some(QueryState::Cancelled) => (" stopped, Q back ", Role::BadgeWarn),
        Some(QueryState::TimedOut | QueryState::Running) => (" timed out: narrow the window, Q back ", Role::BadgeWarn),
    };
    let shown = |at| when::show(at, model.now.wall, model.times, model.utc_offset);
    let (from, until) = (query.request.from, query.request.until);
    let mut spans = vec![
        Span::styled(word, style(role)),
        Span::styled(format!("  {} to {}", shown(from), shown(until)), style(Role::Accent)),
    ];
    if let Some(totals) = query.totals() {
        let price = insights::price(&model.cost.prices, &model.about.region);
        let cost = insights::cost_words(totals.bytes, price);
        spans.push(Span::styled(format!("  {} records matched", totals.matched), style(Role::Text)));
        if query.is_at_limit() {
            let text = format!("  only the newest {} came: narrow the window or the filter", insights::MOST);
            spans.push(Span::styled(text, style(Role::Warn)));
        }
        spans.push(Span::styled(format!("  {cost}"), style(Role::Dim)));
    }
    spans
}
