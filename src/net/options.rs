//! How an endpoint is bound.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::LANES;

/// Longest wait for a peer that is dialled: handshake and agreement on the link included.
///
/// A device that is off says nothing, so this is what a one-shot spends on it. The first packet
/// goes out at once and again after one and three seconds; the next would follow after seven. Who
/// answers none of three is off, also through a relay, which takes one or two seconds to reach.
/// Shorter gives up on far peers after one lost packet, longer holds up every one-shot. iroh by
/// itself waits 30 s.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Silence after which a peer counts as dead; the shorter one of both sides holds. Shorter drops
/// laptops that change their network, longer keeps the links of the dead.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long an accepted stranger may stay silent, or wait to be trusted with more than small
/// control frames.
pub const STRANGER_TIMEOUT: Duration = Duration::from_secs(10);

/// In each such time a peer must take, or send, some kilobytes of the frames under way. Shorter drops
/// devices that are busy taking in a whole vault, longer keeps links of which nobody has anything.
pub const STALL_TIMEOUT: Duration = Duration::from_secs(120);

/// Which relay servers help two devices that cannot reach each other directly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relay {
    /// The public ones that iroh knows.
    Default,
    /// None: direct connections only.
    None,
    /// One of the user's own, by URL.
    Url(String),
}

/// How addresses of peers are found beside those remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discovery {
    /// Ask and answer on the local network.
    pub mdns: bool,
    /// Publish to and ask the public directory that iroh knows.
    pub dns: bool,
}

impl Discovery {
    /// Both ways.
    pub const DEFAULT: Self = Self { mdns: true, dns: true };
    /// Neither.
    pub const NONE: Self = Self { mdns: false, dns: false };
}

/// Everything [`super::Net::bind`] needs to know.
///
/// - Shape: with a loopback `bind`, [`Relay::None`] and [`Discovery::NONE`] nothing ever leaves the
///   machine: addresses elsewhere are not even tried.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    /// The device's Ed25519 secret key.
    pub secret_key: [u8; 32],
    /// The one address to bind; `None` binds all interfaces at `port`.
    pub bind: Option<SocketAddr>,
    /// The UDP port when `bind` is `None`; zero lets the system choose.
    pub port: u16,
    /// Relay servers.
    pub relay: Relay,
    /// Ways to find addresses.
    pub discovery: Discovery,
    /// Longest wait of one dial.
    pub connect_timeout: Duration,
    /// Silence after which a link counts as dead.
    pub idle_timeout: Duration,
    /// How long a stranger is waited for.
    pub stranger_timeout: Duration,
    /// In which time some kilobytes of the frames under way must move.
    pub stall_timeout: Duration,
    /// Largest frame of each lane in bytes, in both directions, for peers that are trusted.
    pub frame_limit_bytes: [u32; LANES],
}

impl Options {
    /// The usual: all interfaces, public relays, all discovery.
    pub fn new(secret_key: [u8; 32], frame_limit_bytes: [u32; LANES]) -> Self {
        Self {
            secret_key,
            bind: None,
            port: 0,
            relay: Relay::Default,
            discovery: Discovery::DEFAULT,
            connect_timeout: CONNECT_TIMEOUT,
            idle_timeout: IDLE_TIMEOUT,
            stranger_timeout: STRANGER_TIMEOUT,
            stall_timeout: STALL_TIMEOUT,
            frame_limit_bytes,
        }
    }

    /// Nothing but this machine: `127.0.0.1` at `port`, no relay, no discovery.
    pub fn loopback(secret_key: [u8; 32], port: u16, frame_limit_bytes: [u32; LANES]) -> Self {
        Self {
            bind: Some(SocketAddr::from(([127, 0, 0, 1], port))),
            relay: Relay::None,
            discovery: Discovery::NONE,
            ..Self::new(secret_key, frame_limit_bytes)
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("bind", &self.bind)
            .field("port", &self.port)
            .field("relay", &self.relay)
            .field("discovery", &self.discovery)
            .field("connect_timeout", &self.connect_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("stranger_timeout", &self.stranger_timeout)
            .field("stall_timeout", &self.stall_timeout)
            .field("frame_limit_bytes", &self.frame_limit_bytes)
            .finish_non_exhaustive()
    }
}
