//! The log tail and its screen: pages in, lines into the view, keys to the view, scans out.

use super::{dialogs, live, older, polling, record, say, shapes};
use crate::{
    cloud::Query,
    core::{
        dialog::{Detail, Dialog, Purpose, Scroll},
        effect::Effect,
        fact::{Fact, LiveUpdate, Millis},
        fault::{Fault, FaultKind},
        health::Severity,
        keymap::Intent,
        lines::{ExportFormat, Filter, Found, Pattern, export},
        live::Live,
        logline,
        logview::{Jump, LogView, parse_time},
        model::{Model, Times},
        names::App,
        older::Older,
        pace,
        polls::Poll,
        screen::{Panel, ScreenId},
        tail::{Pace, Tail},
        text::SafeText,
        when,
    },
    layout,
};

/// How far back the tail begins, in milliseconds.
const BACK: Millis = 15 * 60 * 1000;
/// While Live Tail brings the lines, polling looks this seldom whether it left something out.
const LIVE_LOOK: u64 = 60_000;
/// Columns of one sideways step are half the window; this is the least.
const LEAST_STEP: isize = 8;

/// The next page to ask for. The tail begins when there is a log group to follow.
pub(super) fn query(model: &mut Model, lives: bool) -> Option<Query> {
    if !lives || model.logs.is_paused() {
        return None;
    }
    let group = model.settings.log_group.clone().unwrap_or_else(|| model.names().log_group());
    let now = model.now.wall;
    if model.tail.as_ref().is_none_or(|t| *t.group() != group) {
        model.tail = Some(Tail::new(group, now - BACK));
        model.tail_pace = Pace::new(pace::page_pause(&model.about.region));
        model.logs = LogView::new(model.settings.log_memory);
        model.older = Some(Older::new(now - BACK));
        fit(model);
    }
    let tail = model.tail.as_mut()?;
    let (seq, request) = tail.due(now, model.tail_pace.can_poll(model.now.mono))?;
    model.tail_pace.sent(tail, model.now.mono);
    model.tail_asked = seq;
    Some(Query::LogPage(request))
}

/// A page came, or did not.
pub(super) fn on_answer(model: &mut Model, answer: Result<Fact, Fault>) -> Vec<Effect> {
    let now = model.now;
    let page = match answer {
        Ok(Fact::LogPage(page)) => Ok(page),
        Ok(_) => return Vec::new(),
        Err(fault) => {
            // A group that is not there yet is no trouble worth the error log.
            if fault.kind != FaultKind::NotFound {
                record(model, fault.clone());
            }
            Err(fault)
        }
    };
    let Some(tail) = &mut model.tail else { return Vec::new() };
    let fault = page.as_ref().err().cloned();
    let arrivals = tail.on_page(model.tail_asked, page, now.wall);
    match fault {
        None => model.feeds.logs.set((), now),
        Some(fault) => model.feeds.logs.fail(fault),
    }
    model.logs.append(arrivals);
    plan_next(model);
    scans(model)
}

/// The cadence says when to look for new lines; a pass that is under way goes on before that.
fn plan_next(model: &mut Model) {
    polling::plan_next(model, Poll::Logs);
    let now = model.now;
    if let Some(tail) = &model.tail {
        let is_live = model.live.as_ref().is_some_and(Live::is_on) && !tail.has_holes() && !tail.is_first_pass();
        let at = model.feeds.logs.due;
        model
            .tail_pace
            .poll_at(tail, if is_live { at.max(now.mono + LIVE_LOOK) } else { at });
        model.feeds.logs.due = model.tail_pace.due(tail, model.now.wall);
    }
}

/// Live Tail brought lines.
pub(super) fn on_live(model: &mut Model, session: u32, update: LiveUpdate) -> Vec<Effect> {
    let now = model.now;
    let Some(tail) = &mut model.tail else { return Vec::new() };
    // What comes during a pause is left to polling, which takes up where it was.
    if model.logs.is_paused() {
        return Vec::new();
    }
    let is_sampled = update.sampled;
    let arrivals = tail.on_live(session, update, now.wall);
    model.logs.append(arrivals);
    if is_sampled {
        plan_next(model);
    }
    scans(model)
}

