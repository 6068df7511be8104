//! Every file of the vault by identity, place and content, with the running digest.

use std::collections::btree_map::Entry as MapEntry;
use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Base, Entry};
use super::ids::Ids;
use crate::model::{ContentHash, Digest, FileId, Kind, VaultPath};

/// The files of the vault.
///
/// - Invariant: `on_disk`, `claims`, `by_content` and the sums follow from `entries` alone; they
///   change only in [`Index::put`].
#[derive(Debug, Default, PartialEq)]
pub(super) struct Index {
    /// Boxed, for the map's nodes are a third empty.
    entries: BTreeMap<FileId, Box<Entry>>,
    /// Which file lies at a place of this disk.
    on_disk: BTreeMap<VaultPath, FileId>,
    /// Which living files claim a path; the smallest id has it, the others are put beside it.
    claims: BTreeMap<VaultPath, Ids>,
    /// Which files hold a content on this disk.
    by_content: BTreeMap<ContentHash, Ids>,
    digest: Digest,
    files: u64,
    lying: u64,
    /// Records of a place on this disk; more than `on_disk` holds when two name the same place.
    placed: usize,
    tombstones: u64,
    bytes: u64,
}

impl Index {
    /// One file.
    pub(super) fn get(&self, id: &FileId) -> Option<&Entry> {
        self.entries.get(id).map(Box::as_ref)
    }

