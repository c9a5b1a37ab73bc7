//! The search: what is asked after what, and what of the answers no stack has.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{ids, looked_up, sources};
use crate::{
    cloud::Query,
    core::{
        fact::{Fact, Leftover, LeftoverKind, Look, Millis, Stack, StackResource, Stored, Throughput},
        fault::{Fault, FaultKind},
        msg::Now,
        names::Names,
        region::partition,
        text::SafeText,
    },
};

/// Where the search stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The stack by name or id is asked for.
    Stack,
    /// Ids of deleted stacks of that name.
    Records,
    /// The newest of those.
    Record,
    /// The resources of the stack.
    Resources,
    /// The places where something may be left.
    Looks,
    /// Whether a living stack has any of that.
    Holders,
    /// All is answered.
    Done,
}

/// So many records of deleted stacks are read until one has held anything.
const RECORDS: usize = 10;

/// One search. Questions come out, answers go in, until it is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    stack_name: SafeText,
    region: SafeText,
    account: SafeText,
    step: Step,
    /// Looks that are not answered yet.
    open: usize,
    stack: Option<Stack>,
    /// Records of deleted stacks that are still to be read, the oldest first; none where the stack's id was known.
    records: Option<Vec<SafeText>>,
    resources: Vec<StackResource>,
    found: Vec<Leftover>,
    /// How much the file systems of a living stack hold, or why that is not known.
    sizes: BTreeMap<SafeText, Result<Stored, SafeText>>,
    /// The backups of file systems that the stack had before have been asked for.
    has_asked_former: bool,
    /// Of what was found and what it was made from: the id of the living stack that has it.
    holders: BTreeMap<SafeText, SafeText>,
    unknown: Vec<Unknown>,
    /// Why the last place that failed could not be looked at, and how many places could.
    fault: Option<Fault>,
    answered: usize,
    /// When it was done.
    taken: Option<Now>,
}

/// A place that could not be looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unknown {
    /// What was looked for.
    pub what: SafeText,
    /// Why it is not known: one sentence without its stop.
    pub why: SafeText,
    /// What to do.
    pub next: SafeText,
}

impl Search {
    /// A search for a stack by name, or by the id under which AWS still tells of one that is deleted.
    pub fn new(stack_name: &SafeText, region: &SafeText, account: Option<&SafeText>) -> Self {
        Self {
            stack_name: stack_name.clone(),
            region: region.clone(),
            account: account.cloned().unwrap_or_default(),
            step: Step::Stack,
            open: 0,
            stack: None,
            records: None,
            resources: Vec::new(),
            found: Vec::new(),
            sizes: BTreeMap::new(),
            has_asked_former: false,
            holders: BTreeMap::new(),
            unknown: Vec::new(),
            fault: None,
            answered: 0,
            taken: None,
        }
    }

    /// The first question. `id` is that of a stack that is known already.
    pub fn begin(&self, id: Option<&SafeText>) -> Query {
        Query::Stack {
            stack: id.unwrap_or(&self.stack_name).clone(),
        }
    }

