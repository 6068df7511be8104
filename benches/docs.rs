//! One document: import, edit to change, load, merge; at 3 KB, 100 KB and 1 MB.
//!
//! `cargo bench --bench docs`. Inputs come from a seed; nothing is read or written.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use vault_sync::docs::{Author, Birth, Body, Document};
use vault_sync::model::{
    Content, Heads, Kind, Life, PeerId, StoredDocument, VaultId, VaultPath, WallMs,
};

#[expect(dead_code, unreachable_pub, reason = "shared with tests that use all of it")]
#[path = "../src/sim/generate.rs"]
mod generate;

/// Note sizes in bytes, with their names.
const SIZES: [(&str, usize); 3] = [("3KB", 3_000), ("100KB", 100_000), ("1MB", 1_000_000)];

fn birth() -> Birth {
    let path = VaultPath::parse("Folder/Note.md").expect("a valid path");
    Birth { vault: VaultId([7; 16]), path, generation: 0 }
}

fn author(number: u8) -> Author {
    Author::new(PeerId([number; 32]), Life([number; 16]))
}

fn text_of(size: usize) -> String {
    let mut text = generate::note(&mut generate::Random::new(3), 1, size);
    let mut end = size.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

/// A document that holds `text` in characters, and its version.
fn promoted(text: &str) -> (Document, Heads) {
    let content = Content::of(text.as_bytes());
    let mut document = Document::import(&birth(), Kind::Text, content).expect("an import");
    document.promote(content, text).expect("the text of the import");
    let heads = document.heads();
    (document, heads)
}

/// `text` with one line in the middle made longer.
fn one_line_edited(text: &str, word: &str) -> String {
    let middle = text.len() / 2;
    let at = text[middle..].find('\n').map_or(text.len(), |it| middle + it);
    format!("{} {word}{}", &text[..at], &text[at..])
}

fn import(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("import");
    for (name, size) in SIZES {
        let text = text_of(size);
        let content = Content::of(text.as_bytes());
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::new("by_hash", name), &content, |bench, content| {
            bench.iter(|| Document::import(&birth(), Kind::Text, *content).expect("an import"));
        });
        group.bench_with_input(BenchmarkId::new("with_characters", name), &text, |bench, text| {
            bench.iter(|| promoted(text));
        });
    }
    group.finish();
}

