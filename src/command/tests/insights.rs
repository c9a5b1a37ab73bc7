//! `logs --insights`: the price first, a yes, the same lines as the tail's, and a signal that stops the query.

use super::*;
use crate::core::fact::{LogGroup, QueryResults, QueryState};

/// A cloud that answers the questions of a query, each with the next of its answers.
struct Script {
    inner: Arc<dyn Cloud>,
    results: Mutex<Vec<Result<QueryResults, Fault>>>,
    asked: Mutex<Vec<Query>>,
    /// By how much this machine's clock is ahead: the first answer tells.
    ahead: Millis,
}

fn event(at: Millis, message: &str) -> LogEvent {
    LogEvent {
        id: None,
        at,
        ingested: at,
        stream: "litellm/litellm/0af31c9e0af3".into(),
        message: RawText::new(message),
    }
}

impl Cloud for Script {
    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>> {
        // Before a question is put to somebody.
        if query == Query::Identity {
            return Box::pin(async { Err(Fault::new(FaultKind::TimedOut, "sts:GetCallerIdentity", "", "")) });
        }
        self.asked.lock().unwrap().push(query.clone());
        let answer = match query {
            Query::LogGroup { .. } => Ok(Fact::LogGroup(Some(LogGroup {
                stored: Some(1 << 30),
                created: None,
                retention_days: None,
            }))),
            Query::InsightsStart(_) => Ok(Fact::InsightsBegun("q-1".into())),
            Query::InsightsStop { .. } => Ok(Fact::InsightsStopped),
            Query::InsightsResults { .. } => {
                let mut results = self.results.lock().unwrap();
                if results.is_empty() {
                    return Box::pin(std::future::pending());
                }
                results.remove(0).map(Fact::Insights)
            }
            other => panic!("{other:?}"),
        };
        Box::pin(async move { answer })
    }
    fn change(&self, _: Change, _: Token) -> BoxFuture<'_, Result<Done, Fault>> {
        panic!("logs changes nothing")
    }
    fn reveal(&self, _: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>> {
        panic!("logs needs no secret")
    }
    fn live(&self, _: SafeText) -> BoxFuture<'_, Result<LiveStream<'_>, Fault>> {
        panic!("no session is asked for")
    }
    fn now(&self) -> Millis {
        self.inner.now() + self.ahead - self.ahead()
    }
    fn ahead(&self) -> Millis {
        if self.asked.lock().unwrap().is_empty() { 0 } else { self.ahead }
    }
    fn about(&self) -> About {
        self.inner.about()
    }
}

fn script(results: Vec<Result<QueryResults, Fault>>) -> (Case, Arc<Script>) {
    script_ahead(results, 0)
}

fn script_ahead(results: Vec<Result<QueryResults, Fault>>, ahead: Millis) -> (Case, Arc<Script>) {
    let script = Arc::new(Script {
        inner: world("running"),
        results: Mutex::new(results),
        asked: Mutex::default(),
        ahead,
    });
    (Case::new(script.clone()), script)
}

fn results(state: QueryState, events: Vec<LogEvent>) -> QueryResults {
    QueryResults {
        state,
        matched: events.len() as u64,
        events,
        scanned: 9,
        bytes: 3 << 30,
    }
}

