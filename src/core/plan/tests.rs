//! What is sent, what is lost, and what is refused before it.

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
    assert!(lost.lost[0].contains("SQLite to PostgreSQL"), "{lost:?}");
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
    assert!(losses(&[], Some(&small.given()), &said.values).lost[0].contains("SQLite to PostgreSQL"));
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
        fate: None,
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
        assert_eq!(lost.lost.len(), count, "{action} {kind}: {lost:?}");
    }
}

#[test]
fn what_is_kept_of_what_goes_is_not_called_lost() {
    let told = |action, replacement, fate| {
        let change = ResourceChange {
            action,
            logical_id: "FileSystem".into(),
            physical_id: "fs-1".into(),
            resource_type: "AWS::EFS::FileSystem".into(),
            replacement,
            fate,
            properties: Vec::new(),
        };
        losses(&[change], None, &BTreeMap::new())
    };
    let (modify, remove) = (ChangeAction::Modify, ChangeAction::Remove);
    for (action, replacement, fate, want) in [
        (
            modify,
            Replacement::Always,
            Some(Fate::Kept),
            "is replaced by an empty one; fs-1 stays in the account",
        ),
        (
            modify,
            Replacement::Conditional,
            Some(Fate::Kept),
            "may be replaced by an empty one; fs-1 stays",
        ),
        (modify, Replacement::Always, Some(Fate::Snapshot), "a last snapshot stays"),
        (modify, Replacement::Always, Some(Fate::Deleted), "what it holds is lost"),
        (modify, Replacement::Always, None, "what it holds is lost"),
        (
            remove,
            Replacement::Never,
            Some(Fate::Kept),
            "leaves the stack: fs-1 stays in the account",
        ),
        (remove, Replacement::Never, Some(Fate::Snapshot), "a last snapshot stays"),
        (remove, Replacement::Never, Some(Fate::Deleted), "is removed with all it holds"),
    ] {
        let told = told(action, replacement, fate);
        let is_kept = matches!(fate, Some(Fate::Kept | Fate::Snapshot));
        assert_eq!((told.lost.len(), told.kept.len()), if is_kept { (0, 1) } else { (1, 0) });
        let text = told.all().next().unwrap();
        assert!(text.contains(want), "{text}");
        assert_eq!(text.contains("lost") || text.contains("removed with"), !is_kept, "{text}");
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
        (
            r#"[{"ParameterKey":"A","ParameterValue":"1","UsePreviousValue":true}]"#,
            "A has both ParameterValue and UsePreviousValue",
        ),
        (r#"{"A":"1"}"#, "it is no list of ParameterKey and ParameterValue: "),
        (
            "[1]",
            "it is no list of ParameterKey and ParameterValue: invalid type: integer `1`, expected an object with them",
        ),
        (
            r#"[{"ParameterKey":"A","ParameterValue":"1"},{"ParameterKey":"A","ParameterValue":"2"}]"#,
            "A stands in it more than once",
        ),
    ] {
        let why = read_parameters(text).unwrap_err();
        assert!(why.starts_with(want), "{why}");
    }
    let shipped = read_parameters(include_str!("../../../assets/parameters.json")).unwrap();
    assert_eq!(
        shipped,
        Template::shipped().values(&BTreeMap::new()),
        "parameters.json is the template's defaults"
    );
}
