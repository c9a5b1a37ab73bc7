//! Where everything stands: pure geometry, used by the view and by clicks.
//!
//! ```text
//! header   product, stack, account, region, badges, clock
//! tabs     [1 Overview] 2 Deploy …                 stack status
//! strip    silence when fine, else the worst finding
//! body     the panels of the screen
//! footer   keys, or the notice
//! ```

use ratatui::layout::{Constraint, Layout, Rect};

use crate::core::{
    dialog::Confirm,
    logview::LogView,
    model::{Model, Times},
    msg::Size,
    preflight::Check,
    screen::{Panel, ScreenId},
    when,
};

mod wrap;

pub use self::wrap::{TextRow, detail_rows, json_rows, rows, text_room, wrap};

/// Smallest terminal that shows a screen; below it the console says what it needs.
pub const LEAST: Size = Size { width: 40, height: 12 };

/// How wide a question wants to be, its frame included.
pub const QUESTION: u16 = 76;
/// How wide a long text wants to be, its frame included.
pub const TEXT: u16 = 110;
/// Columns before the evidence of a check: its mark and its name.
pub const CHECK: usize = 16;
/// Columns that the frame of a dialog takes: border and one blank on each side.
pub const FRAME_WIDTH: u16 = 4;
/// Rows that the frame of a dialog takes.
pub const FRAME_HEIGHT: u16 = 2;

/// Stands before what is lost.
pub const LOSS: &str = "✗ ";

/// From this width on the five panels have room for their right column of three.
const WIDE: u16 = 110;
/// From this width on panels stand side by side.
const MEDIUM: u16 = 64;
/// Rows of a panel that still says something: its frame and two lines.
const PANEL: u16 = 4;
/// Rows of the cost panel as one line.
const LINE: u16 = 3;

/// The parts of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Areas {
    /// Line 1.
    pub header: Rect,
    /// Line 2.
    pub tabs: Rect,
    /// Line 3.
    pub strip: Rect,
    /// What the screen fills.
    pub body: Rect,
    /// The last line.
    pub footer: Rect,
    /// The panels in sight, in the order of Tab.
    pub panels: Vec<(Panel, Rect)>,
}

/// The parts of a terminal for a screen. The panel with the focus is always in sight; zoomed, it alone.
pub fn areas(size: Size, screen: ScreenId, focus: Panel, zoomed: bool) -> Areas {
    let [header, tabs, strip, body, footer] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(Rect::new(0, 0, size.width, size.height));
    let panels = if zoomed { vec![(focus, body)] } else { panels(screen, focus, body) };
    Areas {
        header,
        tabs,
        strip,
        body,
        footer,
        panels,
    }
}

/// The panels of a screen within its body.
pub fn panels(screen: ScreenId, focus: Panel, body: Rect) -> Vec<(Panel, Rect)> {
    match screen {
        ScreenId::Overview => overview(focus, body),
        ScreenId::Services => stacked(
            screen,
            focus,
            body,
            &[
                Constraint::Length((PANEL + 3).min(body.height / 3).max(PANEL)),
                Constraint::Fill(1),
                Constraint::Fill(1),
            ],
        ),
        ScreenId::Access => access(focus, body),
        ScreenId::Deploy | ScreenId::Logs | ScreenId::Cost => stacked(screen, focus, body, &[Constraint::Fill(1)]),
    }
}

/// One below the other; where that leaves too little for each, only the one with the focus.
fn stacked(screen: ScreenId, focus: Panel, body: Rect, heights: &[Constraint]) -> Vec<(Panel, Rect)> {
    if usize::from(body.height) < heights.len() * usize::from(PANEL) {
        return vec![(focus, body)];
    }
    let rects = Layout::vertical(heights).split(body);
    screen.panels().iter().copied().zip(rects.iter().copied()).collect()
}

/// Rows that each panel of the Access screen wants.
const ACCESS: [(Panel, u16); 5] = [
    (Panel::Outputs, 7),
    (Panel::Secrets, 8),
    (Panel::Models, 7),
    (Panel::Address, 8),
    (Panel::Throughput, 7),
];

/// One below the other: the one with the focus, and as many of the others as fit, the first ones first. Where they do
/// not all fit, the last row is left for the names of those that are out of sight.
fn access(focus: Panel, body: Rect) -> Vec<(Panel, Rect)> {
    let all: u16 = ACCESS.iter().map(|(_, rows)| rows).sum();
    let room = if all <= body.height {
        body.height
    } else {
        body.height.saturating_sub(1)
    };
    let mut left = room;
    let mut kept: Vec<Panel> = Vec::new();
    let others = ACCESS.iter().filter(|(panel, _)| *panel != focus);
    for (panel, rows) in ACCESS.iter().filter(|(panel, _)| *panel == focus).chain(others) {
        if kept.is_empty() || *rows <= left {
            left = left.saturating_sub(*rows);
            kept.push(*panel);
        }
    }
    // What is left over goes to the outputs where all are in sight, else to the panel that is looked at.
    let wide = if kept.len() == ACCESS.len() { Panel::Outputs } else { focus };
    let shown: Vec<(Panel, u16)> = ACCESS.into_iter().filter(|(panel, _)| kept.contains(panel)).collect();
    let heights = shown.iter().map(|(panel, rows)| match panel {
        panel if *panel == wide => Constraint::Fill(1),
        _ => Constraint::Length(*rows),
    });
    let rects = Layout::vertical(heights).split(Rect { height: room, ..body });
    shown.iter().map(|(panel, _)| *panel).zip(rects.iter().copied()).collect()
}

