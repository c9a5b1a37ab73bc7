//! `check`: what a deploy would run into, before it does; and the reading of what the operator wants.

use std::{collections::BTreeMap, fs, path::Path};

use futures::future::join3;
use serde::Serialize;

use super::{Answer, Context, Failure, Verdict, reads, text};
use crate::{
    cli::PlanArgs,
    core::{
        cost::CostModel,
        fault::FaultKind,
        plan::{self, Wish},
        preflight::{self, Check, Outcome},
        template::Template,
        text::SafeText,
    },
};

/// The JSON of `check`.
#[derive(Debug, Serialize)]
struct Report {
    region: SafeText,
    stack: SafeText,
    outcome: Outcome,
    checks: Vec<Check>,
}

/// Prints the list; "not well" when there is a blocker.
pub(super) async fn run(cx: &mut Context, args: &PlanArgs) -> Answer {
    let wish = wish(args)?;
    let cloud = &*cx.cloud;
    let (identity, validation, stack) = join3(
        reads::identity(cloud),
        reads::validation(cloud),
        reads::stack(cloud, &cx.settings.stack),
    )
    .await;
    // Bad credentials or no way to AWS are no finding among others: nothing else could be looked at.
    if let Err(fault) = &identity
        && fault.kind != FaultKind::Denied
    {
        return Err(fault.clone().into());
    }
    let region = cloud.about().region;
    let existing = stack.as_ref().ok().and_then(Option::as_ref).filter(|s| !s.status.is_in_review());
    let pseudo = reads::pseudo(cx, existing);
    let draft = plan::draft(&Template::shipped(), existing, &wish, &pseudo);
    let mut checks = vec![
        preflight::identity(&identity),
        preflight::template(&validation),
        preflight::stack(&cx.settings.stack, &stack),
    ];
    checks.extend(preflight::parameters(&draft, &region));
    if let Ok(draft) = &draft {
        let estimate = CostModel::shipped(&region).plan_estimate(&Template::shipped().resources(&draft.values, &pseudo));
        checks.push(preflight::cost(estimate.usd_month(), estimate.is_verified()));
    }
    let report = Report {
        region,
        stack: cx.settings.stack.clone(),
        outcome: preflight::worst(&checks),
        checks,
    };
    if cx.out.is_json() {
        cx.out.json(&report)?;
    } else {
        print(cx, &report)?;
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
    Ok(Wish {
        parameters,
        tags: args.tags.clone(),
    })
}

fn parameters_file(path: &Path) -> Answer<BTreeMap<String, String>> {
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|e| Failure::Usage(format!("{name} can not be read: {e}.")))?;
    plan::read_parameters(&text).map_err(|e| Failure::Usage(format!("{name} is {e}.")))
}
