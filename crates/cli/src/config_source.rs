//! Where the config of a run comes from, so that it can be read again.

use std::path::PathBuf;

use openclaw_config::{AppPaths, ConfigLoader, Env, LoadError, LoadOptions, LoadedConfig};
use openclaw_models::{ModelRegistry, SupervisorProgram};

/// What the config of a run is loaded from.
#[derive(Debug, Clone)]
pub(crate) struct ConfigSource {
    pub(crate) paths: AppPaths,
    pub(crate) env: Env,
    /// `KEY=VALUE`, in the order given.
    pub(crate) overrides: Vec<String>,
    /// Whether the command line asks for a trace.
    pub(crate) trace_requested: bool,
}

/// Why no config was loaded.
#[derive(Debug)]
pub(crate) enum ConfigSourceError {
    /// A text of `--set` that is not KEY=VALUE.
    Override(String),
    /// The files cannot be used.
    Load(LoadError),
}

impl ConfigSource {
    /// Loads the config.
    pub(crate) fn load(&self) -> Result<LoadedConfig, ConfigSourceError> {
        ConfigLoader::load(&self.load_options()?).map_err(ConfigSourceError::Load)
    }

    /// Loads the config as the files are now: a broken one is an error, whatever it was before.
    pub(crate) fn load_present(&self) -> Result<LoadedConfig, ConfigSourceError> {
        let options = self.load_options()?.with_last_good(false);
        ConfigLoader::load(&options).map_err(ConfigSourceError::Load)
    }

    fn load_options(&self) -> Result<LoadOptions<'_>, ConfigSourceError> {
        let mut options = LoadOptions::new(&self.paths, &self.env);
        for text in &self.overrides {
            let parts =
                text.split_once('=').and_then(|(key, value)| Some((key.parse().ok()?, value)));
            let Some((key, value)) = parts else {
                return Err(ConfigSourceError::Override(text.clone()));
            };
            options = options.override_json5(key, value, "--set");
        }
        if let Some(key) =
            self.trace_requested.then(|| "diagnostics.trace.enabled".parse().ok()).flatten()
        {
            options = options.override_json5(key, "true", "--trace");
        }
        Ok(options)
    }

    /// The models of a config that was loaded from here.
    pub(crate) fn create_models(&self, loaded: LoadedConfig) -> ModelRegistry {
        ModelRegistry::new(loaded, self.paths.clone(), SupervisorProgram::this_program())
    }

    /// The files whose change changes the config.
    pub(crate) fn list_files(&self, loaded: &LoadedConfig) -> Vec<PathBuf> {
        let mut files = loaded.source_files();
        files.push(self.paths.state_dir().join(".env"));
        files
    }
}
