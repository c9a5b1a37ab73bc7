//! The command line: flags common to all, and one variant for each subcommand that is served.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::{
    cloud::Commitment,
    core::{address::Kind, unstick::Way},
};

/// The operations console of Bedrock Image Chat.
///
/// Without a subcommand it opens the console; each subcommand does one thing and exits.
#[derive(Debug, Parser)]
#[command(name = "bic-tui", version, after_help = EXIT_STATUS, propagate_version = true)]
pub struct Cli {
    /// Flags that stand before or after the subcommand.
    #[command(flatten)]
    pub common: Common,
    /// What to do; the console when there is none.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXIT_STATUS: &str = "Exit status: 0 well; 1 the answer is \"not well\"; 2 usage or configuration; 3 credentials; \
                           4 AWS refused or could not be reached; 129 after SIGHUP; 130 after Ctrl-C; 143 after SIGTERM.";

/// Flags common to the console and every subcommand.
#[derive(Debug, Clone, Default, Args)]
pub struct Common {
    /// Configuration file in place of the one in the config folder.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// AWS profile.
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// AWS region.
    #[arg(long, global = true, value_name = "NAME")]
    pub region: Option<String>,
    /// Stack name.
    #[arg(long, global = true, value_name = "NAME")]
    pub stack: Option<String>,
    /// Send every AWS request here.
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Address of the application, in place of the stack's ALBEndpoint.
    #[arg(long, global = true, value_name = "URL")]
    pub app_url: Option<String>,
    /// Refuse every write.
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Allow writes with a production profile; must name that profile.
    #[arg(long, global = true, value_name = "PROFILE")]
    pub arm: Option<String>,
    /// A simulated account: no AWS, no network.
    #[arg(long, global = true, value_name = "SCENE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub demo: Option<String>,
    /// Record operations of a simulated account too; those of a real one are, unless the configuration says record = false.
    #[arg(long, global = true, requires = "demo")]
    pub record: bool,
    /// How much faster than the wall clock the simulated account, or the replay, runs.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub speed: Option<u32>,
    /// How to print; text without it.
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    pub output: Option<Format>,
    /// Answer yes to the confirmation.
    #[arg(long, short = 'y', global = true)]
    pub yes: bool,
    /// No colours.
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Log group, in place of /ecs/PROJECT.
    #[arg(long, global = true, value_name = "NAME")]
    pub log_group: Option<String>,
}

/// How a subcommand prints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One documented schema for each command.
    Json,
}

/// One subcommand.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Look before a deploy: identity, template, stack, parameters, models, images, secrets, quotas, permissions, cost
    Check(PlanArgs),
    /// Show what a deploy would change and cost, and leave nothing behind
    Plan(PlanArgs),
    /// Create or update the stack: plan, confirmation, progress
    Deploy(DeployArgs),
    /// Stack, services, targets and cost in one answer
    Status,
    /// Stack events, oldest first
    Events(EventsArgs),
    /// Tasks, running and stopped, and why they stopped
    Tasks(TasksArgs),
    /// Health of the load balancer's targets
    Targets,
    /// Stack outputs, or the value of one
    Outputs(OutputsArgs),
    /// Log lines of the application
    Logs(LogsArgs),
    /// Models of the stack and of the catalogue: state, access, price
    Models,
    /// What it costs now and in a month
    Cost(CostArgs),
    /// Set the number of tasks of a service
    Scale(ScaleArgs),
    /// Force a new deployment of a service
    Restart(RestartArgs),
    /// Stop one task
    StopTask(StopTaskArgs),
    /// Scale both services to nothing, and remember their counts
    Sleep,
    /// Bring back the counts from before sleep
    Wake,
    /// Look at a secret; prints its value only with --reveal
    Secret(SecretArgs),
    /// Make one test image and save it
    Image(ImageArgs),
    /// Delete the stack and all that is in it
    Destroy(DestroyArgs),
    /// What a stack left behind and what it costs; removes one thing of it
    Leftovers(LeftoversArgs),
    /// Ways out of an operation that is stuck or has failed; takes one of them
    Unstick(UnstickArgs),
    /// Play the recording of an operation, or list all; read-only, needs no AWS
    Replay(ReplayArgs),
    /// Address of the stack's CloudWatch dashboard
    Dashboard(DashboardArgs),
    /// The stack's certificate; request one, prove it by DNS
    Cert(CertArgs),
    /// Where the application's name leads; point it at the load balancer
    Dns(DnsArgs),
    /// Provisioned throughput of Bedrock: list, buy, delete
    Throughput(ThroughputArgs),
    /// Print an IAM policy with what this program needs; with --read-only only what it needs to look
    Policy(PolicyArgs),
    /// Print the default config.toml
    Config,
    /// Print the table of keys
    Keys,
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

