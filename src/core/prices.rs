//! The dated price table of `assets/prices.toml`: one row a region and item, each with its source.
//! A region without a row of its own takes the one of us-east-1, and the figure then says so.

use serde::{Deserialize, Serialize};

use super::text::SafeText;

/// Hours that every monthly figure counts.
pub const HOURS_A_MONTH: f64 = 730.0;

/// The shipped table.
const SHIPPED: &str = include_str!("../../assets/prices.toml");

/// Region whose price stands in where a region has none.
const FALLBACK: &str = "us-east-1";

/// One price.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Price {
    /// Region name.
    pub region: SafeText,
    /// Such as `fargate-vcpu-hour`.
    pub item: SafeText,
    /// US dollars for one unit; for `fargate-spot-discount` the fraction saved.
    pub usd: f64,
    /// Such as `vCPU-hour`.
    pub unit: SafeText,
    /// Where the figure is from.
    pub source: SafeText,
    /// Day of the figure, `2026-09-30`.
    pub date: SafeText,
    /// Whether somebody checked it against AWS's own list.
    pub verified: bool,
}

/// What a model costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelPrice {
    /// Bedrock model or inference profile id.
    pub id: SafeText,
    /// `image`, `chat` or `embedding`.
    pub kind: SafeText,
    /// US dollars for one image.
    pub usd_per_image: Option<f64>,
    /// US dollars for a million tokens in.
    pub usd_per_million_input: Option<f64>,
    /// US dollars for a million tokens out.
    pub usd_per_million_output: Option<f64>,
    /// US dollars an hour for one unit of provisioned throughput without a commitment.
    pub usd_per_unit_hour: Option<f64>,
    /// Where the figure is from.
    pub source: SafeText,
    /// Day of the figure.
    pub date: SafeText,
    /// Whether somebody checked it against AWS's own list.
    pub verified: bool,
}

impl ModelPrice {
    /// The price in words: `image $0.040`.
    pub fn words(&self) -> String {
        match (self.usd_per_image, self.usd_per_million_input, self.usd_per_million_output) {
            (Some(usd), ..) => format!("image ${usd:.3}"),
            (None, Some(input), Some(output)) => format!("million tokens ${input:.2} in, ${output:.2} out"),
            _ => "price not known".into(),
        }
    }
}

/// A table of prices.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Prices {
    #[serde(default, rename = "price")]
    rows: Vec<Price>,
    /// What models cost.
    #[serde(default, rename = "model")]
    pub models: Vec<ModelPrice>,
}

/// A price as found for a region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found<'a> {
    /// The row.
    pub row: &'a Price,
    /// It is the row of another region.
    pub is_borrowed: bool,
}

impl Found<'_> {
    /// The figure was checked, and is that of the region asked for.
    pub fn is_verified(&self) -> bool {
        self.row.verified && !self.is_borrowed
    }
}

impl Prices {
    /// Reads a table.
    ///
    /// # Errors
    /// The reader's own sentence, with the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|e| e.to_string())
    }

    /// The shipped table. A test reads it, so it parses.
    pub fn shipped() -> Self {
        Self::parse(SHIPPED).unwrap_or_default()
    }

    /// The price of an item in a region.
    pub fn find(&self, region: &str, item: &str) -> Option<Found<'_>> {
        let row = |region: &str| self.rows.iter().find(|p| p.region == region && p.item == item);
        match row(region) {
            Some(row) => Some(Found { row, is_borrowed: false }),
            None => row(FALLBACK).map(|row| Found { row, is_borrowed: true }),
        }
    }

    /// What a model costs.
    pub fn model(&self, id: &str) -> Option<&ModelPrice> {
        self.models.iter().find(|m| m.id == id)
    }

    /// Models that make images, with the price of one.
    pub fn image_models(&self) -> impl Iterator<Item = (&ModelPrice, f64)> {
        self.models.iter().filter_map(|m| m.usd_per_image.map(|usd| (m, usd)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_shipped_table_is_whole() {
        let prices = Prices::parse(SHIPPED).unwrap();
        let mut seen = HashSet::new();
        for row in &prices.rows {
            assert!(
                seen.insert((row.region.clone(), row.item.clone())),
                "{} {} twice",
                row.region,
                row.item
            );
            assert!(row.usd > 0.0 && row.usd < 100.0, "{} {}", row.region, row.item);
            assert!(!row.source.is_empty(), "{} {} has no source", row.region, row.item);
            assert!(
                row.date.len() == 10 && row.date.as_bytes()[4] == b'-',
                "{} {}: date {}",
                row.region,
                row.item,
                row.date
            );
            assert!(
                prices.find(FALLBACK, &row.item).is_some_and(|f| !f.is_borrowed),
                "{} has no price in {FALLBACK}",
                row.item
            );
        }
        let discount = prices.find(FALLBACK, "fargate-spot-discount").unwrap().row.usd;
        assert!(discount > 0.0 && discount < 1.0, "the Spot discount is a fraction");
        assert!(prices.image_models().count() >= 3);
    }

    #[test]
    fn a_region_without_a_row_borrows_one_and_says_so() {
        let prices = Prices::shipped();
        let found = prices.find("sa-east-1", "alb-hour").unwrap();
        assert!(found.is_borrowed && !found.is_verified());
        assert!(prices.find("us-east-1", "no-such-item").is_none());
    }
}
