//! The simulated account, by calls of the port alone and a clock moved by hand: the guide from end to
//! end, CloudFormation's and ECS's own order of things, each scene's trouble.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail as the tests do")]

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bic_tui::{
    cloud::{Change, Cloud, Done, ImageRoute, LogRequest, PlanRequest, ProbeRequest, Query, Token},
    core::{
        fact::*,
        fault::{Fault, FaultKind},
        names::{App, Names},
        template::{Pseudo, Template},
        text::SafeText,
    },
    sim::{Scene, Sim, StepClock, scenes},
};
use futures::FutureExt;
use proptest::prelude::*;

const START: Millis = 1_795_000_000_000;
const STACK: &str = "bedrock-image-chat";

/// An operator with a clock in the hand.
struct Desk {
    sim: Sim,
    clock: Arc<StepClock>,
    names: Names,
    tokens: Cell<u32>,
}

/// One thing out of an answer.
macro_rules! fact {
    ($desk:expr, $query:expr, $kind:path) => {
        match $desk.ask($query) {
            Ok($kind(it)) => it,
            other => panic!("{other:?}"),
        }
    };
}

impl Desk {
    fn at(scene: &str) -> Self {
        let clock = Arc::new(StepClock::new(START));
        let sim = Sim::new(&Scene::named(scene).unwrap(), 1, clock.clone()).without_latency();
        Self {
            sim,
            clock,
            names: Names::new(STACK),
            tokens: Cell::new(0),
        }
    }

    fn ask(&self, query: Query) -> Result<Fact, Fault> {
        self.sim.ask(query).now_or_never().unwrap()
    }

    fn change(&self, change: Change) -> Result<Done, Fault> {
        self.tokens.set(self.tokens.get() + 1);
        let token = Token(format!("token-{}", self.tokens.get()).into());
        self.sim.change(change, token).now_or_never().unwrap()
    }

    fn wait(&self, seconds: i64) {
        self.clock.step(seconds * 1_000);
    }

    fn stack(&self) -> Option<Stack> {
        fact!(self, Query::Stack { stack: STACK.into() }, Fact::Stack)
    }

    fn stack_by_id(&self, id: &SafeText) -> Stack {
        fact!(self, Query::Stack { stack: id.clone() }, Fact::Stack).unwrap()
    }

    /// Oldest first.
    fn events(&self, stack: &SafeText) -> Vec<StackEvent> {
        let query = Query::StackEvents {
            stack: stack.clone(),
            known: None,
        };
        let mut events = fact!(self, query, Fact::StackEvents).events;
        events.reverse();
        events
    }

    fn services(&self) -> Vec<Service> {
        let query = Query::Services {
            cluster: self.names.cluster(),
            services: self.names.services(),
        };
        fact!(self, query, Fact::Services)
    }

    fn service(&self, app: App) -> Service {
        self.services().into_iter().find(|s| s.name == self.names.service(app)).unwrap()
    }

    fn tasks(&self, app: App) -> Vec<Task> {
        let cluster = self.names.cluster();
        let all = fact!(self, Query::Tasks { cluster }, Fact::Tasks);
        all.into_iter().filter(|t| t.service == self.names.service(app)).collect()
    }

    fn targets(&self) -> Vec<Target> {
        let group = self.service(App::OpenWebui).target_groups[0].clone();
        let groups = vec![("TargetGroup".into(), group)];
        fact!(self, Query::TargetHealth { groups }, Fact::Targets).remove(0).targets
    }

    fn probe(&self, stage: ProbeStage) -> StageReport {
        let app_url = self.stack().and_then(|s| s.output("ALBEndpoint").cloned()).unwrap_or_default();
        let api_key = self.names.api_key();
        let request = ProbeRequest { stage, app_url, api_key };
        fact!(self, Query::Probe(request), Fact::Stage)
    }

    fn plan(&self, is_create: bool, parameters: &[(&str, Option<&str>)]) -> Result<(SafeText, SafeText), Fault> {
        let plan = PlanRequest {
            stack: STACK.into(),
            is_create,
            parameters: parameters.iter().map(|(k, v)| ((*k).into(), v.map(SafeText::from))).collect(),
            tags: None,
            overridden: Vec::new(),
        };
        match self.change(Change::CreateChangeSet(plan))? {
            Done::ChangeSet { id, stack_id } => Ok((stack_id, id)),
            other => panic!("{other:?}"),
        }
    }

    fn change_set(&self, stack: &SafeText, change_set: &SafeText) -> ChangeSet {
        let (stack, change_set) = (stack.clone(), change_set.clone());
        fact!(self, Query::ChangeSet { stack, change_set }, Fact::ChangeSet)
    }

    /// Plans and executes; the stack's id.
    fn deploy(&self, is_create: bool, parameters: &[(&str, Option<&str>)]) -> SafeText {
        let (stack, change_set) = self.plan(is_create, parameters).unwrap();
        self.wait(10);
        let execute = Change::ExecuteChangeSet {
            stack: stack.clone(),
            change_set,
        };
        self.change(execute).unwrap();
        stack
    }

    /// Waits until CloudFormation has ended, for an hour at most; the status.
    fn settle(&self, stack: &SafeText) -> String {
        for _ in 0..720 {
            self.wait(5);
            let status = self.stack_by_id(stack).status;
            if !status.is_in_progress() {
                return status.0.to_string();
            }
        }
        panic!("{} after an hour", self.stack_by_id(stack).status.0)
    }

    fn scale(&self, app: App, from: i32, to: i32) -> Result<Done, Fault> {
        self.change(Change::Scale {
            cluster: self.names.cluster(),
            service: self.names.service(app),
            from,
            to,
        })
    }

    /// All pages of a window, and how many there were.
    fn logs(&self, from: Millis, until: Option<Millis>, prefix: Option<&str>) -> (Vec<LogEvent>, usize) {
        let mut request = LogRequest {
            group: self.names.log_group(),
            from,
            until,
            token: None,
            stream_prefix: prefix.map(SafeText::from),
        };
        let (mut events, mut pages) = (Vec::new(), 0);
        loop {
            let page = fact!(self, Query::LogPage(request.clone()), Fact::LogPage);
            events.extend(page.events);
            pages += 1;
            assert!(pages < 5_000, "pages without end");
            match page.next {
                Some(token) => request.token = Some(token),
                None => return (events, pages),
            }
        }
    }

