//! The tail that goes on: each poll, and each second of Live Tail, is printed at once. Once lines have
//! come, no fault ends it: it says so and goes on.

use std::{sync::Arc, time::Duration};

use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, OptionFuture},
};
use tokio::time::Instant;

use super::{Answer, CLOCK_OFF, Context, Fault, FaultKind, LogPage, Pace, Printer, SafeText, Tail, ask};
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

/// Makes the tail, by the clock as it is known then.
type Begin<'a> = &'a (dyn Fn(&Context) -> Answer<Tail> + Sync);

/// A page that is asked for, by its number.
type Asking<'a> = BoxFuture<'a, (u64, Result<LogPage, Fault>)>;

/// A tail under way.
struct Follow<'a> {
    begin: Begin<'a>,
    /// By how much this machine's clock was known to be ahead when the tail was made.
    ahead: Millis,
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
    /// When it was said that Live Tail leaves lines out.
    said_sampled: Option<u64>,
    /// A look was wanted while a page was under way.
    is_hurried: bool,
}

/// Follows until somebody stops it.
pub(super) async fn run(cx: &mut Context, (begin, pace, is_live): (Begin<'_>, Pace, bool), printer: &mut Printer) -> Answer {
    if is_live {
        price_first(cx).await?;
    }
    let cloud = Arc::clone(&cx.cloud);
    let mut follow = Follow {
        live: is_live.then(|| Live::new(0, 0)),
        begin,
        ahead: cloud.ahead(),
        tail: begin(cx)?,
        cx,
        printer,
        pace,
        begun: Instant::now(),
        due: 0,
        wait: EVERY,
        again: Again::new(Duration::from_millis(EVERY)),
        said: Vec::new(),
        said_sampled: None,
        is_hurried: false,
    };
    // Neither a page, nor a session that is slow to open, holds up the other, or the lines of a session.
    let mut page: Option<Asking<'_>> = None;
    let mut opening: Option<BoxFuture<'_, Result<LiveStream<'_>, Fault>>> = None;
    let mut stream: Option<LiveStream<'_>> = None;
    loop {
        // What has queued up is older than what is asked for next, and no silence.
        while let Some(Some(frame)) = stream.as_mut().map(|it| it.next().now_or_never()) {
            if !follow.on_frame(frame)? {
                stream = None;
            }
        }
        if follow.is_silent() {
            (opening, stream) = (None, None);
        }
        if let Some(group) = follow.session() {
            opening = Some(cloud.live(group));
        }
        page = page.or_else(|| follow.next_page(&*cloud));
        let next = follow.until_next(page.is_some());
        let next = follow.tell_waiting(next);
        tokio::select! {
            Some(frame) = OptionFuture::from(stream.as_mut().map(StreamExt::next)) => {
                if !follow.on_frame(frame)? {
                    stream = None;
                }
            }
            Some((seq, answer)) = OptionFuture::from(page.as_mut()) => {
                page = None;
                follow.on_page(&*cloud, seq, answer)?;
            }
            Some(opened) = OptionFuture::from(opening.as_mut()) => {
                opening = None;
                stream = follow.on_opened(opened);
            }
            () = tokio::time::sleep(next) => {}
        }
    }
}

/// Says what Live Tail costs, and asks.
async fn price_first(cx: &mut Context) -> Answer<()> {
    let region = cx.cloud.about().region;
    let usd = Prices::shipped().find(&region, "live-tail-minute").map(|found| found.row.usd);
    let price = usd.map_or_else(|| "a price that is not known".into(), |usd| format!("${usd:.2} a minute"));
    if cx.is_yes {
        cx.out.note(format!("Live Tail: {price} until you stop it."));
    }
    confirm(cx, &format!("Live Tail costs {price} until you stop it. Begin?"), &[]).await
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
    fn next_page<'c>(&mut self, cloud: &'c dyn Cloud) -> Option<Asking<'c>> {
        let now = self.now();
        if now < self.due {
            return None;
        }
        let next = self.tail.due(cloud.now(), self.pace.can_poll(now));
        if next.is_some() {
            self.pace.sent(&self.tail, now);
            self.is_hurried = false;
        } else {
            self.due = now + 100;
        }
        let (seq, request) = next?;
        Some(async move { (seq, ask(cloud, &request).await) }.boxed())
    }

    fn on_page(&mut self, cloud: &dyn Cloud, seq: u64, answer: Result<LogPage, Fault>) -> Answer<()> {
        if self.tail.stats().pages == 0 && (cloud.ahead() - self.ahead).abs() >= CLOCK_OFF {
            // AWS's clock is known now, and this machine's, by which the tail began, is another one.
            self.ahead = cloud.ahead();
            let tail = (self.begin)(self.cx)?;
            self.tail.begin_anew(tail, cloud.now());
            return Ok(());
        }
        for arrived in self.tail.on_page(seq, answer, cloud.now()) {
            self.printer.show(self.cx, &arrived.event, arrived.late)?;
        }
        self.cx.out.flush()?;
        self.after_poll(cloud)
    }

    fn after_poll(&mut self, cloud: &dyn Cloud) -> Answer<()> {
        self.cx.out.clock(cloud.ahead());
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
        // Who was hurried while it was being answered asks again: the answer may be from before.
        let is_soon = self.is_hurried && self.tail.fault().is_none();
        let wait = if is_soon { 0 } else { self.wait * jitter / 1_000 };
        self.pace.poll_at(&self.tail, now + wait);
        self.due = self.pace.due(&self.tail, cloud.now()).max(now);
        if self.tail.is_first_pass() {
            let pages = self.tail.stats().pages;
            self.cx.out.progress(format!("{pages} pages fetched"));
        }
        Ok(())
    }

    /// A session has been silent for too long, and is given up.
    fn is_silent(&mut self) -> bool {
        let now = self.real();
        let Some(live) = &mut self.live else { return false };
        if live.on_tick(now).is_none() {
            return false;
        }
        let silent = live.fault().cloned();
        self.after_session(silent);
        true
    }

    /// Opens a session that is due: the log group that it is of.
    fn session(&mut self) -> Option<SafeText> {
        let now = self.real();
        self.live.as_mut()?.due(now)?;
        self.tail.expect_live(self.cx.cloud.now());
        Some(self.tail.group().clone())
    }

    /// A session was opened, or was not.
    fn on_opened<'c>(&mut self, opened: Result<LiveStream<'c>, Fault>) -> Option<LiveStream<'c>> {
        let now = self.real();
        let fault = match opened {
            Ok(stream) => return Some(stream),
            Err(fault) => fault,
        };
        if let Some(live) = &mut self.live {
            live.on_end(live.session(), Some(fault.clone()), now);
        }
        self.after_session(Some(fault));
        None
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
            let now = self.real();
            if self.said_sampled.is_none_or(|at| now - at >= AGAIN) {
                self.said_sampled = Some(now);
                let text = "Live Tail leaves lines out, as it does from 500 a second on; they follow by polling.";
                self.cx.out.note(text);
            }
        }
        let had_holes = self.tail.has_holes();
        for arrived in self.tail.on_live(session, update, wall) {
            self.printer.show(self.cx, &arrived.event, arrived.late)?;
        }
        if self.tail.has_holes() && !had_holes {
            self.hurry();
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
        self.is_hurried = true;
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

    fn until_next(&self, is_asking: bool) -> Duration {
        let speed = u64::from(self.cx.cloud.about().speed.max(1));
        let poll = if is_asking {
            EVERY_LIVE
        } else {
            self.due.saturating_sub(self.now()) / speed
        };
        let next = self.live.as_ref().map_or(poll, |live| poll.min(live.next(self.real())));
        // Not more often than a hundred times a second, however fast the cloud's time runs.
        Duration::from_millis(next.max(10))
    }
}
