//! The SDK behind the port: one gateway with the clients of all services, their time limits and
//! retries, and the way from a [`Query`] or [`Change`] to the service that answers it.
//!
//! The SDK traces whole bodies, secrets too, when `LOG_SENSITIVE_BODIES` is set: its records never pass
//! the filter of [`log`](crate::log), so that variable has no effect here.

mod acm;
mod bedrock;
mod clock;
mod cloudformation;
mod cloudwatch;
mod connect;
mod ecs;
mod elb;
mod fault;
mod gateway;
mod holders;
mod iam;
mod insights;
mod leftovers;
mod live;
mod login;
mod logs;
mod models;
mod pages;
mod quotas;
mod route53;
mod secrets;
mod sts;
mod throughput;

use std::{future::Future, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use tracing::Instrument;

pub use self::connect::{AwsOptions, Limits, connect, profiles, region};
use crate::{
    cloud::{About, Change, Cloud, Done, ImageRoute, LiveStream, ProbeRequest, Query, Token},
    core::{
        fact::{Fact, Millis, Picture, ProbeStage},
        fault::{Fault, FaultKind},
        secret::{SecretRef, SecretText},
        text::SafeText,
    },
    picture::Brief,
    probe::Probe,
};

/// AWS, as one profile sees it in one region.
#[derive(Debug)]
pub struct Aws {
    about: About,
    login: login::Login,
    clock: clock::Clock,
    reads: Reads,
    writes: Writes,
    /// Asks once: what is paid for is not asked for twice, and a session that is refused is no reason to ask for it
    /// thrice.
    once: aws_sdk_cloudwatchlogs::Client,
    probe: Probe,
    /// Longest time for one request.
    operation: Duration,
    /// Longest time for all pages of one listing.
    listing: Duration,
    /// Between two questions how a deletion goes.
    pause: Duration,
}

/// Clients that retry.
#[derive(Debug)]
struct Reads {
    cloudformation: aws_sdk_cloudformation::Client,
    ecs: aws_sdk_ecs::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    elb: aws_sdk_elasticloadbalancingv2::Client,
    secrets: aws_sdk_secretsmanager::Client,
    sts: aws_sdk_sts::Client,
    bedrock: aws_sdk_bedrock::Client,
    backup: aws_sdk_backup::Client,
    rds: aws_sdk_rds::Client,
    control: aws_sdk_cloudcontrol::Client,
    iam: aws_sdk_iam::Client,
    quotas: aws_sdk_servicequotas::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    acm: aws_sdk_acm::Client,
    route53: aws_sdk_route53::Client,
}

/// Clients that send once: a write whose answer was lost is looked up by its token, not repeated.
#[derive(Debug)]
struct Writes {
    cloudformation: aws_sdk_cloudformation::Client,
    ecs: aws_sdk_ecs::Client,
    bedrock: aws_sdk_bedrockruntime::Client,
    backup: aws_sdk_backup::Client,
    rds: aws_sdk_rds::Client,
    control: aws_sdk_cloudcontrol::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    secrets: aws_sdk_secretsmanager::Client,
    models: aws_sdk_bedrock::Client,
    acm: aws_sdk_acm::Client,
    route53: aws_sdk_route53::Client,
}

impl Cloud for Aws {
    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>> {
        let span = tracing::info_span!("ask", ?query);
        async move {
            let late = |_| Err(Fault::new(FaultKind::TimedOut, "the listing", "", "some of its pages did not come"));
            let answer = tokio::time::timeout(self.listing, self.answer(query)).await;
            answer.unwrap_or_else(late).map_err(|fault| self.located(fault))
        }
        .instrument(span)
        .boxed()
    }

    fn change(&self, change: Change, token: Token) -> BoxFuture<'_, Result<Done, Fault>> {
        let span = tracing::info_span!("change", operation = change.operation(), token = %token.0);
        async move { self.carry_out(change, token.0).await.map_err(|fault| self.located(fault)) }
            .instrument(span)
            .boxed()
    }

    fn patience(&self) -> Option<[Duration; 2]> {
        Some([self.operation, self.listing])
    }

    fn reveal(&self, secret: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>> {
        let span = tracing::info_span!("reveal", ?secret);
        async move { self.secret(&secret).await.map(Arc::new).map_err(|fault| self.located(fault)) }
            .instrument(span)
            .boxed()
    }

    fn live(&self, group: SafeText) -> BoxFuture<'_, Result<LiveStream<'_>, Fault>> {
        let span = tracing::info_span!("live", %group);
        async move {
            let session = async {
                let identity = sts::identity(&self.reads.sts).await?;
                let tail = live::Tail {
                    client: &self.once,
                    identity,
                    region: &self.about.region,
                    is_redirected: self.about.endpoint.is_some(),
                };
                tail.open(&group).await
            };
            session.await.map_err(|fault| self.located(fault))
        }
        .instrument(span)
        .boxed()
    }

    fn now(&self) -> Millis {
        self.clock.now()
    }

    fn ahead(&self) -> Millis {
        self.clock.ahead()
    }

    fn about(&self) -> About {
        self.about.clone()
    }

    fn keep_to(&self, account: &SafeText) {
        self.login.keep_to(account);
    }
}

impl Aws {
    async fn answer(&self, query: Query) -> Result<Fact, Fault> {
        let Reads {
            cloudformation, ecs, logs, ..
        } = &self.reads;
        match query {
            Query::Identity => sts::identity(&self.reads.sts).await.map(Fact::Identity),
            Query::Validate => cloudformation::validate(cloudformation).await.map(Fact::Validation),
            Query::Stack { stack } => cloudformation::stack(cloudformation, &stack).await.map(Fact::Stack),
            Query::Stacks => cloudformation::stacks(cloudformation).await.map(Fact::Stacks),
            Query::DeletedStacks { name } => cloudformation::deleted(cloudformation, &name).await.map(Fact::StackIds),
            Query::Left(look) => self.places().look(look).await,
            Query::FileSystemSize { id } => {
                let size = cloudwatch::file_system_size(&self.reads.cloudwatch, &id, self.now());
                size.await.map(Fact::FileSystemSize)
            }
            Query::Holders { ids } => holders::of(cloudformation, &ids).await.map(Fact::Holders),
            Query::StackEvents { stack, known } => {
                let events = cloudformation::events(cloudformation, &stack, known.as_ref());
                events.await.map(Fact::StackEvents)
            }
            Query::StackHistory { stack } => cloudformation::history(cloudformation, &stack).await.map(Fact::StackEvents),
            Query::StackResources { stack } => {
                let resources = cloudformation::resources(cloudformation, &stack);
                resources.await.map(Fact::StackResources)
            }
            Query::ChangeSet { stack, change_set } => {
                let change_set = cloudformation::change_set(cloudformation, &stack, &change_set);
                change_set.await.map(Fact::ChangeSet)
            }
            Query::Services { cluster, services } => ecs::services(ecs, &cluster, &services).await.map(Fact::Services),
            Query::Tasks { cluster } => ecs::tasks(ecs, &cluster).await.map(Fact::Tasks),
            Query::TargetHealth { groups } => elb::target_health(&self.reads.elb, groups).await.map(Fact::Targets),
            Query::Model { id } => models::state(&self.reads.bedrock, &id).await.map(Fact::Model),
            Query::Alarms { names } => cloudwatch::alarms(&self.reads.cloudwatch, &names).await.map(Fact::Alarms),
            Query::Quota { quota } => quotas::quota(self.quota_clients(), quota, self.now()).await.map(Fact::Quota),
            Query::ModelQuota { model } => quotas::rate(&self.reads.quotas, &model).await.map(Fact::ModelQuota),
            Query::SecretNames { names } => secrets::taken(&self.reads.secrets, names).await.map(Fact::SecretNames),
            Query::Rights { principal, wanted } => {
                let rights = iam::rights(&self.reads.iam, &self.about.region, principal, &wanted);
                rights.await.map(Fact::Rights)
            }
            Query::Certificate { arn } => acm::certificate(&self.reads.acm, &arn).await.map(Fact::Certificate),
            Query::Certificates => acm::certificates(&self.reads.acm).await.map(Fact::Certificates),
            Query::HostedZones => route53::zones(&self.reads.route53).await.map(Fact::HostedZones),
            Query::DnsRecords { zone, names } => route53::records(&self.reads.route53, &zone, &names).await.map(Fact::DnsRecords),
            Query::DnsChange { id } => route53::progress(&self.reads.route53, &id).await.map(Fact::DnsChange),
            Query::Balancer { arn } => elb::balancer(&self.reads.elb, &arn).await.map(Fact::Balancer),
            Query::Throughputs => throughput::all(&self.reads.bedrock).await.map(Fact::Throughputs),
            Query::Throughput { arn } => throughput::one(&self.reads.bedrock, &arn).await.map(Fact::Throughput),
            Query::CustomModels => throughput::custom_models(&self.reads.bedrock).await.map(Fact::CustomModels),
            Query::LogPage(request) => logs::page(logs, request).await.map(Fact::LogPage),
            Query::LogGroup { group } => insights::group(logs, &group).await.map(Fact::LogGroup),
            Query::InsightsStart(request) => insights::start(&self.once, request).await.map(Fact::InsightsBegun),
            Query::InsightsResults { id } => insights::results(logs, &id).await.map(Fact::Insights),
            Query::InsightsStop { id } => insights::stop(logs, &id).await.map(|()| Fact::InsightsStopped),
            Query::Probe(request) => self.stage(request).await,
        }
    }

    /// Who knows of quotas and of their use.
    fn quota_clients(&self) -> quotas::Clients<'_> {
        quotas::Clients {
            quotas: &self.reads.quotas,
            cloudwatch: &self.reads.cloudwatch,
            control: &self.reads.control,
        }
    }

    /// Where things may be left.
    fn places(&self) -> leftovers::Places<'_> {
        leftovers::Places {
            backup: &self.reads.backup,
            rds: &self.reads.rds,
            control: &self.reads.control,
            secrets: &self.reads.secrets,
            logs: &self.reads.logs,
        }
    }

    /// Removes something that is left.
    async fn remove(&self, change: &Change, token: &str) -> Result<(), Fault> {
        let Writes {
            backup,
            rds,
            logs,
            secrets,
            ..
        } = &self.writes;
        match change {
            Change::DeleteRecoveryPoint { vault, recovery_point } => leftovers::delete_recovery_point(backup, vault, recovery_point).await,
            Change::DeleteSnapshot { snapshot } => leftovers::delete_snapshot(rds, snapshot).await,
            Change::DeleteLogGroup { group } => leftovers::delete_log_group(logs, group).await,
            Change::DeleteSecret { secret } => leftovers::delete_secret(secrets, secret).await,
            Change::DeleteResource { resource_type, id } => {
                let deletion = leftovers::Deletion {
                    once: &self.writes.control,
                    reads: &self.reads.control,
                    pause: self.pause,
                };
                deletion.of(resource_type, id, token).await
            }
            other => Err(Fault::new(FaultKind::Internal, other.operation(), "", "this removes nothing")),
        }
    }

    async fn stage(&self, request: ProbeRequest) -> Result<Fact, Fault> {
        let key = match request.stage {
            ProbeStage::Litellm => Some(self.secret(&request.api_key).await?),
            ProbeStage::Dns | ProbeStage::LoadBalancer | ProbeStage::OpenWebui => None,
        };
        let report = self.probe.stage(request.stage, &request.app_url, key.as_ref());
        Ok(Fact::Stage(report.await))
    }

    async fn carry_out(&self, change: Change, token: SafeText) -> Result<Done, Fault> {
        let (cloudformation, ecs) = (&self.writes.cloudformation, &self.writes.ecs);
        let (models, acm, route53) = (&self.writes.models, &self.writes.acm, &self.writes.route53);
        let accepted = match change {
            Change::RequestCertificate { domain, names } => {
                let arn = acm::request(acm, &domain, &names, &token).await?;
                return Ok(Done::Certificate { arn });
            }
            Change::ChangeRecords { zone, removes, upserts } => {
                let id = route53::change(route53, &zone, &removes, &upserts).await?;
                return Ok(Done::Records { id });
            }
            Change::BuyThroughput(wanted) => {
                let arn = throughput::buy(models, &wanted, &token).await?;
                return Ok(Done::Throughput { arn });
            }
            Change::DeleteThroughput { arn } => throughput::delete(models, &arn).await,
            Change::CreateChangeSet(plan) => return cloudformation::create_change_set(cloudformation, plan, &Token(token)).await,
            Change::TestImage { route, model, prompt } => {
                let picture = self.image(route, Brief { model, prompt });
                return picture.await.map(Done::Picture);
            }
            Change::ExecuteChangeSet { stack, change_set } => {
                cloudformation::execute_change_set(cloudformation, &stack, &change_set, &token).await
            }
            Change::DeleteChangeSet { stack, change_set } => cloudformation::delete_change_set(cloudformation, &stack, &change_set).await,
            Change::DeleteStack { stack } => cloudformation::delete_stack(cloudformation, &stack, &[], &token).await,
            Change::DeleteRetaining { stack, retain } => cloudformation::delete_stack(cloudformation, &stack, &retain, &token).await,
            Change::DropEmptyStack { stack, change_set } => {
                cloudformation::check_empty(&self.reads.cloudformation, &stack, &change_set).await?;
                cloudformation::delete_stack(cloudformation, &stack, &[], &token).await
            }
            Change::CancelUpdate { stack } => cloudformation::cancel_update(cloudformation, &stack, &token).await,
            Change::RollbackStack { stack } => cloudformation::rollback_stack(cloudformation, &stack, &token).await,
            Change::ContinueRollback { stack, skip } => cloudformation::continue_rollback(cloudformation, &stack, &skip, &token).await,
            Change::Protect { stack, on } => cloudformation::protect(cloudformation, &stack, on).await,
            Change::Scale {
                cluster,
                service,
                from,
                to,
            } => {
                ecs::check_count(&self.reads.ecs, &cluster, &service, from).await?;
                ecs::scale(ecs, &cluster, &service, to).await
            }
            Change::Restart { cluster, service } => ecs::restart(ecs, &cluster, &service).await,
            Change::StopTask { cluster, task } => ecs::stop_task(ecs, &cluster, &task).await,
            Change::TagService { service, key, value } => ecs::tag(ecs, &service, &key, value.as_ref()).await,
            removal @ (Change::DeleteRecoveryPoint { .. }
            | Change::DeleteSnapshot { .. }
            | Change::DeleteLogGroup { .. }
            | Change::DeleteSecret { .. }
            | Change::DeleteResource { .. }) => self.remove(&removal, &token).await,
        };
        accepted.map(|()| Done::Accepted)
    }

    async fn image(&self, route: ImageRoute, brief: Brief) -> Result<Picture, Fault> {
        match route {
            ImageRoute::Bedrock => bedrock::image(&self.writes.bedrock, brief, || self.now()).await,
            ImageRoute::Litellm { app_url, api_key } => {
                let key = self.secret(&api_key).await?;
                self.probe.litellm_image(&app_url, &key, brief, || self.now()).await
            }
            ImageRoute::OpenWebui { app_url, admin } => {
                let [email, password] = self
                    .guarded(&admin.secret, secrets::fields(&self.reads.secrets, &admin.secret))
                    .await?;
                let sign_in = (&email, &password);
                self.probe.openwebui_image(&app_url, sign_in, brief, || self.now()).await
            }
        }
    }

    async fn secret(&self, secret: &SecretRef) -> Result<SecretText, Fault> {
        self.guarded(&secret.secret, secrets::value(&self.reads.secrets, secret)).await
    }

    /// An endpoint that nobody named on the command line gets no secret, unless it is this machine.
    async fn guarded<T>(&self, subject: &str, read: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        match &self.about.endpoint {
            Some(endpoint) if self.about.is_endpoint_inherited && !connect::is_loopback(endpoint) => {
                let why = format!(
                    "No secret is read through {endpoint}, which comes from the environment or the profile: name it with --endpoint-url to allow it"
                );
                Err(Fault::new(FaultKind::Guarded, secrets::READ, subject, &why))
            }
            _ => read.await,
        }
    }

    /// A fault of the connection names what could not be reached; where the credentials are of no use others are looked for.
    fn located(&self, fault: Fault) -> Fault {
        if matches!(fault.kind, FaultKind::Expired | FaultKind::OtherAccount) {
            self.login.renew();
        }
        let is_ours = fault.operation.contains(':');
        if fault.kind != FaultKind::Unreachable || !is_ours {
            return fault;
        }
        let service = fault.operation.split(':').next().unwrap_or_default();
        let subject = match &self.about.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => format!("{service} in {}", self.about.region).into(),
        };
        Fault { subject, ..fault }
    }
}

/// Text of an optional field; empty when AWS left it out.
fn text(field: Option<String>) -> SafeText {
    field.map(SafeText::from).unwrap_or_default()
}

/// Time of an optional field.
fn millis(field: Option<aws_smithy_types::DateTime>) -> Option<Millis> {
    field.and_then(|time| time.to_millis().ok())
}
