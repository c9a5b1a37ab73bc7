//! The port to the cloud, in the console's own words: a [`Query`] gives a [`Fact`], a [`Change`]
//! gives a [`Done`]. Behind it stand the SDK (`aws`), the simulator (`sim`) and scripts in tests.

use std::{sync::Arc, time::Duration};

use futures::{future::BoxFuture, stream::BoxStream};
use serde::Serialize;

use crate::core::{
    fact::{DnsRecord, Fact, LiveFrame, Look, Millis, Picture, ProbeStage},
    fault::Fault,
    polls::{Poll, Read},
    quota::QuotaId,
    rights::{Principal, Wanted},
    secret::{SecretRef, SecretText},
    text::SafeText,
};

/// A read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Query {
    /// Who am I.
    Identity,
    /// Whether CloudFormation takes the shipped template.
    Validate,
    /// One stack, by name or id.
    Stack {
        /// Name or id. Only the id finds a deleted stack.
        stack: SafeText,
    },
    /// The stacks of this account and region, without those that are deleted or inside another.
    Stacks,
    /// Deleted stacks of a name, of which AWS still tells: for 90 days.
    DeletedStacks {
        /// Their name.
        name: SafeText,
    },
    /// What is left in one place.
    Left(Look),
    /// How much a file system holds, as it was measured within the last day.
    FileSystemSize {
        /// Its id.
        id: SafeText,
    },
    /// Which of these a living stack of the account has: as a resource, by physical id, or in a parameter.
    Holders {
        /// Names, ids and ARNs.
        ids: Vec<SafeText>,
    },
    /// Stack events, newest first, down to and without `known`; without it, at least those of the newest operation.
    StackEvents {
        /// Name or id.
        stack: SafeText,
        /// Event id that the console already has; pages are followed until it is met.
        known: Option<SafeText>,
    },
    /// All stack events that AWS still tells, newest first.
    StackHistory {
        /// Name or id.
        stack: SafeText,
    },
    /// All resources of a stack.
    StackResources {
        /// Name or id.
        stack: SafeText,
    },
    /// One change set with all its pages.
    ChangeSet {
        /// Name or id.
        stack: SafeText,
        /// Name or ARN.
        change_set: SafeText,
    },
    /// Services of a cluster, with their tags.
    Services {
        /// Cluster name.
        cluster: SafeText,
        /// Service names.
        services: Vec<SafeText>,
    },
    /// Tasks of a cluster: the running ones, and the stopped ones that ECS still knows.
    Tasks {
        /// Cluster name.
        cluster: SafeText,
    },
    /// Health of the targets of target groups, given as logical id and ARN.
    TargetHealth {
        /// `(logical id, ARN)`.
        groups: Vec<(SafeText, SafeText)>,
    },
    /// What Bedrock says of a model or inference profile in this region.
    Model {
        /// Its id or ARN.
        id: SafeText,
    },
    /// The alarms of these names, as far as they exist.
    Alarms {
        /// Names.
        names: Vec<SafeText>,
    },
    /// A quota of the account, and how much of it is in use.
    Quota {
        /// Which.
        quota: QuotaId,
    },
    /// How often Bedrock lets the account call a model in a minute.
    ModelQuota {
        /// Name of the model as people know it.
        model: SafeText,
    },
    /// Which of these names of secrets are taken.
    SecretNames {
        /// Names.
        names: Vec<SafeText>,
    },
    /// What a user or role may do, as IAM's simulator has it.
    Rights {
        /// Whose policies.
        principal: Principal,
        /// What is to be done.
        wanted: Vec<Wanted>,
    },
    /// One certificate.
    Certificate {
        /// Its ARN.
        arn: SafeText,
    },
    /// The certificates of this region that are issued or wait for their proof.
    Certificates,
    /// All hosted zones of the account.
    HostedZones,
    /// What stands under some names of a zone.
    DnsRecords {
        /// Id of the zone.
        zone: SafeText,
        /// The names, without final stops.
        names: Vec<SafeText>,
    },
    /// How far a change of records has come.
    DnsChange {
        /// Id that the change gave.
        id: SafeText,
    },
    /// A load balancer.
    Balancer {
        /// Its ARN.
        arn: SafeText,
    },
    /// Provisioned throughput of this region.
    Throughputs,
    /// One of them, with the reason why it failed.
    Throughput {
        /// Its ARN.
        arn: SafeText,
    },
    /// The account's own models in this region.
    CustomModels,
    /// One page of `FilterLogEvents` over a whole log group.
    LogPage(LogRequest),
    /// How much a log group holds.
    LogGroup {
        /// Its name.
        group: SafeText,
    },
    /// Begins a query of Logs Insights. It is paid for by what it scans, so it is asked once, and only after a yes.
    InsightsStart(InsightsRequest),
    /// What a query of Logs Insights has found so far.
    InsightsResults {
        /// Id of the query.
        id: SafeText,
    },
    /// Stops a query of Logs Insights; one that has ended is none to stop, and no fault.
    InsightsStop {
        /// Id of the query.
        id: SafeText,
    },
    /// One stage on the way to an image; free of charge.
    Probe(ProbeRequest),
}

