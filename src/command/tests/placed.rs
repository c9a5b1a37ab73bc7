//! Commands that an answer names reach the same stack and account.

use super::*;

/// What stands in backquotes.
fn named(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[tokio::test(start_paused = true)]
async fn every_command_that_is_named_reaches_the_same_stack() {
    for (scene, line, wanted) in [
        ("model-gone", "models", "bic-tui models"),
        ("model-gone", "models --output json", "bic-tui models"),
        ("model-gone", "image --direct", "bic-tui models"),
        ("model-gone", "image --direct --output json", "bic-tui models"),
        ("unreachable", "image", "bic-tui targets"),
        ("rollback-failed", "status", "bic-tui unstick"),
        ("rollback-failed", "status --output json", "bic-tui unstick"),
        ("image-fails", "status", "bic-tui logs --level error"),
        ("image-fails", "status --output json", "bic-tui logs --level error"),
        ("running", "cert", "bic-tui cert request NAME"),
        ("running", "cert validate", "bic-tui cert request NAME"),
        ("running", "cost", "bic-tui sleep"),
        ("running", "stop-task zzz", "bic-tui tasks"),
        ("unreachable", "wake", "bic-tui targets"),
        (
            "running",
            "throughput buy amazon.nova-canvas-v1:0 --name x --confirm x",
            "bic-tui models",
        ),
    ] {
        let mut case = Case::sim(scene);
        let (_, text, said) = case.run(line).await;
        for told in [&text, &said] {
            for command in named(told).into_iter().filter(|c| c.starts_with("bic-tui ")) {
                let placed = "--region us-west-2 --stack bedrock-image-chat";
                assert!(command.ends_with(placed), "{scene} {line}: `{command}`");
            }
        }
        let is_there = named(&text).iter().chain(&named(&said)).any(|c| c.starts_with(wanted));
        assert!(is_there, "{scene} {line} names no {wanted}: {text}{said}");
    }
}
