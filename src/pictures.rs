//! Pictures made ready for the terminal: kitty, iTerm2, sixel, or half-blocks everywhere else. The cells
//! come from the decoded bytes. A picture is encoded once for each size it is drawn at.

use std::{
    cell::RefCell,
    hash::{DefaultHasher, Hash, Hasher},
};

use ratatui::{
    Frame,
    layout::{Rect, Size},
};
use ratatui_image::{
    Image, Resize,
    picker::{Picker, ProtocolType},
    protocol::Protocol,
};

use crate::core::{fact::Picture, text::SafeText};

/// The picture drawn last, ready for its area.
#[derive(Default)]
pub struct Pictures {
    picker: Option<Picker>,
    ready: RefCell<Option<(u64, Protocol)>>,
}

impl Pictures {
    /// Asks the terminal what it can draw, where its name promises more than half-blocks.
    pub fn ask_terminal(&mut self) {
        let var = |name: &str| std::env::var(name).unwrap_or_default();
        let promises = [
            "kitty", "ghostty", "wezterm", "iterm", "foot", "konsole", "mlterm", "contour", "rio",
        ]
        .iter()
        .any(|name| format!("{} {}", var("TERM"), var("TERM_PROGRAM")).to_lowercase().contains(name));
        if promises || !var("KITTY_WINDOW_ID").is_empty() || !var("WEZTERM_PANE").is_empty() {
            self.picker = Picker::from_query_stdio().ok();
        }
    }

    /// The way of drawing, in a word.
    pub fn protocol(&self) -> SafeText {
        match self.picker.as_ref().map(Picker::protocol_type) {
            Some(ProtocolType::Kitty) => "kitty graphics",
            Some(ProtocolType::Iterm2) => "iTerm2 images",
            Some(ProtocolType::Sixel) => "sixel",
            Some(ProtocolType::Halfblocks) | None => "half-blocks",
        }
        .into()
    }

    /// Draws a picture as large as fits; false when it can not be drawn.
    pub fn draw(&self, picture: &Picture, area: Rect, frame: &mut Frame<'_>) -> bool {
        if area.is_empty() {
            return false;
        }
        let mut hasher = DefaultHasher::new();
        (&picture.bytes, area.width, area.height).hash(&mut hasher);
        let key = hasher.finish();
        let mut ready = self.ready.borrow_mut();
        if ready.as_ref().is_none_or(|(k, _)| *k != key) {
            *ready = self.encode(picture, Size::new(area.width, area.height)).map(|p| (key, p));
        }
        let Some((_, protocol)) = &*ready else { return false };
        // Centred in the area.
        let used = protocol.size();
        let at = Rect {
            x: area.x + area.width.saturating_sub(used.width) / 2,
            y: area.y + area.height.saturating_sub(used.height) / 2,
            width: used.width.min(area.width),
            height: used.height.min(area.height),
        };
        frame.render_widget(Image::new(protocol), at);
        true
    }

    fn encode(&self, picture: &Picture, size: Size) -> Option<Protocol> {
        let image = image::load_from_memory(&picture.bytes).ok()?;
        let picker = self.picker.clone().unwrap_or_else(Picker::halfblocks);
        picker.new_protocol(image, size, Resize::Scale(None)).ok()
    }
}
