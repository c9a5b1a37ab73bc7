//! Provisioned throughput before it is bought or deleted: what may be bought, what it means in words, and what forbids it.

use super::{
    catalogue::{Catalogue, Kind, Life, Place, ROLES},
    fact::{CustomModel, Millis, Throughput},
    prices::{HOURS_A_MONTH, ModelPrice},
    text::SafeText,
    when,
};
use crate::cloud::{Commitment, Purchase};

/// Most model units that one request may name here; the account's own quota is smaller, and AWS says so.
pub const MOST_UNITS: i32 = 100;

/// Something that throughput can be bought for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Id or ARN that is bought for.
    pub model: SafeText,
    /// Its name for people.
    pub name: SafeText,
    /// The foundation model that decides: the model itself, or what it was made from.
    pub base: SafeText,
    /// Why it can not be bought, with the way on.
    pub refusal: Option<String>,
    /// What speaks against it, though AWS may sell it.
    pub warning: Option<String>,
}

/// The account's own models first, then the image models of the catalogue; those that can be bought before the others.
/// What AWS does with a model of one's own whose base has ended is its matter: that is a warning.
pub fn offers(customs: &[CustomModel], region: &str, now: Millis) -> Vec<Offer> {
    let custom = customs.iter().map(|it| Offer {
        model: it.arn.clone(),
        name: it.name.clone(),
        base: it.base.clone(),
        refusal: None,
        warning: refusal(&it.base, region, now),
    });
    let models = Catalogue::shipped().models.iter().filter(|m| m.kind == Kind::Image);
    let known = models.map(|m| Offer {
        model: m.id.clone(),
        name: m.name.clone(),
        base: m.id.clone(),
        refusal: refusal(&m.id, region, now),
        warning: None,
    });
    let mut all: Vec<Offer> = custom.chain(known).collect();
    all.sort_by_key(|offer| offer.refusal.is_some());
    all
}

/// Why throughput of a foundation model can not be bought, by the catalogue. A model that it does not know is left to AWS.
pub fn refusal(id: &str, region: &str, now: Millis) -> Option<String> {
    let catalogue = Catalogue::shipped();
    let entry = catalogue.find(id)?;
    let role = if entry.kind == Kind::Image { ROLES[0] } else { ROLES[1] };
    let verdict = catalogue.of_entry(&Place { role, region, now }, id);
    let why = match verdict.life {
        Life::Ended => "what has ended serves nobody",
        Life::Legacy => "AWS sells none for a legacy model",
        Life::NotHere => "it is bought where the model is",
        Life::Active | Life::Unknown => return None,
    };
    Some(format!("{}: {why}. `bic-tui models` shows what is offered.", verdict.evidence))
}

/// What is wrong with a purchase before AWS is asked: one sentence.
pub fn complaint(wanted: &Purchase, standing: &[Throughput]) -> Option<String> {
    let name = &wanted.name;
    let is_name = !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        && name.as_bytes()[0].is_ascii_alphanumeric();
    if !is_name {
        return Some("A name has letters, digits, hyphens and underscores, 63 at most, such as images-1.".into());
    }
    if standing.iter().any(|it| it.name == *name) {
        return Some(format!("There is provisioned throughput {name} already: take another name."));
    }
    if !(1..=MOST_UNITS).contains(&wanted.units) {
        return Some(format!("Between 1 and {MOST_UNITS} model units can be bought at a time."));
    }
    None
}

/// The first of `images-1`, `images-2`, … that no provisioned throughput has.
pub fn free_name(standing: &[Throughput]) -> String {
    let is_free = |name: &String| standing.iter().all(|it| it.name.as_str() != name);
    let mut names = (1..=standing.len() + 1).map(|n| format!("images-{n}"));
    names.find(is_free).unwrap_or_default()
}

