//! What the Deploy screen shows from the form to the outputs, and where an operation fails.

use super::{compare, desk::Desk, shoot};

fn see(name: &str, desk: &Desk) {
    compare(&format!("deploying-{name}"), &shoot(name, &desk.model));
}

#[test]
fn a_creation() {
    let mut desk = Desk::at("new");
    desk.press("D");
    see("form", &desk);
    desk.press("end enter");
    desk.see(&["Plan to "]);
    see("plan", &desk);
    desk.press("enter y");
    desk.see(&["of 63", "   still ", "ECS openwebui", "pending"]);
    see("progress", &desk);
    desk.until("CREATE_COMPLETE");
    desk.see(&["63 of 63"]);
    see("done", &desk);
}

#[test]
fn a_plan_that_loses_data() {
    let mut desk = Desk::at("replaces-files");
    desk.plan(&[("LogRetentionDays", "14")]);
    see("losses", &desk);
}

#[test]
fn a_creation_that_fails() {
    let mut desk = Desk::at("deploy-fails");
    desk.deploy(&[]);
    desk.see(&["Cause", "so ", "now "]);
    see("cause", &desk);
    desk.until("ROLLBACK_IN_PROGRESS");
    desk.wait(30);
    see("undoing", &desk);
    desk.until("ROLLBACK_COMPLETE");
    desk.wait(30);
    see("undone", &desk);
}

#[test]
fn an_update_that_could_not_be_rolled_back() {
    let mut desk = Desk::at("rollback-failed");
    desk.press("2");
    desk.see(&["UPDATE_ROLLBACK_FAILED"]);
    desk.wait(30);
    see("rollback-failed", &desk);
    desk.press("R");
    see("ways-out", &desk);
}
