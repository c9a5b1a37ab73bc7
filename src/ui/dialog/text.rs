//! Long texts with a scroll: the error log, a row in full; and the sheet that help shares with them.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{Sheet, inside, sheet, wrapped};
use crate::{
    core::{
        dialog::{Detail, Json, Scroll},
        fault::FaultKind,
        model::{ErrorEntry, Model},
        when,
    },
    layout::{self, TEXT as WIDTH, TextRow},
    ui::{
        Side, cut, strip,
        theme::{self, Role},
    },
};

/// A text on a sheet, from the row it is scrolled to; it never scrolls past its end.
pub(super) fn scrolled(side: &Side<'_>, title: &str, width: u16, lines: Vec<Line<'_>>, scroll: Scroll, frame: &mut Frame<'_>) {
    let (inner, top) = page(side, title, width, lines.len(), scroll, frame);
    let shown: Vec<Line<'_>> = lines.into_iter().skip(top).take(inner.height.into()).collect();
    frame.render_widget(Paragraph::new(shown), inner);
}

/// The sheet of a text of so many rows, and the first row that is in sight.
fn page(side: &Side<'_>, title: &str, width: u16, all: usize, scroll: Scroll, frame: &mut Frame<'_>) -> (Rect, usize) {
    let (_, room) = inside(width, frame);
    let rows = all.min(room);
    let top = scroll.top.min(all - rows);
    let right = if rows < all {
        format!("{}–{} of {all}", top + 1, top + rows)
    } else {
        String::new()
    };
    let it = Sheet {
        title,
        right: &right,
        hints: if right.is_empty() {
            "Esc closes"
        } else {
            "j k scroll · PgUp PgDn a page · Esc closes"
        },
    };
    (sheet(side, &it, width, rows, frame), top)
}

/// The same of rows of which only those in sight are drawn: there may be a megabyte of them.
fn long<'a>(side: &Side<'_>, title: &str, rows: impl Iterator<Item = TextRow<'a>> + Clone, scroll: Scroll, frame: &mut Frame<'_>) {
    let (inner, top) = page(side, title, WIDTH, rows.clone().count(), scroll, frame);
    let style = side.theme.style(Role::Text);
    let line = |row: TextRow<'_>| Line::styled(format!("{:2$}{}", row.label, row.text, row.indent), style);
    let shown: Vec<Line<'_>> = rows.skip(top).take(inner.height.into()).map(line).collect();
    frame.render_widget(Paragraph::new(shown), inner);
}

/// What the strip tells, whole; then what failed so far, newest first.
pub(super) fn errors(model: &Model, side: &Side<'_>, scroll: Scroll, frame: &mut Frame<'_>) {
    let (width, _) = inside(WIDTH, frame);
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (severity, phrase) in strip::phrases(model) {
        lines.extend(wrapped(side, &phrase, theme::of_severity(severity), width));
        lines.push(Line::default());
    }
    if !lines.is_empty() {
        lines.push(Line::styled("Requests that failed, newest first", side.theme.style(Role::Title)));
    }
    if model.errors.is_empty() {
        lines.extend(wrapped(side, "No request has failed.", Role::Text, width));
    }
    lines.extend(model.errors.iter().rev().flat_map(|e| entry(model, side, e, width)));
    scrolled(side, "What is wrong, and what failed", WIDTH, lines, scroll, frame);
}

fn entry(model: &Model, side: &Side<'_>, entry: &ErrorEntry, width: usize) -> Vec<Line<'static>> {
    let at = when::show(entry.at, model.now.wall, model.times, &model.zone);
    let times = if entry.count > 1 {
        format!("  {} times", entry.count)
    } else {
        String::new()
    };
    let code = entry.fault.code.as_ref().map(|c| format!("  {c}")).unwrap_or_default();
    let request = entry
        .fault
        .request_id
        .as_ref()
        .map(|id| format!("  request {id}"))
        .unwrap_or_default();
    let head = Line::from(vec![
        Span::styled(at, side.theme.style(Role::Key)),
        Span::styled(times, side.theme.style(Role::Warn)),
        Span::styled(
            format!("  {}{code}{request}", entry.fault.kind.words()),
            side.theme.style(Role::Dim),
        ),
    ]);
    let mut lines = vec![cut::line(head, width)];
    lines.extend(wrapped(side, &format!("{}.", entry.fault.sentence()), Role::Bad, width));
    // This is the error log, to which its advice would lead.
    if entry.fault.kind != FaultKind::Internal {
        lines.extend(wrapped(side, &model.advice(&entry.fault), Role::Text, width));
    }
    lines.push(Line::default());
    lines
}

/// A row in full.
pub(super) fn detail(side: &Side<'_>, detail: &Detail, frame: &mut Frame<'_>) {
    let (width, _) = inside(WIDTH, frame);
    long(side, &detail.title, layout::detail_rows(detail, width), detail.scroll, frame);
}

/// A row as JSON.
pub(super) fn json(side: &Side<'_>, json: &Json, frame: &mut Frame<'_>) {
    let (width, _) = inside(WIDTH, frame);
    let form = if json.is_one_line { "pretty" } else { "one line" };
    let title = format!("{} as JSON · J {form} · y copies", json.title);
    long(side, &title, layout::json_rows(json, width), json.scroll, frame);
}

#[cfg(test)]
mod tests {
    use crate::{
        core::{
            dialog::{Detail, Dialog, Json, Scroll},
            key::Key,
            msg::{Msg, Size},
            update::update,
        },
        ui::screen::fixture::{self, frame},
    };

    #[test]
    fn from_the_end_of_a_long_text_one_key_leads_up_a_row() {
        let detail = Detail {
            title: "Log entry".into(),
            lines: vec!["words and numbers 12345 ".repeat(4_000).into()],
            scroll: Scroll::default(),
        };
        let json = Json::new("Log entry".into(), serde_json::json!({ "list": vec!["漢字"; 4_000] }));
        for dialog in [Dialog::Detail(detail), Dialog::Json(json)] {
            for size @ (width, height) in [(80, 24), (200, 60)] {
                let mut model = fixture::with_stack("CREATE_COMPLETE");
                model.size = Size { width, height };
                model.dialog = Some(dialog.clone());
                model.is_dialog_seen = true;
                let draw = |model: &_| frame(model, size, |model, side, _, f| super::super::draw(model, side, f));
                let mut seen = vec![draw(&model)];
                for key in ['G', 'k', 'j'] {
                    update(&mut model, Msg::Key(Key::char(key)));
                    seen.push(draw(&model));
                }
                assert!(seen[0] != seen[1] && seen[1] != seen[2], "{}", seen[2]);
                assert_eq!(seen[1], seen[3]);
            }
        }
    }
}
