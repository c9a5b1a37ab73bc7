//! Operations that go wrong, each told by keys: what the screen says, what the cause card says, and which
//! way out works.
#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "operations/asked.rs"]
mod asked;
mod desk;
#[path = "operations/drift.rs"]
mod drift;
#[path = "operations/elsewhere.rs"]
mod elsewhere;
#[path = "operations/planning.rs"]
mod planning;
#[path = "operations/ways.rs"]
mod ways;

use std::collections::BTreeSet;

use bic_tui::{
    cloud::Change,
    core::{
        cause,
        dialog::Dialog,
        eta,
        fact::Millis,
        fault::FaultKind,
        key::{Code, Key},
        logline::Level,
        msg::{Msg, Size},
        screen::deploy::Stage,
    },
    sim::Scene,
};
use desk::{Desk, START};

/// Fails unless every text is on the screen.
fn says(screen: &str, texts: &[&str]) {
    for text in texts {
        assert!(screen.contains(text), "\"{text}\" is not on the screen:\n{screen}");
    }
}

fn card(desk: &Desk) -> String {
    cause::find(&desk.model).expect("a cause").card().to_string()
}

/// A first deployment that fails, up to its card; then the only way out, by `R`.
fn fails(scene: &str, on_screen: &[&str], on_card: &[&str]) {
    let mut desk = Desk::at(scene);
    desk.deploy(&[]);
    // The cause is there while it goes wrong, not afterwards.
    let screen = desk.see(&["Cause", "so ", "now "]);
    says(&screen, &["CREATE_IN_PROGRESS"]);
    desk.until("ROLLBACK_COMPLETE");
    says(&desk.see(on_screen), &["ROLLBACK_COMPLETE", "R ways out", "c copy this card"]);
    let card = card(&desk);
    for text in on_card {
        assert!(card.contains(text), "\"{text}\" is not on the card:\n{card}");
    }
    desk.press("c");
    assert_eq!(desk.copied, card);
    desk.press("R");
    let menu = desk.screen();
    says(&menu, &["Delete this creation", "not now: ", "Cancel the update"]);
    assert!(!menu.contains("Detach"), "no operation runs:\n{menu}");
    desk.press("down enter");
    let question = desk.screen();
    says(
        &question,
        &[
            "Destroy stack bedrock-image-chat, of which nothing is left?",
            "Type bedrock-image-chat",
        ],
    );
    assert!(!question.contains("not been listed"), "{question}");
    desk.press("bedrock-image-chat enter enter");
    let screen = desk.see(&["Press D to deploy"]);
    assert!(!screen.contains("deletion has begun"), "it has ended:\n{screen}");
    assert!(matches!(desk.written.last(), Some(Change::DeleteStack { .. })));
}

#[test]
fn a_clean_creation_counts_up_and_shows_the_services_inside() {
    let mut desk = Desk::at("new");
    desk.deploy(&[]);
    let screen = desk.see(&["of 63", "   still ", "ECS openwebui", "pending"]);
    // Header and bar count the same.
    let done = eta::outlook(&desk.model).expect("an outlook").done;
    says(&screen, &[&format!("CREATE_IN_PROGRESS {done}/63"), &format!(" {done} of 63 ")]);
    says(&screen, &["CREATE_IN_PROGRESS", "creating"]);
    let footer = screen.lines().last().expect("a footer");
    assert!(footer.starts_with(" R ways out") && !footer.contains("D deploy"), "{footer}");
    desk.until("CREATE_COMPLETE");
    let screen = desk.see(&["✓ CREATE_COMPLETE", "63 of 63"]);
    says(&screen, &["ALBEndpoint"]);
    let screen = desk.see(&[" D deploy"]);
    assert!(!screen.contains("ways out"), "nothing is held up any more:\n{screen}");
    desk.press("R");
    says(&desk.screen(), &["not now: no operation runs that could wait for ECS"]);
}

#[test]
fn an_image_that_can_not_be_pulled() {
    fails(
        "deploy-fails",
        &["the private network does not reach ECR"],
        &[
            "LiteLLMService (AWS::ECS::Service)",
            "CannotPullContainerError",
            "i/o timeout",
            "ecr.dkr",
        ],
    );
}

#[test]
fn a_secret_that_is_missing() {
    fails(
        "secret-missing",
        &["the secret that the task needs does not exist"],
        &[
            "LiteLLMService",
            "Secrets Manager can't find the specified secret",
            "restore-secret",
        ],
    );
}

#[test]
fn the_card_names_the_secret_and_ends_as_aws_ends() {
    for (scene, texts) in [
        ("secret-missing", ["litellm-api-key-", "can't find the specified secret"]),
        ("deploy-fails", ["CannotPullContainerError", "i/o timeout"]),
    ] {
        let mut desk = Desk::at(scene);
        desk.deploy(&[]);
        desk.see(&["Cause"]);
        for (width, height) in [(80, 24), (120, 40)] {
            desk.take(Msg::Resize(bic_tui::core::msg::Size { width, height }));
            let words = desk.screen_at(width, height).replace(['│', '┃'], " ");
            // A long name may be broken at the end of a row.
            let text: String = words.split_whitespace().collect();
            for wanted in texts {
                assert!(text.contains(&wanted.replace(' ', "")), "{wanted}: {text}");
            }
        }
    }
}

#[test]
fn a_program_that_ends_shows_its_last_lines() {
    fails(
        "program-ends",
        &["LiteLLM does not find its configuration"],
        &["log: ", "Config file not found: /tmp/config.yaml", "exited with code 1"],
    );
}

#[test]
fn a_health_check_that_fails() {
    fails(
        "health-check-fails",
        &["did not answer the load balancer in time"],
        &["OpenWebUIService", "Task failed ELB health checks"],
    );
}

#[test]
fn a_quota_that_is_used_up() {
    fails(
        "quota-exceeded",
        &["the VPC quota of this region is used up"],
        &[
            "VPC (AWS::EC2::VPC)",
            "The maximum number of VPCs has been reached",
            "VPCs per Region",
        ],
    );
}

#[test]
fn where_nothing_was_made_nothing_is_counted_back() {
    let mut desk = Desk::at("quota-exceeded");
    desk.deploy(&[]);
    desk.until("ROLLBACK_COMPLETE");
    let screen = desk.see(&["nothing to undo"]);
    assert!(!screen.contains("0 of 0"), "{screen}");
}

#[test]
fn a_creation_that_failed_yesterday_is_deleted_first() {
    let mut desk = Desk::at("creation-failed");
    desk.press("2");
    let screen = desk.see(&["Tasks and log went with the rollback."]);
    assert!(
        !screen.contains("3 tasks") && !screen.contains("stopped tasks"),
        "nothing is left to look at:\n{screen}"
    );
    desk.press("R");
    says(&desk.screen(), &["nothing of it exists: this takes away its record"]);
    desk.press("esc D");
    says(&desk.screen(), &["it can only be deleted before a", "Type bedrock-image-chat"]);
    desk.press("bedrock-image-chat enter enter");
    desk.see(&["Press D to deploy"]);
    desk.plan(&[]);
}

#[test]
fn an_application_that_can_not_be_reached_is_red_at_every_moment() {
    let mut desk = Desk::at("unreachable");
    desk.see(&["none healthy", "✗ openwebui"]);
    desk.press("3");
    desk.see(&["✗ bedrock-image-chat-openwebui", "  none healthy  "]);
    for _ in 0..60 {
        desk.wait(20);
        let findings = desk.model.findings();
        let worst = findings.first().expect("a finding");
        assert_eq!(worst.severity, bic_tui::core::health::Severity::Bad, "{findings:?}");
        let is_told = ["did not answer the load balancer", "got no good answer"]
            .iter()
            .any(|w| worst.text.contains(w));
        assert!(is_told && !worst.text.contains("yet"), "{findings:?}");
    }
}

#[test]
fn a_failure_that_was_kept_is_rolled_back_by_hand() {
    let mut desk = Desk::at("rollback-off");
    desk.see(&["✗ stack CREATE_FAILED (R rolls it back): the private network does not reach ECR"]);
    desk.press("2R");
    says(
        &desk.screen(),
        &["Roll back", "Delete this creation", "not now: no rollback has failed"],
    );
    desk.press("down enter");
    says(&desk.screen(), &["Roll back of bedrock-image-chat?", "▸[ Cancel ]"]);
    assert!(!desk.screen().contains("only be deleted"), "{}", desk.screen());
    desk.press("y");
    desk.see(&["still to undo"]);
    desk.until("ROLLBACK_COMPLETE");
    assert_eq!(desk.written.len(), 1);
}

#[test]
fn an_update_that_replaces_the_files_says_what_is_lost() {
    let mut desk = Desk::at("replaces-files");
    desk.plan(&[("LogRetentionDays", "14")]);
    let screen = desk.screen();
    let old = file_system(&desk);
    let told = "is replaced by an empty one;";
    says(&screen, &["FileSystem", told, &format!("{old} stays")]);
    says(&screen, &["It holds data: what is in it is kept."]);
    assert!(!screen.contains("is lost"), "its policy keeps it:\n{screen}");
    desk.press("enter");
    says(&desk.screen(), &["Type bedrock-image-chat", told, &old]);
    // Neither yes nor Enter is enough; leaving drops the plan.
    desk.press("y enter esc esc");
    desk.wait(2);
    assert!(
        matches!(desk.written.last(), Some(Change::DeleteChangeSet { .. })),
        "{:?}",
        desk.written
    );
    assert_eq!(desk.status(), "CREATE_COMPLETE");
}

