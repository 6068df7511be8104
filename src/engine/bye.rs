//! Why connections end, in words for people.

use super::command::Refusal;
use super::core::Engine;
use super::effect::{Effect, LinkId};
use super::link::Phase;
use super::report::Report;
use crate::wire::{Bye, PROTOCOL_VERSION};

impl Engine {
    /// The peer ends a connection.
    pub(super) fn on_bye(&mut self, link: LinkId, bye: Bye) {
        let reason = match bye {
            Bye::Done => "the peer is done".to_owned(),
            Bye::Refused => "the peer refuses this device".to_owned(),
            Bye::Ticket => "the ticket is not valid any more".to_owned(),
            Bye::Version(theirs) => other_version(theirs),
            Bye::OtherVault => "the peer holds another vault".to_owned(),
            Bye::Protocol => "the peer could not follow what this device said".to_owned(),
            Bye::Full => "the peer serves as many devices as it can; try again later".to_owned(),
        };
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        let peer = it.peer;
        let refused = match bye {
            Bye::Refused => Some(Refusal::Member),
            Bye::Ticket => Some(Refusal::Ticket),
            Bye::Version(_) => Some(Refusal::Version),
            Bye::OtherVault => Some(Refusal::Vault),
            Bye::Done | Bye::Protocol | Bye::Full => None,
        };
        it.phase = Phase::Closing;
        it.since = self.now;
        it.closing_reason = Some(reason.clone());
        if let Some(refusal) = refused {
            self.shots.refused(peer, refusal, &reason);
            self.members.refused_us(peer, self.now);
            self.report(Report::PeerRefused(peer, reason));
        }
        self.emit(Effect::Close { link });
    }
}

/// What to tell about a peer of another version.
pub(super) fn other_version(theirs: u16) -> String {
    let older = if theirs < PROTOCOL_VERSION { "the other device" } else { "this device" };
    format!(
        "the peer speaks protocol version {theirs}, this is version {PROTOCOL_VERSION}: \
         update vault-sync on {older}"
    )
}
