//! Questions to a person, when there is one.

use std::{
    io::{self, BufRead, BufReader, IsTerminal},
    sync::{Arc, Mutex, PoisonError},
};

use super::{Answer, Failure, Out};

/// Lines typed by the operator.
pub struct Prompt {
    input: Option<Arc<Mutex<dyn BufRead + Send>>>,
}

impl Prompt {
    /// The terminal, when stdin and stderr are one.
    pub fn terminal() -> Self {
        if io::stdin().is_terminal() && io::stderr().is_terminal() {
            Self::reading(BufReader::new(io::stdin()))
        } else {
            Self { input: None }
        }
    }

    /// Answers from a reader.
    pub fn reading(input: impl BufRead + Send + 'static) -> Self {
        Self {
            input: Some(Arc::new(Mutex::new(input))),
        }
    }

    /// Nobody to ask.
    pub fn nobody() -> Self {
        Self { input: None }
    }

    /// There is somebody to ask.
    pub fn is_interactive(&self) -> bool {
        self.input.is_some()
    }

    /// Asks, and waits for a line without holding up the signals. The end of input is an empty answer.
    ///
    /// # Errors
    /// The terminal has gone.
    pub async fn ask(&self, out: &mut Out, question: &str) -> Answer<String> {
        let Some(input) = self.input.clone() else {
            return Ok(String::new());
        };
        out.flush()?;
        out.question(question);
        let read = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            input
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .read_line(&mut line)
                .map(|_| line)
        });
        match read.await {
            Ok(line) => line.map_err(Failure::Output),
            Err(_) => Err(Failure::Declined),
        }
    }
}
