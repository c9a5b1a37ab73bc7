use regex::Regex;

use super::*;
use crate::core::{
    lines::{Filter, Lines, Pattern, StreamName},
    logline::Level,
    names::App,
    text::RawText,
};

const DAY: Millis = 86_400_000;
const NOW: Millis = 1_795_317_120_000;

fn event(at: Millis, message: &str) -> LogEvent {
    LogEvent {
        id: None,
        at,
        ingested: at,
        stream: "litellm/litellm/1".into(),
        message: RawText::new(message),
    }
}

fn by(text: &str) -> Filter {
    Filter {
        pattern: Pattern::filter(text),
        ..Filter::default()
    }
}

/// The expressions of a query's filter stages: those that a line must have, and must not.
fn stage(filter: &Filter) -> Option<String> {
    let query = query(filter, false);
    let stages: Vec<&str> = query.split("\n| ").collect();
    assert_eq!(stages.first(), Some(&"fields @timestamp, @ingestionTime, @logStream, @message"));
    assert_eq!(stages[stages.len() - 2..], ["sort @timestamp desc", "limit 10000"]);
    let filters = &stages[1..stages.len() - 2];
    assert!(filters.len() < 2, "{query}");
    filters.first().map(|it| it.trim_start_matches("filter ").to_owned())
}

#[test]
fn patterns_become_expressions_that_hold_no_sign_of_the_language() {
    for (pattern, want) in [
        ("timeout", Some("@message like /(?i)timeout/")),
        ("TimeOut", Some("@message like /TimeOut/")),
        ("GET /health", Some("@message like /(?s)GET.*health/")),
        ("it's \"so\" | limit 1", Some("@message like /(?is)(?:it.*s.*so.*|.*limit.*1)/")),
        ("a/b\\\\c", Some("@message like /(?is)a.*b.*c/")),
        (r"\d+ ms\b", Some(r"@message like /(?is)\d+.*ms/")),
        ("(foo|bar)[0-9a-f]{8}", Some("@message like /(?i)(?:foo|bar)[0-9a-f]{8}/")),
        ("error(s)?: .+", Some("@message like /(?i)errors?/")),
        ("(ab)+c", Some("@message like /(?i)(?:ab)+c/")),
        ("x[^y]z", Some("@message like /(?is)x.*z/")),
        ("x{9999}y", Some("@message like /(?i)y/")),
        ("(a|)b", Some("@message like /(?i)b/")),
        ("(unclosed", Some("@message like /(?i)unclosed/")),
        ("*/ or @message like /x", Some("@message like /(?is)or.*message.*like.*x/")),
        (r"(?i)Err", Some("@message like /(?i)Err/")),
        (r"x(?i)y", None),
        ("Überlauf", Some("@message like /berlauf/")),
        ("://", None),
        (".*", None),
        ("!health", Some("@message not like /(?i)health/")),
        ("!GET /health", Some(r"@message not like /GET \/health/")),
        ("!a.b", Some(r"@message not like /(?i)a[ -~]b/ or @message like /[^ -~\n]/")),
        ("!a|b", Some(r"@message not like /(?i)(?:a|b)/ or @message like /[^ -~\n]/")),
        (
            "!(a|é|b+)",
            Some(r"@message not like /(?i)(?:(?:a|(?:b)+))/ or @message like /[^ -~\n]/"),
        ),
        (
            r"!^\d{3} \S/",
            Some(r"@message not like /(?i)^(?:[0-9]){3} [!-~]\// or @message like /[^ -~\n]/"),
        ),
        ("!a*", None),
        ("![^a]b", None),
        ("!(?i)a", Some("@message not like /(?i)a/")),
        ("!a(?i)b", None),
        ("!(unclosed", Some(r"@message not like /(?i)\(unclosed/")),
        ("!0m", Some(r"@message not like /(?i)0m/ or @message like /[^ -~\n]/")),
        ("!31", Some(r"@message not like /(?i)31/ or @message like /[^ -~\n]/")),
        ("!max", Some(r"@message not like /(?i)max/ or @message like /[^ -~\n]/")),
        ("!é", None),
    ] {
        assert_eq!(stage(&by(pattern)).as_deref(), want, "{pattern}");
    }
    for (pattern, lacks) in [("!a.b", false), ("!a*", true), ("x(?i)y", true), ("(?i)x", false), ("", false)] {
        assert_eq!(lacks_pattern(&by(pattern), false), lacks, "{pattern}");
    }
    assert!(query(&by("error"), true).contains("like /error/"), "scripts mind case");
    assert!(
        query(&by("(?i)error"), true).contains("like /(?i)error/"),
        "unless they say otherwise"
    );
    let long = "a".repeat(2_000);
    assert_eq!(stage(&by(&long)), None);
}

