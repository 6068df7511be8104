//! The iroh endpoint as this program wants it.

use std::error::Error as StdError;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use iroh::address_lookup::{DnsAddressLookup, PkarrPublisher, PkarrResolver};
use iroh::endpoint::{
    BindOpts, Builder, ConnectOptions, IdleTimeout, PortmapperConfig, QuicTransportConfig, Side,
    VarInt, presets,
};
use iroh::{Endpoint, NetReportConfig, RelayMode, RelayUrl, SecretKey};
use iroh_mdns_address_lookup::MdnsAddressLookup;

use super::{
    Error, LANE_WINDOW_BYTES, LANES, Options, Relay, SEND_WINDOW_BYTES, STRANGER_WINDOW_BYTES,
};

/// A link that is asked for signs of life is asked this many times before it counts as dead.
const KEEP_ALIVES_PER_IDLE: u32 = 3;

/// Silence on a path after which it is asked for a sign of life: by the side that dialled a little
/// sooner, so that the other, which hears and answers it, need not ask as well. Both were counting
/// from the same last packet, and asked in the same moment.
///
/// iroh takes nothing above five seconds. The difference is above the time to the peer and back,
/// except with the farthest, where both ask; a greater one only asks more often.
const PATH_SILENCE: Duration = Duration::from_secs(5);
const PATH_SILENCE_DIALLED: Duration = Duration::from_millis(4750);

/// How often a port that is in use is tried again, and after which pause. One that was let go of a
/// moment ago is free by then; a greater product only delays the message that another holds it.
const BIND_RETRIES: u32 = 10;
const BIND_PAUSE: Duration = Duration::from_millis(50);

/// Binds the endpoint; a port that was in use until now is waited for.
pub(super) async fn patiently(options: &Options, alpn: &[u8]) -> Result<Endpoint, Error> {
    for _ in 0..BIND_RETRIES {
        match endpoint(options, alpn).await {
            Err(Error::PortInUse(_)) => tokio::time::sleep(BIND_PAUSE).await,
            done => return done,
        }
    }
    endpoint(options, alpn).await
}

async fn endpoint(options: &Options, alpn: &[u8]) -> Result<Endpoint, Error> {
    let mut builder = Endpoint::builder(presets::Minimal)
        .secret_key(SecretKey::from_bytes(&options.secret_key))
        .alpns(vec![alpn.to_vec()])
        .transport_config(transport(options, Side::Server))
        .relay_mode(relay_mode(&options.relay)?);
    builder = sockets(builder, options)?;
    if options.relay == Relay::None {
        builder = builder.net_report_config(NetReportConfig::minimal());
    }
    if options.relay == Relay::None || options.bind.is_some() {
        builder = builder.portmapper_config(PortmapperConfig::Disabled);
    }
    if options.discovery.dns {
        builder = builder
            .address_lookup(PkarrPublisher::n0_dns())
            .address_lookup(PkarrResolver::n0_dns())
            .address_lookup(DnsAddressLookup::n0_dns());
    }
    let endpoint = builder.bind().await.map_err(|error| refusal(options, &error))?;
    if options.discovery.mdns {
        // A network without multicast is no reason not to start.
        match (MdnsAddressLookup::builder().build(endpoint.id()), endpoint.address_lookup()) {
            (Ok(mdns), Ok(lookup)) => lookup.add(mdns),
            (Err(error), _) => tracing::warn!("no discovery on the local network: {error}"),
            (Ok(_), Err(error)) => tracing::warn!("no discovery on the local network: {error}"),
        }
    }
    Ok(endpoint)
}

fn sockets(builder: Builder, options: &Options) -> Result<Builder, Error> {
    let wrong = |error: &dyn StdError| Error::Endpoint(error.to_string());
    let builder = builder.clear_ip_transports();
    match options.bind {
        Some(at) => builder.bind_addr(at).map_err(|error| wrong(&error)),
        None => builder
            .bind_addr((Ipv4Addr::UNSPECIFIED, options.port))
            .map_err(|error| wrong(&error))?
            .bind_addr_with_opts(
                (Ipv6Addr::UNSPECIFIED, options.port),
                BindOpts::default().set_is_required(false),
            )
            .map_err(|error| wrong(&error)),
    }
}

fn relay_mode(relay: &Relay) -> Result<RelayMode, Error> {
    match relay {
        Relay::Default => Ok(RelayMode::Default),
        Relay::None => Ok(RelayMode::Disabled),
        Relay::Url(text) => {
            let url: RelayUrl = text.parse().map_err(|error: iroh::RelayUrlParseError| {
                Error::Relay { url: text.clone(), why: error.to_string() }
            })?;
            Ok(RelayMode::custom([url]))
        }
    }
}

/// How a connection is made that this side dials.
pub(super) fn dialling(options: &Options) -> ConnectOptions {
    ConnectOptions::new().with_transport_config(transport(options, Side::Client))
}

fn transport(options: &Options, side: Side) -> QuicTransportConfig {
    let keep_alive = options.idle_timeout / KEEP_ALIVES_PER_IDLE;
    let (keep_alive, path_silence) = match side {
        Side::Client => (keep_alive * 19 / 20, PATH_SILENCE_DIALLED),
        Side::Server => (keep_alive, PATH_SILENCE),
    };
    let streams = u32::try_from(LANES + 1).unwrap_or(u32::MAX);
    QuicTransportConfig::builder()
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(VarInt::from_u32(streams))
        .datagram_receive_buffer_size(None)
        .stream_receive_window(VarInt::from_u32(LANE_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(STRANGER_WINDOW_BYTES))
        .send_window(u64::from(SEND_WINDOW_BYTES))
        .max_idle_timeout(IdleTimeout::try_from(options.idle_timeout).ok())
        .keep_alive_interval(keep_alive)
        .default_path_keep_alive_interval(path_silence)
        .build()
}

/// Sorts a failed bind.
fn refusal(options: &Options, error: &(dyn StdError + 'static)) -> Error {
    let at =
        options.bind.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::UNSPECIFIED, options.port)));
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            let kind = error.kind();
            if kind == io::ErrorKind::AddrInUse {
                return Error::PortInUse(at.port());
            }
            let code = error.raw_os_error();
            return Error::Socket {
                at: at.to_string(),
                source: code.map_or_else(|| io::Error::from(kind), io::Error::from_raw_os_error),
            };
        }
        cause = error.source();
    }
    Error::Endpoint(chain(error))
}

/// An error with its causes, on one line.
pub(super) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_dialled_asks_for_signs_of_life_first() {
        let options = Options::new([1; 32], [1024; LANES]);
        // iroh passes over what it thinks too long, and only says so in its log.
        let asks_after = |side| {
            let told = format!("{:?}", transport(&options, side));
            let (_, rest) = told.split_once("default_path_keep_alive_interval: Some(").unwrap();
            rest.split_once("s)").unwrap().0.parse::<f32>().unwrap()
        };
        assert_eq!((asks_after(Side::Client), asks_after(Side::Server)), (4.75, 5.0));
        let told = format!("{:?}", dialling(&options));
        assert!(told.contains("default_path_keep_alive_interval: Some(4.75s)"), "{told}");
    }
}