    fn image(&self, route: ImageRoute) -> Result<Picture, Fault> {
        let is_direct = route == ImageRoute::Bedrock;
        let model = if is_direct {
            "stability.stable-image-core-v1:1"
        } else {
            "nova-canvas"
        }
        .into();
        let prompt = "a lighthouse".into();
        match self.change(Change::TestImage { route, model, prompt })? {
            Done::Picture(picture) => Ok(picture),
            other => panic!("{other:?}"),
        }
    }

    fn through_openwebui(&self) -> ImageRoute {
        ImageRoute::OpenWebui {
            app_url: self.stack().unwrap().output("ALBEndpoint").unwrap().clone(),
            admin: self.names.admin_password(),
        }
    }
}

fn statuses(events: &[StackEvent]) -> Vec<&str> {
    events.iter().filter(|e| e.is_stack()).map(|e| e.status.0.as_str()).collect()
}

fn messages(service: &Service) -> Vec<&str> {
    service.events.iter().rev().map(|e| e.message.as_str()).collect()
}

/// Each resource begins before it is done, says so once, and nothing goes back in time.
fn assert_legal(events: &[StackEvent]) {
    assert!(events.is_sorted_by_key(|e| e.at), "events go back in time");
    let ids: BTreeSet<&SafeText> = events.iter().map(|e| &e.id).collect();
    assert_eq!(ids.len(), events.len(), "an event id twice");
    let mut open: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for e in events.iter().filter(|e| !e.is_stack()) {
        let (verb, state) = e.status.0.split_once('_').unwrap();
        let key = (e.logical_id.as_str(), verb);
        match state {
            "IN_PROGRESS" => drop(open.insert(key, "begun")),
            "SKIPPED" => {}
            _ => assert_eq!(open.remove(&key), Some("begun"), "{} {} out of the blue", e.logical_id, e.status.0),
        }
    }
}

#[test]
fn the_guide_from_an_empty_account_to_an_empty_account() {
    let desk = Desk::at("new");
    assert_eq!(desk.stack(), None);
    let cluster = desk.names.cluster();
    assert_eq!(desk.ask(Query::Tasks { cluster }).unwrap_err().kind, FaultKind::NotFound);

    let (stack, set) = desk.plan(true, &[]).unwrap();
    assert_eq!(desk.change_set(&stack, &set).status, "CREATE_PENDING");
    assert_eq!(desk.stack().unwrap().status.0, "REVIEW_IN_PROGRESS");
    desk.wait(10);
    let ready = desk.change_set(&stack, &set);
    assert!(ready.is_ready() && ready.changes.iter().all(|c| c.action == ChangeAction::Add));
    let change_set = set.clone();
    let (s, c) = (stack.clone(), change_set.clone());
    desk.change(Change::ExecuteChangeSet { stack: s, change_set: c }).unwrap();
    desk.wait(60);
    assert_eq!(desk.stack().unwrap().status.0, "CREATE_IN_PROGRESS");
    assert!(desk.stack().unwrap().outputs.is_empty());
    assert_eq!(desk.settle(&stack), "CREATE_COMPLETE");
    assert!(desk.stack().unwrap().output("ALBEndpoint").unwrap().starts_with("http://"));

    assert!(desk.services().iter().all(|s| s.is_steady() && s.running == 1));
    assert!(desk.targets().iter().all(Target::is_healthy));
    assert_eq!(desk.probe(ProbeStage::OpenWebui).is_well, Some(true));
    desk.wait(1_800);
    let (lines, _) = desk.logs(START, None, None);
    assert!(lines.len() > 100);
    let one = desk.image(desk.through_openwebui()).unwrap();
    let two = desk.image(desk.through_openwebui()).unwrap();
    assert_ne!(one.bytes, two.bytes);

    asleep_and_awake(&desk);
    let begun = Change::DeleteStack { stack: stack.clone() };
    desk.change(begun).unwrap();
    desk.wait(2);
    assert_eq!(desk.stack().unwrap().status.0, "DELETE_IN_PROGRESS");
    assert_eq!(desk.settle(&stack), "DELETE_COMPLETE");
    assert_eq!(desk.stack(), None, "not found by name any more");
    assert!(desk.stack_by_id(&stack).status.is_deleted());
    assert_legal(&desk.events(&stack));
    let secret = desk.sim.reveal(desk.names.api_key()).now_or_never().unwrap();
    assert_eq!(secret.unwrap_err().kind, FaultKind::NotFound);

    let again = desk.deploy(true, &[]);
    assert_ne!(again, stack);
    assert_eq!(desk.settle(&again), "CREATE_COMPLETE");
    assert_eq!(desk.stack().unwrap().id, again);
}

fn asleep_and_awake(desk: &Desk) {
    assert_eq!(desk.scale(App::OpenWebui, 3, 0).unwrap_err().kind, FaultKind::Refused);
    desk.scale(App::OpenWebui, 1, 0).unwrap();
    desk.scale(App::Litellm, 1, 0).unwrap();
    desk.wait(15);
    assert_eq!(desk.targets()[0].reason, "Target.DeregistrationInProgress");
    desk.wait(90);
    assert!(desk.services().iter().all(|s| s.running == 0 && s.is_steady()));
    assert!(desk.targets().is_empty());
    let probe = desk.probe(ProbeStage::OpenWebui);
    assert_eq!(
        (probe.is_well, probe.evidence.starts_with("503 Service Unavailable in ")),
        (Some(false), true)
    );
    let stopped = &desk.tasks(App::OpenWebui)[0];
    assert_eq!(
        (stopped.stop_code.as_str(), stopped.containers[0].exit_code),
        ("ServiceSchedulerInitiated", Some(0))
    );
    desk.scale(App::Litellm, 0, 1).unwrap();
    desk.scale(App::OpenWebui, 0, 1).unwrap();
    desk.wait(180);
    assert!(desk.targets().iter().all(Target::is_healthy) && desk.services().iter().all(|s| s.is_steady() && s.running == 1));
    desk.wait(3_600);
    assert!(
        desk.tasks(App::OpenWebui).iter().all(|t| !t.is_stopped()),
        "forgotten after an hour"
    );
}

