//! The config with its environment, and the providers it describes.

use std::fmt;
use std::hash::Hasher as _;
use std::sync::OnceLock;

use fnv::FnvHasher;
use openclaw_config::{
    AppPaths, AuthProfileStore, Env, KeyPath, LoadedConfig, MergeMode, ModelConfig, ProviderApi,
    ProviderConfig, ResolvedSecret, SecretInput, ValueOrigin,
};
use openclaw_process::SupervisorProgram;
use openclaw_transport::Endpoint;

use crate::builtin::{self, BuiltInProvider};
use crate::error::{SetupError, SetupErrorKind};
use crate::secret::run_secret_command;

/// The model id that allows every model of a provider in `agents.defaults.models`.
pub(crate) const ALL_MODELS_WILDCARD: &str = "*";

/// A config with the paths and the environment it is used with.
#[derive(Debug)]
pub(crate) struct SetupContext {
    pub(crate) loaded: LoadedConfig,
    pub(crate) paths: AppPaths,
    pub(crate) env: Env,
    pub(crate) supervisor: SupervisorProgram,
    /// The keys of `auth-profiles.json`, read when the first is looked for.
    profiles: OnceLock<AuthProfileStore>,
    /// The agent whose keys they are.
    agent: String,
}

/// A provider whose address and key are resolved.
#[derive(Debug)]
#[non_exhaustive]
pub struct ResolvedProvider {
    /// Its id.
    pub id: String,
    /// The address of its server.
    pub endpoint: Endpoint,
    /// Where the address comes from, a phrase that follows "from".
    pub address_source: String,
    /// The key; `None` when none is sent.
    pub key: Option<ResolvedSecret>,
    /// Whether the key is sent: `authHeader: false` forbids it.
    pub(crate) sends_key: bool,
    /// The headers of each request, by name.
    pub headers: Vec<(String, ResolvedSecret)>,
    /// The API of its models that name none.
    pub api: ProviderApi,
    /// Its models in the config.
    pub models: Vec<ModelConfig>,
    /// The index in `models` of the selected model; `None` when no model is selected or it is not
    /// configured.
    pub(crate) model_index: Option<usize>,
}

impl ResolvedProvider {
    /// The API of the selected model, or the provider's if no model is selected.
    #[must_use]
    pub fn effective_api(&self) -> ProviderApi {
        let model = self.model_index.and_then(|n| self.models.get(n));
        model.and_then(|model| model.api).unwrap_or(self.api)
    }
}

impl SetupContext {
    /// The context of an agent; `None` is the default agent.
    pub(crate) fn new(
        loaded: LoadedConfig,
        paths: AppPaths,
        supervisor: SupervisorProgram,
        agent: Option<&str>,
    ) -> Self {
        let agent = agent.unwrap_or_else(|| loaded.config.default_agent()).to_owned();
        let env = loaded.env().clone();
        Self { loaded, paths, env, supervisor, profiles: OnceLock::new(), agent }
    }

    /// The keys in the `auth-profiles.json` of the agent.
    pub(crate) fn auth_profiles(&self) -> &AuthProfileStore {
        self.profiles.get_or_init(|| {
            let config = &self.loaded.config;
            let folders = config.agent_dirs(&self.agent, &self.paths, &self.env);
            AuthProfileStore::read_folders(&folders, &config.secrets, &self.env)
        })
    }

    pub(crate) fn profile_key(&self, provider: &str) -> Option<ResolvedSecret> {
        self.auth_profiles().find_key(provider, &self.loaded.config.auth, &self.env)
    }

    /// The key of a provider: that of the config, else of a profile, else of the provider's
    /// variable; `None` when there is none.
    ///
    /// A profile also stands in for a variable that the config names and that is not set: the
    /// original's setup writes such a name where it keeps the key in a profile.
    fn provider_key(
        &self,
        id: &str,
        config: &ProviderConfig,
    ) -> Result<Option<ResolvedSecret>, SetupError> {
        let at = provider_path(id).with_key("apiKey").to_string();
        if let Some(key) = config.api_key() {
            if key.names_unset_variable(&self.env)
                && let Some(key) = self.profile_key(id)
            {
                return Ok(Some(key));
            }
            return self.resolve_secret(key, &at).map(Some);
        }
        if let Some(key) = self.profile_key(id) {
            return Ok(Some(key));
        }
        let variable = key_variable(id).filter(|variable| self.env.get(variable).is_some());
        variable.map(|name| self.resolve_secret(&SecretInput::from_env(name), &at)).transpose()
    }

    /// The ids of the providers whose servers may be asked for their models, configured ones first.
    pub(crate) fn provider_ids(&self) -> Vec<&str> {
        let mut ids = self.all_provider_ids();
        let is_hosted = |id: &str| builtin::find_provider(id).is_some_and(|it| it.is_hosted);
        ids.retain(|id| self.loaded.config.find_provider(id).is_some() || !is_hosted(id));
        ids
    }

