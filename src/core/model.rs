//! The model: all that the console knows and remembers. `update` alone changes it, views read it.

use std::{collections::BTreeMap, sync::Arc};

use jiff::tz::TimeZone;

use super::{
    access as panel,
    awscli::Reach,
    catalogue, cause,
    cost::{CostModel, Estimate, listing},
    dialog::Dialog,
    eta::{Durations, Work},
    fact::{Alarm, Identity, Millis, Service, Stack, StackEvent, StackResource, TargetGroup, Task, Validation, lacks},
    fault::{Fault, FaultKind},
    feed::Feed,
    guard::{ARMED_FOR, Guard},
    health::{self, Evidence, Finding, Severity},
    insights::Insights,
    keymap::{Intent, Keymap},
    leftovers::Board,
    lines::Filter,
    live::Live,
    logview::LogView,
    msg::{Now, Size},
    names::Names,
    older::Older,
    preflight::{Answers, Models},
    progress::{Progress, newest_operation},
    screen::{
        Panel, ScreenId,
        access::Access,
        deploy::{Form, Stage},
    },
    secret::SecretRef,
    settings::Settings,
    sleep,
    tail::{Pace, Tail},
    template::{Pseudo, Resource, Template},
    text::SafeText,
    unstick, when,
};
use crate::cloud::{About, Change, Span};

/// How times are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum Times {
    /// In the operator's zone.
    #[default]
    Local,
    /// In UTC.
    Utc,
    /// As an age.
    Age,
}

/// All polled facts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Feeds {
    /// Who am I.
    pub identity: Feed<Identity>,
    /// The stack; `None` inside when there is none.
    pub stack: Feed<Option<Stack>>,
    /// Its events, newest first.
    pub events: Feed<Vec<StackEvent>>,
    /// Its resources.
    pub resources: Feed<Vec<StackResource>>,
    /// Services.
    pub services: Feed<Vec<Service>>,
    /// Tasks.
    pub tasks: Feed<Vec<Task>>,
    /// Target groups.
    pub targets: Feed<Vec<TargetGroup>>,
    /// The stack's alarms.
    pub alarms: Feed<Vec<Alarm>>,
    /// What only the checks before a plan want to know; asked when the form opens.
    pub answers: Answers,
    /// What Bedrock says of models; asked when the form or the Access screen needs it.
    pub models: Models,
    /// What CloudFormation says of the template; asked when the form opens.
    pub validation: Feed<Validation>,
    /// The log tail: only its age and fault; the lines live in the log view.
    pub logs: Feed<()>,
}

/// How one came to the Logs screen, for the way back.
#[derive(Debug, Clone)]
pub struct Door {
    /// The screen whose row led there.
    pub screen: ScreenId,
    /// The row's lines are a visit, to be taken back.
    pub is_visit: bool,
    /// Visits there were then.
    pub depth: usize,
    /// What was kept then.
    pub filter: Filter,
}

/// A short message above the footer.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// What it says.
    pub text: SafeText,
    /// How bad.
    pub severity: Severity,
    /// Gone at this time of the monotonic clock.
    pub until: u64,
    /// It answers a key.
    pub of_key: bool,
}

/// One line of the error log.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorEntry {
    /// First seen.
    pub at: Millis,
    /// How often in a row.
    pub count: u32,
    /// The fault.
    pub fault: Fault,
}

/// The creation or update that was last begun from this console, or that it found: what its plan says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Stack id.
    pub stack: SafeText,
    /// `create`, `update`.
    pub verb: &'static str,
    /// Its plan.
    pub change_set: SafeText,
    /// Logical ids of the resources that it names.
    pub resources: Vec<SafeText>,
}

impl Operation {
    /// What it does to resources.
    pub fn work(&self) -> Work {
        match self.verb {
            "update" => Work::Update,
            _ => Work::Create,
        }
    }
}

