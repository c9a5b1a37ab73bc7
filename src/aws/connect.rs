//! From options to clients: region, endpoint, credentials, time limits and retries.

use std::{net::IpAddr, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig,
    environment::region::EnvironmentVariableRegionProvider,
    meta::region::{ProvideRegion, RegionProviderChain, future::ProvideRegion as ProvidedRegion},
    profile::ProfileFileRegionProvider,
    provider_config::ProviderConfig,
};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_sdk_sts::config::{
    StalledStreamProtectionConfig,
    retry::{RetryConfig, RetryPartition},
    timeout::TimeoutConfig,
};
use aws_types::{
    app_name::AppName,
    os_shim_internal::{Env, Fs},
    service_config::{LoadServiceConfig, ServiceConfigKey},
};

use super::{
    Aws, Reads, Writes,
    clock::Clock,
    gateway,
    login::{self, Login},
};
use crate::{
    cloud::About,
    config::DEFAULT_PROFILE,
    core::{
        fault::{Fault, FaultKind},
        nearest, region,
        text::SafeText,
    },
    probe::Probe,
};

/// Time limits. The defaults are for people; tests shorten them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// To connect.
    pub connect: Duration,
    /// To the first byte of an answer.
    pub read: Duration,
    /// One try with its answer.
    pub attempt: Duration,
    /// All tries.
    pub operation: Duration,
    /// All pages of one listing.
    pub listing: Duration,
    /// One image.
    pub image: Duration,
    /// One stage of the probe.
    pub stage: Duration,
    /// Wait before the second try of a read, about.
    pub backoff: Duration,
    /// To find credentials, once at the start: a helper may have to ask a server.
    pub credentials: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_millis(3_100),
            read: Duration::from_secs(5),
            attempt: Duration::from_secs(5),
            operation: Duration::from_secs(12),
            listing: Duration::from_mins(1),
            image: Duration::from_secs(130),
            stage: Duration::from_secs(10),
            backoff: Duration::from_secs(1),
            credentials: Duration::from_mins(1),
        }
    }
}

/// What the operator said about the way to AWS. No `Debug`: it may hold a key.
#[derive(Clone, Default)]
pub struct AwsOptions {
    /// `--profile`.
    pub profile: Option<String>,
    /// `--region`.
    pub region: Option<String>,
    /// `--endpoint-url`, given on the command line: consent.
    pub endpoint_url: Option<String>,
    /// Time limits.
    pub limits: Limits,
    /// Key id and secret key in place of the standard chain; then neither environment nor files are read.
    pub credentials: Option<(String, String)>,
}

/// Finds region, endpoint and credentials, and builds the clients. Nothing is asked of AWS itself.
///
/// Missing or expired credentials are no error here: each request says so until somebody has logged in,
/// so that a console can start first.
///
/// # Errors
/// `Guarded` when no file knows the profile, when no region is known, when it can be none, or when the endpoint is
/// not an address.
pub async fn connect(options: AwsOptions) -> Result<Aws, Fault> {
    if let (Some(name), None) = (&options.profile, &options.credentials) {
        check_profile(name).await?;
    }
    let login = Login::new(options.limits.operation);
    let clock = Clock::default();
    let config = match &options.credentials {
        Some(_) => explicit(&options, &clock),
        None => standard(&options, (&login, &clock)).await,
    };
    let Some(region) = config.region().map(ToString::to_string) else {
        return Err(usage("No region is known: name one with --region, AWS_REGION or the profile"));
    };
    let endpoint = endpoint(&config);
    if let Some(endpoint) = endpoint.as_deref().filter(|it| !is_address(it)) {
        return Err(usage(&format!("The endpoint {endpoint} is not an http or https address")));
    }
    // Elsewhere a region is but a word, which stands in a host name.
    let is_region = if endpoint.is_none() { region::check } else { region::check_label };
    is_region(&region).map_err(|why| usage(&why))?;
    let about = About {
        region: region.into(),
        profile: profile(&options),
        is_endpoint_inherited: endpoint.is_some() && options.endpoint_url.is_none(),
        endpoint: endpoint.map(SafeText::from),
        badge: None,
        speed: 1,
    };
    Ok(build(about, &config, (&options.limits, login, clock)))
}

/// Refuses a profile that no file has: its credentials would only be missing, without a word of why. Files that
/// can not be read say so where they are needed.
async fn check_profile(name: &str) -> Result<(), Fault> {
    let Ok(known) = profiles().await else { return Ok(()) };
    if known.iter().any(|it| it.as_str() == name) {
        return Ok(());
    }
    let name = SafeText::from(name);
    if known.is_empty() {
        return Err(usage(&format!(
            "There is no profile \"{name}\": neither ~/.aws/config nor ~/.aws/credentials has any; `aws configure sso` makes one"
        )));
    }
    let hint = nearest::hint(&name, known.iter().map(SafeText::as_str));
    Err(usage(&format!(
        "There is no profile \"{name}\" in ~/.aws/config or ~/.aws/credentials; {hint}"
    )))
}

