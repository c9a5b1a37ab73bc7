//! The application: the probe and the test image through it.

use bic_tui::{
    cloud::ProbeRequest,
    core::{
        cause::{Reader, of_image},
        fact::{Picture, ProbeStage, StageReport},
    },
};

use FaultKind::{AwsFailed, Denied, NotFound, OddAnswer, Refused, Throttled, TimedOut};

use super::{writes::png, *};

const KEY: &str = "sk-canary-7f3a";

/// AWS with the two secrets, and an application on a server of its own.
struct Stack {
    aws: Server,
    app: Server,
}

impl Stack {
    async fn new() -> Self {
        let (aws, app) = (Server::start().await, Server::start().await);
        let fields = json!({ "api_key": KEY, "email": "admin@example.com", "password": "pass-canary-7f3a" });
        aws.on("GetSecretValue", [bodies::json(json!({ "SecretString": fields.to_string() }))]);
        Self { aws, app }
    }

    async fn stage(&self, stage: ProbeStage, cloud: Aws) -> StageReport {
        let request = ProbeRequest {
            stage,
            app_url: self.app.url.as_str().into(),
            api_key: secret(Some("api_key")),
        };
        match cloud.ask(Query::Probe(request)).await {
            Ok(Fact::Stage(report)) => report,
            other => panic!("{other:?}"),
        }
    }

    async fn draw(&self, route: ImageRoute) -> Result<Picture, Fault> {
        let change = Change::TestImage {
            route,
            model: "nova-canvas".into(),
            prompt: "a lighthouse".into(),
        };
        match cloud(&self.aws).await.change(change, token()).await {
            Ok(Done::Picture(picture)) => Ok(picture),
            Ok(other) => panic!("{other:?}"),
            Err(fault) => Err(fault),
        }
    }

    async fn litellm(&self) -> Result<Picture, Fault> {
        self.draw(ImageRoute::Litellm {
            app_url: self.app.url.as_str().into(),
            api_key: secret(Some("api_key")),
        })
        .await
    }

    async fn openwebui(&self) -> Result<Picture, Fault> {
        self.draw(ImageRoute::OpenWebui {
            app_url: format!("{}/", self.app.url).into(),
            admin: secret(None),
        })
        .await
    }
}

fn app(status: u16, body: Value) -> Reply {
    Reply::new(status, "application/json", body.to_string())
}

fn page(status: u16) -> Reply {
    Reply::new(status, "text/html", "<html>canary-7f3a</html>")
}

#[tokio::test]
async fn stages_are_judged_one_by_one() {
    use ProbeStage::{Litellm, LoadBalancer, OpenWebui};
    let models = json!({ "data": [{ "id": "nova-canvas" }, { "id": "claude-sonnet" }] });
    let healthy = json!({ "status": true });
    let refused = json!({ "error": { "message": "No connected db.", "type": "no_db_connection" } });
    for (stage, path, reply, is_well, evidence) in [
        (LoadBalancer, "/", page(200), Some(true), "200 OK in"),
        (LoadBalancer, "/", page(503), Some(true), "503 Service Unavailable in"),
        (
            LoadBalancer,
            "/",
            page(200).how(How::Reset),
            Some(false),
            "the connection broke off",
        ),
        (LoadBalancer, "/", page(200).how(How::Silent), Some(false), "no answer within"),
        (OpenWebui, "/health", app(200, healthy.clone()), Some(true), "200 OK in"),
        (OpenWebui, "/health", page(200), Some(false), "not from Open WebUI"),
        (OpenWebui, "/health", page(503), Some(false), "503 Service Unavailable in"),
        (
            OpenWebui,
            "/health",
            page(301).header("location", "https://x.example/"),
            Some(false),
            "301 Moved Permanently to https://x.example/",
        ),
        (Litellm, "/v1/models", app(200, models.clone()), Some(true), "200 OK, 2 models"),
        (Litellm, "/v1/models", page(200), None, "not exposed"),
        (Litellm, "/v1/models", page(405), None, "not exposed"),
        (
            Litellm,
            "/v1/models",
            app(400, refused.clone()),
            Some(false),
            "the key is not accepted",
        ),
        (Litellm, "/v1/models", page(502), Some(false), "502 Bad Gateway"),
    ] {
        let stack = Stack::new().await;
        let operation = format!("GET {path}");
        let is_silent = reply.how == How::Silent;
        stack.app.on(&operation, [reply]);
        let cloud = if is_silent {
            hasty(&stack.aws).await
        } else {
            cloud(&stack.aws).await
        };
        let report = stack.stage(stage, cloud).await;
        assert_eq!(report.is_well, is_well, "{stage} {evidence}: {report:?}");
        assert!(report.evidence.contains(evidence), "{stage}: {}", report.evidence);
        assert!(!report.evidence.contains(CANARY), "{}", report.evidence);
        // How long nobody answered is said once.
        assert!(!is_silent || !report.evidence.contains(" in "), "{}", report.evidence);
        let [request] = stack.app.asked(&operation).try_into().expect("one request");
        let key = if stage == Litellm { format!("Bearer {KEY}") } else { String::new() };
        assert_eq!(request.header("authorization"), key);
    }
}

