//! The last line of the Logs screen: what is shown, how far behind it is, and what the signs in sight mean.

use std::borrow::Cow;

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::{
    FUTURE, LATE,
    histogram::{self, Chart},
    is_ahead,
};
use crate::{
    core::{
        fact::Millis,
        lines::Pattern,
        logview::Row,
        model::Model,
        tail::{GapReason, Tail},
        text::SafeText,
        when,
    },
    ui::{Side, cut, theme::Role},
};

/// Why a piece of the line is there: on a narrow screen the first of these come before the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Which lines come: it always stays.
    Mode,
    /// Something is wrong, or under way.
    Trouble,
    /// Silence in the chart is none.
    Shade,
    /// What was asked for.
    Asked,
    /// What the signs before the lines mean.
    Signs,
    /// How far behind the tail is.
    Lag,
    /// How many lines there are.
    Counts,
    /// What else helps to read it.
    Rest,
}

/// A piece of the line, with the space before it. It is there whole or not at all: half a number is another one.
pub(super) struct Piece<'a> {
    rank: Rank,
    spans: Vec<Span<'a>>,
}

impl<'a> Piece<'a> {
    fn new(rank: Rank, text: impl Into<Cow<'a, str>>, style: Style) -> Self {
        Self {
            rank,
            spans: vec![Span::styled(text, style)],
        }
    }

    /// It says nothing without the one before it.
    fn goes_on(&self) -> bool {
        self.spans.first().is_some_and(|span| span.content.starts_with(','))
    }

    fn width(&self) -> usize {
        self.spans.iter().map(Span::width).sum()
    }
}

/// The pieces that have room, in their order.
fn fitting(pieces: Vec<Piece<'_>>, width: usize) -> Line<'_> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|place| pieces[*place].rank);
    let (mut left, mut taken) = (width, vec![false; pieces.len()]);
    for place in order {
        let piece = &pieces[place];
        let has_head = !piece.goes_on() || (place > 0 && taken[place - 1]);
        let has_room = piece.width() <= left;
        // What is wrong is rather cut than kept from who reads.
        let is_first = || !pieces.iter().zip(&taken).any(|(other, taken)| *taken && other.rank == piece.rank);
        if has_head && (has_room || (piece.rank <= Rank::Trouble && is_first())) {
            taken[place] = true;
            left = left.saturating_sub(piece.width());
        }
    }
    let taken = pieces.into_iter().zip(taken).filter(|(_, is_taken)| *is_taken);
    taken.flat_map(|(piece, _)| piece.spans).collect()
}

/// What is shown, and how true it is, in so many cells.
pub(super) fn line<'a>(model: &Model, side: &Side<'_>, rows: &[Row], chart: Option<&Chart>, width: usize) -> Line<'a> {
    let style = |role| side.theme.style(role);
    let mut pieces = Vec::new();
    if let Some(query) = &model.insights {
        let spans = super::insights::state(model, query, side).into_iter();
        // What was asked for comes first: without it the number would be taken for all that matched.
        let rank = |i| [Rank::Mode, Rank::Lag].get(i).copied().unwrap_or(Rank::Counts);
        pieces.extend(spans.enumerate().map(|(i, span)| Piece {
            rank: rank(i),
            spans: vec![span],
        }));
        pieces.extend(asked_for(model, side, width));
        return fitting(pieces, width);
    }
    pieces.push(mode(model, side));
    if let Some(tail) = &model.tail {
        let lag = tail.lag(model.now.wall);
        let (rank, role) = if lag > 60_000 * i64::from(model.about.speed) {
            (Rank::Trouble, Role::Warn)
        } else {
            (Rank::Lag, Role::Dim)
        };
        pieces.push(Piece::new(rank, format!("  {} behind", when::span(lag)), style(role)));
    }
    pieces.extend(asked_for(model, side, width));
    if let Some(tail) = &model.tail {
        gaps(model, side, tail, &mut pieces);
    }
    older(model, side, &mut pieces);
    pieces.extend(counts(model, side));
    pieces.extend(row_signs(model, side, rows));
    pieces.extend(chart.into_iter().flat_map(|chart| {
        let (shade, signs) = histogram::legend(model, chart);
        let shade = shade.into_iter().map(|sign| (Rank::Shade, sign));
        shade
            .chain(signs.into_iter().map(|sign| (Rank::Rest, sign)))
            .map(|(rank, sign)| sign_piece(rank, side, sign))
    }));
    fitting(pieces, width)
}

