//! The parameter form: values by group, help for the one under the cursor, sizes, live cost, checks.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use super::super::kit::{Pen, count, cut, left, right, show, usd, wrap_to};
use crate::{
    core::{
        cost::Estimate,
        model::Model,
        preflight::{self, ASKING, Check, Outcome},
        screen::{
            Panel,
            deploy::{Field, Form},
        },
        size::{self, SizeRow},
        text::SafeText,
    },
    ui::{
        Side, cut as measure,
        panel::{self, Head},
        table,
        theme::Role,
    },
};

/// From this width on the sizes, the cost and the checks stand beside the form.
const WIDE: u16 = 106;
/// Width of that column.
const BESIDE: u16 = 46;
/// Width of the labels.
const LABEL: usize = 33;
/// Widest that the rows become.
const WIDEST: u16 = 100;

/// Everything about the values that is worth computing once for a frame.
struct Worked {
    sizes: Vec<SizeRow>,
    size: String,
    usd_month: f64,
    usd_before: Option<f64>,
    date: String,
    checks: Vec<Check>,
    errors: Vec<Option<String>>,
}

impl Worked {
    fn of(model: &Model, form: &Form) -> Self {
        let pseudo = model.pseudo();
        let errors = form.errors();
        let values = model.template.values(&form.values());
        let sizes = size::sizes(&model.cost, &model.template, &values, &pseudo);
        let size = values.get("DeploymentSize").cloned().unwrap_or_default();
        // The size that is set is one of the three, so its estimate is that of the values as they stand.
        let set = sizes.iter().find(|s| s.name == size).map(|s| s.usd_month);
        let usd_month = set.unwrap_or_else(|| model.cost.plan_estimate(&model.template.resources(&values, &pseudo)).usd_month());
        let planned: Estimate = model.cost_planned();
        Self {
            sizes,
            size,
            usd_month,
            usd_before: form.is_update.then(|| planned.usd_month()),
            date: planned.date.to_string(),
            checks: preflight::of_form(model, form),
            errors,
        }
    }

    fn cost(&self) -> String {
        let after = usd(self.usd_month);
        match self.usd_before {
            Some(before) if (before - self.usd_month).abs() >= 0.005 => format!("{} → {after}", usd(before)),
            _ => after,
        }
    }
}

/// Draws the form.
pub(super) fn draw(model: &Model, side: &Side<'_>, form: &Form, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let title = if form.is_update {
        format!("Update stack {}", model.settings.stack)
    } else {
        format!("New stack {} in {}", model.settings.stack, model.about.region)
    };
    let changed = form.fields.iter().filter(|f| f.is_changed()).count();
    let head = Head {
        title: &title,
        right: vec![pen.dim(format!(" {changed} changed of {} ", count(form.fields.len(), "parameter")))],
    };
    let inner = panel::frame(model, side, Panel::Deploy, area, frame, head);
    let worked = Worked::of(model, form);
    if inner.width >= WIDE {
        let [main, beside] = Layout::horizontal([Constraint::Max(WIDEST), Constraint::Min(BESIDE)])
            .spacing(2)
            .areas(inner);
        draw_main(side, form, (&worked, false), main, frame);
        draw_beside(side, &worked, beside, frame);
    } else {
        let [strip, main] = Layout::vertical([Constraint::Length(2), Constraint::Fill(1)]).areas(inner);
        draw_strip(side, &worked, strip, frame);
        draw_main(side, form, (&worked, true), main, frame);
    }
}

