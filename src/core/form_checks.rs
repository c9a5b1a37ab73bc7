//! What can be checked before a plan is asked for, without a further request: the template, the values,
//! and what the polls know of identity, stack and permission to write.

use super::{
    fault::Fault,
    model::Model,
    screen::deploy::Form,
    template::{Pseudo, TEMPLATE},
    text::SafeText,
};

/// Most bytes that CloudFormation takes as a template body.
const MAX_BODY: usize = 51_200;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Well.
    Ok,
    /// Not known yet.
    Unknown,
    /// It can go on, and should be read.
    Warning,
    /// The plan would be refused.
    Blocker,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it came out.
    pub verdict: Verdict,
    /// What was seen.
    pub evidence: SafeText,
    /// What to do; empty when there is nothing.
    pub next: SafeText,
}

fn check(name: &'static str, verdict: Verdict, evidence: impl Into<SafeText>, next: &str) -> Check {
    Check {
        name,
        verdict,
        evidence: evidence.into(),
        next: next.into(),
    }
}

/// All checks for the values of a form.
pub fn checks(model: &Model, form: &Form, pseudo: &Pseudo) -> Vec<Check> {
    vec![
        identity(model),
        writes(model),
        stack(model),
        template(TEMPLATE.len()),
        values(model, form, pseudo),
        exposure(form),
    ]
}

fn identity(model: &Model) -> Check {
    match (model.feeds.identity.get(), &model.feeds.identity.fault) {
        (_, Some(fault)) => fault_line("Identity", fault),
        (Some(who), None) => check("Identity", Verdict::Ok, format!("{} in {}", who.account, model.about.region), ""),
        (None, None) => check("Identity", Verdict::Unknown, "asking AWS…", ""),
    }
}

fn fault_line(name: &'static str, fault: &Fault) -> Check {
    let verdict = if fault.is_credentials() {
        Verdict::Blocker
    } else {
        Verdict::Warning
    };
    check(name, verdict, fault.sentence(), &fault.advice())
}

fn writes(model: &Model) -> Check {
    match model.guard.refusal(model.now) {
        Some(why) => check("Writes", Verdict::Blocker, why, ""),
        None => check("Writes", Verdict::Ok, "allowed, after the plan", ""),
    }
}

fn stack(model: &Model) -> Check {
    let name = &model.settings.stack;
    let status = |s: &super::fact::Stack| s.status.0.to_string();
    match (model.live_stack(), &model.feeds.stack.fault) {
        (Some(s), _) if s.status.can_update() => check("Stack", Verdict::Ok, format!("{name} is {} and can be updated", status(s)), ""),
        (Some(s), _) if s.status.is_dead() => check(
            "Stack",
            Verdict::Blocker,
            format!("{name} is {}", status(s)),
            "Delete it first: press R.",
        ),
        (Some(s), _) => check(
            "Stack",
            Verdict::Blocker,
            format!("{name} is {}", status(s)),
            "Wait until the operation ends.",
        ),
        (None, Some(fault)) => fault_line("Stack", fault),
        (None, None) if model.feeds.stack.get().is_some() => check("Stack", Verdict::Ok, format!("{name} is free"), ""),
        (None, None) => check("Stack", Verdict::Unknown, "asking AWS…", ""),
    }
}

fn template(bytes: usize) -> Check {
    let text = format!("{bytes} of {MAX_BODY} bytes");
    if bytes <= MAX_BODY {
        check("Template", Verdict::Ok, text, "")
    } else {
        check("Template", Verdict::Blocker, text, "It is too large to be sent whole.")
    }
}

fn values(model: &Model, form: &Form, pseudo: &Pseudo) -> Check {
    if let Some((row, why)) = form.first_error() {
        let label = &form.fields[row].def.label;
        return check("Values", Verdict::Blocker, why, &format!("Correct {label}."));
    }
    match model.template.broken_rules(&form.values(), pseudo).into_iter().next() {
        Some(rule) => check("Values", Verdict::Blocker, rule, ""),
        None => check("Values", Verdict::Ok, "all allowed", ""),
    }
}

/// Plain HTTP open to the whole internet is the template's default, and worth a word.
fn exposure(form: &Form) -> Check {
    let value = |name: &str| form.fields.iter().find(|f| f.def.name == name).map(|f| f.value.text.as_str());
    let is_plain = value("ACMCertificateArn") == Some("");
    let is_open = value("AllowedCIDR") == Some("0.0.0.0/0");
    match (is_plain, is_open) {
        (true, true) => check(
            "Exposure",
            Verdict::Warning,
            "plain HTTP, open to the whole internet",
            "Give a certificate, or narrow who may connect.",
        ),
        (true, false) => check(
            "Exposure",
            Verdict::Warning,
            "plain HTTP: passwords travel in clear",
            "Give a certificate.",
        ),
        (false, true) => check("Exposure", Verdict::Ok, "HTTPS, open to the whole internet", ""),
        (false, false) => check("Exposure", Verdict::Ok, "HTTPS, from a range only", ""),
    }
}
