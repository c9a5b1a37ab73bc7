//! What a stack leaves: listed, removed, told before and after a deletion; deletions that fail; the dashboard.

use super::*;
use crate::core::fact::Look;

#[tokio::test(start_paused = true)]
async fn what_is_left_is_listed_with_its_price_and_removed_by_name() {
    let mut case = Case::sim("leftovers");
    let (status, text, said) = case.run("leftovers").await;
    assert_eq!(status, 0, "{text}{said}");
    for part in [
        "file system",
        "recovery point of fs-0",
        "snapshot of bedrock-image-chat-databaseinstance-",
        "/ecs/bedrock-image-chat",
        "bedrock-image-chat/litellm-api-key",
        "expires in 29 d",
        "bedrock-image-chat/old-image",
        "things are left: about $",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let (_, json, _) = case.run("leftovers --output json").await;
    let list: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&list["status"], &list["project"]),
        (&"DELETE_COMPLETE".into(), &"bedrock-image-chat".into())
    );
    let all = list["leftovers"].as_array().unwrap().clone();
    let point = all.iter().find(|it| it["kind"] == "recovery-point").unwrap();
    let removal = point["removal"].as_str().unwrap();
    assert!(
        removal.starts_with("aws backup delete-recovery-point --backup-vault-name aws/efs/automatic-backup-vault"),
        "{removal}"
    );
    let total: f64 = all.iter().filter_map(|it| it["usd_month"].as_f64()).sum();
    assert!((total - list["usd_month"].as_f64().unwrap()).abs() < 1e-9);
    // Each of them goes by its own name, and is waited for.
    for it in &all {
        let name = it["name"].as_str().unwrap();
        let (status, _, said) = case.run(&format!("leftovers remove {name} --confirm {name}")).await;
        assert_eq!(status, 0, "{said}");
        assert!(said.contains(&format!("{name} is gone.")), "{said}");
    }
    let (_, text, _) = case.run("leftovers").await;
    assert_eq!(text, "Nothing is left, and nothing costs.\n");
    let entries = case.entries();
    assert_eq!(entries.len(), 2 * all.len());
    let first = entries.iter().find(|e| e.operation == "backup:DeleteRecoveryPoint").unwrap();
    assert!(
        first.command.as_ref().unwrap().starts_with("aws backup delete-recovery-point"),
        "{first:?}"
    );
    well_kept(&entries);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_removed_without_its_name() {
    let mut case = Case::sim("leftovers");
    case.cx.is_yes = false;
    for (line, wanted) in [
        (
            "leftovers remove /ecs/bedrock-image-chat",
            "needs --confirm /ecs/bedrock-image-chat",
        ),
        (
            "leftovers remove /ecs/bedrock-image-chat --confirm bedrock-image-chat",
            "is not the name /ecs/bedrock-image-chat",
        ),
        (
            "leftovers remove nonsense --confirm nonsense",
            "nothing that is left is called \"nonsense\"; `bic-tui leftovers --region us-west-2 --stack bedrock-image-chat` lists it.",
        ),
    ] {
        let (status, _, said) = case.run(line).await;
        assert_eq!(status, 2, "{said}");
        assert!(said.contains(wanted), "{line}: {said}");
    }
    case.cx.settings.read_only = true;
    let (status, _, said) = case
        .run("leftovers remove /ecs/bedrock-image-chat --confirm /ecs/bedrock-image-chat")
        .await;
    assert_eq!(status, 2);
    assert!(said.contains("this session is read-only"), "{said}");
    assert!(case.entries().is_empty());
    let (status, _, said) = Case::sim("expired").run("leftovers").await;
    assert_eq!(status, 3, "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_living_stack_is_no_leftover_and_its_backups_are_told_before_it_is_destroyed() {
    let mut case = Case::sim("running");
    let (status, text, said) = case.run("destroy").await;
    assert_eq!(status, 0, "{text}{said}");
    assert!(text.contains("stays  2 × recovery point of fs-0"), "{text}");
    assert!(
        said.contains("2 things are left: about $0.02 a month, an estimate.") && said.contains("`bic-tui leftovers --region us-west-2"),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_failed_goes_on_without_what_failed() {
    let mut case = Case::sim("delete-failed");
    let (_, text, _) = case.run("unstick").await;
    assert!(text.contains("delete-retaining   open"), "{text}");
    let (status, _, said) = case.run("unstick delete-retaining --retain FileSystem").await;
    assert_eq!(status, 2);
    assert!(
        said.contains("FileSystem can not be kept: only resources that could not be deleted can be (ALBSecurityGroup)"),
        "{said}"
    );
    let mut wrong = Case::new(Arc::clone(&case.cx.cloud)).typing("no\n");
    assert_eq!(wrong.run("unstick delete-retaining").await.0, 2);
    assert!(wrong.entries().is_empty() && case.entries().is_empty());
    for kept in ["ALBSecurityGroup", "VPC"] {
        let (status, _, said) = case.run("unstick delete-retaining").await;
        assert_eq!(status, 0, "{said}");
        assert!(said.contains(&format!("Kept: {kept}.")), "{said}");
        tokio::time::sleep(Duration::from_mins(20)).await;
    }
    assert!(case.stack().await.is_none());
    let (_, text, _) = case.run("leftovers").await;
    assert!(text.contains("SecurityGroup") && text.contains("vpc-0"), "{text}");
    // What still uses it stands in the way, and AWS's reason is told.
    let vpc = text
        .lines()
        .find_map(|l| l.split_whitespace().find(|w| w.starts_with("vpc-0")))
        .unwrap();
    let (status, _, said) = case.run(&format!("leftovers remove {vpc} --confirm {vpc}")).await;
    assert_eq!(status, 4);
    assert!(
        said.contains("has a dependent object") && said.contains("Remove first what still uses it"),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_dashboard_has_an_address() {
    let mut case = Case::sim("running");
    let url = "https://us-west-2.console.aws.amazon.com/cloudwatch/home?region=us-west-2#dashboards/dashboard/bedrock-image-chat-us-west-2";
    let (status, text, said) = case.run("dashboard").await;
    assert_eq!((status, text.trim()), (0, url), "{said}");
    let (_, json, _) = case.run("dashboard --output json").await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["name"], &json["url"]), (&"bedrock-image-chat-us-west-2".into(), &url.into()));
    assert_eq!(Case::sim("new").run("dashboard").await.0, 4, "no stack");
    let (status, _, said) = Case::sim("creation-failed").run("dashboard").await;
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("has no dashboard"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn an_override_is_in_the_audit_log_and_some_checks_have_none() {
    let line = "--param ACMCertificateArn=arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d-1111-2222-3333-444455556666";
    let mut case = Case::sim("running");
    let (status, _, said) = case.run(&format!("plan {line}")).await;
    assert_eq!(status, 1, "{said}");
    assert!(case.entries().is_empty());
    let (status, _, said) = case.run(&format!("plan {line} --override encryption")).await;
    assert_eq!(status, 0, "{said}");
    let noted = serde_json::to_value(&case.entries()[0]).unwrap();
    assert_eq!(
        noted["change"]["create-change-set"]["overridden"],
        serde_json::json!(["encryption"])
    );
    let (status, _, said) = Case::sim("delete-failed").run("check --override stack").await;
    assert_eq!(status, 2);
    assert!(said.contains("stack can not be overridden, AWS itself would refuse"), "{said}");
}

/// A world in which one question is refused.
fn without(scene: &str, is_struck: fn(&Query) -> bool) -> Arc<dyn Cloud> {
    Answering::of(scene, move |query: &Query| {
        let throttled = || Fault::new(FaultKind::Throttled, query.actions()[0], "", "Rate exceeded");
        is_struck(query).then(|| Err(throttled()))
    })
}

#[tokio::test(start_paused = true)]
async fn what_a_stack_of_another_name_has_is_neither_listed_nor_removed() {
    let mut case = Case::sim("new");
    case.cx.settings.stack = "prod".into();
    let (status, _, said) = case.run("deploy --param ProjectName=bedrock-image-chat").await;
    assert_eq!(status, 0, "{said}");
    let sent = case.entries().len();
    case.cx.settings.stack = "bedrock-image-chat".into();
    let (status, text, said) = case.run("leftovers").await;
    assert_eq!(status, 4, "{text}{said}");
    let group = "/ecs/bedrock-image-chat";
    let (status, _, said) = case.run(&format!("leftovers remove {group} --confirm {group}")).await;
    assert_eq!(status, 2, "{said}");
    assert_eq!(case.entries().len(), sent, "nothing was sent");
    // A list that is older than the stack: the door asks again.
    let fault = write(&case.cx, Change::DeleteLogGroup { group: group.into() }).await.unwrap_err();
    let told = fault.message().unwrap();
    assert!(
        told.contains("/ecs/bedrock-image-chat is not removed: the living stack prod has it"),
        "{told}"
    );
    assert_eq!(case.entries().len(), sent, "nothing was sent");
}

#[tokio::test(start_paused = true)]
async fn a_place_that_could_not_be_looked_at_is_told_by_the_exit_status_too() {
    let mut case = Case::new(without("leftovers", |query| {
        matches!(query, Query::Left(crate::core::fact::Look::Snapshots { .. }))
    }));
    for line in ["leftovers", "leftovers --output json"] {
        let (status, text, said) = case.run(line).await;
        assert_eq!(status, 4, "{text}{said}");
        assert!(text.contains("/ecs/bedrock-image-chat"), "what is known is listed: {text}");
    }
    let (status, ..) = Case::sim("leftovers").run("leftovers").await;
    assert_eq!(status, 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_or_removed_while_it_is_not_known_who_has_it() {
    let questions: [fn(&Query) -> bool; 3] = [
        |it| matches!(it, Query::Stack { .. }),
        |it| matches!(it, Query::StackResources { .. }),
        |it| matches!(it, Query::Holders { .. }),
    ];
    let group = "/ecs/bedrock-image-chat";
    for scene in ["running", "leftovers"] {
        for is_struck in questions {
            let mut case = Case::new(without(scene, is_struck));
            for line in ["leftovers", &format!("leftovers remove {group} --confirm {group}")] {
                let (status, text, said) = case.run(line).await;
                assert_eq!((status, text.as_str()), (4, ""), "{scene} {line}: {said}");
                assert!(said.contains("Rate exceeded"), "{said}");
            }
            assert!(case.entries().is_empty());
        }
    }
    let case = Case::new(without("leftovers", questions[2]));
    let fault = write(&case.cx, Change::DeleteLogGroup { group: group.into() }).await.unwrap_err();
    let told = fault.message().unwrap();
    assert!(
        told.contains("is not removed, because whether a living stack has it is not known"),
        "{told}"
    );
    assert!(case.entries().is_empty());
}

#[tokio::test(start_paused = true)]
async fn yes_is_no_name() {
    let mut case = Case::sim("leftovers");
    let group = "/ecs/bedrock-image-chat";
    let (status, _, said) = case.run(&format!("leftovers remove {group}")).await;
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("needs --confirm /ecs/bedrock-image-chat"), "{said}");
    assert!(case.entries().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stack_of_which_nobody_has_heard_is_no_all_clear() {
    let mut case = Case::sim("leftovers");
    case.cx.settings.stack = "nosuch".into();
    let (status, text, said) = case.run("leftovers").await;
    assert_eq!((status, text.as_str()), (4, ""), "{said}");
    assert!(said.contains("tack nosuch in us-west-2 does not exist"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn names_that_are_taken_stop_a_deploy_in_the_list_and_in_the_cloud() {
    let mut case = Case::sim("leftovers");
    let (status, text, said) = case.run("check").await;
    assert_eq!(status, 1, "{text}{said}");
    for part in [
        "bedrock-image-chat/litellm-api-key waits for its deletion",
        "there is /ecs/bedrock-image-chat already",
        "bic-tui leftovers",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let (status, text, said) = case.run("deploy --override secrets --override log-groups").await;
    assert_eq!(status, 1, "{text}{said}");
    assert!(text.contains("already exists"), "{text}{said}");
}

#[tokio::test(start_paused = true)]
async fn throughput_that_does_not_exist_stops_a_deploy() {
    let arn = "arn:aws:bedrock:us-west-2:111122223333:provisioned-model/nope00000000";
    let (status, text, _) = Case::sim("running").run(&format!("check --param ProvisionedModelArn={arn}")).await;
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("does not know arn:aws:bedrock"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_certificate_of_no_stack_is_no_answer() {
    let mut case = Case::sim("running");
    case.cx.settings.stack = "nosuch".into();
    let (status, text, said) = case.run("cert").await;
    assert_eq!(status, 4, "{text}{said}");
    assert!(
        !text.contains("nosuch has no certificate") && said.contains("tack nosuch in us-west-2 does not exist"),
        "{text}{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_is_repeated_counts_what_is_still_there() {
    let mut case = Case::sim("delete-failed");
    let (status, text, said) = case.run("destroy").await;
    assert_eq!(status, 1, "{text}{said}");
    assert!(
        !text.contains("with 63 resources") && text.contains("is DELETE_FAILED with"),
        "{text}"
    );
    assert!(said.contains("`bic-tui unstick delete-retaining --region us-west-2"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn of_a_stack_that_lives_it_is_said_so_and_what_leads_on() {
    let mut case = Case::sim("running");
    let (status, text, said) = case.run("leftovers").await;
    assert_eq!(status, 0);
    let own = "Stack bedrock-image-chat is CREATE_COMPLETE: its 63 resources and 2 backups of them are no leftovers.";
    assert_eq!(text, format!("{own} Nothing else is left.\n"));
    assert!(
        said.contains("`bic-tui destroy --region us-west-2 --stack bedrock-image-chat` deletes it"),
        "{said}"
    );
    let (_, json, _) = case.run("leftovers --output json").await;
    let told: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&told["lives"], &told["status"]), (&true.into(), &"CREATE_COMPLETE".into()));
    let (_, text, _) = Case::sim("creation-failed").run("leftovers").await;
    assert!(text.contains("is ROLLBACK_COMPLETE: nothing of it exists."), "{text}");
    let (_, json, _) = Case::sim("leftovers").run("leftovers --output json").await;
    let told: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(told["lives"], false);
}

/// By its name AWS does not tell of a stack that is deleted; what it left goes on costing all the same.
#[tokio::test(start_paused = true)]
async fn a_stack_that_is_not_there_leads_to_what_it_may_have_left() {
    let mut case = Case::sim("leftovers");
    for line in [
        "status",
        "events",
        "tasks",
        "targets",
        "outputs",
        "unstick",
        "destroy",
        "scale litellm 1",
        "sleep",
    ] {
        let (status, _, said) = case.run(line).await;
        assert_eq!(status, 4, "{line}: {said}");
        let way = "if it was deleted, `bic-tui leftovers --region us-west-2 --stack bedrock-image-chat` lists what goes on costing";
        assert!(said.contains("does not exist") && said.contains(way), "{line}: {said}");
    }
    // By its id AWS still tells of it.
    let (_, json, _) = case.run("leftovers --output json").await;
    assert!(json.contains("DELETE_COMPLETE"));
    let Ok(Fact::StackIds(ids)) = case
        .cx
        .cloud
        .ask(Query::DeletedStacks {
            name: "bedrock-image-chat".into(),
        })
        .await
    else {
        panic!("no deleted stack is known")
    };
    case.cx.settings.stack = ids[0].clone();
    for line in ["status", "events", "outputs"] {
        let (_, _, said) = case.run(line).await;
        assert!(said.contains("is deleted; `bic-tui leftovers "), "{line}: {said}");
    }
}

#[tokio::test(start_paused = true)]
async fn file_systems_that_were_not_looked_at_are_told() {
    let answers = |query: &Query| match query {
        Query::Left(Look::FileSystems { .. }) => Some(Ok(Fact::LeftPartly {
            found: Vec::new(),
            strangers: (20, 3),
        })),
        _ => None,
    };
    let mut case = Case::new(Answering::of("new", answers));
    let (status, text, said) = case.run("leftovers").await;
    assert_eq!(
        (status, text.as_str()),
        (4, "Nothing was found, but not every place could be looked at.\n")
    );
    assert!(
        said.starts_with("names of file systems: of 23 ") && said.contains("--region us-west-2` lists"),
        "{said}"
    );
    let (status, json, _) = case.run("leftovers --output json").await;
    let list: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((status, &list["unknown"][0]["what"]), (4, &"names of file systems".into()));
}

#[tokio::test(start_paused = true)]
async fn what_a_deletion_was_seen_to_keep_is_told_at_its_end() {
    let mut case = Case::sim("new");
    let (status, ..) = case.run("deploy --param FileSystemDeletionPolicy=Retain").await;
    assert_eq!(status, 0);
    let (status, stdout, said) = case.run("destroy").await;
    assert_eq!(status, 0, "{stdout}{said}");
    let kept = said.lines().find(|line| line.starts_with("The former KeptFileSystem fs-"));
    assert!(kept.is_some_and(|line| line.contains("`bic-tui leftovers")), "{said}");
}
