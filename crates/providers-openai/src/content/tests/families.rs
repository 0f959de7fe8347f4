//! Compares with recordings of vLLM's own parsers, made by `xtask/families/record.py`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::*;
use crate::argument_repair;

/// Recorded samples by parser.
type Recordings = BTreeMap<String, Vec<Map<String, Value>>>;

/// What an answer consists of.
#[derive(Debug, PartialEq)]
struct SplitAnswer {
    reasoning: String,
    text: String,
    calls: Vec<Value>,
}

fn recordings(file: &str) -> (Value, Recordings) {
    let mut file: Value = serde_json::from_str(file).unwrap();
    let parsers = serde_json::from_value(file["parsers"].take()).unwrap();
    (file, parsers)
}

/// The sample texts with a call or a thought.
pub(super) fn recorded_texts() -> Vec<String> {
    let (_, tools) = recordings(include_str!("../../../tests/families/tools.json"));
    let (_, reasoning) = recordings(include_str!("../../../tests/families/reasoning.json"));
    let samples = tools.values().chain(reasoning.values());
    samples.map(|samples| samples[0]["text"].as_str().unwrap().to_owned()).collect()
}

fn offer(tools: &Value) -> OfferedTools {
    let tools = tools.as_object().unwrap().iter().map(|(name, properties)| ToolSpec {
        name: ToolName::new(name).unwrap(),
        description: "A tool.".into(),
        parameters: Arc::new(json!({"type": "object", "properties": properties})),
    });
    OfferedTools::new(tools.collect()).unwrap()
}

fn split_answer(pieces: &[&str], offered: Option<&OfferedTools>) -> SplitAnswer {
    let mut content = ContentSplitter::new(offered.cloned(), false);
    let mut segments = Vec::new();
    for piece in pieces {
        content.push(piece, &mut segments);
    }
    content.finish_content(false, &mut segments);
    let mut answer =
        SplitAnswer { reasoning: String::new(), text: String::new(), calls: Vec::new() };
    for segment in segments {
        match segment {
            ContentSegment::Text(text) => answer.text += &text,
            ContentSegment::Reasoning(_, text) => answer.reasoning += &text,
            ContentSegment::ToolCalls { calls, .. } => {
                let offered = offered.unwrap();
                answer.calls.extend(calls.iter().map(|call| {
                    let schema = offered.argument_schema(&call.name);
                    let arguments = if call.arguments.is_empty() { "{}" } else { &call.arguments };
                    let parsed =
                        argument_repair::parse_arguments(arguments, call.name.as_str(), schema)
                            .unwrap();
                    assert_eq!(call.problem, None);
                    json!([call.name.as_str(), parsed.arguments.as_map()])
                }));
            }
            ContentSegment::Restart => {
                answer = SplitAnswer {
                    reasoning: String::new(),
                    text: String::new(),
                    calls: Vec::new(),
                };
            }
            ContentSegment::Marker(_) | ContentSegment::Unreadable(_) => {}
        }
    }
    answer
}

