//! The pure core: state, messages in, requests out. Nothing here waits, reads a clock, touches a disk,
//! a terminal or the network; so all of it is tested by tables and scripts.

pub mod awscli;
pub mod cost;
pub mod fact;
pub mod fault;
pub mod lines;
pub mod names;
pub mod nearest;
pub mod plan;
pub mod prices;
pub mod secret;
pub mod settings;
pub mod size;
pub mod sleep;
pub mod tail;
pub mod template;
pub mod text;