/// The plan of an operation that was begun elsewhere, or before this console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// Its change set.
    pub change_set: SafeText,
    /// Number of the question.
    pub seq: u64,
    /// Why it does not say what the operation works on.
    pub why: Option<SafeText>,
}

/// What became of the stack by an operation that was begun elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Others {
    /// When that was seen, by the cloud's time.
    pub seen: Millis,
    /// When it was so, by CloudFormation's own event, once that is told.
    pub at: Option<Millis>,
    /// The stack is gone: users are hurt.
    pub is_gone: bool,
    /// What became of it: `reached UPDATE_COMPLETE`.
    pub what: SafeText,
}

/// What somebody else did is told for so long, in milliseconds.
const OTHERS_FOR: Millis = 60 * 60 * 1000;

/// The console.
#[derive(Debug, Clone)]
pub struct Model {
    /// What the operator set.
    pub settings: Settings,
    /// The session, known without asking.
    pub about: About,
    /// Live keys.
    pub keymap: Keymap,
    /// What may be written.
    pub guard: Guard,
    /// The shipped template.
    pub template: Arc<Template>,
    /// Prices and assumptions.
    pub cost: CostModel,
    /// Typical times: shipped, or this machine's own.
    pub durations: Durations,
    /// The template's resources for the stack's parameters, or for the defaults.
    pub resources: Vec<Resource>,
    /// The two clocks.
    pub now: Now,
    /// The terminal.
    pub size: Size,
    /// The operator's time zone.
    pub zone: TimeZone,
    /// What is on screen.
    pub screen: ScreenId,
    /// Panel that has the focus, by screen.
    pub focus: BTreeMap<ScreenId, Panel>,
    /// The focused panel fills the screen.
    pub is_zoomed: bool,
    /// Only rows that need attention.
    pub attention: bool,
    /// Only rows that hold this text.
    pub row_filter: Option<SafeText>,
    /// Stopped tasks are shown too.
    pub show_stopped: bool,
    /// Row under the cursor, by panel.
    pub cursors: BTreeMap<Panel, usize>,
    /// The open dialog.
    pub dialog: Option<Dialog>,
    /// The open dialog has been drawn, so keys may act on it.
    pub is_dialog_seen: bool,
    /// How times are shown.
    pub times: Times,
    /// Mouse reporting is on.
    pub mouse: bool,
    /// Polled facts.
    pub feeds: Feeds,
    /// The stack id that is followed, also after deletion.
    pub stack_id: Option<SafeText>,
    /// Id of the stack that has been seen as the empty one of a plan, and as nothing else.
    pub empty_stack: Option<SafeText>,
    /// What this console last asked of the stack.
    pub operation: Option<Operation>,
    /// The plan that was asked for, of an operation of which this console knows none.
    pub followed: Option<Followed>,
    /// When this console cancelled an update, by the cloud's time.
    pub cancelled: Option<Millis>,
    /// This console had CloudFormation begin the operation that runs, or what is about to.
    pub has_acted: bool,
    /// What somebody else did to the stack while this console looked on.
    pub others: Option<Others>,
    /// By how much this machine's clock is ahead of the cloud's, in milliseconds.
    pub ahead: Millis,
    /// The newest task that stopped against anybody's will: a roll-back soon takes the list away.
    pub last_fall: Option<Task>,
    /// The last lines that it wrote: ARN of the task and lines. Its log group may soon be gone too.
    pub fall_log: Option<(SafeText, Vec<SafeText>)>,
    /// The newest operation, read from the events.
    pub progress: Progress,
    /// The tail of the log group; none before there is a stack.
    pub tail: Option<Tail>,
    /// Number of the tail's request in flight.
    pub tail_asked: u64,
    /// When the tail may ask.
    pub tail_pace: Pace,
    /// Live Tail, while it is wanted.
    pub live: Option<Live>,
    /// Number of its last session.
    pub live_session: u32,
    /// When the Logs screen was last open, on the monotonic clock.
    pub live_seen: u64,
    /// The Logs screen.
    pub logs: LogView,
    /// A query of Logs Insights, whose results stand before the tail.
    pub insights: Option<Insights>,
    /// Leaving waits for a query to be stopped, until this time of the monotonic clock.
    pub leaves_at: Option<u64>,
    /// Patterns that were searched for or filtered by, the newest last.
    pub patterns: Vec<String>,
    /// The way to lines from before the tail began.
    pub older: Option<Older>,
    /// The row that led to the logs.
    pub came_from: Option<Door>,
    /// The Deploy screen.
    pub deploy: Stage,
    /// What was typed into a form that was closed since.
    pub kept_form: Option<Form>,
    /// The file from which parameters were loaded last.
    pub parameters_file: Option<SafeText>,
    /// What the stack left behind.
    pub leftovers: Board,
    /// Name, certificate and throughput.
    pub access: Access,
    /// The secret that is shown, and until when.
    pub shown_secret: Option<(SecretRef, u64)>,
    /// The clipboard holds a secret of ours until then.
    pub clipboard_until: Option<u64>,
    /// A short message.
    pub notice: Option<Notice>,
    /// What failed, oldest first.
    pub errors: Vec<ErrorEntry>,
    /// `q` at the root was pressed; a second press before this time leaves.
    pub quit_armed: Option<u64>,
    /// Writes in flight.
    pub writes: usize,
    /// The plan that AWS was told to run, until it answers.
    pub executing: Option<SafeText>,
    /// Number of the next request.
    pub seq: u64,
    /// The screen started was chosen by the stack's absence or presence once.
    pub has_landed: bool,
    /// Plans of an earlier console that nobody will run: dropped once the stack is known.
    pub abandoned: Vec<Vec<Change>>,
    /// The time that the cloud can tell of, where it does not live: a replay.
    pub span: Option<Span>,
    /// Its time stands still.
    pub is_held: bool,
    /// Tokens of operations that were begun from this machine.
    pub own_tokens: Vec<SafeText>,
    /// Something changed since the last draw.
    pub is_dirty: bool,
}

