//! The last line of the Logs screen: what is shown, how far behind it is, and what the signs in sight mean.

use ratatui::text::{Line, Span};

use super::{
    FUTURE, LATE,
    histogram::{self, Chart},
    is_ahead,
};
use crate::{
    core::{
        fact::Millis,
        logview::Row,
        model::Model,
        tail::{GapReason, Tail},
        text::SafeText,
        when,
    },
    ui::{Side, cut, theme::Role},
};

/// What is shown, and how true it is.
pub(super) fn line<'a>(model: &Model, side: &Side<'_>, rows: &[Row], chart: Option<&Chart>) -> Line<'a> {
    let style = |role| side.theme.style(role);
    let logs = model.shown_logs();
    if let Some(query) = &model.insights {
        let mut spans = super::insights::state(model, query, side);
        spans.extend(asked_for_spans(model, side));
        return Line::from(spans);
    }
    let mut spans = vec![match (logs.is_paused(), logs.is_following()) {
        (true, _) => Span::styled(" paused, p goes on ", style(Role::BadgeWarn)),
        // Who is refused follows nothing; the panel's head says why.
        (false, true) if model.feeds.logs.fault.is_some() => Span::styled(" asking again ", style(Role::BadgeWarn)),
        (false, true) => Span::styled(" following ", style(Role::Badge)),
        (false, false) => {
            let what = match logs.new_lines() {
                0 => "not following".to_owned(),
                new => format!("+{new} new"),
            };
            Span::styled(format!(" {what}, F follows "), style(Role::BadgeWarn))
        }
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
        spans.extend(gaps(model, side, tail));
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
    spans.extend(row_signs(model, side, rows));
    spans.extend(chart.into_iter().flat_map(|chart| histogram::legend(model, side, chart)));
    Line::from(spans)
}

/// How much has not been fetched, and where late lines were not looked for.
fn gaps<'a>(model: &Model, side: &Side<'_>, tail: &Tail) -> Vec<Span<'a>> {
    let mut spans = Vec::new();
    let sum = |is_unchecked: bool| -> Millis {
        let gaps = tail.gaps(model.now.wall).into_iter();
        let gaps = gaps.filter(|gap| (gap.why == GapReason::LateUnchecked) == is_unchecked);
        gaps.map(|gap| gap.until - gap.from).sum()
    };
    if sum(false) > 0 {
        let text = format!("  {} not fetched yet", when::span(sum(false)));
        spans.push(Span::styled(text, side.theme.style(Role::Warn)));
    }
    if sum(true) > 0 {
        let text = format!("  late lines not looked for in {}", when::span(sum(true)));
        spans.push(Span::styled(text, side.theme.style(Role::Dim)));
    }
    spans
}

/// That older lines are on their way, or why they are not.
fn older<'a>(model: &Model, side: &Side<'_>) -> Option<Span<'a>> {
    let older = model.older.as_ref()?;
    let shown = |at| when::show(at, model.now.wall, model.times, &model.zone);
    let (text, role) = match (older.loading(), older.fault()) {
        (Some(_), Some(fault)) => {
            let next = if older.asks_again() { "k asks now" } else { "k asks again" };
            (format!("  older lines: {}, {next}", fault.kind.words()), Role::Warn)
        }
        // The end gives way on a narrow screen.
        (Some((from, _, lines)), None) => (format!("  loading from {}, Esc stops, {lines} lines", shown(from)), Role::Accent),
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

/// Cells for the id of a request.
const LONGEST_ID: usize = 16;

fn asked_for(model: &Model) -> Vec<String> {
    let (logs, filter) = (model.shown_logs(), model.shown_logs().filter());
    let mut out = Vec::new();
    if let Some(level) = filter.min_level {
        out.push(level.and_worse().to_owned());
    }
    if let Some(request) = &filter.request {
        let id: SafeText = request.ids().first().map(String::as_str).unwrap_or_default().into();
        out.push(format!("request {}, * back", cut::middle(&id, LONGEST_ID)));
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

/// The words for the signs before the rows in sight.
fn row_signs<'a>(model: &Model, side: &Side<'_>, rows: &[Row]) -> Vec<Span<'a>> {
    let now = model.now.wall;
    let late = rows.iter().any(|row| row.late && !is_ahead(row, now)).then_some((LATE, "late"));
    let ahead = rows
        .iter()
        .any(|row| is_ahead(row, now))
        .then_some((FUTURE, "stamped in the future"));
    let there = [late, ahead].into_iter().flatten();
    signs(side, there.map(|(sign, word)| (sign.trim_end(), Role::Accent, word)))
}

/// Signs and what they mean.
pub(super) fn signs<'a>(side: &Side<'_>, all: impl Iterator<Item = (&'static str, Role, &'static str)>) -> Vec<Span<'a>> {
    all.flat_map(|(sign, role, word)| {
        [
            Span::styled(format!("  {sign} "), side.theme.style(role)),
            Span::styled(word, side.theme.style(Role::Dim)),
        ]
    })
    .collect()
}