/// The physical id of the file system that the stack has.
fn file_system(desk: &Desk) -> String {
    let all = desk.model.feeds.resources.get().expect("resources");
    let found = all.iter().find(|r| r.logical_id == "FileSystem").expect("a file system");
    found.physical_id.to_string()
}

#[test]
fn what_an_update_replaced_and_kept_is_told_at_its_end_and_listed_as_left() {
    let mut desk = Desk::at("replaces-files");
    let old = file_system(&desk);
    desk.plan(&[("LogRetentionDays", "14")]);
    desk.press("enter");
    desk.press("bedrock-image-chat enter enter");
    desk.until("UPDATE_COMPLETE");
    desk.wait(5);
    let screen = desk.screen();
    says(
        &screen,
        &[
            "✓ UPDATE_COMPLETE",
            &format!("the former FileSystem {old} stays outside the stack and costs on"),
        ],
    );
    let (done, total) = eta::outlook(&desk.model).map(|it| (it.done, it.total)).expect("an outlook");
    assert_eq!(done, total, "{screen}");
    desk.press(":leftovers enter");
    let screen = desk.see(&["36 things are left"]);
    says(
        &screen,
        &[
            &old,
            &format!("recovery point of {}", &old[..5]),
            "its 63 resources are no leftovers",
        ],
    );
    desk.wait(40);
    let new = file_system(&desk);
    assert!(new != old && !desk.screen().contains(&new), "{}", desk.screen());
    desk.press("enter");
    says(&desk.screen(), &[&format!("Remove {old}?"), "All files in it are lost"]);
    desk.press(&format!("{old} enter enter"));
    desk.see(&[&format!("{old} is gone")]);
}

#[test]
fn an_update_that_fails_is_counted_back() {
    let mut desk = Desk::at("tasks-not-starting");
    desk.deploy(&[("LiteLLMVersion", "v1.107.0")]);
    desk.see(&["Cause", "CannotPullContainerError"]);
    let screen = desk.see(&["still to undo", "UPDATE_ROLLBACK_IN_PROGRESS"]);
    says(&screen, &["the private network does not reach ECR"]);
}

#[test]
fn an_update_that_fails_is_rolled_back_and_the_next_one_goes_well() {
    let mut desk = Desk::at("update-fails");
    let version = |desk: &Desk| desk.model.stack().and_then(|s| s.parameter("LiteLLMVersion")).cloned();
    let before = version(&desk);
    desk.deploy(&[("LiteLLMVersion", "v1.107.0")]);
    let screen = desk.see(&["Cause", "unknown setting disable_spend_logs"]);
    says(&screen, &["UPDATE_IN_PROGRESS", "ECS litellm", "1/1 running"]);
    desk.see(&["still to undo", "UPDATE_ROLLBACK_IN_PROGRESS"]);
    while desk.model.is_busy() {
        desk.wait(1);
    }
    assert_eq!(desk.status(), "UPDATE_ROLLBACK_COMPLETE");
    desk.wait(5);
    let screen = desk.screen();
    says(&screen, &["✗ UPDATE_ROLLBACK_COMPLETE", "Cause", "D change and deploy again"]);
    assert!(!screen.contains("R ways out"), "{screen}");
    let card = card(&desk);
    for text in ["LiteLLMService", "unknown setting disable_spend_logs"] {
        assert!(card.contains(text), "\"{text}\" is not on the card:\n{card}");
    }
    assert_eq!(version(&desk), before, "the old version runs again");
    // Nothing is stuck: every way out is closed, and the next update goes well.
    desk.press("R");
    let menu = desk.screen();
    says(&menu, &["nothing runs, and nothing is sent"]);
    assert_eq!(menu.matches("not now: ").count(), 6, "{menu}");
    desk.press("esc");
    for (size, words) in [
        (
            (80, 24),
            &[
                "Traceback (most recent call last):",
                "… ValueError: unknown setting disable_spend_logs",
            ][..],
        ),
        (
            (120, 40),
            &[
                "Traceback (most recent call last):",
                "… 2 lines left out",
                "line 5188, in initialize",
                "raise ValueError",
                " ValueError: unknown setting disable_spend_logs",
                "Application startup failed",
            ],
        ),
    ] {
        says(&desk.screen_at(size.0, size.1), words);
    }
    desk.deploy(&[("LiteLLMVersion", "v1.107.1")]);
    desk.until("UPDATE_COMPLETE");
    assert!(!desk.see(&["✓ UPDATE_COMPLETE"]).contains(" Cause "), "{}", desk.screen());
}

#[test]
fn a_rollback_that_failed_goes_on_without_what_stands_in_its_way() {
    let mut desk = Desk::at("rollback-failed");
    desk.press("2");
    desk.see(&["UPDATE_ROLLBACK_FAILED"]);
    desk.press("D");
    says(&desk.screen(), &["press R for the ways out"]);
    desk.press("R");
    let menu = desk.screen();
    says(&menu, &["Continue the rollback", "not now: no update runs"]);
    assert_eq!(menu.matches("is UPDATE_ROLLBACK_FAILED").count(), 1, "{menu}");
    says(&menu, &["nothing runs, and nothing is sent: the stack stays as it is"]);
    assert!(!menu.contains("what runs goes on"), "{menu}");
    desk.press("down enter");
    says(&desk.screen(), &["[ ] LiteLLMService", "Space leaves out"]);
    let rows = desk.screen();
    let place = rows
        .lines()
        .filter(|l| l.contains("[ ] "))
        .position(|l| l.contains("LiteLLMService"));
    for _ in 0..place.expect("its row") {
        desk.press("down");
    }
    desk.press("space");
    says(&desk.screen(), &["[x] LiteLLMService"]);
    desk.press("enter");
    says(&desk.screen(), &["Left out: LiteLLMService", "▸[ Cancel ]"]);
    let before = desk.model.progress.elapsed(desk.model.now.wall);
    desk.press("y");
    desk.until("UPDATE_ROLLBACK_IN_PROGRESS");
    while desk.model.is_busy() {
        assert!(!desk.screen().contains("it fails"), "{}", desk.screen());
        desk.wait(1);
    }
    assert_eq!(desk.status(), "UPDATE_ROLLBACK_COMPLETE");
    let screen = desk.screen();
    says(&screen, &["Left out", "LiteLLMService is as it was when its rollback failed"]);
    for (width, height) in [(80, 24), (120, 40)] {
        desk.take(Msg::Resize(Size { width, height }));
        let screen = desk.screen_at(width, height);
        assert!(!screen.contains(" Cause "), "{screen}");
        let told: Vec<&str> = screen
            .lines()
            .skip_while(|l| !l.contains("Left out"))
            .take_while(|l| !l.contains("ECS litellm"))
            .flat_map(|l| l.trim_matches(['│', '┃', '┌', ' ']).split_whitespace())
            .collect();
        let told = told.join(" ").replace("│ │ ", "");
        says(&told, &["bring it in line by hand before the next update", "takes it for"]);
    }
    desk.take(Msg::Resize(Size { width: 120, height: 40 }));
    let row = screen.lines().find(|l| l.contains("– LiteLLMService")).expect("its row");
    assert!(row.contains("left out") && !row.contains("1h"), "{row}");
    // The hour in which it waited for somebody is no work.
    let after = desk.model.progress.elapsed(desk.model.now.wall);
    assert!(before < after && after < before + 600_000, "{before} {after}");
    let Some(Change::ContinueRollback { skip, .. }) = desk.written.last() else {
        panic!("{:?}", desk.written)
    };
    assert_eq!(skip, &["LiteLLMService"]);
}

#[test]
fn a_rollback_that_failed_is_explained_by_its_own_failure() {
    let mut desk = Desk::at("rollback-failed");
    desk.press("2");
    let screen = desk.see(&["Cause", "before "]);
    let card = card(&desk);
    for text in [
        "LiteLLMService (AWS::ECS::Service): UPDATE_FAILED while rolling back",
        "before: the update had failed on LiteLLMService: the private network does not reach ECR",
        "cause: tasks stopped again and again",
        "Continue the rollback (R): try LiteLLMService again, or leave it out.",
    ] {
        assert!(card.contains(text), "\"{text}\" is not on the card:\n{card}");
    }
    // The task that fell before the rollback is no witness of it.
    assert!(!card.contains("CannotPullContainerError"), "{card}");
    says(&screen, &["UPDATE_ROLLBACK_FAILED (R continues it): tasks stopped again and again"]);
    let size = bic_tui::core::msg::Size { width: 80, height: 24 };
    desk.take(Msg::Resize(size));
    let screen = desk.screen_at(80, 24);
    says(
        &screen,
        &["while rolling back", "before ", "Continue the rollback (R)", "R ways out"],
    );
    // One that goes on and fails again is explained by what failed then, and by what led to it all.
    desk.press("R");
    desk.press("down enter enter y");
    desk.see(&["still to undo"]);
    desk.until("UPDATE_ROLLBACK_FAILED");
    assert_eq!(self::card(&desk), card);
}

