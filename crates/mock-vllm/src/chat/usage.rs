//! Token counts, as the three places that report them write them.

/// What one request cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) prompt: u32,
    pub(crate) completion: u32,
    pub(crate) cached: u32,
    pub(crate) created: u32,
    /// Reported when the server has a reasoning parser.
    pub(crate) reasoning: Option<u32>,
}

impl Usage {
    /// Prompt tokens that have to be computed.
    pub(crate) fn uncached(&self) -> u32 {
        self.prompt.saturating_sub(self.cached)
    }

    /// The `usage` of a whole answer.
    pub(crate) fn whole(&self) -> String {
        let reasoning = self.reasoning.map_or_else(|| "null".to_owned(), reasoning_details);
        format!(
            "{{{},\"prompt_tokens_details\":{{{},\"multimodal_tokens\":null}},\
             \"completion_tokens_details\":{reasoning}}}",
            self.counts(self.completion),
            self.details()
        )
    }

    /// The `usage` of a stream's last event, which leaves absent fields out.
    pub(crate) fn last(&self) -> String {
        let reasoning = self.reasoning.map_or_else(String::new, |count| {
            format!(",\"completion_tokens_details\":{}", reasoning_details(count))
        });
        format!(
            "{{{},\"prompt_tokens_details\":{{{}}}{reasoning}}}",
            self.counts(self.completion),
            self.details()
        )
    }

    /// The `usage` of an event in between, after `said` tokens.
    pub(crate) fn so_far(&self, said: u32) -> String {
        let reasoning = self.reasoning.map_or_else(|| "null".to_owned(), reasoning_details);
        format!("{{{},\"completion_tokens_details\":{reasoning}}}", self.counts(said))
    }

    /// The `usage` of a response.
    pub(crate) fn responses(&self) -> String {
        let (input, output) = (self.prompt, self.completion);
        let total = input.saturating_add(output);
        let (cached, created) = (self.cached, self.created);
        let reasoning = self.reasoning.unwrap_or_default();
        format!(
            "{{\"input_tokens\":{input},\"input_tokens_details\":{{\"cached_tokens\":{cached},\
             \"cache_write_tokens\":{created},\"input_tokens_per_turn\":[],\
             \"cached_tokens_per_turn\":[]}},\"output_tokens\":{output},\
             \"output_tokens_details\":{{\"reasoning_tokens\":{reasoning},\
             \"tool_output_tokens\":0,\"output_tokens_per_turn\":[],\
             \"tool_output_tokens_per_turn\":[]}},\"total_tokens\":{total}}}"
        )
    }

    fn counts(&self, completion: u32) -> String {
        let (prompt, total) = (self.prompt, self.prompt.saturating_add(completion));
        format!(
            "\"prompt_tokens\":{prompt},\"total_tokens\":{total},\"completion_tokens\":{completion}"
        )
    }

    fn details(&self) -> String {
        let (cached, created) = (self.cached, self.created);
        format!("\"cached_tokens\":{cached},\"created_cache_tokens\":{created}")
    }
}

fn reasoning_details(count: u32) -> String {
    format!("{{\"reasoning_tokens\":{count}}}")
}
