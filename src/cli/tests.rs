//! Whole runs, without a vault: help, settings, completions, errors and their codes.
#![expect(clippy::disallowed_methods, reason = "these tests make files of their own")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory as _;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::args::{Arguments, Color};
use super::error::Error;
use super::output::{Format, Output, Paint, Talk};
use super::run::{Surroundings, paint, report, run};
use super::{Exit, escape};
use crate::app::{self, Failure};

/// Stands for a reader that has gone, as `head` does.
pub(super) struct ClosedReader;

impl Write for ClosedReader {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

/// A process in `folder`, whose home is `folder/home`.
fn surroundings(folder: &Path) -> Surroundings {
    let home = folder.join("home").into_os_string();
    Surroundings {
        environment: BTreeMap::from([("VAULT_SYNC_HOME".into(), home)]),
        directory: folder.to_owned(),
        stdout_is_terminal: false,
        stderr_is_terminal: false,
        stderr_columns: None,
        stdout_columns: None,
        time_zone: || TimeZone::UTC,
    }
}

/// Runs `arguments` and gives exit code, stdout and stderr, with the folder's path as `DIR`.
fn outcome(surroundings: &Surroundings, arguments: &[&str]) -> (Exit, String, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let arguments = ["vault-sync"].iter().chain(arguments).map(OsString::from);
    let exit = run(arguments, surroundings, &mut stdout, &mut stderr);
    let folder = surroundings.directory.to_string_lossy().into_owned();
    let text = |bytes| String::from_utf8(bytes).unwrap().replace(&folder, "DIR");
    (exit, text(stdout), text(stderr))
}

#[test]
fn help_texts() {
    let mut command = Arguments::command().term_width(100);
    command.build();
    let mut text = command.render_long_help().to_string();
    let mut waiting: Vec<clap::Command> = command.get_subcommands().cloned().collect();
    waiting.reverse();
    while let Some(mut sub) = waiting.pop() {
        if sub.get_name() == "help" {
            continue;
        }
        text += "\n============================================================\n\n";
        text += &sub.render_long_help().to_string();
        let mut below: Vec<clap::Command> = sub.get_subcommands().cloned().collect();
        below.reverse();
        waiting.extend(below);
    }
    insta::assert_snapshot!("help", text);
}

#[test]
fn every_help_line_is_short_and_without_full_stop() {
    let mut command = Arguments::command();
    command.build();
    for sub in command.get_subcommands() {
        let about = sub.get_about().map(ToString::to_string).unwrap();
        assert!(!about.ends_with('.') && about.len() <= 72, "{about}");
        for argument in sub.get_arguments() {
            let help = argument.get_help().map(ToString::to_string).unwrap();
            assert!(!help.ends_with('.') && help.len() <= 90, "{help}");
        }
    }
}

#[test]
fn completions_are_those_in_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, name, kept) in [
        ("bash", "vault-sync.bash", include_str!("../../completions/vault-sync.bash")),
        ("elvish", "vault-sync.elv", include_str!("../../completions/vault-sync.elv")),
        ("fish", "vault-sync.fish", include_str!("../../completions/vault-sync.fish")),
        ("powershell", "_vault-sync.ps1", include_str!("../../completions/_vault-sync.ps1")),
        ("zsh", "_vault-sync", include_str!("../../completions/_vault-sync")),
    ] {
        let (exit, stdout, _) = outcome(&surroundings(folder.path()), &["completions", shell]);
        assert_eq!(exit, Exit::Done);
        if std::env::var_os("UPDATE_COMPLETIONS").is_some() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
            std::fs::write(folder.join(name), &stdout).unwrap();
            continue;
        }
        assert!(stdout == kept, "run: cargo run -- completions {shell} > completions/{name}");
    }
}

#[test]
fn the_manual_names_every_command_and_option() {
    let folder = tempfile::tempdir().unwrap();
    let (exit, stdout, _) = outcome(&surroundings(folder.path()), &["man"]);
    assert_eq!(exit, Exit::Done);
    assert!(stdout.contains(".TH vault-sync 1"));
    let mut command = Arguments::command();
    command.build();
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let title = format!(".SH \"VAULT-SYNC {}\"", sub.get_name().to_uppercase());
        assert!(stdout.contains(&title), "{title}");
        for long in sub.get_arguments().filter_map(clap::Arg::get_long) {
            let long = long.replace('-', "\\-");
            assert!(stdout.contains(&format!("\\-\\-{long}")), "{long}");
        }
    }
}

