//! A key press in the console's own words: parsed from and printed for the config, help and footer.

use std::{fmt, str::FromStr};

/// Which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// A printable character; capitals are their own character.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift-Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// F1 to F12.
    F(u8),
}

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// With Control.
    pub ctrl: bool,
    /// With Alt.
    pub alt: bool,
}

/// Named keys as the config writes them.
const NAMED: [(&str, Code); 15] = [
    ("enter", Code::Enter),
    ("esc", Code::Esc),
    ("tab", Code::Tab),
    ("shift-tab", Code::BackTab),
    ("backspace", Code::Backspace),
    ("delete", Code::Delete),
    ("up", Code::Up),
    ("down", Code::Down),
    ("left", Code::Left),
    ("right", Code::Right),
    ("home", Code::Home),
    ("end", Code::End),
    ("pgup", Code::PageUp),
    ("pgdn", Code::PageDown),
    ("space", Code::Char(' ')),
];

impl Key {
    /// A key without modifiers.
    pub const fn plain(code: Code) -> Self {
        Self {
            code,
            ctrl: false,
            alt: false,
        }
    }

    /// A printable character.
    pub const fn char(c: char) -> Self {
        Self::plain(Code::Char(c))
    }

    /// A character with Control.
    pub const fn ctrl(c: char) -> Self {
        Self {
            code: Code::Char(c),
            ctrl: true,
            alt: false,
        }
    }

    /// The character that it would type.
    pub fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }

    /// As help and footer show it: `^R`, `Enter`, `↑`.
    pub fn label(self) -> String {
        match (self.code, self.ctrl) {
            (Code::Char(' '), false) => "Space".into(),
            (Code::Char(c), true) => format!("^{}", c.to_ascii_uppercase()),
            (Code::Char(c), false) => c.to_string(),
            (Code::Up, _) => "↑".into(),
            (Code::Down, _) => "↓".into(),
            (Code::Left, _) => "←".into(),
            (Code::Right, _) => "→".into(),
            (Code::BackTab, _) => "S-Tab".into(),
            (Code::PageUp, _) => "PgUp".into(),
            (Code::PageDown, _) => "PgDn".into(),
            _ => {
                let name = self.to_string();
                name[..1].to_uppercase() + &name[1..]
            }
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("ctrl-")?;
        }
        if self.alt {
            f.write_str("alt-")?;
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            Code::Char(c) => write!(f, "{c}"),
            Code::F(n) => write!(f, "f{n}"),
            _ => Ok(()),
        }
    }
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut key = Self::plain(Code::Esc);
        let mut rest = text;
        loop {
            if let Some(after) = rest.strip_prefix("ctrl-").filter(|r| !r.is_empty()) {
                (key.ctrl, rest) = (true, after);
            } else if let Some(after) = rest.strip_prefix("alt-").filter(|r| !r.is_empty()) {
                (key.alt, rest) = (true, after);
            } else {
                break;
            }
        }
        // A terminal sends the same for both.
        let lower = rest.to_ascii_lowercase();
        let rest = if key.ctrl { &lower } else { rest };
        key.code = code(rest)
            .ok_or_else(|| format!("`{text}` is not a key; write a character, or one of enter, esc, tab, up, pgdn, f5, ctrl-r"))?;
        Ok(key)
    }
}

fn code(text: &str) -> Option<Code> {
    if let Some((_, code)) = NAMED.iter().find(|(name, _)| *name == text) {
        return Some(*code);
    }
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if !c.is_control() => Some(Code::Char(c)),
        (Some('f'), Some(_)) => text[1..].parse().ok().filter(|n| (1..=12).contains(n)).map(Code::F),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_print_and_parse_back() {
        for text in [
            "q",
            "Q",
            "$",
            "-",
            "ctrl-c",
            "alt-x",
            "enter",
            "shift-tab",
            "pgdn",
            "space",
            "f12",
            "ctrl-left",
            "[",
        ] {
            let key: Key = text.parse().unwrap();
            assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "ctrl-", "qq", "f13", "hyper-x", "\u{1b}"] {
            assert!(text.parse::<Key>().is_err(), "{text:?}");
        }
    }
}
