//! The row under the cursor where what is searched for lies beyond the edge.

use super::{
    LogView,
    window::{Piece, Size, clip, fitting, start, width_of},
};
use crate::core::{lines::Request, logline, text::SafeText};

/// Bytes of the line under the cursor in which a match beyond the edge is looked for.
const MAX_PAN: usize = 64 << 10;
/// Stands where the beginning of a row is left out.
const CUT: &str = "…";

impl LogView {
    /// Where the first match lies beyond the edge the row from a little before it on.
    pub(super) fn panned(&self, part: &str, size: Size) -> Option<Piece> {
        // The id of a request is not what one wants to read of its lines.
        let pattern = self
            .highlighted()
            .filter(|pattern| Some(*pattern) != self.filter.request.as_ref().map(Request::pattern))?;
        let head = logline::head_of(part, MAX_PAN);
        let shown = logline::display(head);
        let matches = pattern.ranges(&shown);
        let first = matches.first()?;
        let from = start(&shown, &matches, self.sideways);
        if first.start <= from || first.end <= from + fitting(&shown[from..], size.width) {
            return None;
        }
        let mut before = 0;
        let back = shown[..first.start].char_indices().rev().find(|(_, c)| {
            before += width_of(*c);
            before > size.width / 3 && width_of(*c) > 0
        });
        let from = back.map_or(0, |(at, _)| at);
        let end = from + fitting(&shown[from..], size.width.saturating_sub(1));
        let matches = clip(&matches, from..end).into_iter();
        Some(Piece {
            text: SafeText::new(&format!("{CUT}{}", &shown[from..end])),
            matches: matches.map(|range| range.start + CUT.len()..range.end + CUT.len()).collect(),
            more: shown.len() - end + part.len() - head.len(),
        })
    }
}
