//! `bic-tui`, the operations console of Bedrock Image Chat.

pub mod app;
pub mod aws;
pub mod cli;
pub mod cloud;
pub mod command;
pub mod config;
pub mod core;
pub mod journal;
pub mod layout;
pub mod log;
pub mod picture;
pub mod pictures;
pub mod probe;
pub mod runtime;
pub mod session;
pub mod sim;
pub mod term;
pub mod ui;
pub mod vault;
