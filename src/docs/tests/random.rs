//! Random edits and deliveries: every order ends in the same file.

use proptest::prelude::*;

use super::*;
use crate::docs::Body;

/// One thing that happens in a random world.
#[derive(Debug, Clone)]
enum Step {
    Insert {
        device: usize,
        line: usize,
    },
    Change {
        device: usize,
        line: usize,
    },
    Remove {
        device: usize,
        line: usize,
    },
    Rename {
        device: usize,
        name: u8,
    },
    Delete {
        device: usize,
    },
    Deliver {
        from: usize,
        to: usize,
        settle: bool,
    },
}

fn steps(devices: usize) -> impl Strategy<Value = Vec<Step>> {
    let device = 0..devices;
    let line = 0..8_usize;
    let step = prop_oneof![
        4 => (device.clone(), line.clone()).prop_map(|(device, line)| Step::Insert { device, line }),
        4 => (device.clone(), line.clone()).prop_map(|(device, line)| Step::Change { device, line }),
        2 => (device.clone(), line).prop_map(|(device, line)| Step::Remove { device, line }),
        1 => (device.clone(), any::<u8>()).prop_map(|(device, name)| Step::Rename { device, name }),
        1 => device.clone().prop_map(|device| Step::Delete { device }),
        6 => (device.clone(), device, any::<bool>())
            .prop_map(|(from, to, settle)| Step::Deliver { from, to, settle }),
    ];
    proptest::collection::vec(step, 1..40)
}

/// A device: its document, and the version that its disk holds.
#[derive(Debug, Clone)]
struct Device {
    number: u8,
    document: Document,
    disk: Heads,
}

impl Device {
    fn lines(&self) -> Vec<String> {
        match self.document.at(&self.disk).unwrap().body {
            Body::Text(text) => text.split_inclusive('\n').map(str::to_owned).collect(),
            Body::Content(..) => vec![],
        }
    }

    fn write(&mut self, lines: &[String]) {
        let by = author(self.number);
        let text = lines.concat();
        let edited = self.document.edit_text(by, &self.disk, NOON, &text);
        self.disk = edited.unwrap().version;
    }

    /// Settles and takes what there is to the disk.
    fn settle(&mut self) {
        self.document.settle().unwrap();
        self.disk = self.document.heads();
    }
}

fn run(devices: &mut [Device], steps: &[Step]) -> Vec<String> {
    let mut tokens = vec![];
    for (number, step) in steps.iter().enumerate() {
        // Every written word is unlike every other, so that a doubled one shows.
        let token = format!("w{number}x");
        match *step {
            Step::Insert { device, line } => {
                let mut lines = devices[device].lines();
                lines.insert(line.min(lines.len()), format!("{token}\n"));
                devices[device].write(&lines);
                tokens.push(token);
            }
            Step::Change { device, line } => {
                let mut lines = devices[device].lines();
                if let Some(old) = lines.get_mut(line) {
                    *old = format!("{} {token}\n", old.trim_end());
                    devices[device].write(&lines);
                    tokens.push(token);
                }
            }
            Step::Remove { device, line } => {
                let mut lines = devices[device].lines();
                if line < lines.len() {
                    lines.remove(line);
                    devices[device].write(&lines);
                }
            }
            Step::Rename { device, name } => {
                let device = &mut devices[device];
                let to = path(&format!("{}.md", name % 4));
                let by = author(device.number);
                let edited = device.document.rename(by, &device.disk, NOON, &to);
                device.disk = edited.unwrap().version;
            }
            Step::Delete { device } => {
                let device = &mut devices[device];
                let by = author(device.number);
                let edited = device.document.delete(by, &device.disk, NOON);
                device.disk = edited.unwrap().version;
            }
            Step::Deliver { from, to, settle } => {
                let source = devices[from].document.clone();
                give(&source, &mut devices[to].document);
                if settle {
                    devices[to].settle();
                }
            }
        }
    }
    tokens
}

/// Everybody gets everything and settles, until nothing is new.
fn exchange(devices: &mut [Device]) {
    for _round in 0..10 {
        let before: Vec<Document> = devices.iter().map(|d| d.document.clone()).collect();
        for device in devices.iter_mut() {
            for source in &before {
                give(source, &mut device.document);
            }
            device.settle();
        }
        let heads: Vec<Heads> = devices.iter().map(|d| d.document.heads()).collect();
        let quiet = before
            .iter()
            .zip(&heads)
            .all(|(b, heads)| b.heads() == *heads);
        if quiet && heads.iter().all(|other| *other == heads[0]) {
            return;
        }
    }
    panic!("no agreement");
}

fn world(devices: u8) -> Vec<Device> {
    let document = note("alpha one\nbeta two\ngamma three\n");
    (0..devices)
        .map(|number| Device {
            number,
            disk: document.heads(),
            document: document.clone(),
        })
        .collect()
}

fn check(mut devices: Vec<Device>, steps: &[Step]) {
    let tokens = run(&mut devices, steps);
    // The same in another order of devices, from the same state.
    let mut other = devices.clone();
    other.reverse();
    exchange(&mut devices);
    exchange(&mut other);
    let view = devices[0].document.view();
    for device in devices.iter().chain(&other) {
        assert_eq!(device.document.view(), view);
        assert_eq!(device.document.heads(), devices[0].document.heads());
    }
    let end = text(&devices[0].document);
    for token in tokens {
        assert!(
            end.matches(&token).count() < 2,
            "{token} is doubled in {end:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn two_devices_agree(steps in steps(2)) {
        check(world(2), &steps);
    }

    #[test]
    fn three_devices_agree(steps in steps(3)) {
        check(world(3), &steps);
    }

    #[test]
    fn four_devices_agree(steps in steps(4)) {
        check(world(4), &steps);
    }
}
