//! Chooses vLLM's parsers for a model by its name.

/// A part of a model's name in lower case, its tool parser and its reasoning parser. The first
/// match counts. As of vLLM 0.32.
const MODEL_FAMILIES: &[(&str, &str, &str)] = &[
    ("qwen3-coder", "qwen3_coder", ""),
    ("qwen3coder", "qwen3_coder", ""),
    ("qwen3.", "qwen3_coder", "qwen3"),
    ("qwen3-next", "hermes", "qwen3"),
    ("qwen3", "hermes", "qwen3"),
    ("qwq", "hermes", "deepseek_r1"),
    ("deepseek-r1", "deepseek_v3", "deepseek_r1"),
    ("deepseek-v3.2", "deepseek_v32", "deepseek_v3"),
    ("deepseek-v3.1", "deepseek_v31", "deepseek_v3"),
    ("deepseek-v4.1", "deepseek_v41", "deepseek_v41"),
    ("deepseek-v4", "deepseek_v4", "deepseek_v4"),
    ("deepseek-v3", "deepseek_v3", "deepseek_v3"),
    ("qwen", "hermes", ""),
    ("hermes", "hermes", ""),
    ("gpt-oss", "openai", "openai_gptoss"),
    ("llama-4", "llama4_pythonic", ""),
    ("llama4", "llama4_pythonic", ""),
    ("nemotron-3", "qwen3_coder", "nemotron_v3"),
    ("llama", "llama3_json", ""),
    ("magistral", "mistral", "mistral"),
    ("mistral", "mistral", "mistral"),
    ("ministral", "mistral", "mistral"),
    ("mixtral", "mistral", ""),
    ("devstral", "mistral", ""),
    ("codestral", "mistral", ""),
    ("glm-4.7", "glm47", "glm47"),
    ("glm", "glm45", "glm45"),
    ("kimi-k3", "kimi_k3", "kimi_k3"),
    ("kimi", "kimi_k2", "kimi_k2"),
    ("granite-20b", "granite-20b-fc", ""),
    ("granite-4", "granite4", "granite"),
    ("granite", "granite", "granite"),
    ("phi-4-mini", "phi4_mini_json", ""),
    ("minimax-m3", "minimax_m3", "minimax_m3"),
    ("minimax", "minimax_m2", "minimax_m2"),
    ("hunyuan", "hunyuan_a13b", "hunyuan_a13b"),
    ("ernie", "ernie45", "ernie45"),
    ("olmo-3", "olmo3", "olmo3"),
    ("olmo3", "olmo3", "olmo3"),
    ("functiongemma", "functiongemma", ""),
    ("gemma-4", "gemma4", "gemma4"),
    ("gemma4", "gemma4", "gemma4"),
    ("gemma", "pythonic", ""),
    ("step-3.5", "step3p5", "step3p5"),
    ("step3", "step3", "step3"),
    ("seed-oss", "seed_oss", "seed_oss"),
    ("jamba", "jamba", ""),
    ("internlm", "internlm", ""),
    ("xlam", "xlam", ""),
    ("lfm2", "lfm2", ""),
    ("apertus", "apertus", ""),
];

/// Markers of tool calls written as text, and the tool parser that reads them.
const CALL_MARKERS: &[(&str, &str)] = &[
    ("<tool_call>\n<function=", "qwen3_coder"),
    ("<function=", "qwen3_coder"),
    ("<tool_call>", "hermes"),
    ("[TOOL_CALLS]", "mistral"),
    ("<|python_tag|>", "llama3_json"),
    ("<|tool_calls_section_begin|>", "kimi_k2"),
    ("<｜tool▁calls▁begin｜>", "deepseek_v3"),
    ("<|channel|>commentary", "openai"),
];

/// The tool parser for a model's name; `None` when the name matches no family.
pub(crate) fn tool_parser(name: &str) -> Option<&'static str> {
    find_family(name).map(|(_, parser, _)| *parser)
}

/// The reasoning parser for a model's name; `None` when the name matches no family.
pub(crate) fn reasoning_parser(name: &str) -> Option<&'static str> {
    find_family(name).map(|(_, _, parser)| *parser).filter(|parser| !parser.is_empty())
}

/// The parser that would have read a tool call in a text; `None` when the text has none. A marker
/// without the tool's name is not a call. A bare JSON object with the tool's name and arguments is
/// one, as several families write calls that way.
pub(crate) fn parser_for_text(text: &str, tool: &str) -> Option<&'static str> {
    let has = |part: &str| text.contains(part);
    let marked = CALL_MARKERS.iter().find(|(mark, _)| has(mark) && has(tool));
    let marked = marked.map(|(_, parser)| *parser);
    let bare = has("\"name\"")
        && has(&format!("\"{tool}\""))
        && (has("\"arguments\"") || has("\"parameters\""));
    let called = has(&format!("[{tool}("));
    marked.or_else(|| bare.then_some("llama3_json")).or_else(|| called.then_some("pythonic"))
}

fn find_family(name: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let name = name.to_lowercase();
    MODEL_FAMILIES.iter().find(|(part, _, _)| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parsers_are_told_from_names() {
        for (name, tools, reasoning) in [
            ("Qwen/Qwen3-8B", Some("hermes"), Some("qwen3")),
            ("Qwen/Qwen2.5-7B-Instruct", Some("hermes"), None),
            ("Qwen/Qwen3-Coder-30B-A3B-Instruct", Some("qwen3_coder"), None),
            ("meta-llama/Llama-3.3-70B-Instruct", Some("llama3_json"), None),
            ("meta-llama/Llama-4-Scout-17B", Some("llama4_pythonic"), None),
            ("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", Some("deepseek_v3"), Some("deepseek_r1")),
            ("NousResearch/Hermes-3-Llama-3.1-8B", Some("hermes"), None),
            ("openai/gpt-oss-120b", Some("openai"), Some("openai_gptoss")),
            ("mistralai/Magistral-Small-2509", Some("mistral"), Some("mistral")),
            ("zai-org/GLM-4.5-Air", Some("glm45"), Some("glm45")),
            ("tiny", None, None),
        ] {
            assert_eq!((tool_parser(name), reasoning_parser(name)), (tools, reasoning), "{name}");
        }
    }

    #[test]
    fn a_call_that_came_as_text_names_its_parser() {
        for (text, parser) in [
            ("<tool_call>\n{\"name\": \"report\"}", Some("hermes")),
            ("<tool_call>\n<function=report>", Some("qwen3_coder")),
            ("[TOOL_CALLS][{\"name\": \"report\"}]", Some("mistral")),
            ("<tool_call> and so on", None),
            ("{\"name\": \"report\", \"parameters\": {}}", Some("llama3_json")),
            ("[report(ok=True)]", Some("pythonic")),
            ("I would call report with ok.", None),
        ] {
            assert_eq!(parser_for_text(text, "report"), parser, "{text}");
        }
    }
}
