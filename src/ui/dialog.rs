//! Dialogs over the screen: in the middle, never larger than the screen, the buttons always in sight.

mod buy;
mod checks;
mod confirm;
mod dns;
mod help;
mod insights;
mod leftovers;
mod list;
mod places;
mod prompt;
mod shapes;
mod sources;
mod text;

use ratatui::{
    Frame,
    layout::{Constraint, Flex, Layout, Rect},
    style::Style,
    text::{Line, Span},
    widgets::{Block, BorderType, Clear, Padding, Paragraph},
};

use super::{Side, cut, theme::Role, typed};
use crate::core::{
    dialog::{Dialog, PAID, can_pay},
    field::TextField,
    model::Model,
    msg::Size,
};
pub use crate::layout::{FRAME_HEIGHT, FRAME_WIDTH, QUESTION as WIDTH};

/// Draws the dialog that is open.
pub(super) fn draw(model: &Model, side: &Side<'_>, frame: &mut Frame<'_>) {
    match &model.dialog {
        None => {}
        Some(Dialog::Confirm(it)) => confirm::confirm(side, it, frame),
        Some(Dialog::Countdown(it)) => confirm::countdown(model, side, it, frame),
        Some(Dialog::Scale(it)) => confirm::scale(model, side, it, frame),
        Some(Dialog::Prompt(it)) => prompt::draw(model, side, it, frame),
        Some(Dialog::Palette(it)) => list::palette(model, side, it, frame),
        Some(Dialog::Menu(it)) => list::menu(side, it, frame),
        Some(Dialog::Skip(it)) => list::skip(side, it, frame),
        Some(Dialog::Leftovers(it)) => leftovers::draw(model, side, it.as_ref(), frame),
        Some(Dialog::Help(scroll)) => help::draw(model, side, *scroll, frame),
        Some(Dialog::Errors(scroll)) => text::errors(model, side, *scroll, frame),
        Some(Dialog::Detail(it)) => text::detail(side, it, frame),
        Some(Dialog::Json(it)) => text::json(side, it, frame),
        Some(Dialog::Shapes(it)) => shapes::draw(model, side, it.as_ref(), frame),
        Some(Dialog::Sources(it)) => sources::draw(model, side, it, frame),
        Some(Dialog::Places(it)) => places::draw(model, side, it, frame),
        Some(Dialog::Insights(it)) => insights::draw(model, side, it, frame),
        Some(Dialog::Dns(it)) => dns::draw(model, side, it, frame),
        Some(Dialog::Buy(it)) => buy::draw(model, side, it, frame),
        Some(Dialog::Checks(it)) => checks::draw(model, side, it, frame),
        Some(Dialog::Image(it)) => super::image::draw(model, side, it, frame.area(), frame),
    }
}

/// The box of a dialog.
pub struct Sheet<'a> {
    /// On its upper edge.
    pub title: &'a str,
    /// On the right of its upper edge.
    pub right: &'a str,
    /// Keys, on its lower edge.
    pub hints: &'a str,
}

/// Cells inside a sheet that wants to be `width` wide, on this screen.
pub fn inside(width: u16, frame: &Frame<'_>) -> (usize, usize) {
    let area = frame.area();
    if is_bare(area) {
        return (area.width.into(), area.height.into());
    }
    let wide = width.min(area.width).saturating_sub(FRAME_WIDTH);
    (wide.into(), area.height.saturating_sub(FRAME_HEIGHT).into())
}

/// On a screen this small even a frame costs too much.
fn is_bare(area: Rect) -> bool {
    area.height < 6 || area.width < 16
}

/// The dialog that is open has a frame, whose last line holds hints and nothing else.
pub(super) fn is_sheet(model: &Model, area: Rect) -> bool {
    !is_bare(area) && model.dialog.as_ref().is_some_and(|it| !matches!(it, Dialog::Prompt(_)))
}

/// Draws an empty sheet in the middle of the screen for a text of this size, and gives its inside.
pub fn sheet(side: &Side<'_>, sheet: &Sheet<'_>, width: u16, rows: usize, frame: &mut Frame<'_>) -> Rect {
    let area = frame.area();
    if is_bare(area) {
        frame.render_widget(Clear, area);
        return area;
    }
    let height = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(FRAME_HEIGHT);
    let area = middle(area, width, height);
    let room = usize::from(area.width).saturating_sub(4);
    let edge = |text: &str, role| {
        let text = cut::end(text, room);
        let shown = if text.is_empty() { String::new() } else { format!(" {text} ") };
        Line::styled(shown, side.theme.style(role))
    };
    let mut block = Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(side.theme.style(Role::BorderFocus))
        .padding(Padding::horizontal(1))
        .title(edge(sheet.title, Role::Title))
        .title_bottom(edge(sheet.hints, Role::Dim));
    if cut::width(sheet.title) + cut::width(sheet.right) + 4 <= room {
        block = block.title(edge(sheet.right, Role::Dim).right_aligned());
    }
    let inner = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    inner
}

