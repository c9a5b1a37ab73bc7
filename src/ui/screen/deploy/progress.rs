//! An operation that runs, or has just ended: how far, how long still, resource by resource, and why it fails.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
    widgets::{Block, BorderType},
};

use super::{
    super::kit::{Pen, cut, gauge, left, right, short_type, show},
    card,
};
use crate::{
    core::{
        eta::{self, Outlook, Work},
        fact::{Millis, Stack},
        model::Model,
        progress::Row,
        rollout,
        screen::Panel,
        text::SafeText,
        when,
    },
    ui::{
        Side, panel,
        table::{self, Rows},
        theme::{Role, of_status},
    },
};

/// From this width on the rows have a type, and a bar of their time where no reason takes the room.
const WIDE: u16 = 106;
/// From this width on they have both bars and reasons.
const WITH_BARS: u16 = 140;

/// Draws the operation.
pub(super) fn draw(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let Some(stack) = model.stack() else { return };
    let pen = Pen::of(side);
    let head = panel::head(model, side, "Deploy", &model.feeds.events);
    let inner = panel::frame(model, side, Panel::Deploy, area, frame, head);
    let width = usize::from(inner.width);
    let Some(outlook) = eta::outlook(model) else { return };
    let top = top(model, pen, stack, &outlook, width);
    // Below it stay the first rows of the list; its border takes two.
    let most = inner.height.saturating_sub(7);
    let card = card::card(model, pen, stack, (width, usize::from(most.saturating_sub(2))));
    let card_height = card.as_ref().map_or(0, |(_, lines)| lines.len() as u16 + 2).min(most);
    let services = services(model, pen, width);
    let room = inner.height.saturating_sub(top.len() as u16 + card_height + 5);
    let [above, middle, inside, list] = Layout::vertical([
        Constraint::Length(top.len() as u16),
        Constraint::Length(card_height),
        Constraint::Length((services.len() as u16).min(room)),
        Constraint::Fill(1),
    ])
    .areas(inner);
    show(top, above, frame);
    show(services, inside, frame);
    if let Some(((title, role), lines)) = card {
        let block = Block::bordered()
            .border_type(BorderType::Rounded)
            .border_style(side.theme.style(role))
            .title(Line::from(pen.ink(role, format!(" {title} "))));
        let area = block.inner(middle);
        frame.render_widget(block, middle);
        show(lines, area, frame);
    }
    if model.progress.rows.is_empty() {
        let feed = &model.feeds.events;
        if panel::empty_feed(model, side, feed, list, frame) {
            return;
        }
        match feed.fault.as_ref().filter(|_| !model.progress.is_told) {
            Some(fault) => panel::empty(side, list, frame, &format!("{}.", fault.sentence()), &model.advice(fault)),
            None => panel::empty(side, list, frame, "No resource has been touched yet.", ""),
        }
        return;
    }
    draw_rows(model, side, list, frame);
}

