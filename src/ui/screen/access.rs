//! The Access screen: outputs to copy and open, secrets masked until asked for.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
};

use super::{
    address,
    kit::{Pen, show, wrap_to},
    models, throughput,
};
use crate::{
    core::{
        keymap::Intent,
        model::Model,
        screen::{Panel, ScreenId},
        secret::{SecretRef, SecretText},
    },
    layout,
    ui::{
        Side,
        panel::{self, Head},
        table::{self, Rows},
        theme::Role,
    },
};

/// What stands for a secret that is not shown; always as long, so that it says nothing of the length.
const MASK: &str = "••••••••••••";

/// Draws the screen.
pub fn draw(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let draw = |panel, area, frame: &mut Frame<'_>| match panel {
        Panel::Secrets => draw_secrets(model, side, area, frame),
        Panel::Models => models::draw(model, side, area, frame),
        Panel::Address => address::draw(model, side, area, frame),
        Panel::Throughput => throughput::draw(model, side, area, frame),
        _ => draw_outputs(model, side, area, frame),
    };
    if model.is_zoomed {
        return draw(model.panel(), area, frame);
    }
    let shown = layout::panels(ScreenId::Access, model.panel(), area);
    let bottom = shown.iter().map(|(_, area)| area.bottom()).max().unwrap_or(area.top());
    for (panel, area) in &shown {
        draw(*panel, *area, frame);
    }
    let hidden = ScreenId::Access.panels().iter().filter(|p| shown.iter().all(|(s, _)| s != *p));
    let names: Vec<&str> = hidden.map(|p| p.title()).collect();
    if !names.is_empty() && bottom < area.bottom() {
        let below = Rect::new(area.x, bottom, area.width, 1);
        let hint = format!(" [{}] goes on to: {}", model.keymap.label(Intent::NextPanel), names.join(" · "));
        show(vec![Pen::of(side).keys(&hint)], below, frame);
    }
}

pub(super) fn cursor(model: &Model, panel: Panel) -> Option<usize> {
    (model.panel() == panel).then(|| model.cursor(panel))
}

fn draw_outputs(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let head = panel::head(model, side, "Outputs", &model.feeds.stack);
    let inner = panel::frame(model, side, Panel::Outputs, area, frame, head);
    if panel::empty_feed(model, side, &model.feeds.stack, inner, frame) {
        return;
    }
    let Some(stack) = model.live_stack() else {
        let why = format!(
            "There is no stack {} in {}, so it has no outputs.",
            model.settings.stack, model.about.region
        );
        return panel::empty(side, inner, frame, &why, "Press D to deploy it.");
    };
    if stack.outputs.is_empty() {
        let why = format!("{} has no outputs: it is {}.", stack.name, stack.status.0);
        return panel::empty(
            side,
            inner,
            frame,
            &why,
            "They come when the stack is complete; press 2 to follow it.",
        );
    }
    let [list, keys] = Layout::vertical([Constraint::Fill(1), Constraint::Length(1)]).areas(inner);
    let columns = [
        Constraint::Length(24),
        Constraint::Fill(3),
        Constraint::Fill(if inner.width >= 110 { 2 } else { 0 }),
    ];
    let rows = Rows {
        heads: &["output", "value", "what it is"],
        widths: &columns,
        cursor: cursor(model, Panel::Outputs),
        count: stack.outputs.len(),
    };
    table::draw(side, &rows, list, frame, |i| {
        let output = &stack.outputs[i];
        vec![
            Line::from(pen.title(output.key.as_str())),
            Line::from(pen.text(output.value.as_str())),
            Line::from(pen.dim(output.description.as_str())),
        ]
    });
    show(
        vec![pen.keys("[y] copies the value · [d] shows it whole · [o] opens the application")],
        keys,
        frame,
    );
}

