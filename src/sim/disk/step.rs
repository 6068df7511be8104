//! Guarded changes of the simulated folder.

use super::look::problem;
use super::tree::{Bytes, Disk, Node, ignored};
use crate::engine::Hint;
use crate::model::{Content, Observed, ProblemKind, Source, Step, StepDone, StepError, VaultPath};

/// Whether steps look before they change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// As the adapter does.
    Careful,
    /// The planted fault: what is there does not matter.
    Blind,
}

/// Bytes of a file that a step put others in place of, or took away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Overwritten {
    /// Where they lay.
    pub(crate) path: VaultPath,
    /// What they were.
    pub(crate) content: Content,
    /// Whether an answer had shown them to the engine, or they were its own.
    pub(crate) shown: bool,
}

impl Disk {
    /// Takes one step; durable only after [`Disk::barrier`].
    ///
    /// # Errors
    ///
    /// As `model::StepError` says; then nothing has changed.
    pub(crate) fn apply(&mut self, step: &Step) -> Result<StepDone, StepError> {
        let done = match step {
            Step::Replace { path, expected, source, mtime_ms } => {
                self.replace(path, expected.as_ref(), source, *mtime_ms)
            }
            Step::Remove { path, expected } => self.remove_file(path, expected),
            Step::Rename { from, to, expected } => self.rename_file(from, to, expected),
            Step::MakeFolder(path) => self.make_folder_step(path),
            Step::RemoveFolder(path) => self.remove_folder_step(path),
        }?;
        self.log();
        Ok(done)
    }

    /// Makes everything done so far durable.
    pub(crate) fn barrier(&mut self) {
        self.durable = self.nodes.clone();
        self.durable_parts = self.parts.clone();
        self.since.clear();
    }

    /// Notes that the engine was shown what `observed` holds.
    pub(crate) fn show(&mut self, observed: &Observed) {
        if let Observed::File(seen) = observed {
            self.shown.insert(seen.content.hash);
        }
    }

    /// What steps overwrote or removed since the last call.
    pub(crate) fn take_overwritten(&mut self) -> Vec<Overwritten> {
        std::mem::take(&mut self.overwritten)
    }

    fn replace(
        &mut self,
        path: &VaultPath,
        expected: Option<&Content>,
        source: &Source,
        mtime_ms: i64,
    ) -> Result<StepDone, StepError> {
        self.may_write(path)?;
        let file = self.fetch(source)?;
        if self.full {
            return Err(StepError::Problem(problem(path, ProblemKind::DiskFull)));
        }
        if self.is_folder(path) {
            return Err(StepError::Problem(problem(path, ProblemKind::Clash)));
        }
        self.expect(path, expected)?;
        self.push_aside(path);
        self.make_above(path);
        self.shown.insert(file.content.hash);
        let mut node = self.fresh(Some(file));
        node.mtime_ns = mtime_ms.saturating_mul(1_000_000);
        let stamp = node.stamp();
        if let Some(old) = self.nodes.insert(path.clone(), node) {
            self.freed.push(old.inode);
        }
        if let Source::Part(content) = source {
            self.parts.remove(content);
        }
        self.hints.push(Hint::Whole(path.clone()));
        Ok(StepDone { stamp: Some(stamp), sketch: source.sketch() })
    }

    fn remove_file(&mut self, path: &VaultPath, expected: &Content) -> Result<StepDone, StepError> {
        self.may_touch(path)?;
        self.expect(path, Some(expected))?;
        self.push_aside(path);
        self.take_out(path);
        self.hints.push(Hint::Path(path.clone()));
        Ok(StepDone::at(None))
    }

    fn rename_file(
        &mut self,
        from: &VaultPath,
        to: &VaultPath,
        expected: &Content,
    ) -> Result<StepDone, StepError> {
        self.may_touch(from)?;
        self.expect(from, Some(expected))?;
        self.may_write(to)?;
        self.expect(to, None)?;
        if to.is_below(from) {
            return Err(StepError::Changed);
        }
        self.push_aside(to);
        self.make_above(to);
        let Some(mut node) = self.nodes.remove(from) else {
            return Err(StepError::Changed);
        };
        node.ctime_ns = self.moment();
        let stamp = node.stamp();
        self.nodes.insert(to.clone(), node);
        self.hints.push(Hint::Path(from.clone()));
        self.hints.push(Hint::Whole(to.clone()));
        Ok(StepDone::at(Some(stamp)))
    }