/// Scans that the view wants done off the loop.
pub(super) fn scans(model: &mut Model) -> Vec<Effect> {
    model.logs.take_scans().into_iter().map(Effect::Scan).collect()
}

/// A scan found something.
pub(super) fn on_found(model: &mut Model, found: Found) -> Vec<Effect> {
    model.logs.found(found);
    Vec::new()
}

/// Tells the view how large its window is.
pub(super) fn fit(model: &mut Model) {
    let (rows, columns) = layout::log_window(model.size, model.logs.shows_histogram());
    model.logs.resize(rows, columns);
}

/// Intents of the Logs screen; `None` for those that mean the same everywhere.
pub(super) fn obey(model: &mut Model, intent: Intent) -> Option<Vec<Effect>> {
    if let Some(effects) = dialog_of(model, intent) {
        return Some(effects);
    }
    let is_done = moves(model, intent) || jumps(model, intent) || keeps(model, intent);
    if !is_done {
        match intent {
            Intent::Pause => {
                model.logs.toggle_pause();
                polling::hurry(model, &[Poll::Logs]);
            }
            Intent::Histogram => {
                model.logs.toggle_histogram();
                fit(model);
            }
            Intent::Copy | Intent::CopyArn => return Some(copy(model, intent == Intent::CopyArn)),
            Intent::Save => return Some(save(model)),
            Intent::Back => return leave(model),
            _ => return None,
        }
    }
    let mut effects = scans(model);
    if matches!(
        intent,
        Intent::Up | Intent::PageUp | Intent::LogPageUp | Intent::HalfUp | Intent::Top
    ) {
        effects.extend(older::after_up(model));
    }
    Some(effects)
}

/// Moves of the window; `false` when it is none.
fn moves(model: &mut Model, intent: Intent) -> bool {
    let wide = (layout::log_window(model.size, false).1 as isize / 2).max(LEAST_STEP);
    let logs = &mut model.logs;
    match intent {
        Intent::Down => logs.down(1),
        Intent::Up => logs.up(1),
        Intent::PageDown | Intent::LogPageDown => logs.page_down(),
        Intent::PageUp | Intent::LogPageUp => logs.page_up(),
        Intent::HalfDown => logs.half_down(),
        Intent::HalfUp => logs.half_up(),
        Intent::Top => logs.top(),
        Intent::Bottom | Intent::Follow => logs.follow_on(),
        Intent::Right => logs.sideways(wide),
        Intent::Left => logs.sideways(-wide),
        Intent::Wrap => logs.toggle_wrap(),
        _ => return false,
    }
    true
}

/// Jumps from one line of a kind to the next; `false` when it is none.
fn jumps(model: &mut Model, intent: Intent) -> bool {
    let logs = &mut model.logs;
    let (jump, why) = match intent {
        Intent::NextMatch => (logs.next_match(), "no match; / searches"),
        Intent::PreviousMatch => (logs.prev_match(), "no match; / searches"),
        Intent::NextError => (logs.next_error(), "no error in these lines"),
        Intent::PreviousError => (logs.prev_error(), "no error in these lines"),
        Intent::NextMark => (logs.next_mark(), "no line is marked; m marks one"),
        _ => return false,
    };
    match jump {
        Jump::Nowhere => say(model, Severity::Note, why),
        Jump::Wrapped => say(model, Severity::Note, "went round the end"),
        Jump::Moved => {}
    }
    true
}

/// What is kept and marked, and back; `false` when it is none of it.
fn keeps(model: &mut Model, intent: Intent) -> bool {
    let logs = &mut model.logs;
    match intent {
        Intent::Mark => logs.toggle_mark(),
        Intent::Source => logs.cycle_source(),
        Intent::Level => logs.cycle_level(),
        Intent::Attention => logs.attention_only(),
        Intent::Hidden => logs.toggle_hidden(),
        Intent::Fold => logs.toggle_fold(),
        Intent::Request if !logs.toggle_request() => {
            let why = "this entry names no request; errors and JSON lines mostly do";
            say(model, Severity::Note, why);
        }
        Intent::Request => {}
        Intent::Back if older::stop(model) => {}
        Intent::Back if model.logs.go_back() => {}
        Intent::Back if !model.logs.filter().is_all() => model.logs.clear_filter(),
        Intent::Back if model.logs.searched().is_some() => model.logs.search(""),
        _ => return false,
    }
    true
}

