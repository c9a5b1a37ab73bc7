//! The Overview: stack events, services, target health, the log tail and cost now at once.

use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    style::Style,
    text::{Line, Span},
    widgets::Paragraph,
};

use crate::{
    core::{
        fact::{Service, StackEvent, Target},
        health::Severity,
        keymap::Intent,
        model::Model,
        names::{App, Names},
        rollout,
        screen::Panel,
        when,
    },
    layout::Areas,
    ui::{
        Side, cut,
        panel::{self, Head},
        table::{self, Rows},
        theme::{self, Role},
        welcome,
    },
};

/// Inside width from which events have a reason, and targets their group.
const ROOMY: u16 = 58;
/// Inside width from which a status is written out, and a task definition.
const WIDE: u16 = 84;

/// Draws the panels that are in sight.
pub fn draw(model: &Model, side: &Side<'_>, areas: &Areas, frame: &mut Frame<'_>) {
    let has_events = model.feeds.events.get().is_some_and(|e| !e.is_empty());
    if model.is_without_stack() && !has_events && !model.is_zoomed {
        return welcome::without_stack(model, side, areas.body, frame);
    }
    for (panel, area) in &areas.panels {
        match panel {
            Panel::Events => events(model, side, *area, frame),
            Panel::Services => services(model, side, *area, frame),
            Panel::Targets => targets(model, side, *area, frame),
            Panel::LogTail => log_tail(model, side, *area, frame),
            Panel::CostNow => cost_now(model, side, *area, frame),
            _ => {}
        }
    }
}

fn cursor(model: &Model, panel: Panel) -> Option<usize> {
    (model.panel() == panel).then(|| model.cursor(panel))
}

/// Says why a list that AWS has answered shows no row; true when it did.
fn empty_list(model: &Model, side: &Side<'_>, rows: usize, area: Rect, frame: &mut Frame<'_>, words: [&str; 2]) -> bool {
    if rows > 0 {
        return false;
    }
    let [why, next] = words;
    if model.attention || model.row_filter.is_some() {
        let back = model.keymap.label(Intent::Back);
        panel::empty(side, area, frame, "No row matches.", &format!("{back} takes the filter away."));
    } else {
        panel::empty(side, area, frame, why, next);
    }
    true
}

fn events(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let feed = &model.feeds.events;
    let area = panel::frame(model, side, Panel::Events, area, frame, events_head(model, side));
    if panel::empty_feed(model, side, feed, area, frame) {
        return;
    }
    let events = model.shown_events();
    let none = ["The stack has no events.", "They come with the next deploy."];
    if empty_list(model, side, events.len(), area, frame, none) {
        return;
    }
    let in_sight = || events.iter().take(SIGHT);
    let times = Constraint::Length(widest(in_sight().map(|e| cut::width(&time(model, e)))));
    let statuses = Constraint::Length(widest(in_sight().map(|e| cut::width(&status(e, area.width)))));
    let id = Constraint::Length((area.width * 3 / 10).clamp(18, 36));
    let (heads, widths): (&[&str], &[Constraint]) = if area.width >= ROOMY {
        (
            &["time", "status", "resource", "reason"],
            &[times, statuses, id, Constraint::Fill(1)],
        )
    } else {
        (&["time", "status", "resource"], &[times, statuses, Constraint::Fill(1)])
    };
    let rows = Rows {
        heads,
        widths,
        cursor: cursor(model, Panel::Events),
        count: events.len(),
    };
    table::draw(side, &rows, area, frame, |i| event_row(model, side, events[i], area.width));
}

/// Rows that columns are measured on.
const SIGHT: usize = 60;

/// Events are asked for when the stack has changed, so they are as fresh as the stack.
fn events_head<'a>(model: &Model, side: &Side<'_>) -> Head<'a> {
    let feeds = &model.feeds;
    if feeds.events.fault.is_some() || feeds.events.get().is_none() {
        panel::head(model, side, "Stack events", &feeds.events)
    } else {
        panel::head(model, side, "Stack events", &feeds.stack)
    }
}

fn time(model: &Model, event: &StackEvent) -> String {
    when::show(event.at, model.now.wall, model.times, &model.zone)
}

