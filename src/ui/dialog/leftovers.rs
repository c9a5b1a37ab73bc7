//! What the stack left behind: each thing with its age and its price, and what is not known.

use ratatui::{
    Frame,
    layout::{Constraint, Layout},
    text::Line,
    widgets::Paragraph,
};

use super::{Sheet, inside, sheet, wrapped};
use crate::{
    core::{
        fact::Leftover,
        keymap::Intent,
        leftovers::{self, Search},
        model::Model,
        text::SafeText,
        update, when,
    },
    ui::{
        Side,
        table::{self, Rows},
        theme::Role,
    },
};

/// How wide the list wants to be.
const WIDTH: u16 = 116;

/// Draws the list.
pub(super) fn draw(model: &Model, side: &Side<'_>, chosen: Option<&SafeText>, frame: &mut Frame<'_>) {
    let search = model.leftovers.last.as_ref();
    let left: Vec<&Leftover> = search.map(Search::left).unwrap_or_default();
    let (width, room) = inside(WIDTH, frame);
    let below = below(model, side, &left, width);
    let title = format!("What stack {} left behind", model.settings.stack);
    let right = search
        .and_then(Search::taken)
        .map(|at| format!("{} ago", when::short(model.now.mono.saturating_sub(at.mono) as i64)))
        .unwrap_or_default();
    let it = Sheet {
        title: &title,
        right: &right,
        hints: "j k choose · Enter removes, after its name is typed · Ctrl-R looks again · y copies the id · Esc leaves",
    };
    let heads = usize::from(!left.is_empty());
    let under = u16::try_from(below.len()).unwrap_or(u16::MAX);
    let height = room.saturating_sub(heads + below.len());
    let cursor = update::chosen_leftover(&left, chosen);
    let window = table::window(cursor, left.len(), height);
    let it = Sheet {
        right: if window.is_empty() { it.right } else { &window },
        ..it
    };
    let inner = sheet(side, &it, WIDTH, (left.len() + heads + below.len()).min(room), frame);
    let [list, foot] = Layout::vertical([Constraint::Fill(1), Constraint::Length(under)]).areas(inner);
    let rows = Rows {
        heads: &["what", "name", "age", "a month", ""],
        widths: &[
            Constraint::Fill(3),
            Constraint::Fill(5),
            Constraint::Length(6),
            Constraint::Length(8),
            Constraint::Fill(4),
        ],
        cursor: Some(cursor),
        count: left.len(),
    };
    if !left.is_empty() {
        let names = leftovers::names(&left);
        table::draw(side, &rows, list, frame, |i| row(model, side, left[i], &names[i]));
    }
    frame.render_widget(Paragraph::new(below), foot);
}

fn row(model: &Model, side: &Side<'_>, it: &Leftover, name: &SafeText) -> Vec<Line<'static>> {
    let price = leftovers::price(&model.cost.prices, &model.about.region, it);
    let is_going = model.leftovers.removing.contains_key(&it.id);
    let state = leftovers::state(it, is_going, |at| when::short(at - model.now.wall));
    let about = match (&price.usd_month, state.is_empty()) {
        (_, false) => state,
        (Some(_), true) => String::new(),
        (None, true) => price.words.clone(),
    };
    let usd = price
        .usd_month
        .map_or_else(|| "?".to_owned(), |usd| leftovers::amount(usd).replace("under ", "<"));
    let age = it.made.map_or_else(|| "–".to_owned(), |at| when::short(model.now.wall - at));
    let dim = side.theme.style(Role::Dim);
    vec![
        Line::styled(leftovers::words(it), side.theme.style(Role::Text)),
        Line::styled(name.to_string(), side.theme.style(Role::Text)),
        Line::styled(age, dim),
        Line::styled(format!("{usd:>8}"), side.theme.style(Role::Accent)),
        Line::styled(about, dim),
    ]
}

/// The sum, what could not be looked at, and that it is being looked for.
fn below(model: &Model, side: &Side<'_>, left: &[&Leftover], width: usize) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let search = model.leftovers.last.as_ref();
    let unknown = search.map(Search::unknown).unwrap_or_default();
    if let Some(search) = search {
        if !left.is_empty() {
            out.push(Line::default());
        }
        let role = if left.is_empty() && unknown.is_empty() && !search.is_unheard() && !search.lives() {
            Role::Good
        } else {
            Role::Text
        };
        out.extend(wrapped(
            side,
            &leftovers::verdict(&model.cost.prices, &model.about.region, search),
            role,
            width,
        ));
    }
    if search.is_some_and(Search::lives) && !model.is_busy() {
        let next = format!(
            "{} destroy deletes it; before it asks it lists what goes and what stays.",
            model.keymap.label(Intent::Palette)
        );
        out.extend(wrapped(side, &next, Role::Dim, width));
    }
    for it in unknown {
        let text = model.reach().placed(&format!("! {}: {}. {}", it.what, it.why, it.next));
        out.extend(wrapped(side, &text, Role::Warn, width));
    }
    if !model.leftovers.awaiting.is_empty() {
        out.extend(wrapped(side, "looking…", Role::Dim, width));
    } else if search.is_none() {
        out.extend(wrapped(side, "Nothing has been looked at yet: Ctrl-R looks.", Role::Dim, width));
    }
    out
}
