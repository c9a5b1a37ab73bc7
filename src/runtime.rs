//! Carries out what the core asks of the cloud and the disk: one task a request, a time limit, and the
//! guard's last check before a write. Answers come back as messages; nothing here decides anything.

mod saves;
mod searches;

use std::{
    io::Write,
    num::NonZero,
    panic::AssertUnwindSafe,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{FutureExt, StreamExt};
use tokio::{sync::mpsc, task::AbortHandle};

use crate::{
    cloud::{Cloud, Query},
    core::{
        effect::Effect,
        fact::Fact,
        fault::{Fault, FaultKind},
        guard::{Approved, Guard},
        lines::{Mining, Scan},
        msg::{Msg, Now, Ticket},
        secret::SecretRef,
        text::SafeText,
    },
    door,
    journal::Journal,
    keep,
    vault::Vault,
};

pub use self::saves::Saves;

/// Longest that a read may take; the edge's own limits are shorter.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// What requests need.
pub struct Runtime {
    cloud: Arc<dyn Cloud>,
    vault: Arc<Vault>,
    journal: Arc<Journal>,
    answers: mpsc::Sender<Msg>,
    live: Mutex<Option<AbortHandle>>,
    saves: Arc<Saves>,
}

impl Runtime {
    /// A runtime for one session.
    pub fn new(cloud: Arc<dyn Cloud>, vault: Arc<Vault>, journal: Arc<Journal>, answers: mpsc::Sender<Msg>) -> Self {
        Self {
            cloud,
            vault,
            journal,
            saves: Arc::new(Saves::new(answers.clone())),
            answers,
            live: Mutex::default(),
        }
    }

    /// Goes on with what another one writes to the disk.
    #[must_use]
    pub fn after(self, other: &Self) -> Self {
        other.saves.tell(self.answers.clone());
        Self {
            saves: Arc::clone(&other.saves),
            ..self
        }
    }

    /// What is being written to the disk.
    pub fn saves(&self) -> &Saves {
        &self.saves
    }

    /// The secrets that are shown.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Begins what an effect asks for; effects of the terminal are given back.
    pub fn run(&self, effect: Effect, guard: &Guard, now: Now) -> Option<Effect> {
        match effect {
            Effect::Ask(ticket, query) => self.ask(ticket, query),
            Effect::Change(approved) => self.change(&approved, guard, now),
            Effect::Reveal(secret) => self.reveal(secret),
            Effect::Hide => self.vault.clear(),
            Effect::Scan(scan) => self.scan(scan),
            Effect::Mine(mining) => self.mine(mining),
            Effect::OpenLive(session, group) => self.open_live(session, group),
            Effect::CloseLive => self.keep_live(None),
            Effect::SaveLines(path, format, kept, lacks) => {
                let wrap = move |told| Msg::Exported(lacks, told);
                self.saves.begin(PathBuf::from(path.as_str()), format, kept, wrap);
            }
            Effect::Save(path, bytes) => self.save(PathBuf::from(path.as_str()), bytes),
            Effect::Load(path) => self.load(path),
            Effect::Open(url) => self.open(url),
            Effect::Steer(steer) => self.cloud.steer(steer),
            Effect::KeepTo(account) => self.cloud.keep_to(&account),
            terminal => return Some(terminal),
        }
        None
    }

    /// Runs a request as a task; a panic in it is a fault of its panel, not the end of the program.
    fn spawn<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, Fault>> + Send + 'static,
        answer: impl FnOnce(Result<T, Fault>) -> Msg + Send + 'static,
    ) {
        let answers = self.answers.clone();
        tokio::spawn(async move {
            let guarded = AssertUnwindSafe(work).catch_unwind();
            let result = match tokio::time::timeout(limit, guarded).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(Fault::new(
                    FaultKind::Internal,
                    "",
                    "",
                    "a task of the console failed; this is a bug",
                )),
                Err(_) => Err(Fault::new(FaultKind::TimedOut, "the request", "", "")),
            };
            // The loop is gone when the program ends: nobody waits for this answer then.
            let _ = answers.send(answer(result)).await;
        });
    }

    fn ask(&self, ticket: Ticket, query: Query) {
        let cloud = Arc::clone(&self.cloud);
        let work = async move { cloud.ask(query).await };
        self.spawn::<Fact>(READ_LIMIT, work, move |result| Msg::Told(ticket, result));
    }

    /// One after the other; what follows a failure is not sent.
    fn change(&self, approved: &Approved, guard: &Guard, now: Now) {
        let (generation, rests) = (approved.generation(), approved.at_rest().cloned());
        let changes = approved.changes().to_vec();
        let refused = changes.iter().find_map(|c| guard.permits(c, generation, now).err());
        let (cloud, journal, answers) = (Arc::clone(&self.cloud), Arc::clone(&self.journal), self.answers.clone());
        tokio::spawn(async move {
            let mut failed = refused;
            for (nth, change) in changes.iter().enumerate() {
                let result = if let Some(fault) = &failed {
                    Err(fault.clone())
                } else {
                    let sent = AssertUnwindSafe(door::send_nth(&*cloud, &journal, (&changes, nth), rests.as_ref())).catch_unwind();
                    sent.await.unwrap_or_else(|_| {
                        let why = "a task of the console failed; look at AWS for what came of it";
                        Err(Fault::new(FaultKind::Internal, change.operation(), "", why))
                    })
                };
                if let Err(fault) = &result {
                    failed = Some(fault.clone());
                }
                let _ = answers.send(Msg::Changed(generation, change.clone(), result)).await;
            }
        });
    }

    /// Reads the names of the profiles.
    pub fn list_profiles(&self, work: impl Future<Output = Result<Vec<SafeText>, Fault>> + Send + 'static) {
        self.spawn(READ_LIMIT, work, Msg::Profiles);
    }

    fn reveal(&self, secret: SecretRef) {
        let (cloud, vault, name) = (Arc::clone(&self.cloud), Arc::clone(&self.vault), secret.clone());
        let work = async move {
            let value = cloud.reveal(name.clone()).await?;
            vault.put(name, value);
            Ok(())
        };
        self.spawn(READ_LIMIT, work, move |result| Msg::Revealed(secret, result));
    }

    /// The value of a secret for the clipboard, without the vault.
    pub fn fetch_secret(&self, secret: SecretRef, done: mpsc::Sender<(SecretRef, Arc<crate::core::secret::SecretText>)>) {
        let cloud = Arc::clone(&self.cloud);
        let name = secret.clone();
        let work = async move {
            let value = cloud.reveal(name.clone()).await?;
            let _ = done.send((name, value)).await;
            Ok(SafeText::default())
        };
        let answers = self.answers.clone();
        tokio::spawn(async move {
            if let Err(fault) = work.await {
                let _ = answers.send(Msg::Copied(Err(fault))).await;
            }
        });
    }

    /// Hands on what a Live Tail session says, until it ends or is closed.
    fn open_live(&self, session: u32, group: SafeText) {
        let (cloud, answers) = (Arc::clone(&self.cloud), self.answers.clone());
        let told = answers.clone();
        let work = async move {
            let mut frames = tokio::time::timeout(READ_LIMIT, cloud.live(group))
                .await
                .unwrap_or_else(|_| Err(Fault::new(FaultKind::TimedOut, "logs:StartLiveTail", "", "")))?;
            while let Some(frame) = frames.next().await {
                if told.send(Msg::Live(session, Ok(frame?))).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        let task = tokio::spawn(async move {
            let end = AssertUnwindSafe(work).catch_unwind().await;
            let end = end.unwrap_or_else(|_| {
                Err(Fault::new(
                    FaultKind::Internal,
                    "",
                    "",
                    "a task of the console failed; this is a bug",
                ))
            });
            let _ = answers.send(Msg::Live(session, Err(end.err()))).await;
        });
        self.keep_live(Some(task.abort_handle()));
    }

    /// Closes the session before, since each is paid for.
    fn keep_live(&self, next: Option<AbortHandle>) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = std::mem::replace(&mut *live, next) {
            before.abort();
        }
    }

    /// Looks through log segments on threads of their own, one for each core; each find is told as it
    /// comes.
    fn scan(&self, scan: Scan) {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        for part in scan.split(cores) {
            let answers = self.answers.clone();
            tokio::task::spawn_blocking(move || {
                searches::scan(&part, &answers, |found| part.run(|| answers.is_closed(), found));
            });
        }
    }

    /// Finds the shapes of errors on a thread of its own.
    fn mine(&self, mining: Mining) {
        let answers = self.answers.clone();
        tokio::task::spawn_blocking(move || searches::mine(&mining, &answers, || mining.run()));
    }

    fn save(&self, path: PathBuf, bytes: Arc<[u8]>) {
        let work = async move {
            let lost = |why: &str| Fault::new(FaultKind::Internal, "", "", why);
            let wanted = path.clone();
            let write = move || keep::keep(&path, |path| keep::write_new(path, |file| file.write_all(&bytes)));
            let kept = tokio::task::spawn_blocking(write).await;
            let kept = kept.map_err(|_| lost("a task of the console failed; this is a bug"))?;
            let kept = kept.map_err(|why| lost(&why))?;
            Ok(format!("{}{}", kept.path.display(), kept.elsewhere(&wanted)).into())
        };
        self.spawn(READ_LIMIT, work, Msg::Saved);
    }

    /// Reads a file that the operator named; `~/` is the home folder.
    fn load(&self, path: SafeText) {
        let home = path.strip_prefix("~/").and_then(|rest| Some(dirs::home_dir()?.join(rest)));
        let file = home.unwrap_or_else(|| PathBuf::from(path.as_str()));
        let work = async move {
            let lost = |why: &str| Fault::new(FaultKind::Internal, "", "", why);
            let read = tokio::task::spawn_blocking(move || keep::read(&file)).await;
            read.map_err(|_| lost("a task of the console failed; this is a bug"))?
                .map_err(|why| lost(&why))
        };
        self.spawn(READ_LIMIT, work, move |result| Msg::Loaded(path, result));
    }

    /// Reads how long resources took in the operations that were recorded here.
    pub fn learn(&self) {
        let (journal, answers) = (Arc::clone(&self.journal), self.answers.clone());
        tokio::task::spawn_blocking(move || {
            let timings = journal.timings();
            if !timings.is_empty() {
                let _ = answers.blocking_send(Msg::Timed(timings));
            }
        });
    }

    fn open(&self, url: SafeText) {
        let work = async move {
            let address = url.to_string();
            let opened = tokio::task::spawn_blocking(move || open::that_detached(address)).await;
            match opened {
                Ok(Ok(())) => Ok(format!("{url} handed to the browser").into()),
                _ => Err(Fault::new(
                    FaultKind::Internal,
                    "",
                    "",
                    &format!("no browser could be started here; open {url} yourself"),
                )),
            }
        };
        self.spawn(READ_LIMIT, work, |result| match result {
            Ok(text) => Msg::Copied(Ok(text)),
            Err(fault) => Msg::Copied(Err(fault)),
        });
    }
}
