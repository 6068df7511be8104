//! One table against each adapter and its stand-in, so that the simulation stays honest.
//!
//! Both do the same things in the same order, and must say the same of each: by hand for the cases
//! that matter, and at random. Stamps are compared as far as they can be: sizes, and modification
//! times that were asked for.
#![expect(clippy::disallowed_methods, reason = "it changes real folders the way users do")]

use std::collections::BTreeMap;

use tempfile::TempDir;

use super::disk::{Disk, Save};
use super::rng::Rng;
use super::store::Store as Simulated;
use crate::engine::Shelf;
use crate::model::{
    Content, ContentHash, FileId, Life, Observed, PeerId, Source, Stamp, Step, StepDone, StepError,
    VaultPath, Walk, Write,
};
use crate::store::Store;
use crate::vault::Folder;

/// One thing that is done to a folder.
#[derive(Debug, Clone)]
enum Deed {
    /// A user saves a file.
    Save(&'static str, Vec<u8>),
    /// A user removes a file, or a folder with all that is in it.
    Delete(&'static str),
    /// A user makes a folder.
    Mkdir(&'static str),
    /// A user moves a file or folder to a free place.
    Move(&'static str, &'static str),
    Step(Step),
    Look(&'static str),
    Walk,
    Put(Content, u32, Vec<u8>),
    OutlinePart(Content),
    OutlineFile(&'static str, Content),
    ReadChunk(&'static str, Content, u32),
}

/// The real folder or the simulated one.
enum Subject {
    Real(Folder, TempDir),
    Simulated(Box<Disk>),
}

fn path(text: &str) -> VaultPath {
    VaultPath::parse(text).unwrap()
}

impl Subject {
    fn real() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (folder, _) = Folder::init(dir.path()).unwrap();
        Self::Real(folder, dir)
    }

    fn simulated() -> Self {
        Self::Simulated(Box::new(Disk::new()))
    }

    /// Does it, and says in words what came of it.
    fn does(&mut self, deed: Deed) -> String {
        match self {
            Self::Real(folder, dir) => really(folder, dir, deed),
            Self::Simulated(disk) => simulated(disk, deed),
        }
    }
}

fn really(folder: &Folder, dir: &TempDir, deed: Deed) -> String {
    let at = |text: &str| dir.path().join(text);
    match deed {
        Deed::Save(place, bytes) => {
            std::fs::create_dir_all(at(place).parent().unwrap()).unwrap();
            std::fs::write(at(place), bytes).unwrap();
            String::new()
        }
        Deed::Delete(place) => {
            if at(place).is_dir() {
                std::fs::remove_dir_all(at(place)).unwrap();
            } else {
                std::fs::remove_file(at(place)).unwrap();
            }
            String::new()
        }
        Deed::Mkdir(place) => {
            std::fs::create_dir_all(at(place)).unwrap();
            String::new()
        }
        Deed::Move(from, to) => {
            std::fs::create_dir_all(at(to).parent().unwrap()).unwrap();
            std::fs::rename(at(from), at(to)).unwrap();
            String::new()
        }
        Deed::Step(step) => {
            let asked = asked_ms(&step);
            let mut results = folder.apply(std::slice::from_ref(&step));
            say_step(results.remove(0), asked)
        }
        Deed::Look(place) => say_look(&folder.look(&path(place))),
        Deed::Walk => say_walk(&folder.walk().unwrap()),
        Deed::Put(content, index, bytes) => say_put(folder.put_chunk(content, index, &bytes)),
        Deed::OutlinePart(content) => say_outline(folder.outline_part(content)),
        Deed::OutlineFile(place, content) => {
            say_outline(folder.outline_file(&path(place), content))
        }
        Deed::ReadChunk(place, content, index) => {
            say_chunk(folder.read_chunk(&path(place), content, index))
        }
    }
}

fn simulated(disk: &mut Disk, deed: Deed) -> String {
    match deed {
        Deed::Save(place, bytes) => {
            assert!(disk.write(&path(place), bytes, Save::InPlace));
            String::new()
        }
        Deed::Delete(place) => {
            assert!(disk.remove(&path(place)));
            String::new()
        }
        Deed::Mkdir(place) => {
            disk.make_folder(&path(place));
            String::new()
        }
        Deed::Move(from, to) => {
            assert!(disk.rename(&path(from), &path(to)));
            String::new()
        }
        Deed::Step(step) => {
            let asked = asked_ms(&step);
            let result = disk.apply(&step);
            disk.barrier();
            say_step(result, asked)
        }
        Deed::Look(place) => say_look(&disk.look(&path(place))),
        Deed::Walk => say_walk(&disk.walk().unwrap()),
        Deed::Put(content, index, bytes) => say_put(disk.put_chunk(&content, index, bytes)),
        Deed::OutlinePart(content) => say_outline(disk.outline(&Shelf::Part, &content)),
        Deed::OutlineFile(place, content) => {
            say_outline(disk.outline(&Shelf::File(path(place)), &content))
        }
        Deed::ReadChunk(place, content, index) => {
            say_chunk(disk.read_chunk(&path(place), &content, index))
        }
    }
}

fn asked_ms(step: &Step) -> Option<i64> {
    match step {
        Step::Replace { mtime_ms, .. } => Some(*mtime_ms),
        Step::Remove { .. } | Step::Rename { .. } | Step::MakeFolder(_) | Step::RemoveFolder(_) => {
            None
        }
    }
}

fn say_error(error: &StepError) -> String {
    match error {
        StepError::Problem(problem) => format!("problem {}", problem.kind.as_str()),
        StepError::Changed | StepError::Ignored | StepError::SourceGone => format!("{error:?}"),
    }
}

fn say_step(result: Result<StepDone, StepError>, asked_ms: Option<i64>) -> String {
    match result {
        Err(error) => say_error(&error),
        Ok(StepDone { stamp: None, .. }) => "done, nothing there".into(),
        Ok(StepDone { stamp: Some(Stamp { size, mtime_ns, .. }), .. }) => {
            let mtime = asked_ms.map(|_| mtime_ns / 1_000_000);
            // A folder's own size is the file system's business.
            let size = asked_ms.map(|_| size);
            format!("done, size {size:?} mtime {mtime:?}")
        }
    }
}

fn say_look(observed: &Observed) -> String {
    match observed {
        Observed::Absent => "absent".into(),
        Observed::File(seen) => format!(
            "file {:?} {:?} size {} text {:?}",
            seen.content, seen.kind, seen.stamp.size, seen.text
        ),
        Observed::Folder { empty, .. } => format!("folder empty={empty}"),
        Observed::Ignored => "ignored".into(),
        Observed::Special(_) => "special".into(),
        Observed::Problem(problem) => format!("problem {}", problem.kind.as_str()),
    }
}

fn say_walk(walk: &Walk) -> String {
    let one = |found: &crate::model::Found| {
        let size = if found.empty_folder { 0 } else { found.stamp.size };
        format!("{} {} {size}", found.path, found.empty_folder)
    };
    let lines: Vec<String> = walk.found.iter().map(one).collect();
    format!("{lines:?} and {} problems", walk.problems.len())
}

fn say_put(result: Result<(), StepError>) -> String {
    result.map_or_else(|error| say_error(&error), |()| "put".into())
}

fn say_outline(result: Result<Vec<Option<ContentHash>>, StepError>) -> String {
    result.map_or_else(|error| say_error(&error), |outline| format!("{outline:?}"))
}

fn say_chunk(result: Result<Vec<u8>, StepError>) -> String {
    result.map_or_else(|error| say_error(&error), |bytes| format!("{:?}", Content::of(&bytes)))
}

/// Does everything to both, and returns what both said.
fn agree(deeds: Vec<Deed>) -> Vec<String> {
    let (mut real, mut simulated) = (Subject::real(), Subject::simulated());
    let mut said = Vec::new();
    for (number, deed) in deeds.into_iter().enumerate() {
        let (ours, theirs) = (real.does(deed.clone()), simulated.does(deed.clone()));
        assert_eq!(ours, theirs, "the real folder | the simulated one, at {number}: {deed:?}");
        said.push(ours);
    }
    said
}

fn put(at: &str, expected: Option<&[u8]>, bytes: &[u8]) -> Deed {
    Deed::Step(Step::Replace {
        path: path(at),
        expected: expected.map(Content::of),
        source: Source::Bytes(bytes.to_vec()),
        mtime_ms: 1_700_000_000_123,
    })
}

fn remove(at: &str, expected: &[u8]) -> Deed {
    Deed::Step(Step::Remove { path: path(at), expected: Content::of(expected) })
}

fn rename(from: &str, to: &str, expected: &[u8]) -> Deed {
    Deed::Step(Step::Rename { from: path(from), to: path(to), expected: Content::of(expected) })
}

fn from(at: &str, source: Source) -> Deed {
    Deed::Step(Step::Replace { path: path(at), expected: None, source, mtime_ms: 1000 })
}

#[test]
fn replacing_is_guarded() {
    let said = agree(vec![
        put("a.md", None, b"one"),
        put("a.md", None, b"two"),
        put("a.md", Some(b"zero"), b"two"),
        put("a.md", Some(b"one"), b"two"),
        put("a.md", Some(b"two"), b"two"),
        put("deep/er/b.md", None, b"new"),
        put("gone.md", Some(b"x"), b"y"),
        put("deep", None, b"a folder is there"),
        put("deep", Some(b""), b"a folder is there"),
        put("a.md/below", None, b"a file is there"),
        put("junk.tmp", None, b"ignored"),
        put(".git/x", None, b"ignored"),
        Deed::Save("a.md", b"three".to_vec()),
        put("a.md", Some(b"two"), b"four"),
        Deed::Look("a.md"),
        Deed::Look("deep"),
        Deed::Walk,
    ]);
    assert_eq!(said[1], "Changed");
    assert_eq!(said[3], "done, size Some(3) mtime Some(1700000000123)");
    assert_eq!(said[10], "Ignored");
    assert_eq!(said[13], "Changed");
}

#[test]
fn removing_and_renaming_are_guarded() {
    let said = agree(vec![
        Deed::Save("a.md", b"one".to_vec()),
        Deed::Save("b.md", b"two".to_vec()),
        remove("a.md", b"two"),
        rename("a.md", "b.md", b"one"),
        rename("a.md", "c/d.md", b"two"),
        rename("a.md", "c/d.md", b"one"),
        rename("a.md", "e.md", b"one"),
        rename("c/d.md", "A.md", b"one"),
        rename("A.md", "b.md/x", b"one"),
        rename("A.md", "x.tmp", b"one"),
        remove("A.md", b"one"),
        remove("A.md", b"one"),
        remove("c", b"one"),
        Deed::Look("A.md"),
        Deed::Walk,
    ]);
    assert_eq!(said[2], "Changed");
    assert_eq!(said[3], "Changed");
    assert!(said[5].starts_with("done"));
    assert_eq!(said[10], "done, nothing there");
}

#[test]
fn folders_are_made_and_taken_away_only_when_empty() {
    let said = agree(vec![
        Deed::Step(Step::MakeFolder(path("x/y"))),
        Deed::Step(Step::MakeFolder(path("x/y"))),
        Deed::Walk,
        Deed::Look("x"),
        Deed::Look("x/y"),
        Deed::Step(Step::RemoveFolder(path("x"))),
        Deed::Step(Step::RemoveFolder(path("x/y"))),
        Deed::Step(Step::RemoveFolder(path("x"))),
        Deed::Step(Step::RemoveFolder(path("x"))),
        Deed::Save("f", b"file".to_vec()),
        Deed::Step(Step::MakeFolder(path("f"))),
        Deed::Step(Step::MakeFolder(path("f/g"))),
        Deed::Step(Step::RemoveFolder(path("f"))),
        Deed::Save("only/junk.tmp", b"".to_vec()),
        Deed::Walk,
        Deed::Look("only"),
        Deed::Look("only/junk.tmp"),
        Deed::Mkdir("only/inner"),
        Deed::Walk,
        Deed::Look("only"),
        Deed::Move("only", "moved/there"),
        Deed::Walk,
        Deed::Delete("moved"),
        Deed::Delete("f"),
        Deed::Walk,
    ]);
    assert_eq!(said[6], "done, nothing there");
}

#[test]
fn copies_and_parts_must_be_what_they_should_be() {
    let bytes = Rng::new(9).bytes(300_000);
    let content = Content::of(&bytes);
    let (first, second) = bytes.split_at(256 * 1024);
    let copy = || Source::CopyOf { path: path("big.bin"), content };
    let said = agree(vec![
        from("copy.bin", copy()),
        Deed::OutlinePart(content),
        Deed::Put(content, 1, second.to_vec()),
        Deed::Put(content, 2, second.to_vec()),
        Deed::Put(content, 0, second.to_vec()),
        Deed::OutlinePart(content),
        from("big.bin", Source::Part(content)),
        Deed::Put(content, 0, vec![7; first.len()]),
        Deed::OutlinePart(content),
        from("big.bin", Source::Part(content)),
        Deed::Put(content, 0, first.to_vec()),
        Deed::Put(content, 1, second.to_vec()),
        from("big.bin", Source::Part(content)),
        Deed::OutlineFile("big.bin", content),
        Deed::ReadChunk("big.bin", content, 1),
        Deed::ReadChunk("big.bin", content, 2),
        Deed::ReadChunk("none.bin", content, 0),
        from("copy.bin", copy()),
        Deed::Save("big.bin", b"short".to_vec()),
        Deed::OutlineFile("big.bin", content),
        Deed::ReadChunk("big.bin", content, 0),
        from("again.bin", copy()),
        Deed::Walk,
    ]);
    assert_eq!(said[0], "SourceGone");
    assert_eq!(said[9], "SourceGone");
    assert!(said[12].starts_with("done"), "{}", said[12]);
    assert_eq!(said[21], "SourceGone");
}

#[test]
fn whatever_is_done_both_say_the_same() {
    const PLACES: [&str; 6] = ["a", "a/b.md", "a/c.md", "d.md", "a/e", "a/e/f.md"];
    for seed in 0..12 {
        let mut rng = Rng::new(seed);
        let (mut real, mut simulated) = (Subject::real(), Subject::simulated());
        let content = |rng: &mut Rng| vec![b'x'; rng.below(3)];
        for number in 0..60 {
            let place = PLACES[rng.below(PLACES.len())];
            let other = PLACES[rng.below(PLACES.len())];
            let (old, new) = (content(&mut rng), content(&mut rng));
            let expected = if rng.chance(50) { Some(old.as_slice()) } else { None };
            let deed = match rng.below(9) {
                0..=2 => put(place, expected, &new),
                3 => remove(place, &old),
                4 => rename(place, other, &old),
                5 => Deed::Step(Step::MakeFolder(path(place))),
                6 => Deed::Step(Step::RemoveFolder(path(place))),
                7 => Deed::Look(place),
                _ => Deed::Walk,
            };
            for deed in [deed, Deed::Walk] {
                let (ours, theirs) = (real.does(deed.clone()), simulated.does(deed.clone()));
                assert_eq!(ours, theirs, "real | simulated, seed {seed} at {number}: {deed:?}");
            }
        }
    }
}

/// A batch of writes at random, over few keys.
fn batch(rng: &mut Rng) -> Vec<Write> {
    let some = |rng: &mut Rng| {
        let length = rng.below(40);
        rng.bytes(length)
    };
    let byte = |rng: &mut Rng| u8::try_from(rng.below(4)).unwrap();
    (0..=rng.below(5))
        .map(|_| {
            let id = FileId([byte(rng); 16]);
            match rng.below(8) {
                0 => Write::File { id, record: some(rng) },
                1 => Write::ForgetFile(id),
                2 => Write::Snapshot { id, bytes: some(rng) },
                3 => Write::Changes { id, changes: vec![some(rng), some(rng)] },
                4 => {
                    let bytes = some(rng);
                    Write::Text { hash: ContentHash::of(&bytes), bytes, packed: None }
                }
                5 => Write::Peer { id: PeerId([byte(rng); 32]), record: some(rng) },
                6 => Write::Meta { key: format!("key {}", byte(rng)), value: some(rng) },
                _ => Write::Ledger { key: vec![byte(rng)], entry: some(rng) },
            }
        })
        .collect()
}

#[test]
fn whatever_is_kept_both_stores_hold_the_same() {
    for seed in 0..6 {
        let dir = tempfile::tempdir().unwrap();
        let mut rng = Rng::new(seed);
        let mut real = Store::open(dir.path()).unwrap();
        let mut simulated = Simulated::new(Life([1; 16]));
        let mut texts = BTreeMap::new();
        for _ in 0..15 {
            let writes = batch(&mut rng);
            for write in &writes {
                if let Write::Text { hash, bytes, .. } = write {
                    texts.insert(*hash, bytes.clone());
                }
            }
            real.commit(std::slice::from_ref(&writes)).unwrap();
            simulated.keep(&writes);
            if rng.chance(20) {
                drop(real);
                real = Store::open(dir.path()).unwrap();
            }
            assert_eq!(real.files().unwrap().rows, simulated.files(), "seed {seed}");
            assert_eq!(real.peers().unwrap().rows, simulated.peers(), "seed {seed}");
            assert_eq!(real.meta().unwrap().rows, simulated.meta(), "seed {seed}");
            assert_eq!(real.ledger().unwrap().rows, simulated.ledger(), "seed {seed}");
            for number in 0..4 {
                let id = FileId([number; 16]);
                let kept = simulated.document(&id).unwrap();
                assert_eq!(real.document(id).unwrap(), kept, "seed {seed}");
            }
            for (hash, bytes) in &texts {
                assert_eq!(real.text(*hash).unwrap().as_ref(), Some(bytes), "seed {seed}");
                assert_eq!(simulated.text(hash).as_ref(), Some(bytes), "seed {seed}");
            }
        }
    }
}