    /// Takes an answer; gives the questions that follow from it.
    pub fn take(&mut self, query: &Query, answer: Result<Fact, Fault>, now: Now) -> Vec<Query> {
        match (self.step, query, answer) {
            (Step::Stack | Step::Record, Query::Stack { .. }, Ok(Fact::Stack(Some(stack)))) if !stack.status.is_in_review() => {
                self.stack = Some(stack.clone());
                self.step = Step::Resources;
                vec![Query::StackResources { stack: stack.id }]
            }
            (Step::Stack, Query::Stack { .. }, Ok(_)) => {
                self.step = Step::Records;
                let name = self.stack_name.clone();
                vec![Query::DeletedStacks { name }]
            }
            (Step::Records, Query::DeletedStacks { .. }, Ok(Fact::StackIds(ids))) if !ids.is_empty() => {
                let ids = ids.into_iter().take(RECORDS);
                self.records = Some(ids.rev().collect());
                self.next_record()
            }
            // The empty stack of a plan that was dropped: the stack that people ask after may lie before it.
            (Step::Resources, Query::StackResources { .. }, Ok(Fact::StackResources(all))) if all.is_empty() && self.records.is_some() => {
                self.stack = None;
                self.next_record()
            }
            (Step::Resources, Query::StackResources { .. }, Ok(Fact::StackResources(all))) => {
                self.resources = all;
                self.look()
            }
            (Step::Looks, Query::Left(look), answer) => self.looked(look.words(), answer, now),
            (Step::Looks, Query::FileSystemSize { id }, answer) => {
                self.sizes.insert(id.clone(), stored(answer));
                self.settle(now)
            }
            (Step::Looks, Query::Throughputs, answer) => {
                let ours = answer.map(|fact| match fact {
                    Fact::Throughputs(all) => Fact::Left(all.iter().filter(|it| self.bought(it)).map(throughput).collect()),
                    other => other,
                });
                self.looked(LeftoverKind::Throughput.place(), ours, now)
            }
            (Step::Holders, Query::Holders { .. }, answer) => {
                match answer {
                    Ok(Fact::Holders(all)) => self.holders = all.into_iter().collect(),
                    Ok(_) => self.give_up(HOLDERS, &unreadable()),
                    Err(fault) => self.give_up(HOLDERS, &fault),
                }
                self.end(now)
            }
            // Nobody has a stack of that name, or it is long gone: names are all that is left to look for.
            (Step::Stack | Step::Records | Step::Record, _, answer) if is_absent(&answer) => self.look(),
            (Step::Resources, _, Err(fault)) if fault.kind == FaultKind::NotFound && !self.lives() => self.look(),
            // Without its record a living stack's own things would look like left ones.
            (Step::Stack | Step::Records | Step::Record | Step::Resources, _, answer) => {
                self.give_up("the record of the stack", &answer.err().unwrap_or_else(unreadable));
                self.end(now)
            }
            (Step::Looks | Step::Holders | Step::Done, ..) => Vec::new(),
        }
    }

    fn next_record(&mut self) -> Vec<Query> {
        let Some(stack) = self.records.as_mut().and_then(Vec::pop) else {
            return self.look();
        };
        self.step = Step::Record;
        vec![Query::Stack { stack }]
    }

    /// Nothing can be told to be left any more.
    fn give_up(&mut self, what: &str, fault: &Fault) {
        self.found.clear();
        self.answered = 0;
        self.miss(what, fault);
    }

    fn miss(&mut self, what: &str, fault: &Fault) {
        self.fault = Some(fault.clone());
        self.unknown.push(Unknown {
            what: what.into(),
            why: fault.sentence().into(),
            next: fault.advice().into(),
        });
    }

    /// It was bought for the stack: the stack names it, or else its name begins with that of the project.
    fn bought(&self, it: &Throughput) -> bool {
        match &self.stack {
            Some(stack) => stack.parameter(THROUGHPUT) == Some(&it.arn),
            None => it.name.starts_with(self.stack_name.as_str()),
        }
    }

    fn looked(&mut self, what: &str, answer: Result<Fact, Fault>, now: Now) -> Vec<Query> {
        match answer {
            Ok(Fact::Left(found)) => self.found(found),
            Ok(Fact::LeftPartly { found, strangers }) => {
                self.found(found);
                self.stopped(strangers);
            }
            Ok(_) => {}
            Err(fault) => self.miss(what, &fault),
        }
        self.settle(now)
    }

    fn found(&mut self, found: Vec<Leftover>) {
        self.answered += 1;
        let new = found.into_iter().filter(|it| self.found.iter().all(|old| old.id != it.id));
        let dated: Vec<Leftover> = new.map(|it| self.dated(it)).collect();
        self.found.extend(dated);
    }

