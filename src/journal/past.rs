//! What the audit log tells of earlier runs: the plans that they left, and the tokens under which they sent.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::owner::Owner;
use crate::{
    cloud::{About, Change, Token},
    core::{fact::Millis, text::SafeText},
};

/// A plan of this machine that nobody will run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbandonedPlan {
    /// Name or id of its stack.
    pub stack: SafeText,
    /// Name of the change set.
    pub change_set: SafeText,
    /// It was to make the stack, which is empty without it.
    pub is_create: bool,
}

impl AbandonedPlan {
    /// What removes it, and the empty stack that it leaves.
    pub fn removal(&self) -> Vec<Change> {
        let drop = Change::DeleteChangeSet {
            stack: self.stack.clone(),
            change_set: self.change_set.clone(),
        };
        let empty = self.is_create.then(|| Change::DropEmptyStack {
            stack: self.stack.clone(),
            change_set: self.change_set.clone(),
        });
        std::iter::once(drop).chain(empty).collect()
    }
}

/// A plan was left in the middle when nothing more was noted of it for so long, and nobody knows whether whoever made it
/// still lives. In milliseconds, like all of these.
const ABANDONED_AFTER: Millis = 3_600_000;
/// The same when that one is dead: its last request may still be on its way, and what is not there yet, or is being
/// worked out, can not be removed.
const SETTLED_AFTER: Millis = 60_000;
/// AWS deletes nothing by itself, but what is older than this was looked at before.
const FORGOTTEN_AFTER: Millis = 30 * 86_400_000;

/// What was tried so often in vain is tried no more.
const MOST_REMOVALS: usize = 3;

/// What was done from this machine before, at one place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Past {
    /// Plans that nobody will run: neither run nor dropped, and whoever made them was ended in the middle. That one is
    /// known to be dead; or nobody can tell, and an hour has gone by. What a living process made is its own.
    pub abandoned: Vec<AbandonedPlan>,
    /// Tokens of what was sent to CloudFormation.
    pub tokens: Vec<SafeText>,
}

impl Past {
    /// Reads the log.
    pub(super) fn read(text: &str, about: &About, now: Millis) -> Self {
        let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let is_here = |line: &Value| line["profile"] == *about.profile && line["region"] == *about.region && line["event"] == "begin";
        let endpoint = |line: &Value| line["endpoint"].as_str().map(SafeText::from);
        let here: Vec<&Value> = lines.iter().filter(|l| is_here(l) && endpoint(l) == about.endpoint).collect();
        let is_well = |line: &&Value| {
            let result = line["result"].as_str().unwrap_or_default();
            line["event"] == "end" && result.starts_with("accepted")
        };
        let accepted: BTreeSet<&str> = lines.iter().filter(is_well).filter_map(|line| line["token"].as_str()).collect();
        // Run, or removed. One that AWS did not take was neither.
        let is_taken = |name: &str| {
            let of = |kind: &'static str| here.iter().filter(move |line| names(&line["change"][kind]["change_set"], name));
            let removals = of("delete-change-set");
            let mut all = of("execute-change-set").chain(removals.clone());
            removals.count() >= MOST_REMOVALS || all.any(|line| line["token"].as_str().is_some_and(|it| accepted.contains(it)))
        };
        let plan = |line: &&Value| {
            let request = &line["change"]["create-change-set"];
            let plan = AbandonedPlan {
                stack: request["stack"].as_str()?.into(),
                change_set: Token(line["token"].as_str()?.into()).change_set_name().into(),
                is_create: request["is_create"].as_bool()?,
            };
            let age = now - line["at"].as_i64()?;
            (!is_taken(&plan.change_set) && age < FORGOTTEN_AFTER && is_left(line, age)).then_some(plan)
        };
        let is_operation = |line: &&&Value| line["operation"].as_str().is_some_and(|it| it.starts_with("cloudformation:"));
        let is_recent = |line: &&&Value| line["at"].as_i64().is_some_and(|at| now - at < FORGOTTEN_AFTER);
        let recent = here.iter().filter(is_operation).filter(is_recent);
        Self {
            abandoned: here.iter().filter_map(plan).collect(),
            tokens: recent.filter_map(|line| Some(line["token"].as_str()?.into())).collect(),
        }
    }
}

/// Whoever wrote this line so long ago has gone.
fn is_left(line: &Value, age: Millis) -> bool {
    let owner = Owner::deserialize(&line["owner"]).ok();
    match owner.and_then(|it| it.is_alive()) {
        Some(true) => false,
        Some(false) => age >= SETTLED_AFTER,
        None => age >= ABANDONED_AFTER,
    }
}

/// A change set is named by its name, or by an ARN that has it in the middle.
fn names(change_set: &Value, name: &str) -> bool {
    change_set.as_str().is_some_and(|it| it.split('/').any(|part| part == name))
}

#[cfg(test)]
mod tests {
    use super::{super::Journal, *};
    use crate::cloud::PlanRequest;

    fn plan(stack: &str) -> Change {
        Change::CreateChangeSet(PlanRequest {
            stack: stack.into(),
            is_create: true,
            parameters: Vec::new(),
            tags: None,
            overridden: Vec::new(),
        })
    }

    /// Notes a change with what came of it.
    fn sent(journal: &Journal, change: &Change, token: &str, outcome: &str) {
        let (token, about) = (Token(token.into()), About::of_ops());
        journal.begin(change, &token, &about, 2_000).unwrap();
        journal.end(change, &token, &about, (outcome.to_owned(), 2_100)).unwrap();
    }

