//! A window of the log group, whole and sorted by time. One that is long is cut into slices of about a
//! page; some are fetched at a time, and each is printed when those before it are, so that memory does
//! not grow with the window.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Mutex, mpsc},
    task::JoinSet,
    time::Instant,
};

use super::{Answer, Context, Fault, FaultKind, LogEvent, LogPage, LogRequest, OPERATION, Printer, ask};
use crate::{
    cloud::Cloud,
    command::{Verdict, again::passes},
    core::{fact::Millis, text::SafeText},
};

/// Slices fetched at a time.
const WIDTH: usize = 4;
/// Events that a slice should have while no full page has come: about a page of lines of usual length.
const GOOD: usize = 3_500;
/// The same with a full page known: so much of it, that the slice takes one request and seldom a second.
const OF_PAGE: (usize, usize) = (9, 10);
/// Bytes of messages, and beside each message, at which a page is full for AWS.
const FULL: usize = 900_000;
const BESIDE: usize = 26;
/// Events at which a slice is cut into smaller ones, where a page has another after it.
const MANY: usize = 40_000;
/// The same for the whole window, whose pages come one after the other.
const FEW: usize = 1_000;
/// Shortest slice, in milliseconds.
const SHORTEST: Millis = 1_000;
/// Tries for one page.
const TRIES: u32 = 6;
/// Longest wait after throttling.
const MOST: Duration = Duration::from_mins(1);

/// What all slices of a window share.
struct Window {
    cloud: Arc<dyn Cloud>,
    request: LogRequest,
    /// Between two requests of all slices together.
    gap: Duration,
    next: Mutex<Instant>,
    news: mpsc::UnboundedSender<News>,
    /// Events of a slice that fits a page.
    good: AtomicUsize,
    /// A page has come: the place and the permission are right.
    has_come: AtomicBool,
}

/// What is told while slices are fetched.
enum News {
    /// The slice, how many events, and up to where they reach.
    Page(Slice, usize, Millis),
    /// A page is asked for again.
    Again(String),
}

/// A piece of the window: `from` inclusive, `until` exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slice {
    from: Millis,
    until: Millis,
}

/// What came of a slice.
enum Fetched {
    /// All of it, in order.
    Whole(Vec<LogEvent>),
    /// There is too much of it: so many events were found, from a time to a time.
    Much(usize, Slice),
}

/// Prints all events of the window that `request` names, in order.
pub(super) async fn run(cx: &mut Context, request: &LogRequest, pause: u64, printer: &mut Printer) -> Answer {
    let (news, mut told) = mpsc::unbounded_channel();
    let window = Arc::new(Window {
        cloud: Arc::clone(&cx.cloud),
        request: request.clone(),
        gap: Duration::from_millis(pause),
        next: Mutex::new(Instant::now()),
        news,
        good: AtomicUsize::new(GOOD),
        has_come: AtomicBool::new(false),
    });
    let whole = Slice {
        from: request.from,
        until: request.until.unwrap_or(Millis::MAX),
    };
    let mut queue = Queue::new(whole);
    queue.fill(&window);
    while queue.is_under_way() {
        tokio::select! {
            Some(news) = told.recv() => match news {
                News::Page(slice, events, until) => {
                    queue.on_page(slice, events, until);
                    cx.out.progress(queue.progress());
                }
                News::Again(text) => cx.out.note(text),
            },
            ready = queue.ready(&window) => {
                let ready = ready?;
                // The next are under way while these are printed.
                queue.fill(&window);
                for event in ready {
                    printer.show(cx, &event, false)?;
                }
            }
        }
    }
    cx.out.progress(String::new());
    while let Ok(news) = told.try_recv() {
        if let News::Again(text) = news {
            cx.out.note(text);
        }
    }
    Ok(Verdict::Well)
}

/// A slice that is under way, or has come and waits for those before it.
struct Part {
    slice: Slice,
    /// All of its events, once they have come.
    events: Option<Vec<LogEvent>>,
    /// How many have come so far.
    lines: usize,
    /// Up to where they reach.
    reached: Millis,
}

impl Part {
    fn new(slice: Slice) -> Self {
        Self {
            slice,
            events: None,
            lines: 0,
            reached: slice.from,
        }
    }
}

/// Slices in order of time: the first are under way or done, the rest is not cut yet.
struct Queue {
    whole: Slice,
    slices: VecDeque<Part>,
    tasks: JoinSet<(Slice, Result<Fetched, Fault>)>,
    rest: Slice,
    /// Slices and lines that were printed, or are about to be.
    printed: (usize, usize),
    /// Length of the next slice; none while the window may be small enough to be one.
    step: Option<Millis>,
    /// Before this time there is nothing that a slice is cut for.
    dense_from: Millis,
}

