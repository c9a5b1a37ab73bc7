//! Every check before the plan, whole: how it came out, the evidence and the next step.

use ratatui::Frame;

use super::{inside, text::scrolled};
use crate::{
    core::{dialog::Checks, model::Model, preflight},
    layout::TEXT,
    ui::{
        Side,
        screen::{deploy::checks, kit::Pen},
    },
};

/// Draws the list, the worst first.
pub(super) fn draw(model: &Model, side: &Side<'_>, it: &Checks, frame: &mut Frame<'_>) {
    let Some(form) = model.deploy.form() else { return };
    let list = preflight::of_form(model, form);
    let (width, _) = inside(TEXT, frame);
    let title = format!("Checks: {} · y copies", checks::counted(&list));
    scrolled(side, &title, TEXT, checks::whole(Pen::of(side), &list, width), it.scroll, frame);
}

#[cfg(test)]
mod tests {
    use crate::{
        core::{
            dialog::Dialog,
            key::Key,
            msg::{Msg, Size},
            preflight,
            update::update,
        },
        ui::screen::fixture::{self, frame},
    };

    #[test]
    fn every_line_of_every_check_can_be_reached() {
        for (width, height) in [(80, 24), (120, 40), (60, 14)] {
            let mut model = fixture::form(fixture::with_stack("CREATE_COMPLETE"));
            model.size = Size { width, height };
            update(&mut model, Msg::Key(Key::ctrl('e')));
            update(&mut model, Msg::Drawn);
            let list = preflight::of_form(&model, model.deploy.form().unwrap());
            assert!(list.len() > 8);
            let bare = |text: &str| text.replace(|c: char| c.is_whitespace() || "┃→".contains(c), "");
            let mut seen = String::new();
            let draw = |model: &_| frame(model, (width, height), |model, side, _, f| super::super::draw(model, side, f));
            for _ in 0..200 {
                let screen = draw(&model);
                seen.push_str(&bare(&screen));
                update(&mut model, Msg::Key(Key::char('j')));
                // Each line by itself: what is wrapped over two of them is found where both are in sight.
                if draw(&model) == screen {
                    break;
                }
            }
            for check in &list {
                let head = bare(&check.evidence).chars().take(20).collect::<String>();
                assert!(seen.contains(&head), "{width}x{height}: {check:?}");
            }
            update(&mut model, Msg::Key(Key::char('k')));
            let up = draw(&model);
            update(&mut model, Msg::Key(Key::char('j')));
            let down = draw(&model);
            assert!(height > 14 || down != up, "{width}x{height}: no key is lost at the end:\n{down}");
            update(&mut model, Msg::Key(Key::ctrl('e')));
            assert_eq!(model.dialog, None);
        }
    }

    #[test]
    fn the_checks_of_a_plan_come_back_to_its_question() {
        let mut model = fixture::plan();
        model.screen = crate::core::screen::ScreenId::Deploy;
        let crate::core::screen::deploy::Stage::Plan(plan) = &mut model.deploy else {
            panic!()
        };
        plan.form
            .fields
            .iter_mut()
            .find(|f| f.def.name == "DeploymentSize")
            .unwrap()
            .cycle(-1);
        update(&mut model, Msg::Key("enter".parse().unwrap()));
        update(&mut model, Msg::Drawn);
        let Some(Dialog::Confirm(asked)) = model.dialog.clone() else {
            panic!("{:?} {:?}", model.dialog, model.notice)
        };
        update(&mut model, Msg::Key(Key::ctrl('e')));
        update(&mut model, Msg::Drawn);
        assert!(matches!(model.dialog, Some(Dialog::Checks(_))));
        update(&mut model, Msg::Key("esc".parse().unwrap()));
        assert_eq!(model.dialog, Some(Dialog::Confirm(asked)));
        assert!(
            !model.is_dialog_seen,
            "what was pressed before it is drawn again says nothing to it"
        );
    }
}
