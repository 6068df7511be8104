//! Carries out one request on a vault at work.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};

use super::answer::{Device, Invite, Paired, VERSION};
use super::clock::{rfc3339, wall};
use super::driver::News;
use super::event::event;
use super::figures::Surroundings;
use super::handle::{Handle, stopped};
use super::verify::Access;
use super::{
    Error, Failure, Mode, Request, contradictions, fault, figures, identity, past, verify,
};
use crate::engine::{Command, Report, Status};
use crate::model::{Member, PeerId, WallMs};
use crate::net::{Net, Ticket};

/// Where a vault's events go; a receiver that is gone hears no more of them.
pub(crate) type Events = mpsc::Sender<Arc<Value>>;

/// How long a new endpoint may take to learn its own addresses before a ticket is made without.
const ADDRESSES_LIMIT: Duration = Duration::from_secs(3);
/// Pause between two looks at them.
const ADDRESSES_PAUSE: Duration = Duration::from_millis(50);

/// Carries out `request`; events go to `events`, the result is the request's `Done`. Dropping the
/// future ends it early.
/// `news` is what the engine told since the request, or since the start.
///
/// # Errors
///
/// As the request's doc says.
pub(crate) async fn perform(
    handle: &Handle,
    request: Request,
    mut news: broadcast::Receiver<Arc<News>>,
    events: Events,
) -> Result<Value, Error> {
    match request {
        Request::Status => {
            let status = handle.status().await?;
            let around = Surroundings { trash: handle.trash().await, ..handle.around(&status) };
            value(&figures::status(&status, &around))
        }
        Request::Metrics => match handle.metrics().await? {
            Some(metrics) => value(&metrics),
            None => Err(fault::no_watch(&handle.facts.root)),
        },
        Request::Peers => peers(handle, None).await,
        Request::RenamePeer { peer, name } => {
            let id = find_to_rename(&handle.status().await?, handle.facts.me, &peer)?;
            handle.command(Command::RenamePeer(id, name)).await?;
            peers(handle, Some(id)).await
        }
        Request::RemovePeer { peer } => {
            let id = find(&handle.status().await?, handle.facts.me, &peer)?;
            handle.command(Command::RemovePeer(id)).await?;
            peers(handle, Some(id)).await
        }
        Request::AddAddress { peer, address } => {
            check_address(&address)?;
            let id = find(&handle.status().await?, handle.facts.me, &peer)?;
            handle.command(Command::AddAddress(id, address)).await?;
            peers(handle, Some(id)).await
        }
        Request::Invite { expires_ms, uses, wait } => {
            invite(handle, expires_ms, uses, wait, news, &events).await
        }
        Request::Shot { mode, peers, timeout_ms, dry_run, allow_mass_delete } => {
            if allow_mass_delete {
                handle.command(Command::AllowMassDelete).await?;
            }
            let wanted = Wanted { mode, peers, timeout_ms, dry_run };
            shoot(handle, wanted, news, &events).await
        }
        Request::Log { path, limit, single } => {
            let status = handle.status().await?;
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            past::log(&Access::Thread(handle.clone()), names(&status), path, limit, single).await
        }
        Request::Show { path, rev } => {
            let folder = handle.facts.ground.to_read();
            let folder = folder.ok_or_else(|| fault::bug("a vault at work has a folder"))?;
            past::show(&Access::Thread(handle.clone()), folder, path, rev).await
        }
        Request::Restore { path, rev, at_ms, to, undo, keep, dry_run } => {
            let at = at_ms.map(WallMs);
            let undo = undo.map(|rev| past::Undo { rev, keep });
            past::restore(handle, past::Wanted { path, rev, at, to, undo, dry_run }).await
        }
        Request::Conflicts => contradictions::list(&Access::Thread(handle.clone())).await,
        Request::Resolve { id, verdict } => contradictions::resolve(handle, &id, verdict).await,
        Request::Verify { deep } => verify::running(handle, deep).await,
        Request::Stop => {
            handle.command(Command::Stop).await?;
            until_stopped(&mut news, &events).await;
            Ok(serde_json::json!({ "v": VERSION }))
        }
        Request::Events => {
            until_stopped(&mut news, &events).await;
            Ok(serde_json::json!({ "v": VERSION }))
        }
    }
}

/// Ids and names of every device of the vault, this one included.
pub(crate) fn names(status: &Status) -> past::Names {
    status.members.iter().map(|member| (member.id, member.name.clone())).collect()
}

/// A result as JSON.
pub(crate) fn value(result: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(result)
        .map_err(|error| fault::bug("a result has a JSON form").caused_by(error))
}

