//! Text that came from outside. `SafeText::new` is the one place where remote bytes become
//! something a screen, a file or a clipboard may hold; `RawText` keeps a log message as it came.

use std::{borrow::Borrow, fmt, ops::Deref, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Visitor};

/// Text that can not act on a terminal: every control, bidirectional, zero-width and tag
/// character has been replaced by a visible sign.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SafeText(Arc<str>);

/// ARNs without partition, service, region and account, which say nothing where only one stack is told of.
pub fn short_arns(text: &str) -> String {
    let name = |word: &str| {
        let (before, arn) = word.split_at_checked(word.find("arn:")?)?;
        Some(format!("{before}{}", arn.splitn(6, ':').nth(5)?))
    };
    let words: Vec<String> = text.split(' ').map(|word| name(word).unwrap_or_else(|| word.to_owned())).collect();
    words.join(" ")
}

/// Most combining marks that one character keeps; more would make a cell arbitrarily large.
const MAX_MARKS: usize = 4;

impl SafeText {
    /// Sanitises `raw`. Nothing is dropped silently: a hidden character becomes a picture such as
    /// `␛` or its code in angle brackets such as `<U+202E>`; a tab becomes spaces.
    pub fn new(raw: &str) -> Self {
        if is_printable(raw) {
            return Self(raw.into());
        }
        let mut out = String::with_capacity(raw.len() + 16);
        Self::append(raw, &mut out);
        Self(out.into())
    }

    /// The same at the end of `out`, for writers of many lines.
    pub fn append(raw: &str, out: &mut String) {
        if is_printable(raw) {
            return out.push_str(raw);
        }
        let mut marks = 0;
        let mut before = ' ';
        for c in raw.chars() {
            marks = if is_mark(c) { marks + 1 } else { 0 };
            if !is_style(before, c) {
                push_visible(out, c, marks);
            }
            before = c;
        }
    }

