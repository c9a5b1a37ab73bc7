//! Ways out of an operation: those that AWS takes in the state that the stack is in, and why not the others.

use strum::IntoEnumIterator;

use super::{
    fact::{Service, Stack, StackResource, StackStatus},
    fault::{Fault, FaultKind},
    names::Names,
    text::SafeText,
};
use crate::cloud::Change;

/// A way out. `unstick` knows them by these names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::IntoStaticStr, strum::EnumString, strum::EnumIter, clap::ValueEnum)]
#[strum(serialize_all = "kebab-case")]
pub enum Way {
    /// Give an update up.
    CancelUpdate,
    /// Undo what failed with its rollback switched off.
    RollBack,
    /// Go on with a rollback that failed, resources left out where that is wanted.
    ContinueRollback,
    /// Want no task, so that ECS is steady and CloudFormation goes on.
    DesiredZero,
    /// Delete a first creation that was never complete.
    DeleteCreation,
    /// Delete again without what could not be deleted.
    DeleteRetaining,
}

impl Way {
    /// What it does, in a few words.
    pub fn label(self, stack: &Stack) -> &'static str {
        match self {
            Self::DeleteCreation if is_undeleted(stack) => "Delete again, all of it",
            Self::CancelUpdate => "Cancel the update",
            Self::RollBack => "Roll back",
            Self::ContinueRollback => "Continue the rollback",
            Self::DesiredZero => "Want no tasks for now",
            Self::DeleteCreation => "Delete this creation",
            Self::DeleteRetaining => "Delete again, keep what could not be deleted",
        }
    }

    /// What it comes to.
    pub fn help(self, stack: &Stack) -> &'static str {
        match self {
            Self::DeleteCreation if is_undeleted(stack) => "try once more, when what stood in the way is gone",
            Self::CancelUpdate => "CloudFormation puts back what ran before this update",
            Self::RollBack => "undo what failed: its rollback was switched off; a first creation is removed",
            Self::ContinueRollback => "try again what could not be put back, or leave those resources out",
            Self::DesiredZero => {
                "ECS calls a service that wants no task steady, so CloudFormation stops waiting for it (up to 3 hours) and goes on; scale up again afterwards"
            }
            Self::DeleteCreation if stack.status.is_rolled_back_creation() => "nothing of it exists: this takes away its record",
            Self::DeleteCreation => "give up the first creation and remove what it made",
            Self::DeleteRetaining => {
                "the stack goes; what you keep stays in the account, belongs to no stack and is listed among the leftovers"
            }
        }
    }
}

/// What the way out of a stack that waits for somebody does: `deletes it`. `None` while it runs, or is well.
pub fn next_step(status: &StackStatus) -> Option<&'static str> {
    match status.0.as_str() {
        "ROLLBACK_COMPLETE" => Some("deletes it"),
        "ROLLBACK_FAILED" | "DELETE_FAILED" => Some("deletes it again"),
        "UPDATE_ROLLBACK_FAILED" => Some("continues it"),
        "CREATE_FAILED" | "UPDATE_FAILED" => Some("rolls it back"),
        _ => None,
    }
}

/// Its deletion failed.
fn is_undeleted(stack: &Stack) -> bool {
    stack.status.0 == "DELETE_FAILED"
}

/// What is known of the stack.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The stack.
    pub stack: &'a Stack,
    /// Its resources.
    pub resources: &'a [StackResource],
    /// Its services.
    pub services: &'a [Service],
}

/// One way, and whether it can be taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// Which.
    pub way: Way,
    /// What is sent, or why AWS would not take it.
    pub changes: Result<Vec<Change>, String>,
}

/// All ways.
pub fn offers(it: Situation<'_>) -> Vec<Offer> {
    Way::iter()
        .map(|way| Offer {
            way,
            changes: changes(way, it),
        })
        .collect()
}

