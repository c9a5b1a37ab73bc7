//! The Cost screen: now and a month, line by line, the guide's table beside ours, images.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use super::kit::{Pen, cut, left, right, show, usd, usd_hour, wrap_to};
use crate::{
    core::{
        cost::{
            CostLine, Estimate, GuideRow,
            listing::{self, SheetRow},
        },
        leftovers,
        model::Model,
        prices::ModelPrice,
        screen::Panel,
        when,
    },
    ui::{
        Side, cut as measure,
        panel::{self, Head},
        table,
        theme::Role,
    },
};

/// Draws the screen.
pub fn draw(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let planned = model.cost_planned();
    let tasks = &model.feeds.tasks;
    let age = tasks.age(model.now).map(|ms| when::short(ms as i64));
    let stale = tasks
        .fault
        .as_ref()
        .zip(age)
        .map(|(fault, age)| pen.ink(Role::Warn, format!(" tasks {age} old, {} ·", fault.kind.words())));
    let head = Head {
        title: "Cost, estimate",
        right: stale
            .into_iter()
            .chain([pen.dim(format!(" {} · prices of {} ", planned.region, planned.date))])
            .collect(),
    };
    let inner = panel::frame(model, side, Panel::Cost, area, frame, head);
    let width = usize::from(inner.width);
    let mut top = summary(model, pen, &planned, width);
    // The rows are what the screen is for.
    let is_low = inner.height < LOW;
    if is_low {
        top.truncate(1);
    }
    let [above, list, rule, below] = Layout::vertical([
        Constraint::Length(top.len() as u16),
        Constraint::Fill(1),
        Constraint::Length(1),
        Constraint::Length(if is_low { 0 } else { 3 }),
    ])
    .areas(inner);
    show(top, above, frame);
    let sheet = listing::sheet(model);
    draw_sheet(model, pen, &sheet, list, frame);
    let at = selected(model, &sheet).unwrap_or(0);
    show(
        vec![rule_line(pen, &table::window(at, sheet.len(), list.height.into()), width)],
        rule,
        frame,
    );
    show(detail(model, pen, &sheet, width), below, frame);
}

/// Inside height below which only the rows and one figure are shown.
const LOW: u16 = 13;

/// The line below the sheet; it says that the sheet goes on, where it does.
fn rule_line(pen: Pen<'_>, window: &str, width: usize) -> Line<'static> {
    let more = if window.is_empty() {
        String::new()
    } else {
        format!(" rows {window} ")
    };
    let rule = width.saturating_sub(measure::width(&more) + 2);
    Line::from(vec![
        pen.ink(Role::Border, "─".repeat(rule)),
        pen.dim(more),
        pen.ink(Role::Border, "──"),
    ])
}

/// The figures that Zoe comes for.
fn summary(model: &Model, pen: Pen<'_>, planned: &Estimate, width: usize) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    if let Some(now) = listing::now(model) {
        out.push(Line::from(vec![
            pen.dim("Now      "),
            pen.ink(Role::Accent, format!("{} an hour", usd_hour(now.usd_hour()))),
            pen.text(format!("   {} a month at this rate", usd(now.usd_month()))),
            pen.dim(told(model)),
        ]));
        if model.is_hollow() || model.is_going_away() {
            out.push(Line::from(vec![
                pen.dim("Again    "),
                pen.text(format!("{} a month, were it deployed again", usd(planned.usd_month()))),
            ]));
        } else {
            out.extend(beside_now(pen, &now, planned, width));
        }
    } else if model.is_without_stack() {
        out.push(Line::from(vec![
            pen.dim("Now      "),
            left_costs(model, pen, width.saturating_sub(9)),
        ]));
        out.push(Line::from(vec![
            pen.dim("Deployed "),
            pen.text(format!(
                "{} an hour, {} a month: were it deployed",
                usd_hour(planned.usd_hour()),
                usd(planned.usd_month())
            )),
        ]));
    } else {
        out.push(Line::from(vec![
            pen.dim("Deployed "),
            pen.ink(Role::Accent, format!("{} an hour", usd_hour(planned.usd_hour()))),
            pen.text(format!("   {} a month", usd(planned.usd_month()))),
            pen.dim("   at the template's counts"),
        ]));
        if let Some(fault) = model.feeds.tasks.fault.as_ref().filter(|_| model.live_stack().is_some()) {
            let text = format!("! What runs now is not known: {}.", fault.sentence());
            out.push(Line::from(pen.ink(Role::Warn, text)));
        }
    }
    let a = planned.assumptions;
    let basis = format!(
        "730 hours; assumed: EFS {} GB, logs {} GB a month, each image {} GB, endpoints {} GB, {} LCU",
        a.efs_gb, a.log_gb, a.ecr_gb, a.endpoint_gb, a.lcu
    );
    for (i, line) in wrap_to(&basis, width.saturating_sub(9), 2).into_iter().enumerate() {
        let head = if i == 0 { "Rests on " } else { "         " };
        out.push(Line::from(vec![pen.dim(head), pen.dim(line)]));
    }
    out.push(Line::default());
    out
}