/// While an operation fails the strip names the cause that the card names, for the same service.
#[test]
fn the_strip_says_what_the_card_says() {
    for scene in ["deploy-fails", "secret-missing", "program-ends", "health-check-fails"] {
        let mut desk = Desk::at(scene);
        desk.deploy(&[]);
        let mut seen = 0;
        for _ in 0..1_500 {
            desk.wait(1);
            if !desk.model.is_busy() {
                break;
            }
            let Some(card) = cause::find(&desk.model) else { continue };
            let (Some(service), Some(clause)) = (&card.service, card.clause()) else {
                continue;
            };
            let findings = desk.model.findings();
            for told in findings.iter().filter(|f| f.text.starts_with(service.as_str())) {
                let is_same = told.text.contains(clause) || told.text.ends_with("starting");
                assert!(is_same, "{scene}: the card says \"{clause}\", the strip \"{}\"", told.text);
                seen += usize::from(told.text.contains(clause));
            }
        }
        assert!(seen > 20, "{scene}: {seen}");
    }
}

#[test]
fn a_service_that_hangs_is_let_go_by_wanting_no_task() {
    let mut desk = Desk::at("deploy-fails");
    desk.deploy(&[]);
    desk.see(&["ECS litellm", "1 failed"]);
    desk.press("R");
    says(&desk.screen(), &["Want no tasks for now", "so CloudFormation"]);
    desk.press("down down enter");
    says(&desk.screen(), &["Nobody is served meanwhile"]);
    desk.press("y");
    desk.until("CREATE_COMPLETE");
}

#[test]
fn a_service_that_does_not_get_well_is_let_go_by_wanting_no_task() {
    let mut desk = Desk::at("health-check-fails");
    desk.deploy(&[]);
    desk.see(&["Cause", "does not pass the health check"]);
    desk.press("R");
    says(&desk.screen(), &["Want no tasks for now"]);
    desk.press("down down enter");
    says(&desk.screen(), &["Nobody is served meanwhile"]);
    desk.press("y");
    desk.wait(2);
    assert!(
        matches!(desk.written.last(), Some(Change::Scale { to: 0, .. })),
        "{:?}",
        desk.written.last()
    );
    let asked = desk.model.now.wall;
    desk.until("CREATE_COMPLETE");
    assert!(desk.model.now.wall - asked < 300_000, "{}", desk.screen());
}

#[test]
fn an_update_waits_for_what_it_needs_through_what_stays() {
    let mut desk = Desk::at("running");
    let digest = |desk: &Desk, key: &str| desk.model.stack().and_then(|s| s.output(key)).cloned().expect("a digest");
    let before = (digest(&desk, "LiteLLMImageDigest"), digest(&desk, "OpenWebUIImageDigest"));
    desk.deploy(&[("LiteLLMVersion", "v1.107.0")]);
    desk.until("UPDATE_COMPLETE");
    desk.wait(5);
    let at = |id: &str, status: &str| {
        let events = desk.events();
        events
            .iter()
            .rev()
            .find(|e| e.logical_id == *id && e.status.0 == status)
            .map(|e| e.at)
    };
    assert!(at("LiteLLMService", "UPDATE_IN_PROGRESS") > at("ImageMirror", "UPDATE_COMPLETE"));
    assert_ne!(digest(&desk, "LiteLLMImageDigest"), before.0);
    assert_eq!(digest(&desk, "OpenWebUIImageDigest"), before.1);
}

#[test]
fn what_takes_longer_than_usual_is_said_before_it_fails() {
    let mut desk = Desk::at("deploy-fails");
    desk.deploy(&[]);
    let screen = desk.see(&["! slower than usual: LiteLLMService", "(usually "]);
    says(&screen, &["CREATE_IN_PROGRESS", "creating"]);
}

#[test]
fn a_health_check_that_fails_is_the_cause_before_a_task_stops_and_nobody_says_when_it_ends() {
    let mut desk = Desk::at("health-check-fails");
    desk.deploy(&[]);
    let screen = desk.see(&[
        "Cause",
        "does not pass the health check of the load balancer",
        "in bedrock-image-chat",
    ]);
    says(&screen, &["CREATE_IN_PROGRESS", "target "]);
    assert!(!screen.contains("× stopped"), "a task has stopped by now:\n{screen}");
    says(&screen, &["   no end while tasks fail"]);
    assert!(!screen.contains("   still "), "it can not end well:\n{screen}");
    desk.take(Msg::Resize(bic_tui::core::msg::Size { width: 80, height: 24 }));
    let screen = desk.screen_at(80, 24);
    says(&screen, &["does not answer the health check in time", "Request timed out)"]);
    // It stays the cause when that target has gone and the next task only starts.
    for _ in 0..400 {
        desk.wait(1);
        assert!(cause::find(&desk.model).is_some(), "{}", desk.screen());
    }
    let screen = desk.screen();
    says(&screen, &["! slower than usual: OpenWebUIService"]);
    assert!(!screen.contains("   still "), "{screen}");
}

#[test]
fn the_stop_watches_go_on_between_two_looks() {
    let mut desk = Desk::at("new");
    desk.deploy(&[]);
    desk.wait(9);
    let took = |desk: &Desk| {
        let row = desk.model.progress.running().next().expect("something runs");
        (desk.model.runs_until() - row.started, desk.model.feeds.events.taken_at())
    };
    let (first, told) = took(&desk);
    desk.wait(1);
    let (then, told_then) = took(&desk);
    assert!(told == told_then || then > first, "another look");
    assert_eq!(then - first, 1_000);
    // News too old to say that it still runs.
    let mut news = desk.model.feeds.events.taken_at().expect("news");
    desk.model.now.wall += 60_000;
    news += 10_000;
    assert_eq!(desk.model.runs_until(), news);
}

#[test]
fn on_a_small_terminal_the_card_holds_what_the_task_said_and_the_bar_how_long_still() {
    let mut desk = Desk::at("rollback-failed");
    desk.press("2");
    desk.see(&["UPDATE_ROLLBACK_FAILED"]);
    desk.take(Msg::Resize(bic_tui::core::msg::Size { width: 80, height: 24 }));
    says(&desk.screen_at(80, 24), &["while rolling back", "so  ", "now  ", "ways out"]);
    let mut desk = Desk::at("deploy-fails");
    desk.deploy(&[]);
    desk.take(Msg::Resize(bic_tui::core::msg::Size { width: 80, height: 24 }));
    desk.see(&["still to undo", "   still "]);
    let screen = desk.screen_at(80, 24);
    says(&screen, &["CannotPullContainerError", "i/o timeout"]);
    let row = screen.lines().find(|l| l.contains("still to undo")).expect("its row");
    assert!(row.contains(" s ") || row.contains(" min "), "{row}");
    assert!(!row.contains('…'), "{row}");
}

#[test]
fn an_undone_creation_offers_nothing_to_act_on_and_costs_nothing() {
    let mut desk = Desk::at("creation-failed");
    for (screen, shown) in [("1", "D deploy"), ("3", "D deploy"), ("6", "0.00 a month at this rate")] {
        desk.press(screen);
        let text = desk.screen();
        says(&text, &[shown]);
        for key in ["s scale", "r restart", "Z sleep/wake", "X stop task", "goes on while asleep  "] {
            assert!(!text.contains(key), "{key} is offered:\n{text}");
        }
    }
    says(&desk.screen(), &["were it deployed again", "Were it deployed again"]);
    desk.press("1Z");
    says(&desk.screen(), &["nothing of this stack exists any more: press R"]);
}

#[test]
fn the_bar_of_a_rollback_stands_where_it_was_given_up() {
    let mut desk = Desk::at("rollback-failed");
    desk.press("2");
    let screen = desk.see(&["undone"]);
    let row = screen.lines().find(|l| l.contains("undone")).expect("its row");
    let (done, of): (usize, usize) = {
        let words: Vec<&str> = row.split_whitespace().collect();
        let at = words.iter().position(|w| *w == "undone").expect("a word");
        (words[at - 3].parse().expect("a number"), words[at - 1].parse().expect("a number"))
    };
    let cells = row.matches(['█', '▌', '▏', '▎', '▍', '▋', '▊', '▉']).count();
    assert!(done < of && cells > 0, "{row}");
}

#[test]
fn an_update_of_ours_is_cancelled_by_ctrl_c() {
    let mut desk = Desk::at("running");
    desk.deploy(&[("LiteLLMVersion", "v1.107.0")]);
    desk.see(&["UPDATE_IN_PROGRESS"]);
    desk.wait(20);
    desk.take(bic_tui::core::msg::Msg::Key("ctrl-c".parse().expect("a key")));
    says(&desk.screen(), &["Detach", "Cancel the update"]);
    desk.press("down down enter");
    desk.press("y");
    // It is what was asked for: no alarm, and no cause to look for.
    let is_calm = |screen: &str| {
        for wrong in ["see the cause", "Cause", "✗", "for the cause", "User Initiated"] {
            assert!(!screen.contains(wrong), "{wrong}:\n{screen}");
        }
    };
    let screen = desk.see(&["still to undo", "update cancelled here"]);
    is_calm(&screen);
    while desk.model.is_busy() {
        desk.wait(1);
        is_calm(&desk.screen());
    }
    assert_eq!(desk.status(), "UPDATE_ROLLBACK_COMPLETE");
    says(&desk.screen(), &["update cancelled here", "cancelled: what ran before"]);
    desk.press("1");
    let screen = desk.screen();
    let strip = screen.lines().nth(2).expect("the strip");
    assert!(strip.contains("update cancelled here") && !strip.contains('✗'), "{screen}");
    assert!(!desk.has_quit);
    // Who only looks on is not told that it was done there.
    let mut colleague = Desk::beside(&desk);
    colleague.press("2");
    let screen = colleague.see(&["update cancelled: UPDATE_ROLLBACK_COMPLETE"]);
    is_calm(&screen);
}

