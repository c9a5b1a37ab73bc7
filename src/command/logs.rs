//! `logs`: a window of the log group sorted by time, or the tail that goes on. It asks
//! `logs:FilterLogEvents` and nothing else, so that the least of permissions is enough.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    time::Duration,
};

use jiff::tz::TimeZone;
use regex::Regex;

use super::{Answer, Context, Failure, Verdict, pause, text, watch::passes, when};
use crate::{
    cli::LogsArgs,
    cloud::{LogRequest, Query},
    core::{
        fact::{Fact, LogEvent, LogPage},
        fault::{Fault, FaultKind},
        lines::{ExportFormat, export},
        logline::{self, Before, Level},
        names::{App, Names, app_of_stream},
        nearest,
        tail::Tail,
        text::SafeText,
    },
};

/// Between two polls while following.
const EVERY: Duration = Duration::from_secs(3);

/// Longest wait after faults.
const MOST: Duration = Duration::from_mins(1);

/// Between two pages of a window: half of the rate that AWS publishes.
const PAGE_EVERY: Duration = Duration::from_millis(200);

/// Tries for one page of a window.
const TRIES: u32 = 6;

/// Prints log lines.
pub(super) async fn run(cx: &mut Context, args: &LogsArgs) -> Answer {
    let now = cx.cloud.now();
    let zone = if cx.settings.utc { TimeZone::UTC } else { TimeZone::system() };
    let moment = |text: &str| when::parse(text, now, &zone).map_err(Failure::Usage);
    let from = moment(&args.since)?;
    let until = args.until.as_deref().map_or(Ok(now + 1), moment)?;
    if until <= from {
        return Err(Failure::Usage("--until must be later than --since.".into()));
    }
    let mut sieve = Sieve::new(cx, args)?;
    let group = cx
        .settings
        .log_group
        .clone()
        .unwrap_or_else(|| Names::new(&cx.settings.stack).log_group());
    if args.follow {
        follow(cx, Tail::new(group, from), &mut sieve).await
    } else {
        let request = LogRequest {
            group,
            from,
            until: Some(until),
            token: None,
            stream_prefix: sieve.app.map(|app| format!("{app}/").into()),
        };
        window(cx, request, &mut sieve).await
    }
}

/// All pages, then sorted: CloudWatch sorts each page only.
async fn window(cx: &mut Context, mut request: LogRequest, sieve: &mut Sieve) -> Answer {
    let is_paced = !is_loopback(cx);
    let mut events = Vec::new();
    let mut given = HashSet::new();
    loop {
        let page = page(cx, &request).await?;
        events.extend(page.events);
        match page.next {
            Some(token) if given.insert(token.clone()) => request.token = Some(token),
            Some(_) => {
                return Err(Fault::new(
                    FaultKind::OddAnswer,
                    "logs:FilterLogEvents",
                    &request.group,
                    "the same page came twice",
                )
                .into());
            }
            None => break,
        }
        if is_paced {
            pause(cx, PAGE_EVERY).await;
        }
    }
    events.sort_by_key(|e| (e.at, e.ingested));
    for event in &events {
        if sieve.keeps(event) {
            show(cx, event, false)?;
        }
    }
    Ok(Verdict::Well)
}

/// One page; asked again, more and more slowly, while AWS throttles.
async fn page(cx: &mut Context, request: &LogRequest) -> Answer<LogPage> {
    let mut wait = Duration::from_secs(1);
    for _ in 1..TRIES {
        match ask(cx, request).await {
            Err(fault) if fault.kind == FaultKind::Throttled => {
                cx.out.note(format!("{}; asking again.", fault.sentence()));
                pause(cx, wait).await;
                wait = (wait * 2).min(MOST);
            }
            answer => return Ok(answer?),
        }
    }
    Ok(ask(cx, request).await?)
}

async fn ask(cx: &Context, request: &LogRequest) -> Result<LogPage, Fault> {
    match cx.cloud.ask(Query::LogPage(request.clone())).await? {
        Fact::LogPage(page) => Ok(page),
        _ => Err(Fault::new(FaultKind::OddAnswer, "logs:FilterLogEvents", &request.group, "")),
    }
}

