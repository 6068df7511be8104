//! Contents being received, and the chunks of files.

use std::collections::BTreeMap;

use super::look::problem;
use super::tree::Disk;
use crate::engine::Shelf;
use crate::model::{
    CHUNK_BYTES, Content, ContentHash, ProblemKind, StepError, VaultPath, chunk_count, chunk_entry,
};

/// The chunks of one content that were put so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Part {
    chunks: BTreeMap<u32, Vec<u8>>,
}

impl Part {
    /// The bytes, if they are all there and are what they should be.
    pub(super) fn whole(&self, content: &Content) -> Option<Vec<u8>> {
        let bytes: Vec<u8> = self.chunks.values().flatten().copied().collect();
        (Content::of(&bytes) == *content).then_some(bytes)
    }
}

/// All parts, by the content they are to become.
pub(super) type Parts = BTreeMap<Content, Part>;

impl Disk {
    /// An answer to [`crate::engine::Effect::Outline`].
    ///
    /// # Errors
    ///
    /// [`StepError::Changed`] when the file does not hold `content`.
    pub(crate) fn outline(
        &self,
        from: &Shelf,
        content: &Content,
    ) -> Result<Vec<Option<ContentHash>>, StepError> {
        match from {
            Shelf::File(path) => {
                let bytes = self.holding(path, content)?;
                Ok(indexes(content)
                    .map(|index| chunk_entry(content.size, index, slice(bytes, index)))
                    .collect())
            }
            Shelf::Part => {
                let part = self.parts.get(content);
                let value = |index| {
                    let bytes = part?.chunks.get(&index)?;
                    chunk_entry(content.size, index, bytes)
                };
                Ok(indexes(content).map(value).collect())
            }
        }
    }

    /// An answer to [`crate::engine::Effect::ReadChunk`].
    ///
    /// # Errors
    ///
    /// [`StepError::Changed`] when the file does not hold `content`.
    pub(crate) fn read_chunk(
        &self,
        path: &VaultPath,
        content: &Content,
        index: u32,
    ) -> Result<Vec<u8>, StepError> {
        Ok(slice(self.holding(path, content)?, index).to_vec())
    }

    /// An answer to [`crate::engine::Effect::PutChunk`]; durable only after a barrier.
    ///
    /// # Errors
    ///
    /// A problem of the kind disk-full, when it is.
    pub(crate) fn put_chunk(
        &mut self,
        content: &Content,
        index: u32,
        bytes: Vec<u8>,
    ) -> Result<(), StepError> {
        if self.full {
            return Err(StepError::Problem(crate::model::Problem {
                path: content.hash.short(),
                kind: ProblemKind::DiskFull,
                message: "simulated: disk-full".into(),
            }));
        }
        let part = self.parts.entry(*content).or_default();
        part.chunks.insert(index, bytes);
        Ok(())
    }

    fn holding(&self, path: &VaultPath, content: &Content) -> Result<&[u8], StepError> {
        if !self.mounted || self.broken.contains_key(path) {
            return Err(StepError::Problem(problem(path, ProblemKind::Unreadable)));
        }
        self.nodes
            .get(path)
            .and_then(|node| node.file.as_ref())
            .filter(|file| file.content == *content)
            .map(|file| file.bytes.as_slice())
            .ok_or(StepError::Changed)
    }

    /// After a power cut: what was put since the last barrier may be there, wrong, or gone.
    pub(super) fn damage_parts(&mut self, rng: &mut super::super::rng::Rng) {
        let durable = std::mem::take(&mut self.durable_parts);
        for (content, part) in &mut self.parts {
            let kept = durable.get(content);
            part.chunks.retain(|index, bytes| {
                if kept.is_some_and(|kept| kept.chunks.get(index) == Some(bytes)) {
                    return true;
                }
                if rng.chance(30) {
                    bytes.fill(0);
                }
                rng.chance(60)
            });
        }
        self.durable_parts = self.parts.clone();
    }
}

fn slice(bytes: &[u8], index: u32) -> &[u8] {
    let chunk = usize::try_from(CHUNK_BYTES).expect("a chunk fits in memory");
    let start = (index as usize * chunk).min(bytes.len());
    let end = (start + chunk).min(bytes.len());
    &bytes[start..end]
}

/// The numbers of a content's chunks.
fn indexes(content: &Content) -> std::ops::Range<u32> {
    0..u32::try_from(chunk_count(content.size)).expect("simulated files are small")
}
