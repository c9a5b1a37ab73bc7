//! The simulator behind the port: a small deterministic AWS account with its own clock, built from the
//! shipped template. `--demo`, stories and tests run in it; nothing outside knows.
//!
//! Its state is a function of the scene, the changes made and their times: it moves on when it is asked,
//! and no task runs behind it.

mod account;
mod alarms;
mod certificates;
mod cfn;
mod chance;
mod checks;
mod clock;
mod deploy;
mod dns;
mod ecs;
mod elb;
mod image;
mod insights;
mod leftovers;
mod logs;
mod make;
mod models;
mod places;
mod plan;
mod scene;
mod secrets;
mod service;
mod task;
mod throughput;
mod traffic;
mod undo;
mod world;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{StreamExt, future::BoxFuture, stream};

use self::{
    account::refusal,
    chance::Chance,
    scene::{Action, What},
    world::World,
};
pub use self::{
    clock::{Clock, RealClock, StepClock},
    places::Scenes,
    scene::{Scene, SceneInfo, scenes},
};
use crate::{
    cloud::{About, Change, Cloud, Commitment, Done, LiveStream, PlanRequest, Purchase, Query, Token},
    core::{
        fact::{Fact, Identity, LiveFrame, Millis, Validation},
        fault::{Fault, FaultKind},
        names::DEFAULT_PROJECT,
        secret::{SecretRef, SecretText},
        text::SafeText,
    },
    picture::Brief,
};

type Texts = BTreeMap<String, String>;

/// One simulated account.
pub struct Sim {
    scene: String,
    speed: u32,
    has_latency: bool,
    clock: Arc<dyn Clock>,
    began: Millis,
    world: Mutex<World>,
}

impl Sim {
    /// A world whose time begins at the clock's and runs `speed` times as fast. What the scene says of
    /// the past has been lived through when this returns.
    pub fn new(scene: &Scene, speed: u32, clock: Arc<dyn Clock>) -> Self {
        let began = clock.now();
        let mut world = World::new(scene, began - scene.past(), began);
        for step in scene.step.iter().filter(|s| s.ahead.is_none()) {
            world.advance(began - step.ago.0);
            world.act(&step.action);
        }
        world.advance(began);
        Self {
            scene: scene.name.clone(),
            speed: speed.max(1),
            has_latency: true,
            clock,
            began,
            world: Mutex::new(world),
        }
    }

    /// Answers at once, for tests.
    pub fn without_latency(self) -> Self {
        Self {
            has_latency: false,
            ..self
        }
    }

    /// Locks the world and moves it on to the present.
    fn present(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance(self.now());
        world.requests += 1;
        world
    }

    /// A request's way to AWS and back, in real time.
    async fn latency(&self, request: u64) {
        if self.has_latency {
            let millis = Chance::new(0, &format!("latency/{request}")).between(20, 80);
            tokio::time::sleep(Duration::from_millis(millis.unsigned_abs())).await;
        }
    }
}

impl Cloud for Sim {
    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>> {
        Box::pin(async move {
            let (answer, request) = {
                let mut world = self.present();
                (world.answer(&query).map_err(|f| world.numbered(f)), world.requests)
            };
            self.latency(request).await;
            answer
        })
    }

