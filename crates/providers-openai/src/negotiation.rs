//! Adapts a refused request and sends it again.
//!
//! What the server does not support is left out or written differently, and remembered. Each resend
//! follows something newly learned, the same body is never sent twice, and nothing is resent once a
//! part of the answer arrived.

mod adaptation_notes;
mod structural_variants;

use std::collections::BTreeSet;
use std::mem;

use bytes::Bytes;
use openclaw_core::{
    ChatModel, ChatRequest, LimitSource, MessageRef, ModelError, ModelErrorKind, TokenCount,
    TokenUsage,
};
use openclaw_provider::{
    OverflowContext, OverflowReport, SerializedRequest, output_cap, overflow_from_error,
    refusal_error, refusal_evidence,
};
use openclaw_transport::EventStream;

pub(crate) use self::adaptation_notes::describe_feature;
use self::structural_variants::VariantSearch;
use crate::assembly::AnswerAssembler;
use crate::capabilities::{ServerCapabilities, ServerFeature};
use crate::refusal::{self, Adaptation, RefusedRequest};
use crate::truncation;
use crate::{OpenAiModel, PreparedRequest};

/// The fewest answer tokens worth resending a request, unless fewer are requested.
const MIN_USEFUL_ANSWER: u32 = 256;

/// Smaller numbers in an error are not a context window.
const MIN_CONTEXT_WINDOW: u32 = 256;

/// The negotiation of one request.
#[derive(Debug)]
pub(crate) struct RequestNegotiation {
    model: OpenAiModel,
    request: ChatRequest,
    prompt_tokens: TokenCount,
    /// The limit of the answer in the last request, in tokens.
    output_cap: Option<u32>,
    /// The limit that fits after a refusal reported the sizes.
    cap_after_overflow: Option<u32>,
    has_shrunk_cap: bool,
    /// The request as it was last written.
    serialized: SerializedRequest,
    /// The capabilities that it was written for.
    capabilities: ServerCapabilities,
    /// Features taken as unsupported once the server accepts the request without them.
    assumed_unsupported: BTreeSet<ServerFeature>,
    /// The other forms tried after a refusal that is not understood.
    variant_search: VariantSearch,
    sent_bodies: Vec<Bytes>,
    /// Notes on adaptations for the user, each with whether it is certain.
    adaptation_notes: Vec<(String, bool)>,
}

impl RequestNegotiation {
    /// Starts with a request and its prepared body.
    pub(crate) fn new(model: OpenAiModel, request: ChatRequest, prepared: PreparedRequest) -> Self {
        let PreparedRequest { serialized, capabilities, size, notes, .. } = prepared;
        Self {
            model,
            request,
            prompt_tokens: size.count,
            serialized,
            capabilities,
            output_cap: None,
            cap_after_overflow: None,
            has_shrunk_cap: false,
            assumed_unsupported: BTreeSet::new(),
            variant_search: VariantSearch::default(),
            sent_bodies: Vec::new(),
            adaptation_notes: notes.into_iter().map(|note| (note, true)).collect(),
        }
    }

    /// Sends the request, adapted to `refusal` if there is one, until the server accepts it.
    ///
    /// # Errors
    /// When a refusal shows nothing new to adapt, and when there is no room for an answer.
    pub(crate) async fn open_stream(
        &mut self,
        mut refusal: Option<ModelError>,
    ) -> Result<EventStream, ModelError> {
        loop {
            let body = match &refusal {
                None => Some(self.next_body()?),
                Some(error) => self.adapted_body(error)?,
            };
            let Some(body) = body else { return Err(self.final_error(refusal)) };
            self.variant_search.keep_first_refusal(refusal.take());
            self.sent_bodies.push(body.clone());
            match self.model.open_stream(&self.request, body).await {
                Ok(events) => return Ok(events),
                Err(error) => {
                    refusal = Some(refusal_error(error, self.id(), self.overflow_context()));
                }
            }
        }
    }

    /// The known sizes, for errors inside the stream.
    pub(crate) fn overflow_context(&self) -> OverflowContext {
        let prompt = match self.prompt_tokens {
            TokenCount::Exact(prompt) => Some(prompt),
            TokenCount::Calibrated(_) | TokenCount::Estimate(_) => None,
        };
        OverflowContext {
            context_window: Some(self.model.model_info().limits.context_window),
            prompt_tokens: prompt,
        }
    }

    /// Starts the assembly of the answer.
    pub(crate) fn new_assembler(&self) -> AnswerAssembler {
        self.model.new_assembler(&self.request)
    }

