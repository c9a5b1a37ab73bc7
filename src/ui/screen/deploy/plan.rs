//! The plan: being worked out, then what it adds, changes, replaces and removes, and what is lost by it.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
};

use super::super::kit::{Pen, count, cut, short_type, show, usd, wrap_to};
use crate::{
    core::{
        cost,
        drift::{self, Drift},
        eta::{self, Work},
        fact::{ChangeAction, Fate, Replacement, ResourceChange},
        keymap::Intent,
        model::Model,
        progress::Progress,
        screen::{
            Panel,
            deploy::{Plan, Planning},
        },
        template::{Resource, worked_on},
        text::SafeText,
        when,
    },
    ui::{
        Side,
        panel::{self, Head},
        table::{self, Rows},
        theme::Role,
    },
};

/// From this width on the selected change stands beside the list.
const WIDE: u16 = 118;

/// Draws the wait for the plan.
pub(super) fn draw_planning(model: &Model, side: &Side<'_>, planning: &Planning, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let head = Head {
        title: "Making the plan",
        right: Vec::new(),
    };
    let inner = panel::frame(model, side, Panel::Deploy, area, frame, head);
    let waited = when::span(model.now.mono.saturating_sub(planning.since) as i64);
    let mut lines = vec![
        Line::from(vec![pen.title("CloudFormation works out the plan… "), pen.text(waited)]),
        Line::default(),
    ];
    let step = |is_done: bool, text: &str| {
        let (mark, role) = if is_done { ("✓", Role::Good) } else { ("·", Role::Dim) };
        Line::from(vec![pen.ink(role, format!("  {mark} ")), pen.text(text.to_owned())])
    };
    lines.push(step(true, "the values are within what the template allows"));
    lines.push(step(planning.change_set.is_some(), "AWS has taken the template and the values"));
    lines.push(step(false, "what each resource needs is worked out: usually some ten seconds"));
    lines.push(step(false, "then the plan is shown here, and nothing runs before you say so"));
    if let Some(fault) = &planning.fault {
        lines.push(Line::default());
        let text = format!("! {}. {}", fault.sentence(), model.advice(fault));
        lines.extend(
            wrap_to(&text, usize::from(inner.width), 4)
                .into_iter()
                .map(|l| Line::from(pen.ink(Role::Warn, l))),
        );
    }
    lines.push(Line::default());
    lines.push(pen.keys("[Esc] goes back to the form and removes the plan"));
    show(lines, inner, frame);
}

/// Draws the plan.
pub(super) fn draw(model: &Model, side: &Side<'_>, plan: &Plan, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let verb = if plan.is_create { "create" } else { "update" };
    let title = format!("Plan to {verb} {}", model.settings.stack);
    let head = Head {
        title: &title,
        right: vec![pen.dim(format!(" {} ", count(plan.change_set.changes.len(), "change")))],
    };
    let inner = panel::frame(model, side, Panel::Deploy, area, frame, head);
    let width = usize::from(inner.width);
    let summary = summary(model, pen, plan, width);
    let detail = if inner.width < WIDE { 4 } else { 0 };
    let [top, list, below, keys] = Layout::vertical([
        Constraint::Length(summary.len() as u16),
        Constraint::Fill(1),
        Constraint::Length(detail),
        Constraint::Length(1),
    ])
    .areas(inner);
    show(summary, top, frame);
    let (list, beside) = if detail == 0 {
        let [list, gap, beside] = Layout::horizontal([Constraint::Fill(3), Constraint::Length(2), Constraint::Fill(2)]).areas(list);
        let _ = gap;
        (list, beside)
    } else {
        (list, below)
    };
    draw_list(model, side, plan, list, frame);
    draw_detail(model, side, plan, beside, frame);
    show(vec![pen.keys(&keys_of(model))], keys, frame);
}

/// What can be done with a plan.
fn keys_of(model: &Model) -> String {
    let checks = model.keymap.label(Intent::Checks);
    let checks = if checks.is_empty() {
        checks
    } else {
        format!(" · [{checks}] checks")
    };
    format!("[Enter] executes, after a question · [q] drops the plan · [d] whole row{checks}")
}

