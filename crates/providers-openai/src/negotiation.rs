//! A request, written anew as long as its refusals teach how.
//!
//! What a server does not take is left out or said in another way, and remembered. Each resending
//! is for something newly learnt, the same body is never sent twice, and nothing is resent once a
//! piece of an answer came.

mod notes;

use std::collections::BTreeSet;
use std::mem;

use bytes::Bytes;
use openclaw_core::{
    ChatModel, ChatRequest, LimitSource, MessageRef, ModelError, ModelErrorKind, TokenCount, Usage,
};
use openclaw_transport::EventStream;

use crate::OpenAiModel;
use crate::assembly::Assembly;
use crate::budget;
use crate::failure::{self, Known};
use crate::knowledge::{Facts, Lack};
use crate::model::no_room;
use crate::overflow::{self, Overflow};
use crate::refusal::{self, Lesson};
use crate::{request, truncation};

/// An answer of so many tokens is worth resending a request for, if it does not want fewer.
const USEFUL: u32 = 256;

/// No window is smaller; what is said of one is something else.
const SMALLEST_WINDOW: u32 = 256;

/// A request under way.
#[derive(Debug)]
pub(crate) struct Negotiation {
    model: OpenAiModel,
    request: ChatRequest,
    prompt: TokenCount,
    /// The most tokens for the answer, as they were last asked for.
    cap: Option<u32>,
    /// The same, as a refusal left them.
    room: Option<u32>,
    has_made_room: bool,
    /// What the last body was written by.
    facts: Facts,
    /// What is believed once the server takes the request without it.
    doubtful: BTreeSet<Lack>,
    tried: Vec<Bytes>,
    /// What was learnt, for a person, and whether it is certain.
    notes: Vec<(String, bool)>,
}

