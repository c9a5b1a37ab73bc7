//! `assets/guide.toml` maps each `aws` and `jq` line of the deployment guide to a key and a subcommand:
//! what it says is served exists.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use bic_tui::{cli::Cli, core::keymap::KEYMAP};
use clap::{CommandFactory, Parser};
use serde::Deserialize;

#[derive(Deserialize)]
struct Guide {
    line: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    command: String,
    key: String,
    subcommand: String,
    served: bool,
}

fn guide() -> Vec<Line> {
    toml::from_str::<Guide>(include_str!("../assets/guide.toml")).unwrap().line
}

#[test]
fn every_served_line_has_its_subcommand() {
    let served: Vec<Line> = guide().into_iter().filter(|l| l.served).collect();
    assert!(served.len() > 30, "only {} lines are served", served.len());
    for line in served {
        let mut words = vec!["bic-tui"];
        words.extend(line.subcommand.split_whitespace());
        // The map leaves the value of a closing option open.
        if matches!(words.last(), Some(&("--param" | "--tag"))) {
            words.push("Name=value");
        }
        if let Err(error) = Cli::try_parse_from(&words) {
            panic!("{} → {}: {error}", line.command, line.subcommand);
        }
    }
}

#[test]
fn a_subcommand_that_is_not_there_is_not_said_to_be_served() {
    let command = Cli::command();
    for line in guide() {
        let name = line.subcommand.split_whitespace().next().unwrap_or_default();
        assert!(!line.served || command.find_subcommand(name).is_some(), "{}: {name}", line.command);
    }
}

#[test]
fn every_served_key_is_in_the_keymap() {
    for line in guide().into_iter().filter(|l| l.served) {
        for key in line.key.split_whitespace() {
            let is_bound = KEYMAP.iter().any(|b| b.keys.contains(&key));
            assert!(is_bound, "{} → {key} is no key", line.command);
        }
    }
}
