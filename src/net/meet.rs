//! From a fresh connection to a link: which of two connections is kept, and who says so.

use std::sync::Arc;

use iroh::endpoint::{Connection, RecvStream, SendStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::link::{self, Code, Ends, Link, Signal, close};
use super::table::{Life, Shared, Table};
use super::{LinkNo, RIVAL_TIMEOUT};
use crate::model::PeerId;

/// What became of a fresh connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meeting {
    /// It is a link now.
    Kept,
    /// Another connection with the same peer is.
    Duplicate,
    /// It broke first.
    Lost,
}

/// Who made a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The peer.
    Accepted,
    /// This side, when `after` was the last link with the peer that was over.
    Dialled { after: Option<LinkNo> },
}

/// Whether a fresh connection may take its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judgement {
    /// If it is free, or the link there is dead.
    Fit,
    /// A link was made since, so this one is a duplicate.
    Late,
    /// Not before the peer told its life.
    Unheard,
}

/// What came of placing a fresh connection.
#[derive(Debug)]
enum Place {
    /// It is the link of its peer.
    Made(Arc<Link>, Ends),
    /// See [`Judgement::Late`].
    Late(Fresh),
    /// See [`Judgement::Unheard`].
    Unheard(Fresh),
    /// There is a link already.
    Taken(Fresh, Arc<Link>),
}

/// A fresh connection, proven to lead to `peer`.
#[derive(Debug)]
pub(super) struct Fresh {
    pub(super) peer: PeerId,
    pub(super) connection: Connection,
    pub(super) origin: Origin,
    pub(super) stranger: Option<OwnedSemaphorePermit>,
    pub(super) counted: Option<OwnedSemaphorePermit>,
}

/// Agrees with the peer whether to keep `fresh`, and runs it as a link if so.
///
/// The device with the smaller id decides for both, so they cannot disagree. It keeps the first
/// connection it sees. A second one is a duplicate when the peer tells the same [`Life`] on both,
/// and takes the place otherwise, for then the first is dead to the peer. The other device speaks
/// first and waits for the decision.
pub(super) async fn meet(shared: &Arc<Shared>, fresh: Fresh) -> Meeting {
    if shared.me < fresh.peer { decide(shared, fresh).await } else { follow(shared, fresh).await }
}

async fn decide(shared: &Arc<Shared>, mut fresh: Fresh) -> Meeting {
    let mut own_in: Option<(RecvStream, Life)> = None;
    let (made, ends) = loop {
        let heard = own_in.as_ref().map(|(_, life)| *life);
        let place = place(shared, fresh, |table, fresh| judge(table, fresh, heard));
        fresh = match place {
            Place::Made(made, ends) => break (made, ends),
            Place::Late(fresh) => return duplicate(&fresh),
            Place::Unheard(fresh) => {
                own_in = hear(shared, &fresh).await;
                if own_in.is_none() {
                    return lost(&fresh.connection);
                }
                fresh
            }
            Place::Taken(mut fresh, rival) => {
                if life_of(&rival).await == heard {
                    return duplicate(&fresh);
                }
                make_way(shared, &rival).await;
                if let Origin::Dialled { after } = &mut fresh.origin {
                    *after = Some(rival.no);
                }
                fresh
            }
        };
    };
    if let Some((_, life)) = &own_in {
        made.life.send_replace(Some(*life));
    }
    let own_in = own_in.map(|(stream, _)| stream);
    let told = shared.life_in(&shared.table(), made.peer);
    match link::open_own(&made.connection, told).await {
        Some(own_out) => {
            start(shared, made, ends, own_out, own_in);
            Meeting::Kept
        }
        None => withdraw(shared, &made),
    }
}

/// Where a fresh connection stands in the eyes of the one that decides, before its place is looked
/// at. `heard` is the life that the peer told on it, once that was waited for.
fn judge(table: &Table, fresh: &Fresh, heard: Option<Life>) -> Judgement {
    let standing = table.of_peer.get(&fresh.peer);
    let last = table.last_of(fresh.peer);
    match (fresh.origin, heard) {
        // A link came and goes, or went, while this side dialled: the dial has its answer.
        (Origin::Dialled { after }, _) if last.map(|(link, _)| link) != after => Judgement::Late,
        (Origin::Dialled { .. }, _) if standing.is_some_and(|link| link.is_ending()) => {
            Judgement::Late
        }
        // The peer may have dialled at the same moment as that link was made.
        (Origin::Accepted, Some(_)) if last.is_some_and(|(_, told)| told == heard) => {
            Judgement::Late
        }
        (Origin::Accepted, None) if last.is_some() || standing.is_some() => Judgement::Unheard,
        (Origin::Dialled { .. }, None) if standing.is_some() => Judgement::Unheard,
        (Origin::Dialled { .. } | Origin::Accepted, _) => Judgement::Fit,
    }
}

