//! `peers`.

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::read;
use crate::app::answer;
use crate::app::config::{Key, Value};
use crate::app::{self, Failure, Request};
use crate::cli::answers;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::escape::escape;
use crate::cli::events::{Lines, Listener};
use crate::cli::exit::Exit;
use crate::cli::output::Format;

/// List the vault's other devices, and manage them
#[derive(Debug, Args)]
pub(in crate::cli) struct Peers {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List them; this is what happens without a subcommand
    List,
    /// Give a device another name, on every device
    Rename {
        /// Its name, or the start of its id
        peer: String,
        /// The new name
        name: String,
    },
    /// Refuse a device from now on
    ///
    /// Every device that hears of it refuses it as well. Notes that it holds already stay there.
    Remove {
        /// Its name, or the start of its id
        peer: String,
    },
    /// Remember an address under which a device can be reached
    AddAddress {
        /// Its name, or the start of its id
        peer: String,
        /// IP address and port, such as 192.168.1.7:50123
        #[arg(value_name = "ADDR")]
        address: std::net::SocketAddr,
    },
}

pub(in crate::cli) fn run(arguments: &Peers, context: &mut Context<'_>) -> Result<Exit, Error> {
    let request = match &arguments.action {
        None | Some(Action::List) => Request::Peers,
        Some(Action::Rename { peer, name }) => {
            Request::RenamePeer { peer: peer.clone(), name: checked(name)? }
        }
        Some(Action::Remove { peer }) => Request::RemovePeer { peer: peer.clone() },
        Some(Action::AddAddress { peer, address }) => {
            Request::AddAddress { peer: peer.clone(), address: address.to_string() }
        }
    };
    let (located, settings) = context.located(None)?;
    let mut listener = Listener::new(&mut context.output, Lines::Important, context.time_zone);
    let result = app::ask(&located.path, request, &settings, &mut |event| listener.take(event));
    let value = listener.finish(result)?;
    if context.output.format == Format::Json {
        context.output.json(&value)?;
        return Ok(Exit::Done);
    }
    let answer: answer::Peers = read(&value)?;
    let text = match &arguments.action {
        None | Some(Action::List) => {
            answers::peers(&answer, Timestamp::now(), context.output.paint)
        }
        Some(Action::Rename { peer, name }) => {
            format!("{} is called {} now.", escape(peer), escape(name.trim()))
        }
        Some(Action::Remove { peer }) => {
            format!("{} is refused from now on. What it holds already stays there.", escape(peer))
        }
        Some(Action::AddAddress { peer, address }) => {
            format!("{} is looked for at {address} as well.", escape(peer))
        }
    };
    context.output.result(&text)?;
    Ok(Exit::Done)
}

/// A name for a device, by the rules of `device.name`, and not empty.
fn checked(name: &str) -> Result<String, Error> {
    match Value::parse(Key::DeviceName, name) {
        Ok(Value::Text(name)) if !name.is_empty() => Ok(name),
        Ok(_) => Err(app::Error::new(Failure::Usage, "the new name is empty").into()),
        Err(expected) => Err(app::Error::new(
            Failure::Usage,
            format!("{name:?} is no name for a device: {expected}"),
        )
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_before_anything_is_asked() {
        assert_eq!(checked(" desk ").unwrap(), "desk");
        for bad in ["", "  ", "a\u{7}b"] {
            let Err(Error::App(error)) = checked(bad) else {
                panic!("{bad:?} is accepted");
            };
            assert_eq!(error.kind, Failure::Usage);
        }
    }
}
