//! The subcommands: each one an async function over the port, the settings and an [`Out`]. All writes go
//! through [`write()`], the only door to `Cloud::change`.

mod about;
mod again;
mod cert;
mod check;
mod cost;
mod dashboard;
mod deploy;
mod destroy;
mod dns;
mod events;
mod image;
mod leftovers;
mod line;
mod listing;
mod logs;
mod models;
mod out;
mod policy;
mod prompt;
mod reads;
pub mod replay;
mod scale;
mod secret;
mod sleep;
mod status;
mod text;
mod throughput;
mod unstick;
mod waiting;
mod watch;
mod when;

use std::{io, pin::pin, sync::Arc, time::Duration};

use futures::future::{Either, select};
use tokio::sync::watch as channel;

pub use self::{
    about::{offline, unknown},
    out::Out,
    prompt::Prompt,
};
use crate::{
    cli::Command,
    cloud::{Change, Cloud, Done},
    core::{
        awscli::Reach,
        fault::{Fault, FaultKind},
        guard::Guard,
        msg::Now,
        settings::Settings,
    },
    door,
    journal::Journal,
};

/// What a subcommand has to work with.
pub struct Context {
    /// The cloud.
    pub cloud: Arc<dyn Cloud>,
    /// Settings.
    pub settings: Settings,
    /// Audit log; `None` when it could not be opened, and then nothing is written.
    pub journal: Result<Arc<Journal>, Fault>,
    /// Writes with a production profile were allowed with `--arm`.
    pub is_armed: bool,
    /// `--yes`.
    pub is_yes: bool,
    /// The flags that reach the same stack from the next command line, quoted for a shell.
    pub same_place: String,
    /// Who answers questions.
    pub prompt: Prompt,
    /// Where answers go.
    pub out: Out,
    /// Ctrl-C, SIGTERM and SIGHUP.
    pub interrupt: Interrupt,
}

impl Context {
    /// How command lines reach the same stack.
    fn reach(&self) -> Reach {
        Reach {
            stack: self.same_place.clone(),
            ..Reach::of(&self.cloud.about(), &self.settings.stack)
        }
    }

    /// A text whose commands reach the same stack.
    fn placed(&self, text: &str) -> String {
        self.reach().placed(text)
    }
}

/// How a subcommand ended, when nothing failed on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Exit status 0.
    Well,
    /// The answer is "not well": exit status 1.
    NotWell,
    /// A part of the answer AWS did not give, which has been said: its exit status.
    Partly(u8),
}

/// Why a subcommand could not give its answer.
#[derive(Debug)]
pub enum Failure {
    /// Wrong arguments: what, and what would be right.
    Usage(String),
    /// A request failed.
    Fault(Fault),
    /// A request failed: the exit status, and what to say, with commands that reach the same stack.
    Told(u8, String),
    /// The answer is "not well", and this is why.
    NotWell(String),
    /// The operator said no.
    Declined,
    /// Ctrl-C, SIGTERM or SIGHUP: the exit status, and what to say.
    Interrupted(u8, Option<String>),
    /// The reader of stdout has gone: no failure at all.
    Closed,
    /// stdout could not be written.
    Output(io::Error),
}

/// How a refusal ends before anything went to AWS.
const NOTHING_SENT: &str = "Nothing was sent.";

/// What every subcommand gives back.
pub type Answer<T = Verdict> = Result<T, Failure>;

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Failure {
    /// Exit status.
    pub fn status(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Fault(fault) => fault.exit_status(),
            Self::Declined | Self::NotWell(_) => 1,
            Self::Interrupted(status, _) | Self::Told(status, _) => *status,
            Self::Closed => 0,
            Self::Output(_) => 4,
        }
    }

    /// What to say on stderr: one sentence, then what to do.
    pub fn message(&self) -> Option<String> {
        match self {
            Self::Usage(text) | Self::NotWell(text) | Self::Told(_, text) => Some(text.clone()),
            Self::Fault(fault) => {
                let sentence = fault.sentence();
                let sentence = capitalised(sentence.trim_end_matches('.'));
                let stop = if sentence.ends_with('?') { "" } else { "." };
                Some(format!("{sentence}{stop} {}", advice(fault)).trim_end().to_owned())
            }
            Self::Declined => Some(NOTHING_SENT.into()),
            Self::Interrupted(_, text) => text.clone(),
            Self::Closed => None,
            Self::Output(error) => Some(format!("The answer can not be written: {error}.")),
        }
    }

    /// The same, with commands that reach the same stack.
    #[must_use]
    pub fn placed(self, reach: &Reach) -> Self {
        match (self.message(), &self) {
            (Some(text), Self::Fault(fault)) => Self::Told(fault.exit_status(), reach.placed(&text)),
            (Some(text), Self::Usage(_)) => Self::Usage(reach.placed(&text)),
            (Some(text), Self::NotWell(_)) => Self::NotWell(reach.placed(&text)),
            _ => self,
        }
    }
}