/// The price of some units in words. Where the table has none, that is said, and what follows from it.
pub fn price(units: i32, price: Option<&ModelPrice>) -> String {
    match price.and_then(|it| Some((it.usd_per_unit_hour? * f64::from(units), it))) {
        Some((usd, it)) => format!(
            "Price: ${usd:.2} an hour without a commitment, ${:.0} a month, used or not ({}, {}).",
            usd * HOURS_A_MONTH,
            it.source,
            it.date
        ),
        None => "Price: billed by the hour for each unit, used or not. AWS publishes none for this model, so none is shown here: ask AWS \
                 for the quote before you go on."
            .into(),
    }
}

/// What buying means, in words: one line each.
pub fn meaning(wanted: &Purchase, offer: &Offer, known: Option<&ModelPrice>) -> Vec<String> {
    let units = if wanted.units == 1 {
        "1 model unit".into()
    } else {
        format!("{} model units", wanted.units)
    };
    let mut lines = vec![
        format!("{units} of {}", offer.name),
        price(wanted.units, known),
        binding(wanted.commitment).into(),
        "Units must have been granted to the account by AWS support first; without them AWS refuses, and nothing is billed.".into(),
    ];
    lines.extend(offer.warning.iter().map(|why| format!("AWS may refuse it: {why}")));
    if !offer.base.contains("nova-canvas") {
        lines.push(
            "The template speaks to provisioned throughput as to Nova Canvas: one of another model can not be put into this stack.".into(),
        );
    }
    lines
}

/// What a commitment binds to.
pub fn binding(commitment: Commitment) -> &'static str {
    match commitment {
        Commitment::None => "Commitment: none. It is billed until it is deleted, which can be done at any time.",
        Commitment::OneMonth => "Commitment: 1 month. It is charged for the whole month and can not be deleted before its end.",
        Commitment::SixMonths => "Commitment: 6 months. It is charged for all six months and can not be deleted before their end.",
    }
}

/// Why throughput can not be deleted now: one sentence.
pub fn bound(it: &Throughput, now: Millis) -> Option<String> {
    let end = it.bound_until(now)?;
    let day: String = when::iso(end).chars().take(10).collect();
    Some(format!(
        "{} is bound until {day} ({}): AWS deletes it only after that, and charges it until then.",
        it.name, it.commitment
    ))
}