fn usage(sentence: &str) -> Fault {
    Fault::new(FaultKind::Guarded, "connect", "", sentence)
}

fn profile(options: &AwsOptions) -> SafeText {
    let inherited = || std::env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty());
    match (&options.profile, &options.credentials) {
        (Some(name), _) => name.as_str().into(),
        (None, None) => inherited().map_or_else(|| DEFAULT_PROFILE.into(), SafeText::from),
        (None, Some(_)) => DEFAULT_PROFILE.into(),
    }
}

/// Only what the options say.
fn explicit(options: &AwsOptions, clock: &Clock) -> SdkConfig {
    let mut config = SdkConfig::builder()
        .behavior_version(behavior())
        .http_client(gateway::http_client(clock.clone()))
        .timeout_config(timeouts(&options.limits))
        .retry_config(retries(&options.limits))
        .region(options.region.clone().map(Region::new));
    config.set_app_name(app_name());
    config.set_endpoint_url(options.endpoint_url.clone());
    let fixed = |(key, secret): (String, String)| SharedCredentialsProvider::new(Credentials::new(key, secret, None, None, "options"));
    config.set_credentials_provider(options.credentials.clone().map(fixed));
    config.build()
}

/// The chain that every AWS tool follows.
async fn standard(options: &AwsOptions, (login, clock): (&Login, &Clock)) -> SdkConfig {
    let http = gateway::http_client(clock.clone());
    let region = region(options).await.map(Region::new);
    let mut loader = aws_config::defaults(behavior())
        .http_client(http.clone())
        .region(Fixed(region.clone()))
        .timeout_config(timeouts(&options.limits))
        .retry_config(retries(&options.limits))
        .identity_cache(login.clone());
    if let Some(name) = app_name() {
        loader = loader.app_name(name);
    }
    if let Some(url) = &options.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    let source = login::Source {
        config: Box::new(move |region| {
            ProviderConfig::default()
                .with_behavior_version(Some(behavior()))
                .with_http_client(http.clone())
                .with_region(region)
        }),
        region,
        profile: options.profile.clone(),
    };
    let held = login::Held::new(source, options.limits.credentials).await;
    let config = loader.credentials_provider(held).load().await;
    login.ask_through(&config);
    config
}

/// From the command line, the environment or the profile. A virtual machine is not asked where it is:
/// that takes seconds where there is none.
pub async fn region(options: &AwsOptions) -> Option<String> {
    if let Some(region) = &options.region {
        return Some(region.clone());
    }
    let mut profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &options.profile {
        profile = profile.profile_name(name);
    }
    let chain = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new());
    chain.or_else(profile.build()).region().await.map(|it| it.to_string())
}

/// A region that has been looked for already.
#[derive(Debug)]
struct Fixed(Option<Region>);

impl ProvideRegion for Fixed {
    fn region(&self) -> ProvidedRegion<'_> {
        ProvidedRegion::ready(self.0.clone())
    }
}

/// Names of the profiles in the AWS configuration and credentials files, sorted; nothing else of them is kept.
///
/// # Errors
/// `Refused` when a file can not be read, without its words: they may quote a key.
pub async fn profiles() -> Result<Vec<SafeText>, Fault> {
    let found = aws_config::profile::load(&Fs::real(), &Env::real(), &EnvConfigFiles::default(), None).await;
    let why = "the AWS configuration files can not be read";
    let found = found.map_err(|_| Fault::new(FaultKind::Refused, "~/.aws/config", "", why))?;
    let mut names: Vec<SafeText> = found.profiles().map(SafeText::from).collect();
    names.sort();
    Ok(names)
}

fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

fn app_name() -> Option<AppName> {
    AppName::new("bic-tui").ok()
}

fn timeouts(limits: &Limits) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(limits.connect)
        .read_timeout(limits.read)
        .operation_attempt_timeout(limits.attempt)
        .operation_timeout(limits.operation)
        .build()
}

fn retries(limits: &Limits) -> RetryConfig {
    RetryConfig::standard().with_initial_backoff(limits.backoff)
}

/// Services of which a profile or the environment may know an endpoint of their own.
const SERVICES: [&str; 16] = [
    "Secrets Manager",
    "CloudFormation",
    "ECS",
    "CloudWatch Logs",
    "Elastic Load Balancing v2",
    "STS",
    "Bedrock Runtime",
    "Bedrock",
    "Backup",
    "RDS",
    "IAM",
    "Service Quotas",
    "CloudWatch",
    "CloudControl",
    "ACM",
    "Route 53",
];

/// Where requests go when not to AWS itself: given, or inherited for all or any of the services.
fn endpoint(config: &SdkConfig) -> Option<String> {
    if config.get_origin("endpoint_url").is_client_config() {
        return config.endpoint_url().map(str::to_owned);
    }
    let own = |service| service_endpoint(config.service_config()?, service);
    // One that is not this machine is the one to know of.
    let all = SERVICES.into_iter().filter_map(own).chain(config.endpoint_url().map(str::to_owned));
    all.min_by_key(|endpoint| is_loopback(endpoint))
}

