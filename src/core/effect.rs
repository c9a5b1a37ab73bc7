//! Everything that the core can ask for. Plain comparable data: carried out by the runtime and the
//! terminal, answered by messages.

use std::sync::Arc;

use super::{
    guard::Approved,
    lines::{ExportFormat, Kept, Mining, Scan},
    msg::Ticket,
    place::Place,
    secret::SecretRef,
    text::SafeText,
};
use crate::cloud::{Query, Steer};

/// A request of the core.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Read.
    Ask(Ticket, Query),
    /// Write, one after the other, until one fails. Only `guard` makes these.
    Change(Approved),
    /// Read the names of the profiles in the AWS files.
    Profiles,
    /// Build a session elsewhere, under this number.
    Go(u64, Place),
    /// Look through log segments; finds come back as messages.
    Scan(Scan),
    /// Find the shapes of errors in a log segment.
    Mine(Mining),
    /// Open a Live Tail session, under its number, of a log group; the one before it is closed.
    OpenLive(u32, SafeText),
    /// Close the Live Tail session.
    CloseLive,
    /// Put a secret into the vault for the reveal panel.
    Reveal(SecretRef),
    /// Take all secrets out of the vault.
    Hide,
    /// Copy a secret without showing it.
    CopySecret(SecretRef),
    /// Empty the clipboard if it was ours.
    ClearClipboard,
    /// Copy text.
    Copy(SafeText),
    /// Open in the browser.
    Open(SafeText),
    /// Write a new file: its path and its bytes. One that is there stays; the new one gets a number then.
    Save(SafeText, Arc<[u8]>),
    /// Read a file of parameters.
    Load(SafeText),
    /// Write log lines to a file: its path, how, which, and what they lack.
    SaveLines(SafeText, ExportFormat, Kept, Option<SafeText>),
    /// Move the cloud's time.
    Steer(Steer),
    /// Ask this account and no other.
    KeepTo(SafeText),
    /// Paint everything again.
    Repaint,
    /// Mouse reporting on or off.
    Mouse(bool),
    /// Ring the bell: a long operation ended.
    Bell,
    /// Stop the process as the shell's job control does.
    Suspend,
    /// Leave.
    Quit,
    /// Leave while an operation of ours goes on, with this exit status; what follows it is told.
    Detach(u8),
}