/// What a way sends.
///
/// # Errors
/// Why AWS would not take it now: one clause, to be read after the stack's status.
pub fn changes(way: Way, it: Situation<'_>) -> Result<Vec<Change>, String> {
    let stack = it.stack.id.clone();
    let status = it.stack.status.0.as_str();
    match (way, status) {
        (Way::CancelUpdate, "UPDATE_IN_PROGRESS") => Ok(vec![Change::CancelUpdate { stack }]),
        (Way::CancelUpdate, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS") => {
            Err("the update itself is done: only what it replaced is still being deleted".into())
        }
        (Way::RollBack, "CREATE_FAILED" | "UPDATE_FAILED") => Ok(vec![Change::RollbackStack { stack }]),
        (Way::CancelUpdate, _) if status.contains("ROLLBACK_IN_PROGRESS") => Err("what failed is being rolled back already".into()),
        (Way::RollBack, _) if status.contains("ROLLBACK_IN_PROGRESS") => Err("the rollback runs".into()),
        (Way::CancelUpdate, _) => Err("no update runs".into()),
        (Way::RollBack, _) => Err("nothing failed with its rollback switched off".into()),
        (Way::ContinueRollback, "UPDATE_ROLLBACK_FAILED") => Ok(vec![Change::ContinueRollback { stack, skip: Vec::new() }]),
        (Way::ContinueRollback, "ROLLBACK_FAILED") => Err("AWS goes on with that of an update only".into()),
        (Way::ContinueRollback, _) => Err("no rollback has failed".into()),
        (Way::DesiredZero, _) => desired_zero(it),
        (Way::DeleteCreation, _) => delete(it).map(|()| vec![Change::DeleteStack { stack }]),
        (Way::DeleteRetaining, "DELETE_FAILED") => {
            let retain = undeletable(it.resources).into_iter().map(|(id, _)| id).collect();
            Ok(vec![Change::DeleteRetaining { stack, retain }])
        }
        (Way::DeleteRetaining, _) => Err("no deletion has failed".into()),
    }
}

fn desired_zero(it: Situation<'_>) -> Result<Vec<Change>, String> {
    if !it.stack.status.is_in_progress() {
        return Err("no operation runs that could wait for ECS".into());
    }
    let waits = |s: &&Service| {
        let is_it = |r: &StackResource| r.resource_type == "AWS::ECS::Service" && r.physical_id.ends_with(s.name.as_str());
        let is_awaited = it
            .resources
            .iter()
            .any(|r| is_it(r) && r.status.is_in_progress() && !r.status.0.starts_with("DELETE"));
        is_awaited && s.desired > 0
    };
    let cluster = Names::of(it.stack).cluster();
    let changes: Vec<Change> = it
        .services
        .iter()
        .filter(waits)
        .map(|s| Change::Scale {
            cluster: cluster.clone(),
            service: s.name.clone(),
            from: s.desired,
            to: 0,
        })
        .collect();
    if changes.is_empty() {
        return Err("CloudFormation does not wait for a service with tasks".into());
    }
    Ok(changes)
}

/// What to do where AWS deletes no stack in this state, and why: one sentence without its stop. `cancel` says how an update
/// is cancelled. `None` when it does: a creation, and what undoes one, are deleted while they run.
pub fn no_deletion(status: &StackStatus, cancel: &str) -> Option<String> {
    let name = status.0.as_str();
    let is_changed = name.starts_with("UPDATE_") || name.starts_with("IMPORT_");
    let way = match name {
        "UPDATE_IN_PROGRESS" => format!("wait, or cancel the update ({cancel})"),
        _ => "wait for its end".to_owned(),
    };
    (is_changed && status.is_in_progress()).then(|| format!("{way}: AWS deletes no stack in {name}"))
}

/// The refusal of a deletion that AWS would not take in the state in which the stack is.
///
/// # Errors
/// One sentence: what is not deleted, why, and what to do.
pub fn refuse_deletion(stack: &Stack, cancel: &str) -> Result<(), Fault> {
    let why = no_deletion(&stack.status, cancel).map(|why| format!("stack {} is not deleted: {why}", stack.name));
    why.map_or(Ok(()), |why| Err(Fault::new(FaultKind::Guarded, "", "", &why)))
}

