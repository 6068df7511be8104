//! Whether this device is plugged in, and what that means for old files.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::sync::mpsc;

use super::config::WhenBackground;
use super::driver::Ask;
use crate::engine::{Background, Command};

/// Where Linux tells of batteries and mains.
const SUPPLIES: &str = "/sys/class/power_supply";
/// Pause between two looks. Only taken where it matters, and each look reads a few small files; a
/// charger that is plugged in is noticed this late.
const PAUSE: Duration = Duration::from_mins(1);

/// Tells the engine when old files rest, now and whenever that changes.
pub(crate) async fn tell(when: WhenBackground, asks: mpsc::Sender<Ask>) {
    let mut told = Background::Flows;
    loop {
        let now = match when {
            WhenBackground::Always => return,
            WhenBackground::Asked => Background::Rests,
            WhenBackground::Plugged => background(Path::new(SUPPLIES)),
        };
        if now != told {
            told = now;
            tracing::info!(?now, "old files");
            if asks.send(Ask::Command(Command::Background(now))).await.is_err() {
                return;
            }
        }
        if when == WhenBackground::Asked {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// On battery they rest. Where nothing says so (no battery, another system) they do not.
fn background(supplies: &Path) -> Background {
    let Ok(entries) = fs::read_dir(supplies) else {
        return Background::Flows;
    };
    let (mut discharging, mut online) = (false, false);
    for entry in entries.flatten() {
        let read = |name: &str| {
            let text = fs::read_to_string(entry.path().join(name));
            text.map(|text| text.trim().to_owned()).unwrap_or_default()
        };
        // A mouse has a battery, too.
        if read("scope") == "Device" {
            continue;
        }
        if read("type") == "Battery" {
            discharging |= read("status") == "Discharging";
        } else {
            online |= read("online") == "1";
        }
    }
    if discharging && !online { Background::Rests } else { Background::Flows }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder as Linux shows it, from `supply`, `file`, `text`.
    fn supplies(files: &[(&str, &str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (supply, file, text) in files {
            let supply = folder.path().join(supply);
            fs::create_dir_all(&supply).unwrap();
            fs::write(supply.join(file), format!("{text}\n")).unwrap();
        }
        folder
    }

    #[test]
    fn only_a_battery_that_empties_makes_old_files_rest() {
        let battery = |status| [("BAT0", "type", "Battery"), ("BAT0", "status", status)];
        let mains = |online| [("AC", "type", "Mains"), ("AC", "online", online)];
        let mouse = [
            ("hid", "type", "Battery"),
            ("hid", "status", "Discharging"),
            ("hid", "scope", "Device"),
        ];
        for (files, expected) in [
            (vec![], Background::Flows),
            (mains("1").to_vec(), Background::Flows),
            (mouse.to_vec(), Background::Flows),
            (battery("Discharging").to_vec(), Background::Rests),
            (battery("Charging").to_vec(), Background::Flows),
            (battery("Full").to_vec(), Background::Flows),
            ([battery("Discharging"), mains("0")].concat(), Background::Rests),
            // Some report so while the charger is too weak.
            ([battery("Discharging"), mains("1")].concat(), Background::Flows),
        ] {
            assert_eq!(background(supplies(&files).path()), expected, "{files:?}");
        }
        assert_eq!(background(Path::new("/nowhere/at/all")), Background::Flows);
    }

    #[tokio::test]
    async fn what_is_always_so_is_told_once_or_never() {
        for (when, expected) in
            [(WhenBackground::Always, None), (WhenBackground::Asked, Some(Background::Rests))]
        {
            let (asks, mut asked) = mpsc::channel(4);
            tell(when, asks).await;
            let told = match asked.recv().await {
                Some(Ask::Command(Command::Background(background))) => Some(background),
                Some(other) => panic!("{other:?}"),
                None => None,
            };
            assert_eq!(told, expected);
            assert!(asked.recv().await.is_none());
        }
    }
}
