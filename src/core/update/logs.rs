//! The log tail and its screen: pages in, lines into the view, keys to the view, scans out.

use super::{dialogs, entry, insights, lead, live, older, polling, record, say, shapes, sources};
use crate::{
    cloud::Query,
    core::{
        dialog::Purpose,
        effect::Effect,
        fact::{Fact, LiveUpdate, Millis},
        fault::{Fault, FaultKind},
        health::Severity,
        keymap::Intent,
        lines::{Found, Mined, Pattern, Request},
        live::Live,
        logview::{Jump, LogView, Toggled, parse_time},
        model::Model,
        older::Older,
        pace,
        polls::Poll,
        screen::ScreenId,
        tail::{Pace, Tail},
    },
    layout,
};

/// How far back the tail begins, in milliseconds.
const BACK: Millis = 15 * 60 * 1000;
/// A clock may be put back by so much without a word.
const CLOCK_SLACK: Millis = 60_000;
/// While Live Tail brings the lines, polling looks this seldom whether it left something out.
const LIVE_LOOK: u64 = 60_000;
/// Most patterns kept for the prompt.
const MAX_PATTERNS: usize = 50;
/// What is said of a jump that leads nowhere.
const NO_MATCH: &str = "no match; / searches";
const NO_ERROR: &str = "no error in these lines";
/// What is said while a jump waits for a scan.
const LOOKING: &str = "looking…";
/// Columns of one sideways step are half the window; this is the least.
const LEAST_STEP: isize = 8;

/// The next page to ask for. The tail begins when there is a log group to follow.
pub(super) fn query(model: &mut Model, lives: bool) -> Option<Query> {
    if !lives || model.logs.is_paused() {
        return None;
    }
    let group = model.settings.log_group.clone().unwrap_or_else(|| model.names().log_group());
    let now = model.now.wall;
    // One that begins later than one of now would began by a clock that has been put back since.
    let is_other = |tail: &Tail| *tail.group() != group || tail.start() > now - BACK + CLOCK_SLACK;
    if model.tail.as_ref().is_none_or(is_other) {
        let mut tail = Tail::new(group, now - BACK);
        if model.live.is_some() {
            // What polling brings from now on a session may bring too.
            tail.expect_live(now);
        }
        model.tail = Some(tail);
        model.tail_pace = Pace::new(pace::page_pause(&model.about.region));
        model.logs = model.logs.cleared();
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
            let was_there = model.feeds.logs.get().is_some() && model.feeds.logs.fault.is_none();
            match fault.kind {
                // One that was there goes with its stack: what becomes of that is asked now, not in half a minute.
                FaultKind::NotFound if was_there => polling::hurry(model, &[Poll::Stack]),
                FaultKind::NotFound => {}
                _ => record(model, fault.clone()),
            }
            Err(fault)
        }
    };
    let Some(tail) = &mut model.tail else { return Vec::new() };
    let failed = page.as_ref().err().cloned();
    let arrivals = tail.on_page(model.tail_asked, page, now.wall);
    // A page may come and be none that leads on.
    let odd = tail.fault().filter(|_| failed.is_none()).cloned();
    if let Some(fault) = &odd {
        record(model, fault.clone());
    }
    let fault = failed.or(odd);
    match fault {
        None => model.feeds.logs.set((), now),
        Some(fault) => model.feeds.logs.fail(fault),
    }
    fit(model);
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
    let arrivals = tail.on_live(session, update, now.wall);
    let has_holes = tail.has_holes();
    model.logs.append(arrivals);
    if has_holes {
        plan_next(model);
    }
    scans(model)
}

/// Scans that the view wants done off the loop. What came may be what a jump waits for.
pub(super) fn scans(model: &mut Model) -> Vec<Effect> {
    resume(model);
    let views = [&mut model.logs].into_iter().chain(model.insights.as_mut().map(|it| &mut it.view));
    let mut effects = Vec::new();
    for view in views {
        effects.extend(view.take_scans().into_iter().map(Effect::Scan));
        effects.extend(view.take_minings().into_iter().map(Effect::Mine));
    }
    effects
}

/// A scan found something.
pub(super) fn on_found(model: &mut Model, found: Found) -> Vec<Effect> {
    if let Some(view) = view_of(model, LogView::number_of(found.generation)) {
        view.found(found);
    }
    scans(model)
}

/// Makes the jumps that wait, where it is known by now where they lead.
fn resume(model: &mut Model) {
    let shown = model.shown_logs_mut().resume();
    // The lines behind the results of a query are not in sight.
    if model.insights.is_some() {
        model.logs.resume();
    }
    let Some((jump, is_match)) = shown else { return };
    model.notice.take_if(|notice| *notice.text == *LOOKING);
    if model.screen == ScreenId::Logs {
        tell(model, jump, if is_match { NO_MATCH } else { NO_ERROR });
    }
}

/// The shapes of some errors were found; others may have come meanwhile.
pub(super) fn on_mined(model: &mut Model, mined: &Mined) -> Vec<Effect> {
    if let Some(view) = view_of(model, mined.view) {
        view.mined(mined);
    }
    scans(model)
}

