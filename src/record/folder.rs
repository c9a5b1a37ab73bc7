//! The folder of recordings: a thread that writes them, how many are kept, and what they say in a list.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use serde::Serialize;

use super::{
    Head, Line, Recording, Told,
    later::{self, Seen},
    scrub::scrub,
};
use crate::core::{
    eta::Timing,
    fact::{Millis, StackStatus},
    text::SafeText,
    when,
};

/// Recordings that are kept; the oldest go first.
const MOST_FILES: usize = 40;
/// Bytes that all of them may have together.
const MOST_BYTES: u64 = 64 << 20;
/// Bytes of one from which on only the stack and its events are written.
const LARGE: u64 = 8 << 20;
/// How long the end of the program waits for what is still to be written.
const LAST_WRITES: Duration = Duration::from_secs(1);

/// A recording that is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Tape(pub(super) u64);

/// What the thread does to a tape.
#[derive(Debug)]
pub(super) enum Job {
    Begin(Box<Head>),
    Line(Box<Line>),
    End,
}

enum Order {
    Do(Tape, Job),
    CatchUp(Box<Seen>),
    Tell(mpsc::Sender<()>),
}

/// Where recordings are kept.
#[derive(Debug, Clone)]
pub struct Recordings {
    folder: PathBuf,
    writer: Arc<OnceLock<mpsc::Sender<Order>>>,
    /// The end of an operation may be among older events than were told.
    is_lacking: Arc<AtomicBool>,
}

/// What a recording is, without its facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Name of the file in the folder.
    pub file: String,
    /// When the operation began.
    pub begun: Millis,
    /// Name of the stack.
    pub stack: SafeText,
    /// Region.
    pub region: SafeText,
    /// `create`, `update`, `delete` or `import`.
    pub operation: SafeText,
    /// The stack's status as it was told last.
    pub status: Option<StackStatus>,
    /// How long the operation took, in milliseconds; `None` when its end was not seen.
    pub took: Option<Millis>,
    /// When its end was read from CloudFormation's events, where nobody had watched until then.
    pub caught_up: Option<Millis>,
    /// Why the file can not be read.
    pub fault: Option<String>,
}

impl Recordings {
    /// Recordings in this folder, which is made when the first one is.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            writer: Arc::default(),
            is_lacking: Arc::default(),
        }
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Hands a job to the thread. That it can not be written is a line in the log, once for each recording.
    pub(super) fn put(&self, tape: Tape, job: Job) {
        self.order(Order::Do(tape, job));
    }

    /// Has what nobody watched to its end completed, as far as these events tell it.
    pub(super) fn catch_up(&self, seen: Seen) {
        // Without a recording there is none to complete.
        if self.folder.exists() {
            self.order(Order::CatchUp(Box::new(seen)));
        }
    }

    /// The end of an operation may be among older events than were told; said once.
    pub(super) fn wants_history(&self) -> bool {
        self.is_lacking.swap(false, Ordering::Relaxed)
    }

    fn order(&self, order: Order) {
        let writer = self.writer.get_or_init(|| {
            let (sender, orders) = mpsc::channel();
            let (folder, is_lacking) = (self.folder.clone(), Arc::clone(&self.is_lacking));
            std::thread::spawn(move || write(&folder, &orders, &is_lacking));
            sender
        });
        // The thread ends only with its senders.
        let _ = writer.send(order);
    }

    /// Waits a moment for what is still to be written.
    pub fn flush(&self) {
        let Some(writer) = self.writer.get() else { return };
        let (sender, done) = mpsc::channel();
        if writer.send(Order::Tell(sender)).is_ok() {
            let _ = done.recv_timeout(LAST_WRITES);
        }
    }

    /// The recordings, newest first.
    pub fn list(&self) -> Vec<Listed> {
        let mut all: Vec<Listed> = files(&self.folder).iter().rev().map(|path| listed(path)).collect();
        all.sort_by_key(|it| std::cmp::Reverse(it.begun));
        all
    }

    /// How long resources took in operations that ended well, oldest first.
    pub fn timings(&self) -> Vec<Timing> {
        let all = files(&self.folder);
        all.iter().filter_map(|path| brief(path).ok()).flat_map(|it| it.timings()).collect()
    }
}

