//! The Services screen: services with their deployments, tasks with why they stopped, ECS events.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
};

use super::kit::{Pen, count, cut, right, show, wrap_to};
use super::overview;
use crate::{
    core::{
        alarms,
        cause::{self, Reader},
        fact::{Service, Task},
        feed::Feed,
        health::{self, Severity},
        model::Model,
        rollout,
        screen::{Panel, ScreenId},
        when,
    },
    layout,
    ui::{
        Side, cut as measure,
        panel::{self, Head},
        table::{self, Rows},
        theme::{Role, of_app},
    },
};

/// Draws the screen.
pub fn draw(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    if model.is_zoomed {
        return match model.panel() {
            Panel::Tasks => draw_tasks(model, side, area, frame),
            Panel::ServiceEvents => draw_events(model, side, area, frame),
            _ => draw_services(model, side, area, frame),
        };
    }
    for (panel, area) in layout::panels(ScreenId::Services, model.panel(), area) {
        match panel {
            Panel::Tasks => draw_tasks(model, side, area, frame),
            Panel::ServiceEvents => draw_events(model, side, area, frame),
            _ => draw_services(model, side, area, frame),
        }
    }
}

/// The name of a service without the project's: what tells the two apart.
fn short<'a>(model: &Model, service: &'a str) -> &'a str {
    model.names().app(service).map_or(service, |app| app.title())
}

/// The head of a feed. While there is no stack nothing is asked, so nothing is said of an age.
fn head<'a, T>(model: &Model, side: &Side<'_>, title: &'a str, feed: &Feed<T>) -> Head<'a> {
    if model.is_without_stack() {
        return Head { title, right: Vec::new() };
    }
    panel::head(model, side, title, feed)
}

fn cursor(model: &Model, panel: Panel) -> Option<usize> {
    (model.panel() == panel).then(|| model.cursor(panel))
}

/// Why a list is empty although the feed has come.
fn empty_rows(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>, what: &str, otherwise: (&str, &str)) {
    if model.attention || model.row_filter.is_some() {
        panel::empty(side, area, frame, &format!("No {what} passes the filter."), "Esc takes it away.");
    } else {
        panel::empty(side, area, frame, otherwise.0, otherwise.1);
    }
}

fn draw_services(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let head = head(model, side, "Services", &model.feeds.services);
    let inner = panel::frame(model, side, Panel::ServiceList, area, frame, head);
    if panel::empty_feed(model, side, &model.feeds.services, inner, frame) {
        return;
    }
    let services = model.shown_services();
    if services.is_empty() {
        let why = match overview::none_running(model) {
            [why, next] if model.is_going_away() => (why, next),
            _ => ("There is no service in this cluster.", "Press 2 to see how far the deployment is."),
        };
        return empty_rows(model, side, inner, frame, "service", why);
    }
    let rows = (services.len() + 1) as u16;
    let [list, below] = Layout::vertical([Constraint::Length(rows.min(inner.height)), Constraint::Fill(1)]).areas(inner);
    draw_service_rows(model, side, &services, list, frame);
    let at = model.cursor(Panel::ServiceList).min(services.len() - 1);
    // Alarms take a row that no deployment needs, or one all the same while any fires.
    let free = usize::from(below.height).saturating_sub(services[at].deployments.len());
    let rows = free.max(usize::from(model.firing_alarms() > 0));
    let alarms = alarm_lines(model, side, usize::from(below.width), rows);
    let [deployments, last] = Layout::vertical([Constraint::Fill(1), Constraint::Length(alarms.len() as u16)]).areas(below);
    draw_deployments(model, side, services[at], deployments, frame);
    show(alarms, last, frame);
}