    /// Takes the notes added since the last call.
    pub(crate) fn take_notes(&mut self) -> Vec<String> {
        let notes = mem::take(&mut self.adaptation_notes).into_iter().map(|(note, _)| note);
        notes.chain(self.variant_search.take_note()).collect()
    }

    /// Records that the server accepted the request, which confirms the assumptions.
    pub(crate) fn confirm_assumptions(&mut self) {
        let store = self.model.capability_store();
        let guessed_features = mem::take(&mut self.variant_search.features);
        for feature in mem::take(&mut self.assumed_unsupported).into_iter().chain(guessed_features)
        {
            store.mark_unsupported(feature);
        }
        for keyword in mem::take(&mut self.variant_search.keywords) {
            store.record_refused_keyword(&keyword);
        }
        let accepted = RefusedRequest { request: &self.request, capabilities: &self.capabilities };
        store.record_accepted_features(|feature| accepted.uses_feature(feature));
    }

    /// Learns from the token usage of the answer; returns a note if the prompt was truncated.
    pub(crate) fn check_usage(&mut self, usage: TokenUsage) -> Option<String> {
        let counted_tokens = usage.input_tokens;
        let word_count = truncation::min_request_tokens(&self.request);
        let mut min_tokens = word_count.max(self.overflow_context().prompt_tokens.unwrap_or(0));
        // Chat templates may drop reasoning of earlier turns.
        let has_reasoning =
            |message| matches!(message, MessageRef::Assistant { reasoning: Some(_), .. });
        if !self.request.history.messages().any(has_reasoning) {
            min_tokens = min_tokens
                .max(self.model.capability_store().counted_prefix_tokens(&mut self.serialized));
        }
        let model = &self.model;
        if let Some(truncation) = truncation::detect_truncation(
            counted_tokens,
            min_tokens,
            model.model_info().limits.context_window,
        ) {
            model.capability_store().record_context_window(truncation.context_window);
            return Some(adaptation_notes::describe_truncation(counted_tokens, truncation));
        }
        // A count below the number of words does not cover the whole prompt.
        if counted_tokens >= word_count.max(1) {
            model.capability_store().record_token_count(&mut self.serialized, counted_tokens);
        }
        None
    }

    fn id(&self) -> &str {
        self.model.id()
    }

    fn next_body(&mut self) -> Result<Bytes, ModelError> {
        let limits = self.model.model_info().limits;
        self.output_cap = match self.cap_after_overflow {
            Some(room) => Some(room),
            None => output_cap(&limits, self.request.max_output_tokens, self.prompt_tokens)?,
        };
        self.refresh_request();
        self.model.set_trailer(&mut self.serialized, &self.capabilities, self.output_cap);
        Ok(self.serialized.body().clone())
    }

    /// Writes the request again if what was learned since changes it.
    fn refresh_request(&mut self) {
        let mut capabilities = self.model.capability_store().current_capabilities();
        capabilities.unsupported_features.extend(&self.assumed_unsupported);
        capabilities.unsupported_features.extend(&self.variant_search.features);
        capabilities.refused_schema_keywords.extend(self.variant_search.keywords.iter().cloned());
        if !capabilities.has_same_request_format(&self.capabilities) {
            self.serialized = self.model.serialize_request(&self.request, &capabilities);
        }
        self.capabilities = capabilities;
    }

    /// Writes the request in a form that was not sent yet: adapted to what the refusal says, or
    /// else in the next of a few other forms. `None` when none is left.
    fn adapted_body(&mut self, error: &ModelError) -> Result<Option<Bytes>, ModelError> {
        let mut is_adapted = self.learn_from_refusal(error);
        loop {
            if is_adapted {
                let body = self.next_body()?;
                if !self.sent_bodies.contains(&body) {
                    return Ok(Some(body));
                }
            }
            is_adapted = self.choose_variant(error);
            if !is_adapted {
                return Ok(None);
            }
        }
    }

    /// Chooses another form of the conversation, whatever the refusal says. Returns false when it
    /// cannot be the reason, or when none is left.
    fn choose_variant(&mut self, error: &ModelError) -> bool {
        let evidence = refusal_evidence(error, &self.request);
        if !structural_variants::may_depend_on_form(&evidence, &self.request) {
            return false;
        }
        let store = self.model.capability_store();
        let mut base = store.current_capabilities();
        base.unsupported_features.extend(&self.assumed_unsupported);
        let is_chosen =
            self.variant_search.choose_next(&self.request, &base, &store.accepted_features());
        if is_chosen {
            self.count_rewritten_prompt();
        }
        is_chosen
    }