/// The peer's own stream, and the life told on it.
async fn hear(shared: &Shared, fresh: &Fresh) -> Option<(RecvStream, Life)> {
    let hearing = async {
        let mut stream = fresh.connection.accept_uni().await.ok()?;
        let life = link::read_preface(&mut stream).await.ok()?;
        Some((stream, life))
    };
    timeout(shared.stranger_timeout, hearing).await.ok()?
}

fn duplicate(fresh: &Fresh) -> Meeting {
    close(&fresh.connection, Code::Duplicate, "another one is kept");
    Meeting::Duplicate
}

async fn follow(shared: &Arc<Shared>, mut fresh: Fresh) -> Meeting {
    let told = {
        let table = shared.table();
        match fresh.origin {
            // The owner has its answer; this connection would be one too many.
            Origin::Dialled { after } if table.has_met(fresh.peer, after) => None,
            Origin::Dialled { .. } | Origin::Accepted => Some(shared.life_in(&table, fresh.peer)),
        }
    };
    let Some(told) = told else {
        return duplicate(&fresh);
    };
    let Some(own_out) = link::open_own(&fresh.connection, told).await else {
        return refused(&fresh.connection);
    };
    let decision = timeout(shared.connect_timeout, async {
        let mut stream = fresh.connection.accept_uni().await.ok()?;
        let life = link::read_preface(&mut stream).await.ok()?;
        Some((stream, life))
    });
    let Ok(Some((own_in, life))) = decision.await else {
        return refused(&fresh.connection);
    };
    loop {
        fresh = match place(shared, fresh, |_, _| Judgement::Fit) {
            Place::Made(made, ends) => {
                made.life.send_replace(Some(life));
                start(shared, made, ends, own_out, Some(own_in));
                return Meeting::Kept;
            }
            Place::Taken(fresh, rival) => {
                make_way(shared, &rival).await;
                fresh
            }
            Place::Late(fresh) | Place::Unheard(fresh) => fresh,
        };
    }
}

/// The life that the peer of a link told; waits a moment for it.
async fn life_of(link: &Link) -> Option<Life> {
    let mut life = link.life.subscribe();
    tokio::select! {
        // What was told stays true after the end.
        biased;
        told = timeout(RIVAL_TIMEOUT, life.wait_for(Option::is_some)) => match told {
            Ok(Ok(life)) => *life,
            Ok(Err(_)) | Err(_) => None,
        },
        _ = link.connection.closed() => None,
    }
}

/// Ends `rival` and waits until its last event is out.
async fn make_way(shared: &Shared, rival: &Link) {
    if !rival.is_ending() {
        rival.signal(Signal::Replaced);
    }
    let waited =
        shared.wait_until(super::CLOSE_TIMEOUT * 2, |table| !table.links.contains_key(&rival.no));
    if !waited.await {
        // Nobody takes events; the link that is to come would not be noticed either.
        tracing::warn!(link = rival.no.0, "an old link does not end");
    }
}

/// Puts `fresh` into the table as the one link of its peer, if `judge` finds it fit and nobody is
/// there.
fn place(
    shared: &Arc<Shared>,
    fresh: Fresh,
    judge: impl FnOnce(&Table, &Fresh) -> Judgement,
) -> Place {
    let (made, ends) = {
        let mut table = shared.table();
        match judge(&table, &fresh) {
            Judgement::Fit => {}
            Judgement::Late => return Place::Late(fresh),
            Judgement::Unheard => return Place::Unheard(fresh),
        }
        if let Some(rival) = table.of_peer.get(&fresh.peer) {
            let rival = Arc::clone(rival);
            return Place::Taken(fresh, rival);
        }
        let no = table.number();
        let dialled = fresh.origin != Origin::Accepted;
        let trusted = dialled || table.allowed.contains(&fresh.peer);
        let (made, ends) =
            Link::new(no, fresh.peer, dialled, fresh.connection, fresh.stranger, fresh.counted);
        if trusted {
            made.trust();
        }
        table.of_peer.insert(fresh.peer, Arc::clone(&made));
        table.links.insert(no, Arc::clone(&made));
        (made, ends)
    };
    shared.has_moved();
    Place::Made(made, ends)
}

fn start(
    shared: &Arc<Shared>,
    link: Arc<Link>,
    ends: Ends,
    own_out: SendStream,
    own_in: Option<RecvStream>,
) {
    tokio::spawn(link::run(Arc::clone(shared), link, ends, own_out, own_in));
}

/// Takes a link out of the table that never stood.
fn withdraw(shared: &Shared, link: &Link) -> Meeting {
    {
        let mut table = shared.table();
        table.links.remove(&link.no);
        table.of_peer.remove(&link.peer);
    }
    shared.has_moved();
    Meeting::Lost
}

fn lost(connection: &Connection) -> Meeting {
    close(connection, Code::Protocol, "the link was not agreed on");
    Meeting::Lost
}

/// What the other side's decision was, when it did not keep the connection.
fn refused(connection: &Connection) -> Meeting {
    match link::code_of(connection) {
        Some(Code::Duplicate) => Meeting::Duplicate,
        Some(_) | None => lost(connection),
    }
}
