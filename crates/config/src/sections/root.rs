//! The whole config, and values that depend on several sections.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    AgentEntry, AgentsConfig, AuthConfig, CronConfig, DiagnosticsConfig, EnvConfig, ExecAsk,
    ExecSecurity, FileRoot, FileRootError, GatewayConfig, HooksConfig, MemoryConfig, ModelsConfig,
    ProviderConfig, SecretsConfig, SessionConfig, SkillsConfig, ToolsConfig, is_same_agent,
};
use crate::{
    defaults::MAIN_AGENT,
    env::Env,
    paths::{AppPaths, expand_home},
    template::TemplateError,
};

/// The OpenClaw config, usually `~/.openclaw/openclaw.json`, written in JSON5.
///
/// Every key may be left out.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Config {
    /// The agents: their models, workspaces and time limits.
    pub agents: AgentsConfig,
    /// The model servers and their models.
    pub models: ModelsConfig,
    /// The built-in tools.
    pub tools: ToolsConfig,
    /// The gateway, which serves sessions to other programs.
    pub gateway: GatewayConfig,
    /// What the gateway runs by schedule.
    pub cron: CronConfig,
    /// Webhooks: other programs start turns with `POST` requests to the gateway.
    pub hooks: HooksConfig,
    /// Which conversation a turn belongs to, and when a new one begins.
    pub session: SessionConfig,
    /// Skills: instructions for particular tasks.
    pub skills: SkillsConfig,
    /// The agents' memory.
    pub memory: MemoryConfig,
    /// Settings for troubleshooting.
    pub diagnostics: DiagnosticsConfig,
    /// Variables that the config may refer to, for those that the environment does not have.
    pub env: EnvConfig,
    /// Where secrets are that the config refers to.
    pub secrets: SecretsConfig,
    /// The keys in the `auth-profiles.json` of the agents.
    pub auth: AuthConfig,
}

impl Config {
    /// The primary model, as `provider/model-id` or an alias; `None` when none is set.
    ///
    /// # Errors
    ///
    /// When the text refers to a variable that is not set.
    pub fn primary_model(&self, env: &Env) -> Result<Option<String>, TemplateError> {
        let choice = self.agents.defaults.model.as_ref();
        choice
            .and_then(|choice| choice.primary.as_ref())
            .map(|text| text.resolve_variables(env))
            .transpose()
    }

    /// The models to try in order when the primary model does not answer.
    ///
    /// # Errors
    ///
    /// When a text refers to a variable that is not set.
    pub fn fallback_models(&self, env: &Env) -> Result<Vec<String>, TemplateError> {
        let choice = self.agents.defaults.model.iter();
        choice
            .flat_map(|choice| &choice.fallbacks)
            .map(|text| text.resolve_variables(env))
            .collect()
    }

