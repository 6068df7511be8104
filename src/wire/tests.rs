//! Every message as bytes, and bytes that are no message.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use data_encoding::HEXLOWER;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::model::{
    ChangeHash, Content, ContentHash, Digest, FileId, Heads, InPack, Kind, Member, PackedTexts,
    PeerId, TEXT_PACK_BYTES, TextPack, VaultId, VaultPath,
};

fn content(fill: u8) -> Content {
    Content { hash: ContentHash([fill; 32]), size: 300 }
}

fn member() -> Member {
    Member {
        id: PeerId([0x11; 32]),
        name: "laptop".into(),
        name_version: 1,
        addresses: vec!["192.0.2.1:4433".into()],
        epoch: 0,
        removed: false,
    }
}

fn delivery(body: Body) -> Delivery {
    Delivery {
        id: FileId([0x22; 16]),
        birth: VaultPath::parse("a/é.md").unwrap(),
        generation: 1,
        mtime_ms: 1_700_000_000_000,
        others: vec![],
        body,
        packed: None,
    }
}

fn hello() -> Hello {
    Hello {
        version: PROTOCOL_VERSION,
        vault: VaultId([0x33; 16]),
        digest: Digest([0x44; 16]),
        files: 1095,
        gives: true,
        takes: false,
        members: Digest([0x55; 16]),
        share: Share { part: 0, of: 1 },
    }
}

