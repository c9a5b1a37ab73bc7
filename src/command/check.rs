//! `check`: what a deploy would run into, before it does; and the reading of what the operator wants.

use std::{collections::BTreeMap, path::Path};

use futures::future::{join, join3};
use serde::Serialize;

use super::{Answer, Context, Failure, Verdict, capitalised, reads, text};
use crate::{
    cli::PlanArgs,
    core::{
        cost::CostModel,
        fact::{Identity, Service, Stack, Validation},
        fault::{Fault, FaultKind},
        names::Names,
        plan::{self, Draft, Wish},
        preflight::{self, Answers, Check, Evidence, Models, Outcome, Proposal},
        tags,
        template::{Pseudo, Template},
        text::SafeText,
    },
    keep,
};

/// The JSON of `check`.
#[derive(Debug, Serialize)]
struct Report {
    region: SafeText,
    stack: SafeText,
    outcome: Outcome,
    checks: Vec<Check>,
}

/// What was looked at before a plan.
pub(super) struct Looked {
    identity: Result<Identity, Fault>,
    validation: Result<Validation, Fault>,
    /// The stack of that name; one in review or deleted too.
    pub(super) stack: Result<Option<Stack>, Fault>,
    /// Asked for where they matter.
    services: Option<Result<Vec<Service>, Fault>>,
    pseudo: Pseudo,
    models: Models,
    answers: Answers,
    template: Template,
    /// What would be sent.
    pub(super) draft: Result<Draft, String>,
}

impl Looked {
    /// Asks all that a deploy has to know, at the same time.
    pub(super) async fn at(cx: &Context, wish: &Wish) -> Self {
        let cloud = &*cx.cloud;
        let (identity, validation, stack) = join3(
            reads::identity(cloud),
            reads::validation(cloud),
            reads::stack(cloud, &cx.settings.stack),
        )
        .await;
        let existing = existing(&stack);
        let pseudo = reads::pseudo(cx, existing);
        let template = Template::shipped();
        let draft = plan::draft(&template, existing, wish, &pseudo);
        let ids = draft
            .as_ref()
            .map_or_else(|_| Vec::new(), |draft| preflight::model_ids(&draft.values));
        let has_new_version = |stack: &Stack| draft.as_ref().is_ok_and(|d| preflight::version_change(stack, d).is_some());
        let services = async {
            match existing.filter(|stack| has_new_version(stack)) {
                Some(stack) => Some(reads::services(cloud, &Names::of(stack)).await),
                None => None,
            }
        };
        // A model that only Bedrock knows is called there as its quota is.
        let models_and_more = async {
            // Who can not even ask who they are has no answer to these either.
            let stopped = identity.as_ref().err().filter(|fault| fault.kind != FaultKind::Denied);
            let models = match stopped {
                Some(fault) => reads::unasked(ids, fault),
                None => reads::models(cloud, ids).await,
            };
            let questions = draft.as_ref().map(|draft| {
                let proposal = Proposal::new(&template, &pseudo, existing, draft, &models);
                proposal.by(identity.as_ref().ok()).questions()
            });
            let questions = questions.unwrap_or_default();
            let answers = match stopped {
                Some(fault) => reads::unasked(questions, fault),
                None => reads::answers(cloud, questions).await,
            };
            (models, answers)
        };
        let (services, (models, answers)) = join(services, models_and_more).await;
        Self {
            identity,
            validation,
            stack,
            services,
            pseudo,
            models,
            answers,
            template,
            draft,
        }
    }

    /// The checks, with what the operator overrides.
    pub(super) fn checks(&self, cx: &Context, args: &PlanArgs) -> Answer<Vec<Check>> {
        let found = self.found(cx);
        // Values that are none leave out the checks that rest on them.
        if self.draft.is_err() {
            return Ok(found);
        }
        preflight::overridden(found, &args.overrides).map_err(|why| Failure::Usage(format!("{why}.")))
    }