#[test]
fn sources_are_asked_for_by_their_stream() {
    let app = Filter {
        app: Some(App::Litellm),
        ..Filter::default()
    };
    assert_eq!(stage(&app).as_deref(), Some("@logStream like /^litellm/"));
    let is = |text: &str| StreamName::Is(text.into());
    let like = |text: &str| StreamName::Like(text.into());
    for (stream, want) in [
        (is("litellm/litellm/0af3"), Some("@logStream = 'litellm/litellm/0af3'")),
        (is("it's"), Some("@logStream like /^it's$/")),
        (is("hidden\u{202e}"), None),
        (like("0af3"), Some(r"@logStream like /^0af3|\/0af3[^\/]*$/")),
        (like("litellm/lite"), Some(r"@logStream like /^litellm\/(lite|.*\/lite[^\/]*$)/")),
        (like("a.b"), Some(r"@logStream like /^a\.b|\/a\.b[^\/]*$/")),
        (like("é"), None),
    ] {
        let task = Filter {
            stream: Some(stream),
            ..Filter::default()
        };
        assert_eq!(stage(&task).as_deref(), want);
    }
}

/// What a query asks of messages: in each stage one of these must be found, or must not.
struct Stages(Vec<Vec<(bool, Regex)>>);

impl Stages {
    fn of(query: &str) -> Self {
        let condition = Regex::new(r"@message (not )?like /((?:\\.|[^/\\])*)/").unwrap();
        let ways = |stage: &str| {
            let found = condition.captures_iter(stage);
            found.map(|it| (it.get(1).is_some(), Regex::new(&it[2]).unwrap())).collect()
        };
        Self(query.lines().filter_map(|line| line.strip_prefix("| filter ")).map(ways).collect())
    }

    fn let_through(&self, message: &str) -> bool {
        let holds = |(is_not, wanted): &(bool, Regex)| wanted.is_match(message) != *is_not;
        self.0.iter().all(|ways| ways.iter().any(holds))
    }
}

const LINES: &[&str] = &[
    "INFO:     Started server process [7]",
    "\u{1b}[32mINFO\u{1b}[0m:     Application startup complete.",
    "INFO:     10.0.1.9:40112 - \"GET /health HTTP/1.1\" 200 OK",
    "\u{1b}[32mINFO\u{1b}[0m:     10.0.1.9:1 - \"\u{1b}[1mGET /health HTTP/1.1\u{1b}[0m\" \u{1b}[31m500 Internal Server Error\u{1b}[0m",
    "\u{1b}[32mINFO\u{1b}[0m:     10.0.1.9:1 - \"\u{1b}[1mGET /health HTTP/1.1\u{1b}[0m\" \u{1b}[32m200 OK\u{1b}[0m",
    "INFO:     10.0.1.9:40112 - \"POST /v1/images/generations HTTP/1.1\" 429 Too Many Requests",
    "08:15:30 - LiteLLM Proxy:WARNING: auth_checks.py:40 - key has no budget",
    "08:15:30 - LiteLLM Router:ERROR: router.py:9 - no deployment - litellm_call_id=1f",
    "\u{1b}[92m08:15:30 - LiteLLM:DEBUG\u{1b}[0m: utils.py:1 - request",
    "2026-11-22 19:41:00.194 | INFO     | uvicorn.protocols.http.httptools_impl:send:482 - 127.0.0.1:38618 - \"POST /api/v1/auths/signin HTTP/1.1\" 200",
    "2026-11-22 19:41:00.416 | INFO     | uvicorn.protocols.http.httptools_impl:send:482 - 127.0.0.1:38632 - \"POST /api HTTP/1.1\" 400",
    "2026-11-22 19:40:58.159 | INFO     | open_webui.main:lifespan:411 - the path is HTTP/1.1\" 500",
    "2026-11-22 19:40:58.159 | WARNING  | open_webui.main:lifespan:411 - timeout: 30 ms",
    "Traceback (most recent call last):",
    "  File \"/app/x.py\", line 31, in max",
    "x.TimeoutError: it's \"so\", 30\u{a0}ms over",
    "{\"level\": \"error\", \"msg\": \"GET /health\"}",
    "{\"level\":\"info\",\"status\":502}",
    "{\"log\":{\"level\":\"error\"}}",
    "{\"log\":\"{\\\"level\\\":50}\"}",
    "INFO  [alembic.runtime.migration] Context impl SQLiteImpl.",
    "level=error msg=\"boom\"",
    "plain words",
    "\ttab \u{202e}hidden\u{0}",
    "50%\r100 % done",
    "INFO: first\nERROR: second line of the same event",
];

