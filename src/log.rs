//! The program's own log: a file in the state folder, written beside the work, filtered by `BIC_LOG`.
//! Only this program's own records are taken. The SDK traces whole bodies, secrets too, when
//! `LOG_SENSITIVE_BODIES` is set; its records never pass the filter here, so that variable has no effect.

use std::{fs, io, path::Path};

use tracing::Subscriber;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// Size from which the file is begun anew, in bytes; the one before is kept.
const LONGEST: u64 = 10 << 20;

/// Begins to log; the log ends when the guard is dropped. That there is no place for it is no failure.
pub fn start(folder: &Path, filter: &str) -> Option<WorkerGuard> {
    let file = open(folder).ok()?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    tracing_subscriber::registry().with(layer(filter, writer)).try_init().ok()?;
    Some(guard)
}

fn layer<S, W>(filter: &str, writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    let wanted = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let ours = filter_fn(|record| record.target().split("::").next() == Some("bic_tui"));
    fmt::layer().with_ansi(false).with_writer(writer).with_filter(ours.and(wanted))
}

fn open(folder: &Path) -> io::Result<fs::File> {
    fs::create_dir_all(folder)?;
    let path = folder.join("bic-tui.log");
    if fs::metadata(&path).is_ok_and(|m| m.len() > LONGEST) {
        fs::rename(&path, folder.join("bic-tui.log.old"))?;
    }
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn records_of_the_sdk_never_pass() {
        let written = Arc::new(Mutex::new(Vec::<u8>::new()));
        for filter in ["trace", "aws_smithy_runtime=trace,bic_tui=trace", "bic_tui_not=trace,trace"] {
            written.lock().unwrap().clear();
            let writer = Arc::clone(&written);
            let make = move || Shared(Arc::clone(&writer));
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer(filter, make)), || {
                tracing::trace!(target: "aws_smithy_runtime::client::orchestrator", body = "hunter2");
                tracing::trace!(target: "bic_tui_evil", body = "hunter2");
                tracing::info!(target: "bic_tui::aws", "a request");
            });
            let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
            assert!(text.contains("a request") && !text.contains("hunter2"), "{filter}: {text}");
        }
    }

    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
