//! What a deploy says of tasks that stop, and of credentials that expire, while it is followed.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_task_whose_lines_have_not_come_is_told_by_an_earlier_one_that_fell_the_same_way() {
    let pages = AtomicU32::new(0);
    let first_alone = move |query: &Query| {
        let is_late = matches!(query, Query::LogPage(_)) && pages.fetch_add(1, Ordering::Relaxed) > 0;
        is_late.then(|| Ok(Fact::LogPage(page(&[], None))))
    };
    let mut case = Case::new(Answering::of("program-ends", first_alone));
    let (status, _, said) = case.run("deploy").await;
    assert_eq!(status, 1, "{said}");
    let falls = said.lines().filter(|l| l.starts_with("task ")).count();
    let (_, card) = said.split_once("Cause: ").unwrap();
    assert!(falls > 1 && card.contains("  log: Exception: Config file not found"), "{said}");
    assert!(card.contains("It means: LiteLLM does not find its configuration"), "{card}");
}

/// One look after the operation has begun is answered by `kind`, and so often.
fn expiring(scene: &str, times: u32) -> Case {
    let (looks, failed) = (AtomicU32::new(0), AtomicU32::new(0));
    let once = move |query: &Query| match query {
        Query::StackEvents { known: Some(_), .. } => {
            looks.fetch_add(1, Ordering::Relaxed);
            None
        }
        Query::Stack { .. } if looks.load(Ordering::Relaxed) > 0 && failed.fetch_add(1, Ordering::Relaxed) < times => {
            Some(Err(Fault::new(FaultKind::Expired, "cloudformation:DescribeStacks", "", "")))
        }
        _ => None,
    };
    Case::new(Answering::of(scene, once))
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_good_again_at_once_end_no_watch_of_a_script() {
    for (line, end) in [
        ("deploy --param LogRetentionDays=7", "is UPDATE_COMPLETE."),
        ("destroy --confirm bedrock-image-chat", "is deleted."),
    ] {
        let mut case = expiring("running", 1);
        let (status, text, said) = case.run(line).await;
        assert_eq!(status, 0, "{line}: {text}{said}");
        assert!((text + &said).contains(end), "{said}");
        assert!(!said.contains("expired"), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_script_whose_credentials_stay_expired_is_told_what_follows_the_operation() {
    for line in ["deploy --param LogRetentionDays=7", "destroy --confirm bedrock-image-chat"] {
        let (status, _, said) = expiring("running", u32::MAX).run(line).await;
        assert_eq!(status, 3, "{line}: {said}");
        let end = said.lines().last().unwrap_or_default();
        assert_eq!(
            end,
            "The AWS credentials have expired. Log in again (`aws sso login`), then run `bic-tui deploy --watch --region us-west-2 \
             --stack bedrock-image-chat`.",
            "{said}"
        );
        assert!(!said.contains("run this again"), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_a_refused_request_ends_is_said_not_to_be_executed() {
    let answers = |query: &Query| match query {
        Query::ChangeSet { .. } => Some(Err(Fault::new(FaultKind::Expired, "cloudformation:DescribeChangeSet", "", ""))),
        _ => None,
    };
    let mut case = Case::new(Answering::of("running", answers));
    let (status, stdout, said) = case.run("deploy --param LogRetentionDays=14").await;
    assert_eq!(status, 3, "{stdout}{said}");
    assert!(said.contains("Nothing was executed.\n"), "{said}");
}
