use super::super::rng::Rng;
use super::{Crash, Disk, Guard, Save};
use crate::engine::{Hint, Shelf};
use crate::model::{Content, Observed, ProblemKind, Source, Step, StepError, VaultPath, Walk};

fn path(text: &str) -> VaultPath {
    VaultPath::parse(text).unwrap()
}

fn put(at: &str, expected: Option<&[u8]>, bytes: &[u8]) -> Step {
    Step::Replace {
        path: path(at),
        expected: expected.map(Content::of),
        source: Source::Bytes(bytes.to_vec()),
        mtime_ms: 5,
    }
}

fn found(walk: &Walk) -> Vec<(&str, bool)> {
    walk.found.iter().map(|found| (found.path.as_str(), found.empty_folder)).collect()
}

#[test]
fn a_save_between_plan_and_step_is_kept() {
    let mut disk = Disk::new();
    disk.write(&path("a.md"), b"one".to_vec(), Save::InPlace);
    disk.write(&path("a.md"), b"two".to_vec(), Save::InPlace);
    assert_eq!(disk.apply(&put("a.md", Some(b"one"), b"three")), Err(StepError::Changed));
    assert_eq!(disk.apply(&put("a.md", None, b"three")), Err(StepError::Changed));
    assert_eq!(disk.bytes(&path("a.md")).unwrap().as_slice(), b"two");
    assert!(disk.take_overwritten().is_empty());
}

#[test]
fn a_blind_disk_overwrites_and_its_record_says_unseen() {
    let mut disk = Disk::new();
    disk.set_guard(Guard::Blind);
    disk.write(&path("a.md"), b"one".to_vec(), Save::InPlace);
    disk.apply(&put("a.md", None, b"three")).unwrap();
    let lost = disk.take_overwritten();
    assert_eq!(lost.len(), 1);
    assert!(!lost[0].shown);
}

#[test]
fn what_was_shown_or_written_may_be_replaced() {
    let mut disk = Disk::new();
    disk.write(&path("a.md"), b"one".to_vec(), Save::InPlace);
    let observed = disk.look(&path("a.md"));
    disk.show(&observed);
    disk.apply(&put("a.md", Some(b"one"), b"two")).unwrap();
    disk.apply(&put("a.md", Some(b"two"), b"three")).unwrap();
    assert!(disk.take_overwritten().iter().all(|lost| lost.shown));
    let Observed::File(seen) = disk.look(&path("a.md")) else {
        panic!("a file was put there");
    };
    assert_eq!(seen.stamp.mtime_ns, 5_000_000);
    assert_eq!(seen.text.as_deref(), Some(b"three".as_slice()));
}

#[test]
fn a_power_cut_keeps_what_a_barrier_covered() {
    for seed in 0..200 {
        let mut disk = Disk::new();
        disk.apply(&put("a.md", None, b"one")).unwrap();
        disk.barrier();
        disk.apply(&put("a.md", Some(b"one"), b"two")).unwrap();
        disk.apply(&put("b.md", None, b"new")).unwrap();
        disk.crash(Crash::Power, &mut Rng::new(seed));
        let a = disk.bytes(&path("a.md")).unwrap();
        assert!(**a == *b"one" || **a == *b"two");
        if let Some(b) = disk.bytes(&path("b.md")) {
            assert_eq!(b.as_slice(), b"new");
            assert_eq!(a.as_slice(), b"two", "the journal keeps the order");
        }
    }
}

#[test]
fn a_power_cut_may_lose_or_tear_what_a_user_wrote_and_says_so() {
    let mut outcomes = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let mut disk = Disk::new();
        disk.write(&path("a.md"), b"old".to_vec(), Save::InPlace);
        disk.barrier();
        disk.write(&path("a.md"), b"newer".to_vec(), Save::InPlace);
        let reverted = disk.crash(Crash::Power, &mut Rng::new(seed));
        let now = disk.bytes(&path("a.md")).unwrap();
        let kind = match now.as_slice() {
            b"old" => "lost",
            b"newer" => "kept",
            _ => "torn",
        };
        assert_eq!(reverted.is_empty(), kind == "kept");
        outcomes.insert(kind);
    }
    assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), ["kept", "lost", "torn"]);
}

#[test]
fn a_kill_keeps_everything() {
    let mut disk = Disk::new();
    disk.write(&path("a.md"), b"old".to_vec(), Save::InPlace);
    assert!(disk.crash(Crash::Kill, &mut Rng::new(1)).is_empty());
    assert!(disk.exists(&path("a.md")));
}

#[test]
fn a_walk_names_files_and_empty_folders_in_order() {
    let mut disk = Disk::new();
    disk.write(&path("b/x.md"), vec![], Save::InPlace);
    disk.write(&path("a.md"), vec![], Save::InPlace);
    disk.write(&path("c/junk.tmp"), vec![], Save::InPlace);
    disk.make_folder(&path("d/e"));
    let walk = disk.walk().unwrap();
    assert_eq!(found(&walk), [("a.md", false), ("b/x.md", false), ("c", true), ("d/e", true)]);
    assert_eq!(disk.look(&path("c/junk.tmp")), Observed::Ignored);
}

