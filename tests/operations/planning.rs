//! While CloudFormation works a plan out.

use bic_tui::core::screen::deploy::Stage;

use super::{Desk, says};

#[test]
fn what_is_not_on_the_screen_is_neither_opened_nor_copied() {
    for key in ["enter", "d", "y", "Y", "J"] {
        let mut desk = Desk::at("replaces-files");
        assert!(!desk.model.progress.rows.is_empty(), "resources of the operation before");
        desk.press("D end enter");
        desk.press(key);
        assert!(matches!(desk.model.deploy, Stage::Planning(_)), "{key}: {}", desk.screen());
        says(
            &desk.screen(),
            &["Making the plan", "the plan is being made; it is shown here in a moment"],
        );
        assert!(desk.model.dialog.is_none() && desk.copied.is_empty(), "{key}: {}", desk.screen());
    }
}
