//! The screens: one `draw` each.

pub mod access;
pub mod cost;
pub mod deploy;
pub mod kit;
pub mod logs;
mod models;
pub mod overview;
pub mod services;

#[cfg(test)]
pub(in crate::ui) mod fixture;

#[cfg(test)]
mod tests;
