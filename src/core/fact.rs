//! Facts: what AWS said, in the console's own words. Plain data, one file a subject, no behaviour
//! beyond reading a status; the joins (`cause`, `cost`, `health` …) make sense of them.

pub mod account;
pub mod alarm;
pub mod certificate;
pub mod dns;
pub mod insights;
pub mod leftover;
pub mod log;
pub mod model;
pub mod picture;
pub mod service;
pub mod stack;
pub mod target;
pub mod task;
pub mod throughput;

use serde::Serialize;

pub use self::{
    account::{Decision, Quota, Right, TakenName},
    alarm::Alarm,
    certificate::{Certificate, CertificateBrief, NameProof, ProofRecord, covers},
    dns::{AliasTarget, Balancer, DnsRecord, HostedZone},
    insights::{LogGroup, QueryResults, QueryState},
    leftover::{Leftover, LeftoverKind, Look, Stored},
    log::{LiveFrame, LiveUpdate, LogEvent, LogPage, dated, event_times},
    model::{ModelAccess, ModelState},
    picture::{Picture, PictureFormat, ProbeStage, StageReport},
    service::{Deployment, Service, ServiceEvent},
    stack::{
        CLUSTER, ChangeAction, ChangeSet, ChangeSetBrief, Fate, NOT_ITS_PLAN, Output, PropertyChange, Replacement, ResourceChange,
        ResourceStatus, Stack, StackBrief, StackEvent, StackEvents, StackResource, StackStatus, lacks,
    },
    target::{Target, TargetGroup},
    task::{Container, Task},
    throughput::{CustomModel, Throughput},
};
use super::text::SafeText;

/// Milliseconds since 1970-01-01 UTC, as AWS tells time.
pub type Millis = i64;

/// Who is asking: answer of `sts:GetCallerIdentity`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// Twelve digits.
    pub account: SafeText,
    /// The caller's ARN.
    pub arn: SafeText,
}

/// A template as CloudFormation judged it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Validation {
    /// Capabilities that the template asks for.
    pub capabilities: Vec<SafeText>,
    /// Parameters that CloudFormation found.
    pub parameters: Vec<SafeText>,
}

/// One answer, whole: all pages of a listing are in it.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// Answer to `Query::Identity`.
    Identity(Identity),
    /// Answer to `Query::Validate`.
    Validation(Validation),
    /// Answer to `Query::Stack`; `None` when no such stack exists.
    Stack(Option<Stack>),
    /// Answer to `Query::Stacks`.
    Stacks(Vec<StackBrief>),
    /// Answer to `Query::DeletedStacks`: ids, the newest deletion first.
    StackIds(Vec<SafeText>),
    /// Answer to `Query::Left`.
    Left(Vec<Leftover>),
    /// Answer to `Query::Left` where there is more than is looked at.
    LeftPartly {
        /// What was found.
        found: Vec<Leftover>,
        /// How many things of which nothing but the id is known were looked at, and how many not.
        strangers: (usize, usize),
    },
    /// Answer to `Query::FileSystemSize`: none where AWS has measured nothing for a day.
    FileSystemSize(Option<Stored>),
    /// Answer to `Query::Holders`: those that a stack has, each with the id of the stack.
    Holders(Vec<(SafeText, SafeText)>),
    /// Answer to `Query::StackEvents`.
    StackEvents(StackEvents),
    /// Answer to `Query::StackResources`.
    StackResources(Vec<StackResource>),
    /// Answer to `Query::ChangeSet`.
    ChangeSet(ChangeSet),
    /// Answer to `Query::Services`.
    Services(Vec<Service>),
    /// Answer to `Query::Tasks`.
    Tasks(Vec<Task>),
    /// Answer to `Query::TargetHealth`.
    Targets(Vec<TargetGroup>),
    /// Answer to `Query::Model`; `None` when Bedrock does not know it in this region.
    Model(Option<ModelState>),
    /// Answer to `Query::Alarms`: those that exist.
    Alarms(Vec<Alarm>),
    /// Answer to `Query::Quota`.
    Quota(Quota),
    /// Answer to `Query::ModelQuota`: none where AWS lists none.
    ModelQuota(Option<Quota>),
    /// Answer to `Query::SecretNames`: those that are taken.
    SecretNames(Vec<TakenName>),
    /// Answer to `Query::Rights`.
    Rights(Vec<Right>),
    /// Answer to `Query::Certificate`; `None` when ACM does not know it in this region.
    Certificate(Option<Certificate>),
    /// Answer to `Query::Certificates`.
    Certificates(Vec<CertificateBrief>),
    /// Answer to `Query::HostedZones`.
    HostedZones(Vec<HostedZone>),
    /// Answer to `Query::DnsRecords`.
    DnsRecords(Vec<DnsRecord>),
    /// Answer to `Query::DnsChange`: `PENDING` or `INSYNC`.
    DnsChange(SafeText),
    /// Answer to `Query::Balancer`; `None` when there is none.
    Balancer(Option<Balancer>),
    /// Answer to `Query::Throughputs`.
    Throughputs(Vec<Throughput>),
    /// Answer to `Query::Throughput`; `None` when there is none.
    Throughput(Option<Throughput>),
    /// Answer to `Query::CustomModels`.
    CustomModels(Vec<CustomModel>),
    /// Answer to `Query::LogPage`.
    LogPage(LogPage),
    /// Answer to `Query::LogGroup`; `None` when there is no such group.
    LogGroup(Option<LogGroup>),
    /// Answer to `Query::InsightsStart`: the id of the query.
    InsightsBegun(SafeText),
    /// Answer to `Query::InsightsResults`.
    Insights(QueryResults),
    /// Answer to `Query::InsightsStop`.
    InsightsStopped,
    /// Answer to `Query::Probe`.
    Stage(StageReport),
}
