//! The pure core: state, messages in, requests out. Nothing here waits, reads a clock, touches a disk,
//! a terminal or the network; so all of it is tested by tables and scripts.

pub mod cause;
pub mod cost;
pub mod describe;
pub mod dialog;
pub mod effect;
pub mod eta;
pub mod fact;
pub mod fault;
pub mod feed;
pub mod field;
pub mod guard;
pub mod health;
pub mod key;
pub mod keymap;
pub mod lines;
pub mod model;
pub mod msg;
pub mod names;
pub mod pace;
pub mod polls;
pub mod preflight;
pub mod prices;
pub mod progress;
pub mod screen;
pub mod secret;
pub mod settings;
pub mod size;
pub mod sleep;
pub mod tail;
pub mod template;
pub mod text;
pub mod update;
pub mod when;
