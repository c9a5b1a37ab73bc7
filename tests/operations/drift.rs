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
    let told = "! LiteLLM was set to 3 by hand and stays at 3: the plan does not touch it";
    says(&desk.screen_at(80, 24), &[told]);
    desk.press("q esc");
    desk.plan(&[("LiteLLMVersion", "v1.107.0")]);
    says(
        &desk.screen(),
        &["! LiteLLM was set to 3 by hand: this plan sets it back to 1 (about $", "/h less, $"],
    );
    says(&desk.screen_at(80, 24), &["this plan sets it back to 1", "less, $"]);
    desk.press("enter y");
    desk.until("UPDATE_COMPLETE");
    desk.press("3");
    desk.see(&["1/1"]);
}

#[test]
fn an_update_that_wakes_a_part_of_a_sleeping_stack_says_so_before_and_after() {
    let mut desk = Desk::at("asleep");
    desk.plan(&[("LiteLLMVersion", "v1.107.0")]);
    let wakes = "! wakes LiteLLM: it is asleep, and this plan sets it to 1 (about $";
    for (width, height) in [(120, 40), (80, 24)] {
        let screen = desk.screen_at(width, height);
        let awake = "a month awake ($0.00), estimate without model calls";
        says(&screen, &[wakes, "more, $", "! Open WebUI is asleep and stays at 0", awake]);
    }
    desk.press("enter");
    says(
        &desk.screen_at(80, 24),
        &["Update stack bedrock-image-chat in us-west-2?", "! wakes LiteLLM: it is asleep"],
    );
    desk.press("y");
    desk.until("UPDATE_COMPLETE");
    let half = "half asleep (Open WebUI 0, LiteLLM 1): Z sleeps all, Z again wakes all";
    says(&desk.see(&["Done", half]), &["but it is half asleep"]);
    for (width, height) in [(120, 40), (80, 24)] {
        desk.press("1");
        let screen = desk.screen_at(width, height);
        says(&screen, &[half]);
        assert!(!screen.contains("no target registered"), "{screen}");
    }
    let of_targets = |f: &bic_tui::core::health::Finding| f.text.contains("target") || f.text.starts_with("alarm ");
    assert!(!desk.model.findings().iter().any(of_targets), "{:?}", desk.model.findings());
    desk.press("Z");
    desk.wait(5);
    desk.see(&["asleep: no task runs", "Z wakes the stack"]);
    desk.press("Z");
    desk.wait(5);
    desk.see(&["all well"]);
}
