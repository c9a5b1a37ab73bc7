//! `unstick`: the ways out of an operation, and taking one.

use serde::Serialize;

use super::{Answer, Context, Failure, Verdict, confirm, confirm_name, deploy::follow_command, reads, scale::tell_done, text, write};
use crate::{
    cli::UnstickArgs,
    cloud::Change,
    core::{
        awscli,
        fact::{Stack, StackResource},
        fault::{Fault, FaultKind},
        names::Names,
        text::SafeText,
        unstick::{self, Situation, Way},
    },
};

/// The JSON of the list.
#[derive(Debug, Serialize)]
struct List {
    stack: SafeText,
    status: SafeText,
    ways: Vec<Row>,
}

/// One way in it.
#[derive(Debug, Serialize)]
struct Row {
    way: String,
    open: bool,
    /// Why not, or what it does.
    about: String,
}

/// Lists the ways, or takes one.
pub(super) async fn run(cx: &mut Context, args: &UnstickArgs) -> Answer {
    let stack = reads::existing_stack(cx).await?;
    let resources = reads::resources(&*cx.cloud, &stack.id).await?;
    // Without a cluster there is no service to wait for.
    let services = reads::services(&*cx.cloud, &Names::of(&stack)).await.unwrap_or_default();
    let it = Situation {
        stack: &stack,
        resources: &resources,
        services: &services,
    };
    let Some(way) = args.way else {
        return list(cx, it);
    };
    let mut changes = unstick::changes(way, it).map_err(|why| refused(&stack, way, &why))?;
    let skip = left_out(way, args, &resources)?;
    if let [Change::ContinueRollback { skip: out, .. } | Change::DeleteRetaining { retain: out, .. }] = changes.as_mut_slice() {
        out.clone_from(&skip);
    }
    agree(cx, (&stack, way), &skip, &changes).await?;
    // The question may have stood open for long.
    let now = reads::existing_stack(cx).await?;
    unstick::changes(way, Situation { stack: &now, ..it }).map_err(|why| refused(&now, way, &why))?;
    for change in changes {
        write(cx, change).await?;
    }
    tell_done(cx, way.into(), &stack.id)?;
    cx.out.note(format!(
        "{}: begun on stack {}; {} follows it.",
        way.label(&stack),
        stack.name,
        follow_command(cx)
    ));
    Ok(Verdict::Well)
}

/// Refused here: AWS was not asked.
fn refused(stack: &Stack, way: Way, why: &str) -> Fault {
    let text = format!("stack {} is {} and does not take {way}: {why}", stack.name, stack.status.0);
    Fault::new(FaultKind::Guarded, "", "", &text)
}

/// The resources that are named to be left out, or kept: those that the way can leave out, and no others.
fn left_out(way: Way, args: &UnstickArgs, resources: &[StackResource]) -> Answer<Vec<SafeText>> {
    let (skippable, undeletable) = (unstick::skippable(resources), unstick::undeletable(resources));
    for (flag, given, known, is_its_way, why) in [
        (
            "left out",
            &args.skip,
            &skippable,
            way == Way::ContinueRollback,
            "only resources that a rollback could not put back can be",
        ),
        (
            "kept",
            &args.retain,
            &undeletable,
            way == Way::DeleteRetaining,
            "only resources that could not be deleted can be",
        ),
    ] {
        let is_known = |id: &String| is_its_way && known.iter().any(|(name, _)| *name == *id.as_str());
        if let Some(wrong) = given.iter().find(|id| !is_known(id)) {
            let names: Vec<&str> = known.iter().map(|(id, _)| id.as_str()).collect();
            return Err(Failure::Usage(format!(
                "{wrong} can not be {flag}: {why} ({}).",
                text::or_dash(&names.join(", "))
            )));
        }
    }
    let named = |given: &[String]| given.iter().map(|s| s.as_str().into()).collect();
    Ok(match way {
        Way::DeleteRetaining if args.retain.is_empty() => undeletable.into_iter().map(|(id, _)| id).collect(),
        Way::DeleteRetaining => named(&args.retain),
        _ => named(&args.skip),
    })
}

async fn agree(cx: &mut Context, (stack, way): (&Stack, Way), skip: &[SafeText], changes: &[Change]) -> Answer<()> {
    for line in unstick::warnings(way, skip) {
        cx.out.note(line);
    }
    let question = format!("{} of stack {}?", way.label(stack), stack.name);
    if !matches!(way, Way::DeleteCreation | Way::DeleteRetaining) {
        return confirm(cx, &question, changes).await;
    }
    let given = cx.is_yes.then(|| stack.name.to_string());
    for change in changes {
        super::refuse_unless_writable(cx, change)?;
    }
    confirm_name(cx, &question, &stack.name, given.as_deref()).await
}

/// What a way does, and the flags that leave out or keep what failed.
fn about(way: Way, it: Situation<'_>) -> String {
    let flags = |flag: &str, failed: Vec<(SafeText, SafeText)>| {
        let each: Vec<String> = failed.iter().map(|(id, _)| format!("{flag} {}", awscli::quote(id))).collect();
        if each.is_empty() {
            String::new()
        } else {
            format!(" ({})", each.join(" "))
        }
    };
    let flags = match way {
        Way::ContinueRollback => flags("--skip", unstick::skippable(it.resources)),
        Way::DeleteRetaining => flags("--retain", unstick::undeletable(it.resources)),
        _ => String::new(),
    };
    format!("{}{flags}", way.help(it.stack))
}

fn list(cx: &mut Context, it: Situation<'_>) -> Answer {
    let stack = it.stack;
    let rows: Vec<Row> = unstick::offers(it)
        .into_iter()
        .map(|offer| Row {
            way: offer.way.to_string(),
            open: offer.changes.is_ok(),
            about: offer.changes.err().unwrap_or_else(|| about(offer.way, it)),
        })
        .collect();
    if cx.out.is_json() {
        cx.out.json(&List {
            stack: stack.name.clone(),
            status: stack.status.0.clone(),
            ways: rows,
        })?;
        return Ok(Verdict::Well);
    }
    cx.out.line(format!("Stack {} is {}.", stack.name, stack.status.0))?;
    let cells: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| vec![row.way, if row.open { "open" } else { "closed" }.to_owned(), row.about])
        .collect();
    for line in text::columns(&cells) {
        cx.out.line(line)?;
    }
    Ok(Verdict::Well)
}
