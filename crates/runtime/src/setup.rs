//! What everything is put together from, and the providers it describes.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use openclaw_config::{
    Api, Env, KeyPath, Loaded, MergeMode, ModelConfig, Origin, Paths, ProviderConfig,
    ResolvedSecret, SecretInput, env_vars,
};
use openclaw_providers_vllm::DEFAULT_BASE_URL;
use openclaw_transport::Endpoint;

use crate::anthropic::{ANTHROPIC, ANTHROPIC_SOURCE, ANTHROPIC_URL};
use crate::error::{SetupError, SetupErrorKind};
use crate::secret::from_command;

/// The id of the provider that exists without being configured.
pub(crate) const VLLM: &str = "vllm";

/// The id of the provider that needs no address because LM Studio has one of its own.
const LM_STUDIO: &str = "lmstudio";

/// Where LM Studio listens unless told otherwise.
const LM_STUDIO_URL: &str = "http://127.0.0.1:1234/v1";

/// A config with its surroundings.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) loaded: Loaded,
    pub(crate) paths: Paths,
    pub(crate) env: Env,
}

/// A provider, ready to be connected to.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) id: String,
    pub(crate) endpoint: Endpoint,
    /// How the address was chosen, to be read after "from".
    pub(crate) address_source: String,
    pub(crate) key: Option<ResolvedSecret>,
    pub(crate) headers: Vec<(String, ResolvedSecret)>,
    pub(crate) api: Api,
    pub(crate) models: Vec<ModelConfig>,
    /// The place in `models` of the one that is meant; `None` for all, or one that has none.
    pub(crate) model: Option<usize>,
}