impl Queue {
    fn new(whole: Slice) -> Self {
        Self {
            whole,
            slices: VecDeque::new(),
            tasks: JoinSet::new(),
            rest: whole,
            printed: (0, 0),
            step: None,
            dense_from: Millis::MIN,
        }
    }

    fn is_under_way(&self) -> bool {
        !self.slices.is_empty()
    }

    /// A page of a slice came: so many events, up to a time.
    fn on_page(&mut self, slice: Slice, events: usize, until: Millis) {
        let known = self.slices.iter_mut().find(|part| part.slice == slice && part.events.is_none());
        if let Some(part) = known {
            part.lines += events;
            part.reached = part.reached.max(until);
        }
    }

    /// How far all slices are, in words.
    fn progress(&self) -> String {
        let (mut come, mut lines) = self.printed;
        let next = self.slices.front().map_or(self.rest.from, |part| part.slice.from);
        let mut reached = next - self.whole.from;
        for part in &self.slices {
            come += usize::from(part.events.is_some());
            lines += part.lines;
            reached += part.reached - part.slice.from;
        }
        // What is not cut yet will give about so many.
        let rest = |step: Millis| (self.rest.until - self.rest.from + step - 1) / step;
        let slices = self.step.map_or_else(String::new, |step| {
            let all = self.printed.0 + self.slices.len() + rest(step) as usize;
            format!(", {come} of about {all} slices")
        });
        let share = 100 * reached / (self.whole.until - self.whole.from).max(1);
        format!("{lines} lines fetched{slices}, {share} % of the window")
    }

    /// Cuts slices off the rest and begins them.
    fn fill(&mut self, window: &Arc<Window>) {
        let width = if self.step.is_some() { WIDTH } else { 1 };
        while self.slices.len() < width && self.rest.from < self.rest.until {
            let from = self.rest.from.max(self.dense_from);
            let end = self.step.map_or(self.rest.until, |step| from.saturating_add(step));
            let slice = Slice {
                from: self.rest.from,
                until: end.min(self.rest.until),
            };
            self.rest.from = slice.until;
            self.slices.push_back(Part::new(slice));
            self.begin(window, slice);
        }
    }

    fn begin(&mut self, window: &Arc<Window>, slice: Slice) {
        let window = Arc::clone(window);
        // The first is the whole window: whether that is small enough shows soon.
        let limit = if self.step.is_some() { MANY } else { FEW };
        self.tasks.spawn(async move { (slice, window.fetch(slice, limit).await) });
    }

    /// Events that can be printed now, when a slice has come; none where it was not the first, or too
    /// much.
    async fn ready(&mut self, window: &Window) -> Answer<Vec<LogEvent>> {
        let good = || window.good.load(Ordering::Relaxed);
        let Some(Ok((slice, fetched))) = self.tasks.join_next().await else {
            return Err(Fault::new(FaultKind::Internal, OPERATION, "", "a task of this program failed; this is a bug").into());
        };
        match fetched? {
            Fetched::Whole(events) => {
                self.learn(good(), events.len(), slice.until - slice.from);
                if let Some(part) = self.slices.iter_mut().find(|part| part.slice == slice) {
                    (part.lines, part.reached) = (events.len(), slice.until);
                    part.events = Some(events);
                }
            }
            Fetched::Much(events, span) => self.cut(good(), slice, (events, span)),
        }
        let mut ready = Vec::new();
        while let Some(part) = self.slices.pop_front_if(|part| part.events.is_some()) {
            self.printed.0 += 1;
            self.printed.1 += part.lines;
            ready.extend(part.events.unwrap_or_default());
        }
        Ok(ready)
    }

    /// The next slices are as long as would have given a page.
    fn learn(&mut self, good: usize, events: usize, length: Millis) {
        if let Some(step) = &mut self.step {
            let good = length.saturating_mul(good as Millis) / events.max(1) as Millis;
            *step = good.clamp(*step / 4, step.saturating_mul(4)).max(SHORTEST);
        }
    }

    /// Gives up a slice that has too much, and all after it, and cuts them anew.
    fn cut(&mut self, good: usize, slice: Slice, (events, span): (usize, Slice)) {
        let good = (span.until - span.from).max(1).saturating_mul(good as Millis) / events.max(1) as Millis;
        self.step = Some(good.max(SHORTEST));
        self.dense_from = span.from;
        self.rest.from = slice.from;
        self.slices.retain(|part| part.slice.until <= slice.from);
        // What is under way after it would come again.
        self.tasks.abort_all();
        let lost = self.slices.iter().position(|part| part.events.is_none());
        if let Some(first) = lost.and_then(|place| self.slices.get(place)) {
            self.rest.from = first.slice.from;
            self.slices.truncate(lost.unwrap_or_default());
        }
        self.tasks = JoinSet::new();
    }
}

