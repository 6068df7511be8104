//! Whether two folders hold the same.

use std::fmt::Write as _;

use super::super::disk::Tree;

/// The first few differences between two trees, in words; empty when there are none.
pub(crate) fn difference(ours: &Tree, theirs: &Tree) -> String {
    let mut text = String::new();
    let paths: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    for path in paths {
        let (a, b) = (ours.get(path), theirs.get(path));
        if a != b && text.len() < 2000 {
            write!(text, "{path}: {} | {}; ", show(a), show(b)).expect("a string takes everything");
        }
    }
    text
}

fn show(node: Option<&Option<std::rc::Rc<Vec<u8>>>>) -> String {
    match node {
        None => "nothing".into(),
        Some(None) => "folder".into(),
        Some(Some(bytes)) if bytes.len() > 300 => format!("{} bytes", bytes.len()),
        Some(Some(bytes)) => format!("{:?}", String::from_utf8_lossy(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::disk::{Disk, Save};
    use super::*;
    use crate::model::VaultPath;

    #[test]
    fn another_byte_a_missing_file_and_an_empty_folder_are_differences() {
        let path = |text: &str| VaultPath::parse(text).unwrap();
        let (mut a, mut b) = (Disk::new(), Disk::new());
        for disk in [&mut a, &mut b] {
            disk.write(&path("x/a.md"), b"one".to_vec(), Save::InPlace);
        }
        assert_eq!(difference(&a.tree(), &b.tree()), "");
        b.make_folder(&path("y"));
        assert_eq!(difference(&a.tree(), &b.tree()), "y: nothing | folder; ");
        b.remove(&path("y"));
        b.write(&path("x/a.md"), b"two".to_vec(), Save::InPlace);
        assert_eq!(difference(&a.tree(), &b.tree()), "x/a.md: \"one\" | \"two\"; ");
    }
}
