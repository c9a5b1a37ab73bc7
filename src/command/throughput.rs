//! `throughput`: provisioned throughput of Bedrock, listed, bought, deleted.

use std::time::Duration;

use serde::Serialize;

use super::{Answer, Context, Failure, Verdict, check, confirm_name, pause, reads, refuse_unless_writable, text, write};
use crate::{
    cli::{ThroughputArgs, ThroughputBuyArgs, ThroughputCommand, ThroughputDeleteArgs},
    cloud::{Change, Done, Purchase},
    core::{
        fact::{CustomModel, Throughput},
        fault::{Fault, FaultKind},
        nearest,
        prices::Prices,
        purchase::{self, Offer},
        text::SafeText,
    },
};

/// How often Bedrock is asked while somebody waits.
const EVERY: Duration = Duration::from_secs(30);

/// The JSON of `throughput`.
#[derive(Debug, Serialize)]
struct Report {
    region: SafeText,
    /// ARN that the stack names.
    in_stack: Option<SafeText>,
    throughput: Vec<Throughput>,
    custom_models: Vec<CustomModel>,
}

/// Lists, buys or deletes.
pub(super) async fn run(cx: &mut Context, args: &ThroughputArgs) -> Answer {
    match &args.command {
        None => list(cx).await,
        Some(ThroughputCommand::Buy(args)) => buy(cx, args).await,
        Some(ThroughputCommand::Delete(args)) => delete(cx, args).await,
    }
}

/// All of the region; "not well" when the stack names one that does not serve.
async fn list(cx: &mut Context) -> Answer {
    let found = reads::stack_if_told(cx).await?;
    let in_stack = check::existing(&found).and_then(|s| s.parameter("ProvisionedModelArn").filter(|arn| !arn.is_empty()).cloned());
    let report = Report {
        region: cx.cloud.about().region,
        throughput: reads::throughputs(&*cx.cloud).await?,
        custom_models: reads::custom_models(&*cx.cloud).await?,
        in_stack,
    };
    let serves = |arn: &SafeText| report.throughput.iter().any(|it| it.arn == *arn && it.is_in_service());
    let is_bad = report.in_stack.as_ref().is_some_and(|arn| !serves(arn));
    if cx.out.is_json() {
        cx.out.json(&report)?;
    } else {
        print(cx, &report)?;
    }
    Ok(if is_bad { Verdict::NotWell } else { Verdict::Well })
}

fn print(cx: &mut Context, report: &Report) -> Answer<()> {
    if report.throughput.is_empty() {
        cx.out.line(format!(
            "There is no provisioned throughput in {}: images are paid for one by one.",
            report.region
        ))?;
    } else {
        let rows: Vec<Vec<String>> = report
            .throughput
            .iter()
            .map(|it| {
                let end = it.commitment_end.map(|at| text::moment(at, &cx.settings));
                let bound = end.map_or_else(|| "none".into(), |at| format!("{} until {at}", it.commitment));
                let stack = if report.in_stack.as_ref() == Some(&it.arn) {
                    "in the stack"
                } else {
                    "-"
                };
                vec![
                    it.name.to_string(),
                    it.status.to_string(),
                    it.units.to_string(),
                    it.model_name().to_owned(),
                    bound,
                    stack.into(),
                    it.arn.to_string(),
                ]
            })
            .collect();
        for line in text::table(&["NAME", "STATUS", "UNITS", "MODEL", "COMMITMENT", "USED", "ARN"], &rows) {
            cx.out.line(line)?;
        }
    }
    for it in &report.custom_models {
        cx.out
            .line(format!("Your model {} is made from {}: {}", it.name, it.base, it.arn))?;
    }
    if let Some(arn) = report
        .in_stack
        .as_ref()
        .filter(|arn| report.throughput.iter().all(|it| it.arn != **arn))
    {
        cx.out
            .line(format!("The stack names {arn}, which does not exist: image-provisioned fails."))?;
    }
    Ok(())
}

/// What a person means by a model: an own one by name or ARN, one of the catalogue by id; any other id or ARN is left to
/// AWS.
fn offer(cx: &Context, customs: &[CustomModel], word: &str) -> Answer<Offer> {
    let (region, now) = (cx.cloud.about().region, cx.cloud.now());
    let all = purchase::offers(customs, &region, now);
    // An id has its maker before a stop.
    if !word.contains('.') && !word.starts_with("arn:") && all.iter().all(|it| *it.name != *word) {
        let names = customs.iter().map(|it| it.name.as_str());
        let hint = nearest::hint(
            word,
            names.chain(all.iter().filter(|it| it.refusal.is_none()).map(|it| it.model.as_str())),
        );
        return Err(Failure::Usage(format!(
            "\"{}\" is neither the id of a model nor the name of one of yours; {hint}",
            SafeText::new(word)
        )));
    }
    let known = all.into_iter().find(|it| *it.model == *word || *it.name == *word);
    let offer = known.unwrap_or_else(|| Offer {
        model: word.into(),
        name: word.into(),
        base: word.into(),
        refusal: purchase::refusal(word, &region, now),
        warning: None,
    });
    match &offer.refusal {
        Some(why) => Err(refused(
            "bedrock:CreateProvisionedModelThroughput",
            &format!("no throughput is bought: {why}"),
        )
        .into()),
        None => Ok(offer),
    }
}

