//! Menus of ways and their questions while the stack moves on beneath them: what is closed by now is never sent.

use bic_tui::{
    cloud::Change,
    core::{
        dialog::{Act, Dialog, Menu},
        unstick::Way,
    },
};

use super::{Desk, says};

fn menu(desk: &Desk) -> &Menu {
    match &desk.model.dialog {
        Some(Dialog::Menu(menu)) => menu,
        other => panic!("no menu: {other:?}"),
    }
}

/// Moves the cursor of the open menu to a way.
fn go_to(desk: &mut Desk, way: Way) {
    let at = menu(desk).ways.iter().position(|it| it.act == Act::Way(way)).expect("the way");
    for _ in 0..at {
        desk.press("down");
    }
}

fn deletes(desk: &Desk) -> bool {
    let is_deletion = |change: &Change| matches!(change, Change::DeleteStack { .. } | Change::DeleteRetaining { .. });
    desk.written.iter().any(is_deletion)
}

#[test]
fn an_open_menu_of_a_creation_closes_what_would_delete_the_complete_stack() {
    let mut desk = Desk::at("new");
    desk.deploy(&[]);
    desk.press("R");
    says(&desk.screen(), &["is CREATE_IN_PROGRESS", "Detach"]);
    go_to(&mut desk, Way::DeleteCreation);
    desk.until("CREATE_COMPLETE");
    let screen = desk.screen();
    says(
        &screen,
        &[
            "bedrock-image-chat is CREATE_COMPLETE",
            "▸ Delete this creation",
            "not now: this stack was complete once",
        ],
    );
    assert!(!screen.contains("Detach"), "nothing runs any more:\n{screen}");
    desk.press("enter");
    assert!(matches!(desk.model.dialog, Some(Dialog::Menu(_))), "{}", desk.screen());
    desk.press("bedrock-image-chat enter enter");
    assert!(!deletes(&desk));
}

#[test]
fn a_question_whose_way_was_closed_meanwhile_says_so_and_sends_nothing() {
    let mut desk = Desk::at("new");
    desk.deploy(&[]);
    desk.press("R");
    go_to(&mut desk, Way::DeleteCreation);
    desk.press("enter");
    says(&desk.screen(), &["Destroy stack bedrock-image-chat with its "]);
    desk.press("bedrock-image-chat");
    desk.until("CREATE_COMPLETE");
    says(
        &desk.screen(),
        &["the stack is CREATE_COMPLETE by now: this stack was complete once"],
    );
    desk.press("enter enter");
    says(&desk.screen(), &["nothing was sent: the stack is CREATE_COMPLETE by now"]);
    assert!(!deletes(&desk) && desk.model.dialog.is_none());
}

#[test]
fn a_question_about_a_stack_that_was_made_anew_meanwhile_is_not_taken_for_one_about_the_new_stack() {
    for (scene, is_creation) in [("running", false), ("new", true)] {
        let mut desk = Desk::at(scene);
        if is_creation {
            desk.deploy(&[]);
            desk.press("R");
            go_to(&mut desk, Way::DeleteCreation);
            desk.press("enter");
        } else {
            desk.press(":destroy enter");
        }
        desk.press("bedrock-image-chat enter");
        let mut colleague = Desk::beside(&desk);
        colleague.press(":destroy enter bedrock-image-chat enter enter");
        colleague.see(&["Press D to deploy"]);
        colleague.deploy(&[]);
        desk.see(&["the stack that was asked about is gone, and another one has its name"]);
        desk.press("enter");
        says(&desk.screen(), &["nothing was sent: the stack that was asked about is gone"]);
        assert!(!deletes(&desk) && desk.model.dialog.is_none());
    }
}

#[test]
fn an_update_that_is_done_is_not_cancelled_by_a_late_yes() {
    let mut desk = Desk::at("running");
    desk.deploy(&[("LogRetentionDays", "14")]);
    desk.press("R");
    go_to(&mut desk, Way::CancelUpdate);
    desk.press("enter");
    says(&desk.screen(), &["Cancel the update of bedrock-image-chat?"]);
    desk.until("UPDATE_COMPLETE");
    desk.press("y");
    says(
        &desk.screen(),
        &["nothing was sent: the stack is UPDATE_COMPLETE by now: no update runs"],
    );
    assert!(!desk.written.iter().any(|it| matches!(it, Change::CancelUpdate { .. })));
}

#[test]
fn what_a_rollback_leaves_out_is_not_sent_when_a_colleague_has_gone_on_with_it() {
    let mut desk = Desk::at("rollback-failed");
    let mut colleague = Desk::beside(&desk);
    desk.press("2");
    desk.see(&["UPDATE_ROLLBACK_FAILED"]);
    for desk in [&mut desk, &mut colleague] {
        desk.press("R");
        go_to(desk, Way::ContinueRollback);
        desk.press("enter");
        says(&desk.screen(), &["[ ] LiteLLMService"]);
    }
    colleague.press("space enter y");
    desk.until("UPDATE_ROLLBACK_COMPLETE");
    desk.press("space enter");
    says(
        &desk.screen(),
        &["nothing was sent: the stack is UPDATE_ROLLBACK_COMPLETE by now: no rollback has failed"],
    );
    assert!(desk.written.is_empty() && desk.model.dialog.is_none());
}

#[test]
fn a_way_that_opens_is_offered_where_it_stood_and_the_cursor_keeps_its_way() {
    let mut desk = Desk::at("deploy-fails");
    desk.deploy(&[]);
    desk.press("R");
    let place = |desk: &Desk| menu(desk).ways.iter().position(|it| it.act == Act::Way(Way::DesiredZero));
    let before = place(&desk);
    says(&desk.screen(), &["CloudFormation does not wait for a service with tasks"]);
    go_to(&mut desk, Way::DeleteCreation);
    for _ in 0..3_000 {
        if menu(&desk)
            .ways
            .iter()
            .any(|it| it.act == Act::Way(Way::DesiredZero) && it.closed.is_none())
        {
            break;
        }
        desk.wait(1);
    }
    let screen = desk.screen();
    assert!(!screen.contains("does not wait for a service"), "{screen}");
    says(&screen, &["▸ Delete this creation"]);
    assert_eq!(place(&desk), before);
}

#[test]
fn a_creation_that_was_let_through_without_tasks_ends_with_what_is_missing() {
    let mut desk = Desk::at("health-check-fails");
    desk.deploy(&[]);
    desk.see(&["Cause", "does not pass the health check"]);
    desk.press("R");
    go_to(&mut desk, Way::DesiredZero);
    desk.press("enter y");
    desk.until("CREATE_COMPLETE");
    let missing = "no task of bedrock-image-chat-openwebui is wanted: s on its row (3) scales it up";
    let told = "reached CREATE_COMPLETE, but no task of bedrock-image-chat-openwebui is wanted";
    says(&desk.screen(), &[told]);
    desk.see(&[&format!("! {missing}"), "openwebui 0/0 running: no task is wanted"]);
    // What is advised works.
    desk.press("3");
    let row = desk
        .model
        .feeds
        .services
        .get()
        .and_then(|all| all.iter().position(|s| s.name.ends_with("-openwebui")));
    for _ in 0..row.expect("its row") {
        desk.press("down");
    }
    desk.press("+y");
    desk.wait(20);
    assert!(desk.model.unwanted().is_none(), "{}", desk.screen());
}