impl Negotiation {
    /// A request whose prompt has so many tokens.
    pub(crate) fn new(model: OpenAiModel, request: ChatRequest, prompt: TokenCount) -> Self {
        Self {
            model,
            request,
            prompt,
            cap: None,
            room: None,
            has_made_room: false,
            facts: Facts::default(),
            doubtful: BTreeSet::new(),
            tried: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Sends the request, after it was refused in the way of `refused`, if it was.
    ///
    /// # Errors
    /// When it is refused in a way that teaches nothing new, and when there is no room.
    pub(crate) async fn open(
        &mut self,
        mut refused: Option<ModelError>,
    ) -> Result<EventStream, ModelError> {
        loop {
            if let Some(error) = &refused
                && !self.learn(error)
            {
                return Err(self.give_up(refused));
            }
            let body = self.body()?;
            if self.tried.contains(&body) {
                return Err(self.give_up(refused));
            }
            self.tried.push(body.clone());
            match self.model.stream(&self.request, body).await {
                Ok(events) => return Ok(events),
                Err(error) => {
                    refused = Some(failure::refused(error, self.id(), self.known()));
                }
            }
        }
    }

    /// What is known for an error inside the stream.
    pub(crate) fn known(&self) -> Known {
        let prompt = match self.prompt {
            TokenCount::Exact(prompt) => Some(prompt),
            TokenCount::Calibrated(_) | TokenCount::Estimate(_) => None,
        };
        Known { window: Some(self.model.info().limits.window), prompt }
    }

    /// Begins to put an answer together.
    pub(crate) fn assembly(&self) -> Assembly {
        self.model.assembly(&self.request)
    }

    /// What was learnt since the last time, for a person.
    pub(crate) fn take_notes(&mut self) -> Vec<String> {
        mem::take(&mut self.notes).into_iter().map(|(note, _)| note).collect()
    }

    /// Notes that the server took the request as it is.
    pub(crate) fn accepted(&mut self) {
        for lack in mem::take(&mut self.doubtful) {
            self.model.knowledge().learn_lack(lack);
        }
    }

    /// Learns from what the server counted of the prompt; returns what a person should know.
    pub(crate) fn finished(&self, usage: Usage) -> Option<String> {
        let (model, read) = (&self.model, usage.input);
        let (body, tail) = request::lasting(&self.request, &self.facts);
        let words = truncation::least_tokens(&self.request);
        let mut least = words.max(self.known().prompt.unwrap_or(0));
        // Templates may leave out what the model thought long ago.
        let thinks = |message| matches!(message, MessageRef::Assistant { reasoning: Some(_), .. });
        if !self.request.history.messages().any(thinks) {
            least = least.max(model.knowledge().counted((&body, tail)));
        }
        if let Some(cut) = truncation::judge(read, least, model.info().limits.window) {
            model.knowledge().learn_window(cut.window);
            return Some(notes::cut(read, cut));
        }
        // Fewer than the words are not all of the prompt.
        if read >= words.max(1) {
            model.knowledge().note_count((&body, tail), read);
        }
        None
    }

    fn id(&self) -> &str {
        self.model.id()
    }

    fn body(&mut self) -> Result<Bytes, ModelError> {
        let limits = self.model.info().limits;
        self.cap = match self.room {
            Some(room) => Some(room),
            None => budget::output_cap(&limits, self.request.max_output_tokens, self.prompt)
                .map_err(no_room)?,
        };
        self.facts = self.model.knowledge().facts();
        self.facts.lacks.extend(&self.doubtful);
        Ok(self.model.body_by(&self.facts, &self.request, self.cap))
    }

    /// Learns from a refusal; false when it teaches nothing.
    fn learn(&mut self, error: &ModelError) -> bool {
        if let ModelErrorKind::ContextOverflow { .. } = error.kind() {
            return overflow::said(error).is_some_and(|said| self.make_room(said));
        }
        let Some(lesson) = refusal::lesson(error, &self.request, &self.facts) else { return false };
        let knowledge = self.model.knowledge();
        let note = notes::lesson(&lesson);
        let mut is_sure = true;
        match lesson {
            Lesson::Lack { lack, is_certain: true, .. } => {
                knowledge.learn_lack(lack);
            }
            Lesson::Lack { lack, .. } => {
                is_sure = false;
                self.doubtful.insert(lack);
            }
            Lesson::Keywords(keywords) => {
                for keyword in keywords {
                    knowledge.learn_schema_keyword(keyword);
                }
            }
            Lesson::Tool(name) => {
                knowledge.learn_refused_tool(&name);
            }
        }
        self.notes.push((note, is_sure));
        // What is written as text now may be longer.
        let size = self.model.size(&self.request).count;
        if size.tokens() > self.prompt.tokens() {
            self.prompt = size;
        }
        true
    }

    /// Learns from the numbers of a refusal; whether an answer of some use fits after all.
    fn make_room(&mut self, said: Overflow) -> bool {
        let before = self.model.info().limits;
        if let Some(window) = said.window.filter(|window| *window >= SMALLEST_WINDOW) {
            let is_news = window < before.window || before.window_source == LimitSource::Fallback;
            if is_news && window != before.window {
                self.model.knowledge().learn_window(window);
                self.notes.push((notes::window(window, before.window), true));
            }
        }
        if mem::replace(&mut self.has_made_room, true) || said.is_full {
            return false;
        }
        let limits = self.model.info().limits;
        if let Some(prompt) = said.prompt {
            let (body, tail) = request::lasting(&self.request, &self.facts);
            self.model.knowledge().note_count((&body, tail), prompt);
            self.prompt = TokenCount::Exact(prompt);
        } else {
            self.prompt = self.model.size(&self.request).count;
            // Nobody knows how much longer it is: half of what is left then is left for it.
            if let Some(least) = said.at_least.filter(|least| *least > self.prompt.tokens()) {
                let beyond = limits.window.saturating_sub(least).div_ceil(2);
                self.prompt = TokenCount::Estimate(least.saturating_add(beyond));
            }
        }
        let room = limits.window.saturating_sub(self.prompt.tokens());
        let wanted = self.request.max_output_tokens.into_iter().chain(limits.output).min();
        let cap = wanted.unwrap_or(room).min(room);
        if cap < wanted.unwrap_or(USEFUL).min(USEFUL) || self.cap == Some(cap) {
            return false;
        }
        self.room = Some(cap);
        self.notes.push((notes::room(self.prompt, limits.window, cap), true));
        true
    }

    /// The refusal, with what was learnt on the way to it.
    fn give_up(&mut self, refused: Option<ModelError>) -> ModelError {
        let error = refused.unwrap_or_else(|| {
            ModelError::new(ModelErrorKind::Rejected, "send the same request a second time")
        });
        let certain = mem::take(&mut self.notes).into_iter().filter(|(_, is_sure)| *is_sure);
        certain.fold(error, |error, (note, _)| error.with_hint(note))
    }
}