#[test]
fn creation_is_told_as_cloudformation_tells_it() {
    let desk = Desk::at("new");
    let stack = desk.deploy(
        true,
        &[("ACMCertificateArn", Some("arn:aws:acm:us-west-2:111122223333:certificate/a"))],
    );
    assert_eq!(desk.settle(&stack), "CREATE_COMPLETE");
    let events = desk.events(&stack);
    assert_legal(&events);
    assert_eq!(statuses(&events), ["REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"]);
    assert_eq!(events[1].reason, "User Initiated");
    assert!(events[1..].iter().all(|e| e.token.as_deref() == Some("token-2")));

    let template = Template::shipped();
    let values = desk
        .stack()
        .unwrap()
        .parameters
        .iter()
        .map(|(k, v)| (k.to_string(), v.to_string()))
        .collect();
    let pseudo = Pseudo {
        region: "us-west-2".into(),
        account: "111122223333".into(),
        stack_name: STACK.into(),
    };
    let resources = template.resources(&values, &pseudo);
    assert_eq!(events.iter().filter(|e| !e.is_stack()).count(), 3 * resources.len());
    let mut done = BTreeMap::new();
    for r in &resources {
        let mine: Vec<&StackEvent> = events.iter().filter(|e| e.logical_id == r.logical_id).collect();
        let told: Vec<(&str, &str)> = mine.iter().map(|e| (e.status.0.as_str(), e.reason.as_str())).collect();
        assert_eq!(
            told,
            [
                ("CREATE_IN_PROGRESS", ""),
                ("CREATE_IN_PROGRESS", "Resource creation Initiated"),
                ("CREATE_COMPLETE", "")
            ]
        );
        assert!(mine[0].physical_id.is_empty() && !mine[1].physical_id.is_empty());
        for d in &r.depends_on {
            assert!(done[d] < mine[0].at, "{} before {d}", r.logical_id);
        }
        done.insert(r.logical_id.clone(), mine[2].at);
    }
    let under_way = |at: Millis| {
        let begun: BTreeSet<&SafeText> = events.iter().filter(|e| e.at <= at).map(|e| &e.logical_id).collect();
        begun.iter().filter(|id| done.get(**id).is_some_and(|d| *d > at)).count()
    };
    assert!(events.iter().any(|e| under_way(e.at) >= 8), "resources are made side by side");
    let took = (events.last().unwrap().at - events[1].at) / 1_000;
    assert!((180..1_500).contains(&took), "{took} s");
}

#[test]
fn events_are_told_down_to_the_one_that_is_known() {
    let desk = Desk::at("running");
    let stack = desk.stack().unwrap().id;
    let all = desk.events(&stack);
    let query = Query::StackEvents {
        stack,
        known: Some(all[all.len() - 4].id.clone()),
    };
    let new = fact!(desk, query, Fact::StackEvents);
    let ids: Vec<&SafeText> = new.events.iter().map(|e| &e.id).collect();
    let want: Vec<&SafeText> = all[all.len() - 3..].iter().rev().map(|e| &e.id).collect();
    assert_eq!((ids, new.is_complete), (want, true));
}

#[test]
fn a_task_comes_up_step_by_step() {
    let desk = Desk::at("asleep");
    desk.scale(App::OpenWebui, 0, 1).unwrap();
    let mut seen: Vec<(String, String)> = Vec::new();
    for _ in 0..180 {
        desk.wait(1);
        let Some(task) = desk.tasks(App::OpenWebui).pop() else { continue };
        assert_eq!(task.id().len(), 32);
        assert_eq!(task.address.is_empty(), task.status == "PROVISIONING");
        let target = desk.targets().pop().map(|t| t.reason.to_string() + &t.state).unwrap_or_default();
        let now = (task.status.to_string(), target);
        if seen.last() != Some(&now) {
            seen.push(now);
        }
    }
    let seen: Vec<(&str, &str)> = seen.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(
        seen,
        [
            ("PROVISIONING", ""),
            ("PENDING", ""),
            ("ACTIVATING", ""),
            ("RUNNING", "Elb.RegistrationInProgressinitial"),
            ("RUNNING", "Elb.InitialHealthCheckinginitial"),
            ("RUNNING", "healthy"),
        ]
    );
    let service = desk.service(App::OpenWebui);
    let told = messages(&service);
    let last: Vec<&str> = told[told.len() - 3..].iter().map(|m| &m[m.find(") ").unwrap() + 2..]).collect();
    assert!(last[0].starts_with("has started 1 tasks: (task "), "{last:?}");
    assert!(last[1].starts_with("registered 1 targets in (target-group arn:aws:"), "{last:?}");
    assert_eq!(last[2], "has reached a steady state.");
}

#[test]
fn a_restart_never_runs_two_tasks_on_one_sqlite_file() {
    for (app, most) in [(App::OpenWebui, 1), (App::Litellm, 2)] {
        let desk = Desk::at("running");
        let before = desk.tasks(app)[0].arn.clone();
        let (cluster, service) = (desk.names.cluster(), desk.names.service(app));
        desk.change(Change::Restart { cluster, service }).unwrap();
        let mut together = 0;
        for _ in 0..300 {
            desk.wait(1);
            // Until its process has ended a task holds the file.
            let alive = desk
                .tasks(app)
                .iter()
                .filter(|t| !t.is_stopped() && t.status != "DEPROVISIONING")
                .count();
            together = together.max(alive);
        }
        assert_eq!(together, most, "{app}");
        let service = desk.service(app);
        assert!(service.is_steady() && service.running == 1);
        assert_eq!(service.primary().unwrap().rollout, "COMPLETED");
        let running: Vec<SafeText> = desk
            .tasks(app)
            .iter()
            .filter(|t| t.status == "RUNNING")
            .map(|t| t.arn.clone())
            .collect();
        assert!(running.len() == 1 && running[0] != before);
    }
}

#[test]
fn a_stopped_task_is_replaced() {
    let desk = Desk::at("running");
    let task = desk.tasks(App::Litellm)[0].arn.clone();
    let (cluster, old) = (desk.names.cluster(), task.clone());
    desk.change(Change::StopTask { cluster, task }).unwrap();
    desk.wait(180);
    let tasks = desk.tasks(App::Litellm);
    let stopped = tasks.iter().find(|t| t.arn == old).unwrap();
    assert_eq!(
        (stopped.stop_code.as_str(), stopped.stopped_reason.as_str()),
        ("UserInitiated", "Stopped by hand from bic-tui")
    );
    assert!(tasks.iter().any(|t| t.arn != old && t.status == "RUNNING" && t.health == "HEALTHY"));
}

