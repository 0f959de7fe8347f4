//! Formats that belong to no family of vLLM's: tags of servers, of clients and of models that write
//! a family's marks in another way. Other text may have most of these marks.

use super::names::named_json;
use super::tags::INVOKE;
use super::{BASE, json, section};
use crate::dialect::family::{CallFamily, CallGrammar};
use crate::dialect::tags::TagSyntax;

/// `<tool_call name="NAME">`, with tags of parameters or JSON inside, closed by one of these.
const fn named_tag(function_ends: &'static [&'static str]) -> CallGrammar {
    CallGrammar::Tags(TagSyntax {
        function_starts: &[
            "<tool_call name=",
            "<function_call name=",
            "<tool_use name=",
            "<tool name=",
            "<call name=",
        ],
        function_ends,
        parameter_starts: &["<parameter name=", "<param name=", "<arg name="],
        ..INVOKE
    })
}

/// These formats.
pub(super) static FAMILIES: &[CallFamily] = &[
    CallFamily {
        name: "tags of calls",
        tool_parser: "hermes",
        section: section(
            &[
                "<TOOL_CALL>",
                "<TOOLCALL>",
                "<Tool_Call>",
                "<ToolCall>",
                "<toolcall>",
                "<tool-call>",
                "[TOOL_REQUEST]",
                "[TOOL_CALL]",
                "[tool_call]",
            ],
            &[
                "</TOOL_CALL>",
                "</TOOLCALL>",
                "</Tool_Call>",
                "</ToolCall>",
                "</toolcall>",
                "</tool-call>",
                "[END_TOOL_REQUEST]",
                "[/TOOL_CALL]",
                "[/tool_call]",
            ],
        ),
        has_common_marks: true,
        ..BASE
    },
    CallFamily {
        name: "tags of tools",
        tool_parser: "hermes",
        section: section(
            &["<tools>", "<tool_use>", "<tool>"],
            &["</tools>", "</tool_use>", "</tool>"],
        ),
        has_common_marks: true,
        ..BASE
    },
    CallFamily {
        name: "doubled tags",
        tool_parser: "hermes",
        section: section(
            &["<tool_calls>", "<function_calls>", "<tool_call>"],
            &["</tool_calls>", "</function_calls>", "</tool_call>"],
        ),
        grammar: json("<tool_call>", &["</tool_call>"]),
        has_common_marks: true,
        ..BASE
    },
    CallFamily {
        name: "name and JSON in tags",
        tool_parser: "hermes",
        call_marks: &["<tool_call>"],
        grammar: named_json(&["<tool_call>"], &[], &["</tool_call>"]),
        has_common_marks: true,
        ..BASE
    },
    CallFamily {
        name: "invoke in tags",
        tool_parser: "minimax_m2",
        section: section(
            &["<tool_calls>", "<tool_call>", "<tool_use>"],
            &["</tool_calls>", "</tool_call>", "</tool_use>"],
        ),
        grammar: CallGrammar::Tags(INVOKE),
        has_common_marks: true,
        ..BASE
    },
    CallFamily {
        name: "tag with a name",
        tool_parser: "hermes",
        call_marks: &[
            "<tool_call name=",
            "<function_call name=",
            "<tool_use name=",
            "<tool name=",
            "<call name=",
        ],
        grammar: named_tag(&["</tool_call>"]),
        has_common_marks: true,
        ..BASE
    },
    CallFamily {
        name: "tag with a name",
        tool_parser: "hermes",
        call_marks: &["<function_call name="],
        grammar: named_tag(&["</function_call>"]),
        has_common_marks: true,
        ..BASE
    },
    CallFamily {
        name: "tag with a name",
        tool_parser: "hermes",
        call_marks: &["<tool_use name=", "<tool name="],
        grammar: named_tag(&["</tool_use>"]),
        has_common_marks: true,
        ..BASE
    },
    CallFamily {
        name: "tag with a name",
        tool_parser: "hermes",
        call_marks: &["<tool name="],
        grammar: named_tag(&["</tool>"]),
        has_common_marks: true,
        ..BASE
    },
    CallFamily {
        name: "elements of a call",
        tool_parser: "hermes",
        call_marks: &["<tool_use>", "<tool_call>"],
        grammar: named_json(
            &["<tool_use>\n<name>", "<tool_use><name>", "<tool_call>\n<name>", "<tool_call><name>"],
            &["</name>", "<arguments>", "<parameters>"],
            &["</arguments>", "</parameters>", "</tool_use>", "</tool_call>"],
        ),
        has_common_marks: true,
        ..BASE
    },
    CallFamily {
        name: "tool code",
        tool_parser: "pythonic",
        section: section(&["<tool_code>"], &["</tool_code>"]),
        grammar: CallGrammar::Python,
        has_common_marks: true,
        ..BASE
    },
    CallFamily {
        name: "llama 3 code",
        tool_parser: "llama3_json",
        section: section(&["<|python_tag|>"], &[]),
        grammar: CallGrammar::Python,
        has_common_marks: true,
        ..BASE
    },
    CallFamily {
        name: "deepseek with other bars",
        tool_parser: "deepseek_v3",
        reasoning_parser: "deepseek_r1",
        section: section(&["<|tool_calls_begin|>"], &["<|tool_calls_end|>"]),
        call_marks: &["<|tool_call_begin|>"],
        grammar: named_json(
            &["<|tool_call_begin|>function<|tool_sep|>", "<|tool_call_begin|>"],
            &["<|tool_sep|>", "```json"],
            &["```", "<|tool_call_end|>"],
        ),
        ..BASE
    },
    CallFamily {
        name: "deepseek with other bars",
        tool_parser: "deepseek_v3",
        reasoning_parser: "deepseek_r1",
        section: section(&["<|tool▁calls▁begin|>"], &["<|tool▁calls▁end|>"]),
        call_marks: &["<|tool▁call▁begin|>"],
        grammar: named_json(
            &["<|tool▁call▁begin|>function<|tool▁sep|>", "<|tool▁call▁begin|>"],
            &["<|tool▁sep|>", "```json"],
            &["```", "<|tool▁call▁end|>"],
        ),
        ..BASE
    },
    CallFamily {
        name: "kimi k2",
        tool_parser: "kimi_k2",
        reasoning_parser: "kimi_k2",
        section: section(&["<|tool_call_section_begin|>"], &["<|tool_call_section_end|>"]),
        grammar: named_json(
            &["<|tool_call_begin|>"],
            &["<|tool_call_argument_begin|>"],
            &["<|tool_call_end|>"],
        ),
        ..BASE
    },
    CallFamily {
        name: "qwen agent",
        tool_parser: "hermes",
        call_marks: &["✿FUNCTION✿"],
        grammar: named_json(
            &["✿FUNCTION✿:", "✿FUNCTION✿"],
            &["✿ARGS✿:", "✿ARGS✿"],
            &["✿RESULT✿:", "✿RESULT✿"],
        ),
        ..BASE
    },
];
