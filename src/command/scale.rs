//! `scale`, `restart`, `stop-task`.

use serde::Serialize;

use super::{Answer, Context, Failure, Verdict, confirm, reads, write};
use crate::{
    cli::{RestartArgs, ScaleArgs, StopTaskArgs},
    cloud::Change,
    core::{
        cost::{self, CostModel},
        fact::{Service, Stack},
        fault::{Fault, FaultKind},
        names::Names,
        sleep,
    },
};

/// The JSON of the three.
#[derive(Debug, Serialize)]
struct Report<'a> {
    done: &'static str,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<i32>,
}

/// Sets the count of a service.
pub(super) async fn scale(cx: &mut Context, args: &ScaleArgs) -> Answer {
    let stack = reads::existing_stack(cx).await?;
    let names = Names::of(&stack);
    let services = reads::services(&*cx.cloud, &names).await?;
    let service = reads::service_named(&services, &names, &args.service)?;
    let refusal = names
        .app(&service.name)
        .and_then(|app| sleep::scale_refusal(app, args.count, &stack.given()));
    if let Some(reason) = refusal {
        return Err(Fault::new(FaultKind::Guarded, "ecs:UpdateService", &service.name, reason.trim_end_matches('.')).into());
    }
    if service.desired == args.count {
        cx.out.note(format!("{} already has {} task(s) wanted.", service.name, args.count));
        if cx.out.is_json() {
            cx.out.json(&scaled(service, args.count))?;
        }
        return Ok(Verdict::Well);
    }
    refuse_busy(cx, &stack)?;
    let change = Change::Scale {
        cluster: names.cluster(),
        service: service.name.clone(),
        from: service.desired,
        to: args.count,
    };
    let price = price(cx, &stack, service, args.count);
    let question = format!("Scale {} from {} to {} task(s)?{price}", service.name, service.desired, args.count);
    confirm(cx, &question, std::slice::from_ref(&change)).await?;
    // The question may have stood open for long.
    let now = reads::existing_stack(cx).await?;
    refuse_busy(cx, &now)?;
    write(cx, change).await?;
    say(
        cx,
        &scaled(service, args.count),
        &format!("{}: {} → {} task(s) wanted.{price}", service.name, service.desired, args.count),
    )
}

/// Counts are not changed while CloudFormation is at work.
///
/// # Errors
/// That it is, and what to do.
pub(super) fn refuse_busy(cx: &Context, stack: &Stack) -> Answer<()> {
    let place = &cx.same_place;
    let next = format!("`bic-tui deploy --watch {place}` waits for its end, `bic-tui unstick {place}` lists the ways out");
    let why = sleep::busy(&stack.status, &next);
    why.map_or(Ok(()), |why| Err(Fault::new(FaultKind::Guarded, "", "", &why).into()))
}

/// What another count adds to the bill, by the template's own size of a task.
fn price(cx: &Context, stack: &Stack, service: &Service, count: i32) -> String {
    let resources = reads::running_resources(cx, stack);
    let model = CostModel::shipped(&cx.cloud.about().region);
    let more = model.tasks_hour(&resources, &Names::of(stack), &service.name, count - service.desired);
    more.map_or_else(String::new, |more| format!(" That is {}.", cost::difference(more)))
}

fn scaled(service: &Service, to: i32) -> Report<'_> {
    Report {
        done: "scale",
        subject: &service.name,
        from: Some(service.desired),
        to: Some(to),
    }
}

/// Forces a new deployment.
pub(super) async fn restart(cx: &mut Context, args: &RestartArgs) -> Answer {
    let stack = reads::existing_stack(cx).await?;
    let names = Names::of(&stack);
    let services = reads::services(&*cx.cloud, &names).await?;
    let service = reads::service_named(&services, &names, &args.service)?;
    if stack.status.is_at_work() {
        cx.out.note(sleep::waits(&stack.status));
    }
    let change = Change::Restart {
        cluster: names.cluster(),
        service: service.name.clone(),
    };
    let question = format!("Replace all {} task(s) of {} by new ones?", service.desired, service.name);
    confirm(cx, &question, std::slice::from_ref(&change)).await?;
    write(cx, change).await?;
    let done = Report {
        done: "restart",
        subject: &service.name,
        from: None,
        to: None,
    };
    say(cx, &done, &format!("{}: a new deployment has begun.", service.name))
}

/// Stops the one task whose id begins so.
pub(super) async fn stop_task(cx: &mut Context, args: &StopTaskArgs) -> Answer {
    let names = Names::of(&reads::existing_stack(cx).await?);
    let tasks = reads::tasks(&*cx.cloud, &names).await?;
    let wanted = args.task.rsplit('/').next().unwrap_or(&args.task);
    let found: Vec<_> = tasks
        .iter()
        .filter(|t| !t.is_stopped() && !wanted.is_empty() && t.id().starts_with(wanted))
        .collect();
    let task = match found.as_slice() {
        [] => {
            return Err(Failure::Usage(format!(
                "No running task begins with \"{}\"; `bic-tui tasks` lists them.",
                args.task
            )));
        }
        [task] => *task,
        many => {
            return Err(Failure::Usage(format!(
                "{} running tasks begin with \"{}\"; give more of the id.",
                many.len(),
                args.task
            )));
        }
    };
    let change = Change::StopTask {
        cluster: names.cluster(),
        task: task.arn.clone(),
    };
    let question = format!("Stop task {} of {}? The service starts another one.", task.id(), task.service);
    confirm(cx, &question, std::slice::from_ref(&change)).await?;
    write(cx, change).await?;
    let done = Report {
        done: "stop-task",
        subject: &task.arn,
        from: None,
        to: None,
    };
    say(cx, &done, &format!("Task {} is stopping.", task.id()))
}

/// The JSON of a write that has nothing more to tell.
pub(super) fn tell_done(cx: &mut Context, done: &'static str, subject: &str) -> Answer<()> {
    if !cx.out.is_json() {
        return Ok(());
    }
    cx.out.json(&Report {
        done,
        subject,
        from: None,
        to: None,
    })
}

fn say(cx: &mut Context, done: &Report<'_>, text: &str) -> Answer {
    if cx.out.is_json() {
        cx.out.json(done)?;
    } else {
        cx.out.line(text)?;
    }
    Ok(Verdict::Well)
}