/// The line on which somebody types what a list is to have.
fn search(side: &Side<'_>, field: &TextField, width: usize) -> Line<'static> {
    let text = side.theme.style(Role::Text);
    let sign = Span::styled("> ", side.theme.style(Role::Key));
    let typed = typed::spans(field, width.saturating_sub(2), (text, text));
    std::iter::once(sign).chain(typed).collect()
}

fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let [row] = Layout::vertical([Constraint::Max(height)]).flex(Flex::Center).areas(area);
    let [area] = Layout::horizontal([Constraint::Max(width)]).flex(Flex::Center).areas(row);
    area
}

/// The parts of a question. Where room is short the middle gives way first, and says so; the end, with
/// its buttons, never does.
#[derive(Default)]
pub struct Parts {
    /// First.
    pub start: Vec<Line<'static>>,
    /// Gives way.
    pub middle: Vec<Line<'static>>,
    /// Always in sight.
    pub end: Vec<Line<'static>>,
}

impl Parts {
    /// The lines that are shown on `room` rows.
    fn lines(mut self, room: usize, dim: Style) -> Vec<Line<'static>> {
        let blanks = usize::from(!self.middle.is_empty()) + 1;
        if self.start.len() + self.middle.len() + self.end.len() + blanks <= room {
            if !self.middle.is_empty() {
                self.start.push(Line::default());
            }
            self.end.insert(0, Line::default());
        }
        self.end.drain(..self.end.len().saturating_sub(room));
        let (above, all) = (room - self.end.len(), self.start.len() + self.middle.len());
        if all > above {
            let kept = above.saturating_sub(1);
            self.start.truncate(kept);
            self.middle.truncate(kept - self.start.len());
            let sign = format!("(+{} lines: enlarge the terminal)", all - kept);
            self.middle.push(Line::styled(sign, dim));
            self.middle.truncate(above - self.start.len());
        }
        self.start.into_iter().chain(self.middle).chain(self.end).collect()
    }
}

/// Draws a question on its sheet.
pub fn question(side: &Side<'_>, title: &str, hints: &str, parts: Parts, frame: &mut Frame<'_>) -> Rect {
    let (_, room) = inside(WIDTH, frame);
    let lines = parts.lines(room, side.theme.style(Role::Dim));
    let it = Sheet { title, right: "", hints };
    let inner = sheet(side, &it, WIDTH, lines.len(), frame);
    frame.render_widget(Paragraph::new(lines), inner);
    inner
}

/// That the terminal is too small for a question that costs money, with the word for what then does not happen;
/// nothing where it is large enough.
pub fn too_small_to_pay(side: &Side<'_>, verb: &str, frame: &Frame<'_>) -> Vec<Line<'static>> {
    let Size { width, height } = PAID;
    let area = frame.area();
    let is_large = can_pay(Size {
        width: area.width,
        height: area.height,
    });
    if is_large {
        return Vec::new();
    }
    let text = format!("{verb} from {width} × {height} on: enlarge the terminal");
    wrapped(side, &text, Role::Warn, inside(WIDTH, frame).0)
}

/// A text in a role, wrapped.
pub fn wrapped(side: &Side<'_>, text: &str, role: Role, width: usize) -> Vec<Line<'static>> {
    let style = side.theme.style(role);
    cut::wrap(text, width).into_iter().map(|line| Line::styled(line, style)).collect()
}

/// A button: its word, whether the focus is on it, whether it can be pressed.
pub type Button<'a> = (&'a str, bool, bool);

/// Buttons side by side; the focus shows without colour too.
pub fn buttons(side: &Side<'_>, all: &[Button<'_>]) -> Line<'static> {
    let spans = all.iter().flat_map(|(word, has_focus, is_live)| {
        let role = match (has_focus, is_live) {
            (true, _) => Role::ButtonFocus,
            (false, true) => Role::Button,
            (false, false) => Role::Dim,
        };
        let mark = if *has_focus { "▸" } else { " " };
        let text = format!("{mark}[ {word} ]");
        [Span::styled(text, side.theme.style(role)), Span::raw("  ")]
    });
    Line::from(spans.collect::<Vec<_>>())
}
