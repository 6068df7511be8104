//! An agent for launchd, as `launchd.plist(5)` says.

use super::file::marked;
use super::job::{Folders, Job, Kind, Unit};

/// Shortest time between two starts, in seconds. launchd cannot tell exit codes apart, so this also
/// bounds what a start costs that never succeeds.
const THROTTLE_S: u64 = 60;
/// Longest wait for the end, in seconds.
const STOP_S: u64 = 20;

pub(super) fn unit(job: &Job, folders: &Folders) -> Unit {
    let name = format!("vault-sync.{}", job.short());
    let file = folders.home.join("Library/LaunchAgents").join(format!("{name}.plist"));
    let domain = format!("gui/{}", rustix::process::getuid().as_raw());
    Unit {
        kind: Kind::Launchd,
        text: marked(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
            "<!-- ",
            " -->",
            &body(job, &name),
        ),
        after_install: vec![format!(
            "launchctl bootstrap {domain} {}",
            shell(&file.display().to_string())
        )],
        after_uninstall: vec![format!("launchctl bootout {domain}/{name}")],
        file: Some(file),
        links: Vec::new(),
        name,
    }
}

fn body(job: &Job, name: &str) -> String {
    let text = |text: &str| format!("<string>{}</string>", escaped(text));
    let (mut words, mut variables) = (String::new(), String::new());
    for word in std::iter::once(job.program.as_str()).chain(job.watch()) {
        words.extend(["\t\t", text(word).as_str(), "\n"]);
    }
    for (name, value) in &job.environment {
        let (key, value) = (escaped(name), text(value));
        variables.extend(["\t\t<key>", key.as_str(), "</key>\n\t\t", value.as_str(), "\n"]);
    }
    let label = text(name);
    format!(
        "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">
<plist version=\"1.0\">
<dict>
\t<key>Label</key>
\t{label}
\t<key>ProgramArguments</key>
\t<array>
{words}\t</array>
\t<key>EnvironmentVariables</key>
\t<dict>
{variables}\t</dict>
\t<key>RunAtLoad</key>
\t<true/>
\t<key>KeepAlive</key>
\t<dict>
\t\t<key>SuccessfulExit</key>
\t\t<false/>
\t</dict>
\t<key>ThrottleInterval</key>
\t<integer>{THROTTLE_S}</integer>
\t<key>ExitTimeOut</key>
\t<integer>{STOP_S}</integer>
</dict>
</plist>
"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// One word for a shell.
pub(super) fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::service::job::tests::{folders, odd_job};

    #[test]
    fn every_word_survives_the_reading_of_the_list() {
        let unit = unit(&odd_job(), &folders());
        assert_eq!(unit.name, "vault-sync.abababababab");
        let file = "/home/zoë/Library/LaunchAgents/vault-sync.abababababab.plist";
        assert_eq!(unit.file.as_deref(), Some(std::path::Path::new(file)));
        assert!(unit.after_install[0].ends_with(&format!(" '{file}'")), "{unit:?}");
        insta::assert_snapshot!(unit.text, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <!-- Written by vault-sync, checksum 53ab6ec5cc40f6eb of the lines below -->
        <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
        <plist version="1.0">
        <dict>
        	<key>Label</key>
        	<string>vault-sync.abababababab</string>
        	<key>ProgramArguments</key>
        	<array>
        		<string>/opt/my tools/100%/vault-sync</string>
        		<string>--quiet</string>
        		<string>--config</string>
        		<string>device.name=zoë's $desk</string>
        		<string>watch</string>
        		<string>/home/zoë/My "Notes" &amp; 50% of $HOME's &lt;stuff&gt;\end</string>
        	</array>
        	<key>EnvironmentVariables</key>
        	<dict>
        		<key>VAULT_SYNC_HOME</key>
        		<string>/home/zoë/a b%"c\</string>
        	</dict>
        	<key>RunAtLoad</key>
        	<true/>
        	<key>KeepAlive</key>
        	<dict>
        		<key>SuccessfulExit</key>
        		<false/>
        	</dict>
        	<key>ThrottleInterval</key>
        	<integer>60</integer>
        	<key>ExitTimeOut</key>
        	<integer>20</integer>
        </dict>
        </plist>
        "#);
    }
}