impl Setup {
    /// The ids of the providers there are, those of the config first.
    pub(crate) fn provider_ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> =
            self.loaded.config.models.providers.keys().map(String::as_str).collect();
        if !ids.contains(&VLLM) && self.has_implicit_vllm() {
            ids.push(VLLM);
        }
        ids
    }

    /// Whether vLLM is looked for without being configured.
    pub(crate) fn has_implicit_vllm(&self) -> bool {
        self.has_implicit(env_vars::VLLM_API_KEY)
    }

    /// Whether a provider whose key is in a variable is there without being configured.
    pub(crate) fn has_implicit(&self, variable: &str) -> bool {
        self.loaded.config.models.mode() == MergeMode::Merge
            && self.env.get(variable).is_some_and(|key| !key.is_empty())
    }

    /// Where the value of a key comes from, to be read after "from".
    pub(crate) fn source(&self, key: &str) -> String {
        let origin = self.loaded.origin(key);
        if origin == Origin::Default { format!("the default of {key}") } else { origin.to_string() }
    }

    /// Resolves a provider.
    pub(crate) fn provider(&self, id: &str) -> Result<Provider, SetupError> {
        match self.loaded.config.provider(id) {
            Some(config) => self.configured(id, config),
            None if id == VLLM && self.has_implicit_vllm() => self.implicit_vllm(),
            None if id == ANTHROPIC && self.has_implicit_anthropic() => self.implicit_anthropic(),
            None => Err(self.unknown_provider(id)),
        }
    }

    /// Where a provider's server is.
    pub(crate) fn endpoint(&self, id: &str) -> Result<Endpoint, SetupError> {
        let (url, source) = match self.loaded.config.provider(id) {
            Some(config) => self.address(id, config)?,
            None if id == VLLM && self.has_implicit_vllm() => {
                (self.default_vllm_url(), self.default_vllm_source())
            }
            None if id == ANTHROPIC => (ANTHROPIC_URL.to_owned(), ANTHROPIC_SOURCE.to_owned()),
            None => return Err(self.unknown_provider(id)),
        };
        endpoint(&url, &source)
    }

    /// What changes with the config of a provider, its keys included as far as no command has to
    /// be run for them.
    pub(crate) fn fingerprint(&self, id: &str) -> String {
        let config = self.loaded.config.provider(id);
        let from_env = key_variable(id).map(SecretInput::from_env);
        let key = config.and_then(ProviderConfig::key).or(from_env.as_ref());
        let headers = config.into_iter().flat_map(|config| config.headers.values());
        let keys = key.into_iter().chain(headers).filter(|key| key.exec_command().is_none());
        let keys: Vec<String> =
            keys.filter_map(|key| Some(key.resolve(&self.env).ok()?.fingerprint())).collect();
        let endpoint = self.endpoint(id).map(|endpoint| endpoint.to_string()).ok();
        let mut hasher = DefaultHasher::new();
        (endpoint, keys, format!("{config:?}")).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// The address of a provider as it is written, and how it was chosen.
    fn address(&self, id: &str, config: &ProviderConfig) -> Result<(String, String), SetupError> {
        let at = |key: &str| provider_path(id).key(key).to_string();
        let base_url_source = || self.source(&at("baseUrl"));
        let url = config.base_url(&self.env).map_err(|error| {
            SetupError::new(SetupErrorKind::Provider, format!("use {}", at("baseUrl")))
                .with_source(error)
        })?;
        match url {
            Some(url) => Ok((url, base_url_source())),
            None if id == VLLM => Ok((self.default_vllm_url(), self.default_vllm_source())),
            None if id == LM_STUDIO => {
                Ok((LM_STUDIO_URL.to_owned(), format!("the built-in default for `{LM_STUDIO}`")))
            }
            None if id == ANTHROPIC => Ok((ANTHROPIC_URL.to_owned(), ANTHROPIC_SOURCE.to_owned())),
            None => {
                let message = format!("find the server of the provider `{id}`");
                Err(SetupError::new(SetupErrorKind::Provider, message).with_hint(format!(
                    "Set `{}`, e.g. to `http://127.0.0.1:8000/v1`.",
                    at("baseUrl")
                )))
            }
        }
    }

    fn configured(&self, id: &str, config: &ProviderConfig) -> Result<Provider, SetupError> {
        let at = |key: &str| provider_path(id).key(key).to_string();
        let (url, address_source) = self.address(id, config)?;
        let variable = key_variable(id).filter(|variable| self.env.get(variable).is_some());
        let from_env = variable.map(SecretInput::from_env);
        let key = config.key().or(from_env.as_ref());
        let key = key.map(|key| self.secret(key, &at("apiKey"))).transpose()?;
        let headers = config.headers.iter().map(|(name, value)| {
            let at = provider_path(id).key("headers").key(name).to_string();
            Ok((name.clone(), self.secret(value, &at)?))
        });
        let headers = headers.collect::<Result<_, SetupError>>()?;
        Ok(Provider {
            id: id.to_owned(),
            endpoint: endpoint(&url, &address_source)?,
            address_source,
            key,
            headers,
            api: config.api.unwrap_or(if id == ANTHROPIC {
                Api::AnthropicMessages
            } else {
                Api::OpenaiCompletions
            }),
            models: config.models.clone(),
            model: None,
        })
    }

    /// Means one of a provider's models: its clocks and headers win over the provider's own.
    pub(crate) fn narrow(&self, provider: &mut Provider, id: &str) -> Result<(), SetupError> {
        let place = provider.models.iter().enumerate().find(|(_, model)| model.id == id);
        let Some((n, model)) = place else { return Ok(()) };
        let at = provider_path(&provider.id).key("models").index(n).key("headers");
        let headers = model.headers.iter().map(|(name, value)| {
            Ok((name.clone(), self.secret(value, &at.clone().key(name).to_string())?))
        });
        let headers = headers.collect::<Result<Vec<_>, SetupError>>()?;
        provider.model = Some(n);
        provider.headers.extend(headers);
        Ok(())
    }

    fn implicit_vllm(&self) -> Result<Provider, SetupError> {
        let source = self.default_vllm_source();
        let key = SecretInput::from_env(env_vars::VLLM_API_KEY);
        Ok(Provider {
            id: VLLM.to_owned(),
            endpoint: endpoint(&self.default_vllm_url(), &source)?,
            address_source: source,
            key: Some(self.secret(&key, env_vars::VLLM_API_KEY)?),
            headers: Vec::new(),
            api: Api::OpenaiCompletions,
            models: Vec::new(),
            model: None,
        })
    }

    pub(crate) fn default_vllm_url(&self) -> String {
        let url = self.env.get(env_vars::VLLM_BASE_URL).filter(|url| !url.is_empty());
        url.unwrap_or(DEFAULT_BASE_URL).to_owned()
    }

    fn default_vllm_source(&self) -> String {
        match self.env.get(env_vars::VLLM_BASE_URL).filter(|url| !url.is_empty()) {
            Some(_) => env_vars::VLLM_BASE_URL.to_owned(),
            None => "the built-in default for `vllm`".to_owned(),
        }
    }

    pub(crate) fn secret(
        &self,
        secret: &SecretInput,
        key: &str,
    ) -> Result<ResolvedSecret, SetupError> {
        let failed = SetupError::new(SetupErrorKind::Secret, format!("resolve {key}"));
        match secret.exec_command() {
            Some(command) => {
                from_command(command, &self.env).map_err(|error| failed.with_source(error))
            }
            None => secret.resolve(&self.env).map_err(|error| failed.with_source(error)),
        }
    }

    fn unknown_provider(&self, id: &str) -> SetupError {
        let ids = self.provider_ids();
        let error =
            SetupError::new(SetupErrorKind::UnknownProvider, format!("find the provider `{id}`"));
        if id == VLLM {
            return error.with_hint(format!(
                "Set `{}` to any value to use the vLLM server on {DEFAULT_BASE_URL}, or configure \
                 `models.providers.vllm`.",
                env_vars::VLLM_API_KEY
            ));
        }
        if id == ANTHROPIC {
            return error.with_hint(format!(
                "Set `{}`, or configure `{}`.",
                env_vars::ANTHROPIC_API_KEY,
                provider_path(id)
            ));
        }
        if id == LM_STUDIO {
            return error.with_hint(format!(
                "Set `{}` to `{{}}` to use LM Studio on {LM_STUDIO_URL}.",
                provider_path(id)
            ));
        }
        match ids.as_slice() {
            [] => error.with_hint(format!("Configure it under `{}`.", provider_path(id))),
            ids => error.with_hint(format!(
                "Configure it under `{}`, or use one that there is: {}.",
                provider_path(id),
                Quoted(ids)
            )),
        }
    }
}

/// The variable that the key of a provider is in, if it is nowhere else.
fn key_variable(id: &str) -> Option<&'static str> {
    match id {
        VLLM => Some(env_vars::VLLM_API_KEY),
        ANTHROPIC => Some(env_vars::ANTHROPIC_API_KEY),
        _ => None,
    }
}

/// Where a provider stands in the config.
pub(crate) fn provider_path(id: &str) -> KeyPath {
    KeyPath::root().key("models").key("providers").key(id)
}

pub(crate) fn endpoint(url: &str, source: &str) -> Result<Endpoint, SetupError> {
    Endpoint::parse(url).map_err(|error| {
        SetupError::new(SetupErrorKind::Provider, format!("use the address from {source}"))
            .with_source(error)
    })
}

/// Names in backticks, with commas.
pub(crate) struct Quoted<'a>(pub(crate) &'a [&'a str]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, name) in self.0.iter().enumerate() {
            write!(f, "{}`{name}`", if n == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
