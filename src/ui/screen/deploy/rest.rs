//! The stack at rest: what would be made, or what stands.

use std::collections::BTreeMap;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use super::super::kit::{Pen, count, cut, left, show, usd, wrap_to};
use crate::{
    core::{
        eta::{self, Work},
        fact::Stack,
        keymap::Intent,
        leftovers,
        model::Model,
        progress::Progress,
        screen::Panel,
        size,
        template::Resource,
        when,
    },
    ui::{
        Side, cut as measure,
        panel::{self, Head},
        theme::{Role, of_status},
        welcome,
    },
};

/// Resource types in words, in the order in which people look for them.
const IN_WORDS: &[(&str, &str)] = &[
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "load balancer"),
    ("AWS::ECS::Service", "ECS service"),
    ("AWS::RDS::DBInstance", "PostgreSQL database"),
    ("AWS::EFS::FileSystem", "EFS file system"),
    ("AWS::EC2::VPCEndpoint", "VPC endpoint"),
    ("AWS::EC2::NatGateway", "NAT gateway"),
    ("AWS::EC2::VPC", "VPC"),
    ("AWS::EC2::Subnet", "subnet"),
    ("AWS::EC2::SecurityGroup", "security group"),
    ("AWS::IAM::Role", "IAM role"),
    ("AWS::SecretsManager::Secret", "secret"),
    ("AWS::Logs::LogGroup", "log group"),
];

/// `  Account 123456789012, profile ops.`
fn place(model: &Model) -> String {
    let account = model.feeds.identity.get().map_or("not known yet", |i| i.account.as_str());
    format!("  Account {account}, profile {}.", model.about.profile)
}

/// No stack: what a deployment would make, what it costs, and the key.
pub(super) fn draw_nothing(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let head = Head {
        title: "Deploy",
        right: vec![pen.dim(format!(" {} ", model.about.region))],
    };
    let inner = panel::frame(model, side, Panel::Deploy, area, frame, head);
    let width = usize::from(inner.width).min(100);
    let mut lines = vec![
        Line::default(),
        Line::from(fate(model, pen)),
        Line::from(pen.dim(cut(&place(model), width))),
    ];
    lines.extend(left_behind(model, pen, width));
    lines.extend([
        pen.keys("  Press [D] to deploy: a form, the plan with its price, then your yes or no."),
        pen.keys("  Press [P] to look at another profile, region or stack."),
    ]);
    if model.leftovers.found().is_none() {
        lines.push(list_of_left(model, pen, "to see what an earlier stack left behind."));
    }
    lines.push(Line::default());
    let values = model.template.values(&BTreeMap::new());
    let resources = model.template.resources(&values, &model.pseudo());
    let all: Vec<&Resource> = resources.iter().collect();
    lines.push(Line::from(pen.title(format!(
        "  With the template's defaults it makes {}:",
        count(resources.len(), "resource")
    ))));
    let made = wrap_to(&in_words(&resources), width.saturating_sub(4), 4);
    lines.extend(made.into_iter().map(|l| Line::from(pen.text(format!("  {l}")))));
    lines.push(Line::default());
    let estimate = model.cost.plan_estimate(&resources);
    lines.push(Line::from(vec![
        pen.dim("  Cost   "),
        pen.ink(Role::Accent, format!("{} a month", usd(estimate.usd_month()))),
        pen.dim(cut(
            &format!(", estimate, prices of {}; each image and each chat on top", estimate.date),
            width.saturating_sub(26),
        )),
    ]));
    if let Some(eta) = eta::remaining(&model.durations, &all, Work::Create, &Progress::default(), 0) {
        lines.push(Line::from(vec![pen.dim("  Time   "), pen.text(format!("usually {}", eta.words()))]));
    }
    if inner.height >= 22 {
        lines.push(Line::default());
        lines.push(Line::from(pen.title("  Sizes")));
        let sizes = size::sizes(&model.cost, &model.template, &values, &model.pseudo());
        lines.extend(super::form::size_lines(pen, &sizes, ""));
    }
    if let Some(why) = model.guard.refusal(model.now) {
        lines.push(Line::default());
        lines.push(Line::from(pen.ink(Role::Warn, cut(&format!("  ! {why}"), width))));
    }
    show(lines, inner, frame);
}

