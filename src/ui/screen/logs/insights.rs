//! Results of Logs Insights on the Logs screen: of which window, and what they cost.

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

/// On the frame: which window the lines are of.
pub(super) fn window(model: &Model, query: &Insights, side: &Side<'_>) -> Span<'static> {
    let shown = |at| when::show(at, model.now.wall, model.times, &model.zone);
    let text = format!(" {} to {} ", shown(query.request.from), shown(query.request.until));
    Span::styled(text, side.theme.style(Role::Badge))
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

/// Where the query is, what it found, scanned and cost.
pub(super) fn state<'a>(model: &Model, query: &Insights, side: &Side<'_>) -> Vec<Span<'a>> {
    let style = |role| side.theme.style(role);
    let (word, role) = match query.end() {
        None if query.fault().is_some() => (" running, AWS does not answer, asking again ", Role::BadgeWarn),
        None => (" running, Esc stops ", Role::BadgeWarn),
        Some(QueryState::Complete) => (" Q back ", Role::Badge),
        Some(QueryState::Failed) => (" failed at AWS, Q back ", Role::BadgeWarn),
        Some(QueryState::Cancelled) => (" stopped, Q back ", Role::BadgeWarn),
        Some(QueryState::TimedOut | QueryState::Running) => (" timed out: narrow the window, Q back ", Role::BadgeWarn),
    };
    let mut spans = vec![Span::styled(word, style(role))];
    if let Some(totals) = query.totals() {
        let price = insights::price(&model.cost.prices, &model.about.region);
        let lines = query.view.lines();
        let (text, role) = if !lines.holes().is_empty() {
            let text = format!("  newest {} of {} fit: narrow it", lines.len(), totals.matched);
            (text, Role::Warn)
        } else if query.is_at_limit() {
            let text = format!("  newest {} of {} matched: narrow it", insights::MOST, totals.matched);
            (text, Role::Warn)
        } else {
            let noun = if totals.matched == 1 { "record" } else { "records" };
            (format!("  {} {noun} matched", totals.matched), Role::Text)
        };
        spans.push(Span::styled(text, style(role)));
        spans.push(Span::styled(
            format!("  {}", insights::cost_words(totals.bytes, price)),
            style(Role::Dim),
        ));
    }
    spans
}
