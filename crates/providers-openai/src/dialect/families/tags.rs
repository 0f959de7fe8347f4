//! Families that write a function and its parameters as tags.

use super::{BASE, section};
use crate::dialect::family::{CallFamily, CallGrammar};
use crate::dialect::tags::{TagSyntax, ValuePadding};

/// `<invoke name="…"><parameter name="…">…</parameter></invoke>`.
pub(super) const INVOKE: TagSyntax = TagSyntax {
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

/// `<｜DSML｜invoke name="…"><｜DSML｜parameter name="…" string="true">…`.
const DSML: TagSyntax = TagSyntax {
    function_starts: &["<｜DSML｜invoke name="],
    function_ends: &["</｜DSML｜invoke>"],
    parameter_starts: &["<｜DSML｜parameter name="],
    parameter_end: "</｜DSML｜parameter>",
    ..INVOKE
};

/// These families.
pub(super) static FAMILIES: &[CallFamily] = &[
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
        name: "minimax m2",
        tool_parser: "minimax_m2",
        reasoning_parser: "minimax_m2",
        section: section(&["<minimax:tool_call>"], &["</minimax:tool_call>"]),
        call_marks: &["<invoke name="],
        grammar: CallGrammar::Tags(TagSyntax { padding: ValuePadding::LineBreaks, ..INVOKE }),
        ..BASE
    },
    CallFamily {
        name: "invoke tags",
        tool_parser: "minimax_m2",
        section: section(&["<function_calls>"], &["</function_calls>"]),
        grammar: CallGrammar::Tags(TagSyntax { padding: ValuePadding::LineBreaks, ..INVOKE }),
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
];