const PATTERNS: &[&str] = &[
    "",
    "info",
    "INFO:",
    "health",
    "!health",
    "!GET /health",
    "HTTP/1.1\" 500",
    "!HTTP/1.1\" 200",
    "timeout",
    r"time\w+r",
    r"\d+ ms",
    "^INFO",
    "done$",
    "50.*done",
    "(foo|error)",
    "!info",
    "!0m",
    "!max",
    "!31",
    "it's \"so\"",
    "[E-R]+:",
    "x|y",
    "WARNING: auth",
    "proxy:warning",
    "s+",
    r"\bINFO\b",
    "(broken",
    "!(broken",
    "hidden",
    "30.ms",
    "!foo|error",
    "!30.ms",
    "!^INFO",
    "!done$",
    r"!\bhttp.1",
    "!(a|Traceback|max).*",
    "!.m",
];

#[test]
fn a_query_lets_through_all_that_the_filter_keeps() {
    // Each line far from the others, so that none joins another.
    let mut lines = Lines::new(usize::MAX);
    lines.append(within(
        (0i64..).zip(LINES).map(|(n, text)| event(NOW + n * 60_000, text)).collect(),
        0,
        Millis::MAX,
    ));
    let (mut kept, mut left_out) = (0, 0);
    for pattern in PATTERNS {
        for min_level in [
            None,
            Some(Level::Other),
            Some(Level::Info),
            Some(Level::Warn),
            Some(Level::Error),
            Some(Level::Critical),
        ] {
            let filter = Filter { min_level, ..by(pattern) };
            let query = query(&filter, false);
            let stages = Stages::of(&query);
            for line in lines.segments().flat_map(|segment| segment.lines()) {
                let (wanted, comes) = (filter.matches(line), stages.let_through(line.raw()));
                assert!(comes || !wanted, "{:?} is left out by\n{query}", line.raw());
                kept += usize::from(wanted);
                left_out += usize::from(!comes);
            }
        }
    }
    assert!(
        kept > 300 && left_out > 2_000,
        "it says something: {kept} kept, {left_out} left out"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]
    #[test]
    fn no_pattern_leaves_the_expression_it_stands_in(pattern in "[a-zA-Z0-9/\"'|\\\\().*+?\\[\\]{}!@= \n$^é-]{1,24}", raw in "[a-z0-9/\" .|é]{0,40}") {
        let filter = by(&pattern);
        let text = query(&filter, false);
        proptest::prop_assert!(text.lines().count() <= 4, "{}", text);
        let line = text.lines().find(|line| line.starts_with("| filter"));
        let whole = Regex::new(r"^\| filter @message (not )?like /(\\.|[^/\\\n])+/( or @message like /\[\^ -~\\n\]/)?$").unwrap();
        proptest::prop_assert!(line.is_none_or(|line| whole.is_match(line)), "{}", text);
        if let Some(pattern) = &filter.pattern {
            proptest::prop_assert!(!pattern.matches_message(&raw) || Stages::of(&text).let_through(&raw), "{:?} is left out by {}", raw, text);
        }
    }
}

#[test]
fn windows_as_typed() {
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
    for (text, want) in [
        ("-7d", Some((NOW - 7 * DAY, NOW))),
        ("-3h to -1h", Some((NOW - DAY / 8, NOW - DAY / 24))),
        (
            "2026-11-20 to 2026-11-21",
            Some((at("2026-11-20T00:00:00Z"), at("2026-11-21T00:00:00Z"))),
        ),
        ("-1h to -3h", None),
        ("soon", None),
        ("", None),
    ] {
        assert_eq!(window(text, NOW, &TimeZone::UTC).ok(), want, "{text}");
    }
}

fn group(stored: Option<u64>, days_old: Option<Millis>, retention_days: Option<u32>) -> LogGroup {
    LogGroup {
        stored,
        created: days_old.map(|days| NOW - days * DAY),
        retention_days,
    }
}

#[test]
fn a_scan_is_the_windows_share_and_not_known_while_aws_has_counted_nothing() {
    for (group, days, want) in [
        (group(Some(1_000), Some(10), None), 1, Some((1_000, 100))),
        (group(Some(1_000), Some(10), None), 99, Some((1_000, 1_000))),
        (group(Some(1_000), Some(100), Some(10)), 5, Some((1_000, 500))),
        (group(Some(1_000), None, None), 5, Some((1_000, 1_000))),
        (group(Some(0), Some(0), None), 5, None),
        (group(Some(0), Some(10), None), 5, None),
        (group(None, Some(10), None), 5, None),
    ] {
        let got = scan(group, (NOW - days * DAY, NOW), NOW).map(|it| (it.stored, it.about));
        assert_eq!(got, want);
    }
    let before = scan(group(Some(1_000), Some(10), None), (NOW - 99 * DAY, NOW - 50 * DAY), NOW);
    assert_eq!(before.map(|it| it.about), Some(0), "there was no group yet");
}

