//! What an update lets go of and does not delete.

use super::*;

const GROUND: &str = "--region us-west-2 --stack bedrock-image-chat";

#[tokio::test(start_paused = true)]
async fn what_a_policy_keeps_is_not_called_lost_and_is_named_at_the_end() {
    let mut case = Case::sim("replaces-files");
    let (status, plan, said) = case.run("deploy").await;
    assert_eq!(status, 2, "its name is asked for all the same: {plan}{said}");
    let line = plan
        .lines()
        .find(|l| l.contains("FileSystem (AWS::EFS::FileSystem)"))
        .unwrap_or_default();
    assert!(
        line.starts_with("KEPT OUTSIDE  ") && line.ends_with("outside the stack, and costs on"),
        "{plan}"
    );
    assert!(!plan.contains("LOSES") && !said.contains("loses"), "{plan}{said}");
    assert!(said.contains("stays in the account") && said.contains("--confirm"), "{said}");
    let old = line.split(' ').find(|word| word.starts_with("fs-")).unwrap().to_owned();
    let (status, out, said) = case.run("deploy --confirm bedrock-image-chat").await;
    assert_eq!(status, 0, "{out}{said}");
    let end = format!("The former FileSystem {old} stays outside the stack and costs on; `bic-tui leftovers {GROUND}` lists it.\n");
    assert!(said.contains(&end), "{said}");
}

#[tokio::test(start_paused = true)]
async fn json_tells_what_is_kept_apart_from_what_is_lost() {
    let mut case = Case::sim("replaces-files");
    let (_, out, _) = case.run("plan --output json").await;
    let plan: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!(plan["losses"], serde_json::json!([]));
    assert_eq!(plan["stays"].as_array().map(Vec::len), Some(1), "{plan}");
    let (status, _, said) = case.run("deploy --confirm bedrock-image-chat --output json").await;
    assert!(status == 0 && said.contains("stays outside the stack"), "{said}");
}