impl Query {
    /// The permissions it needs: those of its row in the tables of reads, or of its part of one.
    pub fn actions(&self) -> &'static [&'static str] {
        match self {
            Self::Identity => Poll::Identity.row().actions,
            Self::Validate => Read::Template.row().actions,
            Self::Stack { .. } => Poll::Stack.row().actions,
            Self::Stacks | Self::DeletedStacks { .. } => Read::Stacks.row().actions,
            Self::Left(look) => look.actions(),
            Self::FileSystemSize { .. } => &["cloudwatch:GetMetricData"],
            Self::Holders { .. } => &[
                "cloudformation:DescribeStackResources",
                "cloudformation:DescribeStacks",
                "cloudformation:ListStackResources",
            ],
            Self::StackEvents { .. } | Self::StackHistory { .. } => Poll::Events.row().actions,
            Self::StackResources { .. } => Poll::Resources.row().actions,
            Self::ChangeSet { .. } => Read::Plan.row().actions,
            Self::Services { .. } => Poll::Services.row().actions,
            Self::Tasks { .. } => Poll::Tasks.row().actions,
            Self::TargetHealth { .. } => Poll::Targets.row().actions,
            Self::Model { .. } => Read::Models.row().actions,
            Self::Alarms { .. } => Poll::Alarms.row().actions,
            Self::Quota { .. } | Self::ModelQuota { .. } => Read::Quotas.row().actions,
            Self::SecretNames { .. } => Read::SecretNames.row().actions,
            Self::Rights { .. } => Read::Rights.row().actions,
            Self::Certificate { .. } => &["acm:DescribeCertificate"],
            Self::Certificates => &["acm:ListCertificates"],
            Self::HostedZones => &["route53:ListHostedZones"],
            Self::DnsRecords { .. } => &["route53:ListResourceRecordSets"],
            Self::DnsChange { .. } => &["route53:GetChange"],
            Self::Balancer { .. } => &["elasticloadbalancing:DescribeLoadBalancers"],
            Self::Throughputs => &["bedrock:ListProvisionedModelThroughputs"],
            Self::Throughput { .. } => &["bedrock:GetProvisionedModelThroughput"],
            Self::CustomModels => &["bedrock:ListCustomModels"],
            Self::LogPage(_) => Poll::Logs.row().actions,
            Self::LogGroup { .. } => &["logs:DescribeLogGroups"],
            Self::InsightsStart(_) => &["logs:StartQuery"],
            Self::InsightsResults { .. } => &["logs:GetQueryResults"],
            Self::InsightsStop { .. } => &["logs:StopQuery"],
            // One of its stages needs the LiteLLM key.
            Self::Probe(_) => Read::Secrets.row().actions,
        }
    }
}

