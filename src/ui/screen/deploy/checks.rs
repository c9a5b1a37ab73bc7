//! The checks before a plan: in a line, under the button, beside the form, and whole.

use ratatui::text::Line;

use super::super::kit::{Pen, cut, wrap_to};
use crate::{
    core::preflight::{ASKING, Check, Outcome},
    layout::CHECK,
    ui::{cut as measure, theme::Role},
};

/// The worst checks under the button, in as many lines as a field's help.
pub(super) fn button_help(pen: Pen<'_>, checks: &[Check], width: usize) -> Vec<Line<'static>> {
    let mut out = vec![Line::from(vec![
        pen.title("Make the plan"),
        pen.dim(format!("  nothing runs yet; checks: {}", counted(checks))),
    ])];
    for check in worst_first(checks).into_iter().filter(|c| c.outcome != Outcome::Ok).take(3) {
        let (mark, role) = mark(check);
        out.push(Line::from(pen.ink(role, cut(&format!("{mark} {}", check.sentence()), width))));
    }
    out.resize(4, Line::default());
    out
}

/// Which key shows them whole.
fn shown_by(key: &str) -> String {
    if key.is_empty() {
        String::new()
    } else {
        format!(" ({key} shows all)")
    }
}

/// How many came out how: `1 blocker, 2 warnings, 12 ok`.
pub(in crate::ui) fn counted(checks: &[Check]) -> String {
    let count = |outcome: Outcome| checks.iter().filter(|c| c.outcome == outcome).count();
    let words = [
        (count(Outcome::Blocker), "blocker", "blockers"),
        (count(Outcome::Warning), "warning", "warnings"),
        (count(Outcome::Unknown), "not known", "not known"),
        (count(Outcome::Ok), "ok", "ok"),
    ];
    let words = words.into_iter().filter(|(n, ..)| *n > 0);
    let parts: Vec<String> = words
        .map(|(n, one, many)| format!("{n} {}", if n == 1 { one } else { many }))
        .collect();
    parts.join(", ")
}

/// What is wrong comes first: the end of a long list may be out of sight.
fn worst_first(checks: &[Check]) -> Vec<&Check> {
    let mut checks: Vec<&Check> = checks.iter().collect();
    checks.sort_by_key(|check| std::cmp::Reverse(check.outcome));
    checks
}

/// The worst check in one line after how all came out, or how many are well.
pub(super) fn worst_check(pen: Pen<'_>, checks: &[Check], key: &str) -> Line<'static> {
    match worst_first(checks).first() {
        Some(worst) if worst.outcome >= Outcome::Warning => {
            let (mark, role) = mark(worst);
            let counts = pen.dim(format!("{}{}  ", counted(checks), shown_by(key)));
            Line::from(vec![counts, pen.ink(role, format!("{mark} {}", worst.sentence()))])
        }
        _ => {
            let well = checks.iter().filter(|c| c.outcome == Outcome::Ok).count();
            Line::from(pen.dim(format!("✓ {well} of {} checks are well{}", checks.len(), shown_by(key))))
        }
    }
}

/// How a check came out: a mark and its colour.
fn mark(check: &Check) -> (&'static str, Role) {
    match check.outcome {
        Outcome::Ok => ("✓", Role::Good),
        Outcome::Unknown if check.evidence == ASKING => ("…", Role::Dim),
        Outcome::Unknown => ("?", Role::Dim),
        Outcome::Warning => ("!", Role::Warn),
        Outcome::Blocker => ("✗", Role::Bad),
    }
}

/// Most lines of a check's evidence and of its next step, where there is room and where there is not.
const WHOLE: (usize, usize) = (9, 9);
const SHORT: (usize, usize) = (3, 2);

/// The checks, worst first. Those that are well are only named where they have no room.
pub(super) fn all_checks(pen: Pen<'_>, checks: &[Check], width: usize, room: usize) -> Vec<Line<'static>> {
    let checks = worst_first(checks);
    for limits in [WHOLE, SHORT] {
        let lines: Vec<Line<'_>> = checks.iter().flat_map(|c| check_lines(pen, c, width, limits)).collect();
        if lines.len() <= room {
            return lines;
        }
    }
    let (well, other): (Vec<&Check>, Vec<&Check>) = checks.into_iter().partition(|c| c.outcome == Outcome::Ok);
    let mut lines: Vec<Line<'_>> = other.into_iter().flat_map(|c| check_lines(pen, c, width, SHORT)).collect();
    let names: Vec<&str> = well.iter().map(|c| c.name).collect();
    let names = measure::wrap(&format!("✓ {}", names.join(", ")), width);
    // What is wrong has the room first, but that most is well is said too.
    lines.truncate(room.saturating_sub(names.len().min(2)));
    lines.extend(names.into_iter().map(|l| Line::from(pen.ink(Role::Good, l))));
    lines
}

/// Every check with all of its evidence and its next step, the worst first.
pub(in crate::ui) fn whole(pen: Pen<'_>, checks: &[Check], width: usize) -> Vec<Line<'static>> {
    let all = (usize::MAX, usize::MAX);
    worst_first(checks)
        .into_iter()
        .flat_map(|c| check_lines(pen, c, width, all))
        .collect()
}

fn check_lines(pen: Pen<'_>, check: &Check, width: usize, (evidence, next): (usize, usize)) -> Vec<Line<'static>> {
    let (mark, role) = mark(check);
    let room = width.saturating_sub(CHECK);
    let role_of_text = if check.outcome == Outcome::Ok { Role::Text } else { role };
    let mut out = Vec::new();
    for (i, line) in wrap_to(&check.evidence, room, evidence).into_iter().enumerate() {
        let head = if i == 0 {
            vec![pen.ink(role, mark), pen.text(format!(" {:<13} ", check.name))]
        } else {
            vec![pen.text(" ".repeat(CHECK))]
        };
        out.push(Line::from(
            head.into_iter().chain([pen.ink(role_of_text, line)]).collect::<Vec<_>>(),
        ));
    }
    if !check.next.is_empty() {
        let next = wrap_to(&check.next, room, next).into_iter();
        out.extend(next.map(|l| Line::from(vec![pen.text(" ".repeat(CHECK)), pen.dim(l)])));
    }
    out
}
