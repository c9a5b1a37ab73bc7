//! One file a screen.

pub mod access;
pub mod cost;
pub mod deploy;
pub mod logs;
pub mod overview;
pub mod services;
