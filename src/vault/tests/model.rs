//! The real folder and a small model of it, step by step.

use proptest::prelude::*;

use super::*;

const NAMES: [&str; 6] = ["a", "b", "d", "d/a", "d/b", "d/e/a"];
const BYTES: [&str; 3] = ["", "one", "two"];

/// The files of the vault by path, and what every step does to them.
type Model = BTreeMap<String, String>;

fn folder_of(model: &Model, name: &str) -> bool {
    let below = format!("{name}/");
    model.keys().any(|file| file.starts_with(&below))
}

fn under_file(model: &Model, name: &str) -> bool {
    model.keys().any(|file| name.starts_with(&format!("{file}/")))
}

/// Takes the step in the model; false when it must fail.
fn take(model: &mut Model, step: &Step) -> bool {
    match step {
        Step::Replace { path, expected, source, .. } => {
            let name = path.as_str();
            let Source::Bytes(bytes) = source else {
                return false;
            };
            let held = model.get(name).map(|held| of(held));
            if held != *expected || folder_of(model, name) || under_file(model, name) {
                return false;
            }
            let bytes = String::from_utf8(bytes.clone()).unwrap();
            model.insert(name.to_owned(), bytes);
            true
        }
        Step::Remove { path, expected } => {
            let fits = model.get(path.as_str()).is_some_and(|held| of(held) == *expected);
            fits && model.remove(path.as_str()).is_some()
        }
        Step::Rename { from, to, expected } => {
            let fits = model.get(from.as_str()).is_some_and(|held| of(held) == *expected);
            let to = to.as_str();
            if !fits || model.contains_key(to) || folder_of(model, to) || under_file(model, to) {
                return false;
            }
            let bytes = model.remove(from.as_str()).unwrap();
            model.insert(to.to_owned(), bytes);
            true
        }
        Step::RemoveFolder(path) => !model.contains_key(path.as_str()),
        Step::MakeFolder(_) => false,
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    let name = || prop::sample::select(&NAMES[..]);
    let bytes = || prop::sample::select(&BYTES[..]);
    prop_oneof![
        4 => (name(), prop::option::of(bytes()), bytes()).prop_map(|(n, e, b)| replace(n, e, b)),
        2 => (name(), bytes()).prop_map(|(n, e)| remove(n, e)),
        2 => (name(), name(), bytes()).prop_map(|(f, t, e)| rename(f, t, e)),
        1 => prop::sample::select(vec!["d", "d/e"]).prop_map(|n| Step::RemoveFolder(path(n))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn batches_do_what_the_model_does(batches in prop::collection::vec(prop::collection::vec(any_step(), 1..12), 1..4)) {
        let lab = Lab::new();
        let mut model = Model::new();
        for batch in batches {
            let answers = lab.folder.apply(&batch);
            for (step, answer) in batch.iter().zip(answers) {
                // Folders that files left are still there until somebody takes them away.
                let dirs = ["d", "d/e"].map(|dir| lab.real(dir).is_dir() && !folder_of(&model, dir));
                let in_the_way = |name: &str| (name == "d" && dirs[0]) || (name == "d/e" && dirs[1]);
                let blocked = match step {
                    Step::Replace { path, expected: None, .. } => in_the_way(path.as_str()),
                    Step::Rename { to, .. } => in_the_way(to.as_str()),
                    Step::Replace { .. }
                    | Step::Remove { .. }
                    | Step::MakeFolder(_)
                    | Step::RemoveFolder(_) => false,
                };
                if blocked && answer.is_err() {
                    continue;
                }
                prop_assert_eq!(take(&mut model, step), answer.is_ok(), "{:?}: {:?}", step, answer);
            }
            prop_assert_eq!(&lab.files(), &model);
            let walked: Vec<String> = lab.walk().found.iter().filter(|f| !f.empty_folder).map(|f| f.path.to_string()).collect();
            prop_assert_eq!(walked, model.keys().cloned().collect::<Vec<_>>());
        }
    }
}
