//! The locations of the config, the state and the workspace.

use std::path::{Path, PathBuf};

use crate::{
    defaults::{
        AGENT_DIR_NAME, AGENTS_DIR_NAME, AGENTS_HOME_DIR_NAME, CACHE_DIR_NAME, CHANGES_DIR_NAME,
        CONFIG_FILE_NAMES, ENV_FILE_NAME, FORMER_CONFIG_FILES, HISTORY_DIR_NAME, LOG_FILE_NAME,
        LOGS_DIR_NAME, MEMORY_DIR_NAME, SESSIONS_DIR_NAME, SESSIONS_FILE_NAME, SKILLS_DIR_NAME,
        STATE_DIR_NAME, SYSTEM_DIR, SYSTEM_FILE_NAMES, WORKSPACE_DIR_NAME,
    },
    env::Env,
    env_vars,
    project_folder::find_project_folder,
};

/// The files and folders of one installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppPaths {
    config_file: PathBuf,
    config_named_by: Option<&'static str>,
    state_dir: PathBuf,
    system_dir: PathBuf,
    project_dir: Option<PathBuf>,
}

/// The state folder is unknown, because no variable gives the home folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("find the home folder: neither HOME nor OPENCLAW_STATE_DIR is set")]
pub struct HomeDirNotFound;

impl AppPaths {
    /// Determines the config file and the state folder.
    ///
    /// The config file is `explicit`, else `OPENCLAW_CONFIG_PATH`, else `openclaw.json` in the
    /// state folder. If that does not exist, it is `openclaw.json5` or `openclaw-config.json5`
    /// there, whichever exists first. The state folder is `OPENCLAW_STATE_DIR`, else `~/.openclaw`.
    /// The home folder, for which `~` stands, is `OPENCLAW_HOME`, else `HOME`.
    ///
    /// # Errors
    ///
    /// When the state folder is unknown.
    pub fn new(env: &Env, explicit: Option<&Path>) -> Result<Self, HomeDirNotFound> {
        let state_dir = match env.get_non_empty(env_vars::OPENCLAW_STATE_DIR) {
            Some(dir) => expand_home(dir, env),
            None => home_dir(env).ok_or(HomeDirNotFound)?.join(STATE_DIR_NAME),
        };
        let from_env = env.get_non_empty(env_vars::OPENCLAW_CONFIG_PATH);
        let (config_file, config_named_by) = match (explicit, from_env) {
            (Some(path), _) => (expand_home(path, env), Some("--config")),
            (None, Some(path)) => (expand_home(path, env), Some(env_vars::OPENCLAW_CONFIG_PATH)),
            (None, None) => (default_config(&state_dir), None),
        };
        let system_dir = PathBuf::from(SYSTEM_DIR);
        Ok(Self { config_file, config_named_by, state_dir, system_dir, project_dir: None })
    }

    /// Makes the project folder that the program is started in the default workspace: the nearest
    /// parent of the current directory with `.git`, else the current directory. Changes nothing
    /// when that is the file system's root, the home folder or one above it, or in the state
    /// folder.
    #[must_use]
    pub fn in_current_project(mut self, env: &Env) -> Self {
        let homes: Vec<PathBuf> = home_dir(env).into_iter().chain(user_home(env)).collect();
        self.project_dir = std::env::current_dir()
            .ok()
            .and_then(|start| find_project_folder(&start, &homes, &self.state_dir));
        self
    }

    /// Uses this folder as the project folder.
    #[must_use]
    pub fn with_project_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.project_dir = Some(folder.into());
        self
    }

    /// The project folder that the program is started in; `None` outside a project.
    #[must_use]
    pub fn project_dir(&self) -> Option<&Path> {
        self.project_dir.as_deref()
    }

    /// Uses another folder than `/etc/openclaw` for the system-wide config file.
    #[must_use]
    pub fn with_system_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.system_dir = folder.into();
        self
    }

    /// The system-wide config file: the first of `openclaw.json5` and `openclaw.json` in
    /// `/etc/openclaw` that exists.
    #[must_use]
    pub fn system_config(&self) -> Option<PathBuf> {
        let mut candidates = SYSTEM_FILE_NAMES.iter().map(|name| self.system_dir.join(name));
        candidates.find(|path| path.exists())
    }

    /// The folder for copies of config files.
    #[must_use]
    pub fn history_dir(&self) -> PathBuf {
        self.state_dir.join(HISTORY_DIR_NAME)
    }

    /// The config file, which need not exist.
    #[must_use]
    pub fn config_file(&self) -> &Path {
        &self.config_file
    }

    /// What gave the path of the config file: `--config` or a variable. `None` for the default
    /// path.
    #[must_use]
    pub fn config_named_by(&self) -> Option<&'static str> {
        self.config_named_by
    }

    /// The file of variables in the state folder, which need not exist.
    #[must_use]
    pub fn env_file(&self) -> PathBuf {
        self.state_dir.join(ENV_FILE_NAME)
    }

    /// The folder in which an agent of the original keeps its keys, unless the config names another.
    #[must_use]
    pub fn agent_dir(&self, agent: &str) -> PathBuf {
        self.state_dir.join(AGENTS_DIR_NAME).join(agent).join(AGENT_DIR_NAME)
    }

    /// The config file of a version of the original under its former names, if there is one.
    #[must_use]
    pub fn former_config(&self, env: &Env) -> Option<PathBuf> {
        let home = home_dir(env)?;
        let mut files = FORMER_CONFIG_FILES.iter().map(|file| home.join(file));
        files.find(|file| file.exists() && *file != self.config_file)
    }

    /// The folder of sessions and other state.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// The folder of the user's skills, which need not exist.
    #[must_use]
    pub fn skills_dir(&self) -> PathBuf {
        self.state_dir.join(SKILLS_DIR_NAME)
    }

    /// The folder of the indices of agents' notes.
    #[must_use]
    pub fn memory_dir(&self) -> PathBuf {
        self.state_dir.join(MEMORY_DIR_NAME)
    }

    /// The folder of skills that all programs for agents share, `~/.agents/skills`.
    #[must_use]
    pub fn personal_skills_dir(env: &Env) -> Option<PathBuf> {
        Some(home_dir(env)?.join(AGENTS_HOME_DIR_NAME).join(SKILLS_DIR_NAME))
    }

    /// The folder for what tools changed, one folder in it for each session.
    #[must_use]
    pub fn changes_dir(&self) -> PathBuf {
        self.state_dir.join(CHANGES_DIR_NAME)
    }

    /// The log of agents, chats and the gateway, in its own folder.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.state_dir.join(LOGS_DIR_NAME).join(LOG_FILE_NAME)
    }

    /// The cache folder. Its content can be found out again.
    #[must_use]
    pub fn cache_dir(&self) -> PathBuf {
        self.state_dir.join(CACHE_DIR_NAME)
    }

    /// The session store, in its own folder.
    #[must_use]
    pub fn sessions_file(&self) -> PathBuf {
        self.state_dir.join(SESSIONS_DIR_NAME).join(SESSIONS_FILE_NAME)
    }

    /// The workspace when the config sets none: the project folder, else `workspace` in the state
    /// folder.
    #[must_use]
    pub fn default_workspace(&self) -> PathBuf {
        self.project_dir.clone().unwrap_or_else(|| self.state_workspace())
    }

    /// The workspace outside a project, in the state folder.
    #[must_use]
    pub fn state_workspace(&self) -> PathBuf {
        self.state_dir.join(WORKSPACE_DIR_NAME)
    }
}

