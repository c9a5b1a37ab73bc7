//! The view: reads the model, draws a frame, changes nothing.

pub mod image;
pub mod panel;
pub mod screen;
pub mod table;
pub mod theme;

use std::sync::Arc;

use crate::core::{
    secret::{SecretRef, SecretText},
    text::SafeText,
};

/// What a view needs besides the model: the theme, the vault, and pictures made ready for the terminal.
pub struct Side<'a> {
    /// Colour roles.
    pub theme: &'a theme::Theme,
    /// The value of the secret that is shown; only the reveal panel asks.
    pub secret: &'a dyn Fn(&SecretRef) -> Option<Arc<SecretText>>,
    /// Draws a picture into an area; false when there is none. Graphics protocols keep state, so it lives outside.
    pub picture: &'a dyn Fn(&crate::core::fact::Picture, ratatui::layout::Rect, &mut ratatui::Frame<'_>) -> bool,
    /// Words about how pictures are drawn here: `half-blocks`, `kitty`.
    pub picture_protocol: SafeText,
}
