//! The name that a person chose is the one that everybody sees.

use crate::device::{Device, in_sync};

#[test]
fn a_name_given_to_init_wins_over_the_host() {
    let (mut a, mut b) = (Device::new(""), Device::new("desktop"));
    let done = a.run(&["--json", "init", "--name", "studio"]).well().json();
    assert_eq!(done["device"]["name"], "studio");
    assert_eq!(a.run(&["--json", "status"]).well().json()["device"]["name"], "studio");
    assert_eq!(a.watch()["device"]["name"], "studio");
    assert_eq!(a.status()["device"]["name"], "studio");
    b.join(&a.invite()).well();
    b.watch();
    in_sync(&a, &b);
    assert_eq!(b.status()["peers"][0]["name"], "studio");
    assert_eq!(a.status()["peers"][0]["name"], "desktop");
    // Another device may give it another name, and that counts from then on.
    b.run(&["peers", "rename", "studio", "den"]).well();
    a.until("renamed", |it| it["device"]["name"] == "den");
    // So may the device itself.
    let said = a.run(&["--json", "peers", "rename", "den", "loft"]).well().json();
    assert_eq!(said["device"]["name"], "loft");
    b.until("told", |it| it["peers"][0]["name"] == "loft");
    a.run(&["peers", "rename", "loft", "den"]).well();
    b.until("told", |it| it["peers"][0]["name"] == "den");
    a.stop();
    assert_eq!(a.watch()["device"]["name"], "den");
}

#[test]
fn a_name_chosen_later_replaces_the_name_of_the_host() {
    let (mut a, mut b) = (Device::new(""), Device::new("desktop"));
    let host = a.watch()["device"]["name"].as_str().unwrap().to_owned();
    b.join(&a.invite()).well();
    b.watch();
    assert_eq!(b.status()["peers"][0]["name"], host.as_str());
    a.stop();
    a.run(&["config", "set", "device.name", "studio"]).well();
    assert_eq!(a.watch()["device"]["name"], "studio");
    b.until("told", |it| it["peers"][0]["name"] == "studio");
}
