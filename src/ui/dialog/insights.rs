//! A query of Logs Insights before it runs: window, query, price.

use ratatui::{
    Frame,
    text::{Line, Span},
};

use super::{Parts, WIDTH, buttons, inside, question, wrapped};
use crate::{
    core::{
        dialog::{Focus, InsightsDialog},
        insights,
        model::Model,
        text::SafeText,
        update::insights_asked,
        when,
    },
    ui::{Side, cut, theme::Role},
};

/// Draws it.
pub(super) fn draw(model: &Model, side: &Side<'_>, dialog: &InsightsDialog, frame: &mut Frame<'_>) {
    let (width, _) = inside(WIDTH, frame);
    let style = |role| side.theme.style(role);
    let asked = insights_asked(model, dialog);
    let mut parts = Parts {
        start: wrapped(side, "Run this filter in Logs Insights?", Role::Title, width),
        ..Parts::default()
    };
    let has_focus = dialog.focus == Focus::Field;
    let typed = SafeText::new(&dialog.window.text);
    let typed = cut::start(&typed, width.saturating_sub(12)).into_owned();
    parts.start.push(Line::from(vec![
        Span::styled(if has_focus { "▸ window  " } else { "  window  " }, style(Role::Key)),
        Span::styled(typed, style(Role::Title)),
        Span::raw(if has_focus { "▏" } else { "" }),
    ]));
    let now = model.now.wall;
    match &asked {
        Ok((from, until)) => {
            let shown = |at| when::show(at, now, model.times, model.utc_offset);
            let text = format!("          {} to {} ({})", shown(*from), shown(*until), when::span(until - from));
            parts.start.extend(wrapped(side, &text, Role::Dim, width));
            let price = insights::price(&model.cost.prices, &model.about.region);
            let lines = match &dialog.size {
                Some(size) => insights::forecast(size, (*from, *until), now, price),
                None => vec!["Asking how much the group holds…".into()],
            };
            for line in lines {
                parts.start.extend(wrapped(side, &line, Role::Warn, width));
            }
        }
        Err(why) => parts.start.extend(wrapped(side, why, Role::Bad, width)),
    }
    parts
        .middle
        .extend(wrapped(side, &format!("On {}:", dialog.group), Role::Dim, width));
    for line in dialog.query.lines() {
        parts.middle.extend(wrapped(side, &SafeText::new(line), Role::Text, width));
    }
    if dialog.query.contains("| filter ") {
        let coarse = "It lets through a little more than the filter, which then looks again here.";
        parts.middle.extend(wrapped(side, coarse, Role::Dim, width));
    }
    let can_go = asked.is_ok() && dialog.size.is_some();
    let yes = ("Run and pay", dialog.focus == Focus::Yes, can_go);
    parts
        .end
        .push(buttons(side, &[("Cancel", dialog.focus == Focus::Cancel, true), yes]));
    let hints = "y yes · n no · Tab to the window (-7d, or FROM to UNTIL) and the buttons";
    question(side, "Logs Insights", hints, parts, frame);
}