    fn change(&self, change: Change, token: Token) -> BoxFuture<'_, Result<Done, Fault>> {
        Box::pin(async move {
            let (done, request) = {
                let mut world = self.present();
                (world.change(&change, &token).map_err(|f| world.numbered(f)), world.requests)
            };
            self.latency(request).await;
            done
        })
    }

    fn reveal(&self, secret: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>> {
        Box::pin(async move {
            let (value, request) = {
                let world = self.present();
                (world.reveal(&secret).map_err(|f| world.numbered(f)), world.requests)
            };
            self.latency(request).await;
            value
        })
    }

    fn live(&self, group: SafeText) -> BoxFuture<'_, Result<LiveStream<'_>, Fault>> {
        Box::pin(async move {
            let from = {
                let world = self.present();
                world.live_begin(&group)?;
                world.now
            };
            let start = stream::once(async { Ok(LiveFrame::Start) });
            let updates = stream::unfold(Some(from), move |from| {
                let group = group.clone();
                async move {
                    let from = from?;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    let world = self.present();
                    match world.live_update(&group, from) {
                        Ok(update) => Some((Ok(LiveFrame::Update(update)), Some(world.now))),
                        Err(fault) => Some((Err(fault), None)),
                    }
                }
            });
            Ok(start.chain(updates).boxed())
        })
    }

    fn now(&self) -> Millis {
        self.began + (self.clock.now() - self.began).max(0) * Millis::from(self.speed)
    }

    fn about(&self) -> About {
        let world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        About {
            region: world.region.as_str().into(),
            profile: self.scene.as_str().into(),
            endpoint: None,
            is_endpoint_inherited: false,
            badge: Some("DEMO".into()),
            speed: self.speed,
        }
    }
}

impl World {
    /// A refusal of AWS has a request id.
    fn numbered(&self, fault: Fault) -> Fault {
        let id = || self.chance(&format!("request/{}", self.requests)).uuid().into();
        Fault {
            request_id: fault.code.is_some().then(id),
            ..fault
        }
    }

    /// A fault that strikes whatever is asked.
    fn overall_fault(&self, operation: &str) -> Option<Fault> {
        let fault = |kind: FaultKind, code: &str, message: &str| refusal(kind, operation, "", code, message);
        if self.is_troubled(What::Expired, "", self.now) {
            let message = "The security token included in the request is expired";
            return Some(fault(FaultKind::Expired, "ExpiredToken", message));
        }
        let is_throttled = self.is_troubled(What::Throttled, "", self.now);
        let is_hit = is_throttled && self.chance(&format!("throttle/{}", self.requests)).one_in(4);
        is_hit.then(|| fault(FaultKind::Throttled, "ThrottlingException", "Rate exceeded"))
    }

    fn answer(&mut self, query: &Query) -> Result<Fact, Fault> {
        if let Some(fault) = self.overall_fault(query.actions()[0]).filter(|_| !matches!(query, Query::Probe(_))) {
            return Err(fault);
        }
        match query {
            Query::Identity => Ok(Fact::Identity(Identity {
                account: self.account.as_str().into(),
                arn: format!("arn:aws:sts::{}:assumed-role/Operator/demo", self.account).into(),
            })),
            Query::Validate => Ok(Fact::Validation(Validation {
                capabilities: self.template.capabilities(),
                parameters: self.template.parameters.iter().map(|p| p.name.clone()).collect(),
            })),
            Query::Stack { stack } => Ok(self.tell_stack(stack)),
            Query::Stacks => Ok(self.tell_stacks()),
            Query::DeletedStacks { name } => Ok(self.tell_deleted(name)),
            Query::Left(look) => Ok(self.tell_left(look)),
            Query::FileSystemSize { id } => Ok(self.tell_size(id)),
            Query::Holders { ids } => Ok(self.tell_holders(ids)),
            Query::StackEvents { stack, known } => self.tell_events(stack, known.as_ref()),
            Query::StackHistory { stack } => self.tell_events(stack, None),
            Query::StackResources { stack } => self.tell_resources(stack),
            Query::ChangeSet { stack, change_set } => self.tell_change_set(stack, change_set),
            Query::Services { cluster, services } => self.tell_services(cluster, services),
            Query::Tasks { cluster } => self.tell_tasks(cluster),
            Query::TargetHealth { groups } => self.tell_targets(groups),
            Query::Model { id } => Ok(self.tell_model(id)),
            Query::Alarms { names } => Ok(self.tell_alarms(names)),
            Query::Quota { quota } => Ok(self.tell_quota(*quota)),
            Query::ModelQuota { model } => Ok(self.tell_rate(model)),
            Query::SecretNames { names } => Ok(self.tell_names(names)),
            Query::Rights { wanted, .. } => Ok(self.tell_rights(wanted)),
            Query::Certificate { arn } => Ok(self.tell_certificate(arn)),
            Query::Certificates => Ok(self.tell_certificates()),
            Query::HostedZones => Ok(self.tell_zones()),
            Query::DnsRecords { zone, names } => self.tell_records(zone, names),
            Query::DnsChange { id } => self.tell_record_change(id),
            Query::Balancer { arn } => Ok(self.tell_balancer(arn)),
            Query::Throughputs => Ok(self.tell_throughputs()),
            Query::Throughput { arn } => Ok(self.tell_throughput(arn)),
            Query::CustomModels => Ok(self.tell_custom_models()),
            Query::LogPage(request) => self.log_page(request),
            Query::LogGroup { group } => Ok(self.log_group(group)),
            Query::InsightsStart(request) => self.insights_start(request),
            Query::InsightsResults { id } => self.insights_results(id),
            Query::InsightsStop { id } => self.insights_stop(id),
            Query::Probe(request) => Ok(self.probe(request)),
        }
    }

