//! `events`: the history of the stack, oldest first.

use unicode_width::UnicodeWidthStr;

use super::{Answer, Context, Verdict, reads, text};
use crate::{
    cli::EventsArgs,
    core::{fact::StackEvent, settings::Settings},
};

/// Before what belongs to the line above.
const INDENT: &str = "    ";

/// Prints stack events. JSON: a list of `StackEvent`.
pub(super) async fn run(cx: &mut Context, args: &EventsArgs) -> Answer {
    // By id, so that the events of a deleted stack are found while AWS keeps them.
    let stack = reads::stack(&*cx.cloud, &cx.settings.stack)
        .await?
        .ok_or_else(|| reads::no_such_stack(cx))?;
    reads::tell_if_deleted(cx, &stack);
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
            for line in lines(event, &cx.settings, cx.out.columns()) {
                cx.out.line(line)?;
            }
        }
    }
    Ok(Verdict::Well)
}

/// One event in lines that a terminal of so many columns need not wrap: first without the date and the type, then with
/// the reason below it. Elsewhere an event is one line.
pub(super) fn lines(event: &StackEvent, settings: &Settings, columns: Option<usize>) -> Vec<String> {
    let whole = line(event, settings);
    let Some(columns) = columns.filter(|columns| whole.width() > *columns) else {
        return vec![whole];
    };
    let time = text::clock(event.at, settings);
    let mut out = vec![format!("{time}  {:<18}  {}", event.status.0, event.logical_id)];
    // That it has begun is what the status says.
    if event.reason != "Resource creation Initiated" {
        out.extend(below(&event.reason, columns));
    }
    out
}

/// A text in indented lines that are broken between words.
fn below(text: &str, columns: usize) -> Vec<String> {
    let room = columns.saturating_sub(INDENT.len());
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match out.last_mut() {
            Some(last) if last.width() + 1 + word.width() <= room => {
                last.push(' ');
                last.push_str(word);
            }
            _ => out.push(word.to_owned()),
        }
    }
    out.iter().map(|line| format!("{INDENT}{line}")).collect()
}

/// One event as a line.
fn line(event: &StackEvent, settings: &Settings) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fact::ResourceStatus;

    #[test]
    fn an_event_is_not_wrapped_by_the_terminal() {
        let settings = Settings {
            utc: true,
            ..Settings::default()
        };
        let event = |reason: &str| StackEvent {
            id: "1".into(),
            at: 1_795_376_458_000,
            logical_id: "ExecutionRole".into(),
            physical_id: "".into(),
            resource_type: "AWS::IAM::Role".into(),
            status: ResourceStatus("CREATE_FAILED".into()),
            reason: reason.into(),
            token: None,
        };
        let long = "User: arn:aws:sts::111122223333:assumed-role/ops/dana is not authorized to perform: iam:CreateRole on resource: x";
        for columns in [80, 60] {
            let lines = lines(&event(long), &settings, Some(columns));
            assert!(lines.iter().all(|l| l.width() <= columns), "{lines:?}");
            assert_eq!(lines[0], "19:40:58Z  CREATE_FAILED       ExecutionRole");
            let words = lines[1..].iter().flat_map(|l| l.split_whitespace()).collect::<Vec<_>>().join(" ");
            assert_eq!(words, long);
        }
        assert_eq!(lines(&event("Resource creation Initiated"), &settings, Some(80)).len(), 1);
        for columns in [None, Some(300)] {
            assert_eq!(lines(&event(long), &settings, columns), [line(&event(long), &settings)]);
        }
    }
}
