//! Config values as JSON with secrets redacted.

use serde_json::{Map, Number, Value as Json};

use crate::{
    env::Env,
    loaded_config::LoadedConfig,
    path::KeyPath,
    secret::SecretInput,
    text::{Json5Node, Json5Value, redact_secrets},
    tree::ConfigTree,
};

impl LoadedConfig {
    /// Returns the value of a key with secrets redacted; `None` when it is not set or not used.
    ///
    /// A secret becomes its fingerprint and source, e.g. `vl..al (env VLLM_API_KEY)`. A pure
    /// reference, such as `${VAR}` or `{source, id}`, is shown as written. Numbers that JSON cannot
    /// represent become strings.
    #[must_use]
    pub fn redacted_json(&self, path: &KeyPath, env: &Env) -> Option<Json> {
        let tree = self.tree.as_ref()?;
        let (_, node) = tree.find_node(path)?;
        let masked =
            tree.sources.iter().map(|source| redact_secrets(&source.text, &source.secrets));
        Some(JsonRedactor { tree, masked: masked.collect(), env }.redact_node(node))
    }
}

struct JsonRedactor<'s> {
    tree: &'s ConfigTree,
    /// The texts of the tree with secrets as `*`.
    masked: Vec<String>,
    env: &'s Env,
}

impl JsonRedactor<'_> {
    fn redact_node(&self, node: &Json5Node) -> Json {
        match &node.value {
            Json5Value::Null => Json::Null,
            Json5Value::Bool(value) => Json::Bool(*value),
            Json5Value::Unsigned(number) => Json::from(*number),
            Json5Value::Negative(number) => Json::from(*number),
            Json5Value::Float(number) => {
                Number::from_f64(*number).map_or_else(|| Json::from(number.to_string()), Json::from)
            }
            Json5Value::Text(text) => Json::from(self.redact_text(node, text)),
            Json5Value::Array(elements) => {
                let used = elements.iter().filter(|node| !self.is_ignored(node));
                Json::Array(used.map(|node| self.redact_node(node)).collect())
            }
            Json5Value::Object(entries) => {
                let used = entries.iter().filter(|entry| !self.is_ignored(&entry.node));
                let entries = used.map(|entry| (entry.key.clone(), self.redact_node(&entry.node)));
                Json::Object(entries.collect::<Map<_, _>>())
            }
        }
    }

    fn redact_text(&self, node: &Json5Node, text: &str) -> String {
        let place = node.span.start..node.span.end;
        let number = self.tree.source_index(node);
        let masked = self.masked.get(number).and_then(|masked| masked.get(place.clone()));
        let plain = self.tree.sources.get(number).and_then(|source| source.text.get(place));
        if masked == plain {
            return text.to_owned();
        }
        match SecretInput::from_text(text).resolve_secret(self.env) {
            Ok(secret) => format!("{} ({})", secret.fingerprint(), secret.source),
            Err(_) => "***".to_owned(),
        }
    }

    fn is_ignored(&self, node: &Json5Node) -> bool {
        self.tree.ignored.contains(&node.id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Config, Env};

    #[test]
    fn values_are_shown_and_secrets_are_not() {
        let env = Env::from_pairs([("VLLM_API_KEY", "canary-of-the-variable")]);
        let text = "{
          models: { providers: {
            a: { baseUrl: 'http://a/v1', apiKey: 'canary-literal-1', contextWindow: 'x' },
            b: { apiKey: '${VLLM_API_KEY}', models: [{ id: 'm', maxTokens: 0x10 }] },
            c: { apiKey: 'VLLM_API_KEY', headers: { 'X-Key': '${NO:-canary-2}' } },
            d: { apiKey: { source: 'env', id: 'VLLM_API_KEY' } },
          } },
          channels: { telegram: { botToken: 'canary' } },
        }";
        let loaded = Config::parse(text, &env).unwrap();
        let shown = |path: &str| loaded.redacted_json(&path.parse().unwrap(), &env);
        assert_eq!(
            shown("models.providers"),
            Some(json!({
                "a": { "baseUrl": "http://a/v1", "apiKey": "ca..-1 (config literal)" },
                "b": { "apiKey": "${VLLM_API_KEY}", "models": [{ "id": "m", "maxTokens": 16 }] },
                "c": {
                    "apiKey": "ca..le (env VLLM_API_KEY)",
                    "headers": { "X-Key": "ca..-2 (config literal)" },
                },
                "d": { "apiKey": { "source": "env", "id": "VLLM_API_KEY" } },
            }))
        );
        let all = shown("").unwrap().to_string();
        assert!(!all.contains("canary"), "{all}");
        assert_eq!(shown("models.providers.a.contextWindow"), None);
        assert_eq!(shown("models.mode"), None);
    }
}