/// Why we differ from vLLM: a parser, or `*` for any; a sample; the reason. A difference without an
/// entry fails the test, and so does an entry without a difference.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    ("*", "text after", TEXT_BEHIND),
    ("*", "text between", TEXT_BEHIND),
    ("apertus", "text between", EVERY_SECTION),
    ("cohere_command3", "no arguments", "vLLM's parser writes no arguments, not an empty object"),
    ("cohere_command4", "no arguments", "vLLM's parser writes no arguments, not an empty object"),
    ("cohere_command4", "text before", NEEDS_MARK),
    ("cohere_command4", "no call", NEEDS_MARK),
    ("functiongemma", "nested arguments", "vLLM's parser reads strings only"),
    ("functiongemma", "typed arguments", "vLLM's parser reads strings only, whatever the schema"),
    ("gemma4", "nested arguments", "without a schema vLLM's parser makes strings of numbers"),
    ("gigachat3", "two calls", "vLLM's parser reads one call, at the end"),
    ("gigachat3", "text after", "vLLM's parser reads one call, at the end"),
    ("gigachat3", "text between", "vLLM's parser reads one call, at the end"),
    ("hunyuan_a13b", "text between", EVERY_SECTION),
    ("hy_v4", "text between", EVERY_SECTION),
    ("internlm", "two calls", "vLLM's parser reads one call and fails with more"),
    ("internlm", "text between", "vLLM's parser reads one call and fails with more"),
    ("jamba", "text between", EVERY_SECTION),
    ("k2_horizon", "text between", EVERY_SECTION),
    ("kimi_k3", "text between", EVERY_SECTION),
    ("lfm2", "text between", EVERY_SECTION),
    ("llama3_json", "text before", BARE),
    ("llama3_json", "text after", BARE),
    ("llama3_json", "text between", BARE),
    ("llama4_json", "text before", BARE),
    ("llama4_json", "text after", BARE),
    ("llama4_json", "text between", BARE),
    ("llama4_pythonic", "text before", "vLLM's parser reads calls without other text only"),
    ("llama4_pythonic", "text after", "vLLM's parser reads calls without other text only"),
    ("llama4_pythonic", "text between", "vLLM's parser reads calls without other text only"),
    ("minicpm5", "text before", TEXT_BEFORE),
    ("minimax_m3", "nested arguments", "without a schema vLLM's parser makes no list of items"),
    ("muse_glimmer", "text before", TEXT_BEFORE),
    ("muse_glimmer", "typed arguments", "vLLM's parser guesses types, whatever the schema"),
    ("olmo3", "text before", TEXT_BEFORE),
    ("olmo3", "text between", EVERY_SECTION),
    ("openai", "text before", NEEDS_MARK),
    ("openai", "text between", NEEDS_MARK),
    ("openai", "no call", NEEDS_MARK),
    ("phi4_mini_json", "text before", TEXT_BEFORE),
    ("phi4_mini_json", "text between", EVERY_SECTION),
    ("phi4_mini_json", "nested arguments", "vLLM's parser ends the list at the first `]`"),
    ("phi4_mini_json", "quotes and line breaks", "vLLM's parser ends the list at the first `]`"),
    ("step3", "text between", EVERY_SECTION),
    ("step3", "nested arguments", "vLLM's parser leaves lists and objects as strings"),
    // Reasoning.
    ("*", "answer only", NO_MARK),
    ("cohere_command3", "opened by the prompt", OPENED),
    ("hunyuan_a13b", "opened by the prompt", OPENED),
    ("hunyuan_a13b", "thought only", "vLLM's parser needs the answer's tags"),
    ("hunyuan_a13b", "unclosed thought", UNCLOSED),
    ("k2_horizon", "unclosed thought", UNCLOSED),
    ("kimi_k3", "thought and answer", "vLLM's tool parser removes the marks of the answer"),
    ("kimi_k3", "opened by the prompt", "vLLM's tool parser removes the marks of the answer"),
    ("minimax_m2_append_think", "thought and answer", APPENDED),
    ("minimax_m2_append_think", "opened by the prompt", APPENDED),
    ("minimax_m2_append_think", "thought only", APPENDED),
    ("minimax_m2_append_think", "unclosed thought", APPENDED),
    ("minimax_m3", "opened by the prompt", OPENED),
    ("mistral", "opened by the prompt", OPENED),
    ("muse_glimmer", "opened by the prompt", "the prompt never opens this family's reasoning"),
    ("olmo3", "unclosed thought", UNCLOSED),
    ("openai_gptoss", "opened by the prompt", "the prompt never opens this family's reasoning"),
    ("step3", "thought and answer", "vLLM's parser expects no opening tag and keeps it"),
    ("step3", "thought only", "vLLM's parser expects no opening tag and keeps it"),
    ("step3", "unclosed thought", "vLLM's parser expects no opening tag and keeps it"),
];

const TEXT_BEHIND: &str = "vLLM's parser drops text behind a call";
const TEXT_BEFORE: &str = "vLLM's parser drops text before a call";
const EVERY_SECTION: &str = "vLLM's parser reads one section of calls; each is a call here";
const NEEDS_MARK: &str = "vLLM's parser drops text without the family's marks";
const BARE: &str =
    "bare JSON between other words may be quoted: it is a call as the whole text only";
const NO_MARK: &str = "vLLM's parser takes text without a mark for reasoning, or keeps the marks";
const OPENED: &str = "vLLM's parser needs the opening mark";
const UNCLOSED: &str = "vLLM's parser takes reasoning that is never closed for text";
const APPENDED: &str = "vLLM's parser leaves reasoning in the text on purpose";

/// Parsers whose format is not theirs but the checkpoint's.
const NOT_APPLICABLE: &[&str] = &["hf"];

/// How a parser's samples compare.
#[derive(Debug, Default, PartialEq, Eq)]
struct Comparison {
    /// Parsers that agree in all samples.
    equal: usize,
    /// Parsers that find the same calls or the same reasoning in all samples, but other text.
    differing_in_text: usize,
    /// Parsers that find other calls or other reasoning in some samples.
    differing: usize,
    not_applicable: usize,
}

