//! The parameter form: values by group, help for the one under the cursor, sizes, live cost, checks.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use super::{
    super::kit::{Pen, count, cut, left, right, show, usd, wrap_to},
    checks::{all_checks, button_help, counted, worst_check},
};
use crate::{
    core::{
        cost::Estimate,
        field::TextField,
        keymap::Intent,
        model::Model,
        preflight::{self, Check},
        screen::{
            Panel,
            deploy::{Field, Form, TagField},
        },
        size::{self, SizeRow},
        tags,
        text::SafeText,
        update::form_key,
    },
    ui::{
        Side, cut as measure,
        panel::{self, Head},
        table,
        theme::Role,
        typed,
    },
};

/// From this width on the sizes, the cost and the checks stand beside the form.
const WIDE: u16 = 106;
/// Width of that column.
const BESIDE: u16 = 46;
/// Width of the labels.
const LABEL: usize = 33;
/// Fewest rows of the list: help and sizes give way to them.
const FEWEST: u16 = 3;
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
    /// The key that shows the checks whole.
    key: String,
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
            key: form_key(model, Intent::Checks),
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
    let head = Head {
        title: &title,
        right: vec![pen.dim(format!(" {} ", changed(form)))],
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
        let [strip, main] = Layout::vertical([Constraint::Length(strip_height(inner.height)), Constraint::Fill(1)]).areas(inner);
        draw_strip(side, &worked, strip, frame);
        draw_main(side, form, (&worked, true), main, frame);
    }
}

/// Rows of the sizes and the worst check: those that the list, its rule and two rows of help leave.
fn strip_height(height: u16) -> u16 {
    height.saturating_sub(FEWEST + 3).min(2)
}

/// `3 changed of 26 parameters`, `3 of 26 and 1 tag changed`.
fn changed(form: &Form) -> String {
    let parameters = form.fields.iter().filter(|f| f.is_changed()).count();
    let tags = form.tags.iter().filter(|t| t.is_changed()).count();
    let all = form.fields.len();
    if tags == 0 {
        format!("{parameters} changed of {}", count(all, "parameter"))
    } else {
        format!("{parameters} of {all} and {} changed", count(tags, "tag"))
    }
}

/// The rows, and under them what is wrong and what the field under the cursor means. Where nothing stands beside, the
/// button shows the checks.
fn draw_main(side: &Side<'_>, form: &Form, (worked, is_narrow): (&Worked, bool), area: Rect, frame: &mut Frame<'_>) {
    let errors = &worked.errors;
    let pen = Pen::of(side);
    let width = usize::from(area.width);
    let room = usize::from(area.height.saturating_sub(FEWEST + 1));
    let mut help = Vec::new();
    if let Some(error) = form.error.as_ref().filter(|_| room > 0) {
        help.extend(
            wrap_to(&format!("✗ {error}"), width, room.min(5))
                .into_iter()
                .map(|l| Line::from(pen.ink(Role::Bad, l))),
        );
    }
    let about = if is_narrow && form.is_on_button() {
        button_help(pen, &worked.checks, width)
    } else {
        help_lines(pen, form, errors, width)
    };
    help.extend(most_of(about, room.saturating_sub(help.len()), form.is_on_button()));
    let rule = u16::from(area.height > FEWEST);
    let [rows, rule, below] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(rule), Constraint::Length(help.len() as u16)]).areas(area);
    let (lines, at) = row_lines(pen, form, errors, (width, usize::from(rows.height)));
    let first = table::offset(at, lines.len(), usize::from(rows.height));
    let (above, rest) = (first, lines.len().saturating_sub(first + usize::from(rows.height)));
    let shown: Vec<Line<'_>> = lines.into_iter().skip(first).take(usize::from(rows.height)).collect();
    show(shown, rows, frame);
    show(vec![more(pen, above, rest, width)], rule, frame);
    show(help, below, frame);
}

