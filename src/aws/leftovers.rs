//! What is left of a stack: recovery points, snapshots, secrets, log groups, and what Cloud Control tells of any
//! other resource; and the removal of each.

use std::{future::Future, time::Duration};

use aws_sdk_cloudcontrol::types::{OperationStatus, ProgressEvent};
use aws_sdk_cloudwatchlogs::Client as Logs;
use aws_sdk_secretsmanager::{
    Client as Secrets,
    types::{Filter, FilterNameStringType},
};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::{
    fault, insights, millis,
    pages::{self, missing},
    text,
};
use crate::core::{
    fact::{Fact, Leftover, LeftoverKind, Look},
    fault::{Fault, FaultKind},
    leftovers,
    text::SafeText,
};

/// The vault of EFS's automatic backups.
const VAULT: &str = "aws/efs/automatic-backup-vault";
const FILE_SYSTEM: &str = "AWS::EFS::FileSystem";
const REPOSITORY: &str = "AWS::ECR::Repository";

const BY_RESOURCE: &str = "backup:ListRecoveryPointsByResource";
const BY_VAULT: &str = "backup:ListRecoveryPointsByBackupVault";
const SNAPSHOTS: &str = "rds:DescribeDBSnapshots";
const SECRETS: &str = "secretsmanager:ListSecrets";
const GET: &str = "cloudformation:GetResource";
const LIST: &str = "cloudformation:ListResources";
const DELETE: &str = "cloudformation:DeleteResource";
const REQUEST: &str = "cloudformation:GetResourceRequestStatus";

/// Most file systems of other stacks whose tags are looked at.
const MAX_STRANGERS: usize = 20;
/// Resources that are asked for at the same time.
const AT_ONCE: usize = 4;
/// Looks at a deletion by Cloud Control before it is left to go on by itself.
const MAX_LOOKS: u32 = 50;

/// The clients that look.
pub(super) struct Places<'a> {
    pub(super) backup: &'a aws_sdk_backup::Client,
    pub(super) rds: &'a aws_sdk_rds::Client,
    pub(super) control: &'a aws_sdk_cloudcontrol::Client,
    pub(super) secrets: &'a Secrets,
    pub(super) logs: &'a Logs,
}

