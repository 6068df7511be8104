//! Results for people, and the exit codes that follow from them.

mod metrics;

use jiff::Timestamp;

pub(super) use metrics::{metrics, prometheus};

use super::escape::escape;
use super::exit::Exit;
use super::output::{Paint, Tone};
use super::words::{ago, count, size, span};
use crate::app::answer::{Done, Outcome, Peer, Peers, Route, Status, Verify};
use crate::model::{Problem, ProblemKind};

/// Whom a one-shot was to meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All peers that answer.
    Everyone,
    /// The named ones, without exception.
    Named,
}

impl Done {
    /// The exit code of a one-shot that came to its end.
    ///
    /// - Shape: refusals and errors come first, then peers not reached or not in time, then files
    ///   left aside. In [`Scope::Everyone`] a peer that does not answer is out of scope, as long as
    ///   one does.
    pub(super) fn exit(&self, scope: Scope) -> Exit {
        let met = |outcome| self.peers.iter().any(|peer| peer.outcome == outcome);
        let any = met(Outcome::InSync) || met(Outcome::HeldBack);
        let reached = match scope {
            Scope::Everyone => any,
            Scope::Named => any && !met(Outcome::Unreachable),
        };
        if met(Outcome::Error) || met(Outcome::Refused) {
            Exit::Failed
        } else if met(Outcome::Timeout) || !reached {
            Exit::NoPeer
        } else if self.problems.is_empty() && !met(Outcome::HeldBack) {
            Exit::Done
        } else {
            Exit::LeftAside
        }
    }
}

/// What a one-shot did: peers, amounts, files left aside.
pub(super) fn done(done: &Done, paint: Paint) -> String {
    let mut text = String::new();
    let width = width(done.peers.iter().map(|peer| peer.name.as_str()));
    for peer in &done.peers {
        let (word, tone) = match peer.outcome {
            Outcome::InSync => ("in sync", Tone::Good),
            Outcome::HeldBack => ("held back", Tone::Bad),
            Outcome::Unreachable => ("not reached", Tone::Warn),
            Outcome::Timeout => ("not in time", Tone::Warn),
            Outcome::Refused => ("refused", Tone::Bad),
            Outcome::Error => ("failed", Tone::Bad),
        };
        let line = format!(
            "{}  {}  {}",
            pad(&peer.name, width),
            paint.tone(tone, &format!("{word:<11}")),
            escape(&peer.message)
        );
        push(&mut text, line.trim_end());
    }
    if let Some(would) = &done.would {
        for one in would {
            push(&mut text, &format!("would {:<9}  {}", escape(&one.action), escape(&one.path)));
        }
        push(&mut text, "Nothing was changed.");
    } else if let Some(line) = amounts(done) {
        push(&mut text, &line);
    }
    text + &problems(&done.problems, paint)
}

fn amounts(done: &Done) -> Option<String> {
    let files = |number| count(number, "file", "files");
    let mut parts = Vec::new();
    if done.sent.files > 0 {
        parts.push(format!("sent {} ({})", files(done.sent.files), size(done.sent.bytes)));
    }
    if done.received.files > 0 {
        parts.push(format!(
            "received {} ({})",
            files(done.received.files),
            size(done.received.bytes)
        ));
    }
    if done.merged > 0 {
        parts.push(format!("merged {}", files(done.merged)));
    }
    if done.conflicts > 0 {
        parts.push(format!(
            "put {} on record",
            count(done.conflicts, "contradiction", "contradictions")
        ));
    }
    if parts.is_empty() {
        // To say that there was nothing to do, somebody must have been met.
        let met = [Outcome::InSync, Outcome::HeldBack];
        if done.peers.iter().all(|peer| !met.contains(&peer.outcome)) {
            return None;
        }
        parts.push("nothing to send or receive".to_owned());
    }
    let mut line = parts.join(", ");
    // All parts begin with an ASCII letter.
    line[..1].make_ascii_uppercase();
    Some(format!("{line}; took {}.", span(done.elapsed_ms)))
}

/// The figures of vault, device and peers.
pub(super) fn status(status: &Status, now: Timestamp, paint: Paint) -> String {
    let vault = &status.vault;
    let mut text = String::new();
    let mut row = |label: &str, value: String| {
        let label = paint.tone(Tone::Faint, &format!("{label:<7}"));
        push(&mut text, &format!("{label} {value}"));
    };
    row("Vault", paint.tone(Tone::Strong, &escape(&vault.path)));
    let files = count(vault.files, "file", "files");
    row("", format!("{files}, {}", size(vault.bytes)));
    if vault.left_out > 0 {
        let takes = count(vault.left_out, "file takes", "files take");
        row("", format!("{takes} no part on this device"));
    }
    if status.trash.files > 0 {
        let files = count(status.trash.files, "file", "files");
        row(
            "Trash",
            format!("{files}, {}; `vault-sync restore` gets them back", size(status.trash.bytes)),
        );
    }
    row("Device", format!("{} ({})", escape(&status.device.name), short(&status.device.id)));
    row("Digest", escape(&vault.digest).into_owned());
    let running =
        if status.running { paint.tone(Tone::Good, "running") } else { "not running".to_owned() };
    row("Watch", running);
    if status.peers.is_empty() {
        push(&mut text, "\nNo other device has this vault yet; `vault-sync invite` adds one.");
    } else {
        push(&mut text, "");
        text += &peer_table(&status.peers, now, paint);
    }
    if status.conflicts > 0 {
        let contradictions = count(status.conflicts, "contradiction is", "contradictions are");
        push(&mut text, &format!("\n{contradictions} on record, with every version kept."));
    }
    text + &problems(&status.problems, paint)
}