#[test]
fn wrong_arguments_end_with_two() {
    let folder = tempfile::tempdir().unwrap();
    let surroundings = surroundings(folder.path());
    for arguments in [
        &["nonsense"][..],
        &[],
        &["status", "--nonsense"],
        &["sync", "--timeout", "soon"],
        &["sync", "--timeout", "0s"],
        &["invite", "--uses", "0"],
        &["invite", "--expires", "31d"],
        &["peers", "add-address", "desk", "somewhere"],
        &["peers", "rename", "desk", ""],
        &["completions", "tcsh"],
        &["-q", "-v", "status"],
        &["--config", "watch.quiet_ms", "config"],
        &["--config", "watch.quite_ms=1", "config"],
        &["--config", "watch.quiet_ms=soon", "config"],
        &["config", "get", "watch.quite_ms"],
        &["config", "set", "watch.quite_ms", "1"],
        &["config", "set", "watch.quiet_ms", "-1"],
        &["--vault", "a", "watch", "b"],
        &["--vault", "a", "init", "b"],
    ] {
        let (exit, stdout, stderr) = outcome(&surroundings, arguments);
        assert_eq!(exit, Exit::Usage, "{arguments:?} {stderr}");
        assert_eq!(stdout, "", "{arguments:?}");
        assert!(!stderr.is_empty(), "{arguments:?}");
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn help_and_version_are_results() {
    let folder = tempfile::tempdir().unwrap();
    let surroundings = surroundings(folder.path());
    for arguments in [&["--help"][..], &["sync", "--help"], &["--version"], &["help"]] {
        let (exit, stdout, stderr) = outcome(&surroundings, arguments);
        assert_eq!((exit, stderr.as_str()), (Exit::Done, ""), "{arguments:?}");
        assert!(!stdout.is_empty(), "{arguments:?}");
    }
    let (_, version, _) = outcome(&surroundings, &["--version"]);
    assert_eq!(version, format!("vault-sync {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_closed_stdout_ends_quietly() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [["config", "list"], ["completions", "bash"], ["--help", ""]] {
        let mut stderr = Vec::new();
        let words = ["vault-sync"].iter().chain(&arguments);
        let exit = run(
            words.filter(|word| !word.is_empty()).map(OsString::from),
            &surroundings(folder.path()),
            &mut ClosedReader,
            &mut stderr,
        );
        assert_eq!((exit, stderr), (Exit::Done, Vec::new()), "{arguments:?}");
    }
}

#[test]
fn settings_show_where_they_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let mut surroundings = surroundings(folder.path());
    let environment = &mut surroundings.environment;
    environment.insert("VAULT_SYNC_RELAY".into(), "none".into());
    environment.insert("VAULT_SYNC_BIND".into(), "127.0.0.1:0".into());
    let set = outcome(&surroundings, &["config", "set", "watch.quiet_ms", "50"]);
    assert_eq!(
        set,
        (
            Exit::Done,
            "watch.quiet_ms = 50 in DIR/home/config.toml\n".into(),
            "A running `watch` takes it up at its next start.\n".into()
        )
    );
    let (exit, list, _) = outcome(&surroundings, &["--config", "sync.peers=9", "config"]);
    assert_eq!(exit, Exit::Done);
    insta::assert_snapshot!(list, @r"
    device.name                 -            built-in
    watch.quiet_ms              50           DIR/home/config.toml
    watch.first_ms              5            built-in
    watch.max_ms                1000         built-in
    watch.settle_ms             1000         built-in
    watch.rescan_ms             3600000      built-in
    watch.fallback_ms           10000        built-in
    cache.documents             100          built-in
    cache.bytes                 50000000     built-in
    power.profile               normal       built-in
    sync.peers                  9            flag
    sync.background             always       built-in
    sync.retry_ms               2000         built-in
    brake.files                 20           built-in
    brake.percent               50           built-in
    trash.days                  30           built-in
    trash.bytes                 1000000000   built-in
    scope.include               -            built-in
    scope.exclude               -            built-in
    scope.max_attachment_bytes  0            built-in
    net.bind                    127.0.0.1:0  VAULT_SYNC_BIND
    net.port                    0            built-in
    net.relay                   none         VAULT_SYNC_RELAY
    net.discovery               default      built-in
    net.connect_timeout_ms      5000         built-in
    net.keepalive_ms            10000        built-in
    net.pack_from_bytes         1024         built-in
    ");
    let (_, value, _) = outcome(&surroundings, &["config", "get", "watch.quiet_ms"]);
    assert_eq!(value, "50\n");
    let (_, path, _) = outcome(&surroundings, &["config", "path"]);
    assert_eq!(path, "DIR/home/config.toml\n");
    let (_, json, _) = outcome(&surroundings, &["--json", "config", "get", "net.relay"]);
    insta::assert_snapshot!(json, @r#"{"v":1,"key":"net.relay","value":"none","origin":"environment","place":"VAULT_SYNC_RELAY"}"#);
    let (_, json, _) = outcome(&surroundings, &["--json", "config", "list"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["v"], 1);
    assert_eq!(json["values"].as_array().unwrap().len(), app::config::Key::ALL.len());
    let overruled = outcome(&surroundings, &["config", "set", "net.relay", "default"]);
    assert!(overruled.2.contains("net.relay is none all the same, from VAULT_SYNC_RELAY"));
}

#[test]
fn wrong_settings_are_named_and_end_with_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut surroundings = surroundings(folder.path());
    std::fs::create_dir(folder.path().join("home")).unwrap();
    let file = folder.path().join("home/config.toml");
    std::fs::write(&file, "[watch]\nquite_ms = 5\n").unwrap();
    for arguments in [&["config"][..], &["config", "set", "net.port", "5"], &["init"]] {
        let (exit, _, stderr) = outcome(&surroundings, arguments);
        assert_eq!(exit, Exit::Failed);
        assert_eq!(
            stderr,
            "error: DIR/home/config.toml:2: unknown configuration key \"watch.quite_ms\"\n\
             hint: Did you mean watch.quiet_ms?\n"
        );
    }
    // Where the file is can be asked even when it is broken.
    let (exit, path, _) = outcome(&surroundings, &["config", "path"]);
    assert_eq!((exit, path.as_str()), (Exit::Done, "DIR/home/config.toml\n"));
    std::fs::remove_file(&file).unwrap();
    let environment = &mut surroundings.environment;
    environment.insert("VAULT_SYNC_NET_PROT".into(), "1".into());
    let (exit, _, stderr) = outcome(&surroundings, &["config"]);
    assert_eq!(exit, Exit::Failed);
    assert!(stderr.contains("VAULT_SYNC_NET_PROT") && stderr.contains("VAULT_SYNC_NET_PORT"));
}

#[test]
fn a_wrong_log_filter_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut surroundings = surroundings(folder.path());
    let environment = &mut surroundings.environment;
    environment.insert("VAULT_SYNC_LOG".into(), "vault_sync=loud".into());
    let (exit, _, stderr) = outcome(&surroundings, &["config", "path"]);
    assert_eq!(exit, Exit::Failed);
    assert!(stderr.contains("VAULT_SYNC_LOG"), "{stderr}");
}

fn reported(error: &Error, format: Format, talk: Talk) -> (Exit, String, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut output = Output::new(&mut stdout, &mut stderr);
    output.format = format;
    output.talk = talk;
    let exit = report(error, &mut output, "2026-11-20T12:00:00Z".parse().unwrap());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (exit, text(stdout), text(stderr))
}

#[test]
fn an_error_shows_its_causes_and_what_to_do() {
    let root = io::Error::new(io::ErrorKind::PermissionDenied, "permission denied");
    let middle = app::Error::new(Failure::Io, "cannot open store.redb").caused_by(root);
    let error = app::Error::new(Failure::Busy, "cannot open the vault \x1b[2J")
        .caused_by(middle)
        .hint("Stop the other one.")
        .hint("Or wait.")
        .into();
    let (exit, stdout, stderr) = reported(&error, Format::Text, Talk::Quiet);
    assert_eq!((exit, stdout.as_str()), (Exit::Busy, ""));
    insta::assert_snapshot!(stderr, @r"
    error: cannot open the vault \u{1b}[2J
      because: cannot open store.redb
      because: permission denied
    hint: Stop the other one.
    hint: Or wait.
    ");
    let (_, stdout, _) = reported(&error, Format::Json, Talk::Normal);
    insta::assert_snapshot!(stdout, @r#"{"v":1,"event":"error","at":"2026-11-20T12:00:00.000Z","kind":"busy","exit":6,"message":"cannot open the vault \u001b[2J","causes":["cannot open store.redb","permission denied"],"hints":["Stop the other one.","Or wait."]}"#);
}

#[test]
fn a_stop_by_the_user_is_no_error() {
    let error = app::Error::new(Failure::Stopped, "stopped").into();
    let (exit, stdout, stderr) = reported(&error, Format::Json, Talk::Normal);
    assert_eq!((exit, stdout.as_str(), stderr.as_str()), (Exit::Stopped, "", ""));
    let full = Error::Output(io::Error::new(io::ErrorKind::StorageFull, "disk full"));
    let (exit, _, stderr) = reported(&full, Format::Text, Talk::Normal);
    assert_eq!(exit, Exit::Failed);
    assert_eq!(stderr, "error: cannot write the output\n  because: disk full\n");
}

#[test]
fn colours_obey_option_variable_and_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let with = |pairs: &[(&str, &str)]| {
        let mut surroundings = surroundings(folder.path());
        for (name, value) in pairs {
            surroundings.environment.insert(name.into(), value.into());
        }
        surroundings
    };
    for (pairs, color, terminal, expected) in [
        (&[][..], Color::Auto, true, Paint::Colour),
        (&[], Color::Auto, false, Paint::Plain),
        (&[("NO_COLOR", "1")], Color::Auto, true, Paint::Plain),
        (&[("NO_COLOR", "")], Color::Auto, true, Paint::Colour),
        (&[("TERM", "dumb")], Color::Auto, true, Paint::Plain),
        (&[("NO_COLOR", "1")], Color::Always, false, Paint::Colour),
        (&[], Color::Never, true, Paint::Plain),
    ] {
        assert_eq!(paint(color, &with(pairs), terminal), expected, "{pairs:?} {color:?}");
    }
}

#[test]
fn names_in_errors_cannot_steer_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let (_, _, stderr) =
        outcome(&surroundings(folder.path()), &["config", "get", "a\u{1b}]0;title\u{7}"]);
    assert!(!stderr.contains('\u{1b}') && !stderr.contains('\u{7}'), "{stderr}");
    assert!(matches!(escape::escape("plain"), std::borrow::Cow::Borrowed(_)));
}
