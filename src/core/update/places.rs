//! `P`: another profile, region or stack. The edge builds the new session; when it has come, everything that
//! was known of the old one is dropped, and its generation with it.

use strum::IntoEnumIterator;

use super::{dialogs, say, ticket};
use crate::{
    cloud::{About, Change, Query},
    core::{
        awscli,
        dialog::Dialog,
        effect::Effect,
        fact::{Fact, Millis, StackBrief},
        fault::{Fault, FaultKind},
        health::Severity,
        key::{Code, Key},
        model::Model,
        msg::Asked,
        place::{Arrival, Aspect, Picker},
        screen::deploy::Stage,
        settings::Settings,
        text::SafeText,
    },
};

/// Opens the picker; what it lists is asked for now.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let why = if model.writes > 0 {
        Some("a write is under way: wait for its answer before going elsewhere")
    } else if matches!(model.deploy, Stage::Planning(_) | Stage::Plan(_)) {
        Some("a plan is open: leave it first, so that it is removed from this account")
    } else {
        None
    };
    if let Some(why) = why {
        say(model, Severity::Warning, why);
        return Vec::new();
    }
    let ticket = ticket(model, Asked::Stacks);
    dialogs::open(model, Dialog::Places(Picker::default()));
    vec![Effect::Profiles, Effect::Ask(ticket, Query::Stacks)]
}

/// A key in the picker.
pub(super) fn on_key(model: &mut Model, mut picker: Picker, key: Key) -> Vec<Effect> {
    let rows = picker.rows(&model.about, &model.settings);
    match key.code {
        Code::Esc => return dialogs::close(model),
        // While a session is being built there is nothing to choose.
        _ if picker.going.is_some() => {}
        Code::Enter => {
            let chosen = rows.get(picker.selected);
            if chosen.is_some_and(|row| row.is_here) {
                return dialogs::close(model);
            }
            if let Some(row) = chosen {
                let place = picker.place(row);
                model.seq += 1;
                picker.going = Some(model.seq);
                picker.error = None;
                model.dialog = Some(Dialog::Places(picker));
                return vec![Effect::Go(model.seq, place)];
            }
        }
        Code::Left | Code::Right if !picker.field.text().is_empty() => _ = picker.field.key(key),
        Code::Tab | Code::Right => turn(&mut picker, 1),
        Code::BackTab | Code::Left => turn(&mut picker, 2),
        Code::Up => picker.selected = picker.selected.saturating_sub(1),
        Code::Down => picker.selected = (picker.selected + 1).min(rows.len().saturating_sub(1)),
        Code::PageUp | Code::Home => picker.selected = 0,
        Code::PageDown | Code::End => picker.selected = rows.len().saturating_sub(1),
        _ => {
            if picker.field.key(key) {
                picker.selected = 0;
            }
            picker.error = None;
        }
    }
    model.dialog = Some(Dialog::Places(picker));
    Vec::new()
}

fn turn(picker: &mut Picker, by: usize) {
    let all: Vec<Aspect> = Aspect::iter().collect();
    let here = all.iter().position(|a| *a == picker.aspect).unwrap_or(0);
    picker.aspect = all[(here + by) % all.len()];
    picker.field.clear();
    picker.selected = 0;
    picker.error = None;
}

/// The names of the profiles.
pub(super) fn on_profiles(model: &mut Model, answer: Result<Vec<SafeText>, Fault>) -> Vec<Effect> {
    if let Some(Dialog::Places(picker)) = &mut model.dialog {
        picker.profiles = Some(answer);
    }
    Vec::new()
}

/// The stacks of the account.
pub(super) fn on_stacks(model: &mut Model, answer: Result<Fact, Fault>) -> Vec<Effect> {
    let stacks: Result<Vec<StackBrief>, Fault> = answer.map(|fact| match fact {
        Fact::Stacks(stacks) => stacks,
        _ => Vec::new(),
    });
    if let Some(Dialog::Places(picker)) = &mut model.dialog {
        picker.stacks = Some(stacks);
    }
    Vec::new()
}

/// The new session has been built, or could not be.
pub(super) fn on_arrived(model: &mut Model, seq: u64, answer: Result<Box<Arrival>, Fault>) -> Vec<Effect> {
    if !model.is_going(seq) {
        return Vec::new();
    }
    match answer {
        Ok(arrival) => arrive(model, *arrival),
        Err(fault) => {
            if let Some(Dialog::Places(picker)) = &mut model.dialog {
                picker.going = None;
                picker.error = Some(fault.sentence().into());
            }
            super::record(model, fault);
            Vec::new()
        }
    }
}

