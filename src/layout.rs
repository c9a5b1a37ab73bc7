//! Where everything stands: pure geometry.

use crate::core::{model::Model, screen::Panel};

/// The panel at a cell.
pub fn panel_at(_model: &Model, _x: u16, _y: u16) -> Option<Panel> {
    None
}
