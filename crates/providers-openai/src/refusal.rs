//! What a server's refusal teaches: which part of the request it does not take.
//!
//! Only ever asked about a server's error, never about what a user or a model wrote, and about
//! what the request really held: a wording alone teaches nothing.

mod patterns;
mod schema;

use openclaw_core::{ChatRequest, HttpExchange, MessageRef, ModelError, ToolChoice};

use self::patterns::{REFUSAL_PATTERNS, RefusalPattern};
use crate::capabilities::{ServerCapabilities, ServerFeature};
use crate::request::uses_text_tools;

/// What a refusal teaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Adaptation {
    /// The server does not do this. `is_certain` is whether its words leave no doubt; what they
    /// leave open is believed once the server takes the request without it.
    UnsupportedFeature { feature: ServerFeature, is_certain: bool, fix_hint: &'static str },
    /// It refuses these keywords in the schema of a tool.
    SchemaKeywords(Vec<&'static str>),
    /// It refuses the schema of this tool.
    ToolSchema(String),
}

/// Reads a refusal of a request that was written by these facts; `None` when it teaches nothing.
pub(crate) fn find_adaptation(
    error: &ModelError,
    request: &ChatRequest,
    capabilities: &ServerCapabilities,
) -> Option<Adaptation> {
    let HttpExchange { status, server_error: server, .. } = error.http_exchange()?;
    let server = server.as_ref()?;
    // An error inside a stream has the status of the stream.
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

/// A request as it was sent.
pub(crate) struct RefusedRequest<'a> {
    request: &'a ChatRequest,
    capabilities: &'a ServerCapabilities,
}

impl RefusedRequest<'_> {
    /// Whether the request held what this names, so that it would be another one without it.
    fn uses_feature(&self, feature: ServerFeature) -> bool {
        let Self { request, capabilities } = self;
        if capabilities.is_unsupported(feature) {
            return false;
        }
        let has_tools = !request.tools.is_empty() && !uses_text_tools(capabilities);
        let forces_tool = has_tools && matches!(request.tool_choice, ToolChoice::Named(_));
        let sends_tool_choice =
            forces_tool && !capabilities.is_unsupported(ServerFeature::ToolChoice);
        match feature {
            ServerFeature::AutoToolChoice => has_tools,
            ServerFeature::NamedToolChoice | ServerFeature::ToolChoice | ServerFeature::StrictMode => sends_tool_choice,
            ServerFeature::ToolRole | ServerFeature::AnyCallIdFormat => {
                !uses_text_tools(capabilities) && self.call_counts().next().is_some()
            }
            ServerFeature::ParallelToolCalls => !uses_text_tools(capabilities) && self.call_counts().any(|many| many > 1),
            ServerFeature::UserAfterToolResult => !uses_text_tools(capabilities) && self.has_user_after_result(),
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

    /// How many calls each message has that has any.
    fn call_counts(&self) -> impl Iterator<Item = usize> {
        self.request.history.messages().filter_map(|message| match message {
            MessageRef::Assistant { calls, .. } => Some(calls.len()).filter(|many| *many > 0),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests;
