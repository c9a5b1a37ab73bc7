//! A CloudWatch event id in 24 bytes: as text it would take more room than many a log line.

use std::fmt;

use crate::core::text::SafeText;

/// Decimal digits that fit one word.
const GROUP: usize = 19;

/// `eventId` of a log event, byte for byte. CloudWatch's are decimal numbers of 56 digits, kept as
/// three groups of digits; any other text is kept as it is. Numbers order by value, before texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventId {
    /// A decimal number of up to 57 digits, without a leading zero.
    Number([u64; 3]),
    /// Anything else.
    Text(SafeText),
}

impl EventId {
    /// Takes an id in.
    pub fn new(id: &SafeText) -> Self {
        match digits(id.as_bytes()) {
            Some(groups) => Self::Number(groups),
            None => Self::Text(id.clone()),
        }
    }
}

fn digits(id: &[u8]) -> Option<[u64; 3]> {
    let fits = (1..=3 * GROUP).contains(&id.len()) && id[0] != b'0' && id.iter().all(u8::is_ascii_digit);
    fits.then(|| {
        let mut all = [b'0'; 3 * GROUP];
        all[3 * GROUP - id.len()..].copy_from_slice(id);
        // Side by side: each of the three waits for its own digit before only.
        (0..GROUP).fold([0; 3], |[high, middle, low], i| {
            let on = |n: u64, at: usize| n * 10 + u64::from(all[at] - b'0');
            [on(high, i), on(middle, GROUP + i), on(low, 2 * GROUP + i)]
        })
    })
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number([0, 0, low]) => write!(f, "{low}"),
            Self::Number([0, middle, low]) => write!(f, "{middle}{low:019}"),
            Self::Number([high, middle, low]) => write!(f, "{high}{middle:019}{low:019}"),
            Self::Text(text) => write!(f, "{text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_comes_back_as_it_was(id in "[0-9]{0,60}|[a-z0-9-]{0,40}") {
            prop_assert_eq!(EventId::new(&id.as_str().into()).to_string(), id);
        }

        #[test]
        fn ids_of_one_length_order_as_their_text(a in "[1-9][0-9]{55}", b in "[1-9][0-9]{55}") {
            prop_assert_eq!(EventId::new(&a.as_str().into()).cmp(&EventId::new(&b.as_str().into())), a.cmp(&b));
        }
    }
}
