//! Which names take part.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::os;
use super::root::{Folder, MARKER_FOLDER};
use super::temp;
use crate::model::{Stamp, VaultPath};

/// The file whose lines, in gitignore syntax, leave further names out or take default ones in
/// again (`!name`). It counts for its own folder and those below, syncs like a note and is never
/// left out itself.
pub const RULES_FILE: &str = ".vaultsyncignore";

/// Most bytes of a rules file that are read; what lies beyond counts for nothing. Far above any
/// real list, and low enough that a mistaken file costs no time.
const RULES_LIMIT_BYTES: u64 = 256 * 1024;

/// For how long the rules of a folder need not be looked for again by who reads many files in it.
const LATELY: Duration = Duration::from_millis(100);

/// Most folders remembered for that; the rules of others are looked for each time.
const LOOKS_LIMIT: usize = 1024;

/// Obsidian's own folder at the root, with its slash.
const SETTINGS: &str = ".obsidian/";

/// What is left out unless a rules file says otherwise, each with its reason.
///
/// - Shape: as in a rules file; a line without a slash inside has at most one star and nothing else
///   that is special, so that the names of a large vault are told apart in a millisecond.
pub const DEFAULT_RULES: &[(&str, &str)] = &[
    (".git", "version control: a repository merged file by file breaks"),
    (".hg", "version control"),
    (".svn", "version control"),
    (".jj", "version control"),
    (".trash/", "Obsidian's own bin: what was thrown away here is not wanted there"),
    (".obsidian/workspace*.json", "open panes of this device, written at every save"),
    (".obsidian/workspace", "the same, by old versions of Obsidian"),
    (".obsidian/cache", "made anew by Obsidian"),
    (".obsidian/**/cache/", "caches of plugins"),
    (".obsidian/**/.cache/", "caches of plugins"),
    ("node_modules/", "packages of plugins being developed; made anew by their tool"),
    ("*.tmp", "files that programs write beside the real one"),
    ("*.temp", "the same"),
    ("*~", "backups by Emacs, gedit, Kate"),
    ("~$*", "lock files of Microsoft Office"),
    (".~lock.*#", "lock files of LibreOffice"),
    (".#*", "lock files of Emacs"),
    ("#*#", "unsaved buffers of Emacs"),
    ("*.swp", "open buffers of Vim"),
    (".*.swo", "the second buffer of the same file"),
    (".*.swn", "the third"),
    ("*.swx", "Vim trying whether it may write"),
    ("4913", "Vim trying whether it may write"),
    ("*.kate-swp", "open buffers of Kate"),
    (".goutputstream-*", "GNOME programs writing beside the real file"),
    ("*.crdownload", "downloads under way"),
    (".fuse_hidden*", "deleted but still open files on FUSE"),
    (".nfs*", "deleted but still open files on NFS"),
    (".DS_Store", "how the macOS Finder shows a folder"),
    ("._*", "macOS attributes on foreign disks"),
    ("Icon\r", "macOS folder icons"),
    (".Spotlight-V100", "macOS search index"),
    (".fseventsd", "macOS event log"),
    (".Trashes", "macOS bin of a disk"),
    (".TemporaryItems", "macOS temporary files"),
    (".Trash-*", "bin of a disk on Linux"),
    ("Thumbs.db", "previews by Windows"),
    ("thumbs.db", "previews by Windows"),
    ("desktop.ini", "how the Windows Explorer shows a folder"),
    ("Desktop.ini", "the same"),
    ("$RECYCLE.BIN/", "bin of a disk on Windows"),
    ("System Volume Information/", "Windows"),
    ("lost+found/", "what a file system check found"),
    (".stfolder", "Syncthing's marker"),
    (".stversions", "Syncthing's old versions"),
    (".dropbox", "Dropbox's marker"),
    (".dropbox.cache", "Dropbox's cache"),
];

