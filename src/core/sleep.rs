//! Sleep and wake: which writes, in which order. The counts before sleep are tags on the services, so
//! that any colleague's console can wake what this one put to sleep. And the one rule on scaling up.

use std::collections::BTreeMap;

use super::{
    fact::{Service, StackStatus, TargetGroup, Task},
    names::{App, Names},
    text::SafeText,
};
use crate::cloud::Change;

/// Tag of a service that holds its desired count from before sleep.
pub const SAVED_COUNT: &str = "bic-tui:desired-count";

/// Parameters of a stack: name and value.
pub type Parameters = BTreeMap<String, String>;

/// All tasks are scaled away.
pub fn is_asleep(services: &[Service]) -> bool {
    !services.is_empty() && services.iter().all(|s| s.desired == 0)
}

/// It wants no task because it was put to sleep: the count from before stands in its tag.
pub fn sleeps(service: &Service) -> bool {
    service.desired == 0 && service.tag(SAVED_COUNT).is_some()
}

/// All that stands behind a target group was put to sleep: that nobody is healthy there is as it should be.
pub fn rests(group: &TargetGroup, services: &[Service]) -> bool {
    let mut behind = services.iter().filter(|s| s.target_groups.contains(&group.arn)).peekable();
    behind.peek().is_some() && behind.all(sleeps)
}

/// A part of the stack sleeps while another runs, and nothing is on its way: `half asleep (Open WebUI 0, LiteLLM 1)`.
pub fn half_asleep(services: &[Service], names: &Names) -> Option<String> {
    let is_settled = services.iter().all(|s| s.running == s.desired);
    let is_half = services.iter().any(sleeps) && services.iter().any(|s| s.desired > 0);
    let count = |(app, s): (App, &Service)| format!("{} {}", app.title(), s.desired);
    let counts: Vec<String> = in_order(services, names, [App::OpenWebui, App::Litellm]).map(count).collect();
    (is_half && is_settled).then(|| format!("half asleep ({})", counts.join(", ")))
}

/// How many tasks of a stack that wants none still run, and cost: ECS counts them no longer once they stop.
pub fn falling_asleep(services: &[Service], tasks: &[Task]) -> usize {
    let listed = tasks.iter().filter(|t| !t.is_stopped()).count();
    let counted: i32 = services.iter().map(|s| s.running).sum();
    listed.max(usize::try_from(counted).unwrap_or(0))
}

/// Puts to sleep what is awake: Open WebUI first, so that no request is cut off from LiteLLM. The tag
/// is written before the count goes, so that an interruption never loses the count.
pub fn sleep_plan(services: &[Service], names: &Names) -> Vec<Change> {
    in_order(services, names, [App::OpenWebui, App::Litellm])
        .filter(|(_, s)| s.desired > 0)
        .flat_map(|(_, service)| {
            [
                Change::TagService {
                    service: service.arn.clone(),
                    key: SAVED_COUNT.into(),
                    value: Some(service.desired.to_string().into()),
                },
                scale(service, names, service.desired, 0),
            ]
        })
        .collect()
}

/// Wakes what is asleep: LiteLLM first. Counts come from the tags, else from `defaults` (service name to
/// the template's count); the tag goes once the count is back.
///
/// # Errors
/// One sentence, when a saved count may not be brought back.
pub fn wake_plan(
    services: &[Service],
    names: &Names,
    defaults: &BTreeMap<SafeText, i32>,
    parameters: &Parameters,
) -> Result<Vec<Change>, String> {
    let mut plan = Vec::new();
    for (app, service) in in_order(services, names, [App::Litellm, App::OpenWebui]) {
        let tag = service.tag(SAVED_COUNT);
        if service.desired == 0 {
            let saved = tag.and_then(|t| t.parse::<i32>().ok()).filter(|count| *count > 0);
            let to = saved.or_else(|| defaults.get(&service.name).copied()).unwrap_or(1);
            if let Some(reason) = scale_refusal(app, to, parameters) {
                return Err(reason);
            }
            plan.push(scale(service, names, 0, to));
        }
        if tag.is_some() {
            plan.push(Change::TagService {
                service: service.arn.clone(),
                key: SAVED_COUNT.into(),
                value: None,
            });
        }
    }
    Ok(plan)
}

/// Why no count is changed now: while CloudFormation works on the stack it sets the counts itself, and takes a service that
/// wants no task for one that is well. A sentence without its stop, with `next` as its end; `None` when it rests.
pub fn busy(status: &StackStatus, next: &str) -> Option<String> {
    let is_at_work = status.is_at_work();
    is_at_work.then(|| {
        format!(
            "CloudFormation is at work on the stack ({}), and counts change only when that is done: {next}",
            status.0
        )
    })
}

