//! How fast lines are taken in, looked through and drawn: `cargo bench --bench lines`. The numbers
//! that the project promises are for a release build; a timing is never a test.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark says what it finds")]

use std::{hint::black_box, sync::Arc, time::Instant};

use bic_tui::{
    cloud::About,
    core::{
        fact::LogEvent,
        key::{Code, Key},
        keymap::Keymap,
        lines::{ExportFormat, Mining},
        logview::LogView,
        model::Model,
        msg::{Msg, Size},
        screen::ScreenId,
        settings::Settings,
        tail::Arrived,
        template::Template,
        text::RawText,
        update::update,
    },
    ui::{self, Side, theme::Theme},
};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ratatui::{Terminal, backend::TestBackend};

/// Bytes of a line, as in real logs on average.
const LINE: usize = 225;
const MILLION: usize = 1_000_000;
/// Lines that come at once, as many as AWS puts on a page.
const PAGE: usize = 10_000;

fn lines(from: usize, count: usize) -> Vec<Arrived> {
    let begins = [
        "INFO:     10.0.1.9:40112 - \"POST /v1/images/generations HTTP/1.1\" 200 OK",
        "2027-02-03 08:15:30.118 | INFO     | open_webui.routers.images:image:5 - generated",
        "08:15:30 - LiteLLM Proxy:ERROR: router.py:9 - no deployment - litellm_call_id=7d1e4c0a-1111-4222-8333-944455556666",
    ];
    let line = |i: usize| {
        let begin = if i.is_multiple_of(50) { begins[2] } else { begins[i % 2] };
        let mut message = format!("{begin} #{i} {}", "words and numbers 12345 ".repeat(10));
        message.truncate(LINE);
        let app = ["litellm", "openwebui"][i % 2];
        Arrived {
            late: false,
            event: LogEvent {
                id: Some(format!("37{i:054}").into()),
                at: 1_790_000_000_000 + i as i64,
                ingested: 1_790_000_000_400 + i as i64,
                stream: format!("{app}/{app}/0af3b1c277aa4f0e9c1d2b6f0a1e5d44").into(),
                message: RawText::new(&message),
            },
        }
    };
    (from..from + count).map(line).collect()
}

fn full_view() -> LogView {
    let mut view = LogView::new(1 << 30);
    view.resize(60, 200);
    for page in 0..MILLION / PAGE {
        view.append(lines(page * PAGE, PAGE));
    }
    view
}

/// Nothing but errors, each of another call, of some hundred shapes.
fn errors(from: usize, count: usize) -> Vec<Arrived> {
    const WORDS: [&str; 7] = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta"];
    let mut errors = lines(from, count);
    for (arrived, i) in errors.iter_mut().zip(from..) {
        let [a, b, c] = [i, i / 7, i / 49].map(|i| WORDS[i % 7]);
        let mut message = format!(
            "19:40:58 - LiteLLM Proxy:ERROR: common.py:{i} - {a} {b} {c} - litellm_call_id=fbd640df-5bae-4e42-a8f3-{i:012x} - \
             litellm.RateLimitError: BedrockException - {{\"message\": \"Too many requests, please wait before trying again.\"}}"
        );
        message.truncate(LINE);
        arrived.event.message = RawText::new(&message);
    }
    errors
}

