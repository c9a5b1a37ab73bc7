//! The checks before a deploy, each judged from one fact: how it came out, the evidence and the next step.
//! The form, `check`, `plan` and `deploy` show this one list.

mod images;
mod proposal;
mod quotas;
mod rights;
mod secrets;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

pub use self::proposal::Proposal;
use super::{
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
        writes(evidence.refusal),
        template(TEMPLATE.len(), evidence.template, evidence.validation),
        stack(evidence.stack_name, evidence.stack),
    ];
    out.extend(parameters(evidence.draft, evidence.region));
    if let Ok(draft) = evidence.draft {
        out.extend(version(draft, &evidence));
        out.extend(ROLES.map(|role| model(role, draft, &evidence)));
        let proposal = evidence.proposal(draft);
        out.push(images::checks(&proposal));
        out.extend(secrets::checks(&proposal, evidence.answers));
        out.extend(quotas::checks(&proposal, evidence.answers));
        out.push(match evidence.identity {
            Some(Err(_)) => check("permissions", Outcome::Unknown, "not simulated: it is not known who asks", ""),
            _ => rights::checks(&proposal, evidence.answers),
        });
    }
    out.extend(evidence.usd_month.map(cost));
    out.extend(prices(evidence.price_date, evidence.now));
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
    checks(Evidence {
        stack_name: &model.settings.stack,
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
    })
}

/// The worst outcome of a list.
pub fn worst(checks: &[Check]) -> Outcome {
    checks.iter().map(|c| c.outcome).max().unwrap_or(Outcome::Ok)
}

/// The checks, in which the blockers that the operator overrides by name, hyphens for spaces, only warn.
///
/// # Errors
/// A name that no check has, with those that there are.
pub fn overridden(mut checks: Vec<Check>, names: &[String]) -> Result<Vec<Check>, String> {
    let hyphened = |check: &Check| check.name.replace(' ', "-");
    for name in names {
        let Some(check) = checks.iter_mut().find(|c| hyphened(c) == *name) else {
            let all: Vec<String> = checks.iter().map(hyphened).collect();
            return Err(format!("--override: no check is called \"{name}\"; there are {}", all.join(", ")));
        };
        if check.outcome == Outcome::Blocker {
            check.outcome = Outcome::Warning;
            check.evidence = format!("{} (overridden)", check.evidence).into();
        }
    }
    Ok(checks)
}

