//! Reads of one fact each, typed; and the target application: its stack, names and resources.

use futures::future::{join, join_all};

use super::{Answer, Context, Failure};
use crate::{
    cloud::{Cloud, Query},
    core::{
        cost::{CostModel, Estimate},
        fact::{
            Alarm, Balancer, CLUSTER, Certificate, CertificateBrief, CustomModel, DnsRecord, Fact, HostedZone, Identity, ModelState,
            Service, Stack, StackEvents, StackResource, TargetGroup, Task, Throughput, Validation, lacks,
        },
        fault::{Fault, FaultKind},
        feed::Feed,
        msg::Now,
        names::{App, Names},
        nearest,
        preflight::{Answers, Models},
        template::{Pseudo, Resource, Template},
        text::SafeText,
    },
};

macro_rules! reads {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $kind:ty),*) -> $fact:ty = $variant:ident, $query:expr;)*) => {
        $($(#[$doc])*
        pub(super) async fn $name(cloud: &dyn Cloud, $($arg: $kind),*) -> Result<$fact, Fault> {
            match cloud.ask($query).await? {
                Fact::$variant(fact) => Ok(fact),
                _ => Err(Fault::new(FaultKind::OddAnswer, stringify!($name), "", "")),
            }
        })*
    };
}

reads! {
    /// Who asks.
    identity() -> Identity = Identity, Query::Identity;
    /// What CloudFormation says of the template.
    validation() -> Validation = Validation, Query::Validate;
    /// One stack.
    stack(stack: &SafeText) -> Option<Stack> = Stack, Query::Stack { stack: stack.clone() };
    /// Its events, newest first, down to `known`; without it those of the newest operation.
    events(stack: &SafeText, known: Option<SafeText>) -> StackEvents = StackEvents, Query::StackEvents { stack: stack.clone(), known };
    /// All of them that AWS still tells.
    history(stack: &SafeText) -> StackEvents = StackEvents, Query::StackHistory { stack: stack.clone() };
    /// Its resources.
    resources(stack: &SafeText) -> Vec<StackResource> = StackResources, Query::StackResources { stack: stack.clone() };
    /// Both services.
    services(names: &Names) -> Vec<Service> = Services, Query::Services { cluster: names.cluster(), services: names.services() };
    /// The tasks of the cluster.
    tasks(names: &Names) -> Vec<Task> = Tasks, Query::Tasks { cluster: names.cluster() };
    /// What Bedrock says of a model.
    model(id: &SafeText) -> Option<ModelState> = Model, Query::Model { id: id.clone() };
    /// The alarms of these names.
    alarms(names: Vec<SafeText>) -> Vec<Alarm> = Alarms, Query::Alarms { names };
    /// One certificate.
    certificate(arn: &SafeText) -> Option<Certificate> = Certificate, Query::Certificate { arn: arn.clone() };
    /// The certificates of the region.
    certificates() -> Vec<CertificateBrief> = Certificates, Query::Certificates;
    /// The hosted zones.
    zones() -> Vec<HostedZone> = HostedZones, Query::HostedZones;
    /// What stands under names of a zone.
    records(zone: &SafeText, names: Vec<SafeText>) -> Vec<DnsRecord> = DnsRecords, Query::DnsRecords { zone: zone.clone(), names };
    /// How far a change of records has come.
    record_change(id: &SafeText) -> SafeText = DnsChange, Query::DnsChange { id: id.clone() };
    /// A load balancer.
    balancer(arn: &SafeText) -> Option<Balancer> = Balancer, Query::Balancer { arn: arn.clone() };
    /// Provisioned throughput.
    throughputs() -> Vec<Throughput> = Throughputs, Query::Throughputs;
    /// One of them.
    throughput(arn: &SafeText) -> Option<Throughput> = Throughput, Query::Throughput { arn: arn.clone() };
    /// The account's own models.
    custom_models() -> Vec<CustomModel> = CustomModels, Query::CustomModels;
    /// Health of target groups.
    targets(groups: Vec<(SafeText, SafeText)>) -> Vec<TargetGroup> = Targets, Query::TargetHealth { groups };
}

/// What Bedrock says of each of these models, all asked at the same time.
pub(super) async fn models(cloud: &dyn Cloud, ids: Vec<SafeText>) -> Models {
    let now = Now {
        mono: 0,
        wall: cloud.now(),
    };
    let asked = ids.into_iter().map(async |id: SafeText| {
        let mut feed = Feed::default();
        match model(cloud, &id).await {
            Ok(state) => feed.set(state, now),
            Err(fault) => feed.fail(fault),
        }
        (id, feed)
    });
    join_all(asked).await.into_iter().collect()
}

/// What the checks before a plan ask beside, all at the same time.
pub(super) async fn answers(cloud: &dyn Cloud, questions: Vec<Query>) -> Answers {
    let now = Now {
        mono: 0,
        wall: cloud.now(),
    };
    let asked = questions.into_iter().map(async |query: Query| {
        let mut feed = Feed::default();
        match cloud.ask(query.clone()).await {
            Ok(fact) => feed.set(fact, now),
            Err(fault) => feed.fail(fault),
        }
        (query, feed)
    });
    join_all(asked).await.into_iter().collect()
}

