//! A peer that is alive for QUIC and of no use: it does not read, or sends byte by byte.

use iroh::endpoint::{Connection, SendStream, presets};
use iroh::{Endpoint, EndpointAddr, PublicKey, RelayMode, SecretKey, TransportAddr};

use super::*;

/// How long a frame may stand still here.
const STALL: Duration = Duration::from_secs(1);

/// An endpoint that does only what a test wants it to.
struct Raw {
    endpoint: Endpoint,
    connection: Connection,
    /// Kept open, or else the link would end for that.
    _own: SendStream,
}

/// Connects to `device` as its trusted peer, and says the first word that makes a link.
async fn raw(device: &mut Device) -> (Raw, LinkNo) {
    let key = SecretKey::from_bytes(&[9; 32]);
    let me = PeerId(*key.public().as_bytes());
    device.net.allow([me]);
    let endpoint = Endpoint::builder(presets::Minimal)
        .secret_key(key)
        .alpns(vec![ALPN.to_vec()])
        .relay_mode(RelayMode::Disabled)
        .portmapper_config(iroh::endpoint::PortmapperConfig::Disabled)
        .clear_ip_transports()
        .bind_addr("127.0.0.1:0")
        .unwrap()
        .bind()
        .await
        .unwrap();
    let at = device.net.addresses()[0].parse().unwrap();
    let id = PublicKey::from_bytes(&device.id().0).unwrap();
    let target = EndpointAddr::from_parts(id, [TransportAddr::Ip(at)]);
    let connection = endpoint.connect(target, ALPN).await.unwrap();
    let mut own = connection.open_uni().await.unwrap();
    own.write_all(&[0xff, 0, 0, 0, 0, 0, 0, 0, 1]).await.unwrap();
    let (link, _) = device.up(me).await;
    (Raw { endpoint, connection, _own: own }, link)
}

impl Raw {
    /// Begins a frame of `length` bytes on a lane.
    async fn begin(&self, lane: u8, length: u32) -> SendStream {
        let mut stream = self.connection.open_uni().await.unwrap();
        stream.write_all(&[lane]).await.unwrap();
        stream.write_all(&length.to_be_bytes()).await.unwrap();
        stream
    }
}

async fn impatient() -> Device {
    device_with(Options { stall_timeout: STALL, ..options(1) }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_stops_reading_is_given_up_and_holds_up_nobody() {
    let (mut a, mut b) = (impatient().await, device(2).await);
    let (raw, to_raw) = raw(&mut a).await;
    b.net.allow([a.id()]);
    a.dial(&b);
    let (to_b, _) = a.up(b.id()).await;
    let (from_a, _) = b.up(a.id()).await;
    for round in 0..20 {
        a.net.send(to_raw, 2, pattern(1 << 20, round)).unwrap();
    }
    for round in 0..20 {
        a.net.send(to_b, 2, pattern(1 << 20, round)).unwrap();
        assert!(b.frame(from_a, 2).await == pattern(1 << 20, round));
    }
    let reason = a.down(to_raw).await;
    assert!(reason.contains("stopped reading"), "{reason}");
    assert!(!a.met(|event| matches!(event, Event::Down { link, .. } if *link == to_b)));
    raw.endpoint.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_that_comes_byte_by_byte_is_given_up() {
    let mut a = impatient().await;
    let (raw, from_raw) = raw(&mut a).await;
    let mut stream = raw.begin(1, 1 << 20).await;
    let dripping = tokio::spawn(async move {
        while stream.write_all(&[7]).await.is_ok() {
            tokio::time::sleep(STALL / 20).await;
        }
    });
    let reason = a.down(from_raw).await;
    assert!(reason.contains("announced a frame of 1048576 bytes"), "{reason}");
    timeout(PATIENCE, dripping).await.unwrap().unwrap();
    raw.endpoint.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_that_comes_slowly_but_surely_arrives() {
    let mut a = impatient().await;
    let (raw, from_raw) = raw(&mut a).await;
    let whole = pattern(200_000, 3);
    let mut stream = raw.begin(1, 200_000).await;
    // Over three windows long, with many times the least that must come in each.
    for part in whole.chunks(10_000) {
        stream.write_all(part).await.unwrap();
        tokio::time::sleep(STALL / 6).await;
    }
    assert!(a.frame(from_raw, 1).await == whole);
    // Nothing under way is nothing that stands still.
    tokio::time::sleep(STALL * 2).await;
    assert!(!a.met(|event| matches!(event, Event::Down { .. })));
    raw.endpoint.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_than_the_limit_waits_for_one_peer() {
    let mut a = device(1).await;
    let (raw, to_raw) = raw(&mut a).await;
    let frame = 16 << 20;
    let room = QUEUED_LIMIT_BYTES / frame;
    let taken = (0..room * 2)
        .take_while(|_| {
            let bytes = vec![0; usize::try_from(frame).unwrap()];
            a.net.send(to_raw, 2, bytes).is_ok()
        })
        .count() as u64;
    assert!((room..room + 2).contains(&taken), "{taken} of {room}");
    let reason = a.down(to_raw).await;
    assert!(reason.contains("does not read"), "{reason}");
    raw.endpoint.close().await;
}