fn edit(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("edit_to_change");
    for (name, size) in SIZES {
        let text = text_of(size);
        let (document, heads) = promoted(&text);
        let edited = one_line_edited(&text, "edited");
        group.bench_function(BenchmarkId::new("one_line", name), |bench| {
            bench.iter_batched(
                || document.clone(),
                |mut document| {
                    document.edit_text(author(1), &heads, WallMs(0), &edited).expect("an edit");
                    document.changes_since(heads.as_slice())
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

fn load(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    for (name, size) in SIZES {
        let text = text_of(size);
        let (document, _) = promoted(&text);
        let stored = StoredDocument { snapshot: document.save(), changes: Vec::new() };
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), &stored, |bench, stored| {
            bench.iter(|| Document::load(stored).expect("a good document"));
        });
    }
    group.finish();
}

fn merge(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("merge");
    for (name, size) in SIZES {
        let text = text_of(size);
        let (base, heads) = promoted(&text);
        let mut theirs = base.clone();
        let far = format!("{text}\nadded at the end\n");
        theirs.edit_text(author(2), &heads, WallMs(0), &far).expect("an edit");
        let changes = theirs.changes_since(heads.as_slice());
        let mut ours = base;
        let near = one_line_edited(&text, "ours");
        ours.edit_text(author(1), &heads, WallMs(0), &near).expect("an edit");
        group.bench_function(BenchmarkId::new("two_edits_settled", name), |bench| {
            bench.iter_batched(
                || ours.clone(),
                |mut document| {
                    document.apply(&changes).expect("good changes");
                    document.settle().expect("a merge")
                },
                BatchSize::LargeInput,
            );
        });
    }
    // The budget's case: 10,000 concurrent operations, typed in runs, in a small note.
    let text = text_of(3_000);
    let (base, heads) = promoted(&text);
    let mut theirs = base.clone();
    let typed = format!("{text}\n{}", "lorem ipsum ".repeat(10_000 / 12));
    theirs.edit_text(author(2), &heads, WallMs(0), &typed).expect("an edit");
    let changes = theirs.changes_since(heads.as_slice());
    let mut ours = base;
    ours.edit_text(author(1), &heads, WallMs(0), &one_line_edited(&text, "ours")).expect("an edit");
    group.bench_function("run_like_10000_operations", |bench| {
        bench.iter_batched(
            || ours.clone(),
            |mut document| {
                document.apply(&changes).expect("good changes");
                document.settle().expect("a merge")
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// What the way of one edited line through a document is made of, on both ends.
fn stations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stations");
    for (name, size) in SIZES {
        let text = text_of(size);
        let (before, heads) = promoted(&text);
        let near = one_line_edited(&text, "edited");
        let mut after = before.clone();
        after.edit_text(author(1), &heads, WallMs(0), &near).expect("an edit");
        let changes = after.changes_since(heads.as_slice());
        group.bench_function(BenchmarkId::new("edit", name), |bench| {
            bench.iter_batched_ref(
                || before.clone(),
                |it| it.edit_text(author(1), &heads, WallMs(0), &near).expect("an edit"),
                BatchSize::LargeInput,
            );
        });
        group.bench_function(BenchmarkId::new("apply", name), |bench| {
            bench.iter_batched_ref(
                || before.clone(),
                |it| it.apply(&changes).expect("good changes"),
                BatchSize::LargeInput,
            );
        });
        group.bench_function(BenchmarkId::new("copy", name), |bench| {
            bench.iter_with_large_drop(|| before.clone());
        });
        group.bench_function(BenchmarkId::new("changes_since", name), |bench| {
            bench.iter(|| after.changes_since(heads.as_slice()));
        });
        group.bench_function(BenchmarkId::new("fix_ups_since", name), |bench| {
            bench.iter(|| after.fix_ups_since(heads.as_slice()));
        });
        group.bench_function(BenchmarkId::new("view", name), |bench| bench.iter(|| after.view()));
        let body = after.view().body;
        group.bench_function(BenchmarkId::new("fingerprint", name), |bench| {
            bench.iter(|| body.fingerprint());
        });
        group.bench_function(BenchmarkId::new("resolved", name), |bench| {
            bench.iter(|| after.resolved());
        });
        group.bench_function(BenchmarkId::new("weight", name), |bench| {
            bench.iter(|| after.weight_bytes());
        });
        group.bench_function(BenchmarkId::new("save", name), |bench| bench.iter(|| after.save()));
    }
    group.finish();
}

/// Revisions of the note with a long past.
const REVISIONS: usize = 5_000;

/// Of these, the last ones in which the note grows from 6 KB to 300 KB; making the edits of all of
/// them at full size would take minutes.
const GROWING: usize = 20;

/// A 300 KB note with [`REVISIONS`] revisions by two devices in turn, each of a line somewhere; every
/// hundredth was made apart from another by a third device, and joined.
fn long_past() -> Document {
    let text = text_of(300_000);
    let whole: Vec<&str> = text.split_inclusive('\n').collect();
    let mut written = whole.len() / 50;
    let mut now = whole[..written].concat();
    let (mut document, _) = promoted(&now);
    let mut random = generate::Random::new(5);
    for revision in 1..=REVISIONS {
        let left = REVISIONS - revision;
        if left < GROWING {
            let due = written + (whole.len() - written) / (left + 1);
            now += &whole[written..due].concat();
            written = due;
        }
        let at = random.below(now.len());
        let at = now.as_bytes()[at..].iter().position(|it| *it == b'\n').map(|it| at + it);
        now.insert_str(at.unwrap_or(now.len()), " x");
        let at = document.heads();
        let by = u8::try_from(revision % 2).expect("one of two") + 1;
        let time = WallMs(i64::try_from(revision).expect("few") * 600_000);
        document.edit_text(author(by), &at, time, &now).expect("an edit");
        if revision % 100 == 0 {
            let afar = match document.at(&at).expect("a version").body {
                Body::Text(text) => format!("from afar {revision}\n{text}"),
                Body::Content(..) => unreachable!("a note is a text"),
            };
            document.edit_text(author(3), &at, time, &afar).expect("an edit");
            document.settle().expect("a merge");
            now = text_now(&document);
        }
    }
    document
}

fn text_now(document: &Document) -> String {
    match document.view().body {
        Body::Text(text) => text,
        Body::Content(..) => unreachable!("a note is a text"),
    }
}

fn history(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("history");
    group.sample_size(10);
    let document = long_past();
    let stored = StoredDocument { snapshot: document.save(), changes: Vec::new() };
    let moments = document.history();
    let middle = Heads::from_iter([moments[moments.len() / 2].hash]);
    group.bench_function("load_300KB_5000", |bench| {
        bench.iter(|| Document::load(&stored).expect("a good document"));
    });
    group.bench_function("log_300KB_5000", |bench| bench.iter(|| document.history()));
    group.bench_function("meetings_300KB_5000", |bench| bench.iter(|| document.meetings()));
    group.bench_function("show_300KB_5000", |bench| {
        bench.iter(|| document.at(&middle).expect("a version"));
    });
    let text = text_now(&document);
    let heads = document.heads();
    let mut theirs = document.clone();
    let far = format!("{text}\nadded at the end\n");
    theirs.edit_text(author(2), &heads, WallMs(0), &far).expect("an edit");
    let changes = theirs.changes_since(heads.as_slice());
    let mut ours = document.clone();
    let near = one_line_edited(&text, "ours");
    ours.edit_text(author(1), &heads, WallMs(0), &near).expect("an edit");
    group.bench_function("edit_300KB_5000", |bench| {
        bench.iter_batched(
            || document.clone(),
            |mut it| it.edit_text(author(1), &heads, WallMs(0), &near).expect("an edit"),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("merge_300KB_5000", |bench| {
        bench.iter_batched(
            || ours.clone(),
            |mut document| {
                document.apply(&changes).expect("good changes");
                document.settle().expect("a merge")
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = import, edit, load, merge, stations, history
}
criterion_main!(benches);
