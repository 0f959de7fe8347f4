//! Families that write calls as JSON objects between marks.

use super::{BASE, json, section};
use crate::dialect::family::{CallFamily, CallGrammar};
use crate::dialect::json_call::JsonCallSyntax;

/// These families.
pub(super) static FAMILIES: &[CallFamily] = &[
    CallFamily {
        name: "hermes",
        tool_parser: "hermes",
        reasoning_parser: "qwen3",
        call_marks: &["<tool_call>"],
        grammar: json("<tool_call>", &["</tool_call>"]),
        ..BASE
    },
    CallFamily {
        name: "hunyuan",
        tool_parser: "hunyuan_a13b",
        reasoning_parser: "hunyuan_a13b",
        section: section(&["<tool_calls>"], &["</tool_calls>"]),
        ..BASE
    },
    CallFamily {
        name: "mistral",
        tool_parser: "mistral",
        reasoning_parser: "mistral",
        section: section(&["[TOOL_CALLS]"], &[]),
        ..BASE
    },
    CallFamily {
        name: "dots",
        tool_parser: "dots",
        section: section(&["<dots_function_call>"], &["</dots_function_call>"]),
        ..BASE
    },
    CallFamily {
        name: "k2 horizon",
        tool_parser: "k2_horizon",
        reasoning_parser: "k2_horizon",
        section: section(&["<ifm|tool_calls>"], &["</ifm|tool_calls>"]),
        call_marks: &["<ifm|tool_call>"],
        grammar: json("<ifm|tool_call>", &["</ifm|tool_call>"]),
        ..BASE
    },
    CallFamily {
        name: "granite",
        tool_parser: "granite",
        reasoning_parser: "granite",
        section: section(&["<|tool_call|>"], &["<|/tool_call|>"]),
        ..BASE
    },
    CallFamily {
        name: "granite 20b",
        tool_parser: "granite-20b-fc",
        call_marks: &["<function_call>"],
        grammar: json("<function_call>", &["</function_call>"]),
        ..BASE
    },
    CallFamily {
        name: "phi 4 mini",
        tool_parser: "phi4_mini_json",
        section: section(&["functools"], &[]),
        ..BASE
    },
    CallFamily {
        name: "internlm",
        tool_parser: "internlm",
        section: section(&["<|action_start|><|plugin|>"], &["<|action_end|>"]),
        ..BASE
    },
    CallFamily {
        name: "longcat",
        tool_parser: "longcat",
        call_marks: &["<longcat_tool_call>"],
        grammar: json("<longcat_tool_call>", &["</longcat_tool_call>"]),
        ..BASE
    },
    CallFamily {
        name: "apertus",
        tool_parser: "apertus",
        section: section(&["<|tools_prefix|>"], &["<|tools_suffix|>"]),
        grammar: CallGrammar::KeyedJson,
        ..BASE
    },
    CallFamily {
        name: "gigachat 3",
        tool_parser: "gigachat3",
        section: section(&["<|function_call|>", "function call<|role_sep|>"], &[]),
        ..BASE
    },
    CallFamily {
        name: "cohere command",
        tool_parser: "cohere_command3",
        reasoning_parser: "cohere_command3",
        section: section(&["<|START_ACTION|>"], &["<|END_ACTION|>"]),
        ..BASE
    },
    CallFamily {
        name: "inkling",
        tool_parser: "inkling",
        reasoning_parser: "inkling",
        section: section(&["<|content_invoke_tool_json|>"], &["<|end_message|>"]),
        ..BASE
    },
    CallFamily {
        name: "llama 3",
        tool_parser: "llama3_json",
        section: section(&["<|python_tag|>"], &[]),
        grammar: CallGrammar::Json(JsonCallSyntax { begin: "", ends: &[], is_repeated: true }),
        ..BASE
    },
];
