//! Other forms of a conversation, for a refusal whose reason is not understood.
//!
//! Servers have rules for conversations that no standard has, and word their refusals as they like.
//! A refused request with history is therefore sent once in each of a few other forms. The form that
//! the server accepts is remembered like one that it asked for.

use std::collections::BTreeSet;

use openclaw_core::{ChatRequest, MessageRef, ModelError, ModelErrorKind, ServerErrorMessage};

use crate::capabilities::{ServerCapabilities, ServerFeature};
use crate::refusal::RefusedRequest;
use crate::request::{REFUSABLE_KEYWORDS, contains_keyword};

/// The features left out one after the other. Those before the tools as text lose nothing that the
/// model needs, so they stay left out while the next one is tried.
const VARIANTS: [StructuralVariant; 8] = [
    StructuralVariant::Feature(ServerFeature::ContentParts),
    StructuralVariant::Feature(ServerFeature::AnyCallIdFormat),
    StructuralVariant::Feature(ServerFeature::UnnamedToolResult),
    StructuralVariant::SchemaKeywords,
    StructuralVariant::Feature(ServerFeature::ReasoningField),
    StructuralVariant::Feature(ServerFeature::ParallelToolCalls),
    StructuralVariant::Feature(ServerFeature::UserAfterToolResult),
    StructuralVariant::ToolsAsText,
];

/// Fields of a request that hold the conversation or the tools.
const CONVERSATION_FIELDS: [&str; 6] =
    ["messages", "message", "input", "tools", "functions", "contents"];

/// Other fields of a request. A refusal that names one is about its value.
const OTHER_FIELDS: [&str; 14] = [
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "seed",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "presence_penalty",
    "frequency_penalty",
    "repetition_penalty",
    "max_tokens",
    "max_completion_tokens",
    "response_format",
];

/// Codes and types of refusals for what a text says, in lower case.
const CONTENT_CODES: [&str; 4] = ["content", "policy", "inspection", "safety"];

/// One change of a request's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StructuralVariant {
    /// Without one feature.
    Feature(ServerFeature),
    /// Without the keywords of the tools' schemas that some server refuses.
    SchemaKeywords,
    /// With tools, calls and results as text, and nothing else changed.
    ToolsAsText,
}

/// The variants tried for one request.
#[derive(Debug, Default)]
pub(super) struct VariantSearch {
    /// How many of [`VARIANTS`] were considered.
    considered: usize,
    /// How many of them were sent.
    sent: usize,
    /// Features left out in the last variant.
    pub(super) features: BTreeSet<ServerFeature>,
    /// Keywords left out in the last variant.
    pub(super) keywords: BTreeSet<String>,
    /// The first refusal that was not understood.
    first_refusal: Option<ModelError>,
    /// The note last taken.
    reported_note: Option<String>,
}

impl VariantSearch {
    /// Chooses the next variant that changes the request. Returns false when none is left.
    /// `base` are the capabilities without the guesses of this search, `proven` the features with
    /// which the server accepted a request before.
    pub(super) fn choose_next(
        &mut self,
        request: &ChatRequest,
        base: &ServerCapabilities,
        proven: &BTreeSet<ServerFeature>,
    ) -> bool {
        while let Some(variant) = VARIANTS.get(self.considered) {
            self.considered += 1;
            let refused_request = RefusedRequest { request, capabilities: base };
            let is_suspect =
                |feature| refused_request.uses_feature(feature) && !proven.contains(&feature);
            let is_chosen = match variant {
                StructuralVariant::Feature(feature) => {
                    is_suspect(*feature) && self.features.insert(*feature)
                }
                StructuralVariant::SchemaKeywords => {
                    is_suspect(ServerFeature::AutoToolChoice)
                        && self.leave_out_keywords(&refused_request)
                }
                StructuralVariant::ToolsAsText => {
                    let feature = [ServerFeature::ToolRole, ServerFeature::AutoToolChoice]
                        .into_iter()
                        .find(|feature| is_suspect(*feature));
                    self.features = feature.into_iter().collect();
                    self.keywords.clear();
                    feature.is_some()
                }
            };
            if is_chosen {
                self.sent += 1;
                return true;
            }
        }
        false
    }

