//! The dated catalogue of `assets/models.toml`, and the judgement on a model: from what Bedrock says where it
//! can be asked, else from the catalogue, which then says so with its date.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::{
    fact::{Millis, ModelAccess, ModelState},
    model::Model,
    preflight::{self, Known, Outcome},
    prices::ModelPrice,
    text::SafeText,
};

/// The shipped catalogue.
const SHIPPED: &str = include_str!("../../assets/models.toml");

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// Makes images.
    Image,
    /// Answers in text.
    Chat,
}

impl Kind {
    /// Bedrock's word for what such a model puts out.
    pub const fn output(self) -> &'static str {
        match self {
            Self::Image => "IMAGE",
            Self::Chat => "TEXT",
        }
    }
}

/// One model of the template: its alias, which users see, and the parameter that names its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// What it is for.
    pub kind: Kind,
    /// Name of its check, and of it in lists.
    pub name: &'static str,
    /// Alias in LiteLLM's configuration.
    pub alias: &'static str,
    /// Template parameter.
    pub parameter: &'static str,
}

/// The models that the template puts behind LiteLLM.
pub const ROLES: [Role; 2] = [
    Role {
        kind: Kind::Image,
        name: "image model",
        alias: "nova-canvas",
        parameter: "ImageModelId",
    },
    Role {
        kind: Kind::Chat,
        name: "chat model",
        alias: "claude-sonnet",
        parameter: "ChatModelId",
    },
];

/// One model of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Model or inference profile id.
    pub id: SafeText,
    /// Its name for people.
    pub name: SafeText,
    /// What it is for.
    pub kind: Kind,
    /// Shape of the request body: `stability`, `nova`, `titan` or `converse`.
    pub shape: SafeText,
    /// Regions in which it was found.
    pub regions: Vec<SafeText>,
    /// `active` or `ended` on the day of `date`.
    pub state: SafeText,
    /// Day from which it is legacy, `2026-03-30`.
    pub legacy: Option<SafeText>,
    /// Day on which calls end.
    pub end_of_life: Option<SafeText>,
    /// What to take in its place.
    pub replace: Option<SafeText>,
    /// Where this is from.
    pub source: SafeText,
    /// Day of the facts.
    pub date: SafeText,
    /// Two sources agree, or it was tried.
    pub verified: bool,
    /// What else to know; may be empty.
    pub note: SafeText,
}

impl Entry {
    /// It had ended on that day, `2026-11-25`.
    pub fn has_ended(&self, today: &str) -> bool {
        self.state == "ended" || self.end_of_life.as_deref().is_some_and(|day| day <= today)
    }

    /// The day on which calls ended, where they have.
    pub fn ended(&self) -> Option<&SafeText> {
        self.end_of_life.as_ref().filter(|_| self.state == "ended")
    }

    /// It was found in that region.
    pub fn is_in(&self, region: &str) -> bool {
        self.regions.iter().any(|r| *r == *region)
    }
}

/// The models that the console knows of.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Catalogue {
    /// In the order of the file: the default of each kind first.
    #[serde(rename = "model")]
    pub models: Vec<Entry>,
}

impl Catalogue {
    /// Reads a catalogue.
    ///
    /// # Errors
    /// The reader's own sentence, with the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|e| e.to_string())
    }

    /// The shipped one. A test reads it, so it parses.
    pub fn shipped() -> &'static Self {
        static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::parse(SHIPPED).unwrap_or_default());
        &CATALOGUE
    }

    /// The model of that id.
    pub fn find(&self, id: &str) -> Option<&Entry> {
        self.models.iter().find(|m| *m.id == *id)
    }

    /// What to take in place of a model that cannot be used: in this region if there is one, else where there is.
    fn instead(&self, place: &Place<'_>, id: &str) -> String {
        let is_fit = |m: &&Entry| m.kind == place.role.kind && !m.has_ended(&place.today()) && *m.id != *id;
        let fit = || self.models.iter().filter(is_fit);
        let parameter = place.role.parameter;
        if let Some(here) = fit().find(|m| m.is_in(place.region)) {
            // The catalogue's word, not Bedrock's: in this account it may be refused as well.
            return format!("Take {parameter}={}, if `bic-tui models` shows it active.", here.id);
        }
        let usable = self.find(id).filter(|m| m.kind == place.role.kind && !m.has_ended(&place.today()));
        match usable.or_else(|| fit().next()) {
            Some(there) => {
                let regions: Vec<&str> = there.regions.iter().map(SafeText::as_str).collect();
                let (kind, regions) = (place.role.kind, regions.join(", "));
                format!(
                    "No {kind} model is known in {}: deploy in {regions} with {parameter}={}.",
                    place.region, there.id
                )
            }
            None => format!("Name a model that Bedrock offers with {parameter}."),
        }
    }
}

