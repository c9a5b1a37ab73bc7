//! Provisioned throughput: bought, followed until it serves, put into the stack, deleted.

use strum::IntoEnumIterator;

use super::{access as screen, dialogs, form, say};
use crate::{
    cloud::{Change, Commitment, Purchase, Query},
    core::{
        dialog::{Confirm, Dialog, Way},
        effect::Effect,
        fact::{Fact, Throughput},
        fault::Fault,
        field::TextField,
        health::Severity,
        key::{Code, Key},
        keymap::Intent,
        model::Model,
        purchase::{self, MOST_UNITS},
        screen::{
            Panel,
            access::{self, BuyDialog, Row, Wanted},
        },
        text::SafeText,
    },
};

/// The one under the cursor.
fn selected(model: &Model) -> Option<&Throughput> {
    model.access.throughputs().get(model.cursor(Panel::Throughput))
}

/// Whether the stack names it.
pub(super) fn is_in_stack(model: &Model, arn: &str) -> bool {
    model.live_stack().is_some() && model.parameters().get("ProvisionedModelArn").is_some_and(|it| *it == *arn)
}

/// What can be done, and why not.
pub(super) fn ways(model: &Model) -> Vec<Way> {
    let none = || "there is none; buy some first".to_owned();
    let no_use = match selected(model) {
        None => Some(none()),
        Some(it) if is_in_stack(model, &it.arn) => Some("the stack has it".into()),
        Some(it) => purchase::unfit(it, &model.about.region),
    };
    let no_deletion = selected(model).map_or_else(|| Some(none()), |it| purchase::bound(it, model.now.wall));
    let name = selected(model).map_or_else(|| "provisioned throughput".to_owned(), |it| it.name.to_string());
    vec![
        screen::way(
            &format!("Put {name} into the stack"),
            "the form opens with it; LiteLLM then offers it as image-provisioned",
            Intent::UseThroughput,
            no_use,
        ),
        screen::way(
            "Buy provisioned throughput",
            "model, units, commitment and price in words; then its typed name",
            Intent::BuyThroughput,
            None,
        ),
        screen::way(
            &format!("Delete {name}"),
            "ends the billing; its typed name first",
            Intent::DeleteThroughput,
            no_deletion,
        ),
    ]
}

/// Opens the dialog of a purchase.
pub(super) fn buy(model: &mut Model) -> Vec<Effect> {
    if screen::refused(model) {
        return Vec::new();
    }
    let mut effects = screen::go_to(model, Panel::Throughput);
    effects.extend(screen::ask(model, Wanted::Customs, Query::CustomModels));
    effects.extend(screen::ask(model, Wanted::Throughputs, Query::Throughputs));
    let dialog = BuyDialog {
        units: 1,
        name: TextField::with(&purchase::free_name(model.access.throughputs())),
        ..BuyDialog::default()
    };
    effects.extend(dialogs::open(model, Dialog::Buy(dialog)));
    effects
}

/// A key in the dialog of a purchase.
pub(super) fn on_key(model: &mut Model, mut dialog: BuyDialog, key: Key) -> Vec<Effect> {
    let count = access::offers(model).len();
    let rows: Vec<Row> = Row::iter().collect();
    let here = rows.iter().position(|row| *row == dialog.row).unwrap_or(0);
    dialog.error = None;
    match (key.code, dialog.row) {
        (Code::Esc, _) => return dialogs::cancelled(model),
        (Code::Enter, _) => return ask(model, dialog),
        (Code::Up | Code::BackTab, _) => dialog.row = rows[(here + rows.len() - 1) % rows.len()],
        (Code::Down | Code::Tab, _) => dialog.row = rows[(here + 1) % rows.len()],
        (Code::Left, row) if row != Row::Name => turn(&mut dialog, row, count, -1),
        (Code::Right, row) if row != Row::Name => turn(&mut dialog, row, count, 1),
        (_, Row::Name) => {
            dialog.name.key(key);
        }
        (_, Row::Units) => match key.typed() {
            Some('+') => turn(&mut dialog, Row::Units, count, 1),
            Some('-') => turn(&mut dialog, Row::Units, count, -1),
            Some(c) if c.is_ascii_digit() && c != '0' => dialog.units = c.to_digit(10).map_or(1, |n| n as i32),
            _ => {}
        },
        _ => {}
    }
    model.dialog = Some(Dialog::Buy(dialog));
    Vec::new()
}

fn turn(dialog: &mut BuyDialog, row: Row, count: usize, by: isize) {
    let step = |here: usize, count: usize| (here as isize + by).rem_euclid(count.max(1) as isize) as usize;
    match row {
        Row::Model => dialog.model = step(dialog.model, count),
        Row::Units => dialog.units = (dialog.units + by as i32).clamp(1, MOST_UNITS),
        Row::Commitment => {
            let all: Vec<Commitment> = Commitment::iter().collect();
            let here = all.iter().position(|it| *it == dialog.commitment).unwrap_or(0);
            dialog.commitment = all[step(here, all.len())];
        }
        Row::Name => {}
    }
}

