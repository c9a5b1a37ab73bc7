//! The checks before a deploy, each judged from one fact: how it came out, the evidence and the next step.
//! The form, `check`, `plan` and `deploy` show this one list.

mod certificate;
mod images;
mod names;
mod overriding;
mod parameters;
mod project;
mod proposal;
mod quotas;
mod rights;
mod secrets;
#[cfg(test)]
mod tests;
mod throughput;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

pub use self::{
    overriding::{blockers, can_override, obstacles, overridden, override_name, way_past},
    proposal::Proposal,
};
use super::{
    awscli::Reach,
    catalogue::{Catalogue, Place, ROLES, Role},
    fact::{Fact, Identity, Millis, ModelState, Service, Stack, Validation},
    fault::{Fault, FaultKind},
    feed::Feed,
    model::Model,
    names::{App, Names},
    plan::{self, Draft},
    screen::deploy::Form,
    sleep::{Engine, engine},
    template::{Pseudo, TEMPLATE, Template},
    text::SafeText,
};
use crate::cloud::Query;

/// Most bytes that CloudFormation takes as a template body.
const MAX_BODY: usize = 51_200;
/// Prices older than this many days may have changed.
const MAX_PRICE_DAYS: i64 = 180;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Outcome {
    /// Nothing to do.
    Ok,
    /// Not known: nobody has answered yet, or AWS does not tell. It stops nothing.
    Unknown,
    /// It may go wrong, or is not what one would want.
    Warning,
    /// The deploy would be refused, fail, or serve no image.
    Blocker,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// The real value.
    pub evidence: SafeText,
    /// What to do now; empty when nothing.
    pub next: SafeText,
}

impl Check {
    /// The line as one sentence or two: `image model: … ended. Take ….`
    pub fn sentence(&self) -> String {
        format!("{}: {}. {}", self.name, self.evidence, self.next).trim_end().to_owned()
    }
}

/// What Bedrock has said of models, by id.
pub type Models = BTreeMap<SafeText, Feed<Option<ModelState>>>;

/// What only the checks have asked, by question.
pub type Answers = HashMap<Query, Feed<Fact>>;

/// What is known of a fact: nothing yet, the fact, or why it could not be had.
pub type Known<'a, T> = Option<Result<&'a T, &'a Fault>>;

/// What a feed knows. Refused credentials say more than an old value; an old value says more than other faults.
pub fn known<T>(feed: &Feed<T>) -> Known<'_, T> {
    match (feed.get(), &feed.fault) {
        (_, Some(fault)) if fault.is_credentials() => Some(Err(fault)),
        (Some(value), _) => Some(Ok(value)),
        (None, Some(fault)) => Some(Err(fault)),
        (None, None) => None,
    }
}

/// What the checks are made of.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// Name of the stack.
    pub stack_name: &'a str,
    /// How command lines reach it.
    pub reach: &'a Reach,
    /// Region of the session.
    pub region: &'a str,
    /// Why this session would refuse to write, if it would.
    pub refusal: Option<&'a str>,
    /// Who asks.
    pub identity: Known<'a, Identity>,
    /// What CloudFormation says of the template.
    pub validation: Known<'a, Validation>,
    /// The stack of that name; `None` inside when there is none.
    pub stack: Known<'a, Option<Stack>>,
    /// The services of that stack.
    pub services: Known<'a, Vec<Service>>,
    /// What Bedrock says of the models.
    pub models: &'a Models,
    /// The cloud's time.
    pub now: Millis,
    /// What would be sent.
    pub draft: &'a Result<Draft, String>,
    /// US dollars a month, and whether every price in it was checked.
    pub usd_month: Option<(f64, bool)>,
    /// Day of the oldest price that the plan rests on, `2026-09-30`; empty where there is none.
    pub price_date: &'a str,
    /// The template.
    pub template: &'a Template,
    /// What its resolver needs to know of the session.
    pub pseudo: &'a Pseudo,
    /// What the checks' own questions gave.
    pub answers: &'a Answers,
}

