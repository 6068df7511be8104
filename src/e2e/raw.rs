//! A device that is not ours: an endpoint of its own that says whatever a test wants it to say.
//!
//! Its bytes are written by hand from the tables of `net` and `wire`, so that they are checked by
//! somebody who does not use that code.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use iroh::endpoint::{Connection, PortmapperConfig, SendStream, presets};
use iroh::{Endpoint, EndpointAddr, PublicKey, RelayMode, SecretKey, TransportAddr};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::device::PATIENCE;

/// The protocol of this release, as it stands in the handshake.
pub(crate) const PROTOCOL: &str = "vault-sync/1";
/// What an own stream begins with.
const OWN: u8 = 0xff;
/// Bytes of an own stream before its first word.
const PREFACE_BYTES: usize = 9;
/// Both words that end a link, with lane 0 as the only one used.
const FAREWELL: [u8; 3] = [2, 1, 3];

/// Whether it ends a link as agreed, or lets the other side wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manners {
    Polite,
    Rude,
}

/// An endpoint on loopback.
pub(crate) struct Raw {
    runtime: Runtime,
    endpoint: Endpoint,
    met: mpsc::UnboundedReceiver<Connection>,
    talks: AtomicU64,
}

/// One connection with it, on which it speaks the link's own words by itself.
pub(crate) struct Talk<'r> {
    raw: &'r Raw,
    connection: Connection,
    lane: Option<SendStream>,
    heard: Heard,
    news: watch::Receiver<u64>,
    _own: Arc<tokio::sync::Mutex<SendStream>>,
}

/// The bytes of every stream that came, in order of their opening.
type Heard = Arc<Mutex<Vec<Vec<u8>>>>;

impl Raw {
    /// Binds `at` with a device's secret key.
    pub(crate) fn new(key: [u8; 32], at: SocketAddr, protocol: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let protocol = protocol.as_bytes().to_vec();
        let (endpoint, met) = runtime.block_on(async {
            let endpoint = Endpoint::builder(presets::Minimal)
                .secret_key(SecretKey::from_bytes(&key))
                .alpns(vec![protocol])
                .relay_mode(RelayMode::Disabled)
                .portmapper_config(PortmapperConfig::Disabled)
                .clear_ip_transports()
                .bind_addr(at)
                .unwrap()
                .bind()
                .await
                .unwrap();
            let (sender, met) = mpsc::unbounded_channel();
            let accepting = endpoint.clone();
            tokio::spawn(async move {
                while let Some(incoming) = accepting.accept().await {
                    // A handshake that fails is what some tests are about.
                    if let Ok(connection) = incoming.await
                        && sender.send(connection).is_err()
                    {
                        break;
                    }
                }
            });
            (endpoint, met)
        });
        Self { runtime, endpoint, met, talks: AtomicU64::new(0) }
    }

    /// Somebody nobody has heard of.
    pub(crate) fn stranger(seed: u8) -> Self {
        Self::new([seed; 32], SocketAddr::from(([127, 0, 0, 1], 0)), PROTOCOL)
    }

    /// The device whose home this is, in its place.
    pub(crate) fn instead_of(home: &Path, address: &str, protocol: &str) -> Self {
        let key = std::fs::read_to_string(home.join("identity")).unwrap();
        let key = data_encoding::HEXLOWER.decode(key.trim().as_bytes()).unwrap();
        Self::new(key.try_into().unwrap(), address.parse().unwrap(), protocol)
    }

    pub(crate) fn id(&self) -> String {
        data_encoding::HEXLOWER.encode(self.endpoint.id().as_bytes())
    }

    /// Connects with `protocol`; the text says why it could not.
    pub(crate) fn dial(
        &self,
        (peer, address): (&str, &str),
        protocol: &str,
        manners: Manners,
    ) -> Result<Talk<'_>, String> {
        let key = data_encoding::HEXLOWER.decode(peer.as_bytes()).unwrap();
        let key = PublicKey::from_bytes(&key.try_into().unwrap()).unwrap();
        let address = TransportAddr::Ip(address.parse().unwrap());
        let connected = self.runtime.block_on(async {
            let target = EndpointAddr::from_parts(key, [address]);
            let dialling = self.endpoint.connect(target, protocol.as_bytes());
            tokio::time::timeout(PATIENCE, dialling).await
        });
        match connected {
            Ok(Ok(connection)) => Ok(self.talk(connection, manners)),
            Ok(Err(error)) => Err(format!("{error:?}")),
            Err(late) => panic!("neither connected nor refused: {late}"),
        }
    }

    /// Waits for somebody to connect.
    pub(crate) fn meet(&mut self, manners: Manners) -> Talk<'_> {
        let met = &mut self.met;
        let met = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, met.recv()).await });
        let connection = met.expect("nobody came").unwrap();
        self.talk(connection, manners)
    }

    fn talk(&self, connection: Connection, manners: Manners) -> Talk<'_> {
        let heard = Heard::default();
        let (told, news) = watch::channel(0);
        let mut preface = vec![OWN];
        // Each connection is a life of its own; told twice, it would be a second one of the same.
        let number = self.talks.fetch_add(1, Ordering::Relaxed) + 1;
        preface.extend(number.to_be_bytes());
        let own = self.runtime.block_on(async {
            let mut own = connection.open_uni().await.unwrap();
            own.write_all(&preface).await.unwrap();
            own
        });
        let own = Arc::new(tokio::sync::Mutex::new(own));
        let (from, into, answering) = (connection.clone(), Arc::clone(&heard), Arc::clone(&own));
        self.runtime.spawn(async move {
            let mut readers = tokio::task::JoinSet::new();
            while let Ok(mut stream) = from.accept_uni().await {
                let (into, told, own) = (Arc::clone(&into), told.clone(), Arc::clone(&answering));
                let at = {
                    let mut into = into.lock().unwrap();
                    into.push(Vec::new());
                    into.len() - 1
                };
                readers.spawn(async move {
                    let mut answered = false;
                    while let Ok(Some(chunk)) = stream.read_chunk(4096).await {
                        let ends = {
                            let mut into = into.lock().unwrap();
                            into[at].extend_from_slice(&chunk);
                            into[at][0] == OWN && into[at].len() > PREFACE_BYTES
                        };
                        told.send_modify(|count| *count += 1);
                        if ends && !answered && manners == Manners::Polite {
                            answered = true;
                            own.lock().await.write_all(&FAREWELL).await.ok();
                        }
                    }
                });
            }
            while readers.join_next().await.is_some() {}
            drop(told);
        });
        Talk { raw: self, connection, lane: None, heard, news, _own: own }
    }
}