/// What has become of the stack: it was deleted, or there never was one.
fn fate(model: &Model, pen: Pen<'_>) -> Vec<Span<'static>> {
    let name = &model.settings.stack;
    if let Some((ago, at)) = welcome::buried(model) {
        // The region stands in the frame.
        return vec![pen.title(format!("  Stack {name} was deleted{ago}")), pen.dim(format!("{at}."))];
    }
    let is_gone = model.stack().is_some_and(|s| s.status.is_deleted());
    let verb = if is_gone { "is deleted" } else { "does not exist yet" };
    vec![
        pen.title(format!("  Stack {name} {verb}")),
        pen.dim(format!(" in {}.", model.about.region)),
    ]
}

/// What the stack that is gone left, once that was looked for, and where it is listed; else a blank line.
fn left_behind(model: &Model, pen: Pen<'_>, width: usize) -> Vec<Line<'static>> {
    let board = &model.leftovers;
    let Some(search) = &board.last else {
        let looking = "  Looking for what it left behind…";
        return vec![Line::from(pen.dim(if board.awaiting.is_empty() { "" } else { looking }))];
    };
    let is_empty = search.left().is_empty();
    let text = leftovers::verdict(&model.cost.prices, &model.about.region, search);
    let role = match (is_empty, search.unknown().is_empty()) {
        // Of a stack that never was nothing is expected.
        (true, _) if board.grave().is_none() => Role::Dim,
        (true, true) => Role::Good,
        _ => Role::Warn,
    };
    let told = wrap_to(&text, width.saturating_sub(2), 2);
    let mut lines: Vec<Line<'static>> = told.into_iter().map(|l| Line::from(pen.ink(role, format!("  {l}")))).collect();
    if !is_empty {
        lines.push(list_of_left(model, pen, "to list and remove it (bic-tui leftovers)."));
    } else if !search.unknown().is_empty() {
        lines.push(list_of_left(model, pen, "to see which (bic-tui leftovers)."));
    }
    lines
}

/// The way to the list of what is left.
fn list_of_left(model: &Model, pen: Pen<'_>, what: &str) -> Line<'static> {
    let palette = model.keymap.label(Intent::Palette);
    pen.keys(&format!("  Press [{palette}] and type leftovers {what}"))
}

/// `1 load balancer, 2 ECS services, … and 40 smaller ones`.
fn in_words(resources: &[Resource]) -> String {
    let of = |kind: &str| resources.iter().filter(|r| r.kind == kind).count();
    let mut named = 0;
    let mut parts = Vec::new();
    for (kind, word) in IN_WORDS {
        let n = of(kind);
        if n > 0 {
            named += n;
            parts.push(count(n, word));
        }
    }
    let rest = resources.len().saturating_sub(named);
    format!("{}, and {rest} smaller ones.", parts.join(", "))
}

/// A stack at rest: status, parameters, outputs, the last operation.
pub(super) fn draw_stack(model: &Model, side: &Side<'_>, stack: &Stack, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let head = panel::head(model, side, "Deploy", &model.feeds.stack);
    let inner = panel::frame(model, side, Panel::Deploy, area, frame, head);
    let width = usize::from(inner.width);
    let top = status_lines(model, pen, stack, width);
    let is_wide = inner.width >= 100;
    let parameters = parameter_lines(model, pen, stack, if is_wide { width / 2 } else { width });
    let outputs = output_lines(pen, stack, if is_wide { width / 2 } else { width });
    let rows = model.progress.rows.len() as u16;
    let spare = inner.height.saturating_sub(top.len() as u16);
    let wanted = if is_wide {
        parameters.len().max(outputs.len())
    } else {
        parameters.len() + outputs.len()
    } as u16;
    let last = if rows == 0 { 0 } else { (spare / 3).max(5).min(rows + 2) };
    let middle = wanted.min(spare.saturating_sub(last));
    let [above, middle, below] = Layout::vertical([
        Constraint::Length(top.len() as u16),
        Constraint::Length(middle),
        Constraint::Fill(1),
    ])
    .areas(inner);
    show(top, above, frame);
    if is_wide {
        let [one, two] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(middle);
        draw_cut(pen, parameters, one, frame);
        draw_cut(pen, outputs, two, frame);
    } else {
        let both = outputs.into_iter().chain(parameters).collect();
        draw_cut(pen, both, middle, frame);
    }
    draw_last(model, side, below, frame);
}

/// Lines that may be more than fit; the last row then says so.
fn draw_cut(pen: Pen<'_>, mut lines: Vec<Line<'static>>, area: Rect, frame: &mut Frame<'_>) {
    let height = usize::from(area.height);
    if lines.len() > height && height > 0 {
        let hidden = lines.len() - height + 1;
        lines.truncate(height - 1);
        lines.push(Line::from(pen.dim(format!("… {hidden} more"))));
    }
    show(lines, area, frame);
}

fn status_lines(model: &Model, pen: Pen<'_>, stack: &Stack, width: usize) -> Vec<Line<'static>> {
    let show = |at| when::show(at, model.now.wall, model.times, &model.zone);
    let updated = stack.updated.map(|at| format!(", updated {}", show(at))).unwrap_or_default();
    let protection = if stack.termination_protection {
        ", protected from deletion"
    } else {
        ""
    };
    let mark = match (stack.status.is_failure(), stack.status.is_success()) {
        (true, _) => "✗",
        (_, true) => "✓",
        _ => "·",
    };
    let about = format!("  created {}{updated}{protection}", show(stack.created));
    let name = format!("{mark} {} ", stack.status.0);
    let room = width.saturating_sub(name.chars().count() + stack.name.chars().count());
    let mut out = vec![Line::from(vec![
        pen.ink(of_status(&stack.status.0), name),
        pen.title(stack.name.to_string()),
        pen.dim(cut(&about, room)),
    ])];
    if !stack.reason.is_empty() {
        out.push(Line::from(pen.ink(Role::Bad, cut(&stack.reason, width))));
    }
    out.extend(next_steps(pen, width));
    out.push(Line::default());
    out
}

/// What can be done with it, in as many rows as that takes.
fn next_steps(pen: Pen<'_>, width: usize) -> Vec<Line<'static>> {
    let steps = [
        "[D] update",
        "[o] open in the browser",
        "[I] test image",
        "[Z] sleep or wake",
        "[8] name, certificate",
        "[:] dashboard",
    ];
    let mut rows: Vec<String> = Vec::new();
    for step in steps {
        match rows.last_mut() {
            // The brackets are not drawn.
            Some(row) if row.matches(['[', ']']).count() + width > measure::width(row) + measure::width(step) => {
                *row = format!("{row} · {step}");
            }
            _ => rows.push(step.to_owned()),
        }
    }
    rows.iter().map(|row| pen.keys(row)).collect()
}

/// Parameters; those that are not the template's default are marked.
fn parameter_lines(model: &Model, pen: Pen<'_>, stack: &Stack, width: usize) -> Vec<Line<'static>> {
    let default = |name: &str| model.template.parameter(name).and_then(|p| p.default.clone()).unwrap_or_default();
    let (own, same): (Vec<_>, Vec<_>) = stack.parameters.iter().partition(|(k, v)| default(k) != *v);
    let differ = if own.len() == 1 { "differs" } else { "differ" };
    let title = format!("Parameters ({} {differ} from the defaults)", own.len());
    let mut out = vec![Line::from(pen.title(cut(&title, width)))];
    let room = width.saturating_sub(28);
    for (is_own, (key, value)) in own.iter().map(|p| (true, *p)).chain(same.iter().map(|p| (false, *p))) {
        let value = if value.is_empty() { "–" } else { value.as_str() };
        let (mark, role) = if is_own { ("* ", Role::Text) } else { ("  ", Role::Dim) };
        out.push(Line::from(vec![
            pen.ink(Role::Accent, mark),
            pen.dim(left(key, 24)),
            pen.text(" "),
            pen.ink(role, cut(value, room)),
        ]));
    }
    out
}

fn output_lines(pen: Pen<'_>, stack: &Stack, width: usize) -> Vec<Line<'static>> {
    let mut out = vec![Line::from(pen.title("Outputs (8 copies them)"))];
    for output in &stack.outputs {
        let room = width.saturating_sub(26);
        out.push(Line::from(vec![
            pen.dim(left(&output.key, 24)),
            pen.text(" "),
            pen.text(cut(&output.value, room)),
        ]));
    }
    if stack.outputs.is_empty() {
        out.push(Line::from(pen.dim("none")));
    }
    out
}

/// The last operation, resource by resource.
fn draw_last(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    if area.height < 3 {
        return;
    }
    if model.progress.rows.is_empty() {
        let events = &model.feeds.events;
        if events.fault.is_some() {
            panel::empty_feed(model, side, events, area, frame);
        }
        return;
    }
    let [blank, title, rows] = Layout::vertical([
        Constraint::Length(u16::from(area.height > 6)),
        Constraint::Length(1),
        Constraint::Fill(1),
    ])
    .areas(area);
    let _ = blank;
    let progress = &model.progress;
    let took = progress.ended.map_or(0, |at| progress.elapsed(at));
    let text = format!("Last operation: {} in {}", count(progress.rows.len(), "resource"), when::span(took));
    show(vec![Line::from(pen.title(text))], title, frame);
    super::progress::draw_rows(model, side, rows, frame);
}
