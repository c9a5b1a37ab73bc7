//! The door of every write. The token and the change are on the disk before anything is sent; when the
//! answer is lost, what became of it is looked up by that token, and only what AWS knows nothing of is sent
//! again: the same request under the same token.

use std::{sync::Arc, time::Duration};

use crate::{
    cloud::{Change, Cloud, Done, Query, Token},
    core::{
        fact::{Fact, StackEvent},
        fault::{Fault, FaultKind},
        leftovers, sleep,
        text::SafeText,
        unstick,
    },
    journal::Journal,
};

/// Longest that one sending may take: an image through the stack has 130 s of its own.
const LIMIT: Duration = Duration::from_secs(140);

/// Waits between two looks for what became of a write; two minutes in all.
const LOOKS: [u64; 9] = [1, 1, 2, 4, 8, 15, 30, 30, 30];

/// Looks after AWS refused a repetition, before the refusal is believed: events come a little late.
const DOUBTS: usize = 3;

/// Sends one change.
///
/// # Errors
/// The cloud's fault, or the journal's: what can not be noted is not sent. Where nobody can say what became
/// of the change, the fault says just that.
pub async fn send(cloud: &dyn Cloud, journal: &Arc<Journal>, change: &Change) -> Result<Done, Fault> {
    refuse_if_held(cloud, change).await?;
    refuse_if_updated(cloud, change).await?;
    let token = Token(format!("bic-tui-{}", uuid::Uuid::new_v4()).into());
    note(cloud, journal, change, &token, None).await?;
    let (result, is_looked_up) = match attempt(cloud, change, &token).await {
        Err(fault) if is_lost(&fault) => (settle(cloud, change, &token, fault).await, true),
        answer => (answer, false),
    };
    let outcome = match &result {
        Ok(_) if is_looked_up => "accepted; the answer was lost, and AWS was asked again".to_owned(),
        Ok(_) => "accepted".to_owned(),
        Err(fault) => fault.sentence(),
    };
    if note(cloud, journal, change, &token, Some(outcome)).await.is_err() {
        tracing::warn!("the end of a change could not be noted in the audit log");
    }
    result
}

/// Sends one of some changes. Where they rest on a stack, none is sent once CloudFormation is at work on it.
///
/// # Errors
/// As [`send`], and that CloudFormation is at work.
pub async fn send_nth(
    cloud: &dyn Cloud,
    journal: &Arc<Journal>,
    (changes, nth): (&[Change], usize),
    rests: Option<&SafeText>,
) -> Result<Done, Fault> {
    if let Some(stack) = rests {
        refuse_if_at_work(cloud, stack, changes.split_at(nth)).await?;
    }
    send(cloud, journal, &changes[nth]).await
}

/// Counts are not changed while CloudFormation is at work on the stack: `sent` were before, `left` would be now.
///
/// # Errors
/// That it is, or that nobody can say so; after the first write what was sent and what was not.
pub async fn refuse_if_at_work(cloud: &dyn Cloud, stack: &SafeText, (sent, left): (&[Change], &[Change])) -> Result<(), Fault> {
    let Some(stack) = tell(cloud, stack).await?.filter(|it| it.status.is_at_work()) else {
        return Ok(());
    };
    let next = "wait for its end, or take a way out (`bic-tui unstick`)";
    let refused = |kind, why: String| Err(Fault::new(kind, "ecs:UpdateService", "", &why));
    match sleep::busy(&stack.status, next) {
        Some(why) if sent.is_empty() => refused(FaultKind::Guarded, why),
        _ => refused(FaultKind::Stopped, sleep::given_up(&stack.status, sent, left)),
    }
}

/// Nothing that a living stack has is removed behind its back, and nothing of which that is not known.
async fn refuse_if_held(cloud: &dyn Cloud, change: &Change) -> Result<(), Fault> {
    let Some(query) = leftovers::holders_of(change) else {
        return Ok(());
    };
    let id = leftovers::removed(change).cloned().unwrap_or_default();
    let refused = |why: String| Err(Fault::new(FaultKind::Guarded, change.operation(), &id, &why));
    match cloud.ask(query).await {
        Ok(Fact::Holders(held)) => match held.first() {
            None => Ok(()),
            Some((_, stack)) => refused(format!(
                "{id} is not removed: the living stack {} has it",
                leftovers::stack_name(stack)
            )),
        },
        Ok(_) => refused(format!("{id} is not removed: whether a living stack has it is not known")),
        Err(fault) => Err(Fault {
            // What is not found would pass for what is gone already.
            kind: Some(fault.kind)
                .filter(|kind| *kind != FaultKind::NotFound)
                .unwrap_or(FaultKind::OddAnswer),
            detail: format!(
                "{id} is not removed, because whether a living stack has it is not known: {}",
                fault.detail
            )
            .into(),
            ..fault
        }),
    }
}