/// A message with the name of its bytes in the fixture.
type Sample = (&'static str, Message);

/// At least one of each message, with every variant inside it.
fn samples() -> Vec<Sample> {
    [opening(), comparing(), delivering(), transferring(), ending()].concat()
}

const ID: FileId = FileId([0x22; 16]);
const DIGEST: Digest = Digest([0x44; 16]);

fn heads() -> Heads {
    Heads::new(vec![ChangeHash([0x66; 32])])
}

fn states() -> Vec<(FileId, State)> {
    vec![
        (ID, State::Absent),
        (ID, State::Plain { kind: Kind::Text, content: content(7) }),
        (ID, State::Document { heads: heads(), recent: vec![ChangeHash([0x77; 32])] }),
    ]
}

fn opening() -> Vec<Sample> {
    vec![
        (
            "pair",
            Message::Pair(Pair {
                version: PROTOCOL_VERSION,
                secret: [0x99; 32],
                name: "phone".into(),
                addresses: vec!["[2001:db8::1]:4433".into()],
            }),
        ),
        ("paired", Message::Paired { members: vec![member()] }),
        ("hello", Message::Hello(hello())),
        ("members", Message::Members(vec![])),
    ]
}

fn comparing() -> Vec<Sample> {
    vec![
        ("sums", Message::Sums(vec![DIGEST, Digest::ZERO])),
        ("leaves", Message::Leaves(vec![Node { node: 300, leaves: vec![DIGEST] }])),
        ("items", Message::Items(vec![Leaf { node: 1, leaf: 2, items: vec![(ID, [8; 8])] }])),
        ("states", Message::States { reply: true, states: states() }),
        ("compared", Message::Compared),
        ("need", Message::Need(states())),
    ]
}

fn delivering() -> Vec<Sample> {
    vec![
        (
            "deliver plain",
            Message::Deliver(vec![
                delivery(Body::Plain {
                    kind: Kind::Text,
                    content: Content::of(b"hi\n"),
                    bytes: Some(b"hi\n".to_vec()),
                }),
                delivery(Body::Plain {
                    kind: Kind::Folder,
                    content: Content::of(b""),
                    bytes: None,
                }),
            ]),
        ),
        (
            "deliver document",
            Message::Deliver(vec![delivery(Body::Document { bytes: vec![1, 2, 3] })]),
        ),
        (
            "deliver changes",
            Message::Deliver(vec![delivery(Body::Changes {
                heads: heads(),
                import: Some((Kind::Blob, content(9))),
                changes: vec![vec![4, 5], vec![]],
            })]),
        ),
        (
            "deliver live",
            Message::Deliver(vec![Delivery {
                others: vec![[0xaa; 4], [0xbb; 4]],
                ..delivery(Body::Document { bytes: vec![] })
            }]),
        ),
        ("packed", packed().0),
        ("ack", Message::Ack(vec![(ID, DIGEST)])),
        ("holds", Message::Holds(vec![(ID, [8; 8])])),
        ("share", Message::Share(Share { part: 1, of: 3 })),
        ("settled", Message::Settled { digest: DIGEST, busy: false, held: 300 }),
    ]
}

const TEXTS: [&[u8]; 3] = [b"hi\n", b"", b"and so on\n"];

/// Two of three texts in a pack, and what comes out of the frame.
fn packed() -> (Message, Message) {
    let PackedTexts { pack, texts } = pack_of(&TEXTS);
    let plain = |text: &[u8], bytes| {
        delivery(Body::Plain { kind: Kind::Text, content: Content::of(text), bytes })
    };
    let wanted = [0, 2];
    let deliveries = wanted.map(|at| (texts[at].1, plain(TEXTS[at], None))).to_vec();
    let whole = wanted.map(|at| Delivery {
        packed: Some(InPack { pack: Arc::clone(&pack), offset: texts[at].1 }),
        ..plain(TEXTS[at], Some(TEXTS[at].to_vec()))
    });
    (Message::Packed(Packed { pack, deliveries }), Message::Deliver(whole.to_vec()))
}

/// What a message is on the other side.
fn arrived(message: Message) -> Message {
    if message == packed().0 { packed().1 } else { message }
}

fn refused(change: impl FnOnce(&mut TextPack, &mut Vec<(u32, Delivery)>)) -> Error {
    let Message::Packed(Packed { pack, mut deliveries }) = packed().0 else { unreachable!() };
    let mut pack = Arc::unwrap_or_clone(pack);
    change(&mut pack, &mut deliveries);
    let message = Message::Packed(Packed { pack: Arc::new(pack), deliveries });
    decode(Lane::Bulk, &encode(&message)).unwrap_err()
}

#[test]
fn a_pack_that_is_not_what_it_says_is_refused() {
    let why = |error: &Error| error.to_string();
    let long = refused(|pack, _| pack.raw_bytes += 1);
    assert_eq!(why(&long), "a pack of texts with another length than it says");
    let short = refused(|pack, _| pack.raw_bytes -= 1);
    assert_eq!(why(&short), "a pack of texts with another length than it says");
    let bomb =
        refused(|pack, _| *pack = pack_of(&[&vec![0; TEXT_PACK_BYTES + 1]]).pack.as_ref().clone());
    assert!(matches!(bomb, Error::TooLarge { limit_bytes: TEXT_PACK_BYTES }));
    let trailing = refused(|pack, _| pack.zlib.push(0));
    assert!(matches!(trailing, Error::Trailing { bytes: 1 }));
    assert!(matches!(refused(|pack, _| pack.zlib.truncate(5)), Error::Zlib(_)));
    // Texts over one another would make much of little.
    let over = refused(|_, deliveries| deliveries[1].0 = 0);
    assert_eq!(why(&over), "a pack of texts with a text outside of it, or over another");
    let outside = refused(|_, deliveries| deliveries[1].0 += 1);
    assert_eq!(why(&outside), "a pack of texts with a text outside of it, or over another");
    let huge = refused(|_, deliveries| {
        let content = Content { size: u64::MAX, ..Content::of(b"") };
        deliveries[1].1.body = Body::Plain { kind: Kind::Text, content, bytes: None };
    });
    assert_eq!(why(&huge), "a pack of texts with a text outside of it, or over another");
    let other = refused(|_, deliveries| {
        deliveries[0].1.body = Body::Document { bytes: vec![] };
    });
    assert_eq!(why(&other), "a pack of texts with something else than a text");
}

fn transferring() -> Vec<Sample> {
    vec![
        ("outline want", Message::OutlineWant(content(1))),
        (
            "outline",
            Message::Outline { hash: ContentHash([1; 32]), chunks: vec![ContentHash([2; 32])] },
        ),
        ("chunk want", Message::ChunkWant { content: content(1), index: 200 }),
        ("chunk", Message::Chunk { hash: ContentHash([1; 32]), index: 3, bytes: vec![0xff; 5] }),
        ("content gone", Message::ContentGone(ContentHash([1; 32]))),
    ]
}

fn ending() -> Vec<Sample> {
    let byes = [
        ("bye done", Bye::Done),
        ("bye refused", Bye::Refused),
        ("bye ticket", Bye::Ticket),
        ("bye version", Bye::Version(2)),
        ("bye other vault", Bye::OtherVault),
        ("bye protocol", Bye::Protocol),
        ("bye full", Bye::Full),
    ];
    let sample = |(name, bye)| (name, Message::Bye(bye));
    byes.into_iter().map(sample).collect()
}

#[expect(clippy::disallowed_methods, reason = "a fixture is read from the disk")]
fn fixture() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/wire/v1.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_message_has_the_bytes_of_version_1() {
    let pinned = fixture();
    let now: BTreeMap<String, String> = samples()
        .into_iter()
        .map(|(name, message)| (name.to_owned(), HEXLOWER.encode(&encode(&message))))
        .collect();
    assert_eq!(now, pinned, "now:\n{}", serde_json::to_string_pretty(&now).unwrap());
    for (name, message) in samples() {
        let frame = HEXLOWER.decode(pinned[name].as_bytes()).unwrap();
        assert_eq!(decode(Lane::Control, &frame).unwrap(), arrived(message), "{name}");
    }
}

#[test]
fn the_samples_cover_every_tag() {
    let mut tags: Vec<u8> = samples().iter().map(|(_, message)| encode(message)[1]).collect();
    tags.sort_unstable();
    tags.dedup();
    let last = u8::try_from(tags.len()).unwrap();
    assert_eq!(tags, (0..last).collect::<Vec<u8>>());
    assert!(matches!(
        decode(Lane::Control, &[0, last]),
        Err(Error::Message { tag: Some(tag), .. }) if tag == last
    ));
}

#[test]
fn every_cut_and_every_addition_is_refused() {
    for (name, message) in samples() {
        let frame = encode(&message);
        for cut in 0..frame.len() {
            assert!(decode(Lane::Control, &frame[..cut]).is_err(), "{name} cut at {cut}");
        }
        let mut longer = frame.clone();
        longer.push(0);
        assert!(
            matches!(decode(Lane::Control, &longer), Err(Error::Trailing { bytes: 1 })),
            "{name}"
        );
    }
}

fn chunk(bytes: Vec<u8>) -> Message {
    Message::Chunk { hash: ContentHash([1; 32]), index: 0, bytes }
}

fn document(bytes: Vec<u8>) -> Message {
    Message::Deliver(vec![delivery(Body::Document { bytes })])
}

/// Bytes that no packer makes smaller.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    })
    .take(len)
    .collect()
}

