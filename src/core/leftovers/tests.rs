use super::*;
use crate::core::{
    fact::{Fact, Look, ResourceStatus, Stack, StackResource, Stored, Throughput},
    msg::Now,
};

const FS: &str = "fs-0123";

fn stack(status: &str) -> Stack {
    Stack {
        parameters: vec![("ProjectName".into(), "pictures".into())],
        ..Stack::of_test(status)
    }
}

fn resource(kind: &str, physical: &str, status: &str) -> StackResource {
    StackResource {
        logical_id: "X".into(),
        physical_id: physical.into(),
        resource_type: kind.into(),
        status: ResourceStatus(status.into()),
        reason: SafeText::default(),
        at: 7_000,
    }
}

fn backup() -> Leftover {
    Leftover {
        of: format!("arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/{FS}").into(),
        bytes: Some(2 << 30),
        ..Leftover::new(
            LeftoverKind::RecoveryPoint,
            "arn:aws:backup:us-west-2:123456789012:recovery-point:8a92c375-b475",
        )
    }
}

const SIZE: Stored = Stored { bytes: 5 << 30, at: 9_000 };

/// What AWS answers: the stack by name, ids of deleted ones, the stack by id, its resources; each look by a function.
struct Aws {
    by_name: Option<Stack>,
    deleted: Vec<SafeText>,
    by_id: Option<Stack>,
    resources: Vec<StackResource>,
    bought: Vec<Throughput>,
    holders: Vec<(SafeText, SafeText)>,
    look: fn(&Look) -> Result<Vec<Leftover>, Fault>,
}

/// Searches to the end; gives what was asked, too.
fn searched(aws: &Aws) -> (Search, Vec<Query>) {
    let mut search = Search::new(&"chat".into(), &"us-west-2".into(), Some(&"123456789012".into()));
    let mut open = vec![search.begin(None)];
    let mut asked = Vec::new();
    while let Some(query) = open.pop() {
        let answer = match &query {
            Query::Stack { stack } if *stack == "chat" => Ok(Fact::Stack(aws.by_name.clone())),
            Query::Stack { .. } => Ok(Fact::Stack(aws.by_id.clone())),
            Query::DeletedStacks { .. } => Ok(Fact::StackIds(aws.deleted.clone())),
            Query::StackResources { .. } => Ok(Fact::StackResources(aws.resources.clone())),
            Query::Left(look) => (aws.look)(look).map(Fact::Left),
            Query::FileSystemSize { .. } => Ok(Fact::FileSystemSize(Some(SIZE))),
            Query::Holders { .. } => Ok(Fact::Holders(aws.holders.clone())),
            Query::Throughputs => (aws.look)(&Look::Resources(Vec::new())).map(|_| Fact::Throughputs(aws.bought.clone())),
            other => panic!("{other:?}"),
        };
        open.extend(search.take(&query, answer, Now::default()));
        asked.push(query);
    }
    assert!(search.is_done());
    (search, asked)
}

fn looks(asked: &[Query]) -> Vec<&Look> {
    let mut all = Vec::new();
    for query in asked {
        if let Query::Left(look) = query {
            all.push(look);
        }
    }
    all
}