    /// The tags of some file systems were not looked at.
    fn stopped(&mut self, (seen, unseen): (usize, usize)) {
        self.unknown.push(Unknown {
            // That none of those that are known is there is known all the same.
            what: "names of file systems".into(),
            why: format!(
                "of {} that may be of any stack {seen} were looked at, and {unseen} were not",
                seen + unseen
            )
            .into(),
            next: format!("`aws efs describe-file-systems` lists all: the name is {}-efs.", self.project()).into(),
        });
    }

    /// One answer less is waited for.
    fn settle(&mut self, now: Now) -> Vec<Query> {
        self.open = self.open.saturating_sub(1);
        if self.open > 0 {
            return Vec::new();
        }
        if let Some(look) = self.former_backups() {
            self.open = 1;
            return vec![Query::Left(look)];
        }
        let all: BTreeSet<SafeText> = self
            .found
            .iter()
            .flat_map(|it| ids(&it.id).into_iter().chain(sources(it)))
            .collect();
        if all.is_empty() {
            return self.end(now);
        }
        self.step = Step::Holders;
        let ids = all.into_iter().collect();
        vec![Query::Holders { ids }]
    }

    /// The look for backups of file systems that were found by their name alone, as those are that an update replaced.
    fn former_backups(&mut self) -> Option<Look> {
        let is_known = |id: &SafeText| self.resources.iter().any(|r| r.physical_id == *id);
        let former = self
            .found
            .iter()
            .filter(|it| it.kind == LeftoverKind::FileSystem && !is_known(&it.id));
        let resources: Vec<SafeText> = former.map(|it| self.file_system_arn(&it.id)).collect();
        // Without a known file system they were looked for by its name.
        let is_by_id = !self.account().is_empty() && self.resources.iter().any(|r| r.resource_type == FILE_SYSTEM);
        let is_due = !std::mem::replace(&mut self.has_asked_former, true) && is_by_id && !resources.is_empty();
        let name = format!("{}-efs", self.project()).into();
        is_due.then_some(Look::RecoveryPoints { resources, name })
    }

    fn file_system_arn(&self, id: &SafeText) -> SafeText {
        let (region, account) = (&self.region, self.account());
        format!("arn:{}:elasticfilesystem:{region}:{account}:file-system/{id}", partition(region)).into()
    }

    fn end(&mut self, now: Now) -> Vec<Query> {
        self.step = Step::Done;
        self.taken = Some(now);
        self.found.sort_by(|a, b| (a.kind, b.made, &a.id).cmp(&(b.kind, a.made, &b.id)));
        Vec::new()
    }

    /// CloudFormation tells since when it has no longer had a resource that it kept.
    fn dated(&self, it: Leftover) -> Leftover {
        let record = self.resources.iter().find(|r| r.physical_id == it.id);
        Leftover {
            made: it.made.or(record.map(|r| r.at)),
            ..it
        }
    }

    fn look(&mut self) -> Vec<Query> {
        self.step = Step::Looks;
        let mut looks: Vec<Query> = self.looks().into_iter().map(Query::Left).collect();
        looks.push(Query::Throughputs);
        let files = self.resources.iter().filter(|r| r.is_held() && r.resource_type == FILE_SYSTEM);
        let sizes = files
            .filter(|_| self.lives())
            .map(|r| Query::FileSystemSize { id: r.physical_id.clone() });
        looks.extend(sizes);
        self.open = looks.len();
        looks
    }

    /// `ProjectName` of the stack, else its own name.
    pub fn project(&self) -> SafeText {
        self.stack
            .as_ref()
            .map_or_else(|| self.stack_name.clone(), |s| Names::of(s).project)
    }

    /// The stack that it was: as AWS told it last.
    pub fn stack(&self) -> Option<&Stack> {
        self.stack.as_ref()
    }

    /// When the stack was deleted; else when the last of its resources was.
    pub fn deleted(&self) -> Option<Millis> {
        let last = || self.resources.iter().map(|r| r.at).max();
        self.stack.as_ref()?.deleted.or_else(last)
    }

