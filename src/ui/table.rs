//! Rows with a cursor. The offset follows from cursor and height, so nothing is kept between frames.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
    widgets::{Cell, Row, Table},
};

use super::{Side, cut, theme::Role};

/// First row shown, so that the cursor stays in sight, near the middle of a long list.
pub fn offset(cursor: usize, rows: usize, height: usize) -> usize {
    cursor.saturating_sub(height / 2).min(rows.saturating_sub(height))
}

/// Which rows are in sight, when not all are: `4–19 of 39`.
pub fn window(cursor: usize, rows: usize, height: usize) -> String {
    if rows <= height {
        return String::new();
    }
    let first = offset(cursor, rows, height);
    format!("{}–{} of {rows}", first + 1, first + height)
}

/// What a table shows.
pub struct Rows<'a> {
    /// Column heads; empty for none.
    pub heads: &'a [&'a str],
    /// Column widths.
    pub widths: &'a [Constraint],
    /// Row under the cursor; `None` when the panel has not the focus.
    pub cursor: Option<usize>,
    /// How many rows there are.
    pub count: usize,
}

/// Draws the rows in sight; `row` makes the cells of one row. A cell too long for its column ends in `…`.
pub fn draw<'r>(side: &Side<'_>, rows: &Rows<'_>, area: Rect, frame: &mut Frame<'_>, row: impl Fn(usize) -> Vec<Line<'r>>) {
    let head = usize::from(!rows.heads.is_empty());
    let height = usize::from(area.height).saturating_sub(head);
    let columns: Vec<u16> = Layout::horizontal(rows.widths)
        .spacing(1)
        .split(area)
        .iter()
        .map(|c| c.width)
        .collect();
    let first = offset(rows.cursor.unwrap_or(0), rows.count, height);
    let shown = (first..rows.count.min(first + height)).map(|i| {
        let cells = row(i)
            .into_iter()
            .zip(&columns)
            .map(|(cell, width)| Cell::from(cut::line(cell, (*width).into())));
        let style = if rows.cursor == Some(i) {
            side.theme.style(Role::Selected)
        } else {
            side.theme.style(Role::Text)
        };
        Row::new(cells).style(style)
    });
    let mut table = Table::new(shown, columns.iter().map(|width| Constraint::Length(*width))).column_spacing(1);
    if !rows.heads.is_empty() {
        table = table.header(Row::new(rows.heads.iter().map(|h| (*h).to_owned())).style(side.theme.style(Role::Dim)));
    }
    frame.render_widget(table, area);
    // In the row of the heads, so that it takes no row from the list, where it covers none of them.
    let rest = window(rows.cursor.unwrap_or(0), rows.count, height);
    let before: usize = columns.iter().rev().skip(1).map(|width| usize::from(*width) + 1).sum();
    let heads = before + rows.heads.last().map_or(0, |name| cut::width(name));
    if head > 0 && height > 0 && !rest.is_empty() && heads + 2 + cut::width(&rest) <= usize::from(area.width) {
        let line = Line::styled(format!(" {rest}"), side.theme.style(Role::Dim)).right_aligned();
        frame.render_widget(line, Rect { height: 1, ..area });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_cursor_is_always_in_sight(rows in 1usize..500, height in 1usize..60, seed in 0usize..500) {
            let cursor = seed % rows;
    let first = offset(cursor, rows, height);
            prop_assert!(first <= cursor && cursor < first + height);
            prop_assert!(first + height <= rows.max(height));
        }
    }
}