    fn make_folder_step(&mut self, path: &VaultPath) -> Result<StepDone, StepError> {
        self.may_write(path)?;
        match self.nodes.get(path) {
            Some(node) if node.file.is_some() => {
                return Err(StepError::Problem(problem(path, ProblemKind::Clash)));
            }
            Some(node) => {
                return Ok(StepDone::at(Some(node.stamp())));
            }
            None => {}
        }
        if self.full {
            return Err(StepError::Problem(problem(path, ProblemKind::DiskFull)));
        }
        self.make_above(path);
        let node = self.fresh(None);
        let stamp = node.stamp();
        self.nodes.insert(path.clone(), node);
        self.hints.push(Hint::Path(path.clone()));
        Ok(StepDone::at(Some(stamp)))
    }

    fn remove_folder_step(&mut self, path: &VaultPath) -> Result<StepDone, StepError> {
        self.may_touch(path)?;
        match self.nodes.get(path) {
            None => return Ok(StepDone::at(None)),
            Some(node) if node.file.is_some() => {
                return Err(StepError::Changed);
            }
            Some(_) => {}
        }
        if self.below(path).next().is_none() {
            self.take_out(path);
            self.hints.push(Hint::Path(path.clone()));
            return Ok(StepDone::at(None));
        }
        let stamp = self.nodes.get(path).map(Node::stamp);
        Ok(StepDone::at(stamp))
    }

    /// Refuses what can never be changed.
    fn may_touch(&self, path: &VaultPath) -> Result<(), StepError> {
        if ignored(path) {
            return Err(StepError::Ignored);
        }
        if !self.mounted || self.broken.contains_key(path) {
            return Err(StepError::Problem(problem(path, ProblemKind::Unwritable)));
        }
        Ok(())
    }

    /// Refuses what can never be put in place, for a file is where a folder is wanted.
    fn may_write(&self, path: &VaultPath) -> Result<(), StepError> {
        self.may_touch(path)?;
        let mut above = path.parent();
        while let Some(folder) = above {
            let file = self.nodes.get(&folder).is_some_and(|node| node.file.is_some());
            if file {
                return Err(StepError::Problem(problem(path, ProblemKind::Clash)));
            }
            above = folder.parent();
        }
        Ok(())
    }

    /// Looks once more whether `path` holds what the plan expected.
    fn expect(&self, path: &VaultPath, expected: Option<&Content>) -> Result<(), StepError> {
        if self.guard == Guard::Blind && !self.is_folder(path) {
            return Ok(());
        }
        let there = self.nodes.get(path);
        let same = match (there, expected) {
            (None, None) => true,
            (Some(node), Some(content)) => {
                node.file.as_ref().is_some_and(|file| file.content == *content)
            }
            (None, Some(_)) | (Some(_), None) => false,
        };
        if same { Ok(()) } else { Err(StepError::Changed) }
    }

    /// Writes down what is about to be lost.
    fn push_aside(&mut self, path: &VaultPath) {
        if let Some(file) = self.nodes.get(path).and_then(|node| node.file.as_ref()) {
            self.overwritten.push(Overwritten {
                path: path.clone(),
                content: file.content,
                shown: self.shown.contains(&file.content.hash),
            });
        }
    }

    fn fetch(&self, source: &Source) -> Result<Bytes, StepError> {
        match source {
            Source::Bytes(bytes) => Ok(Bytes::new(bytes.clone())),
            Source::CopyOf { path, content } => self
                .nodes
                .get(path)
                .and_then(|node| node.file.as_ref())
                .filter(|file| file.content == *content)
                .cloned()
                .ok_or(StepError::SourceGone),
            Source::Part(content) => self
                .parts
                .get(content)
                .and_then(|part| part.whole(content))
                .map(Bytes::new)
                .ok_or(StepError::SourceGone),
        }
    }
}