/// Parameters of one `FilterLogEvents` call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogRequest {
    /// Log group name.
    pub group: SafeText,
    /// Start of the window, inclusive.
    pub from: Millis,
    /// End of the window, exclusive as AWS has it; open when `None`.
    pub until: Option<Millis>,
    /// Token of the page.
    pub token: Option<SafeText>,
    /// Only streams that begin so.
    pub stream_prefix: Option<SafeText>,
}

/// A query of Logs Insights over one log group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InsightsRequest {
    /// Log group name.
    pub group: SafeText,
    /// Start of the window, inclusive.
    pub from: Millis,
    /// End of the window, exclusive.
    pub until: Millis,
    /// The query, in Logs Insights QL; its stages begin on lines of their own.
    pub query: String,
}

/// What a probe stage needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProbeRequest {
    /// Which stage.
    pub stage: ProbeStage,
    /// Base address of the application, such as `http://….elb.amazonaws.com`.
    pub app_url: SafeText,
    /// Where the LiteLLM key is.
    pub api_key: SecretRef,
}

/// Template parameters, tags and kind of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanRequest {
    /// Stack name (create) or id (update).
    pub stack: SafeText,
    /// The stack does not exist yet.
    pub is_create: bool,
    /// Value of each parameter; `None` keeps the previous value (`UsePreviousValue`).
    pub parameters: Vec<(SafeText, Option<SafeText>)>,
    /// Stack tags; `None` keeps those of the stack on update, and an empty list removes them all.
    pub tags: Option<Vec<(SafeText, SafeText)>>,
    /// Checks that stood in its way and were overridden by name: nothing that AWS is told, but the audit log is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overridden: Vec<SafeText>,
}

/// Which way a test image takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageRoute {
    /// Through the load balancer to LiteLLM's `POST /v1/images/generations`.
    Litellm {
        /// Base address.
        app_url: SafeText,
        /// Where the API key is.
        api_key: SecretRef,
    },
    /// Through Open WebUI: sign in, generate, fetch the file.
    OpenWebui {
        /// Base address.
        app_url: SafeText,
        /// Where the administrator's `email` and `password` are.
        admin: SecretRef,
    },
    /// `bedrock:InvokeModel` with the operator's own credentials.
    Bedrock,
}

/// Provisioned throughput to be bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Purchase {
    /// Its name, unique in the account and region.
    pub name: SafeText,
    /// Id or ARN of the model.
    pub model: SafeText,
    /// Model units.
    pub units: i32,
    /// For how long it is bound.
    pub commitment: Commitment,
}

/// For how long throughput is paid, whatever becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, strum::Display, strum::EnumIter, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Commitment {
    /// By the hour, until it is deleted.
    #[default]
    #[serde(rename = "none")]
    #[strum(serialize = "none")]
    None,
    /// A month.
    #[serde(rename = "1-month")]
    #[strum(serialize = "1-month")]
    #[value(name = "1-month")]
    OneMonth,
    /// Six months.
    #[serde(rename = "6-months")]
    #[strum(serialize = "6-months")]
    #[value(name = "6-months")]
    SixMonths,
}

