//! Tokens of chat templates that a server left in the text: ends of a turn, heads of a message, and
//! marks around an answer.
//!
//! They belong to the template and never to an answer. In code and in quotes they are text, and so
//! are, between other words, those that text may well have (`</s>`, `[/INST]`).

use crate::reasoning_tags::{TagMatch, match_mark};

/// Tokens that no other text has. One that ends in `:` is followed by any suffix and `>`.
const SPECIAL_TOKENS: &[&str] = &[
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<|begin_of_text|>",
    "<|endoftext|>",
    "<|startoftext|>",
    "<|end_of_turn|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|eot|>",
    "<|eom|>",
    "<|eos|>",
    "<|END_OF_TURN_TOKEN|>",
    "<|START_OF_TURN_TOKEN|>",
    "<|CHATBOT_TOKEN|>",
    "<|START_RESPONSE|>",
    "<|END_RESPONSE|>",
    "<|START_TEXT|>",
    "<|END_TEXT|>",
    "<|message_sep|>",
    "<|message_model|>",
    "<|content_text|>",
    "<|end_message|>",
    "<|content_model_end_sampling|>",
    "<|open|>response<|sep|>",
    "<|close|>response<|sep|>",
    "<|close|>message<|sep|>",
    "<|plamo:tag|>",
    "<|im_middle|>",
    "<end_of_turn>",
    "<turn|>",
    "<|begin_of_box|>",
    "<|end_of_box|>",
    "<|begin_of_solution|>",
    "<|end_of_solution|>",
    "<think/>",
    "<think />",
    "<seed:eos>",
    "<seed:bos>",
    "<｜end▁of▁sentence｜>",
    "<｜begin▁of▁sentence｜>",
    "<｜end▁of▁turn｜>",
    "[e~[",
    // What may be left of a section of tool calls.
    "<|tool_calls_section_end|>",
    "<|tool_call_end|>",
    "<｜tool▁calls▁end｜>",
    "<｜tool▁call▁end｜>",
    "<|tool▁calls▁end|>",
    "<|tool▁call▁end|>",
    "<|tool_calls_end|>",
    "<|end▁of▁sentence|>",
    "<｜tool_calls_end｜>",
    "<|tools_suffix|>",
    "<|action_end|>",
    "<|python_end|>",
    "<tool_call|>",
    "<tool_calls:",
    "</tool_calls:",
];

/// Heads of a message: what opens one, before the name of the role, and what ends it.
const MESSAGE_HEADS: &[(&str, &str)] = &[
    ("<|im_start|>", ""),
    ("<|start_header_id|>", "<|end_header_id|>"),
    ("<|header_start|>", "<|header_end|>"),
    ("<|start_of_role|>", "<|end_of_role|>"),
    ("<|start|>", ""),
    ("<start_of_turn>", ""),
    ("<|turn>", ""),
    ("]~b]", ""),
];

/// Tokens that are the head of a message by themselves, and whether it is the model's.
const ROLE_TOKENS: &[(&str, bool)] = &[
    ("<|assistant|>", true),
    ("<|user|>", false),
    ("<|system|>", false),
    ("<|observation|>", false),
    ("<|im_assistant|>", true),
    ("<|im_user|>", false),
    ("<|im_system|>", false),
    ("<|USER_TOKEN|>", false),
    ("<|SYSTEM_TOKEN|>", false),
    ("<｜Assistant｜>", true),
    ("<｜User｜>", false),
];

/// The names of the model's role.
const MODEL_ROLES: &[&str] = &["assistant", "model", "ai"];

/// The names of other roles.
const OTHER_ROLES: &[&str] =
    &["user", "system", "developer", "tool", "ipython", "environment", "observation", "human"];

/// The head of a message's channel, up to its name, and its end.
const CHANNEL_HEAD: &str = "<|channel|>";
const CHANNEL_HEAD_END: &str = "<|message|>";

/// Tokens that other text may have: only at the end of an answer do they belong to the template.
const TAIL_TOKENS: &[&str] = &[
    "</s>",
    "<s>",
    "[/INST]",
    "<eos>",
    "<bos>",
    "<pad>",
    "<unk>",
    "[EOS]",
    "[DONE]",
    "<im_end>",
    "</assistant>",
    "<|endofprompt|>",
    // What closes reasoning once more.
    "</think>",
    "</thinking>",
];

