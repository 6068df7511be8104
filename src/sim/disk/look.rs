//! Walking and reading the simulated folder.

use super::tree::{Disk, Node, ignored};
use crate::engine::ScanError;
use crate::model::{Found, Observed, Problem, ProblemKind, Seen, VaultPath, Walk, kind_of};

impl Disk {
    /// Walks the whole folder; an answer to [`crate::engine::Effect::Scan`].
    ///
    /// # Errors
    ///
    /// [`ScanError::Unmounted`] while the folder is away.
    pub(crate) fn walk(&self) -> Result<Walk, ScanError> {
        if !self.mounted {
            return Err(ScanError::Unmounted("the marker is missing".into()));
        }
        let mut walk = Walk::default();
        for (path, node) in &self.nodes {
            if ignored(path) {
                continue;
            }
            if let Some(&kind) = self.broken.get(path) {
                walk.problems.push(problem(path, kind));
                continue;
            }
            if self.broken.keys().any(|folder| path.is_below(folder)) {
                continue;
            }
            if node.file.is_some() || self.is_empty_folder(path) {
                walk.found.push(Found {
                    path: path.clone(),
                    stamp: node.stamp(),
                    empty_folder: node.file.is_none(),
                });
            }
        }
        Ok(walk)
    }

    /// Looks at one path and reads it; an answer to [`crate::engine::Effect::Read`].
    pub(crate) fn look(&self, path: &VaultPath) -> Observed {
        if !self.mounted {
            return Observed::Problem(problem(path, ProblemKind::Unreadable));
        }
        if ignored(path) {
            return Observed::Ignored;
        }
        let broken = |place: &VaultPath| self.broken.get(place).copied();
        let above = || self.broken.keys().any(|folder| path.is_below(folder));
        match broken(path) {
            Some(ProblemKind::Special) => {
                return Observed::Special(problem(path, ProblemKind::Special));
            }
            Some(kind) => return Observed::Problem(problem(path, kind)),
            None if above() => return Observed::Problem(problem(path, ProblemKind::Unreadable)),
            None => {}
        }
        match self.nodes.get(path) {
            None => Observed::Absent,
            Some(node) => self.observe(path, node),
        }
    }

    fn observe(&self, path: &VaultPath, node: &Node) -> Observed {
        let Some(file) = &node.file else {
            return Observed::Folder { empty: self.is_empty_folder(path), stamp: node.stamp() };
        };
        let kind = kind_of(path.name(), &file.bytes);
        let text = (kind == crate::model::Kind::Text).then(|| file.bytes.as_ref().clone());
        Observed::File(Seen::new(node.stamp(), file.content, kind, text))
    }
}

/// A problem with `path`, in words that do not change from run to run.
pub(super) fn problem(path: &VaultPath, kind: ProblemKind) -> Problem {
    Problem {
        path: path.as_str().to_owned(),
        kind,
        message: format!("simulated: {}", kind.as_str()),
    }
}