#[tokio::test(start_paused = true)]
async fn the_window_of_a_query_is_counted_by_the_clock_of_aws() {
    let hour = 3_600_000;
    for (ahead, says) in [(hour, "ahead of AWS's"), (-hour, "behind AWS's")] {
        let (mut case, script) = script_ahead(vec![Ok(results(QueryState::Complete, Vec::new()))], ahead);
        let (status, _, said) = case.run("logs --insights --since 15m").await;
        assert_eq!(status, 0, "{said}");
        assert!(said.contains(says), "{said}");
        let asked = script.asked.lock().unwrap();
        let Some(Query::InsightsStart(request)) = asked.get(1) else {
            panic!("{asked:?}")
        };
        assert_eq!(request.until - request.from, 900_001);
        assert!((script.inner.now() - request.until).abs() < hour / 4, "{ahead}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_gives_the_lines_that_the_tail_gives() {
    let mut case = Case::sim("running");
    let (_, all, _) = case.run("logs --service litellm --output json").await;
    let first: Value = serde_json::from_str(all.lines().next().unwrap()).unwrap();
    let stream = first["stream"].as_str().unwrap().rsplit('/').next().unwrap()[..8].to_owned();
    for flags in [
        "",
        " --service litellm",
        " --level warning",
        " --grep GET",
        " --grep health --invert",
        " --level error --service openwebui",
        " --stream litellm/litellm/",
        " --stream openwebui --level info",
        " --stream STREAM",
        " --stream litellm/STREAM",
    ] {
        let flags = flags.replace("STREAM", &stream);
        let window = format!("--since 2h --until 5m{flags} --output json");
        let (_, polled, _) = case.run(&format!("logs {window}")).await;
        let (status, found, said) = case.run(&format!("logs --insights {window}")).await;
        assert_eq!(status, 0, "{said}");
        let lines = |text: &str| {
            let line = |row: &str| {
                let mut value: Value = serde_json::from_str(row).unwrap();
                value["id"] = Value::Null;
                value.to_string()
            };
            let mut all: Vec<String> = text.lines().map(line).collect();
            all.sort();
            all
        };
        assert_eq!(lines(&found), lines(&polled), "{flags}");
        let times: Vec<i64> = found
            .lines()
            .map(|row| serde_json::from_str::<Value>(row).unwrap()["timestamp"].as_i64().unwrap())
            .collect();
        assert!(
            times.is_sorted() && (times.len() > 3 || flags.contains("level")),
            "{flags}: {}",
            times.len()
        );
        for words in ["limit 10000", "a GB scanned", "records matched", "Estimate: about"] {
            assert!(said.contains(words), "{said}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_pattern_that_can_not_be_in_the_query_is_told_before_the_price() {
    for (flags, is_told) in [
        ("--grep x(?i)get", true),
        ("--grep (?i)get --invert", false),
        ("--grep [^a]", true),
        ("--grep GET", false),
        ("--grep health --invert", false),
        ("--level error", false),
    ] {
        let (mut case, _) = script(vec![Ok(results(QueryState::Complete, vec![]))]);
        let (status, _, said) = case.run(&format!("logs --insights {flags}")).await;
        let told = said.find("pattern can not be said to AWS: the whole window is scanned and paid for");
        assert_eq!((status, told.is_some()), (0, is_told), "{flags}: {said}");
        assert!(told.is_none_or(|at| at < said.find("Estimate").unwrap()), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_came_and_is_not_printed_is_told() {
    let at = world("running").now() - 1_000;
    let events = vec![event(at, "yes"), event(at, "no"), event(at, "no")];
    let (mut case, _) = script(vec![Ok(results(QueryState::Complete, events))]);
    let (_, lines, said) = case.run("logs --insights --grep yes").await;
    assert_eq!(lines.lines().count(), 1);
    assert!(said.contains("3 came, 1 of them are what the flags ask for"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn it_asks_before_it_costs() {
    let (mut case, script) = script(vec![]);
    case.cx.is_yes = false;
    let (status, stdout, said) = case.run("logs --insights --since 3d").await;
    assert_eq!((status, stdout.as_str()), (2, ""));
    assert!(said.contains("$0.005 a GB") && said.contains("needs --yes"), "{said}");
    case.cx.prompt = Prompt::reading(Cursor::new("n\n"));
    assert_eq!(case.run("logs --insights").await.0, 1);
    case.cx.settings.read_only = true;
    case.cx.is_yes = true;
    let (status, _, said) = case.run("logs --insights").await;
    assert!(
        status == 2 && said.contains("scan spends money, and this session is read-only; run it without read-only"),
        "{said}"
    );
    let begun = |query: &Query| matches!(query, Query::InsightsStart(_));
    assert!(!script.asked.lock().unwrap().iter().any(begun), "nothing was begun");
}

#[tokio::test(start_paused = true)]
async fn half_results_are_waited_out_and_faults_that_pass_too() {
    let at = 1_795_348_800_000 - 60_000;
    let (mut case, _) = script(vec![
        Ok(results(QueryState::Running, vec![event(at, "half")])),
        Err(Fault::new(FaultKind::Throttled, "logs:GetQueryResults", "", "")),
        Ok(results(QueryState::Complete, vec![event(at, "ERROR: one"), event(at + 1, "two")])),
    ]);
    let (status, stdout, said) = case.run("logs --insights --grep t").await;
    assert_eq!(status, 0, "{said}");
    assert!(
        stdout.contains("two") && !stdout.contains("half") && !stdout.contains("one"),
        "{stdout}"
    );
    assert!(
        said.contains("2 records matched, 3.0 GB scanned, $0.0150") && said.contains("throttling"),
        "{said}"
    );
    for (last, status, words) in [
        (Ok(results(QueryState::Failed, vec![event(at, "two")])), 1, "failed on AWS's side"),
        (
            Ok(results(QueryState::Cancelled, vec![event(at, "two")])),
            1,
            "was cancelled on AWS's side",
        ),
        (
            Ok(results(QueryState::TimedOut, vec![event(at, "two")])),
            1,
            "timed out on AWS's side",
        ),
        (
            Err(Fault::new(FaultKind::Denied, "logs:GetQueryResults", "", "")),
            4,
            "logs:GetQueryResults",
        ),
    ] {
        let is_shown = last.is_ok();
        let (mut case, _) = script(vec![last]);
        let (told, stdout, said) = case.run("logs --insights").await;
        assert_eq!((told, stdout.contains("two")), (status, is_shown), "{said}");
        assert!(said.contains(words), "{said}");
    }
    let many = (0..10_000).map(|n| event(at + n, "x")).collect();
    let (mut case, _) = script(vec![Ok(results(QueryState::Complete, many))]);
    let (_, stdout, said) = case.run("logs --insights").await;
    assert!(
        said.contains("Only the newest 10000 came") && stdout.lines().count() == 10_000,
        "{said}"
    );
}

/// What can not be asked after is not paid for any longer.
#[tokio::test(start_paused = true)]
async fn a_fault_that_ends_the_waiting_stops_the_query() {
    for (kind, is_stopped) in [(FaultKind::Denied, true), (FaultKind::Expired, true), (FaultKind::NotFound, false)] {
        let (mut case, script) = script(vec![Err(Fault::new(kind, "logs:GetQueryResults", "", ""))]);
        let (status, _, said) = case.run("logs --insights").await;
        let last = script.asked.lock().unwrap().last().cloned();
        assert_eq!(last == Some(Query::InsightsStop { id: "q-1".into() }), is_stopped, "{kind:?}");
        assert_ne!(status, 0, "{said}");
        assert_eq!(
            said.contains("The query: stopped; what it had scanned is paid for."),
            is_stopped,
            "{said}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_stops_the_query() {
    let (mut case, script) = script(vec![]);
    let signal = case.signal.clone();
    let (told, ()) = futures::future::join(Box::pin(case.run("logs --insights")), async {
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        signal.send(130).unwrap();
    })
    .await;
    assert_eq!(told.0, 130);
    assert!(told.2.contains("is paid for"), "{}", told.2);
    let last = script.asked.lock().unwrap().last().cloned();
    assert_eq!(last, Some(Query::InsightsStop { id: "q-1".into() }));
}
