//! The variables of this shell that the config uses and that a service does not have.

use openclaw_chat::CommandContext;
use openclaw_config::env_vars;

/// The keys that are used without being named in the config.
const KEY_VARIABLES: [&str; 5] = [
    env_vars::VLLM_API_KEY,
    env_vars::OPENAI_API_KEY,
    env_vars::OPENROUTER_API_KEY,
    env_vars::ANTHROPIC_API_KEY,
    env_vars::OPENCLAW_GATEWAY_TOKEN,
];

/// One sentence for each variable that only this shell has.
pub(super) fn find_missing_variables(context: &CommandContext) -> Vec<String> {
    let loaded = context.models.loaded_config();
    let text = loaded.source_text().map(ToString::to_string).unwrap_or_default();
    let env_file = context.models.app_paths().env_file();
    let names = loaded.env().iter_pairs().filter_map(|(name, value)| {
        let name = name.to_str().filter(|_| !value.is_empty())?;
        (KEY_VARIABLES.contains(&name) || is_named(&text, name)).then_some(name)
    });
    names
        .map(|name| {
            format!(
                "the service does not have {name} of this shell: put it into {}",
                env_file.display()
            )
        })
        .collect()
}

/// Whether a text has a variable as `${NAME}`, or its name alone as a string.
fn is_named(text: &str, name: &str) -> bool {
    [format!("${{{name}}}"), format!("\"{name}\""), format!("'{name}'")]
        .iter()
        .any(|form| text.contains(form.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_found_where_the_config_uses_it() {
        let text = r#"{ apiKey: "${MY_KEY}", b: "OTHER", c: 'THIRD', // HOME PATH
        }"#;
        let found =
            ["MY_KEY", "OTHER", "THIRD", "HOME", "PATH", "KEY"].map(|name| is_named(text, name));
        assert_eq!(found, [true, true, true, false, false, false]);
    }
}
