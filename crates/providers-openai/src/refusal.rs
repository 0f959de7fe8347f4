//! What a server's refusal teaches: which part of the request it does not take.
//!
//! Only ever asked about a server's error, never about what a user or a model wrote, and about
//! what the request really held: a wording alone teaches nothing.

mod schema;
mod wordings;

use openclaw_core::{ChatRequest, HttpExchange, MessageRef, ModelError, ToolChoice};

use self::wordings::{WORDINGS, Wording};
use crate::knowledge::{Facts, Lack};
use crate::request::takes_no_tools;

/// What a refusal teaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lesson {
    /// The server does not do this. `is_certain` is whether its words leave no doubt; what they
    /// leave open is believed once the server takes the request without it.
    Lack { lack: Lack, is_certain: bool, mend: &'static str },
    /// It refuses these keywords in the schema of a tool.
    Keywords(Vec<&'static str>),
    /// It refuses the schema of this tool.
    Tool(String),
}

/// Reads a refusal of a request that was written by these facts; `None` when it teaches nothing.
pub(crate) fn lesson(error: &ModelError, request: &ChatRequest, facts: &Facts) -> Option<Lesson> {
    let HttpExchange { status, server, .. } = error.exchange()?;
    let server = server.as_ref()?;
    // An error inside a stream has the status of the stream.
    if !matches!(status, Some(200 | 400 | 404 | 405 | 422 | 500 | 501)) {
        return None;
    }
    let text = format!("{} {}", server.message, server.param.as_deref().unwrap_or_default());
    let text = text.to_lowercase();
    let sent = Sent { request, facts };
    let found = WORDINGS.iter().filter(|wording| wording.fits(&text));
    let mut lacks = found.filter_map(|Wording { lacks, is_certain, mend, .. }| {
        let lack = lacks.iter().copied().find(|lack| sent.holds(*lack))?;
        let is_certain = *is_certain && lacks.len() == 1;
        Some(Lesson::Lack { lack, is_certain, mend })
    });
    schema::lesson(server, &sent).or_else(|| lacks.next())
}

/// A request as it was sent.
pub(crate) struct Sent<'a> {
    request: &'a ChatRequest,
    facts: &'a Facts,
}

impl Sent<'_> {
    /// Whether the request held what this names, so that it would be another one without it.
    fn holds(&self, lack: Lack) -> bool {
        let Self { request, facts } = self;
        if facts.lack(lack) {
            return false;
        }
        let has_tools = !request.tools.is_empty() && !takes_no_tools(facts);
        let names = has_tools && matches!(request.tool_choice, ToolChoice::Named(_));
        let chooses = names && !facts.lack(Lack::ToolChoice);
        match lack {
            Lack::AutoToolChoice => has_tools,
            Lack::NamedToolChoice | Lack::ToolChoice | Lack::Strict => chooses,
            Lack::ToolRole | Lack::LongCallIds => {
                !takes_no_tools(facts) && self.calls().next().is_some()
            }
            Lack::ParallelCalls => !takes_no_tools(facts) && self.calls().any(|many| many > 1),
            Lack::UserAfterResult => !takes_no_tools(facts) && self.has_user_after_result(),
            Lack::SystemRole => request.system.as_deref().is_some_and(|text| !text.is_empty()),
            Lack::ContentParts => request.history.messages().any(|message| {
                matches!(message, MessageRef::Assistant { text: "", ref calls, .. } if !calls.is_empty())
            }),
            Lack::ReasoningField => request.history.messages().any(|message| {
                matches!(message, MessageRef::Assistant { reasoning: Some(_), .. })
            }),
            Lack::StreamUsage | Lack::MaxTokens => true,
            Lack::Tokenize => false,
        }
    }

    fn has_user_after_result(&self) -> bool {
        let messages: Vec<_> = self.request.history.messages().collect();
        let is_one = |pair: &[MessageRef<'_>]| {
            matches!(pair, [MessageRef::ToolResult { .. }, MessageRef::User(_)])
        };
        messages.windows(2).any(is_one)
    }

    /// How many calls each message has that has any.
    fn calls(&self) -> impl Iterator<Item = usize> {
        self.request.history.messages().filter_map(|message| match message {
            MessageRef::Assistant { calls, .. } => Some(calls.len()).filter(|many| *many > 0),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests;
