//! `plan` and `deploy`: a change set, always shown before it runs.

mod made;
mod shown;

use self::{
    made::{Made, discard, make, wait},
    shown::{outline, show},
};
use super::{
    Answer, Context, Failure, NOTHING_SENT, Verdict,
    check::{self, Looked},
    confirm, confirm_name, reads, text,
    watch::Watch,
    write,
};
use crate::{
    cli::{DeployArgs, PlanArgs},
    cloud::Change,
    core::{
        fact::Stack,
        fault::{Fault, FaultKind},
        plan::{self, Draft},
        preflight::{self, Check},
        progress::Progress,
        tags::{self, Tag},
        text::SafeText,
    },
};

/// What a plan names.
struct Planned {
    resources: Vec<SafeText>,
    /// The stack's tags afterwards, where they are to be others.
    tags: Option<Vec<Tag>>,
}

/// Shows what a deploy would do, and leaves nothing behind.
pub(super) async fn plan(cx: &mut Context, args: &PlanArgs) -> Answer {
    drop_abandoned(cx).await;
    let ready = ready(cx, args).await?;
    let made = make(cx, &ready).await?;
    let interrupt = cx.interrupt.clone();
    let shown = interrupt
        .or(async {
            let set = wait(cx, &made).await?;
            show(cx, &ready, &set).await.map(|_| ())
        })
        .await;
    let gone = discard(cx, &made).await;
    // The first failure is the one to report.
    shown.and(gone).map(|()| Verdict::Well)
}

/// Creates or updates the stack.
pub(super) async fn deploy(cx: &mut Context, args: &DeployArgs) -> Answer {
    if args.watch && args.plan == PlanArgs::default() {
        let found = reads::stack(&*cx.cloud, &cx.settings.stack).await?;
        if let Some(stack) = found.filter(|s| s.status.is_in_progress()) {
            return join(cx, stack).await;
        }
    }
    drop_abandoned(cx).await;
    let ready = ready(cx, &args.plan).await?;
    let made = match make(cx, &ready).await {
        Ok(made) => made,
        Err(failure) => return Err(unexecuted(overtaken(cx, failure).await, cx)),
    };
    let interrupt = cx.interrupt.clone();
    let agreed = interrupt.or(agree(cx, args, &ready, &made)).await;
    match agreed {
        Ok(Some(resources)) => {
            let planned = Planned {
                resources,
                tags: ready.draft.request.tags,
            };
            execute(cx, (made, planned), args.no_watch).await
        }
        Ok(None) => {
            discard(cx, &made).await?;
            Ok(Verdict::Well)
        }
        Err(failure) => {
            // The first failure is the one to report.
            let is_gone = discard(cx, &made).await.is_ok();
            Err(unexecuted(not_agreed(overtaken(cx, failure).await, is_gone), cx))
        }
    }
}

/// What is wrong with a request before the execution does not tell that there was none.
fn unexecuted(failure: Failure, cx: &mut Context) -> Failure {
    if matches!(failure, Failure::Fault(_)) {
        cx.out.note("Nothing was executed.");
    }
    failure
}

/// Nobody said yes to the plan. It had been made, so it is not true that nothing was sent.
fn not_agreed(failure: Failure, is_gone: bool) -> Failure {
    let end = if is_gone {
        "Nothing was executed; the plan made for it is removed."
    } else {
        "Nothing was executed; the plan made for it could not be removed."
    };
    match failure {
        Failure::Usage(text) => Failure::Usage(text.replace(NOTHING_SENT, end)),
        Failure::Declined => Failure::NotWell(end.into()),
        other => other,
    }
}

/// What a plan that is gone, or that its stack does not take, comes from: another deploy of it was faster.
async fn overtaken(cx: &Context, failure: Failure) -> Failure {
    let name = &cx.settings.stack;
    let is_void = |fault: &Fault| match (fault.kind, fault.operation.as_str()) {
        _ if plan::is_void(fault) => true,
        // A plan that failed by itself has a reason.
        (FaultKind::Refused, "cloudformation:DescribeChangeSet") => fault.detail.is_empty(),
        _ => plan::in_the_way(fault, name).is_some(),
    };
    let why = match &failure {
        Failure::Fault(fault) if is_void(fault) => plan::awss_reason(fault, name),
        _ => return failure,
    };
    let told = match reads::stack(&*cx.cloud, name).await {
        Ok(Some(stack)) if stack.status.is_in_progress() && !stack.status.is_in_review() => format!(
            "Another deploy of stack {name} was faster: it is {}, and this plan is void. Nothing was executed; {} follows what runs.",
            stack.status.0,
            follow_command(cx)
        ),
        Ok(Some(stack)) if !stack.status.is_in_review() => format!(
            "The plan of stack {name} is void: another deploy was faster, or has taken it away. The stack is {} now. Nothing was executed; run this again.",
            stack.status.0
        ),
        Ok(_) => format!("The plan of stack {name} is gone: another deploy has taken it away. Nothing was executed; run this again."),
        Err(_) => return failure,
    };
    Failure::NotWell(told + &why)
}

