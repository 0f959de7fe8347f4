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
    ("holo2", "hermes", "holo2"),
    ("longcat", "longcat", ""),
    ("mimo", "mimo", "mimo"),
    ("minicpm5", "minicpm5", ""),
    ("minicpm-5", "minicpm5", ""),
    ("minicpm-v", "qwen3_coder", "minicpmv"),
    ("muse-glimmer", "muse_glimmer", "muse_glimmer"),
    ("museglimmer", "muse_glimmer", "muse_glimmer"),
    ("inkling", "inkling", "inkling"),
    ("plamo-3", "plamo3", "plamo3"),
    ("plamo3", "plamo3", "plamo3"),
    ("k2-horizon", "k2_horizon", "k2_horizon"),
    ("gigachat3", "gigachat3", ""),
    ("gigachat-3", "gigachat3", ""),
    ("command-a-plus", "cohere_command4", "cohere_command4"),
    ("command-a", "cohere_command3", "cohere_command3"),
    ("laguna", "poolside_v1", "poolside_v1"),
    ("dots", "dots", ""),
    ("ling-3", "ling3", "ling3"),
    ("ling3", "ling3", "ling3"),
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
    ("granite-4.2", "qwen3_coder", "granite_thinking_parser"),
    ("granite-4", "granite4", "granite"),
    ("granite", "granite", "granite"),
    ("phi-4-mini", "phi4_mini_json", ""),
    ("minimax-m3", "minimax_m3", "minimax_m3"),
    ("minimax", "minimax_m2", "minimax_m2"),
    ("hy-v4", "hy_v4", "hy_v4"),
    ("hunyuan-v4", "hy_v4", "hy_v4"),
    ("hy-v3", "hy_v3", "hy_v3"),
    ("hunyuan-v3", "hy_v3", "hy_v3"),
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

/// Tool parsers that read the same format, as far as one text shows it. The first is named when the
/// model's name determines no other.
const LIKE_PARSERS: &[&[&str]] = &[
    &["hermes", "qwen3_json", "ernie45", "granite4"],
    &["qwen3_coder", "qwen3_xml", "mimo", "step3p5"],
    &["glm45", "glm47", "ling3", "poolside_v1"],
    &["hunyuan_a13b", "jamba"],
    &["deepseek_v3", "deepseek_v31"],
    &["minimax_m2", "dots"],
    &["cohere_command3", "cohere_command4"],
    &["pythonic", "llama4_pythonic", "lfm2", "olmo3"],
    // Without the special tokens around it, which a server drops, these are bare JSON.
    &[
        "llama3_json",
        "llama4_json",
        "mistral",
        "xlam",
        "granite",
        "phi4_mini_json",
        "internlm",
        "gigachat3",
        "cohere_command3",
        "cohere_command4",
        "inkling",
    ],
];

/// Marks of reasoning, and the reasoning parser that reads them.
const REASONING_MARKS: &[(&str, &str)] = &[
    ("[THINK]", "mistral"),
    ("[/THINK]", "mistral"),
    ("seed:think>", "seed_oss"),
    ("mm:think>", "minimax_m3"),
    ("<think:", "hy_v4"),
    ("</think:", "hy_v4"),
    ("ifm|think", "k2_horizon"),
    ("<|channel|>analysis", "openai_gptoss"),
    ("analysis", "openai_gptoss"),
    ("<|channel>thought", "gemma4"),
    ("<channel|>", "gemma4"),
    ("_THINKING|>", "cohere_command3"),
    ("<|plamo:", "plamo3"),
    ("<|open|>think", "kimi_k3"),
    ("<|close|>think", "kimi_k3"),
    ("<|content_thinking|>", "inkling"),
    ("to=self", "muse_glimmer"),
    ("thought process:", "granite"),
    ("think>", "deepseek_r1"),
];

/// The tool parser for a model's name; `None` when the name matches no family.
pub(crate) fn tool_parser(name: &str) -> Option<&'static str> {
    find_family(name).map(|(_, parser, _)| *parser)
}

/// The reasoning parser for a model's name; `None` when the name matches no family.
pub(crate) fn reasoning_parser(name: &str) -> Option<&'static str> {
    find_family(name).map(|(_, _, parser)| *parser).filter(|parser| !parser.is_empty())
}

/// The tool parser for the model that wrote a call in a format that `parser` reads: that of the
/// model's own family if it reads the format too.
pub(crate) fn tool_parser_for_format(parser: &'static str, model: &str) -> &'static str {
    let own = tool_parser(model).unwrap_or(parser);
    let is_alike = LIKE_PARSERS.iter().any(|like| like.contains(&own) && like.contains(&parser));
    if is_alike { own } else { parser }
}

/// The reasoning parser for the model that wrote a mark of reasoning: that of its own family, or
/// else one that reads the mark.
pub(crate) fn reasoning_parser_for_mark(mark: &str, model: &str) -> Option<&'static str> {
    let by_mark = || REASONING_MARKS.iter().find(|(part, _)| mark.contains(part));
    reasoning_parser(model).or_else(|| by_mark().map(|(_, parser)| *parser))
}

fn find_family(name: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let name = name.to_lowercase();
    MODEL_FAMILIES.iter().find(|(part, _, _)| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parsers_are_distinguished_from_names() {
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
    fn a_format_names_the_parser_of_the_model_s_own_family_if_that_reads_it() {
        for (parser, model, expected) in [
            ("hermes", "tiny", "hermes"),
            ("hermes", "baidu/ERNIE-4.5-21B", "ernie45"),
            ("glm45", "zai-org/GLM-4.7", "glm47"),
            ("glm45", "tiny", "glm45"),
            ("qwen3_coder", "Qwen/Qwen3-8B", "qwen3_coder"),
            ("llama3_json", "microsoft/Phi-4-mini-instruct", "phi4_mini_json"),
            ("kimi_k2", "my-model", "kimi_k2"),
        ] {
            assert_eq!(tool_parser_for_format(parser, model), expected, "{parser}, {model}");
        }
    }

    #[test]
    fn a_mark_of_reasoning_names_a_parser() {
        for (mark, model, expected) in [
            ("<think>", "Qwen/Qwen3-8B", Some("qwen3")),
            ("<think>", "tiny", Some("deepseek_r1")),
            ("</seed:think>", "tiny", Some("seed_oss")),
            ("<|channel|>analysis<|message|>", "tiny", Some("openai_gptoss")),
            ("<odd>", "tiny", None),
        ] {
            assert_eq!(reasoning_parser_for_mark(mark, model), expected, "{mark}, {model}");
        }
    }
}