#[test]
fn long_bodies_are_packed_when_that_helps() {
    let overhead = encode(&document(vec![])).len() - 1;
    // One byte more of length from 128 on.
    let body = |len: usize| encode(&document(vec![b'a'; len - overhead - 1]));
    assert_eq!(body(PACK_FROM_BYTES - 1)[0], 0);
    assert_eq!(body(PACK_FROM_BYTES - 1).len(), PACK_FROM_BYTES);
    assert_eq!(body(PACK_FROM_BYTES)[0], 1);
    assert!(body(PACK_FROM_BYTES).len() < 200);
    let from = |from, bytes| Packer::new(from).encode(&document(vec![b'a'; bytes]))[0];
    assert_eq!((from(512, 400), from(512, 512), from(usize::MAX, 5000)), (0, 1, 0));
    assert_eq!(encode(&document(noise(50_000)))[0], 0);
    assert_eq!(encode(&chunk(noise(50_000)))[0], 0);
    assert_eq!(encode(&chunk(vec![7; 50_000]))[0], 1);
    // The sample decides for a chunk, and only for a chunk.
    let mut mixed = noise(4096);
    mixed.extend(vec![7; 50_000]);
    assert_eq!(encode(&chunk(mixed.clone()))[0], 0);
    assert_eq!(encode(&document(mixed))[0], 1);
}

#[test]
fn limits_hold_at_the_byte() {
    for lane in Lane::ALL {
        let limit = lane.limit_bytes();
        let overhead = encode(&chunk(noise(limit / 2))).len() - limit / 2;
        let at = |extra: usize| encode(&chunk(noise(limit - overhead + extra)));
        for (extra, fits) in [(0, true), (1, false)] {
            let plain = at(extra);
            assert_eq!(plain.len(), limit + extra);
            assert_eq!(decode(lane, &plain).is_ok(), fits, "{lane:?} {extra}");
        }
        assert!(decode(lane, &encode(&chunk(noise(limit - overhead - 1)))).is_ok());
        // Packed: the limit is on what comes out.
        let out = |extra: usize| encode(&chunk(vec![0; limit - overhead + 1 + extra]));
        for (extra, fits) in [(0, true), (1, false)] {
            let packed = out(extra);
            assert_eq!(packed[0], 1);
            assert_eq!(decode(lane, &packed).is_ok(), fits, "{lane:?} {extra}");
        }
    }
}

#[test]
fn a_bomb_is_stopped_at_the_limit() {
    let bomb = encode(&document(vec![0; 64 * 1024 * 1024]));
    assert!(bomb.len() < 300_000, "{}", bomb.len());
    assert!(matches!(
        decode(Lane::Bulk, &bomb),
        Err(Error::TooLarge { limit_bytes: BULK_LIMIT_BYTES })
    ));
    assert!(matches!(
        decode_within(100_000, &encode(&document(vec![0; 100_001]))),
        Err(Error::TooLarge { limit_bytes: 100_000 })
    ));
}

