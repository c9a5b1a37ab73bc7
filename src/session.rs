//! From the command line to a running session: configuration, cloud, audit log, then the console or one
//! subcommand, and the exit status.

use std::{
    io::{self, BufWriter, IsTerminal},
    sync::Arc,
};

use tokio::sync::watch;
use tracing_appender::non_blocking::WorkerGuard;

use crate::{
    app::{self, End},
    aws::{self, AwsOptions},
    cli::{Cli, Command, Common, ReplayArgs},
    cloud::Cloud,
    command::{self, Context, Failure, Interrupt, Out, Prompt, Verdict},
    config::{self, Config},
    core::{
        awscli::{self, Reach},
        fault::{Fault, FaultKind},
        place::is_stack_name,
        region,
        settings::Settings,
    },
    journal::Journal,
    keep::state_folder,
    log,
    places::{AwsPlaces, Nowhere, Places, Session},
    record::{Recordings, Replay},
    sim::{RealClock, Scene, Scenes, Sim},
};

/// Bytes of an answer that are written at once.
const OUT_BUFFER: usize = 64 << 10;

/// How fast a simulated account runs unless `--speed` says otherwise.
const DEMO_SPEED: u32 = 30;

/// Runs what the command line asks for; gives the exit status.
pub fn run(cli: Cli) -> u8 {
    let mut out = Out::new(
        Box::new(BufWriter::with_capacity(OUT_BUFFER, io::stdout())),
        Box::new(io::stderr()),
        cli.common.output.unwrap_or_default(),
    )
    .watched(io::stderr().is_terminal())
    .on_terminal(io::stdout().is_terminal());
    if let Some(answer) = command::offline(&cli, &mut out) {
        return status(&answer);
    }
    let unnamed = cli.common.demo.is_none().then_some(config::DEFAULT_PROFILE);
    let config = match config::load(&cli.common, &|name| std::env::var(name).ok(), unnamed) {
        Ok(config) => config,
        Err(error) => return status(&Err(Failure::Usage(stopped(&error.to_string())))),
    };
    let _log = start_log(&cli.common);
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return status(&Err(Failure::Fault(Fault::new(
                FaultKind::Internal,
                "start",
                "",
                &error.to_string(),
            ))));
        }
    };
    let answer = runtime.block_on(begin(cli, config, out));
    // A question that nobody answered any more must not hold the process.
    runtime.shutdown_background();
    status(&answer)
}

/// A simulated account leaves no trace on the disk, unless it was asked for.
fn start_log(flags: &Common) -> Option<WorkerGuard> {
    let filter = std::env::var("BIC_LOG").ok();
    let is_wanted = filter.is_some() || flags.demo.is_none();
    let folder = state_folder().filter(|_| is_wanted)?;
    log::start(&folder, filter.as_deref().unwrap_or("info"))
}

/// How fast a recording is played unless `--speed` says otherwise: a creation of ten minutes in one.
const REPLAY_SPEED: u32 = 10;

/// Why the console can not run here; subcommands can.
fn without_terminal() -> Option<&'static str> {
    if !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        return Some("The console needs a terminal; the subcommands do not: `bic-tui --help` lists them.");
    }
    // Such a terminal prints control sequences as they are: an editor's shell window, for one.
    std::env::var_os("TERM")
        .is_some_and(|term| term == "dumb")
        .then_some("TERM is dumb: the console needs a terminal that can place text; the subcommands do not: `bic-tui --help` lists them.")
}

async fn begin(cli: Cli, config: Config, out: Out) -> Result<Verdict, Failure> {
    if let Some(Command::Replay(args)) = &cli.command {
        return replay(&cli.common, args, config.settings, out).await;
    }
    if let Some(text) = without_terminal().filter(|_| cli.command.is_none()) {
        return Err(Failure::Usage(text.into()));
    }
    let scene = if cli.command.is_some() { "running" } else { "new" };
    let cloud = connect(&cli.common, &config, scene).await?;
    let journal = open_journal(&cli.common, &config.settings).map(Arc::new);
    match cli.command {
        None => {
            let settings = Settings {
                armed: config.is_armed,
                ..config.settings
            };
            let places = places(&cli.common, &settings);
            let journal = match journal {
                // Who only looks needs no place for what was written.
                Err(_) if settings.read_only => Arc::new(Journal::memory()),
                other => other.map_err(with_a_way_to_look)?,
            };
            console(Session { cloud, settings, places }, journal).await
        }
        Some(command) => Box::pin(subcommand(cloud, config, (cli.common, command), (out, journal))).await,
    }
}

