//! One line of text being typed. The crate `tui-input` moves and deletes by what people take for a character or a word.

use std::fmt;

use tui_input::{Input, InputRequest};

use super::key::{Code, Key};

/// A text field with a cursor.
#[derive(Clone, Default)]
pub struct TextField {
    input: Input,
}

impl TextField {
    /// A field that already holds text; the cursor stands at its end.
    pub fn with(text: &str) -> Self {
        Self { input: text.into() }
    }

    /// What has been typed.
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// The text before the cursor, the character under it (empty at the end), and the text after that.
    pub fn parts(&self) -> (&str, &str, &str) {
        let mut next = self.input.clone();
        next.handle(InputRequest::GoToNextChar);
        let (before, rest) = split(self.text(), self.input.cursor());
        let (under, after) = split(rest, next.cursor() - self.input.cursor());
        (before, under, after)
    }

    /// Takes all text away.
    pub fn clear(&mut self) {
        self.input.reset();
    }

    /// Takes a key; whether it changed the text.
    pub fn key(&mut self, key: Key) -> bool {
        let request = request(key).or_else(|| key.typed().map(InputRequest::InsertChar));
        request.and_then(|it| self.input.handle(it)).is_some_and(|change| change.value)
    }

    /// Puts pasted text in at the cursor: its first line, and of that what is printable. How many further lines, blank
    /// ones aside, were left out.
    #[must_use]
    pub fn paste(&mut self, text: &str) -> usize {
        let mut lines = text.split(['\n', '\r']).filter(|line| !line.trim().is_empty());
        let first = lines.next().unwrap_or_default().replace('\t', " ");
        let first: String = first.chars().filter(|c| !c.is_control()).collect();
        let cursor = self.input.cursor() + first.chars().count();
        let (before, after) = split(self.text(), self.input.cursor());
        self.input = Input::new(format!("{before}{first}{after}")).with_cursor(cursor);
        lines.count()
    }
}

/// What a key asks of the text; `None` for those that type a character, or are none for a text field.
fn request(key: Key) -> Option<InputRequest> {
    use InputRequest as Do;
    Some(match (key.code, key.ctrl, key.alt) {
        // Some terminals send Ctrl-H for Backspace.
        (Code::Backspace, false, false) | (Code::Char('h'), true, false) => Do::DeletePrevChar,
        (Code::Backspace, ..) | (Code::Char('w'), true, false) => Do::DeletePrevWord,
        (Code::Delete, false, false) => Do::DeleteNextChar,
        // With Alt a terminal of macOS sends a letter for an arrow.
        (Code::Delete, ..) | (Code::Char('d'), false, true) => Do::DeleteNextWord,
        (Code::Left, false, false) => Do::GoToPrevChar,
        (Code::Left, ..) | (Code::Char('b'), false, true) => Do::GoToPrevWord,
        (Code::Right, false, false) => Do::GoToNextChar,
        (Code::Right, ..) | (Code::Char('f'), false, true) => Do::GoToNextWord,
        (Code::Home, ..) | (Code::Char('a'), true, false) => Do::GoToStart,
        (Code::End, ..) | (Code::Char('e'), true, false) => Do::GoToEnd,
        (Code::Char('k'), true, false) => Do::DeleteTillEnd,
        (Code::Char('u'), true, false) => Do::DeleteLine,
        _ => return None,
    })
}

fn split(text: &str, chars: usize) -> (&str, &str) {
    let at = text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
    text.split_at(at)
}

impl PartialEq for TextField {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text() && self.input.cursor() == other.input.cursor()
    }
}

impl Eq for TextField {}

impl fmt::Debug for TextField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not what was cut out of it and is kept.
        f.debug_tuple("TextField").field(&self.text()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(text: &str, keys: &str) -> TextField {
        let mut field = TextField::with(text);
        for key in keys.split_whitespace() {
            field.key(key.parse().unwrap());
        }
        field
    }

    #[test]
    fn keys_move_the_cursor_and_change_the_text_where_it_stands() {
        for (text, keys, want) in [
            ("one two", "ctrl-w", "one |"),
            ("one", "é backspace x", "onex|"),
            ("one", "ctrl-u", "|"),
            ("one two", "left left x", "one tx|wo"),
            ("one two", "home x right y", "xoy|ne two"),
            ("one two", "ctrl-a delete end x", "ne twox|"),
            ("one two", "ctrl-left x", "one x|two"),
            ("one two", "alt-b alt-b alt-f ctrl-k", "one |"),
            ("one two", "home ctrl-right ctrl-delete", "one |"),
            ("one two", "home alt-d ctrl-e", "two|"),
            ("one two", "alt-left backspace", "one|two"),
            ("one two", "alt-backspace ctrl-h", "one|"),
            // A family, a flag and an accent are one character each.
            ("a👨‍👩‍👧🇩🇪e\u{301}", "left left delete", "a👨‍👩‍👧|e\u{301}"),
            ("a👨‍👩‍👧🇩🇪e\u{301}", "backspace backspace backspace", "a|"),
            ("漢字", "left x", "漢x|字"),
            ("one", "home left end right enter up f5 ctrl-x", "one|"),
        ] {
            let field = pressed(text, keys);
            let (before, under, after) = field.parts();
            assert_eq!(format!("{before}|{under}{after}"), want, "{text}: {keys}");
        }
        let mut field = TextField::with("漢e\u{301}x");
        field.key("home".parse().unwrap());
        field.key("right".parse().unwrap());
        assert_eq!(field.parts(), ("漢", "e\u{301}", "x"));
        assert!(!field.key("left".parse().unwrap()) && field.key("delete".parse().unwrap()));
    }

    #[test]
    fn of_pasted_lines_the_first_goes_where_the_cursor_is_and_the_others_are_counted() {
        for (text, want, left_out) in [
            ("x\u{1b}y", "one xy|two", 0),
            ("x\ty\n", "one x y|two", 0),
            ("\r\nx\r\n\r\ny\r\nz\r\n", "one x|two", 2),
            // Many terminals send carriage returns between pasted lines.
            ("x\ry", "one x|two", 1),
            ("\n", "one |two", 0),
        ] {
            let mut field = pressed("one two", "ctrl-left");
            assert_eq!(field.paste(text), left_out, "{text:?}");
            let (before, under, after) = field.parts();
            assert_eq!(format!("{before}|{under}{after}"), want, "{text:?}");
        }
    }
}
