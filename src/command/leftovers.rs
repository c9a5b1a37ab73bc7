//! `leftovers`: what a stack left behind, what it costs, and the removal of one thing.

use std::time::Duration;

use futures::future::join_all;
use serde::Serialize;

use super::{Answer, Context, Failure, Verdict, confirm_name, pause, reads, scale::tell_done, text, write};
use crate::{
    cli::{LeftoversArgs, LeftoversCommand},
    core::{
        awscli,
        fact::{Leftover, LeftoverKind, Millis},
        fault::{Fault, FaultKind},
        leftovers::{self, Search, Unknown},
        msg::Now,
        prices::Prices,
        text::SafeText,
        when,
    },
};

/// Between two looks at what is being deleted.
const EVERY: Duration = Duration::from_secs(3);
/// Looks before a removal is left to go on by itself: ten minutes at the cloud's own speed.
const LOOKS: u32 = 200;

/// The JSON of the list.
#[derive(Debug, Serialize)]
struct Report {
    stack: SafeText,
    /// `ProjectName` of the stack, else its own name.
    project: SafeText,
    /// What AWS still tells of it; `null` when nothing.
    status: Option<SafeText>,
    /// It is there still: what it has, and the backups of that, are no leftovers.
    lives: bool,
    leftovers: Vec<Row>,
    /// US dollars a month of all that has a figure.
    usd_month: f64,
    /// Places that could not be looked at.
    unknown: Vec<Unknown>,
}

/// One thing in it.
#[derive(Debug, Serialize)]
struct Row {
    /// What `leftovers remove` takes.
    name: SafeText,
    kind: LeftoverKind,
    id: SafeText,
    of: SafeText,
    status: SafeText,
    made: Option<Millis>,
    /// When AWS deletes it by itself.
    ends: Option<Millis>,
    bytes: Option<i64>,
    usd_month: Option<f64>,
    price: String,
    /// The `aws` command line that removes it; `null` where this program does not.
    removal: Option<String>,
}

/// Lists what is left, or removes one thing.
pub(super) async fn run(cx: &mut Context, args: &LeftoversArgs) -> Answer {
    match &args.command {
        None => list(cx).await,
        Some(LeftoversCommand::Remove(it)) => remove(cx, &it.id, it.confirm.as_deref()).await,
    }
}

/// Searches to the end: what can be asked at the same time is.
pub(super) async fn search(cx: &Context, id: Option<&SafeText>) -> Search {
    let cloud = &*cx.cloud;
    // Without it the backups of a stack that AWS has forgotten are looked for by name.
    let account = reads::identity(cloud).await.ok().map(|it| it.account);
    let mut search = Search::new(&cx.settings.stack, &cloud.about().region, account.as_ref());
    let mut questions = vec![search.begin(id)];
    while !questions.is_empty() {
        let asked = questions.drain(..).map(|query| async move {
            let answer = cloud.ask(query.clone()).await;
            (query, answer)
        });
        for (query, answer) in join_all(asked).await {
            let now = Now {
                mono: 0,
                wall: cloud.now(),
            };
            questions.extend(search.take(&query, answer, now));
        }
    }
    search
}

async fn list(cx: &mut Context) -> Answer {
    let search = search(cx, None).await;
    refuse_if_blind(&search)?;
    if search.is_unheard() {
        let what = "AWS tells of no deleted one either, and nothing of that name is left";
        return Err(reads::no_such_stack_because(cx, what));
    }
    let (prices, region) = (Prices::shipped(), cx.cloud.about().region);
    let left = search.left();
    let names = leftovers::names(&left);
    let report = Report {
        stack: cx.settings.stack.clone(),
        project: search.project(),
        status: search.stack().map(|s| s.status.0.clone()),
        lives: search.lives(),
        leftovers: left.iter().zip(names).map(|(it, name)| row(it, name, &prices, &region)).collect(),
        usd_month: leftovers::total(&prices, &region, &left).0,
        unknown: search.unknown().to_vec(),
    };
    let verdict = match search.fault() {
        Some(fault) => Verdict::Partly(fault.exit_status()),
        None if !search.unknown().is_empty() => Verdict::Partly(4),
        None => Verdict::Well,
    };
    if cx.out.is_json() {
        cx.out.json(&report)?;
        return Ok(verdict);
    }
    let now = cx.cloud.now();
    let rows: Vec<Vec<String>> = report.leftovers.iter().zip(&left).map(|(row, it)| cells(row, it, now)).collect();
    if !rows.is_empty() {
        for line in text::table(&["WHAT", "NAME", "AGE", "A MONTH", "STATE"], &rows) {
            cx.out.line(line)?;
        }
    }
    cx.out.line(leftovers::verdict(&prices, &region, &search))?;
    for it in &report.unknown {
        cx.out.note(cx.placed(&format!("{}: {}. {}", it.what, it.why, it.next)));
    }
    if let Some(status) = report.status.filter(|_| report.lives) {
        tell_next_step(cx, &status);
    }
    Ok(verdict)
}