#[test]
fn a_stack_that_is_long_gone_is_found_by_its_record() {
    let kept = [
        resource("AWS::EFS::FileSystem", FS, "DELETE_SKIPPED"),
        resource("AWS::EC2::VPC", "vpc-1", "DELETE_SKIPPED"),
        resource("AWS::ECS::Cluster", "c", "DELETE_COMPLETE"),
    ];
    let (search, asked) = searched(&Aws {
        by_name: None,
        deleted: vec![stack("").id],
        by_id: Some(stack("DELETE_COMPLETE")),
        resources: kept.to_vec(),
        bought: Vec::new(),
        holders: Vec::new(),
        look: |look| {
            Ok(match look {
                Look::FileSystems { known, .. } => vec![Leftover::new(LeftoverKind::FileSystem, known[0].clone())],
                Look::RecoveryPoints { .. } => vec![backup()],
                _ => Vec::new(),
            })
        },
    });
    assert_eq!(search.project(), "pictures", "the record tells the project");
    assert!(
        !asked.iter().any(|it| matches!(it, Query::FileSystemSize { .. })),
        "nothing more is lost"
    );
    let names: Vec<SafeText> = search.left().iter().map(|it| it.name()).collect();
    assert_eq!(names, [FS, "8a92c375"]);
    assert_eq!(search.left()[0].made, Some(7_000), "left since CloudFormation let go of it");
    assert_eq!(
        search.deleted(),
        Some(7_000),
        "the time of its last resource where AWS tells no better one"
    );
    let board = Board {
        last: Some(search),
        ..Board::default()
    };
    assert_eq!(board.grave().and_then(Search::deleted), Some(7_000));
    assert_eq!(Board::default().grave(), None);
    let looks = looks(&asked);
    let arn = "arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-0123";
    for want in [
        Look::Resources(vec![("AWS::EC2::VPC".into(), "vpc-1".into())]),
        Look::RecoveryPoints {
            resources: vec![arn.into()],
            name: "pictures-efs".into(),
        },
        Look::LogGroups {
            names: vec!["/ecs/pictures".into(), "/mirror/pictures".into()],
        },
        Look::Snapshots {
            databases: Vec::new(),
            prefix: "chat-databaseinstance-".into(),
        },
    ] {
        assert!(looks.contains(&&want), "{looks:?}");
    }
}

#[test]
fn the_empty_stack_of_a_dropped_plan_is_no_stack_that_was() {
    let (mut search, id) = (Search::new(&"chat".into(), &"us-west-2".into(), None), |n: &str| SafeText::from(n));
    let now = Now::default();
    let mut told = |query: Query, fact| search.take(&query, Ok(fact), now);
    let by = |stack: &str| Query::Stack { stack: stack.into() };
    let resources = |stack: &str| Query::StackResources { stack: stack.into() };
    let record = |id: &str| {
        Fact::Stack(Some(Stack {
            id: id.into(),
            ..stack("DELETE_COMPLETE")
        }))
    };
    told(by("chat"), Fact::Stack(None));
    let next = told(
        Query::DeletedStacks { name: "chat".into() },
        Fact::StackIds(vec![id("plan"), id("real"), id("older")]),
    );
    assert_eq!(next, [by("plan")]);
    assert_eq!(told(by("plan"), record("plan")), [resources("plan")]);
    assert_eq!(told(resources("plan"), Fact::StackResources(Vec::new())), [by("real")]);
    told(by("real"), record("real"));
    told(
        resources("real"),
        Fact::StackResources(vec![resource("AWS::EFS::FileSystem", FS, "DELETE_SKIPPED")]),
    );
    assert_eq!(search.stack().map(|s| s.id.as_str()), Some("real"));
    // Where there were plans only, there was no stack.
    let (search, _) = searched(&Aws {
        by_name: None,
        deleted: vec![stack("").id],
        by_id: Some(stack("DELETE_COMPLETE")),
        resources: Vec::new(),
        bought: Vec::new(),
        holders: Vec::new(),
        look: |_| Ok(Vec::new()),
    });
    assert_eq!(search.deleted(), None);
}

#[test]
fn what_aws_has_forgotten_is_looked_for_by_names() {
    let (search, asked) = searched(&Aws {
        by_name: None,
        deleted: Vec::new(),
        by_id: None,
        resources: Vec::new(),
        bought: Vec::new(),
        holders: Vec::new(),
        look: |look| {
            Ok(if matches!(look, Look::RecoveryPoints { .. }) {
                vec![backup()]
            } else {
                Vec::new()
            })
        },
    });
    assert_eq!((search.project().as_str(), search.left().len()), ("chat", 1));
    let by_name = Look::RecoveryPoints {
        resources: Vec::new(),
        name: "chat-efs".into(),
    };
    assert!(looks(&asked).contains(&&by_name), "{asked:?}");
}

