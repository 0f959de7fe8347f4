//! A request, written anew as long as its refusals teach how.
//!
//! What a server does not take is left out or said in another way, and remembered. Each resending
//! is for something newly learnt, the same body is never sent twice, and nothing is resent once a
//! piece of an answer came.

mod adaptation_notes;

use std::collections::BTreeSet;
use std::mem;

use bytes::Bytes;
use openclaw_core::{
    ChatModel, ChatRequest, LimitSource, MessageRef, ModelError, ModelErrorKind, TokenCount,
    TokenUsage,
};
use openclaw_transport::EventStream;

use crate::OpenAiModel;
use crate::assembly::AnswerAssembler;
use crate::budget;
use crate::capabilities::{ServerCapabilities, ServerFeature};
use crate::error_mapping::{self, OverflowContext};
use crate::model::prompt_too_long_error;
use crate::overflow::{self, OverflowReport};
use crate::refusal::{self, Adaptation};
use crate::{request, truncation};

/// An answer of so many tokens is worth resending a request for, if it does not want fewer.
const MIN_USEFUL_ANSWER: u32 = 256;

/// No window is smaller; what is said of one is something else.
const MIN_CONTEXT_WINDOW: u32 = 256;

/// A request under way.
#[derive(Debug)]
pub(crate) struct RequestNegotiation {
    model: OpenAiModel,
    request: ChatRequest,
    prompt_tokens: TokenCount,
    /// The most tokens for the answer, as they were last asked for.
    output_cap: Option<u32>,
    /// The same, as a refusal left them.
    cap_after_overflow: Option<u32>,
    has_shrunk_cap: bool,
    /// What the last body was written by.
    capabilities: ServerCapabilities,
    /// What is believed once the server takes the request without it.
    assumed_unsupported: BTreeSet<ServerFeature>,
    sent_bodies: Vec<Bytes>,
    /// What was learnt, for a person, and whether it is certain.
    adaptation_notes: Vec<(String, bool)>,
}

impl RequestNegotiation {
    /// A request whose prompt has so many tokens.
    pub(crate) fn new(model: OpenAiModel, request: ChatRequest, prompt_tokens: TokenCount) -> Self {
        Self {
            model,
            request,
            prompt_tokens,
            output_cap: None,
            cap_after_overflow: None,
            has_shrunk_cap: false,
            capabilities: ServerCapabilities::default(),
            assumed_unsupported: BTreeSet::new(),
            sent_bodies: Vec::new(),
            adaptation_notes: Vec::new(),
        }
    }

    /// Sends the request, after it was refused in the way of `refused`, if it was.
    ///
    /// # Errors
    /// When it is refused in a way that teaches nothing new, and when there is no room.
    pub(crate) async fn open_stream(
        &mut self,
        mut refusal: Option<ModelError>,
    ) -> Result<EventStream, ModelError> {
        loop {
            if let Some(error) = &refusal
                && !self.learn_from_refusal(error)
            {
                return Err(self.final_error(refusal));
            }
            let body = self.next_body()?;
            if self.sent_bodies.contains(&body) {
                return Err(self.final_error(refusal));
            }
            self.sent_bodies.push(body.clone());
            match self.model.open_stream(&self.request, body).await {
                Ok(events) => return Ok(events),
                Err(error) => {
                    refusal = Some(error_mapping::refusal_error(
                        error,
                        self.id(),
                        self.overflow_context(),
                    ));
                }
            }
        }
    }

    /// What is known for an error inside the stream.
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

    /// Begins to put an answer together.
    pub(crate) fn new_assembler(&self) -> AnswerAssembler {
        self.model.new_assembler(&self.request)
    }

    /// What was learnt since the last time, for a person.
    pub(crate) fn take_notes(&mut self) -> Vec<String> {
        mem::take(&mut self.adaptation_notes).into_iter().map(|(note, _)| note).collect()
    }

    /// Notes that the server took the request as it is.
    pub(crate) fn confirm_assumptions(&mut self) {
        for feature in mem::take(&mut self.assumed_unsupported) {
            self.model.capability_store().mark_unsupported(feature);
        }
    }

    /// Learns from what the server counted of the prompt; returns what a person should know.
    pub(crate) fn check_usage(&self, usage: TokenUsage) -> Option<String> {
        let (model, counted_tokens) = (&self.model, usage.input_tokens);
        let (body, suffix_len) = request::cacheable_body(&self.request, &self.capabilities);
        let word_count = truncation::min_request_tokens(&self.request);
        let mut min_tokens = word_count.max(self.overflow_context().prompt_tokens.unwrap_or(0));
        // Templates may leave out what the model thought long ago.
        let has_reasoning =
            |message| matches!(message, MessageRef::Assistant { reasoning: Some(_), .. });
        if !self.request.history.messages().any(has_reasoning) {
            min_tokens =
                min_tokens.max(model.capability_store().counted_prefix_tokens((&body, suffix_len)));
        }
        if let Some(truncation) = truncation::detect_truncation(
            counted_tokens,
            min_tokens,
            model.model_info().limits.context_window,
        ) {
            model.capability_store().record_context_window(truncation.context_window);
            return Some(adaptation_notes::describe_truncation(counted_tokens, truncation));
        }
        // Fewer than the words are not all of the prompt.
        if counted_tokens >= word_count.max(1) {
            model.capability_store().record_token_count((&body, suffix_len), counted_tokens);
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
            None => budget::output_cap(&limits, self.request.max_output_tokens, self.prompt_tokens)
                .map_err(prompt_too_long_error)?,
        };
        self.capabilities = self.model.capability_store().current_capabilities();
        self.capabilities.unsupported_features.extend(&self.assumed_unsupported);
        Ok(self.model.body_for_capabilities(&self.capabilities, &self.request, self.output_cap))
    }

    /// Learns from a refusal; false when it teaches nothing.
    fn learn_from_refusal(&mut self, error: &ModelError) -> bool {
        if let ModelErrorKind::ContextOverflow { .. } = error.kind() {
            return overflow::overflow_from_error(error)
                .is_some_and(|report| self.shrink_output_cap(report));
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
        // What is written as text now may be longer.
        let prompt_tokens = self.model.prompt_size(&self.request).count;
        if prompt_tokens.token_count() > self.prompt_tokens.token_count() {
            self.prompt_tokens = prompt_tokens;
        }
        true
    }

    /// Learns from the numbers of a refusal; whether an answer of some use fits after all.
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
            let (body, suffix_len) = request::cacheable_body(&self.request, &self.capabilities);
            self.model.capability_store().record_token_count((&body, suffix_len), prompt);
            self.prompt_tokens = TokenCount::Exact(prompt);
        } else {
            self.prompt_tokens = self.model.prompt_size(&self.request).count;
            // Nobody knows how much longer it is: half of what is left then is left for it.
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

    /// The refusal, with what was learnt on the way to it.
    fn final_error(&mut self, refusal: Option<ModelError>) -> ModelError {
        let error = refusal.unwrap_or_else(|| {
            ModelError::new(ModelErrorKind::Rejected, "send the same request a second time")
        });
        let certain_notes =
            mem::take(&mut self.adaptation_notes).into_iter().filter(|(_, is_sure)| *is_sure);
        certain_notes.fold(error, |error, (note, _)| error.with_hint(note))
    }
}