/// Compares samples by parser: the text, and what `is_equal` compares.
fn compare(
    parsers: &Recordings,
    offered: Option<&OfferedTools>,
    is_equal: fn(&SplitAnswer, &Map<String, Value>) -> bool,
) -> Comparison {
    let mut comparison = Comparison::default();
    for (parser, samples) in parsers {
        if NOT_APPLICABLE.contains(&parser.as_str()) {
            println!("{parser}: not applicable");
            comparison.not_applicable += 1;
            continue;
        }
        let (mut reasons, mut differs) = (Vec::new(), false);
        for sample in samples {
            let (text, shows) =
                (sample["text"].as_str().unwrap(), sample["shows"].as_str().unwrap());
            let ours = split_answer(&[text], offered);
            let listed = |name| DIFFERENCES.iter().find(|it| it.0 == name && it.1 == shows);
            let own = listed(parser.as_str());
            differs |= !is_equal(&ours, sample);
            if is_equal(&ours, sample) && is_equal_text(&ours.text, sample, "content") {
                assert_eq!(own, None, "{parser}, {shows}: it agrees");
            } else {
                let (_, _, reason) = own
                    .or_else(|| listed("*"))
                    .unwrap_or_else(|| panic!("{parser}, {shows}: {ours:?}, not {sample:?}"));
                reasons.push(format!("{shows}: {reason}"));
            }
        }
        match (reasons.is_empty(), differs) {
            (true, _) => comparison.equal += 1,
            (false, false) => comparison.differing_in_text += 1,
            (false, true) => comparison.differing += 1,
        }
        let verdict = if reasons.is_empty() { "equal".to_owned() } else { reasons.join("; ") };
        println!("{parser}: {verdict}");
    }
    let Comparison { equal, differing_in_text, differing, not_applicable } = comparison;
    println!(
        "{} families read: {equal} agree, {differing_in_text} differ in text alone and {differing} \
         in more, each with its reason; {not_applicable} not applicable",
        parsers.len()
    );
    comparison
}

fn is_equal_text(ours: &str, theirs: &Map<String, Value>, field: &str) -> bool {
    theirs.get(field).and_then(Value::as_str).map(str::trim) == Some(ours.trim())
}

#[test]
fn calls_are_those_of_the_parsers_of_vllm() {
    let (file, parsers) = recordings(include_str!("../../../tests/families/tools.json"));
    let offered = offer(&file["tools"]);
    let comparison = compare(&parsers, Some(&offered), |ours, sample| {
        sample.get("calls").and_then(Value::as_array) == Some(&ours.calls)
    });
    assert_eq!(
        comparison,
        Comparison { equal: 4, differing_in_text: 27, differing: 22, not_applicable: 1 }
    );
    assert_eq!(parsers.len(), 54);
}

#[test]
fn reasoning_is_that_of_the_parsers_of_vllm() {
    let (_, parsers) = recordings(include_str!("../../../tests/families/reasoning.json"));
    let comparison =
        compare(&parsers, None, |ours, sample| is_equal_text(&ours.reasoning, sample, "reasoning"));
    assert_eq!(
        comparison,
        Comparison { equal: 4, differing_in_text: 3, differing: 30, not_applicable: 1 }
    );
    assert_eq!(parsers.len(), 38);
}

#[test]
fn a_cut_anywhere_changes_nothing() {
    let (file, tools) = recordings(include_str!("../../../tests/families/tools.json"));
    let (_, reasoning) = recordings(include_str!("../../../tests/families/reasoning.json"));
    let offered = offer(&file["tools"]);
    for (parser, samples) in tools.iter().chain(&reasoning) {
        for (at, sample) in samples.iter().enumerate() {
            let text = sample["text"].as_str().unwrap();
            let whole = split_answer(&[text], Some(&offered));
            let ends = || text.char_indices().map(|(at, _)| at).chain([text.len()]);
            let ends: Vec<usize> = ends().collect();
            let each: Vec<&str> = ends.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            assert_eq!(split_answer(&each, Some(&offered)), whole, "{parser}: {text}");
            // One sample with a call and text has all cuts in two.
            for &end in ends.iter().filter(|_| at == 2) {
                let (first, second) = text.split_at(end);
                let parts = split_answer(&[first, second], Some(&offered));
                assert_eq!(parts, whole, "{parser}: {first:?}, {second:?}");
            }
        }
    }
}
