//! Keys: the innermost scope answers first. Dialog, then the form's fields, then the table of intents.

use super::{
    access, acting, deploying, dialogs, form, lead, leaving, leftovers, logs, looking, places, polling, say, secrets, steering, testimage,
    ways,
};
use crate::core::{
    cause, dashboard,
    dialog::{Detail, Dialog, Palette, Purpose, Scroll},
    effect::Effect,
    health::Severity,
    key::Key,
    keymap::Intent,
    model::{Model, Times},
    polls::Poll,
    preflight,
    screen::{Panel, ScreenId, deploy::Stage},
    text::SafeText,
};
use crate::layout;

/// Takes a key.
pub(super) fn on_key(model: &mut Model, key: Key) -> Vec<Effect> {
    // Where nothing can be seen nothing can be confirmed: only leaving works.
    if layout::is_too_small(model.size) {
        return match model.keymap.resolve(model.screen, key) {
            Some(intent @ (Intent::Interrupt | Intent::Suspend)) => obey(model, intent),
            _ => Vec::new(),
        };
    }
    if model.dialog.is_some() {
        if key == Key::ctrl('z') {
            return obey(model, Intent::Suspend);
        }
        if key == Key::ctrl('c') && !matches!(model.dialog, Some(Dialog::Menu(_))) {
            model.dialog = None;
            return Vec::new();
        }
        return dialogs::on_key(model, key);
    }
    if model.screen == ScreenId::Deploy
        && let Some(effects) = form::on_key(model, key)
    {
        return effects;
    }
    match model.keymap.resolve(model.screen, key) {
        Some(intent) => obey(model, intent),
        None => Vec::new(),
    }
}

/// Does what the operator wants.
pub(super) fn obey(model: &mut Model, intent: Intent) -> Vec<Effect> {
    if model.screen == ScreenId::Logs {
        // What was said of the key before would be read as said of this one.
        model.notice.take_if(|notice| notice.of_key && notice.severity == Severity::Note);
        if let Some(effects) = logs::obey(model, intent) {
            return effects;
        }
    }
    let own = go(model, intent).or_else(|| access::obey(model, intent));
    if let Some(effects) = own.or_else(|| form::obey(model, intent)) {
        return effects;
    }
    match intent {
        Intent::Deploy => deploying::start(model),
        Intent::Destroy => leaving::destroy(model),
        Intent::WaysOut => ways::open(model),
        Intent::Leftovers => leftovers::open(model),
        Intent::Dashboard => dashboard(model),
        Intent::Scale => acting::scale(model, 0),
        Intent::ScaleUp => acting::scale(model, 1),
        Intent::ScaleDown => acting::scale(model, -1),
        Intent::Restart => acting::restart(model),
        Intent::StopTask => acting::stop_task(model),
        Intent::Sleep => acting::sleep_or_wake(model),
        Intent::Image => testimage::open(model),
        Intent::LogsOf => lead::open_for_row(model),
        Intent::Hidden => toggle_hidden(model),
        Intent::CopySecret => secrets::copy(model),
        Intent::Enter => enter(model),
        Intent::Copy | Intent::CopyArn | Intent::Describe | Intent::Open => on_row(model, intent),
        Intent::Json => json(model),
        Intent::Search => {
            let before = model.row_filter.clone().unwrap_or_default();
            dialogs::prompt(model, Purpose::Rows, &before)
        }
        Intent::Pause => steering::pause(model),
        Intent::GotoTime => steering::ask_time(model),
        Intent::Places => places::open(model),
        Intent::Refresh => refresh(model),
        Intent::Repaint => vec![Effect::Repaint],
        Intent::Suspend => {
            let mut effects = secrets::hide(model);
            effects.push(Effect::Suspend);
            effects
        }
        Intent::Arm => arm(model),
        Intent::Mouse => mouse(model),
        Intent::Back => back(model),
        Intent::Interrupt => interrupt(model),
        _ => Vec::new(),
    }
}