/// What a plan is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct PlanArgs {
    /// A template parameter; may be given more than once.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub params: Vec<(String, String)>,
    /// Short for --param DeploymentSize=SIZE.
    #[arg(long, value_name = "SIZE")]
    pub size: Option<String>,
    /// Parameters in CloudFormation's own JSON, as written by the guide.
    #[arg(long, value_name = "FILE")]
    pub params_file: Option<PathBuf>,
    /// A stack tag, added to those that the stack has, or that the guide gives a new one; may be given more than once.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = pair)]
    pub tags: Vec<(String, String)>,
    /// Key of a stack tag to remove; may be given more than once.
    #[arg(long = "untag", value_name = "KEY")]
    pub untags: Vec<String>,
    /// Go on although this check is a blocker, such as image-model; may be given more than once.
    #[arg(long = "override", value_name = "CHECK")]
    pub overrides: Vec<String>,
}

/// Arguments of `deploy`.
#[derive(Debug, Clone, Default, Args)]
pub struct DeployArgs {
    /// What to deploy.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Follow the events until the stack is done (the default). Without parameters it joins an operation that runs already.
    #[arg(long, overrides_with = "no_watch")]
    pub watch: bool,
    /// Return as soon as CloudFormation has begun.
    #[arg(long)]
    pub no_watch: bool,
    /// The stack's name: needed, besides --yes, when the plan loses data.
    #[arg(long, value_name = "STACK")]
    pub confirm: Option<String>,
}

/// Arguments of `events`.
#[derive(Debug, Clone, Args)]
pub struct EventsArgs {
    /// Only failures.
    #[arg(long)]
    pub failed: bool,
    /// The newest N; 0 for all.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
}

/// Arguments of `tasks`.
#[derive(Debug, Clone, Args)]
pub struct TasksArgs {
    /// Only tasks of one service: openwebui, litellm or a service's full name.
    #[arg(long, value_name = "SERVICE")]
    pub service: Option<String>,
    /// Only tasks that have stopped.
    #[arg(long)]
    pub stopped: bool,
}

