#![expect(clippy::wildcard_enum_match_arm, reason = "whatever else comes is wrong")]

use std::collections::VecDeque;
use std::sync::mpsc::channel;

use super::*;
use crate::model::VaultId;

struct Bench {
    home: tempfile::TempDir,
    workers: Workers,
    answers: answers::Receiver<Vec<Input>>,
    told: VecDeque<Input>,
}

fn bench() -> Bench {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("notes");
    std::fs::create_dir(&root).unwrap();
    let folder = Folder::adopt(&root, VaultId([1; 16])).unwrap();
    let store = Store::open(&home.path().join("store")).unwrap();
    let (tell, answers) = answers::channel(64);
    let workers = Workers::start(store, &Ground::vault(folder), &tell).unwrap();
    Bench { home, workers, answers, told: VecDeque::new() }
}

impl Bench {
    fn next(&mut self) -> Input {
        while self.told.is_empty() {
            self.told.extend(self.answers.blocking_recv().unwrap());
        }
        self.told.pop_front().unwrap()
    }

    fn appended(&mut self) -> u64 {
        match self.next() {
            Input::Appended { op, result: Ok(()) } => op.0,
            other => panic!("{other:?}"),
        }
    }
}

fn meta(key: &str, value: u8) -> Arc<[Write]> {
    Arc::new([Write::Meta { key: key.to_owned(), value: vec![value] }])
}

fn path(text: &str) -> VaultPath {
    VaultPath::parse(text).unwrap()
}

fn replace(text: &str, bytes: usize) -> Step {
    Step::Replace {
        path: path(text),
        expected: None,
        source: Source::Bytes(vec![b'a'; bytes]),
        mtime_ms: 0,
    }
}

#[test]
fn appends_are_answered_in_order_once_they_are_durable() {
    let mut bench = bench();
    // The thread is kept busy, so that the appends gather behind it.
    let (go, wait) = channel::<()>();
    bench.workers.store(StoreJob::Call(Box::new(move |_| wait.recv().unwrap())));
    for number in 0..5_u8 {
        let batch = (Op(u64::from(number)), meta("key", number));
        bench.workers.store(StoreJob::Append(vec![batch]));
    }
    let (job, value) = with_store(|store| store.meta_value("key").unwrap());
    bench.workers.store(job);
    go.send(()).unwrap();
    // One transaction, so one answer to all.
    let together = bench.answers.blocking_recv().unwrap();
    assert_eq!(together.len(), 5);
    bench.told.extend(together);
    let answered: Vec<u64> = (0..5).map(|_| bench.appended()).collect();
    assert_eq!(answered, [0, 1, 2, 3, 4]);
    assert_eq!(value.blocking_recv().unwrap(), Some(vec![4]));
}