/// The Overview by size. What does not fit is dropped: cost first, then events and the log tail, which have screens
/// of their own; services last. A dropped panel that gets the focus takes the place of the last one shown.
fn overview(focus: Panel, body: Rect) -> Vec<(Panel, Rect)> {
    let mut shown = if body.width >= WIDE && body.height >= 20 {
        overview_wide(body)
    } else if body.width >= MEDIUM && body.height >= 2 * PANEL + PANEL {
        overview_medium(body)
    } else {
        overview_narrow(body)
    };
    if shown.iter().all(|(p, _)| *p != focus)
        && let Some(last) = shown.last_mut()
    {
        last.0 = focus;
    }
    // In the order of Tab from the top, each keeps its rectangle.
    let order = |panel: &Panel| ScreenId::Overview.panels().iter().position(|p| p == panel);
    let rects: Vec<Rect> = shown.iter().map(|(_, rect)| *rect).collect();
    shown.sort_by_key(|(panel, _)| order(panel));
    shown.iter().map(|(panel, _)| *panel).zip(rects).collect()
}

/// ```text
/// events            | services
///                   | targets
///                   | cost now
/// log tail
/// ```
fn overview_wide(body: Rect) -> Vec<(Panel, Rect)> {
    let top_height = (body.height / 2).clamp(14, 26);
    let [top, log] = Layout::vertical([Constraint::Length(top_height), Constraint::Fill(1)]).areas(body);
    let [events, side] = Layout::horizontal([Constraint::Fill(11), Constraint::Fill(9)]).areas(top);
    let [services, targets, cost] =
        Layout::vertical([Constraint::Length(PANEL + 1), Constraint::Fill(1), Constraint::Length(PANEL + 1)]).areas(side);
    vec![
        (Panel::Events, events),
        (Panel::Services, services),
        (Panel::Targets, targets),
        (Panel::LogTail, log),
        (Panel::CostNow, cost),
    ]
}

/// ```text
/// events      | services
///             | targets
/// log tail
/// cost now
/// ```
fn overview_medium(body: Rect) -> Vec<(Panel, Rect)> {
    let cost_height = if body.height >= 2 * PANEL + PANEL + LINE { LINE } else { 0 };
    let top_height = ((body.height - cost_height) * 12 / 20).max(2 * PANEL);
    let [top, log, cost] =
        Layout::vertical([Constraint::Length(top_height), Constraint::Fill(1), Constraint::Length(cost_height)]).areas(body);
    let [events, side] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(top);
    // A row for the heads of the columns, where targets keep theirs too.
    let rows = if side.height >= 2 * PANEL + 2 { PANEL + 1 } else { PANEL };
    let [services, targets] = Layout::vertical([Constraint::Length(rows), Constraint::Fill(1)]).areas(side);
    let mut shown = vec![
        (Panel::Events, events),
        (Panel::Services, services),
        (Panel::Targets, targets),
        (Panel::LogTail, log),
    ];
    if cost_height > 0 {
        shown.push((Panel::CostNow, cost));
    }
    shown
}

/// One below the other, as many as fit.
fn overview_narrow(body: Rect) -> Vec<(Panel, Rect)> {
    const BY_WORTH: [Panel; 5] = [Panel::Services, Panel::Targets, Panel::LogTail, Panel::Events, Panel::CostNow];
    let fit = usize::from((body.height / PANEL).max(1)).min(BY_WORTH.len());
    let kept: Vec<Panel> = ScreenId::Overview
        .panels()
        .iter()
        .copied()
        .filter(|p| BY_WORTH[..fit].contains(p))
        .collect();
    let is_one_long = kept.iter().any(|p| matches!(p, Panel::Events | Panel::LogTail));
    let heights = kept.iter().map(|panel| match panel {
        Panel::Services | Panel::Targets if is_one_long => Constraint::Length(PANEL),
        Panel::CostNow => Constraint::Length(LINE),
        _ => Constraint::Fill(1),
    });
    let rects = Layout::vertical(heights).split(body);
    kept.into_iter().zip(rects.iter().copied()).collect()
}

/// A terminal of this size shows no screen.
pub fn is_too_small(size: Size) -> bool {
    size.width < LEAST.width || size.height < LEAST.height
}

/// Rows of a list of checks, each whole, that have no room on the screen at once.
pub fn checks_overhang(checks: &[Check], size: Size) -> usize {
    let (width, height) = text_room(size);
    let room = width.saturating_sub(CHECK);
    let rows = |text: &str| if text.is_empty() { 0 } else { rows(text, room).count() };
    let all: usize = checks.iter().map(|check| rows(&check.evidence).max(1) + rows(&check.next)).sum();
    all.saturating_sub(height)
}

