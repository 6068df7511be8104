//! Contradictions settled once are settled everywhere.

use serde_json::Value;

use crate::device::{Device, in_sync, pair};

/// What is open on a device, as JSON.
fn open(device: &Device) -> Vec<Value> {
    let listed = device.run(&["--json", "conflicts"]).well().json();
    listed["conflicts"].as_array().unwrap().clone()
}

fn field(entry: &Value, name: &str) -> String {
    entry[name].as_str().unwrap().to_owned()
}

/// Lets both write `path` while they are apart, then has them meet.
fn apart(a: &mut Device, b: &mut Device, path: &str, ours: &[u8], theirs: &[u8]) {
    a.stop();
    b.stop();
    a.write(path, ours);
    b.write(path, theirs);
    a.watch();
    b.watch();
    in_sync(a, b);
}

fn plan(day: &str) -> String {
    format!("# Plan\n\ndue {day}\n")
}

#[test]
fn settled_on_one_of_three_it_is_settled_on_all() {
    let (mut a, mut b) =
        pair(|vault| std::fs::write(vault.join("Plan.md"), plan("2026-01-01")).unwrap());
    let mut c = Device::new("tablet");
    c.join(&b.invite()).well();
    c.watch();
    in_sync(&b, &c);
    apart(&mut a, &mut b, "Plan.md", plan("2026-02-02").as_bytes(), plan("2026-03-03").as_bytes());
    let listed = open(&a);
    assert_eq!(listed.len(), 1, "{listed:?}");
    let (id, other) = (field(&listed[0], "id"), field(&listed[0], "alternative"));
    for device in [&b, &c] {
        device.until("told", |it| it["conflicts"] == 1);
        assert_eq!(open(device), listed, "{}", device.name);
    }
    // One of them is not there when it is settled, and hears of both at once.
    c.stop();
    a.run(&["conflicts", "resolve", &id, "--theirs"]).well();
    let settled = a.read("Plan.md");
    assert!(settled.contains(&other), "it is in the folder when the command ends");
    b.holds("Plan.md", Some(settled.as_bytes()));
    b.until("settled", |it| it["conflicts"] == 0);
    c.watch();
    c.holds("Plan.md", Some(settled.as_bytes()));
    for device in [&a, &b, &c] {
        device.until("settled", |it| it["conflicts"] == 0);
        assert_eq!(open(device), Vec::<Value>::new(), "{}", device.name);
        assert_eq!(device.run(&["conflicts", "resolve", &id, "--ours"]).code, 1);
    }
    // A stop changes nothing about it.
    b.stop();
    assert_eq!(b.status()["conflicts"], 0);
    // The same contradiction another time is another entry.
    b.watch();
    a.write("Plan.md", plan("2026-01-01"));
    for device in [&b, &c] {
        device.holds("Plan.md", Some(plan("2026-01-01").as_bytes()));
    }
    apart(&mut a, &mut b, "Plan.md", plan("2026-02-02").as_bytes(), plan("2026-03-03").as_bytes());
    let again = open(&a);
    assert_eq!(again.len(), 1, "{again:?}");
    assert_ne!(field(&again[0], "id"), id);
    b.until("told again", |it| it["conflicts"] == 1);
}

#[test]
fn a_number_that_stands_everywhere_is_settled_in_its_place() {
    let list = |eggs: &str| format!("# 5 things\n\n- 5 apples\n- {eggs} eggs\n- 5 of 25 nails\n");
    let (mut a, mut b) = pair(|vault| std::fs::write(vault.join("List.md"), list("2")).unwrap());
    apart(&mut a, &mut b, "List.md", list("3").as_bytes(), list("5").as_bytes());
    let listed = open(&a);
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!((a.read("List.md"), field(&listed[0], "alternative")), (list("5"), "3".to_owned()));
    a.run(&["conflicts", "resolve", &field(&listed[0], "id"), "--theirs"]).well();
    for device in [&a, &b] {
        device.holds("List.md", Some(list("3").as_bytes()));
        device.until("settled", |it| it["conflicts"] == 0);
    }
}

#[test]
fn settled_differently_while_apart_both_end_alike() {
    let (mut a, mut b) =
        pair(|vault| std::fs::write(vault.join("Plan.md"), plan("2026-01-01")).unwrap());
    apart(&mut a, &mut b, "Plan.md", plan("2026-02-02").as_bytes(), plan("2026-03-03").as_bytes());
    b.until("told", |it| it["conflicts"] == 1);
    let entry = open(&a).remove(0);
    let (id, other) = (field(&entry, "id"), field(&entry, "alternative"));
    a.stop();
    b.stop();
    // No `watch` runs: the command takes the vault, settles, and leaves all of it in place.
    let said = a.run(&["--json", "conflicts", "resolve", &id, "--theirs"]).well().json();
    assert_eq!(said["changed"], true, "{said}");
    assert!(a.read("Plan.md").contains(&other));
    assert_eq!(a.status()["conflicts"], 0);
    let before = b.read("Plan.md");
    b.run(&["conflicts", "resolve", &id, "--ours"]).well();
    assert_eq!(b.read("Plan.md"), before);
    a.watch();
    b.watch();
    in_sync(&a, &b);
    // Only one of the verdicts did anything to the text: that stands.
    b.holds("Plan.md", Some(plan(&other).as_bytes()));
    assert_eq!(a.read("Plan.md"), plan(&other));
    for device in [&a, &b] {
        assert_eq!(open(device), Vec::<Value>::new(), "{}", device.name);
    }
}

