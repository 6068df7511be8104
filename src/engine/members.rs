//! Who belongs to the vault: tickets, membership that spreads, and whom to call next.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::command::Command;
use super::core::{Engine, Pending, Stage, Stop};
use super::effect::{Effect, LinkId};
use super::link::Phase;
use super::report::Report;
use crate::model::{Digest, Member, PeerId, Tick, WallMs, Write};
use crate::wire::{Bye, Lane, Message, PROTOCOL_VERSION, Pair};

/// Most tickets honoured at once; the oldest is forgotten first.
const TICKETS_LIMIT: usize = 64;
/// A peer that refused us is called again after this long.
const REFUSED_PAUSE_MS: u64 = 600_000;
/// The named value of the store that holds the open tickets.
const TICKETS_KEY: &str = "tickets-v1";

/// What an append that belongs to no file was for.
#[derive(Debug)]
pub(super) enum Kept {
    /// A text on its own.
    Text,
    /// The list of members.
    Members,
    /// A new member, that waits for our answer on this link.
    Paired(LinkId),
    /// The members that the inviter named.
    Joined(LinkId),
    /// Open tickets.
    Tickets,
    /// That a peer agreed for the first time.
    Agreed,
    /// What is held back until a person agrees.
    HeldBack,
    /// Since when deleted files are.
    Ages,
}

/// An invitation that is still good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Ticket {
    secret: [u8; 32],
    expires: WallMs,
    uses: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    member: Member,
    last_sync: Option<WallMs>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Call {
    next: Tick,
    failures: u32,
    calling: bool,
}

#[derive(Debug)]
struct Joining {
    peer: PeerId,
    addresses: Vec<String>,
    secret: [u8; 32],
}

/// The members, and how to reach them.
#[derive(Debug)]
pub(super) struct Members {
    me: PeerId,
    records: BTreeMap<PeerId, Record>,
    calls: BTreeMap<PeerId, Call>,
    tickets: Vec<Ticket>,
    joining: Option<Joining>,
    /// Our own record is not in the store yet.
    fresh: bool,
}

impl Members {
    pub(super) fn new(
        me: PeerId,
        name: &str,
        peers: Vec<(PeerId, Vec<u8>)>,
        meta: &[(String, Vec<u8>)],
    ) -> Self {
        let mut records: BTreeMap<PeerId, Record> = peers
            .into_iter()
            .filter_map(|(id, record)| Some((id, postcard::from_bytes::<Record>(&record).ok()?)))
            .filter(|(id, record)| *id == record.member.id)
            .collect();
        let fresh = !records.contains_key(&me);
        records.entry(me).or_insert_with(|| Record {
            member: Member {
                id: me,
                name: name.to_owned(),
                name_version: 0,
                addresses: Vec::new(),
                epoch: 0,
                removed: false,
            },
            last_sync: None,
        });
        let tickets = meta
            .iter()
            .find(|(key, _)| key == TICKETS_KEY)
            .and_then(|(_, value)| postcard::from_bytes(value).ok())
            .unwrap_or_default();
        Self { me, records, calls: BTreeMap::new(), tickets, joining: None, fresh }
    }

    /// Whether `peer` is a member and was not removed.
    pub(super) fn is_member(&self, peer: &PeerId) -> bool {
        self.records.get(peer).is_some_and(|it| !it.member.removed)
    }

    /// Everyone, removed ones and this device included.
    pub(super) fn all(&self) -> impl Iterator<Item = &Member> {
        self.records.values().map(|it| &it.member)
    }

    /// Everyone else who was not removed.
    pub(super) fn others(&self) -> impl Iterator<Item = &Member> {
        let me = self.me;
        self.all().filter(move |member| member.id != me && !member.removed)
    }

    pub(super) fn name_of(&self, peer: &PeerId) -> String {
        self.records.get(peer).map_or_else(|| peer.short(), |it| it.member.name.clone())
    }

    pub(super) fn last_sync(&self, peer: &PeerId) -> Option<WallMs> {
        self.records.get(peer).and_then(|it| it.last_sync)
    }