impl Model {
    /// A console that knows nothing yet.
    #[expect(clippy::too_many_lines, reason = "one line a field, and nothing else")]
    pub fn new(settings: Settings, about: About, keymap: Keymap, template: Arc<Template>) -> Self {
        let logs = LogView::new(settings.log_memory);
        Self {
            guard: Guard {
                read_only: settings.read_only,
                production: settings.production,
                armed_until: settings.armed.then_some(ARMED_FOR),
                generation: 1,
            },
            times: if settings.utc { Times::Utc } else { Times::Local },
            mouse: settings.mouse,
            cost: CostModel::shipped(&about.region),
            durations: Durations::shipped(),
            resources: Vec::new(),
            settings,
            about,
            keymap,
            template,
            now: Now::default(),
            size: Size { width: 80, height: 24 },
            zone: TimeZone::UTC,
            screen: ScreenId::Overview,
            focus: BTreeMap::new(),
            is_zoomed: false,
            attention: false,
            row_filter: None,
            show_stopped: false,
            cursors: BTreeMap::new(),
            dialog: None,
            is_dialog_seen: false,
            feeds: Feeds::default(),
            stack_id: None,
            empty_stack: None,
            operation: None,
            followed: None,
            cancelled: None,
            has_acted: false,
            others: None,
            ahead: 0,
            last_fall: None,
            fall_log: None,
            progress: Progress::default(),
            tail: None,
            tail_asked: 0,
            tail_pace: Pace::unbound(),
            live: None,
            live_session: 0,
            live_seen: 0,
            logs,
            insights: None,
            leaves_at: None,
            patterns: Vec::new(),
            older: None,
            came_from: None,
            deploy: Stage::default(),
            kept_form: None,
            parameters_file: None,
            leftovers: Board::default(),
            access: Access::default(),
            shown_secret: None,
            clipboard_until: None,
            notice: None,
            errors: Vec::new(),
            quit_armed: None,
            writes: 0,
            executing: None,
            seq: 0,
            has_landed: false,
            abandoned: Vec::new(),
            span: None,
            is_held: false,
            own_tokens: Vec::new(),
            is_dirty: true,
        }
    }

