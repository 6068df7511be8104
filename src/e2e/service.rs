//! Units and lines that start a `watch`, with paths that bite.

use std::path::PathBuf;
use std::process::Command;

use super::device::{Device, Said, ended};

/// A vault in a folder whose name means something to everybody who reads it.
fn device() -> (Device, PathBuf) {
    let mut device = Device::new("laptop");
    let parent = device.vault.parent().unwrap().to_owned();
    device.vault = parent.join("My \"Notes\" & 50% of $HOME's <é日>\\x");
    device.home = parent.join("ho me%h");
    std::fs::create_dir(&device.vault).unwrap();
    device.run(&["init"]).well();
    let config = parent.join("config");
    (device, config)
}

fn run(device: &Device, config: &PathBuf, words: &[&str]) -> Said {
    let mut command = device.command(words);
    command.current_dir(&device.vault).env("XDG_CONFIG_HOME", config);
    ended(command)
}

#[test]
fn a_unit_is_installed_once_and_taken_away() {
    let (device, config) = device();
    let kind = ["--kind", "systemd"];
    let with = |words: &[&str]| run(&device, &config, &[words, &kind].concat());
    let text = with(&["service", "print"]).well().out;
    let said = with(&["--json", "service", "install"]).well().json();
    let file = PathBuf::from(said["file"].as_str().unwrap());
    assert_eq!(file.parent().unwrap(), config.join("systemd/user"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let name = said["name"].as_str().unwrap();
    assert_eq!(file.file_name().unwrap().to_str(), Some(name));
    assert_eq!(said["changed"], true);
    assert_eq!(said["next"][1], format!("systemctl --user enable --now {name}"));
    let again = with(&["--json", "service", "install"]).well().json();
    assert_eq!(again["changed"], false);
    // With another setting it is another unit, and ours to replace.
    let other = with(&["--config", "watch.quiet_ms=50", "service", "install"]).well();
    assert!(other.out.contains("systemctl --user daemon-reload"), "{other:?}");
    assert!(std::fs::read_to_string(&file).unwrap().contains("\"watch.quiet_ms=50\""));
    with(&["service", "uninstall"]).well();
    assert!(!file.exists());
    assert!(with(&["service", "uninstall"]).well().out.contains("There is no"));
}

#[test]
fn a_file_of_somebody_else_stays() {
    let (device, config) = device();
    let name = run(&device, &config, &["--json", "service", "print", "--kind", "systemd"]);
    let file = PathBuf::from(name.well().json()["file"].as_str().unwrap());
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "[Service]\nExecStart=/bin/true\n").unwrap();
    for action in ["install", "uninstall"] {
        let said = run(&device, &config, &["service", action, "--kind", "systemd"]);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.contains("was not written by vault-sync"), "{said:?}");
        assert!(std::fs::read_to_string(&file).unwrap().contains("/bin/true"));
    }
    run(&device, &config, &["service", "install", "--kind", "systemd", "--force"]).well();
    assert!(std::fs::read_to_string(&file).unwrap().contains("\"watch\""));
}

#[test]
fn systemd_finds_no_fault_with_the_unit() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("skipped: there is no systemd-analyze here");
        return;
    }
    let (device, config) = device();
    let said = run(&device, &config, &["--json", "service", "install", "--kind", "systemd"]);
    let file = said.well().json()["file"].as_str().unwrap().to_owned();
    let runtime = device.vault.parent().unwrap().join("runtime");
    std::fs::create_dir(&runtime).unwrap();
    let mut verify = Command::new("systemd-analyze");
    verify.args(["--user", "--man=no", "--generators=no", "verify", &file]);
    verify.env("XDG_RUNTIME_DIR", &runtime).env("HOME", &device.home);
    let said = ended(verify);
    // systemd before 254 does not know growing pauses, and says that it leaves them out.
    let known = ["RestartSteps", "RestartMaxDelaySec"];
    let faults: Vec<&str> = said
        .err
        .lines()
        .filter(|line| line.contains("vault-sync-"))
        .filter(|line| !known.iter().any(|key| line.contains(key)))
        .collect();
    assert!(faults.is_empty() && said.code == 0, "{said:#?}");
}

#[test]
fn the_line_for_cron_runs_as_it_is_read() {
    let (device, config) = device();
    let line = run(&device, &config, &["service", "print", "--kind", "cron"]).well().out;
    assert_eq!(line.lines().count(), 1, "{line}");
    // What cron does: five fields, then a command in which a percent sign is escaped.
    let command = line.trim().splitn(6, ' ').last().unwrap();
    assert!(!command.replace("\\%", "").contains('%'), "{command}");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &command.replace("\\%", "%")]).env_clear().current_dir("/");
    let (by_cron, by_hand) = (ended(shell), run(&device, &config, &["--quiet", "sync"]));
    assert_eq!((by_cron.code, &by_cron.err), (by_hand.code, &by_hand.err), "{line}");
    let install = run(&device, &config, &["service", "install", "--kind", "cron"]);
    assert_eq!(install.code, 2, "{install:?}");
    assert!(install.err.contains("crontab"), "{install:?}");
}
