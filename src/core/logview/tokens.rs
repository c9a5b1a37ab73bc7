//! What stands out in a shown line: levels, HTTP statuses, ids, numbers, quoted words, exceptions, and
//! characters that were hidden.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use crate::core::logline::Level;

/// What a piece of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// The name of a level.
    Level(Level),
    /// An HTTP status.
    Status(u16),
    /// An id of a request, a chat, a file.
    Id,
    /// Somebody's address and port.
    Address,
    /// A number.
    Number,
    /// A text in quotes.
    Quoted,
    /// The name of an exception.
    Exception,
    /// The picture of a character that would not be seen, or would act.
    Hidden,
}

/// The pieces of a shown text, from left to right; bytes.
pub fn tokens(shown: &str) -> Vec<(Range<usize>, Token)> {
    static PIECES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r#"(?P<quoted>"[^"]*"|'[^'\s]*')"#,
            r"|(?P<hidden>[\u{2400}-\u{2421}]|<U\+[0-9A-F]{4,6}>)",
            r"|(?P<id>\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b[0-9a-fA-F]{12,}\b",
            r"|\b(?:req|call|chatcmpl|trace|img|resp|msg)[-_][A-Za-z0-9-]{6,})",
            r"|(?P<address>\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b)",
            r"|\b(?P<level>TRACE|DEBUG|INFO|SUCCESS|WARN|WARNING|ERROR|CRITICAL|FATAL)\b",
            r"|(?P<exception>\b(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Timeout)\b)",
            r"|(?P<number>\b\d+(?:[.:,]\d+)*\b)",
        ))
        .ok()
    });
    let mut out = Vec::new();
    for found in PIECES.iter().flat_map(|regex| regex.captures_iter(shown)) {
        let named = |name| found.name(name).map(|piece| piece.range());
        if let Some(range) = named("quoted") {
            if shown[range.clone()].contains(" HTTP/") {
                out.extend(status_after(shown, range.end));
            } else {
                out.push((range, Token::Quoted));
            }
        } else if let Some(range) = named("level") {
            out.extend(Level::named(&shown[range.clone()]).map(|level| (range, Token::Level(level))));
        } else {
            let kinds = [
                ("hidden", Token::Hidden),
                ("id", Token::Id),
                ("address", Token::Address),
                ("exception", Token::Exception),
                ("number", Token::Number),
            ];
            out.extend(kinds.into_iter().find_map(|(name, token)| Some((named(name)?, token))));
        }
    }
    // What a status is has been said before its digits were met as a number.
    out.dedup_by(|(later, _), (before, _)| later.start < before.end);
    out
}

/// The status behind a quoted request line.
fn status_after(shown: &str, at: usize) -> Option<(Range<usize>, Token)> {
    let range = at + 1..at + 4;
    let status = shown.get(range.clone())?.parse().ok()?;
    (100..600).contains(&status).then_some((range, Token::Status(status)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pieces_of_real_lines() {
        for (shown, want) in [
            (
                "10.42.1.9:34450 - \"GET /health HTTP/1.1\" 503",
                vec![("10.42.1.9:34450", Token::Address), ("503", Token::Status(503))],
            ),
            (
                "litellm_call_id=fbd640df-5bae-4e42-a8f3-eb9d892c8f9d - litellm.NotFoundError: {\"message\": \"gone\"} after 12.5 s",
                vec![
                    ("fbd640df-5bae-4e42-a8f3-eb9d892c8f9d", Token::Id),
                    ("litellm.NotFoundError", Token::Exception),
                    ("\"message\"", Token::Quoted),
                    ("\"gone\"", Token::Quoted),
                    ("12.5", Token::Number),
                ],
            ),
            (
                "ERROR ␛[2J <U+202E> x",
                vec![
                    ("ERROR", Token::Level(Level::Error)),
                    ("␛", Token::Hidden),
                    ("<U+202E>", Token::Hidden),
                ],
            ),
            ("don't touch words", vec![]),
        ] {
            let found: Vec<_> = tokens(shown).into_iter().map(|(range, token)| (&shown[range], token)).collect();
            assert_eq!(found, want);
        }
    }

    proptest! {
        #[test]
        fn pieces_lie_in_the_text_one_after_the_other(shown in "(\"| HTTP/|[\\PC0-9a-f.:-]){0,60}") {
            let mut end = 0;
            for (range, _) in tokens(&shown) {
                prop_assert!(range.start >= end && range.end > range.start && shown.get(range.clone()).is_some());
                end = range.end;
            }
        }
    }
}
