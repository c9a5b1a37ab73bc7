//! Bedrock's control plane: what is asked of a model and of a profile, and what each answer means.

use bic_tui::core::fact::{ModelAccess, ModelState};

use super::*;

const CORE: &str = "stability.stable-image-core-v1:1";
const SONNET: &str = "us.anthropic.claude-sonnet-4-6";

fn rest(body: &Value) -> Reply {
    Reply::new(200, "application/json", body.to_string())
}

pub(super) fn foundation(status: &str) -> Reply {
    rest(&json!({ "modelDetails": {
        "modelArn": format!("arn:aws:bedrock:us-west-2::foundation-model/{CORE}"), "modelId": CORE, "modelName": "Stable Image Core\u{202e}",
        "outputModalities": ["IMAGE"],
        "modelLifecycle": { "status": status, "legacyTime": "2026-06-01T00:00:00Z", "endOfLifeTime": "2026-12-01T00:00:00Z" },
    }}))
}

pub(super) fn access(agreement: &str) -> Reply {
    rest(&json!({
        "modelId": CORE, "agreementAvailability": { "status": agreement, "errorMessage": "not yet" },
        "authorizationStatus": "AUTHORIZED", "entitlementAvailability": "AVAILABLE", "regionAvailability": "AVAILABLE",
    }))
}

pub(super) fn profile() -> Reply {
    let model = |region: &str| json!({ "modelArn": format!("arn:aws:bedrock:{region}::foundation-model/anthropic.claude-sonnet-4-6") });
    rest(&json!({
        "inferenceProfileName": "US Claude Sonnet 4.6", "inferenceProfileId": SONNET, "status": "ACTIVE", "type": "SYSTEM_DEFINED",
        "inferenceProfileArn": format!("arn:aws:bedrock:us-west-2:123456789012:inference-profile/{SONNET}"),
        "models": [model("us-east-1"), model("us-west-2")],
    }))
}

/// A row of the table of reads.
pub(super) fn read(operation: &'static str, id: &str, good: Reply) -> Read {
    Read {
        operation,
        wire: Wire::Rest,
        ask: Ask::Query(Query::Model { id: id.into() }),
        good,
        odd: vec![
            rest(&json!({})),
            rest(&json!({ "modelDetails": null, "models": null })),
            rest(&json!({ "modelDetails": {}, "models": [{}] })),
        ],
    }
}

/// Asks of a model with these answers: model, access, profile.
async fn ask(id: &str, replies: [Reply; 3]) -> (Result<Option<ModelState>, Fault>, Server) {
    let server = Server::start().await;
    let [model, access, profile] = replies;
    server.on("GetFoundationModel", [model]);
    server.on("GetFoundationModelAvailability", [access]);
    server.on("GetInferenceProfile", [profile]);
    let told = cloud(&server).await.ask(Query::Model { id: id.into() }).await;
    let state = told.map(|fact| match fact {
        Fact::Model(state) => state,
        other => panic!("{other:?}"),
    });
    (state, server)
}

#[tokio::test]
async fn a_model_is_told_with_its_life_and_the_access_to_it() {
    let (state, server) = ask(CORE, [foundation("LEGACY"), access("PENDING"), profile()]).await;
    let state = state.expect("an answer").expect("a model");
    assert_eq!(
        (state.id.as_str(), state.model.as_str(), state.status.as_str()),
        (CORE, CORE, "LEGACY")
    );
    assert_eq!(state.name, "Stable Image Core<U+202E>");
    assert_eq!(
        (state.legacy_since, state.end_of_life),
        (Some(1_780_272_000_000), Some(1_796_083_200_000))
    );
    assert_eq!(state.outputs, ["IMAGE"]);
    let access = ModelAccess {
        agreement: "PENDING".into(),
        agreement_error: "not yet".into(),
        authorization: "AUTHORIZED".into(),
        entitlement: "AVAILABLE".into(),
        region: "AVAILABLE".into(),
    };
    assert_eq!(state.access, Ok(access));
    let paths: Vec<String> = server
        .requests()
        .into_iter()
        .map(|it| format!("{} {}", it.method, it.path))
        .collect();
    for path in ["/foundation-models/", "/foundation-model-availability/"] {
        assert!(
            paths.contains(&format!("GET {path}stability.stable-image-core-v1%3A1")),
            "{paths:?}"
        );
    }
    assert_eq!(paths.len(), 2);
}

#[tokio::test]
async fn a_profile_is_told_with_the_model_behind_it() {
    let (state, server) = ask(SONNET, [foundation("ACTIVE"), access("AVAILABLE"), profile()]).await;
    let state = state.expect("an answer").expect("a profile");
    assert_eq!((state.id.as_str(), state.model.as_str()), (SONNET, "anthropic.claude-sonnet-4-6"));
    assert_eq!((state.name.as_str(), state.status.as_str()), ("US Claude Sonnet 4.6", "ACTIVE"));
    assert_eq!(state.regions, ["us-east-1", "us-west-2"]);
    assert_eq!(state.outputs, ["IMAGE"], "those of the model behind it");
    assert_eq!(
        server.asked("GetFoundationModel")[0].path,
        "/foundation-models/anthropic.claude-sonnet-4-6"
    );
    // The model behind it is not listed in this region: the profile's own status counts.
    let gone = || bodies::error(Wire::Rest, 404, "ResourceNotFoundException", "no such model");
    let (state, _) = ask(SONNET, [gone(), access("AVAILABLE"), profile()]).await;
    assert_eq!(state.expect("an answer").expect("a profile").status, "ACTIVE");
    let (state, _) = ask(SONNET, [foundation("ACTIVE"), access("AVAILABLE"), gone()]).await;
    assert_eq!(state, Ok(None));
}

#[tokio::test]
async fn a_model_that_bedrock_does_not_know_is_no_fault() {
    for (status, code, message) in [
        (404, "ResourceNotFoundException", "Could not resolve the foundation model"),
        (400, "ValidationException", "The provided model identifier is invalid."),
    ] {
        let gone = bodies::error(Wire::Rest, status, code, message);
        let (state, _) = ask(CORE, [gone.clone(), gone, profile()]).await;
        assert_eq!(state, Ok(None), "{code}");
    }
    let malformed = bodies::error(Wire::Rest, 400, "ValidationException", "1 validation error detected");
    let (state, _) = ask(CORE, [malformed, access("AVAILABLE"), profile()]).await;
    assert_eq!(state.expect_err("a refusal").kind, FaultKind::Refused);
}

#[tokio::test]
async fn access_that_can_not_be_asked_leaves_the_life_of_the_model() {
    let error = |status, code| bodies::error(Wire::Rest, status, code, "no");
    for (reply, kind, tries) in [
        (error(403, "AccessDeniedException"), FaultKind::Denied, 1),
        (error(429, "ThrottlingException"), FaultKind::Throttled, 3),
        (error(404, "ResourceNotFoundException"), FaultKind::NotFound, 1),
        (bodies::html("portal"), FaultKind::OddAnswer, 1),
        (rest(&json!({})), FaultKind::OddAnswer, 1),
    ] {
        let (state, server) = ask(CORE, [foundation("ACTIVE"), reply, profile()]).await;
        let state = state.expect("an answer").expect("a model");
        let fault = state.access.expect_err("a fault");
        assert_eq!((state.status.as_str(), fault.kind), ("ACTIVE", kind), "{fault:?}");
        assert_eq!(fault.operation, "bedrock:GetFoundationModelAvailability");
        assert_eq!(server.asked("GetFoundationModelAvailability").len(), tries, "{kind}");
    }
}