/// Why a row of counts is given up between two writes, what of it was sent and what was not: a sentence without its stop.
pub fn given_up(status: &StackStatus, sent: &[Change], left: &[Change]) -> String {
    let told = match (&counts(sent)[..], &counts(left)[..]) {
        ([], _) => "no count is changed yet".to_owned(),
        (sent, []) => format!("{} was sent, and the saved count stands as a tag still", sent.join(" and ")),
        (sent, left) => format!("{} was sent, {} was not", sent.join(" and "), left.join(" and ")),
    };
    format!("CloudFormation has begun to work on the stack ({}): {told}", status.0)
}

fn counts(changes: &[Change]) -> Vec<String> {
    let count = |change: &Change| match change {
        Change::Scale { service, from, to, .. } => Some(format!("{service} {from} → {to}")),
        _ => None,
    };
    changes.iter().filter_map(count).collect()
}

/// What a new deployment comes to while CloudFormation works on the stack: one sentence.
pub fn waits(status: &StackStatus) -> String {
    format!(
        "CloudFormation is at work on the stack ({}): where it waits for this service, it waits for the new tasks.",
        status.0
    )
}

/// Why a service may not have `to` tasks; `None` when it may.
pub fn scale_refusal(app: App, to: i32, parameters: &Parameters) -> Option<String> {
    if to < 0 {
        return Some(format!("{} can not have {to} tasks.", app.title()));
    }
    (app == App::OpenWebui && to > 1 && engine(parameters) == Engine::Sqlite).then(|| {
        "Open WebUI stays at one task while its database is SQLite: several tasks on one file lose data and chats. \
         Deploy with DeploymentSize=medium and Database=postgres, which starts empty."
            .into()
    })
}

/// The database behind Open WebUI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
pub enum Engine {
    /// A file on EFS: one task only.
    #[strum(serialize = "SQLite")]
    Sqlite,
    /// A database of its own.
    #[strum(serialize = "PostgreSQL")]
    Postgres,
}

/// What the parameters `Database` and `DeploymentSize` come to. A stack that has neither is taken to be
/// on SQLite: the refusal is then the safe answer.
pub fn engine(parameters: &Parameters) -> Engine {
    let value = |name: &str| parameters.get(name).map(String::as_str);
    match (value("Database"), value("DeploymentSize")) {
        (Some("postgres"), _) | (None | Some("auto"), Some("medium" | "large")) => Engine::Postgres,
        _ => Engine::Sqlite,
    }
}

fn in_order<'a>(services: &'a [Service], names: &Names, order: [App; 2]) -> impl Iterator<Item = (App, &'a Service)> {
    order.map(|app| (app, names.service(app))).into_iter().filter_map(|(app, name)| {
        let service = services.iter().find(|s| s.name == name)?;
        Some((app, service))
    })
}