fn delete(it: Situation<'_>) -> Result<(), String> {
    let status = it.stack.status.0.as_str();
    let was_never_whole = matches!(
        status,
        "CREATE_IN_PROGRESS" | "CREATE_FAILED" | "ROLLBACK_IN_PROGRESS" | "ROLLBACK_FAILED" | "ROLLBACK_COMPLETE" | "DELETE_FAILED"
    );
    if !was_never_whole {
        return Err("this stack was complete once: to delete it is `destroy`".into());
    }
    if it.stack.termination_protection {
        return Err("its termination protection is on: destroy switches it off first".into());
    }
    Ok(())
}

/// Resources that a continued rollback may leave out: those that could not be put back.
pub fn skippable(resources: &[StackResource]) -> Vec<(SafeText, SafeText)> {
    let failed = resources.iter().filter(|r| r.status.0 == "UPDATE_FAILED");
    failed.map(|r| (r.logical_id.clone(), r.reason.clone())).collect()
}

/// Resources that a deletion may leave out: those that could not be deleted.
pub fn undeletable(resources: &[StackResource]) -> Vec<(SafeText, SafeText)> {
    let failed = resources.iter().filter(|r| r.status.0 == "DELETE_FAILED");
    failed.map(|r| (r.logical_id.clone(), r.reason.clone())).collect()
}

