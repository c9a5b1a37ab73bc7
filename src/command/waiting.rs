//! What a subcommand waits for: a line on the terminal of whoever watches, which comes when an answer is slow and goes
//! with it. Without a terminal there is none.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures::future::{BoxFuture, FutureExt};
use indicatif::ProgressBar;

use super::line;
use crate::{
    cloud::{Change, Cloud, Done, Query, Token},
    core::{
        fact::Fact,
        fault::Fault,
        secret::{SecretRef, SecretText},
    },
};

/// An answer that takes no longer is not worth a word.
const SLOW: Duration = Duration::from_secs(1);

/// Between two looks at the clock.
const EVERY: Duration = Duration::from_secs(1);

/// The line. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Line(Arc<Mutex<Shown>>);

#[derive(Debug, Default)]
struct Shown {
    /// What is not answered yet, in the order in which it was asked.
    asked: BTreeMap<u64, Asked>,
    next: u64,
    bar: Option<ProgressBar>,
    /// Something else stands there.
    is_hushed: bool,
}

/// One request under way.
#[derive(Debug, Clone, Copy)]
struct Asked {
    what: &'static str,
    since: Instant,
    /// Longest time for one request, and for all that it may take.
    patience: Option<[Duration; 2]>,
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something else stands there from now on, or no longer.
    pub(super) fn hush(&self, is_hushed: bool) {
        let mut shown = self.lock();
        shown.is_hushed = is_hushed;
        if is_hushed {
            shown.clear();
        }
    }

    /// Writes while the line is out of the way.
    pub(super) fn beside<T>(&self, write: impl FnOnce() -> T) -> T {
        let bar = self.lock().bar.clone();
        match bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Waits for an answer, and says so when it is slow.
    async fn during<T>(&self, what: &'static str, patience: Option<[Duration; 2]>, answer: impl Future<Output = T>) -> T {
        let _under_way = self.begin(Asked {
            what,
            since: Instant::now(),
            patience,
        });
        tokio::pin!(answer);
        let mut pause = SLOW;
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                () = tokio::time::sleep(pause) => self.lock().tell(),
            }
            pause = EVERY;
        }
    }

    fn begin(&self, asked: Asked) -> UnderWay {
        let mut shown = self.lock();
        let number = shown.next;
        shown.next += 1;
        shown.asked.insert(number, asked);
        UnderWay(self.clone(), number)
    }
}

/// A request under way, answered or given up when it is dropped.
struct UnderWay(Line, u64);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut shown = self.0.lock();
        shown.asked.remove(&self.1);
        if shown.asked.values().all(|it| it.since.elapsed() < SLOW) {
            shown.clear();
        }
    }
}

impl Shown {
    fn tell(&mut self) {
        let Some(oldest) = self.asked.values().next().filter(|_| !self.is_hushed) else {
            return;
        };
        let text = words(*oldest, self.asked.len() - 1, oldest.since.elapsed());
        let bar = self.bar.get_or_insert_with(line::text);
        bar.set_message(text);
        bar.tick();
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// `waiting for AWS: ecs:ListTasks and 3 more, 4 s; gives up after 12 s`.
fn words(asked: Asked, more: usize, since: Duration) -> String {
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let end = match asked.patience {
        Some([one, all]) if since >= one => format!("; gives up after {} s at the latest", all.as_secs()),
        Some([one, _]) => format!("; gives up after {} s", one.as_secs()),
        None => String::new(),
    };
    format!("waiting for {}{more}, {} s{end}", asked.what, since.as_secs())
}

/// What is asked, as whoever has to allow it knows it.
fn name(query: &Query) -> &'static str {
    match query {
        Query::Probe(_) => "the application",
        query => query.actions().first().copied().unwrap_or("AWS"),
    }
}

/// A cloud whose slow answers are told.
pub(super) struct Waiting {
    cloud: Arc<dyn Cloud>,
    line: Line,
}

impl Waiting {
    /// The same cloud, with its slow answers told on a line.
    pub(super) fn told(cloud: Arc<dyn Cloud>, line: Line) -> Arc<dyn Cloud> {
        Arc::new(Self { cloud, line })
    }
}

impl Cloud for Waiting {
    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>> {
        let (name, patience) = (name(&query), self.cloud.patience());
        self.line.during(name, patience, self.cloud.ask(query)).boxed()
    }

    // An image takes as long as it takes: no end is told of what is done once.
    fn change(&self, change: Change, token: Token) -> BoxFuture<'_, Result<Done, Fault>> {
        let name = change.operation();
        self.line.during(name, None, self.cloud.change(change, token)).boxed()
    }

    fn reveal(&self, secret: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>> {
        let patience = self.cloud.patience();
        let name = "secretsmanager:GetSecretValue";
        self.line.during(name, patience, self.cloud.reveal(secret)).boxed()
    }

    crate::cloud::pass_on!(cloud);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_has_a_name_an_age_and_an_end() {
        let asked = Asked {
            what: "ecs:ListTasks",
            since: Instant::now(),
            patience: Some([12, 60].map(Duration::from_secs)),
        };
        for (asked, more, since, want) in [
            (asked, 0, 2, "waiting for ecs:ListTasks, 2 s; gives up after 12 s"),
            (asked, 3, 11, "waiting for ecs:ListTasks and 3 more, 11 s; gives up after 12 s"),
            (asked, 0, 12, "waiting for ecs:ListTasks, 12 s; gives up after 60 s at the latest"),
            (Asked { patience: None, ..asked }, 0, 40, "waiting for ecs:ListTasks, 40 s"),
        ] {
            assert_eq!(words(asked, more, Duration::from_secs(since)), want);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_line_comes_late_and_goes_with_the_answer() {
        let line = Line::default();
        let is_told = || line.lock().bar.is_some();
        line.during("a", None, async {
            assert!(!is_told());
            tokio::time::sleep(SLOW * 2).await;
            assert!(is_told());
            line.hush(true);
            assert!(!is_told(), "a bar stands there");
            tokio::time::sleep(SLOW * 2).await;
            assert!(!is_told());
            line.hush(false);
            tokio::time::sleep(SLOW * 2).await;
            assert!(is_told());
        })
        .await;
        assert!(!is_told() && line.lock().asked.is_empty());
    }
}