#[test]
fn a_contradiction_that_both_wrote_over_is_none_any_more() {
    let (mut a, mut b) =
        pair(|vault| std::fs::write(vault.join("Plan.md"), plan("2026-01-01")).unwrap());
    apart(&mut a, &mut b, "Plan.md", plan("2026-02-02").as_bytes(), plan("2026-03-03").as_bytes());
    b.until("told", |it| it["conflicts"] == 1);
    let listed = open(&b);
    a.write("Plan.md", "# Plan\n\nwhenever it suits\n");
    for device in [&a, &b] {
        device.until("over", |it| it["conflicts"] == 0);
    }
    // Back again by hand: there is something to settle again, on both.
    a.write("Plan.md", plan(&field(&listed[0], "chosen")));
    for device in [&a, &b] {
        device.until("open again", |it| it["conflicts"] == 1);
        assert_eq!(open(device), listed, "{}", device.name);
    }
}

#[test]
fn a_picture_replaced_twice_is_settled_everywhere_and_its_copy_goes() {
    let picture = |with: u8| [b"\x89PNG\0".as_slice(), &[with; 3000]].concat();
    for verdict in ["--ours", "--theirs", "--both"] {
        let (mut a, mut b) = pair(|vault| std::fs::write(vault.join("p.png"), picture(1)).unwrap());
        apart(&mut a, &mut b, "p.png", &picture(2), &picture(3));
        a.until("told", |it| it["conflicts"] == 1);
        b.until("told", |it| it["conflicts"] == 1);
        let listed = open(&a);
        assert_eq!(open(&b), listed);
        assert_eq!(
            (&*field(&listed[0], "about"), &*field(&listed[0], "chosen")),
            ("attachment", "p.png")
        );
        let copy = field(&listed[0], "alternative");
        let read = |device: &Device, path: &str| std::fs::read(device.vault.join(path)).unwrap();
        a.holds(&copy, Some(&read(&b, &copy)));
        let (stood, other) = (read(&a, "p.png"), read(&a, &copy));
        assert_ne!(stood, other);
        a.run(&["conflicts", "resolve", &field(&listed[0], "id"), verdict]).well();
        let (stands, beside) = match verdict {
            "--ours" => (&stood, None),
            "--theirs" => (&other, None),
            _ => (&stood, Some(other.as_slice())),
        };
        for device in [&a, &b] {
            device.holds("p.png", Some(stands));
            device.holds(&copy, beside);
            device.until("settled", |it| it["conflicts"] == 0);
        }
        in_sync(&a, &b);
        assert_eq!(a.run(&["--json", "verify", "--deep"]).code, 0);
    }
}

#[test]
fn two_names_for_one_file_are_settled_everywhere() {
    let (mut a, mut b) = pair(|vault| std::fs::write(vault.join("n.md"), "a note\n").unwrap());
    a.stop();
    b.stop();
    std::fs::rename(a.vault.join("n.md"), a.vault.join("ours.md")).unwrap();
    std::fs::rename(b.vault.join("n.md"), b.vault.join("theirs.md")).unwrap();
    a.watch();
    b.watch();
    in_sync(&a, &b);
    let listed = open(&b);
    assert_eq!((listed.len(), &*field(&listed[0], "about")), (1, "path"), "{listed:?}");
    let (stands, other) = (field(&listed[0], "chosen"), field(&listed[0], "alternative"));
    let id = field(&listed[0], "id");
    assert_eq!(b.run(&["conflicts", "resolve", &id, "--both"]).code, 2);
    b.run(&["conflicts", "resolve", &id, "--theirs"]).well();
    for device in [&a, &b] {
        device.holds(&other, Some(b"a note\n"));
        device.holds(&stands, None);
        device.until("settled", |it| it["conflicts"] == 0);
    }
}

#[test]
fn killed_while_it_settles_all_or_nothing_is_left() {
    let (mut a, mut b) =
        pair(|vault| std::fs::write(vault.join("Plan.md"), plan("2026-01-01")).unwrap());
    apart(&mut a, &mut b, "Plan.md", plan("2026-02-02").as_bytes(), plan("2026-03-03").as_bytes());
    let entry = open(&a).remove(0);
    let (id, chosen, other) =
        (field(&entry, "id"), field(&entry, "chosen"), field(&entry, "alternative"));
    a.stop();
    for wait_ms in [0, 15, 30, 45, 60, 90, 120] {
        let mut resolve = a.command(&["conflicts", "resolve", &id, "--theirs"]);
        resolve.current_dir(&a.vault).stdout(std::process::Stdio::null());
        let mut child = resolve.stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        // What was begun is ended by the next start.
        a.watch();
        let settled = a.status()["conflicts"] == 0;
        let text = plan(if settled { &other } else { &chosen });
        a.holds("Plan.md", Some(text.as_bytes()));
        a.stop();
        if settled {
            break;
        }
    }
    a.watch();
    in_sync(&a, &b);
    assert_eq!(a.read("Plan.md"), b.read("Plan.md"));
    assert_eq!(open(&a), open(&b));
}