impl Talk<'_> {
    /// Says one message on the lane of control, plain.
    pub(crate) fn say(&mut self, message: &[u8]) {
        let length = u32::try_from(message.len() + 1).unwrap();
        let connection = &self.connection;
        let lane = &mut self.lane;
        self.raw.runtime.block_on(async {
            let mut bytes = Vec::new();
            if lane.is_none() {
                // The other side may have had enough already.
                let Ok(opened) = connection.open_uni().await else { return };
                *lane = Some(opened);
                bytes.push(0);
            }
            bytes.extend(length.to_be_bytes());
            bytes.push(0);
            bytes.extend(message);
            lane.as_mut().unwrap().write_all(&bytes).await.ok();
        });
    }

    /// Tells, once it ended, why the other side closed the connection.
    pub(crate) fn closed(&self) -> impl Fn() -> String + use<> {
        let connection = self.connection.clone();
        move || connection.close_reason().map_or_else(String::new, |reason| format!("{reason:?}"))
    }

    /// Waits until `fits` holds of what was said on the lane of control so far.
    pub(crate) fn until(&mut self, what: &str, fits: impl Fn(&[Vec<u8>]) -> bool) {
        let heard = &self.heard;
        let news = &mut self.news;
        let waiting = async {
            while !fits(&messages(&heard.lock().unwrap())) {
                news.changed().await.expect("the connection ended first");
            }
        };
        let waited =
            self.raw.runtime.block_on(async { tokio::time::timeout(PATIENCE, waiting).await });
        assert!(waited.is_ok(), "never {what}: {:?}", self.heard.lock().unwrap());
    }

    /// Waits for the end of the connection; gives what was said on lane 0, and all bytes there were.
    pub(crate) fn all(mut self) -> (Vec<Vec<u8>>, Vec<u8>) {
        if let Some(mut lane) = self.lane.take() {
            lane.finish().unwrap();
        }
        let news = &mut self.news;
        let ended = self.raw.runtime.block_on(async {
            let ending = async { while news.changed().await.is_ok() {} };
            tokio::time::timeout(PATIENCE, ending).await
        });
        assert!(ended.is_ok(), "the connection never ended");
        let heard = self.heard.lock().unwrap();
        (messages(&heard), heard.concat())
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let endpoint = self.endpoint.clone();
        // Frees the port for whoever comes next.
        self.runtime.block_on(async {
            tokio::time::timeout(Duration::from_secs(5), endpoint.close()).await.ok();
        });
    }
}

/// The messages of lane 0 that came whole.
fn messages(streams: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let Some(lane) = streams.iter().find(|it| it.first() == Some(&0)) else { return Vec::new() };
    let (mut rest, mut found) = (&lane[1..], Vec::new());
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let Some((frame, tail)) = tail.split_at_checked(length) else { break };
        assert_eq!(frame[0], 0, "packed: {frame:?}");
        found.push(frame[1..].to_vec());
        rest = tail;
    }
    found
}

/// A hello; the version must be below 128, or it would take two bytes.
pub(crate) fn hello(version: u8, vault: &str) -> Vec<u8> {
    let mut message = vec![2, version];
    message.extend(data_encoding::HEXLOWER.decode(vault.as_bytes()).unwrap());
    message.extend([0; 16]);
    message.extend([0, 1, 1]);
    message.extend([0; 16]);
    message.extend([0, 1]);
    message
}

/// The goodbye of a device that does not know the other.
pub(crate) const REFUSED: [u8; 2] = [18, 1];

/// The goodbye of a device that speaks `version`.
pub(crate) const fn other_version(version: u8) -> [u8; 3] {
    [18, 3, version]
}
