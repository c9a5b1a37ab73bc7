//! What a deploy asks CloudFormation for, from what the operator gave and what the stack has; and what
//! its change set would lose.

mod renaming;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use self::renaming::{COMES_TO, renamed, renaming};
use super::{
    fact::{ChangeAction, ChangeSetBrief, Fate, Replacement, ResourceChange, Stack},
    fault::{Fault, FaultKind},
    nearest,
    sleep::{Engine, engine},
    tags,
    template::{Pseudo, Template},
    text::{SafeText, short_arns},
};
use crate::cloud::PlanRequest;

/// What the operator gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wish {
    /// Template parameters.
    pub parameters: BTreeMap<String, String>,
    /// Stack tags that are added, or take the place of the like-named.
    pub tags: Vec<(String, String)>,
    /// Keys of stack tags that go.
    pub untags: Vec<String>,
}

/// A plan that may be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What is sent.
    pub request: PlanRequest,
    /// Values of all parameters once it is done.
    pub values: BTreeMap<String, String>,
    /// What the console decided by itself: one sentence each.
    pub notes: Vec<String>,
}

/// Types whose replacement or removal loses data.
const HOLDS_DATA: &[&str] = &[
    "AWS::EFS::FileSystem",
    "AWS::RDS::DBInstance",
    "AWS::SecretsManager::Secret",
    "AWS::Logs::LogGroup",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ECR::Repository",
];

/// Why a stack in this state takes no plan: one sentence with the way on. `place` are the flags that reach the stack from
/// a command line. `None` when it does.
pub fn refusal(stack: &Stack, place: &str) -> Option<String> {
    let status = &stack.status;
    let why = if status.is_in_review() || status.can_update() || status.is_deleted() {
        return None;
    } else if status.is_in_progress() {
        format!("wait for the running operation; `bic-tui deploy --watch {place}` follows it.")
    } else if status.is_dead() {
        format!("its creation failed and it can only be deleted first; run `bic-tui destroy {place}`.")
    } else if status.0 == "CREATE_FAILED" {
        format!("it takes no update before it is rolled back or deleted; `bic-tui unstick {place}` shows the ways out.")
    } else {
        format!("it takes no update before that is resolved; `bic-tui unstick {place}` shows the ways out.")
    };
    Some(format!("Stack {} is {}: {why}", stack.name, status.0))
}

/// What stands in the way where CloudFormation takes no change because somebody else was faster: one sentence.
pub fn in_the_way(fault: &Fault, stack: &str) -> Option<String> {
    if fault.kind == FaultKind::Refused && fault.detail.contains("already exists and cannot be created again") {
        return Some(format!(
            "stack {stack} exists by now: somebody else has begun to make it; make the plan when that is done"
        ));
    }
    let (_, status) = fault.detail.split_once(" is in ")?;
    let (status, _) = status.split_once(" state")?;
    let is_running = fault.kind == FaultKind::Refused && status.ends_with("_IN_PROGRESS");
    is_running.then(|| format!("stack {stack} is {status}: somebody else has begun an operation; make the plan when it is done"))
}

/// The plan is gone, or its stack has changed since: CloudFormation runs it no more. Any other refusal has a reason of its own.
pub fn is_void(fault: &Fault) -> bool {
    let is_code = |code: &SafeText| matches!(code.as_str(), "ChangeSetNotFound" | "InvalidChangeSetStatus");
    fault.kind == FaultKind::NotFound || fault.code.as_ref().is_some_and(is_code)
}

/// AWS's reason for refusing a plan, as a sentence to put after another; empty where it only says that the plan is gone,
/// or what [`in_the_way`] says in words.
pub fn awss_reason(fault: &Fault, stack: &str) -> String {
    let is_told = fault.kind == FaultKind::NotFound || fault.detail.contains("does not exist") || in_the_way(fault, stack).is_some();
    match fault.detail.trim_end_matches('.') {
        "" => String::new(),
        _ if is_told => String::new(),
        detail => format!(" AWS says: {}.", short_arns(detail)),
    }
}

/// Why the empty stack of a plan is left as it is: somebody else's plan is in it. One sentence without its stop.
pub fn shared(stack: &str, other: &ChangeSetBrief) -> String {
    format!("the empty stack {stack} stays: there is another plan in it, {}", other.name)
}

