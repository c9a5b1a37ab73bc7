//! Which process wrote a line, so that a later one can tell whether that one still lives.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// A process. Ids are given out again, so its start belongs to it; and they mean something only at the place that gave
/// them: a home folder may be seen from several machines and containers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Boot of the machine, namespaces of process ids and of time, and user: only from there it can be looked for.
    place: String,
    /// Process id.
    pid: u32,
    /// When it began, in clock ticks since the boot.
    started: u64,
}

impl Owner {
    /// This process; `None` where the system does not tell.
    pub fn me() -> Option<&'static Self> {
        static ME: LazyLock<Option<Owner>> = LazyLock::new(|| Owner::of(std::process::id()));
        ME.as_ref()
    }

    /// Whether it lives; `None` where that can not be told from here.
    pub fn is_alive(&self) -> Option<bool> {
        (Self::me()?.place == self.place)
            .then(|| system::started(self.pid))?
            .map(|started| started == Some(self.started))
    }

    fn of(pid: u32) -> Option<Self> {
        let (place, started) = (system::place()?, system::started(pid)??);
        Some(Self { place, pid, started })
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::{fs, io, os::unix::fs::MetadataExt};

    pub(super) fn place() -> Option<String> {
        // A /proc of another namespace knows this process under another id, or not at all.
        let own = fs::read_link("/proc/self").ok()?;
        if own.to_str()?.parse() != Ok(std::process::id()) {
            return None;
        }
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let space = |name: &str| Some(fs::read_link(format!("/proc/self/ns/{name}")).ok()?.display().to_string());
        let user = fs::metadata("/proc/self").ok()?.uid();
        // An old kernel has one time for all.
        Some(format!(
            "{} {} {} {user}",
            boot.trim(),
            space("pid")?,
            space("time").unwrap_or_default()
        ))
    }

    /// When a process began; `None` inside when there is none, or it is dead and not yet buried; `None` when there is no
    /// telling.
    #[expect(clippy::option_option, reason = "not there, and not known, are two things")]
    pub(super) fn started(pid: u32) -> Option<Option<u64>> {
        let stat = match fs::read_to_string(format!("/proc/{pid}/stat")) {
            Ok(stat) => stat,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(None),
            Err(_) => return None,
        };
        // The name in parentheses may have anything in it, so fields are counted from its end.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        if matches!(fields.next()?, "Z" | "X") {
            return Some(None);
        }
        Some(Some(fields.nth(18)?.parse().ok()?))
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub(super) fn place() -> Option<String> {
        None
    }

    #[expect(clippy::option_option, reason = "as where it is known")]
    pub(super) fn started(_: u32) -> Option<Option<u64>> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_lives_until_it_is_killed() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let owner = Owner::of(child.id()).unwrap();
        assert_eq!((owner.is_alive(), Owner::me().unwrap().is_alive()), (Some(true), Some(true)));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(owner.is_alive(), Some(false));
    }

    #[test]
    fn one_that_has_the_id_of_a_dead_one_is_not_believed() {
        let me = Owner::me().unwrap().clone();
        let earlier = Owner {
            started: me.started - 1,
            ..me.clone()
        };
        assert_eq!(earlier.is_alive(), Some(false));
        let elsewhere = Owner {
            place: "another machine".into(),
            ..me
        };
        assert_eq!(elsewhere.is_alive(), None, "from here nobody can tell");
    }

    #[test]
    fn what_is_dead_and_not_buried_does_not_live() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let owner = Owner::of(child.id()).unwrap();
        child.kill().unwrap();
        // Its output ends when it does.
        std::io::copy(child.stdout.as_mut().unwrap(), &mut std::io::sink()).unwrap();
        while owner.is_alive() == Some(true) {
            std::thread::yield_now();
        }
        assert_eq!(owner.is_alive(), Some(false));
        child.wait().unwrap();
    }
}
