use super::*;
use crate::core::{
    fault::{Fault, FaultKind},
    prices::Prices,
    template::TEMPLATE,
};

/// 2026-11-25.
const NOW: Millis = 1_795_564_800_000;
const DAY: Millis = 86_400_000;
const CORE: &str = "stability.stable-image-core-v1:1";
const SONNET: &str = "us.anthropic.claude-sonnet-4-6";

fn place(role: usize, region: &str) -> Place<'_> {
    Place {
        role: ROLES[role],
        region,
        now: NOW,
    }
}

fn granted() -> ModelAccess {
    ModelAccess {
        agreement: "AVAILABLE".into(),
        authorization: "AUTHORIZED".into(),
        entitlement: "AVAILABLE".into(),
        region: "AVAILABLE".into(),
        ..ModelAccess::default()
    }
}

fn state(id: &str, status: &str) -> ModelState {
    ModelState {
        id: id.into(),
        name: SafeText::default(),
        model: id.trim_start_matches("us.").into(),
        regions: Vec::new(),
        outputs: Vec::new(),
        status: status.into(),
        legacy_since: None,
        end_of_life: None,
        access: Ok(granted()),
    }
}

/// Outcome, and a part of evidence and next step.
fn assert_says(verdict: &Verdict, life: Life, outcome: Outcome, parts: &[&str]) {
    let said = format!("{} → {}", verdict.evidence, verdict.next);
    assert_eq!((verdict.life, verdict.outcome), (life, outcome), "{said}");
    for part in parts {
        assert!(said.contains(part), "{said} lacks {part}");
    }
}

#[test]
fn the_shipped_catalogue_is_whole_and_every_model_has_its_price() {
    let catalogue = Catalogue::parse(SHIPPED).unwrap();
    let prices = Prices::shipped();
    let mut seen = std::collections::BTreeSet::new();
    let is_day = |day: &str| day.parse::<jiff::civil::Date>().is_ok();
    for m in &catalogue.models {
        let id = &m.id;
        assert!(seen.insert(id.clone()), "{id} twice");
        assert!(
            ["stability", "nova", "titan", "converse"].contains(&m.shape.as_str()),
            "{id}: {}",
            m.shape
        );
        assert!(["active", "ended"].contains(&m.state.as_str()), "{id}: {}", m.state);
        assert!(is_day(&m.date) && !m.source.is_empty() && !m.regions.is_empty(), "{id}");
        assert!(m.legacy.iter().chain(&m.end_of_life).all(|day| is_day(day)), "{id}");
        assert_eq!(m.state == "ended", m.replace.is_some(), "{id} that has ended names another");
        assert!(
            m.replace
                .as_ref()
                .is_none_or(|to| catalogue.find(to).is_some_and(|n| n.kind == m.kind)),
            "{id}"
        );
        let price = prices.model(id).unwrap_or_else(|| panic!("{id} has no price"));
        assert_eq!(*price.kind, *m.kind.to_string(), "{id}");
    }
}

#[test]
fn the_template_names_its_models_by_these_aliases() {
    for role in ROLES {
        assert!(TEMPLATE.contains(&format!("model_name: {}", role.alias)), "{}", role.alias);
        assert!(TEMPLATE.contains(&format!("${{{}}}", role.parameter)), "{}", role.parameter);
    }
}

#[test]
fn what_bedrock_says_decides() {
    let catalogue = Catalogue::shipped();
    let judge = |at: Place<'_>, state: ModelState| catalogue.judge(at, &state.id.clone(), Some(Ok(&Some(state))));
    let west = place(0, "us-west-2");
    assert_says(
        &judge(west, state(CORE, "ACTIVE")),
        Life::Active,
        Outcome::Ok,
        &["is ACTIVE, access granted"],
    );
    let legacy = ModelState {
        legacy_since: Some(NOW - 30 * DAY),
        end_of_life: Some(NOW + 30 * DAY),
        ..state("stability.old-v1:0", "LEGACY")
    };
    let said = judge(west, legacy.clone());
    assert_says(
        &said,
        Life::Legacy,
        Outcome::Warning,
        &["LEGACY since 2026-10-26, ends on 2026-12-25", CORE],
    );
    let ended = ModelState {
        end_of_life: Some(NOW),
        ..legacy
    };
    assert_says(&judge(west, ended), Life::Ended, Outcome::Blocker, &["ended on 2026-11-25", CORE]);
    let elsewhere = ModelState {
        access: Ok(ModelAccess {
            region: "NOT_AVAILABLE".into(),
            ..granted()
        }),
        ..state(CORE, "ACTIVE")
    };
    let said = judge(place(0, "eu-west-1"), elsewhere);
    let parts = ["not available in eu-west-1", "deploy in us-west-2 with ImageModelId="];
    assert_says(&said, Life::NotHere, Outcome::Blocker, &parts);
}

