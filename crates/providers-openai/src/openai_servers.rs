//! Extensions, limits and context windows of OpenAI's own servers.
//!
//! A server that is only compatible is sent none of this, whatever its name: it may refuse unknown
//! fields, and a field like `store` does not concern it.

use openclaw_core::{ChatRequest, MessageRef};
use openclaw_transport::Endpoint;

use crate::capabilities::{ServerCapabilities, ServerFeature};

/// An extension that only servers known to support it are sent: OpenAI's own, and others by the
/// config.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum VendorExtension {
    /// The role `developer` in place of `system`.
    DeveloperRole,
    /// `store: false`, so that no chat completion is stored. The Responses API always sends it.
    DisableStore,
    /// `prompt_cache_key`: the same for all requests of a conversation, so that they reach the same
    /// prefix cache.
    PromptCacheKey,
    /// Earlier reasoning goes before the text, between `<thinking>` and `</thinking>`, and in no
    /// field.
    ThinkingAsText,
}

impl VendorExtension {
    /// The extensions of OpenAI's own servers.
    pub const OPENAI: [Self; 3] = [Self::DeveloperRole, Self::DisableStore, Self::PromptCacheKey];
}

/// The features that OpenAI's own servers lack: the old name of the answer's limit, and a field for
/// reasoning that came from another server.
const OPENAI_UNSUPPORTED: [ServerFeature; 2] =
    [ServerFeature::MaxTokensField, ServerFeature::ReasoningField];

/// Context windows in tokens that OpenAI documents, since its list of models has none. A name also
/// covers its dated snapshots. For GPT-5 models it is the limit of the prompt.
const DOCUMENTED_WINDOWS: [(&str, u32); 13] = [
    ("gpt-3.5-turbo", 16_385),
    ("gpt-4-turbo", 128_000),
    ("gpt-4.1", 1_047_576),
    ("gpt-4.1-mini", 1_047_576),
    ("gpt-4.1-nano", 1_047_576),
    ("gpt-4o", 128_000),
    ("gpt-4o-mini", 128_000),
    ("gpt-5", 272_000),
    ("gpt-5-mini", 272_000),
    ("gpt-5-nano", 272_000),
    ("o3", 200_000),
    ("o3-mini", 200_000),
    ("o4-mini", 200_000),
];

impl ServerCapabilities {
    /// The capabilities of OpenAI's own servers, known before any request.
    #[must_use]
    pub fn openai_hosted() -> Self {
        Self {
            unsupported_features: OPENAI_UNSUPPORTED.into(),
            vendor_extensions: VendorExtension::OPENAI.into(),
            ..Self::default()
        }
    }

    /// Returns whether the server is known to support the extension.
    #[must_use]
    pub fn supports_extension(&self, extension: VendorExtension) -> bool {
        self.vendor_extensions.contains(&extension)
    }
}

/// Returns whether the endpoint is one of OpenAI's own servers: `https` on its default port, and
/// the host `api.openai.com` or a regional one below it.
#[must_use]
pub fn is_openai_hosted(endpoint: &Endpoint) -> bool {
    let url = endpoint.base_url();
    let host = url.host_str().unwrap_or_default();
    let is_openai_host = host == "api.openai.com" || host.ends_with(".api.openai.com");
    is_openai_host && url.scheme() == "https" && url.port().is_none()
}

/// The context window in tokens that OpenAI documents for one of its models; `None` for most.
#[must_use]
pub fn documented_context_window(model: &str) -> Option<u32> {
    let is_model_name = |name: &str| {
        model.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("-20"))
    };
    DOCUMENTED_WINDOWS.iter().find(|(name, _)| is_model_name(name)).map(|(_, window)| *window)
}

/// The cache key of a conversation: stable while its beginning is.
pub(crate) fn prompt_cache_key(request: &ChatRequest) -> String {
    let system = request.system_prompt.as_deref().unwrap_or_default();
    let first_user_message = request.history.messages().find_map(|message| match message {
        MessageRef::User(text) => Some(text),
        _ => None,
    });
    let key_parts = [system, "\0", first_user_message.as_deref().unwrap_or_default()];
    format!("{:016x}", fnv1a_hash(key_parts.into_iter().flat_map(str::bytes)))
}

/// FNV-1a, a hash that is the same in every build and run, since it is sent to the server.
pub(crate) fn fnv1a_hash(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_openai_is_openai() {
        for (address, expected) in [
            ("https://api.openai.com/v1", true),
            ("https://api.openai.com", true),
            ("https://API.OpenAI.com:443/v1/chat/completions", true),
            ("https://eu.api.openai.com/v1", true),
            ("http://api.openai.com/v1", false),
            ("https://api.openai.com:8443/v1", false),
            ("https://openai.com/v1", false),
            ("https://xapi.openai.com/v1", false),
            ("https://api.openai.com.proxy.example/v1", false),
            ("https://proxy.example/api.openai.com/v1", false),
            ("https://openai.azure.com/openai/v1", false),
            ("https://openrouter.ai/api/v1", false),
            ("http://127.0.0.1:8000/v1", false),
            ("http://openai:8000/v1", false),
        ] {
            assert_eq!(is_openai_hosted(&Endpoint::parse(address).unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn a_window_is_known_of_a_name_and_its_snapshots_alone() {
        for (model, expected) in [
            ("gpt-4o", Some(128_000)),
            ("gpt-4o-2024-11-20", Some(128_000)),
            ("gpt-4o-mini-2024-07-18", Some(128_000)),
            ("gpt-4.1", Some(1_047_576)),
            ("gpt-5-mini", Some(272_000)),
            ("gpt-4o-audio-preview", None),
            ("gpt-5.4", None),
            ("gpt-5-chat-latest", None),
            ("o30", None),
        ] {
            assert_eq!(documented_context_window(model), expected, "{model}");
        }
    }
}