    /// All files, by identity.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&FileId, &Entry)> {
        self.entries.iter().map(|(id, entry)| (id, entry.as_ref()))
    }

    /// How many files there are, tombstones included.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The sum over all items.
    pub(super) fn digest(&self) -> Digest {
        self.digest
    }

    /// Files a person would count.
    pub(super) fn files(&self) -> u64 {
        self.files
    }

    /// Files that lie on this disk, deleted ones that are still to go included.
    pub(super) fn lying(&self) -> u64 {
        self.lying
    }

    /// Deleted files still remembered.
    pub(super) fn tombstones(&self) -> u64 {
        self.tombstones
    }

    /// Bytes of all files a person would count.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The file that lies at `path` on this disk.
    pub(super) fn at(&self, path: &VaultPath) -> Option<FileId> {
        self.on_disk.get(path).copied()
    }

    /// Every place of this disk at or below `folder`.
    pub(super) fn below<'a>(
        &'a self,
        folder: &'a VaultPath,
    ) -> impl Iterator<Item = (&'a VaultPath, &'a FileId)> {
        // Names such as `a-b` sort between `a` and `a/c`, so the range starts at `a/`.
        self.on_disk
            .range(folder.clone()..)
            .skip_while(move |(path, _)| *path == folder)
            .take_while(move |(path, _)| path.as_str().starts_with(folder.as_str()))
            .filter(move |(path, _)| path.is_below(folder))
    }

    /// Every place of this disk.
    pub(super) fn places(&self) -> impl Iterator<Item = (&VaultPath, &FileId)> {
        self.on_disk.iter()
    }

    /// All living files that claim `path`.
    pub(super) fn claimants(&self, path: &VaultPath) -> impl Iterator<Item = FileId> {
        self.claims.get(path).into_iter().flat_map(Ids::iter).copied()
    }

    /// Files that claim this path, or one below it.
    pub(super) fn claimants_from<'a>(
        &'a self,
        path: &'a VaultPath,
    ) -> impl Iterator<Item = FileId> + 'a {
        self.claims
            .range(path.clone()..)
            .take_while(move |(other, _)| other.as_str().starts_with(path.as_str()))
            .filter(move |(other, _)| *other == path || other.is_below(path))
            .flat_map(|(_, ids)| ids.iter().copied())
    }

    /// A place of this disk that holds `content`, if any.
    pub(super) fn holder_of(&self, content: &ContentHash) -> Option<&Entry> {
        self.by_content.get(content).and_then(|ids| ids.iter().next()).and_then(|id| self.get(id))
    }

    /// The one file of this disk that holds `content`; `None` when there are several.
    pub(super) fn sole_holder(&self, content: &ContentHash) -> Option<FileId> {
        let mut holders = self.by_content.get(content)?.iter();
        holders.next().filter(|_| holders.next().is_none()).copied()
    }

    /// Whether any living file or remembered folder needs `folder` to be there.
    pub(super) fn needs_folder(&self, folder: &VaultPath) -> bool {
        let claimed_below = self
            .claims
            .range(folder.clone()..)
            .take_while(|(path, _)| path.as_str().starts_with(folder.as_str()))
            .any(|(path, _)| path.is_below(folder));
        let remembered = self
            .claimants(folder)
            .any(|id| self.entries.get(&id).is_some_and(|entry| entry.kind == Kind::Folder));
        claimed_below || remembered
    }

    /// Whether a folder must be where the file `entry` would be, for another file lies below its path.
    ///
    /// While the file lies there itself, what is recorded below it cannot be there any more, and is
    /// about to be found gone.
    fn gives_way(&self, entry: &Entry) -> bool {
        let path = &entry.path;
        let lies = entry.base.as_ref().is_some_and(|base| base.path == *path);
        let stands = |id: &FileId| {
            self.entries.get(id).is_some_and(|other| {
                let place = other.base.as_ref().map(|base| &base.path);
                let below = place.is_some_and(|place| place == path || place.is_below(path));
                !(lies && below)
            })
        };
        let is_folder =
            |id: &FileId| self.entries.get(id).is_some_and(|other| other.kind == Kind::Folder);
        self.claims
            .range(path.clone()..)
            .take_while(|(other, _)| other.as_str().starts_with(path.as_str()))
            .any(|(other, ids)| {
                let folder = |id: &FileId| other.is_below(path) || is_folder(id);
                (other.is_below(path) || other == path)
                    && ids.iter().any(|id| folder(id) && stands(id))
            })
    }

    /// The place on disk that `id` should have: the path it claims, or one beside it when a file
    /// with a smaller identity claims the same, or others a place below it. Every device chooses
    /// alike.
    pub(super) fn wanted_place(&self, id: &FileId, entry: &Entry) -> VaultPath {
        let rival = self
            .claimants(&entry.path)
            .find(|other| self.entries.get(other).is_some_and(|it| it.kind != Kind::Folder));
        if entry.kind == Kind::Folder {
            return entry.path.clone();
        }
        match rival {
            _ if self.gives_way(entry) => self.place_beside(id, entry),
            Some(first) if first != *id => self.place_beside(id, entry),
            _ => entry.path.clone(),
        }
    }

    /// The first name beside its own that no other file claims, nor a place below it.
    fn place_beside(&self, id: &FileId, entry: &Entry) -> VaultPath {
        let claimed = |place: &VaultPath| {
            let below = self.claims.range(place.clone()..);
            below.take_while(|(other, _)| other.as_str().starts_with(place.as_str())).any(
                |(other, ids)| {
                    other.is_below(place) || other == place && ids.iter().any(|it| it != id)
                },
            )
        };
        let mut number = 1;
        while claimed(&beside(id, entry, number)) {
            number += 1;
        }
        beside(id, entry, number)
    }

    /// All files that share the path they claim, or claim one above another file's. All others are
    /// wanted where they claim to be, see [`Index::wanted_place`].
    pub(super) fn disputed(&self) -> BTreeSet<FileId> {
        let mut disputed = BTreeSet::new();
        let mut claims = self.claims.iter().peekable();
        while let Some((path, ids)) = claims.next() {
            // What lies below a path sorts behind it, with what else begins like it.
            let next = claims.peek();
            let above = next.is_some_and(|(next, _)| next.as_str().starts_with(path.as_str()));
            if above || !ids.is_one() {
                disputed.extend(ids.iter().copied());
            }
        }
        disputed
    }

    /// An index of these files, by identity ascending, each once; and those of them that say they lie
    /// where another one does, which are not in it. Far quicker than to put them in one by one.
    pub(super) fn load(files: Vec<(FileId, Box<Entry>)>) -> (Self, Vec<(FileId, Box<Entry>)>) {
        let mut places: Vec<(VaultPath, FileId)> = Vec::with_capacity(files.len());
        for (id, entry) in &files {
            places.extend(entry.base.as_ref().map(|base| (base.path.clone(), *id)));
        }
        places.sort_unstable();
        let mut rivals = BTreeSet::new();
        for pair in places.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            rivals.extend([pair[0].1, pair[1].1]);
        }
        if !rivals.is_empty() {
            places.retain(|(_, id)| !rivals.contains(id));
        }
        let (mut index, mut apart) = (Self::default(), Vec::new());
        let (mut entries, mut contents) = (Vec::with_capacity(files.len()), Vec::new());
        // In the order of their places, for that is nearly always the path they claim.
        let mut claims = Vec::with_capacity(places.len());
        let mut moved: BTreeSet<FileId> = BTreeSet::new();
        for (id, entry) in files {
            if rivals.contains(&id) {
                apart.push((id, entry));
                continue;
            }
            index.digest = index.digest.plus(entry.digest(&id));
            index.count(&entry);
            let base = entry.base.as_ref();
            if let Some(base) = base.filter(|_| entry.kind != Kind::Folder) {
                contents.push((base.content.hash, id));
            }
            if !entry.alive || base.is_none_or(|base| base.path != entry.path) {
                moved.insert(id);
                claims.extend(entry.alive.then(|| (entry.path.clone(), id)));
            }
            entries.push((id, entry));
        }
        claims.extend(places.iter().filter(|(_, id)| !moved.contains(id)).cloned());
        index.entries = entries.into_iter().collect();
        index.on_disk = places.into_iter().collect();
        index.claims = grouped(claims);
        index.by_content = grouped(contents);
        (index, apart)
    }

    /// Adds a file to the figures.
    fn count(&mut self, entry: &Entry) {
        if entry.base.is_some() {
            self.placed += 1;
            self.lying += u64::from(entry.kind != Kind::Folder);
        }
        self.tombstones += u64::from(!entry.alive);
        if entry.counts() {
            self.files += 1;
            self.bytes += entry.content.size;
        }
    }

    /// Puts `entry` in, replacing what was known of `id`; returns what was known.
    pub(super) fn put(&mut self, id: FileId, entry: Entry) -> Option<Entry> {
        if let Some(known) = self.entries.get_mut(&id)
            && known.is_same_version(&entry)
        {
            // Only what lies here differs, as after every step.
            let old = std::mem::replace(known.as_mut(), entry);
            self.rebase(&id, &old);
            return Some(old);
        }
        let old = self.take_out(&id);
        self.digest = self.digest.plus(entry.digest(&id));
        self.count(&entry);
        if let Some(base) = &entry.base {
            self.on_disk.insert(base.path.clone(), id);
            if entry.kind != Kind::Folder {
                note(&mut self.by_content, base.content.hash, id);
            }
        }
        if entry.alive {
            note(&mut self.claims, entry.path.clone(), id);
        }
        self.entries.insert(id, Box::new(entry));
        old
    }

    /// What follows from where a file lies, which was `old` before.
    fn rebase(&mut self, id: &FileId, old: &Entry) {
        let Some(entry) = self.entries.get(id) else { return };
        let file = entry.kind != Kind::Folder;
        let (was, is) = (old.base.as_ref(), entry.base.as_ref());
        if let Some(base) = was
            && is.is_none_or(|now| now.path != base.path)
            && self.on_disk.get(&base.path) == Some(id)
        {
            self.on_disk.remove(&base.path);
        }
        if let Some(base) = is {
            // Also where another has taken the place meanwhile.
            self.on_disk.insert(base.path.clone(), *id);
        }
        let hash = |base: Option<&Base>| base.filter(|_| file).map(|base| base.content.hash);
        if hash(was) != hash(is) {
            if let Some(hash) = hash(was) {
                forget(&mut self.by_content, &hash, id);
            }
            if let Some(hash) = hash(is) {
                note(&mut self.by_content, hash, *id);
            }
        }
        self.placed = self.placed + usize::from(is.is_some()) - usize::from(was.is_some());
        self.lying =
            self.lying + u64::from(file && is.is_some()) - u64::from(file && was.is_some());
    }

    /// Another file that is recorded at the place that `entry`, of `id`, says it has.
    ///
    /// Two files cannot lie at one place, but a stop can leave two such records: one file went and
    /// another came, and only the second was durable.
    pub(super) fn rival_of(&self, id: &FileId, entry: &Entry) -> Option<FileId> {
        let base = entry.base.as_ref().filter(|_| entry.kind != Kind::Folder)?;
        let is_file = |other: &Entry| other.kind != Kind::Folder;
        self.at(&base.path).filter(|other| other != id && self.get(other).is_some_and(is_file))
    }

    /// Files recorded at places that are not, or no longer, known as theirs.
    pub(super) fn displaced(&self) -> Vec<FileId> {
        if self.placed == self.on_disk.len() {
            return Vec::new();
        }
        let theirs = |id: &FileId, base: &Base| self.on_disk.get(&base.path) == Some(id);
        let displaced =
            self.iter().filter(|(id, it)| it.base.as_ref().is_some_and(|base| !theirs(id, base)));
        displaced.map(|(id, _)| *id).collect()
    }

    /// Drops what is known of where `id` lies; returns it.
    pub(super) fn lies_nowhere(&mut self, id: FileId) -> Option<Base> {
        let mut entry = self.get(&id)?.clone();
        let base = entry.base.take()?;
        self.put(id, entry);
        Some(base)
    }

    fn take_out(&mut self, id: &FileId) -> Option<Entry> {
        let entry = *self.entries.remove(id)?;
        self.digest = self.digest.minus(entry.digest(id));
        if let Some(base) = &entry.base {
            self.placed -= 1;
            if self.on_disk.get(&base.path) == Some(id) {
                self.on_disk.remove(&base.path);
            }
            self.lying -= u64::from(entry.kind != Kind::Folder);
            forget(&mut self.by_content, &base.content.hash, id);
        }
        if entry.alive {
            forget(&mut self.claims, &entry.path, id);
        } else {
            self.tombstones -= 1;
        }
        if entry.counts() {
            self.files -= 1;
            self.bytes -= entry.content.size;
        }
        Some(entry)
    }
}