/// A recording on the screens, or as lines; or the list of all.
async fn replay(flags: &Common, args: &ReplayArgs, settings: Settings, mut out: Out) -> Result<Verdict, Failure> {
    let recordings = recordings();
    let Some(file) = &args.file else {
        return command::replay::list(&mut out, recordings.as_ref(), &settings);
    };
    let recording = command::replay::read(file, recordings.as_ref())?;
    let settings = Settings {
        stack: recording.head.stack.clone(),
        read_only: true,
        production: false,
        app_url: None,
        log_group: None,
        ..settings
    };
    let speed = flags.speed.unwrap_or(REPLAY_SPEED);
    let cloud = Arc::new(Replay::new(recording, speed, Arc::new(RealClock::default())));
    let journal = Arc::new(Journal::memory());
    if flags.output.is_none() && without_terminal().is_none() {
        let places = Arc::new(Nowhere("a replay shows the place where it was recorded, and no other"));
        return console(Session { cloud, settings, places }, journal).await;
    }
    let (sender, interrupt) = Interrupt::channel();
    let signals = tokio::spawn(listen(sender));
    let mut cx = Context {
        cloud: cloud.clone(),
        settings,
        journal: Ok(journal),
        is_armed: false,
        is_yes: false,
        same_place: String::new(),
        prompt: Prompt::terminal(),
        out,
        interrupt,
    };
    let answer = command::replay::print(&mut cx, &cloud).await;
    signals.abort();
    answer.and_then(|verdict| cx.out.flush().map(|()| verdict))
}

/// The one place where a cloud is made: AWS, or a simulated account with `--demo`.
async fn connect(flags: &Common, config: &Config, scene: &str) -> Result<Arc<dyn Cloud>, Failure> {
    let stack = &config.settings.stack;
    if !is_stack_name(stack) && !stack.starts_with("arn:") {
        return Err(Failure::Usage(format!(
            "`{stack}` can not name a stack: a letter, then letters, digits and hyphens, 128 at most."
        )));
    }
    let Some(wanted) = &flags.demo else {
        let options = AwsOptions {
            profile: config.profile.clone(),
            region: config.region.clone(),
            endpoint_url: flags.endpoint_url.clone(),
            ..AwsOptions::default()
        };
        let login = awscli::flags(&[("--profile", config.profile.as_deref())]);
        let reach = Reach { login, ..Reach::default() };
        let connected = aws::connect(options).await;
        return Ok(Arc::new(connected.map_err(|fault| Failure::from(fault).placed(&reach))?));
    };
    let name = if wanted.is_empty() { scene } else { wanted };
    if let Some(region) = &flags.region {
        region::check(region).map_err(|why| Failure::Usage(format!("{why}.")))?;
    }
    // What the environment says of AWS is nothing to a simulated account; the flag is.
    let scene = Scene::named(name)
        .map_err(|why| Failure::Usage(stopped(&why)))?
        .in_region(flags.region.clone());
    let speed = flags.speed.unwrap_or(DEMO_SPEED);
    Ok(Arc::new(Sim::new(&scene, speed, Arc::new(RealClock::default()))))
}

/// The console can still be looked at.
fn with_a_way_to_look(fault: Fault) -> Fault {
    let detail = format!("{}; `bic-tui --read-only` opens the console without it", fault.detail);
    Fault {
        detail: detail.into(),
        ..fault
    }
}