fn dialog_of(model: &mut Model, intent: Intent) -> Option<Vec<Effect>> {
    match intent {
        Intent::Search => {
            let before = model.logs.searched().map(|p| p.text().to_owned()).unwrap_or_default();
            Some(dialogs::prompt(model, Purpose::Search, &before))
        }
        Intent::Filter => {
            let before = model
                .logs
                .filter()
                .pattern
                .as_ref()
                .map(|p| p.text().to_owned())
                .unwrap_or_default();
            Some(dialogs::prompt(model, Purpose::Filter, &before))
        }
        Intent::LiveTail => Some(live::toggle(model)),
        Intent::ErrorShapes => Some(shapes::open(model)),
        Intent::Earlier | Intent::Later | Intent::Narrower | Intent::Wider => Some(older::on_window(model, intent)),
        Intent::Json => Some(json(model)),
        Intent::GotoTime => Some(dialogs::prompt(model, Purpose::GotoTime, "")),
        Intent::Enter | Intent::Describe => Some(whole_entry(model)),
        _ => None,
    }
}

/// The entry under the cursor, all of it, with what CloudWatch knows of it.
fn whole_entry(model: &mut Model) -> Vec<Effect> {
    let entry = model.logs.entry();
    let Some(first) = entry.first() else {
        say(model, Severity::Note, "there is no line under the cursor");
        return Vec::new();
    };
    let mut lines = vec![
        format!("time      {}", when::iso(first.at())).into(),
        format!("taken in  {} later", when::span(first.ingested() - first.at())).into(),
        format!("stream    {}", first.stream()).into(),
        "".into(),
    ];
    let pretty = logline::json_in(first.raw()).filter(|_| first.raw().starts_with('{'));
    let pretty = pretty.and_then(|value| serde_json::to_string_pretty(&value).ok());
    if let Some(pretty) = pretty.filter(|_| entry.len() == 1) {
        lines.extend(pretty.lines().map(SafeText::new));
        lines.push("".into());
    }
    lines.extend(
        entry
            .iter()
            .flat_map(|line| line.raw().lines().map(logline::display).collect::<Vec<_>>()),
    );
    dialogs::open(
        model,
        Dialog::Detail(Detail {
            title: "Log entry".into(),
            lines,
            scroll: Scroll::default(),
        }),
    )
}

/// `J`: the entry as JSON. What it holds itself as JSON stands beside it, read.
fn json(model: &mut Model) -> Vec<Effect> {
    let entry = model.logs.entry();
    let Some(first) = entry.first() else {
        say(model, Severity::Note, "there is no line under the cursor");
        return Vec::new();
    };
    let mut value = serde_json::json!({
        "@timestamp": when::iso(first.at()),
        "event.ingested": when::iso(first.ingested()),
        "log.level": first.level().to_string(),
        "service.name": first.app().map(|app| app.to_string()),
        "log.stream": first.stream(),
        "message.json": logline::json_in(first.raw()),
        "message": entry.iter().flat_map(|line| line.raw().lines()).collect::<Vec<_>>(),
    });
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    dialogs::open_json(model, "Log entry".into(), value)
}

fn copy(model: &mut Model, whole: bool) -> Vec<Effect> {
    let text = if whole {
        model
            .logs
            .entry()
            .iter()
            .map(|l| logline::display(l.raw()).to_string())
            .collect::<Vec<_>>()
            .join("\n")
    } else {
        model
            .logs
            .selected()
            .map(|l| logline::display(l.raw()).to_string())
            .unwrap_or_default()
    };
    if text.is_empty() {
        say(model, Severity::Note, "there is no line under the cursor");
        return Vec::new();
    }
    vec![Effect::Copy(super::keys::lines_for_clipboard(&text))]
}

