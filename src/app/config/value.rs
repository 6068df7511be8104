//! Values of configuration keys: parsed once, shown as they are written.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::key::Key;
use crate::vault::Patterns;

/// Longest name of a device, in bytes; longer ones would not fit the tables of `status`, and every
/// device keeps the name of every other.
const NAME_LIMIT_BYTES: usize = 64;

/// A value that was checked against its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A whole number, within the key's bounds.
    Number(u64),
    /// A text in the form that the key asks for.
    Text(String),
}

/// What the values of a key look like.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// From, to; both included.
    Number(u64, u64),
    /// One line for people, or nothing.
    Name,
    /// Patterns as in `.gitignore`, with commas between them, or nothing.
    Patterns,
    /// One of these.
    Word(&'static [&'static str]),
    /// See [`Bind`].
    Bind,
    /// See [`Relay`].
    Relay,
    /// See [`Discovery`].
    Discovery,
}

impl Value {
    /// Parses `text` as a value of `key`.
    ///
    /// # Errors
    ///
    /// One clause for people, saying what is expected.
    pub fn parse(key: Key, text: &str) -> Result<Self, String> {
        let text = text.trim();
        match key.shape() {
            Shape::Number(..) => {
                let number = text.parse().ok().ok_or_else(|| Self::expected(key))?;
                Self::number(key, number)
            }
            Shape::Name => name(text).map(Self::Text),
            Shape::Patterns if Patterns::parse(text).is_some() => Ok(Self::Text(text.to_owned())),
            Shape::Word(words) if words.contains(&text) => Ok(Self::Text(text.to_owned())),
            Shape::Patterns | Shape::Word(_) => Err(Self::expected(key)),
            Shape::Bind => Bind::parse(text).map(|bind| Self::Text(bind.to_string())),
            Shape::Relay => Relay::parse(text).map(|relay| Self::Text(relay.to_string())),
            Shape::Discovery => {
                Discovery::parse(text).map(|discovery| Self::Text(discovery.to_string()))
            }
        }
    }

    /// Checks a number against the bounds of `key`.
    pub(super) fn number(key: Key, number: u64) -> Result<Self, String> {
        match key.shape() {
            Shape::Number(least, most) if (least..=most).contains(&number) => {
                Ok(Self::Number(number))
            }
            Shape::Number(..)
            | Shape::Name
            | Shape::Patterns
            | Shape::Word(_)
            | Shape::Bind
            | Shape::Relay
            | Shape::Discovery => Err(Self::expected(key)),
        }
    }

    /// What a value of `key` must be, for messages.
    pub(super) fn expected(key: Key) -> String {
        match key.shape() {
            Shape::Number(least, most) => {
                format!("a whole number from {least} to {most} is expected")
            }
            Shape::Name => format!("a text of at most {NAME_LIMIT_BYTES} bytes is expected"),
            Shape::Patterns => "a comma list of patterns as in .gitignore is expected".into(),
            Shape::Word(words) => format!("one of {} is expected", words.join(", ")),
            Shape::Bind => {
                "all, an IP address, or an address with port such as 127.0.0.1:0 is expected".into()
            }
            Shape::Relay => "default, none, or an https URL is expected".into(),
            Shape::Discovery => "default, none, or a comma list of mdns and dns is expected".into(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

fn name(text: &str) -> Result<String, String> {
    if text.len() > NAME_LIMIT_BYTES || text.chars().any(char::is_control) {
        Err(Value::expected(Key::DeviceName))
    } else {
        Ok(text.to_owned())
    }
}

/// When files that nobody touched for a day are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenBackground {
    /// At any time, after everything newer.
    Always,
    /// While the device is plugged in, or somebody asks.
    Plugged,
    /// When somebody asks.
    Asked,
}

/// Where to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bind {
    /// On every interface, at the port of `net.port`.
    All,
    /// On one address, at the port of `net.port`.
    Address(IpAddr),
    /// On one address and port; port 0 means any.
    Socket(SocketAddr),
}

impl Bind {
    /// Parses `all`, `ADDRESS` or `ADDRESS:PORT`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        let socket = text.parse().map(Self::Socket);
        socket
            .or_else(|_| text.parse().map(Self::Address))
            .ok()
            .ok_or_else(|| Value::expected(Key::NetBind))
    }
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Address(address) => address.fmt(f),
            Self::Socket(address) => address.fmt(f),
        }
    }
}

/// Who passes packets on where no direct path exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relay {
    /// The public relays of the network library.
    Default,
    /// Nobody.
    None,
    /// This one.
    Url(String),
}

