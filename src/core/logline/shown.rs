//! What a screen shows of a message.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

use crate::core::text::SafeText;

/// Bytes at the beginning of a shown line that say only what time and level it is, and for access lines
/// of uvicorn which function wrote them: the gutter has it, and a narrow screen needs the room.
pub fn lead(shown: &str) -> usize {
    static LEAD: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \| [A-Z]+ *\| (?:uvicorn\.[\w.]+:\w+:\d+ - )?",
            // Where LiteLLM noticed the error and the id of the call: what it was stands behind them.
            r"|\d\d:\d\d:\d\d - LiteLLM(?: \w+)?:[A-Z]+: (?:[\w.]+\.py:\d+ - [\w.]+\(\): Exception occured - (?:litellm_call_id=\S+ - )?)?",
            r"|(?:DEBUG|INFO|WARNING|ERROR|CRITICAL): +)",
        ))
        .ok()
    });
    LEAD.as_ref().and_then(|regex| regex.find(shown)).map_or(0, |found| found.end())
}

/// What a screen shows of a message: colour sequences are taken out, since they carry nothing here;
/// everything else that could act on a terminal becomes visible.
pub fn display(raw: &str) -> SafeText {
    SafeText::new(&strip_sgr(raw))
}

/// The same at the end of `out`.
pub fn display_into(raw: &str, out: &mut String) {
    SafeText::append(&strip_sgr(raw), out);
}

/// The lines of a message: it may hold several, and one newline at its end says nothing.
pub fn shown_parts(raw: &str) -> impl Iterator<Item = &str> {
    let raw = raw.strip_suffix('\n').unwrap_or(raw);
    raw.split('\n').map(|part| part.strip_suffix('\r').unwrap_or(part))
}

/// Takes complete SGR sequences (`ESC [ … m`) out.
pub fn strip_sgr(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\u{1b}') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(start) = rest.find('\u{1b}') {
        out.push_str(&rest[..start]);
        let after = &rest[start + 1..];
        if let Some(length) = sgr_length(after) {
            rest = &after[length..];
        } else {
            out.push('\u{1b}');
            rest = after;
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Length of `[ … m` at the beginning of `after`.
fn sgr_length(after: &str) -> Option<usize> {
    let parameters = after.strip_prefix('[')?;
    let end = parameters.find(|c: char| !matches!(c, '0'..='9' | ';' | ':'))?;
    parameters[end..].starts_with('m').then_some(end + 2)
}

/// At most `length` bytes of `raw`, cut between characters.
pub(crate) fn head_of(raw: &str, length: usize) -> &str {
    &raw[..raw.floor_char_boundary(length)]
}