/// What must be known before a way is taken, one line each.
pub fn warnings(way: Way, skip: &[SafeText]) -> Vec<String> {
    match way {
        Way::CancelUpdate => vec!["CloudFormation rolls every change of this update back.".into()],
        Way::RollBack => vec!["What was made since the last good state is removed; a first creation goes as a whole.".into()],
        Way::ContinueRollback if skip.is_empty() => vec!["What could not be put back is tried again.".into()],
        Way::ContinueRollback => {
            let names: Vec<&str> = skip.iter().map(SafeText::as_str).collect();
            vec![
                format!("Left out: {}.", names.join(", ")),
                "CloudFormation calls them UPDATE_COMPLETE as they are: bring them in line by hand before the next update.".into(),
            ]
        }
        Way::DesiredZero => vec![
            "Nobody is served meanwhile.".into(),
            "ECS calls a service that wants no task steady, so CloudFormation goes on within a minute or two.".into(),
            "Afterwards scale up again, or let the rollback set the counts.".into(),
        ],
        Way::DeleteCreation => Vec::new(),
        Way::DeleteRetaining if skip.is_empty() => vec!["Nothing is kept: what could not be deleted is tried again.".into()],
        Way::DeleteRetaining => {
            let names: Vec<&str> = skip.iter().map(SafeText::as_str).collect();
            vec![
                format!("Kept: {}.", names.join(", ")),
                "No stack has them from then on: they may go on costing until you remove them (leftovers lists them).".into(),
                "What they stand in, such as their network, may not go either: it is then offered here in turn.".into(),
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fact::{ResourceStatus, StackStatus};

    fn stack(status: &str) -> Stack {
        Stack {
            parameters: vec![("ProjectName".into(), "chat".into())],
            ..Stack::of_test(status)
        }
    }

    fn resource(status: &str) -> StackResource {
        StackResource {
            logical_id: "LiteLLMService".into(),
            physical_id: "arn:aws:ecs:us-west-2:123456789012:service/chat-cluster/chat-litellm".into(),
            resource_type: "AWS::ECS::Service".into(),
            status: ResourceStatus(status.into()),
            reason: "why".into(),
            at: 0,
        }
    }

    fn service(desired: i32) -> Service {
        Service {
            arn: "arn".into(),
            name: "chat-litellm".into(),
            status: "ACTIVE".into(),
            desired,
            running: 0,
            pending: 1,
            task_definition: "chat-litellm:1".into(),
            deployments: Vec::new(),
            events: Vec::new(),
            tags: Vec::new(),
            target_groups: Vec::new(),
        }
    }

    /// The ways that are open, by name.
    fn open(status: &str, resource_status: &str) -> Vec<String> {
        let (stack, resources, services) = (stack(status), [resource(resource_status)], [service(1)]);
        let it = Situation {
            stack: &stack,
            resources: &resources,
            services: &services,
        };
        offers(it)
            .into_iter()
            .filter(|o| o.changes.is_ok())
            .map(|o| o.way.to_string())
            .collect()
    }

    #[test]
    fn each_way_is_open_in_the_states_in_which_aws_takes_it() {
        for (status, resource, want) in [
            ("CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", vec!["desired-zero", "delete-creation"]),
            ("CREATE_IN_PROGRESS", "CREATE_COMPLETE", vec!["delete-creation"]),
            ("CREATE_FAILED", "CREATE_FAILED", vec!["roll-back", "delete-creation"]),
            ("CREATE_COMPLETE", "CREATE_COMPLETE", vec![]),
            ("ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS", vec!["delete-creation"]),
            ("ROLLBACK_COMPLETE", "DELETE_COMPLETE", vec!["delete-creation"]),
            ("ROLLBACK_FAILED", "DELETE_FAILED", vec!["delete-creation"]),
            ("UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", vec!["cancel-update", "desired-zero"]),
            ("UPDATE_FAILED", "UPDATE_FAILED", vec!["roll-back"]),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE", vec![]),
            ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_IN_PROGRESS", vec!["desired-zero"]),
            ("UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED", vec!["continue-rollback"]),
            ("UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE", vec![]),
            ("DELETE_FAILED", "DELETE_FAILED", vec!["delete-creation", "delete-retaining"]),
            ("DELETE_IN_PROGRESS", "DELETE_IN_PROGRESS", vec![]),
        ] {
            assert_eq!(open(status, resource), want, "{status}");
        }
    }

    #[test]
    fn why_a_way_is_closed_is_its_own_and_not_the_stacks_status() {
        for status in ["CREATE_COMPLETE", "CREATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"] {
            let stack = stack(status);
            let it = Situation {
                stack: &stack,
                resources: &[],
                services: &[],
            };
            let why: Vec<String> = offers(it).into_iter().filter_map(|o| o.changes.err()).collect();
            assert!(why.iter().all(|w| !w.contains(status) && w.len() < 60), "{why:?}");
            let different: std::collections::BTreeSet<&String> = why.iter().collect();
            assert_eq!(different.len(), why.len(), "{why:?}");
        }
    }

    #[test]
    fn what_is_being_updated_is_not_deleted_and_what_is_being_made_is() {
        for (status, want) in [
            ("CREATE_IN_PROGRESS", None),
            ("ROLLBACK_IN_PROGRESS", None),
            ("DELETE_IN_PROGRESS", None),
            ("UPDATE_ROLLBACK_FAILED", None),
            (
                "UPDATE_IN_PROGRESS",
                Some("wait, or cancel the update (R): AWS deletes no stack in UPDATE_IN_PROGRESS"),
            ),
            (
                "UPDATE_ROLLBACK_IN_PROGRESS",
                Some("wait for its end: AWS deletes no stack in UPDATE_ROLLBACK_IN_PROGRESS"),
            ),
            (
                "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
                Some("wait for its end: AWS deletes no stack in UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
            ),
        ] {
            assert_eq!(no_deletion(&StackStatus(status.into()), "R").as_deref(), want, "{status}");
        }
    }

    #[test]
    fn what_is_closed_says_why_without_a_stop() {
        let stack = stack("UPDATE_COMPLETE");
        let it = Situation {
            stack: &stack,
            resources: &[],
            services: &[],
        };
        for offer in offers(it) {
            let why = offer.changes.unwrap_err();
            assert!(!why.is_empty() && !why.ends_with('.'), "{why}");
        }
    }

    #[test]
    fn only_what_could_not_be_put_back_may_be_left_out() {
        let mut fine = resource("UPDATE_COMPLETE");
        fine.logical_id = "Other".into();
        assert_eq!(
            skippable(&[resource("UPDATE_FAILED"), fine]),
            [("LiteLLMService".into(), "why".into())]
        );
    }

    #[test]
    fn a_protected_creation_and_a_service_at_zero_are_left_alone() {
        let mut protected = stack("ROLLBACK_COMPLETE");
        protected.termination_protection = true;
        let (running, resources) = (stack("UPDATE_IN_PROGRESS"), [resource("UPDATE_IN_PROGRESS")]);
        let none = [service(0)];
        for (way, stack) in [(Way::DeleteCreation, &protected), (Way::DesiredZero, &running)] {
            let it = Situation {
                stack,
                resources: &resources,
                services: &none,
            };
            assert!(changes(way, it).is_err(), "{way}");
        }
    }
}
