//! The text form of an invitation.

use std::fmt;
use std::str::FromStr;

use iroh_tickets::{ParseError, Ticket as Textual};
use serde::{Deserialize, Serialize};

use super::Error;
use crate::model::{ADDRESSES_LIMIT, PeerId, VaultId, WallMs};

/// How every ticket starts.
pub const TICKET_PREFIX: &str = "vaultsync";

/// Longest text that is looked at, in characters; a full ticket has about 600.
const TEXT_LIMIT: usize = 4096;
/// The only layout so far.
const VERSION: u8 = 1;
/// Enough that a typo is missed once in four thousand million times.
const CHECKSUM_BYTES: usize = 4;

/// What a device needs to find and convince the one that invited it.
///
/// - Shape: as text `vaultsync`, then base32 of one version byte, the first four bytes of BLAKE3
///   over the rest, and the fields in postcard, in the order below.
/// - Errors: [`Error::NotATicket`], [`Error::Mangled`], [`Error::TicketVersion`].
/// - Source: `iroh-tickets` for the text form, which has no checksum of its own.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Who invites.
    pub peer: PeerId,
    /// Socket addresses of the inviting device, as text, at most
    /// [`ADDRESSES_LIMIT`]; more are not written.
    pub addresses: Vec<String>,
    /// Its relay, if it has one.
    pub relay: Option<String>,
    /// The vault to join.
    pub vault: VaultId,
    /// Proves the invitation; whoever reads it can use it.
    pub secret: [u8; 32],
    /// When the invitation ends, by the inviting device's clock.
    pub expires: WallMs,
}

impl Ticket {
    /// The addresses followed by the relay, as [`super::Net::dial`] takes them.
    pub fn contacts(&self) -> Vec<String> {
        self.addresses.iter().chain(&self.relay).cloned().collect()
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("peer", &self.peer)
            .field("addresses", &self.addresses)
            .field("relay", &self.relay)
            .field("vault", &self.vault)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// The bytes under the text.
struct Raw(Vec<u8>);

impl Textual for Raw {
    const KIND: &'static str = TICKET_PREFIX;

    fn encode_bytes(&self) -> Vec<u8> {
        self.0.clone()
    }

    fn decode_bytes(bytes: &[u8]) -> Result<Self, ParseError> {
        Ok(Self(bytes.to_vec()))
    }
}

fn checksum(version: u8, body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(TICKET_PREFIX.as_bytes());
    hasher.update(&[version]);
    hasher.update(body);
    let hash = hasher.finalize();
    let [a, b, c, d, ..] = *hash.as_bytes();
    [a, b, c, d]
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut short = self.clone();
        short.addresses.truncate(ADDRESSES_LIMIT);
        let body = postcard::to_stdvec(&short).map_err(|_| fmt::Error)?;
        let mut bytes = vec![VERSION];
        bytes.extend(checksum(VERSION, &body));
        bytes.extend(body);
        f.write_str(&Raw(bytes).encode_string())
    }
}

impl FromStr for Ticket {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim().to_ascii_lowercase();
        let not_a_ticket = Error::NotATicket { expected: TICKET_PREFIX };
        if !text.starts_with(TICKET_PREFIX) {
            return Err(not_a_ticket);
        }
        if text.len() > TEXT_LIMIT {
            return Err(Error::Mangled);
        }
        let Ok(Raw(bytes)) = Raw::decode_string(&text) else {
            return Err(Error::Mangled);
        };
        let Some((&version, rest)) = bytes.split_first() else {
            return Err(Error::Mangled);
        };
        let Some((sum, body)) = rest.split_at_checked(CHECKSUM_BYTES) else {
            return Err(Error::Mangled);
        };
        if sum != checksum(version, body) {
            return Err(Error::Mangled);
        }
        if version != VERSION {
            return Err(Error::TicketVersion(version));
        }
        match postcard::take_from_bytes::<Self>(body) {
            Ok((ticket, [])) if ticket.addresses.len() <= ADDRESSES_LIMIT => Ok(ticket),
            Ok(_) | Err(_) => Err(Error::Mangled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ticket() -> Ticket {
        Ticket {
            peer: PeerId([7; 32]),
            addresses: vec!["192.0.2.1:4433".into(), "[2001:db8::1]:4433".into()],
            relay: Some("https://relay.example/".into()),
            vault: VaultId([3; 16]),
            secret: [9; 32],
            expires: WallMs(1_700_000_000_000),
        }
    }

    #[test]
    fn a_ticket_survives_its_text_form() {
        let text = ticket().to_string();
        assert!(text.starts_with(TICKET_PREFIX), "{text}");
        assert!(text.chars().all(|c| c.is_ascii_alphanumeric()), "{text}");
        assert_eq!(text.parse::<Ticket>().unwrap(), ticket());
        assert_eq!(format!("  {}\n", text.to_uppercase()).parse::<Ticket>().unwrap(), ticket());
        assert_eq!(ticket().contacts().len(), 3);
    }

    #[test]
    fn the_text_form_is_pinned() {
        let text =
            Ticket { addresses: vec!["127.0.0.1:1".into()], relay: None, ..ticket() }.to_string();
        assert_eq!(text, PINNED);
    }
    const PINNED: &str = "";

    #[test]
    fn every_single_typo_is_noticed() {
        let text = ticket().to_string();
        for at in TICKET_PREFIX.len()..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
            let typo = String::from_utf8(bytes).unwrap();
            assert!(matches!(typo.parse::<Ticket>(), Err(Error::Mangled)), "{at}");
        }
        for cut in TICKET_PREFIX.len()..text.len() {
            assert!(matches!(text[..cut].parse::<Ticket>(), Err(Error::Mangled)), "{cut}");
        }
    }

    #[test]
    fn other_texts_are_named_as_such() {
        for other in ["", "hello", "vaultsyn", "endpointaaaa", "https://example.com"] {
            assert!(matches!(other.parse::<Ticket>(), Err(Error::NotATicket { .. })), "{other}");
        }
        let long = format!("{TICKET_PREFIX}{}", "a".repeat(TEXT_LIMIT));
        assert!(matches!(long.parse::<Ticket>(), Err(Error::Mangled)));
    }

    #[test]
    fn a_later_version_is_named() {
        let body = b"something new";
        let mut bytes = vec![2];
        bytes.extend(checksum(2, body));
        bytes.extend(body);
        let text = Raw(bytes).encode_string();
        assert!(matches!(text.parse::<Ticket>(), Err(Error::TicketVersion(2))));
    }

    #[test]
    fn debug_output_keeps_the_secret() {
        let secret = Ticket { secret: [0xee; 32], ..ticket() };
        assert!(!format!("{secret:?}").contains("238"));
    }

    proptest! {
        #[test]
        fn any_text_is_refused_without_panic(tail in "[ -~]{0,200}") {
            let parsed = format!("{TICKET_PREFIX}{tail}").parse::<Ticket>();
            prop_assert!(parsed.is_err());
        }

        #[test]
        fn any_ticket_survives(
            peer: [u8; 32], vault: [u8; 16], secret: [u8; 32], expires: i64,
            addresses in proptest::collection::vec("[0-9.:]{1,21}", 0..=ADDRESSES_LIMIT),
            relay in proptest::option::of("https://[a-z]{1,20}/"),
        ) {
            let ticket = Ticket {
                peer: PeerId(peer), addresses, relay, vault: VaultId(vault), secret,
                expires: WallMs(expires),
            };
            prop_assert_eq!(ticket.to_string().parse::<Ticket>().unwrap(), ticket);
        }
    }
}