impl Places<'_> {
    pub(super) async fn look(&self, look: Look) -> Result<Fact, Fault> {
        let found = match look {
            Look::FileSystems { name, known } => return self.file_systems(&name, &known).await,
            Look::Resources(all) => self.existing(all).await,
            Look::RecoveryPoints { resources, name } => recovery_points(self.backup, &resources, &name).await,
            Look::Snapshots { databases, prefix } => snapshots(self.rds, &databases, &prefix).await,
            Look::Secrets { prefix } => secrets(self.secrets, &prefix).await,
            Look::LogGroups { names } => log_groups(self.logs, &names).await,
            Look::Repositories { prefix } => {
                let all = self.listed(REPOSITORY).await?;
                let ours = all.into_iter().filter(|id| id.starts_with(prefix.as_str()));
                Ok(ours.map(|id| of_type(REPOSITORY, id)).collect())
            }
        };
        found.map(Fact::Left)
    }

    /// Those that are still there.
    async fn existing(&self, all: Vec<(SafeText, SafeText)>) -> Result<Vec<Leftover>, Fault> {
        let found: Vec<Option<Leftover>> = asked(all, |(kind, id)| async move {
            match self.properties(&kind, &id).await {
                Ok(_) => Ok(Some(of_type(&kind, id))),
                Err(fault) if fault.code.as_deref() == Some("ResourceNotFoundException") => Ok(None),
                // Cloud Control does not know every type: CloudFormation said that it kept this one.
                Err(fault) if matches!(fault.code.as_deref(), Some("UnsupportedActionException" | "TypeNotFoundException")) => {
                    Ok(Some(of_type(&kind, id)))
                }
                Err(fault) => Err(fault),
            }
        })
        .await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Those that are known, and those whose `Name` tag is this name, as far as tags are looked at.
    async fn file_systems(&self, name: &SafeText, known: &[SafeText]) -> Result<Fact, Fault> {
        let (ours, mut strangers): (Vec<_>, Vec<_>) = self.listed(FILE_SYSTEM).await?.into_iter().partition(|id| known.contains(id));
        let unseen = strangers.len().saturating_sub(MAX_STRANGERS);
        strangers.truncate(MAX_STRANGERS);
        let named: Vec<Option<SafeText>> = asked(strangers, |id: SafeText| async move {
            match self.properties(FILE_SYSTEM, &id).await {
                Ok(properties) => Ok(is_named(&properties, name).then_some(id)),
                Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
                Err(fault) => Err(fault),
            }
        })
        .await?;
        let all = ours.into_iter().chain(named.into_iter().flatten());
        let found = all.map(|id| of_type(FILE_SYSTEM, id)).collect();
        Ok(match unseen {
            0 => Fact::Left(found),
            _ => Fact::LeftPartly {
                found,
                strangers: (MAX_STRANGERS, unseen),
            },
        })
    }

    async fn listed(&self, kind: &str) -> Result<Vec<SafeText>, Fault> {
        pages::all(LIST, kind, |token| {
            let request = self.control.list_resources().type_name(kind).set_next_token(token);
            async move {
                let output = request.send().await.map_err(fault::on(LIST, kind))?;
                let page = output.resource_descriptions.ok_or_else(|| missing(LIST, kind, "resources"))?;
                Ok((page.into_iter().map(|it| text(it.identifier)).collect(), output.next_token))
            }
        })
        .await
    }

    async fn properties(&self, kind: &str, id: &SafeText) -> Result<Value, Fault> {
        let request = self.control.get_resource().type_name(kind).identifier(id.as_str());
        let output = request.send().await.map_err(fault::on(GET, id))?;
        let resource = output.resource_description.ok_or_else(|| missing(GET, id, "resource"))?;
        let properties = resource.properties.unwrap_or_default();
        serde_json::from_str(&properties).map_err(|_| missing(GET, id, "properties"))
    }
}

/// Asks of each, some at the same time.
async fn asked<T, R, F>(all: Vec<T>, ask: impl Fn(T) -> F) -> Result<Vec<R>, Fault>
where
    F: Future<Output = Result<R, Fault>>,
{
    stream::iter(all.into_iter().map(ask)).buffered(AT_ONCE).try_collect().await
}

fn is_named(properties: &Value, name: &SafeText) -> bool {
    let tags = properties["FileSystemTags"].as_array().map(Vec::as_slice).unwrap_or_default();
    tags.iter().any(|tag| tag["Key"] == "Name" && tag["Value"] == name.as_str())
}

fn of_type(kind: &str, id: SafeText) -> Leftover {
    Leftover {
        resource_type: kind.into(),
        ..Leftover::new(leftovers::kind_of(kind), id)
    }
}