/// What to do now. A subcommand does not go on by itself, as the console does.
fn advice(fault: &Fault) -> String {
    match fault.kind {
        FaultKind::Expired => "Log in again (`aws sso login`), then run this again.".into(),
        FaultKind::OtherAccount => "Log in to that account again, then run this again.".into(),
        FaultKind::Throttled => "Wait a little, then run this again.".into(),
        FaultKind::TimedOut | FaultKind::AwsFailed => "Run this again; the AWS Health Dashboard tells of outages.".into(),
        FaultKind::Internal => String::new(),
        _ => fault.advice(),
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    // An operation, a host or a service keeps its spelling.
    let is_word = text.split(' ').next().is_some_and(|it| it.chars().all(char::is_alphabetic));
    match chars.next() {
        Some(first) if is_word => first.to_uppercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

/// Ctrl-C, SIGTERM and SIGHUP, as the exit status they ask for.
#[derive(Debug, Clone)]
pub struct Interrupt(channel::Receiver<u8>);

impl Interrupt {
    /// The sender, for the signal handlers, and the interrupt.
    pub fn channel() -> (channel::Sender<u8>, Self) {
        let (sender, receiver) = channel::channel(0);
        (sender, Self(receiver))
    }

    /// Waits for a signal; gives the exit status it asks for.
    pub async fn caught(&self) -> u8 {
        let mut receiver = self.0.clone();
        match receiver.wait_for(|status| *status != 0).await {
            Ok(status) => *status,
            Err(_) => std::future::pending().await,
        }
    }

    /// `work`, given up at a signal.
    pub async fn or<T>(&self, work: impl Future<Output = Answer<T>>) -> Answer<T> {
        tokio::select! {
            biased;
            status = self.caught() => Err(Failure::Interrupted(status, None)),
            answer = work => answer,
        }
    }
}

/// Runs one subcommand that asks the cloud.
///
/// # Errors
/// Why there is no answer.
pub async fn run(cx: &mut Context, command: Command) -> Answer {
    let interrupt = cx.interrupt.clone();
    if let Some(line) = cx.out.waiting() {
        cx.cloud = waiting::Waiting::told(Arc::clone(&cx.cloud), line);
    }
    if let Ok(journal) = &cx.journal {
        cx.cloud = match &command {
            Command::Deploy(_) | Command::Destroy(_) => journal.recorded(Arc::clone(&cx.cloud)),
            _ => journal.completed(Arc::clone(&cx.cloud)),
        };
    }
    let (lasts, cloud) = (lasts(&command), Arc::clone(&cx.cloud));
    let aside = async move {
        if lasts {
            keep_account(cloud).await;
        }
    };
    let answer = beside(aside, answered(cx, command)).await;
    cx.out.end_bar();
    cx.out.clock(cx.cloud.ahead());
    let answer = match answer.map_err(|failure| failure.placed(&cx.reach())) {
        // A terminal that goes breaks the writing a moment before its signal comes.
        Err(Failure::Output(error)) => {
            let told = tokio::time::timeout(Duration::from_millis(200), interrupt.caught()).await;
            Err(told.map_or(Failure::Output(error), |status| Failure::Interrupted(status, None)))
        }
        other => other,
    };
    match (&answer, cx.out.flush()) {
        // Where the terminal has gone the signal says it, not what could no longer be written.
        (Err(Failure::Interrupted(..)), _) | (_, Ok(())) => answer,
        (_, Err(failure)) => Err(failure),
    }
}

async fn answered(cx: &mut Context, command: Command) -> Answer {
    let interrupt = cx.interrupt.clone();
    match command {
        // These have something to tidy up or to say at a signal.
        Command::Plan(args) => deploy::plan(cx, &args).await,
        Command::Deploy(args) => deploy::deploy(cx, &args).await,
        Command::Destroy(args) => destroy::run(cx, &args).await,
        Command::Logs(args) if args.insights => logs::run(cx, &args).await,
        other => interrupt.or(read_or_write(cx, other)).await,
    }
}

async fn read_or_write(cx: &mut Context, command: Command) -> Answer {
    match command {
        Command::Check(args) => check::run(cx, &args).await,
        Command::Status => status::run(cx).await,
        Command::Events(args) => events::run(cx, &args).await,
        Command::Tasks(args) => listing::tasks(cx, &args).await,
        Command::Targets => listing::targets(cx).await,
        Command::Outputs(args) => listing::outputs(cx, &args).await,
        Command::Logs(args) => logs::run(cx, &args).await,
        Command::Models => models::run(cx).await,
        Command::Cost(args) => cost::run(cx, &args).await,
        Command::Scale(args) => scale::scale(cx, &args).await,
        Command::Restart(args) => scale::restart(cx, &args).await,
        Command::StopTask(args) => scale::stop_task(cx, &args).await,
        Command::Sleep => sleep::sleep(cx).await,
        Command::Wake => sleep::wake(cx).await,
        Command::Secret(args) => secret::run(cx, &args).await,
        Command::Image(args) => image::run(cx, &args).await,
        Command::Unstick(args) => unstick::run(cx, &args).await,
        Command::Leftovers(args) => leftovers::run(cx, &args).await,
        Command::Dashboard(args) => dashboard::run(cx, &args).await,
        Command::Cert(args) => cert::run(cx, &args).await,
        Command::Dns(args) => dns::run(cx, &args).await,
        Command::Throughput(args) => throughput::run(cx, &args).await,
        Command::Plan(_)
        | Command::Deploy(_)
        | Command::Destroy(_)
        | Command::Keys
        | Command::Replay(_)
        | Command::Policy(_)
        | Command::Config
        | Command::Completions(_)
        | Command::Man => Err(Failure::Usage("this subcommand is answered elsewhere".into())),
    }
}

/// Sends a change: refused when read-only or not armed, noted in the audit log before and after.
///
/// # Errors
/// The refusal, or why the cloud did not take it.
pub async fn write(cx: &Context, change: Change) -> Answer<Done> {
    refuse_unless_writable(cx, &change)?;
    let journal = cx.journal.as_ref().map_err(Clone::clone)?;
    Ok(door::send(&*cx.cloud, journal, &change).await?)
}

/// Refuses early, before a question is asked, what [`write()`] would refuse: by the console's own guard.
fn refuse_unless_writable(cx: &Context, change: &Change) -> Result<(), Fault> {
    let guard = Guard {
        read_only: cx.settings.read_only,
        production: cx.settings.production,
        armed_until: cx.is_armed.then_some(u64::MAX),
        ..Guard::default()
    };
    guard.permits(change, guard.generation, Now::default()).map_err(|fault| {
        let Some(why) = refusal(cx) else { return fault };
        let why = format!("{} is refused: {why}", change.operation());
        Fault::new(FaultKind::Guarded, change.operation(), "", &why)
    })
}

/// Why this session writes nothing, if it does not.
fn refusal(cx: &Context) -> Option<&'static str> {
    match (cx.settings.read_only, cx.settings.production && !cx.is_armed) {
        (true, _) => Some("this session is read-only"),
        (false, true) => Some("this is a production profile; add --arm and its name"),
        (false, false) => None,
    }
}

/// Asks before `changes` are sent; `--yes` answers it.
///
/// # Errors
/// The refusal, the operator's no, or that there is nobody to ask.
pub async fn confirm(cx: &mut Context, question: &str, changes: &[Change]) -> Answer<()> {
    for change in changes {
        refuse_unless_writable(cx, change)?;
    }
    if cx.is_yes {
        return Ok(());
    }
    if !cx.prompt.is_interactive() {
        return Err(Failure::Usage(format!(
            "{question} Without a terminal this needs --yes. {NOTHING_SENT}"
        )));
    }
    let answer = cx.prompt.ask(&mut cx.out, &format!("{question} [y/N] ")).await?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::Declined),
    }
}

