//! A secret value in memory. It has no `Display`, no `Serialize`, no `Clone` and a redacted
//! `Debug`; messages and effects carry only a [`SecretRef`], its name.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::text::SafeText;

/// Which secret, and which field of its JSON: `bedrock-image-chat/litellm-api-key`, `api_key`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SecretRef {
    /// Secret name or ARN.
    pub secret: SafeText,
    /// Key inside the JSON value; the whole value when `None`.
    pub field: Option<SafeText>,
}

/// The value of a secret, byte-exact, wiped when dropped.
pub struct SecretText(Zeroizing<Vec<u8>>);

impl SecretText {
    /// Takes the bytes over.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for the reveal panel, the clipboard and an `Authorization` header only.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The value as text, where it is UTF-8.
    pub fn expose_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The value as text that can not act on a terminal, every odd character as its escape; and whether one was odd.
    pub fn legible(&self) -> (String, bool) {
        match self.expose_str() {
            Some(text) => {
                let shown: String = text.chars().map(visible).collect();
                let is_odd = shown != text;
                (shown, is_odd)
            }
            None => (self.0.escape_ascii().to_string(), true),
        }
    }
}

/// A character as it is where it is plainly visible, else its escape.
fn visible(c: char) -> String {
    let as_is = c.to_string();
    let is_plain = c != '\t' && !('\u{300}'..='\u{36f}').contains(&c) && SafeText::new(&as_is).as_str() == as_is;
    if is_plain { as_is } else { c.escape_unicode().to_string() }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_says_nothing() {
        let secret = SecretText::new(b"hunter2".to_vec());
        assert_eq!(format!("{secret:?}"), "SecretText(redacted)");
    }

    #[test]
    fn a_legible_secret_does_nothing_to_a_terminal() {
        let secret = SecretText::new(b"a\x1b]0;x\x07\x1b[2J".to_vec());
        assert_eq!(secret.legible(), ("a\\u{1b}]0;x\\u{7}\\u{1b}[2J".to_owned(), true));
        assert_eq!(SecretText::new(b"sk-1".to_vec()).legible(), ("sk-1".to_owned(), false));
    }
}