#[test]
fn a_plan_says_what_will_change_and_what_is_refused() {
    let desk = Desk::at("running");
    let changes = |parameters: &[(&str, Option<&str>)]| {
        let (stack, set) = desk.plan(false, parameters).unwrap();
        desk.wait(10);
        desk.change_set(&stack, &set)
    };
    let keep: Vec<(&str, Option<&str>)> = vec![("DeploymentSize", None)];
    assert!(changes(&keep).is_no_change());
    let lines = |set: &ChangeSet| -> Vec<(String, ChangeAction, Replacement)> {
        set.changes
            .iter()
            .map(|c| (c.logical_id.to_string(), c.action, c.replacement))
            .collect()
    };
    let modify = |id: &str, replacement| (id.to_owned(), ChangeAction::Modify, replacement);
    let version = lines(&changes(&[("LiteLLMVersion", Some("v1.109.1"))]));
    assert!(
        version.contains(&modify("LiteLLMTaskDefinition", Replacement::Always)),
        "{version:?}"
    );
    assert!(version.contains(&modify("LiteLLMService", Replacement::Never)), "{version:?}");
    assert_eq!(version.iter().filter(|(.., r)| *r == Replacement::Always).count(), 1);
    let network = lines(&changes(&[("NetworkMode", Some("nat"))]));
    assert!(network.contains(&("NatGateway".to_owned(), ChangeAction::Add, Replacement::Never)));
    assert!(network.contains(&("BedrockEndpoint".to_owned(), ChangeAction::Remove, Replacement::Never)));
    let renamed = lines(&changes(&[("ProjectName", Some("other"))]));
    assert!(
        renamed.contains(&modify("LogGroup", Replacement::Always)),
        "a new name is a new log group"
    );

    for (is_create, parameters, want) in [
        (true, &[][..], "Stack [bedrock-image-chat] already exists"),
        (
            false,
            &[("Nonsense", Some("1"))],
            "Parameters: [Nonsense] do not exist in the template",
        ),
        (
            false,
            &[("DeploymentSize", Some("huge"))],
            "Parameter 'DeploymentSize' must be one of AllowedValues",
        ),
        (
            false,
            &[("BedrockRegion", Some("us-east-1"))],
            "BedrockRegion must be empty or the region",
        ),
    ] {
        let fault = desk.plan(is_create, parameters).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Refused);
        assert!(fault.detail.contains(want), "{}", fault.detail);
    }
    let fault = Desk::at("new").plan(false, &[]).unwrap_err();
    assert_eq!(
        (fault.kind, fault.detail.as_str()),
        (FaultKind::NotFound, "Stack [bedrock-image-chat] does not exist")
    );
}

#[test]
fn a_parameter_not_given_falls_back_to_its_default_as_on_aws() {
    let desk = Desk::at("new");
    let stack = desk.deploy(true, &[("LogRetentionDays", Some("90"))]);
    desk.settle(&stack);
    let (_, kept) = desk.plan(false, &[("LogRetentionDays", None)]).unwrap();
    let (_, reset) = desk.plan(false, &[]).unwrap();
    desk.wait(10);
    assert!(desk.change_set(&stack, &kept).is_no_change());
    let changes = desk.change_set(&stack, &reset).changes;
    assert!(
        changes
            .iter()
            .all(|c| c.properties.len() == 1 && c.replacement == Replacement::Never)
    );
    let property = &changes.iter().find(|c| c.logical_id == "LogGroup").unwrap().properties[0];
    assert_eq!(property.path, "Properties.RetentionInDays");
    assert_eq!((property.before.as_deref(), property.after.as_deref()), (Some("90"), Some("30")));
}

#[test]
fn an_update_replaces_cleans_up_and_ends_well() {
    let desk = Desk::at("running");
    let before = desk.events(&desk.stack().unwrap().id).len();
    let stack = desk.deploy(false, &[("LiteLLMVersion", Some("v1.109.1"))]);
    assert!(matches!(desk.plan(false, &[]), Err(f) if f.detail.ends_with("is in UPDATE_IN_PROGRESS state and can not be updated.")));
    let delete = Change::DeleteStack { stack: stack.clone() };
    assert!(
        desk.change(delete)
            .unwrap_err()
            .detail
            .contains("cannot be deleted while in status UPDATE_IN_PROGRESS")
    );
    assert_eq!(desk.settle(&stack), "UPDATE_COMPLETE");
    let events = &desk.events(&stack)[before..];
    assert_legal(events);
    assert_eq!(
        statuses(events),
        ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]
    );
    let definition: Vec<(&str, &str, &str)> = events
        .iter()
        .filter(|e| e.logical_id == "LiteLLMTaskDefinition")
        .map(|e| (e.status.0.as_str(), e.physical_id.rsplit('/').next().unwrap(), e.reason.as_str()))
        .collect();
    let (old, new) = ("bedrock-image-chat-litellm:1", "bedrock-image-chat-litellm:2");
    let why = "Requested update requires the creation of a new physical resource; hence creating one.";
    assert_eq!(
        definition,
        [
            ("UPDATE_IN_PROGRESS", old, why),
            ("UPDATE_IN_PROGRESS", new, "Resource creation Initiated"),
            ("UPDATE_COMPLETE", new, ""),
            ("DELETE_IN_PROGRESS", old, ""),
            ("DELETE_COMPLETE", old, ""),
        ]
    );
    let service = desk.service(App::Litellm);
    assert_eq!(service.task_definition, new);
    assert!(service.is_steady());
    assert_eq!(desk.stack().unwrap().parameter("LiteLLMVersion").unwrap(), "v1.109.1");
    assert!(
        desk.tasks(App::Litellm).last().unwrap().containers[0]
            .image
            .contains("litellm:v1.109.1")
    );
}

#[test]
fn a_larger_size_brings_a_database_and_more_tasks() {
    let desk = Desk::at("running");
    let stack = desk.deploy(false, &[("DeploymentSize", Some("medium"))]);
    assert_eq!(desk.settle(&stack), "UPDATE_COMPLETE");
    let service = desk.service(App::OpenWebui);
    assert!(service.is_steady() && service.running == 2 && desk.targets().len() == 2);
    let zones: BTreeSet<SafeText> = desk.targets().into_iter().map(|t| t.zone).collect();
    assert_eq!(zones.len(), 2, "a task in each zone");
    let resources = fact!(desk, Query::StackResources { stack: stack.clone() }, Fact::StackResources);
    assert!(
        resources
            .iter()
            .any(|r| r.resource_type == "AWS::RDS::DBInstance" && r.status.is_complete())
    );
    let took = desk
        .stack()
        .unwrap()
        .updated
        .map(|at| (desk.events(&stack).last().unwrap().at - at) / 60_000);
    assert!(took.is_some_and(|minutes| (5..30).contains(&minutes)), "{took:?} minutes");
    desk.wait(30);
    let (lines, _) = desk.logs(START, None, Some("openwebui"));
    assert!(lines.iter().any(|e| e.message.as_raw().contains("PostgresqlImpl")));
}