    /// The stack, if one is known.
    pub fn stack(&self) -> Option<&Stack> {
        self.feeds.stack.get().and_then(Option::as_ref)
    }

    /// A stack that exists: not deleted, not the empty shell of a first plan.
    pub fn live_stack(&self) -> Option<&Stack> {
        self.stack().filter(|s| !s.status.is_deleted() && !s.status.is_in_review())
    }

    /// The stack is only the record of a first creation that was undone: nothing of it exists any more.
    pub fn is_hollow(&self) -> bool {
        self.live_stack().is_some_and(|s| s.status.is_rolled_back_creation())
    }

    /// AWS has said that there is no stack.
    pub fn is_without_stack(&self) -> bool {
        self.feeds.stack.get().is_some() && self.live_stack().is_none()
    }

    /// Names of the application: from the stack, else as the template would give them.
    pub fn names(&self) -> Names {
        self.live_stack().map_or_else(|| Names::new(&self.settings.stack), Names::of)
    }

    /// What the Logs screen shows: the tail, or the results of a query.
    pub fn shown_logs(&self) -> &LogView {
        self.insights.as_ref().map_or(&self.logs, |it| &it.view)
    }

    /// The same, to be moved and filtered.
    pub fn shown_logs_mut(&mut self) -> &mut LogView {
        self.insights.as_mut().map_or(&mut self.logs, |it| &mut it.view)
    }

    /// An operation of CloudFormation runs.
    pub fn is_busy(&self) -> bool {
        self.stack().is_some_and(|s| s.status.is_in_progress())
    }

    /// The operation that runs was begun from this machine: by this console, or by one before it.
    pub fn is_operation_ours(&self) -> bool {
        let events = self.feeds.events.get().map(Vec::as_slice).unwrap_or_default();
        self.is_busy() && self.is_ours(events)
    }

    /// The newest operation of these events was begun from this machine.
    pub fn is_ours(&self, events: &[StackEvent]) -> bool {
        let is_own = |e: &StackEvent| e.token.as_ref().is_some_and(|t| self.own_tokens.contains(t));
        self.has_acted || newest_operation(events).iter().any(is_own)
    }

    /// The cloud's time at which the stack events were last told: what runs since is not yet known to be
    /// still running, so nothing is called slow by the age of the news.
    pub fn events_at(&self) -> Millis {
        self.feeds.events.taken_at().unwrap_or(self.now.wall)
    }

    /// Up to when a stop-watch of what runs may count: now, unless the news are too old for that.
    pub fn runs_until(&self) -> Millis {
        /// How long the news that something runs hold, in milliseconds.
        const HOLDS: Millis = 10_000;
        self.now.wall.clamp(self.events_at(), self.events_at() + HOLDS)
    }

    /// Desired counts are all zero.
    pub fn is_asleep(&self) -> bool {
        self.feeds.services.get().is_some_and(|all| sleep::is_asleep(all))
    }

    /// Some of its services were put to sleep.
    pub fn sleeps_in_part(&self) -> bool {
        self.feeds.services.get().is_some_and(|s| s.iter().any(sleep::sleeps))
    }

    /// What puts a stack that is half asleep to sleep, and what wakes it.
    fn ends_half_sleep(&self) -> String {
        let key = self.keymap.label(Intent::Sleep);
        format!("{key} sleeps all, {key} again wakes all")
    }

    /// All that stands behind a target group was put to sleep.
    pub fn rests(&self, group: &TargetGroup) -> bool {
        let services = self.feeds.services.get().map(Vec::as_slice).unwrap_or_default();
        self.is_asleep() || sleep::rests(group, services)
    }

