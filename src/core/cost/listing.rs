//! The Cost screen as rows: what runs now, what the template would cost, the guide's table beside ours,
//! images. Rows are made here, so that the cursor and the screen count the same.

use super::{CostLine, Estimate, GUIDE_IMAGES, GuideRow, guide_rows};
use crate::core::{
    catalogue::{Catalogue, Entry},
    model::Model,
    prices::ModelPrice,
    text::SafeText,
};

/// One row of the sheet.
#[derive(Debug, Clone, PartialEq)]
pub enum SheetRow {
    /// Begins a part.
    Heading(&'static str),
    /// Begins a part whose rows are lines and sums.
    Lines(&'static str),
    /// A sentence under a heading.
    Note(String),
    /// One thing that costs.
    Line(CostLine),
    /// A sum: label, US dollars an hour, US dollars a month.
    Sum(&'static str, f64, f64),
    /// A resource without a price.
    Unpriced(String),
    /// The guide's row beside ours.
    Guide(GuideRow),
    /// Sum of the guide's table, and ours.
    GuideSum(f64, f64),
    /// A model that makes images, US dollars for one, and the day of its end.
    Image(ModelPrice, f64, Option<SafeText>),
    /// Between parts.
    Blank,
}

impl SheetRow {
    /// The cursor stops at it.
    pub fn is_row(&self) -> bool {
        !matches!(self, Self::Heading(_) | Self::Lines(_) | Self::Note(_) | Self::Blank)
    }
}

/// How many rows the cursor can stop at.
pub fn rows(sheet: &[SheetRow]) -> usize {
    sheet.iter().filter(|r| r.is_row()).count()
}

/// What runs now, where that is known: a stack, and a list of its tasks.
pub fn now(model: &Model) -> Option<Estimate> {
    let is_known = model.is_hollow() || (model.live_stack().is_some() && model.feeds.tasks.get().is_some());
    is_known.then(|| model.cost_now())
}

/// The whole sheet.
pub fn sheet(model: &Model) -> Vec<SheetRow> {
    let planned = model.cost_planned();
    let mut out = Vec::new();
    match now(model) {
        Some(_) if model.is_hollow() => lines("Were it deployed again", &planned, &mut out),
        Some(now) => lines("What runs now", &now, &mut out),
        None if model.live_stack().is_some() => lines("At the template's counts", &planned, &mut out),
        None => lines("At the template's defaults", &planned, &mut out),
    }
    out.push(SheetRow::Blank);
    guide(&planned, &mut out);
    out.push(SheetRow::Blank);
    images(model, &mut out);
    out
}

fn lines(title: &'static str, estimate: &Estimate, out: &mut Vec<SheetRow>) {
    out.push(SheetRow::Lines(title));
    let mut sorted = like_ones_together(&estimate.lines);
    sorted.sort_by(|a, b| b.usd_month.total_cmp(&a.usd_month));
    out.extend(sorted.into_iter().map(SheetRow::Line));
    out.extend(estimate.unpriced.iter().map(|u| SheetRow::Unpriced(u.to_string())));
    let (fixed, scalable) = (estimate.fixed_hour(), estimate.scalable_hour());
    let month = |scalable: bool| {
        estimate
            .lines
            .iter()
            .filter(|l| l.is_scalable == scalable)
            .map(|l| l.usd_month)
            .sum()
    };
    out.push(SheetRow::Sum("Fixed: goes on while asleep", fixed, month(false)));
    out.push(SheetRow::Sum("Scalable: ends with the tasks", scalable, month(true)));
    out.push(SheetRow::Sum("Total", estimate.usd_hour(), estimate.usd_month()));
}

/// Lines that say the same of several resources, such as three secrets or ten alarms, are one row.
fn like_ones_together(lines: &[CostLine]) -> Vec<CostLine> {
    let mut out: Vec<CostLine> = Vec::with_capacity(lines.len());
    for line in lines {
        let is_like = |l: &&mut CostLine| (&l.label, &l.unit, &l.basis) == (&line.label, &line.unit, &line.basis);
        match out.iter_mut().find(is_like) {
            Some(first) => {
                first.quantity += line.quantity;
                first.usd_hour += line.usd_hour;
                first.usd_month += line.usd_month;
                first.is_verified &= line.is_verified;
                first.resource = format!("{}, {}", first.resource, line.resource).into();
            }
            None => out.push(line.clone()),
        }
    }
    out
}

fn guide(planned: &Estimate, out: &mut Vec<SheetRow>) {
    let rows = guide_rows(planned);
    let total = rows.iter().filter_map(|r| r.guide).sum();
    out.push(SheetRow::Heading("The guide's table beside ours, a month"));
    out.push(SheetRow::Note(
        "The guide reckons the small size in us-east-1; ours is this stack's parameters at the template's counts.".into(),
    ));
    out.extend(rows.into_iter().map(SheetRow::Guide));
    out.push(SheetRow::GuideSum(total, planned.usd_month()));
}

fn images(model: &Model, out: &mut Vec<SheetRow>) {
    let (count, low, high) = GUIDE_IMAGES;
    out.push(SheetRow::Heading("Images, on top of all above"));
    out.push(SheetRow::Note(format!(
        "The guide reckons ${low:.0} to ${high:.0} for {count} images a month."
    )));
    let prices = model.cost.prices.image_models();
    let catalogue = Catalogue::shipped();
    let end = |id: &str| catalogue.find(id).and_then(Entry::ended).cloned();
    out.extend(prices.map(|(price, usd)| SheetRow::Image(price.clone(), usd, end(&price.id))));
}