/// No deletion is sent behind an update that has begun since it was asked for. Where that can not be read AWS decides,
/// which refuses it too.
async fn refuse_if_updated(cloud: &dyn Cloud, change: &Change) -> Result<(), Fault> {
    let (Change::DeleteStack { stack } | Change::DeleteRetaining { stack, .. }) = change else {
        return Ok(());
    };
    match tell(cloud, stack).await {
        Ok(Some(stack)) => unstick::refuse_deletion(&stack, "`bic-tui unstick cancel-update`"),
        _ => Ok(()),
    }
}

/// A line in the journal: the beginning, or the end with its outcome.
async fn note(cloud: &dyn Cloud, journal: &Arc<Journal>, change: &Change, token: &Token, outcome: Option<String>) -> Result<(), Fault> {
    let (about, at) = (cloud.about(), cloud.now());
    let (log, noted, token) = (Arc::clone(journal), change.clone(), token.clone());
    let written = tokio::task::spawn_blocking(move || match outcome {
        None => log.begin(&noted, &token, &about, at),
        Some(outcome) => log.end(&noted, &token, &about, (outcome, at)),
    });
    written.await.unwrap_or_else(|_| {
        let why = "the audit log could not be written";
        Err(Fault::new(FaultKind::Unnoted, change.operation(), "", why))
    })
}

async fn attempt(cloud: &dyn Cloud, change: &Change, token: &Token) -> Result<Done, Fault> {
    let sent = tokio::time::timeout(LIMIT, cloud.change(change.clone(), token.clone()));
    let late = |_| Err(Fault::new(FaultKind::TimedOut, change.operation(), "", ""));
    sent.await.unwrap_or_else(late)
}

/// AWS may have carried it out, though nobody could read so.
fn is_lost(fault: &Fault) -> bool {
    matches!(
        fault.kind,
        FaultKind::TimedOut | FaultKind::Unreachable | FaultKind::AwsFailed | FaultKind::OddAnswer
    )
}

/// What became of a change whose answer was lost.
async fn settle(cloud: &dyn Cloud, change: &Change, token: &Token, mut lost: Fault) -> Result<Done, Fault> {
    match change {
        // A picture changes nothing: why it did not come is all there is to say.
        Change::TestImage { .. } => return Err(lost),
        // Made twice when asked for twice, and without a token.
        Change::Restart { .. } => return Err(unknown(lost)),
        _ => {}
    }
    let mut refusal: Option<Fault> = None;
    let mut doubts = 0;
    for seconds in LOOKS {
        pause(cloud, Duration::from_secs(seconds)).await;
        match look_up(cloud, change, token).await {
            Ok(Some(done)) => return Ok(done),
            Ok(None) if refusal.is_some() && doubts + 1 == DOUBTS => break,
            Ok(None) if refusal.is_some() => doubts += 1,
            Ok(None) => match attempt(cloud, change, token).await {
                Ok(done) => return Ok(done),
                Err(fault) if is_lost(&fault) => lost = fault,
                Err(fault) if says_nothing(&fault) => {}
                // It may be the first sending that stands in the way of the second one.
                Err(fault) => refusal = Some(fault),
            },
            Err(_) => {}
        }
    }
    // A refusal behind which nobody could look says nothing either.
    Err(refusal.filter(|_| doubts > 0).unwrap_or_else(|| unknown(lost)))
}

/// AWS did not judge what was sent again, which tells nothing of the first sending.
fn says_nothing(fault: &Fault) -> bool {
    fault.is_credentials() || matches!(fault.kind, FaultKind::Denied | FaultKind::Throttled)
}

fn unknown(lost: Fault) -> Fault {
    let why = "whether AWS carried it out is not known; what it shows from now on tells";
    Fault {
        detail: why.into(),
        ..lost
    }
}

/// At the cloud's own speed.
async fn pause(cloud: &dyn Cloud, wall: Duration) {
    tokio::time::sleep((wall / cloud.about().speed.max(1)).max(Duration::from_millis(20))).await;
}