impl Folder {
    /// From now on only what `include` names takes part here (everything, when it names nothing), but
    /// nothing that `exclude` names, and no attachment longer than `max_attachment_bytes`. What takes
    /// no part is neither read nor written, and is never said to be absent.
    pub fn narrow(&self, include: Patterns, exclude: Patterns, max_attachment_bytes: u64) {
        self.inner.rules.narrow(Scope { include, exclude, max_attachment_bytes });
    }
}

/// The rules files of the folders from the root down to one, as far as there are any: each with
/// the length of its folder's path and slash.
#[derive(Debug, Clone, Default)]
pub(super) struct Chain(Vec<(usize, Arc<Gitignore>)>);

impl Chain {
    /// Goes down into the folder `dir`, which may have rules of its own.
    pub(super) fn add(&mut self, dir: &str, own: Option<Arc<Gitignore>>) {
        self.0.extend(own.map(|rules| (below(dir), rules)));
    }
}

/// What a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// A folder.
    Folder,
    /// Anything else.
    File,
}

/// A default rule on names: `prefix*suffix`, or one name when there is no star.
#[derive(Debug)]
struct NameRule {
    prefix: &'static str,
    suffix: Option<&'static str>,
    only: Option<Sort>,
    /// The first and the last byte of every name that fits, where the rule says: nearly every name of a
    /// vault is told apart by these.
    ends: (Option<u8>, Option<u8>),
}

impl NameRule {
    fn parse(line: &'static str) -> Self {
        let (line, only) = match line.strip_suffix('/') {
            Some(line) => (line, Some(Sort::Folder)),
            None => (line, None),
        };
        let (prefix, suffix) = match line.split_once('*') {
            Some((prefix, suffix)) => (prefix, Some(suffix)),
            None => (line, None),
        };
        let last = suffix.unwrap_or(prefix).as_bytes().last().copied();
        let ends = (prefix.as_bytes().first().copied(), last);
        Self { prefix, suffix, only, ends }
    }

    fn fits(&self, name: &str, sort: Sort) -> bool {
        let (first, last) = self.ends;
        let bytes = name.as_bytes();
        if first.is_some_and(|first| bytes.first() != Some(&first))
            || last.is_some_and(|last| bytes.last() != Some(&last))
        {
            return false;
        }
        let Some(rest) = name.strip_prefix(self.prefix) else {
            return false;
        };
        self.suffix.map_or(rest.is_empty(), |suffix| rest.ends_with(suffix))
            && self.only.is_none_or(|only| only == sort)
    }
}

/// Patterns in gitignore syntax that one device has for itself.
///
/// - Source: [`Patterns::parse`]; the empty ones fit nothing.
#[derive(Debug, Clone)]
pub struct Patterns {
    matcher: Gitignore,
    none: bool,
}

impl Patterns {
    /// Parses a comma list; `None` when one of them makes no sense.
    pub fn parse(text: &str) -> Option<Self> {
        let mut builder = GitignoreBuilder::new(".");
        for line in text.split(',').map(str::trim).filter(|line| !line.is_empty()) {
            let odd = line.chars().any(char::is_control);
            if odd || builder.add_line(None, line).is_err() {
                return None;
            }
        }
        let matcher = builder.build().ok()?;
        Some(Self { none: matcher.is_empty(), matcher })
    }

    /// Whether they name `path` or a folder above it.
    fn fit(&self, path: &str, sort: Sort) -> bool {
        !self.none
            && self.matcher.matched_path_or_any_parents(path, sort == Sort::Folder).is_ignore()
    }
}

/// What of a vault this device wants.
#[derive(Debug)]
struct Scope {
    include: Patterns,
    exclude: Patterns,
    max_attachment_bytes: u64,
}

/// The default rules, and the rules files met so far by folder (the root's is `""`).
#[derive(Debug)]
pub(super) struct Rules {
    names: Vec<NameRule>,
    /// Default rules on whole paths, all of them below [`SETTINGS`].
    settings: Gitignore,
    scope: RwLock<Option<Scope>>,
    files: Mutex<BTreeMap<String, (Stamp, Arc<Gitignore>)>>,
    looks: Mutex<Looks>,
}