    /// Leaves out every refusable keyword that a schema has. Returns whether there is one.
    fn leave_out_keywords(&mut self, refused_request: &RefusedRequest<'_>) -> bool {
        let tools = &refused_request.request.tools;
        let is_sent = |keyword: &&str| {
            !refused_request.capabilities.refused_schema_keywords.contains(*keyword)
                && tools.iter().any(|tool| contains_keyword(&tool.parameters, keyword))
        };
        self.keywords
            .extend(REFUSABLE_KEYWORDS.into_iter().filter(|it| is_sent(it)).map(str::to_owned));
        !self.keywords.is_empty()
    }

    /// Keeps the refusal that led to the first variant: it has the reason, and what is refused in
    /// a variant may be the variant.
    pub(super) fn keep_first_refusal(&mut self, refusal: Option<ModelError>) {
        if self.sent > 0 && self.first_refusal.is_none() {
            self.first_refusal = refusal;
        }
    }

    /// Takes the note on the variant that was accepted.
    pub(super) fn take_note(&mut self) -> Option<String> {
        let keywords = (!self.keywords.is_empty()).then_some("fewer keywords in schemas");
        let changes: Vec<_> =
            self.features.iter().map(|it| describe_change(*it)).chain(keywords).collect();
        let note = (!changes.is_empty()).then(|| {
            format!(
                "The server refused the conversation without a reason that is understood, and took \
                 it with {}; it is written so from now on.",
                changes.join(", ")
            )
        });
        note.filter(|note| self.reported_note.replace(note.clone()).as_ref() != Some(note))
    }

    /// Adds the hint that other forms were refused too.
    pub(super) fn into_error(self, last: ModelError) -> ModelError {
        let Some(first) = self.first_refusal.filter(|_| last.kind() == ModelErrorKind::Rejected)
        else {
            return last;
        };
        match self.sent {
            0 => first,
            1 => first.with_hint("Another form of the same conversation was refused too."),
            sent => first.with_hint(format!(
                "{sent} other forms of the same conversation were refused too."
            )),
        }
    }
}

/// Returns whether another form of the conversation may help: the server refused a request that
/// has history, and names neither another field nor the content as its reason.
pub(super) fn may_depend_on_form(error: &ModelError, request: &ChatRequest) -> bool {
    let Some(exchange) = error.http_exchange() else { return false };
    let has_history =
        request.history.messages().any(|message| matches!(message, MessageRef::Assistant { .. }));
    error.kind() == ModelErrorKind::Rejected
        && matches!(exchange.status, Some(200 | 400 | 422))
        && has_history
        && exchange.server_error.as_ref().is_none_or(is_about_conversation)
}

fn is_about_conversation(server: &ServerErrorMessage) -> bool {
    let names_content_rule = [&server.code, &server.kind].into_iter().flatten().any(|code| {
        let code = code.to_lowercase();
        CONTENT_CODES.iter().any(|mark| code.contains(mark))
    });
    let names_other_field = server.param.as_deref().is_some_and(|param| {
        let words = param.split(|c: char| !c.is_ascii_alphanumeric());
        !param.is_empty() && !words.into_iter().any(|word| CONVERSATION_FIELDS.contains(&word))
    });
    let mut words = server.message.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let explains_other_field = words.any(|word| OTHER_FIELDS.contains(&word));
    !names_content_rule && !names_other_field && !explains_other_field
}

fn describe_change(feature: ServerFeature) -> &'static str {
    match feature {
        ServerFeature::ContentParts => "a text in each message",
        ServerFeature::AnyCallIdFormat => "call ids of nine letters and digits",
        ServerFeature::UnnamedToolResult => "the name of the tool in each result",
        ServerFeature::ReasoningField => "no reasoning",
        ServerFeature::ParallelToolCalls => "one call a message",
        ServerFeature::UserAfterToolResult => "no message of the user right after a result",
        _ => "tools, calls and results as text",
    }
}