/// Why throughput can not be put into the stack: one sentence.
pub fn unfit(it: &Throughput, region: &str) -> Option<String> {
    if !it.is_in_service() {
        return Some(format!("{} is {}: wait until it is InService.", it.name, it.status));
    }
    if !it.arn.contains(&format!(":bedrock:{region}:")) {
        return Some(format!("{} is not in {region}, the region of the stack.", it.name));
    }
    (!it.base_id().contains("nova-canvas")).then(|| {
        format!(
            "{} serves {}: the template speaks to provisioned throughput as to Nova Canvas, which that does not understand.",
            it.name,
            it.base_id()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-25.
    const NOW: Millis = 1_795_600_000_000;

    fn throughput(base: &str, commitment: &str, end: Option<Millis>) -> Throughput {
        Throughput {
            arn: "arn:aws:bedrock:us-west-2:1:provisioned-model/abcdef123456".into(),
            name: "images".into(),
            model: format!("arn:aws:bedrock:us-west-2::foundation-model/{base}").into(),
            base: format!("arn:aws:bedrock:us-west-2::foundation-model/{base}").into(),
            units: 1,
            status: "InService".into(),
            commitment: commitment.into(),
            commitment_end: end,
            created: None,
            failure: SafeText::default(),
        }
    }

    #[test]
    fn what_has_ended_is_refused_with_the_catalogues_reason() {
        let why = refusal("amazon.nova-canvas-v1:0", "us-east-1", NOW).unwrap();
        assert!(why.contains("ended on 2026-09-30") && why.contains("the catalogue of"), "{why}");
        assert_eq!(refusal("stability.stable-image-core-v1:1", "us-west-2", NOW), None);
        assert!(
            refusal("stability.stable-image-core-v1:1", "eu-west-1", NOW)
                .unwrap()
                .contains("not seen in eu-west-1")
        );
        assert_eq!(refusal("acme.painter", "us-west-2", NOW), None, "what is not known is AWS's matter");
        let own = CustomModel {
            arn: "arn:own".into(),
            name: "brand".into(),
            base: "amazon.nova-canvas-v1:0".into(),
            kind: "FINE_TUNING".into(),
            created: None,
        };
        let all = offers(&[own], "us-west-2", NOW);
        assert_eq!((all[0].model.as_str(), &all[0].refusal), ("arn:own", &None));
        assert!(all[0].warning.as_ref().unwrap().contains("ended"), "{all:?}");
        assert!(all[1].model.starts_with("stability.") && all.last().unwrap().refusal.is_some());
    }

    #[test]
    fn a_purchase_is_looked_at_before_it_is_sent() {
        let wanted = |name: &str, units| Purchase {
            name: name.into(),
            model: "m".into(),
            units,
            commitment: Commitment::OneMonth,
        };
        let standing = [throughput("m", "", None)];
        for (name, units, want) in [
            ("images-2", 1, None),
            ("images", 1, Some("already")),
            ("", 1, Some("A name has")),
            ("-x", 1, Some("A name has")),
            ("a b", 1, Some("A name has")),
            ("x", 0, Some("Between 1 and")),
        ] {
            let why = complaint(&wanted(name, units), &standing);
            assert_eq!(why.is_some(), want.is_some(), "{name} {units}: {why:?}");
            assert!(why.is_none_or(|why| why.contains(want.unwrap())));
        }
        let offer = |base: &str| Offer {
            model: "m".into(),
            name: "A model".into(),
            base: base.into(),
            refusal: None,
            warning: Some("its base is old".into()),
        };
        let words = meaning(&wanted("x", 2), &offer("m"), None).join("\n");
        for part in [
            "2 model units of A model",
            "publishes none",
            "may refuse it: its base is old",
            "1 month",
            "whole month",
            "granted",
            "Nova Canvas",
        ] {
            assert!(words.contains(part), "{part}: {words}");
        }
        assert!(
            !meaning(&wanted("x", 1), &offer("amazon.nova-canvas-v1:0"), None)
                .join("\n")
                .contains("can not be put")
        );
        let known = ModelPrice {
            id: "m".into(),
            kind: "image".into(),
            usd_per_image: None,
            usd_per_million_input: None,
            usd_per_million_output: None,
            usd_per_unit_hour: Some(20.5),
            source: "a list".into(),
            date: "2026-11-01".into(),
            verified: true,
        };
        let words = price(2, Some(&known));
        assert!(
            words.starts_with("Price: $41.00 an hour") && words.contains("$29930 a month"),
            "{words}"
        );
    }

    #[test]
    fn a_commitment_forbids_deletion_until_its_end() {
        let it = throughput("amazon.nova-canvas-v1:0", "OneMonth", Some(NOW + 86_400_000));
        assert!(bound(&it, NOW).unwrap().contains("bound until 2026-11-26"));
        assert_eq!(bound(&it, NOW + 86_400_001), None);
        assert_eq!(bound(&throughput("m", "", None), NOW), None);
        assert_eq!(unfit(&it, "us-west-2"), None);
        assert!(unfit(&it, "eu-west-1").unwrap().contains("not in eu-west-1"));
        assert!(
            unfit(&throughput("stability.x", "", None), "us-west-2")
                .unwrap()
                .contains("Nova Canvas")
        );
        let coming = Throughput {
            status: "Creating".into(),
            ..it
        };
        assert!(unfit(&coming, "us-west-2").unwrap().contains("wait"));
    }

    #[test]
    fn the_name_that_is_offered_is_free() {
        let named = |name: &str| Throughput {
            name: name.into(),
            ..throughput("amazon.nova-canvas-v1:0", "none", None)
        };
        assert_eq!(free_name(&[]), "images-1");
        assert_eq!(free_name(&[named("images-2"), named("images-1"), named("other")]), "images-3");
    }
}
