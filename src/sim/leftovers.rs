//! What stays in the account after a stack, or beside it: recovery points, last snapshots, what was kept, and what
//! the scene says that somebody left.

use super::{
    account::{refusal, text},
    cfn::{ResourceState, StackState},
    scene::Left,
    world::{SECOND, World},
};
use crate::{
    cloud::{Change, Done},
    core::{
        fact::{Fact, Leftover, LeftoverKind, Look, Millis, Stored},
        fault::{Fault, FaultKind},
        leftovers::{kind_of, removed},
        text::SafeText,
    },
};

const DAY: Millis = 24 * 3_600 * SECOND;
/// Automatic backups are kept for so many days.
const KEPT_FOR: Millis = 35;
/// A recovery point takes so long to go.
const GOES_FOR: Millis = 15 * SECOND;
/// A secret that somebody deletes by hand waits for so long.
const WINDOW: Millis = 30 * DAY;
/// The size of a file system is measured so often.
const MEASURED_EVERY: Millis = 15 * 60 * SECOND;
/// Bytes of the first backup, and of what each day adds.
const BACKUP: (i64, i64) = (380 << 20, 90 << 20);
/// Bytes of logs that a day leaves.
const LOGS_A_DAY: i64 = 45 << 20;

const VAULT: &str = "aws/efs/automatic-backup-vault";

impl World {
    pub(super) fn tell_left(&self, look: &Look) -> Fact {
        let found = match look {
            Look::Resources(all) => {
                let lives = |(kind, id): &&(SafeText, SafeText)| self.living_of(kind).contains(id.as_str());
                all.iter().filter(lives).map(|(kind, id)| of_type(kind, id)).collect()
            }
            Look::FileSystems { name, known } => self.file_systems(name, known),
            Look::RecoveryPoints { resources, name } => self.recovery_points(|fs, stack| {
                let arn = self.arn("elasticfilesystem", &format!("file-system/{fs}"));
                resources.iter().any(|r| **r == *arn) || (resources.is_empty() && *name == *format!("{}-efs", project(stack)))
            }),
            Look::Snapshots { databases, prefix } => self.extra(LeftoverKind::Snapshot, |it| {
                databases.contains(&it.of) || it.of.starts_with(prefix.as_str())
            }),
            Look::Secrets { prefix } => {
                let mut all = self.of_stacks("AWS::SecretsManager::Secret", "Name", |name| name.starts_with(prefix.as_str()));
                all.extend(self.extra(LeftoverKind::Secret, |it| it.name().starts_with(prefix.as_str())));
                all
            }
            Look::LogGroups { names } => {
                let mut all = self.of_stacks("AWS::Logs::LogGroup", "LogGroupName", |name| names.iter().any(|n| **n == *name));
                all.extend(self.extra(LeftoverKind::LogGroup, |it| names.contains(&it.id)));
                all
            }
            Look::Repositories { prefix } => {
                let mut all = self.of_stacks("AWS::ECR::Repository", "RepositoryName", |name| name.starts_with(prefix.as_str()));
                all.extend(self.extra(LeftoverKind::Repository, |it| it.id.starts_with(prefix.as_str())));
                all
            }
        };
        Fact::Left(found)
    }

    /// What a file system holds; nothing is known of one before it is measured first.
    pub(super) fn tell_size(&self, id: &SafeText) -> Fact {
        let at = self.now - self.now % MEASURED_EVERY;
        let size = |(stack, r): (&StackState, &ResourceState)| {
            let (whole, more) = BACKUP;
            let bytes = whole + (at - stack.created) / DAY * more;
            (r.at <= at).then_some(Stored { bytes, at })
        };
        let mut living = self.living();
        let found = living.find(|(_, r)| r.def.kind == FILE_SYSTEM && *r.physical == **id);
        Fact::FileSystemSize(found.and_then(size))
    }

    /// Which of these ids a living stack has.
    pub(super) fn tell_holders(&self, ids: &[SafeText]) -> Fact {
        let has = |stack: &StackState, id: &SafeText| {
            let is_it = |r: &ResourceState| r.is_alive() && *r.physical == **id;
            !stack.is_deleted() && (stack.resources.iter().any(is_it) || stack.values.values().any(|value| *value == **id))
        };
        let holder = |id: &SafeText| self.stacks.iter().find(|stack| has(stack, id));
        let held = ids
            .iter()
            .filter_map(|id| holder(id).map(|stack| (id.clone(), stack.id.as_str().into())));
        Fact::Holders(held.collect())
    }

