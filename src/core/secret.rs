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
}