/// The rows, and under them what is wrong and what the field under the cursor means. Where nothing stands beside, the
/// button shows the checks.
fn draw_main(side: &Side<'_>, form: &Form, (worked, is_narrow): (&Worked, bool), area: Rect, frame: &mut Frame<'_>) {
    let errors = &worked.errors;
    let pen = Pen::of(side);
    let width = usize::from(area.width);
    let mut help = Vec::new();
    if let Some(error) = &form.error {
        help.extend(
            wrap_to(&format!("✗ {error}"), width, 5)
                .into_iter()
                .map(|l| Line::from(pen.ink(Role::Bad, l))),
        );
    }
    if is_narrow && form.is_on_button() {
        help.extend(button_help(pen, &worked.checks, width));
    } else {
        help.extend(help_lines(pen, form, errors, width));
    }
    let [rows, rule, below] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(1), Constraint::Length(help.len() as u16)]).areas(area);
    let (lines, at) = row_lines(pen, form, errors, (width, usize::from(rows.height)));
    let first = table::offset(at, lines.len(), usize::from(rows.height));
    let (above, rest) = (first, lines.len().saturating_sub(first + usize::from(rows.height)));
    let shown: Vec<Line<'_>> = lines.into_iter().skip(first).take(usize::from(rows.height)).collect();
    show(shown, rows, frame);
    show(vec![more(pen, above, rest, width)], rule, frame);
    show(help, below, frame);
}

