//! Log lines on their way to a file: written piece by piece on a thread of their own. Who leaves meanwhile does not leave
//! half a file.

use std::{
    io::{self, Write},
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    task,
    time::{Instant, timeout_at},
};

use super::{Arc, keep};
use crate::core::{
    fault::{Fault, FaultKind},
    insights,
    lines::{ExportFormat, Kept},
    msg::Msg,
    text::SafeText,
};

/// How long is waited for the disk once a file has been given up: it may never answer.
const GIVING_UP: Duration = Duration::from_secs(1);

/// What is being written.
#[derive(Debug)]
pub struct Saves {
    /// Who is told what came of it, when it is done: another session than the one in which it began.
    answers: Arc<Mutex<mpsc::Sender<Msg>>>,
    /// It is to be given up.
    is_over: Arc<AtomicBool>,
    running: Mutex<Vec<Running>>,
}

/// A file that is being written.
#[derive(Debug)]
struct Running {
    path: PathBuf,
    /// What is there of it until it is whole, in each folder that was tried.
    parts: Parts,
    /// Whether the whole of it is there, once that is known.
    is_written: oneshot::Receiver<bool>,
}

type Parts = Arc<Mutex<Vec<PathBuf>>>;

/// A file that was given up.
#[derive(Debug, PartialEq, Eq)]
pub struct Lost {
    /// Where it was wanted.
    pub path: PathBuf,
    /// What may be there of it still, since it could not be removed.
    pub left: Vec<PathBuf>,
}

impl Saves {
    /// Nothing is being written yet; what comes of it is told to these.
    pub(super) fn new(answers: mpsc::Sender<Msg>) -> Self {
        Self {
            answers: Arc::new(Mutex::new(answers)),
            is_over: Arc::default(),
            running: Mutex::default(),
        }
    }

    /// Others are told from now on.
    pub(super) fn tell(&self, answers: mpsc::Sender<Msg>) {
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner) = answers;
    }

    /// Begins to write lines; what came of it, where they are or why not, is told as the message that `wrap` makes.
    pub(super) fn begin<F>(&self, path: PathBuf, format: ExportFormat, kept: Kept, wrap: F)
    where
        F: FnOnce(Result<SafeText, Fault>) -> Msg + Send + 'static,
    {
        let (is_over, answers, wanted) = (Arc::clone(&self.is_over), Arc::clone(&self.answers), path.clone());
        let (sender, is_written) = oneshot::channel();
        let parts = Parts::default();
        let noted = Arc::clone(&parts);
        task::spawn_blocking(move || {
            let lines = (format, &kept);
            let written = panic::catch_unwind(AssertUnwindSafe(|| write(&wanted, lines, &noted, &is_over)));
            let written = written.unwrap_or_else(|_| Err("a task of the console failed; this is a bug".to_owned()));
            let _ = sender.send(written.is_ok());
            let told = written.map(Into::into).map_err(|why| Fault::new(FaultKind::Internal, "", "", &why));
            let answers = answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
            // The loop is gone when the program ends: nobody waits for this answer then.
            let _ = answers.blocking_send(wrap(told));
        });
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|it| it.is_written.is_empty());
        running.push(Running { path, parts, is_written });
    }

    /// Files that are being written.
    pub fn unfinished(&self) -> Vec<PathBuf> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let unfinished = running.iter().filter(|it| it.is_written.is_empty());
        unfinished.map(|it| it.path.clone()).collect()
    }

    /// Waits so long for what is being written, then gives it up and removes what is there of it. The files that are not
    /// there. It takes at most a second more, whether the disk answers or not.
    pub async fn end(&self, patience: Duration) -> Vec<Lost> {
        let mut running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        let soon = Instant::now() + patience;
        let mut given_up = Vec::new();
        for until in [soon, soon + GIVING_UP / 2] {
            for mut it in std::mem::take(&mut running) {
                match timeout_at(until, &mut it.is_written).await {
                    Ok(Ok(true)) => {}
                    Ok(_) => given_up.push(it),
                    Err(_) => running.push(it),
                }
            }
            self.is_over.store(true, Ordering::Relaxed);
        }
        given_up.extend(running);
        let mut lost = Vec::new();
        for Running { path, parts, .. } in given_up {
            let parts = parts.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let left = cleared(parts, soon + GIVING_UP).await;
            lost.push(Lost { path, left });
        }
        lost
    }
}

/// Removes half files; those of which it is not known in time that they are gone. Removing them may hang as well, and so
/// it goes on aside.
async fn cleared(parts: Vec<PathBuf>, until: Instant) -> Vec<PathBuf> {
    let mut left = Vec::new();
    for part in parts {
        let there = part.clone();
        let is_gone = timeout_at(until, task::spawn_blocking(move || keep::clear(&there))).await;
        if !matches!(is_gone, Ok(Ok(true))) {
            left.push(part);
        }
    }
    left
}

