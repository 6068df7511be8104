//! The files and folders of a simulated disk, and their stamps.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::part::Parts;
use super::step::{Guard, Overwritten};
use crate::engine::Hint;
use crate::model::{Content, ContentHash, ProblemKind, Stamp, VaultPath};

/// One file's bytes, shared by every state that holds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bytes {
    pub(super) bytes: Rc<Vec<u8>>,
    pub(super) content: Content,
}

impl Bytes {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { content: Content::of(&bytes), bytes: Rc::new(bytes) }
    }
}

/// A file or a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) inode: u64,
    pub(super) birth_ns: i64,
    pub(super) mtime_ns: i64,
    pub(super) ctime_ns: i64,
    /// `None` for a folder.
    pub(super) file: Option<Bytes>,
    /// Whether a stop before the next barrier may tear the bytes.
    pub(super) loose: bool,
}

impl Node {
    pub(super) fn stamp(&self) -> Stamp {
        Stamp {
            size: self.file.as_ref().map_or(0, |file| file.content.size),
            mtime_ns: self.mtime_ns,
            ctime_ns: self.ctime_ns,
            inode: self.inode,
            birth_ns: self.birth_ns,
        }
    }
}

/// Every node by its path; each but those at the root has its folder here too.
pub(crate) type Tree = BTreeMap<VaultPath, Option<Rc<Vec<u8>>>>;

/// Every node by its path.
pub(super) type Nodes = BTreeMap<VaultPath, Node>;

/// The simulated folder of one peer.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(super) nodes: Nodes,
    /// As after the last barrier.
    pub(super) durable: Nodes,
    /// The states since, oldest first; the last one equals `nodes`.
    pub(super) since: Vec<Nodes>,
    pub(super) parts: Parts,
    pub(super) durable_parts: Parts,
    pub(super) now_ns: i64,
    pub(super) last_ns: i64,
    pub(super) next_inode: u64,
    pub(super) freed: Vec<u64>,
    pub(super) hints: Vec<Hint>,
    pub(super) broken: BTreeMap<VaultPath, ProblemKind>,
    pub(super) full: bool,
    pub(super) mounted: bool,
    pub(super) guard: Guard,
    pub(super) overwritten: Vec<Overwritten>,
    pub(super) shown: BTreeSet<ContentHash>,
}

impl Disk {
    /// An empty, mounted folder.
    pub(crate) fn new() -> Self {
        Self {
            nodes: Nodes::new(),
            durable: Nodes::new(),
            since: Vec::new(),
            parts: Parts::new(),
            durable_parts: Parts::new(),
            now_ns: 0,
            last_ns: 0,
            next_inode: 1,
            freed: Vec::new(),
            hints: Vec::new(),
            broken: BTreeMap::new(),
            full: false,
            mounted: true,
            guard: Guard::Careful,
            overwritten: Vec::new(),
            shown: BTreeSet::new(),
        }
    }

    /// Sets the disk's clock: nanoseconds since 1970, by the wall clock of this peer.
    pub(crate) fn set_clock(&mut self, now_ns: i64) {
        self.now_ns = now_ns;
    }

    /// Makes every write fail for want of space, or no longer.
    pub(crate) fn set_full(&mut self, full: bool) {
        self.full = full;
    }

    /// Takes the whole folder away, as an unmounted disk does, or brings it back.
    pub(crate) fn set_mounted(&mut self, mounted: bool) {
        self.mounted = mounted;
    }

    /// Makes reading `path` fail with this sort of problem; `None` mends it.
    pub(crate) fn set_broken(&mut self, path: &VaultPath, kind: Option<ProblemKind>) {
        match kind {
            Some(kind) => self.broken.insert(path.clone(), kind),
            None => self.broken.remove(path),
        };
    }

    /// Whether reading `path` fails.
    pub(crate) fn is_blind(&self, path: &VaultPath) -> bool {
        self.broken.contains_key(path)
    }

    /// Everything can be read again.
    pub(crate) fn mend(&mut self) {
        self.broken.clear();
    }

    /// Plants a fault: from now on steps look, or do not look, before they change anything.
    pub(crate) fn set_guard(&mut self, guard: Guard) {
        self.guard = guard;
    }

