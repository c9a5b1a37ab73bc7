//! Text by the width of its cells: cut with `…`, or wrapped. The one place that measures.

use std::borrow::Cow;

use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

pub use crate::layout::wrap;

/// Cells that a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// At most `cells` wide; what is left out at the end becomes `…`.
pub fn end(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    match cells {
        0 => Cow::Borrowed(""),
        _ => Cow::Owned(format!("{}…", head(text, cells - 1))),
    }
}

/// At most `cells` wide; what is left out in the middle becomes `…`, so that both ends of a name stay.
pub fn middle(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    if cells < 3 {
        return end(text, cells);
    }
    between(text, cells, (cells - 1) / 2)
}

/// The same, more of the end than of the start: what is decided stands last.
pub fn ends(text: &str, cells: usize) -> Cow<'_, str> {
    /// Cells of the start that say what it is about.
    const HEAD: usize = 68;
    /// A word that a cut falls into stays whole where it has no more cells left than this.
    const WORD: usize = 24;
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    let front = HEAD.min(cells / 2);
    let rest = text.chars().skip(head(text, front).chars().count()).take(WORD);
    let word = rest.clone().position(char::is_whitespace).unwrap_or_default();
    between(text, cells, cells.saturating_sub(front + word))
}

/// `…` between the start of a text and so many cells of its end.
fn between(text: &str, cells: usize, back: usize) -> Cow<'_, str> {
    let back = back.min(cells.saturating_sub(1));
    let front = cells.saturating_sub(1 + back);
    Cow::Owned(format!("{}…{}", head(text, front), tail(text, back)))
}

/// A line of at most `cells`; what is left out at its end becomes `…`.
pub fn line(mut line: Line<'_>, cells: usize) -> Line<'_> {
    if line.width() <= cells {
        return line;
    }
    let mut left = cells.saturating_sub(1);
    let mut kept = Vec::new();
    for span in line.spans {
        let text = head(&span.content, left);
        let is_cut = text.len() < span.content.len();
        left -= width(&text);
        kept.push(Span::styled(text, span.style));
        if is_cut {
            break;
        }
    }
    if cells > 0 {
        let style = kept.last().map(|s| s.style).unwrap_or_default();
        kept.push(Span::styled("…", style));
    }
    line.spans = kept;
    line
}

/// The end of a text that is being typed: the newest characters stay in sight.
pub fn start(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    match cells {
        0 => Cow::Borrowed(""),
        _ => Cow::Owned(format!("…{}", tail(text, cells - 1))),
    }
}

/// As many characters from the end as `cells` hold.
fn tail(text: &str, cells: usize) -> String {
    let turned: String = text.chars().rev().collect();
    head(&turned, cells).chars().rev().collect()
}

/// As many characters from the start as `cells` hold.
fn head(text: &str, cells: usize) -> String {
    let mut left = cells;
    text.chars()
        .take_while(|c| {
            let w = c.width().unwrap_or(0);
            let fits = w <= left;
            left = left.saturating_sub(w);
            fits
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::text::SafeText;

    #[test]
    fn cutting() {
        for (text, cells, at_end, in_middle) in [
            ("openwebui", 9, "openwebui", "openwebui"),
            ("openwebui", 5, "open…", "op…ui"),
            ("openwebui", 2, "o…", "o…"),
            ("openwebui", 1, "…", "…"),
            ("openwebui", 0, "", ""),
            ("漢字漢字", 5, "漢字…", "漢…字"),
        ] {
            assert_eq!(
                (end(text, cells).as_ref(), middle(text, cells).as_ref()),
                (at_end, in_middle),
                "{text} {cells}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_its_room(raw in any::<String>(), cells in 0usize..40) {
            let text = SafeText::new(&raw);
            for short in [end(&text, cells), middle(&text, cells), start(&text, cells)] {
                prop_assert!(width(&short) <= cells);
            }
            let spans = Line::from(vec![Span::raw("ab"), Span::raw(text.as_str()), Span::raw("cd")]);
            prop_assert!(line(spans, cells).width() <= cells);
            for line in wrap(&text, cells) {
                prop_assert!(width(&line) <= cells.max(2));
            }
        }
    }
}