fn scale(service: &Service, names: &Names, from: i32, to: i32) -> Change {
    Change::Scale {
        cluster: names.cluster(),
        service: service.name.clone(),
        from,
        to,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn service(name: &str, desired: i32, tag: Option<&str>) -> Service {
        Service {
            arn: format!("arn:aws:ecs:us-west-2:1:service/p-cluster/{name}").into(),
            name: name.into(),
            status: "ACTIVE".into(),
            desired,
            running: desired,
            pending: 0,
            task_definition: "d:1".into(),
            deployments: Vec::new(),
            events: Vec::new(),
            tags: tag.map(|t| (SAVED_COUNT.into(), t.into())).into_iter().collect(),
            target_groups: Vec::new(),
        }
    }

    fn words(plan: &[Change]) -> Vec<String> {
        plan.iter()
            .map(|change| match change {
                Change::Scale { service, from, to, .. } => format!("{service} {from}→{to}"),
                Change::TagService { service, value, .. } => {
                    let name = service.rsplit('/').next().unwrap_or_default();
                    format!("{name} tag {}", value.as_ref().map_or("off", |v| v.as_str()))
                }
                other => panic!("{other:?}"),
            })
            .collect()
    }

    fn parameters(pairs: &[(&str, &str)]) -> Parameters {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn what_is_given_up_half_way_says_how_far_it_came() {
        let names = Names::new("p");
        let awake = [service("p-litellm", 1, None), service("p-openwebui", 3, None)];
        let plan = sleep_plan(&awake, &names);
        let told = |sent: usize| given_up(&StackStatus("UPDATE_IN_PROGRESS".into()), &plan[..sent], &plan[sent..]);
        assert_eq!(
            told(1),
            "CloudFormation has begun to work on the stack (UPDATE_IN_PROGRESS): no count is changed yet"
        );
        for sent in [2, 3] {
            assert!(
                told(sent).ends_with(": p-openwebui 3 → 0 was sent, p-litellm 1 → 0 was not"),
                "{}",
                told(sent)
            );
        }
    }

    #[test]
    fn sleeping_saves_first_and_waking_goes_the_other_way_round() {
        let names = Names::new("p");
        let awake = [service("p-litellm", 1, None), service("p-openwebui", 3, None)];
        assert!(!is_asleep(&awake));
        assert_eq!(
            words(&sleep_plan(&awake, &names)),
            ["p-openwebui tag 3", "p-openwebui 3→0", "p-litellm tag 1", "p-litellm 1→0"]
        );
        let asleep = [service("p-litellm", 0, Some("1")), service("p-openwebui", 0, Some("3"))];
        assert!(is_asleep(&asleep));
        let wake = wake_plan(&asleep, &names, &BTreeMap::new(), &parameters(&[("Database", "postgres")]));
        assert_eq!(
            words(&wake.unwrap()),
            ["p-litellm 0→1", "p-litellm tag off", "p-openwebui 0→3", "p-openwebui tag off"]
        );
    }

    #[test]
    fn odd_ends() {
        let names = Names::new("p");
        let none = BTreeMap::new();
        let defaults = BTreeMap::from([(SafeText::new("p-openwebui"), 2)]);
        let postgres = parameters(&[("Database", "postgres")]);
        // An interrupted sleep goes on where it stopped, and does not overwrite the saved count.
        let half = [service("p-openwebui", 0, Some("2")), service("p-litellm", 1, None)];
        assert_eq!(words(&sleep_plan(&half, &names)), ["p-litellm tag 1", "p-litellm 1→0"]);
        // No tag, or one that is no count: the template's count, then one.
        for tag in [None, Some("many"), Some("0"), Some("-1")] {
            let asleep = [service("p-openwebui", 0, tag)];
            let plan = words(&wake_plan(&asleep, &names, &defaults, &postgres).unwrap());
            assert_eq!(plan[0], "p-openwebui 0→2");
            assert_eq!(words(&wake_plan(&asleep, &names, &none, &postgres).unwrap())[0], "p-openwebui 0→1");
        }
        // Waking what is awake only takes a left-over tag away.
        let awake = [service("p-openwebui", 1, Some("1"))];
        assert_eq!(
            words(&wake_plan(&awake, &names, &none, &postgres).unwrap()),
            ["p-openwebui tag off"]
        );
        // A saved count that SQLite can not bear is refused as a whole.
        let sqlite = [service("p-litellm", 0, Some("1")), service("p-openwebui", 0, Some("2"))];
        assert!(wake_plan(&sqlite, &names, &none, &parameters(&[])).unwrap_err().contains("SQLite"));
        assert!(!is_asleep(&[]));
        assert_eq!(half_asleep(&half, &names).as_deref(), Some("half asleep (Open WebUI 0, LiteLLM 1)"));
        let draining = [
            half[1].clone(),
            Service {
                running: 1,
                ..half[0].clone()
            },
        ];
        assert_eq!(half_asleep(&draining, &names), None, "it is on its way");
        let by_hand = [service("p-openwebui", 0, None), service("p-litellm", 1, None)];
        assert_eq!(half_asleep(&by_hand, &names), None, "nobody put it to sleep");
    }

    #[test]
    fn only_open_webui_on_sqlite_is_refused() {
        for (app, to, pairs, refused) in [
            (App::OpenWebui, 1, vec![], false),
            (App::OpenWebui, 2, vec![], true),
            (App::OpenWebui, 2, vec![("Database", "auto"), ("DeploymentSize", "small")], true),
            (App::OpenWebui, 2, vec![("Database", "auto"), ("DeploymentSize", "medium")], false),
            (App::OpenWebui, 2, vec![("DeploymentSize", "large")], false),
            (
                App::OpenWebui,
                9,
                vec![("Database", "postgres"), ("DeploymentSize", "small")],
                false,
            ),
            (App::OpenWebui, 2, vec![("Database", "sqlite"), ("DeploymentSize", "large")], true),
            (App::Litellm, 4, vec![("Database", "sqlite")], false),
            (App::Litellm, -1, vec![], true),
        ] {
            assert_eq!(
                scale_refusal(app, to, &parameters(&pairs)).is_some(),
                refused,
                "{app} {to} {pairs:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn waking_undoes_sleeping(webui in 1..20i32, litellm in 1..20i32) {
            let names = Names::new("p");
            let mut services = vec![service("p-openwebui", webui, None), service("p-litellm", litellm, None)];
            let before = services.clone();
            for change in sleep_plan(&services, &names) {
                apply(&mut services, change);
            }
            prop_assert!(is_asleep(&services));
            for change in wake_plan(&services, &names, &BTreeMap::new(), &parameters(&[("Database", "postgres")])).unwrap() {
                apply(&mut services, change);
            }
            prop_assert_eq!(services.iter().map(|s| (s.desired, s.tags.clone())).collect::<Vec<_>>(),
                            before.iter().map(|s| (s.desired, s.tags.clone())).collect::<Vec<_>>());
        }
    }

    fn apply(services: &mut [Service], change: Change) {
        match change {
            Change::Scale { service, from, to, .. } => {
                let found = services.iter_mut().find(|s| s.name == service).unwrap();
                assert_eq!(found.desired, from);
                found.desired = to;
            }
            Change::TagService { service, key, value } => {
                let found = services.iter_mut().find(|s| s.arn == service).unwrap();
                found.tags.retain(|(k, _)| *k != key);
                found.tags.extend(value.map(|v| (key, v)));
            }
            other => panic!("{other:?}"),
        }
    }
}
