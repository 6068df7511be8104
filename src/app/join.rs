//! How a device joins a vault.

use std::path::Path;

use serde_json::Value;
use tokio::sync::mpsc;

use super::answer::{Done, Outcome, Reason};
use super::clock::{Clock, wall};
use super::config::Settings;
use super::control::EVENTS_LIMIT;
use super::desk::{self, Held};
use super::driver::Gate;
use super::front::{not_inside, nothing, opening, stop};
use super::ground::Ground;
use super::host::{Host, Opening, Role};
use super::listen::{Heard, Signals, by_person, listen, run};
use super::perform::run_shot;
use super::priority::step_back;
use super::{Error, Failure, OnEvent, fault, places};
use crate::engine::Command;
use crate::net::Ticket;
use crate::vault::{self, Folder};

/// Pairs with the device that made `ticket`, and brings `dir` and its vault together.
///
/// - Shape: `dir` may be missing, empty or populated; it becomes a vault only once the other side
///   accepted. When it refuses, nothing is left changed.
///
/// # Errors
///
/// [`Failure::Ticket`] for a ticket that is mangled, expired, used up or this device's own;
/// [`Failure::OtherVault`] for a folder of another vault; [`Failure::NoPeer`] when nobody answers;
/// otherwise as [`super::ask`].
pub fn join(
    ticket: &str,
    dir: &Path,
    settings: &Settings,
    on_event: OnEvent<'_>,
) -> Result<Value, Error> {
    let clock = Clock::start();
    step_back();
    let ticket: Ticket =
        ticket.parse().map_err(|error: crate::net::Error| fault::of_net(&error))?;
    if ticket.expires <= wall() {
        return Err(bad_ticket("the ticket has expired"));
    }
    run(async {
        let ground = ground_of(dir, &ticket)?;
        let gated = ground.to_write().is_none();
        let mut signals = Signals::new()?;
        let desk = match desk::open(dir, ticket.vault, ground.clone(), settings).await? {
            Held::Here(desk) => *desk,
            Held::There(there) => return Err(desk::busy(&there.place, there.pid)),
        };
        let place = desk.place.clone();
        if ticket.peer == desk.me {
            drop(desk);
            forget_fresh(&place);
            return Err(bad_ticket("the ticket was made by this device"));
        }
        let accepted = ground.clone();
        let gate: Option<Gate> = gated.then(|| -> Gate { Box::new(move || accepted.accept()) });
        let started = Host::start(desk, Opening { gate, ..opening(Role::Shot, clock, gated) });
        let mut host = match started.await {
            Ok(host) => host,
            Err(error) => {
                forget_fresh(&place);
                return Err(error);
            }
        };
        let shot = host.handle.next_shot();
        let command = Command::Join {
            shot,
            peer: ticket.peer,
            addresses: ticket.contacts(),
            secret: ticket.secret,
        };
        let (events, mut told) = mpsc::channel(EVENTS_LIMIT);
        let (handle, news, over) = (host.handle.clone(), host.take_news(), host.over());
        let work = async {
            tokio::select! {
                result = run_shot(&handle, shot, command, news, None, false, &events) => result,
                // Why is said by the end of the host.
                () = over => Err(super::handle::stopped()),
            }
        };
        let heard = listen(work, &mut told, on_event, &mut signals).await;
        drop(handle);
        if ground.to_write().is_none() {
            // Nobody accepted us: everything is as it was before.
            let over = host.is_over();
            let why = host.abandon().await;
            forget_fresh(&place);
            return Err(match (heard, why) {
                (_, Err(error)) if over => error,
                (Heard::Done(Ok(done)), _) => not_accepted(done),
                (Heard::Done(Err(error)), _) => error,
                (Heard::Deaf | Heard::Stopped, _) => by_person(),
            });
        }
        let stopped = stop(host, &mut signals).await;
        match heard {
            Heard::Done(Err(_)) if stopped.is_err() => stopped.map(|()| nothing()),
            Heard::Done(result) => {
                let result = result?;
                refused_member(&result)?;
                stopped.map(|()| result)
            }
            Heard::Deaf => stopped.map(|()| nothing()),
            Heard::Stopped => stopped.and_then(|()| Err(by_person())),
        }
    })
}

/// The folder `dir`: a copy of the ticket's vault already, or one that may become one.
fn ground_of(dir: &Path, ticket: &Ticket) -> Result<Ground, Error> {
    let of_vault = |error| fault::of_vault(&error);
    match Folder::marker(dir) {
        Ok(Some(id)) if id == ticket.vault => {
            Folder::open(dir).map(Ground::vault).map_err(of_vault)
        }
        Ok(Some(_)) => Err(Error::new(
            Failure::OtherVault,
            format!("{} belongs to another vault", dir.display()),
        )
        .hint("Choose another folder for this one.")),
        Ok(None) | Err(vault::Error::Missing { .. }) => {
            not_inside(dir)?;
            Ground::wanted(&places::absolute(dir)?, ticket.vault)
        }
        Err(error) => Err(of_vault(error)),
    }
}

fn forget_fresh(place: &places::Place) {
    if place.fresh
        && let Err(error) = places::forget(&place.folder)
    {
        tracing::warn!(%error, "what was begun could not be removed");
    }
}

fn bad_ticket(what: &str) -> Error {
    Error::new(Failure::Ticket, what)
        .hint("Run `vault-sync invite` on a device of the vault, and use the new ticket here.")
}

/// Why the inviter did not accept us.
fn not_accepted(done: Value) -> Error {
    let met = serde_json::from_value::<Done>(done).ok().and_then(|mut done| done.peers.pop());
    let Some(met) = met else {
        return fault::bug("joining ended without an outcome");
    };
    let with = |kind, text: &str| Error::new(kind, text).caused_by(met.message.clone());
    match met.outcome {
        Outcome::Refused if met.reason == Some(Reason::Version) => {
            with(Failure::Version, "the other device runs another version of vault-sync")
                .hint("Update vault-sync on both devices; this did not use up the ticket.")
        }
        Outcome::Refused => with(Failure::Ticket, "the other device refused the ticket")
            .hint("A ticket may be used up or expired: make a new one with `vault-sync invite`."),
        Outcome::Unreachable | Outcome::Timeout => {
            with(Failure::NoPeer, "the device that made the ticket was not reached")
                .hint("Check that `vault-sync watch` or `vault-sync invite --wait` runs there.")
        }
        Outcome::Error | Outcome::InSync | Outcome::HeldBack => {
            with(Failure::NoPeer, "the pairing broke off").hint("Try again.")
        }
    }
}

/// A device that was a member already may still be refused.
fn refused_member(done: &Value) -> Result<(), Error> {
    let refused = serde_json::from_value::<Done>(done.clone())
        .ok()
        .is_some_and(|done| done.peers.iter().any(|met| met.outcome == Outcome::Refused));
    if refused { Err(not_accepted(done.clone())) } else { Ok(()) }
}
