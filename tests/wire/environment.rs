//! The way in: options, and what the environment and the profile add to them.

use std::process::Stdio;

use super::*;

#[tokio::test]
async fn without_a_region_nothing_is_built() {
    let server = Server::start().await;
    let options = AwsOptions {
        region: None,
        ..options(&server)
    };
    let fault = connect(options).await.expect_err("no region");
    assert_eq!((fault.kind, fault.exit_status()), (FaultKind::Guarded, 2));
    assert!(fault.sentence().contains("--region"), "{}", fault.sentence());
}

#[tokio::test]
async fn an_endpoint_that_is_no_address_is_refused() {
    let server = Server::start().await;
    for url in ["nonsense", "ftp://127.0.0.1", "127.0.0.1:4566"] {
        let options = AwsOptions {
            endpoint_url: Some(url.into()),
            ..options(&server)
        };
        let fault = connect(options).await.expect_err(url);
        assert_eq!(fault.exit_status(), 2, "{url}");
    }
}

#[tokio::test]
async fn a_given_endpoint_is_known_and_not_inherited() {
    let server = Server::start().await;
    let about = cloud(&server).await.about();
    assert_eq!(about.endpoint.as_deref(), Some(server.url.as_str()));
    assert_eq!(
        (about.is_endpoint_inherited, about.region.as_str(), about.profile.as_str()),
        (false, "us-west-2", "default")
    );
}

/// Runs only as a child of the tests below, in the environment that they make.
#[tokio::test]
#[ignore = "needs the environment that the tests below make"]
async fn child() {
    let Ok(profile) = std::env::var("WIRE_PROFILE") else { return };
    let options = AwsOptions {
        profile: (!profile.is_empty()).then_some(profile),
        endpoint_url: std::env::var("WIRE_ENDPOINT").ok(),
        ..AwsOptions::default()
    };
    let told = match connect(options).await {
        Err(fault) => json!({ "fault": fault }),
        Ok(cloud) if std::env::var_os("WIRE_MOVES").is_some() => logs_in_elsewhere(&cloud).await,
        Ok(cloud) => {
            let about = cloud.about();
            json!({
                "region": about.region, "profile": about.profile, "endpoint": about.endpoint, "inherited": about.is_endpoint_inherited,
                "identity": cloud.ask(Query::Identity).await.err(),
                "secret": cloud.reveal(secret(None)).await.err(),
            })
        }
    };
    println!("TOLD {told}");
}

/// Keys of a profile, in the form of the file that holds them.
fn keys_of(id: &str, account: Option<&str>) -> String {
    let account = account.map_or_else(String::new, |account| format!("aws_account_id = {account}\n"));
    format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = x\n{account}")
}

/// What is answered while somebody logs in to another account, and back.
async fn logs_in_elsewhere(cloud: &impl Cloud) -> Value {
    let file = std::env::var("AWS_SHARED_CREDENTIALS_FILE").expect("a file");
    let account = std::env::var("WIRE_ACCOUNT").ok();
    let write = |id| std::fs::write(&file, keys_of(id, account.as_deref())).expect("written");
    let stack = || async {
        let answer = cloud.ask(Query::Stack { stack: "chat".into() }).await;
        answer.err().map(|fault| (fault.kind, fault.sentence()))
    };
    let Ok(Fact::Identity(identity)) = cloud.ask(Query::Identity).await else {
        panic!("an identity")
    };
    // Credentials that tell their account are kept to it by themselves.
    if account.is_none() {
        cloud.keep_to(&identity.account);
    }
    write("AKIDTWO");
    let (expired, other) = (stack().await, stack().await);
    let delete = Change::DeleteStack { stack: "chat".into() };
    let written = cloud.change(delete, Token("t".into())).await.err().map(|fault| fault.kind);
    let who = cloud.ask(Query::Identity).await.ok();
    write("AKIDTHREE");
    // The last answer was good: what was found for it is what is used until it is refused.
    let (still, back) = (stack().await, stack().await);
    json!({
        "expired": expired, "other": other, "written": written, "still": still.map(|it| it.0), "back": back,
        "who": format!("{who:?}").contains("account: \"2\""),
    })
}

/// A home folder of its own, and a server.
struct Home {
    folder: tempfile::TempDir,
    server: Server,
}

impl Home {
    async fn new(config: &str) -> Self {
        let server = Server::start().await;
        let who = "<Account>1</Account><Arn>arn:x</Arn>";
        server.on("GetCallerIdentity", [bodies::query("GetCallerIdentity", who)]);
        server.on("GetSecretValue", [bodies::json(json!({ "SecretString": "s" }))]);
        let folder = tempfile::tempdir().expect("a folder");
        let config = config.replace("URL", &server.url);
        std::fs::write(folder.path().join("config"), config).expect("a file");
        Self { folder, server }
    }

