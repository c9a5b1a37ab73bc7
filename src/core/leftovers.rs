//! What a stack left behind: the search for it, step by step and without I/O, what each thing costs, and what
//! removes it. One source for the destroy dialog, the Leftovers list, `destroy` and `leftovers`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    cost::is_free,
    fact::{Fact, Leftover, LeftoverKind, Look, Millis, Stack, StackResource, Throughput},
    fault::{Fault, FaultKind},
    msg::Now,
    names::Names,
    prices::Prices,
    region::partition,
    text::SafeText,
};
use crate::cloud::{Change, Query};

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
    /// All is answered.
    Done,
}

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
    resources: Vec<StackResource>,
    found: Vec<Leftover>,
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
            resources: Vec::new(),
            found: Vec::new(),
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
                self.step = Step::Record;
                vec![Query::Stack { stack: ids[0].clone() }]
            }
            (Step::Resources, Query::StackResources { .. }, Ok(Fact::StackResources(all))) => {
                self.resources = all;
                self.look()
            }
            (Step::Looks, Query::Left(look), answer) => {
                self.looked(look.words(), answer, now);
                Vec::new()
            }
            (Step::Looks, Query::Throughputs, answer) => {
                let ours = answer.map(|fact| match fact {
                    Fact::Throughputs(all) => Fact::Left(all.iter().filter(|it| self.bought(it)).map(throughput).collect()),
                    other => other,
                });
                self.looked("provisioned throughput", ours, now);
                Vec::new()
            }
            // What AWS does not tell of the stack leaves the search by names.
            (Step::Stack | Step::Records | Step::Record | Step::Resources, _, answer) => {
                if let Err(fault) = answer
                    && fault.kind != FaultKind::NotFound
                {
                    self.miss("the record of the stack", &fault);
                }
                self.look()
            }
            (Step::Looks | Step::Done, ..) => Vec::new(),
        }
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

    fn looked(&mut self, what: &str, answer: Result<Fact, Fault>, now: Now) {
        match answer {
            Ok(Fact::Left(found)) => {
                self.answered += 1;
                let new = found.into_iter().filter(|it| self.found.iter().all(|old| old.id != it.id));
                let dated: Vec<Leftover> = new.map(|it| self.dated(it)).collect();
                self.found.extend(dated);
            }
            Ok(_) => {}
            Err(fault) => self.miss(what, &fault),
        }
        self.open = self.open.saturating_sub(1);
        if self.open == 0 {
            self.step = Step::Done;
            self.taken = Some(now);
            self.found.sort_by(|a, b| (a.kind, b.made, &a.id).cmp(&(b.kind, a.made, &b.id)));
        }
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

    fn looks(&self) -> Vec<Look> {
        let project = self.project();
        let of = |kind: &str| -> Vec<SafeText> {
            let all = self
                .resources
                .iter()
                .filter(|r| r.resource_type == kind && !r.physical_id.is_empty());
            all.map(|r| r.physical_id.clone()).collect()
        };
        let files = of("AWS::EFS::FileSystem");
        let account = self.account();
        let arn = |id: &SafeText| {
            let partition = partition(&self.region);
            format!("arn:{partition}:elasticfilesystem:{}:{account}:file-system/{id}", self.region).into()
        };
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
                    files.iter().map(arn).collect()
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

    /// When it was done.
    pub fn taken(&self) -> Option<Now> {
        self.taken
    }

    /// Places that could not be looked at.
    pub fn unknown(&self) -> &[Unknown] {
        &self.unknown
    }

    /// The fault that kept every place from being looked at, if none could be.
    pub fn blind(&self) -> Option<&Fault> {
        self.fault.as_ref().filter(|_| self.answered == 0)
    }

    /// What no stack has: neither a living stack's own, nor the backups of a file system that it uses.
    pub fn left(&self) -> Vec<&Leftover> {
        let held = self.held();
        let is_backup = |it: &Leftover| it.kind == LeftoverKind::RecoveryPoint && held.iter().any(|id| it.of.ends_with(&format!("/{id}")));
        self.found.iter().filter(|it| !held.contains(&it.id) && !is_backup(it)).collect()
    }

    /// What will be there when the stack is gone: what is left already, and the backups of what it has.
    pub fn stays(&self) -> Vec<&Leftover> {
        let held = self.held();
        self.found.iter().filter(|it| !held.contains(&it.id)).collect()
    }

    /// Physical ids of what a living stack has.
    fn held(&self) -> BTreeSet<SafeText> {
        let lives = self.stack.as_ref().is_some_and(|s| !s.status.is_deleted());
        let is_held =
            |r: &&StackResource| !r.physical_id.is_empty() && !matches!(r.status.0.as_str(), "DELETE_COMPLETE" | "DELETE_SKIPPED");
        self.resources
            .iter()
            .filter(|r| lives && is_held(r))
            .map(|r| r.physical_id.clone())
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

/// Parameter of the template that names throughput that was bought for it.
const THROUGHPUT: &str = "ProvisionedModelArn";

fn throughput(it: &Throughput) -> Leftover {
    Leftover {
        made: it.created,
        of: it.name.clone(),
        ..Leftover::new(LeftoverKind::Throughput, it.arn.clone())
    }
}

/// Types that have a look of their own.
fn looked_up(resource_type: &str) -> Option<LeftoverKind> {
    match resource_type {
        "AWS::EFS::FileSystem" => Some(LeftoverKind::FileSystem),
        "AWS::Logs::LogGroup" => Some(LeftoverKind::LogGroup),
        "AWS::SecretsManager::Secret" => Some(LeftoverKind::Secret),
        "AWS::ECR::Repository" => Some(LeftoverKind::Repository),
        _ => None,
    }
}

/// What a resource of this type is among leftovers.
pub fn kind_of(resource_type: &str) -> LeftoverKind {
    looked_up(resource_type).unwrap_or(LeftoverKind::Resource)
}

/// What one thing costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Price {
    /// US dollars a month; `None` where AWS does not tell how much of it there is, or the table has no price.
    pub usd_month: Option<f64>,
    /// In words: `$0.12 a month`.
    pub words: String,
}

/// What a thing costs by the price table.
pub fn price(prices: &Prices, region: &str, it: &Leftover) -> Price {
    let item = match it.kind {
        LeftoverKind::FileSystem => "efs-gb-month",
        LeftoverKind::RecoveryPoint => "backup-efs-gb-month",
        LeftoverKind::Snapshot => "rds-snapshot-gb-month",
        LeftoverKind::LogGroup => "logs-stored-gb-month",
        LeftoverKind::Repository => "ecr-gb-month",
        LeftoverKind::Secret if it.ends.is_some() => return nothing("a secret that waits for its deletion costs nothing"),
        LeftoverKind::Secret => "secret-month",
        LeftoverKind::Throughput => return unknown("billed by the hour until it is deleted"),
        LeftoverKind::Resource if is_free(&it.resource_type) => return nothing("costs nothing by itself"),
        LeftoverKind::Resource => return unknown("what it costs is not known here"),
    };
    let Some(found) = prices.find(region, item) else {
        return unknown("its price is not known here");
    };
    let note = if found.is_verified() { "" } else { ", price not verified" };
    let usd = found.row.usd;
    let quantity = match it.kind {
        LeftoverKind::Secret => Some(1.0),
        _ => it.bytes.map(|bytes| bytes as f64 / 1_073_741_824.0),
    };
    let Some(n) = quantity else {
        // Prices of a GB go down to a tenth of a cent.
        let rate = format!("{usd:.3}");
        return unknown(&format!("${} a month for each GB{note}", rate.strip_suffix('0').unwrap_or(&rate)));
    };
    Price {
        usd_month: Some(n * usd),
        words: format!("{} a month{note}", amount(n * usd)),
    }
}

/// `$1.90`; what is something but rounds to nothing is `under $0.01`.
pub fn amount(usd: f64) -> String {
    if usd > 0.0 && usd < 0.005 {
        "under $0.01".into()
    } else {
        format!("${usd:.2}")
    }
}

fn nothing(words: &str) -> Price {
    Price {
        usd_month: Some(0.0),
        words: words.into(),
    }
}

fn unknown(words: &str) -> Price {
    Price {
        usd_month: None,
        words: words.into(),
    }
}

/// The sum of what is known, and how many things have no figure.
pub fn total(prices: &Prices, region: &str, all: &[&Leftover]) -> (f64, usize) {
    let costs: Vec<Option<f64>> = all.iter().map(|it| price(prices, region, it).usd_month).collect();
    (costs.iter().flatten().sum(), costs.iter().filter(|it| it.is_none()).count())
}

/// What is left in one sentence or two: how many things, and what they cost.
pub fn summary(prices: &Prices, region: &str, left: &[&Leftover], unknown: &[Unknown]) -> String {
    let (usd, open) = total(prices, region, left);
    match (left.len(), unknown.is_empty()) {
        (0, true) => "Nothing is left, and nothing costs.".into(),
        (0, false) => "Nothing was found, but not every place could be looked at.".into(),
        (n, _) => {
            let things = if n == 1 {
                "1 thing is left".to_owned()
            } else {
                format!("{n} things are left")
            };
            let more = match open {
                0 => String::new(),
                _ => format!(" and {open} without a figure"),
            };
            format!("{things}: {} a month{more}, an estimate.", about(usd))
        }
    }
}

fn about(usd: f64) -> String {
    let amount = amount(usd);
    if amount.starts_with('$') {
        format!("about {amount}")
    } else {
        amount
    }
}

/// What is lost with a thing, and what is to be known before: one sentence.
pub fn loss(kind: LeftoverKind) -> &'static str {
    match kind {
        LeftoverKind::FileSystem => "All files in it are lost: Open WebUI's pictures, uploads, and its database where that is SQLite.",
        LeftoverKind::RecoveryPoint => "The files can not be restored to that day any more.",
        LeftoverKind::Snapshot => "The database can not be restored from it any more.",
        LeftoverKind::LogGroup => "All its log lines are lost.",
        LeftoverKind::Secret => "Its value is lost at once, without a recovery window.",
        LeftoverKind::Repository => "The images in it are lost; a deployment copies them again.",
        LeftoverKind::Throughput => "Requests to it fail from then on; a commitment is billed to its end.",
        LeftoverKind::Resource => "Whatever still uses it stands in the way.",
    }
}

/// What removes a thing; `None` where this program does not.
pub fn removal(it: &Leftover) -> Option<Change> {
    let id = it.id.clone();
    let resource = |resource_type: &str| Change::DeleteResource {
        resource_type: resource_type.into(),
        id: it.id.clone(),
    };
    match it.kind {
        LeftoverKind::RecoveryPoint => Some(Change::DeleteRecoveryPoint {
            vault: it.vault.clone(),
            recovery_point: id,
        }),
        LeftoverKind::Snapshot => Some(Change::DeleteSnapshot { snapshot: id }),
        LeftoverKind::LogGroup => Some(Change::DeleteLogGroup { group: id }),
        LeftoverKind::Secret => Some(Change::DeleteSecret { secret: id }),
        LeftoverKind::FileSystem => Some(resource("AWS::EFS::FileSystem")),
        LeftoverKind::Repository => Some(resource("AWS::ECR::Repository")),
        LeftoverKind::Resource => Some(resource(&it.resource_type)),
        LeftoverKind::Throughput => Some(Change::DeleteThroughput { arn: id }),
    }
}

/// The id of what a change removes, where it removes something that is left.
pub fn removed(change: &Change) -> Option<&SafeText> {
    match change {
        Change::DeleteRecoveryPoint { recovery_point: id, .. }
        | Change::DeleteSnapshot { snapshot: id }
        | Change::DeleteLogGroup { group: id }
        | Change::DeleteSecret { secret: id }
        | Change::DeleteResource { id, .. }
        | Change::DeleteThroughput { arn: id } => Some(id),
        _ => None,
    }
}

/// What to do where AWS does not delete a thing, besides reading its reason.
pub fn way_on(fault: &Fault) -> Option<&'static str> {
    let detail = fault.detail.to_lowercase();
    if detail.contains("mount target") || detail.contains("dependent object") || detail.contains("dependencies") {
        Some("Remove first what still uses it")
    } else if detail.contains("not empty") || detail.contains("still contains images") {
        Some("Empty it first: `aws ecr delete-repository --force` does both")
    } else if detail.contains("vault") && fault.kind == FaultKind::Denied {
        Some("The vault's own access policy may forbid it: look there")
    } else {
        None
    }
}