    /// That no task is wanted, of which service, and what brings them back: `None` where every service wants one.
    pub fn unwanted(&self) -> Option<String> {
        let services = self.feeds.services.get()?;
        if let Some(half) = sleep::half_asleep(services, &self.names()) {
            return Some(format!("it is {half}: {}", self.ends_half_sleep()));
        }
        let none: Vec<&str> = services.iter().filter(|s| s.desired == 0).map(|s| s.name.as_str()).collect();
        let key = |intent| self.keymap.label(intent);
        match none.len() {
            0 => None,
            n if n == services.len() => Some(format!("no task is wanted: {} wakes the stack", key(Intent::Sleep))),
            _ => {
                let (scale, list) = (key(Intent::Scale), key(Intent::ShowServices));
                Some(format!(
                    "no task of {} is wanted: {scale} on its row ({list}) scales it up",
                    none.join(" and ")
                ))
            }
        }
    }

    /// Tasks that still run though all desired counts are zero.
    pub fn falling_asleep(&self) -> usize {
        let services = self.feeds.services.get().map(Vec::as_slice).unwrap_or_default();
        let tasks = self.feeds.tasks.get().map(Vec::as_slice).unwrap_or_default();
        if self.is_asleep() {
            sleep::falling_asleep(services, tasks)
        } else {
            0
        }
    }

    /// The session of this number is waited for.
    pub fn is_going(&self, seq: u64) -> bool {
        matches!(&self.dialog, Some(Dialog::Places(picker)) if picker.going == Some(seq))
    }

    /// Panel that has the focus.
    pub fn panel(&self) -> Panel {
        self.focus.get(&self.screen).copied().unwrap_or(self.screen.panels()[0])
    }

    /// Row under the cursor of a panel.
    pub fn cursor(&self, panel: Panel) -> usize {
        self.cursors.get(&panel).copied().unwrap_or(0)
    }

    /// Parameters of the stack, else the template's defaults.
    pub fn parameters(&self) -> BTreeMap<String, String> {
        let given = self.live_stack().map(Stack::given);
        self.template.values(&given.unwrap_or_default())
    }

    /// What the resolver of the template needs to know of this session.
    pub fn pseudo(&self) -> Pseudo {
        Pseudo {
            region: self.about.region.to_string(),
            account: self.feeds.identity.get().map(|i| i.account.to_string()).unwrap_or_default(),
            stack_name: self.settings.stack.to_string(),
        }
    }

    /// Resolves the template again: the stack or its parameters have changed.
    pub fn resolve_template(&mut self) {
        self.resources = self.template.resources(&self.parameters(), &self.pseudo());
    }

    /// What runs at this moment costs this.
    pub fn cost_now(&self) -> Estimate {
        let resources = if self.is_hollow() { &[] } else { self.resources.as_slice() };
        let held = self.feeds.resources.get().map(Vec::as_slice);
        let tasks = self.feeds.tasks.get().map(Vec::as_slice).unwrap_or_default();
        self.cost.now_estimate(resources, held, tasks)
    }

    /// The stack is known to have no resource of this type: not yet, or not any more.
    pub fn is_missing(&self, kind: &str) -> bool {
        self.feeds.resources.get().is_some_and(|all| lacks(all, kind))
    }

    /// The stack is known not to have the application's log group.
    pub fn is_log_group_missing(&self) -> bool {
        let group = self.names().log_group();
        let is_it = |r: &StackResource| r.physical_id == group && r.exists();
        self.settings.log_group.is_none() && self.feeds.resources.get().is_some_and(|all| !all.iter().any(is_it))
    }

    /// The stack is being deleted, or what is left of it could not be.
    pub fn is_going_away(&self) -> bool {
        self.live_stack().is_some_and(|s| s.status.0.starts_with("DELETE"))
    }

