//! `config`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use crate::app::answer::VERSION;
use crate::app::config::Settings;
use crate::app::config::{Key, Value, write_key};
use crate::app::{self, Failure};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::escape::{escape, escape_path};
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Paint, Tone};

/// Show and change settings
///
/// A value comes from, the later wins: built-in, the configuration file, the vault's own file, the
/// environment (`VAULT_SYNC_WATCH_QUIET_MS` for `watch.quiet_ms`), `--config KEY=VALUE`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Config {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List each value with where it comes from; this is what happens without a subcommand
    List,
    /// Print one value
    Get {
        /// Name of the key
        key: String,
    },
    /// Write one value to the configuration file
    Set {
        /// Name of the key
        key: String,
        /// The value
        #[arg(allow_hyphen_values = true)]
        value: String,
        /// Write to the file of this vault alone
        #[arg(long)]
        this_vault: bool,
    },
    /// Print where the configuration file is
    Path {
        /// The file of this vault alone
        #[arg(long)]
        this_vault: bool,
    },
}

pub(in crate::cli) fn run(arguments: &Config, context: &mut Context<'_>) -> Result<Exit, Error> {
    match &arguments.action {
        None | Some(Action::List) => list(context),
        Some(Action::Get { key }) => get(key, context),
        Some(Action::Set { key, value, this_vault }) => {
            set(key, value, &file(context, *this_vault)?, context)
        }
        Some(Action::Path { this_vault }) => {
            let path = file(context, *this_vault)?;
            if context.output.format == Format::Json {
                let object = json!({ "v": VERSION, "path": path.to_string_lossy() });
                context.output.json(&object)?;
            } else {
                context.output.result(&escape_path(&path))?;
            }
            Ok(Exit::Done)
        }
    }
}

fn file(context: &Context<'_>, this_vault: bool) -> Result<PathBuf, Error> {
    let home = context.home()?;
    if !this_vault {
        return Ok(home.config_file().to_owned());
    }
    let start = context.folder(None)?;
    let located = app::locate(start.as_deref().unwrap_or(&context.directory))?;
    Ok(home.vault_config_file(located.id))
}

/// All layers; the vault's own where there is a vault.
fn settings(context: &Context<'_>) -> Result<Settings, Error> {
    let settings = context.settings()?;
    let named = context.folder(None)?;
    match app::locate(named.as_ref().unwrap_or(&context.directory)) {
        Ok(located) => Ok(settings.with_vault(located.id)?),
        Err(error) if named.is_none() && error.kind == Failure::NotAVault => Ok(settings),
        Err(error) => Err(error.into()),
    }
}

fn list(context: &mut Context<'_>) -> Result<Exit, Error> {
    let settings = settings(context)?;
    if context.output.format == Format::Json {
        let values: Vec<_> = Key::ALL.into_iter().map(|key| entry(&settings, key)).collect();
        let object = json!({ "v": VERSION, "values": values });
        context.output.json(&object)?;
    } else {
        let text = table(&settings, context.output.paint);
        context.output.result(&text)?;
    }
    Ok(Exit::Done)
}

fn entry(settings: &Settings, key: Key) -> serde_json::Value {
    let (value, origin) = settings.get(key);
    let value = match value {
        Value::Number(number) => json!(number),
        Value::Text(text) => json!(text),
    };
    json!({
        "v": VERSION,
        "key": key.name(),
        "value": value,
        "origin": origin.as_str(),
        "place": origin.place(),
    })
}

fn table(settings: &Settings, paint: Paint) -> String {
    let rows: Vec<_> = Key::ALL
        .into_iter()
        .map(|key| {
            let (value, origin) = settings.get(key);
            let value = match escape(&value.to_string()).into_owned() {
                empty if empty.is_empty() => "-".to_owned(),
                value => value,
            };
            (key, value, escape(&origin.to_string()).into_owned())
        })
        .collect();
    let names = rows.iter().map(|row| row.0.name().len()).max().unwrap_or(0);
    let values = rows.iter().map(|row| row.1.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (key, value, origin) in rows {
        let origin = paint.tone(Tone::Faint, &origin);
        let name = key.name();
        let line = format!("{name:<names$}  {value:<values$}  {origin}\n");
        text.push_str(&line);
    }
    text
}

fn known(name: &str) -> Result<Key, Error> {
    Key::by_name(name).ok_or_else(|| {
        app::Error::new(Failure::Usage, format!("unknown configuration key {name:?}"))
            .hint(Key::suggestion(name))
            .into()
    })
}

fn get(name: &str, context: &mut Context<'_>) -> Result<Exit, Error> {
    let key = known(name)?;
    let settings = settings(context)?;
    if context.output.format == Format::Json {
        context.output.json(&entry(&settings, key))?;
    } else {
        let value = settings.get(key).0.to_string();
        // An empty value still is a line.
        context.output.result(&format!("{}\n", escape(&value)))?;
    }
    Ok(Exit::Done)
}

fn set(name: &str, text: &str, path: &Path, context: &mut Context<'_>) -> Result<Exit, Error> {
    let key = known(name)?;
    let written = write_key(path, name, text)?;
    let settings = settings(context)?;
    if context.output.format == Format::Json {
        let mut object = entry(&settings, key);
        object["file"] = json!(written.path.to_string_lossy());
        context.output.json(&object)?;
    } else {
        let value = escape(&written.value.to_string()).into_owned();
        let file = escape_path(&written.path);
        context.output.result(&format!("{name} = {value} in {file}"))?;
    }
    let (value, origin) = settings.get(key);
    if value != written.value {
        context.output.note(&format!(
            "Here and now {name} is {} all the same, from {}.",
            escape(&value.to_string()),
            escape(&origin.to_string()),
        ));
    }
    context.output.note("A running `watch` takes it up at its next start.");
    Ok(Exit::Done)
}