/// The question, once the dialog is right.
fn ask(model: &mut Model, mut dialog: BuyDialog) -> Vec<Effect> {
    let offers = access::offers(model);
    let Some((wanted, offer)) = dialog.wanted(&offers) else {
        model.dialog = Some(Dialog::Buy(dialog));
        return Vec::new();
    };
    let complaint = || purchase::complaint(&wanted, model.access.throughputs());
    if let Some(why) = offer.refusal.clone().or_else(complaint) {
        // Units can not be chosen wrong here: a complaint is about the name.
        dialog.row = if offer.refusal.is_some() { Row::Model } else { Row::Name };
        dialog.error = Some(why.into());
        model.dialog = Some(Dialog::Buy(dialog));
        return Vec::new();
    }
    let name = wanted.name.clone();
    let lines = purchase::meaning(&wanted, &offer, model.cost.prices.model(&offer.base));
    let mut confirm = Confirm::new(
        format!("Buy provisioned throughput {name}?"),
        lines,
        "Buy",
        vec![Change::BuyThroughput(wanted)],
    );
    confirm.must_type(name);
    dialogs::open(model, Dialog::Confirm(confirm))
}

/// Bedrock has taken the purchase: it is followed until it serves.
pub(super) fn on_bought(model: &mut Model, wanted: &Purchase, arn: SafeText) -> Vec<Effect> {
    model.access.bought = Some(arn);
    let text = format!(
        "{} is bought; Bedrock provides it within about a quarter of an hour, and it is billed from then on",
        wanted.name
    );
    say(model, Severity::Note, text);
    screen::ask(model, Wanted::Throughputs, Query::Throughputs)
}

/// The list was told: whether something has become of what was bought here.
pub(super) fn on_told(model: &mut Model) -> Vec<Effect> {
    let last = model.rows(Panel::Throughput).saturating_sub(1);
    if let Some(cursor) = model.cursors.get_mut(&Panel::Throughput) {
        *cursor = (*cursor).min(last);
    }
    let Some(arn) = model.access.bought.clone() else {
        return Vec::new();
    };
    let place = model.access.throughputs().iter().position(|it| it.arn == arn);
    let Some((i, it)) = place.map(|i| (i, model.access.throughputs()[i].clone())) else {
        return Vec::new();
    };
    if it.is_on_its_way() {
        return Vec::new();
    }
    model.access.bought = None;
    if !it.is_in_service() {
        return screen::ask(model, Wanted::Throughput, Query::Throughput { arn });
    }
    model.cursors.insert(Panel::Throughput, i);
    let mut effects = vec![Effect::Bell];
    if model.panel() == Panel::Throughput && model.dialog.is_none() {
        effects.extend(screen::menu(model, Panel::Throughput));
    }
    say(model, Severity::Note, format!("{} is in service", it.name));
    effects
}

/// Why it failed.
pub(super) fn on_failed(model: &mut Model, answer: Result<Fact, Fault>) -> Vec<Effect> {
    match answer {
        Ok(Fact::Throughput(Some(it))) => {
            let why = if it.failure.is_empty() {
                "Bedrock gives no reason"
            } else {
                it.failure.as_str()
            };
            say(model, Severity::Bad, format!("{} is {}: {why}", it.name, it.status));
            vec![Effect::Bell]
        }
        Ok(_) => Vec::new(),
        Err(fault) => {
            super::complain(model, fault);
            Vec::new()
        }
    }
}

/// Opens the form with the throughput under the cursor in it.
pub(super) fn put_into_stack(model: &mut Model) -> Vec<Effect> {
    let Some(it) = selected(model).cloned() else {
        say(model, Severity::Note, "there is no provisioned throughput; buy some first");
        return Vec::new();
    };
    if let Some(why) = purchase::unfit(&it, &model.about.region) {
        say(model, Severity::Warning, why);
        return Vec::new();
    }
    form::start_with(model, &[("ProvisionedModelArn", it.arn)])
}

/// Asks for the typed name of the one under the cursor.
pub(super) fn delete(model: &mut Model) -> Vec<Effect> {
    if screen::refused(model) {
        return Vec::new();
    }
    let Some(it) = selected(model).cloned() else {
        let effects = screen::go_to(model, Panel::Throughput);
        say(
            model,
            Severity::Note,
            "choose the one to delete first: j and k, then : and delete-throughput",
        );
        return effects;
    };
    if let Some(why) = purchase::bound(&it, model.now.wall) {
        say(model, Severity::Warning, why);
        return Vec::new();
    }
    let mut lines = vec![
        format!("{} of {}, {}", it.units, it.model_name(), it.status),
        "Its billing ends; the capacity may not be there again when you want it back.".into(),
    ];
    if is_in_stack(model, &it.arn) {
        lines.push("The stack names it: image-provisioned fails from then on, until an update takes ProvisionedModelArn out.".into());
    }
    let mut confirm = Confirm::new(
        format!("Delete provisioned throughput {}?", it.name),
        lines,
        "Delete",
        vec![Change::DeleteThroughput { arn: it.arn }],
    );
    confirm.must_type(it.name);
    let mut effects = screen::go_to(model, Panel::Throughput);
    effects.extend(dialogs::open(model, Dialog::Confirm(confirm)));
    effects
}

/// It is deleted.
pub(super) fn on_deleted(model: &mut Model, arn: &SafeText) -> Vec<Effect> {
    let name = model
        .access
        .throughputs()
        .iter()
        .find(|it| it.arn == *arn)
        .map(|it| it.name.clone());
    say(model, Severity::Note, format!("{} is deleted", name.unwrap_or_else(|| arn.clone())));
    screen::ask(model, Wanted::Throughputs, Query::Throughputs)
}