/// Works out what to send. `stack` is the one that exists; one in review does not.
///
/// # Errors
/// What is wrong with the wish: one sentence.
pub fn draft(template: &Template, stack: Option<&Stack>, wish: &Wish, pseudo: &Pseudo) -> Result<Draft, String> {
    let mut wrong = Vec::new();
    for (name, value) in &wish.parameters {
        let Some(def) = template.parameter(name) else {
            let known = template.parameters.iter().map(|p| p.name.as_str());
            return Err(format!(
                "unknown parameter \"{}\"; {}",
                SafeText::new(name),
                nearest::hint(name, known)
            ));
        };
        wrong.extend(def.check(value).err());
    }
    if !wrong.is_empty() {
        return Err(wrong.join(" "));
    }
    let before = stack.map(Stack::given);
    let mut notes = Vec::new();
    let mut given = wish.parameters.clone();
    if let Some(before) = &before {
        keep_fixed(&template.values(before), &given)?;
        keep_database(before, &mut given, &mut notes)?;
    }
    let mut known = before.clone().unwrap_or_default();
    known.extend(given.clone());
    let values = template.values(&known);
    let mut parameters = Vec::new();
    for def in &template.parameters {
        let name = def.name.as_str();
        let is_kept = !given.contains_key(name) && before.as_ref().is_some_and(|b| b.contains_key(name));
        let value = values
            .get(name)
            .ok_or_else(|| format!("the parameter {name} needs a value: add --param {name}=VALUE"))?;
        parameters.push((def.name.clone(), (!is_kept).then(|| value.as_str().into())));
    }
    if let Some(broken) = template.broken_rules(&values, pseudo).first() {
        return Err(broken.to_string());
    }
    let tags = tags::after(wish, stack, &mut notes)?;
    Ok(Draft {
        request: PlanRequest {
            stack: stack.map_or_else(|| pseudo.stack_name.as_str().into(), |s| s.id.clone()),
            is_create: stack.is_none(),
            parameters,
            tags,
            overridden: Vec::new(),
        },
        values,
        notes,
    })
}

/// Parameters that an update must not change, and what it would do.
///
/// Each `FileSystemDeletionPolicy` has a file system of its own. `AdminEmail` is part of what a secret is generated from,
/// and Open WebUI reads that secret at its very first start only.
const FIXED: [(&str, &str); 2] = [
    ("FileSystemDeletionPolicy", "it would begin with an empty file system"),
    (
        "AdminEmail",
        "the secret would get a new password that Open WebUI does not take; change the address in Open WebUI",
    ),
];

fn keep_fixed(before: &BTreeMap<String, String>, given: &BTreeMap<String, String>) -> Result<(), String> {
    for (name, loss) in FIXED {
        if let (Some(old), Some(new)) = (before.get(name), given.get(name))
            && old != new
        {
            let (old, new) = (SafeText::new(old), SafeText::new(new));
            return Err(format!("{name} stays {old} as long as the stack exists: with {new} {loss}."));
        }
    }
    Ok(())
}

/// `auto` was decided when the stack was made: another size must not take its database away.
fn keep_database(before: &BTreeMap<String, String>, given: &mut BTreeMap<String, String>, notes: &mut Vec<String>) -> Result<(), String> {
    let mut after = before.clone();
    after.extend(given.clone());
    if given.get("Database").is_some_and(|it| it != "auto") {
        return Ok(());
    }
    match (engine(before), engine(&after)) {
        (Engine::Postgres, Engine::Sqlite) => {
            given.insert("Database".into(), "postgres".into());
            notes.push("Database is set to postgres, so that the smaller size keeps the database it has.".into());
            Ok(())
        }
        (Engine::Sqlite, Engine::Postgres) => Err(
            "Database=auto stays SQLite as long as the stack exists, and a larger size runs several Open WebUI tasks, which can not share it: stay small, or say Database=postgres too, which starts empty (users, chats and settings stay behind)"
                .into(),
        ),
        _ => Ok(()),
    }
}

/// What executing a plan takes away of what holds data: one sentence each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Losses {
    /// What is lost, or may be.
    pub lost: Vec<String>,
    /// What only leaves the stack: it, or a last snapshot of it, stays in the account and goes on costing.
    pub kept: Vec<String>,
}

impl Losses {
    /// Nothing that holds data goes.
    pub fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.kept.is_empty()
    }

    /// All of them, what is lost first.
    pub fn all(self) -> impl Iterator<Item = String> {
        self.lost.into_iter().chain(self.kept)
    }
}

/// What executing a plan takes away; nothing when it loses nothing.
pub fn losses(changes: &[ResourceChange], before: Option<&BTreeMap<String, String>>, after: &BTreeMap<String, String>) -> Losses {
    let going = changes.iter().filter(|c| holds_data(&c.resource_type));
    let (kept, lost): (Vec<_>, Vec<_>) = going.partition(|c| matches!(c.fate, Some(Fate::Kept | Fate::Snapshot)));
    let told = |changes: Vec<&ResourceChange>| changes.into_iter().filter_map(loss).collect();
    let (mut lost, kept): (Vec<String>, Vec<String>) = (told(lost), told(kept));
    if let Some((from, to)) = before.and_then(|before| renaming(before, after)) {
        lost.insert(0, format!("ProjectName {from} → {to}: {COMES_TO}"));
    }
    if let Some(before) = before
        && engine(before) != engine(after)
    {
        lost.push(format!(
            "the database changes from {} to {}: users, chats and settings stay behind, and it starts empty",
            engine(before),
            engine(after)
        ));
    }
    Losses { lost, kept }
}

