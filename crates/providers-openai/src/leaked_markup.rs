//! What a server left in the text of an answer that its parsers should have taken out.

use std::sync::Arc;

use openclaw_core::ToolSpec;

use crate::content::{ContentSegment, ContentSplitter};
use crate::dialect::{self, OfferedTools};

/// Markup in the text of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeakedMarkup {
    /// vLLM's tool parser for the format of the first tool call in the text, as for
    /// `--tool-call-parser`; `None` if there is no call. Other parsers may read that format too.
    pub tool_parser: Option<&'static str>,
    /// What opens or closes the first reasoning in the text; `None` if there is none.
    pub reasoning_mark: Option<String>,
    /// The first other mark or token of a chat template; `None` if there is none.
    pub token: Option<String>,
}

/// Looks for markup in the text of an answer to a request that offers these tools. Code and quotes
/// have none.
#[must_use]
pub fn find_leaked_markup(text: &str, tools: Arc<[ToolSpec]>) -> LeakedMarkup {
    let mut splitter = ContentSplitter::new(OfferedTools::new(tools), false);
    let mut segments = Vec::new();
    splitter.push(text, &mut segments);
    splitter.finish_content(false, &mut segments);
    if let Some(last) = segments.iter().rposition(|it| matches!(it, ContentSegment::Restart)) {
        segments.drain(..=last);
    }
    let mut leaked = LeakedMarkup::default();
    let mut marks = Vec::new();
    let mut has_reasoning = false;
    for segment in segments {
        match segment {
            ContentSegment::ToolCalls { dialect, .. } => {
                let parser = dialect::tool_parser_for(dialect);
                leaked.tool_parser = leaked.tool_parser.or(parser);
            }
            ContentSegment::Unreadable(call) => {
                leaked.tool_parser.get_or_insert(call.family.tool_parser);
            }
            ContentSegment::Marker(mark) if !mark.trim().is_empty() => {
                marks.push(mark.trim().to_owned());
            }
            ContentSegment::Reasoning(..) => has_reasoning = true,
            ContentSegment::Marker(_) | ContentSegment::Text(_) | ContentSegment::Restart => {}
        }
    }
    let first_mark = marks.into_iter().next();
    if has_reasoning {
        leaked.reasoning_mark = first_mark;
    } else {
        leaked.token = first_mark;
    }
    leaked
}

#[cfg(test)]
mod tests {
    use openclaw_core::ToolName;
    use serde_json::json;

    use super::*;

    #[test]
    fn markup_is_reported_by_its_kind() {
        let tool = ToolSpec {
            name: ToolName::new("report").unwrap(),
            description: "A tool.".into(),
            parameters: Arc::new(json!({"properties": {"ok": {"type": "boolean"}}})),
        };
        let table = [
            ("All is well.", None, None, None),
            ("`<|im_end|>` ends it.", None, None, None),
            ("Done.<|im_end|>", None, None, Some("<|im_end|>")),
            ("<think>hm</think>42", None, Some("<think>"), None),
            ("hm</think>42", None, Some("</think>"), None),
            ("<tool_call>report\n<arg_key>ok</arg_key>", Some("glm45"), None, None),
            ("<tool_call>{\"name\": \"report\", \"arguments\": {}}", Some("hermes"), None, None),
            ("[TOOL_CALLS]rm{}", Some("mistral"), None, None),
        ];
        for (text, tool_parser, reasoning_mark, token) in table {
            let expected = LeakedMarkup {
                tool_parser,
                reasoning_mark: reasoning_mark.map(str::to_owned),
                token: token.map(str::to_owned),
            };
            assert_eq!(find_leaked_markup(text, [tool.clone()].into()), expected, "{text}");
        }
    }
}