/// Which lines come.
fn mode<'a>(model: &Model, side: &Side<'_>) -> Piece<'a> {
    let logs = model.shown_logs();
    let (text, role) = match (logs.is_paused(), logs.is_following()) {
        (true, _) => (" paused, p goes on ".to_owned(), Role::BadgeWarn),
        // Who is refused follows nothing; the panel's head says why.
        (false, true) if model.feeds.logs.fault.is_some() => (" asking again ".to_owned(), Role::BadgeWarn),
        (false, true) => (" following ".to_owned(), Role::Badge),
        (false, false) => {
            let what = match logs.new_lines() {
                0 => "not following".to_owned(),
                new => format!("+{new} new"),
            };
            (format!(" {what}, F follows "), Role::BadgeWarn)
        }
    };
    Piece::new(Rank::Mode, text, side.theme.style(role))
}

/// How many lines are shown, and held, and are not any more.
fn counts<'a>(model: &Model, side: &Side<'_>) -> Vec<Piece<'a>> {
    let (logs, style) = (model.shown_logs(), side.theme.style(Role::Dim));
    let kept = logs.kept_len().map_or_else(String::new, |kept| format!("{kept} of "));
    let mut pieces = vec![Piece::new(Rank::Counts, format!("  {kept}{} lines", logs.lines().len()), style)];
    let dropped: u64 = logs.lines().holes().iter().map(|hole| hole.lines).sum();
    if dropped > 0 {
        pieces.push(Piece::new(Rank::Counts, format!(", {dropped} dropped"), style));
    }
    pieces
}

/// How much has not been fetched, and where late lines were not looked for.
fn gaps(model: &Model, side: &Side<'_>, tail: &Tail, pieces: &mut Vec<Piece<'_>>) {
    let (mut missing, mut lost, mut unlooked): (Millis, Millis, Millis) = (0, 0, 0);
    for gap in tail.gaps(model.now.wall) {
        *match gap.why {
            GapReason::LateUnchecked => &mut unlooked,
            GapReason::GivenUp => &mut lost,
            _ => &mut missing,
        } += gap.until - gap.from;
    }
    for (span, words) in [(missing, "not fetched yet"), (lost, "never fetched")] {
        // Less than a second is on its way anyhow, and would be told as "0 s".
        if span >= 1_000 {
            let text = format!("  {} {words}", when::span(span));
            pieces.push(Piece::new(Rank::Trouble, text, side.theme.style(Role::Warn)));
        }
    }
    if unlooked > 0 {
        let text = format!("  late lines not looked for in {}", when::span(unlooked));
        pieces.push(Piece::new(Rank::Rest, text, side.theme.style(Role::Dim)));
    }
    let unchecked = tail.reconcile_lag(model.now.wall);
    if unchecked > 60_000 * i64::from(model.about.speed) {
        let text = format!("  search for late lines {} behind", when::span(unchecked));
        pieces.push(Piece::new(Rank::Trouble, text, side.theme.style(Role::Warn)));
    }
}

/// That older lines are on their way, or why they are not.
fn older(model: &Model, side: &Side<'_>, pieces: &mut Vec<Piece<'_>>) {
    let Some(older) = model.older.as_ref() else { return };
    let shown = |at| when::show(at, model.now.wall, model.times, &model.zone);
    match (older.loading(), older.fault()) {
        (Some(_), Some(fault)) => {
            let next = if older.asks_again() { "k asks now" } else { "k asks again" };
            let text = format!("  older lines: {}, {next}", fault.kind.words());
            pieces.push(Piece::new(Rank::Trouble, text, side.theme.style(Role::Warn)));
        }
        (Some((from, _, lines)), None) => {
            let style = side.theme.style(Role::Accent);
            pieces.push(Piece::new(
                Rank::Trouble,
                format!("  loading from {}, Esc stops", shown(from)),
                style,
            ));
            pieces.push(Piece::new(Rank::Counts, format!(", {lines} lines"), style));
        }
        (None, _) => {}
    }
}

/// Cells for the id of a request.
const LONGEST_ID: usize = 16;
/// Cells for the shape of an error.
const LONGEST_SHAPE: usize = 20;