#[test]
fn what_a_living_stack_has_is_not_left_but_its_backups_will_stay() {
    let (search, _) = searched(&Aws {
        by_name: Some(stack("CREATE_COMPLETE")),
        deleted: Vec::new(),
        by_id: None,
        resources: vec![
            resource("AWS::EFS::FileSystem", FS, "CREATE_COMPLETE"),
            resource("AWS::Logs::LogGroup", "/ecs/pictures", "CREATE_COMPLETE"),
        ],
        bought: Vec::new(),
        holders: Vec::new(),
        look: |look| {
            Ok(match look {
                Look::FileSystems { .. } => vec![
                    Leftover::new(LeftoverKind::FileSystem, FS),
                    Leftover::new(LeftoverKind::FileSystem, "fs-old"),
                ],
                Look::RecoveryPoints { .. } => vec![backup()],
                Look::LogGroups { .. } => vec![Leftover::new(LeftoverKind::LogGroup, "/ecs/pictures")],
                _ => Vec::new(),
            })
        },
    });
    let ids = |all: Vec<&Leftover>| all.iter().map(|it| it.name()).collect::<Vec<_>>();
    assert_eq!(ids(search.left()), ["fs-old"]);
    assert_eq!(ids(search.stays()), ["fs-old", "8a92c375"]);
    assert_eq!(search.size(&FS.into()), Ok(SIZE));
}

#[test]
fn a_size_that_can_not_be_read_is_told_with_its_reason_and_hides_nothing() {
    let is_size = |it: &Query| matches!(it, Query::FileSystemSize { .. });
    for (search, want) in [
        (
            with_fault(is_size, FaultKind::Denied),
            "cloudwatch:GetMetricData on chat is not allowed",
        ),
        (with_fault(|_| false, FaultKind::Denied), "CloudWatch has no figure of the last day"),
        (
            with_fault(|it| matches!(it, Query::Stack { .. }), FaultKind::Denied),
            "it could not be asked for",
        ),
    ] {
        assert_eq!(search.size(&FS.into()), Err(want.into()));
    }
    let denied = with_fault(is_size, FaultKind::Denied);
    assert!(denied.unknown().is_empty() && denied.blind().is_none() && !denied.left().is_empty());
}

#[test]
fn a_place_that_can_not_be_looked_at_is_told_and_hides_no_other() {
    let denied = |look: &Look| Err(Fault::new(FaultKind::Denied, look.actions()[0], "", ""));
    let (search, _) = searched(&Aws {
        by_name: None,
        deleted: Vec::new(),
        by_id: None,
        resources: Vec::new(),
        bought: Vec::new(),
        holders: Vec::new(),
        look: |look| match look {
            Look::Snapshots { .. } => Err(Fault::new(FaultKind::Denied, "rds:DescribeDBSnapshots", "", "")),
            Look::RecoveryPoints { .. } => Ok(vec![backup()]),
            _ => Ok(Vec::new()),
        },
    });
    let [unknown] = search.unknown() else {
        panic!("{:?}", search.unknown())
    };
    assert_eq!(unknown.what, "database snapshots");
    assert!(unknown.why.contains("rds:DescribeDBSnapshots is not allowed"), "{unknown:?}");
    assert!(search.blind().is_none() && search.left().len() == 1);
    let (search, _) = searched(&Aws {
        by_name: None,
        deleted: Vec::new(),
        by_id: None,
        resources: Vec::new(),
        bought: Vec::new(),
        holders: Vec::new(),
        look: denied,
    });
    assert!(search.blind().is_some(), "nothing at all could be looked at");
    let prices = Prices::shipped();
    assert!(summary(&prices, "us-west-2", &search.left(), search.unknown()).contains("not every place"));
}

