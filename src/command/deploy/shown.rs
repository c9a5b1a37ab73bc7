//! A plan as it is shown: what changes, what is lost, what it costs, what is to be known besides.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Ready;
use crate::{
    command::{Answer, Context, Failure, reads, text},
    core::{
        cost::{self, CostModel},
        drift::{Drift, Ground},
        fact::{ChangeSet, ResourceChange, Stack},
        names::Names,
        plan::{self, Losses},
        preflight::{Check, Outcome},
        sleep::Parameters,
        tags,
        template::Template,
        text::SafeText,
    },
};

/// The JSON of `plan`, and the first line of `deploy --output json`.
#[derive(Debug, Serialize)]
pub(super) struct Plan {
    stack: SafeText,
    /// `create`, `update`, `none`, or `blocked` where a check stands in the way and nothing was asked for.
    action: &'static str,
    changes: Vec<ResourceChange>,
    parameters: BTreeMap<String, String>,
    /// Names of the parameters whose value is sent; the others keep theirs.
    sent: Vec<SafeText>,
    tags: Vec<(SafeText, SafeText)>,
    capabilities: Vec<SafeText>,
    /// What is lost, one sentence each.
    losses: Vec<String>,
    /// What leaves the stack with its data and stays in the account, one sentence each.
    stays: Vec<String>,
    /// The checks before it, in their order.
    checks: Vec<Check>,
    /// What the console decided, or what is to be known besides.
    notes: Vec<String>,
    /// US dollars a month; `None` before a creation.
    usd_month_before: Option<f64>,
    usd_month_after: f64,
    /// Both are of a stack that is awake, and this one sleeps.
    #[serde(skip)]
    is_asleep: bool,
}

/// What is known of a plan before CloudFormation has worked it out.
pub(super) fn outline(cx: &Context, ready: &Ready) -> Plan {
    let (draft, before) = (&ready.draft, ready.before.as_ref());
    let pseudo = reads::pseudo(cx, before);
    let model = CostModel::shipped(&pseudo.region);
    let month = |values: &Parameters| model.plan_estimate(&Template::shipped().resources(values, &pseudo)).usd_month();
    let sent = draft.request.parameters.iter().filter(|(_, v)| v.is_some()).map(|(k, _)| k.clone());
    let kept = || before.map(|stack| stack.tags.clone()).unwrap_or_default();
    Plan {
        stack: cx.settings.stack.clone(),
        action: "blocked",
        changes: Vec::new(),
        sent: sent.collect(),
        tags: draft.request.tags.clone().unwrap_or_else(kept),
        capabilities: Vec::new(),
        losses: Vec::new(),
        stays: Vec::new(),
        checks: ready.checks.clone(),
        notes: draft.notes.clone(),
        usd_month_before: before.map(|stack| month(&Template::shipped().values(&stack.given()))),
        usd_month_after: month(&draft.values),
        is_asleep: false,
        parameters: draft.values.clone(),
    }
}

/// Shows the plan; gives what it loses, and what it lets go of.
pub(super) async fn show(cx: &mut Context, ready: &Ready, set: &ChangeSet) -> Answer<Losses> {
    let before = ready.before.as_ref();
    let parameters = before.map(Stack::given);
    let outline = outline(cx, ready);
    let mut notes = outline.notes;
    let drifts = drifts(cx, ready, set).await;
    notes.extend(drifts.iter().map(Drift::sentence));
    let action = match (set.is_no_change(), before) {
        (true, _) => "none",
        (false, None) => "create",
        (false, Some(_)) => "update",
    };
    let unmet = before
        .filter(|_| action == "none")
        .and_then(|stack| tags::unmet(ready.draft.request.tags.as_deref(), stack));
    let losses = plan::losses(&set.changes, parameters.as_ref(), &ready.draft.values);
    let plan = Plan {
        action,
        changes: set.changes.clone(),
        tags: if set.tags.is_empty() { outline.tags } else { set.tags.clone() },
        capabilities: set.capabilities.clone(),
        losses: losses.lost.clone(),
        stays: losses.kept.clone(),
        notes,
        is_asleep: drifts.iter().any(|it| it.sleeps),
        ..outline
    };
    if cx.out.is_json() {
        cx.out.json_line(&plan)?;
    } else if unmet.is_none() {
        print(cx, &plan)?;
    }
    cx.out.flush()?;
    if let Some(why) = unmet {
        return Err(Failure::NotWell(format!("CloudFormation sees nothing to change, and {why}.")));
    }
    Ok(losses)
}