/// What was asked for, each piece with the part of it that is only help. A pattern takes no more than a third of the line.
fn asked_for<'a>(model: &Model, side: &Side<'_>, width: usize) -> Vec<Piece<'a>> {
    let (logs, filter) = (model.shown_logs(), model.shown_logs().filter());
    let leads_back = logs.depth() > 0;
    let mut out = Vec::new();
    let mut ask = |text: String, help: &'static str| {
        let style = side.theme.style(Role::Accent);
        out.push(Piece::new(Rank::Asked, format!("  {text}"), style));
        if !help.is_empty() {
            out.push(Piece::new(Rank::Rest, help, style));
        }
    };
    let typed = |pattern: &Pattern| cut::end(&SafeText::new(pattern.text()), width / 3).into_owned();
    if let Some(level) = filter.min_level {
        ask(level.and_worse().to_owned(), "");
    }
    if let Some(request) = &filter.request {
        let id: SafeText = request.ids().first().map(String::as_str).unwrap_or_default().into();
        let part = if request.is_part() { "part of " } else { "" };
        let key = if leads_back { ", * back" } else { ", * drops it" };
        ask(format!("{part}request {}", cut::middle(&id, LONGEST_ID)), key);
    }
    if let Some(shape) = &filter.shape {
        // With nowhere to go back to Esc does something else.
        let key = if leads_back { ", Esc back" } else { "" };
        ask(format!("errors like {}", cut::end(shape, LONGEST_SHAPE)), key);
    }
    if filter.heads_only {
        ask("folded".to_owned(), ", z opens");
    }
    if let Some(pattern) = &filter.pattern {
        let not = if pattern.is_inverse() { "not " } else { "" };
        ask(format!("{not}matching {}", typed(pattern)), "");
    }
    if let Some(pattern) = logs.searched() {
        let count = match (logs.search_place(), logs.search_len()) {
            (Some(place), all) => format!("{place} of {all}"),
            (None, 1) => "1 match".to_owned(),
            (None, all) => format!("{all} matches"),
        };
        ask(format!("/{} {count}", typed(pattern)), ", n N");
    }
    if logs.is_searching() {
        ask("looking…".to_owned(), "");
    }
    out
}

/// The words for the signs before the rows in sight.
fn row_signs<'a>(model: &Model, side: &Side<'_>, rows: &[Row]) -> Vec<Piece<'a>> {
    let now = model.now.wall;
    let late = rows.iter().any(|row| row.late && !is_ahead(row, now)).then_some((LATE, "late"));
    let ahead = rows
        .iter()
        .any(|row| is_ahead(row, now))
        .then_some((FUTURE, "stamped in the future"));
    let there = [late, ahead].into_iter().flatten();
    there
        .map(|(sign, word)| sign_piece(Rank::Signs, side, (sign.trim_end(), Role::Accent, word)))
        .collect()
}

/// A sign and what it means.
fn sign_piece<'a>(rank: Rank, side: &Side<'_>, (sign, role, word): histogram::Sign) -> Piece<'a> {
    let spans = vec![
        Span::styled(format!("  {sign} "), side.theme.style(role)),
        Span::styled(word, side.theme.style(Role::Dim)),
    ];
    Piece { rank, spans }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_there_whole_and_those_that_matter_less_give_way() {
        let pieces = || {
            [
                (Rank::Mode, " following "),
                (Rank::Lag, "  2 s behind"),
                (Rank::Asked, "  /x 16284 matches"),
                (Rank::Rest, ", n N"),
                (Rank::Counts, "  81234 lines"),
                (Rank::Counts, ", 7 dropped"),
                (Rank::Shade, "  ░ not loaded"),
                (Rank::Rest, "  ◆ stack"),
            ]
            .map(|(rank, text)| Piece::new(rank, text, Style::default()))
            .into()
        };
        for (width, want) in [
            (
                200,
                " following   2 s behind  /x 16284 matches, n N  81234 lines, 7 dropped  ░ not loaded  ◆ stack",
            ),
            (
                88,
                " following   2 s behind  /x 16284 matches, n N  81234 lines, 7 dropped  ░ not loaded",
            ),
            (
                80,
                " following   2 s behind  /x 16284 matches  81234 lines, 7 dropped  ░ not loaded",
            ),
            (70, " following   2 s behind  /x 16284 matches  81234 lines  ░ not loaded"),
            (60, " following   2 s behind  /x 16284 matches, n N  ░ not loaded"),
            (45, " following   /x 16284 matches  ░ not loaded"),
            (30, " following   ░ not loaded"),
            (24, " following   2 s behind"),
            (3, " following "),
        ] {
            assert_eq!(fitting(pieces(), width).to_string(), want, "{width}");
        }
        let trouble = |text| Piece::new(Rank::Trouble, text, Style::default());
        let pieces = vec![
            Piece::new(Rank::Mode, " following ", Style::default()),
            trouble("  AWS is slow"),
            trouble("  2 s missing"),
        ];
        assert_eq!(fitting(pieces, 15).to_string(), " following   AWS is slow");
    }
}
