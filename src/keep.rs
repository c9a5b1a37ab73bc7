//! Files that the operator wants kept: where the wanted folder can not be written they go to another one, and the reason
//! is told. What has been paid for is not lost to a folder.

use std::{
    fs::{self, FileType},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

use crate::core::text::SafeText;

/// Most bytes of a file that is read as a whole.
const MOST_READ: u64 = 1_000_000;

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its path.
    pub path: PathBuf,
    /// Why it is not where it was wanted: one sentence without a stop.
    pub because: Option<String>,
}

impl Kept {
    /// Why it is not where it was wanted, to follow its path: ` (…)`, or nothing where it is.
    pub fn elsewhere(&self, wanted: &Path) -> String {
        match &self.because {
            Some(why) => format!(" ({why})"),
            None if self.path != wanted => format!(" ({} was there already, and stays)", wanted.display()),
            None => String::new(),
        }
    }
}

/// `~/.local/state/bic-tui`, or the platform's folder for local data.
pub fn state_folder() -> Option<PathBuf> {
    dirs::state_dir().or_else(dirs::data_local_dir).map(|folder| folder.join("bic-tui"))
}

/// Has `write` write to `wanted`, else under the same name to the folder of the state, else to that of temporary files.
///
/// # Errors
/// Why nothing could be written where it was wanted: one sentence without a stop.
pub fn keep(wanted: &Path, write: impl Fn(&Path) -> io::Result<PathBuf>) -> Result<Kept, String> {
    let state = state_folder().map(|folder| folder.join("saved"));
    keep_in(wanted, &[state, Some(std::env::temp_dir())].map(Option::unwrap_or_default), write)
}

fn keep_in(wanted: &Path, others: &[PathBuf], write: impl Fn(&Path) -> io::Result<PathBuf>) -> Result<Kept, String> {
    let attempt = |path: &Path| {
        folder_of(path).map_or(Ok(()), fs::create_dir_all)?;
        write(path)
    };
    let because = match attempt(wanted) {
        Ok(path) => return Ok(Kept { path, because: None }),
        Err(error) => format!("{} can not be written: {error}", wanted.display()),
    };
    let name = wanted.file_name().unwrap_or_default();
    let others = others.iter().filter(|folder| folder.is_absolute());
    match others.map(|folder| folder.join(name)).find_map(|path| attempt(&path).ok()) {
        Some(path) => Ok(Kept {
            path,
            because: Some(because),
        }),
        None => Err(because),
    }
}

/// Writes a file that is not there yet: where one of that name is, the new one gets a number, `a-2.png`. No half file is
/// ever seen.
///
/// # Errors
/// Why it can not be written.
pub fn write_new(wanted: &Path, write: impl FnOnce(&mut fs::File) -> io::Result<()>) -> io::Result<PathBuf> {
    write_by(&part_of(wanted), wanted, write)
}

/// The same by way of a file that `part_of` has named, for whoever may have to clear it away in place of this.
///
/// # Errors
/// Why it can not be written; and that the half file stays, where it can not be removed.
pub fn write_by(part: &Path, wanted: &Path, write: impl FnOnce(&mut fs::File) -> io::Result<()>) -> io::Result<PathBuf> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(part)?;
    let written = write(&mut file).and_then(|()| file.sync_all());
    let kept = written.and_then(|()| {
        let path = take_name(wanted)?;
        fs::rename(part, &path).inspect_err(|_| drop(fs::remove_file(&path)))?;
        Ok(path)
    });
    kept.map_err(|error| {
        if clear(part) {
            error
        } else {
            io::Error::new(error.kind(), format!("{error}; {} stays there", part.display()))
        }
    })
}

/// Removes what may be there of a file that was left unfinished; `false` where it may be there still.
pub fn clear(part: &Path) -> bool {
    fs::remove_file(part).map_or_else(|error| error.kind() == ErrorKind::NotFound, |()| true)
}

/// Where a file is until it is whole. Nobody else has this name, though the same file be wanted twice at once.
pub fn part_of(wanted: &Path) -> PathBuf {
    let mut name = wanted.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", uuid::Uuid::new_v4().simple()));
    wanted.with_file_name(name)
}

/// The first name of a row that no file has; from then on an empty one has it.
fn take_name(wanted: &Path) -> io::Result<PathBuf> {
    let mut path = wanted.to_path_buf();
    let mut number = 1;
    loop {
        match fs::File::create_new(&path) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                number += 1;
                path = numbered(wanted, number);
            }
            other => return other.map(|_| path),
        }
    }
}

/// `a.png` as `a-2.png`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// The text of a file that the operator names. Only a file ends by itself: a device or a pipe may never.
///
/// # Errors
/// Why there is none: one sentence without a stop, which names the file.
pub fn read(path: &Path) -> Result<String, String> {
    read_if(path, FileType::is_file)
}

/// The same for somebody who waits for it and can end the program: also from a pipe.
///
/// # Errors
/// As `read`.
pub fn read_or_pipe(path: &Path) -> Result<String, String> {
    #[cfg(unix)]
    let is_pipe = std::os::unix::fs::FileTypeExt::is_fifo;
    #[cfg(not(unix))]
    let is_pipe = |_: &FileType| false;
    read_if(path, |kind| kind.is_file() || is_pipe(kind))
}