/// The first check that stands in the way.
pub fn blocker(checks: &[Check]) -> Option<&Check> {
    checks.iter().find(|c| c.outcome == Outcome::Blocker)
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
fn writes(refusal: Option<&str>) -> Check {
    match refusal {
        Some(why) => check("writes", Outcome::Warning, why, "A deploy from this session would be refused."),
        None => check("writes", Outcome::Ok, "allowed, after the plan", ""),
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
fn stack(name: &str, answer: Known<'_, Option<Stack>>) -> Check {
    match answer {
        Some(Ok(None)) => check("stack", Outcome::Ok, format!("the name {name} is free: a deploy creates it"), ""),
        Some(Ok(Some(stack))) if stack.status.is_in_review() || stack.status.is_deleted() => {
            let evidence = format!("{name} is {}: a deploy creates it", stack.status.0);
            check("stack", Outcome::Ok, evidence, "")
        }
        Some(Ok(Some(stack))) => {
            let status = &stack.status.0;
            match plan::refusal(stack) {
                None => check("stack", Outcome::Ok, format!("{name} is {status}: a deploy updates it"), ""),
                Some(refusal) => check("stack", Outcome::Blocker, format!("{name} is {status}"), &refusal),
            }
        }
        other => not_told("stack", other),
    }
}

/// Whether the parameters hold together, and what they mean for the safety of the application.
fn parameters(draft: &Result<Draft, String>, region: &str) -> Vec<Check> {
    let draft = match draft {
        Ok(draft) => draft,
        Err(reason) => {
            let evidence = reason.trim_end_matches('.');
            let next = "Change the parameter and check again.";
            return vec![check("parameters", Outcome::Blocker, evidence, next)];
        }
    };
    let value = |name: &str| draft.values.get(name).map_or("", String::as_str);
    let given = format!("{} parameters, size {}", draft.values.len(), value("DeploymentSize"));
    let mut out = vec![
        check("parameters", Outcome::Ok, given, ""),
        encryption(value("ACMCertificateArn"), region),
        access(value("AllowedCIDR")),
    ];
    if value("ExposeLiteLLM") == "true" && value("ACMCertificateArn").is_empty() {
        let evidence = "ExposeLiteLLM=true without a certificate: LiteLLM's master key travels unencrypted";
        let next = "Give ACMCertificateArn, or take ExposeLiteLLM=auto.";
        out.push(check("litellm key", Outcome::Warning, evidence, next));
    }
    let provisioned = value("ProvisionedModelArn");
    if !provisioned.is_empty() {
        out.push(throughput(provisioned, region));
    }
    out
}

fn throughput(arn: &str, region: &str) -> Check {
    if arn.contains(&format!(":bedrock:{region}:")) {
        check("throughput", Outcome::Ok, format!("image-provisioned is in {region}"), "")
    } else {
        let next = "Take provisioned throughput of the region of the stack, or leave ProvisionedModelArn empty.";
        check(
            "throughput",
            Outcome::Blocker,
            format!("ProvisionedModelArn is not in {region}"),
            next,
        )
    }
}

fn encryption(certificate: &str, region: &str) -> Check {
    if certificate.is_empty() {
        let next = "Give ACMCertificateArn for HTTPS, or keep AllowedCIDR narrow.";
        check("encryption", Outcome::Warning, "plain HTTP: passwords travel unencrypted", next)
    } else if certificate.contains(&format!(":acm:{region}:")) {
        check("encryption", Outcome::Ok, "HTTPS", "")
    } else {
        let next = "Take a certificate of the region of the stack.";
        check("encryption", Outcome::Blocker, format!("the certificate is not in {region}"), next)
    }
}

fn access(cidr: &str) -> Check {
    let octets: Vec<u8> = cidr.split(['.', '/']).filter_map(|part| part.parse().ok()).collect();
    let is_private = matches!(octets.as_slice(), [10, ..] | [192, 168, ..] | [172, 16..=31, ..]);
    if cidr == "0.0.0.0/0" {
        let next = "Set AllowedCIDR to the public addresses of your users.";
        check("access", Outcome::Warning, "open to the whole internet", next)
    } else if is_private {
        let next = "The load balancer is public and sees public addresses only: nobody would get in.";
        check("access", Outcome::Warning, format!("AllowedCIDR {cidr} is a private range"), next)
    } else {
        check("access", Outcome::Ok, format!("open to {cidr}"), "")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::plan::{Wish, draft};

    /// Bedrock may not be asked of any model of the catalogue.
    fn unasked() -> Models {
        let denied = || Fault::new(FaultKind::Denied, "bedrock:GetFoundationModel", "", "");
        let ids = Catalogue::shipped().models.iter().map(|m| m.id.clone());
        ids.map(|id| {
            let mut feed = Feed::default();
            feed.fail(denied());
            (id, feed)
        })
        .collect()
    }

    fn outcomes(region: &str, pairs: &[(&str, &str)]) -> Vec<(&'static str, Outcome)> {
        let pseudo = Pseudo {
            region: region.into(),
            account: "123456789012".into(),
            stack_name: "s".into(),
        };
        let wish = Wish {
            parameters: pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            tags: Vec::new(),
        };
        let template = Template::shipped();
        let draft = draft(&template, None, &wish, &pseudo);
        let checks = checks(Evidence {
            stack_name: "s",
            region,
            refusal: None,
            identity: None,
            validation: None,
            stack: Some(Ok(&None)),
            services: None,
            models: &unasked(),
            now: 1_795_564_800_000,
            draft: &draft,
            usd_month: None,
            price_date: "2026-09-30",
            template: &template,
            pseudo: &pseudo,
            answers: &Answers::new(),
        });
        checks.into_iter().map(|c| (c.name, c.outcome)).collect()
    }

    #[test]
    fn only_the_named_blocker_is_overridden() {
        let list = || {
            let blocker = |name| check(name, Outcome::Blocker, "bad", "");
            vec![blocker("image model"), blocker("version")]
        };
        let outcomes = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
            overridden(list(), &names).map(|checks| checks.iter().map(|c| c.outcome).collect::<Vec<_>>())
        };
        assert_eq!(outcomes(&["image-model"]), Ok(vec![Outcome::Warning, Outcome::Blocker]));
        assert_eq!(outcomes(&[]), Ok(vec![Outcome::Blocker; 2]));
        assert!(outcomes(&["all"]).is_err_and(|why| why.contains("image-model, version")));
    }

    #[test]
    fn parameters_are_judged_one_by_one() {
        let provisioned = "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/abcdef123456";
        let cert = "arn:aws:acm:us-west-2:123456789012:certificate/abc-1";
        for (region, pairs, want) in [
            (
                "us-west-2",
                vec![],
                vec![
                    ("encryption", Outcome::Warning),
                    ("access", Outcome::Warning),
                    ("image model", Outcome::Warning),
                ],
            ),
            (
                "us-west-2",
                vec![("ACMCertificateArn", cert), ("AllowedCIDR", "203.0.113.0/24")],
                vec![("encryption", Outcome::Ok), ("access", Outcome::Ok)],
            ),
            (
                "us-east-1",
                vec![("ACMCertificateArn", cert)],
                vec![("encryption", Outcome::Blocker), ("image model", Outcome::Warning)],
            ),
            (
                "us-east-1",
                vec![("AllowedCIDR", "172.20.0.0/16")],
                vec![("access", Outcome::Warning)],
            ),
            ("us-east-1", vec![("AllowedCIDR", "172.32.0.0/16")], vec![("access", Outcome::Ok)]),
            (
                "us-east-1",
                vec![("ImageModelId", "amazon.nova-canvas-v1:0")],
                vec![("image model", Outcome::Blocker)],
            ),
            (
                "us-west-2",
                vec![("ExposeLiteLLM", "true"), ("ProvisionedModelArn", provisioned)],
                vec![("litellm key", Outcome::Warning), ("throughput", Outcome::Ok)],
            ),
            (
                "us-east-1",
                vec![("ProvisionedModelArn", provisioned)],
                vec![("throughput", Outcome::Blocker)],
            ),
            (
                "us-east-1",
                vec![("DeploymentSize", "tiny")],
                vec![("parameters", Outcome::Blocker)],
            ),
        ] {
            let got = outcomes(region, &pairs);
            for expected in want {
                assert!(got.contains(&expected), "{region} {pairs:?}: {got:?} lacks {expected:?}");
            }
        }
        let said_of_key = |pairs: &[(&str, &str)]| outcomes("us-west-2", pairs).iter().any(|(name, _)| *name == "litellm key");
        assert!(!said_of_key(&[]) && !said_of_key(&[("ExposeLiteLLM", "true"), ("ACMCertificateArn", cert)]));
    }

    #[test]
    fn a_denied_read_warns_and_bad_credentials_block() {
        for (kind, want) in [(FaultKind::Denied, Outcome::Warning), (FaultKind::Expired, Outcome::Blocker)] {
            let answer = Err::<Identity, _>(Fault::new(kind, "sts:GetCallerIdentity", "", ""));
            assert_eq!(identity(Some(answer.as_ref())).outcome, want);
        }
        let root = Identity {
            account: "123456789012".into(),
            arn: SafeText::new("arn:aws:iam::123456789012:root"),
        };
        assert_eq!(identity(Some(Ok(&root))).outcome, Outcome::Warning);
        assert_eq!(stack("s", Some(Ok(&None))).outcome, Outcome::Ok);
        assert_eq!(stack("s", None).outcome, Outcome::Unknown);
        let refused = Fault::new(FaultKind::Refused, "cloudformation:ValidateTemplate", "", "Template format error");
        let shipped = Template::shipped();
        assert_eq!(template(9, &shipped, Some(Err(&refused))).outcome, Outcome::Blocker);
        assert_eq!(template(MAX_BODY + 1, &shipped, None).outcome, Outcome::Blocker);
        let away = Fault::new(FaultKind::Unreachable, "cloudformation:ValidateTemplate", "", "");
        let judged = template(9, &shipped, Some(Err(&away)));
        assert!(
            judged.outcome == Outcome::Warning && judged.evidence.starts_with("9 bytes, "),
            "{}",
            judged.evidence
        );
    }
}
