//! Breaks down the first request of an agent, with the tokens of each part.

use openclaw_core::{ChatModel, ChatRequest, History, ModelError, TokenCount};

use crate::agent::AgentRun;

/// The first request of an agent, by parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptBreakdown {
    /// The sections of the system prompt, in order.
    pub sections: Vec<PromptPart>,
    /// The tools, in order.
    pub tools: Vec<PromptPart>,
    /// Whether the tools are described to the model as text.
    pub tools_as_text: bool,
    /// The tokens that the template and the time add to an otherwise empty message.
    pub frame: u32,
    /// The system prompt, the tools and the frame.
    pub total: TokenCount,
}

/// A part of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptPart {
    /// The section or the tool.
    pub name: String,
    /// Its size in the request, in bytes.
    pub bytes: usize,
    /// The tokens that it adds to the request. All parts and the frame add up to the total.
    pub tokens: u32,
}

impl AgentRun {
    /// Counts the tokens of each part, with the server's tokenizer where available. A part counts
    /// for what the request grows by when it is added, template included.
    ///
    /// # Errors
    /// When the server's token count fails for a reason that an estimate would hide.
    pub async fn prompt_breakdown(&self) -> Result<PromptBreakdown, ModelError> {
        let mut history = History::new();
        history.push_user_message("hi");
        let tail = self.agent.render_suffix().map(Into::into);
        let mut request = ChatRequest { suffix: tail, ..ChatRequest::new(history) };
        let frame = count_request(self.model.as_ref(), &request).await?;
        let mut total = frame;
        let mut sections = Vec::new();
        for (n, section) in self.prompt.sections().iter().enumerate() {
            request.system_prompt = Some(self.prompt.text_up_to(n + 1).into());
            let grown = count_request(self.model.as_ref(), &request).await?;
            let tokens = grown.token_count().saturating_sub(total.token_count());
            sections.push(PromptPart {
                name: section.name.to_owned(),
                bytes: section.text.len(),
                tokens,
            });
            total = grown;
        }
        let specs = self.agent.tool_specs();
        let mut tools = Vec::new();
        for (n, spec) in specs.iter().enumerate() {
            request.tools = specs.iter().take(n + 1).cloned().collect();
            let grown = count_request(self.model.as_ref(), &request).await?;
            let tokens = grown.token_count().saturating_sub(total.token_count());
            let bytes = spec.name.as_str().len()
                + spec.description.len()
                + spec.parameters.to_string().len();
            tools.push(PromptPart { name: spec.name.to_string(), bytes, tokens });
            total = grown;
        }
        let tools_as_text = !tools.is_empty() && self.model.model_info().capabilities.tools_as_text;
        let frame = frame.token_count();
        Ok(PromptBreakdown { sections, tools, tools_as_text, frame, total })
    }
}

async fn count_request(
    model: &dyn ChatModel,
    request: &ChatRequest,
) -> Result<TokenCount, ModelError> {
    model.count_tokens(request).await
}
