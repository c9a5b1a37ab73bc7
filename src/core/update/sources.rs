//! `u`: the picker of services, tasks and streams. The list goes on counting while it is open; the cursor stays on its
//! source.

use super::{dialogs, logs};
use crate::core::{
    dialog::Dialog,
    effect::Effect,
    field::TextField,
    key::{Code, Key},
    keymap::Intent,
    model::Model,
    sources::{self, Picker, Row, Source},
};

/// `u`: on what is shown now.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let picker = Picker {
        chosen: model.shown_logs().source(),
        field: TextField::default(),
        is_typing: false,
    };
    dialogs::open(model, Dialog::Sources(picker))
}

/// The rows of the picker.
pub fn rows(model: &Model, picker: &Picker) -> Vec<Row> {
    let tasks = model.feeds.tasks.get().map(Vec::as_slice);
    let listed = tasks.zip(model.feeds.tasks.taken_at());
    sources::rows(model.shown_logs().lines(), listed, &model.names(), picker.field.text())
}

/// The row of the chosen source; the first one where it is not in the list.
pub fn chosen(rows: &[Row], source: &Source) -> usize {
    rows.iter().position(|row| row.source == *source).unwrap_or(0)
}

/// A key in the picker.
pub(super) fn on_key(model: &mut Model, mut picker: Picker, key: Key) -> Vec<Effect> {
    let all = rows(model, &picker);
    let (here, last) = (chosen(&all, &picker.chosen), all.len().saturating_sub(1));
    let intent = model.keymap.resolve(model.screen, key);
    let page = usize::from(model.size.height / 2).max(1);
    let there = match (key.code, intent) {
        (Code::Esc, _) if picker.is_typing => {
            picker.field.clear();
            picker.is_typing = false;
            here
        }
        (Code::Esc, _) => return dialogs::close(model),
        (Code::Enter, _) => return take(model, all.get(here)),
        (Code::Up, _) => here.saturating_sub(1),
        (Code::Down, _) => here + 1,
        (Code::PageUp, _) => here.saturating_sub(page),
        (Code::PageDown, _) => here + page,
        _ if picker.is_typing => {
            picker.field.key(key);
            let all = rows(model, &picker);
            let here = chosen(&all, &picker.chosen);
            if let Some(row) = all.get(here) {
                picker.chosen = row.source.clone();
            }
            model.dialog = Some(Dialog::Sources(picker));
            return Vec::new();
        }
        // Round the end, as somebody does who presses it until the right one comes.
        (_, Some(Intent::Source)) => (here + 1) % all.len().max(1),
        (_, Some(Intent::Search)) => {
            picker.is_typing = true;
            here
        }
        (_, Some(Intent::Down)) => here + 1,
        (_, Some(Intent::Up)) => here.saturating_sub(1),
        (_, Some(Intent::HalfDown | Intent::PageDown | Intent::LogPageDown)) => here + page,
        (_, Some(Intent::HalfUp | Intent::PageUp | Intent::LogPageUp)) => here.saturating_sub(page),
        (_, Some(Intent::Top)) => 0,
        (_, Some(Intent::Bottom)) => last,
        (_, Some(Intent::Right)) => return take(model, all.get(here)),
        (_, Some(Intent::Back | Intent::Interrupt)) => return dialogs::close(model),
        _ => here,
    };
    if let Some(row) = all.get(there.min(last)) {
        picker.chosen = row.source.clone();
    }
    model.dialog = Some(Dialog::Sources(picker));
    Vec::new()
}

fn take(model: &mut Model, row: Option<&Row>) -> Vec<Effect> {
    dialogs::close(model);
    if let Some(row) = row {
        model.shown_logs_mut().only(row.source.clone());
    }
    logs::scans(model)
}
