//! Text that came from outside. `SafeText::new` is the one place where remote bytes become
//! something a screen, a file or a clipboard may hold; `RawText` keeps a log message as it came.

use std::{borrow::Borrow, fmt, ops::Deref, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Text that can not act on a terminal: every control, bidirectional, zero-width and tag
/// character has been replaced by a visible sign.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SafeText(Arc<str>);

/// Most combining marks that one character keeps; more would make a cell arbitrarily large.
const MAX_MARKS: usize = 4;

impl SafeText {
    /// Sanitises `raw`. Nothing is dropped silently: a hidden character becomes a picture such as
    /// `␛` or its code in angle brackets such as `<U+202E>`; a tab becomes spaces.
    pub fn new(raw: &str) -> Self {
        if raw.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Self(raw.into());
        }
        let mut out = String::with_capacity(raw.len() + 16);
        let mut marks = 0;
        for c in raw.chars() {
            marks = if is_mark(c) { marks + 1 } else { 0 };
            push_visible(&mut out, c, marks);
        }
        Self(out.into())
    }

    /// Sanitises a text of several lines; its line ends stay. For the clipboard and files only.
    pub fn of_lines(raw: &str) -> Self {
        Self(
            raw.lines()
                .map(|line| Self::new(line).0.to_string())
                .collect::<Vec<_>>()
                .join("\n")
                .into(),
        )
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_mark(c: char) -> bool {
    unicode_width::UnicodeWidthChar::width(c) == Some(0)
}

fn push_visible(out: &mut String, c: char, marks: usize) {
    match c {
        '\t' => out.push_str("    "),
        '\u{0}'..='\u{1f}' => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')),
        '\u{7f}' => out.push('␡'),
        // Variation selectors change the width that terminals draw, and are worth nothing in a log.
        '\u{fe00}'..='\u{fe0f}' => {}
        _ if is_hidden(c) || marks > MAX_MARKS => {
            out.push_str("<U+");
            out.push_str(&format!("{:04X}", u32::from(c)));
            out.push('>');
        }
        _ => out.push(c),
    }
}

/// Characters that are invisible, reorder text or end lines: C1 controls, bidirectional marks,
/// zero-width characters, separators, tags, private use and non-characters.
pub(crate) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        | '\u{e000}'..='\u{f8ff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}

impl Deref for SafeText {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for SafeText {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for SafeText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Default for SafeText {
    fn default() -> Self {
        Self("".into())
    }
}

impl From<&str> for SafeText {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

impl From<String> for SafeText {
    fn from(raw: String) -> Self {
        Self::new(&raw)
    }
}

impl PartialEq<&str> for SafeText {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<str> for SafeText {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl Serialize for SafeText {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SafeText {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::new(&String::deserialize(d)?))
    }
}

/// A log message exactly as it came. It has no `Display`: it is searched and exported as it is,
/// and shown only through [`RawText::safe`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RawText(Arc<str>);

impl RawText {
    /// Keeps `raw` byte for byte.
    pub fn new(raw: &str) -> Self {
        Self(raw.into())
    }

    /// The bytes as they came, for search and byte-exact export only.
    pub fn as_raw(&self) -> &str {
        &self.0
    }

    /// What a screen may show.
    pub fn safe(&self) -> SafeText {
        SafeText::new(&self.0)
    }
}

impl fmt::Debug for RawText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawText({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hidden_characters_become_visible() {
        for (raw, want) in [
            ("plain", "plain"),
            ("\u{1b}[31mred", "␛[31mred"),
            ("a\rb\u{8}c\u{0}", "a␍b␈c␀"),
            ("a\tb", "a    b"),
            ("x\u{202e}y", "x<U+202E>y"),
            ("x\u{9b}y", "x<U+009B>y"),
            ("é 漢 ✓", "é 漢 ✓"),
            ("\u{7f}", "␡"),
        ] {
            assert_eq!(SafeText::new(raw).as_str(), want);
        }
    }

    #[test]
    fn a_cell_can_not_grow_without_end() {
        let zalgo = format!("a{}", "\u{301}".repeat(10_000));
        let safe = SafeText::new(&zalgo);
        assert_eq!(safe.chars().filter(|c| *c == '\u{301}').count(), MAX_MARKS);
    }

    proptest! {
        #[test]
        fn nothing_that_acts_remains(raw in any::<String>()) {
            let safe = SafeText::new(&raw);
            prop_assert!(!safe.chars().any(|c| c.is_control() || is_hidden(c)));
            prop_assert_eq!(SafeText::new(&safe), safe);
        }
    }
}