fn read_if(path: &Path, may_be_read: impl Fn(&FileType) -> bool) -> Result<String, String> {
    let name = SafeText::new(&path.display().to_string());
    let lost = |error: io::Error| format!("{name} can not be read: {error}");
    if !may_be_read(&fs::metadata(path).map_err(lost)?.file_type()) {
        return Err(format!("{name} can not be read: it is no regular file"));
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(lost)?;
    file.take(MOST_READ + 1).read_to_end(&mut bytes).map_err(lost)?;
    if bytes.len() as u64 > MOST_READ {
        return Err(format!("{name} can not be read: it is larger than 1 MB"));
    }
    String::from_utf8(bytes).map_err(|_| format!("{name} can not be read: it is no UTF-8 text"))
}

/// Whether a file can be made beside where `wanted` is to be.
///
/// # Errors
/// Why not: one sentence without a stop.
pub fn check(wanted: &Path) -> Result<(), String> {
    let folder = folder_of(wanted).unwrap_or(Path::new("."));
    let probe = part_of(&folder.join(".bic-tui"));
    let written = fs::create_dir_all(folder).and_then(|()| fs::File::create_new(&probe)).map(drop);
    let _ = fs::remove_file(&probe);
    written.map_err(|error| format!("nothing can be saved in {}: {error}", folder.display()))
}

fn folder_of(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn write(path: &Path) -> io::Result<PathBuf> {
        fs::write(path, "x").map(|()| path.to_owned())
    }

    #[test]
    fn what_can_not_be_written_where_it_is_wanted_is_written_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let (wanted, other) = (file.join("a.png"), dir.path().join("new/other"));
        let kept = keep_in(&wanted, &[PathBuf::new(), file.clone(), other.clone()], write).unwrap();
        assert_eq!(kept.path, other.join("a.png"));
        assert!(kept.because.unwrap().contains("a.png can not be written: "));
        let why = keep_in(&wanted, &[PathBuf::new(), file], write).unwrap_err();
        assert!(why.contains("a.png can not be written: "), "{why}");
        let wanted = dir.path().join("pictures/a.png");
        let kept = keep_in(&wanted, &[other], write).unwrap();
        assert_eq!((kept.path, kept.because), (wanted, None));
    }

    #[test]
    fn what_is_there_is_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let wanted = dir.path().join("parameters.json");
        let written: Vec<PathBuf> = ["a", "b", "c"]
            .map(|text| write_new(&wanted, |file| file.write_all(text.as_bytes())).unwrap())
            .into();
        let names = ["parameters.json", "parameters-2.json", "parameters-3.json"];
        assert_eq!(written, names.map(|name| dir.path().join(name)));
        let texts: Vec<String> = written.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        assert_eq!(texts, ["a", "b", "c"]);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "no half file stays");
        assert!(write_new(&dir.path().join("none/a"), |_| Ok(())).is_err());
    }

    #[test]
    fn of_a_half_file_that_can_not_be_removed_it_is_said_that_it_stays() {
        let dir = tempfile::tempdir().unwrap();
        let wanted = dir.path().join("a.txt");
        let part = part_of(&wanted);
        // What stands in its place by then is no file.
        let dies = |_: &mut fs::File| {
            fs::remove_file(&part)?;
            fs::create_dir(&part)?;
            Err(io::Error::other("the disk is gone"))
        };
        let why = write_by(&part, &wanted, dies).unwrap_err().to_string();
        assert_eq!(why, format!("the disk is gone; {} stays there", part.display()));
        assert!(!clear(&part) && clear(&wanted));
    }

    #[test]
    fn two_that_save_the_same_at_once_are_both_kept() {
        let dir = tempfile::tempdir().unwrap();
        let wanted = dir.path().join("a.txt");
        // The second begins and ends, or fails, while the first is being written.
        for is_well in [true, false] {
            let first = write_new(&wanted, |file| {
                file.write_all(b"first")?;
                let second = write_new(&wanted, |_| if is_well { Ok(()) } else { Err(io::Error::other("full")) });
                assert_eq!(second.is_ok(), is_well);
                Ok(())
            });
            assert_eq!(fs::read_to_string(first.unwrap()).unwrap(), "first");
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "no half file stays");
    }

    #[test]
    fn only_files_of_a_sane_size_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            fs::write(&path, bytes).unwrap();
            path
        };
        assert_eq!(read(&file("a", b"[]")), Ok("[]".into()));
        for (path, want) in [
            (PathBuf::from("/dev/zero"), "/dev/zero can not be read: it is no regular file"),
            (dir.path().to_owned(), "it is no regular file"),
            (dir.path().join("none"), "none can not be read: No such file"),
            (file("b", b"\xff"), "it is no UTF-8 text"),
            (file("c", &vec![b' '; 1_000_001]), "it is larger than 1 MB"),
        ] {
            let why = read(&path).unwrap_err();
            assert!(why.contains(want), "{why}");
        }
    }

    #[test]
    fn a_folder_is_looked_at_without_a_trace() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(check(&file.join("a.png")).unwrap_err().starts_with("nothing can be saved in "));
        assert_eq!(check(&dir.path().join("a.png")), Ok(()));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_is_read_only_where_somebody_waits_for_it() {
        use std::os::fd::AsRawFd;

        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"[]").unwrap();
        drop(writer);
        let path = PathBuf::from(format!("/proc/self/fd/{}", reader.as_raw_fd()));
        assert!(read(&path).is_err_and(|why| why.contains("no regular file")));
        assert_eq!(read_or_pipe(&path).as_deref(), Ok("[]"));
    }
}