    /// The ids of all providers, configured ones first.
    pub(crate) fn all_provider_ids(&self) -> Vec<&str> {
        let config = &self.loaded.config;
        let configured = config.models.providers.keys().map(String::as_str);
        let implicit = builtin::all_providers()
            .map(|it| it.id)
            .filter(|id| self.implicit_provider(id).is_some());
        configured.chain(implicit).collect()
    }

    /// The built-in provider with this id, if it is usable and the config has no entry for it.
    fn implicit_provider(&self, id: &str) -> Option<&'static BuiltInProvider> {
        let config = &self.loaded.config;
        let is_open =
            config.find_provider(id).is_none() && config.models.mode() == MergeMode::Merge;
        builtin::find_provider(id)
            .filter(|it| is_open && (it.has_key(&self.env) || self.profile_key(id).is_some()))
    }

    /// Where the value of a key comes from, a phrase that follows "from".
    pub(crate) fn value_source(&self, key: &str) -> String {
        describe_origin(&self.loaded.find_origin(key), &key)
    }

    /// Like [`value_source`](Self::value_source).
    pub(crate) fn value_source_at(&self, key: &KeyPath) -> String {
        describe_origin(&self.loaded.find_origin_at(key), key)
    }

    /// Resolves a provider.
    pub(crate) fn resolve_provider(&self, id: &str) -> Result<ResolvedProvider, SetupError> {
        match self.loaded.config.find_provider(id) {
            Some(config) => self.build_provider(id, config),
            None if self.implicit_provider(id).is_some() => {
                self.build_provider(id, &ProviderConfig::default())
            }
            None => Err(self.unknown_provider_error(id)),
        }
    }

    /// The endpoint of a provider's server. For a hosted one no key is needed to know it.
    pub(crate) fn provider_endpoint(&self, id: &str) -> Result<Endpoint, SetupError> {
        let is_hosted = || builtin::find_provider(id).is_some_and(|it| it.is_hosted);
        let (url, source) = match self.loaded.config.find_provider(id) {
            Some(config) => self.provider_address(id, config)?,
            None if self.implicit_provider(id).is_some() || is_hosted() => {
                self.provider_address(id, &ProviderConfig::default())?
            }
            None => return Err(self.unknown_provider_error(id)),
        };
        let api = self.loaded.config.find_provider(id).and_then(|config| config.api);
        let api = api.or_else(|| Some(builtin::find_provider(id)?.api));
        Ok(endpoint_of_api(parse_endpoint(&url, &source)?, api))
    }

    /// A fingerprint that changes with the provider's config and keys. Keys from commands are left
    /// out, because the commands would have to be run.
    pub(crate) fn provider_fingerprint(&self, id: &str) -> String {
        let config = self.loaded.config.find_provider(id);
        let from_env = key_variable(id).map(SecretInput::from_env);
        let key = config.and_then(ProviderConfig::api_key).or(from_env.as_ref());
        let headers = config.into_iter().flat_map(|config| config.headers.values());
        let keys = key.into_iter().chain(headers).filter(|key| key.exec_command().is_none());
        let keys = keys.filter_map(|key| key.resolve_secret(&self.env).ok());
        let keys = keys.chain(self.profile_key(id));
        let keys: Vec<String> = keys.map(|key| key.fingerprint()).collect();
        let endpoint = self.provider_endpoint(id).map(|endpoint| endpoint.to_string()).ok();
        // It is kept on disk, where the hasher of the standard library may differ from one build of
        // the program to the next.
        let mut hasher = FnvHasher::default();
        hasher.write(format!("{:?}", (endpoint, keys, config)).as_bytes());
        format!("{:016x}", hasher.finish())
    }

    /// The address of a provider as configured, and its source.
    fn provider_address(
        &self,
        id: &str,
        config: &ProviderConfig,
    ) -> Result<(String, String), SetupError> {
        let at = |key: &str| provider_path(id).with_key(key).to_string();
        let base_url_source = || self.value_source(&at("baseUrl"));
        let url = config.resolve_base_url(&self.env).map_err(|error| {
            SetupError::new(SetupErrorKind::Provider, format!("use {}", at("baseUrl")))
                .with_source(error)
        })?;
        match (url, builtin::find_provider(id)) {
            (Some(url), _) => Ok((url, base_url_source())),
            (None, Some(built_in)) => Ok(built_in.resolve_address(&self.env)),
            (None, None) => {
                let message = format!("find the server of the provider `{id}`");
                Err(SetupError::new(SetupErrorKind::Provider, message).with_hint(format!(
                    "Set `{}`, e.g. to `http://127.0.0.1:8000/v1`.",
                    at("baseUrl")
                )))
            }
        }
    }

    pub(crate) fn build_provider(
        &self,
        id: &str,
        config: &ProviderConfig,
    ) -> Result<ResolvedProvider, SetupError> {
        let (url, address_source) = self.provider_address(id, config)?;
        let key = self.provider_key(id, config)?;
        let headers = config.headers.iter().map(|(name, value)| {
            let at = provider_path(id).with_key("headers").with_key(name).to_string();
            Ok((name.clone(), self.resolve_secret(value, &at)?))
        });
        let headers = headers.collect::<Result<_, SetupError>>()?;
        if let Some(key) = &key {
            check_key(key)?;
        }
        let api = config.api.or_else(|| Some(builtin::find_provider(id)?.api));
        Ok(ResolvedProvider {
            id: id.to_owned(),
            endpoint: endpoint_of_api(parse_endpoint(&url, &address_source)?, api),
            address_source,
            key,
            sends_key: config.auth_header != Some(false),
            headers,
            api: api.unwrap_or(ProviderApi::OpenaiCompletions),
            models: config.models.clone(),
            model_index: None,
        })
    }

    /// Selects one of a provider's models: its timeouts and headers override the provider's.
    pub(crate) fn select_model(
        &self,
        provider: &mut ResolvedProvider,
        id: &str,
    ) -> Result<(), SetupError> {
        let place = provider.models.iter().enumerate().find(|(_, model)| model.id == id);
        let Some((n, model)) = place else { return Ok(()) };
        let at = provider_path(&provider.id).with_key("models").with_index(n).with_key("headers");
        let headers = model.headers.iter().map(|(name, value)| {
            Ok((name.clone(), self.resolve_secret(value, &at.clone().with_key(name).to_string())?))
        });
        let headers = headers.collect::<Result<Vec<_>, SetupError>>()?;
        provider.endpoint = endpoint_of_api(provider.endpoint.clone(), model.api);
        provider.model_index = Some(n);
        provider.headers.extend(headers);
        Ok(())
    }

    pub(crate) fn resolve_secret(
        &self,
        secret: &SecretInput,
        key: &str,
    ) -> Result<ResolvedSecret, SetupError> {
        let failed = SetupError::new(SetupErrorKind::Secret, format!("resolve {key}"));
        match secret.exec_command() {
            Some(command) => run_secret_command(&command, &self.env, self.supervisor.clone())
                .map_err(|error| failed.with_source(error)),
            None => secret.resolve_secret(&self.env).map_err(|error| match error.variable() {
                Some(variable) => {
                    let hint = format!("`export {variable}=…` sets it, for this shell.");
                    failed.with_hint(hint).with_source(error)
                }
                None => failed.with_source(error),
            }),
        }
    }

    fn unknown_provider_error(&self, id: &str) -> SetupError {
        let ids = self.all_provider_ids();
        let error =
            SetupError::new(SetupErrorKind::UnknownProvider, format!("find the provider `{id}`"));
        if let Some(built_in) = builtin::find_provider(id) {
            return error.with_hint(built_in.setup_hint(&provider_path(id).to_string()));
        }
        match ids.as_slice() {
            [] => error.with_hint(format!("Configure it under `{}`.", provider_path(id))),
            ids => error.with_hint(format!(
                "Configure it under `{}`, or use one that there is: {}.",
                provider_path(id),
                QuotedNames(ids)
            )),
        }
    }
}

