//! The health strip: nothing to say when all is well, else the worst finding with its cause.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{
    Side, cut,
    theme::{self, Role},
};
use crate::core::{
    available,
    fault::{Fault, FaultKind},
    health::Severity,
    keymap::Intent,
    model::Model,
    names::App,
    text::SafeText,
};

/// Draws the strip.
pub(super) fn draw(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let room = usize::from(area.width).saturating_sub(2);
    let (text, role) = words(model, room);
    let line = Line::from(vec![Span::raw(" "), Span::styled(text, side.theme.style(role))]);
    frame.render_widget(Paragraph::new(line), area);
}

fn words(model: &Model, room: usize) -> (String, Role) {
    if let Some(fault) = model.credentials_fault() {
        // While nothing has come yet, the body says what to do.
        let advice = model
            .feeds
            .stack
            .get()
            .map_or_else(String::new, |_| format!(" {}", model.advice(fault)));
        return (cut::end(&format!("✗ {}.{advice}", fault.sentence()), room).into_owned(), Role::Bad);
    }
    let phrases = phrases(model);
    match phrases.first() {
        Some((severity, _)) => {
            let all = model.keymap.label(Intent::Errors);
            (listed(&phrases, room, &all), theme::of_severity(*severity))
        }
        None => (calm(model, room), Role::Dim),
    }
}

/// All there is to say, the worst first.
pub(super) fn phrases(model: &Model) -> Vec<(Severity, String)> {
    let findings = model.findings();
    // The stack stands in the header.
    let names = model.names();
    let short = |text: &SafeText| {
        let app = [App::OpenWebui, App::Litellm]
            .into_iter()
            .find_map(|app| Some((app, text.strip_prefix(names.service(app).as_str())?)));
        app.map_or_else(|| text.to_string(), |(app, rest)| format!("{app}{rest}"))
    };
    // Who can not ask knows nothing of now: that goes before whatever was known, and is said once.
    let blind = faults(model).find(|(name, f)| is_blinding(model, name, f)).map(|(_, fault)| fault);
    let mut phrases: Vec<(Severity, String)> = blind.iter().map(|f| (Severity::Bad, f.sentence())).collect();
    phrases.extend(findings.iter().map(|f| (f.severity, short(&f.text))));
    let of_one = faults(model).filter(|(name, f)| !is_blinding(model, name, f));
    phrases.extend(of_one.map(|(name, fault)| (Severity::Warning, format!("{name}: {}", fault.sentence()))));
    phrases.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
    phrases
}

/// The worst phrase, as many others as fit whole, how many do not, and the key that shows all of them.
fn listed(phrases: &[(Severity, String)], room: usize, all: &str) -> String {
    let sign = match phrases.first().map(|(s, _)| *s) {
        Some(Severity::Bad) => "✗",
        Some(Severity::Warning) => "!",
        _ => "·",
    };
    let more = |n: usize| {
        if n == 0 {
            String::new()
        } else {
            format!("  +{n} more · {all} all")
        }
    };
    for shown in (1..=phrases.len()).rev() {
        let texts: Vec<&str> = phrases[..shown].iter().map(|(_, t)| t.as_str()).collect();
        let line = format!("{sign} {}{}", texts.join("  ·  "), more(phrases.len() - shown));
        if cut::width(&line) <= room {
            return line;
        }
    }
    let rest = match phrases.len() {
        1 => format!("  {all} all"),
        n => more(n - 1),
    };
    let first = phrases.first().map_or("", |(_, t)| t.as_str());
    format!(
        "{}{rest}",
        cut::end(&format!("{sign} {first}"), room.saturating_sub(cut::width(&rest)))
    )
}

/// Nothing of AWS can be reached, whatever is asked for; or the stack, which names all else, was never told.
fn is_blinding(model: &Model, name: &str, fault: &Fault) -> bool {
    fault.kind == FaultKind::Unreachable || (name == "stack" && model.feeds.stack.get().is_none())
}

/// Feeds whose newest poll failed: what is shown of them is old, or nothing. That a thing is not there is
/// no trouble where nothing is there.
fn faults(model: &Model) -> impl Iterator<Item = (&'static str, &Fault)> {
    let feeds = &model.feeds;
    let is_gone = model.is_without_stack() || model.is_hollow() || model.is_going_away();
    [
        ("stack", &feeds.stack.fault),
        ("events", &feeds.events.fault),
        ("resources", &feeds.resources.fault),
        ("services", &feeds.services.fault),
        ("tasks", &feeds.tasks.fault),
        ("targets", &feeds.targets.fault),
        ("alarms", &feeds.alarms.fault),
        ("logs", &feeds.logs.fault),
        ("identity", &feeds.identity.fault),
    ]
    .into_iter()
    .filter_map(|(name, fault)| fault.as_ref().map(|f| (name, f)))
    .filter(move |(_, fault)| !(is_gone && fault.kind == FaultKind::NotFound))
    .filter(|(name, fault)| !(*name == "logs" && fault.kind == FaultKind::NotFound && model.is_log_group_missing()))
    // Alarms only repeat what the others see: who may not read them has that said on Services.
    .filter(|(name, fault)| !(*name == "alarms" && fault.kind == FaultKind::Denied))
}

