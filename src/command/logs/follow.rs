//! The tail that goes on: each poll, and each second of Live Tail, is printed at once. Once lines have
//! come, no fault ends it: it says so and goes on.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, future::OptionFuture};
use tokio::time::Instant;

use super::{Answer, Context, Fault, FaultKind, Pace, Printer, Tail, ask};
use crate::{
    cloud::{Cloud, LiveStream},
    command::{
        again::{self, Again, passes},
        confirm,
    },
    core::{
        fact::{LiveFrame, LiveUpdate, Millis},
        live::Live,
        pace::spread,
        prices::Prices,
    },
};

/// Between two polls.
const EVERY: u64 = 3_000;
/// The same while Live Tail brings the lines.
const EVERY_LIVE: u64 = 60_000;
/// After this long a trouble of the same kind is said again.
const AGAIN: u64 = 60_000;

/// A tail under way.
struct Follow<'a> {
    cx: &'a mut Context,
    printer: &'a mut Printer,
    tail: Tail,
    pace: Pace,
    live: Option<Live>,
    begun: Instant,
    /// When to ask next.
    due: u64,
    wait: u64,
    again: Again,
    /// What was said of sessions, and when.
    said: Vec<(FaultKind, u64)>,
    is_sampled: bool,
}

/// Follows until somebody stops it.
pub(super) async fn run(cx: &mut Context, (tail, pace, is_live): (Tail, Pace, bool), printer: &mut Printer) -> Answer {
    if is_live {
        let region = cx.cloud.about().region;
        let usd = Prices::shipped().find(&region, "live-tail-minute").map(|found| found.row.usd);
        let price = usd.map_or_else(|| "a price that is not known".into(), |usd| format!("${usd:.2} a minute"));
        if cx.is_yes {
            cx.out.note(format!("Live Tail: {price} until you stop it."));
        }
        confirm(cx, &format!("Live Tail costs {price} until you stop it. Begin?"), &[]).await?;
    }
    let cloud = Arc::clone(&cx.cloud);
    let mut follow = Follow {
        live: is_live.then(|| Live::new(0, 0)),
        cx,
        printer,
        tail,
        pace,
        begun: Instant::now(),
        due: 0,
        wait: EVERY,
        again: Again::new(Duration::from_millis(EVERY)),
        said: Vec::new(),
        is_sampled: false,
    };
    if is_live {
        follow.tail.expect_live();
    }
    let mut stream: Option<LiveStream<'_>> = None;
    loop {
        follow.poll(&*cloud).await?;
        stream = follow.session(&*cloud, stream).await?;
        let next = follow.until_next();
        let next = follow.tell_waiting(next);
        let frame = OptionFuture::from(stream.as_mut().map(StreamExt::next));
        tokio::select! {
            Some(frame) = frame => {
                if !follow.on_frame(frame)? {
                    stream = None;
                }
                // What has queued up meanwhile is older than the next poll.
                while let Some(Some(frame)) = stream.as_mut().map(|it| it.next().now_or_never()) {
                    if !follow.on_frame(frame)? {
                        stream = None;
                    }
                }
            }
            () = tokio::time::sleep(next) => {}
        }
    }
}