/// Tokens that other text may have, but not at its beginning.
const START_TOKENS: &[&str] = &["<s>", "<bos>", "<pad>", "<eos>", "[/INST]"];

/// The token before a user's message in the templates that also end theirs with one.
const USER_TAIL_TOKEN: &str = "[INST]";

/// The longest head of a message, in bytes.
const MAX_HEAD_BYTES: usize = 96;

/// A token of a template at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenMatch {
    /// None.
    NoToken,
    /// Perhaps one; the text is too short to tell.
    Partial,
    /// A token of this many bytes.
    Token(usize),
    /// The head of a message of the model, or of its channel, of this many bytes.
    ModelHead(usize),
    /// The head of a message that is not the model's, of this many bytes.
    OtherHead(usize),
    /// The end of the answer, with the head of a message behind it that is not the model's.
    EndOfAnswer,
}

/// The texts that tokens begin with.
pub(crate) fn token_starts() -> impl Iterator<Item = &'static str> {
    let heads = MESSAGE_HEADS.iter().map(|(open, _)| *open);
    let roles = ROLE_TOKENS.iter().map(|(token, _)| *token);
    let others = [CHANNEL_HEAD, USER_TAIL_TOKEN, "<|", "<｜", "<unused"];
    SPECIAL_TOKENS.iter().chain(TAIL_TOKENS).copied().chain(heads).chain(roles).chain(others)
}

/// Matches a token at the beginning of a text. With `is_end` no more text follows. More text never
/// changes a decision.
pub(crate) fn match_token(text: &str, is_end: bool) -> TokenMatch {
    let found = match_inner_token(text, is_end);
    if found != TokenMatch::NoToken {
        return found;
    }
    match_tail(text, is_end)
}

/// Matches a token at the beginning of an answer, where it can only be one.
pub(crate) fn match_start_token(text: &str) -> TagMatch<()> {
    let found = START_TOKENS.iter().find(|token| text.starts_with(**token));
    match found {
        Some(token) => TagMatch::Complete((), token.len()),
        None if START_TOKENS.iter().any(|token| token.starts_with(text)) => TagMatch::Partial,
        None => TagMatch::Mismatch,
    }
}

/// Matches a token that stands for itself wherever it is.
fn match_inner_token(text: &str, is_end: bool) -> TokenMatch {
    let mut is_partial = false;
    for token in SPECIAL_TOKENS {
        match match_mark(text, token) {
            TagMatch::Complete((), len) => return TokenMatch::Token(len),
            TagMatch::Partial => is_partial = true,
            TagMatch::Mismatch => {}
        }
    }
    for (token, is_model) in ROLE_TOKENS {
        if text.starts_with(token) {
            return head_match(*is_model, token.len());
        }
        is_partial |= token.starts_with(text);
    }
    for (open, close) in MESSAGE_HEADS {
        if let Some(rest) = text.strip_prefix(open) {
            return match_message_head(text, rest, close, is_end);
        }
        is_partial |= open.starts_with(text);
    }
    if text.starts_with(CHANNEL_HEAD) {
        return match_channel_head(text, is_end);
    }
    is_partial |= CHANNEL_HEAD.starts_with(text);
    if !is_partial {
        TokenMatch::NoToken
    } else if !is_end {
        TokenMatch::Partial
    } else if text.len() >= MIN_CUT_TOKEN
        && text.starts_with(['<', '｜'])
        && text.contains(['|', '｜'])
    {
        // The output limit, or a stop sequence, cut the token.
        TokenMatch::Token(text.len())
    } else {
        TokenMatch::NoToken
    }
}

/// The shortest beginning of a token, in bytes, that is taken for one at the end of an answer.
const MIN_CUT_TOKEN: usize = 4;

