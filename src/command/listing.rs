//! `tasks`, `targets`, `outputs`: plain listings.

use super::{Answer, Context, Failure, Verdict, reads, text};
use crate::{
    cli::{OutputsArgs, TasksArgs},
    core::{
        cause::stop_phrase,
        fact::{Millis, Stack, Task},
        fault::FaultKind,
        names::{App, Names},
        nearest,
    },
};

/// Prints tasks, newest first. JSON: a list of `Task`.
pub(super) async fn tasks(cx: &mut Context, args: &TasksArgs) -> Answer {
    let stack = reads::existing_stack(cx).await?;
    let names = Names::of(&stack);
    let mut tasks = reads::tasks(&*cx.cloud, &names).await?;
    if let Some(word) = &args.service {
        let full = word
            .to_lowercase()
            .parse::<App>()
            .map_or_else(|_| word.as_str().into(), |app| names.service(app));
        tasks.retain(|t| t.service == full);
    }
    tasks.retain(|t| !args.stopped || t.is_stopped());
    tasks.sort_by_key(|t| (t.is_stopped(), std::cmp::Reverse(t.created)));
    if cx.out.is_json() {
        cx.out.json(&tasks)?;
        return Ok(Verdict::Well);
    }
    let now = cx.cloud.now();
    let rows: Vec<Vec<String>> = tasks.iter().map(|t| row(t, &stack, now)).collect();
    for line in text::table(&["TASK", "SERVICE", "STATUS", "HEALTH", "AGE", "SIZE", "ZONE", "WHY"], &rows) {
        cx.out.line(line)?;
    }
    Ok(Verdict::Well)
}

fn row(task: &Task, stack: &Stack, now: Millis) -> Vec<String> {
    let size = match (task.cpu, task.memory) {
        (Some(cpu), Some(memory)) => format!("{} vCPU {} GB", f64::from(cpu) / 1024.0, f64::from(memory) / 1024.0),
        _ => "-".into(),
    };
    vec![
        task.id().to_owned(),
        text::or_dash(&task.service),
        task.status.to_string(),
        text::or_dash(&task.health),
        text::age(task.stopped.or(task.started).or(task.created), now),
        size,
        text::or_dash(&task.zone),
        if task.is_stopped() {
            stop_phrase(task, &stack.given())
        } else {
            String::new()
        },
    ]
}

/// Prints the health of each target; "not well" when a group has a sick one. JSON: a list of `TargetGroup`.
pub(super) async fn targets(cx: &mut Context) -> Answer {
    let resources = match reads::resources(&*cx.cloud, &cx.settings.stack).await {
        Err(fault) if fault.kind == FaultKind::NotFound => return Err(reads::no_such_stack(cx)),
        told => told?,
    };
    let groups = reads::targets(&*cx.cloud, reads::target_groups(&resources)).await?;
    let is_well = groups
        .iter()
        .flat_map(|g| &g.targets)
        .all(|t| t.is_healthy() || t.state == "draining");
    let verdict = if is_well { Verdict::Well } else { Verdict::NotWell };
    if cx.out.is_json() {
        cx.out.json(&groups)?;
        return Ok(verdict);
    }
    let mut rows = Vec::new();
    for group in &groups {
        if group.targets.is_empty() {
            rows.push(vec![group.name().to_owned(), "-".into(), "-".into(), "no target".into()]);
        }
        for target in &group.targets {
            let port = target.port.map_or_else(String::new, |p| format!(":{p}"));
            rows.push(vec![
                group.name().to_owned(),
                format!("{}{port}", target.id),
                text::or_dash(&target.zone),
                target.state.to_string(),
                [&*target.reason, &*target.description]
                    .iter()
                    .filter(|s| !s.is_empty())
                    .copied()
                    .collect::<Vec<_>>()
                    .join(": "),
            ]);
        }
    }
    for line in text::table(&["GROUP", "TARGET", "ZONE", "STATE", "WHY"], &rows) {
        cx.out.line(line)?;
    }
    Ok(verdict)
}

/// Prints the outputs, or the bare value of one. JSON: a list of `Output`, or one string.
pub(super) async fn outputs(cx: &mut Context, args: &OutputsArgs) -> Answer {
    let stack = reads::existing_stack(cx).await?;
    if let Some(name) = &args.name {
        let value = stack.output(name).ok_or_else(|| {
            let known = stack.outputs.iter().map(|o| o.key.as_str());
            Failure::Usage(format!(
                "Stack {} has no output \"{name}\"; {}",
                stack.name,
                nearest::hint(name, known)
            ))
        })?;
        if cx.out.is_json() {
            cx.out.json(value)?;
        } else {
            cx.out.line(value)?;
        }
        return Ok(Verdict::Well);
    }
    if cx.out.is_json() {
        cx.out.json(&stack.outputs)?;
        return Ok(Verdict::Well);
    }
    let rows: Vec<Vec<String>> = stack
        .outputs
        .iter()
        .map(|o| vec![o.key.to_string(), o.value.to_string(), o.description.to_string()])
        .collect();
    for line in text::table(&["OUTPUT", "VALUE", "DESCRIPTION"], &rows) {
        cx.out.line(line)?;
    }
    Ok(Verdict::Well)
}
