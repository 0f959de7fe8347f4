//! The sandbox of an agent's commands, as the config and this machine have it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use openclaw_config::{CommandSandbox, ExecSandboxProfile, FileRootAccess, SandboxRequirement};
use openclaw_process::sandbox::{
    AllowedTrees, RootAccess, SandboxLevels, SandboxPolicy, SandboxProfile, SandboxRoot,
    SandboxSupport, hidden_paths_in, list_allowed_trees,
};

use crate::agent_error::{AgentSetupError, AgentSetupErrorKind};
use crate::agent_workspace::private_paths;
use crate::runtime::Runtime;
use crate::skills::AgentSkills;

/// The sandbox of an agent's commands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AgentSandbox {
    /// What commands may do; `None` when they run without a sandbox.
    pub policy: Option<SandboxPolicy>,
    /// What is enforced of it.
    pub levels: SandboxLevels,
}

impl AgentSandbox {
    /// The files that commands may use; none are listed when they run without a sandbox.
    #[must_use]
    pub fn allowed_trees(&self) -> AllowedTrees {
        self.policy.as_ref().map(list_allowed_trees).unwrap_or_default()
    }

    /// What is enforced, on one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let levels = self.levels.iter().map(|(name, level)| format!("{name} {level}"));
        levels.collect::<Vec<_>>().join("; ")
    }

    /// Commands without a sandbox, for this reason.
    fn unenforced(reason: &str) -> Self {
        Self { policy: None, levels: SandboxLevels::unenforced(reason) }
    }
}

impl Runtime {
    /// The sandbox of an agent's commands in a workspace. Where it is not required and this machine
    /// has none, commands run without one.
    ///
    /// # Errors
    /// When the sandbox is required and this machine cannot hold it.
    pub fn agent_sandbox(
        &self,
        agent: &str,
        workspace: &Path,
    ) -> Result<AgentSandbox, AgentSetupError> {
        self.agent_sandbox_with_skills(agent, workspace, &self.agent_skills(agent, workspace))
    }

    /// Like [`Runtime::agent_sandbox`], with the agent's skills, whose folders commands may read.
    pub(crate) fn agent_sandbox_with_skills(
        &self,
        agent: &str,
        workspace: &Path,
        skills: &AgentSkills,
    ) -> Result<AgentSandbox, AgentSetupError> {
        let wanted = self.fence.restrict_sandbox(self.config().command_sandbox(agent));
        self.wanted_sandbox(agent, workspace, skills, wanted)
    }

    /// The sandbox of the commands that this machine runs as a node, otherwise like
    /// [`Runtime::agent_sandbox`].
    ///
    /// # Errors
    /// When the sandbox is required and this machine cannot hold it.
    pub fn node_sandbox(
        &self,
        agent: &str,
        workspace: &Path,
    ) -> Result<AgentSandbox, AgentSetupError> {
        let skills = self.agent_skills(agent, workspace);
        let wanted = self.config().node_command_sandbox(agent);
        self.wanted_sandbox(agent, workspace, &skills, wanted)
    }

    fn wanted_sandbox(
        &self,
        agent: &str,
        workspace: &Path,
        skills: &AgentSkills,
        wanted: CommandSandbox,
    ) -> Result<AgentSandbox, AgentSetupError> {
        if wanted.requirement == SandboxRequirement::Off {
            let reason = if self.runs_commands_on_node() {
                "commands run on a node, in the sandbox of that machine"
            } else if wanted.profile == ExecSandboxProfile::Full {
                "the profile is `full`"
            } else {
                "the config runs commands without a sandbox"
            };
            return Ok(AgentSandbox::unenforced(reason));
        }
        let mut policy = self.sandbox_policy(agent, workspace, wanted)?;
        let folders = skills.ready().map(|skill| skill.directory.clone());
        policy.roots.extend(
            folders
                .filter(|folder| !folder.starts_with(workspace))
                .map(|path| SandboxRoot { path, access: RootAccess::Read }),
        );
        match SandboxLevels::for_policy(&policy, SandboxSupport::detect()) {
            Ok(levels) => Ok(AgentSandbox { policy: Some(policy), levels }),
            Err(error) if wanted.requirement == SandboxRequirement::Required => {
                let message = format!("start the agent `{agent}`: failed to {error}");
                Err(AgentSetupError::new(AgentSetupErrorKind::Restriction, message).with_hint(
                    "Set `tools.exec.sandbox.bestEffort` to run commands with what there is, or \
                     `tools.exec.host` to \"gateway\" to run them without a sandbox.",
                ))
            }
            Err(error) => Ok(AgentSandbox::unenforced(&format!("failed to {error}"))),
        }
    }