/// The view of a number; `None` for results that have been left.
fn view_of(model: &mut Model, number: u64) -> Option<&mut LogView> {
    match &mut model.insights {
        Some(insights) if insights.number() == number => Some(&mut insights.view),
        _ => (number == 0).then_some(&mut model.logs),
    }
}

/// Tells the views how large their window is.
pub(super) fn fit(model: &mut Model) {
    let fits = |model: &Model, view: &LogView, has_notice| {
        let room = layout::log_window(model.size, view.shows_histogram(), has_notice);
        let days = layout::log_days(model, view, room);
        (room.0, room.1.saturating_sub(days.into()))
    };
    let (rows, columns) = fits(model, &model.logs, model.tail_stopped().is_some());
    model.logs.resize(rows, columns);
    if let Some((rows, columns)) = model.insights.as_ref().map(|it| fits(model, &it.view, false)) {
        model.shown_logs_mut().resize(rows, columns);
    }
}

/// Intents of the Logs screen; `None` for those that mean the same everywhere.
pub(super) fn obey(model: &mut Model, intent: Intent) -> Option<Vec<Effect>> {
    if let Some(effects) = dialog_of(model, intent).or_else(|| insights::back(model, intent)) {
        return Some(effects);
    }
    if intent == Intent::NextMark
        && let Some(at) = model.shown_logs().mark_in_hole()
    {
        return Some(older::go_to_mark(model, at));
    }
    let is_moved = moves(model, intent) || jumps(model, intent);
    if is_moved {
        older::stay(model);
    }
    if !(is_moved || keeps(model, intent)) {
        match intent {
            Intent::Pause => {
                if model.insights.is_some() {
                    say(
                        model,
                        Severity::Note,
                        "these are the results of a query; the tail goes on behind them",
                    );
                    return Some(Vec::new());
                }
                model.logs.toggle_pause();
                polling::hurry(model, &[Poll::Logs]);
                return Some(live::on_tick(model));
            }
            Intent::Histogram => {
                model.shown_logs_mut().toggle_histogram();
                fit(model);
            }
            Intent::Copy | Intent::CopyArn => return Some(entry::copy(model, intent == Intent::CopyArn)),
            Intent::Save => return Some(entry::save(model)),
            Intent::Back => return lead::leave(model),
            _ => return None,
        }
    }
    let mut effects = scans(model);
    let is_up = matches!(
        intent,
        Intent::Up | Intent::PageUp | Intent::LogPageUp | Intent::HalfUp | Intent::Top
    );
    let is_down = matches!(intent, Intent::Down | Intent::PageDown | Intent::LogPageDown | Intent::HalfDown);
    if model.insights.is_none() && (is_up || is_down) {
        effects.extend(older::after_move(model, is_up));
    }
    Some(effects)
}

/// Moves of the window; `false` when it is none.
fn moves(model: &mut Model, intent: Intent) -> bool {
    let wide = (layout::log_window(model.size, false, false).1 as isize / 2).max(LEAST_STEP);
    let logs = model.shown_logs_mut();
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
    let logs = model.shown_logs_mut();
    let (jump, why) = match intent {
        Intent::NextMatch => (logs.next_match(), NO_MATCH),
        Intent::PreviousMatch => (logs.prev_match(), NO_MATCH),
        Intent::NextError => (logs.next_error(), NO_ERROR),
        Intent::PreviousError => (logs.prev_error(), NO_ERROR),
        Intent::NextMark => (logs.next_mark(), "no line is marked; m marks one"),
        _ => return false,
    };
    tell(model, jump, why);
    true
}

/// How a jump went; `why` where it leads nowhere.
fn tell(model: &mut Model, jump: Jump, why: &'static str) {
    match jump {
        Jump::Looking => say(model, Severity::Note, LOOKING),
        Jump::Nowhere => say(model, Severity::Note, why),
        Jump::Wrapped => say(model, Severity::Note, "went round the end"),
        Jump::Moved => {}
    }
}

/// What is kept and marked, and back; `false` when it is none of it.
fn keeps(model: &mut Model, intent: Intent) -> bool {
    let logs = model.shown_logs_mut();
    match intent {
        Intent::Mark => logs.toggle_mark(),
        Intent::Level => next_level(model),
        Intent::Attention => logs.attention_only(),
        Intent::Hidden => toggle_hidden(model),
        Intent::Fold => logs.toggle_fold(),
        Intent::Request if !logs.toggle_request() => {
            let why = "this entry names no request; errors and JSON lines mostly do";
            say(model, Severity::Note, why);
        }
        Intent::Request => {
            if logs.filter().request.as_ref().is_some_and(Request::is_part) {
                say(model, Severity::Note, "a large request: some of its lines may be missing");
            }
        }
        Intent::Back if older::stop(model) => {}
        Intent::Back if lead::is_at_door(model) => return false,
        // What was said of a pattern goes with it.
        Intent::Back if model.logs.peel() => model.notice = None,
        // Entries that are folded, and what is left of visits of which there were too many.
        Intent::Back if !model.logs.filter().is_all() => {
            model.logs.clear_filter();
            model.notice = None;
        }
        _ => return false,
    }
    true
}