/// Folders whose rules were looked for since a moment that is at most [`LATELY`] ago.
#[derive(Debug)]
struct Looks {
    since: Instant,
    dirs: BTreeSet<String>,
}

impl Looks {
    /// Whether `dir` is one of them; forgets them all once the first may be too old.
    fn is_recent(&mut self, dir: &str) -> bool {
        if self.since.elapsed() > LATELY {
            *self = Self { since: Instant::now(), dirs: BTreeSet::new() };
        }
        self.dirs.contains(dir)
    }

    /// Notes that `dir` was looked into.
    fn note(&mut self, dir: &str) {
        if self.dirs.len() < LOOKS_LIMIT {
            self.dirs.insert(dir.to_owned());
        }
    }
}

impl Rules {
    pub(super) fn new() -> Self {
        let lines = DEFAULT_RULES.iter().map(|(line, _reason)| *line);
        let (paths, names): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with(SETTINGS));
        Self {
            names: names.into_iter().map(NameRule::parse).collect(),
            settings: matcher(paths.into_iter()),
            scope: RwLock::new(None),
            files: Mutex::new(BTreeMap::new()),
            looks: Mutex::new(Looks { since: Instant::now(), dirs: BTreeSet::new() }),
        }
    }

    /// Sets what this device wants.
    fn narrow(&self, scope: Scope) {
        *self.scope.write().unwrap_or_else(PoisonError::into_inner) = Some(scope);
    }

    /// Whether this device does not want `path`. A folder that is not named itself may hold what is.
    fn unwanted(&self, path: &str, sort: Sort) -> bool {
        let scope = self.scope.read().unwrap_or_else(PoisonError::into_inner);
        scope.as_ref().is_some_and(|scope| {
            let chosen =
                scope.include.none || sort == Sort::Folder || scope.include.fit(path, sort);
            scope.exclude.fit(path, sort) || !chosen
        })
    }

    /// Whether an empty folder is one that this device does not want.
    pub(super) fn unwanted_if_empty(&self, path: &str) -> bool {
        let scope = self.scope.read().unwrap_or_else(PoisonError::into_inner);
        scope
            .as_ref()
            .is_some_and(|scope| !scope.include.none && !scope.include.fit(path, Sort::Folder))
    }

    /// Whether an attachment of this length is one that this device does not want.
    pub(super) fn too_long(&self, bytes: u64) -> bool {
        let scope = self.scope.read().unwrap_or_else(PoisonError::into_inner);
        scope.as_ref().is_some_and(|scope| bytes > scope.max_attachment_bytes)
    }

    /// Looks whether the folder `dir` (at `folder` on disk) has rules of its own and adds them to
    /// `chain`; they are read anew only when the file changed.
    ///
    /// # Errors
    ///
    /// When there is a file that cannot be read: then nobody knows what takes part below.
    pub(super) fn enter(&self, chain: &mut Chain, dir: &str, folder: &Path) -> io::Result<()> {
        chain.add(dir, self.own(dir, folder)?);
        Ok(())
    }

    /// The rules that the folder `dir` (at `folder` on disk) has of its own.
    ///
    /// # Errors
    ///
    /// As [`Rules::enter`].
    pub(super) fn own(&self, dir: &str, folder: &Path) -> io::Result<Option<Arc<Gitignore>>> {
        let path = folder.join(RULES_FILE);
        let none = || {
            self.enter_without(dir);
            Ok(None)
        };
        let stamp = match std::fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_file() => os::stamp(&meta),
            Ok(_) => return none(),
            Err(error) if error.kind() == ErrorKind::NotFound => return none(),
            Err(error) => return Err(error),
        };
        let known = self.lock().get(dir).cloned();
        let rules = match known {
            Some((seen, rules)) if seen == stamp => rules,
            _ => {
                let mut bytes = Vec::new();
                os::open_read(&path)?.take(RULES_LIMIT_BYTES).read_to_end(&mut bytes)?;
                let text = String::from_utf8_lossy(&bytes);
                let rules = Arc::new(matcher(text.trim_start_matches('\u{feff}').lines()));
                self.lock().insert(dir.to_owned(), (stamp, rules.clone()));
                rules
            }
        };
        Ok(Some(rules))
    }

    /// Notes that the folder `dir` has no rules of its own.
    pub(super) fn enter_without(&self, dir: &str) {
        self.lock().remove(dir);
    }

    /// Whether `path`, directly in a folder that takes part and has this `chain`, is left out.
    pub(super) fn leave_out(&self, chain: &Chain, path: &str, sort: Sort) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        if is_reserved(name) {
            return true;
        }
        let is_dir = sort == Sort::Folder;
        if name == RULES_FILE && !is_dir {
            return false;
        }
        if self.unwanted(path, sort) {
            return true;
        }
        for (skip, rules) in chain.0.iter().rev() {
            match rules.matched(&path[*skip..], is_dir) {
                Match::None => {}
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
            }
        }
        self.names.iter().any(|rule| rule.fits(name, sort))
            || (path.starts_with(SETTINGS) && self.settings.matched(path, is_dir).is_ignore())
    }

    /// The same for any path below the root, by the rules files met so far, without touching the
    /// disk.
    pub(super) fn leave_out_unseen(&self, path: &VaultPath) -> bool {
        let text = path.as_str();
        let mut chain = Chain::default();
        let mut dir = "";
        loop {
            if let Some((_, rules)) = self.lock().get(dir) {
                chain.0.push((below(dir), rules.clone()));
            }
            let Some(next) = next_below(dir, text) else {
                return self.leave_out(&chain, text, Sort::File);
            };
            dir = next;
            if self.leave_out(&chain, dir, Sort::Folder) {
                return true;
            }
        }
    }

    /// The same for a file below `root`, by the rules that its folders have, or had [`LATELY`] ago.
    ///
    /// # Errors
    ///
    /// As [`Rules::enter`].
    pub(super) fn leave_out_lately(&self, path: &VaultPath, root: &Path) -> io::Result<bool> {
        let mut dir = Some("");
        while let Some(at) = dir {
            if !self.looks().is_recent(at) {
                self.own(at, &root.join(at))?;
                self.looks().note(at);
            }
            dir = next_below(at, path.as_str());
        }
        Ok(self.leave_out_unseen(path))
    }

    fn looks(&self) -> MutexGuard<'_, Looks> {
        // As below; a folder too few is looked into once more.
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, (Stamp, Arc<Gitignore>)>> {
        // Every change under the lock is one call, so a panic elsewhere leaves the map whole.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names that never take part, whatever the rules say: our marker, our temporary files, and what
/// stands for a file that is not on this disk.
pub(super) fn is_reserved(name: &str) -> bool {
    name.eq_ignore_ascii_case(MARKER_FOLDER) || temp::is_ours(name) || stands_for(name).is_some()
}

/// The name of the file that a stub called `name` stands for: iCloud leaves `.note.md.icloud` where
/// it took `note.md` off the disk.
pub(super) fn stands_for(name: &str) -> Option<&str> {
    name.strip_prefix('.')?.strip_suffix(".icloud").filter(|it| !it.is_empty())
}

/// The name of the stub that would stand for the file `name`.
pub(super) fn stub_of(name: &str) -> String {
    format!(".{name}.icloud")
}

/// The folder directly in `dir` that leads to `path`; `None` when `path` itself lies there.
fn next_below<'p>(dir: &str, path: &'p str) -> Option<&'p str> {
    let from = below(dir);
    path[from..].find('/').map(|end| &path[..from + end])
}

