//! Text in rows by the width of its cells. Rows are parts of the text itself: to go through those of a megabyte takes
//! about a millisecond, so that none need be kept from one frame to the next.

use unicode_width::UnicodeWidthChar;

use super::{FRAME_HEIGHT, FRAME_WIDTH, TEXT};
use crate::core::{
    dialog::{Detail, Json},
    msg::Size,
};

/// Rows of at most `cells`, at least one for each line. They break at blanks, which then stand in no row; words longer
/// than a row are broken. A hyphen is part of a name here, not a place to break.
pub fn rows(text: &str, cells: usize) -> impl Iterator<Item = &str> + Clone {
    let cells = cells.max(1);
    text.split('\n').flat_map(move |line| Rows { rest: Some(line), cells })
}

/// The same, each by itself.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    rows(text, cells).map(str::to_owned).collect()
}

/// The rows of a line that have not been given yet.
#[derive(Clone)]
struct Rows<'a> {
    rest: Option<&'a str>,
    cells: usize,
}

impl<'a> Iterator for Rows<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.take()?;
        let fits = fitting(rest, self.cells);
        if fits == rest.len() {
            return Some(rest.trim_end_matches(' '));
        }
        let is_between = rest[fits..].starts_with(' ');
        let blank = if is_between { Some(fits) } else { rest[..fits].rfind(' ') };
        let row = rest[..blank.unwrap_or(0)].trim_end_matches(' ');
        let row = if row.is_empty() { &rest[..fits] } else { row };
        let next = rest[row.len()..].trim_start_matches(' ');
        self.rest = (!next.is_empty()).then_some(next);
        Some(row)
    }
}

/// Bytes of the first characters that take at most `cells`; of one character in any case.
fn fitting(text: &str, cells: usize) -> usize {
    // A mark after them would still belong to the last one.
    let begin = &text.as_bytes()[..text.len().min(cells + 1)];
    if begin.is_ascii() {
        return text.len().min(cells);
    }
    let mut left = cells;
    let over = text.char_indices().find(|(at, c)| {
        let wide = c.width().unwrap_or(0);
        let fits = wide <= left || *at == 0;
        left = left.saturating_sub(wide);
        !fits
    });
    over.map_or(text.len(), |(at, _)| at)
}

/// A row of a text on a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextRow<'a> {
    /// What stands before it, in its own column.
    pub label: &'a str,
    /// Cells before its text.
    pub indent: usize,
    /// Its text.
    pub text: &'a str,
}

fn hang<'a>(label: &'a str, indent: usize, text: &'a str, cells: usize) -> impl Iterator<Item = TextRow<'a>> + Clone {
    let label_of = move |row: usize| if row == 0 { label } else { "" };
    rows(text, cells).enumerate().map(move |(row, text)| TextRow {
        label: label_of(row),
        indent,
        text,
    })
}

/// Rows of a row in full: what stands behind a label stays in its column.
pub fn detail_rows(detail: &Detail, cells: usize) -> impl Iterator<Item = TextRow<'_>> + Clone {
    /// Cells of a label and the blank after it.
    const LABEL: usize = 17;
    let is_word = |c: char| c.is_ascii_alphabetic() || c == ' ';
    detail.lines.iter().flat_map(move |line| {
        let split = line.split_at_checked(LABEL).filter(|_| cells > 3 * LABEL);
        match split.filter(|(label, _)| label.ends_with(' ') && label.chars().all(is_word)) {
            Some((label, value)) => hang(label, LABEL, value, cells - LABEL),
            None => hang("", 0, line, cells),
        }
    })
}

/// Rows of a row as JSON, each line under its own indent.
pub fn json_rows(json: &Json, cells: usize) -> impl Iterator<Item = TextRow<'_>> + Clone {
    json.text().lines().flat_map(move |line| {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        hang("", indent, bare, cells.saturating_sub(indent).max(8))
    })
}

/// Cells of a row of a long text, and how many rows have room at once.
pub fn text_room(size: Size) -> (usize, usize) {
    let cells = TEXT.min(size.width).saturating_sub(FRAME_WIDTH);
    (cells.into(), size.height.saturating_sub(FRAME_HEIGHT).into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::text::SafeText;

    #[test]
    fn rows_break_at_blanks_and_words_only_where_they_must() {
        for (text, cells, want) in [
            ("", 5, &[""][..]),
            ("one two three", 7, &["one two", "three"]),
            ("one two three", 8, &["one two", "three"]),
            ("one   two  ", 4, &["one", "two"]),
            ("ab cdefghijklmnop", 8, &["ab", "cdefghij", "klmnop"]),
            ("  indented words", 10, &["  indented", "words"]),
            ("    indented", 8, &["    inde", "nted"]),
            ("a-name-with-hyphens stays", 20, &["a-name-with-hyphens", "stays"]),
            ("two\n\nlines", 9, &["two", "", "lines"]),
            ("漢字漢字", 5, &["漢字", "漢字"]),
            ("漢", 1, &["漢"]),
            ("abe\u{301} c", 3, &["abe\u{301}", "c"]),
        ] {
            assert_eq!(wrap(text, cells), want, "{text:?} {cells}");
        }
    }

    proptest! {
        #[test]
        fn nothing_but_blanks_is_lost(raw in "[ab e\u{301}漢\n-]{0,60}|.{0,60}", cells in 1usize..40) {
            let text = SafeText::of_lines(&raw);
            let bare = |text: &str| text.replace([' ', '\n'], "");
            let rows = wrap(&text, cells);
            prop_assert_eq!(bare(&rows.concat()), bare(&text));
            prop_assert!(rows.len() >= text.split('\n').count());
            prop_assert!(rows.iter().all(|row| text.contains(row.as_str())));
        }
    }
}
