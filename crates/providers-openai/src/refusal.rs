//! Finds the part of a request that a server refused.
//!
//! Applied only to a server's error, never to text of a user or a model, and checked against the
//! request that was sent: a wording alone is not enough.

mod patterns;
mod schema;

use openclaw_core::{ChatRequest, HttpExchange, MessageRef, ModelError, ToolChoice};

use self::patterns::{REFUSAL_PATTERNS, RefusalPattern};
use crate::capabilities::{ServerCapabilities, ServerFeature};
use crate::request::{is_short_id, sends_native_tools};

/// The adaptation that a refusal calls for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Adaptation {
    /// The server lacks a feature. `is_certain` is false when its words are ambiguous; the feature
    /// is then marked once the server accepts the request without it.
    UnsupportedFeature { feature: ServerFeature, is_certain: bool, fix_hint: &'static str },
    /// The server refuses these keywords in a tool's schema.
    SchemaKeywords(Vec<&'static str>),
    /// The server refuses the schema of this tool.
    ToolSchema(String),
}

/// Finds the adaptation to a refusal of a request that was written for these capabilities; `None`
/// when there is none.
pub(crate) fn find_adaptation(
    error: &ModelError,
    request: &ChatRequest,
    capabilities: &ServerCapabilities,
) -> Option<Adaptation> {
    let HttpExchange { status, server_error: server, .. } = error.http_exchange()?;
    let server = server.as_ref()?;
    // An error inside a stream has the stream's status, 200.
    if !matches!(status, Some(200 | 400 | 404 | 405 | 422 | 500 | 501)) {
        return None;
    }
    let text = format!("{} {}", server.message, server.param.as_deref().unwrap_or_default());
    let text = text.to_lowercase();
    let refused_request = RefusedRequest { request, capabilities };
    let matching_patterns = REFUSAL_PATTERNS.iter().filter(|wording| wording.matches_text(&text));
    let mut feature_adaptations = matching_patterns.filter_map(
        |RefusalPattern { features, is_certain, fix_hint, .. }| {
            let feature =
                features.iter().copied().find(|lack| refused_request.uses_feature(*lack))?;
            let is_certain = *is_certain && features.len() == 1;
            Some(Adaptation::UnsupportedFeature { feature, is_certain, fix_hint })
        },
    );
    schema::schema_adaptation(server, &refused_request).or_else(|| feature_adaptations.next())
}

/// The request that was refused.
pub(crate) struct RefusedRequest<'a> {
    pub(crate) request: &'a ChatRequest,
    /// The capabilities that it was written for.
    pub(crate) capabilities: &'a ServerCapabilities,
}

impl RefusedRequest<'_> {
    /// Returns whether the request used the feature, so that it would change without it.
    pub(crate) fn uses_feature(&self, feature: ServerFeature) -> bool {
        let Self { request, capabilities } = self;
        if capabilities.is_unsupported(feature) {
            return false;
        }
        let has_tools = !request.tools.is_empty() && sends_native_tools(request, capabilities);
        let forces_tool = has_tools && matches!(request.tool_choice, ToolChoice::Named(_));
        let sends_tool_choice =
            forces_tool && !capabilities.is_unsupported(ServerFeature::ToolChoice);
        match feature {
            ServerFeature::AutoToolChoice | ServerFeature::ToolTemplate => has_tools,
            ServerFeature::NamedToolChoice | ServerFeature::ToolChoice | ServerFeature::StrictMode => sends_tool_choice,
            ServerFeature::ToolRole | ServerFeature::UnnamedToolResult => {
                !capabilities.uses_text_tools() && self.call_counts().next().is_some()
            }
            ServerFeature::AnyCallIdFormat => {
                !capabilities.uses_text_tools() && self.has_long_call_id()
            }
            ServerFeature::ParallelToolCalls => !capabilities.uses_text_tools() && self.call_counts().any(|many| many > 1),
            ServerFeature::UserAfterToolResult => !capabilities.uses_text_tools() && self.has_user_after_result(),
            ServerFeature::SystemRole => request.system_prompt.as_deref().is_some_and(|text| !text.is_empty()),
            ServerFeature::ContentParts => request.history.messages().any(|message| {
                matches!(message, MessageRef::Assistant { text: "", ref calls, .. } if !calls.is_empty())
            }),
            ServerFeature::ReasoningField => request.history.messages().any(|message| {
                matches!(message, MessageRef::Assistant { reasoning: Some(_), .. })
            }),
            ServerFeature::StreamUsage | ServerFeature::MaxTokensField => true,
            ServerFeature::TokenizeRoute => false,
        }
    }

    fn has_user_after_result(&self) -> bool {
        let messages: Vec<_> = self.request.history.messages().collect();
        let is_user_after_result = |pair: &[MessageRef<'_>]| {
            matches!(pair, [MessageRef::ToolResult { .. }, MessageRef::User(_)])
        };
        messages.windows(2).any(is_user_after_result)
    }

    fn has_long_call_id(&self) -> bool {
        self.request.history.messages().any(|message| match message {
            MessageRef::Assistant { calls, .. } => {
                calls.iter().any(|call| !is_short_id(call.id.as_str()))
            }
            _ => false,
        })
    }

    /// The number of tool calls of each message that has any.
    fn call_counts(&self) -> impl Iterator<Item = usize> {
        self.request.history.messages().filter_map(|message| match message {
            MessageRef::Assistant { calls, .. } => Some(calls.len()).filter(|many| *many > 0),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests;