fn service_endpoint(config: &dyn LoadServiceConfig, service: &str) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    config.load_config(key)
}

fn is_address(endpoint: &str) -> bool {
    reqwest::Url::parse(endpoint).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Whether an endpoint is this machine.
pub(super) fn is_loopback(endpoint: &str) -> bool {
    let Some(host) = reqwest::Url::parse(endpoint).ok().and_then(|url| url.host_str().map(str::to_owned)) else {
        return false;
    };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// One config of one service, from the shared one.
macro_rules! client {
    ($sdk:ident, $config:expr, |$builder:ident| $more:expr) => {{
        let $builder = $sdk::config::Builder::from($config);
        $sdk::Client::from_conf($more.build())
    }};
}

fn build(about: About, config: &SdkConfig, (limits, login, clock): (&Limits, Login, Clock)) -> Aws {
    // Own retry tokens: what one console polls can not use up those of another in this process.
    let partition = || RetryPartition::custom("bic-tui").build();
    let once = RetryConfig::disabled();
    let slow = TimeoutConfig::builder()
        .connect_timeout(limits.connect)
        .read_timeout(limits.image)
        .operation_attempt_timeout(limits.image)
        .operation_timeout(limits.image)
        .build();
    let reads = Reads {
        cloudformation: client!(aws_sdk_cloudformation, config, |it| it.retry_partition(partition())),
        ecs: client!(aws_sdk_ecs, config, |it| it.retry_partition(partition())),
        logs: client!(aws_sdk_cloudwatchlogs, config, |it| it.retry_partition(partition())),
        elb: client!(aws_sdk_elasticloadbalancingv2, config, |it| it.retry_partition(partition())),
        secrets: client!(aws_sdk_secretsmanager, config, |it| it.retry_partition(partition())),
        // Whose the credentials are can always be asked.
        sts: client!(aws_sdk_sts, config, |it| it
            .retry_partition(partition())
            .identity_cache(login.of_anyone())),
        bedrock: client!(aws_sdk_bedrock, config, |it| it.retry_partition(partition())),
        backup: client!(aws_sdk_backup, config, |it| it.retry_partition(partition())),
        rds: client!(aws_sdk_rds, config, |it| it.retry_partition(partition())),
        control: client!(aws_sdk_cloudcontrol, config, |it| it.retry_partition(partition())),
        iam: client!(aws_sdk_iam, config, |it| it.retry_partition(partition())),
        quotas: client!(aws_sdk_servicequotas, config, |it| it.retry_partition(partition())),
        cloudwatch: client!(aws_sdk_cloudwatch, config, |it| it.retry_partition(partition())),
        acm: client!(aws_sdk_acm, config, |it| it.retry_partition(partition())),
        route53: client!(aws_sdk_route53, config, |it| it.retry_partition(partition())),
    };
    let writes = Writes {
        cloudformation: client!(aws_sdk_cloudformation, config, |it| it.retry_config(once.clone())),
        ecs: client!(aws_sdk_ecs, config, |it| it.retry_config(once.clone())),
        models: client!(aws_sdk_bedrock, config, |it| it.retry_config(once.clone())),
        acm: client!(aws_sdk_acm, config, |it| it.retry_config(once.clone())),
        route53: client!(aws_sdk_route53, config, |it| it.retry_config(once.clone())),
        // A model thinks for a minute without a byte: that is no stalled stream.
        bedrock: client!(aws_sdk_bedrockruntime, config, |it| it
            .retry_config(once.clone())
            .timeout_config(slow)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())),
        backup: client!(aws_sdk_backup, config, |it| it.retry_config(once.clone())),
        rds: client!(aws_sdk_rds, config, |it| it.retry_config(once.clone())),
        control: client!(aws_sdk_cloudcontrol, config, |it| it.retry_config(once.clone())),
        logs: client!(aws_sdk_cloudwatchlogs, config, |it| it.retry_config(once.clone())),
        secrets: client!(aws_sdk_secretsmanager, config, |it| it.retry_config(once.clone())),
    };
    Aws {
        about,
        login,
        clock,
        reads,
        writes,
        once: client!(aws_sdk_cloudwatchlogs, config, |it| it.retry_config(once)),
        probe: Probe::new(limits.stage, limits.image),
        operation: limits.operation,
        listing: limits.listing,
        pause: limits.backoff * 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_told_from_other_hosts() {
        for (endpoint, want) in [
            ("http://127.0.0.1:4566", true),
            ("http://127.9.9.9", true),
            ("http://localhost:4566/", true),
            ("http://[::1]:4566", true),
            ("https://localhost.example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://user:pass@10.0.0.1", false),
            ("http://10.0.0.1/127.0.0.1", false),
            ("nonsense", false),
        ] {
            assert_eq!(is_loopback(endpoint), want, "{endpoint}");
        }
    }
}
