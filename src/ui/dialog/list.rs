//! Lists to choose from: the palette and the menu.

use ratatui::{
    Frame,
    layout::{Constraint, Layout},
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{Sheet, WIDTH, inside, search, sheet, wrapped};
use crate::{
    core::{
        cause,
        dialog::{Menu, Palette, Skip},
        keymap::{Binding, Kind},
        model::Model,
        unstick::Way,
        update,
    },
    ui::{
        Side, cut,
        screen::kit::wrap_ends,
        table::{self, Rows},
        theme::Role,
    },
};

/// How wide and how high the palette wants to be; its height does not depend on what is typed.
const PALETTE: (u16, usize) = (100, 24);

/// Every action.
pub(super) fn palette(model: &Model, side: &Side<'_>, palette: &Palette, frame: &mut Frame<'_>) {
    let bindings = update::palette_rows(model, palette);
    let (_, room) = inside(PALETTE.0, frame);
    let height = PALETTE.1.min(room).saturating_sub(1);
    let right = match table::window(palette.selected, bindings.len(), height) {
        all if all.is_empty() => format!("{} actions", bindings.len()),
        some => some,
    };
    let it = Sheet {
        title: "All actions",
        right: &right,
        hints: "type to search · ↑↓ choose · Enter does it · Esc leaves",
    };
    let inner = sheet(side, &it, PALETTE.0, PALETTE.1.min(room), frame);
    let [line, list] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(inner);
    let field = search(side, &palette.field, usize::from(line.width));
    frame.render_widget(Paragraph::new(field), line);
    if bindings.is_empty() {
        let none = Line::styled("No action has these words.", side.theme.style(Role::Dim));
        frame.render_widget(Paragraph::new(none), list);
        return;
    }
    let rows = Rows {
        heads: &[],
        widths: &[Constraint::Length(7), Constraint::Fill(1), Constraint::Length(7)],
        cursor: Some(palette.selected),
        count: bindings.len(),
    };
    table::draw(side, &rows, list, frame, |i| palette_row(model, side, bindings[i]));
}

fn palette_row(model: &Model, side: &Side<'_>, binding: &'static Binding) -> Vec<Line<'static>> {
    let is_refused = is_acting(binding.kind) && model.guard.refusal(model.now).is_some();
    let dim = side.theme.style(Role::Dim);
    let (key, help) = if is_refused {
        (dim, dim)
    } else {
        (side.theme.style(Role::Key), side.theme.style(Role::Text))
    };
    vec![
        Line::styled(model.keymap.label(binding.intent), key),
        Line::styled(binding.help, help),
        Line::styled(kind(binding.kind), dim),
    ]
}

/// It writes to AWS or costs money.
pub(super) fn is_acting(kind: Kind) -> bool {
    matches!(kind, Kind::Write | Kind::Money)
}

/// What an action does to the world; nothing to say of what only changes the view.
fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::View => "",
        Kind::Read => "reads",
        Kind::Write => "writes",
        Kind::Money => "costs",
    }
}

/// Ways to go on.
pub(super) fn menu(side: &Side<'_>, menu: &Menu, frame: &mut Frame<'_>) {
    let (width, room) = inside(WIDTH, frame);
    let mut lines = Vec::new();
    let (mut starts, mut end_of_selected) = (Vec::new(), 0);
    for (i, way) in menu.ways.iter().enumerate() {
        starts.push(lines.len());
        let is_here = i == menu.selected;
        let mark = if is_here { "▸ " } else { "  " };
        let role = match (is_here, &way.closed) {
            (true, _) => Role::Selected,
            (false, None) => Role::Text,
            (false, Some(_)) => Role::Dim,
        };
        lines.push(Line::styled(
            cut::end(&format!("{mark}{}", way.label), width).into_owned(),
            side.theme.style(role),
        ));
        let help = way
            .closed
            .as_ref()
            .map_or_else(|| way.help.to_string(), |why| format!("not now: {why}"));
        for line in wrapped(side, &help, Role::Dim, width.saturating_sub(4)) {
            lines.push(Line::from([vec![Span::raw("    ")], line.spans].concat()).style(line.style));
        }
        if is_here {
            end_of_selected = lines.len();
        }
    }
    let right = in_sight(&starts, lines.len(), end_of_selected, room);
    let it = Sheet {
        title: &menu.title,
        right: &right,
        hints: "j k choose · Enter takes · Esc leaves",
    };
    let rows = lines.len().min(room);
    let inner = sheet(side, &it, WIDTH, rows, frame);
    let skipped = end_of_selected.saturating_sub(inner.height.into());
    let shown: Vec<Line<'_>> = lines.into_iter().skip(skipped).collect();
    frame.render_widget(Paragraph::new(shown), inner);
}