/// Intents that only move about or change the view.
fn go(model: &mut Model, intent: Intent) -> Option<Vec<Effect>> {
    let page = page(model);
    let panel = model.panel();
    match intent {
        Intent::ShowOverview => return Some(show(model, ScreenId::Overview)),
        Intent::ShowDeploy => return Some(show(model, ScreenId::Deploy)),
        Intent::ShowServices => return Some(show(model, ScreenId::Services)),
        Intent::ShowLogs => return Some(show(model, ScreenId::Logs)),
        Intent::ShowCost => return Some(show(model, ScreenId::Cost)),
        Intent::ShowAccess => return Some(show(model, ScreenId::Access)),
        Intent::NextScreen | Intent::Right if intent == Intent::NextScreen => return Some(show(model, model.screen.step(1))),
        Intent::PreviousScreen => return Some(show(model, model.screen.step(-1))),
        Intent::NextPanel => step_panel(model, 1),
        Intent::PreviousPanel => step_panel(model, -1),
        Intent::Down => step(model, panel, 1),
        Intent::Up => step(model, panel, -1),
        Intent::PageDown => step(model, panel, page),
        Intent::PageUp => step(model, panel, -page),
        Intent::HalfDown => step(model, panel, page / 2),
        Intent::HalfUp => step(model, panel, -(page / 2)),
        Intent::Top => step(model, panel, isize::MIN / 2),
        Intent::Bottom => step(model, panel, isize::MAX / 2),
        Intent::NextError => step_to_bad(model, 1),
        Intent::PreviousError => step_to_bad(model, -1),
        Intent::Attention => model.attention = !model.attention,
        Intent::Zoom => model.is_zoomed = !model.is_zoomed,
        Intent::Times => {
            model.times = match model.times {
                Times::Local => Times::Utc,
                Times::Utc => Times::Age,
                Times::Age => Times::Local,
            };
        }
        Intent::Help => return Some(dialogs::open(model, Dialog::Help(Scroll::default()))),
        Intent::Errors => return Some(dialogs::open(model, Dialog::Errors(Scroll::default()))),
        Intent::Palette => return Some(dialogs::open(model, Dialog::Palette(Palette::default()))),
        Intent::Right => return Some(enter(model)),
        Intent::Left => return Some(back_one(model)),
        _ => return None,
    }
    Some(Vec::new())
}

/// Opens a screen; a secret does not stay shown behind.
pub(super) fn show(model: &mut Model, screen: ScreenId) -> Vec<Effect> {
    if model.screen == screen {
        return Vec::new();
    }
    model.screen = screen;
    model.came_from = None;
    model.is_zoomed = false;
    // What was said of the other screen would be read as said of this one, in the place of its keys.
    model.notice = model.notice.take().filter(|n| n.severity != Severity::Note);
    if screen == ScreenId::Logs {
        polling::hurry(model, &[Poll::Logs]);
    }
    let mut effects = secrets::hide(model);
    if screen == ScreenId::Access {
        effects.extend(looking::ask_models(model, preflight::model_ids(&model.parameters())));
        effects.extend(access::look(model));
    }
    effects
}

fn step_panel(model: &mut Model, by: isize) {
    let panels = model.screen.panels();
    let here = panels.iter().position(|p| *p == model.panel()).unwrap_or(0) as isize;
    let next = panels[(here + by).rem_euclid(panels.len() as isize) as usize];
    model.focus.insert(model.screen, next);
}

fn page(model: &Model) -> isize {
    isize::from(model.size.height as i16 / 2).max(2)
}

/// Moves the cursor of a panel within its rows.
fn step(model: &mut Model, panel: Panel, by: isize) {
    let last = model.rows(panel).saturating_sub(1) as isize;
    let next = (model.cursor(panel) as isize).saturating_add(by).clamp(0, last);
    model.cursors.insert(panel, next as usize);
}

fn step_to_bad(model: &mut Model, by: isize) {
    let panel = model.panel();
    let n = model.rows(panel) as isize;
    let here = model.cursor(panel) as isize;
    let found = (1..=n)
        .map(|i| (here + i * by).rem_euclid(n))
        .find(|row| is_bad(model, panel, *row as usize));
    match found {
        Some(row) => {
            model.cursors.insert(panel, row as usize);
        }
        None => say(model, Severity::Note, "no error in this list"),
    }
}

fn is_bad(model: &Model, panel: Panel, row: usize) -> bool {
    match panel {
        Panel::Events => model.shown_events().get(row).is_some_and(|e| e.status.is_failure()),
        Panel::Services | Panel::ServiceList => model.shown_services().get(row).is_some_and(|s| s.running < s.desired),
        Panel::Tasks => model
            .shown_tasks()
            .get(row)
            .is_some_and(|t| t.is_stopped() || t.health == "UNHEALTHY"),
        Panel::Targets => model
            .shown_targets()
            .get(row)
            .is_some_and(|(g, i)| i.is_none_or(|i| !g.targets[i].is_healthy())),
        Panel::Deploy => model.progress.rows.get(row).is_some_and(|r| r.status.is_failure()),
        _ => false,
    }
}

fn toggle_hidden(model: &mut Model) -> Vec<Effect> {
    if model.screen == ScreenId::Access {
        model.focus.insert(ScreenId::Access, Panel::Secrets);
        return secrets::toggle(model);
    }
    model.show_stopped = !model.show_stopped;
    let words = if model.show_stopped {
        "stopped tasks are shown"
    } else {
        "stopped tasks are hidden"
    };
    say(model, Severity::Note, words);
    Vec::new()
}

