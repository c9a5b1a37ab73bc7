//! `logs`: a window of the log group sorted by time, or the tail that goes on. It asks
//! `logs:FilterLogEvents` and nothing else, so that the least of permissions is enough; `--live` and
//! `--insights` ask for what they need besides.

mod follow;
mod insights;
mod print;
mod window;

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
};

use jiff::tz::TimeZone;

use self::print::Printer;
use super::{Answer, Context, Failure, Verdict, refusal, when};
use crate::{
    cli::LogsArgs,
    cloud::{Cloud, LogRequest, Query},
    core::{
        fact::{Fact, LogEvent, LogPage, Millis},
        fault::{Fault, FaultKind},
        lines::{Filter, Pattern, StreamName},
        logline::{self, Before, Level},
        names::{App, Names, app_of_stream},
        nearest, pace,
        tail::{Pace, Tail},
        text::SafeText,
    },
};

/// The one read that this subcommand needs.
const OPERATION: &str = "logs:FilterLogEvents";

/// Most streams that are named where none is the one asked for.
const MOST_NAMED: usize = 8;

/// Prints log lines.
pub(super) async fn run(cx: &mut Context, args: &LogsArgs) -> Answer {
    let zone = std::env::var("TZ").unwrap_or_default();
    if !cx.settings.utc && !zone.is_empty() && TimeZone::try_system().is_err() {
        let zone = SafeText::new(&zone);
        cx.out.note(format!(
            "TZ names the time zone \"{zone}\", which is not known here: times are UTC."
        ));
    }
    let (from, until) = window_of(cx, args)?;
    let spends = [
        (args.insights, "an Insights scan", "logs:StartQuery"),
        (args.live, "Live Tail", "logs:StartLiveTail"),
    ];
    if let Some((_, what, operation)) = spends.into_iter().find(|(is_asked, ..)| *is_asked)
        && let Some(why) = refusal(cx)
    {
        let next = if cx.settings.read_only { "; run it without read-only" } else { "" };
        let why = format!("{what} spends money, and {why}{next}");
        return Err(Fault::new(FaultKind::Guarded, operation, "", &why).into());
    }
    let sieve = Sieve::new(cx, args)?;
    let group = cx
        .settings
        .log_group
        .clone()
        .unwrap_or_else(|| Names::new(&cx.settings.stack).log_group());
    let (prefix, filter) = (sieve.prefix(), sieve.filter());
    let mut printer = Printer::new(sieve);
    if args.insights {
        return insights::run(cx, (&filter, group), &|cx| window_of(cx, args), &mut printer).await;
    }
    // An endpoint on this machine has no rate that has to be spared.
    let pause = if is_loopback(cx) {
        0
    } else {
        pace::page_pause(&cx.cloud.about().region)
    };
    if args.follow || args.live {
        let pace = if pause == 0 { Pace::unbound() } else { Pace::new(pause) };
        let begin = |cx: &Context| Ok(Tail::new(group.clone(), window_of(cx, args)?.0));
        return follow::run(cx, (&begin, pace, args.live), &mut printer).await;
    }
    let mut request = LogRequest {
        group,
        from,
        until: Some(until),
        token: None,
        stream_prefix: prefix,
    };
    if !window::run(cx, &request, (pause, true), &mut printer).await? {
        // AWS's clock is known now, and this machine's is another one.
        let (from, until) = window_of(cx, args)?;
        (request.from, request.until) = (from, Some(until));
        window::run(cx, &request, (pause, false), &mut printer).await?;
    }
    if let Some(why) = printer.lacks_stream() {
        cx.out.note(why);
    }
    Ok(Verdict::Well)
}

/// The times from and up to which lines are wanted, by AWS's clock as far as it is known.
fn window_of(cx: &Context, args: &LogsArgs) -> Answer<(Millis, Millis)> {
    let now = cx.cloud.now();
    let zone = if cx.settings.utc { TimeZone::UTC } else { TimeZone::system() };
    let moment = |text: &str| when::parse(text, now, &zone).map_err(Failure::Usage);
    let from = moment(&args.since)?;
    let until = args.until.as_deref().map_or(Ok(now + 1), moment)?;
    if until <= from {
        let why = match args.until {
            Some(_) => "--until must be later than --since.",
            None => "--since lies in the future: nothing is logged there yet.",
        };
        return Err(Failure::Usage(why.into()));
    }
    Ok((from, until))
}

