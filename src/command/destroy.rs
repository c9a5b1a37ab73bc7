//! `destroy`: what is lost and what stays, the typed name, then the deletion to its end.

use serde::Serialize;

use super::{
    Answer, Context, Verdict, confirm_name,
    deploy::{follow_command, followed, tell_kept},
    leftovers, reads,
    scale::tell_done,
    watch::Watch,
    write,
};
use crate::{
    cli::DestroyArgs,
    cloud::Change,
    core::{
        cost::CostModel,
        fact::Stack,
        fault::{Fault, FaultKind},
        inventory::{Inventory, Lost, Sources, Stay},
        leftovers::{self as core_leftovers, Unknown},
        prices::Prices,
        text::SafeText,
        unstick,
    },
};

/// The JSON of what `destroy` would take; one line before the events.
#[derive(Debug, Serialize)]
struct Report {
    stack: SafeText,
    status: SafeText,
    resources: usize,
    /// What holds data and goes.
    lost: Vec<Lost>,
    /// What stays, and may go on costing.
    stays: Vec<Stay>,
    /// Places where something may stay that could not be looked at.
    unknown: Vec<Unknown>,
}

/// Deletes the stack.
pub(super) async fn run(cx: &mut Context, args: &DestroyArgs) -> Answer {
    let stack = reads::stack(&*cx.cloud, &cx.settings.stack)
        .await?
        .ok_or_else(|| reads::no_such_stack(cx))?;
    if args.unprotect {
        return unprotect(cx, args, &stack).await;
    }
    refuse(cx, &stack)?;
    let (inventory, held) = inventory(cx, &stack).await?;
    if cx.out.is_json() {
        cx.out.json_line(&inventory)?;
    } else {
        print(cx, &inventory)?;
    }
    cx.out.flush()?;
    let change = Change::DeleteStack { stack: stack.id.clone() };
    let question = format!("Delete stack {} with all of that?", stack.name);
    let interrupt = cx.interrupt.clone();
    interrupt.or(agree(cx, args, &stack, &question, &change)).await?;
    let mut watch = Watch::before(cx, stack.id.clone()).await?.planned(held);
    write(cx, change).await?;
    if args.no_watch {
        cx.out.note(format!("CloudFormation has begun; {} shows it.", follow_command(cx)));
        return Ok(Verdict::Well);
    }
    let rests = followed(cx, &mut watch, "deletion").await?;
    if rests.status.is_deleted() {
        cx.out.note(format!("Stack {} is deleted.", rests.name));
        // What was seen to stay is told, whatever the search for it may see.
        tell_kept(cx, &watch, &rests);
        tell_left(cx, &stack.id).await;
        return Ok(Verdict::Well);
    }
    cx.out.note(format!("Stack {} is {}.", rests.name, rests.status.0));
    for line in watch.cause() {
        cx.out.note(cx.placed(&line));
    }
    if rests.status.0 == "DELETE_FAILED" {
        let way = format!("`bic-tui unstick delete-retaining {}`", cx.same_place);
        cx.out.note(format!("{way} deletes the stack and keeps what can not be deleted."));
    }
    Ok(Verdict::NotWell)
}

/// What is left after all, and how to remove it.
async fn tell_left(cx: &mut Context, stack: &SafeText) {
    let search = leftovers::search(cx, Some(stack)).await;
    let (prices, region) = (Prices::shipped(), cx.cloud.about().region);
    let left = search.left();
    cx.out.note(core_leftovers::verdict(&prices, &region, &search));
    if !left.is_empty() {
        cx.out.note(format!(
            "`bic-tui leftovers {}` lists it, and removes it one by one.",
            cx.same_place
        ));
    }
}

/// A step of its own: nothing is deleted.
async fn unprotect(cx: &mut Context, args: &DestroyArgs, stack: &Stack) -> Answer {
    if !stack.termination_protection {
        tell_done(cx, "unprotect", &stack.id)?;
        cx.out
            .note(format!("Termination protection of stack {} is off already.", stack.name));
        return Ok(Verdict::Well);
    }
    let change = Change::Protect {
        stack: stack.id.clone(),
        on: false,
    };
    let question = format!("Switch the termination protection of stack {} off?", stack.name);
    agree(cx, args, stack, &question, &change).await?;
    write(cx, change).await?;
    tell_done(cx, "unprotect", &stack.id)?;
    cx.out.note(format!("Termination protection of stack {} is off.", stack.name));
    Ok(Verdict::Well)
}

async fn agree(cx: &mut Context, args: &DestroyArgs, stack: &Stack, question: &str, change: &Change) -> Answer<()> {
    super::refuse_unless_writable(cx, change)?;
    let given = args
        .confirm
        .as_deref()
        .or(cx.is_yes.then_some(stack.name.as_str()))
        .map(str::to_owned);
    confirm_name(cx, question, &stack.name, given.as_deref()).await
}

fn refuse(cx: &Context, stack: &Stack) -> Answer<()> {
    let refused = |why: &str| Err(Fault::new(FaultKind::Guarded, "", "", &format!("stack {} is not deleted: {why}", stack.name)).into());
    if stack.termination_protection {
        return refused(&format!(
            "its termination protection is on; `bic-tui destroy --unprotect {}` switches it off, by a step of its own",
            cx.same_place
        ));
    }
    if stack.status.is_deleted() {
        return refused("it is deleted already");
    }
    let cancel = format!("`bic-tui unstick cancel-update {}`", cx.same_place);
    Ok(unstick::refuse_deletion(stack, &cancel)?)
}

/// What goes and what stays, and the logical ids of what the stack has.
async fn inventory(cx: &Context, stack: &Stack) -> Answer<(Report, Vec<SafeText>)> {
    let resources = reads::resources(&*cx.cloud, &stack.id).await?;
    let search = leftovers::search(cx, Some(&stack.id)).await;
    let Inventory { lost, stays } = Inventory::of(Sources {
        resources: &resources,
        template: &reads::template_resources(cx, stack),
        parameters: &stack.given(),
        cost: &CostModel::shipped(&cx.cloud.about().region),
        search: Some(&search),
        now: cx.cloud.now(),
    });
    let held: Vec<SafeText> = resources.iter().filter(|r| r.is_held()).map(|r| r.logical_id.clone()).collect();
    let report = Report {
        stack: stack.name.clone(),
        status: stack.status.0.clone(),
        resources: held.len(),
        lost,
        stays,
        unknown: search.unknown().to_vec(),
    };
    Ok((report, held))
}

fn print(cx: &mut Context, inventory: &Report) -> Answer<()> {
    cx.out.line(format!(
        "Stack {} is {} with {} resources.",
        inventory.stack, inventory.status, inventory.resources
    ))?;
    for Lost { resource: r, size, .. } in &inventory.lost {
        cx.out
            .line(format!("lost   {} ({}) {}{size}", r.logical_id, r.resource_type, r.physical_id))?;
    }
    for stay in &inventory.stays {
        cx.out.line(format!("stays  {}", stay.about))?;
    }
    for it in &inventory.unknown {
        cx.out.note(format!("not known: {}: {}. {}", it.what, it.why, it.next));
    }
    Ok(())
}