#[test]
fn an_update_can_be_cancelled() {
    let desk = Desk::at("running");
    let stack = desk.deploy(false, &[("LiteLLMVersion", Some("v1.109.1")), ("NetworkMode", Some("nat"))]);
    desk.wait(40);
    desk.change(Change::CancelUpdate { stack: stack.clone() }).unwrap();
    desk.change(Change::CancelUpdate { stack: stack.clone() }).unwrap();
    assert_eq!(desk.settle(&stack), "UPDATE_ROLLBACK_COMPLETE");
    let events = desk.events(&stack);
    assert_legal(&events);
    let last = statuses(&events);
    let want = [
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ];
    assert_eq!(last[last.len() - 3..], want);
    desk.wait(300);
    assert_eq!(desk.service(App::Litellm).task_definition, "bedrock-image-chat-litellm:1");
    assert!(desk.services().iter().all(Service::is_steady));
    assert_eq!(desk.stack().unwrap().parameter("NetworkMode").unwrap(), "private");
    let resources = fact!(desk, Query::StackResources { stack: stack.clone() }, Fact::StackResources);
    assert!(
        resources.iter().all(|r| !r.logical_id.starts_with("Nat")),
        "what was made for the update is gone"
    );
    let (_, set) = desk.plan(false, &[]).unwrap();
    desk.wait(10);
    assert!(desk.change_set(&stack, &set).is_no_change());
    let fault = desk.change(Change::CancelUpdate { stack }).unwrap_err();
    assert_eq!(fault.detail, "CancelUpdateStack cannot be called from current stack status");
}

#[test]
fn a_first_deployment_that_fails_is_rolled_back_and_can_only_be_deleted() {
    let desk = Desk::at("deploy-fails");
    let stack = desk.deploy(true, &[]);
    assert_eq!(desk.settle(&stack), "ROLLBACK_COMPLETE");
    let events = desk.events(&stack);
    assert_legal(&events);
    let failed: Vec<&StackEvent> = events.iter().filter(|e| e.status.is_failure()).collect();
    assert_eq!(failed[0].logical_id, "LiteLLMService");
    assert!(
        failed[0].reason.contains("ECS Deployment Circuit Breaker was triggered"),
        "{}",
        failed[0].reason
    );
    let rollback = events.iter().find(|e| e.status.0 == "ROLLBACK_IN_PROGRESS").unwrap();
    assert!(
        rollback
            .reason
            .starts_with("The following resource(s) failed to create: [LiteLLMService"),
        "{}",
        rollback.reason
    );
    let made = events.iter().filter(|e| e.status.0 == "CREATE_COMPLETE" && !e.is_stack()).count();
    let deleted = events.iter().filter(|e| e.status.0 == "DELETE_COMPLETE").count();
    assert_eq!(deleted, made + failed.len());
    assert!(matches!(desk.plan(false, &[]), Err(f) if f.detail.contains("is in ROLLBACK_COMPLETE state and can not be updated")));
    desk.change(Change::DeleteStack { stack: stack.clone() }).unwrap();
    assert_eq!(desk.settle(&stack), "DELETE_COMPLETE");
}

#[test]
fn an_abandoned_plan_leaves_nothing() {
    let desk = Desk::at("new");
    let (stack, change_set) = desk.plan(true, &[]).unwrap();
    let (s, c) = (stack.clone(), change_set.clone());
    desk.change(Change::DeleteChangeSet { stack: s, change_set: c }).unwrap();
    desk.change(Change::DeleteStack { stack: stack.clone() }).unwrap();
    assert_eq!(desk.settle(&stack), "DELETE_COMPLETE");
    assert_eq!(desk.stack(), None);
    let fault = desk.change(Change::ExecuteChangeSet { stack, change_set }).unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
}

#[test]
fn a_repeated_token_is_the_same_request() {
    let desk = Desk::at("new");
    let plan = PlanRequest {
        stack: STACK.into(),
        is_create: true,
        parameters: Vec::new(),
        tags: None,
        overridden: Vec::new(),
    };
    let send = || {
        let change = Change::CreateChangeSet(plan.clone());
        desk.sim.change(change, Token("same".into())).now_or_never().unwrap().unwrap()
    };
    assert_eq!(send(), send());
}

#[test]
fn a_secret_is_what_the_template_asks_for() {
    let desk = Desk::at("running");
    let reveal = |secret| desk.sim.reveal(secret).now_or_never().unwrap();
    let key = reveal(desk.names.api_key()).unwrap();
    let text = key.expose_str().unwrap();
    assert!(text.len() == 40 && text.chars().all(|c| c.is_ascii_alphanumeric()));
    assert_eq!(reveal(desk.names.api_key()).unwrap().expose(), key.expose());
    assert_eq!(reveal(desk.names.admin_email()).unwrap().expose_str(), Some("admin@example.com"));
    assert_eq!(reveal(desk.names.admin_password()).unwrap().expose().len(), 24);
}

#[test]
fn a_window_asked_again_holds_the_same_lines() {
    let desk = Desk::at("running");
    let (from, until) = (START - 3_600_000, START - 60_000);
    let (whole, pages) = desk.logs(from, Some(until), None);
    assert!(pages > 2 && whole.len() > 1_000, "{pages} pages, {} lines", whole.len());
    assert!(whole.is_sorted_by_key(|e| e.at));
    assert!(whole.iter().all(|e| (from..until).contains(&e.at) && e.ingested >= e.at));
    let ids: BTreeSet<&SafeText> = whole.iter().filter_map(|e| e.id.as_ref()).collect();
    assert_eq!(ids.len(), whole.len());
    assert!(ids.iter().all(|id| id.len() == 56 && id.chars().all(|c| c.is_ascii_digit())));
    let mut parts = Vec::new();
    for k in 0..59 {
        parts.extend(desk.logs(from + k * 60_000, Some(from + (k + 1) * 60_000), None).0);
    }
    assert_eq!(parts, whole);
    let by_stream = |prefix: &str| desk.logs(from, Some(until), Some(prefix)).0;
    let (webui, litellm) = (by_stream("openwebui"), by_stream("litellm"));
    assert!(webui.len() > 300 && litellm.len() > 100);
    assert_eq!(webui.len() + litellm.len(), whole.len());
    assert!(webui.iter().all(|e| e.stream.starts_with("openwebui/openwebui/")));
}

