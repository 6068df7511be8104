//! A unit for systemd, as `systemd.service(5)`, `systemd.unit(5)` and `systemd.syntax(7)` say.

use super::file::marked;
use super::job::{Folders, Job, Kind, Unit};
use crate::app::{Error, Failure};

/// Characters that systemd takes in no path of a program, however they are written.
const NOT_IN_PROGRAMS: [char; 3] = ['"', '\'', '\\'];

/// First pause before a restart, in seconds.
const RESTART_FIRST_S: u64 = 5;
/// Longest pause, in seconds: a disk or a network that is away for a day costs a start each.
const RESTART_LONGEST_S: u64 = 300;
/// In so many steps the pause grows from the first to the longest. systemd before 254 does not know
/// this and stays at the first; there the limit of starts below ends it.
const RESTART_STEPS: u64 = 6;
/// More failed starts than this within [`STARTS_SPAN_S`] and systemd gives up until it is told to
/// start again; growing pauses never come to so many.
const STARTS_LIMIT: u64 = 30;
const STARTS_SPAN_S: u64 = 600;
/// Longest wait for the end, in seconds. A `watch` that stops takes at most 12.
const STOP_S: u64 = 20;

pub(super) fn unit(job: &Job, folders: &Folders) -> Result<Unit, Error> {
    if job.program.contains(NOT_IN_PROGRAMS) {
        return Err(Error::new(
            Failure::Usage,
            format!(
                "systemd starts no program whose path holds a quote or a backslash: {}",
                job.program
            ),
        )
        .hint("Put the program elsewhere."));
    }
    let name = format!("vault-sync-{}.service", job.short());
    let folder = folders.config.join("systemd/user");
    Ok(Unit {
        kind: Kind::Systemd,
        text: marked("", "# ", "", &body(job)),
        file: Some(folder.join(&name)),
        after_install: vec![
            "systemctl --user daemon-reload".to_owned(),
            format!("systemctl --user enable --now {name}"),
        ],
        after_uninstall: vec![
            format!("systemctl --user stop {name}"),
            "systemctl --user daemon-reload".to_owned(),
        ],
        // What `enable` makes.
        links: vec![folder.join("default.target.wants").join(&name)],
        name,
    })
}

fn body(job: &Job) -> String {
    let mut command = quoted(&job.program, Dollar::Plain);
    for word in job.watch() {
        command.push(' ');
        command += &quoted(word, Dollar::Doubled);
    }
    let mut environment = String::new();
    for (name, value) in &job.environment {
        let pair = quoted(&format!("{name}={value}"), Dollar::Plain);
        environment.extend(["Environment=", pair.as_str(), "\n"]);
    }
    // A backslash at the end of a line would continue it.
    let shown = job.vault.replace('\\', "?").replace('%', "%%");
    format!(
        "[Unit]
Description=vault-sync of {shown}
StartLimitIntervalSec={STARTS_SPAN_S}
StartLimitBurst={STARTS_LIMIT}

[Service]
Type=exec
{environment}ExecStart={command}
# Events name notes, which is nothing for a journal; errors are told on stderr.
StandardOutput=null
Restart=on-failure
RestartSec={RESTART_FIRST_S}
RestartSteps={RESTART_STEPS}
RestartMaxDelaySec={RESTART_LONGEST_S}
# Told to stop, it ends with 130.
SuccessExitStatus=130
# Wrong arguments, the brake or a missing marker, another instance: nothing that a restart mends.
RestartPreventExitStatus=2 5 6
KillSignal=SIGTERM
TimeoutStopSec={STOP_S}
NoNewPrivileges=yes

[Install]
WantedBy=default.target
"
    )
}

/// What becomes of a dollar sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dollar {
    /// It is itself: in the path of the program, and in `Environment=`.
    Plain,
    /// It is doubled, or it would name a variable: in arguments.
    Doubled,
}

/// One word, in quotes: percent signs name nothing, quotes and backslashes are themselves.
fn quoted(text: &str, dollar: Dollar) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '%' => out.push_str("%%"),
            '$' if dollar == Dollar::Doubled => out.push_str("$$"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::service::job::tests::{folders, odd_job};

    #[test]
    fn every_word_survives_systemds_reading() {
        let unit = unit(&odd_job(), &folders()).unwrap();
        assert_eq!(unit.name, "vault-sync-abababababab.service");
        let file = "/home/zoë/.config/systemd/user/vault-sync-abababababab.service";
        assert_eq!(unit.file.as_deref(), Some(std::path::Path::new(file)));
        insta::assert_snapshot!(unit.text, @r#"
        # Written by vault-sync, checksum 03e1403c089ef4dd of the lines below
        [Unit]
        Description=vault-sync of /home/zoë/My "Notes" & 50%% of $HOME's <stuff>?end
        StartLimitIntervalSec=600
        StartLimitBurst=30

        [Service]
        Type=exec
        Environment="VAULT_SYNC_HOME=/home/zoë/a b%%\"c\\"
        ExecStart="/opt/my tools/100%%/vault-sync" "--quiet" "--config" "device.name=zoë's $$desk" "watch" "/home/zoë/My \"Notes\" & 50%% of $$HOME's <stuff>\\end"
        # Events name notes, which is nothing for a journal; errors are told on stderr.
        StandardOutput=null
        Restart=on-failure
        RestartSec=5
        RestartSteps=6
        RestartMaxDelaySec=300
        # Told to stop, it ends with 130.
        SuccessExitStatus=130
        # Wrong arguments, the brake or a missing marker, another instance: nothing that a restart mends.
        RestartPreventExitStatus=2 5 6
        KillSignal=SIGTERM
        TimeoutStopSec=20
        NoNewPrivileges=yes

        [Install]
        WantedBy=default.target
        "#);
    }

    #[test]
    fn a_program_that_systemd_refuses_is_refused_first() {
        for program in ["/a'b", "/a\"b", "/a\\b"] {
            let job = Job { program: program.into(), ..odd_job() };
            assert_eq!(unit(&job, &folders()).unwrap_err().kind, Failure::Usage, "{program}");
        }
    }

    #[test]
    fn each_sign_is_written_as_systemd_wants_it() {
        for (text, argument, path) in [
            ("a b", "\"a b\"", "\"a b\""),
            ("50%", "\"50%%\"", "\"50%%\""),
            ("$HOME", "\"$$HOME\"", "\"$HOME\""),
            ("a\"b", "\"a\\\"b\"", "\"a\\\"b\""),
            ("a\\", "\"a\\\\\"", "\"a\\\\\""),
            ("日記 é", "\"日記 é\"", "\"日記 é\""),
        ] {
            assert_eq!(quoted(text, Dollar::Doubled), argument);
            assert_eq!(quoted(text, Dollar::Plain), path);
        }
    }
}
