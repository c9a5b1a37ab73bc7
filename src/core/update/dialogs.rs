//! Keys inside dialogs. Under a dialog nothing else is reached; a key that was pressed before the
//! dialog was drawn does not count.

use crate::layout;

use super::{
    acting, certificate, complain, deploying, dns, entry, form, insights, keys, leftovers, live, logs, overriding, places, say, shapes,
    sources, steering, testimage, throughput, ways,
};
use crate::cloud::Change;
use crate::core::{
    dialog::{Act, Confirm, Countdown, Detail, Dialog, Focus, Json, Menu, Offers, Palette, Prompt, Purpose, Scroll, Skip, can_pay},
    effect::Effect,
    field::TextField,
    guard::{ARMED_FOR, Consent},
    health::Severity,
    key::{Code, Key},
    keymap::{Binding, Intent, KEYMAP},
    model::Model,
    screen::{
        ScreenId,
        access::{self, Row},
        deploy::Stage,
    },
    text::SafeText,
};

/// Opens a dialog; it takes keys once it has been drawn.
pub(super) fn open(model: &mut Model, dialog: Dialog) -> Vec<Effect> {
    model.dialog = Some(dialog);
    model.is_dialog_seen = false;
    // What was said of the dialog before is not about this one.
    model.notice = None;
    Vec::new()
}

/// Shows a value as JSON, pretty and from its top.
pub(super) fn open_json(model: &mut Model, title: SafeText, value: serde_json::Value) -> Vec<Effect> {
    open(model, Dialog::Json(Json::new(title, value)))
}

pub(super) fn close(model: &mut Model) -> Vec<Effect> {
    model.dialog = None;
    model.is_dialog_seen = false;
    Vec::new()
}

/// A key while a dialog is open.
pub(super) fn on_key(model: &mut Model, key: Key) -> Vec<Effect> {
    let Some(dialog) = model.dialog.take() else { return Vec::new() };
    if !model.is_dialog_seen && !takes_keys_at_once(&dialog) {
        model.dialog = Some(dialog);
        return Vec::new();
    }
    match dialog {
        Dialog::Confirm(confirm) => on_confirm(model, confirm, key),
        Dialog::Countdown(_) => {
            say(model, Severity::Note, "stopped; nothing was sent");
            close(model)
        }
        Dialog::Scale(scale) => acting::on_scale_key(model, scale, key),
        Dialog::Prompt(prompt) => on_prompt(model, prompt, key),
        Dialog::Palette(palette) => on_palette(model, palette, key),
        Dialog::Help(scroll) => on_scroll(model, key, scroll, Dialog::Help),
        Dialog::Errors(scroll) => on_scroll(model, key, scroll, Dialog::Errors),
        Dialog::Detail(detail) => on_detail(model, detail, key),
        Dialog::Json(json) => on_json(model, json, key),
        Dialog::Shapes(chosen) => shapes::on_key(model, chosen, key),
        Dialog::Sources(picker) => sources::on_key(model, picker, key),
        Dialog::Menu(menu) => on_menu(model, menu, key),
        Dialog::Skip(skip) => on_skip(model, skip, key),
        Dialog::Leftovers(chosen) => leftovers::on_key(model, chosen, key),
        Dialog::Places(picker) => places::on_key(model, picker, key),
        Dialog::Insights(dialog) => insights::on_key(model, dialog, key),
        Dialog::Image(image) => testimage::on_key(model, image, key),
        Dialog::Dns(dialog) => dns::on_key(model, dialog, key),
        Dialog::Buy(dialog) => throughput::on_key(model, dialog, key),
        Dialog::Checks(checks) => form::on_checks_key(model, checks, key),
    }
}

/// What changes only what is looked at may be typed ahead.
fn takes_keys_at_once(dialog: &Dialog) -> bool {
    matches!(
        dialog,
        Dialog::Prompt(_) | Dialog::Palette(_) | Dialog::Places(_) | Dialog::Sources(_)
    )
}