/// A million errors, page by page, with what the loop does for each: their shapes are found on another thread meanwhile,
/// and what was found is taken before the next page. Then frames while the rest is being found.
fn a_million_errors() {
    let (work, todo) = std::sync::mpsc::channel::<Mining>();
    let (told, found) = std::sync::mpsc::channel();
    let miner = std::thread::spawn(move || todo.iter().all(|mining| told.send(mining.run()).is_ok()));
    let turn = |view: &mut LogView| {
        for mined in found.try_iter() {
            view.mined(&mined);
        }
        for mining in view.take_minings() {
            work.send(mining).expect("a miner");
        }
    };
    let mut view = LogView::new(1 << 30);
    view.resize(60, 200);
    let (mut all, mut slowest) = (0, 0);
    for page in 0..MILLION / PAGE {
        let page = errors(page * PAGE, PAGE);
        let begun = Instant::now();
        view.append(page);
        turn(&mut view);
        let took = begun.elapsed().as_micros();
        (all, slowest) = (all + took, slowest.max(took));
    }
    let rate = MILLION as f64 / all as f64;
    let waiting = view.lines().errors().waiting();
    println!("a million errors: {rate:.2} M lines/s, slowest page of {PAGE} {slowest} µs, {waiting} not sorted yet");
    let mut model = console(view);
    let frames = frames(&mut model, |model, i| {
        let new = errors(MILLION + i * 50, 50);
        let begun = Instant::now();
        model.logs.append(new);
        turn(&mut model.logs);
        begun
    });
    println!(
        "50 errors more and a frame meanwhile: p50 {} µs, p99 {} µs",
        frames[500], frames[990]
    );
    let begun = Instant::now();
    while model.logs.lines().errors().waiting() > 0 {
        turn(&mut model.logs);
        std::thread::yield_now();
    }
    println!(
        "{} shapes, all known {} ms later",
        model.logs.lines().errors().shapes().len(),
        begun.elapsed().as_millis()
    );
    drop(work);
    miner.join().expect("a miner");
}

/// The whole console with its Logs screen.
fn console(logs: LogView) -> Model {
    let settings = Settings::default();
    let about = About {
        region: "us-west-2".into(),
        profile: "ops".into(),
        endpoint: None,
        is_endpoint_inherited: false,
        badge: None,
        speed: 1,
    };
    let keymap = Keymap::new(&settings).expect("the default keys");
    let mut model = Model::new(settings, about, keymap, Arc::new(Template::shipped()));
    (model.screen, model.size) = (ScreenId::Logs, Size { width: 200, height: 60 });
    model.logs = logs;
    model
}

/// Frames of the whole screen, 50 new lines in each, as with 30 frames and 1,500 lines a second.
fn a_thousand_frames() {
    let logs = full_view();
    let text = MILLION * LINE;
    let held = logs.lines().bytes();
    let mut model = console(logs);
    let frames = frames(&mut model, |model, i| {
        model.logs.append(lines(MILLION + i * 50, 50));
        Instant::now()
    });
    println!(
        "a million lines: {text} bytes of text, {held} bytes held; a frame: p50 {} µs, p99 {} µs",
        frames[500], frames[990]
    );
}

/// Frames for somebody who reads in an old place while a million lines have come.
fn a_million_new() {
    let mut logs = LogView::new(1 << 30);
    logs.resize(60, 200);
    logs.append(lines(0, PAGE));
    logs.up(1);
    for page in 1..=MILLION / PAGE {
        logs.append(lines(page * PAGE, PAGE));
    }
    assert_eq!(logs.new_lines(), MILLION);
    let frames = frames(&mut console(logs), |_, _| Instant::now());
    println!("detached, a million new: p50 {} µs, p99 {} µs", frames[500], frames[990]);
}

/// A line a second for ten days: a frame costs what is in sight, not the seconds that hold a line.
fn ten_sparse_days(c: &mut Criterion) {
    let mut logs = LogView::new(1 << 30);
    logs.resize(60, 200);
    for page in 0..10 * 86_400 / PAGE {
        let mut page = lines(page * PAGE, PAGE);
        for line in &mut page {
            line.event.at = 1_790_000_000_000 + (line.event.at - 1_790_000_000_000) * 1_000;
        }
        logs.append(page);
    }
    let mut model = console(logs);
    model.now.wall = 1_790_000_000_000 + 10 * 86_400_000;
    let theme = Theme::named("dark").expect("a theme");
    let side = side(&theme);
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a terminal");
    c.bench_function("a frame of ten days with a line a second", |b| {
        b.iter(|| terminal.draw(|frame| ui::view(&model, &side, frame)).map(drop).expect("a frame"));
    });
}

/// Keys, each pressed as a page of 10,000 lines comes, and the frames that show what they did. 50,000 lines a second are
/// five such pages, and no key waits for more than one.
fn a_thousand_keys() {
    const KEYS: [char; 4] = ['k', 'G', 'e', 'F'];
    let mut model = console(full_view());
    let frames = frames(&mut model, |model, i| {
        let page = lines(MILLION + i * PAGE, PAGE);
        let begun = Instant::now();
        model.logs.append(page);
        update(model, Msg::Key(Key::char(KEYS[i % KEYS.len()])));
        begun
    });
    println!(
        "a key and its frame as 10,000 lines come: p50 {} µs, p99 {} µs",
        frames[500], frames[990]
    );
}

