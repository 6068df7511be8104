//! Configuration files: read with the line of each mistake, edited without losing comments.
#![expect(clippy::disallowed_methods, reason = "app owns the configuration files")]

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml_edit::{Document, DocumentMut, Item, Table};

use super::key::Key;
use super::value::Value;
use crate::app::{Error, Failure};

/// Reads one file; a missing one is an empty one.
///
/// # Errors
///
/// [`Failure::Config`] naming file and line: not TOML, an unknown key, or a value that the key does
/// not take. [`Failure::Io`] when it cannot be read.
pub(super) fn read(path: &Path) -> Result<BTreeMap<Key, Value>, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(path, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(Error::new(
            Failure::Io,
            format!("cannot read the configuration file {}", path.display()),
        )
        .caused_by(error)),
    }
}

/// What [`write_key`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Which file.
    pub path: PathBuf,
    /// The value as it now stands there.
    pub value: Value,
}

/// Sets one key in the file at `path`, which is made if need be.
///
/// - Shape: comments, order and all other keys stay; the file is replaced by renaming a complete,
///   synced one over it. A link is followed, so that the file it names is the one replaced.
///
/// # Errors
///
/// [`Failure::Usage`] for an unknown key or a wrong value, before anything is touched;
/// [`Failure::Config`] when the file as it stands is not valid; [`Failure::Io`] with the path.
pub fn write_key(path: &Path, name: &str, text: &str) -> Result<Written, Error> {
    let key = Key::by_name(name).ok_or_else(|| {
        Error::new(Failure::Usage, format!("unknown configuration key {name:?}"))
            .hint(Key::suggestion(name))
    })?;
    let value = Value::parse(key, text).map_err(|expected| {
        Error::new(Failure::Usage, format!("{text:?} is no value for {key}: {expected}"))
            .hint(key.about())
    })?;
    let io = |step: &str, path: &Path, error: io::Error| {
        Error::new(Failure::Io, format!("cannot {step} {}", path.display())).caused_by(error)
    };
    let target = match std::fs::canonicalize(path) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(io("look at", path, error)),
    };
    let old = match std::fs::read_to_string(&target) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(io("read", &target, error)),
    };
    let edited = edit(path, &old, key, &value)?;
    let folder = target.parent().unwrap_or_else(|| Path::new("/"));
    std::fs::create_dir_all(folder).map_err(|error| io("make the folder", folder, error))?;
    replace(&target, edited.as_bytes()).map_err(|error| io("write", &target, error))?;
    Ok(Written { path: target, value })
}

/// The text `old` with one key set.
fn edit(path: &Path, old: &str, key: Key, value: &Value) -> Result<String, Error> {
    // What stands there must be understood first: adding to a broken file would hide the mistake.
    parse(path, old)?;
    let mut document: DocumentMut = old.parse().map_err(|error| syntax(path, old, &error))?;
    let (table, field) = key.parts();
    let item = match value {
        Value::Number(number) => toml_edit::value(i64::try_from(*number).unwrap_or(i64::MAX)),
        Value::Text(text) => toml_edit::value(text.as_str()),
    };
    let table = document
        .entry(table)
        .or_insert_with(|| Item::Table(Table::new()))
        .as_table_like_mut()
        .expect("parse refuses a table's name that holds no table");
    // Comments behind and above an existing value belong to it and stay.
    match (table.get_mut(field), item) {
        (Some(Item::Value(old)), Item::Value(mut new)) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        (_, item) => {
            table.insert(field, item);
        }
    }
    Ok(document.to_string())
}

/// Writes beside, syncs, renames, and syncs the folder, so that the file is either old or new.
fn replace(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = target.with_file_name(name);
    let written = std::fs::File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let result = written.and_then(|()| {
        if let Ok(old) = std::fs::metadata(target) {
            std::fs::set_permissions(&beside, old.permissions())?;
        }
        std::fs::rename(&beside, target)
    });
    if result.is_err() {
        std::fs::remove_file(&beside).ok();
        return result;
    }
    match target.parent() {
        Some(folder) if cfg!(unix) => std::fs::File::open(folder)?.sync_all(),
        Some(_) | None => Ok(()),
    }
}

