//! Two Syncthing devices that know nothing but each other.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::super::device::{ms, wait_until};
use super::super::process;

/// Its own free ports: the network namespace is ours.
const PORTS: [u16; 2] = [22_001, 22_002];

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        process::terminate(&mut self.0);
    }
}

/// Milliseconds from the start of both until the second holds as many files of the same size.
pub(super) fn sync(vault: &Path) -> super::Once {
    let folder = tempfile::tempdir().expect("a folder");
    let homes = ["a", "b"].map(|it| folder.path().join(it));
    let vaults = ["va", "vb"].map(|it| folder.path().join(it));
    super::copied(vault, &vaults[0]);
    std::fs::create_dir(&vaults[1]).expect("a folder");
    let mut ids = Vec::new();
    for home in &homes {
        command(home, &["generate", "--no-default-folder"]).output().ok()?;
        let said = command(home, &["serve", "--device-id"]).stdout(Stdio::piped()).output().ok()?;
        ids.push(last_word(&String::from_utf8(said.stdout).ok()?));
    }
    for (at, home) in homes.iter().enumerate() {
        let text = configuration(&ids, at, &vaults[at]);
        std::fs::write(home.join("config.xml"), text).expect("a file can be written");
    }
    let expected = contents(&vaults[0]);
    let start = Instant::now();
    let _running: Vec<Running> = homes
        .iter()
        .map(|home| Running(command(home, &["serve", "--no-browser"]).spawn().expect("it starts")))
        .collect();
    wait_until("syncthing", || {
        std::thread::sleep(std::time::Duration::from_millis(20));
        contents(&vaults[1]) == expected
    });
    Some((ms(start.elapsed()), None))
}

fn last_word(said: &str) -> String {
    said.split_whitespace().last().unwrap_or_default().to_owned()
}

fn command(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("syncthing");
    command
        .env_clear()
        // It starts itself once more, by its name.
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", home)
        .env("STNOUPGRADE", "1")
        .env("STNODEFAULTFOLDER", "1")
        .args(words)
        .arg("--home")
        .arg(home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Files and bytes below a folder, without what Syncthing keeps for itself.
fn contents(folder: &Path) -> (usize, u64) {
    let (mut files, mut bytes) = (0, 0);
    for entry in std::fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("a folder can be read").path();
        let name = path.file_name().map(|it| it.to_string_lossy().into_owned());
        let own = name.is_some_and(|it| it == ".stfolder" || it.starts_with(".syncthing."));
        if own {
            continue;
        }
        if path.is_dir() {
            let below = contents(&path);
            (files, bytes) = (files + below.0, bytes + below.1);
        } else {
            // It may have been renamed a moment ago.
            files += 1;
            bytes += std::fs::metadata(&path).map_or(0, |it| it.len());
        }
    }
    (files, bytes)
}

/// Every way out is closed.
fn configuration(ids: &[String], at: usize, vault: &Path) -> String {
    let mut text = format!(
        "<configuration version=\"36\">\n<folder id=\"vault\" path=\"{}\" type=\"sendreceive\" \
         rescanIntervalS=\"3600\" fsWatcherEnabled=\"true\" fsWatcherDelayS=\"1\">\n",
        vault.display()
    );
    for id in ids {
        let _ = writeln!(text, "<device id=\"{id}\"/>");
    }
    text.push_str("<filesystemType>basic</filesystemType><minDiskFree unit=\"%\">0</minDiskFree>\n</folder>\n");
    for (id, port) in ids.iter().zip(PORTS) {
        let _ = writeln!(
            text,
            "<device id=\"{id}\" compression=\"metadata\"><address>tcp://127.0.0.1:{port}</address></device>"
        );
    }
    let _ = write!(
        text,
        "<gui enabled=\"false\"/>\n<options>\n\
         <listenAddress>tcp://127.0.0.1:{}</listenAddress>\n\
         <globalAnnounceEnabled>false</globalAnnounceEnabled>\n\
         <localAnnounceEnabled>false</localAnnounceEnabled>\n\
         <relaysEnabled>false</relaysEnabled>\n<natEnabled>false</natEnabled>\n\
         <urAccepted>-1</urAccepted>\n<autoUpgradeIntervalH>0</autoUpgradeIntervalH>\n\
         <crashReportingEnabled>false</crashReportingEnabled>\n\
         <startBrowser>false</startBrowser>\n<stunKeepaliveStartS>0</stunKeepaliveStartS>\n\
         <reconnectionIntervalS>1</reconnectionIntervalS>\n\
         </options>\n</configuration>\n",
        PORTS[at]
    );
    text
}
