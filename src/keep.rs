//! Files that the operator wants kept: where the wanted folder can not be written they go to another one, and the reason
//! is told. What has been paid for is not lost to a folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its path.
    pub path: PathBuf,
    /// Why it is not where it was wanted: one sentence without a stop.
    pub because: Option<String>,
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

/// Whether a file can be made beside where `wanted` is to be.
///
/// # Errors
/// Why not: one sentence without a stop.
pub fn check(wanted: &Path) -> Result<(), String> {
    let folder = folder_of(wanted).unwrap_or(Path::new("."));
    let probe = folder.join(format!(".bic-tui.{}.part", std::process::id()));
    let written = fs::create_dir_all(folder).and_then(|()| fs::File::create_new(&probe)).map(drop);
    let _ = fs::remove_file(&probe);
    written.map_err(|error| format!("nothing can be saved in {}: {error}", folder.display()))
}

fn folder_of(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}

#[cfg(test)]
mod tests {
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
    fn a_folder_is_looked_at_without_a_trace() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(check(&file.join("a.png")).unwrap_err().starts_with("nothing can be saved in "));
        assert_eq!(check(&dir.path().join("a.png")), Ok(()));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
