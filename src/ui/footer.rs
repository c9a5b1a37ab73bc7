//! The last line: keys of this screen by worth, or the notice while there is one.

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
    available::has_object,
    health::Severity,
    keymap::{Binding, Intent, Kind},
    model::{Model, Notice},
    screen::{ScreenId, deploy::Stage},
    update::form_key,
};

/// Always in sight, at the right end.
const KEPT: [Intent; 2] = [Intent::Palette, Intent::Help];

/// First where they are offered: out of what holds up everything; and on Logs what one comes there for.
const FIRST: [Intent; 6] = [
    Intent::WaysOut,
    Intent::Search,
    Intent::Filter,
    Intent::NextError,
    Intent::LiveTail,
    Intent::Insights,
];

/// Keys of the form, which takes every other key as text.
const FORM: [(&str, &str); 2] = [("Tab", "next"), ("←→", "choose")];

/// Intents that can be had in it, by their keys with Ctrl.
const IN_FORM: [(Intent, &str); 4] = [
    (Intent::Checks, "checks"),
    (Intent::Load, "load"),
    (Intent::Save, "save"),
    (Intent::Anew, "anew"),
];

/// A key with its word.
struct Hint {
    key: String,
    word: &'static str,
    is_live: bool,
}

impl Hint {
    fn width(&self) -> usize {
        cut::width(&self.key) + 1 + cut::width(self.word) + 2
    }

    fn spans(self, side: &Side<'_>) -> [Span<'static>; 3] {
        let role = if self.is_live { Role::Key } else { Role::Dim };
        [
            Span::styled(self.key, side.theme.style(role)),
            Span::styled(format!(" {}", self.word), side.theme.style(Role::Dim)),
            Span::raw("  "),
        ]
    }
}

/// Draws the line.
pub(super) fn draw(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let room = usize::from(area.width).saturating_sub(1);
    let mut spans = vec![Span::raw(" ")];
    let is_form = model.screen == ScreenId::Deploy && matches!(model.deploy, Stage::Form(_));
    if let Some(notice) = &model.notice {
        spans.push(note(side, notice, room));
    } else if is_form {
        let fixed = FORM.into_iter().map(|(key, word)| (key.to_owned(), word));
        let bound = IN_FORM.into_iter().map(|(intent, word)| (form_key(model, intent), word));
        let last = [("Esc".to_owned(), "leave")];
        let all = fixed.chain(bound.filter(|(key, _)| !key.is_empty())).chain(last);
        let form = all.map(|(key, word)| Hint {
            key,
            word,
            is_live: model.dialog.is_none(),
        });
        spans.extend(fitting(form, room).into_iter().flat_map(|h| h.spans(side)));
    } else {
        spans.extend(keys(model, side, room));
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}

fn note(side: &Side<'_>, notice: &Notice, room: usize) -> Span<'static> {
    let (sign, role) = match notice.severity {
        Severity::Note => ("", Role::Text),
        severity @ Severity::Warning => ("! ", theme::of_severity(severity)),
        severity @ Severity::Bad => ("✗ ", theme::of_severity(severity)),
    };
    let text = cut::end(&format!("{sign}{}", notice.text), room).into_owned();
    Span::styled(text, side.theme.style(role))
}

fn keys(model: &Model, side: &Side<'_>, room: usize) -> Vec<Span<'static>> {
    let kept: Vec<Hint> = KEPT.iter().filter_map(|i| hint(model, i.binding())).collect();
    let kept_width: usize = kept.iter().map(Hint::width).sum();
    // The screen's own keys first: those that work everywhere are in everybody's fingers sooner.
    let mut rest: Vec<_> = model.keymap.available(model.screen).filter(|b| !KEPT.contains(&b.intent)).collect();
    rest.retain(|b| has_object(model, b.intent));
    // What is over is not acted on.
    if model.span.is_some() {
        rest.retain(|b| !matches!(b.kind, Kind::Write | Kind::Money));
    }
    let is_first = |i: Intent| i == Intent::WaysOut || model.screen == ScreenId::Logs;
    let first = |b: &Binding| FIRST.iter().position(|i| *i == b.intent && is_first(*i));
    rest.sort_by_key(|b| (first(b).unwrap_or(FIRST.len()), b.screens.is_empty()));
    // Where nothing has ever been answered, only what goes on from there; the log may be all that one may read.
    let stack = &model.feeds.stack;
    let has_lines = model.screen == ScreenId::Logs && !model.shown_logs().lines().is_empty();
    if !has_lines && stack.get().is_none() && (stack.fault.is_some() || model.credentials_fault().is_some()) {
        rest.retain(|b| matches!(b.intent, Intent::Places | Intent::Refresh));
    }
    let left = fitting(rest.into_iter().filter_map(|b| hint(model, b)), room.saturating_sub(kept_width));
    let gap = room.saturating_sub(kept_width + left.iter().map(Hint::width).sum::<usize>());
    let mut spans: Vec<_> = left.into_iter().flat_map(|h| h.spans(side)).collect();
    spans.push(Span::raw(" ".repeat(gap)));
    spans.extend(kept.into_iter().flat_map(|h| h.spans(side)));
    spans
}

/// Hints from the front, as many as fit.
fn fitting(hints: impl Iterator<Item = Hint>, room: usize) -> Vec<Hint> {
    let mut left = room;
    hints
        .take_while(|h| {
            let fits = h.width() <= left;
            left = left.saturating_sub(h.width());
            fits
        })
        .collect()
}

/// The hint of a binding with a footer word and a key. It is dimmed where it would be refused or not heard.
fn hint(model: &Model, binding: &'static Binding) -> Option<Hint> {
    let key = model.keymap.label(binding.intent);
    let is_refused = matches!(binding.kind, Kind::Write | Kind::Money) && model.guard.refusal(model.now).is_some();
    let word = match binding.intent {
        // On other screens lists are short.
        Intent::NextError if model.screen == ScreenId::Logs => "next error",
        _ => binding.footer,
    };
    (!word.is_empty() && !key.is_empty()).then_some(Hint {
        key,
        word,
        is_live: !is_refused && model.dialog.is_none(),
    })
}
