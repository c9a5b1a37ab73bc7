//! `logs --insights`: the same lines by a query of Logs Insights, whose price is said first. A signal stops it.

use std::{sync::Arc, time::Duration};

use super::{Answer, Context, Failure, Fault, FaultKind, Printer};
use crate::{
    cloud::{Cloud, InsightsRequest, Query},
    command::{Verdict, again::passes, confirm},
    core::{
        fact::{Fact, LogGroup, Millis, QueryResults, QueryState},
        insights::{self, MOST},
        lines::Filter,
        prices::{Found, Prices},
        text::SafeText,
    },
};

/// Between two questions at first, and at most.
const FIRST: Duration = Duration::from_millis(500);
const SLOWEST: Duration = Duration::from_secs(5);

/// Says what it costs, asks, and prints what is found, in order of time.
/// `window` is counted once AWS has answered, by its clock.
pub(super) async fn run(
    cx: &mut Context,
    (filter, group): (&Filter, SafeText),
    window: &(dyn Fn(&Context) -> Answer<(Millis, Millis)> + Sync),
    printer: &mut Printer,
) -> Answer {
    let cloud = Arc::clone(&cx.cloud);
    let size = size_of(cx, &group).await?;
    let (from, until) = window(cx)?;
    // The filter of the other flags.
    let query = insights::query(filter, true);
    let request = InsightsRequest { group, from, until, query };
    let prices = Prices::shipped();
    let region = cloud.about().region;
    let price = insights::price(&prices, &region);
    price_first(cx, &request, insights::lacks_pattern(filter, true), (&size, price)).await?;
    let Fact::InsightsBegun(id) = cloud.ask(Query::InsightsStart(request.clone())).await? else {
        return Err(odd("logs:StartQuery").into());
    };
    let interrupt = cx.interrupt.clone();
    let results = tokio::select! {
        biased;
        status = interrupt.caught() => return Err(Failure::Interrupted(status, Some(stop(&*cloud, id).await))),
        results = wait(cx, &*cloud, &id) => results,
    };
    let results = match results {
        Ok(results) => results,
        Err(failure) => {
            let is_there = !matches!(&failure, Failure::Fault(fault) if fault.kind == FaultKind::NotFound);
            if is_there {
                cx.out.note(stop(&*cloud, id).await);
            }
            return Err(failure);
        }
    };
    let (rows, state) = (results.events.len(), results.state);
    let totals = format!(
        "{} records matched, {}.",
        results.matched,
        insights::cost_words(results.bytes, price)
    );
    for arrived in insights::within(results.events, request.from, request.until) {
        printer.show(cx, &arrived.event, false)?;
    }
    cx.out.note(totals);
    if printer.printed < rows as u64 {
        cx.out.note(format!(
            "{rows} came, {} of them are what the flags ask for: the query is coarser.",
            printer.printed
        ));
    }
    if rows >= MOST {
        cx.out.note(format!(
            "Only the newest {MOST} came: narrow the window or the filter for the others."
        ));
    }
    match state {
        QueryState::Complete => Ok(Verdict::Well),
        QueryState::Cancelled => Err(Failure::NotWell(
            "The query was cancelled on AWS's side: what came is not all.".into(),
        )),
        state => Err(Failure::NotWell(format!("The query {state} on AWS's side: what came is not all."))),
    }
}

/// How much the group holds, where that may be known.
async fn size_of(cx: &Context, group: &SafeText) -> Answer<Result<Option<LogGroup>, Fault>> {
    const OPERATION: &str = "logs:DescribeLogGroups";
    match cx.cloud.ask(Query::LogGroup { group: group.clone() }).await {
        Ok(Fact::LogGroup(None)) => Err(Fault::new(FaultKind::NotFound, OPERATION, group, "").into()),
        Ok(Fact::LogGroup(group)) => Ok(Ok(group)),
        Ok(_) => Err(odd(OPERATION).into()),
        Err(fault) if fault.is_credentials() => Err(fault.into()),
        Err(fault) => Ok(Err(fault)),
    }
}

async fn price_first(
    cx: &mut Context,
    request: &InsightsRequest,
    lacks_pattern: bool,
    (size, price): (&Result<Option<LogGroup>, Fault>, Option<Found<'_>>),
) -> Answer<()> {
    for line in request.query.lines() {
        cx.out.note(SafeText::new(line));
    }
    if lacks_pattern {
        cx.out.note(format!(
            "The pattern can not be said to AWS: the whole window is scanned and paid for, the newest {MOST} of its lines come, \
             and only those are filtered here; without --insights all are."
        ));
    }
    for line in insights::forecast(size, (request.from, request.until), cx.cloud.now(), price) {
        cx.out.note(line);
    }
    confirm(cx, "Run this query and pay for the scan?", &[]).await
}

/// Asks until the query has ended.
async fn wait(cx: &mut Context, cloud: &dyn Cloud, id: &SafeText) -> Answer<QueryResults> {
    let speed = cloud.about().speed.max(1);
    let mut pause = FIRST;
    loop {
        tokio::time::sleep(pause / speed).await;
        match cloud.ask(Query::InsightsResults { id: id.clone() }).await {
            Ok(Fact::Insights(results)) if results.state != QueryState::Running => return Ok(results),
            Ok(Fact::Insights(results)) => cx.out.progress(format!("running, {} scanned", insights::size(results.bytes))),
            Ok(_) => return Err(odd("logs:GetQueryResults").into()),
            Err(fault) if passes(&fault) => cx.out.note(format!("{}; asking again.", fault.sentence())),
            Err(fault) => return Err(fault.into()),
        }
        pause = (pause * 3 / 2).min(SLOWEST);
    }
}

/// Stops a query whose results nobody waits for any more; says what came of it.
async fn stop(cloud: &dyn Cloud, id: SafeText) -> String {
    match cloud.ask(Query::InsightsStop { id }).await {
        Ok(_) => "The query: stopped; what it had scanned is paid for.".to_owned(),
        Err(fault) => format!(
            "The query could not be stopped, and what it scans is paid for: {}.",
            fault.sentence()
        ),
    }
}

fn odd(operation: &str) -> Fault {
    Fault::new(FaultKind::OddAnswer, operation, "", "")
}