/// Arguments of `outputs`.
#[derive(Debug, Clone, Args)]
pub struct OutputsArgs {
    /// Print only the value of this one.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// Arguments of `logs`.
#[derive(Debug, Clone, Args)]
pub struct LogsArgs {
    /// Go on as new lines arrive.
    #[arg(long, short)]
    pub follow: bool,
    /// Go on with Live Tail: lines come every second, at a price a minute.
    #[arg(long, conflicts_with = "until")]
    pub live: bool,
    /// Ask Logs Insights, which looks through days in seconds; the price of the scan is said first.
    #[arg(long, conflicts_with_all = ["follow", "live"])]
    pub insights: bool,
    /// From when: 15m, 2h, 3d, 03:12 or 2026-11-22T03:12:00Z.
    #[arg(long, value_name = "WHEN", default_value = "15m", allow_hyphen_values = true)]
    pub since: String,
    /// Until when; until now without it.
    #[arg(long, value_name = "WHEN", conflicts_with = "follow", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// Only lines of one service: openwebui or litellm.
    #[arg(long, value_name = "SERVICE")]
    pub service: Option<String>,
    /// Only lines of one task, by the beginning of its id, or of the log streams whose name begins so.
    #[arg(long, value_name = "TASK")]
    pub stream: Option<String>,
    /// Only lines that match this regular expression.
    #[arg(long, value_name = "REGEX")]
    pub grep: Option<String>,
    /// Only lines that do not match --grep.
    #[arg(long, requires = "grep")]
    pub invert: bool,
    /// Only lines of this level and worse: debug, info, warning, error, critical.
    #[arg(long, value_name = "LEVEL")]
    pub level: Option<String>,
}

/// Arguments of `cost`.
#[derive(Debug, Clone, Args)]
pub struct CostArgs {
    /// What the month would be if one thing were different.
    #[arg(long)]
    pub what_if: bool,
    /// Images a month for the grand total.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub images: u32,
    /// For these parameters instead of the stack's.
    #[command(flatten)]
    pub plan: PlanArgs,
}

/// Arguments of `scale`.
#[derive(Debug, Clone, Args)]
pub struct ScaleArgs {
    /// openwebui, litellm or a service's full name.
    pub service: String,
    /// Number of tasks.
    #[arg(value_parser = clap::value_parser!(i32).range(0..=1000))]
    pub count: i32,
}

/// Arguments of `restart`.
#[derive(Debug, Clone, Args)]
pub struct RestartArgs {
    /// openwebui, litellm or a service's full name.
    pub service: String,
}

/// Arguments of `stop-task`.
#[derive(Debug, Clone, Args)]
pub struct StopTaskArgs {
    /// Task id or its beginning, or ARN.
    pub task: String,
}

/// Arguments of `secret`.
#[derive(Debug, Clone, Args)]
pub struct SecretArgs {
    /// litellm-api-key, openwebui-admin, or a secret's full name or ARN.
    pub name: String,
    /// Field of the secret's JSON.
    #[arg(long, value_name = "FIELD")]
    pub field: Option<String>,
    /// Print the value, and nothing else.
    #[arg(long)]
    pub reveal: bool,
}

/// Arguments of `image`.
#[derive(Debug, Clone, Args)]
pub struct ImageArgs {
    /// Straight to Bedrock with your own credentials, past the stack.
    #[arg(long)]
    pub direct: bool,
    /// What to draw.
    #[arg(long, value_name = "TEXT")]
    pub prompt: Option<String>,
    /// Model alias (through the stack) or Bedrock model id (with --direct).
    #[arg(long, value_name = "ID")]
    pub model: Option<String>,
    /// File to write; a new one in the save folder without it.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Arguments of `destroy`.
#[derive(Debug, Clone, Args)]
pub struct DestroyArgs {
    /// The stack's name, in place of typing it.
    #[arg(long, value_name = "STACK")]
    pub confirm: Option<String>,
    /// Return as soon as CloudFormation has begun.
    #[arg(long)]
    pub no_watch: bool,
    /// Only switch the stack's termination protection off; deletes nothing.
    #[arg(long)]
    pub unprotect: bool,
}

/// Arguments of `unstick`.
#[derive(Debug, Clone, Args)]
pub struct UnstickArgs {
    /// The way to take; without one all are listed, and why some are not open now.
    pub way: Option<Way>,
    /// A resource that a continued rollback leaves out; may be given more than once.
    #[arg(long = "skip", value_name = "LOGICAL_ID")]
    pub skip: Vec<String>,
    /// A resource that delete-retaining keeps; may be given more than once. All that could not be deleted without it.
    #[arg(long = "retain", value_name = "LOGICAL_ID")]
    pub retain: Vec<String>,
}

/// Arguments of `leftovers`.
#[derive(Debug, Clone, Args)]
pub struct LeftoversArgs {
    /// What to do; the list when there is none.
    #[command(subcommand)]
    pub command: Option<LeftoversCommand>,
}

/// What `leftovers` can do besides the list.
#[derive(Debug, Clone, Subcommand)]
pub enum LeftoversCommand {
    /// Remove one thing, and wait until it is gone
    Remove(RemoveArgs),
}

/// Arguments of `leftovers remove`.
#[derive(Debug, Clone, Args)]
pub struct RemoveArgs {
    /// Its name as the list has it, or its whole id.
    pub id: String,
    /// The same again, in place of typing it.
    #[arg(long, value_name = "ID")]
    pub confirm: Option<String>,
}

/// Arguments of `dashboard`.
#[derive(Debug, Clone, Args)]
pub struct DashboardArgs {
    /// Open it in the browser too.
    #[arg(long)]
    pub open: bool,
}

/// Arguments of `replay`.
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// A recording, by its path or by its name in the list; without one all are listed. With --output, or without a
    /// terminal, it is printed as lines.
    pub file: Option<PathBuf>,
}

/// Arguments of `cert`.
#[derive(Debug, Clone, Args)]
pub struct CertArgs {
    /// What to do; shows the stack's certificate when there is none.
    #[command(subcommand)]
    pub command: Option<CertCommand>,
}

/// What `cert` does.
#[derive(Debug, Clone, Subcommand)]
pub enum CertCommand {
    /// Request a certificate for a name, to be proven by DNS
    Request(CertRequestArgs),
    /// Put the records that prove a certificate into their Route 53 zones
    Validate(CertValidateArgs),
}

/// Arguments of `cert request`.
#[derive(Debug, Clone, Args)]
pub struct CertRequestArgs {
    /// Name that the certificate is for, such as chat.example.com.
    pub domain: String,
    /// Another name of the same certificate; may be given more than once.
    #[arg(long = "name", value_name = "NAME")]
    pub names: Vec<String>,
    /// Return when it is issued, or never will be.
    #[arg(long)]
    pub wait: bool,
}

/// Arguments of `cert validate`.
#[derive(Debug, Clone, Args)]
pub struct CertValidateArgs {
    /// ARN of the certificate; the only one that waits for its proof without it.
    pub arn: Option<String>,
    /// Return when it is issued, or never will be.
    #[arg(long)]
    pub wait: bool,
}

/// Arguments of `dns`.
#[derive(Debug, Clone, Args)]
pub struct DnsArgs {
    /// What to do; shows where the name leads when there is none.
    #[command(subcommand)]
    pub command: Option<DnsCommand>,
    /// Name to look at, in place of the stack's DomainName or the host of --app-url.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

/// What `dns` does.
#[derive(Debug, Clone, Subcommand)]
pub enum DnsCommand {
    /// Point a name at the load balancer
    Upsert(DnsUpsertArgs),
}

/// Arguments of `dns upsert`.
#[derive(Debug, Clone, Args)]
pub struct DnsUpsertArgs {
    /// The name, such as chat.example.com.
    pub name: String,
    /// Hosted zone; the best one for the name without it.
    #[arg(long, value_name = "ID")]
    pub zone: Option<String>,
    /// How it leads: cname, or alias; an alias for the zone's own name and a CNAME for others without it.
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<Kind>,
    /// The name again: needed to overwrite a record that leads elsewhere.
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
    /// Return when all name servers have it.
    #[arg(long)]
    pub wait: bool,
}

/// Arguments of `throughput`.
#[derive(Debug, Clone, Args)]
pub struct ThroughputArgs {
    /// What to do; lists all when there is none.
    #[command(subcommand)]
    pub command: Option<ThroughputCommand>,
}

/// What `throughput` does.
#[derive(Debug, Clone, Subcommand)]
pub enum ThroughputCommand {
    /// Buy throughput of a model
    Buy(ThroughputBuyArgs),
    /// Delete it, which ends its billing
    Delete(ThroughputDeleteArgs),
}

/// Arguments of `throughput buy`.
#[derive(Debug, Clone, Args)]
pub struct ThroughputBuyArgs {
    /// Model id, or name or ARN of a model of your own.
    pub model: String,
    /// Model units.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub units: i32,
    /// For how long it is bound: none, 1-month or 6-months.
    #[arg(long, value_name = "TERM", default_value_t = Commitment::None)]
    pub commitment: Commitment,
    /// Its name.
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// Its name again, in place of typing it.
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
    /// Return when it serves, or has failed.
    #[arg(long)]
    pub wait: bool,
}

/// Arguments of `throughput delete`.
#[derive(Debug, Clone, Args)]
pub struct ThroughputDeleteArgs {
    /// Its name or ARN.
    pub name: String,
    /// Its name again, in place of typing it.
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
}

/// Arguments of `policy`. What is not given is `*`, or the default name.
#[derive(Debug, Clone, Default, Args)]
pub struct PolicyArgs {
    /// Number of the account.
    #[arg(long, value_name = "ID", value_parser = account)]
    pub account: Option<String>,
    /// ProjectName of the stack.
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
}

/// Arguments of `completions`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// Which shell.
    pub shell: Shell,
}

fn account(text: &str) -> Result<String, String> {
    let is_account = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    is_account
        .then(|| text.to_owned())
        .ok_or_else(|| "an account is twelve digits".into())
}

fn pair(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "it must read NAME=VALUE".into())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_declaration_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn common_flags_stand_before_or_after() {
        for args in [
            "bic-tui --region eu-west-1 --demo=running status",
            "bic-tui status --region eu-west-1 --demo=running",
            "bic-tui --demo=running status --region eu-west-1",
        ] {
            let cli = Cli::try_parse_from(args.split(' ')).unwrap();
            assert_eq!(cli.common.region.as_deref(), Some("eu-west-1"));
            assert_eq!(cli.common.demo.as_deref(), Some("running"));
        }
        // `--demo` without a scene does not swallow the subcommand.
        let cli = Cli::try_parse_from(["bic-tui", "--demo", "status"]).unwrap();
        assert_eq!(cli.common.demo.as_deref(), Some(""));
        assert!(matches!(cli.command, Some(Command::Status)));
    }

    #[test]
    fn what_is_not_served_does_not_appear() {
        let served: Vec<String> = Cli::command().get_subcommands().map(|c| c.get_name().to_owned()).collect();
        for name in ["metrics", "doctor", "schedule", "chat"] {
            assert!(!served.iter().any(|s| s == name), "{name}");
            assert!(Cli::try_parse_from(["bic-tui", name]).is_err());
        }
    }
}
