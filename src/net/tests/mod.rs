//! Two or three endpoints on loopback. Nothing waits for a fixed time; what does not come within
//! [`PATIENCE`] fails the test.

mod slow;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::*;
use crate::model::PeerId;

/// Far more than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
const LIMITS: [u32; LANES] = [4 << 20, 8 << 20, 16 << 20, 1 << 20];

struct Device {
    net: Net,
    events: mpsc::Receiver<Event>,
    /// Events met while another was looked for.
    kept: VecDeque<Event>,
}

fn options(key: u8) -> Options {
    Options::loopback([key; 32], 0, LIMITS)
}

async fn device_with(options: Options) -> Device {
    let (sender, events) = mpsc::channel(64);
    let net = Net::bind(options, sender).await.unwrap();
    Device { net, events, kept: VecDeque::new() }
}

async fn device(key: u8) -> Device {
    device_with(options(key)).await
}

impl Device {
    fn id(&self) -> PeerId {
        self.net.id()
    }

    fn dial(&self, other: &Self) {
        self.net.dial(other.id(), &other.net.addresses());
    }

    /// The first event that `wanted` takes; the others are kept in order.
    async fn find<T>(&mut self, what: &str, wanted: impl Fn(&Event) -> Option<T>) -> T {
        if let Some(at) = self.kept.iter().position(|event| wanted(event).is_some()) {
            return wanted(&self.kept.remove(at).unwrap()).unwrap();
        }
        let looking = async {
            loop {
                let event = self.events.recv().await.expect("the endpoint lives");
                match wanted(&event) {
                    Some(found) => return found,
                    None => self.kept.push_back(event),
                }
            }
        };
        let found = timeout(PATIENCE, looking).await;
        found.unwrap_or_else(|_| panic!("no {what} came, but {:?}", self.kept))
    }

    async fn up(&mut self, from: PeerId) -> (LinkNo, bool) {
        self.find("up", |event| {
            if let Event::Up { link, peer, dialled } = event
                && *peer == from
            {
                Some((*link, *dialled))
            } else {
                None
            }
        })
        .await
    }

    async fn down(&mut self, of: LinkNo) -> String {
        self.find("down", |event| {
            if let Event::Down { link, reason } = event
                && *link == of
            {
                Some(reason.clone())
            } else {
                None
            }
        })
        .await
    }

    async fn frame(&mut self, from: LinkNo, on: u8) -> Vec<u8> {
        self.find("frame", |event| {
            if let Event::Frame { link, lane, bytes } = event
                && *link == from
                && *lane == on
            {
                Some(bytes.clone())
            } else {
                None
            }
        })
        .await
    }

    async fn sent(&mut self, to: LinkNo, on: u8) -> u64 {
        self.find("sent", |event| {
            if let Event::Sent { link, lane, wire_bytes } = event
                && *link == to
                && *lane == on
            {
                Some(*wire_bytes)
            } else {
                None
            }
        })
        .await
    }

    async fn failed(&mut self, to: PeerId) -> (DialFailure, String) {
        self.find("failed", |event| {
            if let Event::DialFailed { peer, kind, text } = event
                && *peer == to
            {
                Some((*kind, text.clone()))
            } else {
                None
            }
        })
        .await
    }

    /// Whether an event that `unwanted` takes came so far.
    fn met(&mut self, unwanted: impl Fn(&Event) -> bool) -> bool {
        while let Ok(event) = self.events.try_recv() {
            self.kept.push_back(event);
        }
        self.kept.iter().any(unwanted)
    }
}

/// A device that can be killed.
struct Mortal {
    device: Device,
    runtime: Runtime,
}

async fn mortal(options: Options) -> Mortal {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let device = runtime.spawn(device_with(options)).await.unwrap();
    Mortal { device, runtime }
}

impl Mortal {
    /// Ends as a killed process does: without a word. Its tasks go first, so that nothing that is
    /// dropped can still say goodbye.
    async fn kill(self) {
        let Self { device, runtime } = self;
        let stopping = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(PATIENCE));
        stopping.await.unwrap();
        drop(device);
    }
}

