//! A text field on the screen: its text, and the cursor where the next character goes.

use ratatui::{
    style::{Modifier, Style},
    text::Span,
};

use super::cut;
use crate::core::{field::TextField, text::SafeText};

/// What of a field is in sight.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Typed {
    /// Before the cursor; what is left out at its start is `…`.
    pub(super) before: String,
    /// The character under the cursor; empty at the end of the text.
    pub(super) under: String,
    /// After it; what is left out at its end is `…`.
    pub(super) after: String,
}

impl Typed {
    /// The part of a field round its cursor, with the cell of the cursor no wider than `cells`.
    pub(super) fn new(field: &TextField, cells: usize) -> Self {
        let (before, under, after) = field.parts();
        let [before, under, after] = [before, under, after].map(SafeText::new);
        let under = cut::end(&under, cells);
        let room = cells.saturating_sub(cut::width(&under).max(1));
        // Some of what follows stays in sight.
        let ahead = cut::width(&after).min(room / 3);
        let before = cut::start(&before, room - ahead);
        let after = cut::end(&after, room - cut::width(&before));
        let [before, under, after] = [before, under, after].map(std::borrow::Cow::into_owned);
        Self { before, under, after }
    }
}

/// A field that is typed into, on at most `cells`: a bar after its text, or the character under the cursor reversed.
pub(super) fn spans(field: &TextField, cells: usize, (text, bar): (Style, Style)) -> Vec<Span<'static>> {
    let Typed { before, under, after } = Typed::new(field, cells);
    let cursor = if under.is_empty() {
        Span::styled("▏", bar)
    } else {
        Span::styled(under, text.add_modifier(Modifier::REVERSED))
    };
    vec![Span::styled(before, text), cursor, Span::styled(after, text)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::{Terminal, backend::TestBackend, layout::Position, text::Line, widgets::Paragraph};

    use super::*;
    use crate::{
        core::{key::Key, msg::Msg, update::update},
        ui::{screen::fixture, view},
    };

    /// The field after some keys, drawn on so many cells: its text, and the column of the cursor.
    fn drawn(text: &str, keys: &str, cells: u16) -> (String, u16) {
        let mut field = TextField::with(text);
        for key in keys.split_whitespace() {
            field.key(key.parse().unwrap());
        }
        let mut terminal = Terminal::new(TestBackend::new(cells, 1)).unwrap();
        let line = Line::from(spans(&field, usize::from(cells), (Style::new(), Style::new())));
        terminal
            .draw(|frame| frame.render_widget(Paragraph::new(line), frame.area()))
            .unwrap();
        let buffer = terminal.backend().buffer();
        let is_cursor = |x: &u16| {
            let cell = buffer.cell(Position::new(*x, 0)).unwrap();
            cell.modifier.contains(Modifier::REVERSED) || cell.symbol() == "▏"
        };
        let text: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        (text.trim_end().to_owned(), (0..cells).find(is_cursor).unwrap())
    }

    #[test]
    fn the_cursor_is_in_sight_where_it_stands_and_the_text_moves_under_it() {
        for (text, keys, cells, want, column) in [
            ("openwebui", "", 12, "openwebui▏", 9),
            ("openwebui", "left left", 12, "openwebui", 7),
            ("openwebui", "home", 12, "openwebui", 0),
            ("openwebui", "", 6, "…ebui▏", 5),
            ("openwebui", "home", 6, "openw…", 0),
            ("openwebui", "left left left", 6, "…nweb…", 4),
            ("openwebui", "left left left left left", 6, "openw…", 4),
            ("", "", 6, "▏", 0),
            ("abc", "left", 3, "abc", 2),
        ] {
            let (shown, at) = drawn(text, keys, cells);
            assert_eq!((shown.as_str(), at), (want, column), "{text}: {keys}");
        }
        // Wide characters take two cells, a hidden one as many as its name.
        assert_eq!(drawn("漢字漢字", "left left", 10).1, 4);
        assert_eq!(drawn("漢字漢字", "left", 5).1, 3);
        assert_eq!(drawn("a\u{202e}b", "left", 20).1, 9);
    }

    #[test]
    fn what_is_said_of_a_paste_is_in_sight_under_a_sheet_as_high_as_the_screen() {
        for (width, height) in [(80, 24), (120, 40)] {
            let mut model = fixture::running();
            for msg in [Msg::Key(Key::char(':')), Msg::Drawn, Msg::Paste("log\nsecond\nthird".into())] {
                update(&mut model, msg);
            }
            let screen = fixture::frame(&model, (width, height), |model, side, _, frame| view(model, side, frame));
            let last = screen.lines().last().unwrap_or_default();
            assert!(last.contains("2 further lines left out"), "{screen}");
        }
    }

    proptest! {
        #[test]
        fn it_is_never_wider_than_its_room(raw in "\\PC{0,30}", cells in 1_usize..20, back in 0_usize..30) {
            let mut field = TextField::with(&raw);
            for _ in 0..back {
                field.key("left".parse().unwrap());
            }
            let Typed { before, under, after } = Typed::new(&field, cells);
            prop_assert!(cut::width(&before) + cut::width(&under).max(1) + cut::width(&after) <= cells);
        }
    }
}