/// The stack's alarms with their age, in as many lines as it takes and there are; none while nothing is known of them.
fn alarm_lines(model: &Model, side: &Side<'_>, width: usize, rows: usize) -> Vec<Line<'static>> {
    if rows == 0 {
        return Vec::new();
    }
    let Some((head, summary, role)) = alarm_words(model) else {
        return Vec::new();
    };
    let pen = Pen::of(side);
    let mut lines = wrap_to(&format!("{head}{summary}"), width, rows).into_iter();
    let first = lines.next().unwrap_or_default();
    let first = match first.strip_prefix(&head) {
        Some(rest) => Line::from(vec![pen.dim(head), pen.ink(role, rest.to_owned())]),
        None => Line::from(pen.ink(role, first)),
    };
    std::iter::once(first)
        .chain(lines.map(|line| Line::from(pen.ink(role, line))))
        .collect()
}

/// What is said of the alarms before the colon and after it, and in which role.
fn alarm_words(model: &Model) -> Option<(String, String, Role)> {
    let feed = &model.feeds.alarms;
    let Some(alarms) = feed.get() else {
        let fault = feed.fault.as_ref()?;
        return Some(("alarms: ".into(), fault.sentence(), Role::Dim));
    };
    let of_sleep = model.alarms_of_sleep();
    let role = if model.firing_alarms() > of_sleep { Role::Warn } else { Role::Dim };
    let why = match (of_sleep, model.is_asleep()) {
        (0, _) => String::new(),
        (n, true) if n == model.firing_alarms() => ", as the stack sleeps".into(),
        (n, false) if model.sleeps_in_part() => format!(", {n} as a part of the stack sleeps"),
        (n, true) => format!(", {n} as the stack sleeps"),
        (n, false) => format!(", {n} only while tasks start"),
    };
    let age = feed.age(model.now).map(|ms| when::short(ms as i64)).unwrap_or_default();
    let old = match &feed.fault {
        Some(fault) => format!("{age} old, {}", fault.kind.words()),
        None => format!("{age} old"),
    };
    let summary = alarms::summary(alarms, &model.names().project, &why, model.now.wall);
    Some((format!("alarms ({old}): "), summary, role))
}

/// How a service stands: mark, words, colour.
fn standing(model: &Model, service: &Service) -> (&'static str, String, Role) {
    let state = service.primary().map(|d| d.rollout.as_str()).unwrap_or_default();
    if let Some((word, since)) = rollout::going(model, service) {
        let age = since.map(|at| format!(" {}", when::short(model.now.wall - at))).unwrap_or_default();
        let role = overview::going_role(word);
        (if role == Role::Bad { "✗" } else { "–" }, format!("{word}{age}"), role)
    } else if state == "FAILED" {
        ("✗", "deployment failed".into(), Role::Bad)
    } else if service.desired == 0 && service.running == 0 {
        ("z", "asleep".into(), Role::Dim)
    } else if service.is_steady() {
        match model.unserved(service) {
            Some(Severity::Bad) => ("✗", "none healthy".into(), Role::Bad),
            Some(_) => ("●", "starting".into(), Role::Warn),
            None => ("✓", "steady".into(), Role::Good),
        }
    } else if service.running == 0 && service.pending == 0 {
        ("✗", "nothing runs".into(), Role::Bad)
    } else if service.running > service.desired {
        ("●", "draining".into(), Role::Warn)
    } else if service.deployments.len() > 1 {
        ("●", "deploying".into(), Role::Warn)
    } else {
        ("●", "starting".into(), Role::Warn)
    }
}

/// Inside width below which the counts share a column.
const NARROW: u16 = 62;
/// Cells of all columns but the name's.
const COUNTS: u16 = 49;

/// The whole name of a service where there is room for it, else what tells it from the other.
fn name_line(model: &Model, pen: Pen<'_>, service: &Service, room: usize) -> Line<'static> {
    let app = model.names().app(&service.name);
    let is_whole = measure::width(&service.name) <= room;
    let name = if is_whole {
        service.name.to_string()
    } else {
        overview::short_name(app, &service.name)
    };
    Line::from(pen.ink(of_app(app), name))
}

fn draw_narrow_rows(model: &Model, side: &Side<'_>, services: &[&Service], area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let rows = Rows {
        heads: &["", "service", "run/des/pend", "state"],
        widths: &[
            Constraint::Length(1),
            Constraint::Length(10),
            Constraint::Length(12),
            Constraint::Fill(1),
        ],
        cursor: cursor(model, Panel::ServiceList),
        count: services.len(),
    };
    table::draw(side, &rows, area, frame, |i| {
        let service = services[i];
        let (mark, words, role) = standing(model, service);
        let counts = rollout::counts(model, service);
        vec![
            Line::from(pen.ink(role, mark)),
            name_line(model, pen, service, 10),
            Line::from(pen.ink(role, counts.join("/"))),
            Line::from(pen.ink(role, &words)),
        ]
    });
}

fn draw_service_rows(model: &Model, side: &Side<'_>, services: &[&Service], area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    if area.width < NARROW {
        return draw_narrow_rows(model, side, services, area, frame);
    }
    let room = usize::from(area.width - COUNTS);
    let columns = [
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(17),
        Constraint::Length(7),
        Constraint::Length(7),
        Constraint::Length(7),
        Constraint::Length(4),
    ];
    let rows = Rows {
        heads: &["", "service", "state", "running", "desired", "pending", " rev"],
        widths: &columns,
        cursor: cursor(model, Panel::ServiceList),
        count: services.len(),
    };
    table::draw(side, &rows, area, frame, |i| {
        let service = services[i];
        let (mark, words, role) = standing(model, service);
        let counts = rollout::counts(model, service);
        let running = if service.running < service.desired { Role::Bad } else { Role::Text };
        vec![
            Line::from(pen.ink(role, mark)),
            name_line(model, pen, service, room),
            Line::from(pen.ink(role, &words)),
            Line::from(pen.ink(running, right(&counts[0], 7))),
            Line::from(pen.text(right(&counts[1], 7))),
            Line::from(pen.text(right(&counts[2], 7))),
            Line::from(pen.dim(right(revision(&service.task_definition), 4))),
        ]
    });
}