async fn peers(handle: &Handle, only: Option<PeerId>) -> Result<Value, Error> {
    let status = handle.status().await?;
    value(&figures::peers(&status, &handle.around(&status), only))
}

/// An address that can be dialled: a socket address, or a relay's URL.
fn check_address(address: &str) -> Result<(), Error> {
    let fine = address.parse::<std::net::SocketAddr>().is_ok()
        || address.starts_with("https://")
        || address.starts_with("http://");
    if fine {
        Ok(())
    } else {
        Err(Error::new(Failure::Usage, format!("{address:?} is no address"))
            .hint("Give an IP address with port, such as 192.168.1.7:50123."))
    }
}

/// The peer that goes by `wanted`: its whole name, or the start of its id.
pub(crate) fn find(status: &Status, me: PeerId, wanted: &str) -> Result<PeerId, Error> {
    let others = || status.members.iter().filter(|member| member.id != me);
    let present = || others().filter(|member| !member.removed);
    let by_name: Vec<&Member> = present().filter(|member| member.name == wanted).collect();
    let found = if by_name.is_empty() {
        let start = wanted.to_ascii_lowercase();
        let starts =
            |member: &&Member| !start.is_empty() && member.id.to_string().starts_with(&start);
        // A removed peer can still be named in full, for instance to see its addresses.
        others().filter(starts).filter(|member| !member.removed || start.len() == 64).collect()
    } else {
        by_name
    };
    match found.as_slice() {
        [one] => Ok(one.id),
        [] => {
            let names: Vec<String> = present()
                .map(|member| format!("{} ({})", member.name, member.id.short()))
                .collect();
            let error = Error::new(
                Failure::UnknownPeer,
                format!("no peer goes by the name or id {wanted:?}"),
            );
            Err(if names.is_empty() {
                error.hint("This vault has no other device yet: `vault-sync invite` adds one.")
            } else {
                error.hint(format!("There are: {}.", names.join(", ")))
            })
        }
        several => {
            let ids: Vec<String> = several.iter().map(|member| member.id.short()).collect();
            Err(Error::new(Failure::UnknownPeer, format!("more than one peer goes by {wanted:?}"))
                .hint(format!("Say which by its id: {}.", ids.join(", "))))
        }
    }
}

/// The same for who gets another name, which this device may as well.
///
/// - Shape: of devices of one name, it is the other one; this one is named by its id, then.
pub(crate) fn find_to_rename(status: &Status, me: PeerId, wanted: &str) -> Result<PeerId, Error> {
    let found = find(status, me, wanted);
    let own = status.members.iter().find(|member| member.id == me);
    let start = wanted.to_ascii_lowercase();
    let fits = |own: &&Member| {
        own.name == wanted || (!start.is_empty() && own.id.to_string().starts_with(&start))
    };
    let several = found.is_err() && status.members.iter().any(|it| it.id != me && fits(&it));
    match own.filter(fits).filter(|_| found.is_err() && !several) {
        Some(own) => Ok(own.id),
        None => found,
    }
}

/// A one-shot as it was asked for.
struct Wanted {
    mode: Mode,
    peers: Vec<String>,
    timeout_ms: Option<u64>,
    dry_run: bool,
}

async fn shoot(
    handle: &Handle,
    wanted: Wanted,
    news: broadcast::Receiver<Arc<News>>,
    events: &Events,
) -> Result<Value, Error> {
    let Wanted { mode, peers, timeout_ms, dry_run } = wanted;
    let status = handle.status().await?;
    let find = |wanted: &String| find(&status, handle.facts.me, wanted);
    let peers = peers.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let shot = handle.next_shot();
    let command = Command::Shot { shot, peers, mode: mode.into(), dry_run };
    run_shot(handle, shot, command, news, timeout_ms, dry_run, events).await
}