/// The deployments of ECS inside the operation: a line each, and under it why tasks stopped and what ECS says.
fn services(model: &Model, pen: Pen<'_>, width: usize) -> Vec<Line<'static>> {
    let rollouts = rollout::rollouts(model);
    let is_tall = model.size.height >= 32;
    let mut out = Vec::new();
    for it in &rollouts {
        // Stops from before it came to run again are told below.
        let has_fallen = !it.stops.is_empty() && it.running < it.desired;
        let is_bad = it.failed > 0 || it.state == "FAILED" || has_fallen;
        let counts = format!("{}/{} running", it.running, it.desired);
        let pending = format!("  {} pending", it.pending);
        let rest = format!("  {} failed  {}", it.failed, it.state.to_lowercase().replace('_', " "));
        let room = width.saturating_sub(32 + pending.len());
        out.push(Line::from(vec![
            pen.dim("  ECS "),
            pen.title(left(&it.name, 11)),
            pen.ink(if it.running >= it.desired { Role::Good } else { Role::Warn }, counts),
            pen.dim(pending),
            pen.ink(if is_bad { Role::Bad } else { Role::Dim }, cut(&rest, room)),
        ]));
        for (count, why) in it.stops.iter().take(if is_tall { 2 } else { 1 }) {
            out.push(Line::from(
                pen.ink(Role::Bad, cut(&format!("      {count}× stopped: {why}"), width)),
            ));
        }
        for event in it.events.iter().take(if is_tall { 2 } else { 0 }) {
            out.push(Line::from(pen.dim(cut(&format!("      {event}"), width))));
        }
    }
    out
}

/// Status, name and reason.
fn headline(model: &Model, pen: Pen<'_>, stack: &Stack, width: usize) -> Line<'static> {
    let status = &stack.status;
    let cancelled = model.cancelled();
    let mark = if cancelled.is_some() && !model.is_busy() {
        "–"
    } else if status.is_failure() && cancelled.is_none() {
        "✗"
    } else if status.is_in_progress() {
        "●"
    } else if status.is_success() {
        "✓"
    } else {
        "·"
    };
    // "User Initiated" is no reason.
    let reason = match (cancelled, stack.reason.as_str()) {
        (Some(how), _) if model.is_busy() => format!("  {how}"),
        (Some(how), _) => format!("  {how}: what ran before the update runs again"),
        (None, "" | "User Initiated") => String::new(),
        (None, reason) => format!("  {reason}"),
    };
    let name = format!("{mark} {} ", status.0);
    let room = width.saturating_sub(name.chars().count() + stack.name.chars().count());
    Line::from(vec![
        pen.ink(if cancelled.is_some() { Role::Warn } else { of_status(&status.0) }, name),
        pen.title(stack.name.to_string()),
        pen.dim(cut(&reason, room)),
    ])
}

/// Status; gauge, elapsed, range; what is slow.
fn top(model: &Model, pen: Pen<'_>, stack: &Stack, outlook: &Outlook, width: usize) -> Vec<Line<'static>> {
    let progress = &model.progress;
    let status = &stack.status;
    let cancelled = model.cancelled();
    let mut out = vec![headline(model, pen, stack, width)];
    let role = if cancelled.is_none() && (progress.failed() > 0 || status.is_failure()) {
        Role::Bad
    } else {
        Role::Accent
    };
    let of = if outlook.is_total_known || !model.is_busy() {
        "of"
    } else {
        "of at least"
    };
    let elapsed = if model.is_busy() { "   elapsed " } else { "   took " };
    let (shown, count) = match outlook.undo {
        Some(undo) if undo.of == 0 => (0, " nothing to undo".to_owned()),
        // Back to where it began: the bar runs empty, and stands where a rollback was given up.
        Some(undo) if undo.left == 0 || !model.is_busy() => (undo.left, format!(" {} of {} undone", outlook.done, undo.of)),
        Some(undo) => (undo.left, format!(" {} of {} still to undo", undo.left, undo.of)),
        None => (outlook.done, format!(" {} {of} {}", outlook.done, outlook.total)),
    };
    // Without its events nobody knows how far it is.
    let count = match &model.feeds.events.fault {
        _ if progress.is_told => count,
        Some(_) => " not known how far it is".to_owned(),
        None => " waiting for its events".to_owned(),
    };
    let mut second = vec![pen.text(count)];
    if progress.started > 0 {
        second.push(pen.dim(elapsed));
        second.push(pen.text(when::span(progress.elapsed(model.now.wall))));
    }
    second.extend(forecast(model, pen, outlook));
    let words: usize = second.iter().map(Span::width).sum();
    let room = width.saturating_sub(words);
    second.insert(0, pen.ink(role, gauge(shown, outlook.total, (width / 5).clamp(10, 30).min(room))));
    out.push(Line::from(second));
    if let Some(slow) = slow(model) {
        out.push(Line::from(pen.ink(Role::Warn, cut(&slow, width))));
    }
    out.extend(remarks(model, pen, outlook, width));
    out
}

/// What is not known of it, and what it left undone.
fn remarks(model: &Model, pen: Pen<'_>, outlook: &Outlook, width: usize) -> Vec<Line<'static>> {
    let is_open = !outlook.is_total_known && model.is_busy() && model.progress.is_told;
    let no_total = model.no_total().filter(|_| is_open);
    let no_total = no_total.map(|why| pen.dim(cut(&format!("no total and no time left are known: {why}"), width)));
    let left_out: Vec<&str> = model.progress.left_out().map(SafeText::as_str).collect();
    // Once it is done, the card tells it with what is to be done.
    let left_out = (!left_out.is_empty() && model.is_busy()).then(|| {
        let text = format!("! left out, and as it was: {}", left_out.join(", "));
        pen.ink(Role::Warn, cut(&text, width))
    });
    no_total.into_iter().chain(left_out).map(Line::from).collect()
}

fn forecast(model: &Model, pen: Pen<'_>, outlook: &Outlook) -> Vec<Span<'static>> {
    match outlook.eta {
        Some(eta) => vec![pen.dim("   still "), pen.text(eta.words())],
        None if model.stack().is_some_and(|s| s.status.0.ends_with("CLEANUP_IN_PROGRESS")) => {
            vec![pen.dim("   what is not used any more is deleted")]
        }
        None if model.cancelled().is_some() && model.is_busy() => vec![pen.ink(Role::Warn, "   rolling back")],
        None if model.stack().is_some_and(|s| s.status.0.contains("ROLLBACK_IN_PROGRESS")) => {
            vec![pen.ink(Role::Bad, "   rolling back")]
        }
        None if model.is_busy() && model.progress.failed() > 0 => vec![pen.ink(Role::Bad, "   it fails: see the cause")],
        None if outlook.is_held_up => vec![pen.ink(Role::Bad, format!("   {}", eta::NO_END))],
        None if slow(model).is_some() => vec![pen.ink(Role::Warn, "   no telling how long still")],
        None => Vec::new(),
    }
}

fn slow(model: &Model) -> Option<String> {
    let late: Vec<String> = model
        .progress
        .running()
        .filter(|r| model.durations.is_slow(r, model.events_at()))
        .map(|r| {
            let usual = when::short(model.durations.typical(&r.kind, Work::of(&r.status)));
            format!("{} {} (usually {usual})", r.logical_id, when::short(r.elapsed(model.runs_until())))
        })
        .collect();
    (!late.is_empty() && model.is_busy()).then(|| format!("! slower than usual: {}", late.join(", ")))
}

/// The resources: running first, then failed, then done.
pub(super) fn draw_rows(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    // Where nothing has a reason to tell, its room goes to the bars.
    let has_reasons = model.progress.rows.iter().any(|r| !r.shown_reason().is_empty());
    let is_wide = area.width >= WIDE;
    let (bars, reason) = match (is_wide, has_reasons) {
        (false, _) => (0, 1),
        (true, false) => (area.width - WIDE + 16, 0),
        (true, true) => (area.width.saturating_sub(WITH_BARS), 1),
    };
    let columns = [
        Constraint::Length(1),
        Constraint::Length(27),
        Constraint::Length(if is_wide { 30 } else { 0 }),
        Constraint::Length(15),
        Constraint::Length(6),
        Constraint::Length(7),
        Constraint::Length(bars),
        Constraint::Fill(reason),
    ];
    let progress = &model.progress;
    let axis = Axis::of(model);
    let scale = axis.scale(usize::from(bars));
    let rows = Rows {
        heads: &["", "resource", "type", "status", "  took", "usually", &scale, "reason"],
        widths: &columns,
        cursor: Some(model.cursor(Panel::Deploy)),
        count: progress.rows.len(),
    };
    table::draw(side, &rows, area, frame, |i| {
        let row = &progress.rows[i];
        let (mark, word, role) = look(row);
        let usual = model.durations.typical(&row.kind, Work::of(&row.status));
        let time_role = if model.durations.is_slow(row, model.events_at()) {
            Role::Warn
        } else {
            Role::Text
        };
        vec![
            Line::from(pen.ink(role, mark)),
            Line::from(pen.text(row.logical_id.as_str())),
            Line::from(pen.dim(short_type(&row.kind))),
            Line::from(pen.ink(role, &word)),
            Line::from(pen.ink(time_role, right(&when::short(row.elapsed(model.runs_until())), 6))),
            Line::from(pen.dim(right(&format!("~{}", when::short(usual)), 7))),
            bar(pen, row, axis, usual, usize::from(bars)),
            Line::from(pen.ink(if role == Role::Bad { Role::Bad } else { Role::Dim }, row.shown_reason())),
        ]
    });
}

/// How a row looks: mark, word, colour.
fn look(row: &Row) -> (&'static str, String, Role) {
    let status = row.status.0.as_str();
    let (verb, end) = status.split_once('_').unwrap_or((status, ""));
    let doing = match verb {
        "CREATE" => ["creating", "created", "not created"],
        "UPDATE" => ["updating", "updated", "not updated"],
        "DELETE" => ["deleting", "deleted", "not deleted"],
        _ => [status, status, status],
    };
    match end {
        "IN_PROGRESS" if row.has_failed && !row.is_cancelled() => ("✗", format!("✗ {}", doing[0]), Role::Bad),
        "IN_PROGRESS" => ("●", doing[0].to_owned(), Role::Warn),
        _ if row.is_left_out => ("–", "left out".to_owned(), Role::Warn),
        "FAILED" if row.is_cancelled() => ("–", "cancelled".to_owned(), Role::Warn),
        "FAILED" => ("✗", doing[2].to_owned(), Role::Bad),
        "COMPLETE" if row.has_failed && !row.is_cancelled() => ("✗", format!("failed, {}", doing[1]), Role::Bad),
        "COMPLETE" => ("✓", doing[1].to_owned(), Role::Good),
        "SKIPPED" => ("–", "kept".to_owned(), Role::Dim),
        _ => ("·", status.to_lowercase(), Role::Text),
    }
}

/// When the row's work fell within the operation: `█` what has passed, `▒` what went past the usual time,
/// `░` what is still to be expected.
fn bar(pen: Pen<'_>, row: &Row, axis: Axis, usual: Millis, width: usize) -> Line<'static> {
    let cell = |at| axis.cell(at, width);
    let end = row.ended.unwrap_or(axis.now);
    let from = cell(row.started).min(width.saturating_sub(1));
    // A second or two more than usual says nothing.
    let is_over = end - row.started > usual + (usual / 2).max(10_000);
    let usual_end = cell(if is_over { row.started + usual } else { end }).clamp(from, width);
    let to = cell(end).clamp(from, width);
    let within = usual_end.max(from + usize::from(to == from)).min(width);
    let expected = if row.ended.is_none() { cell(row.started + usual) } else { 0 };
    Line::from(vec![
        pen.dim(" ".repeat(from)),
        pen.ink(if row.has_failed { Role::Bad } else { Role::Info }, "█".repeat(within - from)),
        pen.ink(Role::Warn, "▒".repeat(to.saturating_sub(within))),
        pen.dim("░".repeat(expected.saturating_sub(to.max(within)))),
    ])
}

/// The axis of time under the bars: where the operation began, how far it is, and when it may end.
#[derive(Clone, Copy)]
struct Axis {
    began: Millis,
    now: Millis,
    horizon: Millis,
}

impl Axis {
    fn of(model: &Model) -> Self {
        let now = model.progress.ended.unwrap_or(model.runs_until());
        let ahead = eta::outlook(model).and_then(|it| it.eta).map_or(0, |eta| eta.high);
        Self {
            began: model.progress.started,
            now,
            horizon: now + ahead,
        }
    }
    /// The column, of as many, in which a time falls.
    fn cell(self, at: Millis, width: usize) -> usize {
        let whole = (self.horizon - self.began).max(1);
        usize::try_from((at - self.began).clamp(0, whole) * width as Millis / whole).unwrap_or(width)
    }

    /// The head over the bars: how far from the beginning now is, and the end of what is drawn, each where it falls.
    fn scale(self, width: usize) -> String {
        let past = |at: Millis| when::short(at - self.began);
        let (now, end) = if self.horizon > self.now {
            (format!("now {}", past(self.now)), format!("~{}", past(self.horizon)))
        } else {
            (String::new(), past(self.horizon))
        };
        let before_end = width.saturating_sub(end.len() + 1);
        let now_from = self.cell(self.now, width).saturating_sub(now.len());
        let mut scale = "when".to_owned();
        if !now.is_empty() && now_from > scale.len() && now_from + now.len() <= before_end {
            scale = format!("{scale:now_from$}{now}");
        }
        if scale.len() <= before_end {
            scale = format!("{scale:before_end$} {end}");
        }
        scale
    }
}