    /// Sanitises a text of several lines; its line ends stay. For the clipboard and files only.
    pub fn of_lines(raw: &str) -> Self {
        let mut out = String::with_capacity(raw.len());
        for (place, line) in raw.lines().enumerate() {
            if place > 0 {
                out.push('\n');
            }
            Self::append(line, &mut out);
        }
        Self(out.into())
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// ASCII that a terminal prints as it is. Without an early end this runs over many bytes at once.
pub(crate) fn is_printable(raw: &str) -> bool {
    raw.bytes().fold(0, |odd, b| odd | u8::from(b.wrapping_sub(0x20) >= 0x5f)) == 0
}

fn is_mark(c: char) -> bool {
    unicode_width::UnicodeWidthChar::width(c) == Some(0)
}

/// The sign that asks for a symbol as text or as a picture. It changes the width that terminals draw and is
/// worth nothing here; where there is no symbol before it, it hides something, and is shown.
fn is_style(before: char, c: char) -> bool {
    let is_symbol = |c: char| !c.is_alphabetic() && !c.is_ascii_whitespace() && !('\u{fe00}'..='\u{fe0f}').contains(&c);
    matches!(c, '\u{fe0e}' | '\u{fe0f}') && is_symbol(before)
}

fn push_visible(out: &mut String, c: char, marks: usize) {
    match c {
        '\t' => out.push_str("    "),
        '\u{0}'..='\u{1f}' => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')),
        '\u{7f}' => out.push('␡'),
        _ if is_hidden(c) || marks > MAX_MARKS => {
            out.push_str("<U+");
            out.push_str(&format!("{:04X}", u32::from(c)));
            out.push('>');
        }
        _ => out.push(c),
    }
}

/// Characters that are invisible, reorder text or end lines: C1 controls, bidirectional marks, zero-width
/// characters, separators, tags, private use and non-characters; and those on whose width terminals disagree.
pub(crate) fn is_hidden(c: char) -> bool {
    is_invisible(c) || is_of_no_certain_width(c)
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}'
        | '\u{8e2}' | '\u{115f}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'
        | '\u{ffff}' | '\u{e000}'..='\u{f8ff}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}

/// Parts of syllables and of pictures that some terminals join and others do not, signs that stand before what
/// they change, and symbols that have become wide only lately.
fn is_of_no_certain_width(c: char) -> bool {
    matches!(c,
        // Hangul vowels and finals, dots and fillers.
        '\u{1160}'..='\u{11ff}' | '\u{a960}'..='\u{a97f}' | '\u{d7b0}'..='\u{d7ff}' | '\u{302e}' | '\u{302f}'
        // Signs of Indic and other scripts with a width of nought, or of three.
        | '\u{d4e}' | '\u{17a4}' | '\u{17d8}' | '\u{2d7f}' | '\u{a8fa}' | '\u{111c2}' | '\u{111c3}' | '\u{113d1}' | '\u{1171e}' | '\u{1193f}'
        | '\u{11941}' | '\u{11a84}'..='\u{11a89}' | '\u{11d46}' | '\u{11f02}' | '\u{16d63}'..='\u{16d6a}' | '\u{16ff0}' | '\u{16ff1}'
        // Symbols that are one cell or two.
        | '\u{2630}'..='\u{2637}' | '\u{268a}'..='\u{268f}' | '\u{3248}'..='\u{324f}' | '\u{4dc0}'..='\u{4dff}' | '\u{1d300}'..='\u{1d376}'
        // Halves of flags, tones of skin.
        | '\u{1f1e6}'..='\u{1f1ff}' | '\u{1f3fb}'..='\u{1f3ff}')
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
        d.deserialize_str(Reader(Self::new))
    }
}

/// Makes a text of a string where it lies, without a copy before.
struct Reader<T>(fn(&str) -> T);

impl<T> Visitor<'_> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(self.0(text))
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

impl Default for RawText {
    fn default() -> Self {
        Self::new("")
    }
}

impl<'de> Deserialize<'de> for RawText {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_str(Reader(Self::new))
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
            ("x\u{d7b0}\u{1161}y", "x<U+D7B0><U+1161>y"),
            ("\u{1f1e9}\u{1f1ea}", "<U+1F1E9><U+1F1EA>"),
            ("👍\u{1f3fd}", "👍<U+1F3FD>"),
            ("⚠\u{fe0f} 1\u{fe0f}\u{20e3}", "⚠ 1\u{20e3}"),
            ("a\u{fe0f}b\u{fe00}", "a<U+FE0F>b<U+FE00>"),
            ("⚠\u{fe0f}\u{fe0f}", "⚠<U+FE0F>"),
            ("한국어 हिन्दी العربية", "한국어 हिन्दी العربية"),
        ] {
            assert_eq!(SafeText::new(raw).as_str(), want);
        }
    }

    #[test]
    fn every_character_is_as_wide_as_a_terminal_draws_it() {
        let mut terminal = vt100::Parser::new(1.try_into().unwrap(), 40.try_into().unwrap(), 0);
        let planes = (0..=0x1_ffffu32).chain(0xe_0000..=0xe_01ff).filter_map(char::from_u32);
        let mut wrong = Vec::new();
        // The emulator takes the sign for broken text for broken text itself.
        for c in planes.filter(|c| *c != '\u{fffd}') {
            let safe = SafeText::new(&format!("a{c}b"));
            terminal.process(format!("\r{safe}").as_bytes());
            let drawn = usize::from(terminal.screen().cursor_position().1);
            let cells: usize = safe.chars().map(|c| unicode_width::UnicodeWidthChar::width(c).unwrap_or(9)).sum();
            if drawn != cells || drawn != unicode_width::UnicodeWidthStr::width(&*safe) {
                wrong.push(format!("{:04X}", u32::from(c)));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join(" "));
    }

    #[test]
    fn a_cell_can_not_grow_without_end() {
        let zalgo = format!("a{}", "\u{301}".repeat(10_000));
        let safe = SafeText::new(&zalgo);
        assert_eq!(safe.chars().filter(|c| *c == '\u{301}').count(), MAX_MARKS);
    }

    #[test]
    fn ascii_from_the_space_to_the_tilde_is_printed_as_it_is() {
        let plain: Vec<u8> = (0..=0x7f).filter(|b| is_printable(&char::from(*b).to_string())).collect();
        assert_eq!(plain, (b' '..=b'~').collect::<Vec<_>>());
        assert!(is_printable("") && !is_printable("é"));
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