pub(super) fn draw_secrets(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let pen = Pen::of(side);
    let left = model
        .shown_secret
        .as_ref()
        .map(|(_, until)| until.saturating_sub(model.now.mono).div_ceil(1000));
    let head = Head {
        title: "Secrets",
        right: left.map_or_else(Vec::new, |s| vec![pen.ink(Role::Warn, format!(" shown, hidden again in {s} s "))]),
    };
    let inner = panel::frame(model, side, Panel::Secrets, area, frame, head);
    if model.live_stack().is_none() {
        return panel::empty(
            side,
            inner,
            frame,
            "There are no secrets: the stack makes them.",
            "Press D to deploy it.",
        );
    }
    let secrets = model.secrets();
    let (value, about) = below(model, side, usize::from(inner.width));
    // What was asked for goes before the list it was chosen from.
    let rows = (secrets.len() as u16 + 1).min(inner.height.saturating_sub(value.len() as u16));
    let [list, below_area] = Layout::vertical([Constraint::Length(rows), Constraint::Fill(1)]).areas(inner);
    let columns = [
        Constraint::Length(17),
        Constraint::Fill(1),
        Constraint::Length(9),
        Constraint::Length(12),
    ];
    let rows = Rows {
        heads: &["what", "secret", "field", "value"],
        widths: &columns,
        cursor: cursor(model, Panel::Secrets),
        count: secrets.len(),
    };
    table::draw(side, &rows, list, frame, |i| {
        let secret = &secrets[i];
        let is_shown = model.shown_secret.as_ref().is_some_and(|(shown, _)| shown == secret);
        let (value, role) = if is_shown { ("shown below", Role::Warn) } else { (MASK, Role::Dim) };
        vec![
            Line::from(pen.title(what(secret))),
            Line::from(pen.text(secret.secret.as_str())),
            Line::from(pen.dim(secret.field.as_deref().unwrap_or("whole"))),
            Line::from(pen.ink(role, value)),
        ]
    });
    show(value.into_iter().chain(about).collect(), below_area, frame);
}

/// What a secret is for.
fn what(secret: &SecretRef) -> &'static str {
    match secret.field.as_deref() {
        Some("api_key") => "LiteLLM API key",
        Some("email") => "sign-in name",
        Some("password") => "sign-in password",
        _ => "secret",
    }
}

/// The secret that is shown; and the keys, the warning about plain HTTP.
fn below(model: &Model, side: &Side<'_>, width: usize) -> (Vec<Line<'static>>, Vec<Line<'static>>) {
    let pen = Pen::of(side);
    let (mut value_lines, mut out) = (Vec::new(), Vec::new());
    let shown = model
        .shown_secret
        .as_ref()
        .and_then(|(secret, _)| Some((secret, (side.secret)(secret)?)));
    if let Some((secret, value)) = shown {
        let (text, about) = legible(&value);
        value_lines.push(Line::from(vec![pen.title(what(secret)), pen.dim(format!("  {about}"))]));
        value_lines.extend(broken(&text, width).into_iter().map(|l| Line::from(pen.ink(Role::Accent, l))));
    }
    out.push(pen.keys("[x] shows it for 30 s, hides it · [K] copies it unseen, for 45 s"));
    if model.app_url().is_some_and(|url| url.starts_with("http://")) {
        let text = "! Plain HTTP: passwords travel in clear. Deploy with a certificate.";
        out.extend(wrap_to(text, width, 2).into_iter().map(|l| Line::from(pen.ink(Role::Warn, l))));
    }
    (value_lines, out)
}

/// A secret as text that can not act on the terminal, and words about it: length, and whether anything
/// had to be escaped.
fn legible(value: &SecretText) -> (String, String) {
    let bytes = value.expose();
    let (text, is_odd) = value.legible();
    let mut about = if value.expose_str().is_some_and(|t| t.chars().count() == bytes.len()) {
        format!("{} characters", bytes.len())
    } else {
        format!("{} bytes", bytes.len())
    };
    if is_odd {
        about.push_str(", odd bytes shown as \\…; K copies it exactly");
    }
    if bytes.first().is_some_and(u8::is_ascii_whitespace) || bytes.last().is_some_and(u8::is_ascii_whitespace) {
        about.push_str(", with a space at an end");
    }
    (text, about)
}

/// Pieces of at most `width` characters; spaces stay.
fn broken(text: &str, width: usize) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(width.max(1)).map(|c| c.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_legible_and_say_what_is_odd() {
        for (raw, text, odd) in [
            (&b"sk-1234"[..], "sk-1234", false),
            ("pä ss".as_bytes(), "pä ss", false),
            (b"a\x1b[31mb", "a\\u{1b}[31mb", true),
            ("a\u{202e}b".as_bytes(), "a\\u{202e}b", true),
            ("a\u{fe0f}".as_bytes(), "a\\u{fe0f}", true),
            (b"a\tb", "a\\u{9}b", true),
            (b"\xffx", "\\xffx", true),
        ] {
            let (shown, about) = legible(&SecretText::new(raw.to_vec()));
            assert_eq!((shown.as_str(), about.contains("odd bytes")), (text, odd));
        }
        assert!(legible(&SecretText::new(b"abc ".to_vec())).1.contains("space at an end"));
        assert!(legible(&SecretText::new(b"abc".to_vec())).1.starts_with("3 characters"));
    }
}