/// Pasted text goes into text fields only, one line of it: of further ones it is said that they were left out.
pub(super) fn on_paste(model: &mut Model, text: &str) -> Vec<Effect> {
    model.notice = None;
    let left_out = match &mut model.dialog {
        // A line of its own above what is typed says it.
        Some(Dialog::Prompt(prompt)) => {
            paste_into(prompt, text);
            0
        }
        Some(Dialog::Dns(it)) if it.purpose == access::Purpose::Lead && it.awaiting.is_none() => it.name.paste(text),
        Some(Dialog::Buy(it)) if it.row == Row::Name => it.name.paste(text),
        Some(Dialog::Palette(p)) => p.field.paste(text),
        Some(Dialog::Places(p)) if p.going.is_none() => p.field.paste(text),
        Some(Dialog::Sources(p)) if p.is_typing => p.field.paste(text),
        Some(Dialog::Insights(dialog)) if dialog.focus == Focus::Field => dialog.window.paste(text),
        Some(Dialog::Image(image)) if image.on_prompt && image.run.is_none() => image.prompt.paste(text),
        // What must be typed must be typed.
        Some(Dialog::Confirm(confirm)) => {
            confirm.was_pasted = confirm.focus == Focus::Field;
            0
        }
        Some(_) => 0,
        None => match &mut model.deploy {
            // It is typed into only where it is seen.
            Stage::Form(form) if model.screen == ScreenId::Deploy => form.text_mut().map_or(0, |field| field.paste(text)),
            _ => 0,
        },
    };
    if left_out > 0 {
        say(model, Severity::Warning, left_out_words(left_out));
    }
    Vec::new()
}

/// That of pasted text only the first line was taken.
fn left_out_words(lines: usize) -> String {
    let plural = if lines == 1 { "" } else { "s" };
    format!("only the first line was pasted; {lines} further line{plural} left out")
}

/// A pattern of several lines would match nothing, and its first line alone is another pattern.
fn paste_into(prompt: &mut Prompt, text: &str) {
    let text = text.trim_matches(['\n', '\r']);
    let is_pattern = matches!(prompt.purpose, Purpose::Search | Purpose::Filter | Purpose::Rows);
    if is_pattern && text.contains(['\n', '\r']) {
        let why = "not pasted: it spans lines, and a pattern is looked for in one line at a time";
        prompt.error = Some(why.into());
        return;
    }
    let left_out = prompt.field.paste(text);
    prompt.error = (left_out > 0).then(|| left_out_words(left_out).into());
}

/// Sends what was confirmed.
pub(super) fn send(model: &mut Model, changes: Vec<Change>, way: Option<crate::core::unstick::Way>, consent: Consent) -> Vec<Effect> {
    let rests = ways::at_rest(model, way, &changes);
    match model.guard.approve(changes, model.now, consent) {
        Ok(approved) => {
            let approved = approved.while_rests(rests);
            model.writes += approved.changes().len();
            model.executing = approved
                .changes()
                .iter()
                .find_map(Change::executed)
                .cloned()
                .or(model.executing.take());
            vec![Effect::Change(approved)]
        }
        Err(fault) => {
            complain(model, fault);
            Vec::new()
        }
    }
}

fn on_confirm(model: &mut Model, mut confirm: Confirm, key: Key) -> Vec<Effect> {
    let is_typing = confirm.focus == Focus::Field;
    if key.ctrl && model.deploy.form().is_some() && model.keymap.resolve(model.screen, key) == Some(Intent::Checks) {
        return form::show_checks_over(model, confirm);
    }
    let yes = match key.code {
        Code::Esc => return declined(model, &confirm),
        Code::Enter if confirm.focus == Focus::Yes => true,
        // In a field that waits for a name, Enter goes on to the button once the name is right.
        Code::Enter if is_typing && confirm.is_unlocked() => {
            confirm.focus = Focus::Yes;
            false
        }
        Code::Enter if is_typing => false,
        Code::Enter => return declined(model, &confirm),
        Code::Left | Code::Right if is_typing && confirm.typed.as_ref().is_some_and(|(_, field)| !field.text().is_empty()) => {
            if let Some((_, field)) = &mut confirm.typed {
                field.key(key);
            }
            false
        }
        Code::Tab | Code::BackTab | Code::Left | Code::Right => {
            confirm.step(matches!(key.code, Code::BackTab | Code::Left));
            false
        }
        _ => {
            if let (Some((_, field)), true) = (&mut confirm.typed, is_typing) {
                field.key(key);
                confirm.was_pasted = false;
                false
            } else {
                match key.typed() {
                    Some('n' | 'q') => return declined(model, &confirm),
                    Some('y') => confirm.is_unlocked(),
                    _ => false,
                }
            }
        }
    };
    // The dialog says it where its button is.
    let can_say_so = !confirm.is_paid() || (can_pay(model.size) && layout::shows_whole(&confirm, model.size));
    let yes = yes && can_say_so;
    if yes && confirm.spends == Some(Intent::LiveTail) {
        return live::begin(model);
    }
    if let (true, true, Some(check)) = (yes, confirm.is_unlocked(), confirm.overrides) {
        close(model);
        return overriding::take(model, check);
    }
    if yes && confirm.is_unlocked() {
        return approved(model, confirm);
    }
    model.dialog = Some(Dialog::Confirm(confirm));
    Vec::new()
}