#[test]
fn some_lines_come_late_and_none_is_lost() {
    let desk = Desk::at("running");
    let mut seen = BTreeSet::new();
    let mut late = 0;
    // An hour in which people are about.
    desk.wait(6 * 3_600);
    let from = desk.sim.now();
    let mut newest = from;
    for _ in 0..300 {
        desk.wait(3);
        for e in desk.logs(desk.sim.now() - 15_000, None, None).0 {
            if seen.insert(e.id.clone()) {
                late += usize::from(e.at < newest - 2_000);
                newest = newest.max(e.at);
            }
        }
    }
    assert!(late > 0, "no line was late");
    desk.wait(30);
    let ids = |until: Millis| -> BTreeSet<Option<SafeText>> { desk.logs(from, Some(until), None).0.into_iter().map(|e| e.id).collect() };
    let until = from + 900_000;
    let all = ids(until);
    let before: Vec<&Option<SafeText>> = all.difference(&seen).collect();
    assert!(
        before.len() < all.len() / 50,
        "{} of {} lines came later than 15 s",
        before.len(),
        all.len()
    );
    desk.wait(3_600);
    let afterwards = ids(until);
    assert_eq!(all, afterwards);
}

#[test]
fn an_empty_page_may_have_a_next_one() {
    for (scene, why) in [
        ("running", "AWS looked through a piece and found nothing"),
        ("asleep", "nobody writes at night"),
    ] {
        let desk = Desk::at(scene);
        let mut request = LogRequest {
            group: desk.names.log_group(),
            from: START - 86_400_000,
            until: None,
            token: None,
            stream_prefix: None,
        };
        let mut empty = 0;
        loop {
            let page = fact!(desk, Query::LogPage(request.clone()), Fact::LogPage);
            let Some(token) = page.next else { break };
            empty += usize::from(page.events.is_empty());
            request.token = Some(token);
        }
        assert!(empty > 0, "{why}");
        request.token = Some("made-up".into());
        let fault = desk.ask(Query::LogPage(request)).unwrap_err();
        assert_eq!(fault.code.as_deref(), Some("InvalidParameterException"));
        assert!(fault.request_id.is_some());
    }
}

#[test]
fn the_world_is_faster_than_the_wall() {
    let clock = Arc::new(StepClock::new(START));
    let sim = Sim::new(&Scene::named("new").unwrap(), 30, clock.clone());
    clock.step(2_000);
    assert_eq!(sim.now(), START + 60_000);
    let about = sim.about();
    assert_eq!(
        (about.speed, about.badge.as_deref(), about.profile.as_str()),
        (30, Some("DEMO"), "new")
    );
}

#[test]
fn the_programs_write_what_they_really_write() {
    let desk = Desk::at("running");
    let (lines, _) = desk.logs(START - 12 * 3_600_000, None, None);
    let text: Vec<&str> = lines.iter().map(|e| e.message.as_raw()).collect();
    for want in [
        "\"GET /health/liveliness HTTP/1.1\" 200 OK",
        "\"GET /health HTTP/1.1\" 200",
        "\"POST /v1/chat/completions HTTP/1.1\" 200 OK",
        "\"POST /v1/images/generations HTTP/1.1\" 200 OK",
        "\"POST /api/v1/images/generations HTTP/1.1\" 200",
        "authenticate_user:336 - authenticate_user: ",
    ] {
        assert!(text.iter().any(|t| t.contains(want)), "{want}");
    }
    // An error is a chained traceback, each line its own event, in order and at one time.
    let first = text
        .iter()
        .position(|t| t.contains("LiteLLM Proxy:ERROR"))
        .expect("an error in twelve hours");
    let last = text.iter().skip(first).position(|t| t.starts_with("litellm.exceptions.")).unwrap() + first;
    assert!(
        text[first..last]
            .iter()
            .any(|t| t.starts_with("During handling of the above exception"))
    );
    let own: Vec<&LogEvent> = lines[first..=last].iter().filter(|e| e.stream == lines[first].stream).collect();
    assert!(own.len() > 40 && own.iter().all(|e| e.at == lines[first].at));
    assert!(own.is_sorted_by_key(|e| &e.id), "what sorts by id keeps the order of a traceback");
    let odd = LogRequest {
        group: "/ecs/other".into(),
        from: 0,
        until: None,
        token: None,
        stream_prefix: None,
    };
    assert_eq!(
        desk.ask(Query::LogPage(odd)).unwrap_err().detail,
        "The specified log group does not exist."
    );
}

