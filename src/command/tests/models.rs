//! Models: the list of them, and what the checks before a deploy make of them.

use super::*;

#[tokio::test(start_paused = true)]
async fn models_say_what_bedrock_says_of_them() {
    for (scene, status, wanted) in [
        (
            "running",
            0,
            &["nova-canvas", "active", "granted", "image $0.040", "Bedrock", "ended 2026-09-30"][..],
        ),
        (
            "image-fails",
            0,
            &["not-granted", "warning: nova-canvas → ", "aws-marketplace:Subscribe"],
        ),
        (
            "model-gone",
            1,
            &[
                "warning: nova-canvas → stability.stable-image-core-v1:1 ended on 2026-11-22",
                "the stack has it already, so an update that keeps it is not stopped",
                "Take ImageModelId=stability.stable-image-ultra",
            ],
        ),
        ("new", 0, &["claude-sonnet", "us.anthropic.claude-sonnet-4-6"]),
    ] {
        let (got, text, said) = Case::sim(scene).run("models").await;
        assert_eq!(got, status, "{scene}: {text}{said}");
        for part in wanted {
            assert!(text.contains(part), "{scene} lacks {part}:\n{text}");
        }
    }
    let (status, _, said) = Case::sim("expired").run("models").await;
    assert_eq!(status, 3, "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_deploy_with_a_model_that_is_gone_is_stopped_before_anything_is_sent() {
    let gone = "--param ImageModelId=amazon.nova-canvas-v1:0";
    for (scene, line) in [
        ("new", "plan"),
        ("new", "deploy --yes"),
        ("running", "plan"),
        ("running", "deploy --yes"),
    ] {
        let mut case = Case::sim(scene);
        let (status, text, said) = case.run(&format!("{line} {gone}")).await;
        assert_eq!((status, text.as_str()), (1, ""), "{scene} {line}: {said}");
        for part in [
            "image model: nova-canvas → amazon.nova-canvas-v1:0 ended on 2026-09-30",
            "Take ImageModelId=",
            "Nothing was sent.",
        ] {
            assert!(said.contains(part), "{scene} {line}: {said}");
        }
        assert!(case.entries().is_empty(), "{scene} {line}");
    }
    let (status, text, _) = Case::sim("new").run(&format!("check {gone} --output json")).await;
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &report["outcome"]), (1, &"blocker".into()), "{text}");
}

/// What is broken already is no reason against another change, and is said.
#[tokio::test(start_paused = true)]
async fn an_update_that_leaves_a_model_that_is_gone_goes_on_and_says_so() {
    let (status, text, said) = Case::sim("model-gone").run("plan --param LogRetentionDays=7").await;
    assert_eq!(status, 0, "{text}{said}");
    assert!(
        text.contains("warning") && text.contains("stability.stable-image-core-v1:1 ended on 2026-11-22"),
        "{text}"
    );
    let (status, text, _) = Case::sim("model-gone").run("check").await;
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("warning  image model"), "{text}");
    assert!(
        text.contains("the stack has it already, so an update that keeps it is not stopped"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_test_image_of_a_model_that_is_gone_says_so() {
    let (status, _, said) = Case::sim("model-gone").run("image --direct --yes").await;
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("does not exist") || said.contains("end of its life"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_model_of_the_other_kind_stops_a_deploy() {
    for (param, wanted) in [
        (
            "ImageModelId=us.anthropic.claude-sonnet-4-6",
            "is no image model: Bedrock names TEXT as its output",
        ),
        (
            "ChatModelId=stability.stable-image-core-v1:1",
            "is no chat model: Bedrock names IMAGE as its output",
        ),
    ] {
        let (status, text, said) = Case::sim("new").run(&format!("check --param {param}")).await;
        assert_eq!(status, 1, "{text}{said}");
        assert!(text.contains(wanted), "{text}");
    }
}

/// Two versions must not work on one database at the same time.
#[tokio::test(start_paused = true)]
async fn another_version_on_postgres_waits_for_the_stack_to_sleep() {
    let mut case = Case::sim("new");
    let (status, _, said) = case.run("deploy --yes --size medium").await;
    assert_eq!(status, 0, "{said}");
    let update = "--param OpenWebUIVersion=v0.12.5";
    for line in ["plan", "deploy --yes"] {
        let (status, text, said) = case.run(&format!("{line} {update}")).await;
        assert_eq!((status, text.as_str()), (1, ""), "{said}");
        for part in [
            "version: Open WebUI goes from v0.12.4 to v0.12.5 while 2 task(s) run",
            "Put the stack to sleep first",
            "Nothing was sent.",
        ] {
            assert!(said.contains(part), "{line}: {said}");
        }
    }
    let (status, text, _) = case.run("plan --param LogRetentionDays=7").await;
    assert!(status == 0 && !text.contains("version"), "{text}");
    let (status, _, said) = case.run("sleep --yes").await;
    assert_eq!(status, 0, "{said}");
    let (status, text, _) = case.run(&format!("check {update}")).await;
    assert!(status == 0 && text.contains("while no task runs"), "{text}");
    let (status, _, said) = case.run(&format!("deploy --yes {update}")).await;
    assert_eq!(status, 0, "{said}");
    let (status, _, said) = case.run("wake --yes").await;
    assert_eq!(status, 0, "{said}");
    // SQLite's one task ends before the next begins.
    let (status, text, said) = Case::sim("running").run(&format!("plan {update}")).await;
    assert_eq!(status, 0, "{text}{said}");
}

/// A simulated account in a region without an image model: the blocker can be seen without an account, and the prices are its own.
#[tokio::test(start_paused = true)]
async fn a_scene_plays_in_the_region_that_was_asked_for() {
    let elsewhere = |name: &str| {
        let scene = Scene::named(name).unwrap().in_region(Some("eu-west-1".into()));
        let mut case = Case::new(Arc::new(
            Sim::new(&scene, 1, Arc::new(Paused(tokio::time::Instant::now()))).without_latency(),
        ));
        case.cx.same_place = "--region eu-west-1 --stack bedrock-image-chat".into();
        case
    };
    let (status, text, _) = elsewhere("new").run("check").await;
    assert_eq!(status, 1, "{text}");
    assert!(
        text.contains("Bedrock does not list stability.stable-image-core-v1:1 in eu-west-1"),
        "{text}"
    );
    assert!(text.contains("deploy in us-west-2 with ImageModelId="), "{text}");
    let (status, text, _) = elsewhere("running").run("cost").await;
    assert!(status == 0 && text.contains("Estimates for eu-west-1"), "{text}");
    let (status, text, _) = elsewhere("running").run("status").await;
    assert!(status <= 1 && !text.contains("us-west-2"), "{text}");
    let (status, _, said) = elsewhere("running").run("image --direct --yes").await;
    assert!(status == 4 && said.contains("does not exist"), "{said}");
}
