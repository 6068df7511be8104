//! From a fresh connection to a link: which of two connections is kept, and who says so.

use std::sync::Arc;

use iroh::endpoint::{Connection, RecvStream, SendStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::RIVAL_TIMEOUT;
use super::link::{self, Code, Ends, Link, Signal, close};
use super::table::{Life, Shared};
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

/// A fresh connection, proven to lead to `peer`.
#[derive(Debug)]
pub(super) struct Fresh {
    pub(super) peer: PeerId,
    pub(super) connection: Connection,
    pub(super) dialled: bool,
    pub(super) stranger: Option<OwnedSemaphorePermit>,
    pub(super) counted: Option<OwnedSemaphorePermit>,
}

/// Agrees with the peer whether to keep `fresh`, and runs it as a link if so.
///
/// The device with the smaller id decides for both, so they cannot disagree. It keeps the first
/// connection it sees. A second one is a duplicate while the peer is still the same process, and
/// takes the place when the peer was restarted, for then the first is dead. The other device speaks
/// first and waits for the decision.
pub(super) async fn meet(shared: &Arc<Shared>, fresh: Fresh) -> Meeting {
    if shared.me < fresh.peer { decide(shared, fresh).await } else { follow(shared, fresh).await }
}

async fn decide(shared: &Arc<Shared>, mut fresh: Fresh) -> Meeting {
    let mut own_in: Option<(RecvStream, Life)> = None;
    let mut life = None;
    let (made, ends) = loop {
        fresh = match place(shared, fresh) {
            Ok(made) => break made,
            Err(occupied) => {
                let (back, rival) = *occupied;
                if own_in.is_none() {
                    let accepted = timeout(shared.stranger_timeout, back.connection.accept_uni());
                    let Ok(Ok(mut stream)) = accepted.await else {
                        return lost(&back.connection);
                    };
                    let preface =
                        timeout(shared.stranger_timeout, link::read_preface(&mut stream)).await;
                    let Ok(Ok(heard)) = preface else {
                        return lost(&back.connection);
                    };
                    life = Some(heard);
                    own_in = Some((stream, heard));
                }
                if !rival.is_ending() && life_of(&rival).await == life {
                    close(&back.connection, Code::Duplicate, "another one is kept");
                    return Meeting::Duplicate;
                }
                make_way(shared, &rival).await;
                back
            }
        };
    };
    if let Some((_, life)) = &own_in {
        made.life.send_replace(Some(*life));
    }
    let own_in = own_in.map(|(stream, _)| stream);
    match link::open_own(&made.connection, shared.life).await {
        Some(own_out) => {
            start(shared, made, ends, own_out, own_in);
            Meeting::Kept
        }
        None => withdraw(shared, &made),
    }
}

async fn follow(shared: &Arc<Shared>, mut fresh: Fresh) -> Meeting {
    let Some(own_out) = link::open_own(&fresh.connection, shared.life).await else {
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
        match place(shared, fresh) {
            Ok((made, ends)) => {
                made.life.send_replace(Some(life));
                start(shared, made, ends, own_out, Some(own_in));
                return Meeting::Kept;
            }
            Err(occupied) => {
                let (back, rival) = *occupied;
                make_way(shared, &rival).await;
                fresh = back;
            }
        }
    }
}

/// The life that the peer of a link told; waits a moment for it.
async fn life_of(link: &Link) -> Option<Life> {
    let mut life = link.life.subscribe();
    tokio::select! {
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

/// Puts `fresh` into the table as the one link of its peer, or gives it back with the one there.
fn place(shared: &Arc<Shared>, fresh: Fresh) -> Result<(Arc<Link>, Ends), Box<(Fresh, Arc<Link>)>> {
    let (made, ends) = {
        let mut table = shared.table();
        if let Some(rival) = table.of_peer.get(&fresh.peer) {
            return Err(Box::new((fresh, Arc::clone(rival))));
        }
        let no = table.number();
        let trusted = fresh.dialled || table.allowed.contains(&fresh.peer);
        let (made, ends) = Link::new(
            no,
            fresh.peer,
            fresh.dialled,
            fresh.connection,
            fresh.stranger,
            fresh.counted,
        );
        if trusted {
            made.trust();
        }
        table.of_peer.insert(fresh.peer, Arc::clone(&made));
        table.links.insert(no, Arc::clone(&made));
        (made, ends)
    };
    shared.has_moved();
    Ok((made, ends))
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