    /// What a child process tells that finds this home and these variables, and nothing else.
    async fn told(&self, variables: &[(&str, &str)]) -> Value {
        let folder = self.folder.path();
        let output = tokio::process::Command::new(std::env::current_exe().expect("a program"))
            .args(["--exact", "environment::child", "--ignored", "--nocapture"])
            .env_clear()
            .envs([("AWS_EC2_METADATA_DISABLED", "true"), ("WIRE_PROFILE", "")])
            .envs(variables.iter().map(|(name, value)| (name, value.replace("URL", &self.server.url))))
            .env("HOME", folder)
            .env("AWS_CONFIG_FILE", folder.join("config"))
            .env("AWS_SHARED_CREDENTIALS_FILE", folder.join("credentials"))
            .stdin(Stdio::null())
            .output()
            .await
            .expect("a child");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = text
            .lines()
            .find_map(|line| line.split_once("TOLD "))
            .unwrap_or_else(|| panic!("{text}"))
            .1;
        serde_json::from_str(told).expect("JSON")
    }
}

const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT"), ("AWS_SECRET_ACCESS_KEY", "x")];

#[tokio::test]
async fn the_environment_gives_region_profile_and_endpoint() {
    let home = Home::new("[profile dana]\nregion = eu-west-1\n").await;
    let [id, key] = KEYS;
    let told = home
        .told(&[
            id,
            key,
            ("AWS_REGION", "us-west-2"),
            ("AWS_PROFILE", "dana"),
            ("AWS_ENDPOINT_URL", "URL"),
        ])
        .await;
    assert_eq!((&told["region"], &told["profile"]), (&json!("us-west-2"), &json!("dana")));
    assert_eq!((&told["endpoint"], &told["inherited"]), (&json!(home.server.url), &json!(true)));
    // It is this machine: a secret may be read.
    assert_eq!((&told["identity"], &told["secret"]), (&Value::Null, &Value::Null));
    let signed = home.server.asked("GetCallerIdentity")[0].header("authorization").to_owned();
    assert!(signed.contains("Credential=AKIDENVIRONMENT/"), "{signed}");
}

#[tokio::test]
async fn an_inherited_endpoint_that_is_not_this_machine_gets_no_secret() {
    let home = Home::new("[default]\nregion = eu-west-1\n").await;
    let [id, key] = KEYS;
    // An address that answers nobody: were it asked, the fault would be another.
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER"] {
        let told = home
            .told(&[id, key, ("AWS_ENDPOINT_URL_STS", "URL"), (name, "http://192.0.2.1:9")])
            .await;
        assert_eq!(
            (&told["endpoint"], &told["inherited"]),
            (&json!("http://192.0.2.1:9"), &json!(true)),
            "{name}"
        );
        assert_eq!(told["secret"]["kind"], "guarded", "{name}: {told}");
        assert_eq!(told["identity"], Value::Null, "{name}: {told}");
    }
    // Given on the command line it is consent.
    let told = home
        .told(&[id, key, ("AWS_ENDPOINT_URL", "http://192.0.2.1:9"), ("WIRE_ENDPOINT", "URL")])
        .await;
    assert_eq!((&told["endpoint"], &told["inherited"]), (&json!(home.server.url), &json!(false)));
    assert_eq!(told["secret"], Value::Null, "{told}");
}

#[tokio::test]
async fn a_profile_that_was_named_stands_above_keys_in_the_environment() {
    let profile = "[profile dana]\nregion = eu-west-1\nendpoint_url = URL\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = x\n";
    let home = Home::new(profile).await;
    let [id, key] = KEYS;
    let told = home.told(&[id, key, ("WIRE_PROFILE", "dana")]).await;
    assert_eq!((&told["region"], &told["profile"]), (&json!("eu-west-1"), &json!("dana")));
    assert_eq!((&told["endpoint"], &told["inherited"]), (&json!(home.server.url), &json!(true)));
    let signed = home.server.asked("GetCallerIdentity")[0].header("authorization").to_owned();
    assert!(signed.contains("Credential=AKIDPROFILE/"), "{signed}");
}

#[tokio::test]
async fn what_is_missing_is_said_by_each_request() {
    let home = Home::new("[profile other]\nregion = eu-west-1\n").await;
    let none = home.told(&[("AWS_REGION", "us-west-2"), ("AWS_ENDPOINT_URL", "URL")]).await;
    assert_eq!(none["identity"]["kind"], "no-credentials", "{none}");
    let unknown = home
        .told(&[("AWS_REGION", "us-west-2"), ("WIRE_PROFILE", "nobody"), ("AWS_ENDPOINT_URL", "URL")])
        .await;
    assert_eq!(unknown["fault"]["kind"], "guarded", "{unknown}");
    assert!(unknown.to_string().contains("nobody"), "{unknown}");
    let no_region = home.told(&[KEYS[0], KEYS[1]]).await;
    assert_eq!(no_region["fault"]["kind"], "guarded", "{no_region}");
    assert!(home.server.requests().is_empty());
}