/// `v`: says so where it hides nothing of what is there.
fn next_level(model: &mut Model) {
    let logs = model.shown_logs_mut();
    let hides = logs.cycle_level();
    let level = logs.filter().min_level;
    if let Some(level) = level.filter(|_| !hides) {
        say(
            model,
            Severity::Note,
            format!("{}: that hides none of the lines shown", level.and_worse()),
        );
    }
}

/// `x`: says what it did, since on a screen full of lines that is not plain to see.
fn toggle_hidden(model: &mut Model) {
    let toggled = model.shown_logs_mut().toggle_hidden();
    let key = |intent| model.keymap.label(intent);
    let (hide, follow, filter) = (key(Intent::Hidden), key(Intent::Follow), key(Intent::Filter));
    let text = match toggled {
        Toggled::Shown { detached: true } => {
            format!("stopped at the last line kept, all lines round it shown; {hide} back, {follow} follows")
        }
        Toggled::Shown { detached: false } => format!("all lines shown, those kept stand out; {hide} back"),
        Toggled::Hidden if model.shown_logs().is_following() => "only what is asked for".to_owned(),
        Toggled::Hidden => format!("only what is asked for; {follow} follows"),
        Toggled::NothingHidden if model.shown_logs().searched().is_some() => {
            format!("a search hides no line; {filter} keeps only those that match")
        }
        Toggled::NothingHidden => format!("no line is hidden; {filter} hides those that do not match"),
    };
    say(model, Severity::Note, text);
}

fn dialog_of(model: &mut Model, intent: Intent) -> Option<Vec<Effect>> {
    match intent {
        Intent::Search => Some(dialogs::prompt(model, Purpose::Search, "")),
        Intent::Filter => {
            let typed = |pattern: &Pattern| format!("{}{}", if pattern.is_inverse() { "!" } else { "" }, pattern.text());
            let before = model.shown_logs().filter().pattern.as_ref().map(typed).unwrap_or_default();
            Some(dialogs::prompt(model, Purpose::Filter, &before))
        }
        Intent::LiveTail => Some(live::toggle(model)),
        Intent::Insights => Some(insights::toggle(model)),
        Intent::ErrorShapes => Some(shapes::open(model)),
        Intent::Source => Some(sources::open(model)),
        Intent::Earlier | Intent::Later | Intent::Narrower | Intent::Wider => Some(older::on_window(model, intent)),
        Intent::Json => Some(entry::json(model)),
        Intent::GotoTime => Some(dialogs::prompt(model, Purpose::GotoTime, "")),
        Intent::Enter | Intent::Describe => Some(entry::whole_entry(model)),
        _ => None,
    }
}

/// Text typed for the log screen.
pub(super) fn take_prompt(model: &mut Model, purpose: Purpose, text: &str) -> Result<Vec<Effect>, String> {
    if matches!(purpose, Purpose::Search | Purpose::Filter) {
        let pattern = text.strip_prefix('!').filter(|_| purpose == Purpose::Filter).unwrap_or(text);
        if Pattern::spans_lines(pattern) {
            return Err("a pattern can not span lines: leave the newline out".to_owned());
        }
        remember(model, text);
    }
    match purpose {
        Purpose::Search => {
            let logs = model.shown_logs_mut();
            logs.search(text);
            // At the end of the log all matches are above.
            if logs.is_following() {
                logs.next_match();
            }
            let fell_back = model.shown_logs().searched().is_some_and(Pattern::is_literal_fallback);
            tell_fallback(model, fell_back);
        }
        Purpose::Filter => {
            model.shown_logs_mut().filter_by(text);
            let fell_back = model
                .shown_logs()
                .filter()
                .pattern
                .as_ref()
                .is_some_and(Pattern::is_literal_fallback);
            tell_fallback(model, fell_back);
        }
        Purpose::GotoTime => {
            let at = parse_time(text, model.now.wall, &model.typing_zone())?;
            let mut effects = older::go_to(model, at);
            effects.extend(scans(model));
            return Ok(effects);
        }
        Purpose::Arm | Purpose::Rows | Purpose::Certificate | Purpose::Parameters => {}
    }
    Ok(scans(model))
}

/// Keeps a pattern for the next prompt.
fn remember(model: &mut Model, text: &str) {
    if !text.is_empty() {
        model.patterns.retain(|known| known != text);
        model.patterns.push(text.to_owned());
        let over = model.patterns.len().saturating_sub(MAX_PATTERNS);
        model.patterns.drain(..over);
    }
}

fn tell_fallback(model: &mut Model, fell_back: bool) {
    if fell_back {
        say(model, Severity::Warning, "not a valid regular expression: looked for as plain text");
    }
}