/// `7` of `family:7`.
fn revision(task_definition: &str) -> &str {
    task_definition.rsplit(':').next().unwrap_or_default()
}

/// The deployments of the service under the cursor, one line each.
fn draw_deployments(model: &Model, side: &Side<'_>, service: &Service, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let width = usize::from(area.width);
    let lines: Vec<Line<'_>> = service
        .deployments
        .iter()
        .map(|d| {
            let role = match d.rollout.as_str() {
                "FAILED" => Role::Bad,
                "IN_PROGRESS" => Role::Warn,
                _ => Role::Dim,
            };
            let failed = if d.failed > 0 {
                format!(", {} failed", d.failed)
            } else {
                String::new()
            };
            let age = d
                .created
                .map(|at| format!(", {} old", when::span(model.now.wall - at)))
                .unwrap_or_default();
            let reason = if d.reason.is_empty() {
                String::new()
            } else {
                format!(": {}", d.reason)
            };
            let rollout = if d.rollout.is_empty() { "" } else { d.rollout.as_str() };
            let text = format!(
                "└ {} {rollout}, revision {}, {}/{} running{failed}{age}{reason}",
                d.status,
                revision(&d.task_definition),
                d.running,
                d.desired
            );
            Line::from(pen.ink(role, cut(&text, width)))
        })
        .collect();
    show(lines, area, frame);
}

fn draw_tasks(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let all = model.feeds.tasks.get().map(Vec::as_slice).unwrap_or_default();
    let stopped = all.iter().filter(|t| t.is_stopped()).count();
    let title = match (model.show_stopped, stopped) {
        (_, 0) => "Tasks".to_owned(),
        (true, _) => format!("Tasks, with {} (x hides them)", count(stopped, "stopped one")),
        (false, _) => format!("Tasks (x shows {})", count(stopped, "stopped one")),
    };
    let head = head(model, side, &title, &model.feeds.tasks);
    let inner = panel::frame(model, side, Panel::Tasks, area, frame, head);
    if panel::empty_feed(model, side, &model.feeds.tasks, inner, frame) {
        return;
    }
    let tasks = model.shown_tasks();
    if tasks.is_empty() {
        let why = if model.is_going_away() {
            ("No task is left.", "The deletion stopped them.")
        } else if model.is_asleep() {
            ("No task runs: the stack is asleep.", "Press Z to wake it.")
        } else if stopped > 0 {
            ("No task runs, but some have stopped.", "Press x to see them and why.")
        } else {
            ("No task runs.", "The events below say what ECS is doing about it.")
        };
        return empty_rows(model, side, inner, frame, "task", why);
    }
    // Where there is room, the task under the cursor says in full why it stopped, and what to do.
    let at = model.cursor(Panel::Tasks).min(tasks.len() - 1);
    let about = if inner.height >= 7 {
        about(model, Pen::of(side), tasks[at], usize::from(inner.width))
    } else {
        Vec::new()
    };
    let [list, below] = Layout::vertical([Constraint::Fill(1), Constraint::Length(about.len() as u16)]).areas(inner);
    draw_task_rows(model, side, &tasks, list, frame);
    show(about, below, frame);
}

