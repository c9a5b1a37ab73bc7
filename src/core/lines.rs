//! The line store (being written).

mod id;

pub use id::EventId;
