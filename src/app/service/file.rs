//! The file of a unit: whether it is ours, and putting it there and away.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::job::Unit;
use crate::app::fault;
use crate::app::identity::{sync_folder, temporary_beside};
use crate::app::places::replace_file;
use crate::app::{Error, Failure};

/// What the mark begins with, behind the sign of a comment.
const MARK: &str = "Written by vault-sync, checksum ";
/// Hex digits of the checksum: enough to tell an edit, for nobody forges this.
const SUM_DIGITS: usize = 16;

/// What lies where a unit belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    Absent,
    /// Exactly this unit.
    Same,
    /// A unit that this program wrote, for other paths or settings, or of another version.
    Ours,
    /// A unit that this program wrote, and somebody edited.
    Edited,
    /// Something else.
    Foreign,
}

/// Whether what is not as this program left it may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// It stays, and the command fails.
    Never,
    /// It goes.
    Anything,
}

/// A text with its mark: `head`, the comment, `body`.
pub(super) fn marked(head: &str, open: &str, close: &str, body: &str) -> String {
    format!("{head}{open}{MARK}{} of the lines below{close}\n{body}", sum(body))
}

fn sum(body: &str) -> String {
    blake3::hash(body.as_bytes()).to_hex().chars().take(SUM_DIGITS).collect()
}

/// Whether a text has a mark, and whether it is as it was marked.
fn untouched(text: &str) -> Option<bool> {
    // The mark stands in one of the first two lines.
    let (at, line) =
        text.split_inclusive('\n').take(2).enumerate().find(|it| it.1.contains(MARK))?;
    let before: usize = text.split_inclusive('\n').take(at).map(str::len).sum();
    let told = line.split_once(MARK)?.1.get(..SUM_DIGITS)?;
    Some(told == sum(&text[before + line.len()..]))
}

/// Where a unit belongs.
fn place(unit: &Unit) -> Result<&Path, Error> {
    unit.file.as_deref().ok_or_else(|| {
        Error::new(Failure::Usage, "only crontab may change the table of cron").hint(
            "`(crontab -l; vault-sync service print --kind cron) | crontab -` adds the line; \
             `crontab -e` removes it.",
        )
    })
}

/// Says what lies where the unit belongs.
///
/// # Errors
///
/// [`Failure::Usage`] for a unit that is no file; [`Failure::Unreadable`] or [`Failure::Io`] when it
/// cannot be looked at.
pub fn state(unit: &Unit) -> Result<State, Error> {
    let file = place(unit)?;
    let meta = match fs::symlink_metadata(file) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::Absent),
        Err(error) => return Err(fault::io("look at", file, error)),
    };
    if !meta.is_file() {
        return Ok(State::Foreign);
    }
    let bytes = fs::read(file).map_err(|error| fault::io("read", file, error))?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(match untouched(&text) {
        _ if text == unit.text => State::Same,
        Some(true) => State::Ours,
        Some(false) => State::Edited,
        None => State::Foreign,
    })
}

/// Puts the unit where it belongs; false when it lay there already.
///
/// # Errors
///
/// [`Failure::Io`] when something lies there that this program did not write, or that was edited
/// since, unless that may go; otherwise as [`state`].
pub fn install(unit: &Unit, overwrite: Overwrite) -> Result<bool, Error> {
    let file = place(unit)?;
    let found = state(unit)?;
    match (found, overwrite) {
        (State::Same, _) => return Ok(false),
        (State::Edited | State::Foreign, Overwrite::Never) => return Err(not_ours(found, file)),
        (State::Absent, _) => put_new(file, &unit.text)?,
        (State::Ours, _) | (State::Edited | State::Foreign, Overwrite::Anything) => {
            replace_file(file, unit.text.as_bytes())?;
        }
    }
    Ok(true)
}

/// Makes a file that did not exist; one that appears meanwhile stays.
fn put_new(file: &Path, text: &str) -> Result<(), Error> {
    let folder = file.parent().unwrap_or_else(|| Path::new("/"));
    fs::create_dir_all(folder).map_err(|error| fault::io("make the folder", folder, error))?;
    let beside = temporary_beside(file)?;
    let made = fs::File::create_new(&beside)
        .and_then(|mut out| out.write_all(text.as_bytes()).and_then(|()| out.sync_all()))
        .and_then(|()| fs::hard_link(&beside, file));
    // The name beside is not needed any more, whether the file has the right one or not.
    let _swept = fs::remove_file(&beside);
    made.map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            not_ours(State::Foreign, file)
        } else {
            fault::io("write", file, error)
        }
    })?;
    sync_folder(folder)
}

/// Takes the unit away, with what refers to it; false when there was none.
///
/// # Errors
///
/// As [`install`].
pub fn uninstall(unit: &Unit, overwrite: Overwrite) -> Result<bool, Error> {
    let file = place(unit)?;
    let found = state(unit)?;
    match (found, overwrite) {
        (State::Absent, _) => {}
        (State::Edited | State::Foreign, Overwrite::Never) => return Err(not_ours(found, file)),
        (State::Same | State::Ours, _) | (State::Edited | State::Foreign, Overwrite::Anything) => {
            fs::remove_file(file).map_err(|error| fault::io("remove", file, error))?;
            sync_folder(file.parent().unwrap_or_else(|| Path::new("/")))?;
        }
    }
    let dangling = unit.links.iter().filter(|link| leads_to(link, file));
    for link in dangling {
        fs::remove_file(link).map_err(|error| fault::io("remove", link, error))?;
    }
    Ok(found != State::Absent)
}