/// Which entries are in sight, when not all are. Each begins at a line; the end of the one under the cursor is shown.
fn in_sight(starts: &[usize], lines: usize, end_of_selected: usize, room: usize) -> String {
    if lines <= room {
        return String::new();
    }
    let top = end_of_selected.saturating_sub(room);
    let shown: Vec<usize> = (0..starts.len()).filter(|i| (top..top + room).contains(&starts[*i])).collect();
    match (shown.first(), shown.last()) {
        (Some(first), Some(last)) => format!("{}–{} of {}", first + 1, last + 1, starts.len()),
        _ => String::new(),
    }
}

/// Resources that could not be put back, each with a box to leave it out.
pub(super) fn skip(side: &Side<'_>, skip: &Skip, frame: &mut Frame<'_>) {
    let (width, room) = inside(WIDTH, frame);
    let (about, title, hints) = if skip.way == Way::DeleteRetaining {
        (
            "These could not be deleted. Those that you keep stay in the account and belong to no stack; the others are tried again.",
            "Delete again: keep?",
            "j k choose · Space keeps or not · Enter goes on · Esc leaves",
        )
    } else {
        (
            "These could not be put back. Those that you leave out stay as they are, and CloudFormation calls them done.",
            "Continue the rollback: leave out?",
            "j k choose · Space leaves out · Enter goes on · Esc leaves",
        )
    };
    let mut lines = wrapped(side, about, Role::Text, width);
    let (mut starts, mut end_of_selected) = (Vec::new(), 0);
    for (i, (id, reason, is_out)) in skip.rows.iter().enumerate() {
        starts.push(lines.len());
        let is_here = i == skip.selected;
        let (cursor, mark) = (if is_here { "▸" } else { " " }, if *is_out { "[x]" } else { "[ ]" });
        let role = if is_here { Role::Selected } else { Role::Text };
        let row = cut::end(&format!("{cursor} {mark} {id}"), width).into_owned();
        lines.push(Line::styled(row, side.theme.style(role)));
        for line in wrap_ends(cause::gist(reason), width.saturating_sub(6), 3) {
            lines.push(Line::styled(format!("      {line}"), side.theme.style(Role::Dim)));
        }
        if is_here {
            end_of_selected = lines.len();
        }
    }
    let right = in_sight(&starts, lines.len(), end_of_selected, room);
    let it = Sheet {
        title,
        right: &right,
        hints,
    };
    let rows = lines.len().min(room);
    let inner = sheet(side, &it, WIDTH, rows, frame);
    let skipped = end_of_selected.saturating_sub(inner.height.into());
    let shown: Vec<Line<'_>> = lines.into_iter().skip(skipped).collect();
    frame.render_widget(Paragraph::new(shown), inner);
}

#[cfg(test)]
mod tests {
    use crate::{
        core::{
            dialog::{Dialog, Skip},
            unstick::Way,
        },
        ui::{screen::fixture, view},
    };

    #[test]
    fn a_long_reason_says_that_it_is_cut_and_keeps_its_end() {
        let reason = format!(
            "Resource handler returned message: \"Error occurred during operation '{}was given up'.\" (RequestToken: 1, HandlerErrorCode: GeneralServiceException)",
            "ECS Deployment Circuit Breaker was triggered ".repeat(6)
        );
        let mut model = fixture::with_stack("UPDATE_ROLLBACK_FAILED");
        model.dialog = Some(Dialog::Skip(Skip {
            way: Way::ContinueRollback,
            rows: vec![("LiteLLMService".into(), reason.into(), false)],
            selected: 0,
        }));
        let shown = fixture::frame(&model, (80, 24), |model, side, _, frame| view(model, side, frame));
        assert!(shown.contains("LiteLLMService") && shown.contains('…'), "{shown}");
        assert!(shown.contains("was given up'.") && !shown.contains("RequestToken"), "{shown}");
    }
}