/// Plans of an earlier run that was ended in the middle. What can not be removed stands in nobody's way.
async fn drop_abandoned(cx: &mut Context) {
    let Ok(journal) = &cx.journal else { return };
    let past = journal.past(&cx.cloud.about(), cx.cloud.now());
    for plan in past.abandoned {
        for change in plan.removal() {
            if write(cx, change).await.is_err() {
                break;
            }
        }
    }
}

/// Follows the operation that runs, whoever began it.
async fn join(cx: &mut Context, stack: Stack) -> Answer {
    cx.out.note(format!(
        "Stack {} is {}: following what runs; nothing new is begun.",
        stack.name, stack.status.0
    ));
    let is_deletion = stack.status.0 == "DELETE_IN_PROGRESS";
    let mut watch = Watch::running(cx, stack.id).await?;
    let ended = followed(cx, &mut watch, if is_deletion { "deletion" } else { "operation" }).await?;
    let verdict = verdict(cx, &watch, &ended)?;
    // What was asked for is its end.
    let is_well = is_deletion && ended.status.is_deleted();
    Ok(if is_well { Verdict::Well } else { verdict })
}

/// What may be sent: no check stands in its way.
struct Ready {
    draft: Draft,
    /// The stack that exists.
    before: Option<Stack>,
    checks: Vec<Check>,
}

async fn ready(cx: &mut Context, args: &PlanArgs) -> Answer<Ready> {
    let looked = Looked::at(cx, &check::wish(args)?).await;
    if let Some(refusal) = looked
        .stack
        .as_ref()
        .map_err(Clone::clone)?
        .as_ref()
        .and_then(|s| plan::refusal(s, &cx.same_place))
    {
        return Err(Fault::new(FaultKind::Guarded, "", "", &refusal).into());
    }
    let checks = looked.checks(cx, args)?;
    let before = check::existing(&looked.stack).cloned();
    let mut draft = looked
        .draft
        .map_err(|e| Failure::Usage(format!("{}.", e.trim_end_matches(['.', '?']))))?;
    let waived = checks.iter().filter(|c| c.evidence.ends_with("(overridden)"));
    draft.request.overridden = waived.map(|c| preflight::override_name(c).into()).collect();
    let ready = Ready { draft, before, checks };
    if let Some(why) = preflight::obstacles(&ready.checks) {
        let past = preflight::way_past(&ready.checks).map(|flags| format!(" Who knows better adds {flags}."));
        let why = format!("{why}{} {NOTHING_SENT}", past.unwrap_or_default());
        if cx.out.is_json() {
            let plan = outline(cx, &ready);
            cx.out.json_line(&plan)?;
        }
        return Err(Failure::NotWell(why));
    }
    Ok(ready)
}

/// Waits for the plan, shows it and asks. The resources that it names; `None` when there is nothing to do.
async fn agree(cx: &mut Context, args: &DeployArgs, ready: &Ready, made: &Made) -> Answer<Option<Vec<SafeText>>> {
    let set = wait(cx, made).await?;
    let losses = show(cx, ready, &set).await?;
    if set.is_no_change() {
        return Ok(None);
    }
    let name = cx.settings.stack.clone();
    let change = Change::ExecuteChangeSet {
        stack: made.stack_id.clone(),
        change_set: made.change_set.clone(),
    };
    if losses.is_empty() {
        confirm(cx, &format!("Execute this plan on stack {name}?"), &[change]).await?;
    } else {
        let question = if losses.lost.is_empty() {
            format!("This plan takes data out of stack {name}: it stays in the account and costs on.")
        } else {
            format!("This plan loses data of stack {name}.")
        };
        confirm_name(cx, &question, &name, args.confirm.as_deref()).await?;
    }
    Ok(Some(set.changes.into_iter().map(|c| c.logical_id).collect()))
}