impl<'a> Evidence<'a> {
    /// What the draft would do.
    fn proposal(&self, draft: &'a Draft) -> Proposal<'a> {
        let stack = self
            .stack
            .and_then(Result::ok)
            .and_then(Option::as_ref)
            .filter(|_| !draft.request.is_create);
        Proposal::new(self.template, self.pseudo, stack, draft, self.models).by(self.identity.and_then(Result::ok))
    }
}

/// All checks, in the order in which a deploy meets them.
pub fn checks(evidence: Evidence<'_>) -> Vec<Check> {
    let mut out = vec![
        identity(evidence.identity),
        writes(evidence.refusal, evidence.identity),
        template(TEMPLATE.len(), evidence.template, evidence.validation),
        stack((evidence.stack_name, &evidence.reach.stack), evidence.stack),
    ];
    out.extend(parameters::checks(evidence.draft, evidence.region));
    if let Ok(draft) = evidence.draft {
        out.extend(version(draft, &evidence));
        out.extend(ROLES.map(|role| model(role, draft, &evidence)));
        let proposal = evidence.proposal(draft);
        out.extend(project::checks(&proposal));
        out.extend(certificate::checks(&proposal, evidence.answers, evidence.now));
        out.push(images::checks(&proposal));
        out.extend(throughput::checks(&proposal, evidence.answers));
        out.extend(secrets::checks(&proposal, evidence.answers, &evidence.reach.account));
        out.extend(names::checks(&proposal, evidence.answers));
        out.extend(quotas::checks(&proposal, evidence.answers, &evidence.reach.account));
        out.push(match evidence.identity {
            Some(Err(_)) => check("permissions", Outcome::Unknown, "not simulated: it is not known who asks", ""),
            _ => rights::checks(&proposal, evidence.answers),
        });
    }
    out.extend(evidence.usd_month.map(cost));
    out.extend(prices(evidence.price_date, evidence.now));
    for check in &mut out {
        check.next = evidence.reach.placed(&check.next).into();
    }
    out
}

/// What the checks of the form ask of AWS for its values as they stand.
pub fn questions_of_form(model: &Model, form: &Form) -> Vec<Query> {
    let pseudo = model.pseudo();
    let Ok(draft) = plan::draft(&model.template, model.live_stack(), &form.wish(), &pseudo) else {
        return Vec::new();
    };
    let stack = model.live_stack().filter(|_| !draft.request.is_create);
    let proposal = Proposal::new(&model.template, &pseudo, stack, &draft, &model.feeds.models);
    proposal.by(model.feeds.identity.get()).questions()
}

/// The checks for the values of the form.
pub fn of_form(model: &Model, form: &Form) -> Vec<Check> {
    let pseudo = model.pseudo();
    let draft = plan::draft(&model.template, model.live_stack(), &form.wish(), &pseudo);
    let resources = draft.as_ref().map(|d| model.template.resources(&d.values, &pseudo));
    let estimate = model.cost.plan_estimate(&resources.unwrap_or_default());
    let mut checks = checks(Evidence {
        stack_name: &model.settings.stack,
        reach: &model.reach(),
        region: &model.about.region,
        refusal: model.guard.refusal(model.now),
        identity: known(&model.feeds.identity),
        validation: known(&model.feeds.validation),
        stack: known(&model.feeds.stack),
        services: known(&model.feeds.services),
        models: &model.feeds.models,
        now: model.now.wall,
        draft: &draft,
        // The form shows it above the list.
        usd_month: None,
        price_date: &estimate.date,
        template: &model.template,
        pseudo: &pseudo,
        answers: &model.feeds.answers,
    });
    // What was overridden was that finding, and no other that comes later under the same name.
    for check in checks.iter_mut().filter(|c| can_override(c)) {
        if form
            .overrides
            .iter()
            .any(|(name, evidence)| *name == check.name && *evidence == check.evidence)
        {
            overriding::waived(check);
        }
    }
    checks
}

/// The worst outcome of a list.
pub fn worst(checks: &[Check]) -> Outcome {
    checks.iter().map(|c| c.outcome).max().unwrap_or(Outcome::Ok)
}

fn identity(answer: Known<'_, Identity>) -> Check {
    match answer {
        Some(Ok(identity)) => {
            let evidence = format!("{} in account {}", identity.arn, identity.account);
            if identity.arn.ends_with(":root") {
                let next = "Deploy with a role, not with the root user.";
                return check("identity", Outcome::Warning, evidence, next);
            }
            check("identity", Outcome::Ok, evidence, "")
        }
        other => not_told("identity", other),
    }
}

/// The list is worth reading where nothing may be written too, so this is no blocker of it.
fn writes(refusal: Option<&str>, identity: Known<'_, Identity>) -> Check {
    match (refusal, identity) {
        (Some(why), _) => check("writes", Outcome::Warning, why, "A deploy from this session would be refused."),
        (None, Some(Err(_))) => check(
            "writes",
            Outcome::Unknown,
            "allowed in this session; what AWS allows is not known: it is not known who asks",
            "",
        ),
        (None, _) => check("writes", Outcome::Ok, "allowed, after the plan", ""),
    }
}

/// Whether CloudFormation takes the template, and what it asks to be acknowledged.
fn template(bytes: usize, template: &Template, answer: Known<'_, Validation>) -> Check {
    if bytes > MAX_BODY {
        let evidence = format!("{bytes} bytes, more than the {MAX_BODY} that CloudFormation takes");
        return check("template", Outcome::Blocker, evidence, "Take a release whose template is smaller.");
    }
    match answer {
        Some(Ok(validation)) => {
            let capabilities: Vec<&str> = validation.capabilities.iter().map(SafeText::as_str).collect();
            let asks = if capabilities.is_empty() {
                "no capability".to_owned()
            } else {
                capabilities.join(", ")
            };
            check("template", Outcome::Ok, format!("valid, {bytes} bytes, asks for {asks}"), "")
        }
        // What can be said without AWS is said all the same.
        Some(Err(fault)) if fault.kind != FaultKind::Refused => {
            let here = format!("{bytes} bytes, {} parameters", template.parameters.len());
            let told = not_told("template", answer);
            check(
                "template",
                told.outcome,
                format!("{here}; AWS was not asked: {}", told.evidence),
                &told.next,
            )
        }
        other => not_told("template", other),
    }
}

/// Whether the name is free or the stack can be updated.
fn stack((name, place): (&str, &str), answer: Known<'_, Option<Stack>>) -> Check {
    match answer {
        Some(Ok(None)) => check("stack", Outcome::Ok, format!("the name {name} is free: a deploy creates it"), ""),
        Some(Ok(Some(stack))) if stack.status.is_in_review() || stack.status.is_deleted() => {
            let evidence = format!("{name} is {}: a deploy creates it", stack.status.0);
            check("stack", Outcome::Ok, evidence, "")
        }
        Some(Ok(Some(stack))) => {
            let status = &stack.status.0;
            match plan::refusal(stack, place) {
                None => check("stack", Outcome::Ok, format!("{name} is {status}: a deploy updates it"), ""),
                Some(refusal) => check("stack", Outcome::Blocker, format!("{name} is {status}"), &refusal),
            }
        }
        other => not_told("stack", other),
    }
}

/// The version of Open WebUI that the stack has and another that it would get, where both would run on one database.
pub fn version_change(stack: &Stack, draft: &Draft) -> Option<(SafeText, SafeText)> {
    const NAME: &str = "OpenWebUIVersion";
    let is_shared = engine(&stack.given()) == Engine::Postgres;
    let (before, after) = (stack.parameter(NAME)?, draft.values.get(NAME)?);
    (is_shared && !draft.request.is_create && **before != **after).then(|| (before.clone(), after.as_str().into()))
}

/// Whether another version of Open WebUI would run beside the old one: ECS starts the new tasks before it ends the
/// old ones, and the new version changes the tables on which the old one still works.
fn version(draft: &Draft, evidence: &Evidence<'_>) -> Option<Check> {
    let stack = evidence.stack?.ok()?.as_ref()?;
    let (before, after) = version_change(stack, draft)?;
    let name = "version";
    let said = format!("Open WebUI goes from {before} to {after}");
    let services = match evidence.services {
        Some(Ok(services)) => services,
        other => return Some(not_told(name, other)),
    };
    let ours = Names::of(stack).service(App::OpenWebui);
    let desired = services.iter().find(|s| s.name == ours).map_or(0, |s| s.desired);
    if desired == 0 {
        return Some(check(name, Outcome::Ok, format!("{said} while no task runs"), ""));
    }
    Some(check(
        name,
        Outcome::Blocker,
        format!("{said} while {desired} task(s) run: two versions would work on one PostgreSQL database"),
        "Put the stack to sleep first (Z, or `bic-tui sleep`), deploy, then wake it.",
    ))
}

/// Whether Bedrock offers a model of the template here, and the account may call it. An update that keeps the
/// model is not stopped.
fn model(role: Role, draft: &Draft, evidence: &Evidence<'_>) -> Check {
    let id = draft.values.get(role.parameter).map_or("", String::as_str);
    let place = Place {
        role,
        region: evidence.region,
        now: evidence.now,
    };
    let answer = evidence.models.get(&SafeText::new(id)).and_then(known);
    let verdict = Catalogue::shipped().judge(place, id, answer);
    let before = evidence
        .stack
        .and_then(Result::ok)
        .and_then(Option::as_ref)
        .and_then(|s| s.parameter(role.parameter));
    let is_kept = before.is_some_and(|kept| **kept == *id);
    let verdict = if is_kept { verdict.kept() } else { verdict };
    check(
        role.name,
        verdict.outcome,
        format!("{} → {}", role.alias, verdict.evidence),
        &verdict.next,
    )
}

/// The ids of the template's models for these values.
pub fn model_ids(values: &BTreeMap<String, String>) -> Vec<SafeText> {
    let ids = ROLES.iter().filter_map(|role| values.get(role.parameter));
    ids.filter(|id| !id.is_empty()).map(|id| id.as_str().into()).collect()
}

/// What the plan would cost.
fn cost((usd_month, is_verified): (f64, bool)) -> Check {
    let note = if is_verified { "" } else { ", some prices not verified" };
    let evidence = format!("about ${usd_month:.2} a month without model calls, an estimate{note}");
    check("cost", Outcome::Ok, evidence, "")
}

/// How old the prices are that the figures rest on.
fn prices(date: &str, now: Millis) -> Option<Check> {
    let day: jiff::civil::Date = date.parse().ok()?;
    let today = jiff::Timestamp::from_millisecond(now)
        .ok()?
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    let age = i64::from((today - day).get_days());
    let evidence = format!("the oldest price used is of {date}, {age} days old");
    Some(if age > MAX_PRICE_DAYS {
        let next = "The figures may be off: take a newer release, or check them against AWS's price list.";
        check("prices", Outcome::Warning, evidence, next)
    } else {
        check("prices", Outcome::Ok, evidence, "")
    })
}

/// What is known of a question of the checks: the part of the fact that is wanted.
fn told<'a, T>(answers: &'a Answers, question: &Query, part: impl Fn(&'a Fact) -> Option<T>) -> Option<Result<T, &'a Fault>> {
    match answers.get(question).and_then(known)? {
        Ok(fact) => part(fact).map(Ok),
        Err(fault) => Some(Err(fault)),
    }
}

/// What is nice to know before a deploy and is not known: why, and that stops nothing.
fn untold<T>(name: &'static str, answer: Option<Result<T, &Fault>>) -> Check {
    match answer {
        Some(Err(fault)) => check(name, Outcome::Unknown, fault.sentence(), &fault.advice()),
        _ => check(name, Outcome::Unknown, ASKING, ""),
    }
}

/// The evidence of a check that nobody has answered yet.
pub const ASKING: &str = "asking AWS";

fn check(name: &'static str, outcome: Outcome, evidence: impl Into<SafeText>, next: &str) -> Check {
    Check {
        name,
        outcome,
        evidence: evidence.into(),
        next: next.into(),
    }
}

/// What is not known yet, or could not be read. A read that was not allowed or not answered is a warning:
/// the deploy itself may still go well. What AWS refused, and bad credentials, stop a deploy too.
fn not_told<T>(name: &'static str, answer: Known<'_, T>) -> Check {
    let Some(Err(fault)) = answer else {
        return check(name, Outcome::Unknown, ASKING, "");
    };
    let outcome = if fault.is_credentials() || fault.kind == FaultKind::Refused {
        Outcome::Blocker
    } else {
        Outcome::Warning
    };
    check(name, outcome, fault.sentence(), &fault.advice())
}
