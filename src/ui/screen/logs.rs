//! Placeholder until the screen is merged.

use ratatui::{Frame, layout::Rect};

use crate::{core::model::Model, ui::Side};

/// Draws nothing yet.
pub fn draw(_model: &Model, _side: &Side<'_>, _area: Rect, _frame: &mut Frame<'_>) {}
