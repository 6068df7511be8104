//! Contents that come in chunks.

use std::time::{Duration, Instant, SystemTime};

use super::*;
use crate::model::{CHUNK_BYTES, ContentHash, outline_of_bytes, verify_chunk};

const CHUNK: usize = 256 * 1024;

fn large(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().finalize_xof().fill(&mut bytes);
    bytes
}

fn from_part(name: &str, expected: Option<&str>, content: Content) -> Step {
    Step::Replace {
        path: path(name),
        expected: expected.map(of),
        source: Source::Part(content),
        mtime_ms: MTIME_MS,
    }
}

fn part_of(lab: &Lab, hash: ContentHash) -> PathBuf {
    lab.real(&format!(".vault-sync/parts/{hash}.part"))
}

#[test]
fn a_file_travels_in_chunks_in_any_order() {
    let lab = Lab::new();
    let bytes = large(3 * CHUNK + 17);
    let content = Content::of(&bytes);
    fs::write(lab.real("here.png"), &bytes).unwrap();
    let here = path("here.png");
    let outline = lab.folder.outline_file(&here, content).unwrap();
    let entries: Vec<Option<ContentHash>> =
        outline_of_bytes(&bytes).into_iter().map(Some).collect();
    assert_eq!(outline, entries);

    assert_eq!(lab.folder.outline_part(content).unwrap(), [None; 4]);
    for index in [3, 1, 0, 2] {
        assert_eq!(lab.step(from_part("there.png", None, content)), Err(StepError::SourceGone));
        let chunk = lab.folder.read_chunk(&here, content, index).unwrap();
        let entry = outline[usize::try_from(index).unwrap()].unwrap();
        assert!(verify_chunk(content, index, &chunk, entry));
        lab.folder.put_chunk(content, index, &chunk).unwrap();
        let kept = lab.folder.outline_part(content).unwrap();
        assert_eq!(kept[usize::try_from(index).unwrap()], Some(entry));
    }
    assert_eq!(lab.folder.outline_part(content).unwrap(), entries);
    // A part outlives the process that began it.
    let again = Folder::open(lab.dir.path()).unwrap();
    assert_eq!(again.outline_part(content).unwrap(), entries);

    let done = lab.step(from_part("d/there.png", None, content)).unwrap();
    assert_eq!(fs::read(lab.real("d/there.png")).unwrap(), bytes);
    assert_eq!(done.stamp.unwrap().mtime_ns, MTIME_MS * 1_000_000);
    assert!(!part_of(&lab, content.hash).exists());
    assert_eq!(lab.files().len(), 2);
}

#[test]
#[cfg(target_os = "linux")]
fn a_chunk_never_written_is_told_from_one_of_zeros() {
    let lab = Lab::new();
    let bytes = vec![0; 3 * CHUNK];
    let content = Content::of(&bytes);
    lab.folder.put_chunk(content, 1, &bytes[..CHUNK]).unwrap();
    let kept = lab.folder.outline_part(content).unwrap();
    assert_eq!(kept[1], Some(outline_of_bytes(&bytes)[1]));
    assert_eq!((kept[0], kept[2]), (None, None));
}

#[test]
fn wrong_bytes_are_noticed_when_the_part_is_whole_and_can_be_mended() {
    let lab = Lab::new();
    let bytes = large(2 * CHUNK);
    let content = Content::of(&bytes);
    lab.folder.put_chunk(content, 0, &bytes[..CHUNK]).unwrap();
    lab.folder.put_chunk(content, 1, &vec![1; CHUNK]).unwrap();
    assert_eq!(lab.step(from_part("a", None, content)), Err(StepError::SourceGone));
    let kept = lab.folder.outline_part(content).unwrap();
    let due = outline_of_bytes(&bytes);
    assert!(kept[0] == Some(due[0]) && kept[1].is_some() && kept[1] != Some(due[1]));
    lab.folder.put_chunk(content, 1, &bytes[CHUNK..]).unwrap();
    lab.step(from_part("a", None, content)).unwrap();
    assert_eq!(fs::read(lab.real("a")).unwrap(), bytes);
}