/// One model of the stack, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct StackModel {
    /// Which of them.
    pub role: Role,
    /// Its id.
    pub id: SafeText,
    /// What is to be said of it.
    pub verdict: Verdict,
    /// What it costs.
    pub price: Option<ModelPrice>,
}

/// The models that the stack names, or the template's defaults where there is none.
pub fn of_stack(model: &Model) -> Vec<StackModel> {
    let values = model.parameters();
    let judged = |role: Role| {
        let id = SafeText::new(values.get(role.parameter).filter(|id| !id.is_empty())?);
        let place = Place {
            role,
            region: &model.about.region,
            now: model.now.wall,
        };
        let answer = model.feeds.models.get(&id).and_then(preflight::known);
        let mut verdict = Catalogue::shipped().judge(place, &id, answer);
        verdict.next = model.reach().placed(&verdict.next);
        Some(StackModel {
            role,
            verdict,
            price: model.cost.prices.model(&id).cloned(),
            id,
        })
    };
    ROLES.into_iter().filter_map(judged).collect()
}

/// Where and when a model is judged, and for what.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Which model of the template.
    pub role: Role,
    /// Region of the session.
    pub region: &'a str,
    /// The cloud's time.
    pub now: Millis,
}

impl Place<'_> {
    fn today(&self) -> String {
        day(self.now)
    }
}

/// The state of a model in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Life {
    /// It can be called.
    Active,
    /// It can be called by those who have used it lately, until its end.
    Legacy,
    /// Calls are refused for ever.
    Ended,
    /// Bedrock does not list it in this region.
    NotHere,
    /// Nothing is known.
    Unknown,
}

/// Whether the account may call a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Access {
    /// It may.
    Granted,
    /// Bedrock works on it.
    Pending,
    /// Something has to be done first.
    NotGranted,
    /// It could not be asked.
    Unknown,
}

impl Verdict {
    /// The verdict for a stack that has the model already: an update that keeps it makes nothing worse.
    pub fn kept(self) -> Self {
        if self.outcome != Outcome::Blocker {
            return self;
        }
        Self {
            outcome: Outcome::Warning,
            evidence: format!(
                "{}; the stack has it already, so an update that keeps it is not stopped",
                self.evidence
            ),
            ..self
        }
    }
}

/// What is to be said of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Its state.
    pub life: Life,
    /// The account's access.
    pub access: Access,
    /// How the check of it comes out.
    pub outcome: Outcome,
    /// What was seen, and who says so.
    pub evidence: String,
    /// What to do; empty when nothing.
    pub next: String,
    /// Bedrock itself said so; else the catalogue.
    pub is_asked: bool,
}

impl Catalogue {
    /// The judgement on one model.
    pub fn judge(&self, place: Place<'_>, id: &str, answer: Known<'_, Option<ModelState>>) -> Verdict {
        let verdict = self.of_answer(&place, id, answer);
        match self.other_kind(&place, id, answer) {
            Some(why) if !matches!(verdict.outcome, Outcome::Blocker | Outcome::Unknown) => Verdict {
                access: Access::Unknown,
                outcome: Outcome::Blocker,
                evidence: format!("{id} is no {} model: {why}", place.role.kind),
                next: self.instead(&place, id),
                ..verdict
            },
            _ => verdict,
        }
    }