    fn looks(&self) -> Vec<Look> {
        let project = self.project();
        let of = |kind: &str| -> Vec<SafeText> {
            let all = self
                .resources
                .iter()
                .filter(|r| r.resource_type == kind && !r.physical_id.is_empty());
            all.map(|r| r.physical_id.clone()).collect()
        };
        let files = of(FILE_SYSTEM);
        let account = self.account();
        let kept =
            |r: &&StackResource| r.status.0 == "DELETE_SKIPPED" && !r.physical_id.is_empty() && looked_up(&r.resource_type).is_none();
        let kept: Vec<(SafeText, SafeText)> = self
            .resources
            .iter()
            .filter(kept)
            .map(|r| (r.resource_type.clone(), r.physical_id.clone()))
            .collect();
        let mut looks = vec![
            Look::FileSystems {
                name: format!("{project}-efs").into(),
                known: files.clone(),
            },
            Look::RecoveryPoints {
                resources: if account.is_empty() {
                    Vec::new()
                } else {
                    files.iter().map(|id| self.file_system_arn(id)).collect()
                },
                name: format!("{project}-efs").into(),
            },
            Look::Snapshots {
                databases: of("AWS::RDS::DBInstance"),
                prefix: format!("{}-databaseinstance-", self.stack_name.to_lowercase()).into(),
            },
            Look::Secrets {
                prefix: format!("{project}/").into(),
            },
            Look::LogGroups {
                names: vec![format!("/ecs/{project}").into(), format!("/mirror/{project}").into()],
            },
            Look::Repositories {
                prefix: format!("{project}/").into(),
            },
        ];
        if !kept.is_empty() {
            looks.push(Look::Resources(kept));
        }
        looks
    }

    fn account(&self) -> SafeText {
        let of_stack = self.stack.as_ref().and_then(|s| s.id.split(':').nth(4)).filter(|it| !it.is_empty());
        of_stack.map_or_else(|| self.account.clone(), SafeText::from)
    }

    /// All is answered.
    pub fn is_done(&self) -> bool {
        self.step == Step::Done
    }

    /// AWS tells of no such stack, neither a living one nor a deleted one, and nothing goes by its name: the name may be
    /// a wrong one.
    pub fn is_unheard(&self) -> bool {
        self.is_done() && self.stack.is_none() && self.unknown.is_empty() && self.left().is_empty()
    }

    /// When it was done.
    pub fn taken(&self) -> Option<Now> {
        self.taken
    }

    /// How much a file system of the stack holds.
    ///
    /// # Errors
    /// Why that is not known: a sentence without its stop.
    pub fn size(&self, id: &SafeText) -> Result<Stored, SafeText> {
        self.sizes
            .get(id)
            .cloned()
            .unwrap_or_else(|| Err("it could not be asked for".into()))
    }

    /// Places that could not be looked at.
    pub fn unknown(&self) -> &[Unknown] {
        &self.unknown
    }

    /// Why one of the places could not be looked at.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// The fault that kept every place from being looked at, if none could be.
    pub fn blind(&self) -> Option<&Fault> {
        self.fault.as_ref().filter(|_| self.answered == 0)
    }

    /// What no stack has: neither a living stack's own, nor the backups of a file system that it uses.
    pub fn left(&self) -> Vec<&Leftover> {
        let held = self.held();
        let is_held = |it: &Leftover| ids(&it.id).iter().chain(&sources(it)).any(|id| self.has(&held, id));
        self.found.iter().filter(|it| !is_held(it)).collect()
    }

    /// What will be there when the stack is gone: what is left already, and the backups of what it has.
    pub fn stays(&self) -> Vec<&Leftover> {
        let held = self.held();
        let own = self.stack.as_ref().map(|s| &s.id);
        let is_elsewhere = |id: &SafeText| self.holders.get(id).is_some_and(|stack| Some(stack) != own);
        let is_held = |it: &Leftover| ids(&it.id).iter().any(|id| self.has(&held, id)) || sources(it).iter().any(is_elsewhere);
        self.found.iter().filter(|it| !is_held(it)).collect()
    }

    /// The stack is there still.
    pub fn lives(&self) -> bool {
        self.stack.as_ref().is_some_and(|s| !s.status.is_deleted())
    }

