//! Counts that the stack's template does not know, and what a plan makes of them.

use super::{Desk, says};

#[test]
fn a_plan_sets_back_the_count_of_a_service_that_it_touches_and_leaves_the_others() {
    let mut desk = Desk::at("running");
    desk.press("3");
    desk.see(&["bedrock-image-chat-litellm"]);
    desk.press("down s3y");
    desk.see(&["litellm: desired count 1 → 3"]);
    desk.plan(&[("LogRetentionDays", "14")]);
    let told = "! LiteLLM was set to 3 by hand and stays at 3: the plan does not touch the service";
    says(&desk.screen(), &[told]);
    says(&desk.screen_at(80, 24), &["! LiteLLM was set to 3 by hand and stays at 3", "touch the service"]);
    desk.press("q esc");
    desk.plan(&[("LiteLLMVersion", "v1.107.0")]);
    says(
        &desk.screen(),
        &["! LiteLLM was set to 3 by hand: this plan sets it back to 1 (about $", "/h less, $"],
    );
    says(&desk.screen_at(80, 24), &["this plan sets it back to 1", "/h less, $"]);
    desk.press("enter y");
    desk.until("UPDATE_COMPLETE");
    desk.press("3");
    desk.see(&["1/1"]);
}
