//! Who thinks: a script, or a few rules that understand plain requests for tools.

mod rules;

use crate::Reply;

pub(crate) use rules::{Question, by_rules};

/// Where the answers to chat completions come from.
#[derive(Debug, Clone, Default)]
pub enum Brain {
    /// Each request takes the next reply; when none is left, the answer is a 500 that says so.
    ///
    /// Requests that vLLM would refuse take none, unless the next reply is a plain HTTP response.
    Script(Vec<Reply>),
    /// Replies that were pushed come first. Then the last user message decides:
    ///
    /// - `write TEXT to PATH`, `read PATH`, `run COMMAND` and `replace OLD with NEW in PATH`,
    ///   joined by ` then `, become calls of the tools `write`, `read`, `exec` and `edit`, if they
    ///   are offered: one a turn, the next one after its result. A path to `read` ends before
    ///   ` and `. After the last result comes a
    ///   sentence that quotes the result's first line.
    /// - `reply exactly: TEXT` and `reply with exactly: TEXT` are answered with that text, after
    ///   any steps in front of them.
    /// - ``call the tool `NAME` with `KEY` set to VALUE`` becomes that call, if the tool is offered.
    /// - Anything else gets a sentence that repeats its first words.
    ///
    /// With `continue_final_message`, only the rest of such a text comes after a last message that
    /// it begins with.
    #[default]
    Rules,
}