/// What a change is: mark, word, colour.
fn kind(change: &ResourceChange) -> (&'static str, &'static str, Role) {
    let holds = crate::core::plan::holds_data(&change.resource_type);
    let loses = |mild: Role| if holds { Role::Bad } else { mild };
    match (change.action, change.replacement) {
        (ChangeAction::Add, _) => ("+", "add", Role::Good),
        (ChangeAction::Remove, _) => ("−", "remove", loses(Role::Warn)),
        (ChangeAction::Modify, Replacement::Always) => ("±", "replace", loses(Role::Warn)),
        (ChangeAction::Modify, Replacement::Conditional) => ("±?", "may replace", loses(Role::Warn)),
        (ChangeAction::Modify, Replacement::Never) => ("~", "modify", Role::Info),
        (ChangeAction::Import, _) => ("»", "import", Role::Info),
        (ChangeAction::Dynamic, _) => ("?", "decided later", Role::Warn),
    }
}

/// How many changes of each kind there are.
fn counts(pen: Pen<'_>, changes: &[ResourceChange]) -> Line<'static> {
    let mut counts = Vec::new();
    for (mark, word, role) in [
        ("+", "add", Role::Good),
        ("~", "modify", Role::Info),
        ("±", "replace", Role::Warn),
        ("±?", "may replace", Role::Warn),
        ("−", "remove", Role::Warn),
        ("?", "decided later", Role::Warn),
        ("»", "import", Role::Info),
    ] {
        let n = changes.iter().filter(|c| kind(c).0 == mark).count();
        let is_usual = matches!(mark, "+" | "~" | "±" | "−");
        if n > 0 || is_usual {
            counts.push(pen.ink(if n > 0 { role } else { Role::Dim }, format!("{mark} {n} {word}   ")));
        }
    }
    Line::from(counts)
}

/// Counts, what is lost, money, time, permissions.
fn summary(model: &Model, pen: Pen<'_>, plan: &Plan, width: usize) -> Vec<Line<'static>> {
    let mut out = vec![counts(pen, &plan.change_set.changes)];
    for (name, evidence) in &plan.form.overrides {
        let text = format!("! overridden: {name}: {evidence}");
        out.extend(wrap_to(&text, width, 2).into_iter().map(|l| Line::from(pen.ink(Role::Warn, l))));
    }
    for loss in plan.losses() {
        out.extend(
            wrap_to(&format!("✗ {loss}"), width, 3)
                .into_iter()
                .map(|l| Line::from(pen.ink(Role::Bad, l))),
        );
    }
    for note in &plan.notes {
        out.extend(
            wrap_to(&format!("! {note}"), width, 2)
                .into_iter()
                .map(|l| Line::from(pen.ink(Role::Info, l))),
        );
    }
    let before = if plan.is_create { 0.0 } else { model.cost_planned().usd_month() };
    let resources = model
        .template
        .resources(&model.template.values(&plan.form.values()), &model.pseudo());
    let after = model.cost.plan_estimate(&resources).usd_month();
    let drifts = drift::of_plan(model, plan);
    out.push(cost_line(pen, (before, after), drifts.iter().any(|it| it.sleeps)));
    if let Some(time) = time(model, plan, &resources) {
        out.push(Line::from(vec![pen.dim("Time   "), pen.text(time)]));
    }
    out.extend(asks(pen, plan, width));
    out.extend(drifts.iter().flat_map(|it| drift(pen, it, width)));
    out.push(Line::default());
    out
}

/// What the stack costs a month before and after; where it sleeps now, both are of it awake.
fn cost_line(pen: Pen<'_>, (before, after): (f64, f64), sleeps: bool) -> Line<'static> {
    let delta = cost::step(before, after);
    let sign = if delta >= 0.005 { "+" } else { "" };
    let (awake, estimate) = if sleeps {
        (" awake", "estimate without model calls")
    } else {
        ("", "estimate, model calls not included")
    };
    Line::from(vec![
        pen.dim("Cost   "),
        pen.text(format!("{} → {} a month{awake}", usd(before), usd(after))),
        pen.dim(format!(" ({sign}{}), {estimate}", usd(delta))),
    ])
}

/// `usually 8 to 14 min`.
fn time(model: &Model, plan: &Plan, resources: &[Resource]) -> Option<String> {
    let touched = |r: &Resource| plan.change_set.changes.iter().any(|c| c.logical_id == r.logical_id);
    let involved = worked_on(resources, touched);
    let involved: Vec<&Resource> = involved.iter().collect();
    let work = if plan.is_create { Work::Create } else { Work::Update };
    let eta = eta::remaining(&model.durations, &involved, work, &Progress::default(), 0)?;
    Some(format!("usually {}", eta.words()))
}

fn asks(pen: Pen<'_>, plan: &Plan, width: usize) -> Vec<Line<'static>> {
    let list = |pairs: &[(SafeText, SafeText)]| pairs.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ");
    let capabilities = if plan.change_set.capabilities.is_empty() {
        "no capability".to_owned()
    } else {
        let names: Vec<&str> = plan.change_set.capabilities.iter().map(SafeText::as_str).collect();
        format!("{} (it makes IAM roles)", names.join(", "))
    };
    let tags = if plan.change_set.tags.is_empty() {
        list(&plan.form.tags_after())
    } else {
        list(&plan.change_set.tags)
    };
    let tags = if tags.is_empty() {
        "no tags".to_owned()
    } else {
        format!("tags {tags}")
    };
    let lines = wrap_to(&format!("{capabilities} · {tags}"), width.saturating_sub(7), 2).into_iter();
    let heads = ["Asks   ", "       "].into_iter();
    heads
        .zip(lines)
        .map(|(head, line)| Line::from(vec![pen.dim(head), pen.text(line)]))
        .collect()
}

/// What the plan does to a count that the template does not know.
fn drift(pen: Pen<'_>, drift: &Drift, width: usize) -> impl Iterator<Item = Line<'static>> {
    let role = if drift.set.is_some() { Role::Warn } else { Role::Info };
    let lines = wrap_to(&format!("! {}", drift.sentence()), width, 2).into_iter();
    lines.map(move |line| Line::from(pen.ink(role, line)))
}

fn draw_list(model: &Model, side: &Side<'_>, plan: &Plan, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let columns = [
        Constraint::Length(2),
        Constraint::Length(11),
        Constraint::Fill(1),
        Constraint::Fill(1),
    ];
    let rows = Rows {
        heads: &["", "change", "resource", "type"],
        widths: &columns,
        cursor: Some(model.cursor(Panel::Deploy)),
        count: plan.change_set.changes.len(),
    };
    table::draw(side, &rows, area, frame, |i| {
        let change = &plan.change_set.changes[i];
        let (mark, word, role) = kind(change);
        let name_role = if role == Role::Bad { Role::Bad } else { Role::Text };
        vec![
            Line::from(pen.ink(role, mark)),
            Line::from(pen.ink(role, word)),
            Line::from(pen.ink(name_role, change.logical_id.as_str())),
            Line::from(pen.dim(short_type(&change.resource_type))),
        ]
    });
}

/// The change under the cursor: what it loses, and its properties before and after.
fn draw_detail(model: &Model, side: &Side<'_>, plan: &Plan, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let width = usize::from(area.width);
    let Some(change) = plan.change_set.changes.get(model.cursor(Panel::Deploy)) else {
        return;
    };
    let (mark, word, role) = kind(change);
    let mut lines = vec![Line::from(vec![
        pen.ink(role, format!("{mark} {word} ")),
        pen.title(cut(&change.logical_id, width.saturating_sub(word.len() + 4))),
    ])];
    if role == Role::Bad {
        let text = match change.fate {
            Some(Fate::Kept) => "It holds data: what is in it is kept.",
            Some(Fate::Snapshot) => "It holds data: a last snapshot is kept.",
            _ => "It holds data: what is in it is lost.",
        };
        lines.push(Line::from(pen.ink(Role::Bad, cut(text, width))));
    }
    if change.properties.is_empty() {
        let about = match change.action {
            ChangeAction::Add => "It is made new.",
            ChangeAction::Remove => "It is deleted.",
            _ => "AWS names no property.",
        };
        lines.push(Line::from(pen.dim(about)));
    }
    let missing = || "known when it runs".to_owned();
    for p in &change.properties {
        let before = p.before.as_ref().map_or_else(missing, ToString::to_string);
        let after = p.after.as_ref().map_or_else(missing, ToString::to_string);
        let path = p.path.strip_prefix("Properties.").unwrap_or(&p.path);
        let rest = wrap_to(&format!("{path}: {before} → {after}"), width, 4);
        lines.extend(rest.into_iter().map(|l| Line::from(pen.text(l))));
    }
    let hidden = lines.len().saturating_sub(usize::from(area.height));
    if hidden > 0 && area.height > 1 {
        lines.truncate(usize::from(area.height) - 1);
        lines.push(pen.keys(&format!("… {} more: [d]", count(hidden + 1, "line"))));
    }
    show(lines, area, frame);
}