/// Runs a one-shot to its end, hands on what is told meanwhile, and says what came of it.
pub(crate) async fn run_shot(
    handle: &Handle,
    shot: crate::engine::ShotId,
    command: Command,
    mut news: broadcast::Receiver<Arc<News>>,
    timeout_ms: Option<u64>,
    dry_run: bool,
    events: &Events,
) -> Result<Value, Error> {
    let start = handle.facts.clock.now();
    let mut shooting = handle.shoot(shot, command).await?;
    let limit = async {
        match timeout_ms {
            Some(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(limit);
    let (result, problems) = loop {
        tokio::select! {
            // What was told before the end is handed on before the end.
            biased;
            told = news.recv() => match told {
                Ok(news) => {
                    pass_on(&news, events).await;
                    if let Some(Report::Brake { reason, count }) = &news.report {
                        return Err(braked(reason, *count));
                    }
                    if let Some(Report::Stopped) = news.report {
                        return Err(stopped());
                    }
                }
                Err(RecvError::Lagged(count)) => missed(count, events).await,
                Err(RecvError::Closed) => return Err(stopped()),
            },
            result = shooting.end() => break result?,
            () = &mut limit => break shooting.cut().await?,
        }
    };
    while let Ok(told) = news.try_recv() {
        pass_on(&told, events).await;
    }
    let elapsed_ms = handle.facts.clock.now().since_ms(start);
    value(&figures::done(result, problems, elapsed_ms, dry_run))
}

fn braked(reason: &str, count: u64) -> Error {
    Error::new(
        Failure::Brake,
        format!("stopped before changing anything: {reason} ({count} files)"),
    )
    .hint("If the deletions are meant, run it again with --allow-mass-delete.")
    .hint("If they are not, look whether the folder is complete and mounted.")
}

/// Hands one piece of news on as its event.
pub(crate) async fn pass_on(news: &News, events: &Events) {
    if let Some(event) = &news.event {
        // Without receiver nobody listens, and the work goes on.
        events.send(Arc::clone(event)).await.ok();
    }
}

async fn missed(count: u64, events: &Events) {
    let fields = serde_json::json!({ "count": count });
    events.send(Arc::new(event(wall(), "missed", fields))).await.ok();
}

/// Hands all news on until the engine has stopped or failed.
pub(crate) async fn until_stopped(news: &mut broadcast::Receiver<Arc<News>>, events: &Events) {
    loop {
        match news.recv().await {
            Ok(told) => {
                pass_on(&told, events).await;
                if matches!(told.report, Some(Report::Stopped | Report::Failed(_))) {
                    return;
                }
            }
            Err(RecvError::Lagged(count)) => missed(count, events).await,
            Err(RecvError::Closed) => return,
        }
    }
}

async fn invite(
    handle: &Handle,
    expires_ms: u64,
    uses: u32,
    wait: bool,
    mut news: broadcast::Receiver<Arc<News>>,
    events: &Events,
) -> Result<Value, Error> {
    let net = handle.net.as_ref().ok_or_else(|| fault::bug("an invitation needs the network"))?;
    let mut secret = [0; 32];
    identity::random(&mut secret)?;
    let lasts = i64::try_from(expires_ms).unwrap_or(i64::MAX);
    let expires = WallMs(wall().0.saturating_add(lasts));
    addresses_known(net).await;
    let ticket = Ticket {
        peer: handle.facts.me,
        addresses: net.addresses(),
        relay: net.relay(),
        vault: handle.facts.vault,
        secret,
        expires,
    };
    handle.command(Command::Invite { secret, expires, uses }).await?;
    let mut shown = Invite {
        v: VERSION,
        event: None,
        ticket: ticket.to_string(),
        expires: rfc3339(expires),
        honoured: wait || handle.facts.running,
    };
    if !wait {
        return value(&shown);
    }
    shown.event = Some("invite".to_owned());
    events.send(Arc::new(value(&shown)?)).await.ok();
    let limit = tokio::time::sleep(Duration::from_millis(expires_ms));
    tokio::pin!(limit);
    let mut guests = Guests::new(uses);
    while !guests.all_served() {
        tokio::select! {
            told = news.recv() => match told {
                Ok(told) => {
                    pass_on(&told, events).await;
                    if let Some(Report::Stopped) = told.report {
                        return Err(stopped());
                    }
                    if let Some(report) = &told.report {
                        guests.hear(report);
                    }
                }
                Err(RecvError::Lagged(count)) => missed(count, events).await,
                Err(RecvError::Closed) => return Err(stopped()),
            },
            // Whoever came in time is served to the end.
            () = &mut limit, if guests.nobody_waits() => {
                return Err(Error::new(Failure::NoPeer, "the ticket expired before it was used")
                    .hint("Make a new one, and use it within its time (--expires)."));
            }
        }
    }
    value(&Paired { v: VERSION, event: "paired".to_owned(), peers: guests.devices })
}

/// Who came with a ticket, and whether each has got what it came for.
struct Guests {
    open: u32,
    devices: Vec<Device>,
    waiting: Vec<PeerId>,
}

impl Guests {
    fn new(uses: u32) -> Self {
        Self { open: uses, devices: Vec::new(), waiting: Vec::new() }
    }

    fn nobody_waits(&self) -> bool {
        self.waiting.is_empty()
    }

    fn all_served(&self) -> bool {
        self.open == 0 && self.waiting.is_empty()
    }

    /// A new device stays until both hold the same, or until it goes away.
    fn hear(&mut self, report: &Report) {
        match report {
            Report::Paired(peer, name) => {
                self.open = self.open.saturating_sub(1);
                self.devices.push(Device { id: peer.to_string(), name: name.clone() });
                self.waiting.push(*peer);
            }
            Report::InSync(peer, _)
            | Report::HeldBack { peer, .. }
            | Report::PeerDisconnected(peer, _) => {
                self.waiting.retain(|waiting| waiting != peer);
            }
            Report::Ready { .. }
            | Report::PeerConnected(_)
            | Report::PeerRefused(..)
            | Report::TakenIn { .. }
            | Report::Sent { .. }
            | Report::Written { .. }
            | Report::Renamed { .. }
            | Report::Deleted { .. }
            | Report::Merged(_)
            | Report::Conflict(..)
            | Report::Problem(_)
            | Report::Brake { .. }
            | Report::Progress { .. }
            | Report::Done(..)
            | Report::Failed(_)
            | Report::Stopped => {}
        }
    }
}

/// Waits until the endpoint knows at least one way to be reached, within a limit.
async fn addresses_known(net: &Net) {
    let look = async {
        while net.addresses().is_empty() && net.relay().is_none() {
            tokio::time::sleep(ADDRESSES_PAUSE).await;
        }
    };
    if tokio::time::timeout(ADDRESSES_LIMIT, look).await.is_err() {
        tracing::warn!("the ticket holds no address: this device knows none of its own");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(first: u8, name: &str, removed: bool) -> Member {
        let mut id = [0xaa; 32];
        id[0] = first;
        Member {
            id: PeerId(id),
            name: name.into(),
            name_version: 0,
            addresses: vec![],
            epoch: 0,
            removed,
        }
    }

    fn members() -> Status {
        Status {
            members: vec![
                member(0x11, "laptop", false),
                member(0x12, "desk", false),
                member(0x13, "desk", false),
                member(0x24, "old", true),
                member(0x25, "phone", false),
            ],
            ..Status::default()
        }
    }

    #[test]
    fn a_peer_is_found_by_name_or_start_of_id() {
        let (status, me) = (members(), member(0x11, "", false).id);
        let found = |wanted: &str| find(&status, me, wanted);
        assert_eq!(found("phone").unwrap(), status.members[4].id);
        assert_eq!(found("25").unwrap(), status.members[4].id);
        assert_eq!(found("12AA").unwrap(), status.members[1].id);
    }

    #[test]
    fn doubt_and_absence_are_said_with_the_choices() {
        let (status, me) = (members(), member(0x11, "", false).id);
        for (wanted, says) in [
            ("desk", "12aaaaaa"),
            ("1", "13aaaaaa"),
            ("nobody", "phone"),
            ("", "phone"),
            // Neither this device nor one that was removed.
            ("laptop", "phone"),
            ("old", "phone"),
            ("24", "phone"),
        ] {
            let error = find(&status, me, wanted).unwrap_err();
            assert_eq!(error.kind, Failure::UnknownPeer, "{wanted}");
            assert!(error.hints[0].contains(says), "{wanted}: {:?}", error.hints);
        }
        let removed = status.members[3].id.to_string();
        assert!(find(&status, me, &removed).is_ok());
    }

    #[test]
    fn this_device_can_be_renamed_as_well() {
        let (status, me) = (members(), member(0x11, "", false).id);
        let found = |wanted: &str| find_to_rename(&status, me, wanted);
        assert_eq!(found("laptop").unwrap(), me);
        assert_eq!(found("11").unwrap(), me);
        assert_eq!(found("phone").unwrap(), status.members[4].id);
        for wanted in ["desk", "1", "nobody", "", "old"] {
            assert_eq!(found(wanted).unwrap_err().kind, Failure::UnknownPeer, "{wanted}");
        }
    }

    #[test]
    fn an_address_must_be_one_that_can_be_dialled() {
        assert!(check_address("127.0.0.1:50000").is_ok());
        assert!(check_address("[::1]:50000").is_ok());
        assert!(check_address("https://relay.example.org").is_ok());
        assert!(check_address("127.0.0.1").is_err());
        assert!(check_address("my-desk").is_err());
    }

    #[test]
    fn a_guest_is_served_once_both_agree_or_it_left() {
        let (one, two) = (PeerId([1; 32]), PeerId([2; 32]));
        let mut guests = Guests::new(2);
        guests.hear(&Report::Paired(one, "one".into()));
        guests.hear(&Report::InSync(one, crate::model::Digest::ZERO));
        assert!(guests.nobody_waits() && !guests.all_served());
        guests.hear(&Report::Paired(two, "two".into()));
        assert!(!guests.nobody_waits());
        guests.hear(&Report::PeerDisconnected(two, "gone".into()));
        assert!(guests.all_served());
    }
}
