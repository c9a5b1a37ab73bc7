//! The card of an operation: why it fails, what it left to be done, or what it has given.

use ratatui::text::Line;

use super::super::kit::{Pen, cut, left, wrap_ends, wrap_to};
use crate::{
    core::{
        available,
        cause::{self, Cause, Matter},
        fact::{CLUSTER, Stack},
        logline,
        model::Model,
        progress::Row,
        text::{SafeText, short_arns},
    },
    ui::theme::Role,
};

/// A card: its title with the colour, and its lines.
pub(super) type Card = ((String, Role), Vec<Line<'static>>);

/// The cause card when it fails; outputs and next steps when it went well.
pub(super) fn card(model: &Model, pen: Pen<'_>, stack: &Stack, (width, most): (usize, usize)) -> Option<Card> {
    let width = width.saturating_sub(2);
    // AWS's texts are long; how many of their rows have room, `most` tells.
    let rows = 4;
    if let Some(cause) = cause::find(model) {
        let keys = card_keys(model, stack, &cause);
        let role = role_of(&cause);
        return Some((
            (cause.matter.to_string(), role),
            cause_lines(pen, &cause, &keys, (width, rows, most)),
        ));
    }
    if !stack.status.is_success() {
        return None;
    }
    let mut lines = still_to_know(model, pen, width);
    lines.extend(
        stack
            .outputs
            .iter()
            .map(|o| Line::from(vec![pen.dim(left(&o.key, 24)), pen.text(cut(&o.value, width.saturating_sub(24)))])),
    );
    // The keys have a row of their own.
    let room = most.saturating_sub(1);
    if lines.len() > room {
        let hidden = lines.len() - room.saturating_sub(1);
        lines.truncate(room.saturating_sub(1));
        lines.push(pen.keys(&format!("… {hidden} more: [8]")));
    }
    lines.push(pen.keys("[o] open in the browser · [I] test image · [8] outputs and secrets"));
    Some((("Done".to_owned(), Role::Good), lines))
}

/// That no task is wanted; and what the operation let go of and did not delete, with its ids.
fn still_to_know(model: &Model, pen: Pen<'_>, width: usize) -> Vec<Line<'static>> {
    let words = |(row, id): (&Row, &SafeText)| format!("! the {}; :leftovers lists it", row.outside(id));
    let unwanted = model.live_stack().and_then(|_| model.unwanted()).map(|text| format!("! {text}"));
    let texts: Vec<String> = unwanted.into_iter().chain(model.progress.kept().map(words)).collect();
    let rows = texts.iter().flat_map(|text| wrap_to(text, width, 2));
    rows.map(|row| Line::from(pen.ink(Role::Warn, row))).collect()
}

/// Red is what fails; what is left to be done is no failure.
fn role_of(cause: &Cause) -> Role {
    match cause.matter {
        Matter::Cause => Role::Bad,
        Matter::LeftOut => Role::Warn,
    }
}

/// What leads on from a cause: logs and tasks only where there are any.
fn card_keys(model: &Model, stack: &Stack, cause: &Cause) -> String {
    let only = if stack.status.is_dead() { " (it can only be deleted)" } else { "" };
    let has_tasks = !model.is_hollow() && !model.is_missing(CLUSTER);
    let there = if has_tasks { "[L] logs · [3] tasks · " } else { "" };
    let out = match cause.matter {
        // What was rolled back waits for nobody.
        Matter::Cause if !available::is_stuck(model) => "[D] change and deploy again · ".to_owned(),
        Matter::Cause => format!("[R] ways out{only} · "),
        Matter::LeftOut => String::new(),
    };
    format!("{out}{there}[c] copy this card")
}

fn cause_lines(pen: Pen<'_>, cause: &Cause, keys: &str, (width, rows, most): (usize, usize, usize)) -> Vec<Line<'static>> {
    let labelled = |label: &str, lines: Vec<String>, role: Role| {
        let line = |(i, line)| Line::from(vec![pen.dim(left(if i == 0 { label } else { "" }, 9)), pen.ink(role, line)]);
        lines.into_iter().enumerate().map(line).collect::<Vec<_>>()
    };
    let wrapped = |text: &str, rows: usize| wrap_to(text, width.saturating_sub(9), rows);
    let mut end = labelled("so", wrapped(&short_arns(&cause.plain), 2), role_of(cause));
    // The title, a text of AWS and the keys have a row each, however small it is.
    let advice = most.saturating_sub(end.len() + 3).clamp(1, 4);
    end.extend(labelled("now", wrapped(&cause.advice, advice), Role::Accent));
    end.push(pen.keys(keys));
    let texts = texts(cause);
    let evidence = |label: &str, text: &str, rows: usize| wrap_ends(&said(label, text), width.saturating_sub(9), rows);
    let wanted = texts.iter().map(|(label, lines)| match lines[..] {
        [text] => evidence(label, text, rows).len(),
        // They have been chosen already.
        _ if *label == cause::LOG => lines.len(),
        _ => lines.len().min(rows),
    });
    let wanted: Vec<usize> = wanted.collect();
    let room = most.saturating_sub(end.len() + 1).max(1);
    let mut lines = vec![Line::from(pen.title(cut(&cause.title, width)))];
    for ((label, text), rows) in texts.into_iter().zip(shares(&wanted, room)) {
        let one = |line: &str| wrapped(&said(label, line), 1);
        let shown = match text[..] {
            _ if rows == 0 => continue,
            [text] => evidence(label, text, rows),
            _ if label == cause::LOG => cause::fitting(&text, rows).iter().flat_map(|line| one(line)).collect(),
            // The last ones say most.
            _ => text[text.len() - rows..].iter().flat_map(|line| one(line)).collect(),
        };
        lines.extend(labelled(label, shown, Role::Text));
    }
    lines.extend(end);
    lines
}

/// The evidence by its source. Several lines of one source are those of a log: one row each.
fn texts(cause: &Cause) -> Vec<(&'static str, Vec<&str>)> {
    let mut texts: Vec<(&str, Vec<&str>)> = Vec::new();
    // Rules and brackets of a log say nothing.
    let says = |label: &str, text: &str| label != cause::LOG || text.contains(char::is_alphanumeric);
    for (label, text) in cause.evidence.iter().filter(|(label, text)| says(label, text)) {
        match texts.last_mut() {
            Some((known, lines)) if *known == *label => lines.push(text),
            _ => texts.push((label, vec![text])),
        }
    }
    texts
}

/// A text of AWS as the card has it: the time of a log line takes the room of its words.
fn said(label: &str, text: &str) -> String {
    let lead = if label == cause::LOG { logline::lead(text) } else { 0 };
    short_arns(&text[lead..])
}

/// How many of `room` rows each text gets of those that it wants: first one for each, and the last texts come first, since
/// they are the nearest to the cause.
fn shares(wanted: &[usize], mut room: usize) -> Vec<usize> {
    let mut shares = vec![0; wanted.len()];
    for round in 1..=wanted.iter().copied().max().unwrap_or_default() {
        for (share, _) in shares.iter_mut().zip(wanted).rev().filter(|(_, wanted)| **wanted >= round) {
            if room > 0 {
                *share = round;
                room -= 1;
            }
        }
    }
    shares
}