/// The same account, that answers some questions otherwise.
type Answers = fn(&bic_tui::cloud::Query) -> Option<bic_tui::core::fault::FaultKind>;

#[test]
fn without_its_events_an_operation_has_an_age_and_no_figures() {
    let deny: Answers = |query| matches!(query, bic_tui::cloud::Query::StackEvents { .. }).then_some(FaultKind::Denied);
    for doing in ["create", "update"] {
        let mut desk = Desk::at(if doing == "create" { "new" } else { "running" });
        desk.refusing = Some(deny);
        desk.deploy(&[("LiteLLMVersion", "v1.107.0")]);
        desk.wait(20);
        for (width, height) in [(80, 24), (120, 40)] {
            let screen = desk.screen_at(width, height);
            says(
                &screen,
                &["_IN_PROGRESS", "not known how far it is", "cloudformation:DescribeStackEvents"],
            );
            for wrong in [" 0 of", "at least", "_PROGRESS 0/"] {
                assert!(!screen.contains(wrong), "{wrong}:\n{screen}");
            }
            let age = screen.lines().find(|l| l.contains("elapsed ")).expect("an age");
            assert!(age.contains(" s") && !age.contains(" d "), "{age}");
        }
    }
}

#[test]
fn what_is_followed_has_the_total_of_its_plan() {
    // One's own, after the console was killed; and a colleague's.
    let mut one = Desk::at("running");
    one.deploy(&[("LiteLLMVersion", "v1.107.0")]);
    let mut again = Desk::beside(&one);
    again.press("2");
    let screen = again.see(&[" of 3 ", "   still "]);
    assert!(!screen.contains("at least"), "{screen}");
    let mut desk = Desk::at("two-operators");
    desk.press("2");
    desk.see(&["UPDATE_IN_PROGRESS", " of 3 ", "   still "]);
    // Asked once.
    let asked = desk.asked.iter().filter(|it| it.starts_with("ChangeSet")).count();
    assert_eq!(asked, 1, "{:?}", desk.asked);
    // Where it may not be read, that is said.
    let deny: Answers = |query| matches!(query, bic_tui::cloud::Query::ChangeSet { .. }).then_some(FaultKind::Denied);
    let mut blind = Desk::at("two-operators");
    blind.refusing = Some(deny);
    blind.press("2");
    blind.see(&["at least", "no total and no time left are known: cloudformation:DescribeChangeSet"]);
    let asked = blind.asked.iter().filter(|it| it.starts_with("ChangeSet")).count();
    assert_eq!(asked, 1, "{:?}", blind.asked);
}

#[test]
fn the_inventory_of_a_creation_is_listed_anew_and_its_deletion_counts_what_exists() {
    let mut desk = Desk::at("new");
    desk.deploy(&[]);
    desk.wait(2);
    let early = desk.model.feeds.resources.get().map_or(0, Vec::len);
    desk.see(&["of 63"]);
    while desk.model.progress.rows.len() < early + 10 {
        // Nothing has asked for them since.
        desk.model.feeds.resources.due = u64::MAX;
        desk.wait(1);
    }
    let stale = desk.model.feeds.resources.get().map_or(0, Vec::len);
    desk.take(Msg::Key("ctrl-c".parse().expect("a key")));
    desk.press("down down enter");
    says(&desk.screen(), &["asking AWS again what it holds…"]);
    desk.wait(1);
    let screen = desk.screen();
    let held = desk
        .model
        .feeds
        .resources
        .get()
        .map_or(0, |all| all.iter().filter(|r| r.is_held()).count());
    assert!(held > stale, "{held} {stale}");
    says(&screen, &[&format!("with its {held} resources?")]);
    assert!(!screen.contains("asking AWS again"), "{screen}");
    desk.press("bedrock-image-chat enter enter");
    desk.until("DELETE_IN_PROGRESS");
    desk.wait(15);
    let outlook = eta::outlook(&desk.model).expect("an outlook");
    assert!(outlook.total >= held, "{outlook:?} of {held}");
}

#[test]
fn a_colleague_who_is_faster_is_followed() {
    let mut desk = Desk::at("two-operators");
    desk.plan(&[("FargateSpot", "true")]);
    desk.see(&["UPDATE_IN_PROGRESS"]);
    desk.press("enter");
    desk.wait(2);
    says(&desk.screen(), &["somebody else has begun an operation", "UPDATE_IN_PROGRESS"]);
    assert!(matches!(desk.model.deploy, Stage::Rest));
    assert!(
        matches!(desk.written.last(), Some(Change::DeleteChangeSet { .. })),
        "{:?}",
        desk.written
    );
    desk.until("UPDATE_COMPLETE");
    // Who confirms before the news has come is told by AWS itself.
    let mut one = Desk::at("running");
    one.plan(&[("FargateSpot", "true")]);
    let mut two = Desk::beside(&one);
    two.deploy(&[("LogRetentionDays", "14")]);
    one.press("enter y");
    one.wait(1);
    says(
        &one.screen(),
        &["✗ AWS says: the plan cannot be executed in its current execution status of [OBSOLETE]; D makes a new one"],
    );
    one.until("UPDATE_COMPLETE");
    let begun = one
        .events()
        .iter()
        .filter(|e| e.is_stack() && e.status.0 == "UPDATE_IN_PROGRESS")
        .count();
    assert_eq!(begun, 1);
}

#[test]
fn nothing_is_deleted_while_it_is_updated() {
    let mut desk = Desk::at("running");
    desk.deploy(&[("LiteLLMVersion", "v1.107.0")]);
    desk.until("UPDATE_IN_PROGRESS");
    desk.press(":destroy enter");
    says(
        &desk.screen_at(80, 24),
        &["wait, or cancel the update (R): AWS deletes no stack in UPDATE_IN_PROGRESS"],
    );
    assert!(desk.model.dialog.is_none(), "{}", desk.screen());
}

#[test]
fn nothing_is_deleted_when_an_update_begins_while_the_question_stands() {
    let mut one = Desk::at("running");
    one.press(":destroy enter");
    let mut two = Desk::beside(&one);
    two.deploy(&[("LiteLLMVersion", "v1.107.0")]);
    one.until("UPDATE_IN_PROGRESS");
    assert!(one.model.dialog.is_some(), "{}", one.screen());
    one.press("bedrock-image-chat enter enter");
    says(
        &one.screen(),
        &["nothing was sent: wait, or cancel the update (R): AWS deletes no stack in UPDATE_IN_PROGRESS"],
    );
    assert_eq!((one.written.len(), one.model.dialog.is_some()), (0, false));
}

#[test]
fn who_declines_a_first_plan_leaves_a_colleagues_in_place() {
    let mut one = Desk::at("new");
    one.plan(&[]);
    let mut two = Desk::beside(&one);
    two.plan(&[("DeploymentSize", "medium")]);
    two.press("esc");
    says(
        &two.screen(),
        &["the empty stack bedrock-image-chat stays: there is another plan in it, bic-tui-"],
    );
    two.wait(60);
    assert_eq!(two.status(), "REVIEW_IN_PROGRESS");
    one.press("enter y");
    one.until("CREATE_COMPLETE");
    // Who is alone takes it away.
    let mut desk = Desk::at("new");
    desk.plan(&[]);
    desk.press("esc");
    desk.wait(60);
    assert_eq!(desk.status(), "none");
}

#[test]
fn a_plan_made_before_a_colleagues_update_is_never_run() {
    // Where the plan is on the screen, and where its question is.
    for keys in ["", "enter"] {
        let mut one = Desk::at("running");
        one.plan(&[("FargateSpot", "true")]);
        let mut two = Desk::beside(&one);
        two.deploy(&[("LogRetentionDays", "14")]);
        two.until("UPDATE_COMPLETE");
        // Nothing of it has been seen yet by whoever made the plan.
        if !keys.is_empty() {
            one.press(keys);
            says(&one.screen(), &["Update stack bedrock-image-chat"]);
        }
        says(&one.see(&["somebody else has updated the stack since"]), &["it is dropped"]);
        assert!(one.model.dialog.is_none() && matches!(one.model.deploy, Stage::Form(_)));
        one.press("y enter");
        one.wait(60);
        let executed = one.written.iter().any(|c| matches!(c, Change::ExecuteChangeSet { .. }));
        assert!(!executed, "{:?}", one.written);
        assert!(one.written.iter().any(|c| matches!(c, Change::DeleteChangeSet { .. })));
    }
    // Who is faster than the news is refused by AWS, which has dropped the plan.
    let mut one = Desk::at("running");
    one.plan(&[("FargateSpot", "true")]);
    let mut two = Desk::beside(&one);
    two.deploy(&[("LogRetentionDays", "14")]);
    two.until("UPDATE_COMPLETE");
    one.press("enter y");
    one.wait(60);
    let begun = one
        .events()
        .iter()
        .filter(|e| e.is_stack() && e.status.0 == "UPDATE_IN_PROGRESS")
        .count();
    assert_eq!(begun, 1, "{}", one.screen());
}