/// What the plan does to counts that the template does not know.
async fn drifts(cx: &Context, ready: &Ready, set: &ChangeSet) -> Vec<Drift> {
    let Some(stack) = &ready.before else { return Vec::new() };
    let names = Names::of(stack);
    let services = reads::services(&*cx.cloud, &names).await.unwrap_or_default();
    let ground = Ground {
        services: &services,
        names: &names,
        before: &reads::template_resources(cx, stack),
        after: &Template::shipped().resources(&ready.draft.values, &reads::pseudo(cx, Some(stack))),
        changes: &set.changes,
        cost: &CostModel::shipped(&cx.cloud.about().region),
    };
    ground.drifts()
}

fn print(cx: &mut Context, plan: &Plan) -> Answer<()> {
    if plan.action == "none" {
        return cx
            .out
            .line(format!("Stack {} already is as wanted: nothing would change.", plan.stack));
    }
    let count = plan.changes.len();
    cx.out
        .line(format!("Plan to {} stack {}: {count} change(s).", plan.action, plan.stack))?;
    let rows: Vec<Vec<String>> = plan.changes.iter().map(row).collect();
    for line in text::table(&["CHANGE", "RESOURCE", "TYPE", "TOUCHES"], &rows) {
        cx.out.line(line)?;
    }
    let list = |items: &[SafeText]| items.iter().map(SafeText::as_str).collect::<Vec<_>>().join(", ");
    cx.out.line(format!("capabilities  {}", text::or_dash(&list(&plan.capabilities))))?;
    let tags: Vec<SafeText> = plan.tags.iter().map(|(k, v)| format!("{k}={v}").into()).collect();
    cx.out.line(format!("tags          {}", text::or_dash(&list(&tags))))?;
    let after = text::usd(plan.usd_month_after);
    let estimate = if plan.is_asleep {
        "an estimate of the stack awake"
    } else {
        "an estimate"
    };
    match plan.usd_month_before {
        Some(before) => {
            let change = text::delta(cost::step(before, plan.usd_month_after));
            cx.out.line(format!(
                "cost          {} → {after} a month ({change}), {estimate}",
                text::usd(before)
            ))?;
        }
        None => cx.out.line(format!("cost          {after} a month, an estimate"))?,
    }
    for check in plan.checks.iter().filter(|c| c.outcome != Outcome::Ok) {
        cx.out.line(format!("{:<14}{}", check.outcome, check.sentence()))?;
    }
    for note in &plan.notes {
        cx.out.line(format!("note          {note}"))?;
    }
    for loss in &plan.losses {
        cx.out.line(format!("LOSES DATA    {loss}"))?;
    }
    for stays in &plan.stays {
        cx.out.line(format!("KEPT OUTSIDE  {stays}"))?;
    }
    Ok(())
}

fn row(change: &ResourceChange) -> Vec<String> {
    use crate::core::fact::{ChangeAction, Replacement};
    let word = match (change.action, change.replacement) {
        (ChangeAction::Modify, Replacement::Always) => "REPLACE".to_owned(),
        (ChangeAction::Modify, Replacement::Conditional) => "modify or REPLACE".to_owned(),
        (action, _) => action.to_string().to_lowercase(),
    };
    let touches: Vec<&str> = change.properties.iter().map(|p| p.path.as_str()).collect();
    vec![
        word,
        change.logical_id.to_string(),
        change.resource_type.to_string(),
        touches.join(", "),
    ]
}