fn refused(operation: &str, why: &str) -> Fault {
    Fault::new(FaultKind::Guarded, operation, "", why.trim_end_matches('.'))
}

async fn buy(cx: &mut Context, args: &ThroughputBuyArgs) -> Answer {
    let customs = reads::custom_models(&*cx.cloud).await?;
    let standing = reads::throughputs(&*cx.cloud).await?;
    let offer = offer(cx, &customs, &args.model)?;
    let wanted = Purchase {
        name: args.name.as_str().into(),
        model: offer.model.clone(),
        units: args.units,
        commitment: args.commitment,
    };
    if let Some(why) = purchase::complaint(&wanted, &standing) {
        return Err(Failure::Usage(why));
    }
    for line in purchase::meaning(&wanted, &offer, Prices::shipped().model(&offer.base)) {
        cx.out.note(line);
    }
    let change = Change::BuyThroughput(wanted.clone());
    refuse_unless_writable(cx, &change)?;
    let question = format!("Buy provisioned throughput {}?", wanted.name);
    confirm_name(cx, &question, &wanted.name, args.confirm.as_deref()).await?;
    let Done::Throughput { arn } = write(cx, change).await? else {
        return Err(Fault::new(FaultKind::OddAnswer, "the purchase", "", "").into());
    };
    let it = follow(cx, &arn, args.wait).await?;
    if cx.out.is_json() {
        cx.out.json(&it)?;
    } else {
        cx.out.line(format!("{} is {}: {}", it.name, it.status, it.arn))?;
        if !it.failure.is_empty() {
            cx.out.line(&it.failure)?;
        }
        if purchase::unfit(&it, &cx.cloud.about().region).is_none() {
            cx.out.note(format!(
                "`bic-tui deploy --param ProvisionedModelArn={arn} {}` puts it into the stack.",
                cx.same_place
            ));
        }
    }
    let is_well = it.is_in_service() || it.is_on_its_way();
    Ok(if is_well { Verdict::Well } else { Verdict::NotWell })
}

/// It as it is now; with `waits`, once it serves or has failed.
async fn follow(cx: &mut Context, arn: &SafeText, waits: bool) -> Answer<Throughput> {
    loop {
        let it = reads::throughput(&*cx.cloud, arn).await?;
        let it = it.ok_or_else(|| Fault::new(FaultKind::NotFound, "bedrock:GetProvisionedModelThroughput", arn, ""))?;
        if !waits || !it.is_on_its_way() {
            cx.out.progress(String::new());
            return Ok(it);
        }
        cx.out.progress(format!(
            "{} is {} for {}",
            it.name,
            it.status,
            text::age(it.created, cx.cloud.now())
        ));
        pause(cx, EVERY).await;
    }
}

async fn delete(cx: &mut Context, args: &ThroughputDeleteArgs) -> Answer {
    let all = reads::throughputs(&*cx.cloud).await?;
    let it = all
        .iter()
        .find(|it| *it.name == *args.name || *it.arn == *args.name)
        .ok_or_else(|| {
            let known = all.iter().map(|it| it.name.as_str());
            Failure::Usage(format!(
                "There is no provisioned throughput \"{}\"; {}",
                args.name,
                nearest::hint(&args.name, known)
            ))
        })?;
    if let Some(why) = purchase::bound(it, cx.cloud.now()) {
        return Err(refused("bedrock:DeleteProvisionedModelThroughput", &why).into());
    }
    let change = Change::DeleteThroughput { arn: it.arn.clone() };
    refuse_unless_writable(cx, &change)?;
    let question = format!("Delete provisioned throughput {} ({} of {})?", it.name, it.units, it.model_name());
    confirm_name(cx, &question, &it.name, args.confirm.as_deref()).await?;
    write(cx, change).await?;
    if cx.out.is_json() {
        cx.out.json(&Deleted {
            done: "delete",
            name: &it.name,
            arn: &it.arn,
        })?;
    } else {
        cx.out.line(format!("{} is deleted; its billing has ended.", it.name))?;
    }
    Ok(Verdict::Well)
}

/// The JSON of `throughput delete`.
#[derive(Debug, Serialize)]
struct Deleted<'a> {
    done: &'static str,
    name: &'a str,
    arn: &'a str,
}
