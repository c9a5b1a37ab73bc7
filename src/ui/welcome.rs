//! Screens with the next step on them, for when there is nothing else to show.

use ratatui::{
    Frame,
    layout::{Constraint, Flex, Layout, Rect},
    text::{Line, Span},
    widgets::{Paragraph, Wrap},
};

use super::{Side, cut, theme::Role};
use crate::{
    core::{
        fault::{Fault, FaultKind},
        keymap::Intent,
        leftovers,
        model::{Model, Times},
        msg::Size,
        when,
    },
    layout::LEAST,
};

/// Widest line of such a screen.
const WIDTH: u16 = 74;

/// A step: what to press or to type, and what it does.
type Step<'a> = (String, &'a str);

/// Says which size is needed.
pub(super) fn too_small(side: &Side<'_>, size: Size, area: Rect, frame: &mut Frame<'_>) {
    let text = format!(
        "bic-tui needs {}×{} cells; this terminal has {}×{}.",
        LEAST.width, LEAST.height, size.width, size.height
    );
    frame.render_widget(
        Paragraph::new(text).style(side.theme.style(Role::Text)).wrap(Wrap { trim: true }),
        area,
    );
}

/// No request has ever been answered, because of the credentials.
pub(super) fn without_credentials(model: &Model, side: &Side<'_>, fault: &Fault, area: Rect, frame: &mut Frame<'_>) {
    let profile = &model.about.profile;
    let refresh = model.keymap.label(Intent::Refresh);
    let steps = [
        (format!("aws sso login --profile {profile}"), "log in from another terminal"),
        (model.keymap.label(Intent::Places), "take another profile, region or stack"),
        ("aws configure sso".to_owned(), "make a profile"),
        (refresh, "ask again now"),
        ("bic-tui --demo".to_owned(), "walk through it without an account"),
    ];
    let title = format!("Not signed in to AWS: {}.", fault.plain());
    let mut lines = vec![format!("Profile {profile}, region {}.", model.about.region)];
    if !fault.detail.is_empty() {
        lines.push(format!("In AWS's words: {}", fault.detail));
    }
    card(side, &title, &lines, &steps, area, frame);
}

/// The stack has never been told: there is no way to AWS, no such place, or AWS does not let it be read.
pub(super) fn without_answer(model: &Model, side: &Side<'_>, fault: &Fault, area: Rect, frame: &mut Frame<'_>) {
    let key = |intent| model.keymap.label(intent);
    let mut steps = vec![
        (key(Intent::Places), "take another region, profile or stack"),
        (key(Intent::Refresh), "ask again now; it is asked again by itself too"),
        ("bic-tui --demo".to_owned(), "walk through it without an account"),
    ];
    let mut lines = vec![format!("Region {}, profile {}.", model.about.region, model.about.profile)];
    if fault.kind != FaultKind::Unreachable {
        lines.push(model.advice(fault));
    }
    if fault.kind == FaultKind::Denied {
        steps.insert(
            0,
            (
                format!("bic-tui policy {}", model.reach().stack),
                "print all permissions that it wants",
            ),
        );
    }
    match &model.about.endpoint {
        Some(url) if model.about.is_endpoint_inherited => lines.push(format!(
            "Requests go to {url}, which the environment or the profile names: AWS_ENDPOINT_URL, endpoint_url."
        )),
        Some(url) => lines.push(format!("Requests go to {url}, as --endpoint-url says.")),
        None if fault.kind == FaultKind::Unreachable => {
            lines.push("Check the network, the VPN or the proxy, and the name of the region.".to_owned());
        }
        None => {}
    }
    let head = match fault.kind {
        FaultKind::Unreachable => "No way to AWS".to_owned(),
        _ => format!("Stack {} could not be read", model.settings.stack),
    };
    card(side, &format!("{head}: {}.", fault.sentence()), &lines, &steps, area, frame);
}

/// Where the stack is deleted and AWS still tells of it: ` 2 h 10 min ago`, and ` (19:40:58)` unless ages are shown.
pub(in crate::ui) fn buried(model: &Model) -> Option<(String, String)> {
    let at = model.leftovers.grave()?.deleted();
    let clock = |at| match model.times {
        Times::Age => String::new(),
        times => format!(" ({})", when::show(at, model.now.wall, times, &model.zone)),
    };
    let told = at.map(|at| (format!(" {} ago", when::span(model.now.wall - at)), clock(at)));
    Some(told.unwrap_or_default())
}

/// AWS has said that there is no stack.
pub(super) fn without_stack(model: &Model, side: &Side<'_>, area: Rect, frame: &mut Frame<'_>) {
    let account = model
        .feeds
        .identity
        .get()
        .map(|i| format!(", account {}", i.account))
        .unwrap_or_default();
    let title = match buried(model) {
        Some((ago, at)) => format!("Stack {} was deleted{ago}{at}.", model.settings.stack),
        None => format!("There is no stack {} here yet.", model.settings.stack),
    };
    let mut lines = vec![format!("Region {}{account}, profile {}.", model.about.region, model.about.profile)];
    let cost = model.cost_planned();
    if !cost.lines.is_empty() {
        lines.push(format!(
            "With the template's defaults it would cost about ${:.0} a month while it runs (estimate, prices of {}).",
            cost.usd_month(),
            cost.date
        ));
    }
    let key = |intent| model.keymap.label(intent);
    let mut steps = vec![
        (key(Intent::Deploy), "deploy it: form, plan with cost, your yes"),
        (key(Intent::Places), "look at another stack, region or profile"),
        (key(Intent::Help), "all keys of this screen"),
    ];
    if let Some(search) = model.leftovers.found() {
        lines.insert(0, leftovers::verdict(&model.cost.prices, &model.about.region, search));
        let list = (format!("{} leftovers", key(Intent::Palette)), "list and remove what is left");
        steps.insert(0, list);
    }
    card(side, &title, &lines, &steps, area, frame);
}

fn card(side: &Side<'_>, title: &str, lines: &[String], steps: &[Step<'_>], area: Rect, frame: &mut Frame<'_>) {
    let [column] = Layout::horizontal([Constraint::Max(WIDTH)]).flex(Flex::Center).areas(area);
    let width = usize::from(column.width).saturating_sub(2);
    let wrapped = |text: &str, role| -> Vec<Line<'static>> {
        let style = side.theme.style(role);
        cut::wrap(text, width).into_iter().map(|l| Line::styled(l, style)).collect()
    };
    let mut out = wrapped(title, Role::Title);
    out.extend(lines.iter().flat_map(|l| wrapped(l, Role::Dim)));
    out.push(Line::default());
    let key_width = steps.iter().map(|(key, _)| cut::width(key)).max().unwrap_or(0);
    for (key, what) in steps {
        let key_span = Span::styled(format!("{key:<key_width$}"), side.theme.style(Role::Key));
        // Side by side where there is room, else below each other.
        if key_width + 2 + cut::width(what) <= width {
            out.push(Line::from(vec![key_span, Span::raw("  "), Span::raw((*what).to_owned())]));
        } else {
            out.push(Line::from(key_span));
            out.extend(wrapped(&format!("  {what}"), Role::Text));
        }
    }
    let height = u16::try_from(out.len()).unwrap_or(u16::MAX);
    let [column] = Layout::vertical([Constraint::Max(height)]).flex(Flex::Center).areas(column);
    frame.render_widget(Paragraph::new(out), column);
}