/// Whether all of a question has room on the screen, from its first line to its buttons.
pub fn shows_whole(confirm: &Confirm, size: Size) -> bool {
    let cells = QUESTION.min(size.width).saturating_sub(FRAME_WIDTH);
    let rows = |text: &str| rows(text, cells.into()).count();
    let losses = confirm.losses.iter().map(|loss| rows(&format!("{LOSS}{loss}")));
    let said = losses.chain(confirm.lines.iter().map(|line| rows(line)));
    let typed = confirm.demands().iter().map(|line| rows(line)).sum::<usize>() + usize::from(confirm.typed.is_some());
    let buttons = 1;
    rows(&confirm.title) + said.sum::<usize>() + typed + buttons <= usize::from(size.height.saturating_sub(FRAME_HEIGHT))
}

/// Cells beside a log line's text: time, level, application and mark before it, the sign of a cut after it.
pub const LOG_GUTTER: u16 = 21;
/// Cells that the day of a log line takes more.
pub const LOG_DAY: u16 = 6;
/// Rows of the histogram over the log lines, with its line of times.
pub const LOG_HISTOGRAM: u16 = 4;

/// Rows of the notice on the Logs screen that says why no line comes any more.
const LOG_NOTICE: u16 = 2;

/// The parts of the Logs screen inside its frame: histogram, notice, lines, state line.
pub fn log_parts(inner: Rect, shows_histogram: bool, has_notice: bool) -> [Rect; 4] {
    let histogram = if shows_histogram && inner.height >= 18 { LOG_HISTOGRAM } else { 0 };
    let notice = if has_notice { LOG_NOTICE } else { 0 };
    let parts = [
        Constraint::Length(histogram),
        Constraint::Length(notice),
        Constraint::Min(0),
        Constraint::Length(1),
    ];
    Layout::vertical(parts).areas(inner)
}

/// Rows and columns of the text of log lines on the Logs screen.
pub fn log_window(size: Size, shows_histogram: bool, has_notice: bool) -> (usize, usize) {
    let body = areas(size, ScreenId::Logs, Panel::Logs, false).body;
    let inner = Rect {
        x: 0,
        y: 0,
        width: body.width.saturating_sub(2),
        height: body.height.saturating_sub(2),
    };
    let [_, _, lines, _] = log_parts(inner, shows_histogram, has_notice);
    (usize::from(lines.height), usize::from(lines.width.saturating_sub(LOG_GUTTER)))
}

/// Cells for the days of the lines of a view whose text has this room, in rows and columns, without them: lines are in the order
/// of their times, so where the first one in sight is of today all are.
pub fn log_days(model: &Model, view: &LogView, room: (usize, usize)) -> u16 {
    let is_today = |at| when::is_same_day(at, model.now.wall, &model.zone);
    let has_days = model.times == Times::Local && !view.window_begins(room).is_none_or(is_today);
    if has_days { LOG_DAY } else { 0 }
}

/// The panel at a cell.
pub fn panel_at(model: &Model, x: u16, y: u16) -> Option<Panel> {
    areas(model.size, model.screen, model.panel(), model.is_zoomed)
        .panels
        .into_iter()
        .find(|(_, area)| area.contains((x, y).into()))
        .map(|(panel, _)| panel)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strum::IntoEnumIterator;

    use super::*;

    fn shown(width: u16, height: u16) -> Vec<Panel> {
        areas(Size { width, height }, ScreenId::Overview, Panel::Events, false)
            .panels
            .into_iter()
            .map(|(p, _)| p)
            .collect()
    }

    #[test]
    fn the_overview_keeps_its_five_panels_down_to_80_by_24_then_drops_in_order() {
        use Panel::{CostNow, Events, LogTail, Services, Targets};
        let all = [Events, Services, Targets, LogTail, CostNow];
        for (width, height, want) in [
            (200, 60, &all[..]),
            (120, 40, &all[..]),
            (80, 24, &all[..]),
            (80, 17, &[Events, Services, Targets, LogTail]),
            (80, 14, &[Events, Services]),
            (50, 24, &all[..]),
            (50, 20, &[Events, Services, Targets, LogTail]),
            (50, 16, &[Events, Services, Targets]),
            (40, 12, &[Events, Services]),
        ] {
            assert_eq!(shown(width, height), want, "{width}×{height}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn panels_lie_in_the_body_apart_and_the_focus_is_in_sight(width in 40u16..300, height in 12u16..120, seed in 0usize..100) {
            for screen in ScreenId::iter() {
                let focus = screen.panels()[seed % screen.panels().len()];
                let a = areas(Size { width, height }, screen, focus, false);
                prop_assert!(a.panels.iter().any(|(p, _)| *p == focus));
                for (i, (_, rect)) in a.panels.iter().enumerate() {
                    prop_assert!(rect.width > 0 && rect.height > 0 && a.body.intersection(*rect) == *rect);
                    prop_assert!(a.panels[i + 1..].iter().all(|(_, other)| !rect.intersects(*other)));
                }
            }
        }
    }
}