/// Where the names in the folder `dir` begin within their paths.
fn below(dir: &str) -> usize {
    if dir.is_empty() { 0 } else { dir.len() + 1 }
}

/// Builds a matcher from gitignore lines; a line that makes no sense counts for nothing.
fn matcher<'a>(lines: impl Iterator<Item = &'a str>) -> Gitignore {
    let mut builder = GitignoreBuilder::new(".");
    for line in lines {
        if let Err(error) = builder.add_line(None, line) {
            tracing::warn!(line, %error, "a line of {RULES_FILE} is not understood");
        }
    }
    builder.build().unwrap_or_else(|error| {
        tracing::warn!(%error, "the rules of a {RULES_FILE} are too many");
        Gitignore::empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(rules: &Rules, path: &str) -> bool {
        rules.leave_out_unseen(&VaultPath::parse(path).unwrap())
    }

    #[test]
    fn litter_stays_out_and_notes_take_part() {
        let rules = Rules::new();
        for litter in [
            ".git/config",
            "sub/.git",
            ".trash/old.md",
            ".obsidian/workspace.json",
            ".obsidian/workspace-mobile.json",
            ".obsidian/plugins/dataview/cache/x",
            ".vault-sync/vault.json",
            ".VAULT-SYNC/vault.json",
            "notes/.vault-sync-w-1-2",
            "a/b.tmp",
            "a/~$letter.docx",
            "b.md~",
            "#b.md#",
            ".#b.md",
            ".b.md.swp",
            "4913",
            "a/.DS_Store",
            "a/Thumbs.db",
            "desktop.ini",
            ".Trash-1000/x",
            ".stversions/a.md",
            "tools/node_modules/x/index.js",
            "Icon\r",
        ] {
            assert!(out(&rules, litter), "{litter}");
        }
        for note in [
            "a.md",
            ".obsidian/app.json",
            ".obsidian/plugins/dataview/main.js",
            ".obsidian/plugins/dataview/data.json",
            "cache/a.md",
            "git/a.md",
            "workspace.json",
            RULES_FILE,
            "a/.vaultsyncignore",
            "Icon.png",
            "49131.md",
            "#tag.md",
        ] {
            assert!(!out(&rules, note), "{note}");
        }
    }

    #[test]
    fn every_default_rule_is_of_a_form_that_is_understood() {
        for (line, reason) in DEFAULT_RULES {
            let inner = line.trim_end_matches('/');
            assert!(!reason.is_empty());
            if !line.starts_with(SETTINGS) {
                assert!(!inner.contains(['/', '?', '[', '\\', '!']), "{line}");
                assert!(inner.matches('*').count() <= 1, "{line}");
            }
        }
    }

    #[test]
    fn a_rules_file_leaves_out_and_takes_in_again() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(RULES_FILE);
        std::fs::write(&file, "\u{feff}private/\n*.pdf\r\n!keep.pdf\n!*.tmp\n!.vault-sync\n*\\\n")
            .unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        std::fs::write(dir.path().join("sub").join(RULES_FILE), "/only-here.md\n!x.pdf\n").unwrap();
        let rules = Rules::new();
        let mut chain = Chain::default();
        rules.enter(&mut chain, "", dir.path()).unwrap();
        rules.enter(&mut chain, "sub", &dir.path().join("sub")).unwrap();
        assert!(out(&rules, "private/a.md"));
        assert!(out(&rules, "a/b.pdf"));
        assert!(!out(&rules, "a/keep.pdf"));
        assert!(!out(&rules, "a.tmp"));
        assert!(out(&rules, ".vault-sync/vault.json"));
        assert!(out(&rules, "sub/only-here.md"));
        assert!(!out(&rules, "sub/deep/only-here.md"));
        assert!(!out(&rules, "only-here.md"));
        assert!(!out(&rules, "sub/x.pdf"));
        assert!(out(&rules, "sub/y.pdf"));
        assert!(rules.leave_out(&chain, "sub/only-here.md", Sort::File));

        // Changed rules count from the next look on, removed ones no more.
        std::fs::write(&file, "b.md\n").unwrap();
        rules.enter(&mut Chain::default(), "", dir.path()).unwrap();
        assert!(out(&rules, "b.md") && !out(&rules, "private/a.md"));
        std::fs::remove_file(&file).unwrap();
        rules.enter(&mut Chain::default(), "", dir.path()).unwrap();
        assert!(!out(&rules, "b.md"));
    }
}
