//! `invite`.

use std::ops::ControlFlow;

use clap::Args;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde_json::Value;

use super::read;
use crate::app::answer;
use crate::app::{self, Request};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::escape::escape;
use crate::cli::events::{Lines, Listener};
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Output};
use crate::cli::words::parse_span;

/// Shortest life of a ticket, in milliseconds: less could not be carried to the other device.
const LEAST_EXPIRES_MS: u64 = 1000;
/// Longest life of a ticket, in milliseconds: thirty days. A secret that is forgotten in a
/// message must not open the vault for ever.
const MOST_EXPIRES_MS: u64 = 30 * 86_400_000;

/// Print a ticket that lets another device join
///
/// The ticket is one line; whoever has it can join until it expires or was used. A running `watch`
/// honours it; with --wait this command does.
#[derive(Debug, Args)]
pub(in crate::cli) struct Invite {
    /// How long the ticket is honoured, such as 15m or 2h
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = expires)]
    expires: u64,

    /// How many devices may use it
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=100))]
    uses: u32,

    /// Stay until the ticket was used; ends with 4 when it expires first
    #[arg(long)]
    wait: bool,

    /// Show the ticket as a QR code as well
    #[arg(long)]
    qr: bool,
}

fn expires(text: &str) -> Result<u64, String> {
    let ms = parse_span(text)?;
    if (LEAST_EXPIRES_MS..=MOST_EXPIRES_MS).contains(&ms) {
        Ok(ms)
    } else {
        Err("from 1s to 30d is possible".to_owned())
    }
}

pub(in crate::cli) fn run(arguments: &Invite, context: &mut Context<'_>) -> Result<Exit, Error> {
    let (located, settings) = context.located(None)?;
    let request = Request::Invite {
        expires_ms: arguments.expires,
        uses: arguments.uses,
        wait: arguments.wait,
    };
    if !arguments.wait {
        let mut listener = Listener::new(&mut context.output, Lines::Important, context.time_zone);
        let result = app::ask(&located.path, request, &settings, &mut |event| listener.take(event));
        let value = listener.finish(result)?;
        print(arguments, &value, &mut context.output)?;
        return Ok(Exit::Done);
    }
    let mut end = None;
    let output = &mut context.output;
    let zone = context.time_zone;
    let result = app::ask(&located.path, request, &settings, &mut |event| {
        let shown = if event.get("event").and_then(Value::as_str) == Some("invite") {
            print(arguments, event, output)
        } else {
            let mut listener = Listener::new(output, Lines::Important, zone);
            // Stopping is decided by the result of `finish`, which knows why.
            let _flow = listener.take(event);
            listener.finish(Ok(()))
        };
        match shown {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                end = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    if let Some(error) = end {
        return Err(error);
    }
    let value = result?;
    if context.output.format == Format::Json {
        context.output.json(&value)?;
    } else {
        let paired: answer::Paired = read(&value)?;
        for peer in paired.peers {
            context.output.note(&format!("{} joined.", escape(&peer.name)));
        }
    }
    Ok(Exit::Done)
}

/// The ticket alone on stdout; all advice on stderr.
fn print(arguments: &Invite, value: &Value, output: &mut Output<'_>) -> Result<(), Error> {
    let invite: answer::Invite = read(value)?;
    if output.format == Format::Json {
        output.json(value)?;
    } else {
        output.result(&escape(&invite.ticket))?;
    }
    if arguments.qr {
        let code = qr(&invite.ticket)?;
        let needed = code.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        match output.columns.filter(|columns| *columns < needed) {
            None => output.complain(&code),
            // Broken lines would be no code, and might hide the ticket.
            Some(columns) => output.complain(&format!(
                "The QR code is not shown: it is {needed} characters wide, this terminal {columns}."
            )),
        }
    }
    let ticket = "On the other device: vault-sync join TICKET FOLDER";
    if invite.honoured {
        let until = escape(&invite.expires);
        output.note(&format!("{ticket}\nThe ticket is honoured until {until}."));
    } else {
        output.note(&format!(
            "{ticket}\nNobody honours the ticket yet: start `vault-sync watch` here, or use --wait."
        ));
    }
    Ok(())
}

/// The code for a dark terminal, two modules to a character.
fn qr(ticket: &str) -> Result<String, Error> {
    let code = QrCode::new(ticket).map_err(|error| {
        app::Error::new(app::Failure::Bug, "the ticket is too long for a QR code")
            .caused_by(error.to_string())
    })?;
    Ok(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite(honoured: bool) -> Value {
        serde_json::json!({
            "v": 1, "ticket": "vaultsyncabc", "expires": "2026-11-20T12:15:00.000Z",
            "honoured": honoured,
        })
    }

    fn printed(format: Format, qr: bool, honoured: bool) -> (String, String) {
        printed_on(None, format, qr, honoured)
    }

    fn printed_on(
        columns: Option<usize>,
        format: Format,
        qr: bool,
        honoured: bool,
    ) -> (String, String) {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut stdout, &mut stderr);
        output.format = format;
        output.columns = columns;
        let arguments = Invite { expires: 900_000, uses: 1, wait: false, qr };
        print(&arguments, &invite(honoured), &mut output).unwrap();
        (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    #[test]
    fn the_ticket_stands_alone_on_stdout() {
        let (stdout, stderr) = printed(Format::Text, true, true);
        assert_eq!(stdout, "vaultsyncabc\n");
        assert!(stderr.contains('█') && stderr.contains("until 2026-11-20T12:15:00.000Z"));
        let (_, stderr) = printed(Format::Text, false, false);
        assert!(stderr.contains("--wait"));
    }

    #[test]
    fn a_code_wider_than_the_terminal_is_not_shown() {
        let on = |columns| printed_on(Some(columns), Format::Text, true, true);
        let (_, wide) = on(80);
        let needed = wide.lines().find(|line| line.contains('█')).unwrap().chars().count();
        assert!(on(needed).1.contains('█'));
        let (stdout, narrow) = on(needed - 1);
        assert_eq!(stdout, "vaultsyncabc\n");
        assert!(!narrow.contains('█') && narrow.contains("not shown"), "{narrow}");
    }

    #[test]
    fn json_keeps_the_keys_of_the_contract() {
        let (stdout, _) = printed(Format::Json, false, true);
        insta::assert_snapshot!(stdout, @r#"{"v":1,"ticket":"vaultsyncabc","expires":"2026-11-20T12:15:00.000Z","honoured":true}"#);
    }

    #[test]
    fn tickets_live_from_a_second_to_thirty_days() {
        assert_eq!(expires("15m"), Ok(900_000));
        assert_eq!(expires("1s"), Ok(1000));
        assert!(expires("999ms").is_err());
        assert_eq!(expires("30d"), Ok(MOST_EXPIRES_MS));
        assert!(expires("30d1ms").is_err());
        assert!(expires("soon").is_err());
    }
}