    /// The stack's creation has failed, and what it made is being removed.
    pub fn is_creation_undone(&self) -> bool {
        self.live_stack().is_some_and(|s| s.status.0 == "ROLLBACK_IN_PROGRESS")
    }

    /// What the stack costs at the counts of its template.
    pub fn cost_planned(&self) -> Estimate {
        self.cost.plan_estimate(&self.resources)
    }

    /// Address of the application.
    pub fn app_url(&self) -> Option<SafeText> {
        self.settings
            .app_url
            .clone()
            .or_else(|| self.stack().and_then(|s| s.output("ALBEndpoint").cloned()))
    }

    /// How command lines reach what is looked at.
    pub fn reach(&self) -> Reach {
        Reach::of(&self.about, &self.settings.stack)
    }

    /// What to do about a fault, with commands that reach what is looked at.
    pub fn advice(&self, fault: &Fault) -> String {
        self.reach().placed(&fault.advice())
    }

    /// What needs attention, worst first.
    pub fn findings(&self) -> Vec<Finding> {
        let cause = cause::find(self);
        let waits_for = self.live_stack().and_then(|s| unstick::next_step(&s.status));
        let way_out = waits_for.map(|what| format!("{} {what}", self.keymap.label(Intent::WaysOut)));
        let elsewhere = self.begun_elsewhere().map(|at| self.clock(at));
        let ends_half_sleep = self.ends_half_sleep();
        let mut findings = health::findings(Evidence {
            cause: cause.as_ref(),
            way_out: way_out.as_deref(),
            elsewhere: elsewhere.as_deref(),
            cancelled: self.cancelled(),
            ends_half_sleep: &ends_half_sleep,
            ..self.evidence()
        });
        findings.extend(self.of_others());
        findings.extend(when::clock_off(self.ahead).map(|text| Finding {
            severity: Severity::Note,
            text: text.into(),
        }));
        findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
        findings
    }

    /// A notice of what somebody else did would be gone before the operator looks again.
    fn of_others(&self) -> Option<Finding> {
        let others = self.others.as_ref().filter(|it| self.now.wall - it.seen < OTHERS_FOR)?;
        let word = if others.at.is_some() { "" } else { "seen " };
        let at = self.clock(others.at.unwrap_or(others.seen));
        Some(Finding {
            severity: if others.is_gone { Severity::Bad } else { Severity::Note },
            text: format!("stack {} {word}{at}, not started here", others.what).into(),
        })
    }

    /// When the operation that runs began, where it is known not to have been begun from this machine. While a request
    /// of ours is under way, and before an event of the operation has come, nobody can tell.
    fn begun_elsewhere(&self) -> Option<Millis> {
        let events = self.feeds.events.get()?;
        let is_told = events.iter().find(|e| e.is_stack()).is_some_and(|e| e.status.is_in_progress());
        // Of a recording all is by somebody else.
        let can_tell = self.is_busy() && is_told && self.writes == 0 && self.span.is_none();
        (can_tell && !self.is_ours(events)).then_some(self.progress.started)
    }