#[test]
fn a_plan_goes_with_a_colleagues_update_that_was_looked_on_and_so_does_its_question() {
    for is_over in [false, true] {
        let mut desk = Desk::at("two-operators");
        desk.plan(&[("FargateSpot", "true")]);
        desk.press("enter");
        if is_over {
            desk.take(Msg::Key("ctrl-e".parse().expect("a key")));
            assert!(matches!(&desk.model.dialog, Some(Dialog::Checks(checks)) if checks.over.is_some()));
        }
        desk.until("UPDATE_IN_PROGRESS");
        desk.until("UPDATE_COMPLETE");
        says(
            &desk.screen(),
            &["somebody else has updated the stack since the plan was made: it is dropped"],
        );
        assert!(desk.model.dialog.is_none() && matches!(desk.model.deploy, Stage::Form(_)));
        assert!(
            matches!(desk.written.last(), Some(Change::DeleteChangeSet { .. })),
            "{:?}",
            desk.written
        );
    }
    // Who says yes before this console has seen that it runs reads why not, and what runs.
    let mut desk = Desk::at("two-operators");
    desk.plan(&[("FargateSpot", "true")]);
    desk.press("enter");
    Desk::beside(&desk).until("UPDATE_IN_PROGRESS");
    desk.press("y");
    says(
        &desk.screen(),
        &[
            "✗ AWS says: the plan cannot be executed in its current execution status of [",
            "]; D makes a new one",
        ],
    );
}

#[test]
fn an_operation_of_ours_is_known_after_a_restart() {
    let mut one = Desk::at("running");
    one.deploy(&[("LiteLLMVersion", "v1.107.0")]);
    let ctrl_c = || bic_tui::core::msg::Msg::Key("ctrl-c".parse().expect("a key"));
    let mut again = Desk::beside(&one);
    again.model.own_tokens = one.sent.clone();
    again.wait(20);
    again.take(ctrl_c());
    says(&again.screen(), &["Detach", "Cancel the update"]);
    again.take(ctrl_c());
    assert!(again.has_quit, "a second one detaches and leaves");
    let mut colleague = Desk::beside(&one);
    colleague.wait(20);
    colleague.take(ctrl_c());
    assert!(colleague.has_quit, "it is not theirs: there is nothing to ask");
}

#[test]
fn a_stack_that_is_deleted_under_us_is_no_endless_wait() {
    let mut desk = Desk::at("deleted-under-us");
    desk.plan(&[("FargateSpot", "true")]);
    desk.see(&["DELETE_IN_PROGRESS"]);
    desk.press("enter");
    desk.wait(2);
    desk.see(&["was deleted ", "Press D to deploy"]);
    // What happened stands there for whoever comes back later, not for five seconds.
    desk.wait(120);
    desk.press("1");
    let screen = desk.screen();
    let row = screen.lines().find(|l| l.contains("✗ stack was deleted ")).unwrap_or_default();
    assert!(row.ends_with(", not started here") && !row.contains("seen"), "{screen}");
    says(&screen, &["There is no stack"]);
    assert!(!screen.contains("asking…"), "nobody is asked any more:\n{screen}");
}

#[test]
fn of_a_stack_that_is_being_deleted_no_service_is_steady() {
    let mut desk = Desk::at("deleted-under-us");
    desk.see(&["steady"]);
    let mut words = std::collections::BTreeSet::<&str>::new();
    while desk.model.live_stack().is_some() {
        desk.wait(1);
        if !desk.model.is_going_away() {
            continue;
        }
        for key in ["1", "3"] {
            desk.press(key);
            let screen = desk.screen();
            let has_row = desk.model.feeds.services.get().is_some_and(|all| !all.is_empty());
            assert!(!has_row || !screen.contains("steady  "), "{screen}");
            let strip = screen.lines().nth(2).unwrap_or_default();
            assert!(!strip.contains("does not exist"), "what goes is no trouble: {strip}");
            assert!(
                !screen.contains("no target healthy"),
                "what follows is no trouble of its own:\n{screen}"
            );
            words.extend(["going", "deleting", "deleted "].iter().filter(|w| screen.contains(**w)));
        }
    }
    assert!(words.contains("deleting") && words.contains("deleted "), "{words:?}");
}

#[test]
fn a_log_group_that_goes_has_the_stack_asked_for_at_once() {
    let mut desk = Desk::at("deleted-under-us");
    desk.see(&["CREATE_COMPLETE"]);
    let is_missing = |desk: &Desk| desk.model.feeds.logs.fault.is_some();
    while !is_missing(&desk) && !desk.model.is_busy() {
        desk.wait(1);
    }
    desk.wait(2);
    assert!(desk.model.is_busy(), "{}", desk.screen());
}

#[test]
fn the_advice_stands_whole_on_a_small_card() {
    let mut desk = Desk::at("delete-failed");
    desk.press("2");
    let size = bic_tui::core::msg::Size { width: 80, height: 24 };
    desk.take(Msg::Resize(size));
    let screen = desk.see(&["DELETE_FAILED", "Cause"]);
    let words = screen.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    says(&words, &["Values=sg-0", "or keep the group (R)."]);
}

#[test]
fn what_a_deletion_took_is_not_asked_after_and_costs_nothing() {
    let mut desk = Desk::at("delete-failed");
    let screen = desk.see(&["DELETE_FAILED", "No service is left.", "No target group is left."]);
    for wrong in ["Asking AWS", "Check the name", "not found", "$0.1", "$0.2"] {
        assert!(!screen.contains(wrong), "{wrong} in\n{screen}");
    }
    says(&screen, &["log group any more", "/h now"]);
    desk.press("6");
    assert!(!desk.screen().contains("Load balancer, capacity"), "{}", desk.screen());
}

#[test]
fn while_a_stack_is_made_only_what_is_there_costs() {
    let mut desk = Desk::at("new");
    desk.deploy(&[]);
    let whole = desk.model.cost_planned().usd_hour();
    let mut last = -1.0;
    for _ in 0..4 {
        desk.wait(20);
        let now = desk.model.cost_now().usd_hour();
        assert!(last <= now && now < whole, "{last} then {now} of {whole}");
        last = now;
    }
    desk.until("CREATE_COMPLETE");
    desk.wait(60);
    let now = desk.model.cost_now().usd_hour();
    assert!((now - whole).abs() < 1e-6, "{now} of {whole}");
}

#[test]
fn what_somebody_else_does_is_told_while_it_runs_with_its_beginning() {
    for (scene, what) in [
        ("deleted-under-us", "! deletion under way since "),
        ("two-operators", "! update under way since "),
    ] {
        let mut desk = Desk::at(scene);
        let screen = desk.see(&["_IN_PROGRESS", ", not started here"]);
        says(&screen, &[what]);
        says(&desk.screen_at(80, 24), &[what, ", not started here"]);
        // It began at 180 s of the simulated account.
        assert!(desk.model.progress.started >= START + 180_000);
    }
    // A console opened again in the middle of its own operation knows it by the tokens of this machine.
    let mut one = Desk::at("running");
    one.deploy(&[("LiteLLMVersion", "v1.107.0")]);
    for (tokens, is_ours) in [(one.sent.clone(), true), (Vec::new(), false)] {
        let mut again = Desk::beside(&one);
        again.model.own_tokens = tokens;
        again.wait(20);
        let screen = again.screen();
        assert_eq!(screen.contains("update under way since "), !is_ours, "{screen}");
        assert_eq!(screen.contains("· stack UPDATE_IN_PROGRESS"), is_ours, "{screen}");
    }
}

#[test]
fn what_somebody_else_did_is_still_told_afterwards() {
    let mut desk = Desk::at("two-operators");
    desk.see(&["UPDATE_IN_PROGRESS"]);
    desk.until("UPDATE_COMPLETE");
    desk.wait(120);
    let screen = desk.screen();
    says(&screen, &["stack reached UPDATE_COMPLETE ", ", not started here"]);
    assert!(!screen.contains("seen "), "AWS tells when it was: {screen}");
    // What this console does itself takes its place, and is nobody else's.
    desk.deploy(&[("FargateSpot", "true")]);
    desk.see(&["UPDATE_IN_PROGRESS"]);
    while desk.model.is_busy() {
        desk.wait(1);
        assert!(!desk.screen().contains("not started here"), "{}", desk.screen());
    }
    assert_eq!(desk.status(), "UPDATE_COMPLETE");
    desk.wait(60);
    assert!(!desk.screen().contains("not started here"), "{}", desk.screen());
}

#[test]
fn an_update_of_a_colleague_keeps_the_tags() {
    let mut desk = Desk::at("two-operators");
    desk.see(&["CREATE_COMPLETE"]);
    let tags = |desk: &Desk| desk.model.stack().expect("a stack").tags.clone();
    let before = tags(&desk);
    assert_eq!(before.len(), 3);
    desk.see(&["UPDATE_IN_PROGRESS"]);
    desk.until("UPDATE_COMPLETE");
    assert_eq!(tags(&desk), before);
    // One version is another one: nothing else is touched.
    let touched: BTreeSet<_> = desk
        .events()
        .iter()
        .filter(|e| e.status.0.starts_with("UPDATE_") && !e.is_stack())
        .map(|e| e.logical_id.clone())
        .collect();
    assert!(touched.len() < 10, "{touched:?}");
}