#[test]
fn a_look_that_stopped_is_no_all_clear_and_takes_no_removal_back() {
    let mut search = Search::new(&"chat".into(), &"us-west-2".into(), None);
    let mut open = vec![search.begin(None)];
    while let Some(query) = open.pop() {
        let answer = match &query {
            Query::Stack { .. } => Ok(Fact::Stack(None)),
            Query::DeletedStacks { .. } => Ok(Fact::StackIds(Vec::new())),
            Query::Left(Look::FileSystems { .. }) => Ok(Fact::LeftPartly {
                found: Vec::new(),
                strangers: (20, 3),
            }),
            Query::Throughputs => Ok(Fact::Throughputs(Vec::new())),
            _ => Ok(Fact::Left(Vec::new())),
        };
        open.extend(search.take(&query, answer, Now::default()));
    }
    assert!(search.is_done() && !search.is_unheard() && search.blind().is_none());
    let [unknown] = search.unknown() else {
        panic!("{:?}", search.unknown())
    };
    assert_eq!(unknown.why, "of 23 that may be of any stack 20 were looked at, and 3 were not");
    assert_eq!(unknown.next, "`aws efs describe-file-systems` lists all: the name is chat-efs.");
    let told = verdict(&Prices::shipped(), "us-west-2", &search);
    assert_eq!(told, "Nothing was found, but not every place could be looked at.");
    assert!(
        search.tells(&Leftover::new(LeftoverKind::FileSystem, "fs-1")),
        "the list of them was whole"
    );
}

#[test]
fn prices_follow_from_size_and_kind() {
    let prices = Prices::shipped();
    let words = |it: &Leftover| price(&prices, "us-east-1", it).words;
    let secret = Leftover::new(LeftoverKind::Secret, "s");
    let waiting = Leftover {
        ends: Some(1),
        ..secret.clone()
    };
    let network = Leftover {
        resource_type: "AWS::EC2::VPC".into(),
        ..Leftover::new(LeftoverKind::Resource, "vpc-1")
    };
    for (it, want) in [
        (backup(), "$0.10 a month, price not verified"),
        (Leftover::new(LeftoverKind::FileSystem, FS), "$0.30 a month for each GB"),
        (secret.clone(), "$0.40 a month, price not verified"),
        (waiting.clone(), "a secret that waits for its deletion costs nothing"),
        (network.clone(), "costs nothing by itself"),
    ] {
        assert_eq!(words(&it), want);
    }
    let all = [&backup(), &Leftover::new(LeftoverKind::FileSystem, FS), &secret, &waiting, &network];
    assert_eq!(
        summary(&prices, "us-east-1", &all, &[]),
        "5 things are left: about $0.50 a month and 1 without a figure, an estimate."
    );
    assert_eq!(summary(&prices, "us-east-1", &[], &[]), "Nothing is left, and nothing costs.");
}

#[test]
fn a_name_that_two_things_have_is_no_name() {
    let twins = [
        Leftover::new(LeftoverKind::RecoveryPoint, "arn:aws:backup:r:1:recovery-point:8a92c375-1"),
        Leftover::new(LeftoverKind::RecoveryPoint, "arn:aws:backup:r:1:recovery-point:8a92c375-2"),
    ];
    let all: Vec<&Leftover> = twins.iter().collect();
    assert_eq!(names(&all), [twins[0].id.clone(), twins[1].id.clone()]);
    assert_eq!(names(&all[..1]), ["8a92c375"]);
}

#[test]
fn everything_has_a_removal_of_its_own() {
    for kind in [
        LeftoverKind::FileSystem,
        LeftoverKind::RecoveryPoint,
        LeftoverKind::Snapshot,
        LeftoverKind::LogGroup,
        LeftoverKind::Secret,
        LeftoverKind::Repository,
        LeftoverKind::Resource,
        LeftoverKind::Throughput,
    ] {
        let it = Leftover::new(kind, "id");
        let change = removal(&it).unwrap_or_else(|| panic!("{kind}"));
        assert_eq!(removed(&change), Some(&it.id), "{kind}");
        assert!(crate::core::guard::ALLOWED.contains(&change.operation()), "{kind}");
    }
}