/// Where this machine's clock is off by this much, in milliseconds, a window that was counted by it is another one.
const CLOCK_OFF: Millis = 60_000;

async fn ask(cloud: &dyn Cloud, request: &LogRequest) -> Result<LogPage, Fault> {
    match cloud.ask(Query::LogPage(request.clone())).await? {
        Fact::LogPage(page) => Ok(page),
        _ => Err(Fault::new(FaultKind::OddAnswer, OPERATION, &request.group, "")),
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
    stream: Option<StreamName>,
    /// Streams seen while none was that of --stream.
    others: BTreeSet<SafeText>,
    is_stream_seen: bool,
    level: Level,
    pattern: Option<Pattern>,
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
        if args.grep.as_deref().is_some_and(Pattern::spans_lines) {
            let why = "--grep spans lines: a pattern is looked for in one line at a time, so it can hold no newline.";
            return Err(Failure::Usage(why.into()));
        }
        if args.invert && args.grep.as_deref() == Some("") {
            let why = "--invert with an empty --grep keeps no line: say what is not wanted.";
            return Err(Failure::Usage(why.into()));
        }
        let pattern = args.grep.as_deref().and_then(Pattern::exact).map(|it| it.inverted(args.invert));
        if let Some(odd) = pattern.as_ref().filter(|it| it.is_literal_fallback()) {
            let text = SafeText::new(odd.text());
            cx.out.note(format!("\"{text}\" is no regular expression; searched as text."));
        }
        Ok(Self {
            app,
            stream: args.stream.as_deref().map(|text| StreamName::Like(text.into())),
            others: BTreeSet::new(),
            is_stream_seen: false,
            level,
            pattern,
            before: HashMap::new(),
        })
    }

    /// The same as the Logs screen has it.
    fn filter(&self) -> Filter {
        Filter {
            app: self.app,
            stream: self.stream.clone(),
            min_level: Some(self.level).filter(|level| *level > Level::Debug),
            pattern: self.pattern.clone(),
            ..Filter::default()
        }
    }

    /// What the name of each stream that is wanted begins with, where that is known.
    fn prefix(&self) -> Option<SafeText> {
        match self.stream.as_ref().map_or("", StreamName::prefix) {
            "" => self.app.map(|app| format!("{app}/").into()),
            prefix => Some(prefix.into()),
        }
    }

    fn is_its(&mut self, stream: &SafeText) -> bool {
        let Some(wanted) = &self.stream else { return true };
        let is_its = wanted.takes(stream);
        self.is_stream_seen |= is_its;
        if !self.is_stream_seen && self.others.len() < MOST_NAMED && !self.others.contains(stream) {
            self.others.insert(stream.clone());
        }
        is_its
    }

    /// That no line was of the stream that was asked for, and which streams there are.
    fn lacks_stream(&self) -> Option<String> {
        let wanted = self.stream.as_ref().filter(|_| !self.is_stream_seen)?.text();
        let names: Vec<String> = self.others.iter().map(|stream| print::short_stream(stream)).collect();
        let more = if names.len() < MOST_NAMED { "" } else { " and others" };
        let found = match names.as_slice() {
            [] => String::new(),
            _ => format!("; it has {}{more}", names.join(", ")),
        };
        Some(format!("No line of the window is of a stream or task \"{wanted}\"{found}."))
    }

    fn keeps(&mut self, event: &LogEvent) -> bool {
        let is_its = self.app.is_none_or(|app| app_of_stream(&event.stream) == Some(app)) && self.is_its(&event.stream);
        let raw = event.message.as_raw();
        is_its && self.is_grave_enough(event, raw) && self.pattern.as_ref().is_none_or(|it| it.matches_message(raw))
    }

    fn is_grave_enough(&mut self, event: &LogEvent, raw: &str) -> bool {
        if self.level == Level::Debug {
            return true;
        }
        let before = self.before.get(&event.stream).copied();
        let joined = logline::follow(before, logline::read(raw), raw, event.at, 0);
        match self.before.get_mut(&event.stream) {
            Some(known) => *known = joined.before,
            None => drop(self.before.insert(event.stream.clone(), joined.before)),
        }
        joined.level >= self.level
    }
}