fn event_row(model: &Model, side: &Side<'_>, event: &StackEvent, room: u16) -> Vec<Line<'static>> {
    let style = side.theme.style(theme::of_status(&event.status.0));
    let time = Line::styled(time(model, event), side.theme.style(Role::Dim));
    let status = Line::styled(status(event, room), style);
    let id = event.logical_id.to_string();
    if room >= ROOMY {
        let reason = Line::styled(event.reason.to_string(), side.theme.style(reason_role(event)));
        return vec![time, status, Line::from(id), reason];
    }
    let reason = if event.status.is_failure() {
        format!(" {}", event.reason)
    } else {
        String::new()
    };
    let what = Line::from(vec![Span::raw(id), Span::styled(reason, side.theme.style(Role::Bad))]);
    vec![time, status, what]
}

fn reason_role(event: &StackEvent) -> Role {
    if event.status.is_failure() { Role::Bad } else { Role::Dim }
}

/// A status written out where there is room, else the verb with a sign: `CREATE ✓`, `UPDATE …`, `DELETE ✗`.
fn status(event: &StackEvent, room: u16) -> String {
    let status = &event.status;
    if room >= WIDE {
        return cut::middle(&status.0, 22).into_owned();
    }
    let verb = status.0.split('_').next().unwrap_or_default();
    let sign = if status.is_failure() {
        "✗"
    } else if status.is_in_progress() {
        "…"
    } else if status.is_complete() {
        "✓"
    } else {
        ""
    };
    format!("{} {sign}", cut::end(verb, 8))
}

fn services(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let feed = &model.feeds.services;
    let head = panel::head(model, side, "Services", feed);
    let area = panel::frame(model, side, Panel::Services, area, frame, head);
    if panel::empty_feed(model, side, feed, area, frame) {
        return;
    }
    let services = model.shown_services();
    if empty_list(model, side, services.len(), area, frame, none_running(model)) {
        return;
    }
    let names = model.names();
    // From left to right by worth; what does not fit is left out at the right.
    let fill = Constraint::Fill(1);
    let [narrow, state, revision, rollout] = [12, 9, 5, 11].map(Constraint::Length);
    let (heads, widths): (&[&str], &[Constraint]) = match area.width {
        0..36 => (&["service", "r/d/p", "state"], &[fill, Constraint::Length(7), state]),
        36..52 => (&["service", "run/des/pend", "state"], &[fill, narrow, state]),
        52..WIDE => (
            &["service", "run/des/pend", "state", "rev", "rollout"],
            &[fill, narrow, state, revision, rollout],
        ),
        _ => (
            &["service", "running", "desired", "pending", "state", "task definition", "rollout"],
            &[
                fill,
                Constraint::Length(7),
                Constraint::Length(7),
                Constraint::Length(7),
                state,
                Constraint::Fill(2),
                rollout,
            ],
        ),
    };
    let rows = Rows {
        heads: if area.height > 2 { heads } else { &[] },
        widths,
        cursor: cursor(model, Panel::Services),
        count: services.len(),
    };
    table::draw(side, &rows, area, frame, |i| {
        service_row(model, side, &names, services[i], area.width)
    });
}

/// What becomes of a stack whose creation has failed.
const UNDONE: &str = "The creation is rolled back.";

/// Why there is no service.
pub fn none_running(model: &Model) -> [&'static str; 2] {
    if model.is_going_away() {
        ["No service is left.", "The deletion removed them."]
    } else if model.is_creation_undone() {
        ["No service is left.", UNDONE]
    } else if model.is_busy() {
        ["No service yet.", "The stack is being made; they come near its end."]
    } else {
        ["No service runs.", "Deploy shows what the stack has."]
    }
}

fn service_row(model: &Model, side: &Side<'_>, names: &Names, service: &Service, room: u16) -> Vec<Line<'static>> {
    let app = names.app(&service.name);
    let name = Line::styled(short_name(app, &service.name), side.theme.style(theme::of_app(app)));
    let (word, role) = state(model, service);
    let style = side.theme.style(role);
    let counts = rollout::counts(model, service);
    let (family, revision) = service.task_definition.rsplit_once(':').unwrap_or((&service.task_definition, ""));
    let mut row = vec![name];
    if room >= WIDE {
        // Only what runs is good or bad.
        let styles = [style, side.theme.style(Role::Text), side.theme.style(Role::Text)];
        row.extend(counts.iter().zip(styles).map(|(n, style)| Line::styled(format!("{n:>7}"), style)));
        row.push(Line::styled(word, style));
        row.push(Line::from(format!("{}:{revision}", cut::middle(family, 30))));
    } else {
        row.push(Line::styled(counts.join("/"), style));
        row.push(Line::styled(word, style));
        row.push(Line::from(format!(":{revision}")));
    }
    let rollout = service.primary().map_or("", |d| d.rollout.as_str()).to_owned();
    row.push(Line::styled(rollout, side.theme.style(Role::Dim)));
    row
}

/// How a service looks that goes with its stack.
pub fn going_role(word: &str) -> Role {
    match word {
        "deleted" => Role::Dim,
        "undeleted" => Role::Bad,
        _ => Role::Warn,
    }
}

/// One word for where a service stands.
pub fn state(model: &Model, service: &Service) -> (&'static str, Role) {
    let failed = service.primary().is_some_and(|d| d.rollout == "FAILED");
    if let Some((word, _)) = rollout::going(model, service) {
        return (word, going_role(word));
    }
    match service {
        s if s.status != "ACTIVE" => ("draining", Role::Warn),
        _ if failed => ("failed", Role::Bad),
        s if s.desired == 0 && s.running == 0 => ("asleep", Role::Info),
        s if s.running > s.desired && s.deployments.len() <= 1 => ("stopping", Role::Warn),
        s if s.deployments.len() > 1 => ("deploying", Role::Warn),
        s if s.running == 0 && s.pending == 0 => ("down", Role::Bad),
        s if s.is_steady() && model.unserved(s) == Some(Severity::Bad) => ("unhealthy", Role::Bad),
        s if s.is_steady() && model.unserved(s).is_some() => ("starting", Role::Warn),
        s if s.is_steady() => ("steady", Role::Good),
        _ => ("starting", Role::Warn),
    }
}

fn targets(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let feed = &model.feeds.targets;
    let head = panel::head(model, side, "Target health", feed);
    let area = panel::frame(model, side, Panel::Targets, area, frame, head);
    if panel::empty_feed(model, side, feed, area, frame) {
        return;
    }
    let targets = model.shown_targets();
    let none = if model.is_going_away() {
        ["No target group is left.", "The deletion removed it."]
    } else if model.is_creation_undone() {
        ["No target group is left.", UNDONE]
    } else {
        ["No target group.", "It comes with the load balancer of the stack."]
    };
    if empty_list(model, side, targets.len(), area, frame, none) {
        return;
    }
    let is_roomy = area.width >= ROOMY;
    let all = || targets.iter().filter_map(|(group, at)| group.targets.get((*at)?));
    let state = widest(all().map(|t| cut::width(&t.state)).chain([NO_TARGET.len()]));
    let address = widest(all().map(|t| cut::width(&address(t))).chain(["target".len()]));
    let [state, address] = [state, address].map(Constraint::Length);
    let widths: &[Constraint] = if is_roomy {
        &[Constraint::Length(10), address, state, Constraint::Fill(1)]
    } else {
        &[state, address, Constraint::Fill(1)]
    };
    let heads: &[&str] = match (area.height > 2, is_roomy) {
        (true, true) => &["group", "target", "state", "reason"],
        (true, false) => &["state", "target", "group, why"],
        (false, _) => &[],
    };
    let rows = Rows {
        heads,
        widths,
        cursor: cursor(model, Panel::Targets),
        count: targets.len(),
    };
    let prefix = format!("{}-", model.names().project);
    table::draw(side, &rows, area, frame, |i| {
        let (group, at) = targets[i];
        let name = group.name().strip_prefix(prefix.as_str()).unwrap_or(group.name());
        let name = cut::middle(name, 10).into_owned();
        match at.and_then(|i| group.targets.get(i)) {
            Some(target) => target_row(side, name, target, is_roomy),
            None => no_target_row(model.rests(group), side, name, is_roomy),
        }
    });
}

/// Widest address that a row shows whole: IPv4 with a port.
const ADDRESS: u16 = 21;
/// What a group without targets shows as their state.
const NO_TARGET: &str = "no target";

fn address(target: &Target) -> String {
    let port = target.port.map(|p| format!(":{p}")).unwrap_or_default();
    cut::middle(&format!("{}{port}", target.id), ADDRESS.into()).into_owned()
}

/// The widest of some widths.
fn widest(widths: impl Iterator<Item = usize>) -> u16 {
    u16::try_from(widths.max().unwrap_or(0)).unwrap_or(u16::MAX)
}

/// A group without targets: nothing is wrong with that while what stands behind it is asleep.
fn no_target_row(is_asleep: bool, side: &Side<'_>, name: String, is_roomy: bool) -> Vec<Line<'static>> {
    let (role, why) = if is_asleep {
        (Role::Dim, "asleep")
    } else {
        (Role::Warn, "no task registered yet")
    };
    let none = Line::styled(NO_TARGET, side.theme.style(role));
    if is_roomy {
        vec![
            Line::from(name),
            Line::from("–"),
            none,
            Line::styled(why, side.theme.style(Role::Dim)),
        ]
    } else {
        vec![none, Line::from("–"), Line::from(name)]
    }
}

fn target_row(side: &Side<'_>, name: String, target: &Target, is_roomy: bool) -> Vec<Line<'static>> {
    let dim = side.theme.style(Role::Dim);
    let role = match target.state.as_str() {
        "healthy" => Role::Good,
        "unhealthy" | "unavailable" => Role::Bad,
        "initial" | "draining" => Role::Warn,
        _ => Role::Dim,
    };
    let state = Line::styled(target.state.to_string(), side.theme.style(role));
    let address = Line::from(address(target));
    let why = match (target.reason.is_empty(), target.description.is_empty()) {
        (true, _) => target.description.to_string(),
        (false, true) => target.reason.to_string(),
        (false, false) if is_roomy => format!("{}: {}", target.reason, target.description),
        (false, false) => target.description.to_string(),
    };
    if is_roomy {
        return vec![Line::from(name), address, state, Line::styled(why, dim)];
    }
    let what = if why.is_empty() { Line::from(name) } else { Line::styled(why, dim) };
    vec![state, address, what]
}

/// The newest log lines.
fn log_tail(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let feed = &model.feeds.logs;
    let head = panel::head(model, side, "Log tail", feed);
    let area = panel::frame(model, side, Panel::LogTail, area, frame, head);
    super::logs::tail(model, side, area, frame);
}

fn cost_now(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let feed = &model.feeds.tasks;
    let head = panel::head(model, side, "Cost now", feed);
    let area = panel::frame(model, side, Panel::CostNow, area, frame, head);
    if model.is_hollow() {
        return panel::empty(side, area, frame, "$0.00/h now: nothing of it exists any more.", "");
    }
    if panel::empty_feed(model, side, feed, area, frame) {
        return;
    }
    let cost = model.cost_now();
    if cost.lines.is_empty() {
        return panel::empty(side, area, frame, "$0.00/h now: nothing that costs is there.", "");
    }
    let month = cost.usd_hour() * crate::core::prices::HOURS_A_MONTH;
    let now = format!("${:.4}/h now", cost.usd_hour());
    let month = format!("${month:.2}/month at this rate");
    let parts = format!("fixed ${:.4}/h, scalable ${:.4}/h", cost.fixed_hour(), cost.scalable_hour());
    let unsure = if cost.is_verified() { "" } else { ", some unverified" };
    let note = format!("estimate, prices {}{unsure}", cost.date);
    let bold = side.theme.style(Role::Title);
    let dim = side.theme.style(Role::Dim);
    let lines = if area.height >= 3 {
        vec![
            Line::from(vec![Span::styled(now, bold), Span::raw(format!("   {month}"))]),
            Line::from(parts),
            Line::styled(note, dim),
        ]
    } else {
        vec![one_line(area.width, [now, month, parts, note], &cost.date, [bold, dim])]
    };
    frame.render_widget(Paragraph::new(lines), area);
}

/// All on one line, in shorter words where room is short; that it is an estimate is never left out.
fn one_line(width: u16, [now, month, parts, note]: [String; 4], date: &str, [bold, dim]: [Style; 2]) -> Line<'static> {
    let room = usize::from(width);
    let shorter = month.replace(" at this rate", "");
    let brief = format!("estimate of {date}");
    let tries = [
        format!(" · {month} · {parts} · {note}"),
        format!(" · {shorter} · {parts} · {note}"),
        format!(" · {month} · {note}"),
        format!(" · {shorter} · {note}"),
        format!(" · {shorter} · {brief}"),
    ];
    let fits = |t: &&String| now.len() + cut::width(t) <= room;
    let rest = tries.iter().find(fits).cloned().unwrap_or_else(|| format!(" {brief}"));
    Line::from(vec![Span::styled(now, bold), Span::styled(rest, dim)])
}

/// The name of an application as the panels write it.
pub fn short_name(app: Option<App>, service: &str) -> String {
    app.map_or_else(|| cut::middle(service, 24).into_owned(), |a| a.to_string())
}