#[test]
fn throughput_is_left_where_the_stack_that_named_it_is_gone() {
    let bought = |arn: &str| Throughput {
        arn: arn.into(),
        name: "images".into(),
        model: SafeText::default(),
        base: SafeText::default(),
        units: 1,
        status: "InService".into(),
        commitment: SafeText::default(),
        commitment_end: None,
        created: Some(5),
        failure: SafeText::default(),
    };
    for (status, want) in [("DELETE_COMPLETE", 1), ("CREATE_COMPLETE", 0)] {
        let mut stack = stack(status);
        stack.parameters.push(("ProvisionedModelArn".into(), "arn:ours".into()));
        let (search, _) = searched(&Aws {
            by_name: Some(stack),
            deleted: Vec::new(),
            by_id: None,
            resources: Vec::new(),
            bought: vec![bought("arn:ours"), bought("arn:other")],
            holders: Vec::new(),
            look: |_| Ok(Vec::new()),
        });
        assert_eq!(search.left().len(), want, "{status}");
    }
}

/// The things that go by the project's name, as their services tell them.
fn by_names(look: &Look) -> Vec<Leftover> {
    match look {
        Look::Secrets { .. } => vec![Leftover::new(
            LeftoverKind::Secret,
            "arn:aws:secretsmanager:us-west-2:123456789012:secret:chat/key-AbCdEf",
        )],
        Look::LogGroups { .. } => vec![Leftover::new(LeftoverKind::LogGroup, "/ecs/chat")],
        Look::Repositories { .. } => vec![Leftover::new(LeftoverKind::Repository, "chat/image")],
        Look::RecoveryPoints { .. } => vec![backup()],
        Look::FileSystems { .. } => vec![Leftover::new(LeftoverKind::FileSystem, FS)],
        _ => Vec::new(),
    }
}

#[test]
fn what_a_stack_of_another_name_has_is_not_left() {
    let prod: SafeText = "arn:aws:cloudformation:us-west-2:123456789012:stack/prod/2".into();
    let held = |ids: &[&str]| Aws {
        by_name: None,
        deleted: Vec::new(),
        by_id: None,
        resources: Vec::new(),
        bought: Vec::new(),
        holders: ids.iter().map(|id| ((*id).into(), prod.clone())).collect(),
        look: |look| Ok(by_names(look)),
    };
    let (search, asked) = searched(&held(&["chat/key", "/ecs/chat", "chat/image", FS]));
    assert!(search.left().is_empty() && search.stays().is_empty(), "{:?}", search.left());
    let Some(Query::Holders { ids }) = asked.last() else {
        panic!("{asked:?}")
    };
    for id in [
        "arn:aws:secretsmanager:us-west-2:123456789012:secret:chat/key-AbCdEf",
        "chat/key-AbCdEf",
        "chat/key",
        "/ecs/chat",
        "chat/image",
        FS,
        "arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-0123",
    ] {
        assert!(ids.contains(&id.into()), "{id} is not asked for: {ids:?}");
    }
    let (search, _) = searched(&held(&["chat/image"]));
    assert_eq!(search.left().len(), 4);
}

#[test]
fn a_stack_that_names_its_secret_by_name_has_it() {
    let (search, _) = searched(&Aws {
        by_name: Some(stack("CREATE_COMPLETE")),
        deleted: Vec::new(),
        by_id: None,
        resources: ["chat/key", "/ecs/chat", "chat/image", FS]
            .map(|id| resource("T", id, "CREATE_COMPLETE"))
            .to_vec(),
        bought: Vec::new(),
        holders: Vec::new(),
        look: |look| Ok(by_names(look)),
    });
    assert!(search.left().is_empty(), "{:?}", search.left());
    let stays: Vec<LeftoverKind> = search.stays().iter().map(|it| it.kind).collect();
    assert_eq!(stays, [LeftoverKind::RecoveryPoint], "its backups stay");
}

