//! Log lines on their way to a file: written piece by piece on a thread of their own. Who leaves meanwhile does not leave
//! half a file.

use std::{
    io::{self, Write},
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
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
    /// Each with whether the whole of it is there, once that is known.
    running: Mutex<Vec<(PathBuf, oneshot::Receiver<bool>)>>,
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

    /// Begins to write lines, and tells what came of it: where they are, or why not.
    pub(super) fn begin<F>(&self, path: PathBuf, format: ExportFormat, kept: Kept, answer: F)
    where
        F: FnOnce(Result<SafeText, Fault>) -> Msg + Send + 'static,
    {
        let (is_over, answers, wanted) = (Arc::clone(&self.is_over), Arc::clone(&self.answers), path.clone());
        let (sender, is_written) = oneshot::channel();
        task::spawn_blocking(move || {
            let written = panic::catch_unwind(AssertUnwindSafe(|| write(&wanted, format, &kept, &is_over)));
            let written = written.unwrap_or_else(|_| Err("a task of the console failed; this is a bug".to_owned()));
            let _ = sender.send(written.is_ok());
            let told = written.map(Into::into).map_err(|why| Fault::new(FaultKind::Internal, "", "", &why));
            let answers = answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
            // The loop is gone when the program ends: nobody waits for this answer then.
            let _ = answers.blocking_send(answer(told));
        });
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|(_, is_written)| is_written.is_empty());
        running.push((path, is_written));
    }

    /// Files that are being written.
    pub fn unfinished(&self) -> Vec<PathBuf> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let unfinished = running.iter().filter(|(_, is_written)| is_written.is_empty());
        unfinished.map(|(path, _)| path.clone()).collect()
    }

    /// Waits so long for what is being written, then gives it up and leaves nothing of it. The files that are not there. It
    /// takes at most a second more, whether the disk answers or not.
    pub async fn end(&self, patience: Duration) -> Vec<PathBuf> {
        let mut running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        let (soon, late) = (Instant::now() + patience, Instant::now() + patience + GIVING_UP);
        let mut lost = Vec::new();
        for until in [soon, late] {
            for (path, mut is_written) in std::mem::take(&mut running) {
                match timeout_at(until, &mut is_written).await {
                    Ok(Ok(true)) => {}
                    Ok(_) => lost.push(path),
                    Err(_) => running.push((path, is_written)),
                }
            }
            self.is_over.store(true, Ordering::Relaxed);
        }
        lost.extend(running.into_iter().map(|(path, _)| path));
        lost
    }
}

/// Writes the lines. Where they are, how many and how large; or why not.
fn write(wanted: &std::path::Path, format: ExportFormat, kept: &Kept, is_over: &AtomicBool) -> Result<String, String> {
    let to = keep::keep(wanted, |path| {
        keep::write_new(path, |file| {
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

    fn exported(told: Result<SafeText, Fault>) -> Msg {
        Msg::Exported(None, told)
    }

    #[tokio::test]
    async fn lines_are_written_and_told() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, mut told) = mpsc::channel(4);
        let saves = Saves::new(sender);
        for (format, name) in [(ExportFormat::JsonLines, "a.jsonl"), (ExportFormat::Text, "a.txt")] {
            let path = dir.path().join(name);
            saves.begin(path.clone(), format, lines(2_000), exported);
            let Some(Msg::Exported(None, Ok(text))) = told.recv().await else {
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
        sender.try_send(Msg::Hide).unwrap();
        let saves = Saves::new(sender);
        let path = dir.path().join("a.txt");
        saves.begin(path.clone(), ExportFormat::Text, lines(10), exported);
        assert!(saves.end(Duration::from_mins(10)).await.is_empty(), "it is there, told or not");
        assert_eq!(std::fs::read_to_string(path).unwrap().lines().count(), 10);
        drop(told);
    }

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_never_answers_holds_nobody() {
        let saves = Saves::new(mpsc::channel(1).0);
        let (_never, is_written) = oneshot::channel();
        saves.running.lock().unwrap().push(("a.txt".into(), is_written));
        assert_eq!(saves.unfinished(), [PathBuf::from("a.txt")]);
        let begun = Instant::now();
        assert_eq!(saves.end(Duration::from_secs(3)).await, [PathBuf::from("a.txt")]);
        assert_eq!(begun.elapsed().as_secs(), 4);
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
            saves.begin(dir.path().join("a.txt"), ExportFormat::Text, lines(10), exported);
            *answers = new;
        }
        assert!(matches!(told.recv().await, Some(Msg::Exported(None, Ok(_)))));
    }

    #[tokio::test]
    async fn who_leaves_meanwhile_leaves_no_half_file() {
        let dir = tempfile::tempdir().unwrap();
        let saves = Saves::new(mpsc::channel(1).0);
        saves.is_over.store(true, Ordering::Relaxed);
        let path = dir.path().join("a.jsonl");
        saves.begin(path.clone(), ExportFormat::JsonLines, lines(10), exported);
        assert_eq!(saves.end(Duration::ZERO).await, [path]);
        assert!(saves.unfinished().is_empty());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
