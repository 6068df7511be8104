//! The receiver of a large attachment is killed in the middle, and started again.

use super::super::device::{Device, wait_until};
use super::super::stats::real;
use super::super::vaults;
use super::{Bench, Group};

pub(super) const GROUP: Group = Group { names: &["cut.again"], take: cut };

const SIZE: usize = 200_000_000;

fn cut(bench: &mut Bench) {
    let (mut again, mut cuts) = (Vec::new(), Vec::new());
    for round in 0..bench.runs(3) {
        let (a, mut b) = Device::pair(Device::new(), Device::new());
        let bytes = vaults::noise(round as u64, SIZE);
        let sent = || a.metrics()["traffic"]["bytes_out"].as_u64().expect("a count of bytes");
        let before = sent();
        let place = a.vault().join("film.mp4");
        // In one step, so that it is not taken in half written.
        let aside = a.vault().join(".film.tmp");
        std::fs::write(&aside, &bytes).expect("the vault can be written");
        std::fs::rename(&aside, &place).expect("the vault can be written");
        let enough = u64::try_from(SIZE / 3).expect("a size");
        wait_until("a third of the attachment", || sent() - before > enough);
        b.cut();
        let at_cut = sent() - before;
        assert!(!b.vault().join("film.mp4").exists(), "it was there before it could be cut");
        b.start();
        b.wait_for("film.mp4", &bytes);
        let size = real(u64::try_from(SIZE).expect("a size"));
        again.push((real(sent() - before) - size).max(0.0) / 1e6);
        cuts.push(format!("{:.0}", real(at_cut) / 1e6));
    }
    bench.put("cut.again", again);
    bench.note("cut.again", format!("cut after {} MB", cuts.join(", ")));
}
