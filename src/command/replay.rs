//! `replay`: the recordings that there are, and one of them as the lines that `deploy` would have printed.

use std::{io::Read, path::Path};

use super::{Answer, Context, Failure, Out, Verdict, deploy, text, watch::Watch};
use crate::{
    cloud::{Cloud, Steer},
    core::{fault::FaultKind, settings::Settings, when},
    record::{Listed, Recording, Recordings, Replay},
};

/// No recording has as many bytes.
const LARGEST: u64 = 128 << 20;

/// Lists recordings, newest first. JSON: a list of `Listed`.
///
/// # Errors
/// The reader has gone.
pub fn list(out: &mut Out, recordings: Option<&Recordings>, settings: &Settings) -> Answer {
    let all = recordings.map(Recordings::list).unwrap_or_default();
    if out.is_json() {
        out.json(&all)?;
    } else if all.is_empty() {
        out.note(if settings.record {
            "There are no recordings yet: each operation that the console, `deploy` or `destroy` watches is kept."
        } else {
            "There are no recordings: the configuration says record = false."
        });
    } else {
        let rows: Vec<Vec<String>> = all.iter().map(|it| row(it, settings)).collect();
        for line in text::table(&["WHEN", "STACK", "OPERATION", "ENDED", "TOOK", "FILE"], &rows) {
            out.line(line)?;
        }
        if let Some(it) = recordings {
            out.note(format!(
                "In {}; `bic-tui replay FILE` plays one, by its name alone too.",
                it.folder().display()
            ));
        }
    }
    out.flush()?;
    Ok(Verdict::Well)
}

fn row(it: &Listed, settings: &Settings) -> Vec<String> {
    if let Some(fault) = &it.fault {
        let none = String::new;
        return vec![
            "-".into(),
            none(),
            none(),
            format!("can not be read: {fault}"),
            none(),
            it.file.clone(),
        ];
    }
    let ended = it.status.as_ref().map_or_else(String::new, |s| {
        let seen = if s.is_in_progress() { "not seen, " } else { "" };
        let later = if it.caught_up.is_some() { ", caught up later" } else { "" };
        format!("{seen}{}{later}", s.0)
    });
    vec![
        text::moment(it.begun, settings),
        format!("{} in {}", it.stack, it.region),
        it.operation.to_string(),
        ended,
        it.took.map_or_else(|| "-".into(), when::short),
        it.file.clone(),
    ]
}

/// Reads a recording, by its path or by its name in the folder.
///
/// # Errors
/// One sentence about the file.
pub fn read(file: &Path, recordings: Option<&Recordings>) -> Answer<Recording> {
    let own = recordings
        .map(|it| it.folder().join(file))
        .filter(|own| !file.exists() && own.exists());
    let refuse = |why: &str| {
        let text = format!(
            "{} can not be read: {why}. `bic-tui replay` lists what was recorded here.",
            file.display()
        );
        Failure::Usage(text)
    };
    let mut text = Vec::new();
    let opened = std::fs::File::open(own.as_deref().unwrap_or(file));
    opened
        .and_then(|it| it.take(LARGEST + 1).read_to_end(&mut text))
        .map_err(|e| refuse(&e.to_string()))?;
    if text.len() as u64 > LARGEST {
        return Err(refuse("it is larger than any recording"));
    }
    // What is no text is no recording, and is told so with its line.
    Recording::parse(&String::from_utf8_lossy(&text)).map_err(|why| Failure::Usage(format!("{} can not be played, {why}.", file.display())))
}

/// Prints a recording from its beginning to its end: each event once, what stopped meanwhile, the verdict.
///
/// # Errors
/// The reader has gone, or the recording lacks what is needed.
pub async fn print(cx: &mut Context, replay: &Replay) -> Answer {
    let interrupt = cx.interrupt.clone();
    interrupt.or(play(cx, replay)).await
}

/// What a file gives in which an answer is asked for before it was told.
fn out_of_order(recording: &Recording) -> Failure {
    Failure::Usage(format!(
        "The recording does not tell of stack {} from its beginning: lines are missing, or not in their order.",
        recording.head.stack
    ))
}

async fn play(cx: &mut Context, replay: &Replay) -> Answer {
    let recording = replay.recording();
    replay.steer(Steer::Hold);
    if let Some(at) = recording.head.caught_up {
        cx.out.note(format!(
            "Nobody watched it to its end: what came after was read from CloudFormation's events at {}.",
            text::moment(at, &cx.settings)
        ));
    }
    let mut watch = match Watch::running(cx, recording.head.stack.clone()).await {
        Err(Failure::Fault(fault)) if fault.kind == FaultKind::NotFound => return Err(out_of_order(recording)),
        watch => watch?,
    };
    let mut moments: Vec<_> = recording.lines.iter().map(|line| line.at).collect();
    moments.dedup();
    let mut rests = None;
    for at in moments {
        replay.steer(Steer::To(at));
        match watch.look(cx).await {
            Ok(stack) => rests = stack,
            // A stack that is deleted is soon known no more.
            Err(Failure::Fault(fault)) if fault.kind == FaultKind::NotFound && rests.is_some() => break,
            Err(Failure::Fault(fault)) if fault.kind == FaultKind::NotFound => return Err(out_of_order(recording)),
            Err(failure) => return Err(failure),
        }
    }
    let Some(stack) = rests else {
        let status = recording.last_stack().map(|s| s.status.0.clone()).unwrap_or_default();
        return Err(Failure::NotWell(format!(
            "The recording ends while stack {} is {status}.",
            recording.head.stack
        )));
    };
    if stack.status.is_deleted() && recording.head.operation == "delete" {
        if cx.out.is_json() {
            cx.out.json_line(&stack)?;
        } else {
            cx.out.line(format!("Stack {} is deleted.", stack.name))?;
        }
        return Ok(Verdict::Well);
    }
    deploy::verdict(cx, &watch, &stack)
}