    /// The model with this alias, as `provider/model-id`; case does not matter.
    #[must_use]
    pub fn resolve_alias(&self, alias: &str) -> Option<&str> {
        let named = |entry: &super::ModelEntry| {
            entry.alias.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(alias))
        };
        let models = &self.agents.defaults.models;
        models.iter().find(|(_, entry)| named(entry)).map(|(model, _)| model.as_str())
    }

    /// The ids of the agents: `main`, and those of `agents.entries` and `agents.list`.
    #[must_use]
    pub fn agent_ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = vec![MAIN_AGENT];
        let listed = self.agents.list.iter().filter_map(AgentEntry::trimmed_id);
        for id in self.agents.entries.ids().chain(listed) {
            if !ids.iter().any(|known| known.eq_ignore_ascii_case(id)) {
                ids.push(id);
            }
        }
        ids
    }

    /// The id of the agent that answers when none is named: the first with `default: true`, else the
    /// first of `agents.list`, else `main` if `agents.entries` has it, else the first there, else
    /// `main`.
    #[must_use]
    pub fn default_agent(&self) -> &str {
        let AgentsConfig { entries, list, .. } = &self.agents;
        let keyed = entries.iter().map(|(id, entry)| (Some(id.trim()), entry));
        let listed = list.iter().map(|entry| (entry.trimmed_id(), entry));
        let mut all = keyed.chain(listed);
        let marked = all.find_map(|(id, entry)| id.filter(|_| entry.default == Some(true)));
        let listed = list.first().and_then(AgentEntry::trimmed_id);
        let keyed = || entries.ids().find(|id| is_same_agent(id, MAIN_AGENT));
        let chosen = marked.or(listed).or_else(keyed).or_else(|| entries.ids().next());
        // However `main` is written, its state has one name.
        chosen.filter(|id| !is_same_agent(id, MAIN_AGENT)).unwrap_or(MAIN_AGENT)
    }

    /// The display name of an agent, when its entry has one.
    #[must_use]
    pub fn agent_name<'a>(&'a self, id: &'a str) -> Option<&'a str> {
        let names = |entry: &'a AgentEntry| [entry.identity.name.as_deref(), entry.name.as_deref()];
        let mut names = self.agent_entries(id).flat_map(names).flatten();
        names.find(|name| !name.trim().is_empty())
    }

    /// The folders of the keys of an agent, its own first and then that of the default agent.
    #[must_use]
    pub fn agent_dirs(&self, agent: &str, paths: &AppPaths, env: &Env) -> Vec<PathBuf> {
        let folder = |agent: &str| {
            let set = self.agent_entries(agent).find_map(|entry| entry.agent_dir.as_ref());
            let set = set.and_then(|text| text.resolve_variables(env).ok());
            set.map_or_else(|| paths.agent_dir(agent), |path| expand_home(path, env))
        };
        let mut folders: Vec<PathBuf> = Vec::new();
        for agent in [agent, self.default_agent(), MAIN_AGENT] {
            let folder = folder(agent);
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        folders
    }

    /// Whether `agents.entries` or `agents.list` has an entry of the agent.
    #[must_use]
    pub fn has_agent_entry(&self, id: &str) -> bool {
        self.agent_entries(id).next().is_some()
    }

    /// The entries of an agent, that of `agents.entries` first. Case and outer blanks do not
    /// matter.
    pub(super) fn agent_entries<'s>(&'s self, id: &str) -> impl Iterator<Item = &'s AgentEntry> {
        let is_named = move |entry: &&AgentEntry| {
            entry.id.as_deref().is_some_and(|name| is_same_agent(name, id))
        };
        self.agents.entries.find_agent(id).chain(self.agents.list.iter().filter(is_named))
    }

    /// The config for one agent, with the agent's entry merged into `agents.defaults`. A model
    /// without the key `fallbacks` keeps the default fallbacks. [`Config::offers_tool`] covers the tools.
    #[must_use]
    pub fn for_agent(&self, id: &str) -> Self {
        let mut config = self.clone();
        let Some(entry) = self.agent_entries(id).next() else { return config };
        let defaults = &mut config.agents.defaults;
        if let Some(mut model) = entry.model.clone() {
            if let Some(general) = defaults.model.take() {
                model.primary = model.primary.or(general.primary);
                if !model.sets_fallbacks {
                    model.fallbacks = general.fallbacks;
                }
            }
            defaults.model = Some(model);
        }
        let own = entry.clone();
        defaults.workspace = own.workspace.or(defaults.workspace.take());
        defaults.local_model_mode = own.local_model_mode.or(defaults.local_model_mode);
        defaults.bootstrap_max_chars = own.bootstrap_max_chars.or(defaults.bootstrap_max_chars);
        defaults.bootstrap_total_max_chars =
            own.bootstrap_total_max_chars.or(defaults.bootstrap_total_max_chars);
        config
    }

    /// The config for an agent as a sub-agent, with the model of sub-agents if one is set.
    #[must_use]
    pub fn for_subagent(&self, id: &str) -> Self {
        let mut config = self.clone();
        if let Some(mut model) = self.subagent_model(id).cloned() {
            let general = config.agents.defaults.model.take().unwrap_or_default();
            model.primary = model.primary.or(general.primary);
            if !model.sets_fallbacks {
                model.fallbacks = general.fallbacks;
            }
            config.agents.defaults.model = Some(model);
        }
        config
    }

    /// Whether an agent is offered a tool: both `tools` and each entry of the agent must allow it.
    #[must_use]
    pub fn offers_tool(&self, agent: &str, tool: &str) -> bool {
        self.tools.tool_policy().offers_tool(tool)
            && self.agent_entries(agent).all(|entry| entry.tools.offers_tool(tool))
    }

    /// Whether `deny` of `tools` or of an entry of the agent has a tool.
    #[must_use]
    pub fn denies_tool(&self, agent: &str, tool: &str) -> bool {
        self.tools.tool_policy().denies_tool(tool)
            || self.agent_entries(agent).any(|entry| entry.tools.denies_tool(tool))
    }

    /// Which commands of an agent may run: the strictest value of `tools.exec` and the agent's
    /// entries.
    #[must_use]
    pub fn exec_security(&self, agent: &str) -> ExecSecurity {
        let own = self.agent_entries(agent).filter_map(|entry| entry.tools.exec.security);
        own.fold(self.tools.exec.security(), ExecSecurity::min)
    }

    /// Whether the config says which commands of an agent may run, instead of leaving it to the
    /// default.
    #[must_use]
    pub fn has_exec_security(&self, agent: &str) -> bool {
        self.tools.exec.security.is_some()
            || self.agent_entries(agent).any(|entry| entry.tools.exec.security.is_some())
    }

    /// When the user is asked about commands of an agent: the strictest value of `tools.exec` and
    /// the agent's entries.
    #[must_use]
    pub fn exec_ask_mode(&self, agent: &str) -> ExecAsk {
        let own = self.agent_entries(agent).filter_map(|entry| entry.tools.exec.ask);
        own.fold(self.tools.exec.ask_mode(), ExecAsk::max)
    }

    /// The folders besides the workspace that the file tools of an agent work in: those of
    /// `tools.fs.roots`, or none where `workspaceOnly` is set.
    ///
    /// # Errors
    ///
    /// When a root has no usable name or path.
    pub fn file_roots(&self, agent: &str, env: &Env) -> Result<Vec<FileRoot>, FileRootError> {
        let is_confined = |only: Option<bool>| only == Some(true);
        let is_workspace_only = is_confined(self.tools.fs.workspace_only)
            || self.agent_entries(agent).any(|entry| is_confined(entry.tools.fs.workspace_only));
        if is_workspace_only { Ok(Vec::new()) } else { self.tools.fs.resolve_roots(env) }
    }

    /// The names of the skills that an agent uses; `None` for all.
    #[must_use]
    pub fn allowed_skills(&self, agent: &str) -> Option<&[String]> {
        let own = self.agent_entries(agent).find_map(|entry| entry.skills.as_deref());
        own.or(self.agents.defaults.skills.as_deref())
    }

    /// The folders of `skills.load.extraDirs`.
    ///
    /// # Errors
    ///
    /// When a text refers to a variable that is not set.
    pub fn extra_skill_folders(&self, env: &Env) -> Result<Vec<PathBuf>, TemplateError> {
        let folders = self.skills.load.extra_dirs.iter();
        folders.map(|text| Ok(expand_home(text.resolve_variables(env)?, env))).collect()
    }

    /// Replaces references to `secrets.providers` by the places of the secrets.
    pub(crate) fn follow_secret_references(&mut self, env: &Env) {
        let stores = self.secrets.clone();
        for search in self.memory_searches_mut() {
            let remote = &mut search.remote;
            for secret in remote.api_key.iter_mut().chain(remote.headers.values_mut()) {
                secret.follow_reference(&stores, env);
            }
        }
        let Self { models, secrets, gateway, tools, skills, cron, .. } = self;
        for provider in models.providers.values_mut() {
            let of_models = provider.models.iter_mut().flat_map(|model| model.headers.values_mut());
            let all = provider.api_key.iter_mut().chain(provider.headers.values_mut());
            for secret in all.chain(of_models) {
                secret.follow_reference(secrets, env);
            }
        }
        let others = [
            &mut gateway.auth.token,
            &mut gateway.auth.password,
            &mut gateway.remote.token,
            &mut gateway.remote.password,
            &mut tools.web.search.api_key,
            &mut cron.webhook_token,
        ];
        let of_skills = skills
            .entries
            .values_mut()
            .flat_map(|entry| entry.api_key.iter_mut().chain(entry.env.values_mut()));
        for secret in others.into_iter().flatten().chain(of_skills) {
            secret.follow_reference(secrets, env);
        }
    }

    /// The provider with this id, when the config has it.
    #[must_use]
    pub fn find_provider(&self, id: &str) -> Option<&ProviderConfig> {
        self.models.providers.get(id)
    }

    /// The workspace folder; a leading `~` is replaced.
    ///
    /// # Errors
    ///
    /// When the text refers to a variable that is not set.
    pub fn resolve_workspace(&self, paths: &AppPaths, env: &Env) -> Result<PathBuf, TemplateError> {
        match &self.agents.defaults.workspace {
            Some(text) => Ok(expand_home(text.resolve_variables(env)?, env)),
            None => Ok(paths.default_workspace()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_agent_is_marked_or_the_first_of_the_list() {
        for (agents, expected) in [
            ("{}", "main"),
            ("{ list: [{ id: 'a' }, { id: 'b' }] }", "a"),
            ("{ list: [{ id: 'a' }, { id: 'b', default: true }] }", "b"),
            ("{ entries: { a: {}, b: { default: true } } }", "b"),
            ("{ entries: { z: {}, a: {} } }", "z"),
            ("{ entries: { z: {}, ' Main': {} } }", "main"),
            ("{ entries: { dev: {} }, list: [{ id: 'ops ' }] }", "ops"),
            ("{ list: [{ name: 'x' }] }", "main"),
        ] {
            let config = Config::parse(&format!("{{ agents: {agents} }}"), &Env::default());
            assert_eq!(config.unwrap().config.default_agent(), expected, "{agents}");
        }
    }

    #[test]
    fn an_entry_restricts_its_agent_whatever_the_case_of_the_id() {
        for agents in [
            "entries: { Main: RULE }",
            "entries: { MAIN: RULE }",
            "entries: { 'main ': RULE }",
            "entries: { ' main': RULE }",
            "list: [{ id: ' Main ', tools: { deny: ['exec'] } }]",
        ] {
            let text = format!("{{ agents: {{ {agents} }} }}")
                .replace("RULE", "{ tools: { deny: ['exec'] } }");
            let config = Config::parse(&text, &Env::default()).unwrap().config;
            assert!(!config.offers_tool("main", "exec"), "{agents}");
            assert_eq!((config.default_agent(), config.agent_ids().len()), ("main", 1), "{agents}");
        }
    }

    #[test]
    fn a_skill_is_switched_off_under_its_name_in_any_case() {
        let text = "{ skills: { entries: { ' SOUP': { enabled: false }, soup: {}, Tea: {} } } }";
        let skills = Config::parse(text, &Env::default()).unwrap().config.skills;
        let is_off = |name| skills.find_entry(name).map(|entry| !entry.is_enabled());
        assert_eq!([is_off("soup"), is_off("tea"), is_off("x")], [Some(true), Some(false), None]);
    }

    #[test]
    fn an_agent_without_fallbacks_on_purpose_has_none() {
        let text = "{ agents: { defaults: { model: { primary: 'v/a', fallbacks: ['v/b'] } },
            list: [{ id: 'x', model: { primary: 'v/c', fallbacks: [] } }, { id: 'y', model: 'v/d' }] } }";
        let config = Config::parse(text, &Env::default()).unwrap().config;
        let fallbacks = |id| config.for_agent(id).fallback_models(&Env::default()).unwrap();
        assert_eq!((fallbacks("x").len(), fallbacks("y").len()), (0, 1));
    }

    #[test]
    fn an_agent_has_what_its_entry_sets_and_else_the_defaults() {
        let text = "{
            agents: {
                defaults: { model: { primary: 'vllm/a', fallbacks: ['vllm/b'] }, workspace: '/w' },
                entries: { coder: { model: 'vllm/c', tools: { deny: ['exec'] } }, main: {} },
            },
            tools: { allow: ['read', 'exec'] },
        }";
        let env = Env::default();
        let config = Config::parse(text, &env).unwrap().config;
        assert_eq!(config.agent_ids(), ["main", "coder"]);
        assert_eq!(config.default_agent(), "main");
        let coder = config.for_agent("coder");
        assert_eq!(coder.primary_model(&env).unwrap().as_deref(), Some("vllm/c"));
        assert_eq!(coder.fallback_models(&env).unwrap(), ["vllm/b"]);
        let main = config.for_agent("main");
        assert_eq!(main.primary_model(&env).unwrap().as_deref(), Some("vllm/a"));
        assert_eq!(coder.agents.defaults.workspace, main.agents.defaults.workspace);
        let offered = |agent| ["exec", "read", "write"].map(|tool| config.offers_tool(agent, tool));
        assert_eq!(offered("main"), [true, true, false]);
        assert_eq!(offered("coder"), [false, true, false]);
    }
}