    /// A fingerprint of the list, the order of addresses aside.
    pub(super) fn digest(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        for member in self.all() {
            let mut member = member.clone();
            member.addresses.sort();
            if let Ok(bytes) = postcard::to_allocvec(&member) {
                hasher.update(&bytes);
            }
        }
        let mut digest = [0; 16];
        digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Digest(digest)
    }

    pub(super) fn ticket_for(&self, peer: &PeerId) -> Option<[u8; 32]> {
        self.joining.as_ref().filter(|it| it.peer == *peer).map(|it| it.secret)
    }

    pub(super) fn pair_message(&self, name: &str, secret: [u8; 32]) -> Pair {
        let addresses =
            self.records.get(&self.me).map(|it| it.member.addresses.clone()).unwrap_or_default();
        Pair { version: PROTOCOL_VERSION, secret, name: name.to_owned(), addresses }
    }

    fn writes(&self, peers: &[PeerId]) -> Vec<Write> {
        peers
            .iter()
            .filter_map(|id| {
                let record = postcard::to_allocvec(self.records.get(id)?).ok()?;
                Some(Write::Peer { id: *id, record })
            })
            .collect()
    }

    fn tickets_write(&self) -> Write {
        let value = postcard::to_allocvec(&self.tickets)
            .expect("a list of tickets has no shape that cannot be encoded");
        Write::Meta { key: TICKETS_KEY.to_owned(), value }
    }

    /// Takes in what somebody says of members; returns whose records changed.
    fn absorb(&mut self, members: &[Member]) -> Vec<PeerId> {
        let mut changed = Vec::new();
        for member in members {
            let news = if let Some(record) = self.records.get_mut(&member.id) {
                record.member.absorb(member)
            } else {
                let record = Record { member: member.clone(), last_sync: None };
                self.records.insert(member.id, record);
                true
            };
            if news {
                changed.push(member.id);
            }
        }
        changed
    }

    pub(super) fn reached(&mut self, peer: &PeerId) {
        let call = self.calls.entry(*peer).or_default();
        call.calling = false;
        call.failures = 0;
    }

    fn agreed(&mut self, peer: &PeerId, wall: WallMs) {
        if let Some(record) = self.records.get_mut(peer) {
            record.last_sync = Some(wall);
        }
    }
}

impl Engine {
    pub(super) fn on_command(&mut self, command: Command) {
        match command {
            Command::WallClock(wall) => self.wall = wall,
            Command::Invite { secret, expires, uses } => {
                let wall = self.wall;
                let tickets = &mut self.members.tickets;
                tickets.retain(|ticket| ticket.expires > wall && ticket.uses > 0);
                if tickets.len() >= TICKETS_LIMIT {
                    tickets.remove(0);
                }
                tickets.push(Ticket { secret, expires, uses });
                let write = self.members.tickets_write();
                self.append(vec![write], Pending::Kept(Kept::Tickets));
            }
            Command::Join { shot, peer, addresses, secret } => {
                self.members.joining = Some(Joining { peer, addresses, secret });
                self.begin_join(shot, peer);
            }
            Command::Shot { shot, peers, mode, dry_run } => {
                self.begin_shot(shot, peers, mode, dry_run);
            }
            Command::ShotTimeout(shot) => self.shot_timeout(shot),
            Command::Resolve(key, verdict) => self.resolve(key, verdict),
            Command::AllowMassDelete => self.release_brakes(),
            Command::RenamePeer(peer, name) => {
                self.change_member(peer, |member| {
                    member.name = name;
                    member.name_version += 1;
                });
                if peer == self.me {
                    self.name = self.members.name_of(&peer);
                }
            }
            Command::RemovePeer(peer) => {
                self.change_member(peer, |member| member.removed = true);
                self.drop_removed();
            }
            Command::AddAddress(peer, address) => self.change_member(peer, |member| {
                member.addresses.retain(|it| *it != address);
                member.addresses.insert(0, address);
                member.addresses.truncate(crate::model::ADDRESSES_LIMIT);
            }),
            Command::OwnAddresses(addresses) => {
                let me = self.me;
                let known = self.members.records.get(&me).map(|it| it.member.addresses.clone());
                if self.members.fresh || known.as_ref() != Some(&addresses) {
                    self.members.fresh = false;
                    self.change_member(me, |member| {
                        member.addresses = addresses;
                        member.name_version += 1;
                    });
                }
            }
            // Every turn looks at every link again.
            Command::Background(background) => self.config.background = background,
            Command::Stop => {
                self.stop = Stop::Asked(self.now);
            }
        }
    }

