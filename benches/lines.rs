//! How fast lines are taken in, looked through and drawn: `cargo bench --bench lines`. The numbers
//! that the project promises are for a release build; a timing is never a test.

use std::hint::black_box;

use bic_tui::core::{
    fact::LogEvent,
    lines::{ExportFormat, export},
    logview::LogView,
    tail::Arrived,
    text::RawText,
};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// Bytes of a line, as in real logs on average.
const LINE: usize = 225;
const MILLION: usize = 1_000_000;

fn lines(count: usize) -> Vec<Arrived> {
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
    (0..count).map(line).collect()
}

fn full_view() -> LogView {
    let mut view = LogView::new(1 << 30);
    view.resize(60, 200);
    view.append(lines(MILLION));
    view
}

fn taking_in(c: &mut Criterion) {
    let page = lines(10_000);
    let mut group = c.benchmark_group("append");
    group.throughput(Throughput::Elements(page.len() as u64));
    group.bench_function("a page of 10,000 lines", |b| {
        b.iter_batched(
            || (LogView::new(1 << 30), page.clone()),
            |(mut view, page)| view.append(page),
            BatchSize::LargeInput,
        );
    });
}

fn a_million_lines(c: &mut Criterion) {
    let mut view = full_view();
    c.bench_function("a frame 200x60, following", |b| b.iter(|| black_box(view.window(60, 200))));
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
    c.bench_function("export a page of JSON Lines", |b| {
        b.iter(|| {
            export(view.shown().take(10_000), ExportFormat::JsonLines)
                .map(|line| line.len())
                .sum::<usize>()
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = taking_in, a_million_lines
}
criterion_main!(benches);
