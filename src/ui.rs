//! The view: reads the model, draws a frame, changes nothing.

pub mod cut;
pub mod dialog;
mod footer;
mod header;
pub mod image;
pub mod panel;
pub mod screen;
mod strip;
pub mod table;
pub mod theme;
mod typed;
mod welcome;

use std::sync::Arc;

use ratatui::{Frame, layout::Rect, widgets::Clear};

use crate::{
    core::{
        fault::FaultKind,
        model::Model,
        msg::Size,
        screen::ScreenId,
        secret::{SecretRef, SecretText},
        text::SafeText,
    },
    layout::{self, Areas, LEAST},
};

/// What a view needs besides the model: the theme, the vault, and pictures made ready for the terminal.
pub struct Side<'a> {
    /// Colour roles.
    pub theme: &'a theme::Theme,
    /// The value of the secret that is shown; only the reveal panel asks.
    pub secret: &'a dyn Fn(&SecretRef) -> Option<Arc<SecretText>>,
    /// Draws a picture into an area; false when there is none. Graphics protocols keep state, so it lives outside.
    pub picture: &'a dyn Fn(&crate::core::fact::Picture, Rect, &mut Frame<'_>) -> bool,
    /// Words about how pictures are drawn here: `half-blocks`, `kitty`.
    pub picture_protocol: SafeText,
}

/// Draws the whole screen.
pub fn view(model: &Model, side: &Side<'_>, frame: &mut Frame<'_>) {
    let area = frame.area();
    let size = Size {
        width: area.width,
        height: area.height,
    };
    if size.width < LEAST.width || size.height < LEAST.height {
        welcome::too_small(side, size, area, frame);
    } else {
        let areas = layout::areas(size, model.screen, model.panel(), model.is_zoomed);
        header::draw(model, side, &areas, frame);
        strip::draw(model, side, areas.strip, frame);
        body(model, side, &areas, frame);
        footer::draw(model, side, areas.footer, frame);
        dialog::draw(model, side, frame);
        // A sheet as high as the screen would hide what is said of a key in it.
        if model.notice.is_some() && dialog::is_sheet(model, area) {
            frame.render_widget(Clear, areas.footer);
            footer::draw(model, side, areas.footer, frame);
        }
    }
}

fn body(model: &Model, side: &Side<'_>, areas: &Areas, frame: &mut Frame<'_>) {
    if let Some(fault) = model.credentials_fault().filter(|_| model.feeds.stack.get().is_none()) {
        return welcome::without_credentials(model, side, fault, areas.body, frame);
    }
    let never = model.feeds.stack.fault.as_ref().filter(|_| model.feeds.stack.get().is_none());
    // Without the stack the Overview has nothing to tell, whatever the reason; other screens say it in their panels.
    if let Some(fault) = never.filter(|f| f.kind == FaultKind::Unreachable || model.screen == ScreenId::Overview) {
        return welcome::without_answer(model, side, fault, areas.body, frame);
    }
    match model.screen {
        ScreenId::Overview => screen::overview::draw(model, side, areas, frame),
        ScreenId::Deploy => screen::deploy::draw(model, side, areas.body, frame),
        ScreenId::Services => screen::services::draw(model, side, areas.body, frame),
        ScreenId::Logs => screen::logs::draw(model, side, areas.body, frame),
        ScreenId::Cost => screen::cost::draw(model, side, areas.body, frame),
        ScreenId::Access => screen::access::draw(model, side, areas.body, frame),
    }
}
