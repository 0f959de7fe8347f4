//! The product against a mock vLLM, from its command line to its exit code.

#[cfg(test)]
mod agent;
#[cfg(test)]
mod agent_ends;
#[cfg(test)]
mod agent_sessions;
#[cfg(test)]
mod answers;
#[cfg(test)]
mod chat;
#[cfg(test)]
mod chat_commands;
mod chat_gateway;
#[cfg(test)]
mod chat_plain;
#[cfg(test)]
mod command_processes;
#[cfg(test)]
mod config_commands;
#[cfg(test)]
mod config_faults;
#[cfg(test)]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod contacted_hosts;
#[cfg(test)]
mod crash_loop;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod drop_in;
#[cfg(test)]
mod exec_policy;
#[cfg(test)]
mod fallbacks;
#[cfg(test)]
mod fallbacks_breakers;
#[cfg(test)]
mod fallbacks_switch;
#[cfg(test)]
mod fallbacks_words;
#[cfg(test)]
mod fence;
#[cfg(test)]
mod file_undo;
#[cfg(test)]
mod former_state;
#[cfg(test)]
mod front;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod gateway_agent;
#[cfg(test)]
mod gateway_reload;
#[cfg(test)]
mod hosted;
#[cfg(test)]
mod images;
#[cfg(test)]
mod infer;
#[cfg(test)]
mod infer_failures;
#[cfg(test)]
mod interrupt;
#[cfg(test)]
mod json_output;
#[cfg(test)]
mod logs;
mod machine;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod node_exec;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod odd_files;
#[cfg(test)]
mod odd_servers;
#[cfg(test)]
mod output_closed;
#[cfg(test)]
mod project_folder;
#[cfg(test)]
mod prompt;
#[cfg(test)]
mod quirks;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod security;
#[cfg(test)]
mod security_index;
#[cfg(test)]
mod seeds;
#[cfg(test)]
mod server_loss;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod servers_limits;
#[cfg(test)]
mod services;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod setup;
#[cfg(test)]
mod skills;
#[cfg(test)]
mod status;
#[cfg(test)]
mod strangers_configs;
#[cfg(test)]
mod stream_json;
#[cfg(test)]
mod subagents;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod trace;
#[cfg(test)]
mod untrusted_text;