/// `Enter`: in.
fn enter(model: &mut Model) -> Vec<Effect> {
    match model.panel() {
        Panel::Events => show(model, ScreenId::Deploy),
        Panel::Services | Panel::Targets => show(model, ScreenId::Services),
        Panel::LogTail => show(model, ScreenId::Logs),
        Panel::CostNow => show(model, ScreenId::Cost),
        Panel::Deploy => match model.deploy {
            Stage::Plan(_) => deploying::confirm_plan(model),
            Stage::Rest if model.is_without_stack() => deploying::start(model),
            _ => on_row(model, Intent::Describe),
        },
        Panel::Tasks | Panel::ServiceEvents => lead::open_for_row(model),
        Panel::Secrets => secrets::toggle(model),
        panel @ (Panel::Address | Panel::Throughput) => access::menu(model, panel),
        Panel::ServiceList | Panel::Outputs | Panel::Models => on_row(model, Intent::Describe),
        Panel::Logs | Panel::Cost => Vec::new(),
    }
}

/// `y`, `Y`, `d`, `o` on the row under the cursor.
fn on_row(model: &mut Model, intent: Intent) -> Vec<Effect> {
    // On its own output it is the dashboard that is meant.
    if intent == Intent::Open && model.panel() == Panel::Outputs && is_dashboard_row(model) {
        return dashboard(model);
    }
    if intent == Intent::Open {
        return match model.app_url() {
            Some(url) if url.starts_with("http://") || url.starts_with("https://") => vec![Effect::Open(url)],
            _ => {
                say(
                    model,
                    Severity::Note,
                    "there is no address yet: the stack has no ALBEndpoint output",
                );
                Vec::new()
            }
        };
    }
    // On this screen the card is what a colleague wants to read.
    if let (Intent::Copy, Panel::Deploy, Stage::Rest) = (intent, model.panel(), &model.deploy)
        && let Some(cause) = cause::find(model)
    {
        return vec![Effect::Copy(cause.card())];
    }
    let Some(row) = super::super::describe::row(model) else {
        return without_row(model);
    };
    match intent {
        Intent::Describe => {
            let detail = Detail {
                title: row.title,
                lines: row.lines,
                scroll: Scroll::default(),
            };
            dialogs::open(model, Dialog::Detail(detail))
        }
        Intent::CopyArn => vec![Effect::Copy(row.arn)],
        _ => vec![Effect::Copy(row.line)],
    }
}

/// Says why a key that acts on a row does nothing.
fn without_row(model: &mut Model) -> Vec<Effect> {
    let is_waiting = model.panel() == Panel::Deploy && matches!(model.deploy, Stage::Planning(_));
    let words = if is_waiting {
        "the plan is being made; it is shown here in a moment"
    } else {
        "there is no row under the cursor"
    };
    say(model, Severity::Note, words);
    Vec::new()
}

fn is_dashboard_row(model: &Model) -> bool {
    let row = model.stack().and_then(|s| s.outputs.get(model.cursor(Panel::Outputs)));
    row.is_some_and(|output| output.key == dashboard::OUTPUT)
}

/// The CloudWatch dashboard of the stack, in the browser.
fn dashboard(model: &mut Model) -> Vec<Effect> {
    let resources = model.feeds.resources.get().map(Vec::as_slice).unwrap_or_default();
    match dashboard::of(model.live_stack(), resources, &model.about.region) {
        Ok(dashboard) => vec![Effect::Open(dashboard.url)],
        Err(why) => {
            say(model, Severity::Note, why);
            Vec::new()
        }
    }
}

/// `J`: the row as JSON.
fn json(model: &mut Model) -> Vec<Effect> {
    let Some((title, value)) = super::super::describe::json(model) else {
        return without_row(model);
    };
    dialogs::open_json(model, title, value)
}

/// Several lines as the clipboard may hold them; each is safe already.
pub(super) fn lines_for_clipboard(text: &str) -> SafeText {
    SafeText::of_lines(text)
}