#[test]
fn a_broken_folder_hides_what_is_below() {
    let mut disk = Disk::new();
    disk.write(&path("b/x.md"), vec![], Save::InPlace);
    disk.set_broken(&path("b"), Some(ProblemKind::Unreadable));
    let walk = disk.walk().unwrap();
    assert!(walk.found.is_empty());
    assert_eq!(walk.problems.len(), 1);
    assert!(matches!(disk.look(&path("b/x.md")), Observed::Problem(_)));
    disk.set_broken(&path("b"), None);
    assert!(matches!(disk.look(&path("b/x.md")), Observed::File(_)));
}

#[test]
fn an_unmounted_folder_says_nothing_of_its_files() {
    let mut disk = Disk::new();
    disk.write(&path("a.md"), vec![], Save::InPlace);
    disk.set_mounted(false);
    assert!(disk.walk().is_err());
    assert!(matches!(disk.look(&path("a.md")), Observed::Problem(_)));
}

#[test]
fn a_full_disk_changes_nothing() {
    let mut disk = Disk::new();
    disk.apply(&put("a.md", None, b"one")).unwrap();
    disk.set_full(true);
    let failed = disk.apply(&put("a.md", Some(b"one"), b"two"));
    assert!(matches!(failed, Err(StepError::Problem(p)) if p.kind == ProblemKind::DiskFull));
    assert_eq!(disk.bytes(&path("a.md")).unwrap().as_slice(), b"one");
}

#[test]
fn a_file_where_a_folder_is_wanted_is_a_clash() {
    let mut disk = Disk::new();
    disk.apply(&put("a", None, b"one")).unwrap();
    for step in [put("a/b.md", None, b"two"), Step::MakeFolder(path("a/b"))] {
        let failed = disk.apply(&step);
        assert!(matches!(failed, Err(StepError::Problem(p)) if p.kind == ProblemKind::Clash));
    }
}

#[test]
fn a_moved_folder_takes_everything_along_and_hints_at_itself() {
    let mut disk = Disk::new();
    disk.write(&path("a/b/x.md"), b"x".to_vec(), Save::InPlace);
    disk.take_hints();
    let inode = |disk: &Disk, at: &str| {
        let Observed::File(seen) = disk.look(&path(at)) else {
            panic!("a file was put there");
        };
        seen.stamp.inode
    };
    let before = inode(&disk, "a/b/x.md");
    assert!(disk.rename(&path("a"), &path("c")));
    assert_eq!(inode(&disk, "c/b/x.md"), before);
    assert_eq!(disk.take_hints(), [Hint::Path(path("a")), Hint::Whole(path("c"))]);
}

#[test]
fn chunks_add_up_to_the_content_or_are_refused() {
    let mut disk = Disk::new();
    let bytes = Rng::new(3).bytes(600_000);
    let content = Content::of(&bytes);
    disk.write(&path("big.bin"), bytes.clone(), Save::InPlace);
    let outline = disk.outline(&Shelf::File(path("big.bin")), &content).unwrap();
    assert_eq!(outline.len(), 3);
    let step = Step::Replace {
        path: path("copy.bin"),
        expected: None,
        source: Source::Part(content),
        mtime_ms: 0,
    };
    for index in [2, 0] {
        let chunk = disk.read_chunk(&path("big.bin"), &content, index).unwrap();
        disk.put_chunk(&content, index, chunk).unwrap();
    }
    let part = disk.outline(&Shelf::Part, &content).unwrap();
    assert_eq!(part, [outline[0], None, outline[2]]);
    assert_eq!(disk.apply(&step), Err(StepError::SourceGone));
    let chunk = disk.read_chunk(&path("big.bin"), &content, 1).unwrap();
    disk.put_chunk(&content, 1, chunk).unwrap();
    disk.apply(&step).unwrap();
    assert_eq!(**disk.bytes(&path("copy.bin")).unwrap(), bytes);
    assert_eq!(disk.outline(&Shelf::Part, &content).unwrap(), [None; 3]);
}

#[test]
fn a_copy_needs_its_source_unchanged() {
    let mut disk = Disk::new();
    disk.write(&path("a.md"), b"one".to_vec(), Save::InPlace);
    let copy = |of: &[u8]| Step::Replace {
        path: path("b.md"),
        expected: None,
        source: Source::CopyOf { path: path("a.md"), content: Content::of(of) },
        mtime_ms: 0,
    };
    assert_eq!(disk.apply(&copy(b"two")), Err(StepError::SourceGone));
    disk.apply(&copy(b"one")).unwrap();
    assert_eq!(disk.bytes(&path("b.md")).unwrap().as_slice(), b"one");
}

#[test]
fn stamps_tell_every_save_apart() {
    let mut disk = Disk::new();
    let mut stamps = Vec::new();
    for how in [Save::InPlace, Save::KeepMtime, Save::Beside, Save::InPlace] {
        disk.write(&path("a.md"), b"same".to_vec(), how);
        let Observed::File(seen) = disk.look(&path("a.md")) else {
            panic!("a file was written");
        };
        assert!(!stamps.contains(&seen.stamp), "{how:?}");
        stamps.push(seen.stamp);
    }
}