/// Nothing of a stack is there to be paid for, but what an earlier one left may be.
fn left_costs(model: &Model, pen: Pen<'_>, width: usize) -> Span<'static> {
    match model.leftovers.found() {
        Some(search) => pen.ink(
            Role::Warn,
            cut(&leftovers::verdict(&model.cost.prices, &model.about.region, search), width),
        ),
        None => pen.ink(Role::Accent, format!("{} an hour: there is no stack", usd_hour(0.0))),
    }
}

/// What the template wants where other counts run, and what sleeping would change.
fn beside_now(pen: Pen<'_>, now: &Estimate, planned: &Estimate, width: usize) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    if (now.usd_month() - planned.usd_month()).abs() >= 0.01 {
        out.push(Line::from(vec![
            pen.dim("Template "),
            pen.text(format!(
                "{} a month at the counts that the template wants",
                usd(planned.usd_month())
            )),
        ]));
    }
    let asleep = format!(
        "{} an hour ends with the tasks (Z); {} goes on while asleep",
        usd_hour(now.scalable_hour()),
        usd_hour(now.fixed_hour())
    );
    out.push(Line::from(vec![
        pen.dim("Asleep   "),
        pen.text(cut(&asleep, width.saturating_sub(9))),
    ]));
    out
}

/// How old the list of tasks is that the figure rests on.
fn told(model: &Model) -> String {
    let age = model.feeds.tasks.age(model.now).filter(|_| !model.is_hollow());
    age.map(|ms| format!("   {} ago", when::short(ms as i64))).unwrap_or_default()
}

fn draw_sheet(model: &Model, pen: Pen<'_>, sheet: &[SheetRow], area: Rect, frame: &mut Frame<'_>) {
    let width = usize::from(area.width);
    let selected = selected(model, sheet);
    let height = usize::from(area.height);
    // At the very top the heading is in sight too.
    let first = match selected {
        Some(at) => table::offset(at, sheet.len(), height),
        None => 0,
    };
    let shown = sheet.iter().enumerate().skip(first).take(height).map(|(i, row)| {
        let line = line(pen, row, width);
        if Some(i) == selected {
            let fill = width.saturating_sub(line.width());
            let mut line = line.style(pen.0.style(Role::Selected));
            line.push_span(" ".repeat(fill));
            line
        } else {
            line
        }
    });
    show(shown.collect(), area, frame);
}

/// Place in the sheet of the row under the cursor.
fn selected(model: &Model, sheet: &[SheetRow]) -> Option<usize> {
    let at = model.cursor(Panel::Cost);
    sheet.iter().enumerate().filter(|(_, r)| r.is_row()).nth(at).map(|(i, _)| i)
}

/// Width of the labels of the guide's rows and of models.
const NAME: usize = 34;
/// Widths: label, quantity, hour, month, kind; the rest is the basis.
const LABEL: usize = 30;
const QUANTITY: usize = 14;
const HOUR: usize = 9;
const MONTH: usize = 10;

