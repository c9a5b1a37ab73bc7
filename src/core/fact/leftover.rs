//! What is there after a stack, or beside it: things that AWS keeps though no stack has them.

use serde::Serialize;

use super::Millis;
use crate::core::text::SafeText;

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum LeftoverKind {
    /// An EFS file system.
    FileSystem,
    /// A recovery point of a file system in AWS Backup.
    RecoveryPoint,
    /// A snapshot of the database.
    Snapshot,
    /// A CloudWatch log group.
    LogGroup,
    /// A secret, mostly one that waits for its deletion.
    Secret,
    /// An ECR repository.
    Repository,
    /// Provisioned throughput.
    Throughput,
    /// Any other resource that CloudFormation was told to keep.
    Resource,
}

impl LeftoverKind {
    /// Where such things are looked for, in words.
    pub fn place(self) -> &'static str {
        match self {
            Self::FileSystem => "file systems",
            Self::RecoveryPoint => "recovery points",
            Self::Snapshot => "database snapshots",
            Self::LogGroup => "log groups",
            Self::Secret => "secrets",
            Self::Repository => "image repositories",
            Self::Throughput => "provisioned throughput",
            Self::Resource => "resources that were kept",
        }
    }
}

/// One thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leftover {
    /// What it is.
    pub kind: LeftoverKind,
    /// Id, name or ARN that its own service takes.
    pub id: SafeText,
    /// CloudFormation's name of its type; empty for what CloudFormation does not make.
    pub resource_type: SafeText,
    /// What it was made from: ARN of a file system, identifier of a database; may be empty.
    pub of: SafeText,
    /// Backup vault of a recovery point; else empty.
    pub vault: SafeText,
    /// AWS's word for its state; empty where it has none.
    pub status: SafeText,
    /// When it was made, or left behind.
    pub made: Option<Millis>,
    /// When AWS deletes it by itself.
    pub ends: Option<Millis>,
    /// Bytes that are billed, where AWS tells them.
    pub bytes: Option<i64>,
}

impl Leftover {
    /// One of which only this is known.
    pub fn new(kind: LeftoverKind, id: impl Into<SafeText>) -> Self {
        Self {
            kind,
            id: id.into(),
            resource_type: SafeText::default(),
            of: SafeText::default(),
            vault: SafeText::default(),
            status: SafeText::default(),
            made: None,
            ends: None,
            bytes: None,
        }
    }

    /// AWS is deleting it.
    pub fn is_going(&self) -> bool {
        self.status.to_lowercase().starts_with("delet")
    }

    /// The short name by which people tell it from others: of a recovery point the first part of its id, else the
    /// end of an ARN.
    pub fn name(&self) -> SafeText {
        let last = self.id.rsplit(':').next().unwrap_or_default();
        match self.kind {
            LeftoverKind::RecoveryPoint => last
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .split('-')
                .next()
                .unwrap_or_default()
                .into(),
            LeftoverKind::Secret => secret_name(last).into(),
            LeftoverKind::Throughput => last.rsplit('/').next().unwrap_or_default().into(),
            LeftoverKind::Resource => last.into(),
            LeftoverKind::FileSystem | LeftoverKind::Snapshot | LeftoverKind::LogGroup | LeftoverKind::Repository => self.id.clone(),
        }
    }
}

/// The name in the last part of a secret's ARN, to which Secrets Manager adds a hyphen and six characters.
fn secret_name(last: &str) -> &str {
    match last.rsplit_once('-') {
        Some((name, end)) if end.len() == 6 => name,
        _ => last,
    }
}

/// Where to look for what is left.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Look {
    /// Resources that a stack had, as type and physical id: which of them still exist.
    Resources(Vec<(SafeText, SafeText)>),
    /// File systems with this name in their `Name` tag, besides those of these ids.
    FileSystems {
        /// The name.
        name: SafeText,
        /// Ids that are known already.
        known: Vec<SafeText>,
    },
    /// Recovery points of file systems by ARN, or else those in the vault of the automatic backups that name this one.
    RecoveryPoints {
        /// ARNs of file systems.
        resources: Vec<SafeText>,
        /// `Name` tag of the file system.
        name: SafeText,
    },
    /// Snapshots made by hand, or by CloudFormation at the end, of databases with these identifiers or this beginning.
    Snapshots {
        /// Identifiers.
        databases: Vec<SafeText>,
        /// Beginning of the identifiers that CloudFormation makes.
        prefix: SafeText,
    },
    /// Secrets whose name begins so, those that wait for their deletion too.
    Secrets {
        /// The beginning.
        prefix: SafeText,
    },
    /// Log groups of these names.
    LogGroups {
        /// The names.
        names: Vec<SafeText>,
    },
    /// ECR repositories whose name begins so.
    Repositories {
        /// The beginning.
        prefix: SafeText,
    },
}

impl Look {
    /// What is looked for, in words.
    pub fn words(&self) -> &'static str {
        let kind = match self {
            Self::Resources(_) => LeftoverKind::Resource,
            Self::FileSystems { .. } => LeftoverKind::FileSystem,
            Self::RecoveryPoints { .. } => LeftoverKind::RecoveryPoint,
            Self::Snapshots { .. } => LeftoverKind::Snapshot,
            Self::Secrets { .. } => LeftoverKind::Secret,
            Self::LogGroups { .. } => LeftoverKind::LogGroup,
            Self::Repositories { .. } => LeftoverKind::Repository,
        };
        kind.place()
    }

    /// The operations that look, as IAM names them; the first one is asked first.
    pub fn actions(&self) -> &'static [&'static str] {
        match self {
            Self::Resources(_) => &["cloudformation:GetResource"],
            Self::FileSystems { .. } => &["cloudformation:ListResources", "cloudformation:GetResource"],
            Self::Repositories { .. } => &["cloudformation:ListResources"],
            Self::RecoveryPoints { resources, .. } if resources.is_empty() => &["backup:ListRecoveryPointsByBackupVault"],
            Self::RecoveryPoints { .. } => &["backup:ListRecoveryPointsByResource"],
            Self::Snapshots { .. } => &["rds:DescribeDBSnapshots"],
            Self::Secrets { .. } => &["secretsmanager:ListSecrets"],
            Self::LogGroups { .. } => &["logs:DescribeLogGroups"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_a_person_can_type() {
        for (kind, id, want) in [
            (
                LeftoverKind::RecoveryPoint,
                "arn:aws:backup:us-west-2:123456789012:recovery-point:8a92c375-b475-4d9a-95e9-028fa45fcb45",
                "8a92c375",
            ),
            (
                LeftoverKind::Secret,
                "arn:aws:secretsmanager:us-west-2:123456789012:secret:chat/litellm-api-key-AbCdEf",
                "chat/litellm-api-key",
            ),
            (
                LeftoverKind::Throughput,
                "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/abc123",
                "abc123",
            ),
            (LeftoverKind::LogGroup, "/ecs/chat", "/ecs/chat"),
            (LeftoverKind::FileSystem, "fs-0123", "fs-0123"),
        ] {
            assert_eq!(Leftover::new(kind, id).name(), want);
        }
    }
}

/// How much a file system holds, as AWS measured it last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Bytes in all storage classes.
    pub bytes: i64,
    /// When they were measured.
    pub at: Millis,
}