/// Two devices with a link; the first dialled, each trusts the other.
async fn pair() -> (Device, Device, LinkNo, LinkNo) {
    let (mut a, mut b) = (device(1).await, device(2).await);
    b.net.allow([a.id()]);
    a.dial(&b);
    let (from_a, dialled) = a.up(b.id()).await;
    assert!(dialled);
    let (from_b, dialled) = b.up(a.id()).await;
    assert!(!dialled);
    (a, b, from_a, from_b)
}

fn pattern(len: usize, seed: u8) -> Vec<u8> {
    (0..len).map(|at| (at % 251).to_le_bytes()[0].wrapping_add(seed)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_lanes_carry_frames_in_order_both_ways() {
    let (mut a, mut b, from_a, from_b) = pair().await;
    for lane in 0..4_u8 {
        for round in 0..10_u8 {
            a.net.send(from_a, lane, vec![lane, round, 1]).unwrap();
            b.net.send(from_b, lane, vec![lane, round, 2]).unwrap();
        }
    }
    for lane in (0..4_u8).rev() {
        for round in 0..10_u8 {
            assert_eq!(b.frame(from_b, lane).await, [lane, round, 1]);
            assert_eq!(a.frame(from_a, lane).await, [lane, round, 2]);
            assert_eq!(a.sent(from_a, lane).await, 7);
            assert_eq!(b.sent(from_b, lane).await, 7);
        }
    }
    let figures = a.net.figures();
    assert_eq!(figures.len(), 1);
    assert_eq!(figures[0].peer, b.id());
    assert_eq!(figures[0].relayed, Some(false));
    assert!(figures[0].sent_bytes > 0 && figures[0].received_bytes > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_frame_and_one_at_the_limit_arrive() {
    let (a, mut b, from_a, from_b) = pair().await;
    for lane in [2_u8, 3] {
        let limit = LIMITS[usize::from(lane)] as usize;
        for len in [0, 1, limit - 1, limit] {
            let frame = pattern(len, lane);
            a.net.send(from_a, lane, frame.clone()).unwrap();
            assert!(b.frame(from_b, lane).await == frame, "{lane} {len}");
        }
        let above = a.net.send(from_a, lane, vec![0; limit + 1]);
        assert!(matches!(above, Err(Error::TooLarge { .. })), "{above:?}");
    }
    assert!(matches!(a.net.send(from_a, 4, vec![]), Err(Error::Lane(4))));
    assert!(matches!(a.net.send(LinkNo(99), 0, vec![]), Err(Error::Gone(LinkNo(99)))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_oversize_frame_ends_the_link() {
    let generous = Options { frame_limit_bytes: [64 << 20; LANES], ..options(1) };
    let (mut a, mut b) = (device_with(generous).await, device(2).await);
    b.net.allow([a.id()]);
    a.dial(&b);
    let (from_a, _) = a.up(b.id()).await;
    let (from_b, _) = b.up(a.id()).await;
    a.net.send(from_a, 3, vec![0; (1 << 20) + 1]).unwrap();
    let reason = b.down(from_b).await;
    assert!(reason.contains("1048577"), "{reason}");
    let reason = a.down(from_a).await;
    assert!(reason.contains("1048577"), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_frame_overtakes_large_ones() {
    let (a, mut b, from_a, from_b) = pair().await;
    for round in 0..4_u8 {
        a.net.send(from_a, 2, pattern(16 << 20, round)).unwrap();
    }
    a.net.send(from_a, 0, vec![9]).unwrap();
    assert_eq!(b.frame(from_b, 0).await, [9]);
    let bulk = |event: &&Event| matches!(event, Event::Frame { lane: 2, .. });
    assert!(b.kept.iter().filter(bulk).count() < 4);
    for round in 0..4_u8 {
        assert!(b.frame(from_b, 2).await == pattern(16 << 20, round));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_pauses_loses_nothing() {
    // Room for one event: everything else waits in the peer, unsent.
    let (sender, events) = mpsc::channel(1);
    let net = Net::bind(options(2), sender).await.unwrap();
    let mut b = Device { net, events, kept: VecDeque::new() };
    let mut a = device(1).await;
    b.net.allow([a.id()]);
    a.dial(&b);
    let (from_a, _) = a.up(b.id()).await;
    for round in 0..40_u8 {
        a.net.send(from_a, 2, pattern(1 << 20, round)).unwrap();
    }
    let (from_b, _) = b.up(a.id()).await;
    for round in 0..40_u8 {
        assert!(b.frame(from_b, 2).await == pattern(1 << 20, round));
    }
    for _ in 0..40 {
        a.sent(from_a, 2).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dials_in_the_same_moment_end_in_one_link() {
    for round in 0..50_u8 {
        let (mut a, mut b) = (device(round + 1).await, device(round + 101).await);
        a.net.allow([b.id()]);
        b.net.allow([a.id()]);
        a.dial(&b);
        b.dial(&a);
        let (from_a, _) = a.up(b.id()).await;
        let (from_b, _) = b.up(a.id()).await;
        a.net.send(from_a, 1, vec![round]).unwrap();
        b.net.send(from_b, 1, vec![round]).unwrap();
        assert_eq!(b.frame(from_b, 1).await, [round]);
        assert_eq!(a.frame(from_a, 1).await, [round]);
        // Both dials are over once both close, so a second link would have shown by then.
        a.net.close(from_a);
        a.down(from_a).await;
        b.down(from_b).await;
        for device in [&mut a, &mut b] {
            assert!(
                !device.met(|event| matches!(event, Event::Up { .. } | Event::DialFailed { .. })),
                "round {round}: {:?}",
                device.kept
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dial_of_a_linked_peer_changes_nothing() {
    let (mut a, mut b, from_a, from_b) = pair().await;
    for _ in 0..5 {
        a.dial(&b);
        b.dial(&a);
    }
    a.net.send(from_a, 0, vec![1]).unwrap();
    assert_eq!(b.frame(from_b, 0).await, [1]);
    let changed = |event: &Event| {
        matches!(event, Event::Up { .. } | Event::Down { .. } | Event::DialFailed { .. })
    };
    assert!(!a.met(changed) && !b.met(changed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closing_link_delivers_what_was_queued() {
    let (mut a, mut b, from_a, from_b) = pair().await;
    for lane in 0..4_u8 {
        for round in 0..5_u8 {
            a.net.send(from_a, lane, pattern(300_000, lane * 10 + round)).unwrap();
            b.net.send(from_b, lane, pattern(300_000, round)).unwrap();
        }
    }
    // Both at once: neither may cut off the other.
    a.net.close(from_a);
    b.net.close(from_b);
    assert!(matches!(a.net.send(from_a, 0, vec![]), Err(Error::Gone(_))));
    for lane in 0..4_u8 {
        for round in 0..5_u8 {
            let frame = b.frame(from_b, lane).await;
            assert!(frame == pattern(300_000, lane * 10 + round));
            assert!(a.frame(from_a, lane).await == pattern(300_000, round));
        }
    }
    let (at_a, at_b) = (a.down(from_a).await, b.down(from_b).await);
    for reason in [at_a, at_b] {
        assert!(reason.contains("closed"), "{reason}");
    }
    // And the two can meet again.
    b.dial(&a);
    let (again, _) = a.up(b.id()).await;
    assert!(again > from_a);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dial_while_the_old_link_closes_waits_for_it() {
    let (mut a, mut b, from_a, from_b) = pair().await;
    a.net.close(from_a);
    a.dial(&b);
    let (again, _) = a.up(b.id()).await;
    assert!(again > from_a);
    b.down(from_b).await;
    b.up(a.id()).await;
    // The down came before the second up.
    assert!(a.met(|event| matches!(event, Event::Down { link, .. } if *link == from_a)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vanished_peer_is_noticed() {
    let quick = |key| Options { idle_timeout: Duration::from_secs(1), ..options(key) };
    let (mut a, mut b) = (device_with(quick(1)).await, mortal(quick(2)).await);
    a.dial(&b.device);
    let (from_a, _) = a.up(b.device.id()).await;
    let (from_b, _) = b.device.up(a.id()).await;
    a.net.send(from_a, 0, vec![1]).unwrap();
    b.device.frame(from_b, 0).await;
    b.kill().await;
    let reason = a.down(from_a).await;
    assert!(reason.contains("silent"), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_stranger_is_dropped() {
    let strict = Options { stranger_timeout: Duration::from_millis(300), ..options(2) };
    let (mut a, mut b) = (device(1).await, device_with(strict).await);
    a.dial(&b);
    let (from_a, _) = a.up(b.id()).await;
    let (from_b, _) = b.up(a.id()).await;
    let reason = b.down(from_b).await;
    assert!(reason.contains("said nothing"), "{reason}");
    a.down(from_a).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_gets_small_control_frames_only() {
    let small = STRANGER_FRAME_BYTES as usize;
    let strict = || Options { stranger_timeout: Duration::from_secs(1), ..options(2) };
    for (lane, len) in [(0_u8, small + 1), (1, 1), (2, 1), (3, 1)] {
        let (mut a, mut b) = (device(1).await, device_with(strict()).await);
        a.dial(&b);
        let (from_a, _) = a.up(b.id()).await;
        let (from_b, _) = b.up(a.id()).await;
        a.net.send(from_a, 0, vec![7; small]).unwrap();
        assert_eq!(b.frame(from_b, 0).await.len(), small);
        a.net.send(from_a, lane, vec![8; len]).unwrap();
        let reason = b.down(from_b).await;
        assert!(reason.contains("stranger"), "{lane}: {reason}");
        assert!(!b.met(|event| matches!(event, Event::Frame { .. })));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_stranger_goes_on_where_it_waited() {
    let (mut a, mut b) = (device(1).await, device(2).await);
    a.dial(&b);
    let (from_a, _) = a.up(b.id()).await;
    let (from_b, _) = b.up(a.id()).await;
    a.net.send(from_a, 0, vec![1]).unwrap();
    a.net.send(from_a, 0, pattern(1 << 20, 5)).unwrap();
    a.net.send(from_a, 1, pattern(1 << 20, 6)).unwrap();
    assert_eq!(b.frame(from_b, 0).await, [1]);
    b.net.allow([a.id()]);
    assert!(b.frame(from_b, 0).await == pattern(1 << 20, 5));
    assert!(b.frame(from_b, 1).await == pattern(1 << 20, 6));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_counted() {
    let mut b = device(200).await;
    let mut others = Vec::new();
    for key in 1..=STRANGERS_LIMIT {
        let mut other = device(u8::try_from(key).unwrap()).await;
        other.dial(&b);
        let (link, _) = other.up(b.id()).await;
        other.net.send(link, 0, vec![1]).unwrap();
        let (from_b, _) = b.up(other.id()).await;
        b.frame(from_b, 0).await;
        others.push((other, from_b));
    }
    let mut late = device(100).await;
    late.dial(&b);
    let (kind, _) = late.failed(b.id()).await;
    assert_eq!(kind, DialFailure::Unreachable);
    // One of them becomes known, and there is room for one more.
    b.net.trust(others[0].1);
    late.dial(&b);
    late.up(b.id()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_protocol_is_named_as_such() {
    let (sender, _events) = mpsc::channel(8);
    let other = Net::bind_as(options(2), sender, b"vault-sync/999").await.unwrap();
    let mut a = device(1).await;
    a.net.dial(other.id(), &other.addresses());
    let (kind, text) = a.failed(other.id()).await;
    assert_eq!(kind, DialFailure::Version, "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_address_fails_within_the_limit() {
    let hurried = Options { connect_timeout: Duration::from_millis(500), ..options(1) };
    let mut a = device_with(hurried).await;
    // Bound, so that nobody else is there, and never answered.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let nobody = device(2).await.net.id();
    a.net.dial(nobody, &[silent.local_addr().unwrap().to_string()]);
    let (kind, text) = a.failed(nobody).await;
    assert_eq!(kind, DialFailure::Unreachable);
    assert!(text.contains("in time"), "{text}");
    // No address, addresses of other machines, and texts that are none: nothing is sent at all.
    for addresses in [vec![], vec!["192.0.2.1:1".into(), "https://r.example/".into(), "?".into()]] {
        a.net.dial(nobody, &addresses);
        assert_eq!(a.failed(nobody).await.0, DialFailure::Unreachable);
    }
    // Itself, and an id that is no key.
    a.net.dial(a.id(), &a.net.addresses());
    assert_eq!(a.failed(a.id()).await.0, DialFailure::Unreachable);
    let no_key = PeerId([2; 32]);
    a.net.dial(no_key, &[]);
    assert_eq!(a.failed(no_key).await.0, DialFailure::Unreachable);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_in_use_is_named() {
    let a = device(1).await;
    let port = a.net.port().unwrap();
    let (sender, _events) = mpsc::channel(8);
    let taken = Net::bind(Options::loopback([2; 32], port, LIMITS), sender).await;
    assert!(matches!(taken, Err(Error::PortInUse(named)) if named == port), "{taken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_address_is_noticed() {
    let a = device(1).await;
    let endpoint = &a.net.shared.endpoint;
    let there = "127.0.0.1:9".parse().unwrap();
    let looking = async {
        loop {
            let moved = a.net.moved();
            if endpoint.addr().ip_addrs().any(|at| *at == there) {
                break;
            }
            moved.await;
        }
    };
    let moving = async { tokio::join!(looking, endpoint.add_external_addr(there)) };
    timeout(PATIENCE, moving).await.expect("the move is told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_peer_is_found_at_its_old_address() {
    let (mut a, mut b, from_a, _) = pair().await;
    let (port, remembered) = (b.net.port().unwrap(), b.net.addresses());
    let id = b.id();
    b.net.shutdown().await;
    a.down(from_a).await;
    b = device_with(Options::loopback([2; 32], port, LIMITS)).await;
    assert_eq!((b.id(), b.net.addresses()), (id, remembered.clone()));
    a.net.dial(id, &remembered);
    a.up(id).await;
    b.up(a.id()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_peer_replaces_its_dead_link() {
    // The peer vanishes without a word and comes back at the same address and under the same key,
    // long before the silence is noticed. Once as the device that decides, once as the other.
    for (mine, theirs) in [(1, 2), (2, 1)] {
        let (mut a, mut b) = (device(mine).await, mortal(options(theirs)).await);
        a.net.allow([b.device.id()]);
        b.device.dial(&a);
        let (old, _) = a.up(b.device.id()).await;
        let (link, _) = b.device.up(a.id()).await;
        b.device.net.send(link, 0, vec![1]).unwrap();
        a.frame(old, 0).await;
        b.kill().await;
        let mut again = device(theirs).await;
        again.dial(&a);
        let reason = a.down(old).await;
        assert!(reason.contains("newer"), "{reason}");
        let (new, _) = a.up(again.id()).await;
        let (link, _) = again.up(a.id()).await;
        again.net.send(link, 1, vec![2]).unwrap();
        assert_eq!(a.frame(new, 1).await, [2]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_delivers_what_was_queued() {
    let (a, mut b, from_a, from_b) = pair().await;
    for round in 0..20_u8 {
        a.net.send(from_a, 2, pattern(200_000, round)).unwrap();
    }
    a.net.shutdown().await;
    for round in 0..20_u8 {
        assert!(b.frame(from_b, 2).await == pattern(200_000, round));
    }
    b.down(from_b).await;
}