/// In memory for a simulated account; its operations are recorded only when that is asked for, those of a real one unless
/// the settings say not to.
fn open_journal(flags: &Common, settings: &Settings) -> Result<Journal, Fault> {
    if flags.demo.is_some() {
        let wanted = recordings().filter(|_| flags.record);
        return Ok(wanted.into_iter().fold(Journal::memory(), Journal::recording));
    }
    let fault = |why: &str| Fault::new(FaultKind::Unnoted, "the audit log", "", why);
    let folder = state_folder().ok_or_else(|| fault("there is no folder for the audit log: HOME is not set"))?;
    let path = folder.join("audit.jsonl");
    let journal = Journal::open(&path).map_err(|e| fault(&format!("the audit log {} can not be opened: {e}", path.display())))?;
    let wanted = settings.record.then(|| Recordings::new(folder.join(RECORDINGS)));
    Ok(wanted.into_iter().fold(journal, Journal::recording))
}

/// The folder of recordings, in that of the state.
const RECORDINGS: &str = "recordings";

fn recordings() -> Option<Recordings> {
    state_folder().map(|folder| Recordings::new(folder.join(RECORDINGS)))
}

/// Where the console can go by `P`.
fn places(flags: &Common, settings: &Settings) -> Arc<dyn Places> {
    if flags.demo.is_some() {
        Arc::new(Scenes {
            speed: flags.speed.unwrap_or(DEMO_SPEED),
            stack: settings.stack.clone(),
        })
    } else {
        Arc::new(AwsPlaces::new(flags.clone()))
    }
}

async fn console(session: Session, journal: Arc<Journal>) -> Result<Verdict, Failure> {
    let end = app::run(session, Arc::clone(&journal)).await;
    journal.flush();
    match end.map_err(|error| Failure::Usage(stopped(&format!("{error:#}"))))? {
        End::Left => Ok(Verdict::Well),
        End::Detached(0, told) => {
            use io::Write;
            let _ = writeln!(io::stderr(), "bic-tui: {told}");
            Ok(Verdict::Well)
        }
        End::Detached(status, told) => Err(Failure::Interrupted(status, Some(told))),
        End::Signal(number, told) => Err(Failure::Interrupted(u8::try_from(128 + number).unwrap_or(143), told)),
        End::HungUp => Err(Failure::Interrupted(129, None)),
    }
}

async fn subcommand(
    cloud: Arc<dyn Cloud>,
    config: Config,
    (flags, command): (Common, Command),
    (out, journal): (Out, Result<Arc<Journal>, Fault>),
) -> Result<Verdict, Failure> {
    let (sender, interrupt) = Interrupt::channel();
    let signals = tokio::spawn(listen(sender));
    let same_place = same_place(&flags, &config, &cloud.about().region);
    let mut cx = Context {
        cloud,
        settings: config.settings,
        journal,
        is_armed: config.is_armed,
        is_yes: flags.yes,
        same_place,
        prompt: Prompt::terminal(),
        out,
        interrupt,
    };
    let about = cx.cloud.about();
    if let Some(endpoint) = about.endpoint.filter(|_| about.is_endpoint_inherited) {
        cx.out
            .note(format!("Requests go to {endpoint}, which the environment or a profile names."));
    }
    let answer = command::run(&mut cx, command).await;
    signals.abort();
    if let Ok(journal) = &cx.journal {
        journal.flush();
    }
    answer
}

/// The flags with which the next command line reaches the same stack in the same account, quoted for a shell. What
/// the environment says is said to the next command too.
fn same_place(flags: &Common, config: &Config, region: &str) -> String {
    let file = flags.config.as_ref().map(|path| path.display().to_string());
    let demo = flags.demo.as_ref().map(|scene| {
        if scene.is_empty() {
            "--demo".to_owned()
        } else {
            format!("--demo={scene}")
        }
    });
    let given = awscli::flags(&[
        ("--config", file.as_deref()),
        ("--profile", config.profile.as_deref()),
        ("--region", Some(region)),
        ("--stack", Some(config.settings.stack.as_str())),
        ("--endpoint-url", flags.endpoint_url.as_deref()),
    ]);
    match demo {
        Some(demo) => format!("{} {given}", awscli::quote(&demo)),
        None => given,
    }
}