/// Yes was said: sends what was asked about, unless the facts have closed it meanwhile.
fn approved(model: &mut Model, confirm: Confirm) -> Vec<Effect> {
    if let Some(why) = ways::closed(model, confirm.way, &confirm.changes) {
        return deploying::refuse(model, &confirm, &why);
    }
    let effects = send(model, confirm.changes.clone(), confirm.way, Consent::given());
    if !effects.is_empty() {
        leftovers::on_sent(model, &confirm.changes, confirm.typed.map(|(name, _)| name));
    }
    effects
}

/// No was said: whoever came from a list comes back to it.
fn declined(model: &mut Model, confirm: &Confirm) -> Vec<Effect> {
    cancelled(model);
    leftovers::on_declined(model, &confirm.changes);
    Vec::new()
}

/// Says that nothing was sent, or executed of a plan that was, and closes.
pub(super) fn cancelled(model: &mut Model) -> Vec<Effect> {
    let words = if matches!(model.deploy, Stage::Plan(_)) {
        "cancelled; nothing was executed, and the plan stays"
    } else {
        "cancelled; nothing was sent"
    };
    say(model, Severity::Note, words);
    close(model)
}

/// A countdown that ran out acts.
pub(super) fn on_tick(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Countdown(countdown)) = &model.dialog else {
        return Vec::new();
    };
    if layout::is_too_small(model.size) {
        say(
            model,
            Severity::Warning,
            "stopped: the terminal became too small to show it; nothing was sent",
        );
        return close(model);
    }
    model.is_dirty = true;
    // It must have been seen for its whole time.
    if countdown.until > model.now.mono || !model.is_dialog_seen {
        return Vec::new();
    }
    let changes = countdown.changes.clone();
    close(model);
    if let Some(why) = ways::closed(model, None, &changes) {
        return ways::refuse(model, &why);
    }
    send(model, changes, None, Consent::given())
}

/// Opens a countdown of three seconds.
pub(super) fn count_down(model: &mut Model, title: String, lines: Vec<String>, changes: Vec<Change>) -> Vec<Effect> {
    let until = model.now.mono + 3_000;
    let lines = lines.into_iter().map(Into::into).collect();
    open(
        model,
        Dialog::Countdown(Countdown {
            title: title.into(),
            lines,
            until,
            changes,
        }),
    )
}

fn on_prompt(model: &mut Model, mut prompt: Prompt, key: Key) -> Vec<Effect> {
    match key.code {
        Code::Esc => return close(model),
        Code::Enter => return take_prompt(model, prompt),
        Code::Tab if matches!(prompt.purpose, Purpose::Search | Purpose::Filter) => {
            prompt.purpose = if prompt.purpose == Purpose::Search {
                Purpose::Filter
            } else {
                Purpose::Search
            };
        }
        Code::Up | Code::Down if matches!(prompt.purpose, Purpose::Search | Purpose::Filter) => {
            prompt.back = match key.code {
                Code::Up => (prompt.back + 1).min(model.patterns.len()),
                _ => prompt.back.saturating_sub(1),
            };
            let before = model.patterns.iter().rev().nth(prompt.back.wrapping_sub(1));
            prompt.field = TextField::with(before.map_or("", String::as_str));
        }
        _ => {
            prompt.field.key(key);
            prompt.error = None;
        }
    }
    model.dialog = Some(Dialog::Prompt(prompt));
    Vec::new()
}

