//! `sleep` and `wake`, fit for cron: in dependency order, each step waited for.

use std::time::Duration;

use serde::Serialize;

use super::{Answer, Context, Failure, Verdict, confirm, pause, reads, scale::refuse_busy, text, write};
use crate::{
    cloud::Change,
    core::{
        cost::template_counts,
        fact::{Stack, TargetGroup},
        fault::{Fault, FaultKind},
        names::Names,
        sleep,
        text::SafeText,
    },
    door,
};

/// How often a count is looked at while waiting.
const EVERY: Duration = Duration::from_secs(5);

/// How many looks are waited for: fifteen minutes at the cloud's own speed.
const LOOKS: u32 = 180;

/// After how many looks without a change the same is said again: half a minute.
const SAID_AGAIN: u32 = 6;

/// The JSON of both.
#[derive(Debug, Serialize)]
struct Report {
    done: &'static str,
    /// Services that were changed, as name, count before, count after.
    services: Vec<(SafeText, i32, i32)>,
    /// US dollars an hour before and after.
    usd_hour_before: f64,
    usd_hour_after: f64,
    /// All counts were reached, and after waking all targets are healthy.
    is_complete: bool,
}

/// Scales both services away.
pub(super) async fn sleep(cx: &mut Context) -> Answer {
    let stack = reads::existing_stack(cx).await?;
    let names = Names::of(&stack);
    let services = reads::services(&*cx.cloud, &names).await?;
    let plan = sleep::sleep_plan(&services, &names);
    if plan.is_empty() {
        cx.out.note("It already sleeps.");
        return nothing_to_do(cx, &stack, "sleep", services.iter().all(|s| s.running == 0)).await;
    }
    refuse_busy(cx, &stack)?;
    let before = reads::cost_now(cx, &stack).await?;
    let question = format!(
        "Put {} to sleep? It saves {} an hour; {} an hour goes on.",
        stack.name,
        text::rate(before.scalable_hour()),
        text::rate(before.fixed_hour())
    );
    confirm(cx, &question, &plan).await?;
    carry_out(cx, &stack, "sleep", plan, before.usd_hour()).await
}

/// Brings the counts back.
pub(super) async fn wake(cx: &mut Context) -> Answer {
    let stack = reads::existing_stack(cx).await?;
    let names = Names::of(&stack);
    let services = reads::services(&*cx.cloud, &names).await?;
    let defaults = template_counts(&reads::template_resources(cx, &stack));
    let plan = sleep::wake_plan(&services, &names, &defaults, &stack.given()).map_err(|reason| {
        let reason = reason.trim_end_matches('.');
        Failure::Fault(Fault::new(FaultKind::Guarded, "ecs:UpdateService", &stack.name, reason))
    })?;
    if plan.is_empty() {
        let (ready, all) = readiness(cx).await?;
        let next = if ready == all { "" } else { "; `bic-tui targets` says why" };
        cx.out
            .note(cx.placed(&format!("It is already awake: {}{next}.", healthy_groups(ready, all))));
        let is_complete = ready == all && services.iter().all(|s| s.running == s.desired);
        return nothing_to_do(cx, &stack, "wake", is_complete).await;
    }
    refuse_busy(cx, &stack)?;
    let before = reads::cost_now(cx, &stack).await?;
    confirm(cx, &format!("Wake {}?", stack.name), &plan).await?;
    carry_out(cx, &stack, "wake", plan, before.usd_hour()).await
}

/// The answer where nothing is sent; asleep is asleep, but awake and not healthy is not well.
async fn nothing_to_do(cx: &mut Context, stack: &Stack, done: &'static str, is_complete: bool) -> Answer {
    if cx.out.is_json() {
        let usd_hour = reads::cost_now(cx, stack).await?.usd_hour();
        cx.out.json(&Report {
            done,
            services: Vec::new(),
            usd_hour_before: usd_hour,
            usd_hour_after: usd_hour,
            is_complete,
        })?;
    }
    Ok(if is_complete || done == "sleep" {
        Verdict::Well
    } else {
        Verdict::NotWell
    })
}