#[test]
fn damaged_packed_frames_are_refused() {
    let frame = encode(&document(vec![b'x'; 5000]));
    assert_eq!(frame[0], 1);
    for cut in 1..frame.len() {
        assert!(decode(Lane::Bulk, &frame[..cut]).is_err(), "cut at {cut}");
    }
    for at in 1..frame.len() {
        let mut flipped = frame.clone();
        flipped[at] ^= 1;
        // zlib's own checksum covers the content; header bits may be spare.
        if let Ok(message) = decode(Lane::Bulk, &flipped) {
            assert_eq!(message, document(vec![b'x'; 5000]), "flip at {at}");
        }
    }
    let mut longer = frame;
    longer.push(0);
    assert!(matches!(decode(Lane::Bulk, &longer), Err(Error::Trailing { bytes: 1 })));
}

#[test]
fn strange_frames_are_named() {
    assert!(matches!(decode(Lane::Live, &[]), Err(Error::Empty)));
    assert!(matches!(decode(Lane::Live, &[2, 8]), Err(Error::Flag(2))));
    assert!(matches!(decode(Lane::Live, &[1, 8]), Err(Error::Zlib(_))));
    assert!(matches!(decode(Lane::Live, &[0]), Err(Error::Message { tag: None, .. })));
}

#[test]
fn a_path_out_of_the_vault_is_no_message() {
    let good = encode(&document(vec![]));
    let at = good.windows(4).position(|four| four == b"a/\xc3\xa9").unwrap();
    let mut evil = good;
    evil[at..at + 4].copy_from_slice(b"../x");
    assert!(matches!(decode(Lane::Bulk, &evil), Err(Error::Message { .. })));
}

#[test]
fn heads_are_a_sorted_set_whatever_the_peer_sends() {
    let sorted = Heads::new(vec![ChangeHash([1; 32]), ChangeHash([2; 32])]);
    let message =
        |heads| Message::Need(vec![(FileId([0; 16]), State::Document { heads, recent: vec![] })]);
    let mut frame = encode(&message(sorted.clone()));
    let at = frame.iter().position(|byte| *byte == 1).unwrap();
    let at = frame[at..].windows(32).position(|w| w == [1; 32]).unwrap() + at;
    frame[at..at + 32].fill(2);
    frame[at + 32..at + 64].fill(1);
    assert_eq!(decode(Lane::Control, &frame).unwrap(), message(sorted));
}

#[test]
fn a_length_without_bytes_costs_nothing() {
    // A chunk that claims four thousand million bytes, and lists that claim as many items.
    let mut frame = encode(&chunk(vec![]));
    frame.pop();
    frame.extend([0xff, 0xff, 0xff, 0xff, 0x0f]);
    assert!(decode(Lane::Blob, &frame).is_err());
    for tag in [1, 3, 4, 5, 6, 9, 10, 11, 19] {
        let claims = [0, tag, 0xff, 0xff, 0xff, 0xff, 0x0f];
        assert!(decode(Lane::Control, &claims).is_err(), "tag {tag}");
    }
}

fn arbitrary_state() -> impl Strategy<Value = State> {
    let hashes = || vec(any::<[u8; 32]>().prop_map(ChangeHash), 0..4);
    prop_oneof![
        Just(State::Absent),
        (any::<[u8; 32]>(), any::<u64>()).prop_map(|(hash, size)| State::Plain {
            kind: Kind::Blob,
            content: Content { hash: ContentHash(hash), size },
        }),
        (hashes(), hashes())
            .prop_map(|(heads, recent)| State::Document { heads: Heads::new(heads), recent }),
    ]
}

fn arbitrary_body() -> impl Strategy<Value = Body> {
    let bytes = || vec(any::<u8>(), 0..3000);
    prop_oneof![
        bytes().prop_map(|bytes| Body::Plain {
            kind: Kind::Text,
            content: Content::of(&bytes),
            bytes: Some(bytes),
        }),
        bytes().prop_map(|bytes| Body::Document { bytes }),
        (vec(bytes(), 0..4), any::<bool>()).prop_map(|(changes, import)| Body::Changes {
            heads: Heads::default(),
            import: import.then(|| (Kind::Text, content(1))),
            changes,
        }),
    ]
}

