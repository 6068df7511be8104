//! Documents in memory, least recently used first out.

use lru::LruCache;

use super::job::Held;
use crate::model::FileId;

/// So many of the documents used last are kept ready for the next use; the others are made smaller.
const IN_USE: usize = 8;

/// Loaded documents, at most `documents` of them and `bytes` of measured weight.
///
/// Eviction loses nothing: a document comes here only after everything in it is durable.
#[derive(Debug)]
pub(super) struct Cache {
    held: LruCache<FileId, (u64, Box<Held>)>,
    documents_limit: usize,
    bytes_limit: u64,
    bytes: u64,
    hits: u64,
    misses: u64,
}

impl Cache {
    pub(super) fn new(documents_limit: usize, bytes_limit: u64) -> Self {
        Self {
            held: LruCache::unbounded(),
            documents_limit,
            bytes_limit,
            bytes: 0,
            hits: 0,
            misses: 0,
        }
    }

    /// Takes a document out for work.
    pub(super) fn take(&mut self, id: &FileId) -> Option<Box<Held>> {
        if let Some((weight, held)) = self.held.pop(id) {
            self.bytes -= weight;
            self.hits += 1;
            Some(held)
        } else {
            self.misses += 1;
            None
        }
    }

    /// Puts a document back after work; the least recently used ones make room.
    pub(super) fn put(&mut self, id: FileId, held: Box<Held>) {
        let weight = held.weight_bytes();
        if let Some((old, _)) = self.held.put(id, (weight, held)) {
            self.bytes -= old;
        }
        self.bytes += weight;
        if let Some((_, (weight, held))) = self.held.iter_mut().nth(IN_USE) {
            held.rest();
            self.bytes -= *weight;
            *weight = held.weight_bytes();
            self.bytes += *weight;
        }
        while self.held.len() > self.documents_limit || self.bytes > self.bytes_limit {
            match self.held.pop_lru() {
                Some((_, (weight, _))) => self.bytes -= weight,
                None => break,
            }
        }
    }

    pub(super) fn documents(&self) -> u64 {
        self.held.len() as u64
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn hits(&self) -> u64 {
        self.hits
    }

    pub(super) fn misses(&self) -> u64 {
        self.misses
    }
}
