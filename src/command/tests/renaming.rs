//! Another `ProjectName` over a stack that lives.

use super::*;

#[tokio::test(start_paused = true)]
async fn another_project_name_stops_a_plan_until_it_is_overridden() {
    let mut case = Case::sim("running");
    let other = "--param ProjectName=other";
    let (status, text, said) = case.run(&format!("check {other}")).await;
    assert_eq!(status, 1, "{text}{said}");
    let row = text.lines().find(|l| l.contains("project name")).unwrap_or_default();
    for part in [
        "blocker",
        "bedrock-image-chat → other",
        "are replaced",
        "3 secrets",
        "2 log groups",
        "2 services",
        "new address",
        "→ Keep ProjectName",
    ] {
        assert!(row.contains(part), "{part}: {row}");
    }
    let (_, text, _) = case.run("check --param LogRetentionDays=7").await;
    assert!(!text.contains("project name"), "{text}");
    let (status, text, said) = case.run(&format!("plan {other}")).await;
    assert_eq!((status, text.as_str()), (1, ""), "{said}");
    assert!(
        said.contains("--override project-name") && said.contains("Nothing was sent."),
        "{said}"
    );
    // The plan itself says the same, as what is lost.
    let (status, text, said) = case.run(&format!("plan {other} --override project-name")).await;
    assert_eq!(status, 0, "{said}");
    let loss = text.lines().filter(|l| l.starts_with("LOSES DATA")).collect::<Vec<_>>().join("\n");
    for part in ["ProjectName", "new address", "LogGroup", "OpenWebUIAdminSecret"] {
        assert!(loss.contains(part), "{part}: {text}");
    }
    assert!(
        text.contains("project name: bedrock-image-chat → other") && text.contains("(overridden)"),
        "{text}"
    );
    let replaced = text.lines().filter(|l| l.starts_with("REPLACE ")).count();
    let told: usize = row.split(' ').find_map(|w| w.parse().ok()).unwrap();
    assert!(replaced >= told && told > 15, "{told} of {replaced}:\n{text}");
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_is_renamed_is_found_under_its_new_names() {
    let mut case = Case::sim("running");
    let line = "deploy --param ProjectName=other --override project-name --confirm bedrock-image-chat";
    let (status, text, said) = case.run(line).await;
    assert_eq!(status, 0, "{text}{said}");
    let (status, text, _) = case.run("status").await;
    assert!(text.contains("other-openwebui"), "{status} {text}");
}