    fn change(&mut self, change: &Change, token: &Token) -> Result<Done, Fault> {
        if let Some(fault) = self.overall_fault(change.operation()) {
            return Err(fault);
        }
        // CloudFormation takes a token once; ECS and an image know none.
        let is_once = change.operation().starts_with("cloudformation:");
        if let Some(done) = self.answered.get(token.0.as_str()).filter(|_| is_once) {
            return Ok(done.clone());
        }
        let done = self.do_change(change, token)?;
        if is_once {
            self.answered.insert(token.0.to_string(), done.clone());
        }
        Ok(done)
    }

    fn do_change(&mut self, change: &Change, token: &Token) -> Result<Done, Fault> {
        match change {
            Change::CreateChangeSet(request) => return self.create_change_set(request, token),
            Change::ExecuteChangeSet { stack, change_set } => return self.execute_change_set(stack, change_set, token),
            Change::DeleteChangeSet { stack, change_set } => return self.delete_change_set(stack, change_set),
            Change::DeleteStack { stack } => return self.delete_stack(stack, &[], token),
            Change::DeleteRetaining { stack, retain } => return self.delete_stack(stack, retain, token),
            Change::DropEmptyStack { stack, change_set } => return self.drop_empty_stack(stack, change_set, token),
            Change::CancelUpdate { stack } => return self.cancel_update(stack, token),
            Change::RollbackStack { stack } => return self.rollback_stack(stack, token),
            Change::ContinueRollback { stack, skip } => return self.continue_update_rollback(stack, skip, token),
            Change::Protect { stack, on } => return self.protect(stack, *on),
            Change::Scale {
                cluster,
                service,
                from,
                to,
            } => self.scale(cluster, service, *from, *to)?,
            Change::Restart { cluster, service } => self.restart(cluster, service)?,
            Change::StopTask { cluster, task } => self.stop_task(cluster, task, "Stopped by hand from bic-tui")?,
            Change::TagService { service, key, value } => self.tag_service(service, key, value.as_ref())?,
            Change::DeleteRecoveryPoint { .. }
            | Change::DeleteSnapshot { .. }
            | Change::DeleteLogGroup { .. }
            | Change::DeleteSecret { .. }
            | Change::DeleteResource { .. } => return self.remove(change),
            Change::RequestCertificate { domain, names } => return Ok(self.request_certificate(domain, names, token)),
            Change::ChangeRecords { zone, removes, upserts } => return self.change_records(zone, removes, upserts),
            Change::BuyThroughput(wanted) => return self.buy_throughput(wanted, token),
            Change::DeleteThroughput { arn } => return self.delete_throughput(arn),
            Change::TestImage { route, model, prompt } => {
                let (model, prompt) = (model.clone(), prompt.clone());
                return self.test_image(route, Brief { model, prompt }).map(Done::Picture);
            }
        }
        Ok(Done::Accepted)
    }