/// What a plan does in numbers: `1 to add, 2 to modify, 5 to replace, 0 to remove`.
pub fn counts(changes: &[ResourceChange]) -> String {
    let modified = |replacement| move |c: &ResourceChange| c.action == ChangeAction::Modify && c.replacement == replacement;
    let of = |action| move |c: &ResourceChange| c.action == action;
    let count = |is: &dyn Fn(&ResourceChange) -> bool| changes.iter().filter(|c| is(c)).count();
    let all = [
        (count(&of(ChangeAction::Add)), "to add", true),
        (count(&modified(Replacement::Never)), "to modify", true),
        (count(&modified(Replacement::Always)), "to replace", false),
        (count(&modified(Replacement::Conditional)), "may be replaced", false),
        (count(&of(ChangeAction::Remove)), "to remove", true),
        (count(&of(ChangeAction::Dynamic)), "decided later", false),
        (count(&of(ChangeAction::Import)), "to import", false),
    ];
    let told = all.into_iter().filter(|(n, _, is_usual)| *n > 0 || *is_usual);
    told.map(|(n, what, _)| format!("{n} {what}")).collect::<Vec<_>>().join(", ")
}

/// Whether the removal of such a resource loses data.
pub fn holds_data(resource_type: &str) -> bool {
    HOLDS_DATA.contains(&resource_type)
}

fn loss(change: &ResourceChange) -> Option<String> {
    let what = format!("{} ({})", change.logical_id, change.resource_type);
    let old = &change.physical_id;
    let old = if old.is_empty() { "the old one" } else { old.as_str() };
    let is_certain = change.replacement == Replacement::Always;
    match (change.action, change.replacement, change.fate) {
        (ChangeAction::Remove, _, Some(Fate::Kept)) => Some(format!(
            "{what} leaves the stack: {old} stays in the account with all it holds, and costs on"
        )),
        (ChangeAction::Remove, _, Some(Fate::Snapshot)) => Some(format!(
            "{what} is removed; of what it holds a last snapshot stays, which costs until it is deleted"
        )),
        (ChangeAction::Remove, ..) => Some(format!("{what} is removed with all it holds")),
        (ChangeAction::Modify | ChangeAction::Dynamic, Replacement::Always | Replacement::Conditional, fate) => {
            let is = if is_certain { "is" } else { "may be" };
            Some(match fate {
                Some(Fate::Kept) => format!(
                    "{what} {is} replaced by an empty one; {old} stays in the account with all it holds, outside the stack, and costs on"
                ),
                Some(Fate::Snapshot) => {
                    format!("{what} {is} replaced by an empty one; of what it holds a last snapshot stays, which costs until it is deleted")
                }
                _ if is_certain => format!("{what} is replaced: what it holds is lost"),
                _ => format!("{what} may be replaced, and what it holds be lost"),
            })
        }
        _ => None,
    }
}

/// Parameters in CloudFormation's own file format: a list of `ParameterKey` and `ParameterValue`.
///
/// # Errors
/// What is wrong with the file: one sentence without a stop.
pub fn read_parameters(text: &str) -> Result<BTreeMap<String, String>, String> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase", expecting = "an object with them")]
    struct Row {
        parameter_key: String,
        parameter_value: Option<String>,
        #[serde(default)]
        use_previous_value: bool,
    }
    // Some editors begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rows: Vec<Row> = serde_json::from_str(text).map_err(|e| format!("it is no list of ParameterKey and ParameterValue: {e}"))?;
    let (mut seen, mut values, mut wrong) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
    for row in rows {
        let name = SafeText::new(&row.parameter_key);
        if !seen.insert(row.parameter_key.clone()) {
            wrong.push(format!("{name} stands in it more than once"));
        }
        match row.parameter_value {
            // CloudFormation refuses that too.
            Some(value) if row.use_previous_value && !value.is_empty() => {
                wrong.push(format!("{name} has both ParameterValue and UsePreviousValue"));
            }
            _ if row.use_previous_value => {}
            Some(value) => drop(values.insert(row.parameter_key, value)),
            None => wrong.push(format!("{name} has neither ParameterValue nor UsePreviousValue")),
        }
    }
    if wrong.is_empty() { Ok(values) } else { Err(wrong.join("; ")) }
}