impl Window {
    /// All pages of a slice, sorted: CloudWatch sorts each page only. Past `limit` events it is given up.
    async fn fetch(&self, slice: Slice, limit: usize) -> Result<Fetched, Fault> {
        let mut request = LogRequest {
            from: slice.from,
            until: Some(slice.until),
            ..self.request.clone()
        };
        let mut given: Vec<SafeText> = Vec::new();
        let mut events: Vec<LogEvent> = Vec::new();
        loop {
            let page = self.page(&request).await?;
            self.learn(&page);
            let reached = page.events.iter().map(|event| event.at).fold(slice.from, Millis::max);
            let _ = self.news.send(News::Page(slice, page.events.len(), reached));
            events.extend(page.events.into_iter().filter(|event| event.at >= slice.from));
            let Some(token) = page.next else { break };
            if given.contains(&token) {
                let why = "the same page came twice";
                return Err(Fault::new(FaultKind::OddAnswer, OPERATION, &request.group, why));
            }
            given.push(token.clone());
            request.token = Some(token);
            if events.len() > limit && slice.until - slice.from > SHORTEST {
                let span = Slice {
                    from: events.iter().map(|event| event.at).min().unwrap_or(slice.from),
                    until: events.iter().map(|event| event.at).max().unwrap_or(slice.until),
                };
                return Ok(Fetched::Much(events.len(), span));
            }
        }
        events.sort_by(|a, b| (a.at, a.ingested, &a.id).cmp(&(b.at, b.ingested, &b.id)));
        events.dedup_by(|a, b| a.id.is_some() && (a.at, &a.id) == (b.at, &b.id));
        Ok(Fetched::Whole(events))
    }

    /// How many events a page holds, where this one is full.
    fn learn(&self, page: &LogPage) {
        let bytes: usize = page.events.iter().map(|event| event.message.as_raw().len() + BESIDE).sum();
        if page.next.is_some() && bytes >= FULL {
            self.good.store(page.events.len() * OF_PAGE.0 / OF_PAGE.1, Ordering::Relaxed);
        }
    }

    /// One page; asked again, more and more slowly, while AWS throttles, or fails once it has answered.
    async fn page(&self, request: &LogRequest) -> Result<LogPage, Fault> {
        let speed = self.cloud.about().speed.max(1);
        let mut wait = Duration::from_secs(1);
        for _ in 1..TRIES {
            self.turn().await;
            match ask(&*self.cloud, request).await {
                Err(fault) if self.may_pass(&fault) => {
                    let _ = self.news.send(News::Again(format!("{}; asking again.", fault.sentence())));
                    tokio::time::sleep(wait / speed).await;
                    wait = (wait * 2).min(MOST);
                }
                answer => {
                    self.has_come.fetch_or(answer.is_ok(), Ordering::Relaxed);
                    return answer;
                }
            }
        }
        ask(&*self.cloud, request).await
    }

    fn may_pass(&self, fault: &Fault) -> bool {
        fault.kind == FaultKind::Throttled || (passes(fault) && self.has_come.load(Ordering::Relaxed))
    }

    /// Waits for the next place in the row of requests.
    async fn turn(&self) {
        let at = {
            let mut next = self.next.lock().await;
            let at = (*next).max(Instant::now());
            *next = at + self.gap;
            at
        };
        tokio::time::sleep_until(at).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_progress_counts_what_has_come_of_all_slices() {
        let slice = |n: Millis| Slice {
            from: n * 10_000,
            until: (n + 1) * 10_000,
        };
        let mut queue = Queue::new(Slice { from: 0, until: 100_000 });
        queue.slices = vec![Part::new(Slice { from: 0, until: 100_000 })].into();
        queue.on_page(Slice { from: 0, until: 100_000 }, 500, 5_000);
        assert_eq!(queue.progress(), "500 lines fetched, 5 % of the window", "it may be the only one");
        queue.step = Some(10_000);
        queue.rest.from = 40_000;
        queue.slices = (0..4).map(|n| Part::new(slice(n))).collect();
        assert_eq!(queue.progress(), "0 lines fetched, 0 of about 10 slices, 0 % of the window");
        queue.on_page(slice(0), 100, 5_000);
        queue.on_page(slice(2), 300, 28_000);
        queue.on_page(slice(2), 50, 30_000);
        assert_eq!(queue.progress(), "450 lines fetched, 0 of about 10 slices, 15 % of the window");
        queue.slices[2].events = Some(Vec::new());
        assert_eq!(queue.progress(), "450 lines fetched, 1 of about 10 slices, 15 % of the window");
        // A slice that was given up is no more, and what is told of it late counts no more.
        queue.slices.truncate(3);
        queue.rest.from = 30_000;
        queue.on_page(slice(3), 999, 40_000);
        queue.slices.pop_front();
        queue.printed = (1, 120);
        assert_eq!(queue.progress(), "470 lines fetched, 2 of about 10 slices, 20 % of the window");
    }
}