fn calm(model: &Model, room: usize) -> String {
    let feeds = &model.feeds;
    let text = if feeds.stack.get().is_none() {
        "asking AWS…".to_owned()
    } else if model.live_stack().is_none() {
        String::new()
    } else if model.is_asleep() {
        let wake = model.keymap.label(crate::core::keymap::Intent::Sleep);
        let wakes = if available::is_at_work(model) {
            String::new()
        } else {
            format!("; {wake} wakes the stack")
        };
        match model.falling_asleep() {
            0 => format!("asleep: no task runs{}{wakes}", only_asleep(model)),
            1 => format!("falling asleep: 1 task still runs{wakes}"),
            n => format!("falling asleep: {n} tasks still run{wakes}"),
        }
    } else if feeds.services.get().is_none() || feeds.targets.get().is_none() {
        let is_replay = model.span.is_some();
        let text = if is_replay {
            "no trouble in what the recording holds up to here"
        } else {
            "asking AWS…"
        };
        text.to_owned()
    } else {
        "all well".to_owned()
    };
    cut::end(&text, room).into_owned()
}

/// Alarms that fire while asleep are named, so that nobody looks for a trouble behind their mails.
fn only_asleep(model: &Model) -> String {
    match model.alarms_of_sleep() {
        0 => String::new(),
        1 => " (1 alarm fires for that alone)".into(),
        n => format!(" ({n} alarms fire for that alone)"),
    }
}

#[cfg(test)]
mod tests {
    use crate::{core::fault::FaultKind, ui::screen::fixture};

    use super::*;

    #[test]
    fn who_logs_in_again_does_it_for_the_profile_that_is_looked_at() {
        let mut model = fixture::running();
        let fault = crate::core::fault::Fault::new(FaultKind::Expired, "cloudformation:DescribeStacks", "", "");
        model.feeds.identity.fail(fault);
        let (text, _) = words(&model, 400);
        assert!(text.contains("`aws sso login --profile dana`"), "{text}");
    }

    #[test]
    fn a_stack_is_asleep_once_its_last_task_is_gone() {
        let mut model = fixture::running();
        let now = model.now;
        let mut services = model.feeds.services.get().cloned().unwrap_or_default();
        for service in &mut services {
            (service.desired, service.running) = (0, 0);
        }
        model.feeds.services.set(services, now);
        model.feeds.targets.set(Vec::new(), now);
        for (running, want) in [
            (2, "falling asleep: 2 tasks still run; Z wakes the stack"),
            (1, "falling asleep: 1 task still runs; Z wakes the stack"),
            (0, "asleep: no task runs; Z wakes the stack"),
        ] {
            let tasks = ["RUNNING", "DEACTIVATING"].iter().take(running);
            let tasks = tasks
                .map(|status| fixture::task(status, "bedrock-image-chat-litellm", status))
                .collect();
            model.feeds.tasks.set(tasks, now);
            assert_eq!(words(&model, 200), (want.to_owned(), Role::Dim));
        }
    }

    #[test]
    fn where_nothing_is_it_is_no_trouble_that_a_thing_is_not_there() {
        let mut model = fixture::nothing();
        let now = model.now;
        model.feeds.stack.set(None, now);
        model
            .feeds
            .logs
            .fail(Fault::new(FaultKind::NotFound, "x:Y", "/ecs/bedrock-image-chat", ""));
        assert_eq!(words(&model, 200), (String::new(), Role::Dim));
    }

    #[test]
    fn what_does_not_fit_is_whole_under_the_key_that_the_strip_names() {
        let mut model = fixture::running();
        let now = model.now;
        let mut services = model.feeds.services.get().cloned().unwrap_or_default();
        for service in &mut services {
            service.running = 0;
        }
        model.feeds.services.set(services, now);
        let task = fixture::task("1", "bedrock-image-chat-openwebui", "STOPPED");
        model.feeds.tasks.set(vec![task], now);
        let all = phrases(&model);
        let openwebui = all.iter().find(|(_, text)| text.starts_with("openwebui 0/"));
        assert!(openwebui.is_some(), "{all:?}");
        let (text, _) = words(&model, 40);
        assert!(text.ends_with("! all") && cut::width(&text) <= 40, "{text}");
        assert!(!words(&model, 4000).0.contains("! all"));
    }

    #[test]
    fn a_stack_that_was_never_told_is_a_trouble_not_a_warning() {
        let mut model = fixture::nothing();
        model.feeds.stack = crate::core::feed::Feed::default();
        let denied = |operation: &str| Fault::new(FaultKind::Denied, operation, "", "");
        model.feeds.stack.fail(denied("cloudformation:DescribeStacks"));
        model.feeds.identity.fail(denied("sts:GetCallerIdentity"));
        let (text, role) = words(&model, 200);
        assert!(text.starts_with("✗ cloudformation:DescribeStacks is not allowed  "), "{text}");
        assert_eq!(role, Role::Bad);
    }

    #[test]
    fn what_makes_blind_goes_before_what_was_known_and_is_said_once() {
        let mut model = fixture::running();
        let fault = Fault::new(FaultKind::Unreachable, "x:Y", "127.0.0.1:9", "connection refused");
        let now = model.now;
        let mut groups = model.feeds.targets.get().cloned().unwrap_or_default();
        for group in &mut groups {
            group.targets.clear();
        }
        model.feeds.targets.set(groups, now);
        model.feeds.stack.fail(fault.clone());
        model.feeds.services.fail(fault);
        let (text, role) = words(&model, 200);
        assert!(
            text.starts_with("✗ 127.0.0.1:9 could not be reached: connection refused  "),
            "{text}"
        );
        assert_eq!((text.matches("could not be reached").count(), role), (1, Role::Bad), "{text}");
    }
}