/// The names beside the path that a file claims, when another has it; the first is number one.
fn beside(id: &FileId, entry: &Entry, number: u32) -> VaultPath {
    match number {
        1 => entry.path.with_suffix(&format!("(clash {})", id.short())),
        _ => entry.path.with_suffix(&format!("(clash {} {number})", id.short())),
    }
}

/// Whether `place` is a name that only this program gives the file, when another has its path.
pub(super) fn is_beside_rival(id: &FileId, entry: &Entry, place: &VaultPath) -> bool {
    (1..=9).any(|number| *place == beside(id, entry, number))
}

/// The path that a file claims which lies at `place`, a name beside a rival; `None` for other names,
/// and where its name was cut to fit.
pub(super) fn claim_beside(place: &VaultPath) -> Option<VaultPath> {
    let (before, rest) = place.as_str().rsplit_once(" (clash ")?;
    let (_, after) = rest.split_once(')')?;
    VaultPath::parse(&format!("{before}{after}")).ok()
}

/// Files by what they have in common.
fn grouped<K: Ord>(mut pairs: Vec<(K, FileId)>) -> BTreeMap<K, Ids> {
    // Stable, for it finds what is sorted already.
    pairs.sort();
    let mut groups: Vec<(K, Ids)> = Vec::with_capacity(pairs.len());
    for (key, id) in pairs {
        match groups.last_mut().filter(|(last, _)| *last == key) {
            Some((_, ids)) => ids.insert(id),
            None => groups.push((key, Ids::One(id))),
        }
    }
    groups.into_iter().collect()
}