#[tokio::test]
async fn a_name_resolves_or_not() {
    let stack = Stack::new().await;
    let report = stack.stage(ProbeStage::Dns, cloud(&stack.aws).await).await;
    assert_eq!((report.is_well, report.evidence.as_str()), (Some(true), "127.0.0.1"));
    assert!(stack.app.requests().is_empty());
}

#[tokio::test]
async fn litellm_draws_what_was_asked() {
    let stack = Stack::new().await;
    let reply = |shade| app(200, json!({ "created": 1, "data": [{ "b64_json": png(shade) }] }));
    stack.app.on("POST /v1/images/generations", [reply(1), reply(2)]);
    let (first, second) = (stack.litellm().await.expect("a picture"), stack.litellm().await.expect("a picture"));
    assert_ne!(first.bytes, second.bytes);
    let request = &stack.app.requests()[0];
    assert_eq!(
        request.json(),
        json!({ "model": "nova-canvas", "prompt": "a lighthouse", "n": 1, "size": "1024x1024", "response_format": "b64_json" })
    );
    assert_eq!(request.header("authorization"), format!("Bearer {KEY}"));
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn what_litellm_wraps_is_unwrapped() {
    let wrapped = |class: &str, text: &str| {
        let message = format!(
            "litellm.{class}: BedrockException - {{\"message\": \"{text}\"}}\n\nLiteLLM: model group 'nova-canvas' failed with the error above."
        );
        json!({ "error": { "message": message, "type": null, "param": null, "code": "400" } })
    };
    let own = |kind: &str, text: &str| json!({ "error": { "message": text, "type": kind, "code": "400" } });
    let eol = "This model version has reached the end of its life.";
    let denied = "User: arn:aws:sts::1:assumed-role/t is not authorized to perform: bedrock:InvokeModel";
    let invalid = "Invalid model name passed in model=nova-canvas.";
    for (reply, kind, code, want) in [
        (
            app(403, wrapped("PermissionDeniedError", denied)),
            Denied,
            "AccessDeniedException",
            denied,
        ),
        (
            app(500, wrapped("APIConnectionError", denied)),
            Denied,
            "AccessDeniedException",
            denied,
        ),
        (
            app(403, wrapped("AuthenticationError", "bad token")),
            Refused,
            "UnrecognizedClientException",
            "bad token",
        ),
        (
            app(429, wrapped("RateLimitError", "Too many requests")),
            Throttled,
            "ThrottlingException",
            "Too many requests",
        ),
        (app(404, wrapped("NotFoundError", eol)), NotFound, "ResourceNotFoundException", eol),
        (
            app(400, wrapped("BadRequestError", "identifier is invalid")),
            Refused,
            "ValidationException",
            "identifier is invalid",
        ),
        (
            app(424, wrapped("BadRequestError", "model error")),
            AwsFailed,
            "ModelErrorException",
            "model error",
        ),
        (app(408, wrapped("Timeout", "slow")), TimedOut, "ModelTimeoutException", "slow"),
        (
            app(503, wrapped("ServiceUnavailableError", "later")),
            AwsFailed,
            "ServiceUnavailableException",
            "later",
        ),
        (
            app(400, own("no_db_connection", KEY)),
            Refused,
            "no_db_connection",
            "does not accept its API key",
        ),
        (
            app(401, own("auth_error", KEY)),
            Refused,
            "auth_error",
            "does not accept its API key",
        ),
        (
            app(429, own("all_deployments_in_cooldown", KEY)),
            Throttled,
            "all_deployments_in_cooldown",
            "rests",
        ),
        (app(400, own("None", invalid)), Refused, "ValidationException", invalid),
        (
            app(400, own("None", &format!("no {KEY} here"))),
            Refused,
            "ValidationException",
            "no *** here",
        ),
        (page(503), AwsFailed, "", "the load balancer answered 503"),
        (page(405), Refused, "", "not exposed"),
        (page(200), Refused, "", "not exposed"),
        (
            page(301).header("location", "https://x/"),
            Refused,
            "",
            "301 Moved Permanently to https://x/",
        ),
        (app(200, json!({ "data": [] })), OddAnswer, "", "no image"),
        (
            app(200, json!({ "data": [{ "b64_json": "R0lGODlhAQABAAAAACw=" }] })),
            OddAnswer,
            "",
            "signature",
        ),
    ] {
        let stack = Stack::new().await;
        let what = format!("{} {}", reply.status, String::from_utf8_lossy(&reply.body));
        stack.app.on("POST /v1/images/generations", [reply]);
        let fault = stack.litellm().await.expect_err(&what);
        assert_eq!(
            (fault.kind, fault.code.as_deref().unwrap_or_default()),
            (kind, code),
            "{what}: {fault:?}"
        );
        assert!(
            fault.sentence().contains(want.trim_end_matches('.')),
            "{what}: {}",
            fault.sentence()
        );
        assert!(!all_text(&fault).contains(CANARY), "{what}: {}", all_text(&fault));
        assert!(!fault.is_credentials(), "the operator's own credentials are well: {what}");
        assert_eq!(stack.app.requests().len(), 1, "a paid request is sent once: {what}");
    }
}

/// What the real LiteLLM answers to Bedrock's errors; `tests/assets/litellm_check.py` records and compares it.
const ANSWERS: &str = include_str!("../assets/litellm-answers.json");

/// What the console makes of each: kind, and words of the meaning and of the advice.
const MEANINGS: [(&str, FaultKind, &str, &str); 16] = [
    ("deny-role: AccessDeniedException", Denied, "may not invoke this model", "task role"),
    (
        "deny-account: AccessDeniedException",
        Denied,
        "no access to the model",
        "Ask for access",
    ),
    (
        "distrust: UnrecognizedClientException",
        Refused,
        "credentials of the task",
        "Look at the task role",
    ),
    ("throttle: ThrottlingException", Throttled, "quota for this model", "a larger quota"),
    ("hurry: ModelNotReadyException", Throttled, "still loads the model", "Wait a minute"),
    (
        "mistype: ValidationException",
        Refused,
        "does not know this model in this region",
        "Check ImageModelId",
    ),
    (
        "bypass: ValidationException",
        Refused,
        "not sold by the call",
        "Take its inference profile",
    ),
    ("offend: ValidationException", Refused, "refuses this prompt", "Try another prompt"),
    (
        "retire: ResourceNotFoundException",
        NotFound,
        "being retired",
        "Deploy with another ImageModelId",
    ),
    (
        "expire: ResourceNotFoundException",
        NotFound,
        "no longer offered",
        "Deploy with another ImageModelId",
    ),
    ("stall: ModelTimeoutException", TimedOut, "took too long", "AWS Health"),
    (
        "stumble: ModelErrorException",
        AwsFailed,
        "failed on this request",
        "another prompt",
    ),
    ("crash: InternalServerException", AwsFailed, "Bedrock itself failed", "AWS Health"),
    (
        "close: ServiceUnavailableException",
        AwsFailed,
        "Bedrock itself failed",
        "AWS Health",
    ),
    ("unknown model", Refused, "does not serve this model", "Update the stack"),
    ("wrong key", Refused, "not the one that the tasks have", "Force a new deployment"),
];

#[tokio::test]
async fn every_answer_of_the_real_litellm_has_its_advice() {
    let answers: Value = serde_json::from_str(ANSWERS).expect("JSON");
    assert_eq!(answers.as_object().map_or(0, serde_json::Map::len), MEANINGS.len());
    for (name, kind, plain, advice) in MEANINGS {
        let answer = &answers[name];
        let status = answer["status"].as_u64().and_then(|s| u16::try_from(s).ok()).expect(name);
        let stack = Stack::new().await;
        stack.app.on("POST /v1/images/generations", [app(status, answer["body"].clone())]);
        let fault = stack.litellm().await.expect_err(name);
        assert_eq!(fault.kind, kind, "{name}: {fault:?}");
        let meaning = of_image(&fault).unwrap_or_else(|| panic!("{name} is not known: {fault:?}"));
        assert!(
            meaning.plain.contains(plain) && meaning.advice(Reader::Script).contains(advice),
            "{name}: {meaning:?}"
        );
    }
}

#[tokio::test]
async fn open_webui_draws_as_for_a_user() {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(png(7)).expect("a PNG");
    let stack = Stack::new().await;
    stack.app.on(
        "POST /api/v1/auths/signin",
        [app(200, json!({ "token": "jwt-canary-7f3a", "role": "admin" }))],
    );
    let made = json!([{ "id": "1", "url": "/api/v1/files/1/content", "content_type": "image/png" }]);
    stack.app.on("POST /api/v1/images/generations", [app(200, made)]);
    stack
        .app
        .on("GET /api/v1/files/1/content", [Reply::new(200, "image/png", bytes.clone())]);
    let picture = stack.openwebui().await.expect("a picture");
    assert_eq!((&*picture.bytes, picture.width), (bytes.as_slice(), 3));
    let requests = stack.app.requests();
    assert_eq!(
        requests[0].json(),
        json!({ "email": "admin@example.com", "password": "pass-canary-7f3a" })
    );
    assert_eq!(requests[1].header("authorization"), "Bearer jwt-canary-7f3a");
    assert_eq!(requests[2].header("authorization"), "Bearer jwt-canary-7f3a");
    assert_eq!(stack.aws.requests().len(), 1, "the secret is read once");
}

#[tokio::test]
async fn open_webui_fails_without_telling_secrets() {
    let signed_in = || app(200, json!({ "token": "jwt-canary-7f3a" }));
    let said = |text: &str| app(400, json!({ "detail": text }));
    let elsewhere = json!([{ "url": "http://evil.example/canary-7f3a" }]);
    for (sign_in, generate, want) in [
        (
            said("The email or password provided is incorrect."),
            page(500),
            "does not accept the administrator",
        ),
        (page(503), page(500), "the load balancer answered 503"),
        (signed_in(), said("[ERROR: Forbidden]"), "Open WebUI says: [ERROR: Forbidden]"),
        (signed_in(), said("jwt-canary-7f3a pass-canary-7f3a"), "Open WebUI says: *** ***"),
        (signed_in(), app(200, elsewhere), "names no file"),
        (signed_in(), page(504), "the load balancer answered 504"),
    ] {
        let stack = Stack::new().await;
        stack.app.on("POST /api/v1/auths/signin", [sign_in]);
        stack.app.on("POST /api/v1/images/generations", [generate]);
        let fault = stack.openwebui().await.expect_err(want);
        assert!(fault.sentence().contains(want), "{}", fault.sentence());
        assert!(!all_text(&fault).contains(CANARY), "{}", all_text(&fault));
    }
}

/// What is traced, kept in memory.
#[derive(Clone, Default)]
struct Traced(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Traced {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a lock").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn nothing_secret_is_traced() {
    let traced = Traced::default();
    let writer = traced.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let stack = Stack::new().await;
    stack
        .app
        .on("POST /api/v1/auths/signin", [app(200, json!({ "token": "jwt-canary-7f3a" }))]);
    stack.app.on(
        "POST /api/v1/images/generations",
        [app(400, json!({ "detail": "jwt-canary-7f3a" }))],
    );
    stack
        .app
        .on("POST /v1/images/generations", [app(500, json!({ "error": { "message": KEY } }))]);
    let options = AwsOptions {
        credentials: Some(("AKIDEXAMPLE".into(), "aws-canary-7f3a".into())),
        ..options(&stack.aws)
    };
    let cloud = connect(options).await.expect("options are whole");
    let secret = cloud.reveal(secret(None)).await.expect("a secret");
    assert!(secret.expose_str().is_some_and(|text| text.contains(CANARY)));
    stack.aws.on("DescribeServices", [Reply::new(500, "text/html", CANARY)]);
    assert!(stack.litellm().await.is_err() && stack.openwebui().await.is_err());
    stack.aws.on(
        "GetSecretValue",
        [Reply::new(200, "application/x-amz-json-1.1", "{\"SecretString\":\"canary-7f3a")],
    );
    assert!(stack.litellm().await.is_err());
    let text = String::from_utf8_lossy(&traced.0.lock().expect("a lock")).into_owned();
    assert!(text.contains("reveal") && text.contains("TRACE"), "it is traced at all");
    let leak = text.lines().find(|line| line.contains(CANARY));
    assert_eq!(leak, None);
}
