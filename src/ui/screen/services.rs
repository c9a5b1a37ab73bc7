//! The Services screen: services with their deployments, tasks with why they stopped, ECS events.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
};

use super::kit::{Pen, count, cut, right, show, widths};
use crate::{
    core::{
        cause,
        fact::{Service, Task},
        model::Model,
        screen::Panel,
        when,
    },
    ui::{
        Side, panel,
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
    let services = model.shown_services();
    let deployments: usize = services.iter().map(|s| s.deployments.len()).max().unwrap_or(1);
    let height = (services.len().max(1) + deployments.clamp(1, 3) + 3) as u16;
    let [top, middle, below] = Layout::vertical([
        Constraint::Length(height.min(area.height / 2)),
        Constraint::Fill(1),
        Constraint::Fill(1),
    ])
    .areas(area);
    draw_services(model, side, top, frame);
    draw_tasks(model, side, middle, frame);
    draw_events(model, side, below, frame);
}

/// The name of a service without the project's: what tells the two apart.
fn short<'a>(model: &Model, service: &'a str) -> &'a str {
    model.names().app(service).map_or(service, |app| app.title())
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
    let head = panel::head(model, side, "Services", &model.feeds.services);
    let inner = panel::frame(model, side, Panel::ServiceList, area, frame, head);
    if panel::empty_feed(model, side, &model.feeds.services, inner, frame) {
        return;
    }
    let services = model.shown_services();
    if services.is_empty() {
        let why = ("There is no service in this cluster.", "Press 2 to see how far the deployment is.");
        return empty_rows(model, side, inner, frame, "service", why);
    }
    let rows = (services.len() + 1) as u16;
    let [list, below] = Layout::vertical([Constraint::Length(rows.min(inner.height)), Constraint::Fill(1)]).areas(inner);
    draw_service_rows(model, side, &services, list, frame);
    let at = model.cursor(Panel::ServiceList).min(services.len() - 1);
    draw_deployments(model, side, services[at], below, frame);
}

/// How a service stands: mark, words, colour.
fn standing(service: &Service) -> (&'static str, String, Role) {
    let rollout = service.primary().map(|d| d.rollout.as_str()).unwrap_or_default();
    if rollout == "FAILED" {
        ("✗", "deployment failed".into(), Role::Bad)
    } else if service.desired == 0 && service.running == 0 {
        ("z", "asleep".into(), Role::Dim)
    } else if service.is_steady() {
        ("✓", "steady".into(), Role::Good)
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

fn draw_service_rows(model: &Model, side: &Side<'_>, services: &[&Service], area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let columns = [
        Constraint::Length(1),
        Constraint::Fill(2),
        Constraint::Length(17),
        Constraint::Length(7),
        Constraint::Length(7),
        Constraint::Length(7),
        Constraint::Fill(1),
    ];
    let w = widths(area.width, &columns);
    let rows = Rows {
        heads: &["", "service", "state", "running", "desired", "pending", "task definition"],
        widths: &columns,
        cursor: cursor(model, Panel::ServiceList),
        count: services.len(),
    };
    table::draw(side, &rows, area, frame, |i| {
        let service = services[i];
        let (mark, words, role) = standing(service);
        let running = if service.running < service.desired { Role::Bad } else { Role::Text };
        vec![
            Line::from(pen.ink(role, mark)),
            Line::from(pen.ink(of_app(model.names().app(&service.name)), cut(&service.name, w[1]))),
            Line::from(pen.ink(role, cut(&words, w[2]))),
            Line::from(pen.ink(running, right(&service.running.to_string(), w[3]))),
            Line::from(pen.text(right(&service.desired.to_string(), w[4]))),
            Line::from(pen.text(right(&service.pending.to_string(), w[5]))),
            Line::from(pen.dim(cut(&service.task_definition, w[6]))),
        ]
    });
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
                "└ {} {rollout} {} {}/{} running{failed}{age}{reason}",
                d.status, d.task_definition, d.running, d.desired
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
    let head = panel::head(model, side, &title, &model.feeds.tasks);
    let inner = panel::frame(model, side, Panel::Tasks, area, frame, head);
    if panel::empty_feed(model, side, &model.feeds.tasks, inner, frame) {
        return;
    }
    let tasks = model.shown_tasks();
    if tasks.is_empty() {
        let why = if model.is_asleep() {
            ("No task runs: the stack is asleep.", "Press Z to wake it.")
        } else if stopped > 0 {
            ("No task runs, but some have stopped.", "Press x to see them and why.")
        } else {
            ("No task runs.", "The events below say what ECS is doing about it.")
        };
        return empty_rows(model, side, inner, frame, "task", why);
    }
    draw_task_rows(model, side, &tasks, inner, frame);
}

fn draw_task_rows(model: &Model, side: &Side<'_>, tasks: &[&Task], area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let columns = [
        Constraint::Length(1),
        Constraint::Length(8),
        Constraint::Length(10),
        Constraint::Length(13),
        Constraint::Length(9),
        Constraint::Length(6),
        Constraint::Fill(1),
    ];
    let w = widths(area.width, &columns);
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
        let (place, place_role) = place(task, role);
        vec![
            Line::from(pen.ink(role, mark)),
            Line::from(pen.text(id)),
            Line::from(pen.ink(of_app(model.names().app(&task.service)), cut(short(model, &task.service), w[2]))),
            Line::from(pen.ink(role, cut(&task.status.to_lowercase(), w[3]))),
            Line::from(pen.ink(role, cut(&task.health.to_lowercase(), w[4]))),
            Line::from(pen.text(right(&age, w[5]))),
            Line::from(pen.ink(place_role, cut(&place, w[6]))),
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

/// Zone and address while it lives; why it stopped after that.
fn place(task: &Task, role: Role) -> (String, Role) {
    if task.is_stopped() {
        return (cause::stop_phrase(task), role);
    }
    let spot = if task.capacity == "FARGATE_SPOT" { "  Spot" } else { "" };
    let size = match (task.cpu, task.memory) {
        (Some(cpu), Some(memory)) => format!("  {} vCPU {} GB", f64::from(cpu) / 1024.0, f64::from(memory) / 1024.0),
        _ => String::new(),
    };
    (format!("{} {}{size}{spot}", task.zone, task.address), Role::Dim)
}

fn draw_events(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let head = panel::head(model, side, "ECS events", &model.feeds.services);
    let inner = panel::frame(model, side, Panel::ServiceEvents, area, frame, head);
    if panel::empty_feed(model, side, &model.feeds.services, inner, frame) {
        return;
    }
    let events = model.shown_service_events();
    if events.is_empty() {
        let why = ("ECS has told nothing of these services yet.", "They appear once a service is made.");
        return empty_rows(model, side, inner, frame, "event", why);
    }
    let pen = Pen::of(side);
    let columns = [Constraint::Length(14), Constraint::Length(10), Constraint::Fill(1)];
    let w = widths(inner.width, &columns);
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
            Line::from(pen.dim(cut(&when::show(event.at, model.now.wall, model.times, model.utc_offset), w[0]))),
            Line::from(pen.ink(of_app(model.names().app(&service.name)), cut(short(model, &service.name), w[1]))),
            Line::from(pen.ink(role, cut(message, w[2]))),
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
