//! `bic-tui`, the operations console of *Bedrock Image Chat*: one binary that deploys the stack, watches it, tails
//! its logs, prices it, puts it to sleep and tests it, on the screen or as subcommands.
//!
//! The library is there for the binary and the tests; its interface may change with any version.
//!
//! # One direction
//!
//! Everything that happens becomes a [`Msg`]; [`update`] is the only thing that changes the [`Model`], and what it
//! wants from the world it returns as [`Effect`]s. Nothing flows the other way: views read, the runtime answers.
//!
//! ```text
//!  keys, paste, mouse ─ term ──┐
//!  time ─────────────── app ───┤
//!  answers ────────── runtime ─┤ Msg
//!                              ▼
//!              core::update(&mut Model, Msg) ───▶ [Effect] ──▶ runtime   time limits, the guard's last look,
//!                              │                               │         the audit log before a write
//!           tail, cause, eta,  │ the model is dirty            ▼
//!           cost, health       ▼                       dyn Cloud: Query ─▶ Fact, Change ─▶ Done, or a Fault
//!                     ui::view(&Model, Frame)                  │
//!                                     aws (the SDK) │ sim (--demo) │ record::Replay │ a test's script
//! ```
//!
//! The loop in [`app`] takes all that is waiting, input first, and then draws once, and only if something changed.
//! Nothing there blocks: requests are tasks whose answers come back as messages with the [`Ticket`] they were asked
//! under. An answer to an older ticket, or from a session that has been left, is dropped.
//!
//! The subcommands in [`command`] use the same core and the same [`Cloud`], without model and screen.
//!
//! # The words
//!
//! | word | what it is |
//! |---|---|
//! | [`Intent`] | what the operator wants, said by a key or from the palette: one row of the [`KEYMAP`] |
//! | [`Msg`] | something that happened: a key, time, an answer |
//! | [`Effect`] | something that the core wants done: ask, change, save, copy, leave |
//! | [`Query`], [`Fact`] | a question to the cloud, and what it knows |
//! | [`Change`], [`Done`] | a write (or what costs money), and what came of it |
//! | [`Fault`] | why a request gave nothing, in words, with the next step; data on a screen, never the end |
//! | [`Feed`] | the last good value of a poll, its age, and the last fault; a failed poll blanks nothing |
//! | [`Poll`] | one row of the table of what is asked how often |
//! | [`Ticket`] | which question an answer belongs to, of which session |
//! | [`Approved`] | changes that somebody said yes to; the one kind of write that the runtime takes |
//! | [`ScreenId`], [`Panel`] | what the digits open, and what Tab moves between |
//! | [`Dialog`] | what stands over a screen and takes all keys |
//! | [`Scene`] | what has happened in a simulated account before the console looks |
//! | [`SafeText`] | text from outside that can do a terminal no harm; the only kind that is shown |
//! | [`SecretText`] | a secret value: no `Display`, no `Serialize`, wiped; named elsewhere by a [`SecretRef`] |
//!
//! # The map
//!
//! ```text
//! src/main.rs, session.rs     arguments in, exit status out; where the first cloud is chosen; places.rs: the next ones
//! src/cli.rs, config.rs       flags; settings in layers, with errors that name the line
//! src/core.rs, core/          the pure part: no clock, no disk, no network, no terminal
//!   msg, effect, update/      what happens, what is wanted, and the step between them
//!   model, feed, screen/      what is known and remembered; dialog, field: what is being typed
//!   keymap, key               THE table of keys          polls, pace   THE table of polls, when each is due
//!   guard                     who may write: read-only, production, consent, the allow-list
//!   fact/, fault, text, secret, names      the data, and the names that follow from ProjectName
//!   template/, plan, drift, tags, progress, eta, rollout    a deploy: form, change set, progress
//!   preflight/, quota, rights                  the checks before it, and what they ask of AWS
//!   cause, health, alarms, describe   what is wrong and why, joined from all facts; diagnosis: of a test image; unstick:
//!                             ways out
//!   tail/, live, logline/     the log tail without I/O: each event once, in order; what a line says of itself
//!   insights/                 a query of Logs Insights: its text from the filter, its price, its results
//!   lines/, logview/          a million lines: segments, filters, errors by shape; the Logs screen's state
//!   address, access          a name of one's own: zone, records, certificate; purchase: provisioned throughput
//!   older, timeline           lines from before the tail began; what happened, on the time axis
//!   prices, cost/, size       what it costs; sleep: what Z writes, in which order
//! src/cloud.rs                the port: Query → Fact, Change → Done
//! src/aws.rs, aws/            the port on the SDK: one file a service, one gateway, one way to a Fault
//! src/sim.rs, sim/            the port on a simulated account with its own clock, built from the template
//! src/record.rs, record/       operations recorded before the port, and a recording as one more cloud (replay)
//! src/probe.rs, probe/        the HTTP way to a test image; picture.rs judges the bytes that come back
//! src/runtime.rs              effects to tasks, answers to messages; vault.rs holds secrets, journal.rs the audit log
//! src/keep.rs                 files for the operator: pictures, exports, never lost to a folder
//! src/door.rs                 every write: its token noted before it is sent, a lost answer looked up by it
//! src/app.rs, term.rs         the loop; the terminal, taken and given back
//! src/layout.rs, ui.rs, ui/   where things stand; how a model looks; pictures.rs: images for the terminal
//! src/command.rs, command/    the subcommands; each write goes through one door
//! src/log.rs                  the program's own log
//! assets/                     template, parameters, prices, durations, models, scenes, themes, guide.toml, docs/
//! tests/                      boundaries.rs: who may name what; tables.rs: what is generated; the rest by layer
//! ```
//!
//! `tests/boundaries.rs` fences the parts: SDK crates are named only under `aws`, the terminal only in `term`, cells
//! only in the views; the core knows neither time nor files; and only the choice of the cloud knows of `--demo`.
//!
//! # Where a change goes
//!
//! | change | files |
//! |---|---|
//! | another key for an intent | its row in [`core::keymap`] |
//! | a new intent | a row there, and the part of [`core::update`](mod@core::update) that obeys it |
//! | a new poll | a row in [`core::polls`], the fact, the call in `aws/` and its double in `sim/` |
//! | a new AWS service | the same, with a new file in `aws/` and one dependency |
//! | a new screen | its state in [`core::screen`], its `draw` in [`ui::screen`] |
//! | a new trouble to rehearse | a scene in `assets/scenes` |
//!
//! The compiler names what was forgotten, and `BLESS=1 cargo nextest run -E 'binary(tables)'` writes the README's
//! tables anew.
//!
//! [`Msg`]: core::msg::Msg
//! [`update`]: core::update::update
//! [`Model`]: core::model::Model
//! [`Effect`]: core::effect::Effect
//! [`Ticket`]: core::msg::Ticket
//! [`Cloud`]: cloud::Cloud
//! [`Intent`]: core::keymap::Intent
//! [`KEYMAP`]: core::keymap::KEYMAP
//! [`Query`]: cloud::Query
//! [`Fact`]: core::fact::Fact
//! [`Change`]: cloud::Change
//! [`Done`]: cloud::Done
//! [`Fault`]: core::fault::Fault
//! [`Feed`]: core::feed::Feed
//! [`Poll`]: core::polls::Poll
//! [`Approved`]: core::guard::Approved
//! [`ScreenId`]: core::screen::ScreenId
//! [`Panel`]: core::screen::Panel
//! [`Dialog`]: core::dialog::Dialog
//! [`Scene`]: sim::Scene
//! [`SafeText`]: core::text::SafeText
//! [`SecretText`]: core::secret::SecretText
//! [`SecretRef`]: core::secret::SecretRef

pub mod app;
pub mod aws;
pub mod cli;
pub mod cloud;
pub mod command;
pub mod config;
pub mod core;
pub mod door;
pub mod journal;
pub mod keep;
pub mod layout;
pub mod log;
pub mod picture;
pub mod pictures;
pub mod places;
pub mod probe;
pub mod record;
pub mod runtime;
pub mod session;
pub mod sim;
pub mod term;
pub mod ui;
pub mod vault;
