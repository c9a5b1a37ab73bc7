//! Acting on services: scale, restart, stop a task, sleep and wake.

use super::{dialogs, say, ways};
use crate::{
    cloud::Change,
    core::{
        dialog::{Confirm, Dialog, Scale},
        effect::Effect,
        fact::Service,
        guard::Consent,
        health::Severity,
        key::{Code, Key},
        keymap::Intent,
        model::Model,
        screen::Panel,
        sleep,
        text::SafeText,
    },
};

/// Largest count that the dialog offers; ECS itself allows more.
const MOST: i32 = 20;

/// Nothing to write to, or nothing may be written: says why.
fn refused(model: &mut Model) -> bool {
    let why = match model.guard.refusal(model.now) {
        Some(why) => why,
        None if model.live_stack().is_none() => "there is no stack yet: press D to deploy",
        None if model.is_hollow() => "nothing of this stack exists any more: press R to delete its record",
        None if model.feeds.services.get().is_none_or(Vec::is_empty) => "no service is known yet",
        None => return false,
    };
    say(model, Severity::Warning, why);
    true
}

/// Why no count is changed now.
pub(super) fn busy(model: &Model) -> Option<String> {
    let ways = model.keymap.label(Intent::WaysOut);
    let next = format!("wait for its end, or press {ways} for the ways out");
    model.live_stack().and_then(|stack| sleep::busy(&stack.status, &next))
}

/// The same, said; and what `refused` says.
fn counts_refused(model: &mut Model) -> bool {
    if refused(model) {
        return true;
    }
    let why = busy(model);
    let is_refused = why.is_some();
    if let Some(why) = why {
        say(model, Severity::Warning, why);
    }
    is_refused
}

/// `s`, `+`, `-`: the scale dialog for the service under the cursor.
pub(super) fn scale(model: &mut Model, by: i32) -> Vec<Effect> {
    if counts_refused(model) {
        return Vec::new();
    }
    let names = model.names();
    let Some((service, app)) = model
        .selected_service()
        .and_then(|s| names.app(&s.name).map(|app| (s.clone(), app)))
    else {
        say(model, Severity::Note, "choose a service first");
        return Vec::new();
    };
    let to = (service.desired + by).clamp(0, MOST);
    dialogs::open(
        model,
        Dialog::Scale(Scale {
            app,
            service: service.name,
            from: service.desired,
            to,
            on_yes: false,
        }),
    )
}

/// Why the count in the dialog may not be sent.
pub fn scale_refusal(model: &Model, scale: &Scale) -> Option<String> {
    sleep::scale_refusal(scale.app, scale.to, &model.parameters())
}

/// What the count in the dialog adds to the bill, US dollars an hour.
pub fn scale_cost(model: &Model, scale: &Scale) -> f64 {
    tasks_hour(model, &scale.service, scale.to - scale.from)
}

fn tasks_hour(model: &Model, service: &SafeText, count: i32) -> f64 {
    let usd = model.cost.tasks_hour(&model.resources, &model.names(), service, count);
    usd.unwrap_or_default()
}

/// A key in the scale dialog.
pub(super) fn on_scale_key(model: &mut Model, mut scale: Scale, key: Key) -> Vec<Effect> {
    let allowed = scale.to != scale.from && scale_refusal(model, &scale).is_none();
    let yes = match (key.code, key.typed()) {
        (Code::Esc, _) | (_, Some('n' | 'q')) => return dialogs::cancelled(model),
        (Code::Enter, _) if !scale.on_yes => return dialogs::cancelled(model),
        (Code::Enter, _) => true,
        (_, Some('y')) => true,
        (Code::Up | Code::Right, _) | (_, Some('+' | 'k' | 'l')) => {
            scale.to = (scale.to + 1).min(MOST);
            false
        }
        (Code::Down | Code::Left, _) | (_, Some('-' | 'j' | 'h')) => {
            scale.to = (scale.to - 1).max(0);
            false
        }
        (_, Some(c)) if c.is_ascii_digit() => {
            scale.to = c.to_digit(10).unwrap_or_default() as i32;
            false
        }
        (Code::Tab | Code::BackTab, _) => {
            scale.on_yes = !scale.on_yes && allowed;
            false
        }
        _ => false,
    };
    if yes && allowed {
        let change = Change::Scale {
            cluster: model.names().cluster(),
            service: scale.service,
            from: scale.from,
            to: scale.to,
        };
        return send(model, vec![change]);
    }
    if yes {
        let why = scale_refusal(model, &scale).map_or("that is its count already", |_| "refused, as the dialog says");
        say(model, Severity::Warning, format!("{why}; nothing was sent"));
    }
    scale.on_yes &= scale.to != scale.from && scale_refusal(model, &scale).is_none();
    model.dialog = Some(Dialog::Scale(scale));
    Vec::new()
}