/// Matches the head of a message, whose opening `rest` follows.
fn match_message_head(text: &str, rest: &str, close: &str, is_end: bool) -> TokenMatch {
    let open_len = text.len() - rest.len();
    let word_len = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (word, behind) = rest.split_at(word_len);
    let is_model = MODEL_ROLES.contains(&word);
    if behind.is_empty() && !is_end {
        return TokenMatch::Partial;
    }
    if !is_model && !OTHER_ROLES.contains(&word) {
        return TokenMatch::Token(open_len);
    }
    let mut len = open_len + word_len;
    if let Some(recipient) = behind.strip_prefix(" to=") {
        let line = recipient.split(['\n', '<']).next().unwrap_or_default();
        let after = recipient.get(line.len()..).unwrap_or_default();
        if after.starts_with(CHANNEL_HEAD_END) {
            len += " to=".len() + line.len() + CHANNEL_HEAD_END.len();
            return head_match(is_model, len);
        }
        let is_short = recipient.len() <= MAX_HEAD_BYTES;
        let is_partial = CHANNEL_HEAD_END.starts_with(after) && is_short && !is_end;
        return if is_partial { TokenMatch::Partial } else { TokenMatch::NoToken };
    }
    if " to=".starts_with(behind) && !behind.is_empty() && !is_end {
        return TokenMatch::Partial;
    }
    for end in [close, CHANNEL_HEAD_END] {
        if behind.starts_with(end) && !end.is_empty() {
            len += end.len();
            break;
        }
        if end.starts_with(behind) && !is_end {
            return TokenMatch::Partial;
        }
    }
    head_match(is_model, len)
}

/// Matches the head of a channel without a recipient; one with a recipient begins a tool call.
fn match_channel_head(text: &str, is_end: bool) -> TokenMatch {
    let Some(end) = text.find(CHANNEL_HEAD_END) else {
        let is_open = text.len() <= MAX_HEAD_BYTES && !text.contains('\n');
        return if is_open && !is_end { TokenMatch::Partial } else { TokenMatch::NoToken };
    };
    let head = text.get(..end).unwrap_or_default();
    if head.len() > MAX_HEAD_BYTES || head.contains('\n') || head.contains("to=") {
        return TokenMatch::NoToken;
    }
    TokenMatch::ModelHead(end + CHANNEL_HEAD_END.len())
}

/// Matches tokens and white space that reach to the end of the text.
fn match_tail(text: &str, is_end: bool) -> TokenMatch {
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let token = rest.trim_ascii_start();
        if token.is_empty() && at > 0 {
            return if is_end { TokenMatch::Token(text.len()) } else { TokenMatch::Partial };
        }
        at = text.len() - token.len();
        if at > 0 && token.starts_with(USER_TAIL_TOKEN) {
            return TokenMatch::EndOfAnswer;
        }
        let is_partial = at > 0 && USER_TAIL_TOKEN.starts_with(token);
        match match_tail_token(token) {
            _ if is_partial && !is_end => return TokenMatch::Partial,
            TokenMatch::Token(len) => at += len,
            TokenMatch::Partial if !is_end => return TokenMatch::Partial,
            _ if at == 0 => return TokenMatch::NoToken,
            _ => match match_inner_token(token, is_end) {
                TokenMatch::Token(len) => at += len,
                TokenMatch::Partial => return TokenMatch::Partial,
                TokenMatch::OtherHead(_) | TokenMatch::EndOfAnswer => {
                    return TokenMatch::EndOfAnswer;
                }
                TokenMatch::NoToken | TokenMatch::ModelHead(_) => return TokenMatch::NoToken,
            },
        }
    }
}

fn match_tail_token(text: &str) -> TokenMatch {
    if let Some(token) = TAIL_TOKENS.iter().find(|token| text.starts_with(**token)) {
        return TokenMatch::Token(token.len());
    }
    if TAIL_TOKENS.iter().any(|token| token.starts_with(text)) {
        return TokenMatch::Partial;
    }
    match_unknown_special(text)
}

/// Matches what is written like a special token, `<|name|>`, of any name.
fn match_unknown_special(text: &str) -> TokenMatch {
    for (open, close) in [("<|", "|>"), ("<｜", "｜>"), ("<unused", ">")] {
        let Some(rest) = text.strip_prefix(open) else {
            if open.starts_with(text) {
                return TokenMatch::Partial;
            }
            continue;
        };
        let name: usize = rest
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '▁' | ':' | '/'))
            .map(char::len_utf8)
            .sum();
        let behind = rest.get(name..).unwrap_or_default();
        if name > 0 && behind.starts_with(close) {
            return TokenMatch::Token(open.len() + name + close.len());
        }
        let is_partial = name <= MAX_HEAD_BYTES && close.starts_with(behind);
        return if is_partial { TokenMatch::Partial } else { TokenMatch::NoToken };
    }
    TokenMatch::NoToken
}

fn head_match(is_model: bool, len: usize) -> TokenMatch {
    if is_model { TokenMatch::ModelHead(len) } else { TokenMatch::OtherHead(len) }
}

#[cfg(test)]
mod tests;