    /// What the search met that is no leftover, since the stack lives: one sentence. `None` when it does not.
    pub fn own(&self) -> Option<String> {
        let stack = self.stack.as_ref().filter(|_| self.lives())?;
        let held = self.resources.iter().filter(|r| r.exists()).count();
        let backups = self.stays().len().saturating_sub(self.left().len());
        let what = match (held, backups) {
            (0, 0) => return Some(format!("Stack {} is {}: nothing of it exists.", stack.name, stack.status.0)),
            (n, 0) => format!("its {n} resources are"),
            (n, 1) => format!("its {n} resources and 1 backup of them are"),
            (n, m) => format!("its {n} resources and {m} backups of them are"),
        };
        Some(format!("Stack {} is {}: {what} no leftovers.", stack.name, stack.status.0))
    }

    /// Some living stack has what is called so.
    fn has(&self, held: &BTreeSet<SafeText>, id: &SafeText) -> bool {
        held.contains(id) || self.holders.contains_key(id)
    }

    /// The place of this thing was looked at: when it is not listed it is gone.
    pub fn tells(&self, it: &Leftover) -> bool {
        self.blind().is_none() && self.unknown.iter().all(|unknown| unknown.what != *it.kind.place())
    }

    /// What this stack has, by ids and names.
    fn held(&self) -> BTreeSet<SafeText> {
        let lives = self.lives();
        let is_held = |r: &&StackResource| !r.physical_id.is_empty() && r.is_held();
        self.resources
            .iter()
            .filter(|r| lives && is_held(r))
            .flat_map(|r| ids(&r.physical_id))
            .chain(self.stack.iter().filter(|_| lives).filter_map(|s| s.parameter(THROUGHPUT).cloned()))
            .collect()
    }

    /// Whether anything is on its way out, so that it is worth another look soon.
    pub fn is_moving(&self) -> bool {
        self.found.iter().any(Leftover::is_going)
    }

    /// The one that a person means by its short name, its id or its ARN.
    ///
    /// # Errors
    /// A sentence: nothing is called so, or more than one thing.
    pub fn named(&self, word: &str) -> Result<&Leftover, String> {
        let left = self.left();
        if let Some(it) = left.iter().find(|it| it.id == *word) {
            return Ok(it);
        }
        match left.iter().filter(|it| it.name() == *word).collect::<Vec<_>>()[..] {
            [it] => Ok(it),
            [] => Err(format!("nothing that is left is called \"{word}\"; `bic-tui leftovers` lists it")),
            _ => Err(format!("more than one thing is called \"{word}\"; give its whole id")),
        }
    }
}

const FILE_SYSTEM: &str = "AWS::EFS::FileSystem";

/// What is said of the last question.
const HOLDERS: &str = "whether a living stack has what was found";

fn is_absent(answer: &Result<Fact, Fault>) -> bool {
    answer.as_ref().map_or_else(|fault| fault.kind == FaultKind::NotFound, |_| true)
}

fn stored(answer: Result<Fact, Fault>) -> Result<Stored, SafeText> {
    match answer {
        Ok(Fact::FileSystemSize(Some(size))) => Ok(size),
        Ok(Fact::FileSystemSize(None)) => Err("CloudWatch has no figure of the last day".into()),
        Ok(_) => Err(Fault::new(FaultKind::OddAnswer, "cloudwatch:GetMetricData", "", "")
            .sentence()
            .into()),
        Err(fault) => Err(fault.sentence().into()),
    }
}

fn unreadable() -> Fault {
    Fault::new(FaultKind::OddAnswer, "cloudformation:DescribeStackResources", "", "")
}

/// Parameter of the template that names throughput that was bought for it.
const THROUGHPUT: &str = "ProvisionedModelArn";

fn throughput(it: &Throughput) -> Leftover {
    Leftover {
        made: it.created,
        of: it.name.clone(),
        ..Leftover::new(LeftoverKind::Throughput, it.arn.clone())
    }
}
