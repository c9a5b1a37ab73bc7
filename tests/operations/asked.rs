//! The question whether a plan shall run, while its stack moves on beneath it.

use bic_tui::{cloud::Change, core::screen::deploy::Stage};

use super::{Desk, says};

fn executes(desk: &Desk) -> bool {
    desk.written.iter().any(|it| matches!(it, Change::ExecuteChangeSet { .. }))
}

/// Says yes to what can not be executed any more.
fn is_refused(desk: &mut Desk, why: &str) {
    for (width, height) in [(120, 40), (80, 24)] {
        says(&desk.screen_at(width, height), &[&format!("✗ {why}")]);
    }
    desk.press("y");
    let screen = desk.screen();
    says(&screen, &[&format!("nothing was executed: {why}; your plan is dropped")]);
    assert!(!executes(desk) && desk.model.dialog.is_none(), "{screen}");
    assert!(!matches!(desk.model.deploy, Stage::Plan(_)), "what runs is shown:\n{screen}");
}

#[test]
fn a_stack_that_is_deleted_under_the_question_is_not_updated() {
    for says_yes in [true, false] {
        let mut desk = Desk::at("deleted-under-us");
        desk.plan(&[("LogRetentionDays", "14")]);
        desk.press("enter");
        says(&desk.screen(), &["Update stack bedrock-image-chat in us-west-2?"]);
        desk.until("DELETE_IN_PROGRESS");
        if says_yes {
            is_refused(&mut desk, "somebody else has begun an operation (DELETE_IN_PROGRESS)");
            continue;
        }
        desk.until("DELETE_COMPLETE");
        assert!(
            desk.model.dialog.is_none() && matches!(desk.model.deploy, Stage::Rest),
            "{}",
            desk.screen()
        );
        assert!(
            !executes(&desk) && !desk.screen().contains("somebody else has updated"),
            "{}",
            desk.screen()
        );
    }
}

#[test]
fn a_stack_that_was_made_anew_under_the_question_is_not_updated_by_the_plan_of_the_old_one() {
    let mut desk = Desk::at("running");
    desk.plan(&[("LogRetentionDays", "14")]);
    desk.press("enter");
    let mut colleague = Desk::beside(&desk);
    colleague.press(":destroy enter bedrock-image-chat enter enter");
    colleague.see(&["Press D to deploy"]);
    colleague.deploy(&[]);
    colleague.until("CREATE_COMPLETE");
    desk.see(&["another one has the name"]);
    is_refused(&mut desk, "its stack is gone, and another one has the name");
}

#[test]
fn a_stack_that_somebody_else_makes_under_the_question_is_not_created() {
    for (status, why) in [
        ("CREATE_IN_PROGRESS", "somebody else has begun an operation (CREATE_IN_PROGRESS)"),
        ("CREATE_COMPLETE", "somebody else has made the stack"),
    ] {
        let mut desk = Desk::at("new");
        desk.plan(&[]);
        desk.press("enter");
        says(&desk.screen(), &["Create stack bedrock-image-chat in us-west-2?"]);
        let mut colleague = Desk::beside(&desk);
        colleague.deploy(&[]);
        colleague.until(status);
        desk.until(status);
        is_refused(&mut desk, why);
    }
}

#[test]
fn an_update_by_somebody_else_closes_the_question_while_it_runs_and_takes_it_away_at_its_end() {
    let mut desk = Desk::at("two-operators");
    desk.plan(&[("LogRetentionDays", "14")]);
    desk.press("enter");
    desk.until("UPDATE_IN_PROGRESS");
    says(
        &desk.screen(),
        &[
            "Update stack bedrock-image-chat",
            "✗ somebody else has begun an operation (UPDATE_IN_PROGRESS)",
        ],
    );
    desk.until("UPDATE_COMPLETE");
    says(&desk.screen(), &["somebody else has updated the stack since the plan was made"]);
    assert!(desk.model.dialog.is_none() && !executes(&desk));
}
