//! A query of Logs Insights before it runs: window, query, price.

use ratatui::{
    Frame,
    text::{Line, Span},
};

use super::{Parts, WIDTH, buttons, inside, question, too_small_to_pay, wrapped};
use crate::{
    core::{
        dialog::{Focus, InsightsDialog},
        insights,
        model::Model,
        text::SafeText,
        update::insights_asked,
        when,
    },
    ui::{Side, cut, theme::Role, typed},
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
    let room = width.saturating_sub(10);
    let mut line = vec![Span::styled(if has_focus { "▸ window  " } else { "  window  " }, style(Role::Key))];
    if has_focus {
        line.extend(typed::spans(&dialog.window, room, (style(Role::Title), style(Role::Title))));
    } else {
        let typed = SafeText::new(dialog.window.text());
        line.push(Span::styled(cut::end(&typed, room).into_owned(), style(Role::Title)));
    }
    parts.start.push(Line::from(line));
    let now = model.now.wall;
    match &asked {
        Ok((from, until)) => {
            let shown = |at| when::show(at, now, model.times, &model.zone);
            let text = format!("          {} to {} ({})", shown(*from), shown(*until), when::span(until - from));
            parts.start.extend(wrapped(side, &text, Role::Dim, width));
            let price = insights::price(&model.cost.prices, &model.about.region);
            let lines = match &dialog.size {
                Some(size) => insights::forecast(size, (*from, *until), now, price),
                None => vec!["Asking how much the group holds…".into()],
            };
            for line in lines {
                // Why the size is not known may take long to say; the price comes after it.
                parts.start.extend(wrapped(side, &line, Role::Warn, width).into_iter().take(3));
            }
        }
        Err(why) => parts.start.extend(wrapped(side, why, Role::Bad, width)),
    }
    for text in lacks(dialog) {
        parts.start.extend(wrapped(side, &text, Role::Bad, width));
    }
    parts
        .middle
        .extend(wrapped(side, &format!("On {}:", dialog.group), Role::Dim, width));
    for line in dialog.query.lines() {
        parts.middle.extend(wrapped(side, &SafeText::new(line), Role::Text, width));
    }
    if dialog.query.contains("| filter ") && !dialog.is_of_request {
        let coarse = "It lets through a little more than the filter, which then looks again here.";
        parts.middle.extend(wrapped(side, coarse, Role::Dim, width));
    }
    let too_small = too_small_to_pay(side, "Runs", frame);
    let can_go = asked.is_ok() && dialog.size.is_some() && too_small.is_empty();
    parts.end.extend(too_small);
    let yes = ("Run and pay", dialog.focus == Focus::Yes, can_go);
    parts
        .end
        .push(buttons(side, &[("Cancel", dialog.focus == Focus::Cancel, true), yes]));
    let hints = "y yes · n no · Tab to the window (-7d, or FROM to UNTIL) and the buttons";
    question(side, "Logs Insights", hints, parts, frame);
}

/// What the query leaves out, or does not.
fn lacks(dialog: &InsightsDialog) -> impl Iterator<Item = String> {
    let pattern = dialog.lacks_pattern.then(|| {
        format!(
            "The pattern can not be said to AWS: of the newest {} lines of all others, those that match are kept here.",
            insights::MOST
        )
    });
    let request = dialog
        .is_of_request
        .then(|| "Only lines that name the request come, not their tracebacks.".to_owned());
    pattern.into_iter().chain(request)
}

#[cfg(test)]
mod tests {
    use crate::{
        core::{
            dialog::{Dialog, Focus, InsightsDialog},
            fact::LogGroup,
            fault::{Fault, FaultKind},
            field::TextField,
            insights::query,
            key::Key,
            lines::{Filter, Pattern, StreamName},
            logline::Level,
            msg::{Msg, Size},
            names::App,
            tail::Tail,
            update::update,
        },
        ui::screen::fixture::{self, frame},
    };

    fn questions() -> Vec<(Dialog, Vec<&'static str>)> {
        let filter = Filter {
            app: Some(App::Litellm),
            stream: Some(StreamName::Is("litellm/litellm/0af3".into())),
            min_level: Some(Level::Error),
            pattern: Pattern::filter(&"a long pattern ".repeat(20)),
            ..Filter::default()
        };
        let group = LogGroup {
            stored: Some(5 << 40),
            created: Some(fixture::NOW - 864_000_000),
            retention_days: Some(30),
        };
        let denied = Fault::new(
            FaultKind::Denied,
            "logs:DescribeLogGroups",
            "/ecs/bedrock-image-chat-of-a-long-name",
            &"a long reason ".repeat(40),
        );
        let insights = |size, lacks_pattern, is_of_request| {
            Dialog::Insights(InsightsDialog {
                window: TextField::with("2026-11-20T01:02:03 to 2026-11-21T01:02:03"),
                query: query(&filter, false),
                lacks_pattern,
                is_of_request,
                group: "/ecs/bedrock-image-chat-of-a-long-name".into(),
                asked: 1,
                size: Some(size),
                focus: Focus::Cancel,
            })
        };
        let price = "(unverified)";
        let mut model = fixture::running();
        model.tail = Some(Tail::new("g".into(), 0));
        model.screen = crate::core::screen::ScreenId::Logs;
        update(&mut model, Msg::Key(Key::char('T')));
        vec![
            (
                insights(Ok(Some(group)), true, false),
                vec!["Estimate", price, "kept here", "Run and pay", "▸[ Cancel ]", "window"],
            ),
            (
                insights(Err(denied), true, false),
                vec!["It costs", price, "kept here", "Run and pay"],
            ),
            (
                insights(Ok(Some(group)), false, false),
                vec!["Estimate", price, "Run and pay", "2026-11-21T01:02:03"],
            ),
            (
                insights(Ok(Some(group)), true, true),
                vec!["Estimate", price, "kept here", "tracebacks.", "Run and pay"],
            ),
            (
                model.dialog.clone().unwrap(),
                vec!["a minute", "500 lines", "leaves nothing out", "minute after this screen", "Begin"],
            ),
        ]
    }

    #[test]
    fn what_is_not_wholly_shown_can_not_be_paid_for() {
        let mut paid = 0;
        let running = fixture::running();
        for (dialog, parts) in questions() {
            for (width, height) in [40, 59, 60, 80].into_iter().flat_map(|w| [12, 15, 16, 17, 24].map(|h| (w, h))) {
                let mut model = running.clone();
                model.screen = crate::core::screen::ScreenId::Logs;
                model.tail = Some(Tail::new("g".into(), fixture::NOW));
                model.size = Size { width, height };
                model.dialog = Some(dialog.clone());
                update(&mut model, Msg::Drawn);
                let screen = frame(&model, (width, height), |model, side, _, f| super::super::draw(model, side, f));
                update(&mut model, Msg::Key(Key::char('y')));
                let is_begun = model.insights.is_some() || model.live.is_some();
                let says = screen.contains("enlarge the");
                assert!(is_begun || says, "{width}x{height} says not why it is refused:\n{screen}");
                assert!(is_begun != model.dialog.is_some());
                if !is_begun {
                    continue;
                }
                paid += 1;
                for part in &parts {
                    assert!(screen.contains(part), "{width}x{height} lacks {part}:\n{screen}");
                }
                assert!(!screen.contains(" × "), "{screen}");
            }
        }
        assert_eq!(paid, 5 * 2 * 3, "questions, widths, heights");
    }
}
