//! Events on their way to the user: as JSON lines, as lines for people, or as progress.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::error::Error;
use super::escape::{escape, quote};
use super::output::{Format, Output, Paint, Talk, Tone};
use super::words::{amount, count, span};
use crate::app;

/// Which events people get to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    /// All, as results: `watch`.
    All,
    /// Those that somebody must know of, the rest only when asked for: one-shots.
    Important,
}

/// Takes the events of one piece of work and shows them.
#[derive(Debug)]
pub(super) struct Listener<'a, 'o> {
    output: &'a mut Output<'o>,
    lines: Lines,
    zone: fn() -> TimeZone,
    /// Names of peers met so far, by id.
    names: BTreeMap<String, String>,
    /// Whether deletions were held back.
    pub(super) braked: bool,
    end: Option<Error>,
}

impl<'a, 'o> Listener<'a, 'o> {
    /// Shows nothing yet.
    pub(super) fn new(output: &'a mut Output<'o>, lines: Lines, zone: fn() -> TimeZone) -> Self {
        Self { output, lines, zone, names: BTreeMap::new(), braked: false, end: None }
    }

    /// Shows one event; asks to stop once nobody reads any more.
    pub(super) fn take(&mut self, event: &Value) -> ControlFlow<()> {
        if self.end.is_some() {
            return ControlFlow::Break(());
        }
        match self.show(event) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.end = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    /// Shows events that came together, in one piece.
    pub(super) fn take_all(&mut self, events: &[Arc<Value>]) -> ControlFlow<()> {
        self.output.hold();
        let shown = events.iter().try_for_each(|event| self.take(event));
        match self.output.hand_on() {
            Ok(()) => shown,
            Err(error) => {
                self.end.get_or_insert(error);
                ControlFlow::Break(())
            }
        }
    }

    /// The end of the work: an unreadable output comes before whatever came of the work.
    pub(super) fn finish<T>(self, result: Result<T, app::Error>) -> Result<T, Error> {
        self.output.end_progress();
        match self.end {
            Some(error) => Err(error),
            None => Ok(result?),
        }
    }

    fn show(&mut self, event: &Value) -> Result<(), Error> {
        let name = text(event, "event");
        if name == "progress" {
            let figure = |key| event.get(key).and_then(Value::as_u64).unwrap_or(0);
            let what = text(event, "what");
            self.output.progress(&what, figure("done"), figure("total"));
            return Ok(());
        }
        if name == "brake" {
            self.braked = true;
        }
        if self.output.format == Format::Json {
            return self.output.json(event);
        }
        if let (Some(id), Some(known)) = (string(event, "peer"), string(event, "name")) {
            self.names.insert(id.to_owned(), known.to_owned());
        }
        match self.lines {
            Lines::All if name == "ready" => {
                self.output.end_progress();
                let text = welcome(event, self.output.paint);
                self.output.result(&text)
            }
            Lines::All => {
                let paint = self.output.paint;
                let line = self.line(event, &name, paint);
                self.output.result(&line)
            }
            Lines::Important => {
                let loud = matches!(tone_of(&name), Some(Tone::Bad | Tone::Warn));
                // A first join has thousands that nobody asked to see.
                if loud || self.output.talk >= Talk::Verbose {
                    let line = self.line(event, &name, self.output.paint_err);
                    if loud {
                        self.output.note(&line);
                    } else {
                        self.output.detail(&line);
                    }
                }
                Ok(())
            }
        }
    }

    /// One line: time of day, what, on which file, with whom.
    fn line(&self, event: &Value, name: &str, paint: Paint) -> String {
        let at = string(event, "at")
            .and_then(|at| at.parse::<Timestamp>().ok())
            .map(|at| at.to_zoned((self.zone)()).strftime("%H:%M:%S").to_string())
            .unwrap_or_default();
        let word = format!("{:<12}", words_of(name));
        let word = tone_of(name).map_or_else(|| word.clone(), |tone| paint.tone(tone, &word));
        let line = format!("{}  {word}  {}", paint.tone(Tone::Faint, &at), self.rest(event, name));
        line.trim_end().to_owned()
    }

    fn rest(&self, event: &Value, name: &str) -> String {
        let path = text(event, "path");
        let peer = self.peer(event);
        let message = text(event, "message");
        match name {
            "taken-in" | "merged" | "solved" => path,
            "sent" => format!("{path} to {peer}"),
            "written" if peer.is_empty() => path,
            "written" => format!("{path} from {peer}"),
            "renamed" => by(&format!("{} to {path}", text(event, "from")), &peer),
            "deleted" => by(&path, &peer),
            "conflict" => format!("{path} ({})", text(event, "id")),
            "problem" => format!("{path}: {message}"),
            "in-sync" => format!("with {peer}"),
            "held-back" => {
                let of = |key| event.get(key).and_then(Value::as_u64).unwrap_or(0);
                let (there, here) = (count(of("there"), "file", "files"), of("here"));
                format!("{there} by {peer}, {here} here, until a person agrees")
            }
            "peer-disconnected" | "peer-refused" if !message.is_empty() => {
                format!("{peer}: {message}")
            }
            "peer-connected" | "peer-disconnected" | "peer-refused" | "paired" => peer,
            "brake" => {
                let held = event.get("count").and_then(Value::as_u64).unwrap_or(0);
                let held = count(held, "deletion", "deletions");
                format!("{held} held back: {}", text(event, "reason"))
            }
            "failed" => message,
            "budget" => {
                let of = |key| event.get(key).and_then(Value::as_u64).unwrap_or(0);
                let unit = text(event, "unit");
                let (value, limit) = (amount(of("value"), &unit), amount(of("limit"), &unit));
                let word = if string(event, "state") == Some("over") { "above" } else { "below" };
                format!("{}: {value}, {word} the limit of {limit}", text(event, "about"))
            }
            _ => [path, peer, message]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    /// The name of the event's peer, or the start of its id.
    fn peer(&self, event: &Value) -> String {
        let id = string(event, "peer").unwrap_or_default();
        match self.names.get(id) {
            Some(name) => escape(name).into_owned(),
            None => escape(id).chars().take(8).collect(),
        }
    }
}

fn by(what: &str, peer: &str) -> String {
    if peer.is_empty() { what.to_owned() } else { format!("{what} by {peer}") }
}

/// What people read for an event's name.
fn words_of(name: &str) -> String {
    match name {
        "taken-in" => "taken in".to_owned(),
        "in-sync" => "in sync".to_owned(),
        "held-back" => "held back".to_owned(),
        "peer-connected" => "connected".to_owned(),
        "peer-disconnected" => "disconnected".to_owned(),
        "peer-refused" => "refused".to_owned(),
        "paired" => "joined".to_owned(),
        other => escape(other).into_owned(),
    }
}

fn tone_of(name: &str) -> Option<Tone> {
    match name {
        "in-sync" | "paired" | "solved" => Some(Tone::Good),
        "problem" | "conflict" | "peer-refused" | "budget" => Some(Tone::Warn),
        "brake" | "failed" | "held-back" => Some(Tone::Bad),
        "peer-connected" | "peer-disconnected" | "stopped" => Some(Tone::Faint),
        _ => None,
    }
}

/// The first lines of `watch`: which vault, which device, and how to add another.
fn welcome(ready: &Value, paint: Paint) -> String {
    let part = |object: &str, key: &str| {
        let value = ready.get(object).and_then(|object| object.get(key));
        value.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let figure = |key: &str| ready.get(key).and_then(Value::as_u64).unwrap_or(0);
    let path = part("vault", "path");
    let created = ready.get("created").and_then(Value::as_bool) == Some(true);
    let mut lines = vec![
        format!(
            "{} {}",
            if created { "New vault" } else { "Watching" },
            paint.tone(Tone::Strong, &escape(&path)),
        ),
        format!(
            "This device is {}; {}, ready in {}.",
            paint.tone(Tone::Strong, &escape(&part("device", "name"))),
            count(figure("files"), "file", "files"),
            span(figure("startup_ms")),
        ),
    ];
    match figure("peers") {
        0 => {
            lines.push("No other device has this vault yet. To add one:".to_owned());
            lines.push(format!("  here   vault-sync invite --vault {}", quote(&path)));
            lines.push("  there  vault-sync join TICKET FOLDER".to_owned());
        }
        others => lines.push(format!(
            "Shared with {}; `vault-sync invite` adds another.",
            count(others, "other device", "other devices"),
        )),
    }
    lines.push(paint.tone(Tone::Faint, "Ctrl-C stops it."));
    lines.join("\n")
}

fn string<'v>(event: &'v Value, key: &str) -> Option<&'v str> {
    event.get(key).and_then(Value::as_str)
}

/// A text of the event, made safe; empty when it has none.
fn text(event: &Value, key: &str) -> String {
    string(event, key).map_or_else(String::new, |text| escape(text).into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::app::Failure;

    fn shown(lines: Lines, format: Format, events: &[Value]) -> (String, String) {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut stdout, &mut stderr);
        output.format = format;
        let mut listener = Listener::new(&mut output, lines, || TimeZone::UTC);
        for event in events {
            assert!(listener.take(event).is_continue());
        }
        listener.finish(Ok(())).unwrap();
        (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    fn ready(peers: u64, created: bool) -> Value {
        json!({
            "v": 1, "event": "ready", "at": "2026-11-20T12:00:00.120Z", "digest": "ab",
            "files": 1095, "startup_ms": 120, "addresses": ["127.0.0.1:5000"],
            "vault": {"id": "00", "path": "/home/me/My Notes"},
            "device": {"id": "11", "name": "laptop"}, "created": created, "peers": peers,
        })
    }

    #[test]
    fn the_first_lines_tell_how_to_add_a_device() {
        let (stdout, _) = shown(Lines::All, Format::Text, &[ready(0, true)]);
        insta::assert_snapshot!(stdout, @r"
        New vault /home/me/My Notes
        This device is laptop; 1,095 files, ready in 120 ms.
        No other device has this vault yet. To add one:
          here   vault-sync invite --vault '/home/me/My Notes'
          there  vault-sync join TICKET FOLDER
        Ctrl-C stops it.
        ");
    }

    #[test]
    fn with_other_devices_the_first_lines_are_short() {
        let (stdout, _) = shown(Lines::All, Format::Text, &[ready(2, false)]);
        insta::assert_snapshot!(stdout, @r"
        Watching /home/me/My Notes
        This device is laptop; 1,095 files, ready in 120 ms.
        Shared with 2 other devices; `vault-sync invite` adds another.
        Ctrl-C stops it.
        ");
    }

    fn all() -> Vec<Value> {
        let at = "2026-11-20T12:03:04.005Z";
        let peer = "3f9a12bc".repeat(8);
        let event = |name: &str, fields: Value| {
            let mut event = json!({"v": 1, "event": name, "at": at});
            for (key, value) in fields.as_object().unwrap() {
                event[key] = value.clone();
            }
            event
        };
        vec![
            event("peer-connected", json!({"peer": peer})),
            event("paired", json!({"peer": peer, "name": "desk"})),
            event("taken-in", json!({"path": "a.md", "ops": 3, "ms": 4})),
            event("sent", json!({"path": "a.md", "peer": peer, "bytes": 120})),
            event("written", json!({"path": "b.md", "peer": peer, "ms": 4})),
            event("written", json!({"path": "b.md", "peer": null, "ms": 4})),
            event("renamed", json!({"path": "d.md", "from": "c.md", "peer": peer})),
            event("deleted", json!({"path": "d.md", "peer": null})),
            event("merged", json!({"path": "e.md"})),
            event("conflict", json!({"path": "e.md", "id": "7c"})),
            event("in-sync", json!({"peer": peer, "digest": "ab"})),
            event("problem", json!({"path": "x\u{1b}[2J", "kind": "name", "message": "no\nno"})),
            event("solved", json!({"path": "x", "kind": "name"})),
            event("brake", json!({"reason": "half the vault is gone", "count": 500})),
            event("peer-refused", json!({"peer": "00ff", "message": "not paired"})),
            event("peer-disconnected", json!({"peer": peer, "message": "timed out"})),
            event(
                "budget",
                json!({"about": "an edit", "state": "over", "value": 72_500, "limit": 50_000,
                    "unit": "us"}),
            ),
            event(
                "budget",
                json!({"about": "memory", "state": "near", "value": 95_000_000,
                    "limit": 100_000_000, "unit": "bytes"}),
            ),
            event("later-news", json!({"path": "z.md"})),
            event("stopped", json!({})),
        ]
    }

    #[test]
    fn each_event_is_one_line_with_names_made_safe() {
        let (stdout, stderr) = shown(Lines::All, Format::Text, &all());
        insta::assert_snapshot!(stdout, @r"
        12:03:04  connected     3f9a12bc
        12:03:04  joined        desk
        12:03:04  taken in      a.md
        12:03:04  sent          a.md to desk
        12:03:04  written       b.md from desk
        12:03:04  written       b.md
        12:03:04  renamed       c.md to d.md by desk
        12:03:04  deleted       d.md
        12:03:04  merged        e.md
        12:03:04  conflict      e.md (7c)
        12:03:04  in sync       with desk
        12:03:04  problem       x\u{1b}[2J: no\nno
        12:03:04  solved        x
        12:03:04  brake         500 deletions held back: half the vault is gone
        12:03:04  refused       00ff: not paired
        12:03:04  disconnected  desk: timed out
        12:03:04  budget        an edit: 72.5 ms, above the limit of 50.0 ms
        12:03:04  budget        memory: 95.0 MB, below the limit of 100.0 MB
        12:03:04  later-news    z.md
        12:03:04  stopped
        ");
        assert_eq!(stderr, "");
    }

    #[test]
    fn a_one_shot_tells_only_what_matters_and_not_on_stdout() {
        let (stdout, stderr) = shown(Lines::Important, Format::Text, &all());
        assert_eq!(stdout, "");
        insta::assert_snapshot!(stderr, @r"
        12:03:04  conflict      e.md (7c)
        12:03:04  problem       x\u{1b}[2J: no\nno
        12:03:04  brake         500 deletions held back: half the vault is gone
        12:03:04  refused       00ff: not paired
        12:03:04  budget        an edit: 72.5 ms, above the limit of 50.0 ms
        12:03:04  budget        memory: 95.0 MB, below the limit of 100.0 MB
        ");
    }

    #[test]
    fn json_lines_are_the_events_themselves_without_progress() {
        let progress =
            json!({"v": 1, "event": "progress", "what": "sending", "done": 1, "total": 2});
        let events = [ready(0, true), progress, all()[2].clone()];
        let (stdout, stderr) = shown(Lines::All, Format::Json, &events);
        let lines: Vec<Value> =
            stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, [events[0].clone(), events[2].clone()]);
        assert_eq!(stderr, "");
    }

    #[test]
    fn the_brake_is_remembered() {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut stdout, &mut stderr);
        let mut listener = Listener::new(&mut output, Lines::Important, || TimeZone::UTC);
        assert!(listener.take(&ready(0, false)).is_continue());
        assert!(!listener.braked);
        let brake = json!({"event": "brake", "reason": "r", "count": 1});
        assert!(listener.take(&brake).is_continue());
        assert!(listener.braked);
    }

    #[test]
    fn once_nobody_reads_the_work_is_asked_to_stop() {
        let mut stderr = Vec::new();
        let mut reader = crate::cli::tests::ClosedReader;
        let mut output = Output::new(&mut reader, &mut stderr);
        let mut listener = Listener::new(&mut output, Lines::All, || TimeZone::UTC);
        assert!(listener.take(&ready(0, false)).is_break());
        assert!(listener.take(&ready(0, false)).is_break());
        let failed = app::Error::new(Failure::Stopped, "stopped");
        let end = listener.finish::<()>(Err(failed)).unwrap_err();
        assert!(matches!(end, Error::Gone));
    }
}
