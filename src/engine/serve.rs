//! Contents that peers ask for by hash: outlines and chunks, out of the folder or the store.
//!
//! What is asked for waits as a few numbers; only as many chunks are read as may be on their way, so
//! that a peer that asks for much and takes little costs no memory.

use std::collections::VecDeque;

use super::core::{Engine, Pending};
use super::effect::{Effect, LinkId, Shelf};
use super::fetch::ASKED_LIMIT;
use crate::model::{CHUNK_BYTES, Content, ContentHash, StepError};
use crate::wire::{Bye, Lane, Message};

/// Answers that one peer waits for; one that asks for more breaks the protocol. Twice what it may ask
/// for, since it may have a chunk before we hear that it has left.
const SERVING_LIMIT: usize = 2 * ASKED_LIMIT;
/// Chunks being read for one peer, or read and not on their way yet: 2 MiB. Fewer let the network
/// wait for the disk.
const UNSENT_LIMIT: usize = 8;
/// Contents asked for in vain and remembered for one peer (32 bytes each); it asks again for those
/// beyond, only later.
const GONE_LIMIT: usize = 1024;

/// What one peer asked for.
#[derive(Debug, Default)]
pub(super) struct Serving {
    /// Chunks that wait to be read.
    wanted: VecDeque<(Content, u32)>,
    /// Answers being prepared.
    reading: usize,
    /// Chunks that wait to be sent.
    leaving: usize,
}

impl Serving {
    fn all(&self) -> usize {
        self.wanted.len() + self.reading + self.leaving
    }
}

impl Engine {
    /// Tells a peer that its content cannot be had here, and remembers that it asked.
    fn say_gone(&mut self, link: LinkId, hash: ContentHash) {
        if let Some(it) = self.links.get_mut(&link)
            && it.gone.len() < GONE_LIMIT
        {
            it.gone.insert(hash);
        }
        self.send(link, Lane::Control, Message::ContentGone(hash));
    }

    pub(super) fn serve_outline(&mut self, link: LinkId, content: Content) {
        let path = self.index.holder_of(&content.hash).and_then(|it| it.base.as_ref());
        let Some(path) = path.map(|base| base.path.clone()) else {
            return self.say_gone(link, content.hash);
        };
        if self.serving_too_much(link) {
            return;
        }
        if let Some(it) = self.links.get_mut(&link) {
            it.serving.reading += 1;
        }
        let op = self.op(Pending::ServeOutline(link, content));
        self.emit(Effect::Outline { op, from: Shelf::File(path), content });
    }

    pub(super) fn serve_outlined(
        &mut self,
        link: LinkId,
        content: Content,
        result: Result<Vec<Option<ContentHash>>, StepError>,
    ) {
        self.has_read(link);
        self.serve_on(link);
        let whole = result.ok().and_then(|chunks| chunks.into_iter().collect::<Option<Vec<_>>>());
        let Some(chunks) = whole else {
            return self.say_gone(link, content.hash);
        };
        self.send(link, Lane::Control, Message::Outline { hash: content.hash, chunks });
    }

    /// A peer wants a chunk: it waits until those before it have left.
    pub(super) fn serve_chunk(&mut self, link: LinkId, content: Content, index: u32) {
        if self.serving_too_much(link) {
            return;
        }
        if let Some(it) = self.links.get_mut(&link) {
            it.serving.wanted.push_back((content, index));
        }
        self.serve_on(link);
    }

    /// Reads what a peer wants, as far as there is room for it on the way.
    fn serve_on(&mut self, link: LinkId) {
        while let Some(it) = self.links.get_mut(&link)
            && it.serving.reading + it.serving.leaving < UNSENT_LIMIT
            && let Some((content, index)) = it.serving.wanted.pop_front()
        {
            it.serving.reading += 1;
            self.read_chunk(link, content, index);
        }
    }

    /// A chunk has left for the peer.
    pub(super) fn chunk_sent(&mut self, link: LinkId) {
        if let Some(it) = self.links.get_mut(&link) {
            it.serving.leaving = it.serving.leaving.saturating_sub(1);
        }
        self.serve_on(link);
    }

    fn read_chunk(&mut self, link: LinkId, content: Content, index: u32) {
        let holder = self.index.holder_of(&content.hash).and_then(|it| it.base.as_ref());
        match holder.map(|base| base.path.clone()) {
            Some(path) => {
                let op = self.op(Pending::ServeChunk(link, content, index));
                self.emit(Effect::ReadChunk { op, path, content, index });
            }
            None => self.serve_from_store(link, content, index),
        }
    }

    fn serve_from_store(&mut self, link: LinkId, content: Content, index: u32) {
        let op = self.op(Pending::ServeText(link, content, Some(index)));
        self.emit(Effect::LoadText { op, hash: content.hash });
    }

    pub(super) fn serve_chunk_read(
        &mut self,
        link: LinkId,
        content: Content,
        index: u32,
        result: Result<Vec<u8>, StepError>,
    ) {
        match result {
            Ok(bytes) => self.send_chunk(link, content, index, bytes),
            // The user changed the file; the store may have kept the text.
            Err(_) => self.serve_from_store(link, content, index),
        }
    }

    pub(super) fn serve_text(
        &mut self,
        link: LinkId,
        content: Content,
        index: Option<u32>,
        text: Option<Vec<u8>>,
    ) {
        let index = index.unwrap_or(0);
        let start = u64::from(index) * CHUNK_BYTES;
        let chunk = text.filter(|it| it.len() as u64 == content.size).and_then(|bytes| {
            let from = usize::try_from(start).ok()?;
            let to = usize::try_from((start + CHUNK_BYTES).min(content.size)).ok()?;
            bytes.get(from..to).map(<[u8]>::to_vec)
        });
        if let Some(bytes) = chunk {
            self.send_chunk(link, content, index, bytes);
        } else {
            self.has_read(link);
            self.say_gone(link, content.hash);
            self.serve_on(link);
        }
    }

    fn send_chunk(&mut self, link: LinkId, content: Content, index: u32, bytes: Vec<u8>) {
        self.has_read(link);
        if let Some(it) = self.links.get_mut(&link) {
            it.serving.leaving += 1;
        }
        let message = Message::Chunk { hash: content.hash, index, bytes };
        self.send(link, Lane::Blob, message);
    }

    fn serving_too_much(&mut self, link: LinkId) -> bool {
        let Some(it) = self.links.get_mut(&link) else {
            return true;
        };
        if it.serving.all() < SERVING_LIMIT {
            return false;
        }
        self.close(link, Bye::Protocol, "the peer asks for more than it may at once");
        true
    }

    fn has_read(&mut self, link: LinkId) {
        if let Some(it) = self.links.get_mut(&link) {
            it.serving.reading = it.serving.reading.saturating_sub(1);
        }
    }
}
