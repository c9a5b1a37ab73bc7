//! Help: the live keys of this screen, grouped by what they do, made from the keymap.

use ratatui::{
    Frame,
    text::{Line, Span},
};

use super::{inside, list::is_acting, text, wrapped};
use crate::{
    core::{dialog::Scroll, keymap::Binding, model::Model},
    ui::{Side, cut, theme::Role},
};

/// Width with two columns, and with one.
const WIDTHS: [u16; 2] = [160, 84];
/// Cells for the keys of an action.
const KEYS: usize = 11;
/// Blank cells between two columns.
const GAP: usize = 4;

/// Draws the sheet.
pub(super) fn draw(model: &Model, side: &Side<'_>, scroll: Scroll, frame: &mut Frame<'_>) {
    let [two, one] = WIDTHS;
    let is_wide = frame.area().width >= 2 * one - 30;
    let width = if is_wide { two } else { one };
    let (inner, _) = inside(width, frame);
    let mut lines = refusal(model, side, inner);
    if is_wide {
        let column = (inner - GAP.min(inner)) / 2;
        lines.extend(side_by_side(blocks(model, side, column), column));
    } else {
        lines.extend(blocks(model, side, inner).into_iter().flatten());
    }
    text::scrolled(side, &format!("Keys on {}", model.screen), width, lines, scroll, frame);
}

/// Why the acting keys are dimmed.
fn refusal(model: &Model, side: &Side<'_>, width: usize) -> Vec<Line<'static>> {
    model.guard.refusal(model.now).map_or_else(Vec::new, |why| {
        let mut lines = wrapped(side, &format!("Keys that write are off: {why}."), Role::Warn, width);
        lines.push(Line::default());
        lines
    })
}

/// Which bindings belong to a group.
type Choice = fn(&Binding) -> bool;

/// A group: its title and its rows, each row one or more lines.
fn blocks(model: &Model, side: &Side<'_>, width: usize) -> Vec<Vec<Line<'static>>> {
    let all: Vec<_> = model
        .keymap
        .available(model.screen)
        .filter(|b| !model.keymap.keys(b.intent).is_empty())
        .collect();
    let groups: [(&str, Choice); 3] = [
        ("Acting: each asks first", |b| is_acting(b.kind)),
        ("On this screen", |b| !is_acting(b.kind) && !b.screens.is_empty()),
        ("Everywhere", |b| !is_acting(b.kind) && b.screens.is_empty()),
    ];
    let mut out = Vec::new();
    for (title, is_in) in groups {
        let rows: Vec<_> = all.iter().filter(|b| is_in(b)).collect();
        if rows.is_empty() {
            continue;
        }
        let mut block = vec![Line::styled(title, side.theme.style(Role::Title))];
        for binding in rows {
            block.extend(row(model, side, binding, width));
        }
        block.push(Line::default());
        out.push(block);
    }
    out
}

fn row(model: &Model, side: &Side<'_>, binding: &Binding, width: usize) -> Vec<Line<'static>> {
    let keys: Vec<String> = model.keymap.keys(binding.intent).iter().map(|k| k.label()).collect();
    let keys = cut::end(&keys.join(" "), KEYS).into_owned();
    let is_refused = is_acting(binding.kind) && model.guard.refusal(model.now).is_some();
    let (key, help) = if is_refused {
        (Role::Dim, Role::Dim)
    } else {
        (Role::Key, Role::Text)
    };
    let texts = cut::wrap(binding.help, width.saturating_sub(KEYS + 1));
    let heads = std::iter::once(keys).chain(std::iter::repeat(String::new()));
    texts
        .into_iter()
        .zip(heads)
        .map(|(text, head)| {
            let pad = " ".repeat(KEYS + 1 - cut::width(&head));
            Line::from(vec![
                Span::styled(head, side.theme.style(key)),
                Span::raw(pad),
                Span::styled(text, side.theme.style(help)),
            ])
        })
        .collect()
}

/// Two columns of about the same height; the first ends where the second begins.
fn side_by_side(blocks: Vec<Vec<Line<'static>>>, column: usize) -> Vec<Line<'static>> {
    let lines: Vec<Line<'static>> = blocks.into_iter().flatten().collect();
    let half = lines.len().div_ceil(2);
    (0..half)
        .map(|i| {
            let left = lines[i].clone();
            let pad = " ".repeat((column + GAP).saturating_sub(left.width()));
            let right = lines.get(i + half).cloned().unwrap_or_default();
            let spans = |line: Line<'static>| line.spans.into_iter().map(move |s| s.patch_style(line.style)).collect::<Vec<_>>();
            Line::from([spans(left), vec![Span::raw(pad)], spans(right)].concat())
        })
        .collect()
}