/// Writes the lines. Where they are, how many and how large; or why not.
fn write(
    wanted: &Path,
    (format, kept): (ExportFormat, &Kept),
    parts: &Mutex<Vec<PathBuf>>,
    is_over: &AtomicBool,
) -> Result<String, String> {
    let to = keep::keep(wanted, |path| {
        let part = keep::part_of(path);
        parts.lock().unwrap_or_else(PoisonError::into_inner).push(part.clone());
        keep::write_by(&part, path, |file| {
            for piece in kept.pieces(format) {
                if is_over.load(Ordering::Relaxed) {
                    return Err(io::Error::other("it was left unfinished"));
                }
                file.write_all(piece.as_bytes())?;
            }
            Ok(())
        })
    })?;
    let bytes = std::fs::metadata(&to.path).map_or(0, |file| file.len());
    let (path, lines, size) = (to.path.display(), kept.len(), insights::size(bytes));
    let plural = if lines == 1 { "" } else { "s" };
    Ok(format!("{path}: {lines} line{plural}, {size}{}", to.elsewhere(wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{fact::LogEvent, lines::Lines, tail::Arrived, text::RawText};

    fn lines(count: i64) -> Kept {
        let mut lines = Lines::new(usize::MAX);
        lines.append((0..count).map(|at| Arrived {
            event: LogEvent {
                id: None,
                at,
                ingested: at,
                stream: "s".into(),
                message: RawText::new(&"x".repeat(1_000)),
            },
            late: false,
        }));
        lines.to_write(None)
    }

    #[tokio::test]
    async fn lines_are_written_and_told() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, mut told) = mpsc::channel(4);
        let saves = Saves::new(sender);
        for (format, name) in [(ExportFormat::JsonLines, "a.jsonl"), (ExportFormat::Text, "a.txt")] {
            let path = dir.path().join(name);
            saves.begin(path.clone(), format, lines(2_000), Msg::Saved);
            let Some(Msg::Saved(Ok(text))) = told.recv().await else {
                panic!("not saved")
            };
            assert!(text.contains(&format!("{name}: 2000 lines, 2.")) && text.ends_with("MB"), "{text}");
            let want: String = lines(2_000).pieces(format).collect();
            assert!(std::fs::read_to_string(path).unwrap() == want && want.lines().count() == 2_000);
        }
        assert!(saves.end(Duration::ZERO).await.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_does_not_wait_for_somebody_to_hear_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, told) = mpsc::channel(1);
        sender.try_send(Msg::Saved(Ok("another".into()))).unwrap();
        let saves = Saves::new(sender);
        let path = dir.path().join("a.txt");
        saves.begin(path.clone(), ExportFormat::Text, lines(10), Msg::Saved);
        assert!(saves.end(Duration::from_mins(10)).await.is_empty(), "it is there, told or not");
        assert_eq!(std::fs::read_to_string(path).unwrap().lines().count(), 10);
        drop(told);
    }

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_never_answers_holds_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let saves = Saves::new(mpsc::channel(1).0);
        let (_never, is_written) = oneshot::channel();
        // One half file can be removed, what stands for the other can not.
        let [half, odd, none] = ["a.txt.1.part", "a.txt.2.part", "a.txt.3.part"].map(|name| dir.path().join(name));
        std::fs::write(&half, "half").unwrap();
        std::fs::create_dir(&odd).unwrap();
        saves.running.lock().unwrap().push(Running {
            path: "a.txt".into(),
            parts: Arc::new(Mutex::new(vec![half.clone(), odd.clone(), none])),
            is_written,
        });
        assert_eq!(saves.unfinished(), [PathBuf::from("a.txt")]);
        let begun = Instant::now();
        let lost = Lost {
            path: "a.txt".into(),
            left: vec![odd],
        };
        assert_eq!(saves.end(Duration::from_secs(3)).await, [lost]);
        assert!((3..=4).contains(&begun.elapsed().as_secs()) && !half.exists());
    }

    #[tokio::test]
    async fn what_ends_in_another_session_is_told_there() {
        let dir = tempfile::tempdir().unwrap();
        let ((old, gone), (new, mut told)) = (mpsc::channel(4), mpsc::channel(4));
        drop(gone);
        let saves = Saves::new(old);
        {
            // Who holds this decides when it is told.
            let mut answers = saves.answers.lock().unwrap();
            saves.begin(dir.path().join("a.txt"), ExportFormat::Text, lines(10), Msg::Saved);
            *answers = new;
        }
        assert!(matches!(told.recv().await, Some(Msg::Saved(Ok(_)))));
    }

    #[tokio::test]
    async fn who_leaves_meanwhile_leaves_no_half_file() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, _told) = mpsc::channel(4);
        let saves = Saves::new(sender);
        saves.is_over.store(true, Ordering::Relaxed);
        let path = dir.path().join("a.jsonl");
        saves.begin(path.clone(), ExportFormat::JsonLines, lines(10), Msg::Saved);
        let lost = Lost { path, left: Vec::new() };
        assert_eq!(saves.end(Duration::ZERO).await, [lost]);
        assert!(saves.unfinished().is_empty());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
