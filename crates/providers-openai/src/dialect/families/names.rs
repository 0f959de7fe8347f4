//! Families that write a name and the arguments behind it: as JSON, as pairs of tags, as a Python
//! call, in braces or as elements.

use super::{BASE, section};
use crate::dialect::braced::BracedSyntax;
use crate::dialect::elements;
use crate::dialect::family::{CallFamily, CallGrammar, MarkPair};
use crate::dialect::named_json::NamedJsonSyntax;
use crate::dialect::pairs::PairSyntax;

const DEEPSEEK_SECTION: MarkPair = section(&["<｜tool▁calls▁begin｜>"], &["<｜tool▁calls▁end｜>"]);

const HARMONY_BEGINS: &[&str] = &[
    "<|channel|>commentary to=",
    "<|channel|>analysis to=",
    "<|channel|>final to=",
    "<|start|>assistant to=",
];

pub(super) const fn named_json(
    begins: &'static [&'static str],
    separators: &'static [&'static str],
    ends: &'static [&'static str],
) -> CallGrammar {
    CallGrammar::NamedJson(NamedJsonSyntax { begins, header_end: "", separators, ends })
}

const fn xml_pairs(ends: &'static [&'static str]) -> CallGrammar {
    CallGrammar::Pairs(PairSyntax {
        call: "tool_call",
        separator: "tool_sep",
        key: "arg_key",
        kind: "arg_type",
        value: "arg_value",
        ends,
    })
}

/// These families.
pub(super) static FAMILIES: &[CallFamily] = &[
    CallFamily {
        name: "glm",
        tool_parser: "glm45",
        reasoning_parser: "glm45",
        call_marks: &["<tool_call>"],
        grammar: xml_pairs(&["</tool_call>"]),
        ..BASE
    },
    CallFamily {
        name: "hunyuan v3",
        tool_parser: "hy_v3",
        reasoning_parser: "hy_v3",
        section: section(&["<tool_calls>"], &["</tool_calls>"]),
        grammar: xml_pairs(&["</tool_call>"]),
        ..BASE
    },
    CallFamily {
        name: "hunyuan v4",
        tool_parser: "hy_v4",
        reasoning_parser: "hy_v4",
        call_marks: &["<tool_call:"],
        grammar: xml_pairs(&["</tool_call:"]),
        ..BASE
    },
    CallFamily {
        name: "mistral",
        tool_parser: "mistral",
        reasoning_parser: "mistral",
        section: section(&["[TOOL_CALLS]"], &[]),
        grammar: named_json(&[], &["[ARGS]"], &[]),
        ..BASE
    },
    CallFamily {
        name: "deepseek v3",
        tool_parser: "deepseek_v3",
        reasoning_parser: "deepseek_r1",
        section: DEEPSEEK_SECTION,
        call_marks: &["<｜tool▁call▁begin｜>function<｜tool▁sep｜>"],
        grammar: named_json(
            &["<｜tool▁call▁begin｜>function<｜tool▁sep｜>"],
            &["```json"],
            &["```", "<｜tool▁call▁end｜>"],
        ),
        ..BASE
    },
    CallFamily {
        name: "deepseek v3.1",
        tool_parser: "deepseek_v31",
        reasoning_parser: "deepseek_v3",
        section: DEEPSEEK_SECTION,
        call_marks: &["<｜tool▁call▁begin｜>"],
        grammar: named_json(
            &["<｜tool▁call▁begin｜>"],
            &["<｜tool▁sep｜>"],
            &["<｜tool▁call▁end｜>"],
        ),
        ..BASE
    },
    CallFamily {
        name: "kimi k2",
        tool_parser: "kimi_k2",
        reasoning_parser: "kimi_k2",
        section: section(&["<|tool_calls_section_begin|>"], &["<|tool_calls_section_end|>"]),
        call_marks: &["<|tool_call_begin|>"],
        grammar: named_json(
            &["<|tool_call_begin|>"],
            &["<|tool_call_argument_begin|>"],
            &["<|tool_call_end|>"],
        ),
        ..BASE
    },
    CallFamily {
        name: "harmony",
        tool_parser: "openai",
        reasoning_parser: "openai_gptoss",
        call_marks: HARMONY_BEGINS,
        grammar: CallGrammar::NamedJson(NamedJsonSyntax {
            begins: HARMONY_BEGINS,
            header_end: "<|message|>",
            separators: &[],
            ends: &["<|call|>"],
        }),
        ..BASE
    },
    CallFamily {
        name: "minimax m3",
        tool_parser: "minimax_m3",
        reasoning_parser: "minimax_m3",
        section: section(&["]<]minimax[>[<tool_call>"], &["]<]minimax[>[</tool_call>"]),
        call_marks: &[elements::CALL_START],
        grammar: CallGrammar::Elements,
        ..BASE
    },
    CallFamily {
        name: "olmo 3",
        tool_parser: "olmo3",
        reasoning_parser: "olmo3",
        section: section(&["<function_calls>"], &["</function_calls>"]),
        grammar: CallGrammar::Python,
        ..BASE
    },
    CallFamily {
        name: "k2 horizon",
        tool_parser: "k2_horizon",
        reasoning_parser: "k2_horizon",
        section: section(&["<ifm|tool_calls>"], &["</ifm|tool_calls>"]),
        call_marks: &["<ifm|tool_call>"],
        grammar: CallGrammar::Pairs(PairSyntax {
            call: "ifm|tool_call",
            separator: "ifm|tool_sep",
            key: "ifm|arg_key",
            kind: "ifm|arg_type",
            value: "ifm|arg_value",
            ends: &["</ifm|tool_call>"],
        }),
        ..BASE
    },
    CallFamily {
        name: "plamo 3",
        tool_parser: "plamo3",
        reasoning_parser: "plamo3",
        section: section(
            &["<|plamo:begin_tool_requests:plamo|>"],
            &["<|plamo:end_tool_requests:plamo|>"],
        ),
        call_marks: &["<|plamo:begin_tool_request:plamo|>"],
        grammar: named_json(
            &["<|plamo:begin_tool_request:plamo|><|plamo:begin_tool_name:plamo|>"],
            &[
                "<|plamo:end_tool_name:plamo|>",
                "<|plamo:begin_tool_arguments:plamo|>",
                "<|plamo:constrain|>",
                "json",
                "<|plamo:msg|>",
            ],
            &["<|plamo:end_tool_arguments:plamo|>", "<|plamo:end_tool_request:plamo|>"],
        ),
        ..BASE
    },
    CallFamily {
        name: "gemma 4",
        tool_parser: "gemma4",
        reasoning_parser: "gemma4",
        call_marks: &["<|tool_call>"],
        grammar: CallGrammar::Braced(BracedSyntax {
            begin: "<|tool_call>",
            quote: "<|\"|>",
            ends: &["<tool_call|>"],
        }),
        ..BASE
    },
    CallFamily {
        name: "functiongemma",
        tool_parser: "functiongemma",
        call_marks: &["<start_function_call>"],
        grammar: CallGrammar::Braced(BracedSyntax {
            begin: "<start_function_call>",
            quote: "<escape>",
            ends: &["<end_function_call>"],
        }),
        ..BASE
    },
    CallFamily {
        name: "lfm2",
        tool_parser: "lfm2",
        section: section(&["<|tool_call_start|>"], &["<|tool_call_end|>"]),
        grammar: CallGrammar::Python,
        ..BASE
    },
    CallFamily {
        name: "llama 4",
        tool_parser: "llama4_pythonic",
        section: section(&["<|python_start|>"], &["<|python_end|>"]),
        grammar: CallGrammar::Python,
        ..BASE
    },
];