/// What AWS knows of a change: `None` when it knows nothing of it.
///
/// # Errors
/// AWS could not be asked.
async fn look_up(cloud: &dyn Cloud, change: &Change, token: &Token) -> Result<Option<Done>, Fault> {
    let accepted = |is: bool| Ok(is.then_some(Done::Accepted));
    match change {
        Change::CreateChangeSet(plan) => {
            let set = change_set(cloud, &plan.stack, &token.change_set_name().into()).await?;
            Ok(set.map(|set| Done::ChangeSet {
                id: set.id,
                stack_id: set.stack_id,
            }))
        }
        Change::ExecuteChangeSet { stack, change_set: set } => {
            // Nobody else runs a plan that has our token in its name.
            let runs = |it: &crate::core::fact::ChangeSet| it.execution.starts_with("EXECUTE_");
            let has_begun = change_set(cloud, stack, set).await?.is_some_and(|it| runs(&it));
            accepted(has_begun || has_token(cloud, stack, token).await?)
        }
        Change::DeleteChangeSet { stack, change_set: set } => {
            let left = change_set(cloud, stack, set).await?;
            accepted(left.is_none_or(|it| it.status.starts_with("DELETE_")))
        }
        Change::DropEmptyStack { stack, .. } => {
            let left = tell(cloud, stack).await?;
            accepted(left.is_none_or(|it| it.status.0.starts_with("DELETE_")))
        }
        Change::DeleteStack { stack }
        | Change::DeleteRetaining { stack, .. }
        | Change::CancelUpdate { stack }
        | Change::RollbackStack { stack }
        | Change::ContinueRollback { stack, .. } => accepted(has_token(cloud, stack, token).await?),
        Change::Protect { stack, on } => accepted(tell(cloud, stack).await?.is_some_and(|it| it.termination_protection == *on)),
        Change::Scale { cluster, service, to, .. } => {
            let (cluster, services) = (cluster.clone(), vec![service.clone()]);
            match cloud.ask(Query::Services { cluster, services }).await? {
                Fact::Services(found) => accepted(found.iter().any(|it| it.name == *service && it.desired == *to)),
                _ => Ok(None),
            }
        }
        Change::ChangeRecords { zone, removes, upserts } => {
            let (zone, names) = (zone.clone(), upserts.iter().map(|it| it.name.clone()).collect());
            let Fact::DnsRecords(standing) = cloud.ask(Query::DnsRecords { zone, names }).await? else {
                return Ok(None);
            };
            accepted(upserts.iter().all(|it| standing.contains(it)) && !removes.iter().any(|it| standing.contains(it)))
        }
        Change::DeleteThroughput { arn } => {
            let left = cloud.ask(Query::Throughput { arn: arn.clone() }).await?;
            accepted(matches!(left, Fact::Throughput(None)))
        }
        // Their token is AWS's own: sent twice they make one.
        Change::RequestCertificate { .. } | Change::BuyThroughput(_) => Ok(None),
        // Sent twice they do the same as once: what is gone already is answered as not found.
        Change::DeleteRecoveryPoint { .. }
        | Change::DeleteSnapshot { .. }
        | Change::DeleteLogGroup { .. }
        | Change::DeleteSecret { .. }
        | Change::DeleteResource { .. }
        | Change::StopTask { .. }
        | Change::TagService { .. }
        | Change::Restart { .. }
        | Change::TestImage { .. } => Ok(None),
    }
}

async fn change_set(cloud: &dyn Cloud, stack: &SafeText, name: &SafeText) -> Result<Option<crate::core::fact::ChangeSet>, Fault> {
    let query = Query::ChangeSet {
        stack: stack.clone(),
        change_set: name.clone(),
    };
    match cloud.ask(query).await {
        Ok(Fact::ChangeSet(set)) => Ok(Some(set)),
        Err(fault) if fault.kind != FaultKind::NotFound => Err(fault),
        _ => Ok(None),
    }
}

async fn tell(cloud: &dyn Cloud, stack: &SafeText) -> Result<Option<crate::core::fact::Stack>, Fault> {
    match cloud.ask(Query::Stack { stack: stack.clone() }).await? {
        Fact::Stack(stack) => Ok(stack),
        _ => Ok(None),
    }
}

/// CloudFormation writes the token of an operation into each of its events.
async fn has_token(cloud: &dyn Cloud, stack: &SafeText, token: &Token) -> Result<bool, Fault> {
    let query = Query::StackEvents {
        stack: stack.clone(),
        known: None,
    };
    let is_ours = |event: &StackEvent| event.token.as_ref() == Some(&token.0);
    match cloud.ask(query).await {
        Ok(Fact::StackEvents(it)) => Ok(it.events.iter().any(is_ours)),
        Err(fault) if fault.kind != FaultKind::NotFound => Err(fault),
        _ => Ok(false),
    }
}