fn refresh(model: &mut Model) -> Vec<Effect> {
    let polls: &[Poll] = match model.panel() {
        Panel::Events | Panel::Deploy => &[Poll::Stack, Poll::Events, Poll::Resources],
        Panel::Services | Panel::ServiceList | Panel::Tasks | Panel::ServiceEvents => &[Poll::Services, Poll::Tasks],
        Panel::Targets => &[Poll::Resources, Poll::Targets],
        Panel::LogTail | Panel::Logs => &[Poll::Logs],
        Panel::CostNow | Panel::Cost => &[Poll::Services, Poll::Tasks],
        Panel::Outputs | Panel::Secrets => &[Poll::Stack],
        Panel::Models => {
            model.feeds.models.clear();
            say(model, Severity::Note, "asking Bedrock again");
            return looking::ask_models(model, preflight::model_ids(&model.parameters()));
        }
        Panel::Address | Panel::Throughput => {
            say(model, Severity::Note, "asking AWS again");
            return access::look(model);
        }
    };
    polling::hurry(model, polls);
    if model.credentials_fault().is_some() {
        polling::hurry(model, &[Poll::Identity, Poll::Stack]);
    }
    say(model, Severity::Note, "asking AWS again");
    Vec::new()
}

fn mouse(model: &mut Model) -> Vec<Effect> {
    model.mouse = !model.mouse;
    let words = if model.mouse {
        "mouse on"
    } else {
        "mouse off: the terminal selects text"
    };
    say(model, Severity::Note, words);
    vec![Effect::Mouse(model.mouse)]
}

fn arm(model: &mut Model) -> Vec<Effect> {
    if !model.guard.production {
        say(model, Severity::Note, "this profile is not marked production: nothing to arm");
        return Vec::new();
    }
    if model.guard.is_armed(model.now) {
        model.guard.armed_until = None;
        say(model, Severity::Note, "disarmed");
        return Vec::new();
    }
    dialogs::prompt(model, Purpose::Arm, "")
}

/// Peels one layer; says whether there was one.
fn peel(model: &mut Model) -> bool {
    if model.is_zoomed {
        model.is_zoomed = false;
    } else if model.row_filter.take().is_some() {
    } else if model.attention {
        model.attention = false;
    } else {
        return false;
    }
    true
}

fn back_one(model: &mut Model) -> Vec<Effect> {
    if !peel(model) && model.screen != ScreenId::Overview && !model.is_without_stack() {
        return show(model, ScreenId::Overview);
    }
    Vec::new()
}

fn back(model: &mut Model) -> Vec<Effect> {
    if model.shown_secret.is_some() {
        return secrets::hide(model);
    }
    if model.screen == ScreenId::Deploy && !matches!(model.deploy, Stage::Rest) {
        if model.executing.is_some() {
            say(model, Severity::Warning, format!("{}: wait for it", deploying::UNANSWERED));
            return Vec::new();
        }
        return deploying::abandon(model);
    }
    if peel(model) {
        return Vec::new();
    }
    if model.screen != ScreenId::Overview && !model.is_without_stack() {
        return show(model, ScreenId::Overview);
    }
    leave_by_two(model, "press again to leave", 0)
}

/// Leaves at the second of two presses, and says so at the first; with this status where what was sent may go on.
fn leave_by_two(model: &mut Model, words: &str, status: u8) -> Vec<Effect> {
    let is_unanswered = model.executing.is_some();
    if model.quit_armed.is_some() {
        return vec![if is_unanswered { Effect::Detach(status) } else { Effect::Quit }];
    }
    model.quit_armed = Some(model.now.mono + 3_000);
    if is_unanswered {
        say(model, Severity::Warning, format!("{}: {words}", deploying::UNANSWERED));
    } else {
        say(model, Severity::Note, words);
    }
    Vec::new()
}

/// Ctrl-C: while an operation of ours runs, the ways out first.
fn interrupt(model: &mut Model) -> Vec<Effect> {
    if model.is_operation_ours() {
        return ways::open(model);
    }
    if model.executing.is_some() {
        return leave_by_two(model, "Ctrl-C again leaves", 130);
    }
    // A plan that nobody will run must not stay behind: a second Ctrl-C leaves.
    if matches!(model.deploy, Stage::Plan(_) | Stage::Planning(_)) {
        let effects = deploying::abandon(model);
        form::put_away(model);
        say(model, Severity::Note, "the plan is dropped; Ctrl-C again leaves");
        return effects;
    }
    if form::leave_first(model) {
        return Vec::new();
    }
    vec![Effect::Quit]
}

/// A click gives the focus to the panel under it.
pub(super) fn on_click(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    if model.dialog.is_some() {
        return Vec::new();
    }
    if let Some(panel) = crate::layout::panel_at(model, x, y) {
        model.focus.insert(model.screen, panel);
    }
    Vec::new()
}

/// The wheel moves the cursor, or the log.
pub(super) fn on_wheel(model: &mut Model, rows: i32) -> Vec<Effect> {
    if model.dialog.is_some() {
        return Vec::new();
    }
    let intent = if rows < 0 { Intent::Up } else { Intent::Down };
    (0..rows.unsigned_abs()).flat_map(|_| obey(model, intent)).collect()
}
