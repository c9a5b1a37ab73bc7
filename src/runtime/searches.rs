//! Work on log lines off the loop. A bug in it is told, and leaves nobody waiting for what it did not get to.

use std::panic::{self, AssertUnwindSafe};

use tokio::sync::mpsc;

use crate::core::{
    fault::{Fault, FaultKind},
    lines::{Found, Mined, Mining, Scan},
    msg::Msg,
};

/// Tells what `look` finds, segment by segment.
pub(super) fn scan(scan: &Scan, answers: &mpsc::Sender<Msg>, look: impl FnOnce(&mut dyn FnMut(Found))) {
    // The loop is gone when the program ends: nobody waits for an answer then.
    let tell = |msg| drop(answers.blocking_send(msg));
    let mut told = 0;
    let looked = panic::catch_unwind(AssertUnwindSafe(|| {
        look(&mut |found| {
            told += 1;
            tell(Msg::Found(found));
        });
    }));
    if looked.is_err() {
        scan.passed_over(told).for_each(|found| tell(Msg::Found(found)));
        let why = "a search of the log failed, and what it found is not all; this is a bug";
        tell(Msg::Failed(Fault::new(FaultKind::Internal, "", "", why)));
    }
}

/// Tells the shapes of errors that `look` finds.
pub(super) fn mine(mining: &Mining, answers: &mpsc::Sender<Msg>, look: impl FnOnce() -> Mined) {
    let mined = panic::catch_unwind(AssertUnwindSafe(look)).unwrap_or_else(|_| mining.given_up());
    let _ = answers.blocking_send(Msg::Mined(mined));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{
        fact::LogEvent,
        lines::{Filter, Index, Lines, Pattern},
        tail::Arrived,
        text::RawText,
    };

    fn lines() -> Lines {
        let mut lines = Lines::in_small_segments(usize::MAX);
        lines.append((0..100).map(|at| Arrived {
            event: LogEvent {
                id: None,
                at,
                ingested: at,
                stream: "s".into(),
                message: RawText::new("ERROR: one"),
            },
            late: false,
        }));
        lines
    }

    /// All that is told while `work` is done.
    fn told(work: impl FnOnce(&mpsc::Sender<Msg>)) -> Vec<Msg> {
        let (sender, mut told) = mpsc::channel(1_000);
        work(&sender);
        drop(sender);
        std::iter::from_fn(|| told.blocking_recv()).collect()
    }

    #[test]
    fn a_search_that_fails_is_told_and_leaves_nobody_waiting() {
        let lines = lines();
        let filter = Filter {
            pattern: Pattern::filter("one"),
            ..Filter::default()
        };
        let mut index = Index::new(filter, 1);
        let whole = index.scan(&lines, None).unwrap();
        let all = told(|answers| {
            scan(&whole, answers, |found| {
                let mut count = 0;
                whole.run(
                    || false,
                    |it| {
                        count += 1;
                        assert!(count < 3, "a bug");
                        found(it);
                    },
                );
            });
        });
        assert!(
            matches!(all.last(), Some(Msg::Failed(fault)) if fault.sentence().contains("is not all")),
            "{all:?}"
        );
        for msg in all {
            if let Msg::Found(found) = msg {
                index.found(&lines, found);
            }
        }
        assert!(index.is_complete(&lines) && index.len() > 1 && index.len() < 100, "{}", index.len());
        let well = told(|answers| scan(&whole, answers, |found| whole.run(|| false, found)));
        assert!(well.len() > 2 && well.iter().all(|msg| matches!(msg, Msg::Found(_))));
    }

    #[test]
    fn errors_whose_shapes_can_not_be_found_are_counted_and_not_looked_at_again() {
        let mut lines = lines();
        loop {
            let minings = lines.minings(0);
            if minings.is_empty() {
                break;
            }
            for mining in minings {
                let all = told(|answers| mine(&mining, answers, || panic!("a bug")));
                let [Msg::Mined(mined)] = all.as_slice() else { panic!("{all:?}") };
                assert!(lines.mined(mined));
            }
        }
        let shapes = lines.errors().shapes();
        assert_eq!((lines.errors().waiting(), shapes.len(), shapes[0].count), (0, 1, 100));
        assert!(shapes[0].text.contains("bug"), "{}", shapes[0].text);
    }
}