/// A write, or a request that costs money. Each is one AWS operation, or one probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// `cloudformation:CreateChangeSet` from the shipped template.
    CreateChangeSet(PlanRequest),
    /// `cloudformation:ExecuteChangeSet`.
    ExecuteChangeSet {
        /// Stack id.
        stack: SafeText,
        /// Change set ARN.
        change_set: SafeText,
    },
    /// `cloudformation:DeleteChangeSet` of an abandoned plan.
    DeleteChangeSet {
        /// Stack id.
        stack: SafeText,
        /// Change set ARN.
        change_set: SafeText,
    },
    /// `cloudformation:DeleteStack`.
    DeleteStack {
        /// Stack id.
        stack: SafeText,
    },
    /// `cloudformation:DeleteStack` of a stack whose deletion failed, without some of its resources.
    DeleteRetaining {
        /// Stack id.
        stack: SafeText,
        /// Logical ids of resources that stay, and that no stack has from then on.
        retain: Vec<SafeText>,
    },
    /// `cloudformation:DeleteStack` of the empty stack that a first plan leaves. The edge looks at it again
    /// first, and refuses when something has been made of it, or when another plan is in it.
    DropEmptyStack {
        /// Stack id.
        stack: SafeText,
        /// Name or ARN of the plan that left it, which is gone, or about to be.
        change_set: SafeText,
    },
    /// `cloudformation:CancelUpdateStack`.
    CancelUpdate {
        /// Stack id.
        stack: SafeText,
    },
    /// `cloudformation:RollbackStack` of an operation that failed with its rollback switched off.
    RollbackStack {
        /// Stack id.
        stack: SafeText,
    },
    /// `cloudformation:ContinueUpdateRollback`.
    ContinueRollback {
        /// Stack id.
        stack: SafeText,
        /// Logical ids of resources that are left as they are.
        skip: Vec<SafeText>,
    },
    /// `cloudformation:UpdateTerminationProtection`.
    Protect {
        /// Stack id.
        stack: SafeText,
        /// Whether deletion is refused from now on.
        on: bool,
    },
    /// `ecs:UpdateService` with a desired count. The edge reads the count again first, and refuses when
    /// it is no longer `from`.
    Scale {
        /// Cluster name.
        cluster: SafeText,
        /// Service name.
        service: SafeText,
        /// The count that the operator saw.
        from: i32,
        /// The count wanted.
        to: i32,
    },
    /// `ecs:UpdateService` with `forceNewDeployment`.
    Restart {
        /// Cluster name.
        cluster: SafeText,
        /// Service name.
        service: SafeText,
    },
    /// `ecs:StopTask`.
    StopTask {
        /// Cluster name.
        cluster: SafeText,
        /// Task ARN.
        task: SafeText,
    },
    /// `ecs:TagResource`, or `ecs:UntagResource` when `value` is `None`.
    TagService {
        /// Service ARN.
        service: SafeText,
        /// Tag key.
        key: SafeText,
        /// Tag value.
        value: Option<SafeText>,
    },
    /// `backup:DeleteRecoveryPoint`.
    DeleteRecoveryPoint {
        /// Its vault.
        vault: SafeText,
        /// Its ARN.
        recovery_point: SafeText,
    },
    /// `rds:DeleteDBSnapshot`.
    DeleteSnapshot {
        /// Its identifier.
        snapshot: SafeText,
    },
    /// `logs:DeleteLogGroup`.
    DeleteLogGroup {
        /// Its name.
        group: SafeText,
    },
    /// `secretsmanager:DeleteSecret`, without a recovery window.
    DeleteSecret {
        /// Its ARN.
        secret: SafeText,
    },
    /// `cloudformation:DeleteResource` of Cloud Control. The edge waits for its end.
    DeleteResource {
        /// CloudFormation's name of its type.
        resource_type: SafeText,
        /// Its physical id.
        id: SafeText,
    },
    /// `acm:RequestCertificate`, proven by DNS. The same token gives the same certificate for an hour.
    RequestCertificate {
        /// The main name.
        domain: SafeText,
        /// Other names.
        names: Vec<SafeText>,
    },
    /// `route53:ChangeResourceRecordSets`: one batch, which happens whole or not at all.
    ChangeRecords {
        /// Id of the zone.
        zone: SafeText,
        /// Sets that stand in the way, as they stand.
        removes: Vec<DnsRecord>,
        /// Sets to be made, or put in the place of those of the same name and type.
        upserts: Vec<DnsRecord>,
    },
    /// `bedrock:CreateProvisionedModelThroughput`.
    BuyThroughput(Purchase),
    /// `bedrock:DeleteProvisionedModelThroughput`.
    DeleteThroughput {
        /// Its ARN.
        arn: SafeText,
    },
    /// One paid image.
    TestImage {
        /// Which way.
        route: ImageRoute,
        /// Alias (through the stack) or Bedrock model id.
        model: SafeText,
        /// What to draw.
        prompt: SafeText,
    },
}