/// Parses the text of the file at `path`.
fn parse(path: &Path, text: &str) -> Result<BTreeMap<Key, Value>, Error> {
    let document = Document::parse(text).map_err(|error| syntax(path, text, &error))?;
    let mut values = BTreeMap::new();
    for (table_name, item) in document.iter() {
        let at = |span: Option<Range<usize>>| place(path, text, span);
        let key_span = document.key(table_name).and_then(toml_edit::Key::span);
        let Some(table) = item.as_table_like() else {
            return Err(unknown(&at(key_span), table_name));
        };
        if !Key::ALL.iter().any(|key| key.parts().0 == table_name) {
            let span = table.iter().next().and_then(|(field, _)| table.key(field)?.span());
            let first = table.iter().next().map_or("", |(field, _)| field);
            let name = format!("{table_name}.{first}");
            return Err(unknown(&at(key_span.or(span)), name.trim_end_matches('.')));
        }
        for (field, item) in table.iter() {
            let span = table.key(field).and_then(toml_edit::Key::span);
            let name = format!("{table_name}.{field}");
            let key = Key::by_name(&name).ok_or_else(|| unknown(&at(span.clone()), &name))?;
            let value = convert(key, item).map_err(|expected| {
                Error::new(
                    Failure::Config,
                    format!("{}: wrong value for {key}: {expected}", at(span)),
                )
                .hint(key.about())
            })?;
            values.insert(key, value);
        }
    }
    Ok(values)
}

fn convert(key: Key, item: &Item) -> Result<Value, String> {
    if let Some(number) = item.as_integer() {
        let number = u64::try_from(number).ok();
        return number
            .ok_or_else(|| Value::expected(key))
            .and_then(|number| Value::number(key, number));
    }
    match (item.as_str(), key.built_in()) {
        (Some(text), Value::Text(_)) => Value::parse(key, text),
        (Some(_), Value::Number(_)) | (None, _) => Err(Value::expected(key)),
    }
}

fn unknown(place: &str, name: &str) -> Error {
    Error::new(Failure::Config, format!("{place}: unknown configuration key {name:?}"))
        .hint(Key::suggestion(name))
}

fn syntax(path: &Path, text: &str, error: &toml_edit::TomlError) -> Error {
    Error::new(
        Failure::Config,
        format!(
            "{}: not valid TOML: {}",
            place(path, text, error.span()),
            error.message().replace('\n', ", ")
        ),
    )
}