/// Every other member with its state and addresses.
pub(super) fn peers(peers: &Peers, now: Timestamp, paint: Paint) -> String {
    if peers.peers.is_empty() {
        return "No other device has this vault yet; `vault-sync invite` adds one.\n".to_owned();
    }
    let mut text = peer_table(&peers.peers, now, paint);
    for peer in peers.peers.iter().filter(|peer| !peer.removed) {
        if !peer.addresses.is_empty() {
            let addresses = peer.addresses.join(", ");
            let line = format!("{} at {}", peer.name, addresses);
            push(&mut text, &paint.tone(Tone::Faint, &escape(&line)));
        }
    }
    text
}

fn peer_table(peers: &[Peer], now: Timestamp, paint: Paint) -> String {
    let mut text = String::new();
    let width = width(peers.iter().map(|peer| peer.name.as_str()));
    let states = peers.iter().map(|peer| state(peer).0.len()).max();
    let states = states.unwrap_or(0);
    for peer in peers {
        let (word, tone) = state(peer);
        let line = format!(
            "{}  {}  {}  {}",
            pad(&peer.name, width),
            paint.tone(Tone::Faint, &short(&peer.id)),
            paint.tone(tone, &format!("{word:<states$}")),
            route(peer, now),
        );
        push(&mut text, line.trim_end());
    }
    text
}

fn state(peer: &Peer) -> (String, Tone) {
    if peer.removed {
        return ("removed".to_owned(), Tone::Faint);
    }
    if peer.in_sync {
        return ("in sync".to_owned(), Tone::Good);
    }
    if peer.connected && peer.held_there + peer.held_here > 0 {
        let mut said = Vec::new();
        for (count, place) in [(peer.held_there, "there"), (peer.held_here, "here")] {
            if count > 0 {
                said.push(format!("{count} held back {place}"));
            }
        }
        return (said.join(", "), Tone::Bad);
    }
    match (peer.pending_out, peer.pending_in) {
        (0, 0) if peer.connected => ("comparing".to_owned(), Tone::Warn),
        (0, 0) => ("not connected".to_owned(), Tone::Faint),
        (to, 0) => (format!("{to} to send"), Tone::Warn),
        (0, from) => (format!("{from} to receive"), Tone::Warn),
        (to, from) => (format!("{to} to send, {from} to receive"), Tone::Warn),
    }
}

fn route(peer: &Peer, now: Timestamp) -> String {
    if peer.removed {
        return String::new();
    }
    if !peer.connected {
        let last = match &peer.last_sync {
            Some(then) => format!("last in sync {}", escape(&ago(now, then))),
            None => "never in sync".to_owned(),
        };
        // Without pending files the state says already that nobody is there.
        return match (peer.pending_out, peer.pending_in) {
            (0, 0) => last,
            _ => format!("not connected, {last}"),
        };
    }
    let path = match peer.path {
        Some(Route::Direct) => "connected directly",
        Some(Route::Relay) => "connected through a relay",
        None => "connected",
    };
    match peer.rtt_ms {
        Some(ms) => format!("{path}, {ms} ms"),
        None => path.to_owned(),
    }
}

impl Verify {
    /// The exit code: damage of the store weighs more than a file left aside.
    pub(super) fn exit(&self) -> Exit {
        let damaged = |problem: &Problem| problem.kind == ProblemKind::Damaged;
        if self.problems.iter().any(damaged) {
            Exit::Bug
        } else if self.problems.is_empty() {
            Exit::Done
        } else {
            Exit::LeftAside
        }
    }
}

/// What was checked, the digest, and what was found.
pub(super) fn verify(verify: &Verify, paint: Paint) -> String {
    let mut text = String::new();
    let how = if verify.deep { "read again" } else { "looked at" };
    push(
        &mut text,
        &format!(
            "{} {how}, {} checked.",
            count(verify.files, "file", "files"),
            count(verify.documents, "document", "documents"),
        ),
    );
    push(&mut text, &format!("Digest {}", escape(&verify.digest)));
    if verify.problems.is_empty() {
        push(&mut text, &paint.tone(Tone::Good, "All is well."));
    }
    text + &problems(&verify.problems, paint)
}

pub(super) fn problems(problems: &[Problem], paint: Paint) -> String {
    let mut text = String::new();
    if problems.is_empty() {
        return text;
    }
    let number = count(problems.len() as u64, "file was", "files were");
    push(&mut text, &format!("\n{}", paint.tone(Tone::Warn, &format!("{number} left aside:"))));
    for problem in problems {
        let line = match problem.path.as_str() {
            "" => format!("  {}", escape(&problem.message)),
            path => format!("  {}: {}", escape(path), escape(&problem.message)),
        };
        push(&mut text, &line);
    }
    text
}

/// The first eight digits of an id.
pub(super) fn short(id: &str) -> String {
    escape(id).chars().take(8).collect()
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn width<'n>(names: impl Iterator<Item = &'n str>) -> usize {
    names.map(|name| escape(name).chars().count()).max().unwrap_or(0)
}

fn pad(name: &str, width: usize) -> String {
    format!("{:<width$}", escape(name))
}

#[cfg(test)]
mod tests;
