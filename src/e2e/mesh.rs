//! Eight devices, each linked with each.

use serde_json::Value;

use crate::device::Device;
use crate::metrics::sent;

const NAMES: [&str; 8] = ["one", "two", "three", "four", "five", "six", "seven", "eight"];

/// Waits until every device is linked with every other and agrees with it.
fn all_agree(devices: &[Device]) {
    let all = |status: &Value| {
        let peers = status["peers"].as_array().unwrap();
        peers.len() == devices.len() - 1 && peers.iter().all(|it| it["in_sync"] == true)
    };
    let digests: Vec<Value> = devices
        .iter()
        .map(|it| it.until("in sync with all", all)["vault"]["digest"].clone())
        .collect();
    assert!(digests.iter().all(|it| *it == digests[0]), "{digests:?}");
}

#[test]
fn eight_devices_write_into_one_note_and_all_of_it_reaches_all() {
    let mut devices: Vec<Device> = NAMES.into_iter().map(Device::new).collect();
    devices[0].write("List.md", "# List\n\n");
    devices[0].run(&["init"]).well();
    devices[0].watch();
    for number in 1..devices.len() {
        // Each joins through the one before it: who else there is, it hears from that.
        let ticket = devices[number - 1].invite();
        devices[number].join(&ticket).well();
        devices[number].watch();
    }
    all_agree(&devices);
    let before: u64 = devices.iter().map(sent).sum();
    devices[3].write("From four.md", "to all\n");
    for device in &devices {
        device.holds("From four.md", Some(b"to all\n"));
    }
    all_agree(&devices);
    let files = devices.iter().map(sent).sum::<u64>() - before;
    assert!(files < 2 * 7, "{files} deliveries to seven devices");
    for device in &devices {
        device.write("List.md", format!("# List\n\n- from {}\n", device.name));
    }
    all_agree(&devices);
    let list = devices[0].read("List.md");
    for device in &devices {
        assert_eq!(device.read("List.md"), list);
        let line = format!("- from {}\n", device.name);
        assert_eq!(list.matches(&line).count(), 1, "{list}");
    }
    assert_eq!(list.lines().count(), 2 + devices.len(), "{list}");
}