    fn sandbox_policy(
        &self,
        agent: &str,
        workspace: &Path,
        wanted: CommandSandbox,
    ) -> Result<SandboxPolicy, AgentSetupError> {
        let models = self.models();
        let profile = match wanted.profile {
            ExecSandboxProfile::ReadOnly => SandboxProfile::ReadOnly,
            ExecSandboxProfile::Workspace => SandboxProfile::Workspace,
            ExecSandboxProfile::WorkspaceNetwork => SandboxProfile::WorkspaceNetwork,
            ExecSandboxProfile::Full => SandboxProfile::Full,
        };
        let workspace = std::path::absolute(workspace).unwrap_or_else(|_| workspace.to_owned());
        let mut policy = SandboxPolicy::new(profile, &resolve_links(&workspace));
        let roots = self.config().file_roots(agent, models.env()).map_err(|error| {
            let message = format!("start the agent `{agent}`");
            AgentSetupError::new(AgentSetupErrorKind::Restriction, message).with_source(error)
        })?;
        let roots = self.fence.restrict_roots(roots);
        let named: Vec<PathBuf> =
            roots.iter().map(|root| root.path.clone()).chain([workspace]).collect();
        policy.roots = roots
            .into_iter()
            .map(|root| SandboxRoot {
                path: resolve_links(&root.path),
                access: match root.access {
                    FileRootAccess::ReadOnly => RootAccess::Read,
                    FileRootAccess::ReadWrite => RootAccess::Write,
                },
            })
            .collect();
        if let Some(link) = find_movable_link(&policy, &named) {
            let message = format!(
                "start the agent `{agent}`: `{}` is a symbolic link in a folder that commands may \
                 change, so that it could lead anywhere",
                link.display()
            );
            return Err(AgentSetupError::new(AgentSetupErrorKind::Restriction, message).with_hint(
                "Name the folder that it leads to in `tools.fs.roots` or as the workspace.",
            ));
        }
        policy.private_paths = private_paths(models);
        policy.home_dirs = models.env().get("HOME").map(Into::into).into_iter().collect();
        policy.key_paths = list_key_paths(|name| models.env().get(name).map(Into::into));
        // One in a folder that commands work in would forbid to create anything beside it.
        let mut trees = policy.roots.iter().map(|root| &root.path).collect::<Vec<_>>();
        trees.push(&policy.workspace);
        policy.key_paths.retain(|path| !trees.iter().any(|tree| path.starts_with(tree)));
        policy.gpu = wanted.gpu;
        policy.best_effort = wanted.best_effort;
        if wanted.model_server {
            policy.connect_ports = self.local_server_ports();
        }
        Ok(policy)
    }

    /// The ports of the configured model servers on this machine.
    fn local_server_ports(&self) -> Vec<u16> {
        let env = self.models().env();
        let servers = self.config().models.providers.values();
        let addresses = servers.filter_map(|server| server.resolve_base_url(env).ok().flatten());
        let mut ports: Vec<u16> = addresses.filter_map(|address| local_port(&address)).collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }
}

/// Variables that name files with keys, or lists of them.
const KEY_FILE_VARIABLES: [&str; 15] = [
    "HF_TOKEN_PATH",
    "HF_STORED_TOKENS_PATH",
    "KUBECONFIG",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "NETRC",
    "PGPASSFILE",
    "NPM_CONFIG_USERCONFIG",
    "npm_config_userconfig",
    "PIP_CONFIG_FILE",
    "HISTFILE",
    "PYTHON_HISTORY",
    "NODE_REPL_HISTORY",
    "REGISTRY_AUTH_FILE",
];
/// Variables that name folders, and what in them is a key; an empty name stands for the folder.
const KEY_FOLDER_VARIABLES: [(&str, &[&str]); 12] = [
    ("HF_HOME", &["token", "stored_tokens"]),
    ("CARGO_HOME", &["credentials", "credentials.toml"]),
    ("CLOUDSDK_CONFIG", &[""]),
    ("AZURE_CONFIG_DIR", &[""]),
    ("DOCKER_CONFIG", &[""]),
    ("GNUPGHOME", &[""]),
    ("GH_CONFIG_DIR", &[""]),
    ("KAGGLE_CONFIG_DIR", &[""]),
    ("WANDB_CONFIG_DIR", &[""]),
    ("PASSWORD_STORE_DIR", &[""]),
    ("VLLM_CONFIG_ROOT", &[""]),
    ("GRADLE_USER_HOME", &["gradle.properties"]),
];
/// Variables that name what else is a folder of the home directory.
const HOME_FOLDER_VARIABLES: [(&str, &str); 4] = [
    ("XDG_CONFIG_HOME", ".config"),
    ("XDG_DATA_HOME", ".local/share"),
    ("XDG_STATE_HOME", ".local/state"),
    ("XDG_CACHE_HOME", ".cache"),
];

/// The files and folders with keys that the environment names.
fn list_key_paths(get: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let files = KEY_FILE_VARIABLES.iter().filter_map(|name| get(name));
    let mut paths: Vec<PathBuf> =
        files.flat_map(|value| std::env::split_paths(&value).collect::<Vec<_>>()).collect();
    for (variable, names) in KEY_FOLDER_VARIABLES {
        let Some(folder) = get(variable).map(PathBuf::from) else { continue };
        paths.extend(names.iter().map(|name| match *name {
            "" => folder.clone(),
            name => folder.join(name),
        }));
    }
    for (variable, folder) in HOME_FOLDER_VARIABLES {
        let Some(place) = get(variable).map(PathBuf::from) else { continue };
        paths.extend(hidden_paths_in(folder, &place));
    }
    paths.retain(|path| path.is_absolute() && path.parent().is_some());
    paths
}

