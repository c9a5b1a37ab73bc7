//! The deployments of ECS inside a running operation: how many tasks of each service are where, what ECS
//! says, and why tasks stopped.

use super::{
    cause,
    fact::{Millis, Service},
    model::Model,
    names::Names,
    progress::Row,
    text::SafeText,
};

/// One service as it is being brought to where it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// Short name: `openwebui`.
    pub name: SafeText,
    /// Tasks wanted.
    pub desired: i32,
    /// Tasks running.
    pub running: i32,
    /// Tasks on their way.
    pub pending: i32,
    /// Tasks of the newest deployment that failed.
    pub failed: i32,
    /// `IN_PROGRESS`, `COMPLETED`, `FAILED`.
    pub state: SafeText,
    /// The newest events that tell of trouble, newest first, without the service's name; without any the newest.
    pub events: Vec<SafeText>,
    /// Why tasks stopped against anybody's will since the operation began: how many, and the reason.
    pub stops: Vec<(usize, String)>,
}

/// How many events of a service are told.
const EVENTS: usize = 3;

/// The services that the operation works on, or has failed on.
pub fn rollouts(model: &Model) -> Vec<Rollout> {
    let services = model.feeds.services.get().map(Vec::as_slice).unwrap_or_default();
    let names = model.names();
    let is_touched = |s: &&Service| {
        let mut rows = model.progress.rows.iter().filter(|r| r.ended.is_none() || r.has_failed);
        rows.any(|r| is_of(&names, r, s))
    };
    services.iter().filter(is_touched).map(|s| rollout(model, s)).collect()
}

/// The row is that of the service.
pub fn is_of(names: &Names, row: &Row, service: &Service) -> bool {
    row.kind == "AWS::ECS::Service" && row.logical_id.to_lowercase().starts_with(&*short(names, service))
}

/// Where a service stands whose stack is being deleted, or could not be: a word, and since when that is so, where
/// CloudFormation tells it. What ECS said of it last may be from before. `None` for a service that is to stay.
pub fn going(model: &Model, service: &Service) -> Option<(&'static str, Option<Millis>)> {
    if !model.is_going_away() {
        return None;
    }
    // Before the first event of the deletion the rows are those of the operation before it.
    let names = model.names();
    let is_it = |r: &&Row| r.status.0.starts_with("DELETE") && is_of(&names, r, service);
    let Some(row) = model.progress.rows.iter().find(is_it) else {
        return Some((if model.is_busy() { "going" } else { "left" }, None));
    };
    Some(match row.ended {
        None => ("deleting", Some(row.started)),
        Some(at) if row.status.is_failure() => ("undeleted", Some(at)),
        Some(at) => ("deleted", Some(at)),
    })
}

/// Running, desired and pending tasks of a service; of one that is deleted there are none to count.
pub fn counts(model: &Model, service: &Service) -> [String; 3] {
    if matches!(going(model, service), Some(("deleted", _))) {
        return ["–", "–", "–"].map(str::to_owned);
    }
    [service.running, service.desired, service.pending].map(|n| n.to_string())
}

fn short(names: &Names, service: &Service) -> String {
    names
        .app(&service.name)
        .map_or_else(|| service.name.to_string(), |app| app.to_string())
}

fn rollout(model: &Model, service: &Service) -> Rollout {
    let since = model.progress.started;
    let prefix = format!("(service {}) ", service.name);
    let primary = service.primary();
    let news = service.events.iter().filter(|e| e.at >= since);
    let text = |message: &SafeText| named(message.strip_prefix(prefix.as_str()).unwrap_or(message)).into();
    Rollout {
        name: short(&model.names(), service).into(),
        desired: service.desired,
        running: service.running,
        pending: service.pending,
        failed: primary.map_or(0, |d| d.failed),
        state: primary.map(|d| d.rollout.clone()).unwrap_or_default(),
        events: telling(news.map(|e| text(&e.message)).collect()),
        stops: stops(model, service, since),
    }
}

/// A text with the names of target groups in place of their ARNs, which leave no room for what is said of them.
pub fn named(text: &str) -> String {
    let name = |word: &str| {
        let (before, arn) = word.split_at_checked(word.find("arn:")?)?;
        let (_, rest) = arn.split_once(":targetgroup/")?;
        let (name, id) = rest.split_once('/')?;
        Some(format!(
            "{before}{name}{}",
            id.trim_start_matches(|c: char| c.is_ascii_alphanumeric())
        ))
    };
    let words: Vec<String> = text.split(' ').map(|word| name(word).unwrap_or_else(|| word.to_owned())).collect();
    words.join(" ")
}

/// Words of ECS about trouble; everything else is routine.
const TROUBLE: [&str; 8] = [
    "fail",
    "unhealthy",
    "error",
    "unable",
    "throttl",
    "missing",
    "rolling back",
    "insufficient",
];

fn telling(events: Vec<SafeText>) -> Vec<SafeText> {
    let is_trouble = |e: &&SafeText| TROUBLE.iter().any(|w| e.to_lowercase().contains(w));
    let troubles: Vec<SafeText> = events.iter().filter(is_trouble).take(EVENTS).cloned().collect();
    if troubles.is_empty() {
        return events.into_iter().take(1).collect();
    }
    troubles
}

/// Stopped tasks by reason, the most frequent first.
fn stops(model: &Model, service: &Service, since: i64) -> Vec<(usize, String)> {
    let tasks = model.feeds.tasks.get().map(Vec::as_slice).unwrap_or_default();
    let parameters = model.parameters();
    let mut out: Vec<(usize, String)> = Vec::new();
    for task in cause::falls(tasks).filter(|t| t.service == service.name && t.stopped.is_some_and(|at| at >= since)) {
        let why = cause::of_task(task, &parameters).map_or_else(|| cause::stop_phrase(task, &parameters), |m| m.plain.to_owned());
        match out.iter_mut().find(|(_, known)| *known == why) {
            Some((count, _)) => *count += 1,
            None => out.push((1, why)),
        }
    }
    out.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_group_is_told_by_its_name() {
        for (text, want) in [
            (
                "(port 8080) is unhealthy in (target-group arn:aws:elasticloadbalancing:us-west-2:1:targetgroup/chat-tg/0a1b) due to (reason X)",
                "(port 8080) is unhealthy in (target-group chat-tg) due to (reason X)",
            ),
            (
                "has  started 1 tasks: arn:aws:ecs:us-west-2:1:task/a/b",
                "has  started 1 tasks: arn:aws:ecs:us-west-2:1:task/a/b",
            ),
        ] {
            assert_eq!(named(text), want);
        }
    }
}
