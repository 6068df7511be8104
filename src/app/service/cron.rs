//! A line for cron, as `crontab(5)` says.

use super::job::{Job, Kind, Unit};
use super::launchd::shell;

/// Pause between two syncs, in minutes.
const EVERY_MIN: u64 = 5;
/// Longest run, in minutes; shorter than the pause, so that no two runs meet.
const LONGEST_MIN: u64 = 4;

pub(super) fn unit(job: &Job) -> Unit {
    let variables = job.environment.iter().map(|(name, value)| format!("{name}={}", shell(value)));
    let words = std::iter::once(job.program.as_str()).chain(job.sync()).map(shell);
    let command: Vec<String> = variables.chain(words).collect();
    let limit = format!("--timeout {LONGEST_MIN}m >/dev/null");
    // A percent sign would end the command, also inside quotes.
    let command = format!("{} {limit}", command.join(" ")).replace('%', "\\%");
    Unit {
        kind: Kind::Cron,
        name: String::new(),
        file: None,
        text: format!("*/{EVERY_MIN} * * * * {command}\n"),
        after_install: Vec::new(),
        after_uninstall: Vec::new(),
        links: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::service::job::tests::odd_job;

    #[test]
    fn every_word_survives_cron_and_shell() {
        insta::assert_snapshot!(unit(&odd_job()).text, @r#"*/5 * * * * VAULT_SYNC_HOME='/home/zoë/a b\%"c\' '/opt/my tools/100\%/vault-sync' '--quiet' '--config' 'device.name=zoë'\''s $desk' '--vault' '/home/zoë/My "Notes" & 50\% of $HOME'\''s <stuff>\end' 'sync' --timeout 4m >/dev/null"#);
    }
}