/// A search in which one question is not answered.
fn with_fault(is_struck: fn(&Query) -> bool, kind: FaultKind) -> Search {
    let mut search = Search::new(&"chat".into(), &"us-west-2".into(), None);
    let mut open = vec![search.begin(None)];
    while let Some(query) = open.pop() {
        let answer = match &query {
            it if is_struck(it) => Err(Fault::new(kind, query.actions()[0], "chat", "")),
            Query::Stack { .. } => Ok(Fact::Stack(Some(stack("CREATE_COMPLETE")))),
            Query::StackResources { .. } => Ok(Fact::StackResources(vec![resource("AWS::EFS::FileSystem", FS, "CREATE_COMPLETE")])),
            Query::Left(look) => Ok(Fact::Left(by_names(look))),
            Query::Throughputs => Ok(Fact::Throughputs(Vec::new())),
            Query::FileSystemSize { .. } => Ok(Fact::FileSystemSize(None)),
            Query::Holders { .. } => Ok(Fact::Holders(Vec::new())),
            other => panic!("{other:?}"),
        };
        open.extend(search.take(&query, answer, Now::default()));
    }
    assert!(search.is_done());
    search
}

#[test]
fn without_the_record_of_the_stack_or_its_holders_nothing_is_left() {
    let questions: [fn(&Query) -> bool; 3] = [
        |it| matches!(it, Query::Stack { .. }),
        |it| matches!(it, Query::StackResources { .. }),
        |it| matches!(it, Query::Holders { .. }),
    ];
    for (n, is_struck) in questions.into_iter().enumerate() {
        for kind in [FaultKind::Denied, FaultKind::Throttled, FaultKind::TimedOut, FaultKind::OddAnswer] {
            let search = with_fault(is_struck, kind);
            assert!(search.left().is_empty() && search.stays().is_empty(), "{n} {kind:?}");
            assert_eq!((search.blind().map(|f| f.kind), search.unknown().len()), (Some(kind), 1), "{n}");
        }
    }
    let gone = with_fault(|it| matches!(it, Query::StackResources { .. }), FaultKind::NotFound);
    assert!(gone.left().is_empty() && gone.blind().is_some(), "a living stack without a record");
}

#[test]
fn what_could_not_be_looked_at_again_is_not_gone() {
    let search = with_fault(|it| matches!(it, Query::Left(Look::Secrets { .. })), FaultKind::Throttled);
    let told = |kind| search.tells(&Leftover::new(kind, "x"));
    assert!(!told(LeftoverKind::Secret) && told(LeftoverKind::LogGroup) && told(LeftoverKind::Throughput));
}

#[test]
fn what_an_update_replaced_and_kept_is_left_with_its_backups_while_the_stack_lives() {
    const POINT: &str = "arn:aws:backup:us-west-2:123456789012:recovery-point:";
    let end = |id: &SafeText| id.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
    let (search, asked) = searched(&Aws {
        by_name: Some(stack("UPDATE_COMPLETE")),
        deleted: Vec::new(),
        by_id: None,
        resources: vec![resource("AWS::EFS::FileSystem", FS, "UPDATE_COMPLETE")],
        bought: Vec::new(),
        holders: vec![(FS.into(), stack("").id)],
        look: |look| {
            Ok(match look {
                Look::FileSystems { .. } => [FS, "fs-former"].map(|id| Leftover::new(LeftoverKind::FileSystem, id)).into(),
                Look::RecoveryPoints { resources, .. } => {
                    let point = |of: &SafeText| Leftover {
                        of: of.clone(),
                        ..Leftover::new(
                            LeftoverKind::RecoveryPoint,
                            format!("{POINT}{}", of.rsplit('/').next().unwrap_or_default()),
                        )
                    };
                    resources.iter().map(point).collect()
                }
                _ => Vec::new(),
            })
        },
    });
    let left: Vec<String> = search.left().into_iter().map(|it| end(&it.id)).collect();
    assert_eq!(
        left,
        ["fs-former", "fs-former"],
        "the file system and its backup; not those that the stack has"
    );
    let backups = looks(&asked).into_iter().filter(|look| matches!(look, Look::RecoveryPoints { .. }));
    assert_eq!(backups.count(), 2);
}