    /// What the watcher noticed since the last call, in order.
    pub(crate) fn take_hints(&mut self) -> Vec<Hint> {
        std::mem::take(&mut self.hints)
    }

    /// Every file and folder that takes part, with its bytes; folders have none. Folders that hold
    /// something are left out, as nothing can be said of them that their files do not say.
    pub(crate) fn tree(&self) -> Tree {
        self.nodes
            .iter()
            .filter(|(path, node)| {
                !ignored(path) && (node.file.is_some() || self.is_empty_folder(path))
            })
            .map(|(path, node)| {
                let bytes = node.file.as_ref().map(|file| Rc::clone(&file.bytes));
                (path.clone(), bytes)
            })
            .collect()
    }

    /// Every file that lies as a step of the engine left it.
    pub(crate) fn placed(&self) -> impl Iterator<Item = (&VaultPath, &[u8])> {
        let placed = self.nodes.iter().filter(|(_, node)| !node.loose);
        placed.filter_map(|(path, node)| Some((path, node.file.as_ref()?.bytes.as_slice())))
    }

    /// The bytes of one file.
    pub(crate) fn bytes(&self, path: &VaultPath) -> Option<Rc<Vec<u8>>> {
        let file = self.nodes.get(path)?.file.as_ref()?;
        Some(Rc::clone(&file.bytes))
    }

    /// Whether anything lies at `path`.
    pub(crate) fn exists(&self, path: &VaultPath) -> bool {
        self.nodes.contains_key(path)
    }

    /// Whether a folder lies at `path`.
    pub(crate) fn is_folder(&self, path: &VaultPath) -> bool {
        self.nodes.get(path).is_some_and(|node| node.file.is_none())
    }

    /// Whether `path` is a folder in which nothing that takes part lies.
    pub(super) fn is_empty_folder(&self, path: &VaultPath) -> bool {
        self.is_folder(path) && !self.below(path).any(|(below, _)| !ignored(below))
    }

    /// Everything below a folder, ignored things included.
    pub(super) fn below<'a>(
        &'a self,
        folder: &'a VaultPath,
    ) -> impl Iterator<Item = (&'a VaultPath, &'a Node)> + 'a {
        self.nodes.iter().filter(move |(path, _)| path.is_below(folder))
    }

    /// A moment for a stamp, later than every one given before.
    pub(super) fn moment(&mut self) -> i64 {
        self.last_ns = self.now_ns.max(self.last_ns + 1);
        self.last_ns
    }

    /// A node that is new on this disk. A freed inode may be used again, as file systems do.
    pub(super) fn fresh(&mut self, file: Option<Bytes>) -> Node {
        let inode = self.freed.pop().unwrap_or_else(|| {
            self.next_inode += 1;
            self.next_inode
        });
        let now = self.moment();
        Node { inode, birth_ns: now, mtime_ns: now, ctime_ns: now, file, loose: false }
    }

    /// Makes the folders above `path`; false when a file is in the way.
    pub(super) fn make_above(&mut self, path: &VaultPath) -> bool {
        let mut missing = Vec::new();
        let mut above = path.parent();
        while let Some(folder) = above {
            match self.nodes.get(&folder) {
                Some(node) if node.file.is_some() => return false,
                Some(_) => break,
                None => {}
            }
            above = folder.parent();
            missing.push(folder);
        }
        for folder in missing.into_iter().rev() {
            let node = self.fresh(None);
            self.hints.push(Hint::Path(folder.clone()));
            self.nodes.insert(folder, node);
        }
        true
    }

    /// Takes a node out; its inode may come back.
    pub(super) fn take_out(&mut self, path: &VaultPath) -> Option<Node> {
        let node = self.nodes.remove(path)?;
        self.freed.push(node.inode);
        Some(node)
    }

    /// Notes the state reached, as one a power cut may fall back to.
    pub(super) fn log(&mut self) {
        self.since.push(self.nodes.clone());
    }
}

/// Whether the rules of the simulated device leave `path` out.
pub(super) fn ignored(path: &VaultPath) -> bool {
    let temporary =
        std::path::Path::new(path.name()).extension().is_some_and(|extension| extension == "tmp");
    temporary || path.parts().any(|part| part == ".vault-sync" || part == ".git")
}
