//! What the engine counts, in the shapes of the command-line contract.

use super::answer::{
    Cache, Device, Done, Met, Moved, Outcome, Peer, Peers, Reason, Route, Status, Trash, VERSION,
    Vault, Would,
};
use super::clock::rfc3339;
use crate::engine::{self, PeerStatus, Refusal, ShotOutcome, ShotResult};
use crate::model::{Member, PeerId, Problem, VaultId};

/// Everything beside the engine's own figures that answers show.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    /// The vault.
    pub(crate) vault: VaultId,
    /// Where it lies, absolute.
    pub(crate) path: String,
    /// This device.
    pub(crate) me: PeerId,
    /// What a person calls it.
    pub(crate) name: String,
    /// Whether a `watch` runs.
    pub(crate) running: bool,
    /// Resident memory of the answering process, in bytes; zero where the system does not say.
    pub(crate) memory_bytes: u64,
    /// What lies in the trash; counted for `status` only.
    pub(crate) trash: Trash,
    /// How each connected peer is reached, and the round trip in milliseconds.
    pub(crate) routes: Vec<(PeerId, Option<Route>, Option<u64>)>,
}

impl Surroundings {
    /// This device as answers show it.
    pub(crate) fn device(&self) -> Device {
        Device { id: self.me.to_string(), name: self.name.clone() }
    }
}

/// The answer to `status`.
pub(crate) fn status(figures: &engine::Status, around: &Surroundings) -> Status {
    let live = |peer: &PeerStatus| {
        let member = figures.members.iter().find(|member| member.id == peer.id);
        peer_of(peer.id, Some(peer), member, around)
    };
    Status {
        v: VERSION,
        vault: Vault {
            id: around.vault.to_string(),
            path: around.path.clone(),
            digest: figures.digest.to_string(),
            files: figures.files,
            left_out: figures.left_out,
            deleted: figures.deleted,
            bytes: figures.bytes,
        },
        device: around.device(),
        running: around.running,
        peers: figures.peers.iter().map(live).collect(),
        problems: figures.problems.clone(),
        conflicts: figures.conflicts,
        trash: around.trash,
        cache: Cache {
            documents: figures.cache_documents,
            bytes: figures.cache_bytes,
            hits: figures.cache_hits,
            misses: figures.cache_misses,
        },
        memory_bytes: around.memory_bytes,
    }
}

/// The answer to `peers`: every member but this device, removed ones included; with `only`, that
/// one alone.
pub(crate) fn peers(
    figures: &engine::Status,
    around: &Surroundings,
    only: Option<PeerId>,
) -> Peers {
    let shown = |member: &&Member| member.id != around.me && only.is_none_or(|id| id == member.id);
    let live = |id: PeerId| figures.peers.iter().find(|peer| peer.id == id);
    Peers {
        v: VERSION,
        device: around.device(),
        peers: figures
            .members
            .iter()
            .filter(shown)
            .map(|member| peer_of(member.id, live(member.id), Some(member), around))
            .collect(),
    }
}

/// One peer, from what is known of the link and of the member.
fn peer_of(
    id: PeerId,
    live: Option<&PeerStatus>,
    member: Option<&Member>,
    around: &Surroundings,
) -> Peer {
    let connected = live.is_some_and(|peer| peer.connected);
    let route = around.routes.iter().find(|route| connected && route.0 == id);
    let name = member.map(|member| &member.name).or(live.map(|peer| &peer.name));
    Peer {
        id: id.to_string(),
        name: name.cloned().unwrap_or_default(),
        connected,
        path: route.and_then(|route| route.1),
        rtt_ms: route.and_then(|route| route.2),
        in_sync: live.is_some_and(|peer| peer.in_sync),
        held_there: live.map_or(0, |peer| peer.held_there),
        held_here: live.map_or(0, |peer| peer.held_here),
        last_sync: live.and_then(|peer| peer.last_sync).map(rfc3339),
        pending_out: live.map_or(0, |peer| peer.pending_out),
        pending_in: live.map_or(0, |peer| peer.pending_in),
        addresses: member.map(|member| member.addresses.clone()).unwrap_or_default(),
        removed: member.is_some_and(|member| member.removed),
    }
}

/// The way a one-shot went with a peer.
const fn outcome(of: ShotOutcome) -> Outcome {
    match of {
        ShotOutcome::InSync => Outcome::InSync,
        ShotOutcome::HeldBack => Outcome::HeldBack,
        ShotOutcome::Unreachable => Outcome::Unreachable,
        ShotOutcome::Timeout => Outcome::Timeout,
        ShotOutcome::Refused(_) => Outcome::Refused,
        ShotOutcome::Error => Outcome::Error,
    }
}

