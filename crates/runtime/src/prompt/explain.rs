//! What the first request of an agent is made of, and what each part of it costs.

use openclaw_core::{ChatModel, ChatRequest, History, ModelError, TokenCount};

use crate::AgentRun;

/// The first request of an agent, by its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The sections of the system prompt, in order.
    pub sections: Vec<Part>,
    /// The tools, in order.
    pub tools: Vec<Part>,
    /// What the template and the time add to a message that says nothing else.
    pub frame: u32,
    /// The system prompt, the tools and the frame.
    pub total: TokenCount,
}

/// A part of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The section or the tool.
    pub name: String,
    /// Its size in bytes, as it is sent.
    pub bytes: usize,
    /// What it adds to the request, in tokens; parts and frame add up to the total.
    pub tokens: u32,
}

impl AgentRun {
    /// Counts what the first request is made of, by the server's own tokenizer where it offers it.
    /// Each part is what the request grows by when it is added, template included.
    ///
    /// # Errors
    /// When the server was asked and failed in a way that an estimate would hide.
    pub async fn explain(&self) -> Result<Explanation, ModelError> {
        let mut history = History::new();
        history.push_user("hi");
        let tail = self.agent.tail().map(Into::into);
        let mut request = ChatRequest { tail, ..ChatRequest::new(history) };
        let frame = count(self.model.as_ref(), &request).await?;
        let mut total = frame;
        let mut sections = Vec::new();
        for (n, section) in self.prompt.sections().iter().enumerate() {
            request.system = Some(self.prompt.text_to(n + 1).into());
            let grown = count(self.model.as_ref(), &request).await?;
            let tokens = grown.tokens().saturating_sub(total.tokens());
            sections.push(Part {
                name: section.name.to_owned(),
                bytes: section.text.len(),
                tokens,
            });
            total = grown;
        }
        let specs = self.agent.tools();
        let mut tools = Vec::new();
        for (n, spec) in specs.iter().enumerate() {
            request.tools = specs.iter().take(n + 1).cloned().collect();
            let grown = count(self.model.as_ref(), &request).await?;
            let tokens = grown.tokens().saturating_sub(total.tokens());
            let bytes = spec.name.as_str().len()
                + spec.description.len()
                + spec.parameters.to_string().len();
            tools.push(Part { name: spec.name.to_string(), bytes, tokens });
            total = grown;
        }
        Ok(Explanation { sections, tools, frame: frame.tokens(), total })
    }
}

async fn count(model: &dyn ChatModel, request: &ChatRequest) -> Result<TokenCount, ModelError> {
    model.count_tokens(request).await
}