fn leads_to(link: &Path, file: &Path) -> bool {
    let target = fs::read_link(link).map(|to| link.parent().map(|it| it.join(to)));
    let target: Option<PathBuf> = target.ok().flatten();
    let name = |path: &Path| path.file_name().map(ToOwned::to_owned);
    let folder = |path: &Path| path.parent().and_then(|it| fs::canonicalize(it).ok());
    target.is_some_and(|to| name(&to) == name(file) && folder(&to) == folder(file))
}

fn not_ours(found: State, file: &Path) -> Error {
    let what = if found == State::Edited {
        "was edited since it was written"
    } else {
        "was not written by vault-sync"
    };
    Error::new(Failure::Io, format!("{} {what}", file.display()))
        .hint("Look at it first; with --force it goes all the same.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::service::job::Kind;

    fn unit(folder: &Path, body: &str) -> Unit {
        Unit {
            kind: Kind::Systemd,
            name: "x.service".into(),
            file: Some(folder.join("user/x.service")),
            text: marked("", "# ", "", body),
            after_install: vec![],
            after_uninstall: vec![],
            links: vec![folder.join("user/default.target.wants/x.service")],
        }
    }

    #[test]
    fn a_unit_comes_stays_changes_and_goes() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (unit(folder.path(), "[Unit]\n"), unit(folder.path(), "[Service]\n"));
        assert_eq!(state(&one).unwrap(), State::Absent);
        assert!(install(&one, Overwrite::Never).unwrap());
        assert_eq!((state(&one).unwrap(), state(&other).unwrap()), (State::Same, State::Ours));
        assert!(!install(&one, Overwrite::Never).unwrap());
        assert!(install(&other, Overwrite::Never).unwrap());
        let file = other.file.as_ref().unwrap();
        assert_eq!(fs::read_to_string(file).unwrap(), other.text);
        // What `enable` made goes with it, and what leads elsewhere stays.
        let wants = other.links[0].parent().unwrap();
        fs::create_dir(wants).unwrap();
        std::os::unix::fs::symlink(file, &other.links[0]).unwrap();
        std::os::unix::fs::symlink("/elsewhere/y.service", wants.join("y.service")).unwrap();
        assert!(uninstall(&other, Overwrite::Never).unwrap());
        assert!(!uninstall(&other, Overwrite::Never).unwrap());
        let left = |folder: &Path| -> Vec<_> {
            fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name()).collect()
        };
        assert_eq!(left(wants), ["y.service"]);
        assert_eq!(left(file.parent().unwrap()), ["default.target.wants"]);
    }

    #[test]
    fn what_is_not_as_we_left_it_stays_unless_told() {
        let folder = tempfile::tempdir().unwrap();
        let one = unit(folder.path(), "[Unit]\n");
        let file = one.file.as_ref().unwrap();
        install(&one, Overwrite::Never).unwrap();
        for (text, expected) in [
            (format!("{}# mine\n", one.text), State::Edited),
            (one.text.replace("[Unit]", "[Unix]"), State::Edited),
            ("[Unit]\nDescription=mine\n".to_owned(), State::Foreign),
            (format!("\n\n{}", one.text), State::Foreign),
            (String::new(), State::Foreign),
        ] {
            fs::write(file, &text).unwrap();
            assert_eq!(state(&one).unwrap(), expected, "{text}");
            for result in [install(&one, Overwrite::Never), uninstall(&one, Overwrite::Never)] {
                assert!(result.unwrap_err().to_string().contains("x.service"));
                assert_eq!(fs::read_to_string(file).unwrap(), text);
            }
            assert!(install(&one, Overwrite::Anything).unwrap());
            assert_eq!(state(&one).unwrap(), State::Same);
        }
    }

    #[test]
    fn links_and_folders_are_foreign() {
        let folder = tempfile::tempdir().unwrap();
        let one = unit(folder.path(), "[Unit]\n");
        let file = one.file.as_ref().unwrap();
        fs::create_dir_all(file).unwrap();
        assert_eq!(state(&one).unwrap(), State::Foreign);
        fs::remove_dir(file).unwrap();
        let kept = folder.path().join("kept.service");
        fs::write(&kept, &one.text).unwrap();
        std::os::unix::fs::symlink(&kept, file).unwrap();
        assert_eq!(state(&one).unwrap(), State::Foreign);
        assert!(install(&one, Overwrite::Never).is_err());
        assert!(uninstall(&one, Overwrite::Anything).unwrap());
        assert_eq!(fs::read_to_string(&kept).unwrap(), one.text);
    }

    #[test]
    fn a_file_that_appears_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.service");
        fs::write(&file, "theirs").unwrap();
        assert!(put_new(&file, "ours").is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