/// A line of a megabyte, as long as CloudWatch takes: opened whole, then a key down and its frame.
fn an_entry_of_a_megabyte() {
    let object = r#"{"call":"POST /v1/images","took":12345},"#;
    let json = format!("[{}0]", object.repeat((1 << 20) / object.len()));
    let words = "words and numbers 12345 ".repeat((1 << 20) / 24);
    for (what, message, open) in [
        ("words, whole", words, Key::plain(Code::Enter)),
        ("JSON, whole", format!(r#"{{"all":{json}}}"#), Key::plain(Code::Enter)),
        ("JSON, as JSON", format!(r#"{{"all":{json}}}"#), Key::char('J')),
    ] {
        let mut logs = LogView::new(1 << 30);
        let mut line = lines(0, 1);
        line[0].event.message = RawText::new(&message);
        logs.append(line);
        let mut model = console(logs);
        let begun = Instant::now();
        update(&mut model, Msg::Key(open));
        let opened = begun.elapsed().as_micros();
        update(&mut model, Msg::Drawn);
        let frames = frames(&mut model, |model, i| {
            let begun = Instant::now();
            update(model, Msg::Key(Key::char(['j', 'j', 'G', 'k'][i % 4])));
            begun
        });
        println!(
            "an entry of a megabyte ({what}): opened in {opened} µs; a key and its frame: p50 {} µs, p99 {} µs",
            frames[500], frames[990]
        );
    }
}

/// What is beside a model whose frames hold neither a secret nor a picture.
fn side(theme: &Theme) -> Side<'_> {
    Side {
        theme,
        secret: &|_| None,
        picture: &|_, _, _| false,
        picture_protocol: "half-blocks".into(),
    }
}

/// How long a thousand frames took, in µs, the quickest first; `before` makes each ready, and says when its time begins.
fn frames(model: &mut Model, before: impl Fn(&mut Model, usize) -> Instant) -> Vec<u128> {
    let theme = Theme::named("dark").expect("a theme");
    let side = side(&theme);
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a terminal");
    let mut took: Vec<u128> = (0..1_000)
        .map(|i| {
            let begun = before(model, i);
            terminal.draw(|frame| ui::view(model, &side, frame)).expect("a frame");
            begun.elapsed().as_micros()
        })
        .collect();
    took.sort_unstable();
    took
}

fn taking_in(c: &mut Criterion) {
    let mut group = c.benchmark_group("append");
    group.throughput(Throughput::Elements(PAGE as u64));
    for (name, page) in [("lines", lines(0, PAGE)), ("errors", errors(0, PAGE))] {
        group.bench_function(format!("a page of 10,000 {name}"), |b| {
            b.iter_batched(
                || (LogView::new(1 << 30), page.clone()),
                |(mut view, page)| view.append(page),
                BatchSize::LargeInput,
            );
        });
    }
}

fn a_million_lines(c: &mut Criterion) {
    a_thousand_frames();
    a_thousand_keys();
    a_million_new();
    an_entry_of_a_megabyte();
    a_million_errors();
    let mut view = full_view();
    for pattern in ["litellm_call_id=7d1e", "payload", r"no .*id=[a-f0-9]+", r"#\d*777 ", "!numbers"] {
        c.bench_function(&format!("filter by {pattern}"), |b| {
            b.iter(|| {
                view.filter_by(pattern);
                let scans = view.take_scans();
                let halves: Vec<_> = scans.into_iter().flat_map(|scan| scan.split(2)).collect();
                std::thread::scope(|scope| {
                    for half in &halves {
                        scope.spawn(|| half.run(|| false, |found| drop(black_box(found))));
                    }
                });
            });
        });
    }
    view.clear_filter();
    let mut page = LogView::new(1 << 30);
    page.append(lines(0, PAGE));
    let page = page.to_write();
    c.bench_function("export a page of JSON Lines", |b| {
        b.iter(|| page.pieces(ExportFormat::JsonLines).map(|piece| piece.len()).sum::<usize>());
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = taking_in, ten_sparse_days, a_million_lines
}
criterion_main!(benches);