fn take_prompt(model: &mut Model, mut prompt: Prompt) -> Vec<Effect> {
    if prompt.purpose == Purpose::Certificate {
        return certificate::take(model, prompt);
    }
    let text = prompt.field.text().to_owned();
    let outcome = match prompt.purpose {
        Purpose::Arm => arm(model, &text).map(|()| Vec::new()),
        Purpose::Rows => {
            model.row_filter = (!text.is_empty()).then(|| text.as_str().into());
            Ok(Vec::new())
        }
        Purpose::Parameters => Ok(form::read_file(&text)),
        Purpose::GotoTime if model.screen == ScreenId::Deploy => steering::go_to(model, &text),
        Purpose::Certificate | Purpose::Search | Purpose::Filter | Purpose::GotoTime => logs::take_prompt(model, prompt.purpose, &text),
    };
    match outcome {
        Ok(effects) => {
            close(model);
            effects
        }
        Err(why) => {
            prompt.error = Some(why.into());
            model.dialog = Some(Dialog::Prompt(prompt));
            Vec::new()
        }
    }
}

fn arm(model: &mut Model, typed: &str) -> Result<(), String> {
    if model.about.profile != *typed {
        return Err(format!("type the profile's name, {}, to arm it", model.about.profile));
    }
    model.guard.armed_until = Some(model.now.mono + ARMED_FOR);
    say(model, Severity::Warning, "armed for 5 minutes: writes are possible");
    Ok(())
}

/// Rows of the palette that match what was typed.
pub fn palette_rows(model: &Model, palette: &Palette) -> Vec<&'static Binding> {
    let words: Vec<String> = palette.field.text().to_lowercase().split_whitespace().map(str::to_owned).collect();
    KEYMAP
        .iter()
        .filter(|b| b.is_on(model.screen) || b.keys.is_empty())
        .filter(|b| {
            let text = format!("{} {}", b.intent, b.help).to_lowercase();
            words.iter().all(|w| text.contains(w.as_str()))
        })
        .collect()
}

fn on_palette(model: &mut Model, mut palette: Palette, key: Key) -> Vec<Effect> {
    let rows = palette_rows(model, &palette);
    match key.code {
        Code::Esc => return close(model),
        Code::Enter => {
            let chosen = rows.get(palette.selected).map(|b| b.intent);
            close(model);
            return chosen.map_or_else(Vec::new, |intent| keys::obey(model, intent));
        }
        Code::Up => palette.selected = palette.selected.saturating_sub(1),
        Code::Down => palette.selected = (palette.selected + 1).min(rows.len().saturating_sub(1)),
        _ => {
            if palette.field.key(key) {
                palette.selected = 0;
            }
        }
    }
    model.dialog = Some(Dialog::Palette(palette));
    Vec::new()
}

fn on_scroll(model: &mut Model, key: Key, mut scroll: Scroll, back: fn(Scroll) -> Dialog) -> Vec<Effect> {
    if !scrolled(model, key, &mut scroll) {
        return close(model);
    }
    // Neither list has more rows than this; the view stops at the end of what it draws.
    let most = model.errors.len().max(KEYMAP.len()) * 3;
    scroll.top = scroll.top.min(most);
    model.dialog = Some(back(scroll));
    Vec::new()
}

/// Scrolls a text; false when the key closes it.
pub(super) fn scrolled(model: &Model, key: Key, scroll: &mut Scroll) -> bool {
    let page = usize::from(model.size.height).saturating_sub(6).max(1);
    match model.keymap.resolve(model.screen, key) {
        Some(Intent::Down) => scroll.top += 1,
        Some(Intent::Up) => scroll.top = scroll.top.saturating_sub(1),
        Some(Intent::PageDown | Intent::HalfDown | Intent::LogPageDown) => scroll.top += page,
        Some(Intent::PageUp | Intent::HalfUp | Intent::LogPageUp) => scroll.top = scroll.top.saturating_sub(page),
        Some(Intent::Top) => scroll.top = 0,
        Some(Intent::Bottom) => scroll.top = usize::MAX / 2,
        Some(Intent::Back | Intent::Enter | Intent::Help | Intent::Errors | Intent::Interrupt | Intent::Describe | Intent::Checks) => {
            return false;
        }
        _ => {}
    }
    true
}