#[test]
fn a_plan_that_somebody_elses_update_refuses_is_said_in_words() {
    let mut desk = Desk::at("two-operators");
    desk.see(&["CREATE_COMPLETE"]);
    desk.press("D");
    // The console has not asked again since the update began.
    while desk.model.now.wall < START + 181_000 {
        desk.wait(1);
    }
    if !desk.model.is_busy() {
        desk.press("end enter");
        desk.wait(2);
    }
    let screen = desk.see(&["is UPDATE_IN_PROGRESS"]);
    assert!(!screen.contains("arn:aws:cloudformation"), "{screen}");
}

#[test]
fn a_console_opened_again_follows_the_operation() {
    let mut one = Desk::at("new");
    one.deploy(&[]);
    one.wait(60);
    let mut two = Desk::beside(&one);
    two.press("2");
    says(&two.see(&["CREATE_IN_PROGRESS", " of 63"]), &["elapsed"]);
    two.until("CREATE_COMPLETE");
    assert!(two.written.is_empty());
}

#[test]
fn protection_is_switched_off_by_a_step_of_its_own() {
    let mut desk = Desk::at("running");
    let stack = desk.model.stack().expect("a stack").id.clone();
    let on = Change::Protect { stack, on: true };
    let token = bic_tui::cloud::Token("t".into());
    futures::FutureExt::now_or_never(bic_tui::cloud::Cloud::change(&*desk.sim, on, token))
        .expect("at once")
        .expect("accepted");
    desk.wait(40);
    desk.press(":destroy");
    desk.press("enter");
    says(
        &desk.screen(),
        &["Termination protection of bedrock-image-chat is on", "Nothing is deleted by this"],
    );
    desk.press("bedrock-image-chat enter enter");
    desk.wait(10);
    assert_eq!(desk.status(), "CREATE_COMPLETE");
    desk.press(":destroy");
    desk.press("enter");
    says(&desk.screen(), &["Destroy stack bedrock-image-chat"]);
    desk.press("bedrock-image-chat enter enter");
    desk.see(&["Press D to deploy"]);
}

/// Nothing on the screen takes the end of a plan for the end of a stack.
fn is_no_alarm(desk: &Desk) {
    let screen = desk.screen();
    for wrong in ["was deleted", "is deleted", "DELETE", "not started here", "✗"] {
        assert!(!screen.contains(wrong), "{wrong}:\n{screen}");
    }
}

#[test]
fn a_plan_that_is_left_while_it_is_made_is_removed_without_an_alarm() {
    let mut desk = Desk::at("new");
    desk.press("D end enter");
    desk.wait(1);
    assert!(matches!(desk.model.deploy, Stage::Planning(_)));
    desk.press("esc");
    let said = desk.see(&["the plan was removed again"]);
    assert!(!said.contains("✗"), "{said}");
    desk.wait(60);
    assert_eq!(desk.status(), "none");
    is_no_alarm(&desk);
    desk.press("esc");
    says(&desk.screen(), &["Press D to deploy", "left the form; nothing was deployed"]);
    is_no_alarm(&desk);
}

#[test]
fn a_plan_that_is_left_leaves_no_empty_stack() {
    let mut desk = Desk::at("new");
    desk.plan(&[]);
    assert_eq!(desk.status(), "REVIEW_IN_PROGRESS");
    desk.press("esc");
    desk.wait(30);
    assert_eq!(desk.status(), "none");
    is_no_alarm(&desk);
    // Nor does Ctrl-C, whose second press leaves.
    desk.press("esc");
    desk.plan(&[]);
    let ctrl_c = || bic_tui::core::msg::Msg::Key("ctrl-c".parse().expect("a key"));
    desk.take(ctrl_c());
    desk.wait(30);
    assert_eq!((desk.status().as_str(), desk.has_quit), ("none", false));
    desk.take(ctrl_c());
    assert!(desk.has_quit);
}

#[test]
fn a_deletion_that_failed_goes_on_without_what_stands_in_its_way() {
    let mut desk = Desk::at("delete-failed");
    desk.press("2");
    let screen = desk.see(&["DELETE_FAILED"]);
    says(&screen, &["ALBSecurityGroup", "DELETE_FAILED (R deletes it again)"]);
    // Nothing is offered that has nothing to act on.
    let footer = screen.lines().last().unwrap_or_default();
    assert!(footer.starts_with(" R ways out") && !footer.contains("D deploy"), "{footer}");
    assert!(!footer.contains("sleep/wake") && !screen.contains("3 tasks"), "{screen}");
    desk.press("3");
    says(&desk.screen(), &["No task is left.", "ECS tells of no service any more."]);
    desk.press("2");
    desk.press("R");
    says(&desk.screen(), &["Delete again, keep what could not be deleted"]);
    desk.press("down down enter");
    says(
        &desk.screen(),
        &[
            "Delete again: keep?",
            "[x] ALBSecurityGroup",
            "has a dependent object",
            "Space keeps or not",
        ],
    );
    desk.press("enter");
    says(
        &desk.screen(),
        &[
            "Delete stack bedrock-image-chat again?",
            "Kept: ALBSecurityGroup",
            "may go on costing",
            "Type bedrock-image-chat",
        ],
    );
    desk.press("y enter");
    assert!(desk.written.is_empty(), "neither yes nor Enter is enough: {:?}", desk.written);
    desk.press("esc R down down enter enter");
    desk.press("bedrock-image-chat enter enter");
    // The network in which it stands does not go either, and is offered in turn.
    let under_way = desk.see(&["DELETE_IN_PROGRESS"]);
    assert!(!under_way.contains("/63") && !under_way.contains("of 63"), "{under_way}");
    desk.until("DELETE_FAILED");
    desk.wait(20);
    desk.press("R");
    desk.press("down down enter");
    says(&desk.screen(), &["[x] VPC", "has dependencies"]);
    desk.press("enter");
    desk.press("bedrock-image-chat enter enter");
    says(&desk.see(&["was deleted ", " are left"]), &["about $"]);
    let kept: Vec<&Change> = desk.written.iter().collect();
    let [
        Change::DeleteRetaining { retain: first, .. },
        Change::DeleteRetaining { retain: second, .. },
    ] = kept[..]
    else {
        panic!("{kept:?}")
    };
    assert_eq!((first, second), (&vec!["ALBSecurityGroup".into()], &vec!["VPC".into()]));
    desk.press(":leftovers");
    desk.press("enter");
    let list = desk.see(&["SecurityGroup", "VPC", "recovery point", "things are left"]);
    says(&list, &["sg-0", "vpc-0", "$0.00"]);
}

#[test]
fn a_deletion_that_is_repeated_and_joined_counts_what_is_still_there() {
    let mut one = Desk::at("delete-failed");
    one.press("2R");
    one.press("down down enter enter");
    one.press("bedrock-image-chat enter enter");
    // Whoever joins knows of no plan.
    let mut two = Desk::beside(&one);
    two.wait(3);
    let screen = two.see(&["DELETE_IN_PROGRESS", " of "]);
    assert!(!screen.contains("63"), "the others were gone before: {screen}");
    // Another deletion, of all of it.
    let mut desk = Desk::at("deleted-under-us");
    desk.press("2");
    desk.see(&["DELETE_IN_PROGRESS", " of 63"]);
}

#[test]
fn a_start_without_a_stack_tells_of_the_one_that_was_deleted_and_what_it_left() {
    let mut desk = Desk::at("leftovers");
    let told = [
        "Stack bedrock-image-chat was deleted 1 h ",
        "things are left: about $",
        "Press : and type leftovers to list and remove it (bic-tui leftovers).",
    ];
    says(&desk.see(&["was deleted"]), &told);
    says(&desk.screen_at(80, 24), &told);
    // It is looked for once, however long the console stands there.
    let (asked, searched) = (desk.model.seq, desk.model.leftovers.last.clone());
    desk.wait(600);
    assert!(desk.model.seq - asked <= 24, "{} in ten minutes", desk.model.seq - asked);
    assert_eq!(desk.model.leftovers.last, searched);
    desk.press("1");
    says(
        &desk.screen_at(80, 24),
        &["was deleted 2 h ", "things are left: about $", ": leftovers"],
    );
    // Where there never was one nothing is told of the dead.
    let mut desk = Desk::at("new");
    says(&desk.see(&["does not exist yet"]), &["nothing of that name is left"]);
}

