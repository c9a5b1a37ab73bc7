//! Signals of the shell and the system, which the console handles itself.

use std::io;

/// What the shell or the system wants of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    End(i32),
    Stop,
    Continue,
}

/// Signals that the console handles itself.
pub struct Signals {
    #[cfg(unix)]
    kinds: Vec<(Signal, tokio::signal::unix::Signal)>,
}

impl Signals {
    /// Takes over the handling of the signals.
    ///
    /// # Errors
    /// The system's own.
    #[cfg(unix)]
    pub fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let end = |kind: SignalKind| (Signal::End(kind.as_raw_value()), kind);
        let kinds = [
            end(SignalKind::terminate()),
            end(SignalKind::hangup()),
            end(SignalKind::interrupt()),
            end(SignalKind::quit()),
            (Signal::Stop, SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw())),
            (Signal::Continue, SignalKind::from_raw(rustix::process::Signal::CONT.as_raw())),
        ];
        let kinds = kinds
            .into_iter()
            .map(|(what, kind)| signal(kind).map(|s| (what, s)))
            .collect::<io::Result<_>>()?;
        Ok(Self { kinds })
    }

    /// No signals here.
    #[cfg(not(unix))]
    pub fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    pub(super) async fn next(&mut self) -> Signal {
        #[cfg(unix)]
        {
            let waiting = self.kinds.iter_mut().map(|(what, signal)| {
                let what = *what;
                Box::pin(async move {
                    signal.recv().await;
                    what
                })
            });
            futures::future::select_all(waiting).await.0
        }
        #[cfg(not(unix))]
        std::future::pending().await
    }
}
