# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_openclaw_global_optspecs
    string join \n config= set= v/verbose q/quiet h/help V/version
end

function __fish_openclaw_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_openclaw_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_openclaw_using_subcommand
    set -l cmd (__fish_openclaw_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c openclaw -n "__fish_openclaw_needs_command" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_needs_command" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_needs_command" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_needs_command" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c openclaw -n "__fish_openclaw_needs_command" -s V -l version -d 'Print version'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "agent" -d 'Run one turn of an agent: answer a message, with tools, until it is done'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "chat" -d 'Chat with an agent: each message is a turn, and the session is stored'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "setup" -d 'Find a server, try a model of it, and write the config'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "onboard" -d 'Find a server, try a model of it, and write the config'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "configure" -d 'Find a server, try a model of it, and write the config'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "infer" -d 'Ask a model without an agent: no session, no tools'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "capability" -d 'Ask a model without an agent: no session, no tools'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "config" -d 'Read, change, check and explain the config'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "status" -d 'Show the models, the gateway, the sessions and what they cost'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "doctor" -d 'Check the config, the server and the model, and suggest fixes'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "models" -d 'Show, test and reset the models and their servers'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "sessions" -d 'List, show, export, import and delete the stored sessions'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "skills" -d 'List, show and check the skills of an agent'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "memory" -d 'Search the notes of agents, and show and update the index of them'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "cron" -d 'Add, list, change and run scheduled jobs'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "automations" -d 'Add, list, change and run scheduled jobs'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "trace" -d 'Show, copy and replay the recorded exchanges with model servers'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "approvals" -d 'Show and change which commands run without a question'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "exec-approvals" -d 'Show and change which commands run without a question'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "exec-policy" -d 'Show, explain and change the policy for commands'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "security" -d 'List settings that are less safe than they could be, with the command that fixes each'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "sandbox" -d 'Explain the sandbox that commands run in'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "gateway" -d 'Serve the sessions of this machine to other programs'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "devices" -d 'List, approve and remove the devices that may use a gateway'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "node" -d 'Run commands on this machine for a gateway'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "nodes" -d 'List, approve and rename the nodes of a gateway, and run commands on them'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "logs" -d 'Show the log of agents, chats and the gateway'
complete -c openclaw -n "__fish_openclaw_needs_command" -f -a "prompt" -d 'Show the parts of an agent\'s first request'
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -s m -l message -d 'The message as an option; `-` reads it from standard input, which is otherwise not read' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l session -d 'The session that the turn belongs to; default: that of the agent and the project folder, outside a project `agent:ID:main`' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l session-id -d 'The session by its id, or by the short id that `sessions` shows; created if there is none' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l resume -d 'Without a message, finish the turn that was interrupted, or that failed before the model answered. With the ID of a session and a message, continue that session' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l model -d 'The model, as `provider/model-id`; default: `agents.defaults.model.primary`, else the only model that the server has' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l agent -d 'The agent; default: the one whose session it is, else the default agent of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l workspace -d 'The directory that the tools work in; default: that of the session, else `agents.defaults.workspace`, else the project that the command is started in' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l timeout -d 'The time limit of the turn; default: `agents.defaults.timeoutSeconds`' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l wait -d 'Wait for a session that another process uses and for a server that is not up yet: a number of seconds, or a time like `90s`, `10m`, `2h`; without a value 10 minutes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l output-format -d 'What goes to stdout: the answer; one JSON object at the end, as with `--json`; or one JSON line for each event, as it happens' -r -f -a "text\t''
json\t''
stream-json\t''"
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l gateway -d 'Run turns in the gateway at this address, instead of in this process or in the gateway of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l token -d 'The gateway\'s token; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l password -d 'The gateway\'s password; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l idempotency-key -d 'The same key again is the same run of the gateway, and its result; default: a new one' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -s p -l print -d 'Print the answer and exit, as `agent` does anyway; without TEXT standard input is the message'
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -s c -l continue -d 'Continue the session that was used last in this folder'
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l no-session -d 'Run the turn without a session: continue none and store nothing'
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l strict -d 'Use that model alone, never a fallback'
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -s y -l yes -d 'Run commands without asking'
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l json -d 'Print one JSON object with the answer, the usage and what happened'
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l local -d 'Run the turn in this process, also when a gateway is configured'
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l as-device -d 'Connect as a paired device, as is done anyway for another machine without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -l trace -d 'Record the exchanges with the model server, for `openclaw trace`'
complete -c openclaw -n "__fish_openclaw_using_subcommand agent" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l resume -d 'Continue this session, by its id; without an ID choose one of this folder' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l session -d 'The session to continue; default: that of the agent and the project folder, outside a project `agent:ID:main`' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l session-id -d 'The session by its id; created if there is none' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l model -d 'The model, as `provider/model-id`; default: `agents.defaults.model.primary`, else the only model that the server has' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l agent -d 'The agent; default: the one whose session it is, else the default agent of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l workspace -d 'The directory that the tools work in; default: that of the session, else `agents.defaults.workspace`, else the project that the command is started in' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l timeout -d 'The time limit of the turn; default: `agents.defaults.timeoutSeconds`' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l wait -d 'Wait for a session that another process uses and for a server that is not up yet: a number of seconds, or a time like `90s`, `10m`, `2h`; without a value 10 minutes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l reasoning -d 'How the model\'s reasoning is shown; default: `short`, with `--verbose` `full`' -r -f -a "off\t'Not at all'
short\t'While they come their last line, and how long they took'
full\t'As they are'"
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l gateway -d 'Run turns in the gateway at this address, instead of in this process or in the gateway of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l token -d 'The gateway\'s token; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l password -d 'The gateway\'s password; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -s c -l continue -d 'Continue the session that was used last in this folder'
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l strict -d 'Use that model alone, never a fallback'
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -s y -l yes -d 'Run commands without asking'
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l plain -d 'Plain text: each line of stdin is a message, and answers go to stdout; the default without a terminal'
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l local -d 'Run the conversation in this process, also when a gateway is configured'
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l as-device -d 'Connect as a paired device, as is done anyway for another machine without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -l trace -d 'Record the exchanges with the model server, for `/trace` and `openclaw trace`'
complete -c openclaw -n "__fish_openclaw_using_subcommand chat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l base-url -d 'The address of your server, instead of those on this machine; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l provider -d 'The name that the server gets in the config [default: vllm]' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l api-key-env -d 'The environment variable with the server\'s key; the key itself is never written' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l model -d 'The model to use, by its id on the server' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l workspace -d 'The folder that agents work in; default: the project that a command is started in' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l accept-risk -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l anthropic-api-key -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l auth-choice -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l custom-api-key -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l custom-compatibility -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l daemon-runtime -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l flow -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l gateway-auth -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l gateway-bind -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l gateway-password -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l gateway-port -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l gateway-token -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l gateway-token-ref-env -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l install-daemon -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l json -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l mode -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l no-install-daemon -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l node-manager -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l openai-api-key -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l opencode-zen-api-key -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l openrouter-api-key -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l remote-token -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l remote-url -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l reset -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l reset-scope -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l secret-input-mode -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l section -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l skip-bootstrap -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l skip-channels -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l skip-daemon -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l skip-health -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l skip-search -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l skip-skills -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l skip-ui -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l suppress-gateway-token-output -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l tailscale -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l tailscale-reset-on-exit -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l token -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l token-expires-in -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l token-profile-id -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l token-provider -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -l wizard -r
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -s y -l yes -l non-interactive -d 'Ask nothing: take the first model and write the config'
complete -c openclaw -n "__fish_openclaw_using_subcommand setup" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l base-url -d 'The address of your server, instead of those on this machine; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l provider -d 'The name that the server gets in the config [default: vllm]' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l api-key-env -d 'The environment variable with the server\'s key; the key itself is never written' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l model -d 'The model to use, by its id on the server' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l workspace -d 'The folder that agents work in; default: the project that a command is started in' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l accept-risk -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l anthropic-api-key -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l auth-choice -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l custom-api-key -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l custom-compatibility -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l daemon-runtime -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l flow -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l gateway-auth -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l gateway-bind -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l gateway-password -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l gateway-port -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l gateway-token -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l gateway-token-ref-env -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l install-daemon -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l json -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l mode -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l no-install-daemon -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l node-manager -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l openai-api-key -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l opencode-zen-api-key -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l openrouter-api-key -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l remote-token -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l remote-url -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l reset -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l reset-scope -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l secret-input-mode -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l section -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l skip-bootstrap -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l skip-channels -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l skip-daemon -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l skip-health -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l skip-search -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l skip-skills -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l skip-ui -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l suppress-gateway-token-output -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l tailscale -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l tailscale-reset-on-exit -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l token -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l token-expires-in -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l token-profile-id -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l token-provider -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -l wizard -r
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -s y -l yes -l non-interactive -d 'Ask nothing: take the first model and write the config'
complete -c openclaw -n "__fish_openclaw_using_subcommand onboard" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l base-url -d 'The address of your server, instead of those on this machine; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l provider -d 'The name that the server gets in the config [default: vllm]' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l api-key-env -d 'The environment variable with the server\'s key; the key itself is never written' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l model -d 'The model to use, by its id on the server' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l workspace -d 'The folder that agents work in; default: the project that a command is started in' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l accept-risk -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l anthropic-api-key -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l auth-choice -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l custom-api-key -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l custom-compatibility -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l daemon-runtime -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l flow -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l gateway-auth -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l gateway-bind -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l gateway-password -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l gateway-port -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l gateway-token -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l gateway-token-ref-env -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l install-daemon -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l json -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l mode -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l no-install-daemon -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l node-manager -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l openai-api-key -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l opencode-zen-api-key -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l openrouter-api-key -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l remote-token -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l remote-url -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l reset -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l reset-scope -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l secret-input-mode -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l section -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l skip-bootstrap -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l skip-channels -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l skip-daemon -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l skip-health -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l skip-search -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l skip-skills -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l skip-ui -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l suppress-gateway-token-output -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l tailscale -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l tailscale-reset-on-exit -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l token -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l token-expires-in -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l token-profile-id -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l token-provider -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -l wizard -r
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -s y -l yes -l non-interactive -d 'Ask nothing: take the first model and write the config'
complete -c openclaw -n "__fish_openclaw_using_subcommand configure" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand infer; and not __fish_seen_subcommand_from model" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand infer; and not __fish_seen_subcommand_from model" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand infer; and not __fish_seen_subcommand_from model" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand infer; and not __fish_seen_subcommand_from model" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand infer; and not __fish_seen_subcommand_from model" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand infer; and not __fish_seen_subcommand_from model" -f -a "model" -d 'Generate text with a language model'
complete -c openclaw -n "__fish_openclaw_using_subcommand infer; and __fish_seen_subcommand_from model" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand infer; and __fish_seen_subcommand_from model" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand infer; and __fish_seen_subcommand_from model" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand infer; and __fish_seen_subcommand_from model" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand infer; and __fish_seen_subcommand_from model" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand infer; and __fish_seen_subcommand_from model" -f -a "run" -d 'Send one prompt and print the answer'
complete -c openclaw -n "__fish_openclaw_using_subcommand capability; and not __fish_seen_subcommand_from model" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand capability; and not __fish_seen_subcommand_from model" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand capability; and not __fish_seen_subcommand_from model" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand capability; and not __fish_seen_subcommand_from model" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand capability; and not __fish_seen_subcommand_from model" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand capability; and not __fish_seen_subcommand_from model" -f -a "model" -d 'Generate text with a language model'
complete -c openclaw -n "__fish_openclaw_using_subcommand capability; and __fish_seen_subcommand_from model" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand capability; and __fish_seen_subcommand_from model" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand capability; and __fish_seen_subcommand_from model" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand capability; and __fish_seen_subcommand_from model" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand capability; and __fish_seen_subcommand_from model" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand capability; and __fish_seen_subcommand_from model" -f -a "run" -d 'Send one prompt and print the answer'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and not __fish_seen_subcommand_from get set unset validate restore explain schema file path edit" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and not __fish_seen_subcommand_from get set unset validate restore explain schema file path edit" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and not __fish_seen_subcommand_from get set unset validate restore explain schema file path edit" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and not __fish_seen_subcommand_from get set unset validate restore explain schema file path edit" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and not __fish_seen_subcommand_from get set unset validate restore explain schema file path edit" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and not __fish_seen_subcommand_from get set unset validate restore explain schema file path edit" -f -a "get" -d 'Print the effective value of a key: the one that is set, else its default'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and not __fish_seen_subcommand_from get set unset validate restore explain schema file path edit" -f -a "set" -d 'Set a key, keeping the comments and the layout of the file'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and not __fish_seen_subcommand_from get set unset validate restore explain schema file path edit" -f -a "unset" -d 'Remove a key'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and not __fish_seen_subcommand_from get set unset validate restore explain schema file path edit" -f -a "validate" -d 'List all problems of the config file'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and not __fish_seen_subcommand_from get set unset validate restore explain schema file path edit" -f -a "restore" -d 'Return to a kept version of the config file, with the keys that the file has now'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and not __fish_seen_subcommand_from get set unset validate restore explain schema file path edit" -f -a "explain" -d 'Explain a key: its meaning, its effective value and the source of the value'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and not __fish_seen_subcommand_from get set unset validate restore explain schema file path edit" -f -a "schema" -d 'Print the JSON Schema of the config'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and not __fish_seen_subcommand_from get set unset validate restore explain schema file path edit" -f -a "file" -d 'Print the path of the config file'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and not __fish_seen_subcommand_from get set unset validate restore explain schema file path edit" -f -a "path" -d 'Print the path of the config file'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and not __fish_seen_subcommand_from get set unset validate restore explain schema file path edit" -f -a "edit" -d 'Open the config file in `$VISUAL` or `$EDITOR`, and save it only when it is valid'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from get" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from get" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from get" -l json -d 'Print JSON'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l batch-json -d 'Set several keys at once: `[{path, value}, …]`' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l batch-file -d 'The same from a file' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l ref-source -d 'Refer to a secret instead of writing it: the value of a variable, or a file\'s content' -r -f -a "env\t''
file\t''"
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l ref-id -d 'The name of the variable, or the path of the file' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l ref-provider -d 'The alias of a secret provider, stored with the reference' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l allow-exec -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l provider-allow-insecure-path -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l provider-allow-symlink-command -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l provider-allowlist -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l provider-arg -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l provider-command -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l provider-env -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l provider-json-only -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l provider-max-bytes -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l provider-max-output-bytes -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l provider-mode -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l provider-no-output-timeout-ms -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l provider-pass-env -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l provider-path -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l provider-source -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l provider-timeout-ms -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l provider-trusted-dir -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l strict-json -d 'Refuse a value that is not JSON5'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l merge -d 'Leave the keys of an object that the value does not name as they are'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l dry-run -d 'Show what would change, and write nothing'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -l replace -d 'Accepted: a value is replaced as a whole anyway'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from unset" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from unset" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from unset" -l dry-run -d 'Show what would change, and write nothing'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from unset" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from unset" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from unset" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from unset" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from validate" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from validate" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from validate" -l json -d 'Print one JSON object with every problem and its place'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from validate" -l strict -d 'Treat warnings, such as unknown keys, as errors'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from validate" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from validate" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from validate" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from restore" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from restore" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from restore" -l list -d 'List the kept versions, and write nothing'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from restore" -l dry-run -d 'Show what would change, and write nothing'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from restore" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from restore" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from explain" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from explain" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from explain" -l json -d 'Print JSON'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from explain" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from explain" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from schema" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from schema" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from schema" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from schema" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from file" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from file" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from file" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from file" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from file" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from path" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from path" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from path" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from edit" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from edit" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from edit" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from edit" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand config; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand status" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand status" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand status" -l timeout -d 'How long to wait for the gateway, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand status" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand status" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand status" -l deep -l all -d 'Also ask each model server which models it serves'
complete -c openclaw -n "__fish_openclaw_using_subcommand status" -l usage -d 'Accepted: the tokens of the sessions and what they cost are always shown'
complete -c openclaw -n "__fish_openclaw_using_subcommand status" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand status" -l debug -d 'Accepted: `--verbose` prints more'
complete -c openclaw -n "__fish_openclaw_using_subcommand status" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand doctor" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand doctor" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand doctor" -l model -d 'The model, as `provider/model-id`; default: `agents.defaults.model.primary`, else the only model that the server has' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand doctor" -l provider -d 'The provider to examine when no model is named' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand doctor" -l only -d 'Run only this check and those that it depends on; may be repeated' -r -f -a "config\t''
model\t''
reachable\t''
auth\t''
models\t''
window\t''
chat\t''
stream\t''
usage\t''
tools-auto\t''
tools-required\t''
tools-named\t''
tool-history\t''
reasoning\t''
roles\t''
content\t''
tokenize\t''
prefix-cache\t''
cancel\t''
exposure\t''"
complete -c openclaw -n "__fish_openclaw_using_subcommand doctor" -l timeout -d 'The time limit of one check [default: 60]' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand doctor" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand doctor" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand doctor" -l fix -l repair -d 'Fix the config file where possible: shows the change and asks first'
complete -c openclaw -n "__fish_openclaw_using_subcommand doctor" -s y -l yes -l force -d 'With `--fix`, do not ask'
complete -c openclaw -n "__fish_openclaw_using_subcommand doctor" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand doctor" -l deep
complete -c openclaw -n "__fish_openclaw_using_subcommand doctor" -l non-interactive
complete -c openclaw -n "__fish_openclaw_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and not __fish_seen_subcommand_from list status probe import reset" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and not __fish_seen_subcommand_from list status probe import reset" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and not __fish_seen_subcommand_from list status probe import reset" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and not __fish_seen_subcommand_from list status probe import reset" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and not __fish_seen_subcommand_from list status probe import reset" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and not __fish_seen_subcommand_from list status probe import reset" -f -a "list" -d 'List the models of the config and those that the servers list'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and not __fish_seen_subcommand_from list status probe import reset" -f -a "status" -d 'Show the default model, its fallbacks, aliases, and where each key comes from'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and not __fish_seen_subcommand_from list status probe import reset" -f -a "probe" -d 'Test which features the server supports with a model, and store the result'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and not __fish_seen_subcommand_from list status probe import reset" -f -a "import" -d 'Take over the providers that the original generated in `models.json`'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and not __fish_seen_subcommand_from list status probe import reset" -f -a "reset" -d 'Close the circuit breakers of models that failed, so that they are used in order again'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from list" -l provider -d 'Only this provider' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from list" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from list" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from list" -l local -d 'Only providers on this machine or the local network'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from list" -l plain -d 'Print one `provider/model-id` a line'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from list" -l all -d 'Accepted: every known model is always listed'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from status" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from status" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from status" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from status" -l plain -d 'Print the default model only'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from status" -l probe -d 'Ask each server which models it serves'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from status" -l check -d 'Fail when a model that is used has no server or no key'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from probe" -l timeout -d 'The time limit of one check [default: 60]' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from probe" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from probe" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from probe" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from probe" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from probe" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from probe" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from import" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from import" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from reset" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from reset" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from reset" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from reset" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from reset" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand models; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -l active -d 'Only sessions that were used in the last MINUTES minutes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -l agent -d 'Only sessions of this agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -l search -d 'Only sessions whose first message, key or id has this text' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -l limit -d 'Only the N sessions that were used last; default: 30 on a terminal, otherwise all' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -l here -d 'Only sessions of the folder that the command is started in'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -l all-agents -d 'Accepted: the sessions of all agents are always listed'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -f -a "list" -d 'List the sessions, the one that was used last first'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -f -a "show" -d 'Print the conversation of a session'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -f -a "export" -d 'Write a session as lines of JSON, to stdout or to a file'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -f -a "import" -d 'Import sessions: an export, or transcripts of the original OpenClaw, a file or a folder at once'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -f -a "undo" -d 'Undo what tools changed in files, in the last turn that changed any'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and not __fish_seen_subcommand_from list show export import undo delete" -f -a "delete" -d 'Delete sessions permanently'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from list" -l active -d 'Only sessions that were used in the last MINUTES minutes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from list" -l agent -d 'Only sessions of this agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from list" -l search -d 'Only sessions whose first message, key or id has this text' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from list" -l limit -d 'Only the N sessions that were used last; default: 30 on a terminal, otherwise all' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from list" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from list" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from list" -l here -d 'Only sessions of the folder that the command is started in'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from list" -l all-agents -d 'Accepted: the sessions of all agents are always listed'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from show" -l last -d 'Only your last N messages, each with what followed it' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from show" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from show" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON object, including what was undone or replaced by a summary'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from export" -s o -l output -d 'Write to this file, readable by you alone, instead of stdout' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from export" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from export" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from export" -l force -d 'Overwrite an existing file'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from import" -l session -d 'The key for it; default: the file\'s own, else `agent:ID:main` of the agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from import" -l agent -d 'The agent whose session it becomes; default: as the folder `agents/ID/sessions` says, else `main`' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from import" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from import" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from import" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from undo" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from undo" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from undo" -l files -d 'Undo the file changes; the conversation stays'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from undo" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from undo" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from undo" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from undo" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from delete" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from delete" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Delete without asking'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from delete" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand sessions; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and not __fish_seen_subcommand_from list show info check" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and not __fish_seen_subcommand_from list show info check" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and not __fish_seen_subcommand_from list show info check" -l agent -d 'The agent whose skills are meant; default: the default agent of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and not __fish_seen_subcommand_from list show info check" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and not __fish_seen_subcommand_from list show info check" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and not __fish_seen_subcommand_from list show info check" -l eligible -d 'Only skills that the agent uses'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and not __fish_seen_subcommand_from list show info check" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and not __fish_seen_subcommand_from list show info check" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and not __fish_seen_subcommand_from list show info check" -f -a "list" -d 'List the skills that are found, and whether the agent uses each'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and not __fish_seen_subcommand_from list show info check" -f -a "show" -d 'Show what a skill says about itself, what it needs and what is missing'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and not __fish_seen_subcommand_from list show info check" -f -a "info" -d 'Show what a skill says about itself, what it needs and what is missing'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and not __fish_seen_subcommand_from list show info check" -f -a "check" -d 'Say which skills cannot be used, and why'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from list" -l agent -d 'The agent whose skills are meant; default: the default agent of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from list" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from list" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from list" -l eligible -d 'Only skills that the agent uses'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from show" -l agent -d 'The agent whose skills are meant; default: the default agent of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from show" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from show" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from info" -l agent -d 'The agent whose skills are meant; default: the default agent of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from info" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from info" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from info" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from info" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from info" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from check" -l agent -d 'The agent whose skills are meant; default: the default agent of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from check" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from check" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from check" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand skills; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and not __fish_seen_subcommand_from status search index" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and not __fish_seen_subcommand_from status search index" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and not __fish_seen_subcommand_from status search index" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and not __fish_seen_subcommand_from status search index" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and not __fish_seen_subcommand_from status search index" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and not __fish_seen_subcommand_from status search index" -f -a "status" -d 'Show what is indexed, and with which embedding model'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and not __fish_seen_subcommand_from status search index" -f -a "search" -d 'Search the notes as the agent does'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and not __fish_seen_subcommand_from status search index" -f -a "index" -d 'Bring the index up to date, with all vectors'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from status" -l agent -d 'The agent; default: every agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from status" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from status" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from status" -l deep -d 'Ask the server whether there is an embedding model'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from status" -l index -d 'Bring the index up to date first; implies --deep'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from status" -l json -d 'Print one JSON array'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from search" -l query -d 'The same as QUERY' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from search" -l agent -d 'The agent; default: the default agent of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from search" -l max-results -d 'The most results' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from search" -l min-score -d 'The least score of a result, from 0 to 1' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from search" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from search" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from search" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from search" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from search" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from search" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from index" -l agent -d 'The agent; default: every agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from index" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from index" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from index" -l force -d 'Read all notes again, also those that did not change'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from index" -l json -d 'Print one JSON array'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from index" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from index" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand memory; and __fish_seen_subcommand_from index" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "add" -d 'Add a job'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "create" -d 'Add a job'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "list" -d 'List the jobs'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "show" -d 'Show one job'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "get" -d 'Show one job'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "edit" -d 'Change a job; what is not named stays'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "update" -d 'Change a job; what is not named stays'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "rm" -d 'Remove jobs'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "remove" -d 'Remove jobs'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "delete" -d 'Remove jobs'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "enable" -d 'Schedule a job again'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "disable" -d 'Schedule a job no more'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "run" -d 'Run a job now'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "runs" -d 'List the runs of a job, the latest first'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "status" -d 'Show whether jobs run, and when the next one does'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l name -d 'Its name; default: the beginning of what it says' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l description -d 'What it is for' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l at -d 'Run once: an ISO time (UTC unless it or --tz says otherwise), or a duration such as 20m' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l every -d 'Run again and again: a duration such as 30m, 1h30m or 1d' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l cron -d 'Run by a cron expression with 5 fields, or with 6 that begin with seconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l tz -d 'The time zone, such as Europe/Berlin; default: that of the machine for --cron, UTC for --at' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l stagger -d 'Over how long the beginnings of such jobs are spread' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -s m -l message -d 'A task for an agent, in a session of its own' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l system-event -d 'An event for an agent, in its main session' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l session -d 'The session: main, isolated or session:KEY; default: as the job needs' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l agent -d 'The agent; default: the default agent of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l model -d 'The model of a task' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l timeout-seconds -d 'The time limit of a task, in seconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l wake -d 'now or next-heartbeat; both begin a turn at once' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l webhook -d 'Post the result to a web address' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l channel -d 'The channel; last is the main session of the agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l to -d 'The key of the session that is told the result' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l exact -d 'Begin exactly on time, also at full hours, at which jobs are spread over 5 minutes'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l announce -d 'Tell the result in a session: that of --to, or the main session of the agent'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l no-deliver -d 'Leave the result in the session of the run'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l best-effort-deliver -d 'A run is well although its result could not be delivered'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l delete-after-run -d 'Remove a one-shot once it ran well, as is so anyway'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l keep-after-run -d 'Keep a one-shot once it ran'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l disabled -d 'Do not schedule it yet'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l name -d 'Its name; default: the beginning of what it says' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l description -d 'What it is for' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l at -d 'Run once: an ISO time (UTC unless it or --tz says otherwise), or a duration such as 20m' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l every -d 'Run again and again: a duration such as 30m, 1h30m or 1d' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l cron -d 'Run by a cron expression with 5 fields, or with 6 that begin with seconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l tz -d 'The time zone, such as Europe/Berlin; default: that of the machine for --cron, UTC for --at' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l stagger -d 'Over how long the beginnings of such jobs are spread' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -s m -l message -d 'A task for an agent, in a session of its own' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l system-event -d 'An event for an agent, in its main session' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l session -d 'The session: main, isolated or session:KEY; default: as the job needs' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l agent -d 'The agent; default: the default agent of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l model -d 'The model of a task' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l timeout-seconds -d 'The time limit of a task, in seconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l wake -d 'now or next-heartbeat; both begin a turn at once' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l webhook -d 'Post the result to a web address' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l channel -d 'The channel; last is the main session of the agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l to -d 'The key of the session that is told the result' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l exact -d 'Begin exactly on time, also at full hours, at which jobs are spread over 5 minutes'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l announce -d 'Tell the result in a session: that of --to, or the main session of the agent'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l no-deliver -d 'Leave the result in the session of the run'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l best-effort-deliver -d 'A run is well although its result could not be delivered'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l delete-after-run -d 'Remove a one-shot once it ran well, as is so anyway'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l keep-after-run -d 'Keep a one-shot once it ran'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l disabled -d 'Do not schedule it yet'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from list" -l agent -d 'Only the jobs of this agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from list" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from list" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from list" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from list" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from list" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from list" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from list" -l all -d 'Show disabled jobs too'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from list" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from show" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from show" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from show" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from show" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from show" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from show" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from show" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from get" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from get" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from get" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from get" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from get" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from get" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from get" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from get" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l name -d 'Its name; default: the beginning of what it says' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l description -d 'What it is for' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l at -d 'Run once: an ISO time (UTC unless it or --tz says otherwise), or a duration such as 20m' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l every -d 'Run again and again: a duration such as 30m, 1h30m or 1d' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l cron -d 'Run by a cron expression with 5 fields, or with 6 that begin with seconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l tz -d 'The time zone, such as Europe/Berlin; default: that of the machine for --cron, UTC for --at' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l stagger -d 'Over how long the beginnings of such jobs are spread' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -s m -l message -d 'A task for an agent, in a session of its own' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l system-event -d 'An event for an agent, in its main session' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l session -d 'The session: main, isolated or session:KEY; default: as the job needs' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l agent -d 'The agent; default: the default agent of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l model -d 'The model of a task' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l timeout-seconds -d 'The time limit of a task, in seconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l wake -d 'now or next-heartbeat; both begin a turn at once' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l webhook -d 'Post the result to a web address' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l channel -d 'The channel; last is the main session of the agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l to -d 'The key of the session that is told the result' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l exact -d 'Begin exactly on time, also at full hours, at which jobs are spread over 5 minutes'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l announce -d 'Tell the result in a session: that of --to, or the main session of the agent'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l no-deliver -d 'Leave the result in the session of the run'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l best-effort-deliver -d 'A run is well although its result could not be delivered'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l delete-after-run -d 'Remove a one-shot once it ran well, as is so anyway'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l keep-after-run -d 'Keep a one-shot once it ran'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l enable -d 'Schedule it'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l disable -d 'Schedule it no more'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l clear-agent -d 'Use the default agent'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l clear-model -d 'Use the model of the agent'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l name -d 'Its name; default: the beginning of what it says' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l description -d 'What it is for' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l at -d 'Run once: an ISO time (UTC unless it or --tz says otherwise), or a duration such as 20m' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l every -d 'Run again and again: a duration such as 30m, 1h30m or 1d' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l cron -d 'Run by a cron expression with 5 fields, or with 6 that begin with seconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l tz -d 'The time zone, such as Europe/Berlin; default: that of the machine for --cron, UTC for --at' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l stagger -d 'Over how long the beginnings of such jobs are spread' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -s m -l message -d 'A task for an agent, in a session of its own' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l system-event -d 'An event for an agent, in its main session' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l session -d 'The session: main, isolated or session:KEY; default: as the job needs' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l agent -d 'The agent; default: the default agent of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l model -d 'The model of a task' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l timeout-seconds -d 'The time limit of a task, in seconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l wake -d 'now or next-heartbeat; both begin a turn at once' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l webhook -d 'Post the result to a web address' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l channel -d 'The channel; last is the main session of the agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l to -d 'The key of the session that is told the result' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l exact -d 'Begin exactly on time, also at full hours, at which jobs are spread over 5 minutes'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l announce -d 'Tell the result in a session: that of --to, or the main session of the agent'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l no-deliver -d 'Leave the result in the session of the run'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l best-effort-deliver -d 'A run is well although its result could not be delivered'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l delete-after-run -d 'Remove a one-shot once it ran well, as is so anyway'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l keep-after-run -d 'Keep a one-shot once it ran'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l enable -d 'Schedule it'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l disable -d 'Schedule it no more'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l clear-agent -d 'Use the default agent'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l clear-model -d 'Use the model of the agent'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from rm" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from rm" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from rm" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from rm" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from rm" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from rm" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from rm" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from rm" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from remove" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from remove" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from remove" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from remove" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from remove" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from remove" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from remove" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from remove" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from delete" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from delete" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from delete" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from delete" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from delete" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from delete" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from delete" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from delete" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from enable" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from enable" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from enable" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from enable" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from enable" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from enable" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from enable" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from enable" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from enable" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from enable" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from disable" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from disable" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from disable" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from disable" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from disable" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from disable" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from disable" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from disable" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from disable" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from disable" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from run" -l wait-timeout -d 'How long to wait' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from run" -l poll-interval -d 'How often to look' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from run" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from run" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from run" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from run" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from run" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from run" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from run" -l due -d 'Only when it is due'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from run" -l force -d 'Also when it is not due, as is so anyway'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from run" -l wait -d 'Wait for the end; the exit code is 0 only when the run was well'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from run" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from run" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from runs" -l id -d 'The same as ID' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from runs" -l run-id -d 'Only this run' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from runs" -l limit -d 'The most runs' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from runs" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from runs" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from runs" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from runs" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from runs" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from runs" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from runs" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from runs" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from runs" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from runs" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from runs" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from status" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from status" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from status" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from status" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from status" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from status" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from status" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from status" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand cron; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "add" -d 'Add a job'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "create" -d 'Add a job'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "list" -d 'List the jobs'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "show" -d 'Show one job'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "get" -d 'Show one job'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "edit" -d 'Change a job; what is not named stays'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "update" -d 'Change a job; what is not named stays'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "rm" -d 'Remove jobs'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "remove" -d 'Remove jobs'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "delete" -d 'Remove jobs'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "enable" -d 'Schedule a job again'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "disable" -d 'Schedule a job no more'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "run" -d 'Run a job now'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "runs" -d 'List the runs of a job, the latest first'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and not __fish_seen_subcommand_from add create list show get edit update rm remove delete enable disable run runs status" -f -a "status" -d 'Show whether jobs run, and when the next one does'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l name -d 'Its name; default: the beginning of what it says' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l description -d 'What it is for' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l at -d 'Run once: an ISO time (UTC unless it or --tz says otherwise), or a duration such as 20m' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l every -d 'Run again and again: a duration such as 30m, 1h30m or 1d' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l cron -d 'Run by a cron expression with 5 fields, or with 6 that begin with seconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l tz -d 'The time zone, such as Europe/Berlin; default: that of the machine for --cron, UTC for --at' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l stagger -d 'Over how long the beginnings of such jobs are spread' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -s m -l message -d 'A task for an agent, in a session of its own' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l system-event -d 'An event for an agent, in its main session' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l session -d 'The session: main, isolated or session:KEY; default: as the job needs' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l agent -d 'The agent; default: the default agent of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l model -d 'The model of a task' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l timeout-seconds -d 'The time limit of a task, in seconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l wake -d 'now or next-heartbeat; both begin a turn at once' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l webhook -d 'Post the result to a web address' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l channel -d 'The channel; last is the main session of the agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l to -d 'The key of the session that is told the result' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l exact -d 'Begin exactly on time, also at full hours, at which jobs are spread over 5 minutes'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l announce -d 'Tell the result in a session: that of --to, or the main session of the agent'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l no-deliver -d 'Leave the result in the session of the run'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l best-effort-deliver -d 'A run is well although its result could not be delivered'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l delete-after-run -d 'Remove a one-shot once it ran well, as is so anyway'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l keep-after-run -d 'Keep a one-shot once it ran'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l disabled -d 'Do not schedule it yet'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l name -d 'Its name; default: the beginning of what it says' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l description -d 'What it is for' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l at -d 'Run once: an ISO time (UTC unless it or --tz says otherwise), or a duration such as 20m' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l every -d 'Run again and again: a duration such as 30m, 1h30m or 1d' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l cron -d 'Run by a cron expression with 5 fields, or with 6 that begin with seconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l tz -d 'The time zone, such as Europe/Berlin; default: that of the machine for --cron, UTC for --at' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l stagger -d 'Over how long the beginnings of such jobs are spread' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -s m -l message -d 'A task for an agent, in a session of its own' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l system-event -d 'An event for an agent, in its main session' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l session -d 'The session: main, isolated or session:KEY; default: as the job needs' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l agent -d 'The agent; default: the default agent of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l model -d 'The model of a task' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l timeout-seconds -d 'The time limit of a task, in seconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l wake -d 'now or next-heartbeat; both begin a turn at once' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l webhook -d 'Post the result to a web address' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l channel -d 'The channel; last is the main session of the agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l to -d 'The key of the session that is told the result' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l exact -d 'Begin exactly on time, also at full hours, at which jobs are spread over 5 minutes'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l announce -d 'Tell the result in a session: that of --to, or the main session of the agent'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l no-deliver -d 'Leave the result in the session of the run'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l best-effort-deliver -d 'A run is well although its result could not be delivered'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l delete-after-run -d 'Remove a one-shot once it ran well, as is so anyway'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l keep-after-run -d 'Keep a one-shot once it ran'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l disabled -d 'Do not schedule it yet'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from list" -l agent -d 'Only the jobs of this agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from list" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from list" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from list" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from list" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from list" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from list" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from list" -l all -d 'Show disabled jobs too'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from list" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from show" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from show" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from show" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from show" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from show" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from show" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from show" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from get" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from get" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from get" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from get" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from get" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from get" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from get" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from get" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l name -d 'Its name; default: the beginning of what it says' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l description -d 'What it is for' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l at -d 'Run once: an ISO time (UTC unless it or --tz says otherwise), or a duration such as 20m' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l every -d 'Run again and again: a duration such as 30m, 1h30m or 1d' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l cron -d 'Run by a cron expression with 5 fields, or with 6 that begin with seconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l tz -d 'The time zone, such as Europe/Berlin; default: that of the machine for --cron, UTC for --at' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l stagger -d 'Over how long the beginnings of such jobs are spread' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -s m -l message -d 'A task for an agent, in a session of its own' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l system-event -d 'An event for an agent, in its main session' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l session -d 'The session: main, isolated or session:KEY; default: as the job needs' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l agent -d 'The agent; default: the default agent of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l model -d 'The model of a task' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l timeout-seconds -d 'The time limit of a task, in seconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l wake -d 'now or next-heartbeat; both begin a turn at once' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l webhook -d 'Post the result to a web address' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l channel -d 'The channel; last is the main session of the agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l to -d 'The key of the session that is told the result' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l exact -d 'Begin exactly on time, also at full hours, at which jobs are spread over 5 minutes'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l announce -d 'Tell the result in a session: that of --to, or the main session of the agent'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l no-deliver -d 'Leave the result in the session of the run'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l best-effort-deliver -d 'A run is well although its result could not be delivered'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l delete-after-run -d 'Remove a one-shot once it ran well, as is so anyway'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l keep-after-run -d 'Keep a one-shot once it ran'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l enable -d 'Schedule it'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l disable -d 'Schedule it no more'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l clear-agent -d 'Use the default agent'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l clear-model -d 'Use the model of the agent'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l name -d 'Its name; default: the beginning of what it says' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l description -d 'What it is for' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l at -d 'Run once: an ISO time (UTC unless it or --tz says otherwise), or a duration such as 20m' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l every -d 'Run again and again: a duration such as 30m, 1h30m or 1d' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l cron -d 'Run by a cron expression with 5 fields, or with 6 that begin with seconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l tz -d 'The time zone, such as Europe/Berlin; default: that of the machine for --cron, UTC for --at' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l stagger -d 'Over how long the beginnings of such jobs are spread' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -s m -l message -d 'A task for an agent, in a session of its own' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l system-event -d 'An event for an agent, in its main session' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l session -d 'The session: main, isolated or session:KEY; default: as the job needs' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l agent -d 'The agent; default: the default agent of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l model -d 'The model of a task' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l timeout-seconds -d 'The time limit of a task, in seconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l wake -d 'now or next-heartbeat; both begin a turn at once' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l webhook -d 'Post the result to a web address' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l channel -d 'The channel; last is the main session of the agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l to -d 'The key of the session that is told the result' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l exact -d 'Begin exactly on time, also at full hours, at which jobs are spread over 5 minutes'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l announce -d 'Tell the result in a session: that of --to, or the main session of the agent'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l no-deliver -d 'Leave the result in the session of the run'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l best-effort-deliver -d 'A run is well although its result could not be delivered'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l delete-after-run -d 'Remove a one-shot once it ran well, as is so anyway'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l keep-after-run -d 'Keep a one-shot once it ran'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l enable -d 'Schedule it'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l disable -d 'Schedule it no more'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l clear-agent -d 'Use the default agent'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l clear-model -d 'Use the model of the agent'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from rm" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from rm" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from rm" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from rm" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from rm" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from rm" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from rm" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from rm" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from remove" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from remove" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from remove" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from remove" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from remove" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from remove" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from remove" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from remove" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from delete" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from delete" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from delete" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from delete" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from delete" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from delete" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from delete" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from delete" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from enable" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from enable" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from enable" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from enable" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from enable" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from enable" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from enable" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from enable" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from enable" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from enable" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from disable" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from disable" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from disable" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from disable" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from disable" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from disable" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from disable" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from disable" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from disable" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from disable" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from run" -l wait-timeout -d 'How long to wait' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from run" -l poll-interval -d 'How often to look' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from run" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from run" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from run" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from run" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from run" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from run" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from run" -l due -d 'Only when it is due'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from run" -l force -d 'Also when it is not due, as is so anyway'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from run" -l wait -d 'Wait for the end; the exit code is 0 only when the run was well'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from run" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from run" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from runs" -l id -d 'The same as ID' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from runs" -l run-id -d 'Only this run' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from runs" -l limit -d 'The most runs' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from runs" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from runs" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from runs" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from runs" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from runs" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from runs" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from runs" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from runs" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from runs" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from runs" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from runs" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from status" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from status" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from status" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from status" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from status" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from status" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from status" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from status" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand automations; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and not __fish_seen_subcommand_from list show curl replay clear" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and not __fish_seen_subcommand_from list show curl replay clear" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and not __fish_seen_subcommand_from list show curl replay clear" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and not __fish_seen_subcommand_from list show curl replay clear" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and not __fish_seen_subcommand_from list show curl replay clear" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and not __fish_seen_subcommand_from list show curl replay clear" -f -a "list" -d 'List the exchanges, the newest last'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and not __fish_seen_subcommand_from list show curl replay clear" -f -a "show" -d 'Show an exchange: the request, the response and the times'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and not __fish_seen_subcommand_from list show curl replay clear" -f -a "curl" -d 'Print a curl command that sends the same request; keys are named by their variables'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and not __fish_seen_subcommand_from list show curl replay clear" -f -a "replay" -d 'Send the same body to another server and compare the responses'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and not __fish_seen_subcommand_from list show curl replay clear" -f -a "clear" -d 'Remove all exchanges from the disk'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from list" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from list" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON array'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from show" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from show" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from show" -l json -d 'Print everything stored as one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from show" -l events -d 'Show each event of the answer with its time'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from show" -l full -d 'Show whole messages instead of their beginnings'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from curl" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from curl" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from curl" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from curl" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from curl" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from replay" -l against -d 'The base URL of the server to send it to' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from replay" -l key-env -d 'The environment variable with the key for that server; without it no key is sent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from replay" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from replay" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from replay" -l json -d 'Print one JSON object with both sides'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from replay" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from replay" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from replay" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from clear" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from clear" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from clear" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from clear" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand trace; and __fish_seen_subcommand_from clear" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and not __fish_seen_subcommand_from get list set allowlist" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and not __fish_seen_subcommand_from get list set allowlist" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and not __fish_seen_subcommand_from get list set allowlist" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and not __fish_seen_subcommand_from get list set allowlist" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and not __fish_seen_subcommand_from get list set allowlist" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and not __fish_seen_subcommand_from get list set allowlist" -f -a "get" -d 'Show the approvals file and the policy that results from it'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and not __fish_seen_subcommand_from get list set allowlist" -f -a "list" -d 'List the patterns of commands that run without a question'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and not __fish_seen_subcommand_from get list set allowlist" -f -a "set" -d 'Replace the approvals file, and keep the old one beside it'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and not __fish_seen_subcommand_from get list set allowlist" -f -a "allowlist" -d 'Change the patterns of commands that run without a question'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from get" -l agent -d 'The agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from get" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from get" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from get" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from list" -l agent -d 'The agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from list" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from list" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from set" -l file -d 'The new file; the same as FILE' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from set" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from set" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from set" -l stdin -d 'Read standard input; the same as `-`'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from allowlist" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from allowlist" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from allowlist" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from allowlist" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from allowlist" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from allowlist" -f -a "add" -d 'Let commands of a program run without a question'
complete -c openclaw -n "__fish_openclaw_using_subcommand approvals; and __fish_seen_subcommand_from allowlist" -f -a "remove" -d 'Require a question for commands of a program again'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and not __fish_seen_subcommand_from get list set allowlist" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and not __fish_seen_subcommand_from get list set allowlist" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and not __fish_seen_subcommand_from get list set allowlist" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and not __fish_seen_subcommand_from get list set allowlist" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and not __fish_seen_subcommand_from get list set allowlist" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and not __fish_seen_subcommand_from get list set allowlist" -f -a "get" -d 'Show the approvals file and the policy that results from it'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and not __fish_seen_subcommand_from get list set allowlist" -f -a "list" -d 'List the patterns of commands that run without a question'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and not __fish_seen_subcommand_from get list set allowlist" -f -a "set" -d 'Replace the approvals file, and keep the old one beside it'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and not __fish_seen_subcommand_from get list set allowlist" -f -a "allowlist" -d 'Change the patterns of commands that run without a question'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from get" -l agent -d 'The agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from get" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from get" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from get" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from list" -l agent -d 'The agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from list" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from list" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from set" -l file -d 'The new file; the same as FILE' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from set" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from set" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from set" -l stdin -d 'Read standard input; the same as `-`'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from allowlist" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from allowlist" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from allowlist" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from allowlist" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from allowlist" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from allowlist" -f -a "add" -d 'Let commands of a program run without a question'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-approvals; and __fish_seen_subcommand_from allowlist" -f -a "remove" -d 'Require a question for commands of a program again'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and not __fish_seen_subcommand_from show explain set preset" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and not __fish_seen_subcommand_from show explain set preset" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and not __fish_seen_subcommand_from show explain set preset" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and not __fish_seen_subcommand_from show explain set preset" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and not __fish_seen_subcommand_from show explain set preset" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and not __fish_seen_subcommand_from show explain set preset" -f -a "show" -d 'Show the settings of the config, and the effective ones together with the approvals file'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and not __fish_seen_subcommand_from show explain set preset" -f -a "explain" -d 'Explain whether a command would run, need a question or be denied; nothing is run'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and not __fish_seen_subcommand_from show explain set preset" -f -a "set" -d 'Change `tools.exec` in the config'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and not __fish_seen_subcommand_from show explain set preset" -f -a "preset" -d 'Change `tools.exec` in the config to a named policy: `cautious`, `deny-all` or `yolo`'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from show" -l agent -d 'The agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from show" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from show" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from explain" -l agent -d 'The agent that would run it' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from explain" -l workspace -d 'The directory that it would run in' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from explain" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from explain" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from explain" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from explain" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from explain" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from set" -l security -d 'Which commands may run: `deny`, `allowlist` or `full`' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from set" -l ask -d 'When a person is asked: `off`, `on-miss` or `always`' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from set" -l ask-fallback -d 'Which commands run when there is nobody to ask: `deny`, `allowlist` or `full`; stored in the approvals file' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from set" -l host -d 'Where commands run' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from set" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from set" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from set" -l dry-run -d 'Show what would change, and write nothing'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from preset" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from preset" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from preset" -l dry-run -d 'Show what would change, and write nothing'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from preset" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from preset" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from preset" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand exec-policy; and __fish_seen_subcommand_from preset" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand security; and not __fish_seen_subcommand_from audit" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand security; and not __fish_seen_subcommand_from audit" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand security; and not __fish_seen_subcommand_from audit" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand security; and not __fish_seen_subcommand_from audit" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand security; and not __fish_seen_subcommand_from audit" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand security; and not __fish_seen_subcommand_from audit" -f -a "audit" -d 'Examine the config, the modes of files, what is exposed, the policy of commands and the skills'
complete -c openclaw -n "__fish_openclaw_using_subcommand security; and __fish_seen_subcommand_from audit" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand security; and __fish_seen_subcommand_from audit" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand security; and __fish_seen_subcommand_from audit" -l deep -d 'Also ask the model server what it answers without a key'
complete -c openclaw -n "__fish_openclaw_using_subcommand security; and __fish_seen_subcommand_from audit" -l fix -d 'Take the access of others to the program\'s own files away; nothing else is changed'
complete -c openclaw -n "__fish_openclaw_using_subcommand security; and __fish_seen_subcommand_from audit" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand security; and __fish_seen_subcommand_from audit" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand security; and __fish_seen_subcommand_from audit" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand security; and __fish_seen_subcommand_from audit" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand sandbox; and not __fish_seen_subcommand_from explain" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand sandbox; and not __fish_seen_subcommand_from explain" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sandbox; and not __fish_seen_subcommand_from explain" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand sandbox; and not __fish_seen_subcommand_from explain" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand sandbox; and not __fish_seen_subcommand_from explain" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand sandbox; and not __fish_seen_subcommand_from explain" -f -a "explain" -d 'Explain what commands may do, what enforces it, and whether a command needs a question; nothing is run'
complete -c openclaw -n "__fish_openclaw_using_subcommand sandbox; and __fish_seen_subcommand_from explain" -l agent -d 'The agent that would run it' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sandbox; and __fish_seen_subcommand_from explain" -l workspace -d 'The workspace' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand sandbox; and __fish_seen_subcommand_from explain" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand sandbox; and __fish_seen_subcommand_from explain" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand sandbox; and __fish_seen_subcommand_from explain" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand sandbox; and __fish_seen_subcommand_from explain" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand sandbox; and __fish_seen_subcommand_from explain" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand sandbox; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -l port -d 'Listen on this port instead of `gateway.port`; 0 lets the system choose' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -l bind -d 'Listen on these addresses instead of those of `gateway.bind`' -r -f -a "loopback\t'This machine only'
auto\t'This machine only'
lan\t'All networks of this machine'
tailnet\t'The tailnet'
custom\t'The address of `gateway.customBindHost`'"
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -l auth -d 'How clients authenticate, instead of `gateway.auth.mode`' -r -f -a "none\t'Not at all; for this machine only'
token\t'With a token'
password\t'With a password'
trusted-proxy\t'By a proxy in front'"
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -l password-file -d 'Read the password of clients from this file' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -f -a "run" -d 'Serve the sessions of this machine to other programs, until Ctrl-C'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -f -a "status" -d 'Show whether a gateway runs and answers'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -f -a "probe" -d 'Show whether a gateway runs and answers'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -f -a "health" -d 'Ask a running gateway how it is'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -f -a "call" -d 'Call a method of a running gateway'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -f -a "install" -d 'Install the gateway as a service of this user, and start it'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -f -a "uninstall" -d 'Stop the service and remove it'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -f -a "start" -d 'Start the service'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -f -a "stop" -d 'Stop the service'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and not __fish_seen_subcommand_from run status probe health call install uninstall start stop restart" -f -a "restart" -d 'Stop the service and start it again'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from run" -l port -d 'Listen on this port instead of `gateway.port`; 0 lets the system choose' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from run" -l bind -d 'Listen on these addresses instead of those of `gateway.bind`' -r -f -a "loopback\t'This machine only'
auto\t'This machine only'
lan\t'All networks of this machine'
tailnet\t'The tailnet'
custom\t'The address of `gateway.customBindHost`'"
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from run" -l auth -d 'How clients authenticate, instead of `gateway.auth.mode`' -r -f -a "none\t'Not at all; for this machine only'
token\t'With a token'
password\t'With a password'
trusted-proxy\t'By a proxy in front'"
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from run" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from run" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from run" -l password-file -d 'Read the password of clients from this file' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from run" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from run" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from status" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from status" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from status" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from status" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from status" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from status" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from status" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from status" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from status" -l require-rpc -d 'Changes nothing: a gateway that does not answer is a failure in any case'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from status" -l no-probe -d 'Show the settings without asking the gateway; the exit code is 0 then'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from probe" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from probe" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from probe" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from probe" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from probe" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from probe" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from probe" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from probe" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from probe" -l require-rpc -d 'Changes nothing: a gateway that does not answer is a failure in any case'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from probe" -l no-probe -d 'Show the settings without asking the gateway; the exit code is 0 then'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from probe" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from probe" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from probe" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from health" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from health" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from health" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from health" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from health" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from health" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from health" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from health" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from health" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from health" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from health" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from call" -l params -d 'Its parameters, a JSON object' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from call" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from call" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from call" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from call" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from call" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from call" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from call" -l expect-final -d 'Wait for the second response of a method that has two, such as `agent`'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from call" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from call" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from call" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from call" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from call" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from install" -l port -d 'Listen on this port instead of `gateway.port`' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from install" -l token -d 'Refused: other users could read it in the definition' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from install" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from install" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from install" -l force -d 'Replace another definition of the service'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from install" -l enable-linger -d 'Let the services of this user go on after the logout and start with the machine'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from install" -l dry-run -d 'Print the definition and install nothing'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from install" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from install" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from install" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from uninstall" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from uninstall" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from uninstall" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from uninstall" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from uninstall" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from uninstall" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from start" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from start" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from start" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from start" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from start" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from stop" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from stop" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from stop" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from stop" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from stop" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from restart" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from restart" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from restart" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from restart" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from restart" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand gateway; and __fish_seen_subcommand_from restart" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and not __fish_seen_subcommand_from list approve reject remove rename rotate revoke clear" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and not __fish_seen_subcommand_from list approve reject remove rename rotate revoke clear" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and not __fish_seen_subcommand_from list approve reject remove rename rotate revoke clear" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and not __fish_seen_subcommand_from list approve reject remove rename rotate revoke clear" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and not __fish_seen_subcommand_from list approve reject remove rename rotate revoke clear" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and not __fish_seen_subcommand_from list approve reject remove rename rotate revoke clear" -f -a "list" -d 'List the devices that wait for an approval and those that are paired'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and not __fish_seen_subcommand_from list approve reject remove rename rotate revoke clear" -f -a "approve" -d 'Approve a device that waits; without REQUEST only show what would be approved'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and not __fish_seen_subcommand_from list approve reject remove rename rotate revoke clear" -f -a "reject" -d 'Reject a device that waits'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and not __fish_seen_subcommand_from list approve reject remove rename rotate revoke clear" -f -a "remove" -d 'Forget a device: its connections end, and it must be approved again'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and not __fish_seen_subcommand_from list approve reject remove rename rotate revoke clear" -f -a "rename" -d 'Give a device another name'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and not __fish_seen_subcommand_from list approve reject remove rename rotate revoke clear" -f -a "rotate" -d 'Replace the token of a device, which gets the new one when it connects next'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and not __fish_seen_subcommand_from list approve reject remove rename rotate revoke clear" -f -a "revoke" -d 'Revoke the token of a device: its connections end'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and not __fish_seen_subcommand_from list approve reject remove rename rotate revoke clear" -f -a "clear" -d 'Forget all devices'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from list" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from list" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from list" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from list" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from list" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from list" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from list" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from approve" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from approve" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from approve" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from approve" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from approve" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from approve" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from approve" -l latest -d 'Show the newest request, without approving it'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from approve" -l identity-only -d 'Let a node in without approving the commands that it offers'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from approve" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from approve" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from approve" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from approve" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from approve" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from reject" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from reject" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from reject" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from reject" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from reject" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from reject" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from reject" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from reject" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from reject" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from reject" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from reject" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from remove" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from remove" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from remove" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from remove" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from remove" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from remove" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from remove" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from remove" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rename" -l device -d 'The whole id of the device' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rename" -l name -d 'The name; an empty one takes it away' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rename" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rename" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rename" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rename" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rename" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rename" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rename" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rename" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rename" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rename" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rotate" -l device -d 'The whole id of the device' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rotate" -l role -d 'The role whose token is replaced' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rotate" -l scope -d 'What the device may do from now on; default: what it may do already' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rotate" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rotate" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rotate" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rotate" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rotate" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rotate" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rotate" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rotate" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rotate" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rotate" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from rotate" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from revoke" -l device -d 'The whole id of the device' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from revoke" -l role -d 'The role whose token is revoked' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from revoke" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from revoke" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from revoke" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from revoke" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from revoke" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from revoke" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from revoke" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from revoke" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from revoke" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from revoke" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from clear" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from clear" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from clear" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from clear" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from clear" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from clear" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from clear" -l pending -d 'Reject the devices that wait as well'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from clear" -l yes -d 'Do it; without this nothing is changed'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from clear" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from clear" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from clear" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from clear" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand devices; and __fish_seen_subcommand_from clear" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and not __fish_seen_subcommand_from run status identity install uninstall start stop restart" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and not __fish_seen_subcommand_from run status identity install uninstall start stop restart" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and not __fish_seen_subcommand_from run status identity install uninstall start stop restart" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and not __fish_seen_subcommand_from run status identity install uninstall start stop restart" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and not __fish_seen_subcommand_from run status identity install uninstall start stop restart" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and not __fish_seen_subcommand_from run status identity install uninstall start stop restart" -f -a "run" -d 'Run commands on this machine for a gateway, until Ctrl-C'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and not __fish_seen_subcommand_from run status identity install uninstall start stop restart" -f -a "status" -d 'Show whether the node runs, and what its gateway knows of it'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and not __fish_seen_subcommand_from run status identity install uninstall start stop restart" -f -a "identity" -d 'Show the identity of this node'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and not __fish_seen_subcommand_from run status identity install uninstall start stop restart" -f -a "install" -d 'Install the node as a service of this user, and start it'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and not __fish_seen_subcommand_from run status identity install uninstall start stop restart" -f -a "uninstall" -d 'Stop the service and remove it'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and not __fish_seen_subcommand_from run status identity install uninstall start stop restart" -f -a "start" -d 'Start the service'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and not __fish_seen_subcommand_from run status identity install uninstall start stop restart" -f -a "stop" -d 'Stop the service'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and not __fish_seen_subcommand_from run status identity install uninstall start stop restart" -f -a "restart" -d 'Stop the service and start it again'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from run" -l host -d 'The gateway\'s host; remembered, at first this machine' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from run" -l port -d 'The gateway\'s port; remembered, at first 18789' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from run" -l display-name -d 'The name of this node for people; remembered, at first the name of the machine' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from run" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from run" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from run" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from run" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from status" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from status" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from status" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from status" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from status" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from status" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from status" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from status" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from identity" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from identity" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from identity" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from identity" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from identity" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from identity" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from install" -l host -d 'The gateway\'s host; remembered, at first this machine' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from install" -l port -d 'The gateway\'s port; remembered, at first 18789' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from install" -l display-name -d 'The name of this node for people; remembered, at first the name of the machine' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from install" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from install" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from install" -l force -d 'Replace another definition of the service'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from install" -l enable-linger -d 'Let the services of this user go on after the logout and start with the machine'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from install" -l dry-run -d 'Print the definition and install nothing'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from install" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from install" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from install" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from uninstall" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from uninstall" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from uninstall" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from uninstall" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from uninstall" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from uninstall" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from start" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from start" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from start" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from start" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from start" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from stop" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from stop" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from stop" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from stop" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from stop" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from restart" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from restart" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from restart" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from restart" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from restart" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand node; and __fish_seen_subcommand_from restart" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and not __fish_seen_subcommand_from list status pending approve reject remove rename describe invoke run" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and not __fish_seen_subcommand_from list status pending approve reject remove rename describe invoke run" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and not __fish_seen_subcommand_from list status pending approve reject remove rename describe invoke run" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and not __fish_seen_subcommand_from list status pending approve reject remove rename describe invoke run" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and not __fish_seen_subcommand_from list status pending approve reject remove rename describe invoke run" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and not __fish_seen_subcommand_from list status pending approve reject remove rename describe invoke run" -f -a "list" -d 'List the commands that wait for an approval, and the paired nodes'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and not __fish_seen_subcommand_from list status pending approve reject remove rename describe invoke run" -f -a "status" -d 'Show the paired nodes and whether they are connected'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and not __fish_seen_subcommand_from list status pending approve reject remove rename describe invoke run" -f -a "pending" -d 'List everything that waits for an approval, each with the command that approves it'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and not __fish_seen_subcommand_from list status pending approve reject remove rename describe invoke run" -f -a "approve" -d 'Approve commands that a node added after it was paired'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and not __fish_seen_subcommand_from list status pending approve reject remove rename describe invoke run" -f -a "reject" -d 'Reject commands that a node added after it was paired'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and not __fish_seen_subcommand_from list status pending approve reject remove rename describe invoke run" -f -a "remove" -d 'Forget a node: a connection of it ends, and it must be approved again'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and not __fish_seen_subcommand_from list status pending approve reject remove rename describe invoke run" -f -a "rename" -d 'Give a node another name'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and not __fish_seen_subcommand_from list status pending approve reject remove rename describe invoke run" -f -a "describe" -d 'Show what is known about a node'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and not __fish_seen_subcommand_from list status pending approve reject remove rename describe invoke run" -f -a "invoke" -d 'Have a node carry out one of its commands'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and not __fish_seen_subcommand_from list status pending approve reject remove rename describe invoke run" -f -a "run" -d 'Run a program on a node; the exit code is that of the program'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from list" -l last-connected -d 'Only the nodes that connected within this time, e.g. `24h`' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from list" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from list" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from list" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from list" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from list" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from list" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from list" -l connected -d 'Only the nodes that are connected'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from list" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from status" -l last-connected -d 'Only the nodes that connected within this time, e.g. `24h`' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from status" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from status" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from status" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from status" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from status" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from status" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from status" -l connected -d 'Only the nodes that are connected'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from status" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from status" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from pending" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from pending" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from pending" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from pending" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from pending" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from pending" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from pending" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from pending" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from pending" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from pending" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from pending" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from approve" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from approve" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from approve" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from approve" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from approve" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from approve" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from approve" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from approve" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from approve" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from approve" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from approve" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from reject" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from reject" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from reject" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from reject" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from reject" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from reject" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from reject" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from reject" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from reject" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from reject" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from reject" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from remove" -l node -d 'The whole id or the name of the node' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from remove" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from remove" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from remove" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from remove" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from remove" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from remove" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from remove" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from remove" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from rename" -l node -d 'The whole id or the name of the node; not needed when there is only one' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from rename" -l name -d 'The new name' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from rename" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from rename" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from rename" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from rename" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from rename" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from rename" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from rename" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from rename" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from rename" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from rename" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from describe" -l node -d 'The whole id or the name of the node; not needed when there is only one' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from describe" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from describe" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from describe" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from describe" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from describe" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from describe" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from describe" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from describe" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from describe" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from describe" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from invoke" -l node -d 'The whole id or the name of the node; not needed when there is only one' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from invoke" -l command -d 'The command, e.g. `system.which`' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from invoke" -l params -d 'Its parameters, a JSON object' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from invoke" -l invoke-timeout -d 'How long the node may take, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from invoke" -l idempotency-key -d 'The same key is one invocation; default: a new one' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from invoke" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from invoke" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from invoke" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from invoke" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from invoke" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from invoke" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from invoke" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from invoke" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from invoke" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from invoke" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from invoke" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from run" -l node -d 'The whole id or the name of the node; not needed when there is only one' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from run" -l cwd -d 'The directory on the node' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from run" -l env -d 'A change of the program\'s environment' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from run" -l command-timeout -d 'How long the program may run, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from run" -l invoke-timeout -d 'How long the node may take to say what it would run, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from run" -l url -d 'The gateway\'s address, instead of the one of the config' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from run" -l token -d 'The token, instead of `gateway.auth.token`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from run" -l password -d 'The password, instead of `gateway.auth.password`; other users see it in the list of processes' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from run" -l timeout -d 'How long to wait for an answer, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from run" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from run" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from run" -l as-device -d 'Connect as a paired device instead of as the owner of the gateway, as is done anyway for another gateway than that of the state folder without a token'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from run" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand nodes; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand logs" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand logs" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand logs" -s n -l limit -d 'The most lines to show' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand logs" -l max-bytes -d 'The most bytes of the log to read' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand logs" -l interval -d 'How often `--follow` looks for new lines, in milliseconds' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand logs" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand logs" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand logs" -s f -l follow -d 'Go on with what is written from now on, until Ctrl-C'
complete -c openclaw -n "__fish_openclaw_using_subcommand logs" -l json -d 'Print one JSON object a line'
complete -c openclaw -n "__fish_openclaw_using_subcommand logs" -l plain -d 'Print without colour'
complete -c openclaw -n "__fish_openclaw_using_subcommand logs" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand prompt; and not __fish_seen_subcommand_from explain" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand prompt; and not __fish_seen_subcommand_from explain" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand prompt; and not __fish_seen_subcommand_from explain" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand prompt; and not __fish_seen_subcommand_from explain" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand prompt; and not __fish_seen_subcommand_from explain" -s h -l help -d 'Print help'
complete -c openclaw -n "__fish_openclaw_using_subcommand prompt; and not __fish_seen_subcommand_from explain" -f -a "explain" -d 'Show the parts of an agent\'s first request, with the tokens of each'
complete -c openclaw -n "__fish_openclaw_using_subcommand prompt; and __fish_seen_subcommand_from explain" -l model -d 'The model, as `provider/model-id`; default: as for `agent`' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand prompt; and __fish_seen_subcommand_from explain" -l agent -d 'The agent' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand prompt; and __fish_seen_subcommand_from explain" -l workspace -d 'The directory that the tools work in; default: `agents.defaults.workspace`, else the project that the command is started in' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand prompt; and __fish_seen_subcommand_from explain" -l config -d 'Read this config file instead of `~/.openclaw/openclaw.json`' -r -F
complete -c openclaw -n "__fish_openclaw_using_subcommand prompt; and __fish_seen_subcommand_from explain" -l set -d 'Override a key of the config for this run; may be repeated' -r
complete -c openclaw -n "__fish_openclaw_using_subcommand prompt; and __fish_seen_subcommand_from explain" -l json -d 'Print one JSON object'
complete -c openclaw -n "__fish_openclaw_using_subcommand prompt; and __fish_seen_subcommand_from explain" -s v -l verbose -d 'Print more on stderr: config keys without effect, each request, each decision'
complete -c openclaw -n "__fish_openclaw_using_subcommand prompt; and __fish_seen_subcommand_from explain" -s q -l quiet -d 'Print only errors on stderr'
complete -c openclaw -n "__fish_openclaw_using_subcommand prompt; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help'