/// Why a task stopped against anybody's will: AWS's own words, and the advice.
fn about(model: &Model, pen: Pen<'_>, task: &Task, width: usize) -> Vec<Line<'static>> {
    if !task.is_stopped() || cause::is_on_purpose(task) {
        return Vec::new();
    }
    let mut out = vec![Line::from(pen.ink(Role::Border, "─".repeat(width)))];
    let words = format!("{}: {}", task.stop_code, health::stop_words(task));
    out.extend(wrap_to(&words, width, 2).into_iter().map(|l| Line::from(pen.text(l))));
    let advice =
        cause::of_task(task, &model.parameters()).map_or_else(|| "Look at its log (Enter).".to_owned(), |m| m.advice(Reader::Console));
    out.extend(wrap_to(&advice, width, 2).into_iter().map(|l| Line::from(pen.ink(Role::Accent, l))));
    out
}

fn draw_task_rows(model: &Model, side: &Side<'_>, tasks: &[&Task], area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let parameters = model.parameters();
    let columns = [
        Constraint::Length(1),
        Constraint::Length(8),
        Constraint::Length(10),
        Constraint::Length(13),
        Constraint::Length(9),
        Constraint::Length(6),
        Constraint::Fill(1),
    ];
    let rows = Rows {
        heads: &["", "task", "service", "status", "health", "   age", "where, or why it stopped"],
        widths: &columns,
        cursor: cursor(model, Panel::Tasks),
        count: tasks.len(),
    };
    table::draw(side, &rows, area, frame, |i| {
        let task = tasks[i];
        let (mark, role) = task_mark(task);
        let id: String = task.id().chars().take(8).collect();
        let since = task.stopped.or(task.started).or(task.created);
        let age = since.map(|at| when::short(model.now.wall - at)).unwrap_or_default();
        let (place, place_role) = if task.is_stopped() {
            (cause::stop_phrase(task, &parameters), role)
        } else {
            (place(task), Role::Dim)
        };
        vec![
            Line::from(pen.ink(role, mark)),
            Line::from(pen.text(id)),
            Line::from(pen.ink(of_app(model.names().app(&task.service)), short(model, &task.service))),
            Line::from(pen.ink(role, task.status.to_lowercase())),
            Line::from(pen.ink(role, task.health.to_lowercase())),
            Line::from(pen.text(right(&age, 6))),
            Line::from(pen.ink(place_role, &place)),
        ]
    });
}

fn task_mark(task: &Task) -> (&'static str, Role) {
    match (task.status.as_str(), task.health.as_str()) {
        ("STOPPED", _) if cause::is_on_purpose(task) => ("·", Role::Dim),
        ("STOPPED", _) | (_, "UNHEALTHY") => ("✗", Role::Bad),
        ("RUNNING", "HEALTHY") => ("✓", Role::Good),
        ("RUNNING", _) => ("●", Role::Text),
        _ => ("●", Role::Warn),
    }
}

/// Zone, address and size.
fn place(task: &Task) -> String {
    let spot = if task.capacity == "FARGATE_SPOT" { "  Spot" } else { "" };
    let size = match (task.cpu, task.memory) {
        (Some(cpu), Some(memory)) => format!("  {} vCPU {} GB", f64::from(cpu) / 1024.0, f64::from(memory) / 1024.0),
        _ => String::new(),
    };
    format!("{} {}{size}{spot}", task.zone, task.address)
}

fn draw_events(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let head = head(model, side, "ECS events", &model.feeds.services);
    let inner = panel::frame(model, side, Panel::ServiceEvents, area, frame, head);
    if panel::empty_feed(model, side, &model.feeds.services, inner, frame) {
        return;
    }
    let events = model.shown_service_events();
    if events.is_empty() {
        let why = if model.is_going_away() {
            ("ECS tells of no service any more.", "The deletion removed them.")
        } else {
            ("ECS has told nothing of these services yet.", "They appear once a service is made.")
        };
        return empty_rows(model, side, inner, frame, "event", why);
    }
    let pen = Pen::of(side);
    let columns = [Constraint::Length(14), Constraint::Length(10), Constraint::Fill(1)];
    let rows = Rows {
        heads: &["time", "service", "event"],
        widths: &columns,
        cursor: cursor(model, Panel::ServiceEvents),
        count: events.len(),
    };
    table::draw(side, &rows, inner, frame, |i| {
        let (service, event) = events[i];
        let message = without_name(&event.message, &service.name);
        let role = event_role(message);
        vec![
            Line::from(pen.dim(when::show(event.at, model.now.wall, model.times, &model.zone))),
            Line::from(pen.ink(of_app(model.names().app(&service.name)), short(model, &service.name))),
            Line::from(pen.ink(role, message)),
        ]
    });
}

/// The message without `(service NAME) `, which the column beside it says already.
fn without_name<'a>(message: &'a str, name: &str) -> &'a str {
    message
        .strip_prefix(&format!("(service {name}) "))
        .or_else(|| message.strip_prefix(&format!("(service {name}, ")))
        .unwrap_or(message)
}

fn event_role(message: &str) -> Role {
    let has = |words: &[&str]| words.iter().any(|w| message.contains(w));
    if has(&["unable", "failed", "unhealthy", "circuit breaker", "insufficient"]) {
        Role::Bad
    } else if has(&["steady state", "deployment completed"]) {
        Role::Good
    } else {
        Role::Text
    }
}