#[test]
fn what_a_stack_left_is_listed_with_its_price_and_removed_one_by_one() {
    let mut desk = Desk::at("leftovers");
    desk.press(":leftovers");
    desk.press("enter");
    let list = desk.see(&["file system", "things are left"]);
    says(
        &list,
        &[
            "What stack bedrock-image-chat left behind",
            "fs-0",
            "recovery point of fs-0",
            "snapshot of",
            "bedrock-image-chat-snapshot",
            "/ecs/bedrock-image-chat",
            "bedrock-image-chat/litellm-api-",
            "expires in",
            "bedrock-image-chat/old-image",
        ],
    );
    // The first is the file system: its removal wants its name, and Cancel is the default.
    desk.press("enter");
    let question = desk.screen();
    says(&question, &["Remove fs-0", "All files in it are lost", "Type fs-0"]);
    desk.press("y enter esc");
    assert!(desk.written.is_empty());
    // It comes back to the list, on the same row.
    let list = desk.screen();
    says(&list, &["What stack bedrock-image-chat left behind", "cancelled; nothing was sent"]);
    desk.press("enter");
    says(&desk.screen(), &["Remove fs-0"]);
    // So does the button Cancel; the list itself is closed by Esc.
    desk.press("tab enter");
    says(&desk.screen(), &["What stack bedrock-image-chat left behind"]);
    desk.press("esc");
    let screen = desk.screen();
    assert!(!screen.contains("What stack bedrock-image-chat left behind"), "{screen}");
    desk.press(":leftovers");
    desk.press("enter");
    desk.wait(2);
    for _ in 0..20 {
        let search = desk.model.leftovers.last.clone().expect("a search");
        let Some(it) = search.left().first().copied().cloned() else { break };
        let name = bic_tui::core::leftovers::names(&search.left())[0].clone();
        desk.press("g enter");
        desk.press(&name);
        desk.press("enter enter");
        assert_eq!(
            bic_tui::core::leftovers::removed(desk.written.last().expect("a change")),
            Some(&it.id)
        );
        desk.wait(30);
    }
    says(&desk.screen(), &["Nothing is left, and nothing costs."]);
    desk.press("esc");
    says(&desk.screen(), &["Nothing is left, and nothing costs."]);
}

#[test]
fn before_a_stack_is_destroyed_its_backups_are_counted() {
    let mut desk = Desk::at("running");
    desk.press(":destroy");
    desk.press("enter");
    let question = desk.see(&["lost: FileSystem", "recovery point of fs-0", "together"]);
    says(&question, &["stays: 2 × recovery point of fs-0", "Type bedrock-image-chat"]);
    desk.press("bedrock-image-chat enter enter");
    desk.see(&["Press D to deploy"]);
    says(&desk.see(&["2 things are left"]), &["about $0.02 a month, an estimate"]);
}

#[test]
fn a_blocker_is_overridden_by_its_typed_name_and_said_up_to_the_end() {
    let mut desk = Desk::at("running");
    desk.press("D");
    let Stage::Form(form) = &mut desk.model.deploy else {
        panic!("{}", desk.screen())
    };
    let elsewhere = "arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d-1111-2222-3333-444455556666";
    let field = form
        .fields
        .iter_mut()
        .find(|f| f.def.name == "ACMCertificateArn")
        .expect("a parameter");
    field.value = bic_tui::core::field::TextField::with(elsewhere);
    desk.press("end enter");
    let question = desk.screen();
    says(
        &question,
        &[
            "encryption stands in the way",
            "the certificate is not in us-west-2",
            "Type encryption to go on",
            "[ Cancel ]",
        ],
    );
    desk.press("y enter");
    assert!(desk.written.is_empty(), "neither yes nor Enter is enough: {:?}", desk.written);
    desk.press("esc end enter");
    desk.press("encryption enter enter");
    desk.see(&["Plan to update", "! overridden: encryption: the certificate is not in us-west-2"]);
    let Some(Change::CreateChangeSet(request)) = desk.written.last() else {
        panic!("{:?}", desk.written)
    };
    assert_eq!(request.overridden, ["encryption"]);
    desk.press("enter");
    says(&desk.screen(), &["overridden: encryption", "▸[ Cancel ]"]);
}

#[test]
fn what_aws_itself_would_refuse_can_not_be_overridden() {
    let mut desk = Desk::at("running");
    desk.press("D");
    desk.model.feeds.validation.fail(bic_tui::core::fault::Fault::new(
        bic_tui::core::fault::FaultKind::Refused,
        "cloudformation:ValidateTemplate",
        "",
        "Template format error",
    ));
    desk.model.feeds.validation = {
        let mut feed = bic_tui::core::feed::Feed::default();
        feed.fail(desk.model.feeds.validation.fault.clone().expect("a fault"));
        feed
    };
    desk.press("end enter");
    let screen = desk.screen();
    says(&screen, &["Template format error"]);
    assert!(!screen.contains("Override") && desk.model.dialog.is_none(), "{screen}");
}

#[test]
fn the_dashboard_is_opened_from_the_palette_and_from_its_output() {
    let mut desk = Desk::at("running");
    let url = "https://us-west-2.console.aws.amazon.com/cloudwatch/home?region=us-west-2#dashboards/dashboard/bedrock-image-chat-us-west-2";
    desk.press(":dashboard");
    desk.press("enter");
    assert_eq!(desk.opened, url);
    desk.opened.clear();
    desk.press("8");
    let outputs = &desk.model.stack().expect("a stack").outputs;
    let place = outputs.iter().position(|o| o.key == "DashboardName").expect("its output");
    for _ in 0..place {
        desk.press("down");
    }
    desk.press("o");
    assert_eq!(desk.opened, url);
    desk.press("g o");
    assert!(desk.opened.starts_with("http://bedrock-image-chat-alb"), "{}", desk.opened);
    let mut desk = Desk::at("new");
    desk.press(":dashboard");
    desk.press("enter");
    says(&desk.screen(), &["there is no stack, and so no dashboard"]);
}

// ---------------------------------------------------------------------------------------------------
// How long still

/// One moment of a run: when it was, and the range that the screen told then.
type Moment = (Millis, Option<eta::Eta>);