    /// The update was given up by somebody, and nothing had failed: `cancelled here`, or `cancelled`.
    pub fn cancelled(&self) -> Option<&'static str> {
        /// Between the answer to a request and the event that it leads to, in milliseconds.
        const NEAR: Millis = 60_000;
        let token = self.progress.cancelled.as_ref()?;
        let is_own = token.as_ref().is_some_and(|t| self.own_tokens.contains(t));
        let since = self.progress.undo_since?;
        let is_here = is_own || self.cancelled.is_some_and(|at| (at - since).abs() < NEAR);
        Some(if is_here { "cancelled here" } else { "cancelled" })
    }

    /// Why nobody knows how many resources the operation works on; `None` while it is being asked.
    pub fn no_total(&self) -> Option<&str> {
        let stack = self.stack().filter(|s| s.status.is_in_progress() && self.span.is_none())?;
        match (&stack.change_set, &self.followed) {
            (None, _) => Some("AWS names no plan of it"),
            (Some(_), followed) => followed.as_ref()?.why.as_deref(),
        }
    }

    fn clock(&self, at: Millis) -> String {
        when::show(at, self.now.wall, self.times, &self.zone)
    }

    /// The zone of times that are typed and name none.
    pub fn typing_zone(&self) -> TimeZone {
        if self.times == Times::Utc {
            TimeZone::UTC
        } else {
            self.zone.clone()
        }
    }

    /// How many alarms fire.
    pub fn firing_alarms(&self) -> usize {
        let alarms = self.feeds.alarms.get().map(Vec::as_slice).unwrap_or_default();
        alarms.iter().filter(|a| a.is_firing()).count()
    }

    /// How many alarms fire only because the stack sleeps.
    pub fn alarms_of_sleep(&self) -> usize {
        let alarms = self.feeds.alarms.get().map(Vec::as_slice).unwrap_or_default();
        let evidence = self.evidence();
        alarms.iter().filter(|a| a.is_firing() && health::is_of_sleep(a, evidence)).count()
    }

    /// The tasks of a service run, but nobody is served by them: how bad that is.
    pub fn unserved(&self, service: &Service) -> Option<Severity> {
        health::unserved(service, self.evidence())
    }

    /// By how much the log tail is behind while it is on its way, in milliseconds.
    fn catching_up(&self) -> Millis {
        let tail = self.tail.as_ref().filter(|tail| tail.fault().is_none() && !self.logs.is_paused());
        tail.map_or(0, |tail| tail.lag(self.now.wall))
    }

    fn evidence(&self) -> Evidence<'_> {
        Evidence {
            stack: self.live_stack(),
            services: self.feeds.services.get().map(Vec::as_slice),
            tasks: self.feeds.tasks.get().map(Vec::as_slice),
            targets: self.feeds.targets.get().map(Vec::as_slice),
            alarms: self.feeds.alarms.get().map(Vec::as_slice),
            logs: Some(self.logs.lines()),
            logs_behind: self.catching_up(),
            times: self.times,
            zone: Some(&self.zone),
            now: self.now.wall,
            ..Evidence::default()
        }
    }

    /// Credentials stand in the way of every request.
    pub fn credentials_fault(&self) -> Option<&Fault> {
        self.feeds.identity.fault.as_ref().filter(|f| f.is_credentials())
    }

    /// Why no log line comes any more, where waiting does not mend it.
    pub fn tail_stopped(&self) -> Option<&Fault> {
        let fault = self.feeds.logs.fault.as_ref();
        fault.filter(|f| matches!(f.kind, FaultKind::Denied | FaultKind::Refused))
    }

    /// Stack events as the filters let them through.
    pub fn shown_events(&self) -> Vec<&StackEvent> {
        let all = self.feeds.events.get().map(Vec::as_slice).unwrap_or_default();
        all.iter()
            .filter(|e| self.keeps(e.status.is_failure(), &[&e.logical_id, &e.resource_type, &e.reason]))
            .collect()
    }

    /// Services as the filters let them through.
    pub fn shown_services(&self) -> Vec<&Service> {
        let all = self.feeds.services.get().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|s| self.keeps(!s.is_steady(), &[&s.name])).collect()
    }

    /// Tasks as the filters let them through: of the selected service's application, newest first.
    pub fn shown_tasks(&self) -> Vec<&Task> {
        let all = self.feeds.tasks.get().map(Vec::as_slice).unwrap_or_default();
        let mut tasks: Vec<&Task> = all
            .iter()
            .filter(|t| self.show_stopped || !t.is_stopped())
            .filter(|t| self.keeps(t.is_stopped(), &[&t.service, &t.arn, &t.stopped_reason]))
            .collect();
        tasks.sort_by_key(|t| (t.is_stopped(), std::cmp::Reverse(t.created)));
        tasks
    }

    /// Rows of target health: group and place of the target in it; a group without targets has one row.
    pub fn shown_targets(&self) -> Vec<(&TargetGroup, Option<usize>)> {
        let all = self.feeds.targets.get().map(Vec::as_slice).unwrap_or_default();
        all.iter()
            .flat_map(|g| {
                let none = g.targets.is_empty().then_some((g, None));
                none.into_iter().chain((0..g.targets.len()).map(move |i| (g, Some(i))))
            })
            .filter(|(g, i)| i.is_none_or(|i| self.keeps(!g.targets[i].is_healthy(), &[&g.arn, &g.targets[i].id, &g.targets[i].state])))
            .collect()
    }

    /// ECS events of all services, newest first, with the service's name.
    pub fn shown_service_events(&self) -> Vec<(&Service, &super::fact::ServiceEvent)> {
        let all = self.feeds.services.get().map(Vec::as_slice).unwrap_or_default();
        let mut events: Vec<_> = all.iter().flat_map(|s| s.events.iter().map(move |e| (s, e))).collect();
        events.retain(|(s, e)| self.keeps(is_bad_event(&e.message), &[&s.name, &e.message]));
        events.sort_by_key(|(_, e)| std::cmp::Reverse(e.at));
        events
    }

    /// Secrets of the application.
    pub fn secrets(&self) -> Vec<SecretRef> {
        let names = self.names();
        vec![names.api_key(), names.admin_email(), names.admin_password()]
    }

    /// How many rows a panel has.
    pub fn rows(&self, panel: Panel) -> usize {
        match panel {
            Panel::Events => self.shown_events().len(),
            Panel::Services | Panel::ServiceList => self.shown_services().len(),
            Panel::Targets => self.shown_targets().len(),
            Panel::Tasks => self.shown_tasks().len(),
            Panel::ServiceEvents => self.shown_service_events().len(),
            Panel::Outputs => self.stack().map_or(0, |s| s.outputs.len()),
            Panel::Secrets => self.secrets().len(),
            Panel::Models => catalogue::of_stack(self).len(),
            Panel::Address => panel::rows(self).len(),
            Panel::Throughput => self.access.throughputs().len(),
            Panel::Deploy => match &self.deploy {
                Stage::Plan(plan) => plan.change_set.changes.len(),
                Stage::Rest => self.progress.rows.len(),
                Stage::Form(_) | Stage::Planning(_) => 0,
            },
            Panel::Cost => listing::rows(&listing::sheet(self)),
            Panel::LogTail | Panel::CostNow | Panel::Logs => 0,
        }
    }

    /// The service under the cursor, on whichever panel.
    pub fn selected_service(&self) -> Option<&Service> {
        let by_name = |name: &str| self.feeds.services.get().and_then(|all| all.iter().find(|s| s.name == *name));
        match self.panel() {
            Panel::Tasks => self.shown_tasks().get(self.cursor(Panel::Tasks)).and_then(|t| by_name(&t.service)),
            Panel::ServiceEvents => self.shown_service_events().get(self.cursor(Panel::ServiceEvents)).map(|(s, _)| *s),
            panel @ (Panel::Services | Panel::ServiceList) => self.shown_services().get(self.cursor(panel)).copied(),
            _ => self.feeds.services.get().and_then(|all| all.first()),
        }
    }

    fn keeps(&self, is_bad: bool, texts: &[&str]) -> bool {
        if self.attention && !is_bad {
            return false;
        }
        self.row_filter.as_ref().is_none_or(|want| {
            let want = want.to_lowercase();
            texts.iter().any(|t| t.to_lowercase().contains(&want))
        })
    }
}

/// ECS says in words what went wrong.
fn is_bad_event(message: &str) -> bool {
    ["unable", "failed", "unhealthy", "error", "circuit breaker", "insufficient"]
        .iter()
        .any(|w| message.to_lowercase().contains(w))
}