async fn carry_out(cx: &mut Context, stack: &Stack, word: &'static str, plan: Vec<Change>, before: f64) -> Answer {
    let names = Names::of(stack);
    let mut report = Report {
        done: word,
        services: Vec::new(),
        usd_hour_before: before,
        usd_hour_after: before,
        is_complete: true,
    };
    cx.out.note(
        "Each step is waited for, 15 minutes at most. Ctrl-C is safe: what was asked for goes on, and the same command again does the rest.",
    );
    let mut stopped = None;
    for (nth, change) in plan.iter().cloned().enumerate() {
        let rests = door::refuse_if_at_work(&*cx.cloud, &stack.id, plan.split_at(nth)).await;
        if let Err(fault) = rests {
            if fault.kind != FaultKind::Stopped {
                return Err(fault.into());
            }
            stopped = Some(fault);
            break;
        }
        write(cx, change.clone()).await?;
        if let Change::Scale { service, from, to, .. } = change {
            cx.out.note(format!("{service}: {from} → {to} task(s) wanted."));
            report.is_complete &= reached(cx, &names, &service, to).await?;
            report.services.push((service, from, to));
        }
    }
    report.is_complete &= stopped.is_none();
    if word == "wake" && stopped.is_none() {
        report.is_complete &= healthy(cx).await?;
    }
    report.usd_hour_after = reads::cost_now(cx, stack).await?.usd_hour();
    if cx.out.is_json() {
        cx.out.json(&report)?;
    } else {
        let change = report.usd_hour_after - before;
        let line = format!(
            "{} an hour now, {} than before.",
            text::rate(report.usd_hour_after),
            more_or_less(change)
        );
        cx.out.line(line)?;
    }
    if let Some(fault) = stopped {
        return Err(Failure::NotWell(format!(
            "{}. `bic-tui deploy --watch` waits for its end; `bic-tui {word}` does the rest then.",
            fault.sentence()
        )));
    }
    if !report.is_complete {
        cx.out
            .note(cx.placed("Not everything was reached in 15 minutes; `bic-tui status` says where it stands."));
        return Ok(Verdict::NotWell);
    }
    Ok(Verdict::Well)
}

fn more_or_less(change: f64) -> String {
    let word = if change < 0.0 { "less" } else { "more" };
    format!("{} {word}", text::rate(change.abs()))
}

/// What a wait sees, said when it changes, and now and then while it does not.
#[derive(Default)]
struct Progress {
    looks: u32,
    said: String,
}

impl Progress {
    fn tell(&mut self, cx: &mut Context, seen: String) {
        let seconds = EVERY.as_secs() * u64::from(self.looks);
        if seen != self.said {
            cx.out.note(format!("{seen}."));
            self.said = seen;
        } else if self.looks.is_multiple_of(SAID_AGAIN) {
            cx.out.note(format!("{seen} after {seconds} s."));
        }
        self.looks += 1;
    }
}

/// Waits until a service runs as many tasks as wanted.
async fn reached(cx: &mut Context, names: &Names, service: &SafeText, to: i32) -> Answer<bool> {
    let mut progress = Progress::default();
    for _ in 0..LOOKS {
        let services = reads::services(&*cx.cloud, names).await?;
        let found = services.iter().find(|s| s.name == *service);
        let is_counted = found.is_some_and(|s| s.running == to && s.pending == 0);
        let is_done = is_counted && (to > 0 || is_drained(cx, names, service).await?);
        if let Some(s) = found {
            let stopping = if is_counted && !is_done { ", the last still stop" } else { "" };
            progress.tell(
                cx,
                format!("{service}: {} of {to} running, {} starting{stopping}", s.running, s.pending),
            );
        }
        if is_done {
            return Ok(true);
        }
        pause(cx, EVERY).await;
    }
    Ok(false)
}

/// ECS no longer counts a task that is stopping, but it still works, and is billed.
async fn is_drained(cx: &Context, names: &Names, service: &SafeText) -> Answer<bool> {
    let tasks = reads::tasks(&*cx.cloud, names).await?;
    Ok(tasks.iter().all(|t| t.service != *service || t.is_stopped()))
}

/// Waits until the load balancer finds every target healthy.
async fn healthy(cx: &mut Context) -> Answer<bool> {
    let mut progress = Progress::default();
    for _ in 0..LOOKS {
        let (ready, all) = readiness(cx).await?;
        progress.tell(cx, healthy_groups(ready, all));
        if ready == all {
            return Ok(true);
        }
        pause(cx, EVERY).await;
    }
    Ok(false)
}

fn healthy_groups(ready: usize, all: usize) -> String {
    format!("{ready} of {all} target groups healthy")
}

/// How many target groups are healthy, and how many there are.
async fn readiness(cx: &Context) -> Answer<(usize, usize)> {
    let groups = reads::target_groups(&reads::resources(&*cx.cloud, &cx.settings.stack).await?);
    let found = reads::targets(&*cx.cloud, groups).await?;
    Ok((found.iter().filter(|g| is_ready(g)).count(), found.len()))
}

fn is_ready(group: &TargetGroup) -> bool {
    group.healthy() > 0 && group.targets.iter().all(|t| t.is_healthy() || t.state == "draining")
}
