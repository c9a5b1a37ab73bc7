//! One line of text, typed where the footer stands.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
    widgets::{Clear, Paragraph},
};

use crate::{
    core::{
        dialog::{Prompt, Purpose},
        model::Model,
    },
    ui::{Side, cut, theme::Role, typed::Typed},
};

/// Cells that what is typed always has.
const TYPED: usize = 16;

/// Most rows of what is wrong with it.
const MOST_WRONG: usize = 3;

/// Draws the line, and above it what is wrong with it.
pub(super) fn draw(model: &Model, side: &Side<'_>, prompt: &Prompt, frame: &mut Frame<'_>) {
    let width = usize::from(frame.area().width).saturating_sub(1);
    let why = prompt.error.as_ref().map_or_else(Vec::new, |why| cut::wrap(why, width));
    let why = &why[..why.len().min(MOST_WRONG)];
    let rows = Constraint::Max(u16::try_from(why.len()).unwrap_or(1));
    let [_, error, line] = Layout::vertical([Constraint::Fill(1), rows, Constraint::Max(1)]).areas(frame.area());
    let lines: Vec<Line<'_>> = why.iter().map(|text| Line::from(format!(" {text}"))).collect();
    frame.render_widget(Clear, error);
    frame.render_widget(Paragraph::new(lines).style(side.theme.style(Role::Bad)), error);
    frame.render_widget(Clear, line);
    let room = usize::from(line.width);
    let label = label(model, prompt.purpose);
    let label = cut::end(&label, room.saturating_sub(TYPED)).into_owned();
    let hints = hints(prompt.purpose);
    let hints = if cut::width(&label) + cut::width(hints) + 20 <= room {
        hints
    } else {
        ""
    };
    let typed_room = room.saturating_sub(cut::width(&label) + cut::width(hints) + 3);
    let Typed { before, under, after } = Typed::new(&prompt.field, typed_room + 1);
    let at = cut::width(&label) + 1 + cut::width(&before);
    let typed = format!("{before}{under}{after}");
    let spans = vec![Span::raw(" "), Span::styled(label, side.theme.style(Role::Key)), Span::raw(typed)];
    frame.render_widget(Paragraph::new(Line::from(spans)), line);
    frame.render_widget(
        Paragraph::new(Line::styled(hints, side.theme.style(Role::Dim)).right_aligned()),
        line,
    );
    cursor(line, at, frame);
}

/// The terminal's own cursor stands where the next character goes.
fn cursor(line: Rect, at: usize, frame: &mut Frame<'_>) {
    if line.width > 0 && line.height > 0 {
        let x = line.x + u16::try_from(at).unwrap_or(u16::MAX).min(line.width - 1);
        frame.set_cursor_position((x, line.y));
    }
}

fn label(model: &Model, purpose: Purpose) -> String {
    match purpose {
        Purpose::Search => "search: ".into(),
        Purpose::Filter => "filter (! turns it round): ".into(),
        Purpose::GotoTime => "go to time (-15m, 03:12, ISO): ".into(),
        Purpose::Arm => format!("type {} to arm writes for 5 minutes: ", cut::middle(&model.about.profile, 30)),
        Purpose::Rows => "keep rows with: ".into(),
        Purpose::Parameters => "load parameters from: ".into(),
        Purpose::Certificate => "certificate for (more names behind it): ".into(),
    }
}

fn hints(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Search | Purpose::Filter => "Enter takes · ↑ earlier · Tab search/filter · Esc leaves ",
        Purpose::GotoTime | Purpose::Arm | Purpose::Rows | Purpose::Certificate | Purpose::Parameters => "Enter takes · Esc leaves ",
    }
}