    /// What shows that a model is of another kind than its role: its outputs where Bedrock names them, else the catalogue.
    fn other_kind(&self, place: &Place<'_>, id: &str, answer: Known<'_, Option<ModelState>>) -> Option<String> {
        let wanted = place.role.kind;
        let state = answer.and_then(Result::ok).and_then(Option::as_ref);
        if let Some(outputs) = state.map(|s| &s.outputs).filter(|outputs| !outputs.is_empty()) {
            let named: Vec<&str> = outputs.iter().map(SafeText::as_str).collect();
            return (!named.contains(&wanted.output())).then(|| format!("Bedrock names {} as its output", named.join(", ")));
        }
        let entry = self.find(id).filter(|m| m.kind != wanted)?;
        Some(format!("it is a {} model, says the catalogue of {}", entry.kind, entry.date))
    }

    fn of_answer(&self, place: &Place<'_>, id: &str, answer: Known<'_, Option<ModelState>>) -> Verdict {
        match answer {
            None => Verdict {
                life: Life::Unknown,
                access: Access::Unknown,
                outcome: Outcome::Unknown,
                evidence: format!("{id}: asking Bedrock"),
                next: String::new(),
                is_asked: false,
            },
            Some(Ok(Some(state))) => self.of_state(place, state),
            Some(Ok(None)) => self.not_listed(place, id),
            Some(Err(fault)) => {
                let verdict = self.of_entry(place, id);
                Verdict {
                    evidence: format!("{}; Bedrock could not be asked: {}", verdict.evidence, fault.sentence()),
                    next: if verdict.next.is_empty() { fault.advice() } else { verdict.next },
                    ..verdict
                }
            }
        }
    }

    fn of_state(&self, place: &Place<'_>, state: &ModelState) -> Verdict {
        let id = state.id.as_str();
        let (access, advice) = access(state);
        let asked = |life, outcome, evidence: String, next: String| Verdict {
            life,
            // To what can not be called there is no access.
            access: if outcome == Outcome::Blocker { Access::Unknown } else { access },
            outcome,
            evidence,
            next,
            is_asked: true,
        };
        if let Some(end) = state.end_of_life.filter(|end| *end <= place.now) {
            let evidence = format!("{id} ended on {}", day(end));
            return asked(Life::Ended, Outcome::Blocker, evidence, self.instead(place, id));
        }
        if state.access.as_ref().is_ok_and(|a| a.region == "NOT_AVAILABLE") {
            let evidence = format!("{id} is not available in {}", place.region);
            return asked(Life::NotHere, Outcome::Blocker, evidence, self.instead(place, id));
        }
        if state.status == "ACTIVE" {
            let outcome = if access == Access::Granted { Outcome::Ok } else { Outcome::Warning };
            return asked(Life::Active, outcome, format!("{id} is ACTIVE, {}", said(state)), advice);
        }
        let since = state.legacy_since.map_or_else(String::new, |at| format!(" since {}", day(at)));
        let end = state.end_of_life.map_or_else(String::new, |at| format!(", ends on {}", day(at)));
        let evidence = format!("{id} is {}{since}{end}, {}", state.status, said(state));
        let next = if access == Access::Granted {
            self.instead(place, id)
        } else {
            advice
        };
        let life = if state.status == "LEGACY" { Life::Legacy } else { Life::Unknown };
        asked(life, Outcome::Warning, evidence, next)
    }

    fn not_listed(&self, place: &Place<'_>, id: &str) -> Verdict {
        let known = self.find(id).filter(|m| m.has_ended(&place.today()));
        let (life, evidence) = match known {
            Some(entry) => (
                Life::Ended,
                format!("{id} ended{}: Bedrock lists it no more", on(entry.end_of_life.as_ref())),
            ),
            None => (Life::NotHere, format!("Bedrock does not list {id} in {}", place.region)),
        };
        Verdict {
            life,
            access: Access::Unknown,
            outcome: Outcome::Blocker,
            evidence,
            next: self.instead(place, id),
            is_asked: true,
        }
    }

