
use builtin;
use str;

set edit:completion:arg-completer[vault-sync] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'vault-sync'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'vault-sync'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand init 'Make a folder a vault and take in what is there'
            cand invite 'Print a ticket that lets another device join'
            cand join 'Join a vault with a ticket and fetch it'
            cand watch 'Keep a vault in sync until stopped'
            cand push 'Take in local edits and send them once'
            cand pull 'Take in local edits and fetch those of others once'
            cand sync 'Take in local edits, send and fetch once'
            cand status 'Show the state of vault, device and peers'
            cand peers 'List the vault''s other devices, and manage them'
            cand log 'List what happened to a file, or to the whole vault'
            cand show 'Print what a file holds, or held'
            cand diff 'Show what changed in a file'
            cand restore 'Put an earlier version of a file back'
            cand conflicts 'List where two devices contradicted each other, and settle it'
            cand verify 'Check the store against itself and against the folder'
            cand metrics 'Show what a running `watch` measures of itself'
            cand service 'Have `watch` started with the session'
            cand config 'Show and change settings'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'vault-sync;init'= {
            cand --name 'What this device is called on the others; without it, the host''s name'
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;invite'= {
            cand --expires 'How long the ticket is honoured, such as 15m or 2h'
            cand --uses 'How many devices may use it'
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --wait 'Stay until the ticket was used; ends with 4 when it expires first'
            cand --qr 'Show the ticket as a QR code as well'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;join'= {
            cand --name 'What this device is called on the others; without it, the host''s name'
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;watch'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;push'= {
            cand --timeout 'Limit of the whole run, such as 30s or 5m; without it, as long as it takes'
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --dry-run 'Only say what would happen'
            cand --allow-mass-delete 'Let a deletion of many files at once pass'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;pull'= {
            cand --timeout 'Limit of the whole run, such as 30s or 5m; without it, as long as it takes'
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --dry-run 'Only say what would happen'
            cand --allow-mass-delete 'Let a deletion of many files at once pass'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;sync'= {
            cand --timeout 'Limit of the whole run, such as 30s or 5m; without it, as long as it takes'
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --dry-run 'Only say what would happen'
            cand --allow-mass-delete 'Let a deletion of many files at once pass'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;status'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;peers'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help'
            cand --help 'Print help'
            cand list 'List them; this is what happens without a subcommand'
            cand rename 'Give a device another name, on every device'
            cand remove 'Refuse a device from now on'
            cand add-address 'Remember an address under which a device can be reached'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'vault-sync;peers;list'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'vault-sync;peers;rename'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'vault-sync;peers;remove'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;peers;add-address'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'vault-sync;peers;help'= {
            cand list 'List them; this is what happens without a subcommand'
            cand rename 'Give a device another name, on every device'
            cand remove 'Refuse a device from now on'
            cand add-address 'Remember an address under which a device can be reached'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'vault-sync;peers;help;list'= {
        }
        &'vault-sync;peers;help;rename'= {
        }
        &'vault-sync;peers;help;remove'= {
        }
        &'vault-sync;peers;help;add-address'= {
        }
        &'vault-sync;peers;help;help'= {
        }
        &'vault-sync;log'= {
            cand -n 'Most revisions to list'
            cand --limit 'Most revisions to list'
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --all 'List every save by itself'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;show'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;diff'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;restore'= {
            cand --rev 'The start of a revision''s name, as in `log`'
            cand --at 'A time such as 2026-03-01T10:00, 2026-03-01, or 2h for two hours ago'
            cand --to 'Put it there instead, and leave the file as it is'
            cand --undo 'Take back this merge, as `log` names it, and keep what was edited since'
            cand --keep 'Which side to keep: a device, or a revision of `log --json`; else this device''s'
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --dry-run 'Say what would be put back, and change nothing'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;conflicts'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List what nobody settled; this is what happens without a subcommand'
            cand show 'Show one of them: before, what stands, what else there was'
            cand resolve 'Settle one of them, on every device'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'vault-sync;conflicts;list'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'vault-sync;conflicts;show'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;conflicts;resolve'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --ours 'What stands is right'
            cand --theirs 'The alternative is to stand instead'
            cand --both 'Both are to stand'
            cand --merged 'The note is right as it is now'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'vault-sync;conflicts;help'= {
            cand list 'List what nobody settled; this is what happens without a subcommand'
            cand show 'Show one of them: before, what stands, what else there was'
            cand resolve 'Settle one of them, on every device'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'vault-sync;conflicts;help;list'= {
        }
        &'vault-sync;conflicts;help;show'= {
        }
        &'vault-sync;conflicts;help;resolve'= {
        }
        &'vault-sync;conflicts;help;help'= {
        }
        &'vault-sync;verify'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --deep 'Read every file again, instead of only looking at it'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;metrics'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --prometheus 'Print the text format that Prometheus reads'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;service'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand install 'Put the unit or agent where it belongs'
            cand uninstall 'Take it away'
            cand print 'Print it, or the line for cron'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'vault-sync;service;install'= {
            cand --kind 'For whom; without it, whom this platform has'
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --force 'Also when what lies there is not as vault-sync left it'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'vault-sync;service;uninstall'= {
            cand --kind 'For whom; without it, whom this platform has'
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --force 'Also when what lies there is not as vault-sync left it'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'vault-sync;service;print'= {
            cand --kind 'For whom; without it, whom this platform has'
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'vault-sync;service;help'= {
            cand install 'Put the unit or agent where it belongs'
            cand uninstall 'Take it away'
            cand print 'Print it, or the line for cron'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'vault-sync;service;help;install'= {
        }
        &'vault-sync;service;help;uninstall'= {
        }
        &'vault-sync;service;help;print'= {
        }
        &'vault-sync;service;help;help'= {
        }
        &'vault-sync;config'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List each value with where it comes from; this is what happens without a subcommand'
            cand get 'Print one value'
            cand set 'Write one value to the configuration file'
            cand path 'Print where the configuration file is'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'vault-sync;config;list'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'vault-sync;config;get'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'vault-sync;config;set'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --this-vault 'Write to the file of this vault alone'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'vault-sync;config;path'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --this-vault 'The file of this vault alone'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'vault-sync;config;help'= {
            cand list 'List each value with where it comes from; this is what happens without a subcommand'
            cand get 'Print one value'
            cand set 'Write one value to the configuration file'
            cand path 'Print where the configuration file is'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'vault-sync;config;help;list'= {
        }
        &'vault-sync;config;help;get'= {
        }
        &'vault-sync;config;help;set'= {
        }
        &'vault-sync;config;help;path'= {
        }
        &'vault-sync;config;help;help'= {
        }
        &'vault-sync;completions'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;man'= {
            cand --vault 'Vault to work on; without it, the one that contains the current directory'
            cand --color 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set'
            cand --config 'Set a configuration key for this run'
            cand --json 'Print JSON objects on stdout, one for each line'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Say more on stderr; twice for still more'
            cand --verbose 'Say more on stderr; twice for still more'
            cand --no-progress 'Show no progress bars'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vault-sync;help'= {
            cand init 'Make a folder a vault and take in what is there'
            cand invite 'Print a ticket that lets another device join'
            cand join 'Join a vault with a ticket and fetch it'
            cand watch 'Keep a vault in sync until stopped'
            cand push 'Take in local edits and send them once'
            cand pull 'Take in local edits and fetch those of others once'
            cand sync 'Take in local edits, send and fetch once'
            cand status 'Show the state of vault, device and peers'
            cand peers 'List the vault''s other devices, and manage them'
            cand log 'List what happened to a file, or to the whole vault'
            cand show 'Print what a file holds, or held'
            cand diff 'Show what changed in a file'
            cand restore 'Put an earlier version of a file back'
            cand conflicts 'List where two devices contradicted each other, and settle it'
            cand verify 'Check the store against itself and against the folder'
            cand metrics 'Show what a running `watch` measures of itself'
            cand service 'Have `watch` started with the session'
            cand config 'Show and change settings'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'vault-sync;help;init'= {
        }
        &'vault-sync;help;invite'= {
        }
        &'vault-sync;help;join'= {
        }
        &'vault-sync;help;watch'= {
        }
        &'vault-sync;help;push'= {
        }
        &'vault-sync;help;pull'= {
        }
        &'vault-sync;help;sync'= {
        }
        &'vault-sync;help;status'= {
        }
        &'vault-sync;help;peers'= {
            cand list 'List them; this is what happens without a subcommand'
            cand rename 'Give a device another name, on every device'
            cand remove 'Refuse a device from now on'
            cand add-address 'Remember an address under which a device can be reached'
        }
        &'vault-sync;help;peers;list'= {
        }
        &'vault-sync;help;peers;rename'= {
        }
        &'vault-sync;help;peers;remove'= {
        }
        &'vault-sync;help;peers;add-address'= {
        }
        &'vault-sync;help;log'= {
        }
        &'vault-sync;help;show'= {
        }
        &'vault-sync;help;diff'= {
        }
        &'vault-sync;help;restore'= {
        }
        &'vault-sync;help;conflicts'= {
            cand list 'List what nobody settled; this is what happens without a subcommand'
            cand show 'Show one of them: before, what stands, what else there was'
            cand resolve 'Settle one of them, on every device'
        }
        &'vault-sync;help;conflicts;list'= {
        }
        &'vault-sync;help;conflicts;show'= {
        }
        &'vault-sync;help;conflicts;resolve'= {
        }
        &'vault-sync;help;verify'= {
        }
        &'vault-sync;help;metrics'= {
        }
        &'vault-sync;help;service'= {
            cand install 'Put the unit or agent where it belongs'
            cand uninstall 'Take it away'
            cand print 'Print it, or the line for cron'
        }
        &'vault-sync;help;service;install'= {
        }
        &'vault-sync;help;service;uninstall'= {
        }
        &'vault-sync;help;service;print'= {
        }
        &'vault-sync;help;config'= {
            cand list 'List each value with where it comes from; this is what happens without a subcommand'
            cand get 'Print one value'
            cand set 'Write one value to the configuration file'
            cand path 'Print where the configuration file is'
        }
        &'vault-sync;help;config;list'= {
        }
        &'vault-sync;help;config;get'= {
        }
        &'vault-sync;help;config;set'= {
        }
        &'vault-sync;help;config;path'= {
        }
        &'vault-sync;help;completions'= {
        }
        &'vault-sync;help;man'= {
        }
        &'vault-sync;help;help'= {
        }
    ]
    $completions[$command]
}