/// A leftover as it stands in the table.
fn cells(row: &Row, it: &Leftover, now: Millis) -> Vec<String> {
    let state = leftovers::state(it, false, |at| when::span(at - now));
    // A price in words has no place in a column of figures.
    let words = row.usd_month.is_none().then(|| row.price.clone());
    let state = [Some(state).filter(|it| !it.is_empty()), words]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("; ");
    let price = row
        .usd_month
        .map_or_else(|| "?".to_owned(), |usd| leftovers::amount(usd).replace("under ", "<"));
    vec![leftovers::words(it), row.name.to_string(), text::age(it.made, now), price, state]
}

/// How a stack that lives goes.
fn tell_next_step(cx: &mut Context, status: &str) {
    let place = &cx.same_place;
    let text = if status == "DELETE_IN_PROGRESS" {
        format!("It is being deleted: `bic-tui deploy --watch {place}` shows when it is gone; then look again.")
    } else {
        format!("`bic-tui destroy {place}` deletes it; before it asks it lists what goes and what stays.")
    };
    cx.out.note(text);
}

/// Where nothing at all could be looked at there is no answer.
fn refuse_if_blind(search: &Search) -> Answer<()> {
    match search.blind() {
        Some(fault) => Err(fault.clone().into()),
        None => Ok(()),
    }
}

fn row(it: &Leftover, name: SafeText, prices: &Prices, region: &str) -> Row {
    let price = leftovers::price(prices, region, it);
    Row {
        name,
        kind: it.kind,
        id: it.id.clone(),
        of: it.of.clone(),
        status: it.status.clone(),
        made: it.made,
        ends: it.ends,
        bytes: it.bytes,
        usd_month: price.usd_month,
        price: price.words,
        removal: leftovers::removal(it).map(|change| awscli::command(&change, region)),
    }
}

/// Removes one thing, and waits until it is gone.
async fn remove(cx: &mut Context, word: &str, confirm: Option<&str>) -> Answer {
    let found = search(cx, None).await;
    refuse_if_blind(&found)?;
    let it = found.named(word).map_err(|why| Failure::Usage(format!("{why}.")))?.clone();
    let Some(change) = leftovers::removal(&it) else {
        return Err(Failure::Usage(format!("{word} is not removed by this subcommand.")));
    };
    super::refuse_unless_writable(cx, &change)?;
    let region = cx.cloud.about().region;
    let price = leftovers::price(&Prices::shipped(), &region, &it);
    cx.out.note(format!(
        "{} {}; {}. {}",
        leftovers::words(&it),
        it.id,
        price.words,
        leftovers::loss(it.kind)
    ));
    // What can not be undone asks for its name: --yes is none.
    confirm_name(cx, &format!("Remove {word}?"), word, confirm).await?;
    match write(cx, change).await {
        // What is gone already is what was wanted.
        Err(Failure::Fault(fault)) if fault.kind == FaultKind::NotFound => {}
        Err(Failure::Fault(fault)) => return Err(explained(fault).into()),
        other => drop(other?),
    }
    tell_done(cx, "remove", &it.id)?;
    for _ in 0..LOOKS {
        let now = search(cx, None).await;
        if now.left().iter().all(|left| left.id != it.id) && now.tells(&it) {
            cx.out.note(format!("{word} is gone."));
            return Ok(Verdict::Well);
        }
        pause(cx, EVERY).await;
    }
    cx.out.note(format!(
        "{word} is still being deleted; AWS goes on with it. `bic-tui leftovers {}` shows it.",
        cx.same_place
    ));
    Ok(Verdict::Well)
}

/// AWS's reason, and what helps against it where that is known.
fn explained(fault: Fault) -> Fault {
    match leftovers::way_on(&fault) {
        Some(way) => {
            let detail = format!("{}. {way}", fault.detail.trim_end_matches('.')).into();
            Fault { detail, ..fault }
        }
        None => fault,
    }
}