/// Why a peer and this device do not talk; `None` when they did, or might have.
const fn reason(of: ShotOutcome) -> Option<Reason> {
    match of {
        ShotOutcome::Refused(Refusal::Member) => Some(Reason::Member),
        ShotOutcome::Refused(Refusal::Ticket) => Some(Reason::Ticket),
        ShotOutcome::Refused(Refusal::Version) => Some(Reason::Version),
        ShotOutcome::Refused(Refusal::Vault) => Some(Reason::Vault),
        ShotOutcome::InSync
        | ShotOutcome::HeldBack
        | ShotOutcome::Unreachable
        | ShotOutcome::Timeout
        | ShotOutcome::Error => None,
    }
}

/// The last line of a one-shot; `would` is there in a dry run only.
pub(crate) fn done(
    result: ShotResult,
    problems: Vec<Problem>,
    elapsed_ms: u64,
    dry_run: bool,
) -> Done {
    let met = |(id, name, how, message): (PeerId, String, ShotOutcome, String)| Met {
        id: id.to_string(),
        name,
        outcome: outcome(how),
        reason: reason(how),
        message,
    };
    let would = |(action, path)| Would { path, action };
    Done {
        v: VERSION,
        event: "done".to_owned(),
        sent: Moved { files: result.sent_files, bytes: result.sent_bytes },
        received: Moved { files: result.received_files, bytes: result.received_bytes },
        merged: result.merged,
        conflicts: result.conflicts,
        problems,
        peers: result.peers.into_iter().map(met).collect(),
        digest: result.digest.to_string(),
        elapsed_ms,
        would: dry_run.then(|| result.would.into_iter().map(would).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, WallMs};

    const PHONE: PeerId = PeerId([0xab; 32]);
    const ME: PeerId = PeerId([0xcd; 32]);

    fn around() -> Surroundings {
        Surroundings {
            vault: VaultId([0; 16]),
            path: "/notes".into(),
            me: ME,
            name: "laptop".into(),
            running: true,
            memory_bytes: 1024,
            trash: Trash { files: 2, bytes: 3000 },
            routes: vec![(PHONE, Some(Route::Direct), Some(3))],
        }
    }

    fn member(id: PeerId, name: &str, removed: bool) -> Member {
        Member {
            id,
            name: name.into(),
            name_version: 0,
            addresses: vec!["127.0.0.1:1".into()],
            epoch: 0,
            removed,
        }
    }

    fn figures() -> engine::Status {
        engine::Status {
            files: 7,
            peers: vec![PeerStatus {
                id: PHONE,
                name: "phone".into(),
                connected: true,
                in_sync: true,
                held_there: 0,
                held_here: 0,
                last_sync: Some(WallMs(0)),
                pending_out: 0,
                pending_in: 1,
            }],
            members: vec![
                member(PHONE, "phone", false),
                member(ME, "laptop", false),
                member(PeerId([0xef; 32]), "lost", true),
            ],
            ..engine::Status::default()
        }
    }

    #[test]
    fn status_shows_peers_with_link_and_route() {
        let shown = status(&figures(), &around());
        assert_eq!(shown.vault.files, 7);
        assert_eq!(shown.trash, Trash { files: 2, bytes: 3000 });
        assert_eq!(shown.peers.len(), 1);
        let phone = &shown.peers[0];
        assert_eq!((phone.path, phone.rtt_ms), (Some(Route::Direct), Some(3)));
        assert_eq!(phone.last_sync.as_deref(), Some("1970-01-01T00:00:00.000Z"));
        assert_eq!(phone.addresses, ["127.0.0.1:1"]);
    }

    #[test]
    fn a_lost_link_shows_no_route() {
        let mut figures = figures();
        figures.peers[0].connected = false;
        let shown = status(&figures, &around());
        assert_eq!((shown.peers[0].path, shown.peers[0].rtt_ms), (None, None));
    }

    #[test]
    fn peers_lists_removed_ones_but_not_this_device() {
        let all = peers(&figures(), &around(), None);
        let names: Vec<_> = all.peers.iter().map(|peer| peer.name.as_str()).collect();
        assert_eq!(names, ["phone", "lost"]);
        assert!(all.peers[1].removed);
        let one = peers(&figures(), &around(), Some(PHONE));
        assert_eq!(one.peers.len(), 1);
    }

    #[test]
    fn would_is_there_in_a_dry_run_only() {
        let result = ShotResult {
            sent_files: 1,
            sent_bytes: 2,
            received_files: 3,
            received_bytes: 4,
            merged: 5,
            conflicts: 6,
            peers: vec![(PHONE, "phone".into(), ShotOutcome::Timeout, "late".into())],
            digest: Digest([2; 16]),
            would: vec![("send".into(), "a.md".into())],
        };
        let wet = done(result.clone(), vec![], 77, false);
        assert_eq!(wet.would, None);
        assert_eq!(wet.peers[0].outcome, Outcome::Timeout);
        assert_eq!((wet.sent.bytes, wet.received.files), (2, 3));
        let dry = done(result, vec![], 77, true);
        let would = dry.would.unwrap();
        assert_eq!((would[0].path.as_str(), would[0].action.as_str()), ("a.md", "send"));
    }
}