#[test]
fn money_and_sizes_in_words() {
    let prices = Prices::shipped();
    let price = price(&prices, "us-east-1");
    assert_eq!(price_words(price), "$0.005 a GB scanned (unverified)");
    assert_eq!(cost_words(3 << 30, price), "3.0 GB scanned, $0.0150");
    assert_eq!(cost_words(500, price), "500 bytes scanned, less than $0.0001");
    assert_eq!(size(45 << 20), "45 MB");
    let denied = Err(Fault::new(FaultKind::Denied, "logs:DescribeLogGroups", "/ecs/x", ""));
    let told = forecast(&denied, (NOW - DAY, NOW), NOW, price).join(" ");
    assert!(told.contains("logs:DescribeLogGroups") && told.contains("$0.005"), "{told}");
    let told = forecast(&Ok(Some(group(Some(10 << 30), Some(10), None))), (NOW - DAY, NOW), NOW, price).join(" ");
    assert!(
        told.contains("about 1.0 GB scanned, $0.0050: the window's share of 10 GB stored ($0.0500)") && told.contains("More is possible"),
        "{told}"
    );
}

fn begun() -> Insights {
    let request = InsightsRequest {
        group: "/ecs/x".into(),
        from: NOW - DAY,
        until: NOW,
        query: query(&Filter::default(), false),
    };
    let mut insights = Insights::new(7, request, LogView::apart(usize::MAX, 7));
    assert!(!insights.on_begun(6, &"other".into(), 0) && insights.running().is_none());
    assert!(insights.on_begun(7, &"q-1".into(), 1_000));
    insights
}

fn results(state: QueryState, count: usize) -> QueryResults {
    QueryResults {
        state,
        events: (0..count).map(|n| event(NOW - 1_000 + n as Millis, "INFO: one")).collect(),
        matched: count as u64,
        scanned: 100,
        bytes: 1_000,
    }
}

#[test]
fn a_query_is_asked_after_more_and_more_slowly_until_it_ends() {
    let mut insights = begun();
    assert_eq!(insights.due(8, 1_699), None);
    let asked = Query::InsightsResults { id: "q-1".into() };
    assert_eq!(insights.due(8, 1_700), Some(asked.clone()));
    assert_eq!(insights.due(9, 99_999), None, "one question at a time");
    insights.on_results(5, Ok(results(QueryState::Complete, 9)), 1_800);
    assert!(insights.totals().is_none(), "an answer to another question");
    insights.on_results(8, Ok(results(QueryState::Running, 2)), 1_800);
    assert_eq!(
        (insights.view.lines().len(), insights.is_running()),
        (2, true),
        "half results are shown"
    );
    assert_eq!(insights.due(9, 1_800 + 1_049), None);
    assert!(insights.due(9, 1_800 + 1_050).is_some());
    insights.on_results(9, Err(Fault::new(FaultKind::Throttled, "x", "", "")), 3_000);
    assert!(insights.fault().is_some() && insights.running().is_some());
    assert_eq!(insights.due(10, 3_000 + 2_099), None, "longer after a fault");
    assert!(insights.due(10, 3_000 + 2_100).is_some());
    let mut last = results(QueryState::Complete, 3);
    last.events.push(event(NOW, "INFO: after the window"));
    insights.on_results(10, Ok(last), 9_000);
    assert_eq!(
        (insights.view.lines().len(), insights.end()),
        (3, Some(QueryState::Complete)),
        "no line twice"
    );
    assert!(insights.running().is_none() && insights.fault().is_none() && !insights.is_at_limit());
    assert_eq!(insights.due(11, 99_999), None);
}

#[test]
fn a_query_that_can_not_be_asked_after_is_over_and_keeps_what_came() {
    let mut insights = begun();
    insights.due(8, 1_700);
    insights.on_results(8, Ok(results(QueryState::Running, MOST)), 1_800);
    assert!(insights.is_at_limit());
    insights.due(9, 9_000);
    insights.on_results(9, Err(Fault::new(FaultKind::Denied, "logs:GetQueryResults", "", "")), 9_100);
    assert_eq!((insights.end(), insights.view.lines().len()), (Some(QueryState::Failed), 1_000));
    let mut insights = begun();
    insights.cancel();
    insights.on_results(8, Ok(results(QueryState::Complete, 1)), 2_000);
    assert_eq!((insights.end(), insights.totals()), (Some(QueryState::Cancelled), None));
}
