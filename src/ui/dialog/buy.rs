//! Provisioned throughput to be bought: model, units, commitment, name; and what each means.

use ratatui::{
    Frame,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{Sheet, WIDTH, inside, sheet, wrapped};
use crate::{
    core::{
        model::Model,
        purchase,
        screen::access::{self, BuyDialog, Row},
        text::SafeText,
    },
    ui::{Side, cut, theme::Role, typed},
};

/// The dialog.
pub(super) fn draw(model: &Model, side: &Side<'_>, dialog: &BuyDialog, frame: &mut Frame<'_>) {
    let (width, room) = inside(WIDTH, frame);
    let offers = access::offers(model);
    let offer = offers.get(dialog.model);
    let name = offer.map_or_else(|| "–".to_owned(), |it| it.name.to_string());
    let typed = SafeText::new(dialog.name.text()).to_string();
    let field = |row: Row, label: &str, value: String| {
        let is_here = row == dialog.row;
        let (mark, role) = if is_here { ("▸ ", Role::Title) } else { ("  ", Role::Text) };
        let (style, room) = (side.theme.style(role), width.saturating_sub(15));
        let value = match row {
            Row::Name if is_here => typed::spans(&dialog.name, room, (style, style)),
            Row::Name => vec![Span::styled(cut::end(&value, room).into_owned(), style)],
            _ => vec![Span::styled(cut::end(&format!("‹ {value} ›"), room).into_owned(), style)],
        };
        let label = Span::styled(format!("{mark}{label:<12} "), side.theme.style(Role::Key));
        std::iter::once(label).chain(value).collect()
    };
    let mut lines = vec![
        field(Row::Model, "model", name),
        field(Row::Units, "model units", dialog.units.to_string()),
        field(Row::Commitment, "commitment", dialog.commitment.to_string()),
        field(Row::Name, "name", typed),
        Line::default(),
    ];
    let said = match (&dialog.error, offer.and_then(|it| it.refusal.as_ref())) {
        (_, Some(why)) => wrapped(side, &format!("✗ can not be bought: {why}"), Role::Bad, width),
        (error, None) => {
            let known = offer.and_then(|it| model.cost.prices.model(&it.base));
            let error = error.as_ref().map(|why| format!("✗ {why}"));
            let mut said = error.map_or_else(Vec::new, |why| wrapped(side, &why, Role::Bad, width));
            said.extend(wrapped(side, &purchase::price(dialog.units, known), Role::Text, width));
            said.extend(wrapped(side, purchase::binding(dialog.commitment), Role::Warn, width));
            let more = offer.and_then(|it| it.warning.as_ref());
            said.extend(
                more.into_iter()
                    .flat_map(|why| wrapped(side, &format!("! {why}"), Role::Warn, width)),
            );
            said
        }
    };
    lines.extend(said);
    let it = Sheet {
        title: "Buy provisioned throughput",
        right: "",
        hints: "Tab next · ← → choose · Enter goes on to the question · Esc leaves",
    };
    let inner = sheet(side, &it, WIDTH, lines.len().min(room), frame);
    frame.render_widget(Paragraph::new(lines), inner);
}