fn on_detail(model: &mut Model, mut detail: Detail, key: Key) -> Vec<Effect> {
    if matches!(model.keymap.resolve(model.screen, key), Some(Intent::Copy | Intent::CopyArn)) {
        let text = detail.lines.iter().map(SafeText::as_str).collect::<Vec<_>>().join("\n");
        model.dialog = Some(Dialog::Detail(detail));
        return vec![Effect::Copy(keys::lines_for_clipboard(&text))];
    }
    if !scrolled(model, key, &mut detail.scroll) {
        return close(model);
    }
    let (cells, room) = layout::text_room(model.size);
    let rows = layout::detail_rows(&detail, cells).count();
    detail.scroll.top = detail.scroll.top.min(rows.saturating_sub(room));
    model.dialog = Some(Dialog::Detail(detail));
    Vec::new()
}

fn on_json(model: &mut Model, mut json: Json, key: Key) -> Vec<Effect> {
    let mut effects = Vec::new();
    match model.keymap.resolve(model.screen, key) {
        Some(Intent::Copy | Intent::CopyArn) => effects.push(Effect::Copy(json.text().clone())),
        Some(Intent::Json) => json.toggle(),
        _ if !scrolled(model, key, &mut json.scroll) => return close(model),
        _ => {}
    }
    let (cells, room) = layout::text_room(model.size);
    let rows = layout::json_rows(&json, cells).count();
    json.scroll.top = json.scroll.top.min(rows.saturating_sub(room));
    model.dialog = Some(Dialog::Json(json));
    effects
}

fn on_menu(model: &mut Model, mut menu: Menu, key: Key) -> Vec<Effect> {
    match model.keymap.resolve(model.screen, key) {
        Some(Intent::Down | Intent::NextPanel) => menu.selected = (menu.selected + 1).min(menu.ways.len().saturating_sub(1)),
        Some(Intent::Up | Intent::PreviousPanel) => menu.selected = menu.selected.saturating_sub(1),
        Some(Intent::Back) => return close(model),
        // A second Ctrl-C detaches and leaves: the operation goes on without us.
        Some(Intent::Interrupt) if menu.ways.iter().any(|way| way.act == Act::Detach) => return vec![Effect::Detach(130)],
        Some(Intent::Interrupt) if menu.of == Offers::Out => {
            close(model);
            return keys::obey(model, Intent::Interrupt);
        }
        Some(Intent::Interrupt) => return close(model),
        Some(Intent::Enter) => {
            let way = menu.ways.get(menu.selected);
            if let Some(why) = way.and_then(|w| w.closed.clone()) {
                say(model, Severity::Warning, why);
                model.dialog = Some(Dialog::Menu(menu));
                return Vec::new();
            }
            let act = way.map(|w| w.act.clone());
            close(model);
            return match act {
                Some(Act::Way(way)) => ways::take(model, way),
                Some(Act::Detach) => vec![Effect::Detach(0)],
                Some(Act::Intent(intent)) => keys::obey(model, intent),
                Some(Act::Save(format)) => entry::write(model, format),
                Some(Act::Stay) | None => Vec::new(),
            };
        }
        _ => {}
    }
    model.dialog = Some(Dialog::Menu(menu));
    Vec::new()
}

/// Space leaves a resource out, or not; Enter goes on to the question.
fn on_skip(model: &mut Model, mut skip: Skip, key: Key) -> Vec<Effect> {
    match (key.code, model.keymap.resolve(model.screen, key)) {
        (Code::Esc, _) | (_, Some(Intent::Back)) => return cancelled(model),
        (Code::Enter, _) => return ways::ask(model, skip.way, Some(skip.chosen())),
        (Code::Char(' '), _) => {
            if let Some((.., is_out)) = skip.rows.get_mut(skip.selected) {
                *is_out = !*is_out;
            }
        }
        (_, Some(Intent::Down | Intent::NextPanel)) => skip.selected = (skip.selected + 1).min(skip.rows.len().saturating_sub(1)),
        (_, Some(Intent::Up | Intent::PreviousPanel)) => skip.selected = skip.selected.saturating_sub(1),
        _ => {}
    }
    model.dialog = Some(Dialog::Skip(skip));
    Vec::new()
}

/// Opens a prompt, with what stands there already.
pub(super) fn prompt(model: &mut Model, purpose: Purpose, text: &str) -> Vec<Effect> {
    open(
        model,
        Dialog::Prompt(Prompt {
            purpose,
            field: TextField::with(text),
            error: None,
            back: 0,
        }),
    )
}