/// Asks for the name, mostly the stack's, before something that can not be undone; `given` answers it.
///
/// # Errors
/// The refusal, a wrong name, or that there is nobody to ask.
pub async fn confirm_name(cx: &mut Context, question: &str, name: &str, given: Option<&str>) -> Answer<()> {
    let typed = match given {
        Some(given) => given.to_owned(),
        None if cx.prompt.is_interactive() => {
            let question = format!("{question} Type {name} to go on: ");
            cx.prompt.ask(&mut cx.out, &question).await?.trim().to_owned()
        }
        None => {
            let text = format!("{question} Without a terminal this needs --confirm {name}. {NOTHING_SENT}");
            return Err(Failure::Usage(text));
        }
    };
    if typed == name {
        return Ok(());
    }
    Err(Failure::Usage(format!("\"{typed}\" is not the name {name}. {NOTHING_SENT}")))
}

/// Whether a command goes on for longer than a few requests, or writes: whoever logs in to another account meanwhile is
/// refused then. `logs` asks no other service, so it keeps to an account only where the credentials name theirs.
fn lasts(command: &Command) -> bool {
    match command {
        Command::Leftovers(args) => args.command.is_some(),
        Command::Status
        | Command::Logs(_)
        | Command::Events(_)
        | Command::Tasks(_)
        | Command::Targets
        | Command::Outputs(_)
        | Command::Models
        | Command::Cost(_)
        | Command::Secret(_)
        | Command::Dashboard(_) => false,
        _ => true,
    }
}

/// Has the cloud keep to the account that is asked now. Where AWS does not say which it is, nothing can be kept.
async fn keep_account(cloud: Arc<dyn Cloud>) {
    if let Ok(identity) = reads::identity(&*cloud).await {
        cloud.keep_to(&identity.account);
    }
}

/// Does `work`; `aside` is done beside it, as far as it comes.
async fn beside<T>(aside: impl Future<Output = ()>, work: impl Future<Output = T>) -> T {
    match select(pin!(aside), pin!(work)).await {
        Either::Left(((), work)) => work.await,
        Either::Right((answer, _)) => answer,
    }
}

/// Waits `wall` at the cloud's own speed.
pub async fn pause(cx: &Context, wall: Duration) {
    tokio::time::sleep(at_speed(cx, wall)).await;
}

/// How long `wall` is at the cloud's own speed.
fn at_speed(cx: &Context, wall: Duration) -> Duration {
    (wall / cx.cloud.about().speed.max(1)).max(Duration::from_millis(100))
}

#[cfg(test)]
mod tests;