#[tokio::test]
async fn a_helper_is_asked_once_at_the_start() {
    let home = Home::new(
        "[default]\nregion = us-west-2\nendpoint_url = URL\ncredential_process = sh -c 'echo . >> $HOME/asked; cat $HOME/keys'\n",
    )
    .await;
    let keys = json!({ "Version": 1, "AccessKeyId": "AKIDHELPER", "SecretAccessKey": CANARY });
    std::fs::write(home.folder.path().join("keys"), keys.to_string()).expect("a file");
    let told = home.told(&[("PATH", "/usr/bin:/bin")]).await;
    assert_eq!(told["identity"], Value::Null, "{told}");
    let asked = std::fs::read_to_string(home.folder.path().join("asked")).expect("it was asked");
    assert_eq!(asked, ".\n");
    // A helper that fails, and says what it should not.
    std::fs::write(home.folder.path().join("keys"), CANARY).expect("a file");
    let told = home.told(&[("PATH", "/usr/bin:/bin")]).await;
    assert_eq!(told["identity"]["kind"], "no-credentials", "{told}");
    assert!(!told.to_string().contains(CANARY), "{told}");
}

fn is_with(request: &Request, id: &str) -> bool {
    request.header("authorization").contains(&format!("Credential={id}/"))
}

/// The account in which the session began, and another one: of the keys of that STS says this.
async fn accounts(says: impl Fn() -> Reply + Send + 'static) -> Home {
    let home = Home::new("[default]\nregion = us-west-2\nendpoint_url = URL\n").await;
    home.server.answer("GetCallerIdentity", move |request| {
        if is_with(request, "AKIDTWO") { says() } else { identity("1") }
    });
    home.server.answer("DescribeStacks", move |request| {
        let (code, message) = if is_with(request, "AKIDONE") {
            ("ExpiredToken", "expired")
        } else {
            ("ValidationError", "Stack with id chat does not exist")
        };
        bodies::error(bodies::Wire::Query, 400, code, message)
    });
    home
}

fn identity(account: &str) -> Reply {
    bodies::query("GetCallerIdentity", &format!("<Account>{account}</Account><Arn>arn:x</Arn>"))
}

#[tokio::test]
async fn of_whom_sts_does_not_say_who_it_is_nothing_is_asked_and_what_sts_needs_is_said() {
    for (code, message, kind, want) in [
        (
            "AccessDenied",
            "",
            "denied",
            "sts:GetCallerIdentity is not allowed: whose the new credentials are is not known",
        ),
        (
            "InvalidClientTokenId",
            "The token is invalid.",
            "wrong-credentials",
            "AWS does not accept these credentials: whose the new credentials are is not known: The token is invalid",
        ),
    ] {
        let home = accounts(move || bodies::error(bodies::Wire::Query, 403, code, message)).await;
        std::fs::write(home.folder.path().join("credentials"), keys_of("AKIDONE", None)).expect("a file");
        let told = home.told(&[("WIRE_MOVES", "1")]).await;
        assert_eq!(told["other"], json!([kind, want]));
    }
}

#[tokio::test]
async fn a_session_keeps_to_its_account_whoever_logs_in() {
    let home = accounts(|| identity("2")).await;
    for account in [None, Some("1")] {
        std::fs::write(home.folder.path().join("credentials"), keys_of("AKIDONE", account)).expect("a file");
        let variables = [Some(("WIRE_MOVES", "1")), account.map(|id| ("WIRE_ACCOUNT", id))];
        let variables: Vec<_> = variables.into_iter().flatten().collect();
        keeps_to_its_account(&home.told(&variables).await);
    }
    let requests = home.server.requests();
    let strangers = requests.iter().filter(|it| is_with(it, "AKIDTWO"));
    assert!(
        strangers.clone().count() > 0 && strangers.clone().all(|it| it.operation == "GetCallerIdentity"),
        "{requests:?}"
    );
}

fn keeps_to_its_account(told: &Value) {
    assert_eq!(told["expired"][0], "expired", "{told}");
    assert_eq!(
        told["other"],
        json!(["other-account", "the credentials are of account 2 now, and this was begun in 1"])
    );
    assert_eq!((&told["written"], &told["who"]), (&json!("other-account"), &json!(true)), "{told}");
    assert_eq!((&told["still"], &told["back"]), (&json!("other-account"), &Value::Null), "{told}");
}
