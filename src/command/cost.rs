//! `cost`: now, in a month, by model, beside the guide's table, and what if.

use serde::Serialize;

use super::{Answer, Context, Failure, Verdict, check, reads, text};
use crate::{
    cli::{CostArgs, PlanArgs},
    core::{
        catalogue::{Catalogue, Entry},
        cost::{CostModel, Estimate, GUIDE_IMAGES, GuideRow, WhatIf, guide_rows, what_ifs},
        fact::Stack,
        plan,
        prices::HOURS_A_MONTH,
        size::{SizeRow, sizes},
        sleep::Parameters,
        template::{Pseudo, Template},
        text::SafeText,
    },
};

/// The JSON of `cost`.
#[derive(Debug, Serialize)]
struct Report {
    /// Every figure is one.
    is_estimate: bool,
    /// What runs now; `None` without a stack.
    now: Option<Estimate>,
    now_usd_hour: Option<f64>,
    /// What goes on while all services are at zero; of the template where nothing runs.
    asleep_usd_hour: f64,
    asleep_usd_month: f64,
    /// At the counts that the template wants.
    month: Estimate,
    month_usd: f64,
    sizes: Vec<SizeRow>,
    images: Vec<ImageCost>,
    guide: Guide,
    /// Only with `--what-if`.
    what_if: Option<Vec<WhatIf>>,
}

#[derive(Debug, Serialize)]
struct ImageCost {
    model: SafeText,
    usd: f64,
    images: u32,
    usd_month: f64,
    ended: Option<SafeText>,
    is_verified: bool,
}

#[derive(Debug, Serialize)]
struct Guide {
    rows: Vec<GuideRow>,
    theirs_usd: f64,
    ours_usd: f64,
    /// With the images of its own example, from and to.
    theirs_with_images_usd: (f64, f64),
}

/// Prints the cost.
pub(super) async fn run(cx: &mut Context, args: &CostArgs) -> Answer {
    let region = cx.cloud.about().region;
    let model = CostModel::shipped(&region);
    let stack = stack(cx, &args.plan).await?;
    let pseudo = reads::pseudo(cx, stack.as_ref());
    let template = Template::shipped();
    let draft = plan::draft(&template, stack.as_ref(), &check::wish(&args.plan)?, &pseudo);
    let values = draft.map_err(|e| Failure::Usage(format!("{}.", e.trim_end_matches('.'))))?.values;
    let now = match &stack {
        Some(stack) => Some(reads::cost_now(cx, stack).await?),
        None => None,
    };
    let month = model.plan_estimate(&template.resources(&values, &pseudo));
    let running = now.as_ref().filter(|now| !now.lines.is_empty());
    let asleep_usd_hour = running.unwrap_or(&month).fixed_hour();
    let report = Report {
        is_estimate: true,
        asleep_usd_hour,
        asleep_usd_month: asleep_usd_hour * HOURS_A_MONTH,
        now_usd_hour: now.as_ref().map(Estimate::usd_hour),
        now,
        month_usd: month.usd_month(),
        month,
        sizes: sizes(&model, &template, &values, &pseudo),
        images: images(&model, args.images),
        guide: guide(),
        what_if: args.what_if.then(|| what_ifs(&model, &template, &values, &pseudo)),
    };
    if cx.out.is_json() {
        cx.out.json(&report)?;
    } else {
        print(cx, &report, &values)?;
    }
    Ok(Verdict::Well)
}

/// The stack, unless parameters were given: then AWS is not asked.
async fn stack(cx: &Context, args: &PlanArgs) -> Answer<Option<Stack>> {
    if args.size.is_some() || !args.params.is_empty() || args.params_file.is_some() {
        return Ok(None);
    }
    let found = reads::stack(&*cx.cloud, &cx.settings.stack).await?;
    Ok(found.filter(|s| !s.status.is_in_review()))
}

fn images(model: &CostModel, images: u32) -> Vec<ImageCost> {
    let catalogue = Catalogue::shipped();
    let of = |(m, usd): (&crate::core::prices::ModelPrice, f64)| ImageCost {
        model: m.id.clone(),
        usd,
        images,
        usd_month: usd * f64::from(images),
        ended: catalogue.find(&m.id).and_then(Entry::ended).cloned(),
        is_verified: m.verified,
    };
    model.prices.image_models().map(of).collect()
}

/// The guide's own case, whatever this stack is: so every reason is true of both columns.
fn guide() -> Guide {
    let template = Template::shipped();
    let pseudo = Pseudo {
        region: "us-east-1".into(),
        account: "000000000000".into(),
        stack_name: "bedrock-image-chat".into(),
    };
    let values = template.values(&Parameters::new());
    let estimate = CostModel::shipped("us-east-1").plan_estimate(&template.resources(&values, &pseudo));
    let rows = guide_rows(&estimate);
    let theirs_usd: f64 = rows.iter().filter_map(|r| r.guide).sum();
    let (_, low, high) = GUIDE_IMAGES;
    Guide {
        rows,
        theirs_usd,
        ours_usd: estimate.usd_month(),
        theirs_with_images_usd: (theirs_usd + low, theirs_usd + high),
    }
}

