//! The families whose tool calls are understood, as of vLLM 0.32.
//!
//! Families that share a mark stand in the order in which they are tried.

use super::braced::BracedSyntax;
use super::elements;
use super::family::{CallFamily, CallGrammar, MarkPair};
use super::json_call::JsonCallSyntax;
use super::named_json::NamedJsonSyntax;
use super::pairs::PairSyntax;
use super::tags::{TagSyntax, ValuePadding};

const NO_SECTION: MarkPair = MarkPair { opens: &[], closes: &[] };

/// Fields that most families leave as they are.
const BASE: CallFamily = CallFamily {
    name: "",
    tool_parser: "",
    reasoning_parser: "",
    section: NO_SECTION,
    call_marks: &[],
    is_whole_text: false,
    grammar: JSON,
};

const JSON: CallGrammar = json("", &[]);

const fn json(begin: &'static str, ends: &'static [&'static str]) -> CallGrammar {
    CallGrammar::Json(JsonCallSyntax { begin, ends, is_repeated: false })
}

const fn section(opens: &'static [&'static str], closes: &'static [&'static str]) -> MarkPair {
    MarkPair { opens, closes }
}

const fn named_json(
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

/// `<invoke name="…"><parameter name="…">…</parameter></invoke>`.
const INVOKE: TagSyntax = TagSyntax {
    preface: "",
    function_starts: &["<invoke name="],
    tag_end: ">",
    function_ends: &["</invoke>"],
    parameter_starts: &["<parameter name="],
    parameter_end: "</parameter>",
    padding: ValuePadding::Nothing,
};

/// `<function=…><parameter=…>…</parameter></function>`.
const FUNCTION: TagSyntax = TagSyntax {
    function_starts: &["<function="],
    function_ends: &["</function>"],
    parameter_starts: &["<parameter="],
    padding: ValuePadding::LineBreaks,
    ..INVOKE
};

const DEEPSEEK_SECTION: MarkPair = section(&["<｜tool▁calls▁begin｜>"], &["<｜tool▁calls▁end｜>"]);

const HARMONY_BEGINS: &[&str] =
    &["<|channel|>commentary to=", "<|channel|>analysis to=", "<|start|>assistant to="];

/// All families.
pub(super) static CALL_FAMILIES: &[CallFamily] = &[
    CallFamily {
        name: "hermes",
        tool_parser: "hermes",
        reasoning_parser: "qwen3",
        call_marks: &["<tool_call>"],
        grammar: json("<tool_call>", &["</tool_call>"]),
        ..BASE
    },
    CallFamily {
        name: "qwen3-xml",
        tool_parser: "qwen3_coder",
        reasoning_parser: "qwen3",
        section: section(&["<tool_call>"], &["</tool_call>"]),
        call_marks: &["<function="],
        grammar: CallGrammar::Tags(TagSyntax {
            function_ends: &["</function>", "</tool_call>"],
            ..FUNCTION
        }),
        ..BASE
    },
    CallFamily {
        name: "glm",
        tool_parser: "glm45",
        reasoning_parser: "glm45",
        call_marks: &["<tool_call>"],
        grammar: xml_pairs(&["</tool_call>"]),
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
        name: "deepseek v3.2",
        tool_parser: "deepseek_v32",
        reasoning_parser: "deepseek_v3",
        section: section(&["<｜DSML｜function_calls>"], &["</｜DSML｜function_calls>"]),
        call_marks: &["<｜DSML｜invoke name="],
        grammar: CallGrammar::Tags(DSML),
        ..BASE
    },
    CallFamily {
        name: "deepseek v4",
        tool_parser: "deepseek_v4",
        reasoning_parser: "deepseek_v4",
        section: section(
            &["<｜DSML｜tool_calls>", "<｜DSML｜toolcalls>", "<｜DSML｜tool>"],
            &["</｜DSML｜tool_calls>", "</｜DSML｜toolcalls>", "</｜DSML｜tool>"],
        ),
        grammar: CallGrammar::Tags(DSML),
        ..BASE
    },
    CallFamily {
        name: "deepseek v4.1",
        tool_parser: "deepseek_v41",
        reasoning_parser: "deepseek_v41",
        section: section(&["<｜DSML｜ calls>"], &["</｜DSML｜ calls>"]),
        call_marks: &["<｜DSML｜ invoke name="],
        grammar: CallGrammar::Tags(TagSyntax {
            function_starts: &["<｜DSML｜ invoke name="],
            function_ends: &["</｜DSML｜ invoke>"],
            parameter_starts: &["<｜DSML｜ parameter name="],
            parameter_end: "</｜DSML｜ parameter>",
            ..INVOKE
        }),
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
        name: "kimi k3",
        tool_parser: "kimi_k3",
        reasoning_parser: "kimi_k3",
        section: section(&["<|open|>tools<|sep|>"], &["<|close|>tools<|sep|>"]),
        call_marks: &["<|open|>call tool="],
        grammar: CallGrammar::Tags(TagSyntax {
            function_starts: &["<|open|>call tool="],
            tag_end: "<|sep|>",
            function_ends: &["<|close|>call<|sep|>"],
            parameter_starts: &["<|open|>argument key="],
            parameter_end: "<|close|>argument<|sep|>",
            ..INVOKE
        }),
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
        name: "minimax m2",
        tool_parser: "minimax_m2",
        reasoning_parser: "minimax_m2",
        section: section(&["<minimax:tool_call>"], &["</minimax:tool_call>"]),
        call_marks: &["<invoke name="],
        grammar: CallGrammar::Tags(INVOKE),
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
        name: "invoke tags",
        tool_parser: "minimax_m2",
        section: section(&["<function_calls>"], &["</function_calls>"]),
        grammar: CallGrammar::Tags(INVOKE),
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
        name: "dots",
        tool_parser: "dots",
        section: section(&["<dots_function_call>"], &["</dots_function_call>"]),
        grammar: CallGrammar::Tags(TagSyntax { padding: ValuePadding::WhiteSpace, ..INVOKE }),
        ..BASE
    },
    CallFamily {
        name: "dots",
        tool_parser: "dots",
        section: section(&["<dots_function_call>"], &["</dots_function_call>"]),
        ..BASE
    },
    CallFamily {
        name: "muse glimmer",
        tool_parser: "muse_glimmer",
        reasoning_parser: "muse_glimmer",
        section: section(&["<atem:function_calls>"], &["</atem:function_calls>"]),
        call_marks: &["<atem:invoke name="],
        grammar: CallGrammar::Tags(TagSyntax {
            function_starts: &["<atem:invoke name="],
            function_ends: &["</atem:invoke>"],
            parameter_starts: &["<atem:parameter name="],
            parameter_end: "</atem:parameter>",
            ..INVOKE
        }),
        ..BASE
    },
    CallFamily {
        name: "minicpm 5",
        tool_parser: "minicpm5",
        call_marks: &["<function name="],
        grammar: CallGrammar::Tags(TagSyntax {
            function_starts: &["<function name="],
            function_ends: &["</function>"],
            parameter_starts: &["<param name="],
            parameter_end: "</param>",
            ..INVOKE
        }),
        ..BASE
    },
    CallFamily {
        name: "seed-oss",
        tool_parser: "seed_oss",
        reasoning_parser: "seed_oss",
        section: section(&["<seed:tool_call>"], &["</seed:tool_call>"]),
        grammar: CallGrammar::Tags(FUNCTION),
        ..BASE
    },
    CallFamily {
        name: "step 3",
        tool_parser: "step3",
        reasoning_parser: "step3",
        section: section(&["<｜tool_calls_begin｜>"], &["<｜tool_calls_end｜>"]),
        call_marks: &["<｜tool_call_begin｜>"],
        grammar: CallGrammar::Tags(TagSyntax {
            preface: "<｜tool_call_begin｜>function<｜tool_sep｜>",
            function_starts: &["<steptml:invoke name="],
            function_ends: &["</steptml:invoke>", "<｜tool_call_end｜>"],
            parameter_starts: &["<steptml:parameter name="],
            parameter_end: "</steptml:parameter>",
            padding: ValuePadding::WhiteSpace,
            ..INVOKE
        }),
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
        name: "k2 horizon",
        tool_parser: "k2_horizon",
        reasoning_parser: "k2_horizon",
        section: section(&["<ifm|tool_calls>"], &["</ifm|tool_calls>"]),
        call_marks: &["<ifm|tool_call>"],
        grammar: json("<ifm|tool_call>", &["</ifm|tool_call>"]),
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
        name: "granite",
        tool_parser: "granite",
        reasoning_parser: "granite",
        section: section(&["<|tool_call|>"], &[]),
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
    CallFamily {
        name: "llama 3",
        tool_parser: "llama3_json",
        section: section(&["<|python_tag|>"], &[]),
        grammar: CallGrammar::Json(JsonCallSyntax { begin: "", ends: &[], is_repeated: true }),
        ..BASE
    },
    CallFamily {
        name: "bare JSON",
        tool_parser: "llama3_json",
        is_whole_text: true,
        grammar: CallGrammar::Json(JsonCallSyntax { begin: "", ends: &[], is_repeated: true }),
        ..BASE
    },
    CallFamily {
        name: "name and JSON",
        tool_parser: "mistral",
        reasoning_parser: "mistral",
        is_whole_text: true,
        grammar: named_json(&[], &["[ARGS]"], &[]),
        ..BASE
    },
    CallFamily {
        name: "harmony without its marks",
        tool_parser: "openai",
        reasoning_parser: "openai_gptoss",
        is_whole_text: true,
        grammar: named_json(&["assistantcommentary to=", "commentary to="], &["json", "code"], &[]),
        ..BASE
    },
    CallFamily {
        name: "pythonic",
        tool_parser: "pythonic",
        is_whole_text: true,
        grammar: CallGrammar::Python,
        ..BASE
    },
    CallFamily {
        name: "fenced JSON",
        tool_parser: "xlam",
        section: section(&["```json", "```"], &["```"]),
        is_whole_text: true,
        ..BASE
    },
];

/// `<｜DSML｜invoke name="…"><｜DSML｜parameter name="…" string="true">…`.
const DSML: TagSyntax = TagSyntax {
    function_starts: &["<｜DSML｜invoke name="],
    function_ends: &["</｜DSML｜invoke>"],
    parameter_starts: &["<｜DSML｜parameter name="],
    parameter_end: "</｜DSML｜parameter>",
    ..INVOKE
};