async fn execute(cx: &mut Context, (made, planned): (Made, Planned), is_detached: bool) -> Answer {
    let watch = match Watch::before(cx, made.stack_id.clone()).await {
        Ok(watch) => watch.planned(planned.resources).tagged(planned.tags),
        Err(failure) => {
            // The first failure is the one to report.
            let _ = discard(cx, &made).await;
            return Err(overtaken(cx, failure).await);
        }
    };
    let change = Change::ExecuteChangeSet {
        stack: made.stack_id.clone(),
        change_set: made.change_set.clone(),
    };
    if let Err(failure) = write(cx, change).await {
        let failure = not_begun(cx, &made, failure).await;
        return Err(overtaken(cx, failure).await);
    }
    if is_detached {
        cx.out.note(format!("CloudFormation has begun; {} shows it.", follow_command(cx)));
        return Ok(Verdict::Well);
    }
    follow(cx, watch).await
}

async fn follow(cx: &mut Context, mut watch: Watch) -> Answer {
    let stack = followed(cx, &mut watch, "deploy").await?;
    verdict(cx, &watch, &stack)
}

/// Follows what runs to its end. Where that can not be seen it goes on all the same, and how it is seen is said.
pub(super) async fn followed(cx: &mut Context, watch: &mut Watch, what: &str) -> Answer<Stack> {
    let interrupt = cx.interrupt.clone();
    let hint = format!("The {what} goes on without this program; {} shows it.", follow_command(cx));
    let ended = interrupt.or(watch.follow(cx)).await;
    cx.out.end_bar();
    match ended {
        Err(Failure::Interrupted(status, _)) => Err(Failure::Interrupted(status, Some(hint))),
        Err(failure) => {
            cx.out.note(hint);
            // The same again would begin something new, or be refused.
            Err(match (&failure, failure.message()) {
                (Failure::Fault(fault), Some(text)) => {
                    let text = text.replace("run this again", &format!("run {}", follow_command(cx)));
                    Failure::Told(fault.exit_status(), cx.placed(&text))
                }
                _ => failure,
            })
        }
        Ok(stack) => Ok(stack),
    }
}

/// Where nothing has begun the plan is of no use; where it may have begun nothing is touched.
async fn not_begun(cx: &mut Context, made: &Made, failure: Failure) -> Failure {
    let Failure::Fault(fault) = &failure else { return failure };
    if fault.kind.may_have_begun() {
        let told = format!("Whether it has begun is not known; {} shows it.", follow_command(cx));
        cx.out.note(told);
        return failure;
    }
    // The first failure is the one to report.
    let _ = discard(cx, made).await;
    failure
}

/// Prints how the stack ended; where it did not end well, why.
pub(super) fn verdict(cx: &mut Context, watch: &Watch, stack: &Stack) -> Answer {
    if cx.out.is_json() {
        cx.out.json_line(stack)?;
    } else {
        cx.out.line(format!("Stack {} is {}.", stack.name, stack.status.0))?;
    }
    tell_kept(cx, watch, stack);
    // A deletion by somebody else ends well for nobody who deploys.
    if stack.status.is_success() && !stack.status.is_deleted() {
        if let Some(why) = tags::unmet(watch.tags.as_deref(), stack) {
            cx.out.note(format!("CloudFormation left the tags: {why}."));
        }
        if !cx.out.is_json() {
            let rows: Vec<_> = stack.outputs.iter().map(|o| vec![o.key.to_string(), o.value.to_string()]).collect();
            for line in text::columns(&rows) {
                cx.out.line(line)?;
            }
        }
        return Ok(Verdict::Well);
    }
    cx.out.flush()?;
    for line in watch.cause() {
        cx.out.note(cx.placed(&line));
    }
    Ok(Verdict::NotWell)
}

/// Says what the operation let go of and did not delete, and how it is found again.
pub(super) fn tell_kept(cx: &mut Context, watch: &Watch, stack: &Stack) {
    let progress = Progress::read(stack, &watch.events);
    for (row, id) in progress.kept() {
        let told = format!("The {}; `bic-tui leftovers` lists it.", row.outside(id));
        cx.out.note(cx.placed(&told));
    }
}

/// The command with which anyone follows what runs.
pub(super) fn follow_command(cx: &Context) -> String {
    format!("`bic-tui deploy --watch {}`", cx.same_place)
}