/// A path with its symbolic links resolved, if it exists.
fn resolve_links(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// A link on the way to one of these paths that commands may replace; `None` when there is none.
fn find_movable_link(policy: &SandboxPolicy, paths: &[PathBuf]) -> Option<PathBuf> {
    if !policy.profile.allows_writes() {
        return None;
    }
    let roots = policy.roots.iter().filter(|root| root.access == RootAccess::Write);
    let writable: Vec<&Path> =
        roots.map(|root| root.path.as_path()).chain([policy.workspace.as_path()]).collect();
    let is_movable = |path: &&Path| {
        let place = path.parent().map(resolve_links).zip(path.file_name());
        let place = place.map(|(folder, name)| folder.join(name));
        path.is_symlink()
            && place.is_some_and(|place| {
                writable.iter().any(|tree| place != **tree && place.starts_with(tree))
            })
    };
    paths.iter().find_map(|path| path.ancestors().find(is_movable)).map(Path::to_owned)
}

/// The port of an address on this machine; `None` for another machine.
fn local_port(address: &str) -> Option<u16> {
    let (scheme, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let (host, rest) = bracketed.split_once(']')?;
            (host, rest.strip_prefix(':'))
        }
        None => {
            authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
        }
    };
    let is_local = host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|host| host.is_loopback());
    let default = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
    is_local.then(|| port.map_or(Some(default), |port| port.parse().ok())).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_commands_may_replace_is_found() {
        use std::os::unix::fs::symlink;

        let directory = tempfile::tempdir().unwrap();
        let top = std::fs::canonicalize(directory.path()).unwrap();
        for folder in ["ws/data", "other", "out"] {
            std::fs::create_dir_all(top.join(folder)).unwrap();
        }
        symlink(top.join("other"), top.join("ws/link")).unwrap();
        symlink(top.join("ws"), top.join("out/ws")).unwrap();
        let mut policy = SandboxPolicy::new(SandboxProfile::Workspace, &top.join("ws"));
        let find = |policy: &SandboxPolicy, path: &str| {
            find_movable_link(policy, &[top.join(path)])
                .map(|it| it.strip_prefix(&top).unwrap().to_owned())
        };
        for path in ["ws", "ws/data", "other", "out/ws", "out/ws/data", "missing/x"] {
            assert_eq!(find(&policy, path), None, "{path}");
        }
        assert_eq!(find(&policy, "ws/link").as_deref(), Some(Path::new("ws/link")));
        assert_eq!(find(&policy, "out/ws/link/x").as_deref(), Some(Path::new("out/ws/link")));
        let root = |access| SandboxRoot { path: top.join("out"), access };
        policy.roots = vec![root(RootAccess::Read)];
        assert_eq!(find(&policy, "out/ws"), None);
        policy.roots = vec![root(RootAccess::Write)];
        assert_eq!(find(&policy, "out/ws").as_deref(), Some(Path::new("out/ws")));
        policy.profile = SandboxProfile::ReadOnly;
        assert_eq!(find(&policy, "out/ws"), None);
    }

    #[test]
    fn keys_that_the_environment_names_are_hidden() {
        let config = tempfile::tempdir().unwrap();
        let folders = ["gh", "unknown", "git"].map(|name| config.path().join(name));
        for folder in &folders {
            std::fs::create_dir(folder).unwrap();
        }
        let environment = [
            ("HF_HOME", "/data/hf"),
            ("KUBECONFIG", "/k/one:/k/two:relative"),
            ("DOCKER_CONFIG", "/d"),
            ("XDG_CONFIG_HOME", config.path().to_str().unwrap()),
            ("GNUPGHOME", "/"),
        ];
        let paths = list_key_paths(|name| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        });
        for path in ["/data/hf/token", "/k/one", "/k/two", "/d"] {
            assert!(paths.contains(&PathBuf::from(path)), "{path}");
        }
        assert_eq!(folders.map(|folder| paths.contains(&folder)), [true, true, false]);
        assert!(!paths.iter().any(|path| path.is_relative() || path == Path::new("/")));
        assert!(!paths.contains(&PathBuf::from("/data/hf")));
    }

    #[test]
    fn only_servers_on_this_machine_have_a_local_port() {
        for (address, expected) in [
            ("http://127.0.0.1:8000/v1", Some(8000)),
            ("http://localhost:8000", Some(8000)),
            ("http://LOCALHOST/v1", Some(80)),
            ("https://[::1]:9/v1", Some(9)),
            ("https://[::1]/v1", Some(443)),
            ("http://user@127.0.0.2:5", Some(5)),
            ("http://10.0.0.1:8000/v1", None),
            ("http://localhost.example:8000/v1", None),
            ("http://127.0.0.1@evil.example:8000", None),
            ("127.0.0.1:8000", None),
            ("http://127.0.0.1:x", None),
        ] {
            assert_eq!(local_port(address), expected, "{address}");
        }
    }
}