/// A model that knows nothing of the new account but its name; what is the terminal's and the operator's stays.
fn arrive(model: &mut Model, arrival: Arrival) -> Vec<Effect> {
    let Arrival { about, settings, wall } = arrival;
    anew(model, about, settings, wall);
    let (profile, region, stack) = (&model.about.profile, &model.about.region, &model.settings.stack);
    let words = format!("now on {stack} in {region}, profile {profile}");
    say(model, Severity::Note, words);
    vec![Effect::Hide]
}

/// The credentials are of another account than before: nothing that is known, armed, asked or planned goes over to it.
pub(super) fn moved(model: &mut Model, was: &SafeText, is: &SafeText) -> Vec<Effect> {
    let (about, settings, wall) = (model.about.clone(), model.settings.clone(), model.now.wall);
    let goes_on = goes_on(model, was);
    let (errors, writes, live) = (std::mem::take(&mut model.errors), model.writes, model.live.take());
    let plan = plan_that_stays(model);
    anew(model, about, settings, wall);
    (model.errors, model.writes) = (errors, writes);
    let now = format!("the credentials are of account {is} now, not of {was}");
    let plan = plan.unwrap_or_default();
    let detail = match goes_on {
        Some(goes_on) => format!("{goes_on}; {now}{plan}"),
        None => format!("{now}: all that was open is dropped{plan}"),
    };
    super::complain(model, Fault::new(FaultKind::OtherAccount, "", "", &detail));
    live.map(|_| Effect::CloseLive).into_iter().chain([Effect::Hide]).collect()
}

/// What runs on the stack, or was begun from here and may run: it goes on though nobody follows it here any more, and how
/// it is followed. A clause.
fn goes_on(model: &Model, account: &SafeText) -> Option<String> {
    let status = model.stack().filter(|_| model.is_busy()).map(|s| s.status.0.as_str());
    let begun = model.operation.as_ref().filter(|_| model.has_acted).map(|it| it.verb);
    let what = match (status, begun) {
        (Some(status), _) if status.starts_with("DELETE_") => "deletion",
        (Some(status), _) if status.contains("ROLLBACK_") => "rollback",
        (Some(status), _) if status.starts_with("CREATE_") => "creation",
        (None, Some("create")) => "creation",
        (Some(_), _) | (None, Some("update")) => "update",
        // No plan tells what else AWS has taken from here, but that it has.
        _ if model.has_acted => "operation",
        _ => return None,
    };
    let (stack, region) = (&model.settings.stack, &model.about.region);
    let follow = model.reach().placed("`bic-tui deploy --watch`");
    // What was begun here and is not seen to run may be at its end.
    let runs = if status.is_some() { "goes on" } else { "was begun from here" };
    Some(format!(
        "the {what} of {stack} {runs} in account {account} ({region}): {follow} follows it with that account's credentials"
    ))
}

/// The plan of the account that is left, which nobody can remove from another one: a clause with the commands.
fn plan_that_stays(model: &mut Model) -> Option<String> {
    let ((stack, change_set), is_create) = match std::mem::take(&mut model.deploy) {
        Stage::Plan(plan) => ((plan.change_set.stack_id, plan.change_set.id), plan.is_create),
        Stage::Planning(it) => (it.change_set?, it.request.is_create),
        Stage::Rest | Stage::Form(_) => return None,
    };
    let removal = Change::DeleteChangeSet {
        stack: stack.clone(),
        change_set: change_set.clone(),
    };
    let empty = is_create.then_some(Change::DropEmptyStack { stack, change_set });
    let commands = [Some(removal), empty].into_iter().flatten();
    let commands: Vec<String> = commands
        .map(|change| format!("`{}`", awscli::command(&change, &model.about.region)))
        .collect();
    Some(format!(
        ", and the plan stays there until somebody removes it: {}",
        commands.join(", then ")
    ))
}

/// Forgets all that was asked of a cloud, and what is still to be answered.
pub(super) fn anew(model: &mut Model, about: About, settings: Settings, wall: Millis) {
    let mut new = Model::new(settings, about, model.keymap.clone(), model.template.clone());
    new.guard.generation = model.guard.generation + 1;
    new.guard.armed_until = None;
    new.seq = model.seq;
    new.now = model.now;
    new.now.wall = wall;
    new.size = model.size;
    new.zone = model.zone.clone();
    new.times = model.times;
    new.mouse = model.mouse;
    new.clipboard_until = model.clipboard_until;
    new.durations = model.durations.clone();
    new.own_tokens = std::mem::take(&mut model.own_tokens);
    new.live_session = model.live_session;
    *model = new;
}