fn note<K: Ord>(map: &mut BTreeMap<K, Ids>, key: K, id: FileId) {
    match map.entry(key) {
        MapEntry::Vacant(free) => {
            free.insert(Ids::One(id));
        }
        MapEntry::Occupied(mut ids) => ids.get_mut().insert(id),
    }
}

fn forget<K: Ord>(map: &mut BTreeMap<K, Ids>, key: &K, id: &FileId) {
    if map.get_mut(key).is_some_and(|ids| !ids.remove(id)) {
        map.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Content, Heads, Stamp};

    fn entry(birth: &str, place: &str) -> Entry {
        let path = |text: &str| VaultPath::parse(text).unwrap();
        let content = Content::of(birth.as_bytes());
        Entry {
            birth: path(birth),
            generation: 0,
            path: path(birth),
            kind: Kind::Text,
            content,
            alive: true,
            heads: Heads::default(),
            mtime_ms: 0,
            base: Some(Base {
                path: path(place),
                content,
                kind: Kind::Text,
                stamp: Stamp::default(),
                sketch: crate::model::Sketch::default(),
                heads: Heads::default(),
            }),
            births: Some(Vec::new()),
        }
    }

    #[test]
    fn all_but_those_in_dispute_are_wanted_where_they_claim_to_be() {
        let mut index = Index::default();
        let claims = ["a", "a-b", "a/c.md", "b.md", "b.md", "d.md", "d.mdx/e", "f/g", "h", "h/i/j"];
        for (number, claim) in (1..).zip(claims) {
            index.put(FileId([number; 16]), entry(claim, claim));
        }
        let gone = FileId([99; 16]);
        index.put(gone, Entry { alive: false, ..entry("d.md/x", "d.md/x") });
        let disputed = index.disputed();
        // Whoever might give way is among them; of those that begin alike, some that never do.
        let expected = [1, 2, 4, 5, 6, 9].map(|number| FileId([number; 16]));
        for (id, entry) in index.iter().filter(|(id, _)| !disputed.contains(id)) {
            assert_eq!(index.wanted_place(id, entry), entry.path);
        }
        assert_eq!(disputed.difference(&expected.into()).next(), None);
        for number in [1, 4, 5, 9] {
            assert!(disputed.contains(&FileId([number; 16])), "{number}");
        }
        assert!(!disputed.contains(&gone));
    }

    /// Entries at random: some moved, some deleted, some nowhere, some that hold the same.
    fn any_entry(seed: u64, number: u64) -> Entry {
        let dice = |salt: u64, sides: u64| {
            let bytes = [seed.to_le_bytes(), number.to_le_bytes(), salt.to_le_bytes()].concat();
            let hash = blake3::hash(&bytes);
            u64::from_le_bytes(*hash.as_bytes().first_chunk().unwrap()) % sides
        };
        let place =
            if dice(0, 4) == 0 { format!("moved/{}", dice(1, 9)) } else { number.to_string() };
        let mut entry = entry(&number.to_string(), &place);
        entry.alive = dice(2, 5) > 0;
        entry.base = entry.base.filter(|_| dice(3, 5) > 0);
        if dice(4, 3) == 0 {
            entry.content = Content::of(b"the same");
            if let Some(base) = &mut entry.base {
                base.content = entry.content;
            }
        }
        if dice(5, 6) == 0 {
            entry.kind = Kind::Folder;
        }
        if dice(6, 4) == 0 {
            entry.path = VaultPath::parse(&format!("claimed {}", dice(7, 5))).unwrap();
        }
        entry
    }

    fn id(number: u64) -> FileId {
        FileId(u128::from(number).to_be_bytes())
    }

    fn loaded(files: Vec<(FileId, Entry)>) -> Index {
        let boxed = files.into_iter().map(|(id, entry)| (id, Box::new(entry)));
        let (mut index, apart) = Index::load(boxed.collect());
        for (id, entry) in apart {
            index.put(id, *entry);
        }
        index
    }

    #[test]
    fn loaded_at_once_or_put_in_one_by_one_it_is_the_same() {
        for seed in 0..200 {
            let files: Vec<_> = (0..30).map(|it| (id(it), any_entry(seed, it))).collect();
            let mut index = Index::default();
            for (id, entry) in files.clone() {
                index.put(id, entry);
            }
            assert!(loaded(files) == index, "seed {seed}");
        }
    }

    #[test]
    fn what_was_put_in_before_leaves_no_trace() {
        for seed in 0..200 {
            let mut index = Index::default();
            let mut files = BTreeMap::new();
            for step in 0..120 {
                // Places of their own: of two at one place the later has it, which is a trace.
                let (number, version) = (step % 20, step / 40);
                let mut entry = any_entry(seed + version, number);
                if let Some(base) = &mut entry.base {
                    base.path = VaultPath::parse(&format!("{number} {version}")).unwrap();
                }
                index.put(id(number), entry.clone());
                files.insert(id(number), entry);
                // Again, with nothing but where it lies changed.
                if step % 3 == 0 {
                    let nowhere = Entry { base: None, ..files[&id(number)].clone() };
                    index.put(id(number), nowhere.clone());
                    files.insert(id(number), nowhere);
                }
            }
            assert!(loaded(files.into_iter().collect()) == index, "seed {seed}");
        }
    }

    #[test]
    fn of_two_records_at_one_place_the_later_has_it() {
        let (first, second) = (FileId([1; 16]), FileId([2; 16]));
        let mut index = Index::default();
        let place = VaultPath::parse("a.md").unwrap();
        index.put(first, entry("a.md", "a.md"));
        let later = entry("b.md", "a.md");
        assert_eq!(index.rival_of(&second, &later), Some(first));
        assert_eq!(index.displaced(), []);
        index.put(second, later.clone());
        assert_eq!(index.displaced(), [first]);
        // The one that had the place leaves: the other is not known to lie there for that.
        index.put(second, entry("b.md", "b.md"));
        assert_eq!(index.displaced(), [first]);
        index.put(second, later);
        assert!(index.lies_nowhere(first).is_some());
        assert_eq!(index.displaced(), []);
        assert_eq!(index.at(&place), Some(second));
        assert_eq!(index.get(&first).unwrap().base, None);
        assert!(index.holder_of(&Content::of(b"a.md").hash).is_none());
        assert_eq!(index.lies_nowhere(first), None);
        // It is put back beside the other: nothing is left of the clash.
        let apart = entry("a.md", "c.md");
        assert_eq!(index.rival_of(&first, &apart), None);
        index.put(first, apart);
        assert_eq!(index.places().count(), 2);
        assert_eq!(index.files(), 2);
    }
}