/// What the console knows of what is left.
#[derive(Debug, Clone, PartialEq)]
pub struct Board {
    /// The search under way.
    pub search: Option<Search>,
    /// Its questions that are not answered, by the number of the request.
    pub awaiting: BTreeMap<u64, Query>,
    /// The newest search that was done.
    pub last: Option<Search>,
    /// Id of the stack that was seen to be deleted.
    pub stack: Option<SafeText>,
    /// Ids of what was sent to be removed and is not seen to be gone, with the names that were typed.
    pub removing: BTreeMap<SafeText, SafeText>,
    /// Id of the thing that the open question is about.
    pub asking: Option<SafeText>,
    /// When to look again, on the monotonic clock: once something is on its way out.
    pub due: u64,
    /// How often that has been done since something was sent.
    pub looks: u32,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            search: None,
            awaiting: BTreeMap::new(),
            last: None,
            stack: None,
            removing: BTreeMap::new(),
            asking: None,
            due: u64::MAX,
            looks: 0,
        }
    }
}

/// What a thing is, in words: `recovery point of fs-0123`.
pub fn words(it: &Leftover) -> String {
    let kind = match it.kind {
        LeftoverKind::Resource => it.resource_type.rsplit("::").next().unwrap_or_default().to_owned(),
        kind => kind.to_string().replace('-', " "),
    };
    match it.of.rsplit(['/', ':']).next() {
        Some(of) if !of.is_empty() => format!("{kind} of {of}"),
        _ => kind,
    }
}

/// What is to be said of its state: that it goes, or when AWS deletes it; empty where it just stays.
pub fn state(it: &Leftover, removing: bool, until: impl Fn(Millis) -> String) -> String {
    match it.ends {
        _ if removing || it.is_going() => "being deleted".into(),
        Some(at) => format!("expires in {}", until(at)),
        None => String::new(),
    }
}

/// Names by which each of these can be typed.
pub fn names(all: &[&Leftover]) -> Vec<SafeText> {
    let mut count: BTreeMap<SafeText, usize> = BTreeMap::new();
    for it in all {
        *count.entry(it.name()).or_default() += 1;
    }
    all.iter()
        .map(|it| if count[&it.name()] == 1 { it.name() } else { it.id.clone() })
        .collect()
}

#[cfg(test)]
mod tests;
