//! Placeholder until the image dialog is merged.

use ratatui::{Frame, layout::Rect};

use crate::{
    core::{dialog::ImageDialog, model::Model},
    ui::Side,
};

/// Draws nothing yet.
pub fn draw(_model: &Model, _side: &Side<'_>, _image: &ImageDialog, _area: Rect, _frame: &mut Frame<'_>) {}