impl Relay {
    /// Parses `default`, `none` or a URL.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "default" => Ok(Self::Default),
            "none" => Ok(Self::None),
            url if is_url(url) => Ok(Self::Url(url.to_owned())),
            _ => Err(Value::expected(Key::NetRelay)),
        }
    }
}

/// Catches slips only; the network library has the last word on a URL.
fn is_url(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':']))
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::None => "none",
            Self::Url(url) => url,
        })
    }
}

/// How the addresses of peers are found, beside those remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discovery {
    /// All that this build offers.
    Default,
    /// Only these.
    Only {
        /// By asking the local network.
        mdns: bool,
        /// By records on public name servers.
        dns: bool,
    },
}

impl Discovery {
    /// Parses `default`, `none` or a comma list.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (mut mdns, mut dns) = (false, false);
        match text {
            "default" => return Ok(Self::Default),
            "none" => return Ok(Self::Only { mdns, dns }),
            _ => {}
        }
        for part in text.split(',') {
            match part.trim() {
                "mdns" => mdns = true,
                "dns" => dns = true,
                _ => return Err(Value::expected(Key::NetDiscovery)),
            }
        }
        Ok(Self::Only { mdns, dns })
    }

    /// Whether the local network is asked.
    pub const fn mdns(self) -> bool {
        match self {
            Self::Default => true,
            Self::Only { mdns, .. } => mdns,
        }
    }

    /// Whether public name servers are used.
    pub const fn dns(self) -> bool {
        match self {
            Self::Default => true,
            Self::Only { dns, .. } => dns,
        }
    }
}

impl fmt::Display for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::Only { mdns, dns } => match (mdns, dns) {
                (false, false) => "none",
                (true, false) => "mdns",
                (false, true) => "dns",
                (true, true) => "mdns,dns",
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_bounds() {
        let parse = |text: &str| Value::parse(Key::WatchQuietMs, text);
        assert!(parse("0").is_err());
        assert_eq!(parse("1"), Ok(Value::Number(1)));
        assert_eq!(parse(" 60000 "), Ok(Value::Number(60_000)));
        assert!(parse("60001").is_err());
        for bad in ["", "-1", "1.5", "100ms", "99999999999999999999"] {
            assert_eq!(
                parse(bad),
                Err("a whole number from 1 to 60000 is expected".to_owned()),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_name_is_one_short_line() {
        let parse = |text: &str| Value::parse(Key::DeviceName, text);
        assert_eq!(parse(" Büro-PC "), Ok(Value::Text("Büro-PC".to_owned())));
        assert!(parse("").is_ok());
        assert!(parse("a\nb").is_err());
        assert!(parse("a\x1b[31m").is_err());
        assert!(parse(&"n".repeat(NAME_LIMIT_BYTES)).is_ok());
        assert!(parse(&"n".repeat(NAME_LIMIT_BYTES + 1)).is_err());
    }

    #[test]
    fn addresses_come_with_and_without_port() {
        let socket: SocketAddr = "127.0.0.1:0".parse().unwrap();
        assert_eq!(Bind::parse("127.0.0.1:0"), Ok(Bind::Socket(socket)));
        assert_eq!(Bind::parse("::1"), Ok(Bind::Address("::1".parse().unwrap())));
        assert_eq!(Bind::parse("[::1]:7").unwrap().to_string(), "[::1]:7");
        assert_eq!(Bind::parse("all"), Ok(Bind::All));
        for bad in ["", "localhost", "1.2.3.4:70000", "everything"] {
            assert!(Bind::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn relays_are_words_or_urls() {
        assert_eq!(Relay::parse("none"), Ok(Relay::None));
        assert_eq!(
            Relay::parse("https://relay.example.org:8443"),
            Ok(Relay::Url("https://relay.example.org:8443".to_owned()))
        );
        for bad in ["", "None", "relay.example.org", "https://", "https://a b"] {
            assert!(Relay::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn discovery_is_a_word_or_a_list() {
        let parse = |text: &str| Discovery::parse(text).unwrap();
        assert!(parse("default").mdns() && parse("default").dns());
        assert!(!parse("none").mdns() && !parse("none").dns());
        assert!(parse("mdns").mdns() && !parse("mdns").dns());
        assert_eq!(parse("dns, mdns").to_string(), "mdns,dns");
        for bad in ["", "all", "mdns,", "mdns,upnp"] {
            assert!(Discovery::parse(bad).is_err(), "{bad}");
        }
    }
}
