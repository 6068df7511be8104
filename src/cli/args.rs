//! What can be typed: global options and the list of subcommands.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use super::commands::{
    completions, config, conflicts, diff, init, invite, join, log, man, metrics, peers, pull, push,
    restore, service, show, status, sync, verify, watch,
};

/// Keep a folder of notes the same on all your devices
///
/// Every device holds the whole vault and talks to the others directly: there is no server and no
/// account. Edits made at the same time are merged; a file in which people contradict each other
/// keeps both versions on record.
///
/// Start with `vault-sync watch FOLDER` on the first device, `vault-sync invite` beside it, and
/// `vault-sync join TICKET FOLDER` on the second.
#[derive(Debug, Parser)]
#[command(
    name = "vault-sync",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_long_help = "Exit codes: 0 done, 1 failed, 2 bad arguments, 3 files were left aside, 4 no peer reached, \
                       5 the brake, 6 the vault is busy, 70 a bug or a damaged store, 130 stopped."
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options that every subcommand takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Vault to work on; without it, the one that contains the current directory
    #[arg(long, global = true, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(super) vault: Option<PathBuf>,

    /// Print JSON objects on stdout, one for each line
    #[arg(long, global = true)]
    pub(super) json: bool,

    /// Say nothing on stderr but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,

    /// Say more on stderr; twice for still more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,

    /// When to use colours; auto means on a terminal, unless `NO_COLOR` is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: Color,

    /// Show no progress bars
    #[arg(long, global = true)]
    pub(super) no_progress: bool,

    /// Set a configuration key for this run
    #[arg(long = "config", global = true, value_name = "KEY=VALUE", value_parser = pair)]
    pub(super) config: Vec<(String, String)>,
}

/// When to use colours.
///
/// - Shape: `auto` means on a terminal, unless `NO_COLOR` is set. The variants have no docs of
///   their own, for clap would print them on a line each in every help text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

/// The subcommands; each documents itself in its file.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Init(init::Init),
    Invite(invite::Invite),
    Join(join::Join),
    Watch(watch::Watch),
    Push(push::Push),
    Pull(pull::Pull),
    Sync(sync::Sync),
    Status(status::Status),
    Peers(peers::Peers),
    Log(log::Log),
    Show(show::Show),
    Diff(diff::Diff),
    Restore(restore::Restore),
    Conflicts(conflicts::Conflicts),
    Verify(verify::Verify),
    Metrics(metrics::Metrics),
    Service(service::Service),
    Config(config::Config),
    Completions(completions::Completions),
    Man(man::Man),
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) =
        text.split_once('=').ok_or("KEY=VALUE is expected, such as watch.quiet_ms=50")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

impl Command {
    /// The configuration keys that this command's own options set.
    pub(super) fn flags(&self) -> Vec<(String, String)> {
        let name = match self {
            Self::Init(init) => init.name.as_ref(),
            Self::Join(join) => join.name.as_ref(),
            Self::Invite(_)
            | Self::Watch(_)
            | Self::Push(_)
            | Self::Pull(_)
            | Self::Sync(_)
            | Self::Status(_)
            | Self::Peers(_)
            | Self::Log(_)
            | Self::Show(_)
            | Self::Diff(_)
            | Self::Restore(_)
            | Self::Conflicts(_)
            | Self::Verify(_)
            | Self::Metrics(_)
            | Self::Service(_)
            | Self::Config(_)
            | Self::Completions(_)
            | Self::Man(_) => None,
        };
        let key = crate::app::config::Key::DeviceName.name();
        name.map(|name| (key.to_owned(), name.clone())).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn pairs_are_cut_at_the_first_sign() {
        assert_eq!(pair("a.b=c=d"), Ok(("a.b".into(), "c=d".into())));
        assert_eq!(pair(" a = b"), Ok(("a".into(), " b".into())));
        assert!(pair("a.b").is_err());
    }

    #[test]
    fn a_name_sets_its_key() {
        let parse = |args: &[&str]| Arguments::try_parse_from(args).unwrap().command.flags();
        assert_eq!(
            parse(&["vault-sync", "init", "--name", "desk"]),
            [("device.name".to_owned(), "desk".to_owned())]
        );
        assert!(parse(&["vault-sync", "status"]).is_empty());
    }

    #[test]
    fn global_options_stand_anywhere() {
        for args in [
            ["vault-sync", "--json", "--vault", "/v", "status"],
            ["vault-sync", "status", "--json", "--vault", "/v"],
        ] {
            let global = Arguments::try_parse_from(args).unwrap().global;
            assert!(global.json);
            assert_eq!(global.vault, Some(PathBuf::from("/v")));
        }
        assert!(Arguments::try_parse_from(["vault-sync", "-q", "-v", "status"]).is_err());
    }
}