/// The first signal asks the command to end well; the second one ends it, unless it tells again that the terminal has
/// gone: the shell and the kernel both do.
#[cfg(unix)]
async fn listen(sender: watch::Sender<u8>) {
    use tokio::signal::unix::{SignalKind, signal};
    let is_deaf = ignores_hangup();
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
        return;
    };
    let mut hangup = (!is_deaf).then(|| signal(SignalKind::hangup()).ok()).flatten();
    let mut gone = async || match &mut hangup {
        Some(hangup) => hangup.recv().await,
        None => std::future::pending().await,
    };
    for round in 0.. {
        let status = tokio::select! {
            _ = interrupt.recv() => 130,
            _ = terminate.recv() => 143,
            _ = gone() => 129,
        };
        if round > 0 && status == 129 {
            continue;
        }
        if round > 0 {
            std::process::exit(status);
        }
        let _ = sender.send(u8::try_from(status).unwrap_or(130));
    }
}

/// Whether this program was started to outlive its terminal, as by `nohup`: a handler of ours would undo that. Where the
/// system does not tell, streams that all lead elsewhere do.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
    mask.map_or_else(|| !io::stdout().is_terminal() && !io::stderr().is_terminal(), |mask| mask & 1 != 0)
}

#[cfg(not(unix))]
async fn listen(sender: watch::Sender<u8>) {
    if tokio::signal::ctrl_c().await.is_ok() {
        let _ = sender.send(130);
    }
}

/// A sentence with one stop at its end.
fn stopped(sentence: &str) -> String {
    if sentence.ends_with(['.', '?', '!']) {
        sentence.to_owned()
    } else {
        format!("{sentence}.")
    }
}

/// Says on stderr what went wrong; gives the exit status.
fn status(answer: &Result<Verdict, Failure>) -> u8 {
    match answer {
        Ok(Verdict::Well) => 0,
        Ok(Verdict::NotWell) => 1,
        Ok(Verdict::Partly(status)) => *status,
        Err(failure) => {
            if let Some(message) = failure.message() {
                use io::Write;
                let _ = writeln!(io::stderr(), "bic-tui: {message}");
            }
            failure.status()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[tokio::test]
    async fn a_simulated_account_has_no_region_or_stack_that_can_not_be() {
        for (args, said) in [("--demo --region x", "x"), ("--demo --stack 9lives", "can not name a stack")] {
            let cli = Cli::try_parse_from(format!("bic-tui status {args}").split(' ')).unwrap();
            let mut settings = Settings::default();
            settings.stack = cli.common.stack.clone().map_or(settings.stack, Into::into);
            let config = Config {
                settings,
                profile: None,
                region: None,
                is_armed: false,
            };
            let failure = connect(&cli.common, &config, "running").await.map(drop).unwrap_err();
            assert_eq!(failure.status(), 2);
            assert!(failure.message().unwrap().contains(said), "{:?}", failure.message());
        }
    }

    #[test]
    fn the_next_command_line_reaches_the_same_stack() {
        for (line, want) in [
            ("status", "--region us-west-2 --stack bedrock-image-chat"),
            ("deploy --demo=new", "--demo=new --region us-west-2 --stack bedrock-image-chat"),
            (
                "deploy --profile ops --endpoint-url http://127.0.0.1:4566 --stack chat",
                "--profile ops --region us-west-2 --stack chat --endpoint-url http://127.0.0.1:4566",
            ),
            (
                "deploy --profile it's\u{a0}ops",
                "--profile 'it'\\''s\u{a0}ops' --region us-west-2 --stack bedrock-image-chat",
            ),
        ] {
            let cli = Cli::try_parse_from(format!("bic-tui {line}").split(' ')).unwrap();
            let mut settings = Settings::default();
            settings.stack = cli.common.stack.clone().map_or(settings.stack, Into::into);
            let (profile, region) = (cli.common.profile.clone(), cli.common.region.clone());
            let config = Config {
                settings,
                profile,
                region,
                is_armed: false,
            };
            let told = same_place(&cli.common, &config, "us-west-2");
            assert_eq!(told, want);
            // It is read back as it was meant.
            if !told.contains('\'') {
                let again = Cli::try_parse_from(["bic-tui", "events"].into_iter().chain(told.split(' '))).unwrap();
                assert_eq!(
                    (again.common.profile, again.common.stack.as_deref()),
                    (config.profile, Some(config.settings.stack.as_str()))
                );
            }
        }
    }
}
