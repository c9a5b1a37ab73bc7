//! What the Deploy screen shows from the form to the outputs, and where an operation fails.

use super::{SIZES, compare, desk::Desk, draw, styles, text, title};

/// The console as it stands, at every size.
fn shoot(name: &str, desk: &Desk) {
    let mut out = String::new();
    for size in SIZES {
        let buffer = draw(&desk.model, size);
        title(&mut out, size, name);
        out.push_str(&text(&buffer));
        if size == SIZES[0] {
            title(&mut out, size, "styles");
            out.push_str(&styles(&buffer));
        }
    }
    compare(&format!("deploying-{name}"), &out);
}

#[test]
fn a_creation() {
    let mut desk = Desk::at("new");
    desk.press("D");
    shoot("form", &desk);
    desk.press("end enter");
    desk.see(&["Plan to "]);
    shoot("plan", &desk);
    desk.press("enter y");
    desk.see(&["of 63", "   still ", "ECS openwebui", "pending"]);
    shoot("progress", &desk);
    desk.until("CREATE_COMPLETE");
    desk.see(&["63 of 63"]);
    shoot("done", &desk);
}

#[test]
fn a_plan_that_loses_data() {
    let mut desk = Desk::at("replaces-files");
    desk.plan(&[("LogRetentionDays", "14")]);
    shoot("losses", &desk);
}

#[test]
fn a_creation_that_fails() {
    let mut desk = Desk::at("deploy-fails");
    desk.deploy(&[]);
    desk.see(&["Cause", "so ", "now "]);
    shoot("cause", &desk);
    desk.until("ROLLBACK_IN_PROGRESS");
    desk.wait(30);
    shoot("undoing", &desk);
    desk.until("ROLLBACK_COMPLETE");
    desk.wait(30);
    shoot("undone", &desk);
}

#[test]
fn an_update_that_could_not_be_rolled_back() {
    let mut desk = Desk::at("rollback-failed");
    desk.press("2");
    desk.see(&["UPDATE_ROLLBACK_FAILED"]);
    desk.wait(30);
    shoot("rollback-failed", &desk);
    desk.press("R");
    shoot("ways-out", &desk);
}
