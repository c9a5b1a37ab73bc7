//! `events`: the history of the stack, oldest first.

use super::{Answer, Context, Verdict, reads, text};
use crate::{
    cli::EventsArgs,
    core::{fact::StackEvent, settings::Settings},
};

/// Prints stack events. JSON: a list of `StackEvent`.
pub(super) async fn run(cx: &mut Context, args: &EventsArgs) -> Answer {
    // By id, so that the events of a deleted stack are found while AWS keeps them.
    let stack = reads::stack(&*cx.cloud, &cx.settings.stack)
        .await?
        .ok_or_else(|| reads::no_such_stack(cx))?;
    let mut events = reads::history(&*cx.cloud, &stack.id).await?.events;
    events.retain(|e| !args.failed || e.status.is_failure());
    if args.limit > 0 {
        events.truncate(args.limit);
    }
    events.reverse();
    if cx.out.is_json() {
        cx.out.json(&events)?;
    } else {
        for event in &events {
            cx.out.line(line(event, &cx.settings))?;
        }
    }
    Ok(Verdict::Well)
}

/// One event as a line.
pub(super) fn line(event: &StackEvent, settings: &Settings) -> String {
    let kind = event.resource_type.strip_prefix("AWS::").unwrap_or(&event.resource_type);
    let head = format!(
        "{}  {:<28}  {:<36}  {}",
        text::moment(event.at, settings),
        event.status.0,
        kind,
        event.logical_id
    );
    if event.reason.is_empty() {
        head
    } else {
        format!("{head}  {}", event.reason)
    }
}