#[test]
fn a_test_image_is_a_real_png_and_leaves_its_line() {
    let desk = Desk::at("running");
    let bedrock = desk.image(ImageRoute::Bedrock).unwrap();
    let picture = desk.image(desk.through_openwebui()).unwrap();
    assert!(picture.bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
    let decoded = image::load_from_memory(&picture.bytes).unwrap();
    assert_eq!((decoded.width(), decoded.height()), (picture.width, picture.height));
    assert_ne!(bedrock.bytes, picture.bytes);
    desk.wait(15);
    let (lines, _) = desk.logs(START, Some(START + 1), Some("litellm"));
    assert!(
        lines
            .iter()
            .any(|e| e.message.as_raw().contains("POST /v1/images/generations HTTP/1.1\" 200 OK"))
    );
    let route = ImageRoute::Litellm {
        app_url: desk.stack().unwrap().output("ALBEndpoint").unwrap().clone(),
        api_key: desk.names.api_key(),
    };
    assert_eq!(
        desk.image(route).unwrap_err().kind,
        FaultKind::Refused,
        "LiteLLM is not exposed over HTTP"
    );
}

mod scene {
    use super::*;

    #[test]
    fn all_but_the_new_ones_begin_with_a_stack() {
        for info in scenes() {
            let desk = Desk::at(info.name);
            match info.name {
                "expired" => assert_eq!(desk.ask(Query::Identity).unwrap_err().kind, FaultKind::Expired),
                "throttled" => {}
                "new" | "deploy-fails" | "secret-missing" | "program-ends" | "health-check-fails" | "quota-exceeded" | "leftovers"
                | "not-ready" => {
                    assert_eq!(desk.stack(), None, "{}", info.name);
                }
                name => {
                    let want = match name {
                        "creation-failed" => "ROLLBACK_COMPLETE",
                        "https" => "UPDATE_COMPLETE",
                        "rollback-off" => "CREATE_FAILED",
                        "rollback-failed" => "UPDATE_ROLLBACK_FAILED",
                        "delete-failed" => "DELETE_FAILED",
                        _ => "CREATE_COMPLETE",
                    };
                    assert_eq!(desk.stack().unwrap().status.0, want, "{name}");
                }
            }
        }
    }

    #[test]
    fn only_what_could_not_be_deleted_can_be_kept() {
        let desk = Desk::at("delete-failed");
        let stack = desk.stack().unwrap().id;
        let keep = |names: &[&str]| {
            let retain = names.iter().map(|n| (*n).into()).collect();
            desk.change(Change::DeleteRetaining {
                stack: stack.clone(),
                retain,
            })
        };
        let fault = keep(&["VPC"]).unwrap_err();
        assert!(fault.detail.contains("not in DELETE_FAILED state: [VPC]"), "{fault:?}");
        assert_eq!(keep(&["ALBSecurityGroup"]).unwrap(), Done::Accepted);
        let running = Desk::at("running");
        let stack = running.stack().unwrap().id;
        let change = Change::DeleteRetaining {
            stack,
            retain: vec!["VPC".into()],
        };
        assert_eq!(running.change(change).unwrap_err().kind, FaultKind::Refused);
    }

    #[test]
    fn what_is_removed_is_gone_and_its_name_is_free() {
        let desk = Desk::at("leftovers");
        let group = Change::DeleteLogGroup {
            group: "/ecs/bedrock-image-chat".into(),
        };
        let look = Query::Left(Look::LogGroups {
            names: vec!["/ecs/bedrock-image-chat".into()],
        });
        assert!(matches!(desk.ask(look.clone()), Ok(Fact::Left(all)) if all.len() == 1));
        assert_eq!(desk.change(group.clone()).unwrap(), Done::Accepted);
        assert_eq!(desk.change(group).unwrap_err().kind, FaultKind::NotFound);
        assert_eq!(desk.ask(look), Ok(Fact::Left(Vec::new())));
    }

    #[test]
    fn running_is_well_and_two_days_old() {
        let desk = Desk::at("running");
        assert!(desk.services().iter().all(|s| s.is_steady() && s.running == 1));
        assert!(desk.targets().iter().all(Target::is_healthy));
        let age = START - desk.stack().unwrap().created;
        assert_eq!(age, 2 * 86_400_000);
        let steady = desk
            .service(App::OpenWebui)
            .events
            .iter()
            .filter(|e| e.message.ends_with("steady state."))
            .count();
        assert_eq!(steady, 8, "ECS repeats it every six hours");
        assert!(desk.stack().unwrap().tags.iter().any(|(k, _)| k == "ManagedBy"));
    }

    #[test]
    fn asleep_keeps_the_counts_in_tags() {
        let desk = Desk::at("asleep");
        for service in desk.services() {
            assert_eq!((service.desired, service.running), (0, 0));
            assert_eq!(service.tag("bic-tui:desired-count").unwrap(), "1");
        }
        assert!(desk.targets().is_empty());
        assert!(desk.logs(START - 3_600_000, None, None).0.is_empty());
    }

    #[test]
    fn tasks_do_not_start() {
        let desk = Desk::at("tasks-not-starting");
        for app in [App::OpenWebui, App::Litellm] {
            let service = desk.service(app);
            assert_eq!((service.desired, service.running), (1, 0), "{app}");
            assert!(
                messages(&service)
                    .iter()
                    .any(|m| m.contains("is unable to consistently start tasks successfully"))
            );
            let tasks = desk.tasks(app);
            let failed = tasks.iter().filter(|t| t.stop_code == "TaskFailedToStart").collect::<Vec<_>>();
            assert!(failed.len() >= 3, "{} failed", failed.len());
            assert!(
                failed[0]
                    .stopped_reason
                    .starts_with("CannotPullContainerError: pull image manifest has been retried 5 time(s)")
            );
            assert_eq!(failed[0].stopped_reason, failed[0].containers[0].reason);
            assert_eq!(failed[0].containers[0].exit_code, None);
        }
        assert!(desk.probe(ProbeStage::OpenWebui).evidence.starts_with("503 Service Unavailable"));
    }

    #[test]
    fn an_update_in_it_ends_in_a_rollback() {
        let desk = Desk::at("tasks-not-starting");
        let stack = desk.deploy(false, &[("LiteLLMVersion", Some("v1.109.1"))]);
        let status = desk.settle(&stack);
        assert!(status.starts_with("UPDATE_ROLLBACK_"), "{status}");
        let events = desk.events(&stack);
        assert!(
            events
                .iter()
                .any(|e| e.status.0 == "UPDATE_FAILED" && e.reason.contains("Circuit Breaker"))
        );
        let service = desk.service(App::Litellm);
        assert!(
            messages(&service)
                .iter()
                .any(|m| m.contains("deployment failed: tasks failed to start."))
        );
        assert!(messages(&service).iter().any(|m| m.contains("rolling back to deployment ecs-svc/")));
    }

    #[test]
    fn unreachable_targets_get_no_answer() {
        let desk = Desk::at("unreachable");
        let mut states = BTreeSet::new();
        for _ in 0..60 {
            desk.wait(15);
            states.extend(desk.targets().iter().map(|t| t.state.to_string()));
            assert!(desk.targets().iter().all(|t| !t.is_healthy()));
        }
        assert!(states.contains("unhealthy") && states.contains("initial"), "{states:?}");
        let service = desk.service(App::OpenWebui);
        assert!(
            messages(&service)
                .iter()
                .any(|m| m.contains("is unhealthy in (target-group") && m.ends_with("due to (reason Request timed out)"))
        );
        let stopped = desk.tasks(App::OpenWebui).into_iter().find(Task::is_stopped).unwrap();
        assert!(stopped.stopped_reason.starts_with("Task failed ELB health checks in (target-group"));
        assert!(desk.service(App::Litellm).is_steady());
        let unhealthy = (0..120).find_map(|_| {
            desk.wait(10);
            desk.targets().into_iter().find(|t| t.state == "unhealthy")
        });
        assert_eq!(unhealthy.unwrap().reason, "Target.Timeout");
        assert_eq!(desk.probe(ProbeStage::OpenWebui).evidence, "no answer within 10 s");
        let route = desk.through_openwebui();
        assert_eq!(desk.image(route).unwrap_err().kind, FaultKind::TimedOut);
    }

    #[test]
    fn images_fail_but_text_works() {
        let desk = Desk::at("image-fails");
        assert!(desk.services().iter().all(Service::is_steady));
        let fault = desk.image(ImageRoute::Bedrock).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Denied);
        let fault = desk.image(desk.through_openwebui()).unwrap_err();
        assert_eq!(fault.detail, "Open WebUI says: [ERROR: Forbidden]");
        desk.wait(15);
        let (lines, _) = desk.logs(START - 7_200_000, None, Some("litellm"));
        let has = |part: &str| lines.iter().any(|e| e.message.as_raw().contains(part));
        assert!(has(
            "litellm.PermissionDeniedError: BedrockException - {\"message\": \"You don't have access to the model"
        ));
        assert!(has("\"POST /v1/chat/completions HTTP/1.1\" 200 OK") && has("\"POST /v1/images/generations HTTP/1.1\" 403 Forbidden"));
        assert!(!has("\"POST /v1/images/generations HTTP/1.1\" 200 OK"));
    }

    #[test]
    fn slow_is_slow() {
        let (slow, quick) = (Desk::at("slow"), Desk::at("running"));
        let took = |desk: &Desk| desk.image(desk.through_openwebui()).unwrap().took;
        assert!(took(&slow) > 2 * took(&quick));
        assert!(slow.probe(ProbeStage::OpenWebui).took > 2_000);
    }

    #[test]
    fn throttled_now_and_then() {
        let desk = Desk::at("throttled");
        let answers: Vec<Result<Fact, Fault>> = (0..200).map(|_| desk.ask(Query::Identity)).collect();
        let refused: Vec<&Fault> = answers.iter().filter_map(|a| a.as_ref().err()).collect();
        assert!((20..100).contains(&refused.len()), "{}", refused.len());
        assert!(
            refused
                .iter()
                .all(|f| f.kind == FaultKind::Throttled && f.detail == "Rate exceeded")
        );
    }

    #[test]
    fn expired_refuses_everything() {
        let desk = Desk::at("expired");
        assert_eq!(desk.scale(App::Litellm, 1, 0).unwrap_err().kind, FaultKind::Expired);
        let secret = desk.sim.reveal(desk.names.api_key()).now_or_never().unwrap();
        assert_eq!(secret.unwrap_err().kind, FaultKind::Expired);
    }
}

