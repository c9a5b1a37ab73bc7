//! Small pieces that the screens share: styled spans, text cut to a width, money, gauges.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect, Spacing},
    text::{Line, Span},
    widgets::Paragraph,
};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::ui::{
    Side,
    theme::{Role, Theme},
};

/// Writes spans in a role.
#[derive(Clone, Copy)]
pub struct Pen<'a>(pub &'a Theme);

impl Pen<'_> {
    /// The pen of a side.
    pub fn of<'a>(side: &Side<'a>) -> Pen<'a> {
        Pen(side.theme)
    }

    /// A span in any role.
    pub fn ink(self, role: Role, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.0.style(role))
    }

    /// Ordinary text.
    pub fn text(self, text: impl Into<String>) -> Span<'static> {
        self.ink(Role::Text, text)
    }

    /// Less important text.
    pub fn dim(self, text: impl Into<String>) -> Span<'static> {
        self.ink(Role::Dim, text)
    }

    /// A heading.
    pub fn title(self, text: impl Into<String>) -> Span<'static> {
        self.ink(Role::Title, text)
    }

    /// A sentence with a key in it: `Press [D] to deploy` with the part in brackets as a key.
    pub fn keys(self, text: &str) -> Line<'static> {
        let mut spans = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('[') {
            let (key, tail) = after.split_once(']').unwrap_or((after, ""));
            spans.push(self.dim(before));
            spans.push(self.ink(Role::Key, key));
            rest = tail;
        }
        spans.push(self.dim(rest));
        Line::from(spans)
    }
}

/// Draws lines, each cut to the width of the area with `…`.
pub fn show(lines: Vec<Line<'static>>, area: Rect, frame: &mut Frame<'_>) {
    let lines: Vec<Line<'_>> = lines.into_iter().map(|l| fit(l, usize::from(area.width))).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

/// A line in at most `width` cells; what does not fit becomes `…`.
pub fn fit(mut line: Line<'static>, width: usize) -> Line<'static> {
    if line.width() <= width {
        return line;
    }
    let mut left = width;
    let mut is_full = false;
    for span in &mut line.spans {
        let needed = span.content.width();
        if is_full {
            span.content = "".into();
        } else if needed < left {
            left -= needed;
        } else {
            // A cell more than there is, so that the sign stands for what follows too.
            span.content = cut(&format!("{} ", span.content), left.min(needed)).into();
            is_full = true;
        }
    }
    line
}

/// `text` in at most `width` cells; what does not fit becomes `…` at the end.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let w = c.width().unwrap_or(0);
        if used + w + 1 > width {
            break;
        }
        used += w;
        out.push(c);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

/// The end of `text` in at most `width` cells, for a field that is typed into.
pub fn tail(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let from = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| {
            used += c.width().unwrap_or(0);
            used <= width
        })
        .last()
        .map_or(text.len(), |(i, _)| i);
    format!("…{}", &text[from..])
}

/// `text` cut and set to the right of `width` cells.
pub fn right(text: &str, width: usize) -> String {
    let text = cut(text, width);
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}

/// `text` cut and filled up to `width` cells.
pub fn left(text: &str, width: usize) -> String {
    let text = cut(text, width);
    let fill = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(fill))
}

/// Words in lines of at most `width` cells; a word that is too long is broken.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word = word;
        while let Some(line) = lines.last_mut() {
            let gap = usize::from(!line.is_empty());
            if line.width() + gap + word.width() <= width {
                line.extend(std::iter::repeat_n(' ', gap));
                line.push_str(word);
                break;
            }
            if line.is_empty() {
                let (head, rest) = split_at_width(word, width);
                line.push_str(head);
                word = rest;
            }
            lines.push(String::new());
        }
    }
    lines
}

fn split_at_width(word: &str, width: usize) -> (&str, &str) {
    let mut used = 0;
    let at = word
        .char_indices()
        .find(|(i, c)| {
            used += c.width().unwrap_or(0);
            used > width && *i > 0
        })
        .map_or(word.len(), |(i, _)| i);
    word.split_at(at)
}