/// Each poll is printed at once. Once lines have come, no fault ends it: it says so and goes on.
async fn follow(cx: &mut Context, mut tail: Tail, sieve: &mut Sieve) -> Answer {
    let mut wait = EVERY;
    let mut said = None;
    loop {
        let mut can_poll = true;
        while let Some((seq, request)) = tail.due(cx.cloud.now(), can_poll) {
            can_poll = false;
            let answer = ask(cx, &request).await;
            for arrived in tail.on_page(seq, answer, cx.cloud.now()) {
                if sieve.keeps(&arrived.event) {
                    show(cx, &arrived.event, arrived.late)?;
                }
            }
            cx.out.flush()?;
        }
        match tail.fault().cloned() {
            None => {
                wait = EVERY;
                said = None;
            }
            Some(fault) if tail.stats().pages == 0 && !passes(&fault) => return Err(fault.into()),
            Some(fault) => {
                wait = (wait * 2).min(MOST);
                if said.replace(fault.kind) != Some(fault.kind) {
                    cx.out
                        .note(format!("{}; asking again until it is well, no line is lost.", fault.sentence()));
                }
            }
        }
        // A fifth more or less, so that many consoles do not ask at the same moment.
        let jitter = u32::try_from(cx.cloud.now().rem_euclid(401)).unwrap_or(200) + 800;
        pause(cx, wait * jitter / 1000).await;
    }
}

fn show(cx: &mut Context, event: &LogEvent, late: bool) -> Answer<()> {
    if cx.out.is_json() {
        // The console's own export: hidden characters are escaped, and the message is byte-exact once parsed.
        for line in export([(event, late)], ExportFormat::JsonLines) {
            cx.out.raw(line.as_bytes())?;
        }
        return Ok(());
    }
    let stamp = format!(
        "{}.{:03}",
        text::moment(event.at, &cx.settings).trim_end_matches('Z'),
        event.at.rem_euclid(1000)
    );
    let mark = if late { " (late)" } else { "" };
    let mut parts = logline::shown_parts(event.message.as_raw());
    let first = logline::display(parts.next().unwrap_or_default());
    cx.out.line(format!("{stamp}  {}{mark}  {first}", short_stream(&event.stream)))?;
    for part in parts.filter(|p| !p.is_empty()) {
        cx.out.line(format!("    {}", logline::display(part)))?;
    }
    Ok(())
}

/// `openwebui/openwebui/0af31c9e…` → `openwebui/0af31c9e`.
fn short_stream(stream: &str) -> String {
    let mut parts = stream.split('/');
    match (parts.next(), parts.next_back()) {
        (Some(prefix), Some(task)) => format!("{prefix}/{}", task.chars().take(8).collect::<String>()),
        _ => stream.to_owned(),
    }
}

/// Requests stay on this machine, where no rate has to be spared.
fn is_loopback(cx: &Context) -> bool {
    let endpoint = cx.cloud.about().endpoint;
    let url = endpoint.and_then(|e| reqwest::Url::parse(&e).ok());
    url.as_ref()
        .and_then(|u| u.host_str())
        .is_some_and(|host| host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
}

/// Which lines are printed.
struct Sieve {
    app: Option<App>,
    level: Level,
    pattern: Option<Regex>,
    is_inverse: bool,
    /// The line before in each stream: the lines of a traceback have the level of its entry.
    before: HashMap<SafeText, Before>,
}

impl Sieve {
    fn new(cx: &mut Context, args: &LogsArgs) -> Answer<Self> {
        let wrong = |what: &str, word: &str, known: &[&str]| {
            let hint = nearest::hint(word, known.iter().copied());
            Failure::Usage(format!("There is no {what} \"{word}\"; {hint}"))
        };
        let app = match &args.service {
            Some(word) => Some(
                word.to_lowercase()
                    .parse()
                    .map_err(|_| wrong("service", word, &["openwebui", "litellm"]))?,
            ),
            None => None,
        };
        let level = match &args.level {
            Some(word) => Level::named(word).ok_or_else(|| wrong("level", word, &["debug", "info", "warning", "error", "critical"]))?,
            None => Level::Debug,
        };
        let pattern = args.grep.as_deref().map(|pattern| {
            Regex::new(pattern).or_else(|_| {
                cx.out.note(format!(
                    "\"{}\" is no regular expression; searched as text.",
                    SafeText::new(pattern)
                ));
                Regex::new(&regex::escape(pattern))
            })
        });
        let pattern = pattern.transpose().map_err(|e| Failure::Usage(e.to_string()))?;
        Ok(Self {
            app,
            level,
            pattern,
            is_inverse: args.invert,
            before: HashMap::new(),
        })
    }

    fn keeps(&mut self, event: &LogEvent) -> bool {
        let raw = event.message.as_raw();
        let before = self.before.get(&event.stream).copied();
        let (level, _) = logline::join(before, logline::read(raw), event.at);
        self.before.insert(event.stream.clone(), Before { at: event.at, level });
        self.app.is_none_or(|app| app_of_stream(&event.stream) == Some(app))
            && level >= self.level
            && self
                .pattern
                .as_ref()
                .is_none_or(|p| p.is_match(&logline::strip_sgr(raw)) != self.is_inverse)
    }
}