/// As many lines of a help as have room. Its last one, what the value may be or what is wrong with it, outlasts the
/// others; that of the button is in order.
fn most_of(mut lines: Vec<Line<'static>>, room: usize, is_in_order: bool) -> Vec<Line<'static>> {
    while lines.len() > room {
        let spare = if is_in_order {
            lines.len() - 1
        } else {
            lines.len().saturating_sub(2)
        };
        let blank = lines.iter().position(|l| l.width() == 0);
        lines.remove(blank.unwrap_or(spare));
    }
    lines
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
    let groups = form.fields.windows(2).filter(|w| w[0].def.group != w[1].def.group).count() + 2;
    let is_airy = form.button() + 1 + 2 * groups <= height;
    let mut lines = Vec::new();
    let mut at = 0;
    let mut group = None;
    for (i, error) in errors.iter().enumerate() {
        let next = form.fields.get(i).map_or("Tags", |field| match field.def.group.as_str() {
            "" => "Other",
            group => group,
        });
        if group != Some(next) {
            if is_airy && i > 0 {
                lines.push(Line::default());
            }
            group = Some(next);
            lines.push(Line::from(pen.title(cut(next, width))));
        }
        if i == form.selected {
            at = lines.len();
        }
        lines.push(row(pen, &Row::of(form, i), (i == form.selected, error.is_some()), width));
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

/// What a row shows of a parameter, a tag, or the line for another tag.
struct Row<'a> {
    label: &'a str,
    text: &'a TextField,
    /// One of a list is chosen.
    is_choice: bool,
    is_changed: bool,
    /// What it was, where it is another now.
    was: Option<String>,
}

impl<'a> Row<'a> {
    fn of(form: &'a Form, i: usize) -> Self {
        if let Some(field) = form.fields.get(i) {
            return Self::of_field(field);
        }
        form.tag(i).map_or_else(|| Self::of_another(form), Self::of_tag)
    }

    fn of_field(field: &'a Field) -> Self {
        let is_changed = field.is_changed();
        Self {
            label: &field.def.label,
            text: &field.value,
            is_choice: !field.def.allowed.is_empty(),
            is_changed,
            was: field
                .previous
                .as_ref()
                .filter(|_| is_changed)
                .map(|p| format!("  was {}", quoted(p))),
        }
    }

    fn of_tag(tag: &'a TagField) -> Self {
        let was = tag
            .before
            .as_ref()
            .filter(|_| tag.is_changed())
            .map(|before| match tag.value.text() {
                "" => format!("  goes, was {before}"),
                _ => format!("  was {before}"),
            });
        Self {
            label: &tag.key,
            text: &tag.value,
            is_choice: false,
            is_changed: tag.is_changed(),
            was,
        }
    }

    fn of_another(form: &'a Form) -> Self {
        Self {
            label: "Another tag",
            text: &form.another,
            is_choice: false,
            is_changed: !form.another.text().is_empty(),
            was: None,
        }
    }
}

/// `▸*Size      ‹ medium ›   was small`.
fn row(pen: Pen<'_>, it: &Row<'_>, (is_selected, is_wrong): (bool, bool), width: usize) -> Line<'static> {
    let (mark, role) = if is_wrong {
        ("✗", Role::Bad)
    } else if it.is_changed {
        ("*", Role::Accent)
    } else {
        (" ", Role::Dim)
    };
    let label_width = LABEL.min(width / 2);
    let label = left(it.label, label_width);
    let room = width.saturating_sub(label_width + 4);
    let label = if is_selected {
        pen.ink(Role::Accent, label)
    } else {
        pen.text(label)
    };
    let cursor = if is_selected { pen.ink(Role::Accent, "▸") } else { pen.text(" ") };
    let mut spans = vec![cursor, pen.ink(role, mark), label, pen.text(" ")];
    spans.extend(value(pen, it, (is_selected, is_wrong), room));
    Line::from(spans)
}

fn value(pen: Pen<'_>, it: &Row<'_>, (is_selected, is_wrong): (bool, bool), room: usize) -> Vec<Span<'static>> {
    let role = if is_wrong { Role::Bad } else { Role::Text };
    let was = |used: usize| it.was.as_ref().map(|w| pen.dim(cut(w, room.saturating_sub(used))));
    if it.is_choice {
        let (open, close) = if is_selected {
            (pen.ink(Role::Key, "‹ "), pen.ink(Role::Key, " ›"))
        } else {
            (pen.dim("‹ "), pen.dim(" ›"))
        };
        let shown = cut(it.text.text(), room.saturating_sub(4));
        let was = was(4 + measure::width(&shown));
        return [open, pen.ink(role, shown), close].into_iter().chain(was).collect();
    }
    let text = SafeText::new(it.text.text());
    let (shown, used) = if is_selected {
        let shown = typed::spans(it.text, room, (pen.style(role), pen.style(Role::Accent)));
        let used = shown.iter().map(Span::width).sum();
        (shown, used)
    } else if text.is_empty() {
        (vec![pen.dim("–")], 1)
    } else {
        let shown = cut(&text, room);
        let used = measure::width(&shown);
        (vec![pen.ink(role, shown)], used)
    };
    shown.into_iter().chain(was(used)).collect()
}

fn quoted(text: &str) -> &str {
    if text.is_empty() { "empty" } else { text }
}

/// What the row under the cursor means and what it may be: always as many lines.
fn help_lines(pen: Pen<'_>, form: &Form, errors: &[Option<String>], width: usize) -> Vec<Line<'static>> {
    let error = errors.get(form.selected).and_then(Option::as_deref);
    let mut out = match form.fields.get(form.selected) {
        Some(field) => field_help(pen, field, error, width),
        None if form.is_on_button() => vec![
            Line::from(pen.title("Make the plan")),
            Line::from(pen.text("CloudFormation works out what would change; nothing runs yet.")),
            Line::from(pen.text("The plan is shown next; executing it asks once more.")),
        ],
        None => tag_help(pen, form.tag(form.selected), error),
    };
    out.resize(4, Line::default());
    out
}

fn tag_help(pen: Pen<'_>, tag: Option<&TagField>, error: Option<&str>) -> Vec<Line<'static>> {
    let (title, how) = match tag {
        Some(tag) => (format!("tag {}", tag.key), "Without a value the tag goes."),
        None => ("Another tag".to_owned(), "Reads Key=Value; Enter takes it."),
    };
    vec![
        Line::from(vec![pen.title(title), pen.dim(format!("  {how}"))]),
        Line::from(pen.text("Tags stand on the stack and on its resources; bills can be told apart by them.")),
        Line::default(),
        match error {
            Some(error) => Line::from(pen.ink(Role::Bad, format!("✗ {error}"))),
            None => Line::from(pen.dim(format!("Of {}", tags::MADE_OF))),
        },
    ]
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
    show(vec![Line::from(sizes), worst_check(pen, &worked.checks, &worked.key)], area, frame);
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
    lines.push(Line::from(vec![
        pen.title("Checks "),
        pen.ink(Role::Key, worked.key.clone()),
        pen.dim(format!("  {}", counted(&worked.checks))),
    ]));
    let room = usize::from(area.height).saturating_sub(lines.len());
    lines.extend(all_checks(pen, &worked.checks, width, room));
    show(lines, area, frame);
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
