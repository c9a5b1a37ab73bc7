//! `bic-tui`: parses the command line and hands over.

use std::{alloc::System, io::Write, process::ExitCode};

use bic_tui::{cli::Cli, command, session};
use clap::{
    Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};
use zeroizing_alloc::ZeroAlloc;

/// Freed memory is wiped: copies of secrets inside the SDK and the HTTP client too.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => ExitCode::from(session::run(cli)),
        Err(error) => {
            if let (ErrorKind::InvalidSubcommand, Some(ContextValue::String(name))) =
                (error.kind(), error.get(ContextKind::InvalidSubcommand))
            {
                let _ = writeln!(std::io::stderr(), "bic-tui: {}", command::unknown(name));
                return ExitCode::from(2);
            }
            // A closed pipe is no reason to complain.
            let _ = error.print();
            ExitCode::from(if error.use_stderr() { 2 } else { 0 })
        }
    }
}