async fn recovery_points(client: &aws_sdk_backup::Client, resources: &[SafeText], name: &SafeText) -> Result<Vec<Leftover>, Fault> {
    if resources.is_empty() {
        return recovery_points_named(client, name).await;
    }
    let mut all = Vec::new();
    for resource in resources {
        let page = pages::all(BY_RESOURCE, resource, |token| {
            let request = client.list_recovery_points_by_resource().resource_arn(resource.as_str());
            let request = request.set_next_token(token);
            async move {
                let output = request.send().await.map_err(fault::on(BY_RESOURCE, resource))?;
                let page = output
                    .recovery_points
                    .ok_or_else(|| missing(BY_RESOURCE, resource, "recovery points"))?;
                let one = |it: aws_sdk_backup::types::RecoveryPointByResource| Leftover {
                    of: resource.clone(),
                    vault: text(it.backup_vault_name),
                    status: it.status.map(|status| status.as_str().into()).unwrap_or_default(),
                    made: millis(it.creation_date),
                    bytes: it.backup_size_bytes,
                    ..Leftover::new(LeftoverKind::RecoveryPoint, text(it.recovery_point_arn))
                };
                Ok((page.into_iter().map(one).collect(), output.next_token))
            }
        });
        match page.await {
            Ok(page) => all.extend(page),
            // AWS Backup never had anything of it.
            Err(fault) if fault.kind == FaultKind::NotFound => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(all)
}

/// Those of a file system of which only the name is known. An account that never had automatic backups has no vault.
async fn recovery_points_named(client: &aws_sdk_backup::Client, name: &SafeText) -> Result<Vec<Leftover>, Fault> {
    let all = pages::all(BY_VAULT, VAULT, |token| {
        let request = client.list_recovery_points_by_backup_vault().backup_vault_name(VAULT);
        let request = request.by_resource_type("EFS").set_next_token(token);
        async move {
            let output = request.send().await.map_err(fault::on(BY_VAULT, VAULT))?;
            let page = output.recovery_points.ok_or_else(|| missing(BY_VAULT, VAULT, "recovery points"))?;
            let ours = page.into_iter().filter(|it| it.resource_name.as_deref() == Some(name.as_str()));
            let one = |it: aws_sdk_backup::types::RecoveryPointByBackupVault| Leftover {
                of: text(it.resource_arn),
                vault: text(it.backup_vault_name),
                status: it.status.map(|status| status.as_str().into()).unwrap_or_default(),
                made: millis(it.creation_date),
                ends: millis(it.calculated_lifecycle.and_then(|life| life.delete_at)),
                bytes: it.backup_size_in_bytes,
                ..Leftover::new(LeftoverKind::RecoveryPoint, text(it.recovery_point_arn))
            };
            Ok((ours.map(one).collect(), output.next_token))
        }
    });
    match all.await {
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(Vec::new()),
        other => other,
    }
}

async fn snapshots(client: &aws_sdk_rds::Client, databases: &[SafeText], prefix: &SafeText) -> Result<Vec<Leftover>, Fault> {
    let is_ours = |of: &SafeText| databases.contains(of) || of.starts_with(prefix.as_str());
    let all = pages::all(SNAPSHOTS, "", |token| {
        let request = client.describe_db_snapshots().snapshot_type("manual").set_marker(token);
        async move {
            let output = request.send().await.map_err(fault::on(SNAPSHOTS, ""))?;
            let page = output.db_snapshots.ok_or_else(|| missing(SNAPSHOTS, "", "snapshots"))?;
            let one = |it: aws_sdk_rds::types::DbSnapshot| Leftover {
                of: text(it.db_instance_identifier),
                status: text(it.status),
                made: millis(it.snapshot_create_time),
                // What is billed is what is in it; AWS tells only how large the disk was.
                bytes: it.allocated_storage.map(|gb| i64::from(gb) << 30),
                ..Leftover::new(LeftoverKind::Snapshot, text(it.db_snapshot_identifier))
            };
            Ok((page.into_iter().map(one).collect(), output.marker))
        }
    });
    Ok(all.await?.into_iter().filter(|it| is_ours(&it.of)).collect())
}

async fn secrets(client: &Secrets, prefix: &SafeText) -> Result<Vec<Leftover>, Fault> {
    let all = pages::all(SECRETS, prefix, |token| {
        let filter = Filter::builder().key(FilterNameStringType::Name).values(prefix.as_str()).build();
        let request = client.list_secrets().include_planned_deletion(true).filters(filter);
        let request = request.set_next_token(token);
        async move {
            let output = request.send().await.map_err(fault::on(SECRETS, prefix))?;
            let page = output.secret_list.ok_or_else(|| missing(SECRETS, prefix, "secrets"))?;
            let ours = page
                .into_iter()
                .filter(|it| it.name.as_deref().is_some_and(|n| n.starts_with(prefix.as_str())));
            let one = |it: aws_sdk_secretsmanager::types::SecretListEntry| Leftover {
                made: millis(it.created_date),
                ends: millis(it.deleted_date),
                ..Leftover::new(LeftoverKind::Secret, text(it.arn))
            };
            Ok((ours.map(one).collect(), output.next_token))
        }
    });
    all.await
}

async fn log_groups(client: &Logs, names: &[SafeText]) -> Result<Vec<Leftover>, Fault> {
    let mut all = Vec::new();
    for name in names {
        let found = insights::group(client, name).await?;
        all.extend(found.map(|group| Leftover {
            made: group.created,
            bytes: group.stored.and_then(|bytes| bytes.try_into().ok()),
            ..Leftover::new(LeftoverKind::LogGroup, name.clone())
        }));
    }
    Ok(all)
}

pub(super) async fn delete_recovery_point(client: &aws_sdk_backup::Client, vault: &str, recovery_point: &str) -> Result<(), Fault> {
    let request = client.delete_recovery_point().backup_vault_name(vault);
    let answer = request.recovery_point_arn(recovery_point).send().await;
    answer.map(drop).map_err(fault::on("backup:DeleteRecoveryPoint", recovery_point))
}

pub(super) async fn delete_snapshot(client: &aws_sdk_rds::Client, snapshot: &str) -> Result<(), Fault> {
    let answer = client.delete_db_snapshot().db_snapshot_identifier(snapshot).send().await;
    answer.map(drop).map_err(fault::on("rds:DeleteDBSnapshot", snapshot))
}

pub(super) async fn delete_log_group(client: &Logs, group: &str) -> Result<(), Fault> {
    let answer = client.delete_log_group().log_group_name(group).send().await;
    answer.map(drop).map_err(fault::on("logs:DeleteLogGroup", group))
}

pub(super) async fn delete_secret(client: &Secrets, secret: &str) -> Result<(), Fault> {
    let request = client.delete_secret().secret_id(secret).force_delete_without_recovery(true);
    let answer = request.send().await;
    answer.map(drop).map_err(fault::on("secretsmanager:DeleteSecret", secret))
}

/// A deletion by Cloud Control: the client that sends it once, the one that asks how it goes, and the pause between
/// two such questions.
pub(super) struct Deletion<'a> {
    pub(super) once: &'a aws_sdk_cloudcontrol::Client,
    pub(super) reads: &'a aws_sdk_cloudcontrol::Client,
    pub(super) pause: Duration,
}

impl Deletion<'_> {
    /// Deletes a resource and waits for the end. One that takes longer than a few minutes goes on by itself.
    pub(super) async fn of(&self, kind: &str, id: &str, token: &str) -> Result<(), Fault> {
        let request = self.once.delete_resource().type_name(kind).identifier(id).client_token(token);
        let output = request.send().await.map_err(fault::on(DELETE, id))?;
        let mut event = output.progress_event.ok_or_else(|| missing(DELETE, id, "progress"))?;
        for _ in 0..MAX_LOOKS {
            match event.operation_status {
                Some(OperationStatus::Success) => return Ok(()),
                Some(OperationStatus::Failed | OperationStatus::CancelComplete) => return Err(failed(event, id)),
                _ => {}
            }
            let Some(request) = event.request_token.clone() else {
                return Err(missing(DELETE, id, "request token"));
            };
            tokio::time::sleep(self.pause).await;
            // That it can not be asked for does not undo it: the list shows what is still there.
            let Ok(output) = self.reads.get_resource_request_status().request_token(request).send().await else {
                return Ok(());
            };
            event = output.progress_event.ok_or_else(|| missing(REQUEST, id, "progress"))?;
        }
        Ok(())
    }
}

/// Why Cloud Control did not delete something.
fn failed(event: ProgressEvent, id: &str) -> Fault {
    let code = event.error_code.as_ref().map(|code| SafeText::from(code.as_str()));
    let kind = match code.as_deref() {
        Some("NotFound") => FaultKind::NotFound,
        Some("AccessDenied") => FaultKind::Denied,
        Some("Throttling") => FaultKind::Throttled,
        _ => FaultKind::Refused,
    };
    Fault {
        code,
        ..Fault::new(kind, DELETE, id, &event.status_message.unwrap_or_default())
    }
}