impl Change {
    /// The plan that it runs, if it runs one.
    pub fn executed(&self) -> Option<&SafeText> {
        match self {
            Self::ExecuteChangeSet { change_set, .. } => Some(change_set),
            _ => None,
        }
    }

    /// The IAM action, or `image` for what goes through the stack: the name on the allow-list.
    pub fn operation(&self) -> &'static str {
        match self {
            Self::CreateChangeSet(_) => "cloudformation:CreateChangeSet",
            Self::ExecuteChangeSet { .. } => "cloudformation:ExecuteChangeSet",
            Self::DeleteChangeSet { .. } => "cloudformation:DeleteChangeSet",
            Self::DeleteStack { .. } | Self::DeleteRetaining { .. } | Self::DropEmptyStack { .. } => "cloudformation:DeleteStack",
            Self::CancelUpdate { .. } => "cloudformation:CancelUpdateStack",
            Self::RollbackStack { .. } => "cloudformation:RollbackStack",
            Self::ContinueRollback { .. } => "cloudformation:ContinueUpdateRollback",
            Self::Protect { .. } => "cloudformation:UpdateTerminationProtection",
            Self::Scale { .. } | Self::Restart { .. } => "ecs:UpdateService",
            Self::StopTask { .. } => "ecs:StopTask",
            Self::RequestCertificate { .. } => "acm:RequestCertificate",
            Self::ChangeRecords { .. } => "route53:ChangeResourceRecordSets",
            Self::BuyThroughput(_) => "bedrock:CreateProvisionedModelThroughput",
            Self::DeleteThroughput { .. } => "bedrock:DeleteProvisionedModelThroughput",
            Self::TagService { value: Some(_), .. } => "ecs:TagResource",
            Self::TagService { value: None, .. } => "ecs:UntagResource",
            Self::DeleteRecoveryPoint { .. } => "backup:DeleteRecoveryPoint",
            Self::DeleteSnapshot { .. } => "rds:DeleteDBSnapshot",
            Self::DeleteLogGroup { .. } => "logs:DeleteLogGroup",
            Self::DeleteSecret { .. } => "secretsmanager:DeleteSecret",
            Self::DeleteResource { .. } => "cloudformation:DeleteResource",
            Self::TestImage {
                route: ImageRoute::Bedrock,
                ..
            } => "bedrock:InvokeModel",
            Self::TestImage { .. } => "image",
        }
    }
}

/// What a change gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Done {
    /// A change set is being worked out.
    ChangeSet {
        /// Its ARN.
        id: SafeText,
        /// The stack id; for a first creation the stack is new.
        stack_id: SafeText,
    },
    /// A certificate is requested.
    Certificate {
        /// Its ARN.
        arn: SafeText,
    },
    /// Records are changed; the name servers follow.
    Records {
        /// Id of the change, to be asked after.
        id: SafeText,
    },
    /// Throughput is bought.
    Throughput {
        /// Its ARN.
        arn: SafeText,
    },
    /// AWS took it.
    Accepted,
    /// The picture, decoded and judged.
    Picture(Picture),
}

/// `ClientRequestToken` of one operation: made by the runtime, saved before it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Token(pub SafeText);

impl Token {
    /// Name of the change set that is made under this token: the same request gives the same change set.
    pub fn change_set_name(&self) -> String {
        let kept = self.0.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-');
        "bic-tui-".chars().chain(kept).take(128).collect()
    }
}

/// What is known of the session without asking AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Region name.
    pub region: SafeText,
    /// Profile name, `default`, or the name of the scene.
    pub profile: SafeText,
    /// Where requests go when not to AWS itself.
    pub endpoint: Option<SafeText>,
    /// The endpoint was inherited from the environment or a profile, not given on the command line.
    pub is_endpoint_inherited: bool,
    /// Word for the header when no request can reach AWS: `DEMO`.
    pub badge: Option<SafeText>,
    /// How much faster than the wall clock this cloud's time runs.
    pub speed: u32,
}

