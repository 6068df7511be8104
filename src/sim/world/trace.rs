//! What happened, in one line each: the hash that two runs of a seed must share, and the last lines
//! for whoever looks at a failure.

use std::collections::VecDeque;
use std::fmt::Write as _;

use crate::engine::{Effect, Input};
use crate::model::{Content, Observed, Step, Write};
use crate::wire::{Body, Message};

/// How many lines are kept.
const LINES: usize = 400;

/// The trace of a world.
#[derive(Debug)]
pub(crate) struct Trace {
    hasher: blake3::Hasher,
    lines: VecDeque<String>,
    limit: usize,
}

impl Trace {
    /// An empty trace that keeps its last lines.
    pub(crate) fn new() -> Self {
        let all = std::env::var_os("VAULT_SYNC_SIM_TRACE").is_some();
        Self {
            hasher: blake3::Hasher::new(),
            lines: VecDeque::new(),
            limit: if all { usize::MAX } else { LINES },
        }
    }

    /// Adds a line.
    pub(crate) fn line(&mut self, line: String) {
        self.hasher.update(line.as_bytes());
        self.hasher.update(b"\n");
        if self.lines.len() >= self.limit {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// The hash over all lines so far.
    pub(crate) fn hash(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }

    /// The last lines.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

/// An effect in one line.
pub(crate) fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Scan { op } => format!("scan {}", op.0),
        Effect::Read { op, path, .. } => format!("read {} {path}", op.0),
        Effect::Step { op, step } => format!("step {} {}", op.0, describe_step(step)),
        Effect::Outline { op, from, content } => {
            format!("outline {} {from:?} {}", op.0, short(content))
        }
        Effect::ReadChunk { op, path, content, index } => {
            format!("read-chunk {} {path} {} {index}", op.0, short(content))
        }
        Effect::PutChunk { op, content, index, .. } => {
            format!("put-chunk {} {} {index}", op.0, short(content))
        }
        Effect::Load { op, id } => format!("load {} {}", op.0, id.short()),
        Effect::LoadText { op, hash } => format!("load-text {} {}", op.0, hash.short()),
        Effect::LoadPacks { op, texts, .. } => format!("load-packs {} {}", op.0, texts.len()),
        Effect::Append { op, writes } => format!("append {} {}", op.0, batch(writes)),
        Effect::KeepTexts { op, keep } => format!("keep-texts {} {}", op.0, keep.len()),
        Effect::Dial { peer, .. } => format!("dial {}", peer.short()),
        Effect::Send { link, lane, message } => {
            format!("send {} {lane:?} {}", link.0, describe_message(message))
        }
        Effect::Close { link } => format!("close {}", link.0),
        Effect::Compute { op, .. } => format!("compute {}", op.0),
        Effect::Report(report) => format!("report {report:?}"),
    }
}

/// An input in one line.
pub(crate) fn input(input: &Input) -> String {
    match input {
        Input::Wake => "wake".into(),
        Input::Hint(hints) => format!("hint {hints:?}"),
        Input::Scanned { op, result } => match result {
            Ok(walk) => format!("scanned {} {}", op.0, walk.found.len()),
            Err(error) => format!("scanned {} {error:?}", op.0),
        },
        Input::Read { op, observed } => format!("read {} {}", op.0, describe_look(observed)),
        Input::Stepped { op, result } => {
            format!("stepped {} {:?}", op.0, result.as_ref().map(|_| ()))
        }
        Input::Outlined { op, result } => {
            let have = result.as_ref().map(|it| it.iter().flatten().count());
            format!("outlined {} {have:?}", op.0)
        }
        Input::ChunkRead { op, result } => {
            format!("chunk-read {} {:?}", op.0, result.as_ref().map(Vec::len))
        }
        Input::ChunkPut { op, result } => format!("chunk-put {} {result:?}", op.0),
        Input::Loaded { op, result } => {
            let found = result
                .as_ref()
                .map(|it| it.as_ref().map(|it| (it.snapshot.len(), it.changes.len())));
            format!("loaded {} {found:?}", op.0)
        }
        Input::TextLoaded { op, result } => {
            let found = result.as_ref().map(|it| it.as_ref().map(Vec::len));
            format!("text-loaded {} {found:?}", op.0)
        }
        Input::PacksLoaded { op, result } => {
            let found = result.as_ref().map(|it| it.iter().map(|it| it.texts.len()).sum::<usize>());
            format!("packs-loaded {} {found:?}", op.0)
        }
        Input::Appended { op, result } => format!("appended {} {result:?}", op.0),
        Input::TextsKept { op, result } => format!("texts-kept {} {result:?}", op.0),
        Input::LinkUp { link, peer, dialled } => {
            format!("up {} {} dialled={dialled}", link.0, peer.short())
        }
        Input::DialFailed { peer, .. } => format!("dial-failed {}", peer.short()),
        Input::LinkDown { link, reason } => format!("down {} {reason}", link.0),
        Input::Message { link, lane, message, .. } => {
            format!("got {} {lane:?} {}", link.0, describe_message(message))
        }
        Input::Sent { link, lane, wire_bytes } => format!("sent {} {lane:?} {wire_bytes}", link.0),
        Input::Computed { op, result } => {
            format!("computed {} ok={}", op.0, result.is_ok())
        }
        Input::Command(command) => format!("command {command:?}"),
    }
}

fn short(content: &Content) -> String {
    format!("{}/{}", content.hash.short(), content.size)
}

fn describe_step(step: &Step) -> String {
    let named =
        |expected: &Option<Content>| expected.as_ref().map_or_else(|| "nothing".to_owned(), short);
    match step {
        Step::Replace { path, expected, source, .. } => {
            let new = match source {
                crate::model::Source::Bytes(bytes) => short(&Content::of(bytes)),
                crate::model::Source::CopyOf { path, content } => {
                    format!("copy of {path} {}", short(content))
                }
                crate::model::Source::Part(content) => format!("part {}", short(content)),
            };
            format!("replace {path}: {} by {new}", named(expected))
        }
        Step::Remove { path, expected } => format!("remove {path}: {}", short(expected)),
        Step::Rename { from, to, expected } => {
            format!("rename {from} to {to}: {}", short(expected))
        }
        Step::MakeFolder(path) => format!("make-folder {path}"),
        Step::RemoveFolder(path) => format!("remove-folder {path}"),
    }
}

fn describe_look(observed: &Observed) -> String {
    match observed {
        Observed::Absent => "absent".into(),
        Observed::File(seen) => format!("file {}", short(&seen.content)),
        Observed::Folder { empty, .. } => format!("folder empty={empty}"),
        Observed::Ignored => "ignored".into(),
        Observed::Special(problem) | Observed::Problem(problem) => {
            format!("problem {}", problem.message)
        }
    }
}

fn batch(writes: &[Write]) -> String {
    let mut text = String::new();
    for write in writes {
        let separator = if text.is_empty() { "" } else { ", " };
        let one = match write {
            Write::File { id, record } => format!("file {} {}b", id.short(), record.len()),
            Write::ForgetFile(id) => format!("forget {}", id.short()),
            Write::Snapshot { id, bytes } => format!("snapshot {} {}b", id.short(), bytes.len()),
            Write::Changes { id, changes } => format!("changes {} {}", id.short(), changes.len()),
            Write::Text { hash, bytes, .. } => format!("text {} {}b", hash.short(), bytes.len()),
            Write::Peer { id, .. } => format!("peer {}", id.short()),
            Write::Meta { key, .. } => format!("meta {key}"),
            Write::Ledger { entry, .. } => format!("ledger {}b", entry.len()),
        };
        write!(text, "{separator}{one}").expect("a string takes everything");
    }
    text
}

fn describe_message(message: &Message) -> String {
    match message {
        Message::Packed(packed) => {
            let mut text = format!("packed {}b", packed.pack.raw_bytes);
            for (_, it) in &packed.deliveries {
                write!(text, " [{} {}]", it.id.short(), it.birth)
                    .expect("a string takes everything");
            }
            text
        }
        Message::Deliver(deliveries) => {
            let mut text = String::from("deliver");
            for it in deliveries {
                let body = match &it.body {
                    Body::Plain { content, bytes, .. } => {
                        format!("plain {} bytes={}", short(content), bytes.is_some())
                    }
                    Body::Document { bytes } => format!("document {}b", bytes.len()),
                    Body::Changes { changes, heads, .. } => {
                        format!("{} changes to {:?}", changes.len(), heads.as_slice())
                    }
                };
                write!(text, " [{} {} {body}]", it.id.short(), it.birth)
                    .expect("a string takes everything");
            }
            text
        }
        Message::Chunk { hash, index, bytes } => {
            format!("chunk {} {index} {}b", hash.short(), bytes.len())
        }
        Message::Hello(hello) => format!("hello {:?} files={}", hello.digest, hello.files),
        Message::Pair(_) => "pair".into(),
        Message::Paired { members } => format!("paired {}", members.len()),
        Message::Members(members) => format!("members {}", members.len()),
        Message::Sums(_)
        | Message::Leaves(_)
        | Message::Items(_)
        | Message::States { .. }
        | Message::Compared
        | Message::Ack(_)
        | Message::Need(_)
        | Message::Settled { .. }
        | Message::OutlineWant(_)
        | Message::Outline { .. }
        | Message::ChunkWant { .. }
        | Message::ContentGone(_)
        | Message::Bye(_)
        | Message::Holds(_)
        | Message::Share(_) => format!("{message:?}"),
    }
}
