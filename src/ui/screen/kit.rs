//! Small pieces that the screens share: styled spans, text cut to a width, money, gauges.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Paragraph,
};

use crate::ui::{
    Side, cut as measure,
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

    /// How a role looks.
    pub fn style(self, role: Role) -> Style {
        self.0.style(role)
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
    let lines: Vec<Line<'_>> = lines.into_iter().map(|l| measure::line(l, usize::from(area.width))).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

/// `text` in at most `width` cells; what does not fit becomes `…` at the end.
pub fn cut(text: &str, width: usize) -> String {
    measure::end(text, width).into_owned()
}

/// `text` cut and set to the right of `width` cells.
pub fn right(text: &str, width: usize) -> String {
    let text = cut(text, width);
    format!("{}{text}", " ".repeat(width.saturating_sub(measure::width(&text))))
}

/// `text` cut and filled up to `width` cells.
pub fn left(text: &str, width: usize) -> String {
    let text = cut(text, width);
    let fill = width.saturating_sub(measure::width(&text));
    format!("{text}{}", " ".repeat(fill))
}

/// Words in at most `rows` lines; what does not fit ends in `…`.
pub fn wrap_to(text: &str, width: usize, rows: usize) -> Vec<String> {
    let mut lines = measure::wrap(text, width);
    if lines.len() > rows {
        let rest = lines.split_off(rows.saturating_sub(1));
        let whole_words = format!("{} …", rest[0].chars().take(width.saturating_sub(2)).collect::<String>().trim_end());
        let all = rest.join(" ");
        // A long word may be the very name of the error: half of it says more than an empty row.
        let is_bare = 2 * measure::width(&whole_words) < width;
        lines.push(cut(if is_bare { &all } else { &whole_words }, width));
    }
    lines
}

/// Words in at most `rows` lines; where they do not fit, the middle becomes `…`: AWS writes the reason last.
pub fn wrap_ends(text: &str, width: usize, rows: usize) -> Vec<String> {
    let whole = measure::wrap(text, width);
    if whole.len() <= rows {
        return whole;
    }
    let mut shorter = (1..=rows * width)
        .rev()
        .map(|cells| measure::wrap(&measure::ends(text, cells), width));
    shorter.find(|lines| lines.len() <= rows).unwrap_or_default()
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
    // Adding zero takes the sign off a negative zero.
    format!("${:.4}", amount + 0.0)
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
        assert_eq!((right("7", 3).as_str(), left("7", 3).as_str()), ("  7", "7  "));
        assert_eq!(wrap_to("one two three four", 7, 2), ["one two", "three …"]);
        assert_eq!(
            [usd(159.326), usd(1204.0), usd(-0.001), usd(-8.5)],
            ["$159.33", "$1,204.00", "$0.00", "−$8.50"]
        );
        assert_eq!(usd_hour(-0.0), "$0.0000");
        assert_eq!(gauge(1, 4, 8), "██░░░░░░");
        assert_eq!(gauge(5, 0, 3), "░░░");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_asked(text in "[ -~漢…]{0,60}", width in 2usize..40) {
            prop_assert_eq!(measure::width(&right(&text, width)), width);
            prop_assert_eq!(measure::width(&left(&text, width)), width);
            for line in wrap_to(&text, width, 3) {
                prop_assert!(measure::width(&line) <= width);
            }
        }
    }
}
