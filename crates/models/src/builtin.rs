//! The providers that exist without a config entry, and their defaults for keys that an entry
//! leaves out.

use openclaw_config::{Env, ProviderApi, env_vars};
use openclaw_providers_vllm::DEFAULT_BASE_URL;
use openclaw_transport::Endpoint;

/// The id of the provider whose server is looked for at the local default address.
pub const VLLM: &str = "vllm";

/// The id of the provider that uses the Messages API by default.
pub(crate) const ANTHROPIC: &str = "anthropic";

/// A provider with a built-in address.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BuiltInProvider {
    pub(crate) id: &'static str,
    url: &'static str,
    /// The environment variable that overrides the address.
    url_variable: Option<&'static str>,
    /// The environment variable with the key. When it is set, the provider needs no config entry;
    /// `None` means that it always needs one.
    pub(crate) key_variable: Option<&'static str>,
    pub(crate) api: ProviderApi,
    /// Whether the built-in address is on the internet. A hosted server is contacted only when it
    /// or one of its models is named: a key set for another program is no request to use it.
    pub(crate) is_hosted: bool,
}

const BUILT_IN_PROVIDERS: [BuiltInProvider; 5] = [
    BuiltInProvider {
        id: VLLM,
        url: DEFAULT_BASE_URL,
        url_variable: Some(env_vars::VLLM_BASE_URL),
        key_variable: Some(env_vars::VLLM_API_KEY),
        api: ProviderApi::OpenaiCompletions,
        is_hosted: false,
    },
    BuiltInProvider {
        id: "lmstudio",
        url: "http://127.0.0.1:1234/v1",
        url_variable: None,
        key_variable: None,
        api: ProviderApi::OpenaiCompletions,
        is_hosted: false,
    },
    BuiltInProvider {
        id: ANTHROPIC,
        url: "https://api.anthropic.com/v1",
        url_variable: None,
        key_variable: Some(env_vars::ANTHROPIC_API_KEY),
        api: ProviderApi::AnthropicMessages,
        is_hosted: true,
    },
    BuiltInProvider {
        id: "openai",
        url: "https://api.openai.com/v1",
        url_variable: None,
        key_variable: Some(env_vars::OPENAI_API_KEY),
        api: ProviderApi::OpenaiCompletions,
        is_hosted: true,
    },
    BuiltInProvider {
        id: "openrouter",
        url: "https://openrouter.ai/api/v1",
        url_variable: None,
        key_variable: Some(env_vars::OPENROUTER_API_KEY),
        api: ProviderApi::OpenaiCompletions,
        is_hosted: true,
    },
];

/// Returns all built-in providers.
pub(crate) fn all_providers() -> impl Iterator<Item = &'static BuiltInProvider> {
    BUILT_IN_PROVIDERS.iter()
}

/// Returns the built-in provider with this id.
pub(crate) fn find_provider(id: &str) -> Option<&'static BuiltInProvider> {
    all_providers().find(|provider| provider.id == id)
}

/// Whether an address belongs to one of the hosted services. Their routes are known, so no other
/// routes are probed there.
pub(crate) fn is_hosted_service(endpoint: &Endpoint) -> bool {
    let host = endpoint.base_url().host_str();
    let mut services = all_providers().filter(|provider| provider.is_hosted);
    services.any(|service| {
        Endpoint::parse(service.url).is_ok_and(|it| it.base_url().host_str() == host)
    })
}

/// The address at which a vLLM server is looked for without a config.
#[must_use]
pub fn default_vllm_address(env: &Env) -> String {
    let vllm = find_provider(VLLM);
    vllm.map_or_else(|| DEFAULT_BASE_URL.to_owned(), |vllm| vllm.resolve_address(env).0)
}

impl BuiltInProvider {
    /// Returns the address and its source, a phrase that follows "from".
    pub(crate) fn resolve_address(&self, env: &Env) -> (String, String) {
        let set = |name| Some((env.get(name).filter(|url| !url.is_empty())?, name));
        match self.url_variable.and_then(set) {
            Some((url, name)) => (url.to_owned(), name.to_owned()),
            None => (self.url.to_owned(), format!("the built-in default for `{}`", self.id)),
        }
    }

    /// Whether the key variable is set.
    pub(crate) fn has_key(&self, env: &Env) -> bool {
        self.key_variable.is_some_and(|name| env.get(name).is_some_and(|key| !key.is_empty()))
    }

    /// Explains how to set the provider up.
    pub(crate) fn setup_hint(&self, entry: &str) -> String {
        match self.key_variable {
            Some(variable) if self.is_hosted => {
                format!("Set `{variable}`, or configure `{entry}`.")
            }
            Some(variable) => format!(
                "Set `{variable}` to any value to use the server on {}, or configure `{entry}`.",
                self.url
            ),
            None => format!("Set `{entry}` to `{{}}` to use the server on {}.", self.url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_known_by_its_host_alone() {
        for (address, expected) in [
            ("https://api.openai.com/v1", true),
            ("https://openrouter.ai/api/v1", true),
            ("https://api.anthropic.com", true),
            ("https://API.OPENAI.COM/v2", true),
            ("https://api.openai.com.example/v1", false),
            ("https://openrouter.example/v1", false),
            ("http://127.0.0.1:8000/v1", false),
            ("http://127.0.0.1:1234/v1", false),
        ] {
            assert_eq!(
                is_hosted_service(&Endpoint::parse(address).unwrap()),
                expected,
                "{address}"
            );
        }
    }

    #[test]
    fn every_address_of_its_own_is_valid_and_as_near_as_it_says() {
        let env = Env::from_pairs([("VLLM_BASE_URL", "")]);
        for provider in all_providers() {
            let (url, source) = provider.resolve_address(&env);
            let endpoint = Endpoint::parse(&url).unwrap();
            assert_eq!(endpoint.is_private(), !provider.is_hosted, "{url}");
            assert!(source.contains(provider.id), "{source}");
        }
    }
}