    /// Ids of deleted stacks of a name, the newest deletion first.
    pub(super) fn tell_deleted(&self, name: &str) -> Fact {
        let mut gone: Vec<&StackState> = self.stacks.iter().filter(|s| s.name == name && s.is_deleted()).collect();
        gone.sort_by_key(|s| std::cmp::Reverse(s.events.last().map(|e| e.at)));
        Fact::StackIds(gone.into_iter().map(|s| s.id.as_str().into()).collect())
    }

    /// Resources of a type that exist, by the name that the template gives them.
    fn of_stacks(&self, kind: &str, property: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<Leftover> {
        let name = |stack: &StackState, r: &ResourceState| text(&self.filled(stack, &r.def.properties), property);
        let all = self.living().filter(|(stack, r)| r.def.kind == kind && is_wanted(&name(stack, r)));
        all.map(|(stack, r)| {
            let days = (self.now - stack.created) / DAY + 1;
            Leftover {
                made: Some(stack.created),
                bytes: (kind == "AWS::Logs::LogGroup").then_some(days * LOGS_A_DAY),
                ..of_type(kind, &r.physical)
            }
        })
        .collect()
    }

    fn file_systems(&self, name: &SafeText, known: &[SafeText]) -> Vec<Leftover> {
        let is_wanted = |(stack, r): &(&StackState, &ResourceState)| {
            let is_named = *name == *format!("{}-efs", project(stack));
            r.def.kind == FILE_SYSTEM && (is_named || known.iter().any(|id| **id == *r.physical))
        };
        self.living()
            .chain(self.kept())
            .filter(is_wanted)
            .map(|(_, r)| of_type(FILE_SYSTEM, &r.physical))
            .collect()
    }

    /// What updates replaced and did not delete, with the stack that had it.
    fn kept(&self) -> impl Iterator<Item = (&StackState, &ResourceState)> {
        let still = self.kept.iter().filter(|(_, r)| !self.removed.contains_key(&r.physical));
        still.map(|(i, r)| (&self.stacks[*i], r))
    }

    /// One a day of each file system that has lived through a night, for as long as they are kept.
    fn recovery_points(&self, is_wanted: impl Fn(&str, &StackState) -> bool) -> Vec<Leftover> {
        let mut all = Vec::new();
        let backed_up = |r: &ResourceState| r.def.kind == FILE_SYSTEM && r.def.properties["BackupPolicy"]["Status"] == "ENABLED";
        let of_stacks = self.stacks.iter().flat_map(|stack| stack.resources.iter().map(move |r| (stack, r)));
        for (stack, file_system) in of_stacks.chain(self.kept()) {
            if backed_up(file_system) && !file_system.physical.is_empty() && is_wanted(&file_system.physical, stack) {
                all.extend(self.backups(stack, file_system));
            }
        }
        all
    }

    fn backups(&self, stack: &StackState, file_system: &ResourceState) -> Vec<Leftover> {
        let end = if file_system.is_alive() { self.now } else { file_system.at };
        // One that an update has put in another's place is as old as that update.
        let id = &file_system.def.logical_id;
        let before = self
            .kept
            .iter()
            .filter(|(i, r)| self.stacks[*i].id == stack.id && r.def.logical_id == *id);
        let is_former = before.clone().any(|(_, r)| r.physical == file_system.physical);
        let made = before.filter(|_| !is_former).map(|(_, r)| r.at).max().unwrap_or(stack.created);
        // At five in the morning, UTC.
        let first = (made / DAY + 1) * DAY + 5 * 3_600 * SECOND;
        let nights = (0..).map(|n| first + n * DAY).take_while(|at| *at < end).enumerate();
        nights
            .filter(|(_, at)| self.now - at < KEPT_FOR * DAY)
            .filter_map(|(n, at)| {
                let uuid = self.chance(&format!("backup/{}/{n}", file_system.physical)).uuid();
                let id = self.arn("backup", &format!("recovery-point:{uuid}"));
                let (whole, more) = BACKUP;
                let it = Leftover {
                    of: self
                        .arn("elasticfilesystem", &format!("file-system/{}", file_system.physical))
                        .into(),
                    vault: VAULT.into(),
                    status: "COMPLETED".into(),
                    made: Some(at),
                    ends: Some(at + KEPT_FOR * DAY),
                    bytes: Some(if n == 0 { whole } else { more }),
                    ..Leftover::new(LeftoverKind::RecoveryPoint, id)
                };
                self.unless_removed(it)
            })
            .collect()
    }

    /// What was removed is there for a moment still, and then gone.
    fn unless_removed(&self, it: Leftover) -> Option<Leftover> {
        match self.removed.get(it.id.as_str()) {
            None => Some(it),
            Some(at) if self.now < at + GOES_FOR && it.kind == LeftoverKind::RecoveryPoint => Some(Leftover {
                status: "DELETING".into(),
                ..it
            }),
            Some(_) => None,
        }
    }

    fn extra(&self, kind: LeftoverKind, is_wanted: impl Fn(&Leftover) -> bool) -> Vec<Leftover> {
        let all = self.left.iter().filter(|it| it.kind == kind && is_wanted(it));
        let still = all.filter(|it| it.ends.is_none_or(|at| self.now < at));
        still.filter_map(|it| self.unless_removed(it.clone())).collect()
    }

    /// Something that somebody left has this name.
    pub(super) fn is_left(&self, kind: LeftoverKind, name: &str) -> bool {
        !self.extra(kind, |it| *it.name() == *name).is_empty()
    }

    /// The secret of this name that somebody left.
    pub(super) fn left_secret(&self, name: &str) -> Option<Leftover> {
        self.extra(LeftoverKind::Secret, |it| *it.name() == *name).into_iter().next()
    }

    /// CloudFormation makes a last snapshot of a database that it deletes.
    pub(super) fn snapshot(&mut self, stack: &str, physical: &str, gb: i64) {
        let serial = self.serial();
        let tail = self.chance(&format!("snapshot/{serial}")).lower(12);
        let id = format!("{stack}-snapshot-databaseinstance-{tail}").to_lowercase();
        self.left.push(Leftover {
            of: physical.to_lowercase().into(),
            status: "available".into(),
            made: Some(self.now),
            bytes: Some(gb << 30),
            ..Leftover::new(LeftoverKind::Snapshot, id)
        });
    }

    /// What a scene says that somebody left.
    pub(super) fn leave(&mut self, what: Left, name: &str) {
        let now = self.now;
        let it = match what {
            Left::Secret => {
                let tail = self.chance(&format!("left/{name}")).alphanumeric(6);
                Leftover {
                    ends: Some(now + WINDOW),
                    ..Leftover::new(LeftoverKind::Secret, self.arn("secretsmanager", &format!("secret:{name}-{tail}")))
                }
            }
            Left::LogGroup => Leftover {
                bytes: Some(LOGS_A_DAY * 20),
                ..Leftover::new(LeftoverKind::LogGroup, name)
            },
            Left::Repository => of_type("AWS::ECR::Repository", name),
        };
        self.left.push(Leftover { made: Some(now), ..it });
    }

    /// Removes something that is left.
    pub(super) fn remove(&mut self, change: &Change) -> Result<Done, Fault> {
        let operation = change.operation();
        let id = removed(change).cloned().unwrap_or_default();
        let is_there = self.left.iter().any(|it| it.id == id)
            || self.living().chain(self.kept()).any(|(_, r)| *r.physical == *id)
            || self.recovery_points(|_, _| true).iter().any(|it| it.id == id && !it.is_going());
        if !is_there || self.removed.contains_key(id.as_str()) {
            let message = format!("{id} was not found.");
            return Err(refusal(FaultKind::NotFound, operation, &id, "ResourceNotFoundException", &message));
        }
        if let Some(user) = self.user_of(&id) {
            let message = format!("resource {id} has a dependent object: {user}");
            return Err(refusal(FaultKind::Refused, operation, &id, "GeneralServiceException", &message));
        }
        self.removed.insert(id.to_string(), self.now);
        Ok(Done::Accepted)
    }

    /// Another resource that still exists and refers to one that is to be removed.
    fn user_of(&self, id: &str) -> Option<String> {
        let (stack, of) = self.living().find(|(_, r)| r.physical == id)?;
        let wanted = &of.def.logical_id;
        let uses = |r: &&ResourceState| r.is_alive() && r.def.depends_on.contains(wanted) && !self.removed.contains_key(&r.physical);
        stack.resources.iter().find(uses).map(|r| r.physical.clone())
    }
}

const FILE_SYSTEM: &str = "AWS::EFS::FileSystem";

fn project(stack: &StackState) -> &str {
    stack.values.get("ProjectName").map_or(&stack.name, |name| name)
}

fn of_type(kind: &str, id: &str) -> Leftover {
    Leftover {
        resource_type: kind.into(),
        ..Leftover::new(kind_of(kind), id)
    }
}