/// The environment variable of a provider's key when the config has none.
fn key_variable(id: &str) -> Option<&'static str> {
    builtin::find_provider(id)?.key_variable
}

fn describe_origin(origin: &ValueOrigin, key: &dyn fmt::Display) -> String {
    match origin {
        ValueOrigin::Default => format!("the default of {key}"),
        origin => origin.to_string(),
    }
}

/// The key path of a provider in the config.
#[must_use]
pub fn provider_path(id: &str) -> KeyPath {
    KeyPath::for_provider(id)
}

/// The endpoint for an API: the Messages API and the compatible API of Ollama are below a version.
fn endpoint_of_api(endpoint: Endpoint, api: Option<ProviderApi>) -> Endpoint {
    match api {
        Some(ProviderApi::AnthropicMessages | ProviderApi::Ollama) => endpoint.with_version(),
        _ => endpoint,
    }
}

/// Refuses a key with white space or a line break, which no server accepts and no header may hold.
fn check_key(key: &ResolvedSecret) -> Result<(), SetupError> {
    let Some(found) = key.unsendable_part() else { return Ok(()) };
    let message = format!("use the key from {}: it contains {found}", key.source);
    Err(SetupError::new(SetupErrorKind::Secret, message)
        .with_hint("A part of another text may have been copied with it; give the key alone."))
}

pub(crate) fn parse_endpoint(url: &str, source: &str) -> Result<Endpoint, SetupError> {
    Endpoint::parse(url).map_err(|error| {
        SetupError::new(SetupErrorKind::Provider, format!("use the address from {source}"))
            .with_source(error)
    })
}

/// Displays names in backticks, separated by commas.
pub(crate) struct QuotedNames<'a>(pub(crate) &'a [&'a str]);

impl fmt::Display for QuotedNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, name) in self.0.iter().enumerate() {
            write!(f, "{}`{name}`", if n == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
