//! What is left of a stack: what is asked of each service, what its answers mean, and the removals.

use bic_tui::core::fact::{Leftover, LeftoverKind, Look};

use super::*;

const ARN: &str = "arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-1";
const POINT: &str = "arn:aws:backup:us-west-2:123456789012:recovery-point:8a92c375-b475-4d9a-95e9-028fa45fcb45";
const VAULT: &str = "aws/efs/automatic-backup-vault";

fn rest(body: &Value) -> Reply {
    Reply::new(200, "application/json", body.to_string())
}

fn look(look: Look) -> Ask {
    Ask::Query(Query::Left(look))
}

fn backups(resources: &[&str]) -> Look {
    Look::RecoveryPoints {
        resources: resources.iter().map(|arn| (*arn).into()).collect(),
        name: "bic-efs".into(),
    }
}

/// Rows of the table of reads.
pub(super) fn reads() -> Vec<Read> {
    let json = |operation, asked: Look, part: &str, good: Value| Read {
        operation,
        wire: Wire::Json,
        ask: look(asked),
        good: bodies::json(json!({ part: good })),
        odd: vec![bodies::json(json!({})), bodies::json(json!({ part: null }))],
    };
    let backup = |operation, asked: Look| Read {
        operation,
        wire: Wire::Rest,
        ask: look(asked),
        good: rest(&json!({ "RecoveryPoints": [] })),
        odd: vec![rest(&json!({})), rest(&json!({ "RecoveryPoints": null }))],
    };
    let resource = json!({ "Identifier": "vpc-1", "Properties": "{}" });
    vec![
        backup("ListRecoveryPointsByResource", backups(&[ARN])),
        backup("ListRecoveryPointsByBackupVault", backups(&[])),
        Read {
            operation: "DescribeDBSnapshots",
            wire: Wire::Query,
            ask: look(snapshots()),
            good: bodies::query("DescribeDBSnapshots", "<DBSnapshots/>"),
            odd: vec![bodies::query("DescribeDBSnapshots", "")],
        },
        Read {
            operation: "ListStacks",
            wire: Wire::Query,
            ask: Ask::Query(Query::DeletedStacks { name: "bic".into() }),
            good: bodies::query("ListStacks", "<StackSummaries/>"),
            odd: vec![bodies::query("ListStacks", "")],
        },
        json("ListSecrets", Look::Secrets { prefix: "bic/".into() }, "SecretList", json!([])),
        json("DescribeLogGroups", groups(), "logGroups", json!([])),
        json(
            "ListResources",
            Look::Repositories { prefix: "bic/".into() },
            "ResourceDescriptions",
            json!([]),
        ),
        Read {
            operation: "DescribeStackResources",
            wire: Wire::Query,
            ask: holders(&["fs-1"]),
            good: bodies::query(
                "DescribeStackResources",
                &format!("<StackResources>{}</StackResources>", member("fs-1", "CREATE_COMPLETE")),
            ),
            odd: vec![bodies::query("DescribeStackResources", "")],
        },
        json("GetResource", kept(&["vpc-1"]), "ResourceDescription", resource),
    ]
}

fn holders(ids: &[&str]) -> Ask {
    Ask::Query(Query::Holders {
        ids: ids.iter().map(|id| (*id).into()).collect(),
    })
}

/// A resource of the stack `prod`, as `DescribeStackResources` tells it.
fn member(id: &str, status: &str) -> String {
    format!(
        "<member><StackName>prod</StackName><StackId>{PROD}</StackId><LogicalResourceId>X</LogicalResourceId><PhysicalResourceId>{id}</PhysicalResourceId>\
         <ResourceType>T</ResourceType><Timestamp>2026-11-22T10:00:00Z</Timestamp><ResourceStatus>{status}</ResourceStatus></member>"
    )
}

const PROD: &str = "arn:aws:cloudformation:us-west-2:123456789012:stack/prod/2";

/// Who has these, as this server tells it.
async fn held(server: &Server, ids: &[&str]) -> Result<Vec<String>, FaultKind> {
    let ids = ids.iter().map(|id| (*id).into()).collect();
    match cloud(server).await.ask(Query::Holders { ids }).await {
        Ok(Fact::Holders(all)) => {
            assert!(all.iter().all(|(_, stack)| *stack == *PROD), "{all:?}");
            Ok(all.into_iter().map(|(id, _)| id.to_string()).collect())
        }
        Ok(other) => panic!("{other:?}"),
        Err(fault) => Err(fault.kind),
    }
}

