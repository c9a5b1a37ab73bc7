//! `dashboard`: the address of the stack's CloudWatch dashboard, and the browser for it.

use serde::Serialize;

use super::{Answer, Context, Failure, Verdict, capitalised, reads};
use crate::{
    cli::DashboardArgs,
    core::{
        dashboard::{self, Dashboard},
        text::SafeText,
    },
};

/// The JSON of it.
#[derive(Debug, Serialize)]
struct Report {
    stack: SafeText,
    region: SafeText,
    #[serde(flatten)]
    dashboard: Dashboard,
}

/// Prints the address; opens it where that is wanted.
pub(super) async fn run(cx: &mut Context, args: &DashboardArgs) -> Answer {
    let stack = reads::existing_stack(cx).await?;
    // The output names it; an older template has only the resource.
    let resources = match stack.output(dashboard::OUTPUT) {
        Some(_) => Vec::new(),
        None => reads::resources(&*cx.cloud, &stack.id).await?,
    };
    let region = cx.cloud.about().region;
    let dashboard = dashboard::of(Some(&stack), &resources, &region).map_err(|why| Failure::NotWell(format!("{}.", capitalised(&why))))?;
    let url = dashboard.url.to_string();
    if cx.out.is_json() {
        cx.out.json(&Report {
            stack: stack.name,
            region,
            dashboard,
        })?;
    } else {
        cx.out.line(&url)?;
    }
    if !args.open {
        return Ok(Verdict::Well);
    }
    cx.out.flush()?;
    let opened = tokio::task::spawn_blocking(move || open::that_detached(url)).await;
    if matches!(opened, Ok(Ok(()))) {
        cx.out.note("The address was handed to the browser.");
        return Ok(Verdict::Well);
    }
    cx.out.note("No browser could be started here; open the address yourself.");
    Ok(Verdict::NotWell)
}