#[test]
fn a_load_sees_every_append_asked_for_before_it() {
    let mut bench = bench();
    let id = FileId([3; 16]);
    let (go, wait) = channel::<()>();
    bench.workers.store(StoreJob::Call(Box::new(move |_| wait.recv().unwrap())));
    let writes: Arc<[Write]> = Arc::new([Write::Snapshot { id, bytes: vec![1, 2, 3] }]);
    bench.workers.store(StoreJob::Append(vec![(Op(1), writes)]));
    bench.workers.store(StoreJob::Load(Op(2), id));
    go.send(()).unwrap();
    assert_eq!(bench.appended(), 1);
    match bench.next() {
        Input::Loaded { op: Op(2), result: Ok(Some(stored)) } => {
            assert_eq!(stored.snapshot, [1, 2, 3]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_queued_is_durable_after_the_stop() {
    let bench = bench();
    for number in 0..20_u8 {
        let batch = (Op(u64::from(number)), meta(&format!("key {number}"), number));
        bench.workers.store(StoreJob::Append(vec![batch]));
    }
    let Bench { home, workers, answers, .. } = bench;
    // Nobody waits for the answers any more.
    drop(answers);
    workers.stop();
    let store = Store::open(&home.path().join("store")).unwrap();
    assert_eq!(store.meta_value("key 19").unwrap(), Some(vec![19]));
}

#[test]
fn a_panic_on_the_store_thread_ends_that_piece_of_work_only() {
    let mut bench = bench();
    let (job, result) = with_store(|_: &Store| -> u8 { panic!("planted") });
    bench.workers.store(job);
    assert!(result.blocking_recv().is_err());
    bench.workers.store(StoreJob::Append(vec![(Op(7), meta("key", 7))]));
    assert_eq!(bench.appended(), 7);
    assert_eq!(guarded(|| -> u8 { panic!("{}", "planted") }), Err("a bug: planted".into()));
}

#[test]
fn steps_keep_their_order_and_each_has_its_answer() {
    let mut bench = bench();
    let content = Content::of(&[b'a'; 3]);
    bench.workers.steps(vec![
        (Op(1), replace("a.md", 3)),
        (Op(2), Step::Rename { from: path("a.md"), to: path("b.md"), expected: content }),
    ]);
    bench.workers.steps(vec![
        (Op(3), Step::Remove { path: path("b.md"), expected: content }),
        (Op(4), Step::Remove { path: path("b.md"), expected: content }),
    ]);
    let mut results = Vec::new();
    for _ in 0..4 {
        match bench.next() {
            Input::Stepped { op, result } => results.push((op.0, result.is_ok())),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(results, [(1, true), (2, true), (3, true), (4, false)]);
}

#[test]
fn looks_scans_and_chunks_are_answered() {
    let mut bench = bench();
    std::fs::write(bench.home.path().join("notes/a.md"), "text").unwrap();
    bench.workers.read(ReadJob::Scan(Op(1)));
    match bench.next() {
        Input::Scanned { op: Op(1), result: Ok(walk) } => assert_eq!(walk.found.len(), 1),
        other => panic!("{other:?}"),
    }
    bench.workers.read(ReadJob::Look(Op(2), path("a.md"), Writer::Unknown));
    match bench.next() {
        Input::Read { op: Op(2), observed: Observed::File(seen) } => {
            assert_eq!(seen.content, Content::of(b"text"));
        }
        other => panic!("{other:?}"),
    }
    let content = Content::of(b"text");
    bench.workers.shelf(ShelfJob::Outline(Op(3), Shelf::File(path("a.md")), content));
    match bench.next() {
        Input::Outlined { op: Op(3), result: Ok(outline) } => {
            assert_eq!(outline, [Some(content.hash)]);
        }
        other => panic!("{other:?}"),
    }
    bench.workers.shelf(ShelfJob::Put(Op(4), content, 0, b"text".to_vec()));
    match bench.next() {
        Input::ChunkPut { op: Op(4), result } => result.unwrap(),
        other => panic!("{other:?}"),
    }
    bench.workers.shelf(ShelfJob::Read(Op(5), path("gone.md"), content, 0));
    match bench.next() {
        Input::ChunkRead { op: Op(5), result } => assert!(result.is_err()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_missing_marker_is_no_empty_folder() {
    let mut bench = bench();
    std::fs::remove_dir_all(bench.home.path().join("notes/.vault-sync")).unwrap();
    bench.workers.read(ReadJob::Scan(Op(1)));
    match bench.next() {
        Input::Scanned { result: Err(ScanError::Unmounted(_)), .. } => {}
        other => panic!("{other:?}"),
    }
    bench.workers.steps(vec![(Op(2), replace("a.md", 3))]);
    match bench.next() {
        Input::Stepped { result, .. } => assert!(result.is_err()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_folder_that_is_only_wanted_is_empty_and_never_written() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(&home.path().join("store")).unwrap();
    let ground = Ground::wanted(&home.path().join("notes"), VaultId([1; 16])).unwrap();
    let (tell, mut answers) = answers::channel(8);
    let workers = Workers::start(store, &ground, &tell).unwrap();
    workers.read(ReadJob::Scan(Op(1)));
    match answers.blocking_recv().unwrap().remove(0) {
        Input::Scanned { result: Ok(walk), .. } => assert!(walk.found.is_empty()),
        other => panic!("{other:?}"),
    }
    workers.steps(vec![(Op(2), replace("a.md", 3))]);
    match answers.blocking_recv().unwrap().remove(0) {
        Input::Stepped { result: Err(StepError::Problem(_)), .. } => {}
        other => panic!("{other:?}"),
    }
    assert!(!home.path().join("notes").exists());
    workers.stop();
}

#[test]
fn a_batch_of_steps_ends_at_its_limits() {
    let queue = |sizes: &[usize]| -> VecDeque<(Op, Step)> {
        let step = |(n, size): (usize, &usize)| (Op(n as u64), replace("a", *size));
        sizes.iter().enumerate().map(step).collect()
    };
    for (sizes, first) in [
        (vec![STEPS_BYTES - 1, 1, 1], 2),
        (vec![STEPS_BYTES, 1], 1),
        (vec![STEPS_BYTES + 1, 1], 1),
        (vec![0; STEPS_LIMIT - 1], STEPS_LIMIT - 1),
        (vec![0; STEPS_LIMIT], STEPS_LIMIT),
        (vec![0; STEPS_LIMIT + 1], STEPS_LIMIT),
    ] {
        let mut queued = queue(&sizes);
        let (ops, steps) = next_batch(&mut queued);
        assert_eq!((ops.len(), steps.len()), (first, first));
        assert_eq!(queued.len(), sizes.len() - first);
    }
}