/// The files of a folder, oldest first: their names begin with their times.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "jsonl"))
        .collect();
    paths.sort();
    paths
}

/// Those that may be of this stack by their names, which leave out what no name of a file has.
pub(super) fn files_of(folder: &Path, stack: &SafeText) -> Vec<PathBuf> {
    let part = format!("Z-{}-", safe(stack));
    let is_its = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().contains(&part));
    files(folder).into_iter().filter(is_its).collect()
}

/// A recording with no more than the stack and its events.
pub(super) fn brief(path: &Path) -> Result<Recording, String> {
    let text = fs::read_to_string(path).map_err(|e| e.to_string())?;
    let is_brief = |row: &&str| {
        let kind = row.split("\"fact\":{\"").nth(1).unwrap_or(row);
        kind.starts_with("stack\"") || kind.starts_with("events\"") || kind.len() == row.len()
    };
    let rows: String = text.split_inclusive('\n').filter(is_brief).collect();
    Recording::parse(&rows).map_err(|e| e.to_string())
}

fn listed(path: &Path) -> Listed {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let recording = match brief(path) {
        Ok(it) => it,
        Err(fault) => {
            return Listed {
                file,
                begun: 0,
                stack: SafeText::default(),
                region: SafeText::default(),
                operation: SafeText::default(),
                status: None,
                took: None,
                caught_up: None,
                fault: Some(fault),
            };
        }
    };
    let progress = recording.progress();
    Listed {
        file,
        begun: recording.head.begun,
        status: recording.last_stack().map(|s| s.status.clone()),
        took: progress.and_then(|p| Some(p.ended? - p.started)),
        caught_up: recording.head.caught_up,
        stack: recording.head.stack,
        region: recording.head.region,
        operation: recording.head.operation,
        fault: None,
    }
}

/// The thread: does what it is told until nobody is left to tell it anything.
fn write(folder: &Path, orders: &mpsc::Receiver<Order>, is_lacking: &AtomicBool) {
    let mut open: HashMap<Tape, File> = HashMap::new();
    for order in orders {
        match order {
            Order::Tell(done) => {
                let _ = done.send(());
            }
            Order::CatchUp(seen) => match later::catch_up(folder, &seen) {
                Ok(lacks) => is_lacking.store(lacks, Ordering::Relaxed),
                Err(error) => tracing::warn!(%error, "a recording can not be completed"),
            },
            Order::Do(tape, Job::Begin(head)) => match begin(folder, &head) {
                Ok(file) => drop(open.insert(tape, file)),
                Err(error) => tracing::warn!(%error, "an operation can not be recorded"),
            },
            Order::Do(tape, Job::Line(line)) => {
                let written = open.get_mut(&tape).map_or(Ok(()), |file| put(file, &line));
                if let Err(error) = written {
                    tracing::warn!(%error, "a recording ends before its operation");
                    open.remove(&tape);
                }
            }
            Order::Do(tape, Job::End) => drop(open.remove(&tape)),
        }
    }
}

/// Opens the file of an operation, which another console may have begun.
pub(super) fn begin(folder: &Path, head: &Head) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let path = folder.join(name(head));
    rotate(folder, &path)?;
    let mut options = OpenOptions::new();
    options.create(true).append(true).read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    // Whoever was ended in the middle of a line left no end of it.
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let torn = if last == [b'\n'] { "" } else { "\n" };
    let line = format!("{torn}{}\n", serde_json::to_string(head)?);
    file.write_all(line.as_bytes())?;
    Ok(file)
}

/// `2026-11-25T201300.123Z-bedrock-image-chat-update.jsonl`: they sort by time.
pub(super) fn name(head: &Head) -> String {
    let seconds = when::iso(head.begun).replace(':', "");
    let millis = head.begun.rem_euclid(1_000);
    format!(
        "{}.{millis:03}Z-{}-{}.jsonl",
        seconds.trim_end_matches('Z'),
        safe(&head.stack),
        safe(&head.operation)
    )
}

fn safe(text: &SafeText) -> String {
    let kept = text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-');
    kept.take(64).collect()
}