    /// Learns from a refusal. Returns false when it shows nothing new.
    fn learn_from_refusal(&mut self, error: &ModelError) -> bool {
        let error = &refusal_evidence(error, &self.request);
        if let ModelErrorKind::ContextOverflow { .. } = error.kind() {
            return overflow_from_error(error).is_some_and(|report| self.shrink_output_cap(report));
        }
        let Some(adaptation) = refusal::find_adaptation(error, &self.request, &self.capabilities)
        else {
            return false;
        };
        let store = self.model.capability_store();
        let note = adaptation_notes::describe_adaptation(&adaptation);
        let mut is_note_certain = true;
        match adaptation {
            Adaptation::UnsupportedFeature { feature, is_certain: true, .. } => {
                store.mark_unsupported(feature);
            }
            Adaptation::UnsupportedFeature { feature, .. } => {
                is_note_certain = false;
                self.assumed_unsupported.insert(feature);
            }
            Adaptation::SchemaKeywords(keywords) => {
                for keyword in keywords {
                    store.record_refused_keyword(keyword);
                }
            }
            Adaptation::ToolSchema(name) => {
                store.record_refused_tool(&name);
            }
        }
        self.adaptation_notes.push((note, is_note_certain));
        self.count_rewritten_prompt();
        true
    }

    /// Writes the request again, and counts it: tools and calls as text may take more tokens.
    fn count_rewritten_prompt(&mut self) {
        self.refresh_request();
        let prompt_tokens = self.model.size_serialized(&mut self.serialized).count;
        if prompt_tokens.token_count() > self.prompt_tokens.token_count() {
            self.prompt_tokens = prompt_tokens;
        }
    }

    /// Learns from the sizes in a refusal. Returns whether a useful answer still fits.
    fn shrink_output_cap(&mut self, overflow_report: OverflowReport) -> bool {
        let limits_before = self.model.model_info().limits;
        if let Some(context_window) =
            overflow_report.context_window.filter(|window| *window >= MIN_CONTEXT_WINDOW)
        {
            let is_better_known = context_window < limits_before.context_window
                || limits_before.context_window_source == LimitSource::Fallback;
            if is_better_known && context_window != limits_before.context_window {
                self.model.capability_store().record_context_window(context_window);
                self.adaptation_notes.push((
                    adaptation_notes::describe_window(context_window, limits_before.context_window),
                    true,
                ));
            }
        }
        if mem::replace(&mut self.has_shrunk_cap, true) || overflow_report.is_prompt_too_long {
            return false;
        }
        let limits = self.model.model_info().limits;
        if let Some(prompt) = overflow_report.prompt_tokens {
            self.model.capability_store().record_token_count(&mut self.serialized, prompt);
            self.prompt_tokens = TokenCount::Exact(prompt);
        } else {
            self.prompt_tokens = self.model.size_serialized(&mut self.serialized).count;
            // The server stopped counting: assume that half of the remaining window is prompt.
            if let Some(min_prompt_tokens) = overflow_report
                .min_prompt_tokens
                .filter(|least| *least > self.prompt_tokens.token_count())
            {
                let uncounted_tokens =
                    limits.context_window.saturating_sub(min_prompt_tokens).div_ceil(2);
                self.prompt_tokens =
                    TokenCount::Estimate(min_prompt_tokens.saturating_add(uncounted_tokens));
            }
        }
        let remaining_tokens =
            limits.context_window.saturating_sub(self.prompt_tokens.token_count());
        let requested_tokens =
            self.request.max_output_tokens.into_iter().chain(limits.max_output_tokens).min();
        let cap = requested_tokens.unwrap_or(remaining_tokens).min(remaining_tokens);
        if cap < requested_tokens.unwrap_or(MIN_USEFUL_ANSWER).min(MIN_USEFUL_ANSWER)
            || self.output_cap == Some(cap)
        {
            return false;
        }
        self.cap_after_overflow = Some(cap);
        self.adaptation_notes.push((
            adaptation_notes::describe_output_cap(self.prompt_tokens, limits.context_window, cap),
            true,
        ));
        true
    }

    /// Returns the refusal, with the certain notes as hints.
    fn final_error(&mut self, refusal: Option<ModelError>) -> ModelError {
        let error = refusal.unwrap_or_else(|| {
            ModelError::new(ModelErrorKind::Rejected, "send the same request a second time")
        });
        let error = mem::take(&mut self.variant_search).into_error(error);
        let certain_notes =
            mem::take(&mut self.adaptation_notes).into_iter().filter(|(_, is_sure)| *is_sure);
        certain_notes.fold(error, |error, (note, _)| error.with_hint(note))
    }
}