/// Writes the lines shown as JSON Lines, byte-exact.
fn save(model: &mut Model) -> Vec<Effect> {
    let text: String = export(model.logs.shown(), ExportFormat::JsonLines).collect();
    if text.is_empty() {
        say(model, Severity::Note, "there are no lines to save");
        return Vec::new();
    }
    let path = format!("{}/bic-logs-{}.jsonl", model.settings.save_dir, model.now.wall);
    vec![Effect::Save(path.into(), text.into_bytes().into())]
}

/// What `L` leads to.
enum Lead {
    /// The lines of one task, about a time when it has stopped.
    Task(SafeText, Option<Millis>),
    /// The lines of one application.
    App(App),
    /// Both services about a time.
    At(Millis),
    /// The newest lines.
    All,
}

/// `L`, or Enter on a task or an event: its lines. Esc leads back to where one was.
pub(super) fn open_for_row(model: &mut Model) -> Vec<Effect> {
    let lead = lead(model);
    let from = model.screen;
    let effects = super::keys::show(model, ScreenId::Logs);
    if from != ScreenId::Logs {
        model.came_from = Some(from);
    }
    let logs = &mut model.logs;
    let place = match lead {
        Lead::Task(stream, stopped) => {
            logs.visit_stream(stream);
            stopped
        }
        Lead::App(app) => {
            logs.visit(Filter {
                app: Some(app),
                ..Filter::default()
            });
            None
        }
        Lead::At(at) => {
            logs.visit(Filter::default());
            Some(at)
        }
        Lead::All => {
            logs.clear_filter();
            None
        }
    };
    let older = if let Some(at) = place {
        older::lead_to(model, at)
    } else {
        model.logs.follow_on();
        Vec::new()
    };
    effects.into_iter().chain(older).chain(scans(model)).collect()
}

fn lead(model: &Model) -> Lead {
    let names = model.names();
    let row = model.cursor(model.panel());
    match model.panel() {
        Panel::Tasks => {
            let tasks = model.shown_tasks();
            let task = tasks.get(row).and_then(|task| Some((task, names.app(&task.service)?)));
            // The template's streams are PREFIX/CONTAINER/TASK, and both names are the application's.
            task.map_or(Lead::All, |(task, app)| {
                Lead::Task(format!("{app}/{app}/{}", task.id()).into(), task.stopped)
            })
        }
        Panel::Services | Panel::ServiceList => {
            let app = model.selected_service().and_then(|service| names.app(&service.name));
            app.map_or(Lead::All, Lead::App)
        }
        Panel::Events => model.shown_events().get(row).map_or(Lead::All, |event| Lead::At(event.at)),
        Panel::ServiceEvents => model
            .shown_service_events()
            .get(row)
            .map_or(Lead::All, |(_, event)| Lead::At(event.at)),
        _ => Lead::All,
    }
}

/// Esc where nothing is left to take back on this screen: to the row that led here.
pub(super) fn leave(model: &mut Model) -> Option<Vec<Effect>> {
    let from = model.came_from.take()?;
    Some(super::keys::show(model, from))
}

/// Text typed for the log screen.
pub(super) fn take_prompt(model: &mut Model, purpose: Purpose, text: &str) -> Result<Vec<Effect>, String> {
    match purpose {
        Purpose::Search => {
            model.logs.search(text);
            let fell_back = model.logs.searched().is_some_and(Pattern::is_literal_fallback);
            tell_fallback(model, fell_back);
        }
        Purpose::Filter => {
            model.logs.filter_by(text);
            let fell_back = model.logs.filter().pattern.as_ref().is_some_and(Pattern::is_literal_fallback);
            tell_fallback(model, fell_back);
        }
        Purpose::GotoTime => {
            let offset = if model.times == Times::Utc { 0 } else { model.utc_offset };
            let at = parse_time(text, model.now.wall, offset)?;
            let mut effects = older::go_to(model, at);
            effects.extend(scans(model));
            return Ok(effects);
        }
        Purpose::Arm | Purpose::Rows | Purpose::Certificate => {}
    }
    Ok(scans(model))
}

fn tell_fallback(model: &mut Model, fell_back: bool) {
    if fell_back {
        say(model, Severity::Warning, "not a valid regular expression: looked for as plain text");
    }
}