#[test]
fn access_that_is_not_granted_says_what_to_do() {
    let catalogue = Catalogue::shipped();
    let not = |part: &str| {
        let mut access = granted();
        match part {
            "agreement" => access.agreement = "NOT_AVAILABLE".into(),
            "pending" => access.agreement = "PENDING".into(),
            "error" => (access.agreement, access.agreement_error) = ("ERROR".into(), "the offer is gone".into()),
            "authorization" => access.authorization = "NOT_AUTHORIZED".into(),
            _ => access.entitlement = "NOT_AVAILABLE".into(),
        }
        Ok(access)
    };
    let denied = Fault::new(FaultKind::Denied, "bedrock:GetFoundationModelAvailability", "", "");
    for (role, id, answer, access, part) in [
        (0, CORE, not("agreement"), Access::NotGranted, "aws-marketplace:Subscribe"),
        (0, CORE, not("entitlement"), Access::NotGranted, "image --direct --model stability."),
        (1, SONNET, not("agreement"), Access::NotGranted, "use-case form"),
        (1, SONNET, not("pending"), Access::Pending, "15 minutes"),
        (0, CORE, not("error"), Access::NotGranted, "the offer is gone"),
        (0, CORE, not("authorization"), Access::NotGranted, "service control policy"),
        (
            0,
            CORE,
            Err(denied),
            Access::Unknown,
            "permission bedrock:GetFoundationModelAvailability",
        ),
    ] {
        let state = ModelState {
            access: answer,
            ..state(id, "ACTIVE")
        };
        let verdict = catalogue.judge(place(role, "us-west-2"), id, Some(Ok(&Some(state))));
        assert_eq!(verdict.access, access, "{verdict:?}");
        assert_says(&verdict, Life::Active, Outcome::Warning, &[part]);
    }
    let own = ModelState {
        access: Ok(ModelAccess {
            agreement: SafeText::default(),
            ..granted()
        }),
        ..state("amazon.some-image-v9:0", "ACTIVE")
    };
    let verdict = catalogue.judge(place(0, "us-west-2"), "amazon.some-image-v9:0", Some(Ok(&Some(own))));
    assert_says(&verdict, Life::Active, Outcome::Ok, &["access granted"]);
}

#[test]
fn a_model_that_bedrock_does_not_list_stands_in_the_way() {
    let catalogue = Catalogue::shipped();
    let gone = |region, id| catalogue.judge(place(0, region), id, Some(Ok(&None)));
    let nova = gone("us-east-1", "amazon.nova-canvas-v1:0");
    assert_says(
        &nova,
        Life::Ended,
        Outcome::Blocker,
        &["ended on 2026-09-30", "deploy in us-west-2"],
    );
    let core = gone("us-east-1", CORE);
    assert_says(
        &core,
        Life::NotHere,
        Outcome::Blocker,
        &["does not list", "deploy in us-west-2 with ImageModelId=stability.stable-image-core"],
    );
    let chat = catalogue.judge(place(1, "us-east-1"), "anthropic.claude-3-5-sonnet-20241022-v2:0", Some(Ok(&None)));
    assert_says(
        &chat,
        Life::Ended,
        Outcome::Blocker,
        &[
            "2026-05-06",
            "Take ChatModelId=us.anthropic.claude-sonnet-4-6, if `bic-tui models` shows it active.",
        ],
    );
}

#[test]
fn without_bedrock_the_catalogue_answers_and_says_so() {
    let catalogue = Catalogue::shipped();
    let denied = Fault::new(FaultKind::Denied, "bedrock:GetFoundationModel", "", "");
    let judge = |region, id| catalogue.judge(place(0, region), id, Some(Err(&denied)));
    let says = "says the catalogue of 2026-09-01; Bedrock could not be asked: bedrock:GetFoundationModel is not allowed";
    assert_says(&judge("us-west-2", CORE), Life::Active, Outcome::Warning, &["was active", says]);
    assert_says(
        &judge("eu-west-1", CORE),
        Life::NotHere,
        Outcome::Warning,
        &["was not seen in eu-west-1", says],
    );
    let nova = judge("us-east-1", "amazon.nova-canvas-v1:0");
    assert_says(&nova, Life::Ended, Outcome::Blocker, &["ended on 2026-09-30", says]);
    assert_says(
        &judge("us-west-2", "x.y-v1:0"),
        Life::Unknown,
        Outcome::Warning,
        &["not in the catalogue"],
    );
    assert_eq!(catalogue.judge(place(0, "us-west-2"), CORE, None).outcome, Outcome::Unknown);
}

#[test]
fn a_model_of_the_other_kind_stands_in_the_way() {
    let catalogue = Catalogue::shipped();
    let denied = Fault::new(FaultKind::Denied, "bedrock:GetFoundationModel", "", "");
    let judge = |role, id: &str, outputs: &[&str]| {
        let outputs = outputs.iter().map(|it| (*it).into()).collect();
        let told = Some(ModelState {
            outputs,
            ..state(id, "ACTIVE")
        });
        catalogue.judge(place(role, "us-west-2"), id, Some(Ok(&told)))
    };
    let take_core = format!("Take ImageModelId={CORE}, if `bic-tui models` shows it active.");
    for (verdict, parts) in [
        (
            judge(0, "x.y-v1:0", &["TEXT"]),
            ["no image model: Bedrock names TEXT", take_core.as_str()],
        ),
        (
            judge(0, SONNET, &[]),
            ["no image model: it is a chat model, says the catalogue of", &take_core],
        ),
        (
            judge(1, CORE, &["IMAGE", "EMBEDDING"]),
            ["no chat model: Bedrock names IMAGE, EMBEDDING", "Take ChatModelId=us."],
        ),
        (
            catalogue.judge(place(0, "us-west-2"), SONNET, Some(Err(&denied))),
            ["it is a chat model, says the catalogue of", &take_core],
        ),
    ] {
        assert_says(&verdict, Life::Active, Outcome::Blocker, &parts);
        assert_eq!(verdict.access, Access::Unknown);
    }
    // Bedrock stands above the catalogue.
    assert_eq!(judge(0, SONNET, &["TEXT", "IMAGE"]).outcome, Outcome::Ok);
    let nowhere = catalogue.judge(place(0, "eu-west-1"), SONNET, Some(Err(&denied)));
    assert!(
        nowhere.next.contains(&format!("deploy in us-west-2 with ImageModelId={CORE}")),
        "{nowhere:?}"
    );
}
