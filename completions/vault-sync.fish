# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_vault_sync_global_optspecs
    string join \n vault= json q/quiet v/verbose color= no-progress config= h/help V/version
end

function __fish_vault_sync_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_vault_sync_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_vault_sync_using_subcommand
    set -l cmd (__fish_vault_sync_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c vault-sync -n "__fish_vault_sync_needs_command" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_needs_command" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_needs_command" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_needs_command" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -s V -l version -d 'Print version'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "init" -d 'Make a folder a vault and take in what is there'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "invite" -d 'Print a ticket that lets another device join'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "join" -d 'Join a vault with a ticket and fetch it'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "watch" -d 'Keep a vault in sync until stopped'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "push" -d 'Take in local edits and send them once'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "pull" -d 'Take in local edits and fetch those of others once'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "sync" -d 'Take in local edits, send and fetch once'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "status" -d 'Show the state of vault, device and peers'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "peers" -d 'List the vault\'s other devices, and manage them'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "log" -d 'List what happened to a file, or to the whole vault'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "show" -d 'Print what a file holds, or held'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "diff" -d 'Show what changed in a file'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "restore" -d 'Put an earlier version of a file back'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "conflicts" -d 'List where two devices contradicted each other, and settle it'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "verify" -d 'Check the store against itself and against the folder'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "metrics" -d 'Show what a running `watch` measures of itself'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "service" -d 'Have `watch` started with the session'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "config" -d 'Show and change settings'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "man" -d 'Print the manual page'
complete -c vault-sync -n "__fish_vault_sync_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand init" -l name -d 'What this device is called on the others; without it, the host\'s name' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand init" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand init" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand init" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand init" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand init" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand init" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand init" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand invite" -l expires -d 'How long the ticket is honoured, such as 15m or 2h' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand invite" -l uses -d 'How many devices may use it' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand invite" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand invite" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand invite" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand invite" -l wait -d 'Stay until the ticket was used; ends with 4 when it expires first'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand invite" -l qr -d 'Show the ticket as a QR code as well'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand invite" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand invite" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand invite" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand invite" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand invite" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand join" -l name -d 'What this device is called on the others; without it, the host\'s name' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand join" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand join" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand join" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand join" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand join" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand join" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand join" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand join" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand watch" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand watch" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand watch" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand watch" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand watch" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand watch" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand watch" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand push" -l timeout -d 'Limit of the whole run, such as 30s or 5m; without it, as long as it takes' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand push" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand push" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand push" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand push" -l dry-run -d 'Only say what would happen'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand push" -l allow-mass-delete -d 'Let a deletion of many files at once pass'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand push" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand push" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand push" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand push" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand push" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand pull" -l timeout -d 'Limit of the whole run, such as 30s or 5m; without it, as long as it takes' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand pull" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand pull" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand pull" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand pull" -l dry-run -d 'Only say what would happen'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand pull" -l allow-mass-delete -d 'Let a deletion of many files at once pass'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand pull" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand pull" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand pull" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand pull" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand pull" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand sync" -l timeout -d 'Limit of the whole run, such as 30s or 5m; without it, as long as it takes' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand sync" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand sync" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand sync" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand sync" -l dry-run -d 'Only say what would happen'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand sync" -l allow-mass-delete -d 'Let a deletion of many files at once pass'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand sync" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand sync" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand sync" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand sync" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand status" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand status" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand status" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand status" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand status" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand status" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand status" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and not __fish_seen_subcommand_from list rename remove add-address help" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and not __fish_seen_subcommand_from list rename remove add-address help" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and not __fish_seen_subcommand_from list rename remove add-address help" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and not __fish_seen_subcommand_from list rename remove add-address help" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and not __fish_seen_subcommand_from list rename remove add-address help" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and not __fish_seen_subcommand_from list rename remove add-address help" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and not __fish_seen_subcommand_from list rename remove add-address help" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and not __fish_seen_subcommand_from list rename remove add-address help" -s h -l help -d 'Print help'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and not __fish_seen_subcommand_from list rename remove add-address help" -f -a "list" -d 'List them; this is what happens without a subcommand'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and not __fish_seen_subcommand_from list rename remove add-address help" -f -a "rename" -d 'Give a device another name, on every device'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and not __fish_seen_subcommand_from list rename remove add-address help" -f -a "remove" -d 'Refuse a device from now on'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and not __fish_seen_subcommand_from list rename remove add-address help" -f -a "add-address" -d 'Remember an address under which a device can be reached'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and not __fish_seen_subcommand_from list rename remove add-address help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from list" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from list" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from list" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from list" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from list" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from rename" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from rename" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from rename" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from rename" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from rename" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from rename" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from rename" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from remove" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from remove" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from remove" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from remove" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from remove" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from add-address" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from add-address" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from add-address" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from add-address" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from add-address" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from add-address" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from add-address" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from add-address" -s h -l help -d 'Print help'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from help" -f -a "list" -d 'List them; this is what happens without a subcommand'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from help" -f -a "rename" -d 'Give a device another name, on every device'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Refuse a device from now on'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from help" -f -a "add-address" -d 'Remember an address under which a device can be reached'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand peers; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand log" -s n -l limit -d 'Most revisions to list' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand log" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand log" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand log" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand log" -l all -d 'List every save by itself'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand log" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand log" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand log" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand log" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand show" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand show" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand show" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand show" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand show" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand show" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand show" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand diff" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand diff" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand diff" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand diff" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand diff" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand diff" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand diff" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand restore" -l rev -d 'The start of a revision\'s name, as in `log`' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand restore" -l at -d 'A time such as 2026-03-01T10:00, 2026-03-01, or 2h for two hours ago' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand restore" -l to -d 'Put it there instead, and leave the file as it is' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand restore" -l undo -d 'Take back this merge, as `log` names it, and keep what was edited since' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand restore" -l keep -d 'Which side to keep: a device, or a revision of `log --json`; else this device\'s' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand restore" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand restore" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand restore" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand restore" -l dry-run -d 'Say what would be put back, and change nothing'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand restore" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand restore" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand restore" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand restore" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and not __fish_seen_subcommand_from list show resolve help" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and not __fish_seen_subcommand_from list show resolve help" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and not __fish_seen_subcommand_from list show resolve help" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and not __fish_seen_subcommand_from list show resolve help" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and not __fish_seen_subcommand_from list show resolve help" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and not __fish_seen_subcommand_from list show resolve help" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and not __fish_seen_subcommand_from list show resolve help" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and not __fish_seen_subcommand_from list show resolve help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and not __fish_seen_subcommand_from list show resolve help" -f -a "list" -d 'List what nobody settled; this is what happens without a subcommand'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and not __fish_seen_subcommand_from list show resolve help" -f -a "show" -d 'Show one of them: before, what stands, what else there was'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and not __fish_seen_subcommand_from list show resolve help" -f -a "resolve" -d 'Settle one of them, on every device'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and not __fish_seen_subcommand_from list show resolve help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from list" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from list" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from list" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from list" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from list" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from show" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from show" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from show" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from show" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from show" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from resolve" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from resolve" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from resolve" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from resolve" -l ours -d 'What stands is right'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from resolve" -l theirs -d 'The alternative is to stand instead'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from resolve" -l both -d 'Both are to stand'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from resolve" -l merged -d 'The note is right as it is now'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from resolve" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from resolve" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from resolve" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from resolve" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from resolve" -s h -l help -d 'Print help'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from help" -f -a "list" -d 'List what nobody settled; this is what happens without a subcommand'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show one of them: before, what stands, what else there was'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from help" -f -a "resolve" -d 'Settle one of them, on every device'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand conflicts; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand verify" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand verify" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand verify" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand verify" -l deep -d 'Read every file again, instead of only looking at it'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand verify" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand verify" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand verify" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand verify" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand metrics" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand metrics" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand metrics" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand metrics" -l prometheus -d 'Print the text format that Prometheus reads'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand metrics" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand metrics" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand metrics" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand metrics" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand metrics" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and not __fish_seen_subcommand_from install uninstall print help" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and not __fish_seen_subcommand_from install uninstall print help" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and not __fish_seen_subcommand_from install uninstall print help" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and not __fish_seen_subcommand_from install uninstall print help" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and not __fish_seen_subcommand_from install uninstall print help" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and not __fish_seen_subcommand_from install uninstall print help" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and not __fish_seen_subcommand_from install uninstall print help" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and not __fish_seen_subcommand_from install uninstall print help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and not __fish_seen_subcommand_from install uninstall print help" -f -a "install" -d 'Put the unit or agent where it belongs'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and not __fish_seen_subcommand_from install uninstall print help" -f -a "uninstall" -d 'Take it away'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and not __fish_seen_subcommand_from install uninstall print help" -f -a "print" -d 'Print it, or the line for cron'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and not __fish_seen_subcommand_from install uninstall print help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from install" -l kind -d 'For whom; without it, whom this platform has' -r -f -a "systemd\t''
launchd\t''
cron\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from install" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from install" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from install" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from install" -l force -d 'Also when what lies there is not as vault-sync left it'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from install" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from install" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from install" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from install" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from uninstall" -l kind -d 'For whom; without it, whom this platform has' -r -f -a "systemd\t''
launchd\t''
cron\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from uninstall" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from uninstall" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from uninstall" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from uninstall" -l force -d 'Also when what lies there is not as vault-sync left it'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from uninstall" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from uninstall" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from uninstall" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from uninstall" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from uninstall" -s h -l help -d 'Print help'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from print" -l kind -d 'For whom; without it, whom this platform has' -r -f -a "systemd\t''
launchd\t''
cron\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from print" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from print" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from print" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from print" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from print" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from print" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from print" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from print" -s h -l help -d 'Print help'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from help" -f -a "install" -d 'Put the unit or agent where it belongs'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from help" -f -a "uninstall" -d 'Take it away'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from help" -f -a "print" -d 'Print it, or the line for cron'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand service; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and not __fish_seen_subcommand_from list get set path help" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and not __fish_seen_subcommand_from list get set path help" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and not __fish_seen_subcommand_from list get set path help" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and not __fish_seen_subcommand_from list get set path help" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and not __fish_seen_subcommand_from list get set path help" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and not __fish_seen_subcommand_from list get set path help" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and not __fish_seen_subcommand_from list get set path help" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and not __fish_seen_subcommand_from list get set path help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and not __fish_seen_subcommand_from list get set path help" -f -a "list" -d 'List each value with where it comes from; this is what happens without a subcommand'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and not __fish_seen_subcommand_from list get set path help" -f -a "get" -d 'Print one value'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and not __fish_seen_subcommand_from list get set path help" -f -a "set" -d 'Write one value to the configuration file'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and not __fish_seen_subcommand_from list get set path help" -f -a "path" -d 'Print where the configuration file is'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and not __fish_seen_subcommand_from list get set path help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from list" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from list" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from list" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from list" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from list" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from get" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from get" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from get" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from get" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from get" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from set" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from set" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from set" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from set" -l this-vault -d 'Write to the file of this vault alone'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from set" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from set" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from path" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from path" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from path" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from path" -l this-vault -d 'The file of this vault alone'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from path" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from path" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from path" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "list" -d 'List each value with where it comes from; this is what happens without a subcommand'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "get" -d 'Print one value'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "set" -d 'Write one value to the configuration file'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "path" -d 'Print where the configuration file is'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand completions" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand completions" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand completions" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand completions" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand completions" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand completions" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand completions" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand man" -l vault -d 'Vault to work on; without it, the one that contains the current directory' -r -f -a "(__fish_complete_directories)"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand man" -l color -d 'When to use colours; auto means on a terminal, unless `NO_COLOR` is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c vault-sync -n "__fish_vault_sync_using_subcommand man" -l config -d 'Set a configuration key for this run' -r
complete -c vault-sync -n "__fish_vault_sync_using_subcommand man" -l json -d 'Print JSON objects on stdout, one for each line'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand man" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand man" -s v -l verbose -d 'Say more on stderr; twice for still more'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand man" -l no-progress -d 'Show no progress bars'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "init" -d 'Make a folder a vault and take in what is there'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "invite" -d 'Print a ticket that lets another device join'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "join" -d 'Join a vault with a ticket and fetch it'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "watch" -d 'Keep a vault in sync until stopped'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "push" -d 'Take in local edits and send them once'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "pull" -d 'Take in local edits and fetch those of others once'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "sync" -d 'Take in local edits, send and fetch once'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "status" -d 'Show the state of vault, device and peers'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "peers" -d 'List the vault\'s other devices, and manage them'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "log" -d 'List what happened to a file, or to the whole vault'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "show" -d 'Print what a file holds, or held'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "diff" -d 'Show what changed in a file'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "restore" -d 'Put an earlier version of a file back'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "conflicts" -d 'List where two devices contradicted each other, and settle it'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "verify" -d 'Check the store against itself and against the folder'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "metrics" -d 'Show what a running `watch` measures of itself'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "service" -d 'Have `watch` started with the session'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "config" -d 'Show and change settings'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "completions" -d 'Print the completion script of a shell'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "man" -d 'Print the manual page'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and not __fish_seen_subcommand_from init invite join watch push pull sync status peers log show diff restore conflicts verify metrics service config completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and __fish_seen_subcommand_from peers" -f -a "list" -d 'List them; this is what happens without a subcommand'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and __fish_seen_subcommand_from peers" -f -a "rename" -d 'Give a device another name, on every device'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and __fish_seen_subcommand_from peers" -f -a "remove" -d 'Refuse a device from now on'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and __fish_seen_subcommand_from peers" -f -a "add-address" -d 'Remember an address under which a device can be reached'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and __fish_seen_subcommand_from conflicts" -f -a "list" -d 'List what nobody settled; this is what happens without a subcommand'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and __fish_seen_subcommand_from conflicts" -f -a "show" -d 'Show one of them: before, what stands, what else there was'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and __fish_seen_subcommand_from conflicts" -f -a "resolve" -d 'Settle one of them, on every device'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and __fish_seen_subcommand_from service" -f -a "install" -d 'Put the unit or agent where it belongs'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and __fish_seen_subcommand_from service" -f -a "uninstall" -d 'Take it away'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and __fish_seen_subcommand_from service" -f -a "print" -d 'Print it, or the line for cron'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "list" -d 'List each value with where it comes from; this is what happens without a subcommand'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "get" -d 'Print one value'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "set" -d 'Write one value to the configuration file'
complete -c vault-sync -n "__fish_vault_sync_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "path" -d 'Print where the configuration file is'
