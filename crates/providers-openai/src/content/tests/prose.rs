//! Text about tool calls, thoughts and templates is text, and code is code.

use super::*;

/// Answers that stay as they are.
const TEXTS: &[&str] = &[
    "A tool is called with <tool_call> and </tool_call> around JSON.",
    "<tool_call> is how Hermes begins a call; Qwen writes <function=NAME> behind it.",
    "The marks `<|tool_call|>`, `[TOOL_CALLS]` and `<|im_end|>` are special tokens.",
    "It prints \"<|im_end|>\" at the end, and “<|eot_id|>” too.",
    "> <|im_start|>user\n> hi<|im_end|>\nis what the template makes of it.",
    "```\n<|im_start|>system\nBe brief.<|im_end|>\n```",
    "```\n<tool_call>\n{\"name\": \"read\", \"arguments\": {}}\n</tool_call>\n```\nis a call.",
    "So `<tool_call>{\"name\": \"read\", \"arguments\": {}}</tool_call>` is one line.",
    "> <tool_call>{\"name\": \"read\", \"arguments\": {}}</tool_call>\n\nis quoted.",
    "He wrote \"<tool_call>{\\\"name\\\": \\\"read\\\"}</tool_call>\" into the file.",
    "[TOOL_CALLS] are made by Mistral models, and [INST] opens a message of the user's.",
    "The <s>old</s> new price.",
    "The price is <s>old</s>",
    "Use <response> and </response> as tags.",
    "<answer>42</answer>",
    "In F# `x <| f` applies, and x <| f |> g is odd.",
    "let f = |x| x + 1; if a <| b { c } else { d }",
    "std::vector<std::pair<int, std::string>> v; a < b && c > d;",
    "<div class=\"a\"><p>Some <b>bold</b> text</p></div>",
    "<invoke> is an element of the old format, as <function_calls> was.",
    "functools is a module:\nfunctools.partial(f, 1) and functools[0] is an error.",
    "import functools\nfrom functools import partial\n",
    "function call is what it is called.",
    "analysis of the data shows nothing.",
    "analysis\n\nNothing was found.",
    "Analysis: done. assistantfinal is no word.",
    "commentary to=everyone: well done",
    "Here is my response: yes.",
    "Here is my thought process: first this, then that.",
    "call:read{path:note.txt} without its marks",
    "See [read](https://example.org) and [exec(1)](man:exec).",
    "{\"name\": \"Ann\", \"age\": 5}",
    "[1, 2, 3]",
    "]<[ is no bracket pair",
    "◁ and ▷ are arrows; 〈 too",
    "a<b\nc<d\n<e",
    "<|",
    "x <| y",
    "1 < 2 </",
    "<think is not closed",
];

#[test]
fn other_text_stays_as_it_is() {
    for text in TEXTS {
        let (pieces, _) = split_pieces(&[text], false, false);
        assert_eq!(summarize_segments(&pieces), (String::new(), (*text).to_owned(), 0), "{text}");
        let (pieces, _) = split_pieces(&[&format!("So:\n\n{text}\n")], false, false);
        let shown = format!("So:\n\n{text}\n");
        assert_eq!(summarize_segments(&pieces), (String::new(), shown, 0), "{text}");
    }
}

/// Texts with a mark and no readable call, and the format that they are told to be in.
const UNREADABLE: &[(&str, &str)] = &[
    ("<tool_call>{\"name\": \"rm\", \"arguments\": {}}</tool_call>", "hermes"),
    ("<tool_call>{'name': 'read'}</tool_call>", "hermes"),
    ("<tool_call>\n<function=rm>\n</function>\n</tool_call>", "hermes"),
    ("So:\n<tool_call>rm\n<arg_key>path</arg_key></tool_call>", "hermes"),
    ("<function=rm></function>", "qwen3-xml"),
    ("I look.<|tool_calls_section_begin|>{}<|tool_calls_section_end|>", "kimi k2"),
    ("I look.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>rm", "deepseek v3"),
    ("[TOOL_CALLS]rm{\"path\": \"a\"}", "mistral"),
    ("<|python_tag|>print(1)", "llama 3"),
    ("<|channel|>commentary to=functions.rm <|constrain|>json<|message|>{}<|call|>", "harmony"),
    ("<minimax:tool_call>\n<invoke name=\"rm\">\n</invoke>\n</minimax:tool_call>", "minimax m2"),
    ("]<]minimax[>[<tool_call>]<]minimax[>[<invoke name=\"rm\">", "minimax m3"),
    ("<|tool_call>call:rm{}<tool_call|>", "gemma 4"),
    ("<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"rm\">", "deepseek v3.2"),
];

