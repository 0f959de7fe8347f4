//! The whole config, and what needs more than one section.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{AgentsConfig, GatewayConfig, ModelsConfig, ProviderConfig, ToolsConfig};
use crate::{
    env::Env,
    paths::{Paths, expand},
    template::UnsetVariable,
};

/// The OpenClaw config, usually `~/.openclaw/openclaw.json`, written in JSON5.
///
/// Every key may be left out.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Config {
    /// The agents: which model they use, where they work, how long they may take.
    pub agents: AgentsConfig,
    /// The model servers and what is known of their models.
    pub models: ModelsConfig,
    /// The built-in tools.
    pub tools: ToolsConfig,
    /// The gateway, which serves sessions to other programs.
    pub gateway: GatewayConfig,
}

impl Config {
    /// The model of the agents, as `provider/model-id` or an alias; absent when none is set.
    ///
    /// # Errors
    ///
    /// When the text refers to a variable that is not set.
    pub fn primary_model(&self, env: &Env) -> Result<Option<String>, UnsetVariable> {
        let choice = self.agents.defaults.model.as_ref();
        choice.and_then(|choice| choice.primary.as_ref()).map(|text| text.resolve(env)).transpose()
    }

    /// The models to try in order when the primary one does not answer.
    ///
    /// # Errors
    ///
    /// When a text refers to a variable that is not set.
    pub fn fallback_models(&self, env: &Env) -> Result<Vec<String>, UnsetVariable> {
        let choice = self.agents.defaults.model.iter();
        choice.flat_map(|choice| &choice.fallbacks).map(|text| text.resolve(env)).collect()
    }

    /// The model with this alias, as `provider/model-id`; case does not matter.
    #[must_use]
    pub fn model_of_alias(&self, alias: &str) -> Option<&str> {
        let named = |entry: &super::ModelEntry| {
            entry.alias.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(alias))
        };
        let models = &self.agents.defaults.models;
        models.iter().find(|(_, entry)| named(entry)).map(|(model, _)| model.as_str())
    }

    /// The provider with this id, when the config has it.
    #[must_use]
    pub fn provider(&self, id: &str) -> Option<&ProviderConfig> {
        self.models.providers.get(id)
    }

    /// The folder the agents work in; a leading `~` is replaced.
    ///
    /// # Errors
    ///
    /// When the text refers to a variable that is not set.
    pub fn workspace(&self, paths: &Paths, env: &Env) -> Result<PathBuf, UnsetVariable> {
        match &self.agents.defaults.workspace {
            Some(text) => Ok(expand(text.resolve(env)?, env)),
            None => Ok(paths.default_workspace()),
        }
    }
}
