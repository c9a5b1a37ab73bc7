//! What the stack left behind: looked for in the background, listed, and removed one by one.

use super::{complain, deploying, dialogs, say, ticket};
use crate::{
    cloud::{Change, Done},
    core::{
        dialog::{Confirm, Dialog},
        effect::Effect,
        fact::{Fact, Leftover, LeftoverKind, Millis},
        fault::{Fault, FaultKind},
        health::Severity,
        key::Key,
        keymap::Intent,
        leftovers::{self, Board, Search},
        model::Model,
        msg::Asked,
        text::SafeText,
        when,
    },
};

/// When what is on its way out is looked at again, in milliseconds: at first, and at last, each pause twice the one before.
const LOOK_EVERY: (u64, u64) = (5_000, 60_000);

/// The newest search that was done.
pub(super) fn done(model: &Model) -> Option<&Search> {
    model.leftovers.last.as_ref()
}

/// Looks for what is left, unless that is under way.
pub(super) fn search(model: &mut Model) -> Vec<Effect> {
    if !model.leftovers.awaiting.is_empty() {
        return Vec::new();
    }
    let id = model.live_stack().map(|s| s.id.clone()).or_else(|| model.leftovers.stack.clone());
    let account = model.feeds.identity.get().map(|i| &i.account);
    let search = Search::new(&model.settings.stack, &model.about.region, account);
    let first = search.begin(id.as_ref());
    model.leftovers.search = Some(search);
    model.leftovers.due = u64::MAX;
    ask(model, vec![first])
}

fn ask(model: &mut Model, queries: Vec<crate::cloud::Query>) -> Vec<Effect> {
    let asked = queries.into_iter().map(|query| {
        let ticket = ticket(model, Asked::Leftovers);
        model.leftovers.awaiting.insert(ticket.seq, query.clone());
        Effect::Ask(ticket, query)
    });
    asked.collect()
}

/// The stack is seen to be gone: what did it leave?
pub(super) fn on_gone(model: &mut Model, stack: &SafeText) -> Vec<Effect> {
    // It has ended by now.
    model.notice.take_if(|it| *it.text == *deploying::DELETING);
    // What was known before is of a stack that was there.
    model.leftovers = Board {
        stack: Some(stack.clone()),
        ..Board::default()
    };
    // Of a recording nothing more can be asked.
    if model.span.is_some() { Vec::new() } else { search(model) }
}

/// An answer of the search.
pub(super) fn on_answer(model: &mut Model, seq: u64, answer: Result<Fact, Fault>) -> Vec<Effect> {
    let Some(query) = model.leftovers.awaiting.remove(&seq) else {
        return Vec::new();
    };
    if let Err(fault) = &answer
        && fault.kind != FaultKind::NotFound
    {
        super::record(model, fault.clone());
    }
    let now = model.now;
    let Some(search) = &mut model.leftovers.search else {
        return Vec::new();
    };
    let next = search.take(&query, answer, now);
    if !next.is_empty() {
        return ask(model, next);
    }
    if search.is_done() {
        finish(model);
    }
    Vec::new()
}

/// A search is whole: what went is told, and what shows it is drawn anew.
fn finish(model: &mut Model) {
    let Some(search) = model.leftovers.search.take() else { return };
    let left = search.left();
    let before: Vec<&Leftover> = model.leftovers.last.iter().flat_map(Search::left).collect();
    // What could not be looked at again is not known to be gone.
    let is_told = |id: &SafeText| before.iter().find(|it| it.id == *id).is_none_or(|it| search.tells(it));
    let is_there = |id: &SafeText| left.iter().any(|it| it.id == *id) || !is_told(id);
    let (still, gone): (Vec<_>, Vec<_>) = std::mem::take(&mut model.leftovers.removing)
        .into_iter()
        .partition(|(id, _)| is_there(id));
    model.leftovers.removing = still.into_iter().collect();
    if let Some((_, name)) = gone.first() {
        say(model, Severity::Note, format!("{name} is gone"));
    }
    if search.is_moving() || !model.leftovers.removing.is_empty() {
        let (first, last) = LOOK_EVERY;
        let pause = first << model.leftovers.looks.min(8);
        model.leftovers.due = model.now.mono + pause.min(last);
        model.leftovers.looks += 1;
    }
    model.leftovers.last = Some(search);
}

/// Looks again at what is on its way out, while somebody waits for it.
pub(super) fn on_tick(model: &mut Model) -> Vec<Effect> {
    let is_awaited = !model.leftovers.removing.is_empty() || matches!(model.dialog, Some(Dialog::Leftovers(_)));
    if is_awaited && model.leftovers.due <= model.now.mono {
        return search(model);
    }
    Vec::new()
}

/// What is not known of what stays: that it is being looked for, and what could not be looked at.
pub(super) fn missing(model: &Model) -> Vec<String> {
    let waits = (!model.leftovers.awaiting.is_empty()).then(|| "looking for backups, snapshots and secrets that stay…".to_owned());
    let unknown = done(model).map(Search::unknown).unwrap_or_default();
    let told = unknown.iter().map(|it| format!("not known: {}: {}", it.what, it.why));
    waits.into_iter().chain(told).collect()
}

/// Opens the list.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    dialogs::open(model, Dialog::Leftovers(None));
    search(model)
}