/// Words in at most `rows` lines; what does not fit ends in `…`.
pub fn wrap_to(text: &str, width: usize, rows: usize) -> Vec<String> {
    let mut lines = wrap(text, width);
    if lines.len() > rows {
        lines.truncate(rows);
        if let Some(last) = lines.last_mut() {
            *last = cut(&format!("{last} …"), width);
            if !last.ends_with('…') {
                last.push('…');
            }
        }
    }
    lines
}

/// Widths that a table gives its columns, with one cell between them.
pub fn widths<const N: usize>(width: u16, columns: &[Constraint; N]) -> [usize; N] {
    let areas: [Rect; N] = Layout::horizontal(*columns)
        .spacing(Spacing::Space(1))
        .areas(Rect::new(0, 0, width, 1));
    areas.map(|a| usize::from(a.width))
}

/// `$159.33`, with a thin hand for thousands: `$1,204.00`.
pub fn usd(amount: f64) -> String {
    let sign = if amount < -0.005 { "−" } else { "" };
    let cents = (amount.abs() * 100.0).round() as u64;
    let (whole, cents) = (cents / 100, cents % 100);
    let thousands = if whole >= 1000 {
        format!("{},{:03}", whole / 1000, whole % 1000)
    } else {
        whole.to_string()
    };
    format!("{sign}${thousands}.{cents:02}")
}

/// `$0.2183` an hour: four places, since hours are small.
pub fn usd_hour(amount: f64) -> String {
    format!("${amount:.4}")
}

/// A bar of `width` cells, `done` of `all` filled.
pub fn gauge(done: usize, all: usize, width: usize) -> String {
    let filled = (done * width).checked_div(all).unwrap_or(0).min(width);
    format!("{}{}", "█".repeat(filled), "░".repeat(width - filled))
}

/// `AWS::ECS::Service` → `ECS::Service`.
pub fn short_type(kind: &str) -> &str {
    kind.strip_prefix("AWS::").unwrap_or(kind)
}

/// `1 task`, `2 tasks`.
pub fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// A rectangle of at most this size in the middle of another.
pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect::new(
        area.x + (area.width - width) / 2,
        area.y + (area.height - height) / 2,
        width,
        height,
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pieces() {
        assert_eq!(
            (cut("abcdef", 4).as_str(), cut("abcd", 4).as_str(), cut("漢字漢字", 5).as_str()),
            ("abc…", "abcd", "漢字…")
        );
        assert_eq!((tail("abcdef", 4).as_str(), tail("abcd", 4).as_str()), ("…def", "abcd"));
        assert_eq!(right("7", 3), "  7");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap_to("one two three four", 7, 2), ["one two", "three …"]);
        assert_eq!(
            [usd(159.326), usd(1204.0), usd(-0.001), usd(-8.5)],
            ["$159.33", "$1,204.00", "$0.00", "−$8.50"]
        );
        assert_eq!(gauge(1, 4, 8), "██░░░░░░");
        assert_eq!(gauge(5, 0, 3), "░░░");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_asked(text in "\\PC{0,60}", width in 1usize..40) {
            prop_assert!(cut(&text, width).width() <= width);
            prop_assert!(tail(&text, width).width() <= width);
            prop_assert_eq!(right(&text, width).width(), width);
            let line = Line::from(vec![Span::raw(text.clone()), Span::raw("ab"), Span::raw(text.clone())]);
            let is_cut = line.width() > width;
            let fitted = fit(line, width);
            prop_assert!(fitted.width() <= width);
            prop_assert_eq!(fitted.to_string().ends_with('…'), is_cut || text.ends_with('…'));
            for line in wrap_to(&text, width.max(2), 3) {
                prop_assert!(line.width() <= width.max(2));
            }
        }
    }
}