fn default_config(state_dir: &Path) -> PathBuf {
    let candidates = CONFIG_FILE_NAMES.map(|name| state_dir.join(name));
    let existing = candidates.iter().find(|path| path.exists()).cloned();
    let [first, ..] = candidates;
    existing.unwrap_or(first)
}

/// The folder for which `~` stands: `OPENCLAW_HOME`, else the user's home folder.
pub(crate) fn home_dir(env: &Env) -> Option<PathBuf> {
    let Some(own) = env.get_non_empty(env_vars::OPENCLAW_HOME).map(PathBuf::from) else {
        return user_home(env);
    };
    // A `~` in it is the user's home folder.
    Some(match (own.strip_prefix("~"), user_home(env)) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => own,
    })
}

fn user_home(env: &Env) -> Option<PathBuf> {
    [env_vars::HOME, env_vars::USERPROFILE]
        .iter()
        .find_map(|name| env.get_non_empty(name))
        .map(PathBuf::from)
}

/// Replaces a leading `~` by the home folder; without a known home the path is unchanged.
pub(crate) fn expand_home(path: impl AsRef<Path>, env: &Env) -> PathBuf {
    let path = path.as_ref();
    match (path.strip_prefix("~"), home_dir(env)) {
        (Ok(rest), Some(home)) if rest.as_os_str().is_empty() => home,
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn config(pairs: &[(&str, &str)], explicit: Option<&str>) -> String {
        let env = Env::from_pairs(pairs.iter().copied());
        AppPaths::new(&env, explicit.map(Path::new)).unwrap().config_file().display().to_string()
    }

    #[test]
    fn the_more_explicit_path_wins() {
        let all = [("HOME", "/h"), ("OPENCLAW_STATE_DIR", "/s"), ("OPENCLAW_CONFIG_PATH", "~/c")];
        let [home, state, _] = all;
        assert_eq!(config(&all, Some("~/mine.json5")), "/h/mine.json5");
        assert_eq!(config(&all, None), "/h/c");
        assert_eq!(config(&[home, state], None), "/s/openclaw.json");
        assert_eq!(config(&[home], None), "/h/.openclaw/openclaw.json");
        assert_eq!(
            config(&[home, ("OPENCLAW_CONFIG_PATH", "")], None),
            "/h/.openclaw/openclaw.json"
        );
        assert_eq!(config(&[("USERPROFILE", "/u")], None), "/u/.openclaw/openclaw.json");
        let own = ("OPENCLAW_HOME", "/o");
        assert_eq!(config(&[home, own], None), "/o/.openclaw/openclaw.json");
        assert_eq!(config(&[home, own], Some("~/mine")), "/o/mine");
        let below = ("OPENCLAW_HOME", "~/o");
        assert_eq!(config(&[home, below], None), "/h/o/.openclaw/openclaw.json");
        assert_eq!(config(&[home, ("OPENCLAW_HOME", "")], None), "/h/.openclaw/openclaw.json");
        assert_eq!(AppPaths::new(&Env::default(), None), Err(HomeDirNotFound));
    }

    #[test]
    fn other_names_are_taken_when_the_first_does_not_exist() {
        let dir = tempfile::tempdir().unwrap();
        let env = Env::from_pairs([("OPENCLAW_STATE_DIR", dir.path())]);
        let name = || AppPaths::new(&env, None).unwrap().config_file().to_owned();
        for existing in ["openclaw-config.json5", "openclaw.json5", "openclaw.json"] {
            File::create(dir.path().join(existing)).unwrap();
            assert_eq!(name(), dir.path().join(existing));
        }
    }

    #[test]
    fn a_tilde_stands_for_the_home_folder_only_at_the_start() {
        let env = Env::from_pairs([("HOME", "/h")]);
        let expanded = ["~", "~/a", "a/~", "~user/a"].map(|path| expand_home(path, &env));
        assert_eq!(expanded, ["/h", "/h/a", "a/~", "~user/a"].map(PathBuf::from));
    }
}