#[tokio::test]
async fn any_stack_that_has_a_thing_is_found_by_its_physical_id() {
    let server = Server::start().await;
    server.answer("DescribeStackResources", |request| {
        let form = request.form();
        let id = form["PhysicalResourceId"].as_str();
        let all = match id {
            "fs-1" | "fs-failed" => {
                member("vpc-1", "CREATE_COMPLETE") + &member(id, if id == "fs-1" { "UPDATE_COMPLETE" } else { "DELETE_FAILED" })
            }
            // Of a hundred told none is the one asked for.
            "fs-101" => member("vpc-1", "DELETE_COMPLETE") + &member("vpc-2", "CREATE_COMPLETE"),
            "fs-kept" => member("vpc-1", "CREATE_COMPLETE") + &member(id, "DELETE_SKIPPED"),
            "fs-gone" => member("vpc-1", "DELETE_COMPLETE"),
            _ => {
                let message = format!("Stack for {id} does not exist");
                return bodies::error(Wire::Query, 400, "ValidationError", &message);
            }
        };
        bodies::query("DescribeStackResources", &format!("<StackResources>{all}</StackResources>"))
    });
    let ids = ["fs-1", "fs-failed", "fs-101", "fs-kept", "fs-gone", "/ecs/free"];
    assert_eq!(
        held(&server, &ids).await,
        Ok(vec!["fs-1".to_owned(), "fs-101".into(), "fs-failed".into()])
    );
    assert_eq!(server.requests().len(), ids.len(), "no stack is looked through");
}

/// A cloud that does not look by physical id answers as if there were no stack at all.
#[tokio::test]
async fn an_answer_about_something_else_has_every_stack_looked_through() {
    let server = Server::start().await;
    let blind = bodies::error(Wire::Query, 400, "ValidationError", "Stack [] does not exist");
    server.on("DescribeStackResources", [blind]);
    let stack = |id: &str, status: &str| {
        format!(
            "<member><StackId>{id}</StackId><StackName>x</StackName><CreationTime>2026-11-22T10:00:00Z</CreationTime><StackStatus>{status}</StackStatus></member>"
        )
    };
    let page = |all: &str, next: &str| bodies::query("DescribeStacks", &format!("<Stacks>{all}</Stacks>{next}"));
    server.on(
        "DescribeStacks",
        [
            page(&stack("gone", "DELETE_COMPLETE"), "<NextToken>n</NextToken>"),
            page(&stack(PROD, "UPDATE_ROLLBACK_FAILED"), ""),
        ],
    );
    let summary = |id: &str, status: &str| {
        format!(
            "<member><LogicalResourceId>{id}</LogicalResourceId><PhysicalResourceId>{id}</PhysicalResourceId><ResourceType>T</ResourceType>\
             <LastUpdatedTimestamp>2026-11-22T10:00:00Z</LastUpdatedTimestamp><ResourceStatus>{status}</ResourceStatus></member>"
        )
    };
    let all = summary("bic/key", "CREATE_COMPLETE") + &summary("bic/kept", "DELETE_SKIPPED");
    let all = bodies::query(
        "ListStackResources",
        &format!("<StackResourceSummaries>{all}</StackResourceSummaries>"),
    );
    server.on("ListStackResources", [all]);
    assert_eq!(held(&server, &["bic/key", "bic/kept"]).await, Ok(vec!["bic/key".to_owned()]));
    assert_eq!(server.asked("ListStackResources").len(), 1, "only living stacks");
    let server = Server::start().await;
    server.on(
        "DescribeStackResources",
        [bodies::error(Wire::Query, 400, "ValidationError", "Stack [] does not exist")],
    );
    server.on("DescribeStacks", [bodies::error(Wire::Query, 403, "AccessDenied", "no")]);
    assert_eq!(held(&server, &["bic/key"]).await, Err(FaultKind::Denied));
}

