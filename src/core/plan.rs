//! What a deploy asks CloudFormation for, from what the operator gave and what the stack has; and what
//! its change set would lose.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    fact::{ChangeAction, ChangeSetBrief, Replacement, ResourceChange, Stack},
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

/// What executing a plan loses: one sentence each; nothing when it loses nothing.
pub fn losses(changes: &[ResourceChange], before: Option<&BTreeMap<String, String>>, after: &BTreeMap<String, String>) -> Vec<String> {
    let mut out: Vec<String> = changes.iter().filter(|c| holds_data(&c.resource_type)).filter_map(loss).collect();
    if let Some(before) = before
        && engine(before) != engine(after)
    {
        out.push(format!(
            "the database changes from {} to {}: users, chats and settings stay behind, and it starts empty",
            engine(before),
            engine(after)
        ));
    }
    out
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
    match (change.action, change.replacement) {
        (ChangeAction::Remove, _) => Some(format!("{what} is removed with all it holds")),
        (ChangeAction::Modify | ChangeAction::Dynamic, Replacement::Always) => Some(format!("{what} is replaced: what it holds is lost")),
        (ChangeAction::Modify | ChangeAction::Dynamic, Replacement::Conditional) => {
            Some(format!("{what} may be replaced, and what it holds be lost"))
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
    #[serde(rename_all = "PascalCase")]
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
            _ if row.use_previous_value => {}
            Some(value) => drop(values.insert(row.parameter_key, value)),
            None => wrong.push(format!("{name} has neither ParameterValue nor UsePreviousValue")),
        }
    }
    if wrong.is_empty() { Ok(values) } else { Err(wrong.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pseudo() -> Pseudo {
        Pseudo {
            region: "us-west-2".into(),
            account: "123456789012".into(),
            stack_name: "chat".into(),
        }
    }

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn wish(pairs: &[(&str, &str)]) -> Wish {
        Wish {
            parameters: map(pairs),
            ..Wish::default()
        }
    }

    fn stack(status: &str, pairs: &[(&str, &str)]) -> Stack {
        let values = Template::shipped().values(&map(pairs));
        Stack {
            parameters: values.iter().map(|(k, v)| (k.as_str().into(), v.as_str().into())).collect(),
            ..Stack::of_test(status)
        }
    }

    fn sent<'a>(draft: &'a Draft, name: &str) -> Option<&'a str> {
        let (_, value) = draft.request.parameters.iter().find(|(k, _)| *k == name).unwrap();
        value.as_deref()
    }

    #[test]
    fn tags_that_are_not_as_wanted_are_named() {
        let mut stack = stack("UPDATE_COMPLETE", &[]);
        let tags = [("aws:x", "1"), ("B", "2"), ("A", "1")];
        stack.tags = tags.map(|(k, v)| (k.into(), v.into())).to_vec();
        let wanted = |tags: &[(&str, &str)]| -> Vec<tags::Tag> { tags.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect() };
        assert_eq!(tags::unmet(None, &stack), None);
        assert_eq!(tags::unmet(Some(&wanted(&[("A", "1"), ("B", "2")])), &stack), None);
        assert_eq!(
            tags::unmet(Some(&[]), &stack).unwrap(),
            "stack chat has the tags B=2, A=1, which is not what was wanted"
        );
        stack.tags.clear();
        assert!(tags::unmet(Some(&wanted(&[("A", "1")])), &stack).unwrap().contains("has no tags"));
    }

    #[test]
    fn a_creation_sends_everything_and_an_update_only_what_was_touched() {
        let template = Template::shipped();
        let made = draft(&template, None, &wish(&[("DeploymentSize", "medium")]), &pseudo()).unwrap();
        assert!(made.request.is_create && made.request.stack == "chat");
        assert_eq!(made.request.tags.as_ref().unwrap().len(), 3);
        assert!(made.request.parameters.iter().all(|(_, v)| v.is_some()));
        assert_eq!(sent(&made, "DeploymentSize"), Some("medium"));
        let old = stack("CREATE_COMPLETE", &[("AllowedCIDR", "203.0.113.0/24")]);
        let changed = draft(&template, Some(&old), &wish(&[("LogRetentionDays", "7")]), &pseudo()).unwrap();
        assert!(!changed.request.is_create && changed.request.stack == old.id);
        assert_eq!(changed.request.tags, None);
        assert_eq!(sent(&changed, "LogRetentionDays"), Some("7"));
        assert_eq!(changed.request.parameters.iter().filter(|(_, v)| v.is_some()).count(), 1);
        assert_eq!(changed.values["AllowedCIDR"], "203.0.113.0/24");
    }

    #[test]
    fn a_parameter_that_the_stack_has_not_yet_is_sent() {
        let mut old = stack("UPDATE_COMPLETE", &[]);
        old.parameters.retain(|(k, _)| *k != "FargateSpot");
        let made = draft(&Template::shipped(), Some(&old), &Wish::default(), &pseudo()).unwrap();
        assert_eq!(sent(&made, "FargateSpot"), Some("false"));
    }

    #[test]
    fn wrong_wishes_are_named() {
        for (pairs, want) in [
            (vec![("DeploymentSiz", "small")], "did you mean \"DeploymentSize\"?"),
            (vec![("DeploymentSize", "huge")], "small, medium, large"),
            (
                vec![("BedrockRegion", "us-east-1")],
                "BedrockRegion must be empty or the region of the stack",
            ),
            (vec![("Database", "sqlite"), ("DeploymentSize", "large")], "SQLite"),
        ] {
            let error = draft(&Template::shipped(), None, &wish(&pairs), &pseudo()).unwrap_err();
            assert!(error.contains(want), "{error}");
        }
    }

    #[test]
    fn what_becomes_of_the_files_is_settled_with_the_creation() {
        let template = Template::shipped();
        let asked = |stack: Option<&Stack>, policy| draft(&template, stack, &wish(&[("FileSystemDeletionPolicy", policy)]), &pseudo());
        assert_eq!(sent(&asked(None, "Retain").unwrap(), "FileSystemDeletionPolicy"), Some("Retain"));
        let mut old = stack("CREATE_COMPLETE", &[("FileSystemDeletionPolicy", "Retain")]);
        assert!(asked(Some(&old), "Retain").is_ok());
        assert!(asked(Some(&old), "Delete").unwrap_err().contains("empty file system"));
        // Stacks from before there was a choice have the files of the default.
        old.parameters.retain(|(k, _)| *k != "FileSystemDeletionPolicy");
        assert!(asked(Some(&old), "Delete").is_ok());
        assert!(asked(Some(&old), "Retain").unwrap_err().contains("stays Delete"));
    }

    #[test]
    fn the_administrators_address_is_settled_with_the_creation() {
        let template = Template::shipped();
        let asked = |stack: Option<&Stack>, address| draft(&template, stack, &wish(&[("AdminEmail", address)]), &pseudo());
        assert_eq!(sent(&asked(None, "b@b.example").unwrap(), "AdminEmail"), Some("b@b.example"));
        let old = stack("CREATE_COMPLETE", &[("AdminEmail", "a@b.example")]);
        assert!(asked(Some(&old), "a@b.example").is_ok());
        let refusal = asked(Some(&old), "b@b.example").unwrap_err();
        assert!(
            refusal.starts_with("AdminEmail stays a@b.example") && refusal.contains("new password"),
            "{refusal}"
        );
    }

    #[test]
    fn a_smaller_size_keeps_postgres_and_a_larger_one_says_what_is_lost() {
        let template = Template::shipped();
        let big = stack("UPDATE_COMPLETE", &[("DeploymentSize", "large")]);
        let down = draft(&template, Some(&big), &wish(&[("DeploymentSize", "small")]), &pseudo()).unwrap();
        assert_eq!((sent(&down, "Database"), down.notes.len()), (Some("postgres"), 1));
        assert!(losses(&[], Some(&map(&[("DeploymentSize", "large")])), &down.values).is_empty());
        let small = map(&[("DeploymentSize", "small"), ("Database", "auto")]);
        let lost = losses(&[], Some(&small), &map(&[("DeploymentSize", "medium"), ("Database", "auto")]));
        assert!(lost[0].contains("SQLite to PostgreSQL"), "{lost:?}");
        assert!(losses(&[], None, &small).is_empty());
    }

    #[test]
    fn a_larger_size_takes_sqlite_from_nobody_who_did_not_say_so() {
        let template = Template::shipped();
        let small = stack("UPDATE_COMPLETE", &[]);
        let asked = |pairs: &[(&str, &str)]| draft(&template, Some(&small), &wish(pairs), &pseudo());
        for pairs in [
            &[("DeploymentSize", "medium")][..],
            &[("DeploymentSize", "large"), ("Database", "auto")],
        ] {
            let refusal = asked(pairs).unwrap_err();
            assert!(
                refusal.contains("stays SQLite") && refusal.contains("say Database=postgres too"),
                "{refusal}"
            );
        }
        let said = asked(&[("DeploymentSize", "medium"), ("Database", "postgres")]).unwrap();
        assert!(losses(&[], Some(&small.given()), &said.values)[0].contains("SQLite to PostgreSQL"));
        assert!(draft(&template, None, &wish(&[("DeploymentSize", "medium")]), &pseudo()).is_ok());
    }

    #[test]
    fn tags_are_added_to_those_that_there_are() {
        let template = Template::shipped();
        let mut old = stack("UPDATE_COMPLETE", &[]);
        old.tags = vec![
            ("Team".into(), "a".into()),
            ("aws:x".into(), "1".into()),
            ("Cost".into(), "7".into()),
        ];
        let asked = |stack: Option<&Stack>, tags: &[(&str, &str)], untags: &[&str]| {
            let wish = Wish {
                tags: tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
                untags: untags.iter().map(|k| (*k).to_owned()).collect(),
                ..Wish::default()
            };
            let told = |d: Draft| {
                let words = |tags: Vec<(SafeText, SafeText)>| tags.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ");
                (d.request.tags.map_or_else(|| "as they are".into(), words), d.notes.join("; "))
            };
            draft(&template, stack, &wish, &pseudo()).map(told)
        };
        let is = |tags: &str, notes: &str| Ok((tags.to_owned(), notes.to_owned()));
        let all = "Project=BedrockImageChat Environment=Production ManagedBy=CloudFormation";
        assert_eq!(asked(None, &[("Team", "x")], &[]), is(&format!("{all} Team=x"), ""));
        assert_eq!(asked(Some(&old), &[], &[]), is("as they are", ""));
        assert_eq!(asked(Some(&old), &[("X", "1")], &[]), is("Team=a Cost=7 X=1", ""));
        assert_eq!(
            asked(Some(&old), &[("Team", "b")], &["Cost"]),
            is("Team=b", "the tag Cost=7 is removed; the tag Team=a becomes Team=b")
        );
        assert_eq!(
            asked(Some(&old), &[], &["Team", "Cost"]),
            is("", "the tag Team=a is removed; the tag Cost=7 is removed"),
            "the last one too"
        );
        for (tags, untags, want) in [
            (&[("AWS:x", "1")][..], &[][..], "AWS keeps aws: to itself"),
            (&[], &["Teem"], "did you mean \"Team\"?"),
        ] {
            let refusal = asked(Some(&old), tags, untags).unwrap_err();
            assert!(refusal.contains(want), "{refusal}");
        }
    }

    #[test]
    fn what_holds_data_and_goes_is_a_loss() {
        let change = |action, replacement, kind: &str| ResourceChange {
            action,
            logical_id: "X".into(),
            physical_id: SafeText::default(),
            resource_type: kind.into(),
            replacement,
            properties: Vec::new(),
        };
        let some = [
            change(ChangeAction::Modify, Replacement::Never, "T"),
            change(ChangeAction::Modify, Replacement::Always, "T"),
            change(ChangeAction::Modify, Replacement::Always, "T"),
        ];
        assert_eq!(counts(&some), "0 to add, 1 to modify, 2 to replace, 0 to remove");
        assert_eq!(counts(&[]), "0 to add, 0 to modify, 0 to remove");
        for (action, replacement, kind, count) in [
            (ChangeAction::Remove, Replacement::Never, "AWS::EFS::FileSystem", 1),
            (ChangeAction::Modify, Replacement::Always, "AWS::RDS::DBInstance", 1),
            (ChangeAction::Modify, Replacement::Conditional, "AWS::Logs::LogGroup", 1),
            (ChangeAction::Modify, Replacement::Never, "AWS::EFS::FileSystem", 0),
            (ChangeAction::Add, Replacement::Never, "AWS::SecretsManager::Secret", 0),
            (ChangeAction::Remove, Replacement::Never, "AWS::EC2::Route", 0),
        ] {
            let lost = losses(&[change(action, replacement, kind)], None, &BTreeMap::new());
            assert_eq!(lost.len(), count, "{action} {kind}: {lost:?}");
        }
    }

    #[test]
    fn who_is_overtaken_is_told_by_whom_and_not_in_awss_words() {
        let refused = |text: &str| {
            in_the_way(
                &Fault::new(FaultKind::Refused, "cloudformation:CreateChangeSet", "chat", text),
                "chat",
            )
        };
        for (text, want) in [
            (
                "Stack:arn:aws:cloudformation:us-west-2:1:stack/chat/1 is in UPDATE_IN_PROGRESS state and can not be updated.",
                Some("stack chat is UPDATE_IN_PROGRESS: somebody else"),
            ),
            (
                "Stack [chat] already exists and cannot be created again with the changeSet [x].",
                Some("stack chat exists by now: somebody else"),
            ),
            ("Stack:arn is in ROLLBACK_COMPLETE state and can not be updated.", None),
            ("Template error", None),
        ] {
            let told = refused(text);
            assert_eq!(told.is_some(), want.is_some(), "{told:?}");
            assert!(want.is_none_or(|want| told.unwrap().starts_with(want)), "{text}");
        }
    }

    #[test]
    fn awss_reason_is_told_unless_it_says_nothing_new() {
        for (kind, text, want) in [
            (
                FaultKind::Refused,
                "ChangeSet [arn:aws:cloudformation:us-west-2:1:changeSet/x/1] cannot be executed in its current status of [FAILED].",
                " AWS says: ChangeSet [changeSet/x/1] cannot be executed in its current status of [FAILED].",
            ),
            (
                FaultKind::Refused,
                "Stack:x is in UPDATE_IN_PROGRESS state and can not be updated.",
                "",
            ),
            (FaultKind::Refused, "ChangeSet [x] does not exist", ""),
            (FaultKind::NotFound, "no such plan", ""),
            (FaultKind::Refused, "", ""),
        ] {
            let fault = Fault::new(kind, "cloudformation:ExecuteChangeSet", "chat", text);
            assert_eq!(awss_reason(&fault, "chat"), want, "{text}");
        }
    }

    #[test]
    fn only_a_plan_that_is_gone_or_outdated_is_void() {
        for (kind, code, want) in [
            (FaultKind::NotFound, "ChangeSetNotFound", true),
            (FaultKind::Refused, "InvalidChangeSetStatus", true),
            (FaultKind::Refused, "InsufficientCapabilitiesException", false),
            (FaultKind::Refused, "ValidationError", false),
            (FaultKind::Refused, "LimitExceededException", false),
            (FaultKind::Denied, "AccessDenied", false),
        ] {
            let mut fault = Fault::new(kind, "cloudformation:ExecuteChangeSet", "chat", "why");
            fault.code = Some(code.into());
            assert_eq!(is_void(&fault), want, "{code}");
        }
    }

    #[test]
    fn states_that_take_no_plan_say_the_way_on() {
        for (status, want) in [
            ("CREATE_COMPLETE", None),
            ("REVIEW_IN_PROGRESS", None),
            ("UPDATE_ROLLBACK_COMPLETE", None),
            ("UPDATE_IN_PROGRESS", Some("bic-tui deploy --watch --profile ops --stack chat`")),
            ("ROLLBACK_COMPLETE", Some("bic-tui destroy --profile ops --stack chat`")),
            ("CREATE_FAILED", Some("bic-tui unstick --profile ops --stack chat`")),
            ("DELETE_FAILED", Some("bic-tui unstick --profile ops --stack chat`")),
            ("UPDATE_ROLLBACK_FAILED", Some("takes no update")),
        ] {
            let said = refusal(&stack(status, &[]), "--profile ops --stack chat");
            assert_eq!(said.is_some(), want.is_some(), "{status}: {said:?}");
            assert!(want.is_none_or(|w| said.unwrap().contains(w)), "{status}");
        }
    }

    #[test]
    fn the_guides_parameter_file_is_read() {
        let read = read_parameters(r#"[{"ParameterKey":"A","ParameterValue":"1"},{"ParameterKey":"B","UsePreviousValue":true}]"#);
        assert_eq!(read, Ok(map(&[("A", "1")])));
        assert_eq!(read_parameters("\u{feff}[]"), Ok(map(&[])));
        for (text, want) in [
            (
                r#"[{"ParameterKey":"A"},{"ParameterKey":"B"}]"#,
                "A has neither ParameterValue nor UsePreviousValue; B has neither",
            ),
            (r#"{"A":"1"}"#, "it is no list of ParameterKey and ParameterValue: "),
            (
                r#"[{"ParameterKey":"A","ParameterValue":"1"},{"ParameterKey":"A","ParameterValue":"2"}]"#,
                "A stands in it more than once",
            ),
        ] {
            let why = read_parameters(text).unwrap_err();
            assert!(why.starts_with(want), "{why}");
        }
        let shipped = read_parameters(include_str!("../../assets/parameters.json")).unwrap();
        assert_eq!(
            shipped,
            Template::shipped().values(&BTreeMap::new()),
            "parameters.json is the template's defaults"
        );
    }
}