/// What is done, and in which scene.
#[derive(Debug, Clone, Copy)]
enum Doing {
    Create,
    Update(&'static [(&'static str, &'static str)]),
    Delete,
}

/// All moments of an operation, its beginning and its end.
fn run(doing: Doing, seed: u64) -> (Vec<Moment>, Millis, Millis) {
    let scene = if matches!(doing, Doing::Create) { "new" } else { "running" };
    let mut desk = Desk::in_scene(&Scene::named(scene).expect("a scene").with_seed(seed));
    match doing {
        Doing::Create => desk.deploy(&[]),
        Doing::Update(changed) => desk.deploy(changed),
        Doing::Delete => {
            desk.press(":destroy");
            desk.press("enter");
            desk.press("bedrock-image-chat enter enter");
            desk.wait(1);
        }
    }
    let id = desk.model.stack().expect("a stack").id.clone();
    let mut moments = Vec::new();
    let mut idle = 0;
    while idle < 60 {
        desk.wait(1);
        if desk.model.is_busy() {
            moments.push((desk.model.now.wall, eta::outlook(&desk.model).and_then(|it| it.eta)));
            idle = 0;
        } else {
            idle += 1;
        }
        assert!(moments.len() < 10_000, "it does not end");
    }
    let bic_tui::core::fact::Fact::StackEvents(told) = desk.ask(bic_tui::cloud::Query::StackEvents { stack: id, known: None }) else {
        panic!("no events");
    };
    let own = bic_tui::core::progress::newest_operation(&told.events);
    (moments, own.last().expect("events").at, own[0].at)
}

/// The true end lies in the range that is shown at a quarter, at half and at three quarters of twenty runs, in sixteen
/// of them at least; and at half the range is no wider than two fifths of its middle to both sides.
fn is_true(doing: Doing) {
    let mut within = [0; 3];
    let mut widest: f64 = 0.0;
    let mut told = String::new();
    for seed in 100..120 {
        let (moments, begin, end) = run(doing, seed);
        for (i, share) in [0.25, 0.5, 0.75].into_iter().enumerate() {
            let at = begin + ((end - begin) as f64 * share) as Millis;
            let (now, range) = moments.iter().find(|(now, _)| *now >= at).expect("a moment");
            let left = end - now;
            let Some(range) = range else {
                told += &format!("{seed} {share}: nothing of {}\n", left / 1000);
                continue;
            };
            let (low, high) = range.shown();
            within[i] += usize::from((low..=high).contains(&left));
            told += &format!("{seed} {share}: {}..{} of {}\n", low / 1000, high / 1000, left / 1000);
            if i == 1 {
                let half = (range.high - range.low) as f64 / (range.high + range.low) as f64;
                widest = widest.max(half);
            }
        }
    }
    assert!(within.iter().all(|n| *n >= 16), "{doing:?}: {within:?} of 20 each\n{told}");
    assert!(widest <= 0.4, "{doing:?}: ±{:.0} % at the half\n{told}", widest * 100.0);
}

#[test]
fn the_true_end_of_a_creation_lies_in_the_range_that_is_shown() {
    is_true(Doing::Create);
}

#[test]
fn the_true_end_of_an_update_lies_in_the_range_that_is_shown() {
    is_true(Doing::Update(&[("LiteLLMVersion", "v1.107.0")]));
    is_true(Doing::Update(&[("CpuArchitecture", "ARM64")]));
}

#[test]
fn the_true_end_of_a_deletion_lies_in_the_range_that_is_shown() {
    is_true(Doing::Delete);
}

#[test]
fn another_version_beside_a_database_waits_until_the_stack_sleeps() {
    let mut desk = Desk::at("new");
    desk.deploy(&[("DeploymentSize", "medium")]);
    desk.until("CREATE_COMPLETE");
    desk.wait(60);
    desk.press("D");
    let bic_tui::core::screen::deploy::Stage::Form(form) = &mut desk.model.deploy else {
        panic!("the form is open:\n{}", desk.screen())
    };
    let field = form
        .fields
        .iter_mut()
        .find(|f| f.def.name == "OpenWebUIVersion")
        .expect("a parameter");
    field.value = bic_tui::core::field::TextField::with("v0.12.5");
    desk.press("end enter");
    says(&desk.screen(), &["two versions would work on one", "sleep first"]);
    let is_sent = matches!(desk.model.deploy, bic_tui::core::screen::deploy::Stage::Form(_));
    assert!(is_sent, "nothing is sent");
}

// ---------------------------------------------------------------------------------------------------
// Before and after

#[test]
fn what_would_go_wrong_is_said_before_the_plan() {
    let mut desk = Desk::at("not-ready");
    desk.press("D");
    desk.wait(2);
    let screen = desk.screen();
    says(
        &screen,
        &[
            "2 blockers",
            "✗ vpc quota",
            "5 of 5 VPCs are in use",
            "✗ secrets",
            "! permissions",
            "iam:CreateRole",
        ],
    );
    says(&desk.screen_at(80, 24), &["2 blockers", "✗ secrets:"]);
    desk.press("end");
    says(&desk.screen_at(80, 24), &["checks: 2 blockers", "✗ vpc quota: 5 of 5", "! "]);
    // Every line of it can be read where there is room for one only.
    says(&desk.screen_at(80, 24), &["(^E shows all)", "^E checks"]);
    desk.take(Msg::Resize(Size { width: 80, height: 24 }));
    desk.take(Msg::Key(Key::ctrl('e')));
    says(&desk.screen_at(80, 24), &["Checks: 2 blockers", "--region us-west-2`.", "1–22 of"]);
    desk.press("G");
    says(&desk.screen_at(80, 24), &["✓ prices", "days old"]);
    desk.press("esc");
    desk.take(Msg::Resize(Size { width: 120, height: 40 }));
    desk.press("enter");
    says(
        &desk.screen(),
        &[
            "2 checks stand in the way",
            "waits for its deletion",
            "restore-secret",
            "5 of 5 VPCs",
        ],
    );
    assert!(desk.written.is_empty(), "nothing is sent: {:?}", desk.written);
    desk.press("esc");
    // A value that needs something else is asked for once the field is left.
    let Stage::Form(form) = &mut desk.model.deploy else {
        panic!("the form is open")
    };
    let field = form.fields.iter_mut().find(|f| f.def.name == "NetworkMode").expect("a parameter");
    field.value = bic_tui::core::field::TextField::with("nat");
    desk.press("tab");
    desk.wait(1);
    let quota = |desk: &Desk| {
        let Stage::Form(form) = &desk.model.deploy else {
            panic!("the form is open")
        };
        let checks = bic_tui::core::preflight::of_form(&desk.model, form);
        checks
            .into_iter()
            .find(|c| c.name == "address quota")
            .map(|c| c.evidence.to_string())
    };
    let told = quota(&desk).expect("a check of its own");
    assert_eq!(told, "0 of 5 Elastic IP addresses are in use, AWS's default; this adds 1");
}

#[test]
fn blockers_are_overridden_one_by_one_and_the_question_counts_the_warnings() {
    let mut desk = Desk::at("not-ready");
    desk.press("D");
    desk.wait(2);
    desk.press("end enter");
    let mut names = Vec::new();
    while let Some(Dialog::Confirm(confirm)) = &desk.model.dialog {
        let (name, _) = confirm.typed.clone().expect("a name to type");
        names.push(name.to_string());
        assert!(names.len() < 3, "{names:?}");
        desk.press(&format!("{name} enter enter"));
    }
    assert_eq!(names, ["secrets", "vpc-quota"]);
    desk.see(&["Plan to create", "overridden: secrets", "overridden: vpc quota"]);
    desk.press("enter");
    says(
        &desk.screen(),
        &[
            "overridden: secrets, vpc-quota",
            "3 warnings (^E shows them): encryption, access, permissions",
        ],
    );
    desk.press("n");
    says(&desk.screen(), &["nothing was executed, and the plan stays"]);
}

#[test]
fn what_is_done_to_tags_stands_on_the_plan() {
    let mut desk = Desk::at("running");
    desk.press("D");
    let Stage::Form(form) = &mut desk.model.deploy else {
        panic!("{}", desk.screen())
    };
    form.selected = form.fields.len();
    let (key, before) = (form.tags[0].key.clone(), form.tags[0].value.text().to_owned());
    desk.take(Msg::Key(Key::ctrl('u')));
    desk.press("Other down down down");
    desk.take(Msg::Paste("Team=art".into()));
    desk.press("end enter");
    desk.see(&["Plan to ", &format!("the tag {key}={before} becomes {key}=Other"), "Team=art"]);
    desk.press("enter y");
    desk.until("UPDATE_COMPLETE");
    let tags = &desk.model.stack().expect("a stack").tags;
    assert!(tags.iter().any(|(k, v)| (k.as_str(), v.as_str()) == ("Team", "art")), "{tags:?}");
}

#[test]
fn alarms_are_told_below_the_causes_and_those_of_sleep_are_no_trouble() {
    let mut desk = Desk::at("asleep");
    desk.see(&["asleep: no task runs (3 alarms fire for that alone); Z wakes the stack"]);
    desk.press("3");
    desk.see(&["3 of 7 in alarm, as the stack sleeps: no-healthy-host", " old): "]);
    let mut desk = Desk::at("unreachable");
    desk.press("3");
    desk.see(&["in alarm: ", "alb-5xx"]);
    let findings = desk.model.findings();
    let alarm = findings.iter().position(|f| f.text.starts_with("alarm ")).expect("an alarm");
    assert!(alarm > 0 && findings[0].text.contains("none healthy"), "{findings:?}");
    assert!(findings[alarm].text.contains("Threshold Crossed"), "{findings:?}");
    let mut desk = Desk::at("running");
    desk.see(&["all well"]);
    desk.press("3");
    desk.see(&["old): none of 7 in alarm"]);
}

#[test]
fn logs_insights_looks_through_days_and_leads_back_to_the_tail() {
    let mut desk = Desk::at("running");
    desk.press("4");
    desk.wait(3);
    let tail = desk.model.logs.lines().len();
    // Errors and worse: the level is in the query, and read again here.
    desk.press("vvQ");
    let question = desk.screen();
    says(
        &question,
        &[
            "Run this filter in Logs Insights?",
            "window  -15m",
            "Estimate: about",
            "▸[ Cancel ]",
            "limit 10000",
        ],
    );
    desk.press("tab tab");
    assert!(desk.screen().contains("▸ window"), "{}", desk.screen());
    desk.press("enter n");
    assert!(desk.model.insights.is_none(), "nothing was begun");
    desk.press("Q tab tab");
    desk.take(Msg::Key(Key::ctrl('u')));
    desk.press("-2d enter y");
    desk.wait(4);
    says(&desk.screen(), &["Logs Insights results", "running, Esc stops"]);
    let screen = desk.see(&[" Q back ", "records matched", "scanned"]);
    says(&screen, &["errors and worse", "litellm.exceptions"]);
    desk.press("e");
    assert_eq!(desk.model.shown_logs().selected().map(|line| line.level()), Some(Level::Error));
    let (from, until) = (START - 2 * 86_400_000, desk.model.now.wall);
    let lines = desk.model.shown_logs().shown().count();
    assert!(lines > 100 && desk.model.shown_logs().shown().all(|line| (from..until).contains(&line.at())));
    desk.press("Q");
    assert!(desk.model.insights.is_none() && desk.model.logs.lines().len() >= tail);
    says(&desk.screen(), &["following"]);
    // One that is left is stopped.
    desk.press("Qy");
    desk.wait(1);
    desk.press("esc");
    says(&desk.screen(), &["following", "stopped; what it had scanned is paid for"]);
}

#[test]
fn a_second_search_begins_empty_and_up_brings_the_first_back() {
    let mut desk = Desk::at("running");
    desk.press("4");
    desk.wait(3);
    desk.press("/info enter");
    assert!(!desk.model.logs.is_following(), "at the nearest match above");
    desk.press("/http enter");
    let searched = |desk: &Desk| desk.model.logs.searched().map(|pattern| pattern.text().to_owned());
    assert_eq!(searched(&desk).as_deref(), Some("http"));
    let arrow = |desk: &mut Desk, code| desk.take(Msg::Key(Key::plain(code)));
    desk.press("/");
    arrow(&mut desk, Code::Up);
    arrow(&mut desk, Code::Up);
    desk.press("enter");
    assert_eq!(searched(&desk).as_deref(), Some("info"));
    desk.press("/");
    arrow(&mut desk, Code::Up);
    arrow(&mut desk, Code::Down);
    desk.press("error enter");
    assert_eq!(searched(&desk).as_deref(), Some("error"));
}

#[test]
fn another_project_name_is_overridden_by_its_typed_name_and_the_plan_says_what_goes() {
    let mut desk = Desk::at("running");
    desk.press("D");
    let Stage::Form(form) = &mut desk.model.deploy else {
        panic!("the form is open")
    };
    let field = form.fields.iter_mut().find(|f| f.def.name == "ProjectName").expect("a parameter");
    field.value = bic_tui::core::field::TextField::with("other");
    desk.wait(5);
    desk.press("end enter");
    let screen = desk.see(&["project name stands in the way", "Type project-name"]);
    says(&screen, &["3 secrets", "new address"]);
    desk.press("project-name enter enter");
    let screen = desk.see(&["Plan to update", "! overridden: project name: bedrock-image-chat → other"]);
    says(&screen, &["✗ ProjectName bedrock-image-chat → other: new address"]);
    desk.press("enter");
    says(&desk.screen(), &["Type bedrock-image-chat"]);
}