#[test]
fn a_part_that_is_not_used_is_kept() {
    let lab = Lab::new();
    let content = of("whole");
    lab.folder.put_chunk(content, 0, b"whole").unwrap();
    lab.put("a", "mine");
    for expected in [None, Some("old")] {
        assert_eq!(lab.step(from_part("a", expected, content)), Err(StepError::Changed));
        assert_eq!(fs::read(part_of(&lab, content.hash)).unwrap(), b"whole");
    }
    lab.step(from_part("a", Some("mine"), content)).unwrap();
    assert_eq!(lab.files(), files([("a", "whole")]));
    lab.folder.put_chunk(content, 0, b"whole").unwrap();
    lab.folder.drop_part(content.hash);
    assert_eq!(lab.folder.outline_part(content).unwrap(), [None]);
}

#[test]
fn chunks_that_do_not_fit_are_refused() {
    let lab = Lab::new();
    let content = Content::of(&large(CHUNK + 1));
    for (index, len) in [(0, CHUNK - 1), (0, CHUNK + 1), (1, 0), (1, 2), (2, 0), (u32::MAX, 1)] {
        assert_eq!(lab.folder.put_chunk(content, index, &vec![0; len]), Err(StepError::SourceGone));
    }
    lab.put("a", "short");
    let a = path("a");
    assert_eq!(lab.folder.read_chunk(&a, content, 0), Err(StepError::Changed));
    assert_eq!(lab.folder.read_chunk(&a, of("short"), 1), Err(StepError::Changed));
    assert_eq!(lab.folder.read_chunk(&a, of("short"), 0).unwrap(), b"short");
    assert_eq!(lab.folder.outline_file(&a, of("shirt")), Err(StepError::Changed));
    assert_eq!(lab.folder.outline_file(&path("b"), content), Err(StepError::Changed));
    let absurd = Content { size: u64::MAX, ..content };
    let bytes = vec![0; CHUNK];
    let refused = lab.folder.put_chunk(absurd, 0, &bytes);
    assert!(matches!(refused, Err(StepError::Problem(_))));
    assert_eq!(u64::try_from(CHUNK).unwrap(), CHUNK_BYTES);
}

#[test]
fn a_chunk_is_read_only_of_what_takes_part() {
    let lab = Lab::new();
    lab.put("sub/.vaultsyncignore", "*.log\n");
    for name in ["a.md", "a.tmp", "sub/a.log", "sub/b/a.log", "sub/b/a.md", "e\u{301}.md"] {
        lab.put(name, "x");
    }
    let read = |name: &str| lab.folder.read_chunk(&path(name), of("x"), 0);
    for name in ["a.md", "sub/b/a.md", "\u{e9}.md"] {
        assert_eq!(read(name).unwrap(), b"x", "{name}");
    }
    for name in ["a.tmp", "sub/a.log", "sub/b/a.log"] {
        assert_eq!(read(name), Err(StepError::Ignored), "{name}");
    }
    assert_eq!(read("sub"), Err(StepError::Changed));
    // Rules that come later count soon after, though nobody walked the folder.
    lab.put(".vaultsyncignore", "*.md\n");
    wait_until(|| read("sub/b/a.md") == Err(StepError::Ignored));
    lab.put("sub/.vaultsyncignore", "!*.md\n");
    wait_until(|| read("sub/b/a.md").is_ok());
    assert_eq!(read("a.md"), Err(StepError::Ignored));
}

/// Waits for what takes the tenth of a second for which rules are remembered.
fn wait_until(mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !holds() {
        assert!(Instant::now() < end, "it never holds");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn old_parts_are_swept_and_young_ones_stay() {
    let lab = Lab::new();
    let (old, young) = (of("old"), of("young"));
    lab.folder.put_chunk(old, 0, b"old").unwrap();
    lab.folder.put_chunk(young, 0, b"young").unwrap();
    let age = |content: Content, days: u64| {
        let file = fs::File::options().write(true).open(part_of(&lab, content.hash)).unwrap();
        let hours = Duration::from_hours(24 * days);
        file.set_modified(SystemTime::now() - hours).unwrap();
    };
    age(old, PART_DAYS + 1);
    age(young, PART_DAYS - 1);
    assert_eq!(lab.folder.sweep().removed, 1);
    assert!(!part_of(&lab, old.hash).exists());
    assert!(part_of(&lab, young.hash).exists());
}