fn print(cx: &mut Context, report: &Report, values: &Parameters) -> Answer<()> {
    let month = &report.month;
    let region = &month.region;
    cx.out.line(format!(
        "Estimates for {region}, prices of {} or later, 730 hours a month, model calls apart.",
        month.date
    ))?;
    if let Some(now) = &report.now {
        let (fixed, scalable) = (text::rate(now.fixed_hour()), text::rate(now.scalable_hour()));
        let total = text::rate(now.usd_hour());
        cx.out
            .line(format!("now    {total} an hour: {fixed} fixed, {scalable} for tasks"))?;
    }
    let size = values.get("DeploymentSize").map_or("", String::as_str);
    // Nothing is there to be paid for: a first creation that was undone.
    let again = match &report.now {
        Some(now) if now.lines.is_empty() => ", were it deployed again",
        _ => "",
    };
    cx.out.line(format!(
        "month  {} at the counts of the template ({size}){again}",
        text::usd(month.usd_month())
    ))?;
    let asleep = format!(
        "asleep {} an hour, {} a month: what goes on while all services are at zero (`bic-tui sleep`)",
        text::rate(report.asleep_usd_hour),
        text::usd(report.asleep_usd_month)
    );
    cx.out.line(cx.placed(&asleep))?;
    cx.out.line("")?;
    lines(cx, month)?;
    cx.out.line("")?;
    size_table(cx, &report.sizes)?;
    cx.out.line("")?;
    image_table(cx, report)?;
    guide_table(cx, &report.guide)?;
    if let Some(rows) = &report.what_if {
        what_if_table(cx, rows)?;
    }
    Ok(())
}

fn lines(cx: &mut Context, estimate: &Estimate) -> Answer<()> {
    let mark = |is_verified: bool| if is_verified { "" } else { "unverified" }.to_owned();
    let mut rows: Vec<Vec<String>> = estimate
        .lines
        .iter()
        .map(|l| {
            vec![
                text::usd(l.usd_month),
                l.label.to_string(),
                l.resource.to_string(),
                mark(l.is_verified),
                l.basis.to_string(),
            ]
        })
        .collect();
    rows.extend(
        estimate
            .unpriced
            .iter()
            .map(|u| vec!["?".into(), u.to_string(), String::new(), "no price".into()]),
    );
    table(cx, &["A MONTH", "WHAT", "RESOURCE", "", "RESTS ON"], &rows)
}

fn size_table(cx: &mut Context, sizes: &[SizeRow]) -> Answer<()> {
    let rows: Vec<Vec<String>> = sizes
        .iter()
        .map(|s| {
            let each = format!("{} × {} vCPU, {} GB", s.tasks, s.vcpu, s.gb);
            vec![s.name.clone(), each, s.users.to_owned(), text::usd(s.usd_month)]
        })
        .collect();
    table(cx, &["SIZE", "OPEN WEBUI", "USERS", "A MONTH"], &rows)
}

fn image_table(cx: &mut Context, report: &Report) -> Answer<()> {
    let rows: Vec<Vec<String>> = report
        .images
        .iter()
        .map(|i| {
            let ended = i.ended.as_ref().map_or_else(String::new, |day| format!("ended {day}"));
            let state = if ended.is_empty() && !i.is_verified {
                "unverified".into()
            } else {
                ended
            };
            let total = text::usd(report.month_usd + i.usd_month);
            vec![i.model.to_string(), text::usd(i.usd), text::usd(i.usd_month), total, state]
        })
        .collect();
    let n = report.images.first().map_or(0, |i| i.images);
    table(cx, &["MODEL", "AN IMAGE", &format!("{n} A MONTH"), "WITH THE STACK", ""], &rows)
}

fn guide_table(cx: &mut Context, guide: &Guide) -> Answer<()> {
    cx.out.line("")?;
    cx.out.line("The guide's table (small, us-east-1) beside ours:")?;
    let mut rows: Vec<Vec<String>> = guide
        .rows
        .iter()
        .map(|r| {
            vec![
                r.label.to_owned(),
                r.guide.map_or_else(|| "-".into(), text::usd),
                text::usd(r.ours),
                r.reason.to_owned(),
            ]
        })
        .collect();
    let (low, high) = guide.theirs_with_images_usd;
    rows.push(vec![
        "Total".into(),
        text::usd(guide.theirs_usd),
        text::usd(guide.ours_usd),
        String::new(),
    ]);
    rows.push(vec![
        format!("With {} images", GUIDE_IMAGES.0),
        format!("{}–{}", text::usd(low), text::usd(high)),
        "see above".into(),
        "by model".into(),
    ]);
    table(cx, &["WHAT", "GUIDE", "OURS", "WHY"], &rows)
}

fn what_if_table(cx: &mut Context, rows: &[WhatIf]) -> Answer<()> {
    cx.out.line("")?;
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|r| {
            vec![
                r.label.to_owned(),
                r.delta_month.map_or_else(|| "-".into(), text::delta),
                r.note.to_owned(),
            ]
        })
        .collect();
    table(cx, &["WHAT IF", "A MONTH", "BUT"], &rows)
}

fn table(cx: &mut Context, head: &[&str], rows: &[Vec<String>]) -> Answer<()> {
    for line in text::table(head, rows) {
        cx.out.line(line)?;
    }
    Ok(())
}