    fn change_member(&mut self, peer: PeerId, change: impl FnOnce(&mut Member)) {
        let Some(record) = self.members.records.get_mut(&peer) else {
            return;
        };
        change(&mut record.member);
        let writes = self.members.writes(&[peer]);
        self.append(writes, Pending::Kept(Kept::Members));
    }

    /// A change of membership is durable.
    /// A peer holds the same. The first time is kept at once, for it decides what may wait from then
    /// on; later ones with whatever else is kept of the peer.
    pub(super) fn note_agreed(&mut self, peer: &PeerId) {
        let first = self.members.last_sync(peer).is_none();
        self.members.agreed(peer, self.wall);
        let writes = if first { self.members.writes(&[*peer]) } else { Vec::new() };
        if !writes.is_empty() && !self.shots.dry() {
            self.append(writes, Pending::Kept(Kept::Agreed));
        }
    }

    pub(super) fn on_kept(&mut self, kept: &Kept) {
        match kept {
            Kept::Text | Kept::Tickets | Kept::Agreed | Kept::HeldBack | Kept::Ages => {}
            Kept::Members => self.spread_members(None),
            Kept::Paired(link) => {
                let link = *link;
                let Some(it) = self.links.get(&link) else {
                    return;
                };
                let peer = it.peer;
                let name = self.members.name_of(&peer);
                let members = self.members.all().cloned().collect();
                // Our hello answers theirs, which comes once their side of the pairing is durable.
                self.send(link, Lane::Control, Message::Paired { members });
                self.report(Report::Paired(peer, name));
                self.spread_members(Some(link));
            }
            Kept::Joined(link) => {
                let link = *link;
                let Some(it) = self.links.get(&link) else {
                    return;
                };
                let peer = it.peer;
                let name = self.members.name_of(&peer);
                self.members.joining = None;
                self.report(Report::Paired(peer, name));
                if let Some(it) = self.links.get_mut(&link) {
                    it.phase = Phase::Accepted;
                }
                if self.stage == Stage::Ready {
                    self.greet_accepted();
                }
            }
        }
    }

    fn spread_members(&mut self, except: Option<LinkId>) {
        let members: Vec<Member> = self.members.all().cloned().collect();
        let links: Vec<LinkId> = self
            .links
            .iter()
            .filter(|(link, it)| it.greeted() && Some(**link) != except)
            .map(|(link, _)| *link)
            .collect();
        for link in links {
            self.send(link, Lane::Control, Message::Members(members.clone()));
        }
    }

    pub(super) fn on_pair(&mut self, link: LinkId, pair: Pair) {
        let Some(it) = self.links.get(&link) else {
            return;
        };
        let peer = it.peer;
        if pair.version != PROTOCOL_VERSION {
            let reason = format!("it wants to join: {}", super::bye::other_version(pair.version));
            self.report(Report::PeerRefused(peer, reason.clone()));
            return self.close(link, Bye::Version(PROTOCOL_VERSION), &reason);
        }
        let wall = self.wall;
        let good = self
            .members
            .tickets
            .iter_mut()
            .find(|it| it.secret == pair.secret && it.expires > wall && it.uses > 0);
        let Some(ticket) = good else {
            let reason = "its ticket is not valid (any more)".to_owned();
            self.report(Report::PeerRefused(peer, reason.clone()));
            return self.close(link, Bye::Ticket, &reason);
        };
        ticket.uses -= 1;
        let (epoch, version) = self
            .members
            .records
            .get(&peer)
            .map_or((0, 0), |it| (it.member.epoch + 1, it.member.name_version + 1));
        let member = Member {
            id: peer,
            name: pair.name,
            name_version: version,
            addresses: pair.addresses,
            epoch,
            removed: false,
        };
        self.members.absorb(std::slice::from_ref(&member));
        let mut writes = self.members.writes(&[peer]);
        writes.push(self.members.tickets_write());
        self.append(writes, Pending::Kept(Kept::Paired(link)));
    }

