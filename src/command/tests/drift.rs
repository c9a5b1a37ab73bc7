//! Counts that the template does not know, and what a plan makes of them.

use super::*;

fn notes(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("note          ")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_plan_says_of_each_count_set_by_hand_what_becomes_of_it() {
    let mut case = Case::sim("running");
    let (status, _, said) = case.run("scale litellm 3").await;
    assert_eq!(status, 0, "{said}");
    let (_, text, said) = case.run("plan --param LogRetentionDays=7").await;
    assert_eq!(
        notes(&text),
        ["LiteLLM was set to 3 by hand and stays at 3: the plan does not touch it"],
        "{said}"
    );
    let (_, text, _) = case.run("plan --param LiteLLMVersion=v1.107.0").await;
    let told = notes(&text);
    assert!(
        told.len() == 1 && told[0].starts_with("LiteLLM was set to 3 by hand: this plan sets it back to 1 (about $"),
        "{text}"
    );
    // What was said is what happens.
    let (status, json, said) = case.run("deploy --param LiteLLMVersion=v1.107.0 --output json").await;
    assert_eq!(status, 0, "{said}");
    let plan: Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(plan["notes"][0].as_str(), Some(told[0]));
    let (_, text, _) = case.run("status").await;
    assert!(text.contains("1/1"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_wakes_a_part_of_a_sleeping_stack_says_so_and_so_does_the_status_afterwards() {
    let mut case = Case::sim("asleep");
    let (_, text, said) = case.run("deploy --param LiteLLMVersion=v1.107.0").await;
    let told = notes(&text);
    let wakes = "wakes LiteLLM: it is asleep, and this plan sets it to 1 (about $";
    assert!(
        told.len() == 2 && told[0].starts_with(wakes) && told[0].contains("/h more, $"),
        "{text}{said}"
    );
    assert_eq!(told[1], "Open WebUI is asleep and stays at 0: the plan does not touch it");
    assert!(text.contains(" a month (+$0.00), an estimate of the stack awake\n"), "{text}");
    let (status, text, _) = case.run("status").await;
    let flags = "--region us-west-2 --stack bedrock-image-chat";
    let half = format!(
        "warning   half asleep (Open WebUI 0, LiteLLM 1): `bic-tui sleep {flags}` puts the rest to sleep, `bic-tui wake {flags}` wakes it"
    );
    assert!(status == 0 && text.contains(&half) && !text.contains("no target"), "{text}");
}
