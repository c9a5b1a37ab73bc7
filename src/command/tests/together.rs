//! Deploys and deletions with somebody else at work beside them, and what their recordings hold.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::{
    cloud::PlanRequest,
    command::watch::Watch,
    core::{
        eta::{self, Outlook},
        fact::Task,
        plan::{self, Wish},
        template::Template,
    },
    record::{Recording, Recordings, Told},
};

/// A first plan of a colleague, made from the template's defaults.
fn first_plan(cx: &Context) -> PlanRequest {
    plan::draft(&Template::shipped(), None, &Wish::default(), &reads::pseudo(cx, None))
        .unwrap()
        .request
}

/// What a colleague sends, past this program's door.
async fn colleague(cloud: &Arc<dyn Cloud>, change: Change) -> Done {
    let token = Token(format!("bic-tui-colleague-{}", change.operation()).into());
    cloud.change(change, token).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn who_declines_a_first_plan_leaves_the_one_of_somebody_else() {
    let mut case = Case::sim("new").typing("n\n");
    let theirs = colleague(&case.cx.cloud, Change::CreateChangeSet(first_plan(&case.cx))).await;
    for (line, status) in [("plan", 0), ("deploy", 1)] {
        let (ended, text, said) = case.run(line).await;
        assert_eq!(ended, status, "{text}{said}");
        assert!(
            said.contains("the empty stack bedrock-image-chat stays: there is another plan in it, "),
            "{line}: {said}"
        );
        assert_eq!(case.settled().await.unwrap().status.0, "REVIEW_IN_PROGRESS", "{line}");
    }
    let Done::ChangeSet { id, stack_id } = theirs else {
        panic!("a plan")
    };
    colleague(
        &case.cx.cloud,
        Change::ExecuteChangeSet {
            stack: stack_id,
            change_set: id,
        },
    )
    .await;
    assert_eq!(case.stack().await.unwrap().status.0, "CREATE_IN_PROGRESS");
}

#[tokio::test(start_paused = true)]
async fn a_deploy_that_is_overtaken_says_so_and_how_to_follow_the_other() {
    // Somebody else's creation begins before the plan is sent, and between the plan and its execution.
    let world = world("new");
    let is_blind = AtomicBool::new(true);
    let blind = move |query: &Query| {
        let is_first = matches!(query, Query::Stack { .. }) && is_blind.swap(false, Ordering::SeqCst);
        is_first.then_some(Ok(Fact::Stack(None)))
    };
    let mut case = Case::new(Arc::clone(&world));
    let Done::ChangeSet { id, stack_id } = colleague(&world, Change::CreateChangeSet(first_plan(&case.cx))).await else {
        panic!("a plan")
    };
    tokio::time::sleep(Duration::from_secs(20)).await;
    let execute = Change::ExecuteChangeSet {
        stack: stack_id,
        change_set: id,
    };
    colleague(&world, execute).await;
    case.cx.cloud = Arc::new(Answering(Arc::clone(&world), blind));
    let (status, text, said) = case.run("deploy").await;
    assert_eq!(status, 1, "{text}{said}");
    let told = "Another deploy of stack bedrock-image-chat was faster: it is CREATE_IN_PROGRESS, and this plan is void. Nothing was executed; `bic-tui deploy --watch --region us-west-2 --stack bedrock-image-chat` follows what runs.";
    assert!(said.contains(told), "{said}");
    assert!(!said.contains("does not exist") && !said.contains("arn:"), "{said}");
    // And one after the other as people do it.
    let (status, _, said) = case.run("deploy").await;
    assert!(status == 2 && said.contains("`bic-tui deploy --watch"), "{said}");
}

/// An account that refuses every change of this reason's operation.
struct Refusing(Arc<dyn Cloud>, Fault);

impl Cloud for Refusing {
    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>> {
        self.0.ask(query)
    }

    fn change(&self, change: Change, token: Token) -> BoxFuture<'_, Result<Done, Fault>> {
        if change.operation() == self.1.operation.as_str() {
            let fault = self.1.clone();
            return Box::pin(async move { Err(fault) });
        }
        self.0.change(change, token)
    }

    fn reveal(&self, secret: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>> {
        self.0.reveal(secret)
    }

    crate::cloud::pass_on!(0);
}

/// An account whose answers are rewritten.
struct Rewriting<F>(Arc<dyn Cloud>, F);

impl<F: Fn(&mut Fact) + Send + Sync + 'static> Cloud for Rewriting<F> {
    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>> {
        Box::pin(async move {
            let mut fact = self.0.ask(query).await?;
            (self.1)(&mut fact);
            Ok(fact)
        })
    }

    fn change(&self, change: Change, token: Token) -> BoxFuture<'_, Result<Done, Fault>> {
        self.0.change(change, token)
    }

    fn reveal(&self, secret: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>> {
        self.0.reveal(secret)
    }

    crate::cloud::pass_on!(0);
}