    pub(super) fn on_paired(&mut self, link: LinkId, members: &[Member]) {
        let mut changed = self.members.absorb(members);
        changed.push(self.me);
        let writes = self.members.writes(&changed);
        self.append(writes, Pending::Kept(Kept::Joined(link)));
    }

    pub(super) fn on_members(&mut self, members: &[Member]) {
        let changed = self.members.absorb(members);
        if changed.is_empty() {
            return;
        }
        let writes = self.members.writes(&changed);
        self.append(writes, Pending::Kept(Kept::Members));
        self.drop_removed();
    }

    fn drop_removed(&mut self) {
        let gone: Vec<LinkId> = self
            .links
            .iter()
            .filter(|(_, it)| it.hello.is_some() && !self.members.is_member(&it.peer))
            .map(|(link, _)| *link)
            .collect();
        for link in gone {
            self.close(link, Bye::Refused, "the peer was removed from this vault");
        }
    }

    /// Calls whoever is not connected and due.
    pub(super) fn turn_members(&mut self) {
        if self.stopping() {
            return;
        }
        let now = self.now;
        let due: Vec<PeerId> = self
            .callable()
            .filter(|peer| {
                let call = self.members.calls.get(peer).copied().unwrap_or_default();
                !call.calling && call.next <= now
            })
            .collect();
        for peer in due {
            self.members.calls.entry(peer).or_default().calling = true;
            let joining = self.members.joining.as_ref().filter(|it| it.peer == peer);
            let mut addresses = joining.map(|it| it.addresses.clone()).unwrap_or_default();
            if let Some(record) = self.members.records.get(&peer) {
                addresses.extend(record.member.addresses.iter().cloned());
            }
            self.emit(Effect::Dial { peer, addresses });
        }
    }

    /// Peers that should be connected and are not.
    fn callable(&self) -> impl Iterator<Item = PeerId> {
        let ready = self.stage == Stage::Ready;
        let everyone = self.stay;
        self.members
            .others()
            .map(|member| member.id)
            .filter(move |_| ready)
            .chain(self.members.joining.as_ref().map(|it| it.peer))
            .filter(move |peer| everyone || self.shots.wants(peer))
            .filter(|peer| !self.links.values().any(|link| link.peer == *peer))
            .collect::<Vec<_>>()
            .into_iter()
    }

    pub(super) fn members_deadline(&self) -> Option<Tick> {
        if self.stopping() {
            return None;
        }
        self.callable()
            .filter_map(|peer| {
                let call = self.members.calls.get(&peer).copied().unwrap_or_default();
                (!call.calling).then_some(call.next)
            })
            .min()
    }
}

impl Members {
    pub(super) fn not_reached(&mut self, peer: PeerId, now: Tick) {
        let crowd = (self.others().count() as u64 / FEW_MEMBERS).max(1);
        let call = self.calls.entry(peer).or_default();
        call.calling = false;
        call.failures += 1;
        let pause = (RETRY_MS << call.failures.min(RETRY_DOUBLINGS)) * crowd;
        call.next = now.plus_ms(pause);
    }

    pub(super) fn call_now(&mut self, peer: &PeerId, now: Tick) {
        if let Some(call) = self.calls.get_mut(peer) {
            call.next = now;
        }
    }

    pub(super) fn ended(&mut self, peer: PeerId, now: Tick) {
        let call = self.calls.entry(peer).or_default();
        call.next = call.next.max(now.plus_ms(RETRY_MS));
    }

    pub(super) fn refused_us(&mut self, peer: PeerId, now: Tick) {
        let call = self.calls.entry(peer).or_default();
        call.next = now.plus_ms(REFUSED_PAUSE_MS);
    }
}

/// A peer that was not reached, or went away, is called again after this long, and then ever more
/// rarely.
const RETRY_MS: u64 = 1000;
/// So often the pause doubles: up to about a minute. One that comes back calls by itself.
const RETRY_DOUBLINGS: u32 = 6;
/// With more members than this the pauses grow in proportion, so that many that are away cost no more
/// calls a minute than a few.
const FEW_MEMBERS: u64 = 4;