#[cfg(test)]
impl About {
    /// The session of tests that care for no other.
    pub(crate) fn of_ops() -> Self {
        Self {
            region: "us-west-2".into(),
            profile: "ops".into(),
            endpoint: None,
            is_endpoint_inherited: false,
            badge: None,
            speed: 1,
        }
    }
}

/// The time that a cloud can tell of when it does not live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub begin: Millis,
    /// Its end: nothing is known of what came after.
    pub end: Millis,
}

/// How the time of such a cloud is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steer {
    /// It stands still.
    Hold,
    /// It goes on.
    Go,
    /// It is another time.
    To(Millis),
}

/// A Live Tail session. After a fault nothing more comes; an end without one is AWS's own.
pub type LiveStream<'a> = BoxStream<'a, Result<LiveFrame, Fault>>;

/// A cloud to ask and to change. Every call is bounded in time by the implementation.
pub trait Cloud: Send + Sync + 'static {
    /// Reads.
    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>>;

    /// Writes: the only door. `token` makes a repeated request the same request.
    fn change(&self, change: Change, token: Token) -> BoxFuture<'_, Result<Done, Fault>>;

    /// The value of a secret. It goes to the vault, never into a message.
    fn reveal(&self, secret: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>>;

    /// Opens a Live Tail session of a log group: it is paid for by the minute until the stream is dropped
    /// or ends. The stream says something every second while it is well.
    fn live(&self, group: SafeText) -> BoxFuture<'_, Result<LiveStream<'_>, Fault>>;

    /// How long an answer is waited for: to one request, and to all that a question may take. `None` where it comes at once.
    fn patience(&self) -> Option<[Duration; 2]> {
        None
    }

    /// This cloud's present time.
    fn now(&self) -> Millis;

    /// By how much this machine's clock is ahead of the cloud's, in milliseconds: 0 where they agree to some seconds,
    /// and as long as nothing has been heard.
    fn ahead(&self) -> Millis {
        0
    }

    /// What is known without asking.
    fn about(&self) -> About;

    /// The time that it can tell of; `None` for a cloud that lives, whose time nobody moves.
    fn span(&self) -> Option<Span> {
        None
    }

    /// Facts that it tells unasked, with their times, since this was called last: a cloud with a span, which the
    /// console does not poll.
    fn told(&self) -> Vec<(Millis, Fact)> {
        Vec::new()
    }

    /// Moves its time, where there is a span.
    fn steer(&self, _steer: Steer) {}

    /// From now on only this account is asked, whoever's credentials are found: with those of another one each request is
    /// [`OtherAccount`](crate::core::fault::FaultKind::OtherAccount), except the question whose they are.
    fn keep_to(&self, _account: &SafeText) {}
}

/// What a cloud that stands before another one in `$inner` leaves to it: all but questions, changes and secrets.
#[doc(hidden)]
#[macro_export]
macro_rules! pass_on {
    ($inner:tt) => {
        fn live(
            &self,
            group: $crate::core::text::SafeText,
        ) -> futures::future::BoxFuture<'_, Result<$crate::cloud::LiveStream<'_>, $crate::core::fault::Fault>> {
            self.$inner.live(group)
        }

        fn patience(&self) -> Option<[std::time::Duration; 2]> {
            self.$inner.patience()
        }

        fn now(&self) -> $crate::core::fact::Millis {
            self.$inner.now()
        }

        fn ahead(&self) -> $crate::core::fact::Millis {
            self.$inner.ahead()
        }

        fn about(&self) -> $crate::cloud::About {
            self.$inner.about()
        }

        fn span(&self) -> Option<$crate::cloud::Span> {
            self.$inner.span()
        }

        fn told(&self) -> Vec<($crate::core::fact::Millis, $crate::core::fact::Fact)> {
            self.$inner.told()
        }

        fn steer(&self, steer: $crate::cloud::Steer) {
            self.$inner.steer(steer);
        }

        fn keep_to(&self, account: &$crate::core::text::SafeText) {
            self.$inner.keep_to(account);
        }
    };
}
pub use pass_on;