/// Makes room for one more: the oldest go.
fn rotate(folder: &Path, new: &Path) -> io::Result<()> {
    let others: Vec<(PathBuf, u64)> = files(folder)
        .into_iter()
        .filter(|path| path != new)
        .map(|path| {
            let size = fs::metadata(&path).map_or(0, |m| m.len());
            (path, size)
        })
        .collect();
    let mut bytes: u64 = others.iter().map(|(_, size)| size).sum();
    let mut left = others.len();
    for (path, size) in others {
        if left < MOST_FILES && bytes + LARGE <= MOST_BYTES {
            break;
        }
        fs::remove_file(path)?;
        (bytes, left) = (bytes - size, left - 1);
    }
    Ok(())
}

/// One write a line: several consoles may append at once.
pub(super) fn put(file: &mut File, line: &Line) -> io::Result<()> {
    let is_small = file.metadata()?.len() < LARGE;
    if !is_small && !matches!(line.fact, Told::Stack(_) | Told::Events(_)) {
        return Ok(());
    }
    let mut value = serde_json::to_value(line)?;
    scrub(&mut value, false);
    file.write_all(format!("{value}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(begun: Millis) -> Head {
        Head {
            recording: super::super::VERSION,
            stack: "chat/../x".into(),
            region: "us-west-2".into(),
            operation: "create".into(),
            begun,
            caught_up: None,
        }
    }

    #[test]
    fn names_sort_by_time_and_lead_nowhere() {
        assert_eq!(name(&head(1_795_376_458_007)), "2026-11-22T194058.007Z-chatx-create.jsonl");
        assert!(name(&head(999)) < name(&head(1_000)));
    }

    #[test]
    fn only_files_that_may_be_of_a_stack_are_read_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let named = |stack: &str, begun| Head {
            stack: stack.into(),
            ..head(begun)
        };
        for (begun, stack) in [
            (1_000, "chat"),
            (2_000, "chat-dev"),
            (3_000, "dev"),
            (4_000, "a-chat"),
            (5_000, "chat"),
        ] {
            drop(begin(dir.path(), &named(stack, begun)).unwrap());
        }
        let found = files_of(dir.path(), &"dev".into());
        assert_eq!(found, [dir.path().join(name(&named("dev", 3_000)))]);
        // Whether the second one is of a stack with a longer name is told by what it says.
        assert_eq!(files_of(dir.path(), &"chat".into()).len(), 3);
    }

    #[test]
    fn the_oldest_go_first_and_the_new_one_stays() {
        let dir = tempfile::tempdir().unwrap();
        for begun in 0..60 {
            drop(begin(dir.path(), &head(begun * 1_000)).unwrap());
        }
        let left = files(dir.path());
        assert_eq!(left.len(), MOST_FILES);
        assert!(left[39].ends_with(name(&head(59_000))) && left[0].ends_with(name(&head(20_000))));
        // Twelve of a size of which eight are as much as may be.
        for path in &left {
            File::options().write(true).open(path).unwrap().set_len(MOST_BYTES / 8).unwrap();
        }
        drop(begin(dir.path(), &head(60_000)).unwrap());
        assert_eq!(files(dir.path()).len(), 8);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_private_and_taken_up_after_a_torn_line() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let line = |at| Line {
            at,
            fact: Told::Stack(None),
        };
        let mut file = begin(dir.path(), &head(7)).unwrap();
        put(&mut file, &line(7)).unwrap();
        file.write_all(b"{\"at\":8,\"fa").unwrap();
        let mut file = begin(dir.path(), &head(7)).unwrap();
        put(&mut file, &line(9)).unwrap();
        let path = dir.path().join(name(&head(7)));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let recording = Recording::parse(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(recording.span(), (7, 9));
        assert_eq!(recording.lines.len(), 2);
    }

    #[test]
    fn a_file_that_can_not_be_read_is_listed_with_its_fault() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("x.jsonl"), "{\"recording\":9}\n").unwrap();
        let all = Recordings::new(dir.path().to_owned()).list();
        assert!(all[0].fault.as_ref().unwrap().contains("version 9"), "{all:?}");
        assert_eq!(Recordings::new(dir.path().join("none")).list(), []);
    }
}