    /// Does what a scene says was done. A step that the world refuses is left out; a test plays them all.
    fn act(&mut self, action: &Action) {
        let serial = self.serial();
        let token = Token(self.chance(&format!("step/{serial}")).uuid().into());
        let change = match action {
            Action::Create {
                parameters,
                tags,
                keeps,
                was,
            } => {
                self.older.clone_from(was);
                self.deploy_at_once((parameters, tags), true, *keeps, &token);
                return self.older.clear();
            }
            Action::Update { parameters, keeps } => return self.deploy_at_once((parameters, &BTreeMap::new()), false, *keeps, &token),
            Action::Certificate { name } => return self.certify(name, &token),
            Action::Point { name } => return self.point(name),
            Action::Buy { name, model } => Some(Change::BuyThroughput(Purchase {
                name: name.as_str().into(),
                model: model.as_str().into(),
                units: 1,
                commitment: Commitment::None,
            })),
            Action::Destroy => self.find_stack(DEFAULT_PROJECT).map(|_| Change::DeleteStack {
                stack: DEFAULT_PROJECT.into(),
            }),
            Action::Leave { what, name } => return self.leave(*what, name),
            Action::Protect => Some(Change::Protect {
                stack: DEFAULT_PROJECT.into(),
                on: true,
            }),
            Action::Scale { service, count } => self.service_named(service).map(|s| Change::Scale {
                cluster: s.cluster.as_str().into(),
                service: s.name.as_str().into(),
                from: s.desired,
                to: *count,
            }),
            Action::Restart { service } => self.service_named(service).map(|s| Change::Restart {
                cluster: s.cluster.as_str().into(),
                service: s.name.as_str().into(),
            }),
            Action::StopTask { service } => return self.stop_any_task(service),
            Action::Tag { service, key, value } => self.service_named(service).map(|s| Change::TagService {
                service: s.arn.as_str().into(),
                key: key.as_str().into(),
                value: Some(value.as_str().into()),
            }),
        };
        if let Some(change) = change {
            drop(self.do_change(&change, &token));
        }
    }

    fn deploy_at_once(&mut self, (parameters, tags): (&Texts, &Texts), is_create: bool, keeps: bool, token: &Token) {
        let pair = |(k, v): (&String, &String)| (SafeText::from(k.as_str()), SafeText::from(v.as_str()));
        let request = PlanRequest {
            stack: DEFAULT_PROJECT.into(),
            is_create,
            parameters: self.scene_values(parameters, is_create),
            // An update keeps the tags of the stack.
            tags: is_create.then(|| tags.iter().map(pair).collect()),
            overridden: Vec::new(),
        };
        if let Ok(Done::ChangeSet { id, stack_id }) = self.create_change_set(&request, token) {
            self.finish_plans();
            drop(self.execute_change_set(&stack_id, &id, token));
            if let Some(i) = self.find_stack(&stack_id).filter(|_| keeps) {
                self.keep_failures(i);
            }
        }
    }

    /// An update of a scene keeps what it does not name, as careful people have it.
    fn scene_values(&self, given: &Texts, is_create: bool) -> Vec<(SafeText, Option<SafeText>)> {
        let filled = |v: &str| SafeText::from(v.replace("{certificate}", self.newest_certificate()));
        let mut out: Vec<_> = given.iter().map(|(k, v)| (k.as_str().into(), Some(filled(v)))).collect();
        if !is_create {
            let kept = self.template.parameters.iter().map(|p| p.name.clone());
            out.extend(kept.filter(|name| !given.contains_key(name.as_str())).map(|name| (name, None)));
        }
        out
    }
}