    fn found(&self, cx: &Context) -> Vec<Check> {
        let region = &self.pseudo.region;
        let estimate = self.draft.as_ref().ok().map(|draft| {
            let resources = self.template.resources(&draft.values, &self.pseudo);
            CostModel::shipped(region).plan_estimate(&resources)
        });
        preflight::checks(Evidence {
            stack_name: &cx.settings.stack,
            reach: &cx.reach(),
            region,
            refusal: super::refusal(cx),
            identity: Some(self.identity.as_ref()),
            validation: Some(self.validation.as_ref()),
            stack: Some(self.stack.as_ref()),
            services: self.services.as_ref().map(Result::as_ref),
            models: &self.models,
            now: cx.cloud.now(),
            draft: &self.draft,
            usd_month: estimate.as_ref().map(|it| (it.usd_month(), it.is_verified())),
            price_date: estimate.as_ref().map_or("", |it| &it.date),
            template: &self.template,
            pseudo: &self.pseudo,
            answers: &self.answers,
        })
    }
}

/// A stack that an update would change: neither gone nor the empty shell of a first plan.
pub(super) fn existing(found: &Result<Option<Stack>, Fault>) -> Option<&Stack> {
    let stack = found.as_ref().ok().and_then(Option::as_ref);
    stack.filter(|s| !s.status.is_in_review() && !s.status.is_deleted())
}

/// Prints the list; "not well" when there is a blocker.
pub(super) async fn run(cx: &mut Context, args: &PlanArgs) -> Answer {
    let looked = Looked::at(cx, &wish(args)?).await;
    let checks = looked.checks(cx, args)?;
    let report = Report {
        region: cx.cloud.about().region,
        stack: cx.settings.stack.clone(),
        outcome: preflight::worst(&checks),
        checks,
    };
    if cx.out.is_json() {
        cx.out.json(&report)?;
    } else {
        print(cx, &report)?;
    }
    // What needs no AWS has been said; that nothing else could be looked at is no finding among others.
    let fault = match (&looked.identity, &looked.validation, &looked.stack) {
        (Err(fault), _, _) if fault.kind != FaultKind::Denied => Some(fault),
        (_, Err(_), Err(fault)) => Some(fault),
        _ => None,
    };
    if let Some(fault) = fault {
        return Err(fault.clone().into());
    }
    Ok(if report.outcome == Outcome::Blocker {
        Verdict::NotWell
    } else {
        Verdict::Well
    })
}

fn print(cx: &mut Context, report: &Report) -> Answer<()> {
    let rows: Vec<Vec<String>> = report
        .checks
        .iter()
        .map(|c| {
            let next = if c.next.is_empty() {
                String::new()
            } else {
                format!("→ {}", c.next)
            };
            vec![
                c.outcome.to_string(),
                c.name.to_owned(),
                format!("{}  {next}", c.evidence).trim_end().to_owned(),
            ]
        })
        .collect();
    for line in text::table(&["RESULT", "CHECK", "EVIDENCE"], &rows) {
        cx.out.line(line)?;
    }
    Ok(())
}

/// What the operator wants: the file, then `--size`, then each `--param`.
pub(super) fn wish(args: &PlanArgs) -> Answer<Wish> {
    let mut parameters = match &args.params_file {
        Some(path) => parameters_file(path)?,
        None => BTreeMap::new(),
    };
    parameters.extend(args.size.clone().map(|size| ("DeploymentSize".to_owned(), size)));
    parameters.extend(args.params.iter().cloned());
    let wish = Wish {
        parameters,
        tags: args.tags.clone(),
        untags: args.untags.clone(),
    };
    tags::check_wish(&wish).map_err(|why| Failure::Usage(format!("{}.", capitalised(&why))))?;
    Ok(wish)
}

fn parameters_file(path: &Path) -> Answer<BTreeMap<String, String>> {
    let text = keep::read_or_pipe(path).map_err(|why| Failure::Usage(format!("{why}.")))?;
    let name = SafeText::new(&path.display().to_string());
    plan::read_parameters(&text).map_err(|why| Failure::Usage(format!("{name}: {why}.")))
}