/// A rule that says how many rows are out of sight.
fn more(pen: Pen<'_>, above: usize, below: usize, width: usize) -> Line<'static> {
    let words = match (above, below) {
        (0, 0) => String::new(),
        (0, n) => format!(" ↓ {n} more "),
        (n, 0) => format!(" ↑ {n} more "),
        (a, b) => format!(" ↑ {a} ↓ {b} more "),
    };
    let rest = width.saturating_sub(2 + words.chars().count());
    Line::from(pen.ink(Role::Border, format!("──{words}{}", "─".repeat(rest))))
}

/// All rows with group headings, and which one is under the cursor.
fn row_lines(pen: Pen<'_>, form: &Form, errors: &[Option<String>], (width, height): (usize, usize)) -> (Vec<Line<'static>>, usize) {
    let groups = form.fields.windows(2).filter(|w| w[0].def.group != w[1].def.group).count() + 1;
    let is_airy = form.fields.len() + 2 * groups + 2 <= height;
    let mut lines = Vec::new();
    let mut at = 0;
    let mut group = None;
    for (i, field) in form.fields.iter().enumerate() {
        if group != Some(&field.def.group) {
            if is_airy && i > 0 {
                lines.push(Line::default());
            }
            group = Some(&field.def.group);
            let title = if field.def.group.is_empty() {
                "Other"
            } else {
                field.def.group.as_str()
            };
            lines.push(Line::from(pen.title(cut(title, width))));
        }
        if i == form.selected {
            at = lines.len();
        }
        lines.push(row(pen, field, (i == form.selected, errors[i].is_some()), width));
    }
    if is_airy {
        lines.push(Line::default());
    }
    if form.is_on_button() {
        at = lines.len();
    }
    let style = if form.is_on_button() { Role::ButtonFocus } else { Role::Button };
    lines.push(Line::from(vec![pen.text("  "), pen.ink(style, "[ Make the plan ]")]));
    (lines, at)
}

/// `▸*Size      ‹ medium ›   was small`.
fn row(pen: Pen<'_>, field: &Field, (is_selected, is_wrong): (bool, bool), width: usize) -> Line<'static> {
    let (mark, role) = if is_wrong {
        ("✗", Role::Bad)
    } else if field.is_changed() {
        ("*", Role::Accent)
    } else {
        (" ", Role::Dim)
    };
    let label_width = LABEL.min(width / 2);
    let label = left(&field.def.label, label_width);
    let room = width.saturating_sub(label_width + 4);
    let label = if is_selected {
        pen.ink(Role::Accent, label)
    } else {
        pen.text(label)
    };
    let cursor = if is_selected { pen.ink(Role::Accent, "▸") } else { pen.text(" ") };
    let mut spans = vec![cursor, pen.ink(role, mark), label, pen.text(" ")];
    spans.extend(value(pen, field, (is_selected, is_wrong), room));
    Line::from(spans)
}

fn value(pen: Pen<'_>, field: &Field, (is_selected, is_wrong): (bool, bool), room: usize) -> Vec<Span<'static>> {
    let text = field.value.text.as_str();
    let role = if is_wrong { Role::Bad } else { Role::Text };
    let was = field
        .previous
        .as_ref()
        .filter(|_| field.is_changed())
        .map(|p| format!("  was {}", quoted(p)));
    if !field.def.allowed.is_empty() {
        let (open, close) = if is_selected {
            (pen.ink(Role::Key, "‹ "), pen.ink(Role::Key, " ›"))
        } else {
            (pen.dim("‹ "), pen.dim(" ›"))
        };
        let shown = cut(text, room.saturating_sub(4));
        let left_over = room.saturating_sub(4 + shown.chars().count());
        let was = was.map(|w| pen.dim(cut(&w, left_over)));
        return [open, pen.ink(role, shown), close].into_iter().chain(was).collect();
    }
    if is_selected {
        return vec![
            pen.ink(role, measure::start(text, room.saturating_sub(1)).into_owned()),
            pen.ink(Role::Accent, "▏"),
        ];
    }
    if text.is_empty() {
        return vec![pen.dim("–")];
    }
    let shown = cut(text, room);
    let left_over = room.saturating_sub(shown.chars().count());
    let was = was.map(|w| pen.dim(cut(&w, left_over)));
    std::iter::once(pen.ink(role, shown)).chain(was).collect()
}

fn quoted(text: &str) -> &str {
    if text.is_empty() { "empty" } else { text }
}

/// The worst checks under the button, in as many lines as a field's help.
fn button_help(pen: Pen<'_>, checks: &[Check], width: usize) -> Vec<Line<'static>> {
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

/// How many came out how: `1 blocker, 2 warnings, 12 ok`.
fn counted(checks: &[Check]) -> String {
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

/// What the field under the cursor means and what it may be: always as many lines.
fn help_lines(pen: Pen<'_>, form: &Form, errors: &[Option<String>], width: usize) -> Vec<Line<'static>> {
    let mut out = match form.fields.get(form.selected) {
        Some(field) => field_help(pen, field, errors[form.selected].as_deref(), width),
        None => vec![
            Line::from(pen.title("Make the plan")),
            Line::from(pen.text("CloudFormation works out what would change; nothing runs yet.")),
            Line::from(pen.text("The plan is shown next; executing it asks once more.")),
        ],
    };
    out.resize(4, Line::default());
    out
}

fn field_help(pen: Pen<'_>, field: &Field, error: Option<&str>, width: usize) -> Vec<Line<'static>> {
    let def = &field.def;
    let default = def
        .default
        .as_deref()
        .map_or("must be given".to_owned(), |d| format!("default {}", quoted(d)));
    let mut out = vec![Line::from(vec![pen.title(def.name.to_string()), pen.dim(format!("  {default}"))])];
    out.extend(wrap_to(&def.description, width, 2).into_iter().map(|l| Line::from(pen.text(l))));
    out.resize(3, Line::default());
    out.push(match error {
        Some(error) => Line::from(pen.ink(Role::Bad, format!("✗ {error}"))),
        None => Line::from(pen.dim(allowed(field))),
    });
    out
}

fn allowed(field: &Field) -> String {
    let def = &field.def;
    if def.allowed.is_empty() {
        return def.constraint.to_string();
    }
    let list: Vec<&str> = def.allowed.iter().map(SafeText::as_str).collect();
    format!("One of {}", list.join(", "))
}

/// Sizes, cost and checks in two lines, for narrow terminals.
fn draw_strip(side: &Side<'_>, worked: &Worked, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let mut sizes = Vec::new();
    for row in &worked.sizes {
        let is_set = row.name == worked.size;
        let text = format!("{} ${:.0}", row.name, row.usd_month);
        sizes.push(if is_set {
            pen.ink(Role::Accent, format!("▸{text}"))
        } else {
            pen.dim(format!(" {text}"))
        });
        sizes.push(pen.text("  "));
    }
    sizes.push(pen.text(format!("= {}", worked.cost())));
    sizes.push(pen.dim(" a month, estimate"));
    show(vec![Line::from(sizes), worst_check(pen, &worked.checks)], area, frame);
}

/// The worst check in one line after how all came out, or how many are well.
fn worst_check(pen: Pen<'_>, checks: &[Check]) -> Line<'static> {
    match worst_first(checks).first() {
        Some(worst) if worst.outcome >= Outcome::Warning => {
            let (mark, role) = mark(worst);
            let counts = pen.dim(format!("{}  ", counted(checks)));
            Line::from(vec![counts, pen.ink(role, format!("{mark} {}", worst.sentence()))])
        }
        _ => {
            let well = checks.iter().filter(|c| c.outcome == Outcome::Ok).count();
            Line::from(pen.dim(format!("✓ {well} of {} checks are well", checks.len())))
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

/// Sizes side by side, cost and checks, for wide terminals.
fn draw_beside(side: &Side<'_>, worked: &Worked, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let width = usize::from(area.width.min(70));
    let mut lines = vec![Line::from(pen.title("Sizes"))];
    lines.extend(size_lines(pen, &worked.sizes, &worked.size));
    lines.push(Line::default());
    lines.push(Line::from(vec![
        pen.title("As it stands  "),
        pen.ink(Role::Accent, worked.cost()),
        pen.dim(" a month"),
    ]));
    lines.extend(
        measure::wrap(
            &format!("Estimate for 730 hours, prices of {}; model calls are not in it.", worked.date),
            width,
        )
        .into_iter()
        .map(|l| Line::from(pen.dim(l))),
    );
    lines.push(Line::default());
    lines.push(Line::from(vec![pen.title("Checks  "), pen.dim(counted(&worked.checks))]));
    let room = usize::from(area.height).saturating_sub(lines.len());
    lines.extend(all_checks(pen, &worked.checks, width, room));
    show(lines, area, frame);
}

/// Most lines of a check's evidence and of its next step, where there is room and where there is not.
const WHOLE: (usize, usize) = (9, 9);
const SHORT: (usize, usize) = (3, 2);

/// The checks, worst first. Those that are well are only named where they have no room.
fn all_checks(pen: Pen<'_>, checks: &[Check], width: usize, room: usize) -> Vec<Line<'static>> {
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

/// The sizes side by side; the one that is set is marked.
pub(super) fn size_lines(pen: Pen<'_>, sizes: &[SizeRow], set: &str) -> Vec<Line<'static>> {
    let mut lines = vec![Line::from(pen.dim(format!(
        "  {:<7}{:>5}{:>4} {:>6}  {:<9} {:>9}",
        "", "vCPU", "GB", "tasks", "users", "a month"
    )))];
    lines.extend(sizes.iter().map(|row| size_line(pen, row, row.name == set)));
    lines.push(Line::from(pen.dim("  of each Open WebUI task; the sum is for all")));
    lines
}

fn size_line(pen: Pen<'_>, row: &SizeRow, is_set: bool) -> Line<'static> {
    let text = format!(
        "{:<7}{:>5}{:>4} {:>6}  {:<9} {}",
        row.name,
        row.vcpu,
        row.gb,
        row.tasks,
        row.users,
        right(&usd(row.usd_month), 9)
    );
    if is_set {
        Line::from(pen.ink(Role::Accent, format!("▸ {text}")))
    } else {
        Line::from(pen.text(format!("  {text}")))
    }
}

fn check_lines(pen: Pen<'_>, check: &Check, width: usize, (evidence, next): (usize, usize)) -> Vec<Line<'static>> {
    let (mark, role) = mark(check);
    let room = width.saturating_sub(16);
    let role_of_text = if check.outcome == Outcome::Ok { Role::Text } else { role };
    let mut out = Vec::new();
    for (i, line) in wrap_to(&check.evidence, room, evidence).into_iter().enumerate() {
        let head = if i == 0 {
            vec![pen.ink(role, mark), pen.text(format!(" {:<13} ", check.name))]
        } else {
            vec![pen.text(" ".repeat(16))]
        };
        out.push(Line::from(
            head.into_iter().chain([pen.ink(role_of_text, line)]).collect::<Vec<_>>(),
        ));
    }
    if !check.next.is_empty() {
        let next = wrap_to(&check.next, room, next).into_iter();
        out.extend(next.map(|l| Line::from(vec![pen.text(" ".repeat(16)), pen.dim(l)])));
    }
    out
}