/// The row under the cursor of the list.
pub fn chosen(left: &[&Leftover], chosen: Option<&SafeText>) -> usize {
    left.iter().position(|it| chosen == Some(&it.id)).unwrap_or(0)
}

/// A key in the list.
pub(super) fn on_key(model: &mut Model, at: Option<SafeText>, key: Key) -> Vec<Effect> {
    let left: Vec<Leftover> = done(model).map(|s| s.left().into_iter().cloned().collect()).unwrap_or_default();
    let refs: Vec<&Leftover> = left.iter().collect();
    let here = chosen(&refs, at.as_ref());
    let last = left.len().saturating_sub(1);
    let go = |to: usize| left.get(to).map(|it| it.id.clone());
    let mut effects = Vec::new();
    let next = match model.keymap.resolve(model.screen, key) {
        Some(Intent::Down | Intent::NextPanel) => go((here + 1).min(last)),
        Some(Intent::Up | Intent::PreviousPanel) => go(here.saturating_sub(1)),
        Some(Intent::Top) => go(0),
        Some(Intent::Bottom) => go(last),
        Some(Intent::Back | Intent::Help) => return dialogs::close(model),
        Some(Intent::Refresh) => {
            effects = search(model);
            at
        }
        Some(Intent::Copy | Intent::CopyArn) => {
            effects.extend(left.get(here).map(|it| Effect::Copy(it.id.clone())));
            at
        }
        Some(Intent::Enter) => match left.get(here) {
            Some(it) => return remove(model, it, leftovers::names(&refs)[here].clone()),
            None => at,
        },
        _ => at,
    };
    model.dialog = Some(Dialog::Leftovers(next));
    effects
}

/// The question that removes one, with its typed name.
fn remove(model: &mut Model, it: &Leftover, name: SafeText) -> Vec<Effect> {
    let stay = |model: &mut Model, why: &str| {
        say(model, Severity::Warning, why);
        model.dialog = Some(Dialog::Leftovers(Some(it.id.clone())));
        Vec::new()
    };
    if let Some(why) = model.guard.refusal(model.now) {
        return stay(model, why);
    }
    if it.is_going() || model.leftovers.removing.contains_key(&it.id) {
        return stay(model, "it is being deleted already");
    }
    let Some(change) = leftovers::removal(it) else {
        return stay(model, "it is not removed from here");
    };
    let price = leftovers::price(&model.cost.prices, &model.about.region, it);
    // CloudFormation tells since when it has not had a thing any more, not since when it is there.
    let is_kept = matches!(it.kind, LeftoverKind::FileSystem | LeftoverKind::Resource);
    let made = it.made.map(|at| age(is_kept, model.now.wall - at)).unwrap_or_default();
    let mut confirm = Confirm::new(
        format!("Remove {name}?"),
        vec![format!("{}{made}; {}", leftovers::words(it), price.words)],
        "Remove",
        vec![change],
    );
    confirm.losses = vec![leftovers::loss(it.kind).into()];
    confirm.must_type(name);
    model.leftovers.asking = Some(it.id.clone());
    dialogs::open(model, Dialog::Confirm(confirm))
}

fn age(is_kept: bool, millis: Millis) -> String {
    let span = when::span(millis);
    if is_kept {
        format!(", left {span} ago")
    } else {
        format!(", {span} old")
    }
}

/// A removal was approved: the list is shown again, with what is on its way out.
pub(super) fn on_sent(model: &mut Model, changes: &[Change], name: Option<SafeText>) {
    let Some(id) = asked(model, changes) else { return };
    model.leftovers.looks = 0;
    model.leftovers.removing.insert(id.clone(), name.unwrap_or_else(|| id.clone()));
    dialogs::open(model, Dialog::Leftovers(Some(id)));
}

/// A removal was not approved: the list is shown again, and what is said of it stays.
pub(super) fn on_declined(model: &mut Model, changes: &[Change]) {
    let Some(id) = asked(model, changes) else { return };
    let notice = model.notice.take();
    dialogs::open(model, Dialog::Leftovers(Some(id)));
    model.notice = notice;
}

/// What the list has asked about, where that is what the changes remove.
fn asked(model: &mut Model, changes: &[Change]) -> Option<SafeText> {
    let asked = model.leftovers.asking.take()?;
    (changes.first().and_then(leftovers::removed) == Some(&asked)).then_some(asked)
}

/// AWS took a removal, or not.
pub(super) fn on_removed(model: &mut Model, change: &Change, answer: Result<Done, Fault>) -> Vec<Effect> {
    let Some(id) = leftovers::removed(change) else {
        return Vec::new();
    };
    match answer {
        // What is gone already is what was wanted.
        Err(fault) if fault.kind != FaultKind::NotFound => {
            model.leftovers.removing.remove(id);
            complain(
                model,
                Fault {
                    detail: hint(model, &fault),
                    ..fault
                },
            );
            Vec::new()
        }
        _ => search(model),
    }
}

/// AWS's reason, and what helps against it where that is known.
fn hint(model: &Model, fault: &Fault) -> SafeText {
    match leftovers::way_on(fault) {
        Some(way) => model
            .reach()
            .placed(&format!("{}. {way}", fault.detail.trim_end_matches('.')))
            .into(),
        None => fault.detail.clone(),
    }
}