/// Something a person may do at any moment.
#[derive(Debug, Clone)]
enum Act {
    Wait(i64),
    Scale(bool, i32),
    Restart(bool),
    Stop(bool),
    Version(u8),
    Cancel,
    Delete,
    Create,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (1_i64..240).prop_map(Act::Wait),
        3 => (any::<bool>(), 0..3).prop_map(|(a, n)| Act::Scale(a, n)),
        2 => any::<bool>().prop_map(Act::Restart),
        2 => any::<bool>().prop_map(Act::Stop),
        2 => (0_u8..3).prop_map(Act::Version),
        1 => Just(Act::Cancel),
        1 => Just(Act::Delete),
        1 => Just(Act::Create),
    ];
    proptest::collection::vec(act, 1..30)
}

impl Desk {
    /// Does it as far as the world lets it.
    fn act(&self, act: &Act) {
        let app = |is_webui: bool| if is_webui { App::OpenWebui } else { App::Litellm };
        let stack = SafeText::from(STACK);
        let cluster = self.names.cluster();
        match *act {
            Act::Wait(seconds) => self.wait(seconds),
            Act::Scale(which, to) => drop((0..4).find(|from| self.scale(app(which), *from, to).is_ok())),
            Act::Restart(which) => {
                let service = self.names.service(app(which));
                drop(self.change(Change::Restart { cluster, service }));
            }
            Act::Stop(which) => {
                let Ok(Fact::Tasks(tasks)) = self.ask(Query::Tasks { cluster: cluster.clone() }) else {
                    return;
                };
                let name = self.names.service(app(which));
                let task = tasks.iter().find(|t| t.service == name && !t.is_stopped()).map(|t| t.arn.clone());
                if let Some(task) = task {
                    drop(self.change(Change::StopTask { cluster, task }));
                }
            }
            Act::Version(n) => {
                let version = format!("v1.10{n}.0");
                if let Ok((stack, change_set)) = self.plan(false, &[("LiteLLMVersion", Some(&version))]) {
                    self.wait(10);
                    drop(self.change(Change::ExecuteChangeSet { stack, change_set }));
                }
            }
            Act::Cancel => drop(self.change(Change::CancelUpdate { stack })),
            Act::Delete => drop(self.change(Change::DeleteStack { stack })),
            Act::Create => {
                if let Ok((stack, change_set)) = self.plan(true, &[]) {
                    self.wait(10);
                    drop(self.change(Change::ExecuteChangeSet { stack, change_set }));
                }
            }
        }
    }

    /// All that can be seen at this moment.
    fn look(&self) -> String {
        let cluster = self.names.cluster();
        let services = self.names.services();
        let stack = SafeText::from(STACK);
        let seen = [
            self.ask(Query::Stack { stack: stack.clone() }),
            self.ask(Query::StackEvents { stack, known: None }),
            self.ask(Query::Services {
                cluster: cluster.clone(),
                services,
            }),
            self.ask(Query::Tasks { cluster }),
        ];
        // Request ids count the requests, so they differ.
        let without_ids = seen.map(|answer| answer.map_err(|fault| fault.detail));
        format!("{without_ids:?}")
    }

    fn assert_sound(&self) {
        let stack = SafeText::from(STACK);
        if let Ok(Fact::StackEvents(events)) = self.ask(Query::StackEvents { stack, known: None }) {
            let oldest_first: Vec<StackEvent> = events.events.into_iter().rev().collect();
            assert_legal(&oldest_first);
        }
        let (cluster, services) = (self.names.cluster(), self.names.services());
        let Ok(Fact::Services(services)) = self.ask(Query::Services { cluster, services }) else {
            return;
        };
        for s in services {
            assert!(
                s.running >= 0 && s.pending >= 0 && s.running + s.pending <= 2 * s.desired.max(3),
                "{s:?}"
            );
            assert!(s.events.is_sorted_by_key(|e| std::cmp::Reverse(e.at)));
            assert_eq!(s.deployments.iter().filter(|d| d.status == "PRIMARY").count(), 1);
            let tasks: i32 = s.deployments.iter().map(|d| d.running).sum();
            assert_eq!(tasks, s.running, "{s:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn whatever_is_done_the_world_stays_sound_and_can_be_repeated(acts in acts()) {
        let (often, seldom) = (Desk::at("running"), Desk::at("running"));
        for act in &acts {
            often.act(act);
            seldom.act(act);
            often.assert_sound();
        }
        // Asked in between or not: the same world.
        prop_assert!(often.look() == seldom.look(), "asking has changed the world");
        often.wait(3_600);
        often.assert_sound();
        let stack = SafeText::from(STACK);
        if let Ok(Fact::Stack(Some(stack))) = often.ask(Query::Stack { stack }) {
            prop_assert!(!stack.status.is_in_progress(), "{} after an hour", stack.status.0);
        }
    }
}