fn send(model: &mut Model, changes: Vec<Change>) -> Vec<Effect> {
    model.dialog = None;
    if let Some(why) = ways::closed(model, None, &changes) {
        return ways::refuse(model, &why);
    }
    dialogs::send(model, changes, None, Consent::given())
}

/// `r`: a new deployment of the service under the cursor.
pub(super) fn restart(model: &mut Model) -> Vec<Effect> {
    if refused(model) {
        return Vec::new();
    }
    let Some(service) = model.selected_service().cloned() else {
        return Vec::new();
    };
    let stops = if model.parameters().get("Database").map(String::as_str) != Some("postgres") && service.desired <= 1 {
        "With one task there is a gap of a minute or two while it starts again."
    } else {
        "Tasks are replaced one after the other."
    };
    let mut lines = vec![stops.to_owned()];
    if let Some(stack) = model.live_stack().filter(|stack| stack.status.is_at_work()) {
        lines.push(sleep::waits(&stack.status));
    }
    let confirm = Confirm::new(
        format!("Force a new deployment of {}?", service.name),
        lines,
        "Restart",
        vec![Change::Restart {
            cluster: model.names().cluster(),
            service: service.name,
        }],
    );
    dialogs::open(model, Dialog::Confirm(confirm))
}

/// `X`: stops the task under the cursor.
pub(super) fn stop_task(model: &mut Model) -> Vec<Effect> {
    if refused(model) {
        return Vec::new();
    }
    let task = if model.panel() == Panel::Tasks {
        model.shown_tasks().get(model.cursor(Panel::Tasks)).map(|t| (*t).clone())
    } else {
        None
    };
    let Some(task) = task.filter(|t| !t.is_stopped()) else {
        say(model, Severity::Note, "choose a running task first: Tab to the tasks, then j and k");
        return Vec::new();
    };
    let confirm = Confirm::new(
        format!("Stop task {}?", task.id()),
        vec![format!("of {}; the service starts another one in its place.", task.service)],
        "Stop the task",
        vec![Change::StopTask {
            cluster: model.names().cluster(),
            task: task.arn,
        }],
    );
    dialogs::open(model, Dialog::Confirm(confirm))
}

/// `Z`: sleep or wake, after three seconds in sight; a production profile is asked as for any write.
pub(super) fn sleep_or_wake(model: &mut Model) -> Vec<Effect> {
    if counts_refused(model) {
        return Vec::new();
    }
    let services = model.feeds.services.get().cloned().unwrap_or_default();
    let (title, lines, changes) = match if model.is_asleep() {
        wake(model, &services)
    } else {
        Ok(doze(model, &services))
    } {
        Ok(plan) => plan,
        Err(why) => {
            say(model, Severity::Warning, why);
            return Vec::new();
        }
    };
    if model.guard.production {
        let verb = if model.is_asleep() { "Wake" } else { "Sleep" };
        return dialogs::open(model, Dialog::Confirm(Confirm::new(title, lines, verb, changes)));
    }
    dialogs::count_down(model, title, lines, changes)
}

type Written = (String, Vec<String>, Vec<Change>);

fn doze(model: &Model, services: &[Service]) -> Written {
    let cost = model.cost_now();
    let lines = vec![
        format!(
            "saves about ${:.3}/h; ${:.3}/h goes on (network, storage, secrets)",
            cost.scalable_hour(),
            cost.fixed_hour()
        ),
        "counts are kept as tags on the services; Z wakes them again".into(),
    ];
    (
        "Putting the stack to sleep: all tasks stop".into(),
        lines,
        sleep::sleep_plan(services, &model.names()),
    )
}

fn wake(model: &Model, services: &[Service]) -> Result<Written, String> {
    let defaults = crate::core::cost::template_counts(&model.resources);
    let changes = sleep::wake_plan(services, &model.names(), &defaults, &model.parameters())?;
    let to_counts: Vec<String> = changes
        .iter()
        .filter_map(|c| {
            if let Change::Scale { service, to, .. } = c {
                Some(format!("{service} → {to}"))
            } else {
                None
            }
        })
        .collect();
    let more: f64 = changes
        .iter()
        .filter_map(|c| match c {
            Change::Scale { service, to, .. } => Some(tasks_hour(model, service, *to)),
            _ => None,
        })
        .sum();
    Ok((
        "Waking the stack".into(),
        vec![to_counts.join(", "), format!("costs about ${more:.3}/h more; ready in 2–4 minutes")],
        changes,
    ))
}