#[test]
fn a_mark_without_a_readable_call_is_reported() {
    for (text, family) in UNREADABLE {
        let (pieces, _) = split_pieces(&[text], false, false);
        let found: Vec<&str> = pieces
            .iter()
            .filter_map(|piece| match piece {
                ContentSegment::Unreadable(call) => Some(call.family.name),
                _ => None,
            })
            .collect();
        assert_eq!(found, [*family], "{text}: {pieces:?}");
        // Without tools there is nothing to call, and the mark is text.
        let mut content = ContentSplitter::new(None, false);
        let mut segments = Vec::new();
        content.push(text, &mut segments);
        content.finish_content(false, &mut segments);
        let is_unreadable = |piece: &ContentSegment| matches!(piece, ContentSegment::Unreadable(_));
        assert!(!segments.iter().any(is_unreadable), "{text}");
    }
}

#[test]
fn tokens_of_a_template_leave_the_answer() {
    let table = [
        ("four.<|im_end|>", "four."),
        ("four.<|im_end|>\n", "four."),
        ("four.<|im_end|>\n<|im_start|>user\nAnd five?<|im_end|>", "four."),
        ("four.<|im_end|><|im_start|>assistant\nAnd five.", "four.And five."),
        ("four.</s>", "four."),
        ("four.</s><s>[INST] And five? [/INST] five", "four."),
        ("four.[/INST]", "four."),
        ("The word is \"PELICAN\"<|im_end|>", "The word is \"PELICAN\""),
        ("four.<｜end▁of▁sentence｜>", "four."),
        ("four.<end_of_turn>\n<start_of_turn>user\nfive?", "four."),
        ("four.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nfive?", "four."),
        ("<|im_start|>assistant\nfour.", "four."),
        ("<|start_header_id|>assistant<|end_header_id|>\n\nfour.", "four."),
        ("<|assistant|>\nfour.<|user|>", "four."),
        ("four.<|some_new_token|>", "four."),
        ("four.<turn|>", "four."),
        ("Say `<|im_end|>`.<|im_end|>", "Say `<|im_end|>`."),
        ("<|channel|>final<|message|>four.<|return|>", "four."),
        ("<think>hm</think><answer>four.</answer>", "four."),
    ];
    for (text, expected) in table {
        let (pieces, _) = split_pieces(&[text], false, false);
        let (_, shown, calls) = summarize_segments(&pieces);
        assert_eq!((shown.trim_end(), calls), (expected, 0), "{text}: {pieces:?}");
    }
}

#[test]
fn thoughts_of_all_kinds_are_kept_apart() {
    let harmony = "<|channel|>analysis<|message|>hm<|end|><|start|>assistant\
                   <|channel|>final<|message|>yes";
    let table = [
        (harmony, "hm", "yes"),
        ("analysisWe think.assistantfinalyes", "We think.", "yes"),
        ("analysisWe never end.", "", "analysisWe never end."),
        ("[THINK]hm[/THINK]yes", "hm", "yes"),
        ("hm[/THINK]yes", "hm", "yes"),
        ("◁think▷hm◁/think▷yes", "hm", "yes"),
        ("<seed:think>hm</seed:think>yes", "hm", "yes"),
        ("<think:6124c78e>hm</think:6124c78e>yes", "hm", "yes"),
        ("<|channel>thought\nhm<channel|>yes", "hm", "yes"),
        ("hm<channel|>yes", "hm", "yes"),
        ("Here is my thought process: hm Here is my response: yes", "hm ", "yes"),
        ("<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>yes<|END_RESPONSE|>", "hm", "yes"),
        ("to=self<|message|>hm<|eom|><|start|>assistant to=user<|message|>yes<|eot|>", "hm", "yes"),
    ];
    for (text, thought, answer) in table {
        let (pieces, _) = split_pieces(&[text], false, false);
        let expected = (thought.to_owned(), answer.to_owned(), 0);
        assert_eq!(summarize_segments(&pieces), expected, "{text}: {pieces:?}");
    }
}

#[test]
fn a_call_after_stripped_harmony_is_found() {
    let text = "analysisWe need to look.assistantcommentary to=functions.read json{\"n\": 1}";
    let (pieces, _) = split_pieces(&[text], false, false);
    let expected = ("We need to look.".to_owned(), String::new(), 1);
    assert_eq!(summarize_segments(&pieces), expected, "{pieces:?}");
}

#[test]
fn text_full_of_marks_takes_linear_time() {
    let sizes = [1, 8].map(|factor| {
        let text = "<tool_call>{\"name\": \n<|python_tag|>(\n<｜tool▁calls▁begin｜>{ "
            .repeat(2_000 * factor);
        let mut content = ContentSplitter::new(offered_tools(), false);
        let (mut segments, mut matched) = (Vec::new(), 0);
        content.push(&text, &mut segments);
        content.finish_content(false, &mut segments);
        // Each unreadable call takes as much text as a call may have, or all that is left.
        for segment in &segments {
            matched += usize::from(matches!(segment, ContentSegment::Unreadable(_)));
        }
        assert!(matched <= 1 + text.len() / (256 * 1024), "{matched} in {}", text.len());
        matched
    });
    assert_eq!(sizes[0], 1);
}