/// `file:line`, or the file alone where no place is known.
fn place(path: &Path, text: &str, span: Option<Range<usize>>) -> String {
    match span.and_then(|span| text.get(..span.start)) {
        Some(before) => format!("{}:{}", path.display(), before.matches('\n').count() + 1),
        None => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Result<BTreeMap<Key, Value>, Error> {
        parse(Path::new("config.toml"), text)
    }

    fn message(text: &str) -> String {
        let error = values(text).unwrap_err();
        assert_eq!(error.kind, Failure::Config);
        format!("{error} | {}", error.hints.join(" "))
    }

    #[test]
    fn tables_and_dotted_keys_are_the_same() {
        let expected = BTreeMap::from([
            (Key::WatchQuietMs, Value::Number(50)),
            (Key::NetRelay, Value::Text("none".into())),
        ]);
        for text in [
            "[watch]\nquiet_ms = 50\n[net]\nrelay = \"none\"\n",
            "watch.quiet_ms = 50\nnet.relay = \"none\"\n",
            "watch = { quiet_ms = 50 }\nnet = { relay = \"none\" }\n",
        ] {
            assert_eq!(values(text).unwrap(), expected, "{text}");
        }
        assert!(values("").unwrap().is_empty());
        assert!(values("# nothing\n[watch]\n").unwrap().is_empty());
    }

    #[test]
    fn mistakes_name_file_and_line() {
        assert_eq!(
            message("[watch]\nmax_ms = 9\nquite_ms = 50\n"),
            "config.toml:3: unknown configuration key \"watch.quite_ms\" | \
             Did you mean watch.quiet_ms?"
        );
        assert_eq!(
            message("\n[wacht]\nquiet_ms = 50\n"),
            "config.toml:2: unknown configuration key \"wacht.quiet_ms\" | \
             Did you mean watch.quiet_ms?"
        );
        assert_eq!(
            message("quiet_ms = 50\n"),
            "config.toml:1: unknown configuration key \"quiet_ms\" | Did you mean watch.quiet_ms?"
        );
        assert_eq!(
            message("# x\nwatch.quiet_ms = 0\n"),
            "config.toml:2: wrong value for watch.quiet_ms: \
             a whole number from 1 to 60000 is expected | \
             An edit is taken in once its file was left alone this long."
        );
        for bad in ["\"100\"", "1.5", "true", "-3", "[1]"] {
            let text = message(&format!("watch.quiet_ms = {bad}\n"));
            assert!(text.starts_with("config.toml:1: wrong value"), "{text}");
        }
        assert!(message("net.relay = 7\n").contains("default, none, or"));
        let text = message("[watch]\nquiet_ms = = 1\n");
        assert!(text.starts_with("config.toml:2: not valid TOML"), "{text}");
    }

    #[test]
    fn setting_keeps_comments_and_order() {
        let old = "# mine\n[net] # the net\nrelay = \"none\" # at home\n\n[watch]\n# slow disk\nquiet_ms = 300 # ms\n";
        let path = Path::new("config.toml");
        let text = edit(path, old, Key::WatchQuietMs, &Value::Number(50)).unwrap();
        assert_eq!(text, old.replace("300", "50"));
        let text = edit(path, &text, Key::NetBind, &Value::Text("::1".into())).unwrap();
        assert_eq!(
            text,
            old.replace("300", "50").replace("# at home\n", "# at home\nbind = \"::1\"\n")
        );
        let text = edit(path, "", Key::DeviceName, &Value::Text("desk".into())).unwrap();
        assert_eq!(text, "[device]\nname = \"desk\"\n");
    }

    #[test]
    fn a_wrong_key_or_value_touches_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/config.toml");
        for (key, value) in [("watch.nope", "1"), ("watch.quiet_ms", "soon")] {
            let error = write_key(&path, key, value).unwrap_err();
            assert_eq!(error.kind, Failure::Usage);
            assert!(!error.hints.is_empty());
        }
        assert!(!path.parent().unwrap().exists());
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "[watch]\nnope = 1\n").unwrap();
        let error = write_key(&path, "watch.quiet_ms", "50").unwrap_err();
        assert_eq!(error.kind, Failure::Config);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "[watch]\nnope = 1\n");
    }

    #[test]
    fn what_was_set_is_read_back_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/config.toml");
        assert!(read(&path).unwrap().is_empty());
        for key in Key::ALL {
            let written = write_key(&path, key.name(), &key.built_in().to_string()).unwrap();
            assert_eq!(written.value, key.built_in());
        }
        let back = read(&path).unwrap();
        assert_eq!(back.len(), Key::ALL.len());
        assert!(back.iter().all(|(key, value)| key.built_in() == *value));
        let names: Vec<_> = std::fs::read_dir(path.parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["config.toml"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_linked_file_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real.toml");
        let link = folder.path().join("config.toml");
        std::fs::write(&real, "").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_key(&link, "net.relay", "none").unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read_to_string(&real).unwrap(), "[net]\nrelay = \"none\"\n");
    }
}
