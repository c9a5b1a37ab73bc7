//! What a stack left behind: the search for it, step by step and without I/O, what each thing costs, and what
//! removes it. One source for the destroy dialog, the Leftovers list, `destroy` and `leftovers`.

mod search;

use std::collections::BTreeMap;

pub use self::search::{Search, Unknown};
use super::{
    cost::is_free,
    fact::{Leftover, LeftoverKind, Millis},
    fault::{Fault, FaultKind},
    prices::Prices,
    text::SafeText,
};
use crate::cloud::{Change, Query};

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

/// What a search has found, in a sentence or two. A name of which nobody has heard is no all-clear.
pub fn verdict(prices: &Prices, region: &str, search: &Search) -> String {
    if search.is_unheard() {
        return "AWS tells of no such stack, living or deleted, and nothing of that name is left.".into();
    }
    match search.own() {
        Some(own) => format!("{own} {}", beside(prices, region, search)),
        None => summary(prices, region, &search.left(), search.unknown()),
    }
}

/// What is left beside a stack that lives.
fn beside(prices: &Prices, region: &str, search: &Search) -> String {
    let left = search.left();
    match (left.is_empty(), search.unknown().is_empty()) {
        (true, true) => "Nothing else is left.".into(),
        (true, false) => "Nothing else was found, but not every place could be looked at.".into(),
        (false, _) => format!("Beside that {}", summary(prices, region, &left, search.unknown())),
    }
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

/// How a stack may name a thing: by its id, and where that is an ARN by the name in it.
pub fn ids(id: &SafeText) -> Vec<SafeText> {
    let mut all = vec![id.clone()];
    let parts: Vec<&str> = id.splitn(6, ':').collect();
    if let ["arn", _, service, _, _, resource] = parts[..] {
        let name = resource.split_once([':', '/']).map_or(resource, |(_, name)| name);
        let name = name.trim_end_matches(":*");
        all.push(name.into());
        // Secrets Manager adds a hyphen and six characters.
        if let Some((name, _)) = name
            .rsplit_once('-')
            .filter(|(_, end)| service == "secretsmanager" && end.len() == 6)
        {
            all.push(name.into());
        }
    }
    all.retain(|id| !id.is_empty());
    all
}

/// How a stack may name what a thing was made from: a backup is not left behind while its source lives.
fn sources(it: &Leftover) -> Vec<SafeText> {
    match it.kind {
        LeftoverKind::RecoveryPoint | LeftoverKind::Snapshot => ids(&it.of),
        _ => Vec::new(),
    }
}

/// What is to be asked before a change removes something: whether a living stack has it. Throughput is removed on
/// purpose while a stack names it, too; the list asks for that.
pub fn holders_of(change: &Change) -> Option<Query> {
    let id = removed(change).filter(|_| !matches!(change, Change::DeleteThroughput { .. }))?;
    Some(Query::Holders { ids: ids(id) })
}

/// Name of a stack in its id.
pub fn stack_name(id: &str) -> &str {
    id.split('/').nth(1).unwrap_or(id)
}

/// What to do where AWS does not delete a thing, besides reading its reason.
pub fn way_on(fault: &Fault) -> Option<&'static str> {
    let detail = fault.detail.to_lowercase();
    if detail.contains("mount target") || detail.contains("dependent object") || detail.contains("dependencies") {
        Some("Remove first what still uses it")
    } else if detail.contains("not empty") || detail.contains("still contains images") {
        Some("Empty it first: `aws ecr delete-repository --force --repository-name NAME` does both")
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

impl Board {
    /// The last search, where it found something.
    pub fn found(&self) -> Option<&Search> {
        self.last.as_ref().filter(|search| !search.left().is_empty())
    }

    /// The search for what a stack left that is deleted, and of which AWS still tells.
    pub fn grave(&self) -> Option<&Search> {
        let is_of_dead = |it: &&Search| it.stack().is_some_and(|stack| stack.status.is_deleted());
        self.last.iter().chain(&self.search).find(is_of_dead)
    }
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
