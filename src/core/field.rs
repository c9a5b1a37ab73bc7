//! One line of text being typed.

use super::key::{Code, Key};

/// A text field; the cursor stands at the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextField {
    /// What has been typed.
    pub text: String,
}

impl TextField {
    /// A field that already holds text.
    pub fn with(text: &str) -> Self {
        Self { text: text.to_owned() }
    }

    /// Takes a key; whether it was one for a text field.
    pub fn key(&mut self, key: Key) -> bool {
        match (key.code, key.ctrl) {
            (Code::Backspace, _) => {
                self.text.pop();
            }
            (Code::Char('u'), true) => self.text.clear(),
            (Code::Char('w'), true) => {
                let kept = self.text.trim_end().rfind(' ').map_or(0, |i| i + 1);
                self.text.truncate(kept);
            }
            _ => match key.typed() {
                Some(c) => self.text.push(c),
                None => return false,
            },
        }
        true
    }

    /// Takes pasted text: printable characters only, the first line only.
    pub fn paste(&mut self, text: &str) {
        self.text
            .extend(text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editing() {
        let mut field = TextField::with("one two");
        assert!(field.key(Key::ctrl('w')));
        assert_eq!(field.text, "one ");
        assert!(field.key(Key::char('é')) && field.key(Key::plain(Code::Backspace)));
        field.paste("x\u{1b}y\nz");
        assert_eq!(field.text, "one xy");
        assert!(field.key(Key::ctrl('u')) && field.text.is_empty());
        assert!(!field.key(Key::plain(Code::Enter)));
    }
}