    /// The log of a plan, made at 1000 by this process.
    fn log() -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let journal = Journal::open(&path).unwrap();
        journal.begin(&plan("left"), &Token("t-1".into()), &About::of_ops(), 1_000).unwrap();
        std::fs::read_to_string(&path).unwrap()
    }

    /// The same log, its lines written by another process, or by one that can not be looked for.
    fn written_by(log: &str, owner: impl Fn(&mut Value)) -> String {
        let rewritten = log.lines().map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            owner(&mut line["owner"]);
            format!("{line}\n")
        });
        rewritten.collect()
    }

    #[test]
    fn a_plan_that_was_left_in_the_middle_is_found_once() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(&dir.path().join("audit.jsonl")).unwrap();
        let elsewhere = About {
            region: "eu-west-1".into(),
            ..About::of_ops()
        };
        for (stack, token, about) in [
            ("left", "t-1", About::of_ops()),
            ("run", "t-2", About::of_ops()),
            ("dropped", "t-3", About::of_ops()),
            ("other", "t-4", elsewhere),
        ] {
            journal.begin(&plan(stack), &Token(token.into()), &about, 1_000).unwrap();
        }
        let run = Change::ExecuteChangeSet {
            stack: "run".into(),
            change_set: "arn:aws:cloudformation:us-west-2:1:changeSet/bic-tui-t-2/0".into(),
        };
        let dropped = Change::DeleteChangeSet {
            stack: "dropped".into(),
            change_set: "bic-tui-t-3".into(),
        };
        for (change, token) in [(run, "t-5"), (dropped, "t-6")] {
            sent(&journal, &change, token, "accepted");
        }
        let left = AbandonedPlan {
            stack: "left".into(),
            change_set: "bic-tui-t-1".into(),
            is_create: true,
        };
        let text = std::fs::read_to_string(dir.path().join("audit.jsonl")).unwrap();
        let unknown = written_by(&text, |owner| *owner = Value::Null);
        let past = Past::read(&unknown, &About::of_ops(), 1_000 + ABANDONED_AFTER);
        assert_eq!(past.abandoned, [left]);
        assert_eq!(past.tokens, ["t-1", "t-2", "t-3", "t-5", "t-6"], "not what was sent elsewhere");
        assert_eq!(
            Past::read(&unknown, &About::of_ops(), ABANDONED_AFTER).abandoned,
            [],
            "somebody may still read it"
        );
        assert_eq!(Past::read(&unknown, &About::of_ops(), 3 * FORGOTTEN_AFTER), Past::default());
    }

    #[test]
    fn a_plan_that_aws_neither_ran_nor_removed_is_still_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let journal = Journal::open(&path).unwrap();
        journal.begin(&plan("left"), &Token("t-1".into()), &About::of_ops(), 1_000).unwrap();
        let (stack, change_set) = (SafeText::from("left"), SafeText::from("bic-tui-t-1"));
        let run = Change::ExecuteChangeSet {
            stack: stack.clone(),
            change_set: change_set.clone(),
        };
        let removal = Change::DeleteChangeSet { stack, change_set };
        let left = || {
            let text = written_by(&std::fs::read_to_string(&path).unwrap(), |owner| *owner = Value::Null);
            Past::read(&text, &About::of_ops(), 2_000 + ABANDONED_AFTER).abandoned.len()
        };
        sent(&journal, &run, "t-2", "the AWS credentials have expired");
        assert_eq!(left(), 1);
        for (token, want) in [("t-3", 1), ("t-4", 1), ("t-5", 0)] {
            sent(&journal, &removal, token, "cloudformation:DeleteChangeSet on left is not allowed");
            assert_eq!(left(), want, "{token}: not for ever");
        }
        sent(&journal, &plan("lost"), "t-6", "accepted");
        assert_eq!(left(), 1);
        let lost = Change::ExecuteChangeSet {
            stack: "lost".into(),
            change_set: "bic-tui-t-6".into(),
        };
        sent(&journal, &lost, "t-7", "accepted; the answer was lost, and AWS was asked again");
        assert_eq!(left(), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_plan_of_a_dead_process_is_left_at_once_and_that_of_a_living_one_never() {
        let (log, late) = (log(), 1_000 + 20 * ABANDONED_AFTER);
        assert_eq!(
            Past::read(&log, &About::of_ops(), late).abandoned,
            [],
            "two living consoles leave each other's plan"
        );
        let dead = written_by(&log, |owner| owner["started"] = 1.into());
        assert_eq!(Past::read(&dead, &About::of_ops(), 1_000 + SETTLED_AFTER).abandoned.len(), 1);
        assert_eq!(
            Past::read(&dead, &About::of_ops(), SETTLED_AFTER).abandoned,
            [],
            "its request may be on its way"
        );
        let elsewhere = written_by(&log, |owner| owner["place"] = "another machine".into());
        assert_eq!(Past::read(&elsewhere, &About::of_ops(), ABANDONED_AFTER).abandoned, []);
        assert_eq!(Past::read(&elsewhere, &About::of_ops(), late).abandoned.len(), 1);
        // What another version wrote there is no owner.
        let odd = written_by(&log, |owner| *owner = "somebody".into());
        assert_eq!(Past::read(&odd, &About::of_ops(), ABANDONED_AFTER).abandoned, []);
    }
}
