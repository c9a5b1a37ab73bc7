//! `models`: what Bedrock says of the stack's models and of those that the console knows.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Answer, Context, Verdict, check, reads, text};
use crate::core::{
    catalogue::{self, Access, Catalogue, Entry, Kind, Life, Place, ROLES, Role},
    fact::Stack,
    preflight::{self, Models, Outcome},
    prices::{ModelPrice, Prices},
    template::Template,
    text::SafeText,
};

/// The JSON of `models`.
#[derive(Debug, Serialize)]
struct Report {
    region: SafeText,
    /// Those of the stack, or of the template's defaults where there is none.
    stack: Vec<Row>,
    /// All that the console knows of.
    catalogue: Vec<Row>,
}

/// One model.
#[derive(Debug, Serialize)]
struct Row {
    /// What users call it; `None` for a model that the stack does not name.
    alias: Option<&'static str>,
    id: SafeText,
    name: Option<SafeText>,
    kind: Kind,
    /// It stands in the way of images or chats, whatever an update may do.
    #[serde(skip)]
    is_unusable: bool,
    #[serde(flatten)]
    verdict: catalogue::Verdict,
    price: Option<ModelPrice>,
    /// What the catalogue knows; `None` for a model that is not in it.
    known: Option<Entry>,
}

/// Prints both lists; "not well" when a model of the stack can not be used.
pub(super) async fn run(cx: &mut Context) -> Answer {
    let found = reads::stack_if_told(cx).await?;
    let given: BTreeMap<String, String> = check::existing(&found).map(Stack::given).unwrap_or_default();
    let values = Template::shipped().values(&given);
    let catalogue = Catalogue::shipped();
    let mut ids = preflight::model_ids(&values);
    ids.extend(catalogue.models.iter().map(|m| m.id.clone()));
    ids.sort_unstable();
    ids.dedup();
    let mut report = Lists {
        catalogue,
        prices: Prices::shipped(),
        asked: reads::models(&*cx.cloud, ids).await,
        region: cx.cloud.about().region,
        now: cx.cloud.now(),
        has_stack: check::existing(&found).is_some(),
    }
    .report(&values);
    for row in report.stack.iter_mut().chain(&mut report.catalogue) {
        row.verdict.next = cx.placed(&row.verdict.next);
    }
    if cx.out.is_json() {
        cx.out.json(&report)?;
    } else {
        print(cx, &report)?;
    }
    let is_dead = report.stack.iter().any(|row| row.is_unusable);
    Ok(if is_dead { Verdict::NotWell } else { Verdict::Well })
}

/// What both lists are made of.
struct Lists {
    catalogue: &'static Catalogue,
    prices: Prices,
    asked: Models,
    region: SafeText,
    now: i64,
    /// The models are those of a stack, not of the template.
    has_stack: bool,
}

impl Lists {
    fn report(&self, values: &BTreeMap<String, String>) -> Report {
        let named = |role: Role| {
            let id = values.get(role.parameter).filter(|id| !id.is_empty())?;
            Some(self.row(role, Some(role.alias), &id.as_str().into()))
        };
        let role_of = |kind: Kind| if kind == Kind::Image { ROLES[0] } else { ROLES[1] };
        Report {
            region: self.region.clone(),
            stack: ROLES.into_iter().filter_map(named).collect(),
            catalogue: self
                .catalogue
                .models
                .iter()
                .map(|m| self.row(role_of(m.kind), None, &m.id))
                .collect(),
        }
    }

    fn row(&self, role: Role, alias: Option<&'static str>, id: &SafeText) -> Row {
        let feed = self.asked.get(id);
        let place = Place {
            role,
            region: &self.region,
            now: self.now,
        };
        let known = self.catalogue.find(id).cloned();
        let verdict = self.catalogue.judge(place, id, feed.and_then(preflight::known));
        let told = feed.and_then(|f| f.get()).and_then(Option::as_ref).map(|s| s.name.clone());
        Row {
            alias,
            id: id.clone(),
            name: told
                .filter(|name| !name.is_empty())
                .or_else(|| known.as_ref().map(|m| m.name.clone())),
            kind: role.kind,
            is_unusable: verdict.outcome == Outcome::Blocker,
            verdict: if alias.is_some() && self.has_stack {
                verdict.kept()
            } else {
                verdict
            },
            price: self.prices.model(id).cloned(),
            known,
        }
    }
}

fn print(cx: &mut Context, report: &Report) -> Answer<()> {
    cx.out
        .line(format!("Models of stack {} in {}:", cx.settings.stack, report.region))?;
    table(cx, "ALIAS", &report.stack, |row| row.alias.unwrap_or_default().to_owned())?;
    for row in report.stack.iter().filter(|row| row.verdict.outcome != Outcome::Ok) {
        let verdict = &row.verdict;
        let alias = row.alias.unwrap_or_default();
        let line = format!("{}: {alias} → {}. {}", verdict.outcome, verdict.evidence, verdict.next);
        cx.out.line(line.trim_end())?;
    }
    cx.out.line("")?;
    cx.out.line("The catalogue:")?;
    table(cx, "KIND", &report.catalogue, |row| row.kind.to_string())
}

fn table(cx: &mut Context, head: &str, rows: &[Row], first: impl Fn(&Row) -> String) -> Answer<()> {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let verdict = &row.verdict;
            vec![
                first(row),
                row.id.to_string(),
                life(verdict.life, row.known.as_ref()),
                if verdict.access == Access::Unknown {
                    "-".into()
                } else {
                    verdict.access.to_string()
                },
                row.price.as_ref().map_or_else(|| "-".into(), price),
                source(row),
            ]
        })
        .collect();
    for line in text::table(&[head, "MODEL", "STATE", "ACCESS", "PRICE", "SAYS"], &cells) {
        cx.out.line(line)?;
    }
    Ok(())
}

fn life(life: Life, known: Option<&Entry>) -> String {
    let end = known.and_then(|m| m.end_of_life.as_ref()).filter(|_| life == Life::Ended);
    end.map_or_else(|| life.to_string(), |day| format!("{life} {day}"))
}

/// Who says so: Bedrock now, or the catalogue of a day.
fn source(row: &Row) -> String {
    match &row.known {
        _ if row.verdict.is_asked => "Bedrock".into(),
        Some(entry) => format!("catalogue of {}", entry.date),
        None => "-".into(),
    }
}

fn price(price: &ModelPrice) -> String {
    let doubt = if price.verified { "" } else { " unverified" };
    format!("{}, {}{doubt}", price.words(), price.date)
}