fn line(pen: Pen<'_>, row: &SheetRow, width: usize) -> Line<'static> {
    match row {
        SheetRow::Blank => Line::default(),
        SheetRow::Lines(text) if width < TABLE => two_columns(pen, (text, "a month"), Role::Title, width),
        SheetRow::Lines(text) => heading(pen, text),
        SheetRow::Heading(text) => Line::from(pen.title((*text).to_owned())),
        SheetRow::Note(text) => Line::from(pen.dim(cut(text, width))),
        SheetRow::Line(cost) if width < TABLE => two_columns(pen, (&cost.label, &usd(cost.usd_month)), Role::Text, width),
        SheetRow::Sum(label, _, month) if width < TABLE => two_columns(pen, (label, &usd(*month)), Role::Title, width),
        SheetRow::Line(cost) => cost_line(pen, cost, width),
        SheetRow::Sum(label, hour, month) => {
            let role = if *label == "Total" { Role::Title } else { Role::Text };
            let text = format!(
                "{} {} {} {}",
                left(label, LABEL),
                " ".repeat(QUANTITY),
                right(&usd_hour(*hour), HOUR),
                right(&usd(*month), MONTH)
            );
            Line::from(pen.ink(role, text))
        }
        SheetRow::Unpriced(text) => Line::from(pen.ink(Role::Warn, cut(&format!("? no price known: {text}"), width))),
        SheetRow::Guide(row) => guide_line(pen, row, width),
        SheetRow::GuideSum(guide, ours) => Line::from(pen.title(format!(
            "{} {} {}",
            left("Total", NAME),
            right(&usd(*guide), MONTH),
            right(&usd(*ours), MONTH)
        ))),
        SheetRow::Image(price, usd, ended) => image_line(pen, price, (*usd, ended.as_deref()), width),
    }
}

/// Inside width below which a line is its label and its month.
const TABLE: usize = LABEL + QUANTITY + HOUR + MONTH + 3;

fn two_columns(pen: Pen<'_>, (label, month): (&str, &str), role: Role, width: usize) -> Line<'static> {
    let room = width.saturating_sub(MONTH + 1);
    Line::from(pen.ink(role, format!("{} {}", left(label, room), right(month, MONTH))))
}

fn heading(pen: Pen<'_>, text: &str) -> Line<'static> {
    Line::from(vec![
        pen.title(left(text, LABEL + 1)),
        pen.dim(format!(
            "{} {} {}",
            right("quantity", QUANTITY),
            right("an hour", HOUR),
            right("a month", MONTH)
        )),
    ])
}

fn cost_line(pen: Pen<'_>, cost: &CostLine, width: usize) -> Line<'static> {
    let unit = cost.unit.strip_suffix("-hour").unwrap_or(&cost.unit);
    let quantity = format!("{} {unit}", trimmed(cost.quantity));
    let (kind, role) = if cost.is_scalable {
        ("scalable", Role::Info)
    } else {
        ("fixed", Role::Dim)
    };
    let doubt = if cost.is_verified { "  " } else { " ≈" };
    let used = LABEL + QUANTITY + HOUR + MONTH + 3 + 2 + 9;
    Line::from(vec![
        pen.text(left(&cost.label, LABEL)),
        pen.dim(format!(" {}", right(&quantity, QUANTITY))),
        pen.text(format!(
            " {} {}",
            right(&usd_hour(cost.usd_hour), HOUR),
            right(&usd(cost.usd_month), MONTH)
        )),
        pen.ink(Role::Warn, doubt),
        pen.ink(role, format!(" {kind:<8}")),
        pen.dim(if width > used + 8 {
            format!(" {}", cost.basis)
        } else {
            String::new()
        }),
    ])
}

/// `2`, `0.1`, `16.44`: no more places than say something.
fn trimmed(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn guide_line(pen: Pen<'_>, row: &GuideRow, width: usize) -> Line<'static> {
    let guide = row.guide.map_or_else(|| "–".to_owned(), usd);
    let used = NAME + 2 * MONTH + 4;
    Line::from(vec![
        pen.text(left(row.label, NAME)),
        pen.dim(format!(" {}", right(&guide, MONTH))),
        pen.text(format!(" {}", right(&usd(row.ours), MONTH))),
        pen.dim(format!("  {}", cut(row.reason, width.saturating_sub(used)))),
    ])
}

fn image_line(pen: Pen<'_>, price: &ModelPrice, (each, ended): (f64, Option<&str>), width: usize) -> Line<'static> {
    let doubt = if price.verified { "  " } else { " ≈" };
    let ended = ended.map(|day| format!("no longer offered since {day}")).unwrap_or_default();
    let used = NAME + MONTH + 26;
    Line::from(vec![
        pen.text(left(&price.id, NAME)),
        pen.text(format!(" {}", right(&format!("${each:.3}"), MONTH))),
        pen.ink(Role::Warn, doubt),
        pen.dim(format!(" {} for 1,000", right(&usd(each * 1000.0), MONTH))),
        pen.ink(Role::Warn, cut(&format!("  {ended}"), width.saturating_sub(used))),
    ])
}

/// The row under the cursor in full: what it rests on.
fn detail(model: &Model, pen: Pen<'_>, sheet: &[SheetRow], width: usize) -> Vec<Line<'static>> {
    let text = match selected(model, sheet).map(|i| &sheet[i]) {
        Some(SheetRow::Line(cost)) => {
            let basis = if cost.basis.is_empty() { "one unit" } else { cost.basis.as_str() };
            let doubt = if cost.is_verified {
                ""
            } else {
                " ≈ price not verified for this region."
            };
            format!("{} ({}): {basis}.{doubt}", cost.label, cost.resource)
        }
        Some(SheetRow::Guide(row)) => format!("{}: {}.", row.label, row.reason),
        Some(SheetRow::Image(price, ..)) => format!("{}: {}, {}.", price.id, price.source, price.date),
        Some(SheetRow::Unpriced(what)) => format!("{what} may cost something, and is in no sum."),
        Some(SheetRow::Sum(..) | SheetRow::GuideSum(..)) => "Model calls, data out to the internet and taxes are in no sum.".into(),
        _ => String::new(),
    };
    let mut out: Vec<Line<'static>> = wrap_to(&text, width, 2).into_iter().map(|l| Line::from(pen.text(l))).collect();
    out.resize(2, Line::default());
    out.push(Line::from(pen.dim(cut(
        "Every figure is an estimate; ≈ marks prices that nobody has checked for this region.",
        width,
    ))));
    out
}
