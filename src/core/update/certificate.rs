//! A certificate: requested, proven, put into the stack.

use super::{access as screen, dialogs, dns, form, say};
use crate::{
    cloud::Change,
    core::{
        access as panel, address,
        dialog::{Confirm, Dialog, Prompt, Purpose},
        effect::Effect,
        health::Severity,
        model::Model,
        screen::{Panel, ScreenId, access},
        text::SafeText,
    },
};

/// Asks for the names, with the application's own where it is known.
pub(super) fn request(model: &mut Model) -> Vec<Effect> {
    if screen::refused(model) {
        return Vec::new();
    }
    let mut effects = screen::go_to(model, Panel::Address);
    let host = access::host(model).unwrap_or_default();
    effects.extend(dialogs::prompt(model, Purpose::Certificate, &host));
    effects
}

/// The names were typed: the question follows.
pub(super) fn take(model: &mut Model, mut prompt: Prompt) -> Vec<Effect> {
    let (domain, names) = match address::names(prompt.field.text()) {
        Ok((domain, _)) if address::is_balancer_name(&domain) => {
            prompt.error = Some("That is the load balancer's own name, which is AWS's: take a name of a domain of yours.".into());
            model.dialog = Some(Dialog::Prompt(prompt));
            return Vec::new();
        }
        Ok(names) => names,
        Err(why) => {
            prompt.error = Some(why.into());
            model.dialog = Some(Dialog::Prompt(prompt));
            return Vec::new();
        }
    };
    let known = model.access.certificates.get().into_iter().flatten();
    let same = known
        .filter(|it| it.domain == domain)
        .map(|it| format!("there is one already, {}: {}", it.status, it.arn));
    let mut lines: Vec<String> = same.take(2).collect();
    if !names.is_empty() {
        let all: Vec<&str> = names.iter().map(SafeText::as_str).collect();
        lines.push(format!("and for {}", all.join(", ")));
    }
    lines.push("Free of charge. ACM names a record of DNS that proves the name to be yours, and waits 72 hours for it.".into());
    lines.push(format!("It is for load balancers of {}.", model.about.region));
    let change = Change::RequestCertificate {
        domain: domain.clone(),
        names,
    };
    let confirm = Confirm::new(format!("Request a certificate for {domain}?"), lines, "Request", vec![change]);
    dialogs::open(model, Dialog::Confirm(confirm))
}

/// ACM has taken the request.
pub(super) fn on_requested(model: &mut Model, domain: &SafeText, arn: SafeText) -> Vec<Effect> {
    model.access.requested = Some(arn.clone());
    model.access.way = None;
    say(
        model,
        Severity::Note,
        format!("a certificate for {domain} is requested; ACM names its record in a moment"),
    );
    screen::ask(model, access::Wanted::Certificate, crate::cloud::Query::Certificate { arn })
}

/// The certificate was told: whether something has become of it.
pub(super) fn on_told(model: &mut Model, before: Option<(SafeText, SafeText)>) -> Vec<Effect> {
    let Some(it) = model.access.certificate().cloned() else {
        return Vec::new();
    };
    // ACM names the record some seconds after the request.
    if it.is_pending() && it.open_records().is_empty() {
        model.access.certificate.due = model.now.mono + 3_000;
    }
    let was_pending = before.is_some_and(|(arn, status)| arn == it.arn && status == "PENDING_VALIDATION");
    if !was_pending || it.is_pending() {
        return Vec::new();
    }
    if !it.is_issued() {
        let why = if it.failure.is_empty() {
            String::new()
        } else {
            format!(" ({})", it.failure)
        };
        let text = format!("the certificate for {} is {}{why}: request another", it.domain, it.status);
        say(model, Severity::Bad, text);
        return vec![Effect::Bell];
    }
    let mut effects = vec![Effect::Bell];
    if model.screen == ScreenId::Access && model.dialog.is_none() {
        effects.extend(screen::menu(model, Panel::Address));
    }
    say(model, Severity::Note, format!("the certificate for {} is issued", it.domain));
    effects
}

/// Why the certificate in sight can not be put into the stack.
pub(super) fn unusable(model: &Model) -> Option<String> {
    if let Some(it) = panel::other_chosen(model) {
        return (it.status != "ISSUED").then(|| format!("it is {}", it.status));
    }
    match model.access.certificate() {
        None => Some("no certificate is in sight".into()),
        Some(it) if access::certificate_of_stack(model).is_some_and(|arn| arn == it.arn) => Some("the stack has it".into()),
        Some(it) if !it.is_issued() => Some(format!("it is {}", it.status)),
        Some(_) => None,
    }
}

/// Why nothing can be proven.
pub(super) fn unprovable(model: &Model) -> Option<String> {
    match model.access.certificate() {
        None => Some("no certificate is in sight".into()),
        Some(it) if !it.is_pending() => Some(format!("it is {}", it.status)),
        Some(it) if it.open_records().is_empty() => Some("ACM has not named its record yet".into()),
        Some(_) => None,
    }
}

/// Opens the dialog of records with those that prove the certificate.
pub(super) fn prove(model: &mut Model) -> Vec<Effect> {
    if screen::refused(model) {
        return Vec::new();
    }
    if let Some(why) = unprovable(model) {
        say(model, Severity::Note, format!("nothing to prove: {why}"));
        return Vec::new();
    }
    let records = model
        .access
        .certificate()
        .map(|it| it.open_records().into_iter().cloned().collect());
    let mut effects = screen::go_to(model, Panel::Address);
    effects.extend(dns::open(model, access::Purpose::Prove(records.unwrap_or_default())));
    effects
}

/// Opens the form with the certificate in it, and its name where the stack has none.
pub(super) fn put_into_stack(model: &mut Model) -> Vec<Effect> {
    if let Some(why) = unusable(model) {
        say(model, Severity::Note, format!("nothing to put into the stack: {why}"));
        return Vec::new();
    }
    let other = panel::other_chosen(model).map(|it| (it.arn.clone(), it.domain.clone()));
    let in_sight = || model.access.certificate().map(|it| (it.arn.clone(), it.domain.clone()));
    let Some((arn, domain)) = other.or_else(in_sight) else {
        return Vec::new();
    };
    let mut values = vec![("ACMCertificateArn", arn)];
    let has_name = model.parameters().get("DomainName").is_some_and(|name| !name.is_empty());
    if !has_name && !domain.starts_with('*') {
        values.push(("DomainName", domain));
    }
    form::start_with(model, &values)
}