/// What is not worth asking, since this fault would be the answer.
pub(super) fn unasked<K, T, Told: FromIterator<(K, Feed<T>)>>(keys: Vec<K>, fault: &Fault) -> Told {
    let failed = |key| {
        let mut feed = Feed::default();
        feed.fail(fault.clone());
        (key, feed)
    };
    keys.into_iter().map(failed).collect()
}

/// The stack, for a listing that is worth a look without it; without credentials nothing is.
pub(super) async fn stack_if_told(cx: &Context) -> Answer<Result<Option<Stack>, Fault>> {
    match stack(&*cx.cloud, &cx.settings.stack).await {
        Err(fault) if fault.is_credentials() => Err(fault.into()),
        found => Ok(found),
    }
}

/// The stack that must be there, or of which AWS still tells.
pub(super) async fn existing_stack(cx: &mut Context) -> Answer<Stack> {
    let found = stack(&*cx.cloud, &cx.settings.stack).await?;
    let stack = found.filter(|s| !s.status.is_in_review()).ok_or_else(|| no_such_stack(cx))?;
    tell_if_deleted(cx, &stack);
    Ok(stack)
}

/// Says of a stack that AWS still tells of by its id that it is gone, and what shows what it left.
pub(super) fn tell_if_deleted(cx: &mut Context, stack: &Stack) {
    if stack.status.is_deleted() {
        cx.out.note(format!(
            "Stack {} is deleted; {} lists what goes on costing.",
            stack.name,
            leftovers_command(cx)
        ));
    }
}

/// The fault of a stack that is not there: by its name AWS does not tell whether it ever was.
pub(super) fn no_such_stack(cx: &Context) -> Failure {
    no_such_stack_because(
        cx,
        &format!("if it was deleted, {} lists what goes on costing", leftovers_command(cx)),
    )
}

fn leftovers_command(cx: &Context) -> String {
    format!("`bic-tui leftovers {}`", cx.same_place)
}

/// The same, with what was seen.
pub(super) fn no_such_stack_because(cx: &Context, why: &str) -> Failure {
    let about = cx.cloud.about();
    let subject = format!("stack {} in {}", cx.settings.stack, about.region);
    Fault::new(FaultKind::NotFound, "cloudformation:DescribeStacks", &subject, why).into()
}

/// Target groups among the resources of a stack.
pub(super) fn target_groups(resources: &[StackResource]) -> Vec<(SafeText, SafeText)> {
    resources
        .iter()
        .filter(|r| r.resource_type == "AWS::ElasticLoadBalancingV2::TargetGroup" && r.exists())
        .map(|r| (r.logical_id.clone(), r.physical_id.clone()))
        .collect()
}

/// Region, account and name of a stack that exists, from its id.
pub(super) fn pseudo(cx: &Context, stack: Option<&Stack>) -> Pseudo {
    let account = stack.and_then(|s| s.id.split(':').nth(4)).filter(|a| !a.is_empty());
    Pseudo {
        region: cx.cloud.about().region.to_string(),
        // Which account it is decides no price; twelve zeros stand for the one that is not known yet.
        account: account.unwrap_or("000000000000").to_owned(),
        stack_name: stack.map_or(&cx.settings.stack, |s| &s.name).to_string(),
    }
}

/// What the template makes of a stack's parameters.
pub(super) fn template_resources(cx: &Context, stack: &Stack) -> Vec<Resource> {
    let template = Template::shipped();
    template.resources(&template.values(&stack.given()), &pseudo(cx, Some(stack)))
}

/// What of the template is there to be paid for: nothing of a first creation that was undone.
pub(super) fn running_resources(cx: &Context, stack: &Stack) -> Vec<Resource> {
    if stack.status.is_rolled_back_creation() {
        return Vec::new();
    }
    template_resources(cx, stack)
}

/// What runs now costs this: what the stack has of the template, all of it where that may not be read, and the tasks.
pub(super) async fn cost_now(cx: &Context, stack: &Stack) -> Answer<Estimate> {
    let model = CostModel::shipped(&cx.cloud.about().region);
    let planned = running_resources(cx, stack);
    if planned.is_empty() {
        return Ok(model.now_estimate(&[], None, &[]));
    }
    let names = Names::of(stack);
    let (held, tasks) = join(resources(&*cx.cloud, &stack.id), tasks(&*cx.cloud, &names)).await;
    let held = held.ok();
    let tasks = of_cluster(tasks, held.as_deref())?;
    Ok(model.now_estimate(&planned, held.as_deref(), &tasks))
}

/// Services or tasks; none where the stack has no cluster, yet or any more.
pub(super) fn of_cluster<T>(answer: Result<Vec<T>, Fault>, held: Option<&[StackResource]>) -> Result<Vec<T>, Fault> {
    match answer {
        Err(fault) if fault.kind == FaultKind::NotFound && held.is_some_and(|all| lacks(all, CLUSTER)) => Ok(Vec::new()),
        answer => answer,
    }
}

/// The service that a person means by `openwebui`, `litellm` or its full name.
pub(super) fn service_named<'a>(services: &'a [Service], names: &Names, word: &str) -> Answer<&'a Service> {
    let full = word
        .to_lowercase()
        .parse::<App>()
        .map_or_else(|_| word.into(), |app| names.service(app));
    services.iter().find(|s| s.name == full).ok_or_else(|| {
        let known = ["openwebui", "litellm"].into_iter().chain(services.iter().map(|s| s.name.as_str()));
        Failure::Usage(format!("There is no service \"{word}\"; {}", nearest::hint(word, known)))
    })
}
