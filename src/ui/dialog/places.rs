//! Another profile, region or stack.

use ratatui::{
    Frame,
    layout::{Constraint, Layout},
    text::{Line, Span},
    widgets::Paragraph,
};
use strum::IntoEnumIterator;

use super::{Sheet, WIDTH, inside, search, sheet, wrapped};
use crate::{
    core::{
        model::Model,
        place::{Aspect, Picker, Row},
    },
    ui::{
        Side,
        table::{self, Rows},
        theme::Role,
    },
};

/// Rows inside, whatever is listed.
const ROWS: usize = 18;

/// The picker.
pub(super) fn draw(model: &Model, side: &Side<'_>, picker: &Picker, frame: &mut Frame<'_>) {
    let rows = picker.rows(&model.about, &model.settings);
    let (width, room) = inside(WIDTH, frame);
    let said = said(side, picker, rows.is_empty(), width);
    // The list has what the aspects, the field and the words below leave.
    let height = ROWS.min(room).saturating_sub(2 + said.len());
    let right = table::window(picker.selected, rows.len(), height);
    let it = Sheet {
        title: "Go to another profile, region or stack",
        right: &right,
        hints: "Tab profile/region/stack · type to search · Enter goes · Esc stays",
    };
    let inner = sheet(side, &it, WIDTH, ROWS.min(room), frame);
    let under = u16::try_from(said.len()).unwrap_or(u16::MAX);
    let [head, field, list, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(under),
    ])
    .areas(inner);
    frame.render_widget(Paragraph::new(aspects(side, picker)), head);
    frame.render_widget(Paragraph::new(search(side, &picker.field, width)), field);
    let table = Rows {
        heads: &[],
        widths: &[Constraint::Length(2), Constraint::Fill(1), Constraint::Fill(1)],
        cursor: Some(picker.selected),
        count: rows.len(),
    };
    table::draw(side, &table, list, frame, |i| cells(side, &rows[i]));
    frame.render_widget(Paragraph::new(said), foot);
}

/// What can be chosen; the one that is stands in brackets.
fn aspects(side: &Side<'_>, picker: &Picker) -> Line<'static> {
    let tabs = Aspect::iter().map(|aspect| {
        if aspect == picker.aspect {
            Span::styled(format!("[{aspect}] "), side.theme.style(Role::Key))
        } else {
            Span::styled(format!(" {aspect}  "), side.theme.style(Role::Dim))
        }
    });
    Line::from(tabs.collect::<Vec<_>>())
}

fn cells(side: &Side<'_>, row: &Row) -> Vec<Line<'static>> {
    let (mark, about) = if row.is_here {
        ("•", "you are here")
    } else {
        ("", row.about.as_str())
    };
    vec![
        Line::styled(mark, side.theme.style(Role::Accent)),
        Line::styled(row.name.to_string(), side.theme.style(Role::Text)),
        Line::styled(about.to_owned(), side.theme.style(Role::Dim)),
    ]
}

/// What is to be said below the list.
fn said(side: &Side<'_>, picker: &Picker, is_empty: bool, width: usize) -> Vec<Line<'static>> {
    if picker.going.is_some() {
        return wrapped(side, "Going there… Esc stays here.", Role::Warn, width);
    }
    if let Some(why) = &picker.error {
        return wrapped(side, &format!("✗ {why}"), Role::Bad, width);
    }
    if let Some(fault) = picker.fault() {
        let more = match picker.aspect {
            Aspect::Stack => " The name of a stack may be typed.",
            Aspect::Profile | Aspect::Region => "",
        };
        return wrapped(
            side,
            &format!("The list is not whole: {}.{more}", fault.sentence()),
            Role::Warn,
            width,
        );
    }
    if picker.is_asking() {
        return wrapped(side, "asking…", Role::Dim, width);
    }
    if is_empty {
        let why = match picker.aspect {
            Aspect::Profile => "No profile of ~/.aws/config has these letters.",
            Aspect::Region => "No region has these letters; one is named like us-west-2.",
            Aspect::Stack => "No stack has these letters, and a stack can not be named so.",
        };
        return wrapped(side, why, Role::Dim, width);
    }
    Vec::new()
}