#[tokio::test(start_paused = true)]
async fn a_cause_has_the_lines_of_its_own_task_whichever_stopped_last() {
    // Whenever a task of LiteLLM has stopped, one of Open WebUI stops after it that never started.
    let and_another = |fact: &mut Fact| {
        let Fact::Tasks(tasks) = fact else { return };
        let stopped: Vec<_> = tasks
            .iter()
            .filter(|t| t.is_stopped() && t.service.contains("litellm"))
            .cloned()
            .collect();
        tasks.extend(stopped.into_iter().map(|t| Task {
            arn: format!("{}0", t.arn).into(),
            service: t.service.replace("litellm", "openwebui").into(),
            started: None,
            stopped: t.stopped.map(|at| at + 1),
            ..t
        }));
    };
    let mut case = Case::new(Arc::new(Rewriting(world("program-ends"), and_another)));
    let (status, _, said) = case.run("deploy").await;
    let (before, cause) = said.split_once("Cause: ").unwrap();
    assert!(status == 1 && before.contains(" of bedrock-image-chat-openwebui: "), "{said}");
    assert!(cause.contains("  log: Exception: Config file not found"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_takes_long_is_told_and_what_is_left_of_it() {
    let never = |fact: &mut Fact| {
        if let Fact::ChangeSet(set) = fact {
            set.status = "CREATE_IN_PROGRESS".into();
        }
    };
    let mut case = Case::new(Arc::new(Rewriting(world("new"), never)));
    let (status, text, said) = case.run("deploy").await;
    assert_eq!(status, 4, "{said}");
    let told = said.matches("CloudFormation has been working the plan out for ").count();
    assert!(text.is_empty() && (9..=10).contains(&told), "{told}: {said}");
    assert!(said.contains("out for 16 s: change set bic-tui-"), "{said}");
    assert!(
        said.contains("CloudFormation has not worked the plan out in 10 min 00 s: change set bic-tui-"),
        "{said}"
    );
    // AWS may not take a removal from it in the meantime, and who gives up is told what stays.
    let busy = Fault::new(FaultKind::Refused, "cloudformation:DeleteChangeSet", "", "it is CREATE_IN_PROGRESS");
    for line in ["deploy", "plan"] {
        let mut case = Case::new(Arc::new(Refusing(Arc::new(Rewriting(world("new"), never)), busy.clone())));
        let signal = case.signal.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(30)).await;
            signal.send(130).unwrap();
        });
        let (status, _, said) = case.run(line).await;
        assert_eq!(status, 130, "{said}");
        assert!(
            said.contains("The plan stays as change set bic-tui-")
                && said.contains("`aws cloudformation delete-change-set --change-set-name arn:aws:")
                && said.contains(" --region us-west-2` removes it"),
            "{said}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_is_refused_for_another_reason_keeps_it() {
    for (code, status, want) in [
        ("InsufficientCapabilitiesException", 4, "Requires capabilities : [CAPABILITY_IAM]"),
        ("InvalidChangeSetStatus", 1, "The plan of stack bedrock-image-chat is"),
    ] {
        let mut case = Case::sim("running");
        let mut fault = Fault::new(
            FaultKind::Refused,
            "cloudformation:ExecuteChangeSet",
            "bedrock-image-chat",
            "Requires capabilities : [CAPABILITY_IAM]",
        );
        fault.code = Some(code.into());
        case.cx.cloud = Arc::new(Refusing(Arc::clone(&case.cx.cloud), fault));
        let (ended, text, said) = case.run("deploy --param LogRetentionDays=14").await;
        assert_eq!(ended, status, "{text}{said}");
        assert!(said.contains(want), "{said}");
        assert_eq!(said.contains("another deploy"), status == 1, "{said}");
        // The reason is AWS's own, whatever it is taken for.
        assert!(said.contains("Requires capabilities : [CAPABILITY_IAM]"), "{said}");
        assert_eq!(said.contains(" AWS says: "), status == 1, "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_an_execution_that_can_not_have_begun_it_is_not_said_that_it_may() {
    for (kind, may_run) in [
        (FaultKind::Expired, false),
        (FaultKind::Throttled, false),
        (FaultKind::TimedOut, true),
        (FaultKind::AwsFailed, true),
    ] {
        let mut case = Case::sim("new");
        let fault = Fault::new(kind, "cloudformation:ExecuteChangeSet", "bedrock-image-chat", "");
        case.cx.cloud = Arc::new(Refusing(Arc::clone(&case.cx.cloud), fault));
        let (status, _, said) = case.run("deploy").await;
        assert_ne!(status, 0, "{said}");
        assert_eq!(said.contains("Whether it has begun is not known"), may_run, "{kind:?}: {said}");
        assert_eq!(case.settled().await.is_some(), may_run, "{kind:?}: the plan and its empty stack");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_is_deleted_under_a_deploy_is_no_success() {
    let mut case = Case::sim("new");
    let cloud = Arc::clone(&case.cx.cloud);
    let stack = case.cx.settings.stack.clone();
    let later = async {
        tokio::time::sleep(Duration::from_mins(2)).await;
        colleague(&cloud, Change::DeleteStack { stack }).await;
    };
    let ((status, text, _), ()) = tokio::join!(case.run("deploy"), later);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("is DELETE_COMPLETE"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn who_wants_no_task_lets_a_creation_go_on() {
    let mut case = Case::sim("health-check-fails");
    let (status, _, said) = case.run("deploy --no-watch").await;
    assert_eq!(status, 0, "{said}");
    while case.run("unstick desired-zero --yes").await.0 != 0 {
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(case.stack().await.unwrap().status.0, "CREATE_IN_PROGRESS");
    }
    assert_eq!(case.settled().await.unwrap().status.0, "CREATE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_deleted_while_it_is_updated() {
    let mut case = Case::sim("running");
    let (status, _, said) = case.run("deploy --no-watch --param LogRetentionDays=14").await;
    assert_eq!(status, 0, "{said}");
    let (status, text, said) = case.run("destroy").await;
    assert_eq!(status, 2, "{text}{said}");
    let way = "wait, or cancel the update (`bic-tui unstick cancel-update --region us-west-2 --stack bedrock-image-chat`)";
    assert!(said.contains(way) && text.is_empty(), "{text}{said}");
}

#[tokio::test(start_paused = true)]
async fn of_two_deploys_at_once_one_runs_and_the_other_says_which() {
    let world = world("new");
    let (mut one, mut two) = (Case::new(Arc::clone(&world)), Case::new(Arc::clone(&world)));
    let ((first, _, said_one), (second, _, said_two)) = tokio::join!(one.run("deploy"), two.run("deploy"));
    let mut ends = [(first, said_one), (second, said_two)];
    ends.sort();
    assert_eq!((ends[0].0, ends[1].0), (0, 1), "{ends:?}");
    let said = &ends[1].1;
    assert!(said.contains("Another deploy of stack bedrock-image-chat was faster"), "{said}");
    assert!(said.contains("`bic-tui deploy --watch ") && !said.contains("arn:"), "{said}");
    assert_eq!(one.stack().await.unwrap().status.0, "CREATE_COMPLETE");
}

/// What who joins the operation that runs is told at the first look.
async fn joined(case: &mut Case) -> Outlook {
    let stack = case.stack().await.unwrap();
    let mut watch = Watch::running(&case.cx, stack.id).await.unwrap();
    watch.look(&mut case.cx).await.unwrap();
    watch.outlook(&case.cx).unwrap().1
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_is_joined_counts_what_it_works_on() {
    let mut case = Case::sim("delete-failed");
    let (status, _, said) = case.run("unstick delete-retaining").await;
    assert_eq!(status, 0, "{said}");
    let Outlook { done, total, .. } = joined(&mut case).await;
    assert!(
        done <= total && (1..=3).contains(&total),
        "{done} of {total}: the others were gone before"
    );
    // A deletion of all of it counts all.
    let mut case = Case::sim("running");
    let (status, _, said) = case.run("destroy --no-watch").await;
    assert_eq!(status, 0, "{said}");
    assert!(joined(&mut case).await.total >= 60);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_can_no_longer_be_seen_goes_on_and_is_well_for_who_follows_it() {
    let mut case = Case::sim("running");
    let plain = Arc::clone(&case.cx.cloud);
    let looks = std::sync::atomic::AtomicU32::new(0);
    let in_the_middle = move |query: &Query| {
        let fault = || Fault::new(FaultKind::WrongCredentials, "cloudformation:DescribeStacks", "", "");
        match query {
            Query::StackEvents { known: Some(_), .. } => drop(looks.fetch_add(1, Ordering::Relaxed)),
            Query::Stack { .. } if looks.load(Ordering::Relaxed) > 1 => return Some(Err(fault())),
            _ => {}
        }
        None
    };
    case.cx.cloud = Arc::new(Answering(Arc::clone(&plain), in_the_middle));
    let (status, _, said) = case.run("destroy").await;
    assert_eq!(status, 3, "{said}");
    assert!(
        said.contains("The deletion goes on without this program; `bic-tui deploy --watch --region"),
        "{said}"
    );
    case.cx.cloud = plain;
    let (status, text, said) = case.run("deploy --watch").await;
    assert_eq!(status, 0, "{text}{said}");
    assert!(text.contains("is DELETE_COMPLETE."), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_recording_of_a_subcommand_holds_what_the_screens_show() {
    let dir = tempfile::tempdir().unwrap();
    let to = Recordings::new(dir.path().to_owned());
    let mut case = Case::sim("new");
    case.cx.journal = Ok(Arc::new(Journal::memory().recording(to.clone())));
    let plain = Arc::clone(&case.cx.cloud);
    for (line, has_targets) in [("deploy", true), ("destroy", false)] {
        let (status, _, said) = case.run(line).await;
        assert_eq!(status, 0, "{said}");
        // The recorder is of one run.
        case.cx.cloud = Arc::clone(&plain);
        to.flush();
        let file = to.list()[0].file.clone();
        let recording = Recording::parse(&std::fs::read_to_string(dir.path().join(file)).unwrap()).unwrap();
        let newest = |is_it: fn(&Told) -> bool| recording.lines.iter().rev().map(|l| &l.fact).find(|fact| is_it(fact));
        let resources = newest(|it| matches!(it, Told::Resources(_)));
        assert!(matches!(resources, Some(Told::Resources(all)) if all.len() > 60), "{line}");
        let targets = newest(|it| matches!(it, Told::Targets(_)));
        let is_healthy = matches!(targets, Some(Told::Targets(all)) if all.iter().all(|g| g.healthy() > 0));
        assert_eq!(is_healthy, has_targets, "{line}: {targets:?}");
        let services = newest(|it| matches!(it, Told::Services(_)));
        assert!(
            !has_targets || matches!(services, Some(Told::Services(all)) if all.len() == 2),
            "{line}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn that_there_is_no_total_is_said_only_where_there_is_none() {
    for (scene, line, is_said) in [
        ("new", "deploy --no-watch", false),
        ("running", "destroy --no-watch", false),
        ("running", "deploy --no-watch --param LogRetentionDays=14", true),
    ] {
        let mut case = Case::sim(scene);
        let (status, _, said) = case.run(line).await;
        assert_eq!(status, 0, "{said}");
        let denied = || Fault::new(FaultKind::Denied, "cloudformation:DescribeChangeSet", "", "");
        let no_plan = move |query: &Query| match query {
            Query::ChangeSet { .. } => Some(Err(denied())),
            Query::StackResources { .. } => Some(Err(denied())),
            _ => None,
        };
        case.cx.cloud = Arc::new(Answering(Arc::clone(&case.cx.cloud), no_plan));
        case.is_watched = true;
        let (_, _, said) = case.run("deploy --watch").await;
        let told = said.matches("How many resources it works on is not known").count();
        assert_eq!(told, usize::from(is_said), "{line}: {said}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_watches_is_told_no_time_before_a_task_stops_that_does_not_get_well() {
    let mut case = Case::sim("health-check-fails");
    let (status, _, said) = case.run("deploy --no-watch").await;
    assert_eq!(status, 0, "{said}");
    let stack = case.stack().await.unwrap();
    let mut watch = Watch::running(&case.cx, stack.id.clone()).await.unwrap();
    for _ in 0..600 {
        watch.look(&mut case.cx).await.unwrap();
        let outlook = watch.outlook(&case.cx).unwrap().1;
        if outlook.is_held_up {
            assert_eq!((outlook.eta, outlook.left()), (None, Some(eta::NO_END.to_owned())));
            let tasks = reads::tasks(&*case.cx.cloud, &Names::of(&stack)).await.unwrap();
            assert!(tasks.iter().all(|t| !t.is_stopped()), "the first has stopped by now");
            // What is not answered takes nothing away.
            let throttled = |query: &Query| match query {
                Query::Services { .. } | Query::TargetHealth { .. } => Some(Err(Fault::new(FaultKind::Throttled, "", "", ""))),
                _ => None,
            };
            case.cx.cloud = Arc::new(Answering(Arc::clone(&case.cx.cloud), throttled));
            for _ in 0..3 {
                watch.look(&mut case.cx).await.unwrap();
            }
            assert!(watch.outlook(&case.cx).unwrap().1.is_held_up);
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("nothing held it up");
}
