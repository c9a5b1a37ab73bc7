//! The screens: one `draw` each.

pub mod access;
mod address;
pub mod cost;
pub mod deploy;
pub mod kit;
pub mod logs;
mod models;
pub mod overview;
pub mod services;
mod throughput;

#[cfg(test)]
pub(in crate::ui) mod fixture;

#[cfg(test)]
mod tests;