#[tokio::test]
async fn throughput_that_a_living_stack_names_is_held() {
    let arn = "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/abc";
    let server = Server::start().await;
    let free = bodies::error(Wire::Query, 400, "ValidationError", &format!("Stack for {arn} does not exist"));
    server.on("DescribeStackResources", [free]);
    let parameter = format!("<member><ParameterKey>ProvisionedModelArn</ParameterKey><ParameterValue>{arn}</ParameterValue></member>");
    let stack = format!(
        "<Stacks><member><StackId>{PROD}</StackId><StackName>prod</StackName><CreationTime>2026-11-22T10:00:00Z</CreationTime>\
         <StackStatus>CREATE_COMPLETE</StackStatus><Parameters>{parameter}</Parameters></member></Stacks>"
    );
    server.on("DescribeStacks", [bodies::query("DescribeStacks", &stack)]);
    assert_eq!(held(&server, &[arn]).await, Ok(vec![arn.to_owned()]));
}

fn snapshots() -> Look {
    Look::Snapshots {
        databases: vec!["bic-db".into()],
        prefix: "bic-databaseinstance-".into(),
    }
}

fn groups() -> Look {
    Look::LogGroups {
        names: vec!["/ecs/bic".into()],
    }
}

fn kept(ids: &[&str]) -> Look {
    Look::Resources(ids.iter().map(|id| ("AWS::EC2::VPC".into(), (*id).into())).collect())
}