fn arbitrary() -> impl Strategy<Value = Message> {
    let states = vec((any::<[u8; 16]>().prop_map(FileId), arbitrary_state()), 0..20);
    let path = "[a-zé/]{1,30}".prop_filter_map("a path", |text| VaultPath::parse(&text).ok());
    let others = vec(any::<[u8; 4]>(), 0..9);
    let delivery = (any::<[u8; 16]>(), path, any::<u32>(), any::<i64>(), others, arbitrary_body())
        .prop_map(|(id, birth, generation, mtime_ms, others, body)| Delivery {
            id: FileId(id),
            birth,
            generation,
            mtime_ms,
            others,
            body,
            packed: None,
        });
    let sample = (0..samples().len()).prop_map(|at| samples().swap_remove(at).1);
    prop_oneof![
        sample,
        (any::<bool>(), states).prop_map(|(reply, states)| Message::States { reply, states }),
        vec(delivery, 0..4).prop_map(Message::Deliver),
        vec(any::<[u8; 16]>().prop_map(Digest), 0..200).prop_map(Message::Sums),
        (any::<u32>(), vec(any::<u8>(), 0..9000)).prop_map(|(index, bytes)| Message::Chunk {
            hash: ContentHash([0; 32]),
            index,
            bytes,
        }),
        vec(("\\PC{0,20}", any::<u32>()), 0..30).prop_map(|members| Message::Members(
            members.into_iter().map(|(name, epoch)| Member { name, epoch, ..member() }).collect()
        )),
    ]
}

proptest! {
    #[test]
    fn any_message_survives(message in arbitrary()) {
        let frame = encode(&message);
        prop_assert_eq!(decode(Lane::Bulk, &frame).unwrap(), arrived(message));
    }

    #[test]
    fn any_bytes_are_refused_or_understood(bytes in vec(any::<u8>(), 0..600)) {
        if let Ok(message) = decode(Lane::Control, &bytes) {
            prop_assert!(decode(Lane::Bulk, &encode(&message)).is_ok());
        }
    }

    #[test]
    fn any_damage_is_refused_or_understood(
        message in arbitrary(), at: prop::sample::Index, byte: u8,
    ) {
        let mut frame = encode(&message);
        let at = at.index(frame.len());
        frame[at] = byte;
        if let Ok(message) = decode(Lane::Bulk, &frame) {
            prop_assert!(decode(Lane::Bulk, &encode(&message)).is_ok());
        }
    }
}

/// Reads lines of `NAME HEX`, inflates each, and packs the result anew. `pako` is looked for where
/// node looks, and in the folder that `VAULT_SYNC_PAKO` names.
const SCRIPT: &str = r"
const at = process.env.VAULT_SYNC_PAKO || 'pako';
let pako;
try { pako = require(at); } catch (error) { console.log('absent'); process.exit(0); }
const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n');
for (const line of lines) {
  const plain = pako.inflate(Buffer.from(line, 'hex'));
  const packed = pako.deflate(plain);
  console.log(Buffer.from(plain).toString('hex') + ' ' + Buffer.from(packed).toString('hex'));
}
";

#[test]
#[expect(clippy::disallowed_methods, reason = "another implementation is asked")]
fn pako_reads_our_frames_and_we_read_its() {
    let messages = [
        document(vec![b'z'; 5000]),
        document("Ein Satz, und noch ein Satz. ".repeat(400).into_bytes()),
        chunk((0..60_000_u32).flat_map(u32::to_be_bytes).collect()),
    ];
    let node = Command::new("node")
        .args(["-e", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut node) = node else {
        eprintln!("SKIPPED: node is not installed, compatibility with pako is not proved");
        return;
    };
    let mut stdin = node.stdin.take().unwrap();
    for message in &messages {
        let frame = encode(message);
        assert_eq!(frame[0], 1);
        // A script that found no pako is gone already; what it printed says so below.
        if writeln!(stdin, "{}", HEXLOWER.encode(&frame[1..])).is_err() {
            break;
        }
    }
    drop(stdin);
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    if text.trim() == "absent" {
        eprintln!("SKIPPED: pako is not installed, compatibility with it is not proved");
        return;
    }
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), messages.len());
    for (line, message) in lines.into_iter().zip(messages) {
        let (plain, packed) = line.split_once(' ').unwrap();
        let plain = HEXLOWER.decode(plain.as_bytes()).unwrap();
        let body = postcard::to_stdvec(&message).unwrap();
        assert!(plain == body, "pako read other bytes");
        let mut frame = vec![1];
        frame.extend(HEXLOWER.decode(packed.as_bytes()).unwrap());
        assert_eq!(decode(Lane::Bulk, &frame).unwrap(), message);
    }
}
