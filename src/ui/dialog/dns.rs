//! Records of Route 53: the name, how it leads, and the zones, best first.

use ratatui::{
    Frame,
    layout::{Constraint, Layout},
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{Sheet, WIDTH, inside, sheet, wrapped};
use crate::{
    core::{
        address::{self, Kind},
        fact::HostedZone,
        model::Model,
        screen::access::{DnsDialog, Purpose},
        text::SafeText,
    },
    ui::{
        Side, cut,
        table::{self, Rows},
        theme::Role,
        typed,
    },
};

/// Rows inside, whatever is listed.
const ROWS: usize = 16;

/// The dialog.
pub(super) fn draw(model: &Model, side: &Side<'_>, dialog: &DnsDialog, frame: &mut Frame<'_>) {
    let (width, room) = inside(WIDTH, frame);
    let is_lead = dialog.purpose == Purpose::Lead;
    let it = Sheet {
        title: if is_lead {
            "Point a name at the load balancer"
        } else {
            "Prove the certificate by DNS"
        },
        right: "",
        hints: if is_lead {
            "type the name · Tab CNAME/alias · ↑ ↓ zone · Enter goes on · Esc"
        } else {
            "↑ ↓ zone · Enter shows what stands there · Esc leaves"
        },
    };
    let inner = sheet(side, &it, WIDTH, ROWS.min(room), frame);
    let said = said(model, side, dialog, width);
    let under = u16::try_from(said.len()).unwrap_or(u16::MAX);
    let [name, kind, head, list, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(under),
    ])
    .areas(inner);
    let (key, dim) = (side.theme.style(Role::Key), side.theme.style(Role::Dim));
    let text = side.theme.style(Role::Text);
    let room = width.saturating_sub(6);
    let mut line = vec![Span::styled("name  ", key)];
    if is_lead {
        line.extend(typed::spans(&dialog.name, room, (text, text)));
    } else {
        let typed = SafeText::new(dialog.name.text());
        line.push(Span::styled(cut::end(&typed, room).into_owned(), text));
    }
    frame.render_widget(Paragraph::new(Line::from(line)), name);
    let word = |it: Kind, text: &str| {
        if it == dialog.kind {
            Span::styled(format!("[{text}] "), key)
        } else {
            Span::styled(format!(" {text}  "), dim)
        }
    };
    let mut kinds = vec![Span::styled("type  ", key), word(Kind::Cname, "CNAME")];
    if is_lead {
        kinds.push(word(Kind::Alias, "alias: right for the zone's own name too"));
    }
    frame.render_widget(Paragraph::new(Line::from(kinds)), kind);
    frame.render_widget(Paragraph::new(Line::styled("zones, best first", dim)), head);
    let zones = model.access.zones.get().map(Vec::as_slice).unwrap_or_default();
    let ranked = dialog.ranked(zones);
    let rows = Rows {
        heads: &[],
        widths: &[Constraint::Fill(1), Constraint::Length(18), Constraint::Length(21)],
        cursor: (!ranked.is_empty()).then_some(dialog.zone.min(ranked.len().saturating_sub(1))),
        count: ranked.len(),
    };
    table::draw(side, &rows, list, frame, |i| cells(side, dialog, ranked[i]));
    frame.render_widget(Paragraph::new(said), foot);
}

fn cells(side: &Side<'_>, dialog: &DnsDialog, zone: &HostedZone) -> Vec<Line<'static>> {
    let holds = address::is_in(dialog.name.text().trim(), zone);
    let about = match (holds, zone.is_private) {
        (_, true) => "private: VPCs only",
        (true, false) => "holds the name",
        (false, false) => "",
    };
    let role = if holds && !zone.is_private { Role::Text } else { Role::Dim };
    vec![
        Line::styled(zone.name.to_string(), side.theme.style(role)),
        Line::styled(about, side.theme.style(Role::Dim)),
        Line::styled(zone.id.to_string(), side.theme.style(Role::Dim)),
    ]
}

/// What is to be said below the list.
fn said(model: &Model, side: &Side<'_>, dialog: &DnsDialog, width: usize) -> Vec<Line<'static>> {
    if let Some(why) = &dialog.error {
        return wrapped(side, &format!("✗ {why}"), Role::Bad, width);
    }
    if dialog.awaiting.is_some() {
        return wrapped(side, "asking what stands there…", Role::Warn, width);
    }
    let zones = &model.access.zones;
    match (zones.get(), &zones.fault) {
        (None, Some(fault)) => wrapped(side, &format!("✗ {}. {}", fault.sentence(), model.advice(fault)), Role::Bad, width),
        (None, None) => wrapped(side, "asking Route 53 for the zones…", Role::Dim, width),
        (Some(all), _) if all.is_empty() => {
            let why = "This account has no hosted zone: make the record where the domain is kept.";
            wrapped(side, why, Role::Warn, width)
        }
        _ => Vec::new(),
    }
}