/// What is found with these replies.
async fn found(asked: Look, replies: &[(&str, Vec<Reply>)]) -> (Vec<Leftover>, Server) {
    let server = Server::start().await;
    for (operation, replies) in replies {
        server.on(operation, replies.clone());
    }
    match cloud(&server).await.ask(Query::Left(asked)).await.expect("an answer") {
        Fact::Left(found) => (found, server),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn recovery_points_of_all_pages_by_resource_and_by_name() {
    let point = |id: &str| {
        json!({ "RecoveryPointArn": id, "Status": "COMPLETED", "CreationDate": 1_795_341_600.5, "BackupSizeBytes": 4096,
                "BackupVaultName": VAULT, "ResourceName": "bic-efs", "ResourceArn": ARN, "BackupSizeInBytes": 4096,
                "CalculatedLifecycle": { "DeleteAt": 1_798_365_600 } })
    };
    let pages = || {
        vec![
            rest(&json!({ "RecoveryPoints": [point(POINT)], "NextToken": "n" })),
            rest(&json!({ "RecoveryPoints": [point("arn:2\u{202e}")] })),
        ]
    };
    let (all, server) = found(backups(&[ARN]), &[("ListRecoveryPointsByResource", pages())]).await;
    let [first, second] = &all[..] else { panic!("{all:?}") };
    assert_eq!(
        (first.kind, first.id.as_str(), first.of.as_str()),
        (LeftoverKind::RecoveryPoint, POINT, ARN)
    );
    assert_eq!(
        (first.vault.as_str(), first.bytes, first.made),
        (VAULT, Some(4096), Some(1_795_341_600_500))
    );
    assert_eq!(second.id, "arn:2<U+202E>");
    let paths: Vec<String> = server.requests().into_iter().map(|it| it.path).collect();
    assert!(
        paths[0].starts_with("/resources/arn%3Aaws%3Aelasticfilesystem") && paths[1].contains("nextToken=n"),
        "{paths:?}"
    );
    let stranger = json!({ "RecoveryPointArn": "arn:3", "ResourceName": "other-efs" });
    let page = rest(&json!({ "RecoveryPoints": [point(POINT), stranger] }));
    let (all, server) = found(backups(&[]), &[("ListRecoveryPointsByBackupVault", vec![page])]).await;
    assert_eq!((all.len(), all[0].ends, all[0].of.as_str()), (1, Some(1_798_365_600_000), ARN));
    let path = &server.requests()[0].path;
    assert!(
        path.contains("aws%2Fefs%2Fautomatic-backup-vault") && path.contains("resourceType=EFS"),
        "{path}"
    );
    // An account that never had automatic backups has no vault; a file system that was never backed up is not known.
    let gone = || vec![bodies::error(Wire::Rest, 400, "ResourceNotFoundException", "no such vault")];
    for (asked, operation) in [
        (backups(&[]), "ListRecoveryPointsByBackupVault"),
        (backups(&[ARN]), "ListRecoveryPointsByResource"),
    ] {
        assert!(found(asked, &[(operation, gone())]).await.0.is_empty());
    }
}

#[tokio::test]
async fn snapshots_of_the_database_and_of_no_other() {
    let snapshot = |id: &str, of: &str| {
        format!(
            "<DBSnapshot><DBSnapshotIdentifier>{id}</DBSnapshotIdentifier><DBInstanceIdentifier>{of}</DBInstanceIdentifier>\
             <Status>available</Status><AllocatedStorage>20</AllocatedStorage><SnapshotCreateTime>2026-11-22T10:00:00Z</SnapshotCreateTime></DBSnapshot>"
        )
    };
    let page = |all: &str, next: &str| bodies::query("DescribeDBSnapshots", &format!("<DBSnapshots>{all}</DBSnapshots>{next}"));
    let pages = vec![
        page(&(snapshot("a", "bic-db") + &snapshot("b", "other")), "<Marker>m</Marker>"),
        page(&snapshot("c", "bic-databaseinstance-x1"), ""),
    ];
    let (all, server) = found(snapshots(), &[("DescribeDBSnapshots", pages)]).await;
    let told: Vec<(&str, Option<i64>)> = all.iter().map(|it| (it.id.as_str(), it.bytes)).collect();
    assert_eq!(told, [("a", Some(20 << 30)), ("c", Some(20 << 30))]);
    assert_eq!(all[0].made, Some(1_795_341_600_000));
    let forms: Vec<_> = server.requests().iter().map(Request::form).collect();
    assert_eq!((forms[0]["SnapshotType"].as_str(), forms[1]["Marker"].as_str()), ("manual", "m"));
}

#[tokio::test]
async fn secrets_in_their_recovery_window_are_told_with_its_end() {
    let secret = |name: &str, deleted: Value| json!({ "ARN": format!("arn:{name}"), "Name": name, "DeletedDate": deleted });
    let pages = vec![
        bodies::json(json!({ "SecretList": [secret("bic/key", json!(1_798_365_600)), secret("bicycle", json!(null))], "NextToken": "n" })),
        bodies::json(json!({ "SecretList": [secret("bic/admin", json!(null))] })),
    ];
    let (all, server) = found(Look::Secrets { prefix: "bic/".into() }, &[("ListSecrets", pages)]).await;
    let told: Vec<(&str, Option<i64>)> = all.iter().map(|it| (it.id.as_str(), it.ends)).collect();
    assert_eq!(told, [("arn:bic/key", Some(1_798_365_600_000)), ("arn:bic/admin", None)]);
    let asked = server.asked("ListSecrets");
    assert_eq!(asked[0].json()["IncludePlannedDeletion"], true);
    assert_eq!(asked[0].json()["Filters"][0], json!({ "Key": "name", "Values": ["bic/"] }));
    assert_eq!(asked[1].json()["NextToken"], "n");
}

#[tokio::test]
async fn only_the_groups_of_that_very_name() {
    let group = |name: &str| json!({ "logGroupName": name, "creationTime": 5, "storedBytes": 7 });
    let page = bodies::json(json!({ "logGroups": [group("/ecs/bic"), group("/ecs/bicycle")] }));
    let (all, _) = found(groups(), &[("DescribeLogGroups", vec![page])]).await;
    assert_eq!((all.len(), all[0].made, all[0].bytes), (1, Some(5), Some(7)));
}

#[tokio::test]
async fn what_was_kept_is_asked_for_one_by_one() {
    let server = Server::start().await;
    server.answer("GetResource", |request| match request.json()["Identifier"].as_str() {
        Some("vpc-1") => bodies::json(json!({ "ResourceDescription": { "Identifier": "vpc-1", "Properties": "{}" } })),
        Some("odd") => bodies::error(Wire::Json, 400, "UnsupportedActionException", "no handler"),
        _ => bodies::error(Wire::Json, 400, "ResourceNotFoundException", "gone"),
    });
    let fact = cloud(&server).await.ask(Query::Left(kept(&["vpc-1", "gone", "odd"]))).await;
    let Ok(Fact::Left(all)) = fact else { panic!("{fact:?}") };
    let ids: Vec<&str> = all.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(
        ids,
        ["vpc-1", "odd"],
        "what Cloud Control can not tell of is there until it is known not to be"
    );
    assert_eq!(all[0].resource_type, "AWS::EC2::VPC");
}

#[tokio::test]
async fn file_systems_that_are_known_or_have_the_name() {
    let server = Server::start().await;
    let page = |ids: &[&str], next: Value| {
        let all: Vec<Value> = ids.iter().map(|id| json!({ "Identifier": id, "Properties": "{}" })).collect();
        bodies::json(json!({ "ResourceDescriptions": all, "NextToken": next }))
    };
    server.on(
        "ListResources",
        [page(&["fs-1", "fs-2"], json!("n")), page(&["fs-3", "fs-4"], json!(null))],
    );
    server.answer("GetResource", |request| {
        let name = match request.json()["Identifier"].as_str() {
            Some("fs-3") => "bic-efs",
            Some("fs-4") => return bodies::error(Wire::Json, 400, "ResourceNotFoundException", "gone meanwhile"),
            _ => "other",
        };
        let properties = json!({ "FileSystemTags": [{ "Key": "Name", "Value": name }] }).to_string();
        bodies::json(json!({ "ResourceDescription": { "Identifier": "x", "Properties": properties } }))
    });
    let asked = Look::FileSystems {
        name: "bic-efs".into(),
        known: vec!["fs-1".into(), "fs-gone".into()],
    };
    let fact = cloud(&server).await.ask(Query::Left(asked)).await;
    let Ok(Fact::Left(all)) = fact else { panic!("{fact:?}") };
    let told: Vec<(LeftoverKind, &str)> = all.iter().map(|it| (it.kind, it.id.as_str())).collect();
    assert_eq!(told, [(LeftoverKind::FileSystem, "fs-1"), (LeftoverKind::FileSystem, "fs-3")]);
    assert_eq!(server.asked("GetResource").len(), 3, "one that is known is not asked for");
}

#[tokio::test]
async fn more_file_systems_than_are_looked_at_are_told() {
    let server = Server::start().await;
    let all: Vec<Value> = (0..25)
        .map(|i| json!({ "Identifier": format!("fs-{i}"), "Properties": "{}" }))
        .collect();
    server.on("ListResources", [bodies::json(json!({ "ResourceDescriptions": all }))]);
    server.answer("GetResource", |request| {
        let name = if request.json()["Identifier"] == "fs-9" {
            "bic-efs"
        } else {
            "other"
        };
        let properties = json!({ "FileSystemTags": [{ "Key": "Name", "Value": name }] }).to_string();
        bodies::json(json!({ "ResourceDescription": { "Identifier": "x", "Properties": properties } }))
    });
    let asked = Look::FileSystems {
        name: "bic-efs".into(),
        known: vec!["fs-24".into(), "fs-0".into()],
    };
    let fact = cloud(&server).await.ask(Query::Left(asked)).await;
    let Ok(Fact::LeftPartly { found, strangers }) = fact else {
        panic!("{fact:?}")
    };
    let told: Vec<&str> = found.iter().map(|it| it.id.as_str()).collect();
    assert_eq!((told, strangers), (vec!["fs-0", "fs-24", "fs-9"], (20, 3)));
    assert_eq!(server.asked("GetResource").len(), 20);
}

#[tokio::test]
async fn deleted_stacks_of_a_name_newest_first() {
    let stack = |name: &str, id: &str, at: &str| {
        format!(
            "<member><StackName>{name}</StackName><StackId>{id}</StackId><StackStatus>DELETE_COMPLETE</StackStatus><DeletionTime>{at}</DeletionTime></member>"
        )
    };
    let first = stack("bic", "old", "2026-10-01T00:00:00Z") + &stack("bicycle", "no", "2026-11-20T00:00:00Z");
    let pages = [
        format!("<StackSummaries>{first}</StackSummaries><NextToken>t</NextToken>"),
        format!("<StackSummaries>{}</StackSummaries>", stack("bic", "new", "2026-11-01T00:00:00Z")),
    ];
    let replies = pages.map(|page| bodies::query("ListStacks", &page));
    let (fact, server) = fact("ListStacks", replies, Query::DeletedStacks { name: "bic".into() }).await;
    assert_eq!(fact, Fact::StackIds(vec!["new".into(), "old".into()]));
    assert_eq!(
        server.asked("ListStacks")[0].form()["StackStatusFilter.member.1"],
        "DELETE_COMPLETE"
    );
}

fn point() -> Change {
    Change::DeleteRecoveryPoint {
        vault: VAULT.into(),
        recovery_point: POINT.into(),
    }
}

/// AWS Backup answers with an empty body, so this is no row of the table of writes.
#[tokio::test]
async fn a_recovery_point_is_deleted_once() {
    let server = Server::start().await;
    server.on("DeleteRecoveryPoint", [Reply::new(200, "application/json", "")]);
    assert_eq!(cloud(&server).await.change(point(), token()).await, Ok(Done::Accepted));
    let [request] = server.requests().try_into().expect("one request");
    assert!(
        request
            .path
            .starts_with("/backup-vaults/aws%2Fefs%2Fautomatic-backup-vault/recovery-points/arn%3Aaws%3Abackup"),
        "{}",
        request.path
    );
    for (reply, kind) in [
        (bodies::error(Wire::Rest, 403, "AccessDeniedException", "no"), FaultKind::Denied),
        (
            bodies::error(Wire::Rest, 400, "ResourceNotFoundException", "no"),
            FaultKind::NotFound,
        ),
        (
            bodies::error(Wire::Rest, 400, "InvalidResourceStateException", "is being copied"),
            FaultKind::Refused,
        ),
        (
            bodies::error(Wire::Rest, 429, "ThrottlingException", "Rate exceeded"),
            FaultKind::Throttled,
        ),
        (bodies::error(Wire::Rest, 500, "InternalFailure", "oops"), FaultKind::AwsFailed),
        (Reply::new(200, "application/json", "").how(How::Reset), FaultKind::Unreachable),
        (bodies::html("sign in to the guest network"), FaultKind::OddAnswer),
    ] {
        let server = Server::start().await;
        server.on("DeleteRecoveryPoint", [reply]);
        let fault = cloud(&server).await.change(point(), token()).await.expect_err("a fault");
        assert_eq!((fault.kind, server.requests().len()), (kind, 1), "{fault:?}");
        assert_eq!(
            (fault.operation.as_str(), fault.subject.as_str() == POINT),
            ("backup:DeleteRecoveryPoint", kind != FaultKind::Unreachable)
        );
    }
}

#[tokio::test]
async fn a_log_group_is_gone_with_an_empty_answer() {
    let server = Server::start().await;
    server.on("DeleteLogGroup", [Reply::new(200, "application/x-amz-json-1.1", "")]);
    let change = Change::DeleteLogGroup { group: "/ecs/bic".into() };
    assert_eq!(cloud(&server).await.change(change, token()).await, Ok(Done::Accepted));
}

#[tokio::test]
async fn a_deletion_by_cloud_control_is_followed_to_its_end() {
    let event = |status: &str, more: Value| {
        let mut event = json!({ "OperationStatus": status, "RequestToken": "r" });
        event
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        bodies::json(json!({ "ProgressEvent": event }))
    };
    let change = || Change::DeleteResource {
        resource_type: "AWS::EFS::FileSystem".into(),
        id: "fs-1".into(),
    };
    let run = async |answers: Vec<Reply>| {
        let server = Server::start().await;
        server.on("DeleteResource", [event("IN_PROGRESS", json!({}))]);
        server.on("GetResourceRequestStatus", answers);
        let done = cloud(&server).await.change(change(), token()).await;
        let asked = server.asked("GetResourceRequestStatus");
        assert!(asked.iter().all(|it| it.json()["RequestToken"] == "r"));
        assert_eq!(server.asked("DeleteResource").len(), 1);
        (done, asked.len())
    };
    let (done, asked) = run(vec![event("IN_PROGRESS", json!({})), event("SUCCESS", json!({}))]).await;
    assert_eq!((done, asked), (Ok(Done::Accepted), 2));
    for (code, kind) in [
        ("GeneralServiceException", FaultKind::Refused),
        ("NotFound", FaultKind::NotFound),
        ("AccessDenied", FaultKind::Denied),
    ] {
        let failed = event("FAILED", json!({ "ErrorCode": code, "StatusMessage": "has 1 mount target" }));
        let (done, _) = run(vec![failed]).await;
        let fault = done.expect_err("it failed");
        assert_eq!((fault.kind, fault.detail.as_str()), (kind, "has 1 mount target"), "{fault:?}");
    }
    // How it goes can not be asked: it was begun all the same.
    let denied = bodies::error(Wire::Json, 400, "AccessDeniedException", "no");
    assert_eq!(run(vec![denied]).await.0, Ok(Done::Accepted));
    let server = Server::start().await;
    server.on("DeleteResource", [bodies::json(json!({}))]);
    let fault = cloud(&server).await.change(change(), token()).await.expect_err("odd");
    assert_eq!(fault.kind, FaultKind::OddAnswer);
}
