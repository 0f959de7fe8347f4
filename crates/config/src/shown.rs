//! Values of a config as they may be shown.

use serde_json::{Map, Number, Value as Json};

use crate::{
    env::Env,
    loaded::Loaded,
    path::KeyPath,
    secret::SecretInput,
    text::{Node, Value, mask},
    tree::Tree,
};

impl Loaded {
    /// The value of a key as it is set, to show; absent when it is not set or not used.
    ///
    /// A secret is its fingerprint and where it comes from, `vl..al (env VLLM_API_KEY)`. One that
    /// is only a reference, as `${VAR}` or `{source, id}`, is as it is written. Numbers that JSON
    /// does not have are strings.
    #[must_use]
    pub fn value_to_show(&self, path: &KeyPath, env: &Env) -> Option<Json> {
        let tree = self.tree.as_ref()?;
        let (_, node) = tree.find(path)?;
        let masked = tree.sources.iter().map(|source| mask(&source.text, &source.secrets));
        Some(Shown { tree, masked: masked.collect(), env }.json(node))
    }
}

struct Shown<'s> {
    tree: &'s Tree,
    /// The texts of the tree with their secrets as `*`.
    masked: Vec<String>,
    env: &'s Env,
}

impl Shown<'_> {
    fn json(&self, node: &Node) -> Json {
        match &node.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Unsigned(number) => Json::from(*number),
            Value::Negative(number) => Json::from(*number),
            Value::Float(number) => {
                Number::from_f64(*number).map_or_else(|| Json::from(number.to_string()), Json::from)
            }
            Value::Text(text) => Json::from(self.text(node, text)),
            Value::Array(elements) => {
                let used = elements.iter().filter(|node| !self.is_left_out(node));
                Json::Array(used.map(|node| self.json(node)).collect())
            }
            Value::Object(entries) => {
                let used = entries.iter().filter(|entry| !self.is_left_out(&entry.node));
                let entries = used.map(|entry| (entry.key.clone(), self.json(&entry.node)));
                Json::Object(entries.collect::<Map<_, _>>())
            }
        }
    }

    fn text(&self, node: &Node, text: &str) -> String {
        let place = node.span.start..node.span.end;
        let number = self.tree.source_of(node);
        let masked = self.masked.get(number).and_then(|masked| masked.get(place.clone()));
        let plain = self.tree.sources.get(number).and_then(|source| source.text.get(place));
        if masked == plain {
            return text.to_owned();
        }
        match SecretInput::from_text(text).resolve(self.env) {
            Ok(secret) => format!("{} ({})", secret.fingerprint(), secret.source),
            Err(_) => "***".to_owned(),
        }
    }

    fn is_left_out(&self, node: &Node) -> bool {
        self.tree.left_out.contains(&node.id)
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
        let shown = |path: &str| loaded.value_to_show(&path.parse().unwrap(), &env);
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