    /// What the catalogue alone says. Only an end that has passed is sure: regions gain models.
    pub fn of_entry(&self, place: &Place<'_>, id: &str) -> Verdict {
        let (life, outcome, evidence, next) = match self.find(id) {
            None => {
                let evidence = format!("{id} is not in the catalogue");
                (Life::Unknown, Outcome::Warning, evidence, String::new())
            }
            Some(m) if m.has_ended(&place.today()) => {
                let evidence = format!("{id} ended{}, says the catalogue of {}", on(m.end_of_life.as_ref()), m.date);
                (Life::Ended, Outcome::Blocker, evidence, self.instead(place, id))
            }
            Some(m) if !m.is_in(place.region) => {
                let evidence = format!("{id} was not seen in {}, says the catalogue of {}", place.region, m.date);
                (Life::NotHere, Outcome::Warning, evidence, self.instead(place, id))
            }
            Some(m) => {
                let is_legacy = m.legacy.as_deref().is_some_and(|day| day <= place.today().as_str());
                let (life, word) = if is_legacy {
                    (Life::Legacy, "legacy")
                } else {
                    (Life::Active, "active")
                };
                let evidence = format!("{id} was {word}, says the catalogue of {}", m.date);
                (life, Outcome::Warning, evidence, String::new())
            }
        };
        Verdict {
            life,
            access: Access::Unknown,
            outcome,
            evidence,
            next,
            is_asked: false,
        }
    }
}

fn on(day: Option<&SafeText>) -> String {
    day.map_or_else(String::new, |day| format!(" on {day}"))
}

/// Day of a moment in UTC, `2026-11-25`.
fn day(at: Millis) -> String {
    super::when::iso(at).chars().take(10).collect()
}

/// The account's access in words.
fn said(state: &ModelState) -> String {
    match &state.access {
        Err(fault) => format!("access not known: {}", fault.sentence()),
        Ok(it) if is_granted(it) => "access granted".into(),
        Ok(it) if it.agreement == "PENDING" => "access pending".into(),
        Ok(it) if it.authorization == "NOT_AUTHORIZED" => "the account is not authorized".into(),
        Ok(it) if !it.agreement_error.is_empty() => format!("access not granted: {}", it.agreement_error),
        Ok(_) => "access not granted".into(),
    }
}

fn is_granted(it: &ModelAccess) -> bool {
    // Amazon's own models need no agreement, and then none is told.
    let agrees = it.agreement.is_empty() || it.agreement == "AVAILABLE";
    agrees && it.authorization != "NOT_AUTHORIZED" && it.entitlement != "NOT_AVAILABLE"
}

/// Whether the account may call a model, and what to do when not.
fn access(state: &ModelState) -> (Access, String) {
    let id = &state.id;
    match &state.access {
        Err(fault) => (Access::Unknown, fault.advice()),
        Ok(it) if is_granted(it) => (Access::Granted, String::new()),
        Ok(it) if it.agreement == "PENDING" => (Access::Pending, "Wait: a subscription takes up to 15 minutes.".into()),
        Ok(it) if it.authorization == "NOT_AUTHORIZED" => (
            Access::NotGranted,
            "Ask who runs the organisation: a service control policy, or the account's standing, forbids the model.".into(),
        ),
        Ok(_) if state.model.contains("anthropic.") => (
            Access::NotGranted,
            "Send Anthropic's use-case form once (Bedrock console, Model catalog), then call the model once with a role \
             that may aws-marketplace:Subscribe and ViewSubscriptions."
                .into(),
        ),
        Ok(_) if state.model.starts_with("amazon.") => (
            Access::NotGranted,
            "Ask AWS support: Amazon's own models need no subscription.".into(),
        ),
        Ok(_) => (
            Access::NotGranted,
            format!(
                "Call it once with a role that may aws-marketplace:Subscribe and ViewSubscriptions (`bic-tui image --direct \
                 --model {id}`); the subscription takes up to 15 minutes."
            ),
        ),
    }
}

#[cfg(test)]
mod tests;
