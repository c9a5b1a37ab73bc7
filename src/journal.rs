//! The audit log of writes: one JSON line before a change is sent, with its token, and one with what
//! came of it. A file in the state folder, readable by its owner only; in memory for a simulated account.

mod owner;
mod past;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::Serialize;

use self::owner::Owner;
pub use self::past::{AbandonedPlan, Past};
use crate::{
    cloud::{About, Change, Cloud, Token},
    core::{
        awscli,
        eta::Timing,
        fact::Millis,
        fault::{Fault, FaultKind},
        text::SafeText,
    },
    record::{Recorder, Recordings},
};

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// The cloud's time, milliseconds since 1970.
    pub at: Millis,
    /// `begin` or `end`.
    pub event: &'static str,
    /// Token that ties both lines together, and both to CloudFormation's events.
    pub token: Token,
    /// Operation as IAM names it.
    pub operation: &'static str,
    /// Profile in use.
    pub profile: SafeText,
    /// Region.
    pub region: SafeText,
    /// Endpoint in place of AWS's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<SafeText>,
    /// The process that sends it, where the system tells; only in `begin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// The change; only in `begin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// The same as an `aws` command line; only in `begin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// `accepted`, or why not; only in `end`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

/// Where the lines go.
#[derive(Debug)]
enum Sink {
    File(Mutex<File>, PathBuf),
    Memory(Mutex<Vec<Entry>>),
}

/// The audit log, and beside it the recordings of operations.
#[derive(Debug)]
pub struct Journal {
    sink: Sink,
    recordings: Option<Recordings>,
}

impl Journal {
    /// Opens the log, and makes its folder, for this user alone.
    ///
    /// # Errors
    /// The disk's own.
    pub fn open(path: &Path) -> io::Result<Self> {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        let file = owner_only(OpenOptions::new().create(true).append(true)).open(path)?;
        Ok(Self {
            sink: Sink::File(Mutex::new(file), path.to_owned()),
            recordings: None,
        })
    }

    /// A log that is gone with the process.
    pub fn memory() -> Self {
        Self {
            sink: Sink::Memory(Mutex::default()),
            recordings: None,
        }
    }

    /// The same, with the operations that are watched kept in recordings.
    #[must_use]
    pub fn recording(self, to: Recordings) -> Self {
        Self {
            recordings: Some(to),
            ..self
        }
    }

    /// `cloud`, recorded where that is wanted.
    pub fn recorded(&self, cloud: Arc<dyn Cloud>) -> Arc<dyn Cloud> {
        match &self.recordings {
            Some(to) => Arc::new(Recorder::new(cloud, to.clone())),
            None => cloud,
        }
    }

    /// `cloud` for somebody who only looks: what was recorded and is not whole is completed.
    pub fn completed(&self, cloud: Arc<dyn Cloud>) -> Arc<dyn Cloud> {
        match &self.recordings {
            Some(to) => Arc::new(Recorder::late(cloud, to.clone())),
            None => cloud,
        }
    }

    /// Operations are kept in recordings.
    pub fn records(&self) -> bool {
        self.recordings.is_some()
    }

    /// How long resources took in the operations that were recorded, oldest first.
    pub fn timings(&self) -> Vec<Timing> {
        self.recordings.as_ref().map_or_else(Vec::new, Recordings::timings)
    }

    /// Brings to the disk what is still to be written, within a second.
    pub fn flush(&self) {
        if let Some(recordings) = &self.recordings {
            recordings.flush();
        }
    }

    /// What was done from this machine with this profile and region before.
    pub fn past(&self, about: &About, now: Millis) -> Past {
        match &self.sink {
            Sink::File(_, path) => Past::read(&fs::read_to_string(path).unwrap_or_default(), about, now),
            Sink::Memory(_) => Past::default(),
        }
    }

    /// Notes a change before it is sent. Without this line nothing may be sent.
    ///
    /// # Errors
    /// The line could not be brought to the disk.
    pub fn begin(&self, change: &Change, token: &Token, about: &About, at: Millis) -> Result<(), Fault> {
        let mut entry = entry("begin", change, token, about, at);
        entry.command = Some(awscli::command(change, &about.region));
        entry.change = Some(change.clone());
        entry.owner = Owner::me().cloned();
        self.put(entry)
    }

    /// Notes what came of it.
    ///
    /// # Errors
    /// The line could not be brought to the disk.
    pub fn end(&self, change: &Change, token: &Token, about: &About, (outcome, at): (String, Millis)) -> Result<(), Fault> {
        let mut entry = entry("end", change, token, about, at);
        entry.result = Some(outcome);
        self.put(entry)
    }

    /// The lines held in memory; none for a file.
    pub fn entries(&self) -> Vec<Entry> {
        match &self.sink {
            Sink::Memory(entries) => entries.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Sink::File(..) => Vec::new(),
        }
    }

    fn put(&self, entry: Entry) -> Result<(), Fault> {
        match &self.sink {
            Sink::Memory(entries) => entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry),
            Sink::File(file, path) => {
                let fault = |e: io::Error| {
                    let why = format!("the audit log {} can not be written: {e}", path.display());
                    Fault::new(FaultKind::Unnoted, entry.operation, "", &why)
                };
                let mut line = serde_json::to_string(&entry).map_err(|e| fault(e.into()))?;
                line.push('\n');
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                // One write call a line: several consoles may append at once.
                file.write_all(line.as_bytes()).and_then(|()| file.sync_data()).map_err(fault)?;
            }
        }
        Ok(())
    }
}

fn entry(event: &'static str, change: &Change, token: &Token, about: &About, at: Millis) -> Entry {
    Entry {
        at,
        event,
        token: token.clone(),
        operation: change.operation(),
        profile: about.profile.clone(),
        region: about.region.clone(),
        endpoint: about.endpoint.clone(),
        owner: None,
        change: None,
        command: None,
        result: None,
    }
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn write(journal: &Journal) {
        let change = Change::DeleteStack { stack: "s".into() };
        let token = Token("t-1".into());
        journal.begin(&change, &token, &About::of_ops(), 1).unwrap();
        let fault = Fault::new(FaultKind::Denied, "cloudformation:DeleteStack", "s", "");
        journal.end(&change, &token, &About::of_ops(), (fault.sentence(), 2)).unwrap();
    }

    #[test]
    fn both_lines_carry_the_token() {
        let journal = Journal::memory();
        write(&journal);
        let entries = journal.entries();
        assert_eq!(entries.len(), 2);
        assert!(entries.iter().all(|e| e.token == Token("t-1".into())));
        assert_eq!(
            entries[0].command.as_deref(),
            Some("aws cloudformation delete-stack --stack-name s --region us-west-2")
        );
        assert_eq!(entries[1].result.as_deref(), Some("cloudformation:DeleteStack on s is not allowed"));
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_private_and_appended() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state/audit.jsonl");
        for _ in 0..2 {
            write(&Journal::open(&path).unwrap());
        }
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[2]["change"]["delete-stack"]["stack"], "s");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_full_disk_stops_the_write() {
        let full = Path::new("/dev/full");
        if full.exists() {
            let journal = Journal::open(full).unwrap();
            let fault = journal
                .begin(&Change::DeleteStack { stack: "s".into() }, &Token("t".into()), &About::of_ops(), 1)
                .unwrap_err();
            assert!(fault.detail.contains("audit log"), "{}", fault.detail);
        }
    }
}