impl Follow<'_> {
    /// The clock of the polls: it runs as fast as the cloud's time.
    fn now(&self) -> u64 {
        self.real() * u64::from(self.cx.cloud.about().speed.max(1))
    }

    /// The clock of the sessions: an update comes every second of ours.
    fn real(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Asks for what is due.
    async fn poll(&mut self, cloud: &dyn Cloud) -> Answer<()> {
        while self.now() >= self.due {
            let now = self.now();
            let Some((seq, request)) = self.tail.due(cloud.now(), self.pace.can_poll(now)) else {
                self.due = now + 100;
                return Ok(());
            };
            self.pace.sent(&self.tail, now);
            let answer = ask(cloud, &request).await;
            for arrived in self.tail.on_page(seq, answer, cloud.now()) {
                self.printer.show(self.cx, &arrived.event, arrived.late)?;
            }
            self.cx.out.flush()?;
            self.after_poll(cloud)?;
        }
        Ok(())
    }

    fn after_poll(&mut self, cloud: &dyn Cloud) -> Answer<()> {
        match self.tail.fault().cloned() {
            None => {
                let is_live = self.live.as_ref().is_some_and(Live::is_on) && !self.tail.has_holes();
                self.wait = if is_live { EVERY_LIVE } else { EVERY };
                self.again.is_answered(self.cx);
            }
            Some(fault) if self.tail.stats().pages == 0 && !passes(&fault) => return Err(fault.into()),
            Some(fault) => {
                let wait = self.again.failed(self.cx, &fault);
                self.wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            }
        }
        // A fifth more or less, so that many consoles do not ask at the same moment.
        let jitter = 800 + spread(cloud.now().unsigned_abs()) * 400 / 1_000;
        let now = self.now();
        self.pace.poll_at(&self.tail, now + self.wait * jitter / 1_000);
        self.due = self.pace.due(&self.tail, cloud.now()).max(now);
        if self.tail.is_first_pass() {
            let pages = self.tail.stats().pages;
            self.cx.out.progress(format!("{pages} pages fetched"));
        }
        Ok(())
    }

    /// Opens a session that is due, and drops one that is silent.
    async fn session<'c>(&mut self, cloud: &'c dyn Cloud, stream: Option<LiveStream<'c>>) -> Answer<Option<LiveStream<'c>>> {
        let now = self.real();
        let Some(live) = &mut self.live else { return Ok(None) };
        let stream = match live.on_tick(now) {
            Some(_) => {
                let silent = live.fault().cloned();
                self.after_session(silent);
                None
            }
            None => stream,
        };
        let Some(session) = self.live.as_mut().and_then(|live| live.due(now)) else {
            return Ok(stream);
        };
        match cloud.live(self.tail.group().clone()).await {
            Ok(stream) => Ok(Some(stream)),
            Err(fault) => {
                let now = self.real();
                if let Some(live) = &mut self.live {
                    live.on_end(session, Some(fault.clone()), now);
                }
                self.after_session(Some(fault));
                Ok(None)
            }
        }
    }

    /// Takes what the session said; `false` when it has ended.
    fn on_frame(&mut self, frame: Option<Result<LiveFrame, Fault>>) -> Answer<bool> {
        let (now, wall) = (self.real(), self.cx.cloud.now());
        let Some(live) = &mut self.live else { return Ok(false) };
        let session = live.session();
        match frame {
            Some(Ok(frame)) => {
                if !live.is_on() {
                    // What came between the last look and the session's beginning.
                    self.hurry();
                }
                if let Some(live) = &mut self.live {
                    live.on_frame(session, &frame, now);
                }
                if let LiveFrame::Update(update) = frame {
                    self.on_update(session, update, wall)?;
                }
                Ok(true)
            }
            end => {
                let fault = end.and_then(Result::err);
                live.on_end(session, fault.clone(), now);
                self.after_session(fault);
                Ok(false)
            }
        }
    }

    fn on_update(&mut self, session: u32, update: LiveUpdate, wall: Millis) -> Answer<()> {
        if update.sampled {
            if !self.is_sampled {
                let text = "Live Tail leaves lines out, as it does from 500 a second on; they follow by polling.";
                self.cx.out.note(text);
            }
            self.hurry();
        }
        self.is_sampled = update.sampled;
        for arrived in self.tail.on_live(session, update, wall) {
            self.printer.show(self.cx, &arrived.event, arrived.late)?;
        }
        self.cx.out.flush()
    }

    /// Looks by polling for what the session did not bring.
    fn after_session(&mut self, fault: Option<Fault>) {
        self.tail.on_live_end(self.cx.cloud.now());
        self.hurry();
        if let Some(fault) = fault {
            let word = self.live.as_ref().map_or("", Live::word);
            self.say(&fault, &format!("{word}; no line is lost"));
        }
    }

    fn hurry(&mut self) {
        let now = self.now();
        self.pace.hurry(now);
        self.due = now;
    }

    /// Says each kind of trouble once a minute at most.
    fn say(&mut self, fault: &Fault, and: &str) {
        let now = self.real();
        self.said.retain(|(_, at)| now - at < AGAIN);
        if !self.said.iter().any(|(kind, _)| *kind == fault.kind) {
            self.said.push((fault.kind, now));
            self.cx.out.note(format!("{}; {and}.", fault.sentence()));
        }
    }

    /// Tells whoever watches what is waited for, second by second; gives the time until the next look.
    fn tell_waiting(&mut self, next: Duration) -> Duration {
        let Some(fault) = self.tail.fault().filter(|_| self.again.is_waiting()).cloned() else {
            return next;
        };
        let left = self.due.saturating_sub(self.now()) / u64::from(self.cx.cloud.about().speed.max(1));
        self.again.tell(self.cx, &fault, Duration::from_millis(left));
        next.min(again::EVERY)
    }

    fn until_next(&self) -> Duration {
        let speed = u64::from(self.cx.cloud.about().speed.max(1));
        let poll = self.due.saturating_sub(self.now()) / speed;
        let next = self.live.as_ref().map_or(poll, |live| poll.min(live.next(self.real())));
        // Not more often than a hundred times a second, however fast the cloud's time runs.
        Duration::from_millis(next.max(10))
    }
}
